"""Of which classes of the Reference Model the things are that an AQL path passes."""

from __future__ import annotations

from functools import lru_cache

from ihe_kit.openehr import rm
from ihe_kit.openehr.aql_query import All, Condition, Node, Step
from ihe_kit.openehr.paths import class_in

Types = tuple[str, ...]


@lru_cache(maxsize=4096)
def attribute_types(types: Types, attribute: str) -> Types | None:
    """What an attribute of these classes, or of their heirs, may be; () where the table knows too little, None where none has it.

    >>> attribute_types(("OBSERVATION",), "data")
    ('HISTORY',)
    """
    if not types or attribute == "_type" or any(one not in rm.classes() and one not in rm.PRIMITIVES for one in types):
        return ()
    if "EHR" in types and attribute == "ehr_status":  # a reference in the model, but AQL reads on in what it refers to
        return ("EHR_STATUS",)
    found = [attributes[attribute].type for attributes in map(rm.attributes, with_heirs(types)) if attribute in attributes]
    return tuple(dict.fromkeys(map(rm.bare, found))) or None


def with_heirs(types: Types) -> Types:
    return tuple(dict.fromkeys(heir for one in types for heir in (rm.heirs(one) or (one,))))


def below(types: Types, step: Step) -> Types | None:
    """What a whole step may lead to: an archetype id in its predicate says more than the attribute does."""
    found = attribute_types(types, step.attribute)
    code = code_in(step.predicate)
    return (class_in(code),) if found is not None and class_in(code) else found


def code_in(predicate: Condition | None) -> str:
    """The archetype id or at-code that a predicate asks for in any case, or ""."""
    if isinstance(predicate, Node):
        return predicate.code if isinstance(predicate.code, str) else ""
    if isinstance(predicate, All):
        return next(filter(None, map(code_in, predicate.conditions)), "")
    return ""


def structural(types: Types) -> bool:
    """Whether something of these classes is a structure node, which the store has a row of."""
    return any(one in rm.classes() and rm.is_a(one, "LOCATABLE") for one in types)
