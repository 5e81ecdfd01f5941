"""Explorer in JupyterLab on a message with groups: by keyboard, from the text, and as high as what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

REPORT = r"""from ihe_kit.widgets import Explorer
head = "MSH|^~\\&|LAB||||||ORU^R01^ORU_R01|X|P|2.5\rPID|||4711\rOBR|1|p1||GLU\r"
view = Explorer(head + "".join(f"OBX|{n}|NM|{n}^x||{n}.5|g/L\r" for n in range(1, 121)) + "OBR|2|p2||NA\rOBX|1|NM|NA||140\r")
view"""


def test_groups_by_keyboard_and_from_the_text(notebook: Callable[..., Any]) -> None:
    page = notebook(REPORT)
    kit = page.locator(".kit[aria-label=Explorer]")
    rows, chosen, card = (
        kit.locator("[role=row]:not(.th):visible"),
        kit.locator('[role=row][aria-selected="true"]'),
        kit.locator(".kit-card h4"),
    )
    expect(rows).to_have_count(5)
    small = kit.locator(".kit-tree").bounding_box()["height"]

    kit.locator("[role=row][tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(card).to_have_text("PATIENT_RESULT[1].ORDER_OBSERVATION[2] second of 2")
    assert len(kit.locator(".kit-raw .kit-lit, .kit-raw .is-within").all()) > 0, "its segments are lit"
    page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(7)
    page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(5)

    kit.locator(".kit-raw span[data-s]", has_text="77.5").first.click()
    expect(card).to_contain_text("OBX[77]-5")
    crumbs = kit.locator(".kit-crumb li").all_inner_texts()
    assert crumbs[:3] == ["PATIENT_RESULT", "ORDER_OBSERVATION[1] first of 2", "OBSERVATION[77] 77 of 120"]
    assert chosen.is_visible()
    assert kit.locator(".kit-tree").bounding_box()["height"] >= small
    text, tree = (kit.locator(f".kit-explorer > div:nth-child({n})").bounding_box() for n in (1, 2))
    assert text["height"] == tree["height"] < 520, "panes end together, and long ones scroll"
