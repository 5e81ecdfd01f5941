"""What has to be filled in: the elements of a resource by how much they are wanted, as R4 or a profile says, and the parts of each.

What holds a resource together rather than says something of its subject is not asked for: narrative, contained resources, extensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ihe_kit.fhir.parts import Member, parts
from ihe_kit.fhir.shapes import Shape
from ihe_kit.fhir.tables import Definitions, core
from ihe_kit.files import rows

_APART = ("Narrative", "Extension", "Resource")
_HOUSEKEEPING = ("implicitRules", "language")
_SERVERS_OWN = ("id", "meta")  # of the summary, but a server fills them in


@dataclass(frozen=True, slots=True)
class Blank:
    """An element that waits for a value. `path` is its name in JSON below what it is a part of, with an index where R4 has an array.

    `wanted`: a resource should have it by R4's summary, or has to; `must_support` is a profile's word. `parts`: what a form asks for of a data type
    (`data/fhir/form.tsv`). `inside`: the shape of an element that brings parts of its own, such as `Patient.contact`. `wide` is its share of a line.
    """

    path: str
    name: str
    type: str
    least: int = 0
    most: int = 1
    many: bool = False
    wanted: bool = False
    must_support: bool = False
    choice: str = ""
    value_set: str = ""
    strength: str = ""
    says: str = ""
    parts: tuple[Blank, ...] = ()
    inside: Shape | None = None
    wide: int = 1

    @property
    def occurs(self) -> str:
        return f"{self.least}..{'*' if self.most < 0 else self.most}"

    def __str__(self) -> str:
        """`gender 0..1 code: male | female | other | unknown`: a line for people."""
        return f"{self.path} {self.occurs} {self.type}: {self.name}"


def skeleton(kind: str, shape: Shape | None = None, definitions: Definitions | None = None) -> tuple[Blank, ...]:
    """The elements of a type of R4 that can be filled in, in R4's order; a choice of types once for each type.

    `shape` is a profile on the type, or a part of it with parts of its own. What it forbids (max 0) is left out. Raises ValueError for a type that
    R4 does not have.

    >>> next(print(blank) for blank in skeleton("Patient") if blank.path == "gender")
    gender 0..1 code: male | female | other | unknown
    """
    known = definitions or core()
    shape = shape or known.type(kind)
    found = parts(shape, kind, known) if shape else None
    if found is None:
        raise ValueError(f"FHIR R4 has no type {kind!r}")
    members = (one for one in found.members.values() if not one.sibling and one.shape.most != 0)
    return tuple(_blank(one) for one in members if one.type.code not in _APART and one.name not in _HOUSEKEEPING)


def _blank(member: Member) -> Blank:
    shape, code = member.shape, member.type.code
    element = shape.element
    own = bool(shape.children) or shape.refers is not None
    strength, value_set = shape.binding
    blank = Blank(
        path=member.name,
        name=str(element.get("short", member.name)),
        type=(shape.refers or shape).path if own and code in ("BackboneElement", "Element") else code,
        least=0 if member.choice else shape.least,  # of a choice any of the types will do
        most=shape.most,
        many=member.many,
        wanted=shape.least > 0 or (element.get("isSummary") is True and member.name not in _SERVERS_OWN),
        must_support=shape.must_support,
        choice=member.stem if member.choice else "",
        value_set=value_set,
        strength=strength,
        says=str(element.get("definition", "")),
        inside=shape if code in ("BackboneElement", "Element") or shape.refers else None,
    )
    return blank if member.primitive or blank.inside else replace(blank, parts=_parts(blank))


def _parts(blank: Blank) -> tuple[Blank, ...]:
    """The parts of a data type that a form asks for. Those of a coded element are bound to its own value set."""
    asked = [(row["part"], row["label"], int(row["wide"])) for row in rows("fhir/form.tsv") if row["type"] == blank.type]
    found = []
    for path, label, wide in asked or _plain(blank.type):
        part = _part(blank.type, path)
        coded = path.rpartition(".")[2] == "code" and blank.type in ("Coding", "CodeableConcept", "Quantity")
        bound = (blank.value_set, blank.strength) if coded and blank.value_set else (part.value_set, part.strength)
        found.append(replace(part, path=path, name=label, wide=wide, value_set=bound[0], strength=bound[1]))
    return tuple(found)


def _plain(kind: str) -> Iterator[tuple[str, str, int]]:
    """Every plain part of a data type that a form has no words for."""
    for name, member in _members(kind).items():
        if member.primitive and not member.sibling and name not in ("id",):
            yield f"{name}[0]" if member.many else name, name, 4


@lru_cache(maxsize=2048)
def _part(kind: str, path: str) -> Blank:
    """A part at a path below a data type: `coding[0].code` of CodeableConcept."""
    first, _, rest = path.partition(".")
    member = _members(kind)[first.partition("[")[0]]
    if rest:
        return _part(member.type.code, rest)
    strength, value_set = member.shape.binding
    return Blank(path, member.name, member.type.code, many=member.many, value_set=value_set, strength=strength)


def _members(kind: str) -> dict[str, Member]:
    shape = core().type(kind)
    found = parts(shape, kind, core()) if shape else None
    return found.members if found else {}


def demanded(shape: Shape, path: str, sliced: bool = False) -> Iterator[tuple[str, str]]:
    """(path, value) of every plain value that a profile wants in each resource: what a form may fill in at once.

    That is what is fixed in elements that are required, and in the slices that are required, one repetition for each.
    """
    yield from _flat(path, shape.demanded[1])
    for child in shape.children.values():
        name = _json_name(child)
        if not name or child.most == 0:
            continue
        wanted = [one for one in child.slices.values() if one.least > 0]
        for number, one in enumerate(wanted):
            yield from demanded(one, f"{path}.{name}[{number}]" if child.many else f"{path}.{name}", True)
        if not wanted and (child.least > 0 or sliced):
            yield from demanded(child, f"{path}.{name}[0]" if child.many else f"{path}.{name}")


def _json_name(shape: Shape) -> str:
    """The name of an element in JSON; "" for a choice that a profile leaves open."""
    if not shape.name.endswith("[x]"):
        return shape.name
    code = shape.types[0].code if len(shape.types) == 1 else ""
    return shape.name.removesuffix("[x]") + code[:1].upper() + code[1:] if code else ""


def _flat(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(f"{path}[{number}]", inner)
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
