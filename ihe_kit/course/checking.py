"""Runs the check of an exercise: the one function behind the button, the test and the shell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ihe_kit.course.items import Answer, Context, Exercise, Verdict
from ihe_kit.course.lessons import exercise
from ihe_kit.region import Sandbox, story_clock, story_ids


def check(id: str | Exercise, *answer: str) -> Verdict:
    """What the check of an exercise says to an answer: `check("00.1", "4711^^^NORDVIK")`. Raises ValueError for an unknown exercise.

    A blank answer is told apart before the check runs, so no check has to.
    """
    chosen = exercise(id) if isinstance(id, str) else id
    given: Answer = [text.strip() for text in answer]
    empty = [part.label for part, text in zip(chosen.parts, [*given, *[""] * len(chosen.parts)], strict=False) if not text]
    if len(empty) == len(chosen.parts):
        return Verdict(False, "Nothing is filled in yet.", "Try something: every answer is told what is right already and what is missing.")
    if empty:
        return Verdict(False, f"{len(chosen.parts) - len(empty)} of {len(chosen.parts)} are filled in.", f"Still open: {empty[0]}.")
    return chosen.check(given, Context(_sandbox))


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    """Systems of the check's own, on ports of their own. The learner's sandbox stays as it is."""
    with Sandbox("sqlite://", story_clock(), story_ids("C"), "127.0.0.1") as box:
        yield box
