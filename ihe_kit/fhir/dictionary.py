"""What every FHIR path means: name, data type, cardinality, codes, constraints, words, and where R4 says it.

Names, types and cardinalities are HL7's own definitions (`tables`), and so are the words, where ours are not better: those stand in `data/fhir/`; a
row of ours that nobody compared with the text is shown with that mark, what R4 says itself needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ihe_kit.core import Definition, Part, UnknownPath, cited, nearest
from ihe_kit.fhir.formats import FORMATS
from ihe_kit.fhir.parts import OWN, Member, parts
from ihe_kit.fhir.paths import dotted, read_path
from ihe_kit.fhir.shapes import Shape
from ihe_kit.fhir.tables import core, data_types, resource_types
from ihe_kit.fhir.terminology import Terminology
from ihe_kit.files import rows
from ihe_kit.rest import RestMessage


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a type. `choice` is its name without the type (`value` of `valueQuantity`); `needed`: R4 demands it, or one of the choice.

    `type` is the path of an element that brings parts of its own (`Patient.contact`). `value_set` and `strength` are what its codes are bound to.
    """

    name: str
    type: str
    needed: bool = False
    many: bool = False
    title: str = ""
    says: str = ""
    choice: str = ""
    targets: tuple[str, ...] = ()
    value_set: str = ""
    strength: str = ""
    constraints: tuple[tuple[str, str], ...] = ()
    modifier: bool = False

    @property
    def occurs(self) -> str:
        return f"{int(self.needed)}..{'*' if self.many else 1}"

    @property
    def primitive(self) -> bool:
        return self.type in FORMATS


@lru_cache(maxsize=1024)
def fields(kind: str) -> dict[str, Row]:
    """The elements of a type, or of a part such as `Patient.contact`, by their JSON names, in R4's order; {} for a type that R4 does not have.

    >>> fields("HumanName")["given"].occurs
    '0..*'
    """
    shape = _shape(kind)
    found = parts(shape, kind, core()) if shape else None
    if found is None:
        return {}
    known = {name: _row(member) for name, member in found.members.items() if not member.sibling}
    return {"resourceType": _TYPE, **known} if is_resource(kind) else known


def is_resource(kind: str) -> bool:
    """Whether a type is a resource, something that stands on its own and has a `resourceType`."""
    return kind in resource_types()


def is_part(kind: str) -> bool:
    """Whether a type is only a part of another one, as `Patient.contact` is."""
    return "." in kind


@lru_cache(maxsize=1)
def types() -> tuple[str, ...]:
    """The names of R4's types, resources and data types, without the primitive ones."""
    return tuple(sorted(name for name in resource_types() | data_types() if name[0].isupper()))


@lru_cache(maxsize=4096)
def locate(names: tuple[str, ...]) -> tuple[str, Row] | None:
    """(the element's own path in R4, its row) for the names of a path, or None where it depends on the message.

    Below a data type the path starts anew, as R4 defines it there: `Patient.name.family` is HumanName.family. Raises UnknownPath.
    """
    kind, path = names[0], names[0]
    if not fields(kind):
        raise UnknownPath(f"FHIR R4 has no type {kind}" + nearest(kind, types()))
    root = _shape(kind)
    row = Row(
        kind,
        kind,
        title=str(root.element.get("short", "")) if root else "",
        says=_whole(kind, root) if root else "",
        constraints=_rules(root),
    )
    for number, name in enumerate(names[1:], start=1):
        if kind == "Resource" and number > 1:
            return None
        kind = next((one for one in kind.split(" | ") if name in fields(one)), kind)  # below a choice: the type that has the name
        known = fields(kind)
        row = known.get(name) or _choice(known, name) or _sibling(known, name) or _none(names[: number + 1], row, known)
        path = f"{kind}.{name}"
        kind = row.type
    return path, row


def choices(kind: str, name: str) -> list[str]:
    """The JSON names of a choice: `value` of an Observation may be `valueQuantity`, `valueString`, and so on."""
    return [row.name for row in fields(kind).values() if row.choice == name]


@lru_cache(maxsize=2048)
def codes(path: str, row: Row) -> tuple[tuple[str, str], ...]:
    """(code, meaning) of every code that R4 demands at an element; () where others are allowed, or where the list is not at hand."""
    named = {code: display for _, code, display in _terms().codes(row.value_set)} if row.strength == "required" else {}
    own = {line["code"]: line["meaning"] for line in _coded(path)}
    return tuple((code, own.get(code) or named.get(code, "")) for code in own or named)


_TYPE = Row("resourceType", "code", True, title="Type of the resource", says="JSON only: tells a reader which type this is.")


def explain(subject: str | RestMessage, path: str | None = None) -> Definition:
    """What a path means, by itself or in a message (which tells the types of the resources inside a Bundle). Raises UnknownPath.

    >>> explain("Patient.name.family").type
    'string'
    """
    wanted = subject if isinstance(subject, str) else path or subject.kind or next((element.path for element in subject.head), "")
    if wanted.startswith(("request.", "response.")):
        return _explain_http(wanted)
    names = tuple(step.name for step in read_path(_home(subject, wanted) if isinstance(subject, RestMessage) else wanted))
    found = locate(names)
    if not found:
        says = "What stands here depends on the type of the resource, which is named in its resourceType."
        return Definition(wanted, names[-1], names[-1], says=says, spec="FHIR R4 Resource")
    own, row = found
    words = _words().get(dotted(names)) or _words().get(own) or {}
    return Definition(
        path=wanted,
        label=names[-1],
        name=words.get("name") or row.title or row.name,
        type=_type(row) if len(names) > 1 else "resource" if is_resource(names[0]) else "data type",
        occurs=row.occurs if len(names) > 1 else "",
        codes=_cite(f"codes of {own}", *_coded(own)) if _coded(own) else f"{row.value_set} ({row.strength})" if row.value_set else "",
        values=codes(own, row),
        says=words.get("says") or row.says or row.title,
        spec=_cite(words.get("section") or f"FHIR R4 {own}", words),
        facts=_facts(row),
        parts=tuple(_parts(row.type)),
    )


def _facts(row: Row) -> tuple[tuple[str, str], ...]:
    """What else R4 says of an element: that it changes the meaning of the rest, and its constraints."""
    modifier = (("Modifier", "What stands here may change what the rest means, so no reader may overlook it"),) if row.modifier else ()
    return modifier + tuple((f"Constraint {key}", says) for key, says in row.constraints)


def _parts(kind: str) -> Iterator[Part]:
    """The elements of a type, a choice once."""
    if " " in kind or kind in FORMATS:
        return
    seen: set[str] = set()
    for name, row in fields(kind).items():
        label = f"{row.choice}[x]" if row.choice else name
        if label not in seen and name != "resourceType":
            yield Part(label, row.title, "choice" if row.choice else _type(row), row.occurs)
        seen.add(label)


def _home(message: RestMessage, path: str) -> str:
    """The path from the innermost resource that it leads through: `Patient.name` for `Bundle.entry[0].resource.name`."""
    for found in reversed(list(re.finditer(r"\.(resource|contained|outcome)(\[\d+\])?\.", path))):
        kind = next(iter(message.get(f"{path[: found.end()]}resourceType")), "")
        if is_resource(kind):
            return f"{kind}.{path[found.end() :]}"
    return path


def _explain_http(path: str) -> Definition:
    label = path.rsplit(".", 1)[-1]
    words = _words().get(path, {})
    parameter = next((row for row in rows("fhir/search.tsv") if path == f"request.url.{row['name']}"), None)
    if parameter:
        says = words.get("says") or f"A search parameter: looks in {parameter['path'].replace(' | ', ', ')}."
        spec = _cite(words.get("section") or parameter["section"], words, parameter)
        return Definition(path, f"?{label}", words.get("name") or label, parameter["type"], "0..*", says=says, spec=spec)
    if words:
        return Definition(path, label, words["name"], says=words["says"], spec=_cite(words["section"], words))
    if path.startswith("request.url."):
        says = "A parameter that the course says nothing about. Each type of resource has its own, and a server may have more."
        return Definition(path, label, label, "parameter", says=says, spec="FHIR R4 section 3.1.1.4.2")
    says = "An HTTP header that the course says nothing about. FHIR names a few for finding faults, most belong to HTTP itself."
    return Definition(path, label, re.sub(r"([A-Z])", r"-\1", label).lower(), "header", says=says, spec="FHIR R4 section 3.1.0.16")


def _cite(place: str, *said: dict[str, str]) -> str:
    """The place that rows of ours are about, marked where nobody compared one of them with it. No row: no words of ours to compare."""
    return cited(place, all(row["checked"] == "yes" for row in said if row))


def _none(names: Sequence[str], parent: Row, known: dict[str, Row]) -> Row:
    """Raises UnknownPath for the last of the names. The nearest right one may stand one level deeper: Patient.famly is Patient.name.family."""
    if parent.primitive:
        says = f"{dotted(names[:-1])} is a plain {parent.type} and has no parts, so there is no {dotted(names)}"
        raise UnknownPath(f"{says}; its extensions stand in _{names[-2]}")
    near = {row.choice or name for name, row in known.items()}
    own = [row for row in known.values() if row.type not in ("Extension", "Resource", "Meta", "Narrative")]
    deeper = [f"{row.name}.{name}" for row in own for name in fields(row.type)]
    raise UnknownPath(f"FHIR R4 has no {dotted(names)}" + (nearest(names[-1], near) or nearest(names[-1], deeper)))


def _choice(known: dict[str, Row], name: str) -> Row | None:
    """One row for all of a choice: its type is the list of the types."""
    found = [row for row in known.values() if row.choice == name]
    every = " | ".join(row.name.removeprefix(name) for row in found)
    return replace(found[0], name=name, type=every) if found else None


def _sibling(known: dict[str, Row], name: str) -> Row | None:
    """`_birthDate` holds what JSON cannot write into `birthDate`: its id and its extensions (FHIR R4 section 2.6.2.3)."""
    row = known.get(name[1:]) if name.startswith("_") else None
    if not row or not row.primitive:
        return None
    return Row(name, "Element", many=row.many, title=f"Id and extensions of {row.name}")


@lru_cache(maxsize=2048)
def _shape(kind: str) -> Shape | None:
    """The definition of a type, or of a part of one: `Patient.contact`."""
    first, *steps = kind.split(".")
    shape = core().type(first)
    for step in steps:
        shape = shape.children.get(step) if shape else None
    return shape.refers or shape if shape else None


def _row(member: Member) -> Row:
    shape, one = member.shape, member.type
    kind = (shape.refers or shape).path if one.code in OWN or shape.refers else one.code
    strength, value_set = shape.binding
    return Row(
        name=member.name,
        type=kind,
        needed=shape.least > 0,
        many=member.many,
        title=str(shape.element.get("short", "")),
        says=_says(shape),
        choice=member.stem if member.choice else "",
        targets=tuple(dict.fromkeys(url.rpartition("/")[2] for url in one.targets)) if one.code == "Reference" else (),
        value_set=value_set,
        strength=strength,
        constraints=_rules(shape),
        modifier=shape.element.get("isModifier") is True,
    )


def _whole(kind: str, root: Shape) -> str:
    """What a type is. Some types of R4 do not say so at their root, and would have the words of what they are derived from."""
    base = core().type("DomainResource")
    own = kind == "DomainResource" or not base or root.element.get("definition") != base.element.get("definition")
    return _says(root) if own else str(root.element.get("short", ""))


def _says(shape: Shape) -> str:
    return str(shape.element.get("definition") or shape.element.get("short") or "")


def _rules(shape: Shape | None) -> tuple[tuple[str, str], ...]:
    """The constraints of an element that are not those of every element and every resource."""
    return tuple((one.key, one.says) for one in shape.constraints if not one.key.startswith(("ele-", "ext-", "dom-"))) if shape else ()


def _type(row: Row) -> str:
    if row.targets:
        return f"{row.type}({' | '.join(row.targets)})"
    return "BackboneElement" if is_part(row.type) else row.type


@lru_cache(maxsize=1)
def _terms() -> Terminology:
    return Terminology(core())


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return {row["path"]: row for row in rows("fhir/explained.tsv")}


@lru_cache(maxsize=2048)
def _coded(path: str) -> tuple[dict[str, str], ...]:
    return tuple(row for row in rows("fhir/codes.tsv") if row["path"] == path)
