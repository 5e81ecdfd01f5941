"""Following references: to a contained resource, to another entry of the same bundle. Nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ihe_kit.fhir.shapes import Json

REFERENCE = re.compile(r"(?:(https?://\S+?)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?(?:#\S*)?")


@dataclass(frozen=True, slots=True)
class Found:
    """What a reference leads to. `missing`: it should lead somewhere in the bundle and does not."""

    every: tuple[Json, ...] = ()
    missing: bool = False

    @property
    def one(self) -> Json | None:
        return self.every[0] if len(self.every) == 1 else None


def _addressed(entries: Any) -> Iterator[tuple[int, str]]:
    """(the identity of a resource in memory, its address) of every entry: read once for each bundle, however many entries it has."""
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(url := entry.get("fullUrl"), str):
            yield id(entry.get("resource")), url


class Around:
    """What surrounds a resource: nothing, or the bundle that it is an entry of, with the address that it has there."""

    def __init__(self, bundle: Json | None = None, full_url: str = "", outer: Around | None = None) -> None:
        self.bundle, self.full_url, self.outer = bundle, full_url, outer

    def inside(self, resource: Json, parent: Json, at: Any) -> Around:
        """The surroundings of a resource in an entry of `parent`; those of other parents have no addresses."""
        if parent.get("resourceType") != "Bundle":
            return Around(outer=self)
        if id(parent) not in self._addresses:
            self._addresses[id(parent)] = dict(_addressed(parent.get("entry")))
        made = Around(parent, self._addresses[id(parent)].get(id(resource), ""), self)
        known = self._shared.setdefault(id(parent), made)
        if known is not made:
            made.__dict__["entries"] = known.entries
        return made

    @cached_property
    def _addresses(self) -> dict[int, dict[int, str]]:
        return {}

    @cached_property
    def _shared(self) -> dict[int, Around]:
        return {}

    @cached_property
    def entries(self) -> dict[str, list[Json]]:
        """address -> the resources that have it in the bundle."""
        found: dict[str, list[Json]] = {}
        listed = self.bundle.get("entry") if self.bundle else None
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                resource, url = entry["resource"], entry.get("fullUrl")
                names = {url} if isinstance(url, str) else {f"{resource.get('resourceType')}/{resource.get('id')}"}
                version = resource.get("meta", {}).get("versionId") if isinstance(resource.get("meta"), dict) else None
                if isinstance(url, str) and isinstance(version, str):
                    names.add(f"{url}/_history/{version}")
                for name in names:
                    found.setdefault(name, []).append(resource)
        return found

    @property
    def base(self) -> str:
        """The root of the server that the address of this entry lies on, or ""."""
        found = REFERENCE.fullmatch(self.full_url)
        return found[1] or "" if found else ""

    def find(self, reference: str, root: Json) -> Found:
        """What a reference leads to from here; nothing where it leads outside."""
        if reference.startswith("#"):
            contained = root.get("contained")
            listed = contained if isinstance(contained, list) else []
            every = [one for one in listed if isinstance(one, dict) and one.get("id") == reference[1:]] if len(reference) > 1 else [root]
            return Found(tuple(every), not every)
        if self.bundle is None:
            return Found()
        plain = reference.partition("#")[0]
        relative = REFERENCE.fullmatch(plain) and not plain.startswith(("http:", "https:"))
        wanted = f"{self.base}/{plain}" if relative and self.base else plain
        return Found(tuple(self.entries.get(wanted, ())))
