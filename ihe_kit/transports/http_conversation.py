"""The server's side of one HTTP/1.1 connection. httptools reads it (Node's own parser, in C); what an actor answers goes out as it is.

No framework stands between: to turn bytes into ASGI's dictionaries and its events back into bytes costs more than to answer a read.
"""

from __future__ import annotations

from typing import Any

import httptools

from ihe_kit.transports.conversation import Conversation, Manners

LONGEST_HEAD = 65536  # bytes of a request line and its headers
_REASONS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    413: b"Payload Too Large",
    431: b"Request Header Fields Too Large",
    500: b"Internal Server Error",
}


class HttpConversation(Conversation):
    """HTTP: requests come whole, within limits, also several ahead of their answers; a body in chunks is put together."""

    protocol = "http"
    keep_open = 5.0
    parser: Any

    def __init__(self, manners: Manners, open_now: set[Any]) -> None:
        super().__init__(manners, open_now)
        self._begin()
        self.size = 0  # of the request that is coming in: 1 where it begins, then more with every piece
        self.in_head = False

    @property
    def half(self) -> str:
        return f"a request, after {self.size} bytes" if self.size else ""

    def data_received(self, data: bytes) -> None:
        if self.ended:
            return
        if self.size:
            self.size += len(data)
        else:  # a request has to arrive within the time, however busily it drips
            self.heard = self.loop.time()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
        except httptools.HttpParserError as problem:
            self.let_go(f"no HTTP request: {problem}", 400)
        if self.in_head and self.size > LONGEST_HEAD and not self.ended:
            self.let_go(f"a head of more than {LONGEST_HEAD} bytes", 431)
        self.go_on()

    def connection_lost(self, problem: Exception | None) -> None:
        super().connection_lost(problem)
        self.ended, self.parser = True, None  # it knows us, and we it: without this both would stay for long

    def _begin(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # it is not read, and what came before it is answered

    def _decline(self, rest: bytes) -> None:
        """Nobody speaks another protocol here: the request is read again, as if none had been offered, and its body with it."""
        if self.method == b"CONNECT":
            self.let_go("no HTTP request: this is no proxy", 400)
            return
        lines = [line for line in self.lines if not line.lower().startswith(b"upgrade:")]
        self._begin()
        self.data_received(b"".join((self._line(), *lines, b"\r\n", rest)))

    # What the parser calls

    def on_message_begin(self) -> None:
        self.size, self.head, self.in_head, self.url, self.lines, self.body = 1, 0, True, b"", list[bytes](), bytearray()

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._read_of_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines.append(name + b": " + value + b"\r\n")
        self._read_of_head(len(self.lines[-1]))
        if name.lower() == b"expect" and value.lower() == b"100-continue" and not self.busy:
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_headers_complete(self) -> None:
        self.in_head, self.method = False, self.parser.get_method()

    def on_body(self, body: bytes) -> None:
        if len(self.body) + len(body) <= self.manners.limit:
            self.body += body
        elif not self.ended:
            self.let_go(f"a body of more than {self.manners.limit} bytes", 413)

    def on_message_complete(self) -> None:
        self.size = 0
        if not self.ended and not self.parser.should_upgrade():
            self.waiting.append(b"".join((self._line(), *self.lines, b"\r\n", self.body)))
            self.ended = not self.parser.should_keep_alive()

    def _read_of_head(self, size: int) -> None:
        self.head += size  # counted here too: the first piece of a request may also hold the end of another
        if self.head > LONGEST_HEAD and not self.ended:
            self.let_go(f"a head of more than {LONGEST_HEAD} bytes", 431)

    def _line(self) -> bytes:
        return b"%b %b HTTP/1.1\r\n" % (self.method, self.url)

    # What we do

    def give(self, answer: bytes, number: int, request: bytes) -> None:
        """HTTP knows one answer to a request, and to HEAD only the head of it (RFC 9110 section 9.3.2)."""
        if number == 0:
            if request.startswith(b"HEAD "):
                answer = answer[: answer.index(b"\r\n\r\n") + 4]
            self.send(_last(answer) if self.ended and not self.waiting else answer)

    def let_go(self, says: str, status: int = 500) -> None:
        """Says with a status what was wrong, and hangs up."""
        if not self.transport.is_closing():
            answer = (self.manners.refuse or _plainly)(status, f"Refused: {says}.")
            self.transport.write(_last(answer))
        self.ended = True
        super().let_go(says)

    def silent(self, says: str) -> None:
        """Between two requests nobody has to say anything."""
        if self.size:
            self.let_go(says, 408)
        else:
            self.transport.close()


def _plainly(status: int, says: str) -> bytes:
    """An answer in plain text, for servers that speak no standard with words of its own."""
    text = says.encode()
    head = b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n"
    return head % (status, _REASONS[status], len(text)) + text


def _last(answer: bytes) -> bytes:
    """An answer that says that the connection ends with it."""
    return answer.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
