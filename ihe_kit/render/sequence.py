"""The sequence diagram: who sent what to whom, in which standard, how it ended. As HTML, and as plain text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from ihe_kit.core import Message, Packet
from ihe_kit.exchanges import Exchange, Wire
from ihe_kit.render.findings import tally
from ihe_kit.render.marks import LABELS, SEVERITY, bare, clip, count, h, icon, visible
from ihe_kit.render.outline import Explain, Outline
from ihe_kit.render.text import plain_html, text_html
from ihe_kit.rules import Finding


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
        """The words that go first where room is short: why it was refused."""
        if not self.reply or not self.message:
            return ""
        return f", {reason(self.message)}" if self.failed and reason(self.message) else ""

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
        f'<li style="--x:{x:.3f};--n:{len(places)}"><b title="{h(name)}">{h(name)}</b> <span>{h(wire.addresses.get(name, "sends only"))}</span></li>'
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
    return f"{place + 1} of {total}: " + ", ".join(filter(None, (what, f"{row.sender} to {row.receiver}", row.time, ends, tally(row.found))))


def _crossing(row: Crossing, place: int, rows: Sequence[Crossing], places: dict[str, float], selected: str, fresh: int, static: bool) -> str:
    start, end = places.get(row.sender, 1.0), places.get(row.receiver, 1.0)
    start, end = (start, 1.0) if start == end else (start, end)
    arrow = " ".join(filter(None, ("arrow", "left" if end < start else "", "back" if row.reply else "", "failed" if row.failed else "", "lost" if row.lost else "")))
    bold = f'<b{"" if not row.number or row.number[-1].isdigit() else " class=more"}>{h(row.number)}</b> ' if row.number else ""
    label = f"{icon('error') if row.failed else ''} {bold}{visible(row.name)}" + (f'<span class="more">{visible(row.more)}</span>' if row.more else "")
    stub = f'<span class="stub">{visible(clip(row.exchange.lost, 48))}</span>' if row.lost else ""
    box = f'<span class="{arrow}" style="--l:{min(start, end):.4f};--w:{abs(end - start):.4f}"><span class="lb"><span>{label.strip()}</span></span>{stub}</span>'
    answered = row.reply or (place + 1 < len(rows) and rows[place + 1].reply)
    act = f'<i class="act {"to" if row.reply else "from"}" style="--x:{places[row.exchange.receiver]:.3f}"></i>' if answered and row.exchange.receiver in places else ""
    hour = h(row.time) if row.reply else f'<span class="h">{row.time[:6]}</span>{row.time[6:]}'
    option = f' role="option" data-k="{row.key}" aria-selected="{str(row.key == selected).lower()}" tabindex="{0 if row.key == selected else -1}" aria-label="{h(bare(spoken(row, place, len(rows))))}"'
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

# As plain text

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
    at = left + 1 + max((inner - len(label)) // 2, 0)
    return [_canvas(columns, [(0, row.time), (at, f" {label} ")]), _canvas(columns, [(left + 1, shaft)])]
