"""Patient Encounter Consumer of PAM: takes ADT^A01 (ITI-31) and keeps who is admitted.

What it keeps, it keeps as FHIR resources, so that a patient who came in by HL7 v2 is found over FHIR.
"""

from __future__ import annotations

from ihe_kit import crosswalk
from ihe_kit.actors import Actor, Refused
from ihe_kit.actors.resources import save
from ihe_kit.core import Message
from ihe_kit.exchanges import judge
from ihe_kit.fhir import build
from ihe_kit.profiles import transaction
from ihe_kit.rules import finding_at, has_errors
from ihe_kit.v2 import V2, V2Message, acknowledge

EVENTS = {"A01": "admit"}


class EncounterConsumer(Actor):
    """Admits patients. AR for a message that it does not support, AE for one that breaks a rule, AA when the patient is admitted."""

    standard = V2
    plays = ("Patient Encounter Consumer",)

    def answer(self, request: Message) -> Message:
        assert isinstance(request, V2Message)
        self._reject_foreign(request)
        findings = judge(request, transaction("ITI-31"))
        if has_errors(findings):
            raise Refused(findings)
        self._reject_admitted(request)
        self._admit(request)
        return acknowledge(request, "AA", self.clock, self.ids)

    def _reject_foreign(self, request: V2Message) -> None:
        """A message type or a trigger event that is not supported is an application reject (ITI TF-2 Appendix C.2.3)."""
        for path, known, rule, what in (
            ("MSH-9.1", ("ADT",), "UNSUPPORTED-TYPE", "message type"),
            ("MSH-9.2", tuple(EVENTS), "UNSUPPORTED-EVENT", "event"),
        ):
            for element in request.find(path):
                if element.value not in known:
                    says = f"The {what} {element.value or '(empty)'} is not supported here. This receiver takes {', '.join(known)}."
                    raise Refused([finding_at(element, f"IHE-{rule}", says, "ITI TF-2 Appendix C.2.3")])

    def _reject_admitted(self, request: V2Message) -> None:
        """An admission while one is open is discarded, and an error is raised (ITI TF-2 section 3.31.7.1.4)."""
        for element, (system, number) in zip(request.find("PID-3.1"), crosswalk.identifiers(request), strict=False):
            if self.store.find("Encounter", "open-for", number, system):
                says = f"Patient {number} is already admitted. The message was discarded: sender and receiver see the ward differently."
                raise Refused([finding_at(element, "PAM-ALREADY-ADMITTED", says, "ITI TF-2 section 3.31.7.1.4")])

    def _admit(self, request: V2Message) -> None:
        facts, identifiers = crosswalk.facts(request), crosswalk.identifiers(request)
        known = next((found for system, number in identifiers for found in self.store.find("Patient", "identifier", number, system)), None)
        values = {"Patient.active": "true", **crosswalk.values(facts, "fhir", "Patient")}
        for place, (system, number) in enumerate(identifiers):
            values |= {f"Patient.identifier[{place}].system": system, f"Patient.identifier[{place}].value": number}
        for path in ("Patient.identifier.system", "Patient.identifier.value"):  # of the first one only: the list above has them all
            values.pop(path, None)
        saved = save(self.store, build("Patient", values, self.clock, self.ids), self.clock, id=known.id if known else self.ids())
        stay = {
            "Encounter.status": "in-progress",
            "Encounter.class.system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "Encounter.subject.reference": f"Patient/{saved.id}",
            **crosswalk.values(facts, "fhir", "Encounter"),
        }
        entries = [("open-for", system, number, number) for system, number in identifiers]
        save(self.store, build("Encounter", stay, self.clock, self.ids), self.clock, id=self.ids(), more=entries)
