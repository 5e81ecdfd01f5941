"""WireView: who sent what to whom, in which standard, and how it ended; and of each message the bytes, the tree and the findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from ihe_kit.exchanges import Exchange, Wire
from ihe_kit.render import (
    Crossing,
    Outline,
    count,
    crossings,
    facts,
    findings_html,
    frame_html,
    h,
    icon,
    nested_html,
    packet_html,
    sequence_html,
    summary_html,
    tag,
    tree_html,
    visible,
)
from ihe_kit.verbs import explain, standards
from ihe_kit.widgets.base import COPY, front
from ihe_kit.widgets.watching import Watching

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

LATEST = 200  # exchanges that are drawn; older ones stay on the wire
TREE = 400  # rows of a tree in the detail; an Explorer shows more


class WireView(Watching):
    """Shows a wire, and what crosses it from now on. Given a sandbox, it can send an exchange again.

    `selected` is the message that the detail shows: `3q` is the request of exchange 3, `3a` its answer.
    """

    _esm = front("kit.js", "wireview.js")
    selected = traitlets.Unicode().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    detail = traitlets.Unicode().tag(sync=True)

    def __init__(self, wire: Wire | Sandbox, **kwargs: Any) -> None:
        self.wire: Wire = wire if isinstance(wire, Wire) else wire.wire
        self.box: Sandbox | None = None if isinstance(wire, Wire) else wire
        self._hidden, self._seen = 0, self.wire.last  # numbers of exchanges: a wire drops its oldest ones
        self._again: set[int] = set()  # exchanges that this view sent once more
        super().__init__(**kwargs)
        self.html = _SHELL.replace("{options}", "".join(f'<option value="{s.key}">{h(s.label)}</option>' for s in standards()))
        self.observe(self._show, "selected")
        self.watch(self.wire)

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """What is drawn: the latest, without those that the reader has cleared away."""
        return [e for e in self.wire if e.number > self._hidden][-LATEST:]

    def refresh(self) -> None:
        """Draws the wire as it is now."""
        if self.wire.last < self._seen:  # somebody emptied the wire
            self._hidden, self._seen = 0, 0
        last, shown, fresh = self.wire.last, self.exchanges, [e for e in self.wire if e.number > self._seen]
        rows = {row.key for row in crossings(shown)}
        if self.selected not in rows:
            self.selected = ""
        drawn = sequence_html(self.wire, shown, self.selected, self._seen or 10**9)
        says = "; ".join(map(str, fresh[-3:])) if fresh else ""
        self.view = {"facts": self._facts(shown), "drawing": drawn, "says": says, "cleared": bool(self._hidden), "ended": self.wire.ended}
        self._seen = last

    def answer_clear(self) -> None:
        """Clears the drawing, or shows all again; the wire keeps everything."""
        self._hidden = 0 if self._hidden else self.wire.last
        self.refresh()

    def answer_replay(self) -> str:
        """Sends the selected exchange again, to the byte."""
        row = self._row()
        if not self.box or not row:
            return ""
        try:
            again = self.box.replay(row.exchange.number).number
        except (ValueError, IndexError) as problem:  # nobody plays the receiver here, or the wire has dropped the exchange meanwhile
            return str(problem)
        self._again.add(again)
        self.refresh()
        self.selected = f"{again}q"
        return f"sent again as exchange {again}"

    def twin(self) -> str:
        """The drawing, then each message with its bytes, its tree and its findings."""
        shown = self.exchanges[-50:]
        head = f'<div class="kit-head"><h3 class="jp-toc-ignore">Exchanges</h3> <span class="kit-meta kit-grow">{h(self._facts(shown))}</span></div>'
        messages = "".join(self._twin_message(row, number) for number, row in enumerate(crossings(shown), start=1))
        foot = '<div class="kit-foot">A picture of the last run. Open the notebook to click, replay and change it.</div>'
        drawing = sequence_html(self.wire, shown, static=True) if shown else ""
        return f'<div class="kit is-static" role="group" aria-label="WireView">{head}{drawing}{messages}{foot}</div>'

    def _facts(self, shown: Sequence[Exchange]) -> str:
        more = len([e for e in self.wire if e.number > self._hidden]) - len(shown)
        dropped = max(self.wire.dropped - self._hidden, 0)
        parts = [facts(shown) if shown else "", f"{count(more, 'older exchange')} not drawn" if more else ""]
        return " · ".join(filter(None, [*parts, f"{count(dropped, 'older exchange')} no longer kept" if dropped else ""]))

    def _twin_message(self, row: Crossing, number: int) -> str:
        ends = f"{row.sender} to {row.receiver}, {row.time}{', lost: ' + row.why_lost if row.lost else ', refused' if row.failed else ''}"
        words = f'{icon("shut")}<span class="no">{number}</span> <b>{h(row.number)}</b> {visible(row.name)} <span class="kit-quiet">{visible(ends)}</span>'
        tree = nested_html(Outline(row.message, explain), most=TREE) if row.message else ""
        found = findings_html(row.found, row.standard, static=True)
        return f'<details class="kit-msg kit-{row.standard}"><summary>{words}</summary>{packet_html(row, explain)}{tree}{found}</details>'

    def _row(self) -> Crossing | None:
        return next((row for row in crossings(self.exchanges) if row.key == self.selected), None)

    def _show(self, _: Any = None) -> None:
        row = self._row()
        self.detail = self._detail(row) if row else ""

    def _detail(self, row: Crossing) -> str:
        transaction = row.exchange.transaction
        took = "" if row.reply else f" · {row.exchange.answer.name} in {row.exchange.took * 1000:.0f} ms" if row.exchange.answer else ""
        again = "sent again · " if row.exchange.number in self._again else ""
        ended = f" · {row.why_lost}" if row.lost else f" · {row.fault}" if row.fault else ""
        meta = f"{again}{row.name}{row.more} · to {row.receiver} · {count(len(row.packet.data), 'byte')}{took}{ended}"
        words = f'<h3 class="jp-toc-ignore">{h(transaction.title if transaction else "Foreign exchange")}</h3>{tag(row.standard)}'
        words += f'<span class="kit-meta kit-grow">{visible(meta)}</span>'
        button = f'<button type="button" class="kit-btn small" data-replay aria-keyshortcuts="R" title="Sends the same bytes again: what a receiver keeps, it keeps twice">{icon("replay")}Replay</button>'
        replay = button if self.box and not self.wire.ended else ""
        number = f" <span class=kit-count>{len(row.found)}</span>" if row.found else ""
        tabs = "".join(
            f'<button type="button" role="tab" data-tab="{name}">{name}{more}</button>'
            for name, more in (("Bytes", ""), ("Tree", ""), ("Findings", number))
        )
        panels = {"Bytes": packet_html(row, explain) + frame_html(row), "Tree": self._tree(row), "Findings": self._found(row)}
        inside = "".join(
            f'<div data-panel="{name}" role="tabpanel" aria-label="{name}" hidden>{text}</div>' for name, text in panels.items()
        )
        bar = f'<div class="kit-tabs"><div role="tablist" aria-label="Message">{tabs}</div><span class="kit-grow"></span>{COPY}</div>'
        return f'<div class="kit-head kit-detail">{words}{replay}</div>{bar}{inside}'

    def _tree(self, row: Crossing) -> str:
        if not row.message:
            return '<p class="kit-body kit-quiet">These bytes could not be read as a message.</p>'
        outline = Outline(row.message, explain)
        if len(outline.elements) <= TREE:
            return tree_html(outline, outline.opened())
        side = "answer" if row.reply else "request"
        where = f"Explorer(wire[{row.exchange.number}].{side})"
        return f'<p class="kit-body">{len(outline.elements):,} elements: <code>{where}</code> shows them.</p>'

    def _found(self, row: Crossing) -> str:
        lists = findings_html(row.found, row.standard)
        refusal = " The message is well formed; why it refuses is what it says." if row.failed and row.reply else ""
        return lists or f'<div class="kit-body kit-sum">{summary_html([])}<span class="kit-quiet">{refusal}</span></div>'

    def answer_copy(self) -> str:
        """The text of the selected message."""
        row = self._row()
        return (row.message.text if row.message else row.packet.data.decode("utf-8", "replace")) if row else ""


_SHELL = f"""<div class="kit" role="group" aria-label="WireView"><div class="kit-head"><h3 class="jp-toc-ignore">Exchanges</h3><span class="kit-meta kit-grow" data-facts></span>
<select class="kit-btn small" data-filter aria-label="Standard"><option value="">All standards</option>{{options}}</select>
<button type="button" class="kit-btn small quiet" data-clear>Clear</button></div>
<div class="kit-off" data-ended hidden>{icon("info")}These systems were stopped, so this picture grows no more. Draw it again for those that run now.</div><div data-drawing></div>
<div class="kit-empty" data-empty hidden><h4 class="jp-toc-ignore" data-none></h4><p>Send a message, and its arrow appears here.</p></div>
<div class="kit-foot" data-legend><span>Solid line: request. Dashed: reply. &nbsp; {icon("error")} refused &nbsp; <span class="kit-bad">{icon("lost")}</span> lost</span>
<span class="kit-grow" data-hint>&nbsp; Click an arrow: what crossed there opens below.</span>{tag("v2")}{tag("fhir")}{tag("openehr")}</div><div data-detail></div><div class="kit-sr" role="status" data-said></div></div>"""
