"""Whether a template only narrows an archetype, as an editor for templates makes sure of.

A template may leave optional nodes out, make them mandatory and narrow what a value may be. It may not ask for a node that the archetype does not
have, nor allow what the archetype forbids (openEHR AM, Overview, section Templates). An operational template does not show what it was made of, so
the archetype is read beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ihe_kit.openehr import Template, rm
from ihe_kit.openehr.aom import Attribute, Node, Range, Unit


@dataclass(frozen=True, slots=True)
class Widening:
    """One place where a template goes beyond its archetype. `path` begins at the archetype's root."""

    path: str
    says: str


def widenings(template: Template, archetype: Template) -> list[Widening]:
    """Where a template goes beyond an archetype, from the top down; nothing where it narrows it, or does not use it.

    >>> from ihe_kit.openehr import template
    >>> widenings(template("kit_vital_signs.v1"), template("kit_vital_signs.v1"))
    []
    """
    return [one for node in _uses(template.root, archetype.root.code) for one in _node(node, archetype.root, "")]


def _uses(node: Node, code: str) -> Iterator[Node]:
    if node.code == code:
        yield node
        return
    for attribute in node.attributes:
        for child in attribute.children:
            yield from _uses(child, code)


def _node(node: Node, of: Node, path: str) -> Iterator[Widening]:
    """What goes beyond the archetype in a node and below it. What the archetype says nothing of may be narrowed freely."""
    yield from (Widening(path or "/", says) for says in _value(node, of))
    for attribute in node.attributes:
        offered = of.attribute(attribute.name)
        for child in attribute.children:
            here = f"{path}/{attribute.name}{f'[{child.code}]' if child.code else ''}"
            yield from _child(child, offered.children if offered else (), here)
    for offered in of.attributes:
        yield from _missing(offered, node.attribute(offered.name), path)


def _missing(offered: Attribute, own: Attribute | None, path: str) -> Iterator[Widening]:
    """What the archetype asks for, and the template has not taken: a mandatory node, the limits of a value."""
    kept = {child.code for child in own.children} if own else set()
    for one in offered.children:
        if one.code and one.least and one.code not in kept:
            says = f"{one.name} is left out, but the archetype asks for it ({one.occurs}). Only what is optional may be left out."
            yield Widening(f"{path}/{offered.name}[{one.code}]", says)
    if not own and any(not one.code for one in offered.children):
        yield Widening(
            path, f"It says nothing of {offered.name}, so anything may stand there; the archetype limits it. Limits may only be narrowed."
        )


def _child(child: Node, offered: tuple[Node, ...], path: str) -> Iterator[Widening]:
    if child.code:
        of = next((one for one in offered if _stands_for(child, one)), None)
        if not of:
            yield Widening(path, _unknown(child, offered))
            return
        yield from (Widening(path, says) for says in _how_often(child, of))
        if not of.slot:
            yield from _node(child, of, path)
    elif offered:
        fitting = [one for one in offered if child.type == one.type] or [one for one in offered if rm.is_a(child.type, one.type)]
        if not fitting:
            kinds = " or ".join(one.type for one in offered)
            yield Widening(path, f"A {child.type} is asked for, but the archetype wants {kinds}. Another class is another meaning.")
            return
        yield from min((list(_node(child, one, path)) for one in fitting), key=len)


def _stands_for(child: Node, of: Node) -> bool:
    """Whether a node is the archetype's own, narrowed, or an archetype that fills its slot."""
    if not rm.is_a(child.type, of.type):
        return False
    if of.slot and not child.slot and child.code.startswith("openEHR-"):
        return not of.includes or any(pattern and re.fullmatch(pattern, child.code) for pattern in of.includes)
    return child.code == of.code


def _unknown(child: Node, offered: tuple[Node, ...]) -> str:
    same = next((one for one in offered if one.code == child.code), None)
    if same:
        return f"{child.code} is a {child.type} here, but {same.type} in the archetype. A narrowed node stays of its class."
    if child.code.startswith("openEHR-"):
        return f"No slot of the archetype takes {child.code} here. An archetype is put where a slot lets it in."
    return f"The archetype has no {child.code} ({child.name}) here. A template chooses among its nodes; it has no codes of its own."


def _how_often(child: Node, of: Node) -> Iterator[str]:
    if child.least < of.least or (of.most >= 0 and (child.most < 0 or child.most > of.most)):
        yield f"{child.name} may occur {child.occurs} here, but {of.occurs} in the archetype. A narrowed range lies inside the one it came from."


def _value(node: Node, of: Node) -> Iterator[str]:
    """What a data value may be here and not in the archetype: units, numbers, codes, texts."""
    units = {one.units: one for one in of.units}
    if units and not node.units:
        yield f"Any unit may stand here, but the archetype wants {' or '.join(units)}."
    for unit in node.units if units else ():
        if unit.units not in units:
            yield f"The unit {unit.units} is new: the archetype wants {' or '.join(units)}. A unit more is a value that its readers do not expect."
        else:
            yield from _numbers(unit, units[unit.units])
    if of.range and not _inside(node.range or Range(), of.range):
        yield f"The number may be {_said(node.range or Range())}, but {of.range} in the archetype."
    for says, own, theirs in (
        ("code", [code for code, _ in node.codes], [code for code, _ in of.codes]),
        ("text", list(node.options), list(of.options)),
    ):
        more = [one for one in own if one not in theirs] if theirs else []
        if more or (theirs and not own):
            yield f"The {says} {', '.join(more) or 'is free here, and'} is not among those of the archetype ({', '.join(theirs)})."


def _numbers(unit: Unit, of: Unit) -> Iterator[str]:
    if not _inside(unit.magnitude, of.magnitude):
        yield f"In {unit.units} the number may be {_said(unit.magnitude)}, but {of.magnitude} in the archetype. A narrowed range lies inside."
    if not _inside(unit.precision, of.precision):
        yield f"In {unit.units} the decimals may be {_said(unit.precision)}, but {_said(of.precision)} in the archetype."


def _said(one: Range) -> str:
    return "any" if one.low is None and one.high is None else f"{one.low:g}" if one.low == one.high else str(one)


def _inside(one: Range, of: Range) -> bool:
    """Whether each number of a range lies in the other one, too."""
    low = of.low is None or (
        one.low is not None and (one.low > of.low or (one.low == of.low and (of.low_included or not one.low_included)))
    )
    return low and (
        of.high is None
        or (one.high is not None and (one.high < of.high or (one.high == of.high and (of.high_included or not one.high_included))))
    )
