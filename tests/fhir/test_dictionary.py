"""What a path means. The models' tables are read once here against rows known from R4 itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ihe_kit.core import UnknownPath
from ihe_kit.fhir import explain, parse
from ihe_kit.fhir.dictionary import codes, fields, locate, types
from ihe_kit.files import rows


@pytest.mark.parametrize(
    "path, type_, occurs, spec",
    [
        ("Patient", "resource", "", "FHIR R4 Patient"),
        ("HumanName", "data type", "", "FHIR R4 HumanName"),
        ("Patient.identifier", "Identifier", "0..*", "FHIR R4 Patient.identifier"),
        ("Patient.identifier[1].system", "uri", "0..1", "FHIR R4 Identifier.system"),
        ("Patient.contact", "BackboneElement", "0..*", "FHIR R4 Patient.contact"),
        ("Patient.contact.name.family", "string", "0..1", "FHIR R4 HumanName.family"),
        ("Patient.link.other", "Reference(Patient | RelatedPerson)", "1..1", "FHIR R4 Patient.link.other"),
        ("Patient.active", "boolean", "0..1", "FHIR R4 Patient.active"),
        ("Patient._birthDate.extension.url", "uri", "1..1", "FHIR R4 Extension.url"),
        ("Observation.valueQuantity.value", "decimal", "0..1", "FHIR R4 Quantity.value"),
        ("Observation.value.unit", "string", "0..1", "FHIR R4 Quantity.unit"),
        ("Encounter.class", "Coding", "1..1", "FHIR R4 Encounter.class"),
        ("Attachment.data", "base64Binary", "0..1", "FHIR R4 Attachment.data"),
        ("request.url.birthdate", "date", "0..*", "FHIR R4 section 3.1.1"),
        ("response.location", "", "", "FHIR R4 section 3.1.0"),
        ("request.xForwardedFor", "header", "", "RFC 9110"),
    ],
)
def test_explain(path: str, type_: str, occurs: str, spec: str) -> None:
    found = explain(path)
    assert (found.path, found.type, found.occurs, found.spec) == (path, type_, occurs, spec)
    assert found.name
    assert found.says


def test_our_own_words_win() -> None:
    assert "urn:oid:2.999.10.1" in explain("Patient.identifier.system").says
    assert [code for code, _ in explain("Patient.gender").values] == ["male", "female", "other", "unknown"]
    assert explain("Patient.gender").codes == "codes of Patient.gender"


def test_a_message_tells_the_type_of_a_resource_inside() -> None:
    bundle = parse('{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "name": [{"family": "Lind"}]}}]}')
    inside = "Bundle.entry[0].resource.name[0].family"
    assert explain(bundle, inside).spec == "FHIR R4 HumanName.family"
    assert explain(inside).type == ""
    assert explain(bundle).spec == "FHIR R4 Bundle"
    with pytest.raises(UnknownPath, match=r"did you mean name\.family"):
        explain(bundle, "Bundle.entry[0].resource.famly")


def test_every_explained_path_is_one_of_r4() -> None:
    lines = rows("fhir/explained.tsv")
    for line in lines:
        assert len(line["says"]) <= 260, line["path"]
        if not line["path"].startswith(("request.", "response.")):
            assert explain(line["path"]).says == line["says"]
    assert len({line["path"] for line in lines}) == len(lines)


def test_every_code_and_search_path_is_one_of_r4() -> None:
    for line in rows("fhir/codes.tsv"):
        found = locate(tuple(line["path"].split(".")))
        assert found, line
        assert found[0] == line["path"]
    for line in rows("fhir/search.tsv"):
        for path in line["path"].split(" | "):
            assert explain(path).spec, path


def test_open_lists_of_codes_are_no_lists() -> None:
    """The models cut long lists short with a plus sign; such a list must not refuse the rest."""
    for kind in types():
        for row in fields(kind).values():
            assert "+" not in [code for code, _ in codes(f"{kind}.{row.name}", row)]
    assert ("corrected", "") in codes("Observation.status", fields("Observation")["status"])


def test_the_room_is_light() -> None:
    code = "import sys, ihe_kit.fhir; print([m for m in ('fhir', 'pydantic') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
