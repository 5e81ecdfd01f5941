"""What the checks of lesson 18 say of answers that are nearly right, and that its lists, its script and its pictures do as the lesson says."""

from __future__ import annotations

import json
from itertools import product

import pytest

from ihe_kit import openehr
from ihe_kit.course.checking import _sandbox, check
from ihe_kit.course.lessons import lesson
from ihe_kit.course.lessons.the_repository import ANSWERS, EHR, FIRST, LATEST, MATCHES, OBJECT, OPTIONS, PROCEDURE, SENDS, SHOWN
from ihe_kit.course.two_wards import (
    ALL_OF_IT,
    ELIN,
    FIRST_ID,
    HANNE,
    INGRID,
    MEDICATION,
    MY_CHANGE,
    NO_ID,
    STOPPED,
    because,
    client,
    colleagues_script,
    contents,
    dose,
    drawn,
    ehr_id,
    history,
    medicines,
    object_of,
    parts_of,
    problems,
    record,
    start,
    status,
    stop,
    taken,
    tomas,
    version_of,
    who_when_why,
)

SOLVED = {item.id: item.solution for item in lesson("18").exercises}


def but(id: str, at: int, answer: str) -> tuple[str, ...]:
    """The right answer, but for one part."""
    return (*SOLVED[id][:at], answer, *SOLVED[id][at + 1 :])


# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("18.1", but("18.1", 0, LATEST), "5 of 6 fit", "answered 400"),
    ("18.1", but("18.1", 0, EHR), "5 of 6 fit", "answered 404"),
    ("18.1", but("18.1", 1, FIRST), "`If-Match`", "answered 412"),
    ("18.1", but("18.1", 2, FIRST), "DELETE", "answered 409"),
    ("18.1", but("18.1", 2, OBJECT), "DELETE", "answered 400"),
    ("18.1", but("18.1", 3, LATEST), "whoever changes it meanwhile", "`::2` gets `::2`"),
    ("18.1", but("18.1", 4, OBJECT), "at first", "answered 200"),
    ("18.1", but("18.1", 5, FIRST), "history", "answered 404"),
    ("18.2", but("18.2", 1, OPTIONS[1][3]), "2 of 3", "nothing of which version you have seen"),
    ("18.2", but("18.2", 2, OPTIONS[2][0]), "2 of 3", "names a version in its URL"),
    ("18.3", but("18.3", 1, OPTIONS[1][5]), "2 of 3", "at nine it may have been the second"),
    ("18.4", but("18.4", 0, "::1"), "4 of 5 fit", "the first that says *stopped*"),
    ("18.4", but("18.4", 1, ELIN), "4 of 5 fit", "put the version into the repository"),
    ("18.4", but("18.4", 2, HANNE), "4 of 5 fit", "answers for what is written"),
    ("18.5", (ANSWERS[3], SHOWN[0], SOLVED["18.5"][2]), "another place", "say it again"),
    ("18.5", (ANSWERS[1], SHOWN[3], "If-Match is left out"), "You foresaw it: 400", "which version it follows"),
    ("18.5", (ANSWERS[0], SHOWN[2], "If-Match names ::2, the latest"), "You foresaw it: 200, ::3", "nobody had been faster"),
    ("18.8", but("18.8", 0, "the identifier of the latest version, and no more"), "stop is gone", "old list"),
    ("18.8", but("18.8", 2, FIRST_ID), "after 4 tries", "does not come back"),
    ("18.8", but("18.8", 2, NO_ID), "Refused with 400", "Without If-Match"),
    ("18.8", but("18.8", 3, "I leave it at that, and tell nobody"), "nobody was told", "read again"),
    ("18.9", but("18.9", 0, "leave it out"), "3 of 4 drugs fit", "Nobody has changed it"),
    ("18.9", but("18.9", 3, "10 mg, as it was written last"), "3 of 4 drugs fit", "opposite directions"),
    ("18.9", but("18.9", 4, MATCHES[0]), "Answered 412", "made from Dr Strand's version"),
    ("18.9", but("18.9", 4, MATCHES[2]), "The four drugs fit", "colleague's script"),
]  # fmt: skip


@pytest.mark.parametrize("id, answer, says, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in f"{verdict.says} {verdict.why} {verdict.happened}"


def test_only_one_of_the_updates_is_answered_412() -> None:
    assert [words for words in SENDS if "412 came" in check("18.5", ANSWERS[2], SHOWN[3], words).says] == [SOLVED["18.5"][2]]


def test_no_other_procedure_keeps_all_three_changes() -> None:
    """Every combination is followed; one is right."""
    options = [options for _, options in PROCEDURE]
    likely = [one for one in product(*options) if one[:2] == (ALL_OF_IT, MY_CHANGE) or one[2:] == SOLVED["18.8"][2:]]
    assert [one for one in likely if check("18.8", *one).right] == [SOLVED["18.8"]]


# The lists --------------------------------------------------------------------------------------------------------------------------------


def test_every_list_keeps_its_template_and_nothing_that_is_given_changes() -> None:
    first = medicines()
    before = taken(first)
    changed = dose(stop(start(first, "Bisoprolol", 2.5), "Spironolactone", "Potassium"), "Ramipril", 2.5)
    assert taken(changed) == {"Ramipril": "2.5 mg", "Spironolactone": STOPPED, "Bisoprolol": "2.5 mg"}
    assert taken(first) == before == {"Ramipril": "5 mg", "Spironolactone": "25 mg"}
    assert taken(start(changed, "Bisoprolol", 10)) == taken(changed), "started twice is started once"
    for tree, template in ((first, MEDICATION), (changed, MEDICATION), (problems("Hyperkalaemia"), "kit_problem_list.v1")):
        message = openehr.parse(json.dumps(tree))
        assert not [one for one in openehr.conform(message, openehr.template(template)) if one.severity == "error"]


def test_the_script_loses_what_the_repository_had_kept() -> None:
    with _sandbox() as box:
        elin, hanne = client(box, ELIN), client(box, HANNE)
        ehr = record(elin, INGRID)
        seen = elin.commit(ehr, medicines())
        list_ = object_of(seen)
        mine = start(seen, "Bisoprolol", 2.5)
        assert status(because(elin, "Potassium").update(ehr, list_, stop(seen, "Spironolactone", "Potassium"), version_of(seen))) == "200"
        refused = hanne.update(ehr, list_, mine, version_of(seen))
        assert (status(refused), version_of(refused)) == ("412", f"{list_}::openehr.fjordland.example::2")
        assert status(colleagues_script(hanne, ehr, list_, mine)) == "200"
        lists = [taken(elin.read(ehr, one.uid))["Spironolactone"] for one in history(elin, ehr, list_)]
        assert lists == ["25 mg", STOPPED, "25 mg"]
        assert [one.why for one in history(elin, ehr, list_)] == ["", "Potassium", ""], "a reason is said for one commit"


def test_tomas_has_four_versions_by_three_people_and_one_contribution_of_two() -> None:
    with _sandbox() as box:
        told, asks = tomas(box), client(box, ELIN)
        table = who_when_why(asks, told.ehr, told.medication)
        assert list(table.index) == ["::4", "::3", "::2", "::1"]
        assert list(table["kind of change"]) == ["modification", "amendment", "modification", "creation"]
        assert list(table["committer"]) == [HANNE, ELIN, "Jonas Dahl", ELIN]
        second = history(asks, told.ehr, told.medication)[2].contribution
        assert list(contents(asks, told.ehr, second).index) == ["Problem list", "Medication list"]
        picture = drawn(asks, told.ehr, told.medication, told.problems).svg
        again = tomas(box)
    assert picture.count(">CONTRIBUTION<") == 4
    assert picture.count(">::") == 5
    assert "Medication list: version 1, creation, by Dr Elin Strand" in picture
    assert again.ehr == told.ehr and again.medication != told.medication, "told twice, it is a second list in the same record"


def test_the_parts_of_a_name_are_drawn_and_escaped() -> None:
    drawing = parts_of("a<b::openehr.fjordland.example::2")
    assert drawing._repr_html_() == drawing.svg
    assert all(part in drawing.svg for part in ("a&lt;b", "openehr.fjordland.example", ">2<", "the version"))


def test_an_answer_without_an_ehr_says_so() -> None:
    with _sandbox() as box, pytest.raises(ValueError, match="holds no EHR"):
        ehr_id(client(box, ELIN).find_ehr("1", "urn:oid:2.999.10.1"))
