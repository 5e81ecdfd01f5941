"""Paths of openEHR, read and written: `/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006][2]`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ihe_kit.core import UnknownPath, nearest
from ihe_kit.json_text import Node
from ihe_kit.openehr import rm

_QUOTED = r"'((?:[^']|'')*)'"
_COUNT = "[0-9]{1,9}"
_STEP = re.compile(rf"/(?:([A-Za-z_]\w*)|{_QUOTED})?((?:\[(?:[^\]']|'[^']*')*\])*)", re.ASCII)
_TEST = re.compile(rf"\[\s*(?:({_COUNT})|([^\s,'\[\]]+)(?:\s*,\s*{_QUOTED}|\s+and\s+name/value\s*=\s*{_QUOTED}|\s*,\s*({_COUNT}))?)\s*\]")
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CODE = re.compile(r"(?!\d+$)[\w.:-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Test:
    """One bracket of a path: a position, or a node id, perhaps with a name."""

    index: int = 0
    code: str = ""
    name: str | None = None

    def holds(self, node: Node) -> bool:
        return code_of(node) == self.code and self.name in (None, name_of(node))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: an attribute (None: the root list itself) and its brackets. `text` is the step as it was written."""

    name: str | None
    tests: tuple[Test, ...]
    text: str

    @property
    def code(self) -> str:
        return next((test.code for test in self.tests if test.code), "")


def read_path(path: str) -> tuple[Step, ...]:
    """The steps of a path; none for the root. Raises UnknownPath where the text is not a path as openEHR writes them.

    >>> [step.name for step in read_path("/data[at0001]/events[at0006][2]")]
    ['data', 'events']
    """
    steps, at = [], 0
    while path != "/":
        found = _STEP.match(path, at)
        tests = _tests(found.group(3)) if found else None
        if not found or tests is None or ((found.group(1) or found.group(2)) is None and (at or not tests)):
            hint = f"; did you mean /{path}?" if path[:1] not in ("/", "") and _STEP.match("/" + path) else ""
            raise UnknownPath(
                f"{path!r} is no openEHR path: expected attributes with an archetype id or at-code in brackets, "
                f"e.g. /content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001], but found {path[at : at + 12]!r}{hint}"
            )
        name = found.group(1) if found.group(2) is None else found.group(2).replace("''", "'")
        steps.append(Step(name, tests, found.group()))
        at = found.end()
        if at == len(path):
            break
    return tuple(steps)


def _tests(text: str) -> tuple[Test, ...] | None:
    """The brackets of a step; None where one cannot be read."""
    tests: list[Test] = []
    at = 0
    while at < len(text):
        found = _TEST.match(text, at)
        if not found or any(number and not int(number) for number in found.group(1, 5)):
            return None
        index, code, short, long, position = found.groups()
        name = short if short is not None else long
        tests += [Test(int(index))] if index else [Test(0, code, name if name is None else name.replace("''", "'"))]
        tests += [Test(int(position))] if position else []
        at = found.end()
    return tuple(tests)


def choose(parent: Node, step: Step) -> list[Node]:
    """The nodes at a step below a node: a list stands for its members, and a position in a list of lists enters the inner one."""
    start = parent if step.name is None else parent.child(step.name)
    nodes = [start] if start else []
    nodes = start.children if start and start.kind == "array" else nodes
    for test in step.tests:
        nodes = nodes[test.index - 1 : test.index] if test.index else [node for node in nodes if test.holds(node)]
        if test.index and nodes and nodes[0].kind == "array":
            nodes = nodes[0].children
    return list(_flattened(nodes))


def _flattened(nodes: list[Node]) -> Iterator[Node]:
    for node in nodes:
        yield from _flattened(node.children) if node.kind == "array" else (node,)


ROOTS = ("COMPOSITION", "EHR_STATUS", "EHR", "FOLDER")  # the objects of the API


def refuse_unknown(kind: str, steps: tuple[Step, ...]) -> None:
    """Raises UnknownPath where nothing that the API carries can have such a path, whatever the message at hand says of itself."""
    owners = dict.fromkeys((kind, *ROOTS))
    for step in steps:
        if step.name == "_type" or any(owner not in rm.classes() and owner not in rm.PRIMITIVES for owner in owners):
            return
        known = [rm.attributes(heir) for owner in owners for heir in rm.heirs(owner)]
        types = dict.fromkeys(attributes[step.name].type for attributes in known if step.name in attributes)
        if not types:
            names = dict.fromkeys(name for attributes in known for name in attributes)
            which = kind if step is steps[0] else " or ".join(owners)
            raise UnknownPath(f"{which} has no attribute {step.name}" + nearest(step.name or "", names))
        owners = {class_in(step.code): None} if class_in(step.code) else types


def attributes(node: Node, flat: bool) -> list[str]:
    """The steps that lead from an object to its attributes."""
    return [child.key or "" if flat else f"/{quoted(child.key or '')}{_bracket(child)}" for child in node.children]


def members(node: Node, path: str) -> list[str]:
    """The brackets that lead from a list to its members."""
    codes = [code_of(child) for child in node.children]
    nested = not path or path.endswith("]") or any(child.kind == "array" for child in node.children)
    brackets, seen, total = [], dict.fromkeys(codes, 0), Counter(codes)
    for position, (child, code) in enumerate(zip(node.children, codes, strict=True), start=1):
        seen[code] += 1
        if code and not nested:
            brackets.append(_bracket(child) + (f"[{seen[code]}]" if total[code] > 1 else ""))
        else:
            brackets.append(f"[{position}]" if nested or len(codes) > 1 else "")
    return [bracket if path else f"/{bracket}" for bracket in brackets]


def _bracket(node: Node) -> str:
    return f"[{code_of(node)}]" if code_of(node) else ""


def quoted(name: str) -> str:
    """An attribute as a path writes it: as it is, or in quotes where it is no plain word."""
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def code_of(node: Node) -> str:
    """The archetype_node_id of a node, or ""."""
    code = node.child("archetype_node_id")
    return code.value if code and _CODE.fullmatch(code.value) else ""


def name_of(node: Node) -> str:
    """The runtime name of a node, or ""."""
    name = node.child("name")
    value = name.child("value") if name else None
    return value.value if value else ""


def class_in(code: str) -> str:
    """The class that an archetype id names: OBSERVATION; "" for an at-code."""
    found = re.match(r"openEHR-\w+-([A-Z_]+)\.", code)
    return found.group(1) if found else ""
