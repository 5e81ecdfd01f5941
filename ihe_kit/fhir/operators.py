"""The operators of the plain part of FHIRPath (`quick`): truth with three values, comparison, membership, union, joining of texts.

Each is made from its sign and its two sides. What they cannot decide raises `Undecided`, and the whole language decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Items = list[Any]
Constants = Mapping[str, Any]
Run = Callable[[Items, Constants], Items]
_DATE = re.compile(r"\d{4}(-|T|$)|\d\d:\d\d", re.ASCII)


class Undecided(Exception):
    """An expression, or a value, that is beyond this part of the language."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A primitive element that is there without a value; `beside` are its id and extensions."""

    beside: Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A text that an expression itself names: it is a text and no date."""

    text: str


Operator = Callable[[str, Run, Run], Run]


def key(one: Any) -> Any:
    """What tells a single value from others; a text and a number are never the same."""
    if isinstance(one, (dict, list, Bare)):
        raise Undecided("a value of several parts")
    return (type(one) is bool, one.text if isinstance(one, Literal) else one)


def truth(items: Items) -> bool | None:
    """What a collection means where a boolean is expected: None for nothing. Raises Undecided for what is no boolean."""
    if not items:
        return None
    if len(items) > 1 or not isinstance(items[0], bool):
        raise Undecided("no boolean")
    return items[0]


def _both(decide: Callable[[bool | None, bool | None], bool | None], enough: bool | None = None) -> Operator:
    """An operator on two truths. `enough`: the left one that decides alone, so that the right one is not asked."""

    def make(_: str, left: Run, right: Run) -> Run:
        def run(items: Items, constants: Constants) -> Items:
            one = truth(left(items, constants))
            answer = decide(one, None if one is enough is not None else truth(right(items, constants)))
            return [] if answer is None else [answer]

        return run

    return make


def _and(one: bool | None, other: bool | None) -> bool | None:
    return False if one is False or other is False else None if one is None or other is None else True


def _or(one: bool | None, other: bool | None) -> bool | None:
    return True if one or other else None if one is None or other is None else False


# The grammar has both under one name.
_EITHER: dict[str, tuple[Callable[[bool | None, bool | None], bool | None], bool | None]] = {
    "or": (_or, True),
    "xor": (lambda one, other: None if one is None or other is None else one is not other, None),
}


def _equality(sign: str, left: Run, right: Run) -> Run:
    if sign not in ("=", "!="):
        raise Undecided(sign)

    def run(items: Items, constants: Constants) -> Items:
        one, other = left(items, constants), right(items, constants)
        if not one or not other:
            return []
        equal = len(one) == len(other) and all(map(_same, one, other))
        return [equal if sign == "=" else not equal]

    return run


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (dict, Bare)) or isinstance(other, (dict, Bare)):
        raise Undecided("a value of several parts")
    texts = [value.text if isinstance(value, Literal) else value for value in (one, other)]
    if isinstance(one, str) and isinstance(other, str) and one != other and _DATE.match(one) and _DATE.match(other):
        raise Undecided("dates")  # two may be written differently and be the same
    return type(texts[0]) is bool and texts[0] is texts[1] if bool in map(type, texts) else bool(texts[0] == texts[1])


def _inequality(sign: str, left: Run, right: Run) -> Run:
    compare = {"<": Decimal.__lt__, "<=": Decimal.__le__, ">": Decimal.__gt__, ">=": Decimal.__ge__}[sign]

    def run(items: Items, constants: Constants) -> Items:
        one, other = left(items, constants), right(items, constants)
        if not one or not other:
            return []
        numbers = [value for value in (*one, *other) if isinstance(value, (int, Decimal)) and not isinstance(value, bool)]
        if len(one) != 1 or len(other) != 1 or len(numbers) != 2:
            raise Undecided("no numbers")
        return [bool(compare(Decimal(numbers[0]), Decimal(numbers[1])))]

    return run


def _membership(sign: str, left: Run, right: Run) -> Run:
    inside = sign == "in"

    def run(items: Items, constants: Constants) -> Items:
        one, many = left(items, constants), right(items, constants)
        if not inside:
            one, many = many, one
        if len(one) > 1:
            raise Undecided("several")
        return [any(_same(one[0], other) for other in many)] if one else []

    return run


def _union(_: str, left: Run, right: Run) -> Run:

    def run(items: Items, constants: Constants) -> Items:
        return list({key(one): one for one in (*left(items, constants), *right(items, constants))}.values())

    return run


def _joined(sign: str, left: Run, right: Run) -> Run:
    if sign not in ("&", "+"):
        raise Undecided(sign)

    def run(items: Items, constants: Constants) -> Items:
        sides = left(items, constants), right(items, constants)
        if any(len(side) > 1 for side in sides):
            raise Undecided("several")
        if sign == "+":
            if not all(sides):
                return []
            if any(type(side[0]) is not int for side in sides):
                raise Undecided("no integers")
            return [sides[0][0] + sides[1][0]]
        texts = [side[0].text if side and isinstance(side[0], Literal) else side[0] if side else "" for side in sides]
        if not all(isinstance(text, str) for text in texts):
            raise Undecided("no texts")
        return ["".join(texts)]

    return run


OPERATORS: dict[str, Operator] = {
    "AndExpression": _both(_and, False),
    "OrExpression": lambda sign, left, right: _both(*_EITHER[sign])(sign, left, right),  # the grammar has or and xor under one name
    "ImpliesExpression": _both(lambda one, other: _or(None if one is None else not one, other), False),
    "EqualityExpression": _equality,
    "InequalityExpression": _inequality,
    "MembershipExpression": _membership,
    "UnionExpression": _union,
    "AdditiveExpression": _joined,
}
