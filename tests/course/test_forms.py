"""The forms of an exercise, each with a small one of its own: what passes, what does not, and in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ihe_kit import person
from ihe_kit.course.checking import check
from ihe_kit.course.cutting import cut, gaps, put, story
from ihe_kit.course.forms import break_it, by_message, by_steps, faded, order
from ihe_kit.course.items import Exercise, Part, Step, Tile, Wrong
from ihe_kit.course.ledger import Progress
from ihe_kit.course.mastery import export
from ihe_kit.rules import Rule, exactly, present
from ihe_kit.widgets.course.exercises import ExerciseView
from ihe_kit.widgets.course.order import OrderView
from tests.course.test_views import press, tags

SOUND = story("ITI-31", person("ingrid"))
WRONG = (Wrong(("x",), "one"), Wrong(("y",), "two"), Wrong(("z",), "three"))
HINTS = ("Where to look.", "What to do.", "Nearly the answer.")

PUZZLE = order(
    id="99.1",
    task="Put the segments in order.",
    tiles=(
        Tile("MSH", "who speaks to whom", "It tells how to read the rest."),
        Tile("EVN", "what happened", "Without it nobody knows when."),
        Tile("PID", "who it is about", "Somebody was admitted."),
        Tile("PV1", "the stay", "A bed is taken."),
        Tile("OBX", "a result", "A result belongs to another message."),
    ),
    solution=("MSH", "EVN", "PID", "PV1"),
    before=(
        ("MSH", "EVN", "The header tells how to read what follows."),
        ("MSH", "PID", "The header tells how to read what follows."),
        ("PID", "PV1", "First who, then where."),
    ),
    hints=HINTS,
    why="Header, event, person, stay.",
    wrong=WRONG,
)
BROKEN = break_it(
    id="99.2",
    task="Make the receiver refuse.",
    sound=SOUND,
    wants=("AE",),
    places=("PID-3", "EVN-2"),
    solution=("AE", "PID-3", {"PID-3.4": ""}),
    reasons={"AR": "AR is for what is not supported here.", "AA": "It took the message."},
    hints=HINTS,
    why="Nobody knows whose number it is.",
    wrong=WRONG,
)
CHOSEN = break_it(
    id="99.3",
    task="Make the receiver refuse.",
    sound=SOUND,
    wants=("AE",),
    places=("PID-3", "EVN-2"),
    solution=("AE", "PID-3", "Take the authority away"),
    changes={
        "Take the authority away": {"PID-3.4": ""},
        "Turn the event into a discharge": {"MSH-9": "ADT^Z99^ADT_A01"},
        "Take the city away": {"PID-11.3": ""},
    },
    reasons={"AR": "AR is for what is not supported here."},
    hints=HINTS,
    why="Nobody knows whose number it is.",
    wrong=WRONG,
)
WRITTEN = Exercise(
    id="99.4",
    standard="v2",
    task="Write it.",
    parts=(Part("The message", lines=4, given=cut(SOUND, "PID-5.1", "PV1-2")),),
    check=by_message(
        (
            Rule("FAMILY", "PID-5.1", exactly("Ødegård"), "PID-5.1 does not say Ødegård. She is called Ødegård.", ""),
            Rule("GIVEN", "PID-5.2", present, "The given name is missing. Her given name is Ingrid.", ""),
        ),
        "Right.",
        "A person and a stay.",
        "ITI-31",
    ),
    hints=HINTS,
    solution=(SOUND,),
    why="A person and a stay.",
    wrong=WRONG,
)
STEPS = (
    Step("Find the segment", "PID", "Who it is about."),
    Step("Count the bars", "5", "After the name."),
    Step("Write the path", "PID-5", "Both."),
)


@pytest.mark.parametrize(
    "answer",
    [("MSH", "EVN", "PID", "PV1"), ("MSH", "PID", "EVN", "PV1"), ("MSH", "PID", "PV1", "EVN")],
    ids=lambda answer: "-".join(answer),
)
def test_every_order_that_keeps_the_pairs_is_right(answer: tuple[str, ...]) -> None:
    assert check(PUZZLE, *answer).right


@pytest.mark.parametrize(
    ("answer", "says", "why", "faults"),
    [
        (("MSH", "EVN", "PV1", "PID"), "2 of 4 stand well. `PID` comes before `PV1`.", "First who", ("PID", "PV1")),
        (("MSH", "EVN", "PID"), "`PV1` is missing.", "A bed is taken.", ()),
        (("MSH", "EVN", "PID", "PV1", "OBX"), "4 of 4 stand well. `OBX` does not belong here.", "another message", ("OBX",)),
        (("PID", "MSH", "EVN", "PV1"), "`MSH` comes before `PID`.", "header", ("MSH", "PID")),
        (("MSH", "MSH"), "no order of these pieces", "Each of them once", ()),
        (("MSH", "ZZZ"), "no order of these pieces", "Each of them once", ()),
    ],
)
def test_a_puzzle_names_the_pair(answer: tuple[str, ...], says: str, why: str, faults: tuple[str, ...]) -> None:
    verdict = check(PUZZLE, *answer)
    assert not verdict.right
    assert says in verdict.says
    assert why in verdict.why
    assert verdict.faults == faults


def test_a_puzzle_starts_shuffled_and_the_same_every_day() -> None:
    assert PUZZLE.untouched == PUZZLE.untouched
    assert sorted(PUZZLE.untouched) == sorted(tile.key for tile in PUZZLE.tiles)
    assert not check(PUZZLE, *PUZZLE.untouched).tried
    assert not check(PUZZLE).tried


def test_a_puzzle_on_the_screen(tmp_path: Path) -> None:
    kept = Progress(tmp_path)
    widget = OrderView(PUZZLE, kept)
    assert widget.html.count('role="option"') == 5
    assert widget.html.count(" name=") == 5
    press(widget, "move", "MSH", "EVN", "PID")
    assert widget.html.count(" name=") == 3, "what is left out is not sent"
    assert kept.all() == {}, "a move is no try"
    press(widget, "hint")
    assert widget.used == ["MSH", "EVN", "PID"], "a hint leaves the pieces where they are"
    press(widget, "check", "MSH", "EVN", "PV1", "PID", "nonsense")
    assert widget.html.count("kit-i warning") == 2
    assert widget.html.count("kit-i ok") == 2
    press(widget, "check", *PUZZLE.solution)
    assert kept.get("99.1")["solved"]
    again = OrderView(PUZZLE, Progress(tmp_path))
    assert again.used == list(PUZZLE.solution)
    assert "OBX" in again.twin()
    assert not tags(again.twin()) & {"button", "input", "select", "form", "script"}


def test_what_is_broken_is_sent_for_real_and_compared() -> None:
    right = check(BROKEN, *BROKEN.solution)
    assert right.right
    assert right.predicted == "AE, PID-3"
    assert right.happened.startswith("AE, PID-3: ")


AE, AA, AR = (option for code in ("AE", "AA", "AR") for option in BROKEN.parts[0].options if option.startswith(code))


@pytest.mark.parametrize(
    ("answer", "says", "why", "happened"),
    [
        ((AE, "PID-3", SOUND), "Not yet: AA came, and the task wants AE. You said AE.", "It took the message.", "AA"),
        ((AA, "nothing: it names none", SOUND), "You foresaw it: AA. But the task wants AE.", "It took the message.", "AA"),
        ((AA, "PID-3", cut(SOUND, "PID-3.4")), "It is broken, but you said AA, and AE came.", "", "AE, PID-3"),
        ((AE, "EVN-2", cut(SOUND, "PID-3.4")), "AE, as you said, but for another place: PID-3.", "say it again", "AE, PID-3"),
        (
            (AE, "PID-3", put(SOUND, {"MSH-9": "ADT^Z98^ADT_A01"})),
            "Not yet: AR came, and the task wants AE. You said AE.",
            "not supported",
            "AR",
        ),
        ((AE, "PID-3", "hello"), "That is no message any more, so nothing was sent.", "MSH", ""),
        (("", "", cut(SOUND, "PID-3.4")), "1 of 3 are filled in.", "First say which answer will come", ""),
    ],
)
def test_what_is_not_broken_yet(answer: tuple[str, ...], says: str, why: str, happened: str) -> None:
    verdict = check(BROKEN, *answer)
    assert not verdict.right
    assert verdict.says == says
    assert why in verdict.why
    assert verdict.happened.startswith(happened)


def test_a_change_may_be_chosen_by_its_words() -> None:
    assert check(CHOSEN, *CHOSEN.solution).right
    assert not check(CHOSEN, AE, "PID-3", "Turn the event into a discharge").right
    assert not check(CHOSEN, AE, "PID-3", "Take the city away").right
    assert not check(CHOSEN, AE, "PID-3", "Something else").right


def test_prediction_and_answer_stand_side_by_side(tmp_path: Path) -> None:
    widget = ExerciseView(BROKEN, Progress(tmp_path))
    assert ">Send it</button>" in widget.html
    assert "Break it 99.2" in widget.html
    assert 'data-given="MSH|^~\\&amp;|' in widget.html
    press(widget, "check", AE, "EVN-2", cut(SOUND, "PID-3.4").replace("\r", "\n"))
    assert "You predicted" in widget.html and "It answered" in widget.html
    assert "4711^^^^PI" in widget.html, "what was typed stays"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\n\n"])
def test_line_ends_of_a_message_do_not_matter(end: str) -> None:
    assert check(WRITTEN, SOUND.replace("\r", end)).right
    assert check(WRITTEN, SOUND.replace("\r", end).strip()).right


@pytest.mark.parametrize(
    ("text", "says", "why"),
    [
        (cut(SOUND, "PID-5.1"), "1 of 2 points are met. PID-5.1 does not say Ødegård.", "She is called"),
        (put(SOUND, {"PID-5.1": "Lie"}), "1 of 2 points are met. PID-5.1 does not say Ødegård.", "She is called Ødegård."),
        (
            put(SOUND, {"PID-5": "^Ødegård"}),
            "1 of 2 points are met. PID-5.1 does not say Ødegård.",
            "Ødegård stands in PID-5.2, one caret late.",
        ),
        (cut(SOUND, "PV1-2"), "The task is met, but a receiver would refuse the message. ", "PV1-2"),
        ("PID|1", "It cannot be read yet.", "MSH"),
    ],
)
def test_a_message_is_held_to_the_task_and_then_to_the_rules(text: str, says: str, why: str) -> None:
    verdict = check(WRITTEN, text)
    assert not verdict.right
    assert verdict.says.startswith(says)
    assert why in verdict.why


def test_what_is_given_is_cut_from_the_solution() -> None:
    assert not check(WRITTEN, *WRITTEN.untouched).tried
    assert cut("MSH|^~\\&|A\rEVN||1\rPID|||7\r", "EVN") == "MSH|^~\\&|A\rPID|||7\r"
    assert put("MSH|^~\\&|A\rPID|||7", {"PID-5.2": "Ingrid"}) == "MSH|^~\\&|A\rPID|||7||^Ingrid"
    assert gaps("4711^^^[NORDVIK]^[PI]") == ("4711^^^^", "4711^^^NORDVIK^PI")
    with pytest.raises(ValueError, match="PID-99 holds nothing"):
        cut(SOUND, "PID-99")


def test_steps_fade(tmp_path: Path) -> None:
    parts, solution = faded(STEPS, given=(0,))
    item = Exercise("99.5", "v2", "Where is the name?", parts, by_steps(STEPS, "Right.", "Why.", {1: lambda text: "One too many." if text == "6" else ""}),
                    HINTS, solution, "Why.", WRONG)  # fmt: skip
    assert item.untouched == ("PID", "", "")
    assert check(item, "whatever", " 5", "pid-5").right, "what is fixed stays, capitals do not matter"
    assert check(item, "PID", "6", "PID-5").why == "One too many."
    assert check(item, "PID", "5 and", "PID, -5").right, "a list is a list"
    assert check(item, "PID", "4", "PID-5").says == "2 of 3 steps are right. Look again at “Count the bars”."
    assert check(item, "PID", "5", "").says == "1 of 2 are filled in."
    assert not check(item, "PID", "", "").tried
    assert ExerciseView(item, Progress(tmp_path)).html.count(" readonly") == 1


def test_where_every_character_counts_it_is_said() -> None:
    steps = (Step("Write it", "A\\T\\B c", "How.", exact=True),)
    parts, solution = faded(steps)
    item = Exercise("99.6", "v2", "Write it.", parts, by_steps(steps, "Right.", "Why."), HINTS, solution, "Why.", WRONG)
    assert check(item, "A\\T\\B c").right
    assert check(item, "A\\t\\B c").why == "All is there, but capitals and small letters are not the same here."
    assert "7 are needed, and you wrote 8" in check(item, "A\\T\\B  c").why
    assert check(item, "A\\S\\B c").why == "How."


def test_an_export_tells_what_was_mastered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = Progress(tmp_path)
    assert "Nothing yet." in export(kept=kept).text
    kept.update("00.2", solved=True, tries=2, hints=1, said="Right | all five.", when="2025-03-03", answer=["a", "b"])
    kept.update("00.q1", solved=True, chosen=[0, 1], when="2025-03-03")
    kept.update("00.p1", predicted=0, when="2025-03-03")
    written = export(kept=kept)
    text = (tmp_path / "mastered.md").read_text(encoding="utf-8")
    assert "- [x] say for one clinical fact" in text
    assert "- [ ] choose your path" in text
    assert "| 00.2 | yes | 2 | 1 | 2025-03-03 | Right \\| all five. |" in text
    assert "| 00.p1 | otherwise |" in text
    assert text in written._repr_markdown_()
    found = json.loads((tmp_path / "mastered.json").read_text(encoding="utf-8"))["lessons"]
    assert [lesson["lesson"] for lesson in found] == ["00"]
    assert {item["item"] for item in found[0]["items"]} == {"00.2", "00.q1", "00.p1"}
    assert found[0]["items"][0]["answer"] == ["a", "b"]
