"""Named values to an HL7 v2 message. Clock and identifiers are passed in, so the same values give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from ihe_kit.core import UnknownPath
from ihe_kit.v2.assembly import Assembly, Place, way
from ihe_kit.v2.dictionary import is_composite
from ihe_kit.v2.message import V2Message, parse, without_controls
from ihe_kit.v2.paths import NAME, Path
from ihe_kit.v2.structure import placed
from ihe_kit.v2.tables import DEFAULT, structure, supported

Clock = Callable[[], datetime]
Ids = Callable[[], str]

_USUAL = V2Message("MSH|^~\\&")  # lends its delimiters and its escapes


class Written(str):
    """A value as it stands in a message, delimiters and escapes included: `build()` puts it in unchanged, even where it is empty."""


def build(name: str, values: Mapping[str, Any], clock: Clock, ids: Ids, version: str = DEFAULT) -> V2Message:
    """A message of a structure such as `ORU_R01`. `values` maps paths to values: text, or lists and mappings of values.

    A list counts (repetitions of a field, occurrences of a segment or a group), a mapping goes one step further down the path, so
    `{"PID-3": ["4711", "99"]}` says the same as `{"PID-3[1]": "4711", "PID-3[2]": "99"}`, and `{"OBX": [{"5": "7.2"}]}` as
    `{"OBX[1]-5": "7.2"}`. Delimiters in a text are escaped; a path to something composite (`MSH-9`) takes the text as HL7 writes it with the
    usual delimiters (`ADT^A01^ADT_A01`). "" is left out, `'""'` is sent: NULL, delete what you hold.

    Segments get the order of the structure; those of repeated groups by their group's path (`ORDER_OBSERVATION[2].OBR-4`), or by the order
    in which they are first named (see `assembly`). MSH-7 comes from the clock and MSH-10 from `ids` unless given; MSH-1 and MSH-2 may choose
    other delimiters, from version 2.7 on with a fifth one, for truncation. Raises UnknownPath for a path that the version or the structure
    does not have, ValueError for an unknown structure and for a value that is no text.

    >>> at = lambda: datetime(2025, 3, 3)
    >>> build("ORU_R01", {"OBR[1]-4": "A", "OBX[1]-5": "1", "OBR[2]-4": "B", "OBX[2]-5": "2"}, at, lambda: "F1").segments[3].name
    'OBR'
    """
    parts = structure(name, version)
    if not parts:
        raise ValueError(f"version {version} has no message structure {name!r}")
    given = dict(flat(values))
    syntax = _syntax(given.pop("MSH-1", ""), given.pop("MSH-2", ""), version)
    text = {path: written(path, value, version, syntax) for path, value in given.items()}
    filled = {"MSH-7": timestamp(clock()), "MSH-10": text.get("MSH-10") or ids(), "MSH-12": version, **text}
    if any(not value.isascii() for value in filled.values()):
        filled.setdefault("MSH-18", "UNICODE UTF-8")
    return _assemble(name, {path: value for path, value in filled.items() if value or isinstance(value, Written)}, version, syntax)


def values(message: V2Message) -> dict[str, str]:
    """What `build()` makes the same message of: each field as it is written, by its path with its groups. Nothing is read or mended.

    Trailing separators are kept; what has no place in the message's structure is there too, and `build()` will refuse it.
    """
    found: dict[str, str] = dict.fromkeys(("MSH-7", "MSH-10", "MSH-12", "MSH-18"), "")
    for fields in values_by_segment(message):
        found |= fields
    return found


def values_by_segment(message: V2Message) -> Iterator[dict[str, str]]:
    """The values of each segment, one after the other. A segment without fields has only its own path."""
    placing = placed(message)
    groups = placing.groups or (None,) * len(message.segments)
    shared = {line.name for line, group in zip(message.segments, groups, strict=True) if group}
    counts: dict[str, int] = {}
    group = None
    for at, line in enumerate(message.segments):
        if groups[at] or not re.fullmatch("Z..", line.name):  # a local segment follows another one, in whose group it is named
            group = groups[at]
        above = group.path if group else placing.structure if line.name in shared else ""
        path = f"{above}.{line.name}" if above else line.name
        counts[path] = counts.get(path, 0) + 1
        path = f"{path}[{counts[path]}]" if line.name != "MSH" else path
        spans = message.fields(line)
        fields: dict[str, str] = {f"{path}-{n}": Written(message.text[slice(*span)]) for n, span in enumerate(spans) if n}
        yield fields or {path: Written()}


def flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Values by whole paths: lists become numbers in brackets, mappings longer paths. Raises ValueError for what is no value."""
    for key, value in values.items():
        yield from _flat(f"{path}{_joint(path, str(key))}{key}", value)


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        yield from flat(value, path)
    elif isinstance(value, Sequence):
        for number, one in enumerate(value, start=1):
            yield from _flat(f"{path}[{number}]", one)
    else:
        raise ValueError(f"the value at {path} is {value!r}: expected a text, or a list or a mapping of texts")


def _joint(path: str, key: str) -> str:
    """What stands between a path and the next step: `PID` and `3` are joined to `PID-3`, `PID-3` and `1` to `PID-3.1`."""
    segment = NAME.fullmatch(re.sub(r"\[\d+\]$", "", path).rpartition(".")[2])
    return "" if not path else "-" if segment and key[:1].isdigit() else "."


def _syntax(separator: str, marks: str, version: str) -> V2Message:
    """The delimiters, as the header of a message that lends them. Raises Unreadable or ValueError where they cannot be delimiters."""
    if len(marks) > 4 and version < "2.7":
        raise ValueError(f"MSH-2 is {marks!r}: the fifth character, for truncation, came with version 2.7, and this is version {version}")
    return V2Message(f"MSH{separator or '|'}{marks or _USUAL.marks}") if separator or marks else _USUAL


def build_from(name: str, given: Mapping[str, str], message: V2Message) -> V2Message:
    """A message of values that are all written already, in the version and with the delimiters of another message."""
    fields = {path: value for path, value in given.items() if path not in ("MSH-1", "MSH-2")}
    return _assemble(name, fields, supported(message.version), message)


def _assemble(name: str, written: Mapping[str, str], version: str, syntax: V2Message) -> V2Message:
    """The message of values that are already written as HL7 v2 writes them."""
    places = {path: place_of(path) for path in written}
    message = Assembly(name, structure(name, version), (place for place, _ in places.values()))
    for path, (place, where) in places.items():
        if where.field:
            put_in(message.lines[place].fields, where, written[path], syntax)
    head, *lines = message
    mark = syntax.field_separator
    # MSH-1 is the separator itself, so the fields of MSH stand one place further to the left than their numbers say.
    first = mark.join([head.name + mark + syntax.marks, *head.fields[2:]])
    return parse("".join(f"{line}\r" for line in (first, *(mark.join([line.name, *line.fields]) for line in lines))))


@lru_cache(maxsize=8192)
def place_of(path: str) -> tuple[Place, Path]:
    """(where the segment stands, where in it the value does) of a path with or without groups. Raises UnknownPath."""
    head, dash, rest = path.partition("-")
    groups, _, segment = head.rpartition(".")
    where = Path.read(f"{segment}{dash}{rest}")
    return Place(way(groups), where.segment, where.occurrence or 1), where


def timestamp(moment: datetime) -> str:
    """A moment as HL7 writes it, to the second and with its zone: `20250303080000+0100` (HL7 v2.5 section 2.A.22)."""
    return moment.strftime("%Y%m%d%H%M%S%z")


def written(path: str, value: str, version: str, syntax: V2Message) -> str:
    """A value as it stands in a message with these delimiters. Raises UnknownPath."""
    if not value or isinstance(value, Written):
        return value
    if not place_of(path)[1].field:
        raise UnknownPath(f"a value stands in a field, and {path} names none: expected a path such as {path}-1")
    if not _composite(path, version):
        return syntax.escape(value)
    return without_controls(value if _usual(syntax) else _rewritten(value, syntax), syntax.escape_character)


@lru_cache(maxsize=8192)
def _composite(path: str, version: str) -> bool:
    return is_composite(path.partition("-")[0].rpartition(".")[2] + "-" + path.partition("-")[2], version)


def _usual(syntax: V2Message) -> bool:
    return (syntax.field_separator, syntax.marks[:4]) == (_USUAL.field_separator, _USUAL.marks)


def _rewritten(text: str, syntax: V2Message, usual: str = "~^&") -> str:
    """A text with other delimiters in the place of the usual ones."""
    if not usual:
        return syntax.escape(_USUAL.unescape(text))
    mark = {"~": syntax.repetition_separator, "^": syntax.component_separator, "&": syntax.subcomponent_separator}[usual[0]]
    return mark.join(_rewritten(part, syntax, usual[1:]) for part in text.split(usual[0]))


def put_in(fields: list[str], where: Path, value: str, syntax: V2Message) -> None:
    """Writes the value at its place among the fields, with as many delimiters as are missing before it."""
    fields += [""] * (where.field - len(fields))
    text = fields[where.field - 1]
    repetition = where.repetition or (1 if syntax.repetition_separator in text else 0)
    steps = [(syntax.repetition_separator, repetition if where.component or where.repetition else 0)]
    steps += [(syntax.component_separator, where.component), (syntax.subcomponent_separator, where.subcomponent)]
    fields[where.field - 1] = _within(text, [(mark, number) for mark, number in steps if number], value)


def _within(text: str, steps: Sequence[tuple[str, int]], value: str) -> str:
    """A text with a value in the part that the steps lead to."""
    if not steps:
        return value
    mark, number = steps[0]
    parts = text.split(mark)
    parts += [""] * (number - len(parts))
    parts[number - 1] = _within(parts[number - 1], steps[1:], value)
    return mark.join(parts)
