"""Rules that only some resources and data types have: each broken once, beside a sound neighbour. And every row of the table is one that is used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ihe_kit.fhir import conform, parse
from ihe_kit.fhir import conformance as room
from ihe_kit.fhir.report import words
from ihe_kit.rules import SEVERITIES

BASE = "https://example.org/fhir/"
SD = "http://hl7.org/fhir/StructureDefinition/"
ADMINISTRATIVE = "http://hl7.org/fhir/administrative-gender"
MARITAL = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"


def patient(key: str = "a", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": key, "active": True} | more


def entry(resource: dict[str, Any], url: str = "", **more: Any) -> dict[str, Any]:
    return {"fullUrl": url or f"{BASE}{resource['resourceType']}/{resource['id']}", "resource": resource} | more


def bundle(*entries: dict[str, Any], kind: str = "collection", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind} | ({"entry": list(entries)} if entries else {}) | more


def definition(kind: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "url": "http://example.org/d", "name": "D", "status": "draft"} | more


def parameter(**more: Any) -> dict[str, Any]:
    head = {"description": "x", "code": "name", "base": ["Patient"], "type": "string", "expression": "Patient.name"}
    return definition("SearchParameter") | head | more


def structure(**more: Any) -> dict[str, Any]:
    head = {"kind": "resource", "abstract": False, "type": "Patient", "baseDefinition": SD + "Patient", "derivation": "constraint"}
    return definition("StructureDefinition") | head | {"differential": {"element": [{"id": "Patient", "path": "Patient"}]}} | more


def elements(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"element": [{"id": part["path"]} | part for part in parts]}


def capability(kind: str) -> dict[str, Any]:
    asked = {"name": "family", "type": kind, "definition": "http://hl7.org/fhir/SearchParameter/individual-family"}
    rest = [{"mode": "server", "resource": [{"type": "Patient", "searchParam": [asked]}]}]
    head = {"date": "2025", "kind": "requirements", "fhirVersion": "4.0.1", "format": ["json"], "rest": rest, "description": "x"}
    return definition("CapabilityStatement") | head


def document(author: str) -> dict[str, Any]:
    composition = {"resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "x"}, "date": "2025", "title": "x"}
    first = entry(composition | {"author": [{"reference": author}]})
    return bundle(
        first, entry(patient()), kind="document", identifier={"system": "urn:x:y", "value": "1"}, timestamp="2025-03-03T08:00:00Z"
    )


def coded(**coding: str) -> dict[str, Any]:
    return patient(maritalStatus={"coding": [coding]})


SELF = {"relation": "self", "url": f"{BASE}Patient?name=x"}
SEARCH = {"search": {"mode": "match"}}
SYSTEM = {"content": "complete", "concept": [{"code": "a", "concept": [{"code": "b"}]}], "caseSensitive": True}

CASES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (bundle(entry(patient())), bundle({"resource": patient()}), "FHIR-BUNDLE-ADDRESS", "Bundle.entry[0].fullUrl"),
    (bundle(entry(patient(), "urn:oid:2.999.1")), bundle(entry(patient(), "Patient/a")), "FHIR-BUNDLE-ADDRESS", "Bundle.entry[0].fullUrl"),
    (bundle(entry(patient())), bundle(entry(patient(), f"{BASE}Patient/b")), "FHIR-BUNDLE-ADDRESS", "Bundle.entry[0].fullUrl"),
    (bundle(entry(patient())), bundle(entry(patient(), f"{BASE}Basic/a")), "FHIR-BUNDLE-ADDRESS", "Bundle.entry[0].fullUrl"),
    (bundle(link=[SELF], kind="history"), bundle(link=[SELF, SELF], kind="history"), "FHIR-BUNDLE-LINK", "Bundle.link[1].relation"),
    (
        bundle(entry(patient(), **SEARCH), kind="searchset"),
        bundle({"fullUrl": f"{BASE}Patient/a", "resource": {"resourceType": "Patient", "active": True}} | SEARCH, kind="searchset"),
        "FHIR-BUNDLE-SEARCH",
        "Bundle.entry[0].resource.id",
    ),
    (
        bundle(entry(patient(), search={"mode": "include"}), kind="searchset"),
        bundle(entry(patient(), search={"mode": "outcome"}), kind="searchset"),
        "FHIR-BUNDLE-SEARCH",
        "Bundle.entry[0].resource.resourceType",
    ),
    (
        bundle(entry(patient(), **SEARCH), kind="searchset", link=[SELF]),
        bundle(entry(patient(), **SEARCH), kind="searchset", link=[SELF | {"url": f"{BASE}Basic?code=x"}]),
        "FHIR-BUNDLE-SEARCH",
        "Bundle.entry[0].resource.resourceType",
    ),
    (document("Patient/a"), document("Patient/b"), "FHIR-REFERENCE-BUNDLE", "Bundle.entry[0].resource.author[0].reference"),
    (
        bundle(entry(patient()), entry(patient("b", link=[{"other": {"reference": "Patient/a"}, "type": "seealso"}]))),
        bundle(
            entry(patient()),
            entry(patient(), meta={"versionId": "2"}),
            entry(patient("b", link=[{"other": {"reference": "Patient/a"}, "type": "seealso"}])),
        ),
        "FHIR-REFERENCE-BUNDLE",
        "Bundle.entry[2].resource.link[0].other.reference",
    ),
    (parameter(), parameter(expression="Patient.name.where("), "FHIR-EXPRESSION", "SearchParameter.expression"),
    (parameter(), parameter(expression="Basic.code"), "FHIR-SEARCH-DEFINITION", "SearchParameter.expression"),
    (
        parameter(derivedFrom="http://hl7.org/fhir/SearchParameter/Patient-name"),
        parameter(derivedFrom="http://hl7.org/fhir/SearchParameter/Patient-name", type="token"),
        "FHIR-SEARCH-DEFINITION",
        "SearchParameter.type",
    ),
    (
        parameter(derivedFrom="http://hl7.org/fhir/SearchParameter/Patient-name"),
        parameter(derivedFrom="http://hl7.org/fhir/SearchParameter/Practitioner-name"),
        "FHIR-SEARCH-DEFINITION",
        "SearchParameter.base[0]",
    ),
    (capability("string"), capability("token"), "FHIR-SEARCH-DEFINITION", "CapabilityStatement.rest[0].resource[0].searchParam[0].type"),
    (structure(), structure(baseDefinition=SD + "Basic"), "FHIR-DEFINITION", "StructureDefinition.type"),
    (
        structure(differential=elements({"path": "Patient"}, {"path": "Patient.contact.name.family", "min": 1})),
        structure(differential=elements({"path": "Patient"}, {"path": "Patient.famly", "min": 1})),
        "FHIR-DEFINITION",
        "StructureDefinition.differential",
    ),
    (
        structure(),
        structure(
            differential=elements(
                {"path": "Patient", "constraint": [{"key": "x-1", "severity": "error", "human": "X", "expression": "name.exists("}]}
            )
        ),
        "FHIR-EXPRESSION",
        "StructureDefinition.differential.element[0].constraint[0].expression",
    ),
    (patient(language="de-AT"), patient(language="de_AT"), "FHIR-LANGUAGE", "Patient.language"),
    (
        patient(identifier=[{"system": "urn:oid:2.999.1", "value": "1"}]),
        patient(identifier=[{"system": "MRN", "value": "1"}]),
        "FHIR-IDENTIFIER",
        "Patient.identifier[0].system",
    ),
    (
        patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.999.1"}]),
        patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": "2.999.1"}]),
        "FHIR-IDENTIFIER",
        "Patient.identifier[0].value",
    ),
    (
        patient(name=[{"id": "n", "text": "x"}], contact=[{"id": "m", "name": {"text": "x"}}]),
        patient(name=[{"id": "n", "text": "x"}], contact=[{"id": "n", "name": {"text": "x"}}]),
        "FHIR-ELEMENT-ID",
        "Patient.contact[0].id",
    ),
    (
        patient(contained=[patient("b")], link=[{"other": {"reference": "#b"}, "type": "seealso"}]),
        patient(contained=[patient("b"), patient("b")], link=[{"other": {"reference": "#b"}, "type": "seealso"}]),
        "FHIR-CONTAINED",
        "Patient.contained[1].id",
    ),
    (
        patient(managingOrganization={"reference": "Organization/1"}),
        patient(managingOrganization={"reference": "the hospital"}),
        "FHIR-REFERENCE",
        "Patient.managingOrganization.reference",
    ),
    (
        patient(managingOrganization={"reference": "Organization/1", "type": "Organization"}),
        patient(managingOrganization={"reference": "Organization/1", "type": "Patient"}),
        "FHIR-REFERENCE",
        "Patient.managingOrganization.type",
    ),
    (coded(system=MARITAL, code="M", display="Married"), coded(system=MARITAL, code="M", display="Wed"), "FHIR-DISPLAY", "Patient.maritalStatus.coding[0].display"),
    (coded(system=MARITAL, code="M"), coded(system=MARITAL, code="MM"), "FHIR-CODE-UNKNOWN", "Patient.maritalStatus.coding[0].code"),
    (coded(system="urn:oid:2.999.1", code="M"), coded(system="local", code="M"), "FHIR-CODE-SYSTEM", "Patient.maritalStatus.coding[0].system"),
    (
        coded(system="urn:oid:2.999.1", code="M"),
        coded(system="http://hl7.org/fhir/ValueSet/marital-status", code="M"),
        "FHIR-CODE-SYSTEM",
        "Patient.maritalStatus.coding[0].system",
    ),
    (
        patient(photo=[{"contentType": "image/png", "data": "QUJD", "size": 3}]),
        patient(photo=[{"contentType": "image/png", "data": "QUJD", "size": 4}]),
        "FHIR-ATTACHMENT",
        "Patient.photo[0].size",
    ),
    (
        patient(photo=[{"contentType": "image/png", "data": "QUJD"}]),
        patient(photo=[{"contentType": "picture", "data": "QUJD"}]),
        "FHIR-CODE",
        "Patient.photo[0].contentType",
    ),
]  # fmt: skip


def errors(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f.rule, f.path) for f in conform(parse(json.dumps(resource))) if f.severity == "error"]


@pytest.mark.parametrize("sound, broken, rule, path", CASES)
def test_each_kept_and_broken(sound: dict[str, Any], broken: dict[str, Any], rule: str, path: str) -> None:
    assert errors(sound) == []
    assert (rule, path) in errors(broken)


OPTIONS = [{"valueCoding": {"system": "urn:x", "code": code}} for code in "ab"]
QUESTIONS = [
    {"linkId": "1", "type": "boolean", "required": True},
    {"linkId": "2", "type": "choice", "repeats": True, "answerOption": OPTIONS},
    {"linkId": "3", "type": "group", "item": [{"linkId": "3.1", "type": "string"}, {"linkId": "3.2", "type": "display"}]},
    {"linkId": "4", "type": "integer", "required": True, "enableWhen": [{"question": "1", "operator": "=", "answerBoolean": True}]},
]
YES, TEXT = (
    {"linkId": "1", "answer": [{"valueBoolean": True}]},
    {"linkId": "3", "item": [{"linkId": "3.1", "answer": [{"valueString": "x"}]}]},
)


def response(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked = {"resourceType": "Questionnaire", "id": "q", "status": "draft", "item": QUESTIONS}
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "#q",
        "contained": [asked],
        "item": list(items),
    } | more


@pytest.mark.parametrize(
    "items, path",
    [
        ([YES, {"linkId": "9", "answer": [{"valueBoolean": True}]}], "item[1].linkId"),
        ([TEXT, YES], "item[1].linkId"),
        ([YES, YES], "item[1].linkId"),
        ([TEXT], "item"),
        ([{"linkId": "1"}], "item[0].answer"),
        ([YES, {"linkId": "3", "answer": [{"valueString": "x"}]}], "item[1].answer"),
        ([{"linkId": "1", "answer": [{"valueBoolean": True}, {"valueBoolean": False}]}], "item[0].answer[1]"),
        ([{"linkId": "1", "answer": [{"valueString": "yes"}]}], "item[0].answer[0].valueString"),
        ([YES, {"linkId": "2", "answer": [{"valueCoding": {"system": "urn:x", "code": "c"}}]}], "item[1].answer[0].valueCoding"),
    ],
)
def test_answers(items: list[dict[str, Any]], path: str) -> None:
    good = [YES, {"linkId": "2", "answer": OPTIONS}, TEXT]
    assert errors(response(*good)) == []
    assert errors(response(TEXT, status="in-progress")) == []  # who is not finished may leave something out
    assert errors(response(*items)) == [("FHIR-ANSWER", f"QuestionnaireResponse.{path}")]
    absent = conform(
        parse(json.dumps(response(*items, questionnaire="http://example.org/q", contained=[]) | {"contained": [patient("q")]}))
    )
    assert ("FHIR-NOT-CHECKED", "QuestionnaireResponse.questionnaire") in [(f.rule, f.path) for f in absent]


def test_a_count_that_is_wrong_is_a_warning() -> None:
    found = [conform(parse(json.dumps(definition("CodeSystem", count=count, **SYSTEM)))) for count in (2, 3)]
    assert [[(f.severity, f.rule, f.path) for f in each] for each in found][1:] == [[("warning", "FHIR-CODE-SYSTEM", "CodeSystem.count")]]
    assert found[0] == []


def test_fixes_mend() -> None:
    for resource in (
        coded(system=MARITAL, code="M", display="Wed"),
        patient(photo=[{"contentType": "image/png", "data": "QUJD", "size": 4}]),
    ):
        message = parse(json.dumps(resource))
        (fix,) = [f.fix for f in conform(message) if f.fix]
        assert errors(json.loads(message.text[: fix.start] + fix.text + message.text[fix.end :])) == []


def test_a_wrong_target_is_told_by_the_name_of_the_element() -> None:
    (finding,) = conform(parse(json.dumps(patient(managingOrganization={"reference": "Patient/b"}))))
    assert finding.what == "managingOrganization points to a resource of the type Patient."


def test_bindings_by_their_strength() -> None:
    wrong = {"system": "urn:oid:2.999.1", "code": "x"}
    (extensible,) = conform(parse(json.dumps(coded(**wrong))))
    assert (extensible.severity, extensible.rule) == ("warning", "FHIR-CODE-EXTENSIBLE")
    clinical = {"resourceType": "Condition", "subject": {"reference": "Patient/a"}, "clinicalStatus": {"coding": [wrong]}}
    found = conform(parse(json.dumps(clinical)))
    assert ("FHIR-CODE", "Condition.clinicalStatus.coding[0].code") in [(f.rule, f.path) for f in found if f.severity == "error"]
    words_alone = conform(parse(json.dumps(clinical | {"clinicalStatus": {"text": "active"}})))
    assert ("FHIR-CODE", "Condition.clinicalStatus") in [(f.rule, f.path) for f in words_alone if f.severity == "error"]


def test_every_row_of_the_table_is_used_and_every_use_has_a_row() -> None:
    folder = Path(room.__file__).parent
    text = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    used = set(re.findall(r'\.(?:at|on|once)\(\s*"([a-z-]+)"', text)) | set(re.findall(r'words\(\)\["([a-z-]+)"\]', text))
    used |= {"code-required", "code-extensible", "profile-fixed", "profile-pattern", "invariant-profile", "invariant"}
    used |= {"profile-most", "profile-absent"}
    assert used == set(words())
    for row in words().values():
        assert row["severity"] in (*SEVERITIES, "{severity}"), row
        assert re.search(r"[.:?] ", row["says"]) and row["says"].endswith("."), row
        assert row["spec"].startswith(("FHIR R4", "UCUM", "{")), row
        assert row["checked"] in ("yes", ""), row


def test_what_nobody_compared_is_shown_as_such() -> None:
    (finding,) = conform(parse(json.dumps(bundle(link=[SELF, SELF], kind="history"))))
    assert finding.spec.endswith("(not checked against the text)")
