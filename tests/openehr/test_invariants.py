"""Each invariant of the Reference Model has an object that keeps it and one that breaks it; so has each group of openEHR's own codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ihe_kit.files import rows
from ihe_kit.openehr import conform, iso8601, parse, rm, terminology
from ihe_kit.rules import Finding
from tests.openehr.small import code, coded, details, name
from tests.openehr.test_conformance_values import interval, proportion, quantity

ARCHETYPE = "openEHR-EHR-CLUSTER.x.v1"
TIME = {"_type": "DV_DATE_TIME", "value": "2025-03-03T08:00:00+01:00"}
TREE = {"_type": "ITEM_TREE", "name": name("t"), "archetype_node_id": "at1"}
PICTURE = {"_type": "DV_MULTIMEDIA", "media_type": code("IANA_media-types", "image/png"), "size": 3, "data": "QUJD"}
PARTY = {"_type": "PARTY_IDENTIFIED", "name": "Ingrid Lie"}
LATER = {"_type": "DV_DATE_TIME", "value": "2025-03-03T08:30:00+01:00"}
Object = dict[str, Any]


def event(time: Object) -> Object:
    return {"_type": "POINT_EVENT", "name": name("e"), "archetype_node_id": "at2", "time": time, "data": TREE}


def node(type_: str, **more: Any) -> Object:
    return {"_type": type_, "name": name("n"), "archetype_node_id": "at1"} | more


def row_of(type_: str) -> Object:
    return node(
        "CLUSTER",
        items=[node("ELEMENT", value=name("x")) if type_ == "ELEMENT" else node("CLUSTER", items=[node("ELEMENT", value=name("x"))])],
    )


def version(number: int, **more: Any) -> Object:
    return {"_type": "ORIGINAL_VERSION", "uid": {"_type": "OBJECT_VERSION_ID", "value": f"a::b::{number}"}} | more


BEFORE = {"preceding_version_uid": {"_type": "OBJECT_VERSION_ID", "value": "a::b::1"}}
RANGE = interval(quantity(36), quantity(37.5))
UNKNOWN = coded("unknown", "openehr", "253")
STATUS = "openehr_normal_statuses"
MAPPING = {"_type": "TERM_MAPPING", "match": "=", "target": code("SNOMED-CT", "1")}

# class, invariant, test of the row; an object that keeps it; one that breaks it
CASES: list[tuple[str, str, str, Object, Object]] = [
    ("LOCATABLE", "Links_valid", "full", node("SECTION"), node("SECTION", links=[])),
    (
        "COMPOSITION",
        "Archetyped_valid",
        "root",
        node("COMPOSITION", archetype_node_id=ARCHETYPE, archetype_details=details(ARCHETYPE)),
        node("COMPOSITION", archetype_node_id=ARCHETYPE),
    ),
    ("CONTENT_ITEM", "Archetyped_valid", "root", node("SECTION"), node("SECTION", archetype_node_id=ARCHETYPE)),
    ("ITEM", "Archetyped_valid", "root", node("CLUSTER"), node("CLUSTER", archetype_node_id=ARCHETYPE)),
    (
        "LOCATABLE",
        "archetype_node_id",
        "named",
        node("SECTION", archetype_node_id=ARCHETYPE, archetype_details=details(ARCHETYPE)),
        node("SECTION", archetype_node_id=ARCHETYPE, archetype_details=details("openEHR-EHR-CLUSTER.y.v1")),
    ),
    ("COMPOSITION", "Content_valid", "full", node("COMPOSITION"), node("COMPOSITION", content=[])),
    ("COMPOSITION", "Is_archetype_root", "archetype_id", node("COMPOSITION", archetype_node_id=ARCHETYPE), node("COMPOSITION")),
    ("EVENT_CONTEXT", "Participations_validity", "full", {"_type": "EVENT_CONTEXT"}, {"_type": "EVENT_CONTEXT", "participations": []}),
    ("EVENT_CONTEXT", "location_valid", "full", {"_type": "EVENT_CONTEXT"}, {"_type": "EVENT_CONTEXT", "location": ""}),
    ("ENTRY", "Other_participations_valid", "full", node("EVALUATION"), node("EVALUATION", other_participations=[])),
    ("ENTRY", "Is_archetype_root", "archetype_id", node("EVALUATION", archetype_node_id=ARCHETYPE), node("EVALUATION")),
    ("INSTRUCTION", "Activities_valid", "full", node("INSTRUCTION"), node("INSTRUCTION", activities=[])),
    ("HISTORY", "Events_valid", "events", node("HISTORY", summary=TREE), node("HISTORY", events=[])),
    (
        "HISTORY",
        "Period_consistency",
        "period",
        node("HISTORY", origin=TIME, period={"value": "PT15M"}, events=[event(TIME), event(LATER)]),
        node("HISTORY", origin=TIME, period={"value": "PT20M"}, events=[event(TIME), event(LATER)]),
    ),
    ("ITEM_TABLE", "Valid_structure", "table", node("ITEM_TABLE", rows=[row_of("ELEMENT")]), node("ITEM_TABLE", rows=[row_of("CLUSTER")])),
    ("ELEMENT", "Inv_null_flavour_indicated", "valued", node("ELEMENT", null_flavour=UNKNOWN), node("ELEMENT")),
    (
        "ELEMENT",
        "Inv_null_flavour_indicated",
        "valueless",
        node("ELEMENT", value=name("x")),
        node("ELEMENT", value=name("x"), null_flavour=UNKNOWN),
    ),
    (
        "ELEMENT",
        "Inv_null_reason_valid",
        "valueless",
        node("ELEMENT", null_flavour=UNKNOWN, null_reason=name("lost")),
        node("ELEMENT", value=name("x"), null_reason=name("lost")),
    ),
    ("DV_TEXT", "Mappings_valid", "full", name("x"), name("x") | {"mappings": []}),
    ("DV_TEXT", "Formatting_valid", "full", name("x") | {"formatting": "plain"}, name("x") | {"formatting": ""}),
    ("TERM_MAPPING", "Match_valid", "one_of", MAPPING, MAPPING | {"match": "!"}),
    ("DV_ORDERED", "Other_reference_ranges_validity", "full", quantity(37), quantity(37, other_reference_ranges=[])),
    (
        "DV_ORDERED",
        "Normal_range_and_status_consistency",
        "normal",
        quantity(38, normal_range=RANGE, normal_status=code(STATUS, "H")),
        quantity(38, normal_range=RANGE, normal_status=code(STATUS, "N")),
    ),
    ("DV_QUANTIFIED", "Magnitude_status_valid", "one_of", quantity(37, magnitude_status="<="), quantity(37, magnitude_status="=<")),
    (
        "DV_AMOUNT",
        "Accuracy_is_percent_validity",
        "exact",
        quantity(37, accuracy=0, accuracy_is_percent=False),
        quantity(37, accuracy=0, accuracy_is_percent=True),
    ),
    (
        "DV_AMOUNT",
        "Accuracy_validity",
        "percentage",
        quantity(37, accuracy=101, accuracy_is_percent=False),
        quantity(37, accuracy=101, accuracy_is_percent=True),
    ),
    ("DV_PROPORTION", "Type_validity", "one_of", proportion(1), proportion(1, 1, 5)),
    ("DV_PROPORTION", "Valid_denominator", "not_zero", proportion(1), proportion(1, 0, 0)),
    ("DV_PROPORTION", "Unitary_validity", "under", proportion(1, 1, 1), proportion(1, 2, 1)),
    ("DV_PROPORTION", "Percent_validity", "under", proportion(97.5), proportion(97.5, 1)),
    ("DV_PROPORTION", "Fraction_validity", "whole", proportion(1, 2, 3), proportion(1.5, 2, 3)),
    ("DV_PROPORTION", "Is_integral_validity", "integral", proportion(97, precision=0), proportion(97.5, precision=0)),
    ("DV_INTERVAL", "Lower_included_valid", "bounded", interval(None, quantity(1)), interval(None, quantity(1), lower_included=True)),
    ("DV_INTERVAL", "Upper_included_valid", "bounded", interval(quantity(1), None), interval(quantity(1), None, upper_included=True)),
    ("DV_INTERVAL", "Limits_consistent", "limit lower", RANGE, interval(None, quantity(1), lower_unbounded=False)),
    ("DV_INTERVAL", "Limits_consistent", "limit upper", RANGE, interval(quantity(1), None, upper_unbounded=False)),
    ("DV_INTERVAL", "Limits_consistent", "rising", RANGE, interval(quantity(37.5), quantity(36))),
    ("DV_INTERVAL", "Limits_comparable", "alike", RANGE, interval(quantity(36), quantity(99, "[degF]"))),
    (
        "REFERENCE_RANGE",
        "Range_is_simple",
        "simple",
        {"_type": "REFERENCE_RANGE", "meaning": name("normal"), "range": RANGE},
        {"_type": "REFERENCE_RANGE", "meaning": name("normal"), "range": interval(quantity(36, normal_range=RANGE), None)},
    ),
    ("DV_MULTIMEDIA", "Not_empty", "inline", PICTURE, {key: value for key, value in PICTURE.items() if key != "data"}),
    (
        "DV_MULTIMEDIA",
        "Integrity_check_validity",
        "digested",
        PICTURE | {"integrity_check": "QUJD", "integrity_check_algorithm": code("openehr_integrity_check_algorithms", "SHA-256")},
        PICTURE | {"integrity_check": "QUJD"},
    ),
    ("DV_MULTIMEDIA", "Size_valid", "positive", PICTURE, PICTURE | {"size": -1}),
    ("DV_EHR_URI", "Scheme_valid", "ehr", {"_type": "DV_EHR_URI", "value": "ehr:/x"}, {"_type": "DV_EHR_URI", "value": "https://x"}),
    ("PARTY_IDENTIFIED", "Basic_validity", "identified", PARTY, {"_type": "PARTY_IDENTIFIED"}),
    ("PARTY_IDENTIFIED", "Name_valid", "full", PARTY, PARTY | {"name": ""}),
    ("PARTY_IDENTIFIED", "Identifiers_valid", "full", PARTY, PARTY | {"identifiers": []}),
    ("ORIGINAL_VERSION", "Preceding_version_uid_validity", "preceded", version(2, **BEFORE), version(2)),
    ("ORIGINAL_VERSION", "Preceding_version_uid_validity", "preceded", version(1), version(1, **BEFORE)),
    ("ORIGINAL_VERSION", "Attestations_valid", "full", version(1), version(1, attestations=[])),
    ("ATTESTATION", "Items_valid", "full", {"_type": "ATTESTATION"}, {"_type": "ATTESTATION", "items": []}),
]


def broken(value: Object) -> list[Finding]:
    return [finding for finding in conform(parse(json.dumps(value))) if finding.rule == "OPENEHR-INVARIANT"]


@pytest.mark.parametrize(("owner", "invariant", "test", "good", "bad"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_an_object_that_keeps_it_and_one_that_breaks_it(owner: str, invariant: str, test: str, good: Object, bad: Object) -> None:
    row = one_row(owner, invariant, test)
    assert not [finding for finding in broken(good) if finding.spec.endswith(f", {invariant}") and finding.what in row["says"]]
    found = [finding for finding in broken(bad) if finding.spec.endswith(f", {invariant}") and finding.path.endswith(f"/{row['at']}")]
    assert found, broken(bad)
    assert all(finding.severity == row["severity"] and finding.why for finding in found)


def one_row(owner: str, invariant: str, test: str) -> dict[str, str]:
    """The row that a case is about."""
    (row,) = (
        row
        for row in rows("openehr/invariants.tsv")
        if (row["class"], row["invariant"]) == (owner, invariant) and row["test"].startswith(test)
    )
    return row


def test_every_row_has_its_case() -> None:
    assert len({id(one_row(*case[:3])) for case in CASES}) == len(rows("openehr/invariants.tsv"))


@pytest.mark.parametrize("row", rows("openehr/coded.tsv"), ids=lambda row: f"{row['class']}.{row['attribute']}")
def test_every_group_is_asked_for(row: dict[str, str]) -> None:
    owner = next(heir for heir in rm.heirs(row["class"]) if not rm.abstract(heir))
    group = terminology.groups()[row["group"]]

    def found(terminology_id: str, code_string: str) -> list[str]:
        plain = rm.attributes(owner)[row["attribute"]].type == "CODE_PHRASE"
        value = code(terminology_id, code_string) if plain else coded(group.codes.get(code_string, "x"), terminology_id, code_string)
        findings = conform(parse(json.dumps({"_type": owner, row["attribute"]: value})))
        return [finding.found for finding in findings if finding.rule == "OPENEHR-GROUP"]

    assert found(group.terminology, next(iter(group.codes))) == []
    assert found(group.terminology, "9999") == ["9999"]
    assert found("local", "at0001") == ([] if row["open"] else ["local"])


def test_what_a_server_fills_in_is_not_asked_of_a_request() -> None:
    audit = {"_type": "AUDIT_DETAILS", "change_type": coded("creation", "openehr", "249"), "committer": PARTY}
    body = json.dumps({"_type": "CONTRIBUTION", "audit": audit, "versions": []})
    head = "POST /rest/openehr/v1/ehr/1/contribution HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n"
    assert "OPENEHR-REQUIRED" not in [finding.rule for finding in conform(parse(head + body))]
    assert [f.path for f in conform(parse(json.dumps(audit))) if f.rule == "OPENEHR-REQUIRED"] == ["/system_id", "/time_committed"]


@pytest.mark.parametrize(
    ("type_", "one", "other", "order"),
    [
        ("DV_DATE", "2025-03-03", "2025-03-04", -1),
        ("DV_DATE", "20250304", "2025-03-04", 0),
        ("DV_DATE", "2025-03", "2025-03-04", None),
        ("DV_DATE_TIME", "2025-03-03T08:00:00+01:00", "2025-03-03T07:00:00Z", 0),
        ("DV_DATE_TIME", "2025-03-03T08:00:00+01:00", "2025-03-03T08:00:00", None),
        ("DV_DATE_TIME", "2025-03-03T08:00:00.5Z", "2025-03-03T08:00:00,25Z", 1),
        ("DV_DATE_TIME", "0001-01-01T00:00:00+14:00", "2025-03-03T08:00:00Z", None),
        ("DV_TIME", "08:00", "T0900", -1),
        ("DV_DURATION", "PT24H", "P1D", 0),
        ("DV_DURATION", "-P1D", "PT0S", -1),
        ("DV_DURATION", "P1M", "P4W", 1),
        ("DV_DURATION", "P", "P1D", None),
    ],
)
def test_which_of_two_moments_is_first(type_: str, one: str, other: str, order: int | None) -> None:
    assert iso8601.order(type_, one, other) == order


@pytest.mark.parametrize(
    ("type_", "pattern", "value", "broken"),
    [
        ("DV_DATE_TIME", "yyyy-mm-ddTHH:MM:SS", "2025-03-03T08:00:00", ""),
        ("DV_DATE_TIME", "yyyy-mm-ddTHH:MM:SS", "2025-03-03T08:00", "the second"),
        ("DV_DATE_TIME", "yyyy-mm-ddT??:??:??", "2025-03-03", ""),
        ("DV_DATE", "yyyy-mm-XX", "2025-03-03", "no day"),
        ("DV_DATE", "yyyy-??-XX", "2025", ""),
        ("DV_TIME", "hh:mm:ss", "08:00", "the second"),
        ("DV_DURATION", "PYMWD", "P1Y2W", ""),
        ("DV_DURATION", "PYMWD", "P1DT1H", "no hour"),
        ("DV_DURATION", "PTHMS", "PT1.5S", ""),
    ],
)
def test_patterns_of_dates(type_: str, pattern: str, value: str, broken: str) -> None:
    assert iso8601.breaks(type_, pattern, value) == broken
