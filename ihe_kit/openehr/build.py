"""Named values become a message: a composition, or a whole request of the openEHR REST API. Clock and identifiers are passed in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from ihe_kit import rest
from ihe_kit.json_text import Node
from ihe_kit.openehr.flat import from_flat
from ihe_kit.openehr.message import OpenehrMessage, Place, parse
from ihe_kit.openehr.opt import template
from ihe_kit.rules import Finding

_REQUEST = re.compile(r"(GET|POST|PUT|DELETE) (\S+)(?: (\S+))?")
JSON = ("content-type", "application/json")
ACCEPT = ("accept", "application/json")
_SUBJECT = {"/subject/external_ref/id/value": "subject_id", "/subject/external_ref/namespace": "subject_namespace"}


def build(structure: str, values: Mapping[str, Any], clock: Callable[[], datetime], ids: Callable[[], str]) -> OpenehrMessage:  # noqa: ARG001
    """A composition of a template, or a request that carries one.

    `structure` is a template (`kit_vital_signs.v1`), or method, URL and, where the body needs one, a template:
    `POST ehr/{ehr_id}/composition kit_vital_signs.v1`, `POST ehr`, `POST definition/template/adl1.4 kit_vital_signs.v1`,
    `GET ehr/{ehr_id}/composition/{version_uid}`. What stands in braces is taken from the values; the others are FLAT keys, or for
    `POST ehr` the `subject_id` and `subject_namespace`; `body` is any other body: a text, or data for JSON. `if_match` names the version that a
    PUT replaces. The repository gives the identifiers, so `ids` is not used yet. Raises ValueError for a value that is missing or cannot be
    used, LookupError for an unknown template.

    >>> from datetime import UTC, datetime
    >>> build("GET ehr/{ehr_id}", {"ehr_id": "7d44b88c"}, lambda: datetime.now(UTC), str).name
    'GET ehr'
    """
    found = _REQUEST.fullmatch(structure)
    if not found:
        return from_flat(values, structure, clock)
    method, pattern, named = found.groups()
    missing = [name for name in re.findall(r"\{(\w+)\}", pattern) if not values.get(name)]
    if missing:
        raise ValueError(f"{structure} needs a value for {', '.join(missing)}")
    url = re.sub(r"\{(\w+)\}", lambda name: quote(str(values[name.group(1)]), safe=":"), pattern)
    rest_of = {name: value for name, value in values.items() if f"{{{name}}}" not in pattern and name != "if_match"}
    headers = [("if-match", f'"{values["if_match"]}"')] if "if_match" in values else []
    body, more = _body(method, pattern, named, rest_of, clock)
    return parse(rest.request(method, f"{OpenehrMessage.base}/{url}", body, [*headers, *more]))


def _body(
    method: str, pattern: str, named: str | None, values: Mapping[str, Any], clock: Callable[[], datetime]
) -> tuple[str, list[tuple[str, str]]]:
    """The body of a request and the headers that go with it."""
    prefer = ("prefer", "return=representation")
    if pattern.startswith("definition/template/") and method == "POST":
        return template(named or "").text, [("content-type", "application/xml"), ("accept", "application/xml")]
    if named:
        return from_flat(values, named, clock).text, [JSON, ACCEPT, prefer]
    if "body" in values:
        body = values["body"] if isinstance(values["body"], str) else json.dumps(values["body"], indent=1, ensure_ascii=False) + "\n"
        return body, [("content-type", "text/plain") if pattern.startswith("definition/query") else JSON, ACCEPT, prefer]
    named_values = {_SUBJECT.get(name, name): str(value) for name, value in values.items()}
    if "subject_id" in named_values:
        return ehr_status(named_values["subject_id"], named_values.get("subject_namespace", "")), [JSON, ACCEPT, prefer]
    if values:
        raise ValueError(f"{method} {pattern} takes no {', '.join(values)}")
    return "", [ACCEPT, prefer] if method in ("POST", "PUT") else [ACCEPT] if method == "GET" else []


def ehr_status(subject_id: str, namespace: str) -> str:
    """The JSON of an EHR_STATUS: whose record it is. The identifier is the patient identity manager's, the namespace who gave it out.

    Without both it is nobody's yet.
    """
    identifier = {"_type": "GENERIC_ID", "value": subject_id, "scheme": "id_scheme"}
    reference = {"_type": "PARTY_REF", "namespace": namespace, "type": "PERSON", "id": identifier}
    if not namespace:  # a learner may break it: the rules say then what is missing
        del reference["namespace"]
    status = {
        "_type": "EHR_STATUS",
        "name": {"_type": "DV_TEXT", "value": "EHR Status"},
        "archetype_node_id": "openEHR-EHR-EHR_STATUS.generic.v1",
        "subject": {"_type": "PARTY_SELF"} | ({"external_ref": reference} if subject_id or namespace else {}),
        "is_queryable": True,
        "is_modifiable": True,
    }
    return json.dumps(status, indent=1, ensure_ascii=False) + "\n"


def refuse(
    request: OpenehrMessage | None,
    problem: str | Sequence[Finding],
    clock: Callable[[], datetime],
    ids: Callable[[], str],  # noqa: ARG001  # every room's `refuse` takes it
) -> OpenehrMessage:
    """openEHR's error answer: 400 for a text that could not be read (`problem` says why), 422 for findings.

    ITS-REST leaves the inside of `errors` to the server: ours has path, says and rule of each finding.
    """
    findings = [] if isinstance(problem, str) else [one for one in problem if one.severity == "error"]
    status = 400 if isinstance(problem, str) else 422
    what = f"{request.name}: " if request else ""
    message = what + (problem if isinstance(problem, str) else f"{len(findings)} rule{'' if len(findings) == 1 else 's'} broken")
    errors = [{"path": one.path, "says": one.says, "rule": one.rule} for one in findings]
    body = json.dumps({"message": message, "code": status, "errors": errors}, indent=1, ensure_ascii=False) + "\n"
    return parse(rest.response(status, body, [JSON, ("date", rest.http_date(clock()))]))


class Written(OpenehrMessage):
    """A response that was written here: its body is sound, and is read only if somebody asks for what is in it."""

    def __init__(self, status: int, body: str, headers: Sequence[tuple[str, str]]) -> None:
        self.text = rest.response(status, body, headers)
        self.method = self.url = ""
        self.status, self.headers = str(status), {name.lower(): value for name, value in headers}
        self.body_start, self.holds_body = len(self.text) - len(body), False
        self.holds_body = bool(body.strip()) and self._is_json()

    @cached_property
    def _read(self) -> OpenehrMessage:
        return OpenehrMessage(self.text)

    @cached_property
    def root(self) -> Node | None:
        return self._read.root

    def place(self, node: Node) -> Place:
        return self._read.place(node)
