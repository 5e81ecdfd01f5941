"""Whatever a peer does, the server lives and says why: it hangs, floods, cuts off in the middle, talks nonsense, or answers nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ihe_kit.core import Packet
from ihe_kit.exchanges import Lost
from ihe_kit.transports import HttpPeer, MllpPeer, Servers, peer
from ihe_kit.v2.wire import frame

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
def servers() -> Iterator[Servers]:
    running = Servers(idle=0.3, limit=100_000)
    yield running
    running.stop()


def echo(packet: Packet, _: int) -> Packet:
    return Packet("mllp", packet.data)


def connect(address: str) -> socket.socket:
    host, port = address.split("//")[1].split("/")[0].split(":")
    return socket.create_connection((host, int(port)), 3)


def test_servers_listen_on_loopback_only(servers: Servers) -> None:
    assert servers.mllp(echo).startswith("mllp://127.0.0.1:")
    assert servers.http(lambda packet, port: Packet("http", OK)).startswith("http://127.0.0.1:")


@pytest.mark.parametrize("sizes", [(1,), (3, 5), (10_000,)])
def test_fragments_and_several_messages_in_one_packet(servers: Servers, sizes: tuple[int, ...]) -> None:
    address = servers.mllp(echo)
    stream = frame(b"one") + frame(b"two" * 1000) + frame("drei Ø".encode())
    with connect(address) as sock:
        at = 0
        while at < len(stream):
            size = sizes[at % len(sizes)]
            sock.sendall(stream[at : at + size])
            at += size
        got = b""
        while len(got) < len(stream):
            got += sock.recv(65536)
    assert got == stream


def complaint(servers: Servers, words: str) -> bool:
    for _ in range(60):
        if any(words in problem for problem in servers.problems):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "sent, words",
    [
        (b"GET / HTTP/1.1\r\n\r\n", "bytes before VT"),
        (b"\x0bMSH|cut" + frame(b"x"), "a new VT inside a frame"),
        (b"\x0bMSH|and then silence", "silent for 0.3 s"),
        (b"\x0b" + b"x" * 200_000, "a frame of more than 100000 bytes"),
    ],
)
def test_bad_frames(servers: Servers, sent: bytes, words: str) -> None:
    address = servers.mllp(echo)
    with connect(address) as sock:
        sock.sendall(sent)
        assert complaint(servers, words), servers.problems
    assert peer(address).call(Packet("mllp", frame(b"still here"))).data == frame(b"still here")


def test_a_peer_that_closes_in_the_middle(servers: Servers) -> None:
    address = servers.mllp(echo)
    with connect(address) as sock:
        sock.sendall(b"\x0bhalf a")
    assert complaint(servers, "closed in the middle of a frame, after 7 bytes")
    assert peer(address).call(Packet("mllp", frame(b"x"))).data


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n" + b"x" * 200_000, b"413"),
        (b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf", b"408"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /x HTTP/1.1\r\n" + b"a: b\r\n" * 30_000, b"4"),
    ],
)
def test_bad_http(servers: Servers, sent: bytes, status: bytes) -> None:
    address = servers.http(lambda packet, port: Packet("http", OK))
    with connect(address) as sock:
        try:
            sock.sendall(sent)
        except ConnectionError:
            pass
        try:
            got = sock.recv(65536)
        except ConnectionError:
            got = b"HTTP/1.1 4"  # refused so early that the answer was lost with the connection
    assert got.split(b" ")[1].startswith(status[:3])
    assert peer(address).call(Packet("http", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")).data.endswith(b"ok")


def test_many_connections_at_once(servers: Servers) -> None:
    address = servers.mllp(echo)
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(peer(address).call(Packet("mllp", frame(b"%d" % n))).data)) for n in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(answers) == sorted(frame(b"%d" % n) for n in range(50))


@pytest.mark.parametrize("kind", [MllpPeer, HttpPeer])
@pytest.mark.parametrize(
    "behave, says",
    [
        (lambda sock: sock.close(), "no reply"),
        (lambda sock: time.sleep(1.5), "did not answer within"),
        (lambda sock: (sock.sendall(b"\x0bMSH|half"), sock.close()), "middle|no HTTP"),
    ],
)
def test_a_server_that_misbehaves(kind: type[MllpPeer | HttpPeer], behave: Callable[[socket.socket], object], says: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            sock, _ = listener.accept()
            sock.recv(1000)
            behave(sock)
            sock.close()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(Lost, match=says):
            kind("127.0.0.1", listener.getsockname()[1], 0.5).call(
                Packet("any", frame(b"x") if kind is MllpPeer else b"GET / HTTP/1.1\r\n\r\n")
            )


def test_nobody_listens() -> None:
    with pytest.raises(Lost, match="nobody listens"):
        MllpPeer("127.0.0.1", 1).call(Packet("mllp", b""))


def test_a_port_taken_says_what_to_do(servers: Servers) -> None:
    port = int(servers.mllp(echo).rsplit(":", 1)[1])
    with pytest.raises(OSError, match="choose another port"):
        servers.mllp(echo, port)


def test_stop_frees_the_ports(servers: Servers) -> None:
    addresses = servers.mllp(echo), servers.http(lambda packet, port: Packet("http", OK))
    servers.stop()
    servers.stop()
    for address in addresses:
        with pytest.raises(ConnectionError):
            connect(address)
