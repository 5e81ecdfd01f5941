"""Plain FHIR: what the kit's FHIR server answers besides IHE. No IHE transaction covers it, and the kit never says so."""

from ihe_kit.fhir import FHIR
from ihe_kit.ihe import Profile, Transaction

PROFILE = Profile(
    acronym="REST",
    name="Plain FHIR",
    says="FHIR interactions that belong to no IHE transaction.",
    spec="FHIR R4 section 3.1.0",
    transactions=(
        Transaction(
            "FHIR", "RESTful interaction", FHIR, "FHIR client", "Patient Demographics Supplier", "GET metadata", lambda _: True,
            "FHIR R4 section 3.1.0", ihe=False,
        ),
    ),
)  # fmt: skip
