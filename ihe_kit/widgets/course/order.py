"""A puzzle: pieces that are put in order by dragging, with arrow buttons, or by keyboard."""

from __future__ import annotations

from collections.abc import Sequence

from ihe_kit.course.items import Exercise, Tile
from ihe_kit.course.ledger import Progress
from ihe_kit.render import cite, h, icon
from ihe_kit.widgets.course.base import note, prose
from ihe_kit.widgets.course.exercises import ExerciseView

_KEYS = (
    '<p class="kit-keys kit-quiet kit-small">Drag, or <kbd class="kit-key">Space</kbd> to lift, <kbd class="kit-key">↑</kbd> <kbd class="kit-key">↓</kbd> '
    'to move, <kbd class="kit-key">Space</kbd> to drop, <kbd class="kit-key">Esc</kbd> to put back.</p>'
)
_OUT = "out"  # the line below which stands what does not belong


class OrderView(ExerciseView):
    """The pieces in a list. What stands below its line is left out. The page moves them; the kernel is told where they stand now."""

    def __init__(self, item: Exercise, kept: Progress | None = None) -> None:
        self.tiles = {tile.key: tile for tile in item.tiles}
        self.draft: list[str] | None = None  # what the page shows and nobody has checked yet
        super().__init__(item, kept)

    def answer_move(self, values: Sequence[str]) -> None:
        """A piece was moved: what was said belongs to the order before."""
        self.draft, self.verdict = [key for key in values if key in self.tiles], None

    def answer_check(self, values: Sequence[str]) -> None:
        """The Check button."""
        self.draft = [key for key in values if key in self.tiles]
        super().answer_check(self.draft)

    @property
    def used(self) -> list[str]:
        """The pieces above the line, in their order."""
        answer = self.draft if self.draft is not None else self.record.get("answer", [])
        known = list(dict.fromkeys(key for key in answer if key in self.tiles))
        return known or list(self.item.untouched)

    def _fields(self, button: str) -> str:
        used, extras = self.used, len(self.tiles) > len(self.item.solution)
        rows = [self._tile(self.tiles[key], k, len(used)) for k, key in enumerate(used, start=1)]
        if extras:
            rows.append(f'<li role="presentation" class="out" data-key="{_OUT}"><span>Below this line: does not belong</span></li>')
            rows += [self._tile(tile, 0, len(used)) for tile in self.item.tiles if tile.key not in used]
        label = f'aria-label="{h(self.item.task)}" aria-describedby="{self.uid}-keys"'
        pieces = f'<ul class="kit-order" role="listbox" data-order data-mine {label}>{"".join(rows)}</ul>'
        said = '<div class="kit-sr" role="status" aria-live="assertive" data-own></div>'
        return f'{pieces}{said}<div id="{self.uid}-keys">{_KEYS}</div><div class="do">{button}</div>'

    def _tile(self, tile: Tile, place: int, of: int) -> str:
        """One piece. The page keeps its attributes from here on, for they say what is lifted and where the tab stop is."""
        fate = ""
        if self.verdict and place and (self.verdict.right or self.verdict.faults):
            fate = icon("warning" if tile.key in self.verdict.faults else "ok")
        where = f"position {place} of {of}" if place else "left out"
        name = f'<code class="s">{h(tile.key)}</code>' if tile.key[:1].isupper() else ""
        ways = '<span class="kit-i up" data-step="-1" aria-hidden="true"></span><span class="kit-i down" data-step="1" aria-hidden="true"></span>'
        words = f'<span class="w">{name}<span>{prose(tile.says)}</span></span>'
        spoken = f"{tile.key if name else ''} {tile.says}".strip()
        attributes = f'role="option" tabindex="{0 if place == 1 else -1}" aria-selected="false" data-say="{h(spoken)}" aria-label="{h(spoken)}, {where}"'
        named = f' name="{h(tile.key)}"' if place else ""  # what has no name is not sent
        hidden = f'<input type="hidden"{named} value="{h(tile.key)}">'
        return f'<li {attributes} data-mine data-key="{h(tile.key)}">{icon("grip")}{words}<span class="e">{fate}{ways}{hidden}</span></li>'

    def _solution(self) -> str:
        item = self.item
        left = [tile for tile in item.tiles if tile.key not in item.solution]
        rows = "".join(f"<li>{self._words(self.tiles[key])}</li>" for key in item.solution)
        out = "".join(f"<li>{self._words(tile)}: {prose(tile.why)}</li>" for tile in left)
        more = f"<p>Left out:</p><ul>{out}</ul>" if out else ""
        return note("info", "One right order", "", f"<ol>{rows}</ol>{more}<p>{prose(item.why)} {cite(item.spec)}</p>")

    @staticmethod
    def _words(tile: Tile) -> str:
        return f"<code>{h(tile.key)}</code> {prose(tile.says)}" if tile.key[:1].isupper() else prose(tile.says)

    def _asked(self) -> str:
        return "<ul>" + "".join(f"<li>{self._words(self.tiles[key])}</li>" for key in self.item.untouched) + "</ul>"
