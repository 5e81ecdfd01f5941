"""openEHR's REST API as a client sees it: forms, headers, templates, and what is refused, each with its status and its error body (ITS-REST 1.0.3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ihe_kit import openehr
from ihe_kit.core import Packet
from ihe_kit.openehr.opt import own, template
from ihe_kit.rest import request
from ihe_kit.store import Store
from tests.actors.openehr_given import (
    EHR,
    FLAT,
    JSON,
    NAME,
    NOBODY,
    OPT,
    STRUCTURED,
    SYSTEM,
    SYSTOLIC,
    XML,
    Asked,
    etag,
    folder,
    systolic,
    vitals,
)

pytestmark = pytest.mark.usefixtures("database")

COMPOSITION, TEMPLATE = f"ehr/{EHR}/composition", "definition/template/adl1.4"
REPRESENTATION = "return=representation"
PRESSURE = {SYSTOLIC: 142, SYSTOLIC.replace("systolic", "diastolic"): 91}


@pytest.fixture
def ask(ids: Callable[[], str]) -> Asked:
    asked = Asked(Store(), ids)
    asked.made("PUT", f"ehr/{EHR}")
    asked.made("POST", TEMPLATE, OPT, content_type=XML)
    return asked


# Forms


def test_xml_in_and_out(ask: Asked) -> None:
    xml = openehr.as_xml(openehr.parse(json.dumps(vitals()))).text
    for media in (XML, "text/xml", f"{XML};charset=utf-8"):
        answer = ask("POST", COMPOSITION, xml, content_type=media, accept=XML, prefer=REPRESENTATION)
        assert (answer.status, answer.headers["content-type"]) == ("201", XML)
        assert answer.body.startswith("<composition") and etag(answer) in answer.body
    assert systolic(ask("GET", f"{COMPOSITION}/{etag(answer)}")) == 142
    object = etag(answer).partition("::")[0]
    changed = ask("PUT", f"{COMPOSITION}/{object}", xml.replace(">142<", ">144<"), content_type=XML, if_match=etag(answer))
    assert systolic(ask("GET", f"{COMPOSITION}/{etag(changed)}")) == 144


@pytest.mark.parametrize(
    "place",
    ["", "/ehr_status", "/versioned_ehr_status", "/versioned_ehr_status/version", "/versioned_ehr_status/revision_history", "/directory"],
)
def test_every_object_in_xml(ask: Asked, place: str) -> None:
    ask.made("POST", f"ehr/{EHR}/directory", folder("root", folder("episodes")))
    answer = ask("GET", f"ehr/{EHR}{place}", accept=XML)
    assert (answer.status, answer.headers["content-type"]) == ("200", XML)
    plain = ask("GET", f"ehr/{EHR}{place}").data
    assert answer.body.startswith(f"<{plain['_type'].lower()}")
    assert openehr.as_json(openehr.parse(answer.body)).data.keys() <= plain.keys() | {"_type"}


def test_an_ehr_status_and_a_directory_in_xml(ask: Asked) -> None:
    last = ask("GET", f"ehr/{EHR}/ehr_status", accept=XML)
    assert ask("PUT", f"ehr/{EHR}/ehr_status", last.body, content_type=XML, if_match=etag(last)).status == "204"
    root = openehr.as_xml(openehr.parse(json.dumps(folder("root", folder("episodes"))))).text
    assert ask("POST", f"ehr/{EHR}/directory", root, content_type=XML).status == "201"
    assert ask("GET", f"ehr/{EHR}/directory?path=episodes").data["name"]["value"] == "episodes"


def test_flat_and_structured(ask: Asked) -> None:
    first = ask("POST", COMPOSITION, PRESSURE, content_type=FLAT, openehr_template_id=NAME, accept=FLAT, prefer=REPRESENTATION)
    assert (first.status, first.headers["content-type"]) == ("201", FLAT), first.text
    assert (first.data[SYSTOLIC], first.data["vital_signs/_uid"]) == (142, etag(first))
    tree = ask("GET", f"{COMPOSITION}/{etag(first)}", accept=STRUCTURED)
    assert (tree.headers["content-type"], [*tree.data]) == (STRUCTURED, ["vital_signs"])
    again = ask("POST", f"{COMPOSITION}?templateId={NAME}", tree.data, content_type=STRUCTURED)
    assert again.status == "201", again.text
    one, two = (ask("GET", f"{COMPOSITION}/{etag(answer)}").data for answer in (first, again))
    assert {**one, "uid": None} == {**two, "uid": None}
    object = etag(first).partition("::")[0]
    changed = ask(
        "PUT", f"{COMPOSITION}/{object}", PRESSURE | {SYSTOLIC: 144}, content_type=FLAT, openehr_template_id=NAME, if_match=etag(first)
    )
    assert systolic(ask("GET", f"{COMPOSITION}/{etag(changed)}")) == 144


@pytest.mark.parametrize(
    "form, media", [("FLAT", FLAT), ("STRUCTURED", STRUCTURED), ("XML", XML), ("JSON", JSON), ("flat", FLAT), ("CANONICAL", JSON)]
)
def test_the_form_in_the_query(ask: Asked, form: str, media: str) -> None:
    """As widely used servers have it."""
    uid = ask.made("POST", f"{COMPOSITION}?templateId={NAME}&format=FLAT", PRESSURE)
    answer = ask("GET", f"{COMPOSITION}/{uid}?format={form}")
    assert answer.headers["content-type"] == media
    ask.refuses(406, "GET", f"{COMPOSITION}/{uid}?format=PDF", says="expected the format")
    ask.refuses(415, "POST", f"{COMPOSITION}?format=PDF", vitals(), says="expected the format")


@pytest.mark.parametrize(
    "accept, media",
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/html, application/xml;q=0.9, */*;q=0.8", XML),
        (f"{JSON};q=0.1, {FLAT}", FLAT),
        (f"{XML};q=0, {JSON}", JSON),
        ("application/openehr.wt.flat.schema+json", FLAT),
        ("APPLICATION/XML", XML),
    ],
)
def test_what_is_accepted(ask: Asked, accept: str, media: str) -> None:
    uid = ask.made("POST", COMPOSITION, vitals())
    answer = ask("GET", f"{COMPOSITION}/{uid}", accept=accept)
    assert (answer.status, answer.headers["content-type"]) == ("200", media)


@pytest.mark.parametrize("accept", ["text/html", "application/pdf", f"{JSON};q=0", "nonsense", "application/fhir+json"])
def test_what_cannot_be_given(ask: Asked, accept: str) -> None:
    uid = ask.made("POST", COMPOSITION, vitals())
    ask.refuses(406, "GET", f"{COMPOSITION}/{uid}", says="This repository gives", accept=accept)
    ask.refuses(406, "POST", COMPOSITION, vitals(), says="This repository gives", accept=accept, prefer=REPRESENTATION)
    ask.refuses(406, "GET", f"{TEMPLATE}/{NAME}", says="can be had as", accept="text/html")
    ask.refuses(406, "GET", f"{TEMPLATE}/{NAME}/example", accept="text/html")
    ask.refuses(406, "GET", f"ehr/{EHR}/ehr_status", says="is for compositions", accept=FLAT)


@pytest.mark.parametrize(
    "media, body, status",
    [
        ("text/plain", json.dumps({"_type": "COMPOSITION"}), 415),
        ("application/x-www-form-urlencoded", json.dumps({"_type": "COMPOSITION"}), 415),
        ("application/fhir+xml", "<composition/>", 415),
        (XML, json.dumps({"_type": "COMPOSITION"}), 415),
        (JSON, '<composition xmlns="http://schemas.openehr.org/v1"/>', 415),
        (FLAT, '<composition xmlns="http://schemas.openehr.org/v1"/>', 400),
        (XML, "<composition", 400),
        (XML, '<!DOCTYPE a [<!ENTITY b "c">]><composition>&b;</composition>', 400),
        (XML, "<foo/>", 400),
        (XML, OPT, 400),
        (XML, '<ehr_status xmlns="http://schemas.openehr.org/v1"/>', 400),
        (JSON, "{", 400),
        (JSON, "", 400),
        (JSON, " \n", 400),
        (JSON, "[]", 400),
        (JSON, "{}", 400),
        (JSON, '{"_type": "EHR_STATUS"}', 400),
        (JSON, '{"_type": "COMPOSITION"}', 422),
        (JSON, json.dumps({SYSTOLIC: 142}), 400),
        (FLAT, json.dumps({SYSTOLIC: 142}), 400),
        (JSON, "[" * 5000 + "]" * 5000, 400),
    ],
)
def test_bodies_that_are_no_composition(ask: Asked, media: str, body: str, status: int) -> None:
    ask.refuses(status, "POST", COMPOSITION, body, content_type=media)
    uid = ask.made("POST", COMPOSITION, vitals())
    ask.refuses(status, "PUT", f"{COMPOSITION}/{uid.partition('::')[0]}", body, content_type=media, if_match=uid)


@pytest.mark.parametrize(
    "values, says",
    [
        ({"vital_signs/blood_presure:0/any_event:0/systolic|magnitude": 142}, "could not consume"),
        ({"vital_signs/blood_pressure:0/any_event:0/systolic|size": 142}, "could not consume"),
        ({"ctx/langage": "en"}, "ctx/language"),
        ([1], "expected a JSON object"),
    ],
)
def test_flat_that_the_template_cannot_use(ask: Asked, values: Any, says: str) -> None:
    ask.refuses(400, "POST", COMPOSITION, values, says=says, content_type=FLAT, openehr_template_id=NAME)


def test_flat_is_held_against_its_template_too(ask: Asked) -> None:
    named = {"content_type": FLAT, "openehr_template_id": NAME}
    ask.refuses(422, "POST", COMPOSITION, {SYSTOLIC: 5000}, says="5000", **named)
    ask.refuses(422, "POST", COMPOSITION, {SYSTOLIC: 142, SYSTOLIC.replace("magnitude", "unit"): "kPa"}, says="kPa", **named)
    ask.refuses(422, "POST", COMPOSITION, {SYSTOLIC: 142}, says="none.v1 is not here", content_type=FLAT, openehr_template_id="none.v1")
    ask.refuses(400, "POST", COMPOSITION, {SYSTOLIC: 142}, says="openehr-template-id", content_type=FLAT)


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda c: c.pop("composer"), "composer"),
        (lambda c: c.pop("category"), "category"),
        (lambda c: c["archetype_details"].pop("template_id"), "(none named)"),
        (lambda c: c["archetype_details"]["template_id"].update(value="none.v1"), "none.v1"),
        (lambda c: c["content"][0]["data"]["events"][0]["data"]["items"][0]["value"].update(magnitude=5000), "5000"),
        (lambda c: c["content"][0]["data"]["events"][0]["data"]["items"][0]["value"].update(units="kPa"), "kPa"),
        (lambda c: c["content"][0]["data"]["events"][0]["data"]["items"][0].update(archetype_node_id="at9999"), "at9999"),
        (lambda c: c["content"][0].update(archetype_node_id="openEHR-EHR-OBSERVATION.pulse.v2"), "pulse"),
        (lambda c: c["content"][0]["data"]["events"][0]["time"].update(value="yesterday"), "ISO 8601"),
    ],
)
def test_a_composition_that_breaks_its_template(ask: Asked, change: Callable[[Any], Any], says: str) -> None:
    body = vitals()
    change(body)
    answer = ask.refuses(422, "POST", COMPOSITION, body, says=says)
    assert all(set(one) == {"path", "says", "rule"} for one in answer.data["errors"])


# Headers


def test_links_behind_a_proxy(ask: Asked) -> None:
    told = {"x_forwarded_proto": "https", "x_forwarded_host": "lab.example", "x_forwarded_prefix": "/user/ida/proxy/8080"}
    answer = ask("POST", "ehr", **told)
    assert answer.headers["location"] == f"https://lab.example/user/ida/proxy/8080/rest/openehr/v1/ehr/{etag(answer)}"
    odd = ask("POST", "ehr", x_forwarded_host="evil.example/<script>", x_forwarded_proto="javascript")
    assert odd.headers["location"] == f"http://localhost/rest/openehr/v1/ehr/{etag(odd)}"


def test_head_and_options(ask: Asked) -> None:
    assert ask("HEAD", f"ehr/{EHR}").status == "200"
    assert ask("HEAD", f"ehr/{NOBODY}").status == "404"
    answer = ask("OPTIONS", f"{COMPOSITION}/{NOBODY}")
    assert (answer.status, answer.headers["allow"]) == ("204", "DELETE, GET, HEAD, PUT, OPTIONS")
    about = ask("OPTIONS", "")
    assert (about.status, about.data["solution"]) == ("200", "ihe_kit")
    assert {"GET", "POST", "PUT", "DELETE", "OPTIONS"} <= set(about.headers["allow"].split(", "))


@pytest.mark.parametrize(
    "method, url",
    [
        ("DELETE", "ehr"),
        ("DELETE", f"ehr/{EHR}"),
        ("POST", f"ehr/{EHR}"),
        ("DELETE", f"ehr/{EHR}/ehr_status"),
        ("GET", COMPOSITION),
        ("POST", f"{COMPOSITION}/{NOBODY}"),
        ("PUT", f"{TEMPLATE}/{NAME}"),
        ("DELETE", f"{TEMPLATE}/{NAME}"),
        ("PUT", f"ehr/{EHR}/contribution"),
        ("DELETE", f"ehr/{EHR}/versioned_ehr_status"),
        ("PATCH", f"{COMPOSITION}/{NOBODY}"),
    ],
)
def test_methods_that_an_address_does_not_take(ask: Asked, method: str, url: str) -> None:
    answer = ask.refuses(405, method, url, says="is not possible here")
    assert "OPTIONS" in answer.headers["allow"]
    assert method not in answer.headers["allow"].split(", ")


@pytest.mark.parametrize(
    "url", ["nothing", "ehr/", "ehr//composition", f"ehr/{EHR}/compositions", f"ehr/{EHR}/versioned_folder", "definition", ""]
)
def test_addresses_where_nothing_is(ask: Asked, url: str) -> None:
    before = ask.actor.store.table("document")[1]
    answer = ask("GET", url)
    assert answer.status in (("400",) if url == "ehr/" else ("404",)), answer.text
    assert answer.data["code"] == int(answer.status)
    assert ask.actor.store.table("document")[1] == before


def test_templates_of_adl_2_are_not_kept(ask: Asked) -> None:
    answer = openehr.from_wire(ask.actor.receive(_packet("GET", f"{ask.actor.base}/definition/template/adl2")))
    assert (answer.status, answer.data["code"]) == ("501", 501)


def test_a_page_of_another_site_changes_nothing(ask: Asked) -> None:
    ask.refuses(403, "POST", "ehr", says="another site", sec_fetch_site="cross-site")
    assert ask("GET", f"ehr/{EHR}", sec_fetch_site="cross-site").status == "200"


# EHRs


@pytest.mark.parametrize("name", ["abc", EHR[:-1], f"{EHR}a", EHR.replace("7", "g"), NOBODY])
def test_ehrs_that_are_not_there(ask: Asked, name: str) -> None:
    for place in ("", "/ehr_status", "/directory", f"/composition/{NOBODY}", "/versioned_ehr_status", f"/contribution/{NOBODY}"):
        ask.refuses(404, "GET", f"ehr/{name}{place}", says=f"There is no EHR {name}")
    ask.refuses(404, "POST", f"ehr/{name}/composition", vitals(), says="There is no EHR")
    ask.refuses(404, "PUT", f"ehr/{name}/composition/{NOBODY}", vitals(), says="There is no EHR", if_match="x")
    ask.refuses(404, "DELETE", f"ehr/{name}/composition/{NOBODY}::{SYSTEM}::1", says="There is no EHR")
    ask.refuses(404, "POST", f"ehr/{name}/contribution", {"versions": []}, says="There is no EHR")
    ask.refuses(404, "POST", f"ehr/{name}/directory", folder("root"), says="There is no EHR")


def test_an_ehr_with_and_without_a_status(ask: Asked) -> None:
    answer = ask("POST", "ehr", prefer=REPRESENTATION)
    assert (answer.status, answer.data["ehr_id"]["value"], answer.data["_type"]) == ("201", etag(answer), "EHR")
    made = ask("GET", f"ehr/{etag(answer)}/ehr_status").data
    assert (made["subject"], made["is_modifiable"], made["is_queryable"]) == ({"_type": "PARTY_SELF"}, True, True)
    assert not [one for one in openehr.conform(openehr.parse(json.dumps(made))) if one.severity == "error"]
    ask.refuses(409, "PUT", f"ehr/{EHR}", says="exists already")
    ask.refuses(400, "POST", "ehr", {"_type": "COMPOSITION"}, says="expected a body of type EHR_STATUS")
    ask.refuses(422, "POST", "ehr", {"_type": "EHR_STATUS"}, says="errors")
    ask.refuses(400, "POST", "ehr", "{", says="ends")
    for query in ("", "?subject_id=1", "?subject_namespace=x"):
        ask.refuses(400, "GET", f"ehr{query}", says="expected subject_id and subject_namespace")
    ask.refuses(404, "GET", "ehr?subject_id=1&subject_namespace=x", says="No EHR belongs to 1 of x")


# Templates


def test_a_template_in_its_forms(ask: Asked) -> None:
    opt = ask("GET", f"{TEMPLATE}/{NAME}")
    assert (opt.headers["content-type"], opt.body.strip()) == (XML, OPT.strip())
    for accept, media in (("application/openehr.wt+json", "application/openehr.wt+json"), (JSON, JSON)):
        web = ask("GET", f"{TEMPLATE}/{NAME}", accept=accept)
        assert (web.headers["content-type"], web.data) == (media, openehr.web_template(template(NAME)))
    ask.refuses(404, "GET", f"{TEMPLATE}/none.v1", says="no template none.v1")
    ask.refuses(404, "GET", f"{TEMPLATE}/none.v1/example", says="no template none.v1")
    (one,) = ask("GET", TEMPLATE).data
    assert (one["template_id"], one["archetype_id"]) == (NAME, "openEHR-EHR-COMPOSITION.encounter.v1")


@pytest.mark.parametrize(
    "body, media, status, says",
    [
        (OPT, XML, 409, "is here already"),
        (OPT.replace("142", "143"), "text/xml", 409, "is here already"),
        ("", XML, 400, "no operational template"),
        ("<template/>", XML, 400, "no operational template"),
        ("no xml", XML, 400, "no operational template"),
        (OPT[: len(OPT) // 2], XML, 400, "no operational template"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><template>&a;</template>', XML, 400, "no operational template"),
        (OPT, "text/plain", 415, "Send the template as XML"),
        ("{}", JSON, 415, "Send the template as XML"),
    ],
)
def test_templates_that_are_refused(ask: Asked, body: str, media: str, status: int, says: str) -> None:
    ask.refuses(status, "POST", TEMPLATE, body, says=says, content_type=media)


def test_what_an_upload_answers(ask: Asked) -> None:
    text = OPT.replace(f"<value>{NAME}</value>", "<value>one.v1</value>")
    answer = ask("POST", TEMPLATE, text, content_type=XML, prefer=REPRESENTATION)
    assert (answer.status, answer.headers["content-type"], answer.body.strip()) == ("201", XML, text.strip())
    named = ask("POST", TEMPLATE, text.replace("one.v1", "two.v1"), content_type=XML, prefer="return=identifier")
    assert (named.status, named.data) == ("201", {"template_id": "two.v1"})


@pytest.mark.parametrize("name", own())
@pytest.mark.parametrize("media", [JSON, XML, FLAT, STRUCTURED])
def test_the_example_of_a_template_can_be_committed(ask: Asked, name: str, media: str) -> None:
    if name != NAME:
        ask.made("POST", TEMPLATE, template(name).text, content_type=XML)
    for level in ("required", "medium", "complete"):
        made = ask("GET", f"{TEMPLATE}/{name}/example?detail_level={level}", accept=media)
        assert (made.status, made.headers["content-type"]) == ("200", media)
        kept = ask("POST", COMPOSITION, made.body, content_type=media, openehr_template_id=name)
        assert kept.status == "201", kept.text


def test_examples_that_nobody_has(ask: Asked) -> None:
    shown = ask("GET", f"{TEMPLATE}/{NAME}/example?type=output")
    assert shown.data["uid"]["value"].endswith(f"::{SYSTEM}::1")
    ask.refuses(400, "GET", f"{TEMPLATE}/{NAME}/example?type=both", says="expected the type")
    ask.refuses(400, "GET", f"{TEMPLATE}/{NAME}/example?detail_level=all", says="expected a level")


def test_the_status_beside_the_api(ask: Asked) -> None:
    answer = openehr.from_wire(ask.actor.receive(_packet("GET", "/rest/status")))
    assert (answer.status, answer.data["restapi_specs_version"]) == ("200", "1.0.3")
    assert openehr.from_wire(ask.actor.receive(_packet("POST", "/rest/status"))).status == "405"


def _packet(method: str, url: str) -> Packet:
    return Packet("http", request(method, url).encode())
