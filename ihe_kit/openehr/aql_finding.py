"""FROM: nodes from the index, joined by their intervals, and what paths pass below them. A row is one combination of what was found."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

from ihe_kit.openehr.aql_at import Reader
from ihe_kit.openehr.aql_plan import Plan, Slot, one_record
from ihe_kit.openehr.aql_query import Both, ClassExpression, Contains, Source
from ihe_kit.openehr.aql_records import Found, Place, Records
from ihe_kit.openehr.aql_types import code_in, with_heirs

Row = dict[int, Any]  # by slot: the number of a record, what was found, or None
MOST = 1_000_000  # rows; more is a cross product that nobody meant
_PLACE, _NUMBER = itemgetter(1, 2, 3), itemgetter(3)
FEW = 1000  # records: so many are asked for by name, more are read in one go


class Finder:
    """Finds the rows of a plan. `tick` is called again and again, and may raise TooLong."""

    def __init__(self, plan: Plan, records: Records, places: Mapping[int, Place], reader: Reader, tick: Callable[[], None]) -> None:
        self.plan, self.query, self.records, self.places, self.reader, self.tick = plan, plan.query, records, places, reader, tick
        self.below: dict[tuple[int, str], list[int]] = {}  # by parent and attribute
        for number, place in self.places.items():
            self.below.setdefault((place.parent, place.attribute), []).append(number)
        self.found: dict[int, dict[int, list[Found]]] = {}  # by slot, then by serial
        self.by_record: dict[int, dict[int, list[Found]]] = {}
        self.asked: list[int] | None = None  # the records in question; None for all
        self.slot_of = {id(slot.expression): slot.number for slot in plan.slots if slot.expression}
        self.read = {one.slot for one in plan.reached.values() if one.steps} | {slot.number for slot in plan.slots if slot.asks}
        self.read |= {slot.parent for slot in plan.slots if not slot.expression and not slot.attribute}
        self.tests = {slot: [reader.test(one) for one in conditions] for slot, conditions in plan.wanted.items()}
        self.source = self._without_idle(self.query.source)

    def rows(self) -> list[Row]:
        """The rows of FROM with what paths pass, in the order of records, versions and nodes."""
        ehr_id = one_record(self.query)
        if ehr_id is not None:
            number = self.records.record(ehr_id)
            if number is None:
                return []
            self.asked = [number]
        self._scan()
        rows = self._match(self.source, None)
        for slot in self.plan.bound:
            rows = self._extended(rows, slot)
        return rows

    def _without_idle(self, source: Source) -> Source:
        """FROM without compositions that only stand around something that is in one anyhow: nobody has to look."""
        if isinstance(source, Both):
            return replace(source, parts=tuple(map(self._without_idle, source.parts)))
        if source.inner is None:
            return source
        source, one = replace(source, inner=self._without_idle(source.inner)), source.outer
        idle = one.type == "COMPOSITION" and not one.predicate and not any(slot.parent == self.slot_of[id(one)] for slot in self.plan.slots)
        read = any(reached.slot == self.slot_of[id(one)] for reached in self.plan.reached.values())
        inner = source.inner
        if idle and not read and isinstance(inner, Contains) and not source.negated and self._in_compositions(inner.outer):
            return inner
        return source

    def _in_compositions(self, expression: ClassExpression) -> bool:
        """Whether nodes of a class with a code stand in compositions only, wherever they stand."""

        def root(number: int) -> Place:
            place = self.places[number]
            return root(place.parent) if place.parent else place

        return all(root(number).type == "COMPOSITION" for number in self._places(expression))

    def _scan(self) -> None:
        """Fetches the nodes of each class expression; those with a code first, since they say most about which records matter."""
        found = list(_needs(self.source))
        found.sort(key=lambda one: (not one.needed, not code_in(one.expression.predicate)))
        for one in found:
            slot = self.slot_of[id(one.expression)]
            if one.expression.type == "EHR" or (one.expression.type == "VERSION" and not one.alone):
                continue
            below = self._telling(slot)
            if below is not None:
                self._fetch(below, sorted(self._path_places(self.plan.slots[below])), current=False)
                self._leave_out(below, partial(self._wanted, below))
                self._narrow(below, one.needed)
            serials = None if below is None else self.found[below]
            self._fetch(slot, self._places(one.expression), one.current, serials)
            if below is not None:
                self._leave_out(slot, partial(self._between, below))
            if one.expression.type != "VERSION" and slot in self.plan.wanted:
                self._leave_out(slot, partial(self._wanted, slot))
            self._narrow(slot, one.needed)

    def _telling(self, slot: int) -> int | None:
        """The slot on a path below a class expression whose nodes are looked at first, since WHERE says most about it: that it is some text."""
        found = [number for number in self.plan.wanted if number != slot and self._root(number) == slot]
        return max(found, key=lambda number: bool(self.reader.holding(self.plan.wanted[number], ())), default=None)

    def _root(self, number: int) -> int:
        slot = self.plan.slots[number]
        return number if slot.expression else self._root(slot.parent)

    def _narrow(self, slot: int, needed: bool) -> None:
        """Leaves the records that have a node of a slot that every row needs."""
        if needed:
            seen = {nodes[0][1] for nodes in self.found[slot].values()}
            self.asked = sorted(seen if self.asked is None else seen & set(self.asked))

    def _leave_out(self, slot: int, wanted: Callable[[Found], Any]) -> None:
        """Drops the nodes of a slot that nobody wants."""
        found = {serial: [node for node in nodes if wanted(node)] for serial, nodes in self.found[slot].items()}
        self.found[slot] = {serial: nodes for serial, nodes in found.items() if nodes}

    def _wanted(self, slot: int, node: Found) -> bool:
        """Whether a node passes what WHERE asks of its slot alone."""
        self.tick()
        return all(test(node) for test in self.tests[slot])

    def _places(self, expression: ClassExpression) -> list[int]:
        """Where in trees nodes of a class with a code stand."""
        if expression.type == "VERSION":
            return [number for number, place in self.places.items() if not place.parent]
        types, code = set(with_heirs((expression.type,))), code_in(expression.predicate)
        return [number for number, place in self.places.items() if place.type in types and code in ("", place.code)]

    def _fetch(self, slot: int, places: list[int], current: bool, serials: Container[int] | None = None) -> None:
        """Fetches the nodes of a slot at some places, in the records in question, and only in some documents where there are `serials`."""
        self.tick()
        few = self.asked if self.asked is not None and len(self.asked) <= FEW else None
        hidden = self.records.hidden() if few is None else ()
        holding = self.reader.holding(self.plan.wanted.get(slot, ()), places)
        nodes: list[Found] = []
        for some in self.records.scan(places, few, current, slot in self.read, holding) if places and few != [] else ():
            self.tick()
            nodes += some if serials is None else [node for node in some if node[2] in serials]
        by_serial = self.found.setdefault(slot, {})
        for node in sorted(nodes, key=_PLACE):
            if node[1] not in hidden:
                by_serial.setdefault(node[2], []).append(node)
        self.tick()

    def _match(self, source: Source, outer: Any) -> list[Row]:
        """Every way in which FROM holds inside of something: None for everything, the number of a record, or a node."""
        if isinstance(source, Both):
            return self._both(source, outer)
        slot = self.slot_of[id(source.outer)]
        if source.outer.type == "VERSION" and source.inner:
            return self._versions(source, source.inner, slot, outer)
        rows: list[Row] = []
        for one in self._inside(source.outer, slot, outer):
            self.tick()
            if self.plan.slots[slot].asks and not self._fits(slot, one):
                continue
            if source.inner is None:
                rows.append({slot: one})
                continue
            inner = self._match(source.inner, one)
            if source.negated:
                rows += [] if inner else [{slot: one}]
            else:
                rows += [{slot: one, **row} for row in inner]
            refuse_more(len(rows))
        return rows

    def _versions(self, source: Contains, inner: Source, slot: int, outer: Any) -> list[Row]:
        """A VERSION is known by the document in it: the first one that its row has."""
        rows = []
        for row in self._match(inner, outer):
            document = next((row[number] for number in sorted(row) if isinstance(row[number], tuple)), None)
            if not self.plan.slots[slot].asks or (document and self._fits(slot, document)):
                rows.append({slot: document, **row})
        return rows

    def _fits(self, number: int, one: Any) -> bool:
        predicate = self.plan.slots[number].predicate
        return predicate is None or self.reader.fits(predicate, self.plan.expression(number), one)

    def _both(self, source: Both, outer: Any) -> list[Row]:
        found = [self._match(part, outer) for part in source.parts]
        if source.operator == "AND":
            if not all(found):
                return []
        elif any(found):  # OR: what is not there leaves its columns empty
            found = [some or [{}] for some in found]
        else:
            return []
        rows = found[0]
        for some in found[1:]:
            refuse_more(len(rows) * len(some))
            self.tick()
            rows = [one | other for one in rows for other in some]
        return rows

    def _inside(self, expression: ClassExpression, slot: int, outer: Any) -> Iterable[Any]:
        if expression.type == "EHR":
            return self.records.records() if self.asked is None else self.asked
        by_serial = self.found.get(slot, {})
        if outer is None:
            return [node for serial in sorted(by_serial) for node in by_serial[serial]]
        if isinstance(outer, int):
            if slot not in self.by_record:
                self.by_record[slot] = _by_record(by_serial)
            return self.by_record[slot].get(outer, ())
        inside = self._between(slot, outer)
        if self.places[outer[0]].type == "FOLDER":
            inside = [*inside, *(node for serial in self._referred(outer) for node in by_serial.get(serial, ()))]
        return inside

    def _between(self, slot: int, outer: Found) -> list[Found]:
        """The nodes of a slot that stand inside of a node."""
        nodes = self.found.get(slot, {}).get(outer[2])
        if not nodes:
            return []
        if len(nodes) == 1:
            return nodes if outer[3] < nodes[0][3] <= outer[4] else []
        return nodes[bisect_right(nodes, outer[3], key=_NUMBER) : bisect_right(nodes, outer[4], key=_NUMBER)]

    def _referred(self, folder: Found) -> list[int]:
        """The documents that a folder, or one inside of it, refers to."""
        known, tree = self.records.referred(folder[1]), self.records.tree(folder[2])
        serials: dict[int, None] = {}
        for number in range(folder[3], folder[4] + 1):
            for item in tree[number].get("items") or () if number < len(tree) else ():
                id = item.get("id") if isinstance(item, dict) else None
                name = str(id.get("value") if isinstance(id, dict) else "").partition("::")[0]
                if name in known:
                    serials[known[name]] = None
        return sorted(serials)

    def _extended(self, rows: list[Row], number: int) -> list[Row]:
        """The rows with what stands at a slot below what they have: a row for each, and one with nothing where there is none."""
        slot, above = self.plan.slots[number], self.plan.above(number)
        known = number in self.found  # it was looked at first, and has passed
        if slot.attribute and not known:
            self._fetch_below(slot, rows, above)
        found: list[Row] = []
        for row in rows:
            self.tick()
            outer = row.get(above)
            if not slot.attribute:
                inside: Sequence[Any] = [outer] if outer is not None else []
            else:
                inside = self._between(number, outer) if isinstance(outer, tuple) else ()
            if slot.asks:
                inside = [one for one in inside if self._fits(number, one)]
            if number in self.plan.wanted and not known:
                inside = [one for one in inside if self._wanted(number, one)]
            if len(inside) == 1:
                row[number] = inside[0]
                found.append(row)
            else:
                found += [row | {number: one} for one in inside or (() if number in self.plan.wanted else (None,))]
            refuse_more(len(found))
        return found

    def _fetch_below(self, slot: Slot, rows: list[Row], above: int) -> None:
        outer = [row[above] for row in rows if isinstance(row.get(above), tuple)]
        before, self.asked = self.asked, sorted({one[1] for one in outer})
        self._fetch(slot.number, sorted(self._path_places(slot)), False, {one[2] for one in outer})
        self.asked = before

    def _path_places(self, slot: Slot) -> set[int]:
        """Where in trees the nodes of a slot on a path stand."""
        if slot.expression:
            return set(self._places(slot.expression))
        above = self._path_places(self.plan.slots[slot.parent])
        if not slot.attribute:
            return above
        inside = (number for parent in above for number in self.below.get((parent, slot.attribute), ()))
        return {number for number in inside if slot.code in ("", self.places[number].code)}


def refuse_more(count: int) -> None:
    """Raises ValueError for more rows than anybody wants."""
    if count > MOST:
        raise ValueError(
            f"the query finds more than {MOST:,} combinations of nodes. Restrict it, or let CONTAINS say how they belong together."
        )


@dataclass(frozen=True)
class _Need:
    """A class expression of FROM: whether every row has one, whether latest versions alone matter, and whether it contains nothing."""

    expression: ClassExpression
    needed: bool
    current: bool
    alone: bool


def _needs(source: Source, needed: bool = True, current: bool = True) -> Iterator[_Need]:
    """The class expressions of FROM. What is looked for inside of a node belongs to the version of that node, so no other has to be left out."""
    if isinstance(source, Both):
        for part in source.parts:
            yield from _needs(part, needed and source.operator == "AND", current)
        return
    current = current and source.outer.versions != "ALL_VERSIONS"
    yield _Need(source.outer, needed, current, source.inner is None)
    if source.inner:
        yield from _needs(source.inner, needed and not source.negated, current and source.outer.type in ("EHR", "VERSION"))


def _by_record(by_serial: dict[int, list[Found]]) -> dict[int, list[Found]]:
    found: dict[int, list[Found]] = {}
    for serial in sorted(by_serial):
        found.setdefault(by_serial[serial][0][1], []).extend(by_serial[serial])
    return found
