"""Builder of openEHR in JupyterLab: by keyboard from an empty form to two versions, groups that open, why there is no value, FLAT and a large template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright
import pytest

from ihe_kit.openehr.notation import opt

expect = playwright.expect

SETUP = """from ihe_kit import build, exchange, openehr, sandbox
from ihe_kit.widgets import Builder
box = sandbox()
sent = lambda number, **values: exchange(number, build(number, values, box.clock, box.ids), box).answer
sent("openEHR template")
ehr = sent("openEHR ehr", subject_id="4711", subject_namespace="urn:oid:2.999.10.1").get("/ehr_id/value")[0]"""
ENTRY = "vital_signs/blood_pressure:0"
EVENT = f"{ENTRY}/any_event:0"


def control(kit: Any, path: str) -> Any:
    return kit.locator(f'[data-path="{path}"]')


def test_a_composition_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, 'view = Builder("kit_vital_signs.v1", box=box, ehr=ehr)\nview')
    kit = page.locator(".kit[aria-label=Builder]")
    raw, systolic = kit.locator(".kit-raw"), control(kit, f"{EVENT}/systolic|magnitude")
    expect(kit.get_by_role("group", name="Systolic")).to_be_visible()
    systolic.focus()
    expect(kit.locator("[data-card]")).to_contain_text(f"{EVENT}/systolic|magnitude")
    page.keyboard.type("142")
    expect(raw).to_contain_text('"magnitude": 142')
    expect(systolic).to_be_focused()
    expect(control(kit, f"{EVENT}/systolic|unit")).to_have_value("mm[Hg]")
    wrong = kit.locator(f'[data-field="{EVENT}/diastolic"] [data-wrong]')
    expect(wrong).to_contain_text("is missing")
    expect(control(kit, f"{EVENT}/diastolic|magnitude")).to_have_attribute("aria-invalid", "true")
    control(kit, f"{EVENT}/diastolic|magnitude").fill("91")
    expect(wrong).to_have_text("")

    kit.locator("select[data-view]").select_option("FLAT")
    expect(raw).to_contain_text(f'"{EVENT}/diastolic|magnitude": 91')
    control(kit, f"{EVENT}/diastolic|magnitude").focus()
    expect(kit.locator(".kit-raw .kit-lit")).to_have_text("91")

    commit = kit.locator("[data-send]")
    expect(commit).to_have_text("Commit")
    commit.click()
    expect(kit.locator("[data-answer]")).to_contain_text("201 Created")
    expect(kit.locator("[data-answer]")).to_contain_text("::1")
    expect(commit).to_have_text("Commit version 2")


def test_groups_open_with_the_focus_in_them_and_may_stand_twice(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, 'view = Builder("kit_vital_signs.v1", values={"systolic": 142, "diastolic": 91})\nview')
    kit = page.locator(".kit[aria-label=Builder]")
    kit.locator('[data-sheet="vital_signs/pulse:0"] summary').press("Enter")
    rate = control(kit, "vital_signs/pulse:0/any_event:0/rate|magnitude")
    expect(rate).to_be_visible()
    expect(control(kit, "vital_signs/pulse:0/any_event:0/time")).to_be_focused()
    rate.fill("72")
    expect(kit.locator(".kit-raw")).to_contain_text('"magnitude": 72')

    kit.get_by_role("button", name="Add another after Blood pressure").press("Enter")
    second = kit.locator('fieldset[data-group="vital_signs/blood_pressure:1"]')
    expect(second.locator("legend")).to_contain_text("Blood pressure 2")
    expect(control(kit, "vital_signs/blood_pressure:1/any_event:0/time")).to_be_focused()
    kit.get_by_role("button", name="Remove Blood pressure 2").click()
    expect(second).to_have_count(0)


def test_why_there_is_no_value_is_chosen_from_a_list(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, 'view = Builder("kit_vital_signs.v1", values={"systolic": 142})\nview')
    kit = page.locator(".kit[aria-label=Builder]")
    kit.locator(f'[data-field="{EVENT}/diastolic"]').get_by_role("button", name="No value?").press("Enter")
    why = kit.get_by_role("combobox", name="no value, because")
    expect(why).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(kit.get_by_role("listbox", name="Null flavours")).to_be_visible()
    page.keyboard.type("masked")
    page.keyboard.press("Enter")
    expect(why).to_have_value("272, masked")
    expect(kit.locator(".kit-raw")).to_contain_text("null_flavour")


LARGE = "\n".join(
    [
        "kit_large.v1 | en | A form of two hundred fields.",
        "",
        "COMPOSITION[openEHR-EHR-COMPOSITION.encounter.v1] 1..1 Large | Many fields.",
        "  category: DV_CODED_TEXT openehr::433",
        *(
            line
            for section in range(20)
            for line in (
                f"  content: EVALUATION[openEHR-EHR-EVALUATION.kit_part{section}.v0] 0..1 Part {section} | One of many.",
                "    data: ITEM_TREE[at0001] 1..1 Tree | Its fields.",
                *(
                    line
                    for item in range(10)
                    for line in (f"      items: ELEMENT[at01{item:02}] 0..1 Field {section}.{item} | A field.", "        value: DV_TEXT")
                ),
            )
        ),
    ]
)


def test_a_large_template_is_an_outline_of_what_may_be_opened(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, f"view = Builder(openehr.load({opt(LARGE)!r}))\nview")
    kit = page.locator(".kit[aria-label=Builder]")
    expect(kit.locator("[data-sheet]")).to_have_count(20)
    assert kit.locator("[data-path]").count() < 20, "of what is shut no control is in the page"
    kit.locator("[data-sheet] summary").nth(7).click()
    expect(kit.get_by_label("Field 7.3")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 640])
def test_nothing_is_cut_off(notebook: Callable[..., Any], width: int) -> None:
    page = notebook(SETUP, 'view = Builder("kit_vital_signs.v1", box=box, values={"systolic": 142})\nview')
    page.set_viewport_size({"width": width, "height": 900})
    kit = page.locator(".kit[aria-label=Builder]")
    expect(kit.get_by_text("Commit needs a record")).to_be_visible()
    wide = kit.evaluate(
        "kit => [...kit.querySelectorAll('.kit-field, legend, .kit-strip')]"
        ".filter(box => !box.closest('details:not([open])') && box.scrollWidth > box.clientWidth + 1).map(box => box.textContent)"
    )
    assert wide == []
