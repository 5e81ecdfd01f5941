"""openEHR's Query API, packet in and packet out, on either database: result sets, parameters, pages, stored queries, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from ihe_kit import openehr, rest
from ihe_kit.actors.openehr_repository import OpenehrRepository, asking
from ihe_kit.core import Packet
from ihe_kit.openehr import OpenehrMessage, template
from ihe_kit.store import Store

pytestmark = pytest.mark.usefixtures("database")

EHRS = [f"7d44b88c-4199-4bad-97dc-d78268e0139{number}" for number in range(3)]
BP = "openEHR-EHR-OBSERVATION.blood_pressure.v2"
SYSTOLIC = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
ONE = f"SELECT c/uid/value AS uid, {SYSTOLIC} AS systolic FROM EHR e[ehr_id/value=$ehr_id] CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{BP}] ORDER BY systolic"
ALL = f"SELECT e/ehr_id/value, {SYSTOLIC} FROM EHR e CONTAINS OBSERVATION o[{BP}]"


@pytest.fixture
def repository(clock: Callable[[], datetime], ids: Callable[[], str]) -> OpenehrRepository:
    """Two patients with three blood pressures each, and one who may not be asked about."""
    made = OpenehrRepository(Store(), clock, ids)
    assert send(made, "POST", "definition/template/adl1.4", template("kit_vital_signs.v1").text, "application/xml").status == "201"
    for number, ehr in enumerate(EHRS):
        status = json.loads(openehr.build("POST ehr", {"subject_id": str(number), "subject_namespace": "2.999.10.1"}, clock, ids).body)
        assert send(made, "PUT", f"ehr/{ehr}", json.dumps(status | {"is_queryable": number < 2})).status == "201"
        for value in range(3):
            text = openehr.build("kit_vital_signs.v1", {"systolic": 120 + 10 * value + number, "diastolic": 80}, clock, ids).text
            answer = send(made, "POST", f"ehr/{ehr}/composition", text)
            assert answer.status == "201", answer.body
    return made


def send(
    repository: OpenehrRepository, method: str, url: str, body: str = "", media: str = "application/json", **headers: str
) -> OpenehrMessage:
    head = ([("content-type", media)] if body else []) + [(name.replace("_", "-"), value) for name, value in headers.items()]
    packet = Packet("http", rest.request(method, f"{repository.base}/{url}", body, head).encode())
    return openehr.from_wire(repository.receive(packet))


def get(repository: OpenehrRepository, url: str, **values: Any) -> OpenehrMessage:
    return send(repository, "GET", f"{url}?{urlencode(values)}" if values else url)


def post(repository: OpenehrRepository, url: str, **body: Any) -> OpenehrMessage:
    return send(repository, "POST", url, json.dumps(body))


def test_a_result_set(repository: OpenehrRepository) -> None:
    answer = get(repository, "query/aql", q=ONE, ehr_id=EHRS[0])
    assert answer.status == "200"
    found = json.loads(answer.body)
    assert set(found["meta"]) == {"_href", "_type", "_schema_version", "_created", "_generator", "_executed_aql", "_plan"}
    assert found["meta"]["_type"] == "RESULTSET" and found["meta"]["_href"].endswith(f"ehr_id={EHRS[0]}")
    assert f"[ehr_id/value='{EHRS[0]}']" in found["meta"]["_executed_aql"]
    assert found["meta"]["_plan"][0] == "Records: one EHR, by its identifier"
    assert found["q"] == ONE and "name" not in found
    assert found["columns"] == [{"name": "uid", "path": "/uid/value"}, {"name": "systolic", "path": SYSTOLIC[1:]}]
    assert [row[1] for row in found["rows"]] == [120, 130, 140]
    assert all(row[0].endswith("::1") for row in found["rows"])
    assert list(openehr.table(answer)["systolic"]) == [120, 130, 140]


def rows(answer: OpenehrMessage) -> list[Any]:
    assert answer.status == "200", answer.text
    found: list[Any] = json.loads(answer.body)["rows"]
    return found


def test_by_get_and_by_post_the_rows_are_the_same(repository: OpenehrRepository) -> None:
    text = ALL + f" WHERE {SYSTOLIC} > $least AND e/ehr_id/value = $id"
    by_post = post(repository, "query/aql", q=text, query_parameters={"least": 125, "id": EHRS[1]})
    assert rows(by_post) == [[EHRS[1], 131], [EHRS[1], 141]]
    assert rows(get(repository, "query/aql", q=text, least=125, id=EHRS[1])) == rows(by_post)
    assert rows(get(repository, "query/aql", q=text, query_parameters=json.dumps({"least": 125, "id": EHRS[1]}))) == rows(by_post)
    assert rows(get(repository, "query/aql", q=text, query_parameters=f"least=125&id={EHRS[1]}")) == rows(by_post)
    assert "_href" not in json.loads(by_post.body)["meta"]


def test_who_may_not_be_asked_is_left_out(repository: OpenehrRepository) -> None:
    assert {row[0] for row in rows(post(repository, "query/aql", q=ALL))} == set(EHRS[:2])
    assert rows(post(repository, "query/aql", q=ONE, query_parameters={"ehr_id": EHRS[2]})) == []
    assert rows(get(repository, "query/aql", q="SELECT e/ehr_id/value FROM EHR e", ehr_id=EHRS[2])) == []
    assert rows(get(repository, "query/aql", q="SELECT COUNT(*) FROM EHR_STATUS s")) == [[2]]


def test_the_request_may_name_the_one_ehr(repository: OpenehrRepository) -> None:
    answer = send(repository, "POST", "query/aql", json.dumps({"q": ALL}), openehr_ehr_id=EHRS[1])
    assert {row[0] for row in rows(answer)} == {EHRS[1]}
    assert {row[0] for row in rows(get(repository, "query/aql", q=ALL, ehr_id=EHRS[0]))} == {EHRS[0]}
    lost = get(repository, "query/aql", q=ALL, ehr_id="7d44b88c-0000-4bad-97dc-d78268e01398")
    assert lost.status == "404" and "There is no EHR" in lost.body


def test_pages(repository: OpenehrRepository) -> None:
    whole = rows(post(repository, "query/aql", q=ALL))
    assert len(whole) == 6
    pages = [rows(post(repository, "query/aql", q=ALL, offset=start, fetch=4)) for start in (0, 4, 8)]
    assert pages == [whole[:4], whole[4:], []]
    limited = ALL + " LIMIT 3 OFFSET 1"
    assert rows(get(repository, "query/aql", q=limited, offset=1, fetch=1)) == whole[2:3]
    assert get(repository, "query/aql", q=ALL.replace("SELECT", "SELECT TOP 2"), fetch=1).status == "400"


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "expected AQL in q"),
    ({"q": 3}, 400, "expected q to be a text"),
    ({"q": "SELEC"}, 400, "did you mean SELECT?"),
    ({"q": "SELECT c FROM EHR e TIMEWINDOW PT1H"}, 400, "no longer part of AQL 1.1"),
    ({"q": "SELECT c/nam FROM COMPOSITION c"}, 400, "did you mean name?"),
    ({"q": "SELECT c FROM COMPOSITION c WHERE c/name/value matches {terminology://x/y}"}, 400, "cannot be answered here"),
    ({"q": ONE}, 400, "needs a value for $ehr_id"),
    ({"q": ONE, "query_parameters": [1]}, 400, "expected query_parameters as an object"),
    ({"q": ONE, "query_parameters": {"ehr_id": {"value": "1"}}}, 400, "cannot be a dict"),
    ({"q": "SELECT c FROM COMPOSITION c[$x]", "query_parameters": {"x": 1}}, 400, "has to be a text"),
    ({"q": ALL, "offset": -1}, 400, "expected offset to be a whole number"),
    ({"q": ALL, "fetch": "many"}, 400, "expected fetch to be a whole number"),
    ({"q": ALL, "fetch": True}, 400, "expected fetch to be a whole number"),
    ({"q": "SELECT COUNT(*) FROM EHR e ORDER BY e/ehr_id/value"}, 400, "can be put in order by columns only"),
    ({"q": "(" * 1_000_000}, 400, "at most 100000 characters"),
]


@pytest.mark.parametrize("body, status, says", WRONG, ids=[str(body)[:60] for body, *_ in WRONG])
def test_what_is_refused(repository: OpenehrRepository, body: dict[str, Any], status: int, says: str) -> None:
    answer = post(repository, "query/aql", **body)
    assert answer.status == str(status)
    found = json.loads(answer.body)
    assert found["code"] == status and says in found["message"]
    assert "Error:" not in answer.body


def test_an_error_points_into_the_query(repository: OpenehrRepository) -> None:
    (error,) = json.loads(post(repository, "query/aql", q="SELECT c\nFORM EHR c").body)["errors"]
    assert (error["start"], error["line"], error["column"], error["rule"]) == (9, 2, 1, "AQL")
    (error,) = json.loads(post(repository, "query/aql", q="SELECT q FROM DV_QUANTITY q").body)["errors"]
    assert error["rule"] == "AQL-UNSUPPORTED"


def test_bodies_and_urls_that_are_no_requests(repository: OpenehrRepository) -> None:
    for body in ("[1]", '"x"', "3"):
        assert send(repository, "POST", "query/aql", body).status == "400"
    assert send(repository, "POST", "query/aql", "SELECT", media="text/plain").status == "400"
    assert get(repository, "query/aql").status == "400"
    assert send(repository, "GET", f"query/aql?q={quote(ALL)}&fetch=1&fetch=2").status == "400"
    assert send(repository, "PUT", "query/aql", "{}").status == "405"


def test_a_query_that_takes_too_long(repository: OpenehrRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.0)
    answer = post(repository, "query/aql", q="SELECT COUNT(*) FROM EHR e CONTAINS (ELEMENT a AND ELEMENT b AND ELEMENT c)")
    assert answer.status == "408" and "given up after 0 seconds" in answer.body
    monkeypatch.undo()
    assert rows(post(repository, "query/aql", q="SELECT COUNT(*) FROM EHR e")) == [[2]], "the next one is answered"


def test_others_are_answered_while_a_query_runs(repository: OpenehrRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, others = asking.StoredRecords.scan, ThreadPoolExecutor(1)
    beside: list[str] = []

    def slowly(self: asking.StoredRecords, *asked: Any) -> Iterator[Any]:
        for some in scan(self, *asked):
            beside.append(others.submit(send, repository, "POST", "ehr").result(timeout=20).status)
            yield some

    monkeypatch.setattr(asking.StoredRecords, "scan", slowly)
    answer = post(repository, "query/aql", q=ALL)
    assert answer.status == "200" and len(rows(answer)) == 6, answer.body
    assert len(beside) > 1 and set(beside) == {"201"}, "each was answered before the query was"
    others.shutdown()


def store(repository: OpenehrRepository, name: str, text: str = ONE, media: str = "text/plain") -> OpenehrMessage:
    return send(repository, "PUT", f"definition/query/{name}", text, media)


def test_a_query_is_stored_and_asked_by_its_name(repository: OpenehrRepository) -> None:
    answer = store(repository, "example.kit::pressures/1.0.0")
    assert answer.status == "200"
    assert answer.headers["location"].endswith("/definition/query/example.kit::pressures/1.0.0")
    found = json.loads(get(repository, "query/example.kit::pressures", ehr_id=EHRS[0]).body)
    assert found["name"] == "example.kit::pressures/1.0.0" and found["q"] == ONE
    assert [row[1] for row in found["rows"]] == [120, 130, 140]
    assert [
        row[1] for row in rows(post(repository, "query/example.kit%3A%3Apressures/1.0", query_parameters={"ehr_id": EHRS[1]}, fetch=2))
    ] == [121, 131]


def test_versions_of_stored_queries(repository: OpenehrRepository) -> None:
    for version in ("1.0.0", "1.2.0", "1.10.0", "2.0.0"):
        assert store(repository, f"bp/{version}", f"SELECT '{version}' FROM EHR e LIMIT 1").status == "200"
    assert store(repository, "bp/1.2.0").status == "409"
    assert store(repository, "bp/1.2").status == "409", "1.2 is 1.2.0"
    asked = {version: rows(get(repository, f"query/bp{version}"))[0][0] for version in ("", "/1", "/1.2", "/2.0.0")}
    assert asked == {"": "2.0.0", "/1": "1.10.0", "/1.2": "1.2.0", "/2.0.0": "2.0.0"}
    assert store(repository, "bp", "SELECT 'new' FROM EHR e LIMIT 1").headers["location"].endswith("bp/2.0.1")
    assert rows(get(repository, "query/bp")) == [["new"]]
    assert store(repository, "other").headers["location"].endswith("other/1.0.0")
    assert [one["version"] for one in json.loads(get(repository, "definition/query/bp").body)] == [
        "1.0.0",
        "1.2.0",
        "1.10.0",
        "2.0.0",
        "2.0.1",
    ]
    assert [one["name"] for one in json.loads(get(repository, "definition/query").body)][-1] == "other"
    one = json.loads(get(repository, "definition/query/bp/1.2.0").body)
    assert set(one) == {"name", "type", "version", "saved", "q"} and one["type"] == "AQL" and "1.2.0" in one["q"]


def test_what_is_refused_of_stored_queries(repository: OpenehrRepository) -> None:
    before = repository.store.table("document")[1]
    for answer, status, says in (
        (store(repository, "bp", "SELECT nothing"), 400, "This is no AQL"),
        (store(repository, "bp", json.dumps({"q": 3}), "application/json"), 400, "expected AQL"),
        (store(repository, "bp?query_type=SQL", ONE), 400, "expected the query_type AQL"),
        (store(repository, "a%20b", ONE), 400, "cannot name a query"),
        (store(repository, "bp/one", ONE), 400, "expected a version"),
        (get(repository, "query/bp"), 404, "There is no query bp"),
        (get(repository, "query/bp/1.0.0"), 404, "of version 1.0.0"),
        (get(repository, "definition/query/bp/1.0.0"), 404, "There is no query bp"),
    ):
        assert (answer.status, says in answer.body) == (str(status), True), answer.body
    assert repository.store.table("document")[1] == before
    assert store(repository, "bp", json.dumps({"q": ONE}), "application/json").status == "200"
    assert json.loads(get(repository, "definition/query/bp").body)[0]["q"] == ONE
    assert post(repository, "query/bp", query_parameters=3).status == "400"
