"""A tree as a mind map: an SVG drawn by plain functions, its branches from left to right, one below the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ihe_kit.render.marks import clip, h

WIDTH, GAP, HIGH, STEP = 144, 20, 36, 44  # of a node, between columns, of a node, from node to node: five columns in 846 pixels
CHARACTERS = 19  # of a name that a node has room for


@dataclass(frozen=True, slots=True)
class Topic:
    """A node of a mind map. `above` is the id of the one that it hangs on, "" for the root; `says` is its second line."""

    id: str
    above: str
    name: str
    says: str = ""
    mark: str = ""


def mind_map_svg(topics: Sequence[Topic], opened: Collection[str], selected: str = "", label: str = "Mind map") -> str:
    """The map, with the branches in `opened` unfolded: a `tree` whose items know their level and whether they are open.

    >>> "Pulse" in mind_map_svg([Topic("a", "", "Vital signs"), Topic("b", "a", "Pulse")], {"a"})
    True
    """
    below: dict[str, list[Topic]] = {}
    for topic in topics:
        below.setdefault(topic.above, []).append(topic)
    places: dict[str, tuple[int, float]] = {}
    order: list[tuple[Topic, int]] = []
    free = 0.0

    def put(topic: Topic, level: int) -> float:
        nonlocal free
        order.append((topic, level))
        inner = below.get(topic.id, []) if topic.id in opened else []
        heights = [put(one, level + 1) for one in inner]
        height = (heights[0] + heights[-1]) / 2 if heights else free
        free += 0 if heights else STEP
        places[topic.id] = (level, height)
        return height

    for root in below.get("", []):
        put(root, 0)
    wide = (max((level for level, _ in places.values()), default=0) + 1) * (WIDTH + GAP)
    stop = selected if selected in places else order[0][0].id if order else ""
    edges = "".join(_edge(places[one.above], places[one.id]) for one, _ in order if one.above in places)
    nodes = "".join(
        _node(one, level, places[one.id], len(below.get(one.id, [])), one.id in opened, one.id == selected, one.id == stop)
        for one, level in order
    )
    size = f'width="{wide}" height="{free + 8:g}" viewBox="0 0 {wide} {free + 8:g}"'
    return f'<svg class="kit-mind" {size} role="tree" aria-label="{h(label)}"><g aria-hidden="true">{edges}</g>{nodes}</svg>'


def _edge(start: tuple[int, float], end: tuple[int, float]) -> str:
    x, y = start[0] * (WIDTH + GAP) + WIDTH + 4, start[1] + HIGH / 2 + 4
    to, down = end[0] * (WIDTH + GAP) + 4, end[1] + HIGH / 2 + 4
    middle = (x + to) / 2
    return f'<path d="M{x} {y:g}C{middle:g} {y:g} {middle:g} {down:g} {to} {down:g}"/>'


def _node(topic: Topic, level: int, place: tuple[int, float], inner: int, opened: bool, selected: bool, stop: bool) -> str:
    x, y = place[0] * (WIDTH + GAP) + 4, place[1] + 4
    states = f'aria-level="{level + 1}" aria-selected="{str(selected).lower()}" tabindex="{0 if stop else -1}"'
    states += f' aria-expanded="{str(opened).lower()}"' if inner else ""
    words = f'<text x="10" y="15" class="name">{h(clip(topic.name, CHARACTERS))}</text><text x="10" y="29">{h(clip(topic.says, CHARACTERS + 2))}</text>'
    sign = (
        f'<text x="{WIDTH - 8}" y="22" class="sign" text-anchor="end" aria-hidden="true">{"−" if opened else f"+{inner}"}</text>'
        if inner
        else ""
    )
    box = f'<rect width="{WIDTH}" height="{HIGH}" rx="4"/>'
    spoken = h(f"{topic.name}, {topic.says}")
    return (
        f'<g role="treeitem" class="{topic.mark}" data-id="{h(topic.id)}" data-above="{h(topic.above)}" aria-label="{spoken}" {states} '
        f'transform="translate({x} {y:g})"><title>{spoken}</title>{box}{words}{sign}</g>'
    )
