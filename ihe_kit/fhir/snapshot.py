"""Snapshots: the whole of a definition, made from what it changes (its differential) and what it is derived from.

A specialization begins as a copy of its base under its own name; a constraint begins as its base. Then each element of the differential is
looked up by its id, the way there being opened where the base stopped at a data type, and merged into what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Protocol

from ihe_kit.fhir.shapes import Json, Shape

MAX_DEPTH = 40  # steps of a path; no definition is deeper
_BASE = "http://hl7.org/fhir/StructureDefinition/"


class Known(Protocol):
    """What a snapshot is made from: the definitions that are known, as trees."""

    def shape(self, canonical: str) -> Shape | None: ...


class NoSnapshot(ValueError):
    """A definition from which no snapshot can be made; says why."""


def snapshot(definition: Json, known: Known) -> Shape:
    """The tree of a StructureDefinition: from its own snapshot where it brings one, else made from its differential. Raises NoSnapshot.

    Use `Definitions.shape`, which keeps what was made.
    """
    source, kind = str(definition.get("url", "")), str(definition.get("type", ""))
    own, changes = elements(definition, "snapshot"), elements(definition, "differential")
    if own:
        root = Shape(kind, {}, source=source)
        _apply(root, own, known, fresh=True)
        return root
    if not changes and not definition.get("baseDefinition"):
        raise NoSnapshot(f"{source} has neither a snapshot nor a differential")
    root = _start(definition, kind, known)
    root.source = source
    _apply(root, changes, known, narrow=definition.get("derivation") == "constraint")
    if definition.get("derivation") != "constraint":
        for shape in root.below():
            shape.changed = False
    return root


def elements(definition: Json, view: str) -> list[Json]:
    """The elements of a view of a definition, `snapshot` or `differential`; what is no element is left out."""
    part = definition.get(view)
    listed = part.get("element") if isinstance(part, dict) else None
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("path"), str)] if isinstance(listed, list) else []


def _start(definition: Json, kind: str, known: Known) -> Shape:
    base = definition.get("baseDefinition")
    if not isinstance(base, str):
        return Shape(kind, {})
    found = known.shape(base)
    if not found:
        raise NoSnapshot(f"{definition.get('url')} is derived from {base}, which is not at hand")
    return found.copy(kind)


def _apply(root: Shape, changes: Sequence[Json], known: Known, fresh: bool = False, narrow: bool = False) -> None:
    """Merges elements into a tree. `fresh`: they are a whole snapshot, so that what is not there yet is simply added. `narrow`: nothing new may be."""
    shortcuts = _shortcuts(changes)
    ids: dict[str, str] = {}  # path -> the id of the element that stood there last: where an element has no id of its own
    for change in changes:
        where = identify(change, ids)
        ids[change["path"]] = where
        steps = where.split(".")
        if len(steps) > MAX_DEPTH:
            raise NoSnapshot(f"{where[:80]}... has more than {MAX_DEPTH} steps")
        here = root
        for step in steps[1:]:
            here = _step(here, step, root, known, fresh, shortcuts, narrow)
        _merge(here, change, fresh)
        reference = change.get("contentReference")
        if isinstance(reference, str):
            here.refers = _named(root, reference.rpartition("#")[2])


def identify(change: Json, ids: dict[str, str]) -> str:
    """The id of an element; where it has none of its own, it is made from its path. `ids`: path -> the id of the element that stood there last."""
    if isinstance(change.get("id"), str):
        return str(change["id"])
    path, name = change["path"], change.get("sliceName")
    parent = path.rpartition(".")[0]
    above = ids.get(parent, parent)
    whole = f"{above}.{path[len(parent) + 1 :]}" if parent else path
    return f"{whole}:{name}" if isinstance(name, str) and name else str(whole)


def _step(here: Shape, step: str, root: Shape, known: Known, fresh: bool, shortcuts: dict[str, set[str]], narrow: bool = False) -> Shape:
    """The part of an element that one step of an id names: `name`, `extension:race`, `value[x]:valueQuantity`."""
    name, _, slice_name = step.partition(":")
    if not here.children and not fresh:
        opened(here, known)
    child = here.children.get(name)
    if child is None and (child := choice(here, name)) and not slice_name:  # the path names one type of a choice
        short = name.removeprefix(child.name.removesuffix("[x]"))
        if len(shortcuts.get(child.path, ())) > 1:
            slice_name = name
        elif len(child.types) > 1:
            child.element = child.element | {"type": [one for one in child.element["type"] if _is(one, short)]}
            child.changed = True
            _forget(child)
    if child is None:
        if not fresh and here.path != root.path and not here.children:
            raise NoSnapshot(f"{here.id} has no parts, so there is no {name} in it")
        if narrow:
            raise NoSnapshot(f"{here.id} has no element {name}")
        child = here.children[name] = Shape(f"{here.path}.{name}", {}, source=root.source)
    for part in slice_name.split("/") if slice_name else ():  # a slice of a slice: `a/b`
        full = part if not child.slice else f"{child.slice}/{part}"
        if full not in child.slices:
            child.slices[full] = _sliced(child, full, fresh)
        child = child.slices[full]
    return child


def choice(here: Shape, name: str) -> Shape | None:
    """The choice of which a name such as `valueQuantity` names one type."""
    for child in here.children.values():
        stem = child.name.removesuffix("[x]")
        if stem != child.name and name.startswith(stem):
            short = name[len(stem) :]
            if any(_is(one, short) for one in child.element.get("type", ())):
                return child
    return None


def _is(one: Json, short: str) -> bool:
    """Whether a type is the one that a name ends with: `dateTime` in `effectiveDateTime`."""
    code = str(one.get("code", ""))
    return code[:1].upper() + code[1:] == short


def _shortcuts(changes: Iterable[Json]) -> dict[str, set[str]]:
    """choice path -> the names by which the paths of a differential mean one of its types, where they end with one."""
    found: dict[str, set[str]] = {}
    for change in changes:
        parent, _, name = change["path"].rpartition(".")
        for cut in (at for at, letter in enumerate(name) if letter.isupper()):
            found.setdefault(f"{parent}.{name[:cut]}[x]", set()).add(name)
    return found


def _sliced(whole: Shape, name: str, fresh: bool) -> Shape:
    """A new slice: as the element itself, but none is demanded until the differential says so."""
    made = Shape(whole.path, {}, name, whole.source) if fresh else whole.copy(whole.path)
    made.slice, made.slices = name, {}
    made.element = {key: value for key, value in made.element.items() if key != "slicing"} | {"min": 0}
    if whole.name.endswith("[x]") and not fresh:
        code = name[len(whole.name) - 3 :]
        types = [one for one in made.element.get("type", ()) if _is(one, code)]
        made.element |= {"max": "1"} | ({"type": types} if types else {})
        whole.element = {"slicing": {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"}} | whole.element
    return made


def opened(here: Shape, known: Known) -> Shape:
    """An element with the parts of its data type (or of what it refers to) as children of its own, where it has none yet."""
    if not here.children:
        inside = here.refers
        for one in here.types if inside is None and len({one.code for one in here.types}) == 1 else ():
            inside = next((found for url in one.profiles if (found := known.shape(url))), None) or known.shape(_BASE + one.code)
        if inside:
            here.children = inside.copy(here.path).children
    return here


def _merge(here: Shape, change: Json, fresh: bool) -> None:
    """What a change says wins; constraints are added to, and a demanded value takes the place of another."""
    merged = {**here.element, **{key: value for key, value in change.items() if key not in ("id", "path", "sliceName")}}
    if here.element.get("constraint") and isinstance(change.get("constraint"), list):
        known = [one for one in change["constraint"] if isinstance(one, dict)]
        keys = {one.get("key") for one in known}
        merged["constraint"] = [one for one in here.element["constraint"] if one.get("key") not in keys] + known
    if any(key.startswith(("fixed", "pattern")) for key in change):
        merged = {key: value for key, value in merged.items() if not key.startswith(("fixed", "pattern")) or key in change}
    if not fresh and "base" not in merged:
        kept: Any = here.element or change
        merged["base"] = {"path": here.path, "min": kept.get("min", 0), "max": kept.get("max", "*")}
    here.element, here.changed = merged, True
    _forget(here)


def _forget(shape: Shape) -> None:
    """What was read from an element before it changed is read anew."""
    for name in [name for name in vars(shape) if isinstance(getattr(type(shape), name, None), cached_property)]:
        del vars(shape)[name]


def _named(root: Shape, wanted: str) -> Shape | None:
    return next((shape for shape in root.below() if shape.id == wanted or shape.path == wanted), None)
