"""What a Bundle demands of its entries, beyond its invariants: addresses, ids, search results, documents that carry what they refer to.

The rules stand in the table of what can be found, by the keys that begin with `bundle-`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.resolving import REFERENCE, Around
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import resource_types
from ihe_kit.fhir.walk import Context

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
# What of a Composition and of a MessageHeader has to be in the bundle.
_CARRIED = ("subject", "encounter", "author", "attester", "custodian", "event", "section", "focus")
_ONCE = ("self", "first", "previous", "prev", "next", "last")


def check_bundle(report: Report, context: Context) -> None:
    """Every rule for a Bundle."""
    bundle, at = context.resource, context.at
    kind = bundle.get("type")
    relations = [(index, one.get("relation")) for index, one in _dicts(bundle.get("link"))]
    for name, count in Counter(str(relation) for _, relation in relations if relation in _ONCE).items():
        if count > 1:
            index = [index for index, relation in relations if relation == name][1]
            report.at("bundle-link", (((at, "link"), index), "relation"), relation=name, count=count)
    for index, entry in _dicts(bundle.get("entry")):
        _address(report, entry, ((at, "entry"), index), str(kind))
        if kind == "searchset":
            _result(report, entry, ((at, "entry"), index), _searched(bundle))
    if kind in ("document", "message"):
        _carried(report, bundle, at)


def _address(report: Report, entry: Json, at: At, kind: str) -> None:
    """The fullUrl is the absolute address of what is in the entry, and ends with its id where it is an address of a server."""
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if not isinstance(url, str) or not url:
        named = isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome"  # what an operation tells has no address
        if named and kind in ("document", "message", "collection", "searchset"):
            report.at("bundle-address-missing", at, missing="fullUrl", kind=kind)
        return
    if not _ABSOLUTE.fullmatch(url):
        report.at("bundle-address-form", (at, "fullUrl"))
        return
    found = REFERENCE.fullmatch(url)
    if not found or not found[1] or found[2] not in resource_types() or not isinstance(resource, dict):
        return
    name, named = resource.get("resourceType"), resource.get("id")
    if name in resource_types() and found[2] != name:
        report.at("bundle-address-type", (at, "fullUrl"), kind=name)
    elif isinstance(named, str) and found[3] != named:
        report.at("bundle-address-id", (at, "fullUrl"), id=named)


def _result(report: Report, entry: Json, at: At, wanted: frozenset[str]) -> None:
    """An entry of a search result: it has an id, and its mode says why it is there."""
    resource, search = entry.get("resource"), entry.get("search")
    mode = search.get("mode") if isinstance(search, dict) else None
    if not isinstance(resource, dict):
        return
    kind = resource.get("resourceType")
    if mode == "outcome":
        if isinstance(kind, str) and kind != "OperationOutcome":
            report.at("bundle-outcome", ((at, "resource"), "resourceType"), kind=kind)
    elif "id" not in resource:
        report.at("bundle-id", (at, "resource"), missing="id")
    if mode == "match" and wanted and kind in resource_types() and kind not in wanted:
        report.at("bundle-match", ((at, "resource"), "resourceType"), kind=kind, wanted=" or ".join(sorted(wanted)))


def _searched(bundle: Json) -> frozenset[str]:
    """The types that a search asked for, by the address of its first page; none where that does not tell."""
    url = next((one.get("url") for _, one in _dicts(bundle.get("link")) if one.get("relation") == "self"), None)
    if not isinstance(url, str):
        return frozenset()
    try:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query)).get("_type", "")
    except ValueError:
        return frozenset()
    last = parts.path.rstrip("/").removesuffix("/_search").rpartition("/")[2]
    names = asked.split(",") if asked else [last]
    return frozenset(names) if all(name in resource_types() for name in names) else frozenset()


def _carried(report: Report, bundle: Json, at: At) -> None:
    """What the first resource of a document or a message refers to is in the bundle too."""
    index, entry = next(_dicts(bundle.get("entry")), (0, {}))
    resource, url = entry.get("resource"), entry.get("fullUrl")
    if not isinstance(resource, dict) or resource.get("resourceType") not in ("Composition", "MessageHeader"):
        return
    around = Around(bundle, url if isinstance(url, str) else "")
    here = (((at, "entry"), index), "resource")
    for reference, where in _references({key: resource[key] for key in _CARRIED if key in resource}, here):
        relative = REFERENCE.fullmatch(reference) and not reference.startswith("http")
        if not (relative or reference.startswith(("urn:uuid:", "urn:oid:"))):
            continue
        found = around.find(reference, resource)
        if not found.every:
            report.at("reference-lost", where)


def _references(value: Any, at: At) -> Iterator[tuple[str, At]]:
    waiting: list[tuple[Any, At]] = [(value, at)]
    while waiting:
        one, here = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("reference"), str):
                yield one["reference"], (here, "reference")
            waiting += [(inner, (here, key)) for key, inner in one.items() if key not in ("extension", "relatesTo")]
        elif isinstance(one, list):
            waiting += [(inner, (here, index)) for index, inner in enumerate(one)]


def _dicts(value: Any) -> Iterator[tuple[int, Json]]:
    return ((index, one) for index, one in enumerate(value) if isinstance(one, dict)) if isinstance(value, list) else iter(())
