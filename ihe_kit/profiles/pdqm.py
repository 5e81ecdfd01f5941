"""Patient Demographics Query for Mobile (PDQm): ITI-78, Mobile Patient Demographics Query. FHIR R4."""

from collections.abc import Iterable, Sequence

from ihe_kit.core import Element, Message
from ihe_kit.fhir import FHIR
from ihe_kit.ihe import Profile, Transaction
from ihe_kit.rules import Rule, absent, everywhere, matches, one_of, present

PARAMETERS = "PDQm section 2:3.78.4.1.2.1"
MODIFIERS = "PDQm section 2:3.78.4.1.2.2"
DOMAINS = "PDQm section 2:3.78.4.1.2.3"
ACTIONS = "PDQm section 2:3.78.4.1.3"
RESPONSE = "PDQm section 2:3.78.4.2.2, profile PDQm Query Patient Resource Response message"
# The section says that a patient should keep the profile, and that a consumer should cope where one does not: warnings.
PATIENT = "PDQm section 2:3.78.4.2.2.1, profile PDQm Patient"
KNOWN = (
    "_id", "active", "family", "given", "identifier", "telecom", "birthdate", "address", "address-city", "address-country",
    "address-postalcode", "address-state", "gender", "mothersMaidenName",
)  # fmt: skip
CONTROL = ("_format", "_count", "_offset", "_lastUpdated")


def _parameters(message: Message) -> list[Element]:
    return [element for element in message.elements() if element.path.startswith("request.url.")]


def _name(element: Element) -> str:
    return element.path.split(".", 2)[2]


def _known_parameters(_: Sequence[Element], message: Message) -> Iterable[Element]:
    return [e for e in _parameters(message) if _name(e).split(":")[0] not in KNOWN + CONTROL]


def _known_modifiers(_: Sequence[Element], message: Message) -> Iterable[Element]:
    return [e for e in _parameters(message) if ":" in _name(e) and _name(e).split(":")[1] != "exact"]


def _is_query(message: Message) -> bool:
    return message.name in ("GET Patient", "POST Patient/_search")


PROFILE = Profile(
    acronym="PDQm",
    name="Patient Demographics Query for Mobile",
    says="Ask a demographics supplier who it knows by this name, birth date or number, over REST.",
    spec="ITI TF-1 chapter 38",
    transactions=(
        Transaction(
            number="ITI-78",
            name="Mobile Patient Demographics Query",
            standard=FHIR,
            initiator="Patient Demographics Consumer",
            responder="Patient Demographics Supplier",
            structure="GET Patient",
            recognises=_is_query,
            spec="PDQm section 2:3.78",
            request_rules=(
                Rule("PDQM-METHOD", "request.method", one_of("GET", "POST"), "The query is sent by {found}. PDQm asks by GET or POST.", "PDQm section 2:3.78.4.1.2"),
                Rule("PDQM-PARAMETER", "request.url", _known_parameters,
                     "A parameter is none of PDQm's. The supplier may ignore it, and then finds more than you asked for.", PARAMETERS, "information"),
                Rule("PDQM-MODIFIER", "request.url", _known_modifiers, "A modifier is used that PDQm does not promise. Only :exact is.", MODIFIERS, "warning"),
                Rule("PDQM-GENDER", "request.url.gender", one_of("male", "female", "other", "unknown"),
                     "{found} is no gender code of FHIR. The codes are male, female, other and unknown.", PARAMETERS),
                Rule("PDQM-BIRTHDATE", "request.url.birthdate", matches(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?\d{4}(-\d\d(-\d\d(T[^,]*)?)?)?(,.*)?"),
                     "{found} is no date as FHIR writes it. Use 1958-06-17, or ge1958 for a range.", PARAMETERS),
                Rule("PDQM-IDENTIFIER", "request.url.identifier", matches(r"(?![0-2](\.\d+)+\|).*"),
                     "{found} names its domain by a bare object identifier. Put urn:oid: before it, or nothing will be found.", DOMAINS),
                Rule("PDQM-ACTIVE", "request.url.active", one_of("true", "false"), "{found} is neither true nor false. Ask for active=true.", PARAMETERS),
            ),
            response_rules=(
                Rule("PDQM-STATUS", "response.status", matches("200|[45].."),
                     "Status {found} is none that PDQm foresees. 200 comes with the patients, also when there are none; errors are 4xx or 5xx.", ACTIONS),
                Rule("PDQM-SEARCHSET", "Bundle.type", one_of("searchset"), "The bundle is a {found}. The answer to a search is a searchset.", RESPONSE),
                Rule("PDQM-TOTAL", "Bundle.total", present, "The bundle has no total. It tells how many patients matched, on all pages.", RESPONSE),
                Rule("PDQM-FULLURL", "Bundle.entry.fullUrl", everywhere, "An entry has no fullUrl. It is the patient's address.", RESPONSE),
                Rule("PDQM-PATIENT-MODIFIER", "Bundle.entry.resource.modifierExtension", absent,
                     "A patient has a modifier extension. PDQm does not allow one: an asker who does not know it would read the patient wrongly.",
                     PATIENT, "warning"),
                Rule("PDQM-PATIENT-IMPLICIT", "Bundle.entry.resource.implicitRules", absent,
                     "A patient follows implicit rules. PDQm does not allow that: an asker who does not know them would read the patient wrongly.",
                     PATIENT, "warning"),
                Rule("PDQM-PATIENT-IDENTIFIER", "Bundle.entry.resource.identifier", everywhere,
                     "A patient has no identifier. PDQm wants at least one, or the asker cannot use the find.", PATIENT, "warning"),
                Rule("PDQM-PATIENT-SYSTEM", "Bundle.entry.resource.identifier.system", everywhere,
                     "An identifier has no system. A number without the one who gave it out identifies nobody.", PATIENT, "warning"),
                Rule("PDQM-PATIENT-VALUE", "Bundle.entry.resource.identifier.value", everywhere, "An identifier has no value. The asker cannot use the find.", PATIENT,
                     "warning"),
            ),
        ),
    ),
)  # fmt: skip
