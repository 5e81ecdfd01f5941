"""What has to be filled in: the segments and fields of a message structure by how much they are wanted. A profile may want more or less than
the base standard; then its word counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from ihe_kit.core import UnknownPath, cited
from ihe_kit.files import rows
from ihe_kit.v2.dictionary import explain
from ihe_kit.v2.tables import DEFAULT, Row, datatype, segment, structure, table

_RANK = {"R": 0, "RE": 1, "C": 2, "CE": 2, "O": 3, "B": 3, "W": 4, "X": 4}


class Wanted(Protocol):
    """How a profile uses a segment or a field; `ihe.Use` is one."""

    @property
    def path(self) -> str: ...
    @property
    def usage(self) -> str: ...
    @property
    def least(self) -> int: ...
    @property
    def most(self) -> int: ...
    @property
    def when(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def checked(self) -> bool: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Blank:
    """A segment, a field or a part of one that waits for a value.

    `usage` is R, RE, C, CE, O or X (and the base standard's B and W, for what it keeps or withdraws); `when` is the condition in words, `says`
    tells why. `parts`: the fields of a segment, of a field what a form asks for (`data/v2/parts.tsv`). `wide` is its share of a line.
    """

    path: str
    name: str
    usage: str
    type: str = ""
    table: str = ""
    least: int = 0
    most: int = 1
    when: str = ""
    says: str = ""
    spec: str = ""
    parts: tuple[Blank, ...] = ()
    wide: int = 1

    def __str__(self) -> str:
        """`PV1-2     R   Patient Class (IS, table 0004)`: a line for people."""
        kind = f"{self.type}, table {self.table}" if self.table else self.type
        return f"{self.path:<9} {self.usage:<3} {self.name}{f' ({kind})' if kind else ''}{f': {self.when}' if self.when else ''}"

    def codes(self, version: str = DEFAULT) -> tuple[tuple[str, str], ...]:
        """The codes of its table with their meanings, () for none."""
        return table(self.table, version) if self.table else ()


def skeleton(name: str, version: str = DEFAULT, usage: str = "R", uses: Sequence[Wanted] = ()) -> tuple[Blank, ...]:
    """The segments of a structure with those fields that are wanted at least as much as `usage` says: R, RE, C, O or X (all there is).

    `uses` are a profile's rows for segments and fields; they take the place of the base standard's. Raises ValueError for a structure that the
    version does not have and for an unknown usage.

    >>> [blank.path for blank in skeleton("ADT_A01")]
    ['MSH', 'EVN', 'PID', 'PV1']
    >>> print(skeleton("ADT_A01")[3].parts[0])
    PV1-2     R   Patient Class (IS, table 0004)
    """
    if usage not in _RANK:
        raise ValueError(f"{usage!r} is no usage: expected one of {', '.join(_RANK)}")
    parts = structure(name, version)
    if not parts:
        raise ValueError(f"version {version} has no message structure {name!r}")
    own = {use.path: use for use in uses}
    segments = _profiled(uses, version) if any("-" not in path for path in own) else list(_base(parts, version))
    wanted = [blank for blank in segments if _RANK[blank.usage] <= _RANK[usage]]
    return tuple(replace(blank, parts=tuple(_fields(blank.path.rpartition(".")[2], version, usage, own))) for blank in wanted)


def _base(parts: Sequence[Row], version: str, group: str = "", needed: bool = True) -> Iterator[Blank]:
    """The segments of a structure. One that a group requires is only required where the group is."""
    for row in parts:
        if row.children:
            yield from _base(row.children, version, f"{group}{row.name}.", needed and row.least > 0 and row.type != "choice")
        else:
            usage = "R" if row.least and needed else "O"
            yield Blank(group + row.key, _title(row.key, version), usage, "segment", least=row.least, most=row.most, spec=f"HL7 v{version}")


def _profiled(uses: Sequence[Wanted], version: str) -> list[Blank]:
    """The segments that a profile lists, each once: of those that stand twice the first place counts."""
    groups = {use.path: use for use in uses if any(other.path.startswith(f"{use.path}.") for other in uses)}
    found: dict[str, Blank] = {}
    for use in uses:
        if "-" in use.path or use.path in groups:
            continue
        around = groups.get(use.path.rpartition(".")[0])
        usage = use.usage if not around or around.usage == "R" or use.usage != "R" else around.usage
        found.setdefault(use.path, _with(Blank(use.path, _title(use.path.rpartition(".")[2], version), usage, "segment"), use, usage))
    return list(found.values())


def _fields(name: str, version: str, usage: str, own: dict[str, Wanted]) -> Iterator[Blank]:
    fields = segment(name, version)
    more = [int(path.rpartition("-")[2]) for path in own if path.startswith(f"{name}-")]  # of a segment that is not HL7's
    for number in range(1, max([len(fields), *more]) + 1):
        path, row = f"{name}-{number}", fields[number - 1] if number <= len(fields) else None
        blank = _blank(path, row, version) if row else Blank(path, _title(path, version), "O")
        blank = _with(blank, own[path]) if path in own else blank
        if _RANK[blank.usage] <= _RANK[usage]:
            yield blank


@lru_cache(maxsize=8192)
def _blank(path: str, row: Row, version: str) -> Blank:
    usage = row.usage if row.usage in _RANK else "R" if row.least else "O"
    says = explain(path, version=version).says
    asked = [line for line in rows("v2/parts.tsv") if line["type"] == row.type]
    parts = tuple(part for line in asked if (part := _part(path, row, line, version)))
    return Blank(
        path,
        row.name,
        usage,
        row.type,
        row.table,
        row.least,
        row.most,
        says=says,
        spec=row.section and f"HL7 v2.5 section {row.section}",
        parts=parts,
    )


def _part(path: str, row: Row, line: dict[str, str], version: str) -> Blank | None:
    """A part that a form asks for; None where the version's data type does not have it."""
    found, first = row, line["part"] == "1"
    for number in map(int, line["part"].split(".")):
        parts = found.children or (datatype(found.type, version) or (found,))
        if number > len(parts):
            return None
        found = parts[number - 1]
    # The table of a coded element is that of its first part.
    coded = row.table if first and row.table and row.type in ("CE", "CWE", "CNE", "FC", "JCC") else found.table
    return Blank(f"{path}.{line['part']}", line["label"], "", found.type, line["table"] or coded, wide=int(line["wide"]))


def _with(blank: Blank, use: Wanted, usage: str = "") -> Blank:
    """A blank as a profile uses it."""
    spec = cited(use.spec, use.checked)
    return replace(
        blank,
        name=use.name or blank.name,
        usage=usage or use.usage,
        least=use.least,
        most=use.most,
        when=use.when,
        says=use.says or blank.says,
        spec=spec,
    )


def _title(path: str, version: str) -> str:
    try:
        return explain(path, version=version).name
    except UnknownPath:
        return path
