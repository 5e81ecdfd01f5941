"""One row per concept: where the same fact stands in HL7 v2, in FHIR and in openEHR, and how its value is written there.

A blank path says that the standard has no place for the concept in the messages of the course: openEHR keeps no demographics in the
record, so a patient's name is not there to be found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.files import rows
from ihe_kit.v2.message import V2Message

Convert = Callable[[str], str]


@dataclass(frozen=True)
class Concept:
    """A fact in three standards. The functions turn the plain value (dates as 1958-06-17, sex as F) into the standard's, and v2's back."""

    name: str
    says: str
    v2: str = ""
    fhir: str = ""
    openehr: str = ""
    to_v2: Convert = str
    from_v2: Convert = str
    to_fhir: Convert = str
    to_openehr: Convert = str

    def path(self, standard: str) -> str:
        """The path in the standard with this key ("v2", "fhir", "openehr"), or ""."""
        return {"v2": self.v2, "fhir": self.fhir, "openehr": self.openehr}[standard]

    def write(self, standard: str, value: str) -> str:
        """The value as the standard writes it."""
        return {"v2": self.to_v2, "fhir": self.to_fhir, "openehr": self.to_openehr}[standard](value)


def _digits(value: str) -> str:
    return value.replace("-", "")


def _dashed(value: str) -> str:
    return re.sub(r"^(\d{4})(\d\d)?(\d\d)?.*", lambda m: "-".join(filter(None, m.groups())), value)


def _urn(oid: str) -> str:
    return f"urn:oid:{oid}" if re.fullmatch(r"[0-2](\.\d+)+", oid) else oid


def _moment(value: str) -> str:
    """`20250303080000+0100` as 2025-03-03T08:00:00+01:00; only the date where the zone is missing, for FHIR wants a time with its zone."""
    found = re.fullmatch(r"(\d{8})(\d\d)(\d\d)(\d\d)?(?:\.\d+)?([+-]\d\d)(\d\d)", value)
    if not found:
        return _dashed(value)
    day, hour, minute, second, zone, quarter = found.groups()
    return f"{_dashed(day)}T{hour}:{minute}:{second or '00'}{zone}:{quarter}"


_GENDERS = {"F": "female", "M": "male", "O": "other", "U": "unknown", "A": "other", "N": "other"}
_CLASSES = {"I": "IMP", "E": "EMER", "O": "AMB"}


CONCEPTS = (
    Concept("identifier", "the number that a hospital gave the patient", "PID-3.1", "Patient.identifier.value", "/subject/external_ref/id/value"),
    Concept("namespace", "who gave the number out, as a short local name", "PID-3.4.1"),
    Concept(
        "oid", "who gave the number out, as an object identifier", "PID-3.4.2", "Patient.identifier.system", "/subject/external_ref/namespace",
        to_fhir=_urn, to_openehr=_urn,
    ),
    Concept("family", "family name", "PID-5.1.1", "Patient.name.family"),
    Concept("given", "given name", "PID-5.2", "Patient.name.given[0]"),
    Concept("birth_date", "date of birth", "PID-7", "Patient.birthDate", to_v2=_digits, from_v2=_dashed),
    Concept("sex", "administrative sex", "PID-8", "Patient.gender", to_fhir=lambda v: _GENDERS.get(v, "")),
    Concept("street", "street and number", "PID-11.1.1", "Patient.address.line[0]"),
    Concept("city", "city", "PID-11.3", "Patient.address.city"),
    Concept("postal_code", "postal code", "PID-11.5", "Patient.address.postalCode"),
    Concept("country", "country, ISO 3166 in three letters", "PID-11.6", "Patient.address.country"),
    Concept("phone", "telephone number", "PID-13.1", "Patient.telecom.value"),
    Concept("visit", "the number of this stay", "PV1-19.1", "Encounter.identifier.value"),
    Concept(
        "class", "kind of stay: inpatient, outpatient, emergency", "PV1-2", "Encounter.class.code",
        to_fhir=lambda v: _CLASSES.get(v, ""),
    ),
    Concept("admitted", "when the stay began", "PV1-44", "Encounter.period.start", from_v2=_moment),
)  # fmt: skip

# What a path needs beside it in its standard: a telephone number of FHIR says that it is one (ContactPoint, constraint cpt-2).
_BESIDE = {"Patient.telecom.value": ("Patient.telecom.system", "phone")}

_BY_NAME = {concept.name: concept for concept in CONCEPTS}


def person(key: str) -> dict[str, str]:
    """The facts about a person of the course, by concept: `person("ingrid")["family"]`. Raises ValueError for an unknown one."""
    found = next((row for row in rows("people.tsv") if row["key"] == key), None)
    if not found:
        raise ValueError(f"nobody in the course is called {key!r}: " + ", ".join(row["key"] for row in rows("people.tsv")))
    domain = next(row for row in rows("domains.tsv") if row["namespace"] == found["namespace"])
    return {name: value for name, value in found.items() if name != "key" and value} | {"oid": domain["oid"]}


def values(facts: Mapping[str, str], standard: str, resource: str = "") -> dict[str, str]:
    """Facts by concept as values by path. What is no concept's name passes as it is; what the standard has no place for is left out.

    `resource` keeps only the paths of one FHIR resource type.
    """
    written: dict[str, str] = {}
    for name, value in facts.items():
        concept = _BY_NAME.get(name)
        path = concept.path(standard) if concept else name
        if concept and path and (not resource or path.startswith(f"{resource}.")):
            written |= (
                {path: text} if (text := concept.write(standard, value)) else {}
            )  # a code that the standard has no word for is left out
        elif not concept:
            written[path] = value
    for path, (other, value) in _BESIDE.items():
        if path in written:
            written.setdefault(other, value)
    return written


def facts(message: V2Message) -> dict[str, str]:
    """The facts that a v2 message holds, by concept: the way back from PID and PV1. Of what is repeated the first repetition speaks, so that
    a number and the one who gave it out stay together.
    """
    first = {concept: next(iter(message.get(concept.v2)), "") for concept in CONCEPTS if concept.v2}
    return {concept.name: concept.from_v2(value) for concept, value in first.items() if value and value != '""'}


def identifiers(message: V2Message) -> list[tuple[str, str]]:
    """(system as FHIR writes it, number) of every repetition of PID-3. A namespace alone is a name that nobody else may know, and says so."""
    parts = zip(*(message.get(f"PID-3.{part}") for part in ("1", "4.1", "4.2")), strict=True)
    return [(_urn(oid) if oid else f"urn:x-namespace:{namespace}", number) for number, namespace, oid in parts if number]


def same(standard: str, path: str) -> list[tuple[str, str, str]]:
    """Where the value at a path stands in the other standards: (standard, path, what it is).

    >>> same("v2", "PID-5.2")
    [('fhir', 'Patient.name.given[0]', 'given name')]
    """
    concept = _placed(standard).get(_plain(path))
    others = [key for key in ("v2", "fhir", "openehr") if key != standard]
    return [(key, concept.path(key), concept.says) for key in others if concept.path(key)] if concept else []


@lru_cache(maxsize=3)
def _placed(standard: str) -> dict[str, Concept]:
    """The concepts of a standard by their paths; of two with one path the first."""
    return {_plain(c.path(standard)): c for c in reversed(CONCEPTS) if c.path(standard)}


def _plain(path: str) -> str:
    """A path without its repetitions, and without the bundle around a patient: `PID-3[2].1` and `PID-3.1` speak of the same concept."""
    return re.sub(r"^Bundle\.entry\.resource\.", "Patient.", re.sub(r"\[\d+\]", "", path))
