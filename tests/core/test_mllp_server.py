"""The MLLP server under load and abuse, over real sockets, with workers beside the loop and without."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ihe_kit.core import Packet
from ihe_kit.transports import MAX_CONNECTIONS, Servers, peer
from ihe_kit.v2.wire import Broken, Frame, Frames, frame
from tests.core.test_transports import complaint, connect, echo


@pytest.fixture
def servers() -> Iterator[Servers]:
    running = Servers(idle=0.5)
    yield running
    running.stop()


def read(sock: socket.socket, count: int) -> list[bytes]:
    """So many frames from a socket."""
    frames, found = Frames(), list[bytes]()
    sock.settimeout(20)
    while len(found) < count:
        chunk = sock.recv(65536)
        assert chunk, f"hung up after {len(found)} of {count}"
        found += [one.data for one in frames.feed(chunk) if isinstance(one, Frame)]
    return found


def test_a_stream_is_cut_alike_in_whatever_pieces_it_comes() -> None:
    stream = b"junk" + frame(b"one") + b"\x0bcut" + frame(b"two") + frame(b"") + b"\r\n" + frame(b"x" * 500) + b"\x0bhalf"
    whole = [item for item in Frames().feed(stream) if isinstance(item, Frame)]
    assert [len(item.data) for item in whole] == [3, 3, 0, 500]
    for size in (1, 2, 3, 7, 64):
        frames, found = Frames(), list[Frame | Broken]()
        for at in range(0, len(stream), size):
            found += frames.feed(stream[at : at + size])
        assert [item for item in found if isinstance(item, Frame)] == whole
        assert b"".join(item.data for item in found if isinstance(item, Broken)) == b"junk\x0bcut\r\n"
        assert frames.size == 5


@pytest.mark.parametrize("at_once", [False, True])
def test_ten_megabytes(servers: Servers, at_once: bool) -> None:
    address = servers.mllp(lambda packet, _: Packet("mllp", frame(b"%d" % len(packet.data))), at_once=at_once)
    big = frame(b"MSH|" + b"x" * 10_000_000)
    began = time.monotonic()
    with connect(address) as sock:
        sock.sendall(big + frame(b"after"))
        assert read(sock, 2) == [b"%d" % len(big), b"%d" % len(frame(b"after"))]
    assert time.monotonic() - began < 10
    assert list(servers.problems) == []


@pytest.mark.parametrize("at_once", [False, True])
def test_answers_keep_the_order_of_their_messages(servers: Servers, at_once: bool) -> None:
    address = servers.mllp(echo, at_once=at_once)
    sent = [b"%d" % number for number in range(2000)]
    with connect(address) as sock:
        threading.Thread(target=lambda: sock.sendall(b"".join(map(frame, sent))), daemon=True).start()
        assert read(sock, len(sent)) == sent


def test_a_slow_answer_keeps_nobody_else_waiting(servers: Servers) -> None:
    go = threading.Event()

    def answer(packet: Packet, _: int) -> Packet:
        if b"slow" in packet.data:
            assert go.wait(10)
        return packet

    address = servers.mllp(answer)
    with connect(address) as slow, connect(address) as quick:
        slow.sendall(frame(b"slow") + frame(b"behind it"))
        time.sleep(0.1)
        quick.sendall(frame(b"quick"))
        assert read(quick, 1) == [b"quick"]
        go.set()
        assert read(slow, 2) == [b"slow", b"behind it"]


def test_each_answer_goes_out_as_soon_as_it_is_ready(servers: Servers) -> None:
    go = threading.Event()

    def answers(packet: Packet, _: int) -> Iterator[Packet]:
        yield Packet("mllp", frame(b"kept"))
        assert go.wait(10)
        yield Packet("mllp", frame(b"done"))

    with connect(servers.mllp(answers)) as sock:
        sock.sendall(frame(b"x"))
        assert read(sock, 1) == [b"kept"]
        go.set()
        assert read(sock, 1) == [b"done"]


def test_who_hangs_up_on_his_side_still_gets_his_answers(servers: Servers) -> None:
    def answer(packet: Packet, _: int) -> Packet:
        time.sleep(0.05)
        return packet

    with connect(servers.mllp(answer)) as sock:
        sock.sendall(frame(b"1") + frame(b"2") + frame(b"3"))
        sock.shutdown(socket.SHUT_WR)
        assert read(sock, 3) == [b"1", b"2", b"3"]
        assert sock.recv(10) == b"", "and then the server hangs up too"


def test_an_answer_that_fails_closes_the_connection_and_is_told(servers: Servers) -> None:
    def answer(packet: Packet, _: int) -> Packet:
        if b"bad" in packet.data:
            raise RuntimeError("no idea")
        return packet

    for at_once in (False, True):
        address = servers.mllp(answer, at_once=at_once)
        with connect(address) as sock:
            sock.sendall(frame(b"bad"))
            assert sock.recv(10) == b""
        assert complaint(servers, "the answer failed: RuntimeError: no idea")
        servers.problems.clear()
        assert peer(address).call(Packet("mllp", frame(b"good"))).data == frame(b"good")


@pytest.mark.parametrize("at_once", [False, True])
def test_who_does_not_fetch_his_answers_is_let_go(servers: Servers, at_once: bool) -> None:
    address = servers.mllp(lambda packet, _: Packet("mllp", frame(b"x" * 1_000_000)), at_once=at_once)
    with connect(address) as sock:
        sock.settimeout(0.2)
        for _ in range(200):
            try:
                sock.sendall(frame(b"more") * 10)
            except OSError:
                break
        assert complaint(servers, "answers were not fetched"), servers.problems
    assert len(peer(address).call(Packet("mllp", frame(b"y"))).data) == 1_000_003


def test_more_connections_than_there_may_be(servers: Servers) -> None:
    address = servers.mllp(echo)
    with ThreadPoolExecutor(20) as pool:
        open_ones = list(pool.map(lambda _: connect(address), range(MAX_CONNECTIONS)))
    time.sleep(0.2)
    with connect(address) as one_more:
        assert one_more.recv(10) == b""
    assert complaint(servers, f"more than {MAX_CONNECTIONS} connections at once")
    for number, sock in enumerate(open_ones):
        sock.sendall(frame(b"%d" % number))
    assert [read(sock, 1) for sock in open_ones] == [[b"%d" % number] for number in range(MAX_CONNECTIONS)]
    for sock in open_ones:
        sock.close()
    for _ in range(40):
        try:
            assert peer(address).call(Packet("mllp", frame(b"free again"))).data
            break
        except Exception:
            time.sleep(0.05)
    else:
        pytest.fail("nobody is let in any more")


def test_only_junk_does_not_fill_the_memory(servers: Servers) -> None:
    with connect(servers.mllp(echo)) as sock:
        try:
            for _ in range(100):
                sock.sendall(b"x" * 10_000)
        except OSError:
            pass
        assert complaint(servers, "more than 65536 bytes outside frames")


def test_stop_in_the_middle_of_everything(servers: Servers) -> None:
    address = servers.mllp(echo)
    with connect(address) as idle, connect(address) as half:
        half.sendall(b"\x0bhalf")
        time.sleep(0.1)
        servers.stop()
        assert idle.recv(10) == b""
    with pytest.raises(ConnectionError):
        connect(address)
