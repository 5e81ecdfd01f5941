"""One file of items per lesson, collected by looking into this folder. A new lesson is one new file that declares `LESSON`."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from ihe_kit.core import nearest
from ihe_kit.course.items import Example, Exercise, Lesson, Prediction

Item = TypeVar("Item")


@lru_cache(maxsize=1)
def lessons() -> dict[str, Lesson]:
    """Every lesson by its number."""
    found = [import_module(f"{__name__}.{module.name}").LESSON for module in iter_modules(__path__)]
    return {lesson.number: lesson for lesson in sorted(found, key=lambda lesson: lesson.number)}


def lesson(number: str) -> Lesson:
    """The items of the lesson with a number such as `00`. Raises ValueError for a lesson that has none."""
    if number not in lessons():
        raise ValueError(f"no lesson {number!r} has items ({', '.join(lessons())}){nearest(number, lessons())}")
    return lessons()[number]


def exercise(id: str) -> Exercise:
    """The exercise with an id such as `00.1`. Raises ValueError with the nearest known one."""
    return _one({item.id: item for lesson in lessons().values() for item in lesson.exercises}, id, "exercise")


def example(id: str) -> Example:
    """The worked example with an id such as `01.w1`. Raises ValueError with the nearest known one."""
    return _one({item.id: item for lesson in lessons().values() for item in lesson.examples}, id, "worked example")


def prediction(id: str) -> Prediction:
    """The prediction with an id such as `00.p1`. Raises ValueError with the nearest known one."""
    return _one({item.id: item for lesson in lessons().values() for item in lesson.predictions}, id, "prediction")


def _one(known: dict[str, Item], id: str, kind: str) -> Item:
    if id not in known:
        raise ValueError(f"there is no {kind} {id!r} ({', '.join(known)}){nearest(id, known)}")
    return known[id]
