"""A template as a form, and a form that is filled in: FLAT keys, rows that stay empty, parts that come along, and the way back from a path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_kit.core import UnknownPath
from ihe_kit.files import data
from ihe_kit.openehr import from_flat, load, template
from ihe_kit.openehr.aom import Range
from ihe_kit.openehr.filling import WHY, Filling
from ihe_kit.openehr.form import Part, form, range_words
from ihe_kit.openehr.notation import opt
from ihe_kit.openehr.traces import Traces
from tests.openehr.given import CASES, CLOCK

VITAL = "vital_signs/blood_pressure:0/any_event:0"
KINDS = """kit_kinds.v1 | en | Every kind of value that a form asks for.

COMPOSITION[openEHR-EHR-COMPOSITION.encounter.v1] 1..1 Kinds | What a form asks for.
  category: DV_CODED_TEXT openehr::433
  content: OBSERVATION[openEHR-EHR-OBSERVATION.kit_kinds.v0] 1..1 Finding | What was seen.
    data: HISTORY[at0001] 1..1 History | Over time.
      events: POINT_EVENT[at0002] 1..* Any event | At one time.
        data: ITEM_TREE[at0003] 1..1 Tree | What was seen.
          items: ELEMENT[at0004] 1..1 Weight | How heavy.
            value: DV_QUANTITY openehr::124 kg 0..<500 precision 1
          items: ELEMENT[at0005] 0..* Comment | In words.
            value: DV_TEXT
          items: ELEMENT[at0006] 0..1 Cause | Why, as a code or in words.
            value: DV_CODED_TEXT local::at0010=Fall, at0011=Fever
            value: DV_TEXT
"""


def parts(part: Part) -> Iterator[Part]:
    yield part
    for below in part.parts:
        yield from parts(below)


def vital() -> Filling:
    return Filling(form(template("kit_vital_signs.v1")))


def kinds() -> Filling:
    return Filling(form(load(opt(KINDS))))


def field(filled: Filling, id_: str) -> Part:
    return next(part for part in parts(filled.form) if part.id == id_)


def test_a_field_says_what_may_be_filled_in() -> None:
    systolic = field(vital(), "systolic")
    (kind,) = systolic.kinds
    assert (systolic.name, systolic.occurs, kind.name, kind.limits) == ("Systolic", "1..1", "quantity", "0 to below 1000, whole numbers")
    assert [(one.part, one.kind, one.codes, one.closed) for one in kind.inputs] == [
        ("magnitude", "number", (), False),
        ("unit", "unit", (("mm[Hg]", ""),), True),
    ]
    position = field(vital(), "position")
    assert position.occurs == "0..1"
    assert ("at1001", "Sitting") in position.kinds[0].inputs[0].codes
    setting = field(vital(), "setting")
    assert setting.framing
    assert ("238", "other care") in setting.kinds[0].inputs[0].codes


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Range(0, 1000, True, False), "0 to below 1000"),
        (Range(0, None), "at least 0"),
        (Range(0, None, False), "above 0"),
        (Range(None, 5), "at most 5"),
        (Range(None, 5, True, False), "below 5"),
        (Range(2, 2), "2"),
        (Range(), ""),
        (None, ""),
    ],
)
def test_a_range_in_words(given: Range | None, words: str) -> None:
    assert range_words(given) == words


def test_an_empty_row_does_not_count_in_flat() -> None:
    filled = kinds()
    place = "kinds/finding/any_event:0/comment"
    assert filled.add(place) == f"{place}:1"
    assert filled.add(f"{place}:0") == f"{place}:2"
    filled.put(f"{place}:2", "second")
    assert filled.flat() == {f"{place}:0": "second"}
    assert filled.places()[f"{place}:2"] == f"{place}:0"
    filled.put(f"{place}:0", "first")
    assert filled.flat() == {f"{place}:0": "first", f"{place}:1": "second"}
    filled.remove(f"{place}:0")
    assert filled.flat() == {f"{place}:0": "second"}
    assert filled.get(f"{place}:1") == "second"


def test_what_can_be_only_one_thing_comes_along_and_goes() -> None:
    filled = vital()
    filled.put(f"{VITAL}/systolic|magnitude", "142")
    assert filled.flat() == {f"{VITAL}/systolic|magnitude": 142, f"{VITAL}/systolic|unit": "mm[Hg]"}
    filled.put(f"{VITAL}/systolic|unit", "kPa")
    filled.put(f"{VITAL}/systolic|magnitude", "18.9")
    assert filled.flat() == {f"{VITAL}/systolic|magnitude": 18.9, f"{VITAL}/systolic|unit": "kPa"}, "the reader's own stays"
    filled.put(f"{VITAL}/systolic|magnitude", "")
    assert filled.flat() == {}


def test_what_is_no_number_stays_a_text() -> None:
    filled = vital()
    for text in ("high", "1e9", "٣", "9" * 40, "1,5"):
        filled.put(f"{VITAL}/systolic|magnitude", text)
        assert filled.flat()[f"{VITAL}/systolic|magnitude"] == text


def test_a_type_of_value_is_chosen_by_its_key_and_a_reason_stands_for_a_value() -> None:
    filled = kinds()
    cause = "kinds/finding/any_event:0/cause"
    filled.put(f"{cause}/coded_text_value|code", "at0010")
    assert filled.flat() == {f"{cause}|code": "at0010"}
    filled.put(f"{cause}/text_value", "slipped")
    assert filled.flat() == {f"{cause}|other": "slipped"}, "one field has one value"
    filled.put(f"{cause}/{WHY}|code", "272")
    assert filled.flat() == {f"{cause}/{WHY}|code": "272"}
    filled.put(f"{cause}|other", "slipped")
    assert filled.flat() == {f"{cause}|other": "slipped"}
    assert filled.get(f"{cause}/text_value") == filled.get(f"{cause}|other") == "slipped", "both ways of writing it lead to the same field"
    filled.put(f"{cause}|code", "at0010")
    assert filled.flat() == {f"{cause}|code": "at0010"}


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("vital_sings/blood_pressure:0", "begins with vital_signs"),
        ("vital_signs/blood_presure:0/any_event:0/systolic|magnitude", "did you mean blood_pressure"),
        (f"{VITAL}/systolic|units", r"\|magnitude, \|unit"),
        (f"{VITAL}/systolic/more|magnitude", "a quantity has"),
        ("vital_signs/blood_pressure:7/any_event:0/systolic|magnitude", "there is no blood_pressure:7"),
        (f"{VITAL}/systolic:1|magnitude", "there is no systolic:1"),
        ("vital_signs|x", "no such field"),
    ],
)
def test_a_key_that_leads_nowhere_is_named(key: str, says: str) -> None:
    filled = vital()
    with pytest.raises(UnknownPath, match=says):
        filled.put(key, "1")
    assert filled.flat() == {}


def test_a_path_and_a_key_lead_to_each_other() -> None:
    filled = vital()
    filled.add("vital_signs/blood_pressure")
    second = "vital_signs/blood_pressure:1/any_event:0/systolic|magnitude"  # the first stays empty, so this is the first of the text
    filled.put(second, "142")
    message = from_flat(filled.flat(), "kit_vital_signs.v1", CLOCK)
    traces = Traces(filled, message)
    path = traces.path(second)
    assert message.get(path) == ["142"]
    assert traces.key(path) == second.partition("|")[0]
    assert traces.flat(second) == second.replace(":1", ":0")
    absent = path.replace("[at0004]/value/magnitude", "[at0005]")
    assert traces.key(absent) == second.partition("|")[0].replace("systolic", "diastolic")
    assert traces.path(f"{VITAL}/systolic|magnitude") == ""
    assert (
        traces.way(second) == "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006]/data[at0003]/items[at0004]"
    )


@pytest.mark.parametrize("path", CASES("opt", "opt"), ids=lambda path: path.stem)
def test_every_public_template_is_a_form(path: Path) -> None:
    one = load(path.read_bytes())
    made = form(one)
    fields = [part for part in parts(made) if part.kinds]
    values = {leaf.moves[-1].node for leaf in one.leaves if leaf.moves[-1].attribute == "value"}
    assert {kind.node for part in fields for kind in part.kinds} >= values
    assert [kind.node.type for part in fields for kind in part.kinds if not kind.inputs] == []
    for part in parts(made):
        ids = [below.id for below in part.parts]
        assert len(ids) == len(set(ids)), f"{part.name} has two parts of one key"


@pytest.mark.parametrize("path", sorted(data("openehr").glob("*.flat.json")), ids=lambda path: path.name.partition(".flat")[0])
def test_each_of_our_templates_is_filled_in_from_flat_without_loss(path: Path) -> None:
    one = template(path.name.removesuffix(".flat.json"))
    flat = json.loads(path.read_text(encoding="utf-8"))
    filled = Filling(form(one))
    for key, value in flat.items():
        if not key.startswith("ctx/"):
            put = filled.keep if key.endswith("|precision") else filled.put
            put(key, value if put == filled.keep else str(value).lower() if isinstance(value, bool) else str(value))
    given = {key: value for key, value in flat.items() if key.startswith("ctx/")}
    assert from_flat(filled.flat() | given, one, CLOCK).data == from_flat(flat, one, CLOCK).data
