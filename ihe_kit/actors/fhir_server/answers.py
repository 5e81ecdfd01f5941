"""Answers: one resource with its headers, or a bundle. Resources go out as they were kept, digit for digit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.core import Message
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.rest import http_date
from ihe_kit.store import Document

_json = json.JSONEncoder(ensure_ascii=False).encode  # made once: dumps makes one at every call


def etag(document: Document) -> str:
    """The version as a weak entity tag (FHIR R4 section 3.1.0.1.3)."""
    return f'W/"{document.version}"'


def location(call: Call, document: Document) -> str:
    """The URL of a version."""
    return f"{call.base}/{document.kind}/{document.id}/_history/{document.version}"


def shown(call: Call, status: int, document: Document) -> Message:
    """A resource as it is kept, with its version and time."""
    headers = [("etag", etag(document)), ("last-modified", http_date(datetime.fromisoformat(document.at)))]
    return resource(status, document.text, [*headers, ("location", location(call, document))] if status == 201 else headers)


def changed(call: Call, status: int, document: Document) -> Message:
    """What a change answers: the resource, nothing, or an outcome, as the client prefers (FHIR R4 section 3.1.0.1.8)."""
    headers = [
        ("etag", etag(document)),
        ("last-modified", http_date(datetime.fromisoformat(document.at))),
        ("location", location(call, document)),
    ]
    if call.wants("return=minimal"):
        return resource(status, "", headers)
    if call.wants("return=OperationOutcome"):
        says = f"{document.kind}/{document.id} is kept as version {document.version}."
        return resource(status, outcome(status, "informational", says, "information").body, headers)
    return resource(status, document.text, headers if status == 201 else headers[:2])


@dataclass
class Entry:
    """One entry of a bundle: JSON of a resource, kept as text, and the parts beside it."""

    url: str = ""
    text: str = ""
    parts: dict[str, Any] = field(default_factory=dict)


def bundle(type: str, at: str, entries: Iterable[Entry], links: Sequence[tuple[str, str]] = (), total: int | None = None) -> str:
    """The JSON of a bundle. Lines are put together here: the library's own indentation costs a third of a search."""
    lines = ['"resourceType": "Bundle"', f'"type": {_json(type)}', f'"timestamp": {_json(at)}']
    if total is not None:
        lines.append(f'"total": {total}')
    for name, rows in (("link", [_json({"relation": relation, "url": url}) for relation, url in links]), ("entry", map(_entry, entries))):
        if inner := ",\n    ".join(rows):
            lines.append(f'"{name}": [\n    {inner}\n  ]')
    return "{\n  " + ",\n  ".join(lines) + "\n}"


def _entry(one: Entry) -> str:
    """A line end stands between values only, so a resource that is indented stays as it is, digit for digit."""
    lines = [f'"fullUrl": {_json(one.url)}'] if one.url else []
    if one.text:
        lines.append('"resource": ' + one.text.strip().replace("\n", "\n      "))
    lines += [f'"{name}": {_json(value)}' for name, value in one.parts.items()]
    return "{\n      " + ",\n      ".join(lines) + "\n    }"
