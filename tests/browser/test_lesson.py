"""The first lesson as a learner meets it: `ihe-kit lab` opens it, every cell runs, every widget is used by mouse and by keyboard."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import HOME, free_port, private, reader, until_up

SHOTS = os.environ.get("SHOTS", "")  # a folder for pictures, for a person to look at


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """`ihe-kit lab` in an empty folder: (its address, the folder)."""
    root = tmp_path_factory.mktemp("course")
    folder, port = root / "mine", free_port()
    folder.mkdir()
    command = [sys.executable, "-m", "ihe_kit.cli", "lab", "--dir", str(folder), "--no-browser", "--port", str(port)]
    env = private(root) | {"JUPYTER_TOKEN": "tok"}
    with (root / "log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=HOME)
    base = f"http://127.0.0.1:{port}"
    try:
        until_up(f"{base}/api/status?token=tok", 90)
        yield base, folder
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


@pytest.fixture(scope="module")
def lesson(course: tuple[str, Path]) -> Iterator[Any]:
    """The page on which `ihe-kit lab` opens, with every cell run."""
    base, _ = course
    with reader(base) as page:
        page.goto(f"{base}/?token=tok")  # no path: the lab's own first page
        expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) h1").first).to_contain_text("Start here", timeout=90_000)
        assert page.url.endswith("00-start-here.ipynb")
        run_every_cell(page, base)
        yield page


def run_every_cell(page: Any, base: str) -> None:
    for _ in range(600):  # the toolbar says idle before the connection exists: ask the server
        kernels = page.request.get(f"{base}/api/kernels?token=tok").json()
        if kernels and kernels[0]["execution_state"] == "idle" and kernels[0]["connections"] >= 1:
            break
        page.wait_for_timeout(100)
    cells = page.locator(".jp-CodeCell")
    for _ in range(10):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name=re.compile("^Run All Cells")).first.click()
        try:
            page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\[(\*|\d+)\]")).first.wait_for(timeout=3000)
            break
        except Exception:
            continue
    expect(page.locator("nav.kit").last).to_be_visible(timeout=90_000)  # the map is the last cell's
    assert cells.count() > 15


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def section(page: Any, label: str, number: int = 0) -> Any:
    found = page.locator(f'.kit[aria-label^="{label}"]').nth(number)
    found.scroll_into_view_if_needed()
    return found


def test_nothing_failed_and_nobody_asked_for_news(lesson: Any) -> None:
    assert (
        lesson.locator("[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    )
    assert lesson.locator(".Toastify__toast").count() == 0
    assert lesson.locator(".jp-MarkdownOutput svg, .jp-MarkdownOutput img, .jp-RenderedMermaid").count() >= 1  # the picture of who is who


def test_the_diagram_shows_three_standards_and_an_arrow_opens(lesson: Any) -> None:
    wire = section(lesson, "WireView")
    words = wire.inner_text()
    for word in ("ITI-31", "ITI-78", "openEHR", "Nordvik ADT", "Fjordland identity", "ACK AA", "201 Created"):
        assert word in words
    wire.locator("[role=option]").first.click()
    expect(wire.get_by_role("tabpanel").first).to_contain_text("ADT")
    wire.get_by_role("tab", name=re.compile("Tree")).click()
    expect(wire.locator("[role=treegrid]")).to_contain_text("Patient Identification")
    shot(lesson, "wire")


def test_the_diagram_by_keyboard(lesson: Any) -> None:
    wire = section(lesson, "WireView")
    wire.locator("[role=option][tabindex='0']").focus()
    lesson.keyboard.press("Home")
    lesson.keyboard.press("ArrowDown")
    expect(wire.locator("[role=option][aria-selected=true]")).to_have_attribute("aria-label", re.compile("^2 of "))
    lesson.keyboard.press("Enter")
    inside = "() => document.activeElement.closest('.kit')?.querySelector('[role=tablist]')?.parentElement.contains(document.activeElement)"
    lesson.wait_for_function(inside, timeout=5000)  # the detail is drawn anew while the key is answered


@pytest.mark.parametrize("number, words", [(0, "CX-1"), (1, "HumanName"), (2, "DV_QUANTITY")])
def test_one_explorer_for_three_standards(lesson: Any, number: int, words: str) -> None:
    explorer = section(lesson, "Explorer", number)
    expect(explorer.locator("[role=treegrid]")).to_contain_text(words if number != 2 else "content")
    explorer.get_by_label("Find a path or value").fill("142" if number == 2 else "Ødegård")
    lesson.keyboard.press("Enter")
    expect(explorer.locator(".kit-lit").first).to_be_visible()
    expect(explorer.locator(".kit-card")).to_contain_text(re.compile("Ødegård|142|name|magnitude", re.I))
    shot(lesson, f"explorer-{number}")


def test_predictions_wait_lock_and_reveal(lesson: Any) -> None:
    waiting = section(lesson, "What happened")
    expect(waiting).to_contain_text("Your prediction first")
    predict = section(lesson, "Predict")
    predict.locator("input").first.focus()
    lesson.keyboard.press("ArrowDown")
    lesson.keyboard.press("Tab")
    lesson.keyboard.press("Enter")
    expect(predict.get_by_role("button", name="Locked in")).to_be_disabled()
    expect(section(lesson, "What happened")).to_contain_text("It answered")
    other = section(lesson, "Predict", 1)
    other.locator("label").nth(2).click()
    other.get_by_role("button", name="Lock in").click()
    expect(section(lesson, "What happened", 1)).to_contain_text("You predicted")
    shot(lesson, "predictions")


def test_the_validator_underlines_as_one_types_and_mends(lesson: Any) -> None:
    validator = section(lesson, "Validator")
    area = validator.locator("textarea")
    sound = area.input_value()
    area.fill(sound.replace("NORDVIK&2.999.10.1&ISO^PI", "^PI", 1))
    finding = validator.locator(".kit-finding", has_text="no assigning authority")
    expect(finding).to_be_visible()
    expect(validator.locator("[role=status]").first).to_contain_text("1 error")
    assert validator.locator(".kit-f-error, .kit-f-gap").count() >= 1
    shot(lesson, "validator")
    finding.focus()
    lesson.keyboard.press("f")
    expect(validator.locator(".kit-finding", has_text="no assigning authority")).to_have_count(0)
    assert "NORDVIK&2.999.10.1&ISO^PI" in area.input_value()


def test_the_first_exercise_with_its_hints(lesson: Any) -> None:
    exercise = section(lesson, "Exercise 00.1")
    answer = exercise.locator("input")
    answer.fill("4711^^^^PI")
    lesson.keyboard.press("Enter")
    expect(exercise.locator("[role=status]").first).to_contain_text("Almost")
    exercise.get_by_role("button", name="Give me a hint").click()
    expect(exercise).to_contain_text("Hint 1 of 3")
    answer.fill("4711^^^NORDVIK&2.999.10.1&ISO^PI")
    exercise.get_by_role("button", name="Check").click()
    expect(exercise.locator("[role=status]").first).to_contain_text("Right", timeout=15_000)
    shot(lesson, "exercise")


def test_the_quiz_keeps_the_reason_of_a_wrong_choice(lesson: Any) -> None:
    quiz = section(lesson, "Quiz 00")
    quiz.locator("input").first.focus()
    lesson.keyboard.press("Space")
    lesson.keyboard.press("Enter")
    expect(quiz.locator("label.wrong, label.right").first).to_be_visible()
    expect(quiz.locator("label.wrong small, label.right small").first).to_be_visible()
    shot(lesson, "quiz")


def test_progress_is_kept_in_a_file(lesson: Any, course: tuple[str, Path]) -> None:
    lesson.wait_for_timeout(200)
    kept = json.loads(next(course[1].rglob("progress.json")).read_text())
    assert "00.1" in json.dumps(kept)
    assert "00.p1" in json.dumps(kept)


def test_the_map_marks_where_you_are(lesson: Any) -> None:
    course_map = lesson.locator("nav.kit").last
    course_map.scroll_into_view_if_needed()
    expect(course_map.locator("[aria-current]")).to_have_count(1)
    expect(course_map).to_contain_text("not written yet")
    shot(lesson, "map")


def test_dark_theme(lesson: Any) -> None:
    lesson.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    for label in ("WireView", "Explorer", "Validator"):
        widget = section(lesson, label)
        assert widget.evaluate("(w) => getComputedStyle(w).colorScheme") == "dark"
    lesson.evaluate("document.body.setAttribute('data-jp-theme-light', 'true')")


def test_restarted_kernel_and_all_cells_again(lesson: Any, course: tuple[str, Path]) -> None:
    """Ports are freed, every cell runs again, and what was solved stays solved."""
    base = course[0]
    (kernel,) = lesson.request.get(f"{base}/api/kernels?token=tok").json()
    lesson.get_by_role("menuitem", name="Kernel", exact=True).click()
    lesson.get_by_role("menuitem", name=re.compile("^Restart Kernel and Run All Cells")).click()
    lesson.locator(".jp-Dialog .jp-mod-accept").click()
    lesson.locator(".jp-InputPrompt", has_text="[*]").first.wait_for(timeout=60_000)  # only now do the cells run again
    for _ in range(600):
        (kernel,) = lesson.request.get(f"{base}/api/kernels?token=tok").json()
        if kernel["execution_state"] == "idle" and lesson.locator(".jp-InputPrompt", has_text="[*]").count() == 0:
            break
        lesson.wait_for_timeout(100)
    assert lesson.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    expect(section(lesson, "Exercise 00.1")).to_contain_text("solved")


def test_after_a_restart_nothing_looks_done(lesson: Any, course: tuple[str, Path]) -> None:
    """A widget that nobody answers says so, and takes back what it said of the answer before."""
    exercise = section(lesson, "Exercise 00.1")
    expect(exercise).to_contain_text("solved")
    (kernel,) = lesson.request.get(f"{course[0]}/api/kernels?token=tok").json()
    cookie = next((c["value"] for c in lesson.context.cookies() if c["name"] == "_xsrf"), "")
    lesson.request.post(f"{course[0]}/api/kernels/{kernel['id']}/restart?token=tok", headers={"X-XSRFToken": cookie})
    lesson.wait_for_timeout(3000)
    exercise.locator("input").fill("4711")
    assert "Right" not in exercise.inner_text()
    exercise.get_by_role("button", name="Check").click()
    expect(exercise.locator(".kit-off")).to_be_visible(timeout=10_000)
    assert "Right" not in exercise.inner_text()
