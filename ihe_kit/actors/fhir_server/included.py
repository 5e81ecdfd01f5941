"""_include and _revinclude: what the matches refer to, and what refers to them (FHIR R4 section 3.1.1.5.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.fhir.parameters import find_parameter, parameters
from ihe_kit.fhir.tables import resource_types
from ihe_kit.store import Document

MOST = 1000  # resources that come along with one page
_ROUNDS = 10  # of :iterate


@dataclass(frozen=True)
class _Include:
    """One wish: from the resources of a type, along a reference, to those of another type or of any."""

    source: str
    param: str
    target: str
    back: bool
    again: bool  # also from what came along itself


def included(call: Call, matches: Sequence[Document]) -> list[Document]:
    """What comes along with the matches, each once. Raises Refused for a wish that cannot be read."""
    wishes = list(_wishes(call))
    known = {(one.kind, one.id) for one in matches}
    found: list[Document] = []
    latest = list(matches)
    for round in range(_ROUNDS):
        asked = [wish for wish in wishes if wish.again or round == 0]
        latest = [one for wish in asked for one in _follow(call, wish, latest) if (one.kind, one.id) not in known]
        latest = list({(one.kind, one.id): one for one in latest}.values())
        known.update((one.kind, one.id) for one in latest)
        found += latest
        if not latest or len(found) > MOST:
            break
    return found[:MOST]


def _wishes(call: Call) -> Iterator[_Include]:
    for name, value in call.query:
        base, _, modifier = name.partition(":")
        if base not in ("_include", "_revinclude") or not value:
            continue
        source, _, rest = value.partition(":")
        param, _, target = rest.partition(":")
        known = find_parameter(source, param)
        names = [one.name for one in parameters(source) if one.type == "reference"] if param == "*" else [param]
        if source not in resource_types() or (param != "*" and (known is None or known.type != "reference")):
            raise Refused(f"{name} is {value!r}, but wants a type and one of its references, such as Observation:subject")
        if modifier not in ("", "iterate", "recurse"):
            raise Refused(f"{base} has no modifier :{modifier} here, only :iterate")
        for one in names:
            yield _Include(source, one, target, base == "_revinclude", bool(modifier))


def _follow(call: Call, wish: _Include, documents: Sequence[Document]) -> list[Document]:
    if not wish.back:
        owners = [one.owner for one in documents if one.kind == wish.source]
        return _referred(call, wish, owners) if owners else []
    ids = [(one.kind, one.id) for one in documents if wish.target in ("", one.kind)]
    return [one for kind in sorted({kind for kind, _ in ids}) for one in _referring(call, wish, kind, [id for k, id in ids if k == kind])]


def _referred(call: Call, wish: _Include, owners: Sequence[int]) -> list[Document]:
    marks = ", ".join("?" * len(owners))
    sql = f"SELECT DISTINCT system, value FROM entry WHERE owner IN ({marks}) AND param = ? LIMIT {MOST}"
    rows = call.store.ask(sql, [*owners, call.store.param(wish.source, wish.param)])
    kinds = sorted({kind for kind, _ in rows if wish.target in ("", kind) and kind})
    return [one for kind in kinds for one in _by_id(call, kind, [id for k, id in rows if k == kind])]


def _by_id(call: Call, kind: str, ids: Sequence[str]) -> list[Document]:
    return call.store.select(kind, f"id IN ({', '.join('?' * len(ids))})", ids)


def _referring(call: Call, wish: _Include, kind: str, ids: Sequence[str]) -> list[Document]:
    sql = f"SELECT owner FROM entry WHERE param = ? AND value IN ({', '.join('?' * len(ids))}) AND system = ? LIMIT {MOST}"
    rows = call.store.ask(sql, [call.store.param(wish.source, wish.param), *ids, kind])
    return call.store.owned(sorted({row[0] for row in rows}))
