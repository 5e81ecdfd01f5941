"""ProfileViewer: the elements of a FHIR profile as a tree, and of the one that is pointed at what it asks and who constrained it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import traitlets

from ihe_kit.core import UnknownPath
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.fhir.packages import Package
from ihe_kit.fhir.profile_tree import VIEWS, Row, profile_tree
from ihe_kit.render import h, tag, visible
from ihe_kit.render.profile import FLAGS, problems_html, profile_card_html, profile_facts, profile_list_html, profile_rows_html
from ihe_kit.widgets.base import FIND, KitWidget, front

OPEN = 60  # rows; of a longer view only the branches that lead to what the profile speaks of stand open
_EMPTY = {
    "differential": "This definition has no differential: it says of itself only what its snapshot says.",
    "snapshot": "No snapshot can be made. What is wrong stands above; the differential shows what the profile itself says.",
    "slices": "Nothing is sliced here. A slice is a named part of the repetitions of one element, told apart by a value in it.",
}


class ProfileViewer(KitWidget):
    """Shows a profile: `view` is `differential`, `snapshot` or `slices`, `selected` the id of the element in focus (`Observation.component:systolic`).

    `profile`: a StructureDefinition as a dict, text or message, or the canonical URL or the name of one that R4 or a package has. What is wrong with
    it is said in the widget. Raises UnknownPath for an `element` that it does not have, ValueError or OSError for a package that cannot be read.

    >>> ProfileViewer("bp", element="component").selected
    'Observation.component'
    """

    _esm = front("kit.js", "viewer.js", "profileviewer.js")
    selected = traitlets.Unicode().tag(sync=True)
    view = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, profile: str | dict[str, Any] | FhirMessage, packages: Iterable[Package | str | Path] = (), element: str = "", **kwargs: Any
    ) -> None:
        self.tree = profile_tree(profile, packages)
        self._rows = self.tree.rows() or self.tree.rows("differential")
        self._numbers = {row.id: number for number, row in enumerate(self._rows)}
        own = [row for row in self._rows if row.own and row.steps]
        profiled = bool(own) and self.tree.definition.get("derivation") == "constraint"
        kwargs.setdefault("view", "differential" if profiled and (not element or self._row(element).own) else "snapshot")
        first = self._row(element).id if element else next((row.id for row in (*filter(self._changed, own), *own, *self._rows)), "")
        super().__init__(selected=first, **kwargs)
        self.html = self._html()

    def twin(self) -> str:
        """What the profile itself says as nested lists, the card of the selected element, and the snapshot folded away."""
        own, rows = self.tree.rows("differential"), self.tree.rows()
        head = f'<div class="kit-head">{self._head()}</div>{problems_html(self.tree.problems, not self._rows)}'
        parts = ""
        if own and self.view == "differential":
            parts += f'<h4 class="kit-pane-head jp-toc-ignore">Differential: what this profile itself says</h4>{profile_list_html(own)}'
        card = f'<div class="kit-card kit-fhir kit-profile-card">{self.answer_card(self.selected)}</div>' if self._rows else ""
        whole = f"<details><summary>Snapshot, all {len(rows)} elements</summary>{profile_list_html(rows)}</details>" if rows else ""
        return f'<div class="kit is-static" role="group" aria-label="ProfileViewer">{head}{parts}{card}{whole}</div>'

    def answer_card(self, id: str) -> str:
        """The card of an element."""
        number = self._numbers.get(id)
        return "" if number is None else profile_card_html(self.tree, self._rows[number])

    @traitlets.validate("selected")  # type: ignore[untyped-decorator]
    def _known(self, proposal: Any) -> str:
        return self._row(str(proposal["value"])).id if proposal["value"] else ""

    @traitlets.validate("view")  # type: ignore[untyped-decorator]
    def _a_view(self, proposal: Any) -> str:
        if proposal["value"] not in VIEWS:
            raise traitlets.TraitError(f"{proposal['value']!r} is no view: expected one of {', '.join(VIEWS)}")
        return str(proposal["value"])

    def _changed(self, row: Row) -> bool:
        """Whether this profile makes something else of an element than its base did."""
        last = self.tree.story(row)[-1]
        return bool(last.changes or last.rules)

    def _row(self, element: str) -> Row:
        found = self.tree.row(element)
        if found is None or found.id not in self._numbers:
            raise UnknownPath(
                f"{self.tree.title} has no element {element!r}: expected a path such as {', '.join(list(self._numbers)[1:3])}"
            )
        return found

    def _head(self) -> str:
        title = self.tree.title if self.tree.definition else "Profile"
        facts = profile_facts(self.tree) if self.tree.definition else ""
        return f'<h3 class="jp-toc-ignore">{visible(title)}</h3> {tag("fhir")} <span class="kit-meta kit-grow">{visible(facts)}</span>'

    def _panel(self, view: str) -> str:
        rows = [(self._numbers[row.id], row) for row in self.tree.rows(view)]
        if not rows:
            return f'<div class="kit-empty"><p>{h(_EMPTY[view])}</p></div>'
        ways = {row.steps[:size] for row in self._rows if row.own or row.id == self.selected for size in range(len(row.steps) + 1)}
        ways |= {(*steps[:-1], (steps[-1][0], "")) for steps in ways if steps and steps[-1][1]}

        def opened(number: int) -> bool:
            return len(rows) <= OPEN or self._rows[number].steps in ways

        return profile_rows_html(rows, opened, view.capitalize(), self._numbers.get(self.selected, -1))

    def _html(self) -> str:
        if not self._rows:
            head = f'<div class="kit-head">{self._head()}</div>'
            return f'<div class="kit" role="group" aria-label="ProfileViewer">{head}{problems_html(self.tree.problems, empty=True)}</div>'
        counts = {
            view: sum(row.own for row in self.tree.rows(view)) if view == "differential" else len(self.tree.rows(view)) for view in VIEWS
        }
        counts["slices"] = sum(bool(row.shape.slice) for row in self.tree.rows("slices"))
        tabs = "".join(
            f'<button type="button" role="tab" data-tab="{view}">{view.capitalize()} <span class="kit-count">{counts[view]}</span></button>'
            for view in VIEWS
        )
        panels = "".join(
            f'<div data-panel="{view}" role="tabpanel" aria-label="{view.capitalize()}" hidden>{self._panel(view)}</div>' for view in VIEWS
        )
        legend = "".join(f'<span><span class="kit-use">{letter}</span> {h(words.partition(":")[0])}</span>' for letter, words, _ in FLAGS)
        bar = f'<div class="kit-tabs"><div role="tablist" aria-label="Views of the profile">{tabs}</div></div>'
        foot = f'<div class="kit-foot kit-uses kit-flags">{legend}<span class="kit-grow"></span><span>Bold: this profile speaks of it</span></div>'
        card = '<div class="kit-card kit-fhir kit-profile-card" role="group" aria-live="polite" aria-label="What this element asks, and who said so"></div>'
        body = f"{problems_html(self.tree.problems, empty=False)}{bar}{panels}{foot}{card}"
        return f'<div class="kit" role="group" aria-label="ProfileViewer"><div class="kit-head">{self._head()}{FIND}</div>{body}</div>'
