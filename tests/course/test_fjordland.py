"""The region's implementation guide: sound, true to the cast, and what lesson 11 shows with it really comes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from ihe_kit import person, validate
from ihe_kit.course.checking import check
from ihe_kit.course.fjordland import FOLDER, PATIENT, PDQM, allergy, guide, mistyped, patient, report, ten
from ihe_kit.course.lessons import lesson
from ihe_kit.course.lessons.profiles_and_validation import (
    _BOUND_RIGHT,
    _READ_RIGHT,
    LEAVE,
    NORDVIK,
    OWN,
    READ,
    SOUND,
    TEN,
    as_lines,
    evaluated,
    severities,
)
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


SOLVED = {item.id: item.solution for item in lesson("11").exercises}


def line(id: str, written: str) -> tuple[str, ...]:
    """The solution of 11.1 or 11.2 with another last step."""
    return (*SOLVED[id][:3], written)


def own(place: int, **changes: Any) -> tuple[str]:
    """The profile of 11.10 with one line changed; None takes a name away."""
    changed = {name: value for name, value in (OWN[place] | changes).items() if value is not None}
    return (as_lines([*OWN[:place], changed, *OWN[place + 1 :]]),)


def georgios(**changes: Any) -> tuple[str]:
    return (json.dumps(json.loads(SOUND) | changes),)


NUMBERS = json.loads(SOUND)["identifier"]

ALSO_RIGHT = [
    ("11.1", line("11.1", '{"min": 1, "path": "Patient.name"}')),
    ("11.1", line("11.1", '{"path": "Patient.name", "min": 1},')),
    ("11.1", line("11.1", '{"id": "Patient.name", "path": "Patient.name", "min": 1, "max": "*"}')),
    ("11.2", line("11.2", '{"path": "Patient.photo", "min": 0, "max": "0"}')),
    ("11.2", ("Patient.photo", "0 .. *", "0 .. 0", SOLVED["11.2"][3])),
    ("11.4", georgios(identifier=NUMBERS[::-1])),
    ("11.8", ("Patient.address.all(postalCode.exists())",)),
    ("11.8", ("address.where(postalCode.empty()).empty()",)),
    ("11.8", ("address.empty() or address.all(postalCode.empty().not())",)),
    ("11.8", ("address.select(postalCode.exists()).allTrue()",)),
    ("11.10", (json.dumps([dict(reversed(one.items())) for one in OWN]),)),
    ("11.10", (as_lines([OWN[0], *OWN[3:5], *OWN[1:3], *OWN[5:]]),)),
    ("11.10", own(5, max="1")),
    ("11.10", own(3, id="Patient.identifier:nordvik", min=0)),
    ("11.10", own(4, fixedUri=None, patternUri=NORDVIK)),
]


@pytest.mark.parametrize("id, answer", ALSO_RIGHT, ids=[f"{row[0]}-{number}" for number, row in enumerate(ALSO_RIGHT)])
def test_another_way_to_write_it_is_right(id: str, answer: tuple[str, ...]) -> None:
    verdict = check(id, *answer)
    assert verdict.right, (verdict.says, verdict.why)


# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("11.1", line("11.1", '{"path": "Patient.name", "Min": 1}'), "three steps are right", "no `min` yet"),
    ("11.1", line("11.1", '{"path": "Patient.name", "min": true}'), "three steps are right", "a whole number"),
    ("11.1", line("11.1", '[{"path": "Patient.name", "min": 1}]'), "a whole list", "only one"),
    ("11.1", line("11.1", "{“path”: “Patient.name”, “min”: 1}"), "no JSON", "straight double quotation marks"),
    ("11.1", line("11.1", '{"path": "Patient.birthDate", "min": 1}'), "three steps are right", "about `Patient.name`"),
    ("11.1", line("11.1", '{"path": "Patient.name", "min": 1, "max": "1"}'), "three steps are right", "more than was asked"),
    ("11.2", line("11.2", '{"path": "patient.photo", "max": "0"}'), "three steps are right", "capitals count"),
    ("11.2", ("patient.photo", *SOLVED["11.2"][1:]), "3 of 4", "capitals"),
    ("11.4", georgios(name=[{"family": "Berg"}]), "name is not as it was sent", "nothing else"),
    ("11.4", georgios(identifier=[*NUMBERS, {"system": "urn:oid:2.999.10.2", "value": "1"}]), "identifier is not", "nothing else"),
    ("11.6", ("nothing: no finding at all", *SOLVED["11.6"][1:]), "you foresaw no finding", "cardinality"),
    ("11.8", ("address.all(postalCode = '9008')",), "each with a postcode of its own", "does not matter"),
    ("11.8", ("address.where(city = 'Fjellvik').empty()",), "each with a postcode of its own", "in which town"),
    ("11.8", ("address.last().postalCode.exists()",), "only the second", "every repetition"),
    ("11.8", ("address.all(postcode.exists())",), "one address, with a postcode", "without any error"),
    ("11.8", ("not address.exists(postalCode.empty())",), "cannot be evaluated", "behind a dot"),
    ("11.10", ("[]",), "no list of lines", "begins with"),
    ("11.10", own(3, path="Patient.identifier:nordvik"), "cannot stand in a profile", "stands in `sliceName`"),
    ("11.10", own(3, sliceName=None), "about the same element", "`sliceName`"),
    ("11.10", own(3, sliceName="regional"), "about the same element", "of its own"),
    ("11.10", own(3, max=None), "two numbers of Nordvik", "second slice"),
    ("11.10", own(4, fixedUri=None, fixedString=NORDVIK), "no narrowing", "it would be `fixedUri`"),
    ("11.10", own(5, max="*"), "no narrowing", "may only narrow"),
    ("11.10", (as_lines([*OWN, {"path": "Patient.gender", "min": 1}]),), "without a language, a gender", "Nobody asked"),
]


@pytest.mark.parametrize("id, answer, says, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in verdict.why
