"""Search: a query is read, answered from the index, and shown page by page (FHIR R4 section 3.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.answers import Entry, bundle
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.fhir_server.included import included
from ihe_kit.actors.fhir_server.pages import LARGEST_PAGE, PAGE, Page, Sort, page_of, read_sort
from ihe_kit.actors.fhir_server.summaries import shortened
from ihe_kit.actors.fhir_server.terminologies import by_meaning
from ihe_kit.actors.resources import instant
from ihe_kit.core import Message
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.fhir.parameters import RESULT
from ihe_kit.fhir.search import Chain, Condition, Either, Has, Match, Query, Test, compartment, read_query
from ihe_kit.fhir.search_sql import Selection, owners, rows, united
from ihe_kit.fhir.tables import resource_types
from ihe_kit.files import rows as table
from ihe_kit.store import Document, Store

MOST_MATCHES = 3  # of a condition: one is meant, and two are too many
CAP = 2000  # rows that are counted to find out which condition is the most selective


def matches(call: Call, query: Iterable[tuple[str, str]]) -> list[Document]:
    """What a condition of a create, update, patch or delete names. Raises Refused where it asks nothing, or something that is not known."""
    asked = read_query(call.kind, query, strict=True, base=call.base)
    if not asked.conditions:
        raise Refused(f"{call.method} {call.kind} needs a condition such as {call.method} {call.kind}?identifier=urn:oid:2.999.10.1|4711.")
    found = select(call.store, call.kind, asked.conditions)
    return call.store.owned([row[0] for row in call.store.ask(f"{found.sql} LIMIT {MOST_MATCHES}", found.values)])


def search(call: Call) -> Message:
    """A search in one type of resource (FHIR R4 section 3.1.0.9)."""
    query = _read(call, call.kind)
    return _answer(call, call.kind, [(query, ())], call.kind)


def search_system(call: Call) -> Message:
    """A search in the types that `_type` names, or in all, by parameters that all of them have."""
    kinds = [kind for kind in call.option("_type").split(",") if kind] or _kept(call.store)
    _known_types(kinds)
    return _answer(call, "", [(_read(call, kind), ()) for kind in kinds])


def search_compartment(call: Call) -> Message:
    """What belongs to a resource: `Patient/1/Observation`, or `Patient/1/*` for everything (FHIR R4 section 3.1.0.9)."""
    owner, kind = call.kind, call.version
    kinds = [kind] if kind != "*" else [k for k in call.option("_type").split(",") if k] or _kept(call.store)
    _known_types(kinds)
    if not any(row["compartment"] == owner for row in table("fhir/compartments.tsv")):
        return outcome(404, "not-supported", f"R4 defines no compartment of a {owner}.")
    parts = [(_read(call, one), belonging(owner, call.id, one)) for one in kinds]
    if kind != "*" and not parts[0][1]:
        return outcome(404, "not-supported", f"No {kind} belongs to the compartment of a {owner}.")
    return _answer(call, f"{owner}/{call.id}/{kind}", [part for part in parts if part[1]], kind if kind != "*" else "")


def belonging(owner: str, id: str, kind: str) -> tuple[Condition, ...]:
    """The condition that a resource of a type belongs to the compartment of an owner, or ()."""
    names = next(
        (row["params"].split() for row in table("fhir/compartments.tsv") if (row["compartment"], row["resource"]) == (owner, kind)), []
    )
    found: list[Condition] = [compartment(kind, [name for name in names if name != "{def}"], f"{owner}/{id}")] if names else []
    if kind == owner:  # the resource itself belongs to its own compartment
        own = Match(kind, "_id", "document", (Test("{x}.id = ?", (id,)),))
        found = [Either(kind, (own, *(part for one in found if isinstance(one, Either) for part in one.conditions)))]
    return tuple(found)


def _known_types(kinds: Sequence[str]) -> None:
    unknown = next((kind for kind in kinds if kind not in resource_types()), None)
    if unknown is not None:
        raise Refused(f"{unknown} is no type of resource in FHIR R4")


def _kept(store: Store) -> list[str]:
    """The types of which there is anything."""
    return [kind for kind in store.kinds("_lastUpdated") if kind in resource_types()]


def _read(call: Call, kind: str) -> Query:
    return read_query(kind, by_meaning(call, kind), strict=call.wants("handling=strict"), base=call.base)


def select(store: Store, kind: str, conditions: Sequence[Condition]) -> Selection:
    """The owners that conditions leave, beginning with the condition that leaves the fewest."""
    choice = [one for one in conditions if not one.negated]
    plain = [one for one in choice if not isinstance(one, (Chain, Has))]
    sizes: dict[int, int] = {}
    for one in (*plain, *(one for one in choice if one not in plain)) if len(choice) > 1 else ():
        best = min(sizes.values(), default=CAP)
        if one in plain or best >= CAP:  # a chain is asked how much it finds only where nothing else is selective
            sizes[id(one)] = _size(store, one, best)
    first = min(choice, key=lambda one: sizes.get(id(one), CAP + 1), default=None)
    return owners(kind, conditions, store.param, first=first)


def _size(store: Store, condition: Condition, most: int) -> int:
    """How many rows a condition finds, counted no further than up to the most that would still be the fewest."""
    found = rows(condition, store.param)
    return int(store.ask(f"SELECT COUNT(*) FROM (SELECT 1 FROM {found.source} WHERE {found.where} LIMIT {most}) n", found.values)[0][0])


# The answer ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """How the answer is wanted."""

    count: int
    counted: bool
    only_count: bool
    sort: tuple[Sort, ...]


def _answer(call: Call, path: str, parts: Sequence[tuple[Query, tuple[Condition, ...]]], kind: str = "") -> Message:
    union = united([select(call.store, query.kind, (*more, *query.conditions)) for query, more in parts])
    asked = _asked(call, kind)
    page = Page() if asked.only_count else page_of(call, union, asked.count, asked.sort)
    total = _total(call.store, union, page) if asked.counted else None
    documents = call.store.owned(page.owners)
    ignored = _ignored(parts)
    entries = [_match(call, one) for one in documents]
    entries += [_entry(call, one, "include") for one in included(call, documents)]
    if ignored:
        entries.append(Entry("", outcome(200, "not-supported", " ".join(ignored), "information").body, {"search": {"mode": "outcome"}}))
    return resource(200, bundle("searchset", instant(call.clock()), entries, _links(call, path, parts, page), total))


def _total(store: Store, selection: Selection, page: Page) -> int:
    """How many there are; a first page that is not full has them all."""
    if page.owners and not page.after and not page.before:
        return len(page.owners)
    return int(store.ask(f"SELECT COUNT(*) FROM ({selection.sql}) n", selection.values)[0][0])


def _asked(call: Call, kind: str) -> _Asked:
    count = min(call.number("_count", PAGE), LARGEST_PAGE)
    only_count = count == 0 or call.option("_summary") == "count"
    total = call.option("_total", "accurate")
    if total not in ("none", "estimate", "accurate"):
        raise Refused(f"_total is {total!r}, but has to be none, estimate or accurate")
    return _Asked(count, total != "none" or only_count, only_count, read_sort(call, kind))


def _ignored(parts: Sequence[tuple[Query, tuple[Condition, ...]]]) -> list[str]:
    """What was left aside, in sentences, so that nobody takes a wider answer for the one that was asked for (FHIR R4 section 3.1.1.3)."""
    found = dict.fromkeys(f"{reason}: it was left aside." for query, _ in parts for _, reason in query.ignored)
    return list(found)[:20]


def _match(call: Call, document: Document) -> Entry:
    return _entry(call, document, "match")


def _entry(call: Call, document: Document, mode: str) -> Entry:
    text = shortened(call, document) if mode == "match" else document.text
    return Entry(f"{call.base}/{document.kind}/{document.id}", text, {"search": {"mode": mode}})


def _links(call: Call, path: str, parts: Sequence[tuple[Query, tuple[Condition, ...]]], page: Page) -> list[tuple[str, str]]:
    """The self link says which parameters were respected (PDQm section 2:3.78.4.1.2.1.1); the others lead on."""
    used = {pair for query, _ in parts for pair in query.used}
    kept = [(name, value) for name, value in call.query if (name, value) in used or (name.partition(":")[0] in RESULT and name != "_page")]

    def link(relation: str, cursor: str) -> tuple[str, str]:
        query = urlencode([*kept, *([("_page", cursor)] if cursor else [])], safe="|:,")
        return relation, f"{call.base}{'/' if path else ''}{path}" + (f"?{query}" if query else "")

    links = [link("self", call.option("_page"))]
    return links + [link(relation, cursor) for relation, cursor in (("next", page.after), ("previous", page.before)) if cursor]
