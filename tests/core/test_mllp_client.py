"""One connection for many messages: answers matched, late, twice and out of order; what is lost is sent again, the very same bytes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import pytest

from ihe_kit import person, send, v2
from ihe_kit.actors.v2_receiver import V2Receiver
from ihe_kit.core import Packet
from ihe_kit.exchanges import Lost
from ihe_kit.fhir import parse as parse_fhir
from ihe_kit.region import story_clock, story_ids
from ihe_kit.store import Store
from ihe_kit.transports import MllpClient, Servers, peer
from ihe_kit.v2 import V2Message, acknowledge
from ihe_kit.v2.wire import Frame, Frames, frame
from ihe_kit.verbs import build

CLOCK = story_clock()


def message(id: str, more: str = "") -> V2Message:
    return v2.parse(f"MSH|^~\\&|ADT|NORDVIK|||20250303080000||ADT^A01^ADT_A01|{id}|P|2.5{more}\rPID|||4711\r")


def answer(request: bytes, code: str = "AA") -> bytes:
    return frame(acknowledge(v2.parse(request), code, CLOCK, story_ids("X")).encode())


class Taker(V2Receiver):
    """Takes every admission, and counts."""

    events = {"ADT^A01": "admit"}  # noqa: RUF012

    def take(self, request: V2Message) -> V2Message | None:
        self.store.put("taken", request.get("MSH-10")[0], request.text, "2025-03-03")
        return None


@pytest.fixture
def servers() -> Iterator[Servers]:
    running = Servers(idle=1.0)
    yield running
    running.stop()


@pytest.fixture
def taker(clock: Callable[[], datetime], ids: Callable[[], str]) -> Iterator[Taker]:
    store = Store()
    yield Taker(store, clock, ids)
    store.close()


@contextmanager
def scripted(*connections: Callable[[socket.socket, Iterator[bytes]], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that treats its first connection like this, its second like that ...; gives its address and what it heard."""
    heard: list[bytes] = []

    def messages(sock: socket.socket) -> Iterator[bytes]:
        frames = Frames()
        while chunk := sock.recv(65536):
            for found in frames.feed(chunk):
                assert isinstance(found, Frame)
                heard.append(found.data)
                yield found.data

    def serve() -> None:
        for behave in connections:
            try:
                sock, _ = listener.accept()
            except OSError:  # the test is over
                return
            with sock, suppress(OSError):
                behave(sock, messages(sock))

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=serve, daemon=True).start()
        yield f"mllp://127.0.0.1:{listener.getsockname()[1]}", heard


def honest(sock: socket.socket, requests: Iterator[bytes]) -> None:
    for request in requests:
        sock.sendall(answer(request))


def deaf(sock: socket.socket, requests: Iterator[bytes]) -> None:
    for _ in requests:
        continue


def hang_up_after(count: int) -> Callable[[socket.socket, Iterator[bytes]], None]:
    """Answers so many and then closes, as a receiver may that has waited long enough (ITI TF-2 Appendix C.2.1)."""

    def behave(sock: socket.socket, requests: Iterator[bytes]) -> None:
        for _ in range(count):
            sock.sendall(answer(next(requests)))

    return behave


def take_and_hang_up(sock: socket.socket, requests: Iterator[bytes]) -> None:
    next(requests)


# Many messages -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_many_messages_on_one_connection(servers: Servers, taker: Taker, at_once: int) -> None:
    ports = set[int]()

    def answers(packet: Packet, port: int) -> Iterator[Packet]:
        ports.add(port)
        yield from taker.answers(packet)

    with MllpClient(servers.mllp(answers)) as client:
        done = client.send_all([message(str(number)) for number in range(60)], at_once)
    assert [one.code for one in done] == ["AA"] * 60
    assert [one.answer.get("MSA-2")[0] for one in done if one.answer] == [str(number) for number in range(60)]
    assert {one.sent for one in done} == {1}
    assert len(ports) == 1
    assert taker.store.count("taken") == 60
    assert client.correspondence.strays == []


def test_answers_out_of_order_twice_and_to_nobody() -> None:
    def odd(sock: socket.socket, requests: Iterator[bytes]) -> None:
        three = [next(requests) for _ in range(3)]
        stray = answer(message("nobody's").encode())
        sock.sendall(stray + b"junk" + frame(b"no message") + b"".join(answer(one) for one in reversed(three)) + answer(three[0], "AE"))
        deaf(sock, requests)

    with scripted(odd) as (address, _), MllpClient(address, 2) as client:
        done = client.send_all([message(id) for id in "abc"], at_once=3)
        assert [one.code for one in done] == ["AA"] * 3
        assert [one.get("MSA-2") for one in client.correspondence.strays] == [["nobody's"]]
        client.listen(0.1)
        assert len(done[0].again) == 1


def test_an_answer_to_another_message_is_no_answer() -> None:
    def wrong(sock: socket.socket, requests: Iterator[bytes]) -> None:
        next(requests)
        sock.sendall(answer(message("other").encode()))
        deaf(sock, requests)

    with scripted(wrong) as (address, _), MllpClient(address, 0.3) as client:
        one = client.send(message("mine"))
    assert not one.ok
    assert "did not answer within 0.3 seconds" in one.lost


# Sent again ----------------------------------------------------------------------------------------------------------------------------------


def test_a_receiver_that_hung_up_meanwhile_is_called_again() -> None:
    """That a receiver closes an idle connection is normal, so nothing was lost and nothing counts as sent twice."""
    with scripted(hang_up_after(1), honest) as (address, heard), MllpClient(address, 2) as client:
        assert client.send(message("1")).ok
        time.sleep(0.1)
        second = client.send(message("2"))
        assert (second.ok, second.sent, second.uncertain) == (True, 1, "")
        assert len(heard) == 2


@pytest.mark.parametrize("first", [take_and_hang_up, deaf])
def test_sent_again_the_bytes_are_the_same_and_the_doubt_is_told(first: Callable[[socket.socket, Iterator[bytes]], None]) -> None:
    pauses: list[float] = []
    with (
        scripted(first, first, honest) as (address, heard),
        MllpClient(address, 0.3, tries=3, pauses=(0.1, 0.4), sleep=pauses.append) as client,
    ):
        one = client.send(message("1"))
    assert (one.ok, one.sent) == (True, 3)
    assert heard == [message("1").encode()] * 3
    assert pauses == [0.1, 0.4]
    assert "Sent 3 times, the same bytes" in one.uncertain
    assert [bool(attempt.lost) for attempt in one.attempts] == [True, True, False]


def test_the_limit_of_tries_is_kept() -> None:
    with scripted(deaf, deaf, honest) as (address, heard), MllpClient(address, 0.2, tries=2, sleep=lambda _: None) as client:
        one = client.send(message("1"))
        assert (one.ok, one.sent, len(heard), one.decision.what) == (False, 2, 2, "send again")
        assert "may have been taken, or never have arrived" in str(one)


def test_where_nobody_listens_nothing_is_in_doubt() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        free = sock.getsockname()[1]
    with MllpClient(f"mllp://127.0.0.1:{free}", 1, tries=3, sleep=lambda _: None) as client:
        one = client.send(message("1"))
    assert (one.sent, one.uncertain, one.ok) == (3, "", False)
    assert "nobody listens" in one.lost


def test_a_retry_keeps_the_order_and_is_taken_once(servers: Servers, taker: Taker) -> None:
    """The receiver takes the second message and the line breaks before its answer: it is sent again, and still taken once."""
    order: list[str] = []

    def broken_once(packet: Packet, _: int) -> Packet:
        order.append(v2.from_wire(packet).get("MSH-10")[0])
        reply = taker.receive(packet)
        if order == ["1", "2"]:
            raise RuntimeError("the line breaks")
        return reply

    with MllpClient(servers.mllp(broken_once), 2, tries=2, sleep=lambda _: None) as client:
        done = client.send_all([message(id) for id in "123"])
    assert [one.ok for one in done] == [True] * 3
    assert [one.sent for one in done] == [1, 2, 1]
    assert order == ["1", "2", "2", "3"]
    assert taker.store.count("taken") == 3


# The enhanced mode -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more, codes", [("|||AL|AL", ("CA", "AA")), ("|||AL|NE", ("CA", "")), ("|||NE|AL", ("", "AA")), ("|||NE|NE", ("", ""))]
)
def test_both_answers_on_one_connection(servers: Servers, taker: Taker, more: str, codes: tuple[str, str]) -> None:
    with MllpClient(servers.mllp(lambda packet, _: taker.answers(packet)), 2) as client:
        for id in "123":
            one = client.send(message(id, more))
            assert tuple(a.get("MSA-1")[0] if a else "" for a in (one.commit, one.answer)) == codes
            assert one.ok
            assert one.sent == 1
    for _ in range(40):
        if taker.store.count("taken") == 3:
            break
        time.sleep(0.05)
    assert taker.store.count("taken") == 3


def test_the_application_answer_may_come_later() -> None:
    def later(sock: socket.socket, requests: Iterator[bytes]) -> None:
        first, second = next(requests), None
        sock.sendall(answer(first, "CA"))
        second = next(requests)
        sock.sendall(answer(second, "CA") + answer(second, "AA"))
        time.sleep(0.2)
        sock.sendall(answer(first, "AE"))
        deaf(sock, requests)

    with scripted(later) as (address, _), MllpClient(address, 2) as client:
        one = client.send(message("1", "|||AL|AL"), until="commit")
        assert (one.code, one.decision.what, one.waits) == ("CA", "wait", "must")
        two = client.send(message("2", "|||AL|AL"))
        assert two.code == "AA"
        (late,) = client.listen(2)
        assert (late.get("MSA-1"), one.code, one.decision.what) == (["AE"], "AE", "repair")
        assert client.listen(0.1) == []


def test_what_was_committed_to_is_not_sent_again() -> None:
    def commits_only(sock: socket.socket, requests: Iterator[bytes]) -> None:
        for request in requests:
            sock.sendall(answer(request, "CA"))

    with scripted(commits_only, commits_only) as (address, heard), MllpClient(address, 0.3, tries=3, sleep=lambda _: None) as client:
        one = client.send(message("1", "|||AL|AL"))
        assert (one.code, one.sent, len(heard)) == ("CA", 1, 1)
        assert "did not answer" in one.lost
        assert client.correspondence.match(v2.parse(answer(one.message.encode())[1:-2])) is one, "on whatever connection it comes"
        assert one.code == "AA"


def test_an_exchange_of_the_enhanced_mode_is_three_arrows() -> None:
    from ihe_kit import exchange, sandbox

    with sandbox() as box:
        values = person("ingrid") | {"MSH-15": "AL", "MSH-16": "AL"}
        done = exchange("ITI-31", build("ITI-31", values, box.clock, box.ids), box)
        assert done.answer and done.answer.name == "ACK CA"
        first, second = box.wire
        assert (first, second.follows, second.sender, second.receiver) == (done, 1, done.receiver, done.sender)
        assert second.request and second.request.name == "ACK AA"
        assert not second.refused
        assert "belongs to exchange 1" in str(second)
        silent = exchange("ITI-31", build("ITI-31", person("tomas") | {"MSH-15": "NE", "MSH-16": "NE"}, box.clock, box.ids), box)
        assert (silent.received, silent.lost) == (None, "")
        assert str(silent).endswith("no answer asked for")


@pytest.mark.parametrize("asked, count", [("|||AL|ER", 1), ("|||ER|SU", 1), ("|||ER|ER", 0)])
def test_an_answer_that_need_not_come_is_not_waited_for_long(servers: Servers, taker: Taker, asked: str, count: int) -> None:
    began = time.monotonic()
    answers = list(peer(servers.mllp(lambda packet, _: taker.answers(packet))).calls(Packet("mllp", frame(message("1", asked).encode()))))
    assert len(answers) == count
    assert time.monotonic() - began < 5


# What is no message, no address ------------------------------------------------------------------------------------------------------------------


def test_send_is_a_verb(servers: Servers, taker: Taker) -> None:
    address = servers.mllp(lambda packet, _: taker.answers(packet))
    assert [str(one) for one in send(message("1"), address)] == ["1 ADT^A01, sent once: AA"]
    assert len(send((message(str(number)) for number in range(9)), address, at_once=3)) == 9
    with pytest.raises(ValueError, match="only HL7 v2 travels over MLLP"):
        send(parse_fhir('{"resourceType": "Patient"}'), address)
    with pytest.raises(ValueError, match="expected an address"):
        send(message("1"), "http://127.0.0.1:1")


def test_a_reply_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ihe_kit.transports.sockets.MAX_MESSAGE", 1000)

    def endless(sock: socket.socket, requests: Iterator[bytes]) -> None:
        next(requests)
        sock.sendall(b"\x0b" + b"x" * 100_000)
        deaf(sock, requests)

    with scripted(endless, endless) as (address, _):
        with pytest.raises(Lost, match="larger than"):
            peer(address).call(Packet("mllp", frame(message("1").encode())))
        with MllpClient(address, 2) as client:
            assert "larger than" in client.send(message("1")).lost
