"""The directory of an EHR: a tree of folders that refer to compositions (ITS-REST 1.0.3, EHR, DIRECTORY)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ihe_kit.actors.openehr_repository.answers import changed, shown, tags
from ihe_kit.actors.openehr_repository.audits import AMENDMENT, CREATION, DELETED, MODIFICATION, from_headers
from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.actors.openehr_repository.checks import checked_body
from ihe_kit.actors.openehr_repository.plain import error, refused, text
from ihe_kit.actors.openehr_repository.versions import (
    Change,
    at_time,
    commit,
    ehr_of,
    must_be_modifiable,
    must_match,
    of_ehr,
    uid_of,
    version_of,
)
from ihe_kit.core import Message
from ihe_kit.json_text import read_values, written
from ihe_kit.store import Document

Json = Any
KIND = "FOLDER"


def create_directory(call: Call, ehr_id: str) -> Message:
    """201; 409 where the EHR has a directory already. After a deletion, another one may be made."""
    ehr = ehr_of(call, ehr_id)
    body = checked_body(call, KIND)
    for one in of_ehr(call, ehr, KIND):
        headers = _tags(call, ehr, one)
        return error(409, f"The EHR {ehr_id} has a directory already, {uid_of(one)}. Change it by PUT.", headers=headers)
    must_be_modifiable(call, ehr)
    change = Change(KIND, call.store.unused(KIND, call.new_uuid), body.body, from_headers(call, CREATION))
    _, (kept,) = commit(call, ehr, [change])
    return changed(call, 201, uid_of(kept), kept.text, _tags(call, ehr, kept))


def read_directory(call: Call, ehr_id: str) -> Message:
    """The directory, or the folder at `path` in it, now or at the time in `version_at_time`; 204 where it was deleted then."""
    ehr = ehr_of(call, ehr_id)
    found = at_time(call, KIND, _ever(call, ehr))
    if not found:
        return error(
            404, f"The EHR {ehr_id} has no directory{' at that time' if 'version_at_time' in call.query else ''}. Make one by POST."
        )
    return _folder(call, ehr, found)


def _ever(call: Call, ehr: Document) -> list[str]:
    """Every directory that the EHR has or had."""
    sql = "SELECT DISTINCT d.id FROM document d JOIN entry e ON e.owner = d.owner WHERE e.param = ? AND e.value = ?"
    return [str(row[0]) for row in call.store.ask(sql, (call.store.param(KIND, "ehr"), ehr.id))]


def read_directory_version(call: Call, ehr_id: str, uid: str) -> Message:
    ehr = ehr_of(call, ehr_id)
    return _folder(call, ehr, version_of(call, ehr, KIND, uid))


def _folder(call: Call, ehr: Document, one: Document) -> Message:
    headers = _tags(call, ehr, one)
    if one.deleted:
        return text(204, "", headers=headers)
    names = [name for name in call.query.get("path", "").split("/") if name]
    if not names:
        return shown(call, one.text, headers)
    folder = _inside(read_values(one.text), names)
    if folder is None:
        return error(404, f"The directory has no folder {'/'.join(names)[:200]}. A path is the names of folders, one in the other.")
    return shown(call, written({"_type": KIND} | folder), headers)


def _inside(folder: Json, names: Sequence[str]) -> Json:
    """The folder that names lead to, one in the other; None where there is none."""
    for name in names:
        below = folder.get("folders") or ()
        folder = next((one for one in below if (one.get("name") or {}).get("value") == name), None)
        if folder is None:
            return None
    return folder


def update_directory(call: Call, ehr_id: str) -> Message:
    """A new version of the whole directory, made from the version in If-Match."""
    ehr = ehr_of(call, ehr_id)
    last = _there(call, ehr)
    body = checked_body(call, KIND)
    must_match(call, last, _place(ehr, last))
    must_be_modifiable(call, ehr)
    _, (kept,) = commit(call, ehr, [Change(KIND, last.id, body.body, from_headers(call, MODIFICATION, AMENDMENT))])
    return changed(call, 200, uid_of(kept), kept.text, _tags(call, ehr, kept))


def delete_directory(call: Call, ehr_id: str) -> Message:
    """A version without content. What the folders referred to stays."""
    ehr = ehr_of(call, ehr_id)
    last = _there(call, ehr)
    must_match(call, last, _place(ehr, last))
    must_be_modifiable(call, ehr)
    _, (kept,) = commit(call, ehr, [Change(KIND, last.id, "", from_headers(call, DELETED))])
    return text(204, "", headers=_tags(call, ehr, kept))


def _there(call: Call, ehr: Document) -> Document:
    for one in of_ehr(call, ehr, KIND):
        return one
    raise refused(404, f"The EHR {ehr.id} has no directory. Make one by POST ehr/{ehr.id}/directory.")


def _place(ehr: Document, one: Document) -> str:
    return f"ehr/{ehr.id}/directory/{uid_of(one)}"


def _tags(call: Call, ehr: Document, one: Document) -> list[tuple[str, str]]:
    return tags(call, uid_of(one), _place(ehr, one), one.at)
