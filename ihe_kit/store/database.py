"""The seam between the store and a database: the few things that the store asks of one, whichever it is.

SQL is the same for both, with a ? for each value. What differs stands in `sqlite` and `postgresql`: how to connect, the tables with their types
and keys, and who has to wait while somebody writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

Row = tuple[Any, ...]
MADE = 4  # of the tables: a database of another number was made by another release


class Database(Protocol):
    """A database. Raises OSError where it is gone, ValueError for a text that it cannot keep."""

    @property
    def writing(self) -> bool:
        """Whether a transaction has begun."""

    def begin(self) -> None:
        """Begins a transaction that may write. Whoever else wants to write waits until it ends, also in another process."""

    def commit(self) -> None:
        """Ends the transaction. When this returns, the database has written down what was done."""

    def rollback(self) -> None:
        """Ends the transaction as if nothing had been done."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a statement gives; none for one that gives none."""

    def many(self, sql: str, rows: Iterable[Row]) -> None:
        """Runs a statement once for each row of values."""

    def close(self) -> None:
        """Hangs up. Safe to call twice."""


def without_password(url: str) -> str:
    """A URL as it may be shown.

    >>> without_password("postgresql://ingrid:secret@localhost/course")
    'postgresql://ingrid:***@localhost/course'
    """
    url = re.sub(r"(://[^/?#@:]*):.*@", r"\1:***@", url)
    return re.sub(r"(password=)[^&]*", r"\1***", url)
