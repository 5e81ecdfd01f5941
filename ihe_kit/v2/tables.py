"""HL7's reference tables: segments, data types, message structures and coded tables of each version, as rows.

They are hl7apy's tables, read through this file and nowhere else (its parser and its validator are never used). Meanings of codes stand in
`data/v2/codes.tsv`. This file knows no message, so that whatever reads messages can ask it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ihe_kit.files import definitions, rows

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


def segments(version: str = DEFAULT) -> tuple[str, ...]:
    """The names of every segment that a version has."""
    return tuple(_module(version, "segments").SEGMENTS)


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
def _meanings() -> dict[tuple[str, str], str]:
    return {(row["table"], row["code"]): row["meaning"] for row in rows("v2/codes.tsv")}
