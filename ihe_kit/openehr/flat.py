"""FLAT (simSDT) and canonical JSON, both ways: `vital_signs/blood_pressure:0/any_event:0/systolic|magnitude` and the tree it stands for.

A FLAT key is a row of names, each a node of the template, with `:n` (from 0) where a node may repeat; what follows `|` is a part of the
value. The classes, codes and names that canonical JSON wants come from the template and the reference model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ihe_kit.core import nearest
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.leaves import Leaf, Move
from ihe_kit.openehr.message import OpenehrMessage, parse
from ihe_kit.openehr.opt import Template
from ihe_kit.openehr.opt import template as known_template

Clock = Callable[[], datetime]

# The story's own defaults, so that two values make a whole composition. Whoever writes real data gives them.
STORY = {"territory|code": "NO", "composer|name": "Jonas Dahl", "context/setting|code": "238"}

# What stands after | in FLAT, and where it stands in the value; "" is the value without a |.
_PLAIN = {"": "value"}
_CODED = {"code": "defining_code/code_string", "value": "value", "terminology": "defining_code/terminology_id/value"}
_ORDINAL = {"ordinal": "value", "value": "symbol/value"} | {key: f"symbol/{path}" for key, path in _CODED.items() if key != "value"}
_REF = {"id": "external_ref/id/value", "id_scheme": "external_ref/id/scheme", "id_namespace": "external_ref/namespace"}
_PARTY = {"_type": "_type", "name": "name"} | _REF
SUFFIXES: dict[str, dict[str, str]] = {
    "CODE_PHRASE": {"code": "code_string", "terminology": "terminology_id/value"},
    "DV_TEXT": {"": "value"},
    "DV_CODED_TEXT": _CODED,
    "DV_QUANTITY": {"magnitude": "magnitude", "unit": "units", "precision": "precision"},
    "DV_COUNT": {"": "magnitude"},
    "DV_ORDINAL": _ORDINAL,
    "DV_PROPORTION": {"numerator": "numerator", "denominator": "denominator", "type": "type"},
    "DV_IDENTIFIER": {"id": "id", "type": "type", "issuer": "issuer", "assigner": "assigner"},
    "DV_PARSABLE": {"": "value", "formalism": "formalism"},
    "PARTY_PROXY": _PARTY,
    "PARTY_IDENTIFIED": _PARTY,
}
# What the reference model leaves open and a builder has to settle.
_CONCRETE = {"EVENT": "POINT_EVENT", "PARTY_PROXY": "PARTY_IDENTIFIED", "UID_BASED_ID": "OBJECT_VERSION_ID", "OBJECT_ID": "GENERIC_ID"}
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
    one = known_template(template) if isinstance(template, str) else template
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
    entries += [entry for entry in usual if entry.moves not in {moves for moves, _ in given}]
    order = {leaf.ids: number for number, leaf in enumerate(one.leaves)}
    entries.sort(key=lambda entry: order[(root, *(move.id for move, _ in entry.moves if move.id))])
    body = _object(one.root, entries, frame | {"template": one.id})
    return parse(json.dumps(body, indent=1, ensure_ascii=False) + "\n")


def _parts(one: Template, key: str, value: Any) -> dict[str, Any]:
    """A key as the caller wrote it, as full FLAT keys: `ctx/...`, a bare name, and a bare value are written out."""
    key = _from_path(one, key) if key.startswith("/") else _from_ctx(one, key)
    stem, bar, suffix = key.partition("|")
    if "/" not in stem:
        named = [leaf for leaf in one.leaves if leaf.ids[-1] == stem and leaf.moves[-1].attribute == "value"]
        if len(named) != 1:
            every = [leaf.ids[-1] for leaf in one.leaves if leaf.moves[-1].attribute == "value"]
            several = f"it may stand for {' or '.join(leaf.key for leaf in named)}"
            why = several if named else "it is no value of the template" + nearest(stem, every)
            raise ValueError(f"{key}: could not consume {stem!r}; {why}")
        stem = named[0].key
    leaf = _leaf(one, stem + bar + suffix)
    allowed = SUFFIXES.get(leaf.node.type, _PLAIN)
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


def _from_path(one: Template, path: str) -> str:
    """The FLAT key of an openEHR path: `/composer/name` is vital_signs/composer|name."""
    known = {
        f"{leaf.path}/{inner}": (leaf, suffix) for leaf in one.leaves for suffix, inner in SUFFIXES.get(leaf.node.type, _PLAIN).items()
    }
    if path not in known:
        raise ValueError(f"{path}: the template has no value there" + nearest(path, known))
    leaf, suffix = known[path]
    return f"{leaf.key}|{suffix}" if suffix else leaf.key


def check_keys(template: Template, keys: Iterable[str]) -> dict[str, str]:
    """The FLAT keys that a template cannot use, each with the reason."""
    problems, entries = {}, []
    for key in keys:
        try:
            entries.append(_entry(template, _from_ctx(template, key), "", key))
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


def _leaf(one: Template, key: str) -> Leaf:
    """The leaf of a full key. Raises ValueError that names the first part that leads nowhere."""
    stem, bar, suffix = key.partition("|")
    parts = stem.split("/")
    ids = [part.partition(":")[0] for part in parts]
    matching = list(one.leaves)
    for depth, id_ in enumerate(ids):
        options = list(dict.fromkeys(leaf.ids[depth] for leaf in matching if len(leaf.ids) > depth))
        if id_ not in options:
            rest = "/".join(parts[depth:]) + bar + suffix
            guess = nearest(id_, options).removeprefix("; did you mean ").removesuffix("?")
            right = "/".join([*parts[:depth], guess, *parts[depth + 1 :]]) + bar + suffix
            hint = f"; did you mean {right}?" if guess else ""
            raise ValueError(f"{key}: could not consume {rest!r}; here the template has {', '.join(options) or 'nothing more'}{hint}")
        matching = [leaf for leaf in matching if len(leaf.ids) > depth and leaf.ids[depth] == id_]
    leaf = next((leaf for leaf in matching if len(leaf.ids) == len(ids)), None)
    if not leaf:
        below = ", ".join(dict.fromkeys(leaf.ids[len(ids)] for leaf in matching))
        raise ValueError(f"{key}: could not consume the whole key; it ends at a group, and below it there are {below}")
    allowed = SUFFIXES.get(leaf.node.type, _PLAIN)
    if bar and (not suffix or suffix not in allowed):
        listed = ", ".join(f"|{name}" for name in allowed if name) or "no part"
        raise ValueError(f"{key}: could not consume |{suffix}; a {leaf.node.type} has {listed}" + nearest(suffix, allowed))
    return leaf


def _entry(one: Template, key: str, value: Any, written: str) -> Entry:
    leaf = _leaf(one, key)
    stem, _, suffix = key.partition("|")
    top, *parts = stem.split("/")
    _repetition(key, top, False)
    left = iter(parts)
    moves = tuple((move, _repetition(key, next(left), bool(move.node.code)) if move.id else 0) for move in leaf.moves)
    return Entry(written, moves, suffix, value)


def _repetition(key: str, part: str, repeats: bool) -> int:
    """The number after the colon of a part of a key, 0 where there is none."""
    id_, colon, number = part.partition(":")
    if colon and number != "0" and not (repeats and re.fullmatch("[1-9][0-9]{0,8}", number)):
        why = "expected a number from 0" if repeats else f"{id_} does not repeat"
        raise ValueError(f"{key}: could not consume ':{number[:20]}'; {why}")
    return int(number or 0)


def _object(node: Node, entries: list[Entry], frame: Mapping[str, str], where: str = "") -> dict[str, Any]:
    """The JSON object of a template node, from the entries that lie below it."""
    if not entries[0].moves:
        return _value(node, {entry.suffix: entry.value for entry in entries}, where)
    groups: dict[tuple[str, int, int], tuple[Node, list[Entry]]] = {}
    for entry in entries:
        (move, index), *rest = entry.moves
        attribute = node.attribute(move.attribute)
        position = next((n for n, child in enumerate(attribute.children if attribute else ()) if child is move.node), 0)
        _, group = groups.setdefault((move.attribute, position, index), (move.node, []))
        group.append(Entry(entry.key, tuple(rest), entry.suffix, entry.value))
    out: dict[str, Any] = {}
    for name, position, index in sorted(groups):
        made = _object(*groups[name, position, index], frame, name)
        out[name] = [*out.get(name, []), made] if rm.attributes(node.type)[name].many else made
    return _ordered(_CONCRETE.get(node.type, node.type), _frame(node, frame) | out)


def _frame(node: Node, frame: Mapping[str, str]) -> dict[str, Any]:
    """What a node has whatever its values are: its name, its code, and what the reference model asks of its class."""
    lineage, time = list(rm.lineage(node.type)), {"value": frame["context/start_time"]}
    out: dict[str, Any] = {}
    if "LOCATABLE" in lineage:
        out |= {"name": _typed("DV_TEXT", {"value": node.fixed_name or node.name}), "archetype_node_id": node.code}
    if node.code.startswith("openEHR-"):
        details: dict[str, Any] = {"archetype_id": {"value": node.code}, "rm_version": "1.1.0"}
        details |= {"template_id": {"value": frame["template"]}} if node.type == "COMPOSITION" else {}
        out["archetype_details"] = _typed("ARCHETYPED", details)
    if "ENTRY" in lineage:
        out["language"] = _value(Node("CODE_PHRASE"), {"code": frame["language|code"]}, "language")
        out["encoding"] = _value(Node("CODE_PHRASE"), {"code": "UTF-8"}, "encoding")
        out["subject"] = {"_type": "PARTY_SELF"}
    if node.type in ("HISTORY", "ACTION") or "EVENT" in lineage:
        out["origin" if node.type == "HISTORY" else "time"] = _typed("DV_DATE_TIME", time)
    return out


def _value(node: Node, parts: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The JSON object of a data value from its FLAT parts; the unit or the text of a code comes from the template where only one fits."""
    parts = dict(parts)
    if node.type == "DV_QUANTITY" and "unit" not in parts and len(node.units) == 1:
        parts["unit"] = node.units[0].units
    if "code" in parts and node.type in ("DV_CODED_TEXT", "CODE_PHRASE"):
        phrase = node if node.type == "CODE_PHRASE" else node.child("defining_code")
        known = dict(phrase.codes) | ({} if phrase.codes else rm.terms())
        fallback = "openehr" if parts["code"] in rm.terms() else "local"
        parts.setdefault("terminology", phrase.terminology or _TERMINOLOGIES.get(where) or fallback)
        if node.type == "DV_CODED_TEXT":
            parts.setdefault("value", known.get(str(parts["code"]), str(parts["code"])))
    out: dict[str, Any] = {}
    for suffix, value in parts.items():
        *way, last = SUFFIXES.get(node.type, _PLAIN)[suffix].split("/")
        inner = out
        for name in way:
            inner = inner.setdefault(name, {})
        inner[last] = value
    if "external_ref" in out:
        out["external_ref"] |= {"type": "PARTY"}
        out["external_ref"].setdefault("id", {}).setdefault("scheme", "id_scheme")
    return _typed(str(out.pop("_type", _CONCRETE.get(node.type, node.type))), out)


_TERMINOLOGIES = {"language": "ISO_639-1", "territory": "ISO_3166-1", "encoding": "IANA_character-sets"}


def _typed(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Puts `_type` on a value and on every object in it, as the reference model names them."""
    known = rm.attributes(name)
    for key, value in values.items():
        if isinstance(value, dict) and "_type" not in value:
            declared = known[key].type if key in known else ""
            values[key] = _typed(_CONCRETE.get(declared, declared), value)
    return _ordered(name, values)


def _ordered(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"_type": name} | {key: values[key] for key in rm.attributes(name) if key in values}


# The way back ---------------------------------------------------------------------------------------------------------------------


def to_flat(message: OpenehrMessage, template: Template | str | None = None) -> dict[str, Any]:
    """The FLAT values of a canonical composition: those from which `from_flat` makes the same again.

    What follows by itself is left out: names, a language or a time like the composition's. So is what this FLAT has no key for, and that is
    lost: what the template does not hold, null flavours, links, participations, feeder audits, and data types without parts in `SUFFIXES`
    beyond their plain value. Raises LookupError where the template is not known.
    """
    one = known_template(template or message.template_id) if not isinstance(template, Template) else template
    body = message.data
    start, language = _inside(body, "context/start_time/value"), _inside(body, "language/code_string")
    implied = {"language": language, "encoding": "UTF-8", "history_origin": start, "time": start}
    out: dict[str, Any] = {}
    for leaf in one.leaves:
        for key, found in _read(body, leaf.moves, leaf.root):
            parts = SUFFIXES.get(leaf.node.type, _PLAIN)
            values = {suffix: _inside(found, path) for suffix, path in parts.items()}
            of_model = leaf.moves[-1].attribute != "value" and len(leaf.ids) > 2 and leaf.ids[1] != "context"
            if of_model and implied.get(leaf.ids[-1], ...) in (values.get("code"), values.get("")):
                continue
            values["_type"] = "PARTY_SELF" if values.get("_type") == "PARTY_SELF" else None
            out |= {f"{key}|{suffix}" if suffix else key: value for suffix, value in values.items() if value is not None}
    return out


def _read(here: Any, moves: tuple[Move, ...], key: str) -> Iterator[tuple[str, Any]]:
    """Every value at the end of the moves, with its FLAT key."""
    if not moves:
        yield key, here
        return
    move, child = moves[0], here.get(moves[0].attribute) if isinstance(here, dict) else None
    members = [one for one in (child if isinstance(child, list) else [child]) if isinstance(one, dict) and _fits(one, move)]
    for index, member in enumerate(members):
        number = f":{index}" if move.id and ((move.node.most != 1 and move.node.code) or index) else ""
        yield from _read(member, moves[1:], f"{key}/{move.id}{number}" if move.id else key)


def _fits(member: Mapping[str, Any], move: Move) -> bool:
    node, type_ = move.node, str(member.get("_type") or move.node.type)
    if node.code:
        return member.get("archetype_node_id") == node.code and node.fixed_name in ("", _inside(member, "name/value"))
    # of alternatives, which have names of their own in FLAT, only the very class fits
    return type_ == node.type if move.id and move.attribute == "value" else rm.is_a(type_, node.type)


def _inside(value: Any, path: str) -> Any:
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value
