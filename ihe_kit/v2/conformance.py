"""An HL7 v2 message against the message structure and the segments of its own version: what the base standard asks, before any profile.

The structures and segments are hl7apy's tables, read through the dictionary. Every finding is given, none raises.

Deliberately not checked here:
- OBX-5 against the data type that OBX-2 names, nor any other field whose type another field tells;
- lengths: what the tables say differs from version to version, and products keep lengths of their own;
- conditional fields (C): their conditions are prose. Profiles say the ones that matter as rules of their own;
- components: neither required ones nor more of them than the type has, only the values of those that the type knows;
- what a site decides: codes of tables that HL7 leaves empty, local segments (Z), conformance profiles of MSH-21;
- escape sequences, and the switching of character sets inside a message (MSH-18 repeated, MSH-20);
- NULL (`""`): it says "delete what you hold", so it counts as a value and fits every data type and table.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from ihe_kit.core import Element
from ihe_kit.rules import Finding, finding_at, in_order
from ihe_kit.v2.message import Segment, Span, V2Message, writes
from ihe_kit.v2.paths import MOST_PARTS, NAME
from ihe_kit.v2.tables import Row, segment, structure, supported, table

_FORMATS = {
    "DT": r"\d{4}(\d\d(\d\d)?)?",
    "SI": r"\d{1,4}",
    "NM": r"[+-]?\d+(\.\d*)?|[+-]?\.\d+",
    "TM": r"\d\d(\d\d(\d\d(\.\d{1,4})?)?)?([+-]\d{4})?",
}
_FORMATS |= {"DTM": r"\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d(\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?"}
_FORMATS |= {"TS": _FORMATS["DTM"]}
_EXAMPLES = {"DT": "20250303", "SI": "1", "NM": "7.5", "TM": "0800", "DTM": "20250303080000+0100", "TS": "20250303080000+0100"}

_ANY = "ANYHL7SEGMENT"  # the tables' word for "whatever was agreed"


def conform(message: V2Message) -> list[Finding]:
    """Every place where the message breaks its structure, a required field, a repetition limit, a data type, a table or its character set."""
    version = supported(message.version)
    return in_order([*_check_charset(message), *_check_structure(message, version), *_check_fields(message, version)])


# Characters ------------------------------------------------------------------------------------------------------------------------


def _check_charset(message: V2Message) -> Iterator[Finding]:
    body, at, named = message.text[message.body_start :], _at(message, "MSH[1]-18[1]"), message.named_charset
    spec = "ITI TF-2 Appendix C.2.2; HL7 v2.5 section 2.15.9.18"
    if body.isascii():
        return
    if not at.value.strip():
        says = (
            "The message holds more than ASCII, and MSH-18 names no character set. A receiver has to guess, and Søren may arrive as SÃ¸ren."
        )
        fix = ("Name UNICODE UTF-8", "UNICODE UTF-8") if message.charset == "utf-8" else None
        yield finding_at(at, "HL7-CHARSET", says, spec, "warning", fix)
    elif named and (odd := next((c for c in dict.fromkeys(body) if not writes(c, named)), "")):
        says = (
            f"MSH-18 says {{found}}, which has no {odd!r}. Whatever is sent instead, a receiver that believes MSH-18 reads something else."
        )
        yield finding_at(at, "HL7-CHARSET", says, spec)
    elif named and codecs.lookup(named) != codecs.lookup(message.charset):
        says = "MSH-18 says {found}, but the bytes are in another character set. A receiver that believes MSH-18 reads other characters."
        yield finding_at(at, "HL7-CHARSET", says, spec)


# Segments: presence and order ------------------------------------------------------------------------------------------------------


def _check_structure(message: V2Message, version: str) -> Iterator[Finding]:
    name = message.structure or message.trigger.replace("^", "_")
    parts = structure(name, version)
    spec = f"HL7 v{version} chapter 3, structure {name}" if name.startswith("ADT") else f"HL7 v{version}, structure {name}"
    if not parts or _ANY in _names(parts):
        says = f"The structure {name or 'of this message'} is not one that version {version} spells out. The order of its segments was not checked."
        yield finding_at(_at(message, "MSH-9"), "HL7-STRUCTURE-UNKNOWN", says, "HL7 v2.5 section 2.15.9.9", "information")
        return
    known = set(_names(parts))
    segments = []
    for line in message.segments:
        if line.name in known:
            segments.append(line)
        elif re.fullmatch("Z..", line.name):
            says = f"{line.name} is a local segment. Its meaning is agreed between sender and receiver, so nothing in it was checked."
            yield finding_at(_line(message, line), "HL7-LOCAL-SEGMENT", says, "HL7 v2.5 section 2.5.4", "information")
        elif not NAME.fullmatch(line.name):
            written = message.text[slice(*message.fields(line)[0])].strip()[:20]
            says = f"{written!r} is no name of a segment. HL7 names segments by a capital letter and two more letters or digits; a receiver ignores or refuses the line."
            yield finding_at(_line(message, line), "HL7-SEGMENT-UNKNOWN", says, spec)
        else:
            says = f"{line.name} does not belong to {name}. A receiver may ignore it, and what it says is lost."
            yield finding_at(_line(message, line), "HL7-SEGMENT-UNKNOWN", says, spec)
    yield from _match(message, parts, segments, spec)


def _match(message: V2Message, parts: Sequence[Row], segments: Sequence[Segment], spec: str) -> Iterator[Finding]:
    place: list[Place] = [(parts, 0, 0)]
    missing: list[str] = []
    for line in segments:
        after, passed = _step(place, line.name)
        if after:
            place = after
            missing += passed
        else:
            says = f"{line.name} stands in the wrong place. Receivers read segments in the order of the structure and may take this one for another's."
            yield finding_at(_line(message, line), "HL7-SEGMENT-ORDER", says, spec)
    present = {line.name for line in message.segments}
    for name in dict.fromkeys(missing + _step(place, "")[1]):
        if name not in present:
            says = f"The segment {name} is missing. The structure of this message demands it, and a receiver will refuse the message."
            yield finding_at(message.find(name)[0], "HL7-SEGMENT-MISSING", says, spec)


Place = tuple[Sequence[Row], int, int]  # of a structure or a group: its parts, which of them is being read, how often it was met


def _step(place: Sequence[Place], name: str) -> tuple[list[Place], list[str]]:
    """(the place behind the next segment, outermost group first, or nothing where it cannot follow; the required segments passed over on
    the way). Greedy, as HL7's grammar is read from left to right.
    """
    groups = list(place)
    missing: list[str] = []
    while groups:
        parts, at, count = groups[-1]
        if at == len(parts):
            groups.pop()
            continue
        part = parts[at]
        if (part.most < 0 or count < part.most) and name in _names([part]):
            groups[-1] = (parts, at, count + 1)
            if not part.children:
                return groups, missing
            groups.append((part.children, 0, 0))
            continue
        missing += _required(part) if count < part.least else []
        groups[-1] = (parts, at + 1, 0)
    return groups, missing


def _names(parts: Sequence[Row]) -> Iterator[str]:
    for part in parts:
        yield from _names(part.children) if part.children else (part.key,)


def _required(part: Row) -> list[str]:
    return [name for child in part.children if child.least for name in _required(child)] if part.children else [part.key]


# Fields ----------------------------------------------------------------------------------------------------------------------------


def _check_fields(message: V2Message, version: str) -> Iterator[Finding]:
    """Works on places and makes an Element only for what is found: most fields of most messages are sound."""
    for line in message.segments:
        spans, name = message.fields(line), message.path_of(line)
        for number, row in enumerate(segment(line.name, version), start=1):
            span = spans[number] if number < len(spans) else (0, 0)
            if row.type and (row.least or span[0] < span[1]):  # a placeholder for a field of another version has no type
                yield from _check_field(message, f"{name}-{number}", span, row, version)


def _check_field(message: V2Message, path: str, span: Span, row: Row, version: str) -> Iterator[Finding]:
    name, spec = path[:3], f"HL7 v{version} chapter 2 and the chapter of {path[:3]}"
    if not message.filled(span):  # a field of nothing but separators is not worth looking at one by one
        if row.least:
            says = f"{row.name} is empty. The base standard requires it in every {name} segment."
            yield finding_at(message.find(f"{path}[1]")[0], "HL7-FIELD-MISSING", says, spec)
        return
    repetitions = message.repetitions(name, int(path.rpartition("-")[2]), span)
    filled = [(number, part) for number, part in enumerate(repetitions, start=1) if message.filled(part)]
    if len(repetitions) == MOST_PARTS:
        says = f"{row.name} has more repetitions than are read here. What stands behind number {MOST_PARTS:,} was not looked at."
        yield finding_at(message.element(path, row.key, span), "HL7-FIELD-REPEATED", says, spec)
    for count, (number, part) in enumerate(filled, start=1):
        here = f"{path}[{number}]" if len(repetitions) > 1 else path
        if 0 < row.most < count:
            times = "once" if row.most == 1 else f"{row.most} times"
            says = f"{row.name} is repeated. The base standard allows it {times}, so a receiver may drop the rest."
            yield finding_at(message.element(here, row.key, part), "HL7-FIELD-REPEATED", says, spec)
        yield from _check_parts(message, here, part, row, version, (message.component_separator, message.subcomponent_separator))


def _check_parts(message: V2Message, path: str, span: Span, row: Row, version: str, separators: tuple[str, ...]) -> Iterator[Finding]:
    """A value with parts is as sound as its parts; a single part stands for the whole and keeps its path and its name."""
    if not row.children or not separators:
        yield from _check_value(message, path, span, row, version)
        return
    parts = message.split(*span, separators[0], max(2, len(row.children)))
    if len(parts) == 1:
        yield from _check_parts(message, path, span, replace(row.children[0], name=row.name), version, separators[1:])
        return
    for number, (child, part) in enumerate(zip(row.children, parts, strict=False), start=1):
        if message.filled(part):
            yield from _check_parts(message, f"{path}.{number}", part, child, version, separators[1:])


def _check_value(message: V2Message, path: str, span: Span, row: Row, version: str) -> Iterator[Finding]:
    pattern = _FORMATS.get(row.type)
    known = _codes(row.table, version) if row.table and row.type in ("ID", "IS") else frozenset()
    if not pattern and not known:
        return
    value = message.unescape(message.text[slice(*span)])
    if value == '""':  # the NULL value deletes what the receiver holds: no data type to check (HL7 v2.5 section 2.5.3)
        return
    if pattern and (not re.fullmatch(pattern, value) or not _is_date(row.type, value)):
        says = f"{{found}} is no {row.type}. {row.name} has this data type, written like {_EXAMPLES[row.type]}; a receiver cannot compute with it."
        yield finding_at(message.element(path, row.key, span), "HL7-DATA-TYPE", says, f"HL7 v{version} chapter 2A, {row.type}")
    local = row.table == "0396"  # coding systems: HL7's own tables and local ones have no row there
    if known and value not in known and not (local and re.fullmatch(r"HL7\d{4}|99\w+|L", value)):
        own = local or row.type == "IS"
        says = f"{{found}} is no value of table {row.table}. "
        says += (
            "Sites may add to this table: ask whether the receiver knows it." if own else "A receiver may read an unknown code as anything."
        )
        severity = "information" if own else "warning"
        yield finding_at(message.element(path, row.key, span), "HL7-TABLE", says, f"HL7 v{version} table {row.table}", severity)


@lru_cache(maxsize=512)
def _codes(name: str, version: str) -> frozenset[str]:
    return frozenset(code for code, _ in table(name, version))


def _is_date(type_: str, value: str) -> bool:
    """Whether a date exists: 20250230 does not."""
    if type_ not in ("DT", "DTM", "TS") or len(digits := re.split(r"[.+-]", value)[0]) < 8:
        return True
    try:
        datetime.strptime(digits + "20000101000000"[len(digits) :], "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return True


def _at(message: V2Message, path: str) -> Element:
    return message.find(path)[0]


def _line(message: V2Message, line: Segment) -> Element:
    return Element(message.path_of(line), line.name, message.text[line.start : line.end], line.start, line.end)
