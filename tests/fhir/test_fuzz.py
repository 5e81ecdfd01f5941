"""Hostile input: what `properties` say holds for the corpus, for what is made of it by chance, and for what grammars make.

`benchmarks/fuzz_fhir.py` looks for more, guided by coverage; what it found is in the corpus, as small as it would go.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fhir import properties
from tests.fhir.properties import PROPERTIES, WORDS
from tests.fuzzing import Broken, changed, corpus, held

CORPUS = corpus("fhir")
TAKEN = tuple(name for name in PROPERTIES if name not in ("growing", "paths"))  # these two take long


@pytest.mark.parametrize("path", [path for path in CORPUS if not path.name.startswith("growing")], ids=lambda path: path.stem)
def test_the_corpus(path: Path) -> None:
    held(PROPERTIES, path.name.partition("-")[0], path.read_bytes())


@pytest.mark.parametrize("path", [path for path in CORPUS if path.name.startswith("growing")], ids=lambda path: path.stem)
def test_the_cost_grows_with_the_length_and_no_faster(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "SIZE", 16_000)
    held(PROPERTIES, "growing", path.read_bytes())


def test_every_property_has_a_corpus() -> None:
    assert {path.name.partition("-")[0] for path in CORPUS} == set(PROPERTIES)


@pytest.mark.parametrize("name", TAKEN)
def test_what_holds_for_the_corpus_of_one_property_holds_for_that_of_every_other(name: str) -> None:
    for path in CORPUS:
        held(PROPERTIES, name, path.read_bytes())


@pytest.mark.parametrize("name", [*TAKEN, "paths"])
def test_the_corpus_changed_by_chance(name: str) -> None:
    dice = Random(name)
    for path in CORPUS:
        if path.name.startswith(name) or name in TAKEN:
            held(PROPERTIES, name, changed(path.read_bytes(), dice, WORDS))


@pytest.mark.parametrize(
    "name, data, spoilt, by, says",
    [
        ("reading", b'{"resourceType": "Patient"}', "ihe_kit.fhir.FhirMessage.encode", lambda _: b"", "other"),
        ("reading", b'{"a": 1.0}', "tests.fhir.properties.read_values", json.loads, "differs"),
        ("notations", b'{"resourceType": "Patient", "active": true}', "tests.fhir.properties.as_json", lambda message: properties.parse(properties.PLAIN), "another"),
        ("judging", b'{"resourceType": "Patient", "gender": "x"}', "ihe_kit.rules.Finding.what", "", "says nothing"),
        ("asking", b"GET /fhir/Patient HTTP/1.1\r\n\r\n", "ihe_kit.actors.fhir_server.FhirServer.answer", lambda *_: 1 / 0, "failed"),
        ("bundling", b'{"resourceType": "Bundle", "type": "batch", "entry": [{}]}', "tests.fhir.properties._Server.ask", lambda _: properties.Answer(200, {}, "{}"), "not|resource"),
    ],
)  # fmt: skip
def test_a_room_that_is_broken_breaks_the_property(
    name: str, data: bytes, spoilt: str, by: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    PROPERTIES[name](data)
    monkeypatch.setattr(spoilt, by)
    with pytest.raises((Broken, AssertionError), match=says):
        PROPERTIES[name](data)


# What grammars make --------------------------------------------------------------------------------------------------------------------

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
STRINGS = st.text(max_size=5).map(json.dumps) | st.from_regex(r'"(\\u[0-9a-fA-F]{4}|\\["\\/bfnrt]|[a-z\x00-\x1f]){0,3}"', fullmatch=True)
SPACE = st.sampled_from(["", " ", "\n\t", "\r", "\f", "\u00a0", "/**/"])


def _object(members: list[tuple[str, str, str]]) -> str:
    return "{" + ",".join(f"{space}{name}:{value}{space}" for name, value, space in members) + "}"


TEXTS = st.recursive(
    NUMBERS | STRINGS | st.sampled_from(["true", "false", "null", "NaN", "nul", "+1", "01", "1.", "'a'", "", "]"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]") | st.lists(st.tuples(STRINGS, inner, SPACE), max_size=3).map(_object)
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300)
@given(TEXTS)
def test_json_and_what_is_nearly_json(text: str) -> None:
    for name in ("reading", "judging"):
        held(PROPERTIES, name, text.encode("utf-8", "surrogatepass"))


TAGS = st.sampled_from(["Patient", "name", "given", "extension", "contained", "text", "div", "active", "valueDecimal", "x"])
ATTRIBUTES = st.lists(st.sampled_from([' value="1.10"', " value='true'", ' id="a"', ' url="u"', ' xmlns="urn:x"', ' f:a=">"', ' a="<"', ' value="&#1;"']), max_size=3).map("".join)  # fmt: skip
ELEMENTS = st.recursive(
    st.sampled_from(["", "text", "<!-- -->", "<![CDATA[ ]]>", "&amp;", "&x;", "<?a?>"]),
    lambda inner: st.tuples(TAGS, ATTRIBUTES, st.lists(inner, max_size=3)).map(lambda one: f"<{one[0]}{one[1]}>{''.join(one[2])}</{one[0]}>"),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300)
@given(ELEMENTS, st.sampled_from(['<?xml version="1.0" encoding="x"?>', "<!DOCTYPE Patient>", "\ufeff", "", " "]))
def test_xml_and_what_is_nearly_xml(inner: str, head: str) -> None:
    text = f'{head}<Patient xmlns="http://hl7.org/fhir">{inner}</Patient>'.encode()
    for name in ("xml", "reading", "notations"):
        held(PROPERTIES, name, text)


PATHS = st.lists(st.sampled_from([word for word in WORDS if word[:1] in ".[$%@' |("] + ["Patient", "name", "given", "1", "true", "{}"]), max_size=7).map("".join)  # fmt: skip


@settings(max_examples=150)
@given(PATHS)
def test_paths_of_the_words_of_fhirpath(path: str) -> None:
    held(PROPERTIES, "paths", b"\0" + path.encode("utf-8", "surrogatepass"))
