"""An exercise: fields, Check, what the check says, and a ladder of hints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ihe_kit.course.checking import check
from ihe_kit.course.items import Exercise, Part, Verdict
from ihe_kit.course.ledger import Progress, Record
from ihe_kit.render import cite, count, h
from ihe_kit.widgets.course.base import CourseWidget, folded, frame, note, prose

LONG = 56  # characters; an answer with more is cut off in a list that opens


def _long(part: Part) -> bool:
    return any(len(option) > LONG for option in part.options)


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
        if self.verdict.tried:
            known = self.record
            solved = bool(known.get("solved"))
            proof = {"said": self.verdict.says, "when": date.today().isoformat()} if self.verdict.right and not solved else {}
            tries = known.get("tries", 0) + (not solved)
            self.kept.update(self.item.id, answer=list(values), tries=tries, solved=self.verdict.right or solved, **proof)

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
            said = self._versus() + note("ok" if self.verdict.right else "error", self.verdict.says, self.verdict.why)
        elif record.get("solved"):
            said = note("ok", "You solved this one.", "Change the answer and check again, if you like.")
        primary = "" if record.get("solved") else " primary"
        status = f'<div role="status" data-verdict id="{self.uid}-said">{said}</div>'
        button = f'<button type="submit" class="kit-btn{primary}">{item.button}</button>'
        body = f'<p class="q">{prose(item.task)}</p>{self._fields(button)}{status}{self._ladder()}{self.problem()}'
        return frame(f"{item.kind} {item.id}", item.standard, self._meta(record), f'<form class="kit-task" data-do="check">{body}</form>')

    def _versus(self) -> str:
        said = self.verdict
        if not said or not said.happened:
            return ""
        pair = f'<div><span class="kit-quiet kit-small">You predicted</span><b>{prose(said.predicted)}</b></div>'
        pair += f'<div><span class="kit-quiet kit-small">It answered</span><b>{h(said.happened)}</b></div>'
        return f'<div class="kit-versus">{pair}</div>'

    @staticmethod
    def _meta(record: Record) -> str:
        tries, hints = record.get("tries", 0), record.get("hints", 0)
        counts = [f"{tries} {'try' if tries == 1 else 'tries'}"] if tries else []
        counts += [count(hints, "hint")] if hints else []
        counts += ["answer shown"] if record.get("shown") else []
        return ("solved in " if record.get("solved") and tries else "") + ", ".join(counts)

    def _fields(self, button: str) -> str:
        parts = self.item.parts
        known = self.record.get("answer", [])
        given = known if len(known) == len(parts) else [part.given for part in parts]
        wrong = self.verdict is not None and not self.verdict.right
        state = f' aria-describedby="{self.uid}-said"' + (' aria-invalid="true"' if wrong and len(parts) == 1 else "")
        if len(parts) == 1 and not parts[0].lines and not _long(parts[0]):
            label = f'<label class="kit-sr" for="{self.uid}-0">Your answer: {h(parts[0].label)}</label>'
            return f'<div class="do">{label}{self._field(0, given[0], state)}{button}</div>'
        rows = "".join(self._row(k, part, given[k], state) for k, part in enumerate(parts))
        again = (
            '<button type="button" class="kit-btn quiet" data-again>Back to the beginning</button>'
            if any(p.lines and p.given for p in parts)
            else ""
        )
        return f'<div class="kit-blanks">{rows}</div><div class="do">{button}{again}</div>'

    def _row(self, number: int, part: Part, value: str, state: str) -> str:
        """A label and its field; one of several lines takes the whole width, and so do answers too long for a list that opens."""
        if _long(part):
            return self._radios(number, part, value, state)
        wide = ' class="wide"' if part.lines else ""
        return f'<label for="{self.uid}-{number}"{wide}>{prose(part.label)}</label>{self._field(number, value, state)}'

    def _radios(self, number: int, part: Part, value: str, state: str) -> str:
        buttons = "".join(
            f'<label><input type="radio" name="{number}" value="{h(option)}"{" checked" * (option == value)}><span>{prose(option)}</span></label>'
            for option in part.options
        )
        return f'<fieldset class="wide"{state}><legend>{prose(part.label)}</legend><div class="kit-choice">{buttons}</div></fieldset>'

    def _field(self, number: int, value: str, state: str) -> str:
        part = self.item.parts[number]
        after = "" if number else " data-after"  # where focus goes when the button that had it is gone
        name = f'id="{self.uid}-{number}" name="{number}"{after}'
        quiet = 'autocomplete="off" autocapitalize="off" spellcheck="false"'
        if part.fixed and not part.lines:
            return f'<input {name} class="kit-input mono" value="{h(part.given)}" readonly{state}>'
        if part.lines:
            typed, given = (
                text.replace("\r\n", "\n").replace("\r", "\n").strip("\n") for text in (part.given if part.fixed else value, part.given)
            )
            rows = max(part.lines, typed.count("\n") + 1) + 1  # where the page cannot measure; it makes the box as high as its text
            # The line feed behind the tag is the one that HTML swallows.
            return f'<textarea {name} class="kit-input mono wide" rows="{rows}" data-given="{h(given)}" {quiet}{" readonly" * part.fixed}{state}>\n{h(typed)}</textarea>'
        if not part.options:
            return f'<input {name} class="kit-input mono" value="{h(value)}" {quiet}{state}>'
        chosen = "".join(f"<option{' selected' if option == value else ''}>{h(option)}</option>" for option in part.options)
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
        if len(item.solution) == 1:
            answer = self._written(item.parts[0], item.solution[0])
        else:
            own = [(part, text) for part, text in zip(item.parts, item.solution, strict=True) if not part.fixed]
            answer = "<ol>" + "".join(f"<li>{self._written(part, text)}</li>" for part, text in own) + "</ol>"
        return note("info", "The answer", "", f"{answer}{prose(item.why)} {cite(item.spec)}")

    @staticmethod
    def _written(part: Part, text: str) -> str:
        if part.lines:
            return f'<pre class="answer">{h(text.replace(chr(13), chr(10)).strip())}</pre>'
        return prose(text) if part.options else f'<code class="answer">{h(text)}</code>'

    def twin(self) -> str:
        item = self.item
        hints = "".join(folded(f"Hint {k} of {len(item.hints)}", f"<p>{prose(hint)}</p>") for k, hint in enumerate(item.hints, start=1))
        body = f'<div class="kit-task"><p class="q">{prose(item.task)}</p>{self._asked()}{hints}{folded("The answer, and why", self._solution())}</div>'
        return frame(f"{item.kind} {item.id}", item.standard, "needs a running kernel to check", body, static=True)

    def _asked(self) -> str:
        """What there is to fill in, for the twin."""
        parts = self.item.parts
        if len(parts) == 1 and not parts[0].given:
            return ""
        rows = (f"<li>{prose(part.label)} {self._choices(part)}</li>" for part in parts)
        return f"<ol>{''.join(rows)}</ol>"

    def _choices(self, part: Part) -> str:
        if part.options:
            return f"({prose('; '.join(part.options))})"
        return self._written(part, part.given) if part.given else ""
