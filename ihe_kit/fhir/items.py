"""The repetitions of an element in an object, and what it takes for a value to be a demanded one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ihe_kit.fhir.comparing import span
from ihe_kit.fhir.report import At
from ihe_kit.fhir.shapes import Json, Shape
from ihe_kit.fhir.tables import data_types
from ihe_kit.units import UCUM, Quantity

_TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)
_ZONE = re.compile(r"T.*(Z|[+-]\d\d:\d\d)$")


@dataclass(frozen=True, slots=True)
class Item:
    """One repetition of an element: its value, what stands beside it if it is a primitive, where it is, and its type."""

    value: Any
    partner: Any
    at: At
    code: str


def occurrences(value: Json, at: At, child: Shape) -> Iterator[Item]:
    """Every repetition of an element in an object, whichever type of a choice it has."""
    stem = child.name.removesuffix("[x]")
    if stem == child.name:
        code = child.types[0].code if child.types else ""
        names = {stem: code} if stem in value or f"_{stem}" in value else {}
    else:
        there = dict.fromkeys(key.removeprefix("_") for key in value if key.startswith((stem, f"_{stem}")))
        names = {name: code for name in there if (code := _choices().get(name[len(stem) :], ""))}
    for name, code in names.items():
        main, beside = value.get(name), value.get(f"_{name}")
        if isinstance(main, list) or isinstance(beside, list):
            mains, besides = main if isinstance(main, list) else [], beside if isinstance(beside, list) else []
            for index in range(max(len(mains), len(besides))):
                item, partner = (listed[index] if index < len(listed) else None for listed in (mains, besides))
                if item is not None or partner is not None:
                    yield Item(item, partner, ((at, name if item is not None else f"_{name}"), index), _code(item, code))
        elif main is not None or beside is not None:
            yield Item(main, beside, (at, name if main is not None else f"_{name}"), _code(main, code))


def _code(value: Any, code: str) -> str:
    kind = value.get("resourceType") if isinstance(value, dict) and code in ("Resource", "") else None
    return kind if isinstance(kind, str) else code


@lru_cache(maxsize=1)
def _choices() -> dict[str, str]:
    """What the name of a choice may end with -> the type that it names."""
    return {code[:1].upper() + code[1:]: code for code in data_types()}


def same(value: Any, wanted: Any) -> bool:
    """Whether a value is a demanded one, to the letter."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and value.keys() == wanted.keys() and all(same(value[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(same, value, wanted))
    if isinstance(wanted, bool) or isinstance(value, bool) or isinstance(wanted, str):
        return value is wanted or (type(value) is type(wanted) and bool(value == wanted))
    return number(value) is not None and number(value) == number(wanted)


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value has in it what a pattern demands: every part of an object, every item of an array somewhere."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(key in value and fits(value[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(fits(item, one) for item in value) for one in wanted)
    return same(value, wanted)


def order(value: Any, limit: Any) -> int:
    """-1 where a value is surely less than a limit, 1 where it is surely greater, else 0: numbers, quantities, dates, times of the day.

    >>> order("1958-06-17", "1960"), order({"value": 1, "code": "g"}, {"value": 1, "code": "kg"})
    (-1, 0)
    """
    if isinstance(value, str) and isinstance(limit, str):
        return _order_of_moments(value, limit)
    one, other = number(value), number(limit)
    if one is None or other is None:
        return 0
    if isinstance(value, dict) and isinstance(limit, dict) and _unit(value) != _unit(limit):
        with suppress(ValueError, ArithmeticError):
            if value.get("system") == limit.get("system") == UCUM:
                one, other = (Quantity(each, str(said["code"])) for each, said in ((one, value), (other, limit)))
                return int(one > other) - int(one < other)
        return 0  # nobody can tell
    return int(one > other) - int(one < other)


def _unit(quantity: Json) -> Any:
    return quantity.get("system"), quantity.get("code") or quantity.get("unit")


def _order_of_moments(value: str, limit: str) -> int:
    if _TIME.fullmatch(value) and _TIME.fullmatch(limit):
        return int(value > limit) - int(value < limit)
    with suppress(ValueError):  # another finding says that it is no date
        if bool(_ZONE.search(value)) == bool(_ZONE.search(limit)):  # a moment with a zone and one without are not compared
            (first, last), (least, most) = span(value), span(limit)
            return int(first > most) - int(last < least)
    return 0


def number(value: Any) -> Any:
    """What can be compared in a value: a number, or the number of a quantity; else None."""
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return None
    with suppress(ArithmeticError, ValueError):
        return Decimal(str(value)) if not isinstance(value, str) else None
    return None
