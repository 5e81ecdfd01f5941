"""What has to be filled in, by usage; and one change to a message at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import UnknownPath
from ihe_kit.v2 import parse
from ihe_kit.v2.edit import add, put, remove
from ihe_kit.v2.skeleton import skeleton
from ihe_kit.v2.tables import VERSIONS, structure, structures
from ihe_kit.verbs import transactions

TEXT = "MSH|^~\\&|A||||1||ADT^A01^ADT_A01|X|P|2.5\r\nEVN||2\nPID|||1^^^N~2||Lie^Bjørn\rPV1||I\r"


def names(text: str) -> list[str]:
    return [segment.name for segment in parse(text).segments]


def test_a_group_that_may_be_missing_requires_nothing() -> None:
    assert [blank.path for blank in skeleton("ORU_R01")] == ["MSH", "PATIENT_RESULT.ORDER_OBSERVATION.OBR"]
    every = {blank.path: blank.usage for blank in skeleton("ORU_R01", usage="X")}
    assert every["PATIENT_RESULT.PATIENT.PID"] == "O"
    assert "ORDER.ORDER_DETAIL.OBRRQDRQ1RXOODSODT_SUPPGRP.RXO" not in {blank.path for blank in skeleton("ORM_O01")}  # a choice


def test_the_word_of_the_profile_counts() -> None:
    event = transactions()["ITI-31"].events[0]
    base = {field.path: field for blank in skeleton("ADT_A01", usage="X") for field in blank.parts}
    ihe = {field.path: field for blank in skeleton("ADT_A01", usage="X", uses=event.uses) for field in blank.parts}
    assert (base["PV1-9"].usage, ihe["PV1-9"].usage) == ("O", "X")
    assert (base["PV1-44"].usage, ihe["PV1-44"].usage) == ("O", "RE")
    assert ihe["PV1-51"].usage == "C" and ihe["PV1-51"].when and ihe["PV1-51"].spec.startswith("ITI TF-2")
    assert ihe["ZBE-1"].name == "Movement ID"
    assert "I" in dict(ihe["PV1-2"].codes())
    assert [(part.path, part.name) for part in ihe["PID-3"].parts] == [
        ("PID-3.1", "number"),
        ("PID-3.5", "type"),
        ("PID-3.4.1", "given out by"),
        ("PID-3.4.2", "universal ID"),
        ("PID-3.4.3", "its type"),
    ]


@pytest.mark.parametrize("usage, more", [("R", "RE"), ("RE", "C"), ("C", "O"), ("O", "X")])
def test_a_wider_usage_has_all_of_a_narrower_one(usage: str, more: str) -> None:
    event = transactions()["ITI-31"].events[0]
    narrow, wide = ({field.path for blank in skeleton("ADT_A01", usage=u, uses=event.uses) for field in blank.parts} for u in (usage, more))
    assert narrow < wide


@pytest.mark.parametrize("version", VERSIONS)
def test_every_structure_has_a_skeleton(version: str) -> None:
    for name in sorted(structures(version))[::7]:
        if structure(name, version):
            assert any(blank.path == "MSH" for blank in skeleton(name, version)) or name not in ("ACK", "ADT_A01", "ORU_R01")


@pytest.mark.parametrize("name, usage, says", [("ADT_X99", "R", "no message structure"), ("ADT_A01", "Q", "no usage")])
def test_what_there_is_no_skeleton_of(name: str, usage: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        skeleton(name, usage=usage)


@pytest.mark.parametrize(
    "path, value, line",
    [
        ("PID-8", "F", "PID|||1^^^N~2||Lie^Bjørn|||F"),
        ("PID-3[3].4.2", "2.999", "PID|||1^^^N~2~^^^&2.999||Lie^Bjørn"),
        ("PID-3[1].4", "", "PID|||1~2||Lie^Bjørn"),
        ("PID-5", "", "PID|||1^^^N~2"),
        ("PID-5.2", "a^b|c", "PID|||1^^^N~2||Lie^a\\S\\b\\F\\c"),
        ("PID-8", '""', 'PID|||1^^^N~2||Lie^Bjørn|||""'),
    ],
)
def test_a_value_is_put_in_its_place_and_the_rest_stays(path: str, value: str, line: str) -> None:
    assert put(parse(TEXT), path, value).text == TEXT.replace("PID|||1^^^N~2||Lie^Bjørn", line)


def test_the_header_keeps_its_delimiters() -> None:
    assert put(parse(TEXT), "MSH-3", "B").text == TEXT.replace("|A|", "|B|")
    other = put(parse("MSH#*!?@#A\rPID###1"), "PID-3[2].4", "N&2.999")
    assert other.text == "MSH#*!?@#A\rPID###1!***N@2.999"


def test_segments_come_and_go_where_they_belong() -> None:
    more = add(add(parse(TEXT), "NK1"), "ZBE", after="PV1")
    assert names(more.text) == ["MSH", "EVN", "PID", "NK1", "PV1", "ZBE"]
    assert remove(remove(more, "NK1"), "ZBE").text.split() == parse(TEXT).text.split()
    orders = parse("MSH|^~\\&|||||||ORU^R01^ORU_R01|1|P|2.5\rOBR|1\rOBX|1\rOBR|2\rOBX|1")
    assert names(add(orders, "OBX", after="OBX[1]").text) == ["MSH", "OBR", "OBX", "OBX", "OBR", "OBX"]
    assert names(add(orders, "OBX").text) == ["MSH", "OBR", "OBX", "OBR", "OBX", "OBX"]
    assert names(add(parse("MSH|^~\\&|A\rPID|1"), "NK1", after="MSH").text) == ["MSH", "NK1", "PID"]  # no structure to go by


def test_repetitions_go() -> None:
    assert remove(parse(TEXT), "PID-3[1]").text == TEXT.replace("1^^^N~2", "2")
    assert remove(remove(parse(TEXT), "PID-3[2]"), "PID-3[1]").get("PID-3") == [""]


@pytest.mark.parametrize("path", ["NK1", "PID[2]", "PID-3[3]", "PID-3", "PID-99[1]", "no path"])
def test_what_is_not_there_cannot_go(path: str) -> None:
    with pytest.raises(UnknownPath):
        remove(parse(TEXT), path)


@pytest.mark.parametrize("path", ["NK1-2", "PID[2]-3", "PID", "PID-99", "?"])
def test_a_value_needs_a_place(path: str) -> None:
    with pytest.raises(UnknownPath):
        put(parse(TEXT), path, "x")


@given(st.sampled_from(["PID-8", "PID-5.1.1", "PID-3[2].1", "PID-3[4].4.1", "PV1-3.2", "EVN-1", "MSH-10"]), st.text(max_size=12))
def test_what_was_put_in_is_read_again(path: str, value: str) -> None:
    message = put(parse(TEXT), path, value)
    if "\r" not in value and "\n" not in value and message.charset == "utf-8" and value.isprintable():
        assert message.get(path) == [value]
    assert [segment.name for segment in message.segments] == ["MSH", "EVN", "PID", "PV1"]
