"""The openEHR repository: EHRs, templates and compositions over openEHR's REST API (ITS-REST 1.0.3), on the one store.

A composition is stored only when it keeps its template; nothing is overwritten; a version is named `uuid::system::number`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, unquote
from uuid import NAMESPACE_OID, uuid5

from ihe_kit.actors import Actor, Refused
from ihe_kit.actors.openehr_repository.asking import hidden
from ihe_kit.actors.openehr_repository.queries import ROUTES as QUERIES
from ihe_kit.core import Message, Unreadable
from ihe_kit.openehr import OPENEHR, OpenehrMessage, Template, conform, load, parse
from ihe_kit.openehr.nodes import rows
from ihe_kit.profiles import candidates
from ihe_kit.rest import response
from ihe_kit.rules import check, has_errors
from ihe_kit.store import Document

SYSTEM = "openehr.fjordland.example"
JSON, XML = "application/json", "application/xml"
_TEMPLATE_ID = r"[0-9A-Za-z][0-9A-Za-z.:_ -]{0,199}"  # many templates have blanks in their names
_ID = r"([0-9A-Za-z][0-9A-Za-z.:_-]{0,199})"
_UUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


class OpenehrRepository(Actor):
    """Takes EHRs, templates, compositions. Errors are bodies with a message, a code and the findings."""

    standard = OPENEHR
    base = OpenehrMessage.base
    plays = ("openEHR repository",)

    def answer(self, request: Message) -> Message:
        assert isinstance(request, OpenehrMessage)
        if request.from_other_site:
            return error(403, "A page of another site asks for this change. Whoever is meant to may ask from a page of this one.")
        for method, pattern, action in ROUTES:
            found = re.fullmatch(pattern, request.target)
            if found and request.method == method:
                return action(self, request, *found.groups())
        known = [method for method, pattern, _ in ROUTES if re.fullmatch(pattern, request.target)]
        if known:
            return error(405, f"{request.method} is not possible here; this address takes {', '.join(known)}.")
        return error(404, f"There is nothing at {request.target or 'the base'}. Start with POST ehr.")

    # EHRs

    def create_ehr(self, request: OpenehrMessage, ehr_id: str | None = None) -> Message:
        """A new EHR with the EHR_STATUS of the body, where there is a body; 409 where the subject has one already."""
        if ehr_id and not re.fullmatch(_UUID, ehr_id):
            return error(400, f"{ehr_id} is no UUID, which names an EHR, e.g. {uuid5(NAMESPACE_OID, SYSTEM)}.")
        status = {"_type": "EHR_STATUS", "subject": {"_type": "PARTY_SELF"}, "is_modifiable": True, "is_queryable": True}
        if request.body.strip():
            self._check(request, "EHR_STATUS")
            status = request.data
        subject = _subject(request)
        if subject and self.store.find("EHR", "subject", subject[0], subject[1]):
            return error(409, f"The patient {subject[0]} of {subject[1]} has an EHR already.")
        ehr_id = ehr_id or self.store.unused("EHR", self._uuid)
        if self.store.get("EHR", ehr_id):
            return error(409, f"The EHR {ehr_id} exists already.")
        at, status_uid = self.clock().isoformat(timespec="seconds"), self.store.unused("EHR_STATUS", self._version)
        body = {
            "system_id": {"_type": "HIER_OBJECT_ID", "value": SYSTEM},
            "ehr_id": {"_type": "HIER_OBJECT_ID", "value": ehr_id},
            "ehr_status": _reference(status_uid, "EHR_STATUS"),
            "ehr_access": _reference(self._version(), "EHR_ACCESS"),
            "time_created": {"_type": "DV_DATE_TIME", "value": at},
        }
        text = json.dumps(body, indent=2, ensure_ascii=False)
        ehr = self.store.put("EHR", ehr_id, text, at, [("subject", subject[1], subject[0], subject[0])] if subject else [])
        status_text = json.dumps({"uid": {"_type": "OBJECT_VERSION_ID", "value": status_uid}} | status, indent=2, ensure_ascii=False)
        entries = [("ehr", "", ehr_id, ehr_id), *hidden(status, ehr.owner)]
        self.store.put("EHR_STATUS", status_uid, status_text, at, entries, nodes=rows(json.loads(status_text)), record=ehr.owner)
        return _created(request, ehr_id, f"ehr/{ehr_id}", text)

    def read_ehr(self, request: OpenehrMessage, ehr_id: str) -> Message:
        return _shown(self._ehr(ehr_id).text, ehr_id)

    def read_status(self, request: OpenehrMessage, ehr_id: str) -> Message:
        """Whose record it is: the EHR_STATUS with its subject."""
        self._ehr(ehr_id)
        (found,) = self.store.find("EHR_STATUS", "ehr", ehr_id)
        return _shown(found.text, found.id)

    def find_ehr(self, request: OpenehrMessage) -> Message:
        """By subject_id and subject_namespace: the number alone identifies nobody."""
        asked = dict(request.query)
        if not asked.get("subject_id") or not asked.get("subject_namespace"):
            return error(400, "expected subject_id and subject_namespace, e.g. ehr?subject_id=4711&subject_namespace=urn:oid:2.999.10.1")
        found = self.store.find("EHR", "subject", asked["subject_id"], asked["subject_namespace"])
        if not found:
            return error(404, f"No EHR belongs to {asked['subject_id']} of {asked['subject_namespace']}.")
        return _shown(found[0].text, found[0].id)

    # Templates

    def upload_template(self, request: OpenehrMessage) -> Message:
        try:
            template = load(request.body)
        except Unreadable as problem:
            return error(400, f"This is no operational template: {problem}")
        if not re.fullmatch(_TEMPLATE_ID, template.id):
            may = "at most 200 letters (A to Z, a to z), digits, and blanks and . : _ - after the first"
            return error(400, f"{template.id[:60]!r} cannot name a template: its id becomes a part of a URL here and may hold {may}.")
        if self.store.get("TEMPLATE", template.id):
            return error(409, f"The template {template.id} is here already. A changed template needs a new name.")
        at = self.clock().isoformat(timespec="seconds")
        self.store.put("TEMPLATE", template.id, request.body, at)
        headers = [("etag", f'"{template.id}"'), ("location", f"{request.base}/definition/template/adl1.4/{quote(template.id)}")]
        wanted = "representation" in request.headers.get("prefer", "")
        return OPENEHR.parse(response(201, request.body if wanted else "", [*headers, *([("content-type", XML)] if wanted else [])]))

    def list_templates(self, request: OpenehrMessage) -> Message:
        found = [
            {"template_id": d.id, "concept": one.concept, "archetype_id": one.root.code, "created_timestamp": d.at}
            for d in self.store.select("TEMPLATE")
            for one in [load(d.text)]
        ]
        return _json(200, json.dumps(found, indent=2))

    def read_template(self, request: OpenehrMessage, template_id: str) -> Message:
        found = self.store.get("TEMPLATE", unquote(template_id))
        if not found:
            return error(404, f"There is no template {unquote(template_id)}.")
        return OPENEHR.parse(response(200, found.text, [("content-type", XML), ("etag", f'"{found.id}"')]))

    # Compositions

    def store_composition(self, request: OpenehrMessage, ehr_id: str) -> Message:
        """201 where the composition keeps its template; 422 with every finding where it does not; 404 without the EHR."""
        ehr = self._ehr(ehr_id)
        name = request.template_id
        template = self.store.get("TEMPLATE", name)
        self._check(request, "COMPOSITION", load(template.text) if template else None)
        if not template:
            raise Refused(
                error(422, f"The template {name or '(none named)'} is not here. Upload it before compositions that are made from it.")
            )
        uid = self.store.unused("COMPOSITION", self._version)
        text = _with_uid(request.body, uid)
        entries = [("ehr", "", ehr_id, ehr_id), ("template", "", name, name)]
        at, nodes = self.clock().isoformat(timespec="seconds"), rows(json.loads(text))
        self.store.put("COMPOSITION", uid, text, at, entries, nodes=nodes, record=ehr.owner)
        return _created(request, uid, f"ehr/{ehr_id}/composition/{uid}", text)

    def read_composition(self, request: OpenehrMessage, ehr_id: str, uid: str) -> Message:
        """By its version's name, or by the name that all its versions share."""
        self._ehr(ehr_id)
        where = "(id = ? OR id >= ? AND id < ?) AND owner IN (SELECT owner FROM entry WHERE param = ? AND value = ?)"
        values = (uid, f"{uid}::", f"{uid}::\U0010ffff", self.store.param("COMPOSITION", "ehr"), ehr_id)
        found = self.store.select("COMPOSITION", where, values)
        if not found:
            return error(404, f"The EHR {ehr_id} has no composition {uid}.")
        return _shown(found[-1].text, found[-1].id)

    def status(self, request: OpenehrMessage) -> Message:
        return _json(200, json.dumps({"solution": "ihe_kit", "restapi_specs_version": "1.0.3", "openehr_rm_version": "1.1.0"}))

    # Helpers

    def _uuid(self) -> str:
        return str(uuid5(NAMESPACE_OID, f"2.999.1.1.{self.ids()}"))

    def _version(self) -> str:
        """The identifier of a first version that was made here."""
        return f"{self._uuid()}::{SYSTEM}::1"

    def _ehr(self, ehr_id: str) -> Document:
        found = self.store.get("EHR", ehr_id)
        if not found:
            raise Refused(error(404, f"There is no EHR {ehr_id}. Create one by POST ehr."))
        return found

    def _check(self, request: OpenehrMessage, kind: str, template: Template | None = None) -> None:
        """Refuses a body of another kind, one that breaks its template or the Reference Model, and one that breaks a rule of its transaction."""
        if request.body.strip() and not request.root:
            found = request.headers.get("content-type")
            raise Refused(error(415, f"The body comes as {found}. Send it as JSON, with the header Content-Type: {JSON}."))
        if request.kind != kind:
            raise Refused(f"expected a body of type {kind}, but found {request.kind.replace('JSON', 'JSON without a _type')}")
        rules = next((t.request_rules for t in candidates(request)), ())
        findings = [*conform(request, template), *check(request, rules)]
        if has_errors(findings):
            raise Refused([finding for finding in findings if finding.severity != "information"])


Action = Callable[..., Message]
ROUTES: tuple[tuple[str, str, Action], ...] = (
    ("POST", "ehr", OpenehrRepository.create_ehr),
    ("PUT", f"ehr/{_ID}", OpenehrRepository.create_ehr),
    ("GET", "ehr", OpenehrRepository.find_ehr),
    ("GET", f"ehr/{_ID}", OpenehrRepository.read_ehr),
    ("GET", f"ehr/{_ID}/ehr_status", OpenehrRepository.read_status),
    ("POST", r"definition/template/adl1\.4", OpenehrRepository.upload_template),
    ("GET", r"definition/template/adl1\.4", OpenehrRepository.list_templates),
    ("GET", r"definition/template/adl1\.4/([^/]+)", OpenehrRepository.read_template),
    ("POST", f"ehr/{_ID}/composition", OpenehrRepository.store_composition),
    ("GET", f"ehr/{_ID}/composition/{_ID}", OpenehrRepository.read_composition),
    *QUERIES,
    ("OPTIONS", "", OpenehrRepository.status),
)


def error(status: int, says: str) -> Message:
    """openEHR's error body."""
    return _json(status, json.dumps({"message": says, "code": status, "errors": []}, indent=2, ensure_ascii=False))


def _json(status: int, text: str, headers: Sequence[tuple[str, str]] = ()) -> Message:
    return OPENEHR.parse(response(status, text, [("content-type", JSON), *headers]))


def _created(request: OpenehrMessage, id: str, place: str, text: str) -> Message:
    headers = [("etag", f'"{id}"'), ("location", f"{request.base}/{place}")]
    prefer = request.headers.get("prefer", "")
    if "representation" in prefer:
        return _json(201, text, headers)
    if "identifier" in prefer:
        return _json(201, json.dumps({"uid": id}), headers)
    return OPENEHR.parse(response(201, "", headers))


def _shown(text: str, id: str) -> Message:
    return _json(200, text, [("etag", f'"{id}"')])


def _subject(request: OpenehrMessage) -> tuple[str, str] | None:
    """(number, namespace) of the subject's external reference."""
    number, namespace = ("".join(request.get(f"/subject/external_ref/{name}")) for name in ("id/value", "namespace"))
    return (number, namespace) if number and namespace else None


def _reference(uid: str, kind: str) -> dict[str, Any]:
    return {"_type": "OBJECT_REF", "namespace": "local", "type": kind, "id": {"_type": "OBJECT_VERSION_ID", "value": uid}}


def _with_uid(text: str, uid: str) -> str:
    """The composition with its version's name; the rest is kept to the character."""
    value = json.dumps({"_type": "OBJECT_VERSION_ID", "value": uid})
    root = parse(text).root
    known = root.child("uid") if root else None
    if known:
        return text[: known.start] + value + text[known.end :]
    brace = text.index("{") + 1
    return text[:brace] + f'\n  "uid": {value},' + text[brace:]
