"""Messages, trees, cards, findings and sequence diagrams as HTML text, and as plain text for a terminal.

Every value that comes from a message is escaped here, control characters and the invisible marks that turn the reading direction are
shown by name, and nothing else makes HTML. What a path means comes from `explain`, which the caller hands in; a path that nobody knows
still shows.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from textwrap import wrap

from ihe_kit.core import Definition, Element, Message, Packet
from ihe_kit.crosswalk import same
from ihe_kit.exchanges import Exchange, Wire
from ihe_kit.rules import SEVERITIES, Finding

Explain = Callable[[Message, str], Definition]

LABELS = {"v2": "HL7 v2", "fhir": "FHIR", "openehr": "openEHR"}
SHOWN = 100_000  # characters of a message that a view shows; it says so, and the message itself is never cut
SEVERITY = {"error": ("error", "error", "Errors"), "warning": ("warning", "warning", "Warnings"), "information": ("info", "note", "Notes")}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
_NAMES = ["NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE", "DC1", "DC2", "DC3"]
_NAMES += ["DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"]
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_KEY = re.compile(r'("(?:[^"\\]|\\.)*"|[\w-]+)(?=\s*:)')
_BREAK = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<open>[{\[](?!\s*[}\]]))|(?P<comma>,)|(?P<close>(?<![{\[])[}\]])')
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TITLES = {"v2": "MSH-9.2", "openehr": "/name/value"}


def h(text: str) -> str:
    """Escaped for HTML, in text and in attributes; half a surrogate pair becomes a question mark."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))


def clip(text: str, most: int = 80) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def count(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def icon(name: str) -> str:
    return f'<span class="kit-i {name}" aria-hidden="true"></span>'


def tag(standard: str) -> str:
    """The coloured word that says which standard this is."""
    return f'<span class="kit-tag kit-{standard}">{LABELS[standard]}</span>' if standard in LABELS else ""


def mark(name: str, title: str = "") -> str:
    """A control character, by name."""
    return f'<span class="kit-ctl"{f' title="{title}"' if title else ""}>{name}</span>'


def visible(text: str) -> str:
    """Escaped text in which control characters are boxes with their names."""
    return _CONTROL.sub(lambda found: mark(_name(found.group()), f"U+{ord(found.group()):04X}"), h(text))


def _name(character: str) -> str:
    code = ord(character)
    return _NAMES[code] if code < 32 else {0x202E: "RLO", 0x202D: "LRO", 0x200F: "RLM", 0x200E: "LRM"}.get(code, f"{code:04X}")


def value(text: str, most: int = 120) -> str:
    """A value in one line, isolated so that its script cannot reorder what stands around it."""
    return f"<bdi>{visible(clip(text, most))}</bdi>" if text else ""


# The outline of a message ------------------------------------------------------------------------------------------------------------


class Outline:
    """The elements of a message as a tree: who is whose parent, and what each of them means."""

    def __init__(self, message: Message, explain: Explain) -> None:
        self.message, self._explain = message, explain
        self.elements = [element for element in message.elements() if element.start < SHOWN]
        self.children: dict[int, list[int]] = {}
        self.parents: list[int] = []
        self._known: dict[int, Definition] = {}
        path: list[int] = []
        for index, element in enumerate(self.elements):
            while path and self.elements[path[-1]].level >= element.level:
                path.pop()
            self.parents.append(path[-1] if path else -1)
            self.children.setdefault(self.parents[-1], []).append(index)
            path.append(index)
        self.index = {element.path: index for index, element in reversed(list(enumerate(self.elements)))}

    def means(self, index: int) -> Definition:
        """What an element means; only its own path and label where the standard does not know it."""
        if index not in self._known:
            element = self.elements[index]
            try:
                self._known[index] = self._explain(self.message, element.path)
            except ValueError:
                self._known[index] = Definition(element.path, element.label, "")
        return self._known[index]

    def label(self, index: int) -> str:
        """`PID-3`, `[1]`, `CX-1`: where a v2 part is only a number, the name of its data type stands before it."""
        label = self.elements[index].label
        return self.means(index).label if label.startswith(".") else label

    def name(self, index: int) -> str:
        """What the element is called, in words; of a repetition which one it is."""
        label = self.elements[index].label
        if label.startswith("["):
            kin = [i for i in self.children[self.parents[index]] if self.elements[i].label.startswith("[")]
            place = kin.index(index)
            return f"{_ORDINALS[place] if place < len(_ORDINALS) else place + 1} of {len(kin)}"
        name = self.means(index).name
        return "" if name.lower() == label.partition("[")[0].lower() else name

    def ancestors(self, index: int) -> list[int]:
        """From the top down, without the element itself."""
        found = []
        while (index := self.parents[index]) >= 0:
            found.append(index)
        return found[::-1]

    def field(self, index: int) -> int:
        """The v2 field, or its repetition, that an element is a part of; -1 for none."""
        above = [i for i in self.ancestors(index) if self.elements[i].level > 1 and not self._repeats(i)]
        return above[0] if above and self.message.standard == "v2" else -1

    def _repeats(self, index: int) -> bool:
        return any(self.elements[child].label.startswith("[") for child in self.children.get(index, ()))

    def opened(self, rows: int = 24) -> set[int]:
        """The elements that are open at first: whole levels from the top, as long as the rows stay few; at least a lone root."""
        deepest, tops = 1, self.children.get(-1, [])
        while sum(e.level <= deepest + 1 for e in self.elements) <= rows and deepest < 9:
            deepest += 1
        return {i for i in self.children if i >= 0 and (self.elements[i].level < deepest or tops == [i])}


def title(message: Message, explain: Explain) -> str:
    """What a message is, in words: the meaning of the trigger event, the name of a composition, or the message's own name."""
    path = _TITLES.get(message.standard, "")
    try:
        found = next(iter(message.get(path)), "") if path else ""
        meaning = dict(explain(message, path).values).get(found, found if message.standard == "openehr" else "")
    except ValueError:
        meaning = ""
    return (meaning[:1].upper() + meaning[1:]) or message.name


# The text of a message ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the view. A JSON text that came in one line is broken for the eye: only its first piece has a number."""

    start: int
    end: int
    ending: str = ""
    number: int = 0
    depth: int = 0


def text_html(outline: Outline, findings: Sequence[Finding] = (), *, offset: int = -1, height: str = "") -> str:
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
    attributes = f'class="kit-raw {kind}" tabindex="0" role="region" aria-label="Message"' + (f' style="{height}"' if height else "")
    return f"<div {attributes}>{edges[0]}{''.join(rows)}{edges[1]}</div>{_cut(message.text)}"


def mirror_html(outline: Outline, findings: Sequence[Finding]) -> str:
    """The text as a textarea shows it, every line end one line feed, with underlines and nothing that takes room."""
    pen = _Pen(outline, findings, plain=True)
    return "".join(pen.runs(line.start, line.end) + ("\n" if line.ending else "") for line in lines(outline.message, whole=True)) + "\n"


def plain_html(data: bytes, offset: bool = True) -> str:
    """Bytes that no standard could read, line by line."""
    at, rows = 0, []
    for piece in data[:SHOWN].splitlines(keepends=True):
        rows.append(f'<div class="ln"{f' data-o="{at:04d}"' if offset else ""}>{visible(piece.decode("utf-8", "replace"))}</div>')
        at += len(piece)
    return f'<div class="kit-raw bytes" tabindex="0" role="region" aria-label="Message">{"".join(rows)}</div>'


def lines(message: Message, whole: bool = False) -> Iterator[Line]:
    """The lines that a view shows; `whole` keeps the lines of the text as they are."""
    number, text = 0, message.text[:SHOWN]
    for found in _LINE.finditer(text):
        if found.start() == found.end() == len(text):
            return
        number += 1
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


class _Pen:
    """Writes pieces of a text as runs. A run ends wherever an element or a finding begins or ends."""

    def __init__(self, outline: Outline, findings: Sequence[Finding], plain: bool = False) -> None:
        self.text, self.v2, self.plain, self.findings = outline.message.text, outline.message.standard == "v2", plain, findings
        spans = [(e.start, e.end) for e in outline.elements]
        self.cuts = sorted({place for span in spans for place in span} | {place for f in findings for place in (f.start, f.end)})
        self.leaves = sorted(spans[i] for i in range(len(spans)) if i not in outline.children)
        self.starts = [start for start, _ in self.leaves]

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
        inside = leaf >= 0 and end <= self.leaves[leaf][1] and bool(re.search(r"\w", text))
        classes = " ".join(filter(None, ("" if inside else "d", self._underline(start, end))))
        shown = self._show(text) if inside else self._delimiters(text, start)
        return f'<span{f' class="{classes}"' if classes else ""} data-s="{start}" data-e="{end}">{shown}</span>'

    def _show(self, text: str) -> str:
        return h(text.replace("\0", "\u2400")) if self.plain else visible(text)

    def _delimiters(self, text: str, start: int) -> str:
        if not self.v2:
            return "".join(f'<span class="k">{self._show(p)}</span>' if i % 2 else self._show(p) for i, p in enumerate(_KEY.split(text)))
        name = re.match(r"\w{2,}", text) if not start or self.text[start - 1] in "\r\n" else None
        head = f'<span class="seg">{h(name.group())}</span>' if name else ""
        rest = text[name.end() :] if name else text
        return head + (self._show(rest) if self.plain else "".join(f"{self._show(c)}<wbr>" for c in rest))

    def _underline(self, start: int, end: int) -> str:
        over = [f.severity for f in self.findings if f.start <= start and end <= f.end and f.start < f.end]
        return f"kit-f-{SEVERITY[min(over, key=SEVERITIES.index)][0]}" if over else ""

    def _gap(self, place: int, last: bool = False) -> str:
        """A place to stand for findings about something absent. What is missing after the last character of a line stands there too."""
        at = [f.severity for f in self.findings if f.start == f.end == place]
        if not at or (last and place < len(self.text) and self.text[place] not in "\r\n"):
            return ""
        return f'<span class="kit-f-gap kit-f-{SEVERITY[min(at, key=SEVERITIES.index)][0]}" data-s="{place}" data-e="{place}"></span>'


# The tree ----------------------------------------------------------------------------------------------------------------------------


def tree_html(outline: Outline, opened: Collection[int], selected: int = -1, whole: bool = True) -> str:
    """The treegrid. `whole` puts the rows of closed branches in too, hidden; without it a front end asks for them."""
    every = range(len(outline.elements)) if whole else [i for i in range(len(outline.elements)) if _is_open(outline, i, opened)]
    head = '<div role="row" class="th"><b role="columnheader">Structure</b><span role="columnheader">type</span><span role="columnheader">value</span></div>'
    width = "44px" if outline.message.standard == "v2" else "108px"
    attributes = f'class="kit-tree kit-{outline.message.standard}" style="--tw:{width}" role="treegrid" aria-label="Structure"'
    return f"<div {attributes}>{head}{rows_html(outline, every, opened, selected)}</div>"


def rows_html(outline: Outline, indexes: Iterable[int], opened: Collection[int] = (), selected: int = -1) -> str:
    """Rows of the treegrid; those below a closed branch are hidden. The first row, or the selected one, is the tab stop."""
    return "".join(_row(outline, i, opened, selected) for i in indexes)


def _is_open(outline: Outline, index: int, opened: Collection[int]) -> bool:
    return all(above in opened for above in outline.ancestors(index))


def _row(outline: Outline, index: int, opened: Collection[int], selected: int) -> str:
    level, parent = len(outline.ancestors(index)), index in outline.children
    states = f'aria-level="{level + 1}" aria-selected="{str(index == selected).lower()}" tabindex="{0 if index == max(selected, 0) else -1}"'
    states += f' aria-expanded="{str(index in opened).lower()}" class="parent"' if parent else ""
    states += "" if _is_open(outline, index, opened) else " hidden"
    sign = icon("open" if index in opened else "shut") if parent else '<span class="none"></span>'
    name = f'{sign}<span class="p">{h(outline.label(index))}</span><span class="t">{h(outline.name(index))}</span>'
    cells = f'<span class="n" role="gridcell">{name}</span><span class="ty" role="gridcell">{h(outline.means(index).type)}</span>'
    return f'<div role="row" data-i="{index}" {states} style="--d:{level}">{cells}<span class="v" role="gridcell">{_digest(outline, index)}</span></div>'


def nested_html(outline: Outline, index: int = -1, most: int = 400) -> str:
    """The tree as nested lists, for the static twin: path, name and value in reading order."""
    if index < 0 and len(outline.elements) > most:
        return f'<p class="kit-off">{icon("info")}{len(outline.elements):,} elements: too many for this page. Open the notebook to see them.</p>'
    items = "".join(
        f'<li><b class="p">{h(outline.label(i))}</b> <span class="t">{h(outline.name(i))}</span> {_digest(outline, i)}{nested_html(outline, i)}</li>'
        for i in outline.children.get(index, ())
    )
    return f'<ul{f' class="kit-nested kit-{outline.message.standard}"' if index < 0 else ""}>{items}</ul>' if items else ""


def _digest(outline: Outline, index: int) -> str:
    """What the value column says: the value and its meaning; of a branch how many or what is in it."""
    element, below = outline.elements[index], outline.children.get(index, ())
    if not below:
        meaning = _meaning(outline, index)
        return value(element.value) + (f" <i>{h(meaning)}</i>" if meaning else "")
    if outline.elements[below[0]].label.startswith("["):
        return f"<i>{count(len(below), 'repetition')}</i>"
    if outline.message.standard == "v2":
        return value(element.value) if element.level > 1 else ""
    inside = [outline.elements[i].value for i in below if i not in outline.children and not outline.elements[i].label.startswith("_")]
    return f"<i>{value(', '.join(filter(None, inside)), 70)}</i>"


def _meaning(outline: Outline, index: int) -> str:
    """What a code or a v2 date says in words, or ""."""
    element, definition = outline.elements[index], outline.means(index)
    date = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d))?[\d.+-]*", element.value)
    if date and definition.type in ("TS", "DT", "DTM") and 1 <= int(date[2]) <= 12:
        month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[int(date[2]) - 1]
        return f"{int(date[3])} {month} {date[1]}" + (f", {date[4]}:{date[5]}" if date[4] else "")
    return dict(definition.values).get(element.value, "")


# The card ----------------------------------------------------------------------------------------------------------------------------


def card_html(outline: Outline, index: int) -> str:
    """What an element is: where it stands, its name, what it is for, its type, how often, its codes, and where to read on."""
    element, definition = outline.elements[index], outline.means(index)
    crumbs = "".join(f"<li>{h(_crumb(outline, i))}</li>" for i in (*outline.ancestors(index), index))
    unknown = "" if definition.name or definition.says else "The dictionary of this standard does not have this path."
    meaning = f", {h(_meaning(outline, index))}" if _meaning(outline, index) else ""
    shown = f'<span class="kit-mono">{value(element.value, 200)}</span>{meaning}' if index not in outline.children else ""
    here = f'<p class="kit-quiet kit-small">In this message: {shown}</p>' if shown else ""
    says = f"<p>{h(definition.says or unknown)}</p>" if definition.says or unknown else ""
    words = f'<h4><code>{h(element.path)}</code> {h(definition.name)}</h4>{says}{here}'
    facts = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in _facts(outline, index) if text)
    return f'<div><ol class="kit-crumb" aria-label="Where this is">{crumbs}</ol>{words}</div><dl class="kit-dl">{facts}</dl>'


def _crumb(outline: Outline, index: int) -> str:
    label, name = outline.label(index), outline.name(index)
    return name if label.startswith("[") else f"{label} {name}".strip()


def _facts(outline: Outline, index: int) -> Iterator[tuple[str, str]]:
    definition, standard = outline.means(index), outline.message.standard
    yield "Data type", h(definition.type)
    usage, word = ("R", "required") if definition.occurs[:1] not in ("", "0") else ("O", "optional")
    yield "Occurs", definition.occurs and f'<span class="kit-use {usage}" title="{word}">{usage}</span> {h(definition.occurs)}, {word}'
    shown = ", ".join(f"<code>{h(code)}</code>{f' {h(meaning)}' if meaning else ''}" for code, meaning in definition.values[:6])
    more = f" and {len(definition.values) - 6} more" if len(definition.values) > 6 else ""
    yield "Codes", "<br>".join(filter(None, (h(definition.codes), shown + more)))
    yield "Same value", "<br>".join(f"{LABELS[key]} <code>{h(path)}</code>" for key, path, _ in same(standard, outline.elements[index].path))
    yield "Read it in", definition.spec and f'<span class="kit-cite">{h(definition.spec)}</span>'


# Findings ----------------------------------------------------------------------------------------------------------------------------


def summary_html(findings: Sequence[Finding], held: int = 0) -> str:
    """`2 errors, 1 warning, 1 note, 37 rules held`, each with its icon."""
    parts = []
    for severity, (symbol, noun, _) in SEVERITY.items():
        number = sum(f.severity == severity for f in findings)
        if number:
            parts.append(f"<span>{icon(symbol)}<b>{count(number, noun)}</b></span>")
    parts += [f"<span>{icon('ok')}{'No findings' if not findings else ''}</span>"] if not findings else []
    parts += [f"<span>{icon('ok') if findings else ''}{count(held, 'rule')} held</span>"] if held else []
    return "".join(parts)


def findings_html(findings: Sequence[Finding], standard: str, *, fixes: bool = False, static: bool = False) -> str:
    """Findings grouped by severity: listboxes of options, or plain lists for the static twin."""
    groups = []
    for severity, (symbol, _, heading) in SEVERITY.items():
        items = [(number, f) for number, f in enumerate(findings) if f.severity == severity]
        if items:
            head = f'<div class="kit-group">{icon(symbol)}{heading} <span class="kit-count">{len(items)}</span></div>'
            rows = "".join(_finding(f, number, standard, fixes, static) for number, f in items)
            groups.append(f'{head}<ul{"" if static else f' role="listbox" aria-label="{heading}"'}>{rows}</ul>')
    return "".join(groups)


def _finding(finding: Finding, number: int, standard: str, fixes: bool, static: bool) -> str:
    words = f'<div class="w">{_words(finding.what)}</div><p class="y">{_words(finding.why)}</p>'
    source = f'<div class="r"><code>{h(finding.rule)}</code><span class="kit-cite">{h(finding.spec)}</span></div>'
    fix = f'<button type="button" class="kit-btn small" data-fix="{number}" tabindex="-1">{value(finding.fix.label, 40)}</button>' if finding.fix and fixes else ""
    option = f' role="option" aria-selected="false" tabindex="-1" data-f="{number}" data-s="{finding.start}" data-e="{finding.end}"'
    keys = ' aria-keyshortcuts="F"' if fix else ""
    body = f'<span class="p">{h(finding.path)}</span> <div>{words}{source}</div><div>{fix}</div>'
    return f'<li class="kit-finding kit-{standard}"{"" if static else option + keys}>{body}</li>'


def _words(text: str) -> str:
    """A sentence that may hold values of the message."""
    return visible(text)


def findings_text(findings: Sequence[Finding], message: Message) -> str:
    """Findings for a terminal: severity, path and line, what and why, rule and source, and the fix."""
    out = []
    for f in findings:
        line = len(_LINE.findall(message.text[: f.start] + "x"))
        out.append(f"{SEVERITY[f.severity][1]:<8} {bare(f.path)}  (line {line})")
        out += [f"         {piece}" for piece in wrap(bare(f.says), 90)]
        out.append(f"         {f.rule}, {f.spec}")
        out += [f"         fix: {bare(f.fix.label)}"] if f.fix else []
    counted = [count(sum(f.severity == s for f in findings), noun) for s, (_, noun, _) in SEVERITY.items() if any(f.severity == s for f in findings)]
    return "\n".join([*out, ", ".join(counted) or "no findings"])


def bare(text: str) -> str:
    """Text that cannot move a terminal's cursor: control characters become their names in brackets."""
    return _CONTROL.sub(lambda found: f"<{_name(found.group())}>", text.replace("\n", "<LF>").replace("\t", "<HT>"))


# The sequence diagram ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Crossing:
    """One row of the diagram: the request of an exchange, or its reply."""

    exchange: Exchange
    reply: bool

    @property
    def key(self) -> str:
        """`3q` for the request of exchange 3, `3a` for its answer."""
        return f"{self.exchange.number}{'a' if self.reply else 'q'}"

    @property
    def sender(self) -> str:
        return self.exchange.receiver if self.reply else self.exchange.sender

    @property
    def receiver(self) -> str:
        return self.exchange.sender if self.reply else self.exchange.receiver

    @property
    def lost(self) -> bool:
        return not self.reply and bool(self.exchange.lost)

    @property
    def failed(self) -> bool:
        return self.reply and self.exchange.refused

    @property
    def message(self) -> Message | None:
        return self.exchange.answer if self.reply else self.exchange.request

    @property
    def packet(self) -> Packet:
        return self.exchange.received if self.reply and self.exchange.received else self.exchange.sent

    @property
    def found(self) -> list[Finding]:
        return self.exchange.answer_found if self.reply else self.exchange.found

    @property
    def standard(self) -> str:
        transaction = self.exchange.transaction
        return transaction.standard.key if transaction else ""

    @property
    def number(self) -> str:
        """What stands in bold on the arrow of a request: IHE's number, or the standard where no IHE transaction is spoken."""
        transaction = self.exchange.transaction
        if self.reply or not transaction:
            return ""
        return transaction.number if transaction.ihe else LABELS.get(self.standard, "")

    @property
    def name(self) -> str:
        name = self.message.name if self.message else count(len(self.packet.data), "byte")
        return clip(re.sub(r"[0-9a-fA-F-]{16,}", "…", name), 34)

    @property
    def more(self) -> str:
        """The words that go first where room is short: why it was refused, or what is in the answer."""
        if not self.reply or not self.message:
            return ""
        return f", {reason(self.message)}" if self.failed and reason(self.message) else f" {getattr(self.message, 'kind', '')}".rstrip()

    @property
    def time(self) -> str:
        took = self.exchange.took * 1000
        return f"+{took:.0f} ms" if self.reply else f"{self.exchange.at:%H:%M:%S}.{self.exchange.at.microsecond // 1000:03d}"


def crossings(exchanges: Iterable[Exchange]) -> list[Crossing]:
    """The rows of the diagram, in order of time."""
    return [row for e in exchanges for row in (Crossing(e, False), *([Crossing(e, True)] if e.received else []))]


def reason(answer: Message) -> str:
    """Why an answer refuses, in a few words: its own first sentence."""
    for path in ("ERR-8", "MSA-3", "OperationOutcome.issue.details.text", "OperationOutcome.issue.diagnostics", "/message"):
        try:
            found = next(filter(None, answer.get(path)), "")
        except ValueError:  # a path of another standard
            continue
        if found:
            return clip(re.split(r"(?<=\w\w)[.;:](?=\s|$)", found, maxsplit=1)[0], 40)
    return ""


def facts(exchanges: Sequence[Exchange]) -> str:
    """`10 messages in 1 min 39 s · 1 refused · 1 lost`."""
    took = (exchanges[-1].at - exchanges[0].at).total_seconds() if exchanges else 0
    span = f" in {int(took // 60)} min {took % 60:.0f} s" if took >= 60 else f" in {took:.1f} s" if took else ""
    refused, gone = sum(e.refused for e in exchanges), sum(bool(e.lost) for e in exchanges)
    parts = [count(len(crossings(exchanges)), "message") + span, f"{refused} refused" if refused else "", f"{gone} lost" if gone else ""]
    return " · ".join(filter(None, parts))


def lifelines(wire: Wire) -> dict[str, float]:
    """Where the line of each system stands, as a fraction of the lane."""
    names = [system.name for system in wire.systems]
    return {name: (place + 0.36) / len(names) for place, name in enumerate(names)}


def sequence_html(wire: Wire, exchanges: Sequence[Exchange], selected: str = "", fresh: int = 10**9, static: bool = False) -> str:
    """The sequence diagram: a listbox of crossings over lifelines. Exchanges numbered above `fresh` have just come."""
    places, rows = lifelines(wire), crossings(exchanges)
    lines_ = "".join(f'<i style="--x:{x:.3f}"></i>' for x in places.values())
    heads = "".join(
        f'<li style="--x:{x:.3f};--n:{len(places)}"><b title="{h(name)}">{h(name)}</b> <span>{h(wire.addresses.get(name, ""))}</span></li>'
        for name, x in places.items()
    )
    drawn = "".join(_crossing(row, place, rows, places, selected or rows[0].key, fresh, static) for place, row in enumerate(rows))
    box = 'class="rows"' + ("" if static else ' role="listbox" aria-label="Exchanges"')
    actors = f'<div class="actors"><span></span><ol>{heads}</ol><span></span></div>'
    return f'<div class="kit-wire"><div class="lines">{lines_}</div>{actors}<div {box}>{drawn}</div></div>'


def spoken(row: Crossing, place: int, total: int) -> str:
    """A crossing as a screen reader says it."""
    what = f"{row.number} {row.name}{row.more}".strip()
    ends = "refused" if row.failed else f"lost, {row.exchange.lost}" if row.lost else ""
    notes = ", ".join(count(sum(f.severity == s for f in row.found), noun) for s, (_, noun, _) in SEVERITY.items() if any(f.severity == s for f in row.found))
    return f"{place + 1} of {total}: " + ", ".join(filter(None, (what, f"{row.sender} to {row.receiver}", row.time, ends, notes)))


def _crossing(row: Crossing, place: int, rows: Sequence[Crossing], places: dict[str, float], selected: str, fresh: int, static: bool) -> str:
    start, end = places.get(row.sender, 1.0), places.get(row.receiver, 1.0)
    start, end = (start, 1.0) if start == end else (start, end)
    arrow = " ".join(filter(None, ("arrow", "left" if end < start else "", "back" if row.reply else "", "failed" if row.failed else "", "lost" if row.lost else "")))
    bold = f'<b{"" if not row.number or row.number[-1].isdigit() else " class=more"}>{h(row.number)}</b> ' if row.number else ""
    label = f"{icon('error') if row.failed else ''} {bold}{h(row.name)}" + (f'<span class="more">{h(row.more)}</span>' if row.more else "")
    stub = f'<span class="stub">{h(clip(row.exchange.lost, 48))}</span>' if row.lost else ""
    box = f'<span class="{arrow}" style="--l:{min(start, end):.4f};--w:{abs(end - start):.4f}"><span class="lb"><span>{label.strip()}</span></span>{stub}</span>'
    answered = row.reply or (place + 1 < len(rows) and rows[place + 1].reply)
    act = f'<i class="act {"to" if row.reply else "from"}" style="--x:{places[row.exchange.receiver]:.3f}"></i>' if answered and row.exchange.receiver in places else ""
    hour = h(row.time) if row.reply else f'<span class="h">{row.time[:6]}</span>{row.time[6:]}'
    option = f' role="option" data-k="{row.key}" aria-selected="{str(row.key == selected).lower()}" tabindex="{0 if row.key == selected else -1}" aria-label="{h(spoken(row, place, len(rows)))}"'
    classes = f"row kit-{row.standard or 'doc'}{' pause' if row.reply or not answered else ''}{' is-new' if row.exchange.number > fresh else ''}"
    return f'<div class="{classes}"{"" if static else option}><span class="time">{hour}</span> <span class="lane">{act}{box}</span> {_end(row, places)}</div>'


def _end(row: Crossing, places: dict[str, float]) -> str:
    """The right edge of a row: who stands there without a lifeline, how it ended, what was found."""
    away = next((name for name in (row.receiver, row.sender) if name not in places), "")
    if away:
        return f'<span class="end off">{h(clip(away, 40))}</span>'
    if row.failed or row.lost:
        return f'<span class="end bad">{"refused" if row.failed else "lost"}</span>'
    counts = [(symbol, sum(f.severity == s for f in row.found)) for s, (symbol, _, _) in SEVERITY.items()]
    return f'<span class="end">{" ".join(f"{icon(symbol)} {number}" for symbol, number in counts if number)}</span>'


def packet_html(row: Crossing, explain: Explain) -> str:
    """The bytes of a packet, with the marks of its frame and the place of every line."""
    outline = Outline(row.message, explain) if row.message else None
    offset = 1 if row.packet.protocol == "mllp" else 0
    body = row.packet.data[1:-2] if offset else row.packet.data
    whole = outline is not None and outline.message.text.encode(outline.message.charset, "replace") == body
    return text_html(outline, row.found, offset=offset) if outline and whole else plain_html(row.packet.data)


# The sequence diagram as plain text --------------------------------------------------------------------------------------------------

_MARGIN, _WIDTH = 14, 100


def sequence_text(wire: Wire) -> str:
    """The sequence diagram for a terminal, at most 100 columns wide, in plain ASCII lines."""
    step = (_WIDTH - _MARGIN) // max(len(wire.systems), 1)
    columns = {system.name: _MARGIN + step * place + step // 2 for place, system in enumerate(wire.systems)}
    names = [wrap(bare(name), max(step - 2, 8))[:3] for name in columns]
    out = [_canvas({}, [(x - len(n[i]) // 2, n[i]) for x, n in zip(columns.values(), names, strict=True) if i < len(n)]) for i in range(max(map(len, names), default=0))]
    out.append(_canvas({}, [(x - len(a) // 2, a) for name, x in columns.items() if (a := wire.addresses.get(name, ""))]))
    for row in crossings(wire):
        out += [_canvas(columns), *_arrow_text(row, columns)] if not row.reply else _arrow_text(row, columns)
    return "\n".join(line.rstrip() for line in out)


def _canvas(columns: dict[str, int], texts: Iterable[tuple[int, str]] = ()) -> str:
    cells = [" "] * _WIDTH
    for x in columns.values():
        cells[x] = "|"
    for start, text in texts:
        start = max(0, min(start, _WIDTH - len(text)))
        cells[start : start + len(text)] = text
    return "".join(cells)[:_WIDTH]


def _arrow_text(row: Crossing, columns: dict[str, int]) -> list[str]:
    """A label line and an arrow line; dashes far apart are a reply, dots end in a cross where no answer came."""
    start, end = columns.get(row.sender, _WIDTH - 1), columns.get(row.receiver, _WIDTH - 1)
    left, right = sorted((start, end if end != start else _WIDTH - 1))
    inner = right - left - 1
    shaft = ("." * (inner // 2) + "x" if row.lost else ("- " * inner)[: inner - 1] if row.reply else "-" * (inner - 1))
    shaft = shaft if row.lost else f"{shaft}>" if start == left else f"<{shaft}"
    away = next((f" ({name})" for name in (row.receiver, row.sender) if name not in columns), "")
    ending = f", {row.exchange.lost}" if row.lost else " (refused)" if row.failed else ""
    label = clip(bare(f"{row.number} {row.name}{row.more if row.failed else ''}{ending}{away}".strip()), _WIDTH - _MARGIN)
    label = _pad(label)
    at = left + 1 + max((inner - len(label)) // 2, 0)
    return [_canvas(columns, [(0, row.time), (at, f" {label} ")]), _canvas(columns, [(left + 1, shaft)])]


def _pad(text: str) -> str:
    """East Asian wide characters take two columns of a terminal: each is followed by a mark that the canvas does not draw."""
    return "".join(c for c in text if unicodedata.combining(c) == 0)


def shorten(finding: Finding, delta: int) -> Finding:
    """The finding, moved by `delta` characters."""
    return replace(finding, start=finding.start + delta, end=finding.end + delta)
