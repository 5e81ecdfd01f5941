"""Builder in JupyterLab: a value typed grows the message, rows come and go with the focus, Send shows the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

SETUP = """from ihe_kit import person, sandbox
from ihe_kit.widgets import Builder
box = sandbox()"""


def test_builder_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, 'view = Builder("ITI-31", event="A01", values=person("georgios"), to=box)\nview')
    kit = page.locator(".kit[aria-label=Builder]")
    raw = kit.locator(".kit-raw")
    number = kit.locator('[data-path="PID-3[1].1"]')
    number.focus()
    expect(kit.locator(".kit-lit")).to_have_text("3390")
    expect(kit.locator("[data-card]")).to_contain_text("ID Number")
    page.keyboard.press("Control+A")
    page.keyboard.type("3391")
    expect(raw).to_contain_text("3391")
    expect(number).to_be_focused()

    kit.locator('[data-add="PID-3"]').press("Enter")
    expect(kit.locator('[data-path="PID-3[2].1"]')).to_be_focused()
    page.keyboard.type("77")
    expect(raw).to_contain_text("~77")
    kit.locator('[data-remove="PID-3[2]"]').press("Enter")
    expect(number).to_be_focused()
    expect(raw).not_to_contain_text("~77")

    kit.get_by_label("Patient Class", exact=False).first.select_option("")
    expect(kit.locator('[data-field="PV1-2"] [data-wrong]')).to_contain_text("Patient class is empty")
    kit.locator("[data-send]").click()
    expect(kit.locator("[data-answer]")).to_contain_text("ACK AE")
    kit.locator('[data-path="PV1-2"]').select_option("I")
    kit.locator("[data-send]").click()
    expect(kit.locator("[data-answer]")).to_contain_text("ACK AA")
    expect(kit.locator('[data-field="PV1-2"] [data-wrong]')).to_have_text("")
