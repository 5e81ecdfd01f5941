"""Searching: a resource as rows of an index, a query as conditions on such rows. Pure data; the store keeps the rows and asks them.

A row is (param, system, value, exact); the store adds the type and the id of the resource. A resource matches a `Condition` when, for any
one of its alternatives, there is a row with the condition's `param` for which the alternative holds. Conditions stand beside each other as
AND, alternatives as OR (FHIR R4 section 3.1.1). By `kind`, the alternatives and what they ask of a row:

| kind      | alternative         | asks                                                                          |
|-----------|---------------------|-------------------------------------------------------------------------------|
| string    | (text,)             | value begins with the text; both are normalised                               |
| contains  | (text,)             | value contains the text                                                       |
| exact     | (text,)             | exact is the text                                                             |
| token     | (system, code)      | system and value are these; None is not asked, "" as a system means no system |
| reference | (target,)           | value is the target, `Patient/1`                                              |
| date      | (prefix, low, high) | value and exact are the first and the last second of the resource's date      |

`Condition.sql()` says the same in SQL. Nothing else of FHIR's search is here: no :missing, no chains, no _include.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ihe_kit.core import nearest
from ihe_kit.files import rows

IndexRow = tuple[str, str, str, str]
Alternative = tuple[str | None, ...]
RESULT = ("_count", "_offset", "_format", "_pretty", "_summary", "_elements", "_sort", "_total", "_include", "_revinclude")

_MOMENT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII)
_SAME = "value >= ? AND exact <= ?"
_DATES = {  # prefix -> (the clause, which of low and high it takes): FHIR R4 section 3.1.1
    "eq": (_SAME, (0, 1)),
    "ne": (f"NOT ({_SAME})", (0, 1)),
    "gt": ("exact > ?", (1,)),
    "lt": ("value < ?", (0,)),
    "ge": (f"exact > ? OR ({_SAME})", (1, 0, 1)),
    "le": (f"value < ? OR ({_SAME})", (0, 0, 1)),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter that the course serves: what it is called, what kind of value it has, and where in the resource it looks."""

    name: str
    type: str
    paths: tuple[str, ...]
    system: str = ""  # of a bare code, which in the resource has none of its own


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a search; the table above says what its kind means."""

    param: str
    kind: str
    alternatives: tuple[Alternative, ...]

    def sql(self) -> tuple[str, list[str]]:
        """(an SQL clause on the columns system, value, exact; the values for its question marks). An index on value serves it."""
        pairs = [_SQL[self.kind](alternative) for alternative in self.alternatives]
        return " OR ".join(f"({clause})" for clause, _ in pairs), [value for _, values in pairs for value in values]


@lru_cache(maxsize=64)
def parameters(kind: str) -> tuple[Parameter, ...]:
    """The search parameters of a type that the course serves; none for another type."""
    lines = (row for row in rows("fhir/search.tsv") if row["resource"] == kind)
    return tuple(Parameter(line["name"], line["type"], tuple(line["path"].split(" | ")), line["system"]) for line in lines)


def find_parameter(kind: str, name: str) -> Parameter | None:
    """The parameter that a name in a query stands for, with or without its modifier; None for one that is not served.

    >>> find_parameter("Patient", "family:exact").type
    'string'
    """
    return next((parameter for parameter in parameters(kind) if parameter.name == name.partition(":")[0]), None)


def normal(text: str) -> str:
    """A text as strings are compared: without case, without combining marks, in one space between words.

    >>> normal("Kovácsová")
    'kovacsova'
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(letter for letter in folded if not unicodedata.combining(letter)).split())


# Writing the index -----------------------------------------------------------------------------------------------------------------


def index(resource: Mapping[str, Any]) -> list[IndexRow]:
    """The rows of a resource. What is not as its definition says is left out, never an error."""
    found: list[IndexRow] = []
    for parameter in parameters(str(resource.get("resourceType"))):
        for path in parameter.paths:
            for value in _values(resource, path.split(".")[1:]):
                found += [(parameter.name, *written) for written in _WRITERS[parameter.type](value, parameter.system)]
    return list(dict.fromkeys(found))


def _values(value: Any, names: Sequence[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, names)
    elif not names:
        yield value
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _values(value[names[0]], names[1:])


def _strings(value: Any, _: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield "", normal(value), value


def _tokens(value: Any, system: str) -> Iterator[tuple[str, str, str]]:
    """A bare code, an Identifier, a Coding, or the codings of a CodeableConcept."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, str):
        yield system, value, value
    elif isinstance(value, Mapping):
        for coding in _values(value, ["coding"]):
            yield from _tokens(coding, system)
        code, owner = value.get("value") or value.get("code"), value.get("system") or ""
        if isinstance(code, str) and isinstance(owner, str):
            yield owner, code, code


def _dates(value: Any, _: str) -> Iterator[tuple[str, str, str]]:
    period = value if isinstance(value, Mapping) else {"start": value, "end": value}
    try:
        low = span(str(period["start"]))[0] if period.get("start") else "0001-01-01T00:00:00"
        yield "", low, span(str(period["end"]))[1] if period.get("end") else "9999-12-31T23:59:59"
    except ValueError:
        return


def _references(value: Any, _: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, Mapping) and isinstance(value.get("reference"), str):
        yield "", "/".join(value["reference"].split("/")[-2:]), value["reference"]


_WRITERS: dict[str, Callable[[Any, str], Iterator[tuple[str, str, str]]]] = {
    "string": _strings,
    "token": _tokens,
    "date": _dates,
    "reference": _references,
}


def span(text: str) -> tuple[str, str]:
    """The first and the last second that a date or dateTime stands for, in UTC where it has a zone. Raises ValueError.

    >>> span("1958-06")
    ('1958-06-01T00:00:00', '1958-06-30T23:59:59')
    """
    found = _MOMENT.fullmatch(text.replace(" ", "+"))  # a plus sign that was not escaped in a query arrives as a space
    if not found:
        raise ValueError(f"{text!r} is no date: expected one such as 1958, 1958-06, 1958-06-17 or 2025-03-03T08:00:00+01:00")
    year, month, day, clock, seconds, zone = found.groups()
    last = day or calendar.monthrange(int(year), int(month or 12))[1]
    begins = f"{year}-{month or '01'}-{day or '01'}T{clock or '00:00'}:{seconds or '00'}{zone or ''}"
    ends = f"{year}-{month or '12'}-{last}T{clock or '23:59'}:{seconds or '59'}{zone or ''}"
    low, high = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    if zone and not 1 < int(year) < 9999:  # another zone may lie beyond the years that a calendar has
        raise ValueError(f"{text!r} is no date that can be compared")
    if zone:
        low, high = low.astimezone(UTC), high.astimezone(UTC)
    return low.replace(tzinfo=None).isoformat(), high.replace(tzinfo=None).isoformat()


# Reading a query -------------------------------------------------------------------------------------------------------------------


def criteria(kind: str, query: Iterable[tuple[str, str]], strict: bool = False) -> list[Condition]:
    """The conditions of a query on a type. Parameters that shape the answer (`_count`) are none, and an empty value asks nothing.

    A parameter that is not known is left aside, or refused when `strict` (Prefer: handling=strict). Raises ValueError for it, for a
    modifier that the parameter does not have, and for a value that cannot be read.

    >>> criteria("Patient", [("family:exact", "Lind"), ("_count", "5")])
    [Condition(param='family', kind='exact', alternatives=(('Lind',),))]
    """
    conditions = []
    for name, value in query:
        parameter = find_parameter(kind, name)
        if parameter:
            conditions += [_condition(parameter, name.partition(":")[2], value)] if value.strip(",") else []
        elif strict and name.partition(":")[0] not in RESULT:
            raise ValueError(f"{kind} has no search parameter {name} here" + nearest(name, (known.name for known in parameters(kind))))
    return conditions


def _condition(parameter: Parameter, modifier: str, value: str) -> Condition:
    allowed = ("exact", "contains") if parameter.type == "string" else ()
    if modifier and modifier not in allowed:
        raise ValueError(f"{parameter.name} is a {parameter.type} and has no modifier :{modifier}" + nearest(modifier, allowed))
    kind = modifier or parameter.type
    return Condition(parameter.name, kind, tuple(_READERS[kind](part) for part in _split(value, ",") if part))


def _token(text: str) -> Alternative:
    """`system|code`, `|code` (a code without a system), `system|` (any code of the system), `code` (of any system or none)."""
    parts = _split(text, "|", 1)
    if len(parts) == 1:
        return None, _plain(text)
    return _plain(parts[0]), _plain(parts[1]) or None


def _date(text: str) -> Alternative:
    prefix = text[:2] if text[:2].isalpha() else "eq"
    if prefix not in _DATES:
        raise ValueError(f"{prefix} is no prefix of a date here: expected one of {', '.join(_DATES)}")
    return prefix, *span(text.removeprefix(prefix))


_READERS: dict[str, Callable[[str], Alternative]] = {
    "string": lambda text: (normal(_plain(text)),),
    "contains": lambda text: (normal(_plain(text)),),
    "exact": lambda text: (_plain(text),),
    "token": _token,
    "date": _date,
    "reference": lambda text: ("/".join(text.split("/")[-2:]) if "/" in text else f"Patient/{text}",),
}


def _split(text: str, mark: str, most: int = 0) -> list[str]:
    """The parts between marks; a mark behind a backslash is none (FHIR R4 section 3.1.1)."""
    parts = [""]
    for piece in re.findall(r"(?s)\\.|.", text):
        if piece == mark and (not most or len(parts) <= most):
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _plain(text: str) -> str:
    return re.sub(r"\\([\\,|$])", r"\1", text)


# SQL -------------------------------------------------------------------------------------------------------------------------------


def _sql_token(alternative: Alternative) -> tuple[str, list[str]]:
    asked = [(name, value) for name, value in zip(("system", "value"), alternative, strict=True) if value is not None]
    return " AND ".join(f"{name} = ?" for name, _ in asked) or "1", [value for _, value in asked]


def _sql_date(alternative: Alternative) -> tuple[str, list[str]]:
    prefix, *ends = (str(part) for part in alternative)
    clause, wanted = _DATES[prefix]
    return clause, [ends[number] for number in wanted]


_SQL: dict[str, Callable[[Alternative], tuple[str, list[str]]]] = {
    # a range rather than LIKE: it uses the index, and % and _ are plain characters in it
    "string": lambda one: ("value >= ? AND value < ?", [str(one[0]), f"{one[0]}\U0010ffff"]),
    "contains": lambda one: ("instr(value, ?) > 0", [str(one[0])]),
    "exact": lambda one: ("exact = ?", [str(one[0])]),
    "token": _sql_token,
    "reference": lambda one: ("value = ?", [str(one[0])]),
    "date": _sql_date,
}
