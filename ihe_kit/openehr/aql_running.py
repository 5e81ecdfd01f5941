"""A plan carried out: the rows that FROM finds, chosen by WHERE, put in order, counted and shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from ihe_kit.openehr.aql_at import Reader, is_ehr_id
from ihe_kit.openehr.aql_finding import Finder, Row, refuse_more
from ihe_kit.openehr.aql_plan import Plan, order_alias
from ihe_kit.openehr.aql_query import (
    AGGREGATES,
    All,
    AnyOf,
    Call,
    Comparison,
    Condition,
    Exists,
    Literal,
    Matches,
    Not,
    Operand,
    Path,
    parts,
    paths,
)
from ihe_kit.openehr.aql_records import Records
from ihe_kit.openehr.aql_values import FUNCTIONS, aggregate, compare, plain, sort_key, times

Json = Any
MANY = 500  # rows for which trees are read at a time


@dataclass(frozen=True)
class Result:
    """The answer as a table: the names and paths of the columns, and the rows."""

    columns: tuple[tuple[str, str], ...]
    rows: list[list[Json]]


def run(plan: Plan, records: Records, now: datetime, tick: Callable[[], None] = lambda: None) -> Result:
    """Answers a query. `tick` is called again and again, and may raise TooLong."""
    return _Run(plan, records, now, tick).result()


class _Run:
    def __init__(self, plan: Plan, records: Records, now: datetime, tick: Callable[[], None]) -> None:
        self.plan, self.query, self.records, self.tick = plan, plan.query, records, tick
        self.clock = times(now)
        known = parts((plan.where, tuple(column.value for column in self.query.columns), tuple(sort.path for sort in self.query.order)))
        all_paths = [one for one in known if isinstance(one, Path) and one in plan.reached]
        self.reached = {id(path): (plan.expression(plan.reached[path].slot), plan.reached[path]) for path in all_paths}
        places = records.concepts()
        self.reader = Reader(records, places)
        self.finder = Finder(plan, records, places, self.reader, tick)

    def result(self) -> Result:
        columns = tuple((column.alias or f"#{number}", _column_path(column.value)) for number, column in enumerate(self.query.columns))
        rows = self._rows()
        counted = any(_aggregates(column.value) for column in self.query.columns)
        shown = self._grouped(rows) if counted else self._shown(self._ordered(rows))
        end = None if self.query.limit is None else self.query.offset + self.query.limit
        found: dict[Any, list[Json]] = {}
        for number, row in enumerate(shown):
            found.setdefault(_key(row) if self.query.distinct else number, row)
            refuse_more(len(found))
            if len(found) == end and not self.query.backward:
                break
        kept = list(found.values())
        return Result(columns, kept[-(self.query.limit or 0) :] if self.query.backward else kept[self.query.offset : end])

    # WHERE

    def _rows(self) -> list[Row]:
        """The rows that FROM and WHERE leave."""
        rows = self.finder.rows()
        where = self.plan.where
        if where is not None:
            rows = [row for row in self._ahead(rows, list(paths(where))) if self._holds(where, row)]
        return self._once(rows)

    def _once(self, rows: list[Row]) -> list[Row]:
        """One row for what differs only in nodes that WHERE alone looked at."""
        if set(self.plan.bound) <= self.plan.shown:
            return rows
        kept = [slot.number for slot in self.plan.slots if slot.expression or slot.number in self.plan.shown]
        return list({tuple(_identity(row.get(number)) for number in kept): row for row in reversed(rows)}.values())[::-1]

    def _holds(self, condition: Condition, row: Row) -> bool:
        match condition:
            case Comparison(left, operator, right):
                return any(compare(one, operator, other) for one in self._operand(left, row) for other in self._operand(right, row))
            case Matches(left, values):
                wanted = [value for one in values if isinstance(one, Literal | Path | Call) for value in self._operand(one, row)]
                return any(compare(one, "=", other) for one in self._operand(left, row) for other in wanted)
            case Exists(path):
                return any(value is not None for value in self._values(path, row))
            case Not(inner):
                return not self._holds(inner, row)
            case All(conditions):
                return all(self._holds(one, row) for one in conditions)
            case AnyOf(conditions):
                return any(self._holds(one, row) for one in conditions)
        return False

    def _operand(self, operand: Operand, row: Row) -> list[Json]:
        """The values of an operand in a row; None stands for nothing."""
        match operand:
            case Path():
                return self._values(operand, row)
            case Literal(value):
                return [value]
            case Call(name, arguments):
                if name in self.clock:
                    return [self.clock[name]]
                choices = [self._operand(one, row) or [None] for one in arguments]
                return [self._called(name, values) for values in product(*choices)]
        return []

    def _called(self, name: str, values: Sequence[Json]) -> Json:
        try:
            return FUNCTIONS[name][2](*map(plain, values))
        except (ArithmeticError, ValueError):  # a number too large, say
            return None

    def _values(self, path: Path, row: Row) -> list[Json]:
        """What stands at a path in a row; [] where nothing does."""
        expression, reached = self.reached[id(path)]
        one = row.get(reached.slot)
        return [] if one is None else self.reader.at(expression, one, reached.steps)

    # SELECT

    def _ordered(self, rows: list[Row]) -> list[Row]:
        """The rows in the order that ORDER BY asks for; equal ones stay as they were, by record, version and node."""
        for sort in reversed(self.query.order):
            column = order_alias(self.query, sort)
            operand: Operand = sort.path if column is None else self.query.columns[column].value
            ahead = self._ahead(rows, list(paths(operand)))
            keyed = [(sort_key(next(iter(self._operand(operand, row)), None), sort.descending), row) for row in ahead]
            rows = [row for _, row in sorted(keyed, key=lambda one: one[0])]
        return rows

    def _shown(self, rows: list[Row]) -> Iterator[list[Json]]:
        """The columns of each row, as far as somebody looks: whoever takes the first ten does not wait for the others."""
        for row in self._ahead(rows, list(paths(tuple(column.value for column in self.query.columns)))):
            choices = [self._operand(column.value, row) or [None] for column in self.query.columns]
            yield from map(list, product(*choices))

    def _ahead(self, rows: list[Row], read: list[Path]) -> Iterator[Row]:
        """The rows; what paths read elsewhere than in the index is read for many rows at a time."""
        reached = [self.plan.reached[path] for path in read]
        for start in range(0, len(rows), MANY):
            some = rows[start : start + MANY]
            serials: dict[int, None] = {}
            records: dict[int, None] = {}
            named: dict[int, None] = {}
            for one in reached:
                for found in {_identity(row.get(one.slot)): row.get(one.slot) for row in some}.values():
                    if isinstance(found, int):
                        (named if is_ehr_id(one.steps) else records)[found] = None
                    elif found is not None and self.reader.in_tree(found, one.steps):
                        serials[found[2]] = None
            self.records.read_ahead(serials, records, named)
            for row in some:
                self.tick()
                yield row

    def _grouped(self, rows: list[Row]) -> list[list[Json]]:
        """One row for each combination of the columns that no aggregate is in; a single one where there is no such column."""
        plain_ones = [number for number, column in enumerate(self.query.columns) if not _aggregates(column.value)]
        groups: dict[str, tuple[list[Json], list[Row]]] = {}
        fixed = all(isinstance(self.query.columns[number].value, Literal) for number in plain_ones)
        for row in rows:
            self.tick()
            choices = [self._operand(self.query.columns[number].value, row) or [None] for number in plain_ones]
            for values in product(*choices):
                groups.setdefault(_key(values) if values else "", (list(values), []))[1].append(row)
        if not groups and fixed:
            groups[""] = ([value for number in plain_ones for value in self._operand(self.query.columns[number].value, {})], [])
        shown = [self._group(plain_ones, values, some) for values, some in groups.values()]
        for sort in reversed(self.query.order):
            place = order_alias(self.query, sort)
            if place is None:
                raise ValueError(f"ORDER BY {sort.path.text}: where columns are counted, rows can be put in order by columns only")
            shown.sort(key=lambda one, place=place, sort=sort: sort_key(one[place], sort.descending))  # type: ignore[misc]
        return shown

    def _group(self, plain_ones: list[int], values: list[Json], rows: list[Row]) -> list[Json]:
        known = dict(zip(plain_ones, values, strict=True))
        return [known[number] if number in known else self._counted(column.value, rows) for number, column in enumerate(self.query.columns)]

    def _counted(self, operand: Operand, rows: list[Row]) -> Json:
        """The value of a column over the rows of a group."""
        if not isinstance(operand, Call):
            return next((value for row in rows for value in self._operand(operand, row)), None)
        if operand.name not in AGGREGATES:
            inner = [self._counted(one, rows) for one in operand.arguments]
            return self.clock[operand.name] if operand.name in self.clock else self._called(operand.name, inner)
        if operand.star:
            return len(rows)
        values = [value for row in rows for value in self._operand(operand.arguments[0], row) if value is not None]
        values = list({_key(value): value for value in values}.values()) if operand.distinct else values
        return len(values) if operand.name == "COUNT" else aggregate(operand.name, values)


def _identity(one: Any) -> Any:
    return (one[2], one[3]) if isinstance(one, tuple) else one


def _aggregates(value: Operand) -> bool:
    return any(isinstance(one, Call) and one.name in AGGREGATES for one in parts(value))


def _column_path(value: Operand) -> str:
    return (value.below or "/") if isinstance(value, Path) else value.text if isinstance(value, Call) else ""


def _key(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
