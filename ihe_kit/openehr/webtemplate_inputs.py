"""What may be entered for each data value: the `inputs` of a web template."""

from __future__ import annotations

from typing import Any

from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node, Range

_ID_PARTS = {
    "DV_IDENTIFIER": "id type issuer assigner",
    "PARTY_PROXY": "id id_scheme id_namespace name",
    "PARTY_IDENTIFIED": "id id_scheme id_namespace name",
}
_ID_PARTS |= {"DV_PARSABLE": "value formalism", "DV_STATE": "code value"}
_SIMPLE = {
    "DV_TEXT": "TEXT",
    "DV_DATE_TIME": "DATETIME",
    "DV_DATE": "DATE",
    "DV_TIME": "TIME",
    "DV_BOOLEAN": "BOOLEAN",
    "DV_COUNT": "INTEGER",
}
_SIMPLE |= dict.fromkeys(("DV_MULTIMEDIA", "DV_URI", "DV_EHR_URI", "String"), "TEXT")
_DURATION = ("year", "month", "day", "week", "hour", "minute", "second")


def inputs(node: Node, language: str) -> list[dict[str, Any]]:
    """The inputs of a data value.

    >>> inputs(Node("DV_COUNT"), "en")
    [{'type': 'INTEGER'}]
    """
    type_ = rm.bare(node.type)
    if type_ in _ID_PARTS:
        return [{"suffix": suffix, "type": "TEXT"} for suffix in _ID_PARTS[type_].split()]
    if type_ == "DV_CODED_TEXT":
        return _coded(node, language)
    if type_ == "DV_QUANTITY":
        return _quantity(node)
    if type_ in ("DV_ORDINAL", "DV_SCALE"):
        return [_ordinal(node, language)]
    if type_ == "DV_DURATION":
        return [{"suffix": part, "type": "INTEGER", "validation": {"range": {"minOp": ">=", "min": 0}}} for part in _DURATION]
    if type_ == "DV_PROPORTION":
        return [_number(node, part) for part in ("numerator", "denominator")]
    return [_simple(node, _SIMPLE[type_])] if type_ in _SIMPLE else []


def _simple(node: Node, type_: str) -> dict[str, Any]:
    """One input without a suffix."""
    out: dict[str, Any] = {"type": type_}
    limit = node if node.type == "DV_BOOLEAN" else node.child("magnitude" if node.type == "DV_COUNT" else "value")
    if limit.options:
        out["list"] = [{"value": option, "label": option} for option in limit.options]
        out |= {"listOpen": limit.open_list} if node.type == "DV_TEXT" else {}
    rules: dict[str, Any] = {"range": _range(limit.range)} if limit.range and _range(limit.range) else {}
    if limit.pattern and type_ in ("DATE", "DATETIME", "TIME"):
        rules["pattern"] = limit.pattern
    return out | ({"validation": rules} if rules else {})


def _coded(node: Node, language: str) -> list[dict[str, Any]]:
    """Code and text; with the codes where the template lists them."""
    phrase = node.child("defining_code")
    bound = {"terminology": phrase.terminology} if phrase.terminology and phrase.terminology != "local" else {}
    if not phrase.codes:
        return [{"suffix": suffix, "type": "TEXT"} | bound for suffix in ("code", "value")]
    listed = []
    for code, text in phrase.codes:
        said = phrase.terms.get(code) or node.terms.get(code)
        more = {"localizedDescriptions": {language: said[1]}} if said else {}
        listed.append({"value": code, "label": text, "localizedLabels": {language: text}} | more)
    return [{"suffix": "code", "type": "CODED_TEXT", "list": listed} | bound]


def _quantity(node: Node) -> list[dict[str, Any]]:
    magnitude: dict[str, Any] = {"suffix": "magnitude", "type": "DECIMAL"}
    if not node.units:
        return [magnitude, {"suffix": "unit", "type": "CODED_TEXT" if node.kind == "C_DV_QUANTITY" else "TEXT"}]
    listed = [
        {"value": unit.units, "label": unit.units} | _rules(_range(unit.magnitude), _range(unit.precision, int)) for unit in node.units
    ]
    if len(node.units) == 1 and "validation" in listed[0]:
        magnitude["validation"] = listed[0]["validation"]
    return [magnitude, {"suffix": "unit", "type": "CODED_TEXT", "list": listed}]


def _rules(range_: dict[str, Any], precision: dict[str, Any]) -> dict[str, Any]:
    rules = ({"range": range_} if range_ else {}) | ({"precision": precision} if precision else {})
    return {"validation": rules} if rules else {}


def _ordinal(node: Node, language: str) -> dict[str, Any]:
    steps = [
        {"value": one.code, "label": one.name, "localizedLabels": {language: one.name}, "ordinal": int(one.value)} for one in node.ordinals
    ]
    return {"type": "CODED_TEXT"} | ({"list": steps} if steps else {})


def _number(node: Node, part: str) -> dict[str, Any]:
    limit = node.child(part).range
    return {"suffix": part, "type": "DECIMAL"} | _rules(_range(limit) if limit else {}, {})


def _range(range_: Range, number: type = float) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if range_.low is not None:
        out |= {"minOp": ">=" if range_.low_included else ">", "min": number(range_.low)}
    if range_.high is not None:
        out |= {"maxOp": "<=" if range_.high_included else "<", "max": number(range_.high)}
    return out
