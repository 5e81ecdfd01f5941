"""What lesson 04 stands on: the replayed stream, the order of Ingrid's stay, the two front desks, and the three updates."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ihe_kit import Hospital, exchange, parse
from ihe_kit.actors.stays import transitions
from ihe_kit.course.checking import check
from ihe_kit.course.cutting import put
from ihe_kit.course.front_desk import HASTY, SOUND, FrontDesks, after, front_desks, shown, three_updates
from ihe_kit.course.lessons import exercise, prediction
from ihe_kit.course.lessons.patient_administration import (
    ADMITTED,
    BACKS,
    CHANGES,
    EVENTS,
    NONE,
    TOLD,
    TRANSFER,
    TWELVE,
    UPDATE,
    _both_admitted,
)
from ihe_kit.course.ward import BACK, DID, MORNING, MOVES, NOTHING, REFUSED, Line, at, clock, lies, moves, replay, run
from ihe_kit.region import Sandbox
from ihe_kit.rules import NULL
from ihe_kit.widgets import StayLife

FACTS = {"telephone": "234", "address": "Fjordgata"}
PLACES = {"A04": "ED^1", "A06": "MED1^101^A", "A02": "SUR2^204^A", "A01": "ICU^1", "A13": "SUR2^204^A"}


# The stream ---------------------------------------------------------------------------------------------------------------------------


def test_times_are_those_of_the_monday() -> None:
    assert at("10:15") == "20250303101500+0100"
    assert clock("10:15").isoformat() == "2025-03-03T10:15:00+01:00"
    for slip in ("9", "25:00", "nine"):
        with pytest.raises(ValueError, match="write it as 09:00"):
            at(slip)


def test_the_morning_has_every_reason_but_none_twice_in_vain(box: Sandbox) -> None:
    did = [what for _, _, what in run(MORNING, box)]
    assert set(did) == set(DID)
    assert [(line.told, line.event) for line, _, what in zip(MORNING, MORNING, did, strict=True) if what in (NOTHING, REFUSED)] == [
        ("11:00", "A12"),
        ("11:10", "A01"),
    ]
    assert lies("ingrid", "10:20", box) == "MED1, room 101, bed B"
    assert lies("ingrid", "08:30", box) == "not in the house"


def test_the_late_line_changes_the_past(box: Sandbox) -> None:
    run(MORNING[:-1], box)
    assert lies("ingrid", "10:50", box) == "MED1, room 101, bed B"
    run([Line("11:30", "A02", "ingrid", "SUR2^204^A", "10:45")], box)
    assert lies("ingrid", "10:50", box) == "SUR2, room 204, bed A"
    assert lies("ingrid", "10:40", box) == "MED1, room 101, bed B"


def test_the_movements_are_sorted_by_what_happened_not_by_what_came(box: Sandbox) -> None:
    run([*MORNING[:5], Line("11:05", "A02", "oskar", "ICU^1", "11:00"), Line("11:30", "A02", "oskar", "SUR2^203^A", "10:45")], box)
    table = moves("oskar", box)
    assert list(table["where"]) == ["MED1, room 101, bed A", "MED1, room 101, bed A", "SUR2, room 203, bed A", "ICU, room 1"]
    assert list(table["came"]) == [1, 3, 6, 5]
    assert moves("ingrid", box)["came"].to_list() == [1]


def test_a_replay_has_a_region_of_its_own_and_ends_the_one_before(box: Sandbox) -> None:
    first = replay()
    table = first.table()
    assert list(table["answer"]) == ["AA"] * 5 + ["AE"] + ["AA"] * 2
    assert table.loc["11:30", "happened"] == "10:45"
    assert table.loc["10:40", "what the region did"] == BACK
    assert not box.rows("patients")
    second = replay([Line("09:00", "A01", "oskar", "MED1^101^A")])
    assert first.box.wire.ended and not second.box.wire.ended
    assert len(second.table()) == 1
    second.stop()
    second.stop()


def test_a_line_says_what_it_is() -> None:
    assert Line("11:30", "A02", "ingrid", "SUR2^204^A", "10:45").says == "11:30 `A02` transferred: Ingrid, SUR2 204 A, happened at 10:45"
    assert MORNING[3].says == "10:40 `A13` discharge taken back: Oskar, that of 10:30"
    assert MORNING[6].says == "11:20 `A31` person changed: Ingrid"


# The items ----------------------------------------------------------------------------------------------------------------------------


def told(events: tuple[str, ...], box: Sandbox) -> list[str]:
    """The puzzle's events told to a region at ten minutes' distance: what became of each."""
    times = [f"{9 + k // 6:02d}:{10 * (k % 6):02d}" for k in range(len(events))]
    lines = [
        Line(time, event, "ingrid", PLACES.get(event, ""), times[events.index("A03")] if event == "A13" and "A03" in events else "")
        for time, event in zip(times, events, strict=True)
    ]
    return [what for _, _, what in run(lines, box)]


def test_the_order_of_the_stay_is_what_a_region_takes(box: Sandbox) -> None:
    assert not {NOTHING, REFUSED} & set(told(exercise("04.6").solution, box))
    assert box.location_at("4711") == "SUR2, room 204, bed A"


@pytest.mark.parametrize(
    ("events", "what"),
    [
        (("A04", "A16"), NOTHING),
        (("A04", "A06", "A03", "A16"), NOTHING),
        (("A04", "A06", "A13"), NOTHING),
        (("A04", "A06", "A01"), REFUSED),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_out_of_order_a_region_does_nothing(events: tuple[str, ...], what: str, box: Sandbox) -> None:
    assert told(events, box)[-1] == what


@pytest.mark.parametrize(("words", "code", "discarded"), zip(CHANGES, ("AE", "AA", "AA", "AA"), (0, 0, 1, 0), strict=True))
def test_only_the_second_admission_is_refused(words: str, code: str, discarded: int, box: Sandbox) -> None:
    _both_admitted(box)
    sent = exchange("ITI-31", parse(put(TRANSFER, CHANGES[words])), box)
    assert sent.answer is not None
    assert sent.answer.get("MSA-1") == [code], sent.answer.text
    assert len(box.rows("discarded")) == discarded


def test_two_in_one_bed_are_shown_not_refused(box: Sandbox) -> None:
    _both_admitted(box)
    exchange("ITI-31", parse(put(TRANSFER, CHANGES["Send her into bed 101 B, where Oskar lies"])), box)
    assert [row["name"] for row in box.rows("beds") if (row["room"], row["bed"]) == ("101", "B")] == [
        "Ødegård, Ingrid",
        "Wiśniewski, Oskar",
    ]


def test_the_sound_messages_are_taken(box: Sandbox) -> None:
    assert all(exchange("ITI-31", parse(text), box).ok for text in (ADMITTED, TRANSFER))


def test_what_takes_back_is_read_off_the_table() -> None:
    for event, back in zip(TOLD, BACKS, strict=True):
        assert [row.event for row in transitions().values() if event in row.cancels] == ([] if back == NONE else [back])
    assert BACKS.count(NONE) == 2
    assert len(set(TWELVE)) == 12 and set(TWELVE) < set(EVENTS)


@pytest.mark.parametrize("way", ["3.31.7.1.4", "ITI TF-2 section 3.31.7.1.4", "ITI TF-2 3.31.7.1.4.", "ITI TF-2: 3.31.7.1.4"])
def test_a_section_may_be_introduced_as_one_likes(way: str) -> None:
    assert check("04.5", way, "3.31.7.4.4").right


def test_each_rule_is_counted_by_itself() -> None:
    assert check("04.5", "3.31.7.1.3", "3.31.7.4.4").says.startswith("1 of 2 right.")
    assert check("04.5", "3.31.7.1.4", "3.31.7.4").says.startswith("1 of 2 right.")
    assert check("04.5", "3.31.7.1.3", "3.31.7.4").says.startswith("0 of 2 right.")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"PID-11": "Strandveien 9"}, "the town is gone: it was Nordvik."),
        ({"PID-11.5": ""}, "the postcode is gone: it was 9008."),
        ({"PID-11.6": ""}, "the country is gone: it was NOR."),
        ({"PID-11.3": NULL}, "the town is gone: it was Nordvik."),
        ({"PID-8": "M"}, "the region holds male as her sex. It should be female."),
        ({"PID-5.1": "Lie"}, "the region holds Lie as her family name. It should be Ødegård."),
        ({"PID-3.1": "9"}, "the region holds Fjordgata 12 as her street. It should be Strandveien 9."),
    ],
    ids=str,
)  # fmt: skip
def test_an_update_loses_nothing_else(change: dict[str, str], says: str) -> None:
    verdict = check("04.8", put(UPDATE, change))
    assert not verdict.right and verdict.says == f"It was sent, and {says}"


@pytest.mark.parametrize(
    ("line", "given", "clue"),
    [("A12", REFUSED, "which letters"), ("A13", MOVES, "has not happened"), ("A03", BACK, "At 10:30 nobody knew")],
)
def test_a_likely_slip_of_the_morning_is_told_apart(line: str, given: str, clue: str) -> None:
    at_line = [one.event for one in MORNING].index(line)
    solution = exercise("04.10").solution
    assert clue in check("04.10", *solution[:at_line], given, *solution[at_line + 1 :]).why


def test_a_slip_of_a_later_step_is_told_too() -> None:
    why = check("04.2", "the stay", "happened", EVENTS[5]).why
    assert why.startswith("A name or an address belongs to a person") and "open stay" in why


def test_a_first_admission_after_a_visit_is_taken(box: Sandbox) -> None:
    """So the puzzle does not say that it is refused."""
    events = ("A04", "A01", "A02", "A16", "A03", "A13")
    assert REFUSED not in told(events, box)


def test_sections_of_the_rules_are_those_of_the_table() -> None:
    assert all(
        transitions()[event].spec.endswith(section) for event, section in zip(("A01", "A03"), exercise("04.5").solution, strict=True)
    )


def test_swapped_or_merged_into_itself(box: Sandbox) -> None:
    nordvik = Hospital(box)
    nordvik.add("maria")
    nordvik.know("again", identifier="5199", family="Horvátová", given="Mária")
    nordvik.admit("again", "MAT1^5^A")
    assert prediction("04.p4").read(box.tables["patients"])[0] == "5120 and 5199"
    assert nordvik.merge("maria", "again").ok
    assert prediction("04.p4").read(box.tables["patients"])[0] == "5199"
    refused = nordvik.merge("5199", "again")
    assert refused.answer is not None and refused.answer.get("MSA-1") == ["AE"]


# The front desks ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "said", "kept"),
    [(SOUND, "555", "555"), (SOUND, "", "234"), (SOUND, NULL, ""), (HASTY, "555", "555"), (HASTY, "", ""), (HASTY, NULL, "")],
)
def test_three_rules(rules: dict[str, str], said: str, kept: str) -> None:
    assert after(FACTS, {"telephone": said}, rules) == FACTS | {"telephone": kept}


def test_a_blank_is_read_in_two_ways_until_it_is_mended() -> None:
    two = front_desks()
    lost = two.before_and_after("ingrid", street="Strandveien 9", city="Solvik")
    assert lost.loc["telephone"].tolist() == ["+47 555 01 234", "+47 555 01 234", "–"]
    assert lost.loc["birth date", "after, new"] == "–"
    assert lost.loc["address", "before"] != lost.loc["address", "after, new"] == lost.loc["address", "after, sound"]
    assert two.sent is not None and two.sent.get("PID-13") == [""]
    for kind, rule in (("empty", "ignore"), ("emtpy", "keep")):
        with pytest.raises(ValueError, match=r"a rule is write, keep or delete|no kind of field"):
            two.rules[kind] = rule
    two.rules["empty"] = "keep"
    mended = two.before_and_after("ingrid", street="Strandveien 9", city="Solvik")
    assert (mended["after, new"] == mended["after, sound"]).all()
    assert two.before_and_after("ingrid", PID_13=NULL).loc["telephone"].tolist() == ["+47 555 01 234", "–", "–"]
    assert front_desks().rules == HASTY, "a new start is as it went live"


def test_the_desks_refuse_what_is_not_about_a_person() -> None:
    desks = FrontDesks()
    sent = exchange("ITI-31", parse(TRANSFER), desks.addresses["sound"])
    assert sent.answer is not None and sent.answer.get("MSA-1") == ["AR"]
    assert "Two receivers listen" in repr(desks)
    desks.stop()
    desks.stop()


def test_a_field_for_a_reader() -> None:
    assert shown("Ødegård^Ingrid^^^^^L") == "Ødegård Ingrid"
    assert shown("") == "–"
    assert shown(NULL) == NULL


def test_three_updates_say_three_things_and_only_one_deletes(box: Sandbox) -> None:
    three = three_updates("ingrid", box)
    absent, empty, null = (line.split("|") for line in three.lines().splitlines())
    assert (absent[2:], empty[3:], null[3:]) == (["Fjordgata 12^^Nordvik^^9008^NOR"], ["", "", "+47 555 01 300"], ["", NULL])
    for _ in range(2):
        assert prediction("04.p3").read(three.held())[0] == "kept kept gone"
    assert list(three.table()["PID-13 after it"]) == ["", "+47 555 01 234", "+47 555 01 234", "none"]


# The picture --------------------------------------------------------------------------------------------------------------------------


def test_the_life_of_a_stay_is_drawn_and_tabled() -> None:
    assert "<svg" in StayLife().html and "kit-states" not in StayLife().html
    few = StayLife(drawn=("A01", "A04", "A06", "A03")).html
    assert few.count("<rect") == 4 and "A05" not in few and "pending admit" not in few
    table = StayLife("A01", "A03", at="inpatient")
    assert "<code>discard</code>" in table.html and "<code>return</code>" not in table.html
    assert table.html.count("<tr>") == 3 and "kit-lit" in table.html
    assert table.twin() == table.html


def test_the_state_of_a_stay_follows_the_picture(box: Sandbox) -> None:
    events = ("A04", "A06", "A02", "A03")
    states = []
    for before, event in pairwise(("", *events)):
        run([Line(f"09:{10 + len(states)}", event, "ingrid", PLACES.get(event, ""))], box)
        states.append(box.rows("encounters")[0]["state"])
        assert transitions()[event].cell(states[-2] if before else "none") in (states[-1], "stays")
    assert states == ["outpatient", "inpatient", "inpatient", "discharged"]
