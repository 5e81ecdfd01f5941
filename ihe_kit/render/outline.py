"""The elements of a message as a tree, and what each of them means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from heapq import merge
from itertools import takewhile

from ihe_kit.core import Definition, Element, Message
from ihe_kit.render.marks import SHOWN

Explain = Callable[[Message, str], Definition]
Link = Callable[[Element], str]  # the address of what an element refers to, or ""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TITLES = {"v2": "MSH-9.2", "openehr": "/name/value"}


class Outline:
    """The elements of a message as a tree: who is whose parent, and what each of them means. Groups of segments are branches like any other.
    `demands` says which paths a transaction requires, `link` where a value leads to that refers to something.
    """

    def __init__(self, message: Message, explain: Explain, demands: Mapping[str, str] | None = None, link: Link | None = None) -> None:
        self.message, self._explain, self._demands, self._link = message, explain, demands or {}, link
        groups = [group for group in message.groups() if group.start < SHOWN]
        elements = takewhile(lambda element: element.start < SHOWN, message.elements())
        self.elements = list(merge(groups, elements, key=lambda element: element.start)) if groups else list(elements)
        self._groups = {id(group) for group in groups}
        self.children: dict[int, list[int]] = {}
        self.parents: list[int] = []
        self._known: dict[int, Definition] = {}
        self._kin: dict[tuple[int, str], dict[int, int]] = {}
        path: list[int] = []
        for index, element in enumerate(self.elements):
            while path and not self._holds(self.elements[path[-1]], element):
                path.pop()
            self.parents.append(path[-1] if path else -1)
            self.children.setdefault(self.parents[-1], []).append(index)
            path.append(index)
        self.index = {element.path: index for index, element in reversed(list(enumerate(self.elements)))}

    def _holds(self, outer: Element, element: Element) -> bool:
        """Whether an element that begins later stands inside another one: a group holds what begins before its end."""
        if id(outer) in self._groups:
            return element.start < outer.end
        return outer.level < element.level and id(element) not in self._groups

    def is_group(self, index: int) -> bool:
        return id(self.elements[index]) in self._groups

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

    def leads(self, index: int) -> str:
        """Where a reference leads to, as the caller says; "" for none."""
        return self._link(self.elements[index]) if self._link and index not in self.children else ""

    def label(self, index: int) -> str:
        """`PID-3`, `[1]`, `CX-1`: where a v2 part is only a number, the name of its data type stands before it; of an archetype the last words."""
        label = self.elements[index].label
        if self.is_group(index):
            return self.elements[index].path.rpartition(".")[2] if len(self._namesakes(index)) > 1 else label
        return self.means(index).label if label.startswith(".") else re.sub(r"\[openEHR-\w+-\w+\.", "[…", label)

    def name(self, index: int) -> str:
        """What the element is called, in words; of a repetition which one it is."""
        label = self.elements[index].label
        kin = self._namesakes(index)
        if len(kin) > 1 or label.startswith("["):
            place = kin[index]
            return f"{_ORDINALS[place] if place < len(_ORDINALS) else place + 1} of {len(kin)}"
        name = self.means(index).name
        return "" if _letters(name) in (_letters(label.partition("[")[0]), _letters(self.elements[index].path)) else name

    def _namesakes(self, index: int) -> dict[int, int]:
        """Of a repetition, or of a group, all that are there, with their places from 0 on; {} of anything else."""
        label, parent = self.elements[index].label, self.parents[index]
        kind = "[" if label.startswith("[") else label if self.is_group(index) else ""
        if kind and (parent, kind) not in self._kin:
            alike = (i for i in self.children[parent] if (label := self.elements[i].label) == kind or (kind == "[" and label[:1] == kind))
            self._kin[parent, kind] = {i: place for place, i in enumerate(alike)}
        return self._kin.get((parent, kind), {})

    def ancestors(self, index: int) -> list[int]:
        """From the top down, without the element itself."""
        found = []
        while (index := self.parents[index]) >= 0:
            found.append(index)
        return found[::-1]

    def field(self, index: int) -> int:
        """The v2 field, or its repetition, that an element is a part of; -1 for none."""
        above = [i for i in self.ancestors(index) if self.elements[i].level > 1 and not (self.is_group(i) or self._repeats(i))]
        return above[0] if above and self.message.standard == "v2" else -1

    def _repeats(self, index: int) -> bool:
        return any(self.elements[child].label.startswith("[") for child in self.children.get(index, ()))

    def opened(self, rows: int = 24) -> set[int]:
        """The elements that are open at first: whole levels from the top, as long as the rows stay few; at least a lone root. Where there are
        groups, they come before what is inside the segments.
        """
        tops, opened = self.children.get(-1, []), set[int]()
        level, shown = tops, len(tops)
        while branches := [i for i in level if i in self.children and (self.is_group(i) or not self._groups)]:
            level = [child for i in branches for child in self.children[i]]
            shown += len(level)
            if shown > rows:
                break
            opened.update(branches)
        return opened | ({tops[0]} if len(tops) == 1 and tops[0] in self.children else set())


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
