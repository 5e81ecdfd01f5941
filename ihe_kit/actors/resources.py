"""How actors keep FHIR resources in the one store: with id and version written in, and found by the search parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ihe_kit.core import Message
from ihe_kit.fhir import FhirMessage, parse
from ihe_kit.fhir.search import index
from ihe_kit.store import Document, Entry, Store


def save(store: Store, message: Message, clock: Callable[[], datetime], id: str, more: Iterable[Entry] = ()) -> Document:
    """Keeps a resource under an id and indexes it. The text stays as it came, but for `id` and `meta` that every server writes."""
    resource = parse(message.body if isinstance(message, FhirMessage) else message.text)
    before = store.get(resource.kind, id)
    version, at = (before.version if before else 0) + 1, instant(clock())
    text = with_identity(resource, id, version, at)
    entries = [*index(json.loads(text)), ("_id", "", id, id), *more]
    return store.put(resource.kind, id, text, at, entries)


def save_data(store: Store, data: dict[str, Any], clock: Callable[[], datetime], id: str) -> Document:
    """Keeps a resource that was made here, not sent: there is no text of anybody's to keep to the character."""
    kind = data["resourceType"]
    before = store.get(kind, id)
    version, at = (before.version if before else 0) + 1, instant(clock())
    own = {"resourceType": kind, "id": id, "meta": dict(data.get("meta") or {}) | {"versionId": str(version), "lastUpdated": at}}
    whole = own | {name: value for name, value in data.items() if name not in own}
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    return store.put(kind, id, text, at, [*index(whole), ("_id", "", id, id)])


def with_identity(resource: FhirMessage, id: str, version: int, at: str) -> str:
    """The text of a resource with its `id`, `meta.versionId` and `meta.lastUpdated`; the rest is kept to the character."""
    meta: dict[str, Any] = dict(resource.data.get("meta") or {}) | {"versionId": str(version), "lastUpdated": at}
    text = resource.text
    gone = [node for node in (resource.root.children if resource.root else []) if node.key in ("id", "meta")]
    for node in reversed(gone):  # from the end, so that the places before stay right
        text = _without_member(text, node.start, node.end)
    resource = parse(text)
    assert resource.root is not None
    kind = resource.root.child("resourceType")
    assert kind is not None
    new = "".join(f',\n  "{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in (("id", id), ("meta", meta)))
    return text[: kind.end] + new + text[kind.end :]


def _without_member(text: str, start: int, end: int) -> str:
    """The text without the member whose value stands at [start, end), and without the comma that joined it to the others."""
    name = text.rindex('"', 0, text.rindex('"', 0, start))
    before, after = text[:name].rstrip(), text[end:].lstrip()
    if after.startswith(","):
        return before + "\n  " + after[1:].lstrip()
    return before.removesuffix(",") + "\n" + after


def instant(moment: datetime) -> str:
    """A moment as FHIR writes an instant."""
    return moment.isoformat(timespec="seconds")
