"""The plain part of FHIRPath against the whole language: every invariant of R4, on random values of the names that it asks for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_kit.fhir.invariants import QUICK, Scene, _plain, evaluated, holds
from ihe_kit.fhir.operators import Undecided
from ihe_kit.fhir.quick import ready
from ihe_kit.fhir.tables import core

# What fhirpathpy says otherwise than FHIRPath and HL7's own validator: it takes what has no value for a value (hasValue of an object), a pattern
# for the beginning of a text, and true for the number 1.
APART = ("matches(", "hasValue()", "coordinateSystem = 1")
WORD = re.compile(r"(?<![%$'\w.])([a-z]\w*)(?!\w*\()")
NAME = re.compile(r"\.([a-z]\w*)(?!\w*\()")


def expressions() -> list[tuple[str, str]]:
    """(expression, path) of every invariant of R4 that the plain part takes."""
    found: dict[str, str] = {}
    for url in core().urls("StructureDefinition"):
        definition = core().get("StructureDefinition", url) or {}
        for element in definition.get("differential", {"element": []})["element"]:
            for rule in element.get("constraint", ()):
                found.setdefault(rule["expression"], element["path"])
    return [(expression, path) for expression, path in found.items() if expression not in QUICK and _plain(expression)]


EVERY = expressions()
SCALARS = st.sampled_from(["group", "display", "x", "1", "http://unitsofmeasure.org", "draft"]) | st.sampled_from([-1, 2]) | st.booleans()


def values(names: tuple[str, ...], literals: tuple[str, ...]) -> st.SearchStrategy[Any]:
    scalar = SCALARS | st.sampled_from([*literals, "x"])
    inner = st.dictionaries(st.sampled_from(names), scalar | st.lists(scalar, min_size=1, max_size=2), min_size=1, max_size=3)
    members = st.dictionaries(st.sampled_from(names), scalar | inner | st.lists(inner, min_size=1, max_size=2), min_size=1, max_size=5)
    return members.map(lambda value: value | {"resourceType": "Basic"})


def test_most_invariants_are_plain() -> None:
    assert len(EVERY) > 180


@settings(max_examples=60)
@given(st.data())
def test_both_say_the_same(data: st.DataObject) -> None:
    for expression, path in data.draw(st.lists(st.sampled_from(EVERY), min_size=8, max_size=8, unique=True)):
        if any(part in expression for part in APART) or "descendants" in expression or "children()" in expression:
            continue
        names = tuple(
            sorted({*WORD.findall(expression), *NAME.findall(expression)} - {"and", "or", "implies", "xor", "in", "true", "false"})
        )
        value = data.draw(values(names or ("x",), tuple(re.findall(r"'([^']*)'", expression))))
        scene = Scene(value, value)
        other = evaluated(expression, value, path, scene)
        assert other is None or holds(expression, value, path, scene) is other, (expression, value)


@pytest.mark.parametrize(
    "expression, value, items",
    [
        ("value.exists()", {"valueString": "x"}, [True]),
        ("value.exists()", {"valueSet": "x"}, [False]),
        ("reference.exists()", {"referenceRange": [{}]}, [False]),
        ("name.given.count()", {"name": [{"given": ["a", "b"]}, {"given": ["c"]}]}, [3]),
        ("given.exists() and given.hasValue().not()", {"_given": [{"id": "x"}]}, [True]),
        ("given.extension.url", {"given": [None], "_given": [{"extension": [{"url": "u"}]}]}, ["u"]),
        ("descendants().linkId.isDistinct()", {"item": [{"linkId": "1", "item": [{"linkId": "1"}]}]}, [False]),
        ("a[1]", {"a": ["x", "y"]}, ["y"]),
        ("a.where(b = 'x').select(c & '-' & d)", {"a": [{"b": "x", "c": "1"}, {"b": "y"}]}, ["1-"]),
        ("a.startsWith('x')", {}, [False]),
        ("a.matches('[a-z]+')", {"a": "abc1"}, [False]),
        ("a.matches('it\\\\'s')", {"a": "it's"}, [True]),
        ("Basic.a", {"resourceType": "Basic", "a": 1}, [1]),
        ("a > 1.5", {"a": 2}, [True]),
        ("a and b", {"a": False}, [False]),
        ("a or b", {}, []),
        ("a xor b", {"a": True, "b": False}, [True]),
        ("a = b", {"a": [1], "b": [1, 2]}, [False]),
        ("1 in a", {"a": [1, 2]}, [True]),
        ("(1 | 1 | 2).count()", {}, [2]),
    ],
)
def test_what_it_yields(expression: str, value: Any, items: list[Any]) -> None:
    run = _plain(expression)
    assert run
    assert run([value], {"resource": value, "rootResource": value, "context": value}) == items


@pytest.mark.parametrize(
    "expression, value",
    [
        ("a = b", {"a": "2025-03-03", "b": "2025-03-03T08:00:00Z"}),
        ("a < b", {"a": "2024", "b": "2025"}),
        ("a = b", {"a": {"x": 1}, "b": {"x": 1}}),
        ("a.not()", {"a": "text"}),
        ("a.extension.exists()", {"a": "text"}),
    ],
)
def test_what_it_leaves_to_the_whole_language(expression: str, value: Any) -> None:
    run = _plain(expression)
    assert run
    with pytest.raises(Undecided):
        run([value], {})


def test_what_is_not_of_it() -> None:
    for expression in ("a.toInteger()", "a is Quantity", "now()", "a.repeat(b)", "a ~ b", "%other", "a as string"):
        assert _plain(expression) is None, expression
    with pytest.raises(Undecided):
        ready({"type": "Nothing"})
