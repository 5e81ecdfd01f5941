"""What differs between two HL7 v2 messages, field by field. A segment is known again by what it says it is (`data/v2/keys.tsv`): a result by
its code, an order by its number, so that one that was put in between does not make all behind it look changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ihe_kit.changes import Change, steady
from ihe_kit.core import Element
from ihe_kit.files import rows
from ihe_kit.v2.message import HEADERS, Segment, Span, V2Message
from ihe_kit.v2.paths import MOST_PARTS


def difference(one: V2Message, other: V2Message) -> list[Change]:
    """Every difference, in the order of the second message; what was removed stands where it was.

    A field, a repetition or a segment that only one of the two has is named as a whole. Separators that say nothing do not count.

    >>> from ihe_kit import v2
    >>> a, b = v2.parse("MSH|^~\\\\&|A\\rPID|||1||||1958"), v2.parse("MSH|^~\\\\&|A\\rPID|||1~2||||1957")
    >>> [str(change) for change in difference(a, b)]
    ['PID-3[2] added: 2', 'PID-7 changed: 1957, was 1958']
    """
    return list(_siblings(one, _tree(one), other, _tree(other)))


# Segments --------------------------------------------------------------------------------------------------------------------------------


@dataclass
class Node:
    """A segment and those that belong to it."""

    segment: Segment
    inside: list[Node] = field(default_factory=list)

    def all(self) -> Iterator[Node]:
        """This one and all inside."""
        yield self
        for node in self.inside:
            yield from node.all()


def _tree(message: V2Message) -> list[Node]:
    """The segments, each below the one that it belongs to."""
    top: list[Node] = []
    latest: dict[str, Node] = {}
    for segment in message.segments:
        owners = [latest[name] for name in _keys().get(segment.name, ((), ()))[1] if name in latest]
        owner = max(owners, key=lambda node: node.segment.start, default=None)
        node = Node(segment)
        (owner.inside if owner else top).append(node)
        latest[segment.name] = node
    return top


def _siblings(one: V2Message, before: Sequence[Node], other: V2Message, after: Sequence[Node]) -> Iterator[Change]:
    """The differences of segments that belong to the same one, and of all below them."""
    pairs = _pairs(one, before, other, after)
    taken = {second: first for first, second in pairs}
    still = steady([first for _, first in sorted((second, first) for first, second in pairs)])
    moved = {second for place, second in enumerate(sorted(taken)) if place not in still}
    gone = [n for n in range(len(before)) if n not in {first for first, _ in pairs}]
    for second, node in enumerate(after):
        first = taken.get(second, -1)
        if first < 0:
            yield from (Change("added", None, _whole(other, inner)) for inner in node.all())
            continue
        if second not in moved:
            while gone and gone[0] < first:
                yield from (Change("removed", _whole(one, inner), None) for inner in before[gone.pop(0)].all())
        else:
            yield Change("moved", _whole(one, before[first]), _whole(other, node))
        yield from _fields(one, before[first].segment, other, node.segment)
        yield from _siblings(one, before[first].inside, other, node.inside)
    for first in gone:
        yield from (Change("removed", _whole(one, inner), None) for inner in before[first].all())


def _pairs(one: V2Message, before: Sequence[Node], other: V2Message, after: Sequence[Node]) -> list[tuple[int, int]]:
    """Which segment of the first message is which of the second: by name and keys, by equal text, then by order."""
    found: list[tuple[int, int]] = []
    left, right = _by_name(before), _by_name(after)
    for name in left.keys() & right.keys():
        mine, theirs = left[name], right[name]
        keys = _keys().get(name, ((), ()))[0]
        for fields in (*keys, None):  # at last the whole text
            known: dict[tuple[str, ...], list[int]] = {}
            for n in theirs:
                known.setdefault(_identity(other, after[n].segment, fields), []).append(n)
            for m in list(mine):
                identity = _identity(one, before[m].segment, fields)
                if any(identity) and known.get(identity):
                    n = known[identity].pop(0)
                    found.append((m, n))
                    mine.remove(m)
                    theirs.remove(n)
        # Two that say who they are and say it differently are two; where nobody says it, or there is only one, order has to do.
        if not keys or len(mine) == len(theirs) == 1:
            found += list(zip(mine, theirs, strict=False))
    return sorted(found)


def _by_name(nodes: Sequence[Node]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for n, node in enumerate(nodes):
        found.setdefault(node.segment.name, []).append(n)
    return found


def _identity(message: V2Message, segment: Segment, fields: tuple[int, ...] | None) -> tuple[str, ...]:
    """What a segment says it is: some of its fields, or with None its whole text behind the set ID."""
    spans = message.fields(segment)
    wanted = range(2, len(spans)) if fields is None else fields
    return tuple(message.text[slice(*spans[n])] if n < len(spans) else "" for n in wanted)


@lru_cache(maxsize=1)
def _keys() -> dict[str, tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]]:
    """Segment -> (the fields that identify it, one way after the other; the segments that it may belong to)."""
    return {
        row["segment"]: (tuple(tuple(map(int, way.split("+"))) for way in row["fields"].split()), tuple(row["owners"].split()))
        for row in rows("v2/keys.tsv")
    }


def _whole(message: V2Message, node: Node) -> Element:
    segment = node.segment
    return Element(message.path_of(segment), segment.name, message.text[segment.start : segment.end], segment.start, segment.end)


# Fields ----------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A field, a repetition or a part of one: its message, its path, its place."""

    message: V2Message
    path: str
    span: Span

    @property
    def filled(self) -> bool:
        return self.message.filled(self.span)

    @property
    def text(self) -> str:
        return self.message.text[slice(*self.span)]

    def element(self) -> Element:
        return self.message.element(self.path, self.path, self.span)

    def parts(self, level: int) -> list[Part]:
        """The components (level 0) or subcomponents (1); a value without any is its own first one and keeps its path."""
        message = self.message
        separator = (message.component_separator, message.subcomponent_separator)[level]
        spans = message.split(*self.span, separator, MOST_PARTS)
        return [Part(message, f"{self.path}.{n}" if len(spans) > 1 else self.path, span) for n, span in enumerate(spans, start=1)]


def _fields(one: V2Message, mine: Segment, other: V2Message, theirs: Segment) -> Iterator[Change]:
    if one.marks == other.marks and one.text[mine.start : mine.end] == other.text[theirs.start : theirs.end]:
        return
    before, after = one.fields(mine), other.fields(theirs)
    for number in range(1, max(len(before), len(after))):
        was, now = (
            [
                Part(message, f"{message.path_of(segment)}-{number}", span)
                for span in (message.repetitions(segment.name, number, spans[number]) if number < len(spans) else ())
            ]
            for message, segment, spans in ((one, mine, before), (other, theirs, after))
        )
        if mine.name in HEADERS and number <= 2:
            yield from [Change("changed", was[0].element(), now[0].element())] if was[0].text != now[0].text else []
        else:
            yield from _repetitions(_numbered(was), _numbered(now))


def _numbered(parts: list[Part]) -> list[Part]:
    """The repetitions that hold something, with their numbers where there are several."""
    several = len(parts) > 1
    numbered = [Part(p.message, f"{p.path}[{n}]", p.span) if several else p for n, p in enumerate(parts, start=1)]
    return [part for part in numbered if part.filled]


def _repetitions(before: list[Part], after: list[Part]) -> Iterator[Change]:
    """Repetitions that are equal belong together, the others in order; what is over was added or removed."""
    left, right = list(range(len(before))), list(range(len(after)))
    pairs = []
    for m in list(left):
        n = next((n for n in right if before[m].text == after[n].text), None)
        if n is not None:
            pairs.append((m, n))
            left.remove(m)
            right.remove(n)
    pairs = sorted(pairs + list(zip(left, right, strict=False)))
    still = steady([n for _, n in pairs])
    for place, (m, n) in enumerate(pairs):
        if place not in still:
            yield Change("moved", before[m].element(), after[n].element())
        yield from _parts(before[m], after[n], 0)
    yield from (Change("removed", before[m].element(), None) for m in left[len(right) :])
    yield from (Change("added", None, after[n].element()) for n in right[len(left) :])


def _parts(before: Part, after: Part, level: int) -> Iterator[Change]:
    if level == 2:
        if before.element().value != after.element().value:
            yield Change("changed", before.element(), after.element())
        return
    was, now = before.parts(level), after.parts(level)
    for n in range(max(len(was), len(now))):
        first = was[n] if n < len(was) and was[n].filled else None
        second = now[n] if n < len(now) and now[n].filled else None
        if first and second:
            yield from _parts(first, second, level + 1)
        elif first or second:
            yield Change("removed" if first else "added", first.element() if first else None, second.element() if second else None)
