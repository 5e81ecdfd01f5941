"""The items of lesson 19, Asking with AQL: one row is not one composition, a query that says nothing, and whom a query finds and misses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ihe_kit import OpenehrClient
from ihe_kit.core import cited
from ihe_kit.course import records
from ihe_kit.course.asking import aql, asked, found
from ihe_kit.course.forms import judged, order
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
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import OpenehrMessage, read_aql, table

QUERY, CONTAINMENT, ORDERED = "openEHR QUERY, AQL, Query structure", "openEHR QUERY, AQL, Containment", "openEHR QUERY, AQL, ORDER BY"
VERSIONS = cited("openEHR QUERY, AQL, VERSION in FROM", checked=False)
NUMBER = "e/ehr_status/subject/external_ref/id/value"
ANALYTE = "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1"
PRESSURE = "openEHR-EHR-OBSERVATION.blood_pressure"
RESULT, LOINC = "a/items[at0001]/value/magnitude", "a/items[at0024]/value/defining_code/code_string"
SYSTOLIC = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"

# 19.w1, 19.1 and 19.2: a query in four steps ----------------------------------------------------------------------------------------------

LABELS = ("SELECT: which columns", "FROM: where they stand", "WHERE: which of them", "ORDER BY: which comes first")
KEYWORDS = ("SELECT", "FROM", "WHERE", "ORDER BY")
HOWS = (
    "A name from FROM, and the path from there to the value. PathFinder tells it.",
    "From the record downwards: a class of the Reference Model, a name of your own for it, and its archetype between brackets.",
    "A path, a comparison, a value. Words and codes stand in single quotes, numbers do not.",
    "A path; this repository takes the name of a column, too. DESC for downwards.",
)


def steps(*clauses: str) -> tuple[Step, ...]:
    return tuple(Step(label, clause, how) for label, clause, how in zip(LABELS, clauses, HOWS, strict=True))


ANALYTES = f"EHR e CONTAINS COMPOSITION c CONTAINS CLUSTER a[{ANALYTE}]"
HIGH_CRP = steps(f"{NUMBER} AS patient, {RESULT} AS crp", ANALYTES, f"{LOINC} = '1988-5' AND {RESULT} >= 140", "crp DESC")
LOW_SODIUM = (f"{NUMBER} AS patient, {RESULT} AS sodium", ANALYTES, f"{LOINC} = '2951-2' AND {RESULT} < 130", "sodium")
PRESSURES = (
    f"{NUMBER} AS patient, {SYSTOLIC} AS systolic",
    f"EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{PRESSURE}.v2]",
    f"{SYSTOLIC} >= $least",
    "systolic DESC",
)


def query(clauses: Sequence[str]) -> str:
    """The query of the four clauses, each with its keyword or without it."""
    begins = [re.compile(key.replace(" ", r"\s+") + r"\b", re.I) for key in KEYWORDS]
    return "\n".join(text if begin.match(text) else f"{key} {text}" for begin, key, text in zip(begins, KEYWORDS, clauses, strict=True))


EXAMPLE = Example(
    id="19.w1",
    standard="openehr",
    task="Who has a C-reactive protein of 140 mg/L or more? It rises with inflammation; LOINC calls it `1988-5`. The highest first.",
    steps=HIGH_CRP,
    why="FROM says where to look, WHERE what is kept of it, SELECT what is shown. Read it in that order, although it is written in another.",
    spec=QUERY,
)


def check_sodium(answer: Answer, _: Context) -> Verdict:
    """Whatever finds the same rows is right."""
    says, why = asked(query(answer), found(query(LOW_SODIUM)), sorted_by=1)
    return Verdict(
        not says,
        says or "Right: the six rows, lowest first.",
        why or "The code tells which analyte, the number how much. Without the code, a potassium of 4 would be a low sodium, too.",
    )


def check_pressures(answer: Answer, _: Context) -> Verdict:
    """Asked twice, with two values of the parameter: a number that is written into the query would answer once only."""
    text = query(answer)
    says, why = asked(text, found(query(PRESSURES), least=160), sorted_by=1, least=160)
    if says:
        return Verdict(False, says, why)
    if "least" not in read_aql(text).parameters:
        return Verdict(
            False,
            "The right rows for 160, but the number stands in the query.",
            "Write `$least` in its place. Then one query serves every ward, and nobody glues texts together.",
        )
    says, why = asked(text, found(query(PRESSURES), least=180), sorted_by=1, least=180)
    if says:
        return Verdict(False, f"Right for 160, and not for 180. {says}", why)
    return Verdict(
        True,
        "Right, for 160 and for 180.",
        "A parameter keeps question and value apart. A stored query lives from it, and nothing that is typed becomes a part of the query.",
    )


# 19.3: which clause where -----------------------------------------------------------------------------------------------------------------

TILES = (
    Tile("LIMIT", "10", "Ten rows are enough for a screen. It counts rows, after they are put in order."),
    Tile("WHERE", f"{LOINC} = '2823-3'", "Without it, each analyte of each report would come."),
    Tile("FROM", "EHR e", "Every query says where to look."),
    Tile("CONTAINS CLUSTER", f"a[{ANALYTE}]", "The variable `a` is used above and below: here it is made."),
    Tile("JOIN", "CLUSTER a ON a.composition = c.id", "That is SQL. In AQL nothing is joined: CONTAINS says what stands inside what."),
    Tile("ORDER BY", f"{RESULT} DESC", "Ten rows in no order are any ten."),
    Tile("GROUP BY", "e/ehr_id/value", "AQL has no such clause. COUNT and the like group by the other columns on their own."),
    Tile("SELECT", f"{NUMBER}, {RESULT}", "Every query says what it shows."),
    Tile("CONTAINS COMPOSITION", "c", "Here the composition is named; a cluster stands inside one."),
)
_ORDER = ("SELECT", "FROM", "CONTAINS COMPOSITION", "CONTAINS CLUSTER", "WHERE", "ORDER BY", "LIMIT")
_WHY = {
    "SELECT": "AQL begins with what it shows, although the names in it are made later, in FROM.",
    "FROM": "CONTAINS belongs to FROM: the record is the outermost.",
    "CONTAINS COMPOSITION": "From the outside in: a cluster stands in a composition.",
    "CONTAINS CLUSTER": "First all of FROM, then the conditions.",
    "WHERE": "First it is chosen, then put in order.",
    "ORDER BY": "LIMIT takes the first rows, so they have to be in order before. AQL 1.1 wants them written so, too.",
}

# 19.4: how many rows ----------------------------------------------------------------------------------------------------------------------

INGRIDS = "FROM EHR e[ehr_id/value=$ehr_id] "
COUNTED = (
    ("SELECT c … CONTAINS COMPOSITION c", f"SELECT c/uid/value {INGRIDS}CONTAINS COMPOSITION c", "Two rounds of vital signs, one laboratory report. Nothing repeats inside a row yet."),
    ("SELECT o … CONTAINS OBSERVATION o[…blood_pressure.v2]", f"SELECT o/name/value {INGRIDS}CONTAINS OBSERVATION o[{PRESSURE}.v2]", "The rows follow what FROM names: each round has one observation of the pressure, however many readings it holds."),
    ("SELECT o/…/systolic … CONTAINS OBSERVATION o[…blood_pressure.v2]", f"SELECT {SYSTOLIC} {INGRIDS}CONTAINS OBSERVATION o[{PRESSURE}.v2]", "The path leads through the events, and they repeat: one reading in the first round, three in the second."),
    ("SELECT a, b … CONTAINS (CLUSTER a[…analyte.v1] AND CLUSTER b[…analyte.v1])", f"SELECT a/name/value, b/name/value {INGRIDS}CONTAINS COMPOSITION c CONTAINS (CLUSTER a[{ANALYTE}] AND CLUSTER b[{ANALYTE}])", "AND in FROM makes pairs: each of the report's three analytes with each of the three, itself included."),
    ("SELECT COUNT(*) … CONTAINS COMPOSITION c", f"SELECT COUNT(*) {INGRIDS}CONTAINS COMPOSITION c", "A count is one number, so it is one row. What is counted stands in it."),
)  # fmt: skip
NUMBERS = ("1", "2", "3", "4", "6", "9")


def counts() -> tuple[str, ...]:
    """How many rows each of the five has, asked of Ingrid's record."""
    return tuple(str(len(found(text, ehr_id=records.record_of(records.INGRID)))) for _, text, _ in COUNTED)


def check_counts(answer: Answer, _: Context) -> Verdict:
    """Each query is asked, and its rows are counted."""
    missed = [(label, why) for given, right, (label, _, why) in zip(answer, counts(), COUNTED, strict=True) if given != right]
    if missed:
        return Verdict(False, f"{len(COUNTED) - len(missed)} of {len(COUNTED)} fit.", f"Look again at `{missed[0][0]}`. {missed[0][1]}")
    return Verdict(
        True, "Right, all five.", "One record, five numbers: a row is one combination of what the query names. That table is your evidence."
    )


# 19.6: nothing, and no error --------------------------------------------------------------------------------------------------------------

ANSWERS = ("400: refused, with the place and what was expected", "200: answered, with rows", "200 and nothing: answered, without a row")
SILENT = "200 and nothing"
CHANGES = {
    "Write FORM in the place of FROM": ("FROM EHR", "FORM EHR"),
    "Call the attribute magnitud": ("value/magnitude >=", "value/magnitud >="),
    "Ask for the archetype blood_pressure.v3": (".v2]", ".v3]"),
    "Ask for an EVALUATION of that archetype": ("OBSERVATION o", "EVALUATION o"),
    "Write $least without giving it a value": ("180", "$least"),
    "Ask for 150 and more": ("180", "150"),
}


def came(sent: Exchange) -> str:
    """The status of an answer, and whether it has rows."""
    if not isinstance(sent.answer, OpenehrMessage) or sent.answer.status != "200":
        return sent.answer.status if isinstance(sent.answer, OpenehrMessage) else "no answer"
    return "200" if len(table(sent)) else SILENT


_REASONS = {
    "400": "An error that is told is mended within a minute. Look for a change after which the query is still correct: it asks for what nobody has.",
    SILENT: "To the repository nothing is wrong with that query. It asks for what nobody has, and there is no word about it.",
    "200": "It found rows. The task wants an answer in which nothing is wrong, and nothing stands.",
}


def check_silence(answer: Answer, context: Context) -> Verdict:
    """The query is sent with its change, to a repository of the check's own."""
    said, (before, after) = answer[0].partition(":")[0], CHANGES.get(answer[1], ("", ""))  # what is no choice changes nothing
    with context.sandbox() as box:
        records.fill(box, 7)
        sent = OpenehrClient(box).query(aql("pressures").replace(before, after))
    why = "The query is correct: there might be a version 3. So nothing warns you, today or in a year. Only somebody who knew how many rows there should be can notice."
    return judged((said, "nothing"), (came(sent), "nothing"), _says(sent), (SILENT,), _REASONS, why)


def _says(sent: Exchange) -> str:
    body: Mapping[str, Any] = json.loads(sent.answer.body) if isinstance(sent.answer, OpenehrMessage) else {}
    return str(body.get("message") or f"{len(body.get('rows', []))} rows")


# 19.7: the dashboard ----------------------------------------------------------------------------------------------------------------------

CLAUSES = (
    "the composition's archetype, encounter.v1",
    "the observation's archetype, blood_pressure.v1",
    "the time, since 2025-03-01",
    "the limit, 160 and more",
)
DAY_ONE = (
    "By the log: it would have shown an error",
    "By validating each new composition",
    "By counting each day what came in, and being told when it is none",
    "By running the query twice",
)
MENDED = aql("dashboard").replace(f"{PRESSURE}.v1", f"{PRESSURE}.v2")
_WHICH = {
    CLAUSES[0]: "With it alone, rows are left: look at the line in the table. Both forms begin with it.",
    CLAUSES[
        2
    ]: "There the rows end, but the condition is right: since Saturday is what the ward asks for. What have the rows that were left before it in common?",
    CLAUSES[3]: "Take it away: still nothing. So it is not this one.",
}
_DAY = {
    DAY_ONE[0]: "The query was answered with 200, each time. No log has an error.",
    DAY_ONE[1]: "They are valid, each against its own template.",
    DAY_ONE[3]: "It would have been empty twice.",
}


def check_dashboard(answer: Answer, _: Context) -> Verdict:
    """The clause, the mended query by its rows, and what would have shown it."""
    which, text, day = answer
    says, why = asked(text, found(MENDED), sorted_by=1)
    missed = [(which != CLAUSES[1], "", _WHICH.get(which, "")), (bool(says), says, why), (day != DAY_ONE[2], "", _DAY.get(day, ""))]
    open_points = [(point, reason) for wrong, point, reason in missed if wrong]
    if open_points:
        point, reason = open_points[0]
        return Verdict(False, f"{len(missed) - len(open_points)} of {len(missed)} fit. {point}".strip(), reason)
    return Verdict(
        True,
        "Right: the dashboard shows its rows again.",
        "An empty list looks like good news. A number that is always shown beside it, readings since midnight, would have been 0 on Saturday at 8 o'clock.",
    )


# 19.5: found and missed -------------------------------------------------------------------------------------------------------------------

FOUND, MISSED = "found", "missed"
PLANTED = (
    ("20001", "188 over 102, measured on Sunday", "One reading, above 180, in the archetype that is named."),
    ("20002", "192 over 104, measured on Thursday, before the update", "Thursday's form wrote blood_pressure.v1. The query asks for .v2: another archetype to it."),
    ("20003", "refused; 195 over 110 stands in the comment", "In the place of the number stands a null flavour, and a comment is words. Nothing there can be compared."),
    ("20004", "242 over 124, corrected to 124 over 82", "A query sees the latest version. This patient is missed, and that is right."),
    ("20005", "three readings of one observation, all above 180", "Found, and three times: a row for each reading. Who counts rows counts three patients."),
)  # fmt: skip


def finds() -> tuple[str, ...]:
    """Which of the five the query finds, by its own rows."""
    hits = {row[0] for row in found(aql("pressures"))}
    return tuple(FOUND if number in hits else MISSED for number, _, _ in PLANTED)


def check_finds(answer: Answer, _: Context) -> Verdict:
    """The query itself says whom it finds."""
    missed = [(what, why) for given, right, (_, what, why) in zip(answer, finds(), PLANTED, strict=True) if given != right]
    if missed:
        return Verdict(False, f"{len(PLANTED) - len(missed)} of {len(PLANTED)} fit.", f"“{missed[0][0]}”: {missed[0][1]}")
    return Verdict(
        True,
        "Right, all five.",
        "Say it so, in words, beside every list: *readings of 180 or more since the update, in their latest version; not those in comments, and not those of before.*",
    )


def _wrong(which: int, day: int, text: str, belief: str) -> Wrong:
    return Wrong((CLAUSES[which], text, DAY_ONE[day]), belief)


EXERCISES = (
    Exercise(
        id="19.1",
        standard="openehr",
        task="Who has a sodium below 130 mmol/L? LOINC calls it `2951-2`. The lowest first. SELECT and FROM are done.",
        parts=tuple(Part(label, lines=2, given=text, fixed=True) if k < 2 else Part(label, lines=2) for k, (label, text) in enumerate(zip(LABELS, LOW_SODIUM, strict=True))),
        check=check_sodium,
        hints=(
            "Two conditions, with AND between them: which analyte, and how much. The worked example has both.",
            "The code is compared with `=` and stands in quotes. The number is compared with `<`, and without quotes.",
            f"`{LOINC} = '2951-2' AND` and then the path to the result, `< 130`. Order by the column's name.",
        ),
        solution=LOW_SODIUM,
        why="ORDER BY goes upwards by itself, so the lowest is first.",
        wrong=(
            Wrong((*LOW_SODIUM[:2], f"{RESULT} < 130", "sodium"), "The number is enough: it says what it is."),
            Wrong((*LOW_SODIUM[:3], "sodium DESC"), "DESC means the worst first."),
            Wrong((*LOW_SODIUM[:2], f"{LOINC} = 2951-2 AND {RESULT} < 130", "sodium"), "A code is a number."),
            Wrong((*LOW_SODIUM[:2], f"a/items[at0024]/value/value = 'Natrium' AND {RESULT} < 130", "sodium"), "The display name is the code."),
        ),
        spec=QUERY,
    ),
    Exercise(
        id="19.2",
        standard="openehr",
        task="Now all four. Which patients (their number) have a systolic pressure (the number) of `$least` or more in `blood_pressure.v2`? The highest first. The check asks it with 160, and with 180.",
        parts=tuple(Part(label, lines=2) for label in LABELS),
        check=check_pressures,
        hints=(
            "The path to the systolic pressure stands in the query above, and in PathFinder. Names such as `o` are made in FROM.",
            "FROM: the record, a composition, an OBSERVATION with its archetype in brackets. WHERE: the path, `>=`, the parameter.",
            f"`EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{PRESSURE}.v2]`, and in WHERE the path to `magnitude`, then `>= $least`.",
        ),
        solution=PRESSURES,
        why="The parameter is filled when the query is asked: `client.query(text, {\"least\": 160})`.",
        wrong=(
            Wrong((*PRESSURES[:2], f"{SYSTOLIC} >= 160", PRESSURES[3]), "A number that works once will do."),
            Wrong((PRESSURES[0], PRESSURES[1].replace(".v2", ".v1"), *PRESSURES[2:]), "The version of an archetype is decoration."),
            Wrong((PRESSURES[0].replace("at0004", "at0005"), PRESSURES[1], PRESSURES[2].replace("at0004", "at0005"), PRESSURES[3]), "One number of a pressure is as good as the other."),
            Wrong((*PRESSURES[:3], "systolic"), "The highest comes first by itself."),
        ),
        spec=QUERY,
    ),
    order(
        id="19.3",
        standard="openehr",
        task="The ten highest potassium results. Put the clauses in order; two of the pieces do not belong.",
        tiles=TILES,
        solution=_ORDER,
        before=tuple((first, then, _WHY[first]) for first, then in pairwise(_ORDER)),
        hints=(
            "What is shown comes first, where it stands comes next.",
            "CONTAINS follows FROM, from the outside in. JOIN and GROUP BY are words of another language.",
            "After WHERE it is put in order, and cut last.",
        ),
        why="Seven lines that you can read aloud: show this, from the records, their compositions, the analytes in them; only potassium; highest first; ten.",
        wrong=(
            Wrong(("FROM", "SELECT", *_ORDER[2:]), "It is written in the order in which it is done."),
            Wrong((*_ORDER[:5], "LIMIT", "ORDER BY"), "LIMIT may stand anywhere at the end."),
            Wrong((*_ORDER[:2], "JOIN", *_ORDER[4:]), "AQL is SQL with longer names."),
        ),
        spec=QUERY,
    ),
    Exercise(
        id="19.4",
        standard="openehr",
        task="Five queries about Ingrid's record alone: two rounds of vital signs (one reading of the pressure in the first, three in the second) and one report of three analytes. How many rows has each?",
        parts=tuple(Part(label, options=NUMBERS) for label, _, _ in COUNTED),
        check=check_counts,
        hints=(
            "Count what the query names after CONTAINS, not what you know of the ward.",
            "Then follow the path in SELECT: does it lead through something that repeats?",
            "Pairs are multiplied: three with three. A count is a single number.",
        ),
        solution=("3", "2", "4", "9", "1"),
        why="Rows are combinations of what FROM names, times what repeats on the way of a path.",
        wrong=(
            Wrong(("3", "3", "3", "3", "3"), "One row is one composition."),
            Wrong(("3", "4", "4", "9", "1"), "An observation is one reading."),
            Wrong(("3", "2", "4", "6", "1"), "AND adds."),
            Wrong(("3", "2", "4", "9", "3"), "A count has as many rows as it counts."),
        ),
        spec=CONTAINMENT,
    ),
    Exercise(
        id="19.5",
        standard="openehr",
        task="The query for high pressures asks for `systolic >= 180` in `blood_pressure.v2`. Five patients: whom does it find?",
        parts=tuple(Part(what, options=(FOUND, MISSED)) for _, what, _ in PLANTED),
        check=check_finds,
        hints=(
            "Two are found. Ask of each: in which archetype, in which place, in which version?",
            "Only a number at the path can be compared, in the latest version of a composition.",
            "The first and the last. The others have something else at that path, or nothing.",
        ),
        solution=(FOUND, MISSED, MISSED, MISSED, FOUND),
        why="Whoever reads a list has to know who cannot be on it.",
        wrong=(
            Wrong((FOUND,) * 5, "Whoever has a high pressure is found."),
            Wrong((FOUND, FOUND, MISSED, MISSED, FOUND), "It is the same archetype, only older."),
            Wrong((FOUND, MISSED, MISSED, FOUND, FOUND), "A query sees everything that was ever written."),
            Wrong((FOUND, MISSED, FOUND, MISSED, FOUND), "The program will find it in the comment."),
        ),
        spec=QUERY,
    ),
    Exercise(
        id="19.6",
        standard="openehr",
        task="Break the query for high pressures, so that it is *not* refused and finds nothing. Say first what will come.",
        parts=(Part("First say what will come", options=ANSWERS), Part("Then choose a change", options=tuple(CHANGES))),
        check=check_silence,
        hints=(
            "Which of the changes leave a query that is correct?",
            "A class, an attribute, a keyword: those the Reference Model and the grammar know, so a mistake is seen. What do they not know?",
            "Which archetypes there are, nobody can list for good: a new version may come tomorrow.",
        ),
        solution=(ANSWERS[2], "Ask for the archetype blood_pressure.v3"),
        why="The silent mistake is the dangerous one.",
        wrong=(
            Wrong((ANSWERS[0], "Ask for the archetype blood_pressure.v3"), "A repository refuses an archetype that it has never seen."),
            Wrong((ANSWERS[0], "Write FORM in the place of FROM"), "Broken is broken."),
            Wrong((ANSWERS[2], "Call the attribute magnitud"), "A path that leads nowhere is never seen."),
            Wrong((ANSWERS[1], "Ask for 150 and more"), "More is found, so something is broken."),
        ),
        spec=QUERY,
        kind="Break it",
        button="Send it",
    ),
    Exercise(
        id="19.7",
        standard="openehr",
        task="The dashboard: name the clause to which the new data do not fit, mend the query, and say how it would have been noticed on the first day.",
        parts=(Part("Which part must change?", options=CLAUSES), Part("The mended query", lines=10, given=aql("dashboard")), Part("And noticed on the first day?", options=DAY_ONE)),
        check=check_dashboard,
        hints=(
            "Each condition alone leaves rows. Which two never meet?",
            "Run it without the time: from which days are the rows? Then ask for the same with `c/archetype_details/template_id/value` as a column.",
            "One digit in FROM. And on the first day: an alarm that needs no error.",
        ),
        solution=(CLAUSES[1], MENDED, DAY_ONE[2]),
        why="The model update gave the archetype a new major version, and a new major version is another archetype. Old data stay as they were, so old queries go on finding old data.",
        wrong=(
            _wrong(2, 2, aql("dashboard").replace("2025-03-01", "2025-02-01"), "The clause after which nothing is left is the guilty one."),
            _wrong(1, 0, MENDED, "What goes wrong is in the log."),
            _wrong(3, 2, aql("dashboard").replace(">= 160", ">= 100"), "The limit was too high."),
            _wrong(1, 2, MENDED.replace("  AND", "  -- AND"), "Fewer conditions are safer."),
        ),
        spec=CONTAINMENT,
    ),
)  # fmt: skip


def rows_of(sent: Exchange) -> tuple[str, str]:
    """(how many rows an answer has, the same in words)."""
    number = str(len(table(sent)))
    return number, f"{number} rows" if number != "1" else "1 row"


def read_corrected(sent: Exchange) -> tuple[str, str]:
    """(the values that came, the same)."""
    values = " and ".join(f"{value:g}" for value in table(sent)["potassium"]) or "no row"
    return values, values


PREDICTIONS = (
    Prediction(
        id="19.p1",
        standard="openehr",
        ask="Ingrid's record holds one laboratory report, with three analytes. The query shows the composition and the analyte. How many rows?",
        choices=(
            Choice("1: there is one report", "One composition, yes. But FROM goes on to the analytes, and there are three of them.", "1"),
            Choice("3: one for each analyte", "FROM names the analyte, so each one makes a row. The composition stands in all three.", "3"),
            Choice("4: the report, and its analytes", "There is no row for the composition alone: each row is a pair of both.", "4"),
        ),
        read=rows_of,
        right="3",
        why="A row is not a composition. It is one way to fill all the names in FROM.",
        spec=CONTAINMENT,
        shown="It found",
    ),
    Prediction(
        id="19.p2",
        standard="openehr",
        ask="First round: one pressure, one pulse. Second round: three pressures, two pulses. One query shows pressure and pulse of a round side by side. How many rows?",
        choices=(
            Choice("2: one for each round", "One row is one composition? Both repeat inside it.", "2"),
            Choice("4: as many as there are pressures", "Each of the three pressures comes with each of the two pulses.", "4"),
            Choice("7: one, and three times two", "Nothing says which pulse belongs to which pressure, so every pair comes.", "7"),
            Choice("8: four pressures times two", "Pairs are made inside one composition. The first round has one pair.", "8"),
        ),
        read=rows_of,
        right="7",
        why="A mean over these rows counts the second round six times. Ask one thing at a time, or join by the time of the event.",
        spec=CONTAINMENT,
        shown="It found",
    ),
    Prediction(
        id="19.p3",
        standard="openehr",
        ask="The laboratory reported a potassium of 8.1, and corrected it an hour later to 4.4: the composition has two versions now. What does a query find?",
        choices=(
            Choice("8.1 and 4.4, two rows", "Nothing is overwritten, and both can be read. But a query sees the latest version, unless it asks for all.", "8.1 and 4.4"),
            Choice("4.4, one row", "The latest version. That is what holds now.", "4.4"),
            Choice("8.1, one row", "That was the first version. It is history.", "8.1"),
            Choice("No row: a corrected result is withdrawn", "Only one that was deleted finds nothing.", "no row"),
        ),
        read=read_corrected,
        right="4.4",
        why="Who asks *what did the ward see at nine o'clock* needs the older versions, and has to ask for them.",
        spec=VERSIONS,
        shown="It found",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="19.q1",
        standard="openehr",
        ask="`CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v1]`; the data were stored with `.v2`. What comes?",
        choices=(
            Choice("Rows: the repository converts them", "Nothing converts. A new major version may mean something else."),
            Choice("An error", "The query is correct. It asks for something that nobody has."),
            Choice("No rows", "And no word about it. So know beforehand how many there should be."),
            Choice("Rows with empty values", "Without a match there is nothing to make a row of."),
        ),
        right=2,
        spec=CONTAINMENT,
    ),
    Question(
        id="19.q2",
        standard="openehr",
        ask="A query shows the systolic values of `OBSERVATION o`. One observation holds three readings. How many rows come of it?",
        choices=(
            Choice("One, with the last reading", "Nobody chose a reading, so none is left out."),
            Choice("Three", "The path leads through the events, and each has its value."),
            Choice("One, with a list of three", "A cell holds what stands at the path, once for each row."),
        ),
        right=1,
        spec=CONTAINMENT,
    ),
    Question(
        id="19.q3",
        standard="openehr",
        ask="A query finds nothing. What do you do first?",
        choices=(
            Choice("Write it anew", "Then you never know what it was."),
            Choice("Conclude that there are none", "Perhaps. And perhaps it asks for the wrong place."),
            Choice("Take WHERE away, and look how many rows are left", "Half of the query, half of the suspects. Then the next half."),
            Choice("Report a fault of the repository", "It answered what was asked."),
        ),
        right=2,
        spec=QUERY,
    ),
    Question(
        id="19.q4",
        standard="openehr",
        ask="A list of patients with a potassium above 6. Who is missed?",
        choices=(
            Choice("Those whose result stands in a letter as words", "A query compares numbers at a path. A sentence is no number."),
            Choice("Those with two results above 6", "They come twice."),
            Choice("Those who were treated already", "Their result is in the record, whatever was done."),
        ),
        right=0,
        spec=QUERY,
    ),
)  # fmt: skip

LESSON = Lesson(
    number="19",
    goals=(
        Goal("write queries with CONTAINS, predicates, WHERE, ORDER BY and parameters", ("19.1", "19.2", "19.3")),
        Goal("predict the number of rows when something repeats, and find by halves the clause that empties a result", ("19.4", "19.6", "19.7", "19.p1", "19.p2")),
        Goal("say in plain words which patients a query finds and which it misses", ("19.5", "19.p3"), code=False),
    ),
    minutes=40,
    before="lesson 00. Lessons 16 to 18 tell more about templates and versions.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)  # fmt: skip
