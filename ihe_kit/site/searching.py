"""A type of resource: the form that makes a search of FHIR, the search as a URL, and its hits page by page.

The form has the parameters of the server's own CapabilityStatement, and every search is the server's own answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from ihe_kit.fhir.parameters import RESULT
from ihe_kit.fhir.search import find_parameter, modifiers
from ihe_kit.fhir.search_url import Part, SearchUrl
from ihe_kit.fhir.search_words import sentence
from ihe_kit.fhir.tables import resource_types
from ihe_kit.render import count, h, icon, tag, visible
from ihe_kit.render.marks import bare
from ihe_kit.render.search import marked, refused_html
from ihe_kit.site.people import digest
from ihe_kit.site.shell import head, page
from ihe_kit.site.visit import Reply, Visit

# type of a parameter -> what a value looks like (FHIR R4 section 3.1.1.4)
_LOOKS = {
    "string": "Berg",
    "token": "code, or system|code",
    "date": "2025-03-03, or ge2025-03",
    "reference": "Patient/1",
    "number": "5, or gt5",
    "quantity": "gt5.4, or 5.4|system|code",
    "uri": "http://…",
    "composite": "one$other",
}
_COUNTS = ("", "5", "10", "50", "100")


def show(visit: Visit, kind: str) -> Reply:
    """The page: its query is the search, word for word."""
    answer = visit.ask(kind, visit.query)
    bundle = answer.values if answer.status == "200" and isinstance(answer.values, dict) else {}
    told = f"{int(bundle['total']):,} found" if "total" in bundle else ""
    main = head(h(kind), told, tag("fhir"))
    main += f'<div class="scroll" tabindex="0" role="region" aria-label="Search and hits">{_form(visit, kind, bool(bundle))}{_hits(visit, kind, bundle) if bundle else refused_html(answer.name, answer.values, "")}</div>'
    return page(visit, kind, main, status=int(answer.status))


def go(visit: Visit) -> Reply:
    """What the form sends, rewritten as the search that it stands for."""
    kind = visit.option("type")
    if kind not in resource_types():
        return Reply("", 303, headers=(("location", visit.way("")),))
    fields = {key: [text for name, text in visit.query if name == key] for key in ("p", "m", "v")}
    rows = zip(fields["p"], fields["m"], fields["v"], strict=False)
    query = [
        (f"{name}:{modifier}" if modifier and ":" not in name else name, text.strip())
        for name, modifier, text in rows
        if name and text.strip()
    ]
    shaped = [(name, visit.option(name)) for name in ("_sort", "_count") if visit.option(name)]
    return Reply("", 303, headers=(("location", visit.way(kind, [*query, *shaped])),))


# The form ----------------------------------------------------------------------------------------------------------------------------


def _form(visit: Visit, kind: str, understood: bool) -> str:
    known = {one["name"]: one["type"] for one in _parameters(visit, kind)}
    asked = [(name, text) for name, text in visit.query if name.partition(":")[0] not in RESULT]
    rows = "".join(_row(kind, known, name, text, number) for number, (name, text) in enumerate([*asked, ("", "")]))
    base = visit.box.addresses["FHIR server"]
    asks = SearchUrl(kind, tuple(Part(name, text) for name, text in visit.query if name != "_page"))
    url = f'<code class="url" data-url data-base="{h(f"{base}/{kind}")}"><b>GET</b> <span>{visible(f"{base}/{asks}")}</span></code>'
    told = f'<p class="kit-small kit-quiet">{marked(sentence(asks))}</p>' if visit.query and understood else ""
    buttons = f'<button type="button" class="kit-btn" data-add hidden>{icon("add")}Condition</button><button class="kit-btn primary">Search</button>'
    shape = f"<label>Sort by {_sorts(visit, known)}</label><label>Hits a page {_pages(visit)}</label>"
    legend = f'<legend class="kit-sr">Conditions on {h(kind)}: all of them have to hold</legend>'
    fields = f'<fieldset>{legend}<ol class="conditions">{rows}</ol></fieldset>'
    return f'<form class="kit-query" action="{visit.link("search")}" data-query><input type="hidden" name="type" value="{h(kind)}">{fields}<div class="shape">{shape}<span class="kit-grow"></span>{buttons}</div>{url}{told}</form>'


def _parameters(visit: Visit, kind: str) -> list[dict[str, str]]:
    """What the CapabilityStatement says that a type can be searched by."""
    return next((one.get("searchParam", []) for one in visit.statement["rest"][0]["resource"] if one["type"] == kind), [])


def _row(kind: str, known: dict[str, str], name: str, text: str, number: int) -> str:
    """One condition. What the form has no words for, a chain or _has, stands there as it was written."""
    code, _, modifier = name.partition(":")
    plain = code in known and "." not in name
    names = "".join(_option(kind, one, type, one == code and plain) for one, type in known.items())
    names = (
        f'<option value="">{"no condition" if not name else ""}</option>'
        + ("" if plain or not name else _option(kind, name, "", True))
        + names
    )
    chosen = modifier if plain else ""
    allowed = dict.fromkeys(
        [*(way for one in ([code] if plain else known) for way in _modifiers(kind, one)), *([chosen] if chosen else [])]
    )
    ways = "".join(f'<option value="{h(one)}"{" selected" * (one == chosen)}>:{h(bare(one))}</option>' for one in allowed)
    looks = _LOOKS.get(known.get(code, ""), "value")
    nth = number + 1
    return (
        f'<li><select class="kit-btn" name="p" aria-label="Parameter {nth}">{names}</select>'
        f'<select class="kit-btn" name="m" aria-label="Modifier {nth}"><option value="">as usual</option>{ways}</select>'
        f'<input class="kit-input mono" name="v" value="{h(text)}" placeholder="{h(looks)}" aria-label="Value {nth}" autocomplete="off" spellcheck="false"></li>'
    )


def _option(kind: str, name: str, type: str, chosen: bool) -> str:
    more = f' data-looks="{h(_LOOKS.get(type, ""))}" data-modifiers="{h(" ".join(_modifiers(kind, name)))}"' if type else ""
    return f'<option value="{h(name)}"{more}{" selected" * chosen}>{h(bare(name))}</option>'


def _modifiers(kind: str, name: str) -> tuple[str, ...]:
    found = find_parameter(kind, name)
    return modifiers(found) if found else ()


def _sorts(visit: Visit, known: dict[str, str]) -> str:
    names = [name for name in known if known[name] != "composite"]
    now = visit.option("_sort")
    ways = [("", "order of arrival"), *((f"-{name}", f"{name}, last first") for name in names[:2]), *((name, name) for name in names)]
    ways += [(now, now)] if now not in dict(ways) else []
    options = "".join(f'<option value="{h(key)}"{" selected" * (key == now)}>{h(bare(words))}</option>' for key, words in ways)
    return f'<select class="kit-btn" name="_sort">{options}</select>'


def _pages(visit: Visit) -> str:
    now = visit.option("_count")
    sizes = [*_COUNTS, *([now] if now not in _COUNTS else [])]
    options = "".join(f'<option value="{h(size)}"{" selected" * (size == now)}>{h(size) or "20"}</option>' for size in sizes)
    return f'<select class="kit-btn" name="_count">{options}</select>'


# The hits ----------------------------------------------------------------------------------------------------------------------------


def _hits(visit: Visit, kind: str, bundle: dict[str, Any]) -> str:
    entries = [entry for entry in bundle.get("entry", ()) if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)]
    notes = "".join(_note(entry["resource"]) for entry in entries if _mode(entry) == "outcome")
    rows = "".join(_hit(visit, entry) for entry in entries if _mode(entry) != "outcome")
    if not rows:
        says = "No resource matches this search." if visit.query else f"No {h(kind)} is kept yet."
        return f'{notes}<div class="kit-empty"><h2>{says}</h2></div>'
    heads = "".join(f'<th scope="col">{words}</th>' for words in ("Id", "What it is", "Version", "Changed"))
    return f'{notes}<table class="kit-x kit-found"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{_pager(visit, kind, bundle, len(entries))}'


def _mode(entry: dict[str, Any]) -> str:
    return str(entry.get("search", {}).get("mode", "match"))


def _note(outcome: dict[str, Any]) -> str:
    says = "".join(f"<div>{visible(str(issue.get('details', {}).get('text', '')))}</div>" for issue in outcome.get("issue", ()))
    return f'<div class="kit-note warning">{icon("warning")}<div><b>Part of the search was left aside</b>{says}</div></div>'


def _hit(visit: Visit, entry: dict[str, Any]) -> str:
    resource = entry["resource"]
    kind, id, meta = str(resource.get("resourceType", "")), str(resource.get("id", "")), resource.get("meta") or {}
    shown = h(id) if kind == visit.path else f"{h(kind)}/{h(id)}"
    extra = ' <span class="kit-count">included</span>' if _mode(entry) == "include" else ""
    version = f'<a href="{visit.link(f"{kind}/{id}/_history")}" aria-label="History of {h(kind)}/{h(id)}">{visible(str(meta.get("versionId", "")))}</a>'
    when = visible(str(meta.get("lastUpdated", "")).replace("T", " ")[:19])
    return f'<tr><th scope="row"><a href="{visit.link(f"{kind}/{id}")}">{shown}</a>{extra}</th><td>{digest(resource)}</td><td>{version}</td><td class="kit-num">{when}</td></tr>'


def _pager(visit: Visit, kind: str, bundle: dict[str, Any], shown: int) -> str:
    ways = "".join(
        f'<a class="kit-btn small" rel="{rel}" href="{visit.link(kind, query)}">{words}</a>' for rel, words, query in _leads(bundle)
    )
    return f'<nav class="kit-strip" aria-label="Pages of hits">{ways}<span class="kit-grow"></span><span class="kit-small kit-quiet">{count(shown, "row")} on this page</span></nav>'


def _leads(bundle: dict[str, Any]) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """The links of a bundle that lead to other pages of it, each with the query of its URL."""
    for relation, rel, words in (("previous", "prev", "Previous"), ("next", "next", "Next")):
        for link in bundle.get("link", ()):
            if link.get("relation") == relation:
                yield rel, words, parse_qsl(str(link.get("url", "")).partition("?")[2], keep_blank_values=True)
