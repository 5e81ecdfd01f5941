"""openEHR's own terminology: its groups of codes, and which attribute of the Reference Model takes its codes from which group.

Codes and rubrics stand in `data/openehr/codes.tsv`, the attributes in `data/openehr/coded.tsv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import cited
from ihe_kit.files import rows
from ihe_kit.openehr import rm


@dataclass(frozen=True, slots=True)
class Group:
    """A group of codes, or a code set, of openEHR's own. `terminology` is the terminology_id that belongs to it."""

    name: str
    terminology: str
    codes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Coded:
    """An attribute that takes its codes from a group. Where it is `open`, codes of other terminologies may stand there too."""

    group: Group
    open: bool
    spec: str


@lru_cache(maxsize=1)
def groups() -> dict[str, Group]:
    """Every group by its name.

    >>> groups()["null flavours"].codes["253"]
    'unknown'
    """
    found: dict[str, Group] = {}
    for row in rows("openehr/codes.tsv"):
        found.setdefault(row["group"], Group(row["group"], row["terminology"], {})).codes[row["code"]] = row["meaning"]
    return found


@lru_cache(maxsize=256)
def coded(type_: str) -> dict[str, Coded]:
    """The attributes of a class, inherited ones too, whose codes come from a group: `coded("ELEMENT")["null_flavour"]`."""
    lineage = tuple(rm.lineage(type_))
    return {
        row["attribute"]: Coded(
            groups()[row["group"]], row["open"] == "yes", cited(f"openEHR RM 1.1.0 {row['section']}", row["checked"] == "yes")
        )
        for row in rows("openehr/coded.tsv")
        if row["class"] in lineage
    }


def same(one: str, other: str) -> bool:
    """Whether two terminology_ids name the same terminology, whatever its version: `SNOMED-CT(2003)` is SNOMED-CT."""
    return one.partition("(")[0].strip() == other.partition("(")[0].strip()
