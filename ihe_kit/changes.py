"""What differs between two messages: a Change per place, and the comparison by path that serves every standard."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ihe_kit.core import Element, Message

KINDS = ("added", "removed", "changed", "moved")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` is the element in the first message, `after` the one in the second; None where it is not there.

    `kind` is added, removed, changed, or moved: the same thing in another place of the order. `gap` is the place where an added or a removed
    part would stand in the message that lacks it, as an absent Element: with a `lead` where the text ends before it, without one where its place
    is there and empty. It is None for a whole segment, and where a standard has no such place.
    """

    kind: str
    before: Element | None
    after: Element | None
    gap: Element | None = None

    @property
    def path(self) -> str:
        """Where it is: in the second message, or in the first where the second has it no more."""
        element = self.after or self.before
        return element.path if element else ""

    @property
    def was(self) -> str:
        """The value before, "" for none."""
        return self.before.value if self.before else ""

    @property
    def now(self) -> str:
        """The value after, "" for none."""
        return self.after.value if self.after else ""

    def __str__(self) -> str:
        """`PID-8 changed: F, was K`."""
        words = {
            "added": self.now,
            "removed": self.was,
            "changed": f"{self.now}, was {self.was}",
            "moved": f"was {self.before and self.before.path}",
        }
        return f"{self.path} {self.kind}: {words[self.kind]}"


def by_path(one: Message, other: Message) -> list[Change]:
    """The differences of two messages of any standard, path by path. What one of them lacks as a whole is named once, and not part by part."""
    before, after = {e.path: e for e in one.elements()}, {e.path: e for e in other.elements()}
    lists = {path.rpartition("[")[0] for path in (*before, *after) if re.search(r"\[\d+\]$", path)}  # only the items count
    above = _parents(one, lists) | _parents(other, lists)
    branches = set(above.values())
    found: list[Change] = []
    for path in merged([p for p in before if p not in lists], [p for p in after if p not in lists]):
        was, now, parent = before.get(path), after.get(path), above[path]
        if was and now:
            found += [Change("changed", was, now)] if path not in branches and was.value != now.value else []
        elif not parent or (parent in before and parent in after):
            found.append(Change("removed" if was else "added", was, now))
    return found


def _parents(message: Message, lists: set[str]) -> dict[str, str]:
    """The path of each element -> the path of the one around it, "" for none."""
    found: dict[str, str] = {}
    trail: list[Element] = []
    for element in message.elements():
        while trail and trail[-1].level >= element.level:
            trail.pop()
        found[element.path] = next((outer.path for outer in reversed(trail) if outer.path not in lists), "")
        trail.append(element)
    return found


def merged(one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    """Both lists as one, in the order of the second; what only the first has comes where it stood, behind what stood before it."""
    known, behind, last = set(other), dict[str, list[str]](), ""
    for path in one:
        if path in known:
            last = path
        else:
            behind.setdefault(last, []).append(path)
    yield from behind.get("", ())
    for path in other:
        yield path
        yield from behind.get(path, ())


def steady(places: Sequence[int]) -> set[int]:
    """The indices of the longest run of places that still rise: whatever is not among them has moved.

    >>> steady([0, 3, 1, 2])
    {0, 2, 3}
    """
    ends: list[int] = []  # the smallest place that a run of each length may end with
    tails: list[int] = []
    back: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(ends, place)
        back.append(tails[length - 1] if length else -1)
        ends[length : length + 1], tails[length : length + 1] = [place], [index]
    kept, at = set(), tails[-1] if tails else -1
    while at >= 0:
        kept.add(at)
        at = back[at]
    return kept


def without(changes: Iterable[Change], ignored: Iterable[str]) -> list[Change]:
    """The changes that are not at one of these paths or inside: `MSH-7` also ignores `MSH-7.1`. Numbers in brackets do not matter."""
    plain = [re.sub(r"\[\d+\]", "", path) for path in ignored]
    return [c for c in changes if not any(re.fullmatch(rf"{re.escape(path)}([-./].*)?", re.sub(r"\[\d+\]", "", c.path)) for path in plain)]
