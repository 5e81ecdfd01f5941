"""What the checks of lesson 16 say of answers that are right in another way, and of those that only look right; and when a template widens."""

from __future__ import annotations

import json

import pytest

from ihe_kit import OpenehrClient, openehr, person
from ihe_kit.course import open_record
from ihe_kit.course.checking import _sandbox, check
from ihe_kit.course.fever_check import COMMENT, MOOD, TREE, archetype, archetype_tree, compared, editor, made, pressure, temperature
from ihe_kit.course.lessons import lesson
from ihe_kit.course.lessons.two_level_modelling import (
    ARCHETYPE,
    CHANGES,
    EDITS,
    ENTRIES,
    LEVELS,
    NO_PLACE,
    PLACES,
    RULES,
    STATEMENTS,
    TEMPLATE,
    VERDICTS,
    WARD,
)
from ihe_kit.course.narrowing import widenings
from ihe_kit.files import data, home
from ihe_kit.openehr import notation

SOLVED = {item.id: item.solution for item in lesson("16").exercises}
MEAN = SOLVED["16.4"]
BOTH = "Cel 0..<100 precision 1; [degF] 30..<200 precision 1"


def but(id: str, at: int, text: str) -> tuple[str, ...]:
    """The solution, with another text in one of its parts."""
    return (*SOLVED[id][:at], text, *SOLVED[id][at + 1 :])


def test_every_statement_and_every_rule_has_one_place() -> None:
    """Each kind is there, and no other choice is taken for right."""
    assert len(STATEMENTS) == 15
    assert {one.kind for one in STATEMENTS} == set(ENTRIES)
    assert {one.kind for one in RULES} == set(LEVELS)
    for id, said, kinds in (("16.1", STATEMENTS, ENTRIES), ("16.2", RULES, LEVELS)):
        for at, one in enumerate(said):
            for kind in kinds:
                verdict = check(id, *but(id, at, kind))
                assert verdict.right == (kind == one.kind)
                assert verdict.right or (f"{len(said) - 1} of {len(said)} fit" in verdict.says and one.why in verdict.why)


def test_the_notebook_says_why_of_each() -> None:
    notebook = json.loads((home() / "notebooks" / "16-two-level-modelling.ipynb").read_text(encoding="utf-8"))
    told = "".join("".join(cell["source"]) for cell in notebook["cells"])
    for one in (*STATEMENTS, *RULES):
        assert f"| {one.text} | {one.kind.partition(':')[0]} | {one.why} |" in told


def test_what_the_rules_say_is_so() -> None:
    """The vital signs ask for the systolic value, have no tilt, and take mm[Hg] below 1000; 433 is event."""
    tree = data("openehr/kit_vital_signs.v1.tree").read_text(encoding="utf-8")
    systolic = next(line for line in tree.splitlines() if "Systolic" in line)
    assert "[at0004] 1..1" in systolic
    assert "at1005" not in tree
    assert "mm[Hg] 0..<1000" in tree
    assert made(TREE).root.child("category").child("defining_code").codes == (("433", "event"),)


RIGHT = [
    *(("16.3", but("16.3", 3, text)) for text in ("Cel; [degF]", "[degF], Cel", "Cel and [degF]", "`Cel` or `[degF]`", "Cel [degF]")),
    *(("16.3", but("16.3", 2, text)) for text in ("dv_quantity", "quantity", "Quantity", "DvQuantity", "`DV_QUANTITY`")),
    *(("16.4", but("16.4", 0, text)) for text in (MEAN[0][1:], MEAN[0] + "/", MEAN[0] + "/value", MEAN[0] + "/value/units", f"`{MEAN[0]}`")),
    ("16.4", but("16.4", 0, "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]" + MEAN[0])),
    ("16.4", but("16.4", 0, "content[openEHR-EHR-OBSERVATION.blood_pressure.v2]" + MEAN[0] + "/value/magnitude")),
    ("16.4", but("16.4", 0, "o" + MEAN[0] + "/value/magnitude")),
    *(("16.4", but("16.4", 1, text)) for text in ("0-1", "0 .. 1", "[0..1]", "0…1", "0 to 1", "optional")),
    *(("16.6", but("16.6", 0, text)) for text in ("items[at0005]", "Diastolic", "the diastolic one", "/data[at0001]/events[at0006]/data[at0003]/items[at0005]/value")),
    ("16.6", but("16.6", 2, "`mm[Hg]`")),
    ("16.8", (WARD.replace("Cel 30..<45 precision 1", "Cel 30.0..<45.0 precision 1"),)),
    ("16.8", (WARD.replace("kit_fever_check.v1", "nordvik_fever.v1"),)),
    ("16.8", (WARD.replace("Anything that the other items cannot say.", "Words."),)),
    ("16.8", (WARD.replace("Comment |", "Remark |"),)),
    ("16.8", (WARD.replace("30..<45", "30..<45").replace("\n", "\n\n", 1),)),
    ("16.8", (TREE.replace(BOTH, "Cel 30..<45 precision 1").replace("          items: ELEMENT[at0004]", COMMENT + "          items: ELEMENT[at0004]"),)),
    ("16.8", (WARD + "    protocol: ITEM_TREE[at0020] 0..1 Protocol | How.\n      items: ELEMENT[at0021] 0..1 Location of measurement | Where.\n        value: DV_CODED_TEXT local::at0023=Ear canal, at0061=Forehead\n",)),
]  # fmt: skip


@pytest.mark.parametrize("id, answer", RIGHT, ids=[f"{row[0]}-{number}" for number, row in enumerate(RIGHT)])
def test_what_is_right_in_another_way(id: str, answer: tuple[str, ...]) -> None:
    verdict = check(id, *answer)
    assert verdict.right, f"{verdict.says} {verdict.why}"


# (exercise, answer, a part of what is said, a part of why)
WRONG = [
    ("16.3", but("16.3", 3, "Cel"), "3 of 4", "more than one"),
    ("16.3", but("16.3", 3, "°C"), "3 of 4", "as people write it"),
    ("16.3", but("16.3", 3, "Cel, degF"), "3 of 4", "the brackets"),
    ("16.3", but("16.3", 3, "cel, [degF]"), "3 of 4", "capitals and small letters"),
    ("16.4", but("16.4", 0, "systolic"), "3 of 4", "Go down from the entry"),
    ("16.4", but("16.4", 0, "vital_signs/blood_pressure:0/any_event:0/mean_arterial_pressure|magnitude"), "3 of 4", "key of FLAT"),
    ("16.4", but("16.4", 0, "at0001/at0006/at0003/at1006"), "3 of 4", "not the way down"),
    ("16.4", but("16.4", 0, MEAN[0].replace("/data[at0003]", "")), "3 of 4", "Go down from the entry"),
    ("16.4", but("16.4", 1, "1"), "3 of 4", "second column"),
    ("16.4", but("16.4", 1, "0..*"), "3 of 4", "second column"),
    ("16.4", but("16.4", 3, "mmHg"), "3 of 4", "letter by letter"),
    ("16.5", ("content", "history", "event", "state", "element"), "5 of 6", "An element has a value"),
    ("16.5", ("history", "event", "state", "element", "value"), "5 of 6", "which archetype"),
    ("16.6", but("16.6", 0, "at0004"), "4 of 5", "last at-code"),
    ("16.6", but("16.6", 0, "at00051"), "4 of 5", "last at-code"),
    ("16.6", but("16.6", 2, "mm[hg]"), "4 of 5", "letter by letter"),
    ("16.6", but("16.6", 3, TEMPLATE), "4 of 5", "the library"),
    ("16.6", but("16.6", 4, CHANGES[1]), "4 of 5", "only narrows"),
    ("16.6", but("16.6", 4, CHANGES[2]), "4 of 5", "Every site in the world"),
    ("16.6", but("16.6", 4, CHANGES[3]), "4 of 5", "where the value is made"),
    ("16.7", (VERDICTS[0], PLACES[1], "Add a field of your own: at0099, Mood"), "another place: items[at0099]", ""),
    ("16.7", (VERDICTS[1], NO_PLACE, "Take degrees Celsius only"), "You foresaw it", "what a template is for"),
    ("16.7", (VERDICTS[1], NO_PLACE, "Add a field of your own: at0099, Mood"), "you said taken", "no at0099"),
    ("16.8", (TREE.replace(BOTH, "Cel 30..<45 precision 1"),), "3 of 4", "with a comment. It is refused"),
    ("16.8", (WARD.replace("30..<45", "30..<40"),), "3 of 4", "44.9 Cel. It is refused"),
    ("16.8", (WARD.replace("30..<45", "31..<45"),), "3 of 4", "30 Cel. It is refused"),
    ("16.8", (WARD.replace("30..<45", "0..<45"),), "3 of 4", "29.9 Cel. It is taken"),
    ("16.8", (WARD.replace("30..<45 precision 1", "30..<45"),), "goes beyond", "items[at0004]/value"),
    ("16.8", (WARD.replace("30..<45", "30..<145"),), "goes beyond", "items[at0004]/value"),
    ("16.8", (WARD + MOOD,), "no at0099", "items[at0099]"),
    ("16.8", (WARD.replace("value: DV_TEXT", "value: DV_BOOLEAN"),), "DV_TEXT", "items[at0063]/value"),
    ("16.8", (WARD.replace("ELEMENT[at0063]", "CLUSTER[at0063]"),), "a CLUSTER here, but ELEMENT", "items[at0063]"),
    ("16.8", (WARD.replace("body_temperature.v2", "pulse.v2"),), "of 4 points", "refused"),
    ("16.8", (WARD.replace("Cel 30..<45", "Cel 30-45"),), "cannot be read", "(line 10)"),
    ("16.8", ("a fever form",), "cannot be read", "(line 1)"),
    ("16.8", (WARD.replace("          items: ELEMENT[at0063]", "items: ELEMENT[at0063]"),), "cannot be read", "(line 11)"),
]  # fmt: skip


@pytest.mark.parametrize("id, answer, says, why", WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)])
def test_what_is_said_of_an_answer_that_is_not_there_yet(id: str, answer: tuple[str, ...], says: str, why: str) -> None:
    verdict = check(id, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in f"{verdict.says} {verdict.why}"


def test_each_change_is_told_as_the_comparison_finds_it() -> None:
    """Three of five go beyond the archetype; whoever foresees it with its place is right, and with another one not."""
    named = {name: [one.path.partition("/data[at0001]/")[2] for one in compared(tree)] for name, tree in EDITS.items()}
    assert sum(not places for places in named.values()) == 2
    for name, places in named.items():
        for place in PLACES:
            assert check("16.7", VERDICTS[0], place, name).right == (places[:1] == [place])
        assert not check("16.7", VERDICTS[1], NO_PLACE, name).right


# Narrowing ----------------------------------------------------------------------------------------------------------------------------


def lines(code: str, value: str, occurs: str = "0..1", deep: int = 10) -> str:
    return f"{' ' * deep}items: ELEMENT[{code}] {occurs} N | S\n{' ' * (deep + 2)}value: {value}\n"


STATE = "        state: ITEM_TREE[at0029] 0..1 State | S\n"
PROTOCOL = "    protocol: ITEM_TREE[at0020] 0..1 Protocol | P\n"


@pytest.mark.parametrize(
    "tree",
    [
        TREE,
        WARD,
        TREE + STATE + lines("at0065", "DV_COUNT 1..35"),
        TREE + STATE + lines("at0030", "DV_TEXT"),
        TREE + STATE + lines("at0030", "DV_CODED_TEXT local::at0031=Naked"),
        TREE + STATE + "          items: CLUSTER[openEHR-EHR-CLUSTER.level_of_exertion.v1] 0..1 Exertion | E\n",
        TREE + PROTOCOL + "      items: CLUSTER[openEHR-EHR-CLUSTER.mood.v0] 0..1 Mood | M\n",
        TREE + PROTOCOL + "      items: CLUSTER(device.v1)[at0059] 0..1 Device | D\n",
        TREE.replace("POINT_EVENT[at0003] 1..*", "INTERVAL_EVENT[at0003] 1..3"),
        data("openehr/kit_vital_signs.v1.tree").read_text(encoding="utf-8"),
        data("openehr/kit_problem_list.v1.tree").read_text(encoding="utf-8"),
    ],
)
def test_what_narrows_is_no_widening(tree: str) -> None:
    assert compared(tree) == []


@pytest.mark.parametrize(
    "tree, place, says",
    [
        (TREE + MOOD, "items[at0099]", "no at0099 (Mood)"),
        (TREE.replace("at0004] 1..1", "at0004] 1..2"), "items[at0004]", "1..2 here, but 1..1"),
        (TREE.replace(BOTH, "Cel; [degF] 30..<200 precision 1"), "items[at0004]/value", "may be any, but 0..<100"),
        (TREE.replace("0..<100", "0..100"), "items[at0004]/value", "0..100, but 0..<100"),
        (TREE.replace("0..<100", "-1..<100"), "items[at0004]/value", "-1..<100, but"),
        (TREE.replace("<100 precision 1", "<100 precision 2"), "items[at0004]/value", "decimals may be 2, but 1"),
        (TREE.replace(f" openehr::127 {BOTH}", ""), "items[at0004]/value", "Any unit"),
        (TREE.replace("[at0004]", "[at0063]").replace(f"DV_QUANTITY openehr::127 {BOTH}", "DV_TEXT"), "items[at0004]", "left out"),
        (TREE + STATE + lines("at0065", "DV_COUNT 0..35"), "items[at0065]/value/magnitude", "0..35, but 1..*"),
        (TREE + STATE + lines("at0065", "DV_COUNT"), "items[at0065]/value", "says nothing of magnitude"),
        (TREE + STATE + lines("at0030", "DV_CODED_TEXT local::at0031=Naked, at0099=Wet"), "defining_code", "at0099"),
        (TREE + STATE + lines("at0030", "DV_COUNT 1..2"), "items[at0030]/value", "DV_CODED_TEXT or DV_TEXT"),
        (TREE + STATE + "          items: CLUSTER[openEHR-EHR-CLUSTER.mood.v0] 0..1 M | M\n", "CLUSTER.mood.v0]", "No slot"),
        (TREE.replace("POINT_EVENT[at0003]", "POINT_EVENT[at0009]"), "events[at0009]", "no at0009"),
    ],
)
def test_what_goes_beyond_is_named_with_its_place(tree: str, place: str, says: str) -> None:
    found = compared(tree)
    assert [one for one in found if one.path.endswith(place) and says in one.says], found


def test_the_editor_says_it_in_words() -> None:
    assert editor(WARD) == "It only narrows the archetype."
    assert editor(TREE + MOOD).startswith("/data[at0002]/events[at0003]/data[at0001]/items[at0099]\n  The archetype has no at0099")


def test_the_archetype_narrows_itself() -> None:
    assert widenings(archetype(), archetype()) == []
    assert "Temperature" in archetype_tree()


# What is sent ---------------------------------------------------------------------------------------------------------------------------


def test_the_region_keeps_and_refuses_by_the_template_of_the_learner() -> None:
    with _sandbox() as box:
        client, ehr = OpenehrClient(box), open_record(person("emil"), box)
        assert client.upload(made(WARD)).answer.status == "201"
        sent = {
            "201": (temperature(WARD, 37.4), temperature(WARD, 37.4, comment="after a bath")),
            "422": (temperature(WARD, 374), temperature(WARD, 99.3, "[degF]"), temperature(WARD, 37.4, mood="cross")),
        }
        for status, messages in sent.items():
            assert [client.commit(ehr, message).answer.status for message in messages] == [status] * len(messages)


def test_the_device_writes_one_unit_in_another_way() -> None:
    assert not [one for one in openehr.conform(pressure()) if one.severity == "error"]
    wrong = [one for one in openehr.conform(pressure(unit="mmHg")) if one.severity == "error"]
    assert [one.path.rpartition("/items")[2] for one in wrong] == ["[at0005]/value/units"]


def test_a_temperature_says_by_which_template_it_was_made() -> None:
    assert temperature(WARD, 37.4).template_id == "kit_fever_check.v1"
    assert openehr.load(notation.opt(WARD)).id == "kit_fever_check.v1"
    assert ARCHETYPE in LEVELS
