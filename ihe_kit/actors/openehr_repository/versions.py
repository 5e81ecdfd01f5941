"""Versions: how everything that changes is kept and found again (openEHR RM 1.1.0, Common, Change Control).

A composition, an EHR_STATUS, a directory is a versioned object, known by a UUID; its versions are `uuid::system::1`, `::2` and so on. Nothing
is overwritten: a change is a new version, a deletion a version without content. Whatever is committed goes through `commit`, as a contribution.

The store keeps the content of a version under the UUID, the ORIGINAL_VERSION around it under the version's own identifier.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ihe_kit.actors import Refused
from ihe_kit.actors.openehr_repository.answers import tags
from ihe_kit.actors.openehr_repository.asking import hidden
from ihe_kit.actors.openehr_repository.audits import GONE, Audit, coded
from ihe_kit.actors.openehr_repository.call import SYSTEM, Call, is_uuid
from ihe_kit.actors.openehr_repository.plain import refused
from ihe_kit.json_text import read_values, written
from ihe_kit.openehr import parse
from ihe_kit.openehr.nodes import rows
from ihe_kit.store import Document, Entry, Store

Json = Any
PLACES = {"COMPOSITION": "composition", "EHR_STATUS": "ehr_status", "FOLDER": "directory"}
_UID = re.compile(r"([^:]+)(?:::([^:]+))?(?:::(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True)
class Change:
    """One new version that is to be: of what kind of object, of which object, with which content ("" for a deletion), by whom and why."""

    kind: str
    object: str
    text: str
    audit: Audit


@dataclass(frozen=True)
class Uid:
    """An identifier as a URL has it: `uuid`, `uuid::system`, or of a version `uuid::system::2` (BASE, Base Types, OBJECT_VERSION_ID)."""

    object: str
    system: str = ""
    version: int = 0

    @property
    def known_here(self) -> bool:
        return is_uuid(self.object) and self.system in ("", SYSTEM)


def read_uid(text: str) -> Uid | None:
    """An identifier read; None for a text that is none. A branch, such as `::1.1.2`, is none here: this repository has none."""
    found = _UID.fullmatch(text)
    return Uid(found[1], found[2] or "", int(found[3] or 0)) if found and is_uuid(found[1]) else None


def uid_of(document: Document) -> str:
    """The identifier of a version."""
    return f"{document.id}::{SYSTEM}::{document.version}"


# Keeping


def commit(call: Call, ehr: Document, changes: Sequence[Change], audit: Audit | None = None, uid: str = "") -> tuple[str, list[Document]]:
    """Keeps new versions as one contribution: (its identifier, the versions). All or nothing, since a request is one transaction of the store.

    `audit` is that of the whole, where it differs from that of its first version. Whoever calls has checked the content, and that the version
    that it follows is still the latest.
    """
    contribution = uid or call.store.unused("CONTRIBUTION", call.new_uuid)
    kept = [_keep(call, ehr, change, contribution) for change in changes]
    body = {
        "_type": "CONTRIBUTION",
        "uid": {"_type": "HIER_OBJECT_ID", "value": contribution},
        "versions": [reference(uid_of(one), one.kind) for one in kept],
        "audit": (audit or changes[0].audit).details(call.now),
    }
    call.store.put("CONTRIBUTION", contribution, written(body), call.now, [("ehr", "", ehr.id, ehr.id)])
    return contribution, kept


def _keep(call: Call, ehr: Document, change: Change, contribution: str) -> Document:
    """Keeps one version, with what it is found by and what AQL asks of it."""
    last = call.store.last(change.kind, change.object)
    uid = f"{change.object}::{SYSTEM}::{last.version + 1 if last else 1}"
    text = with_uid(change.text, uid) if change.text else ""
    tree = json.loads(text) if text else {}
    nodes = rows(tree) if text else ()
    kept = call.store.put(
        change.kind, change.object, text, call.now, _entries(change.kind, tree, ehr), deleted=not text, nodes=nodes, record=ehr.owner
    )
    version = {
        "_type": "ORIGINAL_VERSION",
        "uid": {"_type": "OBJECT_VERSION_ID", "value": uid},
        **({"preceding_version_uid": {"_type": "OBJECT_VERSION_ID", "value": uid_of(last)}} if last else {}),
        "contribution": reference(contribution, "CONTRIBUTION"),
        "commit_audit": change.audit.details(call.now),
        "lifecycle_state": coded("version lifecycle state", change.audit.lifecycle if text else GONE),
    }
    call.store.put("ORIGINAL_VERSION", uid, written(version), call.now)
    return kept


def _entries(kind: str, tree: Json, ehr: Document) -> list[Entry]:
    """By what a version is found: always by its EHR, so that a deleted one still belongs to it."""
    found: list[Entry] = [("ehr", "", ehr.id, ehr.id)]
    if kind == "EHR_STATUS":
        number, namespace = subject_of(tree)
        found += [("subject", namespace, number, number)] if number and namespace else []
        found += hidden(tree, ehr.owner)
    name = ((tree.get("archetype_details") or {}).get("template_id") or {}).get("value", "") if kind == "COMPOSITION" else ""
    return found + ([("template", "", name, name)] if name else [])


def subject_of(status: Json) -> tuple[str, str]:
    """(number, namespace) of the patient whom an EHR_STATUS is about; "" for what it does not say."""
    reference = (status.get("subject") or {}).get("external_ref") or {}
    return (reference.get("id") or {}).get("value") or "", reference.get("namespace") or ""


def reference(id: str, kind: str) -> dict[str, Json]:
    """An OBJECT_REF to something that this repository keeps."""
    type_ = "OBJECT_VERSION_ID" if "::" in id else "HIER_OBJECT_ID"
    return {"_type": "OBJECT_REF", "namespace": "local", "type": kind, "id": {"_type": type_, "value": id}}


def with_uid(text: str, uid: str) -> str:
    """An object with its version's identifier; the rest is kept to the character."""
    value = json.dumps({"_type": "OBJECT_VERSION_ID", "value": uid})
    root = parse(text).root if "uid" in json.loads(text) else None  # places are looked up only where one is needed: that takes its time
    known = root.child("uid") if root else None
    if known:
        return text[: known.start] + value + text[known.end :]
    brace = text.index("{") + 1
    return f'{text[:brace]}\n  "uid": {value},{text[brace:]}'


# Finding


def ehr_of(call: Call, ehr_id: str) -> Document:
    """An EHR. Raises Refused (404), also for what cannot name one."""
    found = call.store.get("EHR", ehr_id)
    if found:
        return found
    raise refused(404, f"There is no EHR {ehr_id[:60]}. Create one by POST ehr.")


def last_of(call: Call, ehr: Document, kind: str, object: str) -> Document:
    """The latest version of an object of an EHR, also one that says that it was deleted. Raises Refused (404)."""
    found = call.store.last(kind, object)
    if found and found_by(call.store, found, ehr):
        return found
    raise refused(404, f"The EHR {ehr.id} has no {kind} {object[:60]}.")


def found_by(store: Store, one: Document, ehr: Document) -> bool:
    """Whether something belongs to an EHR."""
    sql = "SELECT 1 FROM entry WHERE param = ? AND value = ? AND owner = ?"
    return bool(store.ask(sql, (store.param(one.kind, "ehr"), ehr.id, one.owner)))


def of_ehr(call: Call, ehr: Document, kind: str) -> list[Document]:
    """The objects of a kind that an EHR has now, the one that was changed longest ago first."""
    return call.store.find(kind, "ehr", ehr.id)


def version_of(call: Call, ehr: Document, kind: str, text: str) -> Document:
    """The version with an identifier. Raises Refused (404)."""
    uid = read_uid(text)
    found = call.store.get(kind, uid.object, uid.version) if uid and uid.known_here and uid.version else None
    if found and found_by(call.store, found, ehr):
        return found
    raise refused(404, f"The EHR {ehr.id} has no version {text[:120]} of a {kind}. Versions here are called uuid::{SYSTEM}::1 and so on.")


def at_time(call: Call, kind: str, objects: Sequence[str]) -> Document | None:
    """The version that was the latest at the time in `version_at_time`, or is so now; None where there was none yet. Raises Refused (400)."""
    where, values = f"kind = ? AND id IN ({', '.join('?' * len(objects)) or 'NULL'})", [kind, *objects]
    asked = call.query.get("version_at_time", "")
    if asked:
        where, values = f"{where} AND utc <= ?", [*values, _moment(call, asked)]
    return next(iter(call.store.versions(where, values, 1)), None)


def _moment(call: Call, text: str) -> str:
    """A moment in UTC as the store compares it. Without an offset it is this repository's own time. Raises Refused (400)."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise refused(
            400, f"expected version_at_time as ISO 8601 has it, e.g. 2025-03-03T08:00:00+01:00, but found {text[:60]!r}"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=call.clock().tzinfo)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def original(call: Call, one: Document) -> dict[str, Json]:
    """The ORIGINAL_VERSION of a version, with its content."""
    found = call.store.get("ORIGINAL_VERSION", uid_of(one))
    body: dict[str, Json] = read_values(found.text) if found else {}
    return body | ({"data": read_values(one.text)} if one.text else {})


# Before a change


def must_match(call: Call, last: Document, place: str) -> None:
    """Refuses a change that does not follow the latest version: 400 where If-Match is missing, 412 where it names another one."""
    asked = call.header("if-match")
    if not asked.strip():
        raise refused(
            400, f'expected the header If-Match with the version that this change follows, e.g. If-Match: "{last.id}::{SYSTEM}::1"'
        )
    if uid_of(last) not in {one.strip().removeprefix("W/").strip('"') for one in asked.split(",")}:
        raise stale(call, 412, last, place, f"If-Match names {asked[:120]}")


def stale(call: Call, status: int, last: Document, place: str, says: str) -> Refused:
    """The refusal of a change that was made from an older version; it names the latest."""
    words = f"{says}, but the latest version is {uid_of(last)}. Somebody was faster: read that version, and change it."
    return refused(status, words, headers=tags(call, uid_of(last), place, last.at))


def must_be_modifiable(call: Call, ehr: Document) -> None:
    """Refuses a change of an EHR whose EHR_STATUS says that it may not be changed (409)."""
    for one in of_ehr(call, ehr, "EHR_STATUS"):
        if json.loads(one.text).get("is_modifiable") is False:
            raise refused(409, f"The EHR {ehr.id} may not be changed: its EHR_STATUS says is_modifiable: false.")
