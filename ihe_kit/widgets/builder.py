"""Builder: a form made from a transaction's row, beside the message that it makes and what is found in it; and Send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import traitlets

from ihe_kit.core import UnknownPath
from ihe_kit.exchanges import Exchange, Peer
from ihe_kit.ihe import Transaction
from ihe_kit.profiles import transaction as by_number
from ihe_kit.render import SEVERITY, Outline, card_html, findings_html, h, icon, summary_html, tag, text_html, visible
from ihe_kit.render.form import Sheet, form_html, legend_html, table_html
from ihe_kit.rules import Finding
from ihe_kit.v2.build import timestamp
from ihe_kit.v2.edit import add, put, remove
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.skeleton import skeleton
from ihe_kit.v2.tables import table_kind, table_name
from ihe_kit.verbs import build, exchange, explain, validate
from ihe_kit.widgets.base import COPY, KitWidget, front
from ihe_kit.widgets.questions import DOMAINS, Questions, codes, domains

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox


class Builder(KitWidget):
    """Builds a message of a transaction of HL7 v2. `message` is what stands there now, `findings` what was found in it, `send()` sends it.

    `values` are what the message starts from, by concept or path; `to` is a sandbox, a peer or an address. Raises ValueError for a transaction
    or an event that is not known, and for a transaction of another standard.
    """

    _esm = front("kit.js", "combobox.js", "builder.js")
    report = traitlets.Dict().tag(sync=True)
    form = traitlets.Unicode().tag(sync=True)  # goes to the browser only when its shape has changed; values go with the report
    segments = traitlets.Unicode().tag(sync=True)  # those that may be added
    message: V2Message

    def __init__(
        self,
        transaction: str | Transaction,
        event: str = "",
        values: Mapping[str, Any] | None = None,
        to: Sandbox | Peer | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.transaction, self.to, self.values = by_number(transaction), to, dict(values or {})
        if self.transaction.standard.key != "v2":
            raise ValueError(f"Builder makes messages of HL7 v2, and {self.transaction.number} is {self.transaction.standard.label}")
        self.key = f"b{uuid4().hex[:8]}"
        self.choice = not event  # whether the reader chooses the event
        self.typed: dict[str, str] = {}
        self.exchange: Exchange | None = None
        self._shape = ""
        self._start(event)
        self.html = self._html()

    @property
    def findings(self) -> list[Finding]:
        """What is found in the message, by the transaction's rules too."""
        return self._findings

    def put(self, path: str, value: str) -> None:
        """Puts a value in its place; "" takes it away, `'""'` says: delete what you hold. Raises UnknownPath."""
        self._put(path, value)
        self._changed()

    def _put(self, path: str, value: str) -> None:
        self.message = put(self.message, path, value)
        self.typed[path] = value

    def send(self, content: Any = None, buffers: Any = None) -> Any:
        """Sends the message. One that was changed since it was sent is a new message, with a time and a control ID of its own.

        Gives the Exchange; raises ValueError where nobody was named to send it to. With `content` it is the widget's own `send`, which
        speaks to the front end: the library has the name too.
        """
        if content is not None:
            return super().send(content, buffers)
        if self.to is None:
            raise ValueError("nobody to send it to: expected Builder(..., to=box), a peer or an address such as mllp://127.0.0.1:2575")
        if self.exchange and self.exchange.request and self.exchange.request.text != self.message.text:
            self.message = put(put(self.message, "MSH-10", self._ids()), "MSH-7", timestamp(self._clock()))
        self.exchange = exchange(self.transaction, self.message, self.to)
        self._changed()
        return self.exchange

    def answer_put(self, path: str, value: str) -> None:
        """A control was changed. A known assigning authority brings its OID along."""
        if self._tables.get(path) == DOMAINS and value in domains():
            place, _, part = path.rpartition(".")
            for more, known in enumerate((domains()[value][1], "ISO"), start=int(part) + 1):
                self._put(f"{place}.{more}", known)
        self.put(path, value)

    def answer_codes(self, name: str) -> dict[str, Any]:
        """The codes of a table, for the list under a control; `free` where a site may have codes of its own."""
        title = f"Table {name}, {table_name(name)}" if table_name(name) else f"Table {name}"
        return {"title": title, "codes": codes(name, self.message.version), "free": table_kind(name) != "HL7"}

    def answer_open(self, path: str) -> None:
        """Shows the fields of a segment that was shut."""
        self.questions.opened.add(path)
        self._show(self.report)

    def answer_add(self, path: str) -> None:
        """One more row for a repeating field."""
        self.questions.rows[path] = self.questions.count(self.message, path) + 1
        self._show(self.report)

    def answer_remove(self, path: str) -> None:
        """Takes a repetition away; one that is still empty is only a row."""
        field = path.rpartition("[")[0]
        shown = self.questions.count(self.message, field)
        try:
            self.message = remove(self.message, path)
        except UnknownPath:
            pass
        self.typed = {place: value for place, value in self.typed.items() if not re.match(rf"{re.escape(field)}\b", place)}
        self.questions.rows[field] = max(shown - 1, 1)
        self._changed()

    def answer_segment(self, name: str) -> None:
        """One more segment of a name."""
        self.message = add(self.message, name)
        self._changed()

    def answer_drop(self, path: str) -> None:
        """Takes a segment away."""
        self.message = remove(self.message, path if "[" in path else f"{path}[1]")
        self._changed()

    def answer_event(self, name: str) -> None:
        """Another event: the values that the reader typed come along as far as the event has a place for them."""
        self._start(name)

    def answer_card(self, path: str) -> dict[str, Any]:
        """Where a value stands in the text, and what it means."""
        found = self.message.find(path) or self.message.find(re.sub(r"(-\d+(\[\d+\])?).*", r"\1", path))
        place = {"start": found[0].start, "end": found[0].end} if found else {"start": -1, "end": -1}
        outline = Outline(self.message, explain)
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
        found = (
            f'<div class="kit-strip"><div class="kit-sum">{self._summary()}</div></div>{findings_html(self.findings, "v2", static=True)}'
        )
        body = f"{table_html(self.sheets())}{text}{found}{self._answer_note()}"
        return f'<div class="kit is-static" role="group" aria-label="Builder"><div class="kit-head">{self._title()}</div>{body}</div>'

    def sheets(self) -> list[Sheet]:
        """The form as data: each segment that the message has, with its fields as the event uses them."""
        return list(self.questions.sheets(self.message, {_field(finding.path) for finding in self.findings}))

    def _start(self, event: str) -> None:
        """The message of an event, made of the values; then what the reader typed."""
        message = build(self.transaction, self.values, self._clock, self._ids, event=event)
        assert isinstance(message, V2Message)
        self.message = message
        self.event = self.transaction.event(message)
        for path, value in self.typed.items():
            if (not self.event or self.event.takes(path)) and not path.startswith("MSH"):
                try:
                    self.message = put(self.message, path, value)
                except UnknownPath:
                    continue
        structure = self.event.structure if self.event else self.transaction.structure
        self.questions = Questions(skeleton(structure, message.version, "X", self.event.uses if self.event else ()))
        self._changed()

    def _changed(self) -> None:
        """Shows what stands in the message now, and what is found in it."""
        self._findings = sorted(validate(self.message, self.transaction), key=lambda found: list(SEVERITY).index(found.severity))
        self._show({**self._found(), "text": self.message.text, "title": self._title(), "answer": self._answer_note()})

    def _show(self, report: Mapping[str, Any]) -> None:
        """Shows the form with what stands in it, beside a report."""
        sheets = self.sheets()
        controls = [control for sheet in sheets for control in sheet.controls]
        self._tables = {control.path: control.table for control in controls}
        fields = {_field(control.path) for control in controls}
        with self.hold_sync():
            self._form(sheets)
            self.report = {
                **report,
                "values": {control.path: control.shown for control in controls},
                "wrong": {_field(f.path): f.what for f in reversed(self.findings) if f.severity == "error" and _field(f.path) in fields},
                "asked": self.questions.newly_asked(sheets),
            }

    def _form(self, sheets: list[Sheet]) -> None:
        """Draws the form anew where another segment, field or row is in it."""
        fields = (f"{q.path}{'-' * q.folded}{len(q.rows)}" for s in sheets for q in s.questions)
        shape = "|".join((self.message.name, *(f"{s.path}{'-' * s.shut}" for s in sheets), *fields))
        if shape != self._shape:
            self._shape, self.form = shape, form_html(sheets, self.key)
        self.segments = self._segments()

    def _found(self) -> dict[str, Any]:
        """The message with what is found in it, and the findings as lists."""
        return {
            "preview": text_html(Outline(self.message, explain), self.findings),
            "summary": self._summary(),
            "lists": findings_html(self.findings, "v2"),
            "paths": [_field(finding.path) for finding in self.findings],
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
        code = "".join(done.answer.get("MSA-1")[:1])
        says = "; ".join(filter(None, [*done.answer.get("ERR-8"), *done.answer.get("ERR-7"), *done.answer.get("MSA-3")][:1]))
        words = says or ("Refused." if done.refused else "Accepted.")
        kind = "error" if done.refused else "ok"
        took = f"{done.receiver}, after {done.took * 1000:.0f} ms."
        return f'<div class="kit-note {kind}">{icon(kind)}<div><b>ACK {visible(code)}</b> <span>{visible(words)}</span> <small>{visible(took)}</small></div></div>'

    def _title(self) -> str:
        about = f"{self.transaction.title} · version {self.message.version}"
        return (
            f'<h3 class="jp-toc-ignore">Build {h(self.message.name)}</h3>{tag("v2")}<span class="kit-meta kit-grow">{visible(about)}</span>'
        )

    def _clock(self) -> datetime:
        clock = getattr(self.to, "clock", None)
        return clock() if clock else datetime.now(UTC).astimezone()

    def _ids(self) -> str:
        ids = getattr(self.to, "ids", None)
        return str(ids()) if ids else uuid4().hex[:12].upper()

    def _html(self) -> str:
        events = "".join(
            f'<option value="{h(e.trigger)}"{" selected" * (e.trigger == self.message.name)}>{h(e.trigger)}, {h(e.name)}</option>'
            for e in self.transaction.events
        )
        choose = f'<select class="kit-btn small" data-event aria-label="Event">{events}</select>' if self.choice and events else ""
        segments = '<select class="kit-btn small" data-segment aria-label="Add a segment"></select>'
        send = '<button type="button" class="kit-btn primary" data-send>Send</button>' if self.to is not None else ""
        left = f'<div><form class="kit-form kit-v2" data-form></form><div class="kit-foot kit-uses">{segments}</div><div class="kit-foot kit-uses">{legend_html()}</div></div>'
        pane = '<div class="kit-pane-head"><span>Message</span><span class="kit-grow"></span><span class="kit-quiet kit-thin">lit: the field you are in</span></div>'
        right = f'<div>{pane}<div data-preview></div><section class="kit-v2 kit-about" data-card aria-live="polite"></section></div>'
        strip = f'<div class="kit-strip"><div class="kit-sum" role="status" data-summary></div><span class="kit-grow"></span>{send}</div>'
        head = f'<div class="kit-head"><div class="kit-title" data-title></div>{choose}{COPY}</div>'
        panes = f'<div class="kit-panes kit-build" style="--panes:minmax(0,11fr) minmax(0,9fr)">{left}{right}</div>'
        return f'<div class="kit" role="group" aria-label="Builder" data-key="{self.key}">{head}{panes}{strip}<div role="status" data-answer></div><div class="kit-sr" role="status" data-asked></div><div data-lists></div></div>'

    def _segments(self) -> str:
        """The segments that the event's structure has a place for, to choose from."""
        options = "".join(f'<option value="{h(path)}">{h(path)}, {h(name)}</option>' for path, name in self.questions.segments().items())
        return f'<option value="">Add a segment</option>{options}'


@lru_cache(maxsize=8192)
def _field(path: str) -> str:
    """`PID-3` of `PID-3[2].4`, `NK1[2]-3` of `NK1[2]-3.1`."""
    found = re.search(r"(\w{3})(\[\d+\])?-(\d+)", path)
    return f"{found[1]}{found[2] if found[2] and found[2] != '[1]' else ''}-{found[3]}" if found else path
