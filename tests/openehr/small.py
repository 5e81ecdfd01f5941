"""A template with one element of every kind of limit, and compositions for it, as small as they may be."""

from __future__ import annotations

import json
from typing import Any

from ihe_kit.openehr import OpenehrMessage, Template, load, parse
from ihe_kit.openehr.notation import opt

TREE = """small.v1 | en | One element for each kind of limit.

COMPOSITION[openEHR-EHR-COMPOSITION.report.v1] 1..1 Report | A report.
  category: DV_CODED_TEXT openehr::433
  content: EVALUATION[openEHR-EHR-EVALUATION.small.v1] 1..1 Small | All of it.
    data: ITEM_TREE[at0001] 1..1 Tree | The elements.
      items: 0..30
      items: ELEMENT[at0010] 0..1 Temperature | In two units.
        value: DV_QUANTITY openehr::127 Cel 30..<45 precision 1; [degF] 86..<113 precision 1
      items: ELEMENT[at0011] 0..1 Consciousness | A scale.
        value: DV_ORDINAL local::0=at0101=Alert, 3=at0102=Confused
      items: ELEMENT[at0012] 0..1 Score | A count.
        value: DV_COUNT 0..20
      items: ELEMENT[at0013] 0..1 Saturation | A percentage.
        value: DV_PROPORTION percent 0..100
      items: ELEMENT[at0014] 0..1 Status | Words.
        value: DV_TEXT Final, Preliminary
      items: ELEMENT[at0015] 0..1 Consent | Only yes.
        value: DV_BOOLEAN true
      items: ELEMENT[at0016] 0..1 When | To the minute.
        value: DV_DATE_TIME yyyy-mm-ddTHH:MM:??
      items: ELEMENT[at0017] 0..1 Age | In years, months and days.
        value: DV_DURATION PYMD
      items: ELEMENT[at0018] 0..1 Range | Of temperatures.
        value: DV_INTERVAL<DV_QUANTITY> openehr::127 Cel 30..<45 precision 1
      items: ELEMENT[at0019] 0..1 Either | A choice.
        value: DV_QUANTITY openehr::127 Cel 30..<45 precision 1
        value: DV_TEXT
      items: ELEMENT[at0020] 0..1 Analyte | A code of LOINC.
        value: DV_CODED_TEXT LOINC::
      items: ELEMENT[at0021] 1..2 "Left" | A fixed name.
        value: DV_TEXT
      items: ELEMENT[at0021] 0..1 "Right" | Another one.
        value: DV_TEXT
      items: ELEMENT[at0023] 0..1 Day | A date.
        value: DV_DATE yyyy-mm-??
      items: CLUSTER(device.v1)[at0022] 0..1 Device | A slot.
"""
OPT = opt(TREE)
SMALL = load(OPT)


def code(terminology: str, code_string: str) -> dict[str, Any]:
    return {"_type": "CODE_PHRASE", "terminology_id": {"_type": "TERMINOLOGY_ID", "value": terminology}, "code_string": code_string}


def coded(value: str, terminology: str, code_string: str) -> dict[str, Any]:
    return {"_type": "DV_CODED_TEXT", "value": value, "defining_code": code(terminology, code_string)}


def name(value: str) -> dict[str, Any]:
    return {"_type": "DV_TEXT", "value": value}


def element(at: str, value: dict[str, Any] | None, called: str = "x", **more: Any) -> dict[str, Any]:
    return {"_type": "ELEMENT", "name": name(called), "archetype_node_id": at} | ({"value": value} if value else {}) | more


def details(archetype: str, **more: Any) -> dict[str, Any]:
    return {"_type": "ARCHETYPED", "archetype_id": {"_type": "ARCHETYPE_ID", "value": archetype}, "rm_version": "1.1.0"} | more


LEFT = element("at0021", name("there"), "Left")


def body(*items: dict[str, Any], left: bool = True) -> dict[str, Any]:
    """A composition of the small template with these items, and with the only one that it asks for."""
    tree = {"_type": "ITEM_TREE", "name": name("Tree"), "archetype_node_id": "at0001", "items": [*([LEFT] if left else []), *items]}
    evaluation = {
        "_type": "EVALUATION",
        "name": name("Small"),
        "archetype_node_id": "openEHR-EHR-EVALUATION.small.v1",
        "archetype_details": details("openEHR-EHR-EVALUATION.small.v1"),
        "language": code("ISO_639-1", "en"),
        "encoding": code("IANA_character-sets", "UTF-8"),
        "subject": {"_type": "PARTY_SELF"},
        "data": tree,
    }
    return {
        "_type": "COMPOSITION",
        "name": name("Report"),
        "archetype_node_id": "openEHR-EHR-COMPOSITION.report.v1",
        "archetype_details": details("openEHR-EHR-COMPOSITION.report.v1", template_id={"_type": "TEMPLATE_ID", "value": "small.v1"}),
        "language": code("ISO_639-1", "en"),
        "territory": code("ISO_3166-1", "NO"),
        "category": coded("event", "openehr", "433"),
        "composer": {"_type": "PARTY_IDENTIFIED", "name": "Ingrid Lie"},
        "context": {
            "_type": "EVENT_CONTEXT",
            "start_time": {"_type": "DV_DATE_TIME", "value": "2025-03-03T08:00:00+01:00"},
            "setting": coded("other care", "openehr", "238"),
        },
        "content": [evaluation],
    }


def message(*items: dict[str, Any], left: bool = True) -> OpenehrMessage:
    return parse(json.dumps(body(*items, left=left), ensure_ascii=False))


def changed(old: str, new: str, count: int = 1) -> Template:
    """The small template with a piece of its XML replaced."""
    assert old in OPT, old
    return load(OPT.replace(old, new, count))
