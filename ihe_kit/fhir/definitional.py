"""Resources that define something and refer to definitions of FHIR's own: they have to agree with them.

A SearchParameter with what it is derived from, a CapabilityStatement with the search parameters that it names, a list of codes with its own count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ihe_kit.fhir.invariants import readable
from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.snapshot import NoSnapshot, snapshot
from ihe_kit.fhir.tables import resource_types
from ihe_kit.fhir.walk import Context, Known

_HEAD = re.compile(r"(?<![\w.'/:])\(*\s*([A-Z][A-Za-z]+)\s*\.")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")


def check_definitional(report: Report, context: Context, known: Known) -> None:
    """What is to be said of a resource of such a type."""
    look = _LOOKS.get(context.kind)
    if look:
        look(report, context.resource, context.at, known)


def _search_parameter(report: Report, resource: Json, at: At, known: Known) -> None:
    expression, bases = resource.get("expression"), _words(resource.get("base"))
    if isinstance(expression, str) and expression:
        if not readable(expression):
            report.at("expression", (at, "expression"), own="SearchParameter")
        heads = {name for name in _HEAD.findall(_TEXT.sub("''", expression)) if name in resource_types()}
        foreign = sorted(heads - set(bases)) if not {"Resource", "DomainResource"} & set(bases) else []
        if foreign and bases and not heads & set(bases):
            report.at("search-base", (at, "expression"), kind=", ".join(foreign), bases=", ".join(bases))
    above = known.definitions.get("SearchParameter", str(resource.get("derivedFrom", "")))
    if not above:
        return
    if isinstance(resource.get("type"), str) and resource["type"] != above.get("type"):
        facts: dict[str, Any] = {"kind": above.get("type"), "above": str(above.get("url"))}
        report.at("search-derived-type", (at, "type"), **facts)
    for index, base in enumerate(bases):
        if base not in _words(above.get("base")) and not {"Resource", "DomainResource"} & set(_words(above.get("base"))):
            report.at("search-derived-base", ((at, "base"), index), above=str(above.get("url")))


def _capability_statement(report: Report, resource: Json, at: At, known: Known) -> None:
    for index, rest in _dicts(resource.get("rest")):
        here = ((at, "rest"), index)
        _search_params(report, rest, here, known)
        for number, one in _dicts(rest.get("resource")):
            _search_params(report, one, ((here, "resource"), number), known)


def _search_params(report: Report, holder: Json, at: At, known: Known) -> None:
    for index, one in _dicts(holder.get("searchParam")):
        defined = known.definitions.get("SearchParameter", str(one.get("definition", "")))
        if defined and isinstance(one.get("type"), str) and one["type"] != defined.get("type"):
            where = ((((at, "searchParam"), index)), "type")
            report.at("search-type", where, kind=defined.get("type"), parameter=str(defined.get("url")))


def _code_system(report: Report, resource: Json, at: At, _: Known) -> None:
    """`count` is the number of all concepts, where the system is complete."""
    count = resource.get("count")
    if resource.get("content") != "complete" or not isinstance(count, int) or isinstance(count, bool):
        return
    number, waiting = 0, [one for _, one in _dicts(resource.get("concept"))]
    while waiting:
        number += 1
        waiting += [one for _, one in _dicts(waiting.pop().get("concept"))]
    if number != count:
        report.at("code-count", (at, "count"), number=number)


def _structure_definition(report: Report, resource: Json, at: At, known: Known) -> None:
    """A profile is of the type that it is derived from, its constraints are FHIRPath, and a snapshot can be made of it."""
    for view in ("snapshot", "differential"):
        elements = resource[view].get("element") if isinstance(resource.get(view), dict) else None
        for index, element in _dicts(elements):
            here = (((at, view), "element"), index)
            for number, rule in _dicts(element.get("constraint")):
                expression = rule.get("expression")
                if isinstance(expression, str) and expression and not readable(expression):
                    where = (((here, "constraint"), number), "expression")
                    report.at("expression", where, own="ElementDefinition.constraint")
    base, kind = str(resource.get("baseDefinition", "")), resource.get("type")
    above = known.definitions.shape(base)
    if resource.get("derivation") != "constraint" or not above or not isinstance(kind, str):
        return
    if above.path.partition(".")[0] != kind:
        report.at("definition-type", (at, "type"), base=base, kind=above.path)
    elif "differential" in resource:
        try:
            snapshot({key: value for key, value in resource.items() if key != "snapshot"}, known.definitions)
        except NoSnapshot as problem:
            report.at("definition-snapshot", (at, "differential"), why=problem)


_LOOKS: Mapping[str, Callable[[Report, Json, At, Known], None]] = {
    "SearchParameter": _search_parameter,
    "CapabilityStatement": _capability_statement,
    "CodeSystem": _code_system,
    "StructureDefinition": _structure_definition,
}


def _words(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _dicts(value: Any) -> Iterator[tuple[int, Json]]:
    return ((index, one) for index, one in enumerate(value) if isinstance(one, dict)) if isinstance(value, list) else iter(())
