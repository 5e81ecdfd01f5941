"""What a form of a resource asks for: R4's elements, a profile's limits and what it fixes."""

from __future__ import annotations

import pytest

from ihe_kit.fhir.skeleton import Blank, demanded, skeleton
from ihe_kit.fhir.tables import Definitions, core, resource_types

SYSTEM = "urn:oid:2.999.1.1"
PROFILE = {
    "resourceType": "StructureDefinition",
    "url": "http://example.org/StructureDefinition/regional-patient",
    "name": "RegionalPatient",
    "status": "draft",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {
        "element": [
            {
                "id": "Patient.identifier",
                "path": "Patient.identifier",
                "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
                "min": 1,
            },
            {"id": "Patient.identifier:region", "path": "Patient.identifier", "sliceName": "region", "min": 1, "max": "1"},
            {"id": "Patient.identifier:region.system", "path": "Patient.identifier.system", "min": 1, "fixedUri": SYSTEM},
            {"id": "Patient.active", "path": "Patient.active", "min": 1, "fixedBoolean": True},
            {"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1, "mustSupport": True},
            {"id": "Patient.photo", "path": "Patient.photo", "max": "0"},
        ]
    },
}


def blanks(kind: str, **more: object) -> dict[str, Blank]:
    return {blank.path: blank for blank in skeleton(kind, **more)}  # type: ignore[arg-type]


def test_every_resource_of_r4_has_one() -> None:
    for kind in resource_types():
        found = blanks(kind)
        assert "id" in found
        assert not {"text", "contained", "extension", "modifierExtension", "resourceType"} & set(found)


def test_a_choice_stands_once_for_each_type() -> None:
    found = blanks("Observation")
    assert {name for name, blank in found.items() if blank.choice == "value"} >= {"valueQuantity", "valueString", "valueCodeableConcept"}
    assert [part.path for part in found["valueQuantity"].parts] == ["value", "unit", "code", "system"]


def test_a_code_is_bound_where_its_element_is() -> None:
    found = blanks("Patient")
    assert (found["gender"].strength, found["gender"].occurs) == ("required", "0..1")
    code = found["maritalStatus"].parts[0]
    assert (code.path, code.strength, code.value_set.rpartition("/")[2]) == ("coding[0].code", "extensible", "marital-status")


def test_what_a_profile_wants() -> None:
    definitions = Definitions([{"StructureDefinition": {PROFILE["url"]: PROFILE}}], core())
    shape = definitions.shape(PROFILE["url"])
    assert shape
    found = blanks("Patient", shape=shape, definitions=definitions)
    assert "photo" not in found
    assert found["birthDate"].occurs == "1..1"
    assert found["birthDate"].must_support
    assert dict(demanded(shape, "Patient")) == {"Patient.identifier[0].system": SYSTEM, "Patient.active": "true"}


def test_an_unknown_type_is_told() -> None:
    with pytest.raises(ValueError, match="no type 'Patiant'"):
        skeleton("Patiant")
