"""Conditions as SQL over the tables of the store: `entry`, `period`, `amount`, `document`. Values are bound, never written into the SQL.

A query is answered from its most selective condition: the rows of that one are read in order, and for each the others are looked up by its
owner. So the cost grows with what that one condition finds, not with what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ihe_kit.fhir.search import Chain, Condition, Either, Has, Match, Test, Together

Number = Callable[[str, str], int]  # (kind, name) -> the number of a parameter
THERE = "d.kind = ? AND d.current = 1 AND d.deleted = 0"


@dataclass(frozen=True)
class Rows:
    """The rows that a condition is about: FROM `source` WHERE `where`; `owner` is the column with what they belong to."""

    source: str
    owner: str
    where: str
    values: list[Any]


def everything(kind: str) -> Rows:
    """Every resource of a type."""
    return Rows("document d", "d.owner", THERE, [kind])


def rows(condition: Condition, number: Number, level: int = 0) -> Rows:
    """The rows that a condition asks for, whether it is negated or not. `level` keeps the names of nested queries apart."""
    x = f"x{level}"
    if isinstance(condition, Match):
        return _match(condition, number, x)
    if isinstance(condition, Together):
        return _together(condition, number, x)
    if isinstance(condition, Chain):
        return _chain(condition, number, level)
    if isinstance(condition, Has):
        return _has(condition, number, level)
    return _either(condition, number, level)


def _match(condition: Match, number: Number, x: str) -> Rows:
    clause, values = _any(condition.tests, x)
    if condition.table == "document":
        return Rows(
            f"document {x}", f"{x}.owner", f"{x}.kind = ? AND {x}.current = 1 AND {x}.deleted = 0 AND {clause}", [condition.kind, *values]
        )
    return Rows(f"{condition.table} {x}", f"{x}.owner", f"{x}.param = ? AND {clause}", [number(condition.kind, condition.param), *values])


def _any(tests: Sequence[Test], x: str) -> tuple[str, list[Any]]:
    parts = [test.sql.format(x=x) for test in tests]
    return f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0], [value for test in tests for value in test.values]


def _together(condition: Together, number: Number, x: str) -> Rows:
    names = [f"{x}_{place}" for place in range(len(condition.params))]
    source = f"{condition.params[0][1]} {names[0]}"
    for name, (_, table) in list(zip(names, condition.params, strict=True))[1:]:
        source += f" JOIN {table} {name} ON {name}.owner = {names[0]}.owner AND {name}.part = {names[0]}.part"
    where = " AND ".join(f"{name}.param = ?" for name in names)
    values: list[Any] = [number(condition.kind, name) for name, _ in condition.params]
    alternatives = []
    for tests in condition.tests:
        alternatives.append(" AND ".join(f"({test.sql.format(x=name)})" for name, test in zip(names, tests, strict=True)))
        values += [value for test in tests for value in test.values]
    return Rows(source, f"{names[0]}.owner", f"{where} AND ({' OR '.join(f'({one})' for one in alternatives)})", values)


def _chain(condition: Chain, number: Number, level: int) -> Rows:
    x, t = f"x{level}", f"t{level}"
    parts: list[str] = []
    values: list[Any] = [number(condition.kind, condition.param)]
    for kind, inner in condition.targets:
        sql, bound = owners(kind, inner, number, level + 1)
        parts.append(f"({x}.system = ? AND {x}.value IN (SELECT {t}.id FROM document {t} WHERE {t}.owner IN ({sql}) AND {t}.current = 1))")
        values += [kind, *bound]
    return Rows(f"entry {x}", f"{x}.owner", f"{x}.param = ? AND ({' OR '.join(parts)})", values)


def _has(condition: Has, number: Number, level: int) -> Rows:
    x, t = f"x{level}", f"t{level}"
    sql, bound = owners(condition.source, condition.conditions, number, level + 1)
    referred = f"SELECT {x}.value FROM entry {x} WHERE {x}.owner IN ({sql}) AND {x}.param = ? AND {x}.system = ?"
    values = [condition.kind, *bound, number(condition.source, condition.param), condition.kind]
    return Rows(f"document {t}", f"{t}.owner", f"{t}.kind = ? AND {t}.current = 1 AND {t}.deleted = 0 AND {t}.id IN ({referred})", values)


def _either(condition: Either, number: Number, level: int) -> Rows:
    e = f"e{level}"
    found = [rows(one, number, level + 1) for one in condition.conditions]
    union = " UNION ".join(f"SELECT {one.owner} AS owner FROM {one.source} WHERE {one.where}" for one in found)
    return Rows(f"({union}) {e}", f"{e}.owner", "1 = 1", [value for one in found for value in one.values])


def owners(
    kind: str, conditions: Sequence[Condition], number: Number, level: int = 0, first: Condition | None = None
) -> tuple[str, list[Any]]:
    """SQL that gives the owner of every resource for which all conditions hold, each once, and its values.

    `first` is the condition to begin with; without it the first that is not negated, or every resource of the type.
    """
    if first is None:
        first = next((one for one in conditions if not one.negated), None)
    base = rows(first, number, level) if first else everything(kind)
    where, values = [base.where], list(base.values)
    for condition in conditions:
        if condition is not first:
            other = rows(condition, number, level + 100)
            negation = "NOT " if condition.negated else ""
            where.append(f"{negation}EXISTS (SELECT 1 FROM {other.source} WHERE {other.where} AND {other.owner} = {base.owner})")
            values += other.values
    return f"SELECT DISTINCT {base.owner} AS owner FROM {base.source} WHERE {' AND '.join(where)}", values
