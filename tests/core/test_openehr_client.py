"""The client of openEHR's REST API: every verb against the sandbox's repository, over a real socket; what crossed is on the wire, in words."""

from __future__ import annotations

import json

import pytest

from ihe_kit import OpenehrClient, openehr, sandbox
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.region import Sandbox
from tests.actors.openehr_given import NAME, OPT, SYSTOLIC, etag, folder, systolic, version, vitals

MRN = "urn:oid:2.999.10.1"
AQL = "SELECT c/uid/value AS uid FROM EHR e CONTAINS COMPOSITION c ORDER BY uid"


def answer(done: Exchange, status: int) -> OpenehrMessage:
    assert isinstance(done.answer, OpenehrMessage), done
    assert done.answer.status == str(status), done.answer.text
    return done.answer


def test_every_verb(box: Sandbox) -> None:
    client = OpenehrClient(box)
    assert client.base == box.addresses["openEHR repository"]
    # EHRs
    ehr = answer(client.create_ehr("4711", MRN), 201).get("/ehr_id/value")[0]
    named = etag(answer(client.create_ehr(ehr_id="7d44b88c-4199-4bad-97dc-d78268e01398"), 201))
    assert named == "7d44b88c-4199-4bad-97dc-d78268e01398"
    answer(client.create_ehr("4711", MRN), 409)
    assert answer(client.find_ehr("4711", MRN), 200).get("/ehr_id/value") == [ehr]
    answer(client.read_ehr(ehr), 200)
    status = answer(client.ehr_status(ehr), 200)
    changed = answer(client.update_status(ehr, status, etag(status)), 200)
    answer(client.update_status(ehr, status, etag(status)), 412)
    assert len(answer(client.status_versions(ehr), 200).data["items"]) == 2
    answer(client.ehr_status(ehr, at="1999-01-01T00:00:00Z"), 404)
    assert etag(answer(client.ehr_status(ehr, at="2100-01-01T00:00:00+01:00"), 200)) == etag(changed)
    # templates
    answer(client.upload(NAME), 201)
    for same in (OPT, openehr.template(NAME)):
        answer(client.upload(same), 409)
    assert [one["template_id"] for one in answer(client.templates(), 200).data] == [NAME]
    assert answer(client.template(NAME), 200).body.strip() == OPT.strip()
    assert answer(client.template(NAME, web=True), 200).data["templateId"] == NAME
    assert answer(client.example(NAME), 200).kind == "COMPOSITION"
    # compositions
    client.audit = {"committer.name": "Jonas Dahl", "description.value": "evening round"}
    first = answer(client.commit(ehr, vitals()), 201)
    assert systolic(first) == 142
    second = answer(client.update(ehr, etag(first), vitals(144), etag(first)), 200)
    answer(client.update(ehr, etag(first), vitals(146), etag(first)), 412)
    object = etag(first).partition("::")[0]
    assert systolic(answer(client.read(ehr, object), 200)) == 144
    assert systolic(answer(client.read(ehr, etag(first)), 200)) == 142
    answer(client.read(ehr, object, at="1999-01-01"), 404)
    assert answer(client.read(ehr, object, accept="application/openehr.wt.flat+json"), 200).data[SYSTOLIC] == 144
    history = answer(client.versions(ehr, etag(first)), 200).data["items"]
    assert [one["audits"][0]["committer"]["name"] for one in history] == ["Jonas Dahl"] * 2
    assert answer(client.version(ehr, etag(first)), 200).data["commit_audit"]["description"]["value"] == "evening round"
    assert answer(client.version(ehr, object), 200).data["uid"]["value"] == etag(second)
    answer(client.delete(ehr, etag(first)), 409)
    answer(client.delete(ehr, etag(second)), 204)
    answer(client.read(ehr, object), 204)
    flat = {SYSTOLIC: 150, SYSTOLIC.replace("systolic", "diastolic"): 90}
    assert systolic(answer(client.commit(ehr, flat, template_id=NAME), 201)) == 150
    # the directory
    made = answer(client.create_directory(ehr, folder("root", folder("episodes"))), 201)
    assert answer(client.directory(ehr, path="episodes"), 200).data["name"]["value"] == "episodes"
    made = answer(client.update_directory(ehr, folder("root"), etag(made)), 200)
    answer(client.delete_directory(ehr, etag(made)), 204)
    answer(client.directory(ehr, at="2100-01-01T00:00:00Z"), 204)
    # contributions and queries
    contribution = answer(client.contribution(ehr, [version("249", vitals()), version("249", vitals())]), 201)
    assert answer(client.contribution(ehr, etag(contribution)), 200).data == contribution.data
    answer(client.contribution(ehr, {"versions": []}), 400)
    every = openehr.table(client.query(AQL))
    assert len(every) == 3
    assert len(openehr.table(client.query(AQL, offset=1, fetch=1))) == 1
    one = client.query(f"{AQL.replace(' ORDER', ' WHERE e/ehr_id/value = $ehr ORDER')}", {"ehr": named})
    assert answer(one, 200).data["rows"] == []
    answer(client.store_query("org.example::every", AQL), 200)
    assert len(openehr.table(client.stored_query("org.example::every", fetch=2))) == 2


def test_the_wire_says_what_each_was(box: Sandbox) -> None:
    client = OpenehrClient(box)
    client.upload(NAME)
    ehr = etag(answer(client.create_ehr(), 201))
    kept = answer(client.commit(ehr, vitals()), 201)
    client.update(ehr, etag(kept), vitals(), etag(kept))
    client.versions(ehr, etag(kept))
    client.delete(ehr, etag(kept))
    client.query(AQL)
    names = [one.transaction.title for one in box.wire if one.transaction]
    assert names == [
        "openEHR template Upload a template",
        "openEHR ehr Create an EHR",
        "openEHR composition Store a composition",
        "openEHR composition update Change a composition",
        "openEHR versions Read the history of an object",
        "openEHR composition delete Delete a composition",
        "openEHR query Ask by AQL",
    ]
    assert all((one.sender, one.receiver) == ("Nordvik ward", "Fjordland openEHR") for one in box.wire)


def test_a_broken_text_goes_out_as_it_is(box: Sandbox) -> None:
    client = OpenehrClient(box)
    ehr = etag(answer(client.create_ehr(), 201))
    answer(client.commit(ehr, '{"_type": "COMPOSITION", '), 400)
    answer(client.commit(ehr, "<composition"), 400)
    answer(client.commit(ehr, '{"_type": "COMPOSITION"}'), 422)
    assert answer(client.ask("GET", "nowhere"), 404).data["code"] == 404
    xml = openehr.as_xml(openehr.parse(json.dumps(vitals())))
    client.upload(NAME)
    assert answer(client.commit(ehr, xml), 201).headers["content-type"] == "application/json"


def test_a_repository_at_an_address() -> None:
    with sandbox() as box:
        client = OpenehrClient(box.addresses["openEHR repository"] + "/")
        answer(client.create_ehr(), 201)
        assert len(list(client.wire)) == 1
        assert len(list(box.wire)) == 1, "whoever listens keeps what comes on a wire of its own"
    assert client.create_ehr().lost
    with pytest.raises(ValueError, match="nowhere"):
        OpenehrClient("nowhere")
