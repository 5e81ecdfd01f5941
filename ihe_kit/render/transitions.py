"""The life of a stay as a picture: the transition table that the receiver runs, with the words of its cells explained below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ihe_kit.files import rows
from ihe_kit.render.citations import cite
from ihe_kit.render.marks import h, value

_NOT_STATES = ("event", "what", "cancels", "unless", "elsewhere", "spec")
_READ_IN = "ITI TF-2 section "
_LEGEND = (
    ("inpatient", "the stay is in this state from now on"),
    ("stays", "recorded, the state remains"),
    ("back", "what it cancels is taken back; discarded where there is none"),
    ("return", "as before the leave"),
    ("new", "another stay begins beside this one"),
    ("discard", "nothing is done, the answer is AA"),
    ("error", "nothing is done, the answer is AE"),
    ("*", "left open by the section, decided by this kit"),
)


def transitions_html(events: Sequence[str] = (), at: str = "", table: str = "ihe/pam-transitions.tsv") -> str:
    """The table of transitions, for these events or for all. `at` is a state whose column is lit: where a patient is right now."""
    every = rows(table)
    states = [name for name in every[0] if name not in _NOT_STATES]
    shown = [row for row in every if not events or row["event"] in events]
    head = "".join(f"<th scope=col{' class=kit-lit' if state == at else ''}>{h(state)}</th>" for state in states)
    body = "".join(_row(row, states, at) for row in shown)
    scroll = "kit-scroll kit-whole" if events else "kit-scroll"  # a few rows show whole
    used = " ".join(row[state] for row in shown for state in states)
    legend = "".join(f"<dt><code>{h(word)}</code></dt><dd>{h(says)}</dd>" for word, says in _LEGEND if word in used)
    table_html = f'<table class="kit-states"><thead><tr><th scope=col>event</th>{head}<th scope=col>read in {_READ_IN}</th></tr></thead><tbody>{body}</tbody></table>'
    return (
        f'<div class="kit" role="group" aria-label="The life of a stay"><div class="kit-head"><h3 class="jp-toc-ignore">The life of a stay</h3>'
        f'<span class="kit-meta kit-grow">what each event does in each state</span></div><div class="{scroll}">{table_html}</div>'
        f'<div class="kit-body"><dl class="kit-dl">{legend}</dl></div></div>'
    )


def _row(row: Mapping[str, str], states: Sequence[str], at: str) -> str:
    cancels = f' <span class="kit-quiet">takes back {h(row["cancels"].replace(" ", " or "))}</span>' if row["cancels"] else ""
    head = f'<th scope=row><b class="kit-v2">{h(row["event"])}</b> {value(row["what"])}{cancels}</th>'
    cells = "".join(f"<td{_look(row[state], state == at)}>{h(row[state])}</td>" for state in states)
    return f"<tr>{head}{cells}<td>{_section(row['spec'])}</td></tr>"


def _section(spec: str) -> str:
    """The number of the section, which links to its text; the head of the column says of what."""
    return cite(spec).replace(f">{_READ_IN}", ">", 1)


def _look(cell: str, here: bool) -> str:
    word = cell.rstrip("*")
    kind = word if word in ("discard", "error", "stays", "back") else "becomes"
    return f' class="{kind}{" kit-lit" if here else ""}"'


def transitions_svg(events: Sequence[str] = (), width: int = 760) -> str:
    """The states and the events that lead from one to another, as a drawing: it is read off the table, so it cannot disagree with it. With
    `events` only these, and the states that they lead to. What the sections leave open (a star in the table) is not drawn.
    """
    places = {
        "none": (60, 150), "pending admit": (220, 50), "pre-admitted": (220, 250), "outpatient": (420, 250), "inpatient": (420, 50),
        "on leave": (620, 50), "discharged": (620, 250),
    }  # fmt: skip
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in rows("ihe/pam-transitions.tsv"):
        for state in places:
            cell = row[state].rstrip("*")
            end = {"return": "inpatient"}.get(cell, cell)
            if end in places and end != state and not row[state].endswith("*") and (not events or row["event"] in events):
                arrows.setdefault((state, end), []).append(row["event"])
    reached = {"none", *(end for _, end in arrows)}
    arrows = {(start, end): found for (start, end), found in arrows.items() if start in reached}
    places = {name: at for name, at in places.items() if name in reached}
    lines = "".join(_arrow(places[start], places[end], " ".join(events), (end, start) in arrows) for (start, end), events in arrows.items())
    boxes = "".join(
        f'<g><rect x="{x - 54}" y="{y - 16}" width="108" height="32" rx="6" fill="var(--kit-surface, #fff)" stroke="currentColor"/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle">{h(name)}</text></g>'
        for name, (x, y) in places.items()
    )
    says = "; ".join(f"{' or '.join(events)} from {start} to {end}" for (start, end), events in arrows.items())
    marker = '<defs><marker id="kit-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>'
    return (
        f'<svg viewBox="0 0 700 300" width="{width}" style="max-width:100%" role="img" aria-label="{h(says)}" font-size="11" '
        f'font-family="system-ui, sans-serif" fill="currentColor">{marker}{lines}{boxes}</svg>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str, both_ways: bool) -> str:
    """An arrow between the edges of two boxes, moved to one side where another one comes back."""
    (x1, y1), (x2, y2) = start, end
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    side = 9 if both_ways else 0
    cut = min(56 / abs(dx) if dx else 1e9, 18 / abs(dy) if dy else 1e9)
    ax, ay = x1 + dx * cut - dy * side, y1 + dy * cut + dx * side
    bx, by = x2 - dx * cut - dy * side, y2 - dy * cut + dx * side
    part = 0.27 if dx and dy else 0.45  # where diagonals cross, no label stands
    tx, ty = ax + (bx - ax) * part, ay + (by - ay) * part
    line = f'<path d="M{ax:.0f} {ay:.0f} L{bx:.0f} {by:.0f}" stroke="currentColor" fill="none" marker-end="url(#kit-head)"/>'
    return f'{line}<text x="{tx:.0f}" y="{ty - 3:.0f}" text-anchor="middle" stroke="var(--kit-surface, #fff)" stroke-width="4" paint-order="stroke">{h(label)}</text>'
