"""Every widget in each state that looks different, for tests that look at all of them: `GALLERY["validator, mistakes"]()` makes one.

A notebook shows them one to a cell; a test makes the same ones in its own process and takes their static twins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from ihe_kit import build, exchange, person, sandbox
from ihe_kit.course.ledger import Progress
from ihe_kit.course.lessons import example as worked
from ihe_kit.course.lessons import exercise, prediction
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import from_flat
from ihe_kit.region import Sandbox
from ihe_kit.render.bed_board import keys
from ihe_kit.widgets import (
    AqlEditor,
    BedBoard,
    Builder,
    Diff,
    Explorer,
    PathFinder,
    ProfileViewer,
    SearchBuilder,
    StayLife,
    TemplateViewer,
    Validator,
    VersionHistory,
    WireView,
)
from ihe_kit.widgets.base import KitWidget
from ihe_kit.widgets.course.base import CourseWidget
from ihe_kit.widgets.course.choices import PredictionView, QuizView, RevealView
from ihe_kit.widgets.course.exercises import ExerciseView
from ihe_kit.widgets.course.map import CourseMap
from ihe_kit.widgets.course.order import OrderView
from ihe_kit.widgets.course.worked import ExampleView
from ihe_kit.widgets.validator import example
from tests.course.test_forms import BROKEN, PUZZLE, WRITTEN

OWNED, BARE = "4711^^^NORDVIK&2.999.10.1&ISO^PI", "4711^^^^PI"
LOOSE = (
    '{"resourceType": "StructureDefinition", "url": "urn:oid:2.999.1.1.70", "name": "Loose", "type": "Patient", "derivation": "constraint",'
)
LOOSE += '"baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "differential": {"element": [{"path": "Patient.link.other", "min": 0}]}}'
DAMAGED = "MSH|^~\\&|A\x00B\u202e\rPID|||1^^^X~2||<b>\rOBX|1|NM|||seven"


@lru_cache(maxsize=1)
def box() -> Sandbox:
    """Systems that have met: an admission, one more that is refused, a leave, somebody expected, a feed to FHIR, an EHR."""
    region = sandbox()
    told = ("A01", "ingrid", "MED1^101^A"), ("A01", "ingrid", "MED1^101^A"), ("A21", "ingrid", ""), ("A14", "georgios", "MED1^102^A")
    for event, who, bed in told:
        send(region, "ITI-31", event, **person(who), **({"PV1-3": bed} if bed else {}))
    send(region, "ITI-104", **person("ingrid"))
    send(region, "openEHR ehr", subject_id="4711", subject_namespace="urn:oid:2.999.10.1")
    send(region, "openEHR template")
    return region


def send(region: Sandbox, number: str, event: str = "", **values: str) -> Exchange:
    return exchange(number, build(number, values, region.clock, region.ids, event=event), region)


def pressed(make: Callable[[Progress], CourseWidget], *presses: tuple[str, ...]) -> CourseWidget:
    """An item of the course after these buttons: `("check", "an answer")`, `("hint",)`."""
    widget = make(Progress(Path(mkdtemp())))
    for button, *values in presses:
        getattr(widget, f"answer_{button}")(values)
    widget.refresh()
    return widget


def revealed(*guess: str) -> CourseWidget:
    item, kept = prediction("00.p1"), Progress(Path(mkdtemp()))
    PredictionView(item, kept).answer_lock(guess)
    return RevealView(item, box().wire[2], kept)


def read(number: str, side: str = "request") -> Explorer:
    return Explorer(getattr(next(e for e in box().wire if e.transaction.number == number), side))


def wire(selected: str) -> WireView:
    view = WireView(box())
    view.selected = selected
    return view


def beds() -> BedBoard:
    board = BedBoard(box())
    board.selected = next(key for key in keys(board.beds or []) if key.startswith("MED1 101 A"))
    return board


def refused() -> Builder:
    builder = Builder("ITI-31", event="A01", values=person("georgios"), to=box())
    builder.put("PV1-2", "")
    builder.send()
    return builder


def committed() -> Builder:
    """A composition, as FLAT, that the record has as its first version."""
    ehr = next(e.answer.get("/ehr_id/value")[0] for e in box().wire if e.transaction.number == "openEHR ehr" and e.answer)
    builder = Builder("kit_vital_signs.v1", box=box(), ehr=ehr, values={"systolic": 142, "diastolic": 91})
    builder.send()
    builder.answer_view("FLAT")
    return builder


def searched(text: str) -> SearchBuilder:
    search = SearchBuilder(box(), text)
    search.run()
    return search


def asked(text: str) -> AqlEditor:
    editor = AqlEditor(box(), text)
    editor.run()
    return editor


def record() -> str:
    """The identifier of the EHR."""
    return box().store.select("EHR")[0].id


def first(kept: Progress) -> CourseWidget:
    return ExerciseView(exercise("00.1"), kept)


def questions(kept: Progress) -> CourseWidget:
    return QuizView("00", kept)


def puzzle(kept: Progress) -> CourseWidget:
    return OrderView(PUZZLE, kept)


GALLERY: dict[str, Callable[[], KitWidget]] = {
    "explorer, v2": lambda: read("ITI-31"),
    "explorer, openEHR": lambda: read("openEHR ehr", "answer"),
    "explorer, FHIR": lambda: read("ITI-104"),
    "explorer, damaged": lambda: Explorer(DAMAGED),
    "validator, nothing": Validator,
    "validator, sound": lambda: Validator(example()),
    "validator, mistakes": lambda: Validator(example(mistakes=True)),
    "validator, unreadable": lambda: Validator("x" + example()),
    "validator, FHIR": lambda: Validator('{"resourceType": "Patient", "birthdate": 5}'),
    "builder, refused": refused,
    "builder, FHIR": lambda: Builder("Observation", to=box()),
    "builder, openEHR": lambda: Builder("kit_vital_signs.v1", box=box(), values={"systolic": 142}),
    "builder, openEHR, committed": committed,
    "wire view, refused": lambda: wire("2a"),
    "wire view, FHIR": lambda: wire("5q"),
    "bed board": beds,
    "stay's life": StayLife,
    "stay's life, some events": lambda: StayLife("A01", "A21", at="inpatient"),
    "diff": lambda: Diff(example(), example(mistakes=True)),
    "search, hits": lambda: searched("Patient?family=Ødegård,Papa&birthdate=lt1980&_sort=-birthdate&_count=1"),
    "search, refused": lambda: searched(
        "Observation?subject:Patient.famly=x&code=http://loinc.org|8480-6,|x&value-quantity=gt5||mg&_sort=age"
    ),
    "search, nothing": lambda: SearchBuilder(box()),
    "profile": lambda: ProfileViewer("bp", element="component:SystolicBP"),
    "profile, snapshot": lambda: ProfileViewer("Patient", view="snapshot"),
    "profile, wrong": lambda: ProfileViewer(LOOSE, view="snapshot"),
    "profile, unknown": lambda: ProfileViewer("Patiend"),
    "template": lambda: TemplateViewer("kit_vital_signs.v1", element="Temperature"),
    "template, map": lambda: TemplateViewer("kit_laboratory_report.v1", element="Analyte result", view="map"),
    "template, model": lambda: TemplateViewer("kit_vital_signs.v1", element="/composer", view="model"),
    "template, unknown": lambda: TemplateViewer("kit_vital"),
    "path finder": lambda: PathFinder("kit_vital_signs.v1", element="Systolic"),
    "path finder, composition": lambda: PathFinder(from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", box().clock)),
    "AQL, rows": lambda: asked("SELECT e/ehr_id/value AS record, COUNT(e/ehr_id/value) AS number FROM EHR e"),
    "AQL, refused": lambda: asked("SELECT e FROM EHR e[ehr_id/value=$ehr_id]"),
    "AQL, unreadable": lambda: AqlEditor(None, "SELECT e/ehr_id/value FORM EHR e"),
    "versions": lambda: VersionHistory(box(), record(), "ehr_status"),
    "versions, none chosen": lambda: VersionHistory(box(), record()),
    "exercise, wrong": lambda: pressed(first, ("check", BARE), ("hint",), ("hint",)),
    "exercise, solved": lambda: pressed(first, ("check", OWNED), ("show",)),
    "prediction, none chosen": lambda: pressed(lambda kept: PredictionView(prediction("00.p1"), kept), ("lock",)),
    "prediction, locked": lambda: pressed(lambda kept: PredictionView(prediction("00.p1"), kept), ("lock", "1")),
    "reveal, waiting": lambda: revealed(),
    "reveal, not so": lambda: revealed("0"),
    "quiz, wrong": lambda: pressed(questions, ("check", "0")),
    "quiz, right": lambda: pressed(questions, ("check", "0"), ("check", "1")),
    "quiz, end": lambda: pressed(questions, ("check", "0"), ("check", "1"), *[("forward",)] * 9),
    "puzzle": lambda: pressed(puzzle),
    "puzzle, wrong": lambda: pressed(puzzle, ("check", "PID", "MSH", "EVN", "PV1", "OBX"), ("hint",)),
    "puzzle, solved": lambda: pressed(puzzle, ("check", "MSH", "EVN", "PID", "PV1")),
    "break it": lambda: pressed(lambda kept: ExerciseView(BROKEN, kept)),
    "break it, done": lambda: pressed(lambda kept: ExerciseView(BROKEN, kept), ("check", *BROKEN.solution), ("show",)),
    "message": lambda: pressed(lambda kept: ExerciseView(WRITTEN, kept), ("check", "PID|1")),
    "steps": lambda: pressed(lambda kept: ExerciseView(exercise("01.3"), kept)),
    "worked example": lambda: pressed(lambda kept: ExampleView(worked("01.w1"), kept)),
    "map": lambda: pressed(lambda kept: CourseMap("00", kept=kept)),
    "map, a path": lambda: pressed(lambda kept: CourseMap("01", "Programmer", kept)),
}
