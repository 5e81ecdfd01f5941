"""What is chosen shows: the text and the tree are scrolled to it, also when the widget opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SETUP = "from ihe_kit import build, person\nfrom ihe_kit.widgets import Explorer"


def test_the_first_choice_is_in_sight(notebook: Callable[..., Any]) -> None:
    path = "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
    values = "{'ehr_id': 'e1', 'systolic': 142, 'diastolic': 91}"
    page = notebook(SETUP, f'Explorer(build("openEHR composition", {values}), selected="{path}")')
    kit = page.locator(".kit[aria-label=Explorer]")
    for pane, thing in ((".kit-raw", ".kit-lit"), (".kit-tree", '[aria-selected="true"]')):
        inside = "([a, b]) => { const [o, i] = [a, b].map(x => x.getBoundingClientRect()); return i.top >= o.top && i.bottom <= o.bottom; }"
        pair = [kit.locator(pane).element_handle(), kit.locator(f"{pane} {thing}").first.element_handle()]
        page.wait_for_timeout(300)
        assert page.evaluate(inside, pair), pane
    card, path_box = (kit.locator(selector).bounding_box() for selector in (".kit-card > div", ".kit-card h4 code"))
    assert path_box["x"] + path_box["width"] <= card["x"] + card["width"] + 1, "a long path stays in its column"
