"""An HL7 v2 message as lines, fields and their places: what delimits what. HL7 v2.5 chapter 2, sections 2.5 to 2.7.

Nothing here is lost and nothing mended. Lines end with CR, LF or both; MSH says which characters separate.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import NamedTuple

from ihe_kit.core import Unreadable
from ihe_kit.v2.charsets import codec
from ihe_kit.v2.escapes import Escapes, escapes
from ihe_kit.v2.paths import MOST_FIELDS, MOST_PARTS, NAME

Span = tuple[int, int]  # a place in the text: start, end
HEADERS = ("MSH", "FHS", "BHS")
ENDS = frozenset(("MSH", "FHS", "BHS", "BTS", "FTS"))  # what begins behind a message, where a text holds more than one

# At the start of a line, of a frame, or behind a byte order mark.
START = re.compile(r"(?:(?<![^\r\n\x0b\ufeff])|(?<=\xef\xbb\xbf))MSH")
_FRAME = "\x0b\x1c\ufeff"


class Segment(NamedTuple):
    """One line of the message. `number` counts the segments of the same name from 1.

    A line that begins with no name of HL7's (`E'VN|`) still has a path: its name is then the beginning of what stands there, with `_` for
    whatever is neither letter nor digit (`E_VN`).
    """

    name: str
    number: int
    start: int
    end: int


class Lines:
    """The segments of a text and their fields. Raises Unreadable where no MSH segment starts it."""

    text: str
    charset: str

    def __init__(self, text: str, charset: str = "utf-8") -> None:
        self.text, self.charset = text, charset
        self._known_fields: dict[int, list[Span]] = {}
        start = START.search(text)
        if not start:
            first = text[:12].splitlines()[0] if text.strip() else ""
            raise Unreadable("expected a message that starts with MSH, but " + (f"found {first!r}" if first else "the text is empty"), text)
        at = self.body_start = start.start()
        self.field_separator = separator = text[at + 3 : at + 4]
        if not separator or separator.isalnum() or separator.isspace():
            raise Unreadable("expected the field separator after MSH, most often |", text, at + 3)
        marks = text[at + 4 : at + 10].replace("\n", "\r").partition("\r")[0].partition(separator)[0]
        # A receiver that meets a short MSH-2 falls back to the usual characters: better than not answering at all.
        self.marks = marks if len(marks) in (4, 5) else (marks + "^~\\&"[len(marks) :])[:4]
        if not _tell_apart(separator, self.marks):
            raise Unreadable(f"expected four different encoding characters after MSH{separator}, most often ^~\\&", text, at + 4)
        self.component_separator, self.repetition_separator = self.marks[0], self.marks[1]
        self.escape_character, self.subcomponent_separator = self.marks[2], self.marks[3]
        self.separators = self.component_separator + self.subcomponent_separator + self.repetition_separator

    # What stands in the header

    @cached_property
    def _head(self) -> list[str]:
        """The fields of the header: MSH-2 is the first one behind the name."""
        first = self.segments[0]
        return self.text[first.start : first.end].split(self.field_separator, MOST_FIELDS)

    @cached_property
    def version(self) -> str:
        return self._header(12)[0]

    @cached_property
    def trigger(self) -> str:
        """`ADT^A01`: message code and trigger event."""
        return "^".join(filter(None, self._header(9)[:2]))

    @cached_property
    def structure(self) -> str:
        """MSH-9.3, the message structure, or ""."""
        return self._header(9)[2]

    def header(self, number: int) -> str:
        """A field of the header from MSH-2 on, whole and as it is written; "" where there is none."""
        return self._head[number - 1] if number <= len(self._head) else ""

    def _header(self, number: int) -> list[str]:
        """The first three components of a field of the header: what every reader asks for first, so without the way through a path."""
        parts = self.header(number).partition(self.repetition_separator)[0].split(self.component_separator, 3)
        return [self.unescape(part) if part.strip(self.subcomponent_separator) else "" for part in [*parts, "", ""][:3]]

    @cached_property
    def named_charset(self) -> str | None:
        """What Python calls the character set that MSH-18 names (plain ASCII where it is empty); None for one that is not in `CHARSETS`."""
        spans = self.fields(self.segments[0])
        names = self.text[slice(*spans[18])] if len(spans) > 18 else ""
        return codec([self.unescape(name) for name in names.split(self.repetition_separator)])

    # Lines and fields

    @property
    def segments(self) -> list[Segment]:
        """The lines from MSH on, in order, up to the end of the message."""
        return self._lines[0]

    @cached_property
    def further(self) -> int:
        """How many messages stand behind this one in the text."""
        return len(START.findall(self.text, self._lines[1]))

    @cached_property
    def _lines(self) -> tuple[list[Segment], int]:
        """(the segments, the place where the message ends)."""
        counts: dict[str, int] = {}
        found: list[Segment] = []
        start, separator = self.body_start, self.field_separator
        for line in self.text[start:].replace("\n", "\r").split("\r"):
            name = line[:3]
            if name not in counts or line[3:4] not in (separator, ""):
                name = _name(line, separator)
            if name in ENDS and found:
                return found, start
            end = start + len(line)
            if name:
                number = counts[name] = counts.get(name, 0) + 1
                found.append(Segment(name, number, start, end))
            start = end + 1
        return found, len(self.text)

    @cached_property
    def _by_name(self) -> dict[str, list[Segment]]:
        named: dict[str, list[Segment]] = {}
        for segment in self.segments:
            named.setdefault(segment.name, []).append(segment)
        return named

    @cached_property
    def _present(self) -> frozenset[tuple[str, int]]:
        """The fields that are not empty in at least one segment of their name; field 0 is the segment itself."""
        places = ((line.name, spans) for line in self.segments if (spans := self.fields(line)))
        return frozenset((name, number) for name, spans in places for number, (start, end) in enumerate(spans) if start < end)

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
        for part in self.text[start:end].split(separator, most)[: most if most > 0 else None]:
            after = start + len(part)
            spans.append((start, after))
            start = after + 1
        return spans

    def repetitions(self, segment: str, field: int, span: Span) -> list[Span]:
        """The places of the repetitions of a field. The first two fields of a header are the delimiters themselves and never split."""
        if segment in HEADERS and field <= 2:
            return [span]
        return self.split(*span, self.repetition_separator, MOST_PARTS)

    def filled(self, span: Span) -> bool:
        """Whether a place holds more than separators."""
        return bool(self.text[span[0] : span[1]].strip(self.separators))

    def path_of(self, segment: Segment) -> str:
        """`PID`, or `OBX[3]` where the message has several."""
        return f"{segment.name}[{segment.number}]" if len(self._by_name[segment.name]) > 1 else segment.name

    # Escapes (HL7 v2.5 section 2.7)

    @property
    def escapes(self) -> Escapes:
        """The escape sequences under the delimiters of this message."""
        return escapes(self.field_separator, self.marks)

    def unescape(self, text: str) -> str:
        """Decodes \\F\\ \\S\\ \\T\\ \\R\\ \\E\\ \\P\\, \\Xdd..\\ and \\.br\\ for reading; anything else stays as it is."""
        return self.escapes.decode(text, self.charset) if self.escape_character in text else text

    def escape(self, text: str) -> str:
        """The way back: delimiters in a value become escapes, a line end becomes \\.br\\, any other control character \\Xdd\\."""
        return self.escapes.encode(text)


@lru_cache(maxsize=64)
def _tell_apart(separator: str, marks: str) -> bool:
    """Whether the delimiters are different ones, and none of them is a letter or a digit."""
    return len({*marks, separator}) > len(marks) and not any(c.isalnum() for c in marks)


def _name(line: str, separator: str) -> str:
    """What a path calls a line; "" for one that says nothing. A line whose name is none of HL7's never reads like one or like a longer path."""
    name = line.partition(separator)[0].strip()
    if NAME.fullmatch(name) or not name:
        return name
    if name.strip(_FRAME) in ENDS:
        return name.strip(_FRAME)
    return re.sub(r"[^A-Za-z0-9]", "_", name[:12]) if line.strip(_FRAME) else ""
