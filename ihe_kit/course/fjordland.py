"""The region's implementation guide as a learner meets it: the package, its patients, and what a check found as lines to read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from textwrap import fill
from typing import Any

from ihe_kit.fhir import FhirMessage, Package, load, parse
from ihe_kit.files import data
from ihe_kit.rules import Finding

WIDTH, INDENT = 88, " " * 12  # of what `report` prints
FOLDER = data("fhir/fjordland")
PATIENT = "https://fjordland.example/fhir/StructureDefinition/fjordland-patient"
PDQM = "https://ihe-kit.example/fhir/StructureDefinition/pdqm-patient"  # what IHE asks, restated in data/fhir/ihe-pdqm


@lru_cache(maxsize=1)
def guide() -> Package:
    """The package of the region: `data/fhir/fjordland`, read once."""
    return load(FOLDER)


def patient(key: str, **changes: Any) -> FhirMessage:
    """One of the guide's example patients (`ingrid`, `georgios`, `amina`, `sofie`) with other values in some elements; None takes an element away.

    Raises ValueError for anybody else.

    >>> patient("ingrid", birthDate=None, gender="other").get("Patient.gender")
    ['other']
    """
    known = {path.stem.partition("-")[2]: path for path in sorted(FOLDER.glob("example/Patient-*.json"))}
    if key not in known:
        raise ValueError(f"the guide has no example of {key!r}: " + ", ".join(known))
    return _made(json.loads(known[key].read_text(encoding="utf-8")) | changes)


def report(findings: Iterable[Finding]) -> None:
    """Prints what a check found, a line for the severity, the path and the rule and one for the words; how many of each at the end."""
    told = list(findings)
    for finding in told:
        print(f"{finding.severity:<12}{finding.path or 'the resource'}  [{finding.rule}]")
        print(fill(finding.says, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False))
    counts = {severity: sum(finding.severity == severity for finding in told) for severity in ("error", "warning", "information")}
    print(", ".join(f"{count} {severity}{'s' if count != 1 and severity != 'information' else ''}" for severity, count in counts.items()))


WARD = "https://fjordland.example/fhir/CodeSystem/ward"  # a list of Nordvik's own, which nobody else has
STAY = {
    "resourceType": "Encounter",
    "status": "done",
    "class": {"system": WARD, "code": "ward"},
    "priority": {"coding": [{"system": WARD, "code": "soon"}]},
    "subject": {"reference": "Patient/ingrid"},
    "reasonCode": [{"coding": [{"system": WARD, "code": "chest"}]}],
}
ALLERGY = {
    "resourceType": "AllergyIntolerance",
    "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
    "code": {"text": "Penicillin"},
    "patient": {"reference": "Patient/ingrid"},
    "recordedDate": "2025-03-03",
    "asserter": {"display": "Dr Elin Strand"},
}
CIVIL = "https://fjordland.example/fhir/CodeSystem/civil-status"
_TEN = {
    "identifier": [{"system": "urn:oid:2.999.1.11", "value": "88051"}, {"system": "urn:oid:2.999.10.1", "value": "6017"}],
    "extension": [{"url": "https://fjordland.example/fhir/StructureDefinition/bed-place", "valueString": "by the window"}],
    "name": [{"use": "official", "given": ["Amina"]}],
    "gender": "F",
    "birthDate": "23.05.2001",
    "maritalStatus": {"coding": [{"system": CIVIL, "code": "betrothed"}]},
    "photo": [{"url": "https://nordvik.example/photo/6017.png"}],
    "contact": [{"gender": "male"}],
    "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "arabic"}]}}],
}


def stay(**changes: Any) -> FhirMessage:
    """Ingrid's stay with four codes of Nordvik's own, each at an element that is bound with another strength."""
    return _made(STAY | changes)


def allergy() -> FhirMessage:
    """What Ingrid must not be given, and who says so: a resource of R4."""
    return _made(ALLERGY)


def mistyped() -> FhirMessage:
    """Georgios with one mistake in a number's system."""
    found = patient("georgios")
    return parse(found.text.replace("urn:oid:2.999.1.1", "urn:oid:2.99.1.1"))


def ten() -> FhirMessage:
    """Amina as a careless sender writes her: ten messages of the validator."""
    return patient("amina", **_TEN)


def _made(resource: dict[str, Any]) -> FhirMessage:
    return parse(json.dumps({name: value for name, value in resource.items() if value is not None}, indent=2, ensure_ascii=False) + "\n")
