"""A profile of one's own from a few lines: the envelope is complete, the ids are right, and what cannot be a line is named."""

from __future__ import annotations

import json

import pytest

from ihe_kit import validate
from ihe_kit.core import UnknownPath
from ihe_kit.fhir import profile

SLICES = [
    {"path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}},
    {"path": "Patient.identifier", "sliceName": "regional", "min": 1, "max": "1"},
    {"path": "Patient.identifier.system", "min": 1, "fixedUri": "urn:oid:2.999.1.1"},
    {"path": "Patient.identifier", "sliceName": "hospital", "max": "1"},
    {"path": "Patient.identifier.system", "min": 1, "fixedUri": "urn:oid:2.999.10.1"},
    {"path": "Patient.name.family", "min": 1},
]


def test_it_is_a_sound_structure_definition() -> None:
    made = profile("Patient", SLICES, title="Our patient")
    assert [f.says for f in validate(json.dumps(made)) if f.severity == "error"] == []
    assert (made["type"], made["name"], made["derivation"]) == ("Patient", "OurPatient", "constraint")


def test_ids_know_their_slices() -> None:
    assert [line["id"] for line in profile("Patient", SLICES)["differential"]["element"]] == [
        "Patient.identifier",
        "Patient.identifier:regional",
        "Patient.identifier:regional.system",
        "Patient.identifier:hospital",
        "Patient.identifier:hospital.system",
        "Patient.name.family",
    ]


def test_it_refuses_and_accepts() -> None:
    made = profile("Patient", SLICES)
    sound = {"resourceType": "Patient", "identifier": [{"system": "urn:oid:2.999.1.1", "value": "7"}], "name": [{"family": "Lie"}]}
    assert validate(json.dumps(sound), profile=made) == []
    found = validate(json.dumps(sound | {"identifier": [{"system": "urn:oid:2.999.1.2", "value": "7"}]}), profile=made)
    assert [(f.rule, f.path) for f in found] == [("FHIR-SLICE", "Patient.identifier")]


def test_a_profile_may_begin_from_another() -> None:
    first = profile("Patient", [{"path": "Patient.birthDate", "min": 1}], url="https://example.org/a")
    second = profile("Patient", [{"path": "Patient.gender", "min": 1}], url="https://example.org/b", base="https://example.org/a")
    found = validate('{"resourceType": "Patient"}', profile=[second, first])
    assert {f.path for f in found} == {"Patient.birthDate", "Patient.gender"}


@pytest.mark.parametrize(
    ("kind", "line", "error", "says"),
    [
        ("Pateint", {"path": "Pateint.id"}, ValueError, "did you mean Patient"),
        ("Patient", {"min": 1}, ValueError, "needs a path"),
        ("Patient", {"path": 7}, ValueError, "needs a path"),
        ("Patient", "Patient.name", ValueError, "needs a path"),
        ("Patient", {"path": "Person.name"}, UnknownPath, "begins with Patient"),
        ("Patient", {"path": "Patient.bithDate"}, UnknownPath, "did you mean birthDate"),
        ("Patient", {"path": "Patient.name.familly"}, UnknownPath, "did you mean family"),
    ],
)
def test_what_cannot_be_a_line_is_named(kind: str, line: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        profile(kind, [line])  # type: ignore[list-item]
