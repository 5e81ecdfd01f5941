"""Predictions and quizzes: one of several answers is chosen, and each has its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from ihe_kit.course.items import Choice, Prediction, Question
from ihe_kit.course.ledger import Progress
from ihe_kit.course.lessons import lesson
from ihe_kit.render import cite, h, icon
from ihe_kit.widgets.course.base import CourseWidget, folded, frame, note, prose


class Choices(CourseWidget):
    """What predictions and questions share: a group of radio buttons."""

    def group(self, ask: str, rows: Iterable[tuple[Choice, str, bool]], chosen: int | None, locked: bool, focus: str = "") -> str:
        """The question as the legend of its choices. A row is (choice, `right`, `wrong` or "", whether its reason shows)."""
        labels = []
        for k, (choice, fate, reasoned) in enumerate(rows):
            mark = {
                "right": icon("ok") + '<span class="kit-sr">right</span>',
                "wrong": icon("error") + '<span class="kit-sr">not this one</span>',
            }.get(fate, "")
            reason = f"<small>{prose(choice.why)}</small>" if reasoned else ""
            state = (" checked" if k == chosen else "") + (" disabled" if locked else "")
            radio = f'<input type="radio" name="choice" value="{k}"{state}>'
            labels.append(f'<label class="{fate}" data-key="{focus}{k}">{radio}<span>{prose(choice.text)} {mark}{reason}</span></label>')
        goal = f' tabindex="-1" data-focus="{focus}"' if focus else ""
        return f'<fieldset><legend class="q"{goal}>{prose(ask)}</legend><div class="kit-choice">{"".join(labels)}</div></fieldset>'

    @staticmethod
    def choice(values: Sequence[str], of: Sequence[Choice]) -> int | None:
        """The number of the choice that the page sent, or None."""
        return int(values[0]) if values and values[0].isdigit() and int(values[0]) < len(of) else None

    @staticmethod
    def plain(choices: Sequence[Choice]) -> str:
        """The choices as a list, for the twin."""
        return '<ol class="plain">' + "".join(f"<li>{prose(choice.text)}</li>" for choice in choices) + "</ol>"


class PredictionView(Choices):
    """A prediction before the result: choose, lock in. What is locked stays."""

    def __init__(self, item: Prediction, kept: Progress | None = None) -> None:
        self.item = item
        self.unchosen = False
        super().__init__(kept)

    @property
    def predicted(self) -> int | None:
        """The number of the choice that is locked in, or None."""
        number = self.kept.get(self.item.id).get("predicted")
        return number if isinstance(number, int) and 0 <= number < len(self.item.choices) else None

    def answer_lock(self, values: Sequence[str]) -> None:
        """The Lock in button. A prediction that is locked cannot be changed."""
        number = self.choice(values, self.item.choices)
        self.unchosen = number is None
        if number is not None and self.predicted is None:
            self.kept.update(self.item.id, predicted=number, when=date.today().isoformat())

    def inside(self) -> str:
        item, locked = self.item, self.predicted is not None
        group = self.group(item.ask, ((choice, "", False) for choice in item.choices), self.predicted, locked)
        said = note("info", "Locked in.", "Now run the next cell: the answer shows under it.") if locked else ""
        if self.unchosen:
            said = note("warning", "Choose one first.", "A guess is as good as knowledge here: what counts is to have one before you look.")
        button = (
            '<button type="submit" class="kit-btn" disabled>Locked in</button>'
            if locked
            else '<button type="submit" class="kit-btn primary">Lock in</button>'
        )
        body = f'{group}<div class="do">{button}</div><div role="status" tabindex="-1" data-after>{said}</div>{self.problem()}'
        form = f'<form class="kit-task" data-do="lock">{body}</form>'
        return frame("Predict", item.standard, "before you run the next cell", form, name=f"Predict {item.id}")

    def twin(self) -> str:
        body = f'<div class="kit-task"><p class="q">{prose(self.item.ask)}</p>{self.plain(self.item.choices)}</div>'
        return frame("Predict", self.item.standard, "before you read on", body, static=True, name=f"Predict {self.item.id}")


class RevealView(PredictionView):
    """What really happened beside what was predicted. Until a prediction is locked in, it waits."""

    def __init__(self, item: Prediction, value: Any, kept: Progress | None = None) -> None:
        self.key, self.happened = item.read(value)
        super().__init__(item, kept)

    def inside(self) -> str:
        if self.predicted is None:
            waits = note("info", "Your prediction first.", "Lock it in above, and what happened shows here.")
            return self._section("waiting for your prediction", f'<div role="status">{waits}</div>')
        chosen = self.item.choices[self.predicted]
        meta = "as predicted" if chosen.key == self.key else "not as predicted"
        return self._section(meta, f'<div role="status">{self._versus(chosen)}</div>')

    def _section(self, meta: str, inside: str, static: bool = False) -> str:
        body = f'<div class="kit-task">{inside}</div>'
        return frame("What happened", self.item.standard, meta, body, static=static, name=f"What happened, {self.item.id}")

    def _versus(self, chosen: Choice) -> str:
        pair = f'<div><span class="kit-quiet kit-small">You predicted</span><b>{prose(chosen.text)}</b></div>'
        pair += f'<div><span class="kit-quiet kit-small">{h(self.item.shown)}</span><b>{h(self.happened)}</b></div>'
        return f'<div class="kit-versus">{pair}</div>{self._why(chosen)}'

    def _why(self, chosen: Choice) -> str:
        if self.key != self.item.right:
            return note(
                "warning",
                "That is not the usual answer here.",
                "Did you change a value, or run the cells in another order? Look at the message to see why.",
            )
        if chosen.key == self.key:
            return note("ok", "As you said.", self.item.why, f" {cite(self.item.spec)}")
        return note("info", "Not quite: " + _lowered(chosen.why), self.item.why, f" {cite(self.item.spec)}")

    def twin(self) -> str:
        body = f"<p><b>{h(self.happened)}</b></p><p>{prose(self.item.why)} {cite(self.item.spec)}</p>"
        return self._section("", folded("Show what happened", body), static=True)


def _lowered(sentence: str) -> str:
    """A sentence to go on with after a colon; what begins with a code keeps its capitals."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() or sentence[:2] == "A " else sentence


class QuizView(Choices):
    """The questions of a lesson, one at a time. Wrong choices keep their reason; after the right one all reasons show."""

    def __init__(self, number: str, kept: Progress | None = None) -> None:
        self.number, self.questions = number, lesson(number).quiz
        self.chosen: int | None = None
        self.unchosen = False
        self.at = 0
        super().__init__(kept)
        self.at = next((k for k, question in enumerate(self.questions) if not self.solved(question)), len(self.questions))
        self.refresh()

    def solved(self, question: Question) -> bool:
        return bool(self.kept.get(question.id).get("solved"))

    def answer_check(self, values: Sequence[str]) -> None:
        """The Check button."""
        question = self.questions[min(self.at, len(self.questions) - 1)]
        self.chosen = self.choice(values, question.choices)
        self.unchosen = self.chosen is None
        tried = self.kept.get(question.id).get("chosen", [])
        if self.chosen is not None and not self.solved(question):
            right = self.chosen == question.right
            self.kept.update(
                question.id, chosen=[*tried, self.chosen], solved=right, **({"when": date.today().isoformat()} if right else {})
            )

    def answer_forward(self, values: Sequence[str]) -> None:
        """Next question."""
        self._go(self.at + 1)

    def answer_back(self, values: Sequence[str]) -> None:
        """The question before; from the end, the first one."""
        self._go(0 if self.at >= len(self.questions) else self.at - 1)

    def _go(self, at: int) -> None:
        self.at, self.chosen, self.unchosen = max(0, min(at, len(self.questions))), None, False

    def inside(self) -> str:
        return self._end() if self.at >= len(self.questions) else self._question(self.questions[self.at])

    def _question(self, question: Question) -> str:
        tried, solved = self.kept.get(question.id).get("chosen", []), self.solved(question)
        rows = []
        for k, choice in enumerate(question.choices):
            fate = "right" if solved and k == question.right else "wrong" if k in tried and k != question.right else ""
            rows.append((choice, fate, solved or k in tried))
        chosen = question.right if solved else self.chosen
        group = self.group(question.ask, rows, chosen, solved, question.id)
        button = '<button type="button" class="kit-btn primary" data-do="forward" data-key="next" data-after>{}</button>'.format(
            "Next question" if self.at + 1 < len(self.questions) else "Finish"
        )
        button = button if solved else '<button type="submit" class="kit-btn primary" data-key="check">Check</button>'
        back = '<button type="button" class="kit-btn quiet" data-do="back">Back</button>' if self.at else ""
        bar = f'<div class="do">{back}<span class="kit-grow"></span>{cite(question.spec) if solved else ""}{button}</div>'
        body = f'{group}<div role="status">{self._said(question, tried, solved)}</div>{bar}{self.problem()}'
        title = f"Quiz {self.number}, question {self.at + 1} of {len(self.questions)}"
        return frame(title, question.standard, "", f'<form class="kit-task" data-do="check">{body}</form>')

    def _said(self, question: Question, tried: Sequence[int], solved: bool) -> str:
        """For a screen reader: the eye sees the marks in the list."""
        if self.unchosen:
            return note("warning", "Choose one first.")
        says = (
            f"Right. {question.choices[question.right].why}"
            if solved
            else f"Not this one. {question.choices[tried[-1]].why}"
            if tried
            else ""
        )
        return f'<span class="kit-sr">{prose(says)}</span>' if says else ""

    def _end(self) -> str:
        first = sum(self.kept.get(question.id).get("chosen", [None])[0] == question.right for question in self.questions)
        open_ones = [k + 1 for k, question in enumerate(self.questions) if not self.solved(question)]
        says = (
            f"Still open: question {', '.join(map(str, open_ones))}."
            if open_ones
            else f"All {len(self.questions)} answered, {first} of them at the first try."
        )
        button = '<button type="button" class="kit-btn" data-do="back">Look through them again</button>'
        missed = "".join(self._missed(k, question) for k, question in enumerate(self.questions, start=1))
        why = "<p>These went wrong at first. They are the ones to talk about with a colleague.</p>" if missed else ""
        text = f'<p class="q" tabindex="-1" data-focus="end">{h(says)}</p>{why}{missed}<div class="do">{button}</div>'
        return frame(f"Quiz {self.number}", "", "", f'<form class="kit-task" data-do="none">{text}</form>')

    def _missed(self, number: int, question: Question) -> str:
        """A question that went wrong: what was chosen and why not, and the right answer where it is known by now."""
        chosen = (k for k in self.kept.get(question.id).get("chosen", []) if 0 <= k < len(question.choices))
        wrong = [question.choices[k] for k in dict.fromkeys(chosen) if k != question.right]
        if not wrong:
            return ""
        rows = [
            f"<li>{icon('error')}<span>You chose: {prose(choice.text)}<small>{prose(choice.why)}</small></span></li>" for choice in wrong
        ]
        if self.solved(question):
            right = question.choices[question.right]
            rows.append(
                f"<li>{icon('ok')}<span>Right: {prose(right.text)}<small>{prose(right.why)} {cite(question.spec)}</small></span></li>"
            )
        return f'<div class="kit-missed"><b>{number}. {prose(question.ask)}</b><ul>{"".join(rows)}</ul></div>'

    def twin(self) -> str:
        asked = []
        for k, question in enumerate(self.questions, start=1):
            reasons = "".join(
                f"<li>{prose(c.text)} <b>{'Right.' if n == question.right else 'No.'}</b> {prose(c.why)}</li>"
                for n, c in enumerate(question.choices)
            )
            answer = folded("The answer, and why", f'<ol class="plain">{reasons}</ol>{cite(question.spec)}')
            asked.append(f'<p class="q">{k}. {prose(question.ask)}</p>{self.plain(question.choices)}{answer}')
        return frame(f"Quiz {self.number}", "", "", f'<div class="kit-task">{"".join(asked)}</div>', static=True)
