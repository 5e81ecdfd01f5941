"""openEHR's own JSON Schema (ITS-JSON, RM 1.1.0) from the table beside this file, in the form that the official files have."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

# What may stand where a class is asked for: `_type` says which it is. Of the first kind one of them has to be named, of the second any name passes,
# and the third may leave the name out, when it is of the class itself.
CLOSED = {
    "UID_BASED_ID": "OBJECT_VERSION_ID HIER_OBJECT_ID",
    "OBJECT_ID": "TERMINOLOGY_ID GENERIC_ID OBJECT_VERSION_ID HIER_OBJECT_ID ARCHETYPE_ID TEMPLATE_ID",
    "PARTY_PROXY": "PARTY_SELF PARTY_IDENTIFIED PARTY_RELATED",
    "CONTENT_ITEM": "INSTRUCTION EVALUATION OBSERVATION ACTION ADMIN_ENTRY GENERIC_ENTRY SECTION",
    "ITEM_STRUCTURE": "ITEM_SINGLE ITEM_TREE ITEM_LIST ITEM_TABLE",
    "ITEM": "CLUSTER ELEMENT",
    "DV_ENCAPSULATED": "DV_PARSABLE DV_MULTIMEDIA",
}
OPEN = {
    "EVENT": "POINT_EVENT INTERVAL_EVENT",
    "DATA_VALUE": "DV_ORDINAL DV_SCALE DV_COUNT DV_DURATION DV_PROPORTION DV_QUANTITY DV_TIME DV_DATE_TIME DV_DATE DV_PARAGRAPH DV_STATE DV_INTERVAL "
    "DV_PARSABLE DV_MULTIMEDIA DV_IDENTIFIER DV_BOOLEAN DV_EHR_URI DV_URI DV_TEXT DV_CODED_TEXT",
}
HEIRS = {
    "DV_TEXT": "DV_CODED_TEXT",
    "DV_URI": "DV_EHR_URI",
    "PARTY_IDENTIFIED": "PARTY_RELATED",
    "OBJECT_REF": "LOCATABLE_REF PARTY_REF ACCESS_GROUP_REF",
}
_PLAIN = ("string", "number", "integer", "boolean", "object")


@lru_cache(maxsize=1)
def lines() -> dict[str, str]:
    text = (Path(__file__).parent / "its_json.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader((line for line in text if not line.startswith("# ")), delimiter="\t")
    return {row["definition"]: row["properties"] for row in rows}


def properties(name: str) -> list[tuple[str, str, str]]:
    """(name, type, marks) of every property of a definition."""
    found = []
    for word in lines()[name].split():
        if word.startswith("@"):
            found += properties(word)
        else:
            attribute, _, rest = word.partition(":")
            found.append((attribute, rest.rstrip("!*+"), rest[len(rest.rstrip("!*+")) :]))
    return found


def schema() -> dict[str, Any]:
    """The whole schema; a composition is held to its definition."""
    definitions = {name: _definition(name) for name in lines() if not name.startswith("@")}
    return {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/COMPOSITION", "definitions": definitions}


def _definition(name: str) -> dict[str, Any]:
    found = properties(name)
    members = {attribute: _many(_value(type_), marks) for attribute, type_, marks in found}
    return {
        "type": "object",
        "required": [attribute for attribute, _, marks in found if "!" in marks],
        "properties": members | {"_type": {"type": "string", "const": name}},
        "additionalProperties": False,
    }


def _many(value: dict[str, Any], marks: str) -> dict[str, Any]:
    if not set(marks) & set("*+"):
        return value
    return {"type": "array", "items": value} | ({"minItems": 1} if "+" in marks else {})


def _value(type_: str) -> dict[str, Any]:
    if type_ in _PLAIN:
        return {"type": type_}
    if type_ in HEIRS:
        names = [*HEIRS[type_].split(), type_]
        cases = [_case(name, ["_type"]) for name in names]
        nameless = {"if": {"not": {"required": ["_type"]}}, "then": {"$ref": f"#/definitions/{type_}"}}
        return {"allOf": [{"properties": {"_type": {"type": "string", "enum": names}}}, *cases, nameless]}
    names = (CLOSED.get(type_) or OPEN.get(type_, "")).split()
    if not names:
        return {"$ref": f"#/definitions/{type_}"}
    known = {"properties": {"_type": {"type": "string", "enum": names}}} if type_ in CLOSED else {}
    return {"allOf": [{"required": ["_type"]} | known, *(_case(name, []) for name in names)]}


def _case(name: str, required: list[str]) -> dict[str, Any]:
    test: dict[str, Any] = {"properties": {"_type": {"const": name}}} | ({"required": required} if required else {})
    return {"if": test, "then": {"$ref": f"#/definitions/{name}"}}


@lru_cache(maxsize=1)
def validator() -> Callable[[Any], Any]:
    """A function that raises fastjsonschema.JsonSchemaValueException for what the schema refuses."""
    import fastjsonschema

    found: Callable[[Any], Any] = fastjsonschema.compile(schema())
    return found
