"""Patient Encounter Consumer of PAM: takes ADT^A01 (ITI-31) and keeps who is admitted.

What it keeps, it keeps as FHIR resources, so that a patient who came in by HL7 v2 is found over FHIR.
"""

from __future__ import annotations

import json
from typing import Any

from ihe_kit import crosswalk
from ihe_kit.actors import Actor, Refused
from ihe_kit.actors.resources import save
from ihe_kit.core import Message
from ihe_kit.exchanges import judge
from ihe_kit.fhir import build, conform, parse
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
        patient = self._patient(facts, identifiers, json.loads(known.text) if known else {})
        saved = save(self.store, patient, self.clock, id=known.id if known else self.ids())
        stay = {
            "Encounter.status": "in-progress",
            "Encounter.class.system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "Encounter.class.code": "IMP",
            "Encounter.subject.reference": f"Patient/{saved.id}",
            **crosswalk.values(facts, "fhir", "Encounter"),
        }
        entries = [("open-for", system, number, number) for system, number in identifiers]
        save(self.store, build("Encounter", stay, self.clock, self.ids), self.clock, id=self.ids(), more=entries)

    def _patient(self, facts: dict[str, str], identifiers: list[tuple[str, str]], known: dict[str, Any]) -> Message:
        """The patient as FHIR: what the message says wins, what only another wire told is kept. Raises Refused where that is no sound resource."""
        values = {path: value for path, value in crosswalk.values(facts, "fhir", "Patient").items() if ".identifier." not in path}
        told = build("Patient", {"Patient.active": "true", **values}, self.clock, self.ids)
        numbers = [{"system": system, "value": number} for system, number in identifiers]
        numbers += [one for one in known.get("identifier", ()) if (one.get("system"), one.get("value")) not in identifiers]
        merged = {"resourceType": "Patient"} | known | told.data | {"identifier": numbers}
        patient = parse(json.dumps(merged, indent=2, ensure_ascii=False))
        if has_errors(findings := conform(patient)):
            raise Refused("the patient cannot be kept: " + "; ".join(finding.what for finding in findings))
        return patient
