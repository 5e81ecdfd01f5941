"""Explorer in Python: what it hands to the front end, and what the front end may ask."""

from __future__ import annotations

import pytest

from ihe_kit.core import Message, UnknownPath, Unreadable
from ihe_kit.verbs import parse
from ihe_kit.widgets import Explorer
from tests.render.given import Page, admission, messages


@pytest.mark.parametrize("message", messages(), ids=lambda m: f"{m.standard} {m.name}")
def test_parts_and_cards_cover_the_message(message: Message) -> None:
    view = Explorer(message)
    assert len(view.cards) == len(view.parts) == len(list(message.elements()))
    assert all(
        message.text[start:end] == message.text[e.start : e.end] for (start, end, *_), e in zip(view.parts, message.elements(), strict=True)
    )
    assert view.text == message.text


def test_selected_can_be_set_and_takes_the_standards_own_spelling() -> None:
    view = Explorer(parse("MSH|^~\\&|A\rPID|||1^^^X~2"), "PID-3.1")
    assert view.selected == "PID-3[1].1"
    view.selected = "PID-3[2]"
    assert view.selected == "PID-3[2]"
    with pytest.raises(UnknownPath):
        view.selected = "no path"


def test_it_begins_where_all_standards_meet() -> None:
    assert Explorer(admission()).selected == "PID-3.1"
    assert Explorer("MSH|^~\\&|A").selected == "MSH"


def test_the_selected_branch_is_open() -> None:
    rows = Page(Explorer(admission(), "PID-3.4.1").html).having("data-i")
    chosen = next(row for row in rows if row["aria-selected"] == "true")
    assert "hidden" not in chosen
    assert chosen["tabindex"] == "0"


def test_a_large_message_is_asked_for_piece_by_piece() -> None:
    text = "MSH|^~\\&|A\r" + "".join(f"OBX|{n}|NM|1^x||5\r" for n in range(200))
    view = Explorer(text)
    assert view.cards == []
    assert "OBX" in view.answer_card(7)
    index = view.outline.index["OBX[3]"]
    assert 'data-i="' in view.answer_rows(index)
    assert len(Page(view.html).having("data-i")) == 201


def test_groups_open_step_by_step_in_a_large_report() -> None:
    head = "MSH|^~\\&|||||||ORU^R01^ORU_R01|1|P|2.5\rPID|1||4711\rOBR|1||G1|GLU\r"
    view = Explorer(head + "".join(f"OBX|{n}|NM|{n}^x||5\r" for n in range(1, 201)))
    assert len(Page(view.html).having("data-i")) == 4, "MSH, PATIENT_RESULT and the two groups inside it"
    order = view.outline.index["PATIENT_RESULT[1].ORDER_OBSERVATION[1]"]
    assert len(Page(view.answer_rows(order)).having("data-i")) == 201
    view.selected = "PATIENT_RESULT.ORDER_OBSERVATION.OBSERVATION[7].OBX-5"
    assert view.selected == "OBX[7]-5"
    view.selected = "PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[7]"
    view.selected = "MSH"
    view.selected = "PATIENT_RESULT.OBSERVATION[7]"
    assert view.selected == "PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[7]"
    assert "seventh of 200" in view.answer_card(view.outline.index[view.selected])


def test_a_group_may_be_chosen_by_its_own_name() -> None:
    text = "MSH|^~\\&|||||||ORU^R01^ORU_R01|1|P|2.5\rPID|1||4711\rOBR|1\rOBX|1\rOBR|2\rOBX|1\r"
    assert Explorer(text, "ORDER_OBSERVATION[2]").selected == "PATIENT_RESULT[1].ORDER_OBSERVATION[2]"
    with pytest.raises(UnknownPath):
        Explorer(text, "ORDER_OBSERVATION[3]")


def test_unreadable_text_is_refused() -> None:
    with pytest.raises(Unreadable):
        Explorer("hello")


@pytest.mark.parametrize("message", messages(), ids=lambda m: f"{m.standard} {m.name}")
def test_the_twin_reads_well_without_a_stylesheet(message: Message) -> None:
    page = Page(Explorer(message).twin())
    tags = [tag for tag, _ in page.elements]
    assert tags.count("ul") > 1
    assert "button" not in tags
    assert tags.count("div") == len(page.having("class", "ln")) + tags.count("div") - len(page.having("class", "ln"))
    assert any("is-static" in str(a.get("class")) for _, a in page.elements)
