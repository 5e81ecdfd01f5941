"""ProfileViewer in Python: its views, its cards, and what it says of a profile that cannot be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
import traitlets

from ihe_kit.core import UnknownPath
from ihe_kit.fhir import parse
from ihe_kit.widgets import ProfileViewer
from tests.fhir.test_profile_tree import STRICT, profile
from tests.render.given import Page


def test_it_begins_with_what_the_profile_itself_says() -> None:
    view = ProfileViewer(STRICT)
    assert (view.view, view.selected) == ("differential", "Patient.identifier")
    assert [one["data-tab"] for one in Page(view.html).having("data-tab")] == ["differential", "snapshot", "slices"]
    assert ProfileViewer("Patient").view == "snapshot" and ProfileViewer("Patient").selected == "Patient.identifier"
    assert "My patient" in Page(view.html).text and "speaks of 5 of" in Page(view.html).text


@pytest.mark.parametrize("name", ["identifier:national", "Patient.identifier:national"])
def test_an_element_can_be_named(name: str) -> None:
    view = ProfileViewer(STRICT, element=name)
    assert view.selected == "Patient.identifier:national" and "national" in view.answer_card(view.selected)
    view.selected = "name.family"
    assert view.selected == "Patient.name.family"
    inherited = ProfileViewer(STRICT, element="gender")
    assert (inherited.view, inherited.selected) == ("snapshot", "Patient.gender")


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownPath, match="My patient has no element 'colour'"):
        ProfileViewer(STRICT, element="colour")
    view = ProfileViewer(STRICT)
    with pytest.raises(UnknownPath):
        view.selected = "colour"
    with pytest.raises(traitlets.TraitError, match="no view"):
        view.view = "all"
    assert (view.selected, view.view, view.answer_card("colour")) == ("Patient.identifier", "differential", "")


@pytest.mark.parametrize(
    "given", [STRICT, json.dumps(STRICT), parse(json.dumps(STRICT)), "bp", "http://hl7.org/fhir/StructureDefinition/bp"]
)
def test_every_form_of_a_profile(given: Any) -> None:
    view = ProfileViewer(given)
    assert len(Page(view.html).having("role", "treegrid")) == 3
    assert all(view.answer_card(one) for one in view._numbers)


@pytest.mark.parametrize(
    ("given", "says", "empty"),
    [
        ("Patiend", "did you mean Patient?", True),
        ("{", "This cannot be read", True),
        (profile({"path": "Patient.name", "min": 1}, base="http://example.org/none"), "which is not at hand", False),
        (profile({"path": "Patient.colour", "min": 1}), "Patient has no element colour", False),
        (profile({"path": "Patient.link.other", "min": 0}), "A profile may only narrow.", False),
    ],
)
def test_what_is_wrong_is_said_in_the_widget(given: Any, says: str, empty: bool) -> None:
    view = ProfileViewer(given)
    assert says in Page(view.html).text and says in Page(view.twin()).text
    assert bool(Page(view.html).having("role", "treegrid")) is not empty


def test_the_twin_is_a_list_and_the_card() -> None:
    page = Page(ProfileViewer(STRICT, element="identifier:national").twin())
    assert not page.having("tabindex") and not page.having("role", "treegrid")
    assert "Who said so" in page.text and "Snapshot, all" in page.text and "among the repetitions of identifier" in page.text


def test_of_a_long_view_only_what_matters_stands_open() -> None:
    view = ProfileViewer("bp", view="snapshot")
    rows = [one for one in Page(view._panel("snapshot")).having("role", "row") if "data-id" in one]
    hidden = [one["data-id"] for one in rows if "hidden" in one]
    assert len(rows) == 130 and hidden and "Observation.component:SystolicBP.code.coding:SBPCode.code" not in hidden
    assert "Observation.referenceRange.low" in hidden
