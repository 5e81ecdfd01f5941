"""What every HL7 v2 path means: name, data type, cardinality, table, words, section.

Names, data types and cardinalities are hl7apy's reference tables, read through this file and nowhere else (its parser and its
validator are never used). Meanings in our own words stand in `data/v2/`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ihe_kit.core import Definition, UnknownPath, nearest
from ihe_kit.files import definitions, rows
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.paths import Path

VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
DEFAULT = "2.5"
_UPPER = {"ID", "PID", "MSH", "SSN", "HL7", "UID", "OID", "DOB", "IHE", "PD1", "NK1", "PV1", "EVN", "DRG", "SFT"}
_LOWER = {"of", "or", "and", "the", "in", "for", "to", "from"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a reference table: a segment's field, a type's component, a structure's segment or group."""

    key: str
    name: str
    type: str
    table: str
    least: int
    most: int  # -1: no limit
    children: tuple[Row, ...] = ()

    @property
    def occurs(self) -> str:
        return f"{self.least}..{'*' if self.most < 0 else self.most}"


def supported(version: str) -> str:
    """The version whose tables serve a message of this version: itself, or the default where hl7apy has none."""
    return version if version in VERSIONS else DEFAULT


@lru_cache(maxsize=512)
def segment(name: str, version: str = DEFAULT) -> tuple[Row, ...]:
    """The fields of a segment; () for one that the version does not have."""
    table = _module(version, "segments").SEGMENTS.get(name)
    rows = table[1] if table and len(table) > 1 else ()
    known = {int(row[0].rpartition("_")[2]): _row(row) for row in rows if row[1]}
    # The tables leave withdrawn fields out (ERR-1, EVN-1 and PID-28 of 2.8); the fields behind them keep their numbers all the same.
    return tuple(
        known.get(number) or Row(f"{name}_{number}", "Withdrawn Field", "", "", 0, 0) for number in range(1, max(known, default=0) + 1)
    )


@lru_cache(maxsize=512)
def structure(name: str, version: str = DEFAULT) -> tuple[Row, ...]:
    """The segments and groups of a message structure; () for one that the version does not have."""
    table = _module(version, "messages").MESSAGES.get(name)
    return tuple(_part(part) for part in table[1]) if table else ()


def table(name: str, version: str = DEFAULT) -> tuple[tuple[str, str], ...]:
    """The codes of a table such as `0001`, with their meanings where `data/v2/codes.tsv` has them."""
    known = _module(version, "tables").TABLES.get(f"HL7{name}")
    return tuple((code, _meanings().get((name, code), "")) for code in (known[1] if known else ()) or ())


def explain(subject: str | V2Message, path: str | None = None, version: str = DEFAULT) -> Definition:
    """What a path means, in a version or in a message (then in the message's version). Raises UnknownPath.

    >>> explain("PID-3.4").name
    'Assigning Authority'
    """
    if isinstance(subject, V2Message):
        version, wanted = subject.version or version, path or ""
        if not wanted:
            wanted = subject.structure or "MSH"
    else:
        wanted = subject
    version = supported(version)
    known = structure(wanted, version)
    if known:
        return Definition(wanted, wanted, "message structure", says=", ".join(row.key for row in known), spec=f"HL7 v{version}")
    where = Path.read(wanted)
    fields = segment(where.segment, version)
    if not fields:
        return _unknown_segment(where, wanted, version)
    if not where.field:
        words = _words().get(where.segment, {})
        return Definition(wanted, where.segment, words.get("name", where.segment), "segment", says=words.get("says", ""), spec=_spec(words))
    key, row = _locate(where, wanted, fields, version)
    return _definition(wanted, key, row, version)


def is_composite(path: str, version: str = DEFAULT) -> bool:
    """Whether the value at a field's path has parts of its own (a CX has, an ST has not). Raises UnknownPath."""
    where, version = Path.read(path), supported(version)
    fields = segment(where.segment, version)
    return bool(where.field and fields and _locate(where, path, fields, version)[1].children)


def _locate(where: Path, path: str, fields: tuple[Row, ...], version: str) -> tuple[str, Row]:
    """(the label, the row) of a field, a component or a subcomponent."""
    if where.field > len(fields):
        says = f"{where.segment} has {len(fields)} fields in version {version}, so there is no {path}"
        raise UnknownPath(says + nearest(path, (f"{where.segment}-{number}" for number in range(1, len(fields) + 1))))
    row, key = fields[where.field - 1], f"{where.segment}-{where.field}"
    for number in filter(None, (where.component, where.subcomponent)):
        parts = row.children or (row,)  # a primitive value is its own first component
        if number > len(parts):
            raise UnknownPath(
                f"{key} is of type {row.type}, which has {len(parts)} component{'s' * (len(parts) > 1)}, so there is no {path}"
            )
        key, row = f"{row.type}-{number}" if row.children else key, parts[number - 1]
    return key, row


def _definition(path: str, key: str, row: Row, version: str) -> Definition:
    words = _words().get(key, {})
    return Definition(
        path=path,
        label=key,
        name=row.name,
        type=row.type,
        occurs=row.occurs,
        codes=f"HL7 table {row.table}" if row.table else "",
        values=table(row.table, version) if row.table else (),
        says=words.get("says", "") or _words().get(row.type, {}).get("says", ""),
        spec=_spec(words) or _spec(_words().get(row.type, {})),
    )


def _spec(words: dict[str, str]) -> str:
    return f"HL7 v2.5 section {words['section']}" if words.get("section") else ""


def _unknown_segment(where: Path, path: str, version: str) -> Definition:
    if where.segment.startswith("Z"):
        known = _words().get(where.segment, {})
        says = "Segments that begin with Z are not HL7's: sender and receiver agree on them between themselves."
        return Definition(
            path, where.segment, known.get("name", "Local segment"), says=known.get("says", says), spec="HL7 v2.5 section 2.5.4"
        )
    raise UnknownPath(f"version {version} has no segment {where.segment}" + nearest(where.segment, _module(version, "segments").SEGMENTS))


@lru_cache(maxsize=64)
def _module(version: str, kind: str) -> Any:
    return definitions(f"hl7apy.v{supported(version).replace('.', '_')}.{kind}")


def _part(part: Any) -> Row:
    key, body, (least, most), kind = part
    group = kind == "GRP"
    name = key.split("_", 2)[-1] if group else key
    return Row(key, name, "group" if group else "segment", "", least, most, tuple(_part(p) for p in body[1]) if group else ())


def _row(row: Any) -> Row:
    key, (kind, children, type_, name, table_name, _length), (least, most), _ = row
    inner = tuple(_row(child) for child in children or ()) if kind == "sequence" else ()
    return Row(key, _title(name or key), (type_ or "").replace("_SIMPLE", ""), (table_name or "").removeprefix("HL7"), least, most, inner)


def _title(name: str) -> str:
    """`DATE_TIME_OF_BIRTH` becomes `Date/Time of Birth`, `MOTHER_S_MAIDEN_NAME` `Mother's Maiden Name`."""
    words = name.replace("DATE_TIME", "DATE/TIME").replace("_S_", "'S_").split("_")
    titled = [w if w in _UPPER else w.lower() if w.lower() in _LOWER and i else w.title() for i, w in enumerate(words)]
    return re.sub(r"'S\b", "'s", " ".join(titled)).strip()


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return {row["path"]: row for row in rows("v2/explained.tsv")}


@lru_cache(maxsize=1)
def _meanings() -> dict[tuple[str, str], str]:
    return {(row["table"], row["code"]): row["meaning"] for row in rows("v2/codes.tsv")}
