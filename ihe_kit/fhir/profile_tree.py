"""A profile as a reader looks at it: its elements as rows, and of each element who constrained it, from the base definition to this profile.

The trees are those of `snapshot`; nothing is merged here. An element is looked up in the tree of every definition on the way, and what one of
them has otherwise than the one before it is what that definition changed. A profile may only narrow: what widens is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ihe_kit.core import Unreadable, nearest
from ihe_kit.fhir.message import FhirMessage, parse
from ihe_kit.fhir.obligations import obligations
from ihe_kit.fhir.packages import Package, load
from ihe_kit.fhir.provenance import Change, Stage, changes, origin, rules, source, title
from ihe_kit.fhir.shapes import Json, Shape
from ihe_kit.fhir.snapshot import NoSnapshot, elements, identify, snapshot
from ihe_kit.fhir.steps import Step, element_at, element_named, walk
from ihe_kit.fhir.tables import BASE, Definitions, core

VIEWS = ("differential", "snapshot", "slices")
MOST = 50  # definitions on the way to a base; no profile has more


@dataclass(frozen=True, eq=False)
class Row:
    """An element of a profile. `own`: the profile's differential speaks of it; `before` is the element as the base definition has it."""

    shape: Shape
    steps: tuple[Step, ...]
    own: bool = False
    before: Shape | None = None
    new: bool = False  # a slice, or a part of one, that the base definition does not have

    @property
    def id(self) -> str:
        """`Observation.component:systolic.code`, as FHIR writes the id of an element."""
        return ".".join([self.shape.path.partition(".")[0], *(f"{name}:{part}" if part else name for name, part in self.steps)])

    @property
    def level(self) -> int:
        """How deep it stands: 0 for the root. A slice stands below the element that it is a slice of."""
        return len(self.steps) + sum(bool(part) for _, part in self.steps)

    @property
    def narrowed(self) -> str:
        """The cardinality that the base definition has, where this profile has another; "" otherwise."""
        return self.before.occurs if self.before and not self.new and self.before.occurs != self.shape.occurs else ""


@dataclass(frozen=True, eq=False)
class ProfileTree:
    """A StructureDefinition with what is known around it. `problems` say what is wrong; `rows("snapshot")` are [] where no snapshot can be made."""

    definition: Json
    known: Definitions
    problems: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return str(self.definition.get("url", ""))

    @property
    def title(self) -> str:
        return title(self.definition)

    @cached_property
    def lineage(self) -> tuple[Json, ...]:
        """The definitions from the base to this one. It ends where one is not at hand, or where they go in a circle."""
        found: list[Json] = []
        here: Json | None = self.definition
        while here is not None and not any(here is one or here.get("url") == one.get("url") for one in found) and len(found) < MOST:
            found.append(here)
            base = here.get("baseDefinition")
            here = self.known.get("StructureDefinition", base) if isinstance(base, str) else None
        return tuple(reversed(found))

    @cached_property
    def root(self) -> Shape | None:
        """The snapshot as a tree; where none can be made, what the differential alone says."""
        made = self.known.shape(self.url)
        return made or _alone(self.definition, self.known)

    @cached_property
    def whole(self) -> bool:
        """Whether there is a snapshot."""
        return self.known.shape(self.url) is not None

    def rows(self, view: str = "snapshot") -> list[Row]:
        """The elements of a view in the order of the definition: the whole `snapshot`; the `differential` with the elements that lead to it; the
        `slices` with what they are slices of.
        """
        every = self._every
        if view == "snapshot":
            return every if self.whole else []
        wanted = [row for row in every if (row.own if view == "differential" else _sliced(row))]
        paths = {row.steps[:size] for row in wanted for size in range(len(row.steps) + 1)}
        paths |= {(*steps[:-1], (steps[-1][0], "")) for steps in paths if steps}
        return [row for row in every if row.steps in paths]

    def row(self, wanted: str) -> Row | None:
        """The row of an element by its id or its path, with or without the type: `component:systolic`, `Observation.component`."""
        names = {wanted, f"{self.definition.get('type')}.{wanted}"}
        return next((row for row in self._every if row.id in names), None) or next(
            (row for row in self._every if row.shape.path in names), None
        )

    @cached_property
    def _every(self) -> list[Row]:
        root = self.root
        if root is None:
            return []
        own = self._own(root)
        base = self.known.shape(str(self.definition.get("baseDefinition", "")))
        found = []
        for shape, steps in walk(root, ()):
            before, new = element_at(base, steps, self.known) if base else (None, False)
            found.append(Row(shape, steps, id(shape) in own, before, new))
        return found

    def _own(self, root: Shape) -> set[int]:
        """The elements of the tree that the differential speaks of."""
        found, ids = set(), dict[str, str]()
        for change in elements(self.definition, "differential"):
            where = identify(change, ids)
            ids[change["path"]] = where
            shape = element_named(root, where.split(".")[1:])
            found |= {id(shape)} if shape else set()
        return found

    def story(self, row: Row) -> list[Stage]:
        """Who defined an element and who changed it since, from the base to this profile; a definition that left it as it was is there too."""
        found: list[Stage] = []
        before: Shape | None = None
        for definition in self.lineage:
            root = self.root if definition is self.definition else self.known.shape(str(definition.get("url", "")))
            here, new = element_at(root, row.steps, self.known) if root else (None, False)
            if here is None:
                continue
            if before is None:
                found += origin(here, definition)
            else:
                narrows = definition.get("derivation") == "constraint" and not (new or _fresh(row, here, before))
                spec = source(definition, here)
                found.append(
                    Stage(
                        title(definition), str(definition.get("url", "")), spec, False, changes(before, here, narrows), rules(before, here)
                    )
                )
            before = here
        return found

    def obliges(self, row: Row) -> list[tuple[str, str]]:
        """What an element obliges sender and receiver to, in plain words, each with the place in R4 that says what such a demand means."""
        above = self._above(row)
        return obligations(row.shape, above.shape if above else None, self.title)

    def _above(self, row: Row) -> Row | None:
        """The row that an element is a part of; of a slice, the element that it is a slice of."""
        if not row.steps:
            return None
        name, part = row.steps[-1]
        steps = (*row.steps[:-1], (name, part.rpartition("/")[0])) if part else row.steps[:-1]
        return next((one for one in self._every if one.steps == steps), None)

    def widened(self) -> list[tuple[Row, Change]]:
        """What this profile allows though its base does not: a profile may only narrow (FHIR R4 ElementDefinition.min, .max, .type, .binding)."""
        if self.definition.get("derivation") != "constraint":
            return []
        narrower = [row for row in self._every if row.own and row.before and not row.new]
        return [(row, one) for row in narrower if row.before for one in changes(row.before, row.shape, True) if one.widens]


def profile_tree(profile: str | Json | FhirMessage, packages: Iterable[Package | str | Path] = ()) -> ProfileTree:
    """A profile to look at: a StructureDefinition as a dict, as JSON or XML text, or as a message; or the canonical URL or the name of one that R4
    or a package has. Never raises for what a profile holds; `problems` say what is wrong with it.

    Raises ValueError or OSError for a package that cannot be read.

    >>> [row.id for row in profile_tree("bp").rows("slices") if row.shape.slice][1]
    'Observation.code.coding:BPCode'
    """
    loaded = [one if isinstance(one, Package) else load(one) for one in packages]
    known = Definitions([one.resources for one in loaded], core()) if loaded else core()
    definition, problem = _read(profile, known)
    if definition is None:
        return ProfileTree({}, known, (problem,))
    definition = definition if isinstance(definition.get("url"), str) else definition | {"url": "urn:this-profile"}
    if known.get("StructureDefinition", definition["url"]) is not definition:
        known = Definitions([{"StructureDefinition": {definition["url"].partition("|")[0]: definition}}], known)
    tree = ProfileTree(definition, known)
    return replace(tree, problems=tuple(_problems(tree)))


def _read(profile: str | Json | FhirMessage, known: Definitions) -> tuple[Json | None, str]:
    """(the definition, ""), or (None, what is wrong)."""
    if isinstance(profile, str) and profile.lstrip()[:1] not in ("{", "[", "<"):
        wanted = profile.strip()
        found = known.get("StructureDefinition", wanted) or known.get("StructureDefinition", BASE + wanted)
        return found, "" if found else _unknown(wanted, known)
    try:
        values = profile if isinstance(profile, dict) else (profile if isinstance(profile, FhirMessage) else parse(profile)).values
    except Unreadable as problem:
        return None, f"This cannot be read: line {problem.line}, character {problem.column}: {problem.says}."
    if not isinstance(values, dict) or values.get("resourceType", "StructureDefinition") != "StructureDefinition":
        kind = values.get("resourceType") if isinstance(values, dict) else None
        return None, f"This is {kind or 'no resource'}, but a profile is a StructureDefinition."
    return values, ""


def _unknown(wanted: str, known: Definitions) -> str:
    near = nearest(wanted, (url.removeprefix(BASE) for url in known.urls("StructureDefinition"))) or "."
    return f"No profile or type {wanted[:200]!r} is known here, neither to R4 nor to the packages that were given{near}"


def _problems(tree: ProfileTree) -> Iterator[str]:
    """What keeps a profile from being shown whole, and where it breaks the rule that a profile only narrows."""
    tree.known.shape(tree.url)
    told = dict.fromkeys(tree.known.problems.get(str(one.get("url", "")), "") for one in reversed(tree.lineage))
    yield from (f"No snapshot can be made: {one}." for one in told if one)
    if tree.whole and (last := _lost(tree)):
        yield f"Its base {last} is not at hand, so nobody can tell here what it changed of that."
    kind, base = tree.definition.get("type"), tree.known.shape(str(tree.definition.get("baseDefinition", "")))
    if base and tree.definition.get("derivation") == "constraint" and base.path != kind:
        yield f"It says that it is a profile on {kind}, but what it is derived from is a {base.path}."
    for row, one in tree.widened()[:20]:
        yield f"{row.id} allows more than its base: {one.aspect} {one.now}, where the base has {one.before}. A profile may only narrow."


def _lost(tree: ProfileTree) -> str:
    """The canonical URL of the definition that is wanted on the way to the base and is not at hand; "" where all of them are."""
    base = tree.lineage[0].get("baseDefinition")
    return base if isinstance(base, str) and not tree.known.has("StructureDefinition", base) else ""


def _alone(definition: Json, known: Definitions) -> Shape | None:
    """The elements of a differential as a tree, where their base is not there to complete them."""
    own = elements(definition, "differential") or elements(definition, "snapshot")
    try:
        return snapshot(definition | {"snapshot": {"element": own}}, known) if own else None
    except NoSnapshot:
        return None


def _sliced(row: Row) -> bool:
    """Whether a row belongs to a slice: the slice itself, or what the profiles say below it."""
    return bool(row.shape.slices) or bool(row.shape.slice) or (row.shape.changed and any(part for _, part in row.steps))


def _fresh(row: Row, here: Shape, before: Shape) -> bool:
    """Whether a slice appears here for the first time: it may occur less often than the element that it is a slice of."""
    return bool(row.steps and row.steps[-1][1]) and here.slice != before.slice
