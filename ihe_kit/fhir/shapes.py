"""What a snapshot says of each element, as a tree: the element, its parts, its slices. This file knows no definition; `snapshot` makes the trees.

Terms are FHIR's own (R4 ElementDefinition): a *slice* is a named part of the repetitions of one element, told apart by *discriminators*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_BEST = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Type:
    """One type that an element may have, with the profiles on it and, for a reference, the profiles on its target."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()  # how a reference may lead there: contained, referenced, bundled

    @property
    def primitive(self) -> bool:
        return self.code[:1].islower()


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint in FHIRPath. `best` marks a recommendation of best practice."""

    key: str
    severity: str
    says: str
    expression: str
    source: str = ""
    best: bool = False


@dataclass(eq=False)
class Shape:
    """One element of a snapshot. `element` is its merged ElementDefinition, `children` are its parts by name (`value[x]` for a choice).

    An element whose parts are those of its data type has no children of its own. `source` is the canonical URL of the definition.
    """

    path: str
    element: Json
    slice: str = ""
    source: str = ""
    children: dict[str, Shape] = field(default_factory=dict)
    slices: dict[str, Shape] = field(default_factory=dict)
    refers: Shape | None = None  # what a contentReference points to
    changed: bool = False  # a profile says something of its own about it

    @cached_property
    def name(self) -> str:
        """The last step of the path: `contact`, `value[x]`."""
        return self.path.rsplit(".", 1)[-1]

    @cached_property
    def id(self) -> str:
        return f"{self.path}:{self.slice}" if self.slice else self.path

    @cached_property
    def least(self) -> int:
        return _number(self.element.get("min"), 0)

    @cached_property
    def most(self) -> int:
        """-1: no limit."""
        most = self.element.get("max", "*")
        return -1 if most == "*" else _number(most, -1)

    @cached_property
    def many(self) -> bool:
        """Whether JSON writes an array, which a profile cannot change: what the base definition says decides."""
        base = self.element.get("base")
        most = base.get("max") if isinstance(base, dict) else None
        return str(most or self.element.get("max", "*")) not in ("0", "1")

    @property
    def occurs(self) -> str:
        return f"{self.least}..{'*' if self.most < 0 else self.most}"

    @cached_property
    def types(self) -> tuple[Type, ...]:
        return tuple(_type(one) for one in _dicts(self.element.get("type")))

    @cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        return tuple(_constraint(one) for one in _dicts(self.element.get("constraint")))

    @cached_property
    def binding(self) -> tuple[str, str]:
        """(strength, value set); ("", "") where there is none."""
        binding = self.element.get("binding")
        if not isinstance(binding, dict):
            return "", ""
        return str(binding.get("strength", "")), str(binding.get("valueSet", "")).partition("|")[0]

    @cached_property
    def demanded(self) -> tuple[str, Any]:
        """("fixed" or "pattern", the value), or ("", None)."""
        for kind in ("fixed", "pattern"):
            for key, value in self.element.items():
                if key.startswith(kind) and key[len(kind) :][:1].isupper():
                    return kind, value
        return "", None

    @cached_property
    def limits(self) -> tuple[Any, Any]:
        """(the least value, the greatest value) of a primitive or quantity; None where there is no limit."""
        found = {key[:8]: value for key, value in self.element.items() if key.startswith(("minValue", "maxValue"))}
        return found.get("minValue"), found.get("maxValue")

    @cached_property
    def slicing(self) -> Json:
        slicing = self.element.get("slicing")
        return slicing if isinstance(slicing, dict) else {}

    @cached_property
    def must_support(self) -> bool:
        return self.element.get("mustSupport") is True

    def below(self) -> Iterator[Shape]:
        """This element, its slices and everything below, in the order of the definition."""
        yield self
        for child in (*self.children.values(), *self.slices.values()):
            yield from child.below()

    @cached_property
    def narrows(self) -> bool:
        """Whether a profile says something of its own about this element or one below; what it leaves as it was need not be looked at again."""
        return self.changed or bool(self.slices) or any(child.narrows for child in self.children.values())

    def copy(self, path: str) -> Shape:
        """A deep copy under another path; the elements themselves are shared until `merge` makes new ones."""
        made = Shape(path, self.element, self.slice, self.source, refers=self.refers, changed=self.changed)
        made.children = {name: child.copy(f"{path}.{name}") for name, child in self.children.items()}
        made.slices = {name: child.copy(path) for name, child in self.slices.items()}
        return made


def _number(value: Any, otherwise: int) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _dicts(value: Any) -> Iterator[Json]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _type(one: Json) -> Type:
    """`Resource.id`, `Element.id` and the values of primitives have types of FHIRPath; an extension says which of FHIR's it is."""
    code = str(one.get("code", ""))
    if code.startswith("http://hl7.org/fhirpath/"):
        told = (extension for extension in _dicts(one.get("extension")) if extension.get("url") == _FHIR_TYPE)
        code = next((str(extension.get("valueUrl") or extension.get("valueUri")) for extension in told), "string")
    return Type(code, _strings(one.get("profile")), _strings(one.get("targetProfile")), _strings(one.get("aggregation")))


def _constraint(one: Json) -> Constraint:
    best = any(extension.get("url") == _BEST and extension.get("valueBoolean") is True for extension in _dicts(one.get("extension")))
    return Constraint(
        str(one.get("key", "")),
        "warning" if one.get("severity") == "warning" else "error",
        str(one.get("human", "")),
        str(one.get("expression", "")),
        str(one.get("source", "")),
        best,
    )
