"""History of one resource, of a type and of the whole server: every version, the latest first (FHIR R4 section 3.1.0.12)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.answers import Entry, bundle, etag
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.fhir_server.pages import LARGEST_PAGE, PAGE
from ihe_kit.actors.resources import instant
from ihe_kit.core import Message
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.fhir.comparing import span
from ihe_kit.fhir.tables import resource_types
from ihe_kit.store import Document


def history(call: Call) -> Message:
    """Every version of a resource."""
    if call.store.last(call.kind, call.id) is None:
        return outcome(404, "not-found", f"There is no {call.kind} with the id {call.id}, and there never was.")
    return _history(call, f"{call.kind}/{call.id}", "kind = ? AND id = ?", [call.kind, call.id])


def history_type(call: Call) -> Message:
    """Every version of every resource of a type."""
    return _history(call, call.kind, "kind = ?", [call.kind])


def history_system(call: Call) -> Message:
    """Every version of every resource."""
    kinds = sorted(resource_types().intersection(call.store.kinds("_lastUpdated")))
    return _history(call, "", f"kind IN ({', '.join('?' * len(kinds))})" if kinds else "1 = 0", kinds)


def _history(call: Call, path: str, where: str, values: list[Any]) -> Message:
    """One page. A link names the version that it goes on behind, so nothing is shown twice when more is stored meanwhile."""
    count, behind = min(call.number("_count", PAGE), LARGEST_PAGE), call.option("_page")
    if behind and not re.fullmatch(r"\d{1,15}", behind, re.ASCII):
        raise Refused("_page is none that this server gave out. Begin again from the first page.")
    for name, compare in (("_since", ">="), ("_at", "<=")):
        if call.option(name):
            where, values = f"{where} AND utc {compare} ?", [*values, _moment(call, name)]
    total = int(call.store.ask(f"SELECT COUNT(*) FROM document WHERE {where}", values)[0][0])
    if behind:
        where, values = f"{where} AND serial < ?", [*values, int(behind)]
    found = call.store.versions(where, values, count + 1)
    more, found = len(found) > count, found[:count]
    links = [_link(call, path, "self", behind)] + ([_link(call, path, "next", str(found[-1].serial))] if more and found else [])
    return resource(200, bundle("history", instant(call.clock()), (_entry(call, one) for one in found), links, total))


def _moment(call: Call, name: str) -> str:
    """A moment in UTC. Raises Refused for a text that is none."""
    text = call.option(name).replace(" ", "+")
    try:
        low, high = span(text)
        zoned = datetime.fromisoformat(text) if "T" in text else None
    except ValueError as problem:
        raise Refused(f"{name}: {problem}") from None
    if zoned and zoned.tzinfo:
        return zoned.astimezone(UTC).replace(tzinfo=None).isoformat()
    return low if name == "_since" else high


def _entry(call: Call, one: Document) -> Entry:
    method = "DELETE" if one.deleted else "POST" if one.version == 1 else "PUT"
    status = {"DELETE": "204", "POST": "201", "PUT": "200"}[method]
    asked = {"method": method, "url": one.kind if method == "POST" else f"{one.kind}/{one.id}"}
    answer = {"status": status, "etag": etag(one), "lastModified": one.at}
    return Entry(f"{call.base}/{one.kind}/{one.id}", one.text, {"request": asked, "response": answer})


def _link(call: Call, path: str, relation: str, behind: str) -> tuple[str, str]:
    kept = [(name, value) for name, value in call.query if name in ("_count", "_since", "_at", "_format")]
    query = urlencode([*kept, *([("_page", behind)] if behind else [])], safe=":")
    return relation, f"{call.base}/{path}{'/' if path else ''}_history" + (f"?{query}" if query else "")
