"""Validator: the mistakes of a message as one types, each with its place, its reason, its source and, where there is one, its repair."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import traitlets

from ihe_kit.core import Message
from ihe_kit.fhir.conformance import known_with
from ihe_kit.profiles import transaction as by_number
from ihe_kit.render import Outline, clip, count, findings_html, h, icon, mirror_html, summary_html, tag, text_html, visible
from ihe_kit.rules import Finding, repaired
from ihe_kit.verbs import explain, transactions
from ihe_kit.widgets.base import KitWidget, front
from ihe_kit.widgets.desk import FILE_MOST, MOST, Desk, History, decoded, opened, sorted_out
from ihe_kit.widgets.review import Review, example, mended, restored, review, typed

__all__ = ["Validator", "example"]


class Validator(KitWidget):
    """Checks a message while it is typed. `text` is the message with its own line ends, `findings` what was found in it. `undo()` and `redo()`
    go through the steps; `take(data, name)` takes what a file holds. A text of more than a million characters is told of and not checked.

    `profile` and `packages` are those of `validate`: a profile of FHIR that every FHIR text in it is held against, and what defines it.
    """

    _esm = front("kit.js", "mirror.js", "validator.js")
    text = traitlets.Unicode()
    transaction = traitlets.Unicode().tag(sync=True)
    draft = traitlets.Unicode().tag(sync=True)  # what the textarea holds
    turn = traitlets.Int().tag(sync=True)  # counts the drafts, so that the front end knows which one a report is about
    report = traitlets.Dict().tag(sync=True)
    shelf = traitlets.Unicode().tag(sync=True)  # the messages of the file, to choose from

    def __init__(
        self,
        message: str | bytes | Message | None = None,
        transaction: str | None = None,
        profile: Any = None,
        packages: Iterable[Any] = (),
        **kwargs: Any,
    ) -> None:
        text = decoded(message) if isinstance(message, bytes) else str(message or "")
        if transaction:
            by_number(transaction)  # raises ValueError for one that nobody knows
        self.desk, self.history, self.said = Desk(text), History(), ""
        self._asks = (profile, tuple(packages))
        super().__init__(text=text, transaction=transaction or "", **kwargs)
        self.review = Review()
        self._shown()
        self.html = self._html()
        self.observe(self._typed, "draft")
        self.observe(self._given, "text")
        self.observe(self._check, "transaction")

    @property
    def findings(self) -> list[Finding]:
        """What was found; offsets count in `text`."""
        return self.review.findings

    def undo(self) -> None:
        """Takes the last step back: a repair, a file, a pause of the typing. Does nothing where there is none."""
        if step := self.history.back(self.desk):
            self._lay(step[1], f"Taken back: {step[0]}.")

    def redo(self) -> None:
        """Makes the step again that was taken back last."""
        if step := self.history.forth(self.desk):
            self._lay(step[1], f"Made again: {step[0]}.")

    def take(self, data: bytes, name: str = "the file") -> None:
        """Takes what a file holds. Raises ValueError for one that is empty, no text, or too large."""
        desk = opened(data, name)
        many = f", {count(len(desk.messages), 'message')}" if desk.messages else ""
        self._do(f"opened {name}", desk, f"{name}{many}.")

    def repair(self, number: int | None = None) -> int:
        """Applies the repair of one finding, or one after the other all that there are, those too that an earlier one brings up. One step back
        undoes them all. Gives how many there were.
        """
        if number is None:
            text, made = mended(self.text, self.transaction, *self._asks)
            what = f"{count(made, 'repair')}"
        else:
            fixes = [finding.fix for finding in self.findings[number : number + 1] if finding.fix]
            text, made, what = repaired(self.text, fixes), len(fixes), "".join(fix.label for fix in fixes)
        if made:
            self._do(what, replace(self.desk, text=text), f"{count(made, 'repair')} made.")
        return made

    def answer_fix(self, number: int | None = None) -> int:
        """The button of a finding, or the one of them all."""
        return self.repair(number)

    def answer_undo(self, back: bool = True) -> None:
        """One step back, or forth."""
        self.undo() if back else self.redo()

    def answer_example(self, mistakes: bool) -> None:
        """Puts one of the examples into an empty widget."""
        self._do("an example", Desk(example(mistakes)), "")

    def answer_open(self, name: str, data: bytes = b"") -> str:
        """A file that the reader chose. Says what is wrong with it, or ""."""
        try:
            self.take(data, name)
        except ValueError as problem:
            return f"{problem}. {ELSEWHERE if len(data) > FILE_MOST else ''}".strip()
        return ""

    def answer_sort(self) -> None:
        """The messages of a text that holds several, one by one."""
        if desk := sorted_out(self.text):
            self._do("sorting the messages", desk, f"{count(len(desk.messages), 'message')}.")

    def answer_turn(self, number: int) -> None:
        """Another message of the file."""
        desk = self.desk.turned(number)
        self._do(f"message {number + 1}", desk, f"Message {number + 1} of {len(desk.messages):,}.")

    def twin(self) -> str:
        """The text with underlines, then the findings as lists."""
        body = ""
        if self.review.message:
            text = text_html(Outline(self.review.message, explain), self.findings)
            body = f'{text}<div class="kit-strip"><div class="kit-sum">{self._summary()}</div></div>{self._lists(static=True)}'
        elif self.text:
            body = f'<pre class="kit-raw" tabindex="0" role="group" aria-label="Message">{visible(self.text[:2000])}</pre>{self._note(static=True)}'
        head = f'<div class="kit-head"><h3 class="jp-toc-ignore">Validate</h3> {self._tag()}</div>'
        return f'<div class="kit is-static" role="group" aria-label="Validator">{head}{body}</div>'

    def _do(self, what: str, desk: Desk, said: str) -> None:
        """A step: it can be taken back."""
        self.history.done(what, self.desk)
        self._lay(desk, said)

    def _lay(self, desk: Desk, said: str) -> None:
        self.desk, self.said = desk, said
        if desk.text == self.text:
            self._shown()
        else:
            self.text = desk.text

    def _typed(self, _: Any) -> None:
        """The reader has typed. A text that does not fit is not in the textarea, so that an empty one says nothing about it."""
        text = self.text if self.desk.too_large and not self.draft else restored(self.draft, self.text)
        if text != self.text:
            self._do("typing", replace(self.desk, text=text), "")

    def _given(self, _: Any) -> None:
        if self.text != self.desk.text:  # from Python
            self.history.done("a text from Python", self.desk)
            self.desk, self.said = Desk(self.text), ""
        self._shown()

    def _shown(self) -> None:
        """Shows what lies on the desk."""
        with self.hold_sync():
            self.draft = "" if self.desk.too_large else typed(self.text)
            self._check()
            self.shelf = shelf_html(self.desk)

    def _check(self, _: Any = None) -> None:
        large = self.desk.too_large
        found = self.review = review(self.text, self.transaction, *self._asks) if self.text.strip() and not large else Review()
        self.report = {
            "turn": self.turn,
            "state": "large" if large else "empty" if not self.text.strip() else "unreadable" if found.unreadable else "read",
            "standard": found.message.standard if found.message else "",
            "tag": self._tag(),
            "mirror": mirror_html(Outline(found.message, explain), found.findings) if found.message else self._plain_mirror(),
            "summary": self._summary() + f'<span class="kit-quiet">{visible(self.said)}</span>' * bool(self.said),
            "lists": self._lists() or self._note(),
            "fixes": sum(finding.fix is not None for finding in found.findings),
            "options": self._options(),
            "undo": self.history.past[-1][0] if self.history.past else "",
            "redo": self.history.future[-1][0] if self.history.future else "",
        }

    def _plain_mirror(self) -> str:
        """A text that nobody could read, with the first thing wrong underlined."""
        problem, text = self.review.unreadable, str(self.draft)
        if not problem:
            return h(text) + "\n"
        at = len(typed(self.text[: problem.start]))
        return underlined(text, at, at + 1, problem.start)

    def _tag(self) -> str:
        return tag(self.review.message.standard) if self.review.message else ""

    def _summary(self) -> str:
        problem = self.review.unreadable
        if self.desk.too_large:
            return f"<span>{icon('info')}<b>Not checked</b></span>"
        if problem:
            return f"<span>{icon('error')}<b>Not readable</b> at line {problem.line}, character {problem.column}</span>"
        return summary_html(self.findings, self.review.held) if self.review.message else ""

    def _note(self, static: bool = False) -> str:
        if self.desk.too_large:
            says = f"<b>This message has {len(self.text):,} characters, and a page takes {MOST:,}.</b> No rule was run. {ELSEWHERE}"
            return note_html("info", says)
        problem = self.review.unreadable
        if not problem:
            return ""
        says = f"{problem.says[:1].upper()}{problem.says[1:]}"
        words = f"<b>{visible(says)}.</b> No rule was run: rules need a message that can be read."
        ways = f'<button type="button" class="kit-btn small" data-place data-s="{problem.start}" data-e="{problem.start + 1}">Go to the place</button>'
        ways += '<button type="button" class="kit-btn small quiet" data-undo>Undo</button>' if self.history.past else ""
        return note_html("error", words if static else f'{words}<div class="kit-do">{ways}</div>')

    def _lists(self, static: bool = False) -> str:
        return findings_html(self.findings, self.review.message.standard, fixes=not static, static=static) if self.review.message else ""

    def _options(self) -> str:
        """The transactions of the message's standard, first of all the one that it is recognised as."""
        standard, found = self.review.message.standard if self.review.message else "", self.review.transaction
        known = f": {found}" if found and not self.transaction else ""
        first = f"recognised from the message{known}"
        if standard == "fhir" and (named := _names(*self._asks)):
            first = f"the profile {named}"
        rows = [("", first)]
        rows += [(t.number, t.title) for t in transactions().values() if t.request_rules and standard in ("", t.standard.key)]
        return "".join(f'<option value="{h(n)}"{" selected" * (n == self.transaction)}>{h(title)}</option>' for n, title in rows)

    def _html(self) -> str:
        head = '<h3 class="jp-toc-ignore">Validate</h3><span data-tag></span><span class="kit-meta kit-grow"></span><label class="kit-small kit-quiet">against '
        head += '<select class="kit-btn small" data-against></select></label>'
        head += f'<button type="button" class="kit-btn small" data-choose>Open a file</button><input type="file" hidden data-most="{FILE_MOST}">'
        area = f'<textarea aria-label="Message" spellcheck="false" autocomplete="off" autocapitalize="off" data-gramm="false" data-most="{MOST}" placeholder="{h(_HINT)}"></textarea>'
        page = f'<div class="kit-raw kit-edit"><div class="kit-mirror" aria-hidden="true"></div>{area}</div>'
        steps = "".join(
            f'<button type="button" class="kit-btn icon quiet small" data-undo="{key}" aria-disabled="true" aria-label="{name}">{icon(symbol)}</button>'
            for key, name, symbol in (("", "Undo", "undo"), ("redo", "Redo", "redo"))
        )
        summary = f'<div class="kit-sum" role="status"></div><span class="kit-grow"></span>{steps}<button type="button" class="kit-btn small" data-all hidden></button>'
        return (
            f'<div class="kit" role="group" aria-label="Validator"><div class="kit-head">{head}</div>{_OFF}<div data-shelf></div>{page}{_EMPTY}'
            f'<div class="kit-strip" data-strip>{summary}</div><div data-lists></div></div>'
        )


def shelf_html(desk: Desk) -> str:
    """The messages of a file, to choose from, and what is wrong with the file as a whole."""
    if not desk.messages and not desk.problems:
        begun = 0 if desk.too_large else len(re.findall(r"(?<![^\r\n])MSH", desk.text))
        button = f'<button type="button" class="kit-btn small" data-sort>Check its {begun:,} messages one by one</button>'
        return f'<div class="kit-foot">{button}</div>' if begun > 1 else ""
    rows = list(enumerate(desk.labels))[:CHOICES]
    options = "".join(f'<option value="{n}"{" selected" * (n == desk.number)}>{h(label)}</option>' for n, label in rows)
    more = f'<span class="kit-small kit-quiet">the first {CHOICES} of {len(desk.labels):,}</span>' if len(desk.labels) > CHOICES else ""
    label = f'<label class="kit-small kit-quiet">In the file <select class="kit-btn small" data-turn aria-label="Message of the file">{options}</select></label> {more}'
    notes = "".join(note_html("warning", visible(says)) for says in desk.problems[:5])
    return f'<div class="kit-foot">{label}</div>{notes}'


def _names(profile: Any, packages: Iterable[Any]) -> str:
    """What the profiles that are asked for are called; "" where there are none, or where they cannot be read: then the check says why."""
    try:
        known, asked = known_with(profile, packages)
    except (ValueError, OSError):
        return ""
    found = [(url, known.definitions.get("StructureDefinition", url) or {}) for url in asked]
    return ", ".join(clip(str(one.get("title") or one.get("name") or url), 40) for url, one in found)


def note_html(kind: str, words: str) -> str:
    """A note; `words` are HTML."""
    return f'<div class="kit-note {kind}">{icon(kind)}<div>{words}</div></div>'


def underlined(text: str, start: int, end: int, place: int) -> str:
    """A text for the mirror, with one mistake in it; `place` is where the mistake is in the text that the kernel has."""
    wrong = f'<span class="kit-f-error" data-s="{place}" data-e="{place + max(end - start, 1)}">{plain(text[start:end])}</span>'
    return f"{plain(text[:start])}{wrong}{plain(text[end:])}\n"


def plain(text: str) -> str:
    """Text as the mirror has it: escaped, NUL as a sign that takes the same room."""
    return h(text.replace("\0", "\u2400"))


CHOICES = 500  # messages of a file that are listed
ELSEWHERE = "On a terminal, ihe-kit validate FILE takes any size."
_HINT = 'MSH|^~\\&|...   or   {"resourceType": ...}   or   POST /fhir/Patient HTTP/1.1'
_OFF = f"""<div class="kit-off" data-off hidden>{icon("info")}Python was restarted or stopped, so this is its last result. Run the first cell of the
notebook, then this one again.</div><div class="kit-off" data-told role="alert" hidden></div>"""
_EMPTY = """<div class="kit-empty" data-empty hidden><h4 class="jp-toc-ignore">Nothing to check yet</h4><p>Paste a message above, or drop a file: HL7 v2
(one message, several, or a batch), a FHIR resource in JSON, an openEHR composition, or an HTTP request of one. The standard and the transaction
are recognised from its first lines.</p><div class="kit-do"><button type="button" class="kit-btn small" data-example="">Load a sound ADT^A01</button>
<button type="button" class="kit-btn small" data-example="5">Load one with five mistakes</button>
<button type="button" class="kit-btn small quiet" data-choose>Choose a file</button></div></div>"""
