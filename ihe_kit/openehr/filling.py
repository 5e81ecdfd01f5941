"""A form that is being filled in: its groups and fields as often as they are there, what was typed in each, and the FLAT values that this makes.

A row may stay empty between two that are filled. In the form both keep their numbers; FLAT counts only what is filled, so the two number
differently: `places` leads from a key of the form to one of FLAT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ihe_kit.core import UnknownPath, nearest
from ihe_kit.openehr.flat_parts import OPEN_LIST
from ihe_kit.openehr.form import Input, Kind, Part

WHY = "_null_flavour"


@dataclass(eq=False)
class Entry:
    """One occurrence of a part. `values` are by part of the value, `why` is the null flavour of a field without one; `open` is for a reader."""

    part: Part
    values: dict[str, Any] = field(default_factory=dict)
    kind: Kind | None = None
    why: str | None = None
    open: bool = False
    below: dict[str, list[Entry]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kind = next(iter(self.part.kinds), None)

    def all(self, part: Part) -> list[Entry]:
        """Every occurrence of a part of this group: at least one, which may be empty."""
        return self.below.setdefault(part.id, [Entry(part)])

    @property
    def filled(self) -> bool:
        """Whether anything stands here or below."""
        return bool(self.why) or any(self.values.values()) or any(one.filled for several in self.below.values() for one in several)


class Filling:
    """A form and what stands in it. Keys are FLAT keys with a number at each part that may repeat.

    >>> from ihe_kit.openehr import template
    >>> from ihe_kit.openehr.form import form
    >>> filled = Filling(form(template("kit_vital_signs.v1")))
    >>> filled.put("vital_signs/blood_pressure:0/any_event:0/systolic|magnitude", "142")
    >>> {key.rpartition("/")[2]: value for key, value in filled.flat().items()}
    {'systolic|magnitude': 142, 'systolic|unit': 'mm[Hg]'}
    """

    def __init__(self, form: Part) -> None:
        self.form = form
        self.root = Entry(form)

    def put(self, key: str, value: str) -> None:
        """Puts a text in its place; "" takes it away. Parts that can be only one thing, such as the only unit, come along. Raises UnknownPath."""
        entry, kind, part = self._place(key)
        if part == WHY:
            entry.why, entry.values = value or None, {}
            return
        if kind is not entry.kind:
            entry.kind, entry.values = kind, {}
        entry.why = None
        entry.values = {name: old for name, old in entry.values.items() if name != part} | ({part: value} if value else {})
        fixed = {one.part: one.codes[0][0] for one in kind.inputs if one.closed and len(one.codes) == 1}
        typed = {name: old for name, old in entry.values.items() if name not in fixed}
        if part not in fixed:
            entry.values = entry.values | {name: only for name, only in fixed.items() if name not in entry.values} if typed else {}

    def keep(self, key: str, value: Any) -> None:
        """Keeps a part of a value that the form does not ask for, such as a precision; the words of a listed code come from the list. Raises UnknownPath."""
        entry, kind, part = self._place(key, anything=True)
        listed = any(one.kind == "code" and (one.codes or kind.node.type == "CODE_PHRASE") for one in kind.inputs)
        if not (listed and part in ("value", "terminology", "ordinal")):
            entry.kind, entry.values = kind, entry.values | {part: value}

    def get(self, key: str) -> str:
        """What stands at a key. Raises UnknownPath."""
        entry, _, part = self._place(key)
        return (entry.why or "") if part == WHY else str(entry.values.get(part, ""))

    def entry(self, key: str) -> Entry:
        """The occurrence at a key without what stands behind |; of a field, whatever type of value the key names. Raises UnknownPath."""
        return self._walk(key)[0]

    def add(self, key: str) -> str:
        """One more occurrence of the part at a key; gives its own key. Raises UnknownPath."""
        above, part = self._above(key)
        there = above.all(part)
        there.append(Entry(part, open=True))
        return f"{re.sub(r':[0-9]+$', '', key)}:{len(there) - 1}"

    def remove(self, key: str) -> None:
        """Takes an occurrence away; those behind it move up. Raises UnknownPath."""
        above, part = self._above(key)
        there = above.all(part)
        there.remove(self.entry(key))
        there or above.below.pop(part.id)

    def flat(self) -> dict[str, Any]:
        """The FLAT values, each as JSON writes its kind: what is no number where one is wanted stays a text, and is found to be wrong."""
        return {key: value for _, key, value in self._emitted()}

    def places(self) -> dict[str, str]:
        """The FLAT key of every occurrence of the form that is filled, or stands where one would be."""
        return dict(self._keys(self.root, self.form.id, self.form.id))

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Every occurrence that is filled, by its key in the form."""
        yield from self._entries(self.root, self.form.id)

    def _entries(self, entry: Entry, key: str) -> Iterator[tuple[str, Entry]]:
        yield key, entry
        for part in entry.part.parts:
            for number, below in enumerate(entry.below.get(part.id, ())):
                if below.filled:
                    yield from self._entries(below, _numbered(key, part, number))

    def _keys(self, entry: Entry, form: str, flat: str) -> Iterator[tuple[str, str]]:
        yield form, flat
        for part in entry.part.parts:
            filled = 0
            for number, below in enumerate(entry.below.get(part.id, ())):
                yield from self._keys(below, _numbered(form, part, number), _numbered(flat, part, filled))
                filled += below.filled

    def _emitted(self) -> Iterator[tuple[str, str, Any]]:
        """(key in the form, key in FLAT, value)."""
        places = self.places()
        for key, entry in self.entries():
            kinds = {one.part: one for one in entry.kind.inputs} if entry.kind else {}
            if entry.why:
                yield key, f"{places[key]}/{WHY}|code", entry.why
            for part, value in entry.values.items():
                yield key, flat_key(entry.part, places[key], entry.kind.id if entry.kind else "", part), _typed(kinds.get(part), value)

    def _place(self, key: str, anything: bool = False) -> tuple[Entry, Kind, str]:
        """The field, the type of value and the part of it that a key names."""
        stem, _, part = key.partition("|")
        entry, left = self._walk(stem)
        if left == [WHY] and entry.part.nullable:
            return entry, entry.kind or entry.part.kinds[0], WHY
        kinds = {kind.id: kind for kind in entry.part.kinds}
        if not left and entry.part.open_list and part in OPEN_LIST:
            id_, part = OPEN_LIST[part]
            left = [id_]
        kind = kinds.get(left[0]) if left else None
        if "" in kinds:
            kind, left = kinds[""], ["", *left]
        if left[1:]:  # what lies inside a value: the lower end of an interval
            part = "".join(f"/{one}" for one in left[1:]) + (f"|{part}" if part else "")
        if kind is None:
            raise UnknownPath(f"{key}: the form has no such field" + nearest("/".join(left), kinds))
        if not anything and part not in {one.part for one in kind.inputs}:
            listed = ", ".join(suffixed("", one.part) for one in kind.inputs if one.part) or "no part behind |"
            raise UnknownPath(f"{key}: a {kind.name} has {listed}")
        return entry, kind, part

    def _walk(self, key: str) -> tuple[Entry, list[str]]:
        """The occurrence that a key leads to, and the segments that lead no further."""
        top, *segments = key.split("/")
        if top.partition(":")[0] != self.form.id:
            raise UnknownPath(f"{key}: the form begins with {self.form.id}")
        entry = self.root
        for at, segment in enumerate(segments):
            id_, _, number = segment.partition(":")
            part = entry.part.part(id_)
            if part is None and not entry.part.kinds:
                raise UnknownPath(f"{key}: there is no {id_}" + nearest(id_, [one.id for one in entry.part.parts]))
            if part is None:
                return entry, segments[at:]
            there, wanted = entry.all(part), int(number) if number.isdecimal() else 0
            if wanted > len(there) or (wanted and not part.many):
                raise UnknownPath(f"{key}: there is no {segment}, {part.name} is there {len(there)} times")
            if wanted == len(there):
                there.append(Entry(part))
            entry = there[wanted]
        return entry, []

    def _above(self, key: str) -> tuple[Entry, Part]:
        """The group that holds the part at a key, and the part."""
        above = self.entry(key.rpartition("/")[0])
        part = above.part.part(key.rpartition("/")[2].partition(":")[0])
        if part is None:
            raise UnknownPath(f"{key}: the form has no such part")
        return above, part


def flat_key(part: Part, stem: str, kind: str, inner: str) -> str:
    """The FLAT key of a part of a value: a field that takes a code or a plain text does not name the kind, but writes the text as |other."""
    short = next((suffix for suffix, way in OPEN_LIST.items() if way == (kind, inner)), "") if part.open_list else ""
    return f"{stem}|{short}" if short else suffixed(f"{stem}/{kind}" if kind else stem, inner)


def suffixed(key: str, part: str) -> str:
    """The FLAT key of a part of the value at a key: behind | or, of what lies inside the value, behind /."""
    return key + (part if part.startswith("/") else f"|{part}" if part else "")


def _numbered(above: str, part: Part, number: int) -> str:
    """The key of an occurrence: a number only where there may be several."""
    return f"{above}/{part.id}:{number}" if part.many or number else f"{above}/{part.id}"


def _typed(asked: Input | None, value: Any) -> Any:
    """A value as JSON writes its kind; what nobody asked for stays as it came."""
    if not asked or not isinstance(value, str):
        return value
    if asked.kind in ("number", "whole", "proportion") and re.fullmatch(r"-?[0-9]{1,15}", value):
        return int(value)
    if asked.kind == "number" and re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,15}", value):
        return float(value)
    return value == "true" if asked.kind == "truth" and value in ("true", "false") else value
