"""Explorer: the text of a message, its structure and its explanation on one screen, whatever its standard."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import traitlets

from ihe_kit.core import Message
from ihe_kit.crosswalk import same
from ihe_kit.render import Outline, card_html, icon, nested_html, rows_html, tag, text_html, title, tree_html, visible
from ihe_kit.verbs import demands, explain, parse
from ihe_kit.widgets.base import COPY, KitWidget, front

WHOLE = 400  # elements; of a larger message the rows of closed branches, and the cards, are asked from the kernel


class Explorer(KitWidget):
    """Shows a message. `selected` is the path of the element in focus; set it, or read what the reader chose.

    Raises Unreadable for a text that no standard can read, UnknownPath for a path that the message's standard does not have.
    """

    _esm = front("kit.js", "explorer.js")
    selected = traitlets.Unicode().tag(sync=True)
    parts = traitlets.List().tag(sync=True)  # of every element: start, end, parent, field, path, words to search
    cards = traitlets.List().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)

    def __init__(self, message: str | bytes | Message, selected: str | None = None, **kwargs: Any) -> None:
        self.message = message if isinstance(message, Message) else parse(message)
        self.outline = Outline(self.message, explain, demands(self.message))
        self.opened = self.outline.opened()
        elements = self.outline.elements
        first = self._spelled(selected or _first(self.message.standard, [element.path for element in elements]))
        super().__init__(
            text=self.message.text.encode("utf-8", "replace").decode(),
            parts=[self._part(i) for i in range(len(elements))],
            cards=[card_html(self.outline, i) for i in range(len(elements))] if len(elements) <= WHOLE else [],
            html=self._html(first),
            selected=first,
            **kwargs,
        )

    def twin(self) -> str:
        """Text, the whole tree as nested lists, the card of the selected element."""
        tree = f'<h4 class="kit-pane-head jp-toc-ignore">Structure</h4>{nested_html(self.outline)}'
        body = text_html(self.outline) + tree + self._card(self.selected)
        return f'<div class="kit is-static" role="group" aria-label="Explorer"><div class="kit-head">{self._head()}</div>{body}</div>'

    def answer_card(self, index: int) -> str:
        """The card of an element of a large message."""
        return card_html(self.outline, index)

    def answer_rows(self, index: int) -> str:
        """The rows right below an element of a large message."""
        return rows_html(self.outline, self.outline.children.get(index, ()), {index, *self.outline.ancestors(index)})

    @traitlets.validate("selected")  # type: ignore[untyped-decorator]
    def _canonical(self, proposal: Any) -> str:
        return self._spelled(str(proposal["value"]))

    def _spelled(self, path: str) -> str:
        """`PID-3.1` becomes `PID-3[1].1` where the message has several, `ORDER_OBSERVATION[2]` the whole path of that group. Raises UnknownPath."""
        if path in self.outline.index or not path:
            return path
        steps = (re.escape(step) + (r"\[\d+\]" if step[-1:] != "]" else "") for step in path.split("."))
        group = re.compile(r"(?:.*\.)?" + r"\.(?:.*\.)?".join(steps))
        if found := next((one.path for one in self.message.groups() if group.fullmatch(one.path)), ""):
            return found
        return next((e.path for e in self.message.find(path) if e.path in self.outline.index), path)

    def _part(self, index: int) -> list[Any]:
        outline, element = self.outline, self.outline.elements[index]
        name = outline.name(index) if len(outline.elements) <= WHOLE else ""
        words = f"{element.path} {name} {element.value[:80]}".lower().encode("utf-8", "replace").decode()
        return [element.start, element.end, outline.parents[index], outline.field(index), element.path, words]

    def _card(self, selected: str) -> str:
        index = self.outline.index.get(selected, -1)
        inside = card_html(self.outline, index) if index >= 0 else ""
        return f'<div class="kit-card kit-{self.message.standard}" role="group" aria-live="polite" aria-label="What this is">{inside}</div>'

    def _head(self) -> str:
        words = f'<h3 class="jp-toc-ignore">{visible(title(self.message, explain))}</h3> {tag(self.message.standard)}'
        return f'{words} <span class="kit-meta kit-grow">{visible(self.message.facts)}</span>'

    def _html(self, selected: str) -> str:
        index, count = self.outline.index.get(selected, -1), len(self.outline.elements)
        opened = self.opened | set(self.outline.ancestors(index)) if index >= 0 else self.opened
        tree = tree_html(self.outline, opened, index, whole=count <= WHOLE)
        search = '<input class="kit-input" type="search" placeholder="Find a path or value" aria-label="Find a path or value" aria-keyshortcuts="/">'
        tools = '<span class="kit-small kit-quiet" data-said role="status"></span>'
        tools += f'<span class="kit-with-icon kit-find">{icon("search")}{search}</span>'
        left = f'<div><div class="kit-pane-head">Message</div>{text_html(self.outline)}</div>'
        panes = f'<div class="kit-panes kit-explorer{"" if self.message.standard == "v2" else " deep"}">{left}<div>{tree}</div></div>'
        head = f'<div class="kit-head">{self._head()}{tools}{COPY}</div>'
        return f'<div class="kit" role="group" aria-label="Explorer">{head}{panes}{self._card(selected)}</div>'


def _first(standard: str, paths: list[str]) -> str:
    """Where a reader begins: at a value that the other standards know too, or at the top of the body."""
    shared = (path for path in paths if same(standard, path))
    body = (path for path in paths if not path.startswith(("request.", "response.")))
    return next(chain(shared, body, paths), "")
