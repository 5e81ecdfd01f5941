"""A profile brings patterns along, and a pattern can take for ever: then it is said that the constraint was not checked."""

from __future__ import annotations

import json

import pytest

from ihe_kit.fhir import conform, parse
from ihe_kit.fhir.tables import BASE

ENDLESS = "a" * 60 + "!"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(a|aa)+$", "((a*)*)*b", "(a[ab]*)*$", "a*a*a*a*a*b", "(?:a{1,9})+$"])
@pytest.mark.parametrize(
    "asks", ["name.family.first().matches('{}')", "name.all(family.matches('{}'))", "name.family.replaceMatches('{}', '').empty()"]
)
def test_a_pattern_that_could_take_for_ever_is_not_tried(pattern: str, asks: str) -> None:
    rule = {"key": "x-1", "severity": "error", "human": "x", "expression": asks.format(pattern)}
    profile = {"resourceType": "StructureDefinition", "url": "http://example.org/p", "type": "Patient", "baseDefinition": BASE + "Patient"}
    changes = {"derivation": "constraint", "differential": {"element": [{"path": "Patient", "constraint": [rule]}]}}
    (told,) = conform(parse(json.dumps({"resourceType": "Patient", "name": [{"family": ENDLESS}]})), profile | changes)
    assert (told.rule, told.severity) == ("FHIR-NOT-CHECKED", "information")
    assert "x-1" in told.what


def test_r4s_own_patterns_are_tried_whatever_the_length() -> None:
    path = "Patient.contact.name.extension.valueCodeableConcept.coding"
    for name, rules in ((path, []), (path.replace("contact", "con tact"), ["eld-19"])):
        definition = {
            "resourceType": "StructureDefinition",
            "url": "http://example.org/p",
            "name": "P",
            "status": "draft",
            "kind": "resource",
        }
        definition |= {"abstract": False, "type": "Patient", "baseDefinition": BASE + "Patient", "derivation": "constraint"}
        found = conform(
            parse(
                json.dumps(definition | {"differential": {"element": [{"id": "Patient", "path": "Patient"}, {"id": path, "path": name}]}})
            )
        )
        assert [f.rule for f in found if f.rule.startswith("eld-19")] == rules
        assert not [f for f in found if f.rule == "FHIR-NOT-CHECKED" and "eld" in f.what]
