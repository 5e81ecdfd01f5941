"""Puzzle, break-it, message and fading example in a real browser: by mouse and by keyboard."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from ihe_kit.course.lessons import exercise
from tests.browser.conftest import HOME

SHOTS = os.environ.get("SHOTS", "")  # a folder for pictures, for a person to look at
ITEMS = "from tests.course.test_forms import BROKEN, CHOSEN, PUZZLE, WRITTEN\nfrom ihe_kit.course import reset\nreset('99')"
PUZZLE = "from ihe_kit.widgets.course.order import OrderView\nOrderView(PUZZLE)"
FIELDS = "from ihe_kit.widgets.course.exercises import ExerciseView\nExerciseView({})"


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def keys(page: Any) -> list[str]:
    """The pieces above the line, as they would be sent."""
    found: list[str] = page.locator("[data-order] input[name]").evaluate_all("fields => fields.map(field => field.value)")
    return found


def test_a_puzzle_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(ITEMS, PUZZLE)
    pieces = page.locator("[data-order] [role=option]")
    expect(pieces).to_have_count(5)
    assert page.locator("[data-order] [tabindex='0']").count() == 1, "one tab stop"
    before = keys(page)
    pieces.first.focus()
    page.keyboard.press("ArrowDown")
    expect(pieces.nth(1)).to_be_focused()
    assert keys(page) == before, "an arrow alone moves the focus only"
    page.keyboard.press("Space")
    expect(page.locator("[data-own]")).to_have_text(re.compile(rf"^{before[1]} .*lifted, position 2 of 5$"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-own]")).to_have_text(re.compile(rf"^{before[1]} .*, position 3 of 5$"))
    expect(pieces.nth(2)).to_be_focused()
    shot(page, "puzzle-lifted")
    page.keyboard.press("Escape")
    expect(page.locator("[data-own]")).to_have_text(re.compile("put back, position 2 of 5$"))
    assert keys(page) == before
    expect(page.locator(".jp-Notebook.jp-mod-editMode, .jp-Notebook.jp-mod-commandMode").first).to_be_visible()
    for key in ("MSH", "EVN", "PID", "PV1"):  # each in its turn to the end of those that are done
        target = ("MSH", "EVN", "PID", "PV1").index(key)
        page.locator(f"[data-order] [data-key={key}]").focus()
        page.keyboard.press("Space")
        for _ in range(keys(page).index(key) - target):
            page.keyboard.press("ArrowUp")
        page.keyboard.press("Space")
    page.locator("[data-order] [data-key=OBX]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-own]")).to_have_text(re.compile("OBX a result, left out"))
    page.keyboard.press("Space")
    assert keys(page) == ["MSH", "EVN", "PID", "PV1"]
    page.get_by_role("button", name="Check", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-verdict]").first).to_contain_text("Right, all 4 in order.")
    expect(page.locator("[data-order] .kit-i.ok")).to_have_count(4)
    shot(page, "puzzle-solved")


def test_a_puzzle_by_mouse(notebook: Callable[..., Any]) -> None:
    page = notebook(ITEMS, PUZZLE)
    before = keys(page)
    page.locator(f"[data-order] [data-key={before[0]}] [data-step='1']").click()
    assert keys(page)[:2] == [before[1], before[0]]
    page.wait_for_timeout(600)  # the kernel was told; what it shows is the same order
    assert keys(page)[:2] == [before[1], before[0]]
    page.get_by_role("button", name="Give me a hint").click()
    expect(page.get_by_text("Hint 1 of 3")).to_be_visible()
    assert keys(page)[:2] == [before[1], before[0]], "a hint leaves the pieces where they are"
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("[data-verdict]").first).to_contain_text("does not belong here")
    piece, target = page.locator("[data-order] [data-key=OBX]").bounding_box(), page.locator("[data-order] .out").bounding_box()
    page.mouse.move(piece["x"] + 60, piece["y"] + 10)
    page.mouse.down()
    page.mouse.move(target["x"] + 60, target["y"] + 4, steps=8)
    shot(page, "puzzle-dragged")
    page.mouse.move(target["x"] + 60, target["y"] + target["height"] - 1, steps=8)
    page.mouse.up()
    assert "OBX" not in keys(page)
    expect(page.locator("[data-verdict]").first).to_be_empty()
    assert page.locator("[data-order] .held").count() == 0
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("[data-verdict]").first).to_contain_text("comes before")
    assert page.locator("[data-order] .kit-i.warning").count() >= 2
    shot(page, "puzzle-wrong")


def test_what_is_broken_is_predicted_and_sent(notebook: Callable[..., Any]) -> None:
    page = notebook(ITEMS, FIELDS.format("BROKEN"))
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("[data-verdict]").first).to_contain_text("Nothing is changed yet.")
    page.locator(".kit-task select").nth(0).select_option(index=2)
    page.locator(".kit-task select").nth(1).select_option("PID-3")
    area = page.locator("textarea.kit-input")
    sound = area.input_value()
    area.fill(sound.replace("NORDVIK&2.999.10.1&ISO^PI", "^PI", 1))
    area.press("Shift+Enter")  # checks, and does not run the cell anew
    expect(page.locator("[data-verdict]").first).to_contain_text("Broken as you said: AE, PID-3.", timeout=20_000)
    expect(page.locator(".kit-versus")).to_contain_text("You predicted")
    shot(page, "broken")
    page.get_by_role("button", name="Back to the beginning").click()
    assert area.input_value() == sound
    expect(page.locator("[data-verdict]").first).to_be_empty()


def test_a_message_is_written(notebook: Callable[..., Any]) -> None:
    page = notebook(ITEMS, FIELDS.format("WRITTEN"))
    area = page.locator("textarea.kit-input")
    area.fill("PID|1")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("[data-verdict]").first).to_contain_text("It cannot be read yet.")
    shot(page, "written")


def test_a_whole_lesson(notebook: Callable[..., Any]) -> None:
    """Lesson 01 from top to bottom; then its items, as a learner uses them, and what the map makes of it."""
    cells = json.loads((HOME / "notebooks/01-anatomy-of-a-v2-message.ipynb").read_text(encoding="utf-8"))["cells"]
    page = notebook(
        "from ihe_kit.course import reset\nreset()", *("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    )
    expect(page.locator('.kit[aria-label^="What happened"]').first).to_contain_text("Your prediction first.")
    guess = page.locator('.kit[aria-label^="Predict"]').nth(1)
    guess.locator("label").nth(1).click()
    guess.get_by_role("button", name="Lock in").click()
    expect(page.locator('.kit[aria-label^="What happened"]').nth(1)).to_contain_text("As you said.")
    header = page.locator('.kit[aria-label="Exercise 01.1"]')
    for number, answer in enumerate(exercise("01.1").solution):
        header.locator("select").nth(number).select_option(answer)
    header.get_by_role("button", name="Check", exact=True).click()
    expect(header.locator("[data-verdict]")).to_contain_text("Right, all five")
    deleted = page.locator('.kit[aria-label="Exercise 01.5"]')
    area = deleted.locator("textarea")
    area.fill(area.input_value().replace("+47 555 01 234", '""'))
    deleted.get_by_role("button", name="Check", exact=True).click()
    expect(deleted.locator("[data-verdict]")).to_contain_text("holds no telephone any more", timeout=20_000)
    deleted.scroll_into_view_if_needed()
    shot(page, "lesson-01")
    steps = page.locator('.kit[aria-label="Exercise 01.3"]')
    expect(steps.locator("[readonly]")).to_have_count(3)
    for number, answer in zip((1, 3, 5), ("19", "4", "PV1-19[1].4.1"), strict=True):
        steps.locator("input").nth(number).fill(answer)
    steps.locator("input").nth(5).press("Enter")
    expect(steps.locator("[data-verdict]")).to_contain_text("Right: PV1-19.4.1 holds NORDVIK.")
    expect(page.locator("nav.kit li[aria-current]")).to_contain_text("3/13")
    steps.scroll_into_view_if_needed()
    shot(page, "lesson-01-steps")
