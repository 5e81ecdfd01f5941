"""The items of lesson 11, Profiles and validation: lines of a differential, slices, bindings, must support, FHIRPath, messages, a profile of one's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ihe_kit import fhir
from ihe_kit.core import UnknownPath, Unreadable, cited
from ihe_kit.course.fjordland import PATIENT, guide, mistyped, patient, stay
from ihe_kit.course.forms import by_steps as stepwise
from ihe_kit.course.forms import faded, order
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
from ihe_kit.exchanges import Exchange
from ihe_kit.fhir import FhirMessage
from ihe_kit.fhir.profile_tree import profile_tree
from ihe_kit.rules import Finding
from ihe_kit.verbs import explain, validate

REGIONAL, NORDVIK = "urn:oid:2.999.1.1", "urn:oid:2.999.10.1"
LANGUAGES = "https://fjordland.example/fhir/ValueSet/languages"
PROFILING = cited("FHIR R4 section 5.1, Profiling FHIR", checked=False)
BINDINGS = cited("FHIR R4 section 4.1.5, Binding strengths", checked=False)


def gravest(findings: Sequence[Finding]) -> Finding | None:
    """The gravest finding of a report."""
    return min(findings, key=lambda one: ("error", "warning", "information").index(one.severity), default=None)


# 11.w1, 11.1 and 11.2: one line of a differential ------------------------------------------------------------------------------------


def narrowing(path: str, allowed: str, wanted: str, line: dict[str, Any]) -> tuple[Step, Step, Step, Step]:
    """The steps from a wish to a line."""
    said = " and ".join(f"`{name}`" for name in line if name != "path")
    return (
        Step("Name the element", path, "A path begins with the type of the resource, then a dot: `Patient.`", exact=True),
        Step("Say how often R4 allows it", allowed, f"`explain` tells it under *occurs*: `explain(\"{path}\")`."),
        Step("Say how often we want it", wanted, "The least, two dots, the most. It may be narrower than R4's, never wider."),
        Step("Write the line", json.dumps(line), f"The line has `path` and what changes: {said}. What R4 says already stays out."),
    )  # fmt: skip


BIRTH = narrowing("Patient.birthDate", "0..1", "1..1", {"path": "Patient.birthDate", "min": 1})
NAME = narrowing("Patient.name", "0..*", "1..*", {"path": "Patient.name", "min": 1})
PHOTO = narrowing("Patient.photo", "0..*", "0..0", {"path": "Patient.photo", "max": "0"})

EXAMPLE = Example(
    id="11.w1",
    standard="fhir",
    task="The region wants: every patient has a birth date. One line of a differential says so.",
    steps=BIRTH,
    why="R4's `max` is 1 already, so the line leaves it out. A differential says what is different, and nothing else.",
    spec="FHIR R4 ElementDefinition.min",
)

_GAPS, _GAPS_SOLUTION = faded(NAME, given=(0, 1))
_BLANK, _BLANK_SOLUTION = faded(PHOTO)


WRITTEN = {
    "path": "text, in quotation marks",
    "min": "a whole number, without quotation marks",
    "max": "text, in quotation marks: it can be `*`, too",
}


def check_line(steps: Sequence[Step], why: str) -> Any:
    """The steps; then the line is made a profile, which has to take Ingrid and to refuse her as `steps` want it."""
    path, line = steps[0].value, json.loads(steps[3].value)
    least, _, most = steps[1].value.partition("..")
    known = {"id": path, "min": int(least), "max": most}  # what R4 says already: it may stand there, and needs not
    follow = stepwise(steps, "Right.", why)

    def look(answer: Answer, context: Context) -> Verdict:
        read = _json(answer[3].rstrip(" ,"))
        spare = [name for name in read if name not in line and _same(read[name], known.get(name))] if isinstance(read, dict) else []
        own = {name: value for name, value in read.items() if name not in spare} if isinstance(read, dict) else read
        told = follow([*answer[:3], steps[3].value if _same(own, line) else ""], context)
        if told.right:
            return replace(told, why=f"`{spare[0]}` could stay out. {why}") if spare else told
        if isinstance(read, list):
            return Verdict(
                False, "That is a whole list.", "The square brackets hold all the lines of a differential. Here only one is asked for."
            )
        if answer[3].strip() and not isinstance(read, dict):
            return Verdict(
                False, "The line is no JSON object yet.", f"{_why_not_json(answer[3])} It begins with a brace, as in the worked example."
            )
        if isinstance(read, dict) and follow([*answer[:3], steps[3].value], context).right:
            return Verdict(False, "The first three steps are right. Look again at “Write the line”.", _line_astray(own, line, path))
        return told

    return look


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: true is not 1, and the order of names does not matter."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _line_astray(read: dict[str, Any], line: dict[str, Any], path: str) -> str:
    for name, value in line.items():
        if name not in read:
            return f"It has no `{name}` yet. A line needs the path, and what is narrowed."
        if type(read[name]) is not type(value):
            return f"`{name}` is {WRITTEN[name]}."
        if read[name] != value:
            asked = f"The line is about `{path}`: the whole path, from the type on, and capitals count."
            return f"`{name}` is {read[name]!r}. {asked if name == 'path' else f'Does that make {path} what we want?'}"
    extra = next(name for name in read if name not in line)
    return f"`{extra}` is more than was asked for."


def _json(text: str) -> Any:
    """What a text says as JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _why_not_json(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as problem:
        marks = " JSON wants straight double quotation marks." if set(text) & set("'‘’“”„") else ""
        return f"It cannot be read from line {problem.lineno}, character {problem.colno} on.{marks}"
    except (ValueError, RecursionError):
        pass
    return "JSON can be read, but it is something else."


# 11.4: one letter of a system -----------------------------------------------------------------------------------------------------------

SOUND = patient("georgios").text
MISTYPED = mistyped().text


def check_system(answer: Answer, _: Context) -> Verdict:
    """The message is held against the region's profile, and his number has to be the same."""
    try:
        message = fhir.parse(answer[0])
    except Unreadable as problem:
        return Verdict(False, "It cannot be read any more.", f"{problem.says} (line {problem.line}).")
    found = [one for one in validate(message, profile=PATIENT, packages=[guide()]) if one.severity == "error"]
    if message.kind != "Patient":
        return Verdict(
            False, f"This is {message.kind or 'no resource'}, and a Patient was expected.", "Begin again from the message as it was given."
        )
    if found:
        count = "one message is" if len(found) == 1 else f"{len(found)} messages are"
        return Verdict(False, f"The profile still refuses it: {count} left.", f"The first: {found[0].says} ({found[0].path})")
    if (kept := dict(_numbers(message))).get(REGIONAL) != "88044":
        return Verdict(
            False,
            "The profile is content, but the number is not his.",
            f"His regional number is 88044, and here it is {kept.get(REGIONAL, 'gone')}.",
        )
    if kept.get(NORDVIK) != "3390":
        return Verdict(
            False,
            "The profile is content, but his number at Nordvik is lost.",
            "Only the regional number was mistyped. Leave 3390 as it is.",
        )
    if other := _changed(message):
        return Verdict(
            False,
            f"The profile is content, but {other} is not as it was sent.",
            "A validator does not know what is true. Mend the mistake, and nothing else.",
        )
    return Verdict(
        True,
        "Right. One nine, and both messages are gone.",
        "The number fell into no slice, so it stood where nothing may stand, and the slice that it belongs to was empty.",
    )


def _numbers(message: FhirMessage) -> list[tuple[str, str]]:
    listed = message.values.get("identifier")
    return [(str(one.get("system")), str(one.get("value"))) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _changed(message: FhirMessage) -> str:
    """The first element that differs from Georgios's record; the order of his numbers does not matter. "" where none does."""
    sound, told = json.loads(SOUND), message.values
    if sorted(_numbers(message)) != sorted((one["system"], one["value"]) for one in sound["identifier"]):
        return "identifier"
    return next((name for name in [*sound, *told] if name != "identifier" and not _same(told.get(name), sound.get(name))), "")


# 11.5: four bindings --------------------------------------------------------------------------------------------------------------------

SEVERITY = {"error": "an error", "warning": "a warning", "": "nothing"}
BOUND = (
    ("status is `done`. The binding is required.", "Encounter.status", "Required: a code of the set, or the resource is not conformant. A receiver may refuse it."),
    ("class is `ward`, of Nordvik's own list. The binding is extensible.", "Encounter.class", "Extensible: another code is right where the set has none that fits. A program cannot know whether one fits."),
    ("reasonCode is `chest`, of Nordvik's own list. The binding is preferred.", "Encounter.reasonCode", "Preferred: you are encouraged to use the set, and conformant without."),
    ("priority is `soon`, of Nordvik's own list. The binding is example.", "Encounter.priority", "Example: the set only shows what is meant."),
)  # fmt: skip


def severities() -> list[str]:
    """What the validator says of each of the four, now."""
    found = validate(stay())
    return [SEVERITY[next((one.severity for one in found if one.path.startswith(path)), "")] for _, path, _ in BOUND]


def check_bindings(answer: Answer, _: Context) -> Verdict:
    """The answers beside what the validator really says."""
    came = severities()
    missed = [clue for given, real, (_, _, clue) in zip(answer, came, BOUND, strict=True) if given != real]
    if missed:
        return Verdict(
            False, f"{len(BOUND) - len(missed)} of {len(BOUND)} came as you said.", missed[0], ", ".join(answer), ", ".join(came)
        )
    return Verdict(
        True,
        "All four came as you said.",
        "Only required can be decided by a program. Where a warning comes, somebody who knows the codes has to look.",
    )


# 11.6: must support is not mandatory ---------------------------------------------------------------------------------------------------

REPORTS = ("error: the profile refuses her", "warning: a person should look", "nothing: no finding at all")
PLACES = ("Patient", "Patient.gender", "Patient.communication", "Patient.birthDate", "nothing: it names none")
TAKE = {
    "Take gender away: 0..1, must support": "gender",
    "Take telecom away: 0..*, must support": "telecom",
    "Take communication away: 0..*, must support": "communication",
    "Take birthDate away: 1..1, no must support": "birthDate",
}
MEANT = {
    "nothing": "It may be absent, and must support changes nothing about that: it speaks of what systems can do, not of what every resource has.",
    "warning": "The warning comes from a constraint, fjord-2, that wants somebody to be reached. Must support alone makes no finding.",
}


def check_must_support(answer: Answer, _: Context) -> Verdict:
    """Ingrid without the element is held against the profile, for real."""
    without = patient("ingrid", **{TAKE.get(answer[2], "gender"): None})
    found = gravest(validate(without, profile=PATIENT, packages=[guide()]))
    came = (found.severity, found.path) if found else ("nothing", "nothing")
    said = (answer[0].partition(":")[0], answer[1].partition(":")[0])
    verdict = _must_support(said, came)
    happened = f"{', '.join(came)}: {found.what.rstrip('.')}" if found else "no finding"
    return replace(verdict, predicted=said[0] if said[0] == "nothing" else ", ".join(said), happened=happened)


def _must_support(said: tuple[str, str], came: tuple[str, str]) -> Verdict:
    report = {"nothing": "the validator finds nothing", "warning": "it is a warning"}.get(came[0], "")
    if report and said[0] == came[0]:
        return Verdict(False, f"You foresaw it: {report}. But the task wants a refusal.", MEANT[came[0]])
    if report:
        return Verdict(False, f"Not yet: {report}, and she is taken.", MEANT[came[0]])
    why = "What has to be there, the cardinality says. What a system has to be able to do with it, must support says, and each guide says what that is."
    if said[0] != came[0]:
        return Verdict(False, f"She is refused, but you foresaw {'no finding' if said[0] == 'nothing' else 'a warning'}.", why)
    if said[1] != came[1]:
        return Verdict(
            False,
            f"She is refused, as you said, but the path is {came[1]}.",
            "A missing element is named by the path where it should stand.",
        )
    return Verdict(True, f"Refused as you said: {came[1]}.", why)


# 11.7 and 11.8: FHIRPath -----------------------------------------------------------------------------------------------------------------

READ = (
    ("Patient.identifier.where(system = 'urn:oid:2.999.10.1').value", "`where` keeps the repetitions for which the condition is true. Which of his numbers is Nordvik's?"),
    ("Patient.contact.name.exists()", "He has no contact, so there is no name. Does an empty collection exist?"),
    ("Patient.contact.all(name.exists())", "`all` looks for one that breaks the rule. Among no contacts there is none."),
)  # fmt: skip
VALUES = ("3390", "88044", "true", "false", "nothing")


def evaluated(expression: str) -> str:
    """What an expression yields for Georgios, now."""
    return ", ".join(patient("georgios").get(expression)) or "nothing"


def check_reading(answer: Answer, _: Context) -> Verdict:
    came = [evaluated(expression) for expression, _ in READ]
    missed = [clue for given, real, (_, clue) in zip(answer, came, READ, strict=True) if given != real]
    if missed:
        return Verdict(False, f"{len(READ) - len(missed)} of {len(READ)} are what FHIRPath yields.", missed[0])
    return Verdict(
        True,
        "Right, all three.",
        "Everything in FHIRPath is a collection, also an empty one. That is what makes `exists` and `all` differ.",
    )


HOME = {"line": ["Fjordgata 12"], "city": "Nordvik", "postalCode": "9008"}
HUT = {"line": ["Hytteveien 1"], "city": "Fjellvik"}
ADDRESSES: tuple[tuple[str, list[dict[str, Any]] | None, bool], ...] = (
    ("one address, with a postcode", [HOME], True),
    ("one address, without a postcode", [HUT], False),
    ("two addresses, only the first with a postcode", [HOME, HUT], False),
    ("two addresses, only the second with a postcode", [HUT, HOME], False),
    ("two addresses, each with a postcode of its own", [HOME, HUT | {"postalCode": "9750"}], True),
    ("no address at all", None, True),
)


def check_invariant(answer: Answer, _: Context) -> Verdict:
    """The expression becomes a constraint of a profile, which has to keep and to refuse some patients."""
    rule = {"key": "mine-1", "severity": "error", "human": "Every address has a postcode", "expression": answer[0]}
    mine = fhir.profile("Patient", [{"path": "Patient", "constraint": [rule]}])
    for what, address, fine in ADDRESSES:
        found = validate(patient("ingrid", address=address), profile=mine)
        if any(one.rule == "FHIR-NOT-CHECKED" for one in found):
            return Verdict(
                False,
                "It cannot be evaluated yet.",
                "Look for brackets that do not close, and for the functions: each stands behind a dot, as `.exists()`.",
            )
        if fine == any(one.rule == "mine-1" for one in found):
            return Verdict(False, f"It {'refuses' if fine else 'takes'} somebody with {what}.", _address_clue(what))
    return Verdict(
        True,
        "Right. All six came out as they should.",
        "You wrote an invariant, and the validator ran it: that is how every `dom-6` and `pat-1` is made.",
    )


def _address_clue(what: str) -> str:
    if what.endswith("with a postcode") and what.startswith("one"):
        return (
            "In the brackets stands what is true or false of one address, and the names are R4's: `address`, `postalCode`. A name that R4 "
            "does not have yields nothing, without any error."
        )
    if what.endswith("of its own"):
        return "Which postcode it is does not matter, nor in which town: only that one is there, at each address."
    if what.startswith("two"):
        return "`exists` is content with one. Which function asks of every repetition?"
    return (
        "Who has no address breaks no rule about addresses."
        if what.startswith("no")
        else "Put it into words first: for all addresses, a postcode exists."
    )


# 11.9: ten messages ---------------------------------------------------------------------------------------------------------------------

CODE, FORM, SYSTEM, ADD, OUT, LEAVE = (
    "take a code from the list", "write it in the right form", "correct the system", "add what is missing", "take it out", "change nothing in the data"
)  # fmt: skip
REMEDIES = (CODE, FORM, SYSTEM, ADD, OUT, LEAVE)
# (path, rule, what the learner reads, the remedy, a clue): in the order in which the validator tells them
TEN: tuple[tuple[str, str, str, str, str], ...] = (
    ("Patient.identifier[0]", "FHIR-SLICE", "belongs to none of the slices", SYSTEM, "Its system is 2.999.1.11. Which slice should it have fallen into?"),
    ("Patient.identifier", "FHIR-SLICE", "the slice regional is missing", SYSTEM, "The number 88051 is there. Why does it not count as the regional one?"),
    ("Patient.name[0]", "fjord-1", "an official name has a family name", ADD, "The constraint wants something that is not there."),
    ("Patient.gender", "FHIR-CODE", "F is no code", CODE, "R4 has four words for it; F is HL7 v2's."),
    ("Patient.birthDate", "FHIR-FORMAT", "23.05.2001 is no date", FORM, "The day is known. It is written as at home."),
    ("Patient.communication[0].language.coding[0].code", "FHIR-CODE", "arabic is not in the value set", CODE, "The value set has a code for Arabic, of two letters."),
    ("Patient.photo[0]", "FHIR-PROFILE-MAX", "photo may not be here", OUT, "The profile says 0..0."),
    ("Patient.contact[0]", "pat-1", "a contact's details", ADD, "A contact of whom nothing is known but the sex is nobody. What makes it somebody? Taken out, the message is gone, and with it whoever might be called."),
    ("Patient.maritalStatus.coding[0].code", "FHIR-CODE-EXTENSIBLE", "betrothed is not in the value set", LEAVE, "A warning. Does HL7's list have a code for somebody who is betrothed? Then this one is right."),
    ("Patient.extension[0].url", "FHIR-NOT-CHECKED", "the extension bed-place was not checked", LEAVE, "Information: the validator lacks a definition. Is that the data's fault?"),
)  # fmt: skip


def check_ten(answer: Answer, _: Context) -> Verdict:
    missed = [(path, clue) for (path, _, _, remedy, clue), given in zip(TEN, answer, strict=True) if given != remedy]
    if missed:
        return Verdict(False, f"{len(TEN) - len(missed)} of {len(TEN)} fit. Look again at {missed[0][0]}.", missed[0][1])
    return Verdict(
        True,
        "Right, all ten.",
        "Eight to mend, and the first two by one letter. The last two are for people: a code to judge, a package to load.",
    )


# 11.10: a profile of one's own -----------------------------------------------------------------------------------------------------------

OWN: tuple[dict[str, Any], ...] = (
    {"path": "Patient.identifier", "min": 1, "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}},
    {"path": "Patient.identifier", "sliceName": "regional", "min": 1, "max": "1"},
    {"path": "Patient.identifier.system", "min": 1, "fixedUri": REGIONAL},
    {"path": "Patient.identifier", "sliceName": "nordvik", "max": "1"},
    {"path": "Patient.identifier.system", "min": 1, "fixedUri": NORDVIK},
    {"path": "Patient.birthDate", "min": 1},
    {"path": "Patient.communication.language", "binding": {"strength": "required", "valueSet": LANGUAGES}},
)


def as_lines(elements: Sequence[dict[str, Any]]) -> str:
    """A differential as a learner reads it: one line for each element."""
    return "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in elements) + "\n]"


_ID = {"regional": {"system": REGIONAL, "value": "88012"}, "nordvik": {"system": NORDVIK, "value": "4711"}}
_SPEAKS = [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "fi"}]}}]
# (who, what differs from Ingrid, whether the profile has to take it, where to look)
CASES: tuple[tuple[str, dict[str, Any], bool, str], ...] = (
    ("Ingrid as she is", {}, True, "She has both numbers, a birth date, and a language of the list. Which of your lines is too narrow?"),
    ("Ingrid without the regional number", {"identifier": [_ID["nordvik"]]}, False, "The slice `regional` is 1..1, and its system is fixed. Leave these lines as they were."),
    ("Ingrid without a birth date", {"birthDate": None}, False, "One line, as in the worked example."),
    ("Ingrid with two numbers of Nordvik", {"identifier": [*_ID.values(), {"system": NORDVIK, "value": "9"}]}, False, "A second slice: its name and `max`, and below it the line that fixes its system."),
    ("Ingrid without a number of Nordvik", {"identifier": [_ID["regional"]]}, True, "Who was never at Nordvik has no number there: at most one, at least none."),
    ("Ingrid with a number of another clinic", {"identifier": [*_ID.values(), {"system": "urn:oid:2.999.10.2", "value": "7"}]}, True, "The slicing is open: what belongs to no slice may be there. Does each slice have its own system?"),
    ("Ingrid with a language for which nobody interprets", {"communication": _SPEAKS}, False, "A line for Patient.communication.language with a `binding`: its `strength` and its `valueSet`."),
    ("Ingrid without a language, a gender, a phone", {"communication": None, "gender": None, "telecom": None}, True, "Nobody asked that they be there: the binding speaks of the code where there is one."),
)  # fmt: skip


def check_profile(answer: Answer, _: Context) -> Verdict:
    """The lines become a StructureDefinition, which is itself validated; then eight patients are held against it."""
    lines = _json(answer[0])
    if not isinstance(lines, list) or not lines:
        how = " It begins with `[`, ends with `]`, and between two lines stands a comma."
        return Verdict(False, "That is no list of lines yet.", _why_not_json(answer[0]) + how)
    try:
        mine = fhir.profile("Patient", lines, title="Nordvik Patient")
    except (ValueError, UnknownPath) as problem:
        says = str(problem)
        named = " The name of a slice stands in `sliceName`; the path is R4's." if isinstance(problem, UnknownPath) and ":" in says else ""
        return Verdict(
            False, "One of the lines cannot stand in a profile.", says.rstrip(".?") + ("?" if says.endswith("?") else ".") + named
        )
    return _unsound(mine, lines) or _tried(mine)


def _unsound(mine: dict[str, Any], lines: list[Any]) -> Verdict | None:
    """What is wrong with a profile as such; None where nothing is."""
    broken = next((one for one in validate(json.dumps(mine)) if one.severity == "error"), None)
    if broken and broken.rule == "sdf-17":
        says = "A slice needs a `sliceName` of its own; otherwise say both in one line. An element may have one line only."
        return Verdict(False, "Two lines are about the same element.", says)
    if broken:
        says = f"{broken.says} ({broken.path.removeprefix('StructureDefinition.differential.')})"
        return Verdict(False, "The profile itself is not sound yet.", says)
    wide = next(iter([*profile_tree(mine, [guide()]).problems, *filter(None, map(_of_another_type, lines))]), "")
    return Verdict(False, "One of the lines is no narrowing of R4.", wide) if wide else None


def _tried(mine: dict[str, Any]) -> Verdict:
    """What becomes of the eight patients under a profile."""
    told: list[tuple[str, str]] = []
    for who, changes, fine, clue in CASES:
        found = validate(patient("ingrid", **changes), profile=mine, packages=[guide()])
        unchecked = next((one for one in found if one.severity == "information"), None)
        if unchecked:
            return Verdict(False, "A part of it could not be checked.", unchecked.says)
        if fine == any(one.severity == "error" for one in found):
            told.append((f"It {'refuses' if fine else 'takes'} {who}.", clue))
    if told:
        return Verdict(False, f"{len(CASES) - len(told)} of {len(CASES)} patients come out right. {told[0][0]}", told[0][1])
    why = "That is your evidence for this lesson: a rule that runs, and cases that show it in both directions."
    return Verdict(True, "Right. Your profile refuses four patients and takes four.", why)


def _of_another_type(line: dict[str, Any]) -> str:
    """What is wrong with a value that is fixed as another type than the element has; "" where nothing is."""
    stem, name = next(((stem, name) for name in line for stem in ("fixed", "pattern") if name.startswith(stem)), ("", ""))
    if not stem or line["path"].endswith("[x]"):  # a choice may be any of its types
        return ""
    kind = explain(line["path"]).type
    right = f"{stem}{kind[:1].upper()}{kind[1:]}"
    return "" if name == right else f"{line['path']} is of the type {kind}, so `{name}` cannot be kept: it would be `{right}`."


# Exercises ------------------------------------------------------------------------------------------------------------------------------


def _but(answers: tuple[str, ...], **changes: str) -> tuple[str, ...]:
    """A solution with other answers at some places: `_but(solution, a0="...")`."""
    return tuple(changes.get(f"a{k}", text) for k, text in enumerate(answers))


_TEN_RIGHT = tuple(remedy for _, _, _, remedy, _ in TEN)
_BOUND_RIGHT = ("an error", "a warning", "nothing", "nothing")
_READ_RIGHT = ("3390", "false", "true")

EXERCISES = (
    Exercise(
        id="11.1",
        standard="fhir",
        task="The same steps: every patient has at least one name. The first two are done.",
        parts=_GAPS,
        check=check_line(NAME, "R4's most is `*`, and so is ours: only the least changes."),
        hints=(
            "Look at the last two steps of the worked example.",
            "At least one, and as many as there are. In the line, only `min` is new.",
            "Least 1, most `*`; the line begins with the path and ends with `\"min\": 1`.",
        ),
        solution=_GAPS_SOLUTION,
        why="People have several names: a maiden name, a name in other letters. So the most stays open.",
        wrong=(
            Wrong(_but(_GAPS_SOLUTION, a2="1..1"), "At least one means one."),
            Wrong(_but(_GAPS_SOLUTION, a3='{"path": "Patient.name", "min": "1"}'), "Numbers are text, as in a form."),
            Wrong(_but(_GAPS_SOLUTION, a3='{"path": "name", "min": 1}'), "The profile knows which resource is meant."),
            Wrong(_but(_GAPS_SOLUTION, a3="{'path': 'Patient.name', 'min': 1}"), "Python's way of writing is JSON."),
        ),
        spec="FHIR R4 ElementDefinition.min",
    ),
    Exercise(
        id="11.2",
        standard="fhir",
        task="Now alone: the region's index keeps no photographs. Say so in one line.",
        parts=_BLANK,
        check=check_line(PHOTO, "0..0 leaves an element out. Who sends one is refused."),
        hints=(
            'Ask `explain("Patient.photo")` how often R4 allows it.',
            "Not even one: the most is 0. `max` is text, as it may be `*`, too.",
            "From 0..* to 0..0; the line has the path and `max` with \"0\" in quotation marks.",
        ),
        solution=_BLANK_SOLUTION,
        why="`min` is a number and `max` is text, because `max` may be `*`. Half of all hand-written profiles stumble over that once.",
        wrong=(
            Wrong(_but(_BLANK_SOLUTION, a3='{"path": "Patient.photo", "max": 0}'), "min and max are both numbers."),
            Wrong(_but(_BLANK_SOLUTION, a1="0..1"), "A patient has one photograph."),
            Wrong(_but(_BLANK_SOLUTION, a3='{"path": "Patient.photo", "min": 0}'), "The least decides."),
        ),
        spec="FHIR R4 ElementDefinition.max",
    ),
    order(
        id="11.3",
        standard="fhir",
        task="The lines of a differential: exactly one number that the region gave out, told apart by its system. Put them in order. One line does not belong.",
        tiles=(
            Tile("identifier, slicing", "`identifier`: told apart by system, anything else may be there, too (open)", "Without it nobody knows by what the repetitions are told apart."),
            Tile("identifier:regional", "`identifier:regional`: a slice of this name, 1..1", "The slice has to be named, and says how often."),
            Tile("identifier:regional.system", "`identifier:regional.system`: fixed, urn:oid:2.999.1.1", "The value by which the slice is recognised."),
            Tile("identifier.system", "`identifier.system`: fixed, urn:oid:2.999.1.1", "Outside of a slice it holds for every identifier: then no hospital's number could be there."),
            Tile("birthDate", "`birthDate`: 1..1", "An element after identifier; the region wants it, too."),
        ),
        solution=("identifier, slicing", "identifier:regional", "identifier:regional.system", "birthDate"),
        before=(
            ("identifier, slicing", "identifier:regional", "First by what they are told apart, then the parts."),
            ("identifier:regional", "identifier:regional.system", "First the slice, then what is inside of it: the line below belongs to the slice that was named last."),
            ("identifier:regional.system", "birthDate", "The lines follow the order of R4's elements, and identifier comes before birthDate."),
        ),
        hints=(
            "Three questions: by what are they told apart? Which parts are there? What is in each part?",
            "Slicing, slice, what is fixed in it; then the next element of R4.",
            "The line that speaks of `identifier.system` without a slice stays out; birthDate is last.",
        ),
        why="A slice is a named part of a list. The discriminator says where to look (system), the fixed value says what to look for.",
        wrong=(
            Wrong(("identifier:regional", "identifier, slicing", "identifier:regional.system", "birthDate"), "The parts come first, then how they are told apart."),
            Wrong(("identifier, slicing", "identifier:regional", "identifier.system", "birthDate"), "The system is fixed once, for all."),
            Wrong(("identifier, slicing", "identifier:regional", "birthDate"), "The name of a slice says what belongs to it."),
        ),
        spec="FHIR R4 ElementDefinition.slicing",
    ),
    Exercise(
        id="11.4",
        standard="fhir",
        task="The region refuses Georgios, with two messages. Mend the message. His regional number is 88044, at Nordvik he is 3390.",
        parts=(Part("The message", lines=MISTYPED.count("\n") + 1, given=MISTYPED),),
        check=check_system,
        hints=(
            "Both messages are about identifier. Which of his two numbers falls into no slice?",
            "Compare the first `system` with the one that the profile fixes for the slice regional.",
            "The region's root is 2.999, with three nines.",
        ),
        solution=(SOUND,),
        why="Two messages, one cause: in no slice, so not allowed; and the slice that it should fill is empty. Look for the pair before you mend anything twice.",
        wrong=(
            Wrong((MISTYPED.replace('"88044"', '"88045"'),), "The number is mistyped, the system looks right."),
            Wrong((MISTYPED.replace("urn:oid:2.99.1.1", "2.999.1.1"),), "An object identifier is a system as it is."),
            Wrong((SOUND.replace(NORDVIK, "urn:oid:2.999.10.2"),), "As long as the validator is content, all is well."),
        ),
        spec="FHIR R4 ElementDefinition.slicing",
    ),
    Exercise(
        id="11.5",
        standard="fhir",
        task="Ingrid's stay carries four codes that are not in R4's value sets. What does the validator say to each? No code is needed.",
        parts=tuple(Part(says, tuple(SEVERITY.values())) for says, _, _ in BOUND),
        check=check_bindings,
        hints=(
            "Two of the four strengths oblige a sender, two give advice.",
            "Required: nothing else is conformant. Extensible: something else may be right, and a program cannot tell.",
            "The first is graver than the second, and of the last two you hear the same.",
        ),
        solution=_BOUND_RIGHT,
        why="A receiver that goes by codes needs required ones. Everything weaker it has to be ready to find replaced.",
        wrong=(
            Wrong(("an error", "an error", "a warning", "nothing"), "Each step down is one step milder."),
            Wrong(("an error", "nothing", "nothing", "nothing"), "Extensible means: take what you like."),
            Wrong(("a warning", "a warning", "a warning", "a warning"), "A code that nobody knows is always worth a warning."),
        ),
        spec="FHIR R4 ElementDefinition.binding.strength",
    ),
    Exercise(
        id="11.6",
        standard="fhir",
        kind="Break it",
        task="Ingrid is sound. Make the region's profile refuse her by taking one element away. Say beforehand what the validator will report, and where.",
        parts=(Part("First say what the validator will report", REPORTS), Part("And the path it will name", PLACES), Part("Then take something away", tuple(TAKE))),
        check=check_must_support,
        hints=(
            "Which part of `0..1, must support` says that something has to be there?",
            "Three of the four may be absent: their least is 0.",
            "Take away the one whose least is 1. The message names its own path.",
        ),
        solution=(REPORTS[0], "Patient.birthDate", "Take birthDate away: 1..1, no must support"),
        why="What has to be there, the cardinality says. Must support speaks of the systems: what they have to be able to do with it.",
        wrong=(
            Wrong((REPORTS[0], "Patient.gender", "Take gender away: 0..1, must support"), "Must support means mandatory."),
            Wrong((REPORTS[0], "Patient", "Take telecom away: 0..*, must support"), "A warning about something that is must support is a refusal."),
            Wrong((REPORTS[2], "nothing: it names none", "Take birthDate away: 1..1, no must support"), "What is not must support may be left out."),
        ),
        spec="FHIR R4 ElementDefinition.mustSupport",
    ),
    Exercise(
        id="11.7",
        standard="fhir",
        task="Three expressions, evaluated on Georgios. He has two numbers and no contact. What does each yield?",
        parts=tuple(Part(f"`{expression}`", VALUES) for expression, _ in READ),
        check=check_reading,
        hints=(
            "Read from left to right; each dot hands on a collection.",
            "`where` filters. `exists` asks whether anything is left. `all` asks whether one breaks the rule.",
            "A number, then the two truth values, one each.",
        ),
        solution=_READ_RIGHT,
        why="Of nothing, everything can be said: `all` over an empty collection is true. So a rule about contacts does not demand a contact.",
        wrong=(
            Wrong(("88044", "false", "true"), "where takes the first one."),
            Wrong(("3390", "nothing", "true"), "Of an empty collection nothing comes."),
            Wrong(("3390", "false", "false"), "Where there is none, not all can have a name."),
        ),
        spec=cited("FHIRPath 2.0.0, functions where, exists and all", checked=False),
    ),
    Exercise(
        id="11.8",
        standard="fhir",
        task="Now write one: *every address has a postcode*. Who has no address is fine. It stands at Patient, so it may begin with `address`; the elements are `address` and `postalCode`. It is run on six patients.",
        parts=(Part("The expression"),),
        check=check_invariant,
        hints=(
            "Which of the three functions above asks of every repetition?",
            "`address.all(…)`, and in the brackets the rule for one address.",
            "In the brackets: that `postalCode` exists.",
        ),
        solution=("address.all(postalCode.exists())",),
        why="`address.postalCode.exists()` is true as soon as one address has one, and false for who has no address. Both are the traps of the last exercise.",
        wrong=(
            Wrong(("address.postalCode.exists()",), "Exists looks at all of them."),
            Wrong(("address.exists() and address.all(postalCode.exists())",), "An invariant has to say that the element is there."),
            Wrong(("address.all(postalCode.exists()",), "A bracket more or less does not matter."),
            Wrong(("address.all(postcode.exists())",), "An element that does not exist will be told as an error."),
        ),
        spec="FHIR R4 ElementDefinition.constraint.expression",
    ),
    Exercise(
        id="11.9",
        standard="fhir",
        task="Ten messages about Amina. Find the remedy of each; the Validator above has the words in full. Two of them need no change in the data. No code is needed.",
        parts=tuple(Part(f"`{path.removeprefix('Patient.')}`: {says} [{rule}]", REMEDIES) for path, rule, says, _, _ in TEN),
        check=check_ten,
        hints=(
            "Read the severity first: an error is mended, a warning is judged, an information is about the validator.",
            "The first two have one cause. Two more miss something, two have a code in other words.",
            "System, system, add, code, form, code, out, add. The last two stay as they are.",
        ),
        solution=_TEN_RIGHT,
        why="Path, rule, remedy, in this order: the path says where, the rule says who demands it (R4, the profile, a value set), and then the remedy is short.",
        wrong=(
            Wrong(_but(_TEN_RIGHT, a1=ADD), "What is missing has to be added, so she gets one identifier more."),
            Wrong(_but(_TEN_RIGHT, a8=CODE), "A warning is a small error."),
            Wrong(_but(_TEN_RIGHT, a9=OUT), "What was not checked may not be there."),
        ),
        spec="FHIR R4 OperationOutcome.issue",
    ),
    Exercise(
        id="11.10",
        standard="fhir",
        task="Write Nordvik's own profile. The regional number is done. Add: a slice `nordvik` for the hospital's number (`urn:oid:2.999.10.1`), at most one; a birth date; and only languages "
        f"of `{LANGUAGES}` (required). Eight patients are held against it.",
        parts=(Part("The differential", lines=10, given=as_lines(OWN[:3])),),
        check=check_profile,
        hints=(
            "The two lines of the slice regional are the pattern for the slice nordvik. The birth date is the worked example.",
            "Copy them and change name, least and system. The line with the binding has a `path` and `\"binding\": {\"strength\": …, \"valueSet\": …}`.",
            "Four lines more: the slice with `\"sliceName\": \"nordvik\", \"max\": \"1\"`, its system, birthDate with `\"min\": 1`, and communication.language. Mind the commas between the lines.",
        ),
        solution=(as_lines(OWN),),
        why="Seven lines say it. The rest of the StructureDefinition, who made it and what it is derived from, the kit has put around them: look at it with ProfileViewer.",
        wrong=(
            Wrong((as_lines([*OWN[:3], *OWN[5:]]),), "The slicing is open, so the hospital's number needs no slice."),
            Wrong((as_lines([*OWN[:3], {**OWN[3], "min": 1}, *OWN[4:]]),), "Every patient of ours has a number of ours."),
            Wrong((as_lines([*OWN[:6], {"path": OWN[6]["path"], "binding": {"strength": "extensible", "valueSet": LANGUAGES}}]),), "Extensible is strict enough."),
            Wrong((as_lines([{**OWN[0], "slicing": {**OWN[0]["slicing"], "rules": "closed"}}, *OWN[1:]]),), "Closed is safer than open."),
        ),
        spec="FHIR R4 StructureDefinition.differential",
    ),
)  # fmt: skip


# Predictions ----------------------------------------------------------------------------------------------------------------------------


def read_report(found: Sequence[Finding]) -> tuple[str, str]:
    """The gravest severity in a report, or `none`."""
    one = gravest(found)
    return (one.severity, f"{one.severity}: {one.what}") if one else ("none", "no finding")


def read_status(sent: Exchange) -> tuple[str, str]:
    """The HTTP status of an answer."""
    status = sent.answer.get("response.status")[0] if sent.answer else "lost"
    return status, f"HTTP {status}" if sent.answer else sent.lost


PREDICTIONS = (
    Prediction(
        id="11.p1",
        standard="fhir",
        ask="A form sends Ingrid with her number at Nordvik, without the regional one. R4 has no complaint. What does the region's profile say?",
        choices=(
            Choice("Nothing. Valid is valid.", "Valid by which rules? R4 leaves nearly everything optional.", "none"),
            Choice("A warning. A number is there, after all.", "Which number it is, its system tells, and the profile asks for one of the region.", "warning"),
            Choice("An error. The profile asks for the regional number.", "The profile narrows R4: one identifier of the region, exactly.", "error"),
        ),
        read=read_report,
        right="error",
        why="R4 has to fit every hospital in the world. A profile says what this region needs, and that is what the receiver goes by.",
        spec=PROFILING,
        shown="It reports",
    ),
    Prediction(
        id="11.p2",
        standard="fhir",
        ask="Ingrid's marital status goes out as `married`, of Fjordland's own list. The value set has M, Married, and the binding is extensible. What does the validator say?",
        choices=(
            Choice("Nothing. National codes may always replace others.", "Only where the value set has none that fits. Here it has M.", "none"),
            Choice("A warning. It cannot know whether M would have fitted.", "Not conformant, as M means the same; but to see that one has to understand both codes.", "warning"),
            Choice("An error, as it would be with required.", "With required it would be. Extensible leaves a door open, and a program cannot see whether it was the right door.", "error"),
        ),
        read=read_report,
        right="warning",
        why="The rule is broken, and the validator only warns: what fits, a person has to judge. So read every warning of an extensible binding.",
        spec=BINDINGS,
        shown="It reports",
    ),
    Prediction(
        id="11.p3",
        standard="fhir",
        ask="Sofie was born this morning. Her record says that it follows a profile *fjordland-newborn*, which the guide does not have. What will the report say?",
        choices=(
            Choice("Nothing: what is not known cannot be broken.", "Silence would look like a pass. A validator that can be trusted says what it did not look at.", "none"),
            Choice("An information: this profile was not checked.", "No error, and yet nobody knows whether she follows it.", "information"),
            Choice("An error: a profile has to be known.", "The resource may be perfect. It is the validator that lacks something.", "error"),
        ),
        read=read_report,
        right="information",
        why="“No errors” is only worth as much as what was checked. Look for what was not, before you tell somebody that a message is valid.",
        spec="FHIR R4 Meta.profile",
        shown="It reports",
    ),
    Prediction(
        id="11.p4",
        standard="fhir",
        ask="Now over the wire: Ingrid without a birth date goes to the server's `$validate`, with the profile. The report will have an error. Which HTTP status carries it?",
        choices=(
            Choice("200. The question was answered.", "You asked for an opinion, and got it. What it says stands in the OperationOutcome.", "200"),
            Choice("400. The request was faulty.", "The request was in order: a resource, a profile, a question.", "400"),
            Choice("422. The resource breaks rules.", "That is for a resource that should have been stored. Here nothing was to be stored.", "422"),
        ),
        read=read_status,
        right="200",
        why="The status tells whether the question could be answered, the issues tell the answer. A client that looks only at the status takes every report for a pass.",
        spec="FHIR R4 Resource-validate",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="11.q1",
        standard="fhir",
        ask="A binding is extensible. The value set has a code that fits, and the sender uses a national one instead. What is it?",
        choices=(
            Choice("Fine: national codes always win", "They are right only where the value set has none that fits."),
            Choice("Not conformant, but the validator only warns", "What fits, it cannot judge. Somebody has to read the warning."),
            Choice("An error, as with required", "With required the program can decide it alone."),
            Choice("Fine, if the display text is the same", "Texts never decide: programs go by code and system."),
        ),
        right=1,
        spec=BINDINGS,
    ),
    Question(
        id="11.q2",
        standard="fhir",
        ask="In a profile gender is 0..1 and must support. A resource comes without gender. What do you know?",
        choices=(
            Choice("The sender breaks the profile", "The least is 0. Must support makes nothing mandatory."),
            Choice("Must support has no effect then", "It has: on what the two systems have to be able to do."),
            Choice("The sender did not know it, or breaks the guide's words about must support", "A validator sees no difference. Whether the sender knew, you have to ask."),
            Choice("The patient has no gender", "An absent element says nothing."),
        ),
        right=2,
        spec="FHIR R4 ElementDefinition.mustSupport",
    ),
    Question(
        id="11.q3",
        standard="fhir",
        ask="Two messages: an identifier belongs to none of the slices, and the slice regional is missing. Where do you look first?",
        choices=(
            Choice("For an identifier that has to be added", "It may be there, under a system that nobody recognises."),
            Choice("At the system of the identifier that is there", "One letter, and it falls into no slice: one cause, two messages."),
            Choice("At the profile: it contradicts itself", "Both sentences follow from one rule."),
            Choice("At the value: a digit is missing", "Slices are told apart by what the discriminator names. Here that is system."),
        ),
        right=1,
        spec="FHIR R4 ElementDefinition.slicing",
    ),
    Question(
        id="11.q4",
        standard="fhir",
        ask="The report has no error, and one information: the profile was not checked. What do you tell the sender?",
        choices=(
            Choice("Your message is valid.", "By R4. Of the profile nobody knows anything."),
            Choice("Your message is not valid.", "Nothing was found against it."),
            Choice("It follows R4. About the profile I can say nothing until I have its package.", "What was checked, and what was not: both belong into the answer."),
            Choice("Take the profile's name out.", "Then nobody would ever check it."),
        ),
        right=2,
        spec="FHIR R4 Meta.profile",
    ),
    Question(
        id="11.q5",
        standard="fhir",
        ask="Explain this OperationOutcome: HTTP 200, one issue. severity error, code invariant, expression `Patient.contact[0]`, diagnostics: the constraint pat-1 does not hold. What do you do?",
        choices=(
            Choice("Nothing: 200 says that all is well", "200 says that the question could be answered. The answer stands in the issues."),
            Choice("Ask the region to change its profile", "Its rules are called fjord-1 and fjord-2. pat-1 is one of R4's own, so every receiver has it."),
            Choice("Look up pat-1 at Patient.contact in R4, and give the first contact a name, an address, a telecom or an organisation", "The path says where, the rule who demands it, and then the remedy is short."),
            Choice("Take the brackets out of the path and search for Patient.contact", "[0] is the first of the contacts. The path is how a program finds the place."),
        ),
        right=2,
        spec="FHIR R4 OperationOutcome.issue",
    ),
)  # fmt: skip

LESSON = Lesson(
    number="11",
    goals=(
        Goal(
            "read a profile, and say of a validator's message which rule, which path and which remedy",
            ("11.3", "11.4", "11.5", "11.9"),
            code=False,
        ),
        Goal("write a profile of a few lines that refuses and takes what it should", ("11.1", "11.2", "11.8", "11.10")),
        Goal("say what must support obliges sender and receiver to, and why two guides differ", ("11.6", "11.q2"), code=False),
    ),
    minutes=40,
    before="lesson 10, or you can read a Patient in JSON and know what a code system is.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
