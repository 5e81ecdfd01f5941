"""What surrounds every page: the head with the search, the systems and the types of resource at the side."""

from __future__ import annotations

from collections import Counter

from ihe_kit.ihe import System
from ihe_kit.render import count, h, icon, visible
from ihe_kit.site.visit import Reply, Visit

# A dot in the blue of the kit; it comes with the page, so nothing is fetched for it.
_ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%231565c0'/%3E%3C/svg%3E"


def page(visit: Visit, title: str, main: str, side: str = "", status: int = 200) -> Reply:
    """A whole page. `main` and `side` are HTML, `title` is text. `side` stands at the right, where there is room for it."""
    root = h(visit.root)
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{h(title)} · ihe-kit</title>'
        f'<link rel="icon" href="{_ICON}"><link rel="stylesheet" href="{root}style.css"><script type="module" src="{root}page.js"></script>'
    )
    right = f'<aside class="right" aria-label="Patients">{side}</aside>' if side else ""
    left = f'<aside class="left" aria-label="Systems and resources">{_systems(visit)}{_types(visit)}</aside>'
    body = f'{_top(visit)}<main id="main" tabindex="-1">{main}</main>{left}{right}'
    kind = "kit kit-page" + (" has-side" if side else "")
    return Reply(f'<!doctype html><html lang="en"><head>{head}</head><body><div class="{kind}">{body}</div></body></html>', status)


def problem(visit: Visit, status: int, title: str, says: str) -> Reply:
    """A page that says why there is nothing to show."""
    main = f'<div class="kit-head"><h1>{visible(title)}</h1></div><div class="kit-empty"><p>{visible(says)}</p><p><a href="{visit.link("")}">The first page</a></p></div>'
    return page(visit, title, main, status=status)


def head(title: str, facts: str = "", actions: str = "") -> str:
    """The head of the main part: an HTML title, an HTML line of facts, what can be done."""
    return f'<div class="kit-head"><h1>{title}</h1><span class="kit-meta kit-grow">{facts}</span>{actions}</div>'


def tabs(label: str, ways: list[tuple[str, str, bool]]) -> str:
    """Views of the same thing as links: (HTML name, address as an attribute, whether it is this one)."""
    links = "".join(f'<a href="{to}" data-turn{" aria-current=page" * here}>{name}</a>' for name, to, here in ways)
    return f'<nav class="kit-tabs" aria-label="{label}">{links}</nav>'


def _top(visit: Visit) -> str:
    here = visit.path.split("/")[0]
    ways = (("Home", "", here == ""), ("Exchanges", "exchanges", here == "exchanges"))
    links = "".join(f'<a href="{visit.link(to)}"{" aria-current=page" * now}>{name}</a>' for name, to, now in ways)
    asked = visit.option("q") if here == "find" else ""
    field = (
        f'<form class="kit-with-icon find" role="search" action="{visit.link("find")}">{icon("search")}<input class="kit-input" name="q"'
        f' value="{h(asked)}" placeholder="Patient, identifier, Patient?family=…" aria-label="Search" autocomplete="off" spellcheck="false"'
        ' aria-keyshortcuts="/"><kbd class="kit-key" aria-hidden="true">/</kbd></form>'
    )
    runs = '<span class="kit-small kit-quiet runs"><span class="dot"></span>running on this machine only</span>'
    if visit.box.servers.host not in ("127.0.0.1", "localhost", "::1"):
        runs = f'<span class="kit-small kit-quiet runs">{icon("warning")}open to the network, without access control</span>'
    skip = '<a class="skip" href="#main">Skip to the content</a>'
    return f'<header class="top">{skip}<b class="name">ihe-kit</b>{runs}<nav aria-label="Pages">{links}</nav><span class="kit-grow"></span>{field}</header>'


def _systems(visit: Visit) -> str:
    wire = visit.box.wire
    crossed = Counter(name for exchange in wire for name in (exchange.sender, exchange.receiver))
    rows = "".join(_system(visit, system, crossed[system.name]) for system in wire.systems)
    return f'<section class="kit-side" aria-labelledby="systems"><h2 id="systems">Systems<span class="kit-grow"></span>exchanges</h2><ul>{rows}</ul></section>'


def _system(visit: Visit, system: System, crossed: int) -> str:
    listens = dict.fromkeys(
        visit.box.addresses[actor] for actor in system.plays if actor in visit.box.addresses and visit.box.wire.system(actor) == system.name
    )
    places = "".join(f"<code>{_place(address)}</code>" for address in listens) or '<span class="kit-small kit-quiet">sends only</span>'
    dot = f'<span class="dot{"" if listens else " off"}"></span>'
    return (
        f'<li class="kit-actor">{dot}<div>{h(system.name)}{places}</div><span class="kit-small kit-quiet kit-num">{crossed:,}</span></li>'
    )


def _place(address: str) -> str:
    """`127.0.0.1:2575 MLLP`, `127.0.0.1:8080/fhir`: a line may break behind a slash."""
    scheme, _, rest = address.partition("://")
    return h(rest).replace("/", "/<wbr>") + (f" {h(scheme.upper())}" if scheme.startswith("mllp") else "")


def _types(visit: Visit) -> str:
    here = visit.path.split("/")[0]
    rows = "".join(
        f'<li><a href="{visit.link(kind)}"{" aria-current=true" * (kind == here)}>{h(kind)}</a><span class="kit-small kit-quiet kit-num">{number:,}</span></li>'
        for kind, number in visit.counts.items()
    )
    nothing = '<p class="kit-small kit-quiet">None are kept yet.</p>'
    total = f'<span class="kit-grow"></span>{count(sum(visit.counts.values()), "resource")}' if rows else ""
    listed = f'<ul class="kit-types">{rows}</ul>' if rows else nothing
    return f'<nav class="kit-side" aria-labelledby="types"><h2 id="types">FHIR resources{total}</h2>{listed}</nav>'
