"""The server's side of a TLS connection, between the bytes of the socket and a conversation.

asyncio has one of its own, but when a handshake fails it hangs up without a word: the client never learns why. This one sends the alert first.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from ihe_kit.transports.tls import failure


class Secured(asyncio.Protocol, asyncio.Transport):
    """A protocol towards the socket and a transport towards the conversation `inner`, which begins when the handshake is done."""

    def __init__(self, inner: asyncio.Protocol, context: ssl.SSLContext, problem: Callable[[int, str], None], patience: float) -> None:
        super().__init__()
        self.inner, self.problem, self.patience = inner, problem, patience
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.open = False

    # Towards the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.raw, self.port = transport, (transport.get_extra_info("peername") or ("", 0))[1]
        self.alarm = asyncio.get_running_loop().call_later(self.patience, self._fail, TimeoutError())

    def data_received(self, data: bytes) -> None:
        self.incoming.write(data)
        try:
            if not self.open:
                self.tls.do_handshake()
                self.open = True
                self.alarm.cancel()
                self.inner.connection_made(self)
            plain = []
            while chunk := self.tls.read(65536):
                plain.append(chunk)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as problem:
            self._flush()
            self._fail(problem)
            return
        self._flush()
        if self.open and (text := b"".join(plain)):
            self.inner.data_received(text)

    def eof_received(self) -> bool | None:
        if self.open:
            return self.inner.eof_received()
        self._fail(ssl.SSLEOFError())
        return None

    def connection_lost(self, problem: Exception | None) -> None:
        self.alarm.cancel()
        if self.open:
            self.inner.connection_lost(problem)

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()

    # Towards the conversation

    def write(self, data: Any) -> None:
        if not self.raw.is_closing():
            self.tls.write(data)
            self._flush()

    def close(self) -> None:
        """Says goodbye as TLS wants it, and does not wait for the other side's."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self._flush()
        self.raw.close()

    def abort(self) -> None:
        self.raw.abort()

    def is_closing(self) -> bool:
        return self.raw.is_closing()

    def pause_reading(self) -> None:
        self.raw.pause_reading()

    def resume_reading(self) -> None:
        self.raw.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.tls.getpeercert() if name == "peercert" else self.raw.get_extra_info(name, default)

    def _flush(self) -> None:
        if self.outgoing.pending:
            self.raw.write(self.outgoing.read())

    def _fail(self, problem: Exception) -> None:
        if not self.raw.is_closing():
            self.problem(
                self.port, f"no TLS connection: {failure(problem)}" if not self.open else f"the connection broke: {failure(problem)}"
            )
            self.raw.close()
