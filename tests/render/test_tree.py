"""The structure of a message, and the card of an element."""

from __future__ import annotations

from ihe_kit.render import Outline, card_html, nested_html, title, tree_html
from ihe_kit.verbs import explain, parse
from tests.render.given import Page, admission, composition, feed


def _rows(html: str) -> list[dict[str, str | None]]:
    return Page(html).having("data-i")


def test_rows_have_level_state_and_one_tab_stop() -> None:
    outline = Outline(admission(), explain)
    rows = _rows(tree_html(outline, outline.opened(), 3))
    assert len(rows) == len(outline.elements)
    assert [r["data-i"] for r in rows if r["tabindex"] == "0"] == ["3"]
    assert [r["data-i"] for r in rows if r["aria-selected"] == "true"] == ["3"]
    assert {r["aria-level"] for r in rows if "hidden" not in r} == {"1"}
    assert all("aria-expanded" in r for r in rows if int(r["data-i"] or 0) in outline.children)


def test_a_large_message_gives_only_the_rows_that_show() -> None:
    outline = Outline(admission(), explain)
    assert len(_rows(tree_html(outline, set(), whole=False))) == 4


def test_repetitions_are_counted_in_words() -> None:
    outline = Outline(parse("MSH|^~\\&|A\rPID|||1~2~3"), explain)
    assert [outline.name(outline.index[f"PID-3[{n}]"]) for n in (1, 2, 3)] == ["first of 3", "second of 3", "third of 3"]
    assert "3 repetitions" in tree_html(outline, ())


def test_a_code_and_a_date_say_what_they_mean() -> None:
    html = tree_html(Outline(admission(), explain), ())
    assert "<bdi>F</bdi> <i>female</i>" in html
    assert "3 Mar 2025, 08:00" in html


def test_the_card_tells_where_what_and_where_else() -> None:
    outline = Outline(admission(), explain)
    card = card_html(outline, outline.index["PID-3.1"])
    for words in ("PID Patient Identification", "ID Number", "Patient.identifier.value", "HL7 v2.5 section 2.A.14.1", "In this message"):
        assert words in card


def test_an_unknown_path_still_has_a_row_and_a_card() -> None:
    outline = Outline(parse("MSH|^~\\&|A\rPID|" + "|" * 60 + "x"), explain)
    index = outline.index["PID-61"]
    assert "does not have this path" in card_html(outline, index)
    assert "PID-61" in nested_html(outline)


def test_titles() -> None:
    assert title(admission(), explain) == "Patient admitted"
    assert title(feed(), explain) == "PUT Patient"
    assert title(composition(), explain) == "Vital signs"
