"""The items of lesson 11b, Codes and units: a code and its system, value sets and hierarchies, a concept map with gaps, and quantities that compare."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ihe_kit.core import Element, Message
from ihe_kit.course.catalogue import (
    AS_THEY_ARE,
    BY_SUBSTANCE,
    CATALOGUE,
    CONVERTED,
    LOINC,
    MAP,
    NEVER,
    WAYS,
    comparable,
    concept_map,
    missing,
    observation,
    result,
    told,
)
from ihe_kit.course.forms import break_it, by_message, by_steps, faded, order
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
from ihe_kit.fhir.codes import Codes
from ihe_kit.files import rows
from ihe_kit.rules import Rule, exactly
from ihe_kit.units import same
from ihe_kit.verbs import parse

CODING, UCUM_SPEC = "FHIR R4 Coding", "UCUM sections 2 to 7"
TRANSLATE = "FHIR R4 section 4.10.15.1, $translate"

# 11b.w1, 11b.1 and 11b.2: one code, named three times ---------------------------------------------------------------------------------

CODE, IN_V2, IN_FHIR, IN_OPENEHR = (
    "The code",
    "Its system in HL7 v2 (component 3)",
    "The same system in FHIR (`system`)",
    "And in openEHR (`terminology_id`)",
)


def naming(coded: str) -> tuple[Step, Step, Step, Step]:
    """The steps from a coded value of HL7 v2, such as `2823-3^Potassium^LN`, to its names in the two others."""
    code, _, v2 = coded.split("^")
    row = next(row for row in rows("course/code-systems.tsv") if row["v2"] == v2)
    return (
        Step(CODE, code, "The first component. It means nothing yet: another system may have the same letters.", exact=True),
        Step(
            IN_V2, v2, "The third component, a name from HL7 table 0396 or one that was agreed upon. The second is for people.", exact=True
        ),
        Step(IN_FHIR, row["fhir"], f"A URI, in full. The table of names has it in the row of {row['system']}.", exact=True),
        Step(IN_OPENEHR, row["openehr"], f"The column of openEHR in the row of {row['system']}.", exact=True),
    )


POTASSIUM, HYPERTENSION, KALIUM = "2823-3^Potassium^LN", "38341003^High blood pressure^SCT", "K^Kalium^99MID"

EXAMPLE = Example(
    id="11b.w1",
    standard="",
    task=f"`OBX-3` says `{POTASSIUM}`. The result goes on to a FHIR server, and into an openEHR record.",
    steps=naming(POTASSIUM),
    why="The code stayed to the character, and so did its meaning: three names of one system. The words were not looked at.",
    spec=CODING,
)


def _slip(text: str) -> str:
    """What is said of a typical answer to the question for the system in FHIR."""
    if text.startswith("HL7"):
        return "That is a table of HL7. Table 0396 lists the names of code systems; it is not the system itself."
    if text.startswith("https"):
        return "One letter too many: a URI is a name, compared character by character, and these names begin with `http:`."
    if text.strip("`'\"/") != text:
        return "The name alone: no quotation marks around it, and no slash at its end. It is compared character by character."
    if text.removeprefix("oid:").replace(".", "").isdigit():
        return "An object identifier is written `urn:oid:` and the number, as a URI."
    if text.startswith("urn:oid:"):
        return "That has the form of a name, but the table gives this system another one. FHIR has one name for each."
    if text in {row[standard] for row in rows("course/code-systems.tsv") for standard in ("v2", "openehr")}:
        return "That is its name in another standard. In FHIR the name of a system is a whole URI."
    if "/" in text and "://" not in text:
        return "A URI is written out in full: `http://` belongs to the name, and nothing is put before what follows."
    return ""


_SLIPS = {2: _slip}
_FADED, _FADED_SOLUTION = faded(naming(HYPERTENSION), given=(0, 1))
_BLANK, _BLANK_SOLUTION = faded(naming(KALIUM))

# 11b.4: ten codes -------------------------------------------------------------------------------------------------------------------------

LOCAL = tuple(row["code"] for row in rows("course/catalogue.tsv"))
NONE_OF_IT = "nothing: leave the result out"
NEAREST = "the code of LOINC that comes nearest"
ORIGINAL = "the laboratory's own code with its system, and a line in the report"
COUNTS = ("6", "7", "8", "9", "10")


@lru_cache(maxsize=1)
def of_the_map() -> tuple[str, ...]:
    """What is right of the ten codes, asked of the map itself: how many lead anywhere, which is wider, which narrower, what is done with a gap."""
    codes = Codes(resources=[concept_map()])
    found = {code: codes.translate(MAP, CATALOGUE, code) for code in LOCAL}
    good = [code for code, matches in found.items() if any(match.is_one for match in matches)]
    wide, narrow = (next(c for c, m in found.items() if m and m[0].equivalence == way) for way in ("wider", "narrower"))
    return str(len(good)), wide, narrow, ORIGINAL


CLUES = (
    "Count the rows that have a code of LOINC. HEM was looked for and not found; XFREEZ nobody has looked for.",
    "*Wider*: LOINC's code covers more than the laboratory's, so it says less. Something about the sample gets lost.",
    "*Narrower*: LOINC's code covers less, so it says more. It tells something that the catalogue left open.",
    "What does the ward see of a result that is left out? And of one under a code that means something else?",
)


def check_map(answer: Answer, _: Context) -> Verdict:
    """Held against what the map itself says."""
    missed = [clue for given, fits, clue in zip(answer, of_the_map(), CLUES, strict=True) if given != fits]
    if missed:
        return Verdict(False, f"{len(CLUES) - len(missed)} of {len(CLUES)} fit.", missed[0])
    return Verdict(
        True,
        "Right, all four.",
        "Eight led somewhere, two of them with a loss that the map tells. The two gaps stay visible: that is the report.",
    )


# 11b.5: which comparison is safe ----------------------------------------------------------------------------------------------------------

PAIRS = (
    ("Glucose, `126 mg/dL` and `7.0 mmol/L`", "126 mg/dL", "7.0 mmol/L"),
    ("Glucose, `126 mg/dL` and `1.26 g/L`", "126 mg/dL", "1.26 g/L"),
    ("Platelets, `150 10*9/L` and `150 10*3/uL`", "150 10*9/L", "150 10*3/uL"),
    ("Blood pressure, `120 mm[Hg]` and `16 kPa`", "120 mm[Hg]", "16 kPa"),
    ("Insulin, `5 [iU]/L` and `0.2 ug/L`", "5 [iU]/L", "0.2 ug/L"),
)


def check_pairs(answer: Answer, _: Context) -> Verdict:
    """The units themselves are asked how each pair compares."""
    missed = [
        (says, comparable(one, other)) for given, (says, one, other) in zip(answer, PAIRS, strict=True) if given != comparable(one, other)
    ]
    if not missed:
        return Verdict(
            True, "Right, all five.", "The codes of the units told it, without a look at the numbers. So a program can do it, too."
        )
    says, way = missed[0]
    pair = says.partition(", ")[2]
    clue = {
        AS_THEY_ARE: "Two ways to write one unit: a thousand million in a litre is a thousand in a millionth of it.",
        CONVERTED: "Both measure the same kind of thing. A fixed factor leads from one to the other, whatever the substance.",
        BY_SUBSTANCE: "One is a mass, the other an amount of substance. How much a mole weighs depends on what it is.",
        NEVER: "An international unit is agreed for each preparation. No factor leads from there to a mass.",
    }[way]
    return Verdict(False, f"{len(PAIRS) - len(missed)} of {len(PAIRS)} fit.", f"Look at the pair {pair}. {clue}")


# 11b.6 and 11b.7: codes that a server refuses ---------------------------------------------------------------------------------------------

ANSWERS = ("201: created", "400: the request cannot be understood", "422: understood, and against a rule")
CHANGES = {
    "Write the unit with spaces: mmol / L": {"Observation.valueQuantity.code": '"mmol / L"'},
    "Write the unit with one capital: Mmol/L": {"Observation.valueQuantity.code": '"Mmol/L"'},
    "Call the catalogue's K Natrium": {"Observation.code.coding[1].display": '"Natrium"'},
    "Call the code HH plainly High": {"Observation.interpretation.coding.display": '"High"'},
}
UNIT_PLACE, DISPLAY_PLACE = "Observation.valueQuantity.code", "Observation.interpretation[0].coding[0].display"


def refused(sent: Exchange) -> tuple[str, str]:
    """(the status, the place that the first error names)."""
    if not isinstance(sent.answer, FhirMessage):
        return "nothing", "nothing"
    issues = (sent.answer.data or {}).get("issue", ()) if sent.refused else ()
    return sent.answer.status, next((place for issue in issues for place in issue.get("expression", ())), "nothing")


SOUND = str(result("fhir")).rstrip()
TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
BROKEN = SOUND.replace('"system": "http://loinc.org"', '"system": "LN"').replace("urn:oid:2.999.10.1", TYPES).replace(
    '"code": "mmol/L"', '"code": "mmol / l"'
)  # fmt: skip


def _one_is_loinc(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    """A result may have its codings in any order; one of them is LOINC's."""
    return () if any(one.value == LOINC for one in elements) else [one for one in elements if one.value != CATALOGUE][:1]


def _means_millimole(text: str) -> bool:
    try:
        return same(text, "mmol/L")
    except ValueError:  # no code of UCUM
        return False


def _millimole(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    """Whatever means mmol/L: the litre may be written l or L."""
    return [one for one in elements if not _means_millimole(one.value)]


POINTS = (
    Rule("system", "Observation.code.coding.system", _one_is_loinc, "The code system is not LOINC's. LN is v2's name for it; FHIR names a code system by its URI, compared character by character.", CODING),
    Rule("number", "Observation.subject.identifier.system", exactly("urn:oid:2.999.10.1"), "The patient's number does not name Nordvik. Table 0203 lists *types* of numbers; who gave this one out is Nordvik, urn:oid:2.999.10.1.", "FHIR R4 Identifier.system"),
    Rule("unit", "Observation.valueQuantity.code", _millimole, "The unit is not mmol/L. A code of UCUM has no spaces, and its capitals count; only the litre may be written l or L.", UCUM_SPEC),
)  # fmt: skip


_by_points = by_message(POINTS, "Right. The region takes it.", "Three names were mended, and no value was touched: the result had been right all the time.")  # fmt: skip


def check_mended(answer: Answer, context: Context) -> Verdict:
    """The three names first, then all the rest, which stays as the laboratory sent it: more may stand there, and nothing less."""
    verdict = _by_points(answer, context)
    if not verdict.right:
        return verdict
    made = parse(answer[0])
    data = made.data if isinstance(made, FhirMessage) else None
    if not data or data["resourceType"] != "Observation":
        return Verdict(
            False, "That is no Observation any more.", "Go back to the beginning. The laboratory's result is to be mended, not another one."
        )
    amount = {name: "mmol/L" if _means_millimole(str(value)) else value for name, value in data.get("valueQuantity", {}).items()}
    place = missing(json.loads(SOUND), data | {"valueQuantity": amount}, "Observation")
    if place:
        says = f"The names are mended, but `{place}` is not as the laboratory sent it."
        return Verdict(False, says, "Only names of systems and the unit's code were wrong. Whoever mends a result touches nothing else.")
    return verdict


def _half_mended(**parts: str) -> str:
    """The broken result, mended in some places only."""
    text = BROKEN
    for broken, right in ((('"LN"'), f'"{LOINC}"'), (f'"{TYPES}"', '"urn:oid:2.999.10.1"'), ('"mmol / l"', '"mmol/L"')):
        if parts.get("keep") != broken.strip('"'):
            text = text.replace(broken, right)
    return text.replace(parts.get("old", ""), parts.get("new", "")) if parts.get("old") else text


def because_of_the_unit(item: Exercise) -> Exercise:
    """The same exercise, where a refusal counts only if the server names the unit: the task asks for that."""

    def look(answer: Answer, context: Context) -> Verdict:
        verdict = item.check(answer, context)
        if not verdict.right or answer[1] == UNIT_PLACE:
            return verdict
        why = "This code system the server has, so it compares the words with its own: the display does not decide, but it must not lie. Now the unit."
        return replace(verdict, right=False, says="Refused as you said, but for the display. The task wants the unit refused.", why=why)

    return replace(item, check=look)


EXERCISES = (
    Exercise(
        id="11b.1",
        standard="",
        task=f"A diagnosis: `{HYPERTENSION}`. The first two steps are done.",
        parts=_FADED,
        check=by_steps(naming(HYPERTENSION), "Right.", "SCT, http://snomed.info/sct, SNOMED-CT: whoever exchanges keeps such a table, and looks nothing up by heart.", _SLIPS),
        hints=(
            "The table of names, above: which row has SCT in the column of HL7 v2?",
            "FHIR wants the whole URI, openEHR the name that is agreed in Fjordland.",
            "It begins `http://snomed`, and the name in openEHR has a hyphen.",
        ),
        solution=_FADED_SOLUTION,
        why="A system is a name, compared character by character. `SCT` in FHIR, or `https` for `http`, is another system to a program, and then the code means nothing.",
        wrong=(
            Wrong((*_FADED_SOLUTION[:2], "SCT", "SNOMED-CT"), "The short name of v2 does everywhere."),
            Wrong((*_FADED_SOLUTION[:2], "HL70396", "SNOMED-CT"), "The system is the table in which it is listed."),
            Wrong((*_FADED_SOLUTION[:2], "https://snomed.info/sct", "SNOMED CT"), "It is an address, so it may be written as a browser likes it."),
        ),
        spec=CODING,
    ),
    Exercise(
        id="11b.2",
        standard="",
        task=f"And a code that the laboratory made up itself: `{KALIUM}`. Does it need a system, too?",
        parts=_BLANK,
        check=by_steps(naming(KALIUM), "Right.", "It needs one more than any other: `K` is potassium here, vitamin K next door, and a kelvin among the units.", _SLIPS),
        hints=(
            "Cut the value at its `^`, then look at the last row of the table.",
            "A code system that has no web address is named by its object identifier.",
            "`K`, `99MID`, then `urn:oid:` and the number, then the name in capitals.",
        ),
        solution=_BLANK_SOLUTION,
        why="A local code is a good code, as long as it says whose it is. Whoever sends it bare has sent a letter.",
        wrong=(
            Wrong(("K", "99MID", LOINC, "LOINC"), "A code in FHIR is one of LOINC."),
            Wrong(("K", "99MID", "2.999.10.4.5", "MIDTLAB"), "An object identifier is a URI as it stands."),
            Wrong(("Kalium", "99MID", "urn:oid:2.999.10.4.5", "MIDTLAB"), "The words are the code."),
        ),
        spec=CODING,
    ),
    order(
        id="11b.3",
        standard="fhir",
        task="How does a rule come to `Observation.interpretation`? Put it in order, from where a code gets its meaning to the result that is turned down. One tile does not belong.",
        tiles=(
            Tile("CodeSystem", "gives HH its meaning: critical high", "Without a system that defines it, HH is two letters."),
            Tile("ValueSet", "chooses the codes that suit: all of that system", "A value set defines no code. It takes from systems what suits a purpose."),
            Tile("Binding", "ties the value set to the element, and says how strictly", "Without a binding nobody says which value set counts here."),
            Tile("Coding", "stands in the result: system and code", "What is checked is what somebody sent."),
            Tile("Finding", "says that the code is not in the value set", "It compares the coding with the value set, as strictly as the binding says."),
            Tile("Display", "decides what is meant, where code and words differ", "The display is for people. Where it differs from what the system says, it is a mistake, and never a second opinion."),
        ),
        solution=("CodeSystem", "ValueSet", "Binding", "Coding", "Finding"),
        before=(
            ("CodeSystem", "ValueSet", "A value set takes codes of systems: first they must be there."),
            ("ValueSet", "Binding", "What is tied to an element is a value set."),
            ("Binding", "Coding", "The rule stands in the definition, before anybody sends a result."),
            ("Coding", "Finding", "First something is sent, then it is compared."),
        ),
        hints=(
            "Which of them could stand there if all the others did not exist?",
            "Meaning, choice, rule, value, verdict.",
            "CodeSystem, ValueSet, Binding, Coding, Finding. What is for people only stays out.",
        ),
        why="Three questions, three owners: what does the code mean (the system), is it one of those we use (the value set), and how strictly here (the binding).",
        wrong=(
            Wrong(("ValueSet", "CodeSystem", "Binding", "Coding", "Finding"), "A value set makes the codes."),
            Wrong(("CodeSystem", "ValueSet", "Binding", "Coding", "Display", "Finding"), "The display decides in the end."),
            Wrong(("CodeSystem", "Binding", "Coding", "Finding"), "An element is tied to a code system."),
        ),
        spec="FHIR R4 sections 4.8 and 4.9",
    ),
    Exercise(
        id="11b.4",
        standard="fhir",
        task="Write the report on the ten codes. What the server told of each stands in the table at the beginning of *Ten local codes*.",
        parts=(
            Part("How many of the ten lead to a code of LOINC?", COUNTS),
            Part("Which of them says less in LOINC than it did?", LOCAL),
            Part("Which would say more than the laboratory knows?", LOCAL),
            Part("What goes into the result for HEM?", (NONE_OF_IT, NEAREST, ORIGINAL)),
        ),
        check=check_map,
        hints=(
            "The column *equivalence* tells how the target relates to the code that came in.",
            "*wider*: the target covers more. *narrower*: the target covers less. A gap has no target at all.",
            "Eight have one. The bedside meter is lost in one row, a machine appears in another; and a result is never left out.",
        ),
        solution=("8", "GLUB", "WBC", ORIGINAL),
        why="A map has three kinds of answers: it fits, it fits with a loss, it does not fit. A converter that knows only the first drops results and tells nobody.",
        wrong=(
            Wrong(("8", "GLUB", "WBC", NONE_OF_IT), "What cannot be translated cannot be sent."),
            Wrong(("8", "GLUB", "WBC", NEAREST), "Nearly right is better than a local code."),
            Wrong(("8", "WBC", "GLUB", ORIGINAL), "Wider means that it says more."),
            Wrong(("9", "GLUB", "WBC", ORIGINAL), "Unmatched is a match, too: it is in the map."),
        ),
        spec=TRANSLATE,
    ),
    Exercise(
        id="11b.5",
        standard="",
        task="Five pairs from two sites, each of the same patient and the same hour. How may a program compare them? Only the units are asked.",
        parts=tuple(Part(says, WAYS) for says, _, _ in PAIRS),
        check=check_pairs,
        hints=(
            "Ask of each unit what it measures: a mass, a number, a pressure, an activity?",
            "The same unit in other letters; the same kind in another size; a mass against an amount; an agreed activity against a mass.",
            "Only two pairs need no substance and no agreement but a factor: g/L and the pressure. Platelets are equal as written.",
        ),
        solution=tuple(comparable(one, other) for _, one, other in PAIRS),
        why="mg/dL and mmol/L look like two units of one thing. They are two things, and the bridge between them is a fact about glucose, not about units.",
        wrong=(
            Wrong((CONVERTED, CONVERTED, AS_THEY_ARE, CONVERTED, NEVER), "There is a factor from mg/dL to mmol/L: 18."),
            Wrong((BY_SUBSTANCE, CONVERTED, CONVERTED, CONVERTED, CONVERTED), "Every unit can be converted, if one finds the factor."),
            Wrong((NEVER, NEVER, NEVER, NEVER, NEVER), "Only equal letters compare."),
        ),
        spec=UCUM_SPEC,
    ),
    because_of_the_unit(break_it(
        id="11b.6",
        standard="fhir",
        task="Make the server refuse the potassium because of its *unit*, and say beforehand which status comes and which place it names. Think of the other three as well: which of them would you want refused?",
        sound=observation(),
        transaction="FHIR",
        changes=CHANGES,
        answers=ANSWERS,
        read=refused,
        wants=("422",),
        places=(UNIT_PLACE, DISPLAY_PLACE, "Observation.code.coding[1].display"),
        solution=(ANSWERS[2], UNIT_PLACE, "Write the unit with spaces: mmol / L"),
        reasons={"422": "It could be read to the last letter, so the request was in order. What it says breaks a rule.",
                 "201": "The server took it. Mmol/L is a code of UCUM: a megamole, a thousand million times as much. And whether K is Natrium it cannot tell: the catalogue is not there to be asked."},
        hints=(
            "One of them is no code of UCUM at all. One is, and means something else.",
            "A refusal needs a list or a grammar to compare with. Which of the systems does the server have?",
            "Spaces: 422, and the place ends in `valueQuantity.code`.",
        ),
        why="Form can be checked, truth cannot: 6.9 Mmol/L passes every rule. And a display is compared only where the code system is at hand.",
        wrong=(
            Wrong((ANSWERS[2], UNIT_PLACE, "Write the unit with one capital: Mmol/L"), "Capitals do not matter, or a program would notice."),
            Wrong((ANSWERS[2], "Observation.code.coding[1].display", "Call the catalogue's K Natrium"), "A server knows what every code is called."),
            Wrong((ANSWERS[1], UNIT_PLACE, "Write the unit with spaces: mmol / L"), "What is wrong is 400."),
            Wrong((ANSWERS[2], DISPLAY_PLACE, "Call the code HH plainly High"), "Refused is refused, whatever for."),
        ),
        spec=UCUM_SPEC,
    )),
    Exercise(
        id="11b.7",
        standard="fhir",
        task="The ward's screen shows this result under *unknown patient, unknown test*. A converter wrote it, and made three mistakes with names of systems and units. Mend it.",
        parts=(Part("The result", lines=BROKEN.count("\n") + 1, given=BROKEN),),
        check=check_mended,
        hints=(
            "Go through every `system`: does it say *who keeps the codes*, or *who gave the number out*? Then read the unit.",
            "LN is v2's name of a code system. `v2-0203` is the table of the types of identifiers. A unit has no spaces.",
            f"`{LOINC}`, then Nordvik's `urn:oid:` with 2.999.10.1, then `mmol/L` without the spaces.",
        ),
        solution=(SOUND,),
        why="A converter that fills `identifier.system` from the field beside it makes one patient of all who have the number 4711. It works in every test with one hospital.",
        wrong=(
            Wrong((_half_mended(keep=TYPES),), "The system of a number is the table of its types."),
            Wrong((_half_mended(keep="LN"),), "The names of v2 are known everywhere."),
            Wrong((_half_mended(keep="mmol / l"),), "Spaces make a unit easier to read, and harm nobody."),
            Wrong((_half_mended(old='"code": "mmol/L"', new='"code": "Mmol/L"'),), "Capitals are a matter of taste."),
            Wrong((_half_mended(old="http://unitsofmeasure.org", new="UCUM"),), "The names of v2 are known everywhere, that of UCUM at least."),
            Wrong((_half_mended(old="6.9", new="4.5"),), "A value that looks wrong is mended with the rest."),
        ),
        spec=CODING,
    ),
)  # fmt: skip


# Predictions --------------------------------------------------------------------------------------------------------------------------


def read_hits(sent: Exchange) -> tuple[str, str]:
    """How many a search found."""
    bundle = sent.answer.data if isinstance(sent.answer, FhirMessage) else None
    total = str((bundle or {}).get("total", "lost"))
    return total, f"{total} found" if total != "lost" else sent.lost


def read_outcome(sent: Exchange) -> tuple[str, str]:
    """The outcome of $subsumes."""
    outcome = str(told(sent).get("outcome", "lost"))
    return outcome, outcome if outcome != "lost" else sent.lost


def read_translation(sent: Exchange) -> tuple[str, str]:
    """The status of a $translate, and what its result says: `200 false`."""
    if not isinstance(sent.answer, FhirMessage):
        return "lost", sent.lost
    parts: dict[str, Any] = told(sent)
    key = f"{sent.answer.status} {str(parts.get('result', '')).lower()}".strip()
    return key, f"{key}. {parts.get('message', '')}".strip()


def read_comparison(says: str) -> tuple[str, str]:
    """The first word that tells how a comparison ended."""
    key = next((word for word in ("refused", "more than", "less than", "as much as") if word in says), "none")
    return key, says


PREDICTIONS = (
    Prediction(
        id="11b.p1",
        standard="fhir",
        ask="A result says: code 2951-2 of LOINC, which is sodium, and as its display Potassium. Somebody searches for potassium, `code=http://loinc.org|2823-3`. Will it be found?",
        choices=(
            Choice("Yes: it says Potassium.", "The search goes by system and code. The display is not looked at.", "1"),
            Choice("No.", "System and code together say what it is: sodium. The display is a courtesy to people.", "0"),
            Choice("The server refused the result, so there is nothing to be found.", "It would have to know LOINC to see the contradiction. LOINC is not here.", "lost"),
        ),
        read=read_hits,
        right="0",
        why="It is worse than lost: it will be found by whoever searches for sodium. And people read Potassium on the screen. Code and system decide; so send a display that fits, or none.",
        spec=CODING,
        shown="The search gave",
    ),
    Prediction(
        id="11b.p2",
        standard="fhir",
        ask="The system of interpretations has H, high, and HH, critical high. `$subsumes` asks how H stands to HH. What will come?",
        choices=(
            Choice("subsumes: critical high is a kind of high.", "In the language, yes. In this code system HH stands under AA, critical abnormal, and H beside it.", "subsumes"),
            Choice("equivalent", "They are two codes with two meanings.", "equivalent"),
            Choice("not-subsumed", "HH stands under AA, critical abnormal; H stands under A. Only the hierarchy of the system counts.", "not-subsumed"),
        ),
        read=read_outcome,
        right="not-subsumed",
        why="A list of everything high, made from H and what is below it, misses the potassium of 6.9. Whoever writes such a rule looks at the hierarchy first, and asks for A, or for H and HH by name.",
        spec="FHIR R4 section 4.8.21.3, $subsumes",
    ),
    Prediction(
        id="11b.p3",
        standard="fhir",
        ask="`XFREEZ` is new in the catalogue, and the map has no entry for it. What does the server answer when it is to translate it?",
        choices=(
            Choice("404: there is no such code.", "The map is there, and it was asked. That it has no translation is an answer.", "404"),
            Choice("200, result true, with XFREEZ itself", "Only a map that says so (`unmapped`) hands a code on as it is. This one does not.", "200 true"),
            Choice("200, result false, no match", "The question was understood and answered: no translation. What to do with the code is up to you.", "200 false"),
        ),
        read=read_translation,
        right="200 false",
        why="No error, so no alarm: a program that looks only at the status goes on with nothing in its hands. The two ways that lie open from here are below.",
        spec=TRANSLATE,
    ),
    Prediction(
        id="11b.p4",
        standard="",
        ask="A program that knows UCUM, and nothing else, is asked whether 126 mg/dL is more than 7.0 mmol/L. What does it answer?",
        choices=(
            Choice("More: 126 is more than 7.", "Then it would have compared the numbers and left the units out. That is how the curve fell.", "more than"),
            Choice("As much, or nearly: for glucose 126 mg/dL are 7.0 mmol/L.", "True of glucose. The two codes of units do not say glucose.", "as much as"),
            Choice("It refuses.", "One is a mass in a volume, the other an amount of substance. Without the molar mass there is no bridge.", "refused"),
        ),
        read=read_comparison,
        right="refused",
        why="A refusal is the safe answer. The factor 18 belongs to glucose, and creatinine has another one. Whoever converts says for which substance.",
        spec=UCUM_SPEC,
        shown="It said",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="11b.q1",
        standard="",
        ask="What makes a code mean something?",
        choices=(
            Choice("Its display", "Two labels may be equal and mean two things, or differ and mean one. The display is for people."),
            Choice("The code together with the system that defines it", "In v2 component 3, in FHIR `system`, in openEHR `terminology_id`."),
            Choice("The table in which the field looks it up", "A table says which codes may stand there. A CWE may bring a code of any system along."),
            Choice("The value set that it was taken from", "A value set chooses among codes; the meaning comes from their system."),
        ),
        right=1,
        spec=CODING,
    ),
    Question(
        id="11b.q2",
        standard="fhir",
        ask="A value set says: everything below *abnormal* in this code system. The system gains a code next year. What happens to the value set?",
        choices=(
            Choice("Nothing: a value set is a list.", "One that lists its codes (extensional) stays. This one is a rule (intensional)."),
            Choice("Its next expansion has the new code, without anybody changing it.", "So an expansion is a snapshot: it says when it was made, and is made again."),
            Choice("It becomes invalid.", "A rule applies to what is there."),
        ),
        right=1,
        spec="FHIR R4 section 4.9.15.1, $expand",
    ),
    Question(
        id="11b.q3",
        standard="fhir",
        ask="A map turns GLUB, glucose at the bedside, into 15074-8, glucose in blood, and calls it *wider*. Next year somebody wants the way back. May the map be turned round?",
        choices=(
            Choice("No: the way back is another map, with its own equivalences.", "What was wider is narrower on the way back, and two codes that became one cannot be told apart again."),
            Choice("Yes: what leads there leads back.", "Back from *glucose in blood* it would claim a bedside meter that nobody mentioned. Several codes may lead to one; only one leads back."),
            Choice("Yes, if every entry is *equivalent* or *wider*", "*Equivalent* may turn. *Wider* becomes *narrower*: it would say more than was known."),
        ),
        right=0,
        spec=TRANSLATE,
    ),
    Question(
        id="11b.q4",
        standard="",
        ask="A creatinine arrives with the unit `mg/dl`, another one with `mg/dL`. A program compares the letters and finds two units. What is right?",
        choices=(
            Choice("`mg/dl` is no code of UCUM.", "It is: the litre may be written l or L. `mmHg` would be none."),
            Choice("They differ by a factor, as mg and Mg do.", "mg and Mg differ by a thousand million. l and L are the one pair in which case makes no difference."),
            Choice("They are one unit; a program should compare what units mean, or agree on one way of writing.", "UCUM calls comparing the letters *limited conformance*: it is allowed, and finds less."),
            Choice("The program is right: codes are compared character by character.", "In most code systems. In UCUM many codes mean the same."),
        ),
        right=2,
        spec=UCUM_SPEC,
    ),
)  # fmt: skip

LESSON = Lesson(
    number="11b",
    goals=(
        Goal(
            "name a code and its system in HL7 v2, FHIR and openEHR, and say which part decides", ("11b.1", "11b.2", "11b.p1"), code=False
        ),
        Goal("ask a terminology service, translate local codes by a map, and report the gaps", ("11b.3", "11b.4", "11b.p2", "11b.p3")),
        Goal(
            "read a unit, compare two quantities, and say when a comparison is not safe", ("11b.5", "11b.6", "11b.7", "11b.p4"), code=False
        ),
    ),
    minutes=40,
    before="lesson 11, or you know what a profile and a binding are.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
