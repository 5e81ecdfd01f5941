"""The history of a composition or an EHR_STATUS: the versioned object, its revision history, each version as it was committed (ITS-REST 1.0.3)."""

from __future__ import annotations

from typing import Any

from ihe_kit.actors.openehr_repository.answers import shown, tags
from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.actors.openehr_repository.plain import error
from ihe_kit.actors.openehr_repository.versions import at_time, ehr_of, last_of, of_ehr, original, uid_of, version_of
from ihe_kit.core import Message
from ihe_kit.json_text import written
from ihe_kit.store import Document


def versioned_composition(call: Call, ehr_id: str, object: str) -> Message:
    return _versioned(call, *_composition(call, ehr_id, object))


def composition_history(call: Call, ehr_id: str, object: str) -> Message:
    return _history(call, *_composition(call, ehr_id, object))


def composition_at_time(call: Call, ehr_id: str, object: str) -> Message:
    return _at_time(call, *_composition(call, ehr_id, object))


def composition_version(call: Call, ehr_id: str, object: str, uid: str) -> Message:
    return _version(call, *_composition(call, ehr_id, object), uid)


def versioned_status(call: Call, ehr_id: str) -> Message:
    return _versioned(call, *_status(call, ehr_id))


def status_history(call: Call, ehr_id: str) -> Message:
    return _history(call, *_status(call, ehr_id))


def status_at_time(call: Call, ehr_id: str) -> Message:
    return _at_time(call, *_status(call, ehr_id))


def status_version(call: Call, ehr_id: str, uid: str) -> Message:
    return _version(call, *_status(call, ehr_id), uid)


def _composition(call: Call, ehr_id: str, object: str) -> tuple[Document, Document]:
    """(the EHR, the latest version of its composition)."""
    ehr = ehr_of(call, ehr_id)
    return ehr, last_of(call, ehr, "COMPOSITION", object)


def _status(call: Call, ehr_id: str) -> tuple[Document, Document]:
    ehr = ehr_of(call, ehr_id)
    (last,) = of_ehr(call, ehr, "EHR_STATUS")
    return ehr, last


def _versioned(call: Call, ehr: Document, last: Document) -> Message:
    """The VERSIONED_OBJECT: whose it is, and since when."""
    first = call.store.get(last.kind, last.id, 1) or last
    body = {
        "_type": f"VERSIONED_{last.kind}",
        "uid": {"_type": "HIER_OBJECT_ID", "value": last.id},
        "owner_id": {"_type": "OBJECT_REF", "namespace": "local", "type": "EHR", "id": {"_type": "HIER_OBJECT_ID", "value": ehr.id}},
        "time_created": {"_type": "DV_DATE_TIME", "value": first.at},
    }
    return shown(call, written(body), tags(call, last.id, _place(ehr, last), last.at))


def _history(call: Call, ehr: Document, last: Document) -> Message:
    """The REVISION_HISTORY: who changed it when and why, the latest version first."""
    found = sorted(call.store.versions("kind = ? AND id = ?", (last.kind, last.id), last.version), key=lambda one: -one.version)
    items = [_revision(call, one) for one in found]
    place = f"{_place(ehr, last)}/revision_history"
    return shown(call, written({"_type": "REVISION_HISTORY", "items": items}), tags(call, uid_of(last), place, last.at))


def _revision(call: Call, one: Document) -> dict[str, Any]:
    version = {"_type": "OBJECT_VERSION_ID", "value": uid_of(one)}
    return {"_type": "REVISION_HISTORY_ITEM", "version_id": version, "audits": [original(call, one)["commit_audit"]]}


def _at_time(call: Call, ehr: Document, last: Document) -> Message:
    """The version at the time in `version_at_time`, or the latest."""
    found = at_time(call, last.kind, [last.id])
    if not found:
        return error(404, f"{last.id} was not there yet at {call.query.get('version_at_time')}.")
    return _original(call, ehr, found)


def _version(call: Call, ehr: Document, last: Document, uid: str) -> Message:
    found = version_of(call, ehr, last.kind, uid)
    if found.id != last.id:
        return error(404, f"{uid[:120]} is no version of {last.id}.")
    return _original(call, ehr, found)


def _original(call: Call, ehr: Document, one: Document) -> Message:
    """The ORIGINAL_VERSION: the content, and who committed it when, as what kind of change, following which version."""
    return shown(call, written(original(call, one)), tags(call, uid_of(one), f"{_place(ehr, one)}/version/{uid_of(one)}", one.at))


def _place(ehr: Document, one: Document) -> str:
    """The path of a versioned object. An EHR has one EHR_STATUS, which needs no name."""
    return f"ehr/{ehr.id}/versioned_ehr_status" if one.kind == "EHR_STATUS" else f"ehr/{ehr.id}/versioned_composition/{one.id}"
