"""The values of a query, type by type: a value as the test that it asks of a row of the index (FHIR R4 section 3.1.1.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from ihe_kit.fhir.comparing import normal, plain, span, split, split_reference
from ihe_kit.keys import LONGEST, split_key

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")  # FHIR R4 section 3.1.1.4.5


@dataclass(frozen=True, slots=True)
class Test:
    """What is asked of one row: SQL on its columns, with {x} for the row, and the values for its question marks. Of a date, `since` is the day
    on which what does not last beyond one day begins at the earliest, or "".
    """

    sql: str
    values: tuple[str | float, ...] = ()
    since: str = ""


def _string(text: str, _: str) -> Test:
    return _begins(normal(plain(text)))


def _begins(text: str) -> Test:
    """A range rather than LIKE: it uses the index, and % and _ are plain characters in it."""
    if not text:
        return Test("{x}.value = ?", ("",))
    value, rest = split_key(text)
    if rest:
        return Test("{x}.value = ? AND {x}.rest >= ? AND {x}.rest < ?", (value, rest, f"{rest}\U0010ffff"))
    return Test("{x}.value >= ? AND {x}.value < ?", (value, f"{value}\U0010ffff"))


def _is(text: str, system: str | None = None) -> Test:
    """The value, and the system where there is one to be. What is left of a value is asked only where something may be left."""
    value, rest = split_key(text)
    parts = {"value": value} | ({"rest": rest} if len(value) == LONGEST else {}) | ({} if system is None else {"system": system})
    return Test(" AND ".join(f"{{x}}.{column} = ?" for column in parts), tuple(parts.values()))


def _token(text: str, _: str) -> Test:
    """`system|code`, `|code` (a code without a system), `system|` (any code of the system), `code` (of any system or none)."""
    system, *code = split(text, "|", 1)
    if not code:
        return _is(plain(text))
    if not code[0]:
        return Test("{x}.system = ?", (plain(system),))
    return _is(plain(code[0]), plain(system))


def _of_type(text: str, _: str) -> Test:
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) != 3:
        raise ValueError(f":of-type is {text!r}, but wants the system and the code of the type and the value: system|code|value")
    return _is(parts[2], f"{parts[0]}|{parts[1]}")


def reference(text: str, base: str) -> Test:
    """A bare id, `Patient/1`, the same behind this server's own URL, or any other URL as it is written."""
    text = plain(text)
    kind, id = split_reference(text.removeprefix(base.rstrip("/") + "/") if base else text)
    return _is(id, kind or None)


def _above(text: str, _: str) -> Test:
    """Every URI that this one stands below: `http://a/b` for `http://a/b/c` (FHIR R4 section 3.1.1.4.9)."""
    parts = plain(text).split("/")
    tests = [_is("/".join(parts[:size])) for size in range(1, len(parts) + 1)][-30:]
    return Test(" OR ".join(f"({test.sql})" for test in tests), tuple(value for test in tests for value in test.values))


def _date(text: str, _: str) -> Test:
    """FHIR R4 section 3.1.1.4.7: a date is a range from its first to its last moment, and a prefix compares two ranges."""
    prefix, text = _prefixed(text)
    low, high = span(text)
    if prefix == "ap":
        low, high = f"{int(low[:4]) - 1:04}{low[4:]}", f"{int(high[:4]) + 1:04}{high[4:]}"
        return Test("{x}.low <= ? AND {x}.high >= ?", (high, low))
    return replace(_range(prefix, low, high), since=low[:10] if prefix in ("eq", "gt", "ge", "sa") else "")


def _range(prefix: str, low: str | float, high: str | float) -> Test:
    """What a prefix asks of a row's range, so that an index on its low or its high end bounds what has to be looked at."""
    same = "{x}.low >= ? AND {x}.low <= ? AND {x}.high <= ?"
    sql, values = {
        "eq": (same, (low, high, high)),
        "ne": (f"NOT ({same})", (low, high, high)),
        "gt": ("{x}.high > ?", (high,)),
        "lt": ("{x}.low < ?", (low,)),
        "ge": ("{x}.high >= ? AND ({x}.high > ? OR {x}.low >= ?)", (low, high, low)),
        "le": ("{x}.low <= ? AND ({x}.low < ? OR {x}.high <= ?)", (high, low, high)),
        "sa": ("{x}.low > ?", (high,)),
        "eb": ("{x}.high < ?", (low,)),
    }[prefix]
    return Test(sql, values)


def _number(text: str, _: str) -> Test:
    """FHIR R4 section 3.1.1.4.6: 100 stands for everything that rounds to it; with gt and the like for itself alone."""
    prefix, text = _prefixed(text)
    try:
        number = Decimal(text)
        if not number.is_finite() or not -300 < number.adjusted() < 300:
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number: expected one such as 5.4 or 1e2") from None
    exponent = number.as_tuple().exponent
    half = Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) else Decimal(0)
    value = float(number)
    if prefix == "ap":
        return Test("{x}.low <= ? AND {x}.high >= ?", (value + abs(value) / 10, value - abs(value) / 10))
    if prefix in ("eq", "ne"):
        low, high = float(number - half), float(number + half)
        test = Test("{x}.low >= ? AND {x}.low < ? AND {x}.high < ?", (low, high, high))
        return test if prefix == "eq" else replace(test, sql=f"NOT ({test.sql})")
    return _range(prefix, value, value)


def _quantity(text: str, _: str) -> Test:
    """`5.4`, `5.4|http://unitsofmeasure.org|mg` or `5.4||mg` (FHIR R4 section 3.1.1.4.11)."""
    number, *unit = split(text, "|", 2)
    test = _number(number, "")
    system, code = [*(plain(part) for part in unit), "", ""][:2]
    for column, value in (("system", system), ("code", code)):
        if value:
            test = Test(f"({test.sql}) AND {{x}}.{column} = ?", (*test.values, value))
    return test


def _prefixed(text: str) -> tuple[str, str]:
    """(prefix, the rest); `eq` where there is none."""
    found = re.match(r"[a-z]+(?=[\d.+-])", text)
    if not found:
        return "eq", text
    if found.group() not in PREFIXES:
        raise ValueError(f"{found.group()} is no prefix: expected one of {', '.join(PREFIXES)}")
    return found.group(), text[found.end() :]


READERS: dict[str, Callable[[str, str], Test]] = {
    "string": _string,
    "string:contains": lambda text, _: Test("instr({x}.value || {x}.rest, ?) > 0", (normal(plain(text)),)),
    "string:exact": lambda text, _: Test("{x}.exact = ?", (plain(text),)),
    "token": _token,
    "token:text": _string,
    "token:of-type": _of_type,
    "reference": reference,
    "reference:identifier": _token,
    "uri": lambda text, _: _is(plain(text)),
    "uri:below": lambda text, _: _begins(plain(text)),
    "uri:above": _above,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
}
