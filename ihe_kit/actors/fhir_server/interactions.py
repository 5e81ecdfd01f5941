"""What can be done with one resource: read, vread, create, update, patch, delete, and the same by a condition (FHIR R4 section 3.1.0)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import parse_qsl

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.answers import changed, etag, shown
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.fhir_server.searching import matches
from ihe_kit.actors.people import People, replaced_by
from ihe_kit.actors.resources import remove, save, save_data
from ihe_kit.core import Message
from ihe_kit.exchanges import judge
from ihe_kit.fhir import FhirMessage, conform
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.fhir.parameters import RESULT
from ihe_kit.fhir.patch import NotPatched, patched
from ihe_kit.profiles import candidates
from ihe_kit.rest import request
from ihe_kit.rules import has_errors
from ihe_kit.store import Document


def read(call: Call) -> Message:
    """The current version; 410 where it was deleted (FHIR R4 section 3.1.0.2)."""
    found = call.store.last(call.kind, call.id)
    if found is None:
        return outcome(404, "not-found", f"There is no {call.kind} with the id {call.id}.")
    if found.deleted:
        return _gone(call, found)
    if etag(found) in call.header("if-none-match"):
        return resource(304, "", [("etag", etag(found))])
    return shown(call, 200, found)


def vread(call: Call) -> Message:
    """One version; 410 for the one that says that the resource was deleted (FHIR R4 section 3.1.0.3)."""
    found = call.store.get(call.kind, call.id, int(call.version)) if call.version.isdigit() and len(call.version) < 10 else None
    if found is None:
        return outcome(404, "not-found", f"There is no version {call.version} of {call.kind}/{call.id}.")
    return _gone(call, found) if found.deleted else shown(call, 200, found)


def _gone(call: Call, found: Document) -> Message:
    says = f"{call.kind}/{call.id} was deleted. Its history says what it was: GET {call.kind}/{call.id}/_history."
    return resource(410, outcome(410, "deleted", says).body, [("etag", etag(found))])


def create(call: Call) -> Message:
    """A new resource under an id of the server's (FHIR R4 section 3.1.0.8). With a condition, in If-None-Exist or in the URL, only where
    nothing matches it; what matches alone is given instead (FHIR R4 section 3.1.0.8.1).
    """
    condition = call.header("if-none-exist").rpartition("?")[2]
    found = matches(call, parse_qsl(condition)) if condition else matches(call, call.message.query) if _asks(call) else []
    if found:
        return _ambiguous(call, found) or shown(call, 200, found[0])
    check(call)
    return changed(call, 201, save(call.store, call.message, call.clock, call.id or call.new_id(), call.base))


def _asks(call: Call) -> bool:
    """Whether the URL of a create has a condition, as some clients write it."""
    return any(name not in RESULT for name, _ in call.message.query)


def update(call: Call) -> Message:
    """A new version; where there is nothing under the id yet, the first one (FHIR R4 section 3.1.0.4)."""
    check(call)
    _same_id(call.message, call.id)
    return _keep(call, call.id)


def conditional_update(call: Call) -> Message:
    """No match: created, under the id of the body where it has one. One: updated. More: refused, because the server cannot tell which
    is meant (FHIR R4 section 3.1.0.4.3).
    """
    check(call)
    found = matches(call, call.message.query)
    if found:
        refused = _ambiguous(call, found)
        if refused:
            return refused
        _same_id(call.message, found[0].id, needed=False)
    return _keep(call, found[0].id if found else call.message.values.get("id") or call.id or call.new_id())


def patch(call: Call) -> Message:
    """The current version with what the body changes in it (FHIR R4 section 3.1.0.6)."""
    known = call.store.last(call.kind, call.id)
    if known is None:
        return outcome(404, "not-found", f"There is no {call.kind} with the id {call.id}, so nothing can be patched.")
    if known.deleted:
        return _gone(call, known)
    _unchanged(call, known)
    try:
        text = patched(known.text, call.message)
    except NotPatched as problem:
        raise Refused(outcome(422, "processing", str(problem))) from None
    if (json.loads(text).get("resourceType"), json.loads(text).get("id")) != (call.kind, call.id):
        raise Refused("A patch changes neither the type nor the id of a resource: those say which resource it is.")
    headers = [(name, value) for name, value in call.message.headers.items() if name in ("host", "prefer")]
    whole = FhirMessage(request("PUT", f"{call.message.base}/{call.kind}/{call.id}", text, headers))
    return update(call.at(message=whole, owner=call.base))


def conditional_patch(call: Call) -> Message:
    """A patch of the one resource that matches (FHIR R4 section 3.1.0.6)."""
    found = matches(call, call.message.query)
    if not found:
        return outcome(404, "not-found", f"No {call.kind} matches the condition, so nothing can be patched.")
    return _ambiguous(call, found) or patch(call.at(id=found[0].id))


def delete(call: Call) -> Message:
    """Deleted: reading it says 410, and its history is kept. What was deleted before stays so (FHIR R4 section 3.1.0.7)."""
    known = call.store.last(call.kind, call.id)
    if known is None:
        return outcome(404, "not-found", f"There is no {call.kind} with the id {call.id}, so nothing can be deleted.")
    _unchanged(call, known)
    gone = known if known.deleted else remove(call.store, call.kind, call.id, call.clock)
    if call.wants("return=OperationOutcome"):
        return resource(
            200, outcome(200, "informational", f"{call.kind}/{call.id} was deleted.", "information").body, [("etag", etag(gone))]
        )
    return resource(204, "", [("etag", etag(gone))])


def conditional_delete(call: Call) -> Message:
    """Deletes what matches, if that is one; where nothing matches, there is nothing to do (FHIR R4 section 3.1.0.7.1)."""
    found = matches(call, call.message.query)
    if not found:
        return resource(204, "")
    return _ambiguous(call, found) or delete(call.at(id=found[0].id))


# What a change has to pass ---------------------------------------------------------------------------------------------------------


def check(call: Call) -> None:
    """Refuses a resource that breaks R4, or a rule of the transaction that the request belongs to."""
    message, media = call.message, call.header("content-type") or "application/json"
    if "json" not in media:
        raise Refused(outcome(415, "not-supported", f"This server reads JSON and XML, not {media}."))
    if not isinstance(message.values, dict) or message.values.get("resourceType") != call.kind:
        raise Refused(f"expected a {call.kind} in the body, but found {message.kind or 'nothing'}")
    transaction = next((t for t in candidates(message) if t.ihe), None)
    findings = judge(message, transaction) if transaction else conform(message)
    if has_errors(findings):
        raise Refused([finding for finding in findings if finding.severity != "information"])


def _keep(call: Call, id: str) -> Message:
    """Keeps a resource, unless the client changed another version than the current one: then somebody was faster. A patient who was merged
    stays merged: an update that does not know of it is told who survived, as HL7 v2's senders are.
    """
    known = call.store.get(call.kind, id)
    _unchanged(call, known)
    survivor = replaced_by(known) if known and call.kind == "Patient" else ""
    if survivor and not any(link.get("type") == "replaced-by" for link in call.message.values.get("link", ())):
        says = f"{call.kind}/{id} was merged into {call.kind}/{survivor}. Send the change to that one: this one is kept for its history."
        return outcome(409, "conflict", says)
    kept = _saved(call, id)
    if call.kind == "Patient" and not survivor and replaced_by(kept):
        _carry(call, kept)
    return changed(call, 200 if known else 201, kept)


def _saved(call: Call, id: str) -> Document:
    values = call.message.values
    whole = People(call.store, call.clock, call.ids).referred(values) if call.kind == "Patient" and values.get("link") else values
    if whole != values:
        return save_data(call.store, whole, call.clock, id, call.base)
    return save(call.store, call.message, call.clock, id, call.base)


def _carry(call: Call, gone: Document) -> None:
    """A patient was resolved as a duplicate (ITI-104): the openEHR record follows to the survivor, where that one is known."""
    people = People(call.store, call.clock, call.ids)
    survivor = people.survivor(gone)
    if survivor.id != gone.id:
        people.follow(json.loads(gone.text).get("identifier", ()), survivor, "was merged into")


def _unchanged(call: Call, known: Document | None) -> None:
    """Refuses a change of another version than If-Match names (FHIR R4 section 3.1.0.5), or of anything with If-None-Match: *."""
    wanted = call.header("if-match")
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in wanted.split(",")]
    if wanted and (known is None or str(known.version) not in tags) and not (known and wanted == "*"):
        says = f"The version is {known.version if known else 'none'} by now, not {wanted}. Read it again before you change it."
        raise Refused(outcome(412, "conflict", says))
    if known and not known.deleted and call.header("if-none-match") == "*":
        raise Refused(outcome(412, "conflict", f"{known.kind}/{known.id} is there already, and the request wants it only where it is not."))


def _same_id(message: FhirMessage, id: str, needed: bool = True) -> None:
    own = message.values.get("id")
    if own != id and (own or needed):
        raise Refused(
            f"The request speaks of {message.kind}/{id}, but the resource has the id {own or '(none)'}. They have to be the same."
        )


def _ambiguous(call: Call, found: Sequence[Document]) -> Message | None:
    if len(found) < 2:
        return None
    says = f"{len(found)} of {call.kind} match the condition, so the server cannot tell which one is meant."
    return outcome(412, "multiple-matches", says)
