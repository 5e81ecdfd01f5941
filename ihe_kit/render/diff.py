"""Two messages beside each other: their texts, line by line, with what differs marked, and the table of the differences.

What became of a part is told by form and not by colour: a box for what came, a broken line for what went, a line below what is another now.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby

from ihe_kit.changes import KINDS, Change, steady
from ihe_kit.core import Definition, Element, Message
from ihe_kit.render.marks import SHOWN, count, h, icon, value, visible
from ihe_kit.render.outline import Explain
from ihe_kit.render.text import Line, lines

ROWS = 500  # differences that the table lists
_CONTROL = re.compile(r"([\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029])")
_NULL = '""'


@dataclass(frozen=True)
class Side:
    """One of the two: what the reader calls it, its text, and the message where the text could be read. `delimiters` are the characters to subdue."""

    name: str
    text: str
    message: Message | None = None
    delimiters: str = ""

    @property
    def lines(self) -> list[Line]:
        if self.message:
            return list(lines(self.message))
        starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", self.text[:SHOWN]))]
        spans = zip(starts, [*starts[1:], min(len(self.text), SHOWN)], strict=True)
        return [Line(start, start + len(self.text[start:end].rstrip("\r\n"))) for start, end in spans if start < end]


@dataclass
class Comparison:
    """Two texts, what differs between them from the top down, and which lines stand beside each other: (line of the first, line of the second), -1
    for none.
    """

    one: Side
    other: Side
    changes: Sequence[Change] = ()
    pairs: Sequence[tuple[int, int]] | None = None  # the places of lines that belong together; None: equal lines do
    apart: bool = False  # two texts that cannot be compared stand beside each other as they come
    lines: tuple[list[Line], list[Line]] = field(init=False)
    rows: list[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.one.lines, self.other.lines
        self._starts = [[line.start for line in side] for side in self.lines]
        if self.apart:
            together = [(n, n) for n in range(min(map(len, self.lines)))]
        elif self.pairs is None:
            together = _alike(self.one, self.lines[0], self.other, self.lines[1])
        else:
            together = [(a, b) for a, b in ((self.line(0, a), self.line(1, b)) for a, b in self.pairs) if a >= 0 and b >= 0]
        self.rows = beside(len(self.lines[0]), len(self.lines[1]), together)
        self._rows = [{row[at]: n for n, row in enumerate(self.rows)} for at in (0, 1)]
        self.changes = sorted(self.changes, key=self._order)

    def _order(self, change: Change) -> tuple[int, int]:
        """From the top down, as one reads; what is not shown comes last."""
        at, element = (1, change.after or change.gap) if change.after or (change.before and change.gap) else (0, change.before)
        row = self.row(at, element)
        return (row if row >= 0 else len(self.rows)), element.start if element else 0

    def line(self, at: int, place: int) -> int:
        """The line at a place of the first (0) or the second (1) text; -1 for one that is not shown."""
        return bisect_right(self._starts[at], place) - 1 if place < SHOWN else -1

    def touched(self, at: int, element: Element) -> range:
        """The lines that an element reaches over."""
        if element.start >= SHOWN:
            return range(0)
        return range(max(self.line(at, element.start), 0), bisect_left(self._starts[at], max(element.end, element.start + 1)))

    def row(self, at: int, element: Element | None) -> int:
        """The row of an element; -1 for none."""
        line = self.line(at, element.start) if element else -1
        return self._rows[at][line] if line >= 0 else -1


def beside(left: int, right: int, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The lines of two texts as rows. Each text keeps its order: of lines that have changed places, those stand beside each other that need not move.

    >>> beside(3, 2, [(0, 0), (2, 1)])
    [(0, 0), (1, -1), (2, 1)]
    """
    ordered = sorted(pairs)
    kept = [ordered[i] for i in sorted(steady([b for _, b in ordered]))]
    rows: list[tuple[int, int]] = []
    a = b = 0
    for first, second in [*kept, (left, right)]:
        rows += [(n, -1) for n in range(a, first)] + [(-1, n) for n in range(b, second)]
        rows += [(first, second)] if first < left else []
        a, b = first + 1, second + 1
    return rows


def _alike(one: Side, first: list[Line], other: Side, second: list[Line]) -> list[tuple[int, int]]:
    """Lines with equal texts belong together, and those between them in order."""
    before, after = ([s.text[x.start : x.end].strip() for x in found] for s, found in ((one, first), (other, second)))
    steps = SequenceMatcher(None, before, after).get_opcodes()
    return [pair for _, a, to_a, b, to_b in steps for pair in zip(range(a, to_a), range(b, to_b), strict=False)]


# The texts -------------------------------------------------------------------------------------------------------------------------------


class _Marked:
    """What differs on one side: runs in lines, and lines that are new or gone as a whole. Each knows the number of its change."""

    def __init__(self, view: Comparison, at: int) -> None:
        self.whole: dict[int, tuple[str, int]] = {}
        self.parts: dict[int, list[tuple[int, int, str, int]]] = {}
        for number, change in enumerate(view.changes):
            if here := (change.before, change.after)[at]:
                for n in view.touched(at, here):
                    line = view.lines[at][n]
                    if here.start <= line.start and line.end <= here.end:
                        self.whole[n] = change.kind, number
                    else:
                        self._add(n, (max(here.start, line.start), min(here.end, line.end), change.kind, number))
            elif change.gap and (n := view.line(at, change.gap.start)) >= 0:
                self._add(n, (change.gap.start, change.gap.start, "gap", number))

    def _add(self, line: int, part: tuple[int, int, str, int]) -> None:
        self.parts.setdefault(line, []).append(part)

    def touches(self, line: int) -> bool:
        return line in self.whole or line in self.parts


def texts_html(view: Comparison, *, static: bool = False) -> str:
    """Both texts in columns whose rows have the same heights. A run knows its place (`data-s`, `data-e`), a marked one its change (`data-c`)."""
    marked = _Marked(view, 0), _Marked(view, 1)
    touched = [marked[0].touches(a) or marked[1].touches(b) for a, b in view.rows]
    folds = 0 if static else sum(1 for changed, _ in groupby(touched) if not changed)
    columns = "".join(_column(view, side, marked[at], touched, at, static) for at, side in enumerate((view.one, view.other)))
    attributes = "" if static else ' tabindex="0" role="region" aria-label="Both texts"'
    cut = f'<p class="kit-off">{icon("info")}The first {SHOWN:,} characters of each text are shown. All of them were compared.</p>'
    longer = max(len(view.one.text), len(view.other.text)) > SHOWN
    return f'<div class="kit-diff{" off" if view.apart else ""}" style="--n:{len(view.rows) + folds + 1}"{attributes}>{columns}</div>{cut if longer else ""}'


def _column(view: Comparison, side: Side, marked: _Marked, touched: list[bool], at: int, static: bool) -> str:
    standard = side.message.standard if side.message else ""
    facts = f'<span class="kit-grow">{visible(side.message.facts)}</span>' if side.message else ""
    head = f'<div class="kit-pane-head">{h(side.name)}{facts}</div>'
    noun, pieces = "segment" if standard == "v2" else "line", []
    for changed, group in groupby(range(len(view.rows)), key=touched.__getitem__):
        numbers = list(group)
        if not changed and not static:
            pieces.append(f'<div class="ln fold">{count(len(numbers), f"equal {noun}")}</div>')
        pieces += [_line(side, view.lines[at], view.rows[row][at], marked, "" if changed else "same") for row in numbers]
    shape = f"kit-{standard}{'' if standard == 'v2' else ' json'}" if standard else "plain"
    return f'<div class="kit-raw {shape}" role="group" aria-label="{h(side.name)}">{head}{"".join(pieces)}</div>'


def _line(side: Side, found: list[Line], number: int, marked: _Marked, kind: str) -> str:
    if number < 0:
        return f'<div class="ln gap {kind}"></div>'
    line = found[number]
    whole, change = marked.whole.get(number, ("", -1))
    named = " ".join(filter(None, ("ln", kind, f"is-{whole}" if whole else "")))
    place = "" if not side.message or side.message.standard == "v2" else f' data-n="{line.number or ""}" style="--d:{line.depth}"'
    chosen = f' data-c="{change}"' if whole else ""
    return f'<div class="{named}"{place}{chosen}>{_runs(side, line, marked.parts.get(number, ()))}</div>'


def _runs(side: Side, line: Line, marks: Sequence[tuple[int, int, str, int]]) -> str:
    """A line, cut where a difference begins or ends. Of differences inside each other the inner one shows."""
    cuts = sorted({line.start, line.end, *(place for start, end, _, _ in marks for place in (start, end))})
    under: dict[int, tuple[str, int]] = {}
    gaps: dict[int, str] = {}
    for start, end, kind, number in marks:
        if kind == "gap":
            gaps[start] = f'<span class="kit-c-gap" data-s="{start}" data-e="{start}" data-c="{number}"></span>'
        else:
            under |= dict.fromkeys(cuts[bisect_left(cuts, start) : bisect_left(cuts, end)], (kind, number))
    pieces = []
    for start, end in zip(cuts, [*cuts[1:], line.end], strict=True):
        kind, number = under.get(start, ("", -1))
        attributes = f' class="kit-c {kind}" data-c="{number}"' if kind else ""
        pieces.append(gaps.get(start, ""))
        pieces += [_run(side, line, a, b, attributes) for a, b in _uncontrolled(side.text, start, end)]
    return "".join(pieces)


def _uncontrolled(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A piece of a text, cut around its control characters: their names are longer than they are, and copying counts characters."""
    for piece in _CONTROL.split(text[start:end]):
        if piece:
            yield start, start + len(piece)
            start += len(piece)


def _run(side: Side, line: Line, start: int, end: int, attributes: str) -> str:
    text, head = side.text[start:end], ""
    if start == line.start and side.delimiters and (name := re.match(r"\w{2,}", text)):
        head, text = f'<span class="seg">{visible(name.group())}</span>', text[name.end() :]
    return f'<span{attributes} data-s="{start}" data-e="{end}">{head}{_subdued(text, side.delimiters)}</span>'


def _subdued(text: str, delimiters: str) -> str:
    """Text in which delimiters are subdued; a line may break behind each of them."""
    if not delimiters:
        return visible(text)
    pieces = re.split(f"([{re.escape(delimiters)}]+)", text)
    for n in range(1, len(pieces), 2):
        pieces[n] = _delimiters(pieces[n])
    pieces[::2] = [visible(piece) if piece else "" for piece in pieces[::2]]
    return "".join(pieces)


@lru_cache(maxsize=512)
def _delimiters(text: str) -> str:
    return f'<span class="d">{"".join(f"{h(c)}<wbr>" for c in text)}</span>'


# The table -------------------------------------------------------------------------------------------------------------------------------


def tally_html(changes: Sequence[Change]) -> str:
    """`9 differences: 6 changed, 2 added, 1 removed`."""
    numbers = [(sum(change.kind == kind for change in changes), kind) for kind in KINDS]
    told = ", ".join(f"{number:,} {kind}" for number, kind in numbers if number)
    return f"<b>{count(len(changes), 'difference')}</b>{': ' if told else ''}{told}"


class _Words:
    """What the places of the changes are called, asked once for each."""

    def __init__(self, explain: Explain) -> None:
        self._explain, self._known = explain, dict[tuple[str, str], Definition]()

    def means(self, message: Message, path: str) -> Definition:
        plain = re.sub(r"\[\d+\]", "", path) if message.standard == "v2" else path
        key = getattr(message, "version", ""), plain
        if key not in self._known:
            try:
                self._known[key] = self._explain(message, plain)
            except ValueError:
                self._known[key] = Definition(path, path, "")
        return self._known[key]

    def name(self, message: Message, path: str) -> str:
        """`Patient Name, Name Type Code`: of a part of a v2 field the name of the field as well."""
        outer = path.partition("-")[0] + "-" + path.partition("-")[2].partition(".")[0]
        paths = (outer, path) if message.standard == "v2" and "." in path.partition("-")[2] else (path,)
        return ", ".join(dict.fromkeys(filter(None, (self.means(message, one).name for one in paths))))


def changes_html(view: Comparison, explain: Explain, *, selected: int = -1, static: bool = False) -> str:
    """The differences as a grid of rows that know their places in both texts, or as a table for the static twin."""
    words, standard = _Words(explain), view.one.message.standard if view.one.message else ""
    body = "".join(_row(view, words, n, selected, static) for n in range(min(len(view.changes), ROWS)))
    heads = "".join(f'<th scope="col">{h(name)}</th>' for name in ("Where", view.one.name, view.other.name, "What"))
    role = "" if static else ' role="grid" aria-label="Differences"'
    more = len(view.changes) - ROWS
    rest = f'<p class="kit-off">{icon("info")}{more:,} more are not listed.</p>' if more > 0 else ""
    return f'<table class="kit-x kit-changes kit-{standard}"{role}><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{rest}'


def _row(view: Comparison, words: _Words, number: int, selected: int, static: bool) -> str:
    change = view.changes[number]
    message = view.other.message if change.after else view.one.message
    assert message is not None
    name = words.name(message, change.path)
    where = f'<code class="p">{visible(change.path).replace(".", ".<wbr>").replace("]", "]<wbr>")}</code> {visible(name)}'
    was, now = (_cell(view, words, change, at) for at in (0, 1))
    what = f'<span class="kit-what {change.kind}">{change.kind}</span>'
    cells = f"<td>{where}</td><td>{was}</td><td>{now}</td><td>{what}</td>"
    if static:
        return f"<tr>{cells}</tr>"
    spans = [change.before or change.gap, change.after or change.gap]
    rows = [view.row(at, element) for at, element in enumerate(spans)]
    rows = [rows[0] if rows[0] >= 0 else rows[1], rows[1] if rows[1] >= 0 else rows[0]]  # a line that is nowhere else has a gap beside it
    place = " ".join(f"{e.start},{e.end},{row}" if e else f"-1,-1,{row}" for e, row in zip(spans, rows, strict=True))
    chosen = f'aria-selected="{str(number == selected).lower()}" tabindex="{0 if number == max(selected, 0) else -1}"'
    return f'<tr data-c="{number}" data-at="{place}" {chosen}>{cells}</tr>'


def _cell(view: Comparison, words: _Words, change: Change, at: int) -> str:
    """A value before or after: what it says, and of nothing whether it is absent or empty."""
    element, message = ((change.before, view.one.message), (change.after, view.other.message))[at]
    if not element or not message:
        nothing = "empty" if change.gap and not change.gap.lead else "absent"
        return f'<span class="kit-none">{nothing}</span>'
    if change.kind == "moved":
        return f"<code>{visible(element.path)}</code>"
    meaning = "null: delete it" if element.value == _NULL else dict(words.means(message, element.path).values).get(element.value, "")
    elsewhere = f'<span class="kit-quiet">{visible(element.path)}</span> ' if element.path != change.path else ""
    same = meaning.lower() == element.value.lower()
    return f"{elsewhere}<code>{value(element.value, 90)}</code>" + (f" <i>{h(meaning)}</i>" if meaning and not same else "")
