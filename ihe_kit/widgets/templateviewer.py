"""TemplateViewer: the nodes of an operational template as a tree and as a mind map, and of the one that is pointed at who asks what of it."""

from __future__ import annotations

from typing import Any

import traitlets

from ihe_kit.core import UnknownPath, nearest
from ihe_kit.openehr import Template
from ihe_kit.openehr.template_story import story
from ihe_kit.openehr.template_tree import VIEWS, Row, TemplateTree, template_tree
from ihe_kit.render import count, tag, visible
from ihe_kit.render.mind_map import Topic, mind_map_svg
from ihe_kit.render.template import Line, line, lines_html, lines_list_html, no_template_html, template_card_html
from ihe_kit.widgets.base import FIND, KitWidget, front

OPEN = 90  # rows; of a larger template only the upper branches and the way to what is selected stand open
HEADS = ("Node", "how often", "class", "what it may hold")
_TABS = {"tree": "Tree", "model": "With the Reference Model", "map": "Mind map"}


class TemplateViewer(KitWidget):
    """Shows a template: `view` is `tree`, `model` (the same with what the Reference Model alone asks for) or `map`; `selected` the path of the node
    in focus.

    `template`: a Template, the id of one that is known here, or the text of an OPT; what is wrong with it is said in the widget. `element`: a path, an
    at-code or a name. Raises UnknownPath for one that the template does not have.

    >>> TemplateViewer("kit_vital_signs.v1", element="Position").selected.endswith("/state[at0007]/items[at0008]")
    True
    """

    _esm = front("kit.js", "viewer.js", "templateviewer.js")
    selected = traitlets.Unicode().tag(sync=True)
    view = traitlets.Unicode("tree").tag(sync=True)

    def __init__(self, template: Template | str, element: str = "", **kwargs: Any) -> None:
        self.tree = template_tree(template)
        self._numbers = {row.path: number for number, row in enumerate(self.tree.rows)}
        first = self._path(element) if element else self._first()
        self.opened = self._way(first) | {"/"}
        super().__init__(selected=first, **kwargs)
        self.html = self._html()

    def twin(self) -> str:
        """The tree as nested lists and the card of the selected node."""
        if not self.tree.template:
            return str(self.html).replace('class="kit"', 'class="kit is-static"', 1)
        rows = lines_list_html([line(self.tree.rows[number]) for number in self.tree.shown(self.view)])
        card = f'<div class="kit-card kit-openehr kit-profile-card">{self.answer_card(self.selected)}</div>'
        return f'<div class="kit is-static" role="group" aria-label="TemplateViewer"><div class="kit-head">{_head(self.tree)}</div>{card}{rows}</div>'

    def answer_card(self, id: str) -> str:
        """The card of a node."""
        number = self._numbers.get(id)
        return "" if number is None else template_card_html(self.tree, number, story(self.tree, self.tree.rows[number]))

    def answer_map(self, id: str = "", open: bool = True, selected: str = "") -> str:
        """The mind map, after the branch `id` was opened or closed; without one, with the way to the selected node open. `selected`: the one that
        the page has, which may have left before its state arrives here."""
        selected = selected if selected in self._numbers else self.selected
        self.opened = self.opened | {id} if id and open else self.opened - {id} if id else self.opened | self._way(selected)
        rows, topics = self.tree.rows, []
        for number in self.tree.shown("map"):
            above = self.tree.above(number, "map")
            topics.append(
                Topic(
                    rows[number].path, rows[above].path if above >= 0 else "", rows[number].name, _short(rows[number]), _mark(rows[number])
                )
            )
        shown = {topic.id for topic in topics}
        chosen = self._numbers.get(selected, -1)
        while chosen >= 0 and rows[chosen].path not in shown:
            chosen = rows[chosen].above
        return mind_map_svg(topics, self.opened, rows[chosen].path if chosen >= 0 else "", "Mind map of the template")

    @traitlets.validate("selected")  # type: ignore[untyped-decorator]
    def _known(self, proposal: Any) -> str:
        return self._path(str(proposal["value"])) if proposal["value"] else ""

    @traitlets.validate("view")  # type: ignore[untyped-decorator]
    def _a_view(self, proposal: Any) -> str:
        if proposal["value"] not in VIEWS:
            raise traitlets.TraitError(f"{proposal['value']!r} is no view: expected one of {', '.join(VIEWS)}")
        return str(proposal["value"])

    def _path(self, element: str) -> str:
        return path_of(self.tree, element)

    def _first(self) -> str:
        """The first node that holds a value of its own, as what a reader looks for."""
        return next((row.path for row in self.tree.rows if row.node.type == "ELEMENT"), "/" if self.tree.rows else "")

    def _way(self, path: str) -> set[str]:
        """The rows above a row."""
        found, number = set(), self._numbers.get(path, -1)
        while number >= 0 and (number := self.tree.rows[number].above) >= 0:
            found.add(self.tree.rows[number].path)
        return found

    def _panel(self, view: str) -> str:
        if view == "map":
            return f'<div class="kit-map kit-openehr" data-map>{self.answer_map()}</div>'
        lines, way = [line(self.tree.rows[number]) for number in self.tree.shown(view)], self._way(self.selected)
        return lines_html(lines, _TABS[view], HEADS, lambda one: is_open(one, lines, way), self.selected)

    def _html(self) -> str:
        if not self.tree.template:
            return f'<div class="kit" role="group" aria-label="TemplateViewer">{no_template(self.tree.problem)}</div>'
        tabs = "".join(f'<button type="button" role="tab" data-tab="{view}">{label}</button>' for view, label in _TABS.items())
        panels = "".join(
            f'<div data-panel="{view}" role="tabpanel" aria-label="{label}" hidden>{self._panel(view)}</div>'
            for view, label in _TABS.items()
        )
        bar = f'<div class="kit-tabs"><div role="tablist" aria-label="Views of the template">{tabs}</div></div>'
        foot = '<div class="kit-foot kit-uses kit-flags"><span><span class="kit-use">A</span> an archetype begins here</span></div>'
        card = '<div class="kit-card kit-openehr kit-profile-card" role="group" aria-live="polite" aria-label="What this node asks, and who said so"></div>'
        head = f'<div class="kit-head">{_head(self.tree)}{FIND}</div>'
        return f'<div class="kit" role="group" aria-label="TemplateViewer">{head}{bar}{panels}{foot}{card}</div>'


def is_open(one: Line, lines: list[Line], way: set[str]) -> bool:
    """Whether a branch stands open at first."""
    return len(lines) <= OPEN or one.level < 2 or one.id in way


def path_of(tree: TemplateTree, element: str) -> str:
    """The path of a node by its path, its code or its name. Raises UnknownPath that names the nearest."""
    number = tree.find(element)
    if number is None:
        known = {row.name for row in tree.rows} | {row.path for row in tree.rows}
        name = tree.template.id if tree.template else "what is no template"
        raise UnknownPath(f"{name} has no node {element!r}: expected a path, an at-code or a name" + nearest(element, sorted(known)))
    return tree.rows[number].path


def no_template(problem: str) -> str:
    """The inside of a widget that has nothing to show."""
    return f'<div class="kit-head"><h3 class="jp-toc-ignore">Template</h3> {tag("openehr")}</div>{no_template_html(problem)}'


def _head(tree: TemplateTree) -> str:
    one = tree.template
    archetypes = len({row.node.code for row in tree.rows if row.is_root})
    facts = f"{one.id} · {count(archetypes, 'archetype')} · {count(len(tree.shown()), 'node')} · {one.language}" if one else ""
    title = tree.rows[0].name if tree.rows else ""
    return f'<h3 class="jp-toc-ignore">{visible(title)}</h3> {tag("openehr")} <span class="kit-meta kit-grow">{visible(facts)}</span>'


def _short(row: Row) -> str:
    """The second line of a node of the map: how often, and what it holds."""
    return f"{row.occurs} {' | '.join(one.name for one in row.holds[:3]) or row.node.type}"


def _mark(row: Row) -> str:
    return "root" if row.is_root else "leaf" if row.holds else ""
