"""Building: FLAT and canonical JSON both ways, whole requests, and errors that say what would be right."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import Unreadable
from ihe_kit.openehr import build, conform, from_flat, parse, refuse, template, to_flat
from tests.openehr.given import CLOCK, ids

TEMPLATE = "kit_vital_signs.v1"
TWO = {"systolic": 142, "diastolic": 91}
EVENT = "vital_signs/blood_pressure:0/any_event:0"


def test_two_values_make_a_composition_that_keeps_its_template() -> None:
    message = build(TEMPLATE, TWO, CLOCK, ids)
    assert conform(message) == []
    assert message.text == build(TEMPLATE, TWO, CLOCK, ids).text
    assert list(message.data)[:4] == ["_type", "name", "archetype_details", "archetype_node_id"]


@pytest.mark.parametrize(
    ("values", "path", "expected"),
    [
        ({"position": "sitting"}, "position|code", "at1001"),
        ({"position": "at1003"}, "position|value", "Lying"),
        ({"comment": "após esforço"}, "comment", "após esforço"),
        ({f"{EVENT}/systolic|unit": "kPa"}, "systolic|unit", "kPa"),
        ({f"{EVENT}/time": "2025-03-03T09:00:00+01:00"}, "time", "2025-03-03T09:00:00+01:00"),
    ],
)
def test_values(values: dict[str, object], path: str, expected: str) -> None:
    assert to_flat(build(TEMPLATE, TWO | values, CLOCK, ids))[f"{EVENT}/{path}"] == expected


def test_context_and_paths() -> None:
    values = TWO | {"ctx/language": "nb", "ctx/time": "2025-03-03T07:00:00Z", "/composer/name": "Jonas Dahl", "ctx/setting": "227"}
    message = build(TEMPLATE, values, CLOCK, ids)
    assert message.get("/language/code_string") == ["nb"]
    assert message.get("/composer/name") == ["Jonas Dahl"]
    assert message.get("/context/setting/value") == ["emergency care"]
    assert message.get("/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/origin/value") == ["2025-03-03T07:00:00Z"]
    assert message.get("/language/terminology_id/value") == ["ISO_639-1"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({f"{EVENT}/systolc|magnitude": 1}, ["could not consume 'systolc|magnitude'", f"did you mean {EVENT}/systolic|magnitude?"]),
        ({"vitals/blood_pressure:0": 1}, ["could not consume 'vitals/blood_pressure:0'", "vital_signs"]),
        ({f"{EVENT}/systolic|units": 1}, ["could not consume |units", "did you mean unit?"]),
        ({EVENT: 1}, ["ends at a group", "systolic"]),
        ({f"{EVENT}/systolic/more": 1}, ["could not consume 'more'"]),
        ({"systolc": 1}, ["did you mean systolic?"]),
        ({"ctx/tim": 1}, ["did you mean ctx/time?"]),
        ({"position": "siting"}, ["did you mean Sitting?"]),
        ({f"{EVENT}/time:1": "x"}, ["does not repeat"]),
        ({"vital_signs/blood_pressure:x/any_event:0/systolic|magnitude": 1}, ["':x'"]),
        ({"vital_signs:1/composer|name": "x"}, ["vital_signs does not repeat"]),
        ({f"{EVENT}/comment|": "x"}, ["could not consume |;"]),
        ({"vital_signs/pulse:1/any_event:0/rate|magnitude": 1}, ["could not consume ':1'", "there is no :0"]),
        ({f"{EVENT[:-1]}99999999/systolic|magnitude": 1}, ["could not consume ':99999999'", "there is no :99999998"]),
        ({f"{EVENT[:-1]}{'9' * 5000}/systolic|magnitude": 1}, ["expected a number from 0"]),
        ({f"{EVENT[:-1]}01/systolic|magnitude": 1}, ["could not consume ':01'"]),
        ({f"{EVENT}/systolic|magnitude": 1}, ["the same value is given as systolic too"]),
        ({"ctx/language": "nb", "/language/code_string": "en"}, ["the same value is given as ctx/language too"]),
        ({"/composer/nam": "x"}, ["did you mean /composer/name?"]),
    ],
)
def test_a_wrong_key_says_which_part_and_what_would_be_right(values: dict[str, object], says: list[str]) -> None:
    with pytest.raises(ValueError, match=r"consume|template|none of|there is no|the same value") as problem:
        build(TEMPLATE, TWO | values, CLOCK, ids)
    assert not isinstance(problem.value, Unreadable)
    assert all(part in str(problem.value) for part in says), str(problem.value)


_NUMBER = st.integers(0, 999) | st.decimals(0, 999, places=2, allow_nan=False).map(float)
_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
_EVENT = st.fixed_dictionaries(
    {"systolic|magnitude": _NUMBER, "diastolic|magnitude": _NUMBER},
    optional={
        "comment": _TEXT,
        "position|code": st.sampled_from(["at1000", "at1001", "at1002", "at1003", "at9999"]),
        "mean_arterial_pressure|magnitude": _NUMBER,
        "systolic|unit": st.sampled_from(["mm[Hg]", "kPa"]),
        "systolic|precision": st.integers(0, 2),
        "time": st.sampled_from(["2025-03-03T07:30:00Z", "2025-03-03"]),
    },
)


@given(st.lists(st.lists(_EVENT, min_size=1, max_size=3), min_size=1, max_size=3), st.lists(_NUMBER, max_size=2), _TEXT)
def test_flat_to_canonical_and_back_loses_nothing(readings: list, rates: list, composer: str) -> None:
    flat: dict[str, object] = {"vital_signs/composer|name": composer}
    for i, events in enumerate(readings):
        for j, event in enumerate(events):
            flat |= {f"vital_signs/blood_pressure:{i}/any_event:{j}/{key}": value for key, value in event.items()}
    flat |= {f"vital_signs/pulse:{i}/any_event:0/rate|magnitude": rate for i, rate in enumerate(rates)}
    message = from_flat(flat, TEMPLATE, CLOCK)
    back = to_flat(message, template(TEMPLATE))
    assert all(back[key] == value for key, value in flat.items())
    assert from_flat(back, TEMPLATE, CLOCK).text == message.text


def test_a_composer_who_is_the_patient_stays_it() -> None:
    message = build(TEMPLATE, TWO | {"vital_signs/composer|_type": "PARTY_SELF"}, CLOCK, ids)
    assert message.data["composer"] == {"_type": "PARTY_SELF"}
    assert from_flat(to_flat(message), TEMPLATE, CLOCK).text == message.text


def test_a_number_on_a_part_that_stands_once_is_the_same_key() -> None:
    time = {"vital_signs/context:0/start_time": "2025-03-03T07:00:00Z"}
    message = build(TEMPLATE, TWO | time, CLOCK, ids)
    assert message.text == build(TEMPLATE, TWO | {"ctx/time": "2025-03-03T07:00:00Z"}, CLOCK, ids).text


def test_requests() -> None:
    post = build("POST ehr/{ehr_id}/composition kit_vital_signs.v1", TWO | {"ehr_id": "e 1"}, CLOCK, ids)
    assert post.text.startswith("POST /rest/openehr/v1/ehr/e%201/composition HTTP/1.1\r\n")
    assert post.headers["prefer"] == "return=representation"
    assert post.kind == "COMPOSITION"
    assert conform(post) == []
    ehr = build("POST ehr", {"subject_id": "4711", "subject_namespace": "urn:oid:2.999.10.1"}, CLOCK, ids)
    assert ehr.get("/subject/external_ref/id/value") == ["4711"]
    assert conform(ehr) == []
    by_path = {"/subject/external_ref/id/value": "4711", "/subject/external_ref/namespace": "urn:oid:2.999.10.1"}
    assert build("POST ehr", by_path, CLOCK, ids).text == ehr.text
    nobody = build("POST ehr", {"subject_id": "4711"}, CLOCK, ids)  # a learner may break it, and the rules say so
    assert [finding.path for finding in conform(nobody)] == ["/subject/external_ref/namespace"]
    assert build("POST ehr", {}, CLOCK, ids).body == ""
    opt = build("POST definition/template/adl1.4 kit_vital_signs.v1", {}, CLOCK, ids)
    assert opt.headers["content-type"] == "application/xml"
    assert opt.body == template(TEMPLATE).text
    assert conform(opt) == []
    get = build("GET ehr/{ehr_id}/composition/{version_uid}", {"ehr_id": "e1", "version_uid": "u::s::1"}, CLOCK, ids)
    assert get.target == "ehr/e1/composition/u::s::1"
    put = build(
        "PUT ehr/{ehr_id}/composition/{uid} kit_vital_signs.v1", TWO | {"ehr_id": "e1", "uid": "u", "if_match": "u::s::1"}, CLOCK, ids
    )
    assert put.headers["if-match"] == '"u::s::1"'


@pytest.mark.parametrize(
    ("structure", "values", "says"),
    [
        ("GET ehr/{ehr_id}", {}, "ehr_id"),
        ("POST ehr", {"subjct_id": "4711"}, "subjct_id"),
    ],
)
def test_a_request_that_lacks_something(structure: str, values: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        build(structure, values, CLOCK, ids)


def test_refuse() -> None:
    assert refuse(None, "this is no JSON", CLOCK, ids).status == "400"
    request = build("POST ehr/{ehr_id}/composition kit_vital_signs.v1", {"systolic": 142, "ehr_id": "e1"}, CLOCK, ids)
    answer = refuse(request, conform(request), CLOCK, ids)
    body = json.loads(answer.body)
    assert answer.status == "422"
    assert [error["rule"] for error in body["errors"]] == ["OPENEHR-OCCURRENCES"]
    assert "Diastolic" in body["errors"][0]["says"]
    assert parse(answer.text).text == answer.text
