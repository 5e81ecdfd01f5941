"""Patient Identifier Cross-referencing for mobile (PIXm): ITI-104, Patient Identity Feed FHIR. FHIR R4."""

from collections.abc import Iterable, Sequence

from ihe_kit.core import Element, Message
from ihe_kit.fhir import FHIR
from ihe_kit.ihe import Profile, Transaction
from ihe_kit.rules import Rule, absent, everywhere, matches, one_of, present, when

SEMANTICS = "PIXm section 2:3.104.4.1.2"
PATIENT = "PIXm section 2:3.104.4.1.2.1, profile PIXm Patient"
RESOLVE = "PIXm section 2:3.104.4.2.2"
EXAMPLES = "PIXm section 2:3.104.4.1.5, by its examples"
IDENTIFIER = "ITI TF-2 Appendix Z.9.1, Identifier Type"
UPDATE = "FHIR R4 section 3.1.0.4, update"


def _names_a_carried_identifier(elements: Sequence[Element], message: Message) -> Iterable[Element]:
    """The identifier in the URL is one of those in the resource, or the address of the patient on the server that gives the numbers out."""
    systems, values = message.get("Patient.identifier.system"), message.get("Patient.identifier.value")
    carried = {f"{system}|{value}" for system, value in zip(systems, values, strict=False)}
    return [e for e in elements if e.value and carried and e.value not in carried and "|Patient/" not in e.value]


def _is_feed(message: Message) -> bool:
    return message.name == "PUT Patient" and any("identifier" in e.path for e in message.find("request.url.identifier"))


PROFILE = Profile(
    acronym="PIXm",
    name="Patient Identifier Cross-referencing for mobile",
    says="One patient has a number in every hospital. A manager knows which numbers belong together, and tells whoever asks.",
    spec="ITI TF-1 chapter 41",
    transactions=(
        Transaction(
            number="ITI-104",
            name="Patient Identity Feed FHIR",
            standard=FHIR,
            initiator="Patient Identity Source",
            responder="Patient Identifier Cross-reference Manager",
            structure="PUT Patient",
            recognises=_is_feed,
            spec="PIXm section 2:3.104",
            fixed={"Patient.active": "true"},
            request_rules=(
                Rule("PIXM-METHOD", "request.method", one_of("PUT", "DELETE"),
                     "The feed is sent by {found}. PIXm feeds a patient by a conditional update, PUT. DELETE removes one, where both sides have that option.", SEMANTICS),
                Rule("PIXM-CONDITION", "request.url.identifier", present,
                     "The URL names no identifier. PUT Patient?identifier=... tells the manager which patient this is.", SEMANTICS),
                Rule("PIXM-CONDITION-DOMAIN", "request.url.identifier", matches(r"[^|]+\|[^|]+"),
                     "{found} does not say who gave the number out. Write the domain and the number with a bar between them.", SEMANTICS),
                Rule("PIXM-CONDITION-CARRIED", "request.url.identifier", _names_a_carried_identifier,
                     "{found} is not among the patient's identifiers. The manager would file this patient under a number that the resource lacks.",
                     EXAMPLES, "warning"),
                Rule("PIXM-IDENTIFIER", "Patient.identifier", present, "The patient has no identifier. Cross-referencing is about identifiers.", PATIENT),
                Rule("PIXM-IDENTIFIER-SYSTEM", "Patient.identifier.system", everywhere,
                     "The identifier has no system. A number without the one who gave it out identifies nobody.", IDENTIFIER),
                Rule("PIXM-IDENTIFIER-VALUE", "Patient.identifier.value", everywhere, "The identifier has no value. Nothing can be matched.", IDENTIFIER),
                Rule("PIXM-OID", "Patient.identifier.system", matches(r"(?![0-2](\.\d+)+$).*"),
                     "{found} is a bare object identifier. In FHIR a system is a URI: put urn:oid: before it.", IDENTIFIER),
                Rule("PIXM-NAME", "Patient.name", present, "The patient has no name. The manager compares names to find who belongs together.", PATIENT),
                Rule("PIXM-MODIFIER", "Patient.modifierExtension", absent, "A modifier extension is used. PIXm does not allow one here.", PATIENT),
                Rule("PIXM-REPLACED-BY", "Patient.link.other.identifier", when("Patient.link.type", ("replaced-by",), present),
                     "The duplicate does not name the surviving identifier. The manager has to know which number stays.", RESOLVE),
            ),
            response_rules=(
                Rule("FHIR-UPDATE-STATUS", "response.status", matches("20[01]|[45].."),
                     "Status {found} is no answer to a conditional update. 200 says changed, 201 created, 4xx and 5xx that it failed.", UPDATE),
                Rule("FHIR-UPDATE-LOCATION", "response.location", when("response.status", ("201",), present),
                     "The answer does not say where the new patient is. 201 Created should come with a Location.", UPDATE, "warning"),
            ),
        ),
    ),
)  # fmt: skip
