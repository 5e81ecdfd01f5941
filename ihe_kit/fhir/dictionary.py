"""What every FHIR path means: name, data type, cardinality, codes, words, and where R4 says it.

Names, types and cardinalities are those of the `fhir.resources.R4B` models, read through this file and nowhere else (they are never used
to hold or to check a resource: they change what they are given). R4B is R4 for all that the course uses; where it is not, the type
is listed here and nothing is said about it. Meanings in our own words stand in `data/fhir/`; a row that nobody compared with the text
is shown with that mark, what the models say themselves needs none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pkgutil import iter_modules
from typing import Any, get_args

from ihe_kit.core import Definition, UnknownPath, cited, nearest
from ihe_kit.fhir.paths import dotted, read_path
from ihe_kit.files import definitions, loading, rows
from ihe_kit.rest import RestMessage

# R4 has these, the R4B models have them not or quite differently.
UNMODELLED = frozenset(
    [
        "EffectEvidenceSynthesis",
        "Evidence",
        "EvidenceVariable",
        "MedicinalProduct",
        "MedicinalProductAuthorization",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductIngredient",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductPackaged",
        "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect",
        "RiskEvidenceSynthesis",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "SubstanceSpecification",
    ]
)
# R4B has these, R4 has them not.
_LATER = frozenset(
    [
        "AdministrableProductDefinition",
        "Citation",
        "ClinicalUseDefinition",
        "CodeableReference",
        "EvidenceReport",
        "Ingredient",
        "ManufacturedItemDefinition",
        "MedicinalProductDefinition",
        "NutritionProduct",
        "PackagedProductDefinition",
        "RatioRange",
        "RegulatedAuthorization",
        "SubscriptionStatus",
        "SubscriptionTopic",
        "SubstanceDefinition",
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a type. `choice` is its name without the type (`value` of `valueQuantity`); `needed`: R4 demands it, or one of the choice."""

    name: str
    type: str
    needed: bool = False
    many: bool = False
    title: str = ""
    says: str = ""
    choice: str = ""
    codes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def occurs(self) -> str:
        return f"{int(self.needed)}..{'*' if self.many else 1}"

    @property
    def primitive(self) -> bool:
        return self.type[:1].islower()


@lru_cache(maxsize=1024)
def fields(kind: str) -> dict[str, Row]:
    """The elements of a type by their JSON names, in R4's order; {} for a type that R4 does not have or that is not modelled.

    >>> fields("HumanName")["given"].occurs
    '0..*'
    """
    model = _model(kind)
    if model is None:
        return {}
    found = {field.alias or name: _row(field.alias or name, field) for name, field in model.model_fields.items()}
    known = {name: found[name] for name in model.elements_sequence() if found[name].type not in _LATER}
    return {"resourceType": _TYPE, **known} if is_resource(kind) else known


def is_resource(kind: str) -> bool:
    """Whether a type is a resource, something that stands on its own and has a `resourceType`."""
    model = _model(kind)
    return kind in UNMODELLED or bool(model and model.has_resource_base() and not is_part(kind))


def is_part(kind: str) -> bool:
    """Whether a type is only a part of another one, as the models' `PatientContact` is a part of Patient."""
    model = _model(kind)
    return bool(model and model.__module__.rsplit(".", 1)[-1] != kind.lower())


@lru_cache(maxsize=1)
def types() -> tuple[str, ...]:
    """The names of R4's types, resources and data types."""
    modules = {module.name for module in iter_modules(definitions("fhir.resources.R4B").__path__)}
    names = [name.removesuffix("Type") for name in vars(definitions("fhir.resources.R4B.fhirtypes")) if name.endswith("Type")]
    return tuple(sorted(UNMODELLED.union(name for name in names if name.lower() in modules and name not in _LATER)))


@lru_cache(maxsize=4096)
def locate(names: tuple[str, ...]) -> tuple[str, Row] | None:
    """(the element's own path in R4, its row) for the names of a path, or None where it depends on the message or is not modelled.

    Below a data type the path starts anew, as R4 defines it there: `Patient.name.family` is HumanName.family. Raises UnknownPath.
    """
    kind, path = names[0], names[0]
    if kind not in UNMODELLED and not fields(kind):
        raise UnknownPath(f"FHIR R4 has no type {kind}" + nearest(kind, types()))
    row = Row(kind, kind, says=_prose(kind))
    for number, name in enumerate(names[1:], start=1):
        if kind in UNMODELLED or (kind == "Resource" and number > 1):
            return None
        kind = next((one for one in kind.split(" | ") if name in fields(one)), kind)  # below a choice: the type that has the name
        known = fields(kind)
        row = known.get(name) or _choice(known, name) or _sibling(known, name) or _none(names[: number + 1], row, known)
        path = f"{path if number == 1 or is_part(kind) else kind}.{name}"
        kind = row.type
    return path, row


def choices(kind: str, name: str) -> list[str]:
    """The JSON names of a choice: `value` of an Observation may be `valueQuantity`, `valueString`, and so on."""
    return [row.name for row in fields(kind).values() if row.choice == name]


@lru_cache(maxsize=2048)
def codes(path: str, row: Row) -> tuple[tuple[str, str], ...]:
    """(code, meaning) of every code that R4 demands at an element; () where others are allowed, or where the list is not at hand."""
    own = tuple((line["code"], line["meaning"]) for line in _coded(path))
    whole = all(re.fullmatch(r"[a-zA-Z][\w/-]*|[<>]=?|!?=", code) for code in row.codes) and path not in _OPEN
    return own or tuple((code, "") for code in row.codes if whole)


_OPEN = ("CapabilityStatement.format",)  # the models name examples there
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
        codes=_cite(f"codes of {own}", *_coded(own)) if codes(own, row) else "",
        values=codes(own, row),
        says=words.get("says") or row.says or row.title,
        spec=_cite(words.get("section") or f"FHIR R4 {own}", words),
    )


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


def _row(name: str, field: Any) -> Row:
    extra = field.json_schema_extra or {}
    kind, many = _read_type(field.annotation)
    return Row(
        name=name,
        type=kind,
        needed=bool(field.is_required() or extra.get("element_required") or extra.get("one_of_many_required")),
        many=many,
        title=field.title or "",
        says=" ".join((field.description or "").split()),
        choice=extra.get("one_of_many", ""),
        codes=tuple(extra.get("enum_values", ())),
        targets=tuple(extra.get("enum_reference_types", ())),
    )


def _read_type(annotation: Any) -> tuple[str, bool]:
    """(FHIR's name of a type, whether it is a list) from Python's: `Optional[List[HumanNameType]]`."""
    if annotation is bool:
        return "boolean", False
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if getattr(annotation, "__origin__", None) is list:
        return _read_type(parts[0])[0], True
    if hasattr(annotation, "__metadata__"):
        name = type(annotation.__metadata__[-1]).__name__.replace("UuidVersion", "Uuid")
        return name[0].lower() + name[1:], False
    return _read_type(parts[0]) if parts else (annotation.__name__.removesuffix("Type"), False)


def _type(row: Row) -> str:
    if row.targets:
        return f"{row.type}({' | '.join(row.targets)})"
    return "BackboneElement" if " " not in row.type and not row.primitive and is_part(row.type) else row.type


@lru_cache(maxsize=1024)
def _model(kind: str) -> Any:
    if not re.fullmatch(r"[A-Z][A-Za-z]*", kind) or kind in UNMODELLED or kind in _LATER:
        return None
    try:
        with loading:  # this call imports the model's own module
            return definitions("fhir.resources.R4B").get_fhir_model_class(kind)
    except ValueError:
        return None


def _prose(kind: str) -> str:
    """What a model says about its type: the lines behind the first blank one, which is about Python."""
    text = (getattr(_model(kind), "__doc__", None) or "").partition("\n\n")[2]
    return " ".join(text.split())


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return {row["path"]: row for row in rows("fhir/explained.tsv")}


@lru_cache(maxsize=2048)
def _coded(path: str) -> tuple[dict[str, str], ...]:
    return tuple(row for row in rows("fhir/codes.tsv") if row["path"] == path)
