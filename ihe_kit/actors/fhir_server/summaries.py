"""_summary and _elements: a resource cut down to some of its elements, each as it was kept (FHIR R4 sections 3.1.1.5.8 and 3.1.1.5.9)."""

from __future__ import annotations

import json
from collections.abc import Callable

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.fhir.shapes import Shape
from ihe_kit.fhir.tables import core
from ihe_kit.json_text import Node, plain, read_json
from ihe_kit.store import Document

SUMMARIES = ("true", "text", "data", "count", "false")
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def shortened(call: Call, document: Document) -> str:
    """The text of a resource, or the part of it that the request asks for. Raises Refused for a summary that R4 does not have."""
    summary, elements = call.option("_summary"), _elements(call, document.kind)
    if summary not in ("", *SUMMARIES):
        raise Refused(f"_summary is {summary!r}, but has to be one of {', '.join(SUMMARIES)}")
    shape = core().type(document.kind)
    if shape is None or (summary in ("", "false", "count") and not elements):
        return document.text
    return _cut(document.text, shape, _choice(summary, elements))


def _elements(call: Call, kind: str) -> set[str]:
    names = [name.split(".") for name in call.option("_elements").split(",") if name]
    return {parts[-1] if parts[0] == kind else parts[0] for parts in names if len(parts) == 1 or parts[0] == kind}


def _choice(summary: str, elements: set[str]) -> Callable[[str, Shape | None], bool]:
    """Which members stay: what is mandatory always does."""

    def stays(name: str, shape: Shape | None) -> bool:
        element = shape.element if shape else {}
        if name in ("resourceType", "id", "meta") or element.get("min", 0) > 0:
            return True
        if elements:
            return name in elements or bool(shape and shape.name.removesuffix("[x]") in elements)
        return {"true": bool(element.get("isSummary")), "text": name == "text", "data": name != "text"}[summary]

    return stays


def _cut(text: str, shape: Shape, stays: Callable[[str, Shape | None], bool]) -> str:
    members = []
    for child in read_json(text).children:
        name = (child.key or "").removeprefix("_")
        if name == "meta":
            members.append(f'"meta": {_tagged(child)}')
        elif stays(name, _child(shape, name)):
            members.append(f"{json.dumps(child.key)}: {text[child.start : child.end]}")
    return "{\n  " + ",\n  ".join(members) + "\n}"


def _child(shape: Shape, name: str) -> Shape | None:
    found = shape.children.get(name)
    return found or next((one for key, one in shape.children.items() if key.endswith("[x]") and name.startswith(key[:-3])), None)


def _tagged(meta: Node) -> str:
    """Says that this is a part, so that nobody takes it for the whole and sends it back."""
    data = plain(meta)
    return json.dumps(data | {"tag": [*data.get("tag", ()), _SUBSETTED]}, ensure_ascii=False)
