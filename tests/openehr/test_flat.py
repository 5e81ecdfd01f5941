"""FLAT and canonical JSON: nothing is lost on the way there and back."""

import json
from functools import lru_cache
from pathlib import Path

import pytest

from ihe_kit.core import Unreadable
from ihe_kit.files import data
from ihe_kit.openehr import Template, from_flat, from_structured, load, parse, register, template, to_flat, to_structured
from ihe_kit.openehr.flat_keys import of_open_list
from tests.openehr.given import CASES, CLOCK

VITALS = "kit_vital_signs.v1"
EVENT = "vital_signs/blood_pressure:0/any_event:0"
TWO = {"systolic": 142, "diastolic": 91}
GOOD = sorted(data("openehr").glob("*.flat.json"))


@lru_cache(maxsize=1)
def _templates() -> dict[str, Template]:
    """The public templates by their id."""
    found = {}
    for path in CASES("opt", "opt"):
        try:
            one = load(path.read_bytes())
        except Unreadable:
            continue
        found[one.id] = one
    return found


def _with_template() -> list:
    """The public compositions whose template is here too; what there is no template for has no FLAT form."""
    found = []
    for case in CASES("composition", "json"):
        if not isinstance(case, Path):
            return [case]
        try:
            message = parse(case.read_bytes())
        except Unreadable:
            continue
        if message.template_id in _templates():
            found.append(case)
    return found


@pytest.mark.parametrize("path", _with_template(), ids=lambda path: path.stem)
def test_a_public_composition_comes_back_whole(path: Path) -> None:
    message = parse(path.read_bytes())
    one = _templates()[message.template_id]
    flat = json.loads(json.dumps(to_flat(message, one)))
    assert from_flat(flat, one, CLOCK).data == message.data
    assert list(flat) != [f"{one.leaves[0].root}|raw"], "the composition has more keys than one"
    assert from_structured(json.loads(json.dumps(to_structured(message, one))), one, CLOCK).data == message.data


def test_most_public_compositions_with_a_template_are_tried() -> None:
    cases = _with_template()
    assert not isinstance(cases[0], Path) or len(cases) >= 12


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name.partition(".flat")[0])
def test_our_own_compositions_need_no_raw(path: Path) -> None:
    name = path.name.removesuffix(".flat.json")
    message = from_flat(json.loads(path.read_text(encoding="utf-8")), name, CLOCK)
    flat = to_flat(message)
    assert from_flat(flat, name, CLOCK).text == message.text
    assert [key for key in flat if key.endswith("|raw")] == []


@pytest.mark.parametrize(
    ("key", "value", "path", "expected"),
    [
        ("vital_signs/_link:0|meaning", "problem related note", "/links/meaning/value", ["problem related note"]),
        ("vital_signs/_uid", "a::b::1", "/uid/value", ["a::b::1"]),
        ("vital_signs/context/_location", "Ward 3", "/context/location", ["Ward 3"]),
        ("vital_signs/context/_participation:0|function", "requester", "/context/participations/function/value", ["requester"]),
        (
            "vital_signs/blood_pressure:0/_provider|name",
            "Jonas Dahl",
            "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/provider/name",
            ["Jonas Dahl"],
        ),
        (
            "vital_signs/blood_pressure:0/_work_flow_id|id",
            "335",
            "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/workflow_id/id/value",
            ["335"],
        ),
    ],
)
def test_what_the_reference_model_adds_has_a_key_with_an_underscore(key: str, value: str, path: str, expected: list) -> None:
    message = from_flat(TWO | {key: value}, VITALS, CLOCK)
    assert message.get(path) == expected
    assert to_flat(message)[key] == value
    assert from_flat(to_flat(message), VITALS, CLOCK).data == message.data


def test_a_normal_range_stands_below_its_quantity() -> None:
    keys = {f"{EVENT}/systolic/_normal_range/lower|magnitude": 100, f"{EVENT}/systolic/_normal_range/lower|unit": "mm[Hg]"}
    message = from_flat(TWO | keys, VITALS, CLOCK)
    systolic = message.data["content"][0]["data"]["events"][0]["data"]["items"][0]["value"]
    assert systolic["normal_range"]["lower"] == {"_type": "DV_QUANTITY", "magnitude": 100, "units": "mm[Hg]"}
    assert systolic["magnitude"] == 142
    assert from_flat(to_flat(message), VITALS, CLOCK).data == message.data


def test_a_null_flavour_stands_where_the_value_is_missing() -> None:
    keys = {f"{EVENT}/comment/_null_flavour|code": "253"}
    message = from_flat(TWO | keys, VITALS, CLOCK)
    element = message.data["content"][0]["data"]["events"][0]["data"]["items"][-1]
    assert element["null_flavour"]["defining_code"]["code_string"] == "253"
    assert "value" not in element
    assert from_flat(to_flat(message), VITALS, CLOCK).data == message.data


PROBLEM = "problem_list/problem:0/problem_name"


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ({f"{PROBLEM}|other": "Heart failure"}, "DV_TEXT"),
        ({f"{PROBLEM}|code": "84114007", f"{PROBLEM}|value": "Heart failure", f"{PROBLEM}|terminology": "SNOMED-CT"}, "DV_CODED_TEXT"),
    ],
)
def test_an_element_that_takes_a_code_or_a_text_is_one_key(values: dict, type_: str) -> None:
    message = from_flat(values, "kit_problem_list.v1", CLOCK)
    value = message.data["content"][0]["data"]["items"][0]["value"]
    assert (value["_type"], value["value"]) == (type_, "Heart failure")
    assert values.items() <= to_flat(message).items()
    assert not [key for key in to_flat(message) if "text_value" in key]
    assert from_flat(to_flat(message), "kit_problem_list.v1", CLOCK).data == message.data
    long = {of_open_list(template("kit_problem_list.v1"), key): value for key, value in values.items()}
    assert from_flat(long, "kit_problem_list.v1", CLOCK).data == message.data, "the kind may be named too"


def test_a_code_and_a_text_for_the_same_element_are_one_too_many() -> None:
    with pytest.raises(ValueError, match=r"an element has one value, and .*code gives it already, as a DV_CODED_TEXT"):
        from_flat({f"{PROBLEM}|code": "84114007", f"{PROBLEM}|other": "Heart failure"}, "kit_problem_list.v1", CLOCK)


def test_a_text_in_place_of_a_code_is_refused_where_the_list_is_closed() -> None:
    with pytest.raises(ValueError, match=r"could not consume \|other"):
        from_flat(TWO | {f"{EVENT}/position|other": "leaning"}, VITALS, CLOCK)


def test_raw_takes_a_whole_value_or_a_whole_node() -> None:
    value = {"_type": "DV_QUANTITY", "magnitude": 120, "units": "mm[Hg]", "magnitude_status": "~"}
    message = from_flat({"diastolic": 91, f"{EVENT}/systolic|raw": value}, VITALS, CLOCK)
    assert message.data["content"][0]["data"]["events"][0]["data"]["items"][0]["value"] == value
    assert from_flat(to_flat(message), VITALS, CLOCK).data == message.data
    whole = from_flat({"vital_signs|raw": message.data}, VITALS, CLOCK)
    assert whole.data == message.data


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["content"].append(dict(body["content"][0], archetype_node_id="openEHR-EHR-OBSERVATION.unknown.v1")),
        lambda body: body["content"][0]["name"].update(value="Blodtrykk"),
        lambda body: body["content"][0]["data"]["name"].update(value="Historie"),
        lambda body: body.pop("territory"),
        lambda body: body.update(context=None),
        lambda body: body["archetype_details"].update(rm_version="1.0.4"),
        lambda body: body["content"][0]["data"]["events"][0]["data"]["items"].reverse(),
        lambda body: body["content"][0]["data"]["events"][0]["data"]["items"][0]["value"].update(magnitude=True),
        lambda body: body.update(more={"odd": [1, None, "x"]}),
        lambda body: body["content"].insert(0, "no object"),
    ],
)
def test_what_has_no_key_is_not_lost(change: object) -> None:
    body = json.loads(from_flat(TWO, VITALS, CLOCK).text)
    change(body)  # type: ignore[operator]
    message = parse(json.dumps(body))
    back = from_flat(json.loads(json.dumps(to_flat(message))), VITALS, CLOCK)
    assert json.dumps(back.data, sort_keys=True) == json.dumps(body, sort_keys=True)


def test_a_template_that_is_not_known_is_said() -> None:
    body = json.loads(from_flat(TWO, VITALS, CLOCK).text)
    body["archetype_details"]["template_id"]["value"] = "kit_vital_sign.v1"
    with pytest.raises(LookupError, match=r"there is no template kit_vital_sign\.v1 here"):
        to_flat(parse(json.dumps(body)))


def test_a_registered_template_is_found_by_the_composition() -> None:
    register(template(VITALS))
    assert to_flat(from_flat(TWO, VITALS, CLOCK))[f"{EVENT}/systolic|magnitude"] == 142
