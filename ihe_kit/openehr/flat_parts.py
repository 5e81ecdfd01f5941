"""What stands after `|` in a FLAT key, and what `_` reaches: the parts of each data type, and attributes of the reference model beside the
template (openEHR ITS-REST 1.1.0, Simplified Formats, RM Mappings)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.leaves import Move

# What stands after |, and where it stands in the value; "" is the value without a |.
PLAIN = {"": "value"}
_CODED = {"code": "defining_code/code_string", "value": "value", "terminology": "defining_code/terminology_id/value"}
_ORDINAL = {"ordinal": "value", "value": "symbol/value"} | {key: f"symbol/{path}" for key, path in _CODED.items() if key != "value"}
_REF = {"id": "external_ref/id/value", "id_scheme": "external_ref/id/scheme", "id_namespace": "external_ref/namespace"}
_PARTY = {"_type": "_type", "name": "name"} | _REF
_INTERVAL = {name: name for name in ("lower_included", "upper_included", "lower_unbounded", "upper_unbounded")}
SUFFIXES: dict[str, dict[str, str]] = {
    "CODE_PHRASE": {"code": "code_string", "terminology": "terminology_id/value"},
    "DV_TEXT": {"": "value"},
    "DV_CODED_TEXT": _CODED,
    "DV_QUANTITY": {"magnitude": "magnitude", "unit": "units", "precision": "precision"},
    "DV_COUNT": {"": "magnitude"},
    "DV_ORDINAL": _ORDINAL,
    "DV_SCALE": _ORDINAL,
    "DV_STATE": {
        "code": "value/defining_code/code_string",
        "value": "value/value",
        "terminology": "value/defining_code/terminology_id/value",
    },
    "DV_PROPORTION": {"numerator": "numerator", "denominator": "denominator", "type": "type", "precision": "precision"},
    "DV_IDENTIFIER": {"id": "id", "type": "type", "issuer": "issuer", "assigner": "assigner"},
    "DV_PARSABLE": {"": "value", "formalism": "formalism"},
    "DV_MULTIMEDIA": {"": "uri/value", "mediatype": "media_type/code_string", "alternatetext": "alternate_text", "size": "size"},
    "DV_INTERVAL": _INTERVAL,
    "PARTY_PROXY": _PARTY,
    "PARTY_IDENTIFIED": _PARTY,
    "ARCHETYPED": {"archetype_id": "archetype_id/value", "template_id": "template_id/value", "rm_version": "rm_version"},
    "LINK": {"meaning": "meaning/value", "type": "type/value", "target": "target/value"},
    "PARTICIPATION": {"function": "function/value", "mode": "mode/value", "name": "performer/name"}
    | {key: f"performer/{path}" for key, path in _REF.items()},
    "OBJECT_REF": {"id": "id/value", "id_scheme": "id/scheme", "namespace": "namespace", "type": "type"},
    "FEEDER_AUDIT_DETAILS": {"system_id": "system_id", "version_id": "version_id", "time": "time/value"},
    "INSTRUCTION_DETAILS": {"path": "instruction_id/path", "composition_uid": "instruction_id/id/value", "activity_id": "activity_id"},
}
# An element that takes a code or a plain text is one field: by what stands behind |, the kind of value and the part of it (Open Value-Sets).
OPEN_LIST = {"other": ("text_value", "")} | {part: ("coded_text_value", part) for part in _CODED}
_IDENTIFIER = re.compile(r"identifiers_(id|type|issuer|assigner):(0|[1-9][0-9]{0,2})")
# What the reference model leaves open and a builder has to settle.
CONCRETE = {"EVENT": "POINT_EVENT", "PARTY_PROXY": "PARTY_IDENTIFIED", "UID_BASED_ID": "OBJECT_VERSION_ID", "OBJECT_ID": "GENERIC_ID"}
# Where the segment of a key is not the attribute's own name; other lists are called by their singular.
WITHOUT_UNDERSCORE = ("lower", "upper", "subject", "width", "math_function", "ism_transition", "origin")  # reached by their own names
_NAMED = {"work_flow_id": "workflow_id", "other_reference_ranges": "other_reference_ranges", "original_content": "original_content"}


def kind(type_: str) -> str:
    """The class that is made where a template asks for one: without the brackets of a container, and one that is not abstract.

    >>> kind("DV_INTERVAL<DV_QUANTITY>")
    'DV_INTERVAL'
    """
    return rm.bare(CONCRETE.get(type_, type_))


def primitive(node: Node) -> bool:
    """Whether a node is a plain text, number or truth, which JSON writes without an object. Some templates write STRING."""
    return node.type in rm.PRIMITIVES or node.type.capitalize() in rm.PRIMITIVES


@lru_cache(maxsize=256)
def lineage(type_: str) -> frozenset[str]:
    """A class and those it inherits from."""
    return frozenset(rm.lineage(type_))


def parts(node: Node) -> dict[str, str]:
    """The parts of a value: what stands after | and where it belongs."""
    return {"": ""} if primitive(node) else SUFFIXES.get(rm.bare(node.type), PLAIN)


def inner_path(node: Node, suffix: str) -> str | None:
    """Where a part of a value belongs; None where the value has no such part. The identifiers of a participant are numbered.

    >>> inner_path(Node("PARTICIPATION"), "identifiers_id:1")
    'performer/identifiers/1/id'
    """
    found = _IDENTIFIER.fullmatch(suffix) if node.type == "PARTICIPATION" else None
    return f"performer/identifiers/{found[2]}/{found[1]}" if found else parts(node).get(suffix)


def parts_in(node: Node, value: Any) -> dict[str, str]:
    """The parts of a value that is there: those of its class, and a row for each identifier of a participant."""
    performer = value.get("performer") if node.type == "PARTICIPATION" and isinstance(value, dict) else None
    held = performer.get("identifiers") if isinstance(performer, dict) else None
    numbers = range(len(held)) if isinstance(held, list) else ()
    more = {f"identifiers_{name}:{n}": f"performer/identifiers/{n}/{name}" for n in numbers for name in SUFFIXES["DV_IDENTIFIER"]}
    return parts(node) | more


@lru_cache(maxsize=16384)  # so that the same segment below the same node is the same move
def model_move(node: Node, segment: str) -> Move | None:
    """The step that a segment such as `_link` or `lower` takes in the reference model; None where the class has no such attribute."""
    name = segment.removeprefix("_")
    known = rm.attributes(kind(node.type))
    found = next((known[one] for one in (_NAMED.get(name, name), f"{name}s") if one in known), None)
    if not found:
        return None
    inner = node.type.partition("<")[2].removesuffix(">")
    type_ = inner if inner and found.name in ("lower", "upper") else found.type
    if type_ == "DV_INTERVAL" and "<" not in node.type:
        type_ = f"DV_INTERVAL<{node.type}>"
    below = node.child(found.name) if node.attribute(found.name) and not found.many else Node(type_, most=-1 if found.many else 1)
    return Move(found.name, below, segment)


def segment(attribute: rm.Attribute) -> str:
    """The segment of a FLAT key for an attribute beside the template: `_link` for links.

    >>> segment(rm.attributes("COMPOSITION")["links"])
    '_link'
    """
    turned = {name: key for key, name in _NAMED.items()}
    name = turned.get(attribute.name, attribute.name)
    return "_" + (name.removesuffix("s") if attribute.many and name not in _NAMED else name)


def suffixed(key: str, suffix: str) -> str:
    """A key with the part of the value behind |; the value itself has none."""
    return f"{key}|{suffix}" if suffix else key
