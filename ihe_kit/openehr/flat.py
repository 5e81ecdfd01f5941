"""FLAT (simSDT) and canonical JSON, both ways: `vital_signs/blood_pressure:0/any_event:0/systolic|magnitude` and the tree it stands for.

A FLAT key is a row of names, each a node of the template, with `:n` (from 0) where a node may repeat; what follows `|` is a part of the
value. The classes, codes and names that canonical JSON wants come from the template and the reference model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast

from ihe_kit.openehr import flat_ctx, rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.flat_ctx import Default
from ihe_kit.openehr.flat_keys import Entry, clashes, entry, order, spelled_out
from ihe_kit.openehr.flat_parts import inner_path, kind, lineage, primitive
from ihe_kit.openehr.message import OpenehrMessage, parse
from ihe_kit.openehr.opt import Template
from ihe_kit.openehr.opt import template as known_template

Clock = Callable[[], datetime]

# The story's own defaults, so that two values make a whole composition. Whoever writes real data gives them.
STORY = {"territory|code": "NO", "composer|name": "Jonas Dahl", "context/setting|code": "238"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds for a whole composition and goes into every part of it that says nothing else."""

    template: str
    language: str
    time: str  # below a history its origin
    id_scheme: str = ""
    id_namespace: str = ""
    defaults: tuple[Default, ...] = ()


def from_flat(values: Mapping[str, Any], template: Template | str, clock: Clock) -> OpenehrMessage:
    """The canonical composition of FLAT values. Raises ValueError that says which part of a key could not be used.

    Beside full keys it takes `ctx/language`, `ctx/time` and the like, the bare name of a value that the template has only once
    (`systolic`), an openEHR path (`/composer/name`), and a bare number or text for a quantity or a code. Time defaults to the clock, the
    rest to the story's `STORY`.

    >>> from datetime import UTC
    >>> from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", lambda: datetime.now(UTC)).kind
    'COMPOSITION'
    """
    body = compose(values, known_template(template) if isinstance(template, str) else template, clock)
    return parse(json.dumps(body, indent=1, ensure_ascii=False) + "\n")


def compose(values: Mapping[str, Any], one: Template, clock: Clock) -> dict[str, Any]:
    """The JSON object of FLAT values. Raises ValueError as `from_flat` does."""
    root = one.leaves[0].root
    entries = [entry(one, full, part, key) for key, value in values.items() for full, part in spelled_out(one, key, value).items()]
    for problem in clashes(entries).values():
        raise ValueError(problem)
    category = one.root.child("category").child("defining_code").codes
    defaults = {"language|code": one.language, **STORY, "context/start_time": clock().isoformat()}
    defaults["category|code"] = category[0][0] if category else "433"
    usual = [entry(one, f"{root}/{key}", value, key) for key, value in defaults.items()]
    given = {(each.moves, each.suffix): each.value for each in entries}
    said = {each.key: str(given.get((each.moves, each.suffix), each.value)) for each in usual}
    ids = {name: flat_ctx.plain(values, name) for name in flat_ctx.IDS}
    frame = Frame(one.id, said["language|code"], said["context/start_time"], **ids, defaults=tuple(flat_ctx.defaults(values)))
    whole = {each.moves for each in entries if each.suffix == "raw"}
    lasting = not any(each.moves and each.moves[0][0].attribute == "context" for each in entries) and said["category|code"] == "431"
    entries += [
        each
        for each in usual
        if each.moves not in {moves for moves, _ in given}
        and not any(each.moves[:depth] in whole for depth in range(len(each.moves)))
        and not (lasting and each.moves[0][0].attribute == "context")  # what is persistent was made on no one occasion
    ]
    known = order(one)
    entries.sort(key=lambda each: known.get((root, *(move.id for move, _ in each.moves if move.id)), (len(known),))[0])
    return cast("dict[str, Any]", _object(one.root, entries, frame))


def _object(node: Node, entries: list[Entry], frame: Frame, where: str = "") -> Any:
    """The JSON of a template node, from the entries that lie below it."""
    here = {each.suffix: each.value for each in entries if not each.moves}
    if "raw" in here:
        return here["raw"]
    if primitive(node):
        return here[""]
    if frame.defaults:
        entries = [*entries, *_by_default(node, entries, frame)]
    if node.type == "HISTORY":
        frame = replace(frame, time=_origin(entries) or frame.time)
    groups: dict[tuple[str, int, int], tuple[Node, list[Entry]]] = {}
    for each in (one for one in entries if one.moves):
        (move, index), *rest = each.moves
        attribute = node.attribute(move.attribute)
        position = next((n for n, child in enumerate(attribute.children if attribute else ()) if child is move.node), 0)
        _, group = groups.setdefault((move.attribute, position, index), (move.node, []))
        group.append(Entry(each.key, tuple(rest), each.suffix, each.value))
    out: dict[str, Any] = {}
    for name, position, index in sorted(groups):
        made = _object(*groups[name, position, index], frame, name)
        out[name] = [*out.get(name, []), made] if rm.attributes(kind(node.type))[name].many else made
    value = value_of(node, here, frame, where) if here else {}
    return _ordered(value.get("_type", kind(node.type)), _frame(node, frame) | value | out)


def _by_default(node: Node, entries: list[Entry], frame: Frame) -> list[Entry]:
    """What the context says of a node and no key says otherwise."""
    said = {tuple(move.attribute for move, _ in each.moves) for each in entries if each.moves}
    found = []
    for default in frame.defaults:
        moves = default.moves(node)
        way = tuple(move.attribute for move, _ in moves)
        if moves and not any(one[: len(way)] == way or way[: len(one)] == one for one in said):
            found.append(Entry(default.key, moves, default.suffix, default.value))
    return found


def _origin(entries: list[Entry]) -> str:
    """The origin of a history, which its events share unless they have times of their own; "" where no key gives one."""
    own = (each.value for each in entries if [move.attribute for move, _ in each.moves] == ["origin"] and not each.suffix)
    return str(next(own, ""))


def _frame(node: Node, frame: Frame) -> dict[str, Any]:
    """What a node has whatever its values are: its name, its code, and what the reference model asks of its class."""
    above, time = lineage(node.type), {"value": frame.time}
    out: dict[str, Any] = {}
    if "LOCATABLE" in above:
        out |= {"name": _typed("DV_TEXT", {"value": node.fixed_name or node.name}), "archetype_node_id": node.code}
    if node.code.startswith("openEHR-"):
        details: dict[str, Any] = {"archetype_id": {"value": node.code}, "rm_version": "1.1.0"}
        details |= {"template_id": {"value": frame.template}} if node.type == "COMPOSITION" else {}
        out["archetype_details"] = _typed("ARCHETYPED", details)
    if "ENTRY" in above:
        out["language"] = value_of(Node("CODE_PHRASE"), {"code": frame.language}, frame, "language")
        out["encoding"] = value_of(Node("CODE_PHRASE"), {"code": "UTF-8"}, frame, "encoding")
        out["subject"] = {"_type": "PARTY_SELF"}
    if node.type == "ACTIVITY":
        out["action_archetype_id"] = "/.*/"  # any action may carry it out
    if node.type in ("HISTORY", "ACTION") or "EVENT" in above:
        out["origin" if node.type == "HISTORY" else "time"] = _typed("DV_DATE_TIME", time)
    return out


def value_of(node: Node, given: Mapping[str, Any], frame: Frame, where: str = "") -> dict[str, Any]:
    """The JSON object of a data value from its FLAT parts; the unit or the text of a code comes from the template where only one fits."""
    one = dict(given)
    if node.type == "DV_QUANTITY" and "unit" not in one and len(node.units) == 1:
        one["unit"] = node.units[0].units
    if "code" in one and node.type in ("DV_CODED_TEXT", "CODE_PHRASE"):
        phrase = node if node.type == "CODE_PHRASE" else node.child("defining_code")
        known = dict(phrase.codes) | ({} if phrase.codes else rm.terms())
        fallback = "openehr" if str(one["code"]) in rm.terms() else "local"
        one.setdefault("terminology", phrase.terminology or _TERMINOLOGIES.get(where) or fallback)
        if node.type == "DV_CODED_TEXT":
            one.setdefault("value", known.get(str(one["code"]), str(one["code"])))
    for step in node.ordinals:
        if str(one.get("ordinal")) == step.value or ("ordinal" not in one and one.get("code") == step.code):
            filled = {"ordinal": int(step.value), "code": step.code, "value": step.name, "terminology": step.terminology or "local"}
            one = filled | one
    out: dict[str, Any] = {}
    for suffix, value in one.items():
        _put(out, str(inner_path(node, suffix)).split("/"), value)
    if "media_type" in out:
        out["media_type"]["terminology_id"] = {"value": "IANA_media-types"}
    if "mode" in out and str(out["mode"]["value"]) in _codes():
        out["mode"]["defining_code"] = {"terminology_id": {"value": "openehr"}, "code_string": _codes()[str(out["mode"]["value"])]}
    if node.type == "DV_PARSABLE" and where == "timing":
        out.setdefault("formalism", "timing")
    for party in (out, out.get("performer")):
        if party and "external_ref" in party:
            party["external_ref"] |= {"type": "PARTY"}
            _identified(party["external_ref"], frame, "id_scheme")
    if node.type == "OBJECT_REF":
        _identified(out, frame)
    return _typed(str(out.pop("_type", kind(node.type))), out)


def _put(here: Any, way: list[str], value: Any) -> None:
    """Puts a value at the end of a way; a number on it leads into a list."""
    for name, following in pairwise(way):
        empty: Any = [] if following.isdecimal() else {}
        if isinstance(here, dict):
            here = here.setdefault(name, empty)
        else:
            here += [{}] * (int(name) == len(here))
            here = here[int(name)]
    here[way[-1]] = value


def _identified(reference: dict[str, Any], frame: Frame, otherwise: str = "") -> None:
    """Gives a reference the scheme and the namespace of the context where it has none of its own."""
    if scheme := frame.id_scheme or otherwise:
        reference.setdefault("id", {}).setdefault("scheme", scheme)
    if frame.id_namespace:
        reference.setdefault("namespace", frame.id_namespace)


_TERMINOLOGIES = {"language": "ISO_639-1", "territory": "ISO_3166-1", "encoding": "IANA_character-sets"}


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """The codes of openEHR's own terminology by their rubrics."""
    return {text: code for code, text in rm.terms().items()}


def _typed(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Puts `_type` on a value and on every object in it, as the reference model names them."""
    known = rm.attributes(name)
    for key, value in values.items():
        if isinstance(value, dict) and "_type" not in value:
            declared = known[key].type if key in known else ""
            values[key] = _typed(kind(declared), value)
        elif isinstance(value, list):
            values[key] = [_typed(kind(known[key].type), one) if isinstance(one, dict) and "_type" not in one else one for one in value]
    return _ordered(name, values)


def _ordered(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"_type": name} | {key: values[key] for key in rm.attributes(name) if key in values}
