"""FHIR messages: a resource, or an HTTP request or response that carries one. The JSON stays as it came, and every element knows its place.

Paths are FHIRPath's, and `elements()` writes an index for every item of an array: `Patient.name[0].given[1]`. An array of several has a row
of its own, which a path without an index finds as its items.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ihe_kit.core import Element, UnknownPath
from ihe_kit.fhir.dictionary import choices, fields, locate
from ihe_kit.fhir.invariants import found
from ihe_kit.fhir.paths import Step, quoted, read_path
from ihe_kit.fhir.xml_text import read_xml
from ihe_kit.json_text import Node, exact, read_json, read_values
from ihe_kit.rest import RestMessage, is_http, parse_rest

_LANGUAGE = re.compile(r"[A-Z]\w*\.[^'\"]*[(|]")  # more than a path: a function, a union
_TYPE = re.compile(r"[A-Z][A-Za-z]*")


@dataclass(frozen=True, slots=True)
class Spot:
    """A node on the way along a path. `home` are the names from the innermost resource on: what the dictionary is asked with."""

    node: Node
    path: str
    home: tuple[str, ...]
    lead: str = ""


class FhirMessage(RestMessage):
    """A message of FHIR R4, in JSON or XML. Raises Unreadable where the text is neither of them nor HTTP."""

    standard = "fhir"
    base = "/fhir"

    # Reading

    @property
    def is_xml(self) -> bool:
        """Whether the body is FHIR's XML rather than JSON."""
        return self.text[self.body_start :].lstrip()[:1] == "<"

    def _is_json(self) -> bool:
        return super()._is_json() or "xml" in self.headers.get("content-type", "")

    def read(self) -> None:
        _ = self.values

    @cached_property
    def values(self) -> Any:
        """The body as Python values: dict, list, str, int, bool, None, and Decimal, which keeps its zeros. None where there is no body."""
        if not self.holds_body:
            return None
        return exact(self.root) if self.is_xml and self.root else read_values(self.text, self.body_start)

    @cached_property
    def root(self) -> Node | None:
        """The tree of the body with the places in the text, made when it is first asked for."""
        if not self.holds_body:
            return None
        return read_xml(self.text, self.body_start) if self.is_xml else read_json(self.text, self.body_start)

    @property
    def kind(self) -> str:
        """The resourceType, or "" where there is none."""
        named = self.values.get("resourceType") if isinstance(self.values, dict) else None
        return named if isinstance(named, str) and _TYPE.fullmatch(named) else ""

    @property
    def name(self) -> str:
        """`GET Patient`, `201 Created`; a bundle says how many it found: `200 Bundle, 1 match`."""
        total = self.root.child("total") if self.status and self.kind == "Bundle" and self.root else None
        if total:
            return f"{self.status} Bundle, {total.value} match{'' if total.value == '1' else 'es'}"
        return super().name or "Resource"

    @property
    def facts(self) -> str:
        entries = self.root.child("entry") if self.root and self.kind == "Bundle" else None
        counted = f"{len(entries.children)} entr{'y' if len(entries.children) == 1 else 'ies'}" if entries else ""
        return " · ".join(filter(None, ("R4", self.kind if self.head else "", counted, f"{len(self.encode())} bytes")))

    # The tree

    @property
    def top(self) -> str:
        """The first step of the paths: the type, or FHIR's word for any type."""
        return self.kind or "Resource"

    def label(self, node: Node, parent: Node | None, index: int) -> tuple[str, str]:
        if parent is None:
            return self.top, self.top
        if parent.kind == "array":
            alone = parent.key is not None and len(parent.children) == 1
            return f"[{index}]", f"{quoted(parent.key or '')}[0]" if alone else f"[{index}]"
        name = quoted(node.key or "")
        return f".{name}", "" if node.kind == "array" and len(node.children) == 1 else name

    # Paths

    def walk(self, path: str) -> list[Element]:
        try:
            first, *steps = read_path(path)
        except UnknownPath:
            return self._evaluated(path)
        if self.root is None or first.name not in (self.top, "Resource"):
            locate((first.name, *(step.name for step in steps)))  # FHIR has to have it, though this message has it not
            return []
        spots = _pick(Spot(self.root, self.top, (self.kind,)), first.indexes)
        for number, step in enumerate(steps, start=1):
            spots = [found for spot in spots for found in self._step(spot, step, steps[number:], len(spot.home) < number)]
        return [Element(s.path, s.path.rsplit(".", 1)[-1], _value(s.node), s.node.start, s.node.end, lead=s.lead) for s in spots]

    def _evaluated(self, path: str) -> list[Element]:
        """What a path finds that needs the whole of FHIRPath: `Patient.name.where(use = 'official').given.first()`. Raises UnknownPath."""
        values = found(path, self.values) if _LANGUAGE.match(path) and isinstance(self.values, dict) else None
        if values is None:
            read_path(path)  # says what a path looks like
        elements: list[Element] = []
        for value, place in values or ():
            text = ("true" if value else "false") if isinstance(value, bool) else "" if isinstance(value, (dict, list)) else str(value)
            at = self.walk(place) if place.startswith(f"{self.top}.") else []
            elements.append(at[0] if len(at) == 1 and (not text or at[0].value == text) else Element(path, path, text, 0, 0))
        return elements

    def _step(self, spot: Spot, step: Step, rest: Sequence[Step], inner: bool) -> list[Spot]:
        """What a step finds below a spot; where it finds nothing, the absent element if the step is the last one."""
        names = [step.name] if spot.node.child(step.name) else _choices(spot.home, step.name)
        found = [item for name in names for item in _items(spot, name, step)]
        if found:
            return found
        if not names and not _has((*spot.home, step.name, *(later.name for later in rest)), inner):
            return []
        return [] if rest else [absent(spot, step.name, self.text)]


def type_of(node: Node) -> str:
    """The resourceType of an object, or "" where it has none that could be a type's name."""
    named = node.child("resourceType")
    return named.value if named and named.kind == "string" and _TYPE.fullmatch(named.value) else ""


def absent(spot: Spot, name: str, text: str) -> Spot:
    """The place where a member would stand in an object: behind its last member, with what has to be written before the value."""
    node, path = spot.node, f"{spot.path}.{quoted(name)}"
    member = node.child(name)
    if member and member.kind == "array":  # it has no such item
        at = member.children[-1].end if member.children else member.end - 1
        return Spot(Node("null", at, at), path, spot.home, ", " if member.children else "")
    if member or node.kind != "object" or text[node.start : node.start + 1] == "<":  # nothing can stand there, or not as a value
        return Spot(Node("null", node.end, node.end), path, spot.home)
    if not node.children:
        return Spot(Node("null", node.end - 1, node.end - 1), path, spot.home, f'"{name}": ')
    last = node.children[-1]
    line = text.rfind("\n", node.start, last.start)
    indent = re.compile(r"\s*").match(text, line) if line >= 0 else None
    return Spot(Node("null", last.end, last.end), path, spot.home, f'{"," + indent.group() if indent else ", "}"{name}": ')


def _items(spot: Spot, name: str, step: Step) -> list[Spot]:
    """The repetitions of a member, or those that the step asks for."""
    child = spot.node.child(name)
    if child is None:
        return []
    kind = type_of(child) if child.kind == "object" else ""
    member = Spot(child, f"{spot.path}.{quoted(name)}", (kind,) if kind else (*spot.home, name))
    if step.indexes:
        found = _pick(member, step.indexes)
    else:
        found = [_item(member, index) for index in range(len(child.children))] if child.kind == "array" and child.children else [member]
    return [item for item in found if not step.where or _holds(item.node, *step.where)]


def _pick(spot: Spot, indexes: Sequence[int]) -> list[Spot]:
    for index in indexes:
        if spot.node.kind == "array" and index < len(spot.node.children):
            spot = _item(spot, index)
        elif spot.node.kind == "array" or index:
            return []
    return [spot]


def _item(spot: Spot, index: int) -> Spot:
    node = spot.node.children[index]
    kind = type_of(node)
    return replace(spot, node=node, path=f"{spot.path}[{index}]", home=(kind,) if kind else spot.home)


def _holds(node: Node, key: str, value: str) -> bool:
    child = node.child(key)
    return child is not None and child.value == value


def _value(node: Node) -> str:
    """What a reader reads; an empty array holds nothing."""
    return "" if node.kind == "array" and not node.children else node.value


def _choices(home: tuple[str, ...], name: str) -> list[str]:
    kind = _kind(home)
    return choices(kind, name) if kind else []


def _kind(home: tuple[str, ...]) -> str:
    """The type of what the names lead to, or "" where R4 does not have or not tell it."""
    try:
        found = locate(home) if fields(home[0]) else None
    except LookupError:
        return ""
    return found[1].type if found else ""


def _has(names: tuple[str, ...], inner: bool) -> bool:
    """Whether R4 has a path, as far as its type is known. Raises UnknownPath, but not below a resource inside another one: there the path
    `Bundle.entry.resource.gender` is right or not by what the message holds.
    """
    try:
        if fields(names[0]):
            locate(names)
    except UnknownPath:
        if inner:
            return False
        raise
    return True


def parse(text: str | bytes) -> FhirMessage:
    """A message from its text, or from bytes in UTF-8. Raises Unreadable.

    >>> parse('{"resourceType": "Patient", "name": [{"family": "Lind"}]}').get("Patient.name.family")
    ['Lind']
    """
    return parse_rest(FhirMessage, text)


def encode(message: FhirMessage) -> bytes:
    """The bytes of a message: the same that `parse` was given."""
    return message.encode()


def recognises(text: str) -> bool:
    """Whether a text looks like FHIR: a JSON object with a resourceType, or an HTTP message that is not openEHR's."""
    head = text[:4000].lstrip("\ufeff \t\r\n")
    if head.startswith("{"):
        return '"resourceType"' in head
    if head.startswith("<"):
        return bool(re.search(r"""xmlns\s*=\s*["']http://hl7\.org/fhir["']""", head))
    where = is_http(text)
    if where.isdigit():
        return bool(re.search(r"(?im)^content-type:[^\r\n]*fhir", head))
    return bool(where) and "/rest/openehr" not in where
