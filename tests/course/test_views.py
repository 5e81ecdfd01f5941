"""What the buttons do, without a browser: each calls a method that a test can call."""

from __future__ import annotations

from datetime import date
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ihe_kit import build, exchange, person
from ihe_kit.course import lessons
from ihe_kit.course.checking import check
from ihe_kit.course.ledger import Progress
from ihe_kit.course.plan import plan
from ihe_kit.region import Sandbox
from ihe_kit.widgets.course import course_map, exercise, predict, quiz
from ihe_kit.widgets.course.base import CourseWidget, prose
from ihe_kit.widgets.course.choices import PredictionView, QuizView, RevealView
from ihe_kit.widgets.course.exercises import ExerciseView
from ihe_kit.widgets.course.map import CourseMap

SOLUTION = "4711^^^NORDVIK&2.999.10.1&ISO^PI"


@pytest.fixture
def kept(tmp_path: Path) -> Progress:
    return Progress(tmp_path)


def view(id: str, kept: Progress) -> ExerciseView:
    return ExerciseView(lessons.exercise(id), kept)


def press(widget: CourseWidget, what: str, *values: str) -> None:
    """What the page sends when a button is pressed."""
    widget._answer(widget, {"ask": what, "id": 1, "details": {"values": list(values)}}, None)


def test_an_exercise_from_the_first_try_to_the_last(kept: Progress) -> None:
    widget = view("00.1", kept)
    press(widget, "check", "4711^^^^PI")
    assert "Almost: the number has no owner." in widget.html
    assert 'aria-invalid="true"' in widget.html
    assert "1 try" in widget.html
    press(widget, "hint")
    press(widget, "hint")
    assert "Hint 2 of 3" in widget.html
    assert "Hint 3 of 3" not in widget.html
    press(widget, "check", SOLUTION)
    assert "solved in 2 tries, 2 hints" in widget.html
    assert "aria-invalid" not in widget.html
    proof = {"said": check("00.1", SOLUTION).says, "when": date.today().isoformat()}
    assert kept.get("00.1") == {"answer": [SOLUTION], "tries": 2, "solved": True, "hints": 2} | proof


def test_solved_stays_solved(kept: Progress) -> None:
    press(widget := view("00.1", kept), "check", SOLUTION)
    press(widget, "check", "4711")
    assert kept.get("00.1")["solved"]
    assert kept.get("00.1")["tries"] == 1
    again = view("00.1", kept)
    assert "You solved this one." in again.html


def test_hints_end_at_three_and_the_answer_comes_after_one(kept: Progress) -> None:
    widget = view("00.1", kept)
    assert "Show the answer" not in widget.html
    for _ in range(5):
        press(widget, "hint")
    assert kept.get("00.1")["hints"] == 3
    assert 'data-do="hint"' not in widget.html
    press(widget, "show")
    assert f'<code class="answer">{SOLUTION.replace("&", "&amp;")}</code>' in widget.html
    assert "answer shown" in widget.html


def test_an_exercise_with_several_parts(kept: Progress) -> None:
    widget = view("00.2", kept)
    assert widget.html.count("<select") == 5
    press(widget, "check", *lessons.exercise("00.2").solution)
    assert "Right, all five." in widget.html
    assert widget.html.count(" selected>") == 5


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&amp;", "'", "`<b>`", "*<i>*"])
def test_what_a_learner_types_is_escaped(kept: Progress, typed: str) -> None:
    widget = view("00.1", kept)
    press(widget, "check", typed)
    for shown in (widget.html, view("00.1", kept).html):
        assert "<script" not in shown
        assert "<img" not in shown
        assert tags(shown) <= {"section", "div", "h3", "span", "form", "p", "label", "input", "button", "b", "code", "i"}


def test_a_check_that_fails_itself_blames_nobody(kept: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no port is free")

    monkeypatch.setattr("ihe_kit.widgets.course.exercises.check", broken)
    widget = view("00.1", kept)
    press(widget, "check", SOLUTION)
    assert "Not your fault: OSError: no port is free" in widget.html


def test_a_page_cannot_call_what_is_no_button(kept: Progress) -> None:
    widget = view("00.1", kept)
    before = widget.html
    for what in ("refresh", "close", "_answer", "__init__", "", "record"):
        press(widget, what)
    assert widget.html == before


def test_progress_in_memory_is_said(kept: Progress) -> None:
    kept.problem = "progress.json cannot be written (Read-only file system)."
    widget = view("00.1", kept)
    press(widget, "hint")
    assert "Your progress is not written to disk." in widget.html


# Predictions ---------------------------------------------------------------------------------------------------------------------------


def prediction(kept: Progress) -> PredictionView:
    return PredictionView(lessons.prediction("00.p1"), kept)


def test_a_prediction_locks(kept: Progress) -> None:
    widget = prediction(kept)
    press(widget, "lock", "")
    assert "Choose one first." in widget.html
    press(widget, "lock", "9")
    assert widget.predicted is None
    press(widget, "lock", "0")
    press(widget, "lock", "1")
    assert widget.predicted == 0
    assert widget.html.count(" disabled") == 5
    assert kept.get("00.p1") == {"predicted": 0, "when": date.today().isoformat()}


@pytest.fixture
def twice(box: Sandbox) -> Any:
    exchange("ITI-31", build("ITI-31", person("ingrid")), box)
    return exchange("ITI-31", build("ITI-31", person("ingrid")), box)


def test_the_result_waits_for_the_prediction(kept: Progress, twice: Any) -> None:
    widget = prediction(kept)
    shown = RevealView(lessons.prediction("00.p1"), twice, kept)
    assert "Your prediction first." in shown.html
    assert "AE" not in shown.html
    press(widget, "lock", "0")
    assert "ACK AE" in shown.html
    assert "Not quite: an open stay" in shown.html
    assert "3.31.7.1.4" in shown.html


def test_a_true_prediction_is_told_quietly(kept: Progress, twice: Any) -> None:
    kept.update("00.p1", predicted=1)
    assert "As you said." in RevealView(lessons.prediction("00.p1"), twice, kept).html


def test_an_unusual_result_is_named(kept: Progress, box: Sandbox) -> None:
    kept.update("00.p1", predicted=1)
    first = exchange("ITI-31", build("ITI-31", person("ingrid")), box)
    assert "That is not the usual answer here." in RevealView(lessons.prediction("00.p1"), first, kept).html


# Quiz ----------------------------------------------------------------------------------------------------------------------------------


def test_a_quiz_from_the_first_question_to_the_end(kept: Progress) -> None:
    widget = QuizView("00", kept)
    assert "question 1 of 4" in widget.html
    press(widget, "check", "")
    assert "Choose one first." in widget.html
    wrong, right = lessons.lesson("00").quiz[0].choices[0], lessons.lesson("00").quiz[0].right
    press(widget, "check", "0")
    assert wrong.why in widget.html
    assert widget.html.count("<small>") == 1
    press(widget, "check", str(right))
    assert widget.html.count("<small>") == 4
    for question in lessons.lesson("00").quiz[1:]:
        press(widget, "forward")
        press(widget, "check", str(question.right))
    press(widget, "forward")
    assert "All 4 answered, 3 of them at the first try." in widget.html
    assert f"You chose: {wrong.text}" in unescape(widget.html), "what went wrong is named at the end"
    assert wrong.why in unescape(widget.html)
    assert widget.html.count("kit-missed") == 1
    assert "All 4 answered" in QuizView("00", kept).html
    press(widget, "back")
    assert "question 1 of 4" in widget.html


def test_a_quiz_goes_on_where_it_was_left(kept: Progress) -> None:
    kept.update("00.q1", chosen=[1], solved=True)
    assert "question 2 of 4" in QuizView("00", kept).html


def test_leaving_questions_open_is_said(kept: Progress) -> None:
    widget = QuizView("00", kept)
    for _ in range(4):
        press(widget, "forward")
    assert "Still open: question 1, 2, 3, 4." in widget.html
    press(widget, "check", "1")  # a page that is behind does no harm


# Map -----------------------------------------------------------------------------------------------------------------------------------


def test_the_map_marks_here_and_what_is_not_written(kept: Progress) -> None:
    widget = CourseMap("00", kept=kept)
    assert widget.html.count("<li") == 27
    assert widget.html.count('aria-current="step"') == 1
    written = sum(bool(lesson.notebook) for lesson in plan())
    assert widget.html.count("(not written yet)") == 27 - written
    assert f"{written} of 27 lessons written, 0 done" in widget.html


def test_the_map_shows_a_path(kept: Progress) -> None:
    widget = CourseMap("00", kept=kept)
    press(widget, "role", "openEHR starter")
    assert "openEHR starter: 8 lessons." in widget.html
    assert widget.html.count("on this path") == 8
    press(widget, "role", "nobody")
    assert "on this path" not in widget.html
    with pytest.raises(ValueError, match="did you mean Programmer"):
        CourseMap(role="Programer", kept=kept)


def test_a_solved_exercise_shows_on_the_map_at_once(kept: Progress) -> None:
    widget = CourseMap("00", kept=kept)
    press(view("00.1", kept), "check", SOLUTION)
    assert "1/6" in widget.html


# Twins and words -----------------------------------------------------------------------------------------------------------------------


def test_twins_hold_everything_and_need_no_kernel(kept: Progress, twice: Any) -> None:
    for widget in (
        view("00.1", kept),
        view("00.2", kept),
        prediction(kept),
        RevealView(lessons.prediction("00.p1"), twice, kept),
        QuizView("00", kept),
        CourseMap(kept=kept),
    ):
        twin = widget.twin()
        assert "is-static" in twin
        assert not tags(twin) & {"button", "input", "select", "form", "script"}
    assert "ACK AE" in RevealView(lessons.prediction("00.p1"), twice, kept).twin()
    twin = view("00.1", kept).twin()
    assert twin.count("<details>") == 4
    assert "4711^^^NORDVIK&amp;2.999.10.1&amp;ISO^PI" in twin


def test_a_notebook_gets_widget_and_twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for widget in (exercise("00.1"), predict("00.p1"), quiz("00"), course_map("00")):
        data, _ = widget._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in data
        assert "is-static" in data["text/html"]
    assert not list(tmp_path.iterdir())


def test_nothing_is_fetched_from_outside(kept: Progress) -> None:
    for widget in (view("00.1", kept), QuizView("00", kept), CourseMap(kept=kept)):
        for text in (widget.html, widget._esm, widget._css):
            assert "http://" not in str(text).replace("http://www.w3.org", "")
            assert "https://" not in str(text)


def test_prose_marks_code_and_emphasis_and_escapes_the_rest() -> None:
    assert prose("`PID` is *hers* & <b>") == "<code>PID</code> is <i>hers</i> &amp; &lt;b&gt;"
    assert prose("`10*9/L` and `10*3/uL`") == "<code>10&#42;9/L</code> and <code>10&#42;3/uL</code>"


def test_a_path_is_not_broken_at_its_hyphen() -> None:
    assert prose("`PID-3.4.1`, ITI-31.") == '<code><span class="kit-nb">PID-3.4.1</span></code>, <span class="kit-nb">ITI-31</span>.'


def tags(html: str) -> set[str]:
    """The names of the elements in a piece of HTML."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            found.add(tag)

    Reader().feed(html)
    return found
