"""What the checks of lesson 17 say of answers that are right in another way, and of those that only look right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ihe_kit import openehr, validate
from ihe_kit.course.checking import check
from ihe_kit.course.lessons import lesson
from ihe_kit.course.lessons.compositions import AT, CAME, COMMA, EDITS, EMPTY, NO_PLACE, NOBODY, PLACES, SAID, TEXT, TURNED, UNMEASURED
from ihe_kit.course.ward_round import (
    ROUND,
    SATURATION,
    SHORT,
    TEMPERATURE,
    VITAL_SIGNS,
    canonical,
    log,
    measured,
    node_at,
    notations,
    place,
    refused_at,
    side_by_side,
    text,
    thermometer,
    web_node,
    without,
)
from ihe_kit.region import story_clock

SOLVED = {item.id: item.solution for item in lesson("17").exercises}
SYSTOLIC = "vital_signs/blood_pressure:0/any_event:0/systolic|magnitude"


def cold(**more: Any) -> str:
    """The saturation without a value; what is given takes the place of a null key, None takes it away."""
    values = UNMEASURED | {f"{SATURATION}/_null_{name}": value for name, value in more.items()}
    values = {key.replace("_flavour_", "_flavour|"): value for key, value in values.items()}
    return text({key: value for key, value in values.items() if value is not None})


# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("17.1", (*SOLVED["17.1"][:3], "magnitude, units"), "3 of 4", "a name of its own"),
    ("17.1", (*SOLVED["17.1"][:3], "unit"), "3 of 4", "two keys"),
    ("17.2", ("body_temperature", *SOLVED["17.2"][1:]), "3 of 4", "counted from 0"),
    ("17.2", ("body_temperature:1", *SOLVED["17.2"][1:]), "3 of 4", "counting begins with 0"),
    ("17.2", (SOLVED["17.2"][0], "any_event:0", *SOLVED["17.2"][2:]), "3 of 4", "protocol"),
    ("17.2", (*SOLVED["17.2"][:3], "code, value"), "3 of 4", "one suffix only"),
    ("17.3", ("root", "entry", "event", "element", "units"), "4 of 5", "canonical JSON"),
    ("17.3", ("root", "entry", "event", "element"), "4 of 5", "which part of the value"),
    ("17.4", (*SOLVED["17.4"][:4], SAID, *SOLVED["17.4"][5:]), "9 of 10", "no key says it"),
    ("17.5", (EMPTY[3][1], *SOLVED["17.5"][1:]), "3 of 4", "She has a saturation"),
    ("17.6", (text({SYSTOLIC: 142}),), "gone", "tried"),
    ("17.6", (text(json.loads(cold()) | {f"{SATURATION}|numerator": 0}),), "as well", "numerator"),
    ("17.6", (text(measured("blood_pressure", "pulse_oximetry")),), "nobody measured", "|numerator"),
    ("17.6", (cold(flavour_code="271"),), "271 says why", "not even the reason"),
    ("17.6", (cold(flavour_code="272"),), "272", "holds it back"),
    ("17.6", (cold(flavour_code="273"),), "273", "there is oxygen"),
    ("17.6", (cold(flavour_code="unknown"),), "repository refuses it", "Oxygen saturation"),
    ("17.6", (cold(flavour_code=253),), "written as a number", "Oxygen saturation"),
    ("17.6", (cold(reason=None),), "253, unknown: right", "_null_reason"),
    ("17.6", (cold(reason=" "),), "253, unknown: right", "_null_reason"),
    ("17.6", (text(json.loads(cold()) | {SYSTOLIC: 120}),), "another value", "Only the saturation"),
    ("17.6", (cold().replace("_null_flavour|code", "null_flavour|code"),), "leads nowhere", "web template"),
    ("17.6", (cold()[:-1],), "no JSON yet", "line"),
    ("17.6", ("[]",), "no FLAT", "one object"),
    ("17.7", (CAME[0], NO_PLACE, TURNED), "You foresaw it", "no order"),
    ("17.7", (CAME[1], NO_PLACE, COMMA), "You foresaw it", "no JSON any more"),
    ("17.7", (CAME[2], AT[1], NOBODY), "another place: /composer", "say it again"),
    ("17.7", (CAME[0], AT[0], NOBODY), "you said 201", "breaks a rule"),
    ("17.8", ("Systolic", *SOLVED["17.8"][1:]), "4 of 5", "body_temperature"),
    ("17.8", (*SOLVED["17.8"][:4], "Temperature"), "4 of 5", "acvpu"),
    ("17.9", (text(thermometer("unit")),), "The unit is °C", "Temperature"),
    ("17.9", (text(thermometer("")),), "has no units", "Temperature"),
    ("17.9", (text(thermometer("units", "Cel")),), "leads nowhere", "could not consume |units"),
    ("17.9", (text(without(thermometer(), TEMPERATURE)),), "the temperature is gone", "37.4"),
    ("17.9", (text(thermometer("unit", "[degF]")),), "measured something else", "never the value"),
    ("17.9", (text(thermometer("unit", "Cel") | {f"{TEMPERATURE}|magnitude": 36.8}),), "measured something else", "never the value"),
    ("17.9", (text(thermometer("unit", "Cel") | {SYSTOLIC: 120}),), "another value", "Only the thermometer"),
]  # fmt: skip


@pytest.mark.parametrize("id, answer, says, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in f"{verdict.says} {verdict.why}"


RIGHT = [
    ("17.1", (*SOLVED["17.1"][:2], "`rate`", "|unit and |magnitude")),
    ("17.1", (*SOLVED["17.1"][:2], "/rate", "magnitude unit")),
    ("17.2", ("vital_signs/body_temperature:0", "There is none.", "location_of_measurement", "|code")),
    ("17.2", ("body_temperature:0", "-", '"location_of_measurement"', "code")),
    ("17.6", (cold(reason="Finger kalt"),)),
    ("17.6", (cold(flavour_value="unknown", flavour_terminology="openehr"),)),
    ("17.7", (CAME[2], AT[1], TEXT)),
    ("17.7", (CAME[2], AT[0], NOBODY)),
    ("17.9", (text(thermometer("unit", "Cel") | {f"{TEMPERATURE}|precision": 1}),)),
    ("17.9", (json.dumps(thermometer("unit", "Cel")),)),
]


@pytest.mark.parametrize("id, answer", RIGHT, ids=[f"{row[0]}-{number}" for number, row in enumerate(RIGHT)])
def test_what_is_right_in_another_way_is_right(id: str, answer: tuple[str, ...]) -> None:
    verdict = check(id, *answer)
    assert verdict.right, verdict


def test_where_the_context_comes_from() -> None:
    """What is said to come from ctx changes with it; what is said to be a default is said by no key."""
    said = {
        "ctx/language": "nb",
        "ctx/territory": "SE",
        "ctx/composer_name": "Hanne Berg",
        "ctx/time": "2025-03-03T09:30:00+01:00",
    }
    flat = measured(*SHORT)
    before, after = canonical(flat).data, canonical(flat | said).data
    assert (after["language"]["code_string"], after["territory"]["code_string"]) == ("nb", "SE")
    assert {entry["language"]["code_string"] for entry in after["content"]} == {"nb"}
    assert after["composer"]["name"] == "Hanne Berg"
    times = [after["context"]["start_time"]["value"], *(entry["data"]["events"][0]["time"]["value"] for entry in after["content"])]
    assert set(times) == {said["ctx/time"]}
    assert not any("setting" in key for key in flat)
    assert before["context"]["setting"]["value"] == "other care"
    assert before["category"] == after["category"]
    assert len(PLACES) == 10


def test_the_changes_of_break_it_do_what_they_say() -> None:
    sound = canonical(measured(*SHORT))
    assert all(text != sound.body for text in EDITS.values())
    assert json.loads(EDITS[TURNED]) == sound.data
    assert "composer" not in json.loads(EDITS[NOBODY])
    with pytest.raises(json.JSONDecodeError):
        json.loads(EDITS[COMMA])


def test_one_fact_in_four_notations() -> None:
    composition = canonical(measured(*SHORT))
    shown = side_by_side(composition)
    assert shown.count("37.4") == 4
    for part in ('"units": "Cel"', "<units>Cel</units>", '|unit": "Cel"', '"|magnitude": 37.4'):
        assert part in shown
    table = notations(composition)
    assert list(table.index) == ["canonical JSON", "canonical XML", "FLAT", "STRUCTURED"]
    assert table["lines"]["canonical JSON"] == len(composition.body.splitlines())
    assert openehr.from_flat(openehr.to_flat(composition), VITAL_SIGNS, story_clock()).data == composition.data


def test_the_web_template_is_read_node_by_node() -> None:
    assert json.loads(web_node("temperature"))["inputs"] == [
        {"suffix": "magnitude", "type": "DECIMAL"},
        {"suffix": "unit", "type": "CODED_TEXT", "list": [{"value": "Cel", "label": "Cel"}, {"value": "[degF]", "label": "[degF]"}]},
    ]
    with pytest.raises(ValueError, match="no node 'urine'"):
        web_node("urine")
    assert node_at("/composer") == ""


def test_a_place_is_found_by_the_name_of_its_element() -> None:
    cold = canonical(UNMEASURED)
    assert cold.get(f"{place(cold, 'Oxygen saturation', 'null_flavour')}/value") == ["unknown"]
    assert cold.get(f"{place(cold, 'Systolic')}/magnitude") == ["142"]
    for name, attribute in (("Oxygen saturation", "value"), ("Urine", "value")):
        with pytest.raises(ValueError, match=name):
            place(cold, name, attribute)


def test_the_log_has_all_of_each_path() -> None:
    lines = log().splitlines()
    assert len(lines) == 15
    for (rule, path), (head, entry, inside) in zip(refused_at(), zip(*[iter(lines)] * 3, strict=True), strict=True):
        assert head.endswith(rule)
        assert entry.strip() + inside.strip() == path


def test_each_refusal_of_the_night_is_one_that_its_name_stands_for() -> None:
    assert [node_at(path) for _, path in refused_at()] == list(SOLVED["17.8"])
    assert not [one for one in validate(canonical(ROUND), template=VITAL_SIGNS) if one.severity == "error"]
