"""The search parameters of FHIR R4, of every type of resource, as HL7's own SearchParameter resources define them (FHIR R4 section 3.1.1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from ihe_kit.core import nearest
from ihe_kit.fhir.expressions import Path, paths
from ihe_kit.fhir.shapes import Json, Shape
from ihe_kit.fhir.tables import core, resource_types

# What shapes the answer and asks nothing of a resource (FHIR R4 section 3.1.1.5).
RESULT = (
    "_count", "_offset", "_page", "_format", "_pretty", "_summary", "_elements", "_sort", "_total", "_totalMethod", "_include", "_revinclude",
    "_contained", "_containedType", "_type",
)  # fmt: skip
# The package's expression names the search parameter where it means the extension, and so finds nothing; PDQm asks for this name (ITI-78).
_MENDED = {
    "http://hl7.org/fhir/SearchParameter/patient-extensions-Patient-mothersMaidenName": "Patient.extension('http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName').value"
}
_FIRST = ("_id", "_lastUpdated", "identifier", "family", "given", "name", "birthdate", "code", "date", "patient", "subject", "status")


@dataclass(frozen=True)
class Parameter:
    """A search parameter of a type of resource: what it is called, what kind of value it has, and where in the resource it looks.

    `targets` are the types that a reference leads to, `components` are those of a composite, `url` is the definition's.
    """

    kind: str
    name: str
    type: str
    expression: str
    targets: tuple[str, ...] = ()
    components: tuple[Parameter, ...] = ()
    url: str = ""

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Where in a resource of its type the parameter looks."""
        own = (self.kind, "Resource", "DomainResource", "%resource")
        return tuple(path for path in paths(self.expression) if path.names[0] in own or path.names[0][0].islower())

    @cached_property
    def system(self) -> str:
        """The code system of an element that holds a bare code, which has no system of its own (FHIR R4 section 3.1.1.4.10); "" otherwise."""
        found = {_system(self.kind, path) for path in self.paths} if self.type == "token" else {""}
        return found.pop() if len(found) == 1 else ""

    @cached_property
    def single(self) -> bool:
        """Whether a resource has one value at most, so that several conditions speak of the same one."""
        return len({path.names for path in self.paths}) == 1 and _once(self.kind, self.paths[0])


@lru_cache(maxsize=512)
def parameters(kind: str) -> tuple[Parameter, ...]:
    """The search parameters of a type of resource, those that people ask for first in front; () for what is no resource of R4.

    >>> [parameter.name for parameter in parameters("Patient")][:3]
    ['_id', '_lastUpdated', 'identifier']
    """
    return tuple(_named(kind).values())


def find_parameter(kind: str, name: str) -> Parameter | None:
    """The parameter that a name in a query stands for, with or without its modifier; None for one that there is not.

    >>> find_parameter("Patient", "family:exact").type
    'string'
    """
    return _named(kind).get(name.partition(":")[0])


def hint(kind: str, name: str) -> str:
    """A half sentence that suggests the nearest parameter of a type."""
    return nearest(name, _named(kind))


@lru_cache(maxsize=512)
def _named(kind: str) -> dict[str, Parameter]:
    if kind not in resource_types():
        return {}
    found = {
        definition["code"]: _parameter(kind, definition) for base in ("Resource", "DomainResource", kind) for definition in _by_base()[base]
    }
    found = {name: parameter for name, parameter in found.items() if parameter.paths}  # one of the package's looks into another type
    order = sorted(found, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return {name: found[name] for name in order}


@lru_cache(maxsize=1)
def _by_base() -> dict[str, list[Json]]:
    """The definitions by the type they are for. Those without an expression ask for a whole text or for distances, which nothing here computes."""
    found: dict[str, list[Json]] = {base: [] for base in ("Resource", "DomainResource", *resource_types())}
    for url in core().urls("SearchParameter"):
        definition = core().get("SearchParameter", url)
        if definition and definition.get("expression") and definition["type"] != "special":
            for base in definition["base"]:
                found[base].append(definition)
    return found


def _parameter(kind: str, definition: Json, expression: str = "") -> Parameter:
    components = tuple(
        _parameter(kind, core().get("SearchParameter", one["definition"]) or {}, one["expression"])
        for one in definition.get("component", ())
    )
    return Parameter(
        kind,
        definition["code"],
        definition["type"],
        expression or _MENDED.get(definition["url"]) or definition["expression"],
        tuple(definition.get("target", ())),
        () if expression else components,
        definition["url"],
    )


def _system(kind: str, path: Path) -> str:
    """The one code system of the value set that a path's element is bound to and has to take its code from."""
    shape, names = core().type(kind), path.names[1:]
    for name in names:
        shape = below(shape, name) if shape else None
    binding = shape.element.get("binding", {}) if shape else {}
    if not shape or [one["code"] for one in shape.element.get("type", ())] != ["code"] or binding.get("strength") != "required":
        return ""
    values = core().get("ValueSet", binding["valueSet"]) or {}
    systems = {include.get("system", "") for include in values.get("compose", {}).get("include", ())}
    return systems.pop() if len(systems) == 1 else ""


def _once(kind: str, path: Path) -> bool:
    """Whether no element on a path may stand several times."""
    shape = core().type(kind)
    for name in path.names[1:]:
        shape = (below(shape, name) or below(shape, f"{name}[x]")) if shape else None
        if shape is None or shape.element.get("max") != "1":
            return False
    return True


def below(shape: Shape, name: str) -> Shape | None:
    """A part of an element, its own or that of its data type."""
    if name not in shape.children:
        kinds = [one["code"] for one in shape.element.get("type", ())]
        shape = core().type(kinds[0]) or shape if len(kinds) == 1 else shape
    return shape.children.get(name)
