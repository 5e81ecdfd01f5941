"""Runs the check of an exercise: the one function behind the button, the test and the shell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ihe_kit.course.items import Answer, Context, Exercise, Part, Verdict
from ihe_kit.course.lessons import exercise
from ihe_kit.region import Sandbox, story_clock, story_ids


def check(id: str | Exercise, *answer: str) -> Verdict:
    """What the check of an exercise says to an answer: `check("00.1", "4711^^^NORDVIK")`. A puzzle's answer names its tiles in order.

    An answer that is blank or untouched is told apart before the check runs, so no check has to. Raises ValueError for an unknown exercise.
    """
    chosen = exercise(id) if isinstance(id, str) else id
    given = [text.strip() for text in answer] if chosen.tiles else _completed(chosen.parts, answer)
    early = _unordered(given, chosen) if chosen.tiles else _unfilled(given, chosen)
    return early or chosen.check(given, Context(_sandbox))


def _completed(parts: Sequence[Part], answer: Sequence[str]) -> Answer:
    """One text for each part: what is fixed stays, blanks around a text go, and a message has the line ends that its standard wants."""
    texts = [*answer, *[""] * len(parts)]
    return [part.given if part.fixed else _wired(text) if part.lines else text.strip() for part, text in zip(parts, texts, strict=False)]


def _wired(text: str) -> str:
    """A text from a field of several lines: in HL7 v2 each line ends with CR, in everything else with LF."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    header = lines[:1] and lines[0].startswith(("MSH", "FHS", "BHS"))
    return "".join(f"{line}\r" for line in lines if line) if header else "\n".join(lines)


def _unfilled(given: Answer, item: Exercise) -> Verdict | None:
    own = [(part, text) for part, text in zip(item.parts, given, strict=True) if not part.fixed]
    empty = [part.label for part, text in own if not text]
    same = all(text == _completed([part], [part.given])[0] for part, text in own)
    if same:
        says = "Nothing is changed yet." if any(part.given for part, _ in own) else "Nothing is filled in yet."
        return Verdict(False, says, "Try something: every answer is told what is right already and what is missing.", tried=False)
    if empty:
        return Verdict(
            False, f"{len(own) - len(empty)} of {len(own)} are filled in.", f"Still open: {empty[0]}{'' if empty[0][-1] in '.?!…' else '.'}"
        )
    return None


def _unordered(given: Answer, item: Exercise) -> Verdict | None:
    if tuple(given) in ((), item.untouched):
        return Verdict(False, "Nothing is moved yet.", "Begin with the piece that you are sure of.", tried=False)
    known = [tile.key for tile in item.tiles]
    if len(set(given)) < len(given) or not set(given) <= set(known):
        return Verdict(False, "That is no order of these pieces.", f"Each of them once, or not at all: {', '.join(known)}.")
    return None


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    """Systems of the check's own, on ports of their own. The learner's sandbox stays as it is."""
    with Sandbox("sqlite://", story_clock(), story_ids("C"), "127.0.0.1") as box:
        yield box
