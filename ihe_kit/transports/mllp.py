"""MLLP clients: `MllpPeer` opens a connection for each message, `MllpClient` keeps one open for many and sends again what got lost."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from ihe_kit.core import Packet, Unreadable
from ihe_kit.exchanges import Lost, Peer
from ihe_kit.transports.sockets import connect, ours, receive, told
from ihe_kit.transports.tls import Identity
from ihe_kit.v2.acknowledgment import Asked, asked
from ihe_kit.v2.delivery import Attempt, Correspondence, Delivery, first
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.wire import Frame, Frames, frame, from_wire, to_wire

PERHAPS = 1.0  # seconds that we wait for an answer which need not come (MSH-15 or MSH-16 of ER or SU)
PAUSES = (0.2, 1.0, 5.0)  # seconds before a message is sent again, for the second, the third, every further time


@dataclass
class MllpPeer(Peer):
    """A receiver of HL7 v2 messages, called with one message at a time, each on a connection of its own."""

    host: str
    port: int
    timeout: float = 10.0
    recorded: bool = True  # the caller keeps the exchange on the server's own wire, so the server need not
    identity: Identity | None = None

    def calls(self, packet: Packet) -> Iterator[Packet]:
        """Sends the packet and gives the answers that it asks for. Raises Lost with the reason."""
        with told(f"{self.host}:{self.port}", self.timeout), self._connect() as connection:
            local = connection.getsockname()[1]
            if self.recorded:
                ours.add(local)
            try:
                connection.sendall(packet.data)
                yield from self._answers(connection, _asked(packet))
            finally:
                ours.discard(local)

    def tell(self, packet: Packet) -> None:
        """Sends bytes, perhaps half a frame, hangs up and waits for nothing. Raises Lost."""
        with told(f"{self.host}:{self.port}", self.timeout), self._connect() as connection:
            connection.sendall(packet.data)

    def _connect(self) -> socket.socket:
        return connect(self.host, self.port, self.timeout, self.identity.client() if self.identity else None)

    def _answers(self, connection: socket.socket, wanted: Asked) -> Iterator[Packet]:
        frames, codes, until = Frames(), list[str](), monotonic() + self.timeout
        while waits := wanted.waits(codes):
            if waits == "may":
                until = min(until, monotonic() + PERHAPS)
                if not self.identity:  # who hears that we have said everything hangs up when it has, too
                    connection.shutdown(socket.SHUT_WR)
            try:
                chunk = receive(connection, until, frames.size)
            except TimeoutError:
                if waits == "may":
                    return
                raise
            if not chunk:
                if waits == "may":
                    return
                raise Lost("socket closed in the middle of the reply" if frames.size else "socket closed, no reply")
            for found in frames.feed(chunk):
                if isinstance(found, Frame):
                    packet = Packet("mllp", frame(found.data))
                    codes.append(_code(packet))
                    yield packet


class MllpClient:
    """One connection that stays open, for many messages. Answers find their messages by MSA-2, in whatever order they come.

    A message that got no answer is sent again, at most `tries` times in all: the very same bytes, so that a receiver can tell that it had
    them. Every `Delivery` says how often it was sent and what nobody knows. `correspondence` keeps late answers and strays.
    """

    def __init__(
        self,
        address: str,
        timeout: float = 10.0,
        identity: Identity | None = None,
        tries: int = 1,
        pauses: Sequence[float] = PAUSES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("mllp", "mllps") or not parts.hostname or not parts.port:
            raise ValueError(f"expected an address such as mllp://127.0.0.1:2575, but found {address!r}")
        self.host, self.port, self.timeout, self.tries, self.pauses, self.sleep = parts.hostname, parts.port, timeout, tries, pauses, sleep
        self.identity = identity if parts.scheme == "mllps" else None
        self.correspondence = Correspondence()
        self._connection: socket.socket | None = None
        self._frames = Frames()

    def send(self, message: V2Message, until: str = "application") -> Delivery:
        """Sends a message and waits for its answers; `until="commit"` goes on as soon as the receiver keeps it safe."""
        return self.send_all([message], until=until)[0]

    def send_all(self, messages: Iterable[V2Message], at_once: int = 1, until: str = "application") -> list[Delivery]:
        """Sends messages in order, at most `at_once` of them unanswered at a time. Nothing is raised for what gets lost."""
        deliveries = [self.correspondence.begin(message) for message in messages]
        todo, under_way = deque(deliveries), dict[Delivery, float]()  # until when each of them may be answered
        while todo or under_way:
            try:
                with told(f"{self.host}:{self.port}", self.timeout):
                    while todo and len(under_way) < at_once:
                        under_way[todo[0]] = monotonic() + self.timeout
                        self._put(todo.popleft(), alone=len(under_way) == 1)
                    for delivery in [d for d in under_way if d.waits != "must" or (until == "commit" and d.commit)]:
                        del under_way[delivery]
                    if under_way and (len(under_way) >= at_once or not todo):
                        self._read(min(under_way.values()))
            except Lost as reason:
                self.close()
                todo.extendleft(reversed(self._to_repeat(list(under_way), reason)))
                under_way.clear()
        return deliveries

    def listen(self, seconds: float) -> list[V2Message]:
        """Waits for answers that come late, and gives those that came. Raises Lost where the connection broke."""
        before = {id(a) for d in self.correspondence.deliveries for a in (d.commit, d.answer)}
        try:
            with told(f"{self.host}:{self.port}", seconds):
                until = monotonic() + seconds
                while self.correspondence.open():
                    self._read(until)
        except Lost:
            if self._connection is None:
                raise
        return [a for d in self.correspondence.deliveries for a in (d.commit, d.answer) if a and id(a) not in before]

    def close(self) -> None:
        """Hangs up. The next message opens a new connection."""
        if self._connection:
            self._connection.close()
        self._connection, self._frames = None, Frames()

    def __enter__(self) -> MllpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, delivery: Delivery, alone: bool) -> None:
        """Writes a message; where the other side has hung up since the last one, on a new connection (ITI TF-2 Appendix C.2.1)."""
        delivery.attempts.append(Attempt())
        if self._connection and self._hung_up():
            self.close()
            if not alone:
                raise Lost("socket closed, no reply")
        if self._connection is None:
            self._connection = connect(self.host, self.port, self.timeout, self.identity.client() if self.identity else None)
        self._connection.settimeout(self.timeout)
        self._connection.sendall(to_wire(delivery.message).data)

    def _hung_up(self) -> bool:
        """Whether the other side closed while we had nothing to say. What came meanwhile is kept."""
        assert self._connection is not None
        try:
            self._connection.setblocking(False)
            chunk = self._connection.recv(65536)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as problem:
            return "want read" not in str(problem).lower() and "did not complete" not in str(problem).lower()
        self._take(chunk)
        return not chunk

    def _read(self, until: float) -> None:
        assert self._connection is not None
        chunk = receive(self._connection, until, self._frames.size)
        if not chunk:
            raise Lost("socket closed in the middle of the reply" if self._frames.size else "socket closed, no reply")
        self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        for found in self._frames.feed(chunk):
            if isinstance(found, Frame):
                try:
                    self.correspondence.match(from_wire(Packet("mllp", frame(found.data))))
                except Unreadable:  # no message, so no answer to any
                    continue

    def _to_repeat(self, lost: list[Delivery], reason: Lost) -> list[Delivery]:
        """What got no answer and may be sent once more, after a pause. What the receiver committed to is never sent again."""
        for delivery in lost:
            delivery.attempts[-1] = Attempt(str(reason), arrived=reason.sent)
        repeat = [delivery for delivery in lost if delivery.sent < self.tries and not delivery.commit]
        if repeat:
            self.sleep(self.pauses[min(max(delivery.sent for delivery in repeat), len(self.pauses)) - 1])
        return repeat


def _asked(packet: Packet) -> Asked:
    try:
        return asked(from_wire(packet))
    except Unreadable:
        return Asked()


def _code(packet: Packet) -> str:
    try:
        return first(from_wire(packet), "MSA-1")
    except Unreadable:
        return ""
