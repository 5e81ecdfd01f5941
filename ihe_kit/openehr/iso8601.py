"""Dates, times and durations as openEHR writes them (ISO 8601, as exact as is known), and what templates ask of them.

ISO 8601 has an extended form, with - and :, and a basic one without; the first separator decides for the whole value.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta
from functools import lru_cache

_DATE = r"(?P<Y>\d{4})(?:(?P<extended>-)?(?P<M>\d\d)(?:(?(extended)-)(?P<D>\d\d))?)?"
_ZONE = r"(?P<Z>Z|[+-]\d\d(?::?\d\d)?)?"
_TIME = r"(?P<h>[01]\d|2[0-3])(?:~(?P<m>[0-5]\d)(?:(?(extended):)(?P<s>[0-5]\d)(?:[.,](?P<f>\d+))?)?)?" + _ZONE
FORMS = {
    "DV_DATE": (re.compile(_DATE, re.ASCII), "2025-03-03"),
    "DV_TIME": (re.compile("T?" + _TIME.replace("~", "(?P<extended>:)?"), re.ASCII), "08:00:00+01:00"),
    "DV_DATE_TIME": (re.compile(f"{_DATE}(?:T{_TIME.replace('~', '(?(extended):)')})?", re.ASCII), "2025-03-03T08:00:00+01:00"),
    "DV_DURATION": (
        re.compile(
            r"(?P<sign>[+-])?P(?=.)(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
            r"(?:T(?=.)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)(?:[.,](?P<f>\d+))?S)?)?",
            re.ASCII,
        ),
        "P1DT12H",
    ),
}
_SECONDS = {"Y": 31_556_952, "M": 2_629_746, "W": 604_800, "D": 86_400, "h": 3600, "m": 60, "s": 1}  # a mean year, a twelfth of it


@lru_cache(maxsize=4096)
def read(type_: str, text: str) -> dict[str, str] | None:
    """The parts of a value, by the letters Y M W D h m s f Z (and sign); None where it is not of the class's form, or no day of the calendar.

    >>> read("DV_DATE", "2025-02-30") is None
    True
    """
    found = FORMS[type_][0].fullmatch(text) if len(text) < 100 else None
    parts = {key: value for key, value in found.groupdict().items() if value} if found else None
    if parts and type_ in ("DV_DATE", "DV_DATE_TIME"):
        year, month, day = int(parts["Y"]), int(parts.get("M", 1)), int(parts.get("D", 1))
        if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
            return None
    return parts


def amount(type_: str, text: str) -> float | datetime | None:
    """A number or a moment by which values of one class are compared; None where that is not certain.

    A duration has a mean year and month. A date that is only partly known, or a time without its zone beside one with it, has no certain order.
    """
    parts = read(type_, text)
    if parts is None:
        return None
    if type_ == "DV_DURATION":
        seconds = sum(float(parts.get(key, 0)) * size for key, size in _SECONDS.items()) + float(f"0.{parts.get('f', 0)}")
        return -seconds if parts.get("sign") == "-" else seconds
    if "D" not in parts and type_ != "DV_TIME":
        return None
    day = (int(parts.get("Y", 2000)), int(parts.get("M", 1)), int(parts.get("D", 1)))
    try:
        moment = datetime(
            *day, int(parts.get("h", 0)), int(parts.get("m", 0)), int(parts.get("s", 0)), int(parts.get("f", "0")[:6].ljust(6, "0"))
        )
        return moment - _offset(parts["Z"]) if "Z" in parts else moment
    except OverflowError:
        return None


def _offset(zone: str) -> timedelta:
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return timedelta() if zone == "Z" else (1 if zone[0] == "+" else -1) * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))


def zoned(type_: str, text: str) -> bool:
    return "Z" in (read(type_, text) or {})


def order(type_: str, one: str, other: str) -> int | None:
    """-1, 0 or 1 as the first value is before, at or after the second; None where nobody can say.

    >>> order("DV_DURATION", "PT24H", "P1D")
    0
    """
    first, second = amount(type_, one), amount(type_, other)
    if first is None or second is None or zoned(type_, one) != zoned(type_, other):
        return None
    return (first > second) - (first < second)  # type: ignore[operator]


_PATTERN = {
    "DV_DATE": "Y-M-D",
    "DV_TIME": "h:m:s",
    "DV_DATE_TIME": "Y-M-DTh:m:s",
}


def breaks(type_: str, pattern: str, text: str) -> str:
    """What a value lacks, or has too much, by the pattern of a template (`yyyy-mm-ddTHH:MM:SS`, `PYMD`); "" where it keeps it.

    In a pattern ?? is a part that may be left out, XX one that must be; a duration has only the parts that its pattern names.

    >>> breaks("DV_DATE", "yyyy-mm-??", "2025")
    'the month'
    """
    parts = read(type_, text)
    if parts is None:
        return ""
    if type_ == "DV_DURATION":
        day, _, clock = pattern.upper().removeprefix("P").partition("T")
        allowed = {*day, *clock.lower()} | ({"f"} if "S" in clock else set()) | {"sign"}
        return next((f"no {_PARTS[key]}" for key in parts if key not in allowed), "")
    asked = re.split("[-:T]", pattern)
    for key, want in zip(re.split("[-:T]", _PATTERN[type_]), asked, strict=False):
        if want.upper() in ("XX", "X") and key in parts:
            return f"no {_PARTS[key]}"
        if "?" not in want and want.upper() not in ("XX", "X") and key not in parts:
            return f"the {_PARTS[key]}"
    return ""


_PARTS = {"Y": "year", "M": "month", "W": "week", "D": "day", "h": "hour", "m": "minute", "s": "second", "f": "fraction", "sign": "sign"}
