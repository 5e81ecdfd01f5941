"""What the editor of AQL offers: what the grammar takes next, and names from the templates and the Reference Model."""

from __future__ import annotations

from functools import cache

import pytest

from ihe_kit.core import Unreadable
from ihe_kit.openehr.aql import read_aql
from ihe_kit.openehr.aql_completion import Completion, completions
from ihe_kit.openehr.opt import Template, template

PRESSURE = "openEHR-EHR-OBSERVATION.blood_pressure.v2"
FROM = f" FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{PRESSURE}]"
SYSTOLIC = "data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"


@cache
def templates() -> tuple[Template, ...]:
    return template("kit_vital_signs.v1"), template("kit_laboratory_report.v1")


def offered(marked: str) -> list[Completion]:
    """The completions at the sign ^, which is no part of the query."""
    return completions(marked.replace("^", ""), marked.index("^"), templates())


def texts(marked: str) -> list[str]:
    return [one.text for one in offered(marked)]


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("^", ["SELECT"]),
        ("SEL^", ["SELECT"]),
        ("SELECT c/uid/value ^", ["AS", "FROM"]),
        ("SELECT c FROM EHR e ^", ["CONTAINS", "WHERE", "AND", "OR", "NOT", "ORDER", "LIMIT"]),
        ("SELECT c FROM EHR e CONTAINS COMP^", ["COMPOSITION"]),
        ("SELECT c FROM EHR e[^]", ["ehr_id/value=$ehr_id"]),
        ("SELECT c FROM EHR e CONTAINS VERSION v[^", ["LATEST_VERSION", "ALL_VERSIONS"]),
        (f"SELECT ^{FROM}", ["e", "c", "o"]),
        (f"SELECT c{FROM} ORDER BY ^", ["e", "c", "o"]),
        ("SELECT c/uid/value FROM COMPOSITION c ORDER BY ^", ["c"]),
        (f"SELECT o/sys^{FROM}", [SYSTOLIC]),
        (f"SELECT o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/^{FROM}", ["magnitude", "units"]),
        (f"SELECT o/data[at0001]/events[at0006]/ti^{FROM}", ["time/value"]),
        (f"SELECT c/start^{FROM}", ["context/start_time/value"]),
        (f"SELECT c/when^{FROM}", ["context/start_time/value"]),
        ("SELECT e/^ FROM EHR e", ["ehr_id/value"]),
    ],
)
def test_what_may_stand_here_is_offered_first(marked: str, first: list[str]) -> None:
    assert texts(marked)[: len(first)] == first


@pytest.mark.parametrize(
    "marked",
    [f"SELECT c{FROM} WHERE c/name/value = 'SEL^'", "SELECT c -- FR^", "SELECT $^", "SELECT c FROM FROM ^", "SELECT x/^ FROM EHR e"],
)
def test_nothing_is_offered_in_texts_and_comments_and_after_what_cannot_be_read(marked: str) -> None:
    assert offered(marked) == []


def test_archetypes_are_those_of_the_templates_and_of_the_class() -> None:
    found = offered("SELECT o FROM EHR e CONTAINS OBSERVATION o[^]")
    assert PRESSURE in [one.text for one in found] and next(one.says for one in found if one.text == PRESSURE) == "Blood pressure"
    assert all(one.text.startswith("openEHR-EHR-OBSERVATION.") and one.kind == "archetype" for one in found)


def test_names_are_found_as_well_as_paths() -> None:
    (found,) = (one for one in offered(f"SELECT o/Sys^{FROM}") if one.text == SYSTOLIC)
    assert (found.kind, found.says, found.start, found.end) == ("path", "Systolic", 9, 12)


def test_every_path_that_is_offered_can_be_read() -> None:
    """What is put in leaves a query that AQL can read and that means something to the Reference Model."""
    marked, count = f"SELECT o/^{FROM}", 0
    for one in offered(marked):
        text = marked.replace("^", "")
        query = text[: one.start] + one.text + text[one.end :]
        try:
            read_aql(query)
        except Unreadable as problem:
            pytest.fail(f"{one.text}: {problem}")
        count += 1
    assert count > 20


def test_hostile_text_raises_nothing() -> None:
    for marked in (
        "\0^",
        "SELECT " + "(" * 500 + "^",
        "SELECT o/" + "data[at0001]/" * 300 + "^" + FROM,
        "'" * 99 + "^",
        "SELECT \U0001f600^",
        "[" * 999 + "^",
    ):
        assert isinstance(offered(marked), list)
