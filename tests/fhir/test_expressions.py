"""The part of FHIRPath that search parameters are written in, held against a whole FHIRPath."""

from __future__ import annotations

import json
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from ihe_kit.fhir.expressions import paths
from ihe_kit.fhir.parameters import find_parameter, parameters
from ihe_kit.fhir.tables import core, resource_types

RESOURCE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "1",
    "status": "final",
    "code": {"coding": [{"code": "a"}, {"code": "b"}]},
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2025",
    "valueQuantity": {"value": 1},
    "component": [{"code": {"text": "x"}, "valueString": "y"}, {"code": {"text": "z"}, "valueCodeableConcept": {"text": "w"}}],
    "extension": [{"url": "http://x", "valueInteger": 1}],
}


def test_every_expression_of_r4_is_understood() -> None:
    for url in core().urls("SearchParameter"):
        definition = core().get("SearchParameter", url) or {}
        for expression in (definition.get("expression"), *(one["expression"] for one in definition.get("component", ()))):
            assert expression is None or paths(expression)


@pytest.mark.parametrize(
    "expression, found",
    [
        ("Observation.status", ["final"]),
        ("Observation.code.coding.code", ["a", "b"]),
        ("Observation.effective", ["2025"]),
        ("(Observation.value as Quantity)", [{"value": 1}]),
        ("Observation.value.as(Quantity).value", [1]),
        ("(Observation.value as string)", []),
        ("Observation.component.value.ofType(string)", ["y"]),
        ("Observation.component[1].code.text", ["z"]),
        ("Observation.component.where(code='q')", []),
        ("Observation.extension('http://x').value", [1]),
        ("Observation.subject.where(resolve() is Patient)", [{"reference": "Patient/1"}]),
        ("Observation.subject.where(resolve() is Group)", []),
        ("Observation.category", []),
        ("Observation.sta", []),
    ],
)
def test_paths(expression: str, found: list[Any]) -> None:
    (path,) = paths(expression)
    assert path(RESOURCE) == found


@pytest.mark.parametrize(
    "expression", ["", "Patient.", "Patient.name.first()", "Patient.name &", "(Patient.name", "Patient.name[", "Patient name"]
)
def test_what_is_not_understood_says_so(expression: str) -> None:
    with pytest.raises(ValueError, match=r"Patient|expected"):
        paths(expression)


@pytest.mark.parametrize(
    "dead, found",
    [({"deceasedBoolean": True}, [True]), ({"deceasedBoolean": False}, [False]), ({"deceasedDateTime": "2025"}, [True]), ({}, [])],
)
def test_dead_by_a_word_or_by_a_time(dead: dict[str, Any], found: list[bool]) -> None:
    parameter = find_parameter("Patient", "deceased")
    assert parameter and parameter.paths[0]({"resourceType": "Patient"} | dead) == found


def test_the_same_values_as_a_whole_fhirpath() -> None:
    one_component = RESOURCE | {"component": RESOURCE["component"][:1]}  # a whole FHIRPath takes `as` of one value alone
    compared = 0
    for parameter in parameters("Observation"):
        if "resolve()" in parameter.expression or parameter.components or parameter.name.startswith("_"):
            continue
        expression = " | ".join(
            part.strip() for part in parameter.expression.split("|") if part.strip().lstrip("(").startswith("Observation.")
        )
        theirs = fhirpathpy.compile(expression, models["r4"])(one_component)
        ours = [value for path in parameter.paths for value in path(one_component)]
        assert sorted(map(json.dumps, ours)) == sorted(json.dumps(one, default=float) for one in theirs), parameter.name
        compared += 1
    assert compared > 20


def test_the_systems_of_bare_codes() -> None:
    """FHIR R4 section 3.1.1.4.10: a code without a system is found by the system of its value set."""
    known = {
        ("Patient", "gender"): "http://hl7.org/fhir/administrative-gender",
        ("Encounter", "status"): "http://hl7.org/fhir/encounter-status",
        ("Observation", "status"): "http://hl7.org/fhir/observation-status",
        ("Observation", "code"): "",
    }
    for (kind, name), system in known.items():
        parameter = find_parameter(kind, name)
        assert parameter and parameter.system == system


def test_every_type_has_parameters() -> None:
    assert all(len(parameters(kind)) >= 6 for kind in resource_types())
