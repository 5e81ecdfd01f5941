"""Codes: whether a value set holds one, and what a code system calls it. Only from lists that are at hand; where they are not, the answer is None.

A value set is composed of whole systems, of listed codes, of filters on a hierarchy and of other value sets (FHIR R4 ValueSet.compose). Systems
that nobody lists but that have a grammar (media types, languages) are asked by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import Definitions
from ihe_kit.units import UCUM, NoUnit, UnknownUnit, unit

_GRAMMARS = {
    # FHIR abbreviates its own formats (R4 section 3.1.0.1.11)
    "urn:ietf:bcp:13": re.compile(r"xml|json|ttl|[A-Za-z0-9][\w.+!#$&^-]*/[A-Za-z0-9*][\w.+!#$&^-]*\s*(;.*)?", re.ASCII),
    "urn:ietf:bcp:47": re.compile(
        r"(?i:[a-z]{2,8}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-\w{4,8})*(-\w(-\w{2,8})+)*|x(-\w{1,8})+)", re.ASCII
    ),
}
# Systems that nobody can list here, but whose codes have a form: what has it not is none of theirs.
_FORMS = {
    "urn:iso:std:iso:4217": re.compile(r"[A-Z]{3}"),
    "urn:iso:std:iso:3166": re.compile(r"[A-Z]{2,3}|\d{3}", re.ASCII),
    "http://loinc.org": re.compile(r"(LP|LA|LL|LG)?\d+(-\d)?|MTHU\d+", re.ASCII),
    "http://snomed.info/sct": re.compile(r"\d{6,18}|[^|]*\|.*|.*[:+=].*", re.ASCII),
}
_DEEP = 20  # value sets inside value sets


def is_language(text: str) -> bool:
    """Whether a text is written as the tag of a language is (BCP 47).

    >>> is_language("de-AT"), is_language("de_AT")
    (True, False)
    """
    return bool(_GRAMMARS["urn:ietf:bcp:47"].fullmatch(text))


@dataclass(eq=False)
class CodeSystem:
    """The codes of a system: their displays and, for a hierarchy, the codes right above each."""

    url: str
    complete: bool
    cased: bool
    displays: dict[str, str] = field(default_factory=dict)
    above: dict[str, set[str]] = field(default_factory=dict)

    def find(self, code: str) -> str | None:
        """The code as the system writes it, or None."""
        if code in self.displays or self.cased:
            return code if code in self.displays else None
        return next((known for known in self.displays if known.lower() == code.lower()), None)

    def under(self, code: str, top: str) -> bool:
        """Whether a code is below another one, at whatever distance."""
        seen: set[str] = set()
        waiting = [code]
        while waiting:
            for parent in self.above.get(waiting.pop(), set()) - seen:
                if parent == top:
                    return True
                seen.add(parent)
                waiting.append(parent)
        return False


class Terminology:
    """The value sets and code systems of some definitions."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self._systems: dict[str, CodeSystem | None] = {}
        self._quick: dict[tuple[str, str | None, str], bool | None] = {}
        self._lists: dict[str, tuple[tuple[str, str, str], ...]] = {}

    def system(self, url: str) -> CodeSystem | None:
        """A code system whose codes are at hand, or None."""
        if url not in self._systems:
            found = self.definitions.get("CodeSystem", url)
            self._systems[url] = _read(found) if found else None
        return self._systems[url]

    def holds(self, value_set: str, system: str | None, code: str) -> bool | None:
        """Whether a value set holds a code of a system (None: a bare code, of whichever system). None: it cannot be told here.

        >>> from ihe_kit.fhir.tables import core
        >>> Terminology(core()).holds("http://hl7.org/fhir/ValueSet/administrative-gender", None, "female")
        True
        """
        key = value_set, system, code
        if key not in self._quick:
            if len(self._quick) > 50_000:
                self._quick.clear()
            self._quick[key] = self._holds(value_set, system, code, _DEEP)
        return self._quick[key]

    def _holds(self, value_set: str, system: str | None, code: str, deep: int) -> bool | None:
        found = self.definitions.get("ValueSet", value_set) if deep else None
        compose = found.get("compose") if found else None
        if not isinstance(compose, dict):
            return _in_expansion(found, system, code)
        included = _any(self._includes(one, system, code, deep) for one in _dicts(compose.get("include")))
        if included is False:
            return False
        excluded = _any(self._includes(one, system, code, deep) for one in _dicts(compose.get("exclude")))
        return False if excluded else None if excluded is None else included

    def _includes(self, include: Json, system: str | None, code: str, deep: int) -> bool | None:
        url = include.get("system")
        answers = [self._holds(str(one), system, code, deep - 1) for one in _list(include.get("valueSet"))]
        if isinstance(url, str):
            answers.append(self._of_system(include, url, code) if system in (None, url) else False)
        return False if False in answers else None if None in answers or not answers else True

    def _of_system(self, include: Json, url: str, code: str) -> bool | None:
        if "concept" in include:
            listed = {one.get("code") for one in _dicts(include["concept"])}
            known = self.system(url)
            return code in listed or bool(known and not known.cased and code.lower() in {str(one).lower() for one in listed})
        if url in _GRAMMARS and not include.get("filter"):
            return bool(_GRAMMARS[url].fullmatch(code))
        if url == UCUM and not include.get("filter"):
            return _is_unit(code)
        known = self.system(url)
        if known is None:
            return False if url in _FORMS and not _FORMS[url].fullmatch(code) else None
        written = known.find(code)
        if written is None:
            return False if known.complete else None
        return _all(_passes(known, one, written) for one in _dicts(include.get("filter")))

    def display(self, system: str, code: str) -> str | None:
        """What a code system calls a code, or None where that is not at hand."""
        known = self.system(system)
        written = known.find(code) if known else None
        return (known.displays[written] or None) if known and written is not None else None

    def codes(self, value_set: str, most: int = 500) -> tuple[tuple[str, str, str], ...]:
        """(system, code, display) of every code of a value set, in its order; () where it cannot be listed, or has more than `most`."""
        if value_set not in self._lists:
            found = self._list(value_set, _DEEP)
            self._lists[value_set] = tuple(dict.fromkeys(found)) if found is not None else ()
        listed = self._lists[value_set]
        return listed if len(listed) <= most else ()

    def _list(self, value_set: str, deep: int) -> list[tuple[str, str, str]] | None:
        found = self.definitions.get("ValueSet", value_set) if deep else None
        compose = found.get("compose") if found else None
        if not isinstance(compose, dict):
            return None
        listed: list[tuple[str, str, str]] = []
        for include in _dicts(compose.get("include")):
            rows = self._rows(include, deep)
            if rows is None:
                return None
            listed += rows
        if compose.get("exclude"):
            listed = [row for row in listed if self.holds(value_set, row[0], row[1])]
        return listed

    def _rows(self, include: Json, deep: int) -> list[tuple[str, str, str]] | None:
        url = include.get("system")
        if not isinstance(url, str):
            inner = [self._list(str(one), deep - 1) for one in _list(include.get("valueSet"))]
            return inner[0] if len(inner) == 1 else None
        known = self.system(url)
        if "concept" in include:
            names = known.displays if known else {}
            listed = [one for one in _dicts(include["concept"]) if isinstance(one.get("code"), str)]
            return [(url, one["code"], str(one.get("display") or names.get(one["code"], ""))) for one in listed]
        if known is None or not known.complete:
            return None
        return [(url, code, display) for code, display in known.displays.items() if self._of_system(include, url, code)]


def _read(resource: Json) -> CodeSystem:
    system = CodeSystem(
        str(resource.get("url")), resource.get("content", "complete") == "complete", resource.get("caseSensitive") is not False
    )
    waiting: list[tuple[Any, str]] = [(one, "") for one in reversed(_list(resource.get("concept")))]
    while waiting:
        concept, parent = waiting.pop()
        if not isinstance(concept, dict) or not isinstance(concept.get("code"), str):
            continue
        code = concept["code"]
        system.displays.setdefault(code, str(concept.get("display", "")))
        above = {parent} if parent else set()
        above |= {str(one.get("valueCode")) for one in _dicts(concept.get("property")) if one.get("code") in ("parent", "subsumedBy")}
        if above:
            system.above.setdefault(code, set()).update(above)
        waiting += [(one, code) for one in reversed(_list(concept.get("concept")))]
    return system


def _passes(system: CodeSystem, rule: Json, code: str) -> bool | None:
    """Whether a code passes a filter of a value set; None for filters on properties that are not at hand."""
    named, op, value = (str(rule.get(key, "")) for key in ("property", "op", "value"))
    if named in ("concept", "code"):
        below = system.under(code, value)
        known = {"is-a": below or code == value, "descendent-of": below, "is-not-a": not (below or code == value), "=": code == value}
        if op in known:
            return known[op]
        if op in ("in", "not-in"):
            return (code in [one.strip() for one in value.split(",")]) is (op == "in")
    return None


def _in_expansion(value_set: Json | None, system: str | None, code: str) -> bool | None:
    expansion = value_set.get("expansion") if value_set else None
    waiting = _list(expansion.get("contains")) if isinstance(expansion, dict) else []
    if not waiting:
        return None
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.get("code") == code and system in (None, one.get("system")):
                return True
            waiting = waiting + _list(one.get("contains"))
    return False


def _is_unit(code: str) -> bool | None:
    try:
        return bool(unit(code))
    except NoUnit:
        return False
    except UnknownUnit:
        return None


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return True if True in found else None if None in found else False


def _all(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return False if False in found else None if None in found else True


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> Iterator[Json]:
    return (one for one in _list(value) if isinstance(one, dict))
