"""Stays in the store: the log of movements that is the truth (kind `stay`), and beside it the FHIR Encounter that it adds up to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from ihe_kit.actors.pid import TYPES
from ihe_kit.actors.resources import instant, save_data
from ihe_kit.actors.stays import OPEN, Situation, Stay, as_json, from_json
from ihe_kit.store import Document, Store

STAY = "stay"
STATUS = {
    "none": "cancelled", "pending admit": "planned", "pre-admitted": "planned", "outpatient": "in-progress", "inpatient": "in-progress",
    "on leave": "onleave", "discharged": "finished",
}  # fmt: skip
# HL7 table 0004 in the words of FHIR's v3 ActCode; recurring and obstetrics patients are told apart by no code there.
_CLASSES = {"I": "IMP", "E": "EMER", "O": "AMB", "P": "PRENC", "R": "AMB", "B": "IMP"}
_ACT, _PARTICIPATION = ("http://terminology.hl7.org/CodeSystem/v3-" + name for name in ("ActCode", "ParticipationType"))


class Encounters:
    """The stays of one store."""

    def __init__(self, store: Store, clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
        self.store, self.clock, self.ids = store, clock, ids

    def begin(self, patient: str) -> Stay:
        """A stay of a patient in which nothing has happened yet."""
        return Stay(self.store.unused(STAY, self.ids), patient)

    def of(self, patient: str) -> list[Stay]:
        """Every stay of a patient, oldest first."""
        return read_stays(self.store.find(STAY, "patient", patient))

    def all(self) -> list[Stay]:
        """Every stay, oldest first."""
        return read_stays(self.store.select(STAY))

    def save(self, stay: Stay) -> None:
        """Keeps the log, and the Encounter that it adds up to. What is as it was before gets no new version."""
        text = json.dumps(as_json(stay), ensure_ascii=False)
        before = self.store.get(STAY, stay.id)
        if before and before.text == text:
            return
        self.store.put(STAY, stay.id, text, instant(self.clock()), [("patient", "", stay.patient, stay.patient)])
        save_data(self.store, encounter(stay), self.clock, id=stay.id)


def read_stays(found: Iterable[Document]) -> list[Stay]:
    """Stays by what was told of them first."""
    return sorted((from_json(json.loads(one.text)) for one in found), key=lambda stay: (stay.movements[0].at, stay.id))


def encounter(stay: Stay) -> dict[str, Any]:
    """A stay as a FHIR Encounter."""
    now, history = stay.situation(), list(stay.history())
    resource: dict[str, Any] = {
        "resourceType": "Encounter",
        "identifier": [
            {"type": {"coding": [{"system": TYPES, "code": kind}]}, "system": system, "value": number}
            for kind, system, number in stay.numbers
        ],
        "status": STATUS[now.state],
        "statusHistory": [{"status": STATUS[state], "period": period} for state, period in _spans(history, lambda s: s.state)],
        "class": {"system": _ACT, "code": _class(now)},
        "subject": {"reference": f"Patient/{stay.patient}"},
        "participant": [
            {"type": [{"coding": [{"system": _PARTICIPATION, "code": "ATND"}]}], "individual": {"display": doctor}, "period": period}
            for doctor, period in _spans(history, lambda s: s.doctor)
        ],
        "period": {name: moment for name, moment in (("start", now.begin), ("end", now.end)) if moment},
        "location": [*_locations(history, now)],
    }
    for one in resource["identifier"]:
        if not one["system"]:
            del one["system"]
    return {name: value for name, value in resource.items() if value}


def _class(now: Situation) -> str:
    return _CLASSES.get(now.patient_class) or (
        "IMP" if now.base == "inpatient" else "PRENC" if now.state not in (*OPEN, "discharged") else "AMB"
    )


def _locations(history: list[Any], now: Situation) -> Iterator[dict[str, Any]]:
    spans = [_spans(history, lambda s: s.location if s.state != "discharged" else ""), _spans(history, lambda s: s.temporary)]
    for part in spans:
        for place, period in part:
            yield {"location": {"display": words(place)}, "status": "completed" if "end" in period else "active", "period": period}
    for plan in now.plans:
        if plan.pending or (plan.event == "A14" and plan.location):
            yield {"location": {"display": words(plan.pending or plan.location or "")}, "status": "planned"}


def _spans(history: list[Any], part: Callable[[Situation], str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The values that a part of the situation had one after the other, with their periods; "" and what had nothing are left out."""
    changes: list[tuple[str, datetime]] = []
    for movement, situation in history:
        if not changes or changes[-1][0] != part(situation):
            changes.append((part(situation), movement.at))
    for number, (value, start) in enumerate(changes):
        end = {"end": changes[number + 1][1].isoformat()} if number + 1 < len(changes) else {}
        if value:
            yield value, {"start": start.isoformat()} | end


def words(location: str) -> str:
    """A location for a reader: `MED1, room 101, bed A`."""
    ward, room, bed = ([*location.split("^"), "", "", ""])[:3]
    return ", ".join(filter(None, (ward, room and f"room {room}", bed and f"bed {bed}")))
