"""The keys of FLAT: from what a caller writes to the moves that lead to each value, and what is wrong with a key that leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ihe_kit.core import nearest
from ihe_kit.openehr import flat_ctx
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.flat_parts import OPEN_LIST, WITHOUT_UNDERSCORE, inner_path, model_move, parts, suffixed
from ihe_kit.openehr.leaves import Leaf, Move, mixed
from ihe_kit.openehr.opt import Template


@dataclass(frozen=True, slots=True)
class Entry:
    """One value on its way into the tree: the moves that are left, each with its repetition, and the part of the value it sets."""

    key: str  # as it was written
    moves: tuple[tuple[Move, int], ...]
    suffix: str
    value: Any


def spelled_out(one: Template, key: str, value: Any) -> dict[str, Any]:
    """A key as the caller wrote it, as full FLAT keys: `ctx/...`, a bare name, and a bare value are written out. Raises ValueError."""
    if flat_ctx.is_ctx(key):
        return {f"{one.leaves[0].root}/{place}": said for place, said in flat_ctx.of_composition(key, value) if said is not None}
    key = _from_path(one, key) if key.startswith("/") else of_open_list(one, key)
    stem, bar, suffix = key.partition("|")
    if suffix == "raw" and ("/" in stem or stem == one.leaves[0].root):
        leaf_of(one, key)
        return {key: value}
    if "/" not in stem:
        named = [leaf for leaf in one.leaves if leaf.ids[-1] == stem and leaf.moves[-1].attribute == "value"]
        if len(named) != 1:
            every = [leaf.ids[-1] for leaf in one.leaves if leaf.moves[-1].attribute == "value"]
            several = f"it may stand for {' or '.join(leaf.key for leaf in named)}"
            why = several if named else "it is no value of the template" + nearest(stem, every)
            raise ValueError(f"{key}: could not consume {stem!r}; {why}")
        stem = named[0].key
    leaf = leaf_of(one, stem + bar + suffix)
    allowed = parts(leaf.node)
    if bar or "" in allowed:
        return {stem + bar + suffix: value}
    return {f"{stem}|{name}": part for name, part in _bare(leaf, key, value, allowed).items()}


def of_open_list(one: Template, key: str) -> str:
    """The full key of an element that takes a code or a plain text: `|code` and the like lead to the one, `|other` to the other."""
    stem, _, suffix = key.partition("|")
    if suffix not in OPEN_LIST or _ids(stem) not in _open_lists(one):
        return key
    kind, part = OPEN_LIST[suffix]
    return suffixed(f"{stem}/{kind}", part)


def as_open_list(one: Template, key: str) -> str:
    """The key as the Simplified Formats write it: of an element that takes a code or a plain text, `|code` and the like, or `|other`."""
    stem, _, part = key.partition("|")
    element, _, kind = stem.rpartition("/")
    suffix = next((suffix for suffix, way in OPEN_LIST.items() if way == (kind, part)), "")
    return f"{element}|{suffix}" if suffix and _ids(element) in _open_lists(one) else key


def _ids(stem: str) -> tuple[str, ...]:
    return tuple(part.partition(":")[0] for part in stem.split("/"))


@lru_cache(maxsize=32)
def _open_lists(one: Template) -> frozenset[tuple[str, ...]]:
    return frozenset(leaf.ids[:-1] for leaf in one.leaves if leaf.ids[-1] == "coded_text_value" and mixed(leaf.moves[-2].node))


def _from_path(one: Template, path: str) -> str:
    """The FLAT key of an openEHR path: `/composer/name` is vital_signs/composer|name."""
    known = {f"{leaf.path}/{inner}": (leaf, suffix) for leaf in one.leaves for suffix, inner in parts(leaf.node).items()}
    if path not in known:
        raise ValueError(f"{path}: the template has no value there" + nearest(path, known))
    leaf, suffix = known[path]
    return f"{leaf.key}|{suffix}" if suffix else leaf.key


def check_keys(template: Template, keys: Iterable[str]) -> dict[str, str]:
    """The FLAT keys that a template cannot use, each with the reason."""
    keys = list(keys)
    problems, entries = {}, []
    for key in keys:
        try:
            entries += [entry(template, full, "", key) for full in _full(template, key)]
        except ValueError as problem:
            problems[key] = str(problem)
    return problems | clashes(entries) | flat_ctx.gaps(keys)


def _full(one: Template, key: str) -> list[str]:
    """The full keys that a key stands for. Raises ValueError for a key of the context that there is none of."""
    if flat_ctx.is_ctx(key):
        return [f"{one.leaves[0].root}/{place}" for place in flat_ctx.places(key)]
    return [of_open_list(one, key)]


def clashes(entries: Iterable[Entry]) -> dict[str, str]:
    """The keys that do not go together with the others, and why: a value given twice, a repetition without the one before it."""
    problems: dict[str, str] = {}
    values: dict[tuple[Any, str], str] = {}
    kinds: dict[Any, tuple[Node, str]] = {}
    there = {each.moves[:depth] for each in entries for depth in range(1, len(each.moves) + 1)}
    for each in entries:
        first = values.setdefault((each.moves, each.suffix), each.key)
        if first != each.key:
            problems[each.key] = f"{each.key}: the same value is given as {first} too"
        for depth, (move, index) in enumerate(each.moves):
            if index and (*each.moves[:depth], (move, index - 1)) not in there:
                problems[each.key] = f"{each.key}: could not consume ':{index}'; repetitions count from 0, and there is no :{index - 1}"
            node, other = kinds.setdefault((each.moves[:depth], move.attribute), (move.node, each.key))
            if move.attribute == "value" and node is not move.node and move.id:
                problems[each.key] = f"{each.key}: an element has one value, and {other} gives it already, as a {node.type}"
    return problems


def _bare(leaf: Leaf, key: str, value: Any, allowed: Mapping[str, str]) -> dict[str, Any]:
    """The parts that a bare value stands for: the magnitude of a quantity, a code or its text."""
    if leaf.node.type in ("DV_QUANTITY", "PARTY_PROXY", "PARTY_IDENTIFIED"):
        return {"name" if "name" in allowed else "magnitude": value}
    codes = leaf.node.codes or leaf.node.child("defining_code").codes
    for code, text in codes:
        if str(value).lower() in (code.lower(), text.lower()):
            return {"code": code}
    if not codes and leaf.node.type in ("CODE_PHRASE", "DV_CODED_TEXT"):
        return {"code": value}
    listed = ", ".join(f"{code} {text}" for code, text in codes) or ", ".join(f"|{suffix}" for suffix in allowed)
    raise ValueError(f"{key}: {value!r} is none of {listed}" + nearest(str(value), [text for _, text in codes]))


@lru_cache(maxsize=32)
def _ways(one: Template) -> dict[tuple[str, ...], tuple[Move, ...]]:
    """The moves that lead to each group of a template, by the ids of its key."""
    found: dict[tuple[str, ...], tuple[Move, ...]] = {(one.leaves[0].root,): ()}
    for leaf in one.leaves:
        for depth, move in enumerate(leaf.moves, start=1):
            if move.id:
                found.setdefault(Leaf(leaf.root, leaf.moves[:depth]).ids, leaf.moves[:depth])
    return found


@lru_cache(maxsize=32)
def order(one: Template) -> dict[tuple[str, ...], tuple[int, Leaf]]:
    """The leaves of a template by their ids, each with its number in the template's order."""
    return {leaf.ids: (number, leaf) for number, leaf in reversed(list(enumerate(one.leaves)))}


def leaf_of(one: Template, key: str) -> Leaf:
    """The leaf of a full key. Raises ValueError that names the first part that leads nowhere."""
    stem, bar, suffix = key.partition("|")
    ids = tuple(part.partition(":")[0] for part in stem.split("/"))
    known = order(one).get(ids)
    leaf = known[1] if known else _beside(one, ids)
    if suffix == "raw":
        way = leaf.moves if leaf else _ways(one).get(ids)
        if way is not None:
            return Leaf(ids[0], way)
    if not leaf:
        raise ValueError(_lost_way(one, key))
    allowed = parts(leaf.node)
    if bar and (not suffix or inner_path(leaf.node, suffix) is None):
        listed = ", ".join(f"|{name}" for name in allowed if name) or "no part"
        raise ValueError(f"{key}: could not consume |{suffix}; a {leaf.node.type} has {listed}" + nearest(suffix, allowed))
    return leaf


def found(one: Template, key: str) -> Leaf | None:
    """The value or the group that a key leads to, whatever stands behind |; None where it leads nowhere."""
    stem = of_open_list(one, key).partition("|")[0]
    ids = _ids(stem)
    known, way = order(one).get(ids), _ways(one).get(ids)
    return known[1] if known else Leaf(ids[0], way) if way is not None else _beside(one, ids)


def _beside(one: Template, ids: tuple[str, ...]) -> Leaf | None:
    """The leaf of a key that leaves the template for the reference model, as `_link` and `_normal_range/lower` do."""
    deepest = max(len(way) for way in (*order(one), *_ways(one)))
    for depth in range(min(len(ids) - 1, deepest), 0, -1):
        leaf, group = order(one).get(ids[:depth]), _ways(one).get(ids[:depth])
        starts = [leaf[1].moves, leaf[1].moves[:-1]] if leaf else [group] if group is not None else []
        if not ids[depth].startswith("_") and ids[depth] not in WITHOUT_UNDERSCORE:
            continue
        for start in starts:
            moves = list(start)
            for id_ in ids[depth:]:
                move = model_move(moves[-1].node if moves else one.root, id_)
                if not move:
                    break
                moves.append(move)
            else:
                return Leaf(ids[0], tuple(moves))
    return None


def _lost_way(one: Template, key: str) -> str:
    """Why a key leads nowhere: the first part that could not be used, what stands there, and what would be right."""
    stem, bar, suffix = key.partition("|")
    parts_ = stem.split("/")
    ids = [part.partition(":")[0] for part in parts_]
    matching = list(one.leaves)
    for depth, id_ in enumerate(ids):
        options = list(dict.fromkeys(leaf.ids[depth] for leaf in matching if len(leaf.ids) > depth))
        if id_ not in options:
            rest = "/".join(parts_[depth:]) + bar + suffix
            guess = nearest(id_, options).removeprefix("; did you mean ").removesuffix("?")
            right = "/".join([*parts_[:depth], guess, *parts_[depth + 1 :]]) + bar + suffix
            hint = f"; did you mean {right}?" if guess else ""
            return f"{key}: could not consume {rest!r}; here the template has {', '.join(options) or 'nothing more'}{hint}"
        matching = [leaf for leaf in matching if len(leaf.ids) > depth and leaf.ids[depth] == id_]
    below = ", ".join(dict.fromkeys(leaf.ids[len(ids)] for leaf in matching))
    return f"{key}: could not consume the whole key; it ends at a group, and below it there are {below}"


def entry(one: Template, key: str, value: Any, written: str) -> Entry:
    leaf = leaf_of(one, key)
    stem, _, suffix = key.partition("|")
    top, *parts = stem.split("/")
    _repetition(key, top, False)
    left = iter(parts)
    way = leaf.moves
    if suffix == "raw" and isinstance(value, Mapping) and value.get("_type") == "ELEMENT" and way and way[-1].node.type != "ELEMENT":
        way = way[:-1]  # the whole element, not its value alone
    moves = tuple((move, _repetition(key, next(left), bool(move.node.code) or move.node.most < 0) if move.id else 0) for move in way)
    return Entry(written, moves, suffix, value)


def _repetition(key: str, part: str, repeats: bool) -> int:
    """The number after the colon of a part of a key, 0 where there is none."""
    id_, colon, number = part.partition(":")
    if colon and number != "0" and not (repeats and re.fullmatch("[1-9][0-9]{0,8}", number)):
        why = "expected a number from 0" if repeats else f"{id_} does not repeat"
        raise ValueError(f"{key}: could not consume ':{number[:20]}'; {why}")
    return int(number or 0)
