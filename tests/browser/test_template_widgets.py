"""TemplateViewer and PathFinder in JupyterLab: tree, mind map and addresses by mouse and by keyboard; a narrow screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

VIEWER = """from ihe_kit.widgets import PathFinder, TemplateViewer
view = TemplateViewer("kit_vital_signs.v1", element="Systolic")
view"""
FINDER = """from ihe_kit.widgets import PathFinder
finder = PathFinder("kit_vital_signs.v1", element="Systolic")
finder"""


def row(kit: Any, name: str) -> Any:
    named = kit.page.locator(".p", has_text=re.compile(f"^{name}$"))
    return kit.locator('[data-panel]:not([hidden]) [role="row"][data-id]').filter(has=named).first


def topic(kit: Any, name: str) -> Any:
    return kit.locator(f'[role="treeitem"][aria-label^="{name},"]').first


def test_one_selection_in_tree_and_map_by_mouse(notebook: Callable[..., Any]) -> None:
    page = notebook(VIEWER)
    kit = page.locator(".kit[aria-label=TemplateViewer]")
    card = kit.locator(".kit-card")
    expect(card).to_contain_text("at0004 is called Systolic")
    row(kit, "Diastolic").hover()
    expect(card).to_contain_text("at0005 is called Diastolic")
    row(kit, "Position").click()
    expect(card).to_contain_text("the archetype's own codes")
    kit.get_by_role("tab", name="Mind map").click()
    expect(topic(kit, "Position")).to_have_attribute("aria-selected", "true")
    expect(topic(kit, "Rate")).to_have_count(0)
    topic(kit, "Pulse").click()
    expect(topic(kit, "Pulse")).to_have_attribute("aria-expanded", "true")
    expect(card).to_contain_text("It chose openEHR-EHR-OBSERVATION.pulse.v2")
    topic(kit, "Blood pressure").locator(".sign").click()
    expect(topic(kit, "Systolic")).to_have_count(0)
    kit.get_by_role("tab", name="With the Reference Model").click()
    expect(row(kit, "Pulse")).to_have_attribute("aria-selected", "true")
    row(kit, "composer").click()
    expect(card).to_contain_text("the template says nothing of it")


def test_tree_and_map_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(VIEWER)
    kit = page.locator(".kit[aria-label=TemplateViewer]")
    card = kit.locator(".kit-card")
    kit.get_by_role("tab", name="Tree").focus()
    page.keyboard.press("Tab")
    expect(row(kit, "Systolic")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(card).to_contain_text("at0005 is called Diastolic")
    page.keyboard.press("ArrowLeft")
    expect(row(kit, "Readings")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(row(kit, "Systolic")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("unresponsive")
    expect(row(kit, "ACVPU")).to_have_attribute("aria-selected", "true")
    kit.get_by_role("tab", name="Mind map").click()
    page.keyboard.press("Tab")
    expect(topic(kit, "ACVPU")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(topic(kit, "ACVPU")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(topic(kit, "Consciousness")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(topic(kit, "Consciousness")).to_have_attribute("aria-expanded", "false")
    expect(topic(kit, "Consciousness")).to_be_focused()
    page.keyboard.press("e")
    expect(topic(kit, "Early warning")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(topic(kit, "Early warning")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(topic(kit, "Early warning")).to_have_attribute("aria-selected", "true")
    expect(topic(kit, "Early warning")).to_be_focused()


def test_addresses_are_read_and_copied(notebook: Callable[..., Any]) -> None:
    page = notebook(FINDER)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    kit = page.locator(".kit[aria-label=PathFinder]")
    expect(kit.locator(".kit-card")).to_contain_text("vital_signs/blood_pressure:0/any_event:0/systolic|magnitude")
    row(kit, "Diastolic").click()
    button = kit.get_by_role("button", name="Copy the AQL path").first
    expect(kit.locator(".kit-card")).to_contain_text("items[at0005]/value/magnitude")
    button.focus()
    page.keyboard.press("Enter")
    expect(kit.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "o/data[at0001]/events[at0006]/data[at0003]/items[at0005]/value/magnitude"


def test_a_narrow_screen_keeps_everything_in_reach(notebook: Callable[..., Any]) -> None:
    page = notebook(VIEWER.replace('"Systolic")', '"Systolic", view="map")'))
    page.set_viewport_size({"width": 760, "height": 900})
    kit = page.locator(".kit[aria-label=TemplateViewer]")
    topic(kit, "Systolic").focus()
    expect(topic(kit, "Systolic")).to_be_in_viewport()
    assert kit.evaluate("kit => kit.scrollWidth <= kit.clientWidth + 1")
