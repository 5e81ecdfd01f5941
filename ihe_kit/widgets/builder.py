"""Builder: a form made from a transaction, a type of resource or a template, beside the message that it makes and what is found in it; and Send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import traitlets

from ihe_kit.core import Message
from ihe_kit.exchanges import Exchange, Peer
from ihe_kit.ihe import Transaction
from ihe_kit.openehr import Template
from ihe_kit.render import SEVERITY, Outline, card_html, findings_html, h, icon, summary_html, tag, text_html, visible
from ihe_kit.render.form import Sheet, form_html, table_html
from ihe_kit.rules import Finding
from ihe_kit.verbs import exchange, explain, validate
from ihe_kit.widgets.base import COPY, KitWidget, front
from ihe_kit.widgets.choice import form_for

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox


class Builder(KitWidget):
    """Builds a message of a transaction of HL7 v2 or FHIR, a resource of FHIR by its type, or a composition of openEHR by its template.

    `message` is what stands there now, `findings` what was found in it, `send()` sends it. `values` are what the message starts from, by concept or
    path; `to` is a sandbox (also named `box`), a peer or an address; `ehr` is the record that a composition is committed to. `profile` and `packages`
    are as for `validate`: the form of a resource is then as the profile wants it. Raises ValueError for a transaction, an event or a profile that is
    not known, and for a transaction whose message has nothing to fill in here.
    """

    _esm = front("kit.js", "combobox.js", "builder.js")
    report = traitlets.Dict().tag(sync=True)
    form = traitlets.Unicode().tag(sync=True)  # goes to the browser only when its shape has changed; values go with the report
    segments = traitlets.Unicode().tag(sync=True)  # the parts that may be added

    def __init__(
        self,
        transaction: str | Transaction | Template,
        event: str = "",
        values: Mapping[str, Any] | None = None,
        to: Sandbox | Peer | str | None = None,
        profile: Any = None,
        packages: Sequence[Any] = (),
        box: Sandbox | None = None,
        ehr: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.asking = form_for(transaction, profile, packages, ehr)
        self.transaction, self.to, self.values = self.asking.transaction, box if to is None else to, dict(values or {})
        self.against = {name: given for name, given in {"profile": profile, "packages": packages}.items() if given} | self.asking.against
        self.key = f"b{uuid4().hex[:8]}"
        self.choice = not event  # whether the reader chooses the event
        self.exchange: Exchange | None = None
        self._shape = ""
        self._start(event)
        self.html = self._html()

    @property
    def message(self) -> Message:
        """What the form makes now."""
        return self.asking.message

    @property
    def findings(self) -> list[Finding]:
        """What is found in the message, by the transaction's rules too."""
        return self._findings

    def put(self, path: str, value: str) -> None:
        """Puts a value in its place; "" takes it away, of HL7 v2 `'""'` says: delete what you hold. Raises UnknownPath."""
        self.asking.put(path, value)
        self._changed()

    def send(self, content: Any = None, buffers: Any = None) -> Any:
        """Sends the message. One of HL7 v2 that was changed since it was sent is a new message, with a time and a control ID of its own.

        Gives the Exchange; raises ValueError where nobody was named to send it to. With `content` it is the widget's own `send`, which
        speaks to the front end: the library has the name too.
        """
        if content is not None:
            return super().send(content, buffers)
        if self.to is None:
            raise ValueError("nobody to send it to: expected Builder(..., to=box), a peer or an address such as mllp://127.0.0.1:2575")
        if self.asking.held_back:
            raise ValueError(self.asking.held_back)
        if self.exchange and self.exchange.request and self.exchange.request.text != self.message.text:
            self.asking.renew(self._clock, self._ids)
        self.exchange = exchange(self.transaction, self.asking.request, self.to)
        self.asking.sent(self.exchange)
        self._changed()
        return self.exchange

    def answer_put(self, path: str, value: str) -> None:
        """A control was changed."""
        self.asking.choose(path, value)
        self._changed()

    def answer_codes(self, name: str) -> dict[str, Any]:
        """The codes of a table, for the list under a control; `free` where a site may have codes of its own."""
        return self.asking.codes(name)

    def answer_open(self, path: str) -> None:
        """Shows the fields of a segment that was shut."""
        self.asking.open(path)
        self._show(self.report)

    def answer_add(self, path: str) -> None:
        """One more row for a repeating field."""
        self.asking.one_more(path)
        self._show(self.report)

    def answer_remove(self, path: str) -> None:
        """Takes a repetition away; one that is still empty is only a row."""
        field, _, row = path.rstrip("]").rpartition("[")
        self.asking.remove(field, int(row))
        self._changed()

    def answer_segment(self, name: str) -> str:
        """One more segment, or element, of a name; tells the field to go to where it is one."""
        place = self.asking.add(name)
        self._changed()
        return place

    def answer_drop(self, path: str) -> None:
        """Takes a segment, or element, away."""
        self.asking.drop(path)
        self._changed()

    def answer_event(self, name: str) -> None:
        """Another event: the values that the reader typed come along as far as the event has a place for them."""
        self._start(name)

    def answer_view(self, name: str) -> None:
        """Another way to write the same message."""
        self.asking.view = name
        self._changed()

    def answer_card(self, path: str) -> dict[str, Any]:
        """Where a value stands in the text, and what it means."""
        message, _ = self.asking.text(())
        where = self.asking.place(path)
        found = message.find(where) if where else []
        place = {"start": found[0].start, "end": found[0].end} if found else {"start": -1, "end": -1}
        if own := self.asking.card(path):
            return place | {"html": own}
        outline = Outline(message, explain)
        index = outline.index.get(found[0].path) if found else None
        if index is not None:
            return place | {"html": card_html(outline, index)}
        meaning = explain(self.message, path)
        return place | {"html": f"<h4><code>{h(path)}</code> <b>{visible(meaning.name)}</b></h4><p>{visible(meaning.says)}</p>"}

    def answer_send(self) -> None:
        """The button Send."""
        self.send()

    def twin(self) -> str:
        """A table of what is filled in, then the message, its findings and its answer."""
        text = text_html(Outline(self.message, explain), self.findings)
        found = f'<div class="kit-strip"><div class="kit-sum">{self._summary()}</div></div>{findings_html(self.findings, self.message.standard, static=True)}'
        body = f"{table_html(self.sheets())}{text}{found}{self._answer_note()}"
        return f'<div class="kit is-static" role="group" aria-label="Builder"><div class="kit-head">{self._title()}</div>{body}</div>'

    def sheets(self) -> list[Sheet]:
        """The form as data: each part that the message has, with its fields as the event or the profile uses them."""
        return self.asking.sheets({self.asking.field(finding.path) for finding in self.findings})

    def _start(self, event: str) -> None:
        """The message of an event, made of the values; then what the reader typed."""
        self.asking.start(self.values, event, self._clock, self._ids)
        self._changed()

    def _changed(self) -> None:
        """Shows what stands in the message now, and what is found in it."""
        found = validate(self.message, self.transaction, **self.against)
        self._findings = sorted(found, key=lambda one: list(SEVERITY).index(one.severity))
        self._show({"title": self._title(), "answer": self._answer_note(), "send": self.asking.button, "view": self.asking.view}, True)

    def _show(self, report: Mapping[str, Any], anew: bool = False) -> None:
        """Shows the form with what stands in it, beside a report; `anew`: with the message, too."""
        sheets = self.sheets()
        controls = [control for sheet in sheets for control in sheet.controls]
        field, fields = self.asking.field, {question.path for sheet in sheets for question in sheet.questions}
        with self.hold_sync():
            self._form(sheets)
            self.report = {
                **report,
                **(self._found() if anew else {}),
                "values": {control.path: control.shown for control in controls},
                "wrong": {field(f.path): f.what for f in reversed(self.findings) if f.severity == "error" and field(f.path) in fields}
                | dict(self.asking.trouble),
                "asked": self.asking.newly_asked(sheets),
            }

    def _form(self, sheets: list[Sheet]) -> None:
        """Draws the form anew where another segment, field or row is in it."""
        fields = ((q.path, q.folded, q.offer, *((row[0].path, len(row)) for row in q.rows)) for s in sheets for q in s.questions)
        shape = str((self.message.name, *((s.path, s.shut, s.spare, s.another) for s in sheets), *fields))
        if shape != self._shape:
            self._shape, self.form = shape, form_html(sheets, self.key)
        options = "".join(f'<option value="{h(path)}">{h(path)}, {h(name)}</option>' for path, name in self.asking.parts().items())
        self.segments = f'<option value="">{h(self.asking.more)}</option>{options}'

    def _found(self) -> dict[str, Any]:
        """The message with what is found in it, and the findings as lists."""
        message, findings = self.asking.text(self.findings)
        return {
            "text": message.text,
            "preview": text_html(Outline(message, explain), findings),
            "summary": self._summary(),
            "lists": findings_html(findings, message.standard),
            "paths": [self.asking.field(finding.path) for finding in self.findings],
        }

    def _summary(self) -> str:
        broken = {finding.rule for finding in self.findings}
        return summary_html(self.findings, sum(rule.id not in broken for rule in self.transaction.rules(self.message)))

    def _answer_note(self) -> str:
        """What came back, in a line."""
        done = self.exchange
        if not done:
            return ""
        if not done.answer:
            return f'<div class="kit-note error">{icon("error")}<div><b>No answer</b> {visible(done.lost)}</div></div>'
        code, says = self.asking.answered(done)
        words = says or ("Refused." if done.refused else "Accepted.")
        kind = "error" if done.refused else "ok"
        took = f"{done.receiver}, after {done.took * 1000:.0f} ms."
        return f'<div class="kit-note {kind}">{icon(kind)}<div><b>{visible(code)}</b> <span>{visible(words)}</span> <small>{visible(took)}</small></div></div>'

    def _title(self) -> str:
        standard, about = self.transaction.standard, visible(self.asking.about)
        return f'<h3 class="jp-toc-ignore">Build {visible(self.asking.name)}</h3>{tag(standard.key)}<span class="kit-meta kit-grow">{about}</span>'

    def _clock(self) -> datetime:
        clock = getattr(self.to, "clock", None)
        return clock() if clock else datetime.now(UTC).astimezone()

    def _ids(self) -> str:
        ids = getattr(self.to, "ids", None)
        return str(ids()) if ids else uuid4().hex[:12].upper()

    def _html(self) -> str:
        key = self.transaction.standard.key
        events = "".join(
            f'<option value="{h(e.trigger)}"{" selected" * (e.trigger == self.message.name)}>{h(e.trigger)}, {h(e.name)}</option>'
            for e in self.transaction.events
        )
        choose = f'<select class="kit-btn small" data-event aria-label="Event">{events}</select>' if self.choice and events else ""
        segments = f'<select class="kit-btn small" data-segment aria-label="{h(self.asking.more)}"></select>'
        button = f'<button type="button" class="kit-btn primary" data-send>{h(self.asking.button)}</button>'
        send = (
            ""
            if self.to is None
            else f'<span class="kit-quiet">{visible(self.asking.held_back)}</span>'
            if self.asking.held_back
            else button
        )
        left = f'<div><form class="kit-form kit-{key}" data-form></form><div class="kit-foot kit-uses">{segments}</div><div class="kit-foot kit-uses">{self.asking.legend}</div></div>'
        views = "".join(f"<option{' selected' * (one == self.asking.view)}>{h(one)}</option>" for one in self.asking.views)
        written = f'<select class="kit-btn small" data-view aria-label="Written as">{views}</select>' if views else "<span>Message</span>"
        pane = f'<div class="kit-pane-head">{written}<span class="kit-grow"></span><span class="kit-quiet kit-thin">lit: the field you are in</span></div>'
        right = f'<div>{pane}<div data-preview></div><section class="kit-{key} kit-about" data-card aria-live="polite"></section></div>'
        strip = f'<div class="kit-strip"><div class="kit-sum" role="status" data-summary></div><span class="kit-grow"></span>{send}</div>'
        head = f'<div class="kit-head"><div class="kit-title" data-title></div>{choose}{COPY}</div>'
        panes = f'<div class="kit-panes kit-build" style="--panes:minmax(0,11fr) minmax(0,9fr)">{left}{right}</div>'
        return f'<div class="kit" role="group" aria-label="Builder" data-key="{self.key}">{head}{panes}{strip}<div role="status" data-answer></div><div class="kit-sr" role="status" data-asked></div><div data-lists></div></div>'
