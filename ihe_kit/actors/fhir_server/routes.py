"""What the server can be asked, one row each: the requests that it answers and the statement of what it can do are both made from this table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ihe_kit.actors.fhir_server import history as past
from ihe_kit.actors.fhir_server import interactions as do
from ihe_kit.actors.fhir_server import operations as run
from ihe_kit.actors.fhir_server import searching as look
from ihe_kit.actors.fhir_server import terminologies as terms
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.core import Message


@dataclass(frozen=True)
class Route:
    """One request: its method, what its URL looks like below the base, who answers, and how a CapabilityStatement calls it.

    `level` is where it stands there: on a type of resource, or on the whole system. `condition`: whether the URL has to have one.
    """

    method: str
    path: str
    answer: Callable[[Call], Message]
    code: str = ""
    level: str = "type"
    condition: bool = False
    only: str = ""  # the one type of resource that it is for

    @property
    def operation(self) -> str:
        """The name of an operation, or ""."""
        return self.path.rpartition("$")[2] if "$" in self.path else ""


_NAMES = {"TYPE": r"(?P<kind>[A-Z][A-Za-z]+)", "ID": r"(?P<id>[A-Za-z0-9\-.]{1,64})", "VERSION": r"(?P<version>[A-Za-z0-9\-.]{1,64})"}
_NAMES["OTHER"] = r"(?P<version>[A-Z][A-Za-z]+|\*)"

ROUTES = (
    Route("GET", "TYPE/ID", do.read, "read"),
    Route("POST", "TYPE", do.create, "create"),
    Route("GET", "TYPE", look.search, "search-type"),
    Route("POST", "TYPE/_search", look.search, "search-type"),
    Route("PUT", "TYPE/ID", do.update, "update"),
    Route("PUT", "TYPE", do.conditional_update, "update"),
    Route("PATCH", "TYPE/ID", do.patch, "patch"),
    Route("PATCH", "TYPE", do.conditional_patch, "patch"),
    Route("DELETE", "TYPE/ID", do.delete, "delete"),
    Route("DELETE", "TYPE", do.conditional_delete, "delete"),
    Route("GET", "TYPE/ID/_history/VERSION", do.vread, "vread"),
    Route("GET", "TYPE/ID/_history", past.history, "history-instance"),
    Route("GET", "TYPE/_history", past.history_type, "history-type"),
    Route("GET", "_history", past.history_system, "history-system", "system"),
    Route("GET", "", look.search_system, "search-system", "system"),
    Route("POST", "_search", look.search_system, "search-system", "system"),
    Route("GET", "TYPE/ID/OTHER", look.search_compartment),
    Route("POST", "TYPE/ID/OTHER/_search", look.search_compartment),
    Route("POST", "$validate", run.validate, level="system"),
    Route("POST", "TYPE/$validate", run.validate),
    Route("POST", "TYPE/ID/$validate", run.validate),
    Route("GET", "TYPE/ID/$validate", run.validate),
    Route("GET", "TYPE/ID/$everything", run.everything, only="Patient"),
    Route("POST", "TYPE/ID/$everything", run.everything, only="Patient"),
    Route("GET", "TYPE/$lastn", run.lastn, only="Observation"),
    Route("GET", "TYPE/$docref", run.docref, only="DocumentReference"),
    *(
        Route(method, f"{where}/${name}", answer, only=kind)
        for kind, name, answer in terms.OPERATIONS
        for method in ("GET", "POST")
        for where in ("TYPE", "TYPE/ID")[: 1 if name == "lookup" else 2]
    ),
)
_PATTERNS = tuple(
    (route, re.compile(re.sub("[A-Z]{2,}", lambda word: _NAMES[word.group()], re.sub(r"[$*]", r"\\\g<0>", route.path)))) for route in ROUTES
)


def find(method: str, target: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request, and the names in its URL; None where there is none."""
    wanted = "GET" if method == "HEAD" else method
    for route, pattern in _PATTERNS:
        found = pattern.fullmatch(target) if route.method == wanted else None
        if found and route.only in ("", found.groupdict().get("kind")):
            return route, found.groupdict()
    return None


def methods(target: str) -> list[str]:
    """The methods that a URL knows."""
    matched = ((route, pattern.fullmatch(target)) for route, pattern in _PATTERNS)
    found = {route.method for route, match in matched if match and route.only in ("", match.groupdict().get("kind"))}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))
