"""The same object in JSON and in XML: whoever has one may want the other. Numbers and texts stay as they are written, to the last zero."""

from __future__ import annotations

import re
from functools import lru_cache

from ihe_kit.files import rows
from ihe_kit.json_text import Node, exact, written
from ihe_kit.openehr import rm
from ihe_kit.openehr.message import OpenehrMessage, parse
from ihe_kit.openehr.paths import class_in, code_of
from ihe_kit.openehr.xml_text import NAMESPACE
from ihe_kit.xml_tree import INSTANCE, escaped, not_xml

_NAME = re.compile(r"[^\W\d][\w.-]*")


def as_xml(message: OpenehrMessage) -> OpenehrMessage:
    """The object of a message in XML. Raises ValueError for FLAT, for a message without an object, and for a text that XML cannot hold.

    >>> print(as_xml(parse('{"_type": "DV_TEXT", "value": "sitting"}')).text)
    <dv_text xmlns="http://schemas.openehr.org/v1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="DV_TEXT">
     <value>sitting</value>
    </dv_text>
    """
    root = _object(message, "XML")
    kind = rm.bare(message.kind)
    spaces = f' xmlns="{NAMESPACE}" xmlns:xsi="{INSTANCE}"'
    return parse("\n".join(_write(root, kind.lower(), "", 0, spaces)) + "\n")


def as_json(message: OpenehrMessage) -> OpenehrMessage:
    """The object of a message in canonical JSON. Raises ValueError for FLAT and for a message without an object.

    >>> as_json(parse('<items xmlns="http://schemas.openehr.org/v1" archetype_node_id="at0004"/>')).data
    {'archetype_node_id': 'at0004'}
    """
    return parse(written(exact(_object(message, "JSON"))) + "\n")


def _object(message: OpenehrMessage, form: str) -> Node:
    if not message.root or message.root.kind != "object" or message.kind in ("FLAT", "STRUCTURED", "JSON"):
        raise ValueError(f"{message.name} carries no object of the Reference Model, so there is nothing to write in {form}")
    return message.root


@lru_cache(maxsize=1)
def _orders() -> dict[str, list[str]]:
    return {row["class"]: row["order"].split() for row in rows("openehr/xml.tsv")}


@lru_cache(maxsize=256)
def _order(type_: str) -> list[str]:
    """The attributes of a class in the order that the schemas demand, inherited ones first."""
    return [
        name
        for ancestor in reversed(list(rm.lineage(type_)))
        for name in _orders().get(ancestor) or [name for name in rm.classes()[ancestor] if name and name != "archetype_node_id"]
    ]


def _write(node: Node, name: str, declared: str, level: int, more: str = "") -> list[str]:
    """The lines of an element."""
    blanks = " " * level
    if not _NAME.fullmatch(name):
        raise ValueError(f"XML has no element of the name {name!r}")
    if node.kind == "null":
        return []
    if node.kind == "array":
        return [line for child in node.children for line in _write(child, name, declared, level, more)]
    if node.kind != "object":
        if place := not_xml(node.scalar):
            raise ValueError(f"XML has no way to write the character {place.group()!r} of {name}")
        return [f"{blanks}<{name}{more}>{escaped(node.scalar)}</{name}>"]
    named = node.child("_type")
    type_ = rm.bare(named.scalar if named else class_in(code_of(node)) or declared)
    code = node.child("archetype_node_id")
    if code:
        more += f' archetype_node_id="{escaped(code.scalar)}"'
    if named and (type_ != rm.bare(declared) or rm.abstract(type_)):
        more += f' xsi:type="{type_}"'
    known, order = rm.attributes(type_), {one: number for number, one in enumerate(_order(type_))}
    inside = [child for child in node.children if child.key not in ("_type", "archetype_node_id")]
    inside.sort(key=lambda child: order.get(child.key or "", len(order)))
    lines = [
        line
        for child in inside
        for line in _write(child, child.key or "", known[child.key or ""].type if child.key in known else "", level + 1)
    ]
    return [f"{blanks}<{name}{more}>", *lines, f"{blanks}</{name}>"] if lines else [f"{blanks}<{name}{more}/>"]
