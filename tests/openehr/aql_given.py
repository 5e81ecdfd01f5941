"""A small store that AQL is asked of: three patients, one of whom may not be asked about, with two blood pressures each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ihe_kit.actors.openehr_repository.asking import StoredRecords, Trees, ask, hidden
from ihe_kit.openehr import read_aql
from ihe_kit.openehr.nodes import rows
from ihe_kit.store import Store

Json = Any
NOW = datetime(2025, 3, 3, 8, tzinfo=UTC)
BP = "openEHR-EHR-OBSERVATION.blood_pressure.v2"
FROM = f"FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{BP}]"
TREE = "o/data[at0001]/events[at0006]/data[at0003]"
SYSTOLIC, DIASTOLIC = f"{TREE}/items[at0004]/value/magnitude", f"{TREE}/items[at0005]/value/magnitude"


def named(type_: str, code: str, name: str, **more: Json) -> Json:
    return {"_type": type_, "archetype_node_id": code, "name": {"_type": "DV_TEXT", "value": name}, **more}


def when(text: str) -> Json:
    return {"_type": "DV_DATE_TIME", "value": text}


def element(code: str, name: str, magnitude: float) -> Json:
    return named("ELEMENT", code, name, value={"_type": "DV_QUANTITY", "magnitude": magnitude, "units": "mm[Hg]"})


def event(number: int, systolic: float, diastolic: float | None, at: str) -> Json:
    items = [element("at0004", "Systolic", systolic)] + ([] if diastolic is None else [element("at0005", "Diastolic", diastolic)])
    return named("POINT_EVENT", "at0006", f"event {number}", time=when(at), data=named("ITEM_TREE", "at0003", "Readings", items=items))


def composition(uid: str, events: list[Json], at: str, name: str = "Vital signs") -> Json:
    data = named("HISTORY", "at0001", "History", origin=when(at), events=events)
    other = named("ITEM_TREE", "at0001", "Other", items=[named("ELEMENT", "at0002", "Ward", value={"_type": "DV_TEXT", "value": "A"})])
    return named(
        "COMPOSITION",
        "openEHR-EHR-COMPOSITION.encounter.v1",
        name,
        uid={"_type": "OBJECT_VERSION_ID", "value": uid},
        archetype_details={
            "archetype_id": {"value": "openEHR-EHR-COMPOSITION.encounter.v1"},
            "template_id": {"value": "kit_vital_signs.v1"},
        },
        composer={"_type": "PARTY_IDENTIFIED", "name": "Jonas Dahl"},
        context={"_type": "EVENT_CONTEXT", "start_time": when(at), "other_context": other},
        content=[named("OBSERVATION", BP, "Blood pressure", data=data)],
    )


def keep(store: Store, kind: str, id: str, tree: Json, record: int, entries: Any = ()) -> int:
    return store.put(kind, id, json.dumps(tree), NOW.isoformat(), entries, nodes=rows(tree), record=record).serial


def patient(store: Store, number: int, queryable: bool = True) -> int:
    """An EHR with its EHR_STATUS; the number of the record."""
    ehr = {"ehr_id": {"value": f"ehr-{number}"}, "system_id": {"value": "kit"}, "time_created": when("2025-01-01")}
    record = store.put("EHR", f"ehr-{number}", json.dumps(ehr), NOW.isoformat()).owner
    subject = {"_type": "PARTY_SELF", "external_ref": {"id": {"value": f"p{number}"}, "namespace": "2.999.10.1"}}
    status = named("EHR_STATUS", "openEHR-EHR-EHR_STATUS.generic.v1", "Status", subject=subject, is_queryable=queryable)
    keep(store, "EHR_STATUS", f"status-{number}", status, record, hidden(status, record))
    return record


def filled(patients: int = 3) -> Store:
    """Of patient n: 120+20n over 80 on 1 March; 121+20n, then 131+20n, both without a diastolic value, on 2 March. The third may not be asked."""
    store = Store()
    for number in range(patients):
        record, systolic = patient(store, number, number != 2), 120 + 20 * (number % 5)
        first, second = "2025-03-01T08:00:00+01:00", "2025-03-02T08:00:00+01:00"
        keep(store, "COMPOSITION", f"a{number}", composition(f"a{number}::kit::1", [event(0, systolic, 80, first)], first), record)
        events = [event(number_, systolic + 1 + 10 * number_, None, second) for number_ in range(2)]
        keep(store, "COMPOSITION", f"b{number}", composition(f"b{number}::kit::1", events, second, "Later"), record)
    return store


def asked(store: Store, text: str, patience: float = 60, **parameters: Json) -> list[list[Json]]:
    return ask(read_aql(text), StoredRecords(store, Trees()), parameters, NOW, patience).rows
