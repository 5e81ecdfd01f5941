"""Extensions: a definition for every url, a place where it belongs, a value as it is defined (FHIR R4 Extension)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ihe_kit.fhir.items import Item
from ihe_kit.fhir.parts import Member, parts
from ihe_kit.fhir.profiles import Against
from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import data_types, resource_types
from ihe_kit.fhir.walk import Context, Known

# R4 itself uses these on more of its definitions than it says that they belong to.
_BASE = "http://hl7.org/fhir/StructureDefinition/"
_ELSEWHERE = (f"{_BASE}structuredefinition-", f"{_BASE}regex")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")


class Extensions:
    """Looks at the extensions of a resource."""

    def __init__(self, report: Report, known: Known, against: Against) -> None:
        self.report, self.known, self.against = report, known, against

    def visit(self, value: Any, partner: Any, member: Member, own: str, at: At, context: Context) -> None:
        """Looks at an element, if it is an extension."""
        if member.type.code != "Extension" or not isinstance(value, dict) or not isinstance(value.get("url"), str) or not value["url"]:
            return
        url, inner = value["url"], own == "Extension.extension"
        if not _ABSOLUTE.fullmatch(url):
            if inner:
                self._part(url, at, context)
            else:
                self.report.at("extension-url", (at, "url"))
            return
        definition = self.known.definitions.get("StructureDefinition", url)
        shape = self.known.definitions.shape(url) if definition and definition.get("type") == "Extension" else None
        if definition is None or shape is None:
            if member.name == "modifierExtension":
                self.report.at("modifier-unknown", (at, "url"))
            else:
                self.report.once("extension-unknown", (at, "url"), about=url)
            return
        modifies = shape.element.get("isModifier") is True
        if modifies is not (member.name == "modifierExtension"):
            wanted = "it is a modifier extension" if modifies else "it is a plain extension"
            self.report.at("extension-modifier", (at, "url"), name=member.name, wanted=wanted, source=url)
        self._place(definition, url, at, context)
        self.against.check(Item(value, None, at, "Extension"), shape, shape, context)

    def _part(self, url: str, at: At, context: Context) -> None:
        """Whether the extension around a part of one knows it, where its definition is at hand and names its parts."""
        parent = self._parent(at, context)
        shape = self.known.definitions.shape(parent) if _ABSOLUTE.fullmatch(parent) else None
        inside = shape.children.get("extension") if shape else None
        known = [named.demanded[1] for one in inside.slices.values() if (named := one.children.get("url"))] if inside else []
        if known and url not in known and all(isinstance(one, str) for one in known):
            self.report.at("extension-part", (at, "url"), parent=parent, known=", ".join(known), source=parent)

    def _place(self, definition: Json, url: str, at: At, context: Context) -> None:
        """Whether an extension stands where its definition allows it."""
        contexts = [one for one in definition.get("context", ()) if isinstance(one, dict)]
        if not contexts or url.startswith(_ELSEWHERE) or any(one.get("type") == "fhirpath" for one in contexts):
            return
        homes, parent = set(self._homes(at, context)), self._parent(at, context)
        for one in contexts:
            expression = str(one.get("expression", ""))
            if expression == parent if one.get("type") == "extension" else _fits(expression, homes):
                return
        wanted = " or ".join(str(one.get("expression")) for one in contexts[:8])
        self.report.at("extension-place", (at, "url"), context=wanted, source=url)

    def _homes(self, at: At, context: Context) -> Iterator[str]:
        """Every name that the element around an extension goes by: `Patient.name`, `HumanName`, `Element`."""
        names, shape = list(_names(at, context)), self.known.definitions.type(context.kind)
        path, code, trail = context.kind, context.kind, context.kind
        for name in names:
            found = parts(shape, code, self.known.definitions) if shape else None
            member = found.members.get(name) if found else None
            if not member or not found:
                return
            shape, code, trail = member.shape, member.type.code, f"{trail}.{member.stem}"
            path = f"{found.path}.{member.stem}"
            if member.choice:
                yield from (f"{path}[x]", f"{trail}[x]") if name == names[-1] else ()
        yield from (path, trail, code, "Element")
        if not names:
            yield from ("Resource", "DomainResource")
        if code in ("Age", "Distance", "Duration", "Count", "MoneyQuantity", "SimpleQuantity"):
            yield "Quantity"
        base = self.known.definitions.get("StructureDefinition", f"http://hl7.org/fhir/StructureDefinition/{code}")
        if base:
            yield str(base.get("baseDefinition", "")).rpartition("/")[2]

    def _parent(self, at: At, context: Context) -> str:
        """The url of the extension around an extension, or ""."""
        above = at[0] if at and isinstance(at[1], int) else at
        value: Any = context.resource
        steps: list[Any] = []
        while above is not None and above is not context.at:
            steps.append(above[1])
            above = above[0]
        for step in reversed(steps[1:]):
            value = (
                value.get(step) if isinstance(step, str) and isinstance(value, dict) else value[step] if isinstance(value, list) else None
            )
        return str(value.get("url")) if isinstance(value, dict) else ""


def _names(at: At, context: Context) -> list[str]:
    """The names on the way from a resource to the element around an extension."""
    steps = []
    while at is not None and at is not context.at:
        if isinstance(at[1], str):
            steps.append(at[1].removeprefix("_"))
        at = at[0]
    return steps[:0:-1]


def _fits(expression: str, homes: set[str]) -> bool:
    expression = expression.partition(":")[0]
    head = expression.partition(".")[0]
    known = head in resource_types() or head in data_types() or head in ("Resource", "DomainResource")
    return expression in homes or expression.removesuffix("[x]") in homes or not known
