"""AQL over 5,000, 20,000 and 100,000 compositions in a SQLite file, against walking every tree, in one run.

    uv run python benchmarks/openehr_aql.py [sizes]

The compositions are made from the kit's own templates, vital signs and laboratory reports, ten for each patient, with other numbers and times in
each; a seed makes every run the same. The peer is the naive way to the same rows: read each composition's JSON, walk its tree, keep what fits.
No tree is kept from one query to the next. Each figure is CPU time, the median of several runs, so that whatever else the machine does counts little.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

from ihe_kit import openehr
from ihe_kit.actors.openehr_repository.asking import StoredRecords, Trees, ask
from ihe_kit.files import data
from ihe_kit.openehr.nodes import rows
from ihe_kit.store import Store

Json = Any
EACH = 10  # compositions of a patient
NOW = datetime(2025, 3, 3, 8, tzinfo=UTC)
BP = "openEHR-EHR-OBSERVATION.blood_pressure.v2"
EVENT = "o/data[at0001]/events[at0006]/data[at0003]"
QUERIES = {
    "high pressures": (
        f"SELECT e/ehr_id/value, {EVENT}/items[at0004]/value/magnitude AS systolic, {EVENT}/items[at0005]/value/magnitude AS diastolic "
        f"FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{BP}] WHERE {EVENT}/items[at0004]/value/magnitude >= 175"
    ),
    "mean pressure": f"SELECT COUNT(*), AVG({EVENT}/items[at0004]/value/magnitude) FROM EHR e CONTAINS OBSERVATION o[{BP}]",
    "high potassium": (
        "SELECT e/ehr_id/value, a/items[at0001]/value/magnitude AS value "
        "FROM EHR e CONTAINS COMPOSITION c CONTAINS CLUSTER a[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1] "
        "WHERE a/items[at0024]/value/defining_code/code_string = '2823-3' AND a/items[at0001]/value/magnitude > 6.8"
    ),
}
ONE = (
    f"SELECT c/context/start_time/value AS time, {EVENT}/items[at0004]/value/magnitude AS systolic FROM EHR e[ehr_id/value=$ehr_id] "
    f"CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{BP}] ORDER BY time"
)


def compositions(count: int, dice: Random) -> Iterator[tuple[int, Json]]:
    """(number of the patient, composition): seven of ten with vital signs, three with a laboratory report."""
    texts = []
    for name in ("kit_vital_signs.v1", "kit_laboratory_report.v1"):
        values = json.loads(data(f"openehr/{name}.flat.json").read_text(encoding="utf-8"))
        texts.append(openehr.build(name, values, lambda: NOW, str).text)
    for number in range(count):
        tree = json.loads(texts[number % 10 >= 7])
        tree["uid"] = {"_type": "OBJECT_VERSION_ID", "value": f"{number:08}-0000-4000-8000-000000000000::benchmark::1"}
        tree["context"]["start_time"]["value"] = (NOW + timedelta(minutes=dice.randrange(10**6))).isoformat()
        vary(tree, dice)
        yield number // EACH, tree


def vary(value: Json, dice: Random) -> None:
    """Other numbers in every quantity, by up to three tenths."""
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        vary(child, dice)
    if isinstance(value, dict) and value.get("_type") == "DV_QUANTITY":
        value["magnitude"] = round(value["magnitude"] * dice.uniform(0.7, 1.3), 1)


def fill(store: Store, count: int) -> None:
    record = -1
    made = compositions(count, Random(5))
    for _ in range(0, count, 1000):
        with store.transaction():
            for _ in range(min(1000, count)):
                patient, tree = next(made, (None, None))
                if patient is None:
                    return
                if patient * EACH == int(tree["uid"]["value"][:8]):
                    ehr = {"ehr_id": {"value": f"ehr-{patient}"}}
                    record = store.put("EHR", f"ehr-{patient}", json.dumps(ehr), NOW.isoformat()).owner
                store.put("COMPOSITION", tree["uid"]["value"], json.dumps(tree), NOW.isoformat(), nodes=rows(tree), record=record)


def answer(store: Store, text: str, **parameters: Json) -> list[list[Json]]:
    records = StoredRecords(store, Trees())
    return ask(openehr.read_aql(text), records, parameters, NOW).rows


# The naive way


def nodes(value: Json, code: str) -> Iterator[Json]:
    """Every object with an archetype_node_id below another one, wherever it stands."""
    if isinstance(value, dict):
        if value.get("archetype_node_id") == code:
            yield value
        for child in value.values():
            yield from nodes(child, code)
    elif isinstance(value, list):
        for child in value:
            yield from nodes(child, code)


def below(node: Json, attribute: str, code: str) -> list[Json]:
    inner = node.get(attribute) or []
    return [child for child in (inner if isinstance(inner, list) else [inner]) if child.get("archetype_node_id") == code]


def pressures(tree: Json) -> Iterator[tuple[Json, Json]]:
    for o in nodes(tree, BP):
        for history in below(o, "data", "at0001"):
            for event in below(history, "events", "at0006"):
                for readings in below(event, "data", "at0003"):
                    systolic = [one["value"]["magnitude"] for one in below(readings, "items", "at0004")] or [None]
                    diastolic = [one["value"]["magnitude"] for one in below(readings, "items", "at0005")] or [None]
                    yield from ((one, other) for one in systolic for other in diastolic)


def analytes(tree: Json) -> Iterator[tuple[str, Json]]:
    for a in nodes(tree, "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1"):
        codes = [one["value"]["defining_code"]["code_string"] for one in below(a, "items", "at0024")]
        values = [one["value"].get("magnitude") for one in below(a, "items", "at0001")]
        yield from ((code, value) for code in codes for value in values)


def walked(store: Store, which: str) -> list[list[Json]]:
    """The rows of a query by reading and walking every composition."""
    ids = dict(store.ask("SELECT owner, id FROM document WHERE kind = 'EHR'"))
    found, values = [], []
    for ehr, text in texts(store):
        tree = json.loads(text)
        if which == "high pressures":
            found += [[ids[ehr], high, low] for high, low in pressures(tree) if high is not None and high >= 175]
        elif which == "mean pressure":
            values += [high for high, _ in pressures(tree) if high is not None]
        else:
            found += [[ids[ehr], value] for code, value in analytes(tree) if code == "2823-3" and value is not None and value > 6.8]
    return [[len(values), sum(values) / len(values)]] if which == "mean pressure" else found


def texts(store: Store) -> Iterator[tuple[int, str]]:
    """(number of the record, text) of every composition, a thousand at a time."""
    owner = 0
    for serial, kind, text in (row for start in range(0, 10**9, 1000) for row in chunk(store, start)):
        if serial < 0:
            return
        if kind == "EHR":
            owner = serial
        else:
            yield owner, text


def chunk(store: Store, start: int) -> list[tuple[int, str, str]]:
    sql = "SELECT serial, kind, text FROM document WHERE serial > ? AND serial <= ? ORDER BY serial"
    return store.ask(sql, (start, start + 1000)) or [(-1, "", "")]


def timed(work: Callable[[], list[list[Json]]], runs: int) -> tuple[float, list[list[Json]]]:
    times, found = [], []
    for _ in range(runs):
        gc.collect()
        start = process_time()
        found = work()
        times.append(process_time() - start)
    return statistics.median(times), found


def measured(store: Store, size: int) -> None:
    """Prints a line for each query."""
    for name, text in QUERIES.items():
        fast, found = timed(partial(answer, store, text), 3)
        slow, peers = timed(partial(walked, store, name), 1)
        assert agree(found, peers), f"{name}: the answers differ"
        print(f"{size:>12,} {name:16} {len(found):>7,} {fast * 1000:>7.0f} ms {slow * 1000:>7.0f} ms {slow / fast:>6.1f}")
    one, found = timed(partial(answer, store, ONE, ehr_id=f"ehr-{size // EACH // 2}"), 20)
    print(f"{size:>12,} {'one patient':16} {len(found):>7,} {one * 1000:>7.2f} ms")


def agree(found: list[list[Json]], peers: list[list[Json]]) -> bool:
    """Whether both ways gave the same rows; a mean may differ in its last digits."""
    one, other = (
        sorted([round(value, 6) if isinstance(value, float) else value for value in row] for row in some) for some in (found, peers)
    )
    return one == other


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [5_000, 20_000, 100_000]
    print(f"{'compositions':>12} {'query':16} {'rows':>7} {'AQL':>10} {'walked':>10} {'times':>6}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "benchmark.db"
            store = Store(f"sqlite:///{path}")
            start = perf_counter()
            fill(store, size)
            print(f"{size:>12,} filled in {perf_counter() - start:.0f} s, {path.stat().st_size / 2**20:.0f} MB")
            measured(store, size)
            store.close()


if __name__ == "__main__":
    main()
