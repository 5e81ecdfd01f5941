"""HL7's definitions of FHIR R4: structures, value sets, code systems and search parameters, by their canonical URLs.

They are the official package, compiled into `data/fhir/core/` (see `compile.py` there), and read through this file and nowhere else. A package
of an implementation guide (`packages`) is asked before them. Lines are read once and each definition is made only when somebody asks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from threading import RLock
from typing import Any

from ihe_kit.fhir.shapes import Json, Shape
from ihe_kit.fhir.snapshot import NoSnapshot, snapshot
from ihe_kit.files import data

BASE = "http://hl7.org/fhir/StructureDefinition/"
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter")
Source = Mapping[str, Mapping[str, bytes | Json]]  # kind of resource -> canonical URL -> the resource, or its JSON


class Definitions:
    """Definitions by canonical URL: those of some sources, and behind them those of R4 itself."""

    def __init__(self, sources: Iterable[Source] = (), behind: Definitions | None = None) -> None:
        self._sources = tuple(sources)
        self._behind = behind
        self._read: dict[tuple[str, str], Json | None] = {}
        self._shapes: dict[str, Shape | None] = {}
        self._making: set[str] = set()
        self._lock = RLock()
        self.problems: dict[str, str] = {}  # canonical URL -> why there is no snapshot

    def get(self, kind: str, canonical: str) -> Json | None:
        """The definition with a canonical URL (a version behind `|` is left aside), or None."""
        url = canonical.partition("|")[0]
        if (kind, url) not in self._read:
            self._read[kind, url] = self._find(kind, url)
        return self._read[kind, url] or (self._behind.get(kind, url) if self._behind else None)

    def _find(self, kind: str, url: str) -> Json | None:
        for source in self._sources:
            found = source.get(kind, {}).get(url)
            if found is not None:
                read = found if isinstance(found, dict) else json.loads(found)
                return read if isinstance(read, dict) else None
        return None

    def has(self, kind: str, canonical: str) -> bool:
        """Whether there is such a definition, without reading it."""
        url = canonical.partition("|")[0]
        return any(url in source.get(kind, {}) for source in self._sources) or bool(self._behind and self._behind.has(kind, url))

    def urls(self, kind: str) -> Iterator[str]:
        """The canonical URLs of every definition of a kind, R4's own last."""
        for source in self._sources:
            yield from source.get(kind, {})
        if self._behind:
            yield from self._behind.urls(kind)

    def shape(self, canonical: str) -> Shape | None:
        """The snapshot of a StructureDefinition as a tree, or None; then `problems` may say why."""
        url = canonical.partition("|")[0]
        if self._behind and not any(url in source.get("StructureDefinition", {}) for source in self._sources):
            return self._behind.shape(url)
        if url not in self._shapes:
            with self._lock:  # another thread may be making it: only the same one that asks again has found a circle
                if url not in self._shapes:
                    self._shapes[url] = self._make(url)
        return self._shapes[url]

    def _make(self, url: str) -> Shape | None:
        definition = self.get("StructureDefinition", url)
        if definition is None:
            return None
        if url in self._making:
            self.problems[url] = f"{url} is derived from itself"
            return None
        self._making.add(url)
        try:
            return snapshot(definition, self)
        except NoSnapshot as problem:
            self.problems.setdefault(url, str(problem))
        finally:
            self._making.discard(url)
        return None

    def type(self, name: str) -> Shape | None:
        """The snapshot of a type of FHIR's own: `Patient`, `HumanName`, or None."""
        return self.shape(BASE + name) if name.isalnum() else None


@lru_cache(maxsize=1)
def core() -> Definitions:
    """The definitions of FHIR R4 (4.0.1).

    >>> core().type("Patient").children["link"].children["type"].occurs
    '1..1'
    """
    return Definitions([_Lines()])


class _Lines(dict[str, Mapping[str, bytes]]):
    """The compiled files, each read when it is first asked for."""

    def get(self, kind: str, otherwise: Any = None) -> Any:
        if kind not in self:
            self[kind] = _lines(kind) if kind in KINDS else {}
        return self[kind]


def _lines(kind: str) -> dict[str, bytes]:
    """canonical URL -> line. Every line begins with the URL, so that none has to be read before it is needed."""
    lines = data(f"fhir/core/{kind}.jsonl").read_bytes().splitlines()
    return {line[8 : line.index(b'"', 8)].decode(): line for line in lines}


@lru_cache(maxsize=1)
def resource_types() -> frozenset[str]:
    """The names of every resource type of R4 that is not abstract."""
    return frozenset(name for name, kind in _kinds().items() if kind == "resource")


@lru_cache(maxsize=1)
def data_types() -> frozenset[str]:
    """The names of R4's data types, primitive ones too."""
    return frozenset(name for name, kind in _kinds().items() if kind in ("complex-type", "primitive-type"))


@lru_cache(maxsize=1)
def choice_stems() -> frozenset[str]:
    """The names of R4's elements that have a choice of types, without the type: `value`, `onset`."""
    return frozenset(found.decode() for line in _lines("StructureDefinition").values() for found in re.findall(rb"\.(\w+)\[x\]", line))


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    """type -> kind, taken from the heads of the lines: a whole reading would take a hundred times as long."""
    found = {}
    for url, line in _lines("StructureDefinition").items():
        head = json.loads(line[: line.index(b',"differential"')] + b"}") if b',"differential"' in line else {"abstract": True}
        if head.get("derivation") != "constraint" and (not head["abstract"] or head.get("kind") == "complex-type"):
            found[url.removeprefix(BASE)] = str(head["kind"])
    return found
