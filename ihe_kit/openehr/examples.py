"""An example of what a template asks for: a composition with a value in each field, made from the template alone.

It teaches what the data look like; nobody was ever measured for it. Where a template says by a pattern, or by codes that stand elsewhere, what may
stand in a field, the example may not keep that: `conform` says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from ihe_kit.openehr.aom import Node, Range
from ihe_kit.openehr.flat import from_flat
from ihe_kit.openehr.form import Input, Kind, Part, form
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.opt import Template

LEVELS = ("required", "medium", "complete")
_GIVEN = ("language", "territory", "composer", "category", "start_time", "setting", "encoding", "subject")  # FLAT fills these in itself
_TEXTS = {
    "id": "4711", "issuer": "Nordvik Hospital", "assigner": "Nordvik Hospital", "type": "MRN", "name": "Jonas Dahl", "id_namespace": "urn:oid:2.999.10.1",
    "mediatype": "image/png", "formalism": "text/plain", "value": "example", "terminology": "local", "code": "example",
}  # fmt: skip
_BY_TYPE = {
    "DV_URI": "https://example.org/report",
    "DV_EHR_URI": "ehr://openehr.fjordland.example",
    "DV_MULTIMEDIA": "https://example.org/image.png",
}


def example(template: Template, clock: Callable[[], datetime], level: str = "medium") -> OpenehrMessage:
    """A composition of a template. `level`: `required`, only what it demands; `medium` and `complete`, each of its fields once.

    Raises ValueError for another level, and where no value can be made for a field.

    >>> from datetime import UTC
    >>> from ihe_kit.openehr.opt import template
    >>> example(template("kit_vital_signs.v1"), lambda: datetime.now(UTC)).template_id
    'kit_vital_signs.v1'
    """
    return from_flat(example_values(template, clock, level), template, clock)


def example_values(template: Template, clock: Callable[[], datetime], level: str = "medium") -> dict[str, Any]:
    """The same as FLAT keys and values."""
    if level not in LEVELS:
        raise ValueError(f"expected a level of {', '.join(LEVELS)}, but found {level[:40]!r}")
    top = form(template)
    return dict(_fields(top, top.id, clock, level == "required"))


def _fields(above: Part, key: str, clock: Callable[[], datetime], required: bool) -> Iterator[tuple[str, Any]]:
    """(FLAT key, value) of every field below a part; of a group that has to be there, at least one field."""
    wanted = [part for part in above.parts if _wanted(part, required)]
    own = [part for part in above.parts if not part.framing]
    if required and own and not any(part in wanted for part in own) and above.node.least:
        wanted.append(own[0])
    for part in wanted:
        for number in range(max(part.least, 1)):
            here = f"{key}/{part.id}" + (f":{number}" if part.many else "")
            yield from _value(part.kinds[0], here, clock) if part.kinds else _fields(part, here, clock, required)


def _wanted(part: Part, required: bool) -> bool:
    if part.framing and part.id in _GIVEN:
        return False
    return bool(part.least) or not (required or part.framing)


def _value(kind: Kind, key: str, clock: Callable[[], datetime]) -> Iterator[tuple[str, Any]]:
    stem = f"{key}/{kind.id}" if kind.id else key
    for one in kind.inputs:
        value = _filled(one, kind.node, clock)
        if value is not None:
            yield stem + (one.part if one.part.startswith("/") else f"|{one.part}" if one.part else ""), value


def _filled(asked: Input, node: Node, clock: Callable[[], datetime]) -> Any:
    """What stands in one input: the first of its codes, a number that it takes, a text."""
    if asked.kind == "truth":
        return True
    if asked.codes:
        value = asked.codes[0][0]
        return json.loads(value) if asked.kind in ("number", "whole", "proportion") and value.replace(".", "", 1).isdecimal() else value
    end, _, part = asked.part.lstrip("/").partition("|")
    node = node.child(end) if asked.part.startswith("/") else node
    part = part if asked.part.startswith("/") else asked.part
    if asked.kind in ("number", "whole", "proportion"):
        number = _number(node, part, 0.75 if end == "upper" else 0.25)
        return int(number) if asked.kind != "number" or number == int(number) else number
    if asked.kind == "unit":
        return "1"
    if asked.kind == "time":
        moment = clock().isoformat(timespec="seconds")
        return {"DV_DATE": moment[:10], "DV_TIME": moment[11:19]}.get(node.type, moment)
    if node.type == "DV_DURATION":
        return "PT1H"
    if part == "mediatype" and (media := node.child("media_type").codes):
        return media[0][0]
    if part == "terminology" and (named := node.child("defining_code").terminology):
        return named
    return _BY_TYPE.get(node.type) if not part and node.type in _BY_TYPE else _TEXTS.get(part, "example")


def _number(node: Node, part: str, share: float) -> float:
    """A number within the limits, at a share of the way between them."""
    if node.units:
        limits = node.units[0].magnitude
    elif part == "denominator":
        limits = node.child(part).range or Range(100, 100)
    else:
        limits = node.child(part or "magnitude").range or node.child("value").range or node.range or Range()
    low = limits.low if limits.low is not None else (limits.high - 10 if limits.high is not None else 0)
    high = limits.high if limits.high is not None else low + 10
    return low if low == high else round(low + (high - low) * share, 0 if high - low > 4 else 2)
