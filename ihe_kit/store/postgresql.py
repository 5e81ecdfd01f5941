"""PostgreSQL: a server that several processes, on several computers, may ask at once. It is reached by psycopg.

Where SQLite lets one process write by locking its file, here whoever writes holds one advisory lock until the transaction ends: so serial numbers
are given out, and seen by others, one after the other. Readers never wait.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ihe_kit.store.database import MADE, Row, without_password

# Collation "C" compares code points, as SQLite does; another would put ø where a country has it. A row of an index has 2,700 bytes at most, so
# there are only columns of bounded length in it.
SCHEMA = """
CREATE TABLE document (
    serial BIGINT PRIMARY KEY, owner BIGINT, kind TEXT, id TEXT, version BIGINT, at TEXT, utc TEXT, deleted BIGINT, current BIGINT,
    text TEXT);
CREATE UNIQUE INDEX document_version ON document (kind, id, version);
CREATE INDEX document_kind ON document (kind, serial);
CREATE INDEX document_owner ON document (owner) WHERE current = 1;
CREATE INDEX document_there ON document (kind, owner) WHERE current = 1 AND deleted = 0;
CREATE INDEX document_latest ON document (current, deleted, serial);
CREATE TABLE param (num BIGINT PRIMARY KEY, kind TEXT, name TEXT, UNIQUE (kind, name));
CREATE TABLE entry (param BIGINT, value TEXT, owner BIGINT, system TEXT, exact TEXT, part BIGINT, rest TEXT);
CREATE INDEX entry_value ON entry (param, value, owner);
CREATE INDEX entry_owner ON entry (owner, param);
CREATE TABLE period (param BIGINT, low TEXT, high TEXT, owner BIGINT, part BIGINT);
CREATE INDEX period_low ON period (param, low, high, owner);
CREATE INDEX period_high ON period (param, high, low, owner);
CREATE INDEX period_owner ON period (owner, param);
CREATE TABLE amount (
    param BIGINT, low DOUBLE PRECISION, high DOUBLE PRECISION, owner BIGINT, system TEXT, code TEXT, part BIGINT);
CREATE INDEX amount_low ON amount (param, low, high, owner);
CREATE INDEX amount_owner ON amount (owner, param);
CREATE TABLE concept (num BIGINT PRIMARY KEY, parent BIGINT, attribute TEXT, code TEXT, type TEXT);
CREATE INDEX concept_place ON concept (parent, attribute, code, type);
CREATE TABLE node (concept BIGINT, record BIGINT, serial BIGINT, num BIGINT, cap BIGINT, name TEXT, data TEXT);
CREATE INDEX node_place ON node (concept, record, serial, num)
""".replace(" TEXT", ' TEXT COLLATE "C"')
_NOTE = f"ihe_kit {MADE}"  # of which making the tables are, as a comment on one of them
_MADE = "SELECT obj_description(oid, 'pg_class') FROM pg_class WHERE relname = 'document' AND relnamespace = current_schema()::regnamespace"
_LOCK = int.from_bytes(b"ihe_kit", "big")  # the number of the advisory lock: any that others will hardly take
_SETTINGS = (
    "jit = off",  # compiling takes longer than a search does
    "plan_cache_mode = force_custom_plan",  # how to search depends on what is asked: one code is frequent, another rare
    "enable_seqscan = off",  # everything asked is found by an index, row by row: so a search for the first few stops when it has them
    "enable_bitmapscan = off",
    "lock_timeout = '10s'",
)
_PATIENCE = 10  # seconds until a server is given up, unless the URL says otherwise


class Postgresql:
    """A database of a PostgreSQL server. Raises OSError where the server does not answer; what it says never shows the password."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._begun = self._closed = False
        self._db = self._connect()
        self._open()

    def _connect(self) -> psycopg.Connection[Row]:
        shown = f"cannot open the store {without_password(self._url)}"
        try:
            if not re.fullmatch(r"\w+://([^@/?]*@)?[^@?]*(\?.*)?", self._url):  # libpq would take a piece of the password for a host
                raise psycopg.ProgrammingError
            asked = conninfo_to_dict(self._url)
        except psycopg.ProgrammingError:  # its text may have a piece of the password, too
            raise OSError(
                f"{shown}: expected postgresql://user:password@host:5432/database. In a password, @ is written %40, : is %3A, / is %2F and % is %25."
            ) from None
        try:
            whole = make_conninfo(self._url, client_encoding="UTF8", connect_timeout=asked.get("connect_timeout") or _PATIENCE)
            db = psycopg.connect(whole, autocommit=True)
        except psycopg.Error as problem:
            says = " ".join(str(problem).split()).replace(str(asked.get("password") or "\0"), "***").rstrip(".?")
            raise OSError(
                f"{shown}: {says}. Look whether the server runs and knows this user and this database, or use sqlite:///course.db."
            ) from None
        encoding = db.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            db.close()
            raise OSError(f"{shown}: it keeps {encoding}, which lacks most characters. Make the database with ENCODING 'UTF8'.")
        db.execute("; ".join(f"SET {setting}" for setting in _SETTINGS))
        return db

    def _open(self) -> None:
        """Makes the tables where there are none."""
        if self.run(_MADE) == [(_NOTE,)]:
            return
        self.begin()
        try:
            there = self.run(_MADE)  # another process may have made them just now
            if there and there != [(_NOTE,)]:
                raise OSError(
                    f"cannot open the store {without_password(self._url)}: it was made by another release of the kit. Choose an empty database."
                )
            for statement in () if there else (*SCHEMA.split(";"), f"COMMENT ON TABLE document IS '{_NOTE}'"):
                self.run(statement)
            self.commit()
        except BaseException as problem:
            self.rollback()
            self.close()
            if isinstance(problem, psycopg.Error):
                raise OSError(f"cannot make the tables in {without_password(self._url)}: {problem}") from None
            raise

    @property
    def writing(self) -> bool:
        return self._begun

    def begin(self) -> None:
        connection = self._connection()
        self._begun = True
        try:
            connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK})")
        except psycopg.Error as problem:
            raise self._fault(problem) from None

    def commit(self) -> None:
        try:
            done = self._connection().execute("COMMIT").statusmessage
        except psycopg.Error as problem:
            raise self._fault(problem) from None
        if done != "COMMIT":  # a statement had failed, and somebody went on all the same
            raise OSError("the database took the whole transaction back, because a statement in it had failed")
        self._begun = False

    def rollback(self) -> None:
        with suppress(psycopg.Error):  # without a connection, the server has taken it back already
            self._db.execute("ROLLBACK")
        self._begun = False

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            cursor = self._connection().execute(_translated(sql), values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as problem:
            raise self._fault(problem) from None

    def many(self, sql: str, rows: Iterable[Row]) -> None:
        try:
            self._connection().cursor().executemany(_translated(sql), rows)
        except psycopg.Error as problem:
            raise self._fault(problem) from None

    def close(self) -> None:
        self._closed = True
        self._db.close()

    def _connection(self) -> psycopg.Connection[Row]:
        """The connection; a new one where the old one was lost, but never in the middle of a transaction: its first half is gone."""
        if self._closed:
            raise OSError("the store is closed")
        if self._db.closed:
            if self._begun:
                raise OSError(f"the connection to the store {without_password(self._url)} was lost: this transaction did not happen")
            self._db = self._connect()
        return self._db

    def _fault(self, problem: psycopg.Error) -> Exception:
        """What an error of psycopg means to those who ask the store."""
        if self._db.closed:
            return OSError(f"the connection to the store {without_password(self._url)} was lost. The next request connects again.")
        if isinstance(problem, psycopg.errors.LockNotAvailable):
            return OSError("the store is busy: another process has been writing for 10 seconds. Try again.")
        if isinstance(problem, psycopg.DataError) and "NUL" in str(problem):
            return ValueError("found the character NUL (U+0000), which PostgreSQL cannot keep in a text")
        return problem


@lru_cache(maxsize=4096)
def _translated(sql: str) -> bytes:
    """SQL in PostgreSQL's words: a value is %s, and the place of a text in another is found by strpos."""
    return sql.replace("%", "%%").replace("?", "%s").replace("instr(", "strpos(").encode()
