"""The transactions between real actors over real sockets: what is taken, what is refused, and that a refused message leaves nothing behind."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ihe_kit import build, exchange, openehr, parse, person, sandbox, transactions, validate
from ihe_kit.core import Packet
from ihe_kit.demo import ehr_id, story, twice
from ihe_kit.exchanges import Exchange, Loopback, Wire, perform
from ihe_kit.hospital import Hospital
from ihe_kit.region import Sandbox
from ihe_kit.transports import peer
from ihe_kit.v2 import V2

INGRID = person("ingrid")


def ask(box: Sandbox, number: str, values: dict[str, Any], change: Callable[[str], str] = str) -> Exchange:
    """One exchange of a built message, changed in its text."""
    message = build(number, values, box.clock, box.ids)
    return exchange(number, parse(change(message.text), message.standard), box)


def rows(box: Sandbox) -> int:
    return len(box.store.table("document")[1])


# One patient crosses three wires ---------------------------------------------------------------------------------------------------


def test_the_story(box: Sandbox) -> None:
    done = story(box)
    assert [e.transaction.number for e in done if e.transaction] == [
        "ITI-31", "ITI-104", "ITI-78", "openEHR ehr", "openEHR template", "openEHR composition",
    ]  # fmt: skip
    assert all(e.ok for e in done), [str(e) for e in done if not e.ok]
    assert [f.rule for e in done for f in (*e.found, *e.answer_found) if f.severity == "error"] == []
    found = done[2].answer
    assert found and found.get("Bundle.total") == ["1"]
    assert found.get("Bundle.entry.resource.name.family") == ["Ødegård"]
    assert done[5].answer and "142" in done[5].answer.text


def test_what_came_in_by_one_wire_is_found_by_the_others(box: Sandbox) -> None:
    """Admitted over HL7 v2 only; found over FHIR; her number names the subject of the openEHR record."""
    assert ask(box, "ITI-31", INGRID).ok
    found = ask(box, "ITI-78", {"identifier": "urn:oid:2.999.10.1|4711"}).answer
    assert found
    assert found.get("Bundle.entry.resource.birthDate") == ["1958-06-17"]
    assert found.get("Bundle.entry.resource.gender") == ["female"]
    number = found.get("Bundle.entry.resource.identifier.value")[0]
    system = found.get("Bundle.entry.resource.identifier.system")[0]
    created = ask(box, "openEHR ehr", {"subject_id": number, "subject_namespace": system})
    got = get(box, "openEHR repository", f"/ehr?subject_id={number}&subject_namespace={system}")
    assert got["ehr_id"]["value"] == ehr_id(created)


def test_the_feed_and_the_admission_speak_of_one_patient(box: Sandbox) -> None:
    assert ask(box, "ITI-104", INGRID).answer.get("response.status") == ["201"]
    assert ask(box, "ITI-31", INGRID).ok
    assert ask(box, "ITI-104", INGRID | {"given": "Ingrid Marie"}).answer.get("response.status") == ["200"]
    found = ask(box, "ITI-78", {"family": "odegard"}).answer
    assert found is not None
    assert found.get("Bundle.total") in (["0"], ["1"])  # Ø is a letter of its own, not an o with a mark
    found = ask(box, "ITI-78", {"family": "ØDEG"}).answer
    assert found and found.get("Bundle.entry.resource.name.given") == ["Ingrid Marie"]


# ITI-31 ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, code, error, location",
    [
        (lambda t: t, "AA", None, None),
        (lambda t: t.replace("NORDVIK&2.999.10.1&ISO^PI", "^PI"), "AE", "101", "PID^1^3^1^4"),
        (lambda t: t.replace("PV1||I", "PV1||"), "AE", "101", "PV1^1^2^1"),
        (lambda t: t.replace("|2.5|", "|2.3.1|"), "AR", "203", "MSH^1^12^1^1"),
        (lambda t: t.replace("19580617", "19580230"), "AE", "102", "PID^1^7^1"),
        (lambda t: t.replace("ADT^A01^ADT_A01", "ADT^A99^ADT_A01"), "AR", "201", "MSH^1^9^1^2"),
        (lambda t: t.replace("ADT^A01^ADT_A01", "ORU^R01^ORU_R01"), "AR", "200", "MSH^1^9^1^1"),
        (lambda t: "\r".join(line for line in t.split("\r") if not line.startswith("EVN")), "AE", "100", "EVN^1"),
    ],
)
def test_admissions(box: Sandbox, change: Callable[[str], str], code: str, error: str | None, location: str | None) -> None:
    """AA, AE and AR as ITI TF-2 Appendix C.2.3 wants them, with ERR that names place, code and severity."""
    before = rows(box)
    answer = ask(box, "ITI-31", INGRID, change).answer
    assert answer
    assert answer.get("MSA-1") == [code]
    if error:
        assert answer.get("ERR-3.1")[0] == error
        assert answer.get("ERR-2")[0] == location
        assert set(answer.get("ERR-4")) == {"E"}
        assert rows(box) == before, "a refused message leaves nothing behind"
    else:
        assert box.store.count("Patient") == box.store.count("Encounter") == 1


def test_admitted_twice_is_discarded_and_an_error_is_raised(box: Sandbox) -> None:
    """ITI TF-2 section 3.31.7.1.4."""
    story(box)
    before = rows(box)
    refused = twice(box)
    assert refused.refused
    assert refused.answer and refused.answer.get("MSA-1") == ["AE"]
    assert "already admitted" in refused.answer.get("ERR-8")[0]
    assert rows(box) == before


def test_two_patients_of_the_same_number_in_two_domains(box: Sandbox) -> None:
    assert ask(box, "ITI-31", INGRID).ok
    other = person("tomas") | {"identifier": "4711"}
    assert ask(box, "ITI-31", other).ok
    found = ask(box, "ITI-78", {"identifier": "4711"}).answer
    assert found and found.get("Bundle.total") == ["2"]
    found = ask(box, "ITI-78", {"identifier": "urn:oid:2.999.10.2|4711"}).answer
    assert found and found.get("Bundle.entry.resource.name.family") == ["Ó Súilleabháin"]


# FHIR ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters, total",
    [
        ({"family": "Ødegård"}, 1),
        ({"family": "ødeg"}, 1),
        ({"family:exact": "ødegård"}, 0),
        ({"family:exact": "Ødegård"}, 1),
        ({"given": "Ingrid"}, 1),
        ({"birthdate": "1958-06-17"}, 1),
        ({"birthdate": "1958"}, 1),
        ({"birthdate": "lt1958-06-17"}, 0),
        ({"birthdate": "ge1958-06-17"}, 3),
        ({"gender": "female"}, 1),
        ({"gender": "male"}, 2),
        ({"gender": "female,male"}, 3),
        ({"family": "Brandt", "given": "Aksel"}, 1),
        ({"family": "Brandt"}, 2),
        ({"identifier": "urn:oid:2.999.10.1|4711"}, 1),
        ({"identifier": "urn:oid:2.999.10.2|4711"}, 0),
        ({"identifier": "urn:oid:2.999.10.1|"}, 3),
        ({"identifier": "4711"}, 1),
        ({"active": "true"}, 3),
        ({"family": "nobody"}, 0),
        ({"family": "' OR 1=1 --"}, 0),
        ({"family": "%"}, 0),
    ],
)
def test_search(box: Sandbox, parameters: dict[str, str], total: int) -> None:
    for key in ("ingrid", "aksel", "emil"):
        assert ask(box, "ITI-104", person(key)).ok
    done = ask(box, "ITI-78", parameters)
    assert done.answer and done.answer.get("Bundle.total") == [str(total)], done.answer
    assert not [f for f in done.answer_found if f.severity == "error"]


def test_paging_is_stable_and_complete(box: Sandbox) -> None:
    keys = ("ingrid", "aksel", "emil", "maria", "xiaomei")
    for key in keys:
        assert ask(box, "ITI-104", person(key)).ok
    url, seen = "/Patient?_count=2", []
    while url:
        bundle = get(box, "FHIR server", url)
        assert bundle["total"] == len(keys)
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        url = next((link["url"].split("/fhir")[1] for link in bundle["link"] if link["relation"] == "next"), "")
    assert len(seen) == len(set(seen)) == len(keys)


@pytest.mark.parametrize(
    "method, url, body, status, says",
    [
        ("GET", "/Patient/nobody", None, 404, "no Patient with the id"),
        ("GET", "/Observatoin", None, 404, "no type of resource"),
        ("GET", "/nonsense", None, 404, "GET metadata"),
        ("DELETE", "/metadata", None, 405, "not possible"),
        ("POST", "/Patient", "{", 400, "expected"),
        ("POST", "/Patient", "", 400, "a Patient in the body"),
        ("POST", "/Patient", '{"resourceType": "Observation"}', 400, "Observation"),
        ("POST", "/Patient", '{"resourceType": "Patient", "gender": "robot"}', 422, "gender"),
        ("POST", "/Patient", '{"resourceType": "Patient", "nmae": []}', 422, "name"),
        ("PUT", "/Patient", '{"resourceType": "Patient"}', 422, "names no identifier"),
        ("PUT", "/Patient?identifier=urn:oid:2.999.10.1|1", '{"resourceType": "Patient"}', 422, "identifier"),
        (
            "PUT",
            "/Encounter?identfier=x",
            '{"resourceType": "Encounter", "status": "planned", "class": {"code": "IMP"}}',
            400,
            "did you mean identifier",
        ),
        ("PUT", "/Patient/one", '{"resourceType": "Patient", "id": "two"}', 400, "the same"),
        ("GET", "/Patient?birthdate=yesterday", None, 400, "date"),
        ("GET", "/Patient?_count=many", None, 400, "_count"),
        ("GET", "/Patient?_format=ttl", None, 406, "JSON"),
    ],
)
def test_every_error_is_an_operation_outcome(box: Sandbox, method: str, url: str, body: str | None, status: int, says: str) -> None:
    before = rows(box)
    got, outcome = call(box, "FHIR server", method, url, body)
    assert got == status, outcome
    assert outcome["resourceType"] == "OperationOutcome"
    assert says in json.dumps(outcome, ensure_ascii=False)
    assert rows(box) == before


def test_create_read_and_digits_kept(box: Sandbox) -> None:
    body = '{"resourceType": "Patient", "active": true, "name": [{"family": "Lind"}], "multipleBirthInteger": 1, "extension": [{"url": "http://x", "valueDecimal": 1.10}]}'
    status, created = call(box, "FHIR server", "POST", "/Patient", body)
    assert status == 201
    with urllib.request.urlopen(f"{box.addresses['FHIR server']}/Patient/{created['id']}") as reply:
        text = reply.read().decode()
        assert reply.headers["etag"] == 'W/"1"'
    assert "1.10" in text
    assert call(box, "FHIR server", "PUT", f"/Patient/{created['id']}", text)[0] == 200
    assert get(box, "FHIR server", f"/Patient/{created['id']}")["meta"]["versionId"] == "2"


def test_what_was_accepted_before_a_stop_is_done_after_it(tmp_path: Path) -> None:
    """Both receivers share the store: each works off what is its own."""
    url = f"sqlite:///{tmp_path / 'course.db'}"
    box = sandbox(url)
    for number, event, actor in (("ITI-30", "A28", "Patient Demographics Consumer"), ("ITI-31", "A01", "Patient Encounter Consumer")):
        request = build(number, INGRID | {"MSH-15": "AL", "MSH-16": "AL"}, box.clock, box.ids, event=event)
        accepted = next(box.actors[actor].answers(V2.to_wire(request)))
        assert V2.from_wire(accepted).get("MSA-1") == ["CA"]
    assert not box.rows("patients")
    box = sandbox(url)
    assert [row["name"] for row in box.rows("patients")] == ["Ødegård, Ingrid"]
    assert [row["state"] for row in box.rows("encounters")] == ["inpatient"]
    box.stop()


def test_a_condition_that_matches_two_is_refused(box: Sandbox) -> None:
    """412 Precondition Failed: FHIR R4 section 3.1.0.4.3."""
    body = json.dumps(
        {"resourceType": "Patient", "identifier": [{"system": "urn:oid:2.999.10.1", "value": "7"}], "name": [{"family": "Lie"}]}
    )
    for _ in range(2):
        assert call(box, "FHIR server", "POST", "/Patient", body)[0] == 201
    assert call(box, "FHIR server", "PUT", "/Patient?identifier=urn:oid:2.999.10.1|7", body)[0] == 412


def test_who_was_merged_stays_merged(box: Sandbox) -> None:
    """An update that does not know of the merge is told who survived, and loses nothing (FHIR R4 Patient, "Linking Patients")."""
    hospital = Hospital(box)
    for number in ("5120", "5121"):
        hospital.tell("A28", "maria", number="ITI-30", identifier=number)
    url = "/Patient?identifier=urn:oid:2.999.10.1|5121"
    (entry,) = get(box, "FHIR server", url)["entry"]
    before = {name: value for name, value in entry["resource"].items() if name not in ("meta", "text")}
    assert hospital.tell("A40", "maria", number="ITI-30", identifier="5120", MRG_1="5121^^^NORDVIK&2.999.10.1&ISO^PI").ok
    status, answer = call(box, "FHIR server", "PUT", url, json.dumps(before))
    assert status == 409 and "was merged into Patient/" in answer["issue"][0]["diagnostics"]
    merged = get(box, "FHIR server", url)["entry"][0]["resource"]
    assert [link["type"] for link in merged["link"]] == ["replaced-by"]
    merged["link"][0]["other"]["identifier"] = {"system": "urn:oid:2.999.10.1", "value": "5120"}
    assert call(box, "FHIR server", "PUT", url, json.dumps(merged))[0] == 200, "one who knows of the merge may change the rest"


def test_the_capability_statement_says_what_is_there(box: Sandbox) -> None:
    statement = get(box, "FHIR server", "/metadata")
    patient = next(r for r in statement["rest"][0]["resource"] if r["type"] == "Patient")
    assert patient["conditionalUpdate"] is True
    names = {p["name"] for p in patient["searchParam"]}
    assert {"identifier", "family", "given", "birthdate", "gender", "_id", "active"} <= names
    for name in names:
        assert call(box, "FHIR server", "GET", f"/Patient?{name}=1958-01-01")[0] == 200
    assert [f for f in validate(json.dumps(statement)) if f.severity == "error"] == []


def test_search_by_post(box: Sandbox) -> None:
    assert ask(box, "ITI-104", INGRID).ok
    request = urllib.request.Request(
        f"{box.addresses['FHIR server']}/Patient/_search", b"family=%C3%98deg", {"Content-Type": "application/x-www-form-urlencoded"}
    )
    with urllib.request.urlopen(request) as reply:
        assert json.load(reply)["total"] == 1


# openEHR ---------------------------------------------------------------------------------------------------------------------------


def record(box: Sandbox) -> str:
    created = ask(box, "openEHR ehr", INGRID)
    assert created.ok
    return ehr_id(created)


def test_a_composition_is_stored_read_back_and_its_flat_form_is_what_went_in(box: Sandbox) -> None:
    ehr = record(box)
    assert ask(box, "openEHR template", {}).ok
    stored = ask(box, "openEHR composition", {"ehr_id": ehr, "systolic": 142, "diastolic": 91})
    assert stored.answer
    uid = stored.answer.get("response.etag")[0].strip('"')
    assert uid.endswith("::1")
    read = openehr.parse(json.dumps(get(box, "openEHR repository", f"/ehr/{ehr}/composition/{uid}")))
    flat = openehr.to_flat(read)
    assert [value for key, value in flat.items() if "systolic" in key and key.endswith("|magnitude")] == [142]


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda t: t.replace("142", "5000"), "5000"),
        (lambda t: t.replace("mm[Hg]", "kPa"), "kPa"),
        (lambda t: t.replace("blood_pressure.v2", "blood_presure.v2"), "blood_presure"),
    ],
)
def test_a_composition_that_breaks_the_template_is_refused(box: Sandbox, change: Callable[[str], str], says: str) -> None:
    ehr = record(box)
    ask(box, "openEHR template", {})
    before = rows(box)
    refused = ask(box, "openEHR composition", {"ehr_id": ehr, "systolic": 142, "diastolic": 91}, lambda t: resized(change(t)))
    assert refused.answer and refused.answer.get("response.status") == ["422"]
    assert says in refused.answer.text
    assert rows(box) == before


def resized(text: str) -> str:
    """The HTTP message with the length that its body has now."""
    head, body = text.split("\r\n\r\n", 1)
    lines = [line for line in head.split("\r\n") if not line.startswith("content-length")]
    return "\r\n".join([*lines, f"content-length: {len(body.encode())}"]) + "\r\n\r\n" + body


def test_the_list_of_templates(box: Sandbox) -> None:
    ask(box, "openEHR template", {})
    (one,) = get(box, "openEHR repository", "/definition/template/adl1.4")
    assert one["template_id"] == "kit_vital_signs.v1"
    assert one["archetype_id"] == "openEHR-EHR-COMPOSITION.encounter.v1"
    again = ask(box, "openEHR template", {})
    assert again.answer and again.answer.get("response.status") == ["409"]


def test_order_matters_template_first(box: Sandbox) -> None:
    refused = ask(box, "openEHR composition", {"ehr_id": record(box), "systolic": 142, "diastolic": 91})
    assert refused.answer and refused.answer.get("response.status") == ["422"]
    assert "Upload it before" in refused.answer.text


@pytest.mark.parametrize(
    "method, url, body, status",
    [
        ("GET", "/ehr/none", None, 404),
        ("GET", "/ehr?subject_id=4711", None, 400),
        ("GET", "/ehr?subject_id=4711&subject_namespace=nowhere", None, 404),
        ("POST", "/ehr/none/composition", '{"_type": "COMPOSITION"}', 404),
        ("POST", "/ehr", "{", 400),
        ("POST", "/ehr", '{"_type": "COMPOSITION"}', 400),
        ("POST", "/definition/template/adl1.4", "<template/>", 400),
        ("POST", "/definition/template/adl1.4", "no xml", 400),
        ("POST", "/definition/template/adl1.4", '<!DOCTYPE x [<!ENTITY a "b">]><template>&a;</template>', 400),
        ("GET", "/definition/template/adl1.4/none", None, 404),
        ("GET", "/definition/template/adl1.4", None, 200),
        ("DELETE", "/ehr", None, 405),
        ("GET", "/nonsense", None, 404),
    ],
)
def test_openehr_errors(box: Sandbox, method: str, url: str, body: str | None, status: int) -> None:
    before = rows(box)
    got, answer = call(box, "openEHR repository", method, url, body)
    assert got == status, answer
    assert status == 200 or answer["message"]
    assert rows(box) == before


def test_the_status_says_whose_record_it_is(box: Sandbox) -> None:
    ehr = record(box)
    status = get(box, "openEHR repository", f"/ehr/{ehr}/ehr_status")
    reference = status["subject"]["external_ref"]
    assert (reference["id"]["value"], reference["namespace"]) == ("4711", "urn:oid:2.999.10.1")
    body = get(box, "openEHR repository", f"/ehr/{ehr}")
    assert body["ehr_status"]["id"]["value"] == status["uid"]["value"]


def test_a_subject_has_one_ehr(box: Sandbox) -> None:
    record(box)
    again = ask(box, "openEHR ehr", INGRID)
    assert again.answer and again.answer.get("response.status") == ["409"]
    other = ask(box, "openEHR ehr", {"subject_id": "4711", "subject_namespace": "urn:oid:2.999.10.2"})
    assert other.ok, "the same number in another domain is another patient"


# The wire --------------------------------------------------------------------------------------------------------------------------


def test_the_whole_run_replays_to_the_byte() -> None:
    """The same requests to a fresh sandbox give the same answers, byte for byte."""
    with sandbox() as first:
        story(first)
        twice(first)
        recorded = list(first.wire)
    with sandbox() as second:
        again = [*story(second), twice(second)]
        assert [e.sent for e in again] == [e.sent for e in recorded]
        assert [e.received for e in again] == [e.received for e in recorded]


def test_replay_sends_the_same_bytes(box: Sandbox) -> None:
    first = ask(box, "ITI-31", INGRID)
    again = box.replay(1)
    assert again.sent == first.sent
    assert again.number == 2
    assert again.received == first.received, "the very same message gets the very same answer"
    assert box.store.count("Encounter") == 1


def test_a_foreign_client_is_recorded_too(box: Sandbox) -> None:
    get(box, "FHIR server", "/Patient?family=Lie")
    (seen,) = list(box.wire)
    assert seen.transaction and seen.transaction.number == "ITI-78"
    assert seen.sender.startswith("peer at port")
    assert b"GET /fhir/Patient?family=Lie HTTP/1.1" in seen.sent.data
    ask(box, "ITI-78", {"family": "Lie"})
    assert len(box.wire) == 2, "our own exchange is kept once"


def test_an_exchange_with_an_address_stands_in_the_log_of_who_listens_there(box: Sandbox) -> None:
    done = exchange("ITI-31", build("ITI-31", INGRID, box.clock, box.ids), box.addresses["Patient Encounter Consumer"])
    assert done.ok
    (seen,) = list(box.wire)
    assert seen.sent == done.sent
    assert seen.sender.startswith("peer at port")


def test_a_lost_answer_is_kept_and_says_why() -> None:
    with sandbox() as box:
        message = build("ITI-31", INGRID, box.clock, box.ids)
        address = box.addresses["Patient Encounter Consumer"]
    lost = exchange("ITI-31", message, address)
    assert not lost.ok
    assert "nobody listens" in lost.lost
    assert lost.received is None


def test_loopback_needs_no_socket(box: Sandbox) -> None:
    actor = box.actors["Patient Encounter Consumer"]
    done = perform(transactions()["ITI-31"], build("ITI-31", INGRID, box.clock, box.ids), Loopback(actor.receive), Wire())
    assert done.ok


def test_an_actor_answers_anything(box: Sandbox) -> None:
    for actor in dict.fromkeys(box.actors.values()):
        for data in (
            b"",
            b"\x00" * 100,
            b"\xff\xfe",
            b"\x0b\x1c\r",
            b"\x0bMSH\x1c\r",
            b"GET / HTTP/1.1\r\n\r\n",
            b"POST /fhir/Patient HTTP/1.1\r\n\r\n[[[[",
        ):
            answer = actor.receive(Packet("any", data))
            assert answer.data


def test_running_again_replaces_the_first() -> None:
    first = sandbox()
    address = first.addresses["Patient Encounter Consumer"]
    second = sandbox()
    message = build("ITI-31", INGRID, second.clock, second.ids)
    assert exchange("ITI-31", message, address).lost or address == second.addresses["Patient Encounter Consumer"]
    assert exchange("ITI-31", message, second).ok
    second.stop()
    second.stop()


@pytest.mark.parametrize("number, says", [("ITI-13", "did you mean ITI-31"), ("nonsense", "no transaction")])
def test_a_mistyped_transaction_is_suggested(box: Sandbox, number: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        build(number, {}, box.clock, box.ids)


def test_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match="expected an address such as"):
        peer("ftp://127.0.0.1")


def test_tables_are_data_frames(box: Sandbox) -> None:
    ask(box, "ITI-31", INGRID)
    assert {"Patient", "Encounter"} <= set(box.tables["document"]["kind"])
    assert "Ødegård" in set(box.tables["entry"]["exact"])


# Helpers ---------------------------------------------------------------------------------------------------------------------------


def call(box: Sandbox, actor: str, method: str, url: str, body: str | None = None) -> tuple[int, Any]:
    """A request of a client that is not ours: (status, the JSON of the answer)."""
    address = box.addresses[actor] + url.replace("|", "%7C").replace(" ", "%20")
    kind = "application/xml" if "template" in url else "application/json"
    request = urllib.request.Request(address, body.encode() if body is not None else None, {"Content-Type": kind}, method=method)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def get(box: Sandbox, actor: str, url: str) -> Any:
    status, answer = call(box, actor, "GET", url)
    assert status == 200, answer
    return answer


def test_every_number_is_kept_with_the_one_who_gave_it_out(box: Sandbox) -> None:
    """Two numbers of two domains, one by namespace alone: none of them takes the other's authority."""
    numbers = "1^^^NORDVIK^PI~2^^^FJORDLAND&2.999.1.1&ISO^PI~3^^^ELSEWHERE^PI"
    assert ask(box, "ITI-31", INGRID | {"PID-3": numbers}).ok
    found = ask(box, "ITI-78", {"family": "Ødegård"}).answer
    assert found
    pairs = zip(found.get("Bundle.entry.resource.identifier.system"), found.get("Bundle.entry.resource.identifier.value"), strict=True)
    assert list(pairs) == [("urn:x-namespace:NORDVIK", "1"), ("urn:oid:2.999.1.1", "2"), ("urn:x-namespace:ELSEWHERE", "3")]
    again = ask(box, "ITI-31", INGRID | {"PID-3": "9^^^SOLBAKKEN^PI~2^^^FJORDLAND&2.999.1.1&ISO^PI"})
    assert again.refused, "the second number says that she is here already"


def test_the_stay_knows_when_it_began(box: Sandbox) -> None:
    assert ask(box, "ITI-31", INGRID).ok
    (stay,) = get(box, "FHIR server", "/Encounter")["entry"]
    assert stay["resource"]["period"]["start"].startswith("2025-03-03T08:00:0")
    assert stay["resource"]["class"]["code"] == "IMP"
    assert stay["resource"]["subject"]["reference"].startswith("Patient/")


def test_a_flood_leaves_the_latest_and_their_numbers(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ihe_kit.exchanges.MOST", 3)
    for _ in range(5):
        ask(box, "ITI-78", {"family": "x"})
    assert [e.number for e in box.wire] == [3, 4, 5]
    assert box.wire[3].number == 3 and box.wire.last == 5 and box.wire.dropped == 2
    with pytest.raises(IndexError, match="exchange 2 is no longer kept: the wire holds 3 to 5"):
        box.wire[2]
    with pytest.raises(IndexError, match="no exchange 6: 5 crossed so far"):
        box.wire[6]
    monkeypatch.setattr("ihe_kit.exchanges.MOST_BYTES", 10)
    ask(box, "ITI-78", {"family": "x"})
    assert [e.number for e in box.wire] == [6], "the latest stays, however large"
    box.wire.clear()
    ask(box, "ITI-78", {"family": "x"})
    assert [e.number for e in box.wire] == [1]


def canned(*replies: bytes) -> Loopback:
    """A receiver that answers whatever it is asked with the same bytes."""
    return Loopback(lambda _: Packet("mllp", b"\x0b" + b"".join(replies) + b"\x1c\r"))


@pytest.mark.parametrize(("named", "right"), [("F00001", True), ("F00002", False), ("f00001", False)])
def test_an_answer_counts_for_the_message_that_it_names(box: Sandbox, named: str, right: bool) -> None:
    message = build("ITI-31", INGRID, box.clock, box.ids)
    assert message.get("MSH-10") == ["F00001"]
    ack = f"MSH|^~\\&|A|B|C|D|20250303||ACK^A01^ACK|1|P|2.5\rMSA|AA|{named}\r".encode()
    done = perform(transactions()["ITI-31"], message, canned(ack), Wire())
    told = [(f.rule, f.path, f.found, f.spec) for f in done.answer_found if f.severity == "error"]
    assert told == ([] if right else [("IHE-MSA-2-ECHO", "MSA-2", named, "ITI TF-2 Appendix C.2.3.1")])
    assert (done.ok, done.astray, done.refused) == (right, not right, False)
    assert str(done).endswith("ACK AA (accepted)" if right else "ACK AA (to another message)")
    assert right or f"message {named}, but F00001 was sent" in done.answer_found[0].says
