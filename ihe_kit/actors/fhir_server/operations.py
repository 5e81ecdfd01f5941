"""Operations, the verbs that begin with $: $validate, $everything, $lastn and $docref."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.answers import Entry, bundle
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.fhir_server.pages import LARGEST_PAGE, page_of
from ihe_kit.actors.fhir_server.searching import belonging, search, select
from ihe_kit.actors.resources import instant
from ihe_kit.core import Message
from ihe_kit.exchanges import judge
from ihe_kit.fhir import FhirMessage, Package, conform
from ihe_kit.fhir.build import outcome, refuse, resource
from ihe_kit.fhir.search import read_query
from ihe_kit.fhir.search_sql import united
from ihe_kit.fhir.tables import resource_types
from ihe_kit.profiles import candidates
from ihe_kit.rest import request
from ihe_kit.store import Document

MOST_DEFINITIONS = 200  # of each kind, that a validation looks at


def validate(call: Call) -> Message:
    """What R4, and the transaction that a create would belong to, find in a resource; nothing is kept (FHIR R4 Resource-validate). Without a
    body, the resource of the URL is asked about. `profile`, in the URL or in the Parameters, is looked up among R4's and those that lie here.
    """
    text, profiles = _given(call)
    if not text and call.id:
        kept = call.store.get(call.kind, call.id)
        text = kept.text if kept else ""
    if not text:
        return outcome(404 if call.id else 400, "not-found" if call.id else "required", "There is no resource to be validated.")
    url = f"{call.message.base}/{call.kind or FhirMessage(text).kind}"
    message = FhirMessage(request("POST", url, text, [("content-type", "application/fhir+json")]))
    if call.kind and message.kind != call.kind:
        raise Refused(f"expected a {call.kind} to validate, but found {message.kind or 'nothing'}")
    transaction = next((t for t in candidates(message) if t.ihe), None)
    findings = conform(message, profiles, _lying_here(call))
    if transaction:
        findings = judge(message, transaction, found=findings)
    if findings:
        return resource(200, refuse(None, findings, call.clock, call.ids).body)
    return outcome(200, "informational", f"This {message.kind} keeps every rule that was checked.", "information")


def _given(call: Call) -> tuple[str, list[str]]:
    """(the resource in the body, or in the part `resource` of Parameters; the canonical URLs of the profiles that are asked for)."""
    message, profiles = call.message, [value for name, value in call.query if name == "profile"]
    if message.kind != "Parameters":
        return message.body, _canonical(profiles)
    text, parameters = "", message.root.child("parameter") if message.root else None
    for one in parameters.children if parameters else ():
        name = one.child("name")
        if name and name.value == "profile":
            profiles += [value.value for key in ("valueUri", "valueCanonical") if (value := one.child(key))]
        elif name and name.value == "resource" and (inner := one.child("resource")):
            text = text or message.text[inner.start : inner.end]
    if not text:
        raise Refused("the Parameters have no part resource, which is what would be validated")
    return text, _canonical(profiles)


def _canonical(profiles: list[str]) -> list[str]:
    """Profiles by their URLs alone: a path would be one of this computer."""
    for one in profiles:
        if not re.match(r"(https?://|urn:)", one):
            raise Refused(f"{one[:200]!r} names no profile: expected its canonical URL, such as http://hl7.org/fhir/StructureDefinition/bp")
    return profiles


def _lying_here(call: Call) -> list[Package]:
    """The definitions that somebody has stored on this server, as a package."""
    kept: dict[str, dict[str, Any]] = {}
    for kind in ("StructureDefinition", "ValueSet", "CodeSystem"):
        read = (FhirMessage(one.text).values for one in call.store.select(kind, limit=MOST_DEFINITIONS))
        kept[kind] = {one["url"]: one for one in read if isinstance(one.get("url"), str)}
    return [Package("this server", "", {**kept, "SearchParameter": {}})] if any(kept.values()) else []


def everything(call: Call) -> Message:
    """A patient, and all that belongs to the patient's compartment or that those refer to (FHIR R4 Patient-everything). `_type`, `_since`,
    `_count` and `start` and `end` narrow it down; pages follow each other as in a search.
    """
    if call.id and call.store.get(call.kind, call.id) is None:
        return outcome(404, "not-found", f"There is no {call.kind} with the id {call.id}.")
    kinds = [k for k in call.option("_type").split(",") if k] or sorted(resource_types().intersection(call.store.kinds("_lastUpdated")))
    narrowed = [("_lastUpdated", f"ge{call.option('_since')}")] if call.option("_since") else []
    parts = [(kind, (*(belonging(call.kind, call.id, kind)), *read_query(kind, narrowed).conditions)) for kind in kinds if _has(call, kind)]
    union = united([select(call.store, kind, conditions) for kind, conditions in parts])
    total = int(call.store.ask(f"SELECT COUNT(*) FROM ({union.sql}) n", union.values)[0][0])
    page = page_of(call, union, min(call.number("_count", LARGEST_PAGE), LARGEST_PAGE), ())
    links = [("self", _link(call, call.option("_page")))] + ([("next", _link(call, page.after))] if page.after else [])
    return resource(200, bundle("searchset", instant(call.clock()), _entries(call, call.store.owned(page.owners)), links, total))


def _has(call: Call, kind: str) -> bool:
    return bool(belonging(call.kind, call.id, kind))


def _entries(call: Call, documents: Iterable[Document]) -> Iterable[Entry]:
    return (Entry(f"{call.base}/{one.kind}/{one.id}", one.text, {"search": {"mode": "match"}}) for one in documents)


def _link(call: Call, cursor: str) -> str:
    kept = [(name, value) for name, value in call.query if name != "_page"]
    query = urlencode([*kept, *([("_page", cursor)] if cursor else [])])
    return f"{call.base}/{call.message.target}" + (f"?{query}" if query else "")


def lastn(call: Call) -> Message:
    """The last observations of each code, as many as `max` says, one where it says nothing (FHIR R4 Observation-lastn)."""
    most = call.number("max", 1)
    query = read_query(call.kind, [(name, value) for name, value in call.query if name != "max"], strict=True, base=call.base)
    if not any(getattr(one, "param", "") in ("patient", "subject") for one in query.conditions):
        raise Refused("$lastn wants a patient or a subject, and may be narrowed by category and code")
    found = select(call.store, call.kind, query.conditions)
    moment = "COALESCE((SELECT MAX(p.high) FROM period p WHERE p.owner = o.owner AND p.param + 0 = ?), '')"
    numbered = f"SELECT o.owner AS owner, {moment} AS moment FROM ({found.sql}) o ORDER BY moment DESC, owner DESC"
    rows = call.store.ask(numbered, [call.store.param(call.kind, "date"), *found.values])
    seen: dict[str, int] = {}
    last = []
    for one in call.store.owned([row[0] for row in rows]):
        name = _code(json.loads(one.text).get("code", {}))
        seen[name] = seen.get(name, 0) + 1
        if seen[name] <= most:
            last.append(one)
    return resource(200, bundle("searchset", instant(call.clock()), _entries(call, last), (), len(last)))


def _code(concept: dict[str, Any]) -> str:
    """What tells one kind of observation from another: its codings, or its text where it has none."""
    codings = sorted(f"{one.get('system', '')}|{one.get('code', '')}" for one in concept.get("coding", ()))
    return " ".join(codings) or str(concept.get("text", ""))


def docref(call: Call) -> Message:
    """The documents of a patient, of a time and a type where the request names them: a search in other words (IPA, $docref)."""
    patient = call.option("patient")
    if not patient:
        raise Refused("$docref wants a patient")
    names = {"start": ("period", "ge"), "end": ("period", "le"), "type": ("type", "")}
    query = [("patient", patient)] + [(names[name][0], names[name][1] + value) for name, value in call.query if name in names]
    url = f"{call.message.base}/DocumentReference?{urlencode(query)}"
    return search(call.at(kind="DocumentReference", message=FhirMessage(request("GET", url)), owner=call.base))
