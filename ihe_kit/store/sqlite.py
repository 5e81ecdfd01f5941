"""SQLite: one file, or memory, read and written by this process itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from ihe_kit.store.database import MADE, Row

# The primary keys begin with what a search asks, and WITHOUT ROWID a table is its primary key: a search reads what it finds and little else.
SCHEMA = f"""
CREATE TABLE document (
    serial INTEGER PRIMARY KEY, owner INTEGER, kind TEXT, id TEXT, version INTEGER, at TEXT, utc TEXT, deleted INTEGER, current INTEGER,
    text TEXT);
CREATE UNIQUE INDEX document_version ON document (kind, id, version);
CREATE INDEX document_kind ON document (kind, serial);
CREATE INDEX document_owner ON document (owner) WHERE current = 1;
CREATE INDEX document_there ON document (kind, owner) WHERE current = 1 AND deleted = 0;
CREATE INDEX document_latest ON document (current, deleted, serial);
CREATE TABLE param (num INTEGER PRIMARY KEY, kind TEXT, name TEXT, UNIQUE (kind, name));
CREATE TABLE entry (
    param INTEGER, value TEXT, owner INTEGER, system TEXT, exact TEXT, part INTEGER, rest TEXT,
    PRIMARY KEY (param, value, owner, system, exact, part, rest)) WITHOUT ROWID;
CREATE INDEX entry_owner ON entry (owner, param);
CREATE TABLE period (
    param INTEGER, low TEXT, high TEXT, owner INTEGER, part INTEGER, PRIMARY KEY (param, low, high, owner, part)) WITHOUT ROWID;
CREATE INDEX period_high ON period (param, high, owner);
CREATE INDEX period_owner ON period (owner, param);
CREATE TABLE amount (
    param INTEGER, low REAL, high REAL, owner INTEGER, system TEXT, code TEXT, part INTEGER,
    PRIMARY KEY (param, low, high, owner, system, code, part)) WITHOUT ROWID;
CREATE INDEX amount_owner ON amount (owner, param);
CREATE TABLE concept (num INTEGER PRIMARY KEY, parent INTEGER, attribute TEXT, code TEXT, type TEXT, UNIQUE (parent, attribute, code, type));
CREATE TABLE node (
    concept INTEGER, record INTEGER, serial INTEGER, num INTEGER, cap INTEGER, name TEXT, data TEXT,
    PRIMARY KEY (concept, record, serial, num)) WITHOUT ROWID;
PRAGMA user_version = {MADE}
"""
# With these, what was answered survives the end of the process: the log is written before the answer.
_SETTINGS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "wal_autocheckpoint = 8000",
    "cache_size = -64000",
    "temp_store = MEMORY",
    "busy_timeout = 5000",
)


class Sqlite:
    """A database of SQLite. `path` is a file, or "" for memory. Raises OSError where it cannot be opened."""

    def __init__(self, path: str) -> None:
        try:
            self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, cached_statements=512)
            self._open()
        except sqlite3.DatabaseError as problem:
            url = f"sqlite:///{path}"
            raise OSError(
                f"cannot open the store {url}: {problem}. Choose a folder that you may write to, or sqlite:// for memory."
            ) from None

    def _open(self) -> None:
        """Makes the tables where there are none."""
        made = self._made()
        for setting in _SETTINGS:
            self._db.execute(f"PRAGMA {setting}")
        if not made:
            self.begin()
            for statement in () if self._made() else SCHEMA.split(";"):  # another process may have made them just now
                self._db.execute(statement)
            self.commit()

    def _made(self) -> bool:
        (number,) = self._db.execute("PRAGMA user_version").fetchone()
        if number != MADE and self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise sqlite3.DatabaseError("it was made by another release of the kit")
        return bool(number == MADE)

    @property
    def writing(self) -> bool:
        return self._db.in_transaction

    def begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        self._db.execute("ROLLBACK")

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def many(self, sql: str, rows: Iterable[Row]) -> None:
        self._db.executemany(sql, rows)

    def close(self) -> None:
        with suppress(sqlite3.ProgrammingError):
            self._db.close()
