"""The sequence diagram: who, what, how it ended; for the eye, the ear and the terminal."""

from __future__ import annotations

from ihe_kit.exchanges import Wire
from ihe_kit.region import SYSTEMS
from ihe_kit.render import crossings, facts, findings_text, packet_html, sequence_html, sequence_text
from ihe_kit.rules import Finding
from ihe_kit.verbs import explain, parse
from tests.render.given import Page, wire


def test_rows_say_all_there_is_to_say() -> None:
    box = wire()
    options = Page(sequence_html(box, list(box))).having("role", "option")
    labels = [str(option["aria-label"]) for option in options]
    assert [option["data-k"] for option in options] == ["1q", "1a", "2q", "2a", "3q", "4q", "4a"]
    assert labels[0] == "1 of 7: ITI-31 ADT^A01, Nordvik ADT to Fjordland identity, 08:00:00.000"
    assert "ACK AE" in labels[3]
    assert labels[3].endswith("refused")
    assert labels[4].endswith("lost, socket closed, no reply")
    assert [option["tabindex"] for option in options] == ["0"] + ["-1"] * 6


def test_a_stranger_is_named_at_the_edge() -> None:
    box = wire()
    assert sequence_html(box, list(box)[3:]).count('class="end off">peer at port 40001') == 2


def test_facts() -> None:
    assert facts(list(wire())) == "7 messages in 9.0 s · 1 refused · 1 lost"
    assert facts([]) == "0 messages"


def test_names_of_systems_are_escaped() -> None:
    from ihe_kit.ihe import System

    box = wire()
    box.systems = [System('<img src=x onerror="1">', "", ())]
    assert not [tag for tag, _ in Page(sequence_html(box, list(box))).elements if tag == "img"]


def test_bytes_that_nobody_can_read_are_shown_as_bytes() -> None:
    from dataclasses import replace

    from ihe_kit.core import Packet

    odd = replace(wire()[1], sent=Packet("mllp", b"\x0bhello\xff<b>\x1c\r"), request=None)
    html = packet_html(crossings([odd])[0], explain)
    assert "hello\ufffd&lt;b&gt;" in html
    assert ">VT</span>" in html


def test_the_drawing_for_a_terminal() -> None:
    text = sequence_text(wire())
    assert max(map(len, text.splitlines())) <= 100
    assert text.isascii()
    for words in (
        "Nordvik ADT",
        "127.0.0.1:2576",
        "ITI-31 ADT^A01",
        "ACK AE",
        "(refused)",
        "socket closed, no reply",
        "(peer at port 40001)",
        "....x",
    ):
        assert words in text
    assert sequence_text(Wire(SYSTEMS)).count("\n") <= 3
    assert sequence_text(Wire()).strip() == ""


def test_findings_for_a_terminal_cannot_move_the_cursor() -> None:
    message = parse("MSH|^~\\&|A\rPID|||\x1b[2J")
    text = findings_text([Finding("error", "PID-3", 14, 18, "", "Bad \x1b[2J value. Why.", "R-1", "spec")], message)
    assert "\x1b" not in text
    assert "(line 2)" in text
    assert text.endswith("1 error")
    assert findings_text([], message) == "no findings"
