"""What messages there are: events, the message structures that they have, and the groups inside those."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ihe_kit.core import Definition, Part, UnknownPath, nearest
from ihe_kit.v2 import tables
from ihe_kit.v2.tables import Row, structure

_GROUPS = re.compile(r"((?:[A-Z]\w*(?:\[\d{1,5}\])?\.)*)([A-Z]\w*)(?:\[\d{1,5}\])?(-[\d.\[\]]+)?", re.ASCII)


def explain_structure(wanted: str, version: str) -> Definition | None:
    found = structure(wanted, version)
    if not found:
        return None
    served = [event for event in tables.events() if tables.event_structure(event, version) == wanted]
    facts = (("Events", ", ".join(served)),) if served else ()
    says = f"The segments of a message with the structure {wanted}, in their order. A group is sent, left out and repeated as a whole."
    name, spec = tables.title(wanted) or wanted, f"HL7 v{version} table 0354"
    return Definition(wanted, wanted, name, "message structure", says=says, spec=spec, facts=facts, parts=tuple(_tree(found)))


def _tree(parts: Iterable[Row], level: int = 1) -> Iterator[Part]:
    for row in parts:
        name = "" if row.children else tables.title(row.key)
        yield Part(row.name if row.children else row.key, name, row.type, row.occurs, level)
        yield from _tree(row.children, level + 1)


def explain_event(wanted: str, version: str) -> Definition | None:
    """`A01`, `ADT^A01`, `ADT^A01^ADT_A01`, `ACK^A01`; an event alone means the first message type that has it."""
    kind, event = wanted.split("^")[:2] if "^" in wanted else ("", wanted)
    known = tables.events(event)
    names = [key for key in known if (not kind or key.startswith(f"{kind}^")) and tables.event_structure(key, version)]
    if kind == "ACK" and known:
        names, known = [wanted], {wanted: f"Acknowledgment of {event}"}
    elif "^" in wanted and not names:
        raise UnknownPath(f"version {version} has no event {wanted}{nearest(wanted, tables.events())}")
    if not names or not event:
        return None
    first, used = names[0], tables.event_structure(names[0], version)
    facts = (("Structure", used), ("Also in", ", ".join(names[1:])))
    says = f"MSH-9 of such a message begins with {first}: the type of the message, and what happened." if kind != "ACK" else ""
    parts, spec = tuple(_tree(structure(used, version))), f"HL7 v{version} tables 0003 and 0354"
    return Definition(
        wanted, first, known[first] or first, "event", says=says, spec=spec, facts=tuple(f for f in facts if f[1]), parts=parts
    )


def find_group(wanted: str, version: str, within: str) -> Definition | str | None:
    """A path through groups, `PATIENT_RESULT.ORDER_OBSERVATION[2].OBX[1]-5`: the group, or of a segment at its end the path without groups.

    The name of a structure may stand before it; else it is looked for `within` one, or in every structure that the version has. None: this is
    no path through groups. Raises UnknownPath.
    """
    found = _GROUPS.fullmatch(wanted)
    if not found or (not found[1] and len(found[2]) == 3):
        return None
    steps = [re.sub(r"\[\d+\]", "", step) for step in f"{found[1]}{found[2]}".split(".")]
    if structure(steps[0], version):
        within, steps = steps[0], steps[1:]
    names = [within] if structure(within, version) else sorted(tables.structures(version))
    for name in names:
        row = next(_walk(structure(name, version), steps), None)
        if row and not row.children:
            return row.key + (found[3] or "")
        if row and not found[3]:
            says = f"A group of {name}: its segments are sent, left out and repeated together."
            spec = f"HL7 v{version} table 0354"
            return Definition(wanted, row.name, row.name, row.type, row.occurs, says=says, spec=spec, parts=tuple(_tree(row.children)))
    if not found[1] and "_" not in found[2]:
        return None
    inside = {part.label for name in names for part in _tree(structure(name, version))} - set(steps)
    where = names[0] if len(names) == 1 else f"version {version}"
    raise UnknownPath(f"{where} has no group or structure {wanted}{nearest(steps[-1], sorted(inside | tables.structures(version)))}")


def _walk(parts: Iterable[Row], steps: list[str]) -> Iterator[Row]:
    """The rows at the end of a path of names. Names between may be left out, as long as they stand in this order."""
    for row in parts:
        rest = steps[1:] if row.name == steps[0] else steps
        if not rest:
            yield row
        else:
            yield from _walk(row.children, rest)
