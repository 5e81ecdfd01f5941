"""What AQL costs the database: what SQLite walks through is seen by no count of Python's calls."""

from __future__ import annotations

from ihe_kit.store.sqlite import Sqlite
from tests.openehr.aql_given import FROM, SYSTOLIC, asked, filled

STEPS = 10  # of SQLite's own machine, between two looks


def test_one_patient_costs_the_same_among_few_and_among_many() -> None:
    text = f"SELECT e/ehr_id/value, {SYSTOLIC} {FROM.replace('EHR e', 'EHR e[ehr_id/value=$id]')} WHERE {SYSTOLIC} > 0"
    costs: list[int] = []
    for patients in (3, 200):
        store, looks = filled(patients), list[int]()
        database = store._db
        assert isinstance(database, Sqlite)
        database._db.set_progress_handler(lambda looks=looks: looks.append(1), STEPS)  # type: ignore[misc]
        assert asked(store, text, id="ehr-1")
        costs.append(len(looks))
        store.close()
    assert costs[0] > 10
    assert costs[1] <= costs[0] * 1.2, costs
