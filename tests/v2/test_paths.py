"""Paths with groups, what they say where nothing stands, and values as people read them: laid out, and in the character sets of table 0211."""

from __future__ import annotations

import pytest

from ihe_kit import v2
from ihe_kit.core import UnknownPath
from ihe_kit.v2.escapes import MOST_INDENT

REPORT = v2.parse(
    "MSH|^~\\&|LAB|MIDT|||20250303||ORU^R01^ORU_R01|1|P|2.5\rPID|1||4711~99\rORC|RE\rOBR|1||A\rOBX|1|NM|a||1\rOBX|2|NM|b||2\r"
    "OBR|2||B\rOBX|1|NM|c||3\rPID|2||5\rOBR|1||C\rOBX|1|NM|d||4\rZPI|x\r"
)

# Groups --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, values, places",
    [
        ("PATIENT_RESULT.ORDER_OBSERVATION[2].OBX[1]-5", ["3"], ["OBX[3]-5"]),
        ("ORDER_OBSERVATION.OBX[1]-5", ["1", "3", "4"], ["OBX[1]-5", "OBX[3]-5", "OBX[4]-5"]),  # the first one of each order
        ("PATIENT_RESULT[1].OBX-5", ["1", "2", "3"], ["OBX[1]-5", "OBX[2]-5", "OBX[3]-5"]),
        ("PATIENT_RESULT[1].OBX[3]-5", ["3"], ["OBX[3]-5"]),  # the index counts within the innermost group that is named
        ("PATIENT_RESULT[1].PID-3[2]", ["99"], ["PID[1]-3[2]"]),
        ("PATIENT_RESULT[2].PATIENT.PID-3", ["5"], ["PID[2]-3"]),
        ("PATIENT_RESULT.OBSERVATION[1].OBX-5", ["1", "3", "4"], ["OBX[1]-5", "OBX[3]-5", "OBX[4]-5"]),  # a group between may be left out
        ("OBSERVATION[2].OBX-5", ["2"], ["OBX[2]-5"]),
        ("ORDER_OBSERVATION[2].OBX[1]", ["OBX|1|NM|c||3"], ["OBX[3]"]),
        ("ORDER_OBSERVATION[2].OBX-5[2].3", [""], ["OBX[3]-5[2]"]),
        ("PATIENT_RESULT[2].ZPI-1", ["x"], ["ZPI-1"]),  # a local segment belongs to the group it stands in
        ("ORDER_OBSERVATION[3].OBX-5", [], []),
        ("PATIENT_RESULT.VISIT.PV1-2", [], []),  # the structure has the group, the message has not
        ("OBSERVATION.OBR-3", [], []),
    ],
)
def test_a_path_through_groups(path: str, values: list[str], places: list[str]) -> None:
    assert REPORT.get(path) == values
    assert [element.path for element in REPORT.find(path)] == places
    assert REPORT.lacks(path) is False  # the quick look does not know groups and promises nothing


def test_groups_from_their_first_segment_to_their_last() -> None:
    found = [(group.path, group.level, REPORT.text[group.start : group.end].replace("\r", " ")[:24]) for group in REPORT.groups()]
    assert found == [
        ("PATIENT_RESULT[1]", 1, "PID|1||4711~99 ORC|RE OB"),
        ("PATIENT_RESULT[1].PATIENT[1]", 2, "PID|1||4711~99"),
        ("PATIENT_RESULT[1].ORDER_OBSERVATION[1]", 2, "ORC|RE OBR|1||A OBX|1|NM"),
        ("PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[1]", 3, "OBX|1|NM|a||1"),
        ("PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[2]", 3, "OBX|2|NM|b||2"),
        ("PATIENT_RESULT[1].ORDER_OBSERVATION[2]", 2, "OBR|2||B OBX|1|NM|c||3"),
        ("PATIENT_RESULT[1].ORDER_OBSERVATION[2].OBSERVATION[1]", 3, "OBX|1|NM|c||3"),
        ("PATIENT_RESULT[2]", 1, "PID|2||5 OBR|1||C OBX|1|"),
        ("PATIENT_RESULT[2].PATIENT[1]", 2, "PID|2||5"),
        ("PATIENT_RESULT[2].ORDER_OBSERVATION[1]", 2, "OBR|1||C OBX|1|NM|d||4 Z"),
        ("PATIENT_RESULT[2].ORDER_OBSERVATION[1].OBSERVATION[1]", 3, "OBX|1|NM|d||4 ZPI|x"),
    ]
    assert v2.parse("MSH|^~\\&|A\rPID|1").groups() == []


@pytest.mark.parametrize(
    "path, says",
    [
        ("ORDER_OBSERVATIN.OBX-5", "did you mean ORDER_OBSERVATION?"),
        ("PATIENT_RESULT.ORDER.OBX-5", "ORDER is no group here: ORU_R01 of version 2.5 has the groups PATIENT_RESULT, PATIENT, VISIT"),
        ("PATIENT_RESULT[0].OBX-5", "no HL7 v2 path"),
        ("PATIENT_RESULT[2]", "no HL7 v2 path"),  # a group alone: groups() has them
        ("PIDD-3", "no HL7 v2 path"),
    ],
)
def test_a_group_that_is_none_is_said(path: str, says: str) -> None:
    with pytest.raises(UnknownPath) as problem:
        REPORT.get(path)
    assert says in str(problem.value)


def test_a_message_without_a_structure_has_no_groups() -> None:
    with pytest.raises(UnknownPath, match="names no structure"):
        v2.parse("MSH|^~\\&|A\rPID|1").get("PATIENT.PID-3")


@pytest.mark.parametrize(
    "written, meant",
    [
        ("pid-3", "PID-3"),
        ("PID 3", "PID-3"),
        ("PID.3.1", "PID-3.1"),
        ("PID_3_4", "PID-3.4"),
        ("PID-3-4", "PID-3.4"),
        ("PID-3[2]-1", "PID-3[2].1"),
        ("OBX[2].5", "OBX[2]-5"),
        ("MSH9", "MSH-9"),
        ("pid[2]-3[1].4", "PID[2]-3[1].4"),
    ],
)
def test_a_path_written_as_other_tools_write_it_is_no_path_but_understood(written: str, meant: str) -> None:
    with pytest.raises(UnknownPath) as problem:
        REPORT.get(written)
    assert str(problem.value).endswith(f"; did you mean {meant}?")
    REPORT.get(meant)


# What was sent where nothing stands ------------------------------------------------------------------------------------------------------

SENT = v2.parse('MSH|^~\\&|A\rPID|1||4711||Lie|""|^^|||~|x&&y|""^b|^""\rNK1\rOBX|1\rOBX|2|NM')


@pytest.mark.parametrize(
    "path, state",
    [
        ("PID-5", "value"),
        ("PID-12", "value"),  # a NULL among others is theirs, not the field's
        ("PID-11.1.3", "value"),
        ("MSH-2", "value"),
        ("NK1", "value"),
        ("OBX[2]-2", "value"),
        ("PID-6", "null"),
        ("PID-12.1", "null"),
        ("PID-13.2", "null"),
        ("PID-4", "empty"),
        ("PID-7", "empty"),  # separators alone
        ("PID-7.2", "empty"),
        ("PID-10[2]", "empty"),
        ("PID-11.1.2", "empty"),
        ("PID-10[3]", "absent"),
        ("PID-11.2", "absent"),
        ("PID-11.1.4", "absent"),
        ("PID-99", "absent"),
        ("NK1-2", "absent"),
        ("OBX-2", "absent"),  # the first one counts
        ("OBX[3]-2", "absent"),
        ("PV1", "absent"),
        ("PV1-2", "absent"),
    ],
)
def test_absent_is_not_empty_and_empty_is_not_null(path: str, state: str) -> None:
    assert SENT.state(path) == state


@pytest.mark.parametrize(
    "behind, count",
    [("", 0), ("\rMSH|^~\\&|B", 1), ("\nMSH|^~\\&|B\rMSH|^~\\&|C", 2), ("\rBTS|2\rMSH|^~\\&|B", 1), ("\rNTE|MSH|x", 0), ("\r MSH|x", 0)],
)
def test_messages_behind_a_message_are_counted(behind: str, count: int) -> None:
    message = v2.parse("MSH|^~\\&|A\rPID|1" + behind)
    assert message.further == count
    assert [segment.name for segment in message.segments][:2] == ["MSH", "PID"]


# Formatted text (HL7 v2.5 section 2.7.6) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written, lines",
    [
        ("a\\.br\\b", ["a", "b"]),
        ("a\\.sp\\b", ["a", "b"]),
        ("a\\.sp3\\b", ["a", "", "", "b"]),
        ("a\\.sp 2\\b", ["a", "", "b"]),
        ("a\\.sk 3\\b", ["a   b"]),
        ("\\.in+4\\a\\.br\\b", ["    a", "    b"]),
        ("\\.in+4\\a\\.br\\\\.in-4\\b", ["    a", "b"]),
        ("\\.in-9\\a", ["a"]),
        ("\\.ti+2\\a\\.br\\b", ["  a", "b"]),
        ("\\.in4\\\\.ti-2\\a\\.br\\b", ["  a", "    b"]),
        ("\\.in+3\\\\X410A\\b", ["   A", "   b"]),  # a line end written as its number is one too
        ("a\\.ce\\b", ["a", "b"]),
        ("\\.fi\\a\\.nf\\b", ["ab"]),
        ("\\H\\a\\N\\ \\T\\ \\F\\", ["a & |"]),
        ("a\\S\\b^c", ["a^b^c"]),
        ("\\X41\\\\X4\\\\Zx\\\\C2842\\\\.xx\\", ["A\\X4\\\\Zx\\\\C2842\\\\.xx\\"]),  # what stands for nothing here stays as it is
        ("a\\b", ["a\\b"]),
    ],
)
def test_formatted_text_is_laid_out(written: str, lines: list[str]) -> None:
    message = v2.parse(f"MSH|^~\\&|A\rNTE|1||{written}")
    assert message.read("NTE-3") == ["\n".join(lines)]


def test_every_repetition_is_laid_out_by_itself() -> None:
    message = v2.parse("MSH|^~\\&#|A|||||||||2.7\rNTE|1||\\.in+2\\a~b~^^~#\\P\\")
    assert message.read("NTE-3") == ["  a", "b", "", "##"]


def test_a_text_that_indents_more_and_more_does_not_fill_the_memory() -> None:
    message = v2.parse("MSH|^~\\&|A\rNTE|1||" + "\\.in+999\\" * 5000 + "\\.br\\x" * 5000)
    (text,) = message.read("NTE-3")
    assert len(text) == 5000 * (MOST_INDENT + 2)


# Character sets (HL7 table 0211) ---------------------------------------------------------------------------------------------------------

JAPANESE = "MSH|^~\\&|A||||||ADT^A01^ADT_A01|1|P|2.5||||||{}\rEVN||2025\rPID|||1||{}\rPV1||I\r"


def charset_findings(message: v2.V2Message) -> list[str]:
    return [finding.path for finding in v2.conform(message) if finding.rule == "HL7-CHARSET"]


@pytest.mark.parametrize("codec, name", [(f"utf-{bits}{end}", f"UNICODE UTF-{bits}") for bits in (16, 32) for end in ("", "-le", "-be")])
def test_utf_16_and_utf_32_are_known_by_how_they_begin(codec: str, name: str) -> None:
    data = JAPANESE.format(name, "山田^太郎").encode(codec)
    message = v2.parse(data)
    assert message.get("PID-5") == ["山田^太郎"]
    assert message.encode() == data
    assert charset_findings(message) == []


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-32-be"])
def test_what_is_cut_off_in_the_middle_of_a_character_is_kept(codec: str) -> None:
    data = JAPANESE.format("UNICODE UTF-16", "山田").encode(codec)[:-1]
    assert v2.parse(data).encode() == data


def test_a_text_that_names_utf_16_goes_out_as_utf_8_since_its_bytes_would_end_a_frame() -> None:
    message = v2.parse(JAPANESE.format("UNICODE UTF-16", "山田"))
    assert message.encode() == message.text.encode("utf-8")
    assert charset_findings(message) == ["MSH-18"]


@pytest.mark.parametrize(
    "name, codec, family",
    [
        ("~ISO IR87", "iso2022_jp", "山田"),  # the first one empty: ASCII, from which the text switches to JIS X 0208
        ("ISO IR87", "iso2022_jp", "山田"),
        ("ISO IR14~ISO IR87", "iso2022_jp", "山田"),
        ("~ISO IR87", "iso2022_jp", "椴蔭"),  # their bytes hold | and ^, which separate nothing there
        ("~ISO IR159", "iso2022_jp_ext", "丂丄"),  # JIS X 0212
        ("ISO IR14", "iso2022_jp_ext", "ﾔﾏﾀﾞ"),  # JIS X 0201, by a switch
        ("ISO IR14", "shift_jis", "ﾔﾏﾀﾞ"),  # and in the upper half
    ],
)
def test_japanese_switches_of_character_sets(name: str, codec: str, family: str) -> None:
    data = JAPANESE.format(name, f"{family}^A").encode(codec)
    message = v2.parse(data)
    assert (message.get("PID-5.1"), message.get("PID-5.2")) == ([family], ["A"])
    assert message.encode() == data
    assert charset_findings(message) == ([] if codec != "shift_jis" else ["MSH-18"])
    assert v2.from_wire(v2.to_wire(message)).get("PID-5.1") == [family]


def test_a_text_goes_out_with_the_switches_that_it_names() -> None:
    message = v2.parse(JAPANESE.format("~ISO IR87", "山田"))
    assert b"\x1b$B;3ED\x1b(B" in message.encode()


def test_a_switch_without_an_end_is_kept() -> None:
    data = JAPANESE.format("~ISO IR87", "").encode() + b"NTE|||\x1b$B;3"
    message = v2.parse(data)
    assert message.get("NTE-3") == ["山"]
    assert message.encode() == data
