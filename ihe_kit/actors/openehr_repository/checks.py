"""What is looked at before anything is kept: the Reference Model, the template, the rules of the transaction."""

from __future__ import annotations

from ihe_kit.actors import Refused
from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.actors.openehr_repository.formats import body_of, template_of
from ihe_kit.openehr import OpenehrMessage, conform
from ihe_kit.profiles import candidates
from ihe_kit.rules import Finding, check, has_errors


def checked_body(call: Call, kind: str) -> OpenehrMessage:
    """A message whose body is canonical JSON, where it is of this kind and breaks no rule. Raises Refused: 400, 415, and 422 with every finding."""
    message = body_of(call, kind)
    rules = next((one.request_rules for one in candidates(call.message)), ())
    refuse_errors([*findings(call, message), *(check(call.message, rules) if call.message.kind == kind else ())])
    return message


def findings(call: Call, message: OpenehrMessage) -> list[Finding]:
    """Every finding of an object. Raises Refused (422) for a composition of a template that is not here, unless it breaks the Reference Model too."""
    if message.kind != "COMPOSITION":
        return conform(message)
    name = message.template_id
    if call.store.get("TEMPLATE", name):
        return conform(message, template_of(call, name))
    found = conform(message)
    return found if has_errors(found) else conform(message, template_of(call, name))


def refuse_errors(found: list[Finding]) -> None:
    """Raises Refused with the findings where one of them is an error."""
    if has_errors(found):
        raise Refused([finding for finding in found if finding.severity != "information"])
