"""A sending queue, and what becomes of the messages behind one that cannot be delivered: the poisoned message.

Order matters (a discharge before its admission is an error), so by default everything waits until the first one is through. The price is that
one bad message holds up the whole hospital. There is no right answer, only a policy that somebody has chosen and can name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ihe_kit.v2.delivery import Delivery, first
from ihe_kit.v2.message import V2Message

STOP, ASIDE, ASIDE_WITH_PATIENT = "stop", "aside", "aside with its patient"
POLICIES = (STOP, ASIDE, ASIDE_WITH_PATIENT)


def patient(message: V2Message) -> str:
    """Whose message it is: the first identifier in PID-3, as it is written."""
    return first(message, "PID-3")


@dataclass
class Outbox:
    """Messages that wait to be sent, in their order. `send` sends one and gives its Delivery, for example `MllpClient.send`.

    `policy` says what happens at a message that the receiver refuses: `stop` keeps the order and holds up all that wait; `aside` lets the others
    pass; `aside with its patient` puts the later messages of the same patient aside too, so that each patient's order is kept. A message that
    gets no answer is tried `tries` times, then the queue stops: there the line is broken, not the message.
    """

    send: Callable[[V2Message], Delivery]
    policy: str = STOP
    tries: int = 3
    waiting: deque[V2Message] = field(default_factory=deque)
    done: list[Delivery] = field(default_factory=list)
    aside: list[V2Message] = field(default_factory=list)
    stopped: str = ""  # why the queue stands still

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ValueError(f"expected a policy ({', '.join(POLICIES)}), but found {self.policy!r}")

    def put(self, *messages: V2Message) -> None:
        """Adds messages at the end."""
        self.waiting.extend(messages)

    def run(self) -> list[Delivery]:
        """Sends until nothing waits or the queue has to stop; gives what became of each message that was tried."""
        self.stopped, tried = "", []
        blocked = {patient(message) for message in self.aside} if self.policy == ASIDE_WITH_PATIENT else set()
        while self.waiting and not self.stopped:
            if patient(self.waiting[0]) in blocked:
                self.aside.append(self.waiting.popleft())
                continue
            delivery = self._deliver(self.waiting[0])
            tried.append(delivery)
            if delivery.ok:
                self.done.append(delivery)
                self.waiting.popleft()
            elif delivery.decision.what == "send again" or self.policy == STOP:
                self.stopped = f"{delivery.id}: {delivery.decision}"
            else:
                self.aside.append(self.waiting.popleft())
                if self.policy == ASIDE_WITH_PATIENT:
                    blocked.add(patient(delivery.message))
        return tried

    def mend(self, old: V2Message, new: V2Message) -> None:
        """Puts a mended message in the place of one that waits, or of one that was put aside; that goes to the front of the queue."""
        if old in self.aside:
            self.aside.remove(old)
            self.waiting.appendleft(new)
        else:
            self.waiting[self.waiting.index(old)] = new

    def drop(self, message: V2Message) -> None:
        """Takes a message out for good. Whoever does that has to tell the receiver's people."""
        (self.aside if message in self.aside else self.waiting).remove(message)

    def _deliver(self, message: V2Message) -> Delivery:
        """Sends a message as often as its answers ask for it: a receiver that could not just then may be able now."""
        delivery = self.send(message)
        while delivery.decision.what == "send again" and not delivery.ok and delivery.sent < self.tries:
            earlier, delivery = delivery, self.send(message)
            delivery.attempts[:0] = earlier.attempts
        return delivery

    def __str__(self) -> str:
        parts = [f"{len(self.done)} delivered", f"{len(self.waiting)} waiting", f"{len(self.aside)} put aside"]
        return ", ".join(parts) + (f"; stopped at {self.stopped}" if self.stopped else "")
