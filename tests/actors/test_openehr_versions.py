"""What is committed to the openEHR repository is a version, and stays: compositions, EHR_STATUS, directories and contributions (ITS-REST 1.0.3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ihe_kit.store import Store
from tests.actors.openehr_given import EHR, NAME, NOBODY, OPT, SYSTEM, XML, Asked, code, etag, folder, systolic, version, vitals

pytestmark = pytest.mark.usefixtures("database")

COMPOSITION = f"ehr/{EHR}/composition"
STATUS = f"ehr/{EHR}/ehr_status"
DIRECTORY = f"ehr/{EHR}/directory"
CONTRIBUTION = f"ehr/{EHR}/contribution"
REPRESENTATION = "return=representation"
NO_VERSIONS = [f"{NOBODY}::{SYSTEM}::1", "abc", "abc::def::1", f"{NOBODY}", f"{NOBODY}::{SYSTEM}", f"{NOBODY}::other.example::1"]


@pytest.fixture
def ask(ids: Callable[[], str]) -> Asked:
    asked = Asked(Store(), ids)
    asked.made("PUT", f"ehr/{EHR}", {"_type": "EHR_STATUS", **status("4711")})
    asked.made("POST", "definition/template/adl1.4", OPT, content_type=XML)
    return asked


def status(number: str, **more: Any) -> dict[str, Any]:
    reference = {"_type": "PARTY_REF", "namespace": "urn:oid:2.999.10.1", "type": "PERSON"}
    reference |= {"id": {"_type": "GENERIC_ID", "value": number, "scheme": "id_scheme"}}
    named = {"name": {"_type": "DV_TEXT", "value": "EHR Status"}, "archetype_node_id": "openEHR-EHR-EHR_STATUS.generic.v1"}
    return {
        "_type": "EHR_STATUS",
        **named,
        "subject": {"_type": "PARTY_SELF", "external_ref": reference},
        "is_modifiable": True,
        "is_queryable": True,
        **more,
    }


# Compositions


def test_every_version_can_be_read(ask: Asked) -> None:
    first = ask.made("POST", COMPOSITION, vitals(142))
    object = first.partition("::")[0]
    assert first == f"{object}::{SYSTEM}::1"
    second = ask.made("PUT", f"{COMPOSITION}/{object}", vitals(144), if_match=f'"{first}"')
    third = ask.made("PUT", f"{COMPOSITION}/{object}", vitals(146), if_match=second)
    assert (second, third) == (f"{object}::{SYSTEM}::2", f"{object}::{SYSTEM}::3")
    for uid, value in ((first, 142), (second, 144), (third, 146), (object, 146), (f"{object}::{SYSTEM}", 146)):
        answer = ask("GET", f"{COMPOSITION}/{uid}")
        assert (answer.status, systolic(answer)) == ("200", value)
        assert answer.data["uid"]["value"] == etag(answer), "the content is named like its version"
        assert answer.headers["location"].endswith(f"{COMPOSITION}/{etag(answer)}")
        assert answer.headers["last-modified"].endswith("GMT")


def test_what_a_change_answers(ask: Asked) -> None:
    """ITS-REST 1.0.3, Overview, the Prefer header."""
    nothing = ask("POST", COMPOSITION, vitals())
    assert (nothing.status, nothing.body) == ("201", "")
    whole = ask("POST", COMPOSITION, vitals(), prefer=REPRESENTATION)
    assert (whole.status, systolic(whole)) == ("201", 142)
    named = ask("POST", COMPOSITION, vitals(), prefer="return=identifier")
    assert (named.status, named.data) == ("201", {"uid": etag(named)})
    object = etag(nothing).partition("::")[0]
    changed = ask("PUT", f"{COMPOSITION}/{object}", vitals(), if_match=etag(nothing), prefer="return=minimal")
    assert (changed.status, changed.body) == ("204", "")
    changed = ask("PUT", f"{COMPOSITION}/{object}", vitals(150), if_match=f'W/"{etag(changed)}"', prefer=REPRESENTATION)
    assert (changed.status, systolic(changed)) == ("200", 150)
    changed = ask("PUT", f"{COMPOSITION}/{object}", vitals(), if_match=etag(changed), prefer="return=identifier")
    assert (changed.status, changed.data["uid"][-1]) == ("200", "4")


def test_a_composition_at_a_time(ask: Asked) -> None:
    first = ask("POST", COMPOSITION, vitals(142), prefer=REPRESENTATION)
    object = etag(first).partition("::")[0]
    second = ask.made("PUT", f"{COMPOSITION}/{object}", vitals(144), if_match=etag(first))
    gone = ask.made("DELETE", f"{COMPOSITION}/{second}")
    times = {uid: committed(ask, object, uid) for uid in (etag(first), second, gone)}
    for uid, value in ((etag(first), 142), (second, 144)):
        answer = ask("GET", f"{COMPOSITION}/{object}?version_at_time={times[uid].replace('+', '%2B')}")
        assert (etag(answer), systolic(answer)) == (uid, value)
        assert etag(ask("GET", f"{COMPOSITION}/{object}?version_at_time={times[uid]}")) == uid, "a plus sign that was not escaped"
        assert etag(ask("GET", f"ehr/{EHR}/versioned_composition/{object}/version?version_at_time={times[uid].replace('+', '%2B')}")) == uid
    for when in ("2100-01-01T00:00:00Z", "2100-01-01", "20991231T235959Z", times[gone].replace("+", "%2B")):
        answer = ask("GET", f"{COMPOSITION}/{object}?version_at_time={when}")
        assert (answer.status, answer.body) == ("204", ""), "at that time it is deleted"
    ask.refuses(404, "GET", f"{COMPOSITION}/{object}?version_at_time=1999-12-31T23:59:59Z", says="was not there yet")
    for odd in ("yesterday", "2025-13-01", "2025-03-03T25:00:00Z", "1740988800"):
        ask.refuses(400, "GET", f"{COMPOSITION}/{object}?version_at_time={odd}", says="ISO 8601")


def committed(ask: Asked, object: str, uid: str) -> str:
    answer = ask("GET", f"ehr/{EHR}/versioned_composition/{object}/version/{uid}")
    return str(answer.data["commit_audit"]["time_committed"]["value"])


def test_a_deleted_composition(ask: Asked) -> None:
    first = ask.made("POST", COMPOSITION, vitals())
    object = first.partition("::")[0]
    answer = ask("DELETE", f"{COMPOSITION}/{first}")
    assert (answer.status, answer.body, etag(answer)) == ("204", "", f"{object}::{SYSTEM}::2")
    for uid in (object, etag(answer)):
        read = ask("GET", f"{COMPOSITION}/{uid}")
        assert (read.status, read.body) == ("204", "")
    assert systolic(ask("GET", f"{COMPOSITION}/{first}")) == 142, "what was there before can still be read"
    for uid in (first, etag(answer)):
        ask.refuses(400, "DELETE", f"{COMPOSITION}/{uid}", says="was deleted already")
    ask.refuses(404, "PUT", f"{COMPOSITION}/{object}", vitals(), says="was deleted", if_match=etag(answer))
    rows = ask("POST", "query/aql", {"q": "SELECT c FROM COMPOSITION c"}).data["rows"]
    assert rows == []


def test_whoever_comes_second_is_told_so(ask: Asked) -> None:
    first = ask.made("POST", COMPOSITION, vitals())
    object = first.partition("::")[0]
    second = ask.made("PUT", f"{COMPOSITION}/{object}", vitals(144), if_match=first)
    for odd in (first, f'"{first}"', "x", f"{NOBODY}::{SYSTEM}::2", f"{object}::other.example::2", "*", f"{object}::{SYSTEM}::3"):
        answer = ask.refuses(412, "PUT", f"{COMPOSITION}/{object}", vitals(), says=second, if_match=odd)
        assert (etag(answer), answer.headers["location"].rpartition("/")[2]) == (second, second)
    answer = ask.refuses(409, "DELETE", f"{COMPOSITION}/{first}", says=second)
    assert (etag(answer), answer.headers["location"].rpartition("/")[2]) == (second, second)
    ask.refuses(409, "DELETE", f"{COMPOSITION}/{object}::{SYSTEM}::3", says=second)
    ask.refuses(400, "PUT", f"{COMPOSITION}/{object}", vitals(), says="expected the header If-Match")
    ask.refuses(400, "PUT", f"{COMPOSITION}/{second}", vitals(), says="which all its versions share", if_match=second)
    ask.refuses(400, "DELETE", f"{COMPOSITION}/{object}", says="names the version that it follows")


def test_a_change_is_of_the_same_composition(ask: Asked) -> None:
    first = ask.made("POST", COMPOSITION, vitals())
    object, other = first.partition("::")[0], {"_type": "OBJECT_VERSION_ID", "value": f"{NOBODY}::{SYSTEM}::1"}
    ask.refuses(400, "PUT", f"{COMPOSITION}/{object}", vitals() | {"uid": other}, says="but the URL names", if_match=first)
    ask.refuses(422, "PUT", f"{COMPOSITION}/{object}", {**vitals(), "composer": None}, if_match=first)
    text = OPT.replace(f"<value>{NAME}</value>", "<value>another.v1</value>")
    ask.made("POST", "definition/template/adl1.4", text, content_type=XML)
    another = json.loads(json.dumps(vitals()).replace(NAME, "another.v1"))
    ask.refuses(422, "PUT", f"{COMPOSITION}/{object}", another, says="cannot change to another.v1", if_match=first)
    same = vitals() | {"uid": {"_type": "HIER_OBJECT_ID", "value": object}}
    assert ask.made("PUT", f"{COMPOSITION}/{object}", same, if_match=first).endswith("::2")


@pytest.mark.parametrize("uid", NO_VERSIONS)
def test_what_is_not_there(ask: Asked, uid: str) -> None:
    ask.refuses(404, "GET", f"{COMPOSITION}/{uid}")
    ask.refuses(404, "GET", f"{STATUS}/{uid}")
    ask.refuses(404, "GET", f"{DIRECTORY}/{uid}")
    ask.refuses(404, "GET", f"{CONTRIBUTION}/{uid}")
    ask.refuses(404, "GET", f"ehr/{EHR}/versioned_ehr_status/version/{uid}")
    for below in ("", "/revision_history", "/version", f"/version/{uid}"):
        ask.refuses(404, "GET", f"ehr/{EHR}/versioned_composition/{uid}{below}")
    named = uid.partition("::")[0] == NOBODY
    ask.refuses(404 if named else 400, "PUT", f"{COMPOSITION}/{uid.partition('::')[0]}", vitals(), if_match=uid)
    ask.refuses(404 if uid.count("::") and named else 400, "DELETE", f"{COMPOSITION}/{uid}")


def test_nobody_elses(ask: Asked) -> None:
    """What belongs to one EHR is not in another."""
    mine, other = ask.made("POST", COMPOSITION, vitals()), ask.made("POST", "ehr")
    object = mine.partition("::")[0]
    contribution = ask("GET", f"ehr/{EHR}/versioned_composition/{object}/version").data["contribution"]["id"]["value"]
    assert ask("GET", f"{CONTRIBUTION}/{contribution}").status == "200"
    for place in (f"composition/{mine}", f"composition/{object}", f"versioned_composition/{object}", f"contribution/{contribution}"):
        ask.refuses(404, "GET", f"ehr/{other}/{place}")
    ask.refuses(404, "PUT", f"ehr/{other}/composition/{object}", vitals(), if_match=mine)
    ask.refuses(404, "DELETE", f"ehr/{other}/composition/{mine}")
    ask.refuses(400, "POST", f"ehr/{other}/contribution", {"versions": [version("251", vitals(), mine)]}, says="has no version")


# The history


def test_the_history_of_a_composition(ask: Asked) -> None:
    headers = {
        "openehr_audit_details": 'committer.name="Jonas Dahl",committer.external_ref.id="17",committer.external_ref.namespace="urn:oid:2.999.10.9"',
        "openehr_version": 'lifecycle_state.code_string="553"',
    }
    first = ask.made("POST", COMPOSITION, vitals(), **headers)
    object = first.partition("::")[0]
    why = 'change_type.code_string="250", description.value="the cuff was \\"too small\\"", system_id="ward.example"'
    second = ask.made("PUT", f"{COMPOSITION}/{object}", vitals(138), if_match=first, openehr_audit_details=why)
    third = ask.made("DELETE", f"{COMPOSITION}/{second}")
    versioned = ask("GET", f"ehr/{EHR}/versioned_composition/{object}").data
    assert (versioned["_type"], versioned["uid"]["value"], versioned["owner_id"]["id"]["value"]) == ("VERSIONED_COMPOSITION", object, EHR)
    items = ask("GET", f"ehr/{EHR}/versioned_composition/{object}/revision_history").data["items"]
    assert [one["version_id"]["value"] for one in items] == [third, second, first]
    changes = [one["audits"][0]["change_type"]["defining_code"]["code_string"] for one in items]
    assert changes == ["523", "250", "249"]
    one, two, three = (ask("GET", f"ehr/{EHR}/versioned_composition/{object}/version/{uid}").data for uid in (first, second, third))
    assert [one["_type"], one["uid"]["value"], one.get("preceding_version_uid")] == ["ORIGINAL_VERSION", first, None]
    assert one["commit_audit"]["committer"]["name"] == "Jonas Dahl"
    assert one["commit_audit"]["committer"]["external_ref"]["id"]["value"] == "17"
    assert one["commit_audit"]["system_id"] == SYSTEM
    assert (one["lifecycle_state"]["value"], one["data"]["uid"]["value"]) == ("incomplete", first)
    assert (two["preceding_version_uid"]["value"], two["commit_audit"]["system_id"]) == (first, "ward.example")
    assert two["commit_audit"]["description"]["value"] == 'the cuff was "too small"'
    assert (three["lifecycle_state"]["value"], three["commit_audit"]["change_type"]["value"]) == ("deleted", "deleted")
    assert "data" not in three and three["preceding_version_uid"]["value"] == second
    assert versioned["time_created"]["value"] == one["commit_audit"]["time_committed"]["value"]
    made = ask("GET", f"{CONTRIBUTION}/{two['contribution']['id']['value']}").data
    assert [reference["id"]["value"] for reference in made["versions"]] == [second]
    assert made["audit"]["description"] == two["commit_audit"]["description"]


def test_the_audit_in_the_headers_of_release_1_0_3(ask: Asked) -> None:
    names = ("content-type", "openEHR-VERSION.lifecycle_state", "openEHR-AUDIT_DETAILS.description", "openEHR-AUDIT_DETAILS.committer")
    values = ("application/json", 'code_string="553"', 'value="evening round"', 'name="Jonas Dahl", external_ref.id="17"')
    from ihe_kit.core import Packet
    from ihe_kit.openehr import from_wire
    from ihe_kit.rest import request

    text = request("POST", f"{ask.actor.base}/{COMPOSITION}", json.dumps(vitals()), list(zip(names, values, strict=True)))
    uid = etag(from_wire(ask.actor.receive(Packet("http", text.encode()))))
    kept = ask("GET", f"ehr/{EHR}/versioned_composition/{uid.partition('::')[0]}/version/{uid}").data
    assert kept["lifecycle_state"]["value"] == "incomplete"
    assert (kept["commit_audit"]["description"]["value"], kept["commit_audit"]["committer"]["name"]) == ("evening round", "Jonas Dahl")


@pytest.mark.parametrize(
    "header, value",
    [
        ("openehr_audit_details", 'change_type.code_string="251"'),
        ("openehr_audit_details", 'change_type.code_string="creation"'),
        ("openehr_version", 'lifecycle_state.code_string="531"'),
    ],
)
def test_an_audit_that_says_something_else(ask: Asked, header: str, value: str) -> None:
    ask.refuses(400, "POST", COMPOSITION, vitals(), says="expected as", **{header: value})


# EHR_STATUS


def test_the_versions_of_an_ehr_status(ask: Asked) -> None:
    first = ask("GET", STATUS)
    assert first.data["subject"]["external_ref"]["id"]["value"] == "4711"
    changed = ask("PUT", STATUS, status("4712"), if_match=etag(first), prefer=REPRESENTATION)
    assert (changed.status, changed.data["uid"]["value"]) == ("200", etag(first).replace("::1", "::2"))
    assert changed.headers["location"].endswith(f"{STATUS}/{etag(changed)}")
    assert ask("GET", f"{STATUS}/{etag(first)}").data["subject"]["external_ref"]["id"]["value"] == "4711"
    assert etag(ask("GET", STATUS)) == etag(changed)
    assert ask("GET", f"ehr/{EHR}").data["ehr_status"]["id"]["value"] == etag(changed)
    ask.refuses(404, "GET", "ehr?subject_id=4711&subject_namespace=urn:oid:2.999.10.1")
    assert etag(ask("GET", "ehr?subject_id=4712&subject_namespace=urn:oid:2.999.10.1")) == EHR
    ask.refuses(412, "PUT", STATUS, status("4713"), says=etag(changed), if_match=etag(first))
    ask.refuses(400, "PUT", STATUS, status("4713"), says="If-Match")
    ask.refuses(400, "PUT", STATUS, vitals(), says="expected a body of type EHR_STATUS", if_match=etag(changed))
    ask.refuses(422, "PUT", STATUS, {"_type": "EHR_STATUS"}, if_match=etag(changed))
    items = ask("GET", f"ehr/{EHR}/versioned_ehr_status/revision_history").data["items"]
    assert [one["version_id"]["value"] for one in items] == [etag(changed), etag(first)]
    for below in ("version", f"version/{etag(changed)}"):
        one = ask("GET", f"ehr/{EHR}/versioned_ehr_status/{below}").data
        assert (one["data"]["subject"]["external_ref"]["id"]["value"], one["lifecycle_state"]["value"]) == ("4712", "complete")
    when = items[1]["audits"][0]["time_committed"]["value"].replace("+", "%2B")
    for place in (STATUS, f"ehr/{EHR}/versioned_ehr_status/version"):
        assert etag(ask("GET", f"{place}?version_at_time={when}")) == etag(first)
        ask.refuses(404, "GET", f"{place}?version_at_time=1999-01-01T00:00:00Z", says="not there yet")
        ask.refuses(400, "GET", f"{place}?version_at_time=soon", says="ISO 8601")
    assert ask("GET", f"ehr/{EHR}/versioned_ehr_status").data["_type"] == "VERSIONED_EHR_STATUS"


def test_no_two_ehrs_of_one_patient(ask: Asked) -> None:
    ask.refuses(409, "POST", "ehr", status("4711"), says=EHR)
    other = ask.made("POST", "ehr", status("4712"))
    last = etag(ask("GET", f"ehr/{other}/ehr_status"))
    ask.refuses(409, "PUT", f"ehr/{other}/ehr_status", status("4711"), says=EHR, if_match=last)
    elsewhere = json.loads(json.dumps(status("4711")).replace("2.999.10.1", "2.999.10.2"))
    assert ask.made("POST", "ehr", elsewhere) not in (EHR, other), "the same number, given out by somebody else"


def test_what_may_not_be_changed(ask: Asked) -> None:
    kept, made = ask.made("POST", COMPOSITION, vitals()), ask.made("POST", DIRECTORY, folder("root"))
    object, body = kept.partition("::")[0], {"versions": [version("249", vitals())]}
    closed = ask.made("PUT", STATUS, status("4711", is_modifiable=False), if_match=etag(ask("GET", STATUS)))
    for method, url, sent, match in (
        ("POST", COMPOSITION, vitals(), ""),
        ("PUT", f"{COMPOSITION}/{object}", vitals(), kept),
        ("DELETE", f"{COMPOSITION}/{kept}", "", ""),
        ("PUT", DIRECTORY, folder("other"), made),
        ("DELETE", DIRECTORY, "", made),
        ("POST", CONTRIBUTION, body, ""),
    ):
        ask.refuses(409, method, url, sent, says="is_modifiable: false", **({"if_match": match} if match else {}))
    assert systolic(ask("GET", f"{COMPOSITION}/{object}")) == 142
    ask.made("PUT", STATUS, status("4711"), if_match=closed)
    assert ask("POST", COMPOSITION, vitals()).status == "201"


# The directory


def test_the_versions_of_a_directory(ask: Asked) -> None:
    ask.refuses(404, "GET", DIRECTORY, says="has no directory")
    ask.refuses(404, "PUT", DIRECTORY, folder("root"), says="has no directory", if_match="x")
    ask.refuses(404, "DELETE", DIRECTORY, says="has no directory", if_match="x")
    made = ask("POST", DIRECTORY, folder("root", folder("episodes", folder("2025"))), prefer=REPRESENTATION)
    assert (made.status, made.data["name"]["value"]) == ("201", "root")
    answer = ask.refuses(409, "POST", DIRECTORY, folder("root"), says="has a directory already")
    assert etag(answer) == etag(made)
    for path in ("episodes/2025", "/episodes/2025", "episodes%2F2025/"):
        assert ask("GET", f"{DIRECTORY}?path={path}").data["name"]["value"] == "2025"
    for path in ("2025", "episodes/2024", "episodes/2025/x"):
        ask.refuses(404, "GET", f"{DIRECTORY}?path={path}", says="has no folder")
    changed = ask("PUT", DIRECTORY, folder("root"), if_match=etag(made))
    assert (changed.status, etag(changed)) == ("204", etag(made).replace("::1", "::2"))
    assert ask("GET", f"{DIRECTORY}/{etag(made)}?path=episodes").status == "200"
    ask.refuses(404, "GET", f"{DIRECTORY}/{etag(changed)}?path=episodes")
    ask.refuses(412, "PUT", DIRECTORY, folder("x"), says=etag(changed), if_match=etag(made))
    ask.refuses(412, "DELETE", DIRECTORY, says=etag(changed), if_match=etag(made))
    ask.refuses(400, "DELETE", DIRECTORY, says="If-Match")
    ask.refuses(400, "PUT", DIRECTORY, vitals(), says="expected a body of type FOLDER", if_match=etag(changed))
    assert ask("GET", f"ehr/{EHR}").data["directory"]["id"]["value"] == etag(changed)
    gone = ask("DELETE", DIRECTORY, if_match=etag(changed))
    assert (gone.status, ask("GET", DIRECTORY).status) == ("204", "204")
    assert "directory" not in ask("GET", f"ehr/{EHR}").data
    again = ask.made("POST", DIRECTORY, folder("new"))
    assert again.partition("::")[0] != etag(made).partition("::")[0]
    assert ask("GET", DIRECTORY).data["name"]["value"] == "new"
    ask.refuses(404, "GET", f"{DIRECTORY}?version_at_time=1999-01-01", says="at that time")
    assert ask("GET", f"{DIRECTORY}?version_at_time=2100-01-01").data["name"]["value"] == "new"


# Contributions


def test_a_contribution_of_everything(ask: Asked) -> None:
    one, two = ask.made("POST", COMPOSITION, vitals(140)), ask.made("POST", COMPOSITION, vitals(141))
    first = etag(ask("GET", STATUS))
    whole = {
        "change_type": code("249"),
        "committer": {"_type": "PARTY_IDENTIFIED", "name": "Ida Lund"},
        "description": {"value": "ward round"},
    }
    versions = [
        version("249", vitals(142)),
        version("251", vitals(143), one),
        version("523", follows=two, lifecycle_state=code("523", "deleted")),
        version("249", folder("root")),
        version("251", status("4711", is_queryable=True), first),
    ]
    answer = ask("POST", CONTRIBUTION, {"_type": "CONTRIBUTION", "versions": versions, "audit": whole}, prefer=REPRESENTATION)
    assert answer.status == "201", answer.text
    made = [(one["type"], one["id"]["value"].rpartition("::")[2]) for one in answer.data["versions"]]
    assert made == [("COMPOSITION", "1"), ("COMPOSITION", "2"), ("COMPOSITION", "2"), ("FOLDER", "1"), ("EHR_STATUS", "2")]
    assert (answer.data["audit"]["committer"]["name"], answer.data["audit"]["description"]["value"]) == ("Ida Lund", "ward round")
    assert ask("GET", f"{COMPOSITION}/{two.partition('::')[0]}").status == "204"
    assert systolic(ask("GET", f"{COMPOSITION}/{one.partition('::')[0]}")) == 143
    kept = ask("GET", f"ehr/{EHR}/versioned_composition/{one.partition('::')[0]}/version").data
    assert (kept["contribution"]["id"]["value"], kept["commit_audit"]["description"]["value"]) == (etag(answer), "ward round")
    assert ask("GET", f"{CONTRIBUTION}/{etag(answer)}").data == answer.data
    assert answer.headers["location"].endswith(f"{CONTRIBUTION}/{etag(answer)}")


def test_a_contribution_names_itself(ask: Asked) -> None:
    body = {"uid": {"_type": "HIER_OBJECT_ID", "value": NOBODY}, "versions": [version("249", vitals())]}
    assert ask.made("POST", CONTRIBUTION, body) == NOBODY
    ask.refuses(409, "POST", CONTRIBUTION, body, says="exists already")
    ask.refuses(400, "POST", CONTRIBUTION, body | {"uid": {"value": "mine"}}, says="is no UUID")


def bad(first: str, second: str) -> dict[str, tuple[int, Any, str]]:
    """One version of a contribution that is not right: (status, the version, what is said). `second` is the latest version of `first`."""
    broken = vitals()
    del broken["composer"]
    return {
        "creation of what is there": (400, version("249", vitals(), second), "follows no version"),
        "change of nothing": (400, version("251", vitals()), "name preceding_version_uid"),
        "change of an older version": (409, version("251", vitals(), first), second),
        "change of nobody's": (400, version("251", vitals(), f"{NOBODY}::{SYSTEM}::1"), "has no version"),
        "change of another system's": (400, version("251", vitals(), second.replace(SYSTEM, "other")), "has no version"),
        "change of another kind": (400, version("251", folder("root"), second), "has no version"),
        "deletion of nothing": (400, version("523"), "name preceding_version_uid"),
        "deletion with data": (400, version("523", vitals(), second), "has no data"),
        "deletion of an older version": (409, version("523", follows=first), second),
        "creation without data": (400, version("249"), "expected data"),
        "a broken composition": (400, version("249", broken), "composer"),
        "an unknown template": (400, version("249", json.loads(json.dumps(vitals()).replace(NAME, "none.v1"))), "Upload it before"),
        "an odd class": (400, version("249", {"_type": "OBSERVATION"}), "expected data of type"),
        "a second EHR_STATUS": (409, version("249", status("1")), "has its EHR_STATUS already"),
        "no kind of change": (400, version("249", vitals(), commit_audit={}), "expected change_type"),
        "an unknown kind of change": (400, version("999", vitals()), "expected as audit change type"),
        "an unknown lifecycle": (400, version("249", vitals(), lifecycle_state=code("531")), "expected as version lifecycle state"),
        "an odd committer": (
            400,
            version("249", vitals(), commit_audit={"change_type": code("249"), "committer": "x"}),
            "expected committer",
        ),
        "an odd audit": (400, version("249", vitals(), commit_audit="x"), "expected commit_audit"),
        "no version": (400, "x", "expected an ORIGINAL_VERSION"),
        "null": (400, None, "expected an ORIGINAL_VERSION"),
    }


@pytest.mark.parametrize("name", bad("", ""))
@pytest.mark.parametrize("place", [0, 2])
def test_one_bad_version_and_nothing_is_kept(ask: Asked, name: str, place: int) -> None:
    first = ask.made("POST", COMPOSITION, vitals())
    second = ask.made("PUT", f"{COMPOSITION}/{first.partition('::')[0]}", vitals(), if_match=first)
    wrong, one, says = bad(first, second)[name]
    versions: list[Any] = [version("249", vitals()), version("249", vitals())]
    versions.insert(place, one)
    answer = ask.refuses(wrong, "POST", CONTRIBUTION, {"_type": "CONTRIBUTION", "versions": versions}, says=says)
    assert f"versions[{place}]" in answer.data["message"]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"versions": []}', '{"versions": {}}', '{"_type": "COMPOSITION"}', '{"versions": [', "null"]
)
def test_what_is_no_contribution(ask: Asked, body: str) -> None:
    ask.refuses(400, "POST", CONTRIBUTION, body)


def test_two_versions_of_one_object(ask: Asked) -> None:
    first = ask.made("POST", COMPOSITION, vitals())
    both = [version("251", vitals(), first), version("523", follows=first)]
    ask.refuses(400, "POST", CONTRIBUTION, {"versions": both}, says="Two versions of one object")


def test_an_ehr_status_stays(ask: Asked) -> None:
    ask.refuses(400, "POST", CONTRIBUTION, {"versions": [version("523", follows=etag(ask("GET", STATUS)))]}, says="but not deleted")
