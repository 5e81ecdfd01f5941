"""How AQL compares values, puts them in order and computes with them (openEHR QUERY 1.1.0, AQL, sections 3.7, 3.8 and 3.10).

A data value is compared by what it measures: a quantity by its magnitude, a coded text by its text, a date by the moment that it names. What is
missing, or of another kind, is neither equal nor unequal to anything, so a comparison with it never holds.

Dates and times are strings in AQL; two strings are compared as moments where both can be read as such, and one of them is written with hyphens. A
date that is known in part stands for all the time that it may mean: 2025-03 is equal to any moment in that March, and before any later one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil, floor, fmod, isfinite
from typing import Any

from ihe_kit.openehr import iso8601

Json = Any
Moment = tuple[float, float]  # the first and the last second that a date may mean
_WHAT = {  # by which attribute an object of a class is compared
    "DV_QUANTITY": "magnitude",
    "DV_COUNT": "magnitude",
    "CODE_PHRASE": "code_string",
    "DV_IDENTIFIER": "id",
    "DV_MULTIMEDIA": "uri",
    "PARTY_IDENTIFIED": "name",
}
_NUMBERS = (int, float)
_EPOCH = datetime(1970, 1, 1)


def plain(value: Json) -> Json:
    """The number, text or truth by which a value is compared; None for what cannot be.

    >>> plain({"_type": "DV_QUANTITY", "magnitude": 120, "units": "mm[Hg]"})
    120
    """
    if not isinstance(value, dict):
        return None if isinstance(value, list) else value
    type_ = value.get("_type")
    type_ = type_ if isinstance(type_, str) else None
    if type_ == "DV_PROPORTION":
        numerator, denominator = value.get("numerator"), value.get("denominator")
        return _ratio(numerator, denominator)
    names = [_WHAT[type_]] if type_ in _WHAT else ["value"] if type_ else ["value", "magnitude", "code_string"]
    found = next((value[name] for name in names if name in value), None)
    return (
        plain(found) if isinstance(found, dict) and type_ in ("DV_MULTIMEDIA", None) else None if isinstance(found, dict | list) else found
    )


def _ratio(numerator: Json, denominator: Json) -> float | None:
    try:
        return float(numerator / denominator) if is_number(numerator) and is_number(denominator) else None
    except ArithmeticError:
        return None


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class FromUrl(str):
    """A text out of a URL, where a number cannot be told from a text: beside a number it is one, beside a truth it is true or false."""

    def beside(self, other: Json) -> Json:
        if isinstance(other, bool):
            return {"true": True, "false": False}.get(self.lower(), self)
        if is_number(other):
            with suppress(ValueError):
                return float(self)
        return self


def is_word(value: Json) -> bool:
    """Whether a value is a text that is equal to itself alone: no number of a URL, no date, time or duration, which may be written in several ways."""
    return isinstance(value, str) and not isinstance(value, FromUrl) and not moment(value) and ":" not in value and "P" not in value[:2]


def compare(left: Json, operator: str, right: Json) -> bool:
    """Whether a comparison holds. False wherever a side is missing or the two are of different kinds.

    >>> compare("2025-03-03T08:00:00+01:00", ">=", "2025-03-03")
    True
    """
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return operator != "LIKE" and HOLDS[operator]((left > right) - (left < right))
    one, other = plain(left), plain(right)
    one, other = one.beside(other) if isinstance(one, FromUrl) else one, other.beside(one) if isinstance(other, FromUrl) else other
    if one is None or other is None:
        return operator in ("=", "!=") and _same_objects(left, right) is (operator == "=")
    if operator == "LIKE":
        return isinstance(one, str) and isinstance(other, str) and bool(_pattern(other).fullmatch(one))
    sign = _sign(one, other)
    return sign is not None and HOLDS[operator](sign)


def _same_objects(left: Json, right: Json) -> bool | None:
    """Whether two whole objects are the same; None where at least one is no object, so that nobody can say."""
    return left == right if isinstance(left, dict | list) and isinstance(right, dict | list) else None


HOLDS: dict[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def _sign(one: Json, other: Json) -> Any:
    """-1, 0 or 1 as one is before, equal to or after the other; None where they are of different kinds."""
    if is_number(one) and is_number(other):
        return (one > other) - (one < other)
    if isinstance(one, bool) and isinstance(other, bool):
        return one - other
    if not isinstance(one, str) or not isinstance(other, str):
        return None
    if one == other:
        return 0
    for read in (_moments, _times, _durations):
        pair = read(one, other)
        if pair:
            (low, high), (least, most) = pair
            inside = (low <= least and most <= high) or (least <= low and high <= most)
            return 0 if inside else (low > least) - (low < least)
    return (one > other) - (one < other)


def _moments(one: str, other: str) -> tuple[Moment, Moment] | None:
    if not (one[4:5] == "-" or other[4:5] == "-"):  # 8 digits may be a code as well as a day
        return None
    first, second = moment(one), moment(other)
    return (first, second) if first and second else None


def _times(one: str, other: str) -> Any:
    first, second = (iso8601.amount("DV_TIME", text) if ":" in text else None for text in (one, other))
    return _points(first, second)


def _durations(one: str, other: str) -> Any:
    first, second = (iso8601.amount("DV_DURATION", text) if "P" in text[:2] else None for text in (one, other))
    return _points(first, second)


def _points(*values: float | datetime | None) -> Any:
    numbers = [(value - _EPOCH).total_seconds() if isinstance(value, datetime) else value for value in values]
    return None if None in numbers else tuple((number, number) for number in numbers)


@lru_cache(maxsize=65536)
def moment(text: str) -> Moment | None:
    """The first and the last second that a date or a date and time may mean, in UTC; None for what is none. Without a zone, UTC is taken.

    >>> moment("1970-01-01T01:00:01+01:00")
    (1.0, 1.999999)
    """
    if not text[:4].isdigit():
        return None
    parts = iso8601.read("DV_DATE_TIME", text)
    if not parts:
        return None
    year, month, day = int(parts["Y"]), int(parts.get("M", 1)), int(parts.get("D", 1))
    fraction = parts.get("f", "")[:6].ljust(6, "0")
    try:
        low = datetime(year, month, day, int(parts.get("h", 0)), int(parts.get("m", 0)), int(parts.get("s", 0)), int(fraction))
        zone = iso8601.read("DV_DATE_TIME", "1970-01-02T00:00:00" + parts["Z"]) if "Z" in parts else None
        low -= timedelta(minutes=_minutes(parts["Z"])) if zone else timedelta()
        high = _end(low, parts)
    except OverflowError:
        return None
    first = (low - _EPOCH).total_seconds()
    return (first, first) if "f" in parts else (first, round((high - _EPOCH).total_seconds() - 0.000001, 6))


def _minutes(zone: str) -> int:
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return 0 if zone == "Z" else (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 60 + int(digits[2:]))


def _end(low: datetime, parts: dict[str, str]) -> datetime:
    """The first moment after what a date with these parts may mean."""
    sizes = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "D": timedelta(days=1)}
    size = next((sizes[part] for part in sizes if part in parts), None)
    if size:
        return low + size
    return datetime(low.year + 1, 1, 1) if "M" not in parts else datetime(low.year + low.month // 12, low.month % 12 + 1, 1)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    r"""A pattern of LIKE: * is any text, ? one character, and \ before one of these takes it as it is."""
    pieces = re.findall(r"\\([*?\\])|([*])|([?])|(.)", text, re.S)
    return re.compile(
        "".join(".*" if star else "." if mark else re.escape(escaped or other) for escaped, star, mark, other in pieces), re.S
    )


def sort_key(value: Json, descending: bool = False) -> tuple[Any, ...]:
    """By what rows are put in order: truths, numbers, times, texts, whole objects, each kind among itself; what is missing comes last, always."""
    one = plain(value)
    if one is None:
        return (1 if isinstance(value, dict | list) else 2, 0, 0)
    sign = -1 if descending else 1
    if isinstance(one, bool | int | float):
        return (0, sign * (not isinstance(one, bool)), sign * one)
    when = moment(one) if one[4:5] == "-" else None
    return (0, sign * 2, sign * when[0]) if when else (0, sign * 3, _Backwards(one) if descending else one)


class _Backwards(str):
    """A text that sorts the other way round."""

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


# Functions. Each gives None where an argument is missing or of another kind.


def _of_texts(function: Callable[..., Json]) -> Callable[..., Json]:
    return lambda *values: function(*values) if all(isinstance(value, str) for value in values) else None


def _of_numbers(function: Callable[..., Json]) -> Callable[..., Json]:
    return lambda *values: function(*values) if all(is_number(value) for value in values) else None


def _substring(text: Json, position: Json, length: Json = None) -> str | None:
    if not isinstance(text, str) or not isinstance(position, int) or not (length is None or isinstance(length, int)):
        return None
    start, end = position - 1, None if length is None else position - 1 + length
    return text[max(start, 0) : end if end is None else max(end, 0)]


def _joined(separator: str, texts: Sequence[str]) -> str | None:
    """The texts as one; nothing where it would be longer than any text is."""
    return separator.join(texts) if sum(map(len, texts)) + len(separator) * len(texts) < 1_000_000 else None


def _rounded(number: float, digits: int = 0) -> float:
    """Half away from zero, as people round, and not to the even neighbour."""
    if not isinstance(digits, int) or abs(digits) > 15:
        return number
    scale = 10.0**digits
    found = floor(abs(number) * scale + 0.5) / scale * (1 if number >= 0 else -1)
    return int(found) if digits <= 0 else found


# name -> (fewest arguments, most, what it does)
FUNCTIONS: dict[str, tuple[int, int, Callable[..., Json]]] = {
    "LENGTH": (1, 1, _of_texts(len)),
    "CONTAINS": (2, 2, _of_texts(lambda text, part: part in text)),
    "POSITION": (2, 2, _of_texts(lambda part, text: text.find(part) + 1)),
    "SUBSTRING": (2, 3, _substring),
    "CONCAT": (1, 100, _of_texts(lambda *texts: _joined("", texts))),
    "CONCAT_WS": (2, 100, _of_texts(lambda separator, *texts: _joined(separator, texts))),
    "ABS": (1, 1, _of_numbers(abs)),
    "MOD": (
        2,
        2,
        _of_numbers(
            lambda one, other: (fmod(one, other) if float in (type(one), type(other)) else int(fmod(one, other))) if other else None
        ),
    ),
    "CEIL": (1, 1, _of_numbers(ceil)),
    "FLOOR": (1, 1, _of_numbers(floor)),
    "ROUND": (1, 2, _of_numbers(_rounded)),
}


def times(now: datetime) -> dict[str, str]:
    """What the functions of the clock give at a moment."""
    zoned = now if now.tzinfo else now.replace(tzinfo=UTC)
    whole = zoned.isoformat(timespec="milliseconds")
    return {
        "CURRENT_DATE": zoned.date().isoformat(),
        "CURRENT_TIME": zoned.strftime("%H:%M:%S"),
        "CURRENT_DATE_TIME": whole,
        "NOW": whole,
        "CURRENT_TIMEZONE": whole[-6:],
    }


CLOCK = tuple(times(datetime(1970, 1, 1, tzinfo=UTC)))


def aggregate(name: str, values: Sequence[Json]) -> Json:
    """MIN, MAX, SUM or AVG of what is there; None where nothing is."""
    there = [one for one in map(plain, values) if one is not None]
    if name in ("MIN", "MAX"):
        return (min if name == "MIN" else max)(there, key=sort_key, default=None)
    numbers = [one for one in there if is_number(one)]
    if not numbers:
        return None
    total = sum(numbers)
    found = total if name == "SUM" else _ratio(total, len(numbers))
    return found if isinstance(found, int) or (found is not None and isfinite(found)) else None
