"""The page of a running sandbox: where it is, how it is opened from a notebook, and the command that keeps it up until somebody ends it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakKeyDictionary

from ihe_kit.region import sandbox
from ihe_kit.render import h
from ihe_kit.site.site import Site

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

_HUB = "JUPYTERHUB_SERVICE_PREFIX"  # set where JupyterHub started this process, as on Binder


@dataclass(frozen=True)
class Page:
    """Where the page of a sandbox is: `address` on this computer, `link` as the reader's browser opens it. At the end of a cell it is that link."""

    address: str

    @property
    def link(self) -> str:
        """The address; on JupyterHub and Binder, where the browser is somewhere else, the way through jupyter-server-proxy."""
        prefix = os.environ.get(_HUB, "")
        return f"{prefix.rstrip('/')}/proxy/{urlsplit(self.address).port}/" if prefix else self.address

    def __str__(self) -> str:
        return self.link

    def _repr_html_(self) -> str:
        return f'The page of these systems: <a href="{h(self.link)}" target="_blank" rel="noopener">{h(self.link)}</a>'


_open: WeakKeyDictionary[Sandbox, Page] = WeakKeyDictionary()


def page(box: Sandbox, port: int = 0, hosts: Sequence[str] = ()) -> Page:
    """The web page of a running sandbox; the first call opens it, on a free port or on this one. It ends with the sandbox.

    `hosts` are names that it may be called by besides those of this computer. On JupyterHub, where nobody but the hub's own proxy reaches it, it
    may be called by any. Raises OSError that says what to do where the port is taken.

    >>> from ihe_kit import sandbox
    >>> page(sandbox()).address[:17]
    'http://127.0.0.1:'
    """
    if box not in _open:
        site = Site(box, [*hosts, *(["*"] if os.environ.get(_HUB) else [])])
        _open[box] = Page(box.servers.http(site.receive, port) + "/")
    return _open[box]


def serve(port: int, store: str, host: str, hosts: Sequence[str] = (), begin: Callable[[Sandbox], object] = lambda _: None) -> int:
    """Starts the systems and their page, says where they are, and stays until Ctrl-C or SIGTERM. `begin` is done first. Returns the exit status.

    Time and identifiers are real ones here, and not those of the story: a store on disk outlives this process.
    """
    done = Event()
    before = {number: signal.signal(number, lambda *_: done.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    box = sandbox(store, lambda: datetime.now(UTC).astimezone(), lambda: str(uuid4()), host)
    try:
        opened = page(box, port, [*hosts, host])
        begin(box)
        print(f"{box}\n\nThe page: {opened.link}\nCtrl-C ends it.", flush=True)
        while not done.wait(0.5):  # on Windows a wait without an end would not hear Ctrl-C
            pass
    finally:
        box.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    print("Stopped: every port is free again.", flush=True)
    return 0
