"""The parts of an element as JSON names them: `value[x]` as `valueQuantity` and the rest, `_birthDate` beside `birthDate`.

What the walk asks for every object it meets is made once per type and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.fhir.formats import FORMATS
from ihe_kit.fhir.shapes import Constraint, Shape, Type
from ihe_kit.fhir.tables import Definitions, core

OWN = ("BackboneElement", "Element")  # an element of such a type brings its own parts


@dataclass(frozen=True, slots=True)
class Member:
    """One name that an object may have. `stem` is the name without the type of a choice; `sibling`: it holds id and extensions of a primitive.

    `plain`: a primitive of which nothing is to be said beyond its form.
    """

    name: str
    shape: Shape
    type: Type
    many: bool
    stem: str
    choice: bool = False
    sibling: bool = False
    primitive: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What an object of some type consists of. `path` is where R4 defines it: `Patient.contact`, `HumanName`."""

    path: str
    members: dict[str, Member]
    required: tuple[tuple[Shape, tuple[str, ...]], ...]  # what has to be there, and the names by which it may be
    choices: tuple[tuple[str, ...], ...]
    constraints: tuple[Constraint, ...]


@lru_cache(maxsize=4096)
def parts(shape: Shape, code: str, definitions: Definitions) -> Parts | None:
    """The parts of an element of a type; None for a type that is not at hand."""
    inside = shape if shape.children else shape.refers or definitions.type(code)
    if inside is None:
        return None
    members: dict[str, Member] = {}
    required, choices = [], []
    for child in inside.children.values():
        names = []
        for member in _members(child):
            members[member.name] = member
            names.append(member.name)
        if child.least > 0:
            required.append((child, tuple(names)))
        if child.name.endswith("[x]"):
            choices.append(tuple(name for name in names if not name.startswith("_")))
    # that of what is empty, ele-1, the walk tells itself
    rules = (one for one in (*shape.constraints, *inside.constraints) if one.expression and not one.best and one.key != "ele-1")
    constraints = {one.expression: one for one in rules}
    own = inside.path if inside is not shape or shape.children else shape.path
    return Parts(own, members, tuple(required), tuple(choices), tuple(constraints.values()))


def _members(child: Shape) -> Iterator[Member]:
    stem, choice = child.name.removesuffix("[x]"), child.name.endswith("[x]")
    for one in child.types or ((Type(child.refers.path),) if child.refers else ()):
        name = stem + one.code[:1].upper() + one.code[1:] if choice else stem
        primitive = one.code in FORMATS
        plain = primitive and one.code not in ("canonical", "xhtml") and stem != "id" and not one.profiles
        plain = plain and child.binding[0] not in ("required", "extensible") and stem != "language"
        yield Member(name, child, one, child.many, stem, choice, primitive=primitive, plain=plain)
        if one.code in FORMATS and one.code != "xhtml":
            yield Member(f"_{name}", child, Type("Element"), child.many, stem, choice, sibling=True)


@lru_cache(maxsize=1)
def element() -> Parts | None:
    """The parts of what stands beside a primitive: its id and its extensions."""
    shape = core().type("Element")
    return parts(shape, "Element", core()) if shape else None
