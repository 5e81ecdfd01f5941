"""The region's implementation guide: sound, true to the cast, and what lesson 11 shows with it really comes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from ihe_kit import person, validate
from ihe_kit.course.fjordland import FOLDER, PATIENT, PDQM, allergy, guide, mistyped, patient, report, ten
from ihe_kit.course.lessons.profiles_and_validation import _BOUND_RIGHT, _READ_RIGHT, LEAVE, READ, TEN, evaluated, severities
from ihe_kit.course.r5_reader import r5_reader
from ihe_kit.fhir import load

EXAMPLES = ("ingrid", "georgios", "amina", "sofie")


def test_every_definition_of_the_guide_is_sound() -> None:
    definitions = [one for kind in guide().resources.values() for one in kind.values()]
    assert len(definitions) == 4 and guide().problems == {}
    for one in definitions:
        assert validate(json.dumps(one), packages=[guide()]) == [], one["url"]


@pytest.mark.parametrize("key", EXAMPLES)
def test_its_examples_follow_its_profile(key: str) -> None:
    found = validate(patient(key), profile=PATIENT, packages=[guide()])
    assert [one for one in found if one.severity != "information"] == []
    assert [one.path for one in found] == (["Patient.meta.profile[0]"] if key == "sofie" else [])


@pytest.mark.parametrize("key", EXAMPLES[:3])
def test_its_examples_are_the_people_of_the_cast(key: str) -> None:
    facts, told = person(key), patient(key)
    for path, fact in {
        "name.family": "family",
        "name.given": "given",
        "birthDate": "birth_date",
        "telecom.value": "phone",
        "address.city": "city",
    }.items():
        assert told.get(f"Patient.{path}") == [facts[fact]]
    assert told.get(f"Patient.identifier.where(system = 'urn:oid:{facts['oid']}').value") == [facts["identifier"]]


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, set()),
        ({"identifier": [{"value": "7"}]}, {"FHIR-PROFILE-REQUIRED"}),
        ({"name": [{"use": "official"}]}, {"iti-pdqm-patname"}),
        ({"link": [{"other": {"reference": "Patient/1"}, "type": "seealso"}], "active": None}, {"iti-pdqm-linkstatus"}),
        ({"implicitRules": "https://example.org/rules"}, {"FHIR-PROFILE-MAX"}),
    ],
)
def test_what_ihe_asks_in_pdqm_is_restated(changes: dict[str, Any], rules: set[str]) -> None:
    pdqm = load(FOLDER.parent / "ihe-pdqm")
    assert validate(json.dumps(pdqm.resources["StructureDefinition"][PDQM])) == []
    assert {one.rule for one in validate(patient("amina", **changes), profile=PDQM, packages=[pdqm])} == rules


def test_nobody_else_is_there() -> None:
    with pytest.raises(ValueError, match=r"no example of 'oskar': amina, georgios, ingrid, sofie"):
        patient("oskar")


def test_the_ten_messages_are_those_of_the_exercise() -> None:
    found = validate(ten(), profile=PATIENT, packages=[guide()])
    assert sorted((one.path, one.rule) for one in found) == sorted((path, rule) for path, rule, *_ in TEN)
    for path, rule, says, remedy, _ in TEN:
        one = next(one for one in found if (one.path, one.rule) == (path, rule))
        assert all(word in one.says.lower() for word in says.lower().split()), one.says
        assert (one.severity == "error") == (remedy != LEAVE)


def test_one_cause_makes_two_messages() -> None:
    found = validate(mistyped(), profile=PATIENT, packages=[guide()])
    assert [(one.path, one.rule) for one in found] == [("Patient.identifier[0]", "FHIR-SLICE"), ("Patient.identifier", "FHIR-SLICE")]


def test_what_the_exercises_hold_to_be_right_really_comes() -> None:
    assert tuple(severities()) == _BOUND_RIGHT
    assert tuple(evaluated(expression) for expression, _ in READ) == _READ_RIGHT


def test_an_app_of_r5_loses_who_said_it() -> None:
    assert validate(allergy()) == []
    table = r5_reader(allergy())
    lost = [name for name, row in table.iterrows() if row.iloc[1].startswith("lost")]
    assert lost == ["asserter"]


def test_a_report_is_lines_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    report(validate(patient("ingrid", birthDate=None, telecom=None), profile=PATIENT, packages=[guide()]))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "error       Patient.birthDate  [FHIR-PROFILE-REQUIRED]"
    assert "warning     Patient  [fjord-2]" in lines
    assert lines[-1] == "1 error, 1 warning, 0 information"
    assert max(map(len, lines)) <= 88


def test_the_command_line_says_the_same() -> None:
    asked = ["validate", str(FOLDER / "example" / "Patient-ingrid.json"), "--package", str(FOLDER), "--profile", PATIENT]
    done = subprocess.run([sys.executable, "-m", "ihe_kit.cli", *asked], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
