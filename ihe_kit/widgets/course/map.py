"""The map of the course: its lessons in their groups, how far the learner has come, and the path of a role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ihe_kit.core import nearest
from ihe_kit.course.ledger import Progress
from ihe_kit.course.plan import Planned, count, paths, plan
from ihe_kit.render import h, icon
from ihe_kit.widgets.course.base import CourseWidget, prose


class CourseMap(CourseWidget):
    """The lessons in their groups: which are written, which are done, which lie on the path of a role."""

    WORDS: ClassVar[dict[str, str]] = {"done": "done", "half": "begun", "unwritten": "not written yet", "": "not begun"}

    def __init__(self, current: str = "", role: str = "", kept: Progress | None = None) -> None:
        self.current, self.lessons, self.paths = current, plan(), paths()
        if role and role not in self.paths:
            raise ValueError(f"there is no path for {role!r} ({', '.join(self.paths)}){nearest(role, self.paths)}")
        self.chosen = role
        super().__init__(kept)

    def answer_role(self, values: Sequence[str]) -> None:
        """The path of a role, or none."""
        self.chosen = values[0] if values and values[0] in self.paths else ""

    def inside(self) -> str:
        options = "".join(f"<option{' selected' if role == self.chosen else ''}>{h(role)}</option>" for role in self.paths)
        role = f'<select class="kit-input" data-do="role"><option value="">everybody</option>{options}</select>'
        legend = '<span><i class="done"></i>done</span><span><i class="half"></i>begun</span><span><i></i>open</span><span><i class="dashed"></i>not written yet</span>'
        foot = f'<div class="kit-foot"><span class="kit-legend" aria-hidden="true">{legend}</span></div>'
        return self._frame(f'<label class="kit-role">Path for {role}</label>', self._said(), self._evidence() + foot)

    def _frame(self, right: str, said: str, more: str, static: bool = False) -> str:
        written = sum(bool(lesson.notebook) for lesson in self.lessons)
        done = sum(lesson.state(self.kept) == "done" for lesson in self.lessons)
        meta = f"{written} of {len(self.lessons)} lessons written, {done} done"
        head = f'<div class="kit-head"><h3>Your course</h3><span class="kit-meta kit-grow">{meta}</span>{right}</div>'
        path = ' data-path="on"' if self.chosen else ""
        groups = f'<div class="kit-map"{path}>{"".join(self._group(name) for name in dict.fromkeys(lesson.group for lesson in self.lessons))}</div>'
        return f'<nav class="kit{" is-static" if static else ""}" aria-label="Your course">{head}<p class="kit-said" role="status">{said}</p>{groups}{more}</nav>'

    def _said(self) -> str:
        if not self.chosen:
            return ""
        numbers, says = self.paths[self.chosen]
        return f"<b>{h(self.chosen)}: {len(numbers)} lessons.</b> {prose(says)}"

    def _group(self, name: str) -> str:
        members = [lesson for lesson in self.lessons if lesson.group == name]
        standard = members[0].standard
        rows = "".join(self._row(lesson) for lesson in members)
        return f'<section class="kit-{standard or "all"}"><h4>{h(name)}</h4><ul>{rows}</ul></section>'

    def _row(self, lesson: Planned) -> str:
        state = lesson.state(self.kept)
        here = lesson.number == self.current
        on = lesson.number in self.paths[self.chosen][0] if self.chosen else False
        done, _, of = count(lesson.number, self.kept)
        title = f'<span class="no">{lesson.number}</span> {h(lesson.title)}'
        link = f'<a href="{h(lesson.notebook)}">{title}</a>' if lesson.notebook and not here else title
        words = ", ".join(filter(None, (self.WORDS[state], "you are here" if here else "", "on this path" if on else "")))
        classes = " ".join(filter(None, (state, "on" if on else "")))
        small = f"<small>{done}/{of}</small>" if of and lesson.notebook else "<small></small>"
        mark = f'<span class="st">{icon("ok") if state == "done" else ""}</span>'
        current = ' aria-current="step"' if here else ""
        return f'<li class="{classes}"{current}>{mark}<span class="t">{link} <span class="kit-sr">({words})</span></span>{small}</li>'

    def _evidence(self) -> str:
        shown = self.paths[self.chosen][0] if self.chosen else [lesson.number for lesson in self.lessons]
        rows = "".join(
            f"<tr><td>{lesson.number}</td><td>{h(lesson.title)}</td><td>{h(lesson.evidence)}</td></tr>"
            for lesson in self.lessons
            if lesson.number in shown
        )
        table = f'<table class="kit-x"><thead><tr><th>No</th><th>Lesson</th><th>What you can show afterwards</th></tr></thead><tbody>{rows}</tbody></table>'
        return f'<details class="kit-more"><summary>What each lesson leaves behind</summary>{table}</details>'

    def twin(self) -> str:
        said = "".join(f"<p><b>{h(role)}:</b> {' '.join(numbers)}. {prose(says)}</p>" for role, (numbers, says) in self.paths.items())
        return self._frame(
            "", "", f'{self._evidence()}<details class="kit-more"><summary>Paths by role</summary>{said}</details>', static=True
        )
