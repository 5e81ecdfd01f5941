"""The items of lesson 16, Two-level modelling: kinds of entry, who made a rule, the address of a node, and a template that narrows an archetype."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ihe_kit import openehr
from ihe_kit.core import Unreadable
from ihe_kit.course.fever_check import COMMENT, MOOD, TREE, compared, made, temperature
from ihe_kit.course.forms import by_steps, faded, judged, order
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
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.openehr.template_tree import Row, template_tree

ENTRIES_SPEC = "openEHR RM, EHR Information Model, Entry package"
NARROWING = "openEHR AM, Overview, Templates"
PATHS = "openEHR BASE, Architecture Overview, Paths and Locators"

# 16.1: fifteen statements -----------------------------------------------------------------------------------------------------------------

OBSERVATION = "OBSERVATION: seen, measured, told"
EVALUATION = "EVALUATION: an opinion"
INSTRUCTION = "INSTRUCTION: it shall be done"
ACTION = "ACTION: it was done"
ADMIN = "ADMIN_ENTRY: organisation"
ENTRIES = (OBSERVATION, EVALUATION, INSTRUCTION, ACTION, ADMIN)


@dataclass(frozen=True, slots=True)
class Said:
    """Something that is said, where it belongs, and why."""

    text: str
    kind: str
    why: str


STATEMENTS = (
    Said("Blood pressure 142 over 91, sitting.", OBSERVATION, "It was measured. How she sat belongs to it, as its state."),
    Said("The diagnosis is pneumonia of the left lower lobe.", EVALUATION, "A diagnosis is what somebody concludes from what was found. Another doctor may conclude something else."),
    Said("Amoxicillin 500 mg, three times a day for five days.", INSTRUCTION, "It can be carried out as it stands, and has not been yet."),
    Said("10:15: the first 500 mg were given.", ACTION, "It was done, at a time. What was ordered is another entry."),
    Said("Came through the emergency department at 07:40, bed 3.", ADMIN, "An admission tells who is in the house and where. Without it the care would be the same."),
    Said("Potassium 6.9 mmol/L, from the laboratory.", OBSERVATION, "A result is about her blood at the hour of the sample, whoever measured it."),
    Said("Allergic to penicillin.", EVALUATION, "A judgement of how she will react, much like a diagnosis. The rash of last year would be an observation."),
    Said("Pale, and breathes fast.", OBSERVATION, "It was seen, by a person in place of a device. Nobody has said yet what it means."),
    Said("Her risk of a stroke is raised.", EVALUATION, "A risk is an opinion about what may come, drawn from what was found."),
    Said("Cardiology, please see her.", INSTRUCTION, "A referral is a request for care by somebody else."),
    Said("Appointment with Dr Berg on Thursday at ten.", ADMIN, "It makes two people meet. What Dr Berg is to do there is another entry."),
    Said("It hurts when she breathes in, she says.", OBSERVATION, "What the patient tells is found, too. That it comes from the pleura would be an opinion."),
    Said("Below 140 over 90 until summer.", EVALUATION, "A goal. It does not say what anybody has to do for it."),
    Said("The wound was cleaned and dressed.", ACTION, "Something was done to the patient. How the wound looked is an observation."),
    Said("A chest image today, on the ward.", INSTRUCTION, "An order. The report will be an observation."),
)  # fmt: skip


def sorted_out(said: Sequence[Said], fine: str) -> Check:
    """A check of a sorting: how many fit, and of the first that does not, why."""

    def look(answer: Answer, _: Context) -> Verdict:
        missed = [one for given, one in zip(answer, said, strict=True) if given != one.kind]
        if not missed:
            return Verdict(True, f"Right, all {len(said)}.", fine)
        return Verdict(False, f"{len(said) - len(missed)} of {len(said)} fit.", f"Look at “{missed[0].text}” {missed[0].why}")

    return look


def _sorting(said: Sequence[Said], options: tuple[str, ...]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    return tuple(Part(one.text, options) for one in said), tuple(one.kind for one in said)


def _but(said: Sequence[Said], **other: str) -> tuple[str, ...]:
    """The right answer, but for some: `_but(STATEMENTS, _2=OBSERVATION)`, counted from 1."""
    return tuple(other.get(f"_{number}", one.kind) for number, one in enumerate(said, 1))


# 16.2: who made the rule ------------------------------------------------------------------------------------------------------------------

MODEL, ARCHETYPE, TEMPLATE, TERMINOLOGY = "Reference Model", "archetype", "template", "terminology"
LEVELS = (MODEL, ARCHETYPE, TEMPLATE, TERMINOLOGY)
RULES = (
    Said("The data of an observation are a HISTORY of events.", MODEL, "It holds for every observation, whatever is observed. So it stands where the class is made."),
    Said("An ELEMENT has a value, or says why it has none.", MODEL, "It holds for every element of every record."),
    Said("In a blood pressure, at0004 is the systolic one.", ARCHETYPE, "An at-code is made by the archetype in which it stands. In body temperature, at0004 is the temperature."),
    Said("A pressure is in mm[Hg], from 0 to below 1000.", ARCHETYPE, "In the table of blood pressure the library says it already, for everybody."),
    Said("In vital signs, the systolic value has to be there.", TEMPLATE, "The archetype leaves it open (0..1). Who made it 1..1?"),
    Said("Tilt, which the archetype offers, is not in vital signs.", TEMPLATE, "An archetype offers all that anybody needs. Something is left out for one purpose."),
    Said("mm[Hg] means a pressure, as a column of mercury gives it.", TERMINOLOGY, "The model names the code. What it means is said by UCUM, the code system of units."),
    Said("433 means: a composition about an event.", TERMINOLOGY, "A number of openEHR's own terminology. The template chose it; that it means *event* was said elsewhere."),
)  # fmt: skip

# 16.w1, 16.3, 16.4: the address of a node -------------------------------------------------------------------------------------------------

PATH, OFTEN, CLASS, UNITS = "Its path, from its entry on", "How often it may be there", "The class of its value", "The units that it takes"


def reading(name: str, template: str = "kit_vital_signs.v1") -> tuple[Step, Step, Step, Step]:
    """What is read of a node, by its name, each step from the template itself."""
    tree = template_tree(template)
    row = tree.rows[tree.find(name) or 0]
    value = next(value for one in row.node.attributes if one.name == "value" for value in one.children)
    return (
        Step(PATH, _below_entry(row), "Go down from the entry, step by step: attribute, then the at-code in brackets. The card shows the path."),
        Step(OFTEN, row.node.occurs, "The second column of the tree: at least .. at most, * for no limit."),
        Step(CLASS, value.type, "What `value` holds. In the tree it says quantity, which is DV_QUANTITY."),
        Step(UNITS, ", ".join(sorted((unit.units for unit in value.units), key=_plainly)), "Codes of UCUM, written letter by letter.", exact=True),
    )  # fmt: skip


def _below_entry(row: Row) -> str:
    steps = [f"/{attribute}[{node.code}]" for attribute, node in row.way]
    entry = max(number for number, (_, node) in enumerate(row.way) if node.code.startswith("openEHR-"))
    return "".join(steps[entry + 1 :])


def check_reading(name: str, why: str) -> Check:
    """By its steps, after an answer was put into the form in which they are written."""
    look = by_steps(reading(name), "Right.", why, {0: _path_slip, 3: _unit_slip})
    return lambda answer, context: look([tidy(text) for tidy, text in zip((_path, _often, _class, _units), answer, strict=True)], context)


def _bare(text: str) -> str:
    return text.strip().strip("`'\"").strip()


def _path(text: str) -> str:
    """`/content[...]/data[at0001]/.../items[at0004]/value/units` and `o/data[at0001]/...` name the same node as `data[at0001]/.../items[at0004]`."""
    plain = _bare(text).replace(" ", "")
    below = plain[plain.index("data[at") :] if "data[at" in plain else plain
    return "/" + re.sub(r"/value(/\w+)*$", "", below).strip("/")


def _path_slip(text: str) -> str:
    if "/vital_signs/" in text:
        return "That is the key of FLAT, a notation that goes by names. The path goes by attributes and at-codes: the card has it as the canonical path."
    return "The at-codes are there, but not the way down: which attribute leads from each to the next?" if text.startswith("/at") else ""


def _often(text: str) -> str:
    plain = re.sub(r"\s*(\.\.\.?|…|-|–|to|:)\s*", "..", _bare(text).strip("[]{}").lower())
    words = {"1": "1..1", "once": "1..1", "exactly once": "1..1", "exactly one": "1..1", "at most once": "0..1", "optional": "0..1"}
    return words.get(plain, plain)


def _class(text: str) -> str:
    plain = _bare(text).upper().replace(" ", "_").replace("DVQ", "DV_Q")
    return plain if plain.startswith("DV_") else f"DV_{plain}"


def _units(text: str) -> str:
    """In the order of the alphabet, however they are set apart."""
    return ", ".join(sorted(filter(None, (_bare(one) for one in re.split(r",|;|\bor\b|\band\b|\s", text))), key=_plainly))


def _plainly(unit: str) -> str:
    return unit.strip("[]").lower()


def _unit_slip(text: str) -> str:
    units = text.split(", ")
    if "mmHg" in units:
        return "That is as people write it. The code has brackets, and a code is compared letter by letter."
    if any(one.lower() in ("°c", "c", "celsius", "°f", "f", "fahrenheit", "degf") for one in units):
        return "That is as people write it. Copy the code from the tree: the brackets, where there are any, belong to it."
    return "Each unit that the tree names: a node may take more than one." if text == "Cel" else ""


GIVEN = faded(reading("Temperature"), given=(0, 1))
BLANK = faded(reading("Mean arterial pressure"))

# 16.6: the constraint that refused ------------------------------------------------------------------------------------------------------------

CHANGES = (
    "the device's driver: it writes the code that the model asks for",
    "the template: it takes mmHg as well",
    "the archetype: it takes mmHg as well",
    "the receiver: it treats mmHg and mm[Hg] alike",
)
ATTRIBUTES = ("magnitude", "units", "precision")
_NAMED = re.compile(r"\bat\d{4}\b")


def check_constraint(answer: Answer, _: Context) -> Verdict:
    """Held against the node in the template, step by step."""
    tree = template_tree("kit_vital_signs.v1")
    node = tree.rows[tree.find("Diastolic") or 0].node
    wants = node.child("value").units[0].units
    codes = _NAMED.findall(answer[0])
    fits = (
        (codes[-1:] == [node.code] or (not codes and "diastolic" in answer[0].lower()), "In the refusal, look at the last at-code of the path. Which element of the tree has it?"),
        (answer[1] == "units", "The path of the refusal goes on behind the element: value, and then?"),
        (_bare(answer[2]) == wants, "Point at this element in the TemplateViewer. It says what its value may be, letter by letter, brackets and all."),
        (answer[3] == ARCHETYPE, "The table of blood pressure, above, has it: the library says it already, for everybody."),
        (answer[4] == CHANGES[0], _NOT_THAT.get(answer[4], "")),
    )  # fmt: skip
    missed = [why for fit, why in fits if not fit]
    if missed:
        return Verdict(False, f"{len(fits) - len(missed)} of {len(fits)} fit.", missed[0])
    return Verdict(
        True,
        "Right. Found in the model, without a second try.",
        "Node, attribute, what is wanted, whose rule: then it is clear where to repair.",
    )


_NOT_THAT = {
    CHANGES[1]: "A template only narrows. What the archetype does not allow, it cannot allow.",
    CHANGES[2]: "Every site in the world that uses it would have to read a second way to write one unit. And mmHg is no code of UCUM.",
    CHANGES[3]: "This receiver, perhaps. The next one, and every query, compares letter by letter. Repair where the value is made.",
}

# 16.7: beyond the archetype -----------------------------------------------------------------------------------------------------------------

VERDICTS = ("refused: it goes beyond the archetype", "taken: it only narrows")
EDITS = {
    "Add a field of your own: at0099, Mood": TREE + MOOD,
    "Take kelvin as a third unit": TREE.replace("; [degF]", "; K 270..<320 precision 1; [degF]"),
    "Let the temperature be left out: 0..1": TREE.replace("at0004] 1..1", "at0004] 0..1"),
    "Take degrees Celsius only": TREE.replace("; [degF] 30..<200 precision 1", ""),
    "Add Comment, at0063, and make it mandatory": TREE + COMMENT.replace("0..1", "1..1"),
}
PLACES = ("items[at0099]", "items[at0004]", "items[at0004]/value", "items[at0063]")
NO_PLACE = "nothing: it names none"


def check_beyond(answer: Answer, _: Context) -> Verdict:
    """The chosen template is compared with the archetype, as an editor does."""
    found = compared(EDITS.get(answer[2], TREE))  # what is no choice changes nothing
    place = found[0].path.partition("/data[at0001]/")[2] if found else "nothing"
    came = ("refused" if found else "taken", place)
    reasons = {"taken": _NARROWED, "refused": found[0].says if found else ""}
    said = (answer[0].partition(":")[0], answer[1].partition(":")[0])
    return judged(said, came, found[0].says.partition(". ")[0] if found else "", ("refused",), reasons, _BEYOND)


_NARROWED = (
    "It left something out, or asked for more. Whoever fills it in still writes what the archetype allows: that is what a template is for."
)
_BEYOND = "A reader who knows the archetype reads every template made of it. A field that only you have, nobody else will look for."

# 16.8: a template of your own ---------------------------------------------------------------------------------------------------------------

Trial = tuple[Callable[[str], OpenehrMessage], bool, str, str]  # (what is sent, whether it is to be taken, both in words, where to look)

POINTS: tuple[tuple[str, tuple[Trial, ...]], ...] = (
    (
        "A child with 37.4 Cel, and nothing else, is recorded.",
        ((lambda tree: temperature(tree, 37.4), True, "Somebody sends 37.4 Cel and no more.", "Whatever else the template asks for has to be optional, 0..1."),),
    ),
    (
        "Degrees Celsius only.",
        ((lambda tree: temperature(tree, 99.3, "[degF]"), False, "Somebody sends 99.3 [degF].", "Units are set apart by a semicolon: take one away."),),
    ),
    (
        "From 30 to below 45.",
        (
            (lambda tree: temperature(tree, 374), False, "Somebody forgets the point, and sends 374 Cel.", "The range stands behind the unit: from..to."),
            (lambda tree: temperature(tree, 45), False, "Somebody sends 45 Cel, which is not below 45.", "A `<` before a number leaves it out."),
            (lambda tree: temperature(tree, 29.9), False, "Somebody sends 29.9 Cel.", "The range begins at 30."),
            (lambda tree: temperature(tree, 30), True, "Somebody sends 30 Cel.", "From 30 on it may be: no `>` before it."),
            (lambda tree: temperature(tree, 44.9), True, "Somebody sends 44.9 Cel.", "The range goes up to 45."),
        ),
    ),
    (
        "A comment may be there.",
        ((lambda tree: temperature(tree, 37.4, comment="after a warm bath"), True, "Somebody sends 37.4 Cel with a comment.", "Which code has it in the archetype, and at which depth does it stand?"),),
    ),
)  # fmt: skip


def check_template(answer: Answer, _: Context) -> Verdict:
    """Made into a template, compared with the archetype, and then tried with what nurses send."""
    tree = answer[0]
    try:
        made(tree)
    except Unreadable as problem:
        return Verdict(False, "It cannot be read yet.", f"{problem.says[:1].upper()}{problem.says[1:]} (line {problem.line}).")
    beyond = compared(tree)
    if beyond:
        return Verdict(False, f"It can be read, but it goes beyond the archetype. {beyond[0].says}", f"At {beyond[0].path}.")
    open_points = [(says, why) for says, why in ((says, _tried(tree, trials)) for says, trials in POINTS) if why]
    if open_points:
        return Verdict(
            False, f"{len(POINTS) - len(open_points)} of {len(POINTS)} points are met. Not yet: {open_points[0][0]}", open_points[0][1]
        )
    return Verdict(True, f"Right, all {len(POINTS)} points, and it only narrows.", "Eight measurements were sent to it, and it took and refused them as the ward wants. The archetype is as it was, and every other ward reads yours.")  # fmt: skip


def _tried(tree: str, trials: Sequence[Trial]) -> str:
    """What went astray in the first of the trials that did; "" where all went as they should."""
    template = made(tree)
    for send, wanted, says, look in trials:
        errors = [one for one in openehr.conform(send(tree), template) if one.severity == "error"]
        if wanted != (not errors):
            came = f"refused: {errors[0].says.partition('. ')[0]}" if errors else "taken"
            return f"{says} It is {came}. {look}"
    return ""


WARD = TREE.replace("Cel 0..<100 precision 1; [degF] 30..<200 precision 1", "Cel 30..<45 precision 1") + COMMENT

# The exercises ----------------------------------------------------------------------------------------------------------------------------

_STATED, _KINDS = _sorting(STATEMENTS, ENTRIES)
_RULED, _MAKERS = _sorting(RULES, LEVELS)

EXERCISES = (
    Exercise(
        id="16.1",
        standard="openehr",
        task="Fifteen things that are said on the ward this morning. Which kind of entry is each?",
        parts=_STATED,
        check=sorted_out(STATEMENTS, "Ask: was it found, thought, ordered, done, or organised? The time tells much: past, opinion, future, done."),
        hints=(
            "Go through the table above with each: what was found, what is thought, what shall be done, what was done.",
            "Four were found, four are thought, three are ordered, two were done, two are organisation.",
            "An allergy, a risk, a goal and a diagnosis are opinions. What is seen, and what she says, is found.",
        ),
        solution=_KINDS,
        why="A wrong kind is no matter of taste: who looks for diagnoses asks for evaluations, and a diagnosis filed as an observation is not found.",
        wrong=(
            Wrong(_but(STATEMENTS, _2=OBSERVATION, _7=OBSERVATION), "What a doctor writes down is an observation."),
            Wrong(_but(STATEMENTS, _4=INSTRUCTION, _14=INSTRUCTION), "Giving a drug belongs to its order."),
            Wrong(_but(STATEMENTS, _13=INSTRUCTION, _11=INSTRUCTION), "Whatever lies in the future is an instruction."),
            Wrong(_but(STATEMENTS, _8=EVALUATION, _12=EVALUATION), "What no device has measured is an opinion."),
        ),
        spec=ENTRIES_SPEC,
    ),
    Exercise(
        id="16.2",
        standard="openehr",
        task="Eight rules. Who made each of them? Ask: for whom does it hold?",
        parts=_RULED,
        check=sorted_out(RULES, "Every record: Reference Model. Every blood pressure: archetype. Every form of this kind: template. Every use of a code: terminology."),
        hints=(
            "For every record in the world, for every blood pressure, for one form, or for a code wherever it stands?",
            "Each of the four has two. The table above tells what the library's archetype says of blood pressure.",
            "What makes a field mandatory that the archetype leaves open, or leaves it out, is the template.",
        ),
        solution=_MAKERS,
        why="Who made a rule decides whom you ask to change it: nobody, the library, your own ward, or the keeper of the codes.",
        wrong=(
            Wrong(_but(RULES, _4=TEMPLATE, _3=TEMPLATE), "What I see in my template is made by my template."),
            Wrong(_but(RULES, _5=ARCHETYPE, _6=ARCHETYPE), "An archetype is a form, and says what must be filled in."),
            Wrong(_but(RULES, _7=ARCHETYPE, _8=MODEL), "The model that names a code says what it means."),
        ),
        spec=NARROWING,
    ),
    Exercise(
        id="16.3",
        standard="openehr",
        task="The same for *Temperature*, in the same template. The first two steps are done.",
        parts=GIVEN[0],
        check=check_reading("Temperature", "Two units: the template left the choice that the archetype gives."),
        hints=(
            "Open Body temperature in the PathFinder, or in the TemplateViewer, and point at Temperature.",
            "The last column says of which kind the value is, and in which units.",
            "A quantity, DV_QUANTITY; degrees Celsius and Fahrenheit, as UCUM writes them, the second in brackets.",
        ),
        solution=GIVEN[1],
        why="A path is the address of a meaning: whatever the screen calls it, at0004 of body temperature is the temperature.",
        wrong=(
            Wrong((*GIVEN[1][:3], "°C, °F"), "A unit is written as people write it."),
            Wrong((*GIVEN[1][:3], "Cel"), "There is one unit for each measurement."),
            Wrong((*GIVEN[1][:2], "DV_COUNT", GIVEN[1][3]), "A number is a number."),
        ),
        spec=PATHS,
    ),
    Exercise(
        id="16.4",
        standard="openehr",
        task="And alone: *Mean arterial pressure*.",
        parts=BLANK[0],
        check=check_reading("Mean arterial pressure", "It is optional: who does not measure it leaves it out, and nobody takes a nought for a pressure."),
        hints=(
            "It stands beside Systolic, and differs from it in two of the four.",
            "The same way down, another at-code at the end. Look at the second column.",
            "It ends in items[at1006], and it may be left out: at least none, at most one.",
        ),
        solution=BLANK[1],
        why="Path, occurrences, class, units: with these four you can talk to a modeller and to a programmer alike.",
        wrong=(
            Wrong(("/data[at0001]/events[at0006]/data[at0003]/items[at0004]", *BLANK[1][1:]), "All pressures stand at one address."),
            Wrong((BLANK[1][0], "1..1", *BLANK[1][2:]), "What is in a template has to be filled in."),
            Wrong((*BLANK[1][:3], "mmHg"), "A unit is written as people write it."),
        ),
        spec=PATHS,
    ),
    order(
        id="16.5",
        standard="openehr",
        task="Ingrid *sat* when her pressure was taken. Put the steps in order that lead from the composition to the code at1001, Sitting. Two do not belong.",
        tiles=(
            Tile("content", "content[openEHR-EHR-OBSERVATION.blood_pressure.v2]", "A composition holds entries in `content`. Without it nobody knows which archetype the at-codes are of."),
            Tile("history", "data[at0001]", "An observation keeps what was found in `data`, as a history."),
            Tile("event", "events[at0006]", "A history has events, each with its own time."),
            Tile("state", "state[at0007]", "How the patient was, is the state of the event."),
            Tile("element", "items[at0008]", "The element, Position."),
            Tile("value", "value/defining_code", "An element has a value, and a coded text its code."),
            Tile("readings", "data[at0003]", "There are the readings: systolic and diastolic. How she sat is not read from the device."),
            Tile("name", "position", "A name on the screen, or in FLAT. A path of the model goes by attributes and at-codes."),
        ),
        solution=("content", "history", "event", "state", "element", "value"),
        before=(
            ("content", "history", "First the entry, then what is in it: at0001 is another node in another archetype."),
            ("history", "event", "Events stand in a history."),
            ("event", "state", "Each event has a state of its own: she may stand at the next one."),
            ("state", "element", "An element stands in a tree of items, and here that is the state."),
            ("element", "value", "The value stands in the element."),
        ),
        hints=(
            "Open the PathFinder above, and point at Position.",
            "Entry, history, event, and then: what was read, or how she was?",
            "content, data[at0001], events, state, items, value. The second data and the word stay out.",
        ),
        why="The way tells what it is: the same code below `data` would be a finding, below `state` it is a condition of the measurement.",
        wrong=(
            Wrong(("content", "history", "event", "readings", "element", "value"), "Everything that is measured stands in data."),
            Wrong(("content", "event", "history", "state", "element", "value"), "An event has a history."),
            Wrong(("content", "history", "event", "state", "name", "value"), "A path goes by names."),
        ),
        spec=PATHS,
    ),
    Exercise(
        id="16.6",
        standard="openehr",
        task="Find the rule that refused the pressure of the new device: in the model, not by trying.",
        parts=(
            Part("Which element is refused? Its at-code"),
            Part("Which attribute of its value?", ATTRIBUTES),
            Part("What does the model want there?"),
            Part("Who made this rule?", LEVELS),
            Part("What has to be changed?", CHANGES),
        ),
        check=check_constraint,
        hints=(
            "The refusal says where, and what the template wants. The viewer shows the same node.",
            "Read the path from behind: the attribute, `value`, and the element with its at-code.",
            "Diastolic; its units. Brackets belong to the code. The library says it for everybody, so the message is wrong.",
        ),
        solution=("at0005", "units", "mm[Hg]", ARCHETYPE, CHANGES[0]),
        why="Who tries until it passes finds *a* message that passes. Who reads the model finds out which one is right, and who has to be asked.",
        wrong=(
            Wrong(("at0004", "units", "mm[Hg]", ARCHETYPE, CHANGES[0]), "at0004 is the pressure."),
            Wrong(("at0005", "units", "mm[Hg]", TEMPLATE, CHANGES[1]), "My template refuses it, so I change my template."),
            Wrong(("at0005", "units", "mmHg", ARCHETYPE, CHANGES[0]), "The brackets are decoration."),
            Wrong(("at0005", "magnitude", "mm[Hg]", ARCHETYPE, CHANGES[3]), "A good receiver understands what is meant."),
        ),
        spec="openEHR ITS-XML, AM Release 1.4, C_QUANTITY_ITEM.units",
    ),
    Exercise(
        id="16.7",
        standard="openehr",
        task="Make a template that goes beyond its archetype, and say beforehand which node is named. Two of the five changes are no offence.",
        parts=(Part("First say what comes", VERDICTS), Part("And which node it will name", (*PLACES, NO_PLACE)), Part("Then choose a change", tuple(EDITS))),
        check=check_beyond,
        hints=(
            "Leave out, make mandatory, narrow: that may be. Add or widen: that may not.",
            "Does the archetype have this code, this unit, this number of times? It is printed above.",
            "Mood has no code in the archetype: refused, at items[at0099].",
        ),
        solution=(VERDICTS[0], "items[at0099]", "Add a field of your own: at0099, Mood"),
        why="What is missing in an archetype is asked for in the library, specialised, or put into a slot that the archetype left open, as an archetype of its own.",
        wrong=(
            Wrong((VERDICTS[1], NO_PLACE, "Add a field of your own: at0099, Mood"), "If the template lacks a field, add it there."),
            Wrong((VERDICTS[0], "items[at0063]", "Add Comment, at0063, and make it mandatory"), "To make something mandatory is to ask for more than the archetype."),
            Wrong((VERDICTS[0], "items[at0004]/value", "Take degrees Celsius only"), "A template has to take all that the archetype takes."),
            Wrong((VERDICTS[1], NO_PLACE, "Let the temperature be left out: 0..1"), "Fewer demands are narrower."),
        ),
        spec=NARROWING,
        kind="Break it",
        button="Compare",
    ),
    Exercise(
        id="16.8",
        standard="openehr",
        task="The children's ward wants degrees Celsius only, from 30 to below 45, so that 374 is noticed, and room for a comment, which may be left out. Write it.",
        parts=(Part("The template", lines=TREE.count("\n") + 3, given=TREE),),
        check=check_template,
        hints=(
            "The last line says which values may stand there. The comment is printed in the archetype, with its code and its two lines.",
            "Take the second unit away, write another range for the first, and put the two lines of at0063 below, as deep as at0004.",
            "`Cel 30..<45 precision 1`; then, ten blanks deep, `items: ELEMENT[at0063] 0..1 Comment | ...`, and twelve blanks deep `value: DV_TEXT`.",
        ),
        solution=(WARD,),
        why="Two lines chosen, one narrowed, nothing invented. The repository takes it, and refuses by it what the ward does not want.",
        wrong=(
            Wrong((WARD.replace("30..<45", "30..45"),), "Up to and below are the same."),
            Wrong((TREE + COMMENT,), "The range of the archetype is good enough for every ward."),
            Wrong((WARD.replace("at0063", "at0100"),), "A field is known by its name, and its code is mine to choose."),
            Wrong((WARD.replace("0..1 Comment", "1..1 Comment"),), "What is in a form has to be filled in."),
        ),
        spec=NARROWING,
    ),
)  # fmt: skip

EXAMPLE = Example(
    id="16.w1",
    standard="openehr",
    task="What does the template ask of *Systolic*? Four things are read, each from its place in the tree.",
    steps=reading("Systolic"),
    why="The path says what it is, the rest what may stand there. A query, a form and a check start from the same four.",
    spec=PATHS,
)

# Predictions and quiz ---------------------------------------------------------------------------------------------------------------------


def read_status(sent: Exchange) -> tuple[str, str]:
    """The status, and of a refusal the place that it names."""
    if not isinstance(sent.answer, OpenehrMessage):
        return "lost", sent.lost
    status = sent.answer.status
    errors = (sent.answer.data or {}).get("errors", []) if sent.refused else []
    if not errors:
        return status, f"{status}."
    place, says = "/".join(errors[0]["path"].split("/")[-3:]), errors[0]["says"].partition(". ")[0]
    return status, f"{status}, at {place}. {says}."


PREDICTIONS = (
    Prediction(
        id="16.p1",
        standard="openehr",
        ask="A new device writes its diastolic pressure in mmHg. To every nurse it is the same. What does the repository answer?",
        choices=(
            Choice("201: it is kept, as it is right.", "For a reader it would be. A unit is a code, and a program compares letters.", "201"),
            Choice("400: it cannot be read.", "It can: every bracket is there, and every value but one is right.", "400"),
            Choice("422: understood, and against a rule.", "The model asks for mm[Hg], the code of UCUM.", "422"),
        ),
        read=read_status,
        right="422",
        why="It was read to the last letter, and compared with the template. The answer names the node: that is the beginning of the search.",
        spec="openEHR ITS-REST, EHR API, composition create",
    ),
    Prediction(
        id="16.p2",
        standard="openehr",
        ask="The archetype of the temperature has a Comment. The children's template does not mention it. A nurse sends 37.4 Cel with a comment. What comes?",
        choices=(
            Choice("201: the archetype has it, so it is allowed.", "It is allowed where a template offers it. This one left it out.", "201"),
            Choice("201 at first, but the comment is dropped.", "A repository that changes what a nurse wrote would be worse than one that refuses.", "201, dropped"),
            Choice("422: the template does not offer it.", "Of all that an archetype offers, a template takes what it needs. The rest may not be sent.", "422"),
        ),
        read=read_status,
        right="422",
        why="The composition says by which template it was made, and that one decides. The archetype tells what may be chosen, the template what was chosen.",
        spec=NARROWING,
    ),
    Prediction(
        id="16.p3",
        standard="openehr",
        ask="Somebody writes Mood into the template by hand, at0099, past the editor. The repository takes the template: it has no archetype to compare with. Now a child is *cross*. What comes?",
        choices=(
            Choice("201: kept.", "The composition fits its template, and more is not asked.", "201"),
            Choice("422: the archetype has no at0099.", "The archetype is not on this server. An operational template is all that it has.", "422"),
            Choice("404: no such node.", "A node that cannot be placed would be 422. And this one can.", "404"),
        ),
        read=read_status,
        right="201",
        why="Here nobody refuses, and that is the harm: it is kept at a code that nobody else knows. No query finds it, and the archetype's next version may give at0099 another meaning.",
        spec=NARROWING,
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="16.q1",
        standard="openehr",
        ask="“I suspect pneumonia”, says the doctor. Which entry is that?",
        choices=(
            Choice("OBSERVATION", "Fever, cough and the image were found. Pneumonia is what the doctor makes of them."),
            Choice("EVALUATION", "A suspicion is an opinion, as a diagnosis is. How sure it is, the archetype has a place for."),
            Choice("INSTRUCTION", "Nothing is ordered yet. The chest image will be."),
            Choice("ADMIN_ENTRY", "It is about care, not about organising it."),
        ),
        right=1,
        spec=ENTRIES_SPEC,
    ),
    Question(
        id="16.q2",
        standard="openehr",
        ask="A ward needs a field that its template does not have. What is done first?",
        choices=(
            Choice("Look whether the archetype has it, and take it into a new version of the template.", "Most often it is there and was left out. If not: a slot, another archetype, or a request to the library."),
            Choice("Add it to the template with a free at-code.", "Codes are given by archetypes. One that you make up means nothing to others, and may mean something else tomorrow."),
            Choice("Write it into the comment.", "People will read it. No program will."),
            Choice("Add an attribute to OBSERVATION.", "The Reference Model holds for every record in the world. It is not changed for a field."),
        ),
        right=0,
        spec=NARROWING,
    ),
    Question(
        id="16.q3",
        standard="openehr",
        ask="Two hospitals use one archetype of the temperature in two templates. One query shall find both. By what does it ask?",
        choices=(
            Choice("By the name of the template", "Then it asks twice, and once more for each new ward."),
            Choice("By the label on the screen", "One ward calls it Temp., the other fever. Names may be changed and translated."),
            Choice("By the archetype and the path in it", "Both templates kept the archetype's codes, because a template has none of its own."),
        ),
        right=2,
        spec="openEHR QUERY, AQL, Overview",
    ),
    Question(
        id="16.q4",
        standard="openehr",
        ask="An archetype says 0..1, the template 1..1. Which message is refused?",
        choices=(
            Choice("One without the value", "The template made it mandatory. That is narrower: each message that passes it would pass the archetype, too."),
            Choice("One with the value", "Once is within both."),
            Choice("None: the archetype counts", "It counts as the outer limit. Within it the template may ask for more."),
            Choice("The template itself", "Only where it asked for less than its archetype, or for more often."),
        ),
        right=0,
        spec=NARROWING,
    ),
)  # fmt: skip

LESSON = Lesson(
    number="16",
    goals=(
        Goal("sort what is said into observation, evaluation, instruction, action and administrative entry", ("16.1",), code=False),
        Goal("tell who made a rule, and read path, occurrences and units of a node", ("16.2", "16.3", "16.4", "16.5", "16.6", "16.p1"), code=False),
        Goal("narrow a template without leaving its archetype, and see data taken and refused by it", ("16.7", "16.8", "16.p2", "16.p3")),
    ),
    minutes=40,
    before="lesson 00. Lesson 11b tells more about codes and units.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)  # fmt: skip
