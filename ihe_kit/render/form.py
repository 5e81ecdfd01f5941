"""A form for a message: its segments, their fields by how much they are wanted, and for each value a labelled control."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ihe_kit.render.citations import cite
from ihe_kit.render.marks import h, icon, visible

USAGES = {"R": "required", "RE": "required if known", "C": "conditional", "O": "optional", "X": "not supported"}
_CHOICES = 14  # a table with more codes than these is offered while one types
Codes = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Control:
    """One value to fill in: where it goes, what it is called, what it is now, and the codes of its table, if it has one."""

    path: str
    label: str
    value: str = ""
    table: str = ""
    codes: Codes = ()
    wide: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A field: its usage, and the controls of each of its repetitions. `reason` says why a conditional field is there."""

    path: str
    name: str
    usage: str
    rows: tuple[tuple[Control, ...], ...]
    many: bool = False
    reason: str = ""
    spec: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A segment: the fields to fill in, and the names of those that are not sent."""

    path: str
    name: str
    questions: tuple[Question, ...]
    unsent: tuple[str, ...] = ()
    folded: bool = False
    spare: bool = False


def form_html(sheets: Iterable[Sheet], key: str) -> str:
    """The form. `key` keeps its identifiers apart from those of other forms on the page."""
    sheets = list(sheets)
    tables = {c.table: c.codes for s in sheets for q in s.questions for row in q.rows for c in row if len(c.codes) > _CHOICES}
    lists = "".join(f'<datalist id="{key}-t{h(name)}">{_options(codes)}</datalist>' for name, codes in tables.items())
    return "".join(_sheet(sheet, key) for sheet in sheets) + lists


def legend_html() -> str:
    """What the badges of usage mean."""
    return "".join(f"<span>{_badge(usage)} {words}</span>" for usage, words in USAGES.items())


def table_html(sheets: Iterable[Sheet]) -> str:
    """The static twin of a form: what is filled in, as a table of path, name, usage and value."""
    filled = [(q, c) for s in sheets for q in s.questions for row in q.rows for c in row if c.value]
    rows = "".join(
        f"<tr><td><code>{h(c.path)}</code></td><td>{visible(q.name)}{f', {visible(c.label)}' * (c.label != q.name)}</td>"
        f"<td>{h(q.usage)}</td><td><bdi>{visible(c.value)}</bdi></td></tr>"
        for q, c in filled
    )
    return f"<table><thead><tr><th>Path</th><th>Name</th><th>Usage</th><th>Value</th></tr></thead><tbody>{rows}</tbody></table>"


def _sheet(sheet: Sheet, key: str) -> str:
    shown = "".join(_question(q, key) for q in sheet.questions if not q.folded)
    folded = [q for q in sheet.questions if q.folded]
    more = f"<summary>More fields of {h(sheet.path)} ({len(folded)})</summary>{''.join(_question(q, key) for q in folded)}"
    rest = f'<details class="kit-more" data-more="{h(sheet.path)}">{more}</details>' if folded else ""
    unsent = f'<p class="kit-unsent">{_badge("X")} <span>Not sent: {visible(", ".join(sheet.unsent))}.</span></p>' if sheet.unsent else ""
    remove = _button("bin", f"Remove {sheet.path}", f'data-drop="{h(sheet.path)}"') if sheet.spare else ""
    head = f"<code>{h(sheet.path)}</code> {visible(sheet.name)}"
    if sheet.folded:
        return f'<details class="kit-more" data-more="={h(sheet.path)}"><summary>{head}</summary>{shown}{rest}{unsent}</details>'
    return f"<fieldset><legend>{head}{remove}</legend>{shown}{rest}{unsent}</fieldset>"


def _question(question: Question, key: str) -> str:
    name, path = visible(question.name), h(question.path)
    single = not question.many and len(question.rows[0]) == 1
    words = f"{name}<small>{path}</small>"
    about = f"{key}-{path}-why"
    label = f'<label for="{key}-{h(question.rows[0][0].path)}">{words}</label>' if single else f'<span class="label">{words}</span>'
    body = _repetitions(question, key, about) if question.many else _line(question.rows[0], key, about, single=single)
    reason = f"{icon('info')}<span>{visible(question.reason)} {cite(question.spec)}</span>" if question.reason else ""
    why = f'<div class="msg" id="{about}">{reason}</div><div class="msg wrong" data-wrong role="status"></div>'
    group = "" if single else f' role="group" aria-label="{h(question.name)}"'
    return f'<div class="kit-field" data-field="{path}"{group}>{_badge(question.usage)}{label}<div>{body}{why}</div></div>'


def _repetitions(question: Question, key: str, about: str) -> str:
    grid = f'style="grid-template-columns:{_shares(question.rows[0])} 22px"'
    heads = "".join(f"<span>{visible(c.label)}</span>" for c in question.rows[0])
    head = f'<li class="th" aria-hidden="true" {grid}>{heads}</li>' if len(question.rows[0]) > 1 else ""
    rows = ""
    for number, row in enumerate(question.rows, start=1):
        remove = _button("bin", f"Remove {question.name} {number}", f'data-remove="{h(question.path)}[{number}]"')
        cells = "".join(_control(c, key, f"{question.name}, {c.label}, {number}", about) for c in row)
        rows += f"<li {grid}>{cells}{remove if len(question.rows) > 1 or row_filled(row) else '<span></span>'}</li>"
    add = f'<button type="button" class="kit-btn small quiet" data-add="{h(question.path)}" aria-label="Add {h(question.name)}">{icon("add")}Add</button>'
    return f'<ul class="kit-rep" aria-label="{h(question.name)}">{head}{rows}</ul>{add}'


def row_filled(row: Iterable[Control]) -> bool:
    """Whether anything is filled in."""
    return any(control.value for control in row)


def _line(row: Sequence[Control], key: str, about: str, single: bool) -> str:
    if single:
        return _control(row[0], key, "", about)
    cells = "".join(f'<label class="kit-part"><small>{visible(c.label)}</small>{_control(c, key, "", about)}</label>' for c in row)
    return f'<div class="kit-parts" style="grid-template-columns:{_shares(row)}">{cells}</div>'


def _shares(row: Iterable[Control]) -> str:
    return " ".join(f"minmax(0,{control.wide}fr)" for control in row)


def _control(control: Control, key: str, label: str, about: str) -> str:
    named = f' aria-label="{h(label)}"' if label else ""
    common = f'id="{key}-{h(control.path)}" data-path="{h(control.path)}"{named} aria-describedby="{about}"'
    if control.codes and len(control.codes) <= _CHOICES:
        known = [("", ""), *control.codes]
        if control.value not in dict(known):
            known.append((control.value, "not in the table"))
        return f'<select class="kit-input" {common}>{_options(known, control.value)}</select>'
    codes = f' list="{key}-t{h(control.table)}"' if control.codes else ""
    return f'<input class="kit-input" {common} value="{h(control.value)}" autocomplete="off" spellcheck="false"{codes}>'


def _options(codes: Codes, chosen: str | None = None) -> str:
    return "".join(
        f'<option value="{h(code)}"{" selected" * (code == chosen)}>{h(f"{code}, {meaning}" if code and meaning else code)}</option>'
        for code, meaning in codes
    )


def _badge(usage: str) -> str:
    kind = {"CE": "C", "B": "O", "W": "X"}.get(usage, usage)
    return f'<span class="kit-use {h(kind)}" title="{USAGES.get(kind, "")}">{h(usage)}</span>'


def _button(symbol: str, label: str, data: str) -> str:
    return (
        f'<button type="button" class="kit-btn icon quiet small" aria-label="{h(label)}" title="{h(label)}" {data}>{icon(symbol)}</button>'
    )
