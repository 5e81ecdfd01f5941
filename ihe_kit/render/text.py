"""The text of a message, to the character: lines of runs that know their place, underlines where something was found."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import Message
from ihe_kit.render.marks import SEVERITY, SHOWN, h, icon, linked, mark, visible
from ihe_kit.render.outline import Outline
from ihe_kit.rules import SEVERITIES, Finding

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
# A piece of a text may end in the middle of a string: taken to the end in one go, it is read once and not again from each of its quotes.
_STRING = r'"(?:[^"\\]|\\.?)*+"?'
_WORD = re.compile(rf"({_STRING}|[\w-]++)(\s*+:)?", re.DOTALL)
_BREAK = re.compile(rf"{_STRING}|(?P<open>[{{\[](?!\s*[}}\]]))|(?P<comma>,)|(?P<close>(?<![{{\[])[}}\]])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the view. A JSON text that came in one line is broken for the eye: only its first piece has a number."""

    start: int
    end: int
    ending: str = ""
    number: int = 0
    depth: int = 0


def text_html(outline: Outline, findings: Sequence[Finding] = (), *, offset: int = -1) -> str:
    """The text of a message, cut into runs that know their place (`data-s`, `data-e`). With an `offset` (the byte at which the message
    begins in its packet) every line starts with its place in bytes and line ends show as marks.
    """
    message, pen = outline.message, _Pen(outline, findings)
    v2, at, rows = message.standard == "v2", max(offset, 0), []
    for line in lines(message):
        inside = pen.runs(line.start, line.end)
        place = f'data-o="{at:04d}"' if offset >= 0 else f'data-n="{line.number or ""}" style="--d:{line.depth}"' * (not v2)
        ends = "".join(mark({"\r": "CR", "\n": "LF"}[c], f"0x{ord(c):02X}, end of line") for c in line.ending) if offset >= 0 else ""
        rows.append(f'<div class="ln" {place}>{inside}{ends}</div>')
        at += len((message.text[line.start : line.end] + line.ending).encode(message.charset, "replace")) if offset >= 0 else 0
    kind = f"{'' if v2 else 'json '}{'bytes ' if offset >= 0 else ''}kit-{message.standard}"
    edges = _edges(at) if offset > 0 else ("", "")
    attributes = f'class="kit-raw {kind}" tabindex="0" role="group" aria-label="Message"'
    return f"<div {attributes}>{edges[0]}{''.join(rows)}{edges[1]}</div>{_cut(message.text)}"


def mirror_html(outline: Outline, findings: Sequence[Finding]) -> str:
    """The text as a textarea shows it, every line end one line feed, with underlines and nothing that takes room."""
    pen, rest = _Pen(outline, findings, plain=True), outline.message.text[SHOWN:].replace("\r\n", "\n").replace("\r", "\n")
    drawn = (pen.runs(line.start, line.end) + ("\n" if line.ending else "") for line in lines(outline.message, whole=True))
    return "".join(drawn) + h(rest.replace("\0", "\u2400")) + "\n"


def plain_html(data: bytes) -> str:
    """Bytes that no standard could read, line by line."""
    at, rows = 0, []
    for piece in data[:SHOWN].splitlines(keepends=True):
        rows.append(f'<div class="ln" data-o="{at:04d}">{visible(piece.decode("utf-8", "replace"))}</div>')
        at += len(piece)
    return f'<div class="kit-raw bytes" tabindex="0" role="group" aria-label="Message">{"".join(rows)}</div>'


def lines(message: Message, whole: bool = False) -> Iterator[Line]:
    """The lines that a view shows; `whole` keeps the lines of the text as they are."""
    text = message.text[:SHOWN]
    for number, found in enumerate(_LINE.finditer(text), start=1):
        if found.start() == found.end() == len(text):
            return
        line = Line(found.start(1), found.end(1), found.group(2), number)
        dense = message.standard != "v2" and len(found.group(1)) > 100 and found.group(1).lstrip()[:1] in ("{", "[")
        yield from _broken(line, text) if dense and not whole else [line]


def _broken(line: Line, text: str) -> Iterator[Line]:
    """One dense line of JSON, broken behind commas and around brackets."""
    start, depth, number = line.start, 0, line.number
    for found in _BREAK.finditer(text, line.start, line.end):
        cut = found.start() if found.group("close") else found.end()
        if found.lastgroup and cut > start:
            yield Line(start, cut, "", number, depth)
            start, number = cut, 0
        depth += {"open": 1, "close": -1}.get(found.lastgroup or "", 0)
    yield Line(start, line.end, line.ending, number, max(depth, 0))


def _edges(at: int) -> tuple[str, str]:
    head = f'<div class="ln edge" data-o="0000">{mark("VT")} start of block</div>'
    return head, f'<div class="ln edge" data-o="{at:04d}">{mark("FS")}{mark("CR")} end of block</div>'


def _cut(text: str) -> str:
    if len(text) <= SHOWN:
        return ""
    return f'<p class="kit-off">{icon("info")}The first {SHOWN:,} of {len(text):,} characters are shown. The message itself is whole.</p>'


@lru_cache(maxsize=1024)  # a message has few kinds of runs of delimiters, and each of them often
def _breakable(delimiters: str) -> str:
    """Delimiters, after each of which a line may break."""
    return "".join(f"{visible(c)}<wbr>" for c in delimiters)


class _Pen:
    """Writes pieces of a text as runs. A run ends wherever an element or a finding begins or ends."""

    def __init__(self, outline: Outline, findings: Sequence[Finding], plain: bool = False) -> None:
        self.text, self.v2, self.plain = outline.message.text, outline.message.standard == "v2", plain
        spans = [(e.start, e.end) for e in outline.elements]
        self.cuts = sorted({place for span in spans for place in span} | {place for f in findings for place in (f.start, f.end)})
        self.leaves = sorted(spans[i] for i in range(len(spans)) if i not in outline.children)
        self.starts = [start for start, _ in self.leaves]
        self.ways = {spans[i][0]: way for i in range(len(spans)) if (way := outline.leads(i))}  # where a leaf begins that leads somewhere
        self.under: dict[int, str] = {}  # a place where runs are cut -> the worst severity from there to the next
        for f in sorted(findings, key=lambda f: -SEVERITIES.index(f.severity)):
            places = self.cuts[bisect_left(self.cuts, f.start) : bisect_left(self.cuts, f.end)]
            self.under |= dict.fromkeys(places, f.severity)
        self.gaps = {f.start: f.severity for f in reversed(findings) if f.start == f.end}

    def runs(self, start: int, end: int) -> str:
        inner = self.cuts[bisect_right(self.cuts, start) : bisect_right(self.cuts, end - 1)]
        pieces, here = [], start
        for cut in (*inner, end):
            pieces.append(self._gap(here) + self._run(here, cut))
            here = cut
        return "".join(pieces) + self._gap(end, last=True)

    def _run(self, start: int, end: int) -> str:
        text = self.text[start:end]
        if not text:
            return ""
        leaf = bisect_right(self.starts, start) - 1
        bare = re.fullmatch(r"\w{3}", text) and self.v2 and self.text[start - 1 : start] in ("", "\r", "\n")  # a segment of a name alone
        inside = leaf >= 0 and end <= self.leaves[leaf][1] and bool(re.search(r"\w", text)) and not bare
        classes = " ".join(filter(None, ("" if inside else "d", self._underline(start))))
        named = f' class="{classes}"' if classes else ""
        shown = linked(self._show(text), self.ways.get(self.starts[leaf], "")) if inside else self._delimiters(text, start)
        return f'<span{named} data-s="{start}" data-e="{end}">{shown}</span>'

    def _show(self, text: str) -> str:
        return h(text.replace("\0", "\u2400")) if self.plain else visible(text)

    def _delimiters(self, text: str, start: int) -> str:
        if not self.v2:
            return self._names(text)
        name = re.match(r"\w{2,}", text) if not start or self.text[start - 1] in "\r\n" else None
        head = f'<span class="seg">{self._show(name.group())}</span>' if name else ""
        rest = text[name.end() :] if name else text
        return head + (self._show(rest) if self.plain else _breakable(rest) if len(rest) <= 64 else _breakable.__wrapped__(rest))

    def _names(self, text: str) -> str:
        """The delimiters of JSON or HTTP, with what stands before a colon marked as a name."""
        pieces, here = [], 0
        for found in _WORD.finditer(text):
            if found[2]:
                pieces += [self._quiet(text[here : found.start()]), f'<span class="k">{self._show(found[1])}</span>']
                here = found.end(1)
        return "".join(pieces) + self._quiet(text[here:])

    def _quiet(self, text: str) -> str:
        """What is no element: delimiters stay faint, words such as a path of HTTP can be read."""
        return f'<span class="kit-quiet">{self._show(text)}</span>' if re.search(r"\w", text) else self._show(text)

    def _underline(self, start: int) -> str:
        at = bisect_right(self.cuts, start) - 1
        severity = self.under.get(self.cuts[at]) if at >= 0 else None
        return f"kit-f-{SEVERITY[severity][0]}" if severity else ""

    def _gap(self, place: int, last: bool = False) -> str:
        """A place to stand for findings about something absent. What is missing after the last character of a line stands there too."""
        severity = self.gaps.get(place)
        if not severity or (last and place < len(self.text) and self.text[place] not in "\r\n"):
            return ""
        return f'<span class="kit-f-gap kit-f-{SEVERITY[severity][0]}" data-s="{place}" data-e="{place}"></span>'
