"""What the kit speaks besides IHE: openEHR's REST API and plain FHIR. No IHE transaction covers them, and the kit never says so.

openEHR and IHE have no formal agreement. That the subject of an EHR carries the patient's number and the domain that gave it out, as PIX
and PDQ know them, is emerging practice.
"""

from collections.abc import Callable

from ihe_kit.core import Message
from ihe_kit.fhir import FHIR
from ihe_kit.ihe import Profile, Transaction
from ihe_kit.openehr import OPENEHR
from ihe_kit.rest import RestMessage
from ihe_kit.rules import Rule, one_of, present

CLIENT, REPOSITORY = "openEHR client", "openEHR repository"
EHR = "openEHR REST API 1.0.3, EHR"
DEFINITION = "openEHR REST API 1.0.3, DEFINITION"
COMPOSITION = "openEHR REST API 1.0.3, COMPOSITION"
STATUS = "openEHR REST API 1.0.3, Overview, HTTP status codes"
PRACTICE = "openEHR RM 1.1.0, EHR_STATUS.subject; emerging practice between openEHR and IHE"
REFERENCE = "openEHR BASE, Base Types, OBJECT_REF; that the namespace is the assigning authority is emerging practice"


# The list of the overview; it lets a server add codes of its own, hence the warning.
STATUSES = ("200", "201", "204", "400", "401", "403", "404", "405", "406", "408", "409", "412", "415", "422", "500", "501")
ANSWERED = (
    Rule(
        "OPENEHR-STATUS",
        "response.status",
        one_of(*STATUSES),
        "Status {found} is not in openEHR's list of codes. A server may add its own, but few clients will know what became of the request.",
        STATUS,
        "warning",
    ),
)


def _speaks_of(word: str) -> Callable[[Message], bool]:
    """Whether a request's URL speaks of a resource of the openEHR API; a composition comes before the EHR that holds it."""

    def recognises(message: Message) -> bool:
        steps = message.target.split("/") if isinstance(message, RestMessage) and message.method else []
        return next((kind for kind in ("composition", "template", "ehr") if kind in steps), "") == word

    return recognises


PROFILE = Profile(
    acronym="REST",
    name="openEHR and plain FHIR",
    says="Records in shared clinical models over openEHR's REST API, and FHIR interactions that belong to no IHE transaction.",
    spec="openEHR REST API 1.0.3; FHIR R4 section 3.1.0",
    transactions=(
        Transaction(
            "openEHR ehr", "Create an EHR", OPENEHR, CLIENT, REPOSITORY, "POST ehr", _speaks_of("ehr"), EHR,
            request_rules=(
                Rule("OPENEHR-SUBJECT", "/subject/external_ref", present,
                     "The record does not say whose it is. openEHR allows that; who wants to find it by PIX or PDQ puts a reference there.",
                     PRACTICE, "warning"),
                Rule("OPENEHR-SUBJECT-ID", "/subject/external_ref/id", present,
                     "The subject's reference has no number. Put the patient's number there, as the identity manager knows it.", REFERENCE),
                Rule("OPENEHR-SUBJECT-NAMESPACE", "/subject/external_ref/namespace", present,
                     "The subject's number has no namespace. Two hospitals may both have a patient 4711; the namespace is the assigning authority.", REFERENCE),
            ),
            response_rules=ANSWERED, ihe=False,
        ),
        Transaction(
            "openEHR template", "Upload a template", OPENEHR, CLIENT, REPOSITORY, "POST definition/template/adl1.4 kit_vital_signs.v1",
            _speaks_of("template"), DEFINITION, response_rules=ANSWERED, ihe=False,
        ),
        Transaction(
            "openEHR composition", "Store a composition", OPENEHR, CLIENT, REPOSITORY, "POST ehr/{ehr_id}/composition kit_vital_signs.v1",
            _speaks_of("composition"), COMPOSITION, response_rules=ANSWERED, ihe=False,
        ),
        Transaction(
            "FHIR", "RESTful interaction", FHIR, "FHIR client", "Patient Demographics Supplier", "GET metadata", lambda _: True,
            "FHIR R4 section 3.1.0", ihe=False,
        ),
    ),
)  # fmt: skip
