"""The client in the words of the standard: each verb is one request over a real socket, and what crossed is on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ihe_kit import FhirClient, build, person
from ihe_kit.exchanges import Exchange
from ihe_kit.faults import Faults
from ihe_kit.fhir import FhirMessage
from ihe_kit.region import Sandbox, story_clock, story_ids

NUMBER = "identifier=urn:oid:2.999.10.1|4711"
INGRID = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:2.999.10.1", "value": "4711"}],
    "name": [{"family": "Ødegård", "given": ["Ingrid"]}],
}


@pytest.fixture
def client() -> Iterator[FhirClient]:
    with Sandbox("sqlite://", story_clock(), story_ids(), "127.0.0.1") as box:
        yield FhirClient(box)


def answer(sent: Exchange) -> FhirMessage:
    assert isinstance(sent.answer, FhirMessage)
    return sent.answer


def line(sent: Exchange) -> str:
    return sent.sent.data.decode().splitlines()[0]


def test_a_resource_from_its_birth_to_its_end(client: FhirClient) -> None:
    kept = client.create(INGRID)
    assert (answer(kept).status, answer(kept).headers["etag"]) == ("201", 'W/"1"')
    assert answer(kept).headers["location"] == f"{client.base}/Patient/F00001/_history/1"
    whole = answer(kept).data
    assert answer(client.read("Patient/F00001")).data == whole
    assert answer(client.read("Patient/F00001", if_none_match='W/"1"')).status == "304"
    assert answer(client.update(whole | {"gender": "female"}, if_match='W/"1"')).get("Patient.gender") == ["female"]
    assert answer(client.update(whole, if_match='W/"1"')).status == "412"
    assert answer(client.patch("Patient/F00001", [{"op": "replace", "path": "/gender", "value": "other"}])).get("Patient.gender") == [
        "other"
    ]
    assert answer(client.patch("Patient/F00001", {"gender": None}, if_match='W/"3"')).get("Patient.gender") == [""]
    assert answer(client.vread("Patient/F00001", 3)).get("Patient.gender") == ["other"]
    assert answer(client.history("Patient/F00001")).get("Bundle.total") == ["4"]
    assert answer(client.delete("Patient/F00001")).status == "204"
    assert answer(client.read("Patient/F00001")).status == "410"
    assert answer(client.history()).get("Bundle.total") == ["5"]
    assert len(client.box.wire) == 12


def test_a_fhirpath_patch_is_known_by_its_type(client: FhirClient) -> None:
    client.create(INGRID)
    names = {"type": "replace", "path": "Patient.name[0].family"}
    parts: list[dict[str, Any]] = [{"name": name, "valueCode" if name == "type" else "valueString": value} for name, value in names.items()]
    operation = {"name": "operation", "part": [*parts, {"name": "value", "valueString": "Lind"}]}
    done = client.patch("Patient/F00001", {"resourceType": "Parameters", "parameter": [operation]})
    assert answer(done).get("Patient.name.family") == ["Lind"]


def test_conditions(client: FhirClient) -> None:
    assert answer(client.create(INGRID, if_none_exist=NUMBER)).status == "201"
    assert answer(client.create(INGRID, if_none_exist=NUMBER)).status == "200"
    assert answer(client.update(INGRID | {"gender": "female"}, condition=NUMBER)).headers["etag"] == 'W/"2"'
    client.create(INGRID)
    assert answer(client.create(INGRID, if_none_exist=NUMBER)).status == "412"
    assert answer(client.search("Patient?gender=female")).get("Bundle.total") == ["1"]


def test_a_search_to_its_last_page(client: FhirClient) -> None:
    for _ in range(23):
        client.create(INGRID)
    first = client.search("Patient?name=ødegård&_count=10")
    assert line(first) == "GET /fhir/Patient?name=%C3%B8deg%C3%A5rd&_count=10 HTTP/1.1"
    second = client.next(first)
    assert second and answer(second).get("Bundle.total") == ["23"]
    pages = [len(answer(page).data["entry"]) for page in client.pages("Patient?name=ødegård&_count=10")]
    assert pages == [10, 10, 3]
    assert answer(client.search("Patient?colour=blue")).status == "200"
    assert answer(client.search("Patient?colour=blue", strict=True)).status == "400"


def test_a_link_to_another_server_is_not_followed(client: FhirClient) -> None:
    client.create(INGRID)
    client.create(INGRID)
    found = client.search("Patient?_count=1")
    client.base = "http://127.0.0.1:1/fhir"
    with pytest.raises(ValueError, match="not on the server"):
        client.next(found)


def test_many_in_one_and_operations(client: FhirClient) -> None:
    entry = {
        "fullUrl": "urn:uuid:5b1e0000-0000-4000-8000-000000000001",
        "resource": INGRID,
        "request": {"method": "POST", "url": "Patient"},
    }
    done = client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert answer(done).get("Bundle.entry.response.status") == ["201 Created"]
    assert answer(client.operation("Patient/F00001/$everything")).get("Bundle.total") == ["1"]
    assert answer(client.operation("Patient/$validate", INGRID)).kind == "OperationOutcome"
    assert answer(client.capabilities()).kind == "CapabilityStatement"


def test_what_cannot_be_read_goes_out_all_the_same(client: FhirClient) -> None:
    sent = client.create('{"resourceType": "Patient",')
    assert answer(sent).status == "400"
    assert sent.request is None and sent.sent.data.endswith(b'{"resourceType": "Patient",')


def test_a_resource_is_data_a_text_or_a_message(client: FhirClient) -> None:
    message = build("Patient", person("ingrid"), standard="fhir")
    assert isinstance(message, FhirMessage)
    for form in (message, message.text, message.data):
        assert answer(client.create(form)).get("Patient.identifier.value") == ["4711"]
    weight = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}, "valueQuantity": {"value": Decimal("70.10")}}
    assert '"value": 70.10' in answer(client.create(weight)).body


@pytest.mark.parametrize("resource", [{}, "", "[]", {"resourceType": ""}])
def test_a_resource_says_its_type(client: FhirClient, resource: Any) -> None:
    with pytest.raises(ValueError, match="says its type"):
        client.create(resource)


def test_an_update_says_which(client: FhirClient) -> None:
    with pytest.raises(ValueError, match="needs the id of the Patient"):
        client.update(INGRID)


def test_the_line_may_fail(client: FhirClient) -> None:
    client.box.faults = Faults(seed=1, lose=1.0)
    assert client.read("Patient/F00001").lost
