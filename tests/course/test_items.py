"""The items of every lesson, and the plan of the course, are whole: found by looking into the folders."""

from __future__ import annotations

import pytest

from ihe_kit.course.items import Lesson
from ihe_kit.course.ledger import Progress
from ihe_kit.course.lessons import lesson, lessons
from ihe_kit.course.plan import count, paths, plan
from ihe_kit.files import home

LESSONS = list(lessons().values())


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_items_are_whole(lesson: Lesson) -> None:
    assert len(set(lesson.ids)) == len(lesson.ids)
    assert all(id.startswith(f"{lesson.number}.") for id in lesson.ids)
    for item in lesson.exercises:
        assert len(item.hints) == 3
        assert all(item.hints)
        assert len(item.solution) == len(item.parts) or set(item.solution) <= {tile.key for tile in item.tiles}
        assert all(not part.options or answer in part.options for part, answer in zip(item.parts, item.solution, strict=False))
        assert all(part.given == answer for part, answer in zip(item.parts, item.solution, strict=False) if part.fixed)
        assert not any(hint.strip("`") == answer for hint in item.hints for answer in item.solution)
        assert item.why
        assert len(item.wrong) >= 3
        assert all(len(wrong.answer) == len(item.parts) for wrong in item.wrong if item.parts)
        assert item.kind in ("Exercise", "Put in order", "Break it")
        assert bool(item.tiles) == (not item.parts) == (item.kind == "Put in order")
    for goal in lesson.goals:
        assert set(goal.shown_by) <= set(lesson.ids)
        assert goal.says[0].islower() and not goal.says.endswith(".")
    assert len(lesson.goals) == 3
    assert any(not goal.code for goal in lesson.goals), "one outcome that needs no code"
    assert 20 <= lesson.minutes <= 40
    assert lesson.before
    for prediction in lesson.predictions:
        assert prediction.right in [choice.key for choice in prediction.choices]
        assert all(choice.key and choice.why for choice in prediction.choices)
    assert len(lesson.quiz) >= 4
    for question in lesson.quiz:
        assert 0 <= question.right < len(question.choices)
        assert len(question.choices) >= 3
        assert all(choice.text and choice.why for choice in question.choices)
    assert len({question.right for question in lesson.quiz}) > 1


@pytest.mark.parametrize("lesson", [one for one in LESSONS if one.number != "00"], ids=lambda lesson: lesson.number)
def test_every_form_of_exercise_is_used(lesson: Lesson) -> None:
    """Lesson 00 came before the forms were made."""
    assert len(lesson.exercises) >= 4
    assert {"Exercise", "Put in order", "Break it"} <= {item.kind for item in lesson.exercises}
    assert lesson.predictions
    for example in lesson.examples:
        assert len(example.steps) >= 3
        labels = [step.label for step in example.steps]
        family = [item for item in lesson.exercises if [part.label for part in item.parts] == labels]
        gaps = [sum(part.fixed for part in item.parts) for item in family]
        assert len(family) >= 2 and gaps == sorted(gaps, reverse=True) and gaps[0] > gaps[-1] == 0, "done, with gaps, blank"
        assert all(item.solution != tuple(step.value for step in example.steps) for item in family), "another case each time"
    assert lesson.examples


def test_a_lesson_without_items_is_named() -> None:
    with pytest.raises(ValueError, match="no lesson '99' has items"):
        lesson("99")


def test_the_plan_has_its_lessons_in_order() -> None:
    """Twenty-six, and 11b between two of them."""
    planned = plan()
    assert [one.number for one in planned] == sorted([*(f"{number:02d}" for number in range(26)), "11b"])
    assert all(one.title and one.group and one.evidence for one in planned)
    assert {one.standard for one in planned} == {"", "v2", "fhir", "openehr"}


def test_what_is_written_the_folder_tells() -> None:
    there = {path.name for path in (home() / "notebooks").glob("*.ipynb")}
    assert {one.notebook for one in plan() if one.notebook} == there
    assert {one.number for one in plan() if one.notebook} == set(lessons())


def test_paths_lead_through_lessons_that_are_planned() -> None:
    known = [one.number for one in plan()]
    assert len(paths()) >= 4
    for numbers, says in paths().values():
        assert says
        assert list(numbers) == sorted(numbers)
        assert set(numbers) <= set(known)
        assert numbers[0] == "00"


def test_states(tmp_path) -> None:
    kept, first = Progress(tmp_path), plan()[0]
    assert first.state(kept) == ""
    kept.update("00.p1", predicted=1)
    assert first.state(kept) == "half"
    for id in ("00.1", "00.2", "00.q1", "00.q2", "00.q3", "00.q4"):
        kept.update(id, solved=True)
    assert first.state(kept) == "done"
    assert count("00", kept) == (6, 7, 6)
    assert next(one for one in plan() if not one.notebook).state(kept) == "unwritten"
