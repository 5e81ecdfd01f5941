"""Slices: which repetition belongs to which, and whether there are as many of each as a profile wants (FHIR R4 ElementDefinition.slicing).

A repetition belongs to a slice when every discriminator says so: the value at a path (value, pattern), whether there is one (exists), its type,
or the profile that it follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ihe_kit.fhir.items import Item, occurrences
from ihe_kit.fhir.report import At
from ihe_kit.fhir.shapes import Json, Shape
from ihe_kit.fhir.snapshot import opened

if TYPE_CHECKING:
    from ihe_kit.fhir.profiles import Against
    from ihe_kit.fhir.walk import Context

_STEP = re.compile(r"extension\('([^']*)'\)|ofType\((\w+)\)|as\((\w+)\)|resolve\(\)|\$this|(\w+)(?:\[x\])?")


class Slicer:
    """The slices of one element."""

    def __init__(self, against: Against, whole: Shape, profile: Shape, context: Context, title: str) -> None:
        self.against, self.whole, self.profile, self.context, self.title = against, whole, profile, context, title
        told = whole.slicing.get("discriminator")
        self.discriminators: list[Json] = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        if not self.discriminators and whole.name in ("extension", "modifierExtension"):
            self.discriminators = [{"type": "value", "path": "url"}]
        if not self.discriminators and whole.name.endswith("[x]"):
            self.discriminators = [{"type": "type", "path": "$this"}]

    def check(self, items: Sequence[Item], at: At) -> None:
        """Gives every repetition to its slice, then counts and checks them."""
        if not self.discriminators:
            facts = {"name": self.whole.name, "title": self.title, "source": self.profile.source}
            self.against.report.once("slice-unchecked", at, about=f"{self.whole.source} {self.whole.id}", **facts)
            return
        belongs = [next((one for one in self.whole.slices.values() if self.matches(item, one)), None) for item in items]
        for one in self.whole.slices.values():
            mine = [item for item, owner in zip(items, belongs, strict=True) if owner is one]
            self._count(one, mine, at)
            for item in mine:
                self._item(item, one)
            if one.slices:
                Slicer(self.against, one, self.profile, self.context, self.title).check(mine, at)
        self._rules(items, belongs)

    def _count(self, one: Shape, mine: Sequence[Item], at: At) -> None:
        report, source = self.against.report, self.profile.source
        facts = {"title": self.title, "occurs": one.occurs, "source": source}
        if len(mine) < one.least:
            by = ", ".join(str(told.get("path")) for told in self.discriminators)
            name = self.whole.name.removesuffix("[x]")
            report.at("slice-required", at, missing=name, **facts | {"name": one.slice, "own": name, "by": by})
        elif 0 <= one.most < len(mine):
            report.at("slice-most", mine[one.most].at, name=one.slice, count=len(mine), **facts)

    def _item(self, item: Item, one: Shape) -> None:
        against = self.against
        allowed = against.type_of(item, one, self.title, self.profile.source)
        if allowed is not None:
            against.check(item, one, self.profile, self.context)
            against.typed(item, allowed, one, self.profile, self.context)

    def _rules(self, items: Sequence[Item], belongs: Sequence[Shape | None]) -> None:
        """Open, closed or open at the end; ordered or not."""
        report, rules = self.against.report, self.whole.slicing.get("rules", "open")
        names = list(self.whole.slices)
        facts = {
            "name": self.whole.name.removesuffix("[x]"),
            "title": self.title,
            "slices": ", ".join(names),
            "source": self.profile.source,
        }
        latest = 0
        for index, (item, owner) in enumerate(zip(items, belongs, strict=True)):
            if owner is None and rules == "closed":
                report.at("slice-closed", item.at, **facts)
            elif owner is None and rules == "openAtEnd" and any(belongs[index + 1 :]):
                report.at("slice-end", item.at, **facts)
            elif owner is not None and self.whole.slicing.get("ordered") is True:
                place = names.index(owner.slice)
                if place < latest:
                    report.at("slice-order", item.at, **facts)
                latest = max(latest, place)

    # Belonging

    def matches(self, item: Item, one: Shape) -> bool:
        """Whether a repetition belongs to a slice."""
        return all(self._matches(item, one, str(told.get("type")), str(told.get("path", "$this"))) for told in self.discriminators)

    def _matches(self, item: Item, one: Shape, kind: str, path: str) -> bool:
        steps = list(_STEP.finditer(path))
        shapes, found = [one], [item]
        for step in steps:
            shapes = [inner for shape in shapes for inner in self._shape(shape, step)]
            found = [inner for outer in found for inner in self._items(outer, step)]
        if kind == "exists":
            demanded = next((shape for shape in shapes), None)
            if demanded is None:
                return True
            return bool(found) if demanded.least > 0 else not found if demanded.most == 0 else True
        if kind == "type":
            wanted = {inner.code.rpartition("/")[2] for shape in shapes for inner in shape.types} or {shape.path for shape in shapes}
            return any(inner.code in wanted or "Resource" in wanted for inner in found)
        if kind == "profile":
            urls = [
                url
                for shape in shapes
                for inner in shape.types
                for url in (inner.targets if path.endswith("resolve()") else inner.profiles)
            ]
            return any(self.against.follows(inner, url, self.context) for inner in found for url in urls or [one.source])
        if not shapes:
            return True
        if not found:
            return not any(_demands(shape) for shape in shapes)
        return any(self.against.conforms(inner, shape, self.context) for inner in found for shape in shapes)

    def _shape(self, shape: Shape, step: re.Match[str]) -> list[Shape]:
        """What a slice says at one more step of a discriminator's path."""
        text, name = step[0], step[4]
        if text == "$this" or text.startswith(("ofType", "as(")):
            return [shape]
        if text == "resolve()":
            targets = [url for one in shape.types for url in one.targets]
            return [found for url in targets if (found := self.against.known.definitions.shape(url))]
        if not shape.children:
            for url in (url for one in shape.types for url in one.profiles):
                profile = self.against.known.definitions.shape(url)
                if profile:
                    return self._shape(profile, step)
            opened(shape, self.against.known.definitions)
        if step[1] is not None:
            extension = shape.children.get("extension")
            slices = extension.slices.values() if extension else ()
            return [one for one in slices if any(step[1] in inner.profiles for inner in one.types)]
        child = shape.children.get(name) or shape.children.get(f"{name}[x]")
        # what a slice of its own demands there tells more than what holds for all: a blood pressure is told by code.coding:SBPCode.code
        demanded = [one for one in child.slices.values() if one.least > 0] if child else []
        return demanded or ([child] if child else [])

    def _items(self, item: Item, step: re.Match[str]) -> list[Item]:
        """What a repetition has at one more step of a discriminator's path."""
        text, name = step[0], step[4]
        if text == "$this":
            return [item]
        if text.startswith(("ofType", "as(")):
            return [item] if item.code == (step[2] or step[3]) else []
        if text == "resolve()":
            reference = item.value.get("reference") if isinstance(item.value, dict) else None
            found: Any = self.context.around.find(reference, self.context.root).one if isinstance(reference, str) else None
            kind = self.against.values.target_kind(reference, self.context) if isinstance(reference, str) else ""
            return [Item(found, None, item.at, kind)] if kind else []
        if not isinstance(item.value, dict):
            return []
        if step[1] is not None:
            listed = item.value.get("extension")
            every = listed if isinstance(listed, list) else []
            return [Item(one, None, item.at, "Extension") for one in every if isinstance(one, dict) and one.get("url") == step[1]]
        plain = list(occurrences(item.value, item.at, Shape(f"x.{name}", {})))
        return plain or list(occurrences(item.value, item.at, Shape(f"x.{name}[x]", {})))


def _demands(shape: Shape) -> bool:
    return shape.least > 0 or bool(shape.demanded[0]) or any(_demands(child) for child in shape.children.values() if child.least > 0)
