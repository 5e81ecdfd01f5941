"""From the XML of an operational template (OPT 1.4) to the tree of its constraints.

What the schemas of ITS-XML, AM Release 1.4 (Template.xsd, OpenehrProfile.xsd, Archetype.xsd) know is kept. A text that breaks them in what
does not matter (order, an empty description, a missing occurrences) is read all the same: most templates in the wild do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ihe_kit.core import Unreadable
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import ARCHETYPE_ID, Attribute, Cardinality, Description, Node, Ordinal, Range, Span, Terms, Unit

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element as Xml

MAX_DEPTH = 200
MAX_NODES = 100_000  # internal references repeat what they point to
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Archetype:
    """What the nodes of one archetype share: its root in the XML, its terms and the codes of other terminologies bound to them."""

    root: Xml
    terms: Terms
    bindings: dict[str, list[tuple[str, str]]]
    count: list[int] = field(default_factory=lambda: [0])


def text(xml: Xml | None, path: str) -> str:
    return (xml.findtext(path) or "").strip() if xml is not None else ""


def definition(xml: Xml) -> Node:
    """The root node of a definition. Raises Unreadable where something is missing without which nothing can be checked."""
    if not ARCHETYPE_ID.fullmatch(text(xml, "archetype_id/value")):
        found = text(xml, "archetype_id/value") or "none"
        raise Unreadable(f"expected a definition with the archetype_id that it is made of, but found {found!r}")
    return _node(xml, Archetype(xml, {}, {}), 1)


def description(xml: Xml | None) -> Description:
    """Author, state and purpose, from the first of the details that are given in several languages."""
    details = xml.find("details") if xml is not None else None
    return Description(
        authors=_items(xml, "original_author"),
        state=text(xml, "lifecycle_state"),
        purpose=text(details, "purpose"),
        use=text(details, "use"),
        misuse=text(details, "misuse"),
        details=_items(xml, "other_details"),
    )


def notes(xml: Xml) -> dict[str, dict[str, str]]:
    """What a template notes about its paths: `{"[openEHR-EHR-…]/content…": {"fhir_mapping": "…"}}`."""
    return {found.get("path", ""): dict(_items(found, "items")) for found in xml.findall("annotations")}


def languages(xml: Xml) -> dict[str, Terms]:
    """The terms of every archetype in every language that the ontologies give, as `archetype|language`; most templates give none."""
    found: dict[str, Terms] = {}
    for ontology in [*xml.findall("ontology"), *xml.findall("component_ontologies")]:
        for terms in ontology.findall("term_definitions"):
            key = f"{ontology.get('archetype_id', '')}|{terms.get('language', '')}"
            found.setdefault(key, {}).update({term.get("code", ""): _words(term) for term in terms.findall("items")})
    return found


def _node(xml: Xml, within: Archetype, depth: int) -> Node:
    within.count[0] += 1
    if depth > MAX_DEPTH or within.count[0] > MAX_NODES:
        limit = f"{MAX_DEPTH} levels of nesting" if depth > MAX_DEPTH else f"{MAX_NODES} nodes"
        raise Unreadable(f"expected at most {limit}")
    archetype, code, type_ = text(xml, "archetype_id/value"), text(xml, "node_id"), text(xml, "rm_type_name")
    if not type_:
        raise Unreadable(f"expected an rm_type_name in every node of the definition, but {archetype or code or 'one'} has none")
    if archetype:
        within = Archetype(xml, _terms(xml), _bindings(xml), within.count)
    kind = next((value.rpartition(":")[2] for key, value in xml.items() if key.endswith("}type")), "C_COMPLEX_OBJECT")
    name, says = within.terms.get("at0000" if archetype else code, ("", ""))
    least, most = _interval(xml, "occurrences", 0, -1)
    source = _target(xml, within) if kind == "ARCHETYPE_INTERNAL_REF" else xml
    return Node(
        type=rm.bare(type_),
        code=archetype or code,
        least=least,
        most=most,
        name=name,
        says=says,
        slot=kind == "ARCHETYPE_SLOT",
        attributes=tuple(_attribute(child, within, depth) for child in source.findall("attributes")),
        kind=kind,
        limits_of=type_.partition("<")[2].rstrip("> ") if type_.startswith("DV_INTERVAL") else "",
        default=_default(xml),
        bindings=tuple(within.bindings.get("at0000" if archetype else code, ())),
        terms=within.terms if archetype else {},
        **_limits(source, kind, within),  # type: ignore[arg-type]
    )


def _target(xml: Xml, within: Archetype) -> Xml:
    """The node of the same archetype that an internal reference points to."""
    here, path = within.root, text(xml, "target_path")
    for name, code in re.findall(r"/(\w+)(?:\[([^\],]+)[^\]]*\])?", path):
        inside = [
            child for one in here.findall("attributes") if text(one, "rm_attribute_name") == name for child in one.findall("children")
        ]
        fits = [child for child in inside if not code or code in (text(child, "node_id"), text(child, "archetype_id/value"))]
        if not fits:
            raise Unreadable(f"expected a node at {path}, to which an internal reference points, but there is none")
        here = fits[0]
    return here


def _attribute(xml: Xml, within: Archetype, depth: int) -> Attribute:
    name = text(xml, "rm_attribute_name")
    if not name:
        raise Unreadable("expected an rm_attribute_name in every attribute of the definition, but one has none")
    least, most = _interval(xml, "existence", 0, 1)
    found, cardinality = xml.find("cardinality"), None
    if found is not None:
        fewest, largest = _interval(found, "interval", 0, -1)
        cardinality = Cardinality(fewest, largest, text(found, "is_ordered") != "false", text(found, "is_unique") == "true")
    children = tuple(_node(child, within, depth + 1) for child in xml.findall("children"))
    return Attribute(name, least, children, most, cardinality)


# Limits of values --------------------------------------------------------------------------------------------------------------------


def _limits(xml: Xml, kind: str, within: Archetype) -> dict[str, object]:
    """The fields of Node that hold the limits of a value, by the class of the constraint."""
    if kind == "C_DV_QUANTITY":
        units = tuple(Unit(text(one, "units"), _range(one.find("magnitude")), _range(one.find("precision"))) for one in xml.findall("list"))
        return {"units": units, "property_code": text(xml, "property/code_string")}
    if kind in ("C_DV_ORDINAL", "C_DV_SCALE"):
        return {"ordinals": tuple(_ordinal(one, within.terms) for one in xml.findall("list"))}
    if kind in ("C_CODE_PHRASE", "C_CODE_REFERENCE"):
        return _codes(xml, within.terms)
    if kind == "CONSTRAINT_REF":
        return {"reference": text(xml, "reference") or "a set of codes"}
    if kind == "ARCHETYPE_SLOT":
        return {"includes": tuple(map(_assertion, xml.findall("includes"))), "excludes": tuple(map(_assertion, xml.findall("excludes")))}
    item = xml.find("item")
    return _primitive(item) if item is not None else {}


def _codes(xml: Xml, terms: Terms) -> dict[str, object]:
    listed = [re.sub(r"^\[?\w[^:\]]*::|\]$", "", code) for code in _listed(xml, "code_list")]
    codes = tuple((code, terms.get(code, ("", ""))[0] or rm.terms().get(code, "")) for code in listed if code)
    return {"terminology": text(xml, "terminology_id/value"), "codes": codes, "reference": text(xml, "referenceSetUri")}


def _ordinal(xml: Xml, terms: Terms) -> Ordinal:
    code = text(xml, "symbol/defining_code/code_string")
    name = terms.get(code, ("", ""))[0] or text(xml, "symbol/value")
    return Ordinal(text(xml, "value"), text(xml, "symbol/defining_code/terminology_id/value"), code, name)


def _primitive(item: Xml) -> dict[str, object]:
    kind = next((value.rpartition(":")[2] for key, value in item.items() if key.endswith("}type")), "")
    found: dict[str, object] = {"options": tuple(_listed(item, "list")), "pattern": text(item, "pattern")}
    if kind == "C_BOOLEAN":
        valid = [word for word in ("true", "false") if text(item, f"{word}_valid") != "false"]
        return {"options": tuple(valid) if len(valid) == 1 else ()}
    if kind == "C_STRING":
        return found | {"open_list": text(item, "list_open") == "true"}
    limits = item.find("range")
    if kind in ("C_DATE", "C_TIME", "C_DATE_TIME", "C_DURATION"):
        zone = {"1001": "asked", "1003": "barred"}.get(text(item, "timezone_validity"), "")
        return found | {"span": _span(limits) if limits is not None else None, "zone": zone}
    return found | {"range": _range(limits) if limits is not None else None}


def _assertion(xml: Xml) -> str | None:
    """The pattern of archetype ids that one assertion of a slot matches; None where it says something else."""
    left = text(xml, "expression/left_operand/item")
    pattern = text(xml, "expression/right_operand/item/pattern")
    if not pattern:
        said = re.fullmatch(r"\s*(\S+)\s+matches\s+\{\s*/(.*)/\s*\}\s*", text(xml, "string_expression"), re.DOTALL)
        left, pattern = (said.group(1), said.group(2)) if said else ("", "")
    subject = left.strip().strip("/")
    if not pattern or text(xml, "expression/operator") not in ("", "2007"):
        return None
    if subject in ("archetype_id/value", "archetype_id"):
        return pattern
    if subject in ("short_concept_name", "domain_concept", "archetype_id/short_concept_name"):
        return rf"[\w-]+-\w+-\w+\.(?:{pattern})\.v.*"
    return None


def _default(xml: Xml) -> str:
    """The value that is meant where none is given, in a word: of a text, a code, a number."""
    for path in ("assumed_value", "item/assumed_value", "default_value"):
        found = xml.find(path)
        if found is not None:
            words = [text(found, tag) for tag in ("magnitude", "units", "code_string", "value", "defining_code/code_string")]
            return " ".join(filter(None, words)) or (found.text or "").strip()
    return ""


# Small things ------------------------------------------------------------------------------------------------------------------------


def _listed(xml: Xml, tag: str) -> list[str]:
    return [(child.text or "").strip() for child in xml.findall(tag)]


def _items(xml: Xml | None, tag: str) -> tuple[tuple[str, str], ...]:
    found: Iterator[Xml] = iter(xml.findall(tag)) if xml is not None else iter(())
    return tuple((item.get("id", ""), (item.text or "").strip()) for item in found if (item.text or "").strip())


def _terms(xml: Xml) -> Terms:
    return {term.get("code", ""): _words(term) for term in xml.findall("term_definitions")}


def _words(term: Xml) -> tuple[str, str]:
    words = {item.get("id"): (item.text or "").strip() for item in term.findall("items")}
    return words.get("text", ""), words.get("description", "")


def _bindings(xml: Xml) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for bound in xml.findall("term_bindings"):
        for item in bound.findall("items"):
            code = re.sub(r"^\[.*::|\]$", "", text(item, "value/code_string"))
            found.setdefault(item.get("code", ""), []).append((bound.get("terminology", ""), code))
    return found


def _interval(xml: Xml, tag: str, least: int, most: int) -> tuple[int, int]:
    """The limits of an interval of counts; -1 for no upper one. Raises Unreadable where they are no counts, or the upper is below the lower."""
    found = xml.find(tag)
    if found is None:
        return least, most
    low, high = _count(found, f"{tag}/lower", 0), _count(found, f"{tag}/upper", -1)
    if text(found, "upper_unbounded") == "true":
        high = -1
    if 0 <= high < low:
        raise Unreadable(f"expected an upper limit of {tag} that is not below the lower one, but found {low}..{high}")
    return low, high


def _count(xml: Xml, path: str, default: int) -> int:
    found = text(xml, path.rpartition("/")[2])
    if found and not re.fullmatch("[0-9]{1,10}", found):
        raise Unreadable(f"expected a whole number of at most 10 digits in {path}, but found {found[:20]!r}")
    return int(found or default)


def _limit(xml: Xml | None, side: str) -> tuple[str, bool]:
    value = "" if xml is None or text(xml, f"{side}_unbounded") == "true" else text(xml, side)
    return value, text(xml, f"{side}_included") != "false"


def _range(xml: Xml | None) -> Range:
    """A range of numbers; open where there is none, or where its limits are no numbers."""
    (low, low_included), (high, high_included) = _limit(xml, "lower"), _limit(xml, "upper")
    lowest, highest = (float(limit) if _NUMBER.fullmatch(limit) else None for limit in (low, high))
    return Range(lowest, highest, low_included, high_included)


def _span(xml: Xml) -> Span:
    (low, low_included), (high, high_included) = _limit(xml, "lower"), _limit(xml, "upper")
    return Span(low, high, low_included, high_included)
