"""TemplateViewer in Python: its views, its cards, its map, and what it says where there is nothing to show."""

from __future__ import annotations

from pathlib import Path

import pytest
import traitlets

from ihe_kit.core import UnknownPath
from ihe_kit.openehr import load, template
from ihe_kit.render.mind_map import Topic, mind_map_svg
from ihe_kit.widgets import TemplateViewer
from tests.openehr.given import CASES
from tests.render.given import Page

SIGNS = "kit_vital_signs.v1"
HOSTILE = "&lt;img src=x onerror=alert(1)&gt;"


@pytest.mark.parametrize("given", [SIGNS, template(SIGNS), template(SIGNS).text])
def test_every_form_of_a_template(given: object) -> None:
    view = TemplateViewer(given, element="systolic")  # type: ignore[arg-type]
    page = Page(view.html)
    assert [one["data-tab"] for one in page.having("data-tab")] == ["tree", "model", "map"]
    assert len(page.having("role", "treegrid")) == 2 and len(page.having("role", "tree")) == 1
    assert view.selected.endswith("/items[at0004]")
    assert "Who said so" in view.answer_card(view.selected) and view.answer_card("/nowhere") == ""


@pytest.mark.parametrize("name", ["Position", "position", "at0007"])
def test_a_node_can_be_named(name: str) -> None:
    assert "/state[at0007]" in TemplateViewer(SIGNS, element=name).selected


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownPath, match="did you mean Systolic"):
        TemplateViewer(SIGNS, element="Systolik")
    view = TemplateViewer(SIGNS)
    with pytest.raises(UnknownPath):
        view.selected = "/colour"
    with pytest.raises(traitlets.TraitError, match="no view"):
        view.view = "all"
    assert view.view == "tree"


def test_the_map_shows_the_way_to_what_is_selected_and_opens_by_branch() -> None:
    view = TemplateViewer(SIGNS, element="Systolic")

    def shown(svg: str) -> list[str]:
        return [one["aria-label"].partition(",")[0] for one in Page(svg).having("role", "treeitem")]

    first = shown(view.answer_map())
    assert first[:4] == ["Vital signs", "Blood pressure", "Any event", "Systolic"] and "Rate" not in first and "Pulse" in first
    pulse = view._path("Pulse")
    assert shown(view.answer_map(pulse, True)).count("Any event") == 2
    assert shown(view.answer_map(pulse, False)) == first
    view.selected = "Rate"
    assert "Rate" in shown(view.answer_map())
    chosen = [one["data-id"] for one in Page(view.answer_map()).having("aria-selected", "true")]
    assert chosen == [view.selected]


def test_a_node_that_the_map_leaves_out_lights_the_one_above() -> None:
    view = TemplateViewer(SIGNS, element="History")
    chosen = Page(view.answer_map()).having("aria-selected", "true")
    assert [one["data-id"] for one in chosen] == [view._path("Blood pressure")]


def test_a_map_is_as_wide_as_its_open_branches() -> None:
    topics = [Topic("a", "", "One"), Topic("b", "a", "Two"), Topic("c", "b", "Three")]
    assert len(Page(mind_map_svg(topics, set())).having("role", "treeitem")) == 1
    assert len(Page(mind_map_svg(topics, {"a", "b"})).having("role", "treeitem")) == 3
    assert Page(mind_map_svg([], set())).having("role", "treeitem") == []


@pytest.mark.parametrize(
    ("given", "says"), [("kit_vital", "There is no template kit_vital"), ("<a/>", "This text is no operational template")]
)
def test_what_is_no_template_is_said_in_the_widget(given: str, says: str) -> None:
    view = TemplateViewer(given)
    assert says in Page(view.html).text and says in Page(view.twin()).text
    assert not Page(view.html).having("role", "treegrid")


def test_what_an_author_wrote_is_text() -> None:
    one = load(template(SIGNS).text.replace(">Systolic<", f">{HOSTILE}<").replace(">Vital signs<", f">{HOSTILE}<"))
    view = TemplateViewer(one)
    for html in (view.html, view.twin(), view.answer_map(), *map(view.answer_card, view._numbers)):
        assert "<img" not in html
    assert "<img src=x" in Page(view.html).text


def test_the_twin_is_a_list_and_the_card() -> None:
    page = Page(TemplateViewer(SIGNS, element="Systolic").twin())
    assert not page.having("tabindex") and not page.having("role", "treegrid")
    assert "Who said so" in page.text and "Early warning score" in page.text


@pytest.mark.parametrize("path", CASES("opt", "opt"), ids=lambda path: path.stem)
def test_every_public_template_has_its_cards(path: Path) -> None:
    view = TemplateViewer(path.read_text(encoding="utf-8"))
    assert all(view.answer_card(one) for one in view._numbers)
    assert Page(view.twin()).text
