"""The sequence diagram: who sent what to whom, in which standard, how it ended. As HTML, and as plain text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap

from ihe_kit.exchanges import Exchange, Wire
from ihe_kit.render.citations import cite
from ihe_kit.render.crossing import Crossing, crossings
from ihe_kit.render.marks import SEVERITY, bare, clip, h, icon, mark, visible
from ihe_kit.render.outline import Explain, Outline
from ihe_kit.render.text import plain_html, text_html


def lifelines(wire: Wire) -> dict[str, float]:
    """Where the line of each system stands, as a fraction of the lane."""
    names = [system.name for system in wire.systems]
    return {name: (place + 0.36) / len(names) for place, name in enumerate(names)}


def sequence_html(
    wire: Wire,
    exchanges: Sequence[Exchange],
    selected: str = "",
    fresh: int = 10**9,
    static: bool = False,
    link: Callable[[Crossing], str] | None = None,
) -> str:
    """The sequence diagram: a listbox of crossings over lifelines. Exchanges numbered above `fresh` have just come. With a `link`, which gives the
    address of a crossing, each of them is a link in a list instead.
    """
    places, rows = lifelines(wire), crossings(exchanges)
    lines = "".join(f'<i style="--x:{x:.3f}"></i>' for x in places.values())
    heads = "".join(_head(name, x, len(places), wire.addresses.get(name, "sends only")) for name, x in places.items())
    stop = selected or (rows[0].key if rows else "")  # the tab stop
    drawn = []
    for place, row in enumerate(rows):
        answered = row.reply or rows[place + 1 : place + 2] == [Crossing(row.exchange, True)]
        numbered = f"{place + 1} of {len(rows)}"
        option = _linked(row, selected, numbered, link) if link else "" if static else _option(row, selected, stop, numbered)
        ends = f' <span class="kit-sr">{h(row.sender)} to {h(row.receiver)}</span>' if static else ""  # no arrow without a stylesheet
        name = "a" if link else "div"
        drawn.append(f'<{name} class="{_classes(row, answered, fresh)}"{option}>{_row(row, places, answered)}{ends}</{name}>')
    box = 'class="rows"' + ("" if static else ' role="group" aria-label="Exchanges"' if link else ' role="listbox" aria-label="Exchanges"')
    actors = f'<div class="actors"><span></span><ol>{heads}</ol><span></span></div>'
    return f'<div class="kit-wire"><div class="lines">{lines}</div>{actors}<div {box}>{"".join(drawn)}</div></div>'


def _head(name: str, x: float, systems: int, address: str) -> str:
    return f'<li style="--x:{x:.3f};--n:{systems}"><b title="{h(name)}">{h(name)}</b> <span>{h(address)}</span></li>'


def _option(row: Crossing, chosen: str, stop: str, place: str) -> str:
    """The attributes that make a row an option of the listbox."""
    label = h(bare(f"{place}: {row.spoken}"))
    state = f'aria-selected="{str(row.key == chosen).lower()}" tabindex="{0 if row.key == stop else -1}"'
    return f' role="option" data-k="{row.key}" {state} aria-label="{label}"'


def _linked(row: Crossing, chosen: str, place: str, link: Callable[[Crossing], str]) -> str:
    """The attributes that make a row a link."""
    label = h(bare(f"{place}: {row.spoken}"))
    return f' href="{h(link(row))}" data-k="{row.key}" data-turn aria-label="{label}"{" aria-current=true" * (row.key == chosen)}'


def _classes(row: Crossing, answered: bool, fresh: int) -> str:
    ended = " pause" if row.reply or not answered else ""
    return f"row kit-{row.standard or 'doc'}{ended}{' is-new' if row.exchange.number > fresh else ''}"


def _row(row: Crossing, places: dict[str, float], answered: bool) -> str:
    """Time, arrow, and what stands at the right edge."""
    hour = h(row.time) if row.reply else f'<span class="h">{row.time[:6]}</span>{row.time[6:]}'
    bar = places.get(row.exchange.receiver)
    act = f'<i class="act {"to" if row.reply else "from"}" style="--x:{bar:.3f}"></i>' if answered and bar is not None else ""
    return f'<span class="time">{hour}</span> <span class="lane">{act}{_arrow(row, places)}</span> {_end(row, places)}'


def _arrow(row: Crossing, places: dict[str, float]) -> str:
    """From lifeline to lifeline; who has none stands at the right edge of the lane."""
    start, end = places.get(row.sender, 1.0), places.get(row.receiver, 1.0)
    end = 1.0 if start == end else end
    kinds = {"left": end < start, "back": row.answers, "failed": row.failed, "lost": row.lost}
    classes = " ".join(["arrow", *(name for name, holds in kinds.items() if holds)])
    stub = f'<span class="stub">{visible(clip(re.split("[,:;] ", row.why_lost)[0], 48))}</span>' if row.lost else ""
    place = f'style="--l:{min(start, end):.4f};--w:{abs(end - start):.4f}"'
    return f'<span class="{classes}" {place}><span class="lb"><span>{_label(row)}</span></span>{stub}</span>'


def _label(row: Crossing) -> str:
    sign = f"{icon('error')} " if row.failed else ""
    rest = " class=more" if row.number and not row.number[-1].isdigit() else ""
    bold = f"<b{rest}>{h(row.number)}</b> " if row.number else ""
    more = f'<span class="more">{visible(row.more)}</span>' if row.more else ""
    return f"{sign}{bold}{visible(row.name)}{more}"


def _end(row: Crossing, places: dict[str, float]) -> str:
    """The right edge of a row: who stands there without a lifeline, how it ended, what was found."""
    away = next((name for name in (row.receiver, row.sender) if name not in places), "")
    if away:
        return f'<span class="end off">{visible(clip(away, 40))}</span>'
    if row.failed or row.lost:
        return f'<span class="end bad">{"refused" if row.failed else "lost"}</span>'
    if row.trouble:
        return f'<span class="end bad" title="{h(row.fault)}">{row.trouble}</span>'
    counts = [(symbol, sum(f.severity == s for f in row.found)) for s, (symbol, _, _) in SEVERITY.items()]
    return f'<span class="end">{" ".join(f"{icon(symbol)} {number}" for symbol, number in counts if number)}</span>'


def packet_html(row: Crossing, explain: Explain) -> str:
    """The bytes of a packet, with the marks of its frame and the place of every line."""
    offset = 1 if row.packet.protocol == "mllp" else 0
    body = row.packet.data[1:-2] if offset else row.packet.data
    if not row.message or row.message.text.encode(row.message.charset, "replace") != body:
        return plain_html(row.packet.data)
    return text_html(Outline(row.message, explain), row.found, offset=offset)


def frame_html(row: Crossing) -> str:
    """What the frame of MLLP is, below the bytes of a message that came in one; "" for any other."""
    if row.packet.protocol != "mllp":
        return ""
    vt, end, cr = mark("VT"), mark("FS") + mark("CR"), mark("CR")
    words = f"<span>MLLP frame: {vt} starts it, {end} end it. Segments end with {cr}, not with a line feed.</span>"
    return f'<div class="kit-foot">{words}<span class="kit-grow"></span>{cite("HL7 v2.5 Appendix C")}</div>'


# As plain text -----------------------------------------------------------------------------------------------------------------------

_MARGIN, _WIDTH = 14, 100


def sequence_text(wire: Wire) -> str:
    """The sequence diagram for a terminal, at most 100 columns wide, in plain lines."""
    step = (_WIDTH - _MARGIN) // max(len(wire.systems), 1)
    columns = {system.name: _MARGIN + step * place + step // 2 for place, system in enumerate(wire.systems)}
    heads = {columns[name]: [*wrap(bare(name), max(step - 2, 8))[:3], bare(wire.addresses.get(name, ""))] for name in columns}
    out = []
    for line in range(max(map(len, heads.values()), default=0)):
        out.append(_canvas({}, [(x - len(words[line]) // 2, words[line]) for x, words in heads.items() if line < len(words)]))
    for row in crossings(wire):
        out += [_canvas(columns)] * (not row.reply) + _arrow_text(row, columns)
    return "\n".join(line.rstrip() for line in out)


def _canvas(columns: dict[str, int], texts: Iterable[tuple[int, str]] = ()) -> str:
    """A line with the lifelines, and these texts over them."""
    cells = [" "] * _WIDTH
    for x in columns.values():
        cells[x] = "|"
    for start, text in texts:
        start = max(0, min(start, _WIDTH - len(text)))
        cells[start : start + len(text)] = text
    return "".join(cells)[:_WIDTH]


def _arrow_text(row: Crossing, columns: dict[str, int]) -> list[str]:
    """A label line and an arrow line: spaced dashes are a reply, dots that end in a cross found no answer."""
    start, end = columns.get(row.sender, _WIDTH - 1), columns.get(row.receiver, _WIDTH - 1)
    left, right = sorted((start, end if end != start else _WIDTH - 1))
    inner = max(right - left - 1, 4)
    label = f" {clip(bare(_label_text(row, columns)), _WIDTH - _MARGIN - 2)} "
    at = left + 1 + max((inner - len(label)) // 2, 0)
    return [_canvas(columns, [(0, row.time), (at, label)]), _canvas(columns, [(left + 1, _shaft(row, inner, start == left))])]


def _shaft(row: Crossing, length: int, rightwards: bool) -> str:
    if row.lost:
        dots = "." * (length // 2)
        return f"{dots}x" if rightwards else f"x{dots}".rjust(length)
    line = ("- " * length)[: length - 1] if row.answers else "-" * (length - 1)
    return f"{line}>" if rightwards else f"<{line}"


def _label_text(row: Crossing, columns: dict[str, int]) -> str:
    away = next((f" ({name})" for name in (row.receiver, row.sender) if name not in columns), "")
    ending = f", {row.why_lost}" if row.lost else " (refused)" if row.failed else f" ({row.fault})" if row.fault else ""
    return f"{row.number} {row.name}{row.more}{ending}{away}".strip()
