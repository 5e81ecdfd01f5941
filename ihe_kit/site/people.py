"""A resource in a few words: what it is about, so that one row of a list can be told from another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ihe_kit.files import rows
from ihe_kit.render import clip, value

# Where a resource says what it is, in the order in which people want to know.
_NAMES = ("name", "title", "code", "type", "vaccineCode", "medicationCodeableConcept", "description", "url", "identifier")
_FACTS = (
    "birthDate",
    "gender",
    "status",
    "subject",
    "patient",
    "effectiveDateTime",
    "authoredOn",
    "issued",
    "recordedDate",
    "date",
    "period",
    "valueQuantity",
)


def name(resource: Any) -> str:
    """What a resource is called, or "": `Ødegård, Ingrid`, `Blood pressure panel`. Reads anything, also what no resource should say."""
    found = (_text(resource.get(key)) for key in _NAMES) if isinstance(resource, dict) else ()
    return next(filter(None, found), "")


def facts(resource: Any) -> list[str]:
    """A few more facts about a resource: birth date and sex of a patient, date and value of an observation."""
    found = (_text(resource.get(key)) for key in _FACTS) if isinstance(resource, dict) else ()
    return list(filter(None, found))[:4]


def digest(resource: Any) -> str:
    """Name and facts as HTML."""
    quiet = " · ".join(value(clip(fact, 60)) for fact in facts(resource))
    return f'{value(name(resource), 90)} <span class="kit-quiet kit-small">{quiet}</span>'


def numbers(patient: Any) -> Iterator[tuple[str, str]]:
    """(who gave it out, the number) of every identifier of a patient; the systems of the course by their names."""
    known = {f"urn:oid:{row['oid']}": row["namespace"] for row in rows("domains.tsv")}
    for one in _items(patient.get("identifier") if isinstance(patient, dict) else None):
        if isinstance(one, dict):
            system = str(one.get("system", ""))
            yield known.get(system, system.removeprefix("urn:oid:")), str(one.get("value", ""))


def _items(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _text(found: Any) -> str:
    """A value of FHIR as a text: of a name family and given, of a concept its text or its first display, of a quantity value and unit."""
    first = next(iter(_items(found)), None)
    if not isinstance(first, dict):
        return str(first) if isinstance(first, str) else ""
    whole = str(first.get("text") or "")
    family, given = str(first.get("family") or ""), " ".join(map(str, _items(first.get("given"))))
    spelled = ", ".join(filter(None, (family, given)))
    coding = next((one for one in _items(first.get("coding")) if isinstance(one, dict)), {})
    amount = " ".join(str(first[key]) for key in ("value", "unit") if key in first and not isinstance(first[key], (dict, list)))
    span = " to ".join(str(first[key]) for key in ("start", "end") if first.get(key))
    said = (spelled, whole, coding.get("display"), coding.get("code"), first.get("reference"), amount, span)
    return next((str(one) for one in said if one), "")
