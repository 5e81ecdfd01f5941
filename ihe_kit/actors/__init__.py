"""The responders that keep state. Message in, message out: no actor opens a socket.

An actor never dies of a message. What it cannot read, it refuses in its standard's own words; what breaks a rule, it refuses with the
findings; and a refused message leaves the store as it was.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from ihe_kit import rest
from ihe_kit.core import Message, Packet, Standard
from ihe_kit.rules import Finding
from ihe_kit.store import Store


class Refused(Exception):
    """Raised inside an actor to refuse: with a reason or the findings, told in its standard's own words, or with a whole answer."""

    def __init__(self, problem: str | list[Finding] | Message) -> None:
        self.problem = problem
        super().__init__("; ".join(finding.what for finding in problem) if isinstance(problem, list) else str(problem))


class Actor(ABC):
    """What every actor shares: it reads a packet, answers it within one transaction of the store, and writes the answer."""

    standard: Standard
    plays: tuple[str, ...]
    base = ""  # the path under which a REST API lives

    def __init__(self, store: Store, clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
        self.store, self.clock, self.ids = store, clock, ids

    def receive(self, packet: Packet) -> Packet:
        """The answer to any packet at all: the first one where there are several, a packet without bytes where none is due. Never raises."""
        return next(iter(list(self.answers(packet))), Packet(packet.protocol, b""))

    def answers(self, packet: Packet) -> Iterator[Packet]:
        """Every answer to a packet, each as soon as it is ready. Never raises."""
        try:
            request = self.standard.from_wire(packet)
        except Exception as fault:
            yield self.standard.to_wire(self._refuse(None, _reason(fault)))
        else:
            yield from map(self.standard.to_wire, self.converse(request))

    def catch_up(self) -> Sequence[Message]:
        """Does what was promised before a stop and not done yet; the answers that are due for it. Most actors promise nothing."""
        return ()

    def converse(self, request: Message) -> Iterator[Message]:
        """Every answer to a request that could be read: one, unless an actor's standard knows more. Never raises."""
        yield self.guarded(lambda: self.answer(request), request)

    def guarded(self, work: Callable[[], Message], request: Message, **how: Any) -> Message:
        """What some work answers, done within one transaction of the store; or the refusal, and then the store is as it was."""
        problem: str | list[Finding] | Message
        try:
            with self.turn(request):
                return work()
        except Refused as refusal:
            problem = refusal.problem
        except Exception as fault:
            problem = _reason(fault)
        return self._refuse(request, problem, **how)

    def turn(self, request: Message) -> AbstractContextManager[None]:
        """What surrounds the work: one transaction of the store, so that nobody else is answered meanwhile."""
        return self.store.transaction(alone=self.changes(request))

    def changes(self, request: Message) -> bool:
        """Whether a request may change what it has read first, so that no other process may change it in between."""
        return False

    def turned_away(self, status: int, says: str) -> bytes:
        """The answer to an HTTP request that never came whole, or was too large: what the server says in this actor's place."""
        return rest.response(status, says, [("content-type", "text/plain; charset=utf-8")]).encode()

    def _refuse(self, request: Message | None, problem: str | list[Finding] | Message, **how: Any) -> Message:
        if isinstance(problem, Message):
            return problem
        try:
            return self.standard.refuse(request, problem, self.clock, self.ids, **how)
        except Exception as fault:  # a header so odd that not even a refusal can be made from it
            return self.standard.refuse(None, f"the request cannot be answered: {type(fault).__name__}: {fault}", self.clock, self.ids)

    @abstractmethod
    def answer(self, request: Message) -> Message:
        """The answer to a request that could be read. Raises Refused."""


def _reason(fault: Exception) -> str:
    """What the peer is told: the reason why a text cannot be taken, or that the fault is ours; an answer it gets in any case."""
    return str(fault) if isinstance(fault, ValueError) else f"the receiver failed: {type(fault).__name__}: {fault}"
