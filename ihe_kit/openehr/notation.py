"""A template as a small readable tree, and the operational template (OPT 1.4, XML) that it stands for.

    items: ELEMENT[at0004] 1..1 Systolic | The highest pressure of a heartbeat.
      value: DV_QUANTITY openehr::125 mm[Hg] 0..<1000 precision 0

One line is one node: the attribute it stands in, its class, its archetype id or at-code, how often it may occur, its name and what it
means. Two blanks more are one level deeper. The first line names the template, its language and its purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from ihe_kit.core import Unreadable
from ihe_kit.openehr import rm

_NODE = re.compile(r"( *)(?:(\w+): )?([A-Z_]+)(?:\[(\S+)\] (\d)\.\.(\d+|\*) ([^|]+?) \| (.+)|(?: ([^\s:]+)::(.+))?)")
_AMOUNT = re.compile(r"(\S+) (\S+) ([\d.-]+?)\.\.<(\S+) precision (\d+)")


@dataclass
class Line:
    """One line of the notation, and the lines below it."""

    attribute: str
    type: str
    children: list[Line] = field(default_factory=list)
    code: str = ""
    least: str = ""
    most: str = ""
    name: str = ""
    says: str = ""
    terminology: str = ""
    rest: str = ""


def opt(tree: str) -> str:
    """The operational template of a tree. Raises Unreadable with the line that cannot be read."""
    head, _, body = tree.partition("\n")
    template, language, purpose = (part.strip() for part in head.split("|", 2)) if head.count("|") >= 2 else ("", "", "")
    if not template:
        raise Unreadable("expected the template's identifier, its language and its purpose, with | between them", tree)
    root = _read(body, tree, len(head) + 1)
    lang = f"<language><terminology_id><value>ISO_639-1</value></terminology_id><code_string>{language}</code_string></language>"
    text = (
        f'<template xmlns="http://schemas.openehr.org/v1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{lang}'
        '<description><original_author id="name">ihe_kit</original_author><lifecycle_state>published</lifecycle_state>'
        f"<details>{lang}<purpose>{escape(purpose)}</purpose></details></description>"
        f"<uid><value>{uuid5(NAMESPACE_URL, template)}</value></uid><template_id><value>{escape(template)}</value></template_id>"
        f"<concept>{escape(template)}</concept><definition>{_object(root, template)}</definition></template>"
    )
    return _indented(text)


def _read(body: str, tree: str, at: int) -> Line:
    stack: list[Line] = []
    for line in body.splitlines(keepends=True):
        found = _NODE.fullmatch(line.rstrip())
        if line.strip():
            depth = len(found.group(1)) // 2 if found else -1
            if not found or depth > len(stack) or (depth == 0) != (not stack):
                raise Unreadable("expected `attribute: CLASS[code] 0..1 Name | what it means`, two blanks deeper than its parent", tree, at)
            attribute, type_, *parts = (part or "" for part in found.groups()[1:])
            node = Line(attribute, type_, [], *parts)
            del stack[depth:]
            if stack:
                stack[-1].children.append(node)
            stack.append(node)
        at += len(line)
    if not stack:
        raise Unreadable("expected a tree below the first line", tree, len(tree))
    return stack[0]


def _object(node: Line, template: str = "") -> str:
    archetype = node.code.startswith("openEHR-")
    code = f"<node_id>{'at0000' if archetype else node.code}</node_id>"
    start = f"<rm_type_name>{node.type}</rm_type_name>{_interval('occurrences', node.least or '1', node.most or '1')}{code}"
    if node.type == "DV_QUANTITY" and node.rest:
        return start + _amount(node)
    inside = node.children
    if node.type == "DV_CODED_TEXT" and node.rest:
        inside = [Line("defining_code", "CODE_PHRASE", terminology=node.terminology, rest=node.rest)]
    if node.type == "CODE_PHRASE":
        codes = "".join(f"<code_list>{code}</code_list>" for code, _ in _codes(node))
        return f"{start}<terminology_id><value>{node.terminology}</value></terminology_id>{codes}"
    start += "".join(_attribute(node.type, name, list(group)) for name, group in groupby(inside, lambda child: child.attribute))
    return start + _archetype(node, template) if archetype else start


def _attribute(owner: str, name: str, children: list[Line]) -> str:
    known = rm.attributes(owner).get(name)
    many = bool(known and known.many)
    least = "1" if any(child.least != "0" for child in children) else "0"
    inside = "".join(f'<children xsi:type="{_kind(child)}">{_object(child)}</children>' for child in children)
    order = f"<cardinality><is_ordered>false</is_ordered><is_unique>false</is_unique>{_interval('interval', least, '*')}</cardinality>"
    kind = "C_MULTIPLE_ATTRIBUTE" if many else "C_SINGLE_ATTRIBUTE"
    start = f'<attributes xsi:type="{kind}"><rm_attribute_name>{name}</rm_attribute_name>{_interval("existence", least, "1")}'
    return f"{start}{inside}{order if many else ''}</attributes>"


def _kind(node: Line) -> str:
    special = {"DV_QUANTITY": "C_DV_QUANTITY", "CODE_PHRASE": "C_CODE_PHRASE"}.get(node.type, "") if node.rest else ""
    return special or ("C_ARCHETYPE_ROOT" if node.code.startswith("openEHR-") else "C_COMPLEX_OBJECT")


def _archetype(node: Line, template: str) -> str:
    """What closes the root of an archetype: its identifier and the words of every code below it."""
    named = f"<template_id><value>{escape(template)}</value></template_id>" if template else ""
    words = [("at0000", node.name, node.says), *(word for child in node.children for word in _words(child))]
    terms = "".join(
        f'<term_definitions code="{code}"><items id="text">{escape(name)}</items><items id="description">{escape(says)}</items>'
        "</term_definitions>"
        for code, name, says in words
    )
    return f"<archetype_id><value>{node.code}</value></archetype_id>{named}{terms}"


def _words(node: Line) -> list[tuple[str, str, str]]:
    """The words of the codes of a node and of those below it, up to the next archetype."""
    if node.code.startswith("openEHR-"):
        return []
    own = [(node.code, node.name, node.says)] if node.code else [(code, name, name) for code, name in _codes(node) if name]
    return own + [word for child in node.children for word in _words(child)]


def _codes(node: Line) -> list[tuple[str, str]]:
    pairs = [part.strip().partition("=") for part in node.rest.split(",")] if node.type in ("DV_CODED_TEXT", "CODE_PHRASE") else []
    return [(code, name) for code, _, name in pairs]


def _amount(node: Line) -> str:
    found = _AMOUNT.fullmatch(node.rest)
    if not found:
        raise Unreadable(f"expected `DV_QUANTITY openehr::125 mm[Hg] 0..<1000 precision 0`, but found {node.rest!r}")
    code, units, low, high, precision = found.groups()
    return (
        f"<property><terminology_id><value>{node.terminology}</value></terminology_id><code_string>{code}</code_string></property><list>"
        f"{_interval('magnitude', low, high, False)}{_interval('precision', precision, precision)}<units>{escape(units)}</units></list>"
    )


def _interval(tag: str, low: str, high: str, included: bool = True) -> str:
    limits = f"<lower>{low}</lower>" + ("" if high == "*" else f"<upper>{high}</upper>")
    flags = ("true", "true" if included and high != "*" else "false", "false", "true" if high == "*" else "false")
    names = ("lower_included", "upper_included", "lower_unbounded", "upper_unbounded")
    return f"<{tag}>" + "".join(f"<{name}>{flag}</{name}>" for name, flag in zip(names, flags, strict=True)) + f"{limits}</{tag}>"


def _indented(text: str) -> str:
    from xml.etree import ElementTree

    ElementTree.register_namespace("", "http://schemas.openehr.org/v1")
    ElementTree.register_namespace("xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root = ElementTree.fromstring(text)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
