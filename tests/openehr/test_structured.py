"""STRUCTURED: the keys of FLAT, nested."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.files import data
from ihe_kit.openehr import conform, from_flat, from_structured, parse, recognises, to_structured
from ihe_kit.openehr.structured import flattened, nested
from tests.openehr.given import CASES, CLOCK

GOOD = sorted(data("openehr").glob("*.flat.json"))
_NAME = st.from_regex(r"[a-z][a-z_]{0,6}", fullmatch=True)
_PART = st.one_of(st.integers(), st.booleans(), st.text(max_size=5))
_KEYS = st.dictionaries(
    st.tuples(_NAME, _NAME, st.sampled_from(["", "|code", "|unit"])), st.lists(_PART, min_size=1, max_size=3), max_size=6
)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name.partition(".flat")[0])
def test_a_good_composition_comes_back_from_structured(path: Path) -> None:
    name = path.name.removesuffix(".flat.json")
    message = from_flat(json.loads(path.read_text(encoding="utf-8")), name, CLOCK)
    assert from_structured(json.loads(json.dumps(to_structured(message))), name, CLOCK).text == message.text


@pytest.mark.parametrize("path", CASES("flat", "json"), ids=lambda path: path.stem)
def test_public_flat_documents_come_back_with_their_numbers(path: Path) -> None:
    flat = json.loads(path.read_text(encoding="utf-8"))
    back = flattened(nested(flat))
    assert {_plain(key): value for key, value in back.items()} == {_plain(key): value for key, value in flat.items()}
    assert len(back) == len(flat)


def _plain(key: str) -> str:
    """A key without the number of a first repetition, which FLAT may leave out."""
    return re.sub(r":0(?=[/|]|$)", "", key)


@given(_KEYS)
def test_what_is_nested_comes_back(keys: dict) -> None:
    flat = {f"root/{a}:{n}/{b}:0{part}": value for (a, b, part), values in keys.items() for n, value in enumerate(values)}
    assert flattened(nested(flat)) == flat


def test_ctx_stays_together() -> None:
    flat = {"ctx/language": "en", "ctx/participation_name:0": "Jonas Dahl", "a/b:0|code": "1"}
    assert nested(flat)["ctx"] == {"language": "en", "participation_name:0": "Jonas Dahl"}
    assert flattened(nested(flat)) == flat


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"vital_signs": 1}, "expected the name of the template's root with an object below it"),
        ({"vital_signs": {"pulse": [{"any_evnt": [{"rate": [{"|magnitude": 72}]}]}]}}, "could not consume 'any_evnt:0/rate:0|magnitude'"),
        ({"vital_signs/pulse": {"rate": [72]}}, "as STRUCTURED nests its keys"),
    ],
)
def test_what_cannot_be_used_is_said(values: dict, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        from_structured(values, "kit_vital_signs.v1", CLOCK)


def test_a_repetition_without_the_one_before_it_cannot_be_nested() -> None:
    with pytest.raises(ValueError, match="there is no :1 before it"):
        nested({"a/b:0|code": 1, "a/b:2|code": 1})


def test_it_is_a_kind_of_its_own_and_held_against_its_template() -> None:
    values = to_structured(from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", CLOCK), ctx=True)
    good = parse(json.dumps(values))
    assert good.kind == "STRUCTURED"
    assert conform(good, "kit_vital_signs.v1") == []
    assert "STRUCTURED does not say its template" in conform(good)[0].says
    event = values["vital_signs"]["blood_pressure"][0]["any_event"][0]
    event["systolc"] = event.pop("systolic")
    values["ctx"]["langage"] = values["ctx"].pop("language")
    found = conform(parse(json.dumps(values, indent=1)), "kit_vital_signs.v1")
    assert [finding.rule for finding in found] == ["OPENEHR-FLAT"] * 3  # magnitude and unit
    assert found[0].path == "/ctx/langage"
    assert "did you mean ctx/language?" in found[0].says
    assert "did you mean vital_signs/blood_pressure:0/any_event:0/systolic" in found[1].says
    assert [finding.rule for finding in conform(parse('{"ctx": {}, "vital_signs": {"a": {}}, "b|c": {}}'), "kit_vital_signs.v1")] == [
        "OPENEHR-FLAT"
    ]


@pytest.mark.parametrize("text", ['{"a": {}}', '{"a": {"b": [{"c": 1}]}}', '{"a": 1}', "[]", '{"_type": "X", "a": {"b": [{"|c": 1}]}}'])
def test_other_json_is_not_structured(text: str) -> None:
    assert parse(text).kind != "STRUCTURED"


def test_it_is_recognised_and_so_is_flat_with_raw() -> None:
    message = from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", CLOCK)
    assert recognises(json.dumps(to_structured(message)))
    assert recognises('{"ctx": {"language": "en"}, "vital_signs": {}}')
    assert not recognises('{"resourceType": "Bundle", "language": [{"|code": "en"}]}')
    raw = parse('{"ctx/language": "en", "vital_signs/pulse:0|raw": {"_type": "OBSERVATION"}}')
    assert raw.kind == "FLAT"
