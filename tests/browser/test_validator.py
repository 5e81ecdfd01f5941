"""Validator in JupyterLab: steps back and forth, repairs, files by chooser and by drop, folds, keys, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import playwright.sync_api as playwright
import pytest

expect = playwright.expect

SETUP = """from ihe_kit.widgets import Validator
from ihe_kit.widgets.validator import example
def report(results):
    lines = "".join(f"OBX|{n}|NM|2823-3^Potassium^LN||4.{n % 10}|mmol/L|||||\\r" for n in range(1, results + 1))
    return "MSH|^~\\\\&|LAB|N|EHR|N|20250303080000||ORU^R01^ORU_R01|1|P|2.5\\rPID|||1^^^N&2.999.1&ISO^PI||Lie\\rOBR|1||2|24323-8^X^LN\\r" + lines
"""
BATCH = "BHS|^~\\&|A\r" + "".join(
    f"MSH|^~\\&|ADT|N|PIM|N|20250303080000||ADT^A0{n}^ADT_A01|F{n}|P|2.5\rPID|||{n}^^^N||Lie{n}\r" for n in (1, 4, 8)
)


@pytest.fixture
def kit(notebook: Callable[..., Any]) -> Callable[[str], Any]:
    def show(cell: str) -> Any:
        return notebook(SETUP, cell).locator(".kit[aria-label=Validator]")

    return show


def test_a_repair_and_typing_are_taken_back_by_keys_and_by_mouse(kit: Callable[[str], Any]) -> None:
    view = kit("Validator(example(mistakes=True))")
    page, area, status = view.page, view.locator("textarea"), view.get_by_role("status")
    before = area.input_value()
    expect(status).to_contain_text("4 errors")
    assert view.get_by_role("button", name="Undo").get_attribute("aria-disabled") == "true"
    view.locator(".kit-finding").nth(1).click()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("f")
    expect(status).to_contain_text("3 errors")
    expect(status).to_contain_text("1 repair made.")
    expect(view.locator(".kit-finding").nth(1)).to_be_focused()  # the finding that has come to the same place
    mended = area.input_value()
    assert "NORDVIK" in mended[len(before.partition("4711")[0]) :]

    area.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("ZZZ|1")
    expect(status).to_contain_text("3 errors")
    expect(view.get_by_role("button", name="Undo: typing")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(area).to_have_value(mended)
    page.keyboard.press("Control+z")
    expect(area).to_have_value(before)
    expect(status).to_contain_text("4 errors")
    expect(area).to_be_focused()
    page.keyboard.press("Control+Shift+z")
    expect(area).to_have_value(mended)
    view.get_by_role("button", name="Undo: Add NORDVIK").click()
    expect(area).to_have_value(before)
    view.get_by_role("button", name="Redo: Add NORDVIK").click()
    expect(area).to_have_value(mended)
    assert area.input_value() + "\n" == view.locator(".kit-mirror").text_content()


def test_what_was_just_typed_is_not_lost_by_a_repair(kit: Callable[[str], Any]) -> None:
    view = kit("Validator(example(mistakes=True))")
    page, area = view.page, view.locator("textarea")
    before = area.input_value()
    area.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("X")
    view.get_by_role("button", name="Apply all 3 safe fixes").click()  # before the pause after which typing is read
    expect(view.get_by_role("status")).to_contain_text("repairs made.")
    assert area.input_value().endswith("X")
    view.get_by_role("button", name="Undo: ").click()
    expect(area).to_have_value(before + "X")
    page.keyboard.press("Control+z")
    expect(area).to_have_value(before)


def test_a_file_of_several_messages(kit: Callable[[str], Any], tmp_path: Path) -> None:
    view = kit("Validator()")
    area, page = view.locator("textarea"), view.page
    file = tmp_path / "night.hl7"
    file.write_bytes(BATCH.encode())
    with page.expect_file_chooser() as choosing:
        view.get_by_role("button", name="Choose a file").click()
    choosing.value.set_files(file)
    expect(view.get_by_role("status")).to_contain_text("night.hl7, 3 messages.")
    expect(view.locator(".kit-note.warning")).to_contain_text("Its trailer BTS")
    choose = view.get_by_label("Message of the file")
    assert choose.locator("option").all_inner_texts() == ["1: ADT^A01, Lie1, F1", "2: ADT^A04, Lie4, F4", "3: ADT^A08, Lie8, F8"]
    area.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("PV1||I")
    choose.select_option("2")
    expect(area).to_have_value(BATCH[BATCH.rindex("MSH") :].replace("\r", "\n"))
    expect(choose).to_be_focused()
    choose.select_option("0")
    expect(area).to_have_value("MSH|^~\\&|ADT|N|PIM|N|20250303080000||ADT^A01^ADT_A01|F1|P|2.5\nPID|||1^^^N||Lie1\nPV1||I")
    for _ in range(4):
        view.get_by_role("button", name="Undo").click()
    expect(view.get_by_text("Nothing to check yet")).to_be_visible()


def test_several_messages_in_the_text(kit: Callable[[str], Any]) -> None:
    view = kit("Validator()")
    view.page.evaluate("text => navigator.clipboard.writeText(text)", BATCH.replace("\r", "\n"))
    view.locator("textarea").focus()
    view.page.keyboard.press("Control+v")
    view.get_by_role("button", name="Check its 3 messages one by one").click()
    expect(view.get_by_label("Message of the file")).to_be_focused()
    expect(view.get_by_role("status")).to_contain_text("3 messages.")
    view.page.keyboard.press("ArrowDown")
    expect(view.locator("textarea")).to_have_value(BATCH[BATCH.index("MSH", 40) : BATCH.rindex("MSH")].replace("\r", "\n"))


def test_a_file_is_dropped(kit: Callable[[str], Any]) -> None:
    view = kit("Validator(example())")
    drop = """(kit, [name, text]) => {
      const data = new DataTransfer(); data.items.add(new File([text], name));
      for (const type of ["dragover", "drop"]) kit.querySelector("textarea").dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    view.evaluate(drop, ["one.json", '{"resourceType": "Patient"}'])
    expect(view.locator("textarea")).to_have_value('{"resourceType": "Patient"}')
    expect(view.locator("[data-tag]")).to_have_text("FHIR")
    view.evaluate(drop, ["nothing.hl7", ""])
    expect(view.get_by_role("alert")).to_contain_text("nothing.hl7 is empty: expected a message")
    view.evaluate(drop, ["picture.png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
    expect(view.get_by_role("alert")).to_contain_text("is no text")
    expect(view.locator("textarea")).to_have_value('{"resourceType": "Patient"}')
    view.get_by_role("button", name="Undo: opened one.json").click()
    expect(view.locator("[data-tag]")).to_have_text("HL7 v2")
    expect(view.locator("[data-told]")).to_be_hidden()


def test_what_is_too_large_is_told_at_once(kit: Callable[[str], Any], tmp_path: Path) -> None:
    view = kit("Validator(example())")
    before = view.locator("textarea").input_value()
    file = tmp_path / "large.hl7"
    file.write_bytes(b"MSH|^~\\&|A||||||ORU^R01|1|P|2.5\r" + b"OBX|1|NM|1||1\r" * 800_000)
    view.locator("[type=file]").set_input_files(file)
    expect(view.get_by_role("alert")).to_contain_text(
        "large.hl7 is too large for a page: 11,200,032 bytes, and 8,000,000 fit", timeout=1500
    )
    file.write_bytes(b"MSH|^~\\&|A||||||ORU^R01|1|P|2.5\r" + b"OBX|1|NM|1||1\r" * 200_000)
    view.locator("[type=file]").set_input_files(file)
    expect(view.locator("[data-lists]")).to_contain_text("This message has 2,800,032 characters, and a page takes 1,000,000.")
    expect(view.get_by_role("status")).to_contain_text("Not checked")
    view.page.evaluate("navigator.clipboard.writeText('x'.repeat(2000000))")
    view.locator("textarea").focus()
    view.page.keyboard.press("Control+v")
    expect(view.get_by_role("alert")).to_contain_text("That is 2,000,000 characters")
    view.get_by_role("button", name="Undo: opened large.hl7").click()
    expect(view.locator("textarea")).to_have_value(before)


def test_many_equal_findings_are_one_line_that_opens(kit: Callable[[str], Any]) -> None:
    view = kit("Validator(report(500))")
    page, option = view.page, view.locator(".kit-finding:visible")
    fold = view.locator("[data-fold]").first
    expect(fold).to_have_text("and 499 more like it")
    closed = option.count()
    assert closed < 12
    head = view.locator(".kit-finding", has=page.locator("[data-fold]")).first
    head.click()
    page.keyboard.press("ArrowUp")
    head.focus()
    page.keyboard.press("ArrowRight")
    assert option.count() == closed + 50
    page.keyboard.press("ArrowDown")
    expect(view.locator("[aria-selected=true] .p")).to_have_text("OBX[2]-11")
    assert view.locator(".kit-mirror .kit-lit").count() > 0
    view.locator("textarea").press("Control+End")
    page.keyboard.type("NTE|1")
    expect(view.locator("textarea")).to_have_value(view.locator("textarea").input_value())
    page.wait_for_timeout(900)
    assert view.locator("[data-under]:visible").count() == 50  # what is open stays open
    view.locator("[data-under]:visible").first.focus()
    page.keyboard.press("ArrowLeft")
    assert view.locator("[data-under]:visible").count() == 0
    expect(head).to_be_focused()


def test_keys_of_the_findings(kit: Callable[[str], Any]) -> None:
    view = kit("Validator(example(mistakes=True))")
    page, area = view.page, view.locator("textarea")
    area.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(view.locator("[aria-selected=true] .p")).to_have_text("EVN-6")
    page.keyboard.press("Alt+ArrowUp")
    expect(view.locator("[aria-selected=true] .p")).to_have_text("PID-8")
    page.keyboard.press("Enter")
    expect(area).to_be_focused()
    page.keyboard.type("F")  # the place was selected
    expect(view.get_by_role("status")).not_to_contain_text("warning")
    expect(area).to_have_value(view.locator(".kit-mirror").text_content()[:-1])


def test_an_unreadable_text_has_ways_out(kit: Callable[[str], Any]) -> None:
    view = kit("""Validator('{"resourceType": "Patient",\\n "name": [}')""")
    expect(view.get_by_role("status")).to_contain_text("Not readable at line 2, character 11")
    view.get_by_role("button", name="Go to the place").click()
    expect(view.locator("textarea")).to_be_focused()
    assert view.locator("textarea").evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)") == "}"
    view.page.keyboard.type("]}")
    expect(view.locator("[data-tag]")).to_have_text("FHIR")


def test_hostile_text_is_text(kit: Callable[[str], Any]) -> None:
    bad = "<script>window.hurt=1</script><img src=x onerror=window.hurt=1>"
    view = kit(f"text = 'MSH|^~\\\\&|A||||||ADT^A01|1|P|2.5\\rPID|||{bad}\\x00||' + 'x' * 900000 + '\\r'\nValidator(text)")
    expect(view.get_by_role("status")).to_contain_text("error")
    expect(view.locator(".kit-mirror")).to_contain_text(bad)
    assert view.page.evaluate("window.hurt") is None
    drop = """(kit, bad) => { const data = new DataTransfer(); data.items.add(new File(["MSH|^~\\\\&|" + bad + "\\rMSH|^~\\\\&|A||||||" + bad], bad + ".hl7"));
      kit.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })); }"""
    view.evaluate(drop, bad)
    expect(view.get_by_label("Message of the file")).to_contain_text("<script>")
    view.page.wait_for_timeout(300)
    assert view.page.evaluate("window.hurt") is None
