"""Answers with an object and its headers: which it is, where it stands, since when it is so (ITS-REST 1.0.3, Overview, HTTP headers)."""

from __future__ import annotations

from datetime import datetime

from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.actors.openehr_repository.formats import shown_in, wanted
from ihe_kit.actors.openehr_repository.plain import Headers, data, text
from ihe_kit.core import Message
from ihe_kit.rest import http_date


def tags(call: Call, id: str, place: str, at: str) -> list[tuple[str, str]]:
    """The headers of everything that has an identifier and a place."""
    return [("etag", f'"{id}"'), ("location", f"{call.base}/{place}"), ("last-modified", http_date(datetime.fromisoformat(at)))]


def shown(call: Call, body: str, headers: Headers = (), status: int = 200) -> Message:
    """An object of the Reference Model in the form that the request accepts. Raises Refused (406)."""
    written, media = shown_in(call, body, wanted(call))
    return text(status, written, media, headers)


def changed(call: Call, status: int, id: str, body: str, headers: Headers) -> Message:
    """What a change answers: nothing, the identifier or the object, as the client prefers; nothing where it does not say."""
    if call.wants("return=representation"):
        return shown(call, body, headers, status)
    if call.wants("return=identifier"):
        return data(status, {"uid": id}, headers)
    return text(status if status == 201 else 204, "", headers=headers)
