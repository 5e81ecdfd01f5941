"""The web template of an operational template: the tree of its FLAT ids, with paths, limits and inputs, as EHRbase and Better write it
(openEHR ITS-REST 1.1.0, Simplified Formats, Web Template Metadata)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Attribute, Node
from ihe_kit.openehr.leaves import mixed, only_event, own_id, web_id
from ihe_kit.openehr.opt import Template
from ihe_kit.openehr.webtemplate_inputs import inputs

VERSION = "2.3"
_LEFT_OUT = ("HISTORY", "ITEM_STRUCTURE")
# What the reference model adds to each class, in the order in which it stands after the template's own.
_OF_THE_MODEL = {
    "COMPOSITION": "category language territory composer",
    "EVENT_CONTEXT": "start_time setting",
    "ENTRY": "language encoding subject",
    "INSTRUCTION": "narrative",
    "ACTIVITY": "timing action_archetype_id",
    "ACTION": "time ism_transition",
    "ISM_TRANSITION": "current_state transition careflow_step",
    "EVENT": "time",
    "INTERVAL_EVENT": "math_function width",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a template on its way into the tree: where it stands, and under which name."""

    node: Node
    path: str
    id: str
    name: str
    of_model: bool = False


def web_template(template: Template) -> dict[str, Any]:
    """The web template: `templateId`, `version`, `defaultLanguage`, `languages` and the `tree`.

    >>> from ihe_kit.openehr.opt import template
    >>> web_template(template("kit_vital_signs.v1"))["tree"]["id"]
    'vital_signs'
    """
    name = template.root.fixed_name or template.root.name or template.concept
    languages = sorted({template.language, *(key.rpartition("|")[2] for key in template.words)})
    tree = _tree(Place(template.root, "", web_id(name), name), template.language)
    return {
        "templateId": template.id,
        "version": VERSION,
        "defaultLanguage": template.language,
        "languages": languages,
        "tree": tree,
    }


def _tree(place: Place, language: str) -> dict[str, Any]:
    """One node of the tree, and all below it."""
    node = place.node
    value = _only_value(node)
    shown = value or node
    out: dict[str, Any] = {"id": place.id}
    if place.name:
        out["name"] = place.name
        if not place.of_model:
            out["localizedName"] = place.name
    out["rmType"] = shown.type
    if not place.of_model or not place.name:
        out["nodeId"] = "" if node.type == "EVENT_CONTEXT" else node.code
    out |= {"min": node.least, "max": node.most}
    if node.code and node.name:
        out |= {"localizedNames": {language: place.name}, "localizedDescriptions": {language: node.says}}
    limits = list(_cardinalities(node))
    out |= {"cardinalities": limits} if limits else {}
    out["aqlPath"] = f"{place.path}/value" if value else place.path
    below = [_tree(child, language) for child in (() if value else _below(node, place.path))]
    out |= {"children": below} if below else {}
    given = [] if below else inputs(shown, language)
    if value and mixed(node):
        given = [given[0] | {"listOpen": True}, {"suffix": "other", "type": "TEXT"}]
    out |= {"inputs": given} if given else {}
    if place.of_model:
        out["inContext"] = True
    if node.bindings:
        out["termBindings"] = {name: {"value": code, "terminologyId": name} for name, code in node.bindings}
    return out


def _only_value(node: Node) -> Node | None:
    """The one data value of an element, which stands in its place; None where there are several, or this is no element."""
    held = node.attribute("value") if node.type == "ELEMENT" else None
    if held and mixed(node):
        return next(kind for kind in held.children if kind.type == "DV_CODED_TEXT")
    return held.children[0] if held and len(held.children) == 1 else None


def _below(node: Node, path: str, taken: dict[str, int] | None = None) -> Iterator[Place]:
    """What stands below a node: the template's own, then what the reference model adds."""
    taken = {} if taken is None else taken
    if node.type == "ELEMENT":
        yield from _values(node, path)
        return
    known = rm.attributes(node.type)
    for attribute in node.attributes:
        for child in attribute.children if attribute.name in known else ():
            if child.slot or not (child.code or child.type == "EVENT_CONTEXT"):
                continue
            here = f"{path}/{attribute.name}" + (f"[{_code(child, attribute)}]" if child.code and child.type != "EVENT_CONTEXT" else "")
            if any(one in _LEFT_OUT for one in rm.lineage(child.type)) or only_event(child, attribute):
                yield from _below(child, here, taken)
            elif child.code and child.type != "EVENT_CONTEXT":
                name = child.fixed_name or child.name
                yield Place(child, here, own_id(web_id(name), taken), name)
            else:
                yield Place(child, here, attribute.name, "")
    yield from _of_model(node, path)


def _code(child: Node, attribute: Attribute) -> str:
    """What stands in the brackets of a path: the code, and the name too where the template sets one."""
    return (
        f"{child.code},'{child.fixed_name}'"
        if (child.fixed_name and child.fixed_name != child.name) or _twin(child, attribute)
        else child.code
    )


def _twin(child: Node, attribute: Attribute) -> bool:
    """Whether a sibling has the same code, so that only the name tells them apart."""
    return bool(child.fixed_name) and sum(other.code == child.code for other in attribute.children) > 1


def _of_model(node: Node, path: str) -> Iterator[Place]:
    """The attributes that the reference model adds below a node of its class."""
    for ancestor in reversed(list(rm.lineage(node.type))):
        for name in _OF_THE_MODEL.get(ancestor, "").split():
            known, said = rm.attributes(node.type)[name], node.attribute(name)
            inner = node.child(name)
            least = 1 if said or known.required else 0
            word = name.capitalize() if not said else ""
            yield Place(Node(inner.type, "", least, 1, attributes=inner.attributes, codes=inner.codes), f"{path}/{name}", name, word, True)


def _values(element: Node, path: str) -> Iterator[Place]:
    """The alternatives of an element, each under the name of its class."""
    held = element.attribute("value")
    kinds = held.children if held and held.children else tuple(Node(type_, least=0) for type_ in _ANY)
    for kind in kinds:
        id_ = f"{rm.bare(kind.type).removeprefix('DV_').lower()}_value"
        yield Place(kind, f"{path}/value", id_, element.fixed_name or element.name, True)


_ANY = tuple(
    f"DV_{name}"
    for name in (
        *("CODED_TEXT", "TEXT", "MULTIMEDIA", "PARSABLE", "STATE", "BOOLEAN", "IDENTIFIER", "URI", "EHR_URI", "DURATION", "QUANTITY"),
        *("COUNT", "PROPORTION", "DATE_TIME", "DATE", "TIME", "ORDINAL"),
    )
)


def _cardinalities(node: Node) -> Iterator[dict[str, Any]]:
    """How many members a list may have, where the template says more than each member's own limits."""
    for attribute in node.attributes:
        limit = attribute.cardinality
        if limit and (limit.least > 1 or limit.most > 0) and attribute.name == "items":
            taken: dict[str, int] = {}
            ids = [own_id(web_id(child.fixed_name or child.name), taken) for child in attribute.children if child.code and not child.slot]
            yield {"min": limit.least, "max": limit.most, "ids": ids}
