"""Hostile input: what `properties` say holds for the corpus, for what is made of it by chance, and for streams cut anywhere.

`benchmarks/fuzz_v2.py` looks for more, guided by coverage; what it found is in the corpus, as small as it would go.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_kit.v2.wire import Broken, Frame, Frames, unframe
from tests.fuzzing import Broken as NotHeld
from tests.fuzzing import changed, corpus, held, only
from tests.v2 import properties
from tests.v2.properties import PROPERTIES, WORDS

CORPUS = corpus("v2")
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


# The net itself ------------------------------------------------------------------------------------------------------------------------


def test_an_error_that_nobody_meant_is_none_that_is_documented() -> None:
    with pytest.raises(ValueError, match="invalid literal"), only(ValueError):
        int("x")
    with pytest.raises(UnicodeError), only(ValueError):
        b"\xff".decode("ascii")


@pytest.mark.parametrize(
    "name, data, spoilt, says",
    [
        ("reading", b"MSH|^~\\&|A\rPID|||1", "ihe_kit.v2.message.V2Message.encode", "other"),
        ("frames", b"\x0bA\x1c\r\x0bB\x1c\r", "tests.v2.properties.Frames.feed", "when cut in pieces"),
        ("paths", b"\0PID-3", "ihe_kit.v2.message.V2Message.lacks", "is said to be absent"),
    ],
)
def test_a_room_that_is_broken_breaks_the_property(name: str, data: bytes, spoilt: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PROPERTIES[name](data)
    monkeypatch.setattr(spoilt, {"encode": lambda _: b"", "feed": lambda *_: [], "lacks": lambda *_: True}[spoilt.rpartition(".")[2]])
    with pytest.raises(NotHeld, match=says):
        PROPERTIES[name](data)


# Streams -------------------------------------------------------------------------------------------------------------------------------

STREAM = st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\x1c\r", b"A", b"MSH|^~\\&|A\r", b"\x0bA\x1c\r"]), max_size=24).map(b"".join)


@settings(max_examples=400)
@given(STREAM, st.lists(st.integers(0, 60), max_size=12))
def test_frames_do_not_depend_on_where_a_stream_is_cut(stream: bytes, cuts: list[int]) -> None:
    """Also where a piece is exactly one frame, which `feed` cuts out at once without looking at what it keeps."""
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    whole, rest = unframe(stream)
    frames, came = Frames(), list[Frame | Broken]()
    for start, end in pairwise(edges):
        came += frames.feed(stream[start:end])
    assert [item for item in came if isinstance(item, Frame)] == [item for item in whole if isinstance(item, Frame)]
    assert told(came) == told(whole)
    assert frames.size == len(rest)


def told(items: list[Frame | Broken]) -> bytes:
    """What was no frame, all of it: a stream that comes in pieces is told in pieces."""
    return b"".join(item.data for item in items if isinstance(item, Broken))


def test_a_whole_frame_behind_half_a_frame_cuts_it_off() -> None:
    frames = Frames()
    assert frames.feed(b"\x0bA") == []
    broken, frame = frames.feed(b"\x0bB\x1c\r")
    assert isinstance(broken, Broken) and broken.data == b"\x0bA"
    assert frame == Frame(b"B")
    assert frames.size == 0
