"""SearchBuilder in Python: form and URL follow each other, what is asked crosses the wire, and nothing that is typed or answered raises."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from ihe_kit import build, exchange, person, sandbox
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.fhir.parameters import parameters
from ihe_kit.fhir.search_url import read_url
from ihe_kit.fhir.tables import resource_types
from ihe_kit.region import Sandbox
from ihe_kit.rest import request
from ihe_kit.widgets import SearchBuilder
from ihe_kit.widgets.searchform import changed, pieces, table
from tests.render.given import Page

PEOPLE = ("ingrid", "georgios", "aksel", "emil")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with sandbox() as region:
        for who in PEOPLE:
            exchange("ITI-104", build("ITI-104", person(who), region.clock, region.ids), region)
        mine = next(iter(get(region, "Patient?family=Ødegård").values["entry"]))["resource"]["id"]
        weight = {"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}, "subject": {"reference": f"Patient/{mine}"}}
        headers = [("accept", "application/fhir+json"), ("content-type", "application/fhir+json")]
        for value in (64, 65):
            body = json.dumps(weight | {"valueQuantity": {"value": value, "unit": "kg"}})
            exchange("FHIR", FhirMessage(request("POST", "/fhir/Observation", body, headers)), region)
        yield region


def get(region: Sandbox, url: str) -> Any:
    answer = exchange(
        "FHIR", FhirMessage(request("GET", f"/fhir/{read_url(url)}", headers=[("accept", "application/fhir+json")])), region
    ).answer
    assert isinstance(answer, FhirMessage)
    return answer


def form(widget: SearchBuilder) -> dict[str, Any]:
    """What stands in the controls of the form, by their paths."""
    page = Page(widget.view["form"])
    return {str(one["data-path"]): one.get("value") for one in page.having("data-path")}


def test_it_asks_over_the_wire_and_shows_the_hits(box: Sandbox) -> None:
    widget, before = SearchBuilder(box, "Patient?family=Brandt&_sort=given"), box.wire.last
    done = widget.run()
    assert box.wire.last == before + 1 == done.number and box.wire[done.number].request.url == "/fhir/Patient?family=Brandt&_sort=given"
    assert [hit.about.split(",")[:2] for hit in widget.hits] == [["Brandt", " Aksel"], ["Brandt", " Emil"]]
    page = Page(widget.found)
    assert "2 hits in all, 2 on page 1" in page.text and f"exchange {done.number} on the wire" in page.text and "it matches" in page.text


def test_pages_follow_the_link_of_the_answer(box: Sandbox) -> None:
    widget = SearchBuilder(box, "Patient?_count=3")
    widget.run()
    first = {hit.id for hit in widget.hits}
    assert len(first) == 3 and Page(widget.found).having("data-next")
    widget.answer_next()
    assert f"{len(PEOPLE)} hits in all, 1 on page 2" in Page(widget.found).text and not first & {hit.id for hit in widget.hits}
    assert not Page(widget.found).having("data-next") and "self" in Page(widget.found).text
    with pytest.raises(ValueError, match="no next page"):
        widget.next()
    widget.run()
    assert "on page 1" in Page(widget.found).text


def test_what_comes_along_is_no_hit(box: Sandbox) -> None:
    widget = SearchBuilder(box, "Observation?subject:Patient.family=ødeg&_include=Observation:subject")
    widget.run()
    assert sorted((hit.kind, hit.mode) for hit in widget.hits) == [
        ("Observation", "match"),
        ("Observation", "match"),
        ("Patient", "include"),
    ]
    assert "2 hits in all, 2 on page 1, 1 resource came along" in Page(widget.found).text and "Weight, 64 kg" in Page(widget.found).text
    back = SearchBuilder(box, "Patient?_has:Observation:patient:value-quantity=65")
    back.run()
    assert [hit.about.split(",")[0] for hit in back.hits] == ["Ødegård"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("Patient?birthdate=yesterday", "No hits: 400 Bad Request"),
        ("Patient?_sort=age", "which is no search parameter of Patient to sort by"),
        ("Nobody?name=x", "No hits: 404 Not Found"),
        ("Patient?famly=Berg", "it was left aside"),
        ("Patient?family=nobody", "That is no error"),
        ("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "4 hits in all"),
        ("Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender", "0 hits in all"),
        ("Patient?_summary=count", "Their number alone was asked for"),
        ("Patient?_total=none&_count=1", "nobody counted them all"),
        ("Patient?_format=xml&family=Brandt", "2 hits in all"),
        ("Patient?family=%3Cscript%3E%22&identifier=%00|\u202e", "hit"),
        ("", "6 hits in all"),
        ("Patient/nobody", "No hits: 404"),
    ],
)
def test_every_answer_has_words(box: Sandbox, url: str, says: str) -> None:
    widget = SearchBuilder(box, url)
    widget.run()
    assert says in Page(widget.found).text
    assert "<script" not in widget.found + widget.html + widget.twin() + json.dumps(widget.view)


def test_hostile_resources_are_only_shown(box: Sandbox) -> None:
    body = json.dumps({"resourceType": "Patient", "name": [{"family": "<script>alert(1)</script>\u202e"}]})
    exchange("FHIR", FhirMessage(request("POST", "/fhir/Patient", body, [("content-type", "application/fhir+json")])), box)
    widget = SearchBuilder(box, "Patient?family:contains=script")
    widget.run()
    assert len(widget.hits) == 1 and "<script" not in widget.found + widget.twin() and "\u202e" not in widget.found


# Both ways ------------------------------------------------------------------------------------------------------------------------------


def test_the_form_follows_the_url() -> None:
    widget = SearchBuilder(None, "Observation?date=ge2025&code=http://loinc.org|8480-6,|x&subject:Patient.name:exact=Lie&_sort=-date")
    found = form(widget)
    assert (found["kind"], found["0.code"], found["0.v0.text"]) == ("Observation", "date", "2025")
    assert (found["1.v0.system"], found["1.v0.code"], found["1.v1.system"], found["1.v1.code"]) == (
        "http://loinc.org",
        "8480-6",
        "no system",
        "x",
    )
    assert (found["2.link0.param"], found["2.code"], found["2.v0.text"], found["3.v0.text"]) == ("subject", "name", "Lie", "date")
    widget.answer_read("Patient?gender=male")
    assert widget.text == "Patient?gender=male" and form(widget)["0.v0.code"] == "male"
    widget.text = "GET http://other.example/fhir/Patient?gender=female"
    assert widget.text == "Patient?gender=female" and widget.sentence == "Every Patient whose `gender` is “female”."


@pytest.mark.parametrize(
    ("start", "changes", "url"),
    [
        ("Patient?family=Berg", [("0.v0.text", "Berg, Lie")], "Patient?family=Berg%5C,%20Lie"),
        ("Patient?family=Berg", [("0.modifier", "exact")], "Patient?family:exact=Berg"),
        ("Patient?family:exact=Berg", [("0.code", "given")], "Patient?given=Berg"),
        ("Patient?birthdate=1958", [("0.v0.prefix", "ge")], "Patient?birthdate=ge1958"),
        ("Patient?identifier=4711", [("0.v0.system", "urn:oid:2.999.10.1")], "Patient?identifier=urn:oid:2.999.10.1%7C4711"),
        ("Patient?identifier=4711", [("0.v0.system", "no system")], "Patient?identifier=%7C4711"),
        ("Observation?subject=1", [("0.follow", "Patient"), ("0.code", "family"), ("0.v0.text", "Lie")], "Observation?subject:Patient.family=Lie"),
        ("Observation?subject=1", [("0.follow", "any type")], "Observation?subject.name=1"),
        ("Observation?subject:Patient.family=1", [("0.link0.target", "stop here")], "Observation?subject=1"),
        ("Observation?subject:Patient.name=1", [("0.link0.target", "Group")], "Observation?subject:Group.code=1"),
        ("Observation?subject:Patient.name=1", [("0.link0.param", "performer")], "Observation?performer.name=1"),
        ("Patient?x=1", [("0.code", "_has")], "Patient?_has:Observation:patient:code=1"),
        ("Patient?_has:Observation:patient:code=1", [("0.link0.target", "Encounter")], "Patient?_has:Encounter:patient:_id=1"),
        ("Patient?_has:Observation:patient:code=1", [("0.link0.param", "performer")], "Patient?_has:Observation:performer:code=1"),
        ("Observation?_include=Observation:", [("0.v0.param", "subject"), ("0.v0.target", "Patient"), ("0.modifier", "iterate")], "Observation?_include:iterate=Observation:subject:Patient"),
        ("Patient?_sort=birthdate", [("0.v0.direction", "-")], "Patient?_sort=-birthdate"),
        ("Patient?family=x", [("kind", "Practitioner")], "Practitioner?family=x"),
        ("Patient/1/Observation?code=x", [("kind", "Condition")], "Condition?code=x"),
        ("Observation?value-quantity=5", [("0.v0.code", "mg"), ("0.v0.prefix", "gt")], "Observation?value-quantity=gt5%7C%7Cmg"),
        ("Patient?active:missing=", [("0.v0.raw", "true")], "Patient?active:missing=true"),
    ],
)  # fmt: skip
def test_the_url_follows_the_form(start: str, changes: list[tuple[str, str]], url: str) -> None:
    widget = SearchBuilder(None, start)
    for path, value in changes:
        assert path in form(widget), sorted(form(widget))
        widget.answer_put(path, value)
    assert widget.text == url


def test_rows_and_values_come_and_go() -> None:
    widget = SearchBuilder(None, "Patient")
    assert (
        widget.answer_add("") == 0 and widget.text == "Patient" and "new condition" in str(Page(widget.view["form"]).having("aria-label"))
    )
    widget.answer_put("0.code", "given")
    widget.answer_put("0.v0.text", "Anna")
    assert widget.answer_more(0) == 1
    widget.answer_put("0.v1.text", "Maria")
    assert widget.text == "Patient?given=Anna,Maria"
    widget.answer_less(0, 0)
    widget.answer_add("_count")
    assert widget.text == "Patient?given=Maria&_count=10"
    widget.answer_remove(0)
    assert widget.text == "Patient?_count=10"
    for name in ("_include", "_revinclude", "_sort", "_total", "_summary", "_elements"):
        number = widget.answer_add(name)
        assert f"{number}.v0." in str(list(form(widget)))


def test_what_is_wrong_stands_at_its_row() -> None:
    widget = SearchBuilder(None, "Patient?famly=Berg&birthdate=x")
    assert [one.problem[:44] for one in pieces(widget.search)[1:]] == [
        "Patient has no search parameter famly here; ",
        "'x' is no date: expected one such as 1958, 1",
    ]
    assert "did you mean family?" in Page(widget.view["form"]).text
    assert "Patient?_id=1" in pieces(read_url("Patient/1"))[0].problem
    assert "did you mean Patient?" in pieces(read_url("Patiend"))[0].problem


# The server's own parameters -----------------------------------------------------------------------------------------------------------


def test_the_choices_are_what_the_server_says_it_supports(box: Sandbox) -> None:
    """What the form offers for a type is what the CapabilityStatement of the running server lists for it."""
    answer = exchange("FHIR", FhirMessage(request("GET", "/fhir/metadata", headers=[("accept", "application/fhir+json")])), box).answer
    assert isinstance(answer, FhirMessage)
    told = {one["type"]: [param["name"] for param in one.get("searchParam", ())] for one in answer.values["rest"][0]["resource"]}
    assert {code for code, _ in table("types")[1]} == set(told) == set(resource_types())
    for kind in ("Patient", "Observation", "Encounter", "DocumentReference", "ValueSet"):
        assert [code for code, _ in table(f"params:{kind}")[1]] == [*told[kind], "_has"]


def test_the_codes_of_a_required_binding_are_offered() -> None:
    assert dict(table("codes:Patient:gender")[1]).keys() == {"male", "female", "other", "unknown"}
    assert table("codes:Observation:code")[1] == (), "an example binding offers nothing"
    assert "subject" in dict(table("includes:_include:Observation:Observation")[1]) and "subject" in dict(
        table("includes:_revinclude:Patient:Observation")[1]
    )
    assert "birthDate" in dict(table("elements:Patient")[1]) and "Encounter" in dict(table("sources:Patient")[1])
    assert SearchBuilder(None).answer_codes("codes:Patient:gender")["free"] is True


def test_nothing_raises_on_what_is_typed() -> None:
    dice, widget = random.Random(5), SearchBuilder(None, "Patient")
    bits = [
        "Patient",
        "Observation",
        "?",
        "&",
        "=",
        ":",
        ".",
        ",",
        "|",
        "$",
        "\\",
        "%",
        "%zz",
        "_has",
        "_include",
        "_sort",
        "subject",
        "name",
        "ge2020",
        "é",
        "\x00",
        "<b>",
        "_count",
    ]
    for _ in range(150):
        widget.answer_read("".join(dice.choice(bits) for _ in range(dice.randrange(14))))
        assert widget.twin() and widget.view["cards"] and str(read_url(widget.text)) == widget.text
        for path in form(widget):
            changed(widget.search, path, dice.choice(bits))


def test_the_twin_reads_without_a_kernel(box: Sandbox) -> None:
    widget = SearchBuilder(box, "Patient?family=Brandt&_count=1")
    widget.run()
    page = Page(widget.twin())
    assert not page.having("tabindex") and not page.having("role", "listbox") and "Every Patient whose family begins with" in page.text
    assert "GET /fhir/Patient?family=Brandt&_count=1" in page.text and "2 hits in all" in page.text
    assert all(one.name for one in parameters("Patient"))


def test_nobody_answers(box: Sandbox) -> None:
    widget = SearchBuilder(None, "Patient")
    assert "data-run" not in widget.html
    with pytest.raises(ValueError, match="nobody to ask"):
        widget.run()
    with sandbox() as gone:
        widget = SearchBuilder(gone, "Patient")
    widget.run()
    assert widget.exchange and widget.exchange.lost and "No hits" in Page(widget.found).text
