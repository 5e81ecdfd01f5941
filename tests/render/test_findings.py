"""Findings as lists: many of a kind are one line that opens."""

from __future__ import annotations

from ihe_kit.render import findings_html
from ihe_kit.rules import Finding
from tests.render.given import Page


def found(path: str, rule: str = "HL7-FIELD", severity: str = "error") -> Finding:
    return Finding(severity, path, 0, 0, "", f"{path} is empty. It is wanted.", rule, "HL7 v2.5")


def test_many_of_a_kind_are_folded_where_the_first_stands() -> None:
    findings = [found("OBX[1]-11"), found("PID-3"), *(found(f"OBX[{n}]-11") for n in range(2, 101)), found("OBX[7]-11", "OTHER")]
    html = findings_html(findings, "v2")
    assert "and 99 more like it" in html
    assert html.count("data-under") == 50
    assert "49 of them are not listed." in html
    assert html.index('data-f="0"') < html.index('data-under="0"') < html.index('data-f="1"')
    assert ">102<" in html
    assert html.count("It is wanted.") == 3


def test_two_of_a_kind_stand_each_for_itself() -> None:
    html = findings_html([found("OBX[1]-11"), found("OBX[2]-11")], "v2")
    assert "data-fold" not in html
    assert html.count("It is wanted.") == 2


def test_in_the_static_twin_a_fold_is_a_detail() -> None:
    html = findings_html([found(f"OBX[{n}]-11") for n in range(1, 5)], "v2", static=True)
    assert "<details><summary>and 3 more like it</summary>" in html
    assert "data-under" not in html
    assert [tag for tag, _ in Page(html).elements].count("li") == 4
