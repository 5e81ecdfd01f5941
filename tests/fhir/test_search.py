"""Search (FHIR R4 section 3.1.1; PDQm section 2:3.78): what a resource is found by, what a query asks, and the SQL run on SQLite itself."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.fhir.search import Condition, criteria, find_parameter, index, normal, parameters, span

INGRID: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "1",
    "active": True,
    "identifier": [{"system": "urn:oid:2.999.10.1", "value": "4711"}, {"value": "77"}],
    "name": [{"use": "official", "family": "Ødegård", "given": ["Ingrid", "Marie"]}],
    "telecom": [{"system": "phone", "value": "+47 555 01 234"}],
    "gender": "female",
    "birthDate": "1958-06-17",
    "address": [{"line": ["Fjordveien 7"], "city": "Nordvik", "postalCode": "1234", "country": "NOR"}],
}
MARIA: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "2",
    "identifier": [{"system": "urn:oid:2.999.10.2", "value": "4711"}],
    "name": [{"family": "Kovácsová", "given": ["Mária"]}, {"family": "Horvátová"}],
    "gender": "female",
    "birthDate": "1987-02",
}
STAY: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "3",
    "status": "in-progress",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    "subject": {"reference": "http://localhost/fhir/Patient/1"},
    "period": {"start": "2025-03-03T08:00:00+01:00"},
}


def search(query: list[tuple[str, str]], *resources: dict[str, Any]) -> list[str]:
    """The ids that a query finds, asked of SQLite as the store does it."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE entry (id, param, system, value, exact)")
    for one in resources:
        db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", [(one["id"], *row) for row in index(one)])
    kind = resources[0]["resourceType"]
    found = {one["id"] for one in resources}
    for condition in criteria(kind, query, strict=True):
        clause, values = condition.sql()
        found &= {row[0] for row in db.execute(f"SELECT id FROM entry WHERE param = ? AND ({clause})", (condition.param, *values))}
    return sorted(found)


@pytest.mark.parametrize(
    "query, ids",
    [
        ("", "12"),
        ("family=Ødegård", "1"),
        ("family=ødeg", "1"),
        ("family=degård", ""),
        ("family=Kovacsova", "2"),  # accents do not count
        ("family:exact=Kovacsova", ""),
        ("family:exact=Kovácsová", "2"),
        ("family:contains=vát", "2"),
        ("family=Horvat,Ødegård", "12"),  # comma is OR
        ("given=Ingrid&given=Marie", "1"),  # repeated is AND
        ("given=Ingrid&given=Mária", ""),
        ("name=horvátová", "2"),
        ("family=%", ""),  # no wildcard
        ("identifier=4711", "12"),
        ("identifier=urn:oid:2.999.10.1|4711", "1"),
        ("identifier=urn:oid:2.999.10.2|", "2"),
        ("identifier=|77", "1"),
        ("identifier=|4711", ""),
        ("_id=2", "2"),
        ("active=true", "1"),
        ("gender=female", "12"),
        ("gender=http://hl7.org/fhir/administrative-gender|female", "12"),
        ("telecom=+47 555 01 234", "1"),
        ("address=fjordveien", "1"),
        ("address-city=Nord&address-country=NOR&address-postalcode=12", "1"),
        ("birthdate=1958-06-17", "1"),
        ("birthdate=1958", "1"),
        ("birthdate=1987-02-28", ""),  # the month is more than the day that is asked for
        ("birthdate=1987-02", "2"),
        ("birthdate=ne1958-06-17", "2"),
        ("birthdate=gt1958-06-17", "2"),
        ("birthdate=ge1958-06-17", "12"),
        ("birthdate=lt1987-02", "1"),
        ("birthdate=le1987-02", "12"),
        ("birthdate=gt1987-02-10", "2"),  # some of the month is later
        ("birthdate=ge1958&birthdate=lt1960", "1"),
        ("_count=1&_offset=5&_format=json", "12"),
        ("family=", "12"),
    ],
)
def test_patients(query: str, ids: str) -> None:
    pairs = [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")) if name]
    assert "".join(search(pairs, INGRID, MARIA)) == ids


@pytest.mark.parametrize(
    "name, value, found",
    [
        ("patient", "Patient/1", True),
        ("patient", "1", True),
        ("subject", "http://elsewhere/fhir/Patient/1", True),
        ("patient", "2", False),
        ("status", "in-progress", True),
        ("class", "IMP", True),
        ("date", "2025-03-03T07:00:00Z", False),  # an open stay goes on
        ("date", "ge2025-03-03", True),
        ("date", "lt2025-03-03T07:00:00Z", False),
        ("date", "le2025-03-03T07:30:00Z", True),
    ],
)
def test_encounters(name: str, value: str, found: bool) -> None:
    assert search([(name, value)], STAY) == (["3"] if found else [])


@pytest.mark.parametrize(
    "query, condition",
    [
        (("family", "A,B"), Condition("family", "string", (("a",), ("b",)))),
        (("family", r"A\,B"), Condition("family", "string", (("a,b",),))),
        (("family:contains", "É"), Condition("family", "contains", (("e",),))),
        (("identifier", r"s|a\|b,c"), Condition("identifier", "token", (("s", "a|b"), (None, "c")))),
        (("identifier", "s|"), Condition("identifier", "token", (("s", None),))),
        (("identifier", "|v"), Condition("identifier", "token", (("", "v"),))),
        (("birthdate", "ge1958-02"), Condition("birthdate", "date", (("ge", "1958-02-01T00:00:00", "1958-02-28T23:59:59"),))),
    ],
)
def test_conditions_are_data(query: tuple[str, str], condition: Condition) -> None:
    assert criteria("Patient", [query]) == [condition]


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("famly", "x", "did you mean family?"),
        ("family:exakt", "x", "did you mean exact?"),
        ("birthdate:exact", "1958", "no modifier :exact"),
        ("birthdate", "17.06.1958", "is no date"),
        ("birthdate", "1958-13", "month"),
        ("birthdate", "ap1958", "no prefix"),
    ],
)
def test_what_cannot_be_asked(name: str, value: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        criteria("Patient", [(name, value)], strict=True)


def test_a_lenient_server_leaves_unknown_parameters_aside() -> None:
    assert criteria("Patient", [("famly", "x")]) == []


def test_parameters() -> None:
    assert [parameter.name for parameter in parameters("Patient")][:4] == ["_id", "_lastUpdated", "identifier", "family"]
    assert parameters("Practitioner") == ()
    assert find_parameter("Patient", "famly") is None


@pytest.mark.parametrize(
    "text, low, high",
    [
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
        ("2025-03-03T08:00", "2025-03-03T08:00:00", "2025-03-03T08:00:59"),
        ("2025-03-03T08:00:00+01:00", "2025-03-03T07:00:00", "2025-03-03T07:00:00"),
    ],
)
def test_span(text: str, low: str, high: str) -> None:
    assert span(text) == (low, high)


@given(st.text())
def test_normal_is_stable(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@given(st.text(min_size=1, max_size=12).filter(lambda text: normal(text) != ""))
def test_a_name_is_found_by_itself(family: str) -> None:
    escaped = family.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")
    patient = {"resourceType": "Patient", "id": "1", "name": [{"family": family}]}
    assert search([("family", escaped)], patient) == ["1"]
    assert search([("family:exact", escaped)], patient) == ["1"]


KEYS = st.sampled_from(["name", "family", "identifier", "coding", "value", "birthDate", "start", "system", "reference"])
ANY = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(ANY, st.sampled_from(["Patient", "Encounter", "x"]))
def test_no_resource_makes_the_index_raise(value: Any, kind: str) -> None:
    names = ("id", "name", "identifier", "birthDate", "period", "class", "subject", "meta")
    rows = index({"resourceType": kind} | dict.fromkeys(names, value))
    assert all(len(row) == 4 and all(isinstance(part, str) for part in row) for row in rows)
