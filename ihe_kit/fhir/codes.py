"""What a terminology service is asked: expand a value set, look a code up, validate it, subsume, translate (FHIR R4 section 4.7).

It answers from the definitions that are at hand: R4's own, those of packages, and resources that are handed in. What cannot be told from them,
because a code system is not here, raises NotAtHand: silence would be taken for a no.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ihe_kit.core import nearest
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import Definitions, core
from ihe_kit.fhir.terminology import CodeSystem, Terminology
from ihe_kit.units import UCUM, NoUnit, UnknownUnit, unit

MOST = 5_000  # codes of an expansion
_NONE = ("unmatched", "disjoint")  # equivalences that say: no translation
_TURNED = {"wider": "narrower", "narrower": "wider", "subsumes": "specializes", "specializes": "subsumes"}
_DEEP = 5  # maps that hand on to other maps


class NotAtHand(LookupError):
    """What it would take to answer is not here. The text says what."""


class UnknownCode(LookupError):
    """A code system is here, and has no such code."""


@dataclass(frozen=True)
class Concept:
    """A code and the system that gives it its meaning; `display` is for people and decides nothing."""

    system: str
    code: str
    display: str = ""
    above: tuple[str, ...] = field(default=(), compare=False, repr=False)
    below: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.system}|{self.code}" + (f" {self.display}" if self.display else "")


@dataclass(frozen=True)
class Match:
    """One translation. `equivalence` tells how the target relates to the source: `wider` is a target that says less than the source did."""

    equivalence: str
    concept: Concept | None = None
    comment: str = ""
    source: str = ""

    @property
    def is_one(self) -> bool:
        """Whether it leads anywhere: `unmatched` and `disjoint` say that nothing fits."""
        return self.equivalence not in _NONE


@dataclass(frozen=True)
class Validity:
    """Whether a code is valid, why not or with what reservation, and what the system calls it."""

    valid: bool
    says: str = ""
    display: str = ""


class Codes:
    """A terminology service over some definitions.

    >>> Codes().lookup("http://hl7.org/fhir/administrative-gender", "female").display
    'Female'
    """

    def __init__(self, definitions: Definitions | None = None, resources: Iterable[Json] = ()) -> None:
        given: dict[str, dict[str, bytes | Json]] = {}
        for one in resources:
            given.setdefault(str(one.get("resourceType")), {})[str(one.get("url"))] = one
        self.definitions = Definitions([given], definitions or core()) if given else definitions or core()
        self.terminology = Terminology(self.definitions)

    # Code systems (R4 section 4.8)

    def lookup(self, system: str, code: str) -> Concept:
        """What a code system says of a code: its display, the codes right above and below it (R4 section 4.8.21.1).

        Raises NotAtHand without the system, UnknownCode where it has no such code.
        """
        if system == UCUM:
            return _of_ucum(code)
        known = self._system(system)
        found = known.find(code)
        if found is None and not known.complete:
            raise NotAtHand(f"only a part of the code system {system} is here, and {code} is not in it")
        if found is None:
            raise UnknownCode(f"the code system {system} has no code {code}{nearest(code, known.displays)}")
        below = tuple(one for one, parents in known.above.items() if found in parents)
        return Concept(system, found, known.displays[found], tuple(sorted(known.above.get(found, ()))), below)

    def subsumes(self, system: str, one: str, other: str) -> str:
        """How two codes stand to each other: `equivalent`, `subsumes`, `subsumed-by` or `not-subsumed` (R4 section 4.8.21.3).

        Raises as `lookup` does, and NotAtHand where the hierarchy means something else than *is a*.

        >>> Codes().subsumes("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "A", "HH")
        'subsumes'
        """
        first, second = self.lookup(system, one).code, self.lookup(system, other).code
        known = self._system(system)
        meaning = (self.definitions.get("CodeSystem", system) or {}).get("hierarchyMeaning", "is-a")
        if first == second:
            return "equivalent"
        if meaning != "is-a":
            raise NotAtHand(f"the hierarchy of {system} means {meaning}, so a code above is not one that subsumes")
        return "subsumes" if known.under(second, first) else "subsumed-by" if known.under(first, second) else "not-subsumed"

    def family(self, system: str, code: str, way: str) -> tuple[Concept, ...]:
        """A code with every code `below` or `above` it in its system's hierarchy. Raises as `lookup` does."""
        known, top = self._system(system), self.lookup(system, code).code
        near = (one for one in known.displays if (known.under(one, top) if way == "below" else known.under(top, one)))
        return tuple(Concept(system, one, known.displays[one]) for one in (top, *near))

    def _system(self, url: str) -> CodeSystem:
        known = self.terminology.system(url)
        if known is None or (not known.displays and not known.complete):
            raise NotAtHand(f"the code system {url} is not here, so nothing can be told of its codes")
        return known

    # Value sets (R4 section 4.9)

    def expand(self, value_set: str, text: str = "") -> tuple[Concept, ...]:
        """Every code of a value set, in its order (R4 section 4.9.15.1); with a text those alone whose code or display has it.

        Raises NotAtHand where the value set, or a system in it, cannot be listed here.
        """
        found = self._value_set(value_set)
        listed = self.terminology.codes(value_set, MOST)
        if not listed:
            many = len(self.terminology.codes(value_set, 10**9))
            missing = f"it has {many:,} codes, more than the {MOST:,} that are given at once" if many else self._missing(found)
            if missing:
                raise NotAtHand(f"{value_set} cannot be listed here: {missing}")
        every = (Concept(*row) for row in listed)
        return tuple(one for one in every if text.lower() in f"{one.code} {one.display}".lower())

    def _value_set(self, url: str) -> Json:
        found = self.definitions.get("ValueSet", url)
        if found is None:
            raise NotAtHand(f"the value set {url} is not here")
        return found

    def _missing(self, value_set: Json, deep: int = 20) -> str:
        """Why a value set cannot be listed, or "" where it simply is empty, or has too many codes."""
        compose = value_set.get("compose")
        if not isinstance(compose, dict):
            return "it has no definition"
        for include in _dicts(compose.get("include")):
            url = include.get("system")
            if url == UCUM and "concept" not in include:
                return "units of UCUM are combined freely, so no list of them has an end"
            if isinstance(url, str) and "concept" not in include:
                known = self.terminology.system(url)
                if known is None or not known.complete:
                    return f"the codes of {url} are not here"
            for inner in _list(include.get("valueSet")):
                other = self.definitions.get("ValueSet", str(inner))
                if other is None or not deep:
                    return f"the value set {inner} is not here"
                if missing := self._missing(other, deep - 1):
                    return missing
        return ""

    def validate(self, code: str, system: str = "", value_set: str = "", display: str = "") -> Validity:
        """Whether a code is one of a value set, or without one, of its code system (R4 sections 4.9.15.2 and 4.8.21.2). The display is held
        against the system's, too. Raises NotAtHand where it cannot be told.
        """
        if not value_set:
            return self._in_system(code, system, display)
        self._value_set(value_set)
        held = self.terminology.holds(value_set, system or None, code)
        if held is None:
            raise NotAtHand(f"whether {value_set} has the code {code} cannot be told: the codes of {system or 'its systems'} are not here")
        if not held:
            return Validity(False, f"{value_set} has no code {code}" + (f" of {system}" if system else ""))
        if not system:
            system = next((row[0] for row in self.terminology.codes(value_set, MOST) if row[1] == code), "")
        return _shown(self.terminology.display(system, code) or "", code, display)

    def _in_system(self, code: str, system: str, display: str) -> Validity:
        try:
            found = self.lookup(system, code)
        except UnknownCode as problem:
            return Validity(False, str(problem))
        return _shown(found.display, code, display)

    # Concept maps (R4 section 4.10)

    def translate(self, concept_map: str, system: str, code: str, target: str = "", reverse: bool = False) -> tuple[Match, ...]:
        """What a concept map makes of a code (R4 section 4.10.15.1); () where it says nothing of it. Never a guess: the caller keeps the original.

        `target` is the one code system that is wanted. `reverse` asks which codes lead to this one, and turns what each says about width.
        Raises NotAtHand where the map, or one that it hands on to, is not here.
        """
        return tuple(self._translated(concept_map, system, code, target, reverse, _DEEP))

    def _translated(self, url: str, system: str, code: str, target: str, reverse: bool, deep: int) -> Iterator[Match]:
        found = self.definitions.get("ConceptMap", url) if deep else None
        if found is None:
            raise NotAtHand(f"the concept map {url} is not here")
        for group in _dicts(found.get("group")):
            there, here = group.get("target", ""), group.get("source", "")
            if system != (there if reverse else here) or target not in ("", here if reverse else there):
                continue
            if reverse:
                yield from _led_here(group, code, url)
                continue
            elements = [one for one in _dicts(group.get("element")) if one.get("code") == code]
            for element in elements:
                matches = [_match(one, there, url) for one in _dicts(element.get("target"))]
                yield from matches or [Match("unmatched", source=url)]
            if not elements and isinstance(group.get("unmapped"), dict):
                yield from self._unmapped(group["unmapped"], system, code, there, url, deep)

    def _unmapped(self, rule: Json, system: str, code: str, target: str, url: str, deep: int) -> Iterator[Match]:
        """What a map does with a code that it does not list (R4 ConceptMap.group.unmapped)."""
        mode, says = rule.get("mode"), "The map does not list this code; it has one rule for all of those."
        if mode == "other-map":
            yield from self._translated(str(rule.get("url")), system, code, target, False, deep - 1)
        elif mode == "provided":
            yield Match("relatedto", Concept(target, code), says, url)
        elif mode == "fixed":
            yield Match("relatedto", Concept(target, str(rule.get("code")), str(rule.get("display", ""))), says, url)


def _led_here(group: Json, code: str, url: str) -> Iterator[Match]:
    """The elements of a group that lead to a code."""
    for element in _dicts(group.get("element")):
        for one in _dicts(element.get("target")):
            if one.get("code") == code:
                match = _match(one, str(group.get("target", "")), url)
                origin = Concept(str(group.get("source", "")), str(element.get("code")), str(element.get("display", "")))
                yield replace(match, equivalence=_TURNED.get(match.equivalence, match.equivalence), concept=origin)


def _match(target: Json, system: str, url: str) -> Match:
    code = target.get("code")
    concept = Concept(system, code, str(target.get("display", ""))) if isinstance(code, str) else None
    return Match(str(target.get("equivalence", "relatedto")), concept, str(target.get("comment", "")), url)


def _shown(right: str, code: str, display: str) -> Validity:
    if display and right and " ".join(display.split()).casefold() != " ".join(right.split()).casefold():
        return Validity(False, f"the display {display!r} is not what the system calls {code}: that is {right!r}", right)
    return Validity(True, "", right)


def _of_ucum(code: str) -> Concept:
    try:
        return Concept(UCUM, code, unit(code).words)
    except NoUnit as problem:
        raise UnknownCode(str(problem)) from None
    except UnknownUnit as problem:
        raise NotAtHand(str(problem)) from None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> Iterator[Json]:
    return (one for one in _list(value) if isinstance(one, dict))
