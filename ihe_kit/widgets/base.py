"""What every widget shares: the stylesheet, a piece of JavaScript without a build step, and a static twin for pages without a kernel.

Python makes the HTML (`ihe_kit.render` escapes every value there), JavaScript only moves the light. A widget wires a value to a plain
function that tests also call.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ihe_kit.render import icon

FRONT = Path(__file__).parent / "front"
COPY = (
    '<button type="button" class="kit-btn icon quiet small" data-copy aria-label="Copy the message" title="Copy the message">'
    '<span class="kit-i copy" aria-hidden="true"></span></button>'
)

FIND = (
    '<span class="kit-small kit-quiet" data-said role="status"></span>'
    f'<span class="kit-with-icon kit-find">{icon("search")}<input class="kit-input" type="search" placeholder="Find an element" '
    'aria-label="Find an element" aria-keyshortcuts="/"></span>'
)


@lru_cache(maxsize=16)
def front(*names: str) -> str:
    """The text of files of the front end, one after the other: `front("kit.js", "explorer.js")` is one module."""
    return "\n".join((FRONT / name).read_text(encoding="utf-8") for name in names)


class KitWidget(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget has no types
    """A widget whose inside is HTML made in Python. `html` is what shows first; `twin()` is the same for a page without a kernel.

    The front end may ask: `ask(model, "card", {index: 3})` in JavaScript is answered by the method `answer_card(index=3)` here. Bytes that it
    sends along come as `data`.
    """

    _css = front("kit.css")
    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_msg(self._answer)

    def open(self) -> None:
        """Waits until the widget is shown. Its first message to the page then has all of it: what follows at once is lost on a slow computer."""

    @property
    def model_id(self) -> Any:
        """The name by which a page shows the widget; who asks for it is about to show it."""
        super().open()
        return super().model_id

    def twin(self) -> str:
        """The static twin: HTML that reads well without a kernel and without a stylesheet."""
        raise NotImplementedError

    def _answer(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        method = getattr(self, f"answer_{content.get('ask')}", None)
        if method:
            data = {"data": bytes(buffers[0])} if buffers else {}
            self.send({"id": content.get("id"), "answer": method(**content.get("details", {}), **data)})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """JupyterLab takes the living widget; a site that only shows notebooks takes the twin."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return data | {"text/html": f"<style>{self._css}</style>{self.twin()}", "text/plain": repr(self)}, metadata
