"""FHIR R4: resources in JSON or XML, sent over HTTP. The same verbs as in `v2` and `openehr`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ihe_kit.core import Standard
from ihe_kit.fhir.build import build, outcome, refuse, resource
from ihe_kit.fhir.dictionary import explain
from ihe_kit.fhir.message import FhirMessage, encode, parse, recognises
from ihe_kit.fhir.notations import as_json, as_xml
from ihe_kit.fhir.packages import Package, load
from ihe_kit.fhir.profiling import profile
from ihe_kit.fhir.wire import from_wire, to_wire

if TYPE_CHECKING:
    from ihe_kit.fhir.conformance import Profile
    from ihe_kit.rules import Finding


def conform(
    message: FhirMessage, profile: Profile | Iterable[Profile] | None = None, packages: Iterable[Package | str | Path] = ()
) -> list[Finding]:
    """Every place where the message breaks R4 or a profile: see `conformance.conform`, which is loaded with the first message that is checked.

    >>> [f.path for f in conform(parse('{"resourceType": "Patient", "gender": "robot"}'))]
    ['Patient.gender']
    """
    from ihe_kit.fhir import conformance

    return conformance.conform(message, profile, packages)


FHIR = Standard(
    key="fhir",
    label="FHIR",
    recognises=recognises,
    parse=parse,
    explain=explain,
    conform=conform,
    build=build,
    to_wire=to_wire,
    from_wire=from_wire,
    refuse=refuse,
)

__all__ = [
    "FHIR",
    "FhirMessage",
    "Package",
    "as_json",
    "as_xml",
    "build",
    "conform",
    "encode",
    "explain",
    "from_wire",
    "load",
    "outcome",
    "parse",
    "profile",
    "refuse",
    "resource",
    "to_wire",
]
