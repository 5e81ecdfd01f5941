"""The elements of a message as a tree, and what each of them means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import takewhile

from ihe_kit.core import Definition, Message
from ihe_kit.render.marks import SHOWN

Explain = Callable[[Message, str], Definition]

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TITLES = {"v2": "MSH-9.2", "openehr": "/name/value"}


class Outline:
    """The elements of a message as a tree: who is whose parent, and what each of them means. `demands` says which paths a transaction requires."""

    def __init__(self, message: Message, explain: Explain, demands: Mapping[str, str] | None = None) -> None:
        self.message, self._explain, self._demands = message, explain, demands or {}
        self.elements = list(takewhile(lambda element: element.start < SHOWN, message.elements()))
        self.children: dict[int, list[int]] = {}
        self.parents: list[int] = []
        self._known: dict[int, Definition] = {}
        path: list[int] = []
        for index, element in enumerate(self.elements):
            while path and self.elements[path[-1]].level >= element.level:
                path.pop()
            self.parents.append(path[-1] if path else -1)
            self.children.setdefault(self.parents[-1], []).append(index)
            path.append(index)
        self.index = {element.path: index for index, element in reversed(list(enumerate(self.elements)))}

    def means(self, index: int) -> Definition:
        """What an element means; only its own path and label where the standard does not know it."""
        if index not in self._known:
            element = self.elements[index]
            try:
                self._known[index] = self._explain(self.message, element.path)
            except ValueError:
                self._known[index] = Definition(element.path, element.label, "")
        return self._known[index]

    def demanded(self, index: int) -> str:
        """The transaction that requires this element, where the standard itself may leave it open; "" for none."""
        return self._demands.get(re.sub(r"\[\d+\]", "", self.elements[index].path), "")

    def label(self, index: int) -> str:
        """`PID-3`, `[1]`, `CX-1`: where a v2 part is only a number, the name of its data type stands before it; of an archetype the last words."""
        label = self.elements[index].label
        return self.means(index).label if label.startswith(".") else re.sub(r"\[openEHR-\w+-\w+\.", "[…", label)

    def name(self, index: int) -> str:
        """What the element is called, in words; of a repetition which one it is."""
        label = self.elements[index].label
        if label.startswith("["):
            kin = [i for i in self.children[self.parents[index]] if self.elements[i].label.startswith("[")]
            place = kin.index(index)
            return f"{_ORDINALS[place] if place < len(_ORDINALS) else place + 1} of {len(kin)}"
        name = self.means(index).name
        return "" if _letters(name) in (_letters(label.partition("[")[0]), _letters(self.elements[index].path)) else name

    def ancestors(self, index: int) -> list[int]:
        """From the top down, without the element itself."""
        found = []
        while (index := self.parents[index]) >= 0:
            found.append(index)
        return found[::-1]

    def field(self, index: int) -> int:
        """The v2 field, or its repetition, that an element is a part of; -1 for none."""
        above = [i for i in self.ancestors(index) if self.elements[i].level > 1 and not self._repeats(i)]
        return above[0] if above and self.message.standard == "v2" else -1

    def _repeats(self, index: int) -> bool:
        return any(self.elements[child].label.startswith("[") for child in self.children.get(index, ()))

    def opened(self, rows: int = 24) -> set[int]:
        """The elements that are open at first: whole levels from the top, as long as the rows stay few; at least a lone root."""
        deepest, tops = 1, self.children.get(-1, [])
        while sum(e.level <= deepest + 1 for e in self.elements) <= rows and deepest < 9:
            deepest += 1
        return {i for i in self.children if i >= 0 and (self.elements[i].level < deepest or tops == [i])}


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def title(message: Message, explain: Explain) -> str:
    """What a message is, in words: the meaning of the trigger event, the name of a composition, or the message's own name."""
    path = "MSH-9.1" if message.standard == "v2" and message.is_answer else _TITLES.get(message.standard, "")
    try:
        found = next(iter(message.get(path)), "") if path else ""
        meaning = dict(explain(message, path).values).get(found, found if message.standard == "openehr" else "")
    except ValueError:
        meaning = ""
    return (meaning[:1].upper() + meaning[1:]) or message.name
