"""Which codes may stand in a coded value, and how much it means when another one does; and which data type a field has that names its own.

HL7's own tables bind (a warning); tables of users and the lists of coding systems are open to every site (a note). A code with the name of
another coding system beside it is not judged at all: that system's publisher knows its codes, this kit does not.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from ihe_kit.v2.tables import VERSIONS, Row, datatype, datatypes, table, table_kind

NULL = '""'  # deletes what the receiver holds, so it fits everything (HL7 v2.5 section 2.5.3)
CODED = ("CE", "CWE", "CNE", "CF")  # code, text, coding system, and the same again
SYSTEMS = "0396"  # the table of coding systems. HL7 keeps it apart from the versions, so the newest lists serve them all
# segment -> field whose data type another field names -> that field (HL7 v2.5 sections 7.4.2.2, 8.5.3.5, 8.5.4.6)
NAMED = {"OBX": {5: 2}, "MFE": {4: 5}, "MFA": {5: 6}}
UNNAMED = "unnamed"  # the data type of such a field where the other one is empty
LOCAL = re.compile(r"HL7[0-9]{4}|99[A-Za-z0-9_]+|L")  # the names of HL7's own tables and of local coding systems
_RANGE = re.compile(r"([A-Z]?)([0-9]+) *\.\.\. *[A-Z]?([0-9]+)")
_PROSE = re.compile(r"\.\.\.|<|_| and ")  # an entry that describes codes and is none: more codes are meant than are listed


@lru_cache(maxsize=1024)
def codes(name: str, version: str) -> frozenset[str]:
    """The codes of a table; none where it leaves them open.

    >>> sorted(codes("0001", "2.5"))[:3], sorted(codes("0141", "2.5"))[-2:]
    (['A', 'F', 'M'], ['W3', 'W4'])
    """
    found: set[str] = set()
    for entry in _entries(name, version):
        if span := _RANGE.fullmatch(entry):
            found.update(f"{span[1]}{number}" for number in range(int(span[2]), int(span[3]) + 1))
        elif _PROSE.search(entry):
            return frozenset()
        else:
            found.update(filter(None, (part.strip() for part in entry.split(","))))
    return frozenset(found)


def _entries(name: str, version: str) -> list[str]:
    versions = VERSIONS if name == SYSTEMS else (version,)
    return [code.strip() for known in versions for code, _ in table(name, known) if not (name == SYSTEMS and "(" in code)]


def later(name: str, code: str, version: str) -> str:
    """The first later version whose table has a code, or ""."""
    behind = VERSIONS[VERSIONS.index(version) + 1 :] if version in VERSIONS else ()
    return next((newer for newer in behind if code in codes(name, newer)), "")


def table_of(row: Row) -> str:
    """The table whose codes a row's value has to be of, or ""."""
    return row.table if row.type in ("ID", "IS", *CODED) else ""


def is_open(name: str, type_: str) -> bool:
    """Whether sites may add codes of their own to a table."""
    return type_ == "IS" or table_kind(name) != "HL7"


def fits(name: str, code: str, version: str) -> bool:
    """Whether a table has a code, or leaves its codes open."""
    known = codes(name, version)
    return not known or code in known or (name == SYSTEMS and LOCAL.fullmatch(code) is not None)


def nearly(name: str, code: str, version: str) -> str:
    """The code of a table that differs in blanks or in capitals only, or ""."""
    known = codes(name, version)
    return next((other for other in (code.strip(), code.strip().upper()) if other != code and other in known), "")


def varied(row: Row, type_: str, version: str) -> Row:
    """The row of a field that another one gives the data type. A type that the version does not have leaves the field without one."""
    if type_ not in datatypes(version):
        return replace(row, type="varies" if type_ else UNNAMED)
    return replace(row, type=type_, children=datatype(type_, version))
