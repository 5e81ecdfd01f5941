"""What a path means. The models' tables are read once here against rows known from R4 itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from ihe_kit.core import UnknownPath
from ihe_kit.fhir import dictionary, explain, parse
from ihe_kit.fhir.dictionary import codes, fields, locate, types
from ihe_kit.fhir.tables import resource_types
from ihe_kit.files import rows

CACHES = (dictionary._words, dictionary._coded, dictionary.codes)
MARK = "(not checked against the text)"


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
        ("Bundle.link.relation", "string", "1..1", "FHIR R4 section 3.1.0.14; self in section 3.1.1.6"),
        ("request.url.birthdate", "date", "0..*", "FHIR R4 section 3.1.1.4.7; prefixes in section 3.1.1.4.5"),
        ("request.url.gender", "token", "0..*", "FHIR R4 section 3.1.1.4.2, SearchParameter individual-gender"),
        ("request.url.colour", "parameter", "", "FHIR R4 section 3.1.1.4.2"),
        ("response.location", "", "", "FHIR R4 section 3.1.0.8"),
        ("request.xForwardedFor", "header", "", "FHIR R4 section 3.1.0.16"),
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
    assert explain(bundle).spec == "FHIR R4 section 3.1.0.9"
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


@pytest.mark.parametrize(
    "table, path, key, fact",
    [
        ("fhir/explained.tsv", "Patient.active", "path", "spec"),
        ("fhir/explained.tsv", "Patient.name.family", "path", "spec"),
        ("fhir/explained.tsv", "request.ifMatch", "path", "spec"),
        ("fhir/explained.tsv", "request.url.birthdate", "path", "spec"),
        ("fhir/search.tsv", "request.url.birthdate", "name", "spec"),
        ("fhir/codes.tsv", "Patient.gender", "path", "codes"),
    ],
)
def test_what_nobody_compared_is_shown_as_such(table: str, path: str, key: str, fact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def some(name: str) -> tuple[dict[str, str], ...]:
        return tuple(row | {"checked": ""} if name == table and row[key] in path else row for row in rows(name))

    before = explain(path)
    assert MARK not in before.spec + before.codes
    monkeypatch.setattr(dictionary, "rows", some)
    for cache in CACHES:
        cache.cache_clear()
    try:
        after = explain(path)
    finally:
        for cache in CACHES:
            cache.cache_clear()
    assert getattr(after, fact) == f"{getattr(before, fact)} {MARK}"
    assert replace(after, **{fact: getattr(before, fact)}) == before


def test_what_the_models_say_themselves_needs_no_mark() -> None:
    assert "Patient.photo" not in {row["path"] for row in rows("fhir/explained.tsv")}
    assert explain("Patient.photo").spec == "FHIR R4 Patient.photo"
    assert MARK not in explain("Encounter.location.status").codes


def test_every_row_says_whether_somebody_compared_it() -> None:
    for name in ("fhir/explained.tsv", "fhir/codes.tsv", "fhir/search.tsv"):
        for row in rows(name):
            assert None not in row.values(), row
            assert row["checked"] in ("yes", ""), row
    for row in rows("fhir/explained.tsv"):
        assert row["section"].startswith("FHIR R4 section 3.1.") or not row["path"].startswith(("request.", "response.")), row["path"]
    assert all(row["section"].startswith("FHIR R4 section 3.1.1.4.") for row in rows("fhir/search.tsv"))


def test_open_lists_of_codes_are_no_lists() -> None:
    """The models cut long lists short with a plus sign; such a list must not refuse the rest."""
    for kind in types():
        for row in fields(kind).values():
            assert "+" not in [code for code, _ in codes(f"{kind}.{row.name}", row)]
    assert ("corrected", "Corrected") in codes("Observation.status", fields("Observation")["status"])
    assert ("fulfilled", "Fulfilled") in codes("Appointment.status", fields("Appointment")["status"])


def test_definitions_tell_constraints_bindings_and_parts() -> None:
    contact, mode = explain("Patient.contact"), explain("Patient.maritalStatus")
    assert ("Constraint pat-1", "SHALL at least contain a contact's details or a reference to an organization") in contact.facts
    assert "relationship" in [part.label for part in contact.parts]
    assert mode.codes == "http://hl7.org/fhir/ValueSet/marital-status (extensible)"
    assert [(part.label, part.type, part.occurs) for part in explain("Annotation").parts][2:4] == [
        ("author[x]", "choice", "0..1"),
        ("time", "dateTime", "0..1"),
    ]
    assert "Modifier" in dict(explain("Observation.status").facts)


@pytest.mark.parametrize(
    "path, own",
    [
        ("Questionnaire.item.item.linkId", "Questionnaire.item.linkId"),
        ("Observation.component.referenceRange.low", "Observation.referenceRange.low"),
        ("SubstanceSpecification.moiety.role", "SubstanceSpecification.moiety.role"),
    ],
)
def test_parts_that_refer_to_others(path: str, own: str) -> None:
    assert explain(path).spec == f"FHIR R4 {own}"


def test_the_room_is_light() -> None:
    code = "import sys, ihe_kit.fhir; print([m for m in ('fhir', 'fhirpathpy', 'pydantic') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_no_type_has_the_words_of_what_it_is_derived_from() -> None:
    borrowed = explain("DomainResource").says
    assert [kind for kind in resource_types() if explain(kind).says == borrowed] == []
    assert explain("Appointment").says.startswith("A booking")
