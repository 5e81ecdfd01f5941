"""The plain part of FHIRPath as functions on the values of a resource: names, `exists`, `where`, comparisons, and, or, implies.

Most invariants of R4 need no more, and run fifty times as fast as by the whole language. The grammar is fhirpathpy's, which hands over a tree; what
is not of this part raises `Undecided`, when an expression is made ready or when it meets a value, and then fhirpathpy itself runs it. A test holds
both against each other for every invariant of R4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ihe_kit.fhir.operators import OPERATORS, Bare, Constants, Items, Literal, Run, Undecided, key, truth
from ihe_kit.fhir.tables import choice_stems, core, data_types, resource_types

Tree = Mapping[str, Any]
_ESCAPE, _ESCAPES = re.compile(r"\\(.)"), {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


def ready(tree: Tree) -> Run:
    """A function (the items it starts from, the constants such as %resource) -> items, for the tree of an expression. Raises Undecided."""
    while not tree.get("type"):
        tree = tree["children"][0]
    if tree["type"] in OPERATORS:
        left, right = _children(tree)
        return OPERATORS[tree["type"]](tree["terminalNodeText"][0], left, right)
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
    keys = [key(one) for one in items]
    return [len(set(keys)) == len(keys)]


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


def tame(text: str, pattern: str) -> bool:
    """True; raises Undecided where it could take for ever to find out whether a text matches: a definition is foreign text, and what is repeated
    inside something repeated, such as `(a+)+`, is tried in every way.
    """
    if len(text) >= 2_000 or (len(text) > 24 and _tangled(pattern)):
        raise Undecided(pattern)
    return True


@lru_cache(maxsize=512)
def _tangled(pattern: str) -> bool:
    plain = re.sub(r"\[(?:[^\]\\]|\\.)*\]|\\.", "c", pattern)  # what a class or an escape holds repeats nothing
    repeats = len(re.findall(r"[*+|]|\{\d*,?\d*\}", plain))
    if repeats < 2 or (repeats < 4 and not re.search(r"\)\s*[*+{]", plain)):
        return False
    bare = pattern.replace("\\", "")
    return not any(bare in one for one in _own_expressions())


@lru_cache(maxsize=1)
def _own_expressions() -> tuple[str, ...]:
    """R4's own constraints with a pattern, without backslashes: those are known to end."""
    shapes = [shape for name in ("ElementDefinition", "StructureDefinition") if (shape := core().type(name))]
    every = (rule.expression for shape in shapes for one in shape.below() for rule in one.constraints)
    return tuple(one.replace("\\", "") for one in every if "atches(" in one)


_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
    "matches": lambda text, pattern: tame(text, pattern) and bool(_pattern(pattern).fullmatch(text)),
}


_EACH: dict[str, Callable[[Items, Callable[[Any], Items]], Items]] = {
    "exists": lambda items, one: [any(truth(one(item)) for item in items)],
    "where": lambda items, one: [item for item in items if truth(one(item))],
    "all": lambda items, one: [all(truth(one(item)) is True for item in items)],
    "select": lambda items, one: [inner for item in items for inner in one(item)],
}


_MAKERS: dict[str, Callable[[Tree], Run]] = {
    **dict.fromkeys(("TermExpression", "InvocationTerm", "ParenthesizedTerm"), _only),
    "MemberInvocation": _member,
    "InvocationExpression": _path,
    "IndexerExpression": _index,
    "FunctionInvocation": _function,
    "ThisInvocation": lambda _: lambda items, __: items,
    "ExternalConstantTerm": _constant,
    "LiteralTerm": _literal,
}
