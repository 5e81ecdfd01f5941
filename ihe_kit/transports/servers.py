"""Every server of a sandbox: one daemon thread, one event loop. `stop()` frees all ports; the end of the process does too."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ihe_kit.transports.conversation import Answer, Conversation, Manners, MllpConversation, Refuse
from ihe_kit.transports.secured import Secured
from ihe_kit.transports.sockets import IDLE, LOOPBACK, MAX_CONNECTIONS, MAX_MESSAGE
from ihe_kit.transports.tls import Identity


@dataclass
class Servers:
    """Listens for MLLP and HTTP. `idle` are the seconds that a peer may be silent in the middle of a message, `limit` the bytes of one."""

    host: str = LOOPBACK
    idle: float = IDLE
    limit: int = MAX_MESSAGE
    problems: deque[str] = field(default_factory=lambda: deque(maxlen=1000))

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # Answers are worked out beside the loop: a message that takes long keeps nobody else waiting.
        self._workers = ThreadPoolExecutor(4, "ihe_kit answers")
        self._stops: list[Callable[[], Any]] = []
        self._busy: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ihe_kit servers", daemon=True)
        self._thread.start()

    def mllp(self, answer: Answer, port: int = 0, identity: Identity | None = None, at_once: bool = False) -> str:
        """Listens for MLLP frames, with `identity` under mutual TLS. Returns the address. Raises OSError that says what to do where the port
        is taken. `at_once` works answers out on the loop itself: faster, for answers that cost next to nothing.
        """
        context = identity.server() if identity else None

        def conversation(manners: Manners, open_now: set[Conversation]) -> asyncio.Protocol:
            inner = MllpConversation(manners, open_now)
            return Secured(inner, context, self._problem, self.idle) if context else inner

        return f"{'mllps' if identity else 'mllp'}://{self._listen(conversation, answer, port, at_once)}"

    def http(self, answer: Answer, port: int = 0, at_once: bool = False, refuse: Refuse | None = None) -> str:
        """Listens for HTTP requests. Returns the address. Raises OSError that says what to do where the port is taken. `at_once` works answers
        out on the loop itself: faster, for answers that are ready in no time. `refuse` makes the answer to what never came whole (408, 413, 431).
        """
        from ihe_kit.transports.http_conversation import HttpConversation

        return f"http://{self._listen(HttpConversation, answer, port, at_once, refuse)}"

    def _listen(
        self,
        conversation: Callable[[Manners, set[Conversation]], asyncio.Protocol],
        answer: Answer,
        port: int,
        at_once: bool,
        refuse: Refuse | None = None,
    ) -> str:
        sock, open_now = self._bind(port), set[Conversation]()
        sock.setblocking(False)
        manners = Manners(answer, self._problem, self.idle, self.limit, None if at_once else self._workers, refuse)
        self._start(self._accept(sock, lambda: conversation(manners, open_now), open_now))
        return f"{self.host}:{sock.getsockname()[1]}"

    def stop(self) -> None:
        """Closes every server and waits for the thread. Safe to call twice."""
        if not self._thread.is_alive():
            return
        for stop in self._stops:
            self._loop.call_soon_threadsafe(stop)
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result(3)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(3)
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _finish(self) -> None:
        here = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not here]
        _, late = await asyncio.wait(tasks, timeout=0.5) if tasks else (None, set())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _bind(self, port: int) -> socket.socket:
        # Named as TCP, so that asyncio sends every part at once: an answer in two parts would wait 40 ms for the client's acknowledgment.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((self.host, port))
        except OSError as problem:
            sock.close()
            says = f"cannot listen on {self.host}:{port} ({problem.strerror}). Stop what uses it, or choose another port; 0 takes any free one."
            raise OSError(problem.errno, says) from None
        sock.listen(128)
        return sock

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.call_soon_threadsafe(lambda: self._keep(self._loop.create_task(work)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def _accept(self, sock: socket.socket, conversation: Callable[[], asyncio.Protocol], open_now: set[Conversation]) -> None:
        """Lets everybody in who comes, until the servers are stopped."""
        here = asyncio.current_task()
        assert here is not None
        self._stops.append(here.cancel)
        let_in = set[asyncio.BaseTransport]()
        try:
            while True:
                try:
                    connection, (_, port, *_) = await self._loop.sock_accept(sock)
                except OSError as problem:  # out of file descriptors: those who hang up free some
                    self._problem(0, f"nobody can be let in: {problem.strerror}")
                    await asyncio.sleep(0.1)
                    continue
                let_in = {transport for transport in let_in if not transport.is_closing()}
                if len(let_in) >= MAX_CONNECTIONS:
                    self._problem(port, f"more than {MAX_CONNECTIONS} connections at once")
                    connection.close()
                    continue
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                let_in.add((await self._loop.connect_accepted_socket(conversation, connection))[0])
        finally:
            sock.close()
            for one in list(open_now):
                self._problem(one.port, "the connection broke: the server was stopped")
            for transport in let_in:
                transport.close()

    def _problem(self, port: int, says: str) -> None:
        self.problems.append(f"peer at port {port}: {says}")
