"""Segments and groups put in the order that a message structure wants: a tree that grows as segments are named.

A place may say the groups (`PATIENT_RESULT.ORDER_OBSERVATION[2].OBX`; groups in between may be left out). One that does not, `OBX[3]`, is
the third OBX of the message. It stands where it fits best: where it is required and missing, else where the fewest required segments would have
to come with it, then behind the segment that was named before it, then near to that. So OBR, OBX, OBX, OBR, OBX in this order are two orders,
the first with two results.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ihe_kit.core import UnknownPath, nearest
from ihe_kit.v2.tables import Row

ANY = "ANYHL7SEGMENT"  # the tables' word for "whatever was agreed"
_STEP = re.compile(r"([A-Z]\w*)(?:\[([1-9][0-9]{0,4})\])?", re.ASCII)

Steps = tuple[tuple[int, bool], ...]  # from a group down: which part, and whether a new occurrence of it
Way = tuple[tuple[str, int], ...]  # groups from the outside in, each with its number


class Place(NamedTuple):
    """Where a segment stands: its groups, its name, and which of this name it is in there. Numbers say the order; a gap closes."""

    groups: Way
    segment: str
    number: int


def way(text: str) -> Way:
    """`PATIENT_RESULT.ORDER_OBSERVATION[2]` as a Way; () for "". Raises UnknownPath."""
    steps = [_STEP.fullmatch(step) for step in text.split(".")] if text else []
    if not all(steps):
        raise UnknownPath(
            f"{text[:60]!r} is no path of groups: expected names with dots between them, e.g. PATIENT_RESULT.ORDER_OBSERVATION[2]"
        )
    return tuple((step[1], int(step[2] or 1)) for step in steps if step)


@dataclass(eq=False)
class Line:
    """One segment: its name, its fields as they are written (after the name), and the local segments (Z) behind it."""

    name: str
    fields: list[str] = field(default_factory=list)
    local: list[Line] = field(default_factory=list)

    def lines(self) -> Iterator[Line]:
        """This segment, and what follows it."""
        yield self
        yield from self.local


@dataclass(eq=False)
class Group:
    """One occurrence of a group, or the whole message. `inside` holds for each part what is there; `at` is its place in the group `above`,
    `latest` the part that was filled last. Of a `choice` only one part can be there.
    """

    parts: Sequence[Row]
    above: Group | None = None
    at: int = 0
    choice: bool = False
    latest: int = -1
    inside: list[list[Line | Group]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inside = [[] for _ in self.parts]

    def room(self, at: int) -> bool:
        """Whether another occurrence of a part fits."""
        taken = self.choice and any(self.inside)
        return not taken and (self.parts[at].most < 0 or len(self.inside[at]) < self.parts[at].most)

    def open(self, at: int) -> Group:
        """A new occurrence of one of its groups."""
        group = _empty(self.parts[at], self, at)
        self.inside[at].append(group)
        return group

    def put(self, at: int, line: Line) -> None:
        """A segment as the next occurrence of a part."""
        self.inside[at].append(line)
        group, self.latest = self, at
        while group.above:
            group.above.latest, group = group.at, group.above

    def direct(self, name: str) -> list[int]:
        """The parts that are this very segment."""
        return [at for at, row in enumerate(self.parts) if row.key == name and not row.children]

    def lines(self) -> Iterator[Line]:
        """The segments in the order of the structure."""
        for inside in self.inside:
            for part in inside:
                yield from part.lines()

    def complete(self) -> None:
        """Adds the required segments that nobody named, bare; of the groups only to those that are there."""
        for row, inside in zip(self.parts, self.inside, strict=True):
            if row.least and not inside and not row.children and row.key != ANY and not self.choice:
                inside.append(Line(row.key))
            for part in inside:
                if isinstance(part, Group):
                    part.complete()


def _empty(row: Row, above: Group | None = None, at: int = 0) -> Group:
    return Group(row.children, above, at, row.type == "choice")


class Assembly:
    """A message of a structure with segments at these places. `lines` finds each of them; iterating gives all, in order.

    Raises UnknownPath for a place that the structure does not have.
    """

    def __init__(self, structure: str, parts: Sequence[Row], places: Iterable[Place]) -> None:
        self.structure, self.root = structure, Group(parts)
        self.lines: dict[Place, Line] = {}
        self._groups: dict[Way, Group] = {(): self.root, ((structure, 1),): self.root}
        self._here = self.root  # where the latest segment stands
        self._latest: Line | None = None
        self._known: dict[int, frozenset[str]] = {}  # a part of the structure -> the segments that it has
        named = list(dict.fromkeys(places))
        for groups in sorted({place.groups for place in named}):
            self._group(groups)
        self._mixed = any(place.groups for place in named)  # then a segment may be named in two ways
        numbers: defaultdict[tuple[Way, str], list[int]] = defaultdict(list)
        for groups, name, number in sorted(named, reverse=True):
            numbers[groups, name].append(number)
        for groups, name, _ in named:
            number = numbers[groups, name].pop()
            self.lines[Place(groups, name, number)] = self._line(groups, name, number)

    def __iter__(self) -> Iterator[Line]:
        self.root.complete()
        return self.root.lines()

    def _line(self, groups: Way, name: str, number: int) -> Line:
        """The segment with this number in the group; a new one where there are not so many yet. A group that has the segment itself is not
        searched for it further down.
        """
        group = self._groups[groups]
        direct = group.direct(name) if groups else []
        if self._mixed:
            inside = (part for at in direct for part in group.inside[at]) if direct else group.lines()
            same = [line for line in inside if isinstance(line, Line) and line.name == name]
            if number <= len(same):
                return same[number - 1]
        line = Line(name)
        if re.fullmatch("Z..", name) and not self._has(group, name):
            self._follow(line)
            return line
        free = [at for at in direct if group.room(at)]
        if free:
            self._here = group
            group.put(next((at for at in free if at >= group.latest), free[0]), line)
        else:
            self._place(line, group)
        self._latest = line
        return line

    def _follow(self, line: Line) -> None:
        if self._latest is None:
            raise UnknownPath(f"a message cannot begin with the local segment {line.name}: name the segment before it first")
        self._latest.local.append(line)

    def _place(self, line: Line, within: Group) -> None:
        ways = sorted(self._ways(line.name, within), key=lambda way: way[0])
        if not ways:
            where = within.above.parts[within.at].name if within.above else self.structure
            raise UnknownPath(f"{where} has {'no room for another' if self._has(within, line.name) else 'no segment'} {line.name}")
        _, group, steps = ways[0]
        for at, fresh in steps[:-1]:
            inner = group.open(at) if fresh else group.inside[at][-1]
            assert isinstance(inner, Group)
            group = inner
        self._here = group
        group.put(steps[-1][0], line)

    def _ways(self, name: str, within: Group) -> Iterator[tuple[tuple[int, bool, int], Group, Steps]]:
        """Every place with room for a segment, from the latest segment outwards: (what speaks against it, the group, the steps from there)."""
        outer = self._here
        while outer is not within and outer.above:
            outer = outer.above
        group: Group | None = self._here if outer is within else within  # the latest segment may stand elsewhere
        inner: Group | None = None
        distance = 0
        while group:
            for cost, steps in self._places(group, name, inner):
                back = steps[0][0] < group.latest
                yield (cost, back, distance), group, steps
                if cost <= 0 and not back:  # nothing further out can be better
                    return
            inner, distance = group, distance + 1
            group = None if group is within else group.above

    def _places(self, group: Group, name: str, seen: Group | None = None) -> Iterator[tuple[int, Steps]]:
        """Every place with room for a segment in a group: (the required segments that would have to come with it, the steps to it). The group
        that was `seen` already is left out.
        """
        for at, row in enumerate(group.parts):
            if not row.children:
                if row.key in (name, ANY) and group.room(at):
                    waiting = row.least and not group.inside[at] and (group.above or group is self.root)  # the group is there and lacks it
                    yield -1 if waiting else int(row.key == ANY), ((at, True),)
            elif self._may_hold(row, name):
                latest = group.inside[at][-1] if group.inside[at] else None
                if isinstance(latest, Group) and latest is not seen:
                    yield from ((cost, ((at, False), *steps)) for cost, steps in self._places(latest, name))
                if group.room(at):
                    more = 0 if len(group.inside[at]) < row.least else _needed(row, name)
                    yield from ((cost + more, ((at, True), *steps)) for cost, steps in self._places(_empty(row), name))

    def _may_hold(self, row: Row, name: str) -> bool:
        if id(row) not in self._known:
            self._known[id(row)] = _names((row,))
        return not self._known[id(row)].isdisjoint((name, ANY))

    def _has(self, group: Group, name: str) -> bool:
        return any(row.key == name or (row.children and name in _names((row,))) for row in group.parts)

    def _group(self, groups: Way) -> Group:
        """The group at the end of a way, made where it is not there yet."""
        if groups in self._groups:
            return self._groups[groups]
        group, (name, _) = self._group(groups[:-1]), groups[-1]
        route = _route(group.parts, name)
        if not route:
            where = groups[-2][0] if groups[1:] else self.structure
            raise UnknownPath(f"{where} has no group {name}" + nearest(name, _group_names(group.parts)))
        for at in route[:-1]:  # groups in between that the path leaves out
            inner = group.inside[at][-1] if group.inside[at] else group.open(at)
            assert isinstance(inner, Group)
            group = inner
        if not group.room(route[-1]):
            raise UnknownPath(f"{name} occurs only {len(group.inside[route[-1]])} times there")
        self._groups[groups] = group.open(route[-1])
        return self._groups[groups]


def _names(parts: Sequence[Row]) -> frozenset[str]:
    return frozenset(name for part in parts for name in (_names(part.children) if part.children else (part.key,)))


def _needed(row: Row, name: str) -> int:
    """How many required segments a new occurrence of a group brings with it, besides this one."""
    if row.type == "choice":
        return 0
    return sum(_needed(part, name) if part.children else part.key != name for part in row.children if part.least)


def _group_names(parts: Sequence[Row]) -> list[str]:
    return [name for part in parts if part.children for name in (part.name, *_group_names(part.children))]


def _route(parts: Sequence[Row], name: str) -> tuple[int, ...]:
    """The parts to go through to the nearest group with a name; () where there is none."""
    at = next((i for i, row in enumerate(parts) if row.children and name in (row.name, row.key)), -1)
    if at >= 0:
        return (at,)
    routes = ((i, *rest) for i, row in enumerate(parts) if row.children and (rest := _route(row.children, name)))
    return min(routes, key=len, default=())
