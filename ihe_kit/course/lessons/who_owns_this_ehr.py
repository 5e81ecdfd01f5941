"""The items of lesson 20, Who owns this EHR: a number with its namespace, three identities kept apart, and merges that reach the record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from ihe_kit import OpenehrClient
from ihe_kit.course.forms import faded, order
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
from ihe_kit.course.two_records import AGREED_NAME, NORDVIK, OLD_NAME, SOLBAKKEN, measured, opened, told
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr.build import ehr_status

REST = "openEHR ITS-REST 1.0.3, EHR"
STATUS = "openEHR RM, EHR Information Model, EHR Status"
ROOT = "openEHR RM, EHR Information Model, Root EHR Object"
ACTIVE = "openEHR RM, EHR Information Model, EHR Active Status"
MERGE = "IHE ITI TF-2 section 3.30; openEHR RM, EHR Information Model, EHR Status"

# 20.w1, 20.1 and 20.2: from a number to the record -----------------------------------------------------------------------------------------

NUMBER, AUTHORITY, REQUEST = (
    "The number (`subject_id`)",
    "Who gave it out (`subject_namespace`)",
    "The request that finds the EHR",
)
SHORT = {"NORDVIK": NORDVIK, "SOLBAKKEN": SOLBAKKEN}


def finding(number: str, namespace: str) -> tuple[Step, Step, Step]:
    """The steps from a patient's number to the request for his EHR."""
    return (
        Step(NUMBER, number, "The characters that were given out, and nothing else.", exact=True),
        Step(
            AUTHORITY, namespace, "The assigning authority, as this repository writes it: `urn:oid:` and its object identifier.", exact=True
        ),
        Step(
            REQUEST, f"GET ehr?subject_id={number}&subject_namespace={namespace}", "Both parameters, each with its value, with `&` between."
        ),
    )


def check_finding(number: str, namespace: str, why: str) -> Check:
    """Held against what the request means, however it is written: parameters in any order, colons as `%3A`, with or without GET and address."""

    def look(answer: Answer, _: Context) -> Verdict:
        gaps = [
            (label, gap)
            for label, gap in (
                (NUMBER, "" if answer[0] == number else _number_slip(answer[0])),
                (AUTHORITY, "" if answer[1] == namespace else _authority_slip(answer[1])),
                (REQUEST, _request_slip(answer[2], number, namespace)),
            )
            if gap
        ]
        if gaps:
            return Verdict(False, f"{3 - len(gaps)} of 3 steps are right. Look again at “{gaps[0][0]}”.", gaps[0][1])
        return Verdict(True, "Right.", why)

    return look


def _number_slip(text: str) -> str:
    if "^" in text:
        return "That is the whole identifier of HL7 v2. `subject_id` is its first component only."
    return "`subject_id` is the number itself: the first component of `PID-3`, or `value` in FHIR."


def _authority_slip(text: str) -> str:
    if text in SHORT or text in ("FJORDLAND", "MIDTLAB", "FJORDIMG"):
        return "That is the short name of HL7 v2. The repository compares character by character, and Fjordland agreed on `urn:oid:` names."
    if text.replace(".", "").isdigit():
        return "That is the object identifier alone. As a URI it begins with `urn:oid:`."
    if text.startswith("urn:oid:"):
        return "That has the right form, but it is another authority: the same number there is another person."
    return "Who gave the number out is the fourth component of `PID-3`, or `system` in FHIR, written with `urn:oid:`."


def _request_slip(text: str, number: str, namespace: str) -> str:
    words = [word for word in text.strip("`'\"").split() if not word.upper().startswith("HTTP/")]
    method = words.pop(0) if words and words[0].upper() in ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH") else "GET"
    if len(words) > 1:
        return "An address has no spaces: `ehr?`, the one parameter, `&`, the other, all in one piece."
    place, _, query = "".join(words).partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if method.upper() != "GET":
        return "POST opens an EHR and PUT opens it under an identifier of your choice. To find one, GET it."
    if place.rstrip("/").rpartition("/")[2] != "ehr" or not query:
        return "The address is `ehr`, then `?` and what is asked. After `ehr/` only an `ehr_id` may stand."
    if set(asked) != {"subject_id", "subject_namespace"}:
        missing = next((name for name in ("subject_id", "subject_namespace") if name not in asked), "")
        return f"`{missing}` is missing." if missing else "Only `subject_id` and `subject_namespace` are asked with."
    if asked != {"subject_id": number, "subject_namespace": namespace}:
        return "The request is well formed, but the values are not those of the first two steps."
    return ""


EXAMPLE = Example(
    id="20.w1",
    standard="openehr",
    task="An admission says `PID-3` = `5120^^^NORDVIK&2.999.10.1&ISO^PI`. Where is Mária's record?",
    steps=finding("5120", NORDVIK),
    why="Two values, and neither does without the other. The answer holds the `ehr_id`; from here on every address begins with `ehr/{ehr_id}`.",
    spec=REST,
)
_FADED, _FADED_SOLUTION = faded(finding("2214", SOLBAKKEN), given=(0,))
_BLANK, _BLANK_SOLUTION = faded(finding("4455", SOLBAKKEN))

# 20.4: three identities ---------------------------------------------------------------------------------------------------------------------

A_NUMBER, AN_EHR, AN_ENTRY = "a number of the person", "the EHR", "the demographic entry"
KINDS = (A_NUMBER, AN_EHR, AN_ENTRY)
FACTS = (
    ("5120, given out by Nordvik Hospital", A_NUMBER, "Somebody gave it out, and another hospital may have a 5120, too."),
    ("7d44b88c-4199-4bad-97dc-d78268e01398, in each address of the record", AN_EHR, "A UUID that means nobody: `ehr_id`."),
    ("Kovácsová becomes Horvátová there", AN_ENTRY, "Names stand where people are described: with the patient identity actor."),
    ("A merge takes it out of use", A_NUMBER, "A merge says of two numbers which of them goes on."),
    ("Set once, and never changed", AN_EHR, "openEHR makes `ehr_id`, system and time of creation immutable."),
    ("Birth date and address are kept there", AN_ENTRY, "An EHR need not even say whose it is; it never needs an address."),
)  # fmt: skip


def check_kinds(answer: Answer, _: Context) -> Verdict:
    """Each fact belongs to one of the three."""
    missed = [(text, why) for given, (text, kind, why) in zip(answer, FACTS, strict=True) if given != kind]
    if not missed:
        return Verdict(True, "Right, all six.", "One link holds them together: the subject in the EHR_STATUS, a number with its namespace.")
    return Verdict(False, f"{len(FACTS) - len(missed)} of {len(FACTS)} fit.", f"Look at “{missed[0][0]}”. {missed[0][1]}")


# 20.5: the number as ehr_id -----------------------------------------------------------------------------------------------------------------

ANSWERS = (
    "200: here it is",
    "201: opened",
    "400: that request is not sound",
    "404: there is none",
    "409: in conflict with what is there",
)
LOOK, OPEN = "Look into it: GET ehr/4711", "Open it: PUT ehr/4711"
ALONE = "Find it by the number alone: GET ehr?subject_id=4711"
FIND = f"Find it by both: GET ehr?subject_id=4711&subject_namespace={NORDVIK}"
TWICE = f"Open a second one: POST ehr, for 4711 of {NORDVIK}"
ASKED = {
    LOOK: ("GET", "ehr/4711", ""),
    OPEN: ("PUT", "ehr/4711", ehr_status("4711", NORDVIK)),
    ALONE: ("GET", "ehr?subject_id=4711", ""),
    FIND: ("GET", f"ehr?subject_id=4711&subject_namespace={NORDVIK}", ""),
    TWICE: ("POST", "ehr", ehr_status("4711", NORDVIK)),
}
MEANT = {
    ALONE: "It fails, but for another reason: a number without its namespace. The number was not taken for an `ehr_id`.",
    FIND: "Nothing is broken here: this is how an EHR is found.",
    TWICE: "It fails, but because the patient has an EHR already. The number was not taken for an `ehr_id`.",
}


def check_broken(answer: Answer, context: Context) -> Verdict:
    """The request is sent for real, to a repository in which Ingrid has her EHR."""
    said = answer[0].partition(":")[0]
    if answer[1] not in ASKED:
        return Verdict(False, "That request is not one of these.", "Choose one from the list.")
    with context.sandbox() as box:
        client = OpenehrClient(box)
        client.create_ehr("4711", NORDVIK)
        method, target, body = ASKED[answer[1]]
        came, reason = read_status(client.ask(method, target, body))
    return replace(_broken(answer[1], said, came), predicted=said, happened=reason)


def _broken(choice: str, said: str, came: str) -> Verdict:
    if choice in MEANT:
        return Verdict(False, f"{'You foresaw it: ' if said == came else ''}{came}. But the task wants another mistake.", MEANT[choice])
    if said != came:
        clue = "Is something there that was looked for?" if came == "404" else "What does this repository take as the name of an EHR?"
        return Verdict(False, f"It is refused, but you said {said}, and {came} came.", f"Read what it says. {clue}")
    return Verdict(True, f"Refused as you said: {came}.", _BROKEN_WHY)


_BROKEN_WHY = "openEHR allows an `ehr_id` of another form and strongly recommends a UUID; Fjordland takes UUIDs only. It has a reason: an `ehr_id` never changes, and a patient's number does."

# 20.6 and 20.7: two records of one patient ---------------------------------------------------------------------------------------------------

SECOND_EHR, LOST, LATE = (
    "in a second EHR, that of 1020 of HOSP",
    "nowhere: they were never stored",
    "in the same EHR, but the app has not fetched them yet",
)
SAME_HOUSE, SAME_NAME, SAME_DIGITS = (
    "that both names mean one hospital, said by whoever gives its numbers out",
    "that name and birth date are the same",
    "that both numbers are 1020",
)
AGREED, LATER, BOTH = (
    "that of hosp.example, the name that was agreed on",
    "that of HOSP: its results are later",
    "both stay open, side by side",
)
DELETE, CLOSE, READ = ("delete it, or take its results away", "close it for changes", "read its results")
NEW_EHR, MEND_FEED, ASK_BOTH = (
    "open a new EHR and begin again",
    "the feed writes the agreed name; an unknown namespace raises an alarm and opens no EHR",
    "every app asks with all names that it has ever heard of",
)
QUESTIONS = (
    ("Where are the missing results?", (LOST, SECOND_EHR, LATE), SECOND_EHR, "Look at `records(client, \"1020\")`: how many rows has it, and how many compositions each?"),
    ("What must be known before anything is changed?", (SAME_DIGITS, SAME_NAME, SAME_HOUSE), SAME_HOUSE, "Bjørn Lie was two people with one name, one birth year and the same digits. Only who gives the numbers out can say."),
    ("Which EHR stays?", (LATER, AGREED, BOTH), AGREED, "Which one do all others find, who write what was agreed? Who comes tomorrow will look there. It is a decision, not a law: write it down."),
    ("What may you not do with the other?", (READ, CLOSE, DELETE), DELETE, "openEHR wants all earlier states kept: somebody may have acted on them. Closing and reading take nothing away."),
    ("What keeps it from coming back?", (MEND_FEED, ASK_BOTH, NEW_EHR), MEND_FEED, "The second EHR was opened by a program that met a 404 and helped itself. What should it have done?"),
)  # fmt: skip


def check_decision(answer: Answer, _: Context) -> Verdict:
    """A decision in five answers; the first that does not hold is talked about."""
    missed = [(ask, clue) for given, (ask, _, right, clue) in zip(answer, QUESTIONS, strict=True) if given != right]
    if not missed:
        return Verdict(
            True,
            "Right, all five: that is a decision.",
            "Found, confirmed by who knows, decided, nothing destroyed, the cause mended. Write your name and the day under it.",
        )
    return Verdict(False, f"{len(QUESTIONS) - len(missed)} of {len(QUESTIONS)} hold.", f"“{missed[0][0]}” {missed[0][1]}")


GOING = ehr_status("1020", OLD_NAME).rstrip()
CLOSED = GOING.replace('"is_modifiable": true', '"is_modifiable": false')


def check_closed(answer: Answer, context: Context) -> Verdict:
    """The status is put into a repository of the check's own, and then somebody reads, asks and writes."""
    try:
        status = json.loads(answer[0])
    except ValueError as problem:
        return Verdict(
            False,
            "It cannot be read yet.",
            f"That is no JSON any more: {problem}. A comma, a brace or a quotation mark is missing or too many.",
        )
    if not isinstance(status, dict) or status.get("_type") != "EHR_STATUS":
        return Verdict(False, "That is no EHR_STATUS any more.", "Go back to the beginning. One word in it is to be changed.")
    with context.sandbox() as box:
        client = OpenehrClient(box)
        opened(client, "1020", AGREED_NAME)
        ehr = opened(client, "1020", OLD_NAME)
        kept = client.update_status(ehr, answer[0], told(client.ehr_status(ehr))[1]["uid"]["value"])
        if kept.refused:
            return Verdict(False, f"The repository says {read_status(kept)[1]}", _refusal(status))
        return _tried(client, ehr)


def _refusal(status: dict[str, Any]) -> str:
    if isinstance(status.get("is_modifiable"), str):
        return "`is_modifiable` is a truth value: `false`, without quotation marks."
    if f'"{AGREED_NAME}"' in json.dumps(status):
        return "The subject stays what it was: it, too, is a fact about the past, and only one EHR may have the other name."
    return "Change one value only, and leave the rest as it stands."


def _tried(client: OpenehrClient, ehr: str) -> Verdict:
    """What somebody sees who goes on to work with the EHR."""
    found, refused = client.find_ehr("1020", OLD_NAME), measured(client, ehr, 142, 91)
    _, asked = told(client.query(f"SELECT e/ehr_id/value FROM EHR e[ehr_id/value='{ehr}']"))
    if found.refused:
        return Verdict(
            False,
            "It is taken, but nobody finds this EHR any more.",
            "The subject is gone, or another one. Who has only the old name must still find what was recorded under it.",
        )
    if not refused.refused:
        return Verdict(False, "It is taken, but a new blood pressure went in.", "Whether an EHR may be changed says `is_modifiable`.")
    if not asked["rows"]:
        return Verdict(
            False,
            "It is closed, but queries pass it over now.",
            "`is_queryable` false hides it from queries, and with it half of the results. Leave it true.",
        )
    return Verdict(
        True,
        "Right. It is found, it is asked, and it takes nothing new.",
        "The next blood pressure is refused with 409, loudly, instead of going where nobody looks. Where the record goes on may stand in `other_details`.",
    )  # fmt: skip


EXERCISES = (
    Exercise(
        id="20.1",
        standard="openehr",
        task='A FHIR server says of Tomás Ó Súilleabháin: `"identifier": {"system": "urn:oid:2.999.10.2", "value": "2214"}`. The first step is done.',
        parts=_FADED,
        check=check_finding("2214", SOLBAKKEN, "What FHIR calls `system` and `value`, openEHR calls `namespace` and `id`: the same pair."),
        hints=(
            "In FHIR the pair stands there in full; nothing has to be translated.",
            "`system` is the namespace. Then `ehr?`, one parameter, `&`, the other.",
            "`GET ehr?subject_id=2214&subject_namespace=` and the system, all of it.",
        ),
        solution=_FADED_SOLUTION,
        why="The repository compares both values character by character. What it is asked with has to be what was written when the EHR was opened.",
        wrong=(
            Wrong(("2214", "SOLBAKKEN", "GET ehr?subject_id=2214&subject_namespace=SOLBAKKEN"), "The namespace is the name that v2 uses."),
            Wrong(("2214", "2.999.10.2", "GET ehr?subject_id=2214&subject_namespace=2.999.10.2"), "An object identifier is a URI as it stands."),
            Wrong(("2214", SOLBAKKEN, "GET ehr/2214"), "The number is the name of the EHR."),
            Wrong(("2214", SOLBAKKEN, "GET ehr?subject_id=2214"), "A number is enough."),
        ),
        spec=REST,
    ),
    Exercise(
        id="20.2",
        standard="openehr",
        task="And alone, from HL7 v2: `PID-3` = `4455^^^SOLBAKKEN&2.999.10.2&ISO^PI`. Whose record is it?",
        parts=_BLANK,
        check=check_finding("4455", SOLBAKKEN, "That of Solbakken's Bjørn Lie. With Nordvik's namespace the same digits find the other one."),
        hints=(
            "`PID-3`: the number before the first `^`, the authority after the third.",
            "The authority has three parts between `&`. You need the second, and `urn:oid:` before it.",
            "`4455`, `urn:oid:2.999.` and so on, then both in the request.",
        ),
        solution=_BLANK_SOLUTION,
        why="`urn:oid:` and the object identifier: an agreement in Fjordland, so that v2, FHIR and openEHR write one authority in one way.",
        wrong=(
            Wrong(("4455", NORDVIK, f"GET ehr?subject_id=4455&subject_namespace={NORDVIK}"), "4455 is 4455."),
            Wrong(("4455", "SOLBAKKEN", "GET ehr?subject_id=4455&subject_namespace=SOLBAKKEN"), "Each system may write the name as it likes."),
            Wrong(("4455^^^SOLBAKKEN", SOLBAKKEN, f"GET ehr?subject_id=4455&subject_namespace={SOLBAKKEN}"), "The identifier goes over as it stands."),
            Wrong(("4455", SOLBAKKEN, f"POST ehr?subject_id=4455&subject_namespace={SOLBAKKEN}"), "One asks by POST."),
        ),
        spec=REST,
    ),
    order(
        id="20.3",
        standard="openehr",
        task="From a person at the front desk to her record: put the steps in order. Two tiles do not belong.",
        tiles=(
            Tile("Ask", "Ask the patient identity actor by name and birth date (ITI-78)", "At the desk there is a person, not yet a number."),
            Tile("Choose", "Compare what came with the person in front of you; choose one", "A search may find two Bjørn Lies. A person decides, with a question that tells them apart."),
            Tile("Number", "Take from that Patient the identifier of the agreed system", "A Patient may have several numbers. The EHR was opened under one of them."),
            Tile("Find", "GET ehr?subject_id=…&subject_namespace=…", "The repository knows the number only as the subject of an EHR."),
            Tile("Name", "Read `ehr_id` from the answer", "All further addresses begin with it."),
            Tile("Record", "GET ehr/{ehr_id}/composition/…", "Here at last is what was recorded."),
            Tile("Shortcut", "Take `Patient.id` for the `ehr_id`", "`Patient.id` names an entry in the FHIR server. The repository has never heard of it."),
            Tile("Safe", "POST ehr first, to be sure that there is one", "Whoever opens before looking makes the second record. Look; on 404 find out why, and then open."),
        ),
        solution=("Ask", "Choose", "Number", "Find", "Name", "Record"),
        before=(
            ("Ask", "Choose", "First somebody has to be found."),
            ("Choose", "Number", "A number of whom? First one person is chosen."),
            ("Number", "Find", "The EHR is found by a number and its namespace."),
            ("Find", "Name", "The `ehr_id` stands in the answer."),
            ("Name", "Record", "The address of a composition begins with the `ehr_id`."),
        ),
        hints=(
            "Begin with what is known at the desk: a name and a birth date.",
            "Person, number, EHR: one after the other. Each step gives what the next one needs.",
            "Ask, Choose, Number, then the three of the repository. No guess, and no POST.",
        ),
        why="Three systems of names are crossed: a person is described by the identity actor, numbered by a hospital, and recorded under an `ehr_id`.",
        wrong=(
            Wrong(("Ask", "Choose", "Shortcut", "Record"), "An id is an id."),
            Wrong(("Safe", "Ask", "Choose", "Number", "Find", "Name", "Record"), "To open one does no harm."),
            Wrong(("Ask", "Choose", "Find", "Number", "Name", "Record"), "The repository knows names."),
            Wrong(("Ask", "Number", "Find", "Name", "Record"), "A search finds the right one."),
        ),
        spec=REST,
    ),
    Exercise(
        id="20.4",
        standard="openehr",
        task="Three identities around Mária. To which of them does each of these belong?",
        parts=tuple(Part(text, KINDS) for text, _, _ in FACTS),
        check=check_kinds,
        hints=(
            "The table above: who keeps it, and may it change?",
            "Numbers are given out by hospitals; an EHR is named by a UUID; names and addresses stand in the entry.",
            "Two of each: the numbers are the first and the fourth.",
        ),
        solution=tuple(kind for _, kind, _ in FACTS),
        why="She may have five numbers, one entry and one EHR. None of the three can stand for another.",
        wrong=(
            Wrong((AN_EHR, AN_EHR, AN_ENTRY, A_NUMBER, AN_EHR, AN_ENTRY), "The patient's number names the EHR."),
            Wrong((A_NUMBER, AN_EHR, AN_EHR, A_NUMBER, AN_EHR, AN_EHR), "The record knows the patient's name and address."),
            Wrong((A_NUMBER, AN_EHR, AN_ENTRY, AN_EHR, AN_EHR, AN_ENTRY), "A merge replaces the ehr_id."),
            Wrong((A_NUMBER, AN_EHR, AN_ENTRY, A_NUMBER, A_NUMBER, AN_ENTRY), "A patient's number stays for life."),
        ),
        spec=ROOT,
    ),
    Exercise(
        id="20.5",
        standard="openehr",
        task="“`ehr_id` is the patient number”, says somebody. Ingrid has the number 4711 and an EHR. Choose a request that takes the number for an `ehr_id` and is refused, and say beforehand with which status.",
        parts=(Part("First say which answer will come", ANSWERS), Part("Then choose the request", tuple(ASKED))),
        check=check_broken,
        hints=(
            "An `ehr_id` stands in the address right after `ehr/`.",
            "Two of the five have the number there. One of them looks for what is there, the other wants to make something.",
            "What is not there, is 404. What cannot be a name here, is 400.",
        ),
        solution=(ANSWERS[3], LOOK),
        why=_BROKEN_WHY,
        wrong=(
            Wrong((ANSWERS[0], LOOK), "The number opens the record."),
            Wrong((ANSWERS[1], OPEN), "An EHR may have the name that one likes."),
            Wrong((ANSWERS[4], TWICE), "Every refusal comes from a wrong ehr_id."),
            Wrong((ANSWERS[2], ALONE), "A number without its namespace is an ehr_id."),
            Wrong((ANSWERS[0], FIND), "What is found is refused."),
        ),
        spec=REST,
        kind="Break it",
        button="Send it",
    ),
    Exercise(
        id="20.6",
        standard="openehr",
        task="Half of Oskar's results are missing in the app. Decide, and be ready to say why.",
        parts=tuple(Part(ask, options) for ask, options, _, _ in QUESTIONS),
        check=check_decision,
        hints=(
            "The table of records has two rows with one number. What differs?",
            "Three things are kept apart: what is the same (ask the hospital), what stays (what was agreed), what must not be lost (everything).",
            "A second EHR; said by the hospital; the agreed name; nothing is deleted; and the last is about the program that opened it.",
        ),
        solution=tuple(right for _, _, right, _ in QUESTIONS),
        why="Two spellings of one authority made two patients of one. The repository could not know; the people who agree on names can.",
        wrong=(
            Wrong((LATE, SAME_HOUSE, AGREED, DELETE, MEND_FEED), "The app is slow."),
            Wrong((SECOND_EHR, SAME_NAME, AGREED, DELETE, MEND_FEED), "Name and birth date make a person."),
            Wrong((SECOND_EHR, SAME_HOUSE, LATER, DELETE, MEND_FEED), "The latest result decides."),
            Wrong((SECOND_EHR, SAME_HOUSE, AGREED, CLOSE, MEND_FEED), "What is closed is lost."),
            Wrong((SECOND_EHR, SAME_HOUSE, AGREED, DELETE, ASK_BOTH), "Apps have to know all spellings."),
        ),
        spec=ACTIVE,
    ),
    Exercise(
        id="20.7",
        standard="openehr",
        task="This is the EHR_STATUS of the EHR that goes. Change it so that nothing new can be written there, while all that was recorded can still be found and asked.",
        parts=(Part("The EHR_STATUS", lines=23, given=GOING),),
        check=check_closed,
        hints=(
            "The last two values are about the whole EHR.",
            "One says whether queries see it, the other whether its content may change.",
            "Only `is_modifiable` changes, to the other truth value.",
        ),
        solution=(CLOSED,),
        why="openEHR names the case: an EHR that turns out to be a duplicate can be deactivated by `is_modifiable` false. The EHR_STATUS itself can still be changed, should it have been a mistake.",
        wrong=(
            Wrong((CLOSED.replace('"is_queryable": true', '"is_queryable": false'),), "What is closed has to disappear."),
            Wrong((CLOSED.replace(f'"{OLD_NAME}"', f'"{AGREED_NAME}"'),), "Both EHRs get the right name."),
            Wrong((GOING.replace('"is_queryable": true', '"is_queryable": false'),), "To hide it is to close it."),
            Wrong((CLOSED.replace('"is_modifiable": false', '"is_modifiable": "false"'),), "A truth value is a word."),
        ),
        spec=ACTIVE,
    ),
)  # fmt: skip


# Predictions --------------------------------------------------------------------------------------------------------------------------


def read_status(sent: Exchange) -> tuple[str, str]:
    """The status, and the repository's words where it refused."""
    status, body = told(sent)
    says = body.get("message", "") if sent.refused else ""
    return (status, f"{status}. {says}".strip()) if status else ("lost", sent.lost)


def read_fate(sent: Exchange) -> tuple[str, str]:
    """From the EHR_STATUS of an EHR: `open`, `closed`, or the status where there is none."""
    status, body = told(sent)
    if "is_modifiable" not in body:
        return read_status(sent)
    return "open" if body["is_modifiable"] else "closed", f"{status}, is_modifiable {str(body['is_modifiable']).lower()}"


def read_rows(asked: Sequence[Any]) -> tuple[str, str]:
    """How many EHRs a table of records has."""
    return str(len(asked)), f"{len(asked)} EHR{'' if len(asked) == 1 else 's'}"


PREDICTIONS = (
    Prediction(
        id="20.p1",
        standard="openehr",
        ask="Two wards admit Mária in the same minute, and both open an EHR for 5120 of Nordvik. The first got 201. What does the second get?",
        choices=(
            Choice("200, and the EHR that is there", "Creating does not fetch. Who wants what is there asks with GET.", "200"),
            Choice("201, and a second EHR", "Then half of her results would go here and half there.", "201"),
            Choice("409: a conflict with what is there", "The pair of subject id and namespace has an EHR already.", "409"),
        ),
        read=read_status,
        right="409",
        why="409 is good news: the second ward learns that there is a record. It asks for it, and goes on with it.",
        spec=REST,
    ),
    Prediction(
        id="20.p2",
        standard="openehr",
        ask="Bjørn Lie has the number 4455 at Nordvik, and an EHR. At Solbakken there is another Bjørn Lie, born in the same year, with the number 4455 of Solbakken. Somebody opens an EHR for him. What will come?",
        choices=(
            Choice("201: a second EHR", "Another namespace is another number, and another number is, as far as anybody knows, another person.", "201"),
            Choice("409: 4455 has one", "The digits alone name nobody. The pair of number and namespace is new.", "409"),
            Choice("409: Bjørn Lie has one", "The repository knows no names. It has never seen one.", "name"),
        ),
        read=read_status,
        right="201",
        why="And rightly so: they are two people. A system that leaves the namespace out gives one Bjørn the other one's blood pressure.",
        spec=REST,
    ),
    Prediction(
        id="20.p3",
        standard="openehr",
        ask="Nordvik merged 5120 into 5377. Nobody has opened an EHR for 5377. The ward asks the repository for 5377 of Nordvik. What comes?",
        choices=(
            Choice("404: nobody opened one", "That is how it would be where nobody carries the merge into the record: the old EHR is there and cannot be found.", "404"),
            Choice("200, and the EHR that was opened for 5120", "The merge reached the EHR_STATUS. Its subject is 5377 now; the `ehr_id` is what it was.", "200"),
            Choice("409: two numbers want one EHR", "Only the survivor's number wants it; 5120 is out of use.", "409"),
        ),
        read=read_status,
        right="200",
        why="The record did not move. One reference in its EHR_STATUS was pointed at the survivor, as a new version. That somebody does this is emerging practice, not an IHE transaction.",
        spec=MERGE,
    ),
    Prediction(
        id="20.p4",
        standard="openehr",
        ask="At Solbakken she is registered twice as well, and both numbers, 3301 and 3388, have an EHR. Over FHIR the clinic says: 3301 is replaced by 3388. What becomes of the EHR of 3301?",
        choices=(
            Choice("It is deleted; what was in it moves over", "openEHR keeps every earlier state. What somebody recorded, and where, stays true.", "404"),
            Choice("Nothing: two EHRs, both open", "Then the next result may go into either. It can be so where nobody wrote a rule.", "open"),
            Choice("It is closed for changes, and can still be read", "That is Fjordland's rule, and what openEHR offers for duplicates: `is_modifiable` false.", "closed"),
        ),
        read=read_fate,
        right="closed",
        why="Closed, and in `other_details` it says where the record goes on. That openEHR can do it, it says; that it happens on a merge, and what stands there, Fjordland decided.",
        spec=ACTIVE,
    ),
    Prediction(
        id="20.p5",
        standard="openehr",
        ask="Nadia Petrova has two numbers in two spellings, and an EHR under each. The clerk is not sure and does not merge, but *links* them (A24). With how many EHRs must an app reckon now?",
        choices=(
            Choice("One: a link joins them", "A link says that two numbers are one person. It takes no number out of use, so no record changes.", "1"),
            Choice("Two, as before", "Both numbers stay in use, and each has its EHR. Who wants all of it asks for both numbers.", "2"),
            Choice("None until somebody decides", "Nothing is locked by a link.", "0"),
        ),
        read=read_rows,
        right="2",
        why="A link can be taken back without a trace in the record. That is its use where nobody is sure: a wrong merge is hard to undo.",
        spec=MERGE,
        shown="There are",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="20.q1",
        standard="openehr",
        ask="A second EHR is created with the same subject id and the same namespace. What comes?",
        choices=(
            Choice("201 and a second EHR", "Only with another namespace, or another id."),
            Choice("200 and the existing one", "Creating does not fetch; GET does."),
            Choice("409", "The pair has an EHR. Ask for it, and go on with that one."),
            Choice("412", "That is about versions: somebody changed what you were about to change."),
        ),
        right=2,
        spec=REST,
    ),
    Question(
        id="20.q2",
        standard="openehr",
        ask="Why does the subject stand in the EHR_STATUS, and not in the EHR itself?",
        choices=(
            Choice("Because it can change, and a change has to leave a trail", "The EHR's own attributes never change; the EHR_STATUS is versioned."),
            Choice("Because demographics belong there", "No demographics: a number and its namespace at most, and it may be left out."),
            Choice("Because every composition repeats it", "No composition does. One reference holds for the whole EHR."),
        ),
        right=0,
        spec=STATUS,
    ),
    Question(
        id="20.q3",
        standard="openehr",
        ask="Two EHRs of one patient, and a merge is told. Which of these does openEHR say?",
        choices=(
            Choice("The older EHR survives.", "It names no survivor. Your region has to."),
            Choice("The compositions are moved to the survivor.", "Of two EHRs in one repository it describes no such move. What was committed stays where it was."),
            Choice("The merge is an openEHR transaction.", "It is told by IHE's ITI-30 or ITI-104. That the record follows is emerging practice."),
            Choice("A duplicate may be deactivated, and stays readable.", "By `is_modifiable` false. When and by whom is left to you."),
        ),
        right=3,
        spec=ACTIVE,
    ),
    Question(
        id="20.q4",
        standard="openehr",
        ask="A program meets 404 for `1020` of `HOSP` and opens an EHR. A month later half of the results are missing. What was the mistake?",
        choices=(
            Choice("The repository should have refused `HOSP`.", "It compares characters. It cannot know that two names mean one hospital."),
            Choice("404 was read as *new patient*; it may also mean *wrong name*.", "An unknown namespace is a question for a person. Agree on the names, and check them before opening."),
            Choice("The number 1020 is too short.", "A short number is as good as a long one, with its namespace."),
        ),
        right=1,
        spec=REST,
    ),
)  # fmt: skip

LESSON = Lesson(
    number="20",
    goals=(
        Goal("create and find an EHR by subject id and namespace, and explain 409", ("20.1", "20.2", "20.3", "20.p1", "20.p2")),
        Goal("keep three identities apart: the person's numbers, the EHR, the demographic entry", ("20.4", "20.5"), code=False),
        Goal(
            "carry a merge into the record, and say what the standard leaves to local rules",
            ("20.6", "20.7", "20.p3", "20.p4", "20.p5"),
            code=False,
        ),
    ),
    minutes=35,
    before="lesson 18, or you know what an EHR and a version are.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
