"""An object and all below it against the Reference Model (RM 1.1.0); no template is needed.

Classes, attributes and JSON types from `rm.tsv`, codes from `coded.tsv`, invariants from `invariants.tsv`, dates from `iso8601.py`.
Not checked, for nobody can look it up here: whether a code of a language, a country, a character set, a media type, or of an outside
terminology such as LOINC exists.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import nearest
from ihe_kit.json_text import Node as Json
from ihe_kit.openehr import iso8601, rm
from ihe_kit.openehr.findings import Findings, a, filled
from ihe_kit.openehr.invariants import Invariant, invariants, text
from ihe_kit.openehr.paths import class_in, code_of
from ihe_kit.openehr.terminology import Coded, coded, same

# What a repository fills in itself when something is committed: a request may leave it out.
_OF_THE_SERVER = {"system_id", "time_committed", "contribution", "uid"}
_COMMITS = ("AUDIT_DETAILS", "ATTESTATION", "ORIGINAL_VERSION")


@dataclass(frozen=True, slots=True)
class Member:
    """All that is known of one attribute of a class: the group its codes come from, the invariants that speak of it where it is there."""

    attribute: rm.Attribute
    coded: Coded | None
    invariants: tuple[Invariant, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one class, inherited things too. `invariants` are those that something absent can break."""

    members: dict[str, Member]
    required: tuple[rm.Attribute, ...]
    invariants: tuple[Invariant, ...]
    abstract: bool


@lru_cache(maxsize=256)
def known(type_: str) -> Known:
    groups, attributes = coded(type_), rm.attributes(type_)
    of: dict[str, list[Invariant]] = {name: [] for name in attributes}
    for one in invariants(type_):
        if not one.absent:
            of[one.at].append(one)
    return Known(
        members={name: Member(attribute, groups.get(name), tuple(of[name])) for name, attribute in attributes.items()},
        required=tuple(attribute for attribute in attributes.values() if attribute.required),
        invariants=tuple(one for one in invariants(type_) if one.absent),
        abstract=rm.abstract(type_),
    )


def check_model(found: Findings, node: Json) -> None:
    """Holds an object, and all below it, to its class."""
    if node.kind == "object":
        _object(found, node)
    for child in node.children:
        if child.children or child.kind == "object":
            check_model(found, child)


def _object(found: Findings, node: Json) -> None:
    type_ = found.message.place(node).type
    if not _is_of_a_class(found, node):
        return
    class_ = known(type_)
    there = {child.key: child for child in node.children}
    for attribute in class_.required:
        if not filled(there.get(attribute.name)) and not _left_to_the_server(found, type_, attribute.name):
            element = found.lacking(node, attribute.name)
            if element:
                found.add("OPENEHR-REQUIRED", element, f"{type_} has no {attribute.name}. {attribute.says}", spec=attribute.spec)
    for child in node.children if class_.members else ():
        member = class_.members.get(child.key or "")
        if member:
            _attribute(found, child, member.attribute)
            if member.coded and child.kind == "object":
                _code(found, child, member.coded)
            for invariant in member.invariants:
                if not invariant.test(node, invariant.at, invariant.words):
                    found.say("OPENEHR-INVARIANT", child, invariant.says, invariant.spec, invariant.severity, invariant.fix)
        elif child.key != "_type":
            what = f"{type_} has no attribute {child.key}{nearest(child.key or '', class_.members)}."
            found.add("OPENEHR-ATTRIBUTE", child, what, spec=rm.classes()[type_][""].spec)
    if type_ in iso8601.FORMS and "value" in there:
        _date(found, type_, there["value"])
    for invariant in class_.invariants:
        if not invariant.test(node, invariant.at, invariant.words):
            _broken(found, node, invariant)


def _broken(found: Findings, node: Json, invariant: Invariant) -> None:
    child = node.child(invariant.at)
    at = child if child and child.kind != "null" else found.lacking(node, invariant.at)
    if at:
        found.say("OPENEHR-INVARIANT", at, invariant.says, invariant.spec, invariant.severity)


def _left_to_the_server(found: Findings, type_: str, name: str) -> bool:
    return name in _OF_THE_SERVER and type_ in _COMMITS and bool(found.message.method) and not found.message.status


def _is_of_a_class(found: Findings, node: Json) -> bool:
    """Whether an object is of a class of the model, and of one that belongs where it stands."""
    place = found.message.place(node)
    if _belongs(place.type, place.declared) and not known(place.type).abstract:
        return True
    if place.declared in rm.PRIMITIVES:
        return False  # that no object belongs here is said of the attribute
    named = node.child("_type")
    unknown = named is not None and named.value and rm.bare(named.value) not in rm.classes()
    if unknown and (place.declared in rm.classes() or class_in(code_of(node))):
        what = f"The reference model has no class {named.value}{nearest(named.value, rm.classes())}." if named else ""
        found.add("OPENEHR-TYPE", named or node, what)
    elif not rm.is_a(place.type, place.declared):
        found.add("OPENEHR-TYPE", named or node, f"Here stands {a(place.type)}, but {a(place.declared)} belongs here.")
        return False
    elif known(place.type).abstract:
        absent = found.lacking(node, "_type")
        if absent:
            found.add("OPENEHR-TYPE", absent, f"{place.type} is a family of classes, and this object does not say which one it is of.")
        return False
    return True


@lru_cache(maxsize=1024)
def _belongs(type_: str, declared: str) -> bool:
    """Whether a class of the model stands where it may."""
    return type_ in rm.classes() and declared not in rm.PRIMITIVES and rm.is_a(type_, declared)


def _attribute(found: Findings, node: Json, attribute: rm.Attribute) -> None:
    """Whether a value has the JSON type of its attribute."""
    one = rm.PRIMITIVES.get(attribute.type, "object")
    kind = "array" if attribute.many else one
    for member in node.children if node.kind == kind == "array" else ():
        if member.kind != one:
            what = f"A member of {attribute.name} is written as {a(member.kind)}, but it is {a(one)} in JSON."
            found.add("OPENEHR-TYPE", member, what, spec=attribute.spec)
    if node.kind == kind and kind == "number" and attribute.type.startswith("Integer") and not _whole(node.scalar):
        found.add("OPENEHR-TYPE", node, f"{attribute.name} is a whole number, and {node.scalar} is none.", spec=attribute.spec)
    if node.kind == kind or not attribute.type or not filled(node):
        return
    fix = None
    if kind == "number" and re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", node.value, re.ASCII):
        fix = ("Take off the quotation marks", node.value)
    what = f"{attribute.name} is written as {a(node.kind)}, but it is {a(kind)} in JSON."
    found.add("OPENEHR-TYPE", node, what, fix, attribute.spec)


def _whole(number: str) -> bool:
    return number.lstrip("-").isdigit() or float(number).is_integer()


def _date(found: Findings, type_: str, node: Json) -> None:
    if node.kind == "string" and node.value and iso8601.read(type_, node.value) is None:
        what = f"This is no {type_} as ISO 8601 writes it, such as {iso8601.FORMS[type_][1]}."
        found.add("OPENEHR-DATE", node, what, spec=rm.attributes(type_)["value"].spec)


def _code(found: Findings, node: Json, group: Coded) -> None:
    """A code against the group of openEHR's own terminology that its attribute takes it from."""
    phrase = node if node.child("code_string") else node.child("defining_code")
    code, terminology = (phrase.child("code_string"), text(phrase, "terminology_id", "value")) if phrase else (None, "")
    own = same(terminology, group.group.terminology) or same(terminology, "openehr")
    if not code or not code.value or (group.open and not own):
        return
    if terminology and not own:
        named = phrase.child("terminology_id") if phrase else None
        what = f"The code is of {terminology}, but {group.group.name} is a group of openEHR's own terminology."
        found.add("OPENEHR-GROUP", (named.child("value") if named else None) or code, what, spec=group.spec)
    elif code.value not in group.group.codes:
        what = f"{code.value} is no code of {group.group.name}; there are {_listed(group.group.codes)}."
        found.add("OPENEHR-GROUP", code, what, spec=group.spec)
    else:
        _rubric(found, node, group.group.codes[code.value])


def _rubric(found: Findings, node: Json, rubric: str) -> None:
    """Whether the text beside a code says what the code means; the rubrics here are English, so only in English documents."""
    said = node.child("value")
    root = found.message.root
    if (
        rubric
        and said
        and said.value
        and said.value.strip().lower() != rubric.lower()
        and root
        and text(root, "language", "code_string")[:2] == "en"
    ):
        fix = (f"Write {rubric}", json.dumps(rubric))
        found.add("OPENEHR-RUBRIC", said, f"The text does not say what its code means, {rubric}.", fix)


def _listed(codes: dict[str, str], most: int = 15) -> str:
    words = [f"{code} {meaning}".strip() for code, meaning in codes.items()]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
