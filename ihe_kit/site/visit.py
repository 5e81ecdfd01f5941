"""One request for a page and its answer: what is asked, how links lead on, and what a browser may do with what it gets.

Every link is relative to the page that it stands on, so all of them stay right under whatever prefix a proxy puts in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ihe_kit.core import Element, Packet
from ihe_kit.fhir import FhirMessage, from_wire
from ihe_kit.fhir.tables import resource_types
from ihe_kit.render import h
from ihe_kit.rest import request

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

Query = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Reply:
    """What goes back: HTML, unless it says otherwise."""

    body: str
    status: int = 200
    type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Visit:
    """A request. `path` is what stands behind the page's own address (`Patient/1/_history`), `query` the parameters in order."""

    box: Sandbox
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)  # what the site has asked once and need not ask again

    @property
    def root(self) -> str:
        """The way from this page to the first one: `../../`."""
        return "../" * self.path.count("/") or "./"

    def option(self, name: str, default: str = "") -> str:
        """The last value of a parameter."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def way(self, path: str, query: Query = ()) -> str:
        """A relative address of a page, as a header has it."""
        pairs = urlencode([*query], safe="|:,/$*")
        return self.root + quote(path, safe="/$*") + (f"?{pairs}" if pairs else "")

    def link(self, path: str, query: Query = ()) -> str:
        """The same, as an attribute of HTML has it."""
        return h(self.way(path, query))

    def ask(self, target: str, query: Query = ()) -> FhirMessage:
        """What the FHIR server of the sandbox answers to a GET: asked in memory, so that looking leaves no trace on the wire."""
        asked = urlencode([*query])
        text = request("GET", f"{FhirMessage.base}/{target}" + (f"?{asked}" if asked else ""))
        return from_wire(self.box.actors["FHIR server"].receive(Packet("http", text.encode())))

    @property
    def statement(self) -> dict[str, Any]:
        """The CapabilityStatement of the server, which stays the same as long as it runs."""
        if "metadata" not in self.known:
            self.known["metadata"] = self.ask("metadata").values
        found: dict[str, Any] = self.known["metadata"]
        return found

    def target(self, element: Element) -> str:
        """The address of the page about what an element refers to; "" for anything that is no reference to a resource kept here."""
        return self.reference(element.value) if element.label == "reference" else ""

    def reference(self, text: str) -> str:
        """The address of the page about a reference such as `Patient/1` or the server's own absolute URL of it; "" for any other text."""
        below = text.removeprefix(self.box.addresses["FHIR server"]).strip("/")
        kind, _, rest = below.partition("/")
        id, _, version = rest.partition("/_history/")
        known = kind in resource_types() and all(map(_is_id, (id, version) if "/_history/" in rest else (id,)))
        return self.way(below) if known else ""

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many resources of each type are kept, those that there are none of left out."""
        found = {kind: self.box.store.count(kind) for kind in self.box.store.kinds("_lastUpdated") if kind in resource_types()}
        return {kind: number for kind, number in found.items() if number}


def reasons(answer: FhirMessage) -> list[str]:
    """What the server's OperationOutcome says, each sentence once; what the answer is called where it says nothing."""
    said = answer.get("OperationOutcome.issue.details.text") + answer.get("OperationOutcome.issue.diagnostics")
    return list(dict.fromkeys(filter(None, said))) or [answer.name]


def _is_id(text: str) -> bool:
    """Whether a text may be the id of a resource (FHIR R4 datatypes, id)."""
    return 0 < len(text) <= 64 and text.isascii() and all(c.isalnum() or c in "-." for c in text)
