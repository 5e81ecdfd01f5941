"""Several messages in one text: all are read, in order and to the character, and what the trailers count is compared."""

from __future__ import annotations

import pytest

from ihe_kit import validate
from ihe_kit.core import Packet, Unreadable
from ihe_kit.v2 import from_wire, parse, read_all
from ihe_kit.v2.wire import frame

ONE = "MSH|^~\\&|ADT|NORDVIK|||20250303080000||ADT^A01^ADT_A01|1|P|2.5\rPID|1||4711^^^NORDVIK||Lie^Bjørn\r"
TWO = ONE.replace("|1|P|", "|2|P|")


def test_messages_one_behind_the_other() -> None:
    batch = read_all(ONE + "\r\n" + TWO)
    assert [message.get("MSH-10") for message in batch.messages] == [["1"], ["2"]]
    assert batch.messages[0].text + batch.messages[1].text == ONE + "\r\n" + TWO
    assert not batch.problems


@pytest.mark.parametrize(
    "text, paths",
    [
        (f"FHS|^~\\&\rBHS|^~\\&\r{ONE}{TWO}BTS|2\rFTS|1\r", []),
        (f"FHS|^~\\&\rBHS|^~\\&\r{ONE}BTS|1\rBHS|^~\\&\r{TWO}BTS|1\rFTS|2\r", []),
        (f"BHS|^~\\&\r{ONE}{TWO}BTS|3\r", ["BTS-1"]),
        (f"FHS|^~\\&\rBHS|^~\\&\r{ONE}BTS|1\rFTS|2\r", ["FTS-1"]),
        (f"BHS|^~\\&\r{ONE}BTS|many\r", ["BTS-1"]),
        (f"BHS|^~\\&\r{ONE}BTS\r", []),
        (f"{ONE}BTS|1\r", ["BTS"]),
        (f"BHS|^~\\&\r{ONE}", ["BHS"]),
        (f"BHS|^~\\&\r{ONE}BHS|^~\\&\r{TWO}BTS|1\r", ["BHS"]),
        (f"FHS|^~\\&\rBHS|^~\\&\r{ONE}BTS|1\r", ["FHS"]),
        (f"BHS|^~\\&\rMSHx\r{ONE}BTS|2\r", ["MSH", "BTS-1"]),
    ],
)
def test_trailers_count(text: str, paths: list[str]) -> None:
    batch = read_all(text)
    assert [finding.path for finding in batch.problems] == paths
    assert all(text[finding.start : finding.end] == finding.found for finding in batch.problems)
    assert len(batch.messages) == text.count("MSH|")


def test_each_message_has_its_own_character_set() -> None:
    latin = ONE.replace("|2.5\r", "|2.5||||||8859/1\r").encode("latin-1")
    unicode = TWO.replace("|2.5\r", "|2.5||||||UNICODE UTF-8\r").encode()
    batch = read_all(latin + unicode)
    assert [message.get("PID-5.2") for message in batch.messages] == [["Bjørn"], ["Bjørn"]]
    assert b"".join(message.encode() for message in batch.messages) == latin + unicode


def test_a_text_without_a_message_says_what_was_expected() -> None:
    with pytest.raises(Unreadable, match="MSH"):
        read_all("nothing of the kind")


def test_a_second_message_is_never_lost_without_a_word() -> None:
    found = [finding for finding in validate(parse(ONE + TWO), standard="v2") if finding.rule == "HL7-FURTHER-MESSAGES"]
    assert len(found) == 1
    assert found[0].severity == "error"
    with pytest.raises(Unreadable, match="one message"):
        from_wire(Packet("mllp", frame((ONE + TWO).encode())))


def test_a_message_in_utf_16_is_read() -> None:
    text = ONE.replace("|2.5\r", "|2.5||||||UNICODE UTF-16\r")
    (message,) = read_all(text.encode("utf-16")).messages
    assert message.get("PID-5.2") == ["Bjørn"]
    assert "HL7-CHARSET" not in {finding.rule for finding in validate(message, standard="v2")}


def test_what_stands_before_the_first_message_is_told() -> None:
    batch = read_all("PID|1\r" + ONE)
    assert len(batch.messages) == 1
    assert [finding.severity for finding in batch.problems] == ["warning"]
