"""Diff: two messages beside each other, and what differs between them, by field and in the words of their standard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import traitlets

from ihe_kit.changes import Change, without
from ihe_kit.core import Message, Unreadable
from ihe_kit.render import LABELS, Comparison, Side, changes_html, h, icon, tag, tally_html, texts_html
from ihe_kit.v2 import V2Message
from ihe_kit.v2.difference import difference as v2_difference
from ihe_kit.v2.difference import matched
from ihe_kit.verbs import TIMES, difference, explain, parse
from ihe_kit.widgets.base import KitWidget, front


class Diff(KitWidget):
    """Shows what differs between two messages. `one` and `other` may be set again; `changes` are the differences that it lists, `selected` the
    number of the one in focus. `ignore` are paths that do not count; the reader may switch them off, and TIMES where none are given. `only`
    leaves out what is equal. A text that nobody can read raises nothing: the widget says what is wrong with it.

    >>> Diff("MSH|^~\\\\&|A||||1", "MSH|^~\\\\&|B||||2", ignore=TIMES).changes[0].path
    'MSH-3'
    """

    _esm = front("kit.js", "diff.js")
    one = traitlets.Any()
    other = traitlets.Any()
    ignore: Any = traitlets.Tuple()
    only = traitlets.Bool().tag(sync=True)
    selected = traitlets.Int().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        one: str | bytes | Message,
        other: str | bytes | Message,
        ignore: Iterable[str] = (),
        names: tuple[str, str] = ("Before", "After"),
        **kwargs: Any,
    ) -> None:
        self.names, self._choice = names, tuple(ignore) or TIMES  # what the reader's switch leaves out and lists again
        self._read(one, other)
        start = self._shown(tuple(ignore), kwargs.get("selected", 0))
        super().__init__(one=one, other=other, ignore=tuple(ignore), html=_SHELL, view=start, **kwargs)
        self.observe(self._given, ["one", "other", "ignore"])

    def twin(self) -> str:
        """The table of the differences, and both texts."""
        body = self._table(static=True) + texts_html(self._comparison, static=True)
        head = f'<div class="kit-head"><h3 class="jp-toc-ignore">Compare</h3> {self.view["tag"]} <span class="kit-meta kit-grow">{self.view["facts"]}</span></div>'
        return f'<div class="kit is-static" role="group" aria-label="Diff">{head}{body}{_foot(self.view["ignored"])}</div>'

    def answer_ignore(self, yes: bool) -> bool:
        """The reader's switch: leaves out the paths that do not count, or lists them again."""
        self.ignore = self._choice if yes else ()
        return yes

    def _given(self, change: Any) -> None:
        if change["name"] != "ignore":
            self._read(self.one, self.other)
        self.view = self._shown(self.ignore, self.selected)
        self.selected = min(self.selected, max(len(self.changes) - 1, 0))

    def _read(self, one: str | bytes | Message, other: str | bytes | Message) -> None:
        """Reads both texts, finds which lines belong together and every difference."""
        self._problems: list[str] = []
        self._sides = self._side(self.names[0], one), self._side(self.names[1], other)
        first, second = (side.message for side in self._sides)
        self._pairs, self._every = None, list[Change]()
        if isinstance(first, V2Message) and isinstance(second, V2Message):
            matches = matched(first, second)
            self._pairs = [(m.first.start, m.second.start) for m in matches if m.stays and m.first and m.second]
            self._every = v2_difference(first, second, matches)
        elif first and second and first.standard != second.standard:
            labels = f"{LABELS[first.standard]}, the other {LABELS[second.standard]}"
            self._problems.append(f"One message is {labels}. Only messages of one standard can be compared path by path.")
        elif first and second:
            self._every = difference(first, second)

    def _side(self, name: str, subject: str | bytes | Message) -> Side:
        try:
            message = subject if isinstance(subject, Message) else parse(subject)
        except Unreadable as problem:
            text = subject.decode("utf-8", "replace") if isinstance(subject, bytes) else str(subject)
            self._problems.append(f"{name}: not readable at line {problem.line}, character {problem.column}. {_sentence(problem.says)}")
            return Side(name, text)
        delimiters = message.field_separator + message.separators if isinstance(message, V2Message) else ""
        return Side(name, message.text, message, delimiters)

    def _shown(self, ignore: tuple[str, ...], selected: int) -> dict[str, Any]:
        """What the front end draws, and `changes`, without what does not count."""
        self._comparison = Comparison(*self._sides, without(self._every, ignore), self._pairs, bool(self._problems))
        self.changes = list(self._comparison.changes)
        standard = next((side.message.standard for side in self._sides if side.message), "")
        left = [path for path in ignore if len(self._every) > len(without(self._every, (path,)))]
        return {
            "tag": "" if self._problems else tag(standard),
            "facts": "nothing was compared" if self._problems else tally_html(self.changes),
            "table": self._table(selected),
            "texts": texts_html(self._comparison),
            "raw": [side.text.encode("utf-8", "replace").decode() for side in self._sides],
            "ignored": ", ".join(left),
            "ignoring": bool(ignore),
            "compared": not self._problems,
            "times": standard == "v2" and not self._problems,
        }

    def _table(self, selected: int = 0, static: bool = False) -> str:
        if self._problems:
            says = "".join(f"<p>{h(problem)}</p>" for problem in self._problems)
            return f'<div class="kit-empty"><h4 class="jp-toc-ignore">{icon("info")} Nothing was compared</h4>{says}</div>'
        if self.changes:
            return changes_html(self._comparison, explain, selected=selected, static=static)
        apart = "What was left out of the comparison may still differ. " if len(self._every) > len(self.changes) else ""
        says = "Separators that say nothing do not count: a field more at the end, with nothing in it, is no difference."
        return f'<div class="kit-empty"><h4 class="jp-toc-ignore">{icon("ok")} No difference</h4><p>{apart}{says}</p></div>'


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _foot(ignored: str) -> str:
    left = f"<span>Left out: <code>{h(ignored)}</code></span>" if ignored else ""
    return f'<div class="kit-foot">{left}</div>' if left else ""


_CHECK = '<label class="kit-check" data-{0}><input type="checkbox" data-{1}> {2}</label>'
_SHELL = (
    '<div class="kit" role="group" aria-label="Diff"><div class="kit-head"><h3 class="jp-toc-ignore">Compare</h3><span data-tag></span>'
    '<span class="kit-meta kit-grow" role="status" data-facts></span>'
    + _CHECK.format("times", "ignore", "Ignore times and identifiers")
    + _CHECK.format("some", "only", "Only what differs")
    + '</div><div data-texts></div><div class="kit-scroll" data-table></div>'
    '<div class="kit-foot"><span class="kit-grow">Up and Down go from difference to difference.</span><span data-left hidden>Left out: <code></code></span></div></div>'
)
