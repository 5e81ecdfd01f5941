"""Pages of a search that stay put: each link names the last thing that was shown and the moment of the first page, not a number of things.

What is stored after the first page has a higher serial number than any thing that was there, so later pages leave it out: nothing is shown
twice, nothing is skipped, and no list has to be kept between two requests (FHIR R4 section 3.1.1.5.3 leaves the form of the links open).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.core import nearest
from ihe_kit.fhir.parameters import find_parameter, parameters
from ihe_kit.fhir.search import TABLES
from ihe_kit.fhir.search_sql import Selection

PAGE, LARGEST_PAGE = 20, 1000
_LAST: dict[bool, Any] = {True: "\U0010ffff", False: ""}  # what has no value comes last, upwards and downwards
_LAST_NUMBER = {True: 1e308, False: -1e308}


@dataclass(frozen=True)
class Page:
    """The owners on one page, and the cursors that lead to the next and to the previous one."""

    owners: list[int] = field(default_factory=list)
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class Sort:
    """One key of `_sort`: a parameter of a type, upwards or not."""

    kind: str
    name: str
    type: str
    up: bool

    @property
    def table(self) -> str:
        return "document" if self.name == "_id" else TABLES.get(self.type, "entry")

    def fits(self, key: Any) -> bool:
        """Whether a key is of the kind that it sorts by: a number, or a text."""
        return isinstance(key, (int, float) if self.table == "amount" else str)

    def sql(self, call: Call) -> tuple[str, list[Any]]:
        """The key of the owner in `o`: the least of several values upwards, the greatest downwards (FHIR R4 section 3.1.1.5.1)."""
        best = "MIN" if self.up else "MAX"
        table = self.table
        if table == "document":
            return "(SELECT d.id FROM document d WHERE d.owner = o.owner AND d.current = 1)", []
        column = "value" if table == "entry" else "low" if self.up else "high"
        last = (_LAST_NUMBER if table == "amount" else _LAST)[self.up]
        sql = f"COALESCE((SELECT {best}(s.{column}) FROM {table} s WHERE s.owner = o.owner AND s.param + 0 = ?), ?)"
        return sql, [call.store.param(self.kind, self.name), last]


def read_sort(call: Call, kind: str) -> tuple[Sort, ...]:
    """The keys that a search is to be sorted by. Raises Refused for one that is no parameter of the type."""
    found = []
    for name in filter(None, call.option("_sort").split(",")):
        plain = name.removeprefix("-")
        parameter = find_parameter(kind, plain) if kind else None
        if parameter is None or parameter.components:
            if not call.wants("handling=strict") and not kind:
                continue
            known = nearest(plain, (one.name for one in parameters(kind)))
            raise Refused(f"_sort names {plain}, which is no search parameter of {kind or 'every type'} to sort by{known}")
        found.append(Sort(kind, plain, parameter.type, name == plain))
    return tuple(found)


def page_of(call: Call, selection: Selection, count: int, sort: Sequence[Sort]) -> Page:
    """One page of the owners that a selection gives, in their order."""
    cursor = _read_cursor(call.option("_page"), sort)
    back = bool(cursor and cursor["back"])
    until = cursor["until"] if cursor else int(call.store.ask("SELECT COALESCE(MAX(serial), 0) FROM document")[0][0])
    sql, values = _sorted(call, selection, sort, back, until, cursor["key"] if cursor else None)
    offset = call.number("_offset", 0) if not cursor else 0
    found = call.store.ask(f"{sql} LIMIT ? OFFSET ?", [*values, count + 1, offset])
    more, found = len(found) > count, found[:count]
    if back:
        found.reverse()
    if not found:
        return Page()
    after = _cursor(until, False, found[-1]) if more or back else ""
    before = _cursor(until, True, found[0]) if (more if back else cursor or offset) else ""
    return Page([row[-1] for row in found], after, before)


def _sorted(call: Call, selection: Selection, sort: Sequence[Sort], back: bool, until: int, key: list[Any] | None) -> tuple[str, list[Any]]:
    """The rows (key, ..., owner) behind a key, in order."""
    if selection.column and not sort:  # in the order in which the index has them: nothing is to be sorted, and no more read than is shown
        behind = f" AND {selection.column} {'<' if back else '>'} ?" if key else ""
        sql = f"{selection.sql} AND {selection.column} <= ?{behind} ORDER BY owner {'DESC' if back else 'ASC'}"
        return sql, [*selection.values, until, *(key or ())]
    keys = [one.sql(call) for one in sort]
    names = [f"k{number}" for number in range(len(keys))]
    shown = ", ".join([*(f"{sql} AS {name}" for (sql, _), name in zip(keys, names, strict=True)), "o.owner AS owner"])
    upwards = [one.up != back for one in sort] + [not back]
    order = ", ".join(f"{name} {'ASC' if up else 'DESC'}" for name, up in zip([*names, "owner"], upwards, strict=True))
    bound = [value for _, more in keys for value in more] + selection.values + [until]
    where, limits = _behind([*names, "owner"], upwards, key) if key else ("", [])
    return f"SELECT * FROM (SELECT {shown} FROM ({selection.sql}) o WHERE o.owner <= ?) p{where} ORDER BY {order}", bound + limits


def _behind(names: Sequence[str], upwards: Sequence[bool], key: Sequence[Any]) -> tuple[str, list[Any]]:
    """What comes after a key: greater in the first column, or the same there and greater in the second, and so on."""
    parts: list[str] = []
    values: list[Any] = []
    for place, (name, up) in enumerate(zip(names, upwards, strict=True)):
        parts.append(" AND ".join([*(f"{same} = ?" for same in names[:place]), f"{name} {'>' if up else '<'} ?"]))
        values += key[: place + 1]
    return f" WHERE {' OR '.join(f'({part})' for part in parts)}", values


def _cursor(until: int, back: bool, row: Sequence[Any]) -> str:
    return urlsafe_b64encode(json.dumps([until, int(back), *row], separators=(",", ":")).encode()).decode().rstrip("=")


def _read_cursor(text: str, sort: Sequence[Sort]) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        until, back, *key = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not all(isinstance(one, int) and 0 <= one < 2**62 for one in (until, back, key[-1])) or len(key) != len(sort) + 1:
            raise ValueError
        if not all(one.fits(value) for value, one in zip(key, sort, strict=False)):
            raise ValueError
    except (ValueError, TypeError, IndexError):
        raise Refused("_page is none that this server gave out. Begin the search again from its first page.") from None
    return {"until": until, "back": back, "key": key}
