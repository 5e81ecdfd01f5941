"""FHIR's XML, read into the same tree as its JSON, so that everything else need not know which it was; and written.

In XML a value is an attribute, an array is a name that stands again, a narrative is XHTML, and a resource inside another has an element around it.
Only the definitions tell an array from a single value and a number from a text, so the reading follows them. Any DOCTYPE is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from xml.parsers import expat

from ihe_kit.core import Unreadable
from ihe_kit.fhir.formats import FORMATS
from ihe_kit.fhir.parts import Member, Parts, parts
from ihe_kit.fhir.tables import core, resource_types
from ihe_kit.json_text import MAX_DEPTH, MAX_VALUES, Node

_FHIR = "http://hl7.org/fhir"
_XHTML = "http://www.w3.org/1999/xhtml"
_ATTRIBUTE = re.compile(r"""\s([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")


class _Xml:
    """An element of the XML: its name, its attributes, its place, what is in it."""

    __slots__ = ("attributes", "children", "end", "name", "stand", "start")

    def __init__(self, name: str, attributes: dict[str, str], start: int) -> None:
        self.name, self.attributes, self.start = name, attributes, start
        self.end = start
        self.children: list[_Xml] = []
        self.stand: dict[str, tuple[int, int]] | None = None

    def places(self, text: str) -> dict[str, tuple[int, int]]:
        """Where the values of the attributes stand, with their quotes; looked for once, because a tag may have thousands."""
        if self.stand is None:
            self.stand = {}
            for found in _ATTRIBUTE.finditer(text, self.start, _tag_end(text, self.start)):
                self.stand.setdefault(found[1].rpartition(":")[2], found.span(2))
        return self.stand


def read_xml(text: str, start: int = 0) -> Node:
    """The tree of a resource in XML, shaped as its JSON would be. Raises Unreadable with the place and what was expected there.

    >>> read_xml('<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>').children[1].kind
    'boolean'
    """
    return _resource(_parse(text, start), text, None)


def _parse(text: str, start: int) -> _Xml:
    reader = _Reader(text, start)
    try:
        reader.parser.Parse(reader.data, True)
    except expat.ExpatError as problem:
        place = reader.place(problem.code and reader.parser.ErrorByteIndex)
        raise Unreadable(f"expected well-formed XML ({expat.ErrorString(problem.code)})", text, place) from None
    except RecursionError:
        raise Unreadable(f"expected at most {MAX_DEPTH} levels of nesting", text, start) from None
    assert reader.root is not None  # a text without an element is not well-formed
    return reader.root


class _Reader:
    """Reads the elements of a text with their places, in characters."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.start = text, start
        self.data = text[start:].encode("utf-8", "replace")
        self.seen, self.chars = 0, start  # bytes, and the characters that they are
        self.stack: list[_Xml] = []
        self.root: _Xml | None = None
        self.count = self.skip = 0
        # The text was decoded already, so what it says of its own encoding no longer holds (FHIR R4: a resource is in UTF-8).
        parser = self.parser = expat.ParserCreate("utf-8", " ")
        parser.StartElementHandler, parser.EndElementHandler = self.open, self.close
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self.words, self.doctype

    def place(self, index: int) -> int:
        if index >= self.seen:
            self.chars += len(self.data[self.seen : index].decode("utf-8", "replace"))
            self.seen = index
        return self.chars

    def open(self, name: str, attributes: dict[str, str]) -> None:
        here = self.place(self.parser.CurrentByteIndex)
        space, _, plain = name.rpartition(" ")
        self.count += 1 + len(attributes)
        if len(self.stack) >= MAX_DEPTH or self.count > MAX_VALUES:
            raise Unreadable(f"expected at most {MAX_DEPTH} levels and {MAX_VALUES} elements and attributes", self.text, here)
        if self.skip:
            self.skip += 1
            return
        if space != (_XHTML if plain == "div" and self.stack else _FHIR):
            raise Unreadable(f'expected elements of the namespace "{_FHIR}", but {plain} is of {space or "none"}', self.text, here)
        one = _Xml(plain, attributes, here)
        if self.stack:
            self.stack[-1].children.append(one)
        else:
            self.root = one
        self.stack.append(one)
        self.skip = int(space == _XHTML)

    def close(self, _: str) -> None:
        here = self.place(self.parser.CurrentByteIndex)
        if self.skip > 1:
            self.skip -= 1
            return
        one = self.stack.pop()
        self.skip = 0
        one.end = self.text.find(">", here) + 1 if self.text.startswith("</", here) else _tag_end(self.text, one.start)

    def words(self, found: str) -> None:
        if not self.skip and found.strip():
            here = self.place(self.parser.CurrentByteIndex)
            raise Unreadable("expected elements only: in FHIR's XML a value is an attribute, value=...", self.text, here)

    def doctype(self, *_: object) -> None:
        raise Unreadable(
            "expected no DOCTYPE: FHIR has none, and one can make a reader open files", self.text, self.place(self.parser.CurrentByteIndex)
        )


def _tag_end(text: str, start: int) -> int:
    """Where a tag ends: behind its >, which may stand in an attribute too."""
    at = start
    while found := re.compile(r"""[^"'>]*(["'>])""").match(text, at):
        if found[1] == ">":
            return found.end()
        at = text.find(found[1], found.end()) + 1
        if not at:
            break
    return len(text)


# Elements to a tree as of JSON -------------------------------------------------------------------------------------------------------


def _resource(one: _Xml, text: str, key: str | None) -> Node:
    shape = core().type(one.name) if one.name in resource_types() else None
    found = parts(shape, one.name, core()) if shape else None
    node = Node("object", one.start, one.end, key=key, text=text)
    begin = one.start + 1
    node.children.append(Node("string", begin, begin + len(one.name), one.name, "resourceType"))
    node.children += _members(one, found, text)
    return node


def _object(one: _Xml, found: Parts | None, text: str, key: str | None) -> Node:
    node = Node("object", one.start, one.end, key=key, text=text)
    node.children = [_attribute(one, name, text) for name in one.attributes] + _members(one, found, text)
    return node


def _members(one: _Xml, found: Parts | None, text: str) -> list[Node]:
    """The members of an object: elements of one name together, an array where the definition has one, and beside primitives their extensions."""
    grouped: dict[str, list[_Xml]] = {}
    for child in one.children:
        grouped.setdefault(child.name, []).append(child)
    made: list[Node] = []
    for name, children in grouped.items():
        member = found.members.get(name) if found else None
        nodes = [_one(child, member, text) for child in children]
        primitive = member is not None and member.primitive and name != "div"
        beside = [_beside(child, text) if primitive else None for child in children]
        many = member.many if member else len(children) > 1
        if any(node is not None for node in nodes):
            made.append(_together(name, nodes, many or len(nodes) > 1, text))
        if any(node is not None for node in beside):
            made.append(_together(f"_{name}", beside, many or len(nodes) > 1, text))
    return made


def _together(name: str, nodes: list[Node | None], many: bool, text: str) -> Node:
    if not many and nodes[0] is not None:
        nodes[0].key = name
        return nodes[0]
    there = [node for node in nodes if node is not None]
    array = Node("array", there[0].start, there[-1].end, key=name, text=text)
    array.children = [node or Node("null", there[0].start, there[0].start) for node in nodes]
    for node in array.children:
        node.key = None
    return array


def _one(child: _Xml, member: Member | None, text: str) -> Node | None:
    if member is None:
        return _attribute(child, "value", text) if "value" in child.attributes and not child.children else _object(child, None, text, None)
    if member.type.code == "xhtml":
        return Node("string", child.start, child.end, text[child.start : child.end])
    if member.primitive:
        return _attribute(child, "value", text, FORMATS[member.type.code][0]) if "value" in child.attributes else None
    if member.type.code == "Resource":
        return _resource(child.children[0], text, None) if len(child.children) == 1 else _object(child, None, text, None)
    return _object(child, parts(member.shape, member.type.code, core()), text, None)


def _beside(child: _Xml, text: str) -> Node | None:
    """What XML writes into a primitive element beside its value, and JSON into `_name`."""
    attributes = [name for name in child.attributes if name != "value"]
    if not attributes and not child.children:
        return None
    element = core().type("Element")
    node = Node("object", child.start, child.end, text=text)
    node.children = [_attribute(child, name, text) for name in attributes]
    node.children += _members(child, parts(element, "Element", core()) if element else None, text)
    return node


def _attribute(one: _Xml, name: str, text: str, kind: str = "string") -> Node:
    value = one.attributes[name]
    plain = name.rpartition(" ")[2]
    start, end = one.places(text).get(plain) or (one.start, _tag_end(text, one.start))
    if kind == "boolean" and value not in ("true", "false"):
        kind = "string"
    if kind == "number" and not re.fullmatch(r"-?(0|[1-9]\d{0,300})(\.\d{1,300})?([eE][+-]?\d{1,2})?", value, re.ASCII):
        kind = "string"
    return Node(kind, start, end, value, plain)


# Writing ----------------------------------------------------------------------------------------------------------------------------------


def write_xml(resource: Mapping[str, Any], indent: str = "  ") -> str:
    """A resource in XML, its elements in the order of the definitions; what no definition knows is left out. Raises ValueError for no resource.

    >>> print(write_xml({"resourceType": "Patient", "active": True}))
    <Patient xmlns="http://hl7.org/fhir">
      <active value="true"/>
    </Patient>
    """
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in resource_types():
        raise ValueError(f"{kind!r} is no resource of FHIR R4, so there is no telling in which order its elements stand")
    lines: list[tuple[int, str]] = []
    _write_resource(resource, kind, 0, lines, f' xmlns="{_FHIR}"')
    return "\n".join(f"{indent * level}{line}" for level, line in lines)


def _write_resource(resource: Mapping[str, Any], kind: str, level: int, lines: list[tuple[int, str]], more: str = "") -> None:
    shape = core().type(kind)
    found = parts(shape, kind, core()) if shape else None
    lines.append((level, f"<{kind}{more}>"))
    if found:
        _write_members(resource, found, level + 1, lines)
    lines.append((level, f"</{kind}>"))


def _write_members(value: Mapping[str, Any], found: Parts, level: int, lines: list[tuple[int, str]]) -> None:
    for name, member in found.members.items():
        if member.sibling or (
            name in ("id", "url") and member.type.code in ("string", "uri") and found.path[:1].isupper() and _is_attribute(found, name)
        ):
            continue
        main, beside = value.get(name), value.get(f"_{name}") if member.primitive else None
        mains = main if isinstance(main, list) else [main]
        besides = beside if isinstance(beside, list) else [beside]
        for index in range(max(len(mains), len(besides))):
            item, partner = (listed[index] if index < len(listed) else None for listed in (mains, besides))
            if item is not None or partner is not None:
                _write_one(name, item, partner, member, level, lines)


def _is_attribute(found: Parts, name: str) -> bool:
    """The id of an element and the url of an extension are attributes; the id of a resource is an element."""
    return found.path == "Extension" if name == "url" else found.path not in resource_types()


def _write_one(name: str, item: Any, partner: Any, member: Member, level: int, lines: list[tuple[int, str]]) -> None:
    if member.type.code == "xhtml":
        lines.append((level, str(item)))
        return
    if member.type.code == "Resource":
        if isinstance(item, Mapping) and item.get("resourceType") in resource_types():
            lines.append((level, f"<{name}>"))
            _write_resource(item, str(item["resourceType"]), level + 1, lines)
            lines.append((level, f"</{name}>"))
        return
    inside = partner if member.primitive else item
    shown = "" if item is None or not member.primitive else f' value="{_escaped(item)}"'
    attributes = shown
    inner: list[tuple[int, str]] = []
    if isinstance(inside, Mapping):
        shape = core().type("Element") if member.primitive else member.shape
        found = parts(shape, "Element" if member.primitive else member.type.code, core()) if shape else None
        for key in ("id", "url"):
            if found and key in found.members and isinstance(inside.get(key), str) and _is_attribute(found, key):
                attributes = f' {key}="{_escaped(inside[key])}"' + attributes
        if found:
            _write_members(inside, found, level + 1, inner)
    if member.primitive and not attributes and not inner:
        return  # all that it had is known to no definition, and an element without a value says nothing
    lines.append((level, f"<{name}{attributes}{'' if inner else '/'}>"))
    if inner:
        lines += [*inner, (level, f"</{name}>")]


def _escaped(value: Any) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return escape(text, quote=True).replace("&#x27;", "'").replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
