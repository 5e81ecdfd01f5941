"""JSON with places: what Python's json reads, we read to the same values, and we know where each stood. What is no JSON is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import Unreadable
from ihe_kit.json_text import Node, exact, plain, read_json, read_values

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


def walk(node: Node) -> list[Node]:
    return [node, *(inner for child in node.children for inner in walk(child))]


@given(VALUES, st.sampled_from([None, 1, 2]), st.booleans())
def test_same_values_as_json_and_every_place_right(value: Any, indent: int | None, escaped: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    root = read_json(text)
    assert plain(root) == value
    for node in walk(root):
        assert json.loads(text[node.start : node.end]) == plain(node)


@pytest.mark.parametrize(
    "text, line, column, says",
    [
        ("", 1, 1, "expected a value, but the text ends"),
        ('{"a": 1,}', 1, 9, "expected a name in double quotes"),
        ("[1,]", 1, 4, "expected a value"),
        ("[1 2]", 1, 4, 'expected "," or "]"'),
        ('{"a": 1, "a": 2}', 1, 10, "stands twice"),
        ('{"a": NaN}', 1, 7, "expected a value"),
        ("[1e400]", 1, 2, "a number that a receiver can hold"),
        ('["\\ud800"]', 1, 2, "half a surrogate pair"),
        ('["\\x"]', 1, 2, "none that JSON knows"),
        ('{\n "a": 01}', 2, 8, 'expected "," or "}"'),
        ("{'a': 1}", 1, 2, "expected a name in double quotes"),
        ('{"a" 1}', 1, 6, 'expected ":"'),
        ("[" * 300, 1, 201, "at most 200 levels"),
        ('{"a": 1} {', 1, 10, "expected the end"),
        ('["a\nb"]', 1, 2, "expected a value"),
        ("[tru]", 1, 2, "expected a value"),
        ("\ufeff{}", 1, 1, "expected a value"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(Unreadable, match="line") as caught:
        read_json(text)
    assert says in caught.value.says
    assert (caught.value.line, caught.value.column) == (line, column)


@given(st.text(alphabet='{}[]:,"\\abc01.eE-+ \n\u00e9', max_size=30))
def test_never_anything_but_unreadable(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(Unreadable):
            read_json(text)
    else:
        try:
            assert plain(read_json(text)) == expected
        except Unreadable as problem:  # we are stricter: twice the same name, numbers that overflow
            assert "twice" in problem.says or "hold" in problem.says or "surrogate" in problem.says


def test_numbers_keep_their_digits() -> None:
    assert read_json("[1.10]").children[0].value == "1.10"


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SMALL = st.recursive(
    st.none() | st.booleans() | NUMBERS.map(str) | st.text(max_size=4).map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(map(str, items)) + "]")
        | st.dictionaries(st.text(max_size=3), inner, max_size=3).map(
            lambda members: "{" + ",".join(f"{json.dumps(key)} : {value}" for key, value in members.items()) + "}"
        )
    ),
    max_leaves=12,
).map(lambda text: str(text).replace("None", "null").replace("True", "true").replace("False", "false"))


@given(SMALL, st.sampled_from(["", "}", ",", '"', "\\ud800", "NaN", "1e400", '{"a":1,"a":2}', "\x00", "[" * 300]), st.integers(0, 30))
def test_the_quick_reading_is_the_slow_one(text: str, noise: str, at: int) -> None:
    text = text[:at] + noise + text[at:]
    try:
        slow: Any = exact(read_json(text))
    except Unreadable as problem:
        with pytest.raises(Unreadable, match="line") as raised:
            read_values(text)
        assert (raised.value.start, raised.value.says) == (problem.start, problem.says)
    else:
        assert repr(read_values(text)) == repr(slow)


def test_deep_and_long_texts_are_refused_by_both() -> None:
    for text in ("[" * 200 + "]" * 200, "[" * 201 + "]" * 201, "[" * 100_000, "[" + "1," * 200_001 + "1]", "9" * 5_000):
        outcomes = []
        for read in (read_json, read_values):
            try:
                read(text)
                outcomes.append("")
            except Unreadable as problem:
                outcomes.append(str(problem))
        assert outcomes[0] == outcomes[1]
    assert read_values("[" * 200 + "]" * 200)
