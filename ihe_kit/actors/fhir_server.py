"""A FHIR R4 server that plays two IHE actors on the one store: the Patient Identifier Cross-reference Manager takes the feed (ITI-104), the
Patient Demographics Supplier answers queries (ITI-78).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ihe_kit import rest
from ihe_kit.actors import Actor, Refused
from ihe_kit.actors.people import replaced_by
from ihe_kit.actors.resources import instant, save
from ihe_kit.core import Message
from ihe_kit.exchanges import judge
from ihe_kit.fhir import FHIR, FhirMessage, conform, parse
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.fhir.search import Condition, criteria, find_parameter, parameters
from ihe_kit.profiles import candidates
from ihe_kit.rules import has_errors
from ihe_kit.store import Document

TYPES = ("Patient", "Encounter")
PAGE, LARGEST_PAGE = 20, 200


class FhirServer(Actor):
    """Create, read, conditional update, update, search, capabilities. Errors are OperationOutcomes."""

    standard = FHIR
    base = FhirMessage.base
    plays = ("Patient Identifier Cross-reference Manager", "Patient Demographics Supplier", "FHIR server")

    def answer(self, request: Message) -> Message:
        assert isinstance(request, FhirMessage)
        if request.method == "GET" and "json" not in _accepted(request):
            return outcome(406, "not-supported", "This server speaks JSON only: ask with Accept: application/fhir+json.")
        for method, pattern, action in ROUTES:
            found = re.fullmatch(pattern, request.target)
            if found and request.method == method:
                return action(self, request, *found.groups())
        return self._no_route(request)

    def _no_route(self, request: FhirMessage) -> Message:
        kind = request.target.split("/")[0]
        if kind[:1].isupper() and kind not in TYPES:
            return outcome(404, "not-supported", f"This server has no {kind} resources. It keeps {' and '.join(TYPES)}.")
        if any(re.fullmatch(pattern, request.target) for _, pattern, _ in ROUTES):
            return outcome(405, "not-supported", f"{request.method} is not possible on {request.target or 'the base'}.")
        return outcome(404, "not-found", f"There is nothing at {request.target or 'the base'}. Start with GET metadata.")

    # Interactions

    def capabilities(self, request: FhirMessage) -> Message:
        return resource(200, json.dumps(_capability_statement(instant(self.clock())), indent=2))

    def read(self, request: FhirMessage, kind: str, id: str) -> Message:
        found = self.store.get(kind, id)
        if not found:
            return outcome(404, "not-found", f"There is no {kind} with the id {id}.")
        return _shown(200, found)

    def create(self, request: FhirMessage, kind: str) -> Message:
        self._check(request, kind)
        saved = save(self.store, request, self.clock, id=self.ids())
        return _shown(201, saved)

    def update(self, request: FhirMessage, kind: str, id: str) -> Message:
        self._check(request, kind)
        self._same_id(request, id)
        return self._save(request, kind, id)

    def conditional_update(self, request: FhirMessage, kind: str) -> Message:
        """No match: created, under the id of the body where it has one. One: updated. More: refused, because the server cannot tell which
        is meant (FHIR R4 section 3.1.0.4.3).
        """
        self._check(request, kind)
        conditions = self._criteria(request, kind, strict=True)
        if not conditions:
            raise Refused(f"PUT {kind} needs a condition such as PUT {kind}?identifier=urn:oid:2.999.10.1|4711.")
        found = self.store.select(kind, *_sql(kind, conditions))
        if len(found) > 1:
            says = f"{len(found)} of {kind} match the condition, so the server cannot tell which one is meant."
            return outcome(412, "multiple-matches", says)
        if found:
            self._same_id(request, found[0].id, needed=False)
        return self._save(request, kind, found[0].id if found else request.data.get("id") or self.ids())

    def _same_id(self, request: FhirMessage, id: str, needed: bool = True) -> None:
        own = request.data.get("id")
        if own != id and (own or needed):
            raise Refused(
                f"The request speaks of {request.kind}/{id}, but the resource has the id {own or '(none)'}. They have to be the same."
            )

    def _save(self, request: FhirMessage, kind: str, id: str) -> Message:
        """Keeps a resource, unless If-Match names another version than the current one: then somebody was faster (FHIR R4 section 3.1.0.5).
        A patient who was merged stays merged: an update that does not know of it is told who survived, as HL7 v2's senders are.
        """
        known, wanted = self.store.get(kind, id), request.headers.get("if-match", "")
        if wanted and wanted != (f'W/"{known.version}"' if known else ""):
            says = f"The version is {known.version if known else 'none'} by now, not {wanted}. Read it again before you change it."
            return outcome(412, "conflict", says)
        survivor = replaced_by(known) if known and kind == "Patient" else ""
        if survivor and not any(link.get("type") == "replaced-by" for link in request.data.get("link", ())):
            says = f"{kind}/{id} was merged into {kind}/{survivor}. Send the change to that one: this one is kept for its history."
            return outcome(409, "conflict", says)
        return _shown(200 if known else 201, save(self.store, request, self.clock, id=id))

    def search(self, request: FhirMessage, kind: str) -> Message:
        where, values = _sql(kind, self._criteria(request, kind))
        count, offset = min(_number(request, "_count", PAGE), LARGEST_PAGE), _number(request, "_offset", 0)
        found = Found(kind, self.store.count(kind, where, values), self.store.select(kind, where, values, count, offset), count, offset)
        return resource(200, _searchset(request, found, instant(self.clock())))

    def search_by_post(self, request: FhirMessage, kind: str) -> Message:
        """The same search with its parameters in a form, so that names do not end up in logs of URLs (FHIR R4 section 3.1.0.9)."""
        query = urlencode([*request.query, *parse_qsl(request.body, keep_blank_values=True)])
        headers = [(name, value) for name, value in request.headers.items() if name in ("host", "accept", "prefer")]
        return self.search(parse(rest.request("GET", f"{request.base}/{kind}?{query}", headers=headers)), kind)

    # Helpers

    def _check(self, request: FhirMessage, kind: str) -> None:
        """Refuses a resource that breaks R4, or a rule of the transaction that the request belongs to."""
        media = request.headers.get("content-type", "application/json")
        if "json" not in media:
            raise Refused(outcome(415, "not-supported", f"This server reads JSON only, not {media}."))
        if not isinstance(request.data, dict) or request.data.get("resourceType") != kind:
            raise Refused(f"expected a {kind} in the body, but found {request.kind or 'nothing'}")
        transaction = next((t for t in candidates(request) if t.ihe), None)
        findings = judge(request, transaction) if transaction else conform(request)
        if has_errors(findings):
            raise Refused([finding for finding in findings if finding.severity != "information"])

    def _criteria(self, request: FhirMessage, kind: str, strict: bool = False) -> list[Condition]:
        strict = strict or "handling=strict" in request.headers.get("prefer", "")
        return criteria(kind, request.query, strict=strict)


@dataclass(frozen=True)
class Found:
    """One page of what a search found."""

    kind: str
    total: int
    page: list[Document]
    count: int
    offset: int


Action = Callable[..., Message]
_KIND, _ID = f"({'|'.join(TYPES)})", r"([A-Za-z0-9.-]{1,64})"
ROUTES: tuple[tuple[str, str, Action], ...] = (
    ("GET", "metadata", FhirServer.capabilities),
    ("GET", f"{_KIND}/{_ID}", FhirServer.read),
    ("PUT", f"{_KIND}/{_ID}", FhirServer.update),
    ("POST", f"{_KIND}/_search", FhirServer.search_by_post),
    ("PUT", _KIND, FhirServer.conditional_update),
    ("POST", _KIND, FhirServer.create),
    ("GET", _KIND, FhirServer.search),
)


def _accepted(request: FhirMessage) -> str:
    wanted = dict(request.query).get("_format") or request.headers.get("accept", "")
    return "json" if not wanted or "*/*" in wanted or "json" in wanted else wanted


def _shown(status: int, document: Document) -> Message:
    location = [("location", f"{FhirMessage.base}/{document.kind}/{document.id}/_history/{document.version}")] if status == 201 else []
    return resource(status, document.text, [("etag", f'W/"{document.version}"'), *location])


def _number(request: FhirMessage, name: str, default: int) -> int:
    value = dict(request.query).get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise Refused(f"{name} is {value!r}, but has to be a number of entries, such as {name}=20")
    return int(value)


def _sql(kind: str, conditions: Sequence[Condition]) -> tuple[str, list[str]]:
    """The conditions of a search as SQL over the store's entries. Values are bound, never written into the SQL."""
    parts, bound = ["1"], []
    for condition in conditions:
        clause, values = condition.sql()
        parts.append(f"id IN (SELECT id FROM entry WHERE kind = ? AND param = ? AND ({clause}))")
        bound += [kind, condition.param, *values]
    return " AND ".join(parts), bound


def _searchset(request: FhirMessage, found: Found, at: str) -> str:
    """The bundle as text: every resource goes in as it was kept, digit for digit."""
    base = f"http://{request.headers.get('host', 'localhost')}{request.base}"
    # The self link says which parameters were respected (PDQm section 2:3.78.4.1.2.1.1).
    kept = [(name, value) for name, value in request.query if find_parameter(found.kind, name)]

    def link(relation: str, offset: int) -> dict[str, str]:
        page = [("_count", str(found.count)), ("_offset", str(offset))] if offset or "_count" in dict(request.query) else []
        query = urlencode([*kept, *page], safe="|:,")
        return {"relation": relation, "url": f"{base}/{found.kind}" + (f"?{query}" if query else "")}

    links = [link("self", found.offset)]
    if found.count and found.offset + found.count < found.total:
        links.append(link("next", found.offset + found.count))
    if found.offset:
        links.append(link("previous", max(0, found.offset - found.count)))
    head = {"resourceType": "Bundle", "type": "searchset", "timestamp": at, "total": found.total, "link": links}
    entries = [  # a line end stands between values only, so what is kept stays as it is, digit for digit
        f'{{\n      "fullUrl": {json.dumps(f"{base}/{d.kind}/{d.id}")},\n      "resource": '
        + d.text.strip().replace("\n", "\n      ")
        + ',\n      "search": {"mode": "match"}\n    }'
        for d in found.page
    ]
    text = json.dumps(head, indent=2, ensure_ascii=False)
    return text.removesuffix("\n}") + ',\n  "entry": [\n    ' + ",\n    ".join(entries) + "\n  ]\n}" if entries else text


def _capability_statement(at: str) -> dict[str, Any]:
    """Made from what is really there: the routes and the search parameters."""
    codes = {"read": FhirServer.read, "create": FhirServer.create, "update": FhirServer.update, "search-type": FhirServer.search}
    actions = [action for _, _, action in ROUTES]
    interactions = [{"code": code} for code, action in codes.items() if action in actions]
    resources = [
        {
            "type": kind,
            "interaction": interactions,
            "versioning": "versioned",
            "conditionalUpdate": FhirServer.conditional_update in actions,
            "updateCreate": True,
            "searchParam": [{"name": p.name, "type": p.type} for p in parameters(kind)],
        }
        for kind in TYPES
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at,
        "kind": "instance",
        "software": {"name": "ihe_kit"},
        "implementation": {"description": "The patient identity server of Fjordland Health, an invented region"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": resources}],
    }
