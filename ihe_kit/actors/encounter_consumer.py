"""Patient Encounter Consumer of PAM (ITI-31): keeps who is where, and who was.

What it keeps, it keeps as FHIR resources too, so that a patient who came in by HL7 v2 is found over FHIR.
"""

from __future__ import annotations

from dataclasses import replace

from ihe_kit.actors.decisions import decide
from ihe_kit.actors.patient_administration import PatientAdministration
from ihe_kit.actors.pid import identifiers
from ihe_kit.actors.stays import transitions
from ihe_kit.actors.told import told
from ihe_kit.v2 import V2Message


class EncounterConsumer(PatientAdministration):
    """Takes every event of ITI-31. AR for a message that it does not support, AE for one that breaks a rule or does not add up with what is
    known, AA when it was taken, or discarded without an error.
    """

    plays = ("Patient Encounter Consumer",)
    transaction = "ITI-31"

    def act(self, request: V2Message, event: str) -> None:
        if event in transitions():
            self._movement(request)
        elif event == "A40":
            self.merge(request)
        elif event == "A44":
            self._move_accounts(request)

    def _movement(self, request: V2Message) -> None:
        """A movement, an update of one, or a correction of the person in an open stay (A08)."""
        news = told(request, self.clock())
        old = tuple(("AN", *number) for number in identifiers(request, "MRG[1]-3"))  # A06 and A07: the account that closes
        person = self.one(request, "PID[1]-3")
        id = person.id if person else self.store.unused("Patient", self.ids)
        stays = self.encounters.of(id) if person else []
        decision = decide(stays, replace(news, numbers=news.numbers + old), lambda: self.encounters.begin(id))
        if decision.rule:
            raise self.refused(request, decision.rule, decision.path, decision.says)
        if not (stay := decision.stay):
            return self.discard(request, decision.says)
        self.tell(request, person, id)
        return self.encounters.save(replace(stay, numbers=tuple(number for number in stay.numbers if number not in old)))

    def _move_accounts(self, request: V2Message) -> None:
        """A44: accounts go from one patient to another (section 3.31.7.25.4). What is not known is left alone."""
        for number in range(1, len(request.find("MRG")) + 1):
            accounts = set(identifiers(request, f"MRG[{number}]-3"))
            source, target = self.one(request, f"MRG[{number}]-1"), self.one(request, f"PID[{number}]-3")
            stays = [s for s in self.encounters.of(source.id) if accounts & {n[1:] for n in s.numbers}] if source else []
            if not stays:
                self.discard(request, "The account or the patient who had it is unknown here: there is nothing to move.")
                continue
            kept = target or self.tell(request, None, pid=f"PID[{number}]")
            for stay in stays:
                self.move(stay, kept.id)
