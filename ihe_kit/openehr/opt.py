"""Operational templates (OPT 1.4): what a kind of document may hold, read with the standard library's XML.

A template is a tree of nodes. Each node constrains one class of the reference model: how often it may occur, what it is called, which
units, codes and numbers it takes. `leaves()` gives the same tree as FLAT sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from ihe_kit.core import Unreadable, nearest
from ihe_kit.files import data
from ihe_kit.openehr import opt_reader as reader
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Attribute, Cardinality, Description, Node, Ordinal, Range, Span, Terms, Unit
from ihe_kit.openehr.opt_xml import NAMESPACE, read_xml

__all__ = [
    "NAMESPACE",
    "Attribute",
    "Cardinality",
    "Description",
    "Leaf",
    "Move",
    "Node",
    "Ordinal",
    "Range",
    "Span",
    "Template",
    "Unit",
    "known",
    "load",
    "own",
    "register",
    "template",
    "web_id",
]


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
    "ACTION": "time",
}
_WITHOUT_SEGMENT = ("HISTORY", "ITEM_STRUCTURE")


@dataclass(frozen=True, eq=False)
class Template:
    """An operational template. `text` is the XML it was read from; `annotations` are its notes by path, `words` the terms of other languages
    by `archetype|language`, where it brings them."""

    id: str
    concept: str
    language: str
    root: Node
    text: str
    uid: str = ""
    description: Description = field(default_factory=Description)
    annotations: dict[str, dict[str, str]] = field(default_factory=dict)
    words: dict[str, Terms] = field(default_factory=dict)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every value that the template allows, with its FLAT key and its openEHR path, in the template's order."""
        top = web_id(self.root.name or self.concept)
        return tuple(Leaf(top, moves) for moves in _moves(self.root))


def web_id(name: str) -> str:
    """The segment of a FLAT key that stands for a name: `Any event` becomes any_event."""
    plain = re.sub(r"[^\w.-]+", "_", name.lower()).strip("_")
    return f"a{plain}" if plain[:1].isdigit() else plain


def _moves(node: Node) -> Iterator[tuple[Move, ...]]:
    for ancestor in reversed(list(rm.lineage(node.type))):
        for entry in _OF_THE_MODEL.get(ancestor, "").split():
            ids, _, path = entry.partition("=")
            yield _of_model(node, ids.split("/"), (path or ids).split("/"))
    taken: dict[str, int] = {}
    for attribute in node.attributes:
        for child in attribute.children if rm.attributes(node.type).get(attribute.name) else ():
            if child.slot or not (child.code or child.type == "EVENT_CONTEXT"):
                continue
            hoisted = any(name in _WITHOUT_SEGMENT for name in rm.lineage(child.type))
            id_ = "" if hoisted else _own_id(web_id(child.fixed_name or child.name), taken) if child.code else attribute.name
            below = _values(child) if child.type == "ELEMENT" else _moves(child)
            yield from ((Move(attribute.name, child, id_), *rest) for rest in below)


def _of_model(node: Node, ids: list[str], path: list[str]) -> tuple[Move, ...]:
    """The way to an attribute of the reference model."""
    moves = []
    for id_, name in zip(ids, path, strict=True):
        node = node.child(name)
        moves.append(Move(name, node, id_))
    return tuple(moves)


def _own_id(id_: str, taken: dict[str, int]) -> str:
    """Of siblings with the same name, the second has a 2 after it."""
    taken[id_] = taken.get(id_, 0) + 1
    return id_ if taken[id_] == 1 else f"{id_}{taken[id_]}"


def _values(element: Node) -> Iterator[tuple[Move, ...]]:
    value = element.attribute("value")
    kinds = value.children if value else ()
    for kind in kinds:
        yield (Move("value", kind, f"{kind.type.removeprefix('DV_').lower()}_value" if len(kinds) > 1 else ""),)


# Reading --------------------------------------------------------------------------------------------------------------------------


def load(text: str | bytes) -> Template:
    """A template from the XML of an OPT 1.4. Raises Unreadable (a ValueError) that says what is missing.

    >>> load(template("kit_vital_signs.v1").text).root.name
    'Vital signs'
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise Unreadable(f"expected UTF-8, but byte {problem.start} is none") from None
    return _loaded(text)


@lru_cache(maxsize=32)  # a repository reads its templates at every composition that it takes
def _loaded(text: str) -> Template:
    root = read_xml(text.removeprefix("\ufeff"))
    definition, template_id = root.find("definition"), reader.text(root, "template_id/value")
    concept, language = reader.text(root, "concept"), reader.text(root, "language/code_string")
    for found, name in ((template_id, "template_id"), (concept, "concept"), (language, "language")):
        if not found:
            raise Unreadable(f"expected a template with a {name}, but it has none", text)
    if definition is None or not reader.text(definition, "rm_type_name"):
        raise Unreadable("expected a definition with an rm_type_name: it is what the template says about the data", text)
    return Template(
        id=template_id,
        concept=concept,
        language=language,
        root=reader.definition(definition),
        text=text,
        uid=reader.text(root, "uid/value"),
        description=reader.description(root.find("description")),
        annotations=reader.notes(root),
        words=reader.languages(root),
    )


@lru_cache(maxsize=32)
def template(name: str) -> Template:
    """One of the kit's own templates, or a registered one, by its template_id. Raises LookupError with the nearest name."""
    if name in _registered:
        return _registered[name]
    if name in _files():
        return load(_files()[name].read_text(encoding="utf-8"))
    raise LookupError(f"there is no template {name} here" + nearest(name, own()))


_registered: dict[str, Template] = {}


def known(named: Template | str) -> Template | None:
    """A template by its name, or the template itself; None where there is none of that name."""
    if isinstance(named, Template):
        return named
    return template(named) if named in _registered or named in _files() else None


def register(new: Template) -> None:
    """Makes a template known by its template_id, as an upload to a repository does."""
    _registered[new.id] = new
    template.cache_clear()


def own() -> list[str]:
    """The templates that can be had by name."""
    return sorted({*_files(), *_registered})


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {path.stem: path for path in data("openehr").glob("*.opt")}
