"""A composition against its template: both trees are walked together (AOM 1.4). What a template leaves out is free.

Occurrences, existence, cardinality, names and slots are here; what a data value may be is in `values.py`.
"""

from __future__ import annotations

import json
from collections import Counter

from ihe_kit.json_text import Node as Json
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Attribute, Node
from ihe_kit.openehr.findings import Findings, a, filled
from ihe_kit.openehr.invariants import text
from ihe_kit.openehr.opt import Template
from ihe_kit.openehr.paths import class_in, code_of, name_of
from ihe_kit.openehr.values import check_scalar, check_value, pattern, written_alike

_OPT = "openEHR AM 1.4, Archetype Object Model"
# Alternatives within alternatives are tried one by one: so many steps for each object of the composition, and so many in all.
STEPS_EACH, MAX_STEPS = 50, 200_000


def check_template(found: Findings, template: Template, root: Json) -> None:
    """Holds a composition to its template."""
    code = template.root.code
    for path in ("/archetype_node_id", "/archetype_details/archetype_id/value"):
        for element in found.message.find(path):
            if element.value and element.value != code:
                what = f"{element.value} stands at the root, and the template is one of {code}."
                found.add("OPENEHR-NODE", element, what, (f"Write {code}", json.dumps(code)))
    walk = _Walk(found, template.language)
    walk.object(template.root, root, "")
    if walk.left < 0:
        found.add("OPENEHR-UNCHECKED", root, "The template has so many alternatives within alternatives that only a part was tried.")


class _Walk:
    """One walk through template and composition."""

    def __init__(self, found: Findings, language: str) -> None:
        self.found = found
        self.language = language
        self.left = min(MAX_STEPS, 2000 + STEPS_EACH * found.message.text.count("{"))

    def object(self, node: Node, value: Json, owner: str) -> None:
        """Holds a value of the composition to a node of the template; `owner` is the class of the object that it stands in."""
        self.left -= 1
        if self.left < 0:
            return
        if value.kind != "object":
            check_scalar(self.found, node, value, owner)
            return
        known = rm.attributes(node.type)
        type_ = self.found.message.place(value).type
        for attribute in node.attributes:
            if not known or attribute.name in known:  # older templates constrain what the model has since dropped
                self.attribute(attribute, value, type_)
        check_value(self.found, node, value, self.language)

    def attribute(self, attribute: Attribute, parent: Json, owner: str) -> None:
        child = parent.child(attribute.name)
        members = [] if not child or child.kind == "null" else child.children if child.kind == "array" else [child]
        counts: dict[int, list[Json]] = {}
        for member in members:
            chosen = self.choice(attribute, member, owner)
            if chosen:
                counts.setdefault(id(chosen), []).append(member)
        excused = attribute.name == "value" and filled(parent.child("null_flavour"))  # an ELEMENT may say why it has no value
        if not members and attribute.least and not excused and not any(one.code for one in attribute.children):
            element = self.found.lacking(parent, attribute.name)
            if element:
                what = f"The template asks for {attribute.name} here."
                self.found.add("OPENEHR-REQUIRED", element, what, spec=f"{_OPT}, C_ATTRIBUTE.existence")
        if child and members and attribute.most == 0:
            what = f"The template allows no {attribute.name} here."
            self.found.add("OPENEHR-OCCURRENCES", child, what, spec=f"{_OPT}, C_ATTRIBUTE.existence")
        if child and members:
            self.cardinality(attribute, child, members)
        elif not members and attribute.least and attribute.cardinality and attribute.cardinality.least:
            self.none(attribute, parent)
        for one in attribute.children:
            self.count(one, counts.get(id(one), []), attribute, parent)

    def none(self, attribute: Attribute, parent: Json) -> None:
        """A list that may not be empty; where the template asks for a certain node, that one is named as missing."""
        if any(one.least and one.code for one in attribute.children):
            return
        element = self.found.lacking(parent, attribute.name)
        if element:
            what = f"There is nothing in {attribute.name}, and the template asks for {attribute.cardinality} members."
            self.found.add("OPENEHR-CARDINALITY", element, what)

    def cardinality(self, attribute: Attribute, child: Json, members: list[Json]) -> None:
        limit = attribute.cardinality
        if not limit or child.kind != "array":
            return
        if len(members) < limit.least or 0 <= limit.most < len(members):
            what = f"{attribute.name} has {len(members)} members, and the template allows {limit}."
            self.found.add("OPENEHR-CARDINALITY", members[limit.most] if 0 <= limit.most < len(members) else child, what)
        if limit.unique:
            seen = Counter(member.value for member in members)
            for member in members:
                if seen[member.value] > 1:
                    self.found.add("OPENEHR-CARDINALITY", member, f"The template wants every member of {attribute.name} but once.")
                    return

    def count(self, node: Node, members: list[Json], attribute: Attribute, parent: Json) -> None:
        called = f"{node.fixed_name or node.name or node.type}" + (f" ({node.code})" if node.code.startswith("at") else "")
        if len(members) < node.least and node.code and (attribute.least or parent.child(attribute.name)):
            named = f", {_in_quotes(node.fixed_name)}" if node.fixed_name else ""
            element = self.found.lacking(parent, attribute.name, node.code + named)
            if element:
                self.found.add("OPENEHR-OCCURRENCES", element, f"{called} is missing: the template asks for {node.occurs}.")
        for extra in members[node.most :] if node.most >= 0 else ():
            what = f"{called} stands here {len(members)} times, and the template allows {node.occurs}."
            self.found.add("OPENEHR-OCCURRENCES", extra, what)

    # Which node of the template a member is

    def choice(self, attribute: Attribute, member: Json, owner: str) -> Node | None:
        """The node of the template that a member is, checked, or that it stands for in another class; None where it is none of them."""
        children = attribute.children
        if not children:
            return None
        code, type_ = code_of(member), self.found.message.place(member).type
        coded = any(one.code for one in children)
        fits = [one for one in children if not one.slot and (not coded or one.code == code)]
        right = [one for one in fits if not type_ or rm.is_a(type_, one.type)]
        if right:
            return self.named(right, member, owner)
        slots = [one for one in children if one.slot and class_in(code) and rm.is_a(class_in(code), one.type)]
        if slots:
            return self.slot(slots, member, code)
        if coded and not fits:
            if code or type_ in rm.classes():
                self.unknown(attribute, member, code)
            return None
        allowed = " or ".join(dict.fromkeys(one.type for one in fits))
        what = f"Here stands {a(type_)}, but the template wants {a(allowed)}."
        self.found.add("OPENEHR-TYPE", member.child("_type") or member, what, spec=f"{_OPT}, C_OBJECT.rm_type_name")
        return fits[0]

    def unknown(self, attribute: Attribute, member: Json, code: str) -> None:
        known = dict.fromkeys(f"{one.code} {one.name}".strip() for one in attribute.children if one.code)
        what = f"The template has no node {code or 'without a code'} in {attribute.name}; it has {', '.join(known)}."
        self.found.add("OPENEHR-NODE", member.child("archetype_node_id") or member, what)

    def named(self, nodes: list[Node], member: Json, owner: str) -> Node:
        """Of several nodes of one code the one whose name the member has; where none has it, one that leaves the name free."""
        name, code = name_of(member), text(member.child("name"), "defining_code", "code_string")
        named = [one for one in nodes if name in one.names or (code and code in one.name_codes)]
        free = [one for one in nodes if not one.names and not one.name_codes]
        if named or free or not nodes[0].code:
            return self.best(named or free or nodes, member, owner)
        known = tuple(dict.fromkeys(text for one in nodes for text in one.names))
        at = (member.child("name") or member).child("value") or member
        chosen = self.best(nodes, member, owner)
        # that the name is none of the listed ones is said once, and as what it is
        self.found.list = [one for one in self.found.list if (one.rule, one.start) != ("OPENEHR-VALUE", at.start)]
        what = f"The template has no {nodes[0].code} of this name; it has {', '.join(known)}."
        self.found.add("OPENEHR-NAME", at, what, written_alike(name, known))
        return chosen

    def best(self, alternatives: list[Node], member: Json, owner: str) -> Node:
        """Of several alternatives the one that the member breaks least; its findings are kept."""
        if len(alternatives) == 1:
            self.object(alternatives[0], member, owner)
            return alternatives[0]
        found, tried = self.found, []
        for number, one in enumerate(alternatives):
            before, found.list, missed = found.list, [], set(found.missed)
            self.object(one, member, owner)
            tried.append((sum(finding.severity == "error" for finding in found.list), number, found.list, found.missed))
            found.list, found.missed = before, missed
        _, number, findings, found.missed = min(tried, key=lambda result: result[:2])
        found.list += findings
        return alternatives[number]

    def slot(self, slots: list[Node], member: Json, code: str) -> Node:
        """The slot that lets an archetype in. What stands inside of it, no template of ours says."""
        at = member.child("archetype_node_id") or member
        verdicts = {_lets_in(one, code): one for one in reversed(slots)}
        wanted = " or ".join(dict.fromkeys(text for one in slots for text in one.includes if text)) or "others"
        if "yes" not in verdicts and "unknown" in verdicts:
            self.found.add("OPENEHR-UNCHECKED", at, f"Whether {code} may stand in this slot is written in a way that cannot be read here.")
        elif "yes" not in verdicts and "against advice" in verdicts:
            self.found.add("OPENEHR-SLOT-ADVICE", at, f"{code} is none of the archetypes that the template names for this place: {wanted}.")
        elif "yes" not in verdicts:
            self.found.add("OPENEHR-SLOT", at, f"{code} is none of the archetypes that the template lets in here: {wanted}.")
        self.found.add("OPENEHR-UNCHECKED", at, f"The template leaves a slot open here, so it says nothing of what {code} holds.")
        return verdicts.get("yes") or slots[0]


def _in_quotes(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _lets_in(slot: Node, code: str) -> str:
    """Whether a slot lets an archetype in. What is not included is barred where the slot excludes it; includes alone are advice."""
    if len(code) > 300:
        return "unknown"
    included, excluded = (_any(patterns, code) for patterns in (slot.includes, slot.excludes))
    if included or (not slot.includes and excluded is False):
        return "yes"
    if included is None or excluded is None:
        return "unknown"
    return "no" if excluded else "against advice"


def _any(patterns: tuple[str | None, ...], code: str) -> bool | None:
    compiled = [pattern(one) if one else None for one in patterns]
    if any(one and one.fullmatch(code) for one in compiled):
        return True
    return None if None in compiled else False
