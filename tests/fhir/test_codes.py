"""A terminology service over the definitions that are at hand: what it can tell, and what it says that it cannot. And the units of a Quantity."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ihe_kit.fhir import conform, parse
from ihe_kit.fhir.codes import Codes, Concept, NotAtHand, UnknownCode
from ihe_kit.units import UCUM

INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
GENDER = "http://hl7.org/fhir/administrative-gender"
VS = "http://hl7.org/fhir/ValueSet/"
LOCAL, LOINC = "urn:oid:2.999.10.4.5", "http://loinc.org"

ANIMALS = {
    "resourceType": "CodeSystem", "url": "http://x/animals", "status": "active", "content": "complete", "hierarchyMeaning": "is-a",
    "concept": [{"code": "dog", "display": "Dog", "concept": [{"code": "pug", "display": "Pug"}]}, {"code": "cat", "display": "Cat"}],
}  # fmt: skip
PARTS = ANIMALS | {"url": "http://x/parts", "hierarchyMeaning": "part-of"}
FRAGMENT = ANIMALS | {"url": "http://x/fragment", "content": "fragment"}
DOGS = {
    "resourceType": "ValueSet", "url": "http://x/dogs", "status": "active",
    "compose": {"include": [{"system": "http://x/animals", "filter": [{"property": "concept", "op": "is-a", "value": "dog"}]}]},
}  # fmt: skip
NOT_PUGS = DOGS | {
    "url": "http://x/not-pugs",
    "compose": DOGS["compose"] | {"exclude": [{"system": "http://x/animals", "concept": [{"code": "pug"}]}]},  # type: ignore[operator]
}
EMPTY = DOGS | {
    "url": "http://x/none",
    "compose": {"include": [{"system": "http://x/animals", "filter": [{"property": "concept", "op": "=", "value": "cow"}]}]},
}
MAP = {
    "resourceType": "ConceptMap", "url": "http://x/map", "status": "active",
    "group": [
        {
            "source": LOCAL, "target": LOINC,
            "element": [
                {"code": "K", "display": "Potassium", "target": [{"code": "2823-3", "equivalence": "equivalent"}]},
                {"code": "KB", "target": [{"code": "2823-3", "equivalence": "wider", "comment": "at the bedside"}]},
                {"code": "HEM", "target": [{"equivalence": "unmatched"}]},
                {"code": "BARE"},
                {"code": "TWO", "target": [{"code": "1", "equivalence": "narrower"}, {"code": "2", "equivalence": "disjoint"}]},
            ],
        },
        {"source": LOCAL, "target": "http://x/animals", "element": [{"code": "K", "target": [{"code": "cat", "equivalence": "inexact"}]}]},
        {"source": "http://x/fixed", "target": LOINC, "unmapped": {"mode": "fixed", "code": "0-0", "display": "something"}},
        {"source": "http://x/same", "target": "http://x/same2", "unmapped": {"mode": "provided"}},
        {"source": "http://x/on", "target": LOINC, "unmapped": {"mode": "other-map", "url": "http://x/map2"}},
        {"source": "http://x/round", "target": LOINC, "unmapped": {"mode": "other-map", "url": "http://x/map"}},
    ],
}  # fmt: skip
MAP2 = MAP | {"url": "http://x/map2", "group": [{"source": "http://x/on", "target": LOINC, "element": MAP["group"][0]["element"]}]}  # type: ignore[index]
CODES = Codes(resources=[ANIMALS, PARTS, FRAGMENT, DOGS, NOT_PUGS, EMPTY, MAP, MAP2])


def test_lookup() -> None:
    found = CODES.lookup(INTERPRETATION, "AA")
    assert (found.display, found.above, found.below) == ("Critical abnormal", ("A",), ("HH", "LL"))
    assert CODES.lookup(UCUM, "mm[Hg]").display == "millimetre of mercury"
    assert str(CODES.lookup("http://x/animals", "pug")) == "http://x/animals|pug Pug"


@pytest.mark.parametrize(
    ("system", "code", "error", "says"),
    [
        (LOINC, "2823-3", NotAtHand, "the code system http://loinc.org is not here"),
        ("http://x/fragment", "cow", NotAtHand, "only a part"),
        (GENDER, "femal", UnknownCode, "did you mean female"),
        (UCUM, "mmHg", UnknownCode, "UCUM writes mm[Hg]"),
        (UCUM, "erg", NotAtHand, "not among the units"),
    ],
)
def test_lookup_that_fails(system: str, code: str, error: type[LookupError], says: str) -> None:
    with pytest.raises(error) as raised:
        CODES.lookup(system, code)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("system", "one", "other", "outcome"),
    [
        (INTERPRETATION, "A", "HH", "subsumes"),
        (INTERPRETATION, "HH", "A", "subsumed-by"),
        (INTERPRETATION, "H", "HH", "not-subsumed"),
        (INTERPRETATION, "H", "H", "equivalent"),
        ("http://x/animals", "dog", "pug", "subsumes"),
        ("http://x/parts", "dog", "dog", "equivalent"),
    ],
)
def test_subsumes(system: str, one: str, other: str, outcome: str) -> None:
    assert CODES.subsumes(system, one, other) == outcome


def test_a_hierarchy_of_parts_does_not_subsume() -> None:
    with pytest.raises(NotAtHand, match="means part-of"):
        CODES.subsumes("http://x/parts", "dog", "pug")
    with pytest.raises(UnknownCode):
        CODES.subsumes(INTERPRETATION, "A", "ZZ")


def test_family() -> None:
    assert [one.code for one in CODES.family(INTERPRETATION, "AA", "below")] == ["AA", "HH", "LL"]
    assert {one.code for one in CODES.family(INTERPRETATION, "HH", "above")} >= {"HH", "AA", "A"}


def test_expand() -> None:
    assert [one.code for one in CODES.expand("http://x/dogs")] == ["dog", "pug"], "intensional: whatever is a dog"
    assert [one.code for one in CODES.expand("http://x/not-pugs")] == ["dog"]
    assert [one.code for one in CODES.expand(VS + "administrative-gender")] == ["male", "female", "other", "unknown"], "extensional"
    assert [one.code for one in CODES.expand(VS + "observation-interpretation", "critical")] == ["AA", "HH", "LL"]
    assert CODES.expand("http://x/none") == ()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://x/nowhere", "is not here"),
        (VS + "condition-code", "http://snomed.info/sct are not here"),
        (VS + "ucum-units", "no list of them has an end"),
    ],
)
def test_expand_that_fails(url: str, says: str) -> None:
    with pytest.raises(NotAtHand) as raised:
        CODES.expand(url)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("code", "more", "valid", "says"),
    [
        ("female", {"value_set": VS + "administrative-gender"}, True, ""),
        ("female", {"value_set": VS + "administrative-gender", "display": " FEMALE"}, True, ""),
        ("female", {"value_set": VS + "administrative-gender", "display": "Woman"}, False, "'Female'"),
        ("F", {"value_set": VS + "administrative-gender"}, False, "has no code F"),
        ("F", {"system": "http://terminology.hl7.org/CodeSystem/v2-0001", "value_set": VS + "administrative-gender"}, False, "v2-0001"),
        ("F", {"system": "http://terminology.hl7.org/CodeSystem/v2-0001"}, True, ""),
        ("mmHg", {"system": UCUM}, False, "mm[Hg]"),
        ("mmHg", {"system": UCUM, "value_set": VS + "ucum-units"}, False, "has no code"),
        ("mm[Hg]", {"system": UCUM, "value_set": VS + "ucum-units"}, True, ""),
        ("HH", {"system": INTERPRETATION, "value_set": VS + "observation-interpretation"}, True, ""),
    ],
)
def test_validate(code: str, more: dict[str, str], valid: bool, says: str) -> None:
    found = CODES.validate(code, **more)
    assert found.valid is valid, found
    assert says in found.says


def test_validate_that_cannot_be_told() -> None:
    for more in (
        {"system": LOINC},
        {"value_set": VS + "condition-code", "system": "http://snomed.info/sct"},
        {"value_set": "http://x/nowhere"},
    ):
        with pytest.raises(NotAtHand):
            CODES.validate("404684003", **more)
    with pytest.raises(NotAtHand):
        CODES.validate("erg", system=UCUM, value_set=VS + "ucum-units")


def test_translate() -> None:
    (first, second) = CODES.translate("http://x/map", LOCAL, "K")
    assert (first.equivalence, first.concept, first.source) == ("equivalent", Concept(LOINC, "2823-3"), "http://x/map")
    assert second.concept == Concept("http://x/animals", "cat")
    (wider,) = CODES.translate("http://x/map", LOCAL, "KB")
    assert (wider.equivalence, wider.comment, wider.is_one) == ("wider", "at the bedside", True)
    assert [one.concept for one in CODES.translate("http://x/map", LOCAL, "K", target=LOINC)] == [Concept(LOINC, "2823-3")]
    assert [one.equivalence for one in CODES.translate("http://x/map", LOCAL, "TWO")] == ["narrower", "disjoint"]


def test_what_has_no_translation_is_told() -> None:
    (unmatched,) = CODES.translate("http://x/map", LOCAL, "HEM")
    assert (unmatched.equivalence, unmatched.concept, unmatched.is_one) == ("unmatched", None, False)
    assert [one.equivalence for one in CODES.translate("http://x/map", LOCAL, "BARE")] == ["unmatched"]
    assert CODES.translate("http://x/map", LOCAL, "NEW") == ()
    assert CODES.translate("http://x/map", LOINC, "K") == (), "the code of another system"
    with pytest.raises(NotAtHand, match="the concept map http://x/other is not here"):
        CODES.translate("http://x/other", LOCAL, "K")


def test_a_map_may_have_a_rule_for_the_rest() -> None:
    assert [(one.equivalence, one.concept) for one in CODES.translate("http://x/map", "http://x/fixed", "any")] == [
        ("relatedto", Concept(LOINC, "0-0", "something"))
    ]
    assert CODES.translate("http://x/map", "http://x/same", "any")[0].concept == Concept("http://x/same2", "any")
    assert CODES.translate("http://x/map", "http://x/on", "K")[0].source == "http://x/map2"
    with pytest.raises(NotAtHand):
        CODES.translate("http://x/map", "http://x/round", "K")


def test_the_way_back_is_another_question() -> None:
    back = CODES.translate("http://x/map", LOINC, "2823-3", reverse=True)
    assert [(one.equivalence, one.concept and one.concept.code) for one in back] == [("equivalent", "K"), ("narrower", "KB")]
    assert CODES.translate("http://x/map", LOINC, "9-9", reverse=True) == ()


# The units of a Quantity ------------------------------------------------------------------------------------------------------------------


def about_units(code: str, system: str = UCUM) -> list[tuple[str, str, str]]:
    body: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    body["valueQuantity"] = {"value": 5, "unit": "x", "system": system, "code": code}
    found = [one for one in conform(parse(json.dumps(body))) if one.path.startswith("Observation.value")]
    return [(one.severity, one.rule, one.fix.text if one.fix else "") for one in found]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("mmol/L", []),
        ("mg/dl", []),
        ("{beats}/min", []),
        ("mmHg", [("error", "FHIR-CODE-UNKNOWN", '"mm[Hg]"')]),
        ("mg / dL", [("error", "FHIR-CODE-UNKNOWN", '"mg/dL"')]),
        ("mg//dL", [("error", "FHIR-CODE-UNKNOWN", "")]),
        ("erg", [("information", "FHIR-NOT-CHECKED", "")]),
    ],
)
def test_the_unit_of_a_quantity(code: str, found: list[tuple[str, str, str]]) -> None:
    assert about_units(code) == found


def test_other_systems_of_units_are_left_alone() -> None:
    assert about_units("mmHg", "http://example.org/units") == []
