"""HL7 v2 paths: `PID-3[2].4.1`, segment, field, repetition, component, subcomponent, counted from 1 as HL7 counts.

Groups of the message structure may stand before the segment, each with its occurrence: `PATIENT_RESULT.ORDER_OBSERVATION[2].OBX[1]-5`. Without
an index every occurrence is meant, and the index of a segment then counts within its group.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import UnknownPath

MOST_FIELDS, MOST_PARTS = 999, 99_999  # no segment has more fields, and no array of samples (NA) in use more parts
NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_GROUP = r"([A-Z][A-Z0-9_]{0,99})(?:\[([0-9]{1,9})\])?\."
_GROUPS = re.compile(_GROUP, re.ASCII)
_PATH = re.compile(
    rf"((?:{_GROUP}){{0,20}})(\w{{1,12}})(?:\[([0-9]{{1,9}})\])?"
    r"(?:-([0-9]{1,3})(?:\[([0-9]{1,5})\])?(?:\.([0-9]{1,5})(?:\.([0-9]{1,5}))?)?)?",
    re.ASCII,
)
_SLIP = re.compile(r"([A-Z][A-Z0-9]{2})(\[[0-9]+\])?[-_. ]?([0-9]+)(\[[0-9]+\])?(?:[-_. ]([0-9]+))?(?:[-_. ]([0-9]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Path:
    """A path such as `PID-3[2].4.1`, counted from 1 as HL7 counts; 0 where a part is left out. `groups`: those before the segment."""

    segment: str
    occurrence: int
    field: int
    repetition: int
    component: int
    subcomponent: int
    groups: tuple[tuple[str, int], ...] = ()

    @property
    def inside(self) -> str:
        """What stands behind the repetition: `.4.1`, or ""."""
        return "".join(f".{number}" for number in (self.component, self.subcomponent) if number)

    @classmethod
    def read(cls, path: str, odd: Container[str] = ()) -> Path:
        """Raises UnknownPath where the text is not a path as HL7 v2 writes them. `odd`: names that no segment of HL7 has, but a message has.

        >>> Path.read("ORDER[2].OBX-5").groups
        (('ORDER', 2),)
        """
        found = _PATH.fullmatch(path)
        if not found:
            raise UnknownPath(_says(path))
        groups, name, numbers = found[1], found[4], found.groups()[4:]
        inside = tuple((group, int(number or -1)) for group, number in _GROUPS.findall(groups))
        counts = [int(part) for part in numbers if part] + [number for _, number in inside]
        if 0 in counts or not (NAME.fullmatch(name) or name in odd):
            raise UnknownPath(_says(path))
        occurrence, field, repetition, component, subcomponent = (int(part or 0) for part in numbers)
        around = tuple((group, max(number, 0)) for group, number in inside)
        return cls(name, occurrence, field, repetition, component, subcomponent, around)


@lru_cache(maxsize=8192)
def read_path(path: str) -> Path:
    """`Path.read`, remembered: the same rules ask for the same paths again and again."""
    return Path.read(path)


def _says(path: str) -> str:
    shown = path if len(path) <= 40 else path[:37] + "..."
    says = f"{shown!r} is no HL7 v2 path: expected a segment, then field, repetition, component, e.g. PID-3[2].4.1"
    slip = _SLIP.fullmatch(path[:40].upper())
    if not slip:
        return says
    segment, occurrence, field, repetition, *parts = (part or "" for part in slip.groups())
    meant = f"{segment}{occurrence}-{field}{repetition}" + "".join(f".{part}" for part in parts if part)
    return says if meant == path or not _PATH.fullmatch(meant) else f"{says}; did you mean {meant}?"
