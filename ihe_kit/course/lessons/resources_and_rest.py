"""The items of lesson 10, FHIR resources and REST: id and identifier, safe changes, the status of an answer, an import by night, and search that joins."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ihe_kit import FhirClient
from ihe_kit.core import UnknownPath, Unreadable, cited
from ihe_kit.course.fhir_ward import (
    entries,
    import_as_found,
    refused_result,
    register,
    resource,
    run,
    says,
    strangers,
    text,
    two_nights,
)
from ihe_kit.course.forms import break_it, by_steps, faded, order
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
from ihe_kit.fhir import FhirMessage
from ihe_kit.fhir.dictionary import explain, fields

NUMBER = "identifier=urn:oid:2.999.10.1|4711"
RESOURCE, EXTENDING = "FHIR R4 section 2.26, Resource", "FHIR R4 section 2.4, Extensibility"


def status(sent: Exchange) -> str:
    """The status of an answer, `none` where none came."""
    return sent.answer.status if isinstance(sent.answer, FhirMessage) else "none"


def _clues(answer: Answer, fits: Sequence[str], clues: Sequence[str], right: str, why: str) -> Verdict:
    """How many of the answers fit, and where to look for the first that does not."""
    missed = [clue for given, fit, clue in zip(answer, fits, clues, strict=True) if given != fit]
    return Verdict(False, f"{len(fits) - len(missed)} of {len(fits)} fit.", missed[0]) if missed else Verdict(True, right, why)


# 10.1: reading a resource ---------------------------------------------------------------------------------------------------------------

INGRID = FhirMessage(json.dumps(resource("ingrid") | {"id": "F00001"}, ensure_ascii=False))  # as the region keeps her
OCCURS = ("0..1", "1..1", "0..*", "1..*")
ASKED = ("gender", "birthDate", "deceasedBoolean", "telecom")
KINDS = ("an element of R4's own", "an extension", "a contained resource", "an identifier")
READ = ("Patient.identifier.value", "0..*", "deceasedBoolean", "deceasedBoolean", "an extension")


def check_reading(answer: Answer, _: Context) -> Verdict:
    """The path is followed in the resource itself; how often and which modifies, R4's own definitions say."""
    path, many, named, modifier, kind = answer
    if path.split(".")[0] != "Patient":
        return Verdict(
            False, "That is no path in a Patient.", "A path begins with the type, and has dots between its names: `Patient.name.family`."
        )
    try:
        found = [element.value for element in INGRID.find(path)]
    except UnknownPath as problem:
        return Verdict(False, "That is no path in a Patient.", f"{problem} A path is written as `Patient.name.family`.")
    missed = (
        (found != ["4711"], f"At {path} stands {', '.join(found) or 'nothing'}. Look for 4711, and name what is around it, from the outside in."),
        (many != explain("Patient.name").occurs, "Open the row of the name: there is a list, `[ ]`. How many can a list hold, and must it be there?"),
        (named not in resource("ingrid") or fields("Patient")[named].choice != "deceased", "`deceased[x]` stands for several names, each with its type in it. Look for the one that begins so."),
        (not fields("Patient")[modifier].modifier, "Leave it out in your mind: which of them makes everybody read the rest of the resource differently?"),
        (kind != READ[4], "It has a `url`, which says where its meaning is written down, and a value. Which part of a resource looks like that?"),
    )  # fmt: skip
    open_points = [why for wrong, why in missed if wrong]
    if open_points:
        return Verdict(False, f"{len(missed) - len(open_points)} of {len(missed)} fit.", open_points[0])
    return Verdict(True, "Right, all five.", "The path was followed in the resource, and the rest was asked of R4's own definitions.")


# 10.w1, 10.2 and 10.3: which request ------------------------------------------------------------------------------------------------------

KNOWN, LINE, HEADER = "What do I know of the resource?", "Method and URL", "The header that makes it safe"
OPTIONS = (
    ("its id, and the version that I saw", "only an identifier, such as a hospital number", "nothing: it is new to everybody"),
    ("GET Patient/F00001", "PUT Patient/F00001", "POST Patient", "PUT Patient/4711", "GET Patient/4711", "DELETE Patient/F00001"),
    ('If-Match: W/"3"', 'If-None-Match: W/"3"', f"If-None-Exist: {NUMBER}", "Prefer: return=minimal"),
)
HOWS = (
    "An id is the server's own and stands in the URL. An identifier is a number that people gave out, and stands in the resource.",
    "POST to a type makes something new, PUT writes what is at an id, GET reads it.",
    "If-Match: only if it is still the version that I saw. If-None-Match: only if it is another one. If-None-Exist: only if nobody matches.",
)


def choosing(*values: str) -> tuple[Step, ...]:
    """The three steps from what one knows to a request that does no harm."""
    return tuple(Step(label, value, how) for label, value, how in zip((KNOWN, LINE, HEADER), values, HOWS, strict=True))


def _chosen(steps: Sequence[Step], given: Sequence[int] = ()) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The parts of a faded example, each to be chosen from the same words."""
    parts, solution = faded(steps, given)
    return tuple(part if part.fixed else replace(part, options=OPTIONS[k]) for k, part in enumerate(parts)), solution


CHANGE = choosing(OPTIONS[0][0], "PUT Patient/F00001", 'If-Match: W/"3"')
ARRIVE = choosing(OPTIONS[0][1], "POST Patient", f"If-None-Exist: {NUMBER}")
REFRESH = choosing(OPTIONS[0][0], "GET Patient/F00001", 'If-None-Match: W/"3"')
EXAMPLE = Example(
    id="10.w1",
    standard="fhir",
    task="Ingrid's record is `Patient/F00001`, and you read it in version 3. Her telephone number has changed. Which request writes it?",
    steps=CHANGE,
    why="The answer is 200, or 412 where somebody changed the record after you had read it. Nothing is lost in either case.",
    spec="FHIR R4 section 3.1.0.5",
)
_LINES = {
    "PUT Patient/4711": "4711 is her number at Nordvik, not the id of a record. This would make a second record for her, with the id 4711.",
    "PUT Patient/F00001": "You do not know that id: the message names only her number.",
    "GET Patient/4711": "4711 is her number at Nordvik. As an id the server knows nothing of it.",
    "GET Patient/F00001": "Reading makes nothing new.",
    "POST Patient": "POST makes a new record.",
    "DELETE Patient/F00001": "That takes her out of the server.",
}
_READS = _LINES | {
    "PUT Patient/F00001": "The id is right. But PUT writes, and to look, nothing is written.",
    "POST Patient": "POST makes a new record, and the screen wants to see an old one.",
    "DELETE Patient/F00001": "That takes her out of the server, and nobody on the ward would see her any more.",
}
_SAFE = {
    'If-Match: W/"3"': "If-Match is for a change: *only if nobody was faster*. Here nothing is changed.",
    "Prefer: return=minimal": "That says how much of the answer you want to have, and prevents nothing.",
}
_GAPS, _BLANK = _chosen(ARRIVE, given=(0,)), _chosen(REFRESH)

# 10.5: eight situations ---------------------------------------------------------------------------------------------------------------------

STATUSES = (
    "200 OK",
    "201 Created",
    "304 Not Modified",
    "400 Bad Request",
    "404 Not Found",
    "410 Gone",
    "412 Precondition Failed",
    "422 Unprocessable Entity",
)
Asks = Callable[[FhirClient], Exchange]


def _faster(client: FhirClient) -> Exchange:
    """Two have read version 1; this is the answer to the second of them."""
    kept = client.read("Patient/F00001").answer
    seen = kept.data if isinstance(kept, FhirMessage) else {}
    client.update(seen | {"gender": "other"}, if_match='W/"1"')
    return client.update(seen | {"gender": "female"}, if_match='W/"1"')


SITUATIONS: tuple[tuple[str, str, Asks, str], ...] = (
    ("Create Ingrid with If-None-Exist and her number 4711. The server knows her.", "200", lambda c: c.create(resource("ingrid"), if_none_exist=NUMBER),
     "Nothing was created, and nothing went wrong. Which status says only that all is well?"),
    ('Read her with If-None-Match: W/"1". Nothing has changed since.', "304", lambda c: c.read("Patient/F00001", if_none_match='W/"1"'),
     "You have it already. Why should the server send it again?"),
    ("Read a patient whom somebody deleted an hour ago.", "410", lambda c: c.read("Patient/F00002"),
     "The server remembers that there was somebody. One status says *was here, and is gone*."),
    ("Read `Patient/4711`: that is her number on the wristband.", "404", lambda c: c.read("Patient/4711"),
     "4711 is her identifier. Did the server ever give the *id* 4711 to anybody?"),
    ("Search for `Patient?birthdate=yesterday`.", "400", lambda c: c.search("Patient?birthdate=yesterday"),
     "The request itself cannot be understood: yesterday is no date. It is not about a resource."),
    ('Write her record with If-Match: W/"1". Somebody made version 2 a second before you.', "412", _faster,
     "You set a condition, and it does not hold any more."),
    ("Create a patient whose gender is `F`.", "422", lambda c: c.create(resource("ingrid") | {"gender": "F"}),
     "The server can read every letter of it. What it says breaks a rule of R4."),
    ("Write `PUT Patient/bjorn`. Nobody has that id so far.", "201", lambda c: c.update({"resourceType": "Patient", "id": "bjorn", "name": [{"family": "Lie"}]}),
     "PUT to an id where nothing is: this server allows it. What has come into being?"),
)  # fmt: skip


def check_status(answer: Answer, context: Context) -> Verdict:
    """Each situation is brought about on a server of the check's own, and its answer counts."""
    with context.sandbox() as box:
        client = FhirClient(box)
        client.update(resource("ingrid") | {"id": "F00001"})
        client.update({"resourceType": "Patient", "id": "F00002", "name": [{"family": "Zulu"}]})
        client.delete("Patient/F00002")
        came = [status(asks(client)) for _, _, asks, _ in SITUATIONS]
    missed = [
        (one, clue) for one, (_, _, _, clue), given, real in zip(SITUATIONS, SITUATIONS, answer, came, strict=True) if given[:3] != real
    ]
    if missed:
        return Verdict(False, f"{len(came) - len(missed)} of {len(came)} fit. Look again at: {missed[0][0][0]}", missed[0][1])
    return Verdict(True, "Right, all eight.", "Each of them was asked of a server a moment ago, and it answered as you said.")


# 10.6: break it ---------------------------------------------------------------------------------------------------------------------------

ANSWERS = (
    "201: created",
    "400: the request cannot be understood",
    "412: a condition does not hold",
    "422: understood, and against a rule",
)
CHANGES = {
    "Write the sex as HL7 v2 does: F": {"Patient.gender": '"F"'},
    "Write the birth date as on paper: 17.6.1958": {"Patient.birthDate": '"17.6.1958"'},
    "Write the family name in capitals: ØDEGÅRD": {"Patient.name.family": '"ØDEGÅRD"'},
    "Say that she is dead: deceasedBoolean is true": {"Patient.deceasedBoolean": "true"},
}


def refused_place(sent: Exchange) -> tuple[str, str]:
    """(the status, the place that the first issue names)."""
    told = sent.answer.data if isinstance(sent.answer, FhirMessage) and sent.refused else {}
    places = [place for issue in (told or {}).get("issue", ()) for place in issue.get("expression", ())]
    return status(sent), places[0] if places else "nothing"


# 10.7: explain this OperationOutcome --------------------------------------------------------------------------------------------------------

REFUSED = refused_result()
RULES = ("FHIR-REQUIRED", "FHIR-CHOICE", "FHIR-CODE", "FHIR-FORMAT")


def check_outcome(answer: Answer, context: Context) -> Verdict:
    """What the server says of the result is compared with what the learner read in it; then the mended result is created, for real."""
    path, rule, mended = answer
    with context.sandbox() as box:
        client = FhirClient(box)
        told, sent = _issues(client.create(REFUSED)), client.create(mended) if '"resourceType"' in mended else None
    if not any(issue["code"] == "required" and path in issue["expression"] for issue in told):
        return Verdict(
            False,
            f"{path} is not what is missing.",
            "Look for the issue whose `code` is required. Its place stands in `expression`: a path from the type on.",
        )
    if not any(issue["code"] == "structure" and rule in issue["diagnostics"] for issue in told):
        return Verdict(
            False,
            f"You have the place. The other issue is not about {rule}.",
            "Every text in `diagnostics` ends with the rule in brackets, and where it is written.",
        )
    if sent is None:
        return Verdict(False, "You have read it well. What is mended is no resource any more.", "It needs its `resourceType`.")
    if sent.refused:
        left = _issues(sent)[0]
        return Verdict(False, f"You have read it well. The mended result is still refused: {status(sent)}.", left["diagnostics"])
    kept = sent.answer.data if isinstance(sent.answer, FhirMessage) else {}
    if any(kept.get(name) != value for name, value in resource("potassium").items() if name != "status"):
        return Verdict(
            False,
            "It is taken now, and it is another result: it was potassium in blood, 4.3 mmol/L, of patient 4711.",
            "Of the two values one has to go: the one that says less. All the rest stays as the laboratory wrote it.",
        )
    if kept.get("status") != "final":
        return Verdict(
            False,
            f"It is taken, as {kept.get('status')}.",
            "The laboratory says that this result is final. A status that is only put there to please the server misleads the ward.",
        )
    return Verdict(
        True,
        "Right: read, mended, and created.",
        "Place, rule, remedy: these three you can find in every OperationOutcome, whoever's server it comes from.",
    )


def _issues(sent: Exchange) -> list[dict[str, Any]]:
    told = sent.answer.data if isinstance(sent.answer, FhirMessage) else None
    return list((told or {}).get("issue", ()))


# 10.8: the import by night ------------------------------------------------------------------------------------------------------------------

FOUND = import_as_found()


def check_import(answer: Answer, context: Context) -> Verdict:
    """The import runs twice on a server of the check's own, and what it created is counted."""
    try:
        message = FhirMessage(answer[0])
    except Unreadable as problem:
        return Verdict(
            False, "It cannot be read yet, so nothing was sent.", f"{problem.says[:1].upper()}{problem.says[1:]} (line {problem.line})."
        )
    if message.kind != "Bundle":
        return Verdict(False, "That is no Bundle.", "Leave the frame around the three entries as it is.")
    with context.sandbox() as box:
        first, second = two_nights(answer[0], box)
        hers = entries(FhirClient(box).search(f"Observation?patient.{NUMBER}"))
    for night, done in (("first", first), ("second", second)):
        if done.problem:
            return Verdict(False, f"The {night} night is refused: {done.answered}.", done.problem)
    counts = f"First night: {len(first.created)} created. Second night: {len(second.created)} created."
    missed = (
        (message.data["type"] != "transaction", "The Bundle is no transaction any more.",
         "In a batch each entry stands alone, so that none of them knows another one by its name."),
        ((first.patients, first.results) != (2, 1), f"After the first night the server holds: patients {first.patients}, results {first.results}.",
         "Two patients and one result have to arrive. Change how they are sent, not who."),
        (second.created, f"{counts} Doubled: {' and '.join(dict.fromkeys(second.created))}.",
         "A POST without a condition, or with one that nobody fits, creates whenever it runs. In a Bundle the condition stands in the entry's `request`."),
        (first.loose, f"{counts} But the result is nobody's.",
         "Its subject leads to no record. Where it says `urn:uuid:`, an entry has to bear that name, in its `fullUrl`."),
        (not hers, f"{counts} But the result is not Ingrid's.", "Follow its subject: whose entry bears that name? A result in the wrong record does more harm than none."),
        (len(_among_strangers(answer[0], context)) < 3, f"{counts} But on a server that knows strangers it takes them for yours.",
         "There somebody else has the same name, or the same number from another house, or this number as an id. One search is sure: "
         "`identifier=`, with who gave the number out before the bar."),
    )  # fmt: skip
    if found := [(says_, why) for wrong, says_, why in missed if wrong]:
        return Verdict(False, *found[0], happened=counts)
    why = "The result belongs to Ingrid, and no stranger was taken for her. These two counts are your evidence for this lesson."
    return Verdict(True, f"Right. {counts}", why, happened=counts)


def _among_strangers(bundle: str, context: Context) -> tuple[str, ...]:
    """What an import creates on a server where strangers have the same names and numbers."""
    with context.sandbox() as box:
        client = FhirClient(box)
        strangers(client)
        return run(bundle, client).created


# 10.9: six patients, four URLs ----------------------------------------------------------------------------------------------------------------

URLS = (
    ("Patient?given=Anna&given=Maria", "1", "Every parameter has to hold, also one that comes twice. Who has both names?"),
    ("Patient?given=Anna,Maria", "4", "A comma says *or*. Who has one of the two names? An accent makes no difference, and the second name counts, too."),
    ("Patient?family=Berg", "3", "A search for a text finds what begins with it. Who else begins so?"),
    ("Patient?family:exact=Berg", "2", "`:exact` wants the whole name, letter for letter."),
)  # fmt: skip


def check_urls(answer: Answer, context: Context) -> Verdict:
    """The four searches are made, for real."""
    with context.sandbox() as box:
        client = FhirClient(box)
        register(client)
        came = [str(len(entries(client.search(url)))) for url, _, _ in URLS]
    return _clues(
        answer,
        came,
        [clue for _, _, clue in URLS],
        "Right, all four.",
        "Repetition is *and*, a comma is *or*. A text is found by its beginning, whatever its accents and capitals.",
    )


# 10.10: to the last page --------------------------------------------------------------------------------------------------------------------------

RATES = "Observation?code=8867-4&_sort=date&_count=10&_total=none"
ENDS = ("it had no link `next`", "it held fewer than ten", "the total said 23", "the page after it was empty")


def check_pages(answer: Answer, context: Context) -> Verdict:
    """The pages are turned, for real, to the last value on the last page."""
    rate, knew = answer[0].removesuffix("/min").strip(), answer[1]
    with context.sandbox() as box:
        client = FhirClient(box)
        register(client)
        pages = [[one["resource"]["valueQuantity"]["value"] for one in entries(page)] for page in client.pages(RATES)]
    lasts = [f"{page[-1]:g}" for page in pages]
    if rate in lasts[:-1]:
        return Verdict(
            False, f"{rate} is the last one on page {lasts.index(rate) + 1}.", "There is a link `next`, so there is a page behind it."
        )
    if rate != lasts[-1]:
        return Verdict(
            False,
            f"{rate} is not the last heart rate.",
            "Run the cell above until it says that there is no next page, and read the last row.",
        )
    if knew != ENDS[0]:
        return Verdict(
            False,
            "The heart rate is right. How a client knows that it is at the end is something else.",
            _KNEW.get(knew, "Choose one of the four reasons."),
        )
    return Verdict(
        True,
        f"Right: {rate}, on page {len(pages)} of {len(pages)}.",
        "As long as there is a link, there is more; how full a page is says nothing.",
    )


_KNEW = {
    ENDS[1]: "A server may give you fewer than you asked for, and still have more. And what if there were twenty?",
    ENDS[2]: "This search asked for no total, and many servers never give one.",
    ENDS[3]: "It never came to that: nobody asked for a fourth page. Why not?",
}

# 10.11: searches that join ----------------------------------------------------------------------------------------------------------------------

NEEDS: tuple[tuple[str, str, str], ...] = (
    ("All results of patients whose family name begins with Berg, and only the results", "Observation?patient.family=Berg",
     "You want results, so the URL begins with Observation. The condition is one of the patient: reference, a dot, parameter."),
    ("The patients who have a potassium result (code 2823-3), and only the patients", "Patient?_has:Observation:patient:code=2823-3",
     "You want patients, so the URL begins with Patient. The condition is one of what refers to them: `_has`, the type, the reference, the parameter."),
    ("The patient with the number 7001 and all her results, in one answer", "Patient?identifier=urn:oid:2.999.10.1|7001&_revinclude=Observation:patient",
     "First find her, then ask for what refers to her as well: `_revinclude`, the type, the reference."),
)  # fmt: skip


def check_joins(answer: Answer, context: Context) -> Verdict:
    """Each search is made, for real, and what it finds is compared with what was wanted; another URL that finds the same is as good."""
    with context.sandbox() as box:
        client = FhirClient(box)
        register(client)
        for number, (given, (need, url, clue)) in enumerate(zip(answer, NEEDS, strict=True)):
            sent = client.search(_below(given))
            found, wanted = _found(sent), _found(client.search(url))
            if found != wanted or sent.refused:
                return Verdict(
                    False, f"{number} of {len(NEEDS)} find what is wanted. Look again at: {need}.", f"{_astray(sent, found, wanted)} {clue}"
                )
    return Verdict(True, "Right, all three.", "The server did the joining, and each took one request.")


def _below(url: str) -> str:
    """A URL as it stands below the base, whatever was copied with it: the method, or the address of another server.

    >>> _below("GET http://127.0.0.1:8080/fhir/Patient?family=Berg")
    'Patient?family=Berg'
    """
    return re.sub(r"^(GET\s+)?(https?://[^/?]*)?(/?fhir)?/?", "", url)


def _found(sent: Exchange) -> set[str]:
    return {
        f"{one['resource']['resourceType']}/{one['resource'].get('id')}"
        for one in entries(sent)
        if one.get("search", {}).get("mode") != "outcome"
    }


def _astray(sent: Exchange, found: set[str], wanted: set[str]) -> str:
    """What a search gave in place of what was wanted."""
    if sent.refused:
        told = sent.answer.data if isinstance(sent.answer, FhirMessage) else {}
        return f"The server answers {status(sent)}: {says(told or {})}"
    aside = " ".join(says(one["resource"]) for one in entries(sent) if one.get("search", {}).get("mode") == "outcome")
    if not aside and _counted(found) == _counted(wanted):
        return f"Yours finds {_counted(found)}, as many as are wanted, but not the same."
    return aside or f"Yours finds {_counted(found)}; wanted are {_counted(wanted)}."


def _counted(found: set[str]) -> str:
    kinds = [one.split("/")[0] for one in sorted(found)]
    return " and ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "nothing"


# 10.12: the right resource for a need -------------------------------------------------------------------------------------------------------------

TYPES = ("Appointment", "DiagnosticReport", "DocumentReference", "Encounter", "Observation", "Patient", "ServiceRequest")
FOR: tuple[tuple[str, str, str], ...] = (
    ("Dr Strand wants Ingrid's potassium to be measured.", "ServiceRequest", "Nothing is measured yet: somebody asks for a service."),
    ("The laboratory has measured it: 4.3 mmol/L.", "Observation", "One thing measured, with its value. What is observed, one of the types says by its name."),
    ("The laboratory's answer as a whole: six results, and a pathologist's conclusion.", "DiagnosticReport", "It holds several results together, and says what they mean."),
    ("A scanned letter from her doctor, as a PDF, to be found again by its type and its date.", "DocumentReference", "A document that exists already, with what one has to know in order to find it."),
    ("Tomás is to come to the clinic on 10 March at 9:30.", "Appointment", "It is agreed on, and has not happened yet."),
    ("Ingrid has been on the ward since 8 o'clock.", "Encounter", "She is there: patient and hospital have met."),
)  # fmt: skip
NOT_YET = "An Encounter is what takes place. Until he comes, there is only an agreement, which can be moved or missed."
NO_RESULTS = "The letter is a file that somebody wrote. A report of results would have to hold results that a program can read."
DEFENCES = (
    ("Why is the visit on 10 March no Encounter?", NOT_YET, "Suppose that he does not come. What would an Encounter claim?",
     (NOT_YET, "An Encounter is for inpatients alone.", "An Encounter cannot have a time.")),
    ("Why is the scanned letter no DiagnosticReport?", NO_RESULTS, "Open the letter in your mind: which results could a program read from it?",
     (NO_RESULTS, "A DiagnosticReport cannot have a PDF with it.", "Letters have no place in FHIR.")),
)  # fmt: skip
CHOSEN = (*(kind for _, kind, _ in FOR), *(because for _, because, _, _ in DEFENCES))


def check_types(answer: Answer, _: Context) -> Verdict:
    """Which of the types and reasons fit."""
    clues = (*(clue for _, _, clue in FOR), *(clue for _, _, clue, _ in DEFENCES))
    return _clues(
        answer, CHOSEN, clues, "Right, all eight.", "Request, event, and what is told about it: most types of FHIR are one of these three."
    )


EXERCISES = (
    Exercise(
        id="10.1",
        standard="fhir",
        task="Read Ingrid's record in the Explorer above. No code is needed.",
        parts=(
            Part("The path of the number that Nordvik gave her"),
            Part("How often may a Patient have a name?", OCCURS),
            Part("`deceased[x]` is a choice of type. Under which name does it stand here?"),
            Part("Which of these is a modifier: who does not know it, must not read on?", ASKED),
            Part("Her mother's maiden name is written as …", KINDS),
        ),
        check=check_reading,
        hints=(
            "Click an element in the structure: its card shows its path, and how often it may occur.",
            "The number stands inside `identifier`. `[x]` is replaced by the type, with a capital letter. A modifier changes what the rest means.",
            "identifier, then value; any number, or none; deceased and Boolean as one word, and it is the modifier, too. What has a `url` and a value of its own is an extension.",
        ),
        solution=READ,
        why="A dead patient's record read as a living one's does harm, so `deceased[x]` is a modifier. What a program may pass over stands in `extension`, what it must not in `modifierExtension`.",
        wrong=(
            Wrong(("Patient.id", "0..*", "deceasedBoolean", "deceasedBoolean", "an extension"), "id is the patient number."),
            Wrong(("Patient.identifier.value", "1..1", "deceasedBoolean", "deceasedBoolean", "an extension"), "Everybody has one name."),
            Wrong(("Patient.identifier.value", "0..*", "birthDate", "deceasedBoolean", "an extension"), "The name of a choice is the name of any element."),
            Wrong(("Patient.identifier.value", "0..*", "deceasedBoolean", "gender", "an extension"), "Whatever is important is a modifier."),
        ),
        spec=cited(EXTENDING, checked=False),
    ),
    Exercise(
        id="10.2",
        standard="fhir",
        task="A message from Nordvik: Ingrid Ødegård, number 4711. Your server may know her, or not, and she must be there once in the end. The first step is done.",
        parts=_GAPS[0],
        check=by_steps(ARRIVE, "Right.", "201 where she is new, 200 and the record that is there where she is known: in both cases she is there once.",
                       slips={1: lambda given: _LINES.get(given, ""), 2: lambda given: _SAFE.get(given, "")}),
        hints=(
            "You know no id, and the server has to give one if she is new.",
            "A new record is made by POST to its type. Which of the headers says: only if nobody matches?",
            "POST to Patient, with the header that begins with If-None-Exist.",
        ),
        solution=_GAPS[1],
        why="The condition is a search. The server looks and creates in one step, so that two senders at the same moment cannot both create.",
        wrong=(
            Wrong((ARRIVE[0].value, "PUT Patient/4711", OPTIONS[2][2]), "id is the patient number."),
            Wrong((ARRIVE[0].value, "POST Patient", OPTIONS[2][0]), "If-Match finds whoever matches."),
            Wrong((ARRIVE[0].value, "PUT Patient/F00001", OPTIONS[2][2]), "Whoever is known has an id that everybody knows."),
        ),
        spec="FHIR R4 section 3.1.0.8.1",
    ),
    Exercise(
        id="10.3",
        standard="fhir",
        task="The ward's screen shows `Patient/F00001` in version 3 and looks every minute whether anything has changed. It does not want the same record a thousand times a day.",
        parts=_BLANK[0],
        check=by_steps(REFRESH, "Right.", "304 says: what you have is still right. It has no body.",
                       slips={1: lambda given: _READS.get(given, ""), 2: lambda given: _SAFE.get(given, "")}),
        hints=(
            "The screen knows which record, and which version.",
            "It only reads. One header says: only if it is not the version that I have.",
            "Id and version; GET; the header that begins with If-None-Match.",
        ),
        solution=_BLANK[1],
        why="If-Match guards a change, If-None-Match saves a read. Both carry the version, which the server told in `ETag`.",
        wrong=(
            Wrong((OPTIONS[0][0], "GET Patient/F00001", OPTIONS[2][0]), "If-Match is for everything that has a version."),
            Wrong((OPTIONS[0][1], "GET Patient/4711", OPTIONS[2][1]), "id is the patient number."),
            Wrong((OPTIONS[0][0], "PUT Patient/F00001", OPTIONS[2][1]), "To compare, one sends what one has."),
        ),
        spec=cited("FHIR R4 section 3.1.0.1.7, conditional read", checked=False),
    ),
    order(
        id="10.4",
        standard="fhir",
        task="Ingrid's new telephone number is to be written so that nobody's change gets lost. Put the steps in order. One does not belong.",
        tiles=(
            Tile("read", "Read the record", "What you change must be what the server holds now."),
            Tile("etag", "Keep the version from ETag", "Without it you cannot say which version you changed."),
            Tile("change", "Change the number in the whole record", "PUT replaces everything: what you do not send is gone."),
            Tile("put", "PUT the whole record with If-Match", "The server compares, and writes only if nobody was faster."),
            Tile("412", "On 412, begin again with reading", "Somebody was faster. Their change is in the record now, and yours goes on top of it."),
            Tile("part", "PUT the telephone number alone", "PUT is the whole record. Her name, her address, her identifier would be gone; a part is changed by PATCH."),
        ),
        solution=("read", "etag", "change", "put", "412"),
        before=(
            ("read", "etag", "The version comes with the record."),
            ("read", "change", "First have it, then change it."),
            ("etag", "put", "If-Match repeats the version that ETag told."),
            ("change", "put", "What is sent is the changed record."),
            ("put", "412", "412 is an answer to the PUT."),
        ),
        hints=(
            "What does a PUT do with the elements that are not in it?",
            "Read, keep the version, change, write with the version, and know what to do when it is refused.",
            "read, ETag, change, PUT with If-Match, 412. The number alone does not belong.",
        ),
        why="The two of them may work at the same minute, and the second is told. Without If-Match the later one wins, and nobody hears of it.",
        wrong=(
            Wrong(("read", "change", "part", "etag", "412"), "An update sends what has changed."),
            Wrong(("etag", "read", "put", "change", "412"), "The order does not matter as long as all is done."),
            Wrong(("read", "change", "put", "412"), "The server knows which version I saw."),
        ),
        spec="FHIR R4 section 3.1.0.5",
    ),
    Exercise(
        id="10.5",
        standard="fhir",
        task="Eight situations on the region's server. Which status comes? Each of the eight comes once.",
        parts=tuple(Part(what, STATUSES) for what, _, _, _ in SITUATIONS),
        check=check_status,
        hints=(
            "2: done, or nothing was needed. 3: look at what you have. 4: something about the request, and the second and third digit say what.",
            "You have met all of them above: go through the exchanges in the WireView.",
            "200, 304, 410, 404, 400 for the first five; then the condition that does not hold, the rule that is broken, and what is new.",
        ),
        solution=tuple(next(option for option in STATUSES if option.startswith(code)) for _, code, _, _ in SITUATIONS),
        why="404 and 410 tell *never* from *not any more*; 400 and 422 tell *I cannot read this* from *I can read it, and it breaks a rule*; 412 is no fault of yours.",
        wrong=(
            Wrong(tuple(next(o for o in STATUSES if o.startswith(c)) for c in ("412", "304", "410", "404", "400", "412", "422", "201")), "Whoever is known already makes the condition fail."),
            Wrong(tuple(next(o for o in STATUSES if o.startswith(c)) for c in ("200", "200", "404", "404", "400", "412", "400", "201")), "What is not there is 404, what is wrong is 400."),
            Wrong(tuple(next(o for o in STATUSES if o.startswith(c)) for c in ("200", "304", "410", "200", "400", "412", "422", "404")), "id is the patient number."),
        ),
        spec="FHIR R4 section 3.1.0.4.2, 3.1.0.5, 3.1.0.7 and 3.1.0.8",
    ),
    break_it(
        id="10.6",
        standard="fhir",
        task="Make the server refuse Ingrid's record with 422, and say beforehand which place the OperationOutcome names. Two of the four changes do it; think of the other two as well.",
        sound=text("ingrid"),
        transaction="FHIR",
        changes=CHANGES,
        answers=ANSWERS,
        read=refused_place,
        wants=("422",),
        places=("Patient.gender", "Patient.birthDate", "Patient.name[0].family", "Patient.deceased"),
        solution=("422", "Patient.gender", "Write the sex as HL7 v2 does: F"),
        reasons={"422": "It could be read to the last letter, so the request itself was in order. What it says breaks a rule.",
                 "201": "The server took it, and will show it to everybody. A rule looks at the form of a value, never at whether it is true."},
        hints=(
            "R4 has a list for one of the places, and a form for another one.",
            "The codes of gender are words in small letters. A date begins with the year.",
            "The sex in one letter: 422, at Patient.gender.",
        ),
        why="A valid resource may be untrue: *she is dead* passes every rule. What checks a form cannot replace somebody who looks.",
        wrong=(
            Wrong(("422: understood, and against a rule", "Patient.deceased", "Say that she is dead: deceasedBoolean is true"), "A server refuses what is not true."),
            Wrong(("422: understood, and against a rule", "Patient.name[0].family", "Write the family name in capitals: ØDEGÅRD"), "A server knows how names are written."),
            Wrong(("400: the request cannot be understood", "Patient.gender", "Write the sex as HL7 v2 does: F"), "What is wrong is 400."),
        ),
        spec="FHIR R4 section 3.1.0.8",
    ),
    Exercise(
        id="10.7",
        standard="fhir",
        task="Explain the OperationOutcome above, and mend the result. The laboratory says: it is final, 4.3 mmol/L. What you mended is sent.",
        parts=(
            Part("The path of the element that is missing"),
            Part("The rule that the other issue is about", RULES),
            Part("The result, mended", lines=REFUSED.count("\n") + 1, given=REFUSED),
        ),
        check=check_outcome,
        hints=(
            "`expression` is the place, `code` the kind of fault. In `diagnostics` the rule stands in brackets.",
            "One element is missing, and another stands there in two types. Put the one in, take one of the two away.",
            'The place ends in `.status`, the rule is about a choice of type. Write `"status": "final",` behind the type, and take the line with `valueString` out.',
        ),
        solution=("Observation.status", "FHIR-CHOICE", text("potassium").rstrip()),
        why="What, where, which rule, and what to do: an OperationOutcome that says less leaves people guessing. When you write a server, write them well.",
        wrong=(
            Wrong(("Observation.value", "FHIR-CHOICE", text("potassium").rstrip()), "Whatever looks odd first is what is meant."),
            Wrong(("Observation.status", "FHIR-FORMAT", text("potassium").rstrip()), "The text of a result has the wrong form."),
            Wrong(("Observation.status", "FHIR-CHOICE", REFUSED.replace('"code"', '"status": "final",\n  "code"').rstrip()), "Once the first issue is mended, the rest goes away."),
            Wrong(("Observation.status", "FHIR-CHOICE", text("potassium").replace("final", "preliminary").rstrip()), "Any code of the list will do."),
        ),
        spec=cited("FHIR R4 OperationOutcome", checked=False),
    ),
    Exercise(
        id="10.8",
        standard="fhir",
        task="Change the import so that its second run creates nothing, and the result belongs to Ingrid. It is run twice, on a server of its own.",
        parts=(Part("The import", lines=text("nightly").count("\n") + 1, given=FOUND),),
        check=check_import,
        hints=(
            "Two faults. One is in every `request`: nothing there says *only if*. The other is in the first entry: the result looks for it under a name that it does not bear.",
            'In a Bundle the condition of a POST is `"ifNoneExist"`, beside `"url"`, with a search as its value. The name of an entry is `"fullUrl"`, beside `"resource"`.',
            'First entry: `"fullUrl": "urn:uuid:0b3c…"` as the subject has it, and `"ifNoneExist": "identifier=urn:oid:2.999.10.1|4711"` in its request; then the same condition with its own identifier in the two others.',
        ),
        solution=(text("nightly").rstrip(),),
        why="A run that may be repeated is safe after every failure: when in doubt, run it again. The key is an identifier that the sender knows; an id the sender cannot know.",
        wrong=(
            Wrong((FOUND.replace('"POST", "url": "Patient"', '"POST", "url": "Patient", "ifNoneExist": "identifier=urn:oid:2.999.10.1|4711"').rstrip(),), "The same condition for everybody."),
            Wrong((text("nightly").replace(", \"ifNoneExist\": \"identifier=urn:oid:2.999.10.4|K-2025-118\"", "").rstrip(),), "Only patients can be doubled."),
            Wrong((text("nightly").replace('      "fullUrl": "urn:uuid:0b3c6f52-8d0e-4c1b-9a57-1f2e3d4c5b6a",\n', "").rstrip(),), "A reference finds its way by itself."),
            Wrong((text("nightly").replace("urn:oid:2.999.10.1|", "").rstrip(),), "A number says who it is, whoever gave it out."),
            Wrong((text("nightly").replace("identifier=urn:oid:2.999.10.1|4711", "family=Ødegård").rstrip(),), "A name says who it is."),
            Wrong((text("nightly").replace('"urn:uuid:0b3c6f52-8d0e-4c1b-9a57-1f2e3d4c5b6a"}', '"Patient/4711"}').rstrip(),), "id is the patient number."),
        ),
        spec="FHIR R4 section 3.1.0.8.1 and 3.1.0.11.2",
    ),
    Exercise(
        id="10.9",
        standard="fhir",
        task="How many of the six does each search find? Work it out from the table above, then check: the searches are made.",
        parts=tuple(Part(f"`{url}`", tuple("0123456")) for url, _, _ in URLS),
        check=check_urls,
        hints=(
            "A parameter that comes twice, a comma, a name's beginning, `:exact`: four rules, one for each line.",
            "Twice is *and*, a comma is *or*. A text is compared from its beginning, without accents.",
            "One has both names. Four have one of the two. Bergström begins with Berg, and is not Berg.",
        ),
        solution=tuple(count for _, count, _ in URLS),
        why="A front desk that gets three people for Berg has to look at birth dates. One that gets two by `:exact` never learns that Bergström was typed as Berg.",
        wrong=(
            Wrong(("4", "1", "3", "2"), "A comma is and, repetition is or."),
            Wrong(("1", "4", "2", "2"), "A name is found as it is written."),
            Wrong(("1", "3", "3", "2"), "An accent makes another name."),
        ),
        spec="FHIR R4 section 3.1.1.4",
    ),
    Exercise(
        id="10.10",
        standard="fhir",
        task="Go to the last page of the heart rates.",
        parts=(Part("The last heart rate on the last page, a number"), Part("How did the client know that this page was the last?", ENDS)),
        check=check_pages,
        hints=(
            "The cell above shows what each page holds.",
            "Ten, ten, and the rest. What does the answer of the last page *not* have?",
            "It is below 80. Look at the links of the three pages.",
        ),
        solution=("77", ENDS[0]),
        why="A client that stops at ten shows Ingrid's pulse of 9:40, and she looks worse than she is. Nothing on the screen would tell.",
        wrong=(
            Wrong(("97", ENDS[0]), "The Bundle is the answer."),
            Wrong(("84", ENDS[1]), "The second page is the last."),
            Wrong(("77", ENDS[1]), "A page that is not full is the last."),
            Wrong(("77", ENDS[2]), "There is always a total."),
        ),
        spec=cited("FHIR R4 section 3.1.0.14, paging", checked=False),
    ),
    Exercise(
        id="10.11",
        standard="fhir",
        task="Write three searches, such as `Patient?family=Berg`: each is one URL. Try them in the SearchBuilder. The check makes them, and compares what they find.",
        parts=tuple(Part(need) for need, _, _ in NEEDS),
        check=check_joins,
        hints=(
            "A URL begins with the type of what you want to have. Then comes the condition.",
            "The condition lies in what your type refers to: a chain with a dot. It lies in what refers to your type: `_has`. You want both: `_include`, `_revinclude`.",
            "Observation, `patient` dot `family`. Patient, `_has:` then three words with colons between them. Patient, `identifier`, and `_revinclude` with a type and a reference.",
        ),
        solution=tuple(url for _, url, _ in NEEDS),
        why="A chain and `_has` choose, and bring nothing else along. `_include` and `_revinclude` bring along, and choose nothing.",
        wrong=(
            Wrong(("Patient?family=Berg", NEEDS[1][1], NEEDS[2][1]), "One searches for the patient and takes the results from there."),
            Wrong((NEEDS[0][1], "Patient?Observation.code=2823-3", NEEDS[2][1]), "A chain leads in both directions."),
            Wrong((NEEDS[0][1], NEEDS[1][1], "Patient?identifier=7001&_include=Observation:patient"), "_include brings whatever belongs together."),
        ),
        spec="FHIR R4 section 3.1.1.4 and 3.1.1.5",
    ),
    Exercise(
        id="10.12",
        standard="fhir",
        task="Six needs. Choose the type of resource for each, and defend two of your choices. No code is needed.",
        parts=(*(Part(need, TYPES) for need, _, _ in FOR), *(Part(ask, options) for ask, _, _, options in DEFENCES)),
        check=check_types,
        hints=(
            "Ask of each: does somebody want it, is it agreed, does it happen, or is it told afterwards?",
            "A wish is a request. One measured value is an observation; many with a conclusion are a report. A file is pointed at.",
            "ServiceRequest, Observation, DiagnosticReport, DocumentReference, Appointment, Encounter. Then: he may not come; and no program reads results from a scan.",
        ),
        solution=CHOSEN,
        why="Whoever stores a plan as an event makes it true for every reader. The type is the first thing a resource says.",
        wrong=(
            Wrong(("Observation", *CHOSEN[1:]), "An order is a result that is still empty."),
            Wrong((*CHOSEN[:3], "DiagnosticReport", *CHOSEN[4:]), "Whatever a doctor writes is a report."),
            Wrong((*CHOSEN[:4], "Encounter", *CHOSEN[5:]), "A visit is a visit, planned or not."),
        ),
        spec=cited("FHIR R4 resource list", checked=False),
    ),
)  # fmt: skip


# Predictions --------------------------------------------------------------------------------------------------------------------------


def read_id(sent: Exchange) -> tuple[str, str]:
    """Whether the second server gave the same id as the first one."""
    id = sent.answer.data["id"] if isinstance(sent.answer, FhirMessage) and not sent.refused else status(sent)
    return "same" if id.startswith("F") else "number" if id == "4711" else "other", id


def read_phone(sent: Exchange) -> tuple[str, str]:
    """Which telephone number a record holds: Jonas wrote one, and then Elin wrote her copy."""
    numbers = sent.answer.get("Patient.telecom.value") if sent.answer else []
    return ("both" if len(numbers) > 1 else "new" if any("999" in one for one in numbers) else "old"), ", ".join(numbers)


def read_total(sent: Exchange) -> tuple[str, str]:
    """How many a search has found."""
    total = str(sent.answer.data.get("total")) if isinstance(sent.answer, FhirMessage) else status(sent)
    return total, f"{total} match" + ("" if total == "1" else "es")


def read_pages(pages: Sequence[Exchange]) -> tuple[str, str]:
    """How many requests it took to come to a page without a link to the next."""
    sizes = [str(len(entries(page))) for page in pages]
    return str(len(pages)), f"{len(pages)} requests, with {', '.join(sizes)} entries"


def read_included(sent: Exchange) -> tuple[str, str]:
    """The total of a search, and how many entries came."""
    total, came = read_total(sent)[0], len(entries(sent))
    return f"{total}+{came}", f"total {total}, and {came} entries"


PREDICTIONS = (
    Prediction(
        id="10.p1",
        standard="fhir",
        ask="Ingrid's record is `Patient/F00001` at the region. Her very same record is now created on the server of Solbakken Clinic. Which id does it get there?",
        choices=(
            Choice("F00001. It is the same patient.", "The same patient, and another record on another server. Each server gives ids of its own.", "same"),
            Choice("4711. That is her number.", "4711 stands in `identifier`, and every server keeps it there. The id is no such number.", "number"),
            Choice("Another one. The server decides.", "Whoever holds the record gives it its id. That is why an id means nothing without the server's address.", "other"),
        ),
        read=read_id,
        right="other",
        why="An id says where a record is, like the number of a shelf. An identifier says who it is about, and goes with the patient from server to server.",
        spec=cited(RESOURCE, checked=False),
        shown="The id there",
    ),
    Prediction(
        id="10.p2",
        standard="fhir",
        ask="Jonas and Elin have both read version 1. Jonas writes a new telephone number. A minute later Elin writes her copy, with a new address. Which number stands in the record?",
        choices=(
            Choice("The new one. Elin changed only the address.", "She sent her whole copy, and in it stood the old number.", "new"),
            Choice("The old one. Elin's copy replaced everything.", "PUT is the whole record. What Jonas wrote is in version 2, and version 3 does not have it.", "old"),
            Choice("Both. A server keeps what it has.", "PUT adds nothing: it replaces.", "both"),
        ),
        read=read_phone,
        right="old",
        why="Both were answered 200, and neither knows. This is a *lost update*; a call to the old number reaches nobody.",
        spec="FHIR R4 section 3.1.0.5",
        shown="In the record",
    ),
    Prediction(
        id="10.p3",
        standard="fhir",
        ask="The six are on the server. `Patient?given=Anna&given=Maria`: how many does it find?",
        choices=(
            Choice("4: everybody who is called Anna or Maria", "That would be `given=Anna,Maria`: a comma is *or*.", "4"),
            Choice("1: the one who is called both", "A parameter that comes twice has to hold twice: *and*.", "1"),
            Choice("None: a parameter must not come twice", "It may, and it has a meaning.", "0"),
        ),
        read=read_total,
        right="1",
        why="Repetition is *and*, a comma is *or*. Whoever turns them round gets an answer all the same, and does not see that it is another one.",
        spec="FHIR R4 section 3.1.1.4",
        shown="It found",
    ),
    Prediction(
        id="10.p4",
        standard="fhir",
        ask="There are 23 heart rates. You ask for 10 at a page, and for no total. With how many requests does a client have them all, and know it?",
        choices=(
            Choice("1. The Bundle is the answer.", "It is a page. Whether there is more, its links say.", "1"),
            Choice("3. The third page has no link to a next one.", "10, 10 and 3; and where no link `next` is, nothing follows.", "3"),
            Choice("4. Only an empty page shows the end.", "The third page says it already: it has no link `next`.", "4"),
            Choice("Nobody can know, without a total.", "The links are enough, and a total may be an estimate.", "never"),
        ),
        read=read_pages,
        right="3",
        why="The link is the server's, made for the server: it is followed, and never built by hand.",
        spec=cited("FHIR R4 section 3.1.0.14, paging", checked=False),
        shown="It took",
    ),
    Prediction(
        id="10.p5",
        standard="fhir",
        ask="`Observation?code=2823-3&_include=Observation:patient` finds three potassium results, of two patients. Which total does the Bundle have, and how many entries?",
        choices=(
            Choice("total 5, and 5 entries", "The total counts what matches. The patients do not match: they were only brought along.", "5+5"),
            Choice("total 3, and 5 entries", "Three match; the two patients came with them, each once, and marked as `include`.", "3+5"),
            Choice("total 3, and 6 entries", "Each patient comes once, however many results refer to them.", "3+6"),
            Choice("total 3, and 3 entries", "`_include` brings along what the matches refer to.", "3+3"),
        ),
        read=read_included,
        right="3+5",
        why="Each entry says why it is there: `search.mode` is match or include. A program that counts entries counts patients among the results.",
        spec="FHIR R4 section 3.1.1.5",
        shown="It has",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="10.q1",
        standard="fhir",
        ask="`Patient?given=Anna&given=Maria` finds …",
        choices=(
            Choice("patients with either name", "That is `given=Anna,Maria`."),
            Choice("patients with both names", "Repetition is *and*."),
            Choice("only “Anna Maria”, in this order", "The order does not matter: each of the two is looked for."),
            Choice("nothing: it is an error", "Repetition is allowed."),
        ),
        right=1,
        spec="FHIR R4 section 3.1.1.4",
    ),
    Question(
        id="10.q2",
        standard="fhir",
        ask="On the wristband stands 4711. How does a ward system find the record on a server that it meets for the first time?",
        choices=(
            Choice("`GET Patient/4711`", "That asks for a record whose *id* is 4711. With bad luck there is one, of somebody else."),
            Choice("`GET Patient?_id=4711`", "The same question as a search: `_id` is the id."),
            Choice("`GET Patient?identifier=urn:oid:2.999.10.1|4711`", "The number, and who gave it out: that holds on every server."),
            Choice("`GET Patient?name=4711`", "A name is no number."),
        ),
        right=2,
        spec="FHIR R4 section 3.1.1.4.10",
    ),
    Question(
        id="10.q3",
        standard="fhir",
        ask="A PUT with If-Match is answered 412. What now?",
        choices=(
            Choice("Send it again without If-Match.", "Then somebody's change is gone, and that somebody is never told."),
            Choice("Read the record, make the change in what you read, and write it with the new version.", "So both changes are in it."),
            Choice("Wait for a minute, and send the same bytes again.", "The version that you name will not come back."),
            Choice("The resource is invalid: mend it.", "That would be 422. Here only a condition does not hold."),
        ),
        right=1,
        spec="FHIR R4 section 3.1.0.5",
    ),
    Question(
        id="10.q4",
        standard="fhir",
        ask="A search gives a Bundle with 20 entries, no total and a link `next`. What does the list on the screen have to say?",
        choices=(
            Choice("20 patients found", "20 are on this page. There are more."),
            Choice("The first 20; there are more", "A link `next` says so, and is followed when the reader wants to see them."),
            Choice("Nothing: without a total the answer is broken", "A server need not give one."),
            Choice("40 patients, as there are two pages", "Nobody knows how many follow."),
        ),
        right=1,
        spec=cited("FHIR R4 section 3.1.0.14, paging", checked=False),
    ),
    Question(
        id="10.q5",
        standard="fhir",
        ask="Only the telephone number changes. Which request cannot lose anything else?",
        choices=(
            Choice("PUT with the number alone", "Everything that is not in it is gone."),
            Choice("POST with the whole record", "That is a second record of the same person."),
            Choice("PATCH that replaces the number", "It names one place. All the others stay, whoever has changed them meanwhile."),
            Choice("DELETE, and then create her anew", "Her id changes, and every reference to her leads nowhere."),
        ),
        right=2,
        spec="FHIR R4 section 3.1.0.6",
    ),
)  # fmt: skip

LESSON = Lesson(
    number="10",
    goals=(
        Goal(
            "read a resource: id and identifier, cardinality, choice of type, reference, extension, modifier", ("10.1", "10.p1"), code=False
        ),
        Goal(
            "create, change, delete and search to the last page, and explain the status of every answer",
            ("10.2", "10.3", "10.4", "10.5", "10.6", "10.7", "10.8", "10.9", "10.10", "10.11", "10.p2", "10.p3", "10.p4", "10.p5"),
        ),
        Goal("choose for a need the right resource, and defend it", ("10.12",), code=False),
    ),
    minutes=40,
    before="lesson 00; JSON is explained where it appears.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
