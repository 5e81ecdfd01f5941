"""What AQL is asked of: the structure nodes of records, as a repository offers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

Json = Any
Found = tuple[int, int, int, int, int, str, str]  # (concept, record, serial, num, cap, name, data), as the store's index has it


class Place(Protocol):
    """Where in trees nodes stand: a `Concept` of the store."""

    @property
    def parent(self) -> int: ...
    @property
    def attribute(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def type(self) -> str: ...


class Records(Protocol):
    """What AQL is asked of: all that a repository has to offer for it."""

    def concepts(self) -> Mapping[int, Place]:
        """The places in trees where nodes stand, by number."""

    def scan(
        self, concepts: Sequence[int], records: Sequence[int] | None, current: bool, whole: bool, holding: str
    ) -> Iterator[list[Found]]:
        """The nodes at some places, in some records or in all; of latest versions, or of every version; with name and data where `whole`;
        some at a time, so that the clock can be looked at.

        Those whose data is kept and has not the text `holding` in it may be left out.
        """

    def records(self) -> Sequence[int]:
        """The records that may be asked."""

    def hidden(self) -> set[int]:
        """The records that may not."""

    def record(self, ehr_id: str) -> int | None:
        """The number of the record with an identifier, where it may be asked."""

    def ehr_id(self, record: int) -> str:
        """The identifier of a record."""

    def ehr(self, record: int) -> Json:
        """The EHR object of a record, with its EHR_STATUS in it."""

    def version(self, serial: int) -> Json:
        """The ORIGINAL_VERSION around a document, without its data."""

    def tree(self, serial: int) -> list[dict[str, Json]]:
        """The structure nodes of a document by their numbers."""

    def read_ahead(self, serials: Iterable[int], records: Iterable[int], named: Iterable[int] = ()) -> None:
        """Reads the trees of documents and the EHRs that will be asked for, and the identifiers of those of which no more is asked."""

    def referred(self, record: int) -> Mapping[str, int]:
        """The documents of a record by the identifiers that a FOLDER refers to them by."""


class TooLong(Exception):
    """The query took longer than it may."""
