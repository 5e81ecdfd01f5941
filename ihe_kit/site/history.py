"""Every version of a resource, the latest first, and what differs between two of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from ihe_kit.fhir import FhirMessage
from ihe_kit.render import Comparison, Side, changes_html, count, h, tally_html, texts_html, visible
from ihe_kit.site.shell import head, page, problem
from ihe_kit.site.visit import Reply, Visit, reasons
from ihe_kit.verbs import difference, explain

_DONE = {"POST": "created", "PUT": "changed", "DELETE": "deleted"}


def show(visit: Visit, kind: str, id: str) -> Reply:
    """The page. `from` and `to` are the versions to compare; the last two where the reader named none."""
    answer = visit.ask(f"{kind}/{id}/_history", [(name, text) for name, text in visit.query if name in ("_page", "_count")])
    if answer.status != "200":
        return problem(visit, int(answer.status), f"{kind}/{id} has no history", " ".join(reasons(answer)))
    bundle = answer.values
    entries = [entry for entry in bundle.get("entry", ()) if isinstance(entry, dict)]
    there = [_number(entry) for entry in entries if entry.get("resource")]
    old, new = visit.option("from") or _at(there, 1), visit.option("to") or _at(there, 0)
    title = (
        f'<a href="{visit.link(kind)}">{h(kind)}</a>/<a href="{visit.link(f"{kind}/{id}")}">{h(id)}</a> <span class="who">History</span>'
    )
    main = head(title, count(int(bundle.get("total", 0)), "version"))
    main += f'<div class="body" data-part="body">{_versions(visit, kind, id, entries, (old, new))}{_more(visit, bundle)}{_compared(visit, kind, id, old, new)}</div>'
    return page(visit, f"History of {kind}/{id}", main)


def _at(numbers: list[str], place: int) -> str:
    return numbers[place] if place < len(numbers) else ""


def _number(entry: dict[str, Any]) -> str:
    return str(entry["response"]["etag"]).strip('W/"')


def _versions(visit: Visit, kind: str, id: str, entries: list[dict[str, Any]], chosen: tuple[str, str]) -> str:
    rows = "".join(_version(visit, f"{kind}/{id}", entry, chosen) for entry in entries)
    heads = "".join(f'<th scope="col">{words}</th>' for words in ("Version", "What", "When", "Compare", "with"))
    button = '<div class="kit-strip"><button class="kit-btn primary">Compare</button></div>' if len(entries) > 1 else ""
    table = f'<table class="kit-x kit-versions"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<form action="{visit.link(visit.path)}">{table}{button}</form>'


def _version(visit: Visit, target: str, entry: dict[str, Any], chosen: tuple[str, str]) -> str:
    number, there = _number(entry), bool(entry.get("resource"))
    name = f'<a href="{visit.link(f"{target}/_history/{number}")}">{h(number)}</a>' if there else h(number)
    what, when = _DONE.get(str(entry["request"]["method"]), ""), str(entry["response"]["lastModified"])
    picks = "".join(
        f'<td><input type="radio" name="{side}" value="{h(number)}" aria-label="{words} version {h(number)}"{" checked" * (number == now)}></td>'
        if there
        else "<td></td>"
        for side, words, now in (("from", "Compare", chosen[0]), ("to", "with", chosen[1]))
    )
    return f'<tr><th scope="row">{name}</th><td>{what}</td><td class="kit-num">{visible(when)}</td>{picks}</tr>'


def _more(visit: Visit, bundle: dict[str, Any]) -> str:
    """The way to older versions."""
    following = next((link["url"] for link in bundle.get("link", ()) if link.get("relation") == "next"), "")
    cursor = dict(parse_qsl(following.partition("?")[2])).get("_page", "")
    return f'<p class="kit-body"><a href="{visit.link(visit.path, [("_page", cursor)])}">Older versions</a></p>' if cursor else ""


def _compared(visit: Visit, kind: str, id: str, old: str, new: str) -> str:
    if not old or not new:
        return ""
    before, after = (_side(visit, kind, id, number) for number in (old, new))
    if not before.message or not after.message:
        return '<p class="kit-body kit-quiet">One of these versions is not here, or says only that the resource was deleted.</p>'
    unequal = (f"{kind}.meta.versionId", f"{kind}.meta.lastUpdated")  # of any two versions
    view = Comparison(before, after, difference(before.message, after.message, ignore=unequal))
    facts = f'<div class="kit-pane-head"><h2>Version {h(old)} and version {h(new)}</h2><span class="kit-grow">{tally_html(list(view.changes))}</span></div>'
    return f'<section class="part is-compared">{facts}{changes_html(view, explain, static=True) if view.changes else ""}{texts_html(view, static=True)}</section>'


def _side(visit: Visit, kind: str, id: str, number: str) -> Side:
    answer = visit.ask(f"{kind}/{id}/_history/{number}") if number.isdecimal() and len(number) < 10 else None
    message = FhirMessage(answer.body) if answer and answer.status == "200" else None
    return Side(f"Version {number}", message.text if message else "", message)
