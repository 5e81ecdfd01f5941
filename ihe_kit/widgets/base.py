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

FRONT = Path(__file__).parent / "front"


@lru_cache(maxsize=16)
def front(name: str) -> str:
    """The text of a file of the front end."""
    return (FRONT / name).read_text(encoding="utf-8")


class KitWidget(anywidget.AnyWidget):
    """A widget whose inside is HTML made in Python. `html` is what shows now; `twin()` is the same for a page without a kernel."""

    _css = front("kit.css")
    html = traitlets.Unicode().tag(sync=True)

    def twin(self) -> str:
        """The static twin: HTML that reads well without a kernel and without a stylesheet."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """JupyterLab takes the living widget; a site that only shows notebooks takes the twin."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return data | {"text/html": f"<style>{front('kit.css')}</style>{self.twin()}", "text/plain": repr(self)}, metadata
