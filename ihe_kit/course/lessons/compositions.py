"""The items of lesson 17, Compositions: FLAT keys, where the context comes from, a value that is missing, and refusals traced to their node."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ihe_kit import OpenehrClient, person
from ihe_kit.course.forms import by_steps, faded, judged, order
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
from ihe_kit.course.scenes import open_record
from ihe_kit.course.ward_round import (
    ROUND,
    SATURATION,
    SHORT,
    TEMPERATURE,
    VITAL_SIGNS,
    canonical,
    elements,
    measured,
    node_at,
    oximeter,
    refused_at,
    text,
    thermometer,
    web_nodes,
    without,
)
from ihe_kit.exchanges import Exchange
from ihe_kit.files import rows
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.verbs import validate

FORMATS = "openEHR ITS-REST, Simplified Formats, Basic Concepts"
CONTEXT = "openEHR ITS-REST, Simplified Formats, Context Information"
COMPOSITION = "openEHR RM, EHR Information Model, Composition package"
ELEMENT = "openEHR RM, Data Structures, ELEMENT"

# 17.w1, 17.1, 17.2: the parts of a key ------------------------------------------------------------------------------------------------------

ENTRY, EVENT, NODE, PARTS = (
    "The entry, and which one of its kind",
    "The event, and which one",
    "The element",
    "What may stand behind the bar",
)
NO_EVENT = "none"


def reading(element: str) -> tuple[Step, Step, Step, Step]:
    """The parts of the FLAT keys of an element, by its id: from Ingrid's round and the web template."""
    key = next(key.partition("|")[0] for key in ROUND if key.partition("|")[0].endswith(f"/{element}"))
    _, entry, *events, name = key.split("/")
    suffixes = [one["suffix"] for one in next(node for node in web_nodes() if node["id"] == element)["inputs"]]
    where = (
        "An observation has events in its `data`."
        if events
        else "It stands in the observation's `protocol`: it is said once, not for each event."
    )
    return (
        Step(ENTRY, entry, "The entry's name in the web template, then a colon and its number. Counting begins with 0."),
        Step(EVENT, events[0] if events else NO_EVENT, where),
        Step(NODE, name, "Its name in small letters, with an underscore for each blank."),
        Step(PARTS, ", ".join(suffixes), "The web template lists them under `inputs`, each as a `suffix`."),
    )  # fmt: skip


def check_key(element: str, why: str) -> Any:
    """By its steps, after an answer was put into the form in which they are written."""
    look = by_steps(reading(element), "Right.", why, {0: _numbered, 1: _numbered, 3: _suffix_slip})
    tidy = (_segment, _event, _segment, _suffixes)
    return lambda answer, context: look([one(given) for one, given in zip(tidy, answer, strict=True)], context)


def _segment(given: str) -> str:
    """`/rate|` and `"rate"` are rate."""
    return re.sub(r"[`'\"\s]", "", given).strip("/|,").removeprefix("vital_signs/")


def _event(given: str) -> str:
    plain = given.strip(" .`'\"").lower()
    words = ("none", "no", "no event", "there is none", "nothing", "-", "–", "not any", "it has none", "n/a")
    return NO_EVENT if plain in words else _segment(given)


def _suffixes(given: str) -> str:
    """In the order of the web template where they are the right ones, however they are set apart."""
    found = re.findall(r"\w+", given.replace("and", " "))
    usual = ["magnitude", "unit", "code"]
    return ", ".join(sorted(found, key=lambda one: usual.index(one) if one in usual else len(usual)))


def _numbered(given: str) -> str:
    if ":" not in given:
        return "It may be there more than once, so its number belongs to the name: a colon, counted from 0."
    return "" if given.endswith(":0") else "Hers is the first, and counting begins with 0."


def _suffix_slip(given: str) -> str:
    if "units" in given.split(", "):
        return "`units` is its name in canonical JSON. FLAT has a name of its own: look under `inputs`."
    if given in ("magnitude", "unit"):
        return "A number and what it is a number of: FLAT writes them under two keys."
    return "The label may be sent beside the code, but the web template lists one suffix only." if "value" in given else ""


GIVEN, BLANK = faded(reading("rate"), given=(0, 1)), faded(reading("location_of_measurement"))

# 17.4: where it comes from ------------------------------------------------------------------------------------------------------------------

SAID = "ctx: the sender says it once for all"
MODEL = "the template: it follows from the key"
OWN = "a key of its own"
DEFAULT = "nobody said it: the receiver's default"
SOURCES = (SAID, MODEL, OWN, DEFAULT)


@dataclass(frozen=True, slots=True)
class Place:
    """Something that stands in the canonical composition, where it came from, and why."""

    says: str
    source: str
    why: str


PLACES = (
    Place("`language`: en", SAID, "ctx/language. The composition has it, and each entry gets it, too."),
    Place("`territory`: NO", SAID, "ctx/territory, the country in which it was written."),
    Place("`composer`: Jonas Dahl", SAID, "ctx/composer_name. No template could know who is on duty."),
    Place("`context`, the start time: 3 March, 08:00", SAID, "ctx/time. Without it a receiver takes the time at which it arrived."),
    Place("`context`, the setting: other care", DEFAULT, "Look through the FLAT: no key says it. The Simplified Formats say what is taken then."),
    Place("`category`: event", MODEL, "The template of vital signs allows one category only, so nobody has to send it."),
    Place("the time of the blood pressure: 08:00", SAID, "From ctx/time, until a key of its own says that it was taken at another time."),
    Place("the at-code `at0004`", MODEL, "A key has names; the web template knows which node has this name."),
    Place("`magnitude`: 142", OWN, "What was measured. Each number has its key."),
    Place("the class `DV_QUANTITY`", MODEL, "The template says which class a value is of, so FLAT leaves it out."),
)  # fmt: skip


def check_sources(answer: Answer, _: Context) -> Verdict:
    """How many fit, and of the first that does not, why."""
    missed = [one for given, one in zip(answer, PLACES, strict=True) if given != one.source]
    if missed:
        return Verdict(False, f"{len(PLACES) - len(missed)} of {len(PLACES)} fit.", f"Look at {missed[0].says}. {missed[0].why}")
    return Verdict(
        True,
        f"Right, all {len(PLACES)}.",
        "FLAT is short because it leaves out what a template and a context can say. So it needs both to be read.",
    )


def _but(**other: str) -> tuple[str, ...]:
    """The right answer, but for some: `_but(_5=SAID)`, counted from 1."""
    return tuple(other.get(f"_{number}", one.source) for number, one in enumerate(PLACES, 1))


# 17.5: four reasons -------------------------------------------------------------------------------------------------------------------------

NULLS = tuple(f"{row['code']}, {row['meaning']}" for row in rows("openehr/codes.tsv") if row["group"] == "null flavours")
NOTHING, UNKNOWN, MASKED, NOT_APPLICABLE = NULLS
EMPTY = (
    ("The oximeter finds no pulse in Ingrid's cold fingers.", UNKNOWN, "She has a saturation. It could not be found out."),
    ("Bjørn Lie's form asks for the date of his last menstruation.", NOT_APPLICABLE, "For him there is no such date, not even an unknown one."),
    ("A result exists, but this reader has no right to see it.", MASKED, "It is known, and it is held back. A reader who has the right may ask for it."),
    ("An old record was taken over. The field is empty, and nobody can say why.", NOTHING, "Not even the reason is known. Every other code would claim one."),
)  # fmt: skip


def check_empty(answer: Answer, _: Context) -> Verdict:
    """How many fit, and of the first that does not, why."""
    missed = [(says, why) for given, (says, fits, why) in zip(answer, EMPTY, strict=True) if given != fits]
    if missed:
        return Verdict(False, f"{len(EMPTY) - len(missed)} of {len(EMPTY)} fit.", f"Look at “{missed[0][0]}” {missed[0][1]}")
    return Verdict(True, "Right, all four.", "Is there a value? Does anybody know it? May I see it? The answers lead to the code.")


# 17.6: a missing value, written -------------------------------------------------------------------------------------------------------------

NOUGHT = text(measured("blood_pressure") | oximeter(0))
UNMEASURED = measured("blood_pressure") | {
    f"{SATURATION}/_null_flavour|code": "253",
    f"{SATURATION}/_null_reason": "cold fingers, no pulse found",
}


def check_missing(answer: Answer, _: Context) -> Verdict:
    """What is read from the answer, as a repository and then as a colleague would."""
    made = _made(answer[0])
    if isinstance(made, Verdict):
        return made
    found = {one["name"]["value"]: one for one in elements(made.data)}
    saturation = found.get("Oxygen saturation")
    if not saturation:
        return Verdict(
            False,
            "It can be read, but the saturation is gone.",
            "Then nobody knows that it was tried. Keep the element, and say in the place of the value why there is none.",
        )
    if "value" in saturation:
        return _still_a_value(saturation)
    code = saturation["null_flavour"].get("defining_code", {}).get("code_string", "")
    reason = saturation.get("null_reason", {}).get("value", "")
    if code in _OTHER_NULLS and not _refused(made):
        return Verdict(False, f"The value is gone, and {code} says why. But that is not what happened.", _OTHER_NULLS[code])
    refused = _refused(made)
    if refused:
        return refused
    if not reason.strip():
        return Verdict(
            False,
            "253, unknown: right. A reader sees that there is no value, but not yet what happened.",
            "Say it in words beside it, under `/_null_reason`.",
        )
    if _values(found) != _values({one["name"]["value"]: one for one in elements(canonical(UNMEASURED).data)}):
        return Verdict(
            False, "The saturation is right, but another value is not as Jonas measured it.", "Only the saturation was to be changed."
        )
    return Verdict(
        True,
        "Right: no value, 253, and the reason in words.",
        "A program sees that nothing is known, a colleague sees why, and nobody takes a nought for a measurement.",
    )


_OTHER_NULLS = {
    "271": "No information: not even the reason is known. But Jonas knows it. Look at the four again.",
    "272": "Masked: somebody knows it and holds it back. Nobody does.",
    "273": "Not applicable: for her there is no such thing. But there is oxygen in her blood.",
}


def _still_a_value(saturation: Mapping[str, Any]) -> Verdict:
    if "null_flavour" in saturation:
        return Verdict(
            False,
            "The reason is there, and the value as well. Only one of them can be true.",
            "Take the keys of the numerator, the denominator and the type away.",
        )
    number = saturation["value"].get("numerator") if isinstance(saturation["value"], Mapping) else None
    if number == 0:
        return Verdict(
            False,
            "It can be read, and says that no oxygen was found at all.",
            "A nought is a measurement. Take the value away, and put `/_null_flavour|code` in its place.",
        )
    return Verdict(
        False,
        "It can be read, but there is still a value that nobody measured.",
        "Take all keys that end in |numerator, |denominator, |type away.",
    )


def _made(given: str) -> OpenehrMessage | Verdict:
    """The composition of a FLAT text, or what is said of one that makes none."""
    try:
        values = json.loads(given)
    except json.JSONDecodeError as problem:
        return Verdict(False, "It is no JSON yet.", f"{problem.msg} (line {problem.lineno}). Each line but the last one ends with a comma.")
    if not isinstance(values, dict):
        return Verdict(False, "It is JSON, but no FLAT.", "FLAT is one object: keys and values between { and }.")
    try:
        return canonical(values)
    except ValueError as problem:
        says = str(problem).partition("; did you mean")[0]
        return Verdict(False, "It is JSON, but a key of it leads nowhere.", f"{says}. Read the web template again.")


def _refused(made: OpenehrMessage) -> Verdict | None:
    """What is said of a composition that a repository would refuse."""
    errors = [one for one in validate(made, template=VITAL_SIGNS) if one.severity == "error"]
    if not errors:
        return None
    place = "/".join(errors[0].path.split("/")[-3:])
    return Verdict(
        False,
        f"Every key is taken. But the repository refuses it: {errors[0].says.partition('. ')[0]}.",
        f"At {place}, which is *{node_at(errors[0].path) or 'the frame'}*.",
    )


def _values(found: Mapping[str, Mapping[str, Any]], but: str = "") -> dict[str, Any]:
    return {name: one.get("value") for name, one in found.items() if name != but}


# 17.7: valid JSON -----------------------------------------------------------------------------------------------------------------------------

SOUND = canonical(measured(*SHORT)).body
CAME = ("201: kept", "400: it cannot be read", "422: read, and against a rule")
TEXT, NOBODY, COMMA, TURNED = (
    "Write the temperature in quotes: \"37.4\"",
    "Take the composer away",
    "Forget one comma",
    "Write the units before the magnitude",
)  # fmt: skip
WHO = re.compile(r' "composer": \{.*?\n \},\n', re.S)
EDITS = {
    TEXT: SOUND.replace('"magnitude": 37.4', '"magnitude": "37.4"'),
    NOBODY: WHO.sub("", SOUND),
    COMMA: SOUND.replace('"magnitude": 37.4,', '"magnitude": 37.4'),
    TURNED: re.sub(r'("magnitude": 37.4),(\s+)("units": "Cel")', r"\3,\2\1", SOUND),
}
AT = ("/composer", "temperature: value/magnitude", "temperature: value/units")
NO_PLACE = "nothing: it names none"


def check_broken(answer: Answer, context: Context) -> Verdict:
    """Committed to a repository of its own."""
    with context.sandbox() as box:
        sent = OpenehrClient(box).commit(open_record(person("ingrid"), box), EDITS.get(answer[2], answer[2]))
    errors = _errors(sent)
    place = _short(errors[0]["path"]) if errors else "nothing"
    said = (answer[0].partition(":")[0], answer[1].removesuffix(": it names none"))
    reason = errors[0]["says"].partition(". ")[0] if errors else ""
    return judged(said, (_status(sent), place), reason, ("422",), _MEANT, _BROKEN)


_MEANT = {
    "422": "It was read, and it breaks a rule of the Reference Model or of the template. The answer says at which place.",
    "201": "The members of a JSON object have no order, so nothing was broken.",
    "400": "That is no JSON any more. The task wants one that any program reads, and the record refuses.",
}
_BROKEN = "JSON says how it is spelled, the Reference Model which parts there are, the template which values. Each of the three may refuse."


def _short(path: str) -> str:
    return f"temperature: {path.rpartition('items[at0004]/')[2]}" if "body_temperature" in path else path


def _status(sent: Exchange) -> str:
    return sent.answer.status if isinstance(sent.answer, OpenehrMessage) else "nothing"


def _errors(sent: Exchange) -> list[dict[str, str]]:
    data = sent.answer.data if isinstance(sent.answer, OpenehrMessage) and sent.refused else None
    return data.get("errors", []) if isinstance(data, dict) else []


# 17.8: five refusals ------------------------------------------------------------------------------------------------------------------------

NODES = ("Systolic", "Rate", "Temperature", "Oxygen saturation", "ACVPU", "Early warning score")


def _clue(given: str, path: str) -> str:
    """Where to look for the node of a path, and what stands where the answer is."""
    archetype = re.search(r"OBSERVATION\.(\w+)", path)
    code = re.findall(r"items\[(at\d+)\]", path)[-1]
    return f"`{code}` alone is no name: {given} may have this code in another archetype. This path begins in `{archetype[1] if archetype else ''}`. Find that entry, then the code in it."


def check_refusals(answer: Answer, _: Context) -> Verdict:
    """Each path is looked up in the web template."""
    missed = [
        (number, given, path)
        for number, (given, (_, path)) in enumerate(zip(answer, refused_at(), strict=True), 1)
        if given != node_at(path)
    ]
    if missed:
        number, given, path = missed[0]
        return Verdict(
            False,
            f"{len(refused_at()) - len(missed)} of {len(refused_at())} are found. Look at refusal {number} again.",
            _clue(given, path),
        )
    return Verdict(
        True, "Right, all five.", "Three of them end in at0004, and mean two different things. The archetype at the beginning decides."
    )


# 17.9: the new thermometer ------------------------------------------------------------------------------------------------------------------


def check_thermometer(answer: Answer, _: Context) -> Verdict:
    """Made into a composition, compared with the template, and then with what was measured."""
    made = _made(answer[0])
    if isinstance(made, Verdict):
        return made
    found = {one["name"]["value"]: one for one in elements(made.data)}
    if "value" not in found.get("Temperature", {}):
        return Verdict(
            False,
            "It would be taken, but the temperature is gone.",
            "Who takes away what is refused has mended nothing. It was measured: 37.4 degrees Celsius.",
        )
    refused = _refused(made)
    if refused:
        return refused
    if found["Temperature"]["value"].get("magnitude") != 37.4 or found["Temperature"]["value"].get("units") != "Cel":
        return Verdict(
            False,
            "It would be taken. But the thermometer measured something else.",
            "A repair changes how a value is written, and never the value: 37.4 degrees Celsius.",
        )
    if _values(found, "Temperature") != _values(
        {one["name"]["value"]: one for one in elements(canonical(thermometer("unit", "Cel")).data)}, "Temperature"
    ):
        return Verdict(
            False, "The temperature is right, but another value is not as it was measured.", "Only the thermometer writes in its own way."
        )
    return Verdict(
        True,
        "Right: `|unit`, and `Cel`.",
        "Two faults stood behind each other: first the name of the part, then the code. The web template had both answers in one node.",
    )


EXAMPLE = Example(
    id="17.w1",
    standard="openehr",
    task="Ingrid's temperature goes into FLAT. Which keys does it need?",
    steps=reading("temperature"),
    why="Put together: `vital_signs/body_temperature:0/any_event:0/temperature|magnitude`, and the same with `|unit`.",
    spec=FORMATS,
)

EXERCISES = (
    Exercise(
        id="17.1",
        standard="openehr",
        task="The same for *Rate*, of the pulse. The first two steps are done.",
        parts=GIVEN[0],
        check=check_key("rate", "A number and its unit: two keys, which differ behind the bar only."),
        hints=(
            "Point at Rate in the PathFinder. Its FLAT key stands on the card.",
            "The element stands last before the bar. Behind it comes what `inputs` lists in the web template.",
            "It is called as it is labelled, in small letters; a quantity has a magnitude, and what it is measured in.",
        ),
        solution=GIVEN[1],
        why="Only names that the web template has can be used. It gives them to you; nobody has to guess.",
        wrong=(
            Wrong((*GIVEN[1][:2], "Rate", "magnitude, units"), "FLAT has the names of canonical JSON."),
            Wrong((*GIVEN[1][:2], "rate", "magnitude"), "A number says it all."),
            Wrong((*GIVEN[1][:2], "heart_rate", "magnitude, unit"), "The name is what one calls it."),
        ),
        spec=FORMATS,
    ),
    Exercise(
        id="17.2",
        standard="openehr",
        task="And alone: *Location of measurement*, where the thermometer was placed.",
        parts=BLANK[0],
        check=check_key("location_of_measurement", "No event: it stands in the protocol, which is said once for the whole observation."),
        hints=(
            "Point at Location of measurement in the PathFinder, and read its key from the left.",
            "Count the slashes. If there is no event between entry and element, write none.",
            "The entry is body_temperature with its number; the value is a code from a list.",
        ),
        solution=BLANK[1],
        why="FLAT leaves out the levels that carry no name of their own, as history, tree and protocol. An event stays, where there may be several.",
        wrong=(
            Wrong((BLANK[1][0], "any_event:0", *BLANK[1][2:]), "Everything in an observation belongs to an event."),
            Wrong(("body_temperature", *BLANK[1][1:]), "Where there is one, no number is needed."),
            Wrong((*BLANK[1][:3], "value"), "What is sent is the word, Ear canal."),
        ),
        spec=FORMATS,
    ),
    order(
        id="17.3",
        standard="openehr",
        task="Build the FLAT key under which the *unit* of Ingrid's first systolic pressure stands. Three pieces do not belong.",
        tiles=(
            Tile("root", "vital_signs", "Every key begins with the name of the composition."),
            Tile("entry", "/blood_pressure:0", "The first blood pressure of this composition. Without it systolic has no home."),
            Tile("event", "/any_event:0", "The first measurement in it. There may be more, so FLAT names the event."),
            Tile("element", "/systolic", "The element that was measured."),
            Tile("part", "|unit", "Behind the bar stands which part of the value is meant."),
            Tile("content", "/content", "An attribute of the Reference Model. FLAT leaves these out."),
            Tile("code", "/items[at0004]", "An at-code is a step of a path. A FLAT key goes by names."),
            Tile("units", "|units", "So it is called in canonical JSON. The web template lists another suffix."),
        ),
        solution=("root", "entry", "event", "element", "part"),
        before=(
            ("root", "entry", "The composition holds the entry."),
            ("entry", "event", "The entry holds its events."),
            ("event", "element", "What was measured stands in the event."),
            ("element", "part", "First the element, then the part of its value."),
        ),
        hints=(
            "Point at Systolic in the PathFinder: card, line FLAT.",
            "From the whole to the part, names only. The part of the value comes last.",
            "Composition, entry, event, element, and then the bar with what the web template lists.",
        ),
        why="The same way as a path, told in names: the template turns it into attributes, at-codes and classes.",
        wrong=(
            Wrong(("root", "content", "entry", "event", "element", "part"), "A key goes by the attributes of the model."),
            Wrong(("root", "entry", "event", "element", "units"), "FLAT has the names of canonical JSON."),
            Wrong(("root", "event", "entry", "element", "part"), "An event holds entries."),
        ),
        spec=FORMATS,
    ),
    Exercise(
        id="17.4",
        standard="openehr",
        task="Ten things that stand in the canonical composition. Where did each come from?",
        parts=tuple(Part(one.says, SOURCES) for one in PLACES),
        check=check_sources,
        hints=(
            "Look at the FLAT above: what has a key, what stands behind ctx, and what is not there at all?",
            "Three follow from the template, one has its own key, and one was said by nobody.",
            "Code, class and category follow from the template. The setting is nowhere in the FLAT.",
        ),
        solution=tuple(one.source for one in PLACES),
        why="Whoever sends FLAT has to know what is filled in for him. What nobody said may be wrong, and it looks like everything else.",
        wrong=(
            Wrong(_but(_5=SAID, _6=SAID), "All of the context comes from ctx."),
            Wrong(_but(_1=MODEL, _2=MODEL), "The template is Norwegian, so the data are."),
            Wrong(_but(_7=OWN, _8=OWN), "Whatever stands in the record was sent."),
            Wrong(_but(_3=DEFAULT), "The system knows who is logged in."),
        ),
        spec=CONTEXT,
    ),
    Exercise(
        id="17.5",
        standard="openehr",
        task="Four fields without a value. Which null flavour says what happened?",
        parts=tuple(Part(says, NULLS) for says, _, _ in EMPTY),
        check=check_empty,
        hints=(
            "Ask of each: is there a value at all? Does anybody know it? Is it held back?",
            "Each of the four is needed once.",
            "For Bjørn there is none. One is known and hidden. Of the old record nothing is known.",
        ),
        solution=tuple(fits for _, fits, _ in EMPTY),
        why="A program may ask again for what is unknown, has to stop at what is masked, and can forget what does not apply.",
        wrong=(
            Wrong((NOTHING, NOT_APPLICABLE, MASKED, UNKNOWN), "Unknown and no information are the same."),
            Wrong((NOT_APPLICABLE, NOT_APPLICABLE, MASKED, NOTHING), "What cannot be measured does not apply."),
            Wrong((UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN), "Missing is missing."),
        ),
        spec=ELEMENT,
    ),
    Exercise(
        id="17.6",
        standard="openehr",
        task="Her fingers are cold, and the oximeter finds no pulse. The tablet wrote a nought. Write what happened.",
        parts=(Part("The FLAT", lines=NOUGHT.count("\n") + 2, given=NOUGHT),),
        check=check_missing,
        hints=(
            "Three lines give a value that nobody measured. What stands in the place of a value, says why there is none.",
            f"Take the three lines away, and write `{SATURATION}/_null_flavour|code` instead.",
            'The code is "253", in quotes. In one more line, `/_null_reason` says in words that her fingers were cold.',
        ),
        solution=(text(UNMEASURED),),
        why="Nought would call the emergency team, an empty text is refused, and nothing at all hides that somebody tried.",
        wrong=(
            Wrong((NOUGHT.replace('|numerator": 0', '|numerator": ""'),), "An empty text is no value."),
            Wrong((text(without(json.loads(NOUGHT), SATURATION)),), "What is not known is left out."),
            Wrong((text(json.loads(NOUGHT) | {f"{SATURATION}/_null_flavour|code": "253"}),), "The reason is put beside the value."),
            Wrong((text(UNMEASURED | {f"{SATURATION}/_null_flavour|code": "273"}),), "What cannot be measured does not apply."),
        ),
        spec=ELEMENT,
    ),
    Exercise(
        id="17.7",
        standard="openehr",
        task="Make the repository refuse a composition that is *valid JSON*. Say beforehand with which status, and which place it will name.",
        parts=(Part("First say which answer will come", CAME), Part("And which place it will name", (*AT, NO_PLACE)), Part("Then choose a change", tuple(EDITS))),
        check=check_broken,
        hints=(
            "Would any program still read it as JSON? If not, it is 400, and the task wants 422.",
            "The Reference Model asks for a composer, and for a number as the magnitude. JSON knows of neither.",
            "Without a composer: 422, at /composer.",
        ),
        solution=(CAME[2], "/composer", NOBODY),
        why="JSON says how it is spelled, the Reference Model which parts there are, the template which values. Each of the three may refuse.",
        wrong=(
            Wrong((CAME[0], NO_PLACE, NOBODY), "Valid JSON is a valid composition."),
            Wrong((CAME[1], NO_PLACE, COMMA), "Every refusal is alike."),
            Wrong((CAME[2], "temperature: value/units", TURNED), "The order of the members counts."),
            Wrong((CAME[1], "temperature: value/magnitude", TEXT), "Whatever is refused could not be read."),
        ),
        spec="openEHR ITS-REST, EHR API, composition create",
        kind="Break it",
        button="Send it",
    ),
    Exercise(
        id="17.8",
        standard="openehr",
        task="Five refusals of the night, as the log has them, above. Which node is each about?",
        parts=tuple(Part(f"Refusal {number}", NODES) for number, _ in enumerate(refused_at(), 1)),
        check=check_refusals,
        hints=(
            "The path begins with the archetype of an entry. Open that entry in the TemplateViewer.",
            "Then the last at-code in `items[...]`. What follows behind it is inside of the value.",
            "body_temperature twice, then pulse_oximetry, news2 and acvpu: each has one element in its data.",
        ),
        solution=tuple(node_at(path) for _, path in refused_at()),
        why="An at-code has a meaning only in its archetype, as a code has one only in its system.",
        wrong=(
            Wrong(("Systolic", "Systolic", "Oxygen saturation", "Early warning score", "Systolic"), "at0004 is the systolic pressure."),
            Wrong(("Temperature", "Rate", "Oxygen saturation", "Early warning score", "ACVPU"), "Each refusal is about another node."),
            Wrong(("Temperature", "Temperature", "ACVPU", "Early warning score", "Oxygen saturation"), "The rule tells the node."),
        ),
        spec="openEHR BASE, Architecture Overview, Paths and Locators",
    ),
    Exercise(
        id="17.9",
        standard="openehr",
        task="Mend what the new thermometer sends. Two steps: read the web template each time.",
        parts=(Part("The FLAT", lines=text(thermometer()).count("\n") + 2, given=text(thermometer())),),
        check=check_thermometer,
        hints=(
            "The refusal says which part of the key it could not use. What does `inputs` list instead?",
            "First the suffix, then the code behind it: the same node lists which units it takes.",
            "The part is called as in canonical JSON, but without the s; degrees Celsius are three letters in UCUM.",
        ),
        solution=(text(thermometer("unit", "Cel")),),
        why="Not tried until it passed, but looked up twice: the name of the part, and the code that it takes.",
        wrong=(
            Wrong((text(thermometer("unit")),), "When the first fault is mended, all is well."),
            Wrong((text(thermometer("")),), "What cannot be used is left out."),
            Wrong((text(without(thermometer(""), TEMPERATURE)),), "Without the temperature it passes."),
            Wrong((text(thermometer("unit", "[degF]")),), "Any unit that is taken will do."),
        ),
        spec=FORMATS,
    ),
)  # fmt: skip


# Predictions --------------------------------------------------------------------------------------------------------------------------------


def read_composer(sent: Exchange) -> tuple[str, str]:
    """Who is named as the composer of what was kept."""
    if _status(sent) != "201" or not isinstance(sent.answer, OpenehrMessage) or not sent.answer.data:
        return _status(sent), f"{_status(sent)}."
    name = sent.answer.data.get("composer", {}).get("name", "nobody")
    return name, f"201. Composer: {name}."


def read_status(sent: Exchange) -> tuple[str, str]:
    """The status, and of a refusal what it says."""
    errors, status = _errors(sent), _status(sent)
    if errors:
        return status, f"{status}, at {'/'.join(errors[0]['path'].split('/')[-3:])}. {errors[0]['says'].partition('. ')[0]}."
    data = sent.answer.data if isinstance(sent.answer, OpenehrMessage) and sent.refused else None
    return status, f"{status}. {data['message'] if data else ''}".strip()


def read_saturation(sent: Exchange) -> tuple[str, str]:
    """The status, and the saturation that was kept."""
    status, shown = read_status(sent)
    if status != "201" or not isinstance(sent.answer, OpenehrMessage):
        return status, shown
    value = next(one for one in elements(sent.answer.data) if one["name"]["value"] == "Oxygen saturation")["value"]
    return status, f"201. Kept: {value['numerator']} of {value['denominator']}."


PREDICTIONS = (
    Prediction(
        id="17.p1",
        standard="openehr",
        ask="The app of Dr Hanne Berg sends FLAT without `ctx/composer_name`. Who will be the composer in this region's record?",
        choices=(
            Choice("Nobody: it is refused.", "Canonical JSON without a composer is refused. FLAT is filled in first.", "422"),
            Choice("Nobody: it is kept without a composer.", "A composition without a composer cannot be kept: the model demands one.", "nobody"),
            Choice("Dr Hanne Berg: the repository knows who sends.", "Who sends is another question, and stands in the audit. The composer is whoever is named.", "Hanne Berg"),
            Choice("Jonas Dahl: a default of this repository.", "Somebody once set a default, so that two numbers make a whole composition.", "Jonas Dahl"),
        ),
        read=read_composer,
        right="Jonas Dahl",
        why="A default is a claim. It looks like everything else in the record, and here it is not true. Another repository may refuse such a message. Send language, territory and composer always.",
        spec=CONTEXT,
        shown="It is kept as",
    ),
    Prediction(
        id="17.p2",
        standard="openehr",
        ask="The oximeter found no pulse in Ingrid's cold fingers, and the tablet sends a saturation of 0 per cent. What does the repository do?",
        choices=(
            Choice("It refuses: nobody lives with 0 per cent.", "The template allows 0 to 100. It cannot know that this nought is none.", "422"),
            Choice("It keeps it as unknown.", "A repository changes nothing. Nought is a number like any other.", "unknown"),
            Choice("It keeps 0 per cent.", "It is a valid value. So from now on it was measured.", "201"),
        ),
        read=read_saturation,
        right="201",
        why="No rule is broken, and a false fact stands in the record. The next early warning score is calculated from it.",
        spec=ELEMENT,
    ),
    Prediction(
        id="17.p3",
        standard="openehr",
        ask='Somebody posts `{"systolic": 142, "diastolic": 91}` as a composition. It is valid JSON. What comes?',
        choices=(
            Choice("201: the template knows these names.", "It does, where a message says that it is FLAT, and of which template. This one says neither.", "201"),
            Choice("400: it is no composition.", "It was sent as canonical JSON. There every object says its class, and this one says none.", "400"),
            Choice("422: language and territory are missing.", "To find that out it would have to be a composition first.", "422"),
        ),
        read=read_status,
        right="400",
        why="Spelled well, and still nothing that a record could keep: nobody can tell what it is. 400 says: I cannot read it. 422 says: I read it, and it breaks a rule.",
        spec="openEHR ITS-REST, EHR API, composition create",
    ),
    Prediction(
        id="17.p4",
        standard="openehr",
        ask="A colleague helps: *the line with |units is refused, so take it away*. The number stays. What comes?",
        choices=(
            Choice("201: the template has one unit only.", "It has two. And even of one: what a number counts is never guessed.", "201"),
            Choice("400: could not consume |magnitude.", "The key is right, and all of it can be used.", "400"),
            Choice("422: a quantity has no units.", "Every key can be used, so there is a composition. Now it breaks a rule of the Reference Model.", "422"),
        ),
        read=read_status,
        right="422",
        why="37.4 of what? The refusal moved from the key to the value: the first fault was the name of the part, and leaving it out was no repair.",
        spec="openEHR RM, Data Types, DV_QUANTITY",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="17.q1",
        standard="openehr",
        ask="Urine output was to be measured, but the bag had come loose. What is recorded?",
        choices=(
            Choice("0 ml", "A false fact: it says that there was none. Somebody will treat that."),
            Choice("An empty text", "A quantity is no text, so it is refused. And it would say nothing."),
            Choice("The element without a value, with a null flavour", "A reader sees that it was tried and is not known; the null reason says that the bag came loose."),
            Choice("Nothing: the composition is left away", "Then nobody knows that it was tried, and who asks for it finds a gap."),
        ),
        right=2,
        spec=ELEMENT,
    ),
    Question(
        id="17.q2",
        standard="openehr",
        ask="Ten years from now somebody finds a FLAT message in an old backup. What is needed to read it?",
        choices=(
            Choice("Nothing: the names are in it.", "Names are for people. Which class, which code and which unit a key means, it does not say."),
            Choice("The template of which it is", "The web template turns each key into path and class. Canonical JSON carries all of that itself, and so it is what is kept."),
            Choice("The software that wrote it", "Any software will do that has the template."),
        ),
        right=1,
        spec=FORMATS,
    ),
    Question(
        id="17.q3",
        standard="openehr",
        ask="A refusal ends in `items[at0004]/value/units`. Which node is meant?",
        choices=(
            Choice("Systolic", "In blood pressure, yes. In body temperature at0004 is the temperature."),
            Choice("The units", "They are inside of the value. The node is the element above."),
            Choice("That cannot be told without the archetype at the beginning.", "Each archetype gives at-codes of its own. Read a path from its entry on."),
        ),
        right=2,
        spec="openEHR BASE, Architecture Overview, Paths and Locators",
    ),
    Question(
        id="17.q4",
        standard="openehr",
        ask="Dr Elin Strand dictates her findings, Jonas Dahl types and sends them. Who is the composer?",
        choices=(
            Choice("Dr Elin Strand", "The composer is who is responsible for the content. Who sent it stands in the audit of the version, as committer."),
            Choice("Jonas Dahl", "He committed it. That is recorded, too, but in another place: lesson 18."),
            Choice("Both", "There is one composer. Others may be named as participants."),
            Choice("The tablet", "A program may be a composer, where it made the content by itself. It only passed it on."),
        ),
        right=0,
        spec=COMPOSITION,
    ),
)  # fmt: skip

LESSON = Lesson(
    number="17",
    goals=(
        Goal("write one composition in FLAT, see it in canonical JSON, and say where language, territory, composer and context come from", ("17.1", "17.2", "17.3", "17.4", "17.p1")),
        Goal("record a missing value so that a reader knows why it is missing", ("17.5", "17.6", "17.p2", "17.q1"), code=False),
        Goal("read a refusal, find the node, and mend what was sent", ("17.8", "17.7", "17.9", "17.p3", "17.p4")),
    ),
    minutes=40,
    before="lesson 16, or you know what a template and a path are.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)  # fmt: skip
