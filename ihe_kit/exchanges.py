"""One exchange: a request goes out, an answer comes back, both are checked. The Wire keeps everything that crossed.

No socket here: `to` is anything with `call(packet) -> packet` (a Peer). The transports have peers that open sockets; `Loopback` is one that
calls an actor in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from time import perf_counter

from ihe_kit.core import Message, Packet, Unreadable
from ihe_kit.ihe import System, Transaction
from ihe_kit.rules import SEVERITIES, Finding, check, finding_at, in_order

MOST = 5000  # exchanges a wire keeps
MOST_BYTES = 16 * 1024 * 1024  # bytes a wire keeps; read as trees they fill some fifty times as much


class Lost(Exception):
    """No answer came; the text says why in a reader's words. `sent` is False where the request certainly did not arrive. Raised by peers only."""

    def __init__(self, says: str, sent: bool = True) -> None:
        super().__init__(says)
        self.sent = sent


class Peer(ABC):
    """The other side of a wire."""

    fault = ""  # what went wrong on the way, where somebody arranged for it (faults.py)
    gone: Packet | None = None  # an answer that was given and did not arrive

    @abstractmethod
    def calls(self, packet: Packet) -> Iterator[Packet]:
        """Sends a packet and gives every answer as it comes: most often one, none where none was asked for. Raises Lost."""

    def call(self, packet: Packet) -> Packet:
        """Sends a packet and gives the first answer. Raises Lost."""
        for answer in self.calls(packet):
            return answer
        raise Lost("no answer was asked for, and none came")

    def tell(self, packet: Packet) -> None:
        """Sends a packet, perhaps a broken one, and waits for nothing. Raises Lost."""
        for _ in self.calls(packet):
            break


@dataclass
class Loopback(Peer):
    """A peer without a socket: the actor's own function, `receive` or `answers`."""

    receive: Callable[[Packet], Packet | Iterable[Packet]]

    def calls(self, packet: Packet) -> Iterator[Packet]:
        answers = self.receive(packet)
        yield from [answers] if isinstance(answers, Packet) else answers


@dataclass(frozen=True, repr=False)
class Exchange:
    """What was sent, what came back, what was found in both.

    `sender` and `receiver` are systems, `transaction` says which actors they play. `took` is in seconds. Without an answer, `received`
    and `answer` are None and `lost` says why. An application acknowledgment that came later is an exchange of its own, without an answer:
    `follows` is the number of the one it belongs to. `fault` says what was arranged to go wrong on the way, `gone` is an answer that got lost.
    """

    number: int
    transaction: Transaction | None
    sender: str
    receiver: str
    at: datetime
    took: float
    sent: Packet
    received: Packet | None
    request: Message | None
    answer: Message | None
    found: list[Finding] = field(default_factory=list)
    answer_found: list[Finding] = field(default_factory=list)
    lost: str = ""
    follows: int = 0
    fault: str = ""
    gone: Packet | None = None

    @property
    def refused(self) -> bool:
        """The receiver answered with its standard's error: AE, AR, CE, CR or a status of 400 and above."""
        answer = self.request if self.follows else self.answer
        if answer is None:
            return False
        status = next(iter(_get(answer, "response.status")), "") or next(iter(_get(answer, "MSA-1")), "")
        return status in ("AE", "AR", "CE", "CR") or (status.isdigit() and int(status) >= 400)

    @property
    def astray(self) -> bool:
        """The answer names another message than the one that was sent."""
        return bool(_astray(self))

    @property
    def ok(self) -> bool:
        """An answer to this very request came, and it was no refusal."""
        return self.answer is not None and not self.refused and not self.astray

    def __str__(self) -> str:
        """One line for people: `ITI-31 ADT^A01, Nordvik ADT to Fjordland identity: ACK AA (accepted)`."""
        label = self.transaction.number if self.transaction else "foreign"
        request = self.request.name if self.request else f"{len(self.sent.data)} bytes"
        answer = self.lost or (self.answer.name if self.answer else f"{len(self.received.data)} bytes" if self.received else "")
        answer = answer or (f"belongs to exchange {self.follows}" if self.follows else "no answer asked for")
        word = " (to another message)" if self.astray else " (refused)" if self.refused else " (accepted)" if answer == "ACK AA" else ""
        return f"{label} {request}, {self.sender} to {self.receiver}: {answer}{word}"

    __repr__ = __str__  # at the end of a cell: one line, and not every byte and finding


def _get(message: Message, path: str) -> list[str]:
    try:
        return message.get(path)
    except ValueError:  # a path of another standard
        return []


class Wire:
    """Everything that crossed, in order. Iterating gives the exchanges; `replay` sends them again, byte for byte.

    A flood does not fill the memory: beyond `MOST` exchanges or `MOST_BYTES` the oldest go. Numbers stay as they were; `last` is the latest.
    """

    def __init__(self, systems: Iterable[System] = (), clock: Callable[[], datetime] | None = None) -> None:
        self.systems = list(systems)
        self.clock = clock or (lambda: datetime.now(UTC).astimezone())
        self.exchanges: list[Exchange] = []
        self.dropped = 0  # exchanges that had to go
        self._bytes = 0
        self.addresses: dict[str, str] = {}  # system -> where it listens
        self.listeners: list[Callable[[], None]] = []  # called after each change, from whatever thread made it
        self.ended = False  # the systems were stopped: nothing more will cross
        self._lock = Lock()

    def add(self, exchange: Exchange) -> Exchange:
        """Keeps an exchange, gives it its number, and tells whoever looks."""
        with self._lock:  # a server may record a foreign client's exchange meanwhile
            exchange = replace(exchange, number=self.last + 1)
            self.exchanges.append(exchange)
            self._bytes += _size(exchange)
            while len(self.exchanges) > 1 and (len(self.exchanges) > MOST or self._bytes > MOST_BYTES):
                self._bytes -= _size(self.exchanges.pop(0))
                self.dropped += 1
        self._tell()
        return exchange

    @property
    def last(self) -> int:
        """The number of the latest exchange, 0 where none has crossed."""
        return self.dropped + len(self.exchanges)

    def end(self) -> None:
        """Says that the systems were stopped; what crossed is kept."""
        self.ended = True
        self._tell()

    def _tell(self) -> None:
        for listener in list(self.listeners):
            with suppress(Exception):  # who looks on must not break what he looks at
                listener()

    def system(self, actor: str, listens: bool = True) -> str:
        """The system that plays an actor, or the actor's own name where none does.

        Where several play it (a Patient Demographics Supplier is asked in one profile, and speaks first in another), the one that listens, or not.
        """
        found = [system.name for system in self.systems if actor in system.plays]
        return next((name for name in found if (name in self.addresses) == listens), found[0] if found else actor)

    def clear(self) -> None:
        """Forgets everything; the next exchange is number 1."""
        with self._lock:
            self.exchanges.clear()
            self.dropped = self._bytes = 0

    def replay(self, number: int, to: Peer) -> Exchange:
        """Sends the bytes of an exchange (counted from 1) again, unchanged, and keeps what comes back as a new exchange."""
        return _cross(replace(self[number], at=self.clock()), to, self)

    def __getitem__(self, number: int) -> Exchange:
        if not 1 <= number <= self.last:
            raise IndexError(f"there is no exchange {number}: {self.last} crossed so far, counted from 1")
        if number <= self.dropped:
            raise IndexError(f"exchange {number} is no longer kept: the wire holds {self.dropped + 1} to {self.last}")
        return self.exchanges[number - self.dropped - 1]

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self.exchanges))  # of this moment: a server may add to it meanwhile

    def __len__(self) -> int:
        return len(self.exchanges)

    def __str__(self) -> str:
        return "\n".join(f"{exchange.number:>3}  {exchange}" for exchange in self)


def _size(exchange: Exchange) -> int:
    return len(exchange.sent.data) + (len(exchange.received.data) if exchange.received else 0)


def judge(message: Message, transaction: Transaction, *, answer: bool = False, found: Iterable[Finding] | None = None) -> list[Finding]:
    """Every finding in a message of a transaction: its standard's own constraints, then IHE's rules for this side of it.

    Where both speak of the same place, IHE's word stands alone, unless the standard's is graver: it says why it matters here. Of what the
    transaction settles, the standard is not asked. `found`: what the standard's own check found, where it was asked with more than the message.
    """
    ihe = check(message, transaction.rules(message, answer=answer))
    told = {finding.path: SEVERITIES.index(finding.severity) for finding in reversed(ihe)}  # the gravest of each place comes first
    settled = () if answer else transaction.settles
    base = [f for f in (transaction.standard.conform(message) if found is None else found) if not f.path.startswith(settled)]
    return in_order([*(f for f in base if SEVERITIES.index(f.severity) < told.get(f.path, len(SEVERITIES))), *ihe])


def perform(transaction: Transaction, message: Message | Packet, to: Peer, wire: Wire) -> Exchange:
    """Sends a message as a request of a transaction and keeps the exchange on the wire. A lost answer is kept too, not raised.

    A packet goes out as it is, whether or not there is a message in it.
    """
    packet = message if isinstance(message, Packet) else transaction.standard.to_wire(message)
    draft = Exchange(
        number=0,
        transaction=transaction,
        sender=wire.system(transaction.initiator, listens=False),
        receiver=wire.system(transaction.responder),
        at=wire.clock(),
        took=0,
        sent=packet,
        received=None,
        request=None,
        answer=None,
    )
    return _cross(draft, to, wire)


def record(transaction: Transaction, sent: Packet, received: Packet, sender: str, wire: Wire, took: float) -> Exchange:
    """Keeps an exchange that a foreign client began, as the server saw it. A packet without bytes says that no answer was asked for."""
    receiver = wire.system(transaction.responder)
    draft = Exchange(0, transaction, sender, receiver, wire.clock(), took, sent, received if received.data else None, None, None)
    return wire.add(_read(draft))


def follow(first: Exchange, answer: Packet, wire: Wire) -> Exchange:
    """Keeps an answer that came besides the first one, as an exchange of its own: nobody answers it."""
    draft = replace(
        first, sender=first.receiver, receiver=first.sender, at=wire.clock(), took=0, sent=answer, received=None, lost="", gone=None
    )
    return wire.add(_read(replace(draft, follows=first.follows or first.number, fault="")))


def _cross(draft: Exchange, to: Peer, wire: Wire) -> Exchange:
    started, lost = perf_counter(), ""
    answers: list[Packet] = []
    try:
        answers.extend(to.calls(draft.sent))
    except Lost as reason:
        lost = str(reason)
    draft = replace(draft, took=perf_counter() - started, follows=0, fault=to.fault or (lost if answers else ""), gone=to.gone)
    done = wire.add(_read(replace(draft, received=answers[0] if answers else None, lost="" if answers else lost)))
    for answer in answers[1:]:
        follow(done, answer, wire)
    return done


def _read(draft: Exchange) -> Exchange:
    """The exchange with its packets read and checked. What cannot be read stays bytes."""
    assert draft.transaction is not None
    request = _message(draft.transaction, draft.sent)
    answer = _message(draft.transaction, draft.received) if draft.received else None
    found = judge(request, draft.transaction, answer=draft.follows > 0) if request else []
    done = replace(draft, request=request, answer=answer, found=found, answer_found=[])
    return replace(done, answer_found=in_order([*_astray(done), *judge(answer, draft.transaction, answer=True)]) if answer else [])


def _astray(exchange: Exchange) -> list[Finding]:
    """The finding that an answer belongs to another request. An answer that names none is a matter of the rules for answers."""
    echo = exchange.transaction.standard.echo if exchange.transaction else None
    if not echo or not exchange.request or not exchange.answer:
        return []
    sent = next(iter(_get(exchange.request, echo.sent)), "")
    says = f"The answer belongs to message {{found}}, but {sent} was sent. Whether {sent} was taken, nobody knows: a sender that trusts this loses a message."
    other = [e for e in exchange.answer.find(echo.repeated) if e.value not in ("", sent)] if _get(exchange.answer, echo.repeated) else []
    return [finding_at(element, echo.rule, says, echo.spec) for element in other]


def _message(transaction: Transaction, packet: Packet) -> Message | None:
    try:
        return transaction.standard.from_wire(packet)
    except Unreadable:
        return None
