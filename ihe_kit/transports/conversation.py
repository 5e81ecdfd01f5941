"""The server's side of one MLLP connection: frames come in, each is answered in its turn, and whoever misbehaves is told off and let go."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor

from ihe_kit.core import Packet
from ihe_kit.transports.sockets import KEEP_OPEN, MAX_JUNK
from ihe_kit.v2.wire import Broken, Frames, frame

Answer = Callable[[Packet, int], Packet | Iterable[Packet]]  # (the request, the port it came from) -> the answer, or each as it is ready


class Conversation(asyncio.Protocol):
    """One connection. With `workers` the answers are worked out beside the loop, so that a slow one keeps nobody else waiting; without, at once.

    Nothing more is read while answers are being worked out or wait to be fetched: a flood waits in the sender's own buffers.
    """

    def __init__(
        self,
        answer: Answer,
        problem: Callable[[int, str], None],
        idle: float,
        limit: int,
        workers: Executor | None,
        open_now: set[Conversation],
    ) -> None:
        self.answer, self.problem, self.idle, self.limit, self.workers, self.open_now = answer, problem, idle, limit, workers, open_now
        self.frames, self.waiting, self.junk = Frames(), deque[bytes](), 0
        self.busy = self.full = self.ended = False
        self.loop = asyncio.get_running_loop()
        self.heard = self.loop.time()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.port = transport, transport.get_extra_info("peername")[1]
        self.open_now.add(self)
        self._watch()

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        for item in self.frames.feed(data):
            if isinstance(item, Broken):
                self.problem(self.port, f"{item.says} ({len(item.data)} bytes dropped)")
                self.junk += len(item.data)
            else:
                self.waiting.append(item.data)
        if self.junk > MAX_JUNK:
            self._let_go(f"more than {MAX_JUNK} bytes outside frames")
        elif self.frames.size > self.limit:
            self._let_go(f"a frame of more than {self.limit} bytes")
        else:
            self._go_on()

    def eof_received(self) -> bool:
        self.ended = True
        if self.frames.size:
            self.problem(self.port, f"closed in the middle of a frame, after {self.frames.size} bytes")
        return self.busy or bool(self.waiting)  # answers are still due

    def connection_lost(self, problem: Exception | None) -> None:
        self.watch.cancel()
        self.open_now.discard(self)
        self.waiting.clear()
        if problem:
            self.problem(self.port, f"the connection broke: {problem}")

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self._go_on()

    # What we do

    def _go_on(self) -> None:
        """Answers what waits, as far as the other side fetches its answers."""
        while self.waiting and not self.busy and not self.full and not self.transport.is_closing():
            packet = Packet("mllp", frame(self.waiting.popleft()))
            if self.workers:
                self.busy = True
                self.transport.pause_reading()
                self.loop.run_in_executor(self.workers, self._work, packet).add_done_callback(self._worked)
            else:
                self._work(packet)
        if self.full and not self.busy:
            self.transport.pause_reading()
        if self.ended and not self.waiting and not self.busy:
            self.transport.close()

    def _work(self, packet: Packet) -> None:
        """Works out the answers to one message and hands each over as it is ready. In a worker's thread, where there are workers."""
        try:
            answers = self.answer(packet, self.port)
            for one in [answers] if isinstance(answers, Packet) else answers:
                if one.data and self.workers:
                    self.loop.call_soon_threadsafe(self.transport.write, one.data)
                elif one.data:
                    self.transport.write(one.data)
        except Exception as fault:  # an answer that we cannot give: the peer sees a closed connection, not one that is silent for ever
            says = f"the answer failed: {type(fault).__name__}: {fault}"
            self.loop.call_soon_threadsafe(self._let_go, says)

    def _worked(self, _: object) -> None:
        self.busy = False
        self.heard = self.loop.time()
        if not self.transport.is_closing():
            self.transport.resume_reading()
            self._go_on()

    def _let_go(self, says: str) -> None:
        self.problem(self.port, says)
        self.waiting.clear()
        self.transport.close()

    def _watch(self) -> None:
        """Looks every now and then whether the other side has been silent, or has not fetched its answers, for too long."""
        allowed = self.idle if self.frames.size or self.full else KEEP_OPEN
        if not self.busy and self.loop.time() - self.heard > allowed:
            in_frame = f"silent for {self.idle:g} s in the middle of a frame"
            says = (
                f"answers were not fetched for {self.idle:g} s"
                if self.full
                else in_frame
                if self.frames.size
                else "idle, so the connection was closed"
            )
            self.problem(self.port, says)
            self.transport.abort() if self.full else self.transport.close()
        self.watch = self.loop.call_later(min(self.idle / 4, 5.0), self._watch)
