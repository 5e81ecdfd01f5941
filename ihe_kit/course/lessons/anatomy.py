"""The items of lesson 01, Anatomy of a message: the header, paths, what is not there, line ends, the order of segments, and a refusal on purpose."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ihe_kit.core import Element, UnknownPath, cited
from ihe_kit.course.cutting import cut, put, story
from ihe_kit.course.forms import break_it, by_message, by_steps, faded, order
from ihe_kit.course.items import (
    Answer,
    Check,
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
from ihe_kit.course.scenes import telephone
from ihe_kit.crosswalk import person
from ihe_kit.rules import NULL, Rule, one_of
from ihe_kit.verbs import build, exchange, parse

TWO_NUMBERS = "4711^^^NORDVIK&2.999.10.1&ISO^PI~88012^^^FJORDLAND&2.999.1.1&ISO^PI"
ADMISSION = story("ITI-31", person("ingrid") | {"PID-3": TWO_NUMBERS})


def _place(path: str) -> Element | None:
    """Where a path leads in Ingrid's admission, or None for what is no path."""
    try:
        return next(iter(parse(ADMISSION).find(path)), None)
    except UnknownPath:
        return None


def _same(one: str, other: str) -> bool:
    """Two ways to write one place: `PV1-19.4.1` and `PV1-19[1].4.1`."""
    here, there = _place(one.upper().replace(" ", "")), _place(other)
    return bool(here and there and (here.start, here.end) == (there.start, there.end))


# 01.1: the header alone, no code -----------------------------------------------------------------------------------------------------

HEADER = r"MSH|^~\&|LAB|MIDTLAB|WARD|NORDVIK|20250303091500+0100||ORU^R01^ORU_R01|L00042|T|2.5|||AL|NE||UNICODE UTF-8"

# (what is asked, what may be chosen, what fits, where to look when something else was chosen)
READ: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("Who speaks, and to whom?", ("LAB at Midtbyen, to WARD at Nordvik", "WARD at Nordvik, to LAB at Midtbyen", "NORDVIK, to everybody"),
     "LAB at Midtbyen, to WARD at Nordvik",
     "The sender comes first: application in MSH-3, facility in MSH-4. The receiver follows in MSH-5 and MSH-6."),
    ("What does it tell?", ("somebody was admitted", "a result is there", "something is ordered"), "a result is there",
     "MSH-9.1 is the kind of message. ADT is about admission and discharge, ORM and OML order something, ORU brings a result."),
    ("By which plan are its segments laid out?", ("R01", "2.5", "ORU_R01"), "ORU_R01",
     "R01 is the trigger event, what happened; 2.5 is the version of the standard. The plan, the message structure, is the third part of MSH-9."),
    ("May the ward treat a patient by it?", ("yes, it is production", "no, it is for training", "yes, in an emergency"), "no, it is for training",
     "MSH-11 is the processing ID: P is production, T is training, D is debugging."),
    ("How are the names in it written?", ("UTF-8", "plain ASCII", "the receiver has to guess"), "UTF-8",
     "MSH-18 names the character set. Where it is empty, the message holds ASCII alone."),
)  # fmt: skip


def check_header(answer: Answer, _: Context) -> Verdict:
    """How many fit, and where to look for the first that does not."""
    open_ones = [clue for (_ask, _options, fits, clue), given in zip(READ, answer, strict=True) if given != fits]
    if not open_ones:
        return Verdict(
            True,
            "Right, all five, from one line.",
            "You know who speaks, about what, and whether to act, and you have not read a word about the patient.",
        )
    return Verdict(False, f"{len(READ) - len(open_ones)} of {len(READ)} fit.", open_ones[0])


# 01.2: a table that is one field late -------------------------------------------------------------------------------------------------

MAPPING = (("sending application", 3), ("kind of message and event", 9), ("control ID", 10), ("version", 12))


def check_mapping(answer: Answer, _: Context) -> Verdict:
    """Each path has to lead to the value that its row names."""
    wrong = [(name, number, path) for (name, number), path in zip(MAPPING, answer, strict=True) if not _same(path, f"MSH-{number}")]
    if not wrong:
        return Verdict(
            True,
            "Right: all four lead where they should.",
            "MSH-1 is the separator itself, so in this one segment the first value after `MSH|` is number 2.",
        )
    name, number, path = wrong[0]
    if path.upper().startswith(f"MSH-{number}."):
        return Verdict(
            False, f"{len(MAPPING) - len(wrong)} of {len(MAPPING)} lead where they should. Nearly: {name}.",
            f"The field is right. The row asks for all of it, so name the whole field: `MSH-{number}`.",
        )  # fmt: skip
    found = _place(path.upper().replace(" ", ""))
    holds = (
        f"`{path}` holds `{found.value}`."
        if found and found.value
        else f"`{path}` holds nothing."
        if found
        else f"`{path}` is no path: write `MSH-`, then a number."
    )
    early = "It is still one field early. " if path.upper() == f"MSH-{number - 1}" else ""
    more = (
        "Count the first bar as MSH-1 and `^~\\&` as MSH-2, then go on."
        if not found or not found.value or early
        else "That is another field's value."
    )
    return Verdict(
        False, f"{len(MAPPING) - len(wrong)} of {len(MAPPING)} lead where they should. Not yet: {name}.", f"{holds} {early}{more}"
    )


# 01.w1, 01.3, 01.4: the same six steps, done, with gaps, blank -------------------------------------------------------------------------

HOW = (
    "Each line is a segment, and its first three characters say what it is about: MSH the message, PID the patient, PV1 the stay.",
    "Field n stands behind the n-th bar. In MSH the first bar is itself MSH-1, so you arrive one earlier. The tree of the Explorer counts for you.",
    "`~` begins another repetition. Where there is none, it is the first.",
    "`^` stands between components. Two in a row have an empty one between them, and it counts.",
    "`&` stands between subcomponents. Where there is none, it is the first.",
    "Segment, a dash, the field; a repetition in square brackets; then component and subcomponent, with dots. A first and only one may be left out.",
)  # fmt: skip
LABELS = ("Find the segment", "Count to the field", "Which repetition?", "Which component?", "Which subcomponent?", "Write the path")


def steps(*values: str) -> tuple[Step, ...]:
    """The six steps from a value to its path."""
    return tuple(Step(label, value, how) for label, value, how in zip(LABELS, values, HOW, strict=True))


REGION = steps("PID", "3", "2", "4", "2", "PID-3[2].4.2")
STAY = steps("PV1", "19", "1", "4", "1", "PV1-19.4.1")
PLAN = steps("MSH", "9", "1", "3", "1", "MSH-9.3")
GAPPED, GAPPED_SOLUTION = faded(STAY, given=(0, 2, 4))
BLANK, BLANK_SOLUTION = faded(PLAN)


def path_steps(given: tuple[Step, ...], why: str, late: str = "") -> Check:
    """A check of the six steps, whichever way the path is written. `late` says what to tell who is one field late."""
    held = _place(given[5].value)
    by_row = by_steps(given, f"Right: {given[5].value} holds {held.value if held else 'nothing'}.", why, {1: lambda _: late})

    def look(answer: Answer, context: Context) -> Verdict:
        path = given[5].value if _same(answer[5], given[5].value) else answer[5]
        return by_row([answer[0], *map(_last_number, answer[1:5]), path], context)

    return look


def _last_number(text: str) -> str:
    """`4` of `CX-4`, as the tree of the Explorer writes it, and `19` of `PV1-19`."""
    return str((re.findall(r"\d+", text) or [text])[-1])


# 01.5: say nothing, or delete ---------------------------------------------------------------------------------------------------------

GONE = story("ITI-31", person("ingrid") | {"phone": NULL}, event="A08")


def _not_null(elements: Any, _: Any) -> list[Element]:
    return [element for element in elements if element.value != NULL]


POINTS = (
    Rule("PERSON", "PID-3.1", one_of("4711"), "PID-3 names {found}. The update is about Ingrid, number 4711 at Nordvik.", ""),
    Rule("ADDRESS", "PID-11.1", one_of("Fjordgata 12"),
         "PID-11 says {found}. She has not moved: leave the address as it is, for `\"\"` there would delete it too.", ""),
    Rule("NAME", "PID-5.1", one_of("Ødegård"), "PID-5 says {found}. Her name is Ødegård, and stays.", ""),
    Rule("NULL", "PID-13", _not_null,
         "PID-13 does not tell the receiver to delete the number. An old number says: still hers. An empty field says nothing, and the receiver keeps what it has. "
         "Two double quotes say: delete it.", ""),
)  # fmt: skip
_on_paper = by_message(POINTS, "", "", "ITI-31")


def _nearly_null(verdict: Verdict, text: str) -> Verdict:
    """The verdict on an update, and more of it where PID-13 holds what only looks like NULL."""
    found = re.search(r"\|(''|“”|„“|NULL|null|\")(?=[|\r]|$)", text)
    return replace(verdict, why=f"`{found[1]}` is a text like any other. NULL is `{NULL}`, two double quotes.") if found else verdict


def check_gone(answer: Answer, context: Context) -> Verdict:
    """First the message itself, then for real: what does a region that knew her hold after it?"""
    verdict = _on_paper(answer, context)
    if not verdict.right:
        return _nearly_null(verdict, answer[0])
    with context.sandbox() as box:
        exchange("ITI-31", build("ITI-31", person("ingrid"), box.clock, box.ids), box)
        sent = exchange("ITI-31", parse(answer[0]), box)
        held = telephone(box)
    if not sent.ok:
        return Verdict(
            False, f"The region did not take it: {sent.answer.name if sent.answer else sent.lost}.", next((f.says for f in sent.found), "")
        )
    if held:
        return Verdict(
            False,
            "The region took it, and still holds a telephone number.",
            f"It holds {', '.join(held)}. PID-13 as a whole has to be two double quotes.",
        )
    return Verdict(
        True,
        "Right. The region took it and holds no telephone any more.",
        "Everything else is as it was. One field said delete, the rest said what is true.",
    )


# 01.6: bytes, no code -----------------------------------------------------------------------------------------------------------------

CR, LF, CRLF = "as HL7 wants it", "as a log or Unix writes lines", "as Windows writes lines"
FROM_LOG, IN_EVN, IN_READER = "where the copy was made: end each segment with 0D", "in EVN: write it anew", "nowhere: it is the same text"
BYTES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("`… 54 46 2D 38 0A 45 56 4E 7C …`", (CR, LF, CRLF), LF, "Look between `38` (the 8 of UTF-8) and `45` (the E of EVN). `0A` is a line feed."),
    ("`… 54 46 2D 38 0D 45 56 4E 7C …`", (CR, LF, CRLF), CR, "`0D` is a carriage return, and nothing else. That is the one that HL7 asks for."),
    ("`… 54 46 2D 38 0D 0A 45 56 4E 7C …`", (CR, LF, CRLF), CRLF, "Two bytes stand here, `0D 0A`: a carriage return and a line feed."),
    ("The partner says: required segment EVN is missing. Where do you repair it?", (FROM_LOG, IN_EVN, IN_READER), FROM_LOG,
     "EVN is there, for an eye. What does a strict reader look for between two segments, and who wrote something else?"),
)  # fmt: skip


def check_bytes(answer: Answer, _: Context) -> Verdict:
    """How many fit, and where to look for the first that does not."""
    open_ones = [clue for (_ask, _options, fits, clue), given in zip(BYTES, answer, strict=True) if given != fits]
    if not open_ones:
        return Verdict(
            True,
            "Right, all four.",
            "Three texts look alike on every screen; one of them is a message to every reader. Ask for bytes, not for pictures.",
        )
    return Verdict(False, f"{len(BYTES) - len(open_ones)} of {len(BYTES)} fit.", open_ones[0])


# 01.8: a refusal on purpose -----------------------------------------------------------------------------------------------------------

EMIL = story("ITI-31", person("emil"), id="E")
AR, AE, AA = (
    "AR: rejected, this receiver takes no such message",
    "AE: refused, something in the message is wrong",
    "AA: accepted",
)

EXERCISES = (
    Exercise(
        id="01.1",
        standard="v2",
        task=f"A message arrives on the ward. All you see is its first line: `{HEADER}`",
        parts=tuple(Part(ask, options) for ask, options, _, _ in READ),
        check=check_header,
        hints=(
            "The first bar is MSH-1, `^~\\&` is MSH-2. Go on counting from there.",
            "Sender in MSH-3 and MSH-4, receiver in MSH-5 and MSH-6; MSH-9 has three parts; MSH-11 is one letter; MSH-18 comes last.",
            "MSH-9.1 is ORU and MSH-9.3 is ORU_R01. MSH-11 is T, the letter for training. MSH-18 says UNICODE UTF-8.",
        ),
        solution=tuple(fits for _, _, fits, _ in READ),
        why="Application and facility say who speaks to whom, MSH-9 says what, in which event and by which plan, MSH-11 whether it counts, MSH-12 by which version, MSH-18 in which characters.",
        wrong=(
            Wrong((READ[0][1][1], READ[1][2], READ[2][2], READ[3][2], READ[4][2]), "The receiver comes first, as on a letter."),
            Wrong((READ[0][2], READ[1][2], "R01", READ[3][2], READ[4][2]), "The event is the structure."),
            Wrong((READ[0][2], READ[1][2], READ[2][2], "yes, it is production", READ[4][2]), "What arrives is real."),
        ),
        spec=cited("HL7 v2.5 section 2.15.9", checked=False),
    ),
    Exercise(
        id="01.2",
        standard="v2",
        task="A colleague's table names where to read the header of Ingrid's admission. Every row is off. Repair it.",
        parts=tuple(Part(name, given=f"MSH-{number - 1}") for name, number in MAPPING),
        check=check_mapping,
        hints=(
            "Take one row and look it up in the Explorer: what does the path hold, and what should it hold?",
            "All four are off by the same amount. What was not counted?",
            "The separator `|` behind the letters MSH is itself MSH-1. So ADT, the sending application, is not MSH-2 but one more.",
        ),
        solution=tuple(f"MSH-{number}" for _, number in MAPPING),
        why="Whoever cuts the line at its bars gets `^~\\&` as the first piece, and calls it MSH-1. Then everything in the header is read one field early, and only there: in every other segment the same program is right.",
        wrong=(
            Wrong(("MSH-4", "MSH-10", "MSH-11", "MSH-13"), "Two were missing: separator and encoding characters."),
            Wrong(("MSH-3", "MSH-8", "MSH-9", "MSH-11"), "Only the first row is off."),
            Wrong(("PID-3", "PID-9", "PID-10", "PID-12"), "All segments count alike."),
        ),
        spec=cited("HL7 v2.5 section 2.15.9.1", checked=False),
    ),
    Exercise(
        id="01.3",
        standard="v2",
        task="Who gave out the number of this stay, `V2025-0318`? Find the short name of the authority, NORDVIK. Three steps are done.",
        parts=GAPPED,
        check=path_steps(STAY, "The fourth component of an identifier is always its authority, whether it numbers a person or a stay."),
        hints=(
            "Find V2025-0318 in the text: it stands in the last line, behind many bars.",
            "Click V2025-0318 in the Explorer: its path names the field. Then count the `^` from there to NORDVIK.",
            "It is field 19, and three `^` stand before NORDVIK. A path is built as in `PID-3[2].4.2`; a first repetition may be left out.",
        ),
        solution=GAPPED_SOLUTION,
        why="PV1-19 is the visit number. Behind the number stand three `^`, so the authority is component 4, and its short name comes before the first `&`.",
        wrong=(
            Wrong(("PV1", "18", "1", "4", "1", "PV1-18.4.1"), "The first field is number 0."),
            Wrong(("PV1", "19", "1", "2", "1", "PV1-19.2.1"), "Empty components do not count."),
            Wrong(("PV1", "19", "1", "4", "1", "PV1.19.4.1"), "A dot goes everywhere."),
        ),
        spec=cited("HL7 v2.5 section 2.5", checked=False),
    ),
    Exercise(
        id="01.4",
        standard="v2",
        task="By which plan are the segments of Ingrid's admission laid out? Find the value `ADT_A01`. All steps are yours.",
        parts=BLANK,
        check=path_steps(
            PLAN, "In MSH the count includes the separator; inside the field everything is as elsewhere.",
            "In MSH the first bar is itself MSH-1. Count again from there: `^~\\&` is MSH-2.",
        ),
        hints=(
            "It is about the message, not about the patient. Which line is that?",
            "Two bars with nothing between them have an empty field there, and it counts. The first bar of MSH counts as well.",
            "Field 9, no `~`, two `^` before it, no `&`.",
        ),
        solution=BLANK_SOLUTION,
        why="MSH-9 holds message code, trigger event and message structure. The third is the name of the plan: which segments, in which order.",
        wrong=(
            Wrong(("MSH", "8", "1", "3", "1", "MSH-8.3"), "MSH-1 is the encoding characters."),
            Wrong(("MSH", "9", "3", "1", "1", "MSH-9[3]"), "`^` begins a repetition."),
            Wrong(("MSH", "9", "1", "2", "1", "MSH-9.2"), "Components are counted from 0."),
        ),
        spec=cited("HL7 v2.5 section 2.15.9.9", checked=False),
    ),
    Exercise(
        id="01.5",
        standard="v2",
        task="Ingrid has given up her telephone. Nothing else has changed. Make this update tell the region to delete the number, and only the number.",
        parts=(Part("The update", lines=4, given=put(GONE, {"PID-13": person("ingrid")["phone"]})),),
        check=check_gone,
        hints=(
            "Which field holds the telephone? And what did the region do when that field came empty?",
            "Empty says nothing. There is one value that says: delete what you hold.",
            "Put `\"\"`, two double quotes, in the place of the number in PID-13, between the bars.",
        ),
        solution=(GONE,),
        why="Absent and empty both say nothing, and the receiver keeps what it has. Two double quotes, NULL, are a value: they say that there is none. Between a missing number and a deleted one lies a nurse who calls the wrong house.",
        wrong=(
            Wrong((cut(put(GONE, {"PID-13": "1"}), "PID-13"),), "An empty field deletes."),
            Wrong((put(GONE, {"PID-13": "NULL"}),), "The word NULL deletes."),
            Wrong((put(GONE, {"PID-11": NULL}),), "What has not changed is sent as two quotes."),
        ),
        spec=cited("HL7 v2.5 section 2.5.3", checked=False),
    ),
    Exercise(
        id="01.6",
        standard="v2",
        task="Three copies of Ingrid's admission, in hexadecimal, around the end of MSH. How does each end its segments?",
        parts=tuple(Part(ask, options) for ask, options, _, _ in BYTES),
        check=check_bytes,
        hints=(
            "Two digits are one byte. `38` is the 8 of UTF-8, `45 56 4E` are the letters EVN. What stands between?",
            "`0D` is a carriage return, CR. `0A` is a line feed, LF. Windows writes both.",
            "HL7 ends a segment with one `0D`. The first copy has `0A` alone, the third has both.",
        ),
        solution=tuple(fits for _, _, fits, _ in BYTES),
        why="HL7 v2 ends every segment with a carriage return, and with nothing else. Editors, logs and mail programs write other line ends on the way. Tolerant readers forgive it, so the fault shows only at the partner who does not.",
        wrong=(
            Wrong((CR, LF, CRLF, FROM_LOG), "A line feed ends a segment."),
            Wrong((LF, CR, CRLF, IN_EVN), "What is reported missing has to be written anew."),
            Wrong((LF, CR, CRLF, IN_READER), "What looks alike is alike."),
        ),
        spec=cited("HL7 v2.5 section 2.5", checked=False),
    ),
    order(
        id="01.7",
        task="Aksel's admission comes with his mother as next of kin and an allergy. Put the segments into the order of `ADT_A01`. Two of them belong to other messages.",
        tiles=(
            Tile("MSH", "who tells whom what", "Without it nobody knows how to read the rest."),
            Tile("EVN", "what happened, and when", "An ADT message says when the event was, and when it was typed in."),
            Tile("PID", "who it is about", "Somebody was admitted: who?"),
            Tile("NK1", "next of kin", "His mother is to be called."),
            Tile("PV1", "the stay", "A bed is taken: which, and by what kind of patient?"),
            Tile("AL1", "an allergy", "He must not be given penicillin."),
            Tile("MSA", "which message this answers", "MSA stands in answers: it repeats the control ID of the message that it acknowledges. An admission answers nothing."),
            Tile("OBR", "what was ordered", "OBR belongs to orders and results. An admission orders nothing."),
        ),
        solution=("MSH", "EVN", "PID", "NK1", "PV1", "AL1"),
        before=(
            ("MSH", "EVN", "The header tells how to read what follows: separators, kind of message, version."),
            ("MSH", "PID", "The header tells how to read what follows: separators, kind of message, version."),
            ("EVN", "PID", "First what happened, then to whom."),
            ("PID", "NK1", "The next of kin belong to the person before them."),
            ("NK1", "PV1", "What is true of the person, such as the next of kin, comes before what is true of this stay."),
            ("PV1", "AL1", "What is found out during a stay follows the stay: results, allergies, diagnoses."),
        ),
        hints=(
            "Ask of each line: what must I know before it makes sense?",
            "Message, event, person, people around the person, stay, what is known about the person's health.",
            "MSH and EVN first, AL1 last, and the stay before it. MSA stands in answers, OBR in orders and results.",
        ),
        why="From the frame to the detail: message, event, person, those around, stay, findings. A reader that goes from left to right knows at each line to whom and to what it belongs. That is why order is part of the meaning.",
        wrong=(
            Wrong(("MSH", "PID", "EVN", "NK1", "PV1", "AL1"), "The patient comes first."),
            Wrong(("MSH", "EVN", "PID", "PV1", "NK1", "AL1"), "Order among the rest is free."),
            Wrong(("MSH", "MSA", "EVN", "PID", "NK1", "PV1", "AL1"), "Every message names one that it answers."),
        ),
        spec=cited("HL7 v2.5 section 3.3.1", checked=False),
    ),
    break_it(
        id="01.8",
        task="Emil's admission is sound. Touch its header alone, so that the receiver does not even take it up: AR. But first say what will come.",
        sound=EMIL,
        wants=("AR",),
        places=("MSH-3", "MSH-9", "MSH-10", "MSH-11", "MSH-12", "PID-3"),
        solution=("AR", "MSH-12", {"MSH-12": "2.3"}),
        reasons={
            "AA": "This receiver takes it all the same. That goes for `T` in MSH-11 too: it files training messages as if they were real, the danger of the first exercise. What it looks at is the kind of message and the version.",
            "AE": "AE says: I take such messages, and something in this one does not fit. AR needs a header that speaks of what this receiver does not take at all.",
            "AR": "AR says: I do not take such messages at all. Repeating does not help while the header says so.",
        },
        hints=(
            "Which fields of the header decide whether a receiver can deal with a message at all?",
            "The kind of message or its event, the version, the processing ID: make one of them something that this receiver has not been built for.",
            "Set MSH-12 to `2.3`: the region speaks 2.5. It answers AR, and ERR-2 names the field.",
        ),
        why="AR is about what a receiver supports: kind of message, event, version, processing ID. Whoever gets it has to change the connection, not the message.",
        wrong=(
            Wrong((AE, "PID-3", cut(EMIL, "PID-3.4")), "Every refusal is the same."),
            Wrong((AA, "MSH-12", put(EMIL, {"MSH-12": "2.3"})), "A receiver reads what it can, whatever the version."),
            Wrong((AR, "MSH-9", put(EMIL, {"MSH-12": "2.3"})), "The kind of message stands where the version does."),
            Wrong((AR, "MSH-3", cut(EMIL, "MSH-3")), "What is missing in the header is not supported."),
        ),
        spec="ITI TF-2 Appendix C.2.3",
    ),
)  # fmt: skip

EXAMPLES = (
    Example(
        id="01.w1",
        standard="v2",
        task="Ingrid has a number in the region, too. Who gave it out? Find the object identifier of that authority, `2.999.1.1`.",
        steps=REGION,
        why="Without the `[2]` the path names both identifiers, and gives two answers.",
        spec=cited("HL7 v2.5 section 2.5", checked=False),
    ),
)

# Predictions --------------------------------------------------------------------------------------------------------------------------


def read_one(values: list[str]) -> tuple[str, str]:
    """The first of the values at a path."""
    return values[0], values[0]


def read_numbers(values: list[str]) -> tuple[str, str]:
    """The telephone numbers that the region holds."""
    return ("kept", values[0]) if values else ("gone", "no number")


def read_segments(found: tuple[list[str], str]) -> tuple[str, str]:
    """The segments that the strict reader found."""
    names = found[0]
    return str(len(names)), f"{len(names)} segment{'' if len(names) == 1 else 's'}: {', '.join(names)}" if names else found[1]


PREDICTIONS = (
    Prediction(
        id="01.p1",
        standard="v2",
        ask="The header begins `MSH|^~\\&|ADT|NORDVIK|`. Which value is MSH-1?",
        choices=(
            Choice("`^~\\&`", "It is the first piece when a program cuts the line at its bars. HL7 counts otherwise.", "^~\\&"),
            Choice("`|`", "The separator is a value too: this message could have chosen another.", "|"),
            Choice("`ADT`", "That is the sending application, two fields further on.", "ADT"),
            Choice("`MSH`", "The name of a segment has no number.", "MSH"),
        ),
        read=read_one,
        right="|",
        why="MSH-1 is the field separator itself, MSH-2 the other four delimiters. So MSH-3 is the sending application, and everything after it is one more than the bars suggest.",
        spec=cited("HL7 v2.5 section 2.15.9.1", checked=False),
        shown="MSH-1 is",
    ),
    Prediction(
        id="01.p2",
        standard="v2",
        ask="The clerk opens Ingrid's stay and saves. An update (A08) goes out in which PID-13, the telephone, is empty. Which number does the region hold afterwards?",
        choices=(
            Choice(
                "None. Empty means that there is none.",
                "Then every system that does not know a number would delete it for all the others.",
                "gone",
            ),
            Choice("The old one. Nothing was said about it.", "An empty field says: no news.", "kept"),
            Choice("None, because the message is refused.", "PID-13 may be empty. A refusal would leave the old number, too.", "refused"),
        ),
        read=read_numbers,
        right="kept",
        why="An empty field says nothing about the value, and the receiver keeps what it has. A field behind the end of the segment says as little.",
        spec=cited("HL7 v2.5 section 2.5.3", checked=False),
        shown="The region holds",
    ),
    Prediction(
        id="01.p3",
        standard="v2",
        ask="Copy A of Ingrid's admission ends its lines with line feeds. hl7apy, a well-known program that reads strictly, is given it. How many segments does it find?",
        choices=(
            Choice("Four, as everybody can see.", "An eye sees lines. A program looks for one certain byte.", "4"),
            Choice("One.", "Without a carriage return the first segment never ends.", "1"),
            Choice(
                "None. It says that this is no message.", "It begins with MSH, so it is one. Only where the header ends, nobody told.", "0"
            ),
        ),
        read=read_segments,
        right="1",
        why="The end of a segment is a carriage return, and this copy has none. So MSH goes on to the last character, and EVN, PID and PV1 are pieces of one long field.",
        spec=cited("HL7 v2.5 section 2.5", checked=False),
        shown="hl7apy finds",
    ),
)

QUIZ = (
    Question(
        id="01.q1",
        standard="v2",
        ask="`PID|||4711^^^NORDVIK^PI~99^^^FJORDLAND^PI||Ødegård^Ingrid`. Where is 99?",
        choices=(
            Choice("PID-3, second repetition, component 1", "`PID-3[2].1`: the tilde begins another repetition of the same field."),
            Choice("PID-4", "`~` does not end a field. Only a bar does."),
            Choice("PID-3.6", "`~` does not begin a component. `^` does."),
            Choice("PID-3.1, second subcomponent", "That would be behind an `&`."),
        ),
        right=0,
        spec=cited("HL7 v2.5 section 2.5", checked=False),
    ),
    Question(
        id="01.q2",
        standard="v2",
        ask='An update carries `""` in PID-13, and ends before PID-14. What does a receiver do with the two telephone numbers that it holds, private and business?',
        choices=(
            Choice("It deletes both.", "PID-14 is absent. Nothing was said about it."),
            Choice("It keeps both.", "Two double quotes are a value, and it says: delete."),
            Choice("It deletes the private one and keeps the business one.", '`""` deletes, absent says nothing.'),
            Choice('It stores `""` as the private number.', "Some programs do. The nurse then reads two quotes where a number should be."),
        ),
        right=2,
        spec=cited("HL7 v2.5 section 2.5.3", checked=False),
    ),
    Question(
        id="01.q3",
        standard="v2",
        ask="A partner reports: required segment EVN missing. On your screen EVN is plain to see. What first?",
        choices=(
            Choice("Send it again.", "The same bytes meet the same reader."),
            Choice("Look at the bytes between MSH and EVN.", "`0A` or `0D 0A` in the place of `0D` hides every segment but the first."),
            Choice("Ask the partner to make EVN optional.", "Then PID is missing next. All of them hide behind the same byte."),
            Choice("Move EVN before MSH.", "Nothing may stand before MSH."),
        ),
        right=1,
        spec=cited("HL7 v2.5 section 2.5", checked=False),
    ),
    Question(
        id="01.q4",
        standard="v2",
        ask="Of an old man all that is known is that he was born in 1944. What goes into PID-7?",
        choices=(
            Choice("`19440101`", "That claims a day that nobody knows. Matched against his true birthday, it makes him somebody else."),
            Choice("`19440000`", "Month 00 and day 00 do not exist, and a receiver may refuse them."),
            Choice("`44`", "A year has four digits."),
            Choice("`1944`", "A time is cut off where knowledge ends. Its length is its precision."),
        ),
        right=3,
        spec=cited("HL7 v2.5 section 2.A.22", checked=False),
    ),
    Question(
        id="01.q5",
        standard="v2",
        ask="A message begins `MSH#*~!@#ADT#NORDVIK`. Which character stands between components?",
        choices=(
            Choice("`^`, as always", "The usual ones are a habit. Each message names its own."),
            Choice("`#`", "That is MSH-1, the field separator."),
            Choice("`*`", "MSH-2 names them in this order: component, repetition, escape, subcomponent."),
            Choice("`@`", "The fourth of MSH-2 separates subcomponents."),
        ),
        right=2,
        spec=cited("HL7 v2.5 section 2.15.9.2", checked=False),
    ),
)

GOALS = (
    Goal("address any value of a message by segment, field, repetition, component and subcomponent, MSH included", ("01.2", "01.3", "01.4", "01.q1")),
    Goal("read from MSH alone who tells whom what, by which plan and version, in which characters, and whether it counts", ("01.1",), code=False),
    Goal('tell absent, empty and `""` apart, and predict what each does to a receiver\'s record', ("01.5", "01.p2", "01.q2"), code=False),
)  # fmt: skip

LESSON = Lesson("01", GOALS, 40, "lesson 00", EXERCISES, PREDICTIONS, QUIZ, EXAMPLES)
