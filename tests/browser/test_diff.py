"""Diff in JupyterLab: by keyboard and by mouse, its switches, and what Python changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright

expect = playwright.expect

SETUP = r"""from ihe_kit.widgets import Diff
HEAD = "MSH|^~\\&|A||||20250303||ORU^R01^ORU_R01|X|P|2.5\rPID|||1||Lie\r"
one = HEAD + "OBX|1|NM|HB||7\rOBX|2|NM|NA||140\rNTE|1||fine"
other = HEAD.replace("20250303", "20250304").replace("Lie", "Lie^Bjørn") + "OBX|1|NM|HB||7\rOBX|2|NM|NA||141\r"
view = Diff(one, other)
view"""


def lit(kit: Any, side: int) -> list[str]:
    return [str(text) for text in kit.locator(".kit-diff > .kit-raw").nth(side).locator(".kit-lit").all_inner_texts()]


def test_diff_by_keyboard_and_by_mouse(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP)
    kit = page.locator(".kit[aria-label=Diff]")
    rows, chosen = kit.locator("tbody tr"), kit.locator('tbody tr[aria-selected="true"]')
    expect(kit.get_by_role("status")).to_have_text("4 differences: 1 added, 1 removed, 2 changed")
    expect(chosen).to_contain_text("MSH-7")
    tops = kit.evaluate("""kit => [...kit.querySelectorAll('.kit-raw')].map(pane => [...pane.querySelectorAll('.ln:not(.fold)')]
        .map(line => Math.round(line.getBoundingClientRect().top)))""")
    assert tops[0] == tops[1] and len(tops[0]) == 5, "segment beside segment"

    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("Patient Name, Given Name")
    assert (lit(kit, 0), lit(kit, 1)) == ([""], ["Bjørn"]), "also the place where nothing is"
    page.keyboard.press("ArrowDown")
    assert (lit(kit, 0), lit(kit, 1)) == (["140"], ["141"])
    page.keyboard.press("End")
    expect(chosen).to_contain_text("NTE")
    assert kit.locator(".ln.is-at").count() == 2, "a segment and the gap beside it"
    assert rows.last.evaluate("row => row === document.activeElement")

    kit.locator(".kit-c", has_text="Bjørn").click()
    expect(chosen).to_contain_text("PID-5.2")


def test_diff_leaves_out_what_does_not_count(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "view.selected = 2")
    kit = page.locator(".kit[aria-label=Diff]")
    expect(kit.locator('tbody tr[aria-selected="true"]')).to_contain_text("OBX[2]-5")
    kit.get_by_label("Only what differs").check()
    expect(kit.locator(".ln.same:visible")).to_have_count(0)
    expect(kit.locator(".ln.fold:visible").first).to_have_text("1 equal segment")
    kit.get_by_label("Ignore times and identifiers").check()
    expect(kit.get_by_role("status")).to_have_text("3 differences: 1 added, 1 removed, 1 changed")
    expect(kit.locator(".kit-foot")).to_contain_text("Left out: MSH-7")
    expect(kit.locator(".ln.fold:visible").first).to_be_visible()
    kit.get_by_label("Only what differs").uncheck()
    expect(kit.locator(".ln.fold:visible")).to_have_count(0)


def test_diff_copies_one_text_and_follows_python(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "unreadable = Diff(one, 'hello')\nunreadable", "view.other = one.replace('fine', 'f\\x00ne')")
    kit = page.locator(".kit[aria-label=Diff]").first
    expect(kit.get_by_role("status")).to_have_text("1 difference: 1 changed")
    data = kit.evaluate("""kit => { const pane = kit.querySelectorAll('.kit-raw')[1], range = document.createRange();
        range.selectNodeContents(pane); getSelection().removeAllRanges(); getSelection().addRange(range);
        const data = new DataTransfer();
        pane.dispatchEvent(new ClipboardEvent('copy', {clipboardData: data, bubbles: true, cancelable: true}));
        return data.getData('text/plain'); }""")
    assert data.endswith("NTE|1||f\x00ne") and data.startswith("MSH|^~\\&|A|") and data.count("\r") == 4
    second = page.locator(".kit[aria-label=Diff]").nth(1)
    expect(second).to_contain_text("After: not readable at line 1, character 1.")
    expect(second.locator("input:visible")).to_have_count(0)
