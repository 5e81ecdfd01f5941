"""Patient Encounter Consumer of PAM: takes ADT^A01 (ITI-31) and keeps who is admitted.

What it keeps, it keeps as FHIR resources, so that a patient who came in by HL7 v2 is found over FHIR.
"""

from __future__ import annotations

from collections.abc import Iterable

from ihe_kit import crosswalk
from ihe_kit.actors import Actor, Refused
from ihe_kit.actors.resources import save
from ihe_kit.core import Message
from ihe_kit.exchanges import judge
from ihe_kit.fhir import build
from ihe_kit.profiles import transaction
from ihe_kit.rules import Finding, finding_at, has_errors
from ihe_kit.store import Document
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
        facts = crosswalk.facts(request)
        self._reject_admitted(request, facts)
        self._admit(facts)
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

    def _reject_admitted(self, request: V2Message, facts: dict[str, str]) -> None:
        """An admission while one is open is discarded, and an error is raised (ITI TF-2 section 3.31.7.1.4)."""
        subject = f"{_domain(facts)}|{facts.get('identifier', '')}"
        if self.store.find("Encounter", "open-for", subject):
            element = request.find("PID-3.1")[0]
            says = f"Patient {facts.get('identifier', '')} is already admitted. The message was discarded: sender and receiver see the ward differently."
            finding: Finding = finding_at(element, "PAM-ALREADY-ADMITTED", says, "ITI TF-2 section 3.31.7.1.4")
            raise Refused([finding])

    def _admit(self, facts: dict[str, str]) -> None:
        system, number = _domain(facts), facts.get("identifier", "")
        known = self._known(system, number)
        patient = build("Patient", {"Patient.active": "true", **crosswalk.values(facts, "fhir", "Patient")}, self.clock, self.ids)
        saved = save(self.store, patient, self.clock, id=known.id if known else self.ids())
        stay = {
            "Encounter.status": "in-progress",
            "Encounter.subject.reference": f"Patient/{saved.id}",
            **crosswalk.values(facts, "fhir", "Encounter"),
        }
        stay.setdefault("Encounter.class.code", "IMP")
        stay["Encounter.class.system"] = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
        stay.pop("Encounter.period.start", None)
        encounter = build("Encounter", stay, self.clock, self.ids)
        save(self.store, encounter, self.clock, id=self.ids(), more=[("open-for", "", f"{system}|{number}", "")])

    def _known(self, system: str, number: str) -> Document | None:
        found: Iterable[Document] = self.store.find("Patient", "identifier", number, system)
        return next(iter(found), None)


def _domain(facts: dict[str, str]) -> str:
    """The system of the patient's number as FHIR writes it: the object identifier, else the namespace."""
    return f"urn:oid:{facts['oid']}" if facts.get("oid") else facts.get("namespace", "")
