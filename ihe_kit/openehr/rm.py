"""The openEHR Reference Model as a table: which class has which attributes. openEHR RM 1.1.0, in `data/openehr/rm.tsv`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import cited
from ihe_kit.files import rows

# and the JSON kind that carries each
PRIMITIVES = dict.fromkeys(("String", "Character", "Array<Octet>"), "string") | {"Boolean": "boolean"}
PRIMITIVES |= dict.fromkeys(("Integer", "Integer64", "Real"), "number")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a class, or the class itself where `name` is empty (then `type` is the class it inherits from)."""

    owner: str
    name: str
    type: str
    occurs: str
    says: str
    spec: str

    @property
    def required(self) -> bool:
        return self.occurs.startswith("1")

    @property
    def many(self) -> bool:
        return self.occurs.endswith("*")


@lru_cache(maxsize=1)
def classes() -> dict[str, dict[str, Attribute]]:
    """Every class with the attributes that it declares itself; the class's own row stands under ""."""
    found: dict[str, dict[str, Attribute]] = {}
    for row in rows("openehr/rm.tsv"):
        one = Attribute(row["class"], row["attribute"], row["type"], row["occurs"], row["says"], _spec(row))
        found.setdefault(one.owner, {})[one.name] = one
    return found


def _spec(row: dict[str, str]) -> str:
    """The citation of a row, as the reader sees it."""
    section = row["section"]
    release = "BASE 1.2.0" if section.startswith(("Base Types", "Foundation Types")) else "RM 1.1.0"
    place = section if "," in section else f"{section}, {row['class']}"
    return cited(section if row["class"] == "HTTP" else f"openEHR {release} {place}", row["checked"] == "yes")


def lineage(name: str) -> Iterator[str]:
    """A class and those it inherits from, nearest first; nothing for a class that the table does not have.

    >>> list(lineage("DV_CODED_TEXT"))
    ['DV_CODED_TEXT', 'DV_TEXT', 'DATA_VALUE']
    """
    while name in classes():
        yield name
        name = classes()[name][""].type


@lru_cache(maxsize=256)
def attributes(name: str) -> dict[str, Attribute]:
    """The attributes of a class, inherited ones first, in the order in which they are written; {} for an unknown class."""
    ancestors = reversed(list(lineage(name)))
    return {key: attribute for ancestor in ancestors for key, attribute in classes()[ancestor].items() if key}


@lru_cache(maxsize=256)
def heirs(name: str) -> tuple[str, ...]:
    """A class and those that inherit from it: what an object may be where the class is asked for."""
    return tuple(other for other in classes() if name in lineage(other))


@lru_cache(maxsize=4096)
def is_a(name: str, wanted: str) -> bool:
    """Whether a class is another one or inherits from it; True where the table knows too little to deny it."""
    name, wanted = bare(name), bare(wanted)
    return name == wanted or wanted in lineage(name) or name not in classes() or wanted not in classes()


def abstract(name: str) -> bool:
    """Whether nothing can be just of this class, so that `_type` has to say which one it is."""
    return name in classes() and classes()[name][""].occurs == "abstract"


def bare(name: str) -> str:
    """A class without what it is a container of: `DV_INTERVAL<DV_QUANTITY>` is a DV_INTERVAL."""
    return name.partition("<")[0]


@lru_cache(maxsize=1)
def terms() -> dict[str, str]:
    """The codes of openEHR's own terminology with their rubrics: `{"433": "event"}`."""
    found = [row for row in rows("openehr/codes.tsv") if row["terminology"] == "openehr"]
    return {row["code"]: row["meaning"] for row in reversed(found)}
