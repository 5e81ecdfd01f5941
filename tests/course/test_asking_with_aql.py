"""The records of lesson 19, and what its checks say of queries that are right in another way, and of those that only look right."""

from __future__ import annotations

import json

import pytest

from ihe_kit import OpenehrClient, openehr, validate
from ihe_kit.core import Unreadable
from ihe_kit.course import records
from ihe_kit.course.asking import aql, cuts, found, halves
from ihe_kit.course.checking import _sandbox, check
from ihe_kit.course.lessons import lesson
from ihe_kit.course.lessons.asking_with_aql import (  # fmt: skip
    ANALYTES,
    ANSWERS,
    CHANGES,
    CLAUSES,
    DAY_ONE,
    HIGH_CRP,
    LOINC,
    LOW_SODIUM,
    MENDED,
    PLANTED,
    PRESSURE,
    PRESSURES,
    RESULT,
    SYSTOLIC,
    query,
)
from ihe_kit.files import rows
from ihe_kit.store import Store
from tests.effort import calls

SOLVED = {item.id: item.solution for item in lesson("19").exercises}
WHERE = f"{LOINC} = '2951-2' AND {RESULT} < 130"
UPWARDS = "e/ehr_status/subject/external_ref/id/value"


@pytest.fixture(scope="module")
def store() -> Store:
    made = Store("sqlite://")
    records.fill_store(made, 40)
    return made


# The records


def test_every_composition_keeps_its_template(store: Store) -> None:
    templates = {one.id: openehr.load(one.text) for one in store.select("TEMPLATE")}
    assert set(templates) == {records.VITALS, records.OLD_VITALS, records.LABORATORY}
    kept = store.select("COMPOSITION")
    assert len(kept) > 100
    seen = set()
    for one in kept:
        template = openehr.parse(one.text).template_id
        assert [finding for finding in validate(one.text, template=templates[template]) if finding.severity == "error"] == []
        seen.add(template)
    assert seen == set(templates)


def test_the_same_seed_gives_the_same_records(store: Store) -> None:
    other = Store("sqlite://")
    assert str(records.fill_store(other, 40)) == str(records.fill_store(store, 40))
    texts = [sorted(one.text for one in some.select("COMPOSITION")) for some in (store, other)]
    assert texts[0] == texts[1]


def test_a_second_time_nothing_is_added(store: Store) -> None:
    before = store.count("COMPOSITION")
    assert records.fill_store(store, 40).compositions == before == store.count("COMPOSITION")


def test_no_patient_is_one_of_the_cast(store: Store) -> None:
    numbers = {json.loads(one.text)["subject"]["external_ref"]["id"]["value"] for one in store.select("EHR_STATUS")}
    assert numbers & {row["identifier"] for row in rows("people.tsv")} == {records.INGRID}
    assert len(numbers) == 41


def test_a_record_costs_little() -> None:
    """No places are looked up in what is only kept: the cost of a patient is some thousand calls, and does not grow with the store."""
    first, second = (calls(lambda size=size: records.fill_store(Store("sqlite://"), size)) for size in (20, 40))
    assert (second - first) / 20 < 40_000


def test_the_model_update_parts_the_week() -> None:
    old = found(f"SELECT c/context/start_time/value AS t FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{PRESSURE}.v1]")
    new = found(f"SELECT c/context/start_time/value AS t FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{PRESSURE}.v2]")
    assert max(old) < ["2025-03-01"] <= min(new)
    assert len(old) == 576, "the lesson says so"
    assert len(new) > 200


def test_the_planted_are_those_of_the_exercise() -> None:
    assert {number for number, _, _ in PLANTED} <= {row["patient"] for row in rows("course/records.tsv")}


def test_every_query_of_the_lesson_is_answered() -> None:
    given = {"ehr_id": records.record_of(records.INGRID), "patient": "20006"}
    names = (
        "potassium",
        "one_report",
        "two_things",
        "corrected",
        "every_version",
        "pressures",
        "dashboard",
        "curve",
        "creatinine",
        "no_value",
    )
    found_rows = {name: len(found(aql(name), **given)) for name in names}
    assert [name for name, number in found_rows.items() if not number] == ["dashboard"]
    assert (found_rows["potassium"], found_rows["pressures"], found_rows["every_version"]) == (9, 4, 2), "the instructor's notes say so"
    assert found(aql("every_version"), patient="20006")[0][1:] == [8.1]


# Halves


def test_the_rows_end_at_the_time() -> None:
    with _sandbox() as box:
        records.fill(box, 10)
        table = halves(OpenehrClient(box), aql("dashboard")).data
    left = list(table["rows left"])
    assert left[0] == 11
    assert all(left[:3])
    assert left[3:] == [0, 0]
    assert "start_time" in table["up to this clause"][3]


def test_each_cut_is_a_query() -> None:
    for name in ("dashboard", "potassium", "creatinine"):
        assert all(openehr.read_aql(text) for _, text in cuts(aql(name)))


def test_what_is_no_query_is_not_cut() -> None:
    with pytest.raises(Unreadable, match="found FORM"):
        cuts("SELECT e FORM EHR e")


# Queries that are right


RIGHT = [
    ("19.1", (*LOW_SODIUM[:2], f"WHERE {WHERE}", "ORDER BY sodium")),
    ("19.1", (*LOW_SODIUM[:2], f"{RESULT}<130 and {LOINC}='2951-2'", f"{RESULT} ASC")),
    ("19.1", (*LOW_SODIUM[:2], f"{LOINC} matches {{'2951-2'}} AND EXISTS {RESULT} AND NOT {RESULT} >= 130", "order  by sodium ascending")),
    ("19.1", (*LOW_SODIUM[:2], f"a/items[at0024]/value/value = 'Sodium' AND {RESULT} < 130", "sodium")),
    ("19.2", tuple(f"{key} {text}" for key, text in zip(("select", "from", "where", "order by"), PRESSURES, strict=True))),
    ("19.2", (f"{SYSTOLIC}, {UPWARDS}", *PRESSURES[1:3], f"{SYSTOLIC} DESCENDING")),
    ("19.2", (PRESSURES[0].replace("o/", "bp/"), PRESSURES[1].replace(" o[", " bp["), PRESSURES[2].replace("o/", "bp/"), PRESSURES[3])),
    ("19.2", (f"c/uid/value AS uid, {PRESSURES[0]}", *PRESSURES[1:])),
    ("19.2", (PRESSURES[0], f"EHR e CONTAINS OBSERVATION o[{PRESSURE}.v2]", *PRESSURES[2:])),
    ("19.7", (CLAUSES[1], MENDED.replace("'2025-03-01'", "'2025-03-01T00:00:00+01:00'"), DAY_ONE[2])),
    ("19.7", (CLAUSES[1], MENDED.replace("COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1]", "COMPOSITION c"), DAY_ONE[2])),
    ("19.7", (CLAUSES[1], MENDED.replace(f"OBSERVATION o[{PRESSURE}.v2]", f"OBSERVATION o[{PRESSURE}.v2] -- the new model"), DAY_ONE[2])),
]  # fmt: skip


@pytest.mark.parametrize("id, answer", RIGHT, ids=[f"{row[0]}-{number}" for number, row in enumerate(RIGHT)])
def test_a_query_that_finds_the_same_rows_is_right(id: str, answer: tuple[str, ...]) -> None:
    verdict = check(id, *answer)
    assert verdict.right, verdict


# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("19.1", (*LOW_SODIUM[:2], f"{LOINC} = '2951-2'", "sodium"), "6 of the 6 rows that are wanted are there", "WHERE"),
    ("19.1", (*LOW_SODIUM[:2], f"{LOINC} = '2951-2' AND NOT {RESULT} >= 130", "sodium"), "6 of the 6 rows that are wanted are there", "WHERE"),
    ("19.1", (*LOW_SODIUM[:2], f"{LOINC} = '2951-2' AND {RESULT} < 128", "sodium"), "but 6 are wanted", "too strict"),
    ("19.1", (*LOW_SODIUM[:2], f"{LOINC} = '2951-2' AND {RESULT} < 30", "sodium"), "finds nothing", "Halve it"),
    ("19.1", (*LOW_SODIUM[:2], f"{LOINC} == '2951-2' AND {RESULT} < 130", "sodium"), "cannot be read yet", "Line 3"),
    ("19.1", (*LOW_SODIUM[:2], "sodium < 130", "sodium"), "cannot be read yet", "Line 3"),
    ("19.1", (*LOW_SODIUM[:2], WHERE, "natrium"), "cannot be read yet", "Line 4"),
    ("19.2", (SYSTOLIC, *PRESSURES[1:3], f"{SYSTOLIC} DESC"), "2 columns are wanted", "SELECT"),
    ("19.2", (*PRESSURES[:2], f"{SYSTOLIC} >= $limit", PRESSURES[3]), "cannot be read yet", "a value for $limit"),
    ("19.2", (*PRESSURES[:2], f"{SYSTOLIC} > 159", PRESSURES[3]), "the number stands in the query", "$least"),
    ("19.3", ("SELECT", "FROM", "CONTAINS CLUSTER", "CONTAINS COMPOSITION", "WHERE", "ORDER BY", "LIMIT"), "stand well", "outside in"),
    ("19.3", ("SELECT", "FROM", "CONTAINS COMPOSITION", "CONTAINS CLUSTER", "WHERE", "GROUP BY", "ORDER BY", "LIMIT"), "`GROUP BY` does not belong", "no such clause"),
    ("19.4", ("3", "2", "3", "9", "1"), "4 of 5", "three in the second"),
    ("19.5", ("found", "missed", "found", "missed", "found"), "4 of 5", "null flavour"),
    ("19.6", (ANSWERS[1], "Ask for the archetype blood_pressure.v3"), "It is broken, but you said 200", "there is no word about it"),
    ("19.7", (CLAUSES[0], MENDED, DAY_ONE[2]), "2 of 3", "Both forms"),
    ("19.7", (CLAUSES[1], MENDED.replace(" DESC", ""), DAY_ONE[2]), "only their order", "DESC"),
    ("19.7", (CLAUSES[1], aql("dashboard").replace("FROM", "FORM"), DAY_ONE[2]), "2 of 3 fit. It cannot be read yet", "Line"),
    ("19.7", (CLAUSES[1], MENDED, DAY_ONE[3]), "2 of 3", "empty twice"),
]  # fmt: skip


@pytest.mark.parametrize("id, answer, says, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in f"{verdict.says} {verdict.why}"


def test_one_change_alone_is_silent() -> None:
    right = {(said, change) for said in ANSWERS for change in CHANGES if check("19.6", said, change).right}
    assert right == {SOLVED["19.6"]}


def test_the_worked_example_finds_somebody() -> None:
    values = [row[1] for row in found(query([step.value for step in HIGH_CRP]))]
    assert values == sorted(values, reverse=True)
    assert len(values) == 5
    assert HIGH_CRP[1].value == ANALYTES
