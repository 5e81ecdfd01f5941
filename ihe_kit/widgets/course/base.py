"""What every widget of the course shares: words as HTML, the frame, and one way from a button to a method and back."""

from __future__ import annotations

import re
from itertools import count
from typing import Any, ClassVar
from weakref import WeakSet

from ihe_kit.course.ledger import Progress, keeper
from ihe_kit.render import h, icon, tag
from ihe_kit.widgets.base import KitWidget, front

_numbers = count(1)


def prose(text: str) -> str:
    """Text as HTML: everything escaped, then `code` and *emphasis* marked. A path such as PID-13 stays on one line."""
    marked = re.sub(r"`([^`]+)`", lambda code: f"<code>{code[1].replace('*', '&#42;')}</code>", h(text))  # 10*9/L has no emphasis
    marked = re.sub(r"\b[A-Z][A-Z0-9]{2}-\d+(\.\d+)*", r'<span class="kit-nb">\g<0></span>', marked)
    return re.sub(r"\*([^*\s][^*]*)\*", r"<i>\1</i>", marked)


def note(kind: str, says: str, why: str = "", more: str = "") -> str:
    """A note: a bold first sentence says what, the next one why. `more` is HTML."""
    return f'<div class="kit-note {kind}">{icon(kind)}<div><b>{prose(says)}</b>{prose(why)}{more}</div></div>'


def frame(title: str, standard: str, meta: str, body: str, static: bool = False, name: str = "") -> str:
    """The section around every item: head with subject, tag of the standard and one quiet line, then the body.

    `name` is what a screen reader calls the section, where a lesson has several of one title.
    """
    head = f'<div class="kit-head"><h3 class="jp-toc-ignore">{h(title)}</h3> {tag(standard)} <span class="kit-meta kit-grow">{h(meta)}</span></div>'
    classes = f"kit{f' kit-{standard}' if standard else ''}{' is-static' if static else ''}"
    return f'<section class="{classes}" aria-label="{h(name or title)}">{head}{body}</section>'


def folded(summary: str, body: str) -> str:
    """What a reader opens, in the static twin."""
    return f"<details><summary>{h(summary)}</summary>{body}</details>"


class CourseWidget(KitWidget):
    """A widget that is HTML written here, anew after every answer. A button marked `data-do="hint"` calls `answer_hint(values)`."""

    _esm = front("kit.js", "course.js")
    _css = front("kit.css", "course.css")
    _shown: ClassVar[WeakSet[CourseWidget]] = WeakSet()

    def __init__(self, kept: Progress | None = None) -> None:
        super().__init__()
        self.kept = kept or keeper()
        self.uid = f"kit-course-{next(_numbers)}"
        self._shown.add(self)
        self.refresh()

    def inside(self) -> str:
        """The HTML as it shows now."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Shows what is known now."""
        self.html = self.inside()

    def _answer(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        super()._answer(widget, content, buffers)
        for shown in list(self._shown):  # a prediction that locks shows its result elsewhere, a solved exercise its place on the map
            shown.refresh()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return data | {"text/html": f"<style>{front('course.css')}</style>{data['text/html']}"}, metadata

    def __repr__(self) -> str:
        return f"{type(self).__name__} (shows in JupyterLab)"

    def problem(self) -> str:
        """Says that progress is not being kept, where it is not."""
        return note("warning", "Your progress is not written to disk.", self.kept.problem) if self.kept.problem else ""
