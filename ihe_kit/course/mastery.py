"""What a learner has mastered, to take away: a Markdown file for people and a JSON file for programs, with the evidence of each item."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ihe_kit.course.items import Exercise, Lesson, Prediction, Question
from ihe_kit.course.ledger import Progress, keeper
from ihe_kit.course.lessons import lessons
from ihe_kit.course.plan import plan

NOTE = "A learner's own record of exercises that check themselves. It is no certificate, and it is as honest as its owner."


@dataclass(frozen=True)
class Mastered:
    """The two files that were written, and their text. In a notebook it shows as the Markdown."""

    files: tuple[Path, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.text}\nWritten to {' and '.join(str(file) for file in self.files)}."

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return f"{self.text}\nWritten to {' and '.join(f'`{file}`' for file in self.files)}."


def export(name: str = "mastered", kept: Progress | None = None) -> Mastered:
    """Writes `mastered.md` and `mastered.json` into this folder: by lesson the goals reached, and every item that was begun with tries,
    hints, day and evidence. Files of that name are replaced. Raises OSError where the folder cannot be written.
    """
    found = report(kept or keeper())
    files = Path(f"{name}.md").resolve(), Path(f"{name}.json").resolve()
    text = _text(found)
    files[0].write_text(text, encoding="utf-8")
    files[1].write_text(json.dumps({"note": NOTE, "lessons": found}, indent=1, ensure_ascii=False), encoding="utf-8")
    return Mastered(files, text)


def report(kept: Progress) -> list[dict[str, Any]]:
    """One entry for each lesson in which something was begun."""
    titles = {planned.number: planned.title for planned in plan()}
    return [_lesson(lesson, titles[lesson.number], kept) for lesson in lessons().values() if any(kept.get(id) for id in lesson.ids)]


def _lesson(lesson: Lesson, title: str, kept: Progress) -> dict[str, Any]:
    goals = [
        {"goal": goal.says, "reached": all(_done(kept.get(id)) for id in goal.shown_by), "shown_by": list(goal.shown_by)}
        for goal in lesson.goals
    ]
    items: list[Exercise | Prediction | Question] = [*lesson.exercises, *lesson.predictions, *lesson.quiz]
    return {"lesson": lesson.number, "title": title, "goals": goals, "items": [_item(item, kept) for item in items if kept.get(item.id)]}


def _done(record: dict[str, Any]) -> bool:
    """Solved; a prediction counts when it was made, for a wrong one teaches no less."""
    return bool(record.get("solved")) or "predicted" in record


def _item(item: Exercise | Prediction | Question, kept: Progress) -> dict[str, Any]:
    record = kept.get(item.id)
    row = {
        "item": item.id,
        "asked": item.task if isinstance(item, Exercise) else item.ask,
        "solved": bool(record.get("solved")),
        "when": record.get("when", ""),
    }
    if isinstance(item, Exercise):
        row |= {"tries": record.get("tries", 0), "hints": record.get("hints", 0), "answer_shown": bool(record.get("shown"))}
        return row | {"answer": record.get("answer", []), "evidence": record.get("said", "")}
    if isinstance(item, Prediction):
        choice = item.choices[record["predicted"]] if 0 <= record.get("predicted", -1) < len(item.choices) else None
        return row | {"solved": bool(choice and choice.key == item.right), "predicted": choice.text if choice else ""}
    chosen = [item.choices[k].text for k in record.get("chosen", []) if 0 <= k < len(item.choices)]
    return row | {"tries": len(chosen), "chosen": chosen, "evidence": item.choices[item.right].text if record.get("solved") else ""}


def _text(found: list[dict[str, Any]]) -> str:
    lines = ["# What I have mastered", "", NOTE, ""]
    for lesson in found:
        lines += [f"## {lesson['lesson']} {lesson['title']}", ""]
        lines += [f"- [{'x' if goal['reached'] else ' '}] {goal['goal']} ({', '.join(goal['shown_by'])})" for goal in lesson["goals"]]
        lines += ["", "| Item | Solved | Tries | Hints | Day | Evidence |", "|---|---|---|---|---|---|"]
        lines += [_row(item) for item in lesson["items"]] + [""]
    return "\n".join(lines if found else [*lines, "Nothing yet.", ""])


def _row(item: dict[str, Any]) -> str:
    solved = (
        "as predicted"
        if item["solved"] and "predicted" in item
        else "otherwise"
        if "predicted" in item
        else "yes"
        if item["solved"]
        else "not yet"
    )
    shown = " (answer shown)" if item.get("answer_shown") else ""
    evidence = item.get("evidence") or item.get("predicted", "")
    cells = (item["item"], solved + shown, item.get("tries", ""), item.get("hints", ""), item["when"], evidence)
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
