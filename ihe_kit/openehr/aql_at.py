"""What stands at a path below a node, and whether a predicate holds of it.

It comes from the index where a row keeps it, and else from the tree of the document, read once and kept a while.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ihe_kit.openehr.aql_query import All, AnyOf, ClassExpression, Comparison, Condition, Exists, Literal, Matches, Node, Path, Step
from ihe_kit.openehr.aql_records import Found, Place, Records
from ihe_kit.openehr.aql_values import HOLDS, compare, is_word
from ihe_kit.openehr.nodes import KEPT, name_of

Json = Any
Get = Callable[[tuple[Step, ...]], list[Json]]
_decode = json.JSONDecoder().raw_decode  # a row's data was written by us: nothing stands around it
_MANY = 10_000  # nodes whose data is kept as objects
_CODED_NAME, _EHR_ID = (Step("name"),), (Step("ehr_id"), Step("value"))


class Reader:
    """Reads records, versions and nodes of them."""

    def __init__(self, records: Records, places: Mapping[int, Place]) -> None:
        self.records, self.places = records, places
        self._known: dict[tuple[int, int], Json] = {}

    def at(self, expression: ClassExpression | None, one: Any, steps: tuple[Step, ...]) -> list[Json]:
        """What stands at steps below a record, a version or a node."""
        if isinstance(one, int) and is_ehr_id(steps):
            return [id] if (id := self.records.ehr_id(one)) else []
        if isinstance(one, int):
            return self._walk(self.records.ehr(one), steps)
        if expression and expression.type == "VERSION" and (not steps or steps[0].attribute != "data"):
            return self._walk(self.records.version(one[2]), steps)
        if expression and expression.type == "VERSION":
            return self._walk(self.records.tree(one[2])[0], steps[1:])
        first = steps[0].attribute if steps else ""
        type_ = self.places[one[0]].type
        if first == "name" and len(steps) == 2 and steps[1].attribute == "value" and not steps[1].predicate:
            return [one[5]] if one[5] else []
        if first == "archetype_node_id":
            return [self.places[one[0]].code]
        if one[6] and first in KEPT.get(type_, ()):
            return self._walk(self._data(one), steps)
        tree = self.records.tree(one[2])
        return self._walk(tree[one[3]], steps) if one[3] < len(tree) else []

    def holding(self, conditions: Iterable[Condition], places: Iterable[int]) -> str:
        """A text that stands in the data of all nodes at these places of which the conditions hold, where the data is kept; "" for none."""
        kinds = [KEPT.get(self.places[number].type, ()) for number in places]
        found = (text for attribute, text in map(_needle, conditions) if text and all(attribute in kept for kept in kinds))
        return next(found, "")

    def test(self, condition: Condition) -> Callable[[Found], bool]:
        """Whether a condition holds of a node. A number beside a plain path, which is asked for most often, is read from the row at once."""
        match condition:
            case Comparison(Path(steps=steps), operator, Literal(value)) if (
                steps and type(value) in (int, float) and operator in HOLDS and not any(step.predicate for step in steps)
            ):
                names, holds, first = [step.attribute for step in steps], HOLDS[operator], steps[0].attribute
            case _:
                return partial(self.fits, condition, None)
        kept = {number for number, place in self.places.items() if first in KEPT.get(place.type, ())}

        def holds_of(node: Found) -> bool:
            if node[6] and node[0] in kept:
                found = _decode(node[6])[0]
                for name in names:
                    found = found.get(name) if isinstance(found, dict) else None
                if type(found) in (int, float):
                    return holds((found > value) - (found < value))
            return self.fits(condition, None, node)

        return holds_of

    def in_tree(self, found: Found, steps: tuple[Step, ...]) -> bool:
        """Whether what stands at steps below a node is read from the tree, since the index does not keep it."""
        first = steps[0].attribute if steps else ""
        return first not in ("name", "archetype_node_id") and first not in KEPT.get(self.places[found[0]].type, ())

    def _data(self, one: Found) -> Json:
        key = one[2], one[3]
        if key not in self._known:
            if len(self._known) >= _MANY:
                self._known.clear()
            self._known[key] = _decode(one[6])[0]
        return self._known[key]

    def _walk(self, value: Json, steps: tuple[Step, ...]) -> list[Json]:
        """What stands at steps below a value: straight on while there is one thing without a predicate, as there nearly always is."""
        for number, step in enumerate(steps):
            if step.predicate or not isinstance(value, dict):
                return self._walk_all([value], steps[number:])
            value = value.get(step.attribute)
            if value is None:
                return []
            if isinstance(value, list):
                return self._walk_all(list(_flat(value)), steps[number + 1 :])
        return [value]

    def _walk_all(self, here: list[Json], steps: tuple[Step, ...]) -> list[Json]:
        for step in steps:
            here = [child for one in here if isinstance(one, dict) for child in _flat(one.get(step.attribute))]
            if step.predicate:
                predicate = step.predicate
                here = [one for one in here if self.passes(predicate, partial(self._walk, one), one)]
        return here

    def passes(self, condition: Condition, get: Get, one: Any) -> bool:
        """Whether a predicate holds of a thing whose paths `get` reads."""
        match condition:
            case Node(code, name, term):
                return self._is_node(one, code, name, term, get)
            case All(conditions):
                return all(self.passes(part, get, one) for part in conditions)
            case AnyOf(conditions):
                return any(self.passes(part, get, one) for part in conditions)
            case Comparison(Path() as path, operator, Literal(value)):
                return any(compare(found, operator, value) for found in get(path.steps))
            case Comparison(left, operator, right):
                lefts, rights = (get(side.steps) if isinstance(side, Path) else [literal(side)] for side in (left, right))
                return any(compare(first, operator, second) for first in lefts for second in rights)
            case Matches(left, values):
                lefts = get(left.steps) if isinstance(left, Path) else [literal(left)]
                return any(compare(first, "=", literal(value)) for first in lefts for value in values)
            case Exists(path):
                return bool(get(path.steps))
        return False

    def _is_node(self, one: Any, code: Any, name: Any, term: Any, get: Get) -> bool:
        found = self.places[one[0]].code if isinstance(one, tuple) else one.get("archetype_node_id") if isinstance(one, dict) else ""
        if found != code:
            return False
        if name is not None:
            return bool((one[5] if isinstance(one, tuple) else name_of(one)) == name)
        return term is None or any(_is_term(value, *term) for value in get(_CODED_NAME))

    def fits(self, predicate: Condition, expression: ClassExpression | None, one: Any) -> bool:
        """Whether a predicate holds of a record, a version or a node."""
        return self.passes(predicate, partial(self.at, expression, one), one)


def _is_term(name: Json, terminology: str, code: str) -> bool:
    coded = name.get("defining_code") if isinstance(name, dict) else None
    id = coded.get("terminology_id") if isinstance(coded, dict) else None
    return isinstance(coded, dict) and coded.get("code_string") == code and isinstance(id, dict) and id.get("value") == terminology


def _flat(value: Json) -> Iterator[Json]:
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    elif value is not None:
        yield value


def is_ehr_id(steps: tuple[Step, ...]) -> bool:
    """Whether steps below an EHR lead to its identifier, which is known without reading it."""
    return steps == _EHR_ID


def _needle(condition: Condition) -> tuple[str, str]:
    """(the attribute where a condition begins to look, the JSON of the text that has to be there); ("", "") where nothing can be told so."""
    match condition:
        case Comparison(Path(steps=(Step() as first, *_)), "=", Literal(value)) if (
            isinstance(value, str) and is_word(value) and value.isprintable()
        ):
            return first.attribute, json.dumps(value, ensure_ascii=False)
    return "", ""


def literal(operand: Any) -> Json:
    return operand.value if isinstance(operand, Literal) else None
