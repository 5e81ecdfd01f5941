"""The Reference Model's XML (ITS-XML), read into the same tree as canonical JSON, so that everything else need not know which it was.

    <composition xmlns="http://schemas.openehr.org/v1" xmlns:xsi="..." archetype_node_id="openEHR-EHR-COMPOSITION.encounter.v1">
      <name><value>Vital signs</value></name>
      <composer xsi:type="PARTY_IDENTIFIED"><name>Jonas Dahl</name></composer>

An attribute of the model is an element, one that holds several stands again, `_type` is xsi:type where the class is not the one that its place
asks for, and archetype_node_id alone is an attribute in XML too. The table of the model tells a list from a single object and a number from a
text.
"""

from __future__ import annotations

import re

from ihe_kit.core import Unreadable
from ihe_kit.json_text import Node
from ihe_kit.openehr import rm
from ihe_kit.openehr.paths import class_in
from ihe_kit.xml_tree import INSTANCE, Xml, read_xml_tree, tag_end

NAMESPACE = "http://schemas.openehr.org/v1"
TYPE = f"{INSTANCE} type"
_IGNORED = {f"{INSTANCE} schemaLocation", f"{INSTANCE} noNamespaceSchemaLocation", f"{INSTANCE} nil"}
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,300})(\.\d{1,300})?([eE][+-]?\d{1,2})?", re.ASCII)
_ROOT = re.compile(r"\s*(?:<\?[^>]*\?>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:([\w.-]+):)?([\w.-]+)([^>]*)", re.DOTALL)


def root_name(text: str) -> tuple[str, str]:
    """The name and the namespace of the first element of a text that may be XML, without reading the rest.

    >>> root_name('<?xml version="1.0"?><template xmlns="http://schemas.openehr.org/v1"/>')
    ('template', 'http://schemas.openehr.org/v1')
    """
    found = _ROOT.match(text.removeprefix("\ufeff"))
    if not found:
        return "", ""
    prefix, name, rest = found.groups()
    space = re.search(rf"""\sxmlns{f":{re.escape(prefix)}" if prefix else ""}\s*=\s*["']([^"']*)""", rest)
    return name, space[1] if space else ""


def read_xml(text: str, start: int = 0) -> Node:
    """The tree of an object of the Reference Model in XML, shaped as its JSON would be. Raises Unreadable with the place.

    >>> read_xml('<items xmlns="http://schemas.openehr.org/v1" archetype_node_id="at0004"/>').children[0].key
    'archetype_node_id'
    """
    root = read_xml_tree(text, start, "openEHR")
    declared = root.name.upper() if root.name.upper() in rm.classes() else ""
    if root.space != NAMESPACE and not (declared and not root.space):
        found = f"<{root.name}> of {root.space or 'no namespace'}"
        raise Unreadable(f"expected an object of the Reference Model, of the namespace {NAMESPACE}, but found {found}", text, root.start)
    return _Maker(text).object(root, declared, None)


class _Maker:
    """Makes of each element the node that stands for it in canonical JSON."""

    def __init__(self, text: str) -> None:
        self.text = text

    def object(self, one: Xml, declared: str, key: str | None) -> Node:
        if one.space not in (NAMESPACE, ""):
            raise Unreadable(f"expected elements of the namespace {NAMESPACE}, but {one.name} is of {one.space}", self.text, one.start)
        if one.words.strip() and one.children:
            raise Unreadable(f"expected elements only in {one.name}, but found text between them", self.text, one.start)
        node = Node("object", one.start, one.end, key=key, text=self.text)
        type_ = one.attributes.get(TYPE, "").rpartition(":")[2] or class_in(one.attributes.get("archetype_node_id", "")) or declared
        if TYPE in one.attributes:
            node.children.append(Node("string", *one.place(self.text, TYPE), type_, "_type"))
        elif type_ and not rm.abstract(type_):
            node.children.append(Node("string", one.start + 1, one.start + 1 + len(one.name), type_, "_type"))
        node.children += [self.attribute(one, name) for name in one.attributes if name != TYPE and name not in _IGNORED]
        return self.members(one, type_, node)

    def members(self, one: Xml, type_: str, node: Node) -> Node:
        """Gives an object the elements in it: those of one name together, in a list where the model has one."""
        known, grouped = rm.attributes(rm.bare(type_)), dict[str, list[Xml]]()
        for child in one.children:
            grouped.setdefault(child.name, []).append(child)
        for name, same in grouped.items():
            attribute = known.get(name)
            nodes = [self.one(child, attribute.type if attribute else "") for child in same]
            if (attribute and attribute.many) or len(nodes) > 1:
                nodes = [Node("array", nodes[0].start, nodes[-1].end, children=nodes, text=self.text)]
            nodes[0].key = name
            node.children += nodes
        return node

    def one(self, child: Xml, declared: str) -> Node:
        """An element: an object, or a value where the model has one or nothing but text is in it."""
        kind = rm.PRIMITIVES.get(declared, "")
        if child.attributes.get(f"{INSTANCE} nil") in ("true", "1"):
            return Node("null", child.start, child.end)
        if child.children or TYPE in child.attributes or not (kind or child.words.strip()):
            return self.object(child, declared, None)
        value = child.words if kind in ("", "string") else child.words.strip()
        if (kind == "boolean" and value not in ("true", "false")) or (kind == "number" and not _NUMBER.fullmatch(value)):
            kind = "string"
        return Node(kind or "string", *(child.inner or (child.start, child.end)), value)

    def attribute(self, one: Xml, name: str) -> Node:
        return Node("string", *one.place(self.text, name), one.attributes[name], name.rpartition(" ")[2])


def end_of_members(node: Node, text: str) -> int:
    """Where another element would stand in an object of an XML text: behind the last one, or behind its tag."""
    inner = [child for child in node.children if child.start >= tag_end(text, node.start)]
    return text.find(">", inner[-1].end - 1) + 1 if inner else tag_end(text, node.start)
