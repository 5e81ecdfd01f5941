"""Content that means harm, or none: nothing raises, nothing takes for ever, and every finding has a place."""

from __future__ import annotations

import json
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_kit.core import Unreadable
from ihe_kit.fhir import conform, parse
from ihe_kit.fhir.dictionary import fields
from ihe_kit.fhir.tables import BASE, core, resource_types
from tests.effort import calls


def nested(depth: int, key: str, inner: Any, many: bool = True) -> Any:
    for _ in range(depth):
        inner = {key: [inner] if many else inner}
    return inner


def placed(text: str) -> list[Any]:
    findings = conform(parse(text))
    assert all(0 <= f.start <= f.end <= len(text) for f in findings)
    return findings


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient"} | nested(95, "extension", {"url": "http://example.org/x", "valueCode": "x"}),
        {"resourceType": "Questionnaire", "status": "draft"} | nested(95, "item", {"linkId": "1", "type": "group"}),
        {"resourceType": "Bundle", "type": "collection"} | nested(60, "entry", {"resource": {}}),
        {"resourceType": "Parameters"} | nested(95, "parameter", {"name": "x"}),
        {"resourceType": "Patient"} | nested(95, "contained", {"resourceType": "Patient"}),
        {"resourceType": "Patient", "link": nested(190, "other", {"x": 1}, many=False)},
    ],
)
def test_deep(resource: Any) -> None:
    assert placed(json.dumps(resource))


def test_deeper_than_a_message_may_be() -> None:
    with pytest.raises(Unreadable, match="levels of nesting"):
        parse(json.dumps({"resourceType": "Patient"} | nested(150, "extension", {})))


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "name": [{"family": "Lie"}] * 30_000},
        {"resourceType": "Patient", "name": [{}] * 30_000},
        {"resourceType": "Patient", "name": [1] * 100_000},
        {"resourceType": "Patient", "extension": [{"url": "http://example.org/x", "valueCode": "x"}] * 10_000},
        {"resourceType": "Patient", "contained": [{"resourceType": "Basic", "id": f"b{n}", "code": {"text": "x"}} for n in range(3_000)]},
        {"resourceType": "Patient", "gender": "x" * 1_000_000},
        {"resourceType": "Patient", "text": {"status": "generated", "div": "<b>" * 200_000}},
        {"resourceType": "Patient"} | {f"x{number}": number for number in range(20_000)},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": f"urn:uuid:{n}", "resource": {"resourceType": "Patient", "id": "a"}} for n in range(5_000)]},
    ],
    ids=range(9),
)  # fmt: skip
def test_long(resource: Any) -> None:
    text = json.dumps(resource)
    began = perf_counter()
    findings = placed(text)
    assert perf_counter() - began < 60  # a hundred times what it takes: no test here is about time, but nothing may grow with the square
    assert len(findings) <= 3 * 1_001


def test_the_cost_grows_with_the_length_alone() -> None:
    def cost(count: int) -> int:
        entries = [
            {"fullUrl": f"https://example.org/fhir/Patient/p{n}", "resource": {"resourceType": "Patient", "id": f"p{n}", "link": [{"other": {"reference": f"Patient/p{n - 1}"}, "type": "seealso"}]}}
            for n in range(count)
        ]  # fmt: skip
        text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
        return calls(lambda: conform(parse(text)))

    cost(100)  # what is loaded once, is
    assert cost(2_000) <= 5 * cost(500)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4)
KINDS = sorted(resource_types())


@st.composite
def mistyped(draw: st.DrawFn) -> dict[str, Any]:
    """A resource of right names with values of any kind."""
    kind = draw(st.sampled_from(KINDS))

    def value(type_: str, depth: int) -> Any:
        known = fields(type_) if depth else {}
        if not known or draw(st.integers(0, 3)) == 0:
            return draw(SCALARS | st.lists(SCALARS, max_size=2) | st.just({}))
        names = draw(st.lists(st.sampled_from([*known, *(f"_{name}" for name in known)]), max_size=3, unique=True))
        made = {name: value(known[name.removeprefix("_")].type, depth - 1) for name in names}
        return [made] if draw(st.booleans()) else made

    body = value(kind, 4)
    return {"resourceType": kind} | (body if isinstance(body, dict) else {"extension": body})


@settings(max_examples=150)
@given(mistyped(), st.sampled_from([None, "bp", "Quantity", "vitalsigns", "patient-birthTime", "shareablevalueset"]))
def test_wrong_types_everywhere(resource: dict[str, Any], profile: str | None) -> None:
    text = json.dumps(resource)
    for finding in conform(parse(text), BASE + profile if profile else None):
        assert 0 <= finding.start <= finding.end <= len(text)
        assert finding.what


@settings(max_examples=60)
@given(mistyped())
def test_a_foreign_profile_may_be_anything(definition: dict[str, Any]) -> None:
    profile = {"url": "http://example.org/p", "type": "Patient", "baseDefinition": BASE + "Patient", "derivation": "constraint"}
    noise = definition | {"path": "Patient.name", "min": definition.get("min", "x"), "type": [definition, 1], "constraint": [definition]}
    for view in ("differential", "snapshot"):
        made = profile | {
            view: {"element": [{"path": "Patient"}, noise, 5, {"path": 5}, {"path": "Patient.name.family", "slicing": definition}]}
        }
        conform(parse('{"resourceType": "Patient", "name": [{"family": "Lie"}]}'), made)


def test_every_type_of_r4_is_known_and_empty_ones_are_judged() -> None:
    for kind in KINDS:
        shape = core().type(kind)
        assert shape, kind
        missing = {f.path.rpartition(".")[2] for f in placed(json.dumps({"resourceType": kind, "id": "x"})) if f.rule == "FHIR-REQUIRED"}
        assert missing == {child.name.removesuffix("[x]") for child in shape.children.values() if child.least}
