"""ProfileViewer in JupyterLab: pointing shows, clicking and Enter fix; three views; and a narrow screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

SETUP = """from ihe_kit.widgets import ProfileViewer
view = ProfileViewer("bp", element="component:SystolicBP")
view"""


def row(kit: Any, element: str) -> Any:
    return kit.locator(f'[data-panel]:not([hidden]) [data-id="{element}"]')


def test_by_mouse(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP)
    kit = page.locator(".kit[aria-label=ProfileViewer]")
    card = kit.locator(".kit-card")
    expect(card).to_contain_text("Observation.component:SystolicBP")
    expect(card).to_contain_text("observation-bp changed it")
    row(kit, "Observation.code").hover()
    expect(card).to_contain_text("Its code has to be one of observation-vitalsignresult")
    expect(row(kit, "Observation.component:SystolicBP")).to_have_attribute("aria-selected", "true")
    kit.locator(".kit-head").first.hover()
    expect(card).to_contain_text("Observation.component:SystolicBP")
    row(kit, "Observation.component").click()
    expect(row(kit, "Observation.component")).to_have_attribute("aria-selected", "true")
    expect(card).to_contain_text("value.exists() or dataAbsentReason.exists()")
    shut = row(kit, "Observation.code").locator(".kit-i")
    shut.click()
    expect(row(kit, "Observation.code.coding")).to_be_hidden()
    kit.get_by_role("tab", name="Snapshot").click()
    expect(row(kit, "Observation.referenceRange")).to_be_visible()
    expect(row(kit, "Observation.component")).to_have_attribute("aria-selected", "true")


def test_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "view.selected = 'Observation.code'")
    kit = page.locator(".kit[aria-label=ProfileViewer]")
    card = kit.locator(".kit-card")
    expect(card).to_contain_text("Coded Responses")
    kit.get_by_role("tab", name="Differential").focus()
    page.keyboard.press("Tab")
    expect(row(kit, "Observation.code")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(row(kit, "Observation.code.coding")).to_be_focused()
    expect(card).to_contain_text("Which slice a repetition belongs to is told by")
    expect(row(kit, "Observation.code")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(row(kit, "Observation.code.coding")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowLeft")
    expect(row(kit, "Observation.code.coding:BPCode")).to_be_hidden()
    page.keyboard.press("c")
    expect(row(kit, "Observation.component")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(kit.get_by_role("tab", name="Slices")).to_have_attribute("aria-selected", "true")
    expect(row(kit, "Observation.category:VSCat")).to_be_visible()


def test_an_element_is_found(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP.replace('element="component:SystolicBP"', 'view="snapshot"'))
    kit = page.locator(".kit[aria-label=ProfileViewer]")
    row(kit, "Observation.code").click()
    page.keyboard.press("/")
    expect(kit.get_by_label("Find an element")).to_be_focused()
    page.keyboard.type("referencerange.low")
    expect(row(kit, "Observation.referenceRange.low")).to_have_attribute("aria-selected", "true")
    expect(row(kit, "Observation.referenceRange.low")).to_be_visible()
    expect(kit.get_by_role("status")).to_have_text("1 of 1")
    kit.get_by_label("Find an element").fill("sbpcode")
    expect(kit.get_by_role("status")).to_have_text("1 of 8")
    page.keyboard.press("Enter")
    expect(kit.get_by_role("status")).to_have_text("2 of 8")
    page.keyboard.press("Escape")
    expect(kit.locator('[data-id][aria-selected="true"]:visible')).to_be_focused()


def test_python_and_the_page_agree(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "view.view = 'slices'", "view.selected = 'Observation.category:VSCat'", "other = ProfileViewer('Nobody')\nother")
    kit = page.locator(".kit[aria-label=ProfileViewer]").first
    expect(kit.get_by_role("tab", name="Slices")).to_have_attribute("aria-selected", "true")
    expect(row(kit, "Observation.category:VSCat")).to_have_attribute("aria-selected", "true")
    expect(kit.locator(".kit-card")).to_contain_text("among the repetitions of category")
    expect(page.locator(".kit[aria-label=ProfileViewer]").nth(1)).to_contain_text("No profile or type 'Nobody' is known here")


def test_nothing_is_cut_off_where_it_is_narrow(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP)
    kit = page.locator(".kit[aria-label=ProfileViewer]")
    for width in (846, 700):
        kit.evaluate("(kit, width) => { kit.style.width = `${width}px`; }", width)
        out = """kit => [...kit.querySelectorAll('.kit-card *, .kit-tabs *, [role=row], .kit-foot *')].filter(thing => thing.checkVisibility()
            && !thing.closest('.kit-sr') && thing.getBoundingClientRect().right > kit.getBoundingClientRect().right + 1).map(thing => thing.outerHTML.slice(0, 120))"""
        assert kit.evaluate(out) == []
