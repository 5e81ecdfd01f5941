"""The context of FLAT: what holds for a whole composition unless a key says otherwise."""

import json
import re
from pathlib import Path

import pytest

from ihe_kit.files import data, rows
from ihe_kit.openehr import conform, from_flat, from_structured, load, parse, to_flat, to_structured
from ihe_kit.openehr.flat_keys import check_keys
from ihe_kit.openehr.notation import opt
from ihe_kit.openehr.opt import template
from tests.openehr.given import CLOCK

VITALS, PLAN = "kit_vital_signs.v1", "kit_medication_list.v1"
TWO = {"systolic": 142, "diastolic": 91}
FRAME = {
    "ctx/language": "nb",
    "ctx/territory": "PT",
    "ctx/composer_name": "Jonas Dahl",
    "ctx/composer_id": "7",
    "ctx/id_scheme": "HPR",
    "ctx/id_namespace": "2.16.578.1",
    "ctx/time": "2025-03-03T07:00:00Z",
    "ctx/end_time": "2025-03-03T08:00:00Z",
    "ctx/setting": "227",
    "ctx/location": "Ward 3",
    "ctx/health_care_facility|name": "Fjord Hospital",
    "ctx/health_care_facility|id": "99",
}
PEOPLE = {
    "ctx/participation_name:0": "Jonas Dahl",
    "ctx/participation_function:0": "requester",
    "ctx/participation_mode:0": "face-to-face communication",
    "ctx/participation_id:0": "199",
    "ctx/participation_identifiers:0": "Oslo::HPR::7::doctor;Bergen::HPR::8::doctor",
    "ctx/participation_name:1": "Kari Nordmann",
    "ctx/participation_function:1": "performer",
    "ctx/participation_identifiers:1|issuer:0": "Oslo",
    "ctx/participation_identifiers:1|id:0": "9",
}
ACTION = """given.v1 | en | Medication given, for a test
COMPOSITION[openEHR-EHR-COMPOSITION.encounter.v1] 1..1 Given | What was given
  category: DV_CODED_TEXT openehr::433 event
  content: ACTION[openEHR-EHR-ACTION.medication.v1] 1..1 Dose | A dose
    description: ITEM_TREE[at0017] 1..1 Tree | What was done
      items: ELEMENT[at0024] 0..1 Comment | In words
        value: DV_TEXT
"""
ENTRY = "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]"


def made(values: dict, name: str = VITALS) -> dict:
    found: dict = from_flat(TWO | values, name, CLOCK).data
    return found


def test_the_context_stands_where_lesson_and_specification_put_it() -> None:
    message = from_flat(TWO | FRAME, VITALS, CLOCK)
    composer = message.data["composer"]["external_ref"]
    assert (composer["id"]["scheme"], composer["namespace"]) == ("HPR", "2.16.578.1")
    assert message.data["context"]["health_care_facility"]["external_ref"]["id"]["scheme"] == "HPR"
    assert message.get("/context/setting/value") == ["emergency care"]
    assert message.get("/context/location") == ["Ward 3"]
    assert message.get(f"{ENTRY}/language/code_string") == ["nb"]
    assert conform(message) == []


@pytest.mark.parametrize("values", [FRAME, {"ctx/composer_self": True}, {"ctx/time": "2025-03-03T07:00:00Z"}, {}, FRAME | PEOPLE])
def test_to_flat_writes_the_context_that_it_read(values: dict) -> None:
    message = from_flat(TWO | values, VITALS, CLOCK)
    flat = to_flat(message, ctx=True)
    assert {key: value for key, value in values.items() if not key.startswith("ctx/participation")}.items() <= flat.items()
    assert not {f"vital_signs/{name}|code" for name in ("language", "territory")} & flat.keys()
    assert from_flat(flat, VITALS, CLOCK).data == message.data
    assert from_structured(to_structured(message, ctx=True), VITALS, CLOCK).data == message.data
    assert from_flat(to_flat(message), VITALS, CLOCK).data == message.data


@pytest.mark.parametrize("path", sorted(data("openehr").glob("*.flat.json")), ids=lambda path: path.name.partition(".flat")[0])
def test_our_own_compositions_come_back_with_a_context(path: Path) -> None:
    name = path.name.removesuffix(".flat.json")
    message = from_flat(json.loads(path.read_text(encoding="utf-8")), name, CLOCK)
    flat = to_flat(message, ctx=True)
    assert {"ctx/language", "ctx/territory"} <= flat.keys()
    assert from_flat(flat, name, CLOCK).text == message.text


def test_what_the_context_cannot_say_keeps_its_own_key() -> None:
    body = made({"vital_signs/territory|terminology": "local"})
    flat = to_flat(parse(json.dumps(body)), ctx=True)
    assert "ctx/territory" not in flat
    assert flat["vital_signs/territory|terminology"] == "local"
    assert from_flat(flat, VITALS, CLOCK).data == body


def test_a_participation_goes_to_the_encounter_and_to_every_entry() -> None:
    body = made(PEOPLE | {"vital_signs/pulse:0/any_event:0/rate|magnitude": 72})
    there = body["context"]["participations"]
    assert [entry["other_participations"] for entry in body["content"]] == [there, there]
    assert [one["id"] for one in there[0]["performer"]["identifiers"]] == ["7", "8"]
    assert there[0]["mode"]["defining_code"]["code_string"] == "216"
    assert there[1]["performer"]["identifiers"] == [{"_type": "DV_IDENTIFIER", "issuer": "Oslo", "id": "9"}]


def test_a_number_may_be_left_out_where_there_is_one() -> None:
    assert made({"ctx/participation_name": "Kari"}) == made({"ctx/participation_name:0": "Kari"})


def test_a_key_of_an_entry_goes_before_the_context() -> None:
    values = {"ctx/provider_name": "Jonas Dahl", "ctx/work_flow_id|id": "5", "ctx/id_scheme": "local", "ctx/id_namespace": "ward"}
    own = {"vital_signs/blood_pressure:0/_provider|name": "Kari Nordmann", "vital_signs/pulse:0/any_event:0/rate|magnitude": 72}
    pressure, pulse = made(values | own)["content"]
    assert (pressure["provider"]["name"], pulse["provider"]["name"]) == ("Kari Nordmann", "Jonas Dahl")
    assert pulse["workflow_id"]["id"] == {"_type": "GENERIC_ID", "value": "5", "scheme": "local"}
    assert pulse["workflow_id"]["namespace"] == "ward"


def test_an_order_takes_its_timing_and_its_words_from_the_context() -> None:
    context = {"ctx/activity_timing": "R/2025-03-03T08:00:00Z/P1D", "ctx/instruction_narrative": "As told on the ward"}
    order = "medication_list/medication_order"
    own = {f"{order}:1/narrative": "Spironolactone", f"{order}:1/order/timing": "P2D"}
    items = {f"{order}:{n}/order/medication_item|other": "Ramipril" for n in (0, 1)}
    message = from_flat(context | own | items, PLAN, CLOCK)
    first, second = message.data["content"]
    timing = {"_type": "DV_PARSABLE", "value": "R/2025-03-03T08:00:00Z/P1D", "formalism": "timing"}
    assert (first["narrative"]["value"], first["activities"][0]["timing"]) == ("As told on the ward", timing)
    assert (second["narrative"]["value"], second["activities"][0]["timing"]["value"]) == ("Spironolactone", "P2D")
    assert from_flat(to_flat(message), PLAN, CLOCK).data == message.data


def test_an_action_takes_its_time_and_its_state_from_the_context() -> None:
    one = load(opt(ACTION))
    values = {"ctx/action_time": "2025-03-03T06:30:00Z", "ctx/action_ism_transition_current_state": "completed"}
    message = from_flat(values | {"given/dose/comment": "taken"}, one, CLOCK)
    action = message.data["content"][0]
    assert action["time"]["value"] == "2025-03-03T06:30:00Z"
    assert action["ism_transition"]["current_state"]["defining_code"]["code_string"] == "532"
    assert from_flat(to_flat(message, one), one, CLOCK).data == message.data


def test_events_happen_when_their_history_begins() -> None:
    origin = "2025-03-03T06:00:00Z"
    message = from_flat(TWO | {"ctx/history_origin": origin, "ctx/time": "2025-03-03T07:00:00Z"}, VITALS, CLOCK)
    history = message.data["content"][0]["data"]
    assert history["origin"]["value"] == history["events"][0]["time"]["value"] == origin
    assert message.get("/context/start_time/value") == ["2025-03-03T07:00:00Z"]
    flat = to_flat(message)
    assert flat["vital_signs/blood_pressure:0/history_origin"] == origin
    assert "vital_signs/blood_pressure:0/any_event:0/time" not in flat
    assert from_flat(flat, VITALS, CLOCK).data == message.data


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"ctx/langage": "en"}, "did you mean ctx/language?"),
        ({"ctx/setting": "other car"}, "is none of home, emergency care"),
        ({"ctx/participation_name:1": "Kari"}, "there is no :0"),
        ({"ctx/participation_identifiers:0": "Oslo::7"}, "expected issuer::assigner::id::type"),
        ({"ctx/action_ism_transition_current_state": "finished"}, "is none of"),
        ({"ctx/link:1|type": "problem"}, "there is no :0"),
        ({"ctx/language": "nb", "vital_signs/language|code": "en"}, "the same value is given as ctx/language too"),
    ],
)
def test_a_wrong_context_says_what_is_wrong(values: dict, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        from_flat(TWO | values, VITALS, CLOCK)


def test_each_key_of_the_table_can_be_used_and_none_is_wrong_to_the_checker() -> None:
    keys = ["ctx/" + row["key"].replace(":n", ":0").replace(":m", ":0") for row in rows("openehr/ctx.tsv")]
    assert check_keys(template(VITALS), keys) == {}
    assert list(check_keys(template(VITALS), ["ctx/participation_name:2", "ctx/tim"])) == ["ctx/tim", "ctx/participation_name:2"]
