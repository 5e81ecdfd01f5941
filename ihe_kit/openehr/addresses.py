"""One node, its three addresses: the FLAT key, the path in AQL with the FROM clause that it needs, and the canonical path.

Of a composition every node that is there has its own, with its place among its like: `any_event:1` in FLAT, `events[at0006][2]` in the path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ihe_kit.json_text import Node as Json
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.flat_keys import as_open_list
from ihe_kit.openehr.flat_parts import SUFFIXES, suffixed
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.opt import Leaf
from ihe_kit.openehr.paths import code_of, name_of
from ihe_kit.openehr.template_tree import Row, TemplateTree, predicate, step_text

_VARIABLES = {
    "COMPOSITION": "c", "SECTION": "s", "OBSERVATION": "o", "EVALUATION": "v", "INSTRUCTION": "i", "ACTION": "a", "ADMIN_ENTRY": "n",
}  # fmt: skip
_CONTAINED = ("COMPOSITION", "CONTENT_ITEM")


@dataclass(frozen=True, slots=True)
class Address:
    """The addresses of one value. `part` says which part of it; `flat` is "" where FLAT has no key; `value` what stands there, of a composition."""

    part: str
    path: str
    aql: str
    source: str  # the FROM clause
    flat: str = ""
    value: str = ""

    @property
    def query(self) -> str:
        """A whole query that asks for the value."""
        return f"SELECT {self.aql} {self.source}"


@dataclass(frozen=True, eq=False)
class Found:
    """A node of a composition, with the row of the template that it belongs to (-1: the template has none) and its place among its like."""

    json: Json
    row: int
    level: int
    path: str
    counts: tuple[int, ...]
    name: str
    type: str


def found(tree: TemplateTree, message: OpenehrMessage) -> list[Found]:
    """The nodes of a composition as rows, held against its template."""
    inside: dict[int, list[int]] = {}
    for number, row in enumerate(tree.rows):
        inside.setdefault(row.above, []).append(number)
    return list(_found(tree, message, inside, message.root, 0, (), 0)) if message.root else []


def _found(
    tree: TemplateTree, message: OpenehrMessage, inside: Mapping[int, list[int]], json: Json, row: int, counts: tuple[int, ...], level: int
) -> Iterator[Found]:
    place = message.place(json)
    yield Found(json, row, level, place.path or "/", counts, name_of(json), place.type)
    if rm.is_a(place.type, "DATA_VALUE") and place.type in rm.classes():
        return
    seen: dict[int, int] = {}
    for attribute in json.children:
        for child in attribute.children if attribute.kind == "array" else (attribute,):
            one = _row(tree, inside.get(row, []), attribute.key or "", child, message) if row >= 0 else -1
            if one < 0 and not code_of(child):
                continue
            seen[one] = seen.get(one, -1) + 1
            yield from _found(tree, message, inside, child, one, (*counts, seen[one]), level + 1)


def _row(tree: TemplateTree, numbers: list[int], attribute: str, json: Json, message: OpenehrMessage) -> int:
    """The row of the template that a node belongs to; -1 for none."""
    for number in numbers:
        row, type_ = tree.rows[number], message.place(json).type
        named = row.attribute == attribute and row.node.code == code_of(json) and row.node.fixed_name in ("", name_of(json))
        if named and (row.node.code or rm.is_a(type_, row.node.type)):
            return number
    return -1


def addresses(tree: TemplateTree, number: int, at: Found | None = None) -> list[Address]:
    """The addresses of a row: one for each part of each value that it may hold, else one for the node itself. With `at`, of that very node.

    >>> from ihe_kit.openehr.template_tree import template_tree
    >>> tree = template_tree("kit_vital_signs.v1")
    >>> addresses(tree, tree.find("Systolic"))[0].aql
    'o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude'
    """
    row = tree.rows[number]
    aql, source = _aql(tree, row)
    path = (at.path if at else row.path).rstrip("/")
    out = []
    for kind, inner, held in _kinds(row, at):
        leaf = next((one for one in tree.template.leaves if _leads(one, row, kind)), None) if tree.template else None
        for suffix, below in _parts(kind.type).items():
            if suffix == "_type":
                continue
            way = f"{inner}/{below}" if below else inner
            key = _flat(leaf, at.counts if at else ()) if leaf else ""
            flat = as_open_list(tree.template, suffixed(key, suffix)) if key and tree.template else ""
            alike = f" of {kind.type}" if len(_alternatives(row)) > 1 else ""
            value = _value(held, below) if held else ""
            if not at or value:
                out.append(Address((suffix or below) + alike, path + way, aql + way, source, flat, value))
    return out or [Address("", path or "/", aql, source)]


def _parts(type_: str) -> dict[str, str]:
    """The parts of a value: what stands behind | in FLAT, and where it is. A plain text of the model is its own value."""
    return SUFFIXES.get(type_) or {"": "" if type_ in rm.PRIMITIVES else "value"}


def _alternatives(row: Row) -> tuple[Node, ...]:
    value = row.node.attribute("value")
    return value.children if value and row.node.type == "ELEMENT" else ()


def _kinds(row: Row, at: Found | None) -> Iterator[tuple[Node, str, Json | None]]:
    """The values of a row, with the step that leads to each, and what stands there in a composition."""
    if row.node.type == "ELEMENT":
        held = at.json.child("value") if at else None
        type_ = held.child("_type") if held else None
        if at and not held:
            return
        for kind in _alternatives(row) or ((Node(type_.value),) if type_ else ()):
            if not held or not type_ or rm.is_a(type_.value, kind.type):
                yield kind, "/value", held
    elif row.holds and not row.node.slot:
        yield row.node if row.node.type in SUFFIXES or not at else Node(at.type), "", at.json if at else None


def _leads(leaf: Leaf, row: Row, kind: Node) -> bool:
    """Whether a leaf is the value of a row."""
    way = (*row.way, ("value", kind)) if row.node.type == "ELEMENT" else row.way
    return len(way) == len(leaf.moves) and all(
        move.attribute == attribute and (move.node is node or not (move.node.code or node.code or attribute == "value"))
        for move, (attribute, node) in zip(leaf.moves, way, strict=True)
    )


def _flat(leaf: Leaf, counts: tuple[int, ...]) -> str:
    """The key of a leaf, with the place of each node among its like."""
    steps = [leaf.root]
    for place, move in enumerate(leaf.moves):
        index = counts[place] if place < len(counts) else 0
        if move.id:
            steps.append(move.id + (f":{index}" if (move.node.most != 1 and move.node.code) or index else ""))
    return "/".join(steps)


def _aql(tree: TemplateTree, row: Row) -> tuple[str, str]:
    """The path from the variable of the entry that the row stands in, and the FROM clause that introduces it."""
    held = [(0, tree.rows[0].node, 0)]
    above = row
    rows = [above]
    while above.above >= 0:
        above = tree.rows[above.above]
        rows.insert(0, above)
    held += [
        (place, one.node, one.rivals)
        for place, one in enumerate(rows)
        if place and one.is_root and any(name in _CONTAINED for name in rm.lineage(one.node.type))
    ]
    names: list[str] = []
    chain = "EHR e"
    for _, node, alike in held:
        letter = _VARIABLES.get(node.type, "x")
        names.append(letter if letter not in names else f"{letter}{len(names)}")
        chain += f" CONTAINS {node.type} {names[-1]}[{predicate(node, alike, chr(92) + chr(39))}]"
    steps = (step_text(one.attribute, one.node, one.rivals, "\\'") for one in rows[held[-1][0] + 1 :])
    return names[-1] + "".join(steps), f"FROM {chain}"


def _value(held: Json, path: str) -> str:
    """What stands at a path inside a value; "" where nothing does."""
    here: Json | None = held
    for name in path.split("/") if path else ():
        here = here.child(name) if here else None
    return here.value if here and not here.children else ""
