"""VersionHistory in JupyterLab: a document chosen, its versions compared by keyboard, and a new one that comes over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

SETUP = """import json
from ihe_kit import exchange, openehr, sandbox
from ihe_kit.files import data
from ihe_kit.rest import request
from ihe_kit.widgets import VersionHistory
box = sandbox()
def ask(method, target, body="", media="application/json", **headers):
    pairs = [("content-type", media), ("accept", "application/json"), *((name.replace("_", "-"), text) for name, text in headers.items())]
    message = openehr.OpenehrMessage(request(method, f"{openehr.OpenehrMessage.base}/{target}", body, pairs))
    return json.loads(exchange("openEHR composition", message, box).answer.body or "{}")
def pressure(systolic):
    return openehr.from_flat({"ctx/time": "2026-03-01T08:00:00", "systolic": systolic, "diastolic": 70}, "kit_vital_signs.v1", box.clock).text
ask("POST", "definition/template/adl1.4", (data("openehr") / "kit_vital_signs.v1.opt").read_text(encoding="utf-8"), "application/xml")
record = ask("POST", "ehr", prefer="return=representation")["ehr_id"]["value"]
version = ask("POST", f"ehr/{record}/composition", pressure(142), prefer="return=representation")["uid"]["value"]
def change(systolic):
    global version
    where = f"ehr/{record}/composition/{version.partition('::')[0]}"
    version = ask("PUT", where, pressure(systolic), prefer="return=representation", if_match=f'"{version}"')["uid"]["value"]
change(124)
VersionHistory(box, record)"""


def test_versions_are_compared_and_new_ones_come_in(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "change(126)")
    kit = page.locator(".kit[aria-label=VersionHistory]")
    expect(kit.get_by_text("Choose a document of this EHR")).to_be_visible()
    kit.get_by_label("Document").select_option(index=2)
    expect(kit.locator("[data-facts]")).to_have_text("3 versions")
    compared = kit.locator("[data-compared]")
    expect(compared).to_contain_text("Version 2 and version 3")
    expect(compared.locator("table")).to_contain_text("126")
    kit.get_by_role("radio", name="Compare version 2").focus()
    page.keyboard.press("ArrowDown")
    expect(compared).to_contain_text("Version 1 and version 3")
    expect(compared.locator("table")).to_contain_text("142")
    expect(kit.get_by_role("radio", name="Compare version 1")).to_be_focused()
