"""A form for a message: its segments, their fields by how much they are wanted, and for each value a labelled control."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ihe_kit.render.citations import cite
from ihe_kit.render.marks import h, icon, visible

USAGES = {"R": "required", "RE": "required if known", "C": "conditional", "O": "optional", "X": "not supported"}


@dataclass(frozen=True, slots=True)
class Control:
    """One value to fill in: where it goes, what it is called, what it is now; and the table that its codes come from, if it has one.

    `meaning` is what the code means; a `brief` one, which stands beside others, has no room to say it. `wide` is its share of a line, `hint` what
    is shown while nothing is there; the label of one that is `told` stands above it even where it is alone.
    """

    path: str
    label: str
    value: str = ""
    table: str = ""
    meaning: str = ""
    brief: bool = False
    wide: int = 1
    hint: str = ""
    told: bool = False

    @property
    def shown(self) -> str:
        """What stands in the control: `M, male`, or the value."""
        told = self.meaning if self.meaning.lower() != self.value else ""  # `female, Female` tells nobody anything
        return f"{self.value}, {told}" if told and not self.brief else self.value


@dataclass(frozen=True, slots=True)
class Question:
    """A field: its usage, and the controls of each of its repetitions. `reason` says why a conditional field is there.

    `badge` is how its standard writes what is wanted, where that is not by usage: FHIR's `1..1`. `short` is what is shown of a long path, `limits` what
    a value may be; `offer` is (path, words) of a part that may be asked for instead.
    """

    path: str
    name: str
    usage: str
    rows: tuple[tuple[Control, ...], ...]
    many: bool = False
    reason: str = ""
    spec: str = ""
    folded: bool = False
    badge: str = ""
    short: str = ""
    limits: str = ""
    offer: tuple[str, str] | None = None

    @property
    def wanted(self) -> str:
        """How much it is wanted, as its standard writes it."""
        return self.badge or self.usage


@dataclass(frozen=True, slots=True)
class Sheet:
    """A segment: the fields to fill in, and the names of those that are not sent. One that is `shut` has its fields only when it is opened.

    `short` is what is shown of a long path, `level` how deep it stands in another; `another` is the path of one more of the same, where there may be one.
    """

    path: str
    name: str
    questions: tuple[Question, ...] = ()
    unsent: tuple[str, ...] = ()
    folded: bool = False
    spare: bool = False
    shut: bool = False
    short: str = ""
    level: int = 0
    another: str = ""

    @property
    def controls(self) -> tuple[Control, ...]:
        """Every control of the segment."""
        return tuple(control for question in self.questions for row in question.rows for control in row)


def form_html(sheets: Iterable[Sheet], key: str) -> str:
    """The form. `key` keeps its identifiers apart from those of other forms on the page."""
    return "".join(_sheet(sheet, key) for sheet in sheets)


def legend_html() -> str:
    """What the badges of usage mean."""
    return "".join(
        f"<span>{_badge(usage)} {words.removeprefix('required ') if usage == 'RE' else words}</span>" for usage, words in USAGES.items()
    )


def occurs_html(profiled: bool) -> str:
    """What the badges of cardinality mean, as FHIR writes it; only a profile marks what must be supported."""
    kinds = [("R", "1..1", "required"), *([("RE", "0..1", "must support")] if profiled else []), ("O", "0..*", "optional, * any number")]
    return "".join(f"<span>{_badge(usage, occurs)} {words}</span>" for usage, occurs, words in kinds)


def table_html(sheets: Iterable[Sheet]) -> str:
    """The static twin of a form: what is filled in, as a table of path, name, usage and value."""
    filled = [(q, c) for s in sheets for q in s.questions for row in q.rows for c in row if c.value]
    rows = "".join(
        f"<tr><td><code>{h(c.path)}</code></td><td>{visible(q.name)}{f', {visible(c.label)}' * (c.label != q.name)}</td>"
        f"<td>{h(q.wanted)}</td><td><bdi>{visible(c.value)}</bdi></td></tr>"
        for q, c in filled
    )
    return f"<table><thead><tr><th>Path</th><th>Name</th><th>Usage</th><th>Value</th></tr></thead><tbody>{rows}</tbody></table>"


def _sheet(sheet: Sheet, key: str) -> str:
    shown = "".join(_question(q, key) for q in sheet.questions if not q.folded)
    folded = [q for q in sheet.questions if q.folded]
    more = f"<summary>More fields of {visible(sheet.name if sheet.short else sheet.path)} ({len(folded)})</summary>{''.join(_question(q, key) for q in folded)}"
    rest = f'<details class="kit-more" data-more="{h(sheet.path)}">{more}</details>' if folded else ""
    unsent = f'<p class="kit-unsent">{_badge("X")} <span>Not sent: {visible(", ".join(sheet.unsent))}.</span></p>' if sheet.unsent else ""
    named = sheet.name if sheet.short else sheet.path
    remove = _button("bin", f"Remove {named}", f'data-drop="{h(sheet.path)}"') if sheet.spare else ""
    again = _button("add", f"Add another after {named}", f'data-part="{h(sheet.another)}"') if sheet.another else ""
    head = f"<code>{h(sheet.path)}</code> {visible(sheet.name)}"
    if sheet.short:  # a name says more than a long path
        head = f"<span>{visible(sheet.name)}</span> <code>{h(sheet.short)}</code>"
    level = f' style="--level:{sheet.level}"' if sheet.level else ""
    if sheet.shut:
        return f'<details class="kit-more" data-more="={h(sheet.path)}" data-sheet="{h(sheet.path)}"{level}><summary>{head}</summary></details>'
    if sheet.folded:
        return f'<details class="kit-more" data-more="={h(sheet.path)}"{level}><summary>{head}</summary>{shown}{rest}{unsent}</details>'
    return f'<fieldset data-group="{h(sheet.path)}"{level}><legend>{head}{again}{remove}</legend>{shown}{rest}{unsent}</fieldset>'


def _question(question: Question, key: str) -> str:
    name, path = visible(question.name), h(question.path)
    single = not question.many and len(question.rows[0]) == 1 and not question.rows[0][0].told
    words = f"{name}<small>{h(question.short).replace('_', '_<wbr>') or path.replace('.', '.<wbr>')}</small>"
    about = f"{key}-{path}-why"
    label = f'<label for="{key}-{h(question.rows[0][0].path)}">{words}</label>' if single else f'<span class="label">{words}</span>'
    body = _repetitions(question, key, about) if question.many else _line(question.rows[0], key, about, single=single)
    reason = f"{icon('info')}<span>{visible(question.reason)} {cite(question.spec)}</span>" if question.reason else ""
    limits = f"<span>{visible(question.limits)}</span>" if question.limits else ""
    offer = (
        f'<button type="button" class="kit-btn small quiet" data-part="{h(question.offer[0])}">{visible(question.offer[1])}</button>'
        if question.offer
        else ""
    )
    wide = f'<div class="kit-limits">{limits}{offer}</div>' if limits or offer else ""
    why = f'{wide}<div class="msg" id="{about}">{reason}</div><div class="msg wrong" data-wrong role="status"></div>'
    group = "" if single else f' role="group" aria-label="{h(question.name)}"'
    return f'<div class="kit-field" data-field="{path}"{group}>{_badge(question.usage, question.badge)}{label}<div>{body}{why}</div></div>'


def _repetitions(question: Question, key: str, about: str) -> str:
    rows = ""
    for number, row in enumerate(question.rows, start=1):
        label = f"Remove {question.name} {number}"
        removable = len(question.rows) > 1 or row_filled(row)
        remove = _button("bin", label, f'data-remove="{h(question.path)}[{number}]"') if removable else "<span></span>"
        rows += f"<li>{_parts(row, key, about, f'{question.name} {number}')}{remove}</li>"
    add = f'<button type="button" class="kit-btn small quiet" data-add="{h(question.path)}" aria-label="Add {h(question.name)}">{icon("add")}Add</button>'
    return f'<ul class="kit-rep" aria-label="{h(question.name)}">{rows}</ul>{add}'


def about_html(name: str, says: str, places: Iterable[tuple[str, str]], facts: Iterable[tuple[str, str]]) -> str:
    """What a field is, whether or not anything stands in it: its name, what it is for, its addresses, and facts such as its type; empty ones are left out."""
    rows = [(term, f"<code>{visible(place)}</code>") for term, place in places if place]
    rows += [(term, visible(fact)) for term, fact in facts if fact]
    listed = "".join(f"<dt>{visible(term)}</dt><dd>{fact}</dd>" for term, fact in rows)
    return f'<div><h4 class="jp-toc-ignore"><b>{visible(name)}</b></h4><p>{visible(says)}</p></div><dl class="kit-dl">{listed}</dl>'


def row_filled(row: Iterable[Control]) -> bool:
    """Whether anything is filled in."""
    return any(control.value for control in row)


def _line(row: Sequence[Control], key: str, about: str, single: bool) -> str:
    return _control(row[0], key, "", about) if single else _parts(row, key, about, "")


def _parts(row: Sequence[Control], key: str, about: str, name: str) -> str:
    """The controls of a field, each under its label; the parts of one component, such as those of an assigning authority, stay together."""
    if len(row) == 1:
        return f'<div class="kit-parts">{_part(row[0], key, about, name, plain=not row[0].told)}</div>'
    pieces = ""
    for _, group in groupby(row, key=lambda c: re.sub(r"(-\d+(\[\d+\])?\.\d+)\..*", r"\1", c.path)):
        parts = list(group)
        inside = "".join(_part(c, key, about, name) for c in parts)
        pieces += f'<div class="kit-parts" style="--w:{sum(c.wide for c in parts)}">{inside}</div>' if len(parts) > 1 else inside
    return f'<div class="kit-parts">{pieces}</div>'


def _part(control: Control, key: str, about: str, name: str, plain: bool = False) -> str:
    label = f"{name}, {control.label}" if name else ""
    words = "" if plain else f"<small>{visible(control.label)}</small>"
    return f'<label class="kit-part" style="--w:{control.wide}">{words}{_control(control, key, label, about)}</label>'


def _control(control: Control, key: str, label: str, about: str) -> str:
    named = f' aria-label="{h(label)}"' if label else ""
    common = f'class="kit-input" id="{key}-{h(control.path)}" data-path="{h(control.path)}"{named} aria-describedby="{about}"'
    hint = f' placeholder="{h(control.hint)}"' if control.hint else ""
    typed = f'value="{h(control.shown)}"{hint} autocomplete="off" spellcheck="false"'
    if not control.table:
        return f"<input {common} {typed}>"
    combobox = f'role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="{key}-list" data-table="{h(control.table)}"'
    return f'<span class="kit-pop"><input {common} {combobox}{" data-brief" * control.brief} {typed}>{icon("open end")}</span>'


def _badge(usage: str, occurs: str = "") -> str:
    kind = {"CE": "C", "B": "O", "W": "X"}.get(usage, usage)
    return f'<span class="kit-use {h(kind)}" title="{USAGES.get(kind, "")}">{h(occurs or usage)}</span>'


def _button(symbol: str, label: str, data: str) -> str:
    return (
        f'<button type="button" class="kit-btn icon quiet small" aria-label="{h(label)}" title="{h(label)}" {data}>{icon(symbol)}</button>'
    )
