"""axe-core over every widget in each of its states, in JupyterLab's own light and dark theme, and over the static twins; tab stops; motion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ihe_kit.widgets.base import front
from tests.browser.conftest import opened, reader, set_theme
from tests.browser.gallery import GALLERY

RULES: dict[str, Any] = {"rules": {"landmark-unique": {"enabled": False}}}  # one item stands here in several states
CONTRAST = {"runOnly": ["color-contrast"]}  # the one rule for which the theme counts
DARK = ' class="kit-dark" style="background: #111; color: #fff"'
WIDGETS = ".jp-OutputArea-output .kit"


def violations(page: Any, inside: str, options: dict[str, Any]) -> list[str]:
    """What axe-core finds there, one line for each element. That it looked at text at all is made sure of: what it takes for hidden it passes over."""
    found = Axe().run(page, inside, options).response
    seen = {rule["id"]: len(rule["nodes"]) for rule in found["passes"]}
    assert seen.get("color-contrast", 0) > len(GALLERY), seen
    return [f"{rule['impact']} {rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.fixture(scope="module")
def gallery(lab: tuple[str, Path]) -> Iterator[Any]:
    """A notebook with one widget in each cell, all of it on the screen. JupyterLab's body has no height and hides what overflows it."""
    base, work = lab
    with reader(base) as page:
        cells = (f"GALLERY[{name!r}]()" for name in GALLERY)
        opened(page, base, work / "gallery.ipynb", "from tests.browser.gallery import GALLERY", *cells)
        expect(page.locator(f"{WIDGETS}:not(.kit .kit)")).to_have_count(len(GALLERY), timeout=60_000)
        page.add_style_tag(content="body { overflow: visible !important; }")
        pane = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer")
        page.set_viewport_size({"width": 1280, "height": pane.evaluate("pane => pane.scrollHeight") + 200})
        pane.evaluate("pane => { pane.scrollTop = 0; }")
        yield page


def test_every_widget(gallery: Any) -> None:
    assert violations(gallery, WIDGETS, RULES) == []


def test_every_list_has_one_tab_stop(gallery: Any) -> None:
    items = ", ".join(f'[role={role}][tabindex="0"]' for role in ("option", "row", "tab"))
    stops = f"""boxes => boxes.filter(box => box.checkVisibility() && box.querySelector('[role=option], [role=row], [role=tab]'))
        .map(box => [box.getAttribute('aria-label'), box.querySelectorAll('{items}').length])"""
    found = gallery.locator(WIDGETS).locator("[role=listbox], [role=treegrid], [role=tablist]").evaluate_all(stops)
    assert len(found) > 10
    assert [name for name, number in found if number != 1] == []


def test_every_field_is_wide_enough_to_read(gallery: Any) -> None:
    """All of them share one page and its style sheets, as in a lesson."""
    narrow = """fields => fields.filter(field => field.checkVisibility() && field.getBoundingClientRect().width < 36)
        .map(field => field.outerHTML.slice(0, 200))"""
    fields = gallery.locator(WIDGETS).locator("input.kit-input, select, textarea")
    assert fields.count() > 40
    assert fields.evaluate_all(narrow) == []


def test_nothing_moves_for_who_wants_no_motion(gallery: Any) -> None:
    moves = """things => things.filter(thing => { const style = getComputedStyle(thing);
        return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0; }).length"""
    assert gallery.locator(f"{WIDGETS} *").evaluate_all(moves) > 0
    gallery.emulate_media(reduced_motion="reduce")
    assert gallery.locator(f"{WIDGETS} *").evaluate_all(moves) == 0
    gallery.emulate_media(reduced_motion=None)


def test_the_text_under_what_is_typed(gallery: Any) -> None:
    """A Validator's textarea is transparent over a mirror, which axe-core cannot see through."""
    gallery.add_style_tag(content=".kit.kit.kit.kit textarea { visibility: hidden; }")
    found = Axe().run(gallery, ".kit-mirror", CONTRAST).response
    assert found["passes"] and found["violations"] == []


def test_every_widget_in_the_dark(gallery: Any) -> None:
    """With the mirrors: no textarea lies over them now."""
    set_theme(gallery, "Dark")
    assert violations(gallery, WIDGETS, CONTRAST) == []


@pytest.mark.parametrize(("ground", "options"), [("", RULES), (DARK, CONTRAST)], ids=["light", "dark"])
def test_every_twin(gallery: Any, ground: str, options: dict[str, Any]) -> None:
    twins = "".join(dict.fromkeys(make().twin() for make in GALLERY.values()))
    style = front("kit.css", "course.css")
    page = gallery.context.new_page()
    page.set_content(
        f'<html lang="en"><title>Twins</title><style>{style}</style><body{ground}><main><h1>Twins</h1><h2>All</h2>{twins}</main>'
    )
    assert violations(page, "body", options) == []
    page.close()
