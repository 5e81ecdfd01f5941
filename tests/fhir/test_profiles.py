"""Profiles: each demand kept and broken once, slices of every kind, several profiles at once, and what is not at hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ihe_kit.fhir import Package, conform, parse
from ihe_kit.fhir.items import order
from ihe_kit.fhir.tables import BASE, KINDS
from ihe_kit.units import UCUM

MRN = "urn:oid:2.999.10.1"
URL = "http://example.org/StructureDefinition/"
INGRID: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "ingrid",
    "identifier": [{"system": MRN, "value": "4711"}, {"system": "urn:oid:2.999.1.1", "value": "17065812345"}],
    "active": True,
    "name": [{"use": "official", "family": "Ødegård", "given": ["Ingrid"]}],
    "telecom": [{"system": "phone", "value": "+47 555 01 234"}],
    "gender": "female",
    "generalPractitioner": [{"reference": "Practitioner/berg"}],
    "multipleBirthBoolean": False,
}


def profile(*elements: dict[str, Any], name: str = "Nordvik", kind: str = "Patient", **more: Any) -> dict[str, Any]:
    head = {"resourceType": "StructureDefinition", "url": URL + name, "name": name, "type": kind, "baseDefinition": BASE + kind}
    return head | {"derivation": "constraint", "kind": "resource", "differential": {"element": list(elements)}} | more


def found(resource: dict[str, Any], *profiles: Any) -> list[tuple[str, str]]:
    return [(f.rule, f.path) for f in conform(parse(json.dumps(resource)), list(profiles)) if f.severity != "information"]


def sliced(path: str, discriminator: str, rules: str = "open", kind: str = "value", **more: Any) -> dict[str, Any]:
    return {"path": path, "slicing": {"discriminator": [{"type": kind, "path": discriminator}], "rules": rules} | more}


def slice_(path: str, name: str, tail: str = "", **more: Any) -> dict[str, Any]:
    return {"id": f"{path}:{name}{tail}", "path": path + tail} | ({} if tail else {"sliceName": name}) | more


BY_SYSTEM = (
    sliced("Patient.identifier", "system"),
    slice_("Patient.identifier", "mrn", min=1, max="1"),
    slice_("Patient.identifier", "mrn", ".system", min=1, fixedUri=MRN),
    slice_("Patient.identifier", "mrn", ".value", min=1),
    slice_("Patient.identifier", "national", max="1"),
    slice_("Patient.identifier", "national", ".system", patternUri="urn:oid:2.999.1.1"),
)


def change(**parts: Any) -> dict[str, Any]:
    return {key: value for key, value in (INGRID | parts).items() if value is not None}


CASES = [
    ([{"path": "Patient.name", "min": 1}], change(name=None), "FHIR-PROFILE-REQUIRED", "Patient.name"),
    ([{"path": "Patient.name.family", "min": 1}], change(name=[{"given": ["Ingrid"]}]), "FHIR-PROFILE-REQUIRED", "Patient.name[0].family"),
    ([{"path": "Patient.photo", "max": "0"}], change(photo=[{"title": "x"}]), "FHIR-PROFILE-MAX", "Patient.photo[0]"),
    ([{"path": "Patient.name", "max": "1"}], change(name=[{"text": "a"}, {"text": "b"}]), "FHIR-PROFILE-MAX", "Patient.name[1]"),
    ([{"path": "Patient.gender", "fixedCode": "female"}], change(gender="male"), "FHIR-PROFILE-VALUE", "Patient.gender"),
    ([{"path": "Patient.active", "patternBoolean": True}], change(active=False), "FHIR-PROFILE-VALUE", "Patient.active"),
    (
        [{"path": "Patient.multipleBirth[x]", "type": [{"code": "boolean"}]}],
        change(multipleBirthBoolean=None, multipleBirthInteger=2),
        "FHIR-PROFILE-TYPE",
        "Patient.multipleBirthInteger",
    ),
    (
        [{"path": "Patient.multipleBirthInteger", "min": 1}],
        change(multipleBirthBoolean=True),
        "FHIR-PROFILE-TYPE",
        "Patient.multipleBirthBoolean",
    ),
    (
        [{"path": "Patient.generalPractitioner", "type": [{"code": "Reference", "targetProfile": [BASE + "Practitioner"]}]}],
        change(generalPractitioner=[{"reference": "Organization/1"}]),
        "FHIR-REFERENCE",
        "Patient.generalPractitioner[0].reference",
    ),
    (
        [{"path": "Patient.maritalStatus", "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/marital-status"}}],
        change(maritalStatus={"coding": [{"system": "http://example.org", "code": "M"}]}),
        "FHIR-CODE",
        "Patient.maritalStatus.coding[0].code",
    ),
    (
        [{"path": "Patient", "constraint": [{"key": "nv-1", "severity": "error", "human": "Active.", "expression": "active = true"}]}],
        change(active=False),
        "nv-1",
        "Patient",
    ),
    (
        [
            {
                "path": "Patient",
                "constraint": [
                    {
                        "key": "nv-2",
                        "severity": "error",
                        "human": "Known.",
                        "expression": "gender.memberOf('http://hl7.org/fhir/ValueSet/identifier-use')",
                    }
                ],
            }
        ],
        change(gender="male"),
        "nv-2",
        "Patient",
    ),
    ([{"path": "Patient.name.family", "maxLength": 7}], change(name=[{"family": "Lindstad"}]), "FHIR-LENGTH", "Patient.name[0].family"),
    (
        [{"path": "Patient.multipleBirthInteger", "maxValueInteger": 3}],
        change(multipleBirthBoolean=None, multipleBirthInteger=4),
        "FHIR-LIMIT",
        "Patient.multipleBirthInteger",
    ),
    ([{"path": "Patient.birthDate", "minValueDate": "1900"}], change(birthDate="1899-12-31"), "FHIR-LIMIT", "Patient.birthDate"),
    ([{"path": "Patient.birthDate", "maxValueDate": "2000-01-01"}], change(birthDate="2000-01-02"), "FHIR-LIMIT", "Patient.birthDate"),
    (BY_SYSTEM, change(identifier=[{"system": "urn:oid:2.999.3", "value": "1"}]), "FHIR-SLICE", "Patient.identifier"),
    (BY_SYSTEM, change(identifier=INGRID["identifier"][:1] * 2), "FHIR-SLICE", "Patient.identifier[1]"),
    (BY_SYSTEM, change(identifier=[{"system": MRN}]), "FHIR-PROFILE-REQUIRED", "Patient.identifier[0].value"),
    (
        (sliced("Patient.identifier", "system", "closed"), *BY_SYSTEM[1:]),
        change(identifier=[*INGRID["identifier"], {"system": "urn:oid:2.999.7", "value": "1"}]),
        "FHIR-SLICE",
        "Patient.identifier[2]",
    ),
    (
        (sliced("Patient.identifier", "system", ordered=True), *BY_SYSTEM[1:]),
        change(identifier=INGRID["identifier"][::-1]),
        "FHIR-SLICE",
        "Patient.identifier[1]",
    ),
    (
        (sliced("Patient.identifier", "system", "openAtEnd"), *BY_SYSTEM[1:]),
        change(identifier=[{"system": "urn:oid:2.999.7", "value": "1"}, *INGRID["identifier"]]),
        "FHIR-SLICE",
        "Patient.identifier[0]",
    ),
    (
        (
            sliced("Patient.name", "period", kind="exists"),
            slice_("Patient.name", "past", max="0"),
            slice_("Patient.name", "past", ".period", min=1),
        ),
        change(name=[{"family": "Lie", "period": {"end": "1980"}}]),
        "FHIR-SLICE",
        "Patient.name[0]",
    ),
    (
        (
            sliced("Patient.multipleBirth[x]", "$this", "closed", kind="type"),
            slice_("Patient.multipleBirth[x]", "multipleBirthInteger", min=1),
        ),
        INGRID,
        "FHIR-SLICE",
        "Patient.multipleBirthBoolean",
    ),
    (
        (
            *BY_SYSTEM,
            {"id": "Patient.identifier:mrn", "path": "Patient.identifier", "sliceName": "mrn", "max": "*"}
            | {"slicing": {"discriminator": [{"type": "value", "path": "use"}], "rules": "open"}},
            {"id": "Patient.identifier:mrn/old", "path": "Patient.identifier", "sliceName": "mrn/old", "max": "1"},
            {"id": "Patient.identifier:mrn/old.use", "path": "Patient.identifier.use", "min": 1, "fixedCode": "old"},
        ),
        change(identifier=[{"system": MRN, "value": number, "use": "old"} for number in ("1", "2")]),
        "FHIR-SLICE",
        "Patient.identifier[1]",
    ),
]


@pytest.mark.parametrize("elements, broken, rule, path", CASES)
def test_each_demand_kept_and_broken(elements: Any, broken: dict[str, Any], rule: str, path: str) -> None:
    demanded = profile(*elements)
    if (
        broken != INGRID
        and rule != "nv-2"
        and path != "Patient.multipleBirthBoolean"
        and "multipleBirthInteger" not in json.dumps(elements)
    ):
        assert found(INGRID, demanded) == []
    assert (rule, path) in found(broken, demanded)
    assert {one for one, _ in found(broken, demanded)} <= {
        rule,
        "FHIR-SLICE",
        "FHIR-PROFILE-TYPE",
        "FHIR-PROFILE-REQUIRED",
        "FHIR-CODE-EXTENSIBLE",
    }
    assert "FHIR-CODE-EXTENSIBLE" in {one for one, _ in found(broken)} or found(broken) == []


def test_a_finding_of_a_profile_names_it_and_offers_a_repair() -> None:
    message = parse(json.dumps(change(gender="male")))
    (finding,) = conform(message, profile({"path": "Patient.gender", "fixedCode": "female"}))
    assert (finding.spec, "Nordvik" in finding.says, finding.fix and finding.fix.text) == (URL + "Nordvik", True, '"female"')


def test_several_profiles_at_once() -> None:
    one, two = profile({"path": "Patient.birthDate", "min": 1}), profile({"path": "Patient.photo", "min": 1}, name="Other")
    assert found(INGRID, one, two) == [("FHIR-PROFILE-REQUIRED", "Patient.birthDate"), ("FHIR-PROFILE-REQUIRED", "Patient.photo")]
    named = change(meta={"profile": [URL + "Nordvik"]}) | {"id": "x"}
    assert ("FHIR-PROFILE-REQUIRED", "Patient.birthDate") in found(named, one)


def test_a_profile_on_a_profile() -> None:
    one = profile({"path": "Patient.birthDate", "min": 1})
    two = profile({"path": "Patient.photo", "min": 1}, name="Narrower", baseDefinition=URL + "Nordvik")
    assert set(found(INGRID, two, one)) == {("FHIR-PROFILE-REQUIRED", "Patient.birthDate"), ("FHIR-PROFILE-REQUIRED", "Patient.photo")}


@pytest.mark.parametrize(
    "asked, says",
    [
        (URL + "absent", "was not checked"),
        (profile(baseDefinition=URL + "absent"), "which is not at hand"),
        (profile(kind="Observation"), "is for a Observation"),
    ],
)
def test_what_cannot_be_asked(asked: Any, says: str) -> None:
    (finding,) = conform(parse(json.dumps(INGRID)), asked)
    assert says in finding.says


def test_profiles_on_targets_and_inside_bundles() -> None:
    practitioner = profile({"path": "Practitioner.name", "min": 1}, name="Doctor", kind="Practitioner")
    patient = profile({"path": "Patient.generalPractitioner", "type": [{"code": "Reference", "targetProfile": [URL + "Doctor"]}]})
    base = "https://example.org/fhir/"
    entries = [
        {"fullUrl": f"{base}Patient/ingrid", "resource": change(meta={"profile": [URL + "Nordvik"]})},
        {"fullUrl": f"{base}Practitioner/berg", "resource": {"resourceType": "Practitioner", "id": "berg", "active": True}},
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert found(bundle, patient, practitioner) == [
        ("FHIR-PROFILE", "Bundle"),
        ("FHIR-PROFILE", "Bundle"),
        ("FHIR-PROFILE-TARGET", "Bundle.entry[0].resource.generalPractitioner[0].reference"),
    ]
    entries[1]["resource"]["name"] = [{"text": "Elin Berg"}]  # type: ignore[index]
    assert [rule for rule, _ in found(bundle, patient, practitioner)] == ["FHIR-PROFILE"] * 2
    lone = conform(parse(json.dumps(INGRID)), [patient, practitioner])
    assert ("FHIR-NOT-CHECKED", "Patient.generalPractitioner[0]") in [(f.rule, f.path) for f in lone]


def test_slices_by_the_profile_and_the_type_of_entries() -> None:
    by_type = (
        sliced("Bundle.entry", "resource", "closed", kind="type"),
        slice_("Bundle.entry", "patient", min=1, max="1"),
        slice_("Bundle.entry", "patient", ".resource", type=[{"code": "Patient"}]),
    )
    entries = [{"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "resource": INGRID}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert found(bundle, profile(*by_type, kind="Bundle")) == []
    other = {"resourceType": "Organization", "id": "o", "name": "Nordvik"}
    more = {"entry": [*entries, {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239521", "resource": other}]}
    assert found(bundle | more, profile(*by_type, kind="Bundle")) == [("FHIR-SLICE", "Bundle.entry[1]")]
    named = profile({"path": "Patient.photo", "min": 1}, name="Pictured")
    by_profile = (
        sliced("Bundle.entry", "resource", kind="profile"),
        slice_("Bundle.entry", "pictured", min=1),
        slice_("Bundle.entry", "pictured", ".resource", type=[{"code": "Patient", "profile": [URL + "Pictured"]}]),
    )
    assert ("FHIR-SLICE", "Bundle.entry") in found(bundle, profile(*by_profile, kind="Bundle"), named)


def test_the_vital_signs_of_r4() -> None:
    pressure = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": "Patient/ingrid"},
        "effectiveDateTime": "2025-03-03",
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
            }
            for code, value in (("8480-6", 120), ("8462-4", 80))
        ],
    }
    assert found(pressure) == []
    assert found(pressure | {"component": pressure["component"][:1]}) == [
        ("FHIR-PROFILE-REQUIRED", "Observation.component"),
        ("FHIR-SLICE", "Observation.component"),
    ]
    del pressure["component"][1]["valueQuantity"]["unit"]
    assert found(pressure) == [("FHIR-PROFILE-REQUIRED", "Observation.component[1].valueQuantity.unit")]


def test_extensions() -> None:
    birth = BASE + "patient-birthTime"
    assert (
        found(change(birthDate="1958-06-17", _birthDate={"extension": [{"url": birth, "valueDateTime": "1958-06-17T04:05:00+01:00"}]}))
        == []
    )
    wrong_type = {"extension": [{"url": birth, "valueString": "early"}]}
    assert found(change(birthDate="1958-06-17", _birthDate=wrong_type)) == [
        ("FHIR-PROFILE-TYPE", "Patient._birthDate.extension[0].valueString")
    ]
    assert found(change(extension=[{"url": birth, "valueDateTime": "1958"}])) == [("FHIR-EXTENSION", "Patient.extension[0].url")]
    assert found(change(modifierExtension=[{"url": "http://example.org/x", "valueCode": "y"}])) == [
        ("FHIR-EXTENSION", "Patient.modifierExtension[0].url")
    ]
    nationality = {"url": BASE + "patient-nationality", "extension": [{"url": "code", "valueString": "NO"}]}
    assert found(change(extension=[nationality])) == [("FHIR-PROFILE-TYPE", "Patient.extension[0].extension[0].valueString")]


def test_profiles_that_lead_in_a_circle_end() -> None:
    links = {"path": "Patient.link.other", "type": [{"code": "Reference", "targetProfile": [URL + "Nordvik"]}]}
    people = [
        {
            "fullUrl": f"https://example.org/fhir/Patient/{name}",
            "resource": {"resourceType": "Patient", "id": name, "link": [{"other": {"reference": f"Patient/{other}"}, "type": "seealso"}]}
            | {"meta": {"profile": [URL + "Nordvik"]}},
        }
        for name, other in (("a", "b"), ("b", "a"))
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": people}
    assert found(bundle, profile(links)) == [("FHIR-PROFILE", "Bundle")]


@pytest.mark.parametrize(
    "value, limit, answer",
    [
        (Decimal("1.10"), Decimal("1.1"), 0),
        (2, 3, -1),
        ("1958-06", "1958", 0),
        ("1957", "1958-06-17", -1),
        ("2025-03-03T08:00:00+01:00", "2025-03-03T07:00:00Z", 0),
        ("2025-03-03T08:00:01Z", "2025-03-03T08:00:00Z", 1),
        ("2025-03-04T00:00:00Z", "2025-03-03", 0),
        ("08:00:00", "09:30:00", -1),
        ("yesterday", "2025", 0),
        ({"value": 5, "code": "mg"}, {"value": 4, "code": "mg"}, 1),
        ({"value": 5, "code": "mg"}, {"value": 4, "code": "mmol"}, 0),
        ({"value": 1, "system": UCUM, "code": "g"}, {"value": 500, "system": UCUM, "code": "mg"}, 1),
        ({"value": 1, "system": UCUM, "code": "g"}, {"value": 500, "system": UCUM, "code": "mm"}, 0),
        ({"value": 1}, 2, -1),
        ({"code": "g"}, {"value": 1}, 0),
        (True, 2, 0),
    ],
)
def test_a_limit_is_crossed_only_where_that_is_sure(value: Any, limit: Any, answer: int) -> None:
    assert order(value, limit) == answer


@pytest.mark.parametrize(
    "allowed, reference, right",
    [
        (["contained"], "#o", True),
        (["contained"], "Organization/o", False),
        (["referenced"], "Organization/o", True),
        (["referenced"], "#o", False),
        (["contained", "bundled"], "Organization/o", False),
        ([], "Organization/o", True),
    ],
)
def test_a_reference_leads_where_it_may(allowed: list[str], reference: str, right: bool) -> None:
    """FHIR R4 ElementDefinition.type.aggregation."""
    there = {"code": "Reference", "targetProfile": [BASE + "Organization"]} | ({"aggregation": allowed} if allowed else {})
    inside = {"contained": [{"resourceType": "Organization", "id": "o", "name": "Nordvik"}]} if reference == "#o" else {}
    told = found(
        change(managingOrganization={"reference": reference}, **inside), profile({"path": "Patient.managingOrganization", "type": [there]})
    )
    assert told == ([] if right else [("FHIR-PROFILE-TARGET", "Patient.managingOrganization.reference")])


def test_bundled_is_in_the_same_bundle() -> None:
    only = {"code": "Reference", "targetProfile": [BASE + "Organization"], "aggregation": ["bundled"]}
    named = profile({"path": "Patient.managingOrganization", "type": [only]})
    kinds = {kind: {named["url"]: named} if kind == "StructureDefinition" else {} for kind in KINDS}
    ingrid = {
        "resourceType": "Patient",
        "id": "i",
        "meta": {"profile": [named["url"]]},
        "managingOrganization": {"reference": "Organization/o"},
    }
    entries = [
        {"fullUrl": f"http://example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one}
        for one in (ingrid, {"resourceType": "Organization", "id": "o", "name": "x"})
    ]
    for there, expected in ((entries, []), (entries[:1], ["FHIR-PROFILE-TARGET"])):
        bundle = parse(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": there}))
        assert [f.rule for f in conform(bundle, packages=[Package("n", "1", kinds)]) if f.severity == "error"] == expected
