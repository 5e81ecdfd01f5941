"""HL7's reference tables: segments, data types, message structures and coded tables of each version, as rows.

They are hl7apy's tables, read through this file and nowhere else (its parser and its validator are never used). What those do not say, such as
lengths, usage and sections, is compiled into `data/v2/`. This file knows no message, so that whatever reads messages can ask it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ihe_kit.files import data, definitions, rows

VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
DEFAULT = "2.5"
# What the tables leave out in some versions, and the version whose row serves instead (without the segments that came later).
_HOLES = {"RSP_K22": ("2.7", ("2.5", "2.5.1", "2.6"))}
_RESERVED = {"OBX_20", "OBX_21", "OBX_22"}  # 2.5.1 keeps their numbers free for 2.6, and the tables give them the names of others
_UPPER = {"ID", "PID", "MSH", "SSN", "HL7", "UID", "OID", "DOB", "IHE", "PD1", "NK1", "PV1", "EVN", "DRG", "SFT"}
PRIMITIVES = ("DT", "DTM", "FT", "GTS", "ID", "IS", "NM", "SI", "SNM", "ST", "TM", "TX")
_FILLER = re.compile(r"\.\.|…|_ ?\d| or |^No suggested|^An [Ii]dentifier for|^$")  # what the tables list that nobody can send
_LOWER = {"of", "or", "and", "the", "in", "for", "to", "from"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a reference table: a segment's field, a type's component, a structure's segment or group.

    `usage` is R, O or C, B for what is kept for older systems only, W for what the version has withdrawn, X for what it does not support, and ""
    for segments and groups. `length` is the most characters, 0 where the version sets no limit; `section` is where the standard describes it.
    """

    key: str
    name: str
    type: str
    table: str
    least: int
    most: int  # -1: no limit
    children: tuple[Row, ...] = ()
    length: int = 0
    usage: str = ""
    section: str = ""

    @property
    def occurs(self) -> str:
        """A cardinality such as `1..*`."""
        return f"{self.least}..{'*' if self.most < 0 else self.most}"


@lru_cache(maxsize=64)
def supported(version: str) -> str:
    """The version whose tables serve a message of this version: itself, or the nearest one where there are none (`instead` says so).

    >>> supported("2.7.1"), supported("2.9"), supported("two")
    ('2.7', '2.8.2', '2.5')
    """
    if version in VERSIONS or not re.fullmatch(r"2(\.\d{1,3}){1,3}", version):
        return version if version in VERSIONS else DEFAULT
    return max((known for known in VERSIONS if _numbers(known) <= _numbers(version)), key=_numbers, default=VERSIONS[0])


def instead(version: str) -> str:
    """A sentence for the reader where `supported` names another version than the one that was asked for, or ""."""
    serves = supported(version)
    return "" if serves == version or not version else f"There are no tables of version {version} here; those of {serves} serve instead."


@lru_cache(maxsize=1024)
def segment(name: str, version: str = DEFAULT) -> tuple[Row, ...]:
    """The fields of a segment; () for one that the version does not have."""
    version = supported(version)
    table = _module(version, "segments").SEGMENTS.get(name)
    rows = table[1] if table and len(table) > 1 else ()
    known = {int(row[0].rpartition("_")[2]): _row(row, version) for row in rows if row[1]}
    # The tables leave withdrawn fields out (ERR-1, EVN-1 and PID-28 of 2.8); the fields behind them keep their numbers all the same.
    return tuple(known.get(number) or _withdrawn(name, number, version) for number in range(1, max(known, default=0) + 1))


@lru_cache(maxsize=512)
def structure(name: str, version: str = DEFAULT) -> tuple[Row, ...]:
    """The segments and groups of a message structure; () for one that the version does not have."""
    version = supported(version)
    table = _module(version, "messages").MESSAGES.get(name)
    if table:
        return tuple(_part(part) for part in table[1])
    source, holes = _HOLES.get(name, ("", ()))
    return tuple(row for row in structure(name, source) if row.children or segment(row.key, version)) if version in holes else ()


@lru_cache(maxsize=256)
def datatype(name: str, version: str = DEFAULT) -> tuple[Row, ...]:
    """The components of a data type such as `CX`; () for a primitive one, and for one that the version does not have."""
    version = supported(version)
    known = {int(row[0].rpartition("_")[2]): row for row in _module(version, "datatypes").DATATYPES_STRUCTS.get(name) or ()}
    # The tables of 2.6 leave XTN-1 out; the components behind it keep their numbers all the same.
    older = datatype(name, VERSIONS[VERSIONS.index(version) - 1]) if known and len(known) < max(known) and version != VERSIONS[0] else ()
    return tuple(_row(known[number], version) if number in known else older[number - 1] for number in range(1, max(known, default=0) + 1))


@lru_cache(maxsize=16)
def structures(version: str = DEFAULT) -> frozenset[str]:
    """The names of every message structure that a version has."""
    return frozenset(_module(version, "messages").MESSAGES) | {name for name, (_, holes) in _HOLES.items() if supported(version) in holes}


@lru_cache(maxsize=512)
def table(name: str, version: str = DEFAULT) -> tuple[tuple[str, str], ...]:
    """The codes that a version has in a table such as `0001`, with their meanings: our words where `data/v2/codes.tsv` has them, else HL7's."""
    version = supported(version)
    listed, compiled = _module(version, "tables").TABLES.get(f"HL7{name}"), _meanings(name)
    codes = [code.strip() for code in (listed[1] if listed else ()) or ()]
    codes += [code for code, row in compiled.items() if row[1] and _numbers(row[1]) <= _numbers(version) <= _numbers(row[2] or "9")]
    own = _own_words().get(name, {})
    return tuple((code, own.get(code) or (compiled.get(code) or [""])[0]) for code in dict.fromkeys(codes) if not _FILLER.search(code))


def table_name(name: str) -> str:
    """The name of a table: `Administrative Sex` for `0001`, "" for one that HL7 does not have."""
    return (_compiled("tables.tsv").get(name) or ["", "", ""])[0]


def table_names() -> tuple[str, ...]:
    """Every table, of whichever version: `0001` ..."""
    return tuple(_compiled("tables.tsv"))


def table_kind(name: str) -> str:
    """Who says which codes a table has: "HL7", "user" (a site may add codes), "coding system" (others publish them), "" for an unknown table."""
    return (_compiled("tables.tsv").get(name) or ["", "", ""])[1]


@lru_cache(maxsize=1024)
def event_structure(event: str, version: str = DEFAULT) -> str:
    """The message structure that a message type and event have in a version (HL7 table 0354), or "".

    >>> event_structure("ADT^A08"), event_structure("ADT^A14", "2.3.1"), event_structure("ACK^A01")
    ('ADT_A01', 'ADT_A01', 'ACK')
    """
    kind, _, rest = event.partition("^")
    known = _compiled("events.tsv").get(f"{kind}^{rest.partition('^')[0]}")
    return at(known[1], version) if known else "ACK" if kind == "ACK" else ""


def events(event: str = "") -> dict[str, str]:
    """Message types with events -> names: `ADT^A01` -> `Admit/visit notification`. All of them, or those of one event such as `A01`."""
    known = _compiled("events.tsv")
    return {key: known[key][0] for key in (_types_of().get(event, ()) if event else known)}


def segments(version: str = DEFAULT) -> tuple[str, ...]:
    """The names of every segment that a version has."""
    return tuple(_module(version, "segments").SEGMENTS)


def datatypes(version: str = DEFAULT) -> tuple[str, ...]:
    """The names of every data type that a version has."""
    return tuple(name for name in _module(version, "datatypes").DATATYPES_STRUCTS if "_" not in name) + PRIMITIVES


def title(key: str) -> str:
    """The name that the standard gives a segment, data type or message structure, or ""."""
    return (_compiled("sections.tsv").get(key) or [""])[0]


def section(key: str, version: str = DEFAULT) -> str:
    """Where a version describes a segment, a data type or a message structure, and `PID-3` or `CX-4` below them; or "".

    >>> section("PID"), section("PID-3"), section("CX-4", "2.5"), section("PID-3", "2.3.1")
    ('3.4.2', '3.4.2.3', '2.A.14.4', '3.3.2.3')
    """
    whole, _, number = key.partition("-")
    place = at((_compiled("sections.tsv").get(whole) or ["", ""])[1], version)
    return f"{place}.{number}" if place and number else place


# What is compiled ---------------------------------------------------------------------------------------------------------------------


def history(file: str, key: str, column: int) -> dict[str, str]:
    """version -> value of one row of a compiled table, for the versions that have one. Columns count from 1 behind the key."""
    row = _compiled(file).get(key)
    return {version: found for version in VERSIONS if (found := at(row[column - 1], version))} if row else {}


@lru_cache(maxsize=8192)
def at(written: str, version: str) -> str:
    """What a history says of a version: `250` for 2.5 in `20 2.4=250 2.7=-`, and "" for 2.7.

    >>> at("20 2.4=250 2.7=-", "2.5.1"), at("20 2.4=250 2.7=-", "2.7")
    ('250', '')
    """
    found, here = "", VERSIONS.index(supported(version))
    for part in written.split():
        since, _, value = part.rpartition("=")
        if not since or VERSIONS.index(since) <= here:
            found = value
    return "" if found == "-" else found


@lru_cache(maxsize=8)
def _compiled(file: str) -> dict[str, list[str]]:
    """The rows of a compiled table by their first column. Split by hand: these files are long and have no quotes."""
    return {key: values for key, *values in (line.split("\t") for line in _lines(file))}


@lru_cache(maxsize=512)
def _meanings(name: str) -> dict[str, list[str]]:
    """The codes of a table -> meaning, first version, last version, status."""
    return {code: values for code, *values in (line.split("\t") for line in _by_table().get(name, ()))}


@lru_cache(maxsize=1)
def _by_table() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _lines("meanings.tsv"):
        found.setdefault(line[:4], []).append(line[5:])
    return found


def _lines(file: str) -> list[str]:
    return [line for line in data(f"v2/{file}").read_text("utf-8").split("\n") if line and line[0] != "#"][1:]


# Rows from the tables -----------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _module(version: str, kind: str) -> Any:
    return definitions(f"hl7apy.v{supported(version).replace('.', '_')}.{kind}")


def _part(part: Any) -> Row:
    key, body, (least, most), kind = part
    if kind != "GRP":
        return Row(key, key, "segment", "", least, most)
    choice = body[0] == "choice" and all(inner[2] == (1, 1) for inner in body[1])  # some sequences are called a choice there
    return Row(key, key.split("_", 2)[-1], "choice" if choice else "group", "", least, most, tuple(_part(inner) for inner in body[1]))


def _row(row: Any, version: str) -> Row:
    key, (kind, children, type_, name, table_name, _length), (least, most), _ = row
    inner = datatype(type_, version) if kind == "sequence" and children else ()
    key = key.replace("_SIMPLE", "")
    usage, length, place = _told(key, version)
    # The tables require OBX-2 and OBX-4, which are conditional, and let the components that 2.5 requires be absent.
    least = 1 if usage == "R" else 0 if usage in ("C", "W", "X") else least
    name = "Reserved" if key in _RESERVED and not type_ else _title(name or key)
    return Row(
        key,
        name,
        (type_ or "").replace("_SIMPLE", ""),
        "" if table_name == "HL79999" else (table_name or "").removeprefix("HL7"),
        least,
        most,
        inner,
        length,
        usage,
        place,
    )


def _withdrawn(name: str, number: int, version: str) -> Row:
    """A field of which only the number is left, under the name that it had in the last version that knew it."""
    before = VERSIONS[VERSIONS.index(version) - 1]
    older = segment(name, before)
    known = older[number - 1].name if version != VERSIONS[0] and number <= len(older) else "Withdrawn Field"
    return Row(f"{name}_{number}", known, "", "", 0, 0, (), 0, "W", section(f"{name}-{number}", version))


def _told(key: str, version: str) -> tuple[str, int, str]:
    """(usage, length, section) of a field or component."""
    path = key.replace("_", "-")
    usage, length, *_ = _compiled("fields.tsv").get(path) or ("", "")
    return at(usage, version), int(at(length, version) or 0), section(path, version)


def _title(name: str) -> str:
    """`MOTHER_S_MAIDEN_NAME` becomes `Mother's Maiden Name`, as the standard prints it; where nobody says how, as near as rules come."""
    if printed := _compiled("names.tsv").get(name.replace("_", "")):
        return str(printed[0])
    words = name.replace("DATE_TIME", "DATE/TIME").replace("_S_", "'S_").split("_")
    titled = [w if w in _UPPER else w.lower() if w.lower() in _LOWER and i else w.title() for i, w in enumerate(words)]
    return re.sub(r"'S\b", "'s", " ".join(titled)).strip()


@lru_cache(maxsize=1)
def _types_of() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in _compiled("events.tsv"):
        found.setdefault(key.partition("^")[2], []).append(key)
    return found


@lru_cache(maxsize=1)
def _own_words() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in rows("v2/codes.tsv"):
        found.setdefault(row["table"], {})[row["code"]] = row["meaning"]
    return found


@lru_cache(maxsize=64)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
