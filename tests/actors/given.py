"""A hospital without sockets: the two consumers of PAM on one store, and messages told to them in one line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ihe_kit import build, person
from ihe_kit.actors.demographics_consumer import DemographicsConsumer
from ihe_kit.actors.encounter_consumer import EncounterConsumer
from ihe_kit.actors.patient_administration import PatientAdministration
from ihe_kit.actors.stays import Situation, Stay
from ihe_kit.region import STORY_BEGINS, story_ids
from ihe_kit.store import Store
from ihe_kit.v2 import V2, V2Message

IDENTITY = ("A28", "A31", "A40", "A47", "A24", "A37")  # told by ITI-30; A40 of ITI-31 is asked for by name
NORDVIK = "NORDVIK&2.999.10.1&ISO"


def cx(number: str, authority: str = NORDVIK, kind: str = "PI") -> str:
    return f"{number}^^^{authority}^{kind}"


class Ward:
    """`tell` sends a message and gives MSA-1 of the answer; `at` is the clock of the story, in minutes after 08:00."""

    def __init__(self, options: tuple[str, ...] | None = None) -> None:
        self.store, self.minutes, self.ids = Store(), 0, story_ids()
        kinds: tuple[type[PatientAdministration], ...] = (EncounterConsumer, DemographicsConsumer)
        self.actors = {}
        for kind in kinds:
            actor = type("Restricted", (kind,), {"options": options})(self.store, self.clock, self.ids)
            self.actors[kind.transaction] = actor
        self.answer: V2Message | None = None
        self.sent: V2Message | None = None

    def clock(self) -> datetime:
        return STORY_BEGINS + timedelta(minutes=self.minutes)

    def message(self, event: str, who: str = "ingrid", number: str = "", **fields: str) -> V2Message:
        """A message of an event. Fields are concepts (`family`), or paths with _ for - (`PV1_3`, `MRG_1`); `at` sets EVN-6."""
        number = number or ("ITI-30" if event in IDENTITY else "ITI-31")
        facts = dict(person(who))
        if number == "ITI-30":
            facts.pop("visit", None)
        at = fields.pop("at", None)
        zbe = fields.pop("zbe", "")
        values = {name.replace("_", "-") if name[0].isupper() else name: value for name, value in fields.items()}
        values |= self.movement(zbe) if zbe else {}
        if at is not None:
            values["EVN-6"] = self.time(float(at))
        made = build(number, facts | values, self.clock, self.ids, event=event)
        assert isinstance(made, V2Message)
        return made

    def movement(self, zbe: str) -> dict[str, str]:
        """ZBE in one word: `M1,INSERT`, or `M1,CANCEL,A01,3`, where A01 inserted it in minute 3."""
        id, action, original, start = [*zbe.split(","), "", ""][:4]
        owner = {"ZBE-1.2": "NORDVIK", "ZBE-1.3": "2.999.10.1", "ZBE-1.4": "ISO"}
        return owner | {
            "ZBE-1.1": id, "ZBE-2": self.time(float(start or self.minutes)), "ZBE-4": action, "ZBE-5": "N", "ZBE-6": original,
        }  # fmt: skip

    @staticmethod
    def time(minutes: float) -> str:
        return (STORY_BEGINS + timedelta(minutes=minutes)).strftime("%Y%m%d%H%M%S%z")

    def tell(self, event: str, who: str = "ingrid", number: str = "", **fields: str) -> str:
        """Tells the hospital of an event, a minute after the last one, and gives the code of the answer."""
        self.minutes += 1
        return self.send(self.message(event, who, number, **fields), number or ("ITI-30" if event in IDENTITY else "ITI-31"))

    def send(self, message: V2Message, number: str = "ITI-31") -> str:
        self.sent = message
        reply = V2.from_wire(self.actors[number].receive(V2.to_wire(message)))
        assert isinstance(reply, V2Message)
        self.answer = reply
        assert "the receiver failed" not in reply.text, reply.text
        return reply.get("MSA-1")[0]

    @property
    def says(self) -> str:
        """What the last answer says in its ERR segments."""
        return " ".join((*self.answer.get("ERR-7"), *self.answer.get("ERR-8"))) if self.answer else ""

    # What the hospital believes

    def stays(self, who: str = "ingrid") -> list[Stay]:
        found = self.actors["ITI-31"].people.find(self.number(who))
        return self.actors["ITI-31"].encounters.of(found.id) if found else []

    def now(self, who: str = "ingrid") -> Situation:
        """The situation in the latest stay of a person."""
        stays = self.stays(who)
        return stays[-1].situation() if stays else Situation()

    def states(self, who: str = "ingrid") -> list[str]:
        return [stay.situation().state for stay in self.stays(who)]

    @staticmethod
    def number(who: str) -> tuple[str, str]:
        facts = person(who)
        return f"urn:oid:{facts['oid']}", facts["identifier"]

    def kept(self) -> Any:
        """Everything that is kept, but for the messages and their answers."""
        columns, rows = self.store.table("document")
        kind = columns.index("kind")
        return sorted(row for row in rows if not row[kind].startswith("v2 "))
