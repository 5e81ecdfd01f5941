"""Structure nodes: the parts of kept trees that can be asked about one by one, such as the entries and elements of an openEHR composition.

Two tables. `concept` says where in a tree a node can stand: its number, that of its parent's concept, the attribute that leads from there, its
code and its class. There are as many as the templates have nodes, however many compositions are kept. `node` has a row for each node of each
version: its concept, the record that it belongs to, the version's serial, and the nested interval of its place (`num` to `cap` holds it and all
below it), with its name and what is most often asked of it. Its one key begins with what a question knows: the concept, then the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ihe_kit.store.database import Database

Node = tuple[int, str, str, str, int, str, str]  # (parent's place in the list or -1, attribute, code, class, cap, name, data)
Found = tuple[int, int, int, int, int, str, str]  # (concept, record, serial, num, cap, name, data)
_SOME = 400  # values in one statement: SQLite once took 999 at most


@dataclass(frozen=True, slots=True)
class Concept:
    """A place in a tree where nodes stand. `parent` is the number of the concept above, 0 for the root of a tree."""

    num: int
    parent: int
    attribute: str
    code: str
    type: str


class NodeIndex:
    """The two tables. What is written belongs to the transaction of the store that writes; `forget` when it is taken back."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[tuple[int, str, str, str], int] = {}
        self._concepts: dict[int, Concept] = {}

    def forget(self) -> None:
        self._known.clear()
        self._concepts.clear()

    def keep(self, serial: int, record: int, nodes: Iterable[Node]) -> None:
        """Keeps the nodes of a version, in the order of the tree: a node stands before those below it."""
        concepts: list[int] = []
        rows = []
        for num, (parent, attribute, code, type_, cap, name, data) in enumerate(nodes):
            concepts.append(self._concept(concepts[parent] if parent >= 0 else 0, attribute, code, type_))
            rows.append((concepts[-1], record, serial, num, cap, name, data))
        self._db.many("INSERT INTO node VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _concept(self, *key: int | str) -> int:
        parent, attribute, code, type_ = key
        known = int(parent), str(attribute), str(code), str(type_)
        if known not in self._known:
            found = self._db.run("SELECT num FROM concept WHERE parent = ? AND attribute = ? AND code = ? AND type = ?", known)
            made = "INSERT INTO concept SELECT COALESCE(MAX(num), 0) + 1, ?, ?, ?, ? FROM concept RETURNING num"
            self._known[known] = int((found or self._db.run(made, known))[0][0])
        return self._known[known]

    def concepts(self) -> dict[int, Concept]:
        """Every concept, by its number."""
        rows = self._db.run(
            "SELECT num, parent, attribute, code, type FROM concept WHERE num > ? ORDER BY num", (max(self._concepts, default=0),)
        )
        self._concepts |= {row[0]: Concept(*row) for row in rows}
        return dict(self._concepts)

    def scan(
        self, concepts: Sequence[int], records: Sequence[int] | range, current: bool = True, whole: bool = True, holding: str = ""
    ) -> list[Found]:
        """The nodes of some concepts, in some records or a range of them; only of latest versions where `current`, else of every version.

        Not `whole`: without name and data, which take the most time to hand over. With `holding`, only nodes that have this text in their data,
        and those whose data is not kept.
        """
        kept = "n.name, n.data" if whole else "'', ''"
        head = f"SELECT n.concept, n.record, n.serial, n.num, n.cap, {kept} FROM node n{_LATEST * current}"
        held, texts = (" AND (n.data = '' OR instr(n.data, ?) > 0)", (holding,)) if holding else ("", ())
        found: list[Found] = []
        for some in _parts(concepts):
            if isinstance(records, range):
                sql = f"{head} WHERE n.concept IN {_marks(some)} AND n.record >= ? AND n.record < ?{held}"
                found += self._db.run(sql, (*some, records.start, records.stop, *texts))
                continue
            for few in _parts(records):
                sql = f"{head} WHERE n.concept IN {_marks(some)} AND n.record IN {_marks(few)}{held}"
                found += self._db.run(sql, (*some, *few, *texts))
        return found


_LATEST = " JOIN document d ON d.serial = n.serial AND d.current = 1 AND d.deleted = 0"


def _parts(values: Sequence[int]) -> Iterator[Sequence[int]]:
    return (values[start : start + _SOME] for start in range(0, len(values), _SOME))


def _marks(values: Sequence[int]) -> str:
    return f"({','.join('?' * len(values))})"
