"""What differs between two HL7 v2 messages, field by field. A segment is known again by what it says it is (`data/v2/keys.tsv`): a result by
its code, an order by its number, so that one that was put in between does not make all behind it look changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from ihe_kit.changes import Change, steady
from ihe_kit.core import Element
from ihe_kit.files import rows
from ihe_kit.v2.message import HEADERS, Segment, Span, V2Message
from ihe_kit.v2.paths import MOST_PARTS


def difference(one: V2Message, other: V2Message, matches: Iterable[Match] | None = None) -> list[Change]:
    """Every difference, in the order of the second message; what was removed stands where it was. `matches` spares the search for segments that
    belong together where `matched` has made it.

    A field, a repetition or a segment that only one of the two has is named as a whole. Separators that say nothing do not count.

    >>> from ihe_kit import v2
    >>> a, b = v2.parse("MSH|^~\\\\&|A\\rPID|||1||||1958"), v2.parse("MSH|^~\\\\&|A\\rPID|||1~2||||1957")
    >>> [str(change) for change in difference(a, b)]
    ['PID-3[2] added: 2', 'PID-7 changed: 1957, was 1958']
    """
    found: list[Change] = []
    for kind, first, second, _ in matched(one, other) if matches is None else matches:
        if kind:
            found.append(Change(kind, _whole(one, first) if first else None, _whole(other, second) if second else None))
        if first and second:
            found += _fields(one, first, other, second)
    return found


# Segments --------------------------------------------------------------------------------------------------------------------------------


class Match(NamedTuple):
    """A segment of the first message and the one of the second that it is; None for what only one of them has.

    `kind` is added, removed, moved, or "". `stays` says whether it stands in its place: what has moved does not, nor what belongs to it.
    """

    kind: str
    first: Segment | None
    second: Segment | None
    stays: bool = False


def matched(one: V2Message, other: V2Message) -> list[Match]:
    """Which segment of the second message is which of the first, each behind the one it belongs to; whether they are equal is another question."""
    return list(_siblings(one, _tree(one), other, _tree(other)))


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


def _siblings(one: V2Message, before: Sequence[Node], other: V2Message, after: Sequence[Node], stays: bool = True) -> Iterator[Match]:
    """The segments that belong to the same one, and all below them."""
    pairs = _pairs(one, before, other, after)
    taken = {second: first for first, second in pairs}
    still = steady([first for _, first in sorted((second, first) for first, second in pairs)])
    moved = {second for place, second in enumerate(sorted(taken)) if place not in still}
    known = set(taken.values())
    gone = deque(n for n in range(len(before)) if n not in known)
    for second, node in enumerate(after):
        first = taken.get(second, -1)
        if first < 0:
            yield from (Match("added", None, inner.segment) for inner in node.all())
            continue
        while second not in moved and gone and gone[0] < first:
            yield from (Match("removed", inner.segment, None) for inner in before[gone.popleft()].all())
        still_here = stays and second not in moved
        yield Match("moved" if second in moved else "", before[first].segment, node.segment, still_here)
        yield from _siblings(one, before[first].inside, other, node.inside, still_here)
    for first in gone:
        yield from (Match("removed", inner.segment, None) for inner in before[first].all())


def _pairs(one: V2Message, before: Sequence[Node], other: V2Message, after: Sequence[Node]) -> list[tuple[int, int]]:
    """Which segment of the first message is which of the second: by name and keys, by equal text, then by order."""
    found: list[tuple[int, int]] = []
    left, right = _by_name(before), _by_name(after)
    for name in left.keys() & right.keys():
        mine, theirs = dict.fromkeys(left[name]), dict.fromkeys(right[name])  # ordered, and quick to take one from the middle
        keys = _keys().get(name, ((), ()))[0]
        for fields in (*keys, None):  # at last the whole text
            known: dict[tuple[str, ...], deque[int]] = {}
            for n in theirs:
                known.setdefault(_identity(other, after[n].segment, fields), deque()).append(n)
            for m in list(mine):
                identity = _identity(one, before[m].segment, fields)
                if any(identity) and known.get(identity):
                    n = known[identity].popleft()
                    found.append((m, n))
                    del mine[m], theirs[n]
        # Two that say who they are and say it differently are two; where nobody says it, or there is only one, order has to do.
        if keys and not len(mine) == len(theirs) == 1:
            mine, theirs = _nameless(one, before, mine), _nameless(other, after, theirs)
        found += list(zip(mine, theirs, strict=False))
    return sorted(found)


def _nameless(message: V2Message, nodes: Sequence[Node], among: Iterable[int]) -> dict[int, None]:
    """Those segments that say nothing behind the set ID."""
    return dict.fromkeys(n for n in among if not any(_identity(message, nodes[n].segment, None)))


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


def _whole(message: V2Message, segment: Segment) -> Element:
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
        spans = self.message.split(*self.span, self._separator(level), MOST_PARTS)
        return [Part(self.message, f"{self.path}.{n}" if len(spans) > 1 else self.path, span) for n, span in enumerate(spans, start=1)]

    def gap(self, level: int, parts: Sequence[Part], n: int) -> Element:
        """The place of a part that is not there, or empty."""
        return _gap(f"{self.path}.{n + 1}", [part.span for part in parts], n, self._separator(level), self.span[1])

    def _separator(self, level: int) -> str:
        return (self.message.component_separator, self.message.subcomponent_separator)[level]


def _gap(path: str, spans: Sequence[Span], n: int, separator: str, end: int) -> Element:
    """An absent element: where its place is, or behind the last one, with the separators that are missing before it."""
    if n < len(spans):
        return Element(path, path, "", spans[n][0], spans[n][0])
    return Element(path, path, "", end, end, lead=separator * (n - len(spans) + 1))


class Field(NamedTuple):
    """A field with its repetitions that hold something, and the place where another one would stand."""

    header: bool
    parts: list[Part]
    gap: Element

    @classmethod
    def at(cls, message: V2Message, segment: Segment, number: int) -> Field:
        spans, path = message.fields(segment), f"{message.path_of(segment)}-{number}"
        places = message.repetitions(segment.name, number, spans[number]) if number < len(spans) else []
        several = len(places) > 1
        parts = [Part(message, f"{path}[{n}]" if several else path, place) for n, place in enumerate(places, start=1)]
        if any(part.filled for part in parts):
            more = f"{path}[{len(parts) + 1}]"
            gap = Element(more, more, "", spans[number][1], spans[number][1], lead=message.repetition_separator)
        else:
            gap = _gap(path, spans, number, message.field_separator, segment.end)
        return cls(segment.name in HEADERS and number <= 2, [part for part in parts if part.filled], gap)


def _fields(one: V2Message, mine: Segment, other: V2Message, theirs: Segment) -> Iterator[Change]:
    alike = (one.field_separator, one.marks) == (other.field_separator, other.marks)
    if alike and one.text[mine.start : mine.end] == other.text[theirs.start : theirs.end]:
        return
    before, after = one.fields(mine), other.fields(theirs)
    for number in range(1, max(len(before), len(after))):
        texts = {m.text[slice(*spans[number])] if number < len(spans) else "" for m, spans in ((one, before), (other, after))}
        if not alike or len(texts) > 1:
            yield from _repetitions(Field.at(one, mine, number), Field.at(other, theirs, number))


def _repetitions(before: Field, after: Field) -> Iterator[Change]:
    """Repetitions that are equal belong together, the others in order; what is over was added or removed."""
    was, now = before.parts, after.parts
    if before.header:  # the delimiters themselves: they have no parts
        yield from _marks(before, after)
        return
    known: dict[str, deque[int]] = {}
    for n, part in enumerate(now):
        known.setdefault(part.text, deque()).append(n)
    pairs = [(m, known[part.text].popleft()) for m, part in enumerate(was) if known.get(part.text)]
    firsts = {m for m, _ in pairs}
    left, right = [m for m in range(len(was)) if m not in firsts], sorted(n for places in known.values() for n in places)
    pairs = sorted(pairs + list(zip(left, right, strict=False)))
    still = steady([n for _, n in pairs])
    for place, (m, n) in enumerate(pairs):
        if place not in still:
            yield Change("moved", was[m].element(), now[n].element())
        yield from _parts(was[m], now[n], 0)
    yield from (Change("removed", was[m].element(), None, after.gap) for m in left[len(right) :])
    yield from (Change("added", None, now[n].element(), before.gap) for n in right[len(left) :])


def _marks(before: Field, after: Field) -> Iterator[Change]:
    """The first two fields of a header, of which a short one lacks the second."""
    was, now = (field.parts[0] if field.parts else None for field in (before, after))
    if was and now:
        yield from [Change("changed", was.element(), now.element())] if was.text != now.text else []
    elif was:
        yield Change("removed", was.element(), None, after.gap)
    elif now:
        yield Change("added", None, now.element(), before.gap)


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
        elif first:
            yield Change("removed", first.element(), None, after.gap(level, now, n))
        elif second:
            yield Change("added", None, second.element(), before.gap(level, was, n))
