"""What every HL7 v2 path means: name, data type, cardinality, table, words, section.

Names, data types and cardinalities come from the reference tables (`tables`); what things are for, in our own words, stands in `data/v2/`.
"""

from __future__ import annotations

from functools import lru_cache

from ihe_kit.core import Definition, UnknownPath, nearest
from ihe_kit.files import rows
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.paths import Path
from ihe_kit.v2.tables import DEFAULT, Row, segment, segments, structure, supported, table


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
    raise UnknownPath(f"version {version} has no segment {where.segment}" + nearest(where.segment, segments(version)))


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return {row["path"]: row for row in rows("v2/explained.tsv")}
