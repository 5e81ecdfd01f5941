"""The sender's side without a socket: which answer belongs to which message, what to do with it, and what becomes of a queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from ihe_kit import v2
from ihe_kit.v2 import V2Message, acknowledge
from ihe_kit.v2.acknowledgment import Asked, asked
from ihe_kit.v2.delivery import GRAVITY, Attempt, Correspondence, Delivery, decide, report
from ihe_kit.v2.outbox import ASIDE, ASIDE_WITH_PATIENT, STOP, Outbox

Clock, Ids = Callable[[], datetime], Callable[[], str]


def message(id: str, patient: str = "4711", more: str = "") -> V2Message:
    return v2.parse(f"MSH|^~\\&|ADT|NORDVIK|||20250303080000||ADT^A01^ADT_A01|{id}|P|2.5{more}\rPID|||{patient}\r")


def answer(to: V2Message, code: str, *errors: str) -> V2Message:
    text = acknowledge(to, code, lambda: datetime(2025, 3, 3), lambda: "X").text
    return v2.parse(text + "".join(f"ERR|||{error}|E\r" for error in errors))


# Decisions (ITI TF-2 Appendix C.2.3.1 and C.2.3.2) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code, errors, what",
    [
        ("AA", [], "done"),
        ("CA", [], "wait"),
        ("AE", ["101"], "repair"),
        ("AE", [], "repair"),
        ("CE", ["102"], "repair"),
        ("AR", ["200"], "call someone"),
        ("AR", ["201"], "call someone"),
        ("CR", ["202"], "call someone"),
        ("AR", ["203"], "call someone"),
        ("AR", ["204"], "repair"),
        ("AR", ["205"], "repair"),
        ("AR", ["206"], "send again"),
        ("AR", ["207"], "send again"),
        ("AR", [], "send again"),
        ("AR", ["206", "101"], "repair"),
        ("AR", ["206", "200", "101"], "call someone"),
        ("ZZ", [], "call someone"),
        ("", [], "call someone"),
    ],
)
def test_what_to_do_with_an_answer(code: str, errors: list[str], what: str) -> None:
    found = decide(answer(message("1"), code, *errors))
    assert found.what == what
    assert found.says.endswith(".")


@pytest.mark.parametrize(
    ("code", "place", "what"),
    [
        ("AR", "MSH^1^9", "call someone"),
        ("CR", "MSH^1^18", "call someone"),
        ("AR", "PID^1^3", "send again"),
        ("AR", "", "send again"),
        ("AE", "MSH^1^9", "repair"),
    ],
)
def test_repeating_does_not_help_while_the_header_is_to_blame(code: str, place: str, what: str) -> None:
    found = v2.parse(answer(message("1"), code).text + f"ERR||{place}|207|E\r")
    assert decide(found).what == what


def test_what_to_do_with_none() -> None:
    assert decide(None).what == "send again"
    assert "look the same from here" in decide(None).says


def test_every_decision_is_reachable_and_says_where_it_comes_from() -> None:
    found = [decide(answer(message("1"), code, *errors)) for code in ("AA", "CA", "AE", "AR") for errors in ((), ("200",), ("206",))]
    assert {one.what for one in found} == set(GRAVITY)
    assert {one.spec for one in found} == {"ITI TF-2 Appendix C.2.3.1", "ITI TF-2 Appendix C.2.3.2 (not checked against the text)"}
    assert decide(answer(message("1"), "ZZ")).spec == "this kit's decision"


# What is still to come (HL7 table 0155) ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept, application, came, waits",
    [
        ("", "", [], "must"),
        ("", "", ["AA"], ""),
        ("AL", "AL", [], "must"),
        ("AL", "AL", ["CA"], "must"),
        ("AL", "AL", ["CA", "AE"], ""),
        ("AL", "AL", ["CR"], ""),
        ("AL", "NE", [], "must"),
        ("AL", "NE", ["CA"], ""),
        ("AL", "ER", ["CA"], "may"),
        ("NE", "AL", [], "must"),
        ("NE", "SU", [], "may"),
        ("NE", "NE", [], ""),
        ("ER", "ER", [], "may"),
        ("ER", "AL", ["AA"], ""),
    ],
)
def test_what_is_still_to_come(accept: str, application: str, came: list[str], waits: str) -> None:
    assert Asked(accept, application).waits(came) == waits


def test_null_asks_for_nothing() -> None:
    assert asked(message("1", more='|||""|""')) == Asked("", "")
    assert not asked(message("1")).enhanced
    assert asked(message("1", more="|||NE|NE")).silent


# Matching ------------------------------------------------------------------------------------------------------------------------------------


def test_answers_find_their_messages_in_any_order() -> None:
    post = Correspondence()
    sent = [post.begin(message(str(number))) for number in range(5)]
    assert post.match(answer(sent[0].message, "AA")) is None, "nothing was sent yet"
    post.strays.clear()
    for one in sent:
        one.attempts.append(Attempt())
    for one in reversed(sent):
        assert post.match(answer(one.message, "AA")) is one
    assert [one.code for one in sent] == ["AA"] * 5
    assert post.open() == []
    assert post.match(answer(sent[0].message, "AE")) is sent[0]
    assert sent[0].code == "AA", "the first answer counts"
    assert [first.get("MSA-1") for first in sent[0].again] == [["AE"]]
    assert post.match(answer(message("nobody's"), "AA")) is None
    assert len(post.strays) == 1


def test_commit_and_application_answers_have_their_own_places() -> None:
    post = Correspondence()
    one = post.begin(message("1", more="|||AL|AL"))
    one.attempts.append(Attempt())
    assert (one.waits, one.ok) == ("must", False)
    post.match(answer(one.message, "CA"))
    assert (one.code, one.waits, one.ok, one.decision.what) == ("CA", "must", True, "wait")
    post.match(answer(one.message, "AE", "101"))
    assert (one.code, one.waits, one.ok, one.decision.what) == ("AE", "", False, "repair")


def test_the_very_same_message_more_than_once() -> None:
    post = Correspondence()
    both = [post.begin(message("1")) for _ in range(2)]
    for one in both:
        one.attempts.append(Attempt())
    first, second = answer(both[0].message, "AA"), answer(both[0].message, "AE")
    assert [post.match(first), post.match(second)] == both
    assert [one.code for one in both] == ["AA", "AE"]


def test_what_could_not_be_told_apart_is_not_sent() -> None:
    post = Correspondence()
    post.begin(message("1"))
    post.begin(message("1"))  # the very same one again
    with pytest.raises(ValueError, match="another message was sent under the control ID 1"):
        post.begin(message("1", "4712"))
    with pytest.raises(ValueError, match="no control ID"):
        post.begin(message(""))


def test_what_nobody_knows_is_said() -> None:
    one = message("1")
    certain = Delivery(one, [Attempt("nobody listens", arrived=False), Attempt()], answer=answer(one, "AA"))
    assert certain.uncertain == ""
    twice = Delivery(one, [Attempt("no answer"), Attempt()], answer=answer(one, "AA"))
    assert "Sent 2 times, the same bytes under the same control ID" in twice.uncertain
    never = Delivery(one, [Attempt("no answer"), Attempt("no answer")])
    assert "may have been taken, or never have arrived" in never.uncertain
    refused = Delivery(one, [Attempt("nobody listens", arrived=False)])
    assert refused.uncertain == ""
    assert "nobody knows" in Delivery(message("1", more="|||NE|NE"), [Attempt()]).uncertain
    assert report([certain, refused]).splitlines() == ["1 ADT^A01, sent 2 times: AA", "1 ADT^A01, sent once: nobody listens"]


# The queue -----------------------------------------------------------------------------------------------------------------------------------


class Receiver:
    """Answers by the patient: 13 is poison (AE), 200 is not understood (AR), 206 is locked at the first time, `dead` never answers."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.asked: list[str] = []

    def __call__(self, one: V2Message) -> Delivery:
        patient = one.get("PID-3")[0]
        self.asked.append(one.get("MSH-10")[0])
        if patient == "dead":
            return Delivery(one, [Attempt("no answer")])
        if patient == "13":
            return Delivery(one, [Attempt()], answer=answer(one, "AE", "101"))
        if patient == "200":
            return Delivery(one, [Attempt()], answer=answer(one, "AR", "200"))
        if patient == "206" and self.asked.count(one.get("MSH-10")[0]) == 1:
            return Delivery(one, [Attempt()], answer=answer(one, "AR", "206"))
        self.taken.append(one.get("MSH-10")[0])
        return Delivery(one, [Attempt()], answer=answer(one, "AA"))


@pytest.mark.parametrize("poison", ["13", "200"])
@pytest.mark.parametrize(
    "policy, taken, aside, waiting",
    [
        (STOP, ["1"], [], ["2", "3", "4"]),
        (ASIDE, ["1", "4"], ["2", "3"], []),
        (ASIDE_WITH_PATIENT, ["1", "4"], ["2", "3"], []),
    ],
)
def test_one_poisoned_message(poison: str, policy: str, taken: list[str], aside: list[str], waiting: list[str]) -> None:
    """Order kept, and everybody waits; or the others pass, and order is lost or kept for each patient alone."""
    receiver = Receiver()
    box = Outbox(receiver, policy)
    box.put(message("1", "4711"), message("2", poison), message("3", poison), message("4", "4712"))
    tried = box.run()
    assert receiver.taken == taken
    assert [one.get("MSH-10")[0] for one in box.aside] == aside
    assert [one.get("MSH-10")[0] for one in box.waiting] == waiting
    assert bool(box.stopped) == (policy == STOP)
    assert len(tried) == {STOP: 2, ASIDE: 4, ASIDE_WITH_PATIENT: 3}[policy], "the second message of a patient set aside is not even tried"


def test_a_dead_line_stops_the_queue_whatever_the_policy() -> None:
    receiver = Receiver()
    box = Outbox(receiver, ASIDE, tries=3)
    box.put(message("1", "dead"), message("2"))
    (tried,) = box.run()
    assert (tried.sent, receiver.asked, len(box.waiting), box.aside) == (3, ["1"] * 3, 2, [])
    assert "send again" in box.stopped
    assert str(box) == f"0 delivered, 2 waiting, 0 put aside; stopped at {box.stopped}"


def test_a_receiver_that_could_not_just_then_is_asked_again() -> None:
    receiver = Receiver()
    box = Outbox(receiver)
    box.put(message("1", "206"))
    (tried,) = box.run()
    assert (tried.sent, tried.ok, receiver.asked, str(box)) == (2, True, ["1", "1"], "1 delivered, 0 waiting, 0 put aside")


def test_a_mended_message_goes_first_and_the_queue_goes_on() -> None:
    receiver = Receiver()
    poison, mended = message("2", "13"), message("2b", "4711")
    box = Outbox(receiver)
    box.put(poison, message("3"))
    box.run()
    box.mend(poison, mended)
    box.run()
    assert receiver.taken == ["2b", "3"]
    aside = Outbox(receiver, ASIDE)
    aside.put(poison, message("4"))
    aside.run()
    aside.mend(poison, mended)
    assert (list(aside.waiting), aside.aside) == ([mended], [])
    aside.drop(mended)
    assert not aside.waiting


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a policy"):
        Outbox(Receiver(), "hope")
