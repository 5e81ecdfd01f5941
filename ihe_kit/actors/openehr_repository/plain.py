"""Answers that hold no object of the Reference Model: errors in openEHR's words, lists, texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ihe_kit.actors import Refused
from ihe_kit.core import Message
from ihe_kit.openehr.build import Written

JSON, XML = "application/json", "application/xml"
Headers = Sequence[tuple[str, str]]


def text(status: int, body: str, media: str = JSON, headers: Headers = ()) -> Message:
    """An answer with a body of any kind, or with none."""
    return Written(status, body, [*([("content-type", media)] if body else []), *headers])


def data(status: int, value: Any, headers: Headers = ()) -> Message:
    """An answer of JSON that is no object of the Reference Model: a list of templates, an identifier."""
    return text(status, json.dumps(value, indent=1, ensure_ascii=False), JSON, headers)


def error(status: int, says: str, errors: Iterable[Any] = (), headers: Headers = ()) -> Message:
    """openEHR's error body (ITS-REST 1.0.3, Overview, HTTP status codes)."""
    return data(status, {"message": says, "code": status, "errors": list(errors)}, headers)


def refused(status: int, says: str, errors: Iterable[Any] = (), headers: Headers = ()) -> Refused:
    """The same, to be raised: it takes back whatever the request has done so far."""
    return Refused(error(status, says, errors, headers))
