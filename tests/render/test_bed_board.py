"""The bed board and the table of a stay's life, as HTML."""

from __future__ import annotations

import re

import pytest

from ihe_kit.files import rows
from ihe_kit.render.bed_board import board_facts, board_html, changes, keys, stay_html
from ihe_kit.render.transitions import transitions_html, transitions_svg
from tests.render.given import Page

EMPTY = dict.fromkeys(
    ("ward", "ward name", "room", "bed", "patient", "name", "number", "identity", "stay", "state", "since", "away", "planned", "doctor", "expected"), ""
)  # fmt: skip


def bed(place: str, **words: str) -> dict[str, str]:
    ward, room, name = place.split(" ")
    return EMPTY | {"ward": ward, "ward name": "Medical ward 1", "room": room, "bed": name} | words


def lies(place: str, name: str, stay: str, state: str = "inpatient", **words: str) -> dict[str, str]:
    return bed(place, patient=f"P-{stay}", name=name, number="NORDVIK 1", identity="known", stay=stay, state=state, **words)


BOARD = [
    lies("MED1 101 A", "Ødegård, Ingrid", "E1", since="2025-03-03 08:01"),
    lies("MED1 101 B", "الخطيب, أمينة", "E2", "on leave", away="back 2025-03-04 18:00"),
    bed("MED1 102 A"),
    lies("MED1 102 B", "Brandt, Emil", "E3", "expected", expected="2025-03-03 12:00"),
]


def test_each_bed_is_an_option_that_says_all() -> None:
    options = Page(board_html(BOARD)).having("role", "option")
    assert [option["aria-label"] for option in options] == [
        "MED1, room 101, bed A: Ødegård, Ingrid, NORDVIK 1; inpatient; here since 2025-03-03 08:01",
        "MED1, room 101, bed B: الخطيب, أمينة, NORDVIK 1; on leave; back 2025-03-04 18:00",
        "MED1, room 102, bed A: free",
        "MED1, room 102, bed B: Brandt, Emil, NORDVIK 1; expected 2025-03-03 12:00",
    ]
    assert [option["tabindex"] for option in options] == ["0", "-1", "-1", "-1"], "one tab stop"
    assert board_facts(BOARD) == "1 in the house · 1 on leave · 2 places free"


def test_names_of_any_script_are_isolated_and_escaped() -> None:
    page = board_html([lies("MED1 101 A", "<script>\u202eevil", "E1")])
    assert "<script" not in page and "RLO" in page
    assert "<bdi>الخطيب, أمينة</bdi>" in board_html(BOARD)


def test_two_in_one_bed_are_both_shown_and_marked() -> None:
    board = [lies("MED1 101 A", "One", "E1"), lies("MED1 101 A", "Two", "E2")]
    page = board_html(board)
    assert page.count("2 patients were told to be here") == 4, "seen and spoken, with both"
    assert len(set(keys(board))) == 2
    assert "were told" not in board_html([lies("MED1 101 A", "One", "E1"), lies("MED1 101 A", "Two", "E2", "expected")])


def test_what_changed_is_named() -> None:
    after = [bed("MED1 101 A"), BOARD[1], lies("MED1 102 A", "Ødegård, Ingrid", "E1"), bed("MED1 102 B")]
    fresh, says = changes(BOARD, after)
    assert fresh == ["MED1 102 A E1"]
    assert says == ["MED1, room 102, bed A: Ødegård, Ingrid, NORDVIK 1; inpatient", "Brandt, Emil is not in the house any more"]
    assert changes(BOARD, BOARD) == ([], [])


def test_the_static_board_reads_without_a_stylesheet() -> None:
    page = board_html(BOARD, static=True)
    assert "role=" not in page and "tabindex" not in page
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.replace("</li>", "|").replace("</h4>", ":")))
    assert words.startswith("MED1 Medical ward 1:101 A Ødegård, Ingrid NORDVIK 1 · inpatient · here since 2025-03-03 08:01|")


def test_a_movement_that_was_taken_back_stays_and_says_so() -> None:
    moves = [
        {"stay": "E1", "happened": "08:01", "event": "A02", "what": "transferred", "ward": "ICU", "room": "1", "bed": "", "temporary": "",
         "planned for": "", "doctor": "", "movement": "M1", "taken back by": "F9"},
        {"stay": "E2", "happened": "08:02", "event": "A01", "what": "admitted", "ward": "", "room": "", "bed": "", "temporary": "",
         "planned for": "", "doctor": "", "movement": "", "taken back by": ""},
    ]  # fmt: skip
    page = stay_html(BOARD[0], moves)
    assert page.count("<tr") == 2 and "class=gone" in page and "taken back by <bdi>F9</bdi>" in page
    assert "<th scope=col>movement" in page and "<th scope=col>doctor" not in page, "a column that is empty throughout is left out"
    assert stay_html(BOARD[2], moves) == ""


def test_the_picture_is_the_table() -> None:
    page, every = transitions_html(at="on leave"), rows("ihe/pam-transitions.tsv")
    assert page.count("<tr>") == len(every) + 1
    assert page.count("kit-lit") == len(every) + 1
    assert all(row["event"] in page and row["spec"].removeprefix("ITI TF-2 section ") in page for row in every)
    assert transitions_html(("A01", "A11")).count("<tr>") == 3


@pytest.mark.parametrize(
    "says", ["A21 from inpatient to on leave", "A01 or A06 or A02 from none to inpatient", "A22 from on leave to inpatient"]
)
def test_the_drawing_says_what_it_shows(says: str) -> None:
    drawing = transitions_svg()
    assert f"{says};" in drawing
    assert drawing.count("<rect") == 7
