"""The items of lesson 04, Patient administration: the event of a situation, what takes it back, late messages, and what an update says of a record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ihe_kit.actors.stays import transitions
from ihe_kit.course.cutting import put, story
from ihe_kit.course.forms import ANSWERS, acknowledgment, break_it, by_message, by_steps, faded, order
from ihe_kit.course.front_desk import DELETE, HASTY, KEEP, SOUND, WRITE, FrontDesks
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
)  # fmt: skip
from ihe_kit.course.ward import BACK, BEGINS, DID, ENDS, MORNING, MOVES, NOTHING, PERSON, REFUSED, lies, run
from ihe_kit.crosswalk import person
from ihe_kit.region import Sandbox
from ihe_kit.rules import NULL, Rule, matches, one_of, present
from ihe_kit.verbs import build, exchange, parse

# The events by name. Those of the stay are the rows of the table that the receiver runs.
PERSONS = {"A28": "a new person", "A31": "a person changed", "A40": "two records are one person"}
NAMES = {event: row.what for event, row in transitions().items()} | PERSONS


def named(event: str) -> str:
    """An event with its name: `A02: transferred`."""
    return f"{event}: {NAMES[event]}"


# 04.w1, 04.1 and 04.2: choose the event in three steps ----------------------------------------------------------------------------------

ABOUT, HOW, EVENT = "About the stay, or about the person?", "Planned, happened, or taken back?", "The event"
FEW = ("A01", "A02", "A03", "A08", "A11", "A12", "A13", "A15", "A28", "A31")
OPTIONS = (("the stay", "the person"), ("planned", "happened", "taken back"), tuple(named(event) for event in FEW))


def choosing(about: str, how: str, event: str) -> tuple[Step, ...]:
    """The three steps from what happened on a ward to the event."""
    return (
        Step(ABOUT, about, "A name or an address belongs to a person, also without a stay; a bed belongs to a stay."),
        Step(HOW, how, "A plan changes no bed. What was told by mistake is taken back. Everything else has happened."),
        Step(EVENT, named(event), "Now only a few events are left. Their names decide."),
    )


MOVED = choosing("the stay", "happened", "A02")
MISTAKE = choosing("the stay", "taken back", "A13")
PHONED = choosing("the person", "happened", "A31")
EXAMPLE = Example(
    id="04.w1",
    standard="v2",
    task="Ingrid has been moved from the medical ward, bed 101 A, to the surgical ward, bed 204 A. Which event tells it?",
    steps=MOVED,
    why="In each step most of the thirty-six events fall away. Whoever starts from the number has to know all of them.",
    spec="ITI TF-2 section 3.31.7.11.1",
)


def _chosen(steps: Sequence[Step], given: Sequence[int] = ()) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The parts of a faded example, each to be chosen from the same words."""
    parts, solution = faded(steps, given)
    return tuple(part if part.fixed else replace(part, options=OPTIONS[k]) for k, part in enumerate(parts)), solution


_MISTAKE_SLIPS = {
    named("A01"): "That would be a second stay. The first one never ended: its end was told by mistake.",
    named("A11"): "A11 takes back the admission: as if she had never come.",
    named("A08"): "An update changes data. The discharge would still stand in every log.",
}
_PHONED_SLIPS = {
    named(
        "A08"
    ): "A08 speaks of somebody who is in the house. It does not apply to someone without an open stay: the message is discarded.",
    named("A28"): "A28 is for somebody who is new. Tomás is known.",
}
_GAPS, _BLANK = _chosen(MISTAKE, given=(0,)), _chosen(PHONED)

# 04.3: twelve situations ----------------------------------------------------------------------------------------------------------------

SITUATIONS: tuple[tuple[str, str, str], ...] = (
    ("Ingrid comes into the emergency department. She has no bed on a ward.", "A04", "She has come, and no bed on a ward was given. Which of the two beginnings of a stay is that?"),
    ("Two hours later she has to stay, in bed 101 A.", "A06", "Her stay is open already. What changes is her class: from outpatient to inpatient."),
    ("She moves to the surgical ward.", "A02", "The same stay, another bed."),
    ("The move was somebody else's, typed in under her name. She is where she was.", "A12", "It never happened. What takes a transfer back?"),
    ("Oskar may go home on Tuesday, if all goes well.", "A16", "Nobody has left yet: it is a plan."),
    ("Oskar spends Sunday with his family. His bed is kept.", "A21", "He comes back, and the bed stays his."),
    ("Oskar dies in the night.", "A03", "His stay has ended. How it ended stands in PID-29 and PID-30 of the same message."),
    ("Sofie Lind is born in the house, and gets a cot in the maternity ward.", "A01", "A cot is a bed: an inpatient stay begins."),
    ("Tomás has moved, and says so on the telephone. He has no stay here.", "A31", "It is about the person, and he is known."),
    ("Mária lies in bed 5 A. The ward's system, which hears of stays only, has to learn her new address.", "A08", "Data of somebody who is in the house, told to those who follow the stay."),
    ("Amina gets a number for the first time. She comes next month.", "A28", "No stay yet, and nobody knew her."),
    ("Pilot Zulu, who came without a name and got the number T-001, turns out to be Bjørn Lie, number 4455.", "A40", "One person has two records. What makes one of them?"),
)  # fmt: skip
EVENTS = tuple(named(event) for event in ("A01", "A02", "A03", "A04", "A06", "A08", "A11", "A12", "A13", "A16", "A21", "A28", "A31", "A40"))
TWELVE = tuple(named(event) for _, event, _ in SITUATIONS)


def check_situations(answer: Answer, _: Context) -> Verdict:
    """How many fit, and where to look for the first that does not."""
    wrong = [(says, clue) for (says, event, clue), given in zip(SITUATIONS, answer, strict=True) if given != named(event)]
    if wrong:
        return Verdict(False, f"{len(SITUATIONS) - len(wrong)} of {len(SITUATIONS)} fit. Look again at: {wrong[0][0]}", wrong[0][1])
    return Verdict(
        True,
        "Right, all twelve.",
        "Eight are about the stay, three about the person. A08 stands between them: data of a person, told to those who follow the stay.",
    )


def _but(number: int, event: str) -> tuple[str, ...]:
    """The right twelve, with one of them (from 1) replaced."""
    return (*TWELVE[: number - 1], named(event), *TWELVE[number:])


# 04.4: what takes it back ---------------------------------------------------------------------------------------------------------------

TAKES_BACK = {was: row.event for row in transitions().values() for was in row.cancels}
NONE = "no event takes it back"
TOLD = ("A01", "A02", "A03", "A16", "A21", "A31", "A40")
BACKS = tuple(TAKES_BACK.get(event, NONE) for event in TOLD)
BACK_OPTIONS = ("A11", "A12", "A13", "A25", "A52", NONE)
BACK_CLUES = {
    "A16": "A plan is taken back by an event of its own: the three plans, A14 to A16, have A27, A26 and A25.",
    "A21": "Leave and return are taken back by A52 and A53, in this order.",
    "A31": "An address is no movement of a stay. A later update says what is right.",
    "A40": "Two records have become one. No event takes them apart again; that is why a merge wants two pairs of eyes.",
}  # fmt: skip


def check_backs(answer: Answer, _: Context) -> Verdict:
    """The table of transitions says which event takes back which."""
    wrong = [(event, fits) for event, fits, given in zip(TOLD, BACKS, answer, strict=True) if given != fits]
    if wrong:
        event = wrong[0][0]
        clue = BACK_CLUES.get(event, "What takes back A01, A02 or A03 is ten numbers higher: look for the row that says *takes back*.")
        return Verdict(False, f"{len(TOLD) - len(wrong)} of {len(TOLD)} fit. Look again at {named(event)}.", clue)
    return Verdict(
        True,
        f"Right, all {len(TOLD)}.",
        "Events of the stay can be taken back. What was said of a person can only be said anew, and a merge not at all.",
    )


# 04.5: find the rule --------------------------------------------------------------------------------------------------------------------

RULES = (("A01", "3.31.7.1.4"), ("A03", "3.31.7.4.4"))


def check_rules(answer: Answer, _: Context) -> Verdict:
    """The number of a section, however it is introduced; the table of transitions cites the same."""
    quoted = ["".join(re.findall(r"\d+(?:\.\d+)+", text)[-1:]) for text in answer]
    met = sum(given == section for (_, section), given in zip(RULES, quoted, strict=True))
    for (event, section), given in zip(RULES, quoted, strict=True):
        if given == section:
            continue
        if section.startswith(f"{given}.") and given.count(".") >= 3:
            return Verdict(
                False,
                f"{met} of 2 right. {given} is the section of {event} as a whole.",
                "A rule for the receiver stands under *Expected actions*, the last part of it.",
            )
        if given.startswith(section.rpartition(".")[0]):
            return Verdict(
                False,
                f"{met} of 2 right. {given} is about {event}, but says something else.",
                "What the receiver has to do stands under *Expected actions*.",
            )
        return Verdict(
            False,
            f"{met} of 2 right. The rule for {event} stands elsewhere.",
            f"Find the row of {event} in the table, and read its last column.",
        )
    return Verdict(True, "Right, both.", "With the number in hand nobody has to argue: both sides read the same paragraph.")


# 04.7: refused, because of what is known ----------------------------------------------------------------------------------------------

INGRID = person("ingrid")
ADMITTED = story("ITI-31", INGRID | {"PV1-3": "MED1^101^A"}, id="V")
TRANSFER = story("ITI-31", INGRID | {"PV1-3": "SUR2^204^A", "PV1-6": "MED1^101^A"}, event="A02", id="W")
OTHER = story("ITI-31", person("oskar") | {"PV1-3": "MED1^101^B"}, id="U")
CHANGES = {
    "Make an admission of it, A01": {"MSH-9": "ADT^A01^ADT_A01"},
    "Make a discharge of it, A03": {"MSH-9": "ADT^A03^ADT_A03"},
    "Take back a transfer that was never told, A12": {"MSH-9": "ADT^A12^ADT_A12"},
    "Send her into bed 101 B, where Oskar lies": {"PV1-3.3": "B", "PV1-3.2": "101", "PV1-3.1": "MED1"},
}


KNOWS = "AE: refused, it cannot be, by the message or by what is known"
REFUSALS = tuple(KNOWS if code.startswith("AE") else code for code in ANSWERS)


def _both_admitted(box: Sandbox) -> object:
    return [exchange("ITI-31", parse(text), box) for text in (ADMITTED, OTHER)]


# 04.8: an update by hand ----------------------------------------------------------------------------------------------------------------

KNOWN = story("ITI-30", INGRID, event="A28", id="V")
UPDATE = story("ITI-30", INGRID | {"street": "Strandveien 9", "phone": "", "PID-13": NULL}, event="A31", id="W")
OLD = put(UPDATE, {"PID-11.1": INGRID["street"], "PID-13": INGRID["phone"]})
UPDATE_POINTS = (
    Rule("street", "PID-11.1", one_of("Strandveien 9"), "PID-11 still says {found}. She lives in Strandveien 9 now.", "ITI TF-2 section 3.30.6.3"),
    Rule("street-there", "PID-11.1", present, "PID-11 names no street. Her new one is Strandveien 9; `\"\"` would say that she lives nowhere.", "ITI TF-2 Appendix C.2.6"),
    Rule("empty", "PID-13", lambda found, _: found[:1] if not any(one.value for one in found) else (),
         "PID-13 is empty. The receiver would keep the old number: an empty field says nothing.", "ITI TF-2 Appendix C.2.6"),
    Rule("number", "PID-13", one_of(NULL), "PID-13 says {found}, and the receiver would write it down. What deletes is two double quotes.", "ITI TF-2 Appendix C.2.6"),
    Rule("born", "PID-7", matches("19580617"), "PID-7 says {found}. Her birth date has not changed.", "ITI TF-2 Appendix C.2.6"),
    Rule("born-there", "PID-7", present, "PID-7 is empty. IHE wants an A31 to carry all that its sender knows (section 3.30.6.3.3).", "ITI TF-2 section 3.30.6.3.3"),
)  # fmt: skip
_update = by_message(UPDATE_POINTS, "", "", "ITI-30")
# What the region is asked for, and the field that says it.
HELD = {
    "street": ("address.line", "PID-11"), "town": ("address.city", "PID-11"), "postcode": ("address.postalCode", "PID-11"),
    "country": ("address.country", "PID-11"), "family name": ("name.family", "PID-5"), "given name": ("name.given", "PID-5"),
    "birth date": ("birthDate", "PID-7"), "sex": ("gender", "PID-8"), "number": ("identifier.value", "PID-3"), "telephone": ("telecom.value", "PID-13"),
}  # fmt: skip


def _held(box: Sandbox) -> dict[str, str]:
    """What the region holds of Ingrid, asked for over FHIR (ITI-78)."""
    found = exchange("ITI-78", build("ITI-78", {name: INGRID[name] for name in ("identifier", "oid")}, box.clock, box.ids), box).answer
    return {name: ", ".join(filter(None, found.get(f"Bundle.entry.resource.{path}"))) if found else "" for name, (path, _) in HELD.items()}


def check_update(answer: Answer, context: Context) -> Verdict:
    """The points of the task; then the message is sent, and the whole record of before is laid beside that of after."""
    if not (verdict := _update(answer, context)).right:
        return verdict
    with context.sandbox() as box:
        exchange("ITI-30", parse(KNOWN), box)
        should = _held(box) | {"street": "Strandveien 9", "telephone": ""}
        exchange("ITI-30", parse(answer[0]), box)
        holds = _held(box)
    astray = next((name for name in HELD if holds[name] != should[name]), None)
    if astray:
        return _astray(astray, should[astray], holds[astray])
    return Verdict(
        True,
        "Right. The region holds no telephone number of hers any more.",
        "The message was sent, for real, and then the region was asked. Everything else is as it was.",
    )


def _astray(name: str, should: str, holds: str) -> Verdict:
    """What to say where the region holds something else than it should."""
    field = HELD[name][1]
    if not holds:
        why = f"{field} came with a value, so the whole field is written anew, also the parts that were left out."
        return Verdict(
            False, f"It was sent, and the {name} is gone: it was {should}.", why if field in ("PID-5", "PID-11") else f"Look at {field}."
        )
    if NULL in holds:
        return Verdict(
            False,
            f"It was sent, and the region holds `{holds}` as her {name}.",
            f"Two double quotes delete a whole field. Inside {field} this region writes them down.",
        )
    return Verdict(
        False,
        f"It was sent, and the region holds {holds} as her {name}. It should be {should or 'none'}.",
        f"Look at {field}. Is it still about Ingrid, number 4711 of NORDVIK?",
    )


# 04.9: mend the receiver ----------------------------------------------------------------------------------------------------------------

DOES = {WRITE: "write what stands there", KEEP: "keep what is known", DELETE: "delete what is known"}
MOVED_OUT = {"street": "Strandveien 9", "city": "Solvik", "postal_code": "9010", "country": "NOR"}
KINDS = {"value": "A field with a value", "empty": "An empty field", NULL: 'A field with `""`'}
MENDED = tuple(DOES[SOUND[kind]] for kind in KINDS)


def check_receiver(answer: Answer, _: Context) -> Verdict:
    """The new receiver gets these rules and is told two updates, for real; its records are laid beside those of the sound one."""
    chosen = {does: rule for rule, does in DOES.items()}
    desks = FrontDesks()
    try:
        desks.rules.update(zip(KINDS, (chosen.get(text, KEEP) for text in answer), strict=True))
        for changed, why in (
            (MOVED_OUT, "She moved, and nothing else was said."),
            ({"PID_13": NULL}, "She gave up her telephone."),
        ):
            after = desks.before_and_after("ingrid", **changed)
            differs = after[after["after, new"] != after["after, sound"]]
            if len(differs):
                return _differs(differs, why)
    finally:
        desks.stop()
    return Verdict(
        True,
        "Right. Both receivers hold the same.",
        "Two updates were sent to it with your rules: one with blanks, one with two double quotes.",
    )


def _differs(rows: Any, why: str) -> Verdict:
    field, row = next(rows.replace("–", "nothing").iterrows())
    says = f"Look at the {field}: the new receiver holds {row['after, new']}, and the sound one {row['after, sound']}."
    return Verdict(False, f"It is not mended yet. {says}", f"{why} Which of the three rules made that of it?")


# 04.10: a morning on the wards ----------------------------------------------------------------------------------------------------------

PLACES = (
    "MED1, room 101, bed A",
    "MED1, room 101, bed B",
    "SUR2, room 203, bed A",
    "SUR2, room 204, bed A",
    "not in the house",
)
ASKED = (
    ("oskar", "12:00", "Where is Oskar at 12:00?"),
    ("ingrid", "12:00", "Where is Ingrid at 12:00?"),
    ("ingrid", "10:50", "Where was she at 10:50?"),
)
EVENTS_OF_MORNING = (BEGINS, BEGINS, ENDS, BACK, NOTHING, REFUSED, PERSON, MOVES)
MORNING_SOLUTION = (*EVENTS_OF_MORNING, "MED1, room 101, bed A", "SUR2, room 204, bed A", "SUR2, room 204, bed A")


def check_morning(answer: Answer, context: Context) -> Verdict:
    """The stream is told to a region, which says what it did with each event and where everybody is."""
    with context.sandbox() as box:
        done = run(MORNING, box)
        happened = [*(what for _, _, what in done), *(lies(who, time, box) for who, time, _ in ASKED)]
    asked = [*(line.says for line in MORNING), *(says for _, _, says in ASKED)]
    wrong = [k for k, (given, came) in enumerate(zip(answer, happened, strict=True)) if given != came]
    if not wrong:
        return Verdict(
            True,
            f"Right, all {len(asked)}.",
            "The morning was told to a region, and it agrees with you in every line. That is your evidence for this lesson.",
        )
    k = wrong[0]
    clue = MORNING_SLIPS.get((MORNING[k].event, answer[k]), MORNING_CLUES[k]) if k < len(MORNING) else WHEN
    return Verdict(False, f"{len(asked) - len(wrong)} of {len(asked)} fit. Look again at: {asked[k]}", clue)


MORNING_CLUES = (
    "She gets a bed, and nothing was open before.",
    "He gets a bed, and nothing was open before.",
    "Whose bed is free now?",
    "It repeats the time of an event that was told before. Whose, and which?",
    "Was a transfer of Oskar told before?",
    "What is the state of her stay at 11:10? Look in its column, in the row of A01.",
    "Is it about her stay at all?",
    "It came late. Is her stay open at 10:45?",
)
MORNING_SLIPS = {
    ("A03", BACK): "At 10:30 nobody knew what would come at 10:40. What did the region do when this message came?",
    ("A03", NOTHING): "At 10:30 his stay was open. What did the region do when this message came?",
    ("A13", MOVES): "The stay does change, and there is a word for how: something that was told of 10:30 has not happened.",
    ("A13", BEGINS): "No second stay: the first one goes on, as if something that was told of 10:30 had not happened.",
    ("A12", REFUSED): "Nothing to take back is no error: which letters does `discard` get?",
    ("A12", BACK): "Was a transfer of Oskar told before? What finds nothing takes nothing back.",
    ("A01", NOTHING): "Her stay is open, and `error` stands in that cell: which letters does it get?",
    ("A31", MOVES): "A31 is of ITI-30: it is about the person, with or without a stay.",
}
WHEN = "Go by the time at which each event happened, not by the order in which the messages came."


EXERCISES = (
    Exercise(
        id="04.1",
        standard="v2",
        task="Ingrid was discharged by mistake. She still lies in bed. The first step is done.",
        parts=_GAPS[0],
        check=by_steps(
            MISTAKE, "Right.", "What takes back repeats the time of the mistake, and says where she lies now.", slips={2: lambda text: _MISTAKE_SLIPS.get(text, "")}
        ),
        hints=(
            "Did she leave? What was told is not true.",
            "What was never true is taken back. Of the three that take back, one speaks of a discharge.",
            "Taken back, A13.",
        ),
        solution=_GAPS[1],
        why="A13 takes the discharge back. The stay is open as before, with all its movements.",
        wrong=(
            Wrong((MISTAKE[0].value, "happened", named("A01")), "She is in bed, so she is admitted."),
            Wrong((MISTAKE[0].value, "taken back", named("A11")), "Cancel is cancel."),
            Wrong((MISTAKE[0].value, "happened", named("A08")), "An update sets everything right."),
        ),
        spec="ITI TF-2 section 3.31.7.5.1",
    ),
    Exercise(
        id="04.2",
        standard="v2",
        task="Tomás, who was here last year, calls from home: he has another telephone number.",
        parts=_BLANK[0],
        check=by_steps(PHONED, "Right.", "No stay is open, and none has to be: A31 speaks of the person.", slips={2: lambda text: _PHONED_SLIPS.get(text, "")}),
        hints=(
            "Would his number have changed if he had never been a patient?",
            "It is about the person, and it has happened. He is not new here.",
            "The person, happened, A31.",
        ),
        solution=_BLANK[1],
        why="A31 changes what is known of a person, whether or not a stay is open.",
        wrong=(
            Wrong(("the stay", "happened", named("A08")), "A08 is the update, and an update is an update."),
            Wrong(("the person", "happened", named("A28")), "Data of a person are sent with A28."),
            Wrong(("the person", "taken back", named("A31")), "The old number is taken back."),
        ),
        spec="ITI TF-2 section 3.30.6.3.1",
    ),
    Exercise(
        id="04.3",
        standard="v2",
        task="Twelve situations. Which event tells each of them? First ask: the stay, or the person? No code is needed.",
        parts=tuple(Part(says, EVENTS) for says, _, _ in SITUATIONS),
        check=check_situations,
        hints=(
            "Three of them are true without any stay: begin with those.",
            "Of the others, one is a plan, one takes back, two begin a stay. A stay that is open goes on: it does not begin again.",
            "A04, A06, A02, A12, A16, A21, A03, A01, A31, A08, A28, and the last one makes one record of two.",
        ),
        solution=TWELVE,
        why="A04 and A01 begin a stay, without a bed on a ward and with one. A06 changes its class, A02 its place, A03 ends it. A28, A31 and A40 need no stay.",
        wrong=(
            Wrong(_but(2, "A01"), "Whoever gets a bed is admitted, also in the middle of a stay."),
            Wrong(_but(9, "A08"), "A08, A28 and A31 are all the same update."),
            Wrong(_but(10, "A31"), "What is about a person is always ITI-30, whoever listens."),
            Wrong(_but(7, "A40"), "Whoever has died is no patient any more."),
            Wrong(_but(4, "A02"), "A wrong move is mended by a move back. Then the log shows two moves that never were."),
        ),
        spec="ITI TF-2 sections 3.30.6 and 3.31.7",
    ),
    Exercise(
        id="04.4",
        standard="v2",
        task="Each of these was told by mistake. Which event takes it back?",
        parts=tuple(Part(named(event), BACK_OPTIONS) for event in TOLD),
        check=check_backs,
        hints=(
            "Look in the table for the rows that say *takes back*. Three of them are ten numbers higher than what they take back.",
            "A plan and a leave have events of their own: A25 and A52. And not everything can be taken back.",
            "A11, A12, A13, A25, A52, and two without any.",
        ),
        solution=BACKS,
        why="What takes back leaves the stay as it was just before. For a person's data a new update says what holds now; a merge stays a merge.",
        wrong=(
            Wrong(("A11", NONE, *BACKS[2:]), "Only an admission can be taken back."),
            Wrong((*BACKS[:3], "A13", *BACKS[4:]), "A planned discharge is a discharge."),
            Wrong((*BACKS[:6], "A12"), "Whatever was told can be taken back."),
        ),
        spec="ITI TF-2 section 3.31.5",
    ),
    Exercise(
        id="04.5",
        standard="v2",
        task="Find the rule, and quote its number. Write the section of ITI TF-2 that says it, such as `3.30.5.1`.",
        parts=(Part("A second admission while one is open is discarded, and it is an error."), Part("A discharge of somebody who has no open stay is discarded, and it is no error.")),
        check=check_rules,
        hints=(
            "The last column of the table above says where each row was read.",
            "The first rule is in the row of A01, the second in that of A03.",
            "Both end in .4, *Expected actions*: 3.31.7.1 and 3.31.7.4.",
        ),
        solution=tuple(section for _, section in RULES),
        why="Each event has a section of its own. Its last part, *Expected actions*, says what the receiver does.",
        wrong=(
            Wrong(("3.31.7.1", "3.31.7.4"), "The number of the event is the number of the rule."),
            Wrong(("3.31.7.1.1", "3.31.7.4.4"), "The rule stands where the event is defined."),
            Wrong(("3.31.7.1.4", "3.31.7.5.4"), "A rule about discharge stands with its cancellation."),
        ),
        spec="ITI TF-2 sections 3.31.7.1.4 and 3.31.7.4.4",
    ),
    order(
        id="04.6",
        task="Ingrid's stay. She comes by ambulance, has to stay, moves to surgery; her discharge is planned, then told, an hour too early: she still lies in bed. "
        "Put the events in order. One does not belong.",
        tiles=(
            Tile("A04", "she is seen in the emergency department", "Her stay begins when she comes, not when she gets a bed."),
            Tile("A06", "she becomes an inpatient, in bed 101 A", "Without it she has a visit, and no bed."),
            Tile("A02", "she moves to bed 204 A", "Where she lies is told by the transfer."),
            Tile("A16", "her discharge is planned for 14:00", "The plan lets others prepare: transport, pharmacy, kitchen."),
            Tile("A03", "she is discharged", "Somebody pressed the button."),
            Tile("A13", "the discharge is taken back", "She still lies in bed, so what was told has to be taken back."),
            Tile("A01", "she is admitted", "A01 begins a stay, and hers is open. This kit would take it from an outpatient; A06 is the event for it."),
        ),
        solution=("A04", "A06", "A02", "A16", "A03", "A13"),
        before=(
            ("A04", "A06", "There has to be a visit before its class can change."),
            ("A06", "A02", "In the story she had her bed on the medical ward first."),
            ("A06", "A16", "A discharge is planned for inpatients only: before, the plan is discarded."),
            ("A02", "A03", "After the discharge no stay is open that could move."),
            ("A16", "A03", "A plan for what has happened already is none."),
            ("A03", "A13", "Nothing can be taken back before it was told."),
        ),
        hints=(
            "What opens the stay, and what would open it a second time?",
            "Visit, bed, then move and plan, then the mistake and what takes it back.",
            "A04, A06, A02, A16, and the last two are the discharge and its cancellation.",
        ),
        why="Six things happen in the story, and six events tell them. Move and plan may change places: neither needs the other.",
        wrong=(
            Wrong(("A04", "A01", "A06", "A02", "A16", "A03", "A13"), "Whoever becomes an inpatient is admitted."),
            Wrong(("A04", "A06", "A02", "A16", "A03"), "A mistake is mended by telling nothing more."),
            Wrong(("A04", "A02", "A06", "A16", "A03", "A13"), "First the bed, then the class."),
            Wrong(("A04", "A06", "A02", "A03", "A16", "A13"), "The plan stands beside what happened."),
        ),
        spec="ITI TF-2 section 3.31.4",
    ),
    break_it(
        id="04.7",
        task="Ingrid lies in bed 101 A, Oskar in 101 B. A message is ready that moves Ingrid to bed 204 A, and nothing is wrong with it. Change it so that it is *refused* (AE) because of what the receiver knows of her stay. "
        "Say beforehand which place the answer names.",
        sound=TRANSFER,
        changes=CHANGES,
        first=_both_admitted,
        wants=("AE",),
        answers=REFUSALS,
        places=("PID-3", "PV1-3", "EVN-6"),
        solution=("AE", "PID-3", "Make an admission of it, A01"),
        reasons={
            "AA": "It was taken, or discarded without an error. A discharge makes sense here; a cancellation that finds nothing is no error; and two patients told "
            "to be in one bed is something for a person to see on the board: the receiver writes down what it is told.",
            "AE": "The message itself is sound. What it says does not fit what is known.",
        },
        hints=(
            "Three of the four are answered AA. Which event is an error while a stay is open?",
            "Look in the table, in the column inpatient, for the word error. The answer names whom it is about.",
            "Make an admission of it; AE; PID-3.",
        ),
        why="Two admissions at once cannot both be true, so sender and receiver see the ward differently. Silence would hide that; AE calls somebody.",
        wrong=(
            Wrong((KNOWS, "EVN-6", "Take back a transfer that was never told, A12"), "A cancellation that finds nothing is an error."),
            Wrong((KNOWS, "PV1-3", "Send her into bed 101 B, where Oskar lies"), "The receiver guards the beds."),
            Wrong(("AA: accepted", "PID-3", "Make an admission of it, A01"), "Who is here already is admitted once more, and no harm is done."),
        ),
        spec="ITI TF-2 section 3.31.7.1.4",
    ),
    Exercise(
        id="04.8",
        standard="v2",
        task="Ingrid has moved to Strandveien 9, same town, and gave up her telephone. Mend the A31, so that every receiver deletes the number and loses nothing else.",
        parts=(Part("The message", lines=OLD.count("\r"), given=OLD),),
        check=check_update,
        hints=(
            "PID-11 is the address, PID-13 the telephone at home, two bars later.",
            "The street is the first component of PID-11; leave the others. The number is deleted by what stands in its place, not by an empty place.",
            "PID-11 begins with `Strandveien 9`, and PID-13 is `\"\"`.",
        ),
        solution=(UPDATE,),
        why="A value replaces, `\"\"` deletes, an empty field says nothing. And the rest is sent as it is: a receiver that does not know her yet learns all of it.",
        wrong=(
            Wrong((put(UPDATE, {"PID-13": ""}),), "Empty means: there is none."),
            Wrong((put(UPDATE, {"PID-13": "none"}),), "Write into the field that there is none."),
            Wrong((put(UPDATE, {"PID-11": NULL}),), "First delete the old address, and send the new one later."),
            Wrong((put(UPDATE, {"PID-7": ""}),), "An update carries only what changed."),
            Wrong((put(UPDATE, {"PID-11": "Strandveien 9"}),), "A part that is left out is kept, as an empty field is."),
            Wrong((put(UPDATE, {"PID-11.5": ""}),), "She stays in the same town, so the postcode need not be said."),
            Wrong((put(UPDATE, {"PID-11.3": NULL}),), "What stays as it was is sent as two double quotes."),
        ),
        spec="ITI TF-2 Appendix C.2.6 and section 3.30.6.3.3",
    ),
    Exercise(
        id="04.9",
        standard="v2",
        task="Mend the new receiver: what should it do with each kind of field? It gets your rules, and two updates are sent to it.",
        parts=tuple(Part(says, tuple(DOES.values())) for says in KINDS.values()),
        check=check_receiver,
        hints=(
            "One of its three rules is not as the sound one's. Which cells of the table above are blank?",
            "An empty field says nothing about what is known. Two double quotes do.",
            "Write, keep, delete.",
        ),
        solution=MENDED,
        why="Three kinds of fields, three things to do. Whoever knows only two either loses data or keeps what should go.",
        wrong=(
            Wrong(tuple(DOES[HASTY[kind]] for kind in KINDS), "An update carries the whole truth, what is missing shall be deleted."),
            Wrong((DOES[WRITE], DOES[KEEP], DOES[KEEP]), "Empty and two double quotes are both empty."),
            Wrong((DOES[WRITE], DOES[KEEP], DOES[WRITE]), "Two double quotes are a text like any other. And the screen shows them."),
            Wrong((DOES[KEEP], DOES[KEEP], DOES[DELETE]), "To be safe, never overwrite what is known."),
        ),
        spec="ITI TF-2 Appendix C.2.6",
    ),
    Exercise(
        id="04.10",
        standard="v2",
        task="A Monday morning, as the messages came. What did the region do when each message came, and where is everybody? Where a line gives a second time, it came late, or takes back what was told of that time.",
        parts=(*(Part(line.says, DID) for line in MORNING), *(Part(says, PLACES) for _, _, says in ASKED)),
        check=check_morning,
        hints=(
            "Keep a note for each of the two: in which state is the stay now, and in which bed?",
            "One event finds nothing to take back, one comes upon an open stay, one is not about a stay, one came late but fits.",
            "Begins, begins, ends, taken back, discarded, refused, person, changes. Oskar never left his bed; Ingrid was in surgery from 10:45 on.",
        ),
        solution=MORNING_SOLUTION,
        why="A ward's state is the sum of what happened, in the order in which it happened. What was discarded or refused adds nothing.",
        wrong=(
            Wrong((*MORNING_SOLUTION[:4], REFUSED, *MORNING_SOLUTION[5:]), "A cancellation that finds nothing is an error."),
            Wrong((*MORNING_SOLUTION[:9], "MED1, room 101, bed B", "MED1, room 101, bed B"), "A message that comes late comes too late."),
            Wrong((*MORNING_SOLUTION[:10], "MED1, room 101, bed B"), "She was in surgery from the moment when the message came."),
            Wrong((*MORNING_SOLUTION[:8], "not in the house", *MORNING_SOLUTION[9:]), "Whoever was discharged once is gone."),
        ),
        spec="ITI TF-2 section 3.31.4",
    ),
)  # fmt: skip


# Predictions --------------------------------------------------------------------------------------------------------------------------


def read_place(place: str) -> tuple[str, str]:
    """The ward of a place; `none` for nowhere."""
    return place.partition(",")[0] or "none", place or "not in the house"


def read_held(held: Mapping[str, str]) -> tuple[str, str]:
    """What became of a number after each of the updates: `kept` or `gone`."""
    fates = [f"{says}: {number or 'gone'}" for says, number in held.items()]
    return " ".join("kept" if number else "gone" for number in held.values()), "; ".join(fates)


def read_survivor(patients: Any) -> tuple[str, str]:
    """Which of Mária's two numbers is in use after the merge."""
    numbers = [
        number
        for number in ("5120", "5199")
        if any(number in used and identity != "merged" for used, identity in zip(patients["numbers"], patients["identity"], strict=True))
    ]
    return " and ".join(numbers) or "none", " and ".join(numbers) or "none of the two"


PREDICTIONS = (
    Prediction(
        id="04.p1",
        standard="v2",
        ask="Oskar has been an inpatient since nine. Nobody has discharged him. Now a message takes his discharge back (A13). What comes back?",
        choices=(
            Choice("AE: there is no discharge to take back.", "That sounds careful. But a cancellation repeated, or one that overtakes another message, would stop the line.", "AE"),
            Choice("AA: and his stay stays as it is.", "The message is sound, and nothing has to be done: it is discarded, and that is no error.", "AA"),
            Choice("AR: this receiver takes no cancellations.", "AR is for an event that is not supported. A13 belongs to the five that every receiver of PAM must know.", "AR"),
            Choice("Nothing comes back.", "Every message is answered.", "lost"),
        ),
        read=acknowledgment,
        right="AA",
        why="AA says: understood, and done what there was to do. Here that was nothing. Whoever wants to know looks into the receiver's table of what it discarded.",
        spec="ITI TF-2 section 3.31.7.5.4",
    ),
    Prediction(
        id="04.p2",
        standard="v2",
        ask="Oskar was admitted to MED1 at 9:00. At 11:05 a message says that he moved to intensive care (ICU) at 11:00. At 11:30 the last one comes, late: at 10:00 he had moved to SUR2. Where does the board show him now?",
        choices=(
            Choice("In MED1: the moves contradict each other.", "They do not: each has its time, and all three can be true.", "MED1"),
            Choice("In SUR2: that is what the last message says.", "It came last, but it tells of 10:00. At 11:00 he moved on.", "SUR2"),
            Choice("In ICU: that is what happened last.", "EVN-6 says when it happened. The late message finds its place before it.", "ICU"),
            Choice("Nowhere, until somebody decides.", "Nothing is in doubt: each movement has its time.", "none"),
        ),
        read=read_place,
        right="ICU",
        why="EVN-2 says when it was typed in, EVN-6 when it happened. A receiver that goes by the order of arrival would now show him in SUR2, and send the blood there.",
        spec="ITI TF-2 section 3.31.4",
        shown="The region says",
    ),
    Prediction(
        id="04.p3",
        standard="v2",
        ask='Three updates of Ingrid, each to the same record. PID-13, her telephone, is absent in the first, empty in the second, and `""` in the third. What becomes of the number?',
        choices=(
            Choice("Kept, kept, gone", "What is not said changes nothing, however it is not said. Two double quotes say: delete.", "kept kept gone"),
            Choice("Kept, gone, gone", "An empty place between two bars is no statement. Most senders do not know all that others know.", "kept gone gone"),
            Choice("Gone, gone, gone", "Then every sender would have to know everything, always.", "gone gone gone"),
            Choice("Kept, kept, kept", "Then nothing could ever be deleted. That is what the two double quotes are for.", "kept kept kept"),
        ),
        read=read_held,
        right="kept kept gone",
        why="Absent and empty are the same silence: the segment merely ended earlier in one of them. Only `\"\"` is a statement.",
        spec="ITI TF-2 Appendix C.2.6",
        shown="The region holds",
    ),
    Prediction(
        id="04.p4",
        standard="v2",
        ask="Mária has two numbers: 5120 from last year, and 5199, under which she lies in bed. The merge has 5120 in PID-3 and 5199 in MRG-1. Draw two boxes and an arrow first. "
        "Which number is in use afterwards?",
        choices=(
            Choice("5199", "She lies in bed under it, and it is the newer one. But neither age nor bed decides. The message says it: MRG-1 is the one that goes.", "5199"),
            Choice("5120", "PID-3 stays, MRG-1 goes. Her stay goes over to 5120 with her.", "5120"),
            Choice("Both lead to her.", "5199 still leads to her when one looks it up, but a new message under it is refused here: the number is not to be used again.", "5120 and 5199"),
            Choice("None: the merge makes a new number.", "The sender has to name one that stays.", "none"),
        ),
        read=read_survivor,
        right="5120",
        why="The number in MRG-1 is merged *into* the one in PID-3. Swap the two, and the record with the history goes.",
        spec="ITI TF-2 section 3.30.6.4.3",
        shown="In use",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="04.q1",
        standard="v2",
        ask="A patient was discharged by mistake and still lies in bed. Which event?",
        choices=(
            Choice("A01", "That is a second admission. The first stay would end with a discharge that never was."),
            Choice("A13", "It takes the discharge back: the stay is open as before, where PV1-3 says."),
            Choice("A11", "It takes the admission back, as if the patient had never come."),
            Choice("A08, with the time of discharge emptied", "An update moves nobody. The discharge would stand in every log, and the movements stay as they were told."),
        ),
        right=1,
        spec="ITI TF-2 section 3.31.7.5",
    ),
    Question(
        id="04.q2",
        standard="v2",
        ask="Which sentence about A08, A28 and A31 is right?",
        choices=(
            Choice("All three are updates, and any of them will do.", "A receiver takes them by what they are about, and some receivers take only one of them."),
            Choice("A08 is the newer form of A31.", "Both are in use. They belong to two transactions, ITI-31 and ITI-30."),
            Choice("A28 adds a person, A31 changes one, A08 corrects data of somebody with an open stay.", "And an A08 about somebody without one is discarded."),
            Choice("A31 needs an open stay.", "That is A08. A31 speaks of a person, wherever he is."),
        ),
        right=2,
        spec="ITI TF-2 sections 3.30.6.2, 3.30.6.3 and 3.31.7.6",
    ),
    Question(
        id="04.q3",
        standard="v2",
        ask="A merge names the same number in PID-3 and in MRG-1. What should happen?",
        choices=(
            Choice("Nothing, and AA: they are one already.", "Then nobody hears that somebody pressed the wrong button, and that the two records are still two."),
            Choice("The record merges into itself.", "Some systems have done that. Whoever follows the arrow from a record to itself never comes to an end."),
            Choice("It is refused: one number cannot both go and stay.", "The specification does not speak of it; this receiver's own decision is to refuse, and to say why."),
            Choice("Both records are deleted.", "A merge deletes nothing: it moves what belongs to the one to the other."),
        ),
        right=2,
        spec="ITI TF-2 section 3.30.6.4.3",
    ),
    Question(
        id="04.q4",
        standard="v2",
        ask="A transfer of 11:00 is known. At 11:30 another one comes, which happened at 10:45. Where was the patient at 10:50?",
        choices=(
            Choice("Where the message of 11:30 says.", "It came late, and it tells of 10:45. From then on he was there, until 11:00."),
            Choice("Where the region said he was when it was 10:50.", "That was the best it knew. Now it knows more, and the log is put right."),
            Choice("Where the move of 11:00 led.", "That had not happened yet."),
        ),
        right=0,
        spec="ITI TF-2 section 3.31.4",
    ),
    Question(
        id="04.q5",
        standard="v2",
        ask="A front desk knows a name, a number and a new street. It sends an A31 with these, and the rest is empty. What does IHE ask of the two sides?",
        choices=(
            Choice("The receiver deletes what is empty: the message is the newest truth.", "An empty field is no statement. That is how numbers get lost overnight."),
            Choice("The receiver refuses the message.", "Most fields may be empty. Nothing in it is against a rule that a receiver could check."),
            Choice("The receiver leaves what is empty as it is. The sender should carry all that is known of the person.", "Both halves: so nothing gets lost, and whoever does not know the person yet learns all of it."),
            Choice("The sender has to write `\"\"` into every field that it does not know.", "That would delete them everywhere. `\"\"` says: there is none."),
        ),
        right=2,
        spec="ITI TF-2 Appendix C.2.6 and section 3.30.6.3.3",
    ),
)  # fmt: skip

LESSON = Lesson(
    number="04",
    goals=(
        Goal(
            "choose the event for twelve situations, about the stay or about the person, and the event that takes each back",
            ("04.1", "04.2", "04.3", "04.4"),
            code=False,
        ),
        Goal(
            "replay a stream of events, and say where the patient is at any time, also when a message comes late",
            ("04.6", "04.10", "04.p2"),
        ),
        Goal('apply absent, empty and "" to a stored record', ("04.8", "04.9", "04.p3")),
    ),
    minutes=40,
    before="lesson 01, or you can find PID-3 in a message.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
