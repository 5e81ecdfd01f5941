"""The search of every page: a type, a resource or a whole query leads there at once; words are looked for in names, numbers and messages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from ihe_kit.fhir.tables import resource_types
from ihe_kit.render import clip, count, crossings, h, tag, visible
from ihe_kit.site.people import digest
from ihe_kit.site.shell import head, page
from ihe_kit.site.visit import Reply, Visit

MOST = 20  # hits of a kind


def show(visit: Visit) -> Reply:
    """A list of what was found, or the way to what was named."""
    asked = visit.option("q").strip()
    straight = _straight(visit, asked)
    if straight:
        return Reply("", 303, headers=(("location", straight),))
    parts = "".join((_types(visit, asked), _resources(visit, asked), _messages(visit, asked))) if asked else ""
    nothing = '<div class="kit-empty"><h2>Nothing was found</h2><p>Names, identifiers and ids of resources, and the texts of all messages on the wire were looked through.</p></div>'
    says = f"for {visible(clip(asked, 60))}" if asked else ""
    return page(visit, "Search", head("Search", says) + f'<div class="body">{parts or (nothing if asked else _hint())}</div>')


def _straight(visit: Visit, asked: str) -> str:
    """`Patient`, `Patient/1` and `Patient?family=Berg` name what is wanted."""
    found = re.fullmatch(r"(?:GET )?/?([A-Z][A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?(?:\?(.*))?", asked)
    if not found or found[1] not in resource_types():
        return ""
    return visit.way(f"{found[1]}/{found[2]}" if found[2] else found[1], parse_qsl(found[3] or "", keep_blank_values=True))


def _hint() -> str:
    says = (
        "A name, an identifier or a word of a message; or <code>Patient</code>, <code>Patient/1</code>, <code>Patient?family=Berg</code>."
    )
    return f'<div class="kit-empty"><h2>What are you looking for?</h2><p>{says}</p></div>'


def _types(visit: Visit, asked: str) -> str:
    names = [kind for kind in sorted(resource_types()) if asked.lower() in kind.lower() and len(asked) > 2][:MOST]
    return _part("Types of resource", [f'<a href="{visit.link(kind)}">{h(kind)}</a>' for kind in names])


def _resources(visit: Visit, asked: str) -> str:
    """By the name of a patient, and in every type that there is by identifier or id."""
    ways = [("Patient", "name:contains"), *((kind, name) for kind in visit.counts for name in ("identifier", "_id"))]
    exact = re.sub(r"([\\,|$])", r"\\\1", asked)
    found: dict[str, Any] = {}
    for kind, name in ways:
        answer = visit.ask(kind, [(name, exact), ("_count", str(MOST))])
        entries = answer.values.get("entry", ()) if answer.status == "200" else ()
        found |= {f"{kind}/{one['resource']['id']}": one["resource"] for one in entries if one["search"]["mode"] == "match"}
    return _part(
        "Resources", [f'<a href="{visit.link(target)}">{h(target)}</a> {digest(one)}' for target, one in list(found.items())[:MOST]]
    )


def _messages(visit: Visit, asked: str) -> str:
    words, found = asked.lower(), []
    for row in reversed(crossings(visit.box.wire)):
        text = row.message.text if row.message else row.packet.data.decode("utf-8", "replace")
        number = row.exchange.transaction.number if row.exchange.transaction else ""
        if words in text.lower() or words in number.lower():
            told = f"{row.number} {row.name}, {row.sender} to {row.receiver}, {row.time}".strip()
            found.append(f'<a href="{visit.link("exchanges", [("message", row.key)])}">{visible(told)}</a> {tag(row.standard)}')
            if len(found) == MOST:
                break
    return _part("Messages on the wire, latest first", found)


def _part(title: str, items: list[str]) -> str:
    if not items:
        return ""
    more = count(len(items), "hit") if len(items) < MOST else f"the first {MOST}"
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f'<section class="part"><div class="kit-pane-head"><h2>{title}</h2><span class="kit-grow">{more}</span></div><ul class="kit-hits">{listed}</ul></section>'
