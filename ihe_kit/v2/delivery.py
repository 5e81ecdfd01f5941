"""The sender's side: which answers have come for which message, how often it was sent, what nobody knows, and what to do next.

Answers are matched by MSA-2 alone: they may come late, in another order, twice, or on another connection. No socket and no clock here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ihe_kit.core import cited
from ihe_kit.files import rows
from ihe_kit.v2.acknowledgment import asked
from ihe_kit.v2.message import V2Message

GRAVITY = ("done", "wait", "send again", "repair", "call someone")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a sender does with an answer: `what` is one of `GRAVITY`, `says` tells why. A row of `data/v2/decisions.tsv`."""

    what: str
    says: str
    spec: str

    def __str__(self) -> str:
        return f"{self.what}: {self.says}"


def decide(answer: V2Message | None) -> Decision:
    """What to do with an answer, or with none; of several errors the gravest one decides. Where the header is to blame, repeating does not help.

    >>> decide(None).what
    'send again'
    """
    code = first(answer, "MSA-1") if answer else "none"
    errors = [error for error in answer.get("ERR-3.1") if error] if answer else []
    blamed = "MSH" if answer and "MSH" in answer.get("ERR-2.1") else ""
    return max((_row(code, error, blamed) for error in errors or [""]), key=lambda decision: GRAVITY.index(decision.what))


def _row(code: str, error: str, blamed: str) -> Decision:
    """What the table says of an error, else of the segment that is to blame, else of the answer."""
    table = {(row["answer"], row["error"]): row for row in rows("v2/decisions.tsv")}
    row = table.get((code, error)) or table.get((code, blamed)) or table.get((code, "*")) or table["*", "*"]
    return Decision(row["decision"], row["says"], cited(row["spec"], row["checked"] == "yes") or "this kit's decision")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a message was sent. `lost` says why no answer came; `arrived` is False where it certainly did not arrive."""

    lost: str = ""
    arrived: bool = True


@dataclass(eq=False)
class Delivery:
    """What became of one message. `commit` and `answer` are its acknowledgments; `again` those that came once more."""

    message: V2Message
    attempts: list[Attempt] = field(default_factory=list)
    commit: V2Message | None = None
    answer: V2Message | None = None
    again: list[V2Message] = field(default_factory=list)

    @property
    def id(self) -> str:
        """MSH-10, by which the answers find their message."""
        return first(self.message, "MSH[1]-10")

    @property
    def sent(self) -> int:
        """How often the bytes went out."""
        return len(self.attempts)

    @property
    def code(self) -> str:
        """The last word that came: AA, AE, AR, else CA, CE, CR, else ""."""
        return first(self.answer or self.commit, "MSA-1")

    @property
    def waits(self) -> str:
        """What is still to come: `must` an answer, `may` one, or "" for none."""
        return asked(self.message).waits(first(a, "MSA-1") for a in (self.commit, self.answer) if a)

    @property
    def ok(self) -> bool:
        """The receiver took it, or keeps it safe, or was asked for no answer."""
        return self.code in ("AA", "CA") or (not self.code and not self.lost and not self.waits)

    @property
    def lost(self) -> str:
        """Why the last attempt brought no answer, or ""."""
        return self.attempts[-1].lost if self.attempts else ""

    @property
    def decision(self) -> Decision:
        return decide(self.answer or self.commit)

    @property
    def uncertain(self) -> str:
        """What nobody knows after all that, in one sentence; "" where everything is known."""
        silent = [attempt for attempt in self.attempts if attempt.lost and attempt.arrived]
        if self.code and not silent:
            return ""
        if not silent:
            return "" if not self.attempts or self.lost else "No answer was asked for, so nobody knows whether the receiver took it."
        if self.code:
            return (
                f"Sent {self.sent} times, the same bytes under the same control ID: a receiver that remembers what it took has it once, any other "
                f"perhaps {len(silent) + 1} times."
            )
        return "No answer came: it may have been taken, or never have arrived."

    def __str__(self) -> str:
        ending = self.code or self.lost or "no answer asked for"
        times = "once" if self.sent == 1 else f"{self.sent} times"
        return f"{self.id} {self.message.name}, sent {times}: {ending}" + (f". {self.uncertain}" if self.uncertain else "")


class Correspondence:
    """Every message that was sent, and the answers as they come. `strays` are answers to nothing that was sent here."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.strays: list[V2Message] = []
        self._by_id: dict[str, list[Delivery]] = {}  # several where the very same message was sent more than once

    def begin(self, message: V2Message) -> Delivery:
        """A new delivery. Raises ValueError for a message whose answers could not be told from those of another one."""
        delivery = Delivery(message)
        if not delivery.id:
            raise ValueError("the message has no control ID in MSH-10, so no answer could be matched")
        same = self._by_id.setdefault(delivery.id, [])
        if same and same[0].message.text != message.text:
            raise ValueError(f"another message was sent under the control ID {delivery.id}, so their answers could not be told apart")
        same.append(delivery)
        self.deliveries.append(delivery)
        return delivery

    def match(self, answer: V2Message) -> Delivery | None:
        """Gives an answer to its message, whatever connection it came on; None for a stray."""
        sent = [delivery for delivery in self._by_id.get(first(answer, "MSA-2"), ()) if delivery.attempts]
        if not sent:
            self.strays.append(answer)
            return None
        kind = "commit" if first(answer, "MSA-1").startswith("C") else "answer"
        for delivery in sent:
            if getattr(delivery, kind) is None:
                setattr(delivery, kind, answer)
                return delivery
        sent[-1].again.append(answer)
        return sent[-1]

    def open(self) -> list[Delivery]:
        """Those that must still be answered."""
        return [delivery for delivery in self.deliveries if delivery.waits == "must"]


def first(message: V2Message | None, path: str) -> str:
    """The first value at a path, "" where there is none."""
    return next(iter(message.get(path)), "") if message else ""


def report(deliveries: Iterable[Delivery]) -> str:
    """One line for each delivery."""
    return "\n".join(map(str, deliveries))
