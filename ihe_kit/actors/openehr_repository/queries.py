"""openEHR's Query API and its stored queries (ITS-REST 1.0.3, QUERY and DEFINITION): AQL in, a result set out.

A query is asked at `query/aql`, or under the name that it was stored by. What a URL carries besides q, offset, fetch and ehr_id are its parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import unquote

from ihe_kit.actors import Refused
from ihe_kit.actors.openehr_repository.asking import StoredRecords, ask, trees_of
from ihe_kit.core import Message, Unreadable
from ihe_kit.openehr import OPENEHR, OpenehrMessage, Unsupported, explain_aql, read_aql
from ihe_kit.openehr.aql_query import Query
from ihe_kit.openehr.aql_records import TooLong
from ihe_kit.openehr.aql_running import Result
from ihe_kit.openehr.aql_values import FromUrl
from ihe_kit.rest import response
from ihe_kit.store import Document, Store

Json = Any
_NAME = re.compile(r"([A-Za-z0-9_.-]+::)?[A-Za-z0-9_.-]+")
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,2}", re.ASCII)
_PLACES = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|--[^\n]*|\$(?P<name>\w+)""")
_OWN = ("q", "offset", "fetch", "ehr_id", "query_parameters")


class Asker(Protocol):
    """What a query needs of whoever answers it."""

    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Asked:
    """What a request asks for, whether it came by GET or by POST."""

    q: str = ""
    offset: int = 0
    fetch: int | None = None
    ehr_id: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict)


def query_aql(by: Asker, request: OpenehrMessage) -> Message:
    """The result set of the query in `q`. 400 for AQL that cannot be read or answered, 404 for an unknown EHR, 408 when time is up."""
    asked = _asked(request)
    if not asked.q.strip():
        return _error(400, "expected AQL in q, e.g. query/aql?q=SELECT e/ehr_id/value FROM EHR e")
    return _answer(by, request, asked, "")


def query_stored(by: Asker, request: OpenehrMessage, name: str, version: str = "") -> Message:
    """The result set of a stored query: of the version that is named, by a beginning of it, or of the latest."""
    found = _stored(by, _name(name), version)
    body = json.loads(found.text)
    asked = replace(_asked(request), q=body["q"])
    return _answer(by, request, asked, f"{body['name']}/{body['version']}")


def store_query(by: Asker, request: OpenehrMessage, name: str, version: str = "") -> Message:
    """Keeps a query under a name. 200 with its Location, 400 for what is no AQL, 409 for a version that is there already."""
    name, type_ = _name(name), dict(request.query).get("query_type") or dict(request.query).get("type") or "AQL"
    if type_.upper() != "AQL":
        return _error(400, f"expected the query_type AQL, but found {type_[:40]!r}")
    text = _text(request)
    query = _read(text)
    there = _versions(by, name)
    if not version:
        latest = max((_numbers(one) for one in there), default=None)
        version = f"{latest[0]}.{latest[1]}.{latest[2] + 1}" if latest else "1.0.0"
    version = ".".join(map(str, _numbers(_checked(version))))
    if _id(name, version) in [one.id for one in there]:
        return _error(409, f"The query {name} has a version {version} already. A changed query needs a new version.")
    saved = by.clock().isoformat(timespec="seconds")
    body = {"name": name, "type": "AQL", "version": version, "saved": saved, "q": query.text}
    by.store.put("QUERY", _id(name, version), json.dumps(body, indent=2, ensure_ascii=False), saved)
    place = f"{request.base}/definition/query/{name}/{version}"
    return OPENEHR.parse(response(200, "", [("location", place)]))


def list_queries(by: Asker, request: OpenehrMessage, name: str = "") -> Message:  # noqa: ARG001  # as every action
    """Every version of the query with a name, or of those whose names begin so; of all where no name is given."""
    found = [json.loads(one.text) for one in by.store.select("QUERY") if one.id.startswith(unquote(name))]
    found = [one for one in found if one["name"] == unquote(name)] or found
    shown = [{key: one[key] for key in ("name", "type", "version", "saved", "q")} for one in found]
    return _json(200, sorted(shown, key=lambda one: (one["name"], [int(part) for part in one["version"].split(".")])))


def read_query(by: Asker, request: OpenehrMessage, name: str, version: str) -> Message:  # noqa: ARG001  # as every action
    """A stored query with its text."""
    return _json(200, json.loads(_stored(by, _name(name), version).text))


# What is asked


def _asked(request: OpenehrMessage) -> Asked:
    """What a request asks for. Raises Refused where a part of it is of the wrong kind."""
    asked = _by_body(request) if request.method == "POST" else _by_url(request)
    header = request.headers.get("openehr-ehr-id", "")
    return replace(asked, ehr_id=header or asked.ehr_id)


def _by_url(request: OpenehrMessage) -> Asked:
    names = [name for name, _ in request.query]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise Refused(_error(400, f"expected one value for {twice[:40]}, but the URL has several"))
    found = dict(request.query)
    parameters: dict[str, Json] = {name.removeprefix("$"): FromUrl(value) for name, value in found.items() if name not in _OWN}
    if "query_parameters" in found:
        parameters |= _object(found["query_parameters"])
    if found.get("ehr_id"):
        parameters["ehr_id"] = found["ehr_id"]
    numbers = {name: _whole(name, found[name]) for name in ("offset", "fetch") if name in found}
    return Asked(found.get("q", ""), numbers.get("offset", 0), numbers.get("fetch"), found.get("ehr_id", ""), parameters)


def _object(text: str) -> dict[str, Json]:
    """Parameters as a JSON object, or as name=value pairs with & between them."""
    try:
        found = json.loads(text)
    except ValueError:
        pairs = (pair.partition("=") for pair in text.split("&"))
        return {name: FromUrl(value) for name, equals, value in pairs if equals}
    if not isinstance(found, dict):
        raise Refused(_error(400, 'expected query_parameters as a JSON object, e.g. {"systolic": 140}'))
    return found


def _by_body(request: OpenehrMessage) -> Asked:
    try:
        body = json.loads(request.body) if request.body.strip() else {}
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(_error(400, 'expected a JSON object such as {"q": "SELECT ...", "query_parameters": {"systolic": 140}}'))
    parameters = body.get("query_parameters") or {}
    if not isinstance(parameters, dict):
        raise Refused(
            _error(400, f'expected query_parameters as an object, e.g. {{"systolic": 140}}, but found {json.dumps(parameters)[:60]}')
        )
    if not isinstance(body.get("q", ""), str):
        raise Refused(_error(400, f"expected q to be a text, but found {json.dumps(body['q'])[:60]}"))
    numbers = {name: _whole(name, body[name]) for name in ("offset", "fetch") if body.get(name) is not None}
    named = {str(name).removeprefix("$"): value for name, value in parameters.items()}
    ehr_id = body.get("ehr_id")
    return Asked(body.get("q", ""), numbers.get("offset", 0), numbers.get("fetch"), ehr_id if isinstance(ehr_id, str) else "", named)


def _whole(name: str, value: Json) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    raise Refused(_error(400, f"expected {name} to be a whole number, 0 or more, but found {json.dumps(value)[:40]}"))


def _read(text: str) -> Query:
    try:
        return read_aql(text)
    except Unreadable as problem:
        raise Refused(_unreadable(problem)) from None


def _unreadable(problem: Unreadable) -> Message:
    """400 with the place in the query; what is right, but cannot be answered here, says so."""
    kind = "AQL-UNSUPPORTED" if isinstance(problem, Unsupported) else "AQL"
    detail = {"says": problem.says, "rule": kind, "start": problem.start, "line": problem.line, "column": problem.column}
    return _error(400, f"{'This AQL cannot be answered here' if kind != 'AQL' else 'This is no AQL'}: {problem}", [detail])


# The answer


def _answer(by: Asker, request: OpenehrMessage, asked: Asked, name: str) -> Message:
    query, records = _read(asked.q), _records(by, asked)
    if query.top and asked.fetch is not None:
        return _error(400, "fetch and TOP cannot be used together, since both take the first rows. Use fetch, or LIMIT in the query.")
    try:
        result = _asked_page(query, records, asked, by)
    except TooLong as late:
        return _error(408, str(late)[:1].upper() + str(late)[1:])
    except Unreadable as problem:
        return _unreadable(problem)
    except ValueError as problem:
        return _error(400, f"This AQL cannot be answered: {problem}")
    return _json(200, _result_set(request, asked, name, result, by))


def _records(by: Asker, asked: Asked) -> StoredRecords:
    """What the query may be asked of: one EHR where the request names it, else all."""
    only = by.store.get("EHR", asked.ehr_id) if asked.ehr_id else None
    if asked.ehr_id and not only:
        raise Refused(_error(404, f"There is no EHR {asked.ehr_id[:60]}."))
    return StoredRecords(by.store, trees_of(by.store), only.owner if only else None)


def _asked_page(query: Query, records: StoredRecords, asked: Asked, by: Asker) -> Result:
    """The rows from `offset` on, `fetch` of them, of what the query alone would give."""
    parameters = {"ehr_id": asked.ehr_id, **asked.parameters} if asked.ehr_id else asked.parameters
    if query.limit is None:
        return ask(replace(query, limit=asked.fetch, offset=asked.offset), records, parameters, by.clock())
    result = ask(query, records, parameters, by.clock())
    end = None if asked.fetch is None else asked.offset + asked.fetch
    return replace(result, rows=result.rows[asked.offset : end])


def _result_set(request: OpenehrMessage, asked: Asked, name: str, result: Result, by: Asker) -> Json:
    meta = {"_href": request.url} if request.method == "GET" else {}
    meta |= {
        "_type": "RESULTSET",
        "_schema_version": "1.0.3",
        "_created": by.clock().isoformat(timespec="milliseconds"),
        "_generator": "ihe_kit",
        "_executed_aql": _executed(asked),
    }
    plan = {"_plan": [f"{step}: {what}" for step, what in explain_aql(asked.q)]}
    columns = [{"name": title, **({"path": path} if path else {})} for title, path in result.columns]
    return {"meta": meta | plan, **({"name": name} if name else {}), "q": asked.q, "columns": columns, "rows": result.rows}


def _executed(asked: Asked) -> str:
    """The query as it was asked, with the values of its parameters in it."""
    parameters = {"ehr_id": asked.ehr_id, **asked.parameters} if asked.ehr_id else asked.parameters

    def put(found: re.Match[str]) -> str:
        value = parameters.get(found["name"]) if found["name"] else None
        if not found["name"] or found["name"] not in parameters:
            return found.group()
        return json.dumps(value) if not isinstance(value, str) else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    return _PLACES.sub(put, asked.q)


# Stored queries


def _text(request: OpenehrMessage) -> str:
    """The AQL of a body: as plain text, or in JSON as q."""
    if request.root is None:
        return request.body
    try:
        body = json.loads(request.body)
    except ValueError:
        return request.body
    text = body.get("q") if isinstance(body, dict) else body
    if not isinstance(text, str):
        raise Refused(_error(400, "expected AQL, as text/plain or in JSON as q"))
    return text


def _name(text: str) -> str:
    name = unquote(text)
    if not _NAME.fullmatch(name) or len(name) > 200:
        raise Refused(
            _error(
                400,
                f"{name[:60]!r} cannot name a query: expected letters, digits and _ . - and perhaps a namespace, such as org.example::bp",
            )
        )
    return name


def _checked(version: str) -> str:
    if not _VERSION.fullmatch(version):
        raise Refused(_error(400, f"expected a version such as 1.0.0, but found {version[:40]!r}"))
    return version


def _id(name: str, version: str) -> str:
    return f"{name}/{version}"


def _numbers(one: Document | str) -> tuple[int, int, int]:
    parts = (one.id.rpartition("/")[2] if isinstance(one, Document) else one).split(".")
    major, minor, patch = (*map(int, parts), 0, 0)[:3]
    return major, minor, patch


def _versions(by: Asker, name: str) -> list[Document]:
    return by.store.select("QUERY", "id >= ? AND id < ?", (f"{name}/", f"{name}0"))  # 0 comes after /


def _stored(by: Asker, name: str, version: str) -> Document:
    """The latest version that begins as asked. Raises Refused where there is none."""
    wanted = [int(part) for part in _checked(version).split(".")] if version else []
    found = [one for one in _versions(by, name) if list(_numbers(one))[: len(wanted)] == wanted]
    if not found:
        raise Refused(
            _error(404, f"There is no query {name}{' of version ' + version if version else ''}. Store it by PUT definition/query/{name}.")
        )
    return max(found, key=_numbers)


def _error(status: int, says: str, errors: Iterable[Json] = ()) -> Message:
    return _json(status, {"message": says, "code": status, "errors": list(errors)})


def _json(status: int, value: Json) -> Message:
    return OPENEHR.parse(response(status, json.dumps(value, indent=1, ensure_ascii=False), [("content-type", "application/json")]))


_QUERY_NAME, _SEMVER = r"([^/]+)", r"([^/]+)"
ROUTES: tuple[tuple[str, str, Callable[..., Message]], ...] = (
    ("GET", "query/aql", query_aql),
    ("POST", "query/aql", query_aql),
    ("GET", f"query/{_QUERY_NAME}", query_stored),
    ("POST", f"query/{_QUERY_NAME}", query_stored),
    ("GET", f"query/{_QUERY_NAME}/{_SEMVER}", query_stored),
    ("POST", f"query/{_QUERY_NAME}/{_SEMVER}", query_stored),
    ("GET", "definition/query", list_queries),
    ("GET", f"definition/query/{_QUERY_NAME}", list_queries),
    ("PUT", f"definition/query/{_QUERY_NAME}", store_query),
    ("GET", f"definition/query/{_QUERY_NAME}/{_SEMVER}", read_query),
    ("PUT", f"definition/query/{_QUERY_NAME}/{_SEMVER}", store_query),
)
