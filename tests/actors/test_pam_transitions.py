"""Every cell of the transition table: the event told to the real actor in that state, over and over, and what it believes afterwards."""

from __future__ import annotations

import pytest

from ihe_kit.actors.stays import OPEN, STATES, transitions
from tests.actors.given import Ward

# How a stay comes into each state.
INTO = {
    "none": "", "pending admit": "A14", "pre-admitted": "A05", "outpatient": "A04", "inpatient": "A01", "on leave": "A01 A21",
    "discharged": "A01 A03",
}  # fmt: skip
# How it comes there with something to take back, and what it is once that is taken back.
BACK = {
    ("A27", "pending admit"): ("A14", "none"),
    ("A27", "pre-admitted"): ("A14 A05", "pre-admitted"),
    ("A27", "outpatient"): ("A04 A14", "outpatient"),
    ("A38", "pending admit"): ("A05 A14", "pending admit"),
    ("A38", "pre-admitted"): ("A05", "none"),
    ("A38", "outpatient"): ("A04 A05", "outpatient"),
    ("A11", "outpatient"): ("A04", "none"),
    ("A11", "inpatient"): ("A05 A01 A02", "pre-admitted"),
    ("A11", "on leave"): ("A01 A21", "none"),
    ("A12", "outpatient"): ("A04 A02", "outpatient"),
    ("A12", "inpatient"): ("A01 A02", "inpatient"),
    ("A12", "on leave"): ("A01 A21 A02", "on leave"),
    ("A33", "outpatient"): ("A04 A09", "outpatient"),
    ("A33", "inpatient"): ("A01 A09", "inpatient"),
    ("A32", "outpatient"): ("A04 A09 A10", "outpatient"),
    ("A32", "inpatient"): ("A01 A10", "inpatient"),
    ("A26", "inpatient"): ("A01 A15", "inpatient"),
    ("A26", "on leave"): ("A01 A21 A15", "on leave"),
    ("A52", "on leave"): ("A01 A21", "inpatient"),
    ("A53", "outpatient"): ("A04 A21 A22", "on leave"),
    ("A53", "inpatient"): ("A01 A21 A22", "on leave"),
    ("A25", "inpatient"): ("A01 A16", "inpatient"),
    ("A25", "on leave"): ("A01 A21 A16", "on leave"),
    ("A13", "discharged"): ("A01 A21 A03", "on leave"),
}
HERE, THERE = "MED1^101^A", "SUR2^204^B"
FIELDS = {
    "A01": {"PV1_3": HERE}, "A04": {"PV1_2": "O", "PV1_3": "ED"}, "A02": {"PV1_3": THERE}, "A12": {"PV1_3": HERE},
    "A09": {"PV1_11": "XRAY"}, "A10": {"PV1_11": "XRAY"}, "A15": {"PV1_42": THERE}, "A26": {"PV1_42": THERE},
    "A54": {"PV1_7": "7^Strand^Elin"}, "A55": {"PV1_7": "8^Berg^Hanne"}, "A07": {"PV1_2": "O"}, "A05": {"PV1_2": "P"},
}  # fmt: skip


def told(ward: Ward, stream: str) -> None:
    for event in stream.split():
        assert ward.tell(event, **FIELDS.get(event, {})) == "AA", (event, ward.says)


CELLS = [(event, state) for event in transitions() for state in STATES if event != "Z99"]


@pytest.mark.parametrize("event, state", CELLS, ids=lambda word: word.replace(" ", "-"))
def test_every_cell(event: str, state: str) -> None:
    ward, cell = Ward(), transitions()[event].cell(state)
    stream, before = BACK[event, state] if cell == "back" else (INTO[state], "")
    told(ward, stream)
    assert ward.now().state == state
    kept, others = ward.kept(), ward.states()[:-1]
    code = ward.tell(event, **FIELDS.get(event, {}))
    assert code == ("AE" if cell == "error" else "AA"), ward.says
    if cell in ("discard", "error"):
        assert ward.kept() == kept, "a discarded message leaves everything as it was"
        return
    after = {"stays": state, "back": before, "return": "inpatient"}.get(cell, cell.removeprefix("new "))
    beside = [state] if cell.startswith("new ") else []
    assert ward.states() == [*others, *beside, after]


# The states that can only be reached by the very event that would be taken back.
ALWAYS = {
    ("A27", "pending admit"),
    ("A38", "pre-admitted"),
    ("A13", "discharged"),
    ("A52", "on leave"),
    *(p for p in BACK if p[0] == "A11"),
}


@pytest.mark.parametrize("event, state", [pair for pair in BACK if pair not in ALWAYS])
def test_nothing_to_take_back(event: str, state: str) -> None:
    """In the same state, but without the event that it would take back: discarded, and no error is raised."""
    ward = Ward()
    told(ward, INTO[state])
    kept = ward.kept()
    assert ward.tell(event, **FIELDS.get(event, {})) == "AA"
    assert ward.kept() == kept


@pytest.mark.parametrize(
    "event, done", [("A27", "A14 A01"), ("A38", "A05 A01"), ("A26", "A15 A02"), ("A33", "A09 A10"), ("A32", "A10 A09"), ("A52", "A21 A22")]
)
def test_too_late_to_take_back(event: str, done: str) -> None:
    """What was planned has happened meanwhile, or something else came after: there is nothing left to take back."""
    ward = Ward()
    told(ward, done if done[:3] in ("A14", "A05") else f"A01 {done}")
    kept = ward.kept()
    assert ward.tell(event, **FIELDS.get(event, {})) == "AA"
    assert ward.kept() == kept


@pytest.mark.parametrize("event", ["A01", "A02", "A06"])
def test_a_second_admission_elsewhere_is_an_error(event: str) -> None:
    ward = Ward()
    told(ward, "A01")
    kept = ward.kept()
    assert ward.tell(event, visit="V-OTHER", **FIELDS.get(event, {"PV1_2": "I"})) == "AE"
    assert "already admitted" in ward.says
    assert ward.kept() == kept


def test_an_admission_that_was_ended_does_not_come_back_beside_another() -> None:
    ward = Ward()
    told(ward, "A01 A03")
    assert ward.tell("A01", visit="V-OTHER") == "AA"
    kept = ward.kept()
    assert ward.tell("A13") == "AE", "two admissions would be open"
    assert ward.kept() == kept
    assert ward.states() == ["discharged", "inpatient"]


def test_the_table_is_whole() -> None:
    """31 events less A40 and A44, which are about people and accounts; every cell says something that the machine knows."""
    words = {*STATES, "stays", "back", "return", "discard", "error", *(f"new {state}" for state in STATES)}
    assert len(transitions()) == 29
    for row in transitions().values():
        assert {row.cell(state) for state in STATES} <= words, row
        assert row.spec.startswith("ITI TF-2 section 3.31.7.")
        assert set(row.cancels) | set(row.unless) <= set(transitions())
        if row.cancels:
            assert row.cell("none") == "discard", "a cancellation without an open one is discarded without an error"
    assert [state for state in STATES if transitions()["A01"].cell(state) == "error"] == [s for s in OPEN if s != "outpatient"]
