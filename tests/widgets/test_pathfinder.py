"""PathFinder in Python: the addresses of what is pointed at, in a template and in a composition."""

from __future__ import annotations

from pathlib import Path

import pytest

from ihe_kit.core import UnknownPath
from ihe_kit.openehr import from_flat, parse
from ihe_kit.widgets import PathFinder
from tests.openehr.given import CASES, CLOCK
from tests.render.given import Page

SIGNS = "kit_vital_signs.v1"
PRESSURE = from_flat(
    {"systolic": 142, "diastolic": 91, "vital_signs/blood_pressure:1/any_event:0/systolic": 130,
     "vital_signs/blood_pressure:1/any_event:0/diastolic": 80},
    SIGNS, CLOCK,
)  # fmt: skip


def test_a_node_of_a_template_has_three_addresses() -> None:
    one = PathFinder(SIGNS, element="Systolic").addresses[0]
    assert one.flat == "vital_signs/blood_pressure:0/any_event:0/systolic|magnitude"
    assert one.aql == "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
    assert one.source == (
        "FROM EHR e CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1] "
        "CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]"
    )
    assert one.path == f"/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]{one.aql.removeprefix('o')}" and one.value == ""


@pytest.mark.parametrize("subject", [PRESSURE, PRESSURE.text])
def test_a_node_of_a_composition_has_its_value_and_its_place(subject: object) -> None:
    finder = PathFinder(subject)  # type: ignore[arg-type]
    assert finder.addresses[0].value == "142"
    finder.selected = next(one.id for one in reversed(finder._lines) if one.name == "Systolic")
    one = finder.addresses[0]
    assert (one.flat, one.value) == ("vital_signs/blood_pressure:1/any_event:0/systolic|magnitude", "130")
    assert "[openEHR-EHR-OBSERVATION.blood_pressure.v2][2]/" in one.path and PRESSURE.get(one.path) == ["130"]
    assert "In this composition: 130" in Page(finder.answer_card(finder.selected)).text


def test_each_address_has_a_button_that_copies_it() -> None:
    finder = PathFinder(SIGNS, element="Systolic")
    copied = [one["data-text"] for one in Page(finder.answer_card(finder.selected)).having("data-text")]
    first = finder.addresses[0]
    assert copied[:5] == [first.flat, first.aql, first.source, first.query, first.path]
    assert "The highest pressure of a heartbeat" in finder.answer_card(finder.selected)


def test_what_only_holds_others_has_no_flat_key() -> None:
    finder = PathFinder(SIGNS, element="Blood pressure")
    assert [one.flat for one in finder.addresses] == [""] and finder.addresses[0].aql == "o"
    assert "none: FLAT has keys for values" in Page(finder.answer_card(finder.selected)).text


def test_what_the_template_does_not_have_says_so() -> None:
    finder = PathFinder(parse(PRESSURE.text.replace('"at0005"', '"at0666"')))
    finder.selected = next(one.id for one in finder._lines if one.mark == "strange")
    assert finder.addresses == [] and "has no such node" in finder.answer_card(finder.selected)


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("kit_vital", "There is no template kit_vital"),
        ("{", "This cannot be read"),
        ('{"_type": "DV_QUANTITY", "magnitude": 1}', "only a composition has a template"),
        ('{"_type": "COMPOSITION", "archetype_node_id": "x"}', "does not name its template"),
        (PRESSURE.text.replace(SIGNS, "nobodys.v1"), "There is no template nobodys.v1"),
        ("<template/>", "This text is no operational template"),
    ],
)
def test_what_cannot_be_shown_is_said(subject: str, says: str) -> None:
    finder = PathFinder(subject)
    assert says in Page(finder.html).text and says in Page(finder.twin()).text
    assert finder.addresses == []


def test_a_path_that_is_not_there_is_refused() -> None:
    finder = PathFinder(PRESSURE)
    with pytest.raises(UnknownPath):
        finder.selected = "/colour"
    with pytest.raises(UnknownPath, match="did you mean Systolic"):
        PathFinder(SIGNS, element="Systolik")


def test_the_twin_has_the_addresses_and_the_list() -> None:
    page = Page(PathFinder(PRESSURE).twin())
    assert not page.having("role", "treegrid") and "systolic|magnitude" in page.text and "130 mm[Hg]" in page.text


@pytest.mark.parametrize("path", CASES("opt", "opt"), ids=lambda path: path.stem)
def test_every_public_template_and_its_compositions(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    finder = PathFinder(text)
    assert all(finder.answer_card(one) for one in finder._places)
    name = finder.tree.template.id if finder.tree.template else ""
    for other in sorted((path.parents[1] / "composition").glob("*.json")):
        message = parse(other.read_text(encoding="utf-8"))
        if message.kind == "COMPOSITION" and message.template_id == name:
            shown = PathFinder(message, template=text)
            for one in shown._places:
                shown.selected = one
                for told in shown.addresses:
                    assert not told.value or told.value in message.get(told.path), told
