"""Nordvik's administration: the Patient Encounter Supplier and the Patient Demographics Supplier of PAM, in one line per event.

    nordvik = Hospital(box)
    nordvik.admit("ingrid", "MED1^101^A")
    nordvik.transfer("ingrid", "SUR2^204^B")
    nordvik.cancel("ingrid")

It remembers what a sender has to remember: the number of the stay, where the patient was before, who attended before, and when what it takes
back had happened. What a receiver refused has not happened. Every verb gives the Exchange; whatever a message should say besides goes in
as concepts (`city=...`) or as paths of HL7 v2 with _ for - (`PV1_10="CAR"`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ihe_kit import build, exchange, person
from ihe_kit.actors.stays import PLANS, transitions
from ihe_kit.exchanges import Exchange
from ihe_kit.files import rows
from ihe_kit.region import Sandbox

_BEGIN = ("A01", "A04", "A05", "A14")


@dataclass(frozen=True)
class Sent:
    """An event that was told and not taken back: when it happened, its movement, and what was the case before."""

    event: str
    at: str
    movement: str
    location: str
    temporary: str
    doctor: str
    fields: Mapping[str, str]


@dataclass
class Known:
    """What the sender knows of one person: the facts, the stay that is going on, and what was told of it."""

    facts: dict[str, str]
    visit: str = ""
    visits: int = 0
    location: str = ""
    temporary: str = ""
    doctor: str = ""
    sent: list[Sent] = field(default_factory=list)


class Hospital:
    """A sender of ITI-30 and ITI-31. With `historic` each movement has an identifier (ZBE, Historic Movement Management Option)."""

    plays = ("Patient Encounter Supplier", "Patient Demographics Supplier")

    def __init__(self, box: Sandbox, historic: bool = False) -> None:
        self.box, self.historic = box, historic
        self.people: dict[str, Known] = {}

    def know(self, who: str, **facts: str) -> None:
        """Gives the hospital a person who is not one of the course: `know("zulu", identifier="T-001", namespace="NORDVIK", family="Zulu")`."""
        oid = next((row["oid"] for row in rows("domains.tsv") if row["namespace"] == facts.get("namespace", "NORDVIK")), "")
        self.people[who] = Known({"namespace": "NORDVIK", "oid": oid} | facts)

    # A stay begins, moves and ends

    def admit(self, who: str, location: str = "", **more: str) -> Exchange:
        """A01: an inpatient, who gets a bed. `location` is written as HL7 v2 writes a PL: `MED1^101^A`."""
        return self.tell("A01", who, PV1_3=location, **more)

    def register(self, who: str, location: str = "", **more: str) -> Exchange:
        """A04: an outpatient, or with `PV1_2="E"` an emergency."""
        return self.tell("A04", who, PV1_3=location, **more)

    def preadmit(self, who: str, location: str = "", **more: str) -> Exchange:
        """A05."""
        return self.tell("A05", who, PV1_3=location, **more)

    def transfer(self, who: str, location: str, **more: str) -> Exchange:
        """A02: another bed."""
        return self.tell("A02", who, PV1_3=location, **more)

    def make_inpatient(self, who: str, location: str = "", **more: str) -> Exchange:
        """A06."""
        return self.tell("A06", who, PV1_3=location, **{"PV1_2": "I"} | more)

    def make_outpatient(self, who: str, location: str = "", **more: str) -> Exchange:
        """A07."""
        return self.tell("A07", who, PV1_3=location, **{"PV1_2": "O"} | more)

    def leave(self, who: str, back: str = "", **more: str) -> Exchange:
        """A21: a leave of absence; `back` is when the return is expected, as HL7 v2 writes a time."""
        return self.tell("A21", who, PV2_47=back, **more)

    def come_back(self, who: str, **more: str) -> Exchange:
        """A22."""
        return self.tell("A22", who, **more)

    def depart(self, who: str, place: str, **more: str) -> Exchange:
        """A09: on the way to a temporary place, such as `XRAY^1`."""
        return self.tell("A09", who, PV1_11=place, **more)

    def arrive(self, who: str, place: str = "", **more: str) -> Exchange:
        """A10: at a temporary place, or without one back in the bed."""
        return self.tell("A10", who, PV1_11=place, **more)

    def change_doctor(self, who: str, doctor: str, **more: str) -> Exchange:
        """A54: another attending doctor, as HL7 v2 writes an XCN: `2001^Strand^Elin^^^Dr`."""
        return self.tell("A54", who, PV1_7=doctor, **more)

    def plan_admission(self, who: str, at: str, location: str = "", **more: str) -> Exchange:
        """A14."""
        return self.tell("A14", who, EVN_3=at, PV1_3=location, **more)

    def plan_transfer(self, who: str, at: str, location: str, **more: str) -> Exchange:
        """A15."""
        return self.tell("A15", who, EVN_3=at, PV1_42=location, **more)

    def plan_discharge(self, who: str, at: str, **more: str) -> Exchange:
        """A16."""
        return self.tell("A16", who, PV2_9=at, **more)

    def discharge(self, who: str, died: str = "", **more: str) -> Exchange:
        """A03; `died` is the time of death, as HL7 v2 writes a time."""
        return self.tell("A03", who, **({"PID_29": died, "PID_30": "Y"} if died else {}) | more)

    def correct(self, who: str, **more: str) -> Exchange:
        """A08: other data of a patient who is in the house."""
        return self.tell("A08", who, **more)

    def cancel(self, who: str, event: str = "", **more: str) -> Exchange:
        """Takes back the latest event, or the latest of a kind (`cancel("ingrid", "A02")`). Raises ValueError where there is none."""
        known = self._known(who)
        able = {name: row.event for row in transitions().values() for name in row.cancels}
        was = next((one for one in reversed(known.sent) if one.event in able and event in ("", one.event)), None)
        if was is None:
            raise ValueError(f"of {who} there is nothing to take back" + (f" by the name of {event}" if event else ""))
        return self._send(able[was.event], who, self._before(was, able[was.event]) | more, was)

    # Who people are

    def add(self, who: str, **more: str) -> Exchange:
        """A28."""
        return self.tell("A28", who, number="ITI-30", **more)

    def change(self, who: str, **more: str) -> Exchange:
        """A31."""
        return self.tell("A31", who, number="ITI-30", **more)

    def merge(self, wrong: str, right: str) -> Exchange:
        """A40: the number of one is that of the other from now on. Both are a person, or a number of Nordvik's."""
        done = self.tell("A40", right, number="ITI-30", MRG_1=self._cx(wrong))
        if done.ok and wrong in self.people and self.people[wrong].visit and not self._known(right).visit:
            self.people[right] = replace(self.people[wrong], facts=self._known(right).facts)
        return done

    def renumber(self, wrong: str, right: str) -> Exchange:
        """A47: a number was wrong; `right` is the person with the right one."""
        return self.tell("A47", right, number="ITI-30", MRG_1=self._cx(wrong))

    def link(self, one: str, other: str) -> Exchange:
        """A24."""
        return self.tell("A24", one, number="ITI-30", **self._second(other))

    def unlink(self, one: str, other: str) -> Exchange:
        """A37."""
        return self.tell("A37", one, number="ITI-30", **self._second(other))

    # What all of them do

    def tell(self, event: str, who: str, number: str = "ITI-31", **fields: str) -> Exchange:
        """Tells of any event: builds its message from what is known, sends it, and remembers it where the receiver took it."""
        return self._send(event, who, {name.replace("_", "-"): value for name, value in fields.items() if value}, None, number)

    def _known(self, who: str) -> Known:
        if who not in self.people:
            self.people[who] = Known(person(who))
        return self.people[who]

    def _send(self, event: str, who: str, fields: Mapping[str, str], back: Sent | None, number: str = "ITI-31") -> Exchange:
        known = self._known(who)
        visit = self._visit(known, event)
        values = known.facts | ({} if number == "ITI-30" else {"visit": visit, **self._place(known, event)})
        movement, zbe = self._zbe(event, back)
        values = {name: value for name, value in values.items() if value} | zbe | {n.replace("_", "-"): v for n, v in fields.items()}
        done = exchange(number, build(number, values, self.box.clock, self.box.ids, event=event), self.box)
        if done.ok and done.request:
            times = (next(iter(done.request.get(path)), "") for path in ("ZBE-2.1", "EVN-6.1", "EVN-2.1"))
            at = next(filter(None, times), "")
            happened = Sent(event, at, movement, known.location, known.temporary, known.doctor, dict(fields))
            self._remember(known, happened, visit, back)
            if number == "ITI-30" or event in ("A08", "A01", "A04"):
                known.facts |= {name: value for name, value in fields.items() if name in known.facts}
        return done

    @staticmethod
    def _visit(known: Known, event: str) -> str:
        """The number of the stay that an event belongs to. A stay that begins while one is going on, or after it, has a number of its own."""
        first = known.facts.get("visit") or f"V-{known.facts['identifier']}"
        if known.visit and (event not in _BEGIN or (known.sent and known.sent[-1].event in ("A05", "A14"))):
            return known.visit
        return first if not known.visits else f"{first}-{known.visits + 1}"

    @staticmethod
    def _place(known: Known, event: str) -> dict[str, str]:
        """Where the patient is: PV1-3 is sent whenever it is known, PV1-6 where somebody moves (ITI TF-2 section 3.30.5.4)."""
        moves = {"PV1-6": known.location} if event in ("A02", "A06", "A07", "A09") and known.location else {}
        moves |= {"PV1-43": known.temporary} if event == "A10" and known.temporary else {}
        return {"PV1-3": known.location} | moves

    def _zbe(self, event: str, back: Sent | None) -> tuple[str, dict[str, str]]:
        """(the identifier of the movement, the fields of ZBE), both empty without the option or for an event that has none."""
        if not self.historic or event in ("A08", "A09", "A10", "A32", "A33", "A44") or event not in transitions():
            return "", {}
        movement = back.movement if back else self.box.ids()
        zbe = {"ZBE-1.1": movement, "ZBE-1.2": "NORDVIK", "ZBE-5": "N", "ZBE-4": "CANCEL" if back else "INSERT"}
        moment = back.at if back else self.box.clock().strftime("%Y%m%d%H%M%S%z")
        same = {} if back or event in PLANS else {"EVN-6": moment}
        return movement, zbe | {"ZBE-2": moment, "ZBE-6": back.event if back else ""} | same

    @staticmethod
    def _before(was: Sent, cancel: str) -> dict[str, str]:
        """What a cancellation says of the time before what it takes back; it repeats when that happened (section 3.30.5.2)."""
        said = {"PV1-3": was.location} if cancel in ("A12", "A13", "A32", "A33") else {}
        said |= {"PV1-11": was.temporary} if cancel in ("A32", "A33") else {}
        said |= {"PV1-7": was.doctor} if cancel == "A55" else {}
        said |= {
            path: value
            for path in ("EVN-3", "PV1-42", "PV2-8", "PV2-9")
            if (value := was.fields.get(path, "")) and cancel in ("A25", "A26", "A27")
        }
        return said | ({} if was.event in PLANS else {"EVN-6": was.at})

    @staticmethod
    def _remember(known: Known, now: Sent, visit: str, back: Sent | None) -> None:
        """What the receiver took has happened."""
        if back:
            known.sent.remove(back)
            known.location, known.temporary, known.doctor = back.location, back.temporary, back.doctor
            known.visit = "" if back.event in _BEGIN and not known.sent else visit
            return
        if now.event not in transitions() or now.event == "A08":
            return
        known.visits += now.event in _BEGIN and visit != known.visit
        known.visit = visit
        known.sent.append(now)
        if now.event not in PLANS:
            known.location = now.fields.get("PV1-3") or known.location
            known.doctor = now.fields.get("PV1-7") or known.doctor
            known.temporary = now.fields.get("PV1-11", "") if now.event in ("A09", "A10", "A02") else known.temporary

    def _cx(self, who: str) -> str:
        try:
            facts = self._known(who).facts
        except ValueError:  # nobody of that name: a number
            facts = {"identifier": who, "namespace": "NORDVIK", "oid": "2.999.10.1"}
        return f"{facts['identifier']}^^^{facts['namespace']}&{facts['oid']}&ISO^PI"

    def _second(self, who: str) -> dict[str, str]:
        facts = self._known(who).facts
        return {"PID[2]-3": self._cx(who), "PID[2]-5": f"{facts['family']}^{facts.get('given', '')}^^^^^L"}
