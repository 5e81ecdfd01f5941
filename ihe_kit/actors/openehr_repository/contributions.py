"""Contributions: several new versions that are committed together, all or none (ITS-REST 1.0.3, EHR, CONTRIBUTION)."""

from __future__ import annotations

from typing import Any

from ihe_kit.actors import Refused
from ihe_kit.actors.openehr_repository.answers import changed, shown, tags
from ihe_kit.actors.openehr_repository.audits import COMPLETE, CREATION, DELETED, NOBODY, Audit, checked_code
from ihe_kit.actors.openehr_repository.call import SYSTEM, Call, is_uuid
from ihe_kit.actors.openehr_repository.checks import findings
from ihe_kit.actors.openehr_repository.plain import refused
from ihe_kit.actors.openehr_repository.versions import (
    PLACES,
    Change,
    commit,
    ehr_of,
    found_by,
    must_be_modifiable,
    of_ehr,
    read_uid,
    stale,
    uid_of,
)
from ihe_kit.core import Message
from ihe_kit.json_text import read_values, written
from ihe_kit.openehr import as_json, parse
from ihe_kit.store import Document

Json = Any


def create_contribution(call: Call, ehr_id: str) -> Message:
    """201 with every version kept, or a refusal and none of them: 400 for one that is not right, 409 for one that does not follow the latest."""
    ehr = ehr_of(call, ehr_id)
    body = _body(call)
    uid = _own_uid(call, body)
    whole = _object(body, "audit")
    versions = body.get("versions")
    if not isinstance(versions, list) or not versions:
        raise refused(400, "expected versions, a list of at least one ORIGINAL_VERSION")
    changes = [_change(call, ehr, one, number, whole) for number, one in enumerate(versions)]
    if any(change.kind != "EHR_STATUS" for change in changes):
        must_be_modifiable(call, ehr)
    named = [change.object for change in changes]
    if len(set(named)) < len(named):
        raise refused(400, "Two versions of one object stand in the same contribution: only one of them can follow the version before.")
    audit = _audit(whole, changes[0].audit.change, whole, "audit") if whole else None
    uid, _ = commit(call, ehr, changes, audit, uid)
    kept = call.store.get("CONTRIBUTION", uid)
    assert kept
    return changed(call, 201, uid, kept.text, _tags(call, ehr, kept))


def read_contribution(call: Call, ehr_id: str, uid: str) -> Message:
    ehr = ehr_of(call, ehr_id)
    found = call.store.get("CONTRIBUTION", uid)
    if not found or not found_by(call.store, found, ehr):
        raise refused(404, f"The EHR {ehr_id} has no contribution {uid[:60]}.")
    return shown(call, found.text, _tags(call, ehr, found))


def _tags(call: Call, ehr: Document, one: Document) -> list[tuple[str, str]]:
    return tags(call, one.id, f"ehr/{ehr.id}/contribution/{one.id}", one.at)


# What comes


def _body(call: Call) -> dict[str, Json]:
    message = call.message
    if not message.body.strip():
        raise refused(400, "expected a body of type CONTRIBUTION, but the body is empty")
    if message.root is None:
        raise refused(415, f"The body comes as {call.header('content-type')[:80]}. Send a CONTRIBUTION as JSON or XML.")
    body = read_values((as_json(message) if message.is_xml else message).body)
    if not isinstance(body, dict) or body.get("_type", "CONTRIBUTION") != "CONTRIBUTION":
        raise refused(400, f"expected a body of type CONTRIBUTION, but found {message.kind}")
    return body


def _own_uid(call: Call, body: dict[str, Json]) -> str:
    """The identifier that the client gives the contribution, or ""; 409 where it is taken."""
    uid = _value(body.get("uid"))
    if uid and not is_uuid(uid):
        raise refused(400, f"{uid[:60]} is no UUID, which names a contribution.")
    if uid and call.store.last("CONTRIBUTION", uid):
        raise refused(409, f"The contribution {uid} exists already.")
    return uid


def _object(value: Json, name: str, where: str = "") -> dict[str, Json]:
    found = value.get(name) or {}
    if not isinstance(found, dict):
        raise refused(400, f"{where}{': ' if where else ''}expected {name} to be an object, but found {str(found)[:60]!r}")
    return found


def _value(value: Json) -> str:
    """The text of an identifier or a text, which is an object with a value, or for some clients the text itself."""
    found = value.get("value") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _code(value: Json) -> str:
    """The code of a coded text (DV_CODED_TEXT) or of a TERMINOLOGY_CODE, which later releases have in its place."""
    inside = value.get("defining_code", value) if isinstance(value, dict) else {"code_string": value}
    found = inside.get("code_string") if isinstance(inside, dict) else inside
    return str(found) if isinstance(found, str | int) else ""


# One version


def _change(call: Call, ehr: Document, version: Json, number: int, whole: dict[str, Json]) -> Change:
    """A version as it is to be kept. Raises Refused: 400 for what is not right, 409 where its preceding version is not the latest."""
    where = f"versions[{number}]"
    if not isinstance(version, dict):
        raise refused(400, f"{where}: expected an ORIGINAL_VERSION, but found {str(version)[:60]!r}")
    preceding, data = _value(version.get("preceding_version_uid")), version.get("data")
    audit = _audit(_object(version, "commit_audit", where), "", whole, f"{where}/commit_audit")
    _fits(where, audit.change, preceding, data)
    if audit.change != DELETED:
        lifecycle = checked_code("version lifecycle state", _code(version.get("lifecycle_state")) or COMPLETE, where=where)
        audit = Audit(audit.change, lifecycle, audit.committer, audit.description, audit.system)
    text = "" if data is None else _content(call, where, data)
    kind = parse(text).kind if text else ""
    if not preceding:
        _refuse_second(call, ehr, where, kind)
        return Change(kind, call.store.unused(kind, call.new_uuid), text, audit)
    last = _preceding(call, ehr, where, preceding, kind)
    return Change(last.kind, last.id, text, audit)


def _fits(where: str, change: str, preceding: str, data: Json) -> None:
    """Refuses a kind of change that does not go with what the version brings (400)."""
    if change == CREATION and preceding:
        raise refused(
            400, f"{where}: a creation (249) follows no version, but preceding_version_uid names {preceding[:120]}. A change is 251."
        )
    if change != CREATION and not preceding:
        raise refused(
            400, f"{where}: the first version is a creation (249), and {change} is another kind of change: name preceding_version_uid."
        )
    if change == DELETED and data is not None:
        raise refused(400, f"{where}: a deletion (523) has no data.")
    if change != DELETED and not isinstance(data, dict):
        raise refused(400, f"{where}: expected data, a COMPOSITION, EHR_STATUS or FOLDER.")


def _audit(given: dict[str, Json], change: str, whole: dict[str, Json], where: str) -> Audit:
    """The audit of a version; who committed it, and why, is said once for all of them where the version does not say. Raises Refused (400)."""
    code = _code(given.get("change_type")) or change
    if not code:
        raise refused(400, f"{where}: expected change_type, such as 249 (creation), 251 (modification) or 523 (deleted)")
    committer = given.get("committer") or whole.get("committer") or NOBODY
    if not isinstance(committer, dict):
        raise refused(400, f"{where}: expected committer to be a PARTY_IDENTIFIED, but found {str(committer)[:60]!r}")
    words = _value(given.get("description") or whole.get("description"))
    description = {"_type": "DV_TEXT", "value": words} if words else None
    system = given.get("system_id") or whole.get("system_id") or SYSTEM
    if not isinstance(system, str):
        raise refused(400, f"{where}: expected system_id to be a text, but found {str(system)[:60]!r}")
    return Audit(
        checked_code("audit change type", code, where=where), COMPLETE, {"_type": "PARTY_IDENTIFIED"} | committer, description, system
    )


def _content(call: Call, where: str, data: Json) -> str:
    """The content of a version, checked like a body of its own."""
    message = parse(written(data))
    if message.kind not in PLACES:
        raise refused(400, f"{where}: expected data of type {', '.join(PLACES)}, but found {message.kind}")
    try:
        found = findings(call, message)
    except Refused as problem:
        raise refused(400, f"{where}: {_says(problem)}") from None
    errors = [{"path": f"{where}/data{one.path}", "says": one.says, "rule": one.rule} for one in found if one.severity == "error"]
    if errors:
        raise refused(
            400, f"{where}: {len(errors)} rule{'' if len(errors) == 1 else 's'} broken. Nothing of this contribution was kept.", errors
        )
    return message.text


def _says(problem: Refused) -> str:
    body = getattr(problem.problem, "data", None)
    return str(body["message"]) if isinstance(body, dict) else str(problem)


def _refuse_second(call: Call, ehr: Document, where: str, kind: str) -> None:
    """Refuses a second one of what an EHR has only once (409)."""
    if kind in ("EHR_STATUS", "FOLDER") and (there := of_ehr(call, ehr, kind)):
        raise refused(409, f"{where}: the EHR has its {kind} already, {uid_of(there[0])}. A change names it in preceding_version_uid.")


def _preceding(call: Call, ehr: Document, where: str, preceding: str, kind: str) -> Document:
    """The latest version of the object, where it is the one that is named. Raises Refused: 400 for an unknown one, 409 for an older one."""
    uid = read_uid(preceding)
    found = [call.store.last(one, uid.object) for one in PLACES if kind in ("", one)] if uid and uid.known_here else []
    last = next((one for one in found if one and found_by(call.store, one, ehr)), None)
    if not last or not uid:
        raise refused(400, f"{where}: the EHR {ehr.id} has no version {preceding[:120]}{' of a ' + kind if kind else ''}.")
    if uid.version != last.version:
        name = "" if last.kind == "EHR_STATUS" else f"/{uid_of(last)}"
        raise stale(call, 409, last, f"ehr/{ehr.id}/{PLACES[last.kind]}{name}", f"{where} follows {preceding}")
    if last.deleted:
        raise refused(400, f"{where}: {last.id} was deleted by {uid_of(last)}.")
    if last.kind == "EHR_STATUS" and not kind:
        raise refused(400, f"{where}: an EHR always has its EHR_STATUS: it can be changed, but not deleted.")
    return last
