"""Named values to an HL7 v2 message. Clock and identifiers are passed in, so the same values give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ihe_kit.core import UnknownPath
from ihe_kit.v2.dictionary import is_composite
from ihe_kit.v2.message import V2Message, parse, without_controls
from ihe_kit.v2.paths import Path
from ihe_kit.v2.tables import DEFAULT, Row, structure

Clock = Callable[[], datetime]
Ids = Callable[[], str]

_SYNTAX = V2Message("MSH|^~\\&")  # lends its delimiters and its escapes


def build(name: str, values: Mapping[str, str], clock: Clock, ids: Ids, version: str = DEFAULT) -> V2Message:
    """A message of a structure such as `ADT_A01`. `values` maps paths to values; delimiters in a value are escaped, "" is left out.

    A path to something composite (`MSH-9`) takes it as it is written (`ADT^A01^ADT_A01`). MSH-7 comes from the
    clock and MSH-10 from `ids` unless given. Raises UnknownPath for a path that the version does not have, ValueError for an unknown
    structure.
    """
    written = {path: _written(path, value, version) if value else "" for path, value in values.items()}
    return _assemble(name, written, clock, ids, version)


def _assemble(name: str, written: Mapping[str, str], clock: Clock, ids: Ids, version: str) -> V2Message:
    """The message of values that are already written as HL7 v2 writes them."""
    parts = structure(name, version)
    if not parts:
        raise ValueError(f"version {version} has no message structure {name!r}")
    moment = timestamp(clock())
    filled = {"MSH-7": moment, "MSH-10": written.get("MSH-10") or ids(), "MSH-12": version, **written}
    if any(not value.isascii() for value in filled.values()):
        filled.setdefault("MSH-18", "UNICODE UTF-8")
    filled = {path: value for path, value in filled.items() if value}
    order = _order(parts)
    segments: dict[tuple[int, int, str], list[str]] = {}
    for path, value in filled.items():
        where = Path.read(path)
        if where.segment not in order:
            raise UnknownPath(f"{name} has no segment {where.segment}, so there is no place for {path}")
        key = (order.index(where.segment), where.occurrence or 1, where.segment)
        _put(segments.setdefault(key, [where.segment]), where, value)
    for part in parts:
        if part.least and not part.children:
            segments.setdefault((order.index(part.key), 1, part.key), [part.key])
    lines = ["|".join(fields) for _, fields in sorted(segments.items())]
    return parse("".join(line + "\r" for line in [_header(lines[0]), *lines[1:]]))


def timestamp(moment: datetime) -> str:
    """A moment as HL7 writes it, to the second and with its zone: `20250303080000+0100` (HL7 v2.5 section 2.A.22)."""
    return moment.strftime("%Y%m%d%H%M%S%z")


def _order(parts: Sequence[Row]) -> list[str]:
    names: list[str] = []
    for part in parts:
        names += _order(part.children) if part.children else [part.key]
    return list(dict.fromkeys(names))


def _written(path: str, value: str, version: str) -> str:
    return without_controls(value) if is_composite(path, version) else _SYNTAX.escape(value)


def _put(fields: list[str], where: Path, value: str) -> None:
    """Writes the value at its place among the fields, with as many delimiters as are missing before it."""

    def put(text: str, separator: str, number: int, inner: Callable[[str], str]) -> str:
        if not number:
            return inner(text)
        parts = text.split(separator)
        parts += [""] * (number - len(parts))
        parts[number - 1] = inner(parts[number - 1])
        return separator.join(parts)

    fields += [""] * (where.field + 1 - len(fields))
    fields[where.field] = put(
        fields[where.field],
        "~",
        where.repetition or (1 if "~" in fields[where.field] else 0),
        lambda repetition: put(
            repetition, "^", where.component, lambda component: put(component, "&", where.subcomponent, lambda _: value)
        ),
    )


def _header(line: str) -> str:
    """MSH-1 is the separator itself, so the fields of MSH stand one place further to the left than their numbers say."""
    return "MSH|^~\\&|" + line.split("|", 3)[-1]
