"""The structure of a message, and the card of an element."""

from __future__ import annotations

from ihe_kit.render import Outline, card_html, nested_html, title, tree_html
from ihe_kit.verbs import explain, parse
from tests.render.given import Page, admission, composition, feed


def _rows(html: str) -> list[dict[str, str | None]]:
    return Page(html).having("data-i")


def test_rows_have_level_state_and_one_tab_stop() -> None:
    outline = Outline(admission(), explain)
    rows = _rows(tree_html(outline, outline.opened(), 3))
    assert len(rows) == len(outline.elements)
    assert [r["data-i"] for r in rows if r["tabindex"] == "0"] == ["3"]
    assert [r["data-i"] for r in rows if r["aria-selected"] == "true"] == ["3"]
    assert {r["aria-level"] for r in rows if "hidden" not in r} == {"1"}
    assert all("aria-expanded" in r for r in rows if int(r["data-i"] or 0) in outline.children)


def test_a_large_message_gives_only_the_rows_that_show() -> None:
    outline = Outline(admission(), explain)
    assert len(_rows(tree_html(outline, set(), whole=False))) == 4


def test_repetitions_are_counted_in_words() -> None:
    outline = Outline(parse("MSH|^~\\&|A\rPID|||1~2~3"), explain)
    assert [outline.name(outline.index[f"PID-3[{n}]"]) for n in (1, 2, 3)] == ["first of 3", "second of 3", "third of 3"]
    assert "3 repetitions" in tree_html(outline, ())


def test_a_code_and_a_date_say_what_they_mean() -> None:
    html = tree_html(Outline(admission(), explain), ())
    assert "<bdi>F</bdi> <i>female</i>" in html
    assert "3 Mar 2025, 08:00" in html


def test_the_card_tells_where_what_and_where_else() -> None:
    outline = Outline(admission(), explain)
    card = card_html(outline, outline.index["PID-3.1"])
    for words in ("PID Patient Identification", "ID Number", "Patient.identifier.value", "HL7 v2.5 section 2.A.14.1", "In this message"):
        assert words in card


def test_an_unknown_path_still_has_a_row_and_a_card() -> None:
    outline = Outline(parse("MSH|^~\\&|A\rPID|" + "|" * 60 + "x"), explain)
    index = outline.index["PID-61"]
    assert "does not have this path" in card_html(outline, index)
    assert "PID-61" in nested_html(outline)


def test_titles() -> None:
    assert title(admission(), explain) == "Patient admitted"
    assert title(feed(), explain) == "PUT Patient"
    assert title(composition(), explain) == "Vital signs"


REPORT = "MSH|^~\\&|||||||ORU^R01^ORU_R01|1|P|2.5\rPID|1||4711\rOBR|1||G1|GLU\rNTE|1||a\rOBX|1|NM|GLU||5\rOBX|2|NM|HB||7\rOBR|2||G2\rOBX|1|NM|NA||140"


def test_groups_are_branches_around_their_segments() -> None:
    outline = Outline(parse(REPORT), explain)
    segments = [
        i
        for i in range(len(outline.elements))
        if outline.is_group(i) or (outline.elements[i].label.isupper() and outline.elements[i].level == 1)
    ]
    tree = [(len(outline.ancestors(i)), outline.label(i), outline.name(i)) for i in segments]
    assert tree == [
        (0, "MSH", "Message Header"),
        (0, "PATIENT_RESULT", ""),
        (1, "PATIENT", ""),
        (2, "PID", "Patient Identification"),
        (1, "ORDER_OBSERVATION[1]", "first of 2"),
        (2, "OBR", "Observation Request"),
        (2, "NTE", "Notes and Comments"),
        (2, "OBSERVATION[1]", "first of 2"),
        (3, "OBX", "Observation/Result"),
        (2, "OBSERVATION[2]", "second of 2"),
        (3, "OBX", "Observation/Result"),
        (1, "ORDER_OBSERVATION[2]", "second of 2"),
        (2, "OBR", "Observation Request"),
        (2, "OBSERVATION", ""),
        (3, "OBX", "Observation/Result"),
    ]
    html = tree_html(outline, outline.opened())
    assert "<i>OBR, NTE, 2 OBSERVATION</i>" in html
    assert sum("hidden" not in row for row in _rows(html)) == len(tree), "groups are open, segments are not"
    assert outline.elements[outline.field(outline.index["OBX[2]-3"])].path != "PATIENT_RESULT[1]", "a group is no field"


def test_a_group_has_a_card() -> None:
    outline = Outline(parse(REPORT), explain)
    card = card_html(outline, outline.index["PATIENT_RESULT[1].ORDER_OBSERVATION[2]"])
    for words in (
        "PATIENT_RESULT</li><li>ORDER_OBSERVATION[2] second of 2",
        "A group of ORU_R01",
        "Kind</dt><dd>group",
        "required, 1..*",
        "<code>OBR</code> 1..1",
    ):
        assert words in card
    assert "In this message" not in card


def test_a_message_without_groups_stays_flat() -> None:
    assert not any(Outline(admission(), explain).is_group(i) for i in range(4))
    bare = Outline(parse("MSH|^~\\&|A\rPID|1\rOBX|1"), explain)  # it names no structure, so nobody knows its groups
    assert [bare.elements[i].path for i in bare.children[-1]] == ["MSH", "PID", "OBX"]


def test_what_stands_behind_a_group_is_not_in_it() -> None:
    text = admission().text + "IN1|1|A|B|C\rIN2|1\rIN1|2|A|B|C\rACC|20250303\r"
    outline = Outline(parse(text), explain)
    top = [outline.label(i) for i in outline.children[-1]]
    assert top == ["MSH", "EVN", "PID", "PV1", "INSURANCE[1]", "INSURANCE[2]", "ACC"]
    assert [outline.label(i) for i in outline.children[outline.index["INSURANCE[1]"]]] == ["IN1", "IN2"]
