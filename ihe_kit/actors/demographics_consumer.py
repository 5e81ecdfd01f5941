"""Patient Demographics Consumer of PAM (ITI-30): keeps who people are, and which numbers are one person's."""

from __future__ import annotations

from ihe_kit.actors.patient_administration import PatientAdministration
from ihe_kit.actors.pid import identifiers, numbered
from ihe_kit.v2 import V2Message


class DemographicsConsumer(PatientAdministration):
    """Takes every event of ITI-30. What it learns, the Patient Encounter Consumer and the FHIR server know too: they share the store."""

    plays = ("Patient Demographics Consumer",)
    transaction = "ITI-30"

    def act(self, request: V2Message, event: str) -> None:
        if event in ("A28", "A31"):  # new, or changed; whoever is unknown is inserted by both (sections 3.30.6.2.4 and 3.30.6.3.4)
            self.tell(request, self.one(request, "PID[1]-3"))
        elif event == "A40":
            self.merge(request)
        elif event == "A47":
            self._change(request)
        elif event == "A24":
            self.people.link(identifiers(request, "PID[1]-3"), identifiers(request, "PID[2]-3"))
        elif event == "A37" and not self.people.unlink(identifiers(request, "PID[1]-3"), identifiers(request, "PID[2]-3")):
            self.discard(request, "No link between these two is known here: there is none to take away.")

    def _change(self, request: V2Message) -> None:
        """A47: a number was wrong (section 3.30.6.5.4)."""
        person, other = self.one(request, "MRG[1]-1"), self.one(request, "PID[1]-3")
        if person is None:
            return self.discard(request, f"{request.get('MRG[1]-1.1')[0]} is unknown here: there is no number to change.")
        if other and other.id != person.id:
            number = request.get("PID[1]-3.1")[0]
            says = f"{number} is the number of another patient here. Two records of one person are merged by A40, not renamed."
            raise self.refused(request, "PAM-STATE-A47-TAKEN", "PID[1]-3.1", says)
        return self.people.rename(person, identifiers(request, "MRG[1]-1"), numbered(request, "PID[1]"))
