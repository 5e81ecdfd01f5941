"""Drawings of versions: the three parts of a version's identifier, and versioned objects with their versions, one column for each contribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ihe_kit.render.marks import clip, h
from ihe_kit.render.versions import Version

_COLUMN, _ROW, _LEFT, _TOP = 150, 84, 150, 56  # how far apart, and what stands before
_WIDE, _HIGH = 112, 46  # of a version's box
_PARTS = (
    ("the object", "the same in all its versions"),
    ("the system", "where this version was made"),
    ("the version", "1, 2, 3 ..."),
)


def uid_svg(uid: str) -> str:
    """The parts of an identifier such as `uuid::system::2`, each with what it says.

    >>> "where this version was made" in uid_svg("689b0911::openehr.fjordland.example::2")
    True
    """
    parts, left, drawn = uid.split("::"), 10.0, ""
    for number, (text, (name, says)) in enumerate(zip(parts, _PARTS, strict=False)):
        wide = max(118.0, len(text) * 7.4 + 20)
        middle = left + wide / 2
        drawn += f'<rect x="{left:.0f}" y="12" width="{wide:.0f}" height="32" rx="6" fill="none" stroke="currentColor"/>'
        drawn += f'<text x="{middle:.0f}" y="32" text-anchor="middle" font-family="ui-monospace, monospace">{h(text)}</text>'
        drawn += f'<text x="{middle:.0f}" y="64" text-anchor="middle" font-weight="600">{h(name)}</text><text x="{middle:.0f}" y="81" text-anchor="middle">{h(says)}</text>'
        left += wide
        if number < len(parts) - 1:
            drawn += f'<text x="{left + 12:.0f}" y="32" text-anchor="middle" font-weight="600">::</text>'
            left += 24
    told = "; ".join(f"{text} is {name}, {says}" for text, (name, says) in zip(parts, _PARTS, strict=False))
    return _svg(left + 10, 92, told, drawn)


def versions_svg(objects: Mapping[str, Sequence[Version]]) -> str:
    """Each object, by its name, is a row of boxes, its versions; each contribution is a column, with who committed it and when."""
    every = sorted({(one.time, one.contribution) for versions in objects.values() for one in versions})
    places = {contribution: number for number, (_, contribution) in enumerate(every)}
    high = _TOP + _ROW * len(objects) + 12
    columns = "".join(_column(number, contribution, objects, high) for contribution, number in places.items())
    rows = "".join(_row(number, name, versions, places) for number, (name, versions) in enumerate(objects.items()))
    return _svg(_LEFT + _COLUMN * len(places) + 10, high, _in_words(objects), f"{_HEAD}{columns}{rows}")


def _column(number: int, contribution: str, objects: Mapping[str, Sequence[Version]], high: int) -> str:
    one = next(one for versions in objects.values() for one in versions if one.contribution == contribution)
    middle = _LEFT + _COLUMN * number + _COLUMN / 2
    box = f'<rect x="{middle - 68:.0f}" y="4" width="136" height="{high - 8}" rx="8" fill="none" stroke="currentColor" stroke-dasharray="3 4" opacity=".55"/>'
    lines = ("CONTRIBUTION", clip(one.committer, 20), one.time[11:19])
    return box + "".join(
        f'<text x="{middle:.0f}" y="{20 + 15 * k}" text-anchor="middle"{_BOLD * (k == 0)}>{h(text)}</text>' for k, text in enumerate(lines)
    )


def _row(number: int, name: str, versions: Sequence[Version], places: Mapping[str, int]) -> str:
    y = _TOP + _ROW * number + 14
    shown = sorted(versions, key=lambda one: int(one.number))
    head = f'<text x="8" y="{y + 20}"{_BOLD}>{h(clip(name, 22))}</text><text x="8" y="{y + 37}">VERSIONED_</text><text x="8" y="{y + 51}">COMPOSITION</text>'
    lefts = [_LEFT + _COLUMN * places[one.contribution] + (_COLUMN - _WIDE) / 2 for one in shown]
    arrows = "".join(
        f'<path d="M{then:.0f} {y + _HIGH / 2:.0f} H{first + _WIDE + 2:.0f}" stroke="currentColor" fill="none" marker-end="url(#kit-follows)"/>'
        for first, then in pairwise(lefts)
    )
    return head + arrows + "".join(_box(one, left, y) for one, left in zip(shown, lefts, strict=True))


def _box(one: Version, left: float, y: int) -> str:
    middle, gone = left + _WIDE / 2, ' stroke-dasharray="6 3"' * (one.message is None)
    return (
        f'<rect x="{left:.0f}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6" fill="var(--jp-layout-color1, transparent)" stroke="currentColor" stroke-width="1.5"{gone}/>'
        f'<text x="{middle:.0f}" y="{y + 19}" text-anchor="middle"{_BOLD}>::{h(one.number)}</text><text x="{middle:.0f}" y="{y + 36}" text-anchor="middle">{h(clip(one.change, 16))}</text>'
    )


def _in_words(objects: Mapping[str, Sequence[Version]]) -> str:
    """The same for whoever listens."""
    return "; ".join(
        f"{name}: "
        + ", ".join(f"version {one.number}, {one.change}, by {one.committer} at {one.time[11:19]}" for one in reversed(versions))
        for name, versions in objects.items()
    )


def _svg(wide: float, high: float, words: str, body: str) -> str:
    return (
        f'<svg viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" style="max-width:100%" role="img" aria-label="{h(clip(words, 1500))}" '
        f'font-size="12" font-family="system-ui, sans-serif" fill="currentColor">{body}</svg>'
    )


_BOLD = ' font-weight="600"'
_HEAD = (
    '<defs><marker id="kit-follows" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>'
)
