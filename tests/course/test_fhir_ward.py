"""The register, the second server and the import of lesson 10, and what its checks say of answers that are not there yet."""

from __future__ import annotations

import json

import pytest

from ihe_kit import FhirClient, validate
from ihe_kit.course.checking import _sandbox, check
from ihe_kit.course.fhir_ward import (
    NORDVIK,
    entries,
    hits,
    import_as_found,
    nightly,
    refused_result,
    register,
    resource,
    run,
    says,
    solbakken,
    text,
    versions,
)
from ihe_kit.course.lessons import exercise, lesson
from ihe_kit.course.lessons.resources_and_rest import NEEDS, SITUATIONS, URLS, check_status
from ihe_kit.fhir import FhirMessage
from ihe_kit.rules import has_errors

LESSON = lesson("10")


@pytest.mark.parametrize("name", ["ingrid", "nightly", "potassium", "contained"])
def test_the_resources_of_the_lesson_are_sound(name: str) -> None:
    assert not has_errors(validate(text(name)))
    assert resource(name) == resource(name)
    assert resource(name) is not resource(name)


def test_the_register_is_kept_once() -> None:
    with _sandbox() as box:
        client = FhirClient(box)
        assert {one["response"]["status"] for one in entries(register(client))} == {"201 Created"}
        assert {one["response"]["status"] for one in entries(register(client))} == {"200 OK"}
        counted = {kind: len(entries(client.search(f"{kind}?_count=100"))) for kind in ("Patient", "Practitioner", "Observation")}
        assert counted == {"Patient": 7, "Practitioner": 2, "Observation": 27}
        assert not client.search("Observation?patient:missing=true").refused
        assert len(entries(client.search("Observation?patient.identifier=4711&performer:Practitioner.family=Strand&_count=100"))) == 23
        seen = hits(client.search("Observation?code=2823-3&_include=Observation:patient"))
        assert list(seen["mode"]) == ["match"] * 3 + ["include"] * 2
        assert "Potassium 6.1 mmol/L, 2025-03-03T09:20" in set(seen["says"])
        assert "colour" in hits(client.search("Patient?colour=blue")).iloc[-1]["says"]


def test_every_result_is_valid_and_whole() -> None:
    with _sandbox() as box:
        client = FhirClient(box)
        register(client)
        for one in entries(client.search("Observation?_count=100")):
            assert client.read(one["resource"]["subject"]["reference"]).ok
            assert client.read(one["resource"]["performer"][0]["reference"]).ok


def test_versions_tell_what_made_them() -> None:
    with _sandbox() as box:
        client = FhirClient(box)
        kept = client.create(resource("ingrid"))
        assert isinstance(kept.answer, FhirMessage)
        target = f"Patient/{kept.answer.data['id']}"
        client.update(kept.answer.data | {"gender": "other"})
        client.delete(target)
        assert [made.split()[0] for made in versions(client.history(target))["made by"]] == ["DELETE", "PUT", "POST"]


def test_the_second_server_gives_ids_of_its_own() -> None:
    first = solbakken()
    client = FhirClient(first)
    created = client.create(resource("ingrid"))
    assert created.answer and created.answer.get("Patient.id") == ["S00001"]
    assert str(created) == "FHIR POST Patient, Nordvik ward to Solbakken records: 201 Created"
    assert FhirClient(solbakken()).base != client.base
    assert client.read("Patient/S00001").lost, "the one before it was stopped"


def test_the_import_doubles_as_found_and_not_as_mended() -> None:
    found, mended = nightly(import_as_found()), nightly(text("nightly"))
    assert list(found["created"]) == [3, 3]
    assert list(found["patients on the server"]) == [2, 4]
    assert list(found["results of nobody"]) == [1, 2]
    assert list(mended["created"]) == [3, 0]
    assert list(mended["results of nobody"]) == [0, 0]


def test_a_run_that_is_refused_says_why() -> None:
    with _sandbox() as box:
        night = run(text("nightly").replace('"status": "final"', '"status": "done"'), FhirClient(box))
    assert (night.answered, night.created, night.patients) == ("422 Unprocessable Entity", (), 0)
    assert "done is no code" in night.problem


def test_says() -> None:
    assert says(resource("ingrid")) == "Ingrid Ødegård"
    assert says(resource("potassium")) == "Potassium in blood 4.3 mmol/L"
    assert says({"resourceType": "Basic"}) == ""


def test_the_situations_are_as_the_solution_says() -> None:
    assert sorted(code for _, code, _, _ in SITUATIONS) == ["200", "201", "304", "400", "404", "410", "412", "422"]
    assert exercise("10.5").check is check_status
    assert check("10.5", *exercise("10.5").solution).right


def given_to_bjorn() -> str:
    """The import as it should be, but for the name of an entry, which Bjørn's bears in place of Ingrid's."""
    bundle = resource("nightly")
    bundle["entry"][1]["fullUrl"] = bundle["entry"][0].pop("fullUrl")
    return json.dumps(bundle)


def put_by_number() -> str:
    """The import as it should be, but for Ingrid, who is written to her hospital number as if it were an id."""
    bundle = resource("nightly")
    bundle["entry"][0]["resource"]["id"] = "4711"
    bundle["entry"][0]["request"] = {"method": "PUT", "url": "Patient/4711"}
    return json.dumps(bundle)


# (exercise, answer, a part of what is said, a part of why)
SOLVED = {item.id: item.solution for item in LESSON.exercises}
WRONG = [
    ("10.1", ("Patient.identifer.value", *SOLVED["10.1"][1:]), "no path in a Patient", "Patient.name.family"),
    ("10.1", ("Patient.id", *SOLVED["10.1"][1:]), "4 of 5 fit", "At Patient.id stands F00001"),
    ("10.1", ("identifier.value", *SOLVED["10.1"][1:]), "no path in a Patient", "begins with the type"),
    ("10.1", (*SOLVED["10.1"][:2], "deceased", *SOLVED["10.1"][3:]), "4 of 5 fit", "several names"),
    ("10.2", (SOLVED["10.2"][0], "PUT Patient/4711", SOLVED["10.2"][2]), "2 of 3 steps", "not the id of a record"),
    ("10.3", (SOLVED["10.3"][0], "PUT Patient/F00001", SOLVED["10.3"][2]), "2 of 3 steps", "The id is right"),
    ("10.7", ("Observation.code", *SOLVED["10.7"][1:]), "Observation.code is not what is missing", "expression"),
    ("10.7", (*SOLVED["10.7"][:2], refused_result().replace('"code"', '"status": "final", "code"')), "still refused: 422", "side by side"),
    ("10.7", (*SOLVED["10.7"][:2], text("potassium").replace("4.3", "3.4")), "another result", "two values"),
    ("10.7", (*SOLVED["10.7"][:2], text("potassium").replace("4711", "4455")), "another result", "as the laboratory wrote it"),
    ("10.7", (*SOLVED["10.7"][:2], text("potassium").replace("mmol", "mg")), "another result", "as the laboratory wrote it"),
    ("10.7", (*SOLVED["10.7"][:2], text("potassium").replace("final", "amended")), "as amended", "final"),
    ("10.7", (*SOLVED["10.7"][:2], "4.3 mmol/L"), "no resource any more", "resourceType"),
    ("10.8", (text("nightly").replace("{", "", 1),), "cannot be read yet", "line"),
    ("10.8", (text("ingrid"),), "no Bundle", "frame"),
    ("10.8", (import_as_found().replace("mmol/L", "mmol/l"),), "Second night: 3 created. Doubled: Patient and Observation", "condition"),
    ("10.8", (text("nightly").replace('\n      "fullUrl"', '\n      "full"'),), "But the result is nobody's", "`fullUrl`"),
    ("10.8", (text("nightly").replace('"final"', '"done"'),), "first night is refused: 422", "done"),
    ("10.8", (text("nightly").replace('"transaction"', '"batch"'),), "no transaction any more", "stands alone"),
    ("10.8", (given_to_bjorn(),), "not Ingrid's", "more harm than none"),
    ("10.8", (text("nightly").replace(f"{NORDVIK}|", ""),), "takes them for yours", "before the bar"),
    ("10.8", (text("nightly").replace(f"identifier={NORDVIK}|4455", "given=Bjørn&family=Lie"),), "takes them for yours", "same name"),
    ("10.8", (put_by_number(),), "takes them for yours", "this number as an id"),
    ("10.10", ("97", SOLVED["10.10"][1]), "last one on page 1", "link"),
    ("10.10", ("70", SOLVED["10.10"][1]), "not the last heart rate", "last row"),
    ("10.11", ("Observation?patient.colour=Berg", *SOLVED["10.11"][1:]), "0 of 3", "colour"),
    ("10.11", ("Observation?patient.family=Berg&date=never", *SOLVED["10.11"][1:]), "0 of 3", "answers 400"),
    ("10.11", (SOLVED["10.11"][0], "Patient?name=Anna", SOLVED["10.11"][2]), "1 of 3", "as many as are wanted, but not the same"),
    ("10.11", (*SOLVED["10.11"][:2], "Patient?identifier=7001"), "2 of 3", "1 Patient; wanted are 2 Observation and 1 Patient"),
    ("10.12", (*SOLVED["10.12"][:5], "Patient", *SOLVED["10.12"][6:]), "7 of 8 fit", "have met"),
]  # fmt: skip


@pytest.mark.parametrize("id, answer, says_, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says_: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says_ in verdict.says
    assert why in verdict.why


def test_another_way_to_the_same_end_is_right() -> None:
    others = (
        "GET http://127.0.0.1:1/fhir/Observation?subject:Patient.family=berg",
        "/Patient?_has:Observation:subject:code=http://loinc.org|2823-3",
        "Observation?patient.identifier=7001&_include=Observation:patient",
    )
    assert check("10.11", *others).right
    assert check("10.10", "77 /min", SOLVED["10.10"][1]).right
    updates = text("nightly").replace('"POST", "url": "Patient", "ifNoneExist": "', '"PUT", "url": "Patient?')
    assert check("10.8", updates).right


def test_what_the_page_says_of_the_searches_is_what_they_find() -> None:
    assert len({count for _, count, _ in URLS}) == len(URLS)
    assert len({url.split("?")[0] for _, url, _ in NEEDS}) == 2
