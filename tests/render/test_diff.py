"""Two messages beside each other, as HTML: rows that belong together, what is marked, and the table of the differences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.changes import Change
from ihe_kit.render import Comparison, Side, changes_html, texts_html
from ihe_kit.render.diff import beside
from ihe_kit.v2 import V2Message
from ihe_kit.v2.difference import difference, matched
from ihe_kit.verbs import difference as verb
from ihe_kit.verbs import explain, parse
from tests.render.given import Page

HEAD = "MSH|^~\\&|A||||1||ADT^A01^ADT_A01|X|P|2.5\r"


def compared(one: str, other: str) -> Comparison:
    first, second = V2Message(HEAD + one), V2Message(HEAD + other)
    found = matched(first, second)
    pairs = [(m.first.start, m.second.start) for m in found if m.stays and m.first and m.second]
    return Comparison(
        Side("Before", first.text, first, "|^~&"), Side("After", second.text, second, "|^~&"), difference(first, second), pairs
    )


def columns(html: str) -> list[list[str]]:
    """The lines of both columns, as a reader sees them; a gap is an empty one."""
    sides = html.split('<div class="kit-raw')[1:]
    return [[re.sub(r"<[^>]+>", "", line) for line in re.findall(r'<div class="ln(?! fold)[^>]*>(.*?)</div>', side)] for side in sides]


def test_each_text_keeps_its_order_and_equal_segments_stand_beside_each_other() -> None:
    view = compared("PID|||1\rOBX|1||A\rOBX|2||B\rNTE|1", "PID|||1\rOBX|1||B\rOBX|2||A\rZZZ|1")
    assert view.rows == [(0, 0), (1, 1), (-1, 2), (2, 3), (3, -1), (4, -1), (-1, 4)]
    left, right = columns(texts_html(view))
    assert len(left) == len(right) == len(view.rows)
    assert [line for line in left if line] == view.one.text.replace("&", "&amp;").split("\r")
    assert [line for line in right if line] == view.other.text.replace("&", "&amp;").split("\r")


@given(st.data(), st.integers(0, 8), st.integers(0, 8))
def test_rows_hold_every_line_once_and_in_order(data: st.DataObject, left: int, right: int) -> None:
    some = min(left, right)
    a, b = data.draw(st.permutations(range(left)))[:some], data.draw(st.permutations(range(right)))[:some]
    pairs = list(zip(a, b, strict=True))
    rows = beside(left, right, pairs)
    assert [first for first, _ in rows if first >= 0] == list(range(left))
    assert [second for _, second in rows if second >= 0] == list(range(right))
    assert {row for row in rows if -1 not in row} <= set(pairs)


@pytest.mark.parametrize(
    "before, after, marks",
    [
        ("PID|||1||||1958", "PID|||1||||1957", {("changed", "1958"), ("changed", "1957")}),
        ("PID|||1||Lie", "PID|||1||Lie^Bjørn", {("gap", ""), ("added", "Bjørn")}),
        ("PID|||1~2~3", "PID|||1~3", {("removed", "2"), ("gap", "")}),
        ("PID|||1~2", "PID|||2~1", {("moved", "1")}),
        ("PID|||1", "PID|||1|||^^", set()),
    ],
)
def test_what_differs_is_marked_to_the_character(before: str, after: str, marks: set[tuple[str, str]]) -> None:
    html = texts_html(compared(before, after))
    found = re.findall(r'<span class="kit-c(?:-(gap)| (\w+))"[^>]*>(.*?)</span>', html)
    assert {(gap or kind, text) for gap, kind, text in found} >= marks
    assert bool(found) == bool(marks)


def test_every_run_knows_its_place() -> None:
    view = compared("PID|||1\x00^a~2||Lie&van", "PID|||1^b||Lie")
    for column, side in zip(texts_html(view).split('<div class="kit-raw')[1:], (view.one, view.other), strict=True):
        for start, end, text in Page(f'<div class="{column.rpartition("</div>")[0]}').runs:
            assert text.replace("NUL", "\x00") == side.text[start:end]


def test_whole_segments_are_lines_and_have_a_gap_beside_them() -> None:
    html = texts_html(compared("PID|||1\rNK1|1|Lie\rPV1||I", "PID|||1\rPV1||I"))
    assert re.search(r'class="ln is-removed" data-c="0">.*NK1', html)
    assert html.count('"ln gap ') == 1
    assert html.count("2 equal segments") == 2 and html.count("1 equal segment<") == 2


def test_the_table_has_the_words_of_the_standard_and_tells_nothing_apart() -> None:
    html = changes_html(compared('PID|||1||Lie^B||""|F||', "PID|||1||Lie||1957|||x"), explain, selected=0)
    words = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", html)]
    rows = [words[n : n + 4] for n in range(0, len(words), 4)]
    assert rows == [
        ["PID-5.2 Patient Name, Given Name", "B", "absent", "removed"],
        ["PID-7 Date/Time of Birth", "&quot;&quot; null: delete it", "1957", "changed"],
        ["PID-8 Administrative Sex", "F female", "empty", "removed"],
        ["PID-10 Race", "empty", "x", "added"],
    ]
    page = Page(html).having("data-c")
    assert [row["tabindex"] for row in page] == ["0", "-1", "-1", "-1"], "one tab stop"
    assert [row["aria-selected"] for row in page] == ["true", "false", "false", "false"]


def test_places_lead_to_the_values_and_to_their_rows() -> None:
    view = compared("PID|||1\rNK1|1|Lie\rPV1||I", "PID|||1\rPV1||O")
    places = [place.split() for place in re.findall(r'data-at="([^"]+)"', changes_html(view, explain))]
    for (was, now), change in zip(places, view.changes, strict=True):
        for place, text, element in ((was, view.one.text, change.before), (now, view.other.text, change.after)):
            start, end, row = map(int, place.split(","))
            assert element is None or text[start:end] == element.value
            assert row in range(len(view.rows))
    assert places[0][0].split(",")[2] == places[0][1].split(",")[2], "the gap beside a removed segment"


def test_a_segment_elsewhere_says_from_where_and_a_value_what_its_path_was() -> None:
    html = changes_html(compared("OBX|1||A||1\rOBX|2||B||2", "OBX|1||B||3\rOBX|2||A||1"), explain)
    assert "<td><code>OBX[2]</code></td><td><code>OBX[1]</code></td>" in html
    assert re.search(r'<span class="kit-quiet">OBX\[2\]-5</span> <code><bdi>2</bdi>', html)


def test_json_is_shown_line_by_line() -> None:
    one = '{"resourceType":"Patient","gender":"male","name":[{"family":"Lie","given":["Anna","Maria","Therese","Margrethe"]}],"x":1}'
    first, second = parse(one), parse(one.replace('"male"', '"female"').replace(',"x":1', ""))
    view = Comparison(Side("A", first.text, first), Side("B", second.text, second), verb(first, second))
    html = texts_html(view)
    assert '<span class="kit-c changed"' in html and "Gender" in changes_html(view, explain)
    assert [a == b for a, b in view.rows].count(True) > 8


def test_nothing_of_a_message_becomes_markup() -> None:
    bad = '<script>alert(1)</script>"\u202eX'
    view = compared(f"PID|||{bad}\rZ{bad}|1", f"PID|||2{bad}")
    html = texts_html(view) + changes_html(view, explain)
    assert "<script" not in html and "\u202e" not in html


def test_the_twin_has_no_controls_and_reads_in_order() -> None:
    view = compared("PID|||1", "PID|||2")
    html = texts_html(view, static=True) + changes_html(view, explain, static=True)
    assert "tabindex" not in html and "fold" not in html and "data-at" not in html
    assert html.index("Before") < html.index("PID") < html.index("After")


def test_two_texts_that_cannot_be_compared_stand_as_they_come() -> None:
    message = V2Message(HEAD + "PID|||1")
    html = texts_html(Comparison(Side("A", message.text, message, "|^~&"), Side("B", "hello\n\nyou"), apart=True))
    assert 'class="kit-diff off"' in html
    assert columns(html)[1] == ["hello", "", "you"]


def test_the_change_of_a_place_that_is_not_shown_is_listed_all_the_same() -> None:
    one = V2Message(HEAD + "OBX|1||A||" + "x" * 100_010 + "|u\r")
    other = V2Message(one.text.replace("|u", "|v"))
    view = Comparison(Side("A", one.text, one, "|"), Side("B", other.text, other, "|"), difference(one, other), [(0, 0)])
    assert "The first 100,000 characters" in texts_html(view)
    assert "OBX-6" in changes_html(view, explain)
    assert [type(change) for change in view.changes] == [Change]
