"""Validator in Python: reading, checking, repairing, and the line ends that a textarea cannot keep."""

from __future__ import annotations

import pytest

from ihe_kit.rules import Fix, repaired
from ihe_kit.verbs import parse
from ihe_kit.widgets import Validator
from ihe_kit.widgets.validator import example, restored, review, typed
from tests.render.given import Page, admission, feed


def test_the_examples_are_what_they_say() -> None:
    assert review(example()).findings == []
    assert len({finding.path for finding in review(example(mistakes=True)).findings}) == 5


def test_the_transaction_is_recognised_and_its_rules_counted() -> None:
    found = review(admission().text)
    assert found.transaction == "ITI-31"
    assert found.held > 30
    assert found.findings == []


def test_a_text_that_nobody_can_read_runs_no_rule() -> None:
    found = review('{"resourceType": "Patient",\n "name": [}')
    assert found.unreadable
    assert (found.unreadable.line, found.unreadable.column) == (2, 11)
    assert found.message is None
    view = Validator('{"resourceType": "Patient",\n "name": [}')
    assert view.report["state"] == "unreadable"
    assert "line 2, character 11" in view.report["summary"]
    assert "No rule was run" in view.report["lists"]


def test_states() -> None:
    assert Validator().report["state"] == "empty"
    assert Validator(admission()).report["state"] == "read"


@pytest.mark.parametrize(
    "before",
    ["MSH|^~\\&|A\rPID|||1\r", "MSH|^~\\&|A\r\nPID|||1\r\n", "MSH|^~\\&|A\nPID|||1", "GET /fhir/Patient HTTP/1.1\r\nhost: x\r\n\r\n"],
)
def test_text_that_nobody_changed_keeps_its_line_ends(before: str) -> None:
    assert restored(typed(before), before) == before
    assert Validator(before).text == before


def test_typed_text_gets_the_line_ends_of_its_standard() -> None:
    assert restored("MSH|^~\\&|A\nPID|||1", "") == "MSH|^~\\&|A\rPID|||1"
    assert restored("MSH|^~\\&|A\nPID|||2", "MSH|^~\\&|A\r\nPID|||1") == "MSH|^~\\&|A\r\nPID|||2"
    assert restored("PUT /x HTTP/1.1\nhost: x\n\n{\n}", "") == "PUT /x HTTP/1.1\r\nhost: x\r\n\r\n{\n}"
    assert restored("{\n}", "") == "{\n}"


def test_typing_checks_and_keeps_offsets_true() -> None:
    view = Validator(admission())
    view.draft = view.draft.replace("|F\n", "|K\n")
    place = view.text.index("|K\r") + 1
    assert {(f.path, f.start, f.end) for f in view.findings} == {("PID-8", place, place + 1)}
    assert "\n" not in view.text
    assert view.report["summary"].count("1 warning") == 1


def test_fixes_apply_one_by_one_and_all_at_once() -> None:
    view = Validator(example(mistakes=True))
    with_fix = [n for n, finding in enumerate(view.findings) if finding.fix]
    before = len(view.findings)
    view.answer_fix(with_fix[0])
    assert len(view.findings) == before - 1
    view.answer_fix()
    assert [f for f in view.findings if f.fix] == []
    assert parse(view.text).get("PV1-51") == ["V"]


def test_fixes_that_overlap_do_not_spoil_each_other() -> None:
    assert repaired("abcdef", [Fix("", 1, 3, "X"), Fix("", 2, 4, "Y"), Fix("", 6, 6, "!")]) == "abYef!"


def test_text_can_be_set_from_python() -> None:
    view = Validator()
    view.text = feed().text
    assert view.report["standard"] == "fhir"
    assert "\r" not in view.draft


def test_a_transaction_can_be_chosen() -> None:
    view = Validator(admission(), "ITI-31")
    assert 'value="ITI-31" selected' in view.report["options"]
    assert "ITI-104" not in view.report["options"]
    with pytest.raises(ValueError, match="ITI-99"):
        Validator(admission(), "ITI-99")


def test_bytes_are_read_in_their_own_character_set() -> None:
    assert (
        "Ødegård"
        in Validator(
            "MSH|^~\\&|A||||||ADT^A01||||||||8859/1\rPID|||||Ødegård".replace("||||||||8859/1", "|||||||||8859/1").encode("latin-1")
        ).text
    )


def test_the_twin() -> None:
    page = Page(Validator(example(mistakes=True)).twin())
    assert "button" not in [tag for tag, _ in page.elements]
    assert "Patient class is empty." in page.text
    assert page.having("class", "kit-f-gap kit-f-error")
    assert "Not readable" not in page.text
    assert "hello" in Validator("hello <b>").twin()
