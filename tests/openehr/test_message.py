"""Messages: nothing is lost, every element is found again where it stands, and a wrong path says what would be right."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import UnknownPath, Unreadable
from ihe_kit.openehr import build, explain, from_wire, parse, recognises, to_wire
from tests.openehr.given import CASES, CLOCK, ids

BP = "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]"
SYSTOLIC = f"{BP}/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
TWICE = {
    "vital_signs/blood_pressure:0/any_event:0/systolic|magnitude": 142,
    "vital_signs/blood_pressure:0/any_event:1/systolic|magnitude": 138,
    "vital_signs/blood_pressure:0/any_event:1/diastolic|magnitude": 88,
}


def composition(values: dict[str, object] | None = None):
    return build("kit_vital_signs.v1", values or {"systolic": 142, "diastolic": 91}, CLOCK, ids)


def found_again(message) -> None:
    for element in message.elements():
        assert message.find(element.path) == [element]


@pytest.mark.parametrize("path", CASES("composition", "json") + CASES("flat", "json"), ids=lambda path: path.name)
def test_public_cases(path: Path) -> None:
    data = path.read_bytes()
    message = parse(data)
    assert message.encode() == data
    assert parse(message.text).text == message.text
    for element in list(message.elements())[:400]:
        assert message.find(element.path) == [element]
        explain(message, element.path)


_KEYS = st.sampled_from(["value", "name", "_type", "items", "archetype_node_id", "a b", "", "it's", "x/y", "a[1]", "é"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["at0004", "", "COMPOSITION", "ELEMENT", "7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON.filter(lambda value: isinstance(value, (dict, list))))
def test_every_element_of_any_json_is_found_again(value: object) -> None:
    import json

    found_again(parse(json.dumps(value, ensure_ascii=False)))


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (SYSTOLIC, ["142", "138"]),
        (SYSTOLIC.replace("[at0006]", "[at0006][2]"), ["138"]),
        (SYSTOLIC.replace("[at0006]", "[at0006, 'Any event']"), ["142", "138"]),
        (SYSTOLIC.replace("[at0006]", "[at0006 and name/value='Any event']"), ["142", "138"]),
        (SYSTOLIC.replace("[at0006]", "[at0006, 1]"), ["142"]),
        (f"{BP}/data[at0001]/events[at0006]/data[at0003]/items[at0005]/value/magnitude", ["88"]),  # a step on the way is not there
        (f"{BP}/data[at0001]/events[at0006]/data[at0003]/items[at0005]", ["", None]),
        (f"{BP}/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/precision", ["", ""]),
        ("/context/start_time/value", ["2025-03-03T08:00:00+01:00"]),
        ("/context/location", [""]),
        ("/content[openEHR-EHR-OBSERVATION.pulse.v2]", [""]),
    ],
)
def test_find(path: str, values: list[str | None]) -> None:
    got = composition(TWICE).get(path)
    assert len(got) == len(values)
    assert all(expected in (None, value) for expected, value in zip(values, got, strict=True))


def test_an_absent_element_says_what_to_write_where() -> None:
    message = composition()
    (absent,) = message.find("/context/location")
    assert absent.start == absent.end
    mended = parse(message.text[: absent.start] + absent.lead + '"Ward 3"' + message.text[absent.end :])
    assert mended.get("/context/location") == ["Ward 3"]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/contxt/start_time", "context"),
        ("/context/start_tme/value", "start_time"),
        (SYSTOLIC.replace("magnitude", "magnitud"), "magnitude"),
        (SYSTOLIC.replace("events", "event"), "events"),
        (SYSTOLIC + "/value", "has no attribute value"),
        ("content", "/content"),
        ("/content[", "/content["),
        ("PID-3", "no openEHR path"),
        ("", "no openEHR path"),
        ("/items[0]", "no openEHR path"),
        ("/items[at0001, 00]", "no openEHR path"),
        (f"/items[at0001, {'9' * 5000}]", "no openEHR path"),
    ],
)
def test_a_wrong_path_says_what_would_be_right(path: str, hint: str) -> None:
    with pytest.raises(UnknownPath) as problem:
        composition().find(path)
    assert hint in str(problem.value)


def test_a_known_path_never_raises_whatever_the_message_says_of_itself() -> None:
    assert composition().get(f"/content[{'9' * 5000}]") == [""]
    for text in ('{"_type": "ELEMENT", "subject": {"_type": "DV_TEXT"}}', '{"_type": "COMPOSITION"}', '{"message": "x"}', "[]", "[[1]]"):
        for path in ("/subject/external_ref/id/value", SYSTOLIC, "/content/data/events/data/items/value/magnitude"):
            assert not any(parse(text).get(path))


@given(st.text(alphabet="/[]'a0 ,=andtvlue._-", max_size=20))
def test_a_path_is_found_or_refused(path: str) -> None:
    try:
        composition().find(path)
    except UnknownPath:
        pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"_type": "COMPOSITION"}', True),
        ('{"archetype_node_id": "at0001"}', True),
        ('{"ctx/language": "en"}', True),
        ('{"vital_signs/language|code": "en"}', True),
        ("GET /rest/openehr/v1/ehr/1 HTTP/1.1\r\nhost: x\r\n\r\n", True),
        ('HTTP/1.1 201 Created\r\nlocation: /rest/openehr/v1/ehr/1\r\n\r\n{"ehr_id": {"value": "1"}}', True),
        ('{"resourceType": "Patient", "_birthDate": {}, "_type": {}}', False),
        ("GET /fhir/Patient HTTP/1.1\r\nhost: x\r\n\r\n", False),
        ('HTTP/1.1 200 OK\r\n\r\n{"resourceType": "Patient"}', False),
        ("MSH|^~\\&|", False),
        ("", False),
    ],
)
def test_recognises(text: str, expected: bool) -> None:
    assert recognises(text) is expected


@pytest.mark.parametrize("text", ["", "{", '{"a": 1} x', b"\xff\xfe", "GET /x HTTP/1.1\r\nno colon\r\n\r\n"])
def test_unreadable(text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        parse(text)


def test_wire_both_ways() -> None:
    message = build("GET ehr/{ehr_id}", {"ehr_id": "e1"}, CLOCK, ids)
    assert from_wire(to_wire(message)).text == message.text
    with pytest.raises(ValueError, match="names the EHR"):
        to_wire(composition())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"_type": "COMPOSITION", "n" * 3000: {"a": 1}}),
        json.dumps({"_type": "COMPOSITION", "content": [{"archetype_node_id": "n" * 3000, "name": 1}]}),
        '{"a_name_of_medium_length":' * 150 + "1" + "}" * 150,
    ],
)
def test_a_path_that_would_fill_the_memory_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line 1, character .* at most 2000 characters"):
        parse(text)
