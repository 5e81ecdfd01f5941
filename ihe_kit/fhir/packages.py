"""Implementation guides from disk: a `package.tgz` as FHIR's package registry serves it, or the folder that it was unpacked to.

Nothing is written and nothing fetched: an archive is read where it is, up to a limit, and one that holds links, devices or ways out of itself is
refused whole. What it defines is known by canonical URL and stands before R4's own definitions (`tables.Definitions`).
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ihe_kit.core import Unreadable
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import KINDS
from ihe_kit.json_text import read_values

MOST_BYTES = 400_000_000  # of a package, unpacked
MOST_OF_ONE = 30_000_000
MOST_FILES = 30_000
LOADED = (*KINDS, "ConceptMap")  # R4 itself has no concept map that a check would ask for


@dataclass(frozen=True, eq=False)
class Package:
    """What a package defines. `resources`: kind of resource -> canonical URL -> the resource; `problems`: file -> why it was left aside."""

    name: str
    version: str
    resources: dict[str, dict[str, bytes | Json]]
    problems: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Package({self.name} {self.version}, {sum(map(len, self.resources.values()))} definitions)"


def load(path: str | Path) -> Package:
    """The package in a file or a folder. Raises ValueError where it is none, or is not safe to read; OSError where it cannot be opened."""
    where = Path(path)
    files = _folder(where) if where.is_dir() else _archive(where)
    head: Json = {}
    resources: dict[str, dict[str, bytes | Json]] = {kind: {} for kind in LOADED}
    problems: dict[str, str] = {}
    for name, data in files:
        try:
            read = read_values(data.decode("utf-8-sig"))
        except (Unreadable, UnicodeDecodeError) as problem:
            problems[name] = str(problem)
            continue
        if PurePosixPath(name).name == "package.json":
            head = read if isinstance(read, dict) else {}
        elif isinstance(read, dict) and read.get("resourceType") in LOADED and isinstance(read.get("url"), str):
            resources[read["resourceType"]].setdefault(read["url"], read)
    if not head and not any(resources.values()):
        raise ValueError(
            f"{where.name} is no package of FHIR: expected a package.json, or definitions such as StructureDefinition-....json"
        )
    return Package(str(head.get("name", where.stem)), str(head.get("version", "")), resources, problems)


def _folder(where: Path) -> Iterator[tuple[str, bytes]]:
    """The JSON files of a folder, or of the `package` folder in it; links are not followed."""
    inside = where / "package" if (where / "package").is_dir() else where
    total = 0
    for number, path in enumerate(sorted(inside.glob("*.json"))):
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        total += path.stat().st_size
        _within(number, path.stat().st_size, total, where)
        yield path.name, path.read_bytes()


def _archive(where: Path) -> Iterator[tuple[str, bytes]]:
    with where.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        source: Any = _Limited(gzip.GzipFile(fileobj=file), where) if compressed else file
        try:
            with tarfile.open(fileobj=source, mode="r|") as archive:
                yield from _members(archive, where)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, OSError) as problem:
            raise ValueError(f"{where.name} is no package of FHIR: it cannot be read as an archive ({problem})") from None


def _members(archive: tarfile.TarFile, where: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    for number, member in enumerate(archive):
        name = PurePosixPath(member.name)
        if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in name.parts[0] if name.parts else True:
            raise ValueError(
                f"{where.name} is not safe to read: it holds a file by the name {member.name!r}, which leads out of the package"
            )
        if not (member.isfile() or member.isdir()):
            raise ValueError(f"{where.name} is not safe to read: {member.name!r} in it is no file but a link or a device")
        total += member.size
        _within(number, member.size, total, where)
        wanted = member.isfile() and name.suffix == ".json" and len(name.parts) == 2 and name.parts[0] == "package"
        file = archive.extractfile(member) if wanted and not name.name.startswith(".") else None
        if file:
            yield member.name, file.read()


def _within(files: int, one: int, total: int, where: Path) -> None:
    if files >= MOST_FILES or one > MOST_OF_ONE or total > MOST_BYTES:
        raise ValueError(
            f"{where.name} is not safe to read: it is larger than any package ({MOST_FILES:,} files, {MOST_BYTES:,} bytes, {MOST_OF_ONE:,} in one)"
        )


class _Limited:
    """An unpacked stream that ends with an error where it grows beyond what a package may have."""

    def __init__(self, source: gzip.GzipFile, where: Path) -> None:
        self.source, self.where, self.count = source, where, 0

    def read(self, size: int = -1) -> bytes:
        found = self.source.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self.count += len(found)
        _within(0, 0, self.count, self.where)
        return found
