"""HL7 v2 messages: the text to the character, and every part with its place. HL7 v2.5 chapter 2, sections 2.5 to 2.7.

The parser loses nothing and mends nothing: line ends, unknown segments and trailing separators stay, so `encode()` gives back what came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from ihe_kit.core import Element, Message, UnknownPath, nearest
from ihe_kit.v2.charsets import CHARSETS, UNFRAMED, decoded, wide, writes
from ihe_kit.v2.escapes import without_controls
from ihe_kit.v2.lines import HEADERS, Lines, Segment, Span
from ihe_kit.v2.paths import MOST_PARTS, Path, read_path
from ihe_kit.v2.structure import Group, Placing, group_names, placed

__all__ = [
    "CHARSETS",
    "HEADERS",
    "Segment",
    "Span",
    "V2Message",
    "encode",
    "parse",
    "recognises",
    "without_controls",
    "writes",
]


class V2Message(Lines, Message):
    """A message of HL7 v2. Raises Unreadable where no MSH segment starts it.

    The text may hold more than the message: what stands before MSH, and from the next MSH or the trailer of a batch on, is kept and belongs to
    no segment. `further` is the number of the messages behind this one; `read_all` reads them all.
    """

    standard = "v2"

    def __init__(self, text: str, charset: str = "utf-8", data: bytes | None = None) -> None:
        super().__init__(text, charset)
        self._data = data  # the bytes that the text was read from, which another order of escape sequences would not give back

    def encode(self) -> bytes:
        """The bytes of the text: what came in, goes out."""
        return self.text.encode(self.charset) if self._data is None else self._data

    @property
    def name(self) -> str:
        code = self._first("MSA-1")
        return f"ACK {code}" if code and self._first("MSH-9.1") == "ACK" else self.trigger or "HL7 v2"

    @property
    def is_answer(self) -> bool:
        return "MSA" in self._by_name

    @property
    def facts(self) -> str:
        parts = [self._first("MSH-9"), f"version {self.version}" if self.version else "", f"{len(self.segments)} segments"]
        return " · ".join(filter(None, parts))

    def _first(self, path: str) -> str:
        return next(iter(self.get(path)), "")

    # The tree

    def elements(self) -> Iterator[Element]:
        """Every element that is there. A repeated field has a row of its own before its repetitions: `PID-3`, `PID-3[1]`, `PID-3[2]`, and a
        path without an index finds that row as its repetitions. Parts behind the last number that a path may hold have no row.
        """
        for segment in self.segments:
            path = self.path_of(segment)
            yield Element(path, segment.name, self.text[segment.start : segment.end], segment.start, segment.end, 1)
            for number, span in enumerate(self.fields(segment)[1:], start=1):
                if span[0] < span[1]:
                    yield from self._field_elements(segment, f"{path}-{number}", number, span)

    def _field_elements(self, segment: Segment, path: str, number: int, span: Span) -> Iterator[Element]:
        repetitions = self.repetitions(segment.name, number, span)
        header = segment.name in HEADERS and number <= 2
        label = f"{segment.name}-{number}"
        if len(repetitions) == 1:
            yield self.element(path, label, span, 2, raw=header)
            if not header:
                yield from self._parts(path, span, 3, (self.component_separator, self.subcomponent_separator))
            return
        yield Element(path, label, self.text[slice(*span)], *span, 2)
        for index, repetition in enumerate(repetitions, start=1):
            yield self.element(f"{path}[{index}]", f"[{index}]", repetition, 3)
            yield from self._parts(f"{path}[{index}]", repetition, 4, (self.component_separator, self.subcomponent_separator))

    def _parts(self, path: str, span: Span, level: int, separators: tuple[str, ...]) -> Iterator[Element]:
        parts = self.split(*span, separators[0], MOST_PARTS)
        for number, part in enumerate(parts, start=1):
            if len(parts) > 1 and part[0] < part[1]:
                yield self.element(f"{path}.{number}", f".{number}", part, level)
            if separators[1:] and part[0] < part[1]:
                inner = f"{path}.{number}" if len(parts) > 1 else f"{path}.1"
                yield from self._parts(inner, part, level + (len(parts) > 1), separators[1:])

    def element(self, path: str, label: str, span: Span, level: int = 1, raw: bool = False, lead: str = "") -> Element:
        text = self.text[slice(*span)]
        # A value that has parts is shown as it stands: decoded, its own delimiters could not be told from those of the text.
        if not raw and not text.strip(self.separators):  # separators with nothing between them are an absent value
            return Element(path, label, "", *span, level, lead)
        raw = raw or any(mark in text for mark in self.separators)
        return Element(path, label, text if raw else self.unescape(text), *span, level, lead)

    # Groups

    @cached_property
    def placing(self) -> Placing:
        """The segments in the groups of the message structure, and what does not fit there."""
        return placed(self)

    def groups(self) -> list[Element]:
        """Every occurrence of a group, from its first segment to its last, in the order of the text; `level` counts the groups around it."""
        found: dict[int, Element] = {}
        for line, group in zip(self.segments, self.placing.groups, strict=True):
            for at in reversed(list(_around(group))):
                start = found[id(at)].start if id(at) in found else line.start
                found[id(at)] = Element(at.path, at.name, "", start, line.end, at.path.count(".") + 1)
        return list(found.values())

    # Paths

    def find(self, path: str) -> list[Element]:
        where = self._where(path)
        segments = self._inside(where) if where.groups else self._by_name.get(where.segment, [])
        if where.occurrence and not where.groups:
            segments = segments[where.occurrence - 1 : where.occurrence]
        found: list[Element] = []
        for segment in segments:
            name = self.path_of(segment)
            found += self._find_in(segment, name, where) if where.field else [self._whole(segment, name)]
        if not where.field and not (found or where.segment in self._by_name):
            end = self.segments[-1].end
            return [Element(path, where.segment, "", end, end)]
        return found

    def lacks(self, path: str) -> bool:
        where = read_path(path)
        return not where.groups and (where.segment, where.field) not in self._present

    def state(self, path: str) -> str:
        """How the first value at a path was sent: `value`, `null` (`""`: the receiver deletes what it holds), `empty` (its place is there with
        nothing in it) or `absent` (the segment ends before it, or there is none). Empty and absent leave alone what the receiver holds.
        HL7 v2.5 section 2.5.3.

        >>> message = parse('MSH|^~\\\\&|ADT\\rPID|1||4711||Lie|""')
        >>> [message.state(path) for path in ("PID-5", "PID-6", "PID-4", "PID-7")]
        ['value', 'null', 'empty', 'absent']
        """
        found = self.find(path)
        if not found or found[0].lead or (found[0].start == found[0].end and not self._where(path).field):
            return "absent"
        text = self.text[found[0].start : found[0].end]
        return "null" if text == '""' else "value" if text.strip(self.separators) or found[0].value else "empty"

    def read(self, path: str) -> list[str]:
        """`get`, laid out for people: the commands of formatted text carried out, marks for highlighting left away."""
        elements = self.find(path)
        raw = [self.text[element.start : element.end] for element in elements]
        return [self.escapes.laid_out(text, self.charset) if text.strip(self.separators) else "" for text in raw]

    def _where(self, path: str) -> Path:
        """A path that `elements()` gave is a path, also that of a line whose name is none of HL7's."""
        try:
            return read_path(path)
        except UnknownPath:
            return Path.read(path, self._by_name)

    def _inside(self, where: Path) -> list[Segment]:
        """The segments that a path with groups finds; the index of a segment counts within the innermost group that the path names."""
        placing = self.placing
        known = group_names(placing.structure, placing.version)
        for name, _ in where.groups:
            if name not in known:
                has = f"{placing.structure} of version {placing.version} has the groups {', '.join(known) or 'of none'}"
                none = "the message names no structure that its version has, so it has no groups"
                raise UnknownPath(f"{name} is no group here: {(has + nearest(name, known)) if placing.structure else none}")
        found: list[Segment] = []
        counts: dict[int, int] = {}
        for line, group in zip(self.segments, placing.groups, strict=True):
            if line.name == where.segment and (home := _home(group, where.groups)):
                count = counts[id(home)] = counts.get(id(home), 0) + 1
                if where.occurrence in (0, count):
                    found.append(line)
        return found

    def _whole(self, segment: Segment, name: str) -> Element:
        return Element(name, segment.name, self.text[segment.start : segment.end], segment.start, segment.end)

    def _find_in(self, segment: Segment, name: str, where: Path) -> list[Element]:
        path, label = f"{name}-{where.field}", f"{segment.name}-{where.field}"
        span, lead = self._at(self.fields(segment), where.field, self.field_separator, segment.end)
        header = segment.name in HEADERS and where.field <= 2
        if span[0] == span[1] and where.repetition < 2 and not header:  # nothing there: only what has to be written before it
            lead += self.component_separator * (where.component - 1) + self.subcomponent_separator * (where.subcomponent - 1)
            return [Element(path + where.inside, label, "", *span, lead=lead)]
        repetitions = self.repetitions(segment.name, where.field, span)
        found = []
        for index, repetition in enumerate(repetitions, start=1):
            if where.repetition not in (0, index):
                continue
            here, before, place = (f"{path}[{index}]" if len(repetitions) > 1 else path), lead, repetition
            parts = ((where.component, self.component_separator), (where.subcomponent, self.subcomponent_separator))
            for number, separator in parts if where.component and not header else ():
                if number:
                    place, more = self._at([(0, 0), *self.split(*place, separator, number)], number, separator, place[1])
                    here, before = f"{here}.{number}", before + more
            found.append(self.element(here, label, place, raw=header, lead=before))
        if not found and where.repetition:
            lead += self.repetition_separator * (where.repetition - len(repetitions))
            return [Element(f"{path}[{where.repetition}]", label, "", span[1], span[1], lead=lead)]
        return found

    @staticmethod
    def _at(spans: list[Span], number: int, separator: str, end: int) -> tuple[Span, str]:
        """The span with this number, or the place behind the last one and the separators that are missing before it."""
        if number < len(spans):
            return spans[number], ""
        return (end, end), separator * (number - len(spans) + 1)


def _around(group: Group | None) -> Iterator[Group]:
    """A group and the groups around it, innermost first."""
    while group:
        yield group
        group = group.parent


def _home(group: Group | None, wanted: Sequence[tuple[str, int]]) -> Group | None:
    """The innermost of the wanted groups around a segment, where it stands in all of them."""
    around, home = _around(group), None
    for name, number in reversed(wanted):
        found = next((at for at in around if at.name == name), None)
        if not found or number not in (0, found.number):
            return None
        home = home or found
    return home


def parse(text: str | bytes) -> V2Message:
    """A message from its text, or from bytes in the character set that MSH-18 names. Raises Unreadable.

    A text goes out in that character set too, where it can be written in it. A byte order mark says UTF-8, and stays.

    >>> parse("MSH|^~\\\\&|ADT\\rPID|||4711^^^NORDVIK~99").get("PID-3.1")
    ['4711', '99']
    """
    if isinstance(text, str):
        message = V2Message(text)
        named = message.named_charset
        if named and named not in ("ascii", "utf-8", *UNFRAMED) and writes(text, named):
            message.charset = named
        return message
    if codec_ := wide(text):
        return V2Message(text.decode(codec_, "replace"), codec_, text)
    head = V2Message(text[:4000].decode("latin-1"))
    marked = head.text[: head.body_start].endswith("\xef\xbb\xbf")
    return V2Message(*decoded(text, head.named_charset, marked), text)


def encode(message: V2Message) -> bytes:
    """The bytes of a message: the same that `parse` was given."""
    return message.encode()


def recognises(text: str) -> bool:
    """Whether a text looks like HL7 v2."""
    return bool(re.match(r"[\s\ufeff\x0b]*(MSH|FHS|BHS)", text[:400]))
