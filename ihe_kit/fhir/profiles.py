"""A value against a profile: cardinalities, types, fixed and pattern values, bindings, targets, invariants, slices.

A profile only narrows what its type allows, and that the walk has looked at already; so whatever a profile left as it was is passed over.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from ihe_kit.fhir.items import Item, fits, occurrences, order, same
from ihe_kit.fhir.parts import OWN, Member
from ihe_kit.fhir.report import At, Report, words
from ihe_kit.fhir.shapes import Constraint, Json, Shape, Type
from ihe_kit.fhir.slicing import Slicer
from ihe_kit.fhir.tables import BASE, data_types
from ihe_kit.fhir.values import Values
from ihe_kit.fhir.walk import Context, Known, Walk

MAX_DEPTH = 60  # profiles that lead to profiles by way of references


class Failed(Exception):
    """A quiet check found an error."""


class Quiet(Report):
    """A report that keeps nothing: the first error ends the check."""

    def at(self, key: str, at: At, fix: tuple[str, str] | None = None, /, missing: str = "", **facts: object) -> None:
        severity = words()[key]["severity"]
        if (facts.get("severity", "error") if severity[0] == "{" else severity) == "error":
            raise Failed(key)

    def once(self, key: str, at: At, /, about: str, **facts: object) -> None:
        if words()[key]["severity"] == "error":
            raise Failed(key)

    def raw(self, at: At) -> str:
        return ""


class Against:
    """Holds values against profiles, and tells a report."""

    def __init__(self, report: Report, known: Known, depth: int = 0, busy: frozenset[tuple[int, str]] = frozenset()) -> None:
        self.report, self.known, self.depth, self.busy = report, known, depth, busy
        self.walk, self.values = Walk(report, known), Values(report, known)

    # What the types themselves ask

    def visit(self, value: Any, partner: Any, member: Member, own: str, at: At, context: Context) -> None:
        """A value against the profiles that R4 itself puts on its type, such as SimpleQuantity."""
        if member.type.profiles:
            self.any_of(Item(value, partner, at, member.type.code), list(member.type.profiles), member.shape, member.shape, context)

    # What a user asks

    def resource(self, canonical: str, context: Context, at: At = None) -> None:
        """A resource against a profile that it names, or that somebody asks for. `at`: where the profile is named."""
        shape = self.known.definitions.shape(canonical)
        if shape is None:
            why = self.known.definitions.problems.get(canonical.partition("|")[0], "")
            self.report.once("profile-unknown", at, about=canonical, found=canonical, why=f" ({why})" if why else "")
        elif shape.path.partition(".")[0] not in (context.kind, "Resource", "DomainResource"):
            self.report.at("profile-other", at, profile=canonical, type=shape.path, kind=context.kind)
        elif canonical != BASE + context.kind:
            self.check(Item(context.resource, None, context.at, context.kind), shape, shape, context)

    def follows(self, item: Item, canonical: str, context: Context) -> bool:
        """Whether a value follows a profile, without a word. A profile that is not at hand is taken to be followed."""
        shape = self.known.definitions.shape(canonical)
        return shape is None or self.conforms(item, shape, context)

    def conforms(self, item: Item, shape: Shape, context: Context) -> bool:
        """Whether a value is as an element of a profile says, without a word."""
        key = (id(item.value), f"{shape.source} {shape.id}")
        if key in self.busy or self.depth > MAX_DEPTH:
            return True  # it is being looked at: profiles may lead in a circle
        quiet = Against(Quiet(self.report.message), self.known, self.depth + 1, self.busy | {key})
        with suppress(Failed):
            quiet.check(item, shape, shape, context)
            return True
        return False

    # One element

    def check(self, item: Item, shape: Shape, profile: Shape, context: Context) -> None:
        """A value against an element of a profile, and everything below it."""
        value, partner, at = item.value, item.partner, item.at
        source = profile.source or shape.source
        title = _title(self.known, source)
        self._demanded(value, at, shape, title, source)
        strength, value_set = shape.binding
        if value_set and strength in ("required", "extensible"):
            self.values.bound(value, partner, strength, value_set, shape.path, at)
        self.values.length(value, shape, at, source)
        self._limits(value, at, shape, source)
        rules = self._rules(shape)
        path = item.code if item.code in data_types() and item.code not in OWN else shape.path
        self.walk.constraints(rules, value, at, path, context, title, source)
        if isinstance(value, dict):
            for child in (shape.children or (shape.refers.children if shape.refers else {})).values():
                if child.narrows:
                    self.child(value, at, child, profile, context)

    def _rules(self, shape: Shape) -> tuple[Constraint, ...]:
        """The constraints of an element of a profile, without those of its type, which the walk has looked at."""
        base = self.known.definitions.type(shape.path)
        known = {one.expression for one in base.constraints} if base else set()
        rules = (one for one in shape.constraints if one.expression not in known and one.key not in ("ele-1", "ext-1"))
        return tuple(one for one in rules if one.expression and not one.best)

    def child(self, value: Json, at: At, child: Shape, profile: Shape, context: Context) -> None:
        """One part of an object: how often it is there, whether its types are allowed, its slices, each of its repetitions."""
        items = list(occurrences(value, at, child))
        title, name = _title(self.known, profile.source), child.name.removesuffix("[x]")
        facts: dict[str, Any] = {"title": title, "source": profile.source, "occurs": child.occurs, "name": name}
        if len(items) < child.least:
            self.report.at("profile-required", at, missing=name, **facts | {"name": name})
        elif 0 <= child.most < len(items):
            where = items[child.most].at
            self.report.at("profile-most" if child.most else "profile-absent", where, count=len(items), **facts)
        for item in items:
            allowed = self.type_of(item, child, title, profile.source)
            if allowed is not None:
                self.check(item, child, profile, context)
                self.typed(item, allowed, child, profile, context)
        if child.slices:
            Slicer(self, child, profile, context, title).check(items, at)

    def type_of(self, item: Item, child: Shape, title: str, source: str) -> Type | None:
        """The one of an element's types that a value has; None, and a finding, where the profile does not allow it."""
        types = child.types
        if not types or not child.name.endswith("[x]"):
            return types[0] if types else Type("")
        found = next((one for one in types if one.code == item.code), None)
        if not found:
            wanted = " or ".join(one.code for one in types)
            self.report.at("profile-type", item.at, type=item.code, wanted=wanted, title=title, source=source, name=child.name)
        return found

    def typed(self, item: Item, one: Type, child: Shape, profile: Shape, context: Context) -> None:
        """The profiles on a type, and the types and profiles of a reference's target."""
        profiles = [url for every in child.types if every.code == one.code for url in every.profiles]
        if profiles and item.code != "Extension":  # an extension is held against the definition of its url
            self.any_of(item, profiles, child, profile, context)
        targets = [url for every in child.types if every.code == one.code for url in every.targets]
        if one.code == "Reference" and isinstance(item.value, dict):
            self._aggregation(item, child, profile, context)
            if targets:
                self._target(item, targets, child, profile, context)

    def any_of(self, item: Item, profiles: list[str], child: Shape, profile: Shape, context: Context) -> None:
        """A value against profiles of which it has to follow one."""
        kind = item.value.get("resourceType") if isinstance(item.value, dict) else None
        inner = context if not isinstance(kind, str) else Context(item.value, kind, item.at, item.value, context.around, self.known)
        known = [url for url in profiles if self.known.definitions.shape(url)]
        for url in profiles if len(known) < len(profiles) else ():
            if url not in known:
                self.report.once("profile-unknown", item.at, about=url, found=url, why="")
        shapes = [shape for url in known if (shape := self.known.definitions.shape(url))]
        if len(shapes) == 1 and len(profiles) == 1:
            if self.depth < MAX_DEPTH and (id(item.value), shapes[0].source) not in self.busy:
                deeper = Against(self.report, self.known, self.depth + 1, self.busy | {(id(item.value), shapes[0].source)})
                deeper.check(item, shapes[0], shapes[0], inner)
        elif shapes and len(known) == len(profiles) and not any(self.conforms(item, shape, inner) for shape in shapes):
            wanted, title = " or ".join(known), _title(self.known, profile.source)
            self.report.at("profile-none", item.at, wanted=wanted, source=profile.source, title=title)

    def _aggregation(self, item: Item, child: Shape, profile: Shape, context: Context) -> None:
        """Whether a reference leads to its target in a way that the profile allows: into the resource, into the same bundle, or elsewhere."""
        text, references = item.value.get("reference"), [one for one in child.types if one.code == "Reference"]
        if not isinstance(text, str) or not text or not all(one.aggregation for one in references):
            return
        allowed = dict.fromkeys(mode for one in references for mode in one.aggregation)
        ways = {"contained"} if text.startswith("#") else {"referenced"}
        if "bundled" in allowed and not text.startswith("#") and context.around.find(text, context.root).one is not None:
            ways.add("bundled")
        if not ways & allowed.keys():
            facts = {"way": min(ways), "wanted": " or ".join(allowed), "title": _title(self.known, profile.source), "name": child.name}
            self.report.at("profile-aggregation", (item.at, "reference"), source=profile.source, **facts)

    def _target(self, item: Item, targets: list[str], child: Shape, profile: Shape, context: Context) -> None:
        text = item.value.get("reference")
        if not isinstance(text, str) or not text:
            return
        kind, title = self.values.target_kind(text, context), _title(self.known, profile.source)
        types = list(dict.fromkeys(self.values.target_type(url) for url in targets))
        if kind and "Resource" not in types and "" not in types and kind not in types:
            facts = {"kind": kind, "targets": " or ".join(types), "title": title, "source": profile.source, "name": child.name}
            self.report.at("profile-target", (item.at, "reference"), **facts)
            return
        narrower = [url for url in targets if not url.startswith(BASE) or url.removeprefix(BASE) not in types]
        if len(narrower) < len(targets) and any(url.removeprefix(BASE) in (kind, "Resource") for url in targets if url not in narrower):
            return
        found = context.around.find(text, context.root).one
        if not narrower or self.depth > MAX_DEPTH:
            return
        if found is None:
            self.report.once("reference-unchecked", item.at, about=narrower[0], name=child.name, profile=" or ".join(narrower[:3]))
            return
        around = context.around
        inner = Context(found, str(found.get("resourceType")), item.at, context.root if text.startswith("#") else found, around, self.known)
        target = Item(found, None, item.at, inner.kind)
        if not any(self.follows(target, url, inner) for url in narrower):
            facts = {"wanted": " or ".join(narrower), "title": title, "source": profile.source, "name": child.name, "found": text[:80]}
            self.report.at("profile-target-shape", (item.at, "reference"), **facts)

    # Values

    def _demanded(self, value: Any, at: At, shape: Shape, title: str, source: str) -> None:
        kind, wanted = shape.demanded
        if not kind or (value is None and kind):
            return
        if not (same(value, wanted) if kind == "fixed" else fits(value, wanted)):
            shown = json.dumps(wanted, ensure_ascii=False) if isinstance(wanted, (dict, list)) else str(wanted)
            fix = (f"Write {shown[:40]}", json.dumps(wanted, ensure_ascii=False))
            whole = kind == "fixed" or not isinstance(wanted, (dict, list))
            facts = {"wanted": shown[:300], "title": title, "source": source, "name": shape.name}
            self.report.at(f"profile-{kind}", at, fix if whole else None, **facts)

    def _limits(self, value: Any, at: At, shape: Shape, source: str) -> None:
        for limit, bound, words_ in zip((shape.limits), (-1, 1), ("at least", "at most"), strict=True):
            if limit is None:
                continue
            if order(value, limit) == bound:
                self.report.at("limit", at, name=shape.name, limit=words_, bound=_shown(limit), source=source)


def _shown(limit: Any) -> str:
    return f"{limit.get('value')} {limit.get('unit') or limit.get('code') or ''}".strip() if isinstance(limit, dict) else str(limit)


def _title(known: Known, source: str) -> str:
    definition = known.definitions.get("StructureDefinition", source)
    return str((definition or {}).get("title") or (definition or {}).get("name") or source)
