"""Compositions: committed, read, changed, deleted (ITS-REST 1.0.3, EHR, COMPOSITION)."""

from __future__ import annotations

from ihe_kit.actors.openehr_repository.answers import changed, shown, tags
from ihe_kit.actors.openehr_repository.audits import AMENDMENT, CREATION, DELETED, MODIFICATION, from_headers
from ihe_kit.actors.openehr_repository.call import SYSTEM, Call
from ihe_kit.actors.openehr_repository.checks import checked_body
from ihe_kit.actors.openehr_repository.plain import error, refused, text
from ihe_kit.actors.openehr_repository.versions import (
    Change,
    Uid,
    at_time,
    commit,
    ehr_of,
    last_of,
    must_be_modifiable,
    must_match,
    read_uid,
    stale,
    uid_of,
    version_of,
)
from ihe_kit.core import Message
from ihe_kit.openehr import OpenehrMessage, parse
from ihe_kit.store import Document

KIND = "COMPOSITION"


def create_composition(call: Call, ehr_id: str) -> Message:
    """201 where the composition keeps its template; 422 with every finding where it does not; 404 without the EHR."""
    ehr = ehr_of(call, ehr_id)
    body = checked_body(call, KIND)
    must_be_modifiable(call, ehr)
    change = Change(KIND, call.store.unused(KIND, call.new_uuid), body.body, from_headers(call, CREATION))
    _, (kept,) = commit(call, ehr, [change])
    return changed(call, 201, uid_of(kept), kept.text, _tags(call, ehr, kept))


def read_composition(call: Call, ehr_id: str, asked: str) -> Message:
    """By a version's identifier, or by that of the object: its latest version, or the one at the time in `version_at_time`; 204 for deleted."""
    ehr = ehr_of(call, ehr_id)
    uid = read_uid(asked)
    if uid and uid.version:
        found: Document | None = version_of(call, ehr, KIND, asked)
    else:
        found = at_time(call, KIND, [_object(call, ehr, uid, asked).id])
    if not found:
        return error(404, f"The composition {asked} was not there yet at {call.query.get('version_at_time')}.")
    headers = _tags(call, ehr, found)
    return text(204, "", headers=headers) if found.deleted else shown(call, found.text, headers)


def update_composition(call: Call, ehr_id: str, asked: str) -> Message:
    """A new version, made from the version in If-Match: 412 where somebody was faster, 404 where the composition was deleted."""
    ehr, uid = ehr_of(call, ehr_id), _changing(asked)
    if uid.version:
        return error(
            400, f"PUT names the composition by {uid.object}, which all its versions share; the version that it follows stands in If-Match."
        )
    last = _object(call, ehr, uid, asked)
    if last.deleted:
        return error(404, f"The composition {asked} was deleted by {uid_of(last)}. What is new is committed by POST.")
    body = checked_body(call, KIND)
    must_match(call, last, _place(ehr, last))
    _same_composition(body, last)
    must_be_modifiable(call, ehr)
    _, (kept,) = commit(call, ehr, [Change(KIND, last.id, body.body, from_headers(call, MODIFICATION, AMENDMENT))])
    return changed(call, 200, uid_of(kept), kept.text, _tags(call, ehr, kept))


def _same_composition(body: OpenehrMessage, last: Document) -> None:
    """Refuses a body that says it is another composition (400), or that is made from another template (422)."""
    said = "".join(body.get("/uid/value"))
    if said and said.partition("::")[0] != last.id:
        raise refused(400, f"The body is the composition {said[:120]}, but the URL names {last.id}. Leave uid out, or let it be the same.")
    before = parse(last.text).template_id
    if body.template_id != before:
        raise refused(422, f"This composition was made from {before}; its versions cannot change to {body.template_id}.")


def delete_composition(call: Call, ehr_id: str, asked: str) -> Message:
    """A version without content; what was there before can still be read. 409 where the version is not the latest, 400 where it is deleted.

    `uuid::system`, as some clients write it, stands for the latest version.
    """
    ehr, uid = ehr_of(call, ehr_id), _changing(asked)
    if not uid.system:
        return error(
            400, f"DELETE names the version that it follows, e.g. {uid.object}::{SYSTEM}::1: so nobody deletes what he has not seen."
        )
    last = _object(call, ehr, uid, asked)
    if last.deleted:
        return error(400, f"The composition {uid.object} was deleted already, by {uid_of(last)}.")
    if uid.version and uid.version != last.version:
        raise stale(call, 409, last, _place(ehr, last), f"The URL names {asked}")
    must_be_modifiable(call, ehr)
    audit = from_headers(call, DELETED)
    _, (kept,) = commit(call, ehr, [Change(KIND, last.id, "", audit)])
    return text(204, "", headers=_tags(call, ehr, kept))


def _changing(asked: str) -> Uid:
    """The identifier in the URL of a change. Raises Refused (400)."""
    uid = read_uid(asked)
    if not uid:
        raise refused(400, f"{asked[:120]} names no composition: expected a UUID, and for a version uuid::{SYSTEM}::1.")
    return uid


def _object(call: Call, ehr: Document, uid: Uid | None, asked: str) -> Document:
    """The latest version of the composition. Raises Refused (404)."""
    if not uid or not uid.known_here:
        raise refused(
            404, f"The EHR {ehr.id} has no composition {asked[:120]}. Those here are called uuid, and their versions uuid::{SYSTEM}::1."
        )
    return last_of(call, ehr, KIND, uid.object)


def _place(ehr: Document, one: Document) -> str:
    return f"ehr/{ehr.id}/composition/{uid_of(one)}"


def _tags(call: Call, ehr: Document, one: Document) -> list[tuple[str, str]]:
    return tags(call, uid_of(one), _place(ehr, one), one.at)
