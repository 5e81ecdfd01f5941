"""One request on its way through the repository: what is asked, of whom, and how the answer is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import NAMESPACE_OID, uuid5

from ihe_kit.actors.links import base_url
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.store import Store

SYSTEM = "openehr.fjordland.example"  # the system_id of this repository: the middle of every version's identifier
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True)
class Call:
    """A request, with the store that it is about."""

    store: Store
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    message: OpenehrMessage

    @cached_property
    def base(self) -> str:
        """The URL of this API as the client knows it."""
        return base_url(self.message)

    @property
    def method(self) -> str:
        return self.message.method

    @property
    def changes(self) -> bool:
        """Whether the request is to change something."""
        return self.method in ("POST", "PUT", "DELETE")

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(self.message.query)

    def header(self, *names: str) -> str:
        """The first of these headers that the request has, or ""."""
        return next((self.message.headers[name] for name in names if name in self.message.headers), "")

    def wants(self, preference: str) -> bool:
        """Whether the request prefers something: `return=representation` (ITS-REST 1.0.3, Overview, the Prefer header)."""
        return preference in {part.strip().lower() for part in re.split("[;,]", self.header("prefer"))}

    @cached_property
    def now(self) -> str:
        """The time of this request, to the millisecond: what is committed in one request is committed at one time."""
        moment = self.clock()
        return moment.isoformat(timespec="milliseconds" if moment.microsecond >= 1000 else "seconds")

    def new_uuid(self) -> str:
        """An identifier that is given out once, made from the counter that was passed in."""
        return str(uuid5(NAMESPACE_OID, f"2.999.1.1.{self.ids()}"))


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID, which names an EHR, an object or a contribution."""
    return bool(_UUID.fullmatch(text))
