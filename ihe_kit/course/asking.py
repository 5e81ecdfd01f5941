"""What lesson 19 asks with: its queries by name, a table of what each clause of a query leaves, and the rows that a query finds for a check.

aql("potassium")                    the text of a query of the lesson
halves(client, aql("dashboard"))    how many rows are left after each clause
found(text, least=170)              the rows of any query, asked of records of the checks' own
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations
from threading import Lock, Thread
from typing import Any

from ihe_kit import OpenehrClient
from ihe_kit.actors.openehr_repository.asking import StoredRecords, ask, trees_of
from ihe_kit.core import Unreadable
from ihe_kit.course import records
from ihe_kit.files import data
from ihe_kit.openehr import read_aql, table
from ihe_kit.region import STORY_BEGINS, Sandbox
from ihe_kit.store import Store

Json = Any
Rows = list[list[Json]]
_CUT = re.compile(r"\b(?:CONTAINS|WHERE|AND)\b|\bORDER\s+BY\b", re.I)
_one_at_a_time = Lock()


def fill(box: Sandbox, patients: int = 250) -> records.Filled:
    """The records of the lesson (`records.fill`). Those that the checks ask are made meanwhile, so that nobody waits for them later."""
    filled = records.fill(box, patients)
    Thread(target=store, name="ihe_kit records", daemon=True).start()
    return filled


def aql(name: str) -> str:
    """The text of a query of the lesson. Raises FileNotFoundError for a name that none has."""
    return data(f"course/aql/{name}.aql").read_text(encoding="utf-8").rstrip()


def store() -> Store:
    """The same records for the checks: the learner's own repository stays theirs, whatever they do to it."""
    with _one_at_a_time:
        return _store()


@lru_cache(maxsize=1)
def _store() -> Store:
    made = Store("sqlite://")
    records.fill_store(made)
    return made


def found(text: str, **parameters: Json) -> Rows:
    """The rows of a query. Raises Unreadable for what is no AQL, ValueError for what cannot be answered."""
    kept = store()
    return ask(read_aql(text), StoredRecords(kept, trees_of(kept)), parameters, STORY_BEGINS).rows


# Where a result is lost -------------------------------------------------------------------------------------------------------------------


def cuts(text: str) -> list[tuple[str, str]]:
    """(the clause that was added last, the query as far as there), from FROM to the end of WHERE, each counting its rows.

    For a query whose CONTAINS and conditions form a chain, without brackets around several of them. Raises Unreadable.

    >>> [clause for clause, _ in cuts("SELECT c FROM EHR e CONTAINS COMPOSITION c WHERE c/name/value = 'x'")]
    ['FROM EHR e', 'CONTAINS COMPOSITION c', "WHERE c/name/value = 'x'"]
    """
    read_aql(text)
    start = re.search(r"\bFROM\b", text, re.I)
    assert start
    chain = re.split(r"\bORDER\s+BY\b|\bLIMIT\b", text[start.start() :], flags=re.I)[0]
    ends = [found.start() for found in _CUT.finditer(chain)] + [len(chain)]
    return [
        (" ".join(chain[begin:end].split()), f"SELECT COUNT(*) AS n {chain[:end].strip()}")
        for begin, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def halves(client: OpenehrClient, text: str) -> Any:
    """A table: each clause of a query, and how many rows are left when the query ends there. Asked of the repository, over the wire."""
    import pandas

    left = [(clause, int(table(client.query(query))["n"][0])) for clause, query in cuts(text)]
    return (
        pandas.DataFrame(left, columns=["up to this clause", "rows left"])
        .style.hide(axis="index")
        .set_properties(subset=["up to this clause"], **{"text-align": "left"})
    )


# What is said of a query ------------------------------------------------------------------------------------------------------------------


def asked(text: str, wanted: Rows, sorted_by: int | None = None, **parameters: Json) -> tuple[str, str]:
    """("", "") for a query that finds the wanted rows, whatever its columns are called and in which order they stand; otherwise what is right,
    what is not yet, and where to look. `sorted_by` is the column by which the rows are in order."""
    try:
        rows = found(text, **parameters)
    except Unreadable as problem:
        return "It cannot be read yet.", f"Line {problem.line}, character {problem.column}: {problem.says}."
    except ValueError as problem:
        return "It can be read, and not answered.", f"{problem}"
    wide = len(wanted[0])
    if rows and len(rows[0]) < wide:
        return (
            f"It is AQL, and finds {_rows(rows)}. {wide} columns are wanted, and it has {len(rows[0])}.",
            "Look at what stands after SELECT.",
        )
    best = max(_columns(rows, wide), key=lambda shown: _shared(shown, wanted), default=[])
    return _said(best, wanted, sorted_by)


def _columns(rows: Rows, wide: int) -> list[Rows]:
    """The rows with their columns chosen and put in every order."""
    places = permutations(range(len(rows[0])), wide) if rows and len(rows[0]) <= 5 else [range(wide)] if rows else []
    return [[[row[place] for place in order] for row in rows] for order in places]


def _shared(rows: Rows, wanted: Rows) -> int:
    rest = list(wanted)
    for row in rows:
        if row in rest:
            rest.remove(row)
    return len(wanted) - len(rest)


def _said(rows: Rows, wanted: Rows, sorted_by: int | None) -> tuple[str, str]:
    if not rows:
        return "It is AQL, and finds nothing.", "Halve it: take WHERE away and run it again. Where do the rows get lost?"
    same = _shared(rows, wanted)
    if same < len(rows):
        why = "What must a row say to be wanted? That is for WHERE, and for what stands between [ and ]."
        return f"It is AQL: {same} of the {len(wanted)} rows that are wanted are there, and {len(rows) - same} that are not wanted.", why
    if same < len(wanted):
        return (
            f"All of the {_rows(rows)} belong there, but {len(wanted)} are wanted.",
            "Something keeps rows out: a limit, or a condition that is too strict.",
        )
    if sorted_by is not None and [row[sorted_by] for row in rows] != [row[sorted_by] for row in wanted]:
        return (
            f"The right {_rows(rows)}; only their order differs.",
            "ORDER BY goes up unless it is told DESC. Look at the task: which comes first?",
        )
    return "", ""


def _rows(rows: Sequence[object]) -> str:
    return f"{len(rows)} row{'' if len(rows) == 1 else 's'}"


__all__ = ["aql", "asked", "cuts", "fill", "found", "halves", "store"]
