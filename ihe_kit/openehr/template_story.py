"""Who constrained a node of a template: the Reference Model, an archetype, the template, a terminology.

An operational template is the archetypes and the template poured into one. What it was poured from it does not say of everything: whether an
archetype set a limit or the template narrowed it cannot be told from the OPT alone. Such a statement stands under `EITHER`, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.template_tree import Row, TemplateTree

MODEL, ARCHETYPE, TEMPLATE, EITHER, TERMINOLOGY = (
    "Reference Model",
    "Archetype",
    "Template",
    "Archetype or template: the OPT does not say which",
    "Terminology",
)
_LEVELS = (MODEL, ARCHETYPE, TEMPLATE, EITHER, TERMINOLOGY)
_WHERE = {"local": "the archetype's own codes", "openehr": "openEHR's own terminology", "UCUM": "UCUM, the code of units"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What one level says of a node. `who` names it further: the class, the archetype, the template."""

    level: str
    who: str
    says: tuple[str, ...]
    spec: str = ""


def story(tree: TemplateTree, row: Row) -> list[Stage]:
    """What each level says of a row, from the Reference Model up; a level that says nothing is left out.

    >>> from ihe_kit.openehr.template_tree import template_tree
    >>> tree = template_tree("kit_vital_signs.v1")
    >>> [one.level for one in story(tree, tree.rows[tree.find("Systolic")])][:2]
    ['Reference Model', 'Archetype']
    """
    name = tree.template.id if tree.template else ""
    told = {
        MODEL: (_place(row), _model(row)),
        ARCHETYPE: (row.archetype, [] if row.model else _archetype(row)),
        TEMPLATE: (name, _template(tree, row)),
        EITHER: ("", [] if row.model else _either(row)),
        TERMINOLOGY: ("", [] if row.model else _terminology(row)),
    }
    specs = {MODEL: _spec(row)}
    return [Stage(level, told[level][0], tuple(told[level][1]), specs.get(level, "")) for level in _LEVELS if told[level][1]]


def _place(row: Row) -> str:
    return f"{row.owner}.{row.attribute}" if row.way else row.node.type


def _a(type_: str) -> str:
    return f"{'an' if type_[:1] in 'AEIOU' else 'a'} {type_}"


def _spec(row: Row) -> str:
    known = rm.attributes(row.owner).get(row.attribute)
    own = rm.classes().get(row.node.type, {}).get("")
    return known.spec if known else own.spec if own else ""


def _model(row: Row) -> list[str]:
    known, own = rm.attributes(row.owner).get(row.attribute), rm.classes().get(row.node.type, {}).get("")
    says = [f"{row.attribute} may hold {_a(known.type)}, {known.occurs}. {known.says}"] if known else []
    says += [f"{row.node.type}: {own.says}"] if own else []
    if row.model:
        says.append(
            "Every object of this class needs it, and the template says nothing of it." if known and known.required else "It may be there."
        )
    return says


def _archetype(row: Row) -> list[str]:
    node = row.node
    if not node.code:
        return []
    says = [f"{node.code} is called {node.name}" + (f": {node.says}" if node.says else ".")] if node.name else []
    says += [f"It means the same as {code} of {terminology}." for terminology, code in node.bindings]
    return says + (["A slot: other archetypes may be put in here, and the template left it open."] if node.slot else [])


def _template(tree: TemplateTree, row: Row) -> Iterator[str] | list[str]:
    says = []
    if row.is_root:
        says.append(
            f"It chose {row.node.code} for this place."
            if row.way
            else f"It is made for the archetype {row.node.code}, from which it begins."
        )
    if row.node.fixed_name and row.node.fixed_name != row.node.name and row.node.name:
        says.append(f"Its name here is {row.node.fixed_name}; the archetype says {row.node.name}.")
    notes = tree.template.annotations if tree.template else {}
    for path, items in notes.items():
        if path.removeprefix(f"[{tree.rows[0].node.code}]") in (row.path, "" if row.path == "/" else row.path):
            says += [f"Its note {key}: {text}" for key, text in items.items()]
    return says


def _either(row: Row) -> list[str]:
    node, known = row.node, rm.attributes(row.owner).get(row.attribute)
    says = []
    open_ = "0..*" if known and known.many else known.occurs if known else ""
    if row.way and node.code and node.occurs != open_:
        says.append(f"It may occur {node.occurs}, where the Reference Model leaves {open_ or 'it open'}.")
    for one in row.holds:
        if one.type in ("any value", "slot") or not (one.limits or one.codes):
            continue
        says.append(f"Its value is limited: {one}.")
    if len(row.holds) > 1:
        says.append(f"It is one of {len(row.holds)} types: {', '.join(one.name for one in row.holds)}.")
    if (default := _default(node)) and node.type == "ELEMENT":
        says.append(f"Where nothing is given, {default} is meant.")
    return says


def _default(node: Node) -> str:
    value = node.attribute("value")
    return next((child.default for child in value.children if child.default), "") if value else ""


def _terminology(row: Row) -> list[str]:
    says = []
    for terminology in dict.fromkeys(one.terminology for one in row.holds if one.terminology):
        says.append(f"What the {'units' if terminology == 'UCUM' else 'codes'} mean says {_WHERE.get(terminology, terminology)}.")
    if any(one.limits.startswith("a value set: ") for one in row.holds):
        says.append("Which codes belong to the value set stands in no template: ask a terminology server.")
    return says
