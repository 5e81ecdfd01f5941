"""A search as a URL: read into parts and written again, to the same question, with both layers of escaping right."""

from __future__ import annotations

from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ihe_kit.fhir.comparing import split
from ihe_kit.fhir.search_url import NO_SYSTEM, Part, SearchUrl, cut, fields_of, join, read_name, read_url

# URL -> how it is written again
CASES = {
    "Patient?family=Berg": "Patient?family=Berg",
    "Patient": "Patient",
    "": "",
    "GET /fhir/Patient?family=Berg HTTP/1.1": "Patient?family=Berg",
    "http://127.0.0.1:8080/fhir/Patient?name=a+b": "Patient?name=a%20b",
    "https://other.example/r4/Patient/_search?name=%C3%98": "Patient?name=%C3%98",
    "Observation?code=http://loinc.org|8480-6,|x": "Observation?code=http://loinc.org%7C8480-6,%7Cx",
    "Patient?name=Berg\\,Lie": "Patient?name=Berg%5C,Lie",
    "Patient?name=1%2B1%26%23": "Patient?name=1%2B1%26%23",
    "Patient/1/Observation?date=ge2025": "Patient/1/Observation?date=ge2025",
    "Patient/1": "Patient/1",
    "Observation?_has:Provenance:target:agent=x&subject:Patient.name:exact=y": "Observation?_has:Provenance:target:agent=x&subject:Patient.name:exact=y",
    "Patient?a&&b=": "Patient?a=&b=",
    "Patient?name=\ud800": "Patient?name=%3F",
}


@pytest.mark.parametrize("text", CASES)
def test_a_url_is_read_and_written_again(text: str) -> None:
    written = str(read_url(text))
    assert written == CASES[text]
    assert str(read_url(written)) == written


def test_parts_are_kept_in_order_and_can_be_changed() -> None:
    search = read_url("Patient?given=Anna&given=Maria&_count=5")
    assert [part.name for part in search.parts] == ["given", "given", "_count"]
    assert str(search.put(1, Part("given", "Ida,Eva"))) == "Patient?given=Anna&given=Ida,Eva&_count=5"
    assert str(search.without(0)) == "Patient?given=Maria&_count=5"
    assert str(search.put(3, Part(""))) == str(search), "a part without a name is not written yet"


@pytest.mark.parametrize(
    ("kind", "text", "links", "at", "code", "modifier", "type"),
    [
        ("Patient", "family", [], "Patient", "family", "", "string"),
        ("Patient", "family:exact", [], "Patient", "family", "exact", "string"),
        ("Observation", "subject:Patient.name", ["subject:Patient."], "Patient", "name", "", "string"),
        ("Observation", "patient.birthdate", ["patient."], "Patient", "birthdate", "", "date"),
        ("Observation", "subject.name", ["subject."], "Patient", "name", "", "string"),
        ("Patient", "_has:Observation:patient:code", ["_has:Observation:patient:"], "Observation", "code", "", "token"),
        ("Patient", "_has:Observation:patient:_has:Provenance:target:recorded", ["_has:Observation:patient:", "_has:Provenance:target:"], "Provenance", "recorded", "", "date"),
        ("Observation", "encounter:Encounter.subject:Patient.family", ["encounter:Encounter.", "subject:Patient."], "Patient", "family", "", "string"),
        ("Patient", "_include:iterate", [], "Patient", "_include", "iterate", "include"),
        ("Patient", "_sort", [], "Patient", "_sort", "", "sort"),
        ("Patient", "family:missing", [], "Patient", "family", "missing", "missing"),
        ("Patient", "famly", [], "Patient", "famly", "", ""),
        ("Nobody", "name", [], "Nobody", "name", "", ""),
        ("Patient", "_has:x", ["_has:x::"], "x", "", "", ""),
        ("Patient", "name..x", ["name.", "."], "", "x", "", ""),
        ("Patient", ":::", [], "Patient", "", "::", ""),
    ],
)  # fmt: skip
def test_a_name_is_taken_apart(kind: str, text: str, links: list[str], at: str, code: str, modifier: str, type: str) -> None:
    name = read_name(kind, text)
    assert [str(link) for link in name.links] == links
    assert (name.at, name.code, name.modifier, name.type) == (at, code, modifier, type)
    assert str(name) == text or text == "_has:x"


@pytest.mark.parametrize(
    ("kind", "name", "value", "fields"),
    [
        ("Patient", "family", r"Berg\, Lie", {"text": "Berg, Lie"}),
        ("Patient", "family", r"a\\b\$c\|d", {"text": r"a\b$c|d"}),
        ("Patient", "identifier", "urn:oid:2.999.10.1|4711", {"system": "urn:oid:2.999.10.1", "code": "4711"}),
        ("Patient", "identifier", "|4711", {"system": NO_SYSTEM, "code": "4711"}),
        ("Patient", "identifier", "urn:oid:2.999.10.1|", {"system": "urn:oid:2.999.10.1", "code": ""}),
        ("Patient", "identifier", r"a\|b", {"system": "", "code": "a|b"}),
        ("Patient", "birthdate", "ge1958-06", {"prefix": "ge", "text": "1958-06"}),
        ("Patient", "birthdate", "1958", {"prefix": "", "text": "1958"}),
        ("Observation", "value-quantity", "gt5.4|http://unitsofmeasure.org|mg", {"prefix": "gt", "text": "5.4", "system": "http://unitsofmeasure.org", "code": "mg"}),
        ("Observation", "value-quantity", "5.4||mg", {"prefix": "", "text": "5.4", "system": "", "code": "mg"}),
        ("Observation", "subject", "Patient/1", {"text": "Patient/1"}),
        ("Observation", "code-value-quantity", "8480-6$gt140", {"raw": "8480-6$gt140"}),
        ("Patient", "_include", "Patient:link:RelatedPerson", {"source": "Patient", "param": "link", "target": "RelatedPerson"}),
        ("Patient", "_sort", "-birthdate", {"direction": "-", "text": "birthdate"}),
        ("Patient", "active:missing", "true", {"raw": "true"}),
    ],
)  # fmt: skip
def test_a_value_is_cut_into_fields_and_joined_again(kind: str, name: str, value: str, fields: dict[str, str]) -> None:
    read = read_name(kind, name)
    assert cut(read, value) == fields
    assert join(read, fields) == value


@pytest.mark.parametrize("name", ["family", "identifier", "birthdate", "general-practitioner", "_sort", "_elements"])
@given(data=some.data())
def test_whatever_is_typed_comes_back(name: str, data: some.DataObject) -> None:
    """What a reader types into a control stands in it again after it has been through the URL, and is never taken for a mark."""
    read = read_name("Patient", name)
    texts = some.text(some.characters(exclude_categories=["Cs"]), max_size=12)
    typed = {field: data.draw(texts) for field in fields_of(read) if field not in ("prefix", "direction", "raw")}
    if "system" in typed and (typed["system"] == NO_SYSTEM or not typed["system"]):
        typed["system"] = "urn:x"
    if name in ("_sort", "birthdate"):
        typed["text"] = "2025"
    value = join(read, typed)
    assert len(split(value, ",")) == 1
    query = str(SearchUrl("Patient", (Part(name, value),))).partition("?")[2]
    assert query.count("&") == 0 and query.isascii()
    back = cut(read, unquote_plus(query.partition("=")[2]))
    assert {field: back[field] for field in typed} == typed


@given(some.text(max_size=60))
def test_nothing_raises(text: str) -> None:
    search = read_url(text)
    for part, name in zip(search.parts, search.names(), strict=True):
        _ = name.at, name.type, [cut(name, value) for value in part.values]
    assert str(read_url(str(search))) == str(search)
