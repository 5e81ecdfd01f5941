"""The items of lesson 02, Build and validate: escapes, levels of a fault, a message to mend and one to break, and a segment of one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ihe_kit.core import cited
from ihe_kit.course.cutting import cut, story
from ihe_kit.course.forms import acknowledgment, break_it, by_message, by_steps, faded, order
from ihe_kit.course.items import (
    Answer,
    Choice,
    Context,
    Example,
    Exercise,
    Goal,
    Lesson,
    Part,
    Prediction,
    Question,
    Step,
    Tile,
    Verdict,
    Wrong,
)
from ihe_kit.crosswalk import person
from ihe_kit.rules import Finding, Rule, exactly
from ihe_kit.v2.message import V2Message

SYNTAX = V2Message("MSH|^~\\&|")
ESCAPES = {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\\": "\\E\\"}

# 02.w1, 02.1 and 02.2: a text that holds delimiters -----------------------------------------------------------------------------------

HOME, DOSE, ALL_FIVE = "Hill House Care & Wellness", "A&B|C", "R&D: 5~10 mg | up ^ C:\\lab"


def escaping(text: str) -> tuple[Step, Step, Step]:
    """The three steps from a text to what stands on the wire."""
    found = [mark for mark in text if mark in ESCAPES]
    return (
        Step("Find the delimiters in the text, from left to right", " ".join(found),
             "Look for the five characters that MSH-1 and MSH-2 name: `|` `^` `~` `\\` `&`."),
        Step("Name the escape of each", " ".join(ESCAPES[mark] for mark in found),
             "`\\F\\` stands for the field separator `|`, `\\S\\` for the component separator `^`, `\\T\\` for the subcomponent separator `&`, "
             "`\\R\\` for the repetition separator `~`, `\\E\\` for the escape character itself."),
        Step("Write the value as it goes on the wire", SYNTAX.escape(text), "Put each escape in the place of its character. Everything else stays.", exact=True),
    )  # fmt: skip


EXAMPLE = Example(
    id="02.w1",
    standard="v2",
    task=f"Georgios lives in a care home. Its name is `{HOME}`. It goes into PD1-3, component 1.",
    steps=escaping(HOME),
    why="The receiver reads `\\T\\` as `&`, so nobody sees that it was ever escaped. Escape once, at the moment when a value becomes a piece of a message.",
    spec=cited("HL7 v2.5 section 2.7", checked=False),
)

_FADED, _FADED_SOLUTION = faded(escaping(DOSE), given=(0,))
_BLANK, _BLANK_SOLUTION = faded(escaping(ALL_FIVE))
_steps = by_steps(escaping(ALL_FIVE), "", "")


def check_round_trip(answer: Answer, context: Context) -> Verdict:
    """The steps, then the text itself: it is put into a message, for real, and read back."""
    wire = answer[2]
    if not (steps := _steps([*answer[:2], _BLANK_SOLUTION[2]], context)).right:
        return steps
    sent = V2Message(f"MSH|^~\\&|WARD\rNTE|1||{wire}\r")
    if raw := next((mark for mark in "|^~&" if mark in wire), ""):
        return Verdict(
            False,
            f"A bare {raw} still stands there.",
            f"A receiver cuts the text at it. In a value it is written {ESCAPES[raw]}, as in the worked example.",
        )
    if lone := re.sub(r"\\[FSTRE]\\", "", wire).partition("\\")[1]:
        return Verdict(
            False,
            f"A {lone} stands there that begins no escape.",
            "A receiver looks for the second one, and may swallow the letters between. The escape character itself is written `\\E\\`.",
        )
    came = sent.get("NTE-3")[0]
    if came == ALL_FIVE:
        return Verdict(
            True,
            "Right. It came back character for character.",
            "Sent in NTE-3, read again, and equal: that is your evidence for this lesson.",
        )
    at = next((k for k, (one, other) in enumerate(zip(came, ALL_FIVE, strict=False)) if one != other), min(len(came), len(ALL_FIVE)))
    return Verdict(
        False,
        f"It comes back as it was up to character {at}.",
        f"Then the receiver reads “{came[at : at + 12]}”, and you wanted “{ALL_FIVE[at : at + 12]}”.",
    )


# 02.4: the level of a fault -------------------------------------------------------------------------------------------------------------

LEVELS = ("syntax", "structure", "data type", "table", "usage in the profile")
FAULTS: tuple[tuple[str, str, str], ...] = (
    ("PV1-2, the class of the patient, is Q.", "table", "One capital letter is the right form. Which letters there are, a list says."),
    ("PID-3 is `4711^^^^PI`: a number, but not who gave it out. The base standard leaves that open, and the receiver refuses.", "usage in the profile",
     "The base standard has no complaint. Who else speaks about this field?"),
    ("The third line begins `P|D|4711`, where PID should be.", "syntax", "A program cuts a line at its bars. What does it get as the name of this segment?"),
    ("OBX-2 says NM, a number, and OBX-5 is `high`.", "data type", "There is a value, and nobody asks for a code from a list. Any number would do."),
    ("PID stands in the message twice.", "structure", "Each of the two may be right. What is wrong is how many there are."),
)  # fmt: skip


def check_levels(answer: Answer, _: Context) -> Verdict:
    """How many fit, and where to look for the first that does not."""
    wrong = [clue for (_fault, level, clue), given in zip(FAULTS, answer, strict=True) if given != level]
    if wrong:
        return Verdict(False, f"{len(FAULTS) - len(wrong)} of {len(FAULTS)} fit.", wrong[0])
    return Verdict(
        True, "Right, all five.", "The lower the level, the earlier a receiver stops: what cannot be read is never checked for its tables."
    )


# 02.5 and 02.6: a message to mend, a message to break -------------------------------------------------------------------------------

# Her name in Latin letters: a browser would show fields with Arabic ones from right to left, and nobody could count them.
AMINA = story("ITI-31", person("amina") | {"family": "al-Khatib", "given": "Amina"}, id="A")
POINTS = (
    Rule("type", "PID-5.7", exactly("L"), "PID-5.7 does not say L. IHE requires it in every name; L is the legal name (ITI TF-2 Appendix N.6).", "ITI TF-2 Appendix N.6"),
    Rule("class", "PV1-2", exactly("I"), "PV1-2 does not say I. Amina is admitted as an inpatient, and the patient class tells it.", "ITI TF-2 section 3.30.5.4"),
    Rule("born", "PID-7", exactly("20010523"), "PID-7 is not her birth date. She was born on 23 May 2001: year, month, day, without dashes.", "HL7 v2.5 chapter 3", checked=False),
)  # fmt: skip


def _mended(text: str, **changes: str) -> str:
    """The solution with other values, for the wrong answers below."""
    from ihe_kit.course.cutting import put

    return put(text, {path.replace("_", "-").replace("x", "."): value for path, value in changes.items()})


GIVEN = cut(_mended(AMINA, PID_7="2001-05-23"), "PID-5.7", "PV1-2")
SOUND = story("ITI-31", person("georgios"), id="G")
CHANGES = {
    "Take the type of the name away (PID-5.7)": {"PID-5.7": ""},
    "Take the assigning authority away (PID-3.4)": {"PID-3.4": ""},
    "Call it a laboratory result (MSH-9)": {"MSH-9": "ORU^R01^ORU_R01"},
    "Write the sex in small letters (PID-8)": {"PID-8": "m"},
}

# 02.7: a segment of one's own ----------------------------------------------------------------------------------------------------------

REFUSES, DROPS, KEEPS = "refuses the whole message", "accepts it and drops the segment", "accepts it and keeps the segment"
FATES = (REFUSES, DROPS, KEEPS)
LINES = (
    "We use ZNV.",
    "ZNV-1 tells where the bed stands.",
    "ZNV: after PID, 0..1. ZNV-1: ST, up to 40 characters, where the bed stands. Not known to the receiver: skip it and warn.",
)
Z_ANSWER = (REFUSES, DROPS, KEEPS, LINES[2])
Z_CLUES = (
    "`strict` answered AE in the cell above. What does AE say about the rest of the message?",
    "`skipping` answered AA. Look in its row for ZNV.",
    "`storing` answered AA. Look in its row for ZNV.",
    "A programmer at the other side has to write the reader from this line alone: where, how often, of what type, how long, and what if not.",
)


def check_z(answer: Answer, _: Context) -> Verdict:
    """Which of the four fit."""
    wrong = [clue for given, fits, clue in zip(answer, Z_ANSWER, Z_CLUES, strict=True) if given != fits]
    if wrong:
        return Verdict(False, f"{len(Z_ANSWER) - len(wrong)} of {len(Z_ANSWER)} fit.", wrong[0])
    return Verdict(
        True,
        "Right, all four.",
        "The worst of the three is the one that says AA and forgets: nobody hears of it until the field is missed.",
    )


def _four(*answers: str) -> tuple[str, ...]:
    return tuple(answers)


EXERCISES = (
    Exercise(
        id="02.1",
        standard="v2",
        task=f"The same steps for `{DOSE}`. The first one is done.",
        parts=_FADED,
        check=by_steps(escaping(DOSE), "Right.", "Each delimiter has a letter of its own, and the escape character stands on both sides of it."),
        hints=(
            "Look at the second step of the worked example.",
            "`&` is the subcomponent separator and has the letter T; `|` is the field separator and has the letter F.",
            "`A`, then `\\T\\`, then `B`, then `\\F\\`, then `C`.",
        ),
        solution=_FADED_SOLUTION,
        why="A backslash before the character, as many programming languages do it, is no escape in HL7: the letter and the second backslash are needed.",
        wrong=(
            Wrong((_FADED_SOLUTION[0], "\\& \\|", "A\\&B\\|C"), "A backslash before a character escapes it, as in C."),
            Wrong((_FADED_SOLUTION[0], "\\T\\ \\F\\", '"A&B|C"'), "Quotation marks protect a text, as in CSV."),
            Wrong((_FADED_SOLUTION[0], "&amp; &#124;", "A&amp;B&#124;C"), "Entities stand for characters, as in XML."),
        ),
        spec=cited("HL7 v2.5 section 2.7", checked=False),
    ),
    Exercise(
        id="02.2",
        standard="v2",
        task=f"Now a text with all five delimiters: `{ALL_FIVE}`. Write it as it goes on the wire. The last line is sent in NTE-3 and read again, for real.",
        parts=_BLANK,
        check=check_round_trip,
        hints=(
            "Go through the text from left to right, and stop at each of the five.",
            "Five places: `&`, `~`, `|`, `^` and, last, the backslash in the name of a folder.",
            "It begins `R\\T\\D: 5\\R\\10 mg` and ends `C:\\E\\lab`.",
        ),
        solution=_BLANK_SOLUTION,
        why="The escape character is a delimiter too. Whoever forgets it loses a backslash on the way, and sometimes the letters after it.",
        wrong=(
            Wrong((*_BLANK_SOLUTION[:2], ALL_FIVE), "In a text field the delimiters are just text."),
            Wrong((*_BLANK_SOLUTION[:2], _BLANK_SOLUTION[2].replace("\\E\\", "\\")), "A backslash that means itself needs no escape."),
            Wrong((*_BLANK_SOLUTION[:2], SYNTAX.escape(_BLANK_SOLUTION[2])), "To be safe, escape once more."),
            Wrong(("& ~ | ^", "\\T\\ \\R\\ \\F\\ \\S\\", _BLANK_SOLUTION[2]), "There are four delimiters; the backslash is none."),
        ),
        spec=cited("HL7 v2.5 section 2.7", checked=False),
    ),
    order(
        id="02.3",
        task="A result comes from the laboratory (`ORU^R01`): potassium and sodium, and a note that the potassium may be too high, because blood cells had burst "
        "in the tube. Put the segments in order, so that nobody doubts the sodium. One tile does not belong.",
        tiles=(
            Tile("MSH", "who tells whom, what kind of message", "Without the header no receiver knows the delimiters."),
            Tile("EVN", "what happened to the stay, and when", "EVN belongs to messages about stays and people, ADT. ORU_R01 has no place for it."),
            Tile("PID", "whose blood it was", "A result of nobody helps nobody."),
            Tile("OBR", "what was asked for and measured", "OBR heads its results: everything up to the next OBR belongs to it."),
            Tile("OBX|1", "potassium, 6.9 mmol/L", "The first result."),
            Tile("NTE", "the note: may be too high, blood cells burst", "Without the note somebody treats a number that is not true."),
            Tile("OBX|2", "sodium, 140 mmol/L", "The second result."),
        ),
        solution=("MSH", "PID", "OBR", "OBX|1", "NTE", "OBX|2"),
        before=(
            ("MSH", "PID", "MSH is always the first: it names the delimiters of everything after it."),
            ("PID", "OBR", "First whose, then what."),
            ("OBR", "OBX|1", "OBR heads the results. What stands before it belongs to another request, or to none."),
            ("OBX|1", "NTE", "A note belongs to whatever stands right before it."),
            ("NTE", "OBX|2", "Behind the sodium the note would be about the sodium, and the potassium would be taken for true."),
            ("OBX|1", "OBX|2", "They carry numbers: the first one comes first."),
        ),
        hints=(
            "An NTE names no one. How does a receiver know what the note is about?",
            "Header, patient, request, then each result with its note right behind it.",
            "MSH, PID, OBR, OBX|1, then the note, and OBX|2 last. EVN stays out.",
        ),
        why="What a segment belongs to, its place says. Behind PID the same note would be about the patient, behind OBR about the whole request. ORU_R01 writes it as groups: a result with its notes, repeated.",
        wrong=(
            Wrong(("MSH", "PID", "OBR", "OBX|1", "OBX|2", "NTE"), "Notes come last, as on paper."),
            Wrong(("MSH", "PID", "NTE", "OBR", "OBX|1", "OBX|2"), "A note belongs to the patient."),
            Wrong(("MSH", "EVN", "PID", "OBR", "OBX|1", "NTE", "OBX|2"), "Every message says what happened in EVN."),
        ),
        spec=cited("HL7 v2.5 section 7.3.1, ORU_R01", checked=False),
    ),
    Exercise(
        id="02.4",
        standard="v2",
        task="Five faults from five sites. On which level is each of them? No code is needed.",
        parts=tuple(Part(fault, LEVELS) for fault, _, _ in FAULTS),
        check=check_levels,
        hints=(
            "Ask in this order: can it be cut up? Are the segments where they belong? Has the value the right form? Is it on the list? Does this receiver ask for more?",
            "A letter of the right form can still be on no list. A value can be there and have the wrong form. And the same segment can be there once too often.",
            "Nothing to cut at: `P|D`. One too many: PID. No number: `high`. Not on the list: Q. What is left is usage, and each level occurs once.",
        ),
        solution=tuple(level for _, level, _ in FAULTS),
        why="Whoever names the level knows whom to call: the programmer of the interface for syntax, the people who keep the tables for a code, and for usage whoever "
        "signed the agreement.",
        wrong=(
            Wrong(("table", "usage in the profile", "syntax", "syntax", "syntax"), "Everything that is wrong with a message is a syntax error."),
            Wrong(("table", "usage in the profile", "syntax", "table", "structure"), "A word in the place of a number is missing from a list."),
            Wrong(("table", "data type", "syntax", "data type", "structure"), "What a receiver refuses, the base standard forbids."),
        ),
    ),
    Exercise(
        id="02.5",
        standard="v2",
        task="Amina al-Khatib is admitted as an inpatient. She was born on 23 May 2001. The message can be read, and the region would refuse it. Mend it. Paste "
        "it into the Validator above if you like: it tells you the places.",
        parts=(Part("The message", lines=GIVEN.count("\r") + 1, given=GIVEN),),
        check=by_message(POINTS, "Right. The region takes it.", "Nothing was lost on the way: you changed three values, and no delimiter more than was needed.", transaction="ITI-31"),
        hints=(
            "Paste the message into the Validator, or read PID and PV1: three values are wrong or absent.",
            "PID-5 needs its seventh component, PID-7 a date without dashes, PV1-2 a class.",
            "PID-5 ends in `^^^^^L`, PID-7 is `20010523`, PV1 begins with `PV1||I`.",
        ),
        solution=(AMINA,),
        why="The name got its type, the date its form, the stay its class. Only the form of the date is the base standard's business; the other two the profile asks for.",
        wrong=(
            Wrong((cut(AMINA, "PV1-2"),), "What the base standard leaves open may stay open."),
            Wrong((_mended(AMINA, PID_7="23052001"),), "A date is written as at home."),
            Wrong((_mended(AMINA, PV1_2="O"),), "Any letter of the table will do."),
        ),
        spec="ITI TF-2 section 3.31.7.1",
    ),
    break_it(
        id="02.6",
        task="Here is Georgios, sound. Make the region say that it takes no such message at all: AR, not AE. Say beforehand which place the answer will name.",
        sound=SOUND,
        changes=CHANGES,
        wants=("AR",),
        places=("PID-3", "PID-5", "PID-8", "MSH-9"),
        solution=("AR", "MSH-9", "Call it a laboratory result (MSH-9)"),
        reasons={
            "AA": "The region saw nothing to refuse. A code in the wrong case is read by many, and a warning is no refusal.",
            "AE": "AE says: I take such messages, and this one is wrong. AR is for what a receiver does not take at all.",
        },
        hints=(
            "Three of the changes spoil a value. One changes what kind of message it is.",
            "AR answers a message type or an event that the receiver does not support. MSH-9 names both.",
            "Choose the last but one change, AR, and MSH-9.",
        ),
        why="A sender reads it so: AE, mend this message; AR, this receiver takes no such message, and repeating does not help while the header is to blame (lesson 03).",
        wrong=(
            Wrong(("AE: refused, something in the message is wrong", "PID-5", "Take the type of the name away (PID-5.7)"), "Every refusal is AR."),
            Wrong(("AR: rejected, this receiver takes no such message", "PID-3", "Take the assigning authority away (PID-3.4)"), "The graver the fault, the graver the letter."),
            Wrong(("AR: rejected, this receiver takes no such message", "PID-8", "Write the sex in small letters (PID-8)"), "A code that is on no list is rejected."),
        ),
        spec="ITI TF-2 Appendix C.2.3",
    ),
    Exercise(
        id="02.7",
        standard="v2",
        task="You sent ZNV to three receivers. What did each do with it, and which line belongs in the agreement with the next one?",
        parts=(
            Part("The strict receiver …", FATES), Part("The skipping receiver …", FATES), Part("The storing receiver …", FATES),
            Part("The line for the agreement", LINES),
        ),
        check=check_z,
        hints=(
            "The table above shows what each receiver holds.",
            "AA says that the message was accepted. It does not say that every segment was kept.",
            "Refuses, drops, keeps. And the line that says where, how often, which type and what if not is the one a programmer can work from.",
        ),
        solution=Z_ANSWER,
        why="A local segment is allowed by the standard and known to nobody. Position, number, type, length and what a receiver does that does not know it: five facts, one line.",
        wrong=(
            Wrong(_four(DROPS, DROPS, KEEPS, LINES[2]), "A strict receiver leaves out what it does not know."),
            Wrong(_four(REFUSES, KEEPS, KEEPS, LINES[2]), "AA means that everything was kept."),
            Wrong(_four(REFUSES, DROPS, KEEPS, LINES[1]), "Telling what a field means is enough."),
        ),
        spec="ITI TF-2 Appendix C",
    ),
)  # fmt: skip


# Predictions --------------------------------------------------------------------------------------------------------------------------


def read_report(found: Sequence[Finding]) -> tuple[str, str]:
    """The places of the errors in a report."""
    places = [finding.path.partition(".")[0] for finding in found if finding.severity == "error"]
    return "+".join(places) or "none", ", ".join(places) or "no error"


def read_fate(table: Any) -> tuple[str, str]:
    """What became of the Z segment in the second reader: `yes`, `lost` or `changed`."""
    fate = next(str(row.iloc[-1]) for name, row in table.iterrows() if str(name).startswith("Z"))
    return fate, {"lost": "gone, without a word", "yes": "there, unchanged"}.get(fate, fate)


PREDICTIONS = (
    Prediction(
        id="02.p1",
        standard="v2",
        ask="The validator found no error by the base standard. The message goes to the region, which speaks PAM. What will it answer?",
        choices=(
            Choice("AA. A valid message is a valid message.", "Valid by which rules? The base standard leaves nearly everything optional.", "AA"),
            Choice("AE. The base standard is content, the profile is not.", "The profile asks for more than the base standard, and the receiver goes by the profile.", "AE"),
            Choice("AR. It does not take admissions.", "AR is for a type or an event that is not supported. Admissions are.", "AR"),
            Choice("Nothing. What it cannot use, it ignores.", "A receiver owes an answer to every message that it could read.", "lost"),
        ),
        read=acknowledgment,
        right="AE",
        why="It parses, so it can be read. It is valid by the base standard, so segments and types are in order. Only the profile says what this receiver needs.",
        spec="ITI TF-2 Appendix C.1",
    ),
    Prediction(
        id="02.p2",
        standard="v2",
        ask="In Nordvik's profile PID-7 (birth date) has usage RE and PID-8 (sex) has usage R. Pilot Zulu was found unconscious, and the clerk left both empty. "
        "Which errors will the report show?",
        choices=(
            Choice("One for PID-7 and one for PID-8", "RE says: send it if you know it. Nobody knows his birth date, and a validator cannot know what the sender knew.", "PID-7+PID-8"),
            Choice("One for PID-8 alone", "R has to be there. RE may be empty.", "PID-8"),
            Choice("One for PID-7 alone", "It is the other way round: R is the strict one.", "PID-7"),
            Choice("None. Both may be empty.", "PID-8 is R, so a value has to be there, if only U for unknown.", "none"),
        ),
        read=read_report,
        right="PID-8",
        why="R: always. RE: where it is known. For sex there is a code that says unknown, U; so R can be kept for everybody, and silence is told from not knowing.",
        spec="ITI TF-2 Appendix C.1.1",
        shown="It reports",
    ),
    Prediction(
        id="02.p3",
        standard="v2",
        ask="hl7apy reads the admission with ZNV in it and writes it down again. What has become of ZNV?",
        choices=(
            Choice("It is there, unchanged.", "Its reader puts segments into the structure of the message, and ZNV has no place in ADT_A01.", "yes"),
            Choice("It is gone, and the program raised an error.", "Silence is what makes this one dangerous.", "error"),
            Choice("It is gone, without a word.", "The reader puts segments into the structure of the message. What has no place there is left out when it is written again.", "lost"),
        ),
        read=read_fate,
        right="lost",
        why="Neither program is wrong by its own lights. But whoever reads and writes again on the way, an engine for example, decides what the next one gets.",
        shown="What became of it",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="02.q1",
        standard="v2",
        ask="A text field shall carry A&B|C. What goes on the wire?",
        choices=(
            Choice("`A\\&B\\|C`", "A backslash before the character is how C does it. HL7 reads `\\&B\\` as an escape that it does not know."),
            Choice('`"A&B|C"`', "Quotation marks are CSV's way. In HL7 they are two characters more, and `&` and `|` still cut."),
            Choice("`A\\T\\B\\F\\C`", "T for the subcomponent separator, F for the field separator, the escape character on both sides."),
            Choice("`A&amp;B&#124;C`", "Entities are XML's way. `&` cuts the text all the same."),
        ),
        right=2,
        spec=cited("HL7 v2.5 section 2.7", checked=False),
    ),
    Question(
        id="02.q2",
        standard="v2",
        ask="“Hill House Care & Wellness” arrives as “Hill House Care”. Where is it mended?",
        choices=(
            Choice("At the receiver: it should join the pieces with `&`.", "Then a true subcomponent would be joined too. The receiver cannot know which of the two was meant."),
            Choice("At the sender: it has to escape the `&` of the value.", "Only there is it still known that this `&` is a letter and no delimiter."),
            Choice("In the engine between them: it should escape what passes.", "It sees a message, in which an `&` may be either. And it would escape again what was escaped already."),
            Choice("Nowhere: HL7 cannot carry an ampersand.", "It can: as `\\T\\`."),
        ),
        right=1,
        spec=cited("HL7 v2.5 section 2.7", checked=False),
    ),
    Question(
        id="02.q3",
        standard="v2",
        ask="Which sentence about usage is right?",
        choices=(
            Choice("O means that the receiver must be able to use it.", "O is open: the two sides have to agree whether it is used at all."),
            Choice("RE means that it may be left out whenever that is less work.", "RE: the sender must be able to send it, and sends it when it is known."),
            Choice("X means that the sender shall not send it.", "X: not used in this profile."),
            Choice("C means that it is required for children.", "C: required when its condition holds, and the profile tells the condition."),
        ),
        right=2,
        spec="ITI TF-2 Appendix C.1.1",
    ),
    Question(
        id="02.q4",
        standard="v2",
        ask="A library reads a message without complaint. What do you know?",
        choices=(
            Choice("That the message is valid", "Reading needs delimiters. It asks neither for required fields nor for codes."),
            Choice("That the receiver will take it", "That depends on the receiver's profile, and on the receiver."),
            Choice("That it can be cut into segments and fields", "Syntax, the lowest level. Everything else has yet to be looked at."),
            Choice("That nothing was lost", "Some libraries leave out what they do not know, without a word. Compare what comes out with what went in."),
        ),
        right=2,
    ),
)  # fmt: skip

LESSON = Lesson(
    number="02",
    goals=(
        Goal("build a message whose text, with all five delimiters in it, comes back unchanged", ("02.1", "02.2")),
        Goal(
            "name the level of a fault: syntax, structure, data type, table, or usage in a profile", ("02.4", "02.5", "02.p1"), code=False
        ),
        Goal("add a segment of your own, and write down what both sides have to agree on", ("02.7", "02.p3"), code=False),
    ),
    minutes=40,
    before="lesson 01, or you know how a value is addressed: PID-3.4.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
