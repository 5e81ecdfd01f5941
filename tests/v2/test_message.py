"""HL7 v2 messages: nothing is lost, every part is found where it stands, paths count from 1."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit import v2
from ihe_kit.core import UnknownPath, Unreadable
from ihe_kit.v2.message import CHARSETS

TEXT = "MSH|^~\\&|ADT|NORDVIK\rPID|||4711^^^NORDVIK&2.999.10.1&ISO^PI~99||Lie&x^B\\T\\j\rOBX|1|NM|a||7\rOBX|2|ST|b||x^y\r"
MESSAGE = v2.parse(TEXT)


@pytest.mark.parametrize(
    "path, values",
    [
        # HL7 v2.5 section 2.5.3 and 2.5.4: fields, repetitions, components, subcomponents
        ("PID-3", ["4711^^^NORDVIK&2.999.10.1&ISO^PI", "99"]),
        ("PID-3.1", ["4711", "99"]),
        ("PID-3[2].1", ["99"]),
        ("PID-3[1].4.2", ["2.999.10.1"]),
        ("PID-3.4.2", ["2.999.10.1", ""]),
        ("PID-3[3]", [""]),
        ("PID-5.1.2", ["x"]),
        ("PID-8", [""]),
        ("PID-8.2.1", [""]),
        ("OBX-5", ["7", "x^y"]),
        ("OBX[2]-5.2", ["y"]),
        ("OBX[3]-5", []),
        ("NK1-2", []),
        ("NK1", [""]),
        # HL7 v2.5 section 2.15.9.1: MSH-1 is the field separator itself
        ("MSH-1", ["|"]),
        ("MSH-2", ["^~\\&"]),
        ("MSH-3", ["ADT"]),
        # HL7 v2.5 section 2.7: escapes are decoded for reading
        ("PID-5.2", ["B&j"]),
    ],
)
def test_paths(path: str, values: list[str]) -> None:
    assert MESSAGE.get(path) == values


@pytest.mark.parametrize(
    "path",
    [
        "pid-3",
        "PID_3",
        "PID-0",
        "PID-3[0]",
        "PID-3.1.1.1",
        "PID-3..1",
        "3",
        "",
        "PID-3[2",
        "PIDX-3",
        "PID-00",
        "PID-1000",
        "PID-999999999",
        "PID-3.100000",
        "PID-" + "9" * 5000,
    ],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(UnknownPath, match="no HL7 v2 path"):
        MESSAGE.get(path)


@pytest.mark.parametrize(
    "path, says",
    [
        ("PID-99", "39 fields"),
        ("PIX-3", "did you mean"),
        ("PID-8.2", "1 component,"),
        ("PID-3.99", "10 components"),
        ("PID-3.4.9", "3 components"),
    ],
)
def test_explain_refuses_what_the_version_does_not_have(path: str, says: str) -> None:
    with pytest.raises(UnknownPath, match=says):
        v2.explain(path)


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "the text is empty"),
        ("PID|1", "starts with MSH"),
        ("MSH", "the field separator"),
        ("MSHA^~\\&", "the field separator"),
        ("MSH|^^\\&|", "four different encoding characters"),
        ("MSH|ABCD|", "four different encoding characters"),
    ],
)
def test_unreadable(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        v2.parse(text)


@pytest.mark.parametrize(
    "text, path, values",
    [
        ("MSH|^~\\&|A\nPID|||1\n", "PID-3", ["1"]),  # LF
        ("MSH|^~\\&|A\r\nPID|||1\r\n", "PID-3", ["1"]),  # CRLF
        ("\x0bMSH|^~\\&|A\rPID|||1\r\x1c\r", "PID-3", ["1"]),  # a frame pasted whole
        ("\ufeffMSH|^~\\&|A\rPID|||1", "PID-3", ["1"]),  # a byte order mark
        ("MSH#*!?@#A\rPID###1*2!3", "PID-3", ["1*2", "3"]),  # other delimiters
        ("MSH|^~\\&#|A\rPID|||1^2", "PID-3.2", ["2"]),  # a five-character MSH-2
        ("MSH|^~|A\rPID|||1^2", "PID-3.2", ["2"]),  # a short MSH-2
        ("MSH|^~\\&|A\rPID|||1|||", "PID-6", [""]),  # trailing separators
        ("MSH|^~\\&|A\rZXX|1|a", "ZXX-2", ["a"]),  # a local segment
        ('MSH|^~\\&|A\rPID|||""', "PID-3", ['""']),  # NULL is not empty
    ],
)
def test_odd_but_readable(text: str, path: str, values: list[str]) -> None:
    message = v2.parse(text)
    assert message.get(path) == values
    assert message.text == text


def assert_every_element_is_found_again(message: v2.V2Message) -> None:
    for element in message.elements():
        places = [(found.start, found.end) for found in message.find(element.path)]
        if len(places) > 1 and "-" in element.path:  # the row of a repeated field is found as its repetitions
            assert (places[0][0], places[-1][1]) == (element.start, element.end)
        else:
            assert places == [(element.start, element.end)], element.path


@given(st.text(alphabet="MSHPIDOBXZ|^~\\&\r\n 0123éØz-[]'_\x0b", max_size=120))
def test_nothing_is_lost_and_every_element_is_found_again(tail: str) -> None:
    message = v2.parse("MSH|^~\\&|ADT\r" + tail)
    assert v2.parse(message.encode()).encode() == message.encode()
    assert_every_element_is_found_again(message)


@pytest.mark.parametrize(
    "line, path",
    [
        ("zpi|1", "zpi-1"),
        ("E'VN|1", "E_VN-1"),
        ("PV 1|1", "PV_1-1"),
        ("PID-3|1", "PID_3-1"),  # never the path of something else
        ("PID[2]|1", "PID_2_-1"),
        ("ÆØÅ|1", "___-1"),
        ("x" * 300 + "|1", "x" * 12 + "-1"),
        ("zpi|0\rzpi|1", "zpi[2]-1"),
        ("A-B|0\rA_B|1", "A_B[2]-1"),
    ],
)
def test_a_line_whose_name_is_no_segments_has_a_path_of_its_own(line: str, path: str) -> None:
    message = v2.parse(TEXT + line)
    assert list(message.elements())[-1].path == path
    assert message.get(path) == ["1"]
    assert_every_element_is_found_again(message)
    with pytest.raises(UnknownPath):
        MESSAGE.get(path)


def test_a_repeated_field_has_a_row_that_its_path_finds_as_repetitions() -> None:
    rows = [(e.path, e.value, e.level) for e in MESSAGE.elements() if e.path.startswith("PID-3") and "." not in e.path]
    whole = "4711^^^NORDVIK&2.999.10.1&ISO^PI"
    assert rows == [("PID-3", f"{whole}~99", 2), ("PID-3[1]", whole, 3), ("PID-3[2]", "99", 3)]
    assert [e.path for e in MESSAGE.find("PID-3")] == ["PID-3[1]", "PID-3[2]"]


def test_parts_behind_the_last_number_of_a_path_have_no_row() -> None:
    message = v2.parse("MSH|^~\\&|A\rZXX" + "|x" * 1200 + "\rZYY|" + "^" * 100_000 + "x")
    assert [e.path for e in message.elements() if e.level == 2][-2:] == ["ZXX-999", "ZYY-1"]
    assert list(message.elements())[-1].path == "ZYY-1"
    assert_every_element_is_found_again(message)


@given(st.text(max_size=40))
def test_escape_and_back(value: str) -> None:
    plain = value.replace("\r", "").replace("\n", "").replace("\\", "")
    escaped = MESSAGE.escape(plain)
    assert MESSAGE.unescape(escaped) == plain
    assert min(escaped, default=" ") >= " "


def test_a_control_character_is_written_as_its_number() -> None:
    assert MESSAGE.escape("a\x0bb\x1c\rc\t") == "a\\X0B\\b\\X1C\\\\.br\\c\\X09\\"


@pytest.mark.parametrize(
    "name, data", [("UNICODE UTF-8", "Ø".encode()), ("8859/1", "Ø".encode("latin-1")), ("8859/7", "Γ".encode("iso8859_7"))]
)
def test_character_sets_by_msh_18(name: str, data: bytes) -> None:
    message = v2.parse(f"MSH|^~\\&|A|||||||||||||||{name}\rPID|||||".encode() + data)
    assert message.get("PID-5")[0] in "ØΓ"
    assert message.encode().endswith(data)


@pytest.mark.parametrize(
    "name, text, charset",
    [
        ("8859/1", "Ødegård", "iso8859_1"),
        ("8859/1", "Γεωργία", "utf-8"),  # cannot be written in it: conform says so
        ("UNICODE UTF-8", "Ødegård", "utf-8"),
        ("ASCII", "Ødegård", "utf-8"),
        ("", "Ødegård", "utf-8"),
        ("KLINGON", "Ødegård", "utf-8"),
    ],
)
def test_a_text_goes_out_in_the_character_set_that_it_names(name: str, text: str, charset: str) -> None:
    message = v2.parse(f"MSH|^~\\&|A|||||||||||||||{name}\rPID|||||{text}")
    assert message.charset == charset
    assert message.encode() == message.text.encode(charset)


@pytest.mark.parametrize("before", ["\ufeff", "\x0b\ufeff", "\r\n\ufeff"])
@pytest.mark.parametrize("name", ["", "UNICODE UTF-8", "8859/1", "8859/5", "BIG-5"])
def test_a_byte_order_mark_is_passed_over_and_kept(before: str, name: str) -> None:
    text = f"{before}MSH|^~\\&|A|||||||||||||||{name}\rPID|||||Ødegård"
    for message in (v2.parse(text), v2.parse(text.encode())):
        assert message.get("MSH-3") == ["A"]
        assert message.get("PID-5") == ["Ødegård"]
        assert message.text == text
        assert message.encode() == text.encode()


def test_bytes_behind_a_byte_order_mark_that_are_no_utf_8_are_kept() -> None:
    data = b"\xef\xbb\xbfMSH|^~\\&|A\rPID|||||\xd8deg\xe5rd"
    assert v2.parse(data).encode() == data


@pytest.mark.parametrize("name", list(CHARSETS))
@given(tail=st.binary(max_size=12))
def test_whatever_the_bytes_they_come_back(name: str, tail: bytes) -> None:
    data = f"MSH|^~\\&|A|||||||||||||||{name}\rPID|||||".encode() + tail
    assert v2.parse(data).encode() == data


def test_big_5_has_characters_that_come_back_as_other_bytes() -> None:
    data = b"MSH|^~\\&|A|||||||||||||||BIG-5\rPID|||||\xa1\xfe"
    assert data.decode("big5").encode("big5") != data
    assert v2.parse(data).encode() == data


def test_bytes_of_no_known_character_set_are_kept() -> None:
    data = b"MSH|^~\\&|A\rPID|||||\xd8deg\xe5rd"
    assert v2.parse(data).encode() == data


def test_every_public_message_goes_in_and_out_without_loss(public_cases: Path) -> None:
    files = sorted((public_cases / "hl7v2").glob("*.hl7"))
    assert len(files) > 250
    for file in files:
        data = file.read_bytes()
        message = v2.parse(data)
        assert message.encode() == data, file.name
        v2.conform(message)  # and is checked without an exception
