"""The web page in a browser: with hostile content, by keyboard, without JavaScript, in both themes and widths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ihe_kit import build, exchange
from ihe_kit.demo import story, twice
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.site import page as page_of
from tests.browser.conftest import reader
from tests.site.given import HOSTILE, SCRIPT, keep, kept_many, versions

PAGES = (
    "", "exchanges", "exchanges?message=1q&view=bytes", "exchanges?message=1q&view=tree", "exchanges?message=7a&view=findings", "Patient",
    "Observation?code=8480-6&_count=3", "Patient/hostile", "Patient/hostile?view=json", "Patient/hist?view=xml", "Patient/hostile?view=findings",
    "Patient/hist/_history", "Patient/hostile/_history", "Patient/hist/_history/1", "find?q=Petrov", "find?q=%3Cscript%3E",
)  # fmt: skip

WHOLE = {"resultTypes": ["violations", "passes"]}  # every element that passed is told, and not one for each rule


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Sandbox, str]]:
    """Systems with a story, several versions and hostile content: (the sandbox, the address of its page)."""
    with Sandbox("sqlite://", story_clock(), story_ids(), "127.0.0.1") as box:
        story(box)
        twice(box)
        versions(box)
        kept_many(box)
        keep(box, HOSTILE)
        keep(box, HOSTILE | {"birthDate": SCRIPT + SCRIPT})
        keep(box, {"resourceType": "Organization", "id": "fjordland", "name": SCRIPT})
        yield box, page_of(box).address


@pytest.fixture(scope="module")
def tab(running: tuple[Sandbox, str]) -> Iterator[Any]:
    """A page of Chromium. At the end: nothing was asked of anywhere else, nothing went wrong on the console, and no dialog came up."""
    dialogs: list[str] = []
    with reader(running[1]) as page:
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        yield page
    assert dialogs == []


@pytest.fixture
def at(running: tuple[Sandbox, str], tab: Any) -> Any:
    """Goes to a page: `at("exchanges")`."""

    def go(path: str) -> Any:
        tab.set_viewport_size({"width": 1280, "height": 900})
        tab.goto(running[1] + path)
        return tab

    return go


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_harmless_accessible_and_fits(at: Any, path: str) -> None:
    """axe-core finds nothing in either theme; nothing runs, nothing is fetched from elsewhere (see `tab`); nothing is wider than a narrow window."""
    page = at(path)
    expect(page.locator("h1")).to_have_count(1)
    assert page.locator("main script, main img, main iframe, main svg").count() == 0
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found = Axe().run(page, options=WHOLE).response
        assert [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]] == []
        assert any(rule["id"] == "color-contrast" and len(rule["nodes"]) > 10 for rule in found["passes"])
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    page.set_viewport_size({"width": 420, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_a_link_to_a_script_is_no_link(at: Any) -> None:
    page = at("Patient/hostile")
    assert page.get_by_text("javascript:alert(3)").count() > 1
    ways = page.locator("main a").evaluate_all("links => links.map(link => link.protocol)")
    assert ways and set(ways) <= {"http:", "https:"}
    page.get_by_role("link", name="Organization/fjordland").click()
    expect(page.locator("h1")).to_contain_text("Organization/fjordland")


def test_the_tree_by_keyboard(at: Any) -> None:
    page = at("Patient/hist")
    tree, card = page.get_by_role("treegrid"), page.get_by_label("Explanation")
    assert tree.locator('[tabindex="0"]').count() == 1
    tree.locator('[role="row"][tabindex="0"]').focus()
    page.keyboard.press("n")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(card.locator("h2")).to_contain_text("Patient.name")
    page.keyboard.press("ArrowLeft")
    expect(tree.get_by_text("family", exact=True)).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_text("family", exact=True)).to_be_visible()
    page.get_by_label("Views").get_by_role("link", name="JSON").click()
    expect(page.get_by_label("Message")).to_contain_text('"Petrova"')
    page.go_back()
    expect(tree).to_be_visible()


def test_the_search_by_keyboard(at: Any) -> None:
    page = at("")
    page.keyboard.press("/")
    page.keyboard.type("Patient/hist")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Patient/hist")
    page.goto(page.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_a_search_grows_as_a_url_and_has_pages(at: Any) -> None:
    page = at("Observation")
    url = page.locator("[data-url]")
    page.get_by_label("Parameter 1").select_option("code")
    assert page.get_by_label("Modifier 1").locator("option").all_inner_texts() == ["as usual", ":not", ":text", ":of-type", ":missing"]
    page.get_by_label("Value 1").fill("http://loinc.org|8480-6")
    expect(url).to_contain_text("/fhir/Observation?code=http://loinc.org%7C8480-6")
    page.get_by_role("button", name="Condition").click()
    page.get_by_label("Parameter 2").select_option("date")
    page.get_by_label("Value 2").fill("ge2025-03-02")
    page.get_by_label("Hits a page").select_option("5")
    expect(url).to_contain_text("&date=ge2025-03-02&_count=5")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("main .kit-meta")).to_have_text("6 found")
    first = page.locator("tbody th a").all_inner_texts()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    second = page.locator("tbody th a").all_inner_texts()
    assert len(first) == 5 and len(second) == 1 and not set(first) & set(second)


def test_exchanges_by_keyboard_and_live(running: tuple[Sandbox, str], at: Any) -> None:
    box, page = running[0], at("exchanges")
    rows, follow = page.locator("a[data-k]"), page.get_by_label("Follow")
    before = rows.count()
    assert page.locator('a[data-k][tabindex="0"]').count() == 1 and follow.is_checked()
    exchange("ITI-78", build("ITI-78", {"family": "Berg"}, box.clock, box.ids), box)
    expect(rows).to_have_count(before + 2, timeout=10_000)
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".detail h2")).to_have_text("ITI-31 Patient Encounter Management")
    expect(rows.nth(1)).to_be_focused()
    assert "message=1a" in page.url
    page.get_by_label("Message", exact=True).get_by_role("link", name="Tree").click()
    expect(page.get_by_role("treegrid")).to_contain_text("Acknowledgment Code")
    page.get_by_role("row").filter(has_text="MSA-1").click()
    expect(page.get_by_label("Explanation").locator("h2")).to_contain_text("Acknowledgment Code")
    page.go_back()
    expect(page.get_by_role("treegrid")).to_have_count(0)
    page.goto(f"{running[1]}exchanges")
    expect(follow).to_be_checked()
    page.set_viewport_size({"width": 1280, "height": 500})
    page.locator("[data-keep]").hover()
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(300)
    page.mouse.wheel(0, -600)
    expect(follow).not_to_be_checked()


def test_without_javascript(running: tuple[Sandbox, str], tab: Any) -> None:
    context = tab.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(running[1])
    page.get_by_role("link", name="Exchanges").click()
    page.locator("a[data-k]").first.click()
    page.get_by_role("link", name="Tree").click()
    expect(page.get_by_role("treegrid")).to_contain_text("Patient Identifier List")
    page.get_by_label("FHIR resources").get_by_role("link", name="Patient").click()
    page.get_by_label("Parameter 1").select_option("family")
    page.get_by_label("Modifier 1").select_option("exact")
    page.get_by_label("Value 1").fill("Petrova")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="hist", exact=True).click()
    expect(page.get_by_role("treegrid")).to_contain_text("Petrova")
    page.get_by_label("Element").select_option("Patient.gender")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_label("Explanation").locator("h2")).to_contain_text("Patient.gender")
    page.get_by_role("link", name="History").click()
    page.get_by_label("Compare version 1").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Version 1 and version 3")).to_be_visible()
    context.close()
