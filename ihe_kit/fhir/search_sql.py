"""Conditions as SQL over the tables of the store: `entry`, `period`, `amount`, `document`. Values are bound, never written into the SQL.

A query is answered from its most selective condition: the rows of that one are found by their values, and for each the others are looked up by
its owner. So the cost grows with what that one condition finds, not with what there is. Each condition is therefore said in two ways. Looking up
by owner, `param + 0` keeps the database from the index by value: a resource has a dozen rows, a parameter may have a million. And `OFFSET 0`
keeps PostgreSQL from joining instead of looking up, for which it would first weigh every order of up to 200 conditions, for minutes.
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
    """Every row that a condition asks for, whether it is negated or not. `level` keeps the names of nested queries apart."""
    x, t, c = f"x{level}", f"t{level}", f"c{level}"
    if isinstance(condition, Match):
        return _match(condition, number, x, "")
    if isinstance(condition, Together):
        return _together(condition, number, x, "")
    if isinstance(condition, Chain):
        ends, values = [], []
        for kind, inner in condition.targets:
            found = owners(kind, inner, number, level + 1)
            ends.append(f"SELECT {t}.kind AS kind, {t}.id AS id FROM document {t} WHERE {t}.owner IN ({found.sql}) AND {t}.current = 1")
            values += found.values
        where = f"{x}.param = ? AND {x}.value = {c}.id AND {x}.system = {c}.kind"
        return Rows(
            f"({' UNION ALL '.join(ends)}) {c} CROSS JOIN entry {x}",
            f"{x}.owner",
            where,
            [*values, number(condition.kind, condition.param)],
        )
    if isinstance(condition, Has):
        found = owners(condition.source, condition.conditions, number, level + 1)
        ids = f"SELECT DISTINCT {x}.value AS id FROM entry {x} WHERE {x}.owner IN ({found.sql}) AND {x}.param + 0 = ? AND {x}.system = ?"
        where = f"{t}.kind = ? AND {t}.id = {c}.id AND {t}.current + 0 = 1 AND {t}.deleted + 0 = 0"
        bound = [*found.values, number(condition.source, condition.param), condition.kind, condition.kind]
        return Rows(f"({ids}) {c} CROSS JOIN document {t}", f"{t}.owner", where, bound)
    parts = [rows(one, number, level + 1) for one in condition.conditions]
    union = " UNION ".join(f"SELECT {one.owner} AS owner FROM {one.source} WHERE {one.where}" for one in parts)
    return Rows(f"({union}) {c}", f"{c}.owner", "1 = 1", [value for one in parts for value in one.values])


def holds(condition: Condition, owner: str, number: Number, level: int) -> tuple[str, list[Any]]:
    """An SQL condition that says whether a condition holds for the resource in a column, and its values."""
    negation = "NOT " if condition.negated else ""
    if isinstance(condition, Either):
        parts = [holds(one, owner, number, level) for one in condition.conditions]
        return f"{negation}({' OR '.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]
    found = _looked_up(condition, number, level)
    looked_up = f"SELECT 1 FROM {found.source} WHERE {found.owner} = {owner} AND {found.where} LIMIT 1 OFFSET 0"
    return f"{negation}EXISTS ({looked_up})", found.values


def _looked_up(condition: Match | Together | Chain | Has, number: Number, level: int) -> Rows:
    x, t = f"x{level}", f"t{level}"
    if isinstance(condition, Match):
        return _match(condition, number, x, "+ 0 ")
    if isinstance(condition, Together):
        return _together(condition, number, x, "+ 0 ")
    if isinstance(condition, Chain):
        ends: list[str] = []
        values: list[Any] = [number(condition.kind, condition.param)]
        for kind, inner in condition.targets:
            sql, bound = _all(inner, f"{t}.owner", number, level + 1)
            ends.append(f"({t}.kind = ? AND {sql})")
            values += [kind, *bound]
        there = f"{t}.kind = {x}.system AND {t}.id = {x}.value AND {t}.current = 1 AND {t}.deleted = 0"
        return Rows(f"entry {x} JOIN document {t} ON {there}", f"{x}.owner", f"{x}.param + 0 = ? AND ({' OR '.join(ends)})", values)
    sql, bound = _all(condition.conditions, f"{x}.owner", number, level + 1)
    source = f"document {t} JOIN entry {x} ON {x}.param = ? AND {x}.value = {t}.id AND {x}.system = {t}.kind"
    return Rows(source, f"{t}.owner", f"{t}.current = 1 AND {sql}", [number(condition.source, condition.param), *bound])


def _all(conditions: Sequence[Condition], owner: str, number: Number, level: int) -> tuple[str, list[Any]]:
    parts = [holds(one, owner, number, level + place * 100) for place, one in enumerate(conditions)]
    return " AND ".join(sql for sql, _ in parts) or "1 = 1", [value for _, values in parts for value in values]


def _match(condition: Match, number: Number, x: str, off: str) -> Rows:
    clause, values = _any(condition.tests, x)
    if condition.table == "document":
        there = f"{x}.kind = ? AND {x}.current + 0 = 1 AND {x}.deleted + 0 = 0"  # by its id, not among all that are there
        return Rows(f"document {x}", f"{x}.owner", f"{there} AND {clause}", [condition.kind, *values])
    return Rows(
        f"{condition.table} {x}", f"{x}.owner", f"{x}.param {off}= ? AND {clause}", [number(condition.kind, condition.param), *values]
    )


def _any(tests: Sequence[Test], x: str) -> tuple[str, list[Any]]:
    """One of several tests. Many values of one column are a list, which a database takes at any length."""
    values = [value for test in tests for value in test.values]
    first = tests[0].sql
    if len(tests) > 1 and first.endswith(" = ?") and first.count("?") == 1 and all(test.sql == first for test in tests):
        return f"{first.removesuffix(' = ?').format(x=x)} IN ({', '.join('?' * len(tests))})", values
    return f"({' OR '.join(test.sql.format(x=x) for test in tests)})", values


def _together(condition: Together, number: Number, x: str, off: str) -> Rows:
    names = [f"{x}_{place}" for place in range(len(condition.params))]
    source = f"{condition.params[0][1]} {names[0]}"
    for name, (_, table) in list(zip(names, condition.params, strict=True))[1:]:
        source += f" JOIN {table} {name} ON {name}.owner = {names[0]}.owner AND {name}.part = {names[0]}.part"
    where = " AND ".join(f"{name}.param {'+ 0 ' if place else off}= ?" for place, name in enumerate(names))
    values: list[Any] = [number(condition.kind, name) for name, _ in condition.params]
    alternatives = []
    for tests in condition.tests:
        alternatives.append(" AND ".join(f"({test.sql.format(x=name)})" for name, test in zip(names, tests, strict=True)))
        values += [value for test in tests for value in test.values]
    return Rows(source, f"{names[0]}.owner", f"{where} AND ({' OR '.join(f'({one})' for one in alternatives)})", values)


@dataclass(frozen=True)
class Selection:
    """SQL that gives owners, each once, under the name `owner`. `column` is that column inside, where one more condition may be put behind."""

    sql: str
    values: list[Any]
    column: str = ""


def owners(kind: str, conditions: Sequence[Condition], number: Number, level: int = 0, first: Condition | None = None) -> Selection:
    """The owner of every resource for which all conditions hold.

    `first` is the condition to begin with; without it the first that is not negated, or every resource of the type.
    """
    if first is None:
        first = next((one for one in conditions if not one.negated), None)
    base = rows(first, number, level) if first else everything(kind)
    sql, values = _all([one for one in conditions if one is not first], base.owner, number, level + 100)
    return Selection(
        f"SELECT DISTINCT {base.owner} AS owner FROM {base.source} WHERE {base.where} AND {sql}", base.values + values, base.owner
    )


def united(selections: Sequence[Selection]) -> Selection:
    """What several selections give, each once."""
    if len(selections) == 1:
        return selections[0]
    values = [value for one in selections for value in one.values]
    return Selection(" UNION ".join(one.sql for one in selections) or "SELECT 0 AS owner WHERE 1 = 0", values)
