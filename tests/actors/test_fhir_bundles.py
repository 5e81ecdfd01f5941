"""Batch and transaction (FHIR R4 section 3.1.0.11): each for itself, or all or none."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from tests.actors.fhir_client import Answer, Client, observation, patient

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def client() -> Client:
    return Client()


def entry(method: str, url: str, resource: Any = None, full: str = "", **asked: str) -> dict[str, Any]:
    found: dict[str, Any] = {"fullUrl": full} if full else {}
    if resource is not None:
        found["resource"] = resource
    return found | {"request": {"method": method, "url": url} | asked}


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def statuses(answer: Answer) -> list[str]:
    return [one["response"]["status"].split()[0] for one in answer.data["entry"]]


URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"


def test_a_batch_does_what_it_can(client: Client) -> None:
    client.put(patient("1"))
    answer = client(
        "POST",
        "",
        bundle(
            "batch",
            entry("GET", "Patient/1"),
            entry("POST", "Patient", patient(gender="robot")),
            entry("POST", "Patient", patient()),
            entry("GET", "Patient?identifier=1"),
            entry("DELETE", "Patient/nobody"),
            entry("GET", "Nonsense"),
            entry("PUT", "Patient/1", patient("1", active=True), ifMatch='W/"1"'),
        ),
    )
    assert (answer.status, answer.data["type"]) == (200, "batch-response")
    assert statuses(answer) == ["200", "422", "201", "200", "404", "404", "200"]
    first, wrong, made, found, *_ = answer.data["entry"]
    assert first["resource"]["id"] == "1" and first["response"]["etag"] == 'W/"1"'
    assert wrong["response"]["outcome"]["issue"][0]["expression"] == ["Patient.gender"]
    assert made["response"]["location"].startswith("http://localhost/fhir/Patient/") and made["response"]["lastModified"]
    assert found["resource"]["total"] == 1
    assert client("GET", "Patient/1").data["active"] is True


def test_a_transaction_in_its_own_order(client: Client) -> None:
    """DELETE, POST, PUT, GET, whatever the order of the entries; answers in the order of the entries."""
    client.put(patient("gone"))
    answer = client(
        "POST",
        "",
        bundle(
            "transaction",
            entry("GET", "Patient"),
            entry("PUT", "Patient/new", patient("new")),
            entry("POST", "Patient", patient(), URN),
            entry("DELETE", "Patient/gone"),
        ),
    )
    assert answer.data["type"] == "transaction-response"
    assert statuses(answer) == ["200", "201", "201", "204"]
    assert answer.data["entry"][0]["resource"]["total"] == 2, "the search comes last: it sees what was made and not what was deleted"


def test_references_to_other_entries_become_real_ones(client: Client) -> None:
    members: dict[str, Any] = {
        "subject": {"reference": URN},
        "note": [{"text": f"see {URN}"}],
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": URN}],
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{URN}">her</a></div>'},
    }
    answer = client(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", observation("x", "y", "2025", **members)),
            entry("POST", "Patient", patient(), URN),
        ),
    )
    one, other = (item["resource"] for item in answer.data["entry"])
    assert one["subject"]["reference"] == f"Patient/{other['id']}"
    assert one["note"][0]["text"] == f"see {URN}", "prose is no reference"
    assert one["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": URN}], "nor is a number that looks like one"
    assert f'<a href="Patient/{other["id"]}">' in one["text"]["div"]
    assert client("GET", f"Observation?patient={other['id']}").ids == [f"Observation/{one['id']}"]


def test_references_to_what_was_there_already(client: Client) -> None:
    """A conditional create that finds somebody, and a conditional reference, lead to the one who is there."""
    client.put(patient("1"))
    answer = client(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", patient("1"), URN, ifNoneExist="identifier=urn:oid:2.999.10.1|1"),
            entry("POST", "Observation", observation("x", "y", "2025", subject={"reference": URN})),
            entry("POST", "Observation", observation("x", "y", "2025", subject={"reference": "Patient?identifier=urn:oid:2.999.10.1|1"})),
        ),
    )
    assert statuses(answer) == ["200", "201", "201"]
    assert client("GET", "Observation?patient=1").data["total"] == 2
    assert client("GET", "Patient").data["total"] == 1


def test_a_conditional_reference_to_what_the_same_transaction_makes(client: Client) -> None:
    """Conditional references are resolved when everything else is done (FHIR R4 section 3.1.0.11.2)."""
    seen = observation("x", "y", "2025", subject={"reference": "Patient?identifier=urn:oid:2.999.10.1|4711"})
    answer = client(
        "POST",
        "",
        bundle("transaction", entry("POST", "Observation", seen), entry("PUT", "Patient/new", patient("new") | patient() | {"id": "new"})),
    )
    assert statuses(answer) == ["201", "201"], answer.text
    assert answer.data["entry"][0]["resource"]["subject"]["reference"] == "Patient/new"


def test_the_same_resource_under_two_names(client: Client) -> None:
    client.put(patient("1"))
    before = client.kept()
    twice = bundle(
        "transaction", entry("PUT", "Patient/1", patient("1")), entry("PUT", "Patient?identifier=urn:oid:2.999.10.1|1", patient("1"))
    )
    assert "Patient/1 a second time" in client("POST", "", twice).says
    assert client.kept() == before


def test_a_conditional_update_in_a_transaction(client: Client) -> None:
    answer = client(
        "POST",
        "",
        bundle(
            "transaction",
            entry(
                "PUT", "Patient?identifier=urn:oid:2.999.10.1|7", patient(identifier=[{"system": "urn:oid:2.999.10.1", "value": "7"}]), URN
            ),
            entry("POST", "Observation", observation("x", "y", "2025", subject={"reference": URN})),
            entry("GET", "Observation?subject:Patient.identifier=urn:oid:2.999.10.1|7"),
        ),
    )
    assert statuses(answer) == ["201", "201", "200"], answer.text
    assert answer.data["entry"][2]["resource"]["total"] == 1


@pytest.mark.parametrize(
    "bad, status, says",
    [
        (entry("POST", "Patient", patient(gender="robot")), 422, "robot"),
        (entry("PUT", "Patient/1", patient("1"), ifMatch='W/"9"'), 412, "The version is 1"),
        (entry("DELETE", "Patient/nobody"), 404, "nothing can be deleted"),
        (entry("GET", "Nonsense"), 404, "Nonsense"),
        (entry("POST", "Patient", observation("1", "1", "2025")), 400, "expected a Patient"),
        (
            entry("POST", "Observation", observation("x", "y", "2025", subject={"reference": "Patient?identifier=nobody"})),
            412,
            "finds no Patient",
        ),
        (entry("POST", "Observation", observation("x", "y", "2025", subject={"reference": "Patient?name=Ødeg"})), 412, "finds 2 Patient"),
        (entry("PATCH", "Patient/1", {"resourceType": "Parameters", "parameter": [{"name": "x"}]}), 422, "the part 'part' is missing"),
        (entry("POST", "Patient", {"resourceType": "Patient", "name": "x"}), 422, "brackets"),
    ],
)
def test_one_bad_entry_rolls_everything_back_and_is_named(client: Client, bad: dict[str, Any], status: int, says: str) -> None:
    client.put(patient("1"), patient("2"), patient("3"))
    before = client.kept()
    good = [
        entry("POST", "Patient", patient(name=[{"family": "Lie"}])),
        entry("DELETE", "Patient/3"),
        entry("PUT", "Patient/2", patient("2", active=True)),
    ]
    answer = client("POST", "", bundle("transaction", *good, bad))
    assert answer.status == status, answer.text
    assert says in answer.says
    assert "Bundle.entry[3]" in answer.says and "Nothing of the transaction was done" in answer.says
    assert answer.data["issue"][0]["expression"][0].startswith("Bundle.entry[3]")
    assert client.kept() == before


@pytest.mark.parametrize(
    "body, says",
    [
        (bundle("transaction", entry("PUT", "Patient/1", patient("1")), entry("DELETE", "Patient/1")), "a second time"),
        (bundle("transaction", entry("POST", "Patient", patient(), URN), entry("POST", "Patient", patient(), URN)), "a second time"),
        (bundle("transaction", {"resource": patient()}), "has no request"),
        (bundle("transaction", entry("SMASH", "Patient")), "has no request"),
        (bundle("transaction", {"request": {"method": "GET", "url": 7}}), "has no request"),
        (bundle("transaction", "x"), "has no request"),  # type: ignore[arg-type]
        (bundle("searchset"), "batch or transaction"),
        (patient(), "posted to its type"),
        ({"resourceType": "Bundle", "type": "batch", "entry": {"a": 1}}, "entry is no list"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": 5}, "entry is no list"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": "x"}, "entry is no list"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": [entry("POST", "Patient", patient())] * 5001}, "5000 entries at most"),
    ],
)
def test_a_bundle_that_cannot_be_read(client: Client, body: Any, says: str) -> None:
    before = client.kept()
    answer = client("POST", "", body)
    assert answer.status in (400, 422), answer.text
    assert says in answer.says
    assert client.kept() == before


def test_an_empty_bundle_is_done_at_once(client: Client) -> None:
    for kind in ("batch", "transaction"):
        answer = client("POST", "", {"resourceType": "Bundle", "type": kind})
        assert (answer.status, answer.data["type"]) == (200, f"{kind}-response")


def test_a_bundle_in_a_bundle_is_kept_and_not_done(client: Client) -> None:
    inner = bundle("transaction", entry("DELETE", "Patient/1"))
    client.put(patient("1"))
    assert statuses(client("POST", "", bundle("batch", entry("POST", "Bundle", inner)))) == ["201"]
    assert client("GET", "Patient/1").status == 200


def test_patches_in_a_bundle(client: Client) -> None:
    """A FHIRPath Patch as it is; a JSON Patch inside a Binary, since a bundle holds resources alone."""
    client.put(patient("1"))
    operations = json.dumps([{"op": "add", "path": "/active", "value": True}]).encode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": b64encode(operations).decode()}
    parts = [{"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Patient"}, {"name": "name", "valueString": "gender"}]
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "operation", "part": [*parts, {"name": "value", "valueCode": "female"}]}],
    }
    assert statuses(client("POST", "", bundle("batch", entry("PATCH", "Patient/1", binary), entry("PATCH", "Patient/1", parameters)))) == [
        "200",
        "200",
    ]
    now = client("GET", "Patient/1").data
    assert (now["active"], now["gender"]) == (True, "female")
    broken = binary | {"data": "AAA"}
    assert client("POST", "", bundle("transaction", entry("PATCH", "Patient/1", broken))).status in (400, 422)


def test_prefer_minimal_goes_for_every_entry(client: Client) -> None:
    answer = client("POST", "", bundle("transaction", entry("POST", "Patient", patient())), prefer="return=minimal")
    assert "resource" not in answer.data["entry"][0]
    assert answer.data["entry"][0]["response"]["location"]


def test_the_digits_stay_in_a_bundle(client: Client) -> None:
    seen = observation("x", "y", "2025", subject={"reference": URN}, valueQuantity={"value": 777})
    text = json.dumps(bundle("transaction", entry("POST", "Patient", patient(), URN), entry("POST", "Observation", seen)))
    assert '"value": 1.10' in client("POST", "", text.replace("777", "1.10")).text
    assert '"value": 1.10' in client("GET", "Observation").text


def test_absolute_urls_of_this_server_are_its_own(client: Client) -> None:
    answer = client("POST", "", bundle("batch", entry("PUT", "http://localhost/fhir/Patient/1", patient("1")), entry("GET", "/Patient/1")))
    assert statuses(answer) == ["201", "200"]
