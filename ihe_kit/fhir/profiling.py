"""A profile of one's own: a few lines about elements, put into the StructureDefinition that FHIR wants around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ihe_kit.core import UnknownPath, nearest
from ihe_kit.fhir.dictionary import is_resource, locate
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import BASE, resource_types

HERE = "https://example.org/fhir/StructureDefinition/"


def profile(kind: str, elements: Iterable[Mapping[str, Any]], url: str = "", base: str = "", title: str = "") -> Json:
    """The StructureDefinition of a profile on a resource: `elements` are the lines of its differential, each with a `path` and what it narrows.

    The ids are filled in: those of slices from `sliceName`, and a line below a slice belongs to the slice that was named last. `base` is the
    canonical URL of another profile to begin from, else R4's own resource. Raises ValueError for a type that R4 does not have and for a line
    without a path, UnknownPath for a path that the type does not have. Whether it narrows, the validator says. FHIR R4 StructureDefinition.

    >>> profile("Patient", [{"path": "Patient.birthDate", "min": 1}])["differential"]["element"]
    [{'id': 'Patient.birthDate', 'path': 'Patient.birthDate', 'min': 1}]
    """
    if not is_resource(kind):
        raise ValueError(f"{kind} is no resource of FHIR R4, so there is no profile on it{nearest(kind, resource_types())}")
    lines, slices = [], dict[str, str]()
    for element in elements:
        path = _path(kind, element)
        slices = {sliced: name for sliced, name in slices.items() if path.startswith(f"{sliced}.")}
        if "sliceName" in element:
            slices[path] = str(element["sliceName"])
        lines.append({"id": _id(path, slices)} | dict(element))
    name = "".join(filter(str.isalnum, title.title())) or f"My{kind}"
    return {
        "resourceType": "StructureDefinition",
        "url": url or f"{HERE}my-{kind.lower()}",
        "name": name,
        "title": title or f"My {kind}",
        "status": "draft",
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": base or BASE + kind,
        "derivation": "constraint",
        "differential": {"element": lines},
    }


def _path(kind: str, element: Mapping[str, Any]) -> str:
    """The path of a line, which R4 has to have. What lies in a choice or below an extension, the snapshot looks up."""
    path = element.get("path") if isinstance(element, Mapping) else None
    if not isinstance(path, str) or not path:
        raise ValueError(
            f'a line of a differential needs a path, such as {{"path": "{kind}.identifier", "min": 1}}, but this is {element!r}'
        )
    first, *rest = path.split(".")
    if first != kind:
        raise UnknownPath(f"{path} is no path of a profile on {kind}: expected one that begins with {kind}")
    if rest and "[x]" not in path and "extension" not in path.lower():
        locate((first, *rest))
    return path


def _id(path: str, slices: Mapping[str, str]) -> str:
    """`Patient.identifier:regional.system` from the path and the slices that it lies in."""
    steps = path.split(".")
    named = (slices.get(".".join(steps[: k + 1])) for k in range(len(steps)))
    return ".".join(f"{step}:{name}" if name else step for step, name in zip(steps, named, strict=True))
