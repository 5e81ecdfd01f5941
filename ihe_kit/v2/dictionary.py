"""What every HL7 v2 path means: name, data type, cardinality, usage, length, table, what changed from version to version, words, section.

Fields, components, data types and tables come from the reference tables (`tables`, `changes`), events, structures and groups from `events`; what
things are for, in our own words, stands in `data/v2/`. Words that nobody compared with a text show it, as everywhere in the kit (`core.cited`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from ihe_kit.core import Definition, Part, UnknownPath, cited, nearest
from ihe_kit.files import rows
from ihe_kit.v2 import tables
from ihe_kit.v2.changes import changes, usage
from ihe_kit.v2.events import explain_event, explain_structure, find_group
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.paths import Path
from ihe_kit.v2.tables import DEFAULT, PRIMITIVES, Row, datatype, segment, segments, supported, table

_TYPE = re.compile(r"([A-Z][A-Z0-9]{1,2})(?:[.-](\d{1,3})(?:\.(\d{1,3}))?)?")
_KINDS = {
    "HL7": "defined by HL7",
    "user": "user-defined: a site may add codes",
    "coding system": "codes that others publish",
}


def explain(subject: str | V2Message, path: str | None = None, version: str = DEFAULT) -> Definition:
    """What a path means, in a version or in a message (then in the message's version). Raises UnknownPath.

    Besides paths (`PID-3.4`, `PATIENT_RESULT.ORDER_OBSERVATION.OBX-5`) it knows data types (`CX`, `CX.4`), tables (`0001`, `HL70001`), events
    (`A01`, `ADT^A01`), and message structures (`ADT_A01`) with their groups.

    >>> explain("PID-3.4").name, explain("CX.4").name, explain("0001").name, explain("A01").name
    ('Assigning Authority', 'Assigning Authority', 'Administrative Sex', 'Admit/visit notification')
    """
    within = ""
    if isinstance(subject, V2Message):
        version, within = subject.version or version, subject.structure
        wanted = path or within or "MSH"
    else:
        wanted = subject.strip()
    asked, version = version, supported(version)
    kinds = (explain_structure, _explain_table, explain_event, _explain_type)
    found = next(filter(None, (kind(wanted, version) for kind in kinds)), None) or find_group(wanted, version, within) or wanted
    if isinstance(found, str):
        found = replace(_explain_path(found, version), path=wanted)
    note = tables.instead(asked)
    return replace(found, facts=(*found.facts, ("Tables", note))) if note else found


def is_composite(path: str, version: str = DEFAULT) -> bool:
    """Whether the value at a field's path has parts of its own (a CX has, an ST has not). Raises UnknownPath."""
    where, version = Path.read(path), supported(version)
    fields = segment(where.segment, version)
    return bool(where.field and fields and _locate(where, path, fields, version)[1].children)


# Segments, fields, components --------------------------------------------------------------------------------------------------------


def _explain_path(wanted: str, version: str) -> Definition:
    where = _read(wanted, version)
    fields = segment(where.segment, version) or _local(where.segment, version)
    if not fields:
        return _unknown_segment(where, wanted, version)
    if where.field:
        return _definition(wanted, *_locate(where, wanted, fields, version), version)
    words = _words().get(where.segment, {})
    return Definition(
        path=wanted,
        label=where.segment,
        name=words.get("name") or tables.title(where.segment) or where.segment,
        type="segment",
        says=words.get("says", ""),
        spec=_spec(where.segment, version, words),
        parts=tuple(Part(row.key.replace("_", "-"), row.name, _typed(row), row.occurs) for row in fields),
    )


@lru_cache(maxsize=64)
def _local(name: str, version: str) -> tuple[Row, ...]:
    """The fields of a segment that somebody else than HL7 defines, such as IHE's ZBE; () for one that nobody told."""
    return tuple(
        Row(
            key=row["path"].replace("-", "_"),
            name=row["name"],
            type=row["type"],
            table=row["table"],
            least=int(row["occurs"][0]),
            most=-1 if row["occurs"].endswith("*") else 1,
            children=datatype(row["type"], version),
            length=int(row["length"]),
            usage=row["usage"],
        )
        for row in rows("v2/local.tsv")
        if row["path"].startswith(f"{name}-")
    )


def _read(wanted: str, version: str) -> Path:
    """Raises UnknownPath, with what may have been meant."""
    try:
        return Path.read(wanted)
    except UnknownPath as problem:
        upper = wanted.upper()
        head = re.split(r"[-.^\[]", upper)[0]
        meant = f"; did you mean {upper}?" if wanted != upper and segment(head, version) else nearest(head, _known(head, version))
        raise UnknownPath(f"{problem}{meant}") from None


def _locate(where: Path, path: str, fields: tuple[Row, ...], version: str) -> tuple[str, Row]:
    """(the label, the row) of a field, a component or a subcomponent."""
    if where.field > len(fields):
        says = f"{where.segment} has {len(fields)} fields in version {version}, so there is no {path}"
        raise UnknownPath(says + nearest(path, (f"{where.segment}-{number}" for number in range(1, len(fields) + 1))))
    row, key = fields[where.field - 1], f"{where.segment}-{where.field}"
    for number in filter(None, (where.component, where.subcomponent)):
        key, row = _inside(path, key, row, number)
    return key, row


def _inside(path: str, key: str, row: Row, number: int) -> tuple[str, Row]:
    """(the label, the row) of a component of a row. Raises UnknownPath."""
    parts = row.children or (row,)  # a primitive value is its own first component
    if number > len(parts):
        raise UnknownPath(
            f"{key} is of type {row.type}, which has {len(parts)} component{'s' * (len(parts) > 1)}, so there is no {path}"
            if row.type
            else f"{key} has no parts, so there is no {path}"
        )
    return (f"{row.type}-{number}" if row.children else key), parts[number - 1]


def _definition(path: str, key: str, row: Row, version: str) -> Definition:
    own, kind = _words().get(key, {}), _words().get(row.type, {})
    words = own or kind
    return Definition(
        path=path,
        label=key,
        name=row.name,
        type=row.type,
        occurs=row.occurs,
        codes=_coded(row.table),
        values=table(row.table, version) if row.table else (),
        says=words.get("says", ""),
        spec=_spec(key, version, words),
        facts=tuple(_facts(key, row)),
        parts=_components(row.type, row.children),
    )


def _facts(key: str, row: Row) -> Iterator[tuple[str, str]]:
    if row.usage in ("C", "B", "W", "X"):  # R and O show in the cardinality
        yield "Usage", usage(key, row.usage)
    if row.length:
        yield "Length", f"{row.length:,} character{'s' * (row.length > 1)} at most"
    if told := changes(key):
        yield "Versions", told


def _components(type_: str, children: Iterable[Row]) -> tuple[Part, ...]:
    return tuple(Part(f"{type_}-{number}", row.name, _typed(row), row.occurs) for number, row in enumerate(children, start=1))


def _typed(row: Row) -> str:
    return row.type or ("withdrawn" if row.usage == "W" else "")


def _unknown_segment(where: Path, path: str, version: str) -> Definition:
    if where.segment.startswith("Z"):
        known = _words().get(where.segment, {})
        says = "Segments that begin with Z are not HL7's: sender and receiver agree on them between themselves."
        spec = _spec("", version, known) or "HL7 v2.5 section 2.5.4"
        return Definition(path, where.segment, known.get("name", "Local segment"), says=known.get("says", says), spec=spec)
    raise UnknownPath(f"version {version} has no segment {where.segment}" + nearest(where.segment, _known(where.segment, version)))


# Data types and tables ---------------------------------------------------------------------------------------------------------------


def _explain_type(wanted: str, version: str) -> Definition | None:
    """`CX`, `CX.4`, `CX.4.1`; not a segment with a name of the same look."""
    found = _TYPE.fullmatch(wanted)
    if not found or segment(found[1], version):
        return None
    children = datatype(found[1], version)
    if not children and found[1] not in PRIMITIVES:
        return None
    row, key = Row(found[1], tables.title(found[1]), found[1], "", 0, 1, children), found[1]
    for number in (int(part) for part in found.groups()[1:] if part):
        key, row = _inside(wanted, key, row, number)
    if key != found[1]:
        return _definition(wanted, key, row, version)
    words = _words().get(key, {})
    return Definition(
        path=wanted,
        label=key,
        name=words.get("name") or row.name or key,
        type="data type",
        says=words.get("says", ""),
        spec=_spec(key, version, words),
        parts=_components(key, children),
    )


def _explain_table(wanted: str, version: str) -> Definition | None:
    found = re.fullmatch(r"(?:HL7 ?(?:table ?)?)?(\d{4})", wanted, re.IGNORECASE)
    if not found or not tables.table_kind(found[1]):
        if found:
            known = (f"HL7{name}" for name in tables.table_names())
            raise UnknownPath(f"HL7 has no table {found[1]}{nearest(f'HL7{found[1]}', known)}")
        return None
    name = found[1]
    users = _users(name, version)
    more = f" and {len(users) - 12} more" if len(users) > 12 else ""
    facts = (("Used in", ", ".join(users[:12]) + more),) if users else ()
    spec = f"HL7 v{version} table {name}"
    return Definition(
        wanted, name, tables.table_name(name), "table", codes=_coded(name), values=table(name, version), spec=spec, facts=facts
    )


@lru_cache(maxsize=1024)
def _coded(name: str) -> str:
    """A table as a card names it; marked where one of our words for its codes was not compared with a text."""
    if not name:
        return ""
    own = [row for row in rows("v2/codes.tsv") if row["table"] == name]
    kind = _KINDS.get(tables.table_kind(name), "")
    return cited(f"HL7 table {name}", all(row["checked"] == "yes" for row in own)) + (f", {kind}" if kind else "")


@lru_cache(maxsize=64)
def _users(name: str, version: str) -> list[str]:
    """The fields and components that are bound to a table."""
    fields = [row for key in segments(version) for row in segment(key, version)]
    parts = [row for key in tables.datatypes(version) for row in datatype(key, version)]
    return [row.key.replace("_", "-") for row in (*fields, *parts) if row.table == name]


# Words and sections ------------------------------------------------------------------------------------------------------------------


def _spec(key: str, version: str, words: dict[str, str]) -> str:
    """Where a key is described: in the version asked for where its section is known there, else where our words are about."""
    place = _place(key, version) or (words.get("section", "") and _named(words["section"]))
    return cited(place, not words.get("says") or words.get("checked") == "yes")


def _place(key: str, version: str) -> str:
    place = tables.section(key, version) if key else ""
    return f"HL7 v{version} section {place}" if place else ""


def _named(place: str) -> str:
    """A section of HL7 v2.5 is only a number; other texts are named."""
    return f"HL7 v2.5 section {place}" if place[0].isdigit() else place


def _known(word: str, version: str) -> list[str]:
    """What somebody may have meant who wrote a word: names of its own kind."""
    if "_" in word:
        return sorted(tables.structures(version))
    short = segments(version) if len(word) == 3 else ()
    return [
        *(name for name in short if len(name) == 3),
        *tables.datatypes(version),
        *{event.rpartition("^")[2] for event in tables.events()},
    ]


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return {row["path"]: row for row in rows("v2/explained.tsv")}
