"""What a peer does to the FHIR server's own socket: it hangs, hangs up, sends too much, sends the same again, or sends ahead. The server answers in
FHIR's words where HTTP allows, keeps nothing half-done, and lives.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ihe_kit.actors.fhir_server import FhirServer
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.store import Store
from ihe_kit.transports import Servers
from tests.actors.fhir_client import patient


class Running:
    """A server that is soon out of patience and takes little at once."""

    def __init__(self) -> None:
        self.servers, self.store = Servers(idle=0.4, limit=50_000), Store()
        actor = FhirServer(self.store, story_clock(), story_ids())
        host, port = self.servers.http(lambda packet, _: actor.receive(packet), refuse=actor.turned_away).removeprefix("http://").split(":")
        self.address = (host, int(port))

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, 5)

    def count(self) -> int:
        return len(list(self.store.select("Patient")))

    def complaint(self, words: str) -> bool:
        for _ in range(100):
            if any(words in problem for problem in self.servers.problems):
                return True
            time.sleep(0.02)
        return False


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.servers.stop()
    running.store.close()


def post(body: Any, *headers: str, length: int | None = None) -> bytes:
    data = json.dumps(body).encode()
    lines = ["POST /fhir/Patient HTTP/1.1", "Host: a", "Content-Type: application/fhir+json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(data) if length is None else length}"]).encode() + b"\r\n\r\n" + data


def answer(sock: socket.socket) -> tuple[int, dict[str, str], Any]:
    """The next answer: its status, its headers, what is in it. Not a byte more is read, so that the next one can be."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        assert piece, f"closed after {head!r}"
        head += piece
    first, *lines = head.decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = sock.makefile("rb", buffering=0)
    data = b""
    while len(data) < int(headers.get("content-length", "0")):
        data += body.read(int(headers["content-length"]) - len(data)) or b""
    return int(first.split()[1]), headers, json.loads(data) if data else None


def refused(sock: socket.socket, status: int, code: str) -> None:
    got, headers, outcome = answer(sock)
    assert (got, outcome["resourceType"], outcome["issue"][0]["code"]) == (status, "OperationOutcome", code)
    assert headers["connection"] == "close"
    assert headers["content-type"] == "application/fhir+json"


def lives(running: Running) -> None:
    with running.connect() as sock:
        sock.sendall(post(patient()))
        assert answer(sock)[0] == 201


@pytest.mark.parametrize(
    "sent, status, code",
    [
        (post(patient(), length=60_000) + b" " * 60_000, 413, "too-long"),
        (post(patient(), length=10**12), 408, "timeout"),
        (post(patient(), length=1_000), 408, "timeout"),
        (b"POST /fhir/Patient HTTP/1.1\r\nHost: a", 408, "timeout"),
        (b"GET /fhir/Patient HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, 431, "too-long"),
        (b"GET /fhir/" + b"x" * 100_000, 431, "too-long"),
        (b"GET /fhir/Patient HTTP/9.9\r\n\r\n", 400, "structure"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, 400, "structure"),
        (b"POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET", 400, "structure"),
        (b"POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400, "structure"),
        (b"POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, "structure"),
        (b"POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "structure"),
        (b"POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fff\r\n" + b"x" * 0xFFF + b"\r\n", 408, "timeout"),
    ],
    ids=[
        "too much", "much promised", "hangs in the body", "hangs in the head", "too many headers", "an endless line", "another version", "TLS",
        "two lengths", "less than nothing", "two other lengths", "bad chunks", "chunks without an end",
    ],
)  # fmt: skip
def test_what_never_comes_whole_is_refused_in_fhirs_words(running: Running, sent: bytes, status: int, code: str) -> None:
    with running.connect() as sock:
        try:
            sock.sendall(sent)
        except ConnectionError:  # it was refused before it was all sent
            pass
        refused(sock, status, code)
    assert running.count() == 0
    lives(running)


def test_who_hangs_up_in_the_middle_leaves_nothing(running: Running) -> None:
    whole = post(patient())
    for end in range(1, len(whole), 23):
        with running.connect() as sock:
            sock.sendall(whole[:end])
    assert running.complaint("closed in the middle of a request")
    assert running.count() == 0
    lives(running)


def test_who_hangs_up_before_the_answer_is_kept_all_the_same(running: Running) -> None:
    """The request came whole, so it was done: whether it was, the client finds out by asking again, with a condition."""
    with running.connect() as sock:
        sock.sendall(post(patient(), "If-None-Exist: identifier=4711"))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closed at once, without good-bye
    for _ in range(100):
        if running.count():
            break
        time.sleep(0.02)
    with running.connect() as sock:
        sock.sendall(post(patient(), "If-None-Exist: identifier=4711"))
        assert answer(sock)[0] == 200
    assert running.count() == 1


def test_the_same_again_makes_no_second_one(running: Running) -> None:
    """Also where twenty send it at the same moment: the answers are one 201 and many 200 about the same resource."""
    found: list[tuple[int, str]] = []

    def send() -> None:
        with running.connect() as sock:
            sock.sendall(post(patient(), "If-None-Exist: identifier=urn:oid:2.999.10.1|4711"))
            status, _, data = answer(sock)
            found.append((status, data["id"]))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(status for status, _ in found) == [200] * 19 + [201]
    assert len({id for _, id in found}) == 1
    assert running.count() == 1


def test_requests_ahead_of_their_answers(running: Running) -> None:
    """Fifty at once, on one connection, are answered in their order; what follows nonsense is not."""
    with running.connect() as sock:
        sock.sendall(b"".join(post(patient(str(number))) for number in range(50)))
        ids = [answer(sock)[2]["identifier"][0]["value"] for _ in range(50)]
        assert ids == [str(number) for number in range(50)]
        sock.sendall(post(patient("last")) + b"nonsense\r\n\r\n" + post(patient("never")))
        rest = b""
        while piece := sock.recv(65536):
            rest += piece
    assert b"HTTP/1.1 400 Bad Request" in rest and b'"OperationOutcome"' in rest
    assert not any("never" in one.text for one in running.store.select("Patient"))
    lives(running)


def test_an_answer_that_nobody_fetches_keeps_nobody_waiting(running: Running) -> None:
    with running.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            for _ in range(300):
                sock.sendall(b"GET /fhir/metadata HTTP/1.1\r\nHost: a\r\n\r\n")
        except OSError:
            pass
        lives(running)
        assert running.complaint("answers were not fetched")


def test_as_many_connections_as_a_server_has_and_more(running: Running) -> None:
    """Who comes when the house is full is turned away; when somebody has left, there is room again."""
    held = [running.connect() for _ in range(130)]
    assert running.complaint("more than 100 connections at once")
    for sock in held:
        sock.close()
    time.sleep(0.2)
    lives(running)


def test_the_systems_of_the_course_refuse_in_the_same_words(box: Sandbox) -> None:
    host, port = box.addresses["FHIR server"].removeprefix("http://").removesuffix("/fhir").split(":")
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.sendall(b"nonsense\r\n\r\n")
        refused(sock, 400, "structure")
    assert host == "127.0.0.1"
