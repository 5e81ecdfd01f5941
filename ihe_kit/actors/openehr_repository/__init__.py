"""The openEHR repository: EHRs, compositions, directories, templates and queries over openEHR's REST API (ITS-REST 1.0.3), on the one store.

What is committed is kept as a version, and nothing is overwritten: `versions` has the one way to keep something. `routes` says what can be asked;
`ehrs`, `compositions`, `versioned`, `directories`, `contributions`, `templates` and `queries` answer; `formats` reads and writes bodies.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from ihe_kit.actors import Actor
from ihe_kit.actors.openehr_repository.call import SYSTEM, Call
from ihe_kit.actors.openehr_repository.plain import data, error, text
from ihe_kit.actors.openehr_repository.routes import find, methods
from ihe_kit.core import Message
from ihe_kit.openehr import OPENEHR, OpenehrMessage

__all__ = ["SYSTEM", "OpenehrRepository"]
STATUS = "/rest/status"  # beside the API, where widely used servers have it


class OpenehrRepository(Actor):
    """Every resource of openEHR's REST API 1.0.3 but demographics. Errors are bodies with a message, a code and the findings."""

    standard = OPENEHR
    base = OpenehrMessage.base
    plays = ("openEHR repository",)

    def turned_away(self, status: int, says: str) -> bytes:
        return error(status, says).encode()

    def changes(self, request: Message) -> bool:
        """What a change follows must still be the latest version when it is kept. A query by POST changes nothing."""
        assert isinstance(request, OpenehrMessage)
        return request.method in ("POST", "PUT", "DELETE") and not request.target.startswith("query/")

    def turn(self, request: Message) -> AbstractContextManager[None]:
        """A query changes nothing and may take long: others are answered beside it."""
        assert isinstance(request, OpenehrMessage)
        return nullcontext() if request.target.startswith("query/") else super().turn(request)

    def answer(self, request: Message) -> Message:
        assert isinstance(request, OpenehrMessage)
        call = Call(self.store, self.clock, self.ids, request)
        if request.from_other_site:
            return error(403, "A page of another site asks for this change. Whoever is meant to may ask from a page of this one.")
        found = find(request.method, request.target)
        if found:
            action, names = found
            return action(call, *names)
        return _no_route(call, request.target)


def _no_route(call: Call, target: str) -> Message:
    known = ["GET", "HEAD"] if target == STATUS else methods(target)
    if target in ("", STATUS) and call.method in ("GET", "HEAD", "OPTIONS") and (target, call.method) != ("", "GET"):
        return _about()
    if call.method == "OPTIONS" and known:
        return text(204, "", headers=[("allow", ", ".join([*known, "OPTIONS"]))])
    if known:
        says = f"{call.method} is not possible here; this address takes {', '.join(known)}."
        return error(405, says, headers=[("allow", ", ".join([*known, "OPTIONS"]))])
    if target.startswith("definition/template/adl2"):
        return error(
            501, "Templates of ADL 2 are not kept here. Upload an operational template of ADL 1.4: POST definition/template/adl1.4."
        )
    return error(404, f"There is nothing at {target[:200] or 'the base'}. Start with POST ehr.")


def _about() -> Message:
    """What this is (ITS-REST 1.0.3, System, OPTIONS)."""
    about = {
        "solution": "ihe_kit",
        "restapi_specs_version": "1.0.3",
        "openehr_rm_version": "1.1.0",
        "endpoints": ["/ehr", "/definition", "/query"],
    }
    return data(200, about, [("allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS")])
