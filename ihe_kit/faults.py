"""Faults on demand: what crosses a wire is lost, delayed, duplicated, reordered, corrupted, truncated or cut off. Seeded, so that they replay.

The sender sees only what a real sender would see: a lost request and a lost acknowledgment both look like silence. What truly happened stands
in the exchange (`fault`, `gone`) and in the picture of the wire.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from ihe_kit.core import Packet
from ihe_kit.exchanges import Lost, Peer

KINDS = ("lose", "delay", "duplicate", "reorder", "corrupt", "truncate", "disconnect")
WAYS = ("request", "answer")
SILENCE = "no answer came in time"  # the same words for whatever was lost: the sender cannot know more
BROKE = "the connection broke before an answer came"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong on one way: `Fault("lose", "answer")`. Raises ValueError for a kind or a way that there is not."""

    kind: str
    way: str = "request"

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.way not in WAYS or (self.kind, self.way) == ("reorder", "answer"):
            raise ValueError(
                f"there is no fault {self.kind} {self.way}: {', '.join(KINDS)}, each of a request or (but for reorder) an answer"
            )


@dataclass
class Faults:
    """What goes wrong, and how often: each number is the probability for one request, and again for its answer.

    `Faults(seed=7, lose=0.2, duplicate=0.1)` does the same at every run. `ways=("answer",)` spares the requests. `Faults.script("lose answer",
    "", "duplicate")` arranges each exchange in turn, and none after the last. `seconds` is how long a delay takes.
    """

    seed: int = 0
    lose: float = 0.0
    delay: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0
    truncate: float = 0.0
    disconnect: float = 0.0
    ways: tuple[str, ...] = WAYS
    seconds: float = 0.2
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        if any(not 0 <= getattr(self, kind) <= 1 for kind in KINDS):
            raise ValueError("a probability is a number from 0 to 1")
        self.dice = random.Random(self.seed)
        self.held: Packet | None = None  # a request that waits until another one has gone before it
        self._script: deque[Fault | None] | None = None

    @classmethod
    def script(cls, *faults: str, seed: int = 0, seconds: float = 0.2, sleep: Callable[[float], None] = time.sleep) -> Faults:
        """Faults in a fixed order, one for each exchange: `lose`, `lose answer`, `duplicate request` ...; "" for none."""
        scripted = cls(seed=seed, seconds=seconds, sleep=sleep)
        scripted._script = deque(Fault(*words.split()) if words else None for words in faults)
        return scripted

    def next(self) -> list[Fault]:
        """What goes wrong with the next exchange: at most one fault on each way."""
        if self._script is not None:
            fault = self._script.popleft() if self._script else None
            return [fault] if fault else []
        found = []
        for way in self.ways:
            drawn = self.dice.random()  # always drawn, so that one probability changes nothing for the others' order
            for kind in KINDS:
                chance = 0.0 if (kind, way) == ("reorder", "answer") else getattr(self, kind)
                if drawn < chance:
                    found.append(Fault(kind, way))
                    break
                drawn -= chance
        return found

    def corrupted(self, packet: Packet) -> Packet:
        """The packet with one character of its message changed into another one; its frame stays whole."""
        start, end = _inside(packet)
        if start >= end:
            return packet
        at = self.dice.randrange(start, end)
        other = self.dice.choice([byte for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" if byte != packet.data[at]])
        return Packet(packet.protocol, packet.data[:at] + bytes([other]) + packet.data[at + 1 :])

    def truncated(self, packet: Packet) -> Packet:
        """The beginning of the packet: its end, and with it the end of the frame, is missing."""
        start, end = _inside(packet)
        return Packet(packet.protocol, packet.data[: self.dice.randrange(start, end) if start < end else start])


def _inside(packet: Packet) -> tuple[int, int]:
    """Where the message stands in a packet: inside its frame, or behind the headers of HTTP."""
    if packet.protocol == "mllp":
        return 1, len(packet.data) - 2
    body = packet.data.find(b"\r\n\r\n")
    return (body + 4 if 0 <= body < len(packet.data) - 4 else 1), len(packet.data)


class Faulty(Peer):
    """A peer behind a bad line. One for each exchange; the line itself, with what it holds back, is the `Faults`."""

    def __init__(self, to: Peer, faults: Faults) -> None:
        self.to, self.faults, self.fault, self.gone = to, faults, "", None

    def calls(self, packet: Packet) -> Iterator[Packet]:
        """Sends a packet over the bad line. Raises Lost."""
        self.fault, self.gone = "", None
        wrong = {fault.way: fault.kind for fault in self.faults.next()}
        held, self.faults.held = self.faults.held, None
        try:
            answers = self._request(wrong.get("request", ""), packet)
            yield from self._answer(wrong.get("answer", ""), answers)
        finally:
            if held:
                self._happened("a request that was held back arrived behind it")
                self._unheard(held)

    def tell(self, packet: Packet) -> None:
        self.to.tell(packet)

    def _happened(self, says: str) -> None:
        self.fault = f"{self.fault}; {says}" if self.fault else says

    def _request(self, kind: str, packet: Packet) -> list[Packet]:
        """What the receiver answers to what is left of the request."""
        if kind == "lose":
            self._happened("the request was lost on its way, so the receiver knows nothing of it")
            raise Lost(SILENCE)
        if kind == "reorder":
            self._happened("the request was held back, and arrives after the next one")
            self.faults.held = packet
            raise Lost(SILENCE)
        if kind in ("truncate", "disconnect"):
            self._happened("the connection broke in the middle of the request, so half a message arrived")
            with suppress(Lost):
                self.to.tell(self.faults.truncated(packet))
            raise Lost(BROKE if kind == "disconnect" else SILENCE)
        if kind == "corrupt":
            packet = self.faults.corrupted(packet)
            self._happened("one character of the request was changed on its way")
        if kind == "delay":
            self._late("the request")
        answers = list(self.to.calls(packet))
        if kind == "delay" and self._too_late():
            self.gone = answers[0] if answers else None
            raise Lost(SILENCE)
        if kind == "duplicate":
            self._happened("the request arrived twice")
            self._unheard(packet)
        return answers

    def _answer(self, kind: str, answers: list[Packet]) -> Iterator[Packet]:
        """What is left of the answers; a fault strikes the first of them."""
        if not answers or not kind:
            yield from answers
            return
        answer, rest = answers[0], answers[1:]
        if kind in ("lose", "disconnect"):
            self.gone = answer
            self._happened("the answer was lost on its way: the receiver has done its work, and the sender does not know")
            raise Lost(SILENCE if kind == "lose" else BROKE)
        if kind == "delay":
            self._late("the answer")
            if self._too_late():
                self.gone = answer
                raise Lost(SILENCE)
        if kind == "corrupt":
            self._happened("one character of the answer was changed on its way")
            answer = self.faults.corrupted(answer)
        if kind == "truncate":
            self.gone = answer
            self._happened("the connection broke in the middle of the answer: the receiver has done its work")
            raise Lost("socket closed in the middle of the reply")
        yield answer
        if kind == "duplicate":
            self._happened("the answer came twice")
            yield answer
        yield from rest

    def _late(self, what: str) -> None:
        """Waits as long as the delay takes, but no longer than the sender has patience."""
        more = ", and the sender had given up by then" if self._too_late() else ""
        self._happened(f"{what} was {self.faults.seconds:g} s late{more}")
        self.faults.sleep(min(self.faults.seconds, getattr(self.to, "timeout", self.faults.seconds)))

    def _too_late(self) -> bool:
        return self.faults.seconds > getattr(self.to, "timeout", self.faults.seconds)

    def _unheard(self, packet: Packet) -> None:
        """Delivers a packet whose answers nobody waits for."""
        with suppress(Lost):
            list(self.to.calls(packet))
