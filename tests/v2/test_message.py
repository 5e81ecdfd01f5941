"""HL7 v2 messages: nothing is lost, every part is found where it stands, paths count from 1."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit import v2
from ihe_kit.core import UnknownPath, Unreadable

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


@pytest.mark.parametrize("path", ["pid-3", "PID_3", "PID-0", "PID-3[0]", "PID-3.1.1.1", "PID-3..1", "3", "", "PID-3[2", "PIDX-3"])
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


@given(st.text(alphabet="MSHPIDOBXZ|^~\\&\r\n 0123éØ\x0b", max_size=120))
def test_nothing_is_lost_and_every_element_is_found_again(tail: str) -> None:
    message = v2.parse("MSH|^~\\&|ADT\r" + tail)
    assert v2.parse(message.encode()).encode() == message.encode()
    for element in message.elements():
        if element.path.split("-")[0].split("[")[0].isalnum() and len(element.label.split("-")[0]) == 3:
            try:
                found = message.find(element.path)
            except UnknownPath:  # a line that is no segment
                continue
            assert (element.start, element.end) in [(f.start, f.end) for f in found]


@given(st.text(max_size=40))
def test_escape_and_back(value: str) -> None:
    plain = value.replace("\r", "").replace("\n", "").replace("\\", "")
    assert MESSAGE.unescape(MESSAGE.escape(plain)) == plain


@pytest.mark.parametrize(
    "name, data", [("UNICODE UTF-8", "Ø".encode()), ("8859/1", "Ø".encode("latin-1")), ("8859/7", "Γ".encode("iso8859_7"))]
)
def test_character_sets_by_msh_18(name: str, data: bytes) -> None:
    message = v2.parse(f"MSH|^~\\&|A|||||||||||||||{name}\rPID|||||".encode() + data)
    assert message.get("PID-5")[0] in "ØΓ"
    assert message.encode().endswith(data)


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
