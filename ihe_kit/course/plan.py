"""The course as a whole: its lessons, the paths through them, and how far a learner has come. Which are written, the folder tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ihe_kit.course.ledger import Progress
from ihe_kit.course.lessons import lessons
from ihe_kit.files import home, rows


@dataclass(frozen=True)
class Planned:
    """One lesson of the plan. `notebook` is "" while it is not written; `evidence` is what a learner can show afterwards."""

    number: str
    title: str
    group: str
    standard: str
    evidence: str
    notebook: str

    def state(self, kept: Progress) -> str:
        """`unwritten`, `done`, `half`, or "" where nothing has been begun."""
        if not self.notebook:
            return "unwritten"
        done, begun, of = count(self.number, kept)
        return "done" if of and done == of else "half" if begun else ""


def number(notebook: Path) -> str:
    """The number of a lesson, which its notebook's name begins with: `04`, `11b`."""
    return notebook.name.partition("-")[0]


def plan() -> tuple[Planned, ...]:
    """Every lesson in reading order."""
    written = {number(path): path.name for path in (home() / "notebooks").glob("[0-9][0-9]*-*.ipynb")}
    return tuple(Planned(**row, notebook=written.get(row["number"], "")) for row in rows("course/lessons.tsv"))


def paths() -> dict[str, tuple[tuple[str, ...], str]]:
    """By role: (the numbers of the lessons to take, what to know about the path)."""
    return {row["role"]: (tuple(row["lessons"].split()), row["says"]) for row in rows("course/paths.tsv")}


def count(number: str, kept: Progress) -> tuple[int, int, int]:
    """(exercises and quiz questions done, items begun, exercises and questions in all) of a lesson."""
    if number not in lessons():
        return 0, 0, 0
    items = lessons()[number]
    asked = [*(exercise.id for exercise in items.exercises), *(question.id for question in items.quiz)]
    return sum(bool(kept.get(id).get("solved")) for id in asked), sum(bool(kept.get(id)) for id in items.ids), len(asked)
