"""The responders that keep state. Message in, message out: no actor opens a socket.

An actor never dies of a message. What it cannot read, it refuses in its standard's own words; what breaks a rule, it refuses with the
findings; and a refused message leaves the store as it was.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime

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
        """The answer to any packet at all. Never raises."""
        request: Message | None = None
        try:
            request = self.standard.from_wire(packet)
            with self.store.transaction():
                answer = self.answer(request)
        except Refused as refusal:
            answer = self._refuse(request, refusal.problem)
        except ValueError as reason:
            answer = self._refuse(request, str(reason))
        except Exception as fault:  # a fault of ours: the peer gets an answer all the same, and the store is as it was
            answer = self._refuse(request, f"the receiver failed: {type(fault).__name__}: {fault}")
        return self.standard.to_wire(answer)

    def _refuse(self, request: Message | None, problem: str | list[Finding] | Message) -> Message:
        if isinstance(problem, Message):
            return problem
        try:
            return self.standard.refuse(request, problem, self.clock, self.ids)
        except Exception as fault:  # a header so odd that not even a refusal can be made from it
            return self.standard.refuse(None, f"the request cannot be answered: {type(fault).__name__}: {fault}", self.clock, self.ids)

    @abstractmethod
    def answer(self, request: Message) -> Message:
        """The answer to a request that could be read. Raises Refused."""
