"""Where the segments of a message stand in its message structure: in which group, and what is missing, misplaced or unknown there.

The structures of HL7 are grammars that are read from left to right, and some can be read in more than one way. The reading chosen here is
the one with the fewest problems; between readings with equally few, a segment stays in the innermost open group that takes it. A prior result
begins with a patient or a visit, or it is none (`Grammar._closed`). The time taken grows with the number of segments and with nothing else.

Deliberately not judged here: local segments (Z..) and those that continue a message in another one (ADD, DSC), which stand anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ihe_kit.v2.grammar import ANY, Grammar, Node, Step, grammar, required
from ihe_kit.v2.tables import event_structure, structures, supported

if TYPE_CHECKING:
    from ihe_kit.v2.message import V2Message

_FREE = re.compile(r"Z\w\w|ADD|DSC", re.ASCII)
_LIVE = 3  # readings that have so many problems more than the best one so far are given up
_SHORT = 100  # messages of so many segments are remembered: interfaces send the same shapes again and again


@dataclass(frozen=True, slots=True)
class Group:
    """One occurrence of a group, counted from 1 within the group around it."""

    name: str
    number: int
    parent: Group | None = None

    @property
    def path(self) -> str:
        """`PATIENT_RESULT[1].ORDER_OBSERVATION[2]`."""
        own = f"{self.name}[{self.number}]"
        return f"{self.parent.path}.{own}" if self.parent else own


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where the segments do not fit the structure.

    `kind`: `missing` (a required segment or group), `misplaced` (the structure has the segment, but not here), `unknown` (it has none of
    that name) or `repeated` (more often than it may). `at` is an index into `message.segments`: the segment concerned, or for a missing one
    the segment behind which it would stand (-1: before all). `group` is the group it belongs to. `names`: of a missing group the segments
    that it must have, of a misplaced segment those that may follow here.
    """

    kind: str
    name: str
    at: int
    group: Group | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placing:
    """The segments of a message in their groups. `groups` has an entry per segment, None outside every group.

    `structure` is the name of the structure they were held against, "" where the version has none for the message: then nothing was placed.
    """

    structure: str
    version: str
    groups: tuple[Group | None, ...] = ()
    problems: tuple[Problem, ...] = ()


def placed(message: V2Message, version: str = "") -> Placing:
    """The segments of a message, matched against its structure in its version or in another one. Nothing in a message raises.

    >>> from ihe_kit import v2
    >>> text = "MSH|^~\\\\&|||||||ORU^R01^ORU_R01|||2.5\\rPID|1\\rOBR|1\\rOBX|1\\rOBR|2\\rOBX|1"
    >>> placed(v2.parse(text)).groups[-1].path
    'PATIENT_RESULT[1].ORDER_OBSERVATION[2].OBSERVATION[1]'
    """
    version = supported(version or message.version)
    name = structure_name(message.structure, message.trigger, version)
    names = tuple([line.name for line in message.segments])
    return (_remembered if len(names) <= _SHORT else match)(name, version, names)


@lru_cache(maxsize=4096)
def structure_name(named: str, trigger: str, version: str) -> str:
    """The structure of a message: the one that MSH-9.3 names, else the one of its trigger (`ADT^A08`: ADT_A01, HL7 table 0354).

    "" where the version has none of them.

    >>> structure_name("", "ADT^A08", "2.5"), structure_name("", "ACK^A08", "2.5"), structure_name("", "XYZ^A08", "2.5")
    ('ADT_A01', 'ACK', '')
    """
    known = structures(version)
    code = trigger.partition("^")[0]
    return next((name for name in (named, event_structure(trigger, version), trigger.replace("^", "_"), code) if name in known), "")


@lru_cache(maxsize=256)
def group_names(name: str, version: str) -> tuple[str, ...]:
    """The names of the groups of a structure, in its order."""
    return tuple(dict.fromkeys(node.row.name for node in grammar(name, version).nodes if node.row.children))


def match(name: str, version: str, segments: Sequence[str]) -> Placing:
    """The names of segments, matched against a structure such as `ADT_A01`."""
    table = grammar(name, version)
    if not table.known:
        return Placing("", version, (None,) * len(segments))
    return against(table, version, segments)


def against(table: Grammar, version: str, segments: Sequence[str]) -> Placing:
    """The names of segments, matched against any grammar: a profile's table of segments is narrower than the structure."""
    return _read_out(table, version, segments, _straight(table, segments) or _fewest(table, segments))


_remembered = lru_cache(maxsize=1024)(match)

Taken = list[Step | None]  # a step per segment, then the one to the end; None for a segment that was left out


def _straight(table: Grammar, segments: Sequence[str]) -> Taken:
    """The reading of a message without problems, taking always the step to prefer; [] where that leads to a problem."""
    place, taken = -1, []
    clean = table.clean
    for name in segments:
        steps = clean(place)
        step = steps.get(name) or steps.get(ANY)
        if step:
            place = step.to
        elif not _FREE.fullmatch(name):
            return []
        taken.append(step)
    end = table.end(place)
    return [] if end.missing else [*taken, end]


class Reading(NamedTuple):
    """How far one reading of a message has come, and the readings before it, back to the beginning."""

    place: int
    cost: int
    step: Step | None
    before: Reading | None


def _fewest(table: Grammar, segments: Sequence[str]) -> Taken:
    """The reading with the fewest problems, found by keeping the best one that ends at each place."""
    live = [Reading(-1, 0, None, None)]
    for name in segments:
        left_out = int(name in table.known and not _FREE.fullmatch(name))
        best: dict[int, Reading] = {}
        for old in live:
            steps = table.steps(old.place)
            for step in [*steps.get(name, ()), *steps.get(ANY, ())]:
                cost = old.cost + step.cost
                if step.to not in best or cost < best[step.to].cost:
                    best[step.to] = Reading(step.to, cost, step, old)
        for old in live:
            if old.place not in best or old.cost + left_out < best[old.place].cost:
                best[old.place] = Reading(old.place, old.cost + left_out, None, old)
        least = min(reading.cost for reading in best.values())
        live = [reading for reading in best.values() if reading.cost <= least + _LIVE]
    last: Reading | None = min(live, key=lambda reading: reading.cost + table.end(reading.place).cost)
    taken: Taken = [table.end(last.place)] if last else []
    while last and last.before:
        taken.append(last.step)
        last = last.before
    return taken[::-1]


def _read_out(table: Grammar, version: str, segments: Sequence[str], taken: Taken) -> Placing:
    """The groups and the problems of a reading."""
    nodes, place = table.nodes, -1
    around: tuple[int, ...] = ()
    groups: list[Group | None] = []
    problems: list[Problem] = []
    opened: list[Group] = []  # the groups around the place, outermost first
    newest: dict[int, Group] = {}  # the latest occurrence of each group of the structure
    for at, step in enumerate(taken):
        if step is None:
            groups.append(opened[-1] if opened else None)
            problems += _left_out(table, place, segments[at], at, groups[-1])
            continue
        to, kept, missing, repeated = step
        left = [number for number in missing if number > place and nodes[number].parent in (-1, *around)]
        problems += [_missing(nodes[number], at - 1, opened) for number in left]
        if to < 0:
            break
        if around != nodes[to].around or kept < len(around):
            around = nodes[to].around
            _open(nodes, around, kept, opened, newest)
        problems += [_missing(nodes[number], at - 1, opened) for number in missing if number not in left]
        if repeated >= 0:
            problems.append(Problem("repeated", nodes[repeated].row.name, at, _group(nodes[repeated], opened)))
        groups.append(opened[-1] if opened else None)
        place = to
    return Placing(table.name, version, tuple(groups), _once(problems))


def _open(nodes: Sequence[Node], around: Sequence[int], kept: int, opened: list[Group], newest: dict[int, Group]) -> None:
    """Closes the groups that do not stay open and opens the others that stand around the next place."""
    del opened[kept:]
    for number in around[kept:]:
        parent, last = opened[-1] if opened else None, newest.get(number)
        group = Group(nodes[number].row.name, last.number + 1 if last and last.parent is parent else 1, parent)
        newest[number] = group
        opened.append(group)


def _group(node: Node, opened: Sequence[Group]) -> Group | None:
    return opened[len(node.around) - 1] if node.around else None


def _missing(node: Node, at: int, opened: Sequence[Group]) -> Problem:
    return Problem("missing", node.row.name, at, _group(node, opened), tuple(required(node.row)))


def _left_out(table: Grammar, place: int, name: str, at: int, group: Group | None) -> Iterator[Problem]:
    if name in table.known and name != ANY:
        yield Problem("misplaced", name, at, group, tuple(table.clean(place)))
    elif not _FREE.fullmatch(name):
        yield Problem("unknown", name, at, group)


def _once(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """A segment that stands in the wrong place is not missing as well."""
    misplaced = {problem.name for problem in problems if problem.kind == "misplaced"}
    return tuple(p for p in problems if p.kind != "missing" or not misplaced.intersection(p.names or (p.name,)))
