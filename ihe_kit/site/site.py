"""The pages by their addresses. Packet in, packet out: this opens no socket, and every request is answered, whatever it says.

Looking changes nothing: the page knows GET and HEAD only. It answers only where it is called by a name of this computer, so that a page of
another site, whose name was pointed at 127.0.0.1 meanwhile (DNS rebinding), reads nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ihe_kit.core import Packet
from ihe_kit.fhir import FhirMessage, from_wire
from ihe_kit.fhir.tables import resource_types
from ihe_kit.rest import response
from ihe_kit.site import exchanges, files, finding, history, home, resource, searching
from ihe_kit.site.shell import problem
from ihe_kit.site.visit import Reply, Visit

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

# Scripts and styles come from the page's own address alone; what a message brings with it is never run, fetched or framed. The drawings place
# their parts by style attributes with numbers in them, which is what style-src-attr allows.
SAFE = (
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)

_TYPE, _ID = r"(?P<kind>[A-Z][A-Za-z]+)", r"(?P<id>[A-Za-z0-9\-.]{1,64})"
ROUTES: tuple[tuple[str, Callable[..., Reply]], ...] = (
    (r"", home.show),
    (r"(?P<name>style\.css|page\.js)", files.show),
    (r"exchanges", exchanges.show),
    (r"exchanges/last", exchanges.last),
    (r"find", finding.show),
    (r"search", searching.go),
    (_TYPE, searching.show),
    (f"{_TYPE}/{_ID}", resource.show),
    (f"{_TYPE}/{_ID}/_history", history.show),
    (rf"{_TYPE}/{_ID}/_history/(?P<version>\d{{1,9}})", resource.show),
)


class Site:
    """The web page of a sandbox. `hosts` are names that it may be called by besides those of this computer; `*` takes any.

    >>> from ihe_kit import sandbox
    >>> site = Site(sandbox())
    >>> site.receive(Packet("http", b"GET / HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n")).data[:15]
    b'HTTP/1.1 200 OK'
    """

    def __init__(self, box: Sandbox, hosts: Iterable[str] = ()) -> None:
        self.box, self.hosts, self._known = box, frozenset(map(str.lower, hosts)), dict[str, Any]()

    def receive(self, packet: Packet, port: int = 0) -> Packet:
        """The answer to any request at all. Never raises."""
        try:
            reply = self._answer(from_wire(packet))
        except Exception as fault:
            self.box.servers.problems.append(f"peer at port {port}: the page failed: {type(fault).__name__}: {fault}")
            reply = _plain(500, "The page failed on this request. What the systems keep was not touched.")
        headers = [("content-type", reply.type), *SAFE, *reply.headers]
        headers += [] if any(name == "cache-control" for name, _ in headers) else [("cache-control", "no-store")]
        return Packet("http", response(reply.status, reply.body, headers).encode("utf-8", "replace"))

    def _answer(self, message: FhirMessage) -> Reply:
        if not self.knows(message.headers.get("host", "")):
            says = (
                "This page answers to localhost and to addresses in numbers. Start it with --allow-host NAME if it is to have another name."
            )
            return _plain(421, says)
        if message.method not in ("GET", "HEAD"):
            return Reply("This page only shows: GET and HEAD.\n", 405, "text/plain; charset=utf-8", (("allow", "GET, HEAD"),))
        path = unquote(re.sub(r"^https?://[^/]*", "", message.url.partition("?")[0])).lstrip("/")
        visit = Visit(self.box, path, tuple(message.query), message.headers, self._known)
        for pattern, view in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and found.groupdict().get("kind", "Patient") in resource_types():
                return view(visit, **found.groupdict())
        return problem(visit, 404, "There is no such page", "The way back begins on the first page, or with the search above.")

    def knows(self, host: str) -> bool:
        """Whether a Host header names this computer. An address in numbers always does: nobody can point that somewhere else."""
        name = re.sub(r":\d*$", "", host.strip().lower()).rstrip(".")
        return (
            "*" in self.hosts or name in self.hosts or name == "localhost" or name.endswith(".localhost") or _is_address(name.strip("[]"))
        )


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _plain(status: int, says: str) -> Reply:
    return Reply(says + "\n", status, "text/plain; charset=utf-8")
