"""An exercise: fields, Check, what the check says, and a ladder of hints."""

from __future__ import annotations

from collections.abc import Sequence

from ihe_kit.course.checking import check
from ihe_kit.course.items import Exercise, Verdict
from ihe_kit.course.ledger import Progress, Record
from ihe_kit.render import cite, count, h
from ihe_kit.widgets.course.base import CourseWidget, folded, frame, note, prose


class ExerciseView(CourseWidget):
    """One exercise: fields, Check, what the check says, and hints that unfold one by one and stay."""

    def __init__(self, item: Exercise, kept: Progress | None = None) -> None:
        self.item = item
        self.verdict: Verdict | None = None
        super().__init__(kept)

    @property
    def record(self) -> Record:
        return self.kept.get(self.item.id)

    def answer_check(self, values: Sequence[str]) -> None:
        """The Check button."""
        try:
            self.verdict = check(self.item, *values)
        except Exception as reason:  # a fault of the check, not of the learner: say so, keep the answer
            self.verdict = Verdict(False, "The check itself failed.", f"Not your fault: {type(reason).__name__}: {reason}")
        if any(text.strip() for text in values):
            known = self.record
            tries = known.get("tries", 0) + (not known.get("solved"))
            self.kept.update(self.item.id, answer=list(values), tries=tries, solved=self.verdict.right or bool(known.get("solved")))

    def answer_hint(self, values: Sequence[str]) -> None:
        """The next hint."""
        self.kept.update(self.item.id, hints=min(self.record.get("hints", 0) + 1, len(self.item.hints)))

    def answer_show(self, values: Sequence[str]) -> None:
        """Show the answer."""
        self.kept.update(self.item.id, shown=True)

    def inside(self) -> str:
        item, record = self.item, self.record
        said = ""
        if self.verdict:
            said = note("ok" if self.verdict.right else "error", self.verdict.says, self.verdict.why)
        elif record.get("solved"):
            said = note("ok", "You solved this one.", "Change the answer and check again, if you like.")
        primary = "" if record.get("solved") else " primary"
        status = f'<div role="status" data-verdict id="{self.uid}-said">{said}</div>'
        button = f'<button type="submit" class="kit-btn{primary}">Check</button>'
        body = f'<p class="q">{prose(item.task)}</p>{self._fields(button)}{status}{self._ladder()}{self.problem()}'
        return frame(f"Exercise {item.id}", item.standard, self._meta(record), f'<form class="kit-task" data-do="check">{body}</form>')

    @staticmethod
    def _meta(record: Record) -> str:
        tries, hints = record.get("tries", 0), record.get("hints", 0)
        counts = [f"{tries} {'try' if tries == 1 else 'tries'}"] if tries else []
        counts += [count(hints, "hint")] if hints else []
        counts += ["answer shown"] if record.get("shown") else []
        return ("solved in " if record.get("solved") and tries else "") + ", ".join(counts)

    def _fields(self, button: str) -> str:
        given = [*self.record.get("answer", []), *[""] * len(self.item.parts)]
        wrong = self.verdict is not None and not self.verdict.right
        state = f' aria-describedby="{self.uid}-said"' + (' aria-invalid="true"' if wrong and len(self.item.parts) == 1 else "")
        if len(self.item.parts) == 1:
            part = self.item.parts[0]
            label = f'<label class="kit-sr" for="{self.uid}-0">Your answer: {h(part.label)}</label>'
            return f'<div class="do">{label}{self._field(0, given[0], state)}{button}</div>'
        rows = "".join(
            f'<label for="{self.uid}-{k}">{prose(part.label)}</label>{self._field(k, given[k], state)}'
            for k, part in enumerate(self.item.parts)
        )
        return f'<div class="kit-parts">{rows}</div><div class="do">{button}</div>'

    def _field(self, number: int, value: str, state: str) -> str:
        after = "" if number else " data-after"  # where focus goes when the button that had it is gone
        name, options = f'id="{self.uid}-{number}" name="{number}"{after}', self.item.parts[number].options
        if not options:
            return f'<input {name} class="kit-input mono" value="{h(value)}" autocomplete="off" autocapitalize="off" spellcheck="false"{state}>'
        chosen = "".join(f"<option{' selected' if option == value else ''}>{h(option)}</option>" for option in options)
        return f'<select {name} class="kit-input"{state}><option value="">Choose …</option>{chosen}</select>'

    def _ladder(self) -> str:
        taken, shown, solved = (self.record.get(name, 0) for name in ("hints", "shown", "solved"))
        hints = self.item.hints
        steps = "".join(f'<i class="{"on" if k < taken else ""}"></i>' for k in range(len(hints)))
        unfolded = "".join(note("bulb", f"Hint {k} of {len(hints)}", hint) for k, hint in enumerate(hints[:taken], start=1))
        more = (
            f'<button type="button" class="kit-btn small" data-do="hint" data-key="hint">{"Next hint" if taken else "Give me a hint"}</button>'
            if taken < len(hints) and not solved
            else ""
        )
        show = (
            '<button type="button" class="kit-btn small quiet" data-do="show" data-key="show">Show the answer</button>'
            if (taken or solved) and not shown
            else ""
        )
        ladder = "" if solved and not taken else f'<span class="kit-ladder" aria-hidden="true">{steps}</span>'
        bar = f'<div class="bar" data-key="bar">{ladder}{more}{show}</div>' if more or show else ""
        return f'<div class="kit-hints"><div role="status">{unfolded}{self._solution() if shown else ""}</div>{bar}</div>'

    def _solution(self) -> str:
        item = self.item
        if len(item.parts) == 1:
            answer = f'<code class="answer">{h(item.solution[0])}</code>'
        else:
            answer = "<ol>" + "".join(f"<li>{h(text)}</li>" for text in item.solution) + "</ol>"
        return note("info", "The answer", "", f"{answer}{prose(item.why)} {cite(item.spec)}")

    def twin(self) -> str:
        item = self.item
        parts = (
            ""
            if len(item.parts) == 1
            else "<ol>" + "".join(f"<li>{prose(p.label)} ({h('; '.join(p.options))})</li>" for p in item.parts) + "</ol>"
        )
        hints = "".join(folded(f"Hint {k} of {len(item.hints)}", f"<p>{prose(hint)}</p>") for k, hint in enumerate(item.hints, start=1))
        body = f'<div class="kit-task"><p class="q">{prose(item.task)}</p>{parts}{hints}{folded("The answer, and why", self._solution())}</div>'
        return frame(f"Exercise {item.id}", item.standard, "needs a running kernel to check", body, static=True)
