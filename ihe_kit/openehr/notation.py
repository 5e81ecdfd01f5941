"""A template as a small readable tree, and the operational template (OPT 1.4, XML) that it stands for.

    content: OBSERVATION[openEHR-EHR-OBSERVATION.pulse.v2] 0..* Pulse | The beat of the heart, counted at an artery.
      ...
        items: ELEMENT[at0004] 1..1 Rate | How often the heart beats in a minute.
          value: DV_QUANTITY openehr::382 /min 0..<1000 precision 0

One line is one node: the attribute it stands in, its class, its archetype id or at-code, how often it may occur, its name and what it
means. Two blanks more are one level deeper. The first line names the template, its language and its purpose.

- `"Problems"`: a name in quotes is fixed in the data. It tells two archetypes or elements of one code apart.
- `items: CLUSTER(device.v1, *)[at0064] 0..* ...`: a slot. Whichever archetype of those is put there by the one who fills it in; `*` is any.
- `value: DV_TEXT`: a data value, with what limits it (see `limits.py`). Several lines of one attribute are a choice.
- `items: 1..3`: how many members an attribute takes in all, on a line before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import groupby
from uuid import NAMESPACE_URL, uuid5

from ihe_kit.core import Unreadable
from ihe_kit.openehr import rm
from ihe_kit.openehr.limits import Limit, attribute, child, interval, limit, texts
from ihe_kit.xml_tree import escaped

_CLASS = r"([A-Z_]+(?:<[A-Z_]+>)?)"
_NODE = re.compile(rf'( *)(?:(\w+): )?{_CLASS}(?:\(([^)]+)\))?\[(\S+)\] (\d+)\.\.(\d+|\*) ("?)([^|"]+?)"? \| (.+)')
_VALUE = re.compile(rf"( *)(\w+): {_CLASS}(?: (.+))?")
_COUNT = re.compile(r"( *)(\w+): (\d+)\.\.(\d+|\*)")


@dataclass
class Line:
    """One line of the notation, and the lines below it. `slot` are the archetypes that may be put there, `fixed` whether the name is."""

    attribute: str
    type: str
    code: str = ""
    least: str = "1"
    most: str = "1"
    name: str = ""
    says: str = ""
    slot: str = ""
    fixed: bool = False
    limit: Limit = field(default_factory=Limit)
    children: list[Line] = field(default_factory=list)

    @property
    def archetype(self) -> bool:
        return self.code.startswith("openEHR-")


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
        f"<details>{lang}<purpose>{escaped(purpose)}</purpose></details></description>"
        f"<uid><value>{uuid5(NAMESPACE_URL, template)}</value></uid><template_id><value>{escaped(template)}</value></template_id>"
        f"<concept>{escaped(template)}</concept><definition>{_definition(root, template)}</definition></template>"
    )
    return _indented(text)


# Reading --------------------------------------------------------------------------------------------------------------------------


def _read(body: str, tree: str, at: int) -> Line:
    stack: list[Line] = []
    for line in body.splitlines(keepends=True):
        if line.strip():
            node, depth = _line(line.rstrip(), tree, at)
            if depth > len(stack) or (depth == 0) != (not stack) or (not stack and not node.archetype):
                raise Unreadable("expected the archetype of the whole first, and each line two blanks deeper than its parent", tree, at)
            del stack[depth:]
            if stack:
                stack[-1].children.append(node)
            stack.append(node)
        at += len(line)
    if not stack:
        raise Unreadable("expected a tree below the first line", tree, len(tree))
    return stack[0]


def _line(line: str, tree: str, at: int) -> tuple[Line, int]:
    """A line, and how deep it stands."""
    if found := _NODE.fullmatch(line):
        blanks, attribute_, type_, slot, code, least, most, quote, name, says = (part or "" for part in found.groups())
        return Line(attribute_, type_, code, least, most, name, says, slot, bool(quote)), len(blanks) // 2
    if found := _COUNT.fullmatch(line):
        blanks, attribute_, least, most = found.groups()
        return Line(attribute_, "", least=least, most=most), len(blanks) // 2
    found = _VALUE.fullmatch(line)
    if not found:
        raise Unreadable("expected `attribute: CLASS[code] 0..1 Name | what it means`, or `attribute: CLASS` of a data value", tree, at)
    blanks, attribute_, type_, rest = found.groups()
    try:
        return Line(attribute_, type_, limit=limit(type_, rest or "")), len(blanks) // 2
    except Unreadable as problem:
        raise Unreadable(problem.says, tree, at) from None


# Writing --------------------------------------------------------------------------------------------------------------------------


def _definition(root: Line, template: str) -> str:
    start = f"<rm_type_name>{root.type}</rm_type_name>{interval('occurrences', root.least, root.most)}<node_id>at0000</node_id>"
    return f"{start}{_inside(root)}{_archetype(root, template)}"


def _object(node: Line) -> str:
    if node.slot:
        return child(node.type, "ARCHETYPE_SLOT", _slot(node), node.code, node.least, node.most)
    if not node.archetype:
        inside = node.limit.xml or _inside(node)
        return child(node.type, node.limit.kind, inside, node.code, node.least, node.most)
    return child(node.type, "C_ARCHETYPE_ROOT", _inside(node) + _archetype(node), "at0000", node.least, node.most)


def _inside(node: Line) -> str:
    """The attributes of a node."""
    fixed = attribute("name", child("DV_TEXT", "C_COMPLEX_OBJECT", attribute("value", texts(node.name)))) if node.fixed else ""
    return fixed + "".join(_attribute(node.type, name, list(group)) for name, group in groupby(node.children, lambda one: one.attribute))


def _attribute(owner: str, name: str, children: list[Line]) -> str:
    known = rm.attributes(owner).get(name)
    size = next(((one.least, one.most) for one in children if not one.type), None)
    members = [one for one in children if one.type]
    choice = not (known and known.many)
    least = size[0] if size else "1" if any(one.least != "0" for one in members) else "0"
    if choice and len(members) > 1:
        members = [replace(one, least="0") if not one.code else one for one in members]
    inside = "".join(_object(one) for one in members)
    return attribute(name, inside, min(least, "1"), many=not choice, cardinality=size or (least, "*"))


def _slot(node: Line) -> str:
    """What may stand in a slot (AOM 1.4, ARCHETYPE_SLOT.includes): an assertion about the archetype's identifier."""
    names = [name.strip() for name in node.slot.split(",")]
    if "*" in names:
        return ""
    pattern = "|".join(re.escape(f"openEHR-EHR-{node.type}.{name}").replace(r"\-", "-") for name in names)
    words = "<type>{}</type><item{}>{}</item><reference_type>{}</reference_type>"
    left = words.format("String", "", "archetype_id/value", "attribute")
    right = words.format("C_STRING", ' xsi:type="C_STRING"', f"<pattern>{pattern}</pattern>", "constraint")
    return (
        f"<includes><string_expression>archetype_id/value matches {{/{pattern}/}}</string_expression>"
        '<expression xsi:type="EXPR_BINARY_OPERATOR"><type>Boolean</type><operator>2007</operator>'
        "<precedence_overridden>false</precedence_overridden>"
        f'<left_operand xsi:type="EXPR_LEAF">{left}</left_operand><right_operand xsi:type="EXPR_LEAF">{right}</right_operand>'
        "</expression></includes>"
    )


def _archetype(node: Line, template: str = "") -> str:
    """What closes the root of an archetype: its identifier and the words of every code below it."""
    named = f"<template_id><value>{escaped(template)}</value></template_id>" if template else ""
    words = {code: (name, says) for one in reversed(node.children) for code, name, says in reversed(_words(one))}
    terms = "".join(
        f'<term_definitions code="{code}"><items id="text">{escaped(name)}</items><items id="description">{escaped(says)}</items>'
        "</term_definitions>"
        for code, (name, says) in [("at0000", (node.name, node.says)), *reversed(words.items())]
    )
    return f"<archetype_id><value>{node.code}</value></archetype_id>{named}{terms}"


def _words(node: Line) -> list[tuple[str, str, str]]:
    """The words of the codes of a node and of those below it, up to the next archetype."""
    if node.archetype:
        return []
    own = [(node.code, node.name, node.says)] if node.code else [(code, name, name) for code, name in node.limit.words]
    return own + [word for one in node.children for word in _words(one)]


def _indented(text: str) -> str:
    from xml.etree import ElementTree

    ElementTree.register_namespace("", "http://schemas.openehr.org/v1")
    ElementTree.register_namespace("xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root = ElementTree.fromstring(text)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
