"""FLAT (simSDT) and canonical JSON, both ways: `vital_signs/blood_pressure:0/any_event:0/systolic|magnitude` and the tree it stands for.

A FLAT key is a row of names, each a node of the template, with `:n` (from 0) where a node may repeat; what follows `|` is a part of the
value. The classes, codes and names that canonical JSON wants come from the template and the reference model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from ihe_kit.core import nearest
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.flat_parts import SUFFIXES as SUFFIXES
from ihe_kit.openehr.flat_parts import WITHOUT_UNDERSCORE, kind, lineage, model_move, parts, primitive
from ihe_kit.openehr.leaves import Leaf, Move, mixed
from ihe_kit.openehr.message import OpenehrMessage, parse
from ihe_kit.openehr.opt import Template
from ihe_kit.openehr.opt import template as known_template

Clock = Callable[[], datetime]

# The story's own defaults, so that two values make a whole composition. Whoever writes real data gives them.
STORY = {"territory|code": "NO", "composer|name": "Jonas Dahl", "context/setting|code": "238"}

_CTX = {
    "language": "language|code",
    "territory": "territory|code",
    "composer_name": "composer|name",
    "composer_id": "composer|id",
    "id_scheme": "composer|id_scheme",
    "id_namespace": "composer|id_namespace",
    "time": "context/start_time",
    "end_time": "context/_end_time",
    "setting": "context/setting|code",
    "health_care_facility|name": "context/_health_care_facility|name",
    "health_care_facility|id": "context/_health_care_facility|id",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One value on its way into the tree: the moves that are left, each with its repetition, and the part of the value it sets."""

    key: str  # as it was written
    moves: tuple[tuple[Move, int], ...]
    suffix: str
    value: Any


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
    entries = [_entry(one, full, part, key) for key, value in values.items() for full, part in _parts(one, key, value).items()]
    for problem in _clashes(entries).values():
        raise ValueError(problem)
    category = one.root.child("category").child("defining_code").codes
    defaults = {"language|code": one.language, **STORY, "context/start_time": clock().isoformat()}
    defaults["category|code"] = category[0][0] if category else "433"
    usual = [_entry(one, f"{root}/{key}", value, key) for key, value in defaults.items()]
    given = {(entry.moves, entry.suffix): entry.value for entry in entries}
    frame = {entry.key: str(given.get((entry.moves, entry.suffix), entry.value)) for entry in usual}
    whole = {entry.moves for entry in entries if entry.suffix == "raw"}
    lasting = not any(entry.moves and entry.moves[0][0].attribute == "context" for entry in entries) and frame["category|code"] == "431"
    entries += [
        entry
        for entry in usual
        if entry.moves not in {moves for moves, _ in given}
        and not any(entry.moves[:depth] in whole for depth in range(len(entry.moves)))
        and not (lasting and entry.moves[0][0].attribute == "context")  # what is persistent was made on no one occasion
    ]
    order = _order(one)
    entries.sort(key=lambda entry: order.get((root, *(move.id for move, _ in entry.moves if move.id)), (len(order),))[0])
    return cast("dict[str, Any]", _object(one.root, entries, frame | {"template": one.id}))


def _parts(one: Template, key: str, value: Any) -> dict[str, Any]:
    """A key as the caller wrote it, as full FLAT keys: `ctx/...`, a bare name, and a bare value are written out."""
    key = _from_path(one, key) if key.startswith("/") else _of_open_list(one, _from_ctx(one, key))
    stem, bar, suffix = key.partition("|")
    if suffix == "raw" and ("/" in stem or stem == one.leaves[0].root):
        _leaf(one, key)
        return {key: value}
    if "/" not in stem:
        named = [leaf for leaf in one.leaves if leaf.ids[-1] == stem and leaf.moves[-1].attribute == "value"]
        if len(named) != 1:
            every = [leaf.ids[-1] for leaf in one.leaves if leaf.moves[-1].attribute == "value"]
            several = f"it may stand for {' or '.join(leaf.key for leaf in named)}"
            why = several if named else "it is no value of the template" + nearest(stem, every)
            raise ValueError(f"{key}: could not consume {stem!r}; {why}")
        stem = named[0].key
    leaf = _leaf(one, stem + bar + suffix)
    allowed = parts(leaf.node)
    if bar or "" in allowed:
        return {stem + bar + suffix: value}
    return {f"{stem}|{name}": part for name, part in _bare(leaf, key, value, allowed).items()}


def _from_ctx(one: Template, key: str) -> str:
    """The full key that `ctx/language` and the like stand for; any other key as it is."""
    if not key.startswith("ctx/"):
        return key
    if key[4:] not in _CTX:
        raise ValueError(f"{key}: there is no {key}" + nearest(key, [f"ctx/{name}" for name in _CTX]))
    return f"{one.leaves[0].root}/{_CTX[key[4:]]}"


def _of_open_list(one: Template, key: str) -> str:
    """The full key of an element that takes a code or a plain text: `|code` and the like lead to the one, `|other` to the other."""
    stem, bar, suffix = key.partition("|")
    kinds = {"other": "text_value"} | dict.fromkeys(("code", "value", "terminology"), "coded_text_value")
    if suffix not in kinds or tuple(part.partition(":")[0] for part in stem.split("/")) not in _open_lists(one):
        return key
    return f"{stem}/{kinds[suffix]}" + (bar + suffix if suffix != "other" else "")


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
    problems, entries = {}, []
    for key in keys:
        try:
            entries.append(_entry(template, _of_open_list(template, _from_ctx(template, key)), "", key))
        except ValueError as problem:
            problems[key] = str(problem)
    return problems | _clashes(entries)


def _clashes(entries: Iterable[Entry]) -> dict[str, str]:
    """The keys that do not go together with the others, and why: a value given twice, a repetition without the one before it."""
    problems: dict[str, str] = {}
    values: dict[tuple[Any, str], str] = {}
    there = {entry.moves[:depth] for entry in entries for depth in range(1, len(entry.moves) + 1)}
    for entry in entries:
        first = values.setdefault((entry.moves, entry.suffix), entry.key)
        if first != entry.key:
            problems[entry.key] = f"{entry.key}: the same value is given as {first} too"
        for depth, (move, index) in enumerate(entry.moves):
            if index and (*entry.moves[:depth], (move, index - 1)) not in there:
                problems[entry.key] = f"{entry.key}: could not consume ':{index}'; repetitions count from 0, and there is no :{index - 1}"
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
def _order(one: Template) -> dict[tuple[str, ...], tuple[int, Leaf]]:
    """The leaves of a template by their ids, each with its number in the template's order."""
    return {leaf.ids: (number, leaf) for number, leaf in reversed(list(enumerate(one.leaves)))}


def _leaf(one: Template, key: str) -> Leaf:
    """The leaf of a full key. Raises ValueError that names the first part that leads nowhere."""
    stem, bar, suffix = key.partition("|")
    ids = tuple(part.partition(":")[0] for part in stem.split("/"))
    known = _order(one).get(ids)
    leaf = known[1] if known else _beside(one, ids)
    if suffix == "raw":
        way = leaf.moves if leaf else _ways(one).get(ids)
        if way is not None:
            return Leaf(ids[0], way)
    if not leaf:
        raise ValueError(_lost_way(one, key))
    allowed = parts(leaf.node)
    if bar and (not suffix or suffix not in allowed):
        listed = ", ".join(f"|{name}" for name in allowed if name) or "no part"
        raise ValueError(f"{key}: could not consume |{suffix}; a {leaf.node.type} has {listed}" + nearest(suffix, allowed))
    return leaf


def _beside(one: Template, ids: tuple[str, ...]) -> Leaf | None:
    """The leaf of a key that leaves the template for the reference model, as `_link` and `_normal_range/lower` do."""
    for depth in range(len(ids) - 1, 0, -1):
        leaf, group = _order(one).get(ids[:depth]), _ways(one).get(ids[:depth])
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


def _entry(one: Template, key: str, value: Any, written: str) -> Entry:
    leaf = _leaf(one, key)
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


def _object(node: Node, entries: list[Entry], frame: Mapping[str, str], where: str = "") -> Any:
    """The JSON of a template node, from the entries that lie below it."""
    here = {entry.suffix: entry.value for entry in entries if not entry.moves}
    if "raw" in here:
        return here["raw"]
    if primitive(node):
        return here[""]
    groups: dict[tuple[str, int, int], tuple[Node, list[Entry]]] = {}
    for entry in (one for one in entries if one.moves):
        (move, index), *rest = entry.moves
        attribute = node.attribute(move.attribute)
        position = next((n for n, child in enumerate(attribute.children if attribute else ()) if child is move.node), 0)
        _, group = groups.setdefault((move.attribute, position, index), (move.node, []))
        group.append(Entry(entry.key, tuple(rest), entry.suffix, entry.value))
    out: dict[str, Any] = {}
    for name, position, index in sorted(groups):
        made = _object(*groups[name, position, index], frame, name)
        out[name] = [*out.get(name, []), made] if rm.attributes(kind(node.type))[name].many else made
    value = _value(node, here, where) if here else {}
    return _ordered(value.get("_type", kind(node.type)), _frame(node, frame) | value | out)


def _frame(node: Node, frame: Mapping[str, str]) -> dict[str, Any]:
    """What a node has whatever its values are: its name, its code, and what the reference model asks of its class."""
    above, time = lineage(node.type), {"value": frame["context/start_time"]}
    out: dict[str, Any] = {}
    if "LOCATABLE" in above:
        out |= {"name": _typed("DV_TEXT", {"value": node.fixed_name or node.name}), "archetype_node_id": node.code}
    if node.code.startswith("openEHR-"):
        details: dict[str, Any] = {"archetype_id": {"value": node.code}, "rm_version": "1.1.0"}
        details |= {"template_id": {"value": frame["template"]}} if node.type == "COMPOSITION" else {}
        out["archetype_details"] = _typed("ARCHETYPED", details)
    if "ENTRY" in above:
        out["language"] = _value(Node("CODE_PHRASE"), {"code": frame["language|code"]}, "language")
        out["encoding"] = _value(Node("CODE_PHRASE"), {"code": "UTF-8"}, "encoding")
        out["subject"] = {"_type": "PARTY_SELF"}
    if node.type == "ACTIVITY":
        out["action_archetype_id"] = "/.*/"  # any action may carry it out
    if node.type in ("HISTORY", "ACTION") or "EVENT" in above:
        out["origin" if node.type == "HISTORY" else "time"] = _typed("DV_DATE_TIME", time)
    return out


def _value(node: Node, given: Mapping[str, Any], where: str = "") -> dict[str, Any]:
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
        *way, last = parts(node)[suffix].split("/")
        inner = out
        for name in way:
            inner = inner.setdefault(name, {})
        inner[last] = value
    if "media_type" in out:
        out["media_type"]["terminology_id"] = {"value": "IANA_media-types"}
    if "mode" in out and str(out["mode"]["value"]) in _codes():
        out["mode"]["defining_code"] = {"terminology_id": {"value": "openehr"}, "code_string": _codes()[str(out["mode"]["value"])]}
    for party in (out, out.get("performer")):
        if party and "external_ref" in party:
            party["external_ref"] |= {"type": "PARTY"}
            party["external_ref"].setdefault("id", {}).setdefault("scheme", "id_scheme")
    return _typed(str(out.pop("_type", kind(node.type))), out)


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
    return _ordered(name, values)


def _ordered(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"_type": name} | {key: values[key] for key in rm.attributes(name) if key in values}
