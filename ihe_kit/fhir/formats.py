"""How FHIR R4 writes its primitive types in JSON (section 2.24.0.1). One row per type: the kind of the JSON value, a pattern, an example."""

from __future__ import annotations

import re
from datetime import date

from ihe_kit.json_text import Node

_DAY = r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
_WHOLE_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
# no control characters but tab and line ends, and not only white space
_TEXT = ("string", r"(?=\s*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f]*", "some text")
_OID = r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"
_UUID = r"urn:uuid:(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_URI = ("string", rf"(?!urn:oid:)(?!urn:uuid:)\S+|({_OID}|{_UUID})(#\S*)?", "urn:oid:2.999.1.1")

FORMATS: dict[str, tuple[str, str, str]] = {
    "base64Binary": ("string", r"[0-9a-zA-Z+/=\s]+", "SGVpIQ=="),
    "boolean": ("boolean", r"true|false", "true"),
    "canonical": _URI,
    "code": ("string", r"[^ \t\n\r]+([ \t\n\r][^ \t\n\r]+)*", "female"),
    "date": ("string", _DAY, "1958-06-17"),
    "dateTime": ("string", rf"{_DAY}|{_WHOLE_DAY}T{_TIME}{_ZONE}", "2025-03-03T08:00:00+01:00"),
    "decimal": ("number", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", "7.50"),
    "id": ("string", r"[A-Za-z0-9\-.]{1,64}", "ingrid-1"),
    "instant": ("string", rf"{_WHOLE_DAY}T{_TIME}{_ZONE}", "2025-03-03T08:00:00.000+01:00"),
    "integer": ("number", r"-?(0|[1-9][0-9]{0,9})", "42"),
    "markdown": _TEXT,
    "oid": ("string", _OID, "urn:oid:2.999.1.1"),
    "positiveInt": ("number", r"[1-9][0-9]{0,9}", "1"),
    "string": _TEXT,
    "time": ("string", _TIME, "08:00:00"),
    "unsignedInt": ("number", r"0|[1-9][0-9]{0,9}", "0"),
    "uri": _URI,
    "url": _URI,
    "uuid": ("string", _UUID, "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
    "xhtml": ("string", r"(?s)\s*<div[\s>/].*", '<div xmlns="http://www.w3.org/1999/xhtml">...</div>'),
}


_PATTERNS = {kind: re.compile(pattern) for kind, (_, pattern, _) in FORMATS.items()}


def is_written(kind: str, node: Node) -> bool:
    """Whether a value is written as its type demands, and a day exists: 2025-02-30 does not."""
    return writes(kind, node.value)


def writes(kind: str, text: str) -> bool:
    """Whether a text is written as a primitive type demands.

    >>> writes("date", "2024-02-29"), writes("date", "2025-02-29")
    (True, False)
    """
    if not _PATTERNS[kind].fullmatch(text):
        return False
    if kind == "base64Binary":
        whole = "".join(text.split())
        return len(whole) % 4 == 0 and "=" not in whole.rstrip("=") and len(whole) - len(whole.rstrip("=")) < 3
    if kind in ("integer", "positiveInt", "unsignedInt"):
        return -(2**31) <= int(text) < 2**31
    return kind not in ("date", "dateTime", "instant") or _exists(text)


def _exists(value: str) -> bool:
    try:
        date(*(int(part) for part in (value.partition("T")[0] + "-01-01")[:10].split("-")))
    except ValueError:
        return False
    return True
