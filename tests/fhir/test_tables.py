"""HL7's definitions as they were compiled: what is there, what a snapshot made from a differential looks like, how quickly it is at hand."""

from __future__ import annotations

import json
from threading import Thread
from typing import Any

import pytest

from ihe_kit.fhir.shapes import Shape
from ihe_kit.fhir.snapshot import NoSnapshot, snapshot
from ihe_kit.fhir.tables import BASE, Definitions, core, data_types, resource_types
from ihe_kit.fhir.terminology import Terminology
from ihe_kit.files import data, rows

VS = "http://hl7.org/fhir/ValueSet/"


def test_the_types_of_r4() -> None:
    assert len(resource_types()) == 146
    assert {"Patient", "Bundle", "SubstanceSpecification"} <= resource_types()
    assert not {"DomainResource", "Resource", "HumanName", "Citation"} & resource_types()
    assert {"HumanName", "date", "Extension"} <= data_types()


def test_every_structure_has_a_snapshot() -> None:
    urls = list(core().urls("StructureDefinition"))
    assert len(urls) == 653
    assert [url for url in urls if core().shape(url) is None] == []
    assert core().problems == {}


@pytest.mark.parametrize(
    "url, path, occurs, types",
    [
        ("Patient", "id", "0..1", ["string"]),
        ("Patient", "contact.name", "0..1", ["HumanName"]),
        ("Patient", "link.type", "1..1", ["code"]),
        ("Observation", "component.value[x]", "0..1", None),
        ("bp", "component", "2..*", ["BackboneElement"]),
        ("bmi", "value[x]", "1..1", ["Quantity"]),
        ("bmi", "value[x].code", "1..1", ["code"]),
        ("patient-birthTime", "value[x]", "1..1", ["dateTime"]),
        ("patient-birthTime", "extension", "0..0", ["Extension"]),
        ("SimpleQuantity", "comparator", "0..0", ["code"]),
    ],
)
def test_elements(url: str, path: str, occurs: str, types: list[str] | None) -> None:
    shape = core().shape(BASE + url)
    assert shape
    for step in path.split("."):
        shape = shape.children[step]
    assert shape.occurs == occurs
    assert types is None or [one.code for one in shape.types] == types


def test_slices_of_a_profile() -> None:
    bp = core().shape(BASE + "bp")
    assert bp
    component = bp.children["component"]
    assert list(component.slices) == ["SystolicBP", "DiastolicBP"]
    assert component.slices["SystolicBP"].occurs == "1..1"
    assert component.slices["SystolicBP"].children["code"].children["coding"].slices["SBPCode"].children["code"].demanded == (
        "fixed",
        "8480-6",
    )
    assert component.slicing["discriminator"] == [
        {"type": "value", "path": "code.coding.code"},
        {"type": "value", "path": "code.coding.system"},
    ]


def made(*elements: dict[str, Any], **more: Any) -> Shape:
    definition = {"url": "http://example.org/p", "type": "Patient", "baseDefinition": BASE + "Patient", "derivation": "constraint"}
    return snapshot(definition | {"differential": {"element": list(elements)}} | more, core())


def test_a_differential_opens_what_it_needs() -> None:
    shape = made(
        {"path": "Patient.name.family", "min": 1},
        {"path": "Patient.contact.telecom.system", "id": "Patient.contact.telecom.system", "min": 1},
    )
    assert shape.children["name"].children["family"].occurs == "1..1"
    assert shape.children["contact"].children["telecom"].children["system"].least == 1
    assert core().type("Patient").children["name"].children == {}  # type: ignore[union-attr]


def test_slices_by_path_alone_and_slices_of_slices() -> None:
    shape = made(
        {"path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}},
        {"path": "Patient.identifier", "sliceName": "mrn", "min": 1},
        {"path": "Patient.identifier.system", "fixedUri": "urn:oid:2.999.10.1"},
        {"id": "Patient.identifier:mrn/old", "path": "Patient.identifier", "sliceName": "mrn/old", "max": "1"},
    )
    mrn = shape.children["identifier"].slices["mrn"]
    assert (mrn.occurs, mrn.children["system"].demanded) == ("1..*", ("fixed", "urn:oid:2.999.10.1"))
    assert mrn.slices["mrn/old"].occurs == "0..1"
    assert shape.children["identifier"].children.get("system", Shape("", {})).demanded == ("", None)


def test_constraints_are_added_and_values_replaced() -> None:
    rule = {"key": "p-1", "severity": "error", "human": "A name.", "expression": "name.exists()"}
    shape = made(
        {"path": "Patient", "constraint": [rule]},
        {"path": "Patient.gender", "fixedCode": "female"},
        {"path": "Patient.gender", "patternCode": "male"},
    )
    assert {"dom-2", "p-1"} <= {one.key for one in shape.constraints}
    assert shape.children["gender"].demanded == ("pattern", "male")


@pytest.mark.parametrize(
    "more, says",
    [
        ({"baseDefinition": "http://example.org/absent"}, "not at hand"),
        ({"differential": {"element": [{"path": "Patient.gender.x.y"}]}}, "has no element x"),
        ({"differential": {"element": [{"path": "Patient.famly"}]}}, "has no element famly"),
        ({"differential": {"element": [{"path": "Patient" + ".contact" * 50}]}}, "more than 40 steps"),
        ({"differential": 5, "baseDefinition": None}, "neither a snapshot nor a differential"),
    ],
)
def test_no_snapshot(more: dict[str, Any], says: str) -> None:
    with pytest.raises(NoSnapshot, match=says):
        made(**more)


def test_threads_that_begin_at_once_find_the_same() -> None:
    own = {url: core().get("StructureDefinition", url) or {} for url in core().urls("StructureDefinition")}

    def ask(definitions: Definitions, found: list[Shape | None]) -> None:
        found.extend(definitions.type(name) for name in ("Patient", "Observation", "Bundle"))

    for _ in range(5):
        found: list[Shape | None] = []
        shared = Definitions([{"StructureDefinition": own}])
        threads = [Thread(target=ask, args=(shared, found)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(map(id, found))) == 3
        assert None not in found


def test_a_circle_of_profiles_is_told() -> None:
    one = {"url": "http://example.org/a", "type": "Patient", "baseDefinition": "http://example.org/b", "differential": {"element": []}}
    both = {one["url"]: one, "http://example.org/b": one | {"url": "http://example.org/b", "baseDefinition": "http://example.org/a"}}
    definitions = Definitions([{"StructureDefinition": both}], core())
    assert definitions.shape("http://example.org/a") is None
    assert "derived from itself" in " ".join(definitions.problems.values())


@pytest.mark.parametrize(
    "value_set, system, code, answer",
    [
        (VS + "administrative-gender", None, "female", True),
        (VS + "administrative-gender", None, "Female", False),
        (VS + "administrative-gender", "http://example.org", "female", False),
        (VS + "mimetypes", None, "text/plain; charset=utf-8", True),
        (VS + "mimetypes", None, "no media type", False),
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", True),
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "ECG", False),
        (VS + "jurisdiction", "urn:iso:std:iso:3166", "NO", None),
        (VS + "condition-code", "http://snomed.info/sct", "73211009", None),
        (VS + "condition-code", "http://snomed.info/sct", "no such form", False),
        (VS + "currencies", "urn:iso:std:iso:4217", "NOK", None),
        (VS + "currencies", "urn:iso:std:iso:4217", "kroner", False),
        (VS + "absent", None, "x", None),
        (VS + "units-of-time", "http://unitsofmeasure.org", "h", True),
    ],
)
def test_value_sets(value_set: str, system: str | None, code: str, answer: bool | None) -> None:
    assert Terminology(core()).holds(value_set, system, code) is answer


def test_lists_of_codes() -> None:
    terms = Terminology(core())
    assert [code for _, code, _ in terms.codes(VS + "administrative-gender")] == ["male", "female", "other", "unknown"]
    assert terms.codes(VS + "condition-code") == ()
    assert terms.display("http://hl7.org/fhir/administrative-gender", "female") == "Female"
    assert terms.display("http://snomed.info/sct", "1") is None


def test_what_is_left_out_is_named_and_not_there() -> None:
    left = rows("fhir/left-out.tsv")
    assert [row["url"] for row in left if core().has(row["kind"], row["url"])] == []
    assert "http://hl7.org/fhir/ValueSet/c80-doc-typecodes" in [row["url"] for row in left]


def test_the_compiled_files_are_small_and_whole() -> None:
    files = sorted(data("fhir/core").iterdir())
    assert sum(file.stat().st_size for file in files) < 3_700_000
    for file in files:
        urls = [json.loads(line)["url"] for line in file.read_text("utf-8").splitlines()]
        assert urls == sorted(set(urls))
