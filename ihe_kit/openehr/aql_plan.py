"""How a query is answered: its parameters put in, and its paths taken apart into what has to be found (`Slot`) and what is read there.

Every class expression of FROM is a slot, and so is every structure node on a path that matters: where two paths part, where a path ends, and where
a predicate asks for more than a code. Paths that begin alike share their slots, so what they lead to belongs together: the systolic and the
diastolic pressure of one event stand in one row, and never those of two events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from ihe_kit.core import Unreadable, nearest
from ihe_kit.openehr.aql_query import (
    All,
    Both,
    Call,
    ClassExpression,
    Comparison,
    Condition,
    Exists,
    Literal,
    Matches,
    Node,
    Parameter,
    Path,
    Query,
    Sort,
    Source,
    Step,
    expressions,
    needs,
    parts,
    paths,
)
from ihe_kit.openehr.aql_types import Types, below, code_in, structural


@dataclass(frozen=True, slots=True)
class Slot:
    """Something that each row has one of, or nothing: a class expression of FROM, or a node that paths pass.

    `parent` is the slot it is found below (-1 for FROM, whose containment the query itself says), `attribute` the way from there.
    """

    number: int
    parent: int
    attribute: str
    predicate: Condition | None
    expression: ClassExpression | None = None

    @property
    def code(self) -> str:
        return code_in(self.predicate)

    @property
    def asks(self) -> bool:
        """Whether the predicate asks for more than a code, so that each node has to be looked at."""
        alone = isinstance(self.predicate, Node) and self.predicate.name is None and self.predicate.term is None
        return self.predicate is not None and not alone


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a path leads: a slot, and the steps that are read from what is found there."""

    slot: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """A query with all its values, its slots, and where each of its paths leads."""

    query: Query
    slots: tuple[Slot, ...]
    reached: Mapping[Path, Reached]
    bound: tuple[int, ...]  # the slots on paths that rows keep, parents before children
    shown: frozenset[int]  # the slots that SELECT and ORDER BY read: rows that differ elsewhere are one row
    wanted: Mapping[int, tuple[Condition, ...]]  # what WHERE asks of one slot alone: nodes that fail it need not be joined
    where: Condition | None  # what is left of WHERE

    def above(self, number: int) -> int:
        """The nearest slot above one that rows keep."""
        parent = self.slots[number].parent
        return parent if parent in self.bound or self.slots[parent].expression else self.above(parent)

    def expression(self, number: int) -> ClassExpression | None:
        """The class expression that a slot, or one that is the same thing, is of; None for a node on a path."""
        slot = self.slots[number]
        return slot.expression if slot.expression or slot.attribute else self.expression(slot.parent)


def bind(query: Query, parameters: Mapping[str, Any]) -> Query:
    """A query with the values of its parameters. Raises Unreadable where one is missing or of a kind that cannot stand there."""
    missing = [name for name in query.parameters if name not in parameters]
    if missing:
        start = next((one.start for one in parts(_clauses(query)) if isinstance(one, Parameter) and one.name == missing[0]), 0)
        hint = nearest(missing[0], [name for name in parameters if name not in query.parameters])
        raise Unreadable(f"the query needs a value for ${missing[0]}, but none came with it{hint}", query.text, start)
    bound: Query = _bound(query, parameters, query.text)
    return bound


def _clauses(query: Query) -> tuple[Any, ...]:
    values = [column.value for column in query.columns] + [sort.path for sort in query.order]
    return (*values, *(one.predicate for one in query.classes), query.where)


def _bound(value: Any, parameters: Mapping[str, Any], text: str) -> Any:
    if isinstance(value, Parameter):
        return Literal(_value(value, parameters, text))
    if isinstance(value, Node):
        code, name = (_words(part, parameters, text) for part in (value.code, value.name))
        return replace(value, code=code, name=name)
    if isinstance(value, tuple):
        return tuple(_bound(one, parameters, text) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: _bound(getattr(value, one.name), parameters, text) for one in fields(value)}
        return replace(value, **changed)
    return value


def _words(value: Any, parameters: Mapping[str, Any], text: str) -> Any:
    if not isinstance(value, Parameter):
        return value
    found = _value(value, parameters, text)
    if not isinstance(found, str):
        raise Unreadable(f"${value.name} stands for a code or a name, so it has to be a text, but found {found!r}", text, value.start)
    return found


def _value(one: Parameter, parameters: Mapping[str, Any], text: str) -> Any:
    value = parameters[one.name]
    if value is not None and not isinstance(value, str | int | float | bool):
        raise Unreadable(f"${one.name} stands for one value, so it cannot be a {type(value).__name__}", text, one.start)
    return value


def make_plan(query: Query) -> Plan:
    """How a query is answered whose parameters have their values."""
    return _Planner(query).plan()


class _Planner:
    def __init__(self, query: Query) -> None:
        self.query = query
        found = [one for one, _ in expressions(query.source)]
        self.slots = [Slot(number, -1, "", one.predicate, one) for number, one in enumerate(found)]
        self.variables = {one.variable.lower(): number for number, one in enumerate(found) if one.variable}
        self.keys: dict[tuple[int, str, Condition | None], int] = {}
        self.reached: dict[Path, Reached] = {}

    def plan(self) -> Plan:
        columns, aliases = [column.value for column in self.query.columns], {column.alias.lower() for column in self.query.columns}
        order = [sort.path for sort in self.query.order if sort.path.steps or sort.path.variable.lower() not in aliases]
        shown = {self._reach(path).slot for path in paths((tuple(columns), tuple(order)))}
        for path in paths(self.query.where):
            self._reach(path)
        wanted, where = self._where()
        above = {number for slot in wanted for number in self._lineage(slot)}
        bound = tuple(sorted(self._kept(shown), key=lambda number: (number not in above, number)))  # what leaves most out comes first
        lineage = {number for slot in shown for number in self._lineage(slot)}
        return Plan(self.query, tuple(self.slots), self.reached, bound, frozenset(lineage), wanted, where)

    def _where(self) -> tuple[dict[int, tuple[Condition, ...]], Condition | None]:
        """(what WHERE asks of single slots, what is left)."""
        where = self.query.where
        needed = {id(one) for one, there in needs(self.query.source) if there}
        wanted: dict[int, tuple[Condition, ...]] = {}
        rest = []
        for one in where.conditions if isinstance(where, All) else (where,) if where else ():
            found = list(paths(one)) if isinstance(one, Comparison | Matches | Exists) else []
            slot = self.reached[found[0]].slot if len(found) == 1 else -1
            expression = self.slots[slot].expression if slot >= 0 else None
            plain = (
                slot >= 0 and not any(isinstance(part, Call) for part in parts(one)) and self.slots[slot].attribute + str(expression or "")
            )
            if plain and (not expression or (id(expression) in needed and expression.type not in ("EHR", "VERSION"))):
                wanted[slot] = (*wanted.get(slot, ()), _about_node(one, self.reached[found[0]].steps))
            else:
                rest.append(one)
        return wanted, (All(tuple(rest)) if len(rest) > 1 else rest[0] if rest else None)

    def _reach(self, path: Path) -> Reached:
        if path not in self.reached:
            self.reached[path] = self._walk(path)
        return self.reached[path]

    def _walk(self, path: Path) -> Reached:
        slot = self.variables[path.variable.lower()]
        expression = self.slots[slot].expression
        types: Types = (expression.type,) if expression else ()
        if path.predicate:
            slot = self._slot(slot, "", path.predicate)
        if expression and expression.type in ("EHR", "VERSION"):
            return Reached(slot, path.steps)
        rest: list[Step] = []  # steps since the last structure node
        for step in path.steps:
            types = below(types, step) or ()
            if structural(types) and not any(one.predicate for one in rest):
                slot = self._slot(slot, "/".join([*(one.attribute for one in rest), step.attribute]), step.predicate)
                rest = []
            else:
                rest.append(step)
        return Reached(slot, tuple(rest))

    def _slot(self, parent: int, attribute: str, predicate: Condition | None) -> int:
        key = (parent, attribute, predicate)
        if key not in self.keys:
            self.keys[key] = len(self.slots)
            self.slots.append(Slot(len(self.slots), parent, attribute, predicate))
        return self.keys[key]

    def _lineage(self, number: int) -> list[int]:
        return [number, *self._lineage(self.slots[number].parent)] if number >= 0 else []

    def _kept(self, shown: set[int]) -> tuple[int, ...]:
        """The slots below variables that rows keep: ends of paths, where paths part, and where a predicate has to be looked at."""
        ends = {one.slot for one in self.reached.values()} | shown
        children: dict[int, int] = {}
        for slot in self.slots:
            children[slot.parent] = children.get(slot.parent, 0) + 1
        return tuple(
            slot.number
            for slot in self.slots
            if not slot.expression and (slot.number in ends or children.get(slot.number, 0) > 1 or slot.asks or not slot.attribute)
        )


def _about_node(condition: Any, steps: tuple[Step, ...]) -> Condition:
    """A condition of WHERE as a predicate of the node that its path leads to: the path begins there."""
    changed = {one.name: Path("", None, steps) for one in fields(condition) if isinstance(getattr(condition, one.name), Path)}
    about: Condition = replace(condition, **changed)
    return about


# In words


def words(plan: Plan) -> list[tuple[str, str]]:
    """The plan as (step, what is done), in the order in which it is done."""
    query = plan.query
    found = [("Records", _records(query))]
    bound = [one for one, there in expressions(query.source) if there]
    for slot in plan.slots:
        if slot.expression and slot.expression.type not in ("EHR", "VERSION"):
            how = _found(slot.expression) + ("" if slot.expression in bound else ", to leave out what contains one")
            found.append(("Find", how))
    for number in plan.bound:
        slot = plan.slots[number]
        found.append(
            ("Find below", f"the nodes at {_way(plan, number)}" + (", those that its predicate lets through" if slot.asks else ""))
        )
    found += [("Read", f"{path.text}: {_read(reached)}") for path, reached in plan.reached.items()]
    if query.where:
        found.append(("Choose", "the rows for which WHERE holds; a comparison with something missing never does"))
    if any(
        isinstance(one, Call) and one.name in ("COUNT", "MIN", "MAX", "SUM", "AVG")
        for column in query.columns
        for one in parts(column.value)
    ):
        found.append(("Count", "over all rows, for each combination of the other columns"))
    found += [("Once", "of equal rows, the first")] if query.distinct else []
    found += [("Order", ", then ".join(sort.path.text + " downwards" * sort.descending for sort in query.order))] if query.order else []
    if query.limit:
        found.append(
            ("Take", f"{'the last ' * query.backward}{query.limit} rows" + (f" after the first {query.offset}" if query.offset else ""))
        )
    return found


def _records(query: Query) -> str:
    return "one EHR, by its identifier" if _record(query) is not None else "all EHRs that may be asked (is_queryable)"


def _found(one: ClassExpression) -> str:
    code = code_in(one.predicate)
    what = f"every {one.type}" + (f" with {code}" if code else "") + (f" ({one.variable})" if one.variable else "")
    return f"{what} by the index of structure nodes" + (", of all versions" if one.versions == "ALL_VERSIONS" else "")


def _way(plan: Plan, number: int) -> str:
    slot = plan.slots[number]
    if slot.expression:
        return slot.expression.variable
    code = f"[{slot.code}]" if slot.code else "[...]" if slot.predicate else ""
    return f"{_way(plan, slot.parent)}{'/' * bool(slot.attribute)}{slot.attribute}{code}"


def _read(reached: Reached) -> str:
    if not reached.steps:
        return "the whole object, from the tree of its document"
    first = reached.steps[0].attribute
    return "from the index" if first in _INDEXED else "from the index where its row keeps it, else from the tree of its document"


_INDEXED = ("name", "archetype_node_id", "value", "ehr_id")


def one_record(query: Query) -> str | None:
    """The identifier of the one EHR that a query is about; None where it asks for more. EHR e[ehr_id/value='1'] and WHERE e/ehr_id/value = '1' are one."""
    found = _record(query)
    return found.value if isinstance(found, Literal) and isinstance(found.value, str) else None


def _record(query: Query) -> Literal | Parameter | None:
    source: Source = query.source
    if isinstance(source, Both) or source.outer.type != "EHR":
        return None
    inside = [source.outer.predicate] if source.outer.predicate else []
    variable = source.outer.variable.lower()
    top = query.where.conditions if isinstance(query.where, All) else (query.where,)
    for one in [*inside, *top]:
        if (
            isinstance(one, Comparison)
            and one.operator == "="
            and isinstance(one.left, Path)
            and isinstance(one.right, Literal | Parameter)
        ):
            names = [step.attribute for step in one.left.steps]
            if names == ["ehr_id", "value"] and (one in inside or one.left.variable.lower() == variable):
                return one.right
    return None


def order_alias(query: Query, sort: Sort) -> int | None:
    """Which column a key of ORDER BY names; None where it is a path."""
    names = [column.alias.lower() for column in query.columns]
    if not sort.path.steps and sort.path.variable.lower() in names:
        return names.index(sort.path.variable.lower())
    same = [number for number, column in enumerate(query.columns) if column.value == sort.path]
    return same[0] if same else None
