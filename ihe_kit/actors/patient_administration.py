"""What the two consumers of PAM share: which events they take, whom a message means, what is refused, and the merge, which both transactions know."""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import replace
from typing import Any

from ihe_kit.actors import Refused
from ihe_kit.actors.encounters import Encounters
from ihe_kit.actors.people import People, retired
from ihe_kit.actors.pid import identifiers, numbered, patient
from ihe_kit.actors.resources import instant
from ihe_kit.actors.stays import Stay
from ihe_kit.actors.told import recorded
from ihe_kit.actors.v2_receiver import V2Receiver, key
from ihe_kit.core import cited
from ihe_kit.exchanges import judge
from ihe_kit.files import rows
from ihe_kit.profiles import transaction as by_number
from ihe_kit.rules import finding_at, has_errors
from ihe_kit.store import Document
from ihe_kit.v2 import V2Message

DISCARDED = "v2 discarded"  # the kind under which the store keeps why a message was discarded without an error
# What the Technical Framework leaves open, and this kit decides.
_DECIDED = {
    "PAM-STATE-A40-SELF": "ITI TF-2 section 3.30.6.4.3, where refusing is this kit's decision",
    "PAM-STATE-TWO-PATIENTS": "ITI TF-2 section 3.30.5.3, where refusing is this kit's decision",
}


class PatientAdministration(V2Receiver):
    """A consumer of ITI-30 or ITI-31. `options` are those of the profile that it supports, None for every one: what belongs to another
    option, it rejects (ITI TF-2 Appendix C.2.3).
    """

    transaction: str
    options: tuple[str, ...] | None = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.people, self.encounters = People(self.store, self.clock, self.ids), Encounters(self.store, self.clock, self.ids)
        self.events = {
            f"ADT^{row['trigger']}": row["name"]
            for row in rows("ihe/pam-events.tsv")
            if row["transaction"] == self.transaction and (self.options is None or row["option"] in ("", *self.options))
        }

    def take(self, request: V2Message) -> None:
        findings = judge(request, by_number(self.transaction))
        if has_errors(findings):
            raise Refused(findings)
        self.act(request, self._event(request))

    @abstractmethod
    def act(self, request: V2Message, event: str) -> None:
        """Does what a message that keeps the rules says. Raises Refused."""

    # Whom a message means

    def one(self, request: V2Message, path: str) -> Document | None:
        """The person whom a list of numbers names, None where nobody is known. Raises Refused where they name two, or one who was merged."""
        numbers = identifiers(request, path)
        known = self.people.known(numbers)
        for person in known:
            if gone := retired(person, numbers):
                raise self._gone(request, path, gone, person)
        if len(known) > 1:
            says = f"{' and '.join(number for _, number in numbers)} are the numbers of {len(known)} different patients here. Only a merge (A40) makes one of them."
            raise self.refused(request, "PAM-STATE-TWO-PATIENTS", f"{path}.1", says)
        return next(iter(known), None)

    def _gone(self, request: V2Message, path: str, number: str, person: Document) -> Refused:
        survivor = self.people.survivor(person)
        now = next((one["value"] for one in json.loads(survivor.text).get("identifier", ()) if one.get("use") != "old"), "another number")
        says = f"{number} was merged into {now}, so it is not in use any more. Send the message again under {now}."
        return self.refused(request, "PAM-STATE-A40-GONE", f"{path}.1", says)

    def refused(self, request: V2Message, rule: str, path: str, says: str) -> Refused:
        """The refusal that a rule of kind `state` makes at a place of the message."""
        row = next((row for row in rows("ihe/pam-rules.tsv") if row["rule"] == rule), None)
        spec = cited(row["spec"], row["checked"] == "yes") if row else _DECIDED[rule]
        return Refused([finding_at(request.find(path)[0], rule, says, spec)])

    def discard(self, request: V2Message, says: str) -> None:
        """Notes why a message was discarded without an error. The answer is a plain AA: the sender is not told, but whoever looks into the
        table of what was discarded is.
        """
        note = {"message": next(iter(request.get("MSH[1]-10")), ""), "event": self._event(request), "why": says}
        self.store.put(DISCARDED, key(request), json.dumps(note, ensure_ascii=False), instant(self.clock()))

    @staticmethod
    def _event(request: V2Message) -> str:
        return request.get("MSH[1]-9.2")[0]

    # What both transactions do

    def tell(self, request: V2Message, person: Document | None, id: str = "", pid: str = "PID[1]") -> Document:
        """Keeps what a message says of a person, unless a later message was here before: then it only tells what was the case once."""
        at, id = recorded(request, self.clock()), person.id if person else id or self.store.unused("Patient", self.ids)
        if person and not self.people.newest(id, at):
            return person
        return self.people.save(patient(request, json.loads(person.text) if person else {}, pid), id, at)

    def merge(self, request: V2Message) -> None:
        """A40: two patients turn out to be one (sections 3.30.6.4.4 and 3.31.7.31.4)."""
        wrong, right = identifiers(request, "MRG[1]-1"), identifiers(request, "PID[1]-3")
        if set(wrong) & set(right):
            raise self.refused(
                request, "PAM-STATE-A40-SELF", "MRG[1]-1.1", "A number cannot be merged into itself. MRG-1 names the one that goes."
            )
        target = self.one(request, "PID[1]-3")
        known = self.people.known(wrong)
        if target and all(self.people.survivor(one).id == target.id and retired(one, wrong) for one in known):
            return self.discard(
                request, f"{wrong[0][1]} is unknown here, or was merged into {right[0][1]} before: there is nothing to merge."
            )
        source = self.one(request, "MRG[1]-1")
        if source is None:
            return self.discard(request, f"{wrong[0][1]} is unknown here: there is nothing to merge.")
        if target is None:
            return self.people.rename(source, wrong, numbered(request, "PID[1]"))
        self.people.merge(source, target, wrong)
        for stay in self.encounters.of(source.id) if source.id != target.id else ():
            self.move(stay, target.id)
        return None

    def move(self, stay: Stay, patient: str) -> None:
        """A stay belongs to another patient from now on."""
        self.encounters.save(replace(stay, patient=patient))
