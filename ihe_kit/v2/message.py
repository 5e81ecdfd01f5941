"""HL7 v2 messages: the text to the character, and every part with its place. HL7 v2.5 chapter 2, sections 2.5 to 2.7.

The parser loses nothing and mends nothing: line ends, unknown segments and trailing separators stay, so `encode()` gives back what came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ihe_kit.core import Element, Message, UnknownPath, Unreadable
from ihe_kit.v2.paths import MOST_FIELDS, MOST_PARTS, NAME, Path, read_path

# HL7 table 0211, as far as Python has the character set under another name.
CHARSETS = {
    "": "ascii",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    **{f"8859/{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
}

Span = tuple[int, int]  # a place in the text: start, end
HEADERS = ("MSH", "FHS", "BHS")

_LINE = re.compile(r"[^\r\n]+")
_START = re.compile(r"(?:(?<![^\r\n\x0b\ufeff])|(?<=\xef\xbb\xbf))MSH")  # at the start of a line, of a frame, or behind a byte order mark
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of the message. `number` counts the segments of the same name from 1.

    A line that begins with no name of HL7's (`E'VN|`) still has a path: its name is then the beginning of what stands there, with `_` for
    whatever is neither letter nor digit (`E_VN`).
    """

    name: str
    number: int
    start: int
    end: int


class V2Message(Message):
    """A message of HL7 v2. Raises Unreadable where no MSH segment starts it."""

    standard = "v2"

    def __init__(self, text: str, charset: str = "utf-8") -> None:
        self.text, self.charset = text, charset
        self._known_fields: dict[int, list[Span]] = {}
        start = _START.search(text)
        if not start:
            first = text[:12].splitlines()[0] if text.strip() else ""
            raise Unreadable("expected a message that starts with MSH, but " + (f"found {first!r}" if first else "the text is empty"), text)
        at = start.start()
        encoding = text[at + 3 : at + 9]
        self.field_separator = encoding[:1]
        marks = re.split(r"[\r\n]", encoding[1:])[0].split(self.field_separator)[0] if self.field_separator else ""
        if not self.field_separator or self.field_separator.isalnum() or self.field_separator.isspace():
            raise Unreadable("expected the field separator after MSH, most often |", text, at + 3)
        # A receiver that meets a short MSH-2 falls back to the usual characters: better than not answering at all.
        self.marks = marks if len(marks) in (4, 5) else (marks + "^~\\&"[len(marks) :])[:4]
        if len(set(self.marks + self.field_separator)) <= len(self.marks) or any(c.isalnum() for c in self.marks):
            raise Unreadable(f"expected four different encoding characters after MSH{self.field_separator}, most often ^~\\&", text, at + 4)
        self.component_separator, self.repetition_separator = self.marks[0], self.marks[1]
        self.escape_character, self.subcomponent_separator = self.marks[2], self.marks[3]
        self.body_start = at

    # What stands in the header

    @property
    def version(self) -> str:
        return self._first("MSH-12.1")

    @property
    def trigger(self) -> str:
        """`ADT^A01`: message code and trigger event."""
        return "^".join(filter(None, (self._first("MSH-9.1"), self._first("MSH-9.2"))))

    @property
    def structure(self) -> str:
        """MSH-9.3, the message structure, or ""."""
        return self._first("MSH-9.3")

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

    @property
    def named_charset(self) -> str | None:
        """What Python calls the character set that MSH-18 names (plain ASCII where it is empty); None for one that is not in `CHARSETS`."""
        return CHARSETS.get(self._first("MSH-18[1]").strip().upper())

    def _first(self, path: str) -> str:
        return next(iter(self.get(path)), "")

    # The tree

    @cached_property
    def segments(self) -> list[Segment]:
        """The lines from MSH on, in order."""
        counts: dict[str, int] = {}
        found = []
        for line in _LINE.finditer(self.text, self.body_start):
            name = line.group().partition(self.field_separator)[0].strip()
            if not name or line.group().strip("\x0b\x1c") == "":
                continue
            name = name if NAME.fullmatch(name) else _name(name)
            counts[name] = counts.get(name, 0) + 1
            found.append(Segment(name, counts[name], line.start(), line.end()))
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[Segment]]:
        named: dict[str, list[Segment]] = {}
        for segment in self.segments:
            named.setdefault(segment.name, []).append(segment)
        return named

    def fields(self, segment: Segment) -> list[Span]:
        """The places of the fields; index 0 is the segment's name. MSH-1 is the separator itself (HL7 v2.5 section 2.15.9.1)."""
        if segment.start not in self._known_fields:
            self._known_fields[segment.start] = self._split_fields(segment)
        return self._known_fields[segment.start]

    def _split_fields(self, segment: Segment) -> list[Span]:
        spans = self.split(segment.start, segment.end, self.field_separator, MOST_FIELDS + 1)
        if segment.name in HEADERS:
            after = spans[0][1]
            spans = [spans[0], (after, after + 1), *spans[1:MOST_FIELDS]]
        return spans

    def split(self, start: int, end: int, separator: str, most: int = -1) -> list[Span]:
        """The places of the parts between separators; with `most` only of so many, and what stands behind them is not looked at."""
        spans: list[Span] = []
        here = start
        while len(spans) != most and (at := self.text.find(separator, here, end)) >= 0:
            spans.append((here, at))
            here = at + 1
        return spans if len(spans) == most else [*spans, (here, end)]

    def repetitions(self, segment: str, field: int, span: Span) -> list[Span]:
        """The places of the repetitions of a field. The first two fields of a header are the delimiters themselves and never split."""
        if segment in HEADERS and field <= 2:
            return [span]
        return self.split(*span, self.repetition_separator, MOST_PARTS)

    def filled(self, span: Span) -> bool:
        """Whether a place holds more than separators."""
        return bool(self.text[slice(*span)].strip(self.component_separator + self.subcomponent_separator + self.repetition_separator))

    def path_of(self, segment: Segment) -> str:
        """`PID`, or `OBX[3]` where the message has several."""
        return f"{segment.name}[{segment.number}]" if len(self._by_name[segment.name]) > 1 else segment.name

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
        separators = self.component_separator + self.subcomponent_separator + self.repetition_separator
        if not raw and not text.strip(separators):  # separators with nothing between them are an absent value
            return Element(path, label, "", *span, level, lead)
        raw = raw or any(mark in text for mark in separators)
        return Element(path, label, text if raw else self.unescape(text), *span, level, lead)

    # Paths

    def find(self, path: str) -> list[Element]:
        where = self._where(path)
        found: list[Element] = []
        segments = self._by_name.get(where.segment, [])
        for segment in segments[where.occurrence - 1 : where.occurrence] if where.occurrence else segments:
            name = self.path_of(segment)
            found += self._find_in(segment, name, where) if where.field else [self._whole(segment, name)]
        if not segments and not where.field:
            end = self.segments[-1].end if self.segments else len(self.text)
            return [Element(path, where.segment, "", end, end)]
        return found

    def _where(self, path: str) -> Path:
        """A path that `elements()` gave is a path, also that of a line whose name is none of HL7's."""
        try:
            return read_path(path)
        except UnknownPath:
            return Path.read(path, self._by_name)

    def _whole(self, segment: Segment, name: str) -> Element:
        return Element(name, segment.name, self.text[segment.start : segment.end], segment.start, segment.end)

    def _find_in(self, segment: Segment, name: str, where: Path) -> list[Element]:
        path, label = f"{name}-{where.field}", f"{segment.name}-{where.field}"
        span, lead = self._at(self.fields(segment), where.field, self.field_separator, segment.end)
        header = segment.name in HEADERS and where.field <= 2
        repetitions = self.repetitions(segment.name, where.field, span)
        found = []
        for index, repetition in enumerate(repetitions, start=1):
            if where.repetition not in (0, index):
                continue
            here, before, place = (f"{path}[{index}]" if len(repetitions) > 1 else path), lead, repetition
            for number, separator in ((where.component, self.component_separator), (where.subcomponent, self.subcomponent_separator)):
                if number and not header:
                    place, more = self._at([(0, 0), *self.split(*place, separator, number)], number, separator, place[1])
                    here, before = f"{here}.{number}", before + more
            found.append(self.element(here, label, place, raw=header, lead=before))
        return found or ([Element(f"{path}[{where.repetition}]", label, "", span[1], span[1])] if where.repetition else [])

    @staticmethod
    def _at(spans: list[Span], number: int, separator: str, end: int) -> tuple[Span, str]:
        """The span with this number, or the place behind the last one and the separators that are missing before it."""
        if number < len(spans):
            return spans[number], ""
        return (end, end), separator * (number - len(spans) + 1)

    # Escapes (HL7 v2.5 section 2.7)

    def unescape(self, text: str) -> str:
        """Decodes \\F\\ \\S\\ \\T\\ \\R\\ \\E\\ and \\Xdd..\\ for reading; anything else stays as it is."""
        if self.escape_character not in text:
            return text
        names = dict(zip("FSRET", (self.field_separator, *self.marks[:4]), strict=False))
        mark = re.escape(self.escape_character)

        def decode(found: re.Match[str]) -> str:
            code = found[1]
            try:
                return names[code] if code in names else bytes.fromhex(code[1:]).decode(self.charset) if code[:1] == "X" else found[0]
            except ValueError:
                return found[0]

        return re.sub(f"{mark}([^{mark}\r\n]*){mark}", decode, text)

    def escape(self, text: str) -> str:
        """The way back: delimiters in a value become escapes, a line end becomes \\.br\\, any other control character \\Xdd\\."""
        names = {self.escape_character: "E", self.field_separator: "F"}
        names |= {self.component_separator: "S", self.repetition_separator: "R", self.subcomponent_separator: "T"}
        out = "".join(f"{self.escape_character}{names[c]}{self.escape_character}" if c in names else c for c in text)
        out = re.sub(r"\r\n|\r|\n", lambda _: f"{self.escape_character}.br{self.escape_character}", out)
        return without_controls(out, self.escape_character)


def without_controls(text: str, mark: str = "\\") -> str:
    """A piece of a message that breaks neither a line nor a frame: each control character written as \\Xdd\\ (HL7 v2.5 section 2.7.5)."""
    return _CONTROL.sub(lambda found: f"{mark}X{ord(found[0]):02X}{mark}", text)


def _name(text: str) -> str:
    """What a path calls a line whose name is none of HL7's. It never reads like a segment of HL7's or like a longer path."""
    return re.sub(r"[^A-Za-z0-9]", "_", text[:12])


def parse(text: str | bytes) -> V2Message:
    """A message from its text, or from bytes in the character set that MSH-18 names. Raises Unreadable.

    A text goes out in that character set too, where it can be written in it. A byte order mark says UTF-8, and stays.

    >>> parse("MSH|^~\\\\&|ADT\\rPID|||4711^^^NORDVIK~99").get("PID-3.1")
    ['4711', '99']
    """
    if isinstance(text, str):
        message = V2Message(text)
        named = message.named_charset
        if named and named != "ascii" and writes(text, named):
            message.charset = named
        return message
    head = V2Message(text[:4000].decode("latin-1"))
    marked = head.text[: head.body_start].endswith("\xef\xbb\xbf")
    for charset in filter(None, ("utf-8" if marked else head.named_charset, "utf-8")):
        try:
            decoded = text.decode(charset)
            if decoded.encode(charset) == text:  # BIG-5 has characters that come back as other bytes
                return V2Message(decoded, charset)
        except UnicodeError:
            continue
    return V2Message(text.decode("latin-1"), "latin-1")  # every byte is a character there: nothing is lost


def writes(text: str, charset: str) -> bool:
    """Whether a text can be written in a character set so that it is read again as it was."""
    try:
        return text.encode(charset).decode(charset) == text
    except UnicodeError:
        return False


def encode(message: V2Message) -> bytes:
    """The bytes of a message: the same that `parse` was given."""
    return message.encode()


def recognises(text: str) -> bool:
    """Whether a text looks like HL7 v2."""
    return bool(re.match(r"[\s\ufeff\x0b]*(MSH|FHS|BHS)", text[:400]))
