"""Search as a client sees it: pages, order, what comes along, summaries, compartments, and what is left aside (FHIR R4 section 3.1.1)."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest

from tests.actors.fhir_client import Answer, Client, observation, patient

pytestmark = pytest.mark.usefixtures("database")

FAMILIES = ["Lie", "Lind", "Ødegård", "Brandt", "Ó Súilleabháin", "Kovácsová", "Lie"]


@pytest.fixture(scope="module")
def client() -> Client:
    """A server that is only asked."""
    return hospital()


@pytest.fixture
def fresh() -> Client:
    """A server whose resources may change."""
    return hospital()


def hospital() -> Client:
    client = Client()
    for number, family in enumerate(FAMILIES, 1):
        born = {"birthDate": f"19{50 + number}-06-17"} if number != 4 else {}
        client.put(patient(f"p{number}", name=[{"family": family}], gender="male" if number % 2 else "female", **born))
    client.put(
        {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Healer"}]},
        {"resourceType": "Organization", "id": "h1", "name": "Nordvik Hospital"},
        {"resourceType": "Organization", "id": "h2", "name": "Ward 1", "partOf": {"reference": "Organization/h1"}},
        patient(
            "p8",
            name=[{"family": "Berg"}],
            managingOrganization={"reference": "Organization/h2"},
            generalPractitioner=[{"reference": "Practitioner/d1"}],
        ),
    )
    client.put(*(observation(f"o{n}", f"p{n % 3 + 1}", f"2025-03-0{n}", performer=[{"reference": "Practitioner/d1"}]) for n in range(1, 7)))
    client.put(observation("glucose", "p1", "2025-03-09", code={"coding": [{"system": "http://loinc.org", "code": "2339-0"}]}))
    return client


def every_page(client: Client, url: str, between: Any = None) -> list[str]:
    seen: list[str] = []
    while url:
        page = client("GET", url)
        assert page.status == 200, page.text
        seen += page.ids
        url = page.link("next")
        if between:
            between()
    return seen


# Pages -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sort", ["", "_sort=birthdate&", "_sort=-birthdate,_id&", "_sort=family,-gender&", "_sort=-_lastUpdated&", "_sort=_id&"]
)
@pytest.mark.parametrize("count", [1, 3, 8, 20])
def test_pages_are_complete_whatever_the_order_and_go_back_again(client: Client, sort: str, count: int) -> None:
    whole = client("GET", f"Patient?{sort}").ids
    assert len(whole) == 8
    url, pages = f"Patient?{sort}_count={count}", []
    while url:
        page = client("GET", url)
        assert page.data["total"] == 8
        pages.append(page)
        url = page.link("next")
    assert [one for page in pages for one in page.ids] == whole
    assert not pages[0].link("previous")
    for before, page in pairwise(pages):
        back = client("GET", page.link("previous"))
        assert back.ids == before.ids
        assert client("GET", back.link("next")).ids == page.ids
        assert bool(back.link("previous")) == bool(before.link("previous"))


@pytest.mark.parametrize("sort", ["", "_sort=-birthdate&", "_sort=family&"])
def test_what_is_stored_meanwhile_shifts_nothing(fresh: Client, sort: str) -> None:
    whole = fresh("GET", f"Patient?{sort}").ids
    rng = random.Random(7)

    def store_more() -> None:
        fresh.put(patient(f"n{rng.random()}"[:9].replace(".", "-"), name=[{"family": "Aa"}], birthDate="2025-01-01"))

    assert every_page(fresh, f"Patient?{sort}_count=2", store_more) == whole
    assert fresh("GET", "Patient").data["total"] > 8, "a search that begins now sees it"


def test_what_is_deleted_meanwhile_shifts_nothing_either(fresh: Client) -> None:
    first = fresh("GET", "Patient?_count=3")
    fresh("DELETE", "Patient/p2")
    assert fresh("GET", first.link("next")).ids == ["Patient/p4", "Patient/p5", "Patient/p6"]


def test_the_order(client: Client) -> None:
    def born(answer: Answer) -> list[str]:
        return [one["resource"].get("birthDate", "") for one in answer.data["entry"]]

    up, down = born(client("GET", "Patient?_sort=birthdate")), born(client("GET", "Patient?_sort=-birthdate"))
    assert up[:6] == sorted(up[:6]) and down[:6] == sorted(down[:6], reverse=True)
    assert up[6:] == down[6:] == ["", ""], "what has no value comes last, either way"
    names = [one["resource"]["name"][0]["family"] for one in client("GET", "Patient?_sort=family").data["entry"]]
    assert names == ["Berg", "Brandt", "Kovácsová", "Lie", "Lie", "Lind", "Ó Súilleabháin", "Ødegård"]
    assert client("GET", "Observation?_sort=-date&_count=2").ids == ["Observation/glucose", "Observation/o6"]


def test_totals(client: Client) -> None:
    for counted in ("_summary=count", "_count=0"):
        answer = client("GET", f"Patient?gender=male&{counted}")
        assert answer.data["total"] == 4 and "entry" not in answer.data and not answer.link("next")
    assert "total" not in client("GET", "Patient?_total=none").data
    assert client("GET", "Patient?_total=estimate").data["total"] == 8
    assert client("GET", "Patient?_count=0&_totalMethod=count").data["total"] == 8


# What comes along ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url, matches, along",
    [
        ("Observation?_id=o1&_include=Observation:subject", ["o1"], ["Patient/p2"]),
        ("Observation?_id=o1&_include=Observation:subject:Patient", ["o1"], ["Patient/p2"]),
        ("Observation?_id=o1&_include=Observation:subject:Group", ["o1"], []),
        ("Observation?_id=o1,o4&_include=Observation:patient", ["o1", "o4"], ["Patient/p2"]),
        ("Observation?_id=o1&_include=Observation:*", ["o1"], ["Patient/p2", "Practitioner/d1"]),
        ("Observation?_id=o1&_include=Observation:subject&_include=Observation:performer", ["o1"], ["Patient/p2", "Practitioner/d1"]),
        ("Patient?_id=p8&_include=Patient:organization", ["p8"], ["Organization/h2"]),
        ("Patient?_id=p8&_include=Patient:organization&_include=Organization:partof", ["p8"], ["Organization/h2"]),
        (
            "Patient?_id=p8&_include=Patient:organization&_include:iterate=Organization:partof",
            ["p8"],
            ["Organization/h2", "Organization/h1"],
        ),
        ("Patient?_id=p2&_revinclude=Observation:patient", ["p2"], ["Observation/o1", "Observation/o4"]),
        (
            "Practitioner?_revinclude=Patient:general-practitioner&_include:iterate=Patient:organization",
            ["d1"],
            ["Patient/p8", "Organization/h2"],
        ),
        ("Patient?_id=p2&_revinclude=Encounter:patient", ["p2"], []),
    ],
)
def test_what_comes_along(client: Client, url: str, matches: list[str], along: list[str]) -> None:
    answer = client("GET", url)
    assert [one.partition("/")[2] for one in answer.ids] == matches
    assert answer.along == along
    assert answer.data["total"] == len(matches), "what comes along is not counted"


@pytest.mark.parametrize(
    "wish",
    [
        "_include=Observation",
        "_include=Patient:subject",
        "_include=Nobody:x",
        "_include:never=Observation:subject",
        "_revinclude=Observation:code",
    ],
)
def test_a_wish_that_cannot_be_read(client: Client, wish: str) -> None:
    assert (
        "such as Observation:subject" in client("GET", f"Observation?{wish}").says
        or "only :iterate" in client("GET", f"Observation?{wish}").says
    )


# A part of each --------------------------------------------------------------------------------------------------------------------


def test_summaries_and_elements(fresh: Client) -> None:
    fresh.put(
        patient(
            "s",
            text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
            contact=[{"name": {"text": "y"}}],
            birthDate="1950",
        )
    )

    def members(query: str) -> set[str]:
        answer = fresh("GET", f"Patient?_id=s&{query}")
        (one,) = answer.data["entry"]
        tags = [tag["code"] for tag in one["resource"]["meta"].get("tag", ())]
        assert tags == ([] if "false" in query else ["SUBSETTED"])
        return set(one["resource"]) - {"resourceType", "id", "meta"}

    assert members("_summary=false") == {"identifier", "name", "text", "contact", "birthDate"}
    assert members("_summary=true") == {"identifier", "name", "birthDate"}
    assert members("_summary=text") == {"text"}
    assert members("_summary=data") == {"identifier", "name", "contact", "birthDate"}
    assert members("_elements=birthDate,name") == {"birthDate", "name"}
    assert members("_elements=Patient.birthDate") == {"birthDate"}
    (one,) = fresh("GET", "Observation?_id=o1&_elements=value").data["entry"]
    assert set(one["resource"]) - {"resourceType", "id", "meta"} == {"valueQuantity", "status", "code"}, "what is mandatory stays"


# Where, and by what ----------------------------------------------------------------------------------------------------------------


def test_what_belongs_to_a_patient(client: Client) -> None:
    assert client("GET", "Patient/p1/Observation").ids == ["Observation/o3", "Observation/o6", "Observation/glucose"]
    assert client("GET", "Patient/p1/Observation?code=2339-0").ids == ["Observation/glucose"]
    assert (
        client("GET", "Patient/p1/Observation?_count=1")
        .link("next")
        .startswith("http://localhost/fhir/Patient/p1/Observation?_count=1&_page=")
    )
    assert every_page(client, "Patient/p1/Observation?_count=1") == client("GET", "Patient/p1/Observation").ids
    assert client("GET", "Patient/p1/*").ids == ["Patient/p1", "Observation/o3", "Observation/o6", "Observation/glucose"]
    assert client("GET", "Practitioner/d1/Observation").data["total"] == 6
    assert client("GET", "Patient/p1/Medication").status == 404
    assert client("GET", "Organization/h1/Patient").status == 404


def test_the_whole_system(client: Client) -> None:
    assert client("GET", "").data["total"] == 18
    assert set(client("GET", "?_type=Organization,Practitioner").ids) == {"Organization/h1", "Organization/h2", "Practitioner/d1"}
    assert client("GET", "?_type=Patient&_id=p1").ids == ["Patient/p1"]
    assert client("GET", "?_type=Patient,Observation&_lastUpdated=gt2030").ids == []
    assert sorted(every_page(client, "?_count=5")) == sorted(client("GET", "?_count=100").ids)
    assert client("GET", "?_type=Nobody").status == 400
    assert client("POST", "_search", "_type=Organization", content_type="application/x-www-form-urlencoded").data["total"] == 2


def test_a_search_by_post_is_the_same_search(client: Client) -> None:
    answer = client("POST", "Patient/_search?gender=male", "family=Lie&_count=1", content_type="application/x-www-form-urlencoded")
    assert answer.ids == ["Patient/p1"] and answer.data["total"] == 2
    assert client("GET", answer.link("next")).ids == ["Patient/p7"]
    by_path = client("POST", "Patient/p1/Observation/_search", "code=2339-0", content_type="application/x-www-form-urlencoded")
    assert by_path.ids == ["Observation/glucose"]


def test_what_is_left_aside_is_told(client: Client) -> None:
    answer = client("GET", "Patient?gender=male&famly=Lie&_count=2")
    assert answer.data["total"] == 4
    outcome = answer.data["entry"][-1]
    assert outcome["search"]["mode"] == "outcome"
    assert "did you mean family?: it was left aside" in outcome["resource"]["issue"][0]["diagnostics"]
    assert answer.link("self") == "http://localhost/fhir/Patient?gender=male&_count=2", "the self link says what was respected"
    strict = client("GET", "Patient?gender=male&famly=Lie", prefer="handling=strict")
    assert (strict.status, "did you mean family?" in strict.says) == (400, True)
    assert len(client("GET", "Patient?gender=male", prefer="handling=strict").ids) == 4


@pytest.mark.parametrize(
    "query, says",
    [
        ("birthdate=yesterday", "is no date"),
        ("_count=-1", "_count"),
        ("_count=many", "_count"),
        ("_sort=colour", "no search parameter"),
        ("_page=abc", "none that this server gave out"),
        ("_page=" + "A" * 5000, "none that this server gave out"),
        ("_page=WzEsMCwieCJd", "none that this server gave out"),
        ("_total=roughly", "none, estimate or accurate"),
        ("_query=mine", "no query by the name"),
        ("_summary=short", "has to be one of"),
        ("gender:in=http://x", "value set http://x is not here"),
        ("general-practitioner:Practitioner.identifier:in=http://x", "not along a chain"),
        ("family:missing=maybe", "true or false"),
        ("organization." + "partof." * 9 + "name=x", "5 links at most"),
    ],
)
def test_a_query_that_cannot_be_read(client: Client, query: str, says: str) -> None:
    answer = client("GET", f"Patient?{query}")
    assert (answer.status, says in answer.says) == (400, True), answer.text


@pytest.mark.parametrize(
    "value",
    ["' OR 1=1 --", '"; DROP TABLE entry; --', "%", "_", "\\", "\\,", "|", "||", "$", ",", "*", "\x00", "{x}", "?", "a" * 5000, "Ø" * 300],
)
@pytest.mark.parametrize(
    "name",
    [
        "family",
        "family:exact",
        "family:contains",
        "identifier",
        "gender:not",
        "organization",
        "_id",
        "_has:Observation:patient:code",
        "_tag",
    ],
)
def test_a_value_is_a_value(client: Client, name: str, value: str) -> None:
    answer = client("GET", f"Patient?{name}={quote(value)}")
    assert answer.status in (200, 400), answer.text
    if name.startswith(("family", "_id")) and value.strip(","):
        assert answer.data.get("total", 0) in (0, 8), "it finds nobody, or asks nothing"


@pytest.mark.parametrize(
    ("name", "count", "status"),
    [("_id", 5000, 200), ("identifier", 200, 200), ("identifier", 201, 400), ("family", 200, 200), ("birthdate", 200, 200)],
)
def test_many_values(client: Client, name: str, count: int, status: int) -> None:
    values = ",".join(
        "2025-01-01" if name == "birthdate" else f"urn:x|{number}" if name == "identifier" else f"v{number}" for number in range(count)
    )
    assert client("GET", f"Patient?{name}={values}").status == status
    assert client("GET", f"Patient?gender=male&{name}={values}").status == status


def test_by_the_name_of_the_mother(fresh: Client) -> None:
    """A parameter of PDQm (ITI-78), kept in an extension of R4's own."""
    extension = [{"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Sørensen"}]
    fresh.put(patient("m", extension=extension))
    assert fresh("GET", "Patient?mothersMaidenName=sør").ids == ["Patient/m"]
    assert fresh("GET", "Patient?mothersMaidenName:exact=Sørensen", prefer="handling=strict").ids == ["Patient/m"]
    assert fresh("GET", "Patient?mothersMaidenName:exact=sørensen").ids == []


def test_many_parameters(client: Client) -> None:
    query = "&".join(f"family={number}" for number in range(60))
    assert client("GET", f"Patient?{query}").data["total"] == 0
    assert client("GET", "Patient?" + "&".join(["family=x"] * 3000)).status == 400
    assert client("GET", "Patient?" + "&".join(f"family={number}" for number in range(200))).status == 200
    dates = ",".join("2025-01-01" for _ in range(200))
    assert client("GET", "Patient?" + "&".join([f"birthdate={dates}"] * 6)).status in (200, 400)


def test_a_reference_to_another_server_is_another_one(fresh: Client) -> None:
    fresh.put(observation("far", "x", "2025", subject={"reference": "http://elsewhere/fhir/Patient/p1"}))
    fresh.put(observation("near", "x", "2025", subject={"reference": "http://localhost/fhir/Patient/p1"}))
    assert "Observation/far" not in fresh("GET", "Observation?patient=p1").ids
    assert "Observation/near" in fresh("GET", "Observation?patient=p1").ids
    assert fresh("GET", "Observation?subject=http://elsewhere/fhir/Patient/p1").ids == ["Observation/far"]
    assert fresh("GET", "Observation?_id=far&_include=Observation:subject").along == []
