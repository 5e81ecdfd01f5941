"""A FHIR message against R4's own definitions and against the profiles that it names or is asked to follow.

The definitions are HL7's (`tables`) and those of the packages that are handed in. `walk` looks at names, cardinalities, types, formats and
invariants, `values` at codes and references, `extensions`, `profiles` and `slicing` at what their names say, `bundles` and `definitional` at what only
some resources have. `data/fhir/findings.tsv` has what can be found, with its severity. Every finding is given, none raises.

Deliberately not told: recommendations of best practice (dom-6, a narrative in every resource). What could not be checked is told as information.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from ihe_kit.fhir.bundles import check_bundle
from ihe_kit.fhir.definitional import check_definitional
from ihe_kit.fhir.extensions import Extensions
from ihe_kit.fhir.identities import Identities
from ihe_kit.fhir.message import FhirMessage, parse
from ihe_kit.fhir.packages import Package, load
from ihe_kit.fhir.profiles import Against
from ihe_kit.fhir.questionnaires import check_answers
from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.resolving import Around
from ihe_kit.fhir.search import RESULT, find_parameter, parameters
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import BASE, Definitions, core
from ihe_kit.fhir.terminology import Terminology
from ihe_kit.fhir.values import Values
from ihe_kit.fhir.walk import Context, Known, Walk, hint
from ihe_kit.files import rows
from ihe_kit.rules import Finding

Profile = str | Path | Json


def conform(
    message: FhirMessage, profile: Profile | Iterable[Profile] | None = None, packages: Iterable[Package | str | Path] = ()
) -> list[Finding]:
    """Every place where the message breaks R4 or a profile; for a search, the parameters that R4 does not have (a server may ignore those).

    `profile`: what the resource is to be held against besides the profiles that it names itself: a canonical URL, a StructureDefinition, the path of
    a file with one, or several of these. `packages`: implementation guides whose definitions are to be known, loaded or by their paths. Raises
    ValueError for a profile or a package that cannot be read, OSError for one that cannot be opened.

    >>> from ihe_kit import fhir
    >>> [f.path for f in conform(fhir.parse('{"resourceType": "Patient", "gender": "robot"}'))]
    ['Patient.gender']
    """
    report = Report(message)
    _check_query(message, report)
    if message.holds_body and message.method != "PATCH":  # a patch is no resource
        known, asked = known_with(profile, packages)
        try:
            _check(message, report, known, asked)
        except RecursionError:
            report.at("too-much", None, why="it is nested too deeply")
    return report.result()


def known_with(
    profile: Profile | Iterable[Profile] | None = None, packages: Iterable[Package | str | Path] = ()
) -> tuple[Known, list[str]]:
    """(what is known with packages and with the profiles that are handed in, the canonical URLs of these profiles). Raises as `conform` does."""
    wanted = [profile] if isinstance(profile, (str, Path, dict)) else profile or ()
    asked = [_called(_read(one), number) for number, one in enumerate(wanted, 1)]
    known = _known(tuple(one if isinstance(one, Package) else _loaded(str(one), _changed(Path(one))) for one in packages))
    given = {one["url"].partition("|")[0]: one for one in asked if isinstance(one, dict)}
    if given:
        definitions = Definitions([{"StructureDefinition": given}], known.definitions)
        known = Known(definitions, Terminology(definitions))
    return known, [one if isinstance(one, str) else one["url"] for one in asked]


def _read(profile: Profile) -> str | Json:
    """A canonical URL as it is; a StructureDefinition from its file."""
    if isinstance(profile, dict) or (isinstance(profile, str) and re.match(r"(https?://|urn:)", profile)):
        return profile
    found = parse(Path(profile).read_bytes()).values
    if not isinstance(found, dict) or found.get("resourceType") != "StructureDefinition":
        raise ValueError(f"{profile} is no profile of FHIR: expected a StructureDefinition, or the canonical URL of one")
    return found


def _called(profile: str | Json, number: int) -> str | Json:
    """A profile that can be named in a finding: one that has no canonical URL is known by its place among those that were handed in."""
    if isinstance(profile, str) or (isinstance(profile.get("url"), str) and profile["url"]):
        return profile
    return {**profile, "url": f"StructureDefinition {number}, which has no url"}


def _changed(path: Path) -> int:
    """When a package was last changed; a folder does not tell that a file in it was. Raises OSError where there is none."""
    inside = [*path.glob("*.json"), *path.glob("package/*.json")] if path.is_dir() else []
    return max(one.stat().st_mtime_ns for one in (path, *inside) if one is path or one.is_file())


@lru_cache(maxsize=8)
def _loaded(path: str, _stamp: int) -> Package:
    """A package from disk, read again only when its file has changed."""
    return load(path)


def _check(message: FhirMessage, report: Report, known: Known, asked: Iterable[str]) -> None:
    walk, against = Walk(report, known), Against(report, known)
    walk.visitors = [Values(report, known).visit, Identities(report).visit, Extensions(report, known, against).visit, against.visit]
    walk.resource(message.values, None, Around())
    for context in walk.resources:
        if context.kind == "Bundle":
            check_bundle(report, context)
        elif context.kind == "QuestionnaireResponse":
            check_answers(report, context)
        check_definitional(report, context, known)
        for canonical, at in _named(context):
            against.resource(canonical, context, at)
    for canonical in asked if walk.resources else ():
        against.resource(canonical, walk.resources[0])


def _named(context: Context) -> Iterator[tuple[str, At]]:
    """The profiles that a resource says it follows, or has to by its code, each with its place."""
    meta = context.resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for index, one in enumerate(profiles if isinstance(profiles, list) else ()):
        if isinstance(one, str):
            yield one, (((context.at, "meta"), "profile"), index)
    if context.kind == "Observation":
        code = context.resource.get("code")
        listed = code.get("coding") if isinstance(code, dict) else None
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("system") == "http://loinc.org" and str(one.get("code")) in vital_signs():
                yield BASE + vital_signs()[str(one["code"])], context.at


@lru_cache(maxsize=1)
def vital_signs() -> dict[str, str]:
    """LOINC code -> the profile of R4 that every Observation with it has to follow."""
    return {row["code"]: row["profile"] for row in rows("fhir/vital-signs.tsv")}


def _check_query(message: FhirMessage, report: Report) -> None:
    kind = message.target.removesuffix("/_search")
    for element in message.head if message.query else ():
        name = element.path.removeprefix("request.url.")
        known = [parameter.name for parameter in parameters(kind)]
        if name != element.path and known and not find_parameter(kind, name) and name not in RESULT:
            report.on("search-parameter", element, name=name, kind=kind, hint=hint(name, known))


@lru_cache(maxsize=8)
def _known(packages: tuple[Package, ...]) -> Known:
    definitions = Definitions([package.resources for package in packages], core()) if packages else core()
    return Known(definitions, Terminology(definitions))
