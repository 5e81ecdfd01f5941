"""EHRs and whose they are: EHR and EHR_STATUS (ITS-REST 1.0.3, EHR)."""

from __future__ import annotations

import json
from typing import Any

from ihe_kit.actors.openehr_repository.answers import changed, shown, tags
from ihe_kit.actors.openehr_repository.audits import AMENDMENT, CREATION, MODIFICATION, Audit, from_headers
from ihe_kit.actors.openehr_repository.call import SYSTEM, Call, is_uuid
from ihe_kit.actors.openehr_repository.checks import checked_body
from ihe_kit.actors.openehr_repository.plain import error, refused
from ihe_kit.actors.openehr_repository.versions import (
    Change,
    at_time,
    commit,
    ehr_of,
    must_match,
    of_ehr,
    reference,
    subject_of,
    uid_of,
    version_of,
)
from ihe_kit.core import Message
from ihe_kit.openehr.build import ehr_status
from ihe_kit.store import Document

STATUS = "EHR_STATUS"


def create_ehr(call: Call, ehr_id: str = "") -> Message:
    """A new EHR with the EHR_STATUS of the body, or with one of nobody; 409 where the patient, or the identifier, has an EHR already."""
    if ehr_id and not is_uuid(ehr_id):
        return error(400, f"{ehr_id[:60]} is no UUID, which names an EHR, e.g. 7d44b88c-4199-4bad-97dc-d78268e01398.")
    text = checked_body(call, STATUS).body if call.message.body.strip() else ehr_status("", "")
    audit = from_headers(call, CREATION)
    _refuse_taken(call, text)
    ehr_id = ehr_id or call.store.unused("EHR", call.new_uuid)
    if call.store.get("EHR", ehr_id):
        return error(409, f"The EHR {ehr_id} exists already.")
    body = {
        "_type": "EHR",
        "system_id": {"_type": "HIER_OBJECT_ID", "value": SYSTEM},
        "ehr_id": {"_type": "HIER_OBJECT_ID", "value": ehr_id},
        "ehr_access": reference(f"{call.new_uuid()}::{SYSTEM}::1", "EHR_ACCESS"),
        "time_created": {"_type": "DV_DATE_TIME", "value": call.now},
    }
    ehr = call.store.put("EHR", ehr_id, json.dumps(body, indent=2, ensure_ascii=False), call.now)
    commit(call, ehr, [Change(STATUS, call.store.unused(STATUS, call.new_uuid), text, audit)])
    return changed(call, 201, ehr_id, _ehr(call, ehr), _tags(call, ehr))


def _refuse_taken(call: Call, status: str, own: str = "") -> None:
    """Refuses an EHR_STATUS whose patient has another EHR (409): who looks for it by PIX or PDQ must find one."""
    number, namespace = subject_of(json.loads(status))
    if not (number and namespace):
        return
    for _, one in ehrs_of(call, number, namespace):
        if one != own:
            raise refused(409, f"The patient {number} of {namespace} has an EHR already: {one}.")


def ehrs_of(call: Call, number: str, namespace: str) -> list[tuple[Document, str]]:
    """The EHRs of a patient, by the number and who gave it out: one, or none. (EHR_STATUS, identifier of the EHR) of each."""
    found = call.store.find(STATUS, "subject", number, namespace)
    return [(document, one) for document in found for one in _owners(call, document)]


def _owners(call: Call, document: Document) -> list[str]:
    sql = "SELECT value FROM entry WHERE param = ? AND owner = ?"
    return [str(row[0]) for row in call.store.ask(sql, (call.store.param(document.kind, "ehr"), document.owner))]


def read_ehr(call: Call, ehr_id: str) -> Message:
    ehr = ehr_of(call, ehr_id)
    return shown(call, _ehr(call, ehr), _tags(call, ehr))


def find_ehr(call: Call) -> Message:
    """By subject_id and subject_namespace: the number alone identifies nobody."""
    number, namespace = call.query.get("subject_id", ""), call.query.get("subject_namespace", "")
    if not number or not namespace:
        return error(400, "expected subject_id and subject_namespace, e.g. ehr?subject_id=4711&subject_namespace=urn:oid:2.999.10.1")
    for _, ehr_id in ehrs_of(call, number, namespace):
        return read_ehr(call, ehr_id)
    return error(404, f"No EHR belongs to {number} of {namespace}.")


def _tags(call: Call, ehr: Document) -> list[tuple[str, str]]:
    return tags(call, ehr.id, f"ehr/{ehr.id}", ehr.at)


def _ehr(call: Call, ehr: Document) -> str:
    """The EHR with references to what it has now."""
    body: dict[str, Any] = json.loads(ehr.text)
    now = {"ehr_status": STATUS, "directory": "FOLDER"}
    known = {name: reference(uid_of(one), kind) for name, kind in now.items() for one in of_ehr(call, ehr, kind)}
    created = {"time_created": body.pop("time_created")}
    body |= known | created
    return json.dumps(body, indent=2, ensure_ascii=False)


# EHR_STATUS


def read_status(call: Call, ehr_id: str) -> Message:
    """Whose record it is, and whether it may be changed and asked: now, or at the time in `version_at_time`."""
    ehr = ehr_of(call, ehr_id)
    found = at_time(call, STATUS, [one.id for one in of_ehr(call, ehr, STATUS)])
    if not found:
        return error(404, f"The EHR {ehr_id} was not there yet at {call.query.get('version_at_time')}.")
    return shown(call, found.text, _status_tags(call, ehr, found))


def read_status_version(call: Call, ehr_id: str, uid: str) -> Message:
    ehr = ehr_of(call, ehr_id)
    found = version_of(call, ehr, STATUS, uid)
    return shown(call, found.text, _status_tags(call, ehr, found))


def update_status(call: Call, ehr_id: str) -> Message:
    """A new version of the EHR_STATUS. What may not be changed otherwise may be made modifiable again."""
    ehr = ehr_of(call, ehr_id)
    (last,) = of_ehr(call, ehr, STATUS)
    text = checked_body(call, STATUS).body
    must_match(call, last, f"ehr/{ehr_id}/ehr_status/{uid_of(last)}")
    audit = from_headers(call, MODIFICATION, AMENDMENT)
    return _updated(call, ehr, last, text, audit)


def _updated(call: Call, ehr: Document, last: Document, text: str, audit: Audit) -> Message:
    _refuse_taken(call, text, ehr.id)
    _, (kept,) = commit(call, ehr, [Change(STATUS, last.id, text, audit)])
    return changed(call, 200, uid_of(kept), kept.text, _status_tags(call, ehr, kept))


def _status_tags(call: Call, ehr: Document, one: Document) -> list[tuple[str, str]]:
    return tags(call, uid_of(one), f"ehr/{ehr.id}/ehr_status/{uid_of(one)}", one.at)
