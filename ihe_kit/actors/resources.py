"""How actors keep FHIR resources in the one store: with id and version written in, and found by the search parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from json import JSONDecoder
from typing import Any

from ihe_kit.fhir import FhirMessage
from ihe_kit.fhir.index import index
from ihe_kit.json_text import written
from ihe_kit.store import Document, Store

Clock = Callable[[], datetime]
_NAME, _COLON = re.compile(r'[\s,]*"'), re.compile(r"\s*:\s*")
_FIRST = re.compile(r'(\s*\{)\s*("resourceType"\s*:\s*"\w+")')
_DECODER = JSONDecoder()


def save(store: Store, message: FhirMessage, clock: Clock, id: str, base: str = "") -> Document:
    """Keeps a resource under an id and indexes it. The text stays as it came, but for `id` and `meta` that every server writes.

    `base` is the server's own URL: a reference that begins with it leads to a resource of this server.
    """
    values = message.values
    version, at = _next(store, values["resourceType"], id), instant(clock())
    meta = dict(values.get("meta") or {}) | {"versionId": str(version), "lastUpdated": at}
    text = with_identity(message.body, id, meta, new="id" not in values and "meta" not in values)
    return _put(store, values | {"id": id, "meta": meta}, text, at, base)


def save_data(store: Store, data: dict[str, Any], clock: Clock, id: str, base: str = "") -> Document:
    """Keeps a resource that was made here, not sent: there is no text of anybody's to keep to the character."""
    kind = data["resourceType"]
    version, at = _next(store, kind, id), instant(clock())
    own = {"resourceType": kind, "id": id, "meta": dict(data.get("meta") or {}) | {"versionId": str(version), "lastUpdated": at}}
    whole = own | {name: value for name, value in data.items() if name not in own}
    return _put(store, whole, json.dumps(whole, indent=2, ensure_ascii=False), at, base)


def remove(store: Store, kind: str, id: str, clock: Clock) -> Document:
    """Says that a resource was deleted: a version of its own, without a text. The versions before it are kept."""
    return store.put(kind, id, "", instant(clock()), deleted=True)


def _next(store: Store, kind: str, id: str) -> int:
    last = store.last(kind, id)
    return (last.version if last else 0) + 1


def _put(store: Store, data: dict[str, Any], text: str, at: str, base: str) -> Document:
    rows = index(data, base)
    return store.put(data["resourceType"], data["id"], text, at, rows.entries, periods=rows.periods, amounts=rows.amounts)


def with_identity(text: str, id: str, meta: dict[str, Any], new: bool = False) -> str:
    """The text of a sound resource with its `id` and `meta` behind its type; the rest is kept to the character. `new`: it has neither yet, so
    where its type comes first nothing needs to be looked for.

    >>> with_identity('{"id": "old", "resourceType": "Patient"}', "new", {"versionId": "1"})
    '{"resourceType": "Patient",\\n  "id": "new",\\n  "meta": {\\n    "versionId": "1"\\n  }}'
    """
    own = f',\n  "id": {json.dumps(id)},\n  "meta": ' + written(meta, "\n  ")
    first = _FIRST.match(text)
    if new and first:
        return first[1] + first[2] + own + text[first.end() :]
    before = text.index("{") + 1
    parts: list[str] = []
    for name, start, end in members(text):
        if name not in ("id", "meta"):
            gap = text[before:start] if parts else text[: text.index("{") + 1]
            parts.append(gap + text[start:end] + (own if name == "resourceType" else ""))
        before = end
    return "".join(parts) + text[before:]


def members(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, where the name begins, where the value ends) of each member of a sound JSON object."""
    at = text.index("{") + 1
    while found := _NAME.match(text, at):
        name, after = _DECODER.raw_decode(text, found.end() - 1)
        colon = _COLON.match(text, after)
        assert colon is not None
        _, end = _DECODER.raw_decode(text, colon.end())
        yield name, found.end() - 1, end
        at = end


def instant(moment: datetime) -> str:
    """A moment as FHIR writes an instant."""
    return moment.isoformat(timespec="seconds")
