"""What values mean, beyond their form: codes and their bindings, references and their targets, narratives, attachments.

One function per data type, in the table at the end; the walk calls them through `Values.visit` at every element.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping
from typing import Any

from ihe_kit.fhir.narrative import wrong
from ihe_kit.fhir.parts import Member
from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.resolving import REFERENCE
from ihe_kit.fhir.shapes import Json, Shape
from ihe_kit.fhir.tables import BASE, resource_types
from ihe_kit.fhir.terminology import is_language
from ihe_kit.fhir.walk import Context, Known
from ihe_kit.units import UCUM, NoUnit, UnknownUnit, unit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_QUERY = re.compile(r"([A-Z][A-Za-z]+)\?\S+")
_FEW = 40  # codes that a sentence can list


class Values:
    """Looks at the values of a resource, one after the other."""

    def __init__(self, report: Report, known: Known) -> None:
        self.report, self.known = report, known

    def visit(self, value: Any, partner: Any, member: Member, own: str, at: At, context: Context) -> None:
        """Looks at one value. `own` is the path where R4 defines it."""
        look = _LOOKS.get(member.type.code)
        if look:
            look(self, value, member, own, at, context)
        strength, value_set = member.shape.binding
        if value_set and strength in ("required", "extensible"):
            self.bound(value, partner, strength, value_set, own, at)
        elif value_set.endswith("/ValueSet/languages") and isinstance(value, str) and not is_language(value):
            self.report.at("language", at)

    # Codes

    def bound(self, value: Any, partner: Any, strength: str, value_set: str, own: str, at: At, source: str = "") -> None:
        """A value against the value set that its element is bound to."""
        if isinstance(value, str):
            self._code(value, strength, value_set, own, at)
        elif isinstance(value, dict):
            listed = value.get("coding")
            codings = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else [value] if "code" in value else []
            answers = [self._coding(one, value_set) for one in codings if isinstance(one.get("code"), str)]
            if True in answers or (not answers and ("extension" in value or ("coding" not in value and "text" not in value))):
                return
            if None in answers:
                self._unchecked(value_set, at)
            elif not answers:
                if strength == "required":
                    self.report.at("code-missing", at, set=value_set, own=own)
            else:
                where = (((at, "coding"), 0), "code") if listed else (at, "code")
                self.report.at(f"code-{strength}", where, set=value_set, own=own)

    def _code(self, value: str, strength: str, value_set: str, own: str, at: At) -> None:
        answer = self.known.terminology.holds(value_set, None, value) if value else True
        if answer is None:
            self._unchecked(value_set, at)
        if answer is not False:
            return
        if strength == "extensible":
            self.report.at("code-extensible", at, set=value_set, own=own)
            return
        allowed = [code for _, code, _ in self.known.terminology.codes(value_set)]
        same = next((code for code in allowed if code.lower() == value.lower()), "")
        fix = (f"Set {same}", json.dumps(same)) if same else None
        if 0 < len(allowed) <= _FEW:
            self.report.at("code", at, fix, own=own, allowed=", ".join(allowed))
        else:
            self.report.at("code-required", at, fix, own=own, set=value_set)

    def _coding(self, coding: Json, value_set: str) -> bool | None:
        system = coding.get("system")
        return self.known.terminology.holds(value_set, system if isinstance(system, str) else "", coding["code"])

    def _unchecked(self, value_set: str, at: At) -> None:
        self.report.once("codes-unchecked", at, about=value_set, set=value_set)

    def coding(self, value: Any, member: Member, own: str, at: At, context: Context) -> None:
        """A Coding: a system by its absolute name, a code that it has, the words that go with it."""
        if not isinstance(value, dict) or not isinstance(value.get("system"), str):
            return
        system, code, display = value["system"].partition("|")[0], value.get("code"), value.get("display")
        if not system:
            return
        if not _SCHEME.fullmatch(system):
            self.report.at("system-relative", (at, "system"))
        elif "/ValueSet/" in system or (self._has("ValueSet", system) and not self._has("CodeSystem", system)):
            self.report.at("system-value-set", (at, "system"))
        known = self.known.terminology.system(system) if isinstance(code, str) else None
        if not known or not isinstance(code, str) or not code:
            return
        named = known.find(code)
        if named is None:
            if known.complete:
                self.report.at("code-unknown", (at, "code"), system=system)
        elif isinstance(display, str) and known.displays[named] and _plain(display) != _plain(known.displays[named]):
            right = known.displays[named]
            self.report.at("display", (at, "display"), (f"Write {right}", json.dumps(right)), system=system, code=code, display=right)

    def _has(self, kind: str, url: str) -> bool:
        return self.known.definitions.has(kind, url)

    def quantity(self, value: Any, member: Member, own: str, at: At, context: Context) -> None:
        """A Quantity: its unit, where it says that it is one of UCUM."""
        if not isinstance(value, dict) or value.get("system") != UCUM or not isinstance(value.get("code"), str):
            return
        try:
            unit(value["code"])
        except NoUnit as problem:
            fix = (f"Set {problem.instead}", json.dumps(problem.instead)) if problem.instead else None
            self.report.at("unit", (at, "code"), fix, detail=str(problem))
        except UnknownUnit as problem:
            self.report.once("unit-unchecked", (at, "code"), about=value["code"], detail=str(problem))

    # References

    def reference(self, value: Any, member: Member, own: str, at: At, context: Context) -> None:
        """A Reference: an address of a right form, to a resource of an allowed type."""
        text = value.get("reference") if isinstance(value, dict) else None
        if not isinstance(text, str) or not text:
            return
        kind = self.target_kind(text, context)
        found = context.around.find(text, context.root).every if context.around.bundle else ()
        if len(found) > 1:
            self.report.at("reference-twice", (at, "reference"), count=len(found))
        if not kind and not text.startswith("#") and not _SCHEME.fullmatch(text):
            self.report.at("reference-form", (at, "reference"))
        named = value.get("type")
        if isinstance(named, str) and kind and named in resource_types() and named != kind:
            self.report.at("reference-type", (at, "type"), ("Set " + kind, json.dumps(kind)), type=named, found=text[:80], kind=kind)
        targets = tuple(dict.fromkeys(self.target_type(url) for url in member.type.targets))
        if kind and targets and kind not in targets and "Resource" not in targets and "" not in targets:
            self.report.at("reference-target", (at, "reference"), name=member.name, kind=kind, targets=" or ".join(targets), own=own)

    def target_kind(self, reference: str, context: Context) -> str:
        """The type of the resource that a reference leads to, by what it is here or by its address; "" where neither tells."""
        found = context.around.find(reference, context.root).one
        if found and isinstance(found.get("resourceType"), str):
            return str(found["resourceType"])
        written = REFERENCE.fullmatch(reference) or _QUERY.fullmatch(reference)
        kind = (written[2] if written.re is REFERENCE else written[1]) if written else ""
        return kind if kind in resource_types() else ""

    def target_type(self, canonical: str) -> str:
        """The resource type that a target profile is about; "" where its definition is not at hand."""
        name = canonical.removeprefix(BASE)
        if name in resource_types() or name == "Resource":
            return name
        shape = self.known.definitions.shape(canonical)
        return shape.path if shape else ""

    # The rest

    def narrative(self, value: Any, member: Member, own: str, at: At, context: Context) -> None:
        detail = wrong(value) if isinstance(value, str) and value.strip() else ""
        if detail:
            self.report.at("narrative", at, key="txt-2" if detail.startswith("it says nothing") else "txt-1", detail=detail)

    def attachment(self, value: Any, member: Member, own: str, at: At, context: Context) -> None:
        """The size that an attachment tells is that of its data, before it was written in base64."""
        data, size = (value.get("data"), value.get("size")) if isinstance(value, dict) else (None, None)
        if isinstance(data, str) and isinstance(size, int) and not isinstance(size, bool):
            try:
                count = len(b64decode("".join(data.split()), validate=True))
            except (NoBase64, ValueError):
                return
            if count != size:
                self.report.at("size", (at, "size"), (f"Set {count}", str(count)), count=count)

    def length(self, value: Any, shape: Shape, at: At, source: str) -> None:
        """The length and the range that an element allows."""
        most = shape.element.get("maxLength")
        if isinstance(most, int) and isinstance(value, str) and len(value) > most:
            self.report.at("length", at, count=len(value), most=most, source=source)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


_LOOKS: Mapping[str, Callable[[Values, Any, Member, str, At, Context], None]] = {
    **dict.fromkeys(("Quantity", "Age", "Count", "Distance", "Duration"), Values.quantity),
    "Coding": Values.coding,
    "Reference": Values.reference,
    "xhtml": Values.narrative,
    "Attachment": Values.attachment,
}
