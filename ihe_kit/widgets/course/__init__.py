"""What a notebook calls: exercise, example, predict, reveal, quiz, course_map. What they decide stands in `ihe_kit.course`."""

from __future__ import annotations

from typing import Any

from ihe_kit.course import lessons
from ihe_kit.widgets.course.choices import PredictionView, QuizView, RevealView
from ihe_kit.widgets.course.exercises import ExerciseView
from ihe_kit.widgets.course.map import CourseMap
from ihe_kit.widgets.course.order import OrderView
from ihe_kit.widgets.course.worked import ExampleView


def exercise(id: str) -> ExerciseView:
    """An exercise that checks itself: `exercise("00.1")`. Raises ValueError with the nearest known one."""
    item = lessons.exercise(id)
    return OrderView(item) if item.tiles else ExerciseView(item)


def example(id: str) -> ExampleView:
    """A worked example: `example("01.w1")`. Raises ValueError with the nearest known one."""
    return ExampleView(lessons.example(id))


def predict(id: str) -> PredictionView:
    """Say what will happen, before you run the next cell. Raises ValueError with the nearest known one."""
    return PredictionView(lessons.prediction(id))


def reveal(id: str, value: Any) -> RevealView:
    """What happened, beside your prediction: `reveal("00.p1", exchange(...))`. It waits until the prediction is locked in."""
    return RevealView(lessons.prediction(id), value)


def quiz(number: str) -> QuizView:
    """The quiz of a lesson: `quiz("00")`. Raises ValueError for a lesson without one."""
    return QuizView(number)


def course_map(current: str = "", role: str = "") -> CourseMap:
    """The map of the course: `course_map("00")` marks where you are. Raises ValueError for an unknown role."""
    return CourseMap(current, role)


__all__ = ["course_map", "example", "exercise", "predict", "quiz", "reveal"]
