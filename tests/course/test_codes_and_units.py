"""What the checks of lesson 11b say of answers that are right in another way, and of those that only look right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ihe_kit import FhirClient
from ihe_kit.course.catalogue import LOINC, MAP, WAYS, ask, comparable, concept_map, converters, missing, side_by_side, told
from ihe_kit.course.checking import _sandbox, check
from ihe_kit.course.lessons import lesson
from ihe_kit.course.lessons.codes_and_units import ANSWERS, DISPLAY_PLACE, PAIRS, SOUND, UNIT_PLACE

SOLVED = {item.id: item.solution for item in lesson("11b").exercises}


def sound(**members: Any) -> str:
    """The mended result with other members; None takes one away."""
    kept = json.loads(SOUND) | members
    return json.dumps({name: value for name, value in kept.items() if value is not None})


def named(system: str) -> tuple[str, ...]:
    return (*SOLVED["11b.1"][:2], system, SOLVED["11b.1"][3])


def own(system: str) -> tuple[str, ...]:
    return (*SOLVED["11b.2"][:2], system, SOLVED["11b.2"][3])


def compared(at: int, way: str) -> tuple[str, ...]:
    return (*SOLVED["11b.5"][:at], way, *SOLVED["11b.5"][at + 1 :])


CODINGS = json.loads(SOUND)["code"]["coding"]
SWAPPED = [CODINGS[0] | {"system": CODINGS[1]["system"]}, CODINGS[1] | {"system": LOINC}]

# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("11b.1", named("http://snomed.info/sct/"), "3 of 4", "no slash at its end"),
    ("11b.1", named('"http://snomed.info/sct"'), "3 of 4", "no quotation marks"),
    ("11b.1", named("snomed.info/sct"), "3 of 4", "`http://` belongs to the name"),
    ("11b.1", named("https://snomed.info/sct"), "3 of 4", "One letter too many"),
    ("11b.1", named("urn:oid:2.999.10.4.5"), "3 of 4", "another one"),
    ("11b.1", named("SNOMED-CT"), "3 of 4", "in another standard"),
    ("11b.1", (*SOLVED["11b.1"][:3], "SNOMED International"), "3 of 4", "The column of openEHR"),
    ("11b.2", own("oid:2.999.10.4.5"), "3 of 4", "`urn:oid:` and the number"),
    ("11b.2", own("99MID"), "3 of 4", "in another standard"),
    ("11b.3", ("CodeSystem", "ValueSet", "Coding", "Binding", "Finding"), "3 of 5", "before anybody sends"),
    ("11b.4", ("7", *SOLVED["11b.4"][1:]), "3 of 4", "Count the rows"),
    ("11b.5", compared(0, WAYS[1]), "4 of 5", "`126 mg/dL` and `7.0 mmol/L`"),
    ("11b.5", compared(1, WAYS[2]), "4 of 5", "`126 mg/dL` and `1.26 g/L`"),
    ("11b.6", (ANSWERS[2], DISPLAY_PLACE, "Call the code HH plainly High"), "wants the unit", "must not lie"),
    ("11b.6", (ANSWERS[2], UNIT_PLACE, "Call the code HH plainly High"), "another place", "say it again"),
    ("11b.6", (ANSWERS[0], "nothing: it names none", "Write the unit with one capital: Mmol/L"), "You foresaw it", "megamole"),
    ("11b.7", (SOUND.replace("6.9", "4.5"),), "`Observation.valueQuantity.value` is not as", "touches nothing else"),
    ("11b.7", (SOUND.replace("2823-3", "2951-2"),), "`Observation.code.coding[0]` is not as", "touches nothing else"),
    ("11b.7", (sound(code={"coding": CODINGS[:1], "text": "Potassium"}),), "`Observation.code.coding[1]`", "touches nothing else"),
    ("11b.7", (sound(code={"coding": SWAPPED, "text": "Potassium"}),), "`Observation.code.coding[0]`", "touches nothing else"),
    ("11b.7", (SOUND.replace("4711", "4455"),), "`Observation.subject.identifier.value`", "touches nothing else"),
    ("11b.7", (sound(subject=None),), "`Observation.subject`", "touches nothing else"),
    ("11b.7", (sound(interpretation=None),), "`Observation.interpretation`", "touches nothing else"),
    ("11b.7", (sound(valueQuantity=None),), "`Observation.valueQuantity", "touches nothing else"),
    ("11b.7", (SOUND.replace("http://unitsofmeasure.org", "UCUM"),), "`Observation.valueQuantity.system`", "touches nothing else"),
    ("11b.7", (SOUND.replace(LOINC, "https://loinc.org"),), "not LOINC's", "character by character"),
    ("11b.7", (SOUND.replace('"code": "mmol/L"', '"code": "Mmol/L"'),), "The unit is not mmol/L", "capitals count"),
    ("11b.7", ('{"resourceType": "Patient"}',), "no Observation any more", "beginning"),
    ("11b.7", (SOUND[:-1],), "cannot be read yet", "line"),
]  # fmt: skip


@pytest.mark.parametrize("id, answer, says, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in f"{verdict.says} {verdict.why}"


@pytest.mark.parametrize(
    "text",
    [
        SOUND.replace('"code": "mmol/L"', '"code": "mmol/l"'),
        SOUND.replace("mmol/L", "mmol/l"),
        sound(code={"coding": CODINGS[::-1], "text": "Potassium"}),
        sound(id="mended", performer=[{"display": "Midtbyen Laboratory"}]),
        json.dumps(json.loads(SOUND)),
    ],
    ids=["small litre", "small litre twice", "codings turned", "more than was asked", "on one line"],
)
def test_a_result_that_is_mended_in_another_way_is_right(text: str) -> None:
    assert check("11b.7", text).right


def test_every_pair_is_told_apart_by_its_units() -> None:
    assert {comparable(one, other) for _, one, other in PAIRS} == set(WAYS)
    for at, (_, one, other) in enumerate(PAIRS):
        assert [way for way in WAYS if check("11b.5", *compared(at, way)).right] == [comparable(one, other)]


def test_missing_names_the_first_part_that_is_gone() -> None:
    wanted = {"a": [{"b": 1}, {"b": 2}]}
    assert missing(wanted, {"a": [{"b": 2, "c": 3}, {"b": 1}], "d": 4}, "X") == ""
    assert missing(wanted, {"a": [{"b": 1}]}, "X") == "X.a[1]"
    assert missing(wanted, {"a": "b"}, "X") == "X.a"
    assert missing(wanted, {}, "X") == "X.a"


def test_the_careless_converter_drops_what_the_careful_one_keeps() -> None:
    with _sandbox() as box:
        client = FhirClient(box)
        assert client.update(concept_map()).answer.get("ConceptMap.url") == [MAP]
        assert told(ask(client, "XFREEZ"))["result"] is False
        table = converters(client)
    dropped = [code for code, row in table.iterrows() if row["careless converter"] == "no result at all"]
    assert dropped == ["HEM", "XFREEZ"]
    assert all(code in row["careful converter"].split(", ") for code, row in table.iterrows())


def test_the_original_is_the_same_in_all_three() -> None:
    table = side_by_side()
    assert {part: set(table.loc[part]) for part in ("code", "code of the laboratory", "value", "unit")} == {
        "code": {"2823-3"},
        "code of the laboratory": {"K"},
        "value": {"6.9"},
        "unit": {"mmol/L"},
    }
    assert len(set(table.loc["code system"])) == 3
