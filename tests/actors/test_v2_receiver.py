"""What every receiver of HL7 v2 does alike: what it rejects, how it answers in either mode, and that it takes one message once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from ihe_kit import v2
from ihe_kit.actors import Refused
from ihe_kit.actors.v2_receiver import V2Receiver
from ihe_kit.core import Packet
from ihe_kit.rules import finding_at
from ihe_kit.store import Store
from ihe_kit.v2 import V2Message
from ihe_kit.v2.sequence import Place, place
from ihe_kit.v2.wire import frame

pytestmark = pytest.mark.usefixtures("database")

Clock, Ids = Callable[[], datetime], Callable[[], str]
ADMIT = "MSH|^~\\&|ADT|NORDVIK|IDENTITY|FJORDLAND|20250303080000||ADT^A01^ADT_A01|{id}|P|2.5|{more}\rPID|||{patient}\r"


class Ward(V2Receiver):
    """Writes each patient down once for each time that it takes the message; refuses patient 13."""

    events = {"ADT^A01": "admit", "ADT^A03": "discharge"}  # noqa: RUF012

    def take(self, request: V2Message) -> V2Message | None:
        (patient,) = request.find("PID-3.1")
        number = self.store.count("bed") + 1
        self.store.put("bed", str(number), patient.value, "2025-03-03")
        if patient.value == "13":
            raise Refused([finding_at(patient, "WARD-UNKNOWN-KEY", "There is no bed 13.", "the house rules")])
        if patient.value == "0":
            raise ZeroDivisionError("a fault of ours")
        return None


@pytest.fixture
def ward(clock: Clock, ids: Ids) -> Iterator[Ward]:
    store = Store()
    yield Ward(store, clock, ids)
    store.close()


def text(id: str = "1", patient: str = "4711", more: str = "") -> str:
    return ADMIT.format(id=id, patient=patient, more=more)


def ask(ward: Ward, request: str) -> list[V2Message]:
    """Every answer to a message, in order."""
    return [v2.from_wire(packet) for packet in ward.answers(Packet("mllp", frame(request.encode())))]


def codes(answers: list[V2Message]) -> list[str]:
    return [answer.get("MSA-1")[0] for answer in answers]


def beds(ward: Ward) -> list[str]:
    return [one.text for one in ward.store.select("bed")]


# What is not supported (ITI TF-2 Appendix C.2.3; HL7 v2.5 section 2.9.2.2) ---------------------------------------------------------------


@pytest.mark.parametrize("more, rejected", [("", "AR"), ("||AL|NE", "CR")])
@pytest.mark.parametrize(
    "old, new, code, location",
    [
        ("ADT^A01^ADT_A01", "ORU^R01^ORU_R01", "200", "MSH^1^9^1^1"),
        ("ADT^A01^ADT_A01", "", "200", "MSH^1^9^1^1"),
        ("ADT^A01^ADT_A01", "ADT^A99^ADT_A01", "201", "MSH^1^9^1^2"),
        ("ADT^A01^ADT_A01", "ADT", "201", "MSH^1^9^1^2"),
        ("|P|", "|X|", "202", "MSH^1^11^1^1"),
        ("|P|", "||", "202", "MSH^1^11^1^1"),
        ("|2.5|", "|2.3.1|", "203", "MSH^1^12^1^1"),
    ],
)
def test_what_is_not_supported_is_rejected(ward: Ward, old: str, new: str, code: str, location: str, more: str, rejected: str) -> None:
    (answer,) = ask(ward, text(more=more).replace(old, new))
    assert answer.get("MSA-1") == [rejected]
    assert answer.get("MSA-2") == ["1"]
    assert answer.get("ERR-2") == [location]
    assert answer.get("ERR-3.1") == [code]
    assert answer.get("ERR-3.3") == ["HL70357"]
    assert answer.get("ERR-4") == ["E"]
    assert beds(ward) == []
    assert ward.store.table("document")[1] == []


def test_without_a_control_id_nothing_can_be_matched(ward: Ward) -> None:
    for more, code in (("", "AE"), ("||AL|AL", "CE")):
        (answer,) = ask(ward, text(id="", more=more))
        assert (answer.get("MSA-1"), answer.get("ERR-3.1"), answer.get("ERR-2")) == ([code], ["101"], ["MSH^1^10^1"])


def test_an_acknowledgment_is_never_acknowledged(ward: Ward) -> None:
    (answer,) = ask(ward, text())
    assert ask(ward, answer.text) == []
    assert ward.receive(Packet("mllp", frame(answer.encode()))) == Packet("mllp", b"")


# The two modes (ITI TF-2 Appendix C.2.3.1; HL7 table 0155) -------------------------------------------------------------------------------


@pytest.mark.parametrize("patient, commit, application", [("4711", "CA", "AA"), ("13", "CA", "AE"), ("0", "CA", "AR")])
@pytest.mark.parametrize("accept", ["", "AL", "NE", "ER", "SU", "XX"])
@pytest.mark.parametrize("asked", ["", "AL", "NE", "ER", "SU", "XX"])
def test_each_answer_comes_if_it_was_asked_for(ward: Ward, patient: str, commit: str, application: str, accept: str, asked: str) -> None:
    fulfilled = {"AL": "AER", "XX": "AER", "ER": "ER", "SU": "A", "NE": "", "": ""}
    expected = [commit] if commit[1] in fulfilled[accept] else []
    expected += [application] if application[1] in fulfilled[asked] else []
    if not accept and not asked:  # the original mode
        expected = [application]
    answers = ask(ward, text(patient=patient, more=f"||{accept}|{asked}"))
    assert codes(answers) == expected
    assert all(answer.get("MSA-2") == ["1"] for answer in answers)
    assert len({answer.get("MSH-10")[0] for answer in answers}) == len(answers), "each answer is a message of its own"
    assert beds(ward) == (["4711"] if patient == "4711" else []), "who was not asked to answer takes the message all the same"


def test_the_commit_comes_before_the_work(ward: Ward) -> None:
    answers = ward.answers(Packet("mllp", frame(text(more="||AL|AL").encode())))
    assert codes([v2.from_wire(next(answers))]) == ["CA"]
    assert beds(ward) == []
    assert codes([v2.from_wire(next(answers))]) == ["AA"]
    assert beds(ward) == ["4711"]


def test_what_was_committed_to_outlives_a_stop(ward: Ward) -> None:
    for number, patient in enumerate(("4711", "13"), start=1):
        next(ward.answers(Packet("mllp", frame(text(str(number), patient, more="||AL|AL").encode()))))
    assert beds(ward) == []
    again = Ward(ward.store, ward.clock, ward.ids)
    assert [(a.get("MSA-2"), a.get("MSA-1")) for a in again.catch_up()] == [(["1"], ["AA"]), (["2"], ["AE"])]
    assert beds(ward) == ["4711"]
    assert again.catch_up() == []


# Once, however often it comes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", ["", "||AL|AL", "||NE|AL", "||AL|NE"])
def test_a_message_sent_again_gets_the_first_answers_and_is_taken_once(ward: Ward, more: str) -> None:
    first = [answer.text for answer in ask(ward, text(more=more))]
    assert first
    for _ in range(3):
        assert [answer.text for answer in ask(ward, text(more=more))] == first
    assert beds(ward) == ["4711"]


@pytest.mark.parametrize("more, code", [("", "AR"), ("||AL|AL", "CR")])
def test_the_same_control_id_with_other_bytes_is_refused(ward: Ward, more: str, code: str) -> None:
    ask(ward, text(more=more))
    (answer,) = ask(ward, text(patient="4712", more=more))
    assert (answer.get("MSA-1"), answer.get("ERR-3.1"), answer.get("ERR-2")) == ([code], ["205"], ["MSH^1^10^1"])
    assert beds(ward) == ["4711"]


def test_control_ids_belong_to_their_sender(ward: Ward) -> None:
    assert (
        codes(ask(ward, text()) + ask(ward, text().replace("|ADT|", "|LAB|")) + ask(ward, text().replace("NORDVIK", "SYDVIK")))
        == ["AA"] * 3
    )
    assert len(beds(ward)) == 3


def test_what_was_refused_may_come_again(ward: Ward) -> None:
    """A refused message leaves nothing behind; mended, it may even keep its control ID."""
    (refused,) = ask(ward, text(patient="13"))
    assert (refused.get("MSA-1"), refused.get("ERR-3.1")) == (["AE"], ["204"])
    assert ward.store.table("document")[1] == []
    assert codes(ask(ward, text(patient="14"))) == ["AA"]


def test_a_fault_of_ours_leaves_nothing_behind(ward: Ward) -> None:
    (answer,) = ask(ward, text(patient="0"))
    assert answer.get("MSA-1") == ["AR"]
    assert "the receiver failed" in answer.get("ERR-8")[0]
    assert ward.store.table("document")[1] == []


@pytest.mark.parametrize("more", ["", "||AL|AL"])
def test_the_same_message_on_many_connections_at_once_is_taken_once(ward: Ward, more: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda _: [a.text for a in ask(ward, text(more=more))], range(48)))
    assert all(answers == done[0] for answers in done)
    assert beds(ward) == ["4711"]


# Sequence numbers (HL7 v2.5 section 2.10.1) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written, last, where, expected",
    [
        ("", 7, Place.NONE, 8),
        ("0", None, Place.START, -1),
        ("0", 7, Place.START, 8),
        ("-1", 7, Place.RESET, -1),
        ("5", None, Place.NEXT, 5),
        ("8", 7, Place.NEXT, 8),
        ("7", 7, Place.AGAIN, 8),
        ("6", 7, Place.WRONG, 8),
        ("9", 7, Place.WRONG, 8),
        ("eight", 7, Place.UNREADABLE, 8),
        ("9" * 400, 7, Place.UNREADABLE, 8),
        ("٨", 7, Place.UNREADABLE, 8),
    ],
)
def test_places_of_sequence_numbers(written: str, last: int | None, where: Place, expected: int) -> None:
    assert place(written, last) == (where, expected)


@pytest.mark.parametrize("more, yes, no", [("", "AA", "AE"), ("||AL|NE", "CA", "CE")])
def test_a_link_with_sequence_numbers(ward: Ward, more: str, yes: str, no: str) -> None:
    ward.sequenced = True

    def send(number: str, id: str, patient: str = "4711") -> tuple[str, str]:
        (answer,) = ask(ward, text(id, patient, number + more))
        return answer.get("MSA-1")[0], answer.get("MSA-4")[0]

    assert send("0", "a") == (yes, "-1"), "nothing is known of this link yet"
    assert send("7", "b") == (yes, "7"), "so the first number begins it"
    assert send("8", "c") == (yes, "8")
    assert send("8", "c") == (yes, "9"), "sent again: it was taken, the next one may come"
    assert send("8", "x") == (no, "9"), "another message under the same number"
    assert send("10", "d") == (no, "9"), "one is missing"
    assert send("0", "e") == (yes, "9"), "the sender asks"
    assert send("9", "f") == (yes, "9")
    assert send("-1", "g") == (yes, "-1")
    assert send("1", "h") == (yes, "1")
    assert send("two", "i") == (no, "2")
    assert codes(ask(ward, text("j", "4711", more))) == [yes], "without a number the protocol is not used"
    assert len(beds(ward)) == 5


def test_a_refused_message_uses_up_no_number(ward: Ward) -> None:
    ward.sequenced = True
    assert codes(ask(ward, text("1", "4711", "1"))) == ["AA"]
    assert codes(ask(ward, text("2", "13", "2"))) == ["AE"]
    assert codes(ask(ward, text("3", "14", "2"))) == ["AA"]


def test_who_does_not_use_sequence_numbers_ignores_them(ward: Ward) -> None:
    assert codes(ask(ward, text("1", more="7")) + ask(ward, text("2", more="3"))) == ["AA", "AA"]


# Whatever comes --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\x0b\x1c\r", frame(b"PID|1"), frame(b"MSH"), frame(b"MSH|||||"), frame(b"MSH|^~\\&|" + b"\xff" * 9)]
)
def test_nonsense_is_answered(ward: Ward, data: bytes) -> None:
    (answer,) = (v2.from_wire(packet) for packet in ward.answers(Packet("mllp", data)))
    assert answer.get("MSA-1")[0] in ("AR", "AE")
    assert answer.get("ERR-8")[0]
