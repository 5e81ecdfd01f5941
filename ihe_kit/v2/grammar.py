"""A message structure as a table: every segment of it is a place, and from each place steps lead to the places that may follow.

HL7's structures are grammars that are read from left to right: `[ ]` optional, `{ }` repeated, `< | >` a choice. Here each of them is laid out
flat once, so that reading a message means looking up a step per segment (`structure.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from ihe_kit.v2.tables import Row, structure

ANY = "ANYHL7SEGMENT"  # the tables' word for "whatever was agreed"


class Node(NamedTuple):
    """A segment or a group of the structure. `parent` is the number of the group around it, -1 for none; `around` all groups, outermost first.

    `demanded`: whether it has to be there. A required group of nothing but optional parts (ORF_R04) need not.
    """

    row: Row
    parent: int
    around: tuple[int, ...]
    demanded: bool


class Step(NamedTuple):
    """From one place to another: what was passed over on the way, and how many of the open groups stay open."""

    to: int
    kept: int
    missing: tuple[int, ...] = ()  # numbers of nodes
    repeated: int = -1  # number of the node that may not come again

    @property
    def cost(self) -> int:
        return len(self.missing) + (self.repeated >= 0)


class Grammar:
    """A structure, laid out flat. Places and groups have numbers in the order of the structure; steps are worked out when first asked for."""

    def __init__(self, name: str, parts: Sequence[Row]) -> None:
        self.name = name
        self.nodes: list[Node] = []
        self.inside: dict[int, list[int]] = {-1: []}  # group -> its parts
        self._add(parts, -1, ())
        self.known = {node.row.key for node in self.nodes if not node.row.children}
        self._steps: dict[int, dict[str, list[Step]]] = {}
        self._clean: dict[int, dict[str, Step]] = {}
        self._ends: dict[int, Step] = {}

    def _add(self, parts: Sequence[Row], parent: int, around: tuple[int, ...]) -> None:
        for row in parts:
            number = len(self.nodes)
            self.nodes.append(Node(row, parent, around, bool(row.least and (not row.children or any(required(row))))))
            self.inside[parent].append(number)
            if row.children:
                self.inside[number] = []
                self._add(row.children, number, (*around, number))

    def clean(self, place: int) -> dict[str, Step]:
        """Segment -> the step to prefer from a place (-1: the beginning), where there is one without a problem."""
        if place not in self._clean:
            self._clean[place] = {name: steps[0] for name, steps in self.steps(place).items() if not steps[0].cost}
        return self._clean[place]

    def steps(self, place: int) -> dict[str, list[Step]]:
        """Segment -> the steps to it from a place, the one to prefer first."""
        if place not in self._steps:
            best: dict[int, Step] = {}
            for step in self._onward(place):
                if step.to not in best or step.cost < best[step.to].cost:
                    best[step.to] = step
            found: dict[str, list[Step]] = {}
            for step in sorted(best.values(), key=lambda step: step.cost):
                found.setdefault(self.nodes[step.to].row.key, []).append(step)
            for steps in found.values():
                self._prefer_open(place, steps)
            self._steps[place] = found  # whole, as other threads may read it
        return self._steps[place]

    def _prefer_open(self, place: int, steps: list[Step]) -> None:
        """Puts the next occurrence of a group that is open before the first one of a group that is not: in ORL^O34 the SPM behind an OBR
        is the next specimen, not a specimen of this request.
        """
        around = () if place < 0 else self.nodes[place].around
        entered = [self.nodes[step.to].around[step.kept : step.kept + 1] for step in steps]
        if len(steps) > 1 and entered[0] and entered[0][0] not in around:
            for number, group in enumerate(entered):
                if group and group[0] in around and steps[number].cost == steps[0].cost:
                    steps.insert(0, steps.pop(number))
                    return

    def end(self, place: int) -> Step:
        """The step from a place to the end of the message."""
        if place not in self._ends:
            self._ends[place] = Step(-1, 0, tuple(self._rest(place)))
        return self._ends[place]

    def _onward(self, place: int) -> Iterator[Step]:
        """Every step from a place, from the innermost group outwards: the same again, what follows in the group, the group again."""
        if place < 0:
            yield from self._entries(-1, 0, (), 0)
            return
        missing: tuple[int, ...] = ()
        here = place
        while here >= 0:
            row, parent, around, _ = self.nodes[here]
            depth, no_more = len(around), here if row.most == 1 else -1
            again = self._entries(here, 0, missing, depth) if row.children else (Step(here, depth),)
            yield from (step._replace(repeated=no_more) for step in again)
            behind = self._behind(here)
            yield from self._entries(parent, behind, missing, depth)
            missing += self._demanded(parent, behind)
            here = parent

    def _entries(self, group: int, first: int, missing: tuple[int, ...], kept: int) -> Iterator[Step]:
        """The steps into the parts of a group from number `first` on."""
        for number in self.inside[group][first:]:
            if self.nodes[number].row.children:
                yield from (step for step in self._entries(number, 0, missing, kept) if not self._closed(number, step.to))
            else:
                yield Step(number, kept, missing)
            if self.nodes[number].demanded and not self._is_choice(group):
                missing += (number,)

    def _closed(self, group: int, place: int) -> bool:
        """Whether a group may not be entered at a place although the grammar lets it.

        In OML messages the order that follows another one reads like a prior result of the first, as everything that would tell them apart
        is optional: prior results begin with a patient, a visit or an allergy, or they are none.
        """
        inside = {self.nodes[number].row.name for number in self.nodes[place].around}
        return self.nodes[group].row.name == "PRIOR_RESULT" and "ORDER_PRIOR" in inside

    def _behind(self, number: int) -> int:
        """Which part of its group follows a part: of a choice none."""
        siblings = self.inside[parent := self.nodes[number].parent]
        return len(siblings) if self._is_choice(parent) else siblings.index(number) + 1

    def _demanded(self, group: int, first: int) -> tuple[int, ...]:
        return tuple(number for number in self.inside[group][first:] if self.nodes[number].demanded)

    def _rest(self, place: int) -> Iterator[int]:
        """What is still required behind a place."""
        if place < 0:
            yield from self._demanded(-1, 0)
        while place >= 0:
            parent = self.nodes[place].parent
            yield from self._demanded(parent, self._behind(place))
            place = parent

    def _is_choice(self, group: int) -> bool:
        return group >= 0 and self.nodes[group].row.type == "choice"


def required(row: Row) -> Iterator[str]:
    """The segments that a group must have; of a choice all that may be chosen."""
    for child in row.children:
        if child.least:
            yield from required(child) if child.children else (child.key,)


@lru_cache(maxsize=256)
def grammar(name: str, version: str) -> Grammar:
    """The grammar of a structure; an empty one for a structure that the version does not have."""
    return Grammar(name, structure(name, version))
