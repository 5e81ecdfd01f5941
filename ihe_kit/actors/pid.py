"""What a PID segment says of a person, as a FHIR Patient: what is said replaces, what is not said stays, what is NULL goes.

The unit is the field: an address that was sent replaces the whole address (HL7 v2.5 section 2.10, ITI TF-2 Appendix C.2.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ihe_kit import crosswalk
from ihe_kit.rules import NULL
from ihe_kit.v2 import V2Message

Identifier = tuple[str, str]  # (system as FHIR writes it, number)

TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
# HL7 table 0200 as far as FHIR has a use of the same meaning.
_USES = {"L": "official", "D": "usual", "M": "maiden", "N": "nickname", "A": "nickname", "S": "anonymous"}
_CONCEPTS = {concept.name: concept for concept in crosswalk.CONCEPTS}


def patient(message: V2Message, known: Mapping[str, Any], pid: str = "PID[1]") -> dict[str, Any]:
    """The Patient resource after a message, given what was known before ({} for a stranger). `pid` is the segment that speaks."""
    kept = dict(known)
    for field, member, read in FIELDS:
        said = message.get(f"{pid}-{field}")
        if said == [NULL]:
            for name in member.split():
                kept.pop(name, None)
        elif any(said) and (told := read(message, pid)):
            for name in member.split():
                kept.pop(name, None)
            kept |= told
    numbers = numbered(message, pid)
    given = {(one["system"], one["value"]) for one in numbers}
    numbers += [one for one in known.get("identifier", ()) if (one.get("system"), one.get("value")) not in given]
    return {"resourceType": "Patient", "active": True} | kept | {"identifier": numbers}


def identifiers(message: V2Message, field: str) -> list[Identifier]:
    """(system, number) of every repetition of a field of CX, such as `PID[1]-3`. A namespace alone is a name that nobody else may know."""
    return [(one["system"], one["value"]) for one in _cx(message, field)]


def temporary(known: Mapping[str, Any]) -> bool:
    """Whether nobody knows yet who this is: the number is a temporary one (PID-31)."""
    return any(one.get("use") == "temp" for one in known.get("identifier", ()))


def numbered(message: V2Message, pid: str) -> list[dict[str, Any]]:
    """The numbers of a PID as a resource has them; that of somebody whose identity is unknown is a temporary one (PID-31)."""
    unknown = {"use": "temp"} if _first(message, f"{pid}-31") == "Y" else {}
    return [unknown | one for one in _cx(message, f"{pid}-3")]


def _parts(message: V2Message, field: str, *parts: str) -> Iterator[tuple[str, ...]]:
    """These parts of every repetition of a field; one that is NULL says that there is none."""
    return zip(*(["" if value == NULL else value for value in message.get(f"{field}.{part}")] for part in parts), strict=True)


def _cx(message: V2Message, field: str) -> Iterator[dict[str, Any]]:
    for number, namespace, oid, kind in _parts(message, field, "1", "4.1", "4.2", "5"):
        if number:
            system = crosswalk.CONCEPTS[2].to_fhir(oid) if oid else f"urn:x-namespace:{namespace}" if namespace else ""
            yield ({"type": {"coding": [{"system": TYPES, "code": kind}]}} if kind else {}) | {"system": system, "value": number}


def _names(message: V2Message, pid: str) -> dict[str, Any]:
    names = []
    for family, given, more, prefix, kind in _parts(message, f"{pid}-5", "1.1", "2", "3", "5", "7"):
        said = {
            "use": _USES.get(kind, ""),
            "family": family,
            "given": [g for g in (given, more) if g],
            "prefix": [prefix] if prefix else [],
        }
        names.append({name: value for name, value in said.items() if value})
    return {"name": [name for name in names if len(name) > ("use" in name)]}


def _addresses(message: V2Message, pid: str) -> dict[str, Any]:
    addresses = []
    for street, more, *rest in _parts(message, f"{pid}-11", "1.1", "2", "3", "4", "5", "6"):
        said = {
            "line": [line for line in (street, more) if line],
            **dict(zip(("city", "state", "postalCode", "country"), rest, strict=True)),
        }
        addresses.append({name: value for name, value in said.items() if value})
    return {"address": [address for address in addresses if address]}


def _phones(message: V2Message, pid: str) -> dict[str, Any]:
    said = _parts(message, f"{pid}-13", "1", "4")
    points = [("phone", number) if number else ("email", address) for number, address in said if number or address]
    return {"telecom": [{"system": system, "value": value} for system, value in points]}


def _concept(name: str, member: str, field: str) -> Callable[[V2Message, str], dict[str, Any]]:
    """A field whose value a row of the crosswalk knows how to write."""
    concept = _CONCEPTS[name]

    def read(message: V2Message, pid: str) -> dict[str, Any]:
        value = concept.write("fhir", concept.from_v2(_first(message, f"{pid}-{field}")))
        return {member: value} if value else {}

    return read


def _flag(member: str, field: str) -> Callable[[V2Message, str], dict[str, Any]]:
    return lambda message, pid: {member: _first(message, f"{pid}-{field}") == "Y"}


def _birth_order(message: V2Message, pid: str) -> dict[str, Any]:
    order = _first(message, f"{pid}-25")
    return {"multipleBirthInteger": int(order)} if order.isdecimal() else {}


def _first(message: V2Message, path: str) -> str:
    return next(iter(message.get(path)), "")


# (the field of PID, the members of Patient that it speaks of, how it is read). A later row may tell more exactly what an earlier one told.
FIELDS: tuple[tuple[str, str, Callable[[V2Message, str], dict[str, Any]]], ...] = (
    ("5", "name", _names),
    ("7", "birthDate", _concept("birth_date", "birthDate", "7")),
    ("8", "gender", _concept("sex", "gender", "8")),
    ("11", "address", _addresses),
    ("13", "telecom", _phones),
    ("24", "multipleBirthBoolean multipleBirthInteger", _flag("multipleBirthBoolean", "24")),
    ("25", "multipleBirthBoolean multipleBirthInteger", _birth_order),
    ("30", "deceasedBoolean deceasedDateTime", _flag("deceasedBoolean", "30")),
    ("29", "deceasedBoolean deceasedDateTime", _concept("admitted", "deceasedDateTime", "29")),
)
