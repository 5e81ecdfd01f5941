"""Builder of FHIR in Python: a transaction, a type, a profile; rows and elements that come and go; codes; sending."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ihe_kit import person, sandbox
from ihe_kit.core import UnknownPath
from ihe_kit.widgets import Builder
from tests.fhir.test_skeleton import PROFILE, SYSTEM
from tests.render.given import Page

WEIGHT = "Observation.valueQuantity"


@pytest.fixture
def box() -> Iterator[Any]:
    with sandbox() as running:
        yield running


def body(view: Builder) -> Any:
    return json.loads(view.message.text.partition("\n\n")[2] or view.message.text.partition("\r\n\r\n")[2])


def feed(**more: Any) -> Builder:
    return Builder("ITI-104", values=person("ingrid"), **more)


def question(view: Builder, path: str) -> Any:
    return next(q for sheet in view.sheets() for q in sheet.questions if q.path == path)


def test_a_transaction_makes_a_sound_message(box: Any) -> None:
    view = feed(to=box)
    assert (view.message.name, view.findings) == ("PUT Patient", [])
    assert question(view, "Patient.gender").rows[0][0].shown == "female"
    done = view.send()
    assert done.answer.name == "201 Created"
    assert "201 Created" in view.report["answer"]


def test_a_condition_that_is_missing_is_a_finding_and_no_error() -> None:
    view = feed()
    view.put("identifier.value", "")
    assert "?identifier" not in view.message.text.partition("\n")[0]
    assert "request.url.identifier" in {finding.path for finding in view.findings}
    view.put("identifier.value", "4711")
    assert view.findings == []


def test_a_type_of_resource_is_created_and_what_is_required_marks_its_field(box: Any) -> None:
    view = Builder("Observation", to=box)
    assert view.message.name == "POST Observation"
    assert set(view.report["wrong"]) == {"Observation.status", "Observation.code"}
    view.answer_put("Observation.status", "final")
    view.answer_put("Observation.code.text", "Body weight")
    assert view.findings == []
    assert view.answer_segment(WEIGHT) == WEIGHT
    view.answer_put(f"{WEIGHT}.value", "71.40")
    assert '"value": 71.40' in view.message.text
    assert not {path for path in view.asking.parts() if "value" in path}, "the choice is made"
    assert view.send().answer.name == "201 Created"


def test_a_row_that_is_empty_leaves_no_gap_and_the_light_finds_the_right_one() -> None:
    view = feed()
    view.answer_add("Patient.identifier")
    view.answer_put("Patient.identifier[1].value", "77")
    assert "Patient.identifier" in view.report["wrong"], "the second has no system"
    view.answer_put("Patient.identifier[0].value", "")
    view.answer_put("Patient.identifier[0].system", "")
    assert body(view)["identifier"] == [{"value": "77"}]
    assert [row[1].value for row in question(view, "Patient.identifier").rows] == ["", "77"]
    card = view.answer_card("Patient.identifier[1].value")
    assert view.message.text[card["start"] : card["end"]] == '"77"'
    view.answer_remove("Patient.identifier[1]")
    assert body(view)["identifier"] == [{"value": "77"}]
    assert len(question(view, "Patient.identifier").rows) == 1


def test_a_backbone_element_comes_and_goes() -> None:
    view = feed()
    assert view.answer_segment("Patient.contact") == ""
    assert [sheet.path for sheet in view.sheets()] == ["Patient", "Patient.contact[0]"]
    view.answer_put("Patient.contact[0].name.family", "Berg")
    view.answer_segment("Patient.contact")
    view.answer_put("Patient.contact[1].name.family", "Lie")
    assert [one["name"]["family"] for one in body(view)["contact"]] == ["Berg", "Lie"]
    view.answer_drop("Patient.contact[0]")
    assert [one["name"]["family"] for one in body(view)["contact"]] == ["Lie"]
    assert [sheet.path for sheet in view.sheets()] == ["Patient", "Patient.contact[0]"]


def test_an_element_inside_one_that_is_there_is_offered() -> None:
    view = Builder("Observation")
    assert "Observation.component[0].referenceRange" not in view.asking.parts()
    view.answer_segment("Observation.component")
    view.answer_segment("Observation.component[0].referenceRange")
    view.answer_put("Observation.component[0].referenceRange[0].low.value", "3.5")
    assert body(view)["component"][0]["referenceRange"] == [{"low": {"value": 3.5}}]


def test_a_code_brings_its_system_along() -> None:
    view = feed()
    place = "Patient.maritalStatus.coding[0]"
    control = next(c for row in question(view, "Patient.maritalStatus").rows for c in row if c.path == f"{place}.code")
    offered = view.answer_codes(control.table)
    assert offered["free"]
    assert ("M", "Married") in [tuple(one) for one in offered["codes"]]
    view.answer_put(f"{place}.code", "M")
    assert body(view)["maritalStatus"]["coding"][0]["system"].endswith("v3-MaritalStatus")
    assert not view.answer_codes(question(view, "Patient.gender").rows[0][0].table)["free"]


def test_a_profile_changes_the_form_and_fills_in_what_it_fixes() -> None:
    view = Builder("Patient", profile=PROFILE)
    assert body(view)["identifier"] == [{"system": SYSTEM}]
    assert body(view)["active"] is True
    assert question(view, "Patient.birthDate").badge == "1..1"
    assert "must support" in view.html
    assert "Patient.birthDate" in view.report["wrong"]
    view.answer_put("Patient.birthDate", "1958-06-17")
    assert "Patient.birthDate" not in view.report["wrong"]


def test_what_cannot_be_built_is_told_and_nothing_is_lost() -> None:
    view = feed()
    before = view.message.text
    with pytest.raises(UnknownPath):
        view.put("Patient.nmae.family", "X")
    with pytest.raises(UnknownPath):
        view.put("Patient.name", "X")
    assert view.message.text == before
    for asked in ("ITI-78", "openEHR ehr"):
        with pytest.raises(ValueError, match="Builder makes messages"):
            Builder(asked)
    with pytest.raises(ValueError, match="no profile on Observation"):
        Builder("Observation", profile=PROFILE)


def test_a_hostile_value_stays_text_everywhere() -> None:
    view = feed()
    view.put("name.family", '<img src=x onerror=alert(1)>"\u202e')
    for html in (view.form, view.report["preview"], view.twin()):
        assert Page(html)
        assert "<img" not in html


def test_every_control_has_an_id_and_a_label() -> None:
    html = Builder("Observation").form
    ids = [piece.split('"')[0] for piece in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    for piece in html.split('<label for="')[1:]:
        assert piece.split('"')[0] in ids
