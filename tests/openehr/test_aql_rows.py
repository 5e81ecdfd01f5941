"""What AQL answers, on either database: rows, their order, what is missing, what is contained. Each query's rows were worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.actors.openehr_repository import asking
from ihe_kit.actors.openehr_repository.asking import StoredRecords, Trees, ask
from ihe_kit.core import Unreadable
from ihe_kit.openehr import read_aql
from ihe_kit.openehr.aql_records import TooLong
from ihe_kit.openehr.aql_values import FromUrl
from ihe_kit.store import Store
from tests.effort import calls
from tests.openehr.aql_given import (
    BP,
    DIASTOLIC,
    FROM,
    NOW,
    SYSTOLIC,
    TREE,
    asked,
    composition,
    element,
    event,
    filled,
    keep,
    named,
    patient,
)
from tests.openehr.test_aql import FEATURES

pytestmark = pytest.mark.usefixtures("database")
ONE = "FROM EHR e[ehr_id/value='ehr-0'] CONTAINS COMPOSITION c"


@pytest.fixture(scope="module")
def store(database: Any) -> Iterator[Store]:
    made = filled()
    yield made
    made.close()


ROWS: list[tuple[str, list[list[Any]]]] = [
    # one row for each combination of nodes; NULL for what is missing; an event's values belong together
    (f"SELECT c/uid/value, {SYSTOLIC}, {DIASTOLIC} {FROM} WHERE e/ehr_id/value = 'ehr-0'",
     [["a0::kit::1", 120, 80], ["b0::kit::1", 121, None], ["b0::kit::1", 131, None]]),
    (f"SELECT e/ehr_id/value AS id, {SYSTOLIC} AS s {FROM} ORDER BY s DESC LIMIT 2", [["ehr-1", 151], ["ehr-1", 141]]),
    (f"SELECT {SYSTOLIC} AS s {FROM} ORDER BY s LIMIT 2 OFFSET 1", [[121], [131]]),
    # class expressions without a variable make rows, too
    (f"SELECT c/uid/value {ONE} CONTAINS ELEMENT", [["a0::kit::1"]] * 3 + [["b0::kit::1"]] * 3),
    (f"SELECT x/value/magnitude, y/value/magnitude {ONE} CONTAINS (ELEMENT x[at0004] AND ELEMENT y[at0005])", [[120, 80]]),
    (f"SELECT x/value/magnitude, y/value/magnitude {ONE} CONTAINS (ELEMENT x[at0004] OR ELEMENT y[at0005])",
     [[120, 80], [121, None], [131, None]]),
    (f"SELECT c/uid/value {ONE} NOT CONTAINS ELEMENT x[at0005]", [["b0::kit::1"]]),
    (f"SELECT c/uid/value {ONE} CONTAINS (OBSERVATION o[{BP}] AND ELEMENT x[at0005])", [["a0::kit::1"]]),
    ("SELECT e/ehr_id/value FROM EHR e", [["ehr-0"], ["ehr-1"]]),  # the third is not queryable
    ("SELECT e/ehr_id/value FROM EHR e NOT CONTAINS ELEMENT x[at0099]", [["ehr-0"], ["ehr-1"]]),
    ("SELECT c/uid/value FROM COMPOSITION c WHERE c/uid/value LIKE 'a*'", [["a0::kit::1"], ["a1::kit::1"]]),
    ("SELECT x/value FROM EHR e[ehr_id/value='ehr-0'] CONTAINS ELEMENT x[at0005]",
     [[{"_type": "DV_QUANTITY", "magnitude": 80, "units": "mm[Hg]"}]]),
    # names, predicates
    (f"SELECT x/value/magnitude {ONE} CONTAINS POINT_EVENT v[at0006, 'event 1'] CONTAINS ELEMENT x[at0004]", [[131]]),
    (f"SELECT x/value/magnitude {ONE} CONTAINS EVENT v[at0006 and name/value='event 1'] CONTAINS ELEMENT x[at0004, 'Systolic']", [[131]]),
    (f"SELECT o/data/events[at0006 and name/value='event 1']/data/items[at0004]/value/magnitude {FROM} WHERE e/ehr_id/value='ehr-0'",
     [[None], [131]]),
    ("SELECT c/uid/value FROM EHR e[ehr_id/value='ehr-0'] CONTAINS COMPOSITION c[name/value='Later']", [["b0::kit::1"]]),
    ("SELECT c[name/value='Later']/uid/value FROM EHR e[ehr_id/value='ehr-0'] CONTAINS COMPOSITION c", [[None], ["b0::kit::1"]]),
    # WHERE
    (f"SELECT {SYSTOLIC} {FROM} WHERE {SYSTOLIC} >= 140 AND {DIASTOLIC} > 10", [[140]]),
    (f"SELECT {SYSTOLIC} {FROM} WHERE {TREE}/items[at0004]/value > 140 ORDER BY {SYSTOLIC}", [[141], [151]]),  # a quantity by its magnitude
    (f"SELECT {SYSTOLIC} {FROM} WHERE {DIASTOLIC} != 80", []),  # nothing is unequal to what is missing
    (f"SELECT c/uid/value {FROM} WHERE NOT EXISTS {DIASTOLIC}", [["b0::kit::1"], ["b1::kit::1"]]),
    (f"SELECT {SYSTOLIC} {FROM} WHERE {SYSTOLIC} matches {{120, 151}}", [[120], [151]]),
    (f"SELECT {SYSTOLIC} {FROM} WHERE {SYSTOLIC} = 120 OR {DIASTOLIC} = 80 ORDER BY {SYSTOLIC}", [[120], [140]]),
    (f"SELECT {SYSTOLIC} {FROM} WHERE {SYSTOLIC} = {DIASTOLIC}", []),
    # WHERE looks at two events of one composition; the composition is shown once
    (f"SELECT c/uid/value {FROM} WHERE {SYSTOLIC} > 100", [["a0::kit::1"], ["b0::kit::1"], ["a1::kit::1"], ["b1::kit::1"]]),
    # times, with their zones; a date is the whole day
    ("SELECT c/uid/value FROM COMPOSITION c WHERE c/context/start_time/value < '2025-03-02'", [["a0::kit::1"], ["a1::kit::1"]]),
    ("SELECT c/uid/value FROM COMPOSITION c WHERE c/context/start_time = '2025-03-01T07:00:00Z'", [["a0::kit::1"], ["a1::kit::1"]]),
    ("SELECT COUNT(*) FROM COMPOSITION c WHERE c/context/start_time <= '2025-03'", [[4]]),
    # functions and literals
    ("SELECT DISTINCT LENGTH(c/name/value) AS n, 'x', true, 1.5, null FROM COMPOSITION c ORDER BY n", [[5, "x", True, 1.5, None], [11, "x", True, 1.5, None]]),
    ("SELECT NOW(), CURRENT_DATE(), CURRENT_TIMEZONE() FROM EHR e LIMIT 1", [["2025-03-03T08:00:00.000+00:00", "2025-03-03", "+00:00"]]),
    (f"SELECT CONCAT_WS('/', SUBSTRING(c/name/value, 1, 2), 'x'), POSITION('i', c/name/value) {ONE} LIMIT 1", [["Vi/x", 2]]),
    (f"SELECT c/name/value {ONE} WHERE CONTAINS(c/name/value, 'ign') = true", [["Vital signs"]]),
    # aggregates: of all rows, or for each combination of the other columns
    (f"SELECT COUNT(*), COUNT({DIASTOLIC}), MIN({SYSTOLIC}), MAX({SYSTOLIC}), SUM({DIASTOLIC}), AVG({SYSTOLIC}) {FROM}", [[6, 2, 120, 151, 160, 134.0]]),
    (f"SELECT e/ehr_id/value AS id, COUNT(*) AS n, ROUND(AVG({SYSTOLIC}), 1) {FROM} ORDER BY id DESC", [["ehr-1", 3, 144], ["ehr-0", 3, 124]]),
    ("SELECT COUNT(DISTINCT c/name/value) FROM COMPOSITION c", [[2]]),
    ("SELECT COUNT(*), MAX(x/value/magnitude), 'none' FROM ELEMENT x[at0099]", [[0, None, "none"]]),
    ("SELECT x/value/magnitude, COUNT(*) FROM ELEMENT x[at0099]", []),
    ("SELECT DISTINCT c/name/value FROM COMPOSITION c", [["Vital signs"], ["Later"]]),
    ("SELECT TOP 1 c/uid/value FROM COMPOSITION c", [["a0::kit::1"]]),
    ("SELECT TOP 1 BACKWARD c/uid/value FROM COMPOSITION c", [["b1::kit::1"]]),
    # EHR_STATUS, context, versions
    ("SELECT e/ehr_status/subject/external_ref/id/value FROM EHR e", [["p0"], ["p1"]]),
    ("SELECT s/subject/external_ref/id/value FROM EHR e CONTAINS EHR_STATUS s[is_queryable=true]", [["p0"], ["p1"]]),
    (f"SELECT c/context/other_context[at0001]/items[at0002]/value/value, c/composer/name {ONE} LIMIT 1", [["A", "Jonas Dahl"]]),
    ("SELECT v/uid/value, v/commit_audit/time_committed/value FROM EHR e[ehr_id/value='ehr-0'] CONTAINS VERSION v CONTAINS COMPOSITION c LIMIT 1",
     [["a0::kit::1", NOW.isoformat()]]),
    ("SELECT v/data/name/value FROM EHR e[ehr_id/value='ehr-0'] CONTAINS VERSION v[LATEST_VERSION] CONTAINS COMPOSITION", [["Vital signs"], ["Later"]]),
]  # fmt: skip


@pytest.mark.parametrize("text, rows", ROWS, ids=[text[:70] for text, _ in ROWS])
def test_rows(store: Store, text: str, rows: list[list[Any]]) -> None:
    found = asked(store, text)
    assert (found if "ORDER BY" in text else sorted(map(repr, found))) == (rows if "ORDER BY" in text else sorted(map(repr, rows)))


def test_a_whole_object_is_as_it_was_sent(store: Store) -> None:
    (tree,) = asked(store, f"SELECT c {ONE} WHERE c/name/value = 'Vital signs'")[0]
    at = "2025-03-01T08:00:00+01:00"
    assert tree == composition("a0::kit::1", [event(0, 120, 80, at)], at)
    (o,) = asked(store, f"SELECT o {FROM} WHERE c/uid/value = 'a0::kit::1'")[0]
    assert o == tree["content"][0]


def test_parameters(store: Store) -> None:
    text = f"SELECT {SYSTOLIC} {FROM.replace(BP, '$what')} WHERE {SYSTOLIC} > $x AND e/ehr_id/value = $id"
    assert asked(store, text, what=BP, x=121, id="ehr-0") == [[131]]
    assert asked(store, text, what=BP, x=FromUrl("121"), id=FromUrl("ehr-0")) == [[131]], "in a URL, a number is a text"
    with pytest.raises(Unreadable, match=r"needs a value for \$x"):
        asked(store, text, what=BP, id="ehr-0")
    with pytest.raises(Unreadable, match=r"\$what stands for a code or a name"):
        asked(store, text, what=3, x=1, id="")
    with pytest.raises(Unreadable, match="cannot be a list"):
        asked(store, text, what=BP, x=[1], id="")


@pytest.mark.parametrize("word", ["'; DROP TABLE node; --", "x' OR '1'='1", '"', "\\", "%", "?", "𝔸 ø"])
def test_what_looks_like_sql_is_a_text_like_any_other(store: Store, word: str) -> None:
    for text in (
        "SELECT e/ehr_id/value FROM EHR e[ehr_id/value=$w]",
        "SELECT c FROM COMPOSITION c[$w]",
        "SELECT c/uid/value FROM COMPOSITION c WHERE c/name/value = $w OR c/name/value LIKE $w OR c/uid/value matches {$w}",
        "SELECT x FROM ELEMENT x[at0004, $w]",
    ):
        assert asked(store, text, w=word) == []
    assert asked(store, "SELECT COUNT(*) FROM COMPOSITION c") == [[4]]


def test_versions_that_are_no_longer_the_latest(database: Any) -> None:
    store = Store()
    record = patient(store, 0)
    for number in (1, 2):
        keep(store, "COMPOSITION", "a", composition(f"a::kit::{number}", [event(0, 100 + number, 80, "2025-03-01")], "2025-03-01"), record)
    assert asked(store, f"SELECT c/uid/value, {SYSTOLIC} {FROM}") == [["a::kit::2", 102]]
    every = "FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] CONTAINS COMPOSITION c"
    assert asked(store, f"SELECT v/uid/value {every}") == [["a::kit::1"], ["a::kit::2"]]
    assert asked(store, f"SELECT {SYSTOLIC} {every} CONTAINS OBSERVATION o ORDER BY {SYSTOLIC} DESC") == [[102], [101]]
    assert asked(store, f"SELECT v/uid/value {every.replace('ALL_VERSIONS', 'commit_audit/time_committed/value > ' + repr('2030'))}") == []
    store.put("COMPOSITION", "a", "", NOW.isoformat(), deleted=True)
    assert asked(store, f"SELECT c/uid/value {FROM}") == []
    assert len(asked(store, f"SELECT v/uid/value {every}")) == 2
    store.close()


def test_a_folder_contains_what_it_refers_to(database: Any) -> None:
    store = filled(1)
    inner = named(
        "FOLDER",
        "openEHR-EHR-FOLDER.episode.v1",
        "March",
        items=[{"_type": "OBJECT_REF", "id": {"value": "b0"}, "type": "X", "namespace": "x"}],
    )
    keep(store, "FOLDER", "f", named("FOLDER", "openEHR-EHR-FOLDER.generic.v1", "root", folders=[inner]), store.last("EHR", "ehr-0").owner)  # type: ignore[union-attr]
    assert asked(store, "SELECT f/name/value, c/uid/value FROM EHR e CONTAINS FOLDER f CONTAINS COMPOSITION c") == [
        ["root", "b0::kit::1"],
        ["March", "b0::kit::1"],
    ]
    assert asked(store, "SELECT g/name/value FROM FOLDER f[name/value='root'] CONTAINS FOLDER g") == [["March"]]
    store.close()


def test_kinds_of_values_are_put_in_order_each_among_itself(database: Any) -> None:
    store = Store()
    record = patient(store, 0)
    values: list[Any] = ["b", 3, True, "2025-01-01", None, "2024-12-31T23:00:00-02:00", 1.5, "a"]
    for number, value in enumerate(values):
        tree = named("COMPOSITION", "openEHR-EHR-COMPOSITION.encounter.v1", "x", context={"location": value}, uid={"value": str(number)})
        keep(store, "COMPOSITION", str(number), tree, record)
    text = "SELECT c/context/location FROM COMPOSITION c ORDER BY c/context/location"
    assert [row[0] for row in asked(store, text)] == [True, 1.5, 3, "2025-01-01", "2024-12-31T23:00:00-02:00", "a", "b", None]
    assert [row[0] for row in asked(store, text + " DESC")] == ["b", "a", "2024-12-31T23:00:00-02:00", "2025-01-01", 3, 1.5, True, None]
    store.close()


def test_pages_fit_together(store: Store) -> None:
    text = f"SELECT c/uid/value, {SYSTOLIC} {FROM}"
    whole = asked(store, text)
    assert [row for start in range(0, 6, 2) for row in asked(store, f"{text} LIMIT 2 OFFSET {start}")] == whole
    assert asked(store, f"{text} LIMIT 2 OFFSET 6") == []


def test_one_patient_costs_the_same_among_few_and_among_many(database: Any) -> None:
    text = f"SELECT {SYSTOLIC} {FROM.replace('EHR e', 'EHR e[ehr_id/value=$id]')} WHERE {SYSTOLIC} > 0"
    costs = []
    for patients in (3, 60):
        store = filled(patients)
        asked(store, text, id="ehr-1")
        costs.append(calls(lambda store=store: asked(store, text, id="ehr-1")))  # type: ignore[misc]
        store.close()
    assert costs[1] <= costs[0] * 1.05


def test_a_query_that_takes_too_long_is_given_up(store: Store) -> None:
    with pytest.raises(TooLong, match="given up after 0 seconds"):
        asked(store, "SELECT COUNT(*) FROM EHR e CONTAINS (ELEMENT a AND ELEMENT b AND ELEMENT c AND ELEMENT d)", patience=0)


def test_the_index_is_read_in_parts_and_the_clock_is_looked_at_between_them(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(12)
    text = f"SELECT e/ehr_id/value, {SYSTOLIC} AS systolic {FROM} WHERE {SYSTOLIC} > 130"
    whole, scan = asked(store, text), store.nodes.scan
    parts: list[Any] = []
    monkeypatch.setattr(asking, "_SOME", 2)
    monkeypatch.setattr(store.nodes, "scan", lambda *some: (parts.append(some), scan(*some))[1])
    assert asked(store, text) == whole and len(whole) > 12
    assert len(parts) > 5
    parts.clear()
    monkeypatch.setattr(asking, "monotonic", count().__next__)  # every look at it is a second later
    with pytest.raises(TooLong):
        asked(store, text, patience=4)
    assert 1 <= len(parts) < 5
    store.close()


def test_a_product_that_nobody_meant_is_refused(database: Any) -> None:
    store = Store()
    record = patient(store, 0)
    items = [element("at0004", str(number), number) for number in range(120)]
    keep(store, "COMPOSITION", "a", named("COMPOSITION", "openEHR-EHR-COMPOSITION.encounter.v1", "x", content=items), record)
    with pytest.raises(ValueError, match="more than 1,000,000 combinations"):
        asked(store, "SELECT COUNT(*) FROM COMPOSITION x CONTAINS (ELEMENT a AND ELEMENT b AND ELEMENT c)")
    store.close()


def test_trees_are_kept_up_to_a_size(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ihe_kit.actors.openehr_repository.asking._TREES", 3000)
    trees = Trees()
    rows = ask(read_aql("SELECT c FROM COMPOSITION c"), StoredRecords(store, trees), {}, NOW).rows
    assert len(rows) == 4 and all(row[0]["_type"] == "COMPOSITION" for row in rows)
    assert 1 <= len(trees._kept) < 4


@pytest.mark.parametrize("text", [text for _, text, _ in FEATURES], ids=[name for name, *_ in FEATURES])
def test_every_feature_is_answered(store: Store, text: str) -> None:
    found = asked(store, text, **dict.fromkeys(read_aql(text).parameters, "x"))
    assert all(len(row) == len(read_aql(text).columns) for row in found)


@given(st.integers(0, 2**32))
def test_a_changed_query_is_answered_or_refused(seed: int) -> None:
    dice = Random(seed)
    whole = dice.choice(ROWS)[0]
    for _ in range(dice.randint(1, 3)):
        other, place = dice.choice(ROWS)[0], dice.randrange(len(whole))
        words = other.split()
        whole = f"{whole[:place]} {dice.choice(words)} {whole[place + dice.randint(0, 6) :]}"
    try:
        query = read_aql(whole)
    except Unreadable:
        return
    with suppress(TooLong, ValueError):  # such as ORDER BY a path where columns are counted
        asked(SMALL, whole, patience=2, **dict.fromkeys(query.parameters, "x"))


SMALL = filled(2)
