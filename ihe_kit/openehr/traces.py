"""Where each value of a form stands: its place in the canonical composition, in FLAT, and back from the path of a finding to the field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ihe_kit.json_text import Node as Json
from ihe_kit.openehr.filling import WHY, Entry, Filling, flat_key
from ihe_kit.openehr.flat_parts import SUFFIXES
from ihe_kit.openehr.form import Part
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.structured import node_at


class Traces:
    """The ways between the keys of a filled form, its FLAT keys and the paths of the composition that was made from it."""

    def __init__(self, filling: Filling, message: OpenehrMessage) -> None:
        self.filling, self.message = filling, message
        self._flat = filling.places()
        self._paths = dict(self._walk(filling.root, filling.form.id, message.root)) if message.root else {}
        self._keys = {path: key for key, path in reversed(self._paths.items())}

    def flat(self, key: str) -> str:
        """The FLAT key of a key of the form."""
        stem, rest = self._split(key, self._flat)
        kind, _, inner = rest.removeprefix("/").partition("|")
        known = self._flat.get(stem, stem)
        return flat_key(self.filling.entry(stem).part, known, kind, inner) if stem in self._flat and rest.startswith("/") else known + rest

    def path(self, key: str) -> str:
        """The openEHR path of a key's value; "" where nothing stands there."""
        stem, rest = self._split(key, self._paths)
        entry, left = self.filling.entry(stem), rest.partition("|")[0].strip("/")
        if left == WHY:
            return f"{self._paths[stem]}/null_flavour"
        if not stem or not entry.kind or left != entry.kind.id:
            return ""
        inner = SUFFIXES.get(entry.kind.node.type, {}).get(rest.partition("|")[2], "value")
        return self._paths[stem] + ("/value/" if entry.part.nullable else "/") + inner

    def way(self, key: str) -> str:
        """The openEHR path of a field as the template has it, whether or not anything stands there."""
        entry, path = self.filling.root, ""
        for segment in self._split(key, self._flat)[0].split("/")[1:]:
            part = entry.part.part(segment.partition(":")[0])
            assert part is not None
            path += _way(part)
            entry = entry.all(part)[int(segment.partition(":")[2] or 0)]
        return path

    def key(self, path: str) -> str:
        """The key of the form that an openEHR path belongs to."""
        before = path
        while before and before not in self._keys:
            before = before.rpartition("/")[0]
        key = self._keys.get(before, self.filling.form.id)
        return self._down(self.filling.entry(key).part, key, path[len(before) :])

    def _down(self, part: Part, key: str, rest: str) -> str:
        """From a group on to the part that what is left of a path leads to, though it is not there."""
        plain = re.sub(r"\[\d+\]", "", rest)
        for below in part.parts:
            way = _way(below)
            if plain == way or plain.startswith(f"{way}/"):
                return self._down(below, f"{key}/{below.id}{':0' * below.many}", plain.removeprefix(way))
        return key

    def _split(self, key: str, known: dict[str, str]) -> tuple[str, str]:
        """The longest beginning of a key that is known, and the rest."""
        stem = key.partition("|")[0]
        while stem and stem not in known:
            stem = stem.rpartition("/")[0]
        return stem, key[len(stem) :]

    def _walk(self, entry: Entry, key: str, node: Json) -> Iterator[tuple[str, str]]:
        """(key, path) of every occurrence that is filled: the nth of the form is the nth of its kind in the text."""
        yield key, self.message.place(node).path
        for part in entry.part.parts:
            found = _found(node, part)
            numbered = [(number, one) for number, one in enumerate(entry.below.get(part.id, ())) if one.filled]
            for (number, below), member in zip(numbered, found, strict=False):
                yield from self._walk(below, f"{key}/{part.id}:{number}" if part.many else f"{key}/{part.id}", member)


def structured_path(message: OpenehrMessage, key: str) -> str:
    """The path in a STRUCTURED text of a FLAT key; "" where nothing stands there."""
    found = node_at(message, key)
    return message.place(found).path if found else ""


def _way(part: Part) -> str:
    """The path of a part below the group above it."""
    return "".join(f"/{move.attribute}" + (f"[{move.node.code}]" if move.node.code else "") for move in part.way)


def _found(node: Json, part: Part) -> list[Json]:
    """The nodes of a text that a part of the form stands for."""
    here = [node]
    for move in part.way:
        values = [child for one in here if (child := one.child(move.attribute))]
        members = [one for value in values for one in (value.children if value.kind == "array" else [value])]
        here = [one for one in members if not move.node.code or _is(one, move.node.code, move.node.fixed_name)]
    return here


def _is(node: Json, code: str, name: str) -> bool:
    """Whether a node has a code, and the name that the template gives it."""
    held, called = node.child("archetype_node_id"), node.child("name")
    text = called.child("value") if called else None
    return held is not None and held.value == code and (not name or (text is not None and text.value == name))
