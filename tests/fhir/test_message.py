"""The text to the character, and every element with its place. Paths as FHIRPath 2.0.0 section 5.3 writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import UnknownPath, Unreadable
from ihe_kit.fhir import FhirMessage, encode, parse, recognises
from tests.conftest import cases

INGRID = """{
  "resourceType": "Patient",
  "identifier": [
    { "system": "urn:oid:2.999.10.1", "value": "4711" },
    { "system": "urn:oid:2.999.1.1" }
  ],
  "name": [ { "family": "Ødegård", "given": [ "Ingrid", "Marie" ] } ],
  "birthDate": "1958-06-17"
}
"""
ANSWER = """{"resourceType": "Bundle", "type": "searchset", "entry": [
  {"resource": {"resourceType": "Observation", "valueQuantity": {"value": 1.10, "unit": "mmol/L"}}},
  {"resource": {"resourceType": "Patient", "gender": "female"}}]}"""
HTTP = f"PUT /fhir/Patient?identifier=urn:oid:2.999.10.1%7C4711 HTTP/1.1\r\ncontent-type: application/fhir+json\r\n\r\n{INGRID}"


@pytest.mark.parametrize(
    "text, path, values",
    [
        (INGRID, "Patient.name.family", ["Ødegård"]),
        (INGRID, "Patient.name.given", ["Ingrid", "Marie"]),
        (INGRID, "Patient.name[0].given[1]", ["Marie"]),
        (INGRID, "Patient.birthDate[0]", ["1958-06-17"]),
        (INGRID, "Resource.birthDate", ["1958-06-17"]),
        (INGRID, "Patient.identifier.value", ["4711", ""]),  # one entry per repetition, "" where it lacks the value
        (INGRID, "Patient.identifier.where(system='urn:oid:2.999.10.1').value", ["4711"]),
        (INGRID, "Patient.name.where(given.count() > 1).given.first()", ["Ingrid"]),  # the whole language
        (INGRID, "Patient.name.given | Patient.birthDate", ["Ingrid", "Marie", "1958-06-17"]),
        (INGRID, "Patient.identifier.where(value.exists()).count()", ["1"]),
        (INGRID, "Patient.name.exists()", ["true"]),
        (INGRID, "Patient.gender", [""]),
        (INGRID, "Patient.identifier[2]", [""]),
        (INGRID, "Patient.contact.gender", []),  # no contact, so nothing that could lack a gender
        (INGRID, "Bundle.entry", []),
        (ANSWER, "Bundle.entry.resource.gender", ["female"]),  # an Observation has none to lack
        (ANSWER, "Bundle.entry.resource.famly", []),
        (ANSWER, "Bundle.entry.resource.birthDate", [""]),
        (ANSWER, "Bundle.entry[0].resource.value.value", ["1.10"]),  # a choice; and a decimal keeps its zero
        (ANSWER, "Bundle.entry[0].resource.valueQuantity.unit", ["mmol/L"]),
        (HTTP, "request.method", ["PUT"]),
        (HTTP, "request.url.identifier", ["urn:oid:2.999.10.1|4711"]),
        (HTTP, "Patient.identifier[0].value", ["4711"]),
    ],
)
def test_get(text: str, path: str, values: list[str]) -> None:
    assert parse(text).get(path) == values


@pytest.mark.parametrize(
    "path, says",
    [
        ("Patient.famly", "did you mean name.family?"),
        ("Patient.identifer.value", "did you mean identifier?"),
        ("Patient.contact.name.famly", "did you mean family?"),
        ("Patient.birthDate.year", "plain date"),
        ("Patent.name", "did you mean Patient?"),
        ("Observation.valu", "did you mean value?"),
        ("PID-3", "is no FHIR path"),
        ("Patient..name", "is no FHIR path"),
        ("Patient.name.where(", "is no FHIR path"),
        ("Patient.name.nothing()", "is no FHIR path"),
        ("", "is no FHIR path"),
    ],
)
def test_mistyped_path(path: str, says: str) -> None:
    with pytest.raises(UnknownPath, match=says.replace("?", r"\?")):
        parse(INGRID).find(path)


@pytest.mark.parametrize(
    "text, path, fix",
    [
        ('{"resourceType": "Patient"}', "Patient.gender", '"female"'),
        (INGRID, "Patient.gender", '"female"'),
        (INGRID, "Patient.identifier[1].value", '"99"'),
        (INGRID, "Patient.identifier[2]", '{"value": "99"}'),
        ('{"resourceType": "Patient", "contact": [{}]}', "Patient.contact[0].gender", '"other"'),
        ('{"resourceType": "Patient", "name": []}', "Patient.name[0]", '{"family": "Lind"}'),
    ],
)
def test_absent_element_can_be_filled_in(text: str, path: str, fix: str) -> None:
    message = parse(text)
    (element,) = message.find(path)
    assert (element.start, element.value) == (element.end, "")
    mended = parse(text[: element.start] + element.lead + fix + text[element.start :])
    assert mended.find(path)[0].value == json.loads(fix) or mended.find(path)[0].value == fix


def test_what_an_expression_finds_has_its_place() -> None:
    message = parse(INGRID)
    (marie,) = message.find("Patient.name.given.last()")
    assert (marie.path, message.text[marie.start : marie.end]) == ("Patient.name[0].given[1]", '"Marie"')


def test_rows_of_the_tree() -> None:
    rows = [(e.level, e.path, e.label) for e in parse(INGRID).elements()]
    assert rows[:6] == [
        (1, "Patient", "Patient"),
        (2, "Patient.resourceType", "resourceType"),
        (2, "Patient.identifier", "identifier"),  # several: a row of its own, then one per item
        (3, "Patient.identifier[0]", "[0]"),
        (4, "Patient.identifier[0].system", "system"),
        (4, "Patient.identifier[0].value", "value"),
    ]
    assert (2, "Patient.name[0]", "name[0]") in rows  # one: the row of the array is left out


def found_again(message: FhirMessage) -> None:
    """Every element is found at its path; the row of an array of several is found as its items."""
    for element in message.elements():
        found = message.find(element.path)
        if (element.start, element.end) not in [(e.start, e.end) for e in found]:
            assert message.text[element.start] == "[", element
            assert len(found) > 1, element
            assert all(element.start < e.start and e.end < element.end for e in found)


def test_public_cases_go_through_unchanged(public_cases: Path) -> None:
    read = 0
    for path in cases("fhir/*.json"):
        data = path.read_bytes()
        try:
            message = parse(data)
        except Unreadable:
            continue
        assert encode(message) == data, path.name
        found_again(message)
        read += 1
    assert read > 40
    assert public_cases.is_dir()


KEYS = st.sampled_from(["name", "family", "value", "where", "a b", "x`y", "back\\slash", "a.b", "[0]", "", "resourceType", "_id", "ø"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["Patient", "Bundle", "HumanName"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_any_json_is_kept_and_found(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    message = parse(text)
    assert str(message) == text
    found_again(message)
    for element in message.elements():
        json.loads(text[element.start : element.end])  # a place is a whole value


@pytest.mark.parametrize(
    "text, yes",
    [
        (INGRID, True),
        (HTTP, True),
        ("GET /fhir/metadata HTTP/1.1\r\n\r\n", True),
        ("HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\n\r\n{}", True),
        ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}", False),
        ("POST /rest/openehr/v1/ehr HTTP/1.1\r\n\r\n", False),
        ('{"_type": "COMPOSITION"}', False),
        ("MSH|^~\\&|ADT", False),
        ("", False),
    ],
)
def test_recognises(text: str, yes: bool) -> None:
    assert recognises(text) is yes


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "<Patient/>", '{"resourceType": "Patient"} x', b'{"a": "\xff"}'])
def test_unreadable(text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        parse(text)


@pytest.mark.parametrize(
    "text, name, facts",
    [
        ('{"resourceType": "Patient"}', "Patient", "R4 · 27 bytes"),
        ("GET /fhir/Patient?family=Lind HTTP/1.1\r\n\r\n", "GET Patient", "R4 · 42 bytes"),
        ("HTTP/1.1 201 Created\r\n\r\n", "201 Created", "R4 · 24 bytes"),
        (ANSWER, "Bundle", f"R4 · 2 entries · {len(ANSWER)} bytes"),
        ("{}", "Resource", "R4 · 2 bytes"),
    ],
)
def test_name_and_facts(text: str, name: str, facts: str) -> None:
    message = parse(text)
    assert (message.name, message.facts) == (name, facts)
