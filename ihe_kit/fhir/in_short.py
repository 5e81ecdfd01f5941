"""A resource in a line, for a list of hits: of a person the name and the birth date, of anything else its code, value and date."""

from __future__ import annotations

from ihe_kit.fhir.shapes import Json

_FIRST = ("name", "title", "birthDate", "code", "type", "class")
_THEN = ("status", "period", "date", "authoredOn", "recordedDate", "gender", "description")


def about(resource: Json) -> str:
    """What a resource is, in a line: of a person name and birth date, of anything else its code, value and date.

    >>> about({"resourceType": "Patient", "name": [{"family": "Lind", "given": ["Sofie"]}], "birthDate": "2025-03-03"})
    'Lind, Sofie, 2025-03-03'
    """
    values = [key for key in resource if key.startswith(("value", "effective"))]
    told = [_text(resource.get(key)) for key in (*_FIRST, *values, *_THEN)]
    return ", ".join(filter(None, told))


def _text(value: object) -> str:
    """A value of any type in short: a name, a coding, a quantity, a period, or what it is."""
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    if not isinstance(value, dict):
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:120]
    if "family" in value or "given" in value:
        given = value.get("given")
        return ", ".join(filter(None, (_text(value.get("family")), " ".join(map(_text, given)) if isinstance(given, list) else "")))
    if "start" in value or "end" in value:
        return f"{_text(value.get('start'))} to {_text(value.get('end')) or 'now'}".strip()
    if "value" in value:
        return f"{_text(value['value'])} {_text(value.get('unit') or value.get('code'))}".strip()
    return _text(value.get("text") or value.get("display") or value.get("coding") or value.get("code") or value.get("reference"))
