"""Search (FHIR R4 section 3.1.1; PDQm section 2:3.78): what a resource is found by, what a query asks, and the SQL run on SQLite itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.fhir.comparing import normal, span
from ihe_kit.fhir.index import index
from ihe_kit.fhir.search import Match, compartment, criteria, find_parameter, parameters
from ihe_kit.fhir.search_sql import Selection, owners
from ihe_kit.fhir.tables import resource_types
from ihe_kit.store import Document, Store
from tests.databases import InFiles, OnServer

pytestmark = pytest.mark.usefixtures("database")

# No string of FHIR has NUL (R4 section 2.24.0.1), and PostgreSQL keeps none.
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")

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


PRESSURE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "4",
    "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/bp"], "tag": [{"system": "urn:t", "code": "x"}]},
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure panel"}], "text": "BP"},
    "subject": {"reference": "Patient/1", "identifier": {"system": "urn:oid:2.999.10.1", "value": "4711"}},
    "effectiveDateTime": "2025-03-03T08:30:00.250+01:00",
    "component": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
            "valueQuantity": {"value": 142, "unit": "mmHg", "code": "mm[Hg]", "system": "http://unitsofmeasure.org"},
        },
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]}, "valueQuantity": {"value": 91, "unit": "mmHg"}},
    ],
}
WEIGHT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "5",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/2"},
    "effectivePeriod": {"start": "2025-03-01"},
    "valueQuantity": {"value": 5.4, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
}
RISK: dict[str, Any] = {
    "resourceType": "RiskAssessment",
    "id": "6",
    "status": "final",
    "subject": {"reference": "Patient/1"},
    "prediction": [{"probabilityDecimal": 100}],
}
PAIN: dict[str, Any] = {"resourceType": "ValueSet", "id": "7", "status": "draft", "url": "http://example.org/a/b/pain", "title": "Pain"}
EVERYBODY = (INGRID, MARIA, STAY, PRESSURE, WEIGHT, RISK, PAIN)
BASE = "http://localhost/fhir"


@pytest.fixture(scope="module")
def store() -> Store:
    return kept(*EVERYBODY)


def kept(*resources: dict[str, Any]) -> Store:
    store = Store()
    for one in resources:
        rows = index(one, BASE)
        store.put(one["resourceType"], one["id"], "{}", "2025-03-03", rows.entries, periods=rows.periods, amounts=rows.amounts)
    return store


def search(store: Store, kind: str, query: list[tuple[str, str]]) -> list[str]:
    """The ids that a query finds; the same ids whichever condition the search begins with."""
    conditions = criteria(kind, query, strict=True, base=BASE)
    found = {
        tuple(sorted(one.id for one in chosen(store, owners(kind, conditions, store.param, first=first))))
        for first in (None, *(one for one in conditions if not one.negated))
    }
    assert len(found) == 1
    return list(found.pop())


def chosen(store: Store, selection: Selection) -> list[Document]:
    return store.owned([row[0] for row in store.ask(selection.sql, selection.values)])


def pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")) if name]


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
def test_patients(store: Store, query: str, ids: str) -> None:
    assert "".join(search(store, "Patient", pairs(query))) == ids


@pytest.mark.parametrize(
    "query, ids",
    [
        ("patient=Patient/1", "3"),
        ("patient=1", "3"),
        ("subject=http://localhost/fhir/Patient/1", "3"),
        ("subject=http://elsewhere/fhir/Patient/1", ""),  # somebody else's patient
        ("patient=2", ""),
        ("subject:Patient=1", "3"),
        ("subject:Group=1", ""),
        ("status=in-progress", "3"),
        ("status:not=in-progress", ""),
        ("status:not=planned", "3"),
        ("class=IMP", "3"),
        ("date=2025-03-03T07:00:00Z", ""),  # an open stay goes on
        ("date=ge2025-03-03", "3"),
        ("date=lt2025-03-03T07:00:00Z", ""),
        ("date=le2025-03-03T07:30:00Z", "3"),
        ("date=sa2025-03-02", "3"),
        ("date=eb2026-01-01", ""),
        ("patient.family=ødeg", "3"),
        ("subject:Patient.identifier=urn:oid:2.999.10.1|4711", "3"),
        ("subject:Patient.identifier=urn:oid:2.999.10.2|4711", ""),
        ("patient._id=1&status=in-progress", "3"),
        ("patient.family:exact=Ødegård", "3"),
        ("subject.name=ingrid", "3"),
        ("patient:missing=true", ""),
        ("patient:missing=false", "3"),
        ("part-of:missing=true", "3"),
        ("patient._has:Observation:subject:code=85354-9", "3"),
        ("_type=Encounter", "3"),
    ],
)
def test_encounters(store: Store, query: str, ids: str) -> None:
    assert "".join(search(store, "Encounter", pairs(query))) == ids


@pytest.mark.parametrize(
    "query, ids",
    [
        ("code=85354-9", "4"),
        ("code=http://loinc.org|29463-7", "5"),
        ("code=http://loinc.org|", "45"),
        ("code:text=bp", "4"),
        ("code:text=blood", "4"),
        ("code:not=85354-9", "5"),
        ("subject:identifier=urn:oid:2.999.10.1|4711", "4"),
        ("status=http://hl7.org/fhir/observation-status|final", "45"),
        ("value-quantity=5.4", "5"),
        ("value-quantity=5", "5"),  # 5 is everything that rounds to it
        ("value-quantity=5.40", "5"),
        ("value-quantity=5.41", ""),
        ("value-quantity=5.4|http://unitsofmeasure.org|kg", "5"),
        ("value-quantity=5.4||kg", "5"),
        ("value-quantity=5.4||g", ""),
        ("value-quantity=gt5.3&value-quantity=lt5.5", "5"),
        ("value-quantity=ge5.4&value-quantity=le5.4", "5"),
        ("value-quantity=ap5", "5"),
        ("value-quantity=ne5.4", ""),
        ("value-quantity=ne6", "5"),
        ("value-quantity=gt-1", "5"),
        ("component-value-quantity=gt140", "4"),
        ("combo-value-quantity=gt1", "45"),
        ("component-code-value-quantity=http://loinc.org|8480-6$gt140", "4"),
        ("component-code-value-quantity=8462-4$gt140", ""),  # the other component is as high
        ("component-code-value-quantity=8462-4$gt140,8480-6$142", "4"),
        ("combo-code-value-quantity=29463-7$gt5", "5"),
        ("code-value-quantity=http://loinc.org|29463-7$5.4||kg", "5"),
        ("date=2025-03-03", "4"),
        ("date=2025-03-03T07:30:00Z", "4"),
        ("date=gt2025-03-03T07:30:00.1Z", "45"),
        ("date=gt2025-03-03T07:30:00.3Z", "5"),
        ("date=sa2025-03-02", "4"),
        ("date=ge2025-03-02", "45"),
        ("date=ge2025-03-02&date=le2025-03-04", "45"),
        ("date=ge2025-03-02&date=le2025-03-04&date=ne2025-03-03", "5"),
        ("date=2025-03-03,gt2026&date=lt2025-03-04", "45"),
        ("date=sa2025-03-02&date=lt2025-03-04", "4"),
        ("value-quantity=gt5,lt1&value-quantity=lt6||kg", "5"),
        ("value-quantity=gt5&value-quantity=lt6||g", ""),
        ("_tag=urn:t|x", "4"),
        ("_profile=http://hl7.org/fhir/StructureDefinition/bp", "4"),
        ("patient.gender=female", "45"),
        ("subject:Patient.family=Kovacsova", "5"),
        ("patient.birthdate=1958-06-17&code=85354-9", "4"),
        ("patient._has:Encounter:patient:class=IMP", "4"),
        ("_id=4,5&code:not=29463-7", "4"),
    ],
)
def test_observations(store: Store, query: str, ids: str) -> None:
    assert "".join(search(store, "Observation", pairs(query))) == ids


@pytest.mark.parametrize(
    "kind, query, ids",
    [
        ("Patient", "_has:Observation:patient:code=85354-9", "1"),
        ("Patient", "_has:Observation:patient:code=85354-9&gender=female", "1"),
        ("Patient", "_has:Observation:subject:date=gt2025-03-01,gt2030&birthdate=lt1980", "1"),
        ("Patient", "_has:Encounter:patient:class=AMB", ""),
        ("Patient", "deceased=false", ""),
        ("Patient", "deceased:missing=true", "12"),
        ("Patient", "identifier:missing=false", "12"),
        ("Patient", "birthdate:missing=true", ""),
        ("RiskAssessment", "probability=100", "6"),
        ("RiskAssessment", "probability=1e2", "6"),
        ("RiskAssessment", "probability=gt99.9", "6"),
        ("RiskAssessment", "probability=lt100", ""),
        ("ValueSet", "url=http://example.org/a/b/pain", "7"),
        ("ValueSet", "url=http://example.org/a", ""),
        ("ValueSet", "url:below=http://example.org/a", "7"),
        ("ValueSet", "url:above=http://example.org/a/b/pain/deep", "7"),
        ("ValueSet", "url:above=http://example.org/x/b/pain/deep", ""),
        ("ValueSet", "title=pai", "7"),
    ],
)
def test_other_types(store: Store, kind: str, query: str, ids: str) -> None:
    assert "".join(search(store, kind, pairs(query))) == ids


def test_what_belongs_to_a_patient(store: Store) -> None:
    """A compartment: whatever refers to the patient by one of several parameters."""
    asked = [compartment("Observation", ("subject", "performer"), "Patient/1")]
    assert [one.id for one in chosen(store, owners("Observation", asked, store.param))] == ["4"]


@pytest.mark.parametrize(
    "query, test",
    [
        (("family", "A,B"), [("a", "a\U0010ffff"), ("b", "b\U0010ffff")]),
        (("family", r"A\,B"), [("ab", "ab\U0010ffff")]),
        (("family:contains", "É"), [("e",)]),
        (("identifier", r"s|a\|b,c"), [("a|b", "s"), ("c",)]),
        (("identifier", "s|"), [("s",)]),
        (("identifier", "|v"), [("v", "")]),
        (("birthdate", "gt1958-02"), [("1958-02-28T23:59:59.999999",)]),
    ],
)
def test_conditions_are_data(query: tuple[str, str], test: list[tuple[str, ...]]) -> None:
    (condition,) = criteria("Patient", [query])
    assert isinstance(condition, Match)
    assert [one.values for one in condition.tests] == test


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("famly", "x", "did you mean family?"),
        ("family:exakt", "x", "did you mean exact?"),
        ("birthdate:exact", "1958", "no modifier :exact"),
        ("birthdate", "17.06.1958", "is no date"),
        ("birthdate", "1958-13", "month"),
        ("birthdate", "xx1958", "no prefix"),
        ("gender:in", "http://x", "by the meaning of codes"),
        ("gender.family", "x", "leads nowhere"),
        ("general-practitioner:Parson.name", "x", "did you mean Person?"),
        ("general-practitioner.colour", "x", "none of the types"),
        ("_has:Observation:patient", "x", "expected _has:TYPE:REFERENCE:PARAMETER"),
        ("_has:Observation:code:x", "x", "expected _has:TYPE:REFERENCE:PARAMETER"),
        ("link." * 8 + "name", "x", "5 links at most"),
        ("active:missing", "perhaps", "true or false"),
        ("identifier:of-type", "a|b", "system|code|value"),
    ],
)
def test_what_cannot_be_asked(name: str, value: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        criteria("Patient", [(name, value)], strict=True)


def test_a_lenient_server_leaves_unknown_parameters_aside() -> None:
    assert criteria("Patient", [("famly", "x")]) == []


def test_parameters() -> None:
    assert [parameter.name for parameter in parameters("Patient")][:4] == ["_id", "_lastUpdated", "identifier", "family"]
    assert {p.name for p in parameters("Practitioner")} >= {"_id", "identifier", "name"}
    assert parameters("Nonsense") == ()
    assert find_parameter("Patient", "famly") is None
    assert sum(len(parameters(kind)) for kind in resource_types()) > 1500
    assert all(p.paths for kind in resource_types() for p in parameters(kind)), "each looks somewhere"


@pytest.mark.parametrize(
    "text, low, high",
    [
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59.999999"),
        ("2025-03-03T08:00", "2025-03-03T08:00:00", "2025-03-03T08:00:59.999999"),
        ("2025-03-03T08:00:00+01:00", "2025-03-03T07:00:00", "2025-03-03T07:00:00.999999"),
        ("2025-03-03T08:00:00.25Z", "2025-03-03T08:00:00.250000", "2025-03-03T08:00:00.259999"),
    ],
)
def test_span(text: str, low: str, high: str) -> None:
    assert span(text) == (low, high)


def test_conditions_on_one_range_are_one_condition() -> None:
    assert len(criteria("Observation", [("date", "ge2020"), ("date", "lt2021"), ("code", "x")])) == 2
    assert len(criteria("Patient", [("birthdate", "ge1950"), ("birthdate", "lt1960")])) == 1
    assert len(criteria("Observation", [("component-value-quantity", "gt1"), ("component-value-quantity", "lt2")])) == 2, (
        "of two components"
    )


DAYS = [f"2025-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 29)]


@given(st.sampled_from(["ge", "gt", "sa", ""]), st.sampled_from(["lt", "le", "eb", ""]), st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_both_ends_of_a_range_find_what_each_end_finds(seen: Store, after: str, before: str, first: str, last: str) -> None:
    both = search(seen, "Observation", [("date", after + first), ("date", before + last)])
    alone = [set(search(seen, "Observation", [("date", one)])) for one in (after + first, before + last)]
    assert set(both) == alone[0] & alone[1]


@pytest.fixture(scope="module")
def seen() -> Store:
    """Observations of a minute, a day, a month and an open time."""
    times: list[dict[str, Any]] = [{"effectiveDateTime": day} for day in DAYS[::3]]
    times += [{"effectiveInstant": f"{day}T23:59:00-01:00"} for day in DAYS[1::3]]
    times += [{"effectiveDateTime": day[:7]} for day in DAYS[::28]]
    times += [{"effectivePeriod": {"start": start, "end": end}} for start, end in zip(DAYS[::7], DAYS[9::7], strict=False)]
    times += [{"effectivePeriod": {"start": DAYS[10]}}, {"effectivePeriod": {"end": DAYS[40]}}]
    return kept(*({"resourceType": "Observation", "id": str(number)} | time for number, time in enumerate(times)))


def _rows(plan: dict[str, Any]) -> int:
    """The rows that PostgreSQL read in a plan and below it, also those that it then left out."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return int(own * plan["Actual Loops"]) + sum(_rows(inner) for inner in plan.get("Plans", ()))


def test_a_range_costs_what_it_finds_and_not_what_there_is(database: InFiles | OnServer) -> None:
    def steps(count: int) -> int:
        """The rows that a database has to look at for three days among so many, counted by its own steps."""
        days = (f"{2000 + number // 336}-{1 + number // 28 % 12:02}-{1 + number % 28:02}" for number in range(count))
        store = kept(*({"resourceType": "Observation", "id": day, "effectiveDateTime": day} for day in days))
        (condition,) = criteria("Observation", [("date", "ge2001-02-03"), ("date", "lt2001-02-06")])
        made = owners("Observation", [condition], store.param)
        assert len(store.ask(made.sql, made.values)) == 3
        if database.name == "postgresql":
            store.ask("ANALYZE")
            return _rows(store.ask(f"EXPLAIN (ANALYZE, FORMAT JSON) {made.sql}", made.values)[0][0][0]["Plan"])
        taken = [0]
        store._db._db.set_progress_handler(lambda: taken.__setitem__(0, taken[0] + 1), 1)  # type: ignore[attr-defined]
        store.ask(made.sql, made.values)
        return taken[0]

    assert steps(2400) < 1.2 * steps(600)


@pytest.mark.parametrize(
    "timing, low, high",
    [
        ({"event": ["2025-03-03", "2025-03-01", "2025-03-02"]}, "2025-03-01T00:00:00", "2025-03-03T23:59:59.999999"),
        ({"repeat": {"boundsPeriod": {"start": "2025-03-01"}}}, "2025-03-01T00:00:00", "9999-12-31T23:59:59.999999"),
        ({"code": {"text": "BID"}}, None, None),
    ],
)
def test_a_timing_is_found_by_its_outer_limits(timing: Any, low: str | None, high: str | None) -> None:
    rows = index({"resourceType": "Observation", "effectiveTiming": timing}).periods
    assert rows == ([("date", low, high, 0), ("date:long", low, high, 0)] if low else [])


@given(st.text())
def test_normal_is_stable(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert bool(normal(text)) == bool(text.split()) or not text.isascii()


@pytest.mark.parametrize(
    "one, other",
    [("O'Brien", "obrien"), ("O’Brien", "OBRIEN"), ("St. Olavs\tgate 5", "st olavs gate 5"), ("--", "--"), ("a_b", "ab"), ("+", "+")],
)
def test_punctuation_and_blanks_do_not_count(one: str, other: str) -> None:
    """FHIR R4 section 3.1.1.4.8. What is nothing but punctuation stays: without it, every text would begin so."""
    assert normal(one) == normal(other) != ""


@given(st.text(CHARACTERS, min_size=1, max_size=12).filter(lambda text: normal(text) != ""))
def test_a_name_is_found_by_itself(family: str) -> None:
    escaped = family.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")
    patient = {"resourceType": "Patient", "id": "1", "name": [{"family": family}]}
    store = kept(patient)
    assert search(store, "Patient", [("family", escaped)]) == ["1"]
    assert search(store, "Patient", [("family:exact", escaped)]) == ["1"]


KEYS = st.sampled_from(["name", "family", "identifier", "coding", "value", "birthDate", "start", "system", "reference"])
ANY = st.recursive(
    st.none() | st.booleans() | st.text(CHARACTERS, max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(ANY, st.sampled_from(["Patient", "Encounter", "Observation", "MolecularSequence", "x"]))
def test_no_resource_makes_the_index_raise(value: Any, kind: str) -> None:
    names = ("id", "name", "identifier", "birthDate", "period", "class", "subject", "meta", "component", "valueQuantity", "code", "variant")
    rows = index({"resourceType": kind} | dict.fromkeys(names, value))
    assert all(isinstance(part, str) for row in rows.entries for part in row[:4])
    Store().put(kind, "1", "{}", "t", rows.entries, periods=rows.periods, amounts=rows.amounts)


@given(st.sampled_from(["Patient", "Observation", "RiskAssessment", "ValueSet"]), st.data())
def test_no_query_does_anything_but_say_why(kind: str, data: st.DataObject) -> None:
    """Whatever is asked: an answer, or a ValueError."""
    name = data.draw(st.sampled_from([p.name for p in parameters(kind)] + ["_has", "subject.name", "_has:Observation:patient:code"]))
    modifier = data.draw(
        st.sampled_from(["", ":exact", ":missing", ":not", ":text", ":of-type", ":identifier", ":below", ":Patient", ":x"])
    )
    value = data.draw(st.text(max_size=12) | st.sampled_from(["1e309", "NaN", "gt", "eq|", "$", "1$2$3", "|", "9" * 400, "2025-02-30"]))
    store = kept(PRESSURE, INGRID)
    try:
        search(store, kind, [(name + modifier, value)])
    except ValueError as problem:
        assert str(problem)
