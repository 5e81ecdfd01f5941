"""The interactions of FHIR's RESTful API with one resource, and its history (FHIR R4 section 3.1.0), asked of the actor itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ihe_kit import fhir
from ihe_kit.actors.fhir_server import FhirServer
from ihe_kit.region import story_clock, story_ids
from tests.actors.fhir_client import Client, observation, patient

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def client() -> Client:
    return Client()


def test_create_read_update_delete(client: Client) -> None:
    made = client("POST", "Patient", patient())
    id = made.data["id"]
    assert made.status == 201
    assert made.headers["location"] == f"http://localhost/fhir/Patient/{id}/_history/1"
    assert made.headers["etag"] == 'W/"1"'
    assert made.headers["last-modified"] == "Mon, 03 Mar 2025 07:00:00 GMT"
    got = client("GET", f"Patient/{id}")
    assert (got.status, got.headers["etag"], got.text) == (200, 'W/"1"', made.text)
    changed = client("PUT", f"Patient/{id}", got.data | {"gender": "female"})
    assert (changed.status, changed.data["meta"]["versionId"], changed.headers["etag"]) == (200, "2", 'W/"2"')
    gone = client("DELETE", f"Patient/{id}")
    assert (gone.status, gone.text, gone.headers["etag"]) == (204, "", 'W/"3"')
    assert client("GET", f"Patient/{id}").status == 410
    assert client("GET", "Patient").data["total"] == 0
    assert client("DELETE", f"Patient/{id}").status == 204, "again: nothing to do"
    assert client("GET", f"Patient/{id}/_history").data["total"] == 3
    assert client("PATCH", f"Patient/{id}", [{"op": "add", "path": "/active", "value": True}]).status == 410
    back = client("PUT", f"Patient/{id}", got.data)
    assert (back.status, back.data["meta"]["versionId"]) == (201, "4"), "what was deleted can come back"
    assert client("GET", "Patient").data["total"] == 1


def test_every_version_is_kept(client: Client) -> None:
    client.put(patient("1"), patient("1", gender="female"))
    first, second = (client("GET", f"Patient/1/_history/{number}") for number in (1, 2))
    assert "gender" not in first.data and second.data["gender"] == "female"
    assert (first.headers["etag"], second.headers["etag"]) == ('W/"1"', 'W/"2"')
    client("DELETE", "Patient/1")
    assert client("GET", "Patient/1/_history/3").status == 410
    assert client("GET", "Patient/1/_history/1").status == 200
    for version in ("4", "0", "x", "9" * 30):
        assert client("GET", f"Patient/1/_history/{version}").status == 404


def test_an_update_under_a_new_id_creates(client: Client) -> None:
    made = client("PUT", "Patient/mine", patient("mine"))
    assert (made.status, made.data["id"]) == (201, "mine")
    assert client("PUT", "Patient/mine", patient("other")).status == 400
    assert client("PUT", "Patient/mine", patient()).status == 400, "an update says the id twice"


def test_an_id_that_is_taken_is_not_given_out_again(client: Client) -> None:
    """A client may have chosen the very id that the server's counter comes to; and the counter begins anew with each start."""
    client("PUT", "Patient/F00002", patient(id="F00002", gender="male"))
    made = [client("POST", "Patient", patient(gender="female")).data["id"] for _ in range(3)]
    assert len({*made, "F00002"}) == 4
    again = FhirServer(client.store, story_clock(), story_ids())
    client.server = again
    assert client("POST", "Patient", patient()).data["id"] not in made
    assert client("GET", "Patient/F00002").data["gender"] == "male"
    assert client("GET", "Patient/F00002/_history").data["total"] == 1


def test_a_page_of_another_site_changes_nothing(client: Client) -> None:
    """It cannot read an answer, yet a browser would carry its POST here."""
    kept = client("POST", "Patient", patient()).data["id"]
    for method, target in (("POST", "Patient"), ("PUT", f"Patient/{kept}"), ("DELETE", f"Patient/{kept}")):
        assert client(method, target, patient(id=kept), sec_fetch_site="cross-site").status == 403
    assert client("GET", "Patient", sec_fetch_site="cross-site").data["total"] == 1
    assert client("POST", "Patient", patient(), sec_fetch_site="same-origin").status == 201


def test_the_digits_stay(client: Client) -> None:
    text = '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10,"unit":"kg"}}'
    client("PUT", "Observation/o", text)
    assert '"value":1.10' in client("GET", "Observation/o").text
    client("PATCH", "Observation/o", [{"op": "add", "path": "/referenceRange", "value": [{"text": "t"}]}])
    assert '"value": 1.10' in client("GET", "Observation/o").text
    assert '"value": 1.10' in client("GET", "Observation").text


@pytest.mark.parametrize("kind", ["Observation", "Bundle", "Binary", "AuditEvent", "ValueSet", "Parameters"])
def test_every_type_is_kept(client: Client, kind: str) -> None:
    body: dict[str, Any] = {
        "Observation": observation("1", "1", "2025"),
        "Bundle": {"resourceType": "Bundle", "type": "collection"},
        "Binary": {"resourceType": "Binary", "contentType": "text/plain", "data": "SGVpIQ=="},
        "AuditEvent": {
            "resourceType": "AuditEvent",
            "type": {"code": "rest"},
            "recorded": "2025-03-03T08:00:00Z",
            "agent": [{"requestor": True}],
            "source": {"observer": {"display": "x"}},
        },
        "ValueSet": {"resourceType": "ValueSet", "status": "draft"},
        "Parameters": {"resourceType": "Parameters", "parameter": [{"name": "a", "valueString": "b"}]},
    }[kind]
    made = client("POST", kind, body)
    assert made.status == 201, made.text
    assert client("GET", f"{kind}/{made.data['id']}").text == made.text
    assert client("GET", f"{kind}?_id={made.data['id']}").data["total"] == 1


# Conditions ------------------------------------------------------------------------------------------------------------------------

ANNA = "identifier=urn:oid:2.999.10.1|4711"


@pytest.mark.parametrize(
    "url, headers", [("Patient", {"if_none_exist": ANNA}), ("Patient", {"if_none_exist": f"Patient?{ANNA}"}), (f"Patient?{ANNA}", {})]
)
def test_create_only_where_nothing_matches(client: Client, url: str, headers: dict[str, str]) -> None:
    """In a header, as R4 has it, or in the URL, as some clients write it."""
    first = client("POST", url, patient(), **headers)
    again = client("POST", url, patient(gender="female"), **headers)
    assert (first.status, again.status) == (201, 200)
    assert again.text == first.text, "the one that was there, unchanged"
    assert again.headers["etag"] == 'W/"1"'
    client("POST", "Patient", patient())
    before = client.kept()
    assert client("POST", url, patient(), **headers).status == 412
    assert client.kept() == before


def test_change_and_delete_by_a_condition(client: Client) -> None:
    created = client("PUT", f"Patient?{ANNA}", patient())
    assert created.status == 201
    id = created.data["id"]
    assert client("PUT", f"Patient?{ANNA}", patient(gender="female")).data["id"] == id
    changed = client("PATCH", f"Patient?{ANNA}", {"active": True}, content_type="application/json")
    assert (changed.status, changed.data["active"], changed.data["gender"]) == (200, True, "female")
    assert client("PATCH", "Patient?identifier=nobody", {"active": True}).status == 404
    client("POST", "Patient", patient())
    before = client.kept()
    for method, body in (("PUT", patient()), ("PATCH", {"active": True}), ("DELETE", None)):
        refused = client(method, f"Patient?{ANNA}", body)
        assert (refused.status, refused.data["issue"][0]["code"]) == (412, "multiple-matches")
    assert client.kept() == before
    assert client("DELETE", f"Patient?_id={id}").status == 204
    assert client("DELETE", f"Patient?_id={id}").status == 204, "nothing matches any more"
    assert client("GET", f"Patient/{id}").status == 410


@pytest.mark.parametrize("query", ["", "?", "?famly=x", "?_count=1", "?identifier="])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_condition_that_asks_nothing_changes_nothing(client: Client, method: str, query: str) -> None:
    """A parameter that is left aside in a search must never widen what is deleted."""
    client.put(patient("1"))
    before = client.kept()
    refused = client(method, f"Patient{query}", None if method == "DELETE" else patient())
    assert refused.status in (400, 422)
    assert client.kept() == before


@pytest.mark.parametrize(
    "wanted, status", [('W/"2"', 200), ('"2"', 200), ('W/"1", W/"2"', 200), ("*", 200), ('W/"1"', 412), ('W/"22"', 412), ("nonsense", 412)]
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_who_was_slower_is_told(client: Client, method: str, wanted: str, status: int) -> None:
    """FHIR R4 section 3.1.0.5."""
    client.put(patient("1"), patient("1", gender="female"))
    before = client.kept()
    body = {"PUT": patient("1", active=True), "PATCH": {"active": True}, "DELETE": None}[method]
    answer = client(method, "Patient/1", body, if_match=wanted)
    assert answer.status == (204 if (method, status) == ("DELETE", 200) else status)
    if status == 412:
        assert "The version is 2 by now" in answer.says
        assert client.kept() == before


def test_only_what_is_new_is_sent(client: Client) -> None:
    client.put(patient("1"))
    assert client("GET", "Patient/1", if_none_match='W/"1"').status == 304
    assert client("GET", "Patient/1", if_none_match='W/"1"').text == ""
    assert client("GET", "Patient/1", if_none_match='W/"2"').status == 200
    assert client("PUT", "Patient/1", patient("1"), if_none_match="*").status == 412
    assert client("PUT", "Patient/2", patient("2"), if_none_match="*").status == 201


# Patch -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media, body",
    [
        ("application/json-patch+json", [{"op": "replace", "path": "/gender", "value": "female"}]),
        ("application/fhir+json", [{"op": "replace", "path": "/gender", "value": "female"}]),
        ("application/merge-patch+json", {"gender": "female"}),
        ("application/json", {"gender": "female"}),
        ("application/fhir+json", {"gender": "female"}),
        (
            "application/fhir+json",
            {
                "resourceType": "Parameters",
                "parameter": [
                    {
                        "name": "operation",
                        "part": [
                            {"name": "type", "valueCode": "replace"},
                            {"name": "path", "valueString": "Patient.gender"},
                            {"name": "value", "valueCode": "female"},
                        ],
                    }
                ],
            },
        ),
    ],
)
def test_three_kinds_of_patch(client: Client, media: str, body: Any) -> None:
    client.put(patient("1", gender="male"))
    answer = client("PATCH", "Patient/1", body, content_type=media)
    assert (answer.status, answer.data["gender"], answer.data["meta"]["versionId"]) == (200, "female", "2"), answer.text
    assert client("GET", "Patient?gender=female").data["total"] == 1, "it is found by what it is now"


@pytest.mark.parametrize(
    "body, status, says",
    [
        ([{"op": "test", "path": "/gender", "value": "female"}], 422, "another one than the test expects"),
        ([{"op": "replace", "path": "/nothing", "value": 1}], 422, "leads to nothing"),
        ([{"op": "add", "path": "/gender", "value": "robot"}], 422, "robot"),
        ([{"op": "replace", "path": "/id", "value": "2"}], 400, "neither the type nor the id"),
        ([{"op": "remove", "path": ""}], 422, "whole resource"),
        ([{"op": "explode", "path": "/id"}], 422, "no operation"),
        ({"resourceType": "Observation"}, 400, "neither the type nor the id"),
        ({"birthDate": "yesterday"}, 422, "birthDate"),
        ("", 422, "expected an array"),
        ("7", 422, "expected an array"),
        ("{", 400, "expected"),
    ],
)
def test_a_patch_that_cannot_be_done_changes_nothing(client: Client, body: Any, status: int, says: str) -> None:
    client.put(patient("1", gender="male"))
    before = client.kept()
    answer = client("PATCH", "Patient/1", body)
    assert answer.status == status, answer.text
    assert says in answer.says
    assert client.kept() == before
    assert client("PATCH", "Patient/2", [{"op": "test", "path": "/id", "value": 1}]).status == 404


# History ---------------------------------------------------------------------------------------------------------------------------


def test_history_on_three_levels(client: Client) -> None:
    client.put(patient("1"), observation("2", "1", "2025"), patient("1", active=True))
    client("DELETE", "Observation/2")
    asked = {"Patient/1/_history": 2, "Patient/_history": 2, "Observation/_history": 2, "_history": 4, "Observation/2/_history": 2}
    assert {url: client("GET", url).data["total"] for url in asked} == asked
    whole = client("GET", "_history").data
    assert whole["type"] == "history"
    assert [(one["request"]["method"], one["response"]["status"]) for one in whole["entry"]] == [
        ("DELETE", "204"), ("PUT", "200"), ("POST", "201"), ("POST", "201"),
    ]  # fmt: skip
    assert "resource" not in whole["entry"][0]
    assert whole["entry"][0]["fullUrl"] == "http://localhost/fhir/Observation/2"
    assert client("GET", "Patient/nobody/_history").status == 404
    assert client("GET", "Encounter/_history").data["total"] == 0


def test_history_since_and_page_by_page(client: Client) -> None:
    for number in range(7):
        client.put(patient("1", multipleBirthInteger=number))
    since = client("GET", "Patient/1/_history/4").data["meta"]["lastUpdated"]
    recent = client("GET", f"Patient/1/_history?_since={since.replace('+', '%2B')}")
    assert recent.data["total"] == 4
    zulu = datetime.fromisoformat(since).astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert client("GET", f"Patient/1/_history?_since={zulu}").data["total"] == 4, "the same moment, written otherwise"
    url, seen = "Patient/1/_history?_count=3", []
    while url:
        page = client("GET", url)
        seen += [one["resource"]["meta"]["versionId"] for one in page.data["entry"]]
        if len(seen) == 3:
            client.put(patient("1", multipleBirthInteger=9))
        url = page.link("next")
    assert seen == ["7", "6", "5", "4", "3", "2", "1"], "what is stored meanwhile moves nothing"
    for wrong in ("_since=yesterday", "_page=x", "_count=-1"):
        assert client("GET", f"Patient/1/_history?{wrong}").status == 400


# How the answer is wanted ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method, target", [("POST", "Patient"), ("PUT", "Patient/1")])
def test_prefer(client: Client, method: str, target: str) -> None:
    body = patient("1")
    whole = client(method, target, body, prefer="return=representation")
    assert whole.data["resourceType"] == "Patient"
    short = client(method, target, body, prefer="return=minimal")
    assert (short.text, short.status) == ("", 201 if method == "POST" else 200)
    assert short.headers["location"] and short.headers["etag"]
    assert "content-type" not in short.headers
    told = client(method, target, body, prefer="respond-async; return=OperationOutcome")
    assert "is kept as version" in told.says


@pytest.mark.parametrize(
    "url, headers, status",
    [
        ("Patient/1", {"accept": "application/fhir+json"}, 200),
        ("Patient/1", {"accept": "application/json;q=0.9, */*;q=0.1"}, 200),
        ("Patient/1", {"accept": "*/*"}, 200),
        ("Patient/1?_format=json", {"accept": "text/html"}, 200),
        ("Patient/1?_format=application/fhir%2Bjson", {}, 200),
        ("Patient/1", {"accept": "text/turtle"}, 406),
        ("Patient/1?_format=ttl", {}, 406),
    ],
)
def test_format(client: Client, url: str, headers: dict[str, str], status: int) -> None:
    client.put(patient("1"))
    answer = client("GET", url, **headers)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/fhir+json"


def test_wrong_media_type(client: Client) -> None:
    before = client.kept()
    assert client("POST", "Patient", "id=1", content_type="application/x-www-form-urlencoded").status == 415
    assert client("POST", "Patient", "MSH|^~\\&", content_type="application/hl7-v2").status == 415
    assert client.kept() == before


def test_head_and_options(client: Client) -> None:
    client.put(patient("1"))
    assert client("HEAD", "Patient/1").headers["etag"] == 'W/"1"'
    assert client("HEAD", "Patient/2").status == 404
    options = client("OPTIONS", "Patient/1")
    assert options.status == 204
    assert options.headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT, OPTIONS"
    refused = client("POST", "Patient/1", patient("1"))
    assert (refused.status, refused.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH, PUT")


@pytest.mark.parametrize(
    "headers, base",
    [
        ({}, "http://localhost/fhir"),
        ({"host": "fjordland.example:8443"}, "http://fjordland.example:8443/fhir"),
        ({"x_forwarded_host": "fhir.example", "x_forwarded_proto": "https"}, "https://fhir.example/fhir"),
        ({"x_forwarded_proto": "https", "x_forwarded_prefix": "/user/me/proxy/8080"}, "https://localhost/user/me/proxy/8080/fhir"),
        ({"x_forwarded_proto": "https, http", "x_forwarded_host": "a.example, b"}, "https://a.example/fhir"),
        ({"x_forwarded_proto": "javascript", "x_forwarded_prefix": '/"><script>'}, "http://localhost/fhir"),
        ({"x_forwarded_proto": "https", "x_forwarded_host": "evil/?#", "x_forwarded_prefix": "/a b"}, "https://localhost/fhir"),
        ({"x_forwarded_prefix": "/user/jo%C3%ABl%40a.example/proxy/80/"}, "http://localhost/user/jo%C3%ABl%40a.example/proxy/80/fhir"),
    ],
)
def test_links_behind_a_proxy(client: Client, headers: dict[str, str], base: str) -> None:
    made = client("POST", "Patient", patient(), **headers)
    assert made.headers["location"] == f"{base}/Patient/{made.data['id']}/_history/1"
    client("POST", "Patient", patient())
    found = client("GET", "Patient?_count=1", **headers)
    assert found.data["entry"][0]["fullUrl"] == f"{base}/Patient/{made.data['id']}"
    assert found.link("self") == f"{base}/Patient?_count=1"
    assert found.link("next").startswith(f"{base}/Patient?_count=1&_page=")
    assert client("GET", "Patient/_history", **headers).link("self") == f"{base}/Patient/_history"
    assert client("GET", "metadata", **headers).data["implementation"]["url"] == base


def test_the_capability_statement_is_made_from_what_is_there(client: Client) -> None:
    statement = client("GET", "metadata").data
    (rest,) = statement["rest"]
    assert len(rest["resource"]) > 140
    patients = next(one for one in rest["resource"] if one["type"] == "Patient")
    codes = {one["code"] for one in patients["interaction"]}
    assert codes == {"read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"}
    assert {one["code"] for one in rest["interaction"]} == {"transaction", "batch", "history-system", "search-system"}
    assert {one["name"] for one in patients["operation"]} == {"everything"}
    assert {one["name"] for one in rest["operation"]} == {"validate"}
    client.put(patient("1"), observation("1", "1", "2025"))
    for one in patients["searchParam"]:
        value = {"date": "2025", "number": "1", "quantity": "1"}.get(one["type"], "1")
        assert client("GET", f"Patient?{one['name']}={value}", prefer="handling=strict").status == 200
    for one in patients["searchInclude"]:
        assert client("GET", f"Patient?_include={one}").status == 200


# Hostile input ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        '{"resourceType": "Patient", "active": NaN}',
        '{"resourceType": "Patient", "multipleBirthInteger": 1e400}',
        '{"resourceType": "Patient", "gender": "male", "gender": "female"}',
        '{"resourceType": "Patient", "name": [{"family": "\\ud800"}]}',
        "[" * 100_000,
        '{"a":' * 5000,
        '{"resourceType": "Patient", "meta": 7}',
        '{"resourceType": "Patient", "meta": {"versionId": ["1"]}}',
        '{"resourceType": ["Patient"]}',
        '{"resourceType": "Patient", "id": {"a": 1}}',
        '"Patient"',
        "null",
        "\x00",
        '{"resourceType": "Patient", "extension": [{"url": "http://x", "valueInteger": ' + "9" * 5000 + "}]}",
    ],
)
@pytest.mark.parametrize(
    "method, target", [("POST", "Patient"), ("PUT", "Patient/1"), ("PATCH", "Patient/1"), ("POST", ""), ("POST", "Patient/$validate")]
)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(client: Client, method: str, target: str, body: str) -> None:
    client.put(patient("1"))
    before = client.kept()
    answer = client(method, target, body)
    assert answer.status in ((200, 400, 422) if "$validate" in target else (400, 422)), answer.text
    assert answer.data["resourceType"] == "OperationOutcome"
    assert client.kept() == before


@pytest.mark.parametrize("id", ["../../etc/passwd", "a b", "a" * 65, "%2e%2e", "<script>", "å"])
def test_an_id_is_an_id(client: Client, id: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert client(method, f"Patient/{id}", patient() if method == "PUT" else None).status in (400, 404, 405)


def test_markup_stays_data(client: Client) -> None:
    nasty = '<img src=x onerror="alert(1)">'
    made = client("POST", "Patient", patient(name=[{"family": nasty}]))
    assert made.headers["content-type"] == "application/fhir+json"
    assert json.loads(made.text)["name"][0]["family"] == nasty


# Operations ------------------------------------------------------------------------------------------------------------------------


def test_validate_keeps_nothing(client: Client) -> None:
    before = client.kept()
    for target in ("$validate", "Patient/$validate"):
        assert "keeps every rule" in client("POST", target, patient()).says
        wrong = client("POST", target, patient(gender="robot"))
        assert (wrong.status, wrong.data["issue"][0]["expression"]) == (200, ["Patient.gender"])
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient(gender="robot")}]}
    assert client("POST", "Patient/$validate", wrapped).data["issue"][0]["severity"] == "error"
    assert client("POST", "Patient/$validate", {"resourceType": "Parameters"}).status == 400
    assert client("POST", "Patient/$validate", observation("1", "1", "2025")).status == 400
    assert client.kept() == before
    client.put(patient("1"))
    assert "keeps every rule" in client("GET", "Patient/1/$validate").says
    assert client("GET", "Patient/2/$validate").status == 404


def test_validate_against_a_profile_that_lies_on_the_server(client: Client) -> None:
    born = fhir.profile("Patient", [{"path": "Patient.birthDate", "min": 1}], url="https://example.org/fhir/StructureDefinition/born")
    nobody = {"resourceType": "Patient", "name": [{"family": "Lie"}]}
    target = f"Patient/$validate?profile={born['url']}"
    unknown = client("POST", target, nobody).data["issue"]
    assert [(one["severity"], "was not checked" in one["diagnostics"]) for one in unknown] == [("information", True)]
    client.put(born | {"id": "born"})
    (told,) = client("POST", target, nobody).data["issue"]
    assert (told["severity"], told["code"], told["expression"]) == ("error", "required", ["Patient.birthDate"])
    assert "keeps every rule" in client("POST", target, nobody | {"birthDate": "1966-07-07"}).says
    assert "keeps every rule" in client("POST", "Patient/$validate", nobody).says, "nobody asked for the profile"
    wrapped = {
        "resourceType": "Parameters",
        "parameter": [{"name": "profile", "valueUri": born["url"]}, {"name": "resource", "resource": nobody}],
    }
    assert client("POST", "Patient/$validate", wrapped).data["issue"] == [told]
    for path in ("/etc/hostname", "born.json", "file:///etc/hostname"):
        assert client("POST", f"Patient/$validate?profile={path}", nobody).status == 400, "no path of this computer"


def test_everything_of_a_patient(client: Client) -> None:
    client.put(patient("1"), patient("2"))
    client.put(*(observation(f"o{n}", "1", f"2025-03-0{n}") for n in range(1, 5)), observation("o9", "2", "2025"))
    assert client("GET", "Patient/1/$everything").ids == ["Patient/1", *(f"Observation/o{n}" for n in range(1, 5))]
    assert client("GET", "Patient/1/$everything?_type=Observation").data["total"] == 4
    first = client("GET", "Patient/1/$everything?_count=3")
    assert first.ids + client("GET", first.link("next")).ids == client("GET", "Patient/1/$everything").ids
    assert client("GET", "Patient/3/$everything").status == 404
    assert client("GET", "Observation/o1/$everything").status == 404
    since = client("GET", "Observation/o3").data["meta"]["lastUpdated"].replace("+", "%2B")
    assert client("GET", f"Patient/1/$everything?_since={since}").ids == ["Observation/o3", "Observation/o4"]


def test_the_last_of_each_code(client: Client) -> None:
    other = {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]}
    client.put(
        observation("a", "1", "2025-03-01"),
        observation("b", "1", "2025-03-03"),
        observation("c", "1", "2025-03-02"),
        observation("d", "1", "2025-01-01", code=other),
        observation("e", "2", "2025-12-31"),
    )
    assert client("GET", "Observation/$lastn?patient=1").ids == ["Observation/b", "Observation/d"]
    assert client("GET", "Observation/$lastn?subject=Patient/1&max=2").ids == ["Observation/b", "Observation/c", "Observation/d"]
    assert client("GET", "Observation/$lastn?patient=1&code=2339-0").ids == ["Observation/d"]
    for wrong in ("code=2339-0", "patient=1&max=many", "patient=1&colour=red"):
        assert client("GET", f"Observation/$lastn?{wrong}").status == 400


def test_documents_of_a_patient(client: Client) -> None:
    def document(id: str, who: str) -> dict[str, Any]:
        return {
            "resourceType": "DocumentReference",
            "id": id,
            "status": "current",
            "subject": {"reference": f"Patient/{who}"},
            "content": [{"attachment": {"url": "Binary/1"}}],
            "context": {"period": {"start": "2025-03-01", "end": "2025-03-02"}},
        }

    client.put(document("1", "1"), document("2", "2"))
    assert client("GET", "DocumentReference/$docref?patient=1").ids == ["DocumentReference/1"]
    assert client("GET", "DocumentReference/$docref?patient=1&start=2025-04-01").ids == []
    assert client("GET", "DocumentReference/$docref?patient=Patient/1&start=2025-02-01&end=2025-04-01").ids == ["DocumentReference/1"]
    assert client("GET", "DocumentReference/$docref").status == 400


# XML -------------------------------------------------------------------------------------------------------------------------------


def test_xml_comes_in_and_goes_out(client: Client) -> None:
    text = '<Patient xmlns="http://hl7.org/fhir"><id value="1"/><active value="true"/><name><family value="&#216;degård"/></name></Patient>'
    made = client("PUT", "Patient/1", text, content_type="application/fhir+xml", accept="application/fhir+xml")
    assert (made.status, made.headers["content-type"]) == (201, "application/fhir+xml")
    assert '<family value="Ødegård"' in made.text and '<versionId value="1"' in made.text
    assert client("GET", "Patient/1").data["name"] == [{"family": "Ødegård"}]
    assert client("GET", "Patient?family=ødeg", accept="application/xml").text.startswith("<")
    assert "<total value" in client("GET", "Patient?_format=xml").text
    assert client("GET", "Patient/1", accept="application/fhir+xml;q=0.5, application/fhir+json").headers["content-type"].endswith("json")
    assert client("GET", "Patient/1", accept="application/fhir+json;q=0.5, application/fhir+xml").headers["content-type"].endswith("xml")
    refused = client("GET", "Patient/2", accept="application/fhir+xml")
    assert refused.status == 404 and refused.text.startswith("<OperationOutcome")


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"><gender value="&a;"/></Patient>',
        '<Patient xmlns="http://hl7.org/fhir"><active value="true"/>',
        "<Patient><active value='true'/></Patient>",
        '<Nobody xmlns="http://hl7.org/fhir"/>',
    ],
)
def test_xml_that_cannot_be_taken(client: Client, body: str) -> None:
    before = client.kept()
    answer = client("POST", "Patient", body, content_type="application/fhir+xml")
    assert answer.status in (400, 422), answer.text
    assert client.kept() == before
