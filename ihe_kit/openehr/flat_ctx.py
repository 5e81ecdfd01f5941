"""The context of FLAT and STRUCTURED: `ctx/language`, `ctx/time` and what else holds for a whole composition unless a key says otherwise
(openEHR ITS-REST 1.1.0, Simplified Formats, Context Information). The keys are rows of `data/openehr/ctx.tsv`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ihe_kit.core import nearest
from ihe_kit.files import rows
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.flat_parts import lineage, model_move
from ihe_kit.openehr.leaves import Move

_NUMBER = re.compile(r":(0|[1-9][0-9]{0,3})(?=\||$)")
IDS = ("id_scheme", "id_namespace")
_PEOPLE = "ctx/participation_"
_IDENTIFIER = ("issuer", "assigner", "id", "type")


@dataclass(frozen=True, slots=True)
class Default:
    """A value that every object of a class takes which has none of its own. `steps` are the segments below it, each with its repetition."""

    key: str
    owner: str
    steps: tuple[tuple[str, int], ...]
    suffix: str
    value: Any

    def moves(self, node: Node) -> tuple[tuple[Move, int], ...]:
        """The way from an object of the class to the value; () where the node is no such object."""
        if self.owner not in lineage(node.type):
            return ()
        found: list[tuple[Move, int]] = []
        for segment, index in self.steps:
            move = model_move(found[-1][0].node if found else node, segment)
            if not move:
                return ()
            found.append((move, index))
        return tuple(found)


def is_ctx(key: str) -> bool:
    """Whether a key speaks of the context: `ctx/language`."""
    return key.startswith("ctx/")


def known(key: str) -> list[dict[str, str]]:
    """The rows of a key of the context. Raises ValueError for one that there is none of.

    >>> [row["class"] for row in known("ctx/participation_name:1")]
    ['EVENT_CONTEXT', 'ENTRY']
    """
    found = _rows().get(_pattern(key[4:])) or _rows().get(f"{key[4:]}:n")
    if not found:
        names = [name.replace(":n", ":0").replace(":m", ":0") for name in _rows()]
        raise ValueError(f"{key}: there is no {key}" + nearest(key, [f"ctx/{name}" for name in names]))
    return found


def places(key: str) -> list[str]:
    """The FLAT keys below the root that a key of the context stands for. Raises ValueError for one that there is none of."""
    return [_numbered(row["place"], key) for row in known(key) if row["class"] == "COMPOSITION"]


def of_composition(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(FLAT key below the root, value) of what a key of the context says of the composition itself. Raises ValueError."""
    for row in known(key):
        if row["class"] == "COMPOSITION":
            yield _numbered(row["place"], key), _value(key, row, value)


def defaults(values: Mapping[str, Any]) -> Iterator[Default]:
    """What the keys of the context say of the objects inside a composition. Raises ValueError for a wrong key or value."""
    for key, value in values.items():
        for row in known(key) if is_ctx(key) else ():
            if row["class"] == "COMPOSITION":
                continue
            stem, _, suffix = _numbered(row["place"], key).partition("|")
            steps = tuple((one.partition(":")[0], int(one.partition(":")[2] or 0)) for one in stem.split("/"))
            for part, said in _identifiers(key, value) if suffix == "identifiers" else ((suffix, _value(key, row, value)),):
                yield Default(key, row["class"], steps, part, said)
    for problem in gaps(values).values():
        raise ValueError(problem)


def plain(values: Mapping[str, Any], name: str) -> str:
    """The text of a key of the context that stands once; "" where it is not given."""
    return str(values.get(f"ctx/{name}", ""))


def gaps(keys: Iterable[str]) -> dict[str, str]:
    """The keys of participations whose repetition is there without the one before it, and why they cannot be used."""
    numbered = {key: int(found[1]) if (found := _NUMBER.search(key.partition("|")[0])) else 0 for key in keys if key.startswith(_PEOPLE)}
    return {
        key: f"{key}: could not consume ':{number}'; repetitions count from 0, and there is no :{number - 1}"
        for key, number in numbered.items()
        if number and number - 1 not in numbered.values()
    }


@lru_cache(maxsize=1)
def of_the_frame() -> dict[str, dict[str, str]]:
    """What the context says of the composition once: by the FLAT key below the root, the name behind ctx/ of each part of the value.

    >>> of_the_frame()["context/setting"]
    {'code': 'setting'}
    """
    found: dict[str, dict[str, str]] = {}
    for row in (one for several in _rows().values() for one in several if one["class"] == "COMPOSITION" and ":" not in one["place"]):
        stem, _, suffix = row["place"].partition("|")
        found.setdefault(stem, {})[suffix] = row["key"]
    return found


def names() -> list[str]:
    """The keys of the context in the order of the table, without those of a repetition."""
    return [f"ctx/{name}" for name in _rows() if ":" not in name]


@lru_cache(maxsize=1)
def _rows() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows("openehr/ctx.tsv"):
        found.setdefault(row["key"], []).append(row)
    return found


def _pattern(name: str) -> str:
    """A key with n and m for its numbers, as the table writes it."""
    stem, bar, part = name.partition("|")
    return _NUMBER.sub(":n", stem) + bar + _NUMBER.sub(":m", part)


def _numbered(place: str, key: str) -> str:
    """A place with the numbers of a key; the first is 0 where the key leaves it out."""
    stem, _, part = key.partition("|")
    n, m = (_NUMBER.search(one) for one in (stem, part))
    return place.replace(":n", f":{n[1] if n else 0}").replace(":m", f":{m[1] if m else 0}")


def _value(key: str, row: Mapping[str, str], value: Any) -> Any:
    """A value as its place takes it: words of openEHR's terminology as their code, and true as the class of the patient."""
    if row["place"].endswith("|_type"):
        return "PARTY_SELF" if str(value).lower() == "true" else None
    if not row["group"] or not isinstance(value, str):
        return value
    codes = {one["code"]: one["meaning"] for one in rows("openehr/codes.tsv") if one["group"] == row["group"]}
    found = next((code for code, words in codes.items() if value.lower() in (code, words.lower())), "")
    if not found and not value.isdecimal():
        raise ValueError(f"{key}: {value!r} is none of {', '.join(codes.values())}" + nearest(value, codes.values()))
    return found or value


def _identifiers(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """The parts of `issuer::assigner::id::type;...`."""
    for number, one in enumerate(str(value).split(";")):
        parts = one.split("::")
        if len(parts) != len(_IDENTIFIER):
            raise ValueError(f"{key}: {one!r} has {len(parts)} parts; expected issuer::assigner::id::type")
        yield from ((f"identifiers_{name}:{number}", part) for name, part in zip(_IDENTIFIER, parts, strict=True) if part)
