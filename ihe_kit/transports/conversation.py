"""The server's side of one connection: requests come in, each is answered in its turn, and whoever misbehaves is told off and let go."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from ihe_kit.core import Packet
from ihe_kit.transports.sockets import KEEP_OPEN, MAX_JUNK
from ihe_kit.v2.wire import Broken, Frames, frame

Answer = Callable[[Packet, int], Packet | Iterable[Packet]]  # (the request, the port it came from) -> the answer, or each as it is ready
Refuse = Callable[[int, str], bytes]  # (an HTTP status, what was wrong) -> the answer to a request that never came whole


@dataclass(frozen=True, slots=True)
class Manners:
    """What the conversations of one server share: who answers, who is told of problems, seconds of patience, bytes of a message, and the threads
    that work answers out beside the loop, so that a slow one keeps nobody else waiting; without any, answers are worked out at once.
    """

    answer: Answer
    problem: Callable[[int, str], None]
    idle: float
    limit: int
    workers: Executor | None = None
    refuse: Refuse | None = None


class Conversation(asyncio.Protocol, ABC):
    """One connection, whatever its protocol: how requests are cut out of the stream, the subclasses know.

    Nothing more is read while answers are being worked out or wait to be fetched: a flood waits in the sender's own buffers.
    """

    protocol = ""
    keep_open = KEEP_OPEN  # seconds between two requests

    def __init__(self, manners: Manners, open_now: set[Any]) -> None:
        self.manners, self.open_now, self.workers = manners, open_now, manners.workers
        self.waiting = deque[bytes]()
        self.busy = self.full = self.ended = False
        self.loop = asyncio.get_running_loop()
        self.heard = self.loop.time()

    @property
    @abstractmethod
    def half(self) -> str:
        """What is there of a request that is not complete: `a frame, after 7 bytes`; "" between two requests."""

    @abstractmethod
    def give(self, answer: bytes, number: int, request: bytes) -> None:
        """Hands over an answer, the first to a request (number 0) or another one. In a worker's thread, where there are workers."""

    def silent(self, says: str) -> None:
        """What is done with a peer who was silent for too long."""
        self.let_go(says)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        peer = transport.get_extra_info("peername") or ("", 0)  # who hung up before he was let in has no name any more
        self.transport, self.port = transport, peer[1]
        self.open_now.add(self)
        self._watch()

    def eof_received(self) -> bool:
        self.ended = True
        if self.half:
            self.manners.problem(self.port, f"closed in the middle of {self.half}")
        return self.busy or bool(self.waiting)  # answers are still due

    def connection_lost(self, problem: Exception | None) -> None:
        self.watch.cancel()
        self.open_now.discard(self)
        self.waiting.clear()
        if problem:
            self.manners.problem(self.port, f"the connection broke: {problem}")

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full, self.heard = False, self.loop.time()
        if not self.busy:
            self.transport.resume_reading()
        self.go_on()

    # What we do

    def go_on(self) -> None:
        """Answers what waits, as far as the other side fetches its answers."""
        while self.waiting and not self.busy and not self.full and not self.transport.is_closing():
            request = self.waiting.popleft()
            if self.workers:
                self.busy = True
                self.transport.pause_reading()
                self.loop.run_in_executor(self.workers, self._work, request).add_done_callback(self._worked)
            else:
                self._work(request)
        if self.full and not self.busy:
            self.transport.pause_reading()
        if self.ended and not self.waiting and not self.busy:
            self.transport.close()

    def _work(self, request: bytes) -> None:
        """Works out the answers to one request and hands each over as it is ready. In a worker's thread, where there are workers."""
        try:
            answers = self.manners.answer(Packet(self.protocol, request), self.port)
            for number, one in enumerate([answers] if isinstance(answers, Packet) else answers):
                if one.data:
                    self.give(one.data, number, request)
        except Exception as fault:  # an answer that we cannot give: the peer sees a closed connection, not one that is silent for ever
            says = f"the answer failed: {type(fault).__name__}: {fault}"
            self.loop.call_soon_threadsafe(self.let_go, says)

    def send(self, data: bytes) -> None:
        """Sends bytes, from whatever thread."""
        if self.workers:
            self.loop.call_soon_threadsafe(self.transport.write, data)
        else:
            self.transport.write(data)

    def _worked(self, _: object) -> None:
        self.busy = False
        self.heard = self.loop.time()
        if not self.transport.is_closing():
            self.transport.resume_reading()
            self.go_on()

    def let_go(self, says: str) -> None:
        """Tells what was wrong, and hangs up."""
        self.manners.problem(self.port, says)
        self.waiting.clear()
        self.transport.close()

    def _watch(self) -> None:
        """Looks every now and then whether the other side has been silent, or has not fetched its answers, for too long."""
        idle, half = self.manners.idle, self.half
        if not self.busy and self.loop.time() - self.heard > (idle if half or self.full else self.keep_open):
            if self.full:
                self.manners.problem(self.port, f"answers were not fetched for {idle:g} s")
                self.transport.abort()
            else:
                self.silent(
                    f"silent for {idle:g} s in the middle of {half.split(',')[0]}" if half else "idle, so the connection was closed"
                )
        self.watch = self.loop.call_later(min(idle / 4, 5.0), self._watch)


class MllpConversation(Conversation):
    """MLLP: a frame is a request, and so is each answer."""

    protocol = "mllp"

    def __init__(self, manners: Manners, open_now: set[Any]) -> None:
        super().__init__(manners, open_now)
        self.frames, self.junk = Frames(), 0

    @property
    def half(self) -> str:
        return f"a frame, after {self.frames.size} bytes" if self.frames.size else ""

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        for item in self.frames.feed(data):
            if isinstance(item, Broken):
                self.manners.problem(self.port, f"{item.says} ({len(item.data)} bytes dropped)")
                self.junk += len(item.data)
            else:
                self.waiting.append(frame(item.data))
        if self.junk > MAX_JUNK:
            self.let_go(f"more than {MAX_JUNK} bytes outside frames")
        elif self.frames.size > self.manners.limit:
            self.let_go(f"a frame of more than {self.manners.limit} bytes")
        else:
            self.go_on()

    def give(self, answer: bytes, number: int, request: bytes) -> None:
        self.send(answer)
