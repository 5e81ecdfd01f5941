"""A composition, an EHR_STATUS or a directory as rows of structure nodes, which AQL is answered from without reading the whole text.

A structure node is an object with a name and an archetype node id (LOCATABLE in the Reference Model). Nodes are numbered as they stand in the
text, parents before children, so that a node and all below it are one interval of numbers, `num` to `cap`: what is contained is found by
comparing numbers (nested intervals). Other objects, such as the context of a composition, are steps on the way: `context/other_context`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ihe_kit.openehr import rm
from ihe_kit.openehr.paths import class_in

Json = Any
Row = tuple[int, str, str, str, int, str, str]  # (parent's number or -1, attribute, archetype id or at-code, class, cap, name, data)

# What a row keeps of the object itself, because questions most often ask for it.
KEPT = {
    "ELEMENT": ("value", "null_flavour"),
    "POINT_EVENT": ("time",),
    "INTERVAL_EVENT": ("time", "width", "math_function"),
    "HISTORY": ("origin",),
    "ACTION": ("time", "ism_transition"),
    "COMPOSITION": ("uid", "context", "composer", "archetype_details", "category", "language", "territory"),
    "EHR_STATUS": ("uid", "subject", "is_queryable", "is_modifiable", "archetype_details"),
    "FOLDER": ("uid", "items"),
}
_LONGEST = 150  # characters of an attribute or code in an index; real ones stay below 100


def rows(tree: Json) -> list[Row]:
    """The rows of a tree, in the order of their numbers.

    >>> rows({"_type": "FOLDER", "archetype_node_id": "openEHR-EHR-FOLDER.generic.v1", "name": {"value": "root"}})
    [(-1, '', 'openEHR-EHR-FOLDER.generic.v1', 'FOLDER', 0, 'root', '{}')]
    """
    found = list(_walk(tree))
    caps = list(range(len(found)))
    for number in range(len(found) - 1, 0, -1):
        parent = found[number][0]
        caps[parent] = max(caps[parent], caps[number])
    return [
        (parent, attribute[:_LONGEST], _text(node.get("archetype_node_id"))[:_LONGEST], type_, cap, name_of(node), _kept(node, type_))
        for (parent, attribute, type_, node), cap in zip(found, caps, strict=True)
    ]


def structure(tree: Json) -> list[dict[str, Json]]:
    """The objects of a tree by their numbers in `rows`."""
    return [node for *_, node in _walk(tree)]


def _walk(tree: Json) -> Iterator[tuple[int, str, str, dict[str, Json]]]:
    """(parent's number, attribute, class, object) of every structure node."""
    count, dead_ends = 0, _dead_ends()

    def below(node: dict[str, Json], type_: str, number: int, prefix: str) -> Iterator[tuple[int, str, str, dict[str, Json]]]:
        nonlocal count
        known = rm.attributes(type_)
        for key, value in node.items():
            if key in dead_ends:
                continue
            for child in value if isinstance(value, list) else (value,):
                if not isinstance(child, dict):
                    continue
                attribute = prefix + key
                class_ = class_of(child) or rm.bare(known[key].type if key in known else "")
                if isinstance(child.get("archetype_node_id"), str):
                    count += 1
                    yield number, attribute, class_, child
                    yield from below(child, class_, count, "")
                else:
                    yield from below(child, class_, number, attribute + "/")

    if isinstance(tree, dict):
        yield -1, "", class_of(tree), tree
        yield from below(tree, class_of(tree), 0, "")


@lru_cache(maxsize=1)
def _dead_ends() -> frozenset[str]:
    """The attributes below which no structure node can stand, whichever class has them: `name`, `value`, `composer`. Most of a text is there."""
    leading: set[str] = set(rm.heirs("LOCATABLE"))
    before = -1
    while len(leading) > before:  # until no class comes in any more
        before = len(leading)
        for name in rm.classes():
            types = {rm.bare(one.type) for one in rm.attributes(name).values()}
            if any(leading & {type_, *rm.heirs(type_)} for type_ in types):
                leading.add(name)
    every = [one for name in rm.classes() for one in rm.attributes(name).values()]
    open_ = {one.name for one in every if leading & {rm.bare(one.type), *rm.heirs(rm.bare(one.type))}}
    return frozenset(one.name for one in every) - open_


def class_of(node: dict[str, Json]) -> str:
    """The class that an object says it is of, or that its archetype is of; "" where it says neither."""
    return rm.bare(_text(node.get("_type"))) or class_in(_text(node.get("archetype_node_id")))


def name_of(node: dict[str, Json]) -> str:
    """The runtime name of an object, or ""."""
    name = node.get("name")
    return _text(name.get("value")) if isinstance(name, dict) else ""


def _kept(node: dict[str, Json], type_: str) -> str:
    if type_ not in KEPT:
        return ""
    return json.dumps({key: node[key] for key in KEPT[type_] if key in node}, ensure_ascii=False, separators=(",", ":"))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
