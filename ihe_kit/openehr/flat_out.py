"""Canonical JSON as FLAT: the values of a composition under their keys, and by `|raw` whatever no key says, so that nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ihe_kit.openehr import flat_ctx, rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.flat import Frame, compose, value_of
from ihe_kit.openehr.flat_keys import as_open_list, leaf_of
from ihe_kit.openehr.flat_parts import inner_path, kind, model_move, parts_in, primitive, segment, suffixed
from ihe_kit.openehr.leaves import Move
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.opt import Template
from ihe_kit.openehr.opt import template as known_template

_PASSES = 12  # each says more by |raw than the one before; the last resort is the whole composition


def to_flat(message: OpenehrMessage, template: Template | str | None = None, ctx: bool = False) -> dict[str, Any]:
    """The FLAT values of a canonical composition: those from which `from_flat` makes the same again.

    What follows by itself is left out: names, a language or a time like the composition's. What has no key of its own goes by `|raw`, as
    canonical JSON of the smallest part that holds it (Simplified Formats, Raw canonical JSON). With `ctx`, what the context can say of the
    composition stands under `ctx/...`. Raises LookupError where the template is not known.

    >>> from ihe_kit.openehr.flat import from_flat
    >>> made = from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", lambda: datetime(2025, 3, 3, tzinfo=UTC))
    >>> to_flat(made)["vital_signs/blood_pressure:0/any_event:0/systolic|magnitude"]
    142
    """
    one = known_template(template or message.template_id) if not isinstance(template, Template) else template
    body, root = message.data, one.leaves[0].root
    out, tried = _plain(one, body), set[str]()
    out = _with_context(one, body, out) if ctx else out
    for _ in range(_PASSES):
        try:
            made = compose(out, one, _never)
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
        ):  # of broken data a part may be anything, such as a list where a text belongs
            break
        more = _missing(_branch(one), body, made, (root, root), tried)
        if not more:
            if more is None:
                break
            return {as_open_list(one, key): value for key, value in out.items()}
        tried |= set(more)
        whole = tuple(key.removesuffix("|raw") for key in more if key.endswith("|raw"))
        out = {key: value for key, value in out.items() if not key.startswith(tuple(f"{key}{end}" for key in whole for end in "/|"))}
        out = {key: value for key, value in out.items() if key not in whole} | more
    return {f"{root}|raw": body}


def _never() -> datetime:
    """A clock for a text that has its own times."""
    return datetime(1, 1, 1, tzinfo=UTC)


def _plain(one: Template, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the template has keys for."""
    start, language = _inside(body, "context/start_time/value"), _inside(body, "language/code_string")
    implied = {"language": language, "encoding": "UTF-8", "history_origin": start}
    out: dict[str, Any] = {}
    for leaf in one.leaves:
        for key, found, time in _read(body, leaf.moves, leaf.root, start):
            values = {suffix: _inside(found, path) for suffix, path in parts_in(leaf.node, found).items()}
            of_model = leaf.moves[-1].attribute != "value" and len(leaf.ids) > 2 and leaf.ids[1] != "context"
            if of_model and (implied | {"time": time}).get(leaf.ids[-1], ...) in (values.get("code"), values.get("")):
                continue
            values["_type"] = "PARTY_SELF" if values.get("_type") == "PARTY_SELF" else None
            out |= {suffixed(key, suffix): value for suffix, value in values.items() if value is not None}
    return out


def _with_context(one: Template, body: Mapping[str, Any], out: dict[str, Any]) -> dict[str, Any]:
    """FLAT values with keys of the context instead of those from which the same follows."""
    root = one.leaves[0].root
    ids = {name: out[key] for name in flat_ctx.IDS if (key := f"{root}/composer|{name}") in out}
    frame, found = Frame(one.id, "", "", **ids), {f"ctx/{name}": value for name, value in ids.items()}
    for stem, keys in flat_ctx.of_the_frame().items():
        leaf = leaf_of(one, f"{root}/{stem}")
        held = _inside(body, "/".join(move.attribute for move in leaf.moves))
        said = {suffix: value for suffix in keys if (value := _inside(held, str(inner_path(leaf.node, suffix)))) is not None}
        if said.get("_type") != "PARTY_SELF":
            said.pop("_type", None)
        made = said.get("") if primitive(leaf.node) else value_of(leaf.node, said, frame, leaf.moves[-1].attribute)
        if said and _same(made, held):
            found |= {f"ctx/{keys[suffix]}": value == "PARTY_SELF" or value for suffix, value in said.items()}
            out = {key: value for key, value in out.items() if key.partition("|")[0] != f"{root}/{stem}"}
    return {key: found[key] for key in flat_ctx.names() if key in found} | out


def _read(here: Any, moves: tuple[Move, ...], key: str, time: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every value at the end of the moves, with its FLAT key, and the time that holds where it stands: below a history its origin."""
    if not moves:
        yield key, here, time
        return
    move, child = moves[0], here.get(moves[0].attribute) if isinstance(here, dict) else None
    time = _inside(here, "origin/value") or time
    members = [one for one in (child if isinstance(child, list) else [child]) if _fits(one, move)]
    for index, member in enumerate(members):
        yield from _read(member, moves[1:], _numbered(key, move, index), time)


def _fits(member: Any, move: Move) -> bool:
    """Whether a member of the data is what a move of the template leads to."""
    if not isinstance(member, dict):
        return primitive(move.node) and isinstance(member, (str, int, float))
    node, type_ = move.node, str(member.get("_type") or move.node.type)
    if node.code:
        return member.get("archetype_node_id") == node.code and node.fixed_name in ("", _inside(member, "name/value"))
    # of alternatives, which have names of their own in FLAT, only the very class fits
    return type_ == node.type if move.id and move.attribute == "value" else rm.is_a(type_, node.type)


def _inside(value: Any, path: str) -> Any:
    for name in path.split("/"):
        if isinstance(value, list) and name.isdecimal():
            value = value[int(name)] if int(name) < len(value) else None
        elif name:
            value = value.get(name) if isinstance(value, dict) else None
    return value


# What is left ---------------------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Branch:
    """A place of a template in the tree of its moves."""

    node: Node
    below: dict[str, list[tuple[Move, Branch]]] = field(default_factory=dict)


@lru_cache(maxsize=32)
def _branch(one: Template) -> Branch:
    top = Branch(one.root)
    for leaf in one.leaves:
        here = top
        for move in leaf.moves:
            known = here.below.setdefault(move.attribute, [])
            found = next(
                (
                    branch
                    for other, branch in known
                    if other.node is move.node or (not (other.node.code or move.node.code) and other.id == move.id)
                ),
                None,
            )
            if not found:
                found = Branch(move.node)
                known.append((move, found))
            here = found
    return top


def _missing(at: Branch, wanted: Any, made: Any, keys: tuple[str, str], tried: set[str]) -> dict[str, Any] | None:
    """The keys that say what `made` lacks of `wanted`; None where only the part above can say it.

    `keys` are the key that what lies below goes on from, and the node's own, which differ where FLAT leaves a level out: `_data`.
    """
    if _same(wanted, made):
        return {}
    if not (isinstance(wanted, dict) and isinstance(made, dict)) or wanted.get("_type") != made.get("_type"):
        return None
    out: dict[str, Any] = {}
    for name in dict.fromkeys([*wanted, *made]):
        if name in at.below:
            more = _of_members(at.below[name], wanted.get(name), made.get(name), keys, tried)
        else:
            more = {} if _same(wanted.get(name), made.get(name)) else _of_attribute(at.node, name, wanted.get(name), keys[1], tried)
        if more is None:
            return None
        out |= more
    return out or None


def _of_members(known: list[tuple[Move, Branch]], wanted: Any, made: Any, keys: tuple[str, str], tried: set[str]) -> dict[str, Any] | None:
    """The same for what the template knows below an attribute."""
    out: dict[str, Any] = {}
    counted: Counter[int] = Counter()
    theirs = made if isinstance(made, list) else [made]
    for one in wanted if isinstance(wanted, list) else [wanted]:
        move, branch = next(((move, branch) for move, branch in known if _fits(one, move)), (None, None))
        if not move or not branch:
            return None
        index = counted[id(branch)]
        counted[id(branch)] += 1
        others = [other for other in theirs if _fits(other, move)]
        other = (
            others[index] if index < len(others) else {part: one[part] for part in ("_type", "archetype_node_id", "name") if part in one}
        )
        place, named = _numbered(keys[0], move, index), move.id or move.attribute == "value"
        more = _missing(branch, one, other, (place, place if named else f"{keys[1]}/_{move.attribute}"), tried)
        if more is None and named and f"{place}|raw" not in tried:
            more = {f"{place}|raw": one}
        if more is None:
            return None
        out |= more
    return out


def _of_attribute(node: Node, name: str, wanted: Any, key: str, tried: set[str]) -> dict[str, Any] | None:
    """The keys of an attribute beside the template: its parts, or the whole of it by |raw."""
    known = rm.attributes(kind(node.type)).get(name)
    if wanted is None or not known or name == "archetype_node_id":
        return None
    id_ = segment(known)
    move = model_move(node, id_)
    if not move or move.attribute != name or known.many != isinstance(wanted, list):
        return None
    out: dict[str, Any] = {}
    for index, one in enumerate(wanted if isinstance(wanted, list) else [wanted]):
        place = f"{key}/{id_}:{index}" if known.many else f"{key}/{id_}"
        values = {suffixed(place, suffix): _inside(one, path) for suffix, path in parts_in(move.node, one).items()}
        same = one.get("_type") == kind(move.node.type) if isinstance(one, dict) else False  # such as PARTY_IDENTIFIED, which needs no word
        values = {part: value for part, value in values.items() if value is not None and not (same and part.endswith("|_type"))}
        raw = {f"{place}|raw": one}
        chosen = values if values and not tried & set(values) else raw
        if chosen is raw and f"{place}|raw" in tried:
            return None
        out |= chosen
    return out


def _numbered(key: str, move: Move, index: int) -> str:
    number = f":{index}" if (move.node.most != 1 and move.node.code) or index else ""
    return f"{key}/{move.id}{number}" if move.id else key


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON: true is not 1."""
    if isinstance(one, bool) != isinstance(other, bool) or not isinstance(one, (dict, list)):
        return bool(type(one) is type(other) or not isinstance(one, bool)) and bool(one == other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    return isinstance(other, list) and len(one) == len(other) and all(map(_same, one, other))
