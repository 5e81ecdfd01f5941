"""What differs between two messages: one table of cases for v2, and the comparison by path that the other standards share."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.changes import KINDS, steady
from ihe_kit.v2 import parse
from ihe_kit.v2.difference import difference, matched
from ihe_kit.verbs import TIMES
from ihe_kit.verbs import difference as verb
from tests.conftest import cases

HEAD = "MSH|^~\\&|A||||1||ORU^R01^ORU_R01|X|P|2.5\r"
PID = HEAD + "PID|||{}||Lie^Bjørn\r"


def told(one: str, other: str) -> list[str]:
    return [str(change) for change in difference(parse(one), parse(other))]


@pytest.mark.parametrize(
    "before, after, says",
    [
        ("PID|||1", "PID|||1", []),
        ("PID|||1", "PID|||1|||^^|", []),  # separators with nothing between them say nothing
        ("PID|||1||||1958", "PID|||1||||1957", ["PID-7 changed: 1957, was 1958"]),
        ("PID|||1||||1958", 'PID|||1||||""', ['PID-7 changed: "", was 1958']),  # NULL is a value
        ("PID|||1", 'PID|||1||||""', ['PID-7 added: ""']),
        ("PID|||1||||1958", "PID|||1", ["PID-7 removed: 1958"]),
        ("PID|||1||Lie", "PID|||1||Lie^Bjørn", ["PID-5.2 added: Bjørn"]),
        ("PID|||1||Lie^Bjørn", "PID|||1||Lie&van^Bjørn", ["PID-5.1.2 added: van"]),
        ("PID|||1^^^N^PI", "PID|||1^^^N&2.999^PI", ["PID-3.4.2 added: 2.999"]),
        ("PID|||1", "PID|||2~1", ["PID-3[1] added: 2"]),
        ("PID|||1~2", "PID|||2~1", ["PID-3[2] moved: was PID-3[1]"]),
        ("PID|||1~2~3", "PID|||1~3", ["PID-3[2] removed: 2"]),
        ("PID|||a\\T\\b", "PID|||a\\T\\c", ["PID-3 changed: a&c, was a&b"]),
        ("PID|||1", "PID|||1\rNK1|1|Lie", ["NK1 added: NK1|1|Lie"]),
        ("PID|||1\rNK1|1|Lie^A\rNK1|2|Lie^B", "PID|||1\rNK1|1|Lie^B", ["NK1[1] removed: NK1|1|Lie^A", "NK1-1 changed: 1, was 2"]),
        ("OBX|1||GLU||5\rOBX|2||HB||7", "OBX|1||NA||1\rOBX|2||GLU||5\rOBX|3||HB||7.1",
         ["OBX[1] added: OBX|1||NA||1", "OBX[2]-1 changed: 2, was 1", "OBX[3]-1 changed: 3, was 2", "OBX[3]-5 changed: 7.1, was 7"]),
        ("OBX|1||A\rOBX|2||B\rOBX|3||C", "OBX|1||A\rOBX|3||C\rOBX|2||B", ["OBX[2] moved: was OBX[3]"]),
        ("OBR|1|p1\rOBX|1||GLU||5\rNTE|1||x\rOBR|2|p2\rOBX|1||GLU||6", "OBR|1|p2\rOBX|1||GLU||7",
         ["OBR[1] removed: OBR|1|p1", "OBX[1] removed: OBX|1||GLU||5", "NTE removed: NTE|1||x", "OBR-1 changed: 1, was 2", "OBX-5 changed: 7, was 6"]),
        ("NTE|1||a\rNTE|2||b", "NTE|1||b", ["NTE[1] removed: NTE|1||a", "NTE-1 changed: 1, was 2"]),
        ("NTE|1||a\rNTE|2||b", "NTE|1||a\rNTE|2||c", ["NTE[2]-3 changed: c, was b"]),
        ("ZXX|1", "ZYY|1", ["ZXX removed: ZXX|1", "ZYY added: ZYY|1"]),
    ],
)  # fmt: skip
def test_each_kind_of_change(before: str, after: str, says: list[str]) -> None:
    # what only one message has stands in the order of the text, but the kinds of change of one segment may mix
    assert sorted(told(HEAD + before, HEAD + after)) == sorted(says)


def test_other_delimiters_make_no_difference_but_that() -> None:
    usual, other = HEAD + "PID|||1^^^N&2.999&ISO~2||Lie^B", "MSH#*!?@#A####1##ORU*R01*ORU_R01#X#P#2.5\rPID###1***N@2.999@ISO!2##Lie*B"
    assert {change.path for change in difference(parse(usual), parse(other))} == {"MSH-1", "MSH-2"}


def test_paths_lead_back_to_both_messages() -> None:
    one, other = parse(HEAD + "PID|||1~2||Lie^B\rOBX|1||A||1"), parse(HEAD + "PID|||2||Lie^C\rOBX|1||B||1\rOBX|2||A||2")
    for change in difference(one, other):
        assert change.kind in KINDS
        for message, element in ((one, change.before), (other, change.after)):
            assert element is None or message.text[element.start : element.end] == element.value


@pytest.mark.parametrize(
    "before, after, place, lead",
    [
        ("PID|||1", "PID|||1|||||F", "PID|||1", "|||||"),  # the segment ends before it: absent
        ("PID|||1|||||", "PID|||1|||||F", "PID|||1|||||", ""),  # its place is there: empty
        ("PID|||1||||1958", "PID|||1||||", "PID|||1||||", ""),
        ("PID|||1||Lie", "PID|||1||Lie^Bjørn", "PID|||1||Lie", "^"),
        ("PID|||1||Lie^^L", "PID|||1||Lie^Bjørn^L", "PID|||1||Lie^", ""),
        ("PID|||1^^^N", "PID|||1^^^N&2.999", "PID|||1^^^N", "&"),
        ("PID|||1", "PID|||1~2", "PID|||1", "~"),
    ],
)
def test_a_change_knows_the_place_of_what_is_not_there(before: str, after: str, place: str, lead: str) -> None:
    (change,) = difference(parse(HEAD + before), parse(HEAD + after))
    assert change.gap
    without_it = before if change.kind == "added" else after
    assert without_it.startswith(place)
    assert (change.gap.start - len(HEAD), change.gap.start == change.gap.end, change.gap.lead) == (len(place), True, lead)


def test_times_and_fields_can_be_ignored() -> None:
    one, other = HEAD + "PID|||1^^^N", HEAD.replace("|1||", "|2||").replace("|X|", "|Y|") + "PID|||1^^^M"
    assert {change.path for change in verb(one, other)} == {"MSH-7", "MSH-10", "PID-3.4"}
    assert [change.path for change in verb(one, other, ignore=TIMES)] == ["PID-3.4"]
    assert verb(one, other, ignore=(*TIMES, "PID-3")) == []
    assert [change.path for change in verb(one, other, ignore=("MSH-1", "MSH-7"))] == ["MSH-10", "PID-3.4"]  # MSH-1 is not MSH-10


def test_other_standards_are_compared_path_by_path() -> None:
    one = '{"resourceType":"Patient","active":true,"name":[{"family":"Lie","given":["A"]}],"gender":"male"}'
    other = '{"resourceType":"Patient","name":[{"family":"Lie","given":["A","B"]},{"family":"X"}],"gender":"female"}'
    assert [str(change) for change in verb(one, other)] == [
        "Patient.active removed: true", "Patient.name[0].given[1] added: B", 'Patient.name[1] added: {"family":"X"}', "Patient.gender changed: female, was male",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="HL7 v2 and FHIR"):
        verb(HEAD, one)


@given(st.lists(st.integers(0, 30), unique=True))
def test_the_steady_ones_rise_and_no_other_could_join(places: list[int]) -> None:
    kept = [places[i] for i in sorted(steady(places))]
    assert all(a < b for a, b in pairwise(kept))
    longest: list[int] = []
    for at, place in enumerate(places):
        longest.append(1 + max((longest[i] for i in range(at) if places[i] < place), default=0))
    assert len(kept) == max(longest, default=0)


LINES = st.lists(
    st.sampled_from(["OBX|1||A||1", "OBX|2||B||2", "OBX|1||A||1~3", "OBR|1|p", "NTE|1||x", "PID|||1^^^N~2", "E'VN|", "Z"]), max_size=8
)


def test_what_belongs_to_a_segment_goes_with_it() -> None:
    one, other = "OBR|1|p1\rOBX|1||A\rOBR|2|p2\rOBX|1||B\rOBX|2||C", "OBR|1|p2\rOBX|1||B\rOBX|2||C\rOBR|2|p1\rOBX|1||A"
    found = matched(parse(HEAD + one), parse(HEAD + other))
    assert [(m.kind, m.first.name, m.first.number, m.second.number, m.stays) for m in found if m.first and m.second] == [
        ("", "MSH", 1, 1, True), ("moved", "OBR", 2, 1, False), ("", "OBX", 2, 1, False), ("", "OBX", 3, 2, False),
        ("", "OBR", 1, 2, True), ("", "OBX", 1, 3, True),
    ]  # fmt: skip


@given(LINES, LINES)
def test_every_segment_is_matched_once(one: list[str], other: list[str]) -> None:
    before, after = parse(HEAD + "\r".join(one)), parse(HEAD + "\r".join(other))
    found = matched(before, after)
    assert sorted(match.first.start for match in found if match.first) == [segment.start for segment in before.segments]
    assert sorted(match.second.start for match in found if match.second) == [segment.start for segment in after.segments]
    assert all(match.first.name == match.second.name for match in found if match.first and match.second)
    assert difference(before, after, found) == difference(before, after)


@given(LINES, LINES)
def test_equal_messages_have_no_difference_and_others_have_one(one: list[str], other: list[str]) -> None:
    before, after = parse(HEAD + "\r".join(one)), parse(HEAD + "\r".join(other))
    assert bool(difference(before, after)) == (one != other)
    back = {("added", "removed", "changed", "moved").index(c.kind) for c in difference(after, before)}
    assert bool(back) == (one != other)


@pytest.mark.parametrize("path", cases("hl7v2/*.hl7"), ids=lambda path: path.stem)
def test_public_messages_differ_from_themselves_in_nothing(path: Any) -> None:
    text = path.read_bytes()
    assert difference(parse(text), parse(text)) == []
