"""The nouns of the course: Exercise, Prediction, Question, Lesson, and the Verdict of a check. Data only; nothing here knows a widget.

A check is a plain function, so that a test calls what a button calls. Text may mark code with backticks, as in `PID-3`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

Answer = Sequence[str]  # one text for each part of an exercise


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says. `says` is one sentence: what is right, or the gap; `why` tells why it matters and where to look."""

    right: bool
    says: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may use. `sandbox()` starts systems of the check's own, so that the learner's stay as they are."""

    sandbox: Callable[[], AbstractContextManager[Sandbox]]


Check = Callable[[Answer, Context], Verdict]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to fill in: a line of text, or one of the `options` where there are any."""

    label: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task that checks itself. `hints` climb in three steps: where to look, what to do, nearly the answer."""

    id: str
    standard: str  # the key of a standard, or "" for all of them
    task: str
    parts: tuple[Part, ...]
    check: Check
    hints: tuple[str, str, str]
    solution: tuple[str, ...]
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


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a quiz. `right` counts the choices from 0."""

    id: str
    standard: str
    ask: str
    choices: tuple[Choice, ...]
    right: int
    spec: str = ""


@dataclass(frozen=True)
class Lesson:
    """The items of one lesson. `number` is that of its notebook, such as `00`."""

    number: str
    exercises: tuple[Exercise, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    quiz: tuple[Question, ...] = field(default=())

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of every item, in the order of kinds."""
        return (*(e.id for e in self.exercises), *(p.id for p in self.predictions), *(q.id for q in self.quiz))
