"""AqlEditor in JupyterLab: a query written by completion with the keyboard alone, one by mouse, and the place of a mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

SETUP = """import json
from datetime import datetime, timedelta
from ihe_kit import exchange, openehr, sandbox
from ihe_kit.files import data
from ihe_kit.rest import request
from ihe_kit.widgets import AqlEditor
box = sandbox()
def post(target, body="", media="application/json"):
    headers = [("content-type", media), ("accept", "application/json"), ("prefer", "return=representation")]
    return exchange("openEHR ehr", openehr.OpenehrMessage(request("POST", f"{openehr.OpenehrMessage.base}/{target}", body, headers)), box).answer
post("definition/template/adl1.4", (data("openehr") / "kit_vital_signs.v1.opt").read_text(encoding="utf-8"), "application/xml")
record = json.loads(post("ehr").body)["ehr_id"]["value"]
for day in range(22):
    when = (datetime(2026, 3, 1, 8) + timedelta(days=day)).isoformat()
    post(f"ehr/{record}/composition", openehr.from_flat({"ctx/time": when, "systolic": 110 + day, "diastolic": 70}, "kit_vital_signs.v1", box.clock).text)
AqlEditor(box, {})"""
PRESSURE = "o[openEHR-EHR-OBSERVATION.blood_pressure.v2]"
SYSTOLIC = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"


def kit_of(page: Any) -> Any:
    return page.locator(".kit[aria-label=AqlEditor]")


def test_a_query_is_written_and_run_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP.replace("{}", f"'SELECT  FROM EHR e[ehr_id/value=$ehr_id] CONTAINS OBSERVATION {PRESSURE}'"))
    kit = kit_of(page)
    area = kit.get_by_label("AQL query")
    area.focus()
    area.evaluate("area => area.setSelectionRange(7, 7)")
    page.keyboard.press("Control+Space")
    first = kit.get_by_role("option").first
    expect(first).to_have_text("eEHR")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(area).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(area).to_have_value(f"SELECT o FROM EHR e[ehr_id/value=$ehr_id] CONTAINS OBSERVATION {PRESSURE}")
    page.keyboard.type("/syst")
    expect(kit.get_by_role("option").first).to_contain_text("Systolic")
    page.keyboard.press("Tab")
    expect(area).to_have_value(f"SELECT {SYSTOLIC} FROM EHR e[ehr_id/value=$ehr_id] CONTAINS OBSERVATION {PRESSURE}")
    expect(area).to_be_focused()
    expect(kit.get_by_text("Can be asked")).to_be_visible()

    page.keyboard.press("Control+Enter")
    expect(kit.get_by_text("Refused: 400")).to_be_visible()
    expect(kit.locator("[data-found] .kit-note")).to_contain_text("$ehr_id")
    page.keyboard.press("Tab")
    expect(kit.get_by_label("Value of $ehr_id")).to_be_focused()
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(kit.locator("[data-found] [role=status]")).to_have_text("No row")


def test_rows_pages_and_a_mistake_by_mouse(notebook: Callable[..., Any]) -> None:
    query = f"SELECT c/context/start_time/value AS time, {SYSTOLIC} AS systolic FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION {PRESSURE}"
    page = notebook(SETUP.replace("{}", repr(query)))
    kit = kit_of(page)
    kit.get_by_role("button", name="Run").click()
    status = kit.locator("[data-found] [role=status]")
    expect(status).to_have_text("Rows 1 to 20, and there are more")
    expect(kit.get_by_role("img", name="systolic over time. systolic: 20 values")).to_be_visible()
    kit.get_by_role("button", name="Next page").click()
    expect(status).to_have_text("Rows 21 to 22 of 22")
    kit.get_by_text("How it is answered").click()
    expect(kit.locator(".kit-plan")).to_contain_text("by the index of structure nodes")

    area = kit.get_by_label("AQL query")
    area.fill("SELECT c/uid/value\nFORM EHR e")
    expect(kit.get_by_text("Not readable at line 2, character 1")).to_be_visible()
    expect(kit.locator(".kit-mirror .kit-f-error")).to_have_text("FORM")
    kit.get_by_role("button", name="Go to the place").click()
    expect(area).to_be_focused()
    assert area.evaluate("area => area.selectionStart") == 19
