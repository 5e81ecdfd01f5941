"""A FHIR R4 server that plays two IHE actors on the one store: the Patient Identifier Cross-reference Manager takes the feed (ITI-104), the
Patient Demographics Supplier answers queries (ITI-78). It keeps every type of resource.

`routes` says what it can be asked; `interactions`, `history`, `searching`, `bundles` and `operations` answer; `answers` writes.
"""

from __future__ import annotations

from ihe_kit.actors import Actor
from ihe_kit.actors.fhir_server.bundles import several
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.fhir_server.capabilities import capabilities
from ihe_kit.actors.fhir_server.formats import read_as_json, shown_as_xml, wanted
from ihe_kit.actors.fhir_server.routes import find, methods
from ihe_kit.core import Message
from ihe_kit.fhir import FHIR, FhirMessage
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.fhir.tables import resource_types


class FhirServer(Actor):
    """Every interaction of FHIR R4's RESTful API (section 3.1.0). Errors are OperationOutcomes."""

    standard = FHIR
    base = FhirMessage.base
    plays = ("Patient Identifier Cross-reference Manager", "Patient Demographics Supplier", "FHIR server")

    def turned_away(self, status: int, says: str) -> bytes:
        return outcome(status, {408: "timeout", 413: "too-long", 431: "too-long", 500: "exception"}.get(status, "structure"), says).encode()

    def changes(self, request: Message) -> bool:
        """A create or an update may have a condition: what it finds must still be so when it is carried out."""
        asks = isinstance(request, FhirMessage) and ("_search" in request.target or "$" in request.target)
        return isinstance(request, FhirMessage) and request.method in ("POST", "PUT", "PATCH", "DELETE") and not asks

    def answer(self, request: Message) -> Message:
        assert isinstance(request, FhirMessage)
        call = Call(self.store, self.clock, self.ids, read_as_json(request) if request.is_xml else request)
        if request.from_other_site:
            return outcome(
                403, "security", "A page of another site asks for this change. Whoever is meant to may ask from a page of this one."
            )
        form = wanted(call)
        if call.method in ("GET", "HEAD") and not form:
            return outcome(
                406, "not-supported", "This server speaks JSON and XML: ask with Accept: application/fhir+json or application/fhir+xml."
            )
        answer = _answer(call)
        return shown_as_xml(answer) if form == "xml" else answer


def _answer(call: Call) -> Message:
    target = call.message.target
    if target == "metadata" and call.method in ("GET", "HEAD"):
        return capabilities(call)
    if target == "" and call.method == "POST":
        return several(call, _answer)
    found = find(call.method, target)
    if found:
        route, names = found
        if names.get("kind", "Patient") in resource_types():
            return route.answer(call.at(**{name: value for name, value in names.items() if value is not None}))
    return _no_route(call, target)


def _no_route(call: Call, target: str) -> Message:
    kind = target.split("/")[0]
    known = methods(target) or (["GET", "HEAD"] if target == "metadata" else [])
    if kind[:1].isupper() and kind not in resource_types():
        return outcome(404, "not-supported", f"R4 has no type of resource that is called {kind}.")
    if call.method == "OPTIONS" and known:
        return resource(204, "", [("allow", ", ".join([*known, "OPTIONS"]))])
    if known:
        says = f"{call.method} is not possible on {target or 'the base'}."
        return resource(405, outcome(405, "not-supported", says).body, [("allow", ", ".join(known))])
    return outcome(404, "not-found", f"There is nothing at {target or 'the base'}. Start with GET metadata.")
