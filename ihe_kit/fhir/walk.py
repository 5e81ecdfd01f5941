"""The walk over a resource: names, cardinalities, JSON types, formats, choices and invariants, as the types themselves define them.

Every object is held against the parts of its type, every value against its format; then `values` looks at codes and references, `extensions` at
extensions, `profiles` at what profiles demand. Nothing raises, whatever the content.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from ihe_kit.core import nearest
from ihe_kit.fhir.formats import FORMATS, writes
from ihe_kit.fhir.invariants import Scene, holds
from ihe_kit.fhir.parts import Member, Parts, element, parts
from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.resolving import Around
from ihe_kit.fhir.shapes import Constraint, Json, Shape
from ihe_kit.fhir.tables import Definitions, data_types, resource_types
from ihe_kit.fhir.terminology import Terminology

ABSTRACT = ("Resource", "DomainResource")


@dataclass(eq=False)
class Known:
    """What a check knows: the definitions and their terminology."""

    definitions: Definitions
    terminology: Terminology

    def member(self, value: Any, value_set: str) -> bool | None:
        """Whether a code, a Coding or a CodeableConcept is in a value set: `memberOf` of FHIRPath. None: it cannot be told here."""
        if isinstance(value, str):
            return self.terminology.holds(value_set, None, value)
        if not isinstance(value, dict):
            return None
        listed = value.get("coding")
        codings = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else [value]
        answers = [
            self.terminology.holds(value_set, str(one.get("system", "")), one["code"])
            for one in codings
            if isinstance(one.get("code"), str)
        ]
        return True if True in answers else None if None in answers else False


@dataclass(eq=False)
class Context:
    """The resource that a walk is in, the one around it where it is contained, and what its references can lead to."""

    resource: Json
    kind: str
    at: At
    root: Json
    around: Around
    known: Known
    scene: Scene = field(init=False)

    def __post_init__(self) -> None:
        self.scene = Scene(self.resource, self.root, lambda reference: self.around.find(reference, self.root).one, self.known.member)


def written(value: Any) -> str:
    """A JSON scalar as text: `true`, `1.10`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def kind_of(value: Any) -> str:
    """JSON's own word for what a value is."""
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float, Decimal)):
        return "number"
    return "null" if value is None else "string"


def hint(word: str, known: Iterable[str]) -> str:
    """The nearest known word as the end of a sentence that goes on."""
    return nearest(word, known).replace("; did you mean ", ", but it has ").rstrip("?")


class Walk:
    """One walk over a resource. `visit` is called at every element with a value: (value, sibling, member, own path, at, context)."""

    def __init__(self, report: Report, known: Known) -> None:
        self.report, self.known = report, known
        self.visitors: list[Any] = []
        self.resources: list[Context] = []

    def resource(self, value: Any, at: At, around: Around, root: Json | None = None) -> None:
        """A resource: the whole, one in a bundle, or a contained one (`root` is what contains it)."""
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in resource_types():
            self._unknown(value, kind, at)
            return
        shape = self.known.definitions.type(kind)
        found = parts(shape, kind, self.known.definitions) if shape else None
        if shape and found:
            context = Context(value, kind, at, root or value, around, self.known)
            self.resources.append(context)
            self._object(value, at, found, kind, context)

    def _unknown(self, value: Any, kind: Any, at: At) -> None:
        named = isinstance(value, dict) and "resourceType" in value
        if isinstance(kind, str) and kind in ABSTRACT:
            self.report.at("type-abstract", (at, "resourceType"), kind=kind)
        else:
            word = kind if isinstance(kind, str) else ""
            what = word if word.isalnum() and len(word) < 60 else "This"
            self.report.at(
                "type-unknown", (at, "resourceType") if named else at, kind=what, hint=hint(word, resource_types()) if word else ""
            )

    def object(self, value: Any, at: At, shape: Shape, code: str, context: Context) -> None:
        """An object of a type, held against the type's parts."""
        found = parts(shape, code, self.known.definitions)
        if found is None:
            return
        if not isinstance(value, dict):
            named = code if code in data_types() and code not in ("BackboneElement", "Element") else found.path.rsplit(".", 1)[-1]
            self._json_type(value, at, f"an object, the parts of a {named} in braces")
            return
        if value.keys() == {"id"}:
            self.report.at("id-only", at)
        self._object(value, at, found, code, context)

    def _object(self, value: Json, at: At, found: Parts, code: str, context: Context) -> None:
        members, path = found.members, found.path
        if not value:
            self.report.at("empty-object", at)
            return
        for name, inner in value.items():
            member = members.get(name)
            if member is not None:
                self._member(value, name, inner, (at, name), member, path, context)
            elif name != "resourceType" or path not in resource_types():
                self.report.at("element-unknown", (at, name), own=path, name=_short(name), hint=partial(hint, name, _names(found)))
        for child, names in found.required:
            if not any(name in value for name in names):
                stem = child.name.removesuffix("[x]")
                self.report.at("required", at, missing=stem, own=path, occurs=child.occurs)
        for choice in found.choices:
            there = [name for name in choice if name in value or f"_{name}" in value]
            for extra in there[1:]:
                stem = members[extra].stem
                self.report.at("choice", (at, extra if extra in value else f"_{extra}"), first=there[0], group=stem, own=path, name=extra)
        if found.constraints:
            self.constraints(found.constraints, value, at, path, context)

    def constraints(
        self, every: Iterable[Constraint], value: Any, at: At, path: str, context: Context, title: str = "", source: str = ""
    ) -> None:
        """The invariants of an element. `title` and `source` name the profile that has them."""
        for one in every:
            answer = holds(one.expression, value, path, context.scene)
            if answer is None:
                self.report.once("invariant-unchecked", at, about=f"{one.key} {path}", key=one.key, own=path)
            elif not answer:
                key = "invariant-profile" if title else "invariant"
                human = one.says.strip().rstrip(".")
                self.report.at(key, at, key=one.key, severity=one.severity, human=human, own=path, title=title, source=source)

    def _member(self, parent: Json, name: str, value: Any, at: At, member: Member, own: str, context: Context) -> None:
        own = f"{own}.{name}"
        if isinstance(value, list):
            self._several(parent, value, at, member, own, context)
            return
        if member.many and value is not None:
            self.report.at("list", at, ("Put it in brackets", f"[{self.report.raw(at)}]"), own=own, occurs=member.shape.occurs)
        if value is None:
            self.report.at("null", at)
        else:
            partner = parent.get(f"_{name}") if member.primitive else None
            self._value(value, partner, at, member, own, context)

    def _several(self, parent: Json, value: list[Any], at: At, member: Member, own: str, context: Context) -> None:
        if not member.many:
            alone = self.report.raw((at, 0)) if len(value) == 1 else ""
            self.report.at("no-list", at, ("Take off the brackets", alone) if alone else None, own=own, occurs=member.shape.occurs)
        elif not value:
            self.report.at("empty-array", at)
        most = member.shape.most
        if 0 <= most < len(value) and member.many:
            self.report.at("too-many", at, own=own.rpartition(".")[0], count=len(value), most=most)
        partner = parent.get(member.name[1:] if member.sibling else f"_{member.name}") if member.primitive or member.sibling else None
        partners = partner if isinstance(partner, list) else []
        for index, item in enumerate(value):
            beside = partners[index] if index < len(partners) else None
            if item is not None:
                self._value(item, beside, (at, index), member, own, context)
            elif beside is None:
                self.report.at("null", (at, index))

    def _value(self, value: Any, partner: Any, at: At, member: Member, own: str, context: Context) -> None:
        code = member.type.code
        if member.primitive:
            self._primitive(value, at, member, own, context)
        elif member.sibling:
            self._sibling(value, at, context)
        elif code == "Resource":
            self._inside(value, at, member, context)
        else:
            self.object(value, at, member.shape, code, context)
        if not (member.plain or member.sibling):
            for visit in self.visitors:
                visit(value, partner, member, own, at, context)

    def _sibling(self, value: Any, at: At, context: Context) -> None:
        found = element()
        if found and isinstance(value, dict):
            self._object(value, at, found, "Element", context)
        elif found:
            self._json_type(value, at, "an object, the parts of a Element in braces".replace("a Element", "an Element"))

    def _inside(self, value: Any, at: At, member: Member, context: Context) -> None:
        """A resource inside another one: contained, in an entry, in a parameter."""
        if not isinstance(value, dict):
            self._json_type(value, at, "an object, a whole resource in braces")
        elif member.name == "contained":
            self.resource(value, at, context.around, context.root)
        else:
            self.resource(value, at, context.around.inside(value, context.resource, at))

    def _primitive(self, value: Any, at: At, member: Member, own: str, context: Context) -> None:
        code = member.type.code
        wanted, _, example = FORMATS[code]
        kind, text = ("string", value) if type(value) is str else (kind_of(value), written(value))
        if kind != wanted:
            fits = kind == "string" and wanted != "string" and writes(code, text)
            self._json_type(value, at, f"a {wanted}, as in {example}", ("Take off the quotes", text) if fits else None)
        elif not text:
            self.report.at("empty-string", at)
        elif own.endswith(".id") and code == "string" and own == f"{context.kind}.id":
            if not writes("id", text):
                self.report.at("id", at)
        elif code != "xhtml" and not writes(code, text):
            self.report.at("format", at, type=code, example=example)
        if member.shape.constraints and code == "xhtml":
            return  # what is to be said of a narrative, `values` says
        rules = _rules(member.shape)
        if rules:
            self.constraints(rules, value, at, own, context)

    def _json_type(self, value: Any, at: At, wanted: str, fix: tuple[str, str] | None = None) -> None:
        self.report.at("json-type", at, fix, kind=kind_of(value), wanted=wanted)


@lru_cache(maxsize=8192)
def _rules(shape: Shape) -> tuple[Constraint, ...]:
    """The constraints on a primitive element beyond those of every element."""
    return tuple(one for one in shape.constraints if one.key != "ele-1" and one.expression and not one.best)


def _names(found: Parts) -> list[str]:
    return [name for name, member in found.members.items() if not member.sibling]


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "..."
