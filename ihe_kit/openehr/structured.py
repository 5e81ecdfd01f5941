"""STRUCTURED and FLAT, both ways: the same keys, nested (openEHR ITS-REST 1.1.0, Simplified Formats, Structured format).

`vital_signs/pulse:0/any_event:0/rate|magnitude` is `{"vital_signs": {"pulse": [{"any_event": [{"rate": [{"|magnitude": 72}]}]}]}}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ihe_kit.json_text import Node
from ihe_kit.openehr.flat import Clock, from_flat
from ihe_kit.openehr.flat_out import to_flat
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.opt import Template

_REPEATED = re.compile(r":[0-9]{1,9}$")
_SEGMENT = re.compile(r"([^:]*)(?::([0-9]{1,9}))?")
_MOST = 100_000  # repetitions of one name: more is no document


def to_structured(message: OpenehrMessage, template: Template | str | None = None, ctx: bool = False) -> dict[str, Any]:
    """The STRUCTURED values of a canonical composition, with `ctx` as `to_flat` writes it. Raises LookupError where the template is not known."""
    return nested(to_flat(message, template, ctx))


def from_structured(values: Mapping[str, Any], template: Template | str, clock: Clock) -> OpenehrMessage:
    """The canonical composition of STRUCTURED values. Raises ValueError that says which part could not be used, under its FLAT key."""
    return from_flat(flattened(values), template, clock)


def node_at(message: OpenehrMessage, key: str) -> Node | None:
    """The node of a STRUCTURED text that a FLAT key speaks of; None where nothing stands there."""
    stem, bar, part = key.partition("|")
    here = message.root
    for segment in ("ctx", key[4:]) if key.startswith("ctx/") else (*stem.split("/"), *([f"|{part}"] if bar else [])):
        whole = here.child(segment) if here else None
        name, _, number = segment.rpartition(":") if _REPEATED.search(segment) else (segment, "", "0")
        here = whole or (here.child(name) if here else None)
        if here and here.kind == "array":
            here = here.children[int(number)] if int(number) < len(here.children) else None
    return here


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """FLAT values as STRUCTURED ones. Raises ValueError for a key that cannot be nested.

    >>> nested({"ctx/language": "en", "a/b:0/c|unit": "mm"})
    {'ctx': {'language': 'en'}, 'a': {'b': [{'c': [{'|unit': 'mm'}]}]}}
    """
    out: dict[str, Any] = {}
    for key, value in flat.items():
        if key.startswith("ctx/"):
            out.setdefault("ctx", {})[key[4:]] = value
            continue
        stem, bar, suffix = key.partition("|")
        root, *steps = stem.split("/")
        here = out.setdefault(root, {})
        for step in steps:
            here = _member(here, step, key)
        here[bar + suffix] = value
    return {key: value if key == "ctx" else _bare(value) for key, value in out.items()}


def _member(here: dict[str, Any], step: str, key: str) -> dict[str, Any]:
    """The repetition of a name below a node, made where it is not there yet."""
    found = _SEGMENT.fullmatch(step)
    if not found or int(found[2] or 0) >= _MOST:
        raise ValueError(f"{key}: could not consume {step!r}; expected a name and perhaps a number from 0, such as any_event:0")
    members: list[dict[str, Any]] = here.setdefault(found[1], [])
    index = int(found[2] or 0)
    if index > len(members):
        raise ValueError(f"{key}: could not consume ':{index}'; repetitions count from 0, and there is no :{index - 1} before it")
    if index == len(members):
        members.append({})
    return members[index]


def _bare(node: dict[str, Any]) -> Any:
    """A node with what has no name of its own as a plain value."""
    if list(node) == [""]:
        return node[""]
    return {name: [_bare(one) for one in value] if isinstance(value, list) and _below(name) else value for name, value in node.items()}


def _below(name: str) -> bool:
    """Whether a name leads further down: what begins with | and what has no name are values."""
    return bool(name) and not name.startswith("|")


def flattened(values: Mapping[str, Any]) -> dict[str, Any]:
    """STRUCTURED values as FLAT ones, each repetition with its number. Raises ValueError where a member is neither value nor object.

    >>> flattened({"a": {"b": [{"c": [{"|unit": "mm"}]}]}})
    {'a/b:0/c:0|unit': 'mm'}
    """
    out: dict[str, Any] = {}
    for root, value in values.items():
        if root == "ctx" and isinstance(value, Mapping):
            out |= {f"ctx/{name}": one for name, one in value.items()}
        elif "/" in root or "|" in root or not isinstance(value, (Mapping, list)):
            raise ValueError(f"{root}: expected the name of the template's root with an object below it, as STRUCTURED nests its keys")
        else:
            top = value[0] if isinstance(value, list) and len(value) == 1 else value
            out |= dict(_flat(top, root))
    return out


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, below in value.items():
        if not _below(name):
            yield f"{key}{name}", below
        else:
            for index, one in enumerate(below if isinstance(below, list) else [below]):
                yield from _flat(one, f"{key}/{name}" if ":" in name or not isinstance(below, list) else f"{key}/{name}:{index}")
