"""Conformance: each rule has a composition that keeps it and one that breaks it; nothing raises; nothing is passed over in silence."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import Unreadable
from ihe_kit.openehr import build, conform, load, parse, template, to_flat
from tests.openehr.given import CASES, CLOCK, ids

GOOD = build("kit_vital_signs.v1", {"systolic": 142, "diastolic": 91, "position": "sitting", "rate": 72}, CLOCK, ids).text

_CODE = {"_type": "CODE_PHRASE", "terminology_id": {"_type": "TERMINOLOGY_ID", "value": "openehr"}, "code_string": "146"}
UNKNOWN = {"_type": "DV_CODED_TEXT", "value": "unknown", "defining_code": _CODE | {"code_string": "253"}}
MEAN = {"_type": "DV_CODED_TEXT", "value": "mean", "defining_code": _CODE}

# rule, what is replaced, by what, where the finding is
BROKEN = [
    ("OPENEHR-UNITS", '"units": "mm[Hg]"', '"units": "mmHg"', "/value/units"),
    ("OPENEHR-UNITS", '"units": "mm[Hg]"', '"units": "kPa"', "/value/units"),
    ("OPENEHR-RANGE", '"magnitude": 142', '"magnitude": 1000', "/value/magnitude"),
    ("OPENEHR-RANGE", '"magnitude": 142', '"magnitude": -1', "/value/magnitude"),
    ("OPENEHR-PRECISION", '"magnitude": 142', '"magnitude": 142.5', "/value/magnitude"),
    ("OPENEHR-PRECISION", '"magnitude": 142', '"precision": 2, "magnitude": 142', "/value/precision"),
    ("OPENEHR-CODE", '"code_string": "at1001"', '"code_string": "at1009"', "/defining_code/code_string"),
    ("OPENEHR-CODE", '"code_string": "433"', '"code_string": "431"', "/category/defining_code/code_string"),
    ("OPENEHR-CODE", '"value": "openehr"', '"value": "local"', "/category/defining_code/terminology_id/value"),
    ("OPENEHR-RUBRIC", '"value": "Sitting"', '"value": "Lying"', "/value/value"),
    ("OPENEHR-DATE", "2025-03-03T08:00:00+01:00", "3 March 2025", "/context/start_time/value"),
    ("OPENEHR-DATE", "2025-03-03T08:00:00+01:00", "2025-02-30T08:00:00+01:00", "/context/start_time/value"),
    ("OPENEHR-NODE", '"archetype_node_id": "at0004"', '"archetype_node_id": "at0099"', "/archetype_node_id"),
    ("OPENEHR-DATE", "2025-03-03T08:00:00+01:00", "2025-03-03T080000", "/context/start_time/value"),
    ("OPENEHR-DATE", "2025-03-03T08:00:00+01:00", "20250303T08:00:00", "/context/start_time/value"),
    ("OPENEHR-DATE", "2025-03-03T08:00:00+01:00", "2025-0303", "/context/start_time/value"),
    ("OPENEHR-DATE", "2025-03-03T08:00:00+01:00", "٢٠٢٥-03-03", "/context/start_time/value"),
    ("OPENEHR-NODE", '"value": "openEHR-EHR-COMPOSITION.', '"value": "openEHR-EHR-COMPOSITON.', "/archetype_details/archetype_id/value"),
    (
        "OPENEHR-NODE",
        '"archetype_node_id": "openEHR-EHR-COMPOSITION.enc',
        '"archetype_node_id": "openEHR-EHR-COMPOSITION.x',
        "/archetype_node_id",
    ),
    (
        "OPENEHR-NODE",
        '"archetype_node_id": "openEHR-EHR-OBSERVATION.pulse.v2"',
        '"archetype_node_id": "openEHR-EHR-OBSERVATION.pulse.v1"',
        "",
    ),
    ("OPENEHR-OCCURRENCES", '"archetype_node_id": "at0005"', '"archetype_node_id": "at0004"', "/items[at0004][2]"),
    ("OPENEHR-TYPE", '"_type": "DV_QUANTITY"', '"_type": "DV_QUANTTY"', "/value/_type"),
    ("OPENEHR-TYPE", '"_type": "DV_QUANTITY"', '"_type": "DV_TEXT"', "/value/_type"),
    ("OPENEHR-TYPE", '"_type": "POINT_EVENT"', '"_type": "ELEMENT"', "/_type"),
    ("OPENEHR-TYPE", '"magnitude": 142', '"magnitude": "142"', "/value/magnitude"),
    ("OPENEHR-ATTRIBUTE", '"magnitude": 142', '"magnitud": 142', "/value/magnitud"),
    ("OPENEHR-REQUIRED", '"composer": {', '"compositor": {', "/composer"),
    ("OPENEHR-REQUIRED", '"units": "mm[Hg]"', '"units": ""', "/value/units"),
    ("OPENEHR-TEMPLATE", '"value": "kit_vital_signs.v1"', '"value": "unknown.v1"', "/archetype_details/template_id/value"),
]


def test_a_good_composition_has_no_finding() -> None:
    assert conform(parse(GOOD)) == []


@pytest.mark.parametrize(("rule", "old", "new", "where"), BROKEN)
def test_each_rule_is_found_where_it_is_broken(rule: str, old: str, new: str, where: str) -> None:
    assert old in GOOD
    message = parse(GOOD.replace(old, new, 1))
    found = [finding for finding in conform(message) if finding.rule == rule]
    assert any(finding.path.endswith(where) for finding in found), conform(message)
    for finding in found:
        assert finding.why
        assert finding.spec
        assert message.find(finding.path)
        assert message.text[finding.start : finding.end] or finding.found == ""


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "archetype_node_id",
        "language",
        "territory",
        "category",
        "composer",
        "start_time",
        "setting",
        "encoding",
        "subject",
        "origin",
        "time",
        "units",
    ],
)
def test_what_the_reference_model_asks_for(name: str) -> None:
    findings = conform(parse(GOOD.replace(f'"{name}": ', f'"x_{name}": ', 1)))
    assert any(f.rule == "OPENEHR-REQUIRED" and f.path.endswith(f"/{name}") and f.start == f.end for f in findings)


@pytest.mark.parametrize(
    ("type_", "value", "good"),
    [
        ("DV_DATE_TIME", "20250303T080000,5+0100", True),
        ("DV_DATE_TIME", "2025-03-03T08:00:00+0100", True),
        ("DV_DATE_TIME", "2025-03", True),
        ("DV_DATE_TIME", "2025-03-03T08", True),
        ("DV_DATE", "20250303", True),
        ("DV_DATE", "202503-03", False),
        ("DV_TIME", "080000", True),
        ("DV_TIME", "T08:00:00.5Z", True),
        ("DV_TIME", "08:0000", False),
        ("DV_TIME", "0800:00", False),
    ],
)
def test_the_two_forms_of_a_date_are_not_mixed(type_: str, value: str, good: bool) -> None:
    assert [f.rule for f in conform(parse(json.dumps({"_type": type_, "value": value})))] == ([] if good else ["OPENEHR-DATE"])


def changed(change: Callable[[dict[str, Any]], object]) -> list[tuple[str, str]]:
    """The findings on the good composition after a change to its first event: rule and last step of the path."""
    body = json.loads(GOOD)
    change(body["content"][0]["data"]["events"][0])
    return [(finding.rule, finding.path.rpartition("/")[2]) for finding in conform(parse(json.dumps(body)))]


def test_an_event_of_another_class_is_one_finding() -> None:
    width = {"width": {"_type": "DV_DURATION", "value": "P1D"}}
    assert changed(lambda event: event.update(width, _type="INTERVAL_EVENT", math_function=MEAN)) == [("OPENEHR-TYPE", "_type")]


def test_an_element_may_say_why_it_has_no_value() -> None:
    def without_value(**more: object) -> list[tuple[str, str]]:
        return changed(lambda event: (event["data"]["items"][0].pop("value"), event["data"]["items"][0].update(more)))

    assert without_value(null_flavour=UNKNOWN) == []
    assert without_value(null_flavour=UNKNOWN, value=None) == []
    missing = [("OPENEHR-INVARIANT", "value")]
    assert without_value() == without_value(value=None) == without_value(null_flavour=None) == missing


def test_missing_nodes_are_reported_once_each() -> None:
    found = conform(build("kit_vital_signs.v1", {"rate": 72}, CLOCK, ids))
    assert [finding.rule for finding in found] == ["OPENEHR-OCCURRENCES"]
    found = conform(build("kit_vital_signs.v1", {"systolic": 72}, CLOCK, ids))
    assert [(finding.rule, finding.what) for finding in found] == [
        ("OPENEHR-OCCURRENCES", "Diastolic (at0005) is missing: the template asks for 1..1.")
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [('"units": "mm[Hg]"', '"units": "mm Hg"'), ('"value": "Sitting"', '"value": "Siting"'), ('"magnitude": 142', '"magnitude": "142"')],
)
def test_a_fix_mends(old: str, new: str) -> None:
    message = parse(GOOD.replace(old, new, 1))
    (finding,) = conform(message)
    assert finding.fix
    mended = message.text[: finding.fix.start] + finding.fix.text + message.text[finding.fix.end :]
    assert mended == GOOD


def test_another_unit_has_no_fix_because_the_number_would_lie() -> None:
    (finding,) = conform(parse(GOOD.replace('"units": "mm[Hg]"', '"units": "kPa"', 1)))
    assert finding.fix is None


def test_flat_and_templates_are_checked_too() -> None:
    flat = parse('{"ctx/language": "en", "vital_signs/blood_pressure:0/any_event:0/systolc|magnitude": 142}')
    assert [finding.rule for finding in conform(flat, "kit_vital_signs.v1")] == ["OPENEHR-FLAT"]
    assert [finding.rule for finding in conform(flat)] == ["OPENEHR-TEMPLATE"]
    gap = parse('{"vital_signs/pulse:1/any_event:0/rate|magnitude": 72, "ctx/language": "en", "vital_signs/language|code": "nb"}')
    found = [(finding.rule, finding.path) for finding in conform(gap, "kit_vital_signs.v1")]
    assert found == [
        ("OPENEHR-FLAT", "vital_signs/pulse:1/any_event:0/rate|magnitude"),
        ("OPENEHR-FLAT", "vital_signs/language|code"),
    ]
    good = build("POST definition/template/adl1.4 kit_vital_signs.v1", {}, CLOCK, ids).text
    for old, new in (("<concept>", "<concep>"), ("<upper>1</upper>", f"<upper>{'9' * 5000}</upper>")):
        assert [finding.rule for finding in conform(parse(good.replace(old, new, 1)))] == ["OPENEHR-OPT"]


@pytest.mark.parametrize("path", CASES("composition", "json"), ids=lambda path: path.name)
def test_public_compositions_never_raise_and_are_never_passed_over(path: Path) -> None:
    message = parse(path.read_bytes())
    opts = [load(opt.read_bytes()) for opt in path.parents[1].glob("opt/*.opt")]
    one = next((opt for opt in opts if opt.id == message.template_id), None)
    findings = conform(message, one)
    assert one or any(finding.rule == "OPENEHR-TEMPLATE" for finding in findings)
    for finding in findings:
        assert 0 <= finding.start <= finding.end <= len(message.text)


_MUTATION = st.sampled_from(['""', "null", "[]", "{}", "7", '"x"', "[[]]", '{"_type": "ELEMENT"}', "true"])


@given(st.integers(0, 10_000), _MUTATION)
def test_no_mutation_raises(number: int, text: str) -> None:
    message = parse(GOOD)
    elements = list(message.elements())
    element = elements[number % len(elements)]
    broken = parse(message.text[: element.start] + text + message.text[element.end :])
    conform(broken, template("kit_vital_signs.v1"))
    to_flat(broken, "kit_vital_signs.v1")


@given(st.integers(0, 10_000), st.sampled_from(["", "-1", "x", "9" * 5000, "1e999", "٣", "<", "&", "<a/>", "openEHR-EHR-X.y.v1"]))
def test_no_mutation_of_a_template_raises(number: int, text: str) -> None:
    opt = build("POST definition/template/adl1.4 kit_vital_signs.v1", {}, CLOCK, ids).text
    places = [found.span(1) for found in re.finditer(r">([^<>\s]+)<", opt)]
    start, end = places[number % len(places)]
    conform(parse(opt[:start] + text + opt[end:]))
    try:
        conform(parse(GOOD), load(parse(opt[:start] + text + opt[end:]).body))
    except Unreadable:
        pass
