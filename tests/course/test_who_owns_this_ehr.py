"""What the checks of lesson 20 say of answers that are right in another way, and of those that only look right; and that its scenes are real."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ihe_kit import OpenehrClient
from ihe_kit.course.checking import _sandbox, check
from ihe_kit.course.lessons import lesson
from ihe_kit.course.lessons.who_owns_this_ehr import ALONE, ANSWERS, ASKED, CLOSED, FIND, GOING, LOOK, OPEN, QUESTIONS, TWICE
from ihe_kit.course.two_records import (
    NORDVIK,
    SOLBAKKEN,
    app,
    closed,
    linked,
    measured,
    merged,
    opened,
    pointed,
    records,
    registered,
    replaced,
    two_feeds,
)

SOLVED = {item.id: item.solution for item in lesson("20").exercises}
PAIR = "subject_id=2214&subject_namespace=urn:oid:2.999.10.2"


@pytest.fixture
def client() -> Iterator[OpenehrClient]:
    with _sandbox() as box:
        yield OpenehrClient(box)


def request(text: str) -> tuple[str, str, str]:
    return ("2214", SOLBAKKEN, text)


def status(**members: object) -> tuple[str]:
    return (json.dumps(json.loads(CLOSED) | members),)


@pytest.mark.parametrize(
    "text",
    [
        f"GET ehr?{PAIR}",
        f"get /ehr?{PAIR}",
        f"ehr?{PAIR}",
        f"GET http://127.0.0.1:8080/rest/openehr/v1/ehr?{PAIR}",
        f"GET ehr?{'&'.join(reversed(PAIR.split('&')))}",
        f"GET ehr?{PAIR.replace(':', '%3A')}",
        f"GET  /rest/openehr/v1/ehr?{PAIR} HTTP/1.1",
        f"`GET ehr?{PAIR}`",
    ],
)
def test_a_request_that_is_written_in_another_way_is_right(text: str) -> None:
    assert check("20.1", *request(text)).right


# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("20.1", request("POST ehr"), "2 of 3", "POST opens an EHR"),
    ("20.1", request("GET ehr/2214"), "2 of 3", "only an `ehr_id` may stand"),
    ("20.1", request("GET ehr/2214?subject_id=2214"), "2 of 3", "only an `ehr_id` may stand"),
    ("20.1", request("GET ehr?subject_id=2214"), "2 of 3", "`subject_namespace` is missing"),
    ("20.1", request("GET ehr?subject_namespace=urn:oid:2.999.10.2"), "2 of 3", "`subject_id` is missing"),
    ("20.1", request(f"GET ehr?{PAIR}&name=Tom"), "2 of 3", "Only `subject_id`"),
    ("20.1", request(f"GET ehr?{PAIR.replace('10.2', '10.1')}"), "2 of 3", "not those of the first two"),
    ("20.1", request(f"ehr?{PAIR.replace('&', ' & ')}"), "2 of 3", "no spaces"),
    ("20.1", request("GET"), "2 of 3", "The address is `ehr`"),
    ("20.1", request(f"PUT ehr?{PAIR}"), "2 of 3", "PUT opens it"),
    ("20.1", ("2214", NORDVIK, f"GET ehr?{PAIR}"), "2 of 3", "another authority"),
    ("20.1", ("2214", "2.999.10.2", f"GET ehr?{PAIR}"), "2 of 3", "begins with `urn:oid:`"),
    ("20.1", ("2214", "Solbakken Clinic", "nonsense"), "1 of 3", "fourth component"),
    ("20.2", ("4455^^^SOLBAKKEN&2.999.10.2&ISO^PI", *SOLVED["20.2"][1:]), "2 of 3", "first component only"),
    ("20.2", ("Bjørn Lie", *SOLVED["20.2"][1:]), "2 of 3", "the number itself"),
    ("20.3", ("Ask", "Choose", "Number", "Find", "Name", "Record", "Safe"), "does not belong", "makes the second record"),
    ("20.5", (ANSWERS[2], LOOK), "you said 400, and 404 came", "Read what it says"),
    ("20.5", (ANSWERS[3], OPEN), "you said 404, and 400 came", "as the name of an EHR"),
    ("20.5", (ANSWERS[2], ALONE), "You foresaw it: 400", "without its namespace"),
    ("20.5", (ANSWERS[0], FIND), "You foresaw it: 200", "Nothing is broken"),
    ("20.5", (ANSWERS[4], TWICE), "You foresaw it: 409", "has an EHR already"),
    ("20.7", ("nonsense",), "cannot be read yet", "no JSON"),
    ("20.7", ("[]",), "no EHR_STATUS any more", "beginning"),
    ("20.7", (CLOSED[:-1],), "cannot be read yet", "brace"),
    ("20.7", status(is_modifiable="false"), "The repository says", "without quotation marks"),
    ("20.7", status(is_queryable=False), "queries pass it over", "Leave it true"),
    ("20.7", status(subject={"_type": "PARTY_SELF"}), "nobody finds", "under it"),
    ("20.7", (CLOSED.replace('"HOSP"', '"hosp.example"'),), "The repository says 409", "a fact about the past"),
    ("20.7", (GOING.replace("EHR Status", "Closed"),), "a new blood pressure went in", "`is_modifiable`"),
]  # fmt: skip


@pytest.mark.parametrize("id, answer, says, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in f"{verdict.says} {verdict.why}"


@pytest.mark.parametrize(("answer", "choice"), [(ANSWERS[3], LOOK), (ANSWERS[2], OPEN)])
def test_both_ways_to_take_the_number_for_an_ehr_id_are_right(answer: str, choice: str) -> None:
    verdict = check("20.5", answer, choice)
    assert verdict.right
    assert verdict.predicted == answer[:3]
    assert verdict.happened.startswith(answer[:3])


def test_each_request_has_one_true_answer() -> None:
    for choice in ASKED:
        said = [check("20.5", answer, choice) for answer in ANSWERS]
        assert sum(one.right or one.says.startswith("You foresaw it") for one in said) == 1, choice


def test_each_question_of_the_decision_has_its_own_words() -> None:
    right = SOLVED["20.6"]
    told = [
        check("20.6", *right[:at], option, *right[at + 1 :])
        for at, (_, options, good, _) in enumerate(QUESTIONS)
        for option in options
        if option != good
    ]
    assert all(verdict.says == "4 of 5 hold." for verdict in told)
    assert len({verdict.why for verdict in told}) == len(QUESTIONS)


def test_a_closed_ehr_may_say_where_it_goes_on() -> None:
    where = {"_type": "DV_EHR_URI", "value": "ehr:/7d44b88c-4199-4bad-97dc-d78268e01398"}
    element = {"_type": "ELEMENT", "name": {"_type": "DV_TEXT", "value": "Goes on in"}, "archetype_node_id": "at0002", "value": where}
    details = {"_type": "ITEM_TREE", "name": {"_type": "DV_TEXT", "value": "Duplicate"}, "archetype_node_id": "at0001", "items": [element]}
    assert check("20.7", *status(other_details=details)).right
    assert check("20.7", *status()).right, "on one line"


def test_a_merge_moves_the_thread_and_not_the_record(client: OpenehrClient) -> None:
    box = client.box
    assert box
    registered(box, "maria", "5120")
    registered(box, "maria", "5377", family="Horvátová")
    ehr = opened(client, "5120", NORDVIK)
    measured(client, ehr, 142, 91)
    for _ in range(2):
        assert merged(box, "maria", "5120", "5377", family="Horvátová").ok
    table = records(client)
    assert table[["subject id", "state", "compositions"]].to_numpy().tolist() == [["5377", "open", 1]]
    assert opened(client, "5120", NORDVIK) == ehr, "the lesson's name of it stays, whatever becomes of the number"


def test_of_two_records_one_is_closed_by_a_merge_over_fhir(client: OpenehrClient) -> None:
    box = client.box
    assert box
    registered(box, "maria", "3301", SOLBAKKEN)
    registered(box, "maria", "3388", SOLBAKKEN, family="Horvátová")
    gone, stays = opened(client, "3301", SOLBAKKEN), opened(client, "3388", SOLBAKKEN)
    before = len(list(box.wire))
    sent = replaced(box, "maria", "3301", "3388", SOLBAKKEN)
    assert sent.transaction and sent.transaction.number == "ITI-104"
    assert sent.ok and not sent.found, sent.found
    table = records(client)
    assert len(list(box.wire)) == before + 1, "looking leaves no trace"
    assert table["state"].to_list() == ["closed", "open"]
    assert table["goes on in"].iloc[0][:8] == stays[:8]
    refused = measured(client, gone, 150, 95).answer
    assert refused and refused.status == "409"


def test_a_link_changes_no_record(client: OpenehrClient) -> None:
    box = client.box
    assert box
    for number in ("5901", "5902"):
        registered(box, "nadia", number)
        opened(client, number, NORDVIK)
    before = records(client)
    assert linked(box, "nadia", "5901", "5902").ok
    assert records(client).equals(before)


def test_an_app_that_finds_half(client: OpenehrClient) -> None:
    keeps, goes = two_feeds(client)
    assert two_feeds(client) == (keeps, goes), "a cell that is run again commits nothing again"
    assert app(client, "1020", "hosp.example")["potassium"].to_list() == [4.4, 4.9]
    assert app(client, "1020", "HOSP")["potassium"].to_list() == [5.6, 6.3]
    taken = pointed(client, goes, "1020", "hosp.example").answer
    assert taken and taken.status == "409"
    assert closed(client, goes, keeps).ok
    assert app(client, "1020", "hosp.example")["potassium"].to_list() == [4.4, 4.9]
    whole = app(client, "1020", "hosp.example", follow=True)
    assert whole["potassium"].to_list() == [4.4, 5.6, 4.9, 6.3]
    assert records(client, "1020")["compositions"].to_list() == [2, 2], "nothing was moved"
    assert app(client, "1020", "Hosp").empty


def test_who_is_asked_for_and_is_not_there_is_named(client: OpenehrClient) -> None:
    box = client.box
    assert box
    with pytest.raises(ValueError, match="nobody has the number 9999"):
        replaced(box, "maria", "3301", "9999", SOLBAKKEN)
    with pytest.raises(ValueError, match="there is no EHR"):
        closed(client, "7d44b88c-4199-4bad-97dc-d78268e01398", "x")
