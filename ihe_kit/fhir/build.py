"""Named values to a FHIR message, and FHIR's own answers. Clock and identifiers are passed in, so the same values give the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from ihe_kit import rest
from ihe_kit.core import UnknownPath
from ihe_kit.fhir.dictionary import fields, is_resource, locate
from ihe_kit.fhir.formats import FORMATS, is_written
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.fhir.paths import read_path
from ihe_kit.fhir.wire import JSON
from ihe_kit.files import rows
from ihe_kit.json_text import Node
from ihe_kit.rules import Finding

Clock = Callable[[], datetime]
Ids = Callable[[], str]

_STRUCTURE = re.compile(r"(?:(GET|HEAD|DELETE|POST|PUT) )?(\S+)")


def build(structure: str, values: Mapping[str, str], clock: Clock, ids: Ids) -> FhirMessage:  # noqa: ARG001
    """A message of a structure: a resource (`Patient`), a create (`POST Patient`), a conditional update (`PUT Patient`), a search or a read.

    For a resource, `values` maps paths to values (`Patient.name.family`, or `name.family`; without an index the first repetition); an
    empty value is left out. For `GET`, a `{name}` in the structure takes its value, and the rest are the query's parameters. Nothing
    in a FHIR request needs a clock or a new identifier; they are taken so that every standard is built alike. Raises UnknownPath for a
    path that R4 does not have, ValueError for an unknown structure.

    >>> build("GET Patient/{id}", {"id": "7"}, datetime.now, str).url
    '/fhir/Patient/7'
    """
    for name, value in (("structure", structure), *values.items()):
        if re.search("[\ud800-\udfff]", f"{name}{value}"):
            raise ValueError(f"{name!r} holds half a surrogate pair, which is no character, so it cannot be sent")
    found = _STRUCTURE.fullmatch(structure)
    if not found:
        raise ValueError(f"{structure!r} is no structure: expected a type, or a method and a target, e.g. PUT Patient")
    method, target = found.groups()
    if method not in ("POST", "PUT", None):
        return FhirMessage(rest.request(method, _query(target, values), headers=[("accept", JSON)]))
    kind = target.partition("/")[0]
    if not is_resource(kind):
        raise ValueError(f"{kind} is no resource of FHIR R4, so none can be built")
    body = _body(kind, values)
    if method is None:
        return FhirMessage(body)
    url = f"{FhirMessage.base}/{target.replace('{id}', values.get('id') or values.get(f'{kind}.id') or '')}"
    if method == "PUT" and "/" not in target:
        url += "?identifier=" + _escaped(_condition(FhirMessage(body)))
    return FhirMessage(rest.request(method, url, body, [("accept", JSON), ("content-type", JSON)]))


def _query(target: str, values: Mapping[str, str]) -> str:
    names = re.findall(r"\{(\w+)\}", target)
    for name in names:
        target = target.replace(f"{{{name}}}", quote(values.get(name, ""), safe=""))
    query = "&".join(f"{quote(name, safe=':$')}={_escaped(value)}" for name, value in values.items() if value and name not in names)
    return f"{FhirMessage.base}/{target}" + (f"?{query}" if query else "")


def _escaped(value: str) -> str:
    return quote(value, safe=":/,$")


def _condition(message: FhirMessage) -> str:
    """`system|value` of the first identifier: how a conditional update says whom it means (FHIR R4 section 3.1.0.4.3)."""
    system, value = (next(iter(message.get(f"{message.kind}.identifier[0].{part}")), "") for part in ("system", "value"))
    if not value:
        raise ValueError(f"a conditional update needs {message.kind}.identifier.value: by it the server finds the resource")
    return f"{system}|{value}"


# The body --------------------------------------------------------------------------------------------------------------------------


def _body(kind: str, values: Mapping[str, str]) -> str:
    tree: dict[str | int, Any] = {"resourceType": json.dumps(kind)}
    for path, value in values.items():
        if value:
            _put(tree, kind, path, value)
    return _text(tree, kind) + "\n"


def _put(tree: dict[str | int, Any], kind: str, path: str, value: str) -> None:
    """Writes a value at its place in a tree of JSON texts; a list is a dict by index until it is written out."""
    steps = list(read_path(path))
    if steps[0].name == kind:
        steps.pop(0)
    names = (kind, *(step.name for step in steps))
    for depth, step in enumerate(steps, start=1):
        found = locate(names[: depth + 1])
        if found is None or found[1].name not in fields(_type(names[:depth])):
            raise UnknownPath(f"{path} cannot be built: {step.name} stands for several types; name one, such as valueString")
        row = found[1]
        keys: list[str | int] = [step.name, step.indexes[0] if step.indexes else 0] if row.many else [step.name]
        for key in keys[:-1]:
            tree = tree.setdefault(key, {})
        if depth < len(steps):
            tree = tree.setdefault(keys[-1], {})
        elif row.primitive:
            tree[keys[-1]] = _token(row.type, value)
        else:
            raise UnknownPath(f"{path} is a {row.type} and has no value of its own: name one of {', '.join(fields(row.type))}")


def _type(names: tuple[str, ...]) -> str:
    found = locate(names)
    return found[1].type if found else ""


def _token(kind: str, value: str) -> str:
    """A value as JSON writes its type: a decimal keeps its zeros; what is not of the type stays text, for the validator to find."""
    plain = FORMATS.get(kind, ("string", "", ""))[0] != "string" and is_written(kind, Node("", 0, scalar=value))
    return value if plain else json.dumps(value, ensure_ascii=False)


def _text(tree: Any, kind: str, indent: str = "\n") -> str:
    """The JSON of a tree, in the order of R4's definitions."""
    if isinstance(tree, str):
        return tree
    inner = indent + "  "
    if all(isinstance(key, int) for key in tree):
        return "[" + ",".join(inner + _text(tree[key], kind, inner) for key in sorted(tree)) + indent + "]"
    known = fields(kind)
    order = sorted(tree, key=list(known).index)
    return "{" + ",".join(f'{inner}"{name}": {_text(tree[name], known[name].type, inner)}' for name in order) + indent + "}"


# Answers ---------------------------------------------------------------------------------------------------------------------------


def refuse(request: FhirMessage | None, problem: str | Sequence[Finding], clock: Clock, ids: Ids) -> FhirMessage:  # noqa: ARG001
    """FHIR's own error answer: 400 for what could not be read or taken at all, 422 with one issue per finding otherwise."""
    if isinstance(problem, str):
        return outcome(400, "invalid" if request else "structure", problem)
    return _outcome(422, [_issue(finding) for finding in problem])


def outcome(status: int, code: str, says: str, severity: str = "error") -> FhirMessage:
    """A response with an OperationOutcome of one issue; `code` is one of FHIR's issue types, such as `not-found`."""
    return _outcome(status, [{"severity": severity, "code": code, "diagnostics": says}])


def resource(status: int, body: str, headers: Sequence[tuple[str, str]] = ()) -> FhirMessage:
    """A response that carries a resource as it was stored, character for character."""
    return Written(status, body, [("content-type", JSON), *headers] if body else headers)


class Written(FhirMessage):
    """A response that was written here: its body is sound, and head and body are read only if somebody asks for what is in them."""

    def __init__(self, status: int, body: str, headers: Sequence[tuple[str, str]]) -> None:
        self.text = rest.response(status, body, headers)
        self.method = self.url = ""
        self.status, self.headers = str(status), {name.lower(): value for name, value in headers}
        self.body_start, self.holds_body = len(self.text) - len(body), bool(body.strip())


def _outcome(status: int, issues: Sequence[Mapping[str, Any]]) -> FhirMessage:
    body = {"resourceType": "OperationOutcome", "issue": list(issues)}
    return resource(status, json.dumps(body, indent=2, ensure_ascii=False) + "\n")


def _issue(finding: Finding) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": finding.severity, "code": _code(finding)}
    issue["diagnostics"] = f"{finding.says} ({finding.rule}, {finding.spec})"
    # expression is a path in the resource; what stands in the HTTP message has none
    return issue if finding.path.startswith(("request.", "response.")) else {**issue, "expression": [finding.path]}


def _code(finding: Finding) -> str:
    """The issue type that comes nearest to a finding (FHIR R4 value set issue-type)."""
    told = _codes().get(finding.rule)
    return told or ("invariant" if finding.found or re.fullmatch(r"[a-z]+-\d+\w?", finding.rule) else "required")


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """rule -> issue type, for everything that the check of a resource can find."""
    return {row["rule"]: row["code"] for row in reversed(rows("fhir/findings.tsv")) if "{" not in row["rule"]}
