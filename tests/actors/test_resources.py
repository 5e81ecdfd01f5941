"""A resource keeps its text to the character, but for the id and the meta that a server writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.actors.resources import members, with_identity

META = {"versionId": "1"}


@pytest.mark.parametrize(
    "text",
    [
        '{"resourceType":"P"}',
        '{"resourceType": "P", "id": "x", "meta": {"a": [1, {"b": "}"}]}, "v": 1.10}',
        '{"id": "x", "resourceType": "P"}',
        '{"meta": {}, "id": "x", "resourceType": "P"}',
        '{"v": 1.10, "resourceType": "P", "meta": {}, "id": "x"}',
        ' {\n  "id": "x",\n  "v": "\\"}{",\n  "resourceType": "P",\n  "w": []\n}\n',
        '{"i\\u0064": "x", "resourceType": "P", "v": 1e2}',
    ],
)
def test_only_id_and_meta_change(text: str) -> None:
    new = with_identity(text, "7", META)
    data = json.loads(text)
    assert json.loads(new) == data | {"id": "7", "meta": META}
    kept = [text[start:end] for name, start, end in members(text) if name not in ("id", "meta")]
    assert all(part in new for part in kept)
    assert with_identity(new, "7", META) == new, "the same again is the same text"


@given(
    st.dictionaries(st.text(max_size=4), st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2), max_size=5),
    st.booleans(),
)
def test_any_resource(data: dict[str, object], dense: bool) -> None:
    text = json.dumps(data | {"resourceType": "P", "id": "x"}, separators=(",", ":") if dense else None, indent=None if dense else 2)
    assert json.loads(with_identity(text, "7", META)) == data | {"resourceType": "P", "id": "7", "meta": META}
    for first in ({"resourceType": "P"} | data, data | {"resourceType": "P"}):
        new = json.dumps({name: value for name, value in first.items() if name not in ("id", "meta")}, indent=None if dense else 2)
        assert with_identity(new, "7", META, new=True) == with_identity(new, "7", META), "the short way says the same"
