"""A profile as rows with where each of its demands comes from: of R4's own definitions all, and of what a learner writes also what is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ihe_kit import fhir
from ihe_kit.fhir.obligations import MUST_SUPPORT, obligations
from ihe_kit.fhir.profile_tree import ProfileTree, Row, profile_tree
from ihe_kit.fhir.snapshot import elements
from ihe_kit.fhir.tables import BASE, core

URL = "urn:oid:2.999.1.1.70"


def profile(*changes: dict[str, Any], base: str = "Patient", kind: str = "Patient", url: str = URL, **more: Any) -> dict[str, Any]:
    head = {"resourceType": "StructureDefinition", "url": url, "name": "Mine", "title": "My patient", "status": "draft", "kind": "resource"}
    base = base if ":" in base else BASE + base
    rest = {"abstract": False, "type": kind, "baseDefinition": base, "derivation": "constraint", "differential": {"element": list(changes)}}
    return head | rest | more


STRICT = profile(
    {"path": "Patient.identifier", "min": 1, "mustSupport": True, "requirements": "Nobody is found without a number."},
    {"id": "Patient.identifier", "path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}},
    {"id": "Patient.identifier:national", "path": "Patient.identifier", "sliceName": "national", "min": 1, "max": "1"},
    {"id": "Patient.identifier:national.system", "path": "Patient.identifier.system", "min": 1, "fixedUri": "urn:oid:2.999.1.1"},
    {"path": "Patient.name.family", "min": 1, "constraint": [{"key": "my-1", "severity": "error", "human": "It is written in full.", "expression": "length() > 1"}]},
    {"path": "Patient.photo", "max": "0"},
)  # fmt: skip


def row(tree: ProfileTree, element: str) -> Row:
    found = tree.row(element)
    assert found is not None
    return found


def told(tree: ProfileTree, element: str) -> list[tuple[str, list[str]]]:
    """Who said what of an element: (title, the aspects that it changed)."""
    return [(stage.title, [one.aspect for one in stage.changes]) for stage in tree.story(row(tree, element))]


def test_every_definition_of_r4_is_shown_whole() -> None:
    """All snapshots of the core: no problem, every element of every differential has its row, and every row's story begins where it was defined."""
    seen = 0
    for url in core().urls("StructureDefinition"):
        tree = profile_tree(url)
        assert tree.problems == (), url
        rows = tree.rows()
        assert rows and len({one.id for one in rows}) == len(rows), url
        changed = {one["path"] for one in elements(tree.definition, "differential")}
        assert len([one for one in rows if one.own]) >= len(changed), url
        for one in rows[:: max(1, len(rows) // 5)]:
            story = tree.story(one)
            assert [stage.defined for stage in story] == [True] + [False] * (len(story) - 1), (url, one.id)
            assert all(says and spec.startswith("FHIR R4 ElementDefinition.") for says, spec in tree.obliges(one)), one.id
        seen += 1
    assert seen == 653


def test_the_chain_from_the_base_to_the_profile() -> None:
    tree = profile_tree("bp")
    assert told(tree, "component:SystolicBP") == [
        ("Observation", ["cardinality", "type", "short"]), ("observation-vitalsigns", ["must support", "short"]), ("observation-bp", ["cardinality"]),
    ]  # fmt: skip
    code = tree.story(row(tree, "Observation.component:SystolicBP.code.coding:SBPCode.code"))
    assert (code[0].title, code[0].spec, code[0].defined) == ("Coding", "FHIR R4 Coding.code", True)
    assert [(one.aspect, one.now, one.before) for one in code[-1].changes] == [
        ("cardinality", "1..1", "0..1"),
        ("value", 'exactly "8480-6"', ""),
    ]
    assert [stage.title for stage in tree.story(row(tree, "Observation.id"))][:3] == ["Resource", "DomainResource", "Observation"]
    subject = {one.aspect: (one.before, one.now) for one in tree.story(row(tree, "subject"))[1].changes}
    assert subject["cardinality"] == ("0..1", "1..1") and subject["type"][1] == "Reference(Patient)"


def test_constraints_come_with_their_words_and_their_expression() -> None:
    story = profile_tree("bp").story(row(profile_tree("bp"), "component"))
    added = [(stage.title, rule.key, rule.expression) for stage in story for rule in stage.rules]
    assert added == [("observation-vitalsigns", "vs-3", "value.exists() or dataAbsentReason.exists()")]


def test_a_profile_of_ones_own_with_its_differential_alone() -> None:
    tree = profile_tree(STRICT)
    assert tree.problems == () and tree.title == "My patient"
    assert [one.id for one in tree.rows("differential")] == [
        "Patient", "Patient.identifier", "Patient.identifier:national", "Patient.identifier:national.system", "Patient.name", "Patient.name.family", "Patient.photo",
    ]  # fmt: skip
    assert next(one.id for one in tree.rows("differential") if one.own) == "Patient.identifier"
    assert (row(tree, "identifier").narrowed, row(tree, "photo").narrowed, row(tree, "gender").narrowed) == ("0..*", "0..*", "")
    assert [(one.shape.occurs, one.narrowed, one.new) for one in (row(tree, "identifier:national"),)] == [("1..1", "", True)]
    stage = tree.story(row(tree, "name.family"))[-1]
    assert (stage.title, stage.spec, stage.rules[0].says) == ("My patient", URL, "It is written in full.")
    assert ("requirements", "Nobody is found without a number.") in [
        (one.aspect, one.now) for one in tree.story(row(tree, "identifier"))[-1].changes
    ]
    assert tree.story(row(tree, "gender"))[-1].changes == ()


def test_the_view_of_the_slices() -> None:
    assert [one.id for one in profile_tree(STRICT).rows("slices")] == [
        "Patient", "Patient.identifier", "Patient.identifier:national", "Patient.identifier:national.system",
    ]  # fmt: skip
    assert profile_tree("Patient").rows("slices") == []


@pytest.mark.parametrize("form", ["dict", "json", "xml", "message", "url in a package"])
def test_every_way_to_name_a_profile(form: str) -> None:
    message = fhir.parse(json.dumps(STRICT))
    package = fhir.Package("mine", "1", {"StructureDefinition": {URL: STRICT}})
    given = {"dict": STRICT, "json": message.text, "xml": fhir.as_xml(message).text, "message": message, "url in a package": URL}[form]
    tree = profile_tree(given, [package] if form.startswith("url") else ())
    assert tree.problems == () and len(tree.rows("differential")) == 7


def test_a_profile_on_a_profile_of_a_package() -> None:
    package = fhir.Package("mine", "1", {"StructureDefinition": {URL: STRICT}})
    child = profile({"path": "Patient.identifier", "max": "2"}, base=URL, url=f"{URL}.1", title="Narrower still")
    tree = profile_tree(child, [package])
    assert tree.problems == ()
    assert [stage.title for stage in tree.story(row(tree, "identifier"))] == ["Patient", "My patient", "Narrower still"]
    assert row(tree, "identifier").narrowed == "1..*" and row(tree, "identifier").shape.occurs == "1..2"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("Patint", "No profile or type 'Patint' is known here"),
        ("http://example.org/fhir/StructureDefinition/none", "No profile or type"),
        ("{", "This cannot be read: line 1"),
        ('{"resourceType": "Patient"}', "This is Patient, but a profile is a StructureDefinition."),
        ("[]", "This"),
        ("", "No profile or type"),
        ({"resourceType": "StructureDefinition"}, "has neither a snapshot nor a differential"),
        (profile(base="http://example.org/none"), "derived from http://example.org/none, which is not at hand"),
        (profile({"path": "Patient.name"}, base=URL), "is derived from itself"),
        (profile({"path": "Patient.colour", "min": 1}), "Patient has no element colour"),
        (profile({"path": "Patient.birthDate.day", "min": 1}), "no"),
        (profile({"path": "Observation.code"}, base="Observation"), "a profile on Patient, but what it is derived from is a Observation"),
        (profile({"path": "Patient.link.other", "min": 0}), "allows more than its base: cardinality 0..1, where the base has 1..1"),
        (profile({"path": "Patient.birthDate", "type": [{"code": "string"}]}), "allows more than its base: type string"),
        (profile({"path": "Patient.gender", "binding": {"strength": "example"}}), "allows more than its base: binding example"),
    ],
)
def test_what_is_wrong_is_said(given: Any, says: str) -> None:
    tree = profile_tree(given)
    assert any(says in problem for problem in tree.problems), tree.problems
    assert not any(problem.endswith("?.") for problem in tree.problems)
    for view in ("differential", "snapshot", "slices"):
        for one in tree.rows(view):
            tree.story(one), tree.obliges(one)


def test_without_its_base_a_differential_still_shows() -> None:
    tree = profile_tree(
        profile({"path": "Patient.name", "min": 1}, {"path": "Patient.name.family", "min": 1}, base="http://example.org/none")
    )
    assert tree.rows() == [] and not tree.whole
    assert [(one.id, one.own) for one in tree.rows("differential")] == [
        ("Patient", False),
        ("Patient.name", True),
        ("Patient.name.family", True),
    ]
    assert [(stage.title, stage.defined, stage.began) for stage in tree.story(row(tree, "name"))] == [("My patient", False, True)]


def test_a_snapshot_of_its_own_without_a_base_is_shown_and_said() -> None:
    own = {"element": [{"id": "Patient", "path": "Patient"}, {"id": "Patient.name", "path": "Patient.name", "min": 1, "max": "1"}]}
    tree = profile_tree(profile(base="http://example.org/none", snapshot=own))
    assert [one.id for one in tree.rows()] == ["Patient", "Patient.name"]
    assert tree.problems == ("Its base http://example.org/none is not at hand, so nobody can tell here what it changed of that.",)


def test_bases_in_a_circle() -> None:
    first, second = profile(base=f"{URL}.2", url=f"{URL}.1"), profile({"path": "Patient.name", "min": 1}, base=f"{URL}.1", url=f"{URL}.2")
    tree = profile_tree(second, [fhir.Package("mine", "1", {"StructureDefinition": {f"{URL}.1": first, f"{URL}.2": second}})])
    assert [one.get("url") for one in tree.lineage] == [f"{URL}.1", f"{URL}.2"]
    assert any("derived from itself" in problem for problem in tree.problems), tree.problems
    assert [one.id for one in tree.rows("differential")] == ["Patient", "Patient.name"]


@pytest.mark.parametrize(
    "broken",
    [
        5,
        "x",
        [],
        {"element": 5},
        {"element": [5, {"path": 5}, {"path": "Patient.name", "type": "x", "constraint": 5, "slicing": 5, "binding": 5, "min": "x"}]},
    ],
)
def test_nothing_raises_on_what_a_definition_holds(broken: Any) -> None:
    for part in ("differential", "snapshot", "type", "baseDefinition", "url", "title"):
        tree = profile_tree(STRICT | {part: broken})
        for view in ("differential", "snapshot", "slices"):
            for one in tree.rows(view):
                assert tree.story(one) is not None and tree.obliges(one) is not None


# What it obliges to ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "says"),
    [
        ("identifier", "At least one: a sender always sends it, and without it the resource does not follow My patient."),
        ("identifier:national", "Exactly one, among the repetitions of `identifier`: a sender always sends the slice"),
        ("identifier:national.system", "Exactly one, in every `identifier` that is the slice `national`: a sender always sends it"),
        ("name.family", "Exactly one, in every `name` that is there"),
        ("photo", "Never: this profile takes it away"),
        ("birthDate", "Optional: it may be left out, and if it is sent, one at most."),
        ("link.other", "Exactly one, in every `link` that is there"),
    ],
)
def test_cardinality_in_plain_words(element: str, says: str) -> None:
    tree = profile_tree(STRICT)
    assert tree.obliges(row(tree, element))[0][0].startswith(says)


def test_must_support_is_neither_mandatory_nor_to_be_ignored() -> None:
    tree = profile_tree(STRICT)
    asked = {spec: says for says, spec in tree.obliges(row(tree, "identifier"))}
    assert asked["FHIR R4 ElementDefinition.mustSupport"] == MUST_SUPPORT
    assert "does not make it mandatory" in MUST_SUPPORT and "Nor may a system ignore it" in MUST_SUPPORT and "the guide" in MUST_SUPPORT
    assert "FHIR R4 ElementDefinition.mustSupport" not in {spec: says for says, spec in tree.obliges(row(tree, "name"))}


@pytest.mark.parametrize(
    ("strength", "says"),
    [("required", "another code is an error"), ("extensible", "If none does, another code"), ("preferred", "another one is no error"), ("example", "Any other code may stand here")],
)  # fmt: skip
def test_binding_strengths(strength: str, says: str) -> None:
    gender = core().type("Patient").children["gender"].copy("Patient.gender")  # type: ignore[union-attr]
    gender.element = gender.element | {"binding": {"strength": strength, "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"}}
    asked = [text for text, _ in obligations(gender, None, "it")]
    assert len(asked) == 1 and says in asked[0] and "administrative-gender" in asked[0]
