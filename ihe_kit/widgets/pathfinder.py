"""PathFinder: point at a node of a template or of a composition, and read its FLAT key, its path in AQL and its canonical path."""

from __future__ import annotations

from typing import Any

import traitlets

from ihe_kit.core import UnknownPath, Unreadable
from ihe_kit.openehr import OpenehrMessage, Template, explain, parse
from ihe_kit.openehr.addresses import Found, addresses, found
from ihe_kit.openehr.template_tree import TemplateTree, template_tree
from ihe_kit.render import tag, visible
from ihe_kit.render.template import Line, addresses_html, line, lines_html, lines_list_html
from ihe_kit.widgets.base import FIND, KitWidget, front
from ihe_kit.widgets.templateviewer import is_open, no_template, path_of

_HEADS = {True: ("Node", "how often", "class", "what it may hold"), False: ("Node", "place", "class", "what stands there")}


class PathFinder(KitWidget):
    """Shows the nodes of a template or of a composition. `selected` is the path of the one in focus, `addresses` are its addresses.

    `subject`: a Template, the id of one that is known here, the text of an OPT, or a composition as text or message; `template` where the template of
    a composition is not known here. `element`: a path, an at-code or a name. Raises UnknownPath for one that is not there.

    >>> PathFinder("kit_vital_signs.v1", element="Systolic").addresses[0].flat
    'vital_signs/blood_pressure:0/any_event:0/systolic|magnitude'
    """

    _esm = front("kit.js", "viewer.js", "templateviewer.js")
    selected = traitlets.Unicode().tag(sync=True)
    view = traitlets.Unicode("tree").tag(sync=True)

    def __init__(self, subject: Template | OpenehrMessage | str, element: str = "", template: Template | str = "", **kwargs: Any) -> None:
        self.tree, self.found = _read(subject, template)
        self._lines = [_line(self.tree, one) for one in self.found] if self.found else [line(row) for row in self.tree.rows]
        self._places = {one.id: number for number, one in enumerate(self._lines)}
        super().__init__(selected=self._path(element) if element else self._first(), **kwargs)
        self.html = self._html()

    @property
    def addresses(self) -> list[Any]:
        """The addresses of the selected node."""
        return self._addresses(self.selected)[1]

    def twin(self) -> str:
        """The addresses of the selected node, and the tree as nested lists."""
        if not self._lines:
            return str(self.html).replace('class="kit"', 'class="kit is-static"', 1)
        card = f'<div class="kit-card kit-openehr kit-one">{self.answer_card(self.selected)}</div>'
        head = f'<div class="kit-head">{self._head()}</div>'
        return f'<div class="kit is-static" role="group" aria-label="PathFinder">{head}{card}{lines_list_html(self._lines)}</div>'

    def answer_card(self, id: str) -> str:
        """The card of a node."""
        number, told = self._addresses(id)
        if number < 0:
            return f"<p>The template {visible(self.tree.template.id) if self.tree.template else ''} has no such node, so it has no address of its own.</p>"
        return addresses_html(self.tree, number, told, self._means(number))

    @traitlets.validate("selected")  # type: ignore[untyped-decorator]
    def _known(self, proposal: Any) -> str:
        return self._path(str(proposal["value"])) if proposal["value"] else ""

    def _addresses(self, id: str) -> tuple[int, list[Any]]:
        place = self._places.get(id)
        at = self.found[place] if self.found and place is not None else None
        number = at.row if at else -1 if place is None else place
        return number, addresses(self.tree, number, at) if number >= 0 else []

    def _means(self, number: int) -> str:
        """What a node means, as `explain` says it."""
        row = self.tree.rows[number]
        try:
            return row.node.says or explain(row.path, None, self.tree.template).says
        except UnknownPath:
            return ""

    def _path(self, element: str) -> str:
        if element in self._places:
            return element
        named = [one.id for one in self._lines if element.lower() in (one.name.lower(), one.code.lower())]
        return named[0] if named else path_of(self.tree, element)

    def _first(self) -> str:
        return next((one.id for one in self._lines if one.type == "ELEMENT"), self._lines[0].id if self._lines else "")

    def _head(self) -> str:
        title = self._lines[0].name
        what = "composition" if self.found else "template"
        facts = f"{what} · {self.tree.template.id}" if self.tree.template else what
        return f'<h3 class="jp-toc-ignore">{visible(title)}</h3> {tag("openehr")} <span class="kit-meta kit-grow">{visible(facts)}</span>'

    def _html(self) -> str:
        if not self._lines:
            return f'<div class="kit" role="group" aria-label="PathFinder">{no_template(self.tree.problem)}</div>'
        way = {one.id for one in self._lines if self.selected.startswith(one.id.rstrip("/") + "/")}
        rows = lines_html(self._lines, "Nodes", _HEADS[not self.found], lambda one: is_open(one, self._lines, way), self.selected)
        card = '<div class="kit-card kit-openehr kit-one" role="group" aria-live="polite" aria-label="The addresses of this node"></div>'
        head = f'<div class="kit-head">{self._head()}{FIND}</div>'
        return f'<div class="kit" role="group" aria-label="PathFinder">{head}<div data-panel="tree">{rows}</div>{card}</div>'


def _read(subject: Template | OpenehrMessage | str, template: Template | str) -> tuple[TemplateTree, list[Found]]:
    """The template, and of a composition its nodes."""
    if isinstance(subject, str) and subject.lstrip()[:1] == "{":
        try:
            subject = parse(subject)
        except Unreadable as problem:
            return TemplateTree(None, problem=f"This cannot be read: {problem}."), []
    if not isinstance(subject, OpenehrMessage):
        return template_tree(subject), []
    if subject.kind != "COMPOSITION":
        return TemplateTree(
            None, problem=f"This is {subject.kind or 'no object'}, but only a composition has a template to be read by."
        ), []
    named = template or subject.template_id
    if not named:
        return TemplateTree(None, problem="This composition does not name its template: name one."), []
    tree = template_tree(named)
    return tree, found(tree, subject) if tree.template else []


def _line(tree: TemplateTree, one: Found) -> Line:
    """A node of a composition as it is shown."""
    known = one.row >= 0
    row = tree.rows[one.row] if known else None
    values = [told.value for told in addresses(tree, one.row, one) if told.value] if known else []
    says = " ".join(values[:2]) if known else "the template has no such node"
    code = row.node.code if row else ""
    place = f"{one.counts[-1] + 1}" if one.counts and row and row.node.most != 1 and row.node.code else ""
    mark = "strange" if not row else "root" if row.is_root else ""
    return Line(one.path, one.level, one.name or (row.name if row else one.path.rpartition("/")[2]), code, place, one.type, says, mark)
