"""Faults on demand: each does what it says, the sender sees no more than a real one would, and all of it replays."""

from __future__ import annotations

from collections import Counter

import pytest

from ihe_kit import build, exchange, person
from ihe_kit.core import Packet
from ihe_kit.exchanges import Exchange, Loopback, Lost
from ihe_kit.faults import BROKE, KINDS, SILENCE, WAYS, Fault, Faults, Faulty
from ihe_kit.region import Sandbox, sandbox


class Line:
    """A receiver that notes what arrived, behind a bad line."""

    def __init__(self, faults: Faults) -> None:
        self.arrived: list[bytes] = []
        self.faults = faults
        self.slept: list[float] = []
        faults.sleep = self.slept.append

    def receive(self, packet: Packet) -> Packet:
        self.arrived.append(packet.data)
        return Packet("mllp", b"\x0banswer to " + packet.data[1:-2] + b"\x1c\r")

    def send(self, text: str) -> tuple[list[bytes], str, str]:
        """(the answers, why none came, what truly happened)."""
        peer, lost, answers = Faulty(Loopback(self.receive), self.faults), "", list[bytes]()
        try:
            answers = [packet.data for packet in peer.calls(Packet("mllp", f"\x0b{text}\x1c\r".encode()))]
        except Lost as reason:
            lost = str(reason)
        return answers, lost, peer.fault


ONE, ANSWER = b"\x0bone\x1c\r", b"\x0banswer to one\x1c\r"


@pytest.mark.parametrize(
    "fault, arrived, answers, lost, words",
    [
        ("", [ONE], [ANSWER], "", ""),
        ("lose", [], [], SILENCE, "the request was lost"),
        ("lose answer", [ONE], [], SILENCE, "the answer was lost"),
        ("disconnect answer", [ONE], [], BROKE, "the answer was lost"),
        ("truncate answer", [ONE], [], "socket closed in the middle of the reply", "in the middle of the answer"),
        ("duplicate", [ONE, ONE], [ANSWER], "", "the request arrived twice"),
        ("duplicate answer", [ONE], [ANSWER, ANSWER], "", "the answer came twice"),
        ("delay", [ONE], [ANSWER], "", "the request was 0.2 s late"),
        ("delay answer", [ONE], [ANSWER], "", "the answer was 0.2 s late"),
        ("reorder", [], [], SILENCE, "arrives after the next one"),
    ],
)
def test_each_fault(fault: str, arrived: list[bytes], answers: list[bytes], lost: str, words: str) -> None:
    line = Line(Faults.script(fault))
    got = line.send("one")
    assert (line.arrived, got[0], got[1]) == (arrived, answers, lost)
    assert words in got[2]
    assert bool(got[2]) == bool(fault)
    assert line.slept == ([0.2] if "delay" in fault else [])
    assert line.send("two") == (
        [b"\x0banswer to two\x1c\r"],
        "",
        "a request that was held back arrived behind it" if fault == "reorder" else "",
    )


def test_half_a_request() -> None:
    for fault, says in (("truncate", SILENCE), ("disconnect", BROKE)):
        line = Line(Faults.script(fault))
        assert line.send("a long message")[1] == says
        (half,) = line.arrived
        assert b"\x0ba long message\x1c\r".startswith(half)
        assert b"\x1c" not in half


@pytest.mark.parametrize("way", WAYS)
def test_one_character_is_another(way: str) -> None:
    for seed in range(50):
        line = Line(Faults.script(f"corrupt {way}", seed=seed))
        (got,) = line.send("one")[0]
        before, after = (ONE, line.arrived[0]) if way == "request" else (ANSWER, got)
        assert len(before) == len(after)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        assert (after[0], after[-2:]) == (0x0B, b"\x1c\r"), "the frame stays whole"


def test_what_was_held_back_arrives_after_the_next() -> None:
    line = Line(Faults.script("reorder"))
    line.send("discharge")
    answers, lost, _ = line.send("admission")
    assert line.arrived == [b"\x0badmission\x1c\r", b"\x0bdischarge\x1c\r"]
    assert (answers, lost) == ([b"\x0banswer to admission\x1c\r"], "")


def test_a_lost_request_and_a_lost_answer_look_the_same() -> None:
    assert Line(Faults.script("lose")).send("one")[:2] == Line(Faults.script("lose answer")).send("one")[:2]


def test_the_same_seed_does_the_same() -> None:
    def run(seed: int) -> list[object]:
        line = Line(Faults(seed, *[0.1] * len(KINDS)))
        return [line.send(f"message {number}") for number in range(200)]

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_faults_come_as_often_as_was_asked() -> None:
    faults = Faults(1, lose=0.2, duplicate=0.1)
    drawn = Counter((fault.kind, fault.way) for _ in range(5000) for fault in faults.next())
    for way in WAYS:
        assert 900 < drawn["lose", way] < 1100
        assert 420 < drawn["duplicate", way] < 580
    assert set(drawn) == {(kind, way) for kind in ("lose", "duplicate") for way in WAYS}
    assert {fault.way for _ in range(500) for fault in Faults(1, lose=0.5, ways=("answer",)).next()} == {"answer"}


@pytest.mark.parametrize("words", ["vanish", "lose everything", "reorder answer"])
def test_a_fault_that_there_is_not(words: str) -> None:
    with pytest.raises(ValueError, match="there is no fault"):
        Fault(*words.split())
    with pytest.raises(ValueError, match="from 0 to 1"):
        Faults(lose=1.5)


# Through a sandbox, over real sockets ------------------------------------------------------------------------------------------------------


def admit(box: Sandbox, number: str = "ingrid") -> Exchange:
    return exchange("ITI-31", build("ITI-31", person(number), box.clock, box.ids), box)


def patients(box: Sandbox) -> int:
    return box.store.count("Patient")


def test_lost_on_the_way_there_and_back(box: Sandbox) -> None:
    """Both look the same to the sender. Only one of them left a patient behind."""
    box.faults = Faults.script("lose", "lose answer")
    first = admit(box)
    assert (first.lost, first.gone, patients(box)) == (SILENCE, None, 0)
    second = admit(box)
    assert (second.lost, patients(box)) == (SILENCE, 1)
    assert second.gone is not None
    assert b"MSA|AA|" in second.gone.data
    assert [e.fault.split(",")[0] for e in box.wire] == [
        "the request was lost on its way",
        "the answer was lost on its way: the receiver has done its work",
    ]


def test_sent_again_after_a_lost_answer_it_is_taken_once(box: Sandbox) -> None:
    box.faults = Faults.script("lose answer")
    message = build("ITI-31", person("ingrid"), box.clock, box.ids)
    lost, again = exchange("ITI-31", message, box), exchange("ITI-31", message, box)
    assert lost.gone and again.received
    assert again.received.data == lost.gone.data, "the first answer, once more"
    assert (patients(box), box.store.count("Encounter")) == (1, 1)


@pytest.mark.parametrize("fault", ["duplicate", "duplicate answer", "delay", "delay answer"])
def test_what_does_no_harm(box: Sandbox, fault: str) -> None:
    box.faults = Faults.script(fault, seconds=0.01)
    assert admit(box).ok
    assert (patients(box), box.store.count("Encounter")) == (1, 1)


@pytest.mark.parametrize("fault", ["truncate", "disconnect"])
def test_half_a_message_is_not_taken(box: Sandbox, fault: str) -> None:
    box.faults = Faults.script(fault)
    assert admit(box).lost
    assert patients(box) == 0
    assert admit(box).ok


def test_whatever_happens_nobody_falls_over_and_it_replays() -> None:
    def run() -> list[str]:
        with sandbox() as box:
            box.faults = Faults(11, *[0.08] * len(KINDS), seconds=0.001)
            for name in ("ingrid", "tomas") * 10:
                admit(box, name)
            return [f"{one}: {one.fault}" for one in box.wire if not one.follows]

    first = run()
    assert len(first) == 20
    assert sum(not line.endswith(": ") for line in first) > 5
    assert run() == first


def test_later_than_the_sender_waits() -> None:
    line = Line(Faults.script("delay answer", seconds=30))
    peer = Faulty(_Impatient(line.receive), line.faults)
    with pytest.raises(Lost, match=SILENCE):
        list(peer.calls(Packet("mllp", ONE)))
    assert (line.slept, line.arrived) == ([5.0], [ONE])
    assert peer.gone == Packet("mllp", ANSWER)
    assert "the sender had given up by then" in peer.fault


class _Impatient(Loopback):
    timeout = 5.0
