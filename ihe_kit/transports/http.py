"""HTTP/1.1: a client that sends a packet as it is, and the application that a server runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import h11

from ihe_kit.core import Packet
from ihe_kit.exchanges import Lost, Peer
from ihe_kit.transports.sockets import connect, ours, receive, told


@dataclass
class HttpPeer(Peer):
    """An HTTP/1.1 server. The bytes of the packet are sent as they are; h11 tells when the answer is complete."""

    host: str
    port: int
    timeout: float = 10.0
    recorded: bool = True  # the caller keeps the exchange on the server's own wire, so the server need not

    def calls(self, packet: Packet) -> Iterator[Packet]:
        """Sends the packet on a connection of its own and reads one answer. Raises Lost with the reason."""
        with told(f"{self.host}:{self.port}", self.timeout), connect(self.host, self.port, self.timeout) as connection:
            local = connection.getsockname()[1]
            if self.recorded:
                ours.add(local)
            try:
                connection.sendall(packet.data)
                yield self._read(connection, packet)
            finally:
                ours.discard(local)

    def _read(self, connection: socket.socket, packet: Packet) -> Packet:
        reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=65536)
        method = packet.data.split(b" ", 1)[0]
        reader.send(h11.Request(method=method, target=b"/", headers=[("host", "-"), ("connection", "close")]))
        reader.send(h11.EndOfMessage())
        buffer, until = b"", monotonic() + self.timeout
        try:
            while not isinstance(event := reader.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    chunk = receive(connection, until, len(buffer))
                    if not chunk:
                        raise Lost("socket closed in the middle of the reply" if buffer else "socket closed, no reply")
                    reader.receive_data(chunk)
                    buffer += chunk
        except h11.RemoteProtocolError as problem:
            raise Lost(f"the reply is no HTTP: {problem}") from None
        return Packet("http", buffer)


def application(answer: Callable[[Packet, int], Awaitable[Packet]], problem: Callable[[int, str], None], idle: float, limit: int) -> Any:
    """The ASGI application of a server: a request is read whole, within limits, and answered with the bytes that `answer` gives."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        port = (scope.get("client") or ("", 0))[1]
        try:
            body = await asyncio.wait_for(_body(receive, limit), idle)
        except TimeoutError:
            problem(port, f"silent for {idle:g} s in the middle of a request")
            await _send_plain(send, 408, f"The body did not arrive within {idle:g} seconds.")
            return
        if body is None:
            problem(port, f"a request of more than {limit} bytes")
            await _send_plain(send, 413, f"The body is larger than {limit} bytes.")
            return
        await _send(send, await answer(Packet("http", _request_bytes(scope, body)), port), scope["method"])

    return app


async def _body(receive: Any, limit: int) -> bytes | None:
    body: bytes = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if len(body) > limit:
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
