"""StayLife: the states of a stay and the events that lead from one to another, as a drawing and as the table that the receiver runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ihe_kit.render.transitions import transitions_html, transitions_svg
from ihe_kit.widgets.base import KitWidget, front


class StayLife(KitWidget):
    """Nothing to press. Without events the drawing, of all of them or of those in `drawn`; with some their rows of the table, the column of a state
    `at` lit.

    >>> StayLife()                                     # doctest: +SKIP
    >>> StayLife(drawn=("A01", "A02", "A03"))          # doctest: +SKIP
    >>> StayLife("A01", "A03", at="inpatient")         # doctest: +SKIP
    """

    _esm = front("kit.js", "staylife.js")

    def __init__(self, *events: str, at: str = "", drawn: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.html = _page(events, at, drawn)

    def twin(self) -> str:
        return str(self.html)


def _page(events: Sequence[str], at: str, drawn: Sequence[str]) -> str:
    if events or at:
        return transitions_html(events, at)
    head = '<div class="kit-head"><h3 class="jp-toc-ignore">The life of a stay</h3><span class="kit-meta kit-grow">states, and the events between them</span></div>'
    return f'<div class="kit" role="group" aria-label="The life of a stay">{head}<div class="kit-body">{transitions_svg(drawn)}</div></div>'
