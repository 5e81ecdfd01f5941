"""A result set as a picture: a number over time as points, a number for each category as bars. Plain SVG; what it shows stands in words, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor, isfinite, log10
from typing import Any

from ihe_kit.render.marks import clip, count, h

MOST = 1000  # points, and
BARS = 30  # bars, that are drawn
_WIDE, _HIGH, _LEFT, _TOP, _FOOT = 720, 240, 62, 22, 34
_MARKS = ("circle", "square", "diamond")  # series are told apart by shape, not by hue


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers under one name: (where, how much) each; `where` is a moment in seconds, or the number of a category."""

    name: str
    points: tuple[tuple[float, float], ...]


def plot_svg(names: Sequence[str], rows: Sequence[Sequence[Any]], units: Sequence[str] = ()) -> str:
    """The picture of a table, "" where it has none: it needs a column of times and one of numbers, or one of texts and one of numbers.

    `names` are the columns; `units` the unit of each, where there is one.
    """
    columns = list(zip(*rows[:MOST], strict=True)) if rows else []
    numbers = [n for n, column in enumerate(columns) if _all(column, _number)]
    times = [n for n, column in enumerate(columns) if n not in numbers and _all(column, moment)]
    texts = [
        n
        for n, column in enumerate(columns)
        if n not in numbers + times and _all(column, lambda one: one if isinstance(one, str) else None)
    ]
    if times and numbers:
        return _over_time(names, columns, times[0], numbers[: len(_MARKS)], units)
    one_each = texts and numbers and len(set(columns[texts[0]])) == len(rows) <= BARS
    return _bars(columns[texts[0]], columns[numbers[0]], names[texts[0]], names[numbers[0]]) if one_each else ""


def moment(value: Any) -> float | None:
    """A date or a date and time of ISO 8601 in seconds; None for anything else. Without a zone, UTC is taken."""
    if not isinstance(value, str) or len(value) < 10 or value[4:5] != "-":
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _number(value: Any) -> float | None:
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 and isfinite(value) else None
    )


def _all(column: Sequence[Any], read: Any) -> bool:
    """Whether a column holds one kind of thing, and something at all."""
    there = [one for one in column if one is not None]
    return bool(there) and all(read(one) is not None for one in there)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from below `low` to above `high`.

    >>> ticks(118, 152)
    [110.0, 120.0, 130.0, 140.0, 150.0, 160.0]
    """
    span = (high - low) or abs(high) or 1.0
    size = 10.0 ** floor(log10(span / most))
    step = next((size * factor for factor in (1, 2, 5, 10) if span / (size * factor) <= most), size * 10)
    first = floor(low / step)
    last = -floor(-high / step)
    return [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]


def _over_time(names: Sequence[str], columns: Sequence[Sequence[Any]], time: int, numbers: Sequence[int], units: Sequence[str]) -> str:
    pairs = [(n, [(moment(at), _number(v)) for at, v in zip(columns[time], columns[n], strict=True)]) for n in numbers]
    series = [Series(names[n], tuple(sorted((a, v) for a, v in points if a is not None and v is not None))) for n, points in pairs]
    series = [one for one in series if one.points]
    places = [at for one in series for at, _ in one.points]
    if not places:
        return ""
    unit = next((units[n] for n in numbers if n < len(units) and units[n]), "")
    axis = ticks(*_ends([v for one in series for _, v in one.points]))
    low, high = _ends(places)
    body = _grid(axis, unit or ", ".join(one.name for one in series)) + "".join(
        _line(one, n, (low, high), axis) for n, one in enumerate(series)
    )
    body += _dates(low, high, names[time])
    legend = _legend(series) if len(series) > 1 else ""
    title = f"{', '.join(one.name for one in series)} over {names[time]}"
    return _svg(title, "; ".join(_in_words(one) for one in series), body + legend)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _in_words(one: Series) -> str:
    (first, start), (last, end) = one.points[0], one.points[-1]
    low, high = _ends([v for _, v in one.points])
    return f"{one.name}: {count(len(one.points), 'value')} from {_day(first)} to {_day(last)}, first {start:g}, last {end:g}, lowest {low:g}, highest {high:g}"


def _day(seconds: float, form: str = "%Y-%m-%d") -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(form)
    except (OverflowError, OSError, ValueError):
        return "?"


def _x(at: float, low: float, high: float) -> float:
    room = _WIDE - _LEFT - 24
    return _LEFT + 12 + (room * (at - low) / (high - low) if high > low else room / 2)


def _y(value: float, axis: Sequence[float]) -> float:
    return _TOP + (_HIGH - _TOP - _FOOT) * (1 - (value - axis[0]) / (axis[-1] - axis[0]))


def _grid(axis: Sequence[float], label: str) -> str:
    lines = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDE - 12}" y1="{y:.1f}" y2="{y:.1f}"/><text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        for value in axis
        for y in [_y(value, axis)]
    )
    return f'{lines}<text class="axis" x="6" y="13">{h(clip(label, 60))}</text>'


def _line(one: Series, number: int, ends: tuple[float, float], axis: Sequence[float]) -> str:
    places = [(_x(at, *ends), _y(value, axis)) for at, value in one.points]
    steady = len({at for at, _ in one.points}) == len(one.points)  # values of one moment are those of several people: no line joins them
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    line = f'<polyline class="line s{number}" points="{way}"/>' if steady and len(places) <= 200 else ""
    return line + "".join(_mark(number, x, y, 3.2) for x, y in places)


def _mark(number: int, x: float, y: float, size: float) -> str:
    if _MARKS[number] == "circle":
        return f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="{size}"/>'
    turned = f' transform="rotate(45 {x:.1f} {y:.1f})"' if _MARKS[number] == "diamond" else ""
    return f'<rect class="mark open" x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size}" height="{2 * size}"{turned}/>'


def _dates(low: float, high: float, label: str) -> str:
    form = "%H:%M" if high - low < 86_400 else "%Y-%m-%d" if high - low < 86_400 * 800 else "%Y-%m"
    many = 5 if high > low else 1
    places = [low + (high - low) * n / max(many - 1, 1) for n in range(many)]
    said = [_day(at, form) for at in places]
    kept = [(at, text) for (at, text), before in zip(zip(places, said, strict=True), ["", *said], strict=False) if text != before]
    ends = {low: "start", high: "end"} if high > low else {}
    marks = "".join(
        f'<text class="tick" x="{_x(at, low, high):.1f}" y="{_HIGH - 19}" text-anchor="{ends.get(at, "middle")}">{text}</text>'
        for at, text in kept
    )
    day = f", {_day(low)}" if form == "%H:%M" else ""
    return f'{marks}<text class="axis" x="{_WIDE - 12}" y="{_HIGH - 4}" text-anchor="end">{h(clip(label, 60))}{day} (UTC)</text>'


def _legend(series: Sequence[Series]) -> str:
    out, x = "", float(_WIDE - 12 - sum(24 + 7 * min(len(one.name), 24) for one in series))
    for number, one in enumerate(series):
        out += f'{_mark(number, x + 6, 9, 3.2)}<text class="axis" x="{x + 14:.0f}" y="13">{h(clip(one.name, 24))}</text>'
        x += 24 + 7 * min(len(one.name), 24)
    return out


def _bars(texts: Sequence[Any], values: Sequence[Any], category: str, measure: str) -> str:
    pairs = [
        (str(text), number)
        for text, value in zip(texts, values, strict=True)
        if text is not None and (number := _number(value)) is not None
    ]
    if not pairs:
        return ""
    axis = ticks(*_ends([0.0, *(number for _, number in pairs)]))
    high, wide = 30 + 22 * len(pairs), _WIDE - 240

    def place(value: float) -> float:
        return 180 + wide * (value - axis[0]) / (axis[-1] - axis[0])

    grid = "".join(
        f'<line class="grid" x1="{place(v):.1f}" x2="{place(v):.1f}" y1="20" y2="{high}"/><text class="tick" x="{place(v):.1f}" y="{high + 14}" text-anchor="middle">{v:g}</text>'
        for v in axis
    )
    bars = "".join(_bar(text, number, 24 + 22 * n, place(0.0), place(number)) for n, (text, number) in enumerate(pairs))
    label = f'<text class="axis" x="6" y="13">{h(clip(category, 40))}</text><text class="axis" x="{_WIDE - 12}" y="{high + 28}" text-anchor="end">{h(clip(measure, 60))}</text>'
    words = ", ".join(f"{clip(text, 40)} {number:g}" for text, number in pairs)
    return _svg(f"{measure} by {category}", words, grid + bars + label, high + 34)


def _bar(text: str, number: float, y: float, zero: float, x: float) -> str:
    left, wide = min(zero, x), abs(x - zero)
    return (
        f'<text class="tick" x="172" y="{y + 13}" text-anchor="end">{h(clip(text, 26))}</text>'
        f'<rect class="bar" x="{left:.1f}" y="{y}" width="{wide:.1f}" height="16"/><text class="tick" x="{max(zero, x) + 5:.1f}" y="{y + 13}">{number:g}</text>'
    )


def _svg(title: str, words: str, body: str, high: float = _HIGH) -> str:
    """The picture with its title, and what it shows in words for those who do not see it."""
    drawn = f'<svg viewBox="0 0 {_WIDE} {high:.0f}" role="img" aria-label="{h(clip(f"{title}. {words}", 1500))}">{body}</svg>'
    return f'<figure class="kit-plot"><figcaption>{h(clip(title, 120))}</figcaption>{drawn}</figure>'
