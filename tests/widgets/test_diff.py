"""Diff in Python: what it compares, what the reader may switch, and that no text makes it raise."""

from __future__ import annotations

import random
from time import perf_counter
from typing import Any

import pytest

from ihe_kit.core import Message
from ihe_kit.verbs import TIMES, parse
from ihe_kit.widgets import Diff
from tests.conftest import cases
from tests.render.given import Page, messages

HEAD = "MSH|^~\\&|A||||20250303||ORU^R01^ORU_R01|X|P|2.5\r"
OTHER = HEAD.replace("20250303", "20250304").replace("|X|", "|Y|")


def results(number: int) -> str:
    return HEAD + "PID|||1\rOBR|1|p1\r" + "".join(f"OBX|{n}|NM|{n}^x||{n}.5|g/L\r" for n in range(number))


def test_it_lists_what_differs() -> None:
    view = Diff(HEAD + "PID|||1||Lie", OTHER + "PID|||1||Lie^Bjørn")
    assert [str(change) for change in view.changes] == [
        "MSH-7 changed: 20250304, was 20250303", "MSH-10 changed: Y, was X", "PID-5.2 added: Bjørn",
    ]  # fmt: skip
    assert "<b>3 differences</b>: 1 added, 2 changed" in view.view["facts"]


def test_the_table_goes_from_the_top_down() -> None:
    one = HEAD + "PID|||1||Lie|Berg\rPD1|||Home\rPV1||I|MED1\rOBX|1||A||1\rOBX|2||B||2\r"
    view = Diff(one, HEAD + "PID|||1||Lie^Bjørn||1957\rPV1||O|MED2\rNTE|1||x\rOBX|1||B||2\rOBX|2||A||1")
    assert [(change.kind, change.path) for change in view.changes] == [
        ("added", "PID-5.2"), ("removed", "PID-6"), ("added", "PID-7"), ("removed", "PD1"), ("changed", "PV1-2"), ("changed", "PV1-3"),
        ("added", "NTE"), ("moved", "OBX[1]"), ("changed", "OBX[1]-1"), ("changed", "OBX[2]-1"),
    ]  # fmt: skip


def test_times_can_be_left_out_and_listed_again() -> None:
    view = Diff(HEAD + "PID|||1", OTHER + "PID|||2", ignore=TIMES)
    assert [change.path for change in view.changes] == ["PID-3"]
    assert (view.view["ignored"], view.view["ignoring"], view.view["times"]) == ("MSH-7, MSH-10", True, True)
    view.answer_ignore(False)
    assert len(view.changes) == 3 and view.view["ignored"] == ""
    view.selected = 2
    view.answer_ignore(True)
    assert view.selected == 0, "the light stays on a difference that is listed"
    view.ignore = ("PID",)
    assert [change.path for change in view.changes] == ["MSH-7", "MSH-10"]


def test_without_a_list_the_switch_leaves_out_the_times() -> None:
    view = Diff(HEAD, OTHER)
    assert len(view.changes) == 2
    view.answer_ignore(True)
    assert view.changes == [] and "No difference" in view.view["table"] and "left out" in view.view["table"]


def test_a_message_may_be_set_again() -> None:
    view = Diff(HEAD, HEAD)
    assert "No difference" in view.view["table"] and "left out" not in view.view["table"]
    view.other = parse(HEAD + "PID|||1")
    assert [change.path for change in view.changes] == ["PID"]
    view.one = view.other
    assert view.changes == []


@pytest.mark.parametrize(
    "one, other, says",
    [
        ("hello", HEAD, "Before: not readable at line 1, character 1"),
        (HEAD, "", "After: not readable"),
        (b"\xff\x00\x01", b"", "After: not readable"),
        (HEAD, '{"resourceType":"Patient"}', "One message is HL7 v2, the other FHIR"),
        ("{", '{"resourceType":', "Before: not readable"),
    ],
)
def test_what_cannot_be_compared_is_said(one: Any, other: Any, says: str) -> None:
    view = Diff(one, other)
    assert says in view.view["table"] and "Nothing was compared" in view.view["table"]
    assert (view.changes, view.view["times"], view.view["compared"]) == ([], False, False)
    assert "Nothing was compared" in view.twin()
    view.one = view.other = HEAD
    assert "No difference" in view.view["table"]


def test_different_versions_and_delimiters_are_compared() -> None:
    view = Diff(HEAD + "PID|||1^^^N", "MSH#*!?@#A####20250303##ORU*R01*ORU_R01#X#P#2.3.1\rPID###1***N#2")
    assert [change.path for change in view.changes] == ["MSH-1", "MSH-2", "MSH-12", "PID-4"]


@pytest.mark.parametrize("message", messages(), ids=lambda m: f"{m.standard} {m.name}")
def test_every_standard_has_a_picture_and_a_twin(message: Message) -> None:
    view = Diff(message, message.text)
    assert view.changes == [] and view.view["times"] == (message.standard == "v2")
    page = Page(view.twin())
    assert not page.having("tabindex") and "is-static" in view.twin()
    assert page.text.count("No difference") == 1


def test_very_large_and_unequal_messages() -> None:
    start = perf_counter()
    for one, other in ((results(500), results(0)), (results(0), results(500)), (results(9000), HEAD), (results(3000), results(2000))):
        view = Diff(one, other)
        assert len(view.changes) >= 500
        assert "more are not listed" in view.view["table"] or len(view.changes) <= 503
        assert len(view.view["texts"]) + len(view.view["table"]) < 3_000_000
        view.twin()
    assert perf_counter() - start < 60


def test_many_repetitions_and_a_long_line_of_parts() -> None:
    view = Diff(HEAD + "PID|||" + "~".join(map(str, range(2000))), HEAD + "PID|||" + "^".join(map(str, range(2000))))
    assert view.changes


@pytest.mark.parametrize("path", cases("hl7v2/*.hl7"), ids=lambda path: path.stem)
def test_public_messages_beside_their_broken_selves(path: Any) -> None:
    text, dice = path.read_bytes().decode("latin-1"), random.Random(7)
    broken = list(text)
    for _ in range(12):
        broken[dice.randrange(len(broken))] = dice.choice("|^~\\&\r\n\x00x<\u202e")
    view = Diff(text, "".join(broken))
    assert view.view["texts"] and view.view["table"] and view.twin()
