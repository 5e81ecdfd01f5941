"""Who committed, when, why and what kind of change it was: AUDIT_DETAILS, from the headers of a request or from a contribution.

ITS-REST 1.0.3, Overview, writes the headers `openEHR-VERSION.lifecycle_state: code_string="532"` and `openEHR-AUDIT_DETAILS.committer: name="Jonas Dahl"`;
later releases write `openehr-version: lifecycle_state.code_string="532"` and `openehr-audit-details: committer.name="Jonas Dahl"`. Both are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ihe_kit.actors.openehr_repository.call import SYSTEM, Call
from ihe_kit.actors.openehr_repository.plain import refused
from ihe_kit.openehr.terminology import groups

Json = dict[str, Any]
CREATION, AMENDMENT, MODIFICATION, DELETED = "249", "250", "251", "523"
COMPLETE, GONE = "532", "523"
NOBODY: Json = {"_type": "PARTY_IDENTIFIED", "name": "not said"}
_PAIR = re.compile(r'([\w.]+)\s*=\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Audit:
    """What is known of a commit beside its content. Codes are openEHR's: `change` of "audit change type", `lifecycle` of "version lifecycle state"."""

    change: str
    lifecycle: str = COMPLETE
    committer: Json = field(default_factory=lambda: NOBODY)
    description: Json | None = None
    system: str = SYSTEM

    def details(self, now: str) -> Json:
        """The AUDIT_DETAILS."""
        found: Json = {
            "_type": "AUDIT_DETAILS",
            "system_id": self.system,
            "committer": self.committer,
            "time_committed": {"_type": "DV_DATE_TIME", "value": now},
            "change_type": coded("audit change type", self.change),
        }
        return found | ({"description": self.description} if self.description else {})


def coded(group: str, code: str) -> Json:
    """A code of openEHR's own terminology as a DV_CODED_TEXT."""
    phrase = {"_type": "CODE_PHRASE", "terminology_id": {"_type": "TERMINOLOGY_ID", "value": "openehr"}, "code_string": code}
    return {"_type": "DV_CODED_TEXT", "value": groups()[group].codes[code], "defining_code": phrase}


def checked_code(group: str, code: str, allowed: tuple[str, ...] = (), where: str = "") -> str:
    """A code, where openEHR's group has it and it is allowed here. Raises Refused (400), with the place where it stands."""
    known = {one: words for one, words in groups()[group].codes.items() if one in (allowed or (one,))}
    if code not in known:
        listed = ", ".join(f"{one} ({words})" for one, words in known.items())
        raise refused(400, f"{where}{': ' if where else ''}expected as {group} one of {listed}, but found {code[:40]!r}")
    return code


def from_headers(call: Call, change: str, *allowed: str) -> Audit:
    """The audit of a request that commits one version. `change` is the kind of change it is, unless a header says one of those allowed.

    Raises Refused (400) for a code that openEHR does not have, or that says something else than the request does.
    """
    said = _said(call)
    kind = checked_code("audit change type", said.get("change_type.code_string", change), (change, *allowed))
    state = checked_code("version lifecycle state", said.get("lifecycle_state.code_string", COMPLETE))
    words = said.get("description.value", "")
    audit = Audit(kind, state, _committer(said), {"_type": "DV_TEXT", "value": words} if words else None)
    return replace(audit, system=said.get("system_id") or SYSTEM)


def _said(call: Call) -> dict[str, str]:
    """What the headers say: `committer.name` and the like, with its value."""
    found: dict[str, str] = {}
    for name, value in call.message.headers.items():
        start, _, rest = name.partition(".")
        if start not in ("openehr-audit-details", "openehr-audit_details", "openehr-version"):
            continue
        for key, text in _PAIR.findall(value):
            found[f"{rest}.{key}" if rest and rest != key else key] = re.sub(r"\\(.)", r"\1", text)
    return found


def _committer(said: dict[str, str]) -> Json:
    parts = {key.removeprefix("committer."): value for key, value in said.items() if key.startswith("committer.")}
    if not parts:
        return NOBODY
    party: Json = {"_type": "PARTY_IDENTIFIED"} | ({"name": parts["name"]} if parts.get("name") else {})
    number = parts.get("external_ref.id") or parts.get("external_ref.id.value")
    if number:
        reference = {
            "_type": "PARTY_REF",
            "namespace": parts.get("external_ref.namespace", "local"),
            "type": parts.get("external_ref.type", "PERSON"),
        }
        party["external_ref"] = reference | {"id": {"_type": "GENERIC_ID", "value": number, "scheme": "id_scheme"}}
    return party
