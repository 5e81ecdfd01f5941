"""A citation that nobody compared with the text says so to the reader; one that was compared does not."""

import json

import pytest

from ihe_kit.core import cited
from ihe_kit.files import rows
from ihe_kit.openehr import explain, invariants, model, parse, rm, terminology
from ihe_kit.openehr.conformance import conform

MARK = cited("x", checked=False).removeprefix("x ")
TABLES = ("openehr/rm.tsv", "openehr/rules.tsv", "openehr/codes.tsv", "openehr/coded.tsv", "openehr/invariants.tsv")


@pytest.mark.parametrize("table", TABLES)
def test_a_row_is_compared_or_it_is_not(table: str) -> None:
    assert {row["checked"] for row in rows(table)} <= {"yes", ""}


@pytest.mark.parametrize("row", rows("openehr/rm.tsv"), ids=lambda row: f"{row['class']}.{row['attribute']}")
def test_explain_carries_the_mark(row: dict[str, str]) -> None:
    path = row["attribute"] if row["class"] == "HTTP" and row["attribute"] else f"{row['class']}.{row['attribute']}"
    spec = explain(path).spec
    assert (MARK in spec) == (row["checked"] != "yes")
    assert row["section"].partition(",")[0] in spec


def test_what_nobody_compared_shows() -> None:
    assert explain("request.host").spec == f"RFC 9110 section 7.2 {MARK}"
    assert explain("DV_QUANTITY.units").spec == "openEHR RM 1.1.0 Data Types, DV_QUANTITY"
    assert explain("DV_INTERVAL.lower").spec == "openEHR BASE 1.2.0 Foundation Types, Interval"


def test_findings_carry_the_mark() -> None:
    flat = parse('{"vital_signs/blood_presure:0/any_event:0/systolic|magnitude": 142}')
    assert [finding.spec for finding in conform(flat, "kit_vital_signs.v1")] == [f"openEHR ITS-REST, Simplified Formats {MARK}"]
    quantity = parse('{"_type": "DV_QUANTITY", "magnitude": 142}')
    assert [finding.spec for finding in conform(quantity)] == ["openEHR RM 1.1.0 Data Types, DV_QUANTITY"]


def test_a_finding_about_a_row_that_nobody_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    unchecked = tuple(row | {"checked": ""} for row in rows("openehr/rm.tsv"))
    monkeypatch.setattr(rm, "rows", lambda name: unchecked)
    _forget()
    try:
        findings = conform(parse('{"_type": "DV_QUANTITY", "magnitude": 142, "unit": "mm[Hg]"}'))
        assert {finding.rule for finding in findings} == {"OPENEHR-REQUIRED", "OPENEHR-ATTRIBUTE"}
        assert all(MARK in finding.spec for finding in findings)
    finally:
        _forget()


def _forget() -> None:
    for table in (rm.classes, rm.attributes, rm.heirs, rm.is_a, model.known, terminology.coded, invariants.invariants):
        table.cache_clear()


def test_every_code_is_compared() -> None:
    """No reader sees a mark on a single code, so none stands in the table that nobody compared."""
    assert all(row["checked"] == "yes" for row in rows("openehr/codes.tsv"))


def test_every_ancestor_and_type_is_a_class_of_the_table() -> None:
    for name, members in rm.classes().items():
        assert members[""].type in ("", *rm.classes()), name
        known = {*rm.classes(), *rm.PRIMITIVES} if name != "HTTP" else {row["type"] for row in rows("openehr/rm.tsv")}
        assert {attribute.type for key, attribute in members.items() if key} <= known, name


def test_an_ehr_as_the_api_gives_it_is_one() -> None:
    reference = {
        "_type": "OBJECT_REF",
        "namespace": "local",
        "type": "EHR_STATUS",
        "id": {"_type": "OBJECT_VERSION_ID", "value": "a::b::1"},
    }
    ehr = {"_type": "EHR", "system_id": {"value": "fjordland"}, "ehr_id": {"value": "7"}, "ehr_status": reference}
    ehr |= {"ehr_access": reference | {"type": "EHR_ACCESS"}, "time_created": {"value": "2025-03-03T08:00:00+01:00"}}
    assert conform(parse(json.dumps(ehr))) == []


def test_text_stands_for_characters_and_bytes() -> None:
    """JSON carries a Character and an Array<Octet> as a string."""
    code = {"terminology_id": {"value": "SNOMED-CT"}, "code_string": "1"}
    assert conform(parse(json.dumps({"_type": "TERM_MAPPING", "match": "=", "target": code}))) == []
    image = {"_type": "DV_MULTIMEDIA", "media_type": code, "size": 3, "data": "QUJD"}
    assert conform(parse(json.dumps(image))) == []
    assert [finding.rule for finding in conform(parse(json.dumps(image | {"data": ["A"]})))] == ["OPENEHR-TYPE"]


def test_every_row_is_about_an_attribute_of_its_class() -> None:
    for row in (*rows("openehr/invariants.tsv"), *rows("openehr/coded.tsv")):
        assert (row.get("at") or row["attribute"]) in rm.attributes(row["class"]), row
    for row in rows("openehr/coded.tsv"):
        assert row["group"] in terminology.groups()


def test_every_test_of_an_invariant_is_used_and_known() -> None:
    assert {row["test"].split()[0] for row in rows("openehr/invariants.tsv")} == set(invariants.TESTS)


def test_findings_about_groups_and_invariants_cite_the_place() -> None:
    code = {"terminology_id": {"value": "openehr"}, "code_string": "146"}
    element = {"_type": "ELEMENT", "archetype_node_id": "at1", "name": {"value": "x"}}
    element |= {"null_flavour": {"value": "mean", "defining_code": code}, "value": {"_type": "DV_TEXT", "value": "x"}}
    assert {finding.spec for finding in conform(parse(json.dumps(element)))} == {
        "openEHR RM 1.1.0 Data Structures, ELEMENT, Inv_null_flavour_valid",
        "openEHR RM 1.1.0 Data Structures, ELEMENT, Inv_null_flavour_indicated",
    }
