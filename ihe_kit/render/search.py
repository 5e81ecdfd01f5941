"""A search of FHIR as a form, as a URL whose every part says what it does, and what came back: hits, links, or why it was refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ihe_kit.render.citations import cite
from ihe_kit.render.findings import findings_html
from ihe_kit.render.marks import SEVERITY, clip, count, h, icon, value, visible
from ihe_kit.rules import Finding

Choice = tuple[str, str]  # a code and what it means
MOST = 100  # hits that a table lists


@dataclass(frozen=True, slots=True)
class Field:
    """A control: `table` names what a combobox offers, `options` are those of a select; neither: a text."""

    path: str
    label: str
    value: str = ""
    table: str = ""
    options: tuple[Choice, ...] | None = None
    hint: str = ""
    wide: int = 2


@dataclass(frozen=True, slots=True)
class Ask:
    """One part of a search as a row of the form: the lines that name it, its values, and what is wrong with it. `word` stands before it (AND)."""

    number: int
    word: str
    title: str
    lines: tuple[tuple[Field, ...], ...]
    values: tuple[tuple[Field, ...], ...]
    between: str = ""  # the word between values; "" where there may be one only
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of the URL: as it is written, what it does in words, what is wrong; and for its card, names and explanations with where to read them.

    `part` is its number in the search, -1 for the path.
    """

    text: str
    says: str
    part: int = -1
    problem: str = ""
    facts: tuple[tuple[str, str, str], ...] = ()


# The form ------------------------------------------------------------------------------------------------------------------------------


def form_html(kind: Field, asks: Sequence[Ask], key: str) -> str:
    """The form: the type of resource, then a row for each part. `key` keeps its identifiers apart from those of other forms on the page."""
    first = f'<div class="kit-ask"><span class="kit-use">of</span><div>{_line((kind,), key)}</div></div>'
    return first + "".join(_ask(ask, key) for ask in asks)


def _ask(ask: Ask, key: str) -> str:
    remove = _button("bin", f"Remove {ask.title}", f'data-remove="{ask.number}"')
    lines = "".join(_line(line, key, remove if n == 0 else "") for n, line in enumerate(ask.lines))
    values = "".join(_value(ask, n, row, key) for n, row in enumerate(ask.values))
    more = (
        f'<button type="button" class="kit-btn small quiet" data-more="{ask.number}" aria-label="{h(ask.between)} another value of {h(ask.title)}">{icon("add")}{h(ask.between)}</button>'
        if ask.between
        else ""
    )
    wrong = f'<div class="msg wrong" data-wrong role="status">{icon("warning") + f"<span>{visible(ask.problem)}</span>" if ask.problem else ""}</div>'
    body = f'<div>{lines}<ul class="kit-rep" aria-label="Values of {h(ask.title)}">{values}</ul>{more}{wrong}</div>'
    return f'<div class="kit-ask" data-row="{ask.number}" role="group" aria-label="{h(ask.title)}"><span class="kit-use">{h(ask.word)}</span>{body}</div>'


def _line(fields: Iterable[Field], key: str, more: str = "") -> str:
    return f'<div class="kit-parts">{"".join(_part(field, key) for field in fields)}{more}</div>'


def _value(ask: Ask, number: int, fields: Sequence[Field], key: str) -> str:
    between = f'<span class="kit-quiet kit-small">{h(ask.between)}</span>' if number else "<span></span>"
    label = f"Remove value {number + 1} of {ask.title}"
    remove = _button("bin", label, f'data-less="{ask.number}.{number}"') if len(ask.values) > 1 else "<span></span>"
    return f"<li>{between}{_line(fields, key)}{remove}</li>"


def _part(field: Field, key: str) -> str:
    id = f"{key}-{field.path}"
    common = f'class="kit-input" id="{h(id)}" data-path="{h(field.path)}" aria-label="{h(field.label)}"'
    if field.options is not None:
        chosen = field.value if any(code == field.value for code, _ in field.options) else None
        own = "" if chosen is not None else f'<option value="{h(field.value)}" selected>{visible(field.value)}</option>'
        options = own + "".join(
            f'<option value="{h(code)}"{" selected" * (code == chosen)}>{visible(words)}</option>' for code, words in field.options
        )
        control = f"<select {common}>{options}</select>"
    else:
        typed = f'value="{h(field.value)}" placeholder="{h(field.hint)}" autocomplete="off" spellcheck="false"'
        control = f"<input {common} {typed}>"
        if field.table:
            box = f'role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="{key}-list" data-table="{h(field.table)}" data-brief'
            control = f'<span class="kit-pop"><input {common} {box} {typed}>{icon("open end")}</span>'
    return f'<label class="kit-part" style="--w:{field.wide}"><small aria-hidden="true">{visible(field.label)}</small>{control}</label>'


def _button(symbol: str, label: str, data: str) -> str:
    return (
        f'<button type="button" class="kit-btn icon quiet small" aria-label="{h(label)}" title="{h(label)}" {data}>{icon(symbol)}</button>'
    )


# The URL -------------------------------------------------------------------------------------------------------------------------------


def url_html(pieces: Sequence[Piece], chosen: int = 0, static: bool = False) -> str:
    """The URL, a line for each of its parts, and beside it what that part does."""
    rows = ""
    for number, piece in enumerate(pieces):
        wrong = f" {icon('warning')}" if piece.problem else ""
        words = f'<code>{_lit(piece.text, number)}</code><span class="w">{marked(piece.says)}{wrong}</span>'
        if static:
            rows += f"<li>{words}{f'<p>{visible(piece.problem)}</p>' if piece.problem else ''}</li>"
        else:
            label = h(f"{piece.text}: {plain_words(piece.says)}{'. ' + piece.problem if piece.problem else ''}")
            stop = 0 if number == min(chosen, len(pieces) - 1) else -1
            rows += f'<div role="option" data-n="{number}" data-part="{piece.part}" aria-selected="{str(number == chosen).lower()}" tabindex="{stop}" aria-label="{label}">{words}</div>'
    if static:
        return f'<ul class="kit-url kit-fhir">{rows}</ul>'
    return f'<div class="kit-url kit-fhir" role="listbox" aria-label="The parts of the URL">{rows}</div>'


def _lit(text: str, number: int) -> str:
    """A part of a URL: the mark before it, its name, its value; what is written in percent shows what it stands for."""
    name, equals, rest = text.partition("=")
    before = "" if number == 0 else f'<span class="d">{"?" if number == 1 else "&amp;"}</span>'
    said = f'<span class="k">{_percent(name, ":./")}</span>'
    return before + said + (f'<span class="d">=</span>{_percent(rest, ",$")}' if equals else "")


def _percent(text: str, marks: str) -> str:
    """A text of a URL in which the marks that part something are quiet, and what is in percent says by its title what it stands for."""
    out = ""
    for piece in re.split(rf"((?:%[0-9A-Fa-f]{{2}})+|[{re.escape(marks)}])", text):
        if piece.startswith("%") and len(piece) > 2:
            out += f'<span class="e" title="{h(unquote(piece, errors="replace"))}">{h(piece)}</span>'
        else:
            out += f'<span class="d">{piece}</span><wbr>' if piece and piece in marks else h(piece)
    return out


def piece_html(piece: Piece, number: int) -> str:
    """The card of a part: as it is written, what it does, what each piece of it means, and where to read on."""
    head = (
        f'<h4 class="jp-toc-ignore"><code>{_lit(piece.text, number)}</code></h4><p>{marked(piece.says[:1].upper() + piece.says[1:])}.</p>'
    )
    wrong = f'<p class="kit-small">{icon("warning")} {visible(piece.problem)}</p>' if piece.problem else ""
    facts = "".join(f"<dt>{visible(name)}</dt><dd>{marked(says)} {cite(spec)}</dd>" for name, says, spec in piece.facts)
    return f'{head}{wrong}<dl class="kit-dl">{facts}</dl>'


def marked(text: str) -> str:
    """Words in which backquotes mark what is code, and AND and OR stand out."""
    shown = re.sub(r"`([^`]*)`", r"<code>\1</code>", visible(text))
    return re.sub(r"\bAND\b", "<b>AND</b>", shown)


def plain_words(text: str) -> str:
    """The same without marks, for a screen reader."""
    return text.replace("`", "")


# What came back ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry of the answer: its type and id, what it is in words, and why it is there: `match`, `include` or `outcome`."""

    kind: str
    id: str
    about: str
    mode: str


def hits_html(hits: Sequence[Hit], total: int | None, links: Mapping[str, str], where: str, static: bool = False, page: int = 1) -> str:
    """What was found: how many, a table, the links, and a button for the next page."""
    found = sum(hit.mode == "match" for hit in hits)
    along = sum(hit.mode == "include" for hit in hits)
    told = (
        f"{count(total, 'hit')} in all, {found} on page {page}"
        if total is not None
        else f"{count(found, 'hit')} on page {page}, nobody counted them all"
    )
    told += f", {count(along, 'resource')} came along" if along else ""
    head = f'<div class="kit-strip"><div class="kit-sum" role="status"><span>{icon("ok")}<b>{h(told)}</b></span></div><span class="kit-quiet kit-small">{visible(where)}</span>'
    following = (
        '<span class="kit-grow"></span><button type="button" class="kit-btn small" data-next>Next page</button>'
        if "next" in links and not static
        else ""
    )
    rows = "".join(_hit(hit) for hit in hits[:MOST])
    more = f'<p class="kit-off">{len(hits) - MOST:,} more are not listed.</p>' if len(hits) > MOST else ""
    columns = "<thead><tr><th>Type</th><th>id</th><th>What it is</th><th>Why it is here</th></tr></thead>"
    table = (
        f'<div class="kit-scroll"><table class="kit-x kit-hits">{columns}<tbody>{rows}</tbody></table></div>{more}'
        if rows
        else _none(total)
    )
    ways = "".join(f"<dt>{h(name)}</dt><dd><code>{visible(clip(url, 400))}</code></dd>" for name, url in links.items())
    return f'{head}{following}</div>{table}<details class="kit-more"><summary>Links of the answer</summary><dl class="kit-dl">{ways}</dl></details>'


def _hit(hit: Hit) -> str:
    why = {"match": "it matches", "include": "it came along (include)", "outcome": "the server says something"}.get(hit.mode, hit.mode)
    kind = (
        f'<tr class="{h(hit.mode)}"><td><code class="p">{visible(clip(hit.kind, 60))}</code></td><td><code>{value(hit.id, 70)}</code></td>'
    )
    return f"{kind}<td>{value(hit.about, 300)}</td><td>{visible(why)}</td></tr>"


def _none(total: int | None) -> str:
    says = (
        "Their number alone was asked for."
        if total
        else "The server understood the question, and nothing answers to it. That is no error: the answer is an empty Bundle with status 200."
    )
    return f'<div class="kit-empty"><p>{says}</p></div>'


def refused_html(status: str, outcome: Any, where: str) -> str:
    """A refusal, or no answer at all: the status, and each issue of the OperationOutcome as a finding."""
    lists = findings_html(issues(outcome), "fhir", static=True)
    shown = clip(json.dumps(outcome, ensure_ascii=False, default=str), 2000) if outcome is not None else ""
    body = lists or (f'<pre class="kit-raw">{visible(shown)}</pre>' if shown else "")
    head = f'<div class="kit-strip"><div class="kit-sum" role="status"><span>{icon("error")}<b>No hits: {visible(status)}</b></span></div>'
    return f'{head}<span class="kit-quiet kit-small">{visible(where)}</span></div>{body}'


def issues(outcome: Any) -> list[Finding]:
    """The issues of an OperationOutcome as findings; [] for what is none."""
    listed = outcome.get("issue") if isinstance(outcome, dict) else None
    found = []
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            details = one.get("details")
            says = one.get("diagnostics") or (details.get("text") if isinstance(details, dict) else "") or "The server gave no reason."
            severity = {"fatal": "error"}.get(str(one.get("severity")), str(one.get("severity")))
            places = one.get("expression")
            path = str(places[0]) if isinstance(places, list) and places else ""
            severity = severity if severity in SEVERITY else "information"
            found.append(Finding(severity, path, 0, 0, "", str(says), str(one.get("code", "")), "FHIR R4 OperationOutcome.issue"))
    return found
