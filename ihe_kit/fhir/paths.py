"""Paths as FHIRPath writes them: `Patient.identifier[0].value`. Names are those of the JSON; indexes count from 0 (FHIRPath 2.0.0 section 5.3).

This much of FHIRPath is a path; the rest is a language. An array without an index stands for every repetition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import UnknownPath

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STEP = re.compile(r"""(?s)([A-Za-z_]\w*|`(?:[^`\\]|\\.)*`)((?:\[\d{1,9}\])*)(?:\.where\(\s*(\w+)\s*=\s*'([^']*)'\s*\))?""", re.ASCII)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a name, the indexes behind it, and for `where(system='phone')` the pair that has to hold."""

    name: str
    indexes: tuple[int, ...] = ()
    where: tuple[str, str] | None = None


@lru_cache(maxsize=8192)
def read_path(path: str) -> tuple[Step, ...]:
    """The steps of a path. Raises UnknownPath where the text is not a path as FHIR writes them.

    >>> [step.name for step in read_path("Patient.name[0].family")]
    ['Patient', 'name', 'family']
    """
    steps, at = [], 0
    while found := _STEP.match(path, at):
        name, indexes, key, value = found.groups()
        numbers = tuple(int(number) for number in re.findall(r"\d+", indexes))
        steps.append(Step(_unquoted(name), numbers, (key, value) if key else None))
        if found.end() == len(path):
            return tuple(steps)
        if path[found.end()] != ".":
            break
        at = found.end() + 1
    raise UnknownPath(f"{path!r} is no FHIR path: expected a type, then names with dots between them, e.g. Patient.identifier[0].value")


def quoted(name: str) -> str:
    """A name as a path has it: in backticks where it is no plain word, which no name of FHIR's own needs.

    >>> quoted("birthDate"), quoted("my key")
    ('birthDate', '`my key`')
    """
    return name if _NAME.fullmatch(name) else "`" + re.sub(r"([`\\])", r"\\\1", name) + "`"


def dotted(names: Iterable[str]) -> str:
    """The path of these names, without indexes: `Patient.name.family`."""
    return ".".join(quoted(name) for name in names)


def _unquoted(name: str) -> str:
    return re.sub(r"(?s)\\(.)", r"\1", name[1:-1]) if name[0] == "`" else name
