"""The values of a template as FLAT addresses them: the way to each, its key and its openEHR path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Attribute, Node


@dataclass(frozen=True, slots=True)
class Move:
    """One step from a node to the next on the way to a leaf. `id` is the segment of the FLAT key, "" where FLAT leaves the step out."""

    attribute: str
    node: Node
    id: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a template as FLAT addresses it."""

    root: str
    moves: tuple[Move, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.root, *(move.id for move in self.moves if move.id))

    @property
    def node(self) -> Node:
        return self.moves[-1].node

    @property
    def path(self) -> str:
        """The openEHR path of the value."""
        return "".join(f"/{move.attribute}" + (f"[{move.node.code}]" if move.node.code else "") for move in self.moves)

    @property
    def key(self) -> str:
        """The FLAT key of the first repetition, without what stands after |."""
        repeated = [f"{move.id}:0" if move.node.most != 1 else move.id for move in self.moves if move.id]
        return "/".join((self.root, *repeated))


# What FLAT offers of the reference model itself, as `id=path` below a node of the class.
_OF_THE_MODEL = {
    "COMPOSITION": "_uid=uid language territory category composer context/start_time context/_end_time=context/end_time context/setting "
    "context/_health_care_facility=context/health_care_facility",
    "ENTRY": "language encoding",
    "HISTORY": "history_origin=origin",
    "EVENT": "time",
    "ACTION": "time ism_transition/current_state ism_transition/transition ism_transition/careflow_step",
    "INSTRUCTION": "narrative expiry_time",
    "ACTIVITY": "timing action_archetype_id",
}
_WITHOUT_SEGMENT = ("HISTORY", "ITEM_STRUCTURE")


def leaves(root: Node, concept: str) -> tuple[Leaf, ...]:
    """Every value below the root of a template, in the template's order."""
    top = web_id(root.fixed_name or root.name or concept)
    return tuple(Leaf(top, moves) for moves in _moves(root))


def web_id(name: str) -> str:
    """The segment of a FLAT key that stands for a name: `Any event` becomes any_event."""
    kept = "".join(one if one.isalpha() or one in "0123456789.-" else "_" for one in name.lower())
    plain = re.sub("_+", "_", kept).strip("_") or "id"
    return f"a{plain}" if plain[:1].isdigit() else plain


def _moves(node: Node, taken: dict[str, int] | None = None) -> Iterator[tuple[Move, ...]]:
    for ancestor in reversed(list(rm.lineage(node.type))):
        for entry in _OF_THE_MODEL.get(ancestor, "").split():
            ids, _, path = entry.partition("=")
            yield _of_model(node, ids.split("/"), (path or ids).split("/"))
    taken = {} if taken is None else taken  # what is left out of the key shares its ids with what it stands in
    for attribute in node.attributes:
        for child in attribute.children if rm.attributes(node.type).get(attribute.name) else ():
            if child.slot or not (child.code or child.type == "EVENT_CONTEXT"):
                continue
            hoisted = any(name in _WITHOUT_SEGMENT for name in rm.lineage(child.type)) or only_event(child, attribute)
            id_ = "" if hoisted else own_id(web_id(child.fixed_name or child.name), taken) if child.code else attribute.name
            below = _values(child) if child.type == "ELEMENT" else _moves(child, taken if hoisted else None)
            yield from ((Move(attribute.name, child, id_), *rest) for rest in below)


def only_event(node: Node, attribute: Attribute) -> bool:
    """Whether a node is the one event of its history, which FLAT leaves out too (Simplified Formats, Conditionally Collapsed Wrapper Types)."""
    return "EVENT" in rm.lineage(node.type) and node.most == 1 and len(attribute.children) == 1


def mixed(element: Node) -> bool:
    """Whether an element takes a code or, where none fits, a plain text: FLAT calls the text `|other` (Open Value-Sets)."""
    value = element.attribute("value")
    return sorted(kind.type for kind in (value.children if value else ())) == ["DV_CODED_TEXT", "DV_TEXT"]


def _of_model(node: Node, ids: list[str], path: list[str]) -> tuple[Move, ...]:
    """The way to an attribute of the reference model."""
    moves = []
    for id_, name in zip(ids, path, strict=True):
        node = node.child(name)
        moves.append(Move(name, node, id_))
    return tuple(moves)


def own_id(id_: str, taken: dict[str, int]) -> str:
    """Of siblings with the same name, the second has a 2 after it."""
    taken[id_] = taken.get(id_, 0) + 1
    return id_ if taken[id_] == 1 else f"{id_}{taken[id_]}"


def _values(element: Node) -> Iterator[tuple[Move, ...]]:
    value = element.attribute("value")
    kinds = value.children if value else ()
    for kind in kinds:
        yield (Move("value", kind, f"{kind.type.removeprefix('DV_').lower()}_value" if len(kinds) > 1 else ""),)
