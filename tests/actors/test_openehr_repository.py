"""The openEHR repository alone, packet in and packet out: what it refuses, in openEHR's words, and that nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from ihe_kit import openehr, rest
from ihe_kit.actors.openehr_repository import OpenehrRepository
from ihe_kit.core import Packet
from ihe_kit.openehr import OpenehrMessage, from_flat, template
from ihe_kit.region import story_ids
from ihe_kit.store import Store

pytestmark = pytest.mark.usefixtures("database")

EHR = "7d44b88c-4199-4bad-97dc-d78268e01398"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
OPT = template("kit_vital_signs.v1").text
ROOT = "openEHR-EHR-COMPOSITION.encounter.v1"


@pytest.fixture
def repository(clock: Callable[[], datetime], ids: Callable[[], str]) -> OpenehrRepository:
    made = OpenehrRepository(Store(), clock, ids)
    assert send(made, "PUT", f"ehr/{EHR}").status == "201"
    assert upload(made, OPT).status == "201"
    return made


def send(repository: OpenehrRepository, method: str, url: str, body: str = "", media: str = JSON) -> OpenehrMessage:
    packet = Packet("http", rest.request(method, f"{repository.base}/{url}", body, [("content-type", media)] if body else []).encode())
    return openehr.from_wire(repository.receive(packet))


def upload(repository: OpenehrRepository, text: str) -> OpenehrMessage:
    return send(repository, "POST", "definition/template/adl1.4", text, "application/xml")


def composition(clock: Callable[[], datetime]) -> str:
    return from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", clock).text


def refused(repository: OpenehrRepository, ask: Callable[[], OpenehrMessage], status: int, says: str) -> None:
    """The answer is openEHR's error body, and the store is as it was."""
    before = repository.store.table("document")[1]
    answer = ask()
    assert answer.status == str(status), answer.text
    assert answer.data["code"] == status
    assert says in answer.body
    assert "Error:" not in answer.body, "that is Python's word, not openEHR's"
    assert repository.store.table("document")[1] == before


@pytest.mark.parametrize("name", ["a\r\nset-cookie: x", "x/../y", "..", "-vital", "blodtrykk_å", "a" * 201])
def test_a_template_is_named_so_that_a_url_can_hold_it(repository: OpenehrRepository, name: str) -> None:
    text = OPT.replace("<value>kit_vital_signs.v1</value>", f"<value>{name.replace(chr(13), '&#13;').replace(chr(10), '&#10;')}</value>")
    refused(repository, lambda: upload(repository, text), 400, "letters (A to Z, a to z), digits, and")


def test_a_template_with_blanks_in_its_name_is_found_where_the_answer_says(repository: OpenehrRepository) -> None:
    text = OPT.replace("<value>kit_vital_signs.v1</value>", "<value>Vital signs - home</value>")
    answer = upload(repository, text)
    assert answer.status == "201", answer.text
    place = answer.headers["location"]
    assert place.endswith("/definition/template/adl1.4/Vital%20signs%20-%20home")
    found = send(repository, "GET", place.partition(f"{OpenehrMessage.base}/")[2], "", "")
    assert (found.status, found.body.strip()) == ("200", text.strip())
    assert "Vital signs - work" in send(repository, "GET", "definition/template/adl1.4/Vital%20signs%20-%20work", "", "").body


def test_a_number_too_long_to_read_is_refused_as_a_template(repository: OpenehrRepository) -> None:
    text = OPT.replace("<upper>1</upper>", f"<upper>{'9' * 5000}</upper>", 1)
    refused(repository, lambda: upload(repository, text), 400, "at most 10 digits")


@pytest.mark.parametrize("url", ["ehr", f"ehr/{EHR}/composition"])
@pytest.mark.parametrize("media", [FORM, "text/plain", "application/xml"])
def test_a_body_that_does_not_come_as_json(repository: OpenehrRepository, url: str, media: str) -> None:
    body = openehr.build("POST ehr", {"subject_id": "4711", "subject_namespace": "urn:oid:2.999.10.1"}, repository.clock, str).body
    refused(repository, lambda: send(repository, "POST", url, body, media), 415, f"Content-Type: {JSON}")


@pytest.mark.parametrize("body", ["[]", "0", '""', "null", "{}", "false", '"EHR_STATUS"'])
@pytest.mark.parametrize("url", ["ehr", f"ehr/{EHR}/composition"])
def test_a_body_that_is_no_object_of_the_model(repository: OpenehrRepository, url: str, body: str) -> None:
    refused(repository, lambda: send(repository, "POST", url, body), 400, "expected a body of type")


def test_no_body_makes_an_ehr_of_nobody(repository: OpenehrRepository) -> None:
    assert send(repository, "POST", "ehr").status == "201"
    assert send(repository, "POST", "ehr", " \n", FORM).status == "201"


@pytest.mark.parametrize("name", ["abc", EHR[:-1], f"{EHR}a", EHR.replace("7", "g"), "urn:uuid:" + EHR])
def test_an_ehr_is_named_by_a_uuid(repository: OpenehrRepository, name: str) -> None:
    refused(repository, lambda: send(repository, "PUT", f"ehr/{name}"), 400, "is no UUID")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('"archetype_details": {', '"archetype_details": "x", "more": {', "OPENEHR-TYPE"),
        ('"archetype_details": {', '"archetype_details": [1], "more": {', "OPENEHR-TYPE"),
        ('"template_id": {', '"template_id": "x", "more": {', "OPENEHR-TYPE"),
        (ROOT, "openEHR-EHR-COMPOSITION.report.v1", "OPENEHR-NODE"),
    ],
)
def test_the_root_of_a_composition(repository: OpenehrRepository, old: str, new: str, rule: str) -> None:
    body = composition(repository.clock).replace(old, new)
    refused(repository, lambda: send(repository, "POST", f"ehr/{EHR}/composition", body), 422, rule)


def test_a_value_that_nobody_knows_is_stored_with_the_reason(repository: OpenehrRepository) -> None:
    body = json.loads(composition(repository.clock))
    (element, _) = body["content"][0]["data"]["events"][0]["data"]["items"]
    del element["value"]
    refused(repository, lambda: send(repository, "POST", f"ehr/{EHR}/composition", json.dumps(body)), 422, "neither a value nor")
    code = {"_type": "CODE_PHRASE", "terminology_id": {"_type": "TERMINOLOGY_ID", "value": "openehr"}, "code_string": "253"}
    element["null_flavour"] = {"_type": "DV_CODED_TEXT", "value": "unknown", "defining_code": code}
    assert send(repository, "POST", f"ehr/{EHR}/composition", json.dumps(body)).status == "201"


def test_a_stored_template_is_read_once(repository: OpenehrRepository) -> None:
    assert openehr.load(OPT) is openehr.load(OPT.encode())


def test_a_counter_that_begins_anew_gives_out_no_identifier_twice(repository: OpenehrRepository, clock: Callable[[], datetime]) -> None:
    """A store on disk outlives the process that counts."""
    made = []
    for _ in range(2):
        started = OpenehrRepository(repository.store, clock, story_ids())
        made.append(send(started, "POST", "ehr").headers["location"])
        made.append(send(started, "POST", f"ehr/{EHR}/composition", composition(clock)).headers["location"])
    assert len(set(made)) == 4
    assert not any(version > 1 for version in repository.store.ask("SELECT MAX(version) FROM document")[0])
