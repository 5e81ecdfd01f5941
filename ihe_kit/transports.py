"""MLLP and HTTP over real sockets, client and server: the only room that opens one.

Servers live on one daemon thread with one event loop, on 127.0.0.1 unless the caller asks otherwise. They know nothing of messages:
bytes come in as a Packet, a function answers it, bytes go out. Whatever a peer does, the server lives, and `problems` says why it was refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import h11

from ihe_kit.core import Packet
from ihe_kit.exchanges import Lost
from ihe_kit.v2.wire import START, Broken, Frame, unframe

Answer = Callable[[Packet, int], Packet]  # (the request, the port it came from) -> the answer

LOOPBACK = "127.0.0.1"
MAX_MESSAGE = 16 * 1024 * 1024  # bytes
MAX_CONNECTIONS = 100  # of each server
MAX_JUNK = 64 * 1024  # bytes outside frames before a connection is closed
IDLE = 30.0  # seconds a peer may be silent in the middle of a message
KEEP_OPEN = 300.0  # seconds a connection may stay open between messages

ours: set[int] = set()  # local ports of this process's own peers: the server need not record what they send


# Clients --------------------------------------------------------------------------------------------------------------------------


def peer(address: str, timeout: float = 10.0) -> MllpPeer | HttpPeer:
    """The peer at an address: `mllp://127.0.0.1:2575` or `http://127.0.0.1:8080/fhir`. Raises ValueError for any other."""
    parts = urlsplit(address)
    if parts.scheme == "mllp" and parts.hostname and parts.port:
        return MllpPeer(parts.hostname, parts.port, timeout)
    if parts.scheme == "http" and parts.hostname:
        return HttpPeer(parts.hostname, parts.port or 80, timeout)
    raise ValueError(f"expected an address such as mllp://127.0.0.1:2575 or http://127.0.0.1:8080/fhir, but found {address!r}")


@dataclass
class _SocketPeer(ABC):
    host: str
    port: int
    timeout: float = 10.0
    recorded: bool = True  # the caller keeps the exchange on the server's own wire, so the server need not

    def call(self, packet: Packet) -> Packet:
        """Sends the packet on a connection of its own and reads one answer. Raises Lost with the reason."""
        where = f"{self.host}:{self.port}"
        try:
            with socket.create_connection((self.host, self.port), self.timeout) as connection:
                local = connection.getsockname()[1]
                if self.recorded:
                    ours.add(local)
                try:
                    connection.sendall(packet.data)
                    return self._read(connection, packet)
                finally:
                    ours.discard(local)
        except TimeoutError:
            raise Lost(f"{where} did not answer within {self.timeout:g} seconds") from None
        except ConnectionRefusedError:
            raise Lost(f"nobody listens on {where}; is the sandbox running?") from None
        except OSError as problem:
            raise Lost(f"the connection to {where} broke: {problem.strerror or problem}") from None

    @abstractmethod
    def _read(self, connection: socket.socket, packet: Packet) -> Packet:
        """The one answer to a packet. Raises Lost, or OSError as the socket does."""

    def _more(self, connection: socket.socket, buffer: bytes, until: float) -> bytes:
        """What has come so far and the next piece. A peer that drips byte after byte does not hold us longer than one that is silent."""
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        chunk = connection.recv(65536)
        if not chunk:
            raise Lost("socket closed in the middle of the reply" if buffer else "socket closed, no reply")
        if len(buffer) + len(chunk) > MAX_MESSAGE:
            raise Lost(f"the reply is larger than {MAX_MESSAGE} bytes")
        return chunk


class MllpPeer(_SocketPeer):
    """A receiver of HL7 v2 messages."""

    def _read(self, connection: socket.socket, packet: Packet) -> Packet:
        buffer, until = b"", monotonic() + self.timeout
        while True:
            frames, buffer = unframe(buffer)
            for found in frames:
                if isinstance(found, Frame):
                    return Packet("mllp", START + found.data + b"\x1c\r")
            buffer += self._more(connection, buffer, until)


class HttpPeer(_SocketPeer):
    """An HTTP/1.1 server. The bytes of the packet are sent as they are; h11 tells when the answer is complete."""

    def _read(self, connection: socket.socket, packet: Packet) -> Packet:
        reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=65536)
        method = packet.data.split(b" ", 1)[0]
        reader.send(h11.Request(method=method, target=b"/", headers=[("host", "-"), ("connection", "close")]))
        reader.send(h11.EndOfMessage())
        buffer, until = b"", monotonic() + self.timeout
        try:
            while not isinstance(event := reader.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    chunk = self._more(connection, buffer, until)
                    reader.receive_data(chunk)
                    buffer += chunk
        except h11.RemoteProtocolError as problem:
            raise Lost(f"the reply is no HTTP: {problem}") from None
        return Packet("http", buffer)


# Servers --------------------------------------------------------------------------------------------------------------------------


@dataclass
class Servers:
    """Every server of a sandbox: one thread, one loop. `stop()` frees all ports; the end of the process does too."""

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

    def mllp(self, answer: Answer, port: int = 0) -> str:
        """Listens for MLLP frames. Returns the address. Raises OSError that says what to do where the port is taken."""
        sock = self._bind(port)
        open_now: set[asyncio.StreamWriter] = set()
        server = self._run(asyncio.start_server(lambda r, w: self._serve_mllp(r, w, answer, open_now), sock=sock, limit=self.limit))
        self._stops.append(server.close)
        return f"mllp://{self.host}:{sock.getsockname()[1]}"

    def http(self, answer: Answer, port: int = 0) -> str:
        """Listens for HTTP requests. Returns the address. Raises OSError that says what to do where the port is taken."""
        import uvicorn

        sock = self._bind(port)
        config = uvicorn.Config(
            self._app(answer),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,  # bytes must be the same at every run
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=5,
        )
        config.load()
        server = uvicorn.Server(config)
        task = self._loop.create_task
        self._loop.call_soon_threadsafe(lambda: self._keep(task(server.serve(sockets=[sock]))))
        self._stops.append(lambda: setattr(server, "should_exit", True))
        return f"http://{self.host}:{sock.getsockname()[1]}"

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
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((self.host, port))
        except OSError as problem:
            sock.close()
            says = f"cannot listen on {self.host}:{port} ({problem.strerror}). Stop what uses it, or choose another port; 0 takes any free one."
            raise OSError(problem.errno, says) from None
        sock.listen(128)
        return sock

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    # MLLP

    async def _serve_mllp(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer, open_now: set[asyncio.StreamWriter]
    ) -> None:
        port = writer.get_extra_info("peername")[1]
        open_now.add(writer)
        try:
            if len(open_now) > MAX_CONNECTIONS:
                self._problem(port, f"more than {MAX_CONNECTIONS} connections at once")
            else:
                await self._answer_frames(reader, writer, answer, port)
        except (ConnectionError, asyncio.CancelledError) as problem:
            self._problem(port, f"the connection broke: {problem or 'the server was stopped'}")
        finally:
            open_now.discard(writer)
            writer.close()

    async def _answer_frames(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer, port: int) -> None:
        buffer, junk = b"", 0
        while True:
            try:
                chunk = await asyncio.wait_for(reader.read(65536), self.idle if buffer else KEEP_OPEN)
            except TimeoutError:
                self._problem(
                    port, f"silent for {self.idle:g} s in the middle of a frame" if buffer else "idle, so the connection was closed"
                )
                return
            if not chunk:
                if buffer:
                    self._problem(port, f"closed in the middle of a frame, after {len(buffer)} bytes")
                return
            found, buffer = unframe(buffer + chunk)
            for item in found:
                if isinstance(item, Broken):
                    self._problem(port, f"{item.says} ({len(item.data)} bytes dropped)")
                    junk += len(item.data)
                    continue
                reply = await self._loop.run_in_executor(self._workers, answer, Packet("mllp", START + item.data + b"\x1c\r"), port)
                writer.write(reply.data)
                await asyncio.wait_for(writer.drain(), self.idle)
            if junk > MAX_JUNK:
                self._problem(port, f"more than {MAX_JUNK} bytes outside frames")
                return
            if len(buffer) > self.limit:
                self._problem(port, f"a frame of more than {self.limit} bytes")
                return

    def _problem(self, port: int, says: str) -> None:
        self.problems.append(f"peer at port {port}: {says}")

    # HTTP

    def _app(self, answer: Answer) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            port = (scope.get("client") or ("", 0))[1]
            try:
                body = await asyncio.wait_for(self._body(receive), self.idle)
            except TimeoutError:
                self._problem(port, f"silent for {self.idle:g} s in the middle of a request")
                await _send_plain(send, 408, f"The body did not arrive within {self.idle:g} seconds.")
                return
            if body is None:
                self._problem(port, f"a request of more than {self.limit} bytes")
                await _send_plain(send, 413, f"The body is larger than {self.limit} bytes.")
                return
            reply = await self._loop.run_in_executor(self._workers, answer, Packet("http", _request_bytes(scope, body)), port)
            await _send(send, reply, scope["method"])

        return app

    async def _body(self, receive: Any) -> bytes | None:
        body: bytes = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if len(body) > self.limit:
                return None
            if not event.get("more_body"):
                return body


def _request_bytes(scope: Any, body: bytes) -> bytes:
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    lines = [scope["method"].encode() + b" " + target + b" HTTP/1.1", *(name + b": " + value for name, value in scope["headers"])]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def _send(send: Any, packet: Packet, method: str) -> None:
    head, _, body = packet.data.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    pairs = [tuple(part.strip() for part in header.split(b":", 1)) for header in headers]
    await send({"type": "http.response.start", "status": int(line.split(b" ")[1]), "headers": pairs})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


async def _send_plain(send: Any, status: int, says: str) -> None:
    lines = (
        f"HTTP/1.1 {status} -\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(says)}\r\nconnection: close\r\n\r\n{says}"
    )
    await _send(send, Packet("http", lines.encode()), "GET")
