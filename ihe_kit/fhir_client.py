"""A client of FHIR's RESTful API, in the words of the standard: read, vread, create, update, patch, delete, history, search, and the rest.

    client = FhirClient(box)
    kept = client.create(patient)                                    201 Created
    client.read("Patient/F00001")                                    200 OK
    client.update(changed, if_match='W/"1"')                         200 OK, or 412 where somebody was faster
    client.search("Patient?family=Berg&_count=10")                   200, a Bundle

Every verb is one request of FHIR R4 section 3.1.0. It gives the Exchange, whatever the answer is, and the sandbox's wire keeps it. A resource is
given as data, as text or as a message; a text goes out as it is, so that a broken one can be sent, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ihe_kit import transactions
from ihe_kit.core import Packet, Unreadable
from ihe_kit.exchanges import Exchange, Peer, Wire, perform
from ihe_kit.fhir import FhirMessage
from ihe_kit.fhir.wire import JSON
from ihe_kit.json_text import written
from ihe_kit.region import Sandbox
from ihe_kit.rest import request
from ihe_kit.transports import peer

Resource = FhirMessage | Mapping[str, Any] | str

JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"


class FhirClient:
    """Asks the FHIR server of a sandbox, or the one at an address such as `http://127.0.0.1:8080/fhir`.

    `base` is the server's address: what every URL of FHIR begins with. What crosses is kept on the sandbox's wire, or on one of the client's own
    (`wire`). Raises ValueError for an address that is none.
    """

    plays = ("FHIR client",)

    def __init__(self, to: Sandbox | str) -> None:
        self.box = None if isinstance(to, str) else to
        self.base = to.rstrip("/") if isinstance(to, str) else to.addresses["FHIR server"]
        self.wire = Wire() if isinstance(to, str) else to.wire
        self._peer()  # says at once where an address is none

    def _peer(self) -> Peer:
        """The server. Whoever listens at an address keeps what comes on a wire of its own, even where that is a sandbox in this very process."""
        return self.box.peer("FHIR server") if self.box else replace(peer(self.base), recorded=False)

    # One resource

    def create(self, resource: Resource, if_none_exist: str = "") -> Exchange:
        """POST to the type; the server gives the id. With a condition (`identifier=urn:oid:2.999.10.1|4711`) only where nothing matches it.

        Raises ValueError where a resource does not say its type.
        """
        return self.ask("POST", _kind(resource), resource, if_none_exist=if_none_exist)

    def read(self, target: str, if_none_match: str = "") -> Exchange:
        """GET `Patient/F00001`. With the version that one has already (`W/"1"`), the server may answer 304: nothing new."""
        return self.ask("GET", target, if_none_match=if_none_match)

    def vread(self, target: str, version: str | int) -> Exchange:
        """GET one version: `vread("Patient/F00001", 1)`."""
        return self.ask("GET", f"{target}/_history/{version}")

    def update(self, resource: Resource, if_match: str = "", condition: str = "") -> Exchange:
        """PUT a whole resource to its own id; with `if_match` only if that is still its version. A `condition`, a search, stands for the id.

        Raises ValueError where a resource does not say its type, or has neither an id nor a condition.
        """
        kind, id = _kind(resource), _named(resource, "id")
        if not id and not condition:
            raise ValueError(f"an update needs the id of the {kind}, or a condition in its place: what is new is created")
        return self.ask("PUT", f"{kind}?{condition}" if condition else f"{kind}/{id}", resource, if_match=if_match)

    def patch(self, target: str, change: Sequence[Mapping[str, Any]] | Resource, if_match: str = "") -> Exchange:
        """PATCH a part of a resource. A list is a JSON Patch, Parameters are a FHIRPath Patch, any other data is merged (null takes away)."""
        if isinstance(change, Sequence) and not isinstance(change, str):
            return self.ask("PATCH", target, written([dict(step) for step in change]), if_match=if_match, content_type=JSON_PATCH)
        media = JSON if _named(change, "resourceType") else MERGE_PATCH
        return self.ask("PATCH", target, change, if_match=if_match, content_type=media)

    def delete(self, target: str, if_match: str = "") -> Exchange:
        """DELETE `Patient/F00001`. Reading it says 410 from then on; its history stays."""
        return self.ask("DELETE", target, if_match=if_match)

    def history(self, target: str = "") -> Exchange:
        """GET every version of a resource, of a type (`Patient`), or of everything."""
        return self.ask("GET", f"{target}/_history".lstrip("/"))

    # Many of them

    def search(self, query: str, strict: bool = False) -> Exchange:
        """GET `Patient?family=Berg`. `strict`: refuse a parameter that the server does not know, rather than leave it aside."""
        return self.ask("GET", query, prefer="handling=strict" if strict else "")

    def next(self, found: Exchange) -> Exchange | None:
        """The page after a page, by the server's own link; None after the last one. Raises ValueError for a link to another server."""
        links = found.answer.data.get("link", ()) if isinstance(found.answer, FhirMessage) and found.answer.data else ()
        url = next((link["url"] for link in links if link.get("relation") == "next"), "")
        if url and not url.startswith(f"{self.base}/"):
            raise ValueError(f"the next link leads to {url}, which is not on the server {self.base}")
        return self.ask("GET", url.removeprefix(f"{self.base}/")) if url else None

    def pages(self, query: str) -> Iterator[Exchange]:
        """Every page of a search, from the first to the last."""
        page: Exchange | None = self.search(query)
        while page:
            yield page
            page = self.next(page)

    def transaction(self, bundle: Resource) -> Exchange:
        """POST a Bundle of requests to the base: all or none, or for a batch each for itself; the Bundle says which."""
        return self.ask("POST", "", bundle)

    def keep(self, resource: FhirMessage) -> Exchange:
        """Whatever it takes to keep a resource: a transaction or a batch is posted to the base, what has an id is updated, the rest is created."""
        if resource.kind == "Bundle" and "".join(resource.get("Bundle.type")) in ("transaction", "batch"):
            return self.transaction(resource)
        return self.update(resource) if _named(resource, "id") else self.create(resource)

    # What is beside

    def operation(self, target: str, parameters: Resource | None = None) -> Exchange:
        """GET an operation, `Patient/F00001/$everything`, or POST it with parameters or a resource."""
        return self.ask("GET" if parameters is None else "POST", target, parameters or "")

    def capabilities(self) -> Exchange:
        """GET what the server says that it can do."""
        return self.ask("GET", "metadata")

    def ask(self, method: str, target: str, body: Resource = "", **headers: str) -> Exchange:
        """Any request: `ask("GET", "Patient/1", if_none_match='W/"1"')`. Headers are written with _ for -; an empty one is left out."""
        text = body.body if isinstance(body, FhirMessage) else body if isinstance(body, str) else written(dict(body))
        given = {name.replace("_", "-"): value for name, value in headers.items() if value}
        named = {"host": self.base.split("/")[2], "accept": JSON} | ({"content-type": JSON} if text else {}) | given
        url = f"{urlsplit(self.base).path}/{target}".rstrip("/") or "/"
        packet = Packet("http", request(method, url, text, list(named.items())).encode())
        return perform(transactions()["FHIR"], packet, self._peer(), self.wire)


def _named(resource: Resource | Sequence[Any], name: str) -> str:
    """The value of a member such as `resourceType`, or ""."""
    if isinstance(resource, str):
        try:
            resource = FhirMessage(resource)
        except Unreadable:
            return ""
    values = resource.values if isinstance(resource, FhirMessage) else resource
    return str(values.get(name, "")) if isinstance(values, Mapping) else ""


def _kind(resource: Resource) -> str:
    """The type of a resource; of a text that cannot be read, the one that it begins to say. Raises ValueError where it says none."""
    found = re.search(r'"resourceType"\s*:\s*"(\w+)"', resource) if isinstance(resource, str) else None
    kind = found[1] if found else _named(resource, "resourceType")
    if not kind:
        raise ValueError('a resource says its type: it needs "resourceType", such as Patient')
    return kind
