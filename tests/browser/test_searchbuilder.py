"""SearchBuilder in JupyterLab: by mouse and by keyboard, the form and the URL in step, the hits, their pages, and a narrow screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

SETUP = """from ihe_kit import build, exchange, person, sandbox
from ihe_kit.widgets import SearchBuilder
box = sandbox()
for who in ("ingrid", "georgios", "aksel", "emil"):
    exchange("ITI-104", build("ITI-104", person(who), box.clock, box.ids), box)
search = SearchBuilder(box, "{}")
search"""


def kit_of(page: Any) -> Any:
    return page.locator(".kit[aria-label=SearchBuilder]")


def test_a_search_is_built_by_mouse(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP.replace("{}", "Patient"))
    kit = kit_of(page)
    line = kit.get_by_label("The search as a URL")
    kit.get_by_role("button", name="Add a condition").click()
    expect(kit.get_by_role("combobox", name="parameter")).to_be_focused()
    page.keyboard.type("surname")
    kit.get_by_role("option", name="family").click()
    expect(line).to_have_value("Patient?family=")
    kit.get_by_label("value", exact=True).fill("brandt")
    expect(line).to_have_value("Patient?family=brandt")
    expect(kit.get_by_role("option", name="family=brandt: whose family begins with")).to_have_attribute("aria-selected", "true")
    kit.get_by_label("how", exact=True).select_option("exact")
    expect(line).to_have_value("Patient?family:exact=brandt")
    expect(kit.locator("[data-sentence]")).to_have_text("Every Patient whose family is exactly “brandt”.")
    kit.get_by_role("button", name="Run").click()
    expect(kit.locator("[data-found] [role=status]")).to_have_text("0 hits in all, 0 on page 1")
    kit.get_by_label("how", exact=True).select_option("")
    kit.get_by_label("Shape the answer").select_option("_count")
    kit.get_by_label("value", exact=True).nth(1).fill("1")
    kit.get_by_role("button", name="Run").click()
    expect(kit.locator("[data-found] [role=status]")).to_have_text("2 hits in all, 1 on page 1")
    kit.get_by_role("button", name="Next page").click()
    expect(kit.locator("[data-found] [role=status]")).to_have_text("2 hits in all, 1 on page 2")
    kit.get_by_role("button", name="Remove family").click()
    expect(line).to_have_value("Patient?_count=1")

    kit.locator(".kit-url [role=option]").nth(1).hover()
    expect(kit.locator("[data-card]")).to_contain_text("1 on a page")
    expect(kit.locator('[data-row="0"]')).to_have_class("kit-ask is-near")


def test_a_search_is_built_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP.replace("{}", ""))
    kit = kit_of(page)
    line = kit.get_by_label("The search as a URL")
    line.focus()
    page.keyboard.type("GET /fhir/Patient?given=Aksel")
    expect(kit.get_by_label("type of resource")).to_have_value("Patient")
    expect(kit.get_by_label("value", exact=True)).to_have_value("Aksel")
    page.keyboard.press("Enter")
    expect(kit.locator("[data-found] [role=status]")).to_have_text("1 hit in all, 1 on page 1")

    kit.get_by_label("value", exact=True).focus()
    expect(line).to_have_value("Patient?given=Aksel")
    page.keyboard.press("Tab")
    expect(kit.get_by_role("button", name="or another value of given")).to_be_focused()
    page.keyboard.press("Enter")
    expect(kit.get_by_label("value", exact=True).nth(1)).to_be_focused()
    page.keyboard.type("Emil, x")
    expect(line).to_have_value("Patient?given=Aksel,Emil%5C,%20x")
    for _ in range(3):
        page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(kit.locator("[data-found] [role=status]")).to_have_text("2 hits in all, 2 on page 1")
    expect(kit.get_by_label("value", exact=True).nth(1)).to_be_focused()

    parts = kit.locator(".kit-url [role=option]")
    parts.nth(1).focus()
    page.keyboard.press("Home")
    expect(parts.first).to_be_focused()
    expect(kit.locator("[data-card]")).to_contain_text("Every Patient")
    page.keyboard.press("ArrowDown")
    expect(kit.locator("[data-card]")).to_contain_text("Of the values between commas one is enough")
    page.keyboard.press("Enter")
    expect(kit.get_by_role("combobox", name="parameter")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.type("birthd")
    page.keyboard.press("Enter")
    expect(line).to_have_value("Patient?birthdate=Aksel,Emil")
    expect(kit.locator("[data-wrong]").first).to_contain_text("'Aksel' is no date")


def test_chains_and_what_python_changes(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP.replace("{}", "Observation?subject=1"), "search.text = 'Observation?subject=2&_sort=age'")
    kit = kit_of(page)
    line = kit.get_by_label("The search as a URL")
    expect(line).to_have_value("Observation?subject=2&_sort=age")
    kit.get_by_label("follow to").select_option("Patient")
    expect(line).to_have_value("Observation?subject:Patient.name=2&_sort=age")
    expect(kit.locator("[data-sentence]")).to_contain_text("whose subject refers to a Patient whose name begins with “2”")
    kit.get_by_role("button", name="Run").click()
    expect(kit.locator("[data-found]")).to_contain_text("No hits: 400 Bad Request")
    expect(kit.locator("[data-found]")).to_contain_text("which is no search parameter of Observation to sort by")
    kit.get_by_label("to", exact=True).select_option("stop here")
    expect(line).to_have_value("Observation?subject=2&_sort=age")


def test_nothing_is_cut_off_where_it_is_narrow(notebook: Callable[..., Any]) -> None:
    page = notebook(
        SETUP.replace("{}", "Observation?value-quantity=gt5||mg&_include=Observation:subject:Patient&code=http://loinc.org|8480-6")
    )
    kit = kit_of(page)
    for width in (846, 700):
        kit.evaluate("(kit, width) => { kit.style.width = `${width}px`; }", width)
        wide = "kit => [...kit.querySelectorAll('*')].filter(thing => thing.getBoundingClientRect().right > kit.getBoundingClientRect().right + 1 && thing.checkVisibility() && !thing.closest('.kit-sr, .kit-scroll, .kit-list')).map(thing => thing.outerHTML.slice(0, 120))"
        assert kit.evaluate(wide) == []
