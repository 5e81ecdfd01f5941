"""Rules find what they should, where they should, and say why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ihe_kit import v2
from ihe_kit.core import Unreadable, nearest
from ihe_kit.rules import Rule, absent, at_most, check, everywhere, has_errors, matches, one_of, present, unless, when

MESSAGE = v2.parse("MSH|^~\\&|ADT\rPID|||4711^^^NORDVIK~99||Lie^Bjørn|||K\rPV1||I")

TABLE: list[tuple[str, Callable[..., object], list[str]]] = [
    # path, test, the paths that offend
    ("PID-3.1", present, []),
    ("PID-7", present, ["PID-7"]),
    ("PV2", present, ["PV2"]),
    ("NK1-2", present, []),  # a segment that is not there: its own rule says so
    ("PID-3.4", everywhere, ["PID-3[2].4"]),
    ("PID-3.1", everywhere, []),
    ("PID-8", absent, ["PID-8"]),
    ("PID-9", absent, []),
    ("PID-8", one_of("F", "M"), ["PID-8"]),
    ("PID-7", one_of("F", "M"), []),  # an absent value breaks no table
    ("PID-3.1", matches(r"\d+"), []),
    ("PID-5.2", matches("[A-Z]+"), ["PID-5.2"]),
    ("PID-3", at_most(1), ["PID-3[2]"]),
    ("PID-7", when("PID-8", ("K",), present), ["PID-7"]),
    ("PID-7", when("PID-8", ("F",), present), []),
    ("PID-7", when("PID-9", (), present), []),
    ("PID-18", unless("PV1-19", present), ["PID-18"]),
    ("PID-18", unless("PV1-2", present), []),
]


@pytest.mark.parametrize("path, test, offending", TABLE)
def test_each_test(path: str, test: Callable[..., object], offending: list[str]) -> None:
    found = check(MESSAGE, [Rule("R", path, test, "Something is wrong. It matters.", "a section")])
    assert [finding.path for finding in found] == offending


def test_a_finding_says_what_why_and_where() -> None:
    rule = Rule(
        "PAM-PID-8",
        "PID-8",
        one_of("F", "M"),
        "{found} is no value. Ask the ward.",
        "ITI TF-2 section 3.30.5.3",
        "warning",
        ("Set F", "F"),
        False,
    )
    (finding,) = check(MESSAGE, [rule])
    assert finding.what == "K is no value."
    assert finding.why == "Ask the ward."
    assert MESSAGE.text[finding.start : finding.end] == finding.found == "K"
    assert finding.spec == "ITI TF-2 section 3.30.5.3 (not checked against the text)"
    assert finding.fix and finding.fix.text == "F"
    assert not has_errors([finding])


def test_a_fix_writes_what_is_missing_before_it() -> None:
    (finding,) = check(MESSAGE, [Rule("R", "PID-11.3", present, "No city. Nobody finds the house.", "s", fix=("Set", "Nordvik"))])
    assert finding.fix
    fixed = v2.parse(MESSAGE.text[: finding.fix.start] + finding.fix.text + MESSAGE.text[finding.fix.end :])
    assert fixed.get("PID-11.3") == ["Nordvik"]
    assert fixed.get("PID-8") == ["K"]


def test_a_fix_may_come_from_the_message() -> None:
    rule = Rule(
        "R", "PID-7", present, "No birth date. Ask.", "s", fix=lambda message: ("Set", "2000") if message.get("PID-8") == ["K"] else None
    )
    (finding,) = check(MESSAGE, [rule])
    assert finding.fix and finding.fix.label == "Set"


def test_order_is_errors_first_then_the_text() -> None:
    rules = [
        Rule("W", "PID-8", one_of("F"), "w.", "s", "warning"),
        Rule("B", "PV1-2", one_of("O"), "b.", "s"),
        Rule("A", "PID-7", present, "a.", "s"),
    ]
    assert [finding.rule for finding in check(MESSAGE, rules)] == ["A", "B", "W"]


def test_unreadable_names_line_and_character() -> None:
    problem = Unreadable("expected a value", "one\r\ntwo\rthr", 10)
    assert (problem.line, problem.column) == (3, 2)
    assert str(problem) == "line 3, character 2: expected a value"


def test_nearest() -> None:
    assert nearest("brithdate", ["birthdate", "family"]) == "; did you mean birthdate?"
    assert nearest("zzz", ["birthdate"]) == ""
