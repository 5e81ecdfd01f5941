"""A worked example: its steps, each with a label that says what it achieves."""

from __future__ import annotations

from ihe_kit.course.items import Example
from ihe_kit.course.ledger import Progress
from ihe_kit.render import cite, h
from ihe_kit.widgets.course.base import CourseWidget, frame, prose

LONG = ' class="long"'  # a value that may be broken into lines


class ExampleView(CourseWidget):
    """Nothing to press: the steps in order, what is written at each, and how one comes to it."""

    def __init__(self, item: Example, kept: Progress | None = None) -> None:
        self.item = item
        super().__init__(kept)

    def inside(self) -> str:
        return self._page()

    def twin(self) -> str:
        return self._page(static=True)

    def _page(self, static: bool = False) -> str:
        item = self.item
        rows = "".join(
            f'<tr><th scope="row">{prose(step.label)}</th><td{LONG * (len(step.value) > 60)}><code>{h(step.value)}</code></td><td>{prose(step.how)}</td></tr>'
            for step in item.steps
        )
        table = (
            f'<table class="kit-x kit-steps"><thead><tr><th>Step</th><th>Written</th><th>How</th></tr></thead><tbody>{rows}</tbody></table>'
        )
        body = f'<div class="kit-task"><p class="q">{prose(item.task)}</p>{table}<p>{prose(item.why)} {cite(item.spec)}</p></div>'
        meta = "the next exercises go through the same steps"
        return frame("Worked example", item.standard, meta, body, static=static, name=f"Worked example {item.id}")
