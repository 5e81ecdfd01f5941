"""The responders that keep state. Message in, message out: no actor opens a socket.

An actor never dies of a message. What it cannot read, it refuses in its standard's own words; what breaks a rule, it refuses with the
findings; and a refused message leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ihe_kit.core import Message, Packet, Standard
from ihe_kit.rules import Finding
from ihe_kit.store import Store


class Refused(Exception):
    """Raised inside an actor to answer with its standard's own error: a reason, or the findings."""

    def __init__(self, problem: str | list[Finding]) -> None:
        self.problem = problem
        super().__init__(problem if isinstance(problem, str) else "; ".join(finding.what for finding in problem))


class Actor:
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
            answer = self.standard.refuse(request, refusal.problem, self.clock, self.ids)
        except ValueError as problem:
            answer = self.standard.refuse(request, str(problem), self.clock, self.ids)
        except Exception as problem:  # a fault of ours: the peer gets an answer all the same, and the store is as it was
            answer = self.standard.refuse(request, f"the receiver failed: {type(problem).__name__}: {problem}", self.clock, self.ids)
        return self.standard.to_wire(answer)

    def answer(self, request: Message) -> Message:
        """The answer to a request that could be read. Raises Refused."""
        raise NotImplementedError
