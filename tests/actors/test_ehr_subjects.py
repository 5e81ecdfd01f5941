"""Whose EHR it is after a merge: the openEHR record follows the patient identity actor, over HL7 v2 and over FHIR, and a trail is left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ihe_kit import FhirClient, OpenehrClient, build, exchange, openehr, person, sandbox
from ihe_kit.exchanges import Exchange
from ihe_kit.region import Sandbox

NORDVIK, SOLBAKKEN = "urn:oid:2.999.10.1", "urn:oid:2.999.10.2"


@pytest.fixture
def box() -> Any:
    box = sandbox()
    yield box
    box.stop()


def ehr_id(opened: Exchange) -> str:
    assert opened.answer
    assert opened.answer.status == "201", opened.answer.text
    return opened.answer.headers["location"].rpartition("/")[2]


def tell(box: Sandbox, number: str, who: str = "maria", **values: str) -> None:
    named = {name.replace("_", "-") if name[0].isupper() else name: value for name, value in values.items()}
    event = named.pop("event")
    sent = exchange("ITI-30", build("ITI-30", person(who) | {"identifier": number} | named, box.clock, box.ids, event=event), box)
    assert sent.answer
    assert sent.answer.get("MSA-1") == ["AA"], sent.answer.text


def v2_merge(box: Sandbox, old: str, new: str) -> None:
    tell(box, new, event="A40", MRG_1=f"{old}^^^NORDVIK&2.999.10.1&ISO^PI")


def fhir_merge(box: Sandbox, old: str, new: str) -> None:
    """ITI-104, resolve duplicate: the one that goes says who survives."""
    client = FhirClient(box)
    found = {number: client.search(f"Patient?identifier={NORDVIK}|{number}").answer.data["entry"][0]["resource"] for number in (old, new)}
    gone = found[old] | {"active": False, "link": [{"other": {"reference": f"Patient/{found[new]['id']}"}, "type": "replaced-by"}]}
    answer = client.update(gone).answer
    assert answer
    assert answer.status == "200", answer.text


def fhir_merge_by_number(box: Sandbox, old: str, new: str) -> None:
    """ITI-104 as IHE has it: a conditional update, and the survivor is named by a number alone (ITI TF-2, section 3.104.4.2)."""
    link = [{"other": {"identifier": {"system": NORDVIK, "value": new}}, "type": "replaced-by"}]
    numbers = [{"system": NORDVIK, "value": old}]
    gone = {"resourceType": "Patient", "active": False, "identifier": numbers, "name": [{"family": "Horvátová"}], "link": link}
    answer = FhirClient(box).update(gone, condition=f"identifier={NORDVIK}|{old}").answer
    assert answer
    assert answer.status == "200", answer.text


@pytest.mark.parametrize("merge", [v2_merge, fhir_merge, fhir_merge_by_number])
def test_a_merge_points_the_record_at_the_survivor(box: Sandbox, merge: Any) -> None:
    client = OpenehrClient(box)
    for number in ("4711", "4722"):
        tell(box, number, event="A28")
    ehr, elsewhere = ehr_id(client.create_ehr("4711", NORDVIK)), ehr_id(client.create_ehr("4711", SOLBAKKEN))
    merge(box, "4711", "4722")
    assert client.find_ehr("4711", NORDVIK).answer.status == "404"
    found = client.find_ehr("4722", NORDVIK).answer
    assert found.data["ehr_id"]["value"] == ehr
    assert client.find_ehr("4711", SOLBAKKEN).answer.data["ehr_id"]["value"] == elsewhere, (
        "the same digits of another domain are another person"
    )
    history = client.status_versions(ehr).answer.data["items"]
    assert len(history) == 2
    audits = json.dumps(history, ensure_ascii=False)
    assert "4711 was merged into 4722" in audits
    assert "Fjordland identity" in audits
    assert len(client.status_versions(elsewhere).answer.data["items"]) == 1
    (first,) = next(one["audits"] for one in history if one["version_id"]["value"].endswith("::1"))
    before = client.ehr_status(ehr, at=first["time_committed"]["value"]).answer
    assert before.data["subject"]["external_ref"]["id"]["value"] == "4711", "what it said before can still be read"


@pytest.mark.parametrize("merge", [v2_merge, fhir_merge, fhir_merge_by_number])
def test_two_records_stay_two_and_the_one_says_where_it_goes_on(box: Sandbox, merge: Any) -> None:
    client = OpenehrClient(box)
    for number in ("4711", "4722"):
        tell(box, number, event="A28")
    old, new = ehr_id(client.create_ehr("4711", NORDVIK)), ehr_id(client.create_ehr("4722", NORDVIK))
    merge(box, "4711", "4722")
    status = client.ehr_status(old).answer
    assert status.data["is_modifiable"] is False
    assert status.data["other_details"]["items"][0]["value"]["value"] == f"ehr:/{new}"
    assert status.data["subject"]["external_ref"]["id"]["value"] == "4711"
    assert client.find_ehr("4722", NORDVIK).answer.data["ehr_id"]["value"] == new
    client.upload("kit_vital_signs.v1")
    refused = client.commit(old, openehr.from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", box.clock))
    assert refused.answer.status == "409"


def test_a_merge_told_twice_changes_once(box: Sandbox) -> None:
    client = OpenehrClient(box)
    for number in ("4711", "4722"):
        tell(box, number, event="A28")
    ehr = ehr_id(client.create_ehr("4711", NORDVIK))
    for _ in range(2):
        v2_merge(box, "4711", "4722")
    assert len(client.status_versions(ehr).answer.data["items"]) == 2


def test_a_number_that_was_wrong(box: Sandbox) -> None:
    """A47 of ITI-30."""
    client = OpenehrClient(box)
    tell(box, "4711", event="A28")
    ehr = ehr_id(client.create_ehr("4711", NORDVIK))
    tell(box, "4799", event="A47", MRG_1="4711^^^NORDVIK&2.999.10.1&ISO^PI")
    assert client.find_ehr("4799", NORDVIK).answer.data["ehr_id"]["value"] == ehr
    assert "4711 was wrong and is now 4799" in json.dumps(client.status_versions(ehr).answer.data)


def test_a_merge_of_people_without_a_record(box: Sandbox) -> None:
    for number in ("4711", "4722"):
        tell(box, number, event="A28")
    v2_merge(box, "4711", "4722")
    assert OpenehrClient(box).find_ehr("4722", NORDVIK).answer.status == "404"
