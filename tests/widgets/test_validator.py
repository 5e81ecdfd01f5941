"""Validator in Python: reading, checking, repairing, and the line ends that a textarea cannot keep."""

from __future__ import annotations

import pytest

from ihe_kit.rules import Fix, repaired
from ihe_kit.verbs import parse
from ihe_kit.widgets import Validator
from ihe_kit.widgets.desk import KEPT, STEPS, opened
from ihe_kit.widgets.review import example, mended, restored, review, typed
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


def batch(*numbers: int) -> bytes:
    lines = [f"MSH|^~\\&|ADT|N|PIM|N|20250303080000||ADT^A0{n}^ADT_A01|F{n}|P|2.5\rPID|||{n}^^^N||Lie{n}\r" for n in numbers]
    return "".join(lines).encode()


def test_steps_back_and_forth() -> None:
    view = Validator(example(mistakes=True))
    start = view.text
    assert view.report["undo"] == ""
    view.repair(next(n for n, finding in enumerate(view.findings) if finding.path == "PV1-2"))
    after = view.text
    assert view.report["undo"] == "Set I, inpatient"
    view.draft += "\nZZZ|1"
    view.text = "MSH|^~\\&|A"
    view.undo()
    assert view.text == after.rstrip("\r") + "\rZZZ|1" or view.text == after + "\rZZZ|1"
    view.undo()
    assert view.text == after
    view.undo()
    assert (view.text, view.report["redo"]) == (start, "Set I, inpatient")
    view.undo()
    assert view.text == start
    view.redo()
    assert (view.text, view.draft) == (after, typed(after))
    view.draft += "X"
    view.redo()
    assert view.text.endswith("X")  # what was typed has taken the place of what was taken back


def test_steps_do_not_fill_the_memory() -> None:
    view = Validator()
    for n in range(300):
        view.draft = f"MSH|^~\\&|{n}"
    assert len(view.history.past) == STEPS
    for n in range(30):
        view.draft = f"MSH|^~\\&|{n}\rNTE|1||" + "x" * 990_000
    assert sum(len(desk.text) for _, desk in view.history.past) <= KEPT


def test_all_repairs_are_one_step_and_those_count_that_others_bring_up() -> None:
    view = Validator(example(mistakes=True))
    start = view.text
    made = view.repair()
    assert made >= 3
    assert f"{made} repairs made." in view.report["summary"]
    assert mended(view.text) == (view.text, 0)
    view.undo()
    assert view.text == start
    assert Validator(example()).repair() == 0


def test_a_file_of_several_messages_is_leafed_through_and_changes_stay() -> None:
    view = Validator()
    view.take(batch(1, 4), "two.hl7")
    assert view.text == batch(1).decode()
    assert '<option value="1">2: ADT^A04, Lie4, F4</option>' in view.shelf
    view.draft = view.draft.replace("Lie1", "Berg")
    view.answer_turn(1)
    assert view.text == batch(4).decode()
    assert "Message 2 of 2." in view.report["summary"]
    view.answer_turn(0)
    assert "Berg" in view.text
    view.undo()
    assert view.text == batch(4).decode()
    view.text = "MSH|^~\\&|A"
    assert view.shelf == ""


def test_several_messages_in_one_text_are_sorted_out_on_demand() -> None:
    text = batch(1, 4, 8).decode()
    view = Validator(text)
    assert "Check its 3 messages one by one" in view.shelf
    view.answer_sort()
    assert (view.text, len(view.desk.messages)) == (batch(1).decode(), 3)
    view.undo()
    assert view.text == text
    assert "one by one" not in Validator(example()).shelf
    alone = Validator(example())
    alone.answer_sort()
    assert alone.report["undo"] == ""


def test_what_is_wrong_with_a_batch_is_told_beside_its_messages() -> None:
    desk = opened(b"BHS|^~\\&|A\r" + batch(1, 4) + b"BTS|3\r", "night.hl7")
    assert len(desk.messages) == 2
    assert any("3" in says for says in desk.problems)
    only = opened(b"BHS|^~\\&|A\rBTS|0\r")
    assert (only.messages, only.text) == ((), "BHS|^~\\&|A\rBTS|0\r")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "x.bin is empty"),
        (b" \r\n", "x.bin is empty"),
        (b"\x89PNG\0\0\0\0", "x.bin is no text"),
        (b"x" * 8_000_001, "x.bin is too large"),
    ],
)
def test_files_that_are_no_message(data: bytes, says: str) -> None:
    view = Validator(example())
    assert view.answer_open("x.bin", data).startswith(says)
    assert view.text == example()
    with pytest.raises(ValueError, match=says):
        view.take(data, "x.bin")


def test_a_text_that_does_not_fit_is_kept_and_not_checked() -> None:
    view = Validator("MSH|^~\\&|A||||||ADT^A01|1|P|2.5\r" + "NTE|1||x\r" * 200_000)
    assert view.report["state"] == "large"
    assert (view.findings, view.draft, view.report["mirror"]) == ([], "", "\n")
    assert "Not checked" in view.report["summary"]
    assert len(view.text) > 1_000_000
    view.draft = "MSH|^~\\&|A"
    assert view.report["state"] == "read"
    view.undo()
    assert view.report["state"] == "large"


def test_hostile_text_is_shown_as_text() -> None:
    bad = '<script>alert(1)</script><img src="x">\0'
    for text in (bad, f"MSH|^~\\&|{bad}\rPID|||{bad}", f'{{"resourceType": "{bad}"}}', "\ud800", "MSH|^~\\&|\ud800"):
        view = Validator(text)
        view.take(batch(1) + f"MSH|^~\\&|A||||||{bad}\r".encode(), bad) if text == bad else None
        shown = "".join(str(part) for name, part in view.report.items() if name not in ("undo", "redo")) + view.shelf + view.twin()
        assert "<script" not in shown
        assert "<img" not in shown
        assert "\0" not in view.report["mirror"]


@pytest.mark.parametrize("text", ["", "hello", "{}", "MSH", "BHS|^~\\&|A", "\x0b\x1c\r"])
def test_sorting_what_is_no_message_does_nothing(text: str) -> None:
    view = Validator(text)
    view.answer_sort()
    assert view.text == text or view.desk.problems


def test_a_profile_is_held_against_whatever_is_typed() -> None:
    from ihe_kit import fhir
    from ihe_kit.files import data

    rules = {
        "profile": "https://fjordland.example/fhir/StructureDefinition/fjordland-patient",
        "packages": [fhir.load(data("fhir/fjordland"))],
    }
    widget = Validator('{"resourceType": "Patient", "name": [{"family": "Lie"}]}', **rules)
    assert {finding.path for finding in widget.findings if finding.severity == "error"} == {"Patient.identifier", "Patient.birthDate"}
    assert "the profile Fjordland Patient" in widget._options()
    widget.text = '{"resourceType": "Patient", "birthDate": "1966-07-07"}'
    assert "Patient.birthDate" not in {finding.path for finding in widget.findings}
    widget.text = "MSH|^~\\&|ADT\r"
    assert "the profile" not in widget._options()
    assert widget.findings, "a v2 message knows no profile of FHIR, and is checked all the same"
