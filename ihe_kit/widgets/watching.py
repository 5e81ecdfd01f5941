"""What widgets share that watch a wire: they draw again when something has crossed, on the kernel's own loop, once for all that came."""

from __future__ import annotations

import asyncio
from typing import Any

from ihe_kit.exchanges import Wire
from ihe_kit.widgets.base import KitWidget


class Watching(KitWidget):
    """A widget that calls its `refresh` after each change of a wire. A subclass calls `watch` when it is ready to be drawn."""

    _wire: Wire
    _due = False

    def __init__(self, **kwargs: Any) -> None:
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        super().__init__(**kwargs)

    def refresh(self) -> None:
        """Draws what is the case now."""
        raise NotImplementedError

    def watch(self, wire: Wire) -> None:
        """Draws now, and from now on whenever something has crossed."""
        self._wire = wire
        self.refresh()
        wire.listeners.append(self._arrived)

    def close(self) -> None:
        """Stops listening."""
        if self._arrived in self._wire.listeners:
            self._wire.listeners.remove(self._arrived)
        super().close()

    def _arrived(self) -> None:
        """From whatever thread: the drawing changes on the kernel's own loop."""
        if self._loop is None or self._loop.is_closed():
            self.refresh()
        elif not self._due:
            self._due = True
            self._loop.call_soon_threadsafe(self._loop.call_later, 0.1, self._late)

    def _late(self) -> None:
        self._due = False
        self.refresh()
