"""The life of a stay as a pure state machine: movements in, situations out. No store, no message, no clock.

The table `data/ihe/pam-transitions.tsv` says what each event does in each state; here is what carries it out. A stay is a log of movements,
and where its patient is, is what the log adds up to at that time. So a movement that is told late falls into its place, a cancelled one
leaves no trace in the sum, and an update of an old one leaves the newer ones right (ITI TF-2 sections 3.31.4 and 3.31.5.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from ihe_kit.files import rows

STATES = ("none", "pending admit", "pre-admitted", "outpatient", "inpatient", "on leave", "discharged")
OPEN = ("outpatient", "inpatient", "on leave")  # a visit is going on
PLANS = {"A14": "admission", "A15": "transfer", "A16": "discharge"}


@dataclass(frozen=True, slots=True)
class Row:
    """One event of the table: what it cancels, after which events it no longer can, and what it does in each state."""

    event: str
    what: str
    cancels: tuple[str, ...]
    unless: tuple[str, ...]
    cells: dict[str, str]
    elsewhere: str
    spec: str

    def cell(self, state: str) -> str:
        """What the event does in a state, without the star that marks a decision of this kit."""
        return self.cells[state].rstrip("*")


@lru_cache(maxsize=1)
def transitions() -> dict[str, Row]:
    """The table, by trigger event.

    >>> transitions()["A01"].cell("inpatient")
    'error'
    """
    return {
        row["event"]: Row(
            row["event"], row["what"], tuple(row["cancels"].split()), tuple(row["unless"].split()),
            {state: row[state] for state in STATES}, row["elsewhere"], row["spec"],
        )
        for row in rows("ihe/pam-transitions.tsv")
    }  # fmt: skip


@lru_cache(maxsize=16)
def _fulfilled(plan: str) -> tuple[str, ...]:
    """The events after which a plan is no longer one: those that its cancellation comes too late for."""
    return next(row.unless for row in transitions().values() if plan in row.cancels)


class Conflict(ValueError):
    """Movements that do not add up: `movement` would come upon a state in which it is an error."""

    def __init__(self, movement: Movement, state: str) -> None:
        self.movement, self.state = movement, state
        super().__init__(f"{movement.event} of {movement.at:%Y-%m-%d %H:%M} comes upon a stay that is {state}")


@dataclass(frozen=True)
class Movement:
    """One event in the life of a stay, as a message told it.

    `at` is when it happened, `first` when its INSERT said so, `ids` its identifiers (ZBE-1). Of what a message may say, None was not said
    and "" deletes. Locations are written as HL7 v2 writes a PL: `MED1^101^A`. `void` names the message that took the movement back.
    """

    event: str
    at: datetime
    ids: tuple[str, ...] = ()
    message: str = ""
    patient_class: str | None = None
    location: str | None = None
    temporary: str | None = None
    pending: str | None = None
    doctor: str | None = None
    ward: str | None = None
    expected: str | None = None
    admitted: str | None = None
    discharged: str | None = None
    first: datetime | None = None
    void: str = ""

    @property
    def begun(self) -> datetime:
        """When it happened, as its INSERT had it."""
        return self.first or self.at


@dataclass(frozen=True)
class Situation:
    """What the movements of a stay add up to at some time. `since` is when the state began, `moved` when the place was last changed.

    `base` is the state that a leave interrupts; `temporary` is a place beside the bed, and `on_the_way` says that it is not reached yet.
    """

    state: str = "none"
    base: str = "none"
    patient_class: str = ""
    location: str = ""
    temporary: str = ""
    on_the_way: bool = False
    doctor: str = ""
    ward: str = ""
    expected: str = ""  # when a return from leave is expected
    plans: tuple[Movement, ...] = ()
    since: datetime | None = None
    moved: datetime | None = None
    begin: str = ""
    end: str = ""

    @property
    def admitted(self) -> bool:
        """Whether a bed belongs to this stay: an inpatient, also one on leave."""
        return self.state in ("inpatient", "on leave") and self.base == "inpatient"


@dataclass(frozen=True)
class Stay:
    """An encounter: whose it is, its numbers as (type, authority, number), and every movement in the order in which it was told."""

    id: str
    patient: str
    numbers: tuple[tuple[str, str, str], ...] = ()
    movements: tuple[Movement, ...] = ()

    def log(self) -> list[Movement]:
        """The movements that stand, in the order in which they happened."""
        return sorted((m for m in self.movements if not m.void), key=lambda movement: movement.at)

    def history(self, until: datetime | None = None) -> Iterator[tuple[Movement, Situation]]:
        """Each movement that stands and what was the case after it. Raises Conflict where they do not add up."""
        situation = Situation()
        for movement in self.log():
            if until and movement.at > until:
                return
            situation = after(situation, movement)
            yield movement, situation

    def situation(self, at: datetime | None = None) -> Situation:
        """What is the case now, or was at some time."""
        *_, (_, last) = [(None, Situation()), *self.history(at)]
        return last

    @property
    def current(self) -> Movement | None:
        """The last movement that took place and stands: a plan is none."""
        took_place = [m for m in self.log() if m.event not in PLANS and not transitions()[m.event].cancels]
        return took_place[-1] if took_place else None

    def find(self, ids: Sequence[str]) -> Movement | None:
        """The movement that has one of these identifiers, also one that was taken back."""
        return next((m for m in reversed(self.movements) if set(m.ids) & set(ids)), None)

    def add(self, movement: Movement) -> Stay:
        """The stay with one movement more. Raises Conflict."""
        return replace(self, movements=(*self.movements, movement)).checked()

    def change(self, old: Movement, new: Movement) -> Stay:
        """The stay with one movement changed. Raises Conflict."""
        return replace(self, movements=tuple(new if m is old else m for m in self.movements)).checked()

    def checked(self) -> Stay:
        """The stay itself, if its movements add up. Raises Conflict."""
        self.situation()
        return self

    def takes_back(self, movement: Movement) -> list[Movement]:
        """What goes when an admission is taken back: the movement that opened the visit and all that followed from it."""
        log = self.log()
        return log[log.index(movement) :]

    def opening(self) -> Movement | None:
        """The movement with which the visit that is going on began."""
        found, before = None, "none"
        for movement, situation in self.history():
            if situation.state in OPEN and before not in OPEN:
                found = movement
            before = situation.state
        return found

    def standing(self, row: Row) -> Movement | None:
        """The movement that an event of this row would take back, or None where there is none left to take back."""
        if row.event == "A11":
            return self.opening()
        last = next((m for m in reversed(self.log()) if m.event in (*row.cancels, *row.unless)), None)
        return last if last and last.event in row.cancels else None


def after(situation: Situation, movement: Movement) -> Situation:
    """What is the case after a movement: the heart of the machine. Raises Conflict where the table says that it is an error."""
    row = transitions()[movement.event]
    cell = "stays" if row.cancels else row.cell(situation.state)  # of what took something back, the log has what it said of the place
    if cell == "error":
        raise Conflict(movement, situation.state)
    if cell == "discard":
        return situation
    state = situation.base if cell == "return" else cell.removeprefix("new ")
    state = situation.state if state == "stays" else state
    told = _told(situation, movement)
    plans = tuple(m for m in situation.plans if movement.event not in _fulfilled(m.event) and m.event != movement.event)
    opens = state in OPEN and situation.state not in OPEN
    return replace(
        told,
        state=state,
        base=situation.base if state == "on leave" else state,
        plans=(*plans, movement) if movement.event in PLANS else () if state == "discharged" else plans,
        expected=(movement.expected or "") if movement.event == "A21" else situation.expected if state == "on leave" else "",
        since=movement.at if state != situation.state else situation.since,
        moved=movement.at if _place(told) != _place(situation) else situation.moved,
        begin=(movement.admitted or movement.at.isoformat()) if opens else movement.admitted or situation.begin,
        end=(movement.discharged or movement.at.isoformat()) if state == "discharged" else "",
    )


def _place(situation: Situation) -> tuple[str, str, bool]:
    return situation.location, situation.temporary, situation.on_the_way


def _told(situation: Situation, movement: Movement) -> Situation:
    """The situation with what the message says of class, place and doctor; what it does not say stays as it was."""
    event, plan = movement.event, movement.event in (*PLANS, "A05") and situation.state in OPEN
    if event in ("A08", "A54", "A55", "Z99") or plan:  # these move nobody
        return replace(situation, doctor=_or(movement.doctor, situation.doctor)) if event in ("A54", "A55") else situation
    told = replace(
        situation,
        patient_class=_or(movement.patient_class, situation.patient_class),
        doctor=_or(movement.doctor, situation.doctor),
        ward=_or(movement.ward, situation.ward),
    )
    return _tracked(told, movement) if event in ("A09", "A10", "A32", "A33") else _moved(told, movement)


def _moved(situation: Situation, movement: Movement) -> Situation:
    """A change of the bed. Whoever is transferred, discharged or brought back is in no temporary place."""
    situation = replace(situation, location=_or(movement.location, situation.location))
    if movement.event in ("A02", "A03", "A12", "A13"):
        return replace(situation, temporary=movement.temporary or "" if movement.event == "A12" else "", on_the_way=False)
    return situation


def _tracked(situation: Situation, movement: Movement) -> Situation:
    """A change of place that leaves the bed: to PV1-11, to PV1-42 while on the way, or back to PV1-3 (sections 3.31.7.26 to 3.31.7.29)."""
    location, away = movement.location, movement.temporary or (movement.pending if movement.event == "A09" else "")
    if movement.event in ("A32", "A33"):  # the log already has what was before; what the message says of it counts more
        temporary = _or(movement.temporary, "" if location and movement.event == "A33" else situation.temporary)
        return replace(situation, location=_or(location or None, situation.location), temporary=temporary)
    if away:
        return replace(situation, temporary=away, on_the_way=movement.event == "A09")
    return replace(situation, location=_or(location, situation.location), temporary="", on_the_way=False)


def _or(told: str | None, known: str) -> str:
    """A field that was not sent leaves what is known, NULL deletes it (ITI TF-2 Appendix C.2.6)."""
    return known if told is None else told


# As JSON, for the store --------------------------------------------------------------------------------------------------------------


def as_json(stay: Stay) -> dict[str, Any]:
    """A stay as plain data."""
    movements = [
        {
            f.name: value.isoformat() if isinstance(value, datetime) else value
            for f in fields(m)
            if (value := getattr(m, f.name)) is not None
        }
        for m in stay.movements
    ]
    return {"id": stay.id, "patient": stay.patient, "numbers": stay.numbers, "movements": movements}


def from_json(data: dict[str, Any]) -> Stay:
    """The way back."""
    return Stay(data["id"], data["patient"], tuple((a, b, c) for a, b, c in data["numbers"]), tuple(map(_movement, data["movements"])))


def _movement(data: dict[str, Any]) -> Movement:
    first = {"first": datetime.fromisoformat(data["first"])} if "first" in data else {}
    return Movement(**data | {"at": datetime.fromisoformat(data["at"]), "ids": tuple(data["ids"])} | first)
