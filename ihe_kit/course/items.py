"""The nouns of the course: Exercise, Prediction, Question, Lesson, and the Verdict of a check. Data only; nothing here knows a widget.

A check is a plain function, so that a test calls what a button calls. Text may mark code with backticks, as in `PID-3`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

Answer = Sequence[str]  # one text for each part of an exercise


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says. `says` is one sentence: what is right, or the gap; `why` tells why it matters and where to look.

    `predicted` and `happened` are shown beside each other where the learner said beforehand what would come. `faults` are the keys of the
    tiles of a puzzle that stand wrong. `tried` is False where there was nothing to check yet.
    """

    right: bool
    says: str
    why: str = ""
    predicted: str = ""
    happened: str = ""
    faults: tuple[str, ...] = ()
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may use. `sandbox()` starts systems of the check's own, so that the learner's stay as they are."""

    sandbox: Callable[[], AbstractContextManager[Sandbox]]


Check = Callable[[Answer, Context], Verdict]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to fill in: a line of text, one of the `options` where there are any, or a text of about so many `lines`, such as a message.

    `given` is what stands there at the beginning, cut from the solution; where it is `fixed` it stays, as the done steps of a faded example do.
    """

    label: str
    options: tuple[str, ...] = ()
    lines: int = 0
    given: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of a puzzle that is put in order. `why`: why it is needed, or why it does not belong."""

    key: str
    says: str
    why: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """A typical wrong answer, and the belief that it stands for."""

    answer: tuple[str, ...]
    belief: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task that checks itself. `hints` climb in three steps: where to look, what to do, nearly the answer.

    `wrong` are at least three typical wrong answers: a test proves that the check turns each of them down. A puzzle has `tiles` and no
    parts; its answer names the tiles in their order. `forms` makes the kinds that are more than fields: puzzles, break-its, messages.
    """

    id: str
    standard: str  # the key of a standard, or "" for all of them
    task: str
    parts: tuple[Part, ...]
    check: Check
    hints: tuple[str, str, str]
    solution: tuple[str, ...]
    why: str
    wrong: tuple[Wrong, ...]
    spec: str = ""
    tiles: tuple[Tile, ...] = ()
    kind: str = "Exercise"  # what its head says: Exercise, Put in order, Break it
    button: str = "Check"  # what is broken on the wire is sent

    @property
    def untouched(self) -> tuple[str, ...]:
        """The answer of somebody who has done nothing yet."""
        return _shuffled(self) if self.tiles else tuple(part.given for part in self.parts)


def _shuffled(item: Exercise) -> tuple[str, ...]:
    """All tiles in an order that is the same every day and never the solution."""
    keys, chance = [tile.key for tile in item.tiles], Random(item.id)
    while tuple(keys[: len(item.solution)]) == item.solution or keys == [tile.key for tile in item.tiles]:
        chance.shuffle(keys)
    return tuple(keys)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a worked example: a label that says what it achieves, what is written, and how one comes to it. Spaces, commas and capitals
    of an answer do not count, unless it has to be `exact`, as a value on the wire has.
    """

    label: str
    value: str
    how: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: the same steps come back with gaps, and then blank, in the exercises after it (`forms.faded`)."""

    id: str
    standard: str
    task: str
    steps: tuple[Step, ...]
    why: str
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be chosen, and the reason why it is right or what belief it stands for. `key` is what really happens."""

    text: str
    why: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A question before a result. `read` turns what really happened into (the key of a choice, what to show); `right` is the usual key."""

    id: str
    standard: str
    ask: str
    choices: tuple[Choice, ...]
    read: Callable[[Any], tuple[str, str]]
    right: str
    why: str
    spec: str = ""
    shown: str = "It answered"  # the words over what really happened


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a quiz. `right` counts the choices from 0."""

    id: str
    standard: str
    ask: str
    choices: tuple[Choice, ...]
    right: int
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing that a learner can do afterwards; `shown_by` are the items that show it. `code` is False where no programming is needed."""

    says: str
    shown_by: tuple[str, ...]
    code: bool = True


@dataclass(frozen=True)
class Lesson:
    """The items of one lesson. `number` is that of its notebook, such as `00`; `minutes` are those of a learner alone; `before` says what
    to have done first. What a learner can show afterwards stands in the plan.
    """

    number: str
    goals: tuple[Goal, Goal, Goal]
    minutes: int
    before: str
    exercises: tuple[Exercise, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    quiz: tuple[Question, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of every item that a learner answers, in the order of kinds."""
        return (*(e.id for e in self.exercises), *(p.id for p in self.predictions), *(q.id for q in self.quiz))
