"""openEHR's REST API. No IHE transaction covers it, and the kit never says so: what crosses is named as openEHR.

openEHR and IHE have no formal agreement. That the subject of an EHR carries the patient's number and the domain that gave it out, as PIX
and PDQ know them, is emerging practice.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ihe_kit.core import Message
from ihe_kit.ihe import Profile, Transaction
from ihe_kit.openehr import OPENEHR
from ihe_kit.rest import RestMessage
from ihe_kit.rules import Rule, one_of, present

CLIENT, REPOSITORY = "openEHR client", "openEHR repository"
API = "openEHR REST API 1.0.3"
STATUS = f"{API}, Overview, HTTP status codes"
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
SUBJECT = (
    Rule("OPENEHR-SUBJECT", "/subject/external_ref", present,
         "The record does not say whose it is. openEHR allows that; who wants to find it by PIX or PDQ puts a reference there.",
         PRACTICE, "warning"),
    Rule("OPENEHR-SUBJECT-ID", "/subject/external_ref/id", present,
         "The subject's reference has no number. Put the patient's number there, as the identity manager knows it.", REFERENCE),
    Rule("OPENEHR-SUBJECT-NAMESPACE", "/subject/external_ref/namespace", present,
         "The subject's number has no namespace. Two hospitals may both have a patient 4711; the namespace is the assigning authority.", REFERENCE),
)  # fmt: skip

# The number that the kit gives it, what it does, its methods, its URL below the base, what `build` starts from, the part of the API.
_ROWS = (
    ("openEHR ehr", "Create an EHR", "POST|PUT", "ehr(/[^/]+)?", "POST ehr", "EHR"),
    ("openEHR template", "Upload a template", "POST|PUT", "definition/template.*", "POST definition/template/adl1.4 kit_vital_signs.v1", "DEFINITION"),
    ("openEHR composition", "Store a composition", "POST", "ehr/[^/]+/composition", "POST ehr/{ehr_id}/composition kit_vital_signs.v1", "COMPOSITION"),
    ("openEHR ehr read", "Find or read an EHR", "GET|HEAD", "ehr(/[^/]+)?", "GET ehr/{ehr_id}", "EHR"),
    ("openEHR ehr_status", "Change whose EHR it is", "PUT", "ehr/[^/]+/ehr_status", "PUT ehr/{ehr_id}/ehr_status", "EHR_STATUS"),
    ("openEHR ehr_status read", "Read whose EHR it is", "GET|HEAD", "ehr/[^/]+/ehr_status(/[^/]+)?", "GET ehr/{ehr_id}/ehr_status", "EHR_STATUS"),
    ("openEHR composition read", "Read a composition", "GET|HEAD", "ehr/[^/]+/composition/[^/]+", "GET ehr/{ehr_id}/composition/{uid}", "COMPOSITION"),
    ("openEHR composition update", "Change a composition", "PUT", "ehr/[^/]+/composition/[^/]+",
     "PUT ehr/{ehr_id}/composition/{uid} kit_vital_signs.v1", "COMPOSITION"),
    ("openEHR composition delete", "Delete a composition", "DELETE", "ehr/[^/]+/composition/[^/]+", "DELETE ehr/{ehr_id}/composition/{uid}", "COMPOSITION"),
    ("openEHR versions", "Read the history of an object", "GET|HEAD", "ehr/[^/]+/versioned_.*",
     "GET ehr/{ehr_id}/versioned_composition/{uid}/revision_history", "COMPOSITION, EHR_STATUS"),
    ("openEHR directory", "Change the directory", "POST|PUT|DELETE", "ehr/[^/]+/directory", "POST ehr/{ehr_id}/directory", "DIRECTORY"),
    ("openEHR directory read", "Read the directory", "GET|HEAD", "ehr/[^/]+/directory(/[^/]+)?", "GET ehr/{ehr_id}/directory", "DIRECTORY"),
    ("openEHR contribution", "Commit a contribution", "POST", "ehr/[^/]+/contribution", "POST ehr/{ehr_id}/contribution", "CONTRIBUTION"),
    ("openEHR contribution read", "Read a contribution", "GET|HEAD", "ehr/[^/]+/contribution/[^/]+",
     "GET ehr/{ehr_id}/contribution/{contribution_uid}", "CONTRIBUTION"),
    ("openEHR template read", "List or read templates", "GET|HEAD", "definition/template.*", "GET definition/template/adl1.4", "DEFINITION"),
    ("openEHR query", "Ask by AQL", "GET|POST", "query/.*", "POST query/aql", "QUERY"),
    ("openEHR stored query", "Keep or read a query", "GET|HEAD|PUT", "definition/query.*", "PUT definition/query/{name}", "DEFINITION"),
)  # fmt: skip


def _recognises(methods: str, path: str) -> Callable[[Message], bool]:
    """Whether a request is of this method and URL."""

    def recognises(message: Message) -> bool:
        return isinstance(message, RestMessage) and bool(re.fullmatch(methods, message.method) and re.fullmatch(path, message.target))

    return recognises


def _transaction(number: str, name: str, methods: str, path: str, structure: str, part: str) -> Transaction:
    asked = SUBJECT if number in ("openEHR ehr", "openEHR ehr_status") else ()
    known = _recognises(methods, path)
    return Transaction(number, name, OPENEHR, CLIENT, REPOSITORY, structure, known, f"{API}, {part}", {}, asked, ANSWERED, ihe=False)


PROFILE = Profile(
    acronym="openEHR",
    name="openEHR's REST API",
    says="Records in shared clinical models: EHRs, compositions, templates and queries over openEHR's REST API.",
    spec=API,
    transactions=tuple(_transaction(*row) for row in _ROWS),
)
