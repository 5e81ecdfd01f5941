"""What the store keeps, as tables for people: who is known, which stays there are, every movement, and who lies where.

Each function gives rows, dictionaries of texts with the same keys, which `Sandbox.tables` turns into data frames and the bed board draws.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from ihe_kit.actors.encounters import STAY, read_stays, words
from ihe_kit.actors.patient_administration import DISCARDED
from ihe_kit.actors.people import replaced_by, same_authority
from ihe_kit.actors.pid import temporary
from ihe_kit.actors.stays import OPEN, PLANS, Movement, Situation, Stay, transitions
from ihe_kit.files import rows
from ihe_kit.store import Document, Store

Table = list[dict[str, str]]


@lru_cache(maxsize=64)
def authority(system: str) -> str:
    """An authority for a reader: the namespace of the region's own, what stands there of others."""
    known = next((name for name in same_authority(system) if name.startswith("urn:x-namespace:")), system)
    return known.removeprefix("urn:x-namespace:").removeprefix("urn:oid:")


def patients(store: Store) -> Table:
    """Everybody who is known, with every number and the one who gave it out."""
    everybody = {one.id: json.loads(one.text) for one in sorted(store.select("Patient"), key=lambda one: one.id)}
    return [_patient(id, data, everybody) for id, data in everybody.items()]


def _patient(id: str, data: dict[str, Any], everybody: dict[str, dict[str, Any]]) -> dict[str, str]:
    linked: dict[str, list[str]] = {}
    for link in data.get("link", ()):
        linked.setdefault(link["type"], []).append(_name(everybody.get(link["other"].get("reference", "").partition("/")[2], {})))
    return {
        "patient": id,
        "name": _name(data),
        "numbers": _numbers(data),
        "born": data.get("birthDate", ""),
        "sex": data.get("gender", ""),
        "identity": "temporary" if temporary(data) else "merged" if "replaced-by" in linked else "known",
        "died": data.get("deceasedDateTime", "yes" if data.get("deceasedBoolean") else ""),
        "merged into": ", ".join(linked.get("replaced-by", ())),
        "merged from": ", ".join(linked.get("replaces", ())),
        "linked with": ", ".join(linked.get("seealso", ())),
    }


def _name(data: dict[str, Any]) -> str:
    """The name that is used: the first one that is not a former one."""
    names = data.get("name") or [{}]
    used = next((name for name in names if name.get("use") not in ("maiden", "old")), names[0])
    return ", ".join(filter(None, (used.get("family", ""), " ".join(used.get("given", ())))))


def _numbers(data: dict[str, Any]) -> str:
    marks = {"temp": " (temporary)", "old": " (retired)"}
    return ", ".join(
        f"{authority(one.get('system', ''))} {one.get('value', '')}{marks.get(one.get('use', ''), '')}"
        for one in data.get("identifier", ())
    )


def encounters(store: Store) -> Table:
    """Every stay and what is the case in it now."""
    people = {row["patient"]: row for row in patients(store)}
    return [_encounter(stay, people.get(stay.patient, {})) for stay in stays(store)]


def stays(store: Store) -> list[Stay]:
    """Every stay, oldest first."""
    return read_stays(store.select(STAY))


def _encounter(stay: Stay, person: dict[str, str]) -> dict[str, str]:
    now = stay.situation()
    return {
        "stay": stay.id,
        "visit": ", ".join(number for kind, _, number in stay.numbers if kind == "VN"),
        "account": ", ".join(number for kind, _, number in stay.numbers if kind == "AN"),
        "patient": stay.patient,
        "name": person.get("name", ""),
        "class": now.patient_class,
        "state": now.state,
        "since": _time(now.since),
        **_place(now.location),
        "away": words(now.temporary),
        "doctor": now.doctor,
        "planned": "; ".join(map(_plan, now.plans)),
        "began": _time(now.begin),
        "ended": _time(now.end),
    }


def movements(store: Store) -> Table:
    """Every movement in the order in which it happened, also those that were taken back."""
    people = {row["patient"]: row["name"] for row in patients(store)}
    return [
        _movement(stay, movement, people.get(stay.patient, ""))
        for stay in stays(store)
        for movement in sorted(stay.movements, key=lambda m: m.at)
    ]


def _movement(stay: Stay, movement: Movement, name: str) -> dict[str, str]:
    return {
        "stay": stay.id,
        "name": name,
        "event": movement.event,
        "what": transitions()[movement.event].what,
        "happened": _time(movement.at),
        **_place(movement.location or ""),
        "temporary": words(movement.temporary or ""),
        "planned for": words(movement.pending or ""),
        "doctor": movement.doctor or "",
        "movement": ", ".join(movement.ids),
        "message": movement.message,
        "taken back by": movement.void,
    }


def _place(location: str) -> dict[str, str]:
    ward, room, bed = ([*location.split("^"), "", "", ""])[:3]
    return {"ward": ward, "room": room, "bed": bed}


def _plan(plan: Movement) -> str:
    place = words(plan.pending or (plan.location or "" if plan.event == "A14" else ""))
    return " ".join(filter(None, (PLANS[plan.event], f"to {place}" if place else "", _time(plan.expected or ""))))


def _time(moment: datetime | str | None) -> str:
    """A time for a reader: `2025-03-03 08:01`."""
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) and moment else moment
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


def discarded(store: Store) -> Table:
    """Every message that was discarded without an error, and why: its sender was answered AA and does not know."""
    return [{"at": _time(one.at), **json.loads(one.text)} for one in store.select(DISCARDED)]


# Who lies where ------------------------------------------------------------------------------------------------------------------------


def beds(store: Store) -> Table:
    """Every bed of the hospital, and every one that a message named: who lies there, or has it while away, and who is expected.

    A bed that two patients were told to be in has two rows: the board shows what was told, and that somebody has to look. Who is in the house
    with no place told stands last, with none.
    """
    known = {(row["ward"], row["room"], row["bed"]): row["name"] for row in rows("wards.tsv")}
    wards = {ward: name for (ward, _, _), name in known.items()}
    people = {row["patient"]: row for row in patients(store)}
    lying: dict[tuple[str, ...], Table] = {bed: [] for bed in known}
    for stay in stays(store):
        for location, row in _lies(stay, people.get(stay.patient, {})):
            lying.setdefault(tuple(_place(location).values()), []).append(row)
    order = {ward: number for number, ward in enumerate(wards)}
    free = dict.fromkeys(_LIES, "")
    return [
        {"ward": bed[0], "ward name": wards.get(bed[0], ""), "room": bed[1], "bed": bed[2], **row}
        for bed, found in sorted(lying.items(), key=lambda item: (order.get(item[0][0], len(order) + (not item[0][0])), item[0]))
        for row in found or [free]
    ]


_LIES = ("patient", "name", "number", "identity", "stay", "state", "since", "away", "planned", "doctor", "expected")


def _lies(stay: Stay, person: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """(location, row) of the bed that a stay has, and of those that are kept for it."""
    now = stay.situation()
    number = next(iter(person.get("numbers", "").split(", ")), "").removesuffix(" (temporary)")
    own = {
        "patient": stay.patient,
        "name": person.get("name", ""),
        "number": number,
        "identity": person.get("identity", ""),
        "stay": stay.id,
    }
    if now.state in OPEN:
        away = f"{'on the way to' if now.on_the_way else 'in'} {words(now.temporary)}" if now.temporary else ""
        back = f"back {_time(now.expected)}" if now.state == "on leave" and now.expected else ""
        yield now.location, own | {
            "state": now.state, "since": _time(now.moved or now.since), "away": away or back, "planned": "; ".join(map(_plan, now.plans)), "doctor": now.doctor, "expected": "",
        }  # fmt: skip
    for plan, place in _expected(now):
        yield place, own | dict.fromkeys(_LIES[5:], "") | {"state": "expected", "expected": _time(plan.expected or "")}


def _expected(now: Situation) -> Iterable[tuple[Movement, str]]:
    for plan in now.plans:
        if plan.event == "A15" and plan.pending:
            yield plan, plan.pending
        elif plan.event == "A14" and plan.location and now.state not in OPEN:
            yield plan, plan.location


def situation_at(store: Store, number: str, at: datetime | None = None, system: str = "") -> Situation:
    """What was the case with a patient at a time, by everything that is known today, however late it was told; now without a time.

    `number` is one of the patient's, `system` the namespace or the object identifier of the authority that gave it out, "" for any.
    Raises ValueError where nobody, or more than one, has the number.
    """
    found = [one for one in store.select("Patient") if _has(one, number, system)]
    if len(found) != 1:
        who = f"{len(found)} patients have" if found else "nobody has"
        raise ValueError(f"{who} the number {number}" + (": say whose number it is, such as NORDVIK" if found else ""))
    known = [stay for stay in stays(store) if stay.patient == _survivor(store, found[0])]
    situations = [stay.situation(at) for stay in known]
    ranks = ["inpatient", "on leave", "outpatient", "discharged", "pre-admitted", "pending admit", "none"]
    return min(situations, key=lambda situation: ranks.index(situation.state), default=Situation())


def _survivor(store: Store, person: Document) -> str:
    """The id under which the stays of a person are kept, however often he was merged."""
    other = store.get("Patient", replaced_by(person)) if replaced_by(person) else None
    return _survivor(store, other) if other else person.id


def _has(person: Document, number: str, system: str) -> bool:
    given = json.loads(person.text).get("identifier", ())
    return any(one.get("value") == number and system in ("", authority(one.get("system", "")), one.get("system", "")) for one in given)


def location_at(store: Store, number: str, at: datetime | None = None, system: str = "") -> str:
    """Where a patient was at a time, for a reader: `MED1, room 101, bed A`; "" for somebody who was not in the house."""
    then = situation_at(store, number, at, system)
    return words(then.temporary or then.location) if then.state in ("outpatient", "inpatient") else ""


_NOBODY, _NEVER = Stay("", ""), Movement("A01", datetime.min)
# name -> (what gives its rows, a row as it would be of nobody: an empty table has its columns too)
TABLES: dict[str, tuple[Callable[[Store], Table], dict[str, str]]] = {
    "patients": (patients, _patient("", {}, {})),
    "encounters": (encounters, _encounter(_NOBODY, {})),
    "movements": (movements, _movement(_NOBODY, _NEVER, "")),
    "beds": (beds, {}),
    "discarded": (discarded, dict.fromkeys(("at", "message", "event", "why"), "")),
}
