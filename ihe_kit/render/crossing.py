"""One row of the sequence diagram: the request of an exchange or its reply, in the words that a reader needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ihe_kit.core import Message, Packet
from ihe_kit.exchanges import Exchange
from ihe_kit.render.findings import tally
from ihe_kit.render.marks import LABELS, clip, count
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
        """Whether this very message did not arrive; of a silence whose cause nobody knows, it is the request that counts as lost."""
        return bool(self.exchange.gone) if self.reply else bool(self.exchange.lost) and not self.exchange.gone

    @property
    def answers(self) -> bool:
        """Whether it goes back: a reply, or an application acknowledgment that came later."""
        return self.reply or bool(self.exchange.follows)

    @property
    def failed(self) -> bool:
        return self.answers and not self.lost and self.exchange.refused

    @property
    def message(self) -> Message | None:
        if not self.reply or not self.exchange.gone:
            return self.exchange.answer if self.reply else self.exchange.request
        try:
            return self.exchange.transaction.standard.from_wire(self.exchange.gone) if self.exchange.transaction else None
        except ValueError:
            return None

    @property
    def packet(self) -> Packet:
        return (self.exchange.received or self.exchange.gone or self.exchange.sent) if self.reply else self.exchange.sent

    @property
    def fault(self) -> str:
        """What was arranged to go wrong with this very message (faults.py), in words."""
        mine = "answer" if self.answers else "request"
        return "; ".join(part for part in self.exchange.fault.split("; ") if mine in part.partition(",")[0])

    @property
    def trouble(self) -> str:
        """The fault in one or two words, for the edge of the row."""
        return next((short for words, short in _TROUBLES if words in self.fault), "")

    @property
    def why_lost(self) -> str:
        """Why it did not arrive, as far as anybody knows."""
        return self.fault or self.exchange.lost

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
        if self.answers or not transaction:
            return ""
        return transaction.number if transaction.ihe else LABELS.get(self.standard, "")

    @property
    def name(self) -> str:
        name = self.message.name if self.message else count(len(self.packet.data), "byte")
        return clip(re.sub(r"[0-9a-fA-F-]{16,}", "…", name), 34)

    @property
    def more(self) -> str:
        """The words that go first where room is short: why it was refused."""
        if not self.answers or not self.message:
            return ""
        return f", {reason(self.message)}" if self.failed and reason(self.message) else ""

    @property
    def time(self) -> str:
        took = self.exchange.took * 1000
        return f"+{took:.0f} ms" if self.reply else f"{self.exchange.at:%H:%M:%S}.{self.exchange.at.microsecond // 1000:03d}"

    @property
    def spoken(self) -> str:
        """The row as a screen reader says it: what, from whom to whom, when, how it ended, what was found."""
        ends = "refused" if self.failed else f"lost, {self.why_lost}" if self.lost else self.fault
        what = f"{self.number} {self.name}{self.more}".strip()
        return ", ".join(filter(None, (what, f"{self.sender} to {self.receiver}", self.time, ends, tally(self.found))))


def crossings(exchanges: Iterable[Exchange]) -> list[Crossing]:
    """The rows of the diagram, in order of time."""
    return [row for e in exchanges for row in (Crossing(e, False), *([Crossing(e, True)] if e.received or e.gone else []))]


_TROUBLES = (("twice", "twice"), ("changed", "changed"), (" late", "late"), ("held back", "overtaken"), ("arrived behind", "overtook"))


def reason(answer: Message) -> str:
    """Why an answer refuses, in a few words: its own first sentence."""
    for path in ("ERR-8", "MSA-3", "OperationOutcome.issue.details.text", "OperationOutcome.issue.diagnostics", "/message"):
        try:
            found = next(filter(None, answer.get(path)), "")
        except ValueError:  # a path of another standard
            continue
        if found:
            return clip(re.split(r"(?<=\w)[.;:](?=\s+[A-Z]|\s*$)", found, maxsplit=1)[0], 40)
    return ""


def facts(exchanges: Sequence[Exchange]) -> str:
    """`10 messages in 1 min 39 s · 1 refused · 1 lost`."""
    took = (exchanges[-1].at - exchanges[0].at).total_seconds() if exchanges else 0
    span = f" in {int(took // 60)} min {took % 60:.0f} s" if took >= 60 else f" in {took:.1f} s" if took else ""
    refused, gone = sum(e.refused for e in exchanges), sum(bool(e.lost) for e in exchanges)
    parts = [count(len(crossings(exchanges)), "message") + span, f"{refused} refused" if refused else "", f"{gone} lost" if gone else ""]
    return " · ".join(filter(None, parts))
