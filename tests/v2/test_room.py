"""The rest of the v2 room: dictionary, conformance, building, acknowledging, framing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit import v2
from ihe_kit.core import Packet, UnknownPath, Unreadable
from ihe_kit.files import rows
from ihe_kit.region import STORY_BEGINS, story_ids
from ihe_kit.rules import Finding
from ihe_kit.v2.dictionary import is_composite
from ihe_kit.v2.tables import VERSIONS, segment, structure, table
from ihe_kit.v2.wire import Broken, Frame, frame, unframe

SOUND = {
    "MSH-3": "ADT", "MSH-4": "NORDVIK", "MSH-9": "ADT^A01^ADT_A01", "MSH-11": "P", "EVN-2": "20250303080000+0100", "PID-3.1": "4711",
    "PID-5.1.1": "Lie", "PV1-2": "I",
}  # fmt: skip


def made(**changes: str) -> v2.V2Message:
    """A sound ADT_A01 with changes; underscores in a name stand for hyphen and dots: PID_3_1."""
    values = dict(SOUND)
    for name, value in changes.items():
        segment, *parts = name.split("_")
        path = f"{segment}-{'.'.join(parts)}"
        values[path] = value
    return v2.build("ADT_A01", {k: v for k, v in values.items() if v}, lambda: STORY_BEGINS, story_ids())


@pytest.mark.parametrize(
    "path, label, name, type_, occurs",
    [
        ("PID-3", "PID-3", "Patient Identifier List", "CX", "1..*"),
        ("PID-3.4", "CX-4", "Assigning Authority", "HD", "0..1"),
        ("PID-3[2].4.1", "HD-1", "Namespace ID", "IS", "0..1"),
        ("PID-5.1.1", "FN-1", "Surname", "ST", "1..1"),
        ("PID-7", "PID-7", "Date/Time of Birth", "TS", "0..1"),
        ("PID-6", "PID-6", "Mother's Maiden Name", "XPN", "0..*"),
        ("MSH-9.3", "MSG-3", "Message Structure", "ID", "0..1"),
        ("PID", "PID", "Patient Identification", "segment", ""),
    ],
)
def test_explain(path: str, label: str, name: str, type_: str, occurs: str) -> None:
    found = v2.explain(path)
    assert (found.label, found.name, found.type, found.occurs) == (label, name, type_, occurs)
    assert found.says
    assert found.spec.startswith("HL7 v2.5 section")


def test_explain_speaks_the_version_of_the_message() -> None:
    old, new = v2.parse("MSH|^~\\&|A|||||||||2.3.1"), v2.parse("MSH|^~\\&|A|||||||||2.8.2")
    assert v2.explain(old, "PID-5.1").type != v2.explain(new, "PID-8").type
    assert v2.explain(new, "PID-8").type == "CWE"
    assert v2.explain(old, "PID-8").type == "IS"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_its_tables(version: str) -> None:
    assert structure("ADT_A01", version)
    assert is_composite("PID-3", version)
    assert not is_composite("MSH-10", version)
    assert "F" in dict(table("0001", version))


@pytest.mark.parametrize(
    "path, version, name",
    [
        ("ERR-3", "2.8", "HL7 Error Code"),
        ("PID-3", "2.8.2", "Patient Identifier List"),
        ("EVN-2", "2.8.1", "Recorded Date/Time"),
        ("DG1-15", "2.6", "Diagnosis Priority"),
        ("ERR-1", "2.8", "Error Code and Location"),
    ],
)
def test_a_withdrawn_field_keeps_its_number(path: str, version: str, name: str) -> None:
    assert v2.explain(path, version=version).name == name


@pytest.mark.parametrize("version", VERSIONS)
def test_no_segment_of_a_version_stops_the_check(version: str) -> None:
    """The tables have segments without fields and one that is only a word (ANYHL7SEGMENT): a line may have their names all the same."""
    names = ["QRD", "URS", "TQ1", "ANYHL7SEGMENT", "zpi", "E'VN"]
    message = v2.parse(made(MSH_12=version).text + "".join(f"{name}|1|2^3|20250303\r" for name in names))
    assert all(segment(name, version) or name in ("QRD", "URS", "ANYHL7SEGMENT", "zpi", "E'VN") for name in names if version > "2.4")
    assert {f.path for f in v2.conform(message) if f.rule == "HL7-SEGMENT-UNKNOWN"} >= {"zpi", "E_VN"}


def test_every_word_of_ours_belongs_to_something() -> None:
    """Each row of the explanations names a segment, a field, a type or a component that exists."""
    explained = rows("v2/explained.tsv")
    assert len(explained) > 200
    for row in explained:
        assert row["says"], row["path"]
        if (
            row["path"].count("-") == 1
            and len(row["path"].split("-")[0]) == 3
            and row["path"][:3] not in ("XPN", "XAD", "XTN", "XCN", "SAD", "CWE", "MSG", "VID", "ERL")
        ):
            v2.explain(row["path"])


@pytest.mark.parametrize(
    "text_change, rule, path",
    [
        ({}, None, None),
        ({"PV1_2": ""}, "HL7-FIELD-MISSING", "PV1-2"),
        ({"PID_7": "20250230"}, "HL7-DATA-TYPE", "PID-7"),
        ({"PID_7": "19580617"}, None, None),
        ({"PID_7": "1958"}, None, None),
        ({"PID_7": "17.06.1958"}, "HL7-DATA-TYPE", "PID-7"),
        ({"PID_7": '""'}, None, None),
        ({"PID_1": "one"}, "HL7-DATA-TYPE", "PID-1"),
        ({"MSH_11": "X"}, "HL7-TABLE", "MSH-11"),
        ({"PID_8": "K"}, "HL7-TABLE", "PID-8"),
        ({"PID_7": "19580617~19580618"}, "HL7-FIELD-REPEATED", "PID-7[2]"),
    ],
)
def test_fields(text_change: dict[str, str], rule: str | None, path: str | None) -> None:
    found = [(f.rule, f.path) for f in v2.conform(made(**text_change))]
    assert found == ([(rule, path)] if rule else [])


@pytest.mark.parametrize(
    "lines, rule, path",
    [
        (["MSH", "EVN", "PID", "PV1"], None, None),
        (["MSH", "EVN", "PID", "NK1", "NK1", "PV1", "OBX", "PR1", "ROL", "PR1", "GT1"], None, None),
        (["MSH", "PID", "PV1"], "HL7-SEGMENT-MISSING", "EVN"),
        (["MSH", "EVN", "PV1", "PID"], "HL7-SEGMENT-ORDER", "PV1"),
        (["MSH", "EVN", "PID", "PV1", "ORC"], "HL7-SEGMENT-UNKNOWN", "ORC"),
        (["MSH", "EVN", "PID", "PV1", "ZBE"], "HL7-LOCAL-SEGMENT", "ZBE"),
        (["MSH", "EVN", "PID", "PV1", "PV1"], "HL7-SEGMENT-REPEATED", "PV1[2]"),
    ],
)
def test_structure(lines: list[str], rule: str | None, path: str | None) -> None:
    text = made().text.split("\r")
    whole = {line[:3]: line for line in text if line} | {
        "NK1": "NK1|1",
        "OBX": "OBX|1||a||||||||F",
        "PR1": "PR1|1||a||20250303",
        "ROL": "ROL||AD|b|c",
    }
    whole |= {"GT1": "GT1|1||Lie", "ORC": "ORC|NW", "ZBE": "ZBE|1"}
    found = {(f.rule, f.path) for f in v2.conform(v2.parse("\r".join(whole[name] for name in lines))) if "SEGMENT" in f.rule}
    assert found == ({(rule, path)} if rule else set())


def test_segments_in_the_wrong_place_are_each_named_and_the_rest_is_read_on() -> None:
    head, event, patient, visit, *_ = made().text.split("\r")
    lines = [head, event, patient, visit, "NK1|1|Lie", "OBX|1||a||||||||F", visit, "AL1|1||a", "NK1|2|Lie", "PR1|1||a||20250303", event]
    found = [(f.rule, f.path) for f in v2.conform(v2.parse("\r".join(lines))) if "SEGMENT" in f.rule]
    order, repeated = "HL7-SEGMENT-ORDER", "HL7-SEGMENT-REPEATED"
    assert found == [(repeated, "PV1[1]"), (order, "OBX"), (order, "NK1[2]"), (order, "EVN[2]")]


def test_a_name_that_no_segment_has_is_said() -> None:
    (finding,) = [f for f in v2.conform(v2.parse(made().text + "E'VN|1")) if f.rule == "HL7-SEGMENT-UNKNOWN"]
    assert finding.path == "E_VN"
    assert "E'VN" in finding.what


@pytest.mark.parametrize("separator", "^&~")
def test_a_field_of_separators_only_is_missing(separator: str) -> None:
    message = v2.parse(made(PID_5_1_1="Lie").text.replace("|Lie", "|" + separator * 100_000))
    assert [(f.rule, f.severity) for f in v2.conform(message)] == [("HL7-FIELD-MISSING", "error")]


def test_more_repetitions_than_are_read_are_said() -> None:
    message = v2.parse(made().text.replace("|Lie", "|" + "Lie~" * 100_000))
    assert [(f.rule, f.path) for f in v2.conform(message)] == [("HL7-FIELD-REPEATED", "PID-5")]


@pytest.mark.parametrize(
    "named, name, severity, says",
    [
        ("", "Lie", None, ""),
        ("", "Ødegård", "warning", "names no character set"),
        ("ASCII", "Ødegård", "error", "has no 'Ø'"),
        ("8859/1", "Ødegård", None, ""),
        ("8859/1", "Γεωργία", "error", "has no 'Γ'"),
        ("UNICODE UTF-8", "Γεωργία", None, ""),
        ("KLINGON", "Ødegård", None, ""),  # a table's business, not this rule's
    ],
)
def test_character_sets(named: str, name: str, severity: str | None, says: str) -> None:
    """HL7 v2.5 section 2.15.9.18, ITI TF-2 Appendix C.2.2"""
    text = made(MSH_18=named).text if named else made().text
    found = [f for f in v2.conform(v2.parse(text.replace("Lie", name))) if f.rule == "HL7-CHARSET"]
    assert [(f.severity, f.path) for f in found] == ([(severity, "MSH-18")] if severity else [])
    assert all(says in f.says for f in found)


def test_a_missing_character_set_can_be_named() -> None:
    message = v2.parse(made().text.replace("Lie", "Ødegård"))
    (finding,) = v2.conform(message)
    assert finding.fix
    mended = v2.parse(message.text[: finding.fix.start] + finding.fix.text + message.text[finding.fix.end :])
    assert v2.conform(mended) == []


def test_bytes_in_another_character_set_than_named_are_said() -> None:
    data = made(MSH_18="UNICODE UTF-8").text.replace("Lie", "Ødegård").encode("latin-1")
    assert [(f.rule, f.severity) for f in v2.conform(v2.parse(data))] == [("HL7-CHARSET", "error")]


def test_what_is_built_goes_out_in_the_character_set_that_it_names() -> None:
    assert "Ødegård".encode("latin-1") in made(MSH_18="8859/1", PID_5_1_1="Ødegård").encode()
    assert "Ødegård".encode() in made(PID_5_1_1="Ødegård").encode()


def test_a_structure_that_nobody_knows_is_said() -> None:
    (finding,) = [f for f in v2.conform(v2.parse("MSH|^~\\&|A||||20250303||XXX^Y01^XXX_Y01|1|P|2.5")) if f.rule == "HL7-STRUCTURE-UNKNOWN"]
    assert finding.severity == "information"
    assert "not checked" in finding.says


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_whatever_is_built_in_is_read_out(value: str) -> None:
    message = made(PID_5_1_1=value, PID_8=value)
    assert message.get("PID-5.1.1") == [value]
    assert message.get("PID-8") == [value]
    assert v2.parse(message.encode()).get("PID-5.1.1") == [value]


def test_build_refuses_what_has_no_place(clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    with pytest.raises(UnknownPath, match="no segment OBR"):
        v2.build("ADT_A01", {"OBR-1": "1"}, clock, ids)
    with pytest.raises(ValueError, match="no message structure"):
        v2.build("ADT_X99", {}, clock, ids)


def test_repetitions_and_order(clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    message = v2.build("ADT_A01", {"PV1-2": "I", "PID-3[2].1": "99", "PID-3[1].1": "4711", "NK1[2]-1": "2", "NK1[1]-1": "1"}, clock, ids)
    assert [segment.name for segment in message.segments] == ["MSH", "EVN", "PID", "NK1", "NK1", "PV1"]
    assert message.get("PID-3.1") == ["4711", "99"]
    assert message.get("MSH-10") == ["T00001"]
    assert message.get("MSH-18") == [""]  # only a character set other than ASCII is named (ITI TF-2 Appendix C.2.2)


def test_acknowledge_mirrors_the_request(clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    ack = v2.acknowledge(made(MSH_5="IDENTITY", MSH_6="FJORDLAND"), "AA", clock, ids)
    assert [ack.get(f"MSH-{n}") for n in (3, 4, 5, 6)] == [["IDENTITY"], ["FJORDLAND"], ["ADT"], ["NORDVIK"]]
    assert ack.get("MSH-9") == ["ACK^A01^ACK"]
    assert ack.get("MSA-1") == ["AA"]
    assert ack.get("MSA-2") == ["F00001"]
    assert v2.conform(ack) == []


def test_acknowledge_names_the_place_of_each_error(clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    request = made(PV1_2="", PID_7="20250230")
    ack = v2.refuse(request, v2.conform(request), clock, ids)
    assert ack.get("MSA-1") == ["AE"]
    assert ack.get("ERR-2") == ["PID^1^7^1", "PV1^1^2^1"]
    assert ack.get("ERR-3.1") == ["102", "101"]
    assert ack.get("ERR-4") == ["E", "E"]


@pytest.mark.parametrize("line", ["zpi|1", "E'VN|1", "PV 1|1", "PID-3|1", "|1", "é^~\\&|1", "x" * 300])
def test_whatever_stands_behind_a_sound_message_it_is_acknowledged(
    line: str, clock: Callable[[], datetime], ids: Callable[[], str]
) -> None:
    request = v2.parse(made().text + line)
    ack = v2.refuse(request, v2.conform(request), clock, ids)
    assert ack.get("MSA-2") == ["F00001"]
    assert all(place.isascii() and place.count("^") <= 1 for place in ack.get("ERR-2"))
    assert v2.conform(ack) == []


@pytest.mark.parametrize("field", [3, 4, 5, 6, 10, 11])
@pytest.mark.parametrize("value", ["a~b", "\\H\\x", "a&b^c", "a\\X0B\\b", "\\", "Ødegård", '""', " x "])
def test_what_is_echoed_stands_as_the_sender_wrote_it(
    value: str, field: int, clock: Callable[[], datetime], ids: Callable[[], str]
) -> None:
    fields = made().text.split("\r")[0].split("|")
    fields += [""] * (field - len(fields))
    fields[field - 1] = value
    ack = v2.acknowledge(v2.parse("|".join(fields)), "AA", clock, ids)
    place = {3: "MSH-5", 4: "MSH-6", 5: "MSH-3", 6: "MSH-4", 10: "MSA-2", 11: "MSH-11"}[field]
    segment, number = place.split("-")
    (line,) = [line.split("|") for line in ack.text.split("\r") if line.startswith(segment)]
    assert line[int(number) - (segment == "MSH")] == value


@pytest.mark.parametrize("value", ["a\x0bb", "a\x1c", "\x00", "a\\X0B\\b", "a\\X1C0D\\"])
def test_no_control_character_of_a_request_breaks_the_answers_frame(
    value: str, clock: Callable[[], datetime], ids: Callable[[], str]
) -> None:
    request = v2.parse(made(MSH_10="X", MSH_3="X").text.replace("|X|", f"|{value}|"))
    finding = Finding("error", "PID-5", 0, 0, value, f"{value} {request.get('MSH-10')[0]} is wrong.", "A-RULE", "a section")
    for ack in (v2.acknowledge(request, "AE", clock, ids, [finding]), v2.refuse(request, finding.says, clock, ids)):
        data = v2.to_wire(ack).data
        assert unframe(data) == ([Frame(ack.encode())], b"")
        assert not set(ack.text) & set(map(chr, range(32))) - {"\r"}
        assert ack.get("MSA-2") == request.get("MSH-10")


def test_other_delimiters_are_answered_with_ours(clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    ack = v2.acknowledge(v2.parse("MSH#*!?@#A*B@C#D|E#####ADT*A01#x|y?F?!z#P#2.5"), "AA", clock, ids)
    assert ack.get("MSH-5.1") == ["A"]
    assert ack.get("MSH-5.2.2") == ["C"]
    assert ack.get("MSH-6") == ["D|E"]
    assert ack.get("MSA-2") == ["x|y#", "z"]
    assert ack.get("MSH-9") == ["ACK^A01^ACK"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_error_answer_is_sound_in_every_version(version: str, clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    request = made(MSH_12=version)
    missing = Finding("error", "PV1-2", 0, 0, "", "Patient Class is empty.", "A-RULE", "a section")
    ack = v2.refuse(request, [missing], clock, ids)
    assert ack.get("ERR-2") == ["PV1^1^2^1"]
    assert ack.get("ERR-3") == ["101^Required field missing^HL70357"]
    assert ack.get("ERR-8") == ["Patient Class is empty."]
    assert v2.conform(ack) == []


@pytest.mark.parametrize(
    "buffer, found, rest",
    [
        (b"", [], b""),
        (frame(b"A"), [Frame(b"A")], b""),
        (frame(b"A") + frame(b"B"), [Frame(b"A"), Frame(b"B")], b""),
        (b"\x0bA", [], b"\x0bA"),
        (b"\x0bA\x1c", [], b"\x0bA\x1c"),
        (b"junk" + frame(b"A"), [Broken(b"junk", "bytes before VT, the start of a frame"), Frame(b"A")], b""),
        (b"\x0bA" + frame(b"B"), [Broken(b"\x0bA", "a new VT inside a frame: the frame before it was cut off"), Frame(b"B")], b""),
        (b"junk", [Broken(b"junk", "bytes before VT, the start of a frame")], b""),
        (b"\x0bA\x0b", [Broken(b"\x0bA", "a new VT inside a frame: the frame before it was cut off")], b"\x0b"),
        (frame(b"A\x1cB"), [Frame(b"A\x1cB")], b""),
        # a run of frames that were cut off is one piece
        (b"\x0b" * 64_000, [Broken(b"\x0b" * 63_999, "a new VT inside a frame: the frame before it was cut off")], b"\x0b"),
        (
            b"\x0bA\x0bB" + frame(b"C"),
            [Broken(b"\x0bA\x0bB", "a new VT inside a frame: the frame before it was cut off"), Frame(b"C")],
            b"",
        ),
        (b"A\x1c\r\x0bB", [Broken(b"A\x1c\r", "bytes before VT, the start of a frame")], b"\x0bB"),
    ],
)
def test_framing(buffer: bytes, found: list[Frame | Broken], rest: bytes) -> None:
    assert unframe(buffer) == (found, rest)


@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\x0b" not in b and b"\x1c" not in b), max_size=5), st.integers(1, 7))
def test_frames_survive_any_cutting(messages: list[bytes], step: int) -> None:
    """TCP may cut the stream anywhere: what comes out does not depend on where."""
    stream, found, rest = b"".join(map(frame, messages)), [], b""
    for at in range(0, len(stream), step):
        more, rest = unframe(rest + stream[at : at + step])
        found += more
    assert found == [Frame(message) for message in messages]
    assert rest == b""


@pytest.mark.parametrize("data", [b"", b"MSH|^~\\&|A", b"\x0bMSH|^~\\&|A", b"\x0bPID|1\x1c\r"])
def test_no_whole_frame_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        v2.from_wire(Packet("mllp", data))
