"""Implementation guides from disk: a `package.tgz` as FHIR's package registry serves it, or the folder that it was unpacked to.

Nothing is written and nothing fetched: an archive is read where it is, up to a limit, and one that holds links, devices or ways out of itself is
refused whole. What it defines is known by canonical URL and stands before R4's own definitions (`tables.Definitions`).
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Self

from ihe_kit.core import Unreadable
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import KINDS
from ihe_kit.json_text import read_values

MOST_BYTES = 400_000_000  # of a package, unpacked
MOST_OF_ONE = 30_000_000
MOST_FILES = 30_000
MOST_OF_HEADER = 64_000  # what an archive says about a file beside its contents: a long name, attributes
_ABOUT = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
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
    head: Json | None = None
    found: dict[str, dict[str, tuple[str, Json]]] = {kind: {} for kind in KINDS}
    problems: dict[str, str] = {}
    for name, data in _files(where, problems):
        try:
            read = read_values(data.decode("utf-8-sig"))
        except (Unreadable, UnicodeDecodeError) as problem:
            problems[name] = str(problem)
            continue
        if PurePosixPath(name).name == "package.json":
            head = read if isinstance(read, dict) else None
            if head is None:
                problems[name] = "expected an object that says the name and the version of the package"
        elif isinstance(read, dict) and read.get("resourceType") in KINDS and isinstance(read.get("url"), str):
            first, _ = found[read["resourceType"]].setdefault(read["url"], (name, read))
            if first != name:
                problems[name] = f"{read['url']} is defined by {first} already, which holds"
    if not head and not any(found.values()):
        raise ValueError(
            f"{where.name} is no package of FHIR: expected a package.json, or definitions such as StructureDefinition-....json"
        )
    resources: dict[str, dict[str, bytes | Json]] = {kind: {url: read for url, (_, read) in known.items()} for kind, known in found.items()}
    return Package(_said(head, "name", where.stem), _said(head, "version", ""), resources, problems)


def _said(head: Json | None, name: str, otherwise: str) -> str:
    value = (head or {}).get(name)
    return value if isinstance(value, str) else otherwise


def _files(where: Path, problems: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """The files of a package, each name once: an archive may have two of one name, and which one a reader takes is left to chance."""
    seen: set[str] = set()
    try:
        for name, data in _folder(where) if where.is_dir() else _archive(where):
            if name in seen:
                problems[name] = "it stands in the archive more than once, and the first one holds"
            else:
                seen.add(name)
                yield name, data
    except NotSafe as problem:
        raise NotSafe(f"{where.name} is not safe to read: {problem}") from None


def _folder(where: Path) -> Iterator[tuple[str, bytes]]:
    """The JSON files of a folder, or of the `package` folder in it; links are not followed."""
    inside = where / "package" if (where / "package").is_dir() else where
    total = 0
    for number, path in enumerate(sorted(inside.glob("*.json"))):
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        total += path.stat().st_size
        _within(number, path.stat().st_size, total)
        yield path.name, path.read_bytes()


def _archive(where: Path) -> Iterator[tuple[str, bytes]]:
    with where.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        source: Any = _Limited(gzip.GzipFile(fileobj=file)) if compressed else file
        try:
            with tarfile.open(fileobj=source, mode="r|", tarinfo=_Header) as archive:
                yield from _members(archive)
        except NotSafe:
            raise
        except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, ArithmeticError) as problem:  # what tarfile stumbles over
            raise ValueError(f"{where.name} is no package of FHIR: it cannot be read as an archive ({problem})") from None


def _members(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    total = 0
    for number, member in enumerate(archive):
        name = PurePosixPath(member.name)
        if member.isdir() and not name.parts:  # the folder that was packed, by the name "."
            continue
        if not name.parts or name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in name.parts[0]:
            raise NotSafe(f"it holds a file by the name {member.name!r}, which leads out of the package")
        if not (member.isfile() or member.isdir()):
            raise NotSafe(f"{member.name!r} in it is no file but a link or a device")
        total += member.size
        _within(number, member.size, total)
        wanted = member.isfile() and name.suffix == ".json" and len(name.parts) == 2 and name.parts[0] == "package"
        file = archive.extractfile(member) if wanted and not name.name.startswith(".") else None
        if file:
            yield str(name), file.read()


def _within(files: int, one: int, total: int) -> None:
    if files >= MOST_FILES or one > MOST_OF_ONE or total > MOST_BYTES:
        raise NotSafe(f"it is larger than any package ({MOST_FILES:,} files, {MOST_BYTES:,} bytes, {MOST_OF_ONE:,} in one)")


class NotSafe(ValueError):
    """A package that must not be read on; says why."""


class _Header(tarfile.TarInfo):
    """A file of an archive. What is said about it is read into memory whole before anybody can ask how long it is, so that is looked at first."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        if found.type in _ABOUT and found.size > MOST_OF_HEADER:
            raise NotSafe(f"a name or an attribute in it is longer than {MOST_OF_HEADER:,} bytes")
        return found


class _Limited:
    """An unpacked stream that ends with an error where it grows beyond what a package may have."""

    def __init__(self, source: gzip.GzipFile) -> None:
        self.source, self.count = source, 0

    def read(self, size: int = -1) -> bytes:
        found = self.source.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self.count += len(found)
        _within(0, 0, self.count)
        return found
