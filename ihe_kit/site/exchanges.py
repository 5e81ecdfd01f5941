"""Everything that crossed the wire, drawn; and of the chosen message the bytes, the tree and the findings. Follow draws what crosses from now on."""

from __future__ import annotations

from collections.abc import Sequence

from ihe_kit.exchanges import Exchange
from ihe_kit.render import (
    Crossing,
    count,
    crossings,
    facts,
    findings_html,
    frame_html,
    h,
    icon,
    packet_html,
    sequence_html,
    summary_html,
    tag,
    visible,
)
from ihe_kit.site.home import patients
from ihe_kit.site.shell import head, page, tabs
from ihe_kit.site.structure import structure_html
from ihe_kit.site.visit import Reply, Visit
from ihe_kit.verbs import explain, standards

LATEST = 200  # exchanges that are drawn
_VIEWS = ("bytes", "tree", "findings")


def show(visit: Visit) -> Reply:
    """The page. `message` is the chosen one (`3q` the request of exchange 3, `3a` its answer), `view` what is shown of it, `standard` a filter."""
    wire, standard = visit.box.wire, visit.option("standard")
    every = [e for e in wire if not standard or (e.transaction and e.transaction.standard.key == standard)]
    shown = every[-LATEST:]
    chosen = next((row for row in crossings(shown) if row.key == visit.option("message")), None)
    older = f"{count(wire.dropped + len(every) - len(shown), 'older exchange')} not drawn" if wire.dropped + len(every) > len(shown) else ""
    told = " · ".join(filter(None, (facts(shown), older))) or "nothing has crossed yet"
    follow = '<label class="kit-check" data-follow hidden><input type="checkbox" checked>Follow</label>'
    main = head("Exchanges", f'<span data-part="facts">{told}</span>', _filter(visit, standard) + follow)
    main += f'<div class="split{" is-open" * bool(chosen)}" data-part="split" data-last="{wire.last}">{_drawing(visit, shown, chosen)}{_detail(visit, chosen)}</div>'
    return page(visit, "Exchanges", main, patients(visit))


def last(visit: Visit) -> Reply:
    """The number of the latest exchange: what a page that follows asks every second."""
    return Reply(str(visit.box.wire.last), type="text/plain; charset=utf-8")


def _filter(visit: Visit, chosen: str) -> str:
    ways = [("All", "", not chosen), *((one.label, one.key, one.key == chosen) for one in standards())]
    links = "".join(
        f'<a class="kit-btn small quiet" href="{visit.link("exchanges", [("standard", key)] if key else ())}"{" aria-current=true" * here}>{h(label)}</a>'
        for label, key, here in ways
    )
    return f'<nav class="filter" aria-label="Standard">{links}</nav>'


def _drawing(visit: Visit, shown: Sequence[Exchange], chosen: Crossing | None) -> str:
    if not shown:
        return '<div class="kit-empty"><h2>Nothing has crossed the wire yet</h2><p>Send a message, and its arrow appears here.</p></div>'
    drawn = sequence_html(visit.box.wire, shown, chosen.key if chosen else "", link=lambda row: _way(visit, row.key))
    return f'<div class="drawing" data-keep>{drawn}</div>'


def _way(visit: Visit, key: str, view: str = "") -> str:
    kept = [(name, visit.option(name)) for name in ("standard",) if visit.option(name)]
    return visit.way("exchanges", [*kept, ("message", key), ("view", view or visit.option("view") or "bytes")])


def _detail(visit: Visit, row: Crossing | None) -> str:
    if row is None:
        says = f'<span>Solid line: request. Dashed: reply. &nbsp; {icon("error")} refused &nbsp; <span class="kit-bad">{icon("lost")}</span> lost</span>'
        return f'<div class="detail"><div class="kit-foot">{says}<span class="kit-grow"></span>Choose an arrow: what crossed there opens here.</div></div>'
    view = visit.option("view") if visit.option("view") in _VIEWS else "bytes"
    found = f' <span class="kit-count">{len(row.found)}</span>' if row.found else ""
    names = {"bytes": "Bytes", "tree": "Tree", "findings": f"Findings{found}"}
    bar = tabs("Message", [(name, h(_way(visit, row.key, key)), key == view) for key, name in names.items()])
    body = _tree(visit, row) if view == "tree" else _found(row) if view == "findings" else packet_html(row, explain) + frame_html(row)
    return f'<div class="detail">{_title(row)}{bar}<div class="body">{body}</div></div>'


def _title(row: Crossing) -> str:
    transaction = row.exchange.transaction
    ended = f" · {row.why_lost}" if row.lost else f" · {row.fault}" if row.fault else " · refused" if row.failed else ""
    told = f"{row.name}{row.more} · {row.sender} to {row.receiver} · {count(len(row.packet.data), 'byte')} · {row.time}{ended}"
    title = h(transaction.title if transaction else "Foreign exchange")
    return (
        f'<div class="kit-head kit-detail"><h2>{title}</h2>{tag(row.standard)}<span class="kit-meta kit-grow">{visible(told)}</span></div>'
    )


def _tree(visit: Visit, row: Crossing) -> str:
    if not row.message:
        return '<p class="kit-body kit-quiet">These bytes could not be read as a message.</p>'
    return structure_html(visit, row.message)


def _found(row: Crossing) -> str:
    if row.found:
        return findings_html(row.found, row.standard, static=True)
    refusal = " The message is well formed; why it refuses is what it says." if row.failed and row.reply else ""
    return f'<div class="kit-body kit-sum">{summary_html([])}<span class="kit-quiet">{refusal}</span></div>'
