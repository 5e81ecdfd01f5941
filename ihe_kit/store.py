"""One embedded database behind all actors: what comes in by one wire is found by the others.

Four tables serve every standard. `document` keeps each version of each thing as the text it came in; nothing is overwritten, a change is a new
version. The others say by what the current version can be found: `entry` by words, codes and references, `period` by dates, `amount` by numbers
and quantities. A row of these names its `owner`, the serial number of the first version, and its parameter by a number (table `param`).
Their primary keys begin with what a search asks, so a search reads what it finds and little else.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Entry = tuple[str, str, str, str] | tuple[str, str, str, str, int]  # (param, system, value as compared, value as written, part)
Period = tuple[str, str, str, int]  # (param, first moment, last moment, part)
Amount = tuple[str, float, float, str, str, int]  # (param, least, most, system, code of the unit, part)

MADE = 2  # of the tables: a file of another number was made by another release
_SCHEMA = f"""
CREATE TABLE document (
    serial INTEGER PRIMARY KEY, owner INTEGER, kind TEXT, id TEXT, version INTEGER, at TEXT, utc TEXT, deleted INTEGER, current INTEGER,
    text TEXT);
CREATE UNIQUE INDEX document_version ON document (kind, id, version);
CREATE INDEX document_kind ON document (kind, serial);
CREATE INDEX document_owner ON document (owner) WHERE current = 1;
CREATE INDEX document_there ON document (kind, owner) WHERE current = 1 AND deleted = 0;
CREATE TABLE param (num INTEGER PRIMARY KEY, kind TEXT, name TEXT, UNIQUE (kind, name));
CREATE TABLE entry (
    param INTEGER, value TEXT, owner INTEGER, system TEXT, exact TEXT, part INTEGER,
    PRIMARY KEY (param, value, owner, system, exact, part)) WITHOUT ROWID;
CREATE INDEX entry_owner ON entry (owner, param);
CREATE TABLE period (
    param INTEGER, low TEXT, high TEXT, owner INTEGER, part INTEGER, PRIMARY KEY (param, low, high, owner, part)) WITHOUT ROWID;
CREATE INDEX period_high ON period (param, high, owner);
CREATE INDEX period_owner ON period (owner, param);
CREATE TABLE amount (
    param INTEGER, low REAL, high REAL, owner INTEGER, system TEXT, code TEXT, part INTEGER,
    PRIMARY KEY (param, low, high, owner, system, code, part)) WITHOUT ROWID;
CREATE INDEX amount_owner ON amount (owner, param);
PRAGMA user_version = {MADE};
"""
_VERSION = "document.kind, document.id, document.version, document.at, document.text, document.deleted, document.owner, document.serial"
_LOOKED_AT = {
    "document": "SELECT kind, id, version, at, deleted, current, text FROM document ORDER BY serial",
    "entry": """
        SELECT p.kind, d.id, p.name AS param, e.system, e.value, e.exact FROM entry e JOIN param p ON p.num = e.param
        JOIN document d ON d.owner = e.owner AND d.current = 1 ORDER BY e.owner, p.num""",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one thing: a FHIR resource, an openEHR composition, a template. `at` is an ISO 8601 time, `serial` counts all versions
    of everything, and `owner` is the serial of the thing's first version: what the index knows the thing by.
    """

    kind: str
    id: str
    version: int
    at: str
    text: str
    deleted: bool = False
    owner: int = 0
    serial: int = 0


class Store:
    """The database. `url` is `sqlite://` (in memory) or `sqlite:///a/file.db`. One lock: actors answer one after the other."""

    def __init__(self, url: str = "sqlite://") -> None:
        scheme, _, path = url.partition("://")
        if scheme != "sqlite":
            raise ValueError(f"expected a store such as sqlite:// or sqlite:///course.db, but found {url!r}")
        self._lock = threading.RLock()
        self._depth = 0
        self._params: dict[tuple[str, str], int] = {}
        try:
            self._db = sqlite3.connect(
                path.removeprefix("/") or ":memory:", check_same_thread=False, isolation_level=None, cached_statements=512
            )
            self._open()
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as problem:
            raise OSError(
                f"cannot open the store {url}: {problem}. Choose a folder that you may write to, or sqlite:// for memory."
            ) from None

    def _open(self) -> None:
        """Makes the tables where there are none. What was answered survives the end of the process: the log is written before the answer."""
        made = self._db.execute("PRAGMA user_version").fetchone()[0]
        if made != MADE and self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise sqlite3.DatabaseError("it was made by another release of the kit")
        for setting in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "wal_autocheckpoint = 8000",
            "cache_size = -64000",
            "temp_store = MEMORY",
            "busy_timeout = 5000",
        ):
            self._db.execute(f"PRAGMA {setting}")
        if made != MADE:
            self._db.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an exception inside leaves the store as it was. May be nested; the outermost one decides."""
        with self._lock:
            self._depth += 1
            try:
                yield
                if self._depth == 1 and self._db.in_transaction:
                    self._db.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self._db.in_transaction:
                    self._params.clear()  # a number that was given out is taken back
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that begins with the first change: whoever only reads needs none, since nobody else is let in meanwhile."""
        with self.transaction():
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that may fail alone: an exception inside takes back what this part did, and goes on to the caller."""
        with self._writing():
            name = f"attempt_{self._depth}"
            self._db.execute(f"SAVEPOINT {name}")
            try:
                yield
            except BaseException:
                self._params.clear()
                self._db.execute(f"ROLLBACK TO {name}")
                raise
            finally:
                self._db.execute(f"RELEASE {name}")

    def put(
        self,
        kind: str,
        id: str,
        text: str,
        at: str,
        entries: Iterable[Entry] = (),
        deleted: bool = False,
        periods: Iterable[Period] = (),
        amounts: Iterable[Amount] = (),
    ) -> Document:
        """Keeps a new version and finds it by these rows from now on."""
        run, many = self._db.execute, self._db.executemany
        with self._writing():
            last = run("SELECT serial, owner, version FROM document WHERE kind = ? AND id = ? ORDER BY version DESC LIMIT 1", (kind, id))
            serial, owner, version = last.fetchone() or (0, 0, 0)
            if serial:
                run("UPDATE document SET current = 0 WHERE serial = ?", (serial,))
                for table in ("entry", "period", "amount"):
                    run(f"DELETE FROM {table} WHERE owner = ?", (owner,))
            (new,) = run("SELECT COALESCE(MAX(serial), 0) + 1 FROM document").fetchone()
            owner = owner or new
            row = (new, owner, kind, id, version + 1, at, _utc(at), int(deleted), 1, text)
            run("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            named = self.param
            rows = [(named(kind, e[0], make=True), e[2], owner, e[1], e[3], e[4] if len(e) > 4 else 0) for e in entries]
            many("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?)", rows)
            dates = [(named(kind, name, make=True), low, high, owner, part) for name, low, high, part in periods]
            many("INSERT OR IGNORE INTO period VALUES (?, ?, ?, ?, ?)", dates)
            numbers = [(named(kind, name, make=True), low, high, owner, *rest) for name, low, high, *rest in amounts]
            many("INSERT OR IGNORE INTO amount VALUES (?, ?, ?, ?, ?, ?, ?)", numbers)
        return Document(kind, id, version + 1, at, text, deleted, owner, new)

    def param(self, kind: str, name: str, make: bool = False) -> int:
        """The number of a parameter of a kind; 0 where nothing of the kind was ever found by it, unless it is to be made."""
        number = self._params.get((kind, name))
        if number is None:
            with self._lock:
                found = self._db.execute("SELECT num FROM param WHERE kind = ? AND name = ?", (kind, name)).fetchone()
                if not found and not make:
                    return 0
                number = found[0] if found else self._db.execute("INSERT INTO param (kind, name) VALUES (?, ?)", (kind, name)).lastrowid
                assert number is not None
                self._params[kind, name] = number
        return number

    def get(self, kind: str, id: str, version: int | None = None) -> Document | None:
        """The current version, or the one asked for; None where there is none, or where the current one says that it was deleted."""
        if version is None:
            last = self.last(kind, id)
            return None if last and last.deleted else last
        found = self._all(f"SELECT {_VERSION} FROM document WHERE kind = ? AND id = ? AND version = ?", (kind, id, version))
        return found[0] if found else None

    def last(self, kind: str, id: str) -> Document | None:
        """The latest version, also where it says that the thing was deleted; None for what never was."""
        found = self._all(f"SELECT {_VERSION} FROM document WHERE kind = ? AND id = ? ORDER BY version DESC LIMIT 1", (kind, id))
        return found[0] if found else None

    def find(self, kind: str, param: str, value: str, system: str = "") -> list[Document]:
        """Every current document that has exactly this entry."""
        where = "owner IN (SELECT owner FROM entry WHERE param = ? AND value = ? AND system = ?)"
        return self.select(kind, where, (self.param(kind, param), value, system))

    def select(self, kind: str, where: str = "1", values: Sequence[Any] = (), limit: int = -1, offset: int = 0) -> list[Document]:
        """Every current document for which an SQL condition holds, the one that was changed longest ago first."""
        sql = f"SELECT {_VERSION} FROM document WHERE kind = ? AND current = 1 AND deleted = 0 AND ({where}) ORDER BY serial + 0 LIMIT ? OFFSET ?"  # + 0: found by the condition, then sorted
        return self._all(sql, (kind, *values, limit, offset))

    def count(self, kind: str, where: str = "1", values: Sequence[Any] = ()) -> int:
        """How many documents `select` would give without a limit."""
        sql = f"SELECT COUNT(*) FROM document WHERE kind = ? AND current = 1 AND deleted = 0 AND ({where})"
        return int(self.ask(sql, (kind, *values))[0][0])

    def owned(self, owners: Sequence[int]) -> list[Document]:
        """The current documents with these numbers, in the same order."""
        found: dict[int, Document] = {}
        for start in range(0, len(owners), 500):
            some = owners[start : start + 500]
            sql = f"SELECT {_VERSION} FROM document WHERE current = 1 AND owner IN ({','.join('?' * len(some))})"
            found |= {one.owner: one for one in self._all(sql, some)}
        return [found[owner] for owner in owners if owner in found]

    def versions(self, where: str, values: Sequence[Any], limit: int) -> list[Document]:
        """Versions for which an SQL condition on `document` holds, the latest first."""
        return self._all(f"SELECT {_VERSION} FROM document WHERE {where} ORDER BY serial DESC LIMIT ?", (*values, limit))

    def kinds(self, param: str) -> list[str]:
        """The kinds of which something was ever found by a parameter."""
        return [row[0] for row in self.ask("SELECT kind FROM param WHERE name = ? ORDER BY kind", (param,))]

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def table(self, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """(column names, rows) of `document` or `entry`, for people who want to look."""
        if name not in _LOOKED_AT:
            raise ValueError(f"the store has the tables document and entry, not {name!r}")
        with self._lock:
            cursor = self._db.execute(_LOOKED_AT[name])
            return [column[0] for column in cursor.description], cursor.fetchall()

    def close(self) -> None:
        with self._lock, suppress(sqlite3.ProgrammingError):
            self._db.close()

    def _all(self, sql: str, values: Sequence[Any]) -> list[Document]:
        return [
            Document(kind, id, version, at, text, bool(deleted), owner, serial)
            for kind, id, version, at, text, deleted, owner, serial in self.ask(sql, values)
        ]


def _utc(at: str) -> str:
    """A moment in UTC, so that moments can be compared as texts; what is none stays as it is."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return at
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() if moment.tzinfo else at
