"""Building: any structure, groups included, from named values; and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit import v2
from ihe_kit.core import UnknownPath, Unreadable
from ihe_kit.region import STORY_BEGINS, story_ids
from ihe_kit.v2.build import Written, flat, values
from ihe_kit.v2.structure import placed
from ihe_kit.v2.tables import supported
from tests.conftest import cases


def at() -> datetime:
    return STORY_BEGINS


def made(structure: str, given: dict[str, Any], version: str = "2.5") -> v2.V2Message:
    return v2.build(structure, {"MSH-9": f"{structure.replace('_', '^')}^{structure}", "MSH-11": "P", **given}, at, story_ids(), version)


def names(message: v2.V2Message) -> str:
    return " ".join(segment.name for segment in message.segments)


def again(message: v2.V2Message) -> str:
    """The text of what build makes of a message's own values."""
    return v2.build(placed(message).structure, values(message), at, story_ids("X"), supported(message.version)).text


ORU = ["OBR-4", "OBX-5", "NTE-3", "OBX[2]-5", "OBR[2]-4", "OBX[3]-5", "NTE[2]-3"]


@pytest.mark.parametrize(
    "structure, paths, order",
    [
        ("ORU_R01", ORU, "MSH OBR OBX NTE OBX OBR OBX NTE"),
        ("ORU_R01", ["OBX-5", "OBR-4", "PID-3.1", "PV1-2"], "MSH PID PV1 OBR OBX"),
        ("ORU_R01", ["OBR-4", "SPM-2", "OBX-5", "OBR[2]-4", "OBX[2]-5"], "MSH OBR SPM OBX OBR OBX"),
        ("ORU_R01", ["OBX[2]-5", "OBX[1]-5"], "MSH OBR OBX OBX"),
        ("ORU_R01", ["PATIENT_RESULT.ORDER_OBSERVATION[2].OBR-4", "PATIENT_RESULT.ORDER_OBSERVATION[2].OBX[1]-5",
                     "PATIENT_RESULT.ORDER_OBSERVATION[1].OBX[2]-5", "PATIENT_RESULT.ORDER_OBSERVATION[1].OBX[1]-5", "PID-3.1"],
         "MSH PID OBR OBX OBX OBR OBX"),
        ("ORU_R01", ["ORDER_OBSERVATION[2].ORC-1", "ORDER_OBSERVATION[1].OBR-4"], "MSH OBR ORC OBR"),
        ("OML_O21", ["PID-3.1", "ORC-1", "OBR-4", "OBX-5", "SPM-4", "ORC[2]-1", "OBR[2]-4", "SPM[2]-4", "OBX[2]-5"],
         "MSH PID ORC OBR OBX SPM ORC OBR SPM OBX"),
        ("OML_O21", ["PID-3.1", "ORC-1", "OBR-4", "PID[2]-3.1", "OBR[2]-4", "OBX-5", "ORC[2]-1", "OBR[3]-4"],
         "MSH PID ORC OBR PID OBR OBX ORC OBR"),
        ("OML_O21", ["ORDER[1].OBR-4", "ORDER[2].ORC-1", "ORDER[1].PRIOR_RESULT.PID-3.1", "ORDER[1].PRIOR_RESULT.OBR-4", "ORDER[1].PRIOR_RESULT.OBX-5"],
         "MSH ORC OBR PID OBR OBX ORC"),
        ("ADT_A01", ["PV1-2", "ROL-3", "PID-3.1"], "MSH EVN PID PV1 ROL"),
        ("ADT_A01", ["PID-3.1", "ROL-3", "PV1-2", "ROL[2]-3", "PR1-3", "ROL[3]-3", "IN1-2", "IN1[2]-2"],
         "MSH EVN PID ROL PV1 ROL PR1 ROL IN1 IN1"),
        ("ADT_A01", ["PID-3.1", "PV1-2", "ZBE-1.1", "ZPD-1", "DG1-3"], "MSH EVN PID PV1 ZBE ZPD DG1"),
        ("ORM_O01", ["ORC-1", "RXO-1", "ORC[2]-1", "OBR-4"], "MSH ORC RXO ORC OBR"),
    ],
)  # fmt: skip
def test_segments_find_their_groups(structure: str, paths: list[str], order: str) -> None:
    message = made(structure, dict.fromkeys(paths, "A"))
    assert names(message) == order
    assert not {problem.kind for problem in placed(message).problems} & {"misplaced", "unknown", "repeated"}
    assert again(message) == message.text


def test_what_belongs_together_stays_together() -> None:
    message = made("ORU_R01", {path: path for path in ORU})
    assert message.get("OBX-5") == ["OBX-5", "OBX[2]-5", "OBX[3]-5"]
    assert [line.split("|")[4 if line[:3] == "OBR" else 5] for line in message.text.split("\r") if line[:2] == "OB"] == [
        "OBR-4", "OBX-5", "OBX[2]-5", "OBR[2]-4", "OBX[3]-5",
    ]  # fmt: skip


def test_a_segment_may_be_named_in_two_ways() -> None:
    message = made("ORU_R01", {"ORDER_OBSERVATION[1].OBR-4": "A", "ORDER_OBSERVATION[2].OBR-4": "B", "OBR[2]-2.1": "P2"})
    assert message.get("OBR-4") == ["A", "B"] and message.get("OBR-2.1") == ["", "P2"]


def test_lists_count_and_mappings_go_down() -> None:
    nested = {
        "PID": {"3": [{"1": "4711", "4.1": "NORDVIK"}, "99"], "5": {"1": {"1": "Lie"}, "2": "Bjørn"}},
        "OBX": [{"5": "1"}, {"5": ["2", "3"]}],
    }
    assert dict(flat(nested)) == {
        "PID-3[1].1": "4711", "PID-3[1].4.1": "NORDVIK", "PID-3[2]": "99", "PID-5.1.1": "Lie", "PID-5.2": "Bjørn", "OBX[1]-5": "1",
        "OBX[2]-5[1]": "2", "OBX[2]-5[2]": "3",
    }  # fmt: skip
    groups = {
        "PATIENT_RESULT": {"PATIENT": {"PID": {"8": "F"}}, "ORDER_OBSERVATION": [{"OBR-4": "A"}, {"OBR": {"4": "B"}, "OBX": [{"5": "7"}]}]}
    }
    message = made("ORU_R01", groups)
    assert names(message) == "MSH PID OBR OBR OBX"
    assert message.text == made("ORU_R01", dict(flat(groups))).text


@pytest.mark.parametrize("value", [7, None, {"3": 1.5}, [None], b"x"])
def test_only_text_is_a_value(value: Any) -> None:
    with pytest.raises(ValueError, match=r"the value at PID-3"):
        made("ADT_A01", {"PID-3": value} if not isinstance(value, dict) else {"PID": value})


def test_null_is_sent_and_nothing_is_left_out() -> None:
    message = made("ADT_A01", {"PID-8": '""', "PID-3": '""', "PID-7": "", "PV1-2": "I"})
    assert message.get("PID-8") == ['""'] and message.get("PID-3") == ['""'] and message.get("PID-7") == [""]


@pytest.mark.parametrize(
    "path, says",
    [
        ("OBR-4", "ADT_A01 has no segment OBR"),
        ("PID[2]-3.1", "ADT_A01 has no room for another PID"),
        ("PROCEDUR.PR1-3", "ADT_A01 has no group PROCEDUR; did you mean PROCEDURE"),
        ("PROCEDURE.PID-3.1", "PROCEDURE has no segment PID"),
        ("PROCEDURE..PR1-3", "no path of groups"),
        ("PROCEDURE[0].PR1-3", "no path of groups"),
        ("PID-99", "there is no PID-99"),
        ("PID", "PID names none"),
        ("pid-3", "no HL7 v2 path"),
        ("", "no HL7 v2 path"),
    ],
)  # fmt: skip
def test_a_path_without_a_place_is_named(path: str, says: str) -> None:
    with pytest.raises(UnknownPath, match=says):
        made("ADT_A01", {"PID-3.1": "1", path: "x"})


def test_other_delimiters_and_truncation() -> None:
    message = made("ADT_A01", {"MSH-1": "#", "MSH-2": "*!?@", "MSH-9": "ADT^A01^ADT_A01", "PID-3[2].4.1": "X", "PID-5.1.1": "a*b^c"})
    assert message.text.startswith("MSH#*!?@#") and "ADT*A01*ADT_A01" in message.text
    assert message.get("PID-5.1.1") == ["a*b^c"] and message.get("PID-3.4.1") == ["", "X"]
    assert again(message) == message.text
    new = made("ADT_A01", {"MSH-2": "^~\\&#", "PID-3.1": "1", "PV1-2": "I"}, "2.7")
    assert new.text.startswith("MSH|^~\\&#|") and new.get("MSH-2") == ["^~\\&#"]
    assert again(new) == new.text
    with pytest.raises(ValueError, match=r"came with version 2\.7"):
        made("ADT_A01", {"MSH-2": "^~\\&#"})
    with pytest.raises(Unreadable):
        made("ADT_A01", {"MSH-2": "^^^^"})


def test_written_values_go_in_as_they_are() -> None:
    message = made("ORU_R01", {"OBX-5": Written("\\H\\high\\N\\^x~y"), "OBX-8": Written("H||"), "NTE": Written()})
    assert "|\\H\\high\\N\\^x~y|||H||" in message.text
    assert names(message).endswith("NTE")


@pytest.mark.parametrize("path", cases("hl7v2/*.hl7"), ids=lambda path: path.stem)
def test_public_messages_can_be_built_again(path: Any) -> None:
    """A message whose segments stand where its structure wants them comes back to the character; another one is built or refused in words."""
    message = v2.parse(path.read_bytes())
    found = placed(message)
    if not found.structure:
        return
    try:
        text = again(message)
    except ValueError as refusal:
        assert found.problems, str(refusal)
        return
    lines = [message.text[line.start : line.end] for line in message.segments]
    if not found.problems:
        assert text.split("\r")[:-1] == lines


SEGMENTS = st.lists(st.sampled_from(["OBR", "OBX", "NTE", "ORC", "SPM", "PID", "PV1", "TQ1", "FT1"]), max_size=12)


@given(SEGMENTS, st.sampled_from(["ORU_R01", "OML_O21", "ORM_O01"]))
def test_whatever_is_named_has_a_place_or_is_refused(wanted: list[str], structure: str) -> None:
    """Every segment that was named is there, no other than the required ones joins, and the message comes back from its own values."""
    paths = [f"{name}[{wanted[:at].count(name) + 1}]-1" for at, name in enumerate(wanted)]
    try:
        message = made(structure, {path: Written(str(at)) for at, path in enumerate(paths)})
    except UnknownPath as refusal:
        assert "no segment" in str(refusal) or "no room" in str(refusal)
        return
    assert all(len(message._by_name[name]) >= wanted.count(name) for name in wanted)
    assert sorted(value for name in set(wanted) for value in message.get(f"{name}-1") if value) == sorted(map(str, range(len(wanted))))
    if not placed(message).problems:
        assert again(message) == message.text
