"""One database behind all actors: what comes in by one wire is found by the others.

Four tables serve every standard. `document` keeps each version of each thing as the text it came in; nothing is overwritten, a change is a new
version. The others say by what the current version can be found: `entry` by words, codes and references, `period` by dates, `amount` by numbers
and quantities. A row of these names its `owner`, the serial number of the first version, and its parameter by a number (table `param`). Their
indexes begin with what a search asks, so a search reads what it finds and little else. What is asked for by the parts of its tree, as AQL does, has
two tables more (`nodes`).

The database is SQLite's or PostgreSQL's, by its URL; what they have in common is `database.Database`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ihe_kit.keys import LONGEST, split_key
from ihe_kit.store.database import Database, Row, without_password
from ihe_kit.store.nodes import Node, NodeIndex

Entry = tuple[str, str, str, str] | tuple[str, str, str, str, int]  # (param, system, value as compared, value as written, part)
Period = tuple[str, str, str, int]  # (param, first moment, last moment, part)
Amount = tuple[str, float, float, str, str, int]  # (param, least, most, system, code of the unit, part)

ALL = 2**62  # more than any store has
_VERSION = "document.kind, document.id, document.version, document.at, document.text, document.deleted, document.owner, document.serial"
_LOOKED_AT = {
    "document": "SELECT kind, id, version, at, deleted, current, text FROM document ORDER BY serial",
    "entry": """
        SELECT p.kind, d.id, p.name AS param, e.system, e.value || e.rest AS value, e.exact FROM entry e JOIN param p ON p.num = e.param
        JOIN document d ON d.owner = e.owner AND d.current = 1 ORDER BY e.owner, p.num, e.value, e.system, e.exact""",
}
_COLUMNS = {"document": "kind id version at deleted current text", "entry": "kind id param system value exact"}


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


def connect(url: str) -> Database:
    """The database that a URL names. Raises ValueError for another scheme, OSError where the database cannot be opened."""
    scheme, _, path = url.partition("://")
    if scheme == "sqlite":
        from ihe_kit.store.sqlite import Sqlite

        return Sqlite(path.removeprefix("/"))
    if scheme in ("postgresql", "postgres"):
        try:
            from ihe_kit.store.postgresql import Postgresql
        except ImportError as absent:
            raise OSError(
                f'PostgreSQL is asked by psycopg, which is not here ({absent}). Install it: pip install "ihe_kit[postgresql]". '
                "Or use sqlite:///course.db."
            ) from None
        return Postgresql(url)
    known = "sqlite://, sqlite:///course.db or postgresql://user:password@host/database"
    raise ValueError(f"expected a store such as {known}, but found {without_password(url)!r}")


class Store:
    """The database, and one lock: the actors of a process answer one after the other. `url` is

    - `sqlite://`, in memory, or `sqlite:///course.db`, in a file, or
    - `postgresql://user:password@host:5432/database`, on a server, with whatever else libpq takes behind a ?. The database has to be there,
      empty at first, in UTF8. A password may as well stand in ~/.pgpass or PGPASSWORD. Needs `ihe_kit[postgresql]`.

    Raises ValueError for another URL, and OSError where the database cannot be opened. Where a connection is lost, what is asked meanwhile
    raises OSError and leaves nothing half-done; the next request connects again.
    """

    def __init__(self, url: str = "sqlite://") -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._params: dict[tuple[str, str], int] = {}
        self._db = connect(url)
        self.nodes = NodeIndex(self._db)

    @contextmanager
    def transaction(self, alone: bool = False) -> Iterator[None]:
        """All or nothing: an exception inside leaves the store as it was. May be nested; the outermost one decides.

        `alone`: nobody else writes from here on, also in another process, so that what is read now still holds when it is changed.
        """
        with self._lock:
            self._depth += 1
            try:
                if alone and not self._db.writing:
                    self._db.begin()
                yield
                if self._depth == 1 and self._db.writing:
                    self._db.commit()
            except BaseException:
                if self._depth == 1 and self._db.writing:
                    self._forget()
                    self._db.rollback()
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that begins with the first change: whoever only reads needs none, since nobody else is let in meanwhile."""
        with self.transaction(alone=True):
            yield

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that may fail alone: an exception inside takes back what this part did, and goes on to the caller."""
        with self._writing():
            name = f"attempt_{self._depth}"
            self._db.run(f"SAVEPOINT {name}")
            try:
                yield
            except BaseException:
                self._forget()
                self._db.run(f"ROLLBACK TO {name}")
                raise
            finally:
                self._db.run(f"RELEASE {name}")

    def _forget(self) -> None:
        """Numbers that were given out are taken back."""
        self._params.clear()
        self.nodes.forget()

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
        nodes: Iterable[Node] = (),
        record: int = 0,
    ) -> Document:
        """Keeps a new version and finds it by these rows from now on. Raises ValueError for an id that is too long to be one.

        `nodes` are the parts of its tree that can be asked about (`store.nodes`), and `record` is the owner of the record that they belong to.
        """
        if len(id) > LONGEST:
            raise ValueError(f"what is kept is known by {LONGEST} characters at most, but found {len(id)}: {id[:40]}...")
        run, many = self._db.run, self._db.many
        with self._writing():
            last = run("SELECT serial, owner, version FROM document WHERE kind = ? AND id = ? ORDER BY version DESC LIMIT 1", (kind, id))
            serial, owner, version = last[0] if last else (0, 0, 0)
            if serial:
                run("UPDATE document SET current = 0 WHERE serial = ?", (serial,))
                for table in ("entry", "period", "amount"):
                    run(f"DELETE FROM {table} WHERE owner = ?", (owner,))
            new = int(run("SELECT COALESCE(MAX(serial), 0) + 1 FROM document")[0][0])
            owner = owner or new
            row = (new, owner, kind, id, version + 1, at, _utc(at), int(deleted), 1, text)
            run("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            rows = [self._entry(kind, owner, *one) for one in entries]
            many("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", dict.fromkeys(rows))
            dates = [(self._made(kind, name), low, high, owner, part) for name, low, high, part in periods]
            many("INSERT INTO period VALUES (?, ?, ?, ?, ?)", dict.fromkeys(dates))
            numbers = [(self._made(kind, name), low, high, owner, *rest) for name, low, high, *rest in amounts]
            many("INSERT INTO amount VALUES (?, ?, ?, ?, ?, ?, ?)", dict.fromkeys(numbers))
            self.nodes.keep(new, record or owner, nodes)
        return Document(kind, id, version + 1, at, text, deleted, owner, new)

    def _entry(self, kind: str, owner: int, name: str, system: str, value: str, exact: str, part: int = 0) -> Row:
        value, rest = split_key(value)
        return self._made(kind, name), value, owner, system, exact, part, rest

    def param(self, kind: str, name: str) -> int:
        """The number of a parameter of a kind; 0 where nothing of the kind was ever found by it."""
        number = self._params.get((kind, name), 0)
        if not number:
            found = self.ask("SELECT num FROM param WHERE kind = ? AND name = ?", (kind, name))
            number = int(found[0][0]) if found else 0
            if number:
                self._params[kind, name] = number
        return number

    def _made(self, kind: str, name: str) -> int:
        """The number of a parameter, given to it now where it has none."""
        number = self.param(kind, name)
        if not number:
            sql = "INSERT INTO param SELECT COALESCE(MAX(num), 0) + 1, ?, ? FROM param RETURNING num"
            number = self._params[kind, name] = int(self._db.run(sql, (kind, name))[0][0])
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

    def unused(self, kind: str, ids: Callable[[], str]) -> str:
        """The next identifier that nothing of a kind has or had: a client may have taken one, and a counter begins anew with each start."""
        id = ids()
        while self.last(kind, id):
            id = ids()
        return id

    def find(self, kind: str, param: str, value: str, system: str = "") -> list[Document]:
        """Every current document that has exactly this entry."""
        where = "owner IN (SELECT owner FROM entry WHERE param = ? AND value = ? AND rest = ? AND system = ?)"
        return self.select(kind, where, (self.param(kind, param), *split_key(value), system))

    def select(self, kind: str, where: str = "1 = 1", values: Sequence[Any] = (), limit: int = ALL, offset: int = 0) -> list[Document]:
        """Every current document for which an SQL condition holds, the one that was changed longest ago first."""
        sql = f"SELECT {_VERSION} FROM document WHERE kind = ? AND current = 1 AND deleted = 0 AND ({where}) ORDER BY serial + 0 LIMIT ? OFFSET ?"  # + 0: found by the condition, then sorted
        return self._all(sql, (kind, *values, limit, offset))

    def count(self, kind: str, where: str = "1 = 1", values: Sequence[Any] = ()) -> int:
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

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a query gives."""
        with self._lock:
            return self._db.run(sql, values)

    def table(self, name: str) -> tuple[list[str], list[Row]]:
        """(column names, rows) of `document` or `entry`, for people who want to look."""
        if name not in _LOOKED_AT:
            raise ValueError(f"the store has the tables document and entry, not {name!r}")
        return _COLUMNS[name].split(), self.ask(_LOOKED_AT[name])

    def close(self) -> None:
        with self._lock:
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
