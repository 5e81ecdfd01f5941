"""The plain part of FHIRPath as functions on the values of a resource: names, `exists`, `where`, comparisons, and, or, implies.

Most invariants of R4 need no more, and run fifty times as fast as by the whole language. The grammar is fhirpathpy's, which hands over a tree; what
is not of this part raises `Undecided`, when an expression is made ready or when it meets a value, and then fhirpathpy itself runs it. A test holds
both against each other for every invariant of R4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ihe_kit.fhir.tables import choice_stems, data_types, resource_types

Items = list[Any]
Tree = Mapping[str, Any]
_ESCAPE, _ESCAPES = re.compile(r"\\(.)"), {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
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


Constants = Mapping[str, Any]
Run = Callable[[Items, Constants], Items]


def ready(tree: Tree) -> Run:
    """A function (the items it starts from, the constants such as %resource) -> items, for the tree of an expression. Raises Undecided."""
    while not tree.get("type"):
        tree = tree["children"][0]
    make = _MAKERS.get(tree["type"])
    if make is None:
        raise Undecided(tree["type"])
    return make(tree)


def _children(tree: Tree) -> list[Run]:
    return [ready(child) for child in tree.get("children", ())]


def _only(tree: Tree) -> Run:
    return ready(tree["children"][0])


# Names -------------------------------------------------------------------------------------------------------------------------------


def _member(tree: Tree) -> Run:
    name = tree["children"][0]["text"].replace("`", "")
    if name[:1].isupper():
        return lambda items, _: [one for one in items if isinstance(one, dict) and one.get("resourceType") == name]
    stem = name in choice_stems()

    def run(items: Items, _: Constants) -> Items:
        found: Items = []
        for one in items:
            if isinstance(one, Bare):
                one = one.beside
            if isinstance(one, dict):
                key = name if not stem or name in one or f"_{name}" in one else _choice(one, name)
                value = one.get(key)
                if type(value) is list or f"_{key}" in one:
                    found += _several(value, one.get(f"_{key}"))
                elif value is not None:
                    found.append(value)
            elif name in ("extension", "id"):
                raise Undecided(name)  # a value alone does not know what stands beside it
        return found

    return run


def _several(value: Any, beside: Any) -> Iterator[Any]:
    values, besides = (one if isinstance(one, list) else [] if one is None else [one] for one in (value, beside))
    for index in range(max(len(values), len(besides))):
        one = values[index] if index < len(values) else None
        if one is not None:
            yield one
        elif index < len(besides) and besides[index] is not None:
            yield Bare(besides[index])


def _choice(one: Mapping[str, Any], name: str) -> str:
    ends = _ends()
    return next((key for key in map(_plain, one) if key.startswith(name) and key[len(name) :] in ends), name)


def _plain(key: str) -> str:
    return key.removeprefix("_")


@lru_cache(maxsize=1)
def _ends() -> frozenset[str]:
    return frozenset(code[:1].upper() + code[1:] for code in data_types())


def _path(tree: Tree) -> Run:
    first, then = _children(tree)
    return lambda items, constants: then(first(items, constants), constants)


def _index(tree: Tree) -> Run:
    of, at = _children(tree)

    def run(items: Items, constants: Constants) -> Items:
        number = at(items, constants)
        if len(number) != 1 or type(number[0]) is not int:
            raise Undecided("index")
        return of(items, constants)[number[0] : number[0] + 1] if number[0] >= 0 else []

    return run


def _constant(tree: Tree) -> Run:
    name = tree["children"][0]["children"][0]["text"]
    if name == "ucum":
        return lambda _, __: [Literal("http://unitsofmeasure.org")]
    if name not in ("resource", "rootResource", "context"):
        raise Undecided(name)
    return lambda _, constants: [constants[name]]


def _literal(tree: Tree) -> Run:
    kind, text = tree["children"][0]["type"], tree["children"][0]["text"]
    if kind == "StringLiteral" and "\\u" not in text:
        value: Any = Literal(_ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1]))
    elif kind == "NumberLiteral":
        value = Decimal(text) if "." in text else int(text)
    elif kind == "BooleanLiteral":
        value = text == "true"
    else:
        raise Undecided(kind)
    return lambda _, __: [value]


# Functions ---------------------------------------------------------------------------------------------------------------------------


def _function(tree: Tree) -> Run:
    call = tree["children"][0]["children"]
    name, given = call[0]["text"], [inner for part in call[1:] for inner in part["children"]]
    if not given and name in _PLAIN:
        plain = _PLAIN[name]
        return lambda items, _: plain(items)
    if len(given) == 1 and name in _TEXTS:
        test, part = _TEXTS[name], ready(given[0])
        return lambda items, constants: [_tested(test, items, part(items, constants))]
    if len(given) == 1 and name == "is" and given[0]["text"] in resource_types():
        return lambda items, _: [len(items) == 1 and isinstance(items[0], dict) and items[0].get("resourceType") == given[0]["text"]]
    if len(given) == 1 and name == "intersect" and given[0]["text"].startswith("%"):  # what does not depend on where it is asked from
        other = ready(given[0])
        return lambda items, constants: [one for one in items if one in other([], constants)]
    if len(given) == 1 and name in _EACH:
        each, one = _EACH[name], ready(given[0])
        return lambda items, constants: each(items, lambda item: one([item], constants))
    raise Undecided(name)


def _not(items: Items) -> Items:
    answer = truth(items)
    return [] if answer is None else [not answer]


def _distinct(items: Items) -> Items:
    keys = [_key(one) for one in items]
    return [len(set(keys)) == len(keys)]


def _key(one: Any) -> Any:
    if isinstance(one, (dict, list, Bare)):
        raise Undecided("a value of several parts")
    return one.text if isinstance(one, Literal) else (type(one) is bool, one)


def _below(items: Items, deep: bool) -> Items:
    found, waiting = [], list(items)
    while waiting:
        inner = [value for one in waiting if isinstance(one, dict) for key, value in one.items() if not key.startswith("_")]
        flat = [value for one in inner for value in (one if isinstance(one, list) else [one]) if value is not None]
        found += flat
        waiting = flat if deep else []
    return found


_PLAIN: dict[str, Callable[[Items], Items]] = {
    "exists": lambda items: [bool(items)],
    "empty": lambda items: [not items],
    "not": _not,
    "count": lambda items: [len(items)],
    "first": lambda items: items[:1],
    "tail": lambda items: items[1:],
    "hasValue": lambda items: [len(items) == 1 and not isinstance(items[0], (dict, Bare))],
    "isDistinct": _distinct,
    "children": lambda items: _below(items, False),
    "descendants": lambda items: _below(items, True),
}


def _tested(test: Callable[[str, str], bool], items: Items, given: Items) -> bool:
    """A test of a text; what is absent passes none, as in HL7's own validator."""
    if len(items) > 1 or len(given) != 1:
        raise Undecided("several")
    text, part = (_text(side[0]) if side else "" for side in (items, given))
    return test(text, part) if items else False


def _text(one: Any) -> str:
    if isinstance(one, Literal):
        return one.text
    if not isinstance(one, str):
        raise Undecided("no text")
    return one


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.DOTALL)
    except (re.error, OverflowError):
        raise Undecided(text) from None


_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
    "matches": lambda text, pattern: len(text) < 2_000 and bool(_pattern(pattern).fullmatch(text)),
}


_EACH: dict[str, Callable[[Items, Callable[[Any], Items]], Items]] = {
    "exists": lambda items, one: [any(truth(one(item)) for item in items)],
    "where": lambda items, one: [item for item in items if truth(one(item))],
    "all": lambda items, one: [all(truth(one(item)) is True for item in items)],
    "select": lambda items, one: [inner for item in items for inner in one(item)],
}


# Operators ---------------------------------------------------------------------------------------------------------------------------


def truth(items: Items) -> bool | None:
    """What a collection means where a boolean is expected: None for nothing. Raises Undecided for what is no boolean."""
    if not items:
        return None
    if len(items) > 1 or not isinstance(items[0], bool):
        raise Undecided("no boolean")
    return items[0]


def _both(decide: Callable[[bool | None, bool | None], bool | None], enough: bool | None = None) -> Callable[[Tree], Run]:
    """An operator on two truths. `enough`: the left one that decides alone, so that the right one is not asked."""

    def make(tree: Tree) -> Run:
        left, right = _children(tree)

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


def _equality(tree: Tree) -> Run:
    left, right = _children(tree)
    sign = tree["terminalNodeText"][0]
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


def _inequality(tree: Tree) -> Run:
    left, right = _children(tree)
    compare = {"<": Decimal.__lt__, "<=": Decimal.__le__, ">": Decimal.__gt__, ">=": Decimal.__ge__}[tree["terminalNodeText"][0]]

    def run(items: Items, constants: Constants) -> Items:
        one, other = left(items, constants), right(items, constants)
        if not one or not other:
            return []
        numbers = [value for value in (*one, *other) if isinstance(value, (int, Decimal)) and not isinstance(value, bool)]
        if len(one) != 1 or len(other) != 1 or len(numbers) != 2:
            raise Undecided("no numbers")
        return [bool(compare(Decimal(numbers[0]), Decimal(numbers[1])))]

    return run


def _membership(tree: Tree) -> Run:
    left, right = _children(tree)
    inside = tree["terminalNodeText"][0] == "in"

    def run(items: Items, constants: Constants) -> Items:
        one, many = left(items, constants), right(items, constants)
        if not inside:
            one, many = many, one
        if len(one) > 1:
            raise Undecided("several")
        return [any(_same(one[0], other) for other in many)] if one else []

    return run


def _union(tree: Tree) -> Run:
    left, right = _children(tree)

    def run(items: Items, constants: Constants) -> Items:
        return list({_key(one): one for one in (*left(items, constants), *right(items, constants))}.values())

    return run


def _joined(tree: Tree) -> Run:
    left, right = _children(tree)
    sign = tree["terminalNodeText"][0]
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


_MAKERS: dict[str, Callable[[Tree], Run]] = {
    **dict.fromkeys(("TermExpression", "InvocationTerm", "ParenthesizedTerm"), _only),
    "MemberInvocation": _member,
    "InvocationExpression": _path,
    "IndexerExpression": _index,
    "FunctionInvocation": _function,
    "ThisInvocation": lambda _: lambda items, __: items,
    "ExternalConstantTerm": _constant,
    "LiteralTerm": _literal,
    "AndExpression": _both(_and, False),
    "OrExpression": lambda tree: _both(*_EITHER[tree["terminalNodeText"][0]])(tree),
    "ImpliesExpression": _both(lambda one, other: _or(None if one is None else not one, other), False),
    "EqualityExpression": _equality,
    "InequalityExpression": _inequality,
    "MembershipExpression": _membership,
    "UnionExpression": _union,
    "AdditiveExpression": _joined,
}
