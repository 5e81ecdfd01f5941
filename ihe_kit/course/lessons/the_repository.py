"""The items of lesson 18, The repository: versions and their identifiers, who changed what and why, and two wards that write at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ihe_kit import OpenehrClient
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
from ihe_kit.course.two_wards import (
    AGAIN,
    ALL_OF_IT,
    ELIN,
    FIRST_ID,
    FORCE,
    GIVE_UP,
    HANNE,
    INGRID,
    ITS_ID,
    JONAS,
    MY_CHANGE,
    MY_COPY,
    NO_ID,
    ONLY_THE_ID,
    STOPPED,
    Json,
    Procedure,
    because,
    client,
    colleagues_script,
    dose,
    follow,
    history,
    listed,
    medicines,
    object_of,
    record,
    says,
    start,
    status,
    stop,
    taken,
    tomas,
    version_of,
)
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import OpenehrMessage

UPDATE = "openEHR ITS-REST, EHR, COMPOSITION, update"
DELETE = "openEHR ITS-REST, EHR, COMPOSITION, delete"
CHANGES = "openEHR RM, Common Information Model, Change Control Package, Contributions"
DELETION = "openEHR RM, Common Information Model, Change Control Package, Logical Deletion"
VERSION_IDS = "openEHR RM, Common Information Model, Change Control Package, Version Identification"


# 18.1: which identifier goes where --------------------------------------------------------------------------------------------------------

EHR, OBJECT = "the ehr_id", "the uuid alone"
FIRST, LATEST = "uuid::system::1, the first version", "uuid::system::2, the latest version"
NAMES = (EHR, OBJECT, FIRST, LATEST)


@dataclass(frozen=True)
class Place:
    """A place where an identifier is wanted, which one, the request that is made with the learner's, and how to tell that it did what is wanted."""

    says: str
    wants: str
    asks: Callable[[OpenehrClient, str, str, str], Exchange]  # (client, ehr_id, uuid, the identifier that was chosen)
    done: Callable[[Exchange], bool]
    clue: str


def _put(asks: OpenehrClient, ehr: str, where: str, match: str) -> Exchange:
    return asks.ask("PUT", f"ehr/{ehr}/composition/{where}", medicines(), if_match=f'"{match}"' if match else "")


def _now(asks: OpenehrClient, ehr: str, uid: str, chosen: str) -> Exchange:
    """Somebody else writes meanwhile; then what holds now is asked for."""
    seen = asks.read(ehr, uid)
    asks.update(ehr, uid, start(seen, "Bisoprolol", 2.5), version_of(seen))
    return asks.read(ehr, chosen)


def _ends(number: int) -> Callable[[Exchange], bool]:
    return lambda sent: not sent.refused and version_of(sent).endswith(f"::{number}")


PLACES = (
    Place("PUT: in the URL, behind `composition/`", OBJECT, lambda c, ehr, uid, x: _put(c, ehr, x, version_of(c.read(ehr, uid))), _ends(3),
          "The URL says *which list*, in whatever version. Which version was changed, a header says."),
    Place("PUT: in the header `If-Match`", LATEST, lambda c, ehr, uid, x: _put(c, ehr, uid, x), _ends(3),
          "*Only if this is still the latest.* So it has to name one version, and that one."),
    Place("DELETE: in the URL, behind `composition/`", LATEST, lambda c, ehr, _, x: c.delete(ehr, x), _ends(3),
          "A DELETE has no `If-Match` here: its URL says which version you have seen, so that you delete nothing that you have not."),
    Place("GET what holds now, whoever changes it meanwhile", OBJECT, _now, _ends(3),
          "A version never changes. Whoever asks for `::2` gets `::2`, also when there is a third."),
    Place("GET what was committed at first", FIRST, lambda c, ehr, _, x: c.read(ehr, x), _ends(1), "A former version is asked for by its own identifier."),
    Place("GET the history: behind `versioned_composition/`", OBJECT, lambda c, ehr, _, x: c.ask("GET", f"ehr/{ehr}/versioned_composition/{x}/revision_history"),
          lambda sent: not sent.refused, "The history is that of the list, so of all its versions together."),
)  # fmt: skip


def check_places(answer: Answer, context: Context) -> Verdict:
    """Each request is made, with the identifier that was chosen, on a list of two versions of its own."""
    with context.sandbox() as box:
        asks = client(box, ELIN)
        ehr = record(asks, INGRID)
        came = [_tried(asks, ehr, place, chosen) for place, chosen in zip(PLACES, answer, strict=False)]
    missed = [(place, sent) for place, sent in zip(PLACES, came, strict=False) if not place.done(sent)]
    if missed or len(came) < len(PLACES):
        place, sent = missed[0] if missed else (PLACES[-1], came[-1])
        told = f"It was sent with your choice, and answered {status(sent)}. {says(sent)}".strip()
        return Verdict(False, f"{len(came) - len(missed)} of {len(PLACES)} fit. Look again at: {place.says}.", f"{told} {place.clue}")
    return Verdict(True, "Right, all six. Each was sent, and did what is wanted.", "The uuid for the list, the whole identifier for one version of it.")  # fmt: skip


def _tried(asks: OpenehrClient, ehr: str, place: Place, chosen: str) -> Exchange:
    names = _two_versions(asks, ehr)
    return place.asks(asks, ehr, names[OBJECT], names.get(chosen, "-"))


def _two_versions(asks: OpenehrClient, ehr: str) -> dict[str, str]:
    """A new list, committed and changed once: its identifiers, by their names."""
    kept = asks.commit(ehr, medicines())
    latest = version_of(asks.update(ehr, object_of(kept), medicines(), version_of(kept)))
    return dict(zip(NAMES, (ehr, object_of(kept), version_of(kept), latest), strict=True))


# 18.w1, 18.2, 18.3: which request ---------------------------------------------------------------------------------------------------------

WHAT, LINE, HEADER = "What do I name?", "Method and URL", "If-Match"
OPTIONS = (
    ("the list, whatever its version", "one version: the latest", "the list, as it was at a time"),
    (
        "PUT ehr/E/composition/U",
        "PUT ehr/E/composition/U::S::2",
        "POST ehr/E/composition",
        "DELETE ehr/E/composition/U",
        "DELETE ehr/E/composition/U::S::2",
        "GET ehr/E/composition/U::S::1",
        "GET ehr/E/composition/U?version_at_time=2025-03-03T08:00:00Z",
    ),
    ('"U::S::2"', '"U"', "none: the URL names the version", "none: nothing is changed"),
)
HOWS = (
    "U is the list; U::S::2 is its second version.",
    "POST makes something new, PUT a new version, DELETE a version that says *deleted*, GET reads.",
    "Only a PUT has it, and it names the version that was changed, in quotation marks.",
)


def choosing(*values: str) -> tuple[Step, ...]:
    """The three steps to a request that loses nothing."""
    return tuple(Step(label, value, how) for label, value, how in zip((WHAT, LINE, HEADER), values, HOWS, strict=True))


def _chosen(steps: Sequence[Step], given: Sequence[int] = ()) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    parts, solution = faded(steps, given)
    return tuple(part if part.fixed else replace(part, options=OPTIONS[k]) for k, part in enumerate(parts)), solution


CHANGE = choosing(OPTIONS[0][0], OPTIONS[1][0], OPTIONS[2][0])
REMOVE = choosing(OPTIONS[0][1], OPTIONS[1][4], OPTIONS[2][2])
LOOK_BACK = choosing(OPTIONS[0][2], OPTIONS[1][6], OPTIONS[2][3])
EXAMPLE = Example(
    id="18.w1",
    standard="openehr",
    task="E is Ingrid's ehr_id, U the uuid of her medication list, S the system. You have read version 2, and stopped a drug in it. Which request writes it?",
    steps=CHANGE,
    why="The answer is 200 (or 204 without a body) and a third version, or 412 where somebody was faster. Nothing is lost in either case.",
    spec=UPDATE,
)
_GAPS, _BLANK = _chosen(REMOVE, given=(0,)), _chosen(LOOK_BACK)
_LINES = {
    OPTIONS[1][0]: "PUT writes another version of the list. The content of a list of somebody else would still be in her record.",
    OPTIONS[1][1]: "PUT never names a version in its URL.",
    OPTIONS[1][2]: "That would make one more list.",
    OPTIONS[1][3]: "The method is right. But this URL says nothing of which version you have seen.",
    OPTIONS[1][5]: "GET reads, and takes nothing away.",
    OPTIONS[1][6]: "GET reads, and takes nothing away.",
}
_BACK = {
    OPTIONS[1][5]: "That is the first version, and at nine it may have been the second that held.",
    OPTIONS[1][0]: "To look, nothing is written.",
    OPTIONS[1][1]: "To look, nothing is written.",
    OPTIONS[1][2]: "To look, nothing is written.",
    OPTIONS[1][3]: "To look, nothing is deleted.",
    OPTIONS[1][4]: "To look, nothing is deleted.",
}

_HEADERS = {
    OPTIONS[2][
        0
    ]: "If-Match states a condition for a PUT. This request has no need of one: it names a version in its URL, or it only reads.",
    OPTIONS[2][1]: "If-Match never names the list: it names a version.",
}

# 18.4: who changed what, when and why -----------------------------------------------------------------------------------------------------

VERSIONS = ("::1", "::2", "::3", "::4")
PEOPLE = (ELIN, HANNE, JONAS)
WITH_IT = ("nothing", "a first version of the problem list", "the start of bisoprolol", "the correction of ramipril")
WHY_THREE = (
    "because she had got too much of it",
    "because of the potassium",
    "because a wrong number had been typed",
    "the history does not say",
)


def check_history(answer: Answer, context: Context) -> Verdict:
    """Compared with the same record, kept anew."""
    with context.sandbox() as box:
        told = tomas(box)
        asks = client(box, ELIN)
        found = history(asks, told.ehr, told.medication)[::-1]
        at = next(number for number, one in enumerate(found) if listed(one).get("Spironolactone") == STOPPED)
        stopping, problems = found[at], history(asks, told.ehr, told.problems)[0]
    right = (
        VERSIONS[at],
        stopping.committer,
        "".join(stopping.message.get("/composer/name")) if stopping.message else "",
        WITH_IT[1] if problems.contribution == stopping.contribution else WITH_IT[0],
        WHY_THREE[2],
    )
    clues = (
        "Read the drugs of one version after the other, by the number at the end of the cell above: the first that says *stopped* is it.",
        "The committer is the one who put the version into the repository. It stands in the row of that version, in the audit.",
        "The composer answers for what is written. It stands in the content, and the table shows it beside the committer.",
        "Look at the identifier of its contribution, and in the picture at the column: what else stands in it?",
        "Read the row of `::3`: the kind of change is *amendment*, and then look at *why*.",
    )
    missed = [clue for given, fit, clue in zip(answer, right, clues, strict=False) if given != fit]
    if missed or len(answer) < len(right):
        return Verdict(False, f"{len(right) - len(missed)} of {len(right)} fit.", (missed or clues)[0])
    return Verdict(True, "Right, all five.", "Who, when, what kind, why, and what else at the same time: each version brings its audit along, and its contribution.")  # fmt: skip


# 18.5: break it ---------------------------------------------------------------------------------------------------------------------------

ANSWERS = ("200: a new version", "400: the request is not right", "404: there is no such thing", "412: that is not the latest version")
SENDS = {  # what stands in the URL, and in If-Match
    "If-Match names ::2, the latest": (OBJECT, LATEST),
    "If-Match names ::1, which was read an hour ago": (OBJECT, FIRST),
    "If-Match is left out": (OBJECT, ""),
    "The URL names ::2 in place of the uuid": (LATEST, LATEST),
}
SHOWN = ("::1", "::2", "::3", "nothing: it names none")


def check_broken(answer: Answer, context: Context) -> Verdict:
    """The chosen update is sent to a list of two versions."""
    if answer[2] not in SENDS:
        return Verdict(False, "That is none of the four updates, so nothing was sent.", "Choose one of them.")
    with context.sandbox() as box:
        asks = client(box, ELIN)
        ehr = record(asks, INGRID)
        names, where, match = _two_versions(asks, ehr), *SENDS[answer[2]]
        sent = _put(asks, ehr, names[where], names.get(match, ""))
    number = version_of(sent).rpartition("::")[2]
    came = (status(sent)[:3], f"::{number}" if number else "nothing")
    said = (answer[0].partition(":")[0], answer[1].partition(": ")[0])
    reasons = {
        "200": "It was kept as a third version: nobody had been faster.",
        "400": "The request itself is not right: it does not say, or not in the right place, which version it follows.",
    }
    return judged(said, came, says(sent).partition(". ")[0], ("412",), reasons, "A 412 names the version that you have to read now, in its ETag. It is no fault of yours, and nothing was written.")  # fmt: skip


# 18.6: whose data are gone ----------------------------------------------------------------------------------------------------------------

WHOSE = ("Dr Strand's: the stop of spironolactone", "Dr Berg's: the start of bisoprolol", "both", "nobody's")
EVENING = ("ramipril", "bisoprolol", "spironolactone", "nothing that she should not have")
HISTORY_SAYS = (
    "a warning that something was lost",
    "a modification by Dr Berg, like any other",
    "that version 3 follows version 1",
)


def check_lost(answer: Answer, context: Context) -> Verdict:
    """The script runs once more, and what it left is read."""
    with context.sandbox() as box:
        elin, hanne = client(box, ELIN), client(box, HANNE)
        ehr = record(elin, INGRID)
        seen = elin.commit(ehr, medicines())
        uid = object_of(seen)
        elin.update(ehr, uid, stop(seen, "Spironolactone", "Potassium 6.9 mmol/L"), version_of(seen))
        colleagues_script(hanne, ehr, uid, start(seen, "Bisoprolol", 2.5))
        found = history(elin, ehr, uid)[::-1]
    lists = [listed(one) for one in found]
    has_stop, has_start = lists[-1]["Spironolactone"] == STOPPED, "Bisoprolol" in lists[-1]
    right = (
        WHOSE[3 if has_stop and has_start else 1 if has_stop else 0 if has_start else 2],
        next(VERSIONS[k] for k, one in enumerate(lists) if one["Spironolactone"] == STOPPED),
        EVENING[3 if has_stop else 2],
        HISTORY_SAYS[1],
    )
    clues = (
        "Compare the two lists above, drug by drug: what Dr Strand did, and what Dr Berg did. One of the two is not there any more.",
        "Nothing is overwritten. Go through the versions: in which of them is spironolactone stopped?",
        "Which drug was stopped at eight for the potassium, and goes on in the list that holds now?",
        "Read the table of versions: each row follows the one below it, and says what its sender said.",
    )
    missed = [clue for given, fit, clue in zip(answer, right, clues, strict=False) if given != fit]
    if missed or len(answer) < len(right):
        return Verdict(False, f"{len(right) - len(missed)} of {len(right)} fit.", (missed or clues)[0])
    return Verdict(True, "Right, all four.", "If-Match compares two identifiers. That the content was made from that version, only the sender knows, and this one said what was not so.")  # fmt: skip


# 18.8: repair the procedure ---------------------------------------------------------------------------------------------------------------

PROCEDURE = (
    ("After the 412 I read …", (ONLY_THE_ID, ALL_OF_IT)),
    ("I send …", (MY_COPY, MY_CHANGE)),
    ("If-Match names …", (ITS_ID, FIRST_ID, NO_ID)),
    ("And if a 412 comes again …", (FORCE, AGAIN, GIVE_UP)),
)


def check_procedure(answer: Answer, context: Context) -> Verdict:
    """The procedure is followed, while Dr Strand writes a second time between its reading and its sending."""
    with context.sandbox() as box:
        elin, hanne = client(box, ELIN), client(box, HANNE)
        ehr = record(elin, INGRID)
        seen = elin.commit(ehr, medicines())
        uid = object_of(seen)
        elin.update(ehr, uid, stop(seen, "Spironolactone", "Potassium 6.9 mmol/L"), version_of(seen))

        def between() -> Exchange:
            now = elin.read(ehr, uid)
            return elin.update(ehr, uid, dose(now, "Ramipril", 2.5), version_of(now))

        came = follow(
            Procedure(*[*answer, "", "", "", ""][:4]), hanne, ehr, uid, seen, lambda tree: start(tree, "Bisoprolol", 2.5), between
        )
        left = taken(elin.read(ehr, uid))
    happened = f"Answered {', '.join(came)}. The list: {', '.join(f'{name} {what}' for name, what in left.items())}."
    missed = (
        (left.get("Spironolactone") != STOPPED, "Dr Strand's stop is gone: Ingrid gets spironolactone this evening.",
         "What was sent was made from the old list. An identifier that was fetched does not make it a new one."),
        (left.get("Ramipril") != "2.5 mg", "Dr Strand's second change is gone: ramipril is back at 5 mg.",
         "She wrote once more while you were at it. Whatever is sent has to be made from what was read last."),
        (came[-1:] == ["400"], "Refused with 400, and bisoprolol is not in the list.", "Without If-Match this repository takes no update. One that takes it would lose what others wrote."),
        ("Bisoprolol" not in left and len(came) == 1, "Nothing of Dr Strand's is lost, but bisoprolol is not in the list, and nobody was told.",
         "She had written once more, so a second 412 came. It is as harmless as the first: read again."),
        ("Bisoprolol" not in left, f"Nothing of Dr Strand's is lost, but bisoprolol is not in the list, after {len(came)} tries.",
         "What is sent again unchanged is refused again: the version that it names does not come back."),
    )  # fmt: skip
    if found := next(((what, why) for gap, what, why in missed if gap), None):
        return Verdict(False, *found, happened=happened)
    return Verdict(True, "Right. All three changes are in the list.", "Dr Strand wrote a second time while you were at it, and nothing got lost: your change was made anew in what you had read last.", happened=happened)  # fmt: skip


# 18.9: merge ------------------------------------------------------------------------------------------------------------------------------

ASK = "2.5 mg, and I ask both doctors"
MERGE: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("Atorvastatin: 40 mg in all three", ("40 mg", "stopped", "leave it out"), "40 mg", "Nobody has changed it. A list without it would say that she does not take it."),
    ("Spironolactone: 25 mg at first; Dr Strand stopped it; 25 mg in Dr Berg's copy", ("25 mg", "stopped", "leave it out"), "stopped",
     "Dr Berg's copy says 25 mg because it is old, not because she wanted it. Only one of the two has changed this line."),
    ("Bisoprolol: not there at first; not in Dr Strand's version; 2.5 mg in Dr Berg's copy", ("2.5 mg", "stopped", "leave it out"), "2.5 mg",
     "Dr Strand's version does not have it because it is not there yet, not because she was against it."),
    ("Ramipril: 5 mg at first; Dr Strand made it 2.5 mg; Dr Berg made it 10 mg", ("5 mg", "2.5 mg, and nobody is asked", "10 mg, as it was written last", ASK), ASK,
     "Both have changed this line, and in opposite directions. No program knows who is right: keep what holds, and ask."),
)  # fmt: skip
MATCHES = (
    "::1, from which Dr Berg's copy was made",
    "::2, Dr Strand's, which I have read whole",
    "the newest, whatever stands in it",
)
BEFORE = (("Atorvastatin", 40.0), ("Spironolactone", 25.0), ("Ramipril", 5.0))


def check_merge(answer: Answer, context: Context) -> Verdict:
    """The merged list is committed, and read by somebody else."""
    given = [*answer, "", "", "", "", ""][:5]
    with context.sandbox() as box:
        elin, hanne = client(box, ELIN), because(client(box, HANNE), "Merged with the version of Dr Strand")
        ehr = record(elin, INGRID)
        first = elin.commit(ehr, medicines(*BEFORE))
        uid = object_of(first)
        now = elin.update(ehr, uid, dose(stop(first, "Spironolactone", "Potassium 6.9 mmol/L"), "Ramipril", 2.5), version_of(first))
        match = version_of(first) if given[4] == MATCHES[0] else version_of(now)
        sent = hanne.update(ehr, uid, _merged(now, given), match)
        read = elin.read(ehr, uid)
        left, kept = taken(read), version_of(read).rpartition("::")[2]
    happened = f"Answered {status(sent)}. The list, in version {kept}: {', '.join(f'{name} {what}' for name, what in left.items())}."
    missed = [(line, why) for text, (line, _, wanted, why) in zip(given, MERGE, strict=False) if text != wanted]
    if missed:
        return Verdict(
            False, f"{len(MERGE) - len(missed)} of {len(MERGE)} drugs fit. Look again at: {missed[0][0]}.", missed[0][1], happened=happened
        )
    if given[4] != MATCHES[1]:
        return Verdict(False, f"The four drugs fit. Answered {status(sent)}: look at If-Match.", _NO_MATCH.get(given[4], "Choose one of the three."), happened=happened)  # fmt: skip
    return Verdict(True, f"Right: {status(sent)}, as version {kept}, and nothing is lost.", "Each line was held against the first version: changed by one of them, take it; by both, ask. That is a merge of three, and what you have before you is your evidence for this lesson.", happened=happened)  # fmt: skip


_NO_MATCH = {
    MATCHES[0]: "The merged list was made from Dr Strand's version, and that is what If-Match has to say.",
    MATCHES[2]: "That is the colleague's script: should there be a version that nobody has looked at, it would be passed over.",
}


def _merged(now: Exchange, given: Sequence[str]) -> Json:
    """The list as the answers want it, made in the latest version: drug by drug out of it, and in again as the answer says."""
    tree: Json = dict(now.answer.data) if isinstance(now.answer, OpenehrMessage) else {}
    for (line, _, _, _), text in zip(MERGE, given, strict=False):
        name, amount = line.partition(":")[0], text.partition(" mg")[0]
        if text == STOPPED:
            tree = stop(start(tree, name, 2.5), name, "Potassium 6.9 mmol/L")
        elif text:
            tree = tree | {"content": [one for one in tree["content"] if name not in one["narrative"]["value"]]}
            tree = start(tree, name, float(amount)) if amount.replace(".", "").isdigit() else tree
    return tree


# The exercises ----------------------------------------------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="18.1",
        standard="openehr",
        task="A list is there in two versions. Which identifier belongs in each place? Every request is made with what you choose.",
        parts=tuple(Part(place.says, NAMES) for place in PLACES),
        check=check_places,
        hints=(
            "Ask of each place: is the list meant, or one version of it?",
            "A URL of PUT and of a history names the list. `If-Match` and DELETE name what you have seen.",
            "The uuid three times; `::2` twice, where something is changed; `::1` once. The ehr_id stands before `composition/` already.",
        ),
        solution=tuple(place.wants for place in PLACES),
        why="One identifier names the list for as long as it lives, the other one version that never changes. Whoever stores a link decides between *what holds* and *what I saw*.",
        wrong=(
            Wrong((LATEST, LATEST, LATEST, OBJECT, FIRST, OBJECT), "The more exactly the URL of a PUT names it, the safer."),
            Wrong((OBJECT, OBJECT, LATEST, OBJECT, FIRST, OBJECT), "If-Match names the thing that is changed."),
            Wrong((OBJECT, LATEST, OBJECT, OBJECT, FIRST, OBJECT), "What is deleted is the list, so the list is named."),
            Wrong((OBJECT, LATEST, LATEST, LATEST, FIRST, OBJECT), "The latest version I know of is the latest version."),
            Wrong((EHR, LATEST, LATEST, OBJECT, FIRST, EHR), "The record is the EHR, and so it is named."),
        ),
        spec=VERSION_IDS,
    ),
    Exercise(
        id="18.2",
        standard="openehr",
        task="Somebody else's medication list was committed to Ingrid's EHR. You have looked at it, in version 2, and it has to go. The first step is done.",
        parts=_GAPS[0],
        check=by_steps(REMOVE, "Right.", "The answer is 204, and a third version that says *deleted*. Who changed the list meanwhile makes it 409, and you look again.",
                       slips={1: lambda given: _LINES.get(given, ""), 2: lambda given: _HEADERS.get(given, "")}),
        hints=(
            "Not a line of it is hers, so no new content will do.",
            "The method takes away. Its URL says which version you have looked at, and so no header has to.",
            "DELETE, with the whole identifier of version 2 in the URL.",
        ),
        solution=_GAPS[1],
        why="A PUT names the version in a header, a DELETE in its URL: two ways to say *I know what I change*.",
        wrong=(
            Wrong((REMOVE[0].value, OPTIONS[1][3], OPTIONS[2][0]), "DELETE works as PUT does, with If-Match."),
            Wrong((REMOVE[0].value, OPTIONS[1][0], OPTIONS[2][0]), "One writes an empty list over it."),
            Wrong((REMOVE[0].value, OPTIONS[1][4], OPTIONS[2][0]), "Whatever changes has an If-Match."),
        ),
        spec=DELETE,
    ),
    Exercise(
        id="18.3",
        standard="openehr",
        task="A case is reviewed: what did the list say on Monday at nine (08:00 in UTC, which is written Z), when the evening's drugs were ordered? You do not know which version that was.",
        parts=_BLANK[0],
        check=by_steps(LOOK_BACK, "Right.", "The repository finds the version that was the latest at that time, and its ETag says which one.",
                       slips={1: lambda given: _BACK.get(given, ""), 2: lambda given: _HEADERS.get(given, "")}),
        hints=(
            "You know the list and a time, and no number.",
            "It is only read. A parameter in the URL says when.",
            "GET with the uuid, and `version_at_time` behind a question mark.",
        ),
        solution=_BLANK[1],
        why="What was known at a time can be asked for years later. Without versions, nobody could say what a doctor had before her.",
        wrong=(
            Wrong((OPTIONS[0][1], OPTIONS[1][5], OPTIONS[2][3]), "What was before is the first version."),
            Wrong((OPTIONS[0][2], OPTIONS[1][6], OPTIONS[2][0]), "Every request says which version it means."),
            Wrong((OPTIONS[0][0], OPTIONS[1][0], OPTIONS[2][0]), "To see an old version, one writes it again."),
        ),
        spec="openEHR ITS-REST, EHR, COMPOSITION, get",
    ),
    Exercise(
        id="18.4",
        standard="openehr",
        task="Read the story of Tomás's list in the table, the picture and the VersionHistory above. No code is needed.",
        parts=(
            Part("In which version was spironolactone stopped?", VERSIONS),
            Part("Who committed that version?", PEOPLE),
            Part("Who answers for its content?", PEOPLE),
            Part("What was committed together with it?", WITH_IT),
            Part("Why was ramipril changed from 5 mg to 2.5 mg?", WHY_THREE),
        ),
        check=check_history,
        hints=(
            "Who, when and why stand in the table. Which drug changed where, the comparison shows.",
            "Committer: who put it in. Composer: who answers for it. A contribution: what went in together.",
            "A nurse put it in, on the telephone with a doctor. The column of `::2` has two boxes. An amendment is a correction.",
        ),
        solution=("::2", JONAS, ELIN, WITH_IT[1], WHY_THREE[2]),
        why="251, a modification: the patient has changed. 250, an amendment: what was written had been wrong. Somebody who counts doses must tell them apart.",
        wrong=(
            Wrong(("::2", ELIN, ELIN, WITH_IT[1], WHY_THREE[2]), "Composer and committer are one."),
            Wrong(("::2", JONAS, JONAS, WITH_IT[1], WHY_THREE[2]), "Who types answers for it."),
            Wrong(("::2", JONAS, ELIN, WITH_IT[0], WHY_THREE[2]), "A contribution is a version."),
            Wrong(("::2", JONAS, ELIN, WITH_IT[1], WHY_THREE[0]), "Every change is one of treatment."),
            Wrong(("::3", JONAS, ELIN, WITH_IT[1], WHY_THREE[2]), "What is listed above has happened before."),
        ),
        spec=CHANGES,
    ),
    Exercise(
        id="18.5",
        standard="openehr",
        task="A list is there in two versions. Make the repository refuse an update with 412, and say beforehand which version its answer names. Think of the other three as well.",
        parts=(Part("First say which answer will come", ANSWERS), Part("And which version its ETag will name", SHOWN), Part("Then choose an update", tuple(SENDS))),
        check=check_broken,
        hints=(
            "412 is about a condition that was stated, and does not hold.",
            "The condition has to be there, in the right place, and name a version that is not the latest.",
            "Name the version of an hour ago. The answer tells you what you have to read now: the latest.",
        ),
        solution=(ANSWERS[3], SHOWN[1], "If-Match names ::1, which was read an hour ago"),
        why="Without `If-Match` there is no condition, so it is no 412. This API asks for one: a client cannot forget it without being told.",
        wrong=(
            Wrong((ANSWERS[3], SHOWN[1], "If-Match is left out"), "Without a condition, the condition fails."),
            Wrong((ANSWERS[3], SHOWN[0], "If-Match names ::1, which was read an hour ago"), "The answer repeats what I have sent."),
            Wrong((ANSWERS[0], SHOWN[2], "If-Match names ::2, the latest"), "An update is an update, whatever it names."),
            Wrong((ANSWERS[3], SHOWN[1], "The URL names ::2 in place of the uuid"), "URL and header are two ways to say the same."),
        ),
        spec=UPDATE,
        kind="Break it",
        button="Send it",
    ),
    Exercise(
        id="18.6",
        standard="openehr",
        task="The script has run, and everything is green. What has it done? Read the two lists and the history above. No code is needed.",
        parts=(
            Part("Whose change is not in the list any more?", WHOSE),
            Part("In which version can it still be read?", VERSIONS[:3]),
            Part("What does Ingrid get this evening that she should not?", EVENING),
            Part("What does the history say of the last version?", HISTORY_SAYS),
        ),
        check=check_lost,
        hints=(
            "Hold the three lists against each other, drug by drug.",
            "Dr Berg's copy was made from version 1. What Dr Strand did is in version 2, and nowhere else.",
            "Whoever looks only at the latest version sees a drug that goes on. Whoever looks at the second sees why it should not.",
        ),
        solution=(WHOSE[0], "::2", EVENING[2], HISTORY_SAYS[1]),
        why="Nothing was erased, and it is lost all the same: nobody on the ward opens version 2. Versions help to find such a thing, and do not prevent it.",
        wrong=(
            Wrong((WHOSE[1], "::2", EVENING[2], HISTORY_SAYS[1]), "Who is refused is the one who loses."),
            Wrong((WHOSE[3], "::2", EVENING[3], HISTORY_SAYS[1]), "What can still be read is not lost."),
            Wrong((WHOSE[0], "::2", EVENING[2], HISTORY_SAYS[0]), "A repository notices when something is lost."),
            Wrong((WHOSE[0], "::1", EVENING[2], HISTORY_SAYS[2]), "What a version was made from, the repository knows."),
        ),
        spec=CHANGES,
    ),
    order(
        id="18.7",
        standard="openehr",
        task="Dr Berg starts a drug. Put the steps of a safe update in order. One does not belong.",
        tiles=(
            Tile("read", "Read the latest version, whole", "What you change has to be what holds now."),
            Tile("keep", "Keep its identifier, from ETag", "Without it you cannot say which version you have changed."),
            Tile("change", "Make the change in what was read", "A copy from an hour ago says that nothing has happened since."),
            Tile("put", "PUT to the uuid, with the identifier in If-Match", "The repository compares, and writes only if nobody was faster."),
            Tile("412", "On 412, begin again with reading", "Somebody was faster. Their change is in the latest version, and yours goes into it."),
            Tile("fetch", "On 412, fetch the newest identifier and send the same content", "That is the colleague's script. The identifier is new and the content old: what others wrote is gone."),
        ),
        solution=("read", "keep", "change", "put", "412"),
        before=(
            ("read", "keep", "The identifier comes with the version."),
            ("read", "change", "First have it, then change it."),
            ("keep", "put", "If-Match repeats what ETag told."),
            ("change", "put", "What is sent is the changed list."),
            ("put", "412", "412 is an answer to the PUT."),
        ),
        hints=(
            "Two of the pieces say what to do on a 412. What does each of them send?",
            "Read, keep, change, write. Then know what to do when it is refused.",
            "The piece that fetches only an identifier does not belong. The last one is *begin again*.",
        ),
        why="Identifier and content come from the same reading. That is the whole of it: whoever takes one of them from elsewhere says something that is not so.",
        wrong=(
            Wrong(("read", "keep", "change", "put", "fetch"), "412 asks for another identifier."),
            Wrong(("change", "read", "keep", "put", "412"), "When I change it does not matter, if only I read before I write."),
            Wrong(("read", "change", "put", "412"), "The repository knows which version I saw."),
        ),
        spec=UPDATE,
    ),
    Exercise(
        id="18.8",
        standard="openehr",
        task="Repair the colleague's script, line by line. It is followed for real, and Dr Strand is quick: she writes once more, ramipril 2.5 mg, before you send.",
        parts=tuple(Part(says_, options) for says_, options in PROCEDURE),
        check=check_procedure,
        hints=(
            "The script read too little, and sent too much.",
            "Keep your change apart from the list: *start bisoprolol* can be done to any version of it.",
            "Read all of it, make your change in that, name that version, and after another 412 do the same again.",
        ),
        solution=(ALL_OF_IT, MY_CHANGE, ITS_ID, AGAIN),
        why="A change that can be made again is worth more than a finished copy. So a program keeps *what to do*, and not only the result.",
        wrong=(
            Wrong((ONLY_THE_ID, MY_COPY, ITS_ID, AGAIN), "412 is about the identifier alone."),
            Wrong((ONLY_THE_ID, MY_CHANGE, ITS_ID, AGAIN), "My change is safe, whatever it is made in."),
            Wrong((ALL_OF_IT, MY_COPY, ITS_ID, AGAIN), "To have read it is enough."),
            Wrong((ALL_OF_IT, MY_CHANGE, FIRST_ID, AGAIN), "If-Match names the version with which I began."),
            Wrong((ALL_OF_IT, MY_CHANGE, NO_ID, AGAIN), "Without If-Match it goes through."),
            Wrong((ALL_OF_IT, MY_CHANGE, ITS_ID, FORCE), "Once more, and it will work."),
            Wrong((ALL_OF_IT, MY_CHANGE, ITS_ID, GIVE_UP), "There is only one 412."),
        ),
        spec=UPDATE,
    ),
    Exercise(
        id="18.9",
        standard="openehr",
        task="Merge. Version 1 had three drugs; version 2 is Dr Strand's; Dr Berg's copy was made from version 1 and got 412. What does the list say from now on? It is committed and read.",
        parts=(*(Part(line, options) for line, options, _, _ in MERGE), Part("If-Match names", MATCHES)),
        check=check_merge,
        hints=(
            "Hold each of the two against the *first* version, and not against each other: who has changed this line?",
            "Nobody: it stays. One of them: that one's change. Both: no rule helps.",
            "Atorvastatin stays, spironolactone is stopped, bisoprolol is started. For ramipril keep what holds, and ask.",
        ),
        solution=(*(wanted for _, _, wanted, _ in MERGE), MATCHES[1]),
        why="Without the first version nobody could tell an old line from a wanted one. That is why a client keeps what it has read until its change is in.",
        wrong=(
            Wrong(("40 mg", "25 mg", "2.5 mg", "10 mg, as it was written last", MATCHES[1]), "The copy that comes last is the newest."),
            Wrong(("40 mg", "stopped", "leave it out", "2.5 mg, and nobody is asked", MATCHES[1]), "Who was faster is right."),
            Wrong(("leave it out", "stopped", "2.5 mg", ASK, MATCHES[1]), "A merge holds what was changed."),
            Wrong(("40 mg", "stopped", "2.5 mg", "10 mg, as it was written last", MATCHES[1]), "Where two have changed a line, the later one counts."),
            Wrong(("40 mg", "stopped", "2.5 mg", ASK, MATCHES[0]), "If-Match names where I began."),
            Wrong(("40 mg", "stopped", "2.5 mg", ASK, MATCHES[2]), "If-Match wants the newest, whatever it is."),
        ),
        spec=CHANGES,
    ),
)  # fmt: skip


# Predictions ------------------------------------------------------------------------------------------------------------------------------


def read_first(sent: Exchange) -> tuple[str, str]:
    """What the first version says of spironolactone, after a second one was committed."""
    said = taken(sent).get("Spironolactone", "")
    return "gone" if not said else "new" if said == STOPPED else "old", f"Spironolactone {said}" if said else status(sent)


def read_status(sent: Exchange) -> tuple[str, str]:
    """The status of an answer, and what it says where it refuses."""
    return status(sent), f"{status(sent)} {says(sent)}".strip()


def read_latest(sent: Exchange) -> tuple[str, str]:
    """What the list says of spironolactone after the script."""
    said = taken(sent).get("Spironolactone", "gone")
    return "stopped" if said == STOPPED else "on", f"Spironolactone {said}"


PREDICTIONS = (
    Prediction(
        id="18.p1",
        standard="openehr",
        ask="Dr Strand has stopped spironolactone by an update, and the answer was 200. Now version `::1` is read. What does it say of spironolactone?",
        choices=(
            Choice("Nothing: there is no `::1` any more. An update overwrites.", "An update adds. What was committed stays as it was.", "gone"),
            Choice("Stopped. `::1` shows what holds now.", "What holds now is asked for by the uuid alone. A version's identifier means that version.", "new"),
            Choice("25 mg, as it was committed.", "A version never changes. The stop is in `::2`.", "old"),
        ),
        read=read_first,
        right="old",
        why="Every change is a new version. So one can say years later what a doctor had before her when she decided.",
        spec=CHANGES,
        shown="Version ::1 says",
    ),
    Prediction(
        id="18.p2",
        standard="openehr",
        ask="A list that belongs to somebody else is deleted from Ingrid's record, and then asked for by its uuid. What is the answer?",
        choices=(
            Choice("404 Not Found: it is gone.", "404 would mean that there never was one.", "404"),
            Choice("410 Gone: here was something.", "FHIR says it so. openEHR's API has another answer.", "410"),
            Choice("204 No Content: the latest version holds nothing.", "It is there, and says *deleted*. Former versions can still be read.", "204"),
        ),
        read=read_status,
        right="204",
        why="Deleting is one more version, without content. Who asks for `::1` gets it: how else could anybody find out later what was seen in that hour?",
        spec=DELETION,
    ),
    Prediction(
        id="18.p3",
        standard="openehr",
        ask="Both doctors have read the same version. Dr Strand's update was taken. A minute later comes Dr Berg's, with the version that she has read in `If-Match`. What is the answer?",
        choices=(
            Choice("200: hers is the newest, so it holds.", "It would be, without `If-Match`. Then the stop would be gone.", "200"),
            Choice("409 Conflict: two changes clash.", "409 is what a DELETE of an older version gets, or an EHR that exists already. A PUT states a condition.", "409"),
            Choice("412 Precondition Failed: somebody was faster.", "The condition was: only if that is the latest version. It is not any more.", "412"),
        ),
        read=read_status,
        right="412",
        why="Nothing was written, and Dr Berg knows. It does not matter whether the two changes touch the same drug: the repository compares versions, not lines.",
        spec=UPDATE,
    ),
    Prediction(
        id="18.p4",
        standard="openehr",
        ask="A colleague's script deals with a 412: it fetches the identifier of the newest version, and sends the same content again. The answer is 200. What does the list say of spironolactone now?",
        choices=(
            Choice("Stopped. Dr Strand stopped it, and nobody took that back.", "Nobody meant to. But the copy was made before the stop, and it is the whole list.", "stopped"),
            Choice("25 mg: it goes on.", "The content is the old one. If-Match said that it was made from the newest version, and that was not so.", "on"),
            Choice("Stopped: the repository merges the two.", "It never looks into the content. It compares two identifiers.", "merged"),
        ),
        read=read_latest,
        right="on",
        why="The 412 did its work, and the script talked it away. This evening a nurse reads the latest version.",
        spec=UPDATE,
        shown="The list says",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="18.q1",
        standard="openehr",
        ask="A composition is deleted. What then?",
        choices=(
            Choice("It is physically gone.", "Records must be able to show what they showed. Erasing for good is another procedure, outside of this API."),
            Choice("A further version says *deleted*; former versions remain.", "Its lifecycle state is 523, and it has no content."),
            Choice("The EHR stops being queryable.", "That is a switch of the EHR_STATUS, and has nothing to do with it."),
            Choice("Its contribution is removed.", "Contributions never are. The deletion is one more of them."),
        ),
        right=1,
        spec=DELETION,
    ),
    Question(
        id="18.q2",
        standard="openehr",
        ask="An update of a composition: what stands where?",
        choices=(
            Choice("`uuid::system::2` in the URL, nothing in If-Match", "The URL of a PUT names the object. Only a DELETE names the version there."),
            Choice("the uuid in the URL, the uuid in If-Match", "If-Match has to say which version you have changed."),
            Choice("the uuid in the URL, `uuid::system::2` in If-Match", "Which list, and made from which version."),
            Choice("the ehr_id in the URL, the uuid in If-Match", "The ehr_id stands there, too. What is changed comes after `composition/`."),
        ),
        right=2,
        spec=UPDATE,
    ),
    Question(
        id="18.q3",
        standard="openehr",
        ask="Your update was answered 412. Which step comes next?",
        choices=(
            Choice("Read the latest version, and make your change in it.", "Then both changes are in it."),
            Choice("Take the version from the ETag of the 412, and send the same again.", "A new identifier on old content: what the others wrote is gone from the list."),
            Choice("Leave If-Match out.", "Here that is 400. A repository that takes it loses the other's change."),
            Choice("Delete the list, and commit yours as a new one.", "Then there are two histories, and every link to the list leads to what was deleted."),
        ),
        right=0,
        spec=UPDATE,
    ),
    Question(
        id="18.q4",
        standard="openehr",
        ask="The problem list and the medication list are changed by one decision. How does a reader see in ten years that they belong together?",
        choices=(
            Choice("Their times are equal to the second.", "So are those of others. Time is a hint."),
            Choice("They stand in one contribution.", "All or none of it was committed, by one person, for one reason."),
            Choice("They have the same uuid.", "Each list has its own."),
            Choice("They have the same version number.", "Each list counts for itself."),
        ),
        right=1,
        spec=CHANGES,
    ),
    Question(
        id="18.q5",
        standard="openehr",
        ask="A template gains a field. Data made with the old one are there already. What do you do?",
        choices=(
            Choice("Upload it again under the same name.", "409: the name is taken, since data that are stored point to it."),
            Choice("Delete the old one, then upload the new one.", "Then nobody knows any more by which rules the old data were made."),
            Choice("Upload it under a new name, such as v2; both stay.", "Old data keep the template that they were made with."),
            Choice("Change the old compositions first.", "They were right when they were written."),
        ),
        right=2,
        spec="openEHR ITS-REST, DEFINITION, ADL 1.4 template, upload",
    ),
)  # fmt: skip

LESSON = Lesson(
    number="18",
    goals=(
        Goal(
            "create an EHR, upload a template, commit, read the latest and a former version, update with the right identifier in path and header, and delete",
            ("18.1", "18.2", "18.3", "18.5", "18.p1", "18.p2"),
        ),
        Goal("tell from versions and contributions who changed what, when and why", ("18.4",), code=False),
        Goal("recover from 412 without losing the other's change", ("18.6", "18.7", "18.8", "18.9", "18.p3", "18.p4"), code=False),
    ),
    minutes=40,
    before="lesson 00; lesson 17, or you know that a composition is made from a template.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
