"""The items of lesson 00, Start here: two exercises, three predictions, four questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ihe_kit.course.forms import acknowledgment
from ihe_kit.course.items import Answer, Choice, Context, Exercise, Goal, Lesson, Part, Prediction, Question, Verdict, Wrong
from ihe_kit.crosswalk import person
from ihe_kit.exchanges import Exchange
from ihe_kit.files import rows
from ihe_kit.verbs import build, exchange

# 00.1: an identifier that can be matched -------------------------------------------------------------------------------------------

Slip = tuple[Callable[[str], Any], str, str]  # (what gives it away, what is said, why); {0} is what the first one found


def _parts(field: str) -> list[str]:
    return [*field.split("^"), "", "", "", "", ""]


def _authority(field: str) -> list[str]:
    return [*_parts(field)[3].split("&"), "", "", ""]


def _spaced(field: str) -> bool:
    """Whether blanks are all that keeps the number from being Ingrid's."""
    return any(map(str.isspace, field)) and _parts("".join(field.split()))[0] == "4711"


def _misplaced(field: str) -> int:
    """The component in which the authority stands by mistake, counted from 1; 0 where it does not."""
    signs = ("NORDVIK", "2.999")
    return next((n for n, part in enumerate(_parts(field), start=1) if n != 4 and any(sign in part for sign in signs)), 0)


def _other_domain(field: str) -> str:
    oid = _authority(field)[1]
    owner = next((row["organisation"] for row in rows("domains.tsv") if row["oid"] == oid), "a domain that Fjordland does not know")
    return "" if oid in ("", "2.999.10.1") else f"{oid} is {owner}"


_COUNT = "Three `^` stand between the number and its authority, because components 2 and 3 stay empty."
_INSIDE = "`NORDVIK`, the object identifier and `ISO` are three parts of one component. Inside a component the separator is `&`."

SLIPS: tuple[Slip, ...] = (
    (lambda f: "|" in f, "A bar ends the field.",
     "What follows `|` would land in PID-4. Write only what stands inside PID-3, with `^` between its components."),
    (lambda f: "~" in f, "That is two identifiers.", "`~` starts a second one. One is enough here: the number that Nordvik gave out."),
    (lambda f: f if _spaced(f) else "", "Almost: there is a space in it.",
     "On the wire every character counts, and with a space in it a number is another number. Take the spaces out."),
    (lambda f: not _parts(f)[0], "The number is missing.", "It comes first, before any `^`. Ingrid's number at Nordvik is 4711."),
    (lambda f: "" if _parts(f)[0] == "4711" else _parts(f)[0] or " ", "{0} is not her number.",
     "The first component holds the number alone. Ingrid's number at Nordvik is 4711."),
    (lambda f: "urn:oid:" in f.lower(), "Almost: `urn:oid:` is FHIR's way to write an object identifier.",
     "HL7 v2 writes the number alone, `2.999.10.1`, and says behind it what kind of identifier it is."),
    (lambda f: _parts(f)[3] and _misplaced(f) == 5 and "&" not in f, "Almost: the object identifier slipped into the fifth component.",
     f"Number and namespace are where they belong. {_INSIDE}"),
    (_misplaced, "The authority stands in component {0}, not in the fourth.", f"The number is right, and you name its owner. {_COUNT}"),
    (lambda f: not _parts(f)[3] and _parts(f)[4], "Almost: the number has no owner.",
     "The fifth component is the type, and you have it. The fourth, the assigning authority, is empty, so the receiver cannot tell whose 4711 this is."),
    (lambda f: not _parts(f)[3], "The number is right, but it has no owner.",
     f"Every hospital may have a 4711. The fourth component says who gave this one out. {_COUNT}"),
    (lambda f: _authority(f)[0].startswith("2.999"), "An object identifier stands where the namespace belongs.",
     "The fourth component is the right place. Its first part is the short name, `NORDVIK`; the object identifier is the second, after an `&`."),
    (lambda f: not _authority(f)[0], "The authority has an object identifier but no namespace.",
     "IHE wants the namespace first. It stands before the first `&` of the fourth component (ITI TF-2 Appendix N.3)."),
    (lambda f: "" if _authority(f)[0] == "NORDVIK" else _authority(f)[0], "{0} did not give this number out.",
     "The form is right. The namespace of Nordvik Hospital is `NORDVIK`, in capitals."),
    (_other_domain, "The number is filed under another domain.",
     "{0}. Two hospitals may both have a 4711: with this object identifier you speak of somebody else. Nordvik's is 2.999.10.1."),
    (lambda f: _authority(f)[2] == "ISO" and _authority(f)[3], "Almost: {0} stands inside the authority.",
     "The authority has three parts, and they are right. The type is a component of its own, the fifth: `^` comes before it, not `&`."),
    (lambda f: _authority(f)[1] and _authority(f)[2] != "ISO", "Almost: the third part of the authority is not ISO.",
     "Namespace and object identifier are right. The third part says what kind of identifier it is: `ISO` (ITI TF-2 Appendix N.3)."),
    (lambda f: "" if _parts(f)[4] in ("", "PI") else _parts(f)[4], "The type is {0}, not PI.",
     "Number and authority are right. `PI` says that the number is a hospital's own for its patient."),
)  # fmt: skip


def check_identifier(answer: Answer, context: Context) -> Verdict:
    """The slips that can be named first; what passes them is sent for real, to a receiver that knows Ingrid already."""
    field = answer[0]
    for gives_away, says, why in SLIPS:
        if found := gives_away(field):
            return Verdict(False, says.format(found), why.format(found))
    sent, known = _admit(field, context)
    if sent.refused or sent.lost:
        finding = next((f for f in sent.found if f.severity == "error"), None)
        return Verdict(
            False, f"The receiver refused it: {sent.answer.name if sent.answer else 'no answer'}.", finding.says if finding else sent.lost
        )
    if not _authority(field)[1]:
        return Verdict(
            False, "The receiver took it, because this region knows who NORDVIK is.",
            "A namespace alone keeps IHE's rules. But a short name is known in one region only, and another one may have a NORDVIK of its own: add the "
            "object identifier and its type after the namespace, with `&` between them.",
        )  # fmt: skip
    more = "" if _parts(field)[4] else " One thing more: you know the type, so send it. `PI` goes into the fifth component."
    return Verdict(
        True, "Right. The receiver answered AA, and it still knows one Ingrid." if known == "1" else "Right. The receiver answered AA.",
        f"Number and authority together make the identifier, so the receiver found her in its own records.{more}",
    )  # fmt: skip


def _admit(field: str, context: Context) -> tuple[Exchange, str]:
    """(the admission as it went, how many Ingrids the receiver knows afterwards)."""
    with context.sandbox() as box:
        exchange("ITI-104", build("ITI-104", person("ingrid"), box.clock, box.ids), box)
        sent = exchange("ITI-31", build("ITI-31", person("ingrid") | {"PID-3": field}, box.clock, box.ids), box)
        found = exchange("ITI-78", build("ITI-78", {"family": "Ødegård"}, box.clock, box.ids), box)
        return sent, next(iter(found.answer.get("Bundle.total")), "") if found.answer else ""


# 00.2: one fact, three carriers ------------------------------------------------------------------------------------------------------

MESSAGE, CALL, RECORD = "a message (HL7 v2)", "an API call (FHIR)", "an entry in a record (openEHR)"
CARRIERS = (MESSAGE, CALL, RECORD)
LAB_SENDS, WARD_ASKS = "the laboratory sends, the ward receives", "the ward asks, the laboratory answers"
APP_ASKS, SERVER_SENDS = "the app asks, the server answers", "the server sends, the app receives"

# (what is asked, what may be chosen, what fits, where to look when something else was chosen)
POTASSIUM: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("08:40, the value is ready and the laboratory's system tells the ward's at once. What carries it?", CARRIERS, MESSAGE,
     "At 08:40 nobody asks: something happened, and a system tells another. Which of the three exchanges above was told, not asked for?"),
    ("08:40, who sends and who receives?", (LAB_SENDS, WARD_ASKS), LAB_SENDS,
     "At 08:40 the ward does not know yet that there is a value. Who does?"),
    ("09:05, Dr Strand's app wants this week's values from a server. What carries the question?", CARRIERS, CALL,
     "At 09:05 somebody asks and wants an answer at once, for one patient. Compare the search for Ingrid."),
    ("09:05, who begins?", (APP_ASKS, SERVER_SENDS), APP_ASKS,
     "At 09:05 nothing new has happened in the laboratory. Who wants something?"),
    ("Ten years on, another hospital reads the value, and the laboratory's software is long gone. Where does it stand?", CARRIERS, RECORD,
     "Ten years on no wire is involved. What outlives every system that wrote it?"),
)  # fmt: skip


def check_carriers(answer: Answer, _: Context) -> Verdict:
    """How many fit, and where to look for the first that does not."""
    wrong = [clue for (*_ask, fits, clue), given in zip(POTASSIUM, answer, strict=True) if given != fits]
    if not wrong:
        return Verdict(
            True, "Right, all five.", "Told when it happens, asked for when it is needed, kept for good: one value, three carriers."
        )
    return Verdict(False, f"{len(POTASSIUM) - len(wrong)} of {len(POTASSIUM)} fit.", wrong[0])


EXERCISES = (
    Exercise(
        id="00.1",
        standard="v2",
        task="Write PID-3 so that the receiver can match Ingrid Ødegård: number 4711, type PI, given out by Nordvik "
        "(namespace NORDVIK, object identifier 2.999.10.1).",
        parts=(Part("PID-3"),),
        check=check_identifier,
        hints=(
            "Look at PID-3 of the admission in the Explorer above. Which component says who gave the number out?",
            "The fourth component has three parts of its own: namespace, object identifier, and the word ISO. `&` separates them.",
            "`4711^^^NORDVIK&` and so on: the object identifier, `&ISO`, then `^` and the type.",
        ),
        solution=("4711^^^NORDVIK&2.999.10.1&ISO^PI",),
        why="4711 alone could be anybody's. The authority says whose number it is: a short name for people, and an object identifier that no other "
        "hospital in the world has. PI says that it is the hospital's own number.",
        wrong=(
            Wrong(("4711",), "A number is enough to find a patient."),
            Wrong(("4711^^^^PI",), "The type says whose number it is."),
            Wrong(("4711^^^NORDVIK^PI",), "A short name is known everywhere."),
            Wrong(("4711^^^NORDVIK^2.999.10.1^ISO",), "Parts of a component are components too."),
        ),
        spec="ITI TF-2 Appendix N.1 and N.3",
    ),
    Exercise(
        id="00.2",
        standard="",
        task="Midtbyen Laboratory measures Ingrid's potassium: 3.1 mmol/L, too low. Who carries the value at each moment?",
        parts=tuple(Part(ask, options) for ask, options, _, _ in POTASSIUM),
        check=check_carriers,
        hints=(
            "Three exchanges ran above. For each, ask: who began, and did anybody wait for the answer?",
            "Tell what happened: a message. Ask for what you need: an API call. Keep it for good: a record.",
            "08:40 is a message from the laboratory, 09:05 a question of the app. What is left for the last one?",
        ),
        solution=tuple(fits for _, _, fits, _ in POTASSIUM),
        why="The usual picture today, and no law: FHIR can also notify, and a record has an API of its own. What matters is to ask each time who begins, who "
        "waits, and what stays.",
        wrong=(
            Wrong((CALL, WARD_ASKS, CALL, APP_ASKS, CALL), "One standard replaces the others: everything is an API call."),
            Wrong((MESSAGE, LAB_SENDS, MESSAGE, SERVER_SENDS, RECORD), "Whoever has the value begins."),
            Wrong((MESSAGE, LAB_SENDS, CALL, APP_ASKS, MESSAGE), "The messages of ten years ago are the record."),
        ),
    ),
)


# Predictions --------------------------------------------------------------------------------------------------------------------------


def _first(found: Exchange, path: str) -> str:
    return next(iter(found.answer.get(path)), "") if found.answer else ""


def read_search(found: Exchange) -> tuple[str, str]:
    """The status, for 200 with the number of patients."""
    status, total = _first(found, "response.status"), _first(found, "Bundle.total")
    shown = f"{status}, {total} patient{'' if total == '1' else 's'}" if status == "200" else status or found.lost
    return (f"{status}/{total}" if status == "200" else status), shown


def read_status(found: Exchange) -> tuple[str, str]:
    """The status and its name."""
    return _first(found, "response.status"), found.answer.name if found.answer else found.lost


PREDICTIONS = (
    Prediction(
        id="00.p1",
        standard="v2",
        ask="Ingrid is admitted. The clerk presses *Admit* once more, and the same admission goes out again. What does the receiver answer?",
        choices=(
            Choice(
                "It takes the second admission and overwrites the first (AA, accepted).",
                "An open stay that is overwritten hides a mistake on the ward.",
                "AA",
            ),
            Choice(
                "It keeps the first admission, and refuses the second with a reason (AE).",
                "It discards the message and says so: sender and receiver see the ward differently.",
                "AE",
            ),
            Choice(
                "It takes no admissions at all (AR, rejected).",
                "`AR` is for a kind of message that the receiver does not know. It knows admissions.",
                "AR",
            ),
            Choice("Nothing. It has the message already.", "Silence would leave the sender guessing, and it would send again.", "lost"),
        ),
        read=acknowledgment,
        right="AE",
        why="An admission while one is open is discarded, and an error is raised. The ERR segment tells a person which patient it is about.",
        spec="ITI TF-2 section 3.31.7.1.4",
    ),
    Prediction(
        id="00.p2",
        standard="fhir",
        ask="Somebody types 1985 instead of 1958. The search goes out with a birth date that nobody named Ødegård has. What comes back?",
        choices=(
            Choice(
                "An error: what you asked for is not here (404).",
                "404 is for an address that is not there, or a domain that the supplier does not know. This question was understood.",
                "404",
            ),
            Choice("An error: the question makes no sense (400).", "400 says that the question cannot be understood. This one can.", "400"),
            Choice(
                "A good answer: nobody. A list with no patient in it (200).",
                "The question was understood, and the answer is: nobody.",
                "200/0",
            ),
            Choice(
                "A good answer: Ingrid, as the nearest match (200).",
                "A search compares, it does not guess. Guessing needs another transaction, ITI-119.",
                "200/1",
            ),
        ),
        read=read_search,
        right="200/0",
        why="Finding nobody is an answer, not an error. A program that looks only at the status sees success and shows an empty list.",
        spec="PDQm section 2:3.78.4.1.3, case 3",
    ),
    Prediction(
        id="00.p3",
        standard="openehr",
        ask="The nurse types 5000 instead of 142. Apart from that the entry is as it was. What does the openEHR repository answer?",
        choices=(
            Choice(
                "It is stored: values are the clinician's business (201).",
                "The template says which values can be, and the repository holds every entry to it.",
                "201",
            ),
            Choice("Refused: it cannot be read (400).", "400 is for what cannot be read at all. This can be read.", "400"),
            Choice(
                "Refused: it can be read, but a value breaks the clinical model (422).",
                "It can be read, but it breaks the template.",
                "422",
            ),
            Choice(
                "Refused: it is there already (409).", "409 is for what is there already, such as a second record for one patient.", "409"
            ),
        ),
        read=read_status,
        right="422",
        why="422 means: I can read it, and I do not accept it. The template allows less than 1000 mm[Hg], so a slip of the fingers is caught; whether 300 "
        "makes sense is left to people. Nothing was stored.",
        spec="openEHR REST API 1.0.3, COMPOSITION",
    ),
)

QUIZ = (
    Question(
        id="00.q1",
        standard="",
        ask="A ward system tells five systems in the same hospital about an admission. Which carrier is most usual today?",
        choices=(
            Choice("A FHIR call to each of them, which hands in the patient", "Possible, but rarely the interface that is already there."),
            Choice("An HL7 v2 message, ADT", "Told when it happens, to whoever listens: what v2 has done in hospitals for decades."),
            Choice("An entry in an openEHR record", "An entry is kept. It notifies nobody."),
            Choice("A list of patients that each system asks for in the morning", "Then nobody hears of who comes at noon."),
        ),
        right=1,
    ),
    Question(
        id="00.q2",
        standard="",
        ask="Nordvik buys two systems. Both sellers say: we speak HL7 v2.5. Will an admission pass between them?",
        choices=(
            Choice("Yes. It is one standard.", "The standard leaves most fields optional, so each may send what the other does not read."),
            Choice(
                "Yes, if each can read the other's messages.",
                "Readable is the first step. Whether the identifier has an authority is the second.",
            ),
            Choice(
                "Likely, if one claims PAM as Patient Encounter Supplier and the other as Consumer.",
                "A profile settles what the standard leaves open. A test still has to show it.",
            ),
            Choice("No. They need FHIR for that.", "FHIR leaves as much open. It is profiled too: PDQm is one such profile."),
        ),
        right=2,
        spec="ITI TF-1 chapter 14",
    ),
    Question(
        id="00.q3",
        standard="",
        ask="In your log the system *Fjordland identity* answered ITI-31 and ITI-78. What does that make it?",
        choices=(
            Choice("Two systems in one box", "One program answers both. The actor is the role, the system is the thing."),
            Choice("One actor with two transactions", "Each of the two transactions names an actor of its own that answers."),
            Choice(
                "One system that plays two actors",
                "It is the Patient Encounter Consumer of PAM and the Patient Demographics Supplier of PDQm.",
            ),
            Choice("Two profiles", "A profile is a text that says how actors behave. A system claims it, and is none."),
        ),
        right=2,
        spec="ITI TF-1 chapters 14 and 38",
    ),
    Question(
        id="00.q4",
        standard="openehr",
        ask="The blood pressure went to the openEHR repository. Which IHE transaction was that?",
        choices=(
            Choice("ITI-31", "ITI-31 was the admission. It tells who comes, moves and goes; no measurement is in it."),
            Choice(
                "None. It is openEHR's own REST API.", "openEHR and IHE have no formal agreement. How they meet is emerging good practice."
            ),
            Choice("ITI-65", "ITI-65 hands in documents. An entry can be published that way; this one was not."),
            Choice("ITI-78", "ITI-78 was the search. It asks for patients and keeps nothing."),
        ),
        right=1,
        spec="openEHR REST API 1.0.3",
    ),
)

GOALS = (
    Goal(
        "say for one clinical fact whether a message, an API call or a record carries it, who sends and who receives",
        ("00.2", "00.q1"),
        code=False,
    ),
    Goal("start and stop a simulated system, and find in its log what crossed", ("00.p1", "00.q3")),
    Goal("choose your path through the course, and name what each lesson leaves in your hands", ("00.q2", "00.q4"), code=False),
)

LESSON = Lesson("00", GOALS, 40, "nothing", EXERCISES, PREDICTIONS, QUIZ)
