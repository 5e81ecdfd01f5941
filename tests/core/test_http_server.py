"""The HTTP server over real sockets, with workers beside the loop and without: what RFC 9112 lets a client do, and what none should."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from ihe_kit.core import Packet
from ihe_kit.transports import Servers
from tests.core.test_transports import complaint, connect


@pytest.fixture
def servers() -> Iterator[Servers]:
    running = Servers(idle=0.5, limit=2_000_000)
    yield running
    running.stop()


def ok(body: bytes) -> Packet:
    return Packet("http", b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


def echo(packet: Packet, _: int) -> Packet:
    """The whole request comes back as the body."""
    return ok(packet.data)


def read(sock: socket.socket, count: int = 1) -> list[bytes]:
    """The bodies of so many answers."""
    stream, found = sock.makefile("rb"), []
    for _ in range(count):
        size, line = 0, stream.readline()
        assert line.startswith(b"HTTP/1.1 200"), line
        while line.strip():
            size = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else size
            line = stream.readline()
        found.append(stream.read(size))
    return found


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: here", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


both = pytest.mark.parametrize("at_once", [False, True])


@both
def test_a_request_comes_whole_in_whatever_pieces_it_is_sent(servers: Servers, at_once: bool) -> None:
    sent = request("POST", "/x?a=%20b", b"first\r\n\r\nsecond")
    with connect(servers.http(echo, at_once=at_once)) as sock:
        for size in (1, 7, 1000):
            for at in range(0, len(sent), size):
                sock.sendall(sent[at : at + size])
            assert read(sock) == [sent]


@both
def test_requests_ahead_of_their_answers_are_answered_in_order(servers: Servers, at_once: bool) -> None:
    sent = [request("POST", f"/{number}", b"x" * number) for number in range(500)]
    with connect(servers.http(echo, at_once=at_once)) as sock:
        threading.Thread(target=lambda: sock.sendall(b"".join(sent)), daemon=True).start()
        assert read(sock, len(sent)) == sent


@both
def test_large_answers_that_are_fetched_late_come_whole(servers: Servers, at_once: bool) -> None:
    with connect(servers.http(lambda packet, _: ok(packet.data[:9] * 50_000), at_once=at_once)) as sock:
        threading.Thread(target=lambda: sock.sendall(request("GET", "/") * 100), daemon=True).start()
        time.sleep(0.2)
        assert {len(body) for body in read(sock, 100)} == {450_000}


def test_a_body_in_chunks_is_put_together(servers: Servers) -> None:
    with connect(servers.http(echo)) as sock:
        sock.sendall(b"POST /x HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        time.sleep(0.05)
        sock.sendall(b"4;some=thing\r\n-two\r\n0\r\n\r\n")
        assert read(sock)[0].endswith(b"\r\n\r\none-two")


def test_who_asks_first_is_told_to_go_on(servers: Servers) -> None:
    with connect(servers.http(echo)) as sock:
        sent = request("POST", "/", b"body", "Expect: 100-continue")
        sock.sendall(sent[:-4])
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(sent[-4:])
        assert read(sock) == [sent]


def test_head_has_the_head_of_get(servers: Servers) -> None:
    connection = http.client.HTTPConnection(servers.http(lambda _, __: ok(b"12345")).removeprefix("http://"), timeout=5)
    for method, body in (("HEAD", b""), ("GET", b"12345"), ("HEAD", b"")):
        connection.request(method, "/")
        answer = connection.getresponse()
        assert (answer.getheader("content-length"), answer.read()) == ("5", body)
    connection.close()


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.0\r\n\r\n", request("GET", "/", b"", "Connection: close")])
@both
def test_who_wants_no_more_is_let_go(servers: Servers, sent: bytes, at_once: bool) -> None:
    with connect(servers.http(lambda _, __: ok(b"bye"), at_once=at_once)) as sock:
        sock.sendall(sent + request("GET", "/not-read"))
        got = b""
        while chunk := sock.recv(1000):
            got += chunk
    assert got == b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbye"


def test_who_offers_another_protocol_is_answered_in_this_one(servers: Servers) -> None:
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
    with connect(servers.http(echo)) as sock:
        for sent in (request("POST", "/", b"body", *offer), request("GET", "/", b"", *offer), request("GET", "/plain")):
            sock.sendall(sent)
            assert read(sock) == [sent.replace(b"\r\nUpgrade: h2c", b"")]
        sock.sendall(request("CONNECT", "there:443"))
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_slow_answer_keeps_nobody_else_waiting(servers: Servers) -> None:
    go = threading.Event()

    def answer(packet: Packet, _: int) -> Packet:
        assert b"slow" not in packet.data or go.wait(10)
        return ok(b"done")

    address = servers.http(answer)
    with connect(address) as slow, connect(address) as quick:
        slow.sendall(request("GET", "/slow"))
        time.sleep(0.1)
        quick.sendall(request("GET", "/quick"))
        assert read(quick) == [b"done"]
        go.set()
        assert read(slow) == [b"done"]


@both
def test_an_answer_that_fails_is_a_500_and_is_told(servers: Servers, at_once: bool) -> None:
    def answer(_: Packet, __: int) -> Packet:
        raise RuntimeError("no idea")

    with connect(servers.http(answer, at_once=at_once)) as sock:
        sock.sendall(request("GET", "/"))
        assert sock.recv(1000).startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert sock.recv(1000) == b""
    assert complaint(servers, "the answer failed: RuntimeError: no idea")


def test_of_several_answers_the_first_goes_out_and_the_work_goes_on(servers: Servers) -> None:
    done = threading.Event()

    def answers(_: Packet, __: int) -> Iterator[Packet]:
        yield ok(b"first")
        yield ok(b"second")
        done.set()

    with connect(servers.http(answers)) as sock:
        sock.sendall(request("GET", "/") * 2)
        assert read(sock, 2) == [b"first", b"first"]
    assert done.wait(2)


def test_an_open_connection_without_a_request_is_closed_without_a_word(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    from ihe_kit.transports.http_conversation import HttpConversation

    monkeypatch.setattr(HttpConversation, "keep_open", 0.2)
    with connect(servers.http(echo)) as sock:
        sock.sendall(request("GET", "/"))
        read(sock)
        assert sock.recv(100) == b""
    assert list(servers.problems) == []


def test_a_request_that_drips_is_no_request(servers: Servers) -> None:
    with connect(servers.http(echo)) as sock:
        for byte in request("GET", "/" + "x" * 40):
            try:
                sock.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.05)
        assert complaint(servers, "silent for 0.5 s in the middle of a request")
