"""The HTML of a search: its form, its URL, its hits and its refusals; whatever a message or a reader wrote is escaped."""

from __future__ import annotations

import pytest

from ihe_kit.render.search import Ask, Field, Hit, Piece, form_html, hits_html, issues, piece_html, refused_html, url_html
from tests.render.given import Page

NASTY = "<script>alert(1)</script>\"'&\u202e"
LINKS = {"self": f"http://x/{NASTY}", "next": "http://x/2"}


def test_the_url_says_what_each_part_does() -> None:
    pieces = [
        Piece("Patient", "every Patient"),
        Piece("name=a%7Cb,c", "whose `name` begins with “a|b” or “c”", 0, "wrong"),
        Piece("_count=5", "5 on a page", 1),
    ]
    page = Page(url_html(pieces, chosen=1))
    assert page.text.startswith("Patientevery Patient?name=a%7Cb,cwhose name begins with") and "&_count=5" in page.text
    options = page.having("role", "option")
    assert [one["aria-selected"] for one in options] == ["false", "true", "false"] and [one["tabindex"] for one in options] == [
        "-1",
        "0",
        "-1",
    ]
    assert [one["data-part"] for one in options] == ["-1", "0", "1"]
    assert options[1]["aria-label"] == "name=a%7Cb,c: whose name begins with “a|b” or “c”. wrong"
    assert [one["title"] for one in page.having("class", "e")] == ["|"]
    static = Page(url_html(pieces, static=True))
    assert not static.having("role") and "wrong" in static.text


def test_a_form_has_a_label_for_every_control() -> None:
    fields = Field("0.code", "parameter", "family", "params:Patient"), Field("0.modifier", "how", "nothing", options=(("", "begins with"),))
    page = Page(
        form_html(
            Field("kind", "type", "Patient", "types"),
            [Ask(0, "if", "family", (fields,), ((Field("0.v0.text", "value", NASTY),),), "or", "wrong")],
            "k",
        )
    )
    controls = page.having("data-path")
    assert [one["data-path"] for one in controls] == ["kind", "0.code", "0.modifier", "0.v0.text"] and all(
        one["aria-label"] for one in controls
    )
    assert controls[3]["value"] == NASTY and [one["role"] for one in page.having("role", "combobox")] == ["combobox"] * 2
    assert [one.get("value") for tag, one in page.elements if tag == "option"] == ["nothing", ""], (
        "a modifier that the list does not have stays"
    )
    assert "wrong" in page.text and not page.having("data-less"), "the only value cannot be taken away"


def test_hits_with_links_and_pages() -> None:
    hits = [
        Hit("Patient", "1", "Ødegård, Ingrid", "match"),
        Hit("Observation", NASTY, NASTY, "include"),
        Hit("OperationOutcome", "", "left aside", "outcome"),
    ]
    html = hits_html(hits, 1200, LINKS, "exchange 7", page=2)
    page = Page(html)
    assert "1,200 hits in all, 1 on page 2, 1 resource came along" in page.text and "exchange 7" in page.text
    assert "it matches" in page.text and "it came along" in page.text and "the server says something" in page.text
    assert "<script" not in html and "\u202e" not in html and len(page.having("data-next")) == 1
    assert not Page(hits_html(hits, 3, LINKS, "", static=True)).having("data-next")
    assert not Page(hits_html(hits, 3, {"self": "x"}, "")).having("data-next")


@pytest.mark.parametrize(
    ("total", "says"),
    [(0, "0 hits in all"), (5, "Their number alone was asked for"), (None, "nobody counted them all"), (0, "That is no error")],
)
def test_no_hits_are_an_answer_too(total: int | None, says: str) -> None:
    assert says in Page(hits_html([], total, {}, "")).text


def test_many_hits_are_cut_and_that_is_said() -> None:
    page = Page(hits_html([Hit("Patient", str(n), "", "match") for n in range(130)], 130, {}, ""))
    assert len([tag for tag, _ in page.elements if tag == "tr"]) == 101 and "30 more are not listed" in page.text


def test_a_refusal_is_told_as_findings() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "invalid", "diagnostics": f"Bad {NASTY}. And why.", "expression": ["Patient.name"]},
            {"severity": "fatal", "details": {"text": "Dead."}},
            {"severity": 5},
            7,
        ],
    }
    html = refused_html("400 Bad Request", outcome, "exchange 7")
    page = Page(html)
    assert "No hits: 400 Bad Request" in page.text and "And why." in page.text and "Dead." in page.text and "<script" not in html
    assert [(one.severity, one.path, one.rule) for one in issues(outcome)] == [
        ("error", "Patient.name", "invalid"),
        ("error", "", ""),
        ("information", "", ""),
    ]


@pytest.mark.parametrize("outcome", [None, 5, "x", {}, {"issue": 5}, {"issue": [{"details": 5, "expression": 5}]}, [{"a": NASTY}]])
def test_any_answer_can_be_a_refusal(outcome: object) -> None:
    html = refused_html("500", outcome, "")
    assert "No hits: 500" in Page(html).text and "<script" not in html


def test_a_card_names_each_piece() -> None:
    piece = Piece("name=a", f"whose `name` {NASTY}", 0, NASTY, (("name", "A name `x`", "FHIR R4 Patient.name"), (NASTY, NASTY, "")))
    html = piece_html(piece, 1)
    page = Page(html)
    assert "<script" not in html and "Whose name" in page.text and "https://hl7.org/fhir/R4/patient-definitions.html#Patient.name" in html
