"""BedBoard in JupyterLab: messages that another program sends move its patients, by mouse and by keyboard its beds open, and it ends with its systems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from ihe_kit import build, exchange, person
from ihe_kit.region import story_clock, story_ids
from tests.browser.conftest import opened, reader

SETUP = """from ihe_kit import sandbox
from ihe_kit.widgets import BedBoard
box = sandbox()
print("listens at", box.addresses["Patient Encounter Consumer"])"""


@pytest.fixture(scope="module")
def ward(lab: tuple[str, Path]) -> Iterator[Any]:
    """A notebook with a bed board."""
    base, work = lab
    with reader(base) as page:
        yield opened(page, base, work / "ward.ipynb", SETUP, "board = BedBoard(box)\nboard")


@pytest.fixture(scope="module")
def tell(ward: Any) -> Any:
    """Sends a message to those systems from outside: `tell("A01", "ingrid", "MED1^101^A")`. Gives whether it was accepted."""
    clock, ids = story_clock(), story_ids()

    def send(event: str, who: str, bed: str = "") -> bool:
        where = re.search(r"listens at (\S+)", ward.locator(".jp-OutputArea-output pre").first.inner_text())
        assert where
        values = person(who) | ({"PV1-3": bed} if bed else {})
        return exchange("ITI-31", build("ITI-31", values, clock, ids, event=event), where[1]).ok

    return send


def bed(page: Any, words: str) -> Any:
    return page.locator('.kit[aria-label=BedBoard] [role="option"]', has_text=words)


def detail(page: Any) -> Any:
    return page.locator(".kit[aria-label=BedBoard] [data-detail]")


def facts(page: Any) -> Any:
    return page.locator(".kit[aria-label=BedBoard] [data-facts]")


def test_patients_move_while_messages_come(ward: Any, tell: Any) -> None:
    expect(facts(ward)).to_contain_text("0 in the house")
    assert tell("A01", "ingrid", "MED1^101^A")
    expect(facts(ward)).to_contain_text("1 in the house")
    expect(bed(ward, "Ødegård")).to_have_attribute("aria-label", re.compile("^MED1, room 101, bed A: Ødegård, Ingrid"))
    expect(ward.locator(".kit[aria-label=BedBoard] [data-said]")).to_contain_text("Ødegård")
    assert tell("A02", "ingrid", "ICU^1")
    expect(bed(ward, "Ødegård")).to_have_attribute("aria-label", re.compile("^ICU, room 1"))
    expect(bed(ward, "101 A")).to_contain_text("free")
    assert tell("A21", "ingrid")
    expect(facts(ward)).to_contain_text("1 on leave")
    assert bed(ward, "Ødegård").evaluate("bed => getComputedStyle(bed).borderStyle") == "dashed"
    assert tell("A14", "georgios", "MED1^102^A")
    expect(bed(ward, "Παπαδάκης")).to_contain_text("expected")


def test_a_click_opens_the_movements(ward: Any) -> None:
    expect(detail(ward)).to_be_empty()
    bed(ward, "Ødegård").click()
    expect(bed(ward, "Ødegård")).to_have_attribute("aria-selected", "true")
    expect(detail(ward).locator("tbody tr")).to_have_count(3)
    expect(detail(ward)).to_contain_text("went on leave")


def test_one_tab_stop_and_the_arrows(ward: Any) -> None:
    press, options = ward.keyboard.press, ward.locator('.kit[aria-label=BedBoard] [role="option"]')
    assert ward.locator(".kit[aria-label=BedBoard] [data-board] [tabindex='0']").count() == 1
    bed(ward, "Ødegård").focus()
    press("Home")
    expect(options.first).to_be_focused()
    press("ArrowDown")
    expect(options.nth(1)).to_be_focused()
    press("End")
    expect(options.last).to_be_focused()
    press("2")  # a first letter or figure
    expect(options.nth(1)).to_have_attribute("aria-label", re.compile("^ED, room 2"))
    expect(options.nth(1)).to_be_focused()
    expect(detail(ward)).to_contain_text("Ødegård")  # an arrow alone opens nothing
    press("Home")
    press("Enter")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(detail(ward)).to_be_empty()  # a free bed
    bed(ward, "Ødegård").focus()
    press("Space")
    expect(detail(ward)).to_contain_text("went on leave")


def test_focus_and_choice_stay_while_it_is_drawn_anew(ward: Any, tell: Any) -> None:
    bed(ward, "Ødegård").focus()
    assert tell("A22", "ingrid")
    expect(facts(ward)).to_contain_text("1 in the house")
    expect(bed(ward, "Ødegård")).to_be_focused()
    expect(bed(ward, "Ødegård")).to_have_attribute("aria-selected", "true")
    expect(detail(ward).locator("tbody tr")).to_have_count(4)
    assert tell("A02", "ingrid", "MED1^101^B")  # out of the bed in focus: the focus stays in the board
    expect(bed(ward, "Ødegård")).to_have_attribute("aria-label", re.compile("^MED1, room 101, bed B"))
    expect(detail(ward)).to_be_empty()
    assert ward.evaluate("document.activeElement.getAttribute('role')") == "option"


def test_nothing_moves_for_who_wants_no_motion(ward: Any, tell: Any) -> None:
    look = "bed => getComputedStyle(bed).animationName"
    assert tell("A21", "ingrid")
    expect(facts(ward)).to_contain_text("1 on leave")
    assert bed(ward, "Ødegård").evaluate(look) == "kit-arrive"
    ward.emulate_media(reduced_motion="reduce")
    assert bed(ward, "Ødegård").evaluate(look) == "none"
    ward.emulate_media(reduced_motion=None)


def test_it_ends_with_its_systems_and_begins_anew(ward: Any) -> None:
    for cell in (0, 1):
        if cell:
            expect(ward.get_by_text("These systems were stopped, so this board changes no more.")).to_be_visible(timeout=20_000)
            expect(bed(ward, "Ødegård")).to_be_visible()  # its last picture stays
        ward.locator(".jp-CodeCell .cm-content").nth(cell).click()
        ward.keyboard.press("Control+Enter")
    expect(facts(ward)).to_contain_text("0 in the house", timeout=20_000)
    expect(bed(ward, "Ødegård")).to_have_count(0)
