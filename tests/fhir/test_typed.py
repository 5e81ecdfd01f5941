"""Resources built by typed model are messages like any other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ihe_kit.fhir import conform
from ihe_kit.fhir.typed import model, written


def test_a_typed_patient_is_a_message() -> None:
    name = model("HumanName")(family="Ødegård", given=["Ingrid"])
    message = written(model("Patient")(id="ingrid", name=[name], gender="female", birthDate="1958-06-17"))
    assert message.get("Patient.name.family") == ["Ødegård"]
    assert message.get("Patient.birthDate") == ["1958-06-17"]
    assert message.kind == "Patient"
    assert conform(message) == []


def test_what_a_model_takes_is_judged_all_the_same() -> None:
    (finding,) = conform(written(model("Patient")(gender="robot")))
    assert (finding.rule, finding.path) == ("FHIR-CODE", "Patient.gender")


@pytest.mark.parametrize("kind", ["Patiant", "", "SubscriptionTopic", "string"])
def test_no_such_model(kind: str) -> None:
    with pytest.raises(ValueError, match="no typed model"):
        model(kind)


def test_only_resources_are_messages() -> None:
    for other in (model("HumanName")(family="Lind"), {"resourceType": "Patient"}, None):
        with pytest.raises(ValueError, match="expected a resource"):
            written(other)


def test_models_are_loaded_when_asked_for() -> None:
    code = "import sys, ihe_kit.fhir.typed; print([m for m in ('fhir', 'pydantic') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
