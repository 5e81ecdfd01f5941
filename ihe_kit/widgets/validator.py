"""Validator: the mistakes of a message as one types, each with its place, its reason, its source and, where there is one, its repair."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import traitlets

from ihe_kit.core import Message, Unreadable
from ihe_kit.profiles import candidates
from ihe_kit.profiles import transaction as by_number
from ihe_kit.render import Outline, findings_html, h, icon, mirror_html, summary_html, tag, text_html, visible
from ihe_kit.rules import Finding, Fix, repaired
from ihe_kit.verbs import build, explain, parse, transactions, validate
from ihe_kit.widgets.base import KitWidget, front


@dataclass
class Review:
    """What was found in a text. `unreadable` says why no rule was run; `transaction` is the number of the one that was checked."""

    message: Message | None = None
    findings: list[Finding] = field(default_factory=list)
    transaction: str = ""
    held: int = 0
    unreadable: Unreadable | None = None


def review(text: str, transaction: str = "") -> Review:
    """Reads a text and checks it against a transaction, or against the one that the message shows itself to belong to.

    Never raises for what the text holds. Raises ValueError for a transaction that the kit does not know.
    """
    try:
        message = parse(text)
    except Unreadable as problem:
        return Review(unreadable=problem)
    chosen = by_number(transaction) if transaction else None
    if not chosen or chosen.standard.key != message.standard:  # then the message itself has to say
        shown = [t for t in candidates(message) if t.request_rules]
        chosen = shown[0] if len(shown) == 1 else None
    findings = validate(message, chosen)
    broken = {finding.rule for finding in findings}
    held = sum(rule.id not in broken for rule in chosen.rules(message)) if chosen else 0
    return Review(message, findings, chosen.number if chosen else "", held)


def typed(text: str) -> str:
    """The text as a textarea holds it: every line end is one line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def restored(text: str, before: str) -> str:
    """What a textarea holds, with the line ends that the standard wants: CR in HL7 v2 (CRLF where the text before had it), CRLF in an
    HTTP head. Text that nobody changed is the text before.
    """
    if text == typed(before):
        return before
    if re.match(r"\s*(MSH|FHS|BHS)", text):
        return text.replace("\n", "\r\n" if "\r\n" in before else "\r")
    head, gap, body = text.partition("\n\n")
    http = re.match(r"[A-Z]+ \S+ HTTP/1|HTTP/1", head) and gap
    return f"{head}{gap}".replace("\n", "\r\n") + body if http else text


def _decoded(data: bytes) -> str:
    """Bytes in the character set that the message names, or as far as they are UTF-8."""
    try:
        return parse(data).text
    except Unreadable:
        return data.decode("utf-8", "replace")


def example(mistakes: bool = False) -> str:
    """An admission (ITI-31), sound or with five mistakes."""
    from ihe_kit.crosswalk import person
    from ihe_kit.region import story_clock, story_ids

    message = build("ITI-31", person("ingrid"), story_clock(), story_ids())
    wrong = {"PID-3.4": "", "EVN-6": "", "PID-8": "K", "PV1-2": "", "PV1-51": ""} if mistakes else {}
    fixes = [Fix("", element.start, element.end, text) for path, text in wrong.items() for element in message.find(path)]
    return repaired(message.text, fixes)


class Validator(KitWidget):
    """Checks a message while it is typed. `text` is the message with its own line ends, `findings` what was found in it."""

    _esm = front("kit.js", "validator.js")
    text = traitlets.Unicode()
    transaction = traitlets.Unicode().tag(sync=True)
    draft = traitlets.Unicode().tag(sync=True)  # what the textarea holds
    turn = traitlets.Int().tag(sync=True)  # counts the drafts, so that the front end knows which one a report is about
    report = traitlets.Dict().tag(sync=True)

    def __init__(self, message: str | bytes | Message | None = None, transaction: str | None = None, **kwargs: Any) -> None:
        text = _decoded(message) if isinstance(message, bytes) else str(message or "")
        if transaction:
            by_number(transaction)  # raises ValueError for one that nobody knows
        super().__init__(text=text, transaction=transaction or "", draft=typed(text), **kwargs)
        self.review = Review()
        self._check()
        self.html = self._html()
        self.observe(self._typed, "draft")
        self.observe(self._given, "text")
        self.observe(self._check, "transaction")

    @property
    def findings(self) -> list[Finding]:
        """What was found; offsets count in `text`."""
        return self.review.findings

    def answer_fix(self, number: int | None = None) -> str:
        """Applies the repair of one finding, or all repairs."""
        chosen = self.findings if number is None else self.findings[number : number + 1]
        self.text = repaired(self.text, [finding.fix for finding in chosen if finding.fix])
        return str(self.draft)

    def answer_example(self, mistakes: bool) -> str:
        """Puts one of the examples into an empty widget."""
        self.text = example(mistakes)
        return str(self.draft)

    def twin(self) -> str:
        """The text with underlines, then the findings as lists."""
        body = ""
        if self.review.message:
            text = text_html(Outline(self.review.message, explain), self.findings)
            body = f'{text}<div class="kit-strip"><div class="kit-sum">{self._summary()}</div></div>{self._lists(static=True)}'
        elif self.text:
            body = f'<pre class="kit-raw">{visible(self.text[:2000])}</pre>{self._note()}'
        head = f'<div class="kit-head"><h3 class="jp-toc-ignore">Validate</h3> {self._tag()}</div>'
        return f'<div class="kit is-static" role="group" aria-label="Validator">{head}{body}</div>'

    def _typed(self, _: Any) -> None:
        text = restored(self.draft, self.text)
        if text != self.text:
            self.text = text

    def _given(self, _: Any) -> None:
        self.draft = typed(self.text)
        self._check()

    def _check(self, _: Any = None) -> None:
        self.review = review(self.text, self.transaction) if self.text.strip() else Review()
        found = self.review
        mirror = mirror_html(Outline(found.message, explain), found.findings) if found.message else self._plain_mirror()
        fixes = sum(finding.fix is not None for finding in found.findings)
        self.report = {
            "turn": self.turn,
            "state": "empty" if not self.text.strip() else "unreadable" if found.unreadable else "read",
            "standard": found.message.standard if found.message else "",
            "tag": self._tag(),
            "mirror": mirror,
            "summary": self._summary(),
            "lists": self._lists() or self._note(),
            "fixes": fixes,
            "options": self._options(),
        }

    def _plain_mirror(self) -> str:
        """A text that nobody could read, with the first thing wrong underlined."""
        problem, text = self.review.unreadable, typed(self.text)
        if not problem:
            return h(text) + "\n"
        at = len(typed(self.text[: problem.start]))
        wrong = f'<span class="kit-f-error" data-s="{problem.start}" data-e="{problem.start + 1}">{h(text[at : at + 1])}</span>'
        return f"{h(text[:at])}{wrong}{h(text[at + 1 :])}\n"

    def _tag(self) -> str:
        return tag(self.review.message.standard) if self.review.message else ""

    def _summary(self) -> str:
        problem = self.review.unreadable
        if problem:
            return f"<span>{icon('error')}<b>Not readable</b> at line {problem.line}, character {problem.column}</span>"
        return summary_html(self.findings, self.review.held) if self.review.message else ""

    def _note(self) -> str:
        problem = self.review.unreadable
        if not problem:
            return ""
        says = problem.says[:1].upper() + problem.says[1:]
        words = f"<b>{visible(says)}.</b> No rule was run: rules need a message that can be read."
        return f'<div class="kit-note error">{icon("error")}<div>{words}</div></div>'

    def _lists(self, static: bool = False) -> str:
        return findings_html(self.findings, self.review.message.standard, fixes=not static, static=static) if self.review.message else ""

    def _options(self) -> str:
        """The transactions of the message's standard, first of all the one that it is recognised as."""
        standard, found = self.review.message.standard if self.review.message else "", self.review.transaction
        known = f": {found}" if found and not self.transaction else ""
        rows = [("", f"recognised from the message{known}")]
        rows += [(t.number, t.title) for t in transactions().values() if t.request_rules and standard in ("", t.standard.key)]
        return "".join(f'<option value="{h(n)}"{" selected" * (n == self.transaction)}>{h(title)}</option>' for n, title in rows)

    def _html(self) -> str:
        head = '<h3 class="jp-toc-ignore">Validate</h3><span data-tag></span><span class="kit-meta kit-grow"></span><label class="kit-small kit-quiet">against '
        head += '<select class="kit-btn small" data-against></select></label>'
        off = f'<div class="kit-off" data-off hidden>{icon("info")}Python was restarted or stopped, so this is its last result. Run the first cell of the notebook, then this one again.</div>'
        area = f'<textarea aria-label="Message" spellcheck="false" autocomplete="off" autocapitalize="off" data-gramm="false" placeholder="{h(_HINT)}"></textarea>'
        page = f'<div class="kit-raw kit-edit"><div class="kit-mirror" aria-hidden="true"></div>{area}</div>'
        summary = '<div class="kit-sum" role="status"></div><span class="kit-grow"></span><button type="button" class="kit-btn small" data-all hidden></button>'
        return (
            f'<div class="kit" role="group" aria-label="Validator"><div class="kit-head">{head}</div>{off}{page}{_EMPTY}'
            f'<div class="kit-strip" data-strip>{summary}</div><div data-lists></div></div>'
        )


_HINT = 'MSH|^~\\&|...   or   {"resourceType": ...}   or   POST /fhir/Patient HTTP/1.1'
_EMPTY = """<div class="kit-empty" data-empty hidden><h4 class="jp-toc-ignore">Nothing to check yet</h4><p>Paste a message above: HL7 v2, a FHIR resource in JSON, an
openEHR composition, or an HTTP request of one. The standard and the transaction are recognised from its first lines.</p><div class="kit-do">
<button type="button" class="kit-btn small" data-example="">Load a sound ADT^A01</button>
<button type="button" class="kit-btn small" data-example="5">Load one with five mistakes</button></div></div>"""
