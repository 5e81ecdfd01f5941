"""Who defined an element of a profile and who changed it since: what one definition has otherwise than the one that it is derived from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ihe_kit.fhir.obligations import demanded, slicing_of, types_of
from ihe_kit.fhir.shapes import Constraint, Json, Shape
from ihe_kit.fhir.tables import BASE

_STRENGTHS = ("example", "preferred", "extensible", "required")


@dataclass(frozen=True, slots=True)
class Change:
    """What a definition says otherwise than the one that it is derived from. `widens`: it allows more, which a profile may not."""

    aspect: str
    now: str
    before: str = ""
    widens: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One definition on the way from the base to the profile, and what it did to an element: `defined` it, changed something, or left it as it was.

    A profile whose base is not at hand `began`: what it says cannot be compared with anything.
    """

    title: str
    url: str
    spec: str
    defined: bool = False
    changes: tuple[Change, ...] = ()
    rules: tuple[Constraint, ...] = ()
    began: bool = False


def changes(before: Shape, now: Shape, narrows: bool) -> tuple[Change, ...]:
    """What an element has otherwise than before, by aspect. `narrows`: it is a profile's, which may allow less and not more."""
    found = []
    for aspect, read in ASPECTS.items():
        one, other = read(before), read(now)
        if one != other:
            found.append(Change(aspect, other, one, narrows and _widens(aspect, before, now)))
    return tuple(found)


def rules(before: Shape | None, now: Shape) -> tuple[Constraint, ...]:
    """The constraints that an element has and had not before; those that every element has are left out."""
    known = {(one.key, one.expression) for one in before.constraints} if before else set()
    return tuple(one for one in now.constraints if (one.key, one.expression) not in known and one.key not in ("ele-1", "ext-1"))


def _flag(name: str) -> Any:
    return lambda shape: "yes" if shape.element.get(name) is True else ""


def _binding(shape: Shape) -> str:
    strength, values = shape.binding
    return f"{strength}: {values or shape.element.get('binding', {}).get('description', '')}" if strength else ""


def _limits(shape: Shape) -> str:
    low, high = shape.limits
    most = shape.element.get("maxLength")
    told = (f"at least {low}" if low is not None else "", f"at most {high}" if high is not None else "")
    return ", ".join(filter(None, (*told, f"at most {most} characters" if most else "")))


# What is compared: the name of an aspect and how it is read, in the order in which a reader wants to know it.
ASPECTS: dict[str, Any] = {
    "cardinality": lambda shape: shape.occurs,
    "type": types_of,
    "value": demanded,
    "binding": _binding,
    "slicing": slicing_of,
    "must support": _flag("mustSupport"),
    "modifier": _flag("isModifier"),
    "limits": _limits,
    "short": lambda shape: str(shape.element.get("short", "")),
    "requirements": lambda shape: str(shape.element.get("requirements", "")),
    "comment": lambda shape: str(shape.element.get("comment", "")),
}


def _widens(aspect: str, before: Shape, now: Shape) -> bool:
    if aspect == "cardinality":
        return now.least < before.least or (before.most >= 0 and not 0 <= now.most <= before.most)
    if aspect == "type":
        had = {one.code for one in before.types}
        return bool(had) and not {"*", "Element"} & had and any(one.code not in had for one in now.types)
    if aspect == "binding" and before.binding[0] in _STRENGTHS and now.binding[0] in _STRENGTHS:
        return _STRENGTHS.index(now.binding[0]) < _STRENGTHS.index(before.binding[0])
    return False


# Where it is written -------------------------------------------------------------------------------------------------------------------


def title(definition: Json) -> str:
    """What a definition is called: R4's types by their name, a profile by its title."""
    if definition.get("derivation") != "constraint" and str(definition.get("url", "")).startswith(BASE):
        return str(definition.get("type") or definition.get("name") or "")
    return str(definition.get("title") or definition.get("name") or definition.get("url") or "profile")


def source(definition: Json, shape: Shape) -> str:
    """Where a reader finds what a definition says of an element: a place in R4, or the profile's own canonical URL."""
    url = str(definition.get("url", ""))
    if not url.startswith(BASE):
        return url
    if definition.get("derivation") == "constraint":
        return f"FHIR R4 profile {url.removeprefix(BASE)}"
    base = shape.element.get("base")
    return f"FHIR R4 {base.get('path') if isinstance(base, dict) else shape.path}"


def origin(shape: Shape, definition: Json) -> list[Stage]:
    """Who defined an element: the first definition that has it, or the data type that it stands in."""
    url = str(definition.get("url", ""))
    if shape.source and shape.source not in (url, "") and shape.source.startswith(BASE):
        url = shape.source
    name = url.removeprefix(BASE)
    facts = tuple(Change(aspect, told) for aspect, read in ASPECTS.items() if (told := read(shape)))
    inner = isinstance(shape.element.get("base"), dict) and url.startswith(BASE)
    spec = f"FHIR R4 {shape.element['base'].get('path')}" if inner else source(definition, shape)
    first = definition.get("derivation") == "constraint" and url == definition.get("url")
    called = name if url.startswith(BASE) and not first else title(definition)
    return [Stage(called, url, spec, not first, facts, rules(None, shape), first)]
