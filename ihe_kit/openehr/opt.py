"""Operational templates (OPT 1.4): what a kind of document may hold, read with the standard library's XML.

A template is a tree of nodes. Each node constrains one class of the reference model: how often it may occur, what it is called, which
units, codes and numbers it takes. `leaves()` gives the same tree as FLAT sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ihe_kit.core import Unreadable, nearest
from ihe_kit.files import data
from ihe_kit.openehr import rm

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element as Xml

NAMESPACE = "http://schemas.openehr.org/v1"
MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Range:
    """A range of numbers; None where it has no limit."""

    low: float | None = None
    high: float | None = None
    low_included: bool = True
    high_included: bool = True

    def holds(self, value: float) -> bool:
        above = self.low is None or value > self.low or (self.low_included and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_included and value == self.high))

    def __str__(self) -> str:
        low = "" if self.low is None else f"{self.low:g}" if self.low_included else f">{self.low:g}"
        high = "*" if self.high is None else f"{self.high:g}" if self.high_included else f"<{self.high:g}"
        return f"{low}..{high}"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit that a quantity may have, with the range and the decimals that go with it."""

    units: str
    magnitude: Range
    precision: Range


@dataclass(frozen=True, eq=False)
class Attribute:
    """What a template says about one attribute of a node: the alternatives or members it may hold."""

    name: str
    least: int
    children: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Node:
    """One object of a template. `most` is -1 where there is no limit; `code` is an archetype id or at-code, "" for a data value.

    `units`, `codes`, `options` and `range` are the limits of a data value: empty where the template sets none.
    """

    type: str
    code: str = ""
    least: int = 1
    most: int = 1
    name: str = ""
    says: str = ""
    slot: bool = False
    attributes: tuple[Attribute, ...] = ()
    units: tuple[Unit, ...] = ()
    terminology: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    range: Range | None = None

    @property
    def occurs(self) -> str:
        return f"{self.least}..{'*' if self.most < 0 else self.most}"

    def attribute(self, name: str) -> Attribute | None:
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def child(self, name: str) -> Node:
        """The only object that an attribute may hold; where the template leaves it open, one of the reference model's class."""
        attribute = self.attribute(name)
        if attribute and len(attribute.children) == 1:
            return attribute.children[0]
        known = rm.attributes(self.type).get(name)
        return Node(known.type if known else "")

    @property
    def fixed_name(self) -> str:
        """The name that the template gives this node in the data, "" where it leaves it to the archetype."""
        attribute = self.attribute("name")
        texts = [child.child("value").options for child in attribute.children] if attribute else []
        return texts[0][0] if texts and texts[0] else ""


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
    """An operational template. `text` is the XML it was read from."""

    id: str
    concept: str
    language: str
    root: Node
    text: str

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
    root = _xml(text.removeprefix("\ufeff"))
    definition, template_id = root.find("definition"), _text(root, "template_id/value")
    concept, language = _text(root, "concept"), _text(root, "language/code_string")
    for found, name in ((template_id, "template_id"), (concept, "concept"), (language, "language")):
        if not found:
            raise Unreadable(f"expected a template with a {name}, but it has none", text)
    if definition is None or not _text(definition, "rm_type_name"):
        raise Unreadable("expected a definition with an rm_type_name: it is what the template says about the data", text)
    return Template(template_id, concept, language, _node(definition, {}, 1), text)


@lru_cache(maxsize=32)
def template(name: str) -> Template:
    """One of the kit's own templates, or a registered one, by its template_id. Raises LookupError with the nearest name."""
    if name in _registered:
        return _registered[name]
    for path in sorted(data("openehr").glob("*.opt")):
        if path.stem == name:
            return load(path.read_text(encoding="utf-8"))
    raise LookupError(f"there is no template {name} here" + nearest(name, own()))


_registered: dict[str, Template] = {}


def known(named: Template | str) -> Template | None:
    """A template by its name, or the template itself; None where there is none of that name."""
    try:
        return named if isinstance(named, Template) else template(named)
    except LookupError:
        return None


def register(new: Template) -> None:
    """Makes a template known by its template_id, as an upload to a repository does."""
    _registered[new.id] = new
    template.cache_clear()


def own() -> list[str]:
    """The templates that can be had by name."""
    return sorted({path.stem for path in data("openehr").glob("*.opt")} | set(_registered))


def _xml(text: str) -> Xml:
    from xml.etree import ElementTree

    if "<!DOCTYPE" in text:
        says = "a template has no DOCTYPE: through one a document can make its reader fetch files or fill its memory"
        raise Unreadable(says, text, text.index("<!DOCTYPE"))
    try:
        root = ElementTree.fromstring(text)
    except UnicodeEncodeError as problem:
        raise Unreadable("half a surrogate pair is no character", text, problem.start) from None
    except ElementTree.ParseError as problem:
        line, column = problem.position
        start = sum(len(before) for before in text.splitlines(keepends=True)[: line - 1]) + column
        raise Unreadable(f"expected XML: {problem.msg.partition(':')[0]}", text, start) from None
    space, _, name = root.tag.rpartition("}")
    if name != "template" or space.lstrip("{") not in (NAMESPACE, ""):
        raise Unreadable(f"expected <template> of {NAMESPACE}, but found <{name}> of {space.lstrip('{') or 'no namespace'}", text)
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    return root


def _text(node: Xml, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _node(xml: Xml, terms: dict[str, tuple[str, str]], depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise Unreadable(f"expected at most {MAX_DEPTH} levels of nesting")
    kind = next((value.rpartition(":")[2] for key, value in xml.items() if key.endswith("}type")), "C_COMPLEX_OBJECT")
    archetype, code = _text(xml, "archetype_id/value"), _text(xml, "node_id")
    if archetype:
        terms = {term.get("code", ""): _words(term) for term in xml.findall("term_definitions")}
    name, says = terms.get("at0000" if archetype else code, ("", ""))
    item, low_high = xml.find("item"), xml.find("item/range")
    units = xml.findall("list") if kind == "C_DV_QUANTITY" else []
    return Node(
        type=rm.bare(_text(xml, "rm_type_name")),
        code=archetype or code,
        least=_count(xml, "occurrences/lower", 0),
        most=_count(xml, "occurrences/upper", -1),
        name=name,
        says=says,
        slot=kind == "ARCHETYPE_SLOT",
        attributes=tuple(_attribute(child, terms, depth) for child in xml.findall("attributes")),
        units=tuple(Unit(_text(one, "units"), _range(one.find("magnitude")), _range(one.find("precision"))) for one in units),
        terminology=_text(xml, "terminology_id/value"),
        codes=tuple((code, rm.terms().get(code, "") or terms.get(code, ("", ""))[0]) for code in _listed(xml, "code_list")),
        options=tuple(_listed(item, "list")) if item is not None else (),
        range=_range(low_high) if low_high is not None else None,
    )


def _attribute(xml: Xml, terms: dict[str, tuple[str, str]], depth: int) -> Attribute:
    children = tuple(_node(child, terms, depth + 1) for child in xml.findall("children"))
    return Attribute(_text(xml, "rm_attribute_name"), _count(xml, "existence/lower", 0), children)


def _listed(xml: Xml, tag: str) -> list[str]:
    return [(child.text or "").strip() for child in xml.findall(tag)]


def _count(xml: Xml, path: str, default: int) -> int:
    text = _text(xml, path)
    if text and not re.fullmatch("[0-9]{1,10}", text):
        raise Unreadable(f"expected a whole number of at most 10 digits in {path}, but found {text[:20]!r}")
    return int(text or default)


def _words(term: Xml) -> tuple[str, str]:
    words = {item.get("id"): (item.text or "").strip() for item in term.findall("items")}
    return words.get("text", ""), words.get("description", "")


def _range(xml: Xml | None) -> Range:
    """A range of numbers; open where there is none, or where its limits are no numbers (durations, dates)."""

    def limit(tag: str) -> tuple[float | None, bool]:
        text = _text(xml, tag) if xml is not None else ""
        number = float(text) if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text) else None
        return number, xml is None or _text(xml, f"{tag}_included") != "false"

    (low, low_included), (high, high_included) = limit("lower"), limit("upper")
    return Range(low, high, low_included, high_included)
