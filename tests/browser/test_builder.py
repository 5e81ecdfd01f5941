"""Builder in JupyterLab: a value typed grows the message, codes are found in a list, rows come and go with the focus, Send shows the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright
import pytest

expect = playwright.expect

SETUP = """from ihe_kit import person, sandbox
from ihe_kit.widgets import Builder
box = sandbox()"""
PLAIN = "from ihe_kit import person\nfrom ihe_kit.widgets import Builder"
ADMISSION = 'view = Builder("ITI-31", event="A01", values=person("georgios"))\nview'


def control(kit: Any, path: str) -> Any:
    return kit.locator(f'[data-path="{path}"]')


def test_builder_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, 'view = Builder("ITI-31", event="A01", values=person("georgios"), to=box)\nview')
    kit = page.locator(".kit[aria-label=Builder]")
    raw = kit.locator(".kit-raw")
    number = control(kit, "PID-3[1].1")
    number.focus()
    expect(kit.locator(".kit-raw .kit-lit")).to_have_text("3390")
    expect(kit.locator("[data-card]")).to_contain_text("ID Number")
    page.keyboard.press("Control+A")
    page.keyboard.type("3391")
    expect(raw).to_contain_text("3391")
    expect(number).to_be_focused()

    kit.locator('[data-add="PID-3"]').press("Enter")
    expect(control(kit, "PID-3[2].1")).to_be_focused()
    page.keyboard.type("77")
    expect(raw).to_contain_text("~77")
    kit.locator('[data-remove="PID-3[2]"]').press("Enter")
    expect(number).to_be_focused()
    expect(raw).not_to_contain_text("~77")

    control(kit, "PV1-2").fill("")
    page.keyboard.press("Tab")
    expect(kit.locator('[data-field="PV1-2"] [data-wrong]')).to_contain_text("Patient class is empty")
    kit.locator("[data-send]").click()
    expect(kit.locator("[data-answer]")).to_contain_text("ACK AE")
    control(kit, "PV1-2").fill("inpatient")
    kit.locator("[data-send]").click()  # leaves the control, so that what was typed is taken first
    expect(kit.locator("[data-answer]")).to_contain_text("ACK AA")
    expect(control(kit, "PV1-2")).to_have_value("I, inpatient")
    expect(kit.locator('[data-field="PV1-2"] [data-wrong]')).to_have_text("")


def test_codes_are_found_by_code_and_by_meaning(notebook: Callable[..., Any]) -> None:
    page = notebook(PLAIN, ADMISSION)
    kit = page.locator(".kit[aria-label=Builder]")
    raw, options = kit.locator(".kit-raw"), kit.locator(".kit-list [role=option]")
    sex = control(kit, "PID-8")
    sex.focus()
    expect(sex).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(sex).to_have_attribute("aria-expanded", "true")
    expect(kit.get_by_role("listbox", name="Table 0001, Administrative Sex")).to_be_visible()
    chosen = kit.locator(".kit-list [aria-selected=true]")
    expect(chosen).to_have_text("Mmale")  # where the value is
    assert sex.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert sex.get_attribute("aria-controls") == kit.get_by_role("listbox", name="Table 0001").get_attribute("id")
    page.keyboard.press("Escape")
    expect(sex).to_have_attribute("aria-expanded", "false")
    expect(sex).to_be_focused()
    page.keyboard.type("fem")
    expect(options).to_have_text(["Ffemale"])
    page.keyboard.press("Enter")
    expect(sex).to_have_value("F, female")
    expect(raw).to_contain_text("|19441201|F|")
    page.keyboard.type("zzz")
    expect(options).to_have_count(0)
    page.keyboard.press("Escape")
    expect(sex).to_have_value("F, female")

    page.keyboard.type("Q7")  # a site may add codes to table 0001
    expect(kit.locator(".kit-list .more")).to_contain_text("Tab keeps what you typed")
    page.keyboard.press("Tab")
    expect(raw).to_contain_text("|19441201|Q7|")
    expect(kit.locator("[data-lists]")).to_contain_text("Q7 is no value")
    kind = control(kit, "PID-5[1].7")
    kind.fill("Q7")  # and none to table 0200
    page.keyboard.press("Tab")
    expect(kind).to_have_value("L")
    expect(kit.locator('[data-field="PID-5"] [data-wrong]')).to_contain_text("Q7 is no value of table 0200")


def test_codes_by_mouse_and_a_large_table(notebook: Callable[..., Any]) -> None:
    page = notebook(PLAIN, ADMISSION)
    kit = page.locator(".kit[aria-label=Builder]")
    options = kit.locator(".kit-list [role=option]")
    country = control(kit, "PID-11[1].6")
    country.scroll_into_view_if_needed()
    country.locator("xpath=following-sibling::span").click()
    expect(country).to_be_focused()
    expect(options).to_have_count(100)
    expect(kit.locator(".kit-list .more")).to_contain_text("226 values; the first 100 are listed")
    box, screen = kit.locator(".kit-list").bounding_box(), page.viewport_size
    assert box["x"] >= 0 and box["x"] + box["width"] <= screen["width"] and box["y"] + box["height"] <= screen["height"]
    country.fill("DEN")
    expect(options.filter(has_text="DNK")).to_have_count(1)
    options.filter(has_text="DNK").click()
    expect(country).to_have_value("DNK")
    expect(country).to_be_focused()
    expect(kit.locator(".kit-raw")).to_contain_text("^9011^DNK")
    country.click()
    expect(country).to_have_attribute("aria-expanded", "true")
    page.locator(".jp-InputArea-editor").first.click()
    expect(country).to_have_attribute("aria-expanded", "false")


def test_an_assigning_authority_brings_its_oid_along(notebook: Callable[..., Any]) -> None:
    page = notebook(PLAIN, ADMISSION)
    kit = page.locator(".kit[aria-label=Builder]")
    assert [control(kit, f"PID-3[1].4.{n}").input_value() for n in (1, 2, 3)] == ["NORDVIK", "2.999.10.1", "ISO"]
    control(kit, "PID-3[1].4.1").fill("clinic")
    page.keyboard.press("Enter")
    expect(kit.locator(".kit-raw")).to_contain_text("3390^^^SOLBAKKEN&2.999.10.2&ISO^PI")
    expect(control(kit, "PID-3[1].4.2")).to_have_value("2.999.10.2")


def test_the_form_stays_under_the_readers_hands(notebook: Callable[..., Any]) -> None:
    page = notebook(PLAIN, ADMISSION.replace('person("georgios")', '{**person("georgios"), "PV1-51": ""}') + "\n", "print(1)")
    kit = page.locator(".kit[aria-label=Builder]")
    name = control(kit, "PID-5[1].1.1")
    name.evaluate("input => { input.mine = true; }")
    name.fill("Lie")
    expect(kit.locator(".kit-raw")).to_contain_text("Lie")
    assert name.evaluate("input => input.mine") is True  # the same control: the form was not drawn anew
    page.locator("summary", has_text="More fields of PID").click()
    more = control(kit, "PID-30")
    more.scroll_into_view_if_needed()
    more.fill("N")
    page.keyboard.press("Home")
    expect(kit.locator(".kit-list [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(more.locator("xpath=ancestor::details")).to_have_count(0)  # it has come up among the fields that are filled in
    expect(more).to_be_focused()
    expect(more).to_have_value("N, no")


def test_a_segment_is_added_after_the_event_was_switched(notebook: Callable[..., Any]) -> None:
    page = notebook(PLAIN, 'view = Builder("ITI-31", values=person("georgios"))\nview')
    kit = page.locator(".kit[aria-label=Builder]")
    control(kit, "PID-8").fill("F")
    page.keyboard.press("Enter")
    expect(kit.locator(".kit-raw")).to_contain_text("|19441201|F|")
    kit.get_by_label("Event", exact=True).select_option("ADT^A03")
    expect(kit.locator("h3")).to_have_text("Build ADT^A03")
    expect(control(kit, "PID-8")).to_have_value("F, female")
    adding = kit.get_by_label("Add a segment")
    adding.select_option("DG1")
    added = kit.locator("fieldset", has=page.locator("legend code", has_text=re.compile("^DG1$")))
    expect(added).to_be_visible()
    expect(kit.locator(".kit-raw")).to_contain_text("DG1")
    assert added.evaluate("box => box.contains(document.activeElement)")
    added.get_by_role("button", name="Remove DG1").click()
    expect(added).to_have_count(0)
    expect(adding).to_be_focused()


def test_python_and_the_form_agree(notebook: Callable[..., Any]) -> None:
    page = notebook(
        PLAIN,
        ADMISSION,
        "view.put('PID-5[1].1.1', '<script>window.hurt=1</script>\"><img src=x onerror=window.hurt=1>')\nview.put('PID-8', 'O')",
    )
    kit = page.locator(".kit[aria-label=Builder]")
    expect(control(kit, "PID-8")).to_have_value("O, other")
    expect(control(kit, "PID-5[1].1.1")).to_have_value(re.compile("^<script>window.hurt"))
    expect(kit.locator(".kit-raw")).to_contain_text("<script>window.hurt=1</script>")
    page.wait_for_timeout(300)
    assert page.evaluate("window.hurt") is None


def test_many_segments_are_shut_until_they_are_opened(notebook: Callable[..., Any]) -> None:
    many = "{**person('georgios'), **{f'OBX[{n}]-{f}': v for n in range(1, 501) for f, v in (('2', 'NM'), ('3', 'X'), ('5', '4'), ('11', '' if n == 300 else 'F'))}}"
    page = notebook(PLAIN, f"view = Builder('ITI-31', event='A01', values={many})\nview")
    kit = page.locator(".kit[aria-label=Builder]")
    expect(kit.locator(".kit-raw")).to_contain_text("OBX")
    assert 100 < kit.locator("[data-path]").count() < 700
    finding = kit.locator(".kit-finding", has_text="OBX[300]-11")
    finding.scroll_into_view_if_needed()
    finding.click()
    status = control(kit, "OBX[300]-11")
    expect(status).to_be_visible(timeout=20_000)
    status.fill("F")
    page.keyboard.press("Tab")
    expect(finding).to_have_count(0, timeout=20_000)
    expect(kit.locator('[data-sheet="OBX[301]"]')).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_beside_the_file_browser(notebook: Callable[..., Any], theme: str) -> None:
    page = notebook(PLAIN, ADMISSION)
    page.evaluate("theme => { document.body.dataset.jpThemeLight = theme === 'light'; }", theme)
    kit = page.locator(".kit[aria-label=Builder]")
    assert kit.evaluate("kit => kit.scrollWidth <= kit.clientWidth + 1")
    form = kit.locator("[data-form]")
    assert form.evaluate("form => form.scrollWidth <= form.clientWidth + 1")
    for path in ("PID-3[1].1", "PID-3[1].4.2", "PV1-2"):
        assert control(kit, path).bounding_box()["width"] >= 60


def test_a_resource_of_fhir(notebook: Callable[..., Any]) -> None:
    """The same form for another standard: a code by keyboard, an element that is added, a row, and what the server answers."""
    page = notebook(SETUP, 'view = Builder("Observation", to=box)\nview')
    kit = page.locator(".kit[aria-label=Builder]")
    raw, status = kit.locator(".kit-raw"), control(kit, "Observation.status")
    expect(kit.locator('[data-field="Observation.status"] [data-wrong]')).to_contain_text("status is missing")
    status.focus()
    page.keyboard.type("prel")
    page.keyboard.press("Enter")
    expect(status).to_have_value("preliminary")
    status.fill("nearly")
    page.keyboard.press("Tab")
    expect(kit.locator('[data-field="Observation.status"] [data-wrong]')).to_contain_text("nearly is no value of ObservationStatus")
    expect(raw).to_contain_text('"status": "preliminary"')

    kit.locator("[data-segment]").select_option("Observation.valueQuantity")
    value = control(kit, "Observation.valueQuantity.value")
    expect(value).to_be_focused()
    page.keyboard.type("4.10")
    expect(raw).to_contain_text('"value": 4.10')
    expect(kit.locator(".kit-raw .kit-lit")).to_have_text("4.10")
    kit.locator("[data-segment]").select_option("Observation.component")
    expect(kit.locator("fieldset legend", has_text="Observation.component[0]")).to_be_visible()
    kit.locator('[data-drop="Observation.component[0]"]').press("Enter")
    expect(kit.locator("fieldset legend", has_text="Observation.component")).to_have_count(0)

    kit.locator("[data-send]").click()
    expect(kit.locator("[data-answer]")).to_contain_text("422")
    control(kit, "Observation.code.text").fill("Potassium")
    kit.locator("[data-send]").click()
    expect(kit.locator("[data-answer]")).to_contain_text("201 Created")
