"""Explorer, Validator and WireView in JupyterLab, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright
import pytest

expect = playwright.expect

SETUP = """from ihe_kit import build, exchange, parse, person, sandbox
from ihe_kit.widgets import Explorer, Validator, WireView
from ihe_kit.widgets.validator import example
box = sandbox()
def send(number, **values):
    return exchange(number, build(number, values or person("ingrid"), box.clock, box.ids), box)
"""
SAY = "from IPython.display import display, Javascript\n"


def chosen(kit: Any) -> Any:
    return kit.locator('[role=row][aria-selected="true"] .p')


def lit(kit: Any) -> str:
    return "".join(kit.locator(".kit-lit").all_inner_texts())


def test_explorer_by_mouse(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "Explorer(build('ITI-31', person('ingrid'), box.clock, box.ids))")
    kit = page.locator(".kit[aria-label=Explorer]")
    expect(chosen(kit)).to_have_text("CX-1")
    assert lit(kit) == "4711"
    assert "4711" in kit.locator(".kit-raw .is-field").first.inner_text()

    run = kit.locator(".kit-raw span[data-s]", has_text="Ødegård").first
    run.hover()
    assert kit.locator(".kit-raw .is-hover").inner_text() == "Ødegård"
    expect(chosen(kit)).to_have_text("CX-1")  # pointing does not choose
    run.click()
    expect(chosen(kit)).to_have_text("XPN-1")
    expect(kit.locator(".kit-card h4")).to_contain_text("PID-5.1")
    assert chosen(kit).is_visible()

    row = kit.locator("[role=row]", has_text="Administrative Sex")
    row.hover()
    assert kit.locator(".kit-raw .is-hover").inner_text() == "F"
    row.click()
    expect(kit.locator(".kit-card h4")).to_contain_text("PID-8")
    assert lit(kit) == "F"

    kit.get_by_label("Copy the message").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("MSH|^~\\&|ADT|")


def test_explorer_by_keyboard(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "view = Explorer(build('ITI-31', person('ingrid'), box.clock, box.ids))\nview")
    kit = page.locator(".kit[aria-label=Explorer]")
    press = page.keyboard.press

    def focused() -> str:
        return str(page.evaluate("document.activeElement.querySelector('.p')?.textContent ?? ''"))

    kit.locator("[role=row][tabindex='0']").focus()
    for key, where in (("ArrowDown", "CX-4"), ("ArrowRight", "CX-4"), ("ArrowRight", "HD-1"), ("ArrowLeft", "CX-4"), ("ArrowLeft", "CX-4"),
                       ("ArrowLeft", "PID-3"), ("Home", "MSH"), ("End", "PV1"), ("e", "EVN")):  # fmt: skip
        press(key)
        assert focused() == where, key
    expect(chosen(kit)).to_have_text("CX-1")
    press("Enter")
    expect(chosen(kit)).to_have_text("EVN")
    expect(kit.locator(".kit-card h4")).to_contain_text("Event Type")

    press("/")
    page.keyboard.type("given")
    expect(kit.locator("[data-said]")).to_have_text("1 of 1")
    expect(chosen(kit)).to_have_text("XPN-2")
    press("Escape")
    assert focused() == "XPN-2"

    kit.locator(".kit-raw").focus()
    press("ArrowRight")
    expect(chosen(kit)).to_have_text("XPN-7")
    press("ArrowDown")
    expect(chosen(kit)).to_have_text("PID-7")
    assert lit(kit) == "19580617"


def test_explorer_follows_python_and_copies_what_is_true(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "view = Explorer(parse(b'MSH|^~\\\\&|A\\x00B\\rPID|||1^^^X~2'))\nview", "view.selected = 'PID-3[2]'")
    kit = page.locator(".kit[aria-label=Explorer]")
    expect(chosen(kit)).to_have_text("[2]")
    assert kit.locator(".kit-raw .kit-ctl").all_inner_texts() == ["NUL"]
    page.evaluate("""() => { const pane = document.querySelector('.kit-raw'), range = document.createRange();
        range.selectNodeContents(pane); getSelection().removeAllRanges(); getSelection().addRange(range); }""")
    data = page.evaluate("""() => { const data = new DataTransfer();
        document.querySelector('.kit-raw').dispatchEvent(new ClipboardEvent('copy', {clipboardData: data, bubbles: true, cancelable: true}));
        return data.getData('text/plain'); }""")
    assert data == "MSH|^~\\&|A\x00B\rPID|||1^^^X~2"


@pytest.mark.parametrize(
    "source", ["send('ITI-104').request", "send('openEHR ehr', subject_id='4711', subject_namespace='urn:oid:2.999.10.1').request"]
)
def test_explorer_of_rest_messages(notebook: Callable[..., Any], source: str) -> None:
    page = notebook(SETUP, f"Explorer({source})")
    kit = page.locator(".kit[aria-label=Explorer]")
    expect(kit.locator(".kit-card")).to_contain_text("PID-3.4.2")
    kit.locator(".kit-raw .k").last.click()  # a name belongs to the value behind it
    assert kit.locator(".kit-raw .kit-lit").count() == 1


def test_a_large_message_opens_at_once_and_asks_for_the_rest(notebook: Callable[..., Any]) -> None:
    lines = "'MSH|^~\\\\&|A\\r' + ''.join(f'OBX|{n}|NM|718-7^Haemoglobin^LN||{n}.5|g/L|117-153|N|||F\\r' for n in range(500))"
    page = notebook(SETUP, f"import time; began = time.time()\nview = Explorer({lines})\nassert time.time() - began < 5\nview")
    kit = page.locator(".kit[aria-label=Explorer]")
    expect(kit.locator("[role=row]:not(.th)")).to_have_count(501)
    kit.locator(".kit-raw span[data-s]", has_text="7.5").first.click()
    expect(chosen(kit)).to_have_text("OBX-5")
    expect(kit.locator(".kit-card h4")).to_contain_text("OBX[8]-5")
    kit.locator("[role=row]", has_text="OBX").nth(20).locator(".kit-i").click()
    assert kit.locator("[role=row]:not(.th)").count() > 501


def test_hostile_messages_do_nothing(notebook: Callable[..., Any]) -> None:
    bad = "bad = '<script>window.hurt=1</script>\"><img src=x onerror=window.hurt=1>\\u202eabc'"
    text = "'MSH|^~\\\\&|' + bad + '\\rPID|||' + bad + '^^^' + bad + '\\rZ' + bad + '|1'"
    page = notebook(
        SETUP, f"{bad}\ntext = {text}\nExplorer(text)", "Validator(text)", "from IPython.display import HTML\nHTML(Explorer(text).twin())"
    )
    expect(page.locator(".kit[aria-label=Explorer]").first).to_contain_text("<script>window.hurt=1</script>")
    page.wait_for_timeout(300)
    assert page.evaluate("window.hurt") is None


def test_validator_while_typing(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "view = Validator(example(mistakes=True))\nview", "print('now', len(view.text))")
    kit = page.locator(".kit[aria-label=Validator]")
    status = kit.get_by_role("status")
    expect(status).to_contain_text("4 errors")
    first = kit.locator(".kit-finding").first
    first.click()
    assert kit.locator(".kit-mirror .kit-f-gap.kit-lit").count() == 1

    first.focus()
    page.keyboard.press("ArrowDown")
    expect(kit.locator(".kit-finding[aria-selected=true] .p")).to_have_text("PID-3.4")
    page.keyboard.press("f")
    expect(status).to_contain_text("3 errors")
    page.keyboard.press("Alt+ArrowDown")
    expect(kit.locator(".kit-finding[aria-selected=true]")).to_have_count(1)
    kit.get_by_role("button", name="Apply all 2 safe fixes").click()
    expect(status).to_contain_text("1 error")

    area = kit.locator("textarea")
    area.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("x")
    expect(status).to_contain_text("1 error")
    page.keyboard.press("Control+Home")
    for _ in range(3):
        page.keyboard.press("Delete")
    expect(status).to_contain_text("Not readable")
    expect(kit.locator("[data-lists]")).to_contain_text("No rule was run")
    assert area.input_value() + "\n" == kit.locator(".kit-mirror").text_content()
    area.fill("")
    expect(kit.get_by_text("Nothing to check yet")).to_be_visible()
    kit.get_by_role("button", name="Load a sound ADT^A01").click()
    expect(status).to_contain_text("No findings")


def test_validator_text_and_mirror_lie_on_each_other(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "Validator(example(mistakes=True) + 'NTE|1||' + 'long words and ' * 40)")
    kit = page.locator(".kit[aria-label=Validator]")
    heights = kit.evaluate("kit => [kit.querySelector('textarea').scrollHeight, kit.querySelector('.kit-mirror').scrollHeight]")
    assert heights[0] == heights[1]


def test_validator_without_a_kernel(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "Validator(example())", "import time; time.sleep(0)")
    kit = page.locator(".kit[aria-label=Validator]")
    expect(kit.get_by_role("status")).to_contain_text("No findings")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name="Shut Down Kernel", exact=True).click()
    page.wait_for_timeout(500)
    kit.locator("textarea").press_sequentially("x")
    expect(kit.get_by_text("Python was restarted or stopped, so this is its last result.")).to_be_visible(timeout=10_000)
    expect(kit.get_by_role("status")).to_contain_text("No findings")


def test_wireview(notebook: Callable[..., Any]) -> None:
    page = notebook(SETUP, "view = WireView(box)\nview", "send('ITI-31'); send('ITI-104'); send('ITI-31')")
    kit = page.locator(".kit[aria-label=WireView]")
    options = kit.locator("[data-drawing] [role=option]")
    expect(options).to_have_count(6)
    expect(options.first).to_have_attribute(
        "aria-label", "1 of 6: ITI-31 ADT^A01, Nordvik ADT to Fjordland identity, " + (options.first.locator(".time").inner_text())
    )
    options.nth(5).click()
    expect(kit.locator(".kit-detail")).to_contain_text("ACK AE")
    expect(kit.locator("[data-facts]")).to_contain_text("1 refused")

    page.keyboard.press("Home")
    expect(kit.locator(".kit-detail")).to_contain_text("ACK AA in")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    expect(kit.get_by_role("tab", name="Bytes")).to_have_attribute("aria-selected", "true")
    expect(kit.locator(".kit-raw .kit-ctl").first).to_have_text("VT")
    page.keyboard.press("ArrowRight")
    expect(kit.get_by_role("tab", name="Tree")).to_have_attribute("aria-selected", "true")
    kit.locator("[role=row]", has_text="MSH").first.focus()
    page.keyboard.press("ArrowRight")
    options.nth(2).click()
    expect(kit.get_by_role("tab", name="Tree")).to_have_attribute("aria-selected", "true")

    options.first.click()
    page.keyboard.press("r")
    expect(options).to_have_count(8)
    expect(kit.locator("[data-said]")).not_to_be_empty()
    kit.get_by_label("Standard").select_option("fhir")
    expect(kit.locator("[data-drawing] [role=option]:visible")).to_have_count(2)
    kit.get_by_role("button", name="Clear").click()
    expect(kit.get_by_text("The picture was cleared")).to_be_visible()
    kit.get_by_label("Standard").select_option("")
    kit.get_by_role("button", name="Show all").click()
    expect(options).to_have_count(8)


def test_a_foreign_sender_appears_live(notebook: Callable[..., Any]) -> None:
    foreign = """import threading, socket
def foreign():
    host, port = box.addresses["Patient Encounter Consumer"].split("//")[1].split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(b"\\x0b" + example().encode() + b"\\x1c\\r"); line.recv(9999)
threading.Timer(1.0, foreign).start()"""
    page = notebook(SETUP, "WireView(box)", foreign)
    kit = page.locator(".kit[aria-label=WireView]")
    expect(kit.locator("[data-drawing] [role=option]")).to_have_count(2)
    expect(kit.locator(".end.off").first).to_contain_text("peer at port")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_fits_beside_the_file_browser(notebook: Callable[..., Any], theme: str) -> None:
    page = notebook(SETUP, "send('ITI-31')\nWireView(box)", "Explorer(box.wire[1].request)", "Validator(example(True))")
    if theme == "dark":
        page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    for kit in page.locator(".jp-OutputArea-output .kit[role=group]").all():
        assert kit.evaluate("kit => kit.scrollWidth <= kit.clientWidth + 1")
        assert 800 < kit.bounding_box()["width"] < 900
