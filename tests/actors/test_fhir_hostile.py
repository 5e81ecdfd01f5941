"""Whatever is sent to the FHIR server, it answers in FHIR's words; and what it refuses leaves the store as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_kit.rest import request
from tests.actors.fhir_client import Client, observation, patient

pytestmark = pytest.mark.usefixtures("database")

WORDS = [
    "Patient",
    "Observation",
    "Bundle",
    "1",
    "nobody",
    "_history",
    "_search",
    "$validate",
    "$everything",
    "$lastn",
    "*",
    "metadata",
    "",
    "x",
    "%00",
    "..",
]
NAMES = [
    "identifier",
    "_id",
    "_sort",
    "_count",
    "_page",
    "_include",
    "_revinclude",
    "_has:Observation:patient:code",
    "subject.name",
    "_summary",
    "_elements",
]
NAMES += [
    "_since",
    "_type",
    "_total",
    "date",
    "value-quantity",
    "code-value-quantity",
    "_format",
    "family:missing",
    "code:of-type",
    "_lastUpdated",
    "max",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [*WORDS, "PUT", "POST", "DELETE", "PATCH", "GET", "transaction", "batch", "urn:uuid:1", "Patient?identifier=1", "add", "/name"]
    )
)
KEYS = st.sampled_from(
    [
        "resourceType",
        "id",
        "meta",
        "type",
        "entry",
        "resource",
        "request",
        "method",
        "url",
        "fullUrl",
        "name",
        "reference",
        "subject",
        "op",
        "path",
        "value",
        "parameter",
        "part",
        "valueCode",
        "div",
        "link",
        "identifier",
    ]
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=14)
ENTRY = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {
                "method": st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET"]),
                "url": st.sampled_from(
                    ["Patient", "Patient/1", "Patient?identifier=1", "Observation", "", "x", "Bundle/1", "$validate", "Patient/1/_history"]
                ),
            }
        )
    },
    optional={"resource": VALUES | st.just(patient("1")), "fullUrl": st.sampled_from(["urn:uuid:1", "urn:uuid:2"])},
)
BUNDLES = st.fixed_dictionaries(
    {"resourceType": st.just("Bundle"), "type": st.sampled_from(["batch", "transaction"]), "entry": st.lists(ENTRY, max_size=3)}
)


@pytest.fixture(scope="module")
def client() -> Client:
    client = Client()
    client.put(patient("1"), observation("1", "1", "2025"))
    return client


@settings(max_examples=300)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
    target=st.lists(st.sampled_from(WORDS), max_size=4).map("/".join),
    query=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from(["1", "", "-1", "gt", "a|b", "$", ",", "x:y:z", "Patient", "2025", "true", "5$6", "9" * 30])
            | st.text(max_size=6),
        ),
        max_size=3,
    ),
    body=st.none() | VALUES | BUNDLES | st.just(patient("1")),
    headers=st.dictionaries(
        st.sampled_from(["if-match", "if-none-match", "if-none-exist", "prefer", "accept", "x-forwarded-prefix", "x-forwarded-proto"]),
        st.sampled_from(['W/"1"', "*", "identifier=1", "?", "return=minimal", "handling=strict", "application/fhir+xml", "q=;;,", "/a"]),
        max_size=2,
    ),
)
def test_it_answers_anything(
    client: Client, method: str, target: str, query: list[tuple[str, str]], body: Any, headers: dict[str, str]
) -> None:
    before = client.kept()
    url = "/fhir/" + target + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
    if any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
        return
    pairs = [*headers.items(), ("content-type", "application/json")]
    answer = client.send(request(method, url, "" if body is None else json.dumps(body), pairs).encode())
    assert 200 <= answer.status < 500
    if answer.status >= 400:
        assert "OperationOutcome" in answer.text
        assert client.kept() == before


@settings(max_examples=200)
@given(BUNDLES)
def test_any_bundle(client: Client, body: Any) -> None:
    before = client.kept()
    answer = client("POST", "", body)
    assert 200 <= answer.status < 500, answer.text
    if answer.status >= 400:
        assert client.kept() == before
    else:
        assert len(answer.data.get("entry", ())) == len(body["entry"])
