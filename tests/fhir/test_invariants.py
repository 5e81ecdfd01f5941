"""Invariants: what is written in Python says the same as fhirpathpy, which runs all others; each kept and broken; none makes anything raise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_kit.fhir import conform, parse
from ihe_kit.fhir.invariants import QUICK, Scene, evaluate, evaluated, holds, readable
from ihe_kit.fhir.narrative import wrong
from ihe_kit.fhir.tables import core

# of one zone: fhirpathpy takes 09:00+01:00 and 08:00Z for two moments
MOMENTS = st.sampled_from(["2025-03-03T08:00:00Z", "2025-03-03T07:30:00Z", "2025-03-04T00:00:00Z", "2024-12-31T23:59:59Z"])
TEXTS = st.sampled_from(["#a", "#b", "Patient/1", "x", "http://unitsofmeasure.org"])
QUANTITIES = st.fixed_dictionaries(
    {"value": st.integers(0, 3), "system": st.just("http://unitsofmeasure.org"), "code": st.just("mg"), "unit": st.just("mg")}
)
CONTAINED = st.fixed_dictionaries(
    {"resourceType": st.just("Patient"), "id": st.sampled_from("ab")},
    optional={
        "meta": st.fixed_dictionaries(
            {}, optional={"versionId": st.just("1"), "lastUpdated": st.just("2025"), "security": st.just([{"code": "x"}])}
        ),
        "contained": st.just([{"resourceType": "Patient", "id": "c"}]),
        "managingOrganization": st.fixed_dictionaries({"reference": st.sampled_from(["#", "#b"])}),
    },
)
RESOURCES = st.fixed_dictionaries(
    {"resourceType": st.just("Observation")},
    optional={"contained": st.lists(CONTAINED, max_size=2), "subject": st.fixed_dictionaries({"reference": TEXTS})},
)
THINGS = {
    "extension.exists() != value.exists()": (
        "Extension",
        {"url": st.just("x"), "extension": st.just([{"url": "y", "valueCode": "z"}]), "valueString": TEXTS},
    ),
    "start.hasValue().not() or end.hasValue().not() or (start <= end)": ("Period", {"start": MOMENTS, "end": MOMENTS}),
    "value.empty() or system.exists()": ("ContactPoint", {"value": TEXTS, "system": st.just("phone")}),
    "code.empty() or system.exists()": ("Quantity", {"code": TEXTS, "system": TEXTS}),
    "data.empty() or contentType.exists()": ("Attachment", {"data": st.just("QQ=="), "contentType": st.just("text/plain")}),
    "comparator.empty()": ("Quantity", {"comparator": st.just("<"), "value": st.just(1)}),
    "low.empty() or high.empty() or (low <= high)": ("Range", {"low": QUANTITIES, "high": QUANTITIES}),
    "low.exists() or high.exists() or text.exists()": (
        "Observation.referenceRange",
        {"low": QUANTITIES, "high": QUANTITIES, "text": TEXTS},
    ),
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["start", "end", "low", "value", "system", "contained"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.data())
def test_both_say_the_same_of_data_types(data: st.DataObject) -> None:
    for expression, (path, members) in THINGS.items():
        value = data.draw(st.fixed_dictionaries({}, optional=members))
        if value:
            scene = Scene({}, {})
            other = evaluated(expression, value, path, scene)
            unless = other is None and path == "Range"  # fhirpathpy cannot compare two quantities
            assert unless or holds(expression, value, path, scene) is other, (expression, value)


@settings(max_examples=60)
@given(RESOURCES, st.fixed_dictionaries({"reference": TEXTS}))
def test_both_say_the_same_of_resources(resource: dict[str, Any], reference: dict[str, Any]) -> None:
    scene = Scene(resource, resource)
    for expression in QUICK:
        if expression.startswith("reference."):
            assert holds(expression, reference, "Reference", scene) is evaluated(expression, reference, "Reference", scene), reference
        elif expression.startswith("contained.") and "descendants" not in expression:
            assert holds(expression, resource, "Observation", scene) is evaluated(expression, resource, "Observation", scene), (
                expression,
                resource,
            )


@pytest.mark.parametrize(
    "start, end, answer",
    [
        ("2024", "2025", True),
        ("2025", "2025", True),
        ("2025-03", "2025-02", False),
        ("2025-03-03", "2025-03-03", True),
        ("2025-03-03", "2025-03-04T08:00:00Z", True),
        ("2025", "2025-03", False),  # FHIRPath cannot tell, and what cannot be told is not true
        ("2025-03-03", "2025-03-03T08:00:00Z", False),
        ("2025-03-03T08:00:00+01:00", "2025-03-03T07:30:00Z", True),
        ("2025-03-03T09:00:00+01:00", "2025-03-03T08:00:00Z", True),
        ("2025-03-03T08:00:00-01:00", "2025-03-03T08:30:00Z", False),
        (None, "2025", True),
        ("2025-13", "x", None),  # the format is told elsewhere
    ],
)
def test_periods(start: str | None, end: str, answer: bool | None) -> None:
    period = {"end": end} | ({"start": start} if start else {})
    assert holds("start.hasValue().not() or end.hasValue().not() or (start <= end)", period, "Period", Scene({}, {})) is answer


def test_every_quick_one_is_an_expression_of_r4() -> None:
    known = {json.dumps(core().get("StructureDefinition", url)) for url in core().urls("StructureDefinition")}
    for expression in QUICK:
        assert any(json.dumps(expression)[1:-1] in text for text in known), expression


@pytest.mark.parametrize(
    "text, rule, path",
    [
        ('{"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"}, "period": {"start": "2025-03-04", "end": "2025-03-03"}}', "per-1", "Encounter.period"),
        ('{"resourceType": "Patient", "telecom": [{"value": "1"}]}', "cpt-2", "Patient.telecom[0]"),
        ('{"resourceType": "Patient", "managingOrganization": {"reference": "#o"}}', "ref-1", "Patient.managingOrganization"),
        ('{"resourceType": "Patient", "contact": [{"gender": "male"}]}', "pat-1", "Patient.contact[0]"),
        ('{"resourceType": "Organization", "active": true}', "org-1", "Organization"),
        ('{"resourceType": "Bundle", "type": "batch", "total": 1}', "bdl-1", "Bundle"),
        ('{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueInteger": 1, "dataAbsentReason": {"text": "y"}}', "obs-6", "Observation"),
        ('{"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "a"}]}', "dom-3", "Patient"),
        ('{"resourceType": "Patient", "extension": [{"url": "http://example.org/x"}]}', "ext-1", "Patient.extension[0]"),
        ('{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "referenceRange": [{"low": {"value": 1, "comparator": "<"}}]}', "sqty-1", "Observation.referenceRange[0].low"),
    ],
)  # fmt: skip
def test_each_broken_once(text: str, rule: str, path: str) -> None:
    found = [f for f in conform(parse(text)) if f.severity == "error"]
    assert (rule, path) in [(f.rule, f.path) for f in found]
    finding = next(f for f in found if f.rule == rule)
    assert finding.what.startswith(f"The constraint {rule} does not hold")
    assert finding.spec.endswith(f", constraint {rule}")


@pytest.mark.parametrize(
    "expression, value, answer",
    [
        ("name.hasValue()", {"name": "x"}, True),
        ("name.hasValue()", {}, False),
        ("name.startsWith('a').not()", {}, True),
        ("gender.memberOf('http://example.org/v')", {"gender": "x"}, True),
        ("name.trace('x').exists()", {"name": 1}, True),
        ("name = ", {}, None),
        ("nofunction()", {}, None),
        ("1 / 0 = 1", {}, False),
        ("", {}, None),
    ],
)
def test_expressions(expression: str, value: Any, answer: bool | None) -> None:
    scene = Scene({"resourceType": "Patient"}, {"resourceType": "Patient"}, member_of=lambda one, _: one == "x")
    assert holds(expression, value, "Patient", scene) is answer


@given(ANY, st.sampled_from([*QUICK, "descendants().count() > 0", "start <= end", "value.toString().length() > 1", "repeat(low).exists()"]))
def test_no_value_makes_it_raise(value: Any, expression: str) -> None:
    assert holds(expression, value, "Period", Scene({}, {})) in (True, False, None)
    assert evaluate(expression, value, "Period", Scene({}, {})) is None or True


@pytest.mark.parametrize("kind, broken", [("Practitioner", False), ("Patient", True)])
def test_references_are_followed(kind: str, broken: bool) -> None:
    """ctm-1: only a practitioner is a member on behalf of an organisation."""
    member = {"resourceType": kind, "id": "m", "active": True}
    participant = {"member": {"reference": "#m"}, "onBehalfOf": {"reference": "Organization/1"}}
    team = {"resourceType": "CareTeam", "contained": [member], "participant": [participant]}
    found = [f.rule for f in conform(parse(json.dumps(team))) if f.severity == "error"]
    assert found == (["ctm-1"] if broken else [])


def test_what_cannot_be_evaluated_is_told() -> None:
    rule = {"key": "x-1", "severity": "error", "human": "X.", "expression": "nofunction()"}
    definition = {"url": "http://example.org/p", "type": "Patient", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient"}
    profile = definition | {"derivation": "constraint", "differential": {"element": [{"path": "Patient", "constraint": [rule]}]}}
    (finding,) = conform(parse('{"resourceType": "Patient", "active": true}'), profile)
    assert (finding.severity, finding.rule, "x-1" in finding.says) == ("information", "FHIR-NOT-CHECKED", True)
    assert [readable(one) for one in ("a.b", "a.(", "a b", "a = ", "", "x" * 30_000)] == [True, False, False, False, False, False]


DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@pytest.mark.parametrize(
    "div, says",
    [
        (DIV.format("<p>Ingrid <b>Ødegård</b> &lt;&#174;</p>"), ""),
        (DIV.format('<table><tr><td class="x" style="y">1</td></tr></table>'), ""),
        (DIV.format('<img src="#photo" alt="x"/>'), ""),
        (DIV.format("<p xml:lang='no'>a</p>"), ""),
        ("<div>a</div>", "does not name the namespace"),
        ("<p xmlns='http://www.w3.org/1999/xhtml'>a</p>", "a div is expected"),
        (DIV.format(" "), "says nothing"),
        (DIV.format("<script>a</script>"), "the element script"),
        (DIV.format("<form>a</form>"), "the element form"),
        (DIV.format("<iframe>a</iframe>"), "the element iframe"),
        (DIV.format("<svg>a</svg>"), "the element svg"),
        (DIV.format('<p onclick="x()">a</p>'), "the attribute onclick"),
        (DIV.format('<a href=" JavaScript:x()">a</a>'), "leads to a script"),
        (DIV.format("&nbsp;a"), "an entity of HTML"),
        (DIV.format("<p>a"), "not well-formed"),
        ('<!DOCTYPE div [<!ENTITY a "b">]>' + DIV.format("&a;"), "DOCTYPE"),
        (DIV.format("<b>" * 300 + "a" + "</b>" * 300), "levels deep"),
        ("not XML", "not well-formed"),
    ],
)
def test_narratives(div: str, says: str) -> None:
    assert says in wrong(div)
    assert bool(wrong(div)) is bool(says)
    found = conform(parse(json.dumps({"resourceType": "Patient", "text": {"status": "generated", "div": div}})))
    assert [f.path for f in found] == (["Patient.text.div"] if says else [])
