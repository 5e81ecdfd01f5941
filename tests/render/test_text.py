"""The text of a message on a page: all of it, in its place, and harmless."""

from __future__ import annotations

import pytest

from ihe_kit.core import Message
from ihe_kit.render import SHOWN, Outline, card_html, mirror_html, nested_html, text_html, tree_html
from ihe_kit.rules import Finding
from ihe_kit.verbs import explain, parse, validate
from tests.render.given import Page, admission, messages

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='x",
    "&lt;b&gt;",
    "\u202egnisrever",
    "الخطيب",
    "a\x00b\x1b[2Jc",
    "x" * 5000,
]


@pytest.mark.parametrize("message", messages(), ids=lambda m: f"{m.standard} {m.name}")
def test_every_character_stands_in_the_run_that_says_so(message: Message) -> None:
    for html in (text_html(Outline(message, explain)), text_html(Outline(message, explain), offset=1)):
        page, shown = Page(html), set()
        for start, end, text in page.runs:
            assert text == message.text[start:end]
            shown |= set(range(start, end))
        assert {place for place, c in enumerate(message.text) if c not in "\r\n"} == shown


@pytest.mark.parametrize("message", messages(), ids=lambda m: f"{m.standard} {m.name}")
def test_a_mirror_holds_what_a_textarea_holds(message: Message) -> None:
    assert Page(mirror_html(Outline(message, explain), [])).text == message.text.replace("\r\n", "\n").replace("\r", "\n") + "\n"


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("pattern", ["MSH|^~\\&|A\rPID|||{}^x||{}", "MSH|^~\\&|A\rZ{}|{}"])
def test_a_hostile_value_stays_text(pattern: str, value: str) -> None:
    message = parse(pattern.format(value, value))
    outline, findings = Outline(message, explain), validate(message)
    html = (
        text_html(outline, findings)
        + mirror_html(outline, findings).replace("\u202e", "")
        + tree_html(outline, outline.opened())
        + nested_html(outline)
    )
    html += "".join(card_html(outline, index) for index in range(len(outline.elements)))
    page = Page(html)
    assert {tag for tag, _ in page.elements} <= {
        "div",
        "span",
        "wbr",
        "bdi",
        "i",
        "b",
        "ol",
        "ul",
        "li",
        "h4",
        "code",
        "p",
        "dl",
        "dt",
        "dd",
        "br",
        "details",
        "summary",
    }
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on") or name in ("src", "href")]
    assert "\u202e" not in html
    assert "\0" not in html


def test_control_characters_are_shown_by_name() -> None:
    html = text_html(Outline(parse("MSH|^~\\&|a\x00b\x1b"), explain))
    assert ">NUL</span>" in html
    assert ">ESC</span>" in html


def test_two_megabytes_show_their_beginning_and_say_so() -> None:
    message = parse('{"resourceType": "Patient", "name": [{"family": "' + "x" * 2_000_000 + '"}]}')
    html = text_html(Outline(message, explain))
    assert len(html) < SHOWN * 1.2
    assert "The first 100,000 of 2,000,0" in html
    assert len(Page(mirror_html(Outline(message, explain), [])).text) == len(message.text) + 1  # a textarea holds all of it


def test_bytes_have_offsets_and_marks() -> None:
    message = admission()
    html = text_html(Outline(message, explain), offset=1)
    offsets = [str(attrs["data-o"]) for attrs in Page(html).having("data-o")]
    assert offsets[:2] == ["0000", "0001"]
    assert int(offsets[-1]) == len(message.encode()) + 1
    assert [message.encode()[int(o) - 1 :][:3].decode() for o in offsets[1:-1]] == ["MSH", "EVN", "PID", "PV1"]
    assert html.count(">CR</span>") == 5


def test_a_finding_underlines_its_place_and_an_absent_value_a_gap() -> None:
    message = parse("MSH|^~\\&|A\rPID|||4711^^^|x")
    here = message.find("PID-3.1")[0]
    gap = message.find("PID-3.4")[0]
    findings = [Finding(s, "PID-3", e.start, e.end, "", "Wrong.", "X", "Y") for s, e in (("warning", here), ("error", gap))]
    page = Page(text_html(Outline(message, explain), findings))
    assert [a["data-s"] for a in page.having("class", "kit-f-warning")] == [str(here.start)]
    assert [(a["data-s"], a["data-e"]) for a in page.having("class", "kit-f-gap kit-f-error")] == [(str(gap.start), str(gap.start))]


def test_dense_json_is_broken_for_the_eye_only() -> None:
    message = messages()[3]
    lines = Page(text_html(Outline(message, explain))).having("class", "ln")
    assert [attrs["data-n"] for attrs in lines] == ["1"] + [""] * (len(lines) - 1)
    assert max(str(attrs["style"]) for attrs in lines) == "--d:4"


@pytest.mark.parametrize("value", ['\\"' * 15_000, "{" * 30_000, "a" * 30_000 + '\\"', "\\\\" * 15_000])
def test_a_long_value_of_quotes_is_one_string(value: str) -> None:
    """What looks like the beginning of a string inside of one is none, and no place of it is read twice."""
    message = parse('{"resourceType": "Patient", "name": [{"family": "' + value + '"}], "active": true}')
    page = Page(text_html(Outline(message, explain)))
    assert all(text == message.text[start:end] for start, end, text in page.runs)
    assert "".join(text for _, _, text in page.runs) == message.text
    assert len(page.having("class", "k")) == 4
    assert len(page.having("class", "ln")) == len(
        Page(text_html(Outline(parse(message.text.replace(value, "x" * 80)), explain))).having("class", "ln")
    )


def test_a_segment_of_a_name_alone_has_that_name_in_the_gutter() -> None:
    html = text_html(Outline(parse("MSH|^~\\&|A||||||ADT^A01\rNK1\rZBE|1"), explain))
    assert [piece.split("<")[0] for piece in html.split('<span class="seg">')[1:]] == ["MSH", "NK1", "ZBE"]
