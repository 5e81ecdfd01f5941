"""AQL asked of the one store: the index of structure nodes, and the documents themselves where the index does not say enough.

A query keeps nobody waiting: it reads a part of the index, lets others in, and reads the next. After `PATIENCE` seconds it is given up. Since
versions never change, what it reads of one stays right when a newer one comes meanwhile.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from threading import Lock
from time import monotonic, sleep
from typing import Any
from weakref import WeakKeyDictionary

from ihe_kit.openehr.aql_plan import bind, make_plan
from ihe_kit.openehr.aql_query import Query
from ihe_kit.openehr.aql_records import Found, TooLong
from ihe_kit.openehr.aql_running import Result, run
from ihe_kit.openehr.nodes import structure
from ihe_kit.store import ALL, Entry, Store

Json = Any
PATIENCE = 30.0  # seconds
HIDDEN = "not queryable"  # by this an EHR_STATUS is found that says is_queryable: false; the value is the number of its record
_TREES = 12_000_000  # characters of documents whose trees are kept: some hundred megabytes
_SOME = 400  # records or documents in one statement
_MOMENT = 0.0005  # seconds in which others get their turn: whoever asks for a lock again at once has it before those who wait
_RECORDS = "SELECT owner FROM document WHERE kind = 'EHR' AND current = 1 AND deleted = 0 ORDER BY owner"


def hidden(status: Mapping[str, Json], record: int) -> list[Entry]:
    """The entry by which an EHR_STATUS keeps its record out of queries; none where it may be asked."""
    return [(HIDDEN, "", str(record), str(record))] if status.get("is_queryable") is False else []


class Trees:
    """The trees of documents that were read last, by serial number. A version never changes, so nothing here grows old."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[int, list[dict[str, Json]]]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, serial: int) -> list[dict[str, Json]] | None:
        with self._lock:
            if serial not in self._kept:
                return None
            self._kept.move_to_end(serial)
            return self._kept[serial][1]

    def keep(self, serial: int, text: str) -> list[dict[str, Json]]:
        nodes = structure(json.loads(text))
        with self._lock:
            self._size += len(text) - self._kept.pop(serial, (0, []))[0]
            self._kept[serial] = (len(text), nodes)
            while self._size > _TREES and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1][0]
        return nodes


_kept: WeakKeyDictionary[Store, Trees] = WeakKeyDictionary()


def trees_of(store: Store) -> Trees:
    """The trees that are kept of a store's documents, for whoever asks it."""
    return _kept.setdefault(store, Trees())


class StoredRecords:
    """What a store has to offer for AQL (`openehr.aql_records.Records`). `only` is the number of the one record in question, if there is one."""

    def __init__(self, store: Store, trees: Trees, only: int | None = None) -> None:
        self.store, self.trees, self.only = store, trees, only
        self._ehrs: dict[int, Json] = {}
        self._ids: dict[int, str] = {}
        self._hidden: set[int] | None = None

    def concepts(self) -> Mapping[int, Any]:
        with self.store.transaction():
            return self.store.nodes.concepts()

    def scan(
        self, concepts: Sequence[int], records: Sequence[int] | None, current: bool, whole: bool, holding: str = ""
    ) -> Iterator[list[Found]]:
        if self.only is not None:
            records = [self.only] if records is None or self.only in records else []
        for number, some in enumerate(self._all_records() if records is None else [records]):
            if number:
                sleep(_MOMENT)
            with self.store.transaction():
                found = self.store.nodes.scan(concepts, some, current, whole, holding)
            yield found

    def _all_records(self) -> list[range]:
        """All records, some hundreds at a time."""
        owners = [row[0] for row in self.store.ask(_RECORDS)]
        return [range(*pair) for pair in pairwise((0, *owners[_SOME::_SOME], ALL))]

    def records(self) -> Sequence[int]:
        found = [row[0] for row in self.store.ask(_RECORDS)] if self.only is None else [self.only]
        return [number for number in found if number not in self.hidden()]

    def hidden(self) -> set[int]:
        if self._hidden is None:
            param = self.store.param("EHR_STATUS", HIDDEN)
            self._hidden = {int(row[0]) for row in self.store.ask("SELECT value FROM entry WHERE param = ?", (param,))} if param else set()
        return self._hidden

    def record(self, ehr_id: str) -> int | None:
        found = self.store.get("EHR", ehr_id)
        return found.owner if found and found.owner not in self.hidden() and self.only in (None, found.owner) else None

    def ehr_id(self, record: int) -> str:
        if record not in self._ids:
            self.read_ahead((), (), (record,))
        return self._ids.get(record, "")

    def ehr(self, record: int) -> Json:
        if record not in self._ehrs:
            self.read_ahead((), (record,))
        return self._ehrs.get(record, {})

    def version(self, serial: int) -> Json:
        """The ORIGINAL_VERSION around a document, as it was kept with it; of one that was kept alone, its name and when that was."""
        id, at = self.store.ask("SELECT id, at FROM document WHERE serial = ?", (serial,))[0]
        uid = next((node["uid"]["value"] for node in self.tree(serial)[:1] if "uid" in node), id)
        kept = self.store.get("ORIGINAL_VERSION", uid)
        if kept:
            return json.loads(kept.text)
        audit = {"_type": "AUDIT_DETAILS", "time_committed": {"_type": "DV_DATE_TIME", "value": at}}
        return {"_type": "ORIGINAL_VERSION", "uid": {"_type": "OBJECT_VERSION_ID", "value": uid}, "commit_audit": audit}

    def tree(self, serial: int) -> list[dict[str, Json]]:
        known = self.trees.get(serial)
        return next((self.trees.keep(*row) for row in self._texts((serial,))), []) if known is None else known

    def read_ahead(self, serials: Iterable[int], records: Iterable[int], named: Iterable[int] = ()) -> None:
        nameless = [record for record in named if record not in self._ids]
        for some in _parts(nameless):
            sql = f"SELECT owner, id FROM document WHERE current = 1 AND owner IN ({_marks(some)})"
            self._ids |= dict(self.store.ask(sql, some))
        for serial, text in self._texts([one for one in serials if self.trees.get(one) is None]):
            self.trees.keep(serial, text)
        missing = [record for record in records if record not in self._ehrs]
        if missing:
            self._ehrs |= {one.owner: json.loads(one.text) for one in self.store.owned(missing)}
            places = [number for number, place in self.concepts().items() if place.type == "EHR_STATUS" and not place.parent]
            status = {row[2]: row[1] for some in self.scan(places, missing, True, False) for row in some}
            for serial, text in self._texts(list(status)):
                self._ehrs[status[serial]]["ehr_status"] = json.loads(text)

    def _texts(self, serials: Sequence[int]) -> Iterable[tuple[int, str]]:
        for some in _parts(serials):
            yield from self.store.ask(f"SELECT serial, text FROM document WHERE serial IN ({_marks(some)})", some)

    def referred(self, record: int) -> Mapping[str, int]:
        roots = [number for number, place in self.concepts().items() if not place.parent and place.type != "FOLDER"]
        found = {}
        for row in (row for some in self.scan(roots, [record], True, True) for row in some):
            uid = (json.loads(row[6]) if row[6] else {}).get("uid") or {}
            found[str(uid.get("value", "")).partition("::")[0]] = row[2]
        return found


def _parts(values: Sequence[int]) -> Iterator[Sequence[int]]:
    return (values[start : start + _SOME] for start in range(0, len(values), _SOME))


def _marks(values: Sequence[int]) -> str:
    return ",".join("?" * len(values))


def ask(query: Query, records: StoredRecords, parameters: Mapping[str, Json], now: datetime, patience: float | None = None) -> Result:
    """The answer to a query. Raises Unreadable, ValueError for what cannot be answered, TooLong after `patience` seconds (PATIENCE, where none are given)."""
    return run(make_plan(bind(query, parameters)), records, now, _clockwork(PATIENCE if patience is None else patience))


def _clockwork(patience: float) -> Callable[[], None]:
    """What raises TooLong when time is up, if it is called often enough."""
    end = monotonic() + patience

    def tick() -> None:
        if monotonic() > end:
            raise TooLong(f"the query was given up after {patience:g} seconds. Restrict it: to one EHR, by WHERE, or by LIMIT.")

    return tick
