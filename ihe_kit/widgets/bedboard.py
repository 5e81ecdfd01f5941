"""BedBoard: the wards of the hospital, who lies where and since when, who is away and who is expected, as the messages tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from ihe_kit.render import h
from ihe_kit.render.bed_board import Row, board_facts, board_html, changes, keys, stay_html
from ihe_kit.widgets.base import front
from ihe_kit.widgets.watching import Watching

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox


class BedBoard(Watching):
    """Shows the beds of a sandbox, and what becomes of them while messages come. `selected` is the bed whose stay the detail shows.

    >>> BedBoard(box)                                  # doctest: +SKIP
    """

    _esm = front("kit.js", "bedboard.js")
    selected = traitlets.Unicode().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    detail = traitlets.Unicode().tag(sync=True)

    def __init__(self, box: Sandbox, **kwargs: Any) -> None:
        self.box = box
        self.beds: Sequence[Row] | None = None
        super().__init__(**kwargs)
        self.html = _SHELL
        self.observe(self._show, "selected")
        self.watch(box.wire)

    def refresh(self) -> None:
        """Draws the board as it is now; a stopped sandbox keeps its last picture."""
        if self.box.wire.ended:
            self.view = {**self.view, "ended": True}
            return
        beds = self.box.rows("beds")
        fresh, says = changes(self.beds, beds) if self.beds is not None else ([], [])
        self.beds = beds
        if self.selected not in keys(beds):
            self.selected = ""
        self.view = {
            "facts": board_facts(beds),
            "drawing": board_html(beds, self.selected, fresh),
            "says": ". ".join(says[-3:]),
            "ended": False,
        }
        self._show()

    def _show(self, _: Any = None) -> None:
        beds = self.beds or []
        row = next((row for key, row in zip(keys(beds), beds, strict=True) if key == self.selected), None)
        self.detail = stay_html(row, self.box.rows("movements")) if row and not self.box.wire.ended else ""

    def twin(self) -> str:
        """The board, and every movement of every stay in it."""
        beds, moves = self.beds or [], [] if self.box.wire.ended else self.box.rows("movements")
        head = (
            f'<div class="kit-head"><h3 class="jp-toc-ignore">Beds</h3> <span class="kit-meta kit-grow">{h(board_facts(beds))}</span></div>'
        )
        foot = '<div class="kit-foot">A picture of the last run. Open the notebook to see it change.</div>'
        stays = "".join(stay_html(row, moves) for row in beds if row["patient"] and row["state"] != "expected")
        return f'<div class="kit is-static" role="group" aria-label="BedBoard">{head}{board_html(beds, static=True)}{stays}{foot}</div>'


_SHELL = """<div class="kit" role="group" aria-label="BedBoard"><div class="kit-head"><h3 class="jp-toc-ignore">Beds</h3><span class="kit-meta kit-grow" data-facts></span></div>
<div class="kit-off" data-ended hidden>These systems were stopped, so this board changes no more. Draw it again for those that run now.</div><div data-board></div>
<div class="kit-foot"><span>Solid edge: in the house. Dashed: on leave, the bed is kept. Dotted: expected.</span><span class="kit-grow" data-hint>&nbsp; Click a bed: its movements open below.</span></div>
<div data-detail></div><div class="kit-sr" role="status" data-said></div></div>"""
