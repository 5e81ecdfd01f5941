"""Several requests in one: a batch, where each stands for itself, and a transaction, where all are done or none (FHIR R4 section 3.1.0.11)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.answers import Entry, bundle
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.fhir_server.searching import matches
from ihe_kit.actors.resources import instant
from ihe_kit.core import Message
from ihe_kit.fhir import FhirMessage, refuse
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.fhir.parameters import RESULT
from ihe_kit.fhir.wire import JSON
from ihe_kit.json_text import Node
from ihe_kit.rest import request
from ihe_kit.store import Document

Handle = Callable[[Call], Message]

ORDER = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")  # in which a transaction is worked off (FHIR R4 section 3.1.0.11.2)
_HEADERS = {"ifNoneMatch": "if-none-match", "ifModifiedSince": "if-modified-since", "ifMatch": "if-match", "ifNoneExist": "if-none-exist"}
MOST = 5000  # entries of a bundle
_CONDITION = re.compile(r"[A-Z][A-Za-z]+\?")  # how a conditional reference begins


@dataclass
class Request:
    """One entry: its number from 0, what it asks, and under which id its resource will be, where that is known beforehand."""

    number: int
    method: str
    url: str
    headers: list[tuple[str, str]]
    node: Node | None
    full_url: str
    id: str = ""

    @property
    def kind(self) -> str:
        return self.url.partition("?")[0].partition("/")[0]

    @property
    def creates(self) -> bool:
        return self.method == "POST" and "/" not in self.url.partition("?")[0] and not self.url.startswith("$")


def several(call: Call, handle: Handle) -> Message:
    """A bundle that was posted to the base."""
    data = call.message.values
    if not isinstance(data, dict) or data.get("resourceType") != "Bundle" or data.get("type") not in ("batch", "transaction"):
        raise Refused("expected a Bundle of the type batch or transaction: a single resource is posted to its type, such as POST Patient")
    requests = list(_requests(call))
    return (_transaction if data["type"] == "transaction" else _batch)(call, requests, handle)


def _batch(call: Call, requests: list[Request], handle: Handle) -> Message:
    """Each for itself: one that fails says why, and the others are done."""
    answers = []
    for one in requests:
        try:
            with call.store.attempt():
                answers.append(_ask(call, one, _text(call, one), handle, fail=False))
        except Refused as problem:
            answers.append(_told(call, problem))
    return _answer(call, "batch-response", answers)


def _transaction(call: Call, requests: list[Request], handle: Handle) -> Message:
    """All or none, in the order of their methods; references to other entries and conditional ones are resolved first."""
    known = {
        one.full_url or f"#{one.number}": _future(call, one) for one in requests if one.node and one.method in ("POST", "PUT", "PATCH")
    }
    _distinct(requests, known)
    answers: dict[int, Message] = {}
    for one in sorted(requests, key=_turn):
        try:
            text = _resolved(call, one, known)
            answers[one.number] = _ask(call, one, text, handle, fail=True)
        except Refused as problem:
            raise Refused(_named(call, one, problem)) from None
    return _answer(call, "transaction-response", [answers[one.number] for one in requests])


# Reading the entries ---------------------------------------------------------------------------------------------------------------


def _requests(call: Call) -> Iterator[Request]:
    root = call.message.root
    entries = root.child("entry") if root else None
    if entries and not isinstance(call.message.values["entry"], list):
        raise Refused("Bundle.entry is no list: expected the entries in `[ ]`, each with a request")
    if entries and len(entries.children) > MOST:
        raise Refused(f"a bundle has {MOST} entries at most here, but this one has {len(entries.children)}")
    for number, (node, data) in enumerate(zip(entries.children, call.message.values["entry"], strict=True) if entries else ()):
        asked = data.get("request") if isinstance(data, dict) else None
        asked = asked if isinstance(asked, dict) else {}
        method, url = asked.get("method"), asked.get("url")
        if method not in ORDER or not isinstance(url, str) or re.search(r"\s", url):
            raise Refused(f"Bundle.entry[{number}] has no request that can be read: it needs a method ({', '.join(ORDER)}) and a url")
        url = re.sub(r"^https?://.*?" + re.escape(call.message.base) + "/", "", url.removeprefix(call.base)).lstrip("/")
        headers = [(header, asked[name]) for name, header in _HEADERS.items() if isinstance(asked.get(name), str)]
        full_url = data.get("fullUrl")
        yield Request(number, method, url, headers, node.child("resource"), full_url if isinstance(full_url, str) else "")


def _turn(one: Request) -> float:
    """When an entry has its turn. One that refers to others by a condition comes behind all that those may be made by."""
    conditional = one.node is not None and any(_CONDITION.match(node.value) for node in _links(one.node))
    return ORDER.index("PATCH") + 0.5 if conditional and one.method in ("POST", "PUT") else ORDER.index(one.method)


def _distinct(requests: list[Request], known: dict[str, str]) -> None:
    """The same resource must not be changed twice in one transaction, under whatever name (FHIR R4 section 3.1.0.11.2)."""
    seen: set[str] = set()
    for one in requests:
        target = known.get(one.full_url or f"#{one.number}", one.url) if one.method in ("PUT", "PATCH", "DELETE") else ""
        for name in (one.full_url and f"fullUrl {one.full_url}", target):
            if name and one.method not in ("GET", "HEAD"):
                if name in seen:
                    raise Refused(f"Bundle.entry[{one.number}] speaks of {name} a second time: in a transaction, that has no order")
                seen.add(name)


def _future(call: Call, one: Request) -> str:
    """Where the resource of an entry will be, so that others can refer to it: known, found by its condition, or a new id."""
    path, _, query = one.url.partition("?")
    if "/" in path:
        return path.split("/_history/")[0]
    condition = dict(one.headers).get("if-none-exist", "").rpartition("?")[2] or query
    found: list[Document] = []
    if any(name not in RESULT for name, _ in parse_qsl(condition)):
        found = matches(call.at(kind=path), parse_qsl(condition))
    own = one.node.child("id") if one.node and one.method == "PUT" else None
    one.id = found[0].id if found else own.value if own else call.at(kind=path).new_id()
    return f"{path}/{one.id}"


def _text(call: Call, one: Request) -> str:
    return call.message.text[one.node.start : one.node.end] if one.node else ""


def _resolved(call: Call, one: Request, known: dict[str, str]) -> str:
    """The text of an entry's resource with its references to other entries and its conditional references turned into real ones."""
    text = _text(call, one)
    if one.node is None:
        return text
    start = one.node.start
    for node in reversed(list(_links(one.node))):
        if node.key == "div":
            new = _in_narrative(node.value, known)
        else:
            new = known.get(node.value) or known.get(node.value.partition("#")[0]) or _conditional(call, node.value) or node.value
        if new != node.value:
            text = text[: node.start - start] + json.dumps(new, ensure_ascii=False) + text[node.end - start :]
    return text


def _links(node: Node) -> Iterator[Node]:
    """Every reference, URI and narrative, in the order of the text. A canonical stays what it is, and so does a string that looks like a URI."""
    for child in node.children:
        if child.kind == "string":
            named = child.key in ("reference", "url", "uri", "div") or child.value.startswith("urn:")
            if named and child.key not in ("value", "valueString") and not (child.key or "").lower().endswith("canonical"):
                yield child
        elif child.children:
            yield from _links(child)


def _in_narrative(div: str, known: dict[str, str]) -> str:
    """A narrative with its links to other entries turned into real ones."""
    return re.sub(r"""((?:href|src)=["'])([^"'#]*)""", lambda link: link.group(1) + known.get(link.group(2), link.group(2)), div)


def _conditional(call: Call, value: str) -> str:
    """`Patient?identifier=1` stands for the one patient that it finds (FHIR R4 section 3.1.0.11.2). Raises Refused for none or several."""
    if not _CONDITION.match(value):
        return ""
    kind, _, query = value.partition("?")
    found = matches(call.at(kind=kind), parse_qsl(query))
    if len(found) != 1:
        raise Refused(
            outcome(412, "multiple-matches" if found else "not-found", f"{value} finds {len(found) or 'no'} {kind}, but has to find one.")
        )
    return f"{kind}/{found[0].id}"


# Asking and answering --------------------------------------------------------------------------------------------------------------


def _ask(call: Call, one: Request, text: str, handle: Handle, fail: bool) -> Message:
    """The answer to one entry. With `fail`, an answer that is an error is raised, so that nothing of the whole is kept."""
    patch = one.node is not None and one.method == "PATCH" and one.node.child("resourceType")
    if one.method == "PATCH" and patch and patch.value == "Binary":
        text = _patch_of(one)
    headers = [*one.headers, ("prefer", call.header("prefer"))] if call.header("prefer") else list(one.headers)
    if text:
        headers.append(("content-type", "application/json-patch+json" if text.startswith("[") else JSON))
    url = f"{call.message.base}/{quote(one.url, safe='/?&=:,$%+;@!~*()|')}"
    message = FhirMessage(request(one.method, url.rstrip("/"), text, headers))
    answer = handle(Call(call.store, call.clock, call.ids, message, id=one.id if one.creates or "?" in one.url else "", owner=call.base))
    if fail and _status(answer) >= 400:
        raise Refused(answer)
    return answer


def _patch_of(one: Request) -> str:
    """The JSON Patch that a Binary carries: a bundle holds resources alone (FHIR R4 section 3.1.0.11.1)."""
    from base64 import b64decode

    data = one.node.child("data") if one.node else None
    try:
        return b64decode(data.value if data else "", validate=True).decode()
    except ValueError:
        raise Refused("the Binary of a PATCH holds no JSON Patch in base64") from None


def _status(answer: Message) -> int:
    assert isinstance(answer, FhirMessage)
    return int(answer.status)


def _told(call: Call, problem: Refused) -> Message:
    if isinstance(problem.problem, FhirMessage):
        return problem.problem
    assert not isinstance(problem.problem, Message)
    return refuse(call.message, problem.problem, call.clock, call.ids)


def _named(call: Call, one: Request, problem: Refused) -> Message:
    """The refusal of the whole, with the entry that it is due to (FHIR R4 section 3.1.0.11.2)."""
    answer = _told(call, problem)
    assert isinstance(answer, FhirMessage)
    issues = answer.values["issue"] if isinstance(answer.values, dict) and "issue" in answer.values else []
    for issue in issues:
        inner = [path.partition(".")[2] for path in issue.get("expression", ())]
        issue["expression"] = [f"Bundle.entry[{one.number}]" + (f".resource.{path}" if path else "") for path in inner or [""]]
        issue["diagnostics"] = (
            f"Bundle.entry[{one.number}], {one.method} {one.url}: {issue.get('diagnostics', '')} Nothing of the transaction was done."
        )
    status = _status(answer) if _status(answer) >= 400 else 400
    return resource(status, json.dumps({"resourceType": "OperationOutcome", "issue": issues}, indent=2, ensure_ascii=False) + "\n")


def _answer(call: Call, kind: str, answers: list[Message]) -> Message:
    return resource(200, bundle(kind, instant(call.clock()), (_entry(one) for one in answers)))


def _entry(answer: Message) -> Entry:
    assert isinstance(answer, FhirMessage)
    parts: dict[str, Any] = {"status": f"{answer.status} {_reason(answer)}".strip()}
    parts |= {name: answer.headers[header] for name, header in (("location", "location"), ("etag", "etag")) if header in answer.headers}
    if "last-modified" in answer.headers and '"lastUpdated": "' in answer.body:
        parts["lastModified"] = answer.body.split('"lastUpdated": "', 1)[1].partition('"')[0]
    if _status(answer) >= 400 or '"OperationOutcome"' in answer.body[:60]:
        return Entry("", "", {"response": parts | ({"outcome": answer.data} if answer.data else {})})
    return Entry(answer.headers.get("location", "").partition("/_history/")[0], answer.body, {"response": parts})


def _reason(answer: FhirMessage) -> str:
    return answer.text.split("\r\n", 1)[0].partition(" ")[2].partition(" ")[2]
