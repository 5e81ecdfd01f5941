"""Values to a message and back, over the wire and in answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import UnknownPath
from ihe_kit.fhir import FHIR, build, conform, from_wire, outcome, parse, refuse, resource, to_wire
from ihe_kit.region import STORY_BEGINS

INGRID = {
    "Patient.birthDate": "1958-06-17",
    "Patient.name.given[1]": "Marie",
    "Patient.name.given[0]": "Ingrid",
    "name.family": "Ødegård",
    "Patient.identifier.system": "urn:oid:2.999.10.1",
    "Patient.identifier.value": "4711",
    "Patient.active": "true",
    "Patient.multipleBirthInteger": "2",
    "Patient.gender": "",
}
BODY = """{
  "resourceType": "Patient",
  "identifier": [
    {
      "system": "urn:oid:2.999.10.1",
      "value": "4711"
    }
  ],
  "active": true,
  "name": [
    {
      "family": "Ødegård",
      "given": [
        "Ingrid",
        "Marie"
      ]
    }
  ],
  "birthDate": "1958-06-17",
  "multipleBirthInteger": 2
}
"""


def make(structure: str, values: dict[str, str]) -> Any:
    return build(structure, values, lambda: STORY_BEGINS, lambda: "ID1")


def test_a_resource_byte_by_byte() -> None:
    message = make("Patient", INGRID)
    assert message.text == BODY
    assert message.text == json.dumps(json.loads(BODY), indent=2, ensure_ascii=False) + "\n"
    assert conform(message) == []


@pytest.mark.parametrize(
    "structure, values, line",
    [
        ("PUT Patient", INGRID, "PUT /fhir/Patient?identifier=urn:oid:2.999.10.1%7C4711 HTTP/1.1"),
        ("PUT Patient/{id}", INGRID | {"id": "7"}, "PUT /fhir/Patient/7 HTTP/1.1"),
        ("POST Patient", INGRID, "POST /fhir/Patient HTTP/1.1"),
        (
            "GET Patient",
            {"family": "Ødegård", "birthdate": "1958-06-17", "given": ""},
            "GET /fhir/Patient?family=%C3%98deg%C3%A5rd&birthdate=1958-06-17 HTTP/1.1",
        ),
        ("GET Patient", {"family": "a&b=c+d"}, "GET /fhir/Patient?family=a%26b%3Dc%2Bd HTTP/1.1"),
        ("GET Patient/{id}", {"id": "7"}, "GET /fhir/Patient/7 HTTP/1.1"),
        ("GET metadata", {}, "GET /fhir/metadata HTTP/1.1"),
    ],
)
def test_requests(structure: str, values: dict[str, str], line: str) -> None:
    message = make(structure, values)
    assert message.text.split("\r\n")[0] == line
    assert message.headers["accept"] == "application/fhir+json"
    assert message.headers.get("content-type", "") == ("application/fhir+json" if message.body else "")
    assert message.get("request.method") == [structure.split()[0]]
    again = from_wire(to_wire(message))
    assert again.text == message.text


@pytest.mark.parametrize(
    "structure, values, error",
    [
        ("Patient", {"Patient.famly": "x"}, UnknownPath),
        ("Patient", {"Patient.name": "x"}, UnknownPath),
        ("Observation", {"Observation.value": "x"}, UnknownPath),
        ("Patiant", {}, ValueError),
        ("PUT Patient", {"Patient.name.family": "Lind"}, ValueError),
        ("BREW Patient now", {}, ValueError),
    ],
)
def test_what_cannot_be_built(structure: str, values: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        make(structure, values)


def test_types_come_out_right() -> None:
    values = {"code.text": "Kalium", "status": "final", "valueQuantity.value": "4.10", "component.valueBoolean": "yes"}
    text = make("Observation", values).text
    assert '"value": 4.10' in text  # a decimal keeps its zero
    assert '"valueBoolean": "yes"' in text  # what is no boolean stays, for the validator to find


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()), st.integers(0, 2))
def test_any_value_comes_back(value: str, index: int) -> None:
    message = make("Patient", {f"Patient.name[{index}].family": value})
    assert message.get("Patient.name.family") == [value]
    query = make("GET Patient", {"family": value})
    assert query.query == [("family", value)]


def test_a_bare_resource_is_sent_as_a_create() -> None:
    packet = to_wire(parse('{"resourceType": "Patient"}'))
    assert packet.data.startswith(b"POST /fhir/Patient HTTP/1.1\r\n")
    assert from_wire(packet).kind == "Patient"


def test_refusals(clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    request = parse('{"resourceType": "Patient", "link": [{"type": "seealso"}], "gender": "f"}')
    answer = refuse(request, conform(request), clock, ids)
    assert (answer.status, answer.get("OperationOutcome.issue.code")) == ("422", ["required", "code-invalid"])
    assert answer.get("OperationOutcome.issue.expression") == ["Patient.link[0].other", "Patient.gender"]
    assert conform(answer) == []
    for against, code in ((None, "structure"), (request, "invalid")):
        answer = refuse(against, "expected a JSON object", clock, ids)
        assert (answer.status, answer.get("OperationOutcome.issue.code")) == ("400", [code])


def test_answers() -> None:
    answer = outcome(404, "not-found", "There is no Patient with the id 7.")
    assert (answer.name, conform(answer)) == ("404 Not Found", [])
    answer = resource(201, BODY, [("etag", 'W/"1"'), ("location", "/fhir/Patient/7/_history/1")])
    assert (answer.body, answer.get("response.etag"), answer.get("response.location")) == (BODY, ['W/"1"'], ["/fhir/Patient/7/_history/1"])


def test_the_standard_is_declared() -> None:
    assert (FHIR.key, FHIR.label, repr(FHIR)) == ("fhir", "FHIR", "Standard(FHIR)")
    assert FHIR.recognises(BODY)
