"""One embedded database behind all actors: what comes in by one wire is found by the others.

Two tables serve every standard. `document` keeps each version of each thing as the text it came in; `entry` says by what the current
version can be found. Nothing is overwritten: a change is a new version.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Entry = tuple[str, str, str, str]  # (param, system, value as compared, value as written)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    kind TEXT, id TEXT, version INTEGER, at TEXT, deleted INTEGER, current INTEGER, text TEXT,
    PRIMARY KEY (kind, id, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (kind TEXT, id TEXT, param TEXT, system TEXT, value TEXT, exact TEXT);
CREATE INDEX IF NOT EXISTS entry_value ON entry (kind, param, value, system);
CREATE INDEX IF NOT EXISTS entry_owner ON entry (kind, id);
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one thing: a FHIR resource, an openEHR composition, a template. `at` is an ISO 8601 time."""

    kind: str
    id: str
    version: int
    at: str
    text: str
    deleted: bool = False


class Store:
    """The database. `url` is `sqlite://` (in memory) or `sqlite:///a/file.db`. One lock: actors answer one after the other."""

    def __init__(self, url: str = "sqlite://") -> None:
        scheme, _, path = url.partition("://")
        if scheme != "sqlite":
            raise ValueError(f"expected a store such as sqlite:// or sqlite:///course.db, but found {url!r}")
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path.removeprefix("/") or ":memory:", check_same_thread=False, isolation_level=None)
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as problem:
            raise OSError(
                f"cannot open the store {url}: {problem}. Choose a folder that you may write to, or sqlite:// for memory."
            ) from None
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an exception inside leaves the store as it was. May be nested; the outermost one decides."""
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._db.execute("BEGIN")
                yield
                if self._depth == 1:
                    self._db.execute("COMMIT")
            except BaseException:
                if self._depth == 1:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def put(self, kind: str, id: str, text: str, at: str, entries: Iterable[Entry] = (), deleted: bool = False) -> Document:
        """Keeps a new version and finds it by `entries` from now on."""
        with self.transaction():
            last = self._db.execute("SELECT MAX(version) FROM document WHERE kind = ? AND id = ?", (kind, id)).fetchone()[0] or 0
            self._db.execute("UPDATE document SET current = 0 WHERE kind = ? AND id = ?", (kind, id))
            self._db.execute("INSERT INTO document VALUES (?, ?, ?, ?, ?, 1, ?)", (kind, id, last + 1, at, int(deleted), text))
            self._db.execute("DELETE FROM entry WHERE kind = ? AND id = ?", (kind, id))
            self._db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", [(kind, id, *entry) for entry in entries])
        return Document(kind, id, last + 1, at, text, deleted)

    def get(self, kind: str, id: str, version: int | None = None) -> Document | None:
        """The current version, or the one asked for; None where there is none."""
        where = "version = ?" if version else "current = 1"
        found = self._all(
            f"SELECT kind, id, version, at, text, deleted FROM document WHERE kind = ? AND id = ? AND {where}",
            (kind, id, *([version] if version else [])),
        )
        return found[0] if found else None

    def find(self, kind: str, param: str, value: str, system: str = "") -> list[Document]:
        """Every current document that has exactly this entry."""
        return self.select(
            kind, "id IN (SELECT id FROM entry WHERE kind = ? AND param = ? AND value = ? AND system = ?)", (kind, param, value, system)
        )

    def select(self, kind: str, where: str = "1", values: Sequence[Any] = (), limit: int = -1, offset: int = 0) -> list[Document]:
        """Every current document for which an SQL condition holds, oldest first."""
        sql = f"SELECT kind, id, version, at, text, deleted FROM document WHERE kind = ? AND current = 1 AND deleted = 0 AND ({where}) ORDER BY at, id LIMIT ? OFFSET ?"
        return self._all(sql, (kind, *values, limit, offset))

    def count(self, kind: str, where: str = "1", values: Sequence[Any] = ()) -> int:
        """How many documents `select` would give without a limit."""
        with self._lock:
            sql = f"SELECT COUNT(*) FROM document WHERE kind = ? AND current = 1 AND deleted = 0 AND ({where})"
            return int(self._db.execute(sql, (kind, *values)).fetchone()[0])

    def table(self, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """(column names, rows) of `document` or `entry`, for people who want to look."""
        if name not in ("document", "entry"):
            raise ValueError(f"the store has the tables document and entry, not {name!r}")
        with self._lock:
            cursor = self._db.execute(f"SELECT * FROM {name}")
            return [column[0] for column in cursor.description], cursor.fetchall()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _all(self, sql: str, values: Sequence[Any]) -> list[Document]:
        with self._lock:
            rows = self._db.execute(sql, values).fetchall()
        return [Document(kind, id, version, at, text, bool(deleted)) for kind, id, version, at, text, deleted in rows]
