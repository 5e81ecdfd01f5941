"""Every exercise holds a solution that passes, and says of typical wrong answers what is missing, each in its own words."""

from __future__ import annotations

import pytest

from ihe_kit import build, exchange, person
from ihe_kit.course.checking import _sandbox, check
from ihe_kit.course.items import Context, Exercise, Prediction, Verdict
from ihe_kit.course.lessons import exercise, lesson, lessons, prediction
from ihe_kit.course.lessons.start_here import APP_ASKS, CALL, LAB_SENDS, MESSAGE, RECORD, SERVER_SENDS, WARD_ASKS
from ihe_kit.course.scenes import old_settings, open_record
from ihe_kit.region import Sandbox

EXERCISES = [item for lesson in lessons().values() for item in lesson.exercises]

# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("00.1", ["PID|1||4711^^^NORDVIK"], "A bar ends the field", "inside PID-3"),
    ("00.1", ["4711^^^NORDVIK~99^^^SOLBAKKEN"], "two identifiers", "One is enough"),
    ("00.1", ["^^^NORDVIK&2.999.10.1&ISO^PI"], "The number is missing", "before any"),
    ("00.1", ["4712^^^NORDVIK&2.999.10.1&ISO^PI"], "4712 is not her number", "4711"),
    ("00.1", ["4711^^^NORDVIK^2.999.10.1^ISO"], "slipped into the fifth component", "`&`"),
    ("00.1", ["4711^^NORDVIK&2.999.10.1&ISO^PI"], "stands in component 3", "Three `^`"),
    ("00.1", ["4711&NORDVIK"], "4711&NORDVIK is not her number", "the number alone"),
    ("00.1", ["4711^^^^PI"], "Almost: the number has no owner", "fifth component is the type"),
    ("00.1", ["4711"], "it has no owner", "Every hospital may have a 4711"),
    ("00.1", ["4711^^^2.999.10.1"], "An object identifier stands where the namespace belongs", "`NORDVIK`"),
    ("00.1", ["4711^^^&2.999.10.1&ISO^PI"], "no namespace", "Appendix N.3"),
    ("00.1", ["4711^^^nordvik&2.999.10.1&ISO^PI"], "nordvik did not give this number out", "in capitals"),
    ("00.1", ["4711^^^NORDVIK&2.999.10.2&ISO^PI"], "filed under another domain", "Solbakken Clinic"),
    ("00.1", ["4711^^^NORDVIK&1.2.3&ISO^PI"], "filed under another domain", "does not know"),
    ("00.1", ["4711^^^NORDVIK&2.999.10.1^PI"], "third part of the authority is not ISO", "`ISO`"),
    ("00.1", ["4711^^^NORDVIK&2.999.10.1&ISO^MR"], "The type is MR", "`PI`"),
    ("00.1", ["4711^^^NORDVIK&2.999.10.1&ISO&PI"], "PI stands inside the authority", "`^` comes before it"),
    ("00.1", ["4711 ^^^NORDVIK&2.999.10.1&ISO^PI"], "there is a space in it", "Take the spaces out"),
    ("00.1", ["4711^^^NORDVIK&urn:oid:2.999.10.1&ISO^PI"], "`urn:oid:` is FHIR's way", "the number alone"),
    ("00.1", ["4711^^^NORDVIK^PI"], "knows who NORDVIK is", "object identifier"),
    ("00.1", ["   "], "Nothing is filled in yet", "Try something"),
    ("00.2", [RECORD, LAB_SENDS, CALL, APP_ASKS, RECORD], "4 of 5 fit", "nobody asks"),
    ("00.2", [MESSAGE, WARD_ASKS, CALL, APP_ASKS, RECORD], "4 of 5 fit", "does not know yet"),
    ("00.2", [MESSAGE, LAB_SENDS, MESSAGE, APP_ASKS, RECORD], "4 of 5 fit", "wants an answer at once"),
    ("00.2", [MESSAGE, LAB_SENDS, CALL, SERVER_SENDS, RECORD], "4 of 5 fit", "Who wants something"),
    ("00.2", [MESSAGE, LAB_SENDS, CALL, APP_ASKS, MESSAGE], "4 of 5 fit", "outlives every system"),
    ("00.2", [CALL, WARD_ASKS, RECORD, SERVER_SENDS, CALL], "0 of 5 fit", "nobody asks"),
    ("00.2", [MESSAGE, "", "", "", ""], "1 of 5 are filled in", "who sends and who receives"),
]  # fmt: skip


@pytest.mark.parametrize("item", EXERCISES, ids=lambda item: item.id)
def test_the_solution_passes(item: Exercise) -> None:
    verdict = check(item, *item.solution)
    assert verdict.right, verdict
    assert verdict.says
    assert verdict.why


@pytest.mark.parametrize("item", EXERCISES, ids=lambda item: item.id)
def test_the_untouched_exercise_does_not_pass(item: Exercise) -> None:
    assert tuple(item.untouched) != item.solution
    verdict = check(item, *item.untouched)
    assert not verdict.right
    assert not verdict.tried, "it is told apart from a try"
    assert not item.check(item.untouched, Context(_sandbox)).right, "nor does its own check take it"


@pytest.mark.parametrize("item", EXERCISES, ids=lambda item: item.id)
def test_three_typical_wrong_answers_do_not_pass(item: Exercise) -> None:
    assert len({wrong.answer for wrong in item.wrong}) >= 3
    told = [check(item, *wrong.answer) for wrong in item.wrong]
    for wrong, verdict in zip(item.wrong, told, strict=True):
        assert not verdict.right, wrong
        assert verdict.tried, wrong
        assert verdict.says and verdict.why, wrong
        assert "wrong" not in verdict.says.lower(), verdict
        assert wrong.belief
    assert len({(verdict.says, verdict.why) for verdict in told}) >= 2, "different mistakes are told apart"


@pytest.mark.parametrize("item", EXERCISES, ids=lambda item: item.id)
def test_nothing_a_page_sends_breaks_a_check(item: Exercise) -> None:
    for text in ("", "^", "\x00", "MSH", "MSH|^~\\&|", "\U0001f600", "nothing", "{}"):
        for answer in ([text], [text] * max(1, len(item.parts)), [*item.solution[:-1], text], [text] * 40):
            assert isinstance(check(item, *answer), Verdict)


@pytest.mark.parametrize(("id", "answer", "says", "why"), WRONG)
def test_wrong_answers_fail_in_their_own_words(id: str, answer: list[str], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in verdict.why
    assert "wrong" not in f"{verdict.says} {verdict.why}".lower()


@pytest.mark.parametrize("item", [exercise("00.1"), exercise("00.2")], ids=lambda item: item.id)
def test_no_two_gaps_are_told_alike(item: Exercise) -> None:
    told = [check(item, *answer) for id, answer, _, _ in WRONG if id == item.id]
    assert len(told) >= 5
    assert len({(verdict.says, verdict.why) for verdict in told}) >= len(told) - 2  # two domains and two first rows share their words


def test_spaces_around_an_answer_do_not_matter() -> None:
    assert check("00.1", "  4711^^^NORDVIK&2.999.10.1&ISO^PI ").right


def test_the_type_may_be_added_later() -> None:
    verdict = check("00.1", "4711^^^NORDVIK&2.999.10.1&ISO")
    assert verdict.right
    assert "`PI`" in verdict.why


@pytest.mark.parametrize(
    "answer", ["^", "&", "^^^&", "4711^^^NORDVIK&&", "\\", "4711^^^NORDVIK&2.999.10.1&ISO^PI^^^^^^^^", "\U0001f600", "<b>4711</b>"]
)
def test_nothing_a_learner_types_breaks_a_check(answer: str) -> None:
    assert isinstance(check("00.1", answer), Verdict)


def test_a_check_leaves_the_learners_sandbox_alone(box: Sandbox) -> None:
    check("00.1", *exercise("00.1").solution)
    assert len(box.wire) == 0
    assert exchange("ITI-31", build("ITI-31", person("ingrid")), box).ok


def test_unknown_items_name_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"did you mean 00\.1"):
        exercise("0.1")
    with pytest.raises(ValueError, match=r"00\.p1"):
        prediction("00.p9")


# What the predictions are about really happens ----------------------------------------------------------------------------------------


@pytest.fixture
def happened(box: Sandbox) -> dict[str, object]:
    """The exchanges of the lesson that follow its predictions."""
    exchange("ITI-31", build("ITI-31", person("ingrid")), box)
    typo = {"ehr_id": open_record(person("ingrid"), box), "systolic": 5000, "diastolic": 91}
    return {
        "00.p1": exchange("ITI-31", build("ITI-31", person("ingrid")), box),
        "00.p2": exchange("ITI-78", build("ITI-78", {"family": "Ødegård", "birthdate": "1985-06-17"}), box),
        "00.p3": exchange("openEHR composition", build("openEHR composition", typo), box),
    }


def test_predictions_come_true(happened: dict[str, object]) -> None:
    items: tuple[Prediction, ...] = lesson("00").predictions  # those of the others: when their notebooks run
    assert {item.id for item in items} == set(happened)
    for item in items:
        key, shown = item.read(happened[item.id])
        assert key == item.right
        assert shown


def test_a_lost_answer_is_read_too(box: Sandbox) -> None:
    box.stop()
    silence = exchange("ITI-31", build("ITI-31", person("ingrid")), box)
    assert prediction("00.p1").read(silence)[0] == "lost"
    for id in ("00.p2", "00.p3"):
        assert "nobody listens" in prediction(id).read(silence)[1]


def test_a_record_is_opened_once(box: Sandbox) -> None:
    assert open_record(person("ingrid"), box) == open_record(person("ingrid"), box)
    assert [crossed.answer.name[:3] for crossed in box.wire if crossed.answer] == ["201", "201"]
    assert open_record(person("aksel"), box) != open_record(person("ingrid"), box)
    assert len(box.wire) == 3, "the template is there already"


def test_old_settings_lead_elsewhere(box: Sandbox) -> None:
    first, second = old_settings(), old_settings()
    ports = {where["Patient Encounter Consumer"] for where in (first, second, box.addresses)}
    assert len(ports) == 3
    sent = exchange("ITI-31", build("ITI-31", person("bjorn")), second["Patient Encounter Consumer"])
    assert sent.ok
    query = build("ITI-78", {"family": "Lie"})
    assert exchange("ITI-78", query, box).answer.get("Bundle.total") == ["0"]
    assert exchange("ITI-78", query, second["Patient Demographics Supplier"]).answer.get("Bundle.total") == ["1"]


def test_a_context_is_all_that_a_check_needs() -> None:
    def refuse() -> object:
        raise AssertionError("a gap that can be named needs no sandbox")

    verdict = exercise("00.1").check(["4711"], Context(refuse))
    assert not verdict.right
