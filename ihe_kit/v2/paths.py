"""HL7 v2 paths: `PID-3[2].4.1`, segment, field, repetition, component, subcomponent, counted from 1 as HL7 counts."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import UnknownPath

MOST_FIELDS, MOST_PARTS = 999, 99_999  # no segment has more fields, and no array of samples (NA) in use more parts
NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_PATH = re.compile(
    r"(\w{1,12})(?:\[([0-9]{1,9})\])?(?:-([0-9]{1,3})(?:\[([0-9]{1,5})\])?(?:\.([0-9]{1,5})(?:\.([0-9]{1,5}))?)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Path:
    """A path such as `PID-3[2].4.1`, counted from 1 as HL7 counts; 0 where a part is left out."""

    segment: str
    occurrence: int
    field: int
    repetition: int
    component: int
    subcomponent: int

    @classmethod
    def read(cls, path: str, odd: Container[str] = ()) -> Path:
        """Raises UnknownPath where the text is not a path as HL7 v2 writes them. `odd`: names that no segment of HL7 has, but a message has."""
        found = _PATH.fullmatch(path)
        numbers = [int(part) for part in found.groups()[1:] if part] if found else [0]
        if not found or 0 in numbers or not (NAME.fullmatch(found[1]) or found[1] in odd):
            shown = path if len(path) <= 40 else path[:37] + "..."
            raise UnknownPath(f"{shown!r} is no HL7 v2 path: expected a segment, then field, repetition, component, e.g. PID-3[2].4.1")
        return cls(found[1], *(int(part or 0) for part in found.groups()[1:]))


@lru_cache(maxsize=8192)
def read_path(path: str) -> Path:
    """`Path.read`, remembered: the same rules ask for the same paths again and again."""
    return Path.read(path)
