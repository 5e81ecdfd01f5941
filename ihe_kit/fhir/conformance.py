"""A FHIR message against R4's own definitions, before any profile: names, cardinalities, types, formats, required codes, reference targets.

The definitions are those that the dictionary carries. Not checked here: invariants, profiles, and codes beyond the short lists that R4
requires. Every finding is given, none raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from ihe_kit.core import Element, nearest
from ihe_kit.fhir.dictionary import UNMODELLED, Row, codes, fields, is_part, is_resource, types
from ihe_kit.fhir.formats import FORMATS, is_written
from ihe_kit.fhir.message import FhirMessage, Spot, absent, type_of
from ihe_kit.fhir.paths import quoted
from ihe_kit.fhir.search import RESULT, find_parameter, parameters
from ihe_kit.json_text import Node
from ihe_kit.rules import Finding, finding_at, in_order

_REFERENCE = re.compile(r"(?:https?://\S+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_JSON_SPEC = "FHIR R4 section 2.6.2"


def conform(message: FhirMessage) -> list[Finding]:
    """Every place where the message breaks R4; for a search, the parameters that R4 does not have (a server may ignore those)."""
    found = list(_check_query(message))
    if message.root and message.method != "PATCH":  # a patch is no resource
        found += _Check(message.text).resource(message.root, message.top)
    return in_order(found)


def _check_query(message: FhirMessage) -> Iterator[Finding]:
    kind = message.target.removesuffix("/_search")
    for element in message.head:
        name = element.path.removeprefix("request.url.")
        known = [parameter.name for parameter in parameters(kind)]
        if name != element.path and known and not find_parameter(kind, name) and name not in RESULT:
            says = f"{name} is no search parameter of {kind} that is known here{_hint(name, known)}."
            says += " A server may ignore what it does not know, and then answers a wider question than you asked."
            yield finding_at(element, "FHIR-SEARCH-PARAMETER", says, "FHIR R4 section 3.1.1", "information")


class _Check:
    """One walk over a resource. Paths are those of `elements()`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def resource(self, node: Node, path: str, home: str = "") -> Iterator[Finding]:
        kind = type_of(node)
        if kind in UNMODELLED:
            says = f"{kind} was not checked. Its definition is not at hand here, so nothing is said about what is in it."
            yield finding_at(_at(node, path), "FHIR-NOT-CHECKED", says, f"FHIR R4 {kind}", "information")
        elif kind and is_resource(kind):
            yield from self.object(node, path, kind, kind)
        else:
            where = node.child("resourceType") or node
            says = f"{kind or 'This'} is no resource of FHIR R4{_hint(kind, filter(is_resource, types()))}."
            says += " A reader picks the definition by the resourceType, and can do nothing with this."
            yield finding_at(
                _at(where, f"{path}.resourceType" if where is not node else path), "FHIR-UNKNOWN-TYPE", says, "FHIR R4 Resource"
            )

    def object(self, node: Node, path: str, kind: str, own: str) -> Iterator[Finding]:
        """The members of an object of a type. `own` is the path of the object in R4's definitions: `Patient.contact`."""
        if node.kind != "object":
            yield from self._type(node, path, f"an object, the parts of a {own.rsplit('.', 1)[-1] if is_part(kind) else kind} in braces")
            return
        known = fields(kind)
        for child in node.children:
            name = child.key or ""
            row, here = known.get(name), f"{path}.{quoted(name)}"
            if name.startswith("_") and (base := known.get(name[1:])) and base.primitive:
                row = Row(name, "Element", many=base.many)
            if row:
                yield from self._member(node, child, here, row, f"{own}.{name}")
            else:
                says = f"{own} has no element {name}{_hint(name, known)}. A server that is strict refuses the resource, a lenient one drops it."
                yield finding_at(_at(child, here), "FHIR-UNKNOWN-ELEMENT", says, f"FHIR R4 {own}")
        yield from self._missing(node, path, known, own)

    def _missing(self, node: Node, path: str, known: dict[str, Row], own: str) -> Iterator[Finding]:
        if not node.children:
            yield finding_at(_at(node, path), "FHIR-EMPTY", "This object is empty. FHIR leaves out what has no value.", _JSON_SPEC)
            return
        there = {child.key for child in node.children} | {(child.key or "").removeprefix("_") for child in node.children}
        groups: dict[str, list[str]] = {}
        for name, row in known.items():
            if row.needed or row.choice:
                groups.setdefault(row.choice or name, []).append(name)
        for group, names in groups.items():
            have, row = [name for name in names if name in there], known[names[0]]
            if row.needed and not have:
                spot = absent(Spot(node, path, ()), group, self.text)
                says = f"{group} is missing. R4 demands it in every {own} ({row.occurs}), so a receiver will refuse the resource."
                yield finding_at(_at(spot.node, spot.path), "FHIR-REQUIRED", says, f"FHIR R4 {own}.{group}")
            for extra in have[1:] if row.choice else ():
                says = f"{have[0]} and {extra} stand side by side. Both are {group}, which has one value of one type, so a reader cannot tell which holds."
                child = node.child(extra) or node
                yield finding_at(_at(child, f"{path}.{extra}"), "FHIR-CHOICE", says, f"FHIR R4 {own}.{group}[x]")

    def _member(self, parent: Node, node: Node, path: str, row: Row, own: str) -> Iterator[Finding]:
        raw = self.text[node.start : node.end]
        if row.many and node.kind != "array" and node.kind != "null":
            says = f"{row.name} stands without brackets. It may be repeated ({row.occurs}), so JSON always writes it as an array, even for one."
            yield finding_at(_at(node, path), "FHIR-LIST", says, f"FHIR R4 {own}", fix=("Put it in brackets", f"[{raw}]"))
        elif not row.many and node.kind == "array":
            says = f"{row.name} is written as an array. It has one value at most ({row.occurs}); a reader that expects one cannot take several."
            alone = self.text[node.children[0].start : node.children[0].end] if len(node.children) == 1 else ""
            yield finding_at(
                _at(node, path), "FHIR-NO-LIST", says, f"FHIR R4 {own}", fix=("Take off the brackets", alone) if alone else None
            )
        elif node.kind == "array" and not node.children:
            says = f"{row.name} is an empty array. FHIR leaves out what has no value."
            yield finding_at(_at(node, path), "FHIR-EMPTY", says, _JSON_SPEC)
        partner = parent.child(row.name[1:] if row.name.startswith("_") else f"_{row.name}")
        for index, item in enumerate(node.children if node.kind == "array" else [node]):
            filled = partner and partner.kind == "array" and partner.children[index : index + 1]
            if item.kind != "null":
                yield from self._value(item, f"{path}[{index}]" if item is not node else path, row, own)
            elif not (node.kind == "array" and filled and filled[0].kind != "null"):
                says = f"{row.name} is null. FHIR leaves out what has no value; null only holds a place in an array whose extensions stand beside it."
                yield finding_at(_at(item, f"{path}[{index}]" if item is not node else path), "FHIR-NULL", says, _JSON_SPEC)

    def _value(self, node: Node, path: str, row: Row, own: str) -> Iterator[Finding]:
        if row.primitive:
            yield from self._primitive(node, path, row, own)
        elif row.type == "Resource":
            yield from self.resource(node, path)
        else:
            yield from self.object(node, path, row.type, own if is_part(row.type) else row.type)
            if row.targets and node.kind == "object":
                yield from self._target(node, path, row, own)

    def _target(self, node: Node, path: str, row: Row, own: str) -> Iterator[Finding]:
        reference = node.child("reference")
        found = _REFERENCE.fullmatch(reference.value) if reference else None
        if reference and found and is_resource(found.group(1)) and found.group(1) not in row.targets and "Resource" not in row.targets:
            says = f"{row.name} points to a {found.group(1)}. It may only point to {' or '.join(row.targets)}, and a reader will not look for anything else."
            yield finding_at(_at(reference, f"{path}.reference"), "FHIR-REFERENCE", says, f"FHIR R4 {own}")

    def _primitive(self, node: Node, path: str, row: Row, own: str) -> Iterator[Finding]:
        if row.type not in FORMATS:
            return
        kind, _, example = FORMATS[row.type]
        if node.kind != kind:
            fits = node.kind == "string" and kind != "string" and is_written(row.type, node)
            yield from self._type(node, path, f"a {kind}, as in {example}", ("Take off the quotes", node.value) if fits else None)
        elif not node.value:
            yield finding_at(
                _at(node, path), "FHIR-EMPTY", f"{row.name} is an empty string. FHIR leaves out what has no value.", _JSON_SPEC
            )
        elif not is_written(row.type, node):
            says = f"{{found}} is no {row.type}. {row.name} is written as in {example}; a receiver cannot compute with anything else."
            yield finding_at(_at(node, path), "FHIR-FORMAT", says, f"FHIR R4 datatypes, {row.type}")
        elif row.type == "code" and row.name != "resourceType":
            allowed = [code for code, _ in codes(own, row)]
            if allowed and node.value not in allowed:
                same = next((code for code in allowed if code.lower() == node.value.lower()), "")
                says = f"{{found}} is no code of {own}. R4 allows {', '.join(allowed)} and nothing else, so every receiver understands the same."
                yield finding_at(
                    _at(node, path), "FHIR-CODE", says, f"FHIR R4 {own}", fix=(f"Set {same}", json.dumps(same)) if same else None
                )

    def _type(self, node: Node, path: str, wanted: str, fix: tuple[str, str] | None = None) -> Iterator[Finding]:
        says = f"A JSON {node.kind} stands here. R4 wants {wanted}; JSON keeps numbers, truth values and text apart, and so do its readers."
        yield finding_at(_at(node, path), "FHIR-JSON-TYPE", says, _JSON_SPEC, fix=fix)


def _at(node: Node, path: str) -> Element:
    return Element(path, path.rsplit(".", 1)[-1], node.value, node.start, node.end)


def _hint(word: str, known: Iterable[str]) -> str:
    """The nearest known word as the end of a sentence that goes on."""
    return nearest(word, known).replace("; did you mean ", ", but it has ").rstrip("?")
