"""Builder of openEHR in Python: a template becomes a form, canonical JSON and FLAT beside it, findings at the fields, versions committed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ihe_kit import build, exchange, openehr, sandbox
from ihe_kit.core import UnknownPath
from ihe_kit.files import data
from ihe_kit.openehr.flat_keys import of_open_list
from ihe_kit.openehr.notation import opt
from ihe_kit.openehr.opt import own
from ihe_kit.openehr.structured import from_structured
from ihe_kit.widgets import Builder
from tests.effort import calls
from tests.openehr.given import CASES, CLOCK
from tests.openehr.test_form import KINDS
from tests.render.given import Page

ENTRY = "vital_signs/blood_pressure:0"
EVENT = f"{ENTRY}/any_event:0"
SYSTOLIC, DIASTOLIC = f"{EVENT}/systolic|magnitude", f"{EVENT}/diastolic|magnitude"
SOUND = {"systolic": 142, "diastolic": 91}
KIND = "kinds/finding/any_event:0"


@pytest.fixture
def box() -> Iterator[Any]:
    with sandbox() as running:
        yield running


def sent(box: Any, number: str, **values: Any) -> Any:
    return exchange(number, build(number, values, box.clock, box.ids), box).answer


@pytest.fixture
def ehr(box: Any) -> str:
    sent(box, "openEHR template")
    return str(sent(box, "openEHR ehr", subject_id="4711", subject_namespace="urn:oid:2.999.10.1").get("/ehr_id/value")[0])


def kinds() -> Builder:
    return Builder(openehr.load(opt(KINDS)))


def question(view: Builder, path: str) -> Any:
    return next(q for sheet in view.sheets() for q in sheet.questions if q.path == path)


def sheet(view: Builder, path: str) -> Any:
    return next(sheet for sheet in view.sheets() if sheet.path == path)


def test_a_template_becomes_a_form_of_its_archetypes() -> None:
    view = Builder("kit_vital_signs.v1")
    assert [one.name for one in view.sheets()][:3] == ["Language, author, place and time", "Blood pressure", "Any event"]
    assert sheet(view, "vital_signs").folded
    assert sheet(view, "vital_signs/pulse:0").shut
    systolic = question(view, f"{EVENT}/systolic")
    assert (systolic.badge, systolic.limits) == ("1..1", "0 to below 1000, whole numbers")
    assert "data-send" not in view.html, "nobody to send it to"
    assert "openEHR" in view.report["title"]


def test_the_same_form_by_number_by_template_and_by_name() -> None:
    template = openehr.template("kit_vital_signs.v1")
    shapes = {tuple(one.path for one in Builder(asked).sheets()) for asked in ("openEHR composition", template, template.id)}
    assert len(shapes) == 1
    with pytest.raises(ValueError, match=r"no transaction, resource or template.*did you mean kit_vital_signs\.v1"):
        Builder("kit_vital_sings.v1")


def test_what_is_wrong_stands_at_its_field_and_goes_when_it_is_mended() -> None:
    view = Builder("kit_vital_signs.v1", values={"systolic": 142})
    assert set(view.report["wrong"]) == {f"{EVENT}/diastolic"}
    view.answer_put(DIASTOLIC, "9100")
    assert "1000" in view.report["wrong"][f"{EVENT}/diastolic"]
    view.answer_put(DIASTOLIC, "91")
    assert (view.report["wrong"], view.findings) == ({}, [])
    assert view.message.get("/content/data/events/data/items[at0005]/value/units") == ["mm[Hg]"]
    view.answer_put("vital_signs/composer|name", "")
    assert "vital_signs/composer" not in view.message.text


def test_canonical_json_and_flat_are_the_same_values() -> None:
    view = Builder("kit_vital_signs.v1", values=SOUND)
    canonical = view.report["text"]
    view.answer_view("FLAT")
    flat = json.loads(view.report["text"])
    assert flat[SYSTOLIC] == 142
    assert openehr.from_flat(flat, "kit_vital_signs.v1", CLOCK).text == canonical == view.message.text
    for other in ("FLAT", "STRUCTURED"):
        view.answer_view(other)
        card = view.answer_card(SYSTOLIC)
        assert view.report["text"][card["start"] : card["end"]] == "142"
    assert from_structured(json.loads(view.report["text"]), "kit_vital_signs.v1", CLOCK).text == canonical
    view.answer_view("canonical JSON")
    card = view.answer_card(SYSTOLIC)
    assert view.message.text[card["start"] : card["end"]] == "142"
    for told in ("Systolic", SYSTOLIC, "items[at0004]/value", "DV_QUANTITY", "0 to below 1000"):
        assert told in card["html"]
    empty = view.answer_card(f"{EVENT}/comment")
    assert (empty["start"], "DV_TEXT" in empty["html"]) == (-1, True)


def test_findings_point_into_the_text_that_is_shown() -> None:
    view = Builder("kit_vital_signs.v1", values={"systolic": 142, "diastolic": 9100})
    for other in ("FLAT", "STRUCTURED"):
        view.answer_view(other)
        text, (finding,) = view.asking.text(view.findings)
        assert "9100" in text.text[finding.start : finding.end]
    assert finding.fix is None, "a repair is one of the canonical text"


def test_groups_and_events_come_and_go() -> None:
    view = Builder("kit_vital_signs.v1", values=SOUND)
    view.answer_open("vital_signs/pulse:0")
    assert not sheet(view, "vital_signs/pulse:0").shut
    second = "vital_signs/blood_pressure:1/any_event:0"
    assert view.answer_segment(ENTRY.partition(":")[0]) == f"{second}/time", "the field to go to"
    assert sheet(view, "vital_signs/blood_pressure:1").name == "Blood pressure 2"
    view.answer_put(f"{second}/systolic|magnitude", "120")
    assert f"{second}/diastolic" in view.report["wrong"], "the second, and not the first"
    assert view.answer_segment(f"{ENTRY}/any_event") == f"{ENTRY}/any_event:1/time"
    view.answer_put(f"{ENTRY}/any_event:1/systolic|magnitude", "150")
    assert view.message.get("/content/data/events/data/items[at0004]/value/magnitude") == ["142", "150", "120"]
    view.answer_drop("vital_signs/blood_pressure:0")
    assert view.message.get("/content/data/events/data/items[at0004]/value/magnitude") == ["120"]
    assert view.asking.filling.get(SYSTOLIC) == "120", "those behind it move up"


def test_rows_of_an_element_come_and_go() -> None:
    view = kinds()
    assert set(view.report["wrong"]) == set(), "nothing is filled in, so the entry itself is missing"
    view.answer_put(f"{KIND}/weight|magnitude", "71.4")
    view.answer_add(f"{KIND}/comment")
    assert [row[0].path for row in question(view, f"{KIND}/comment").rows] == [f"{KIND}/comment:0", f"{KIND}/comment:1"]
    view.answer_put(f"{KIND}/comment:1", "second")
    assert view.message.get("/content/data/events/data/items[at0005]/value/value") == ["second"]
    card = view.answer_card(f"{KIND}/comment:1")
    assert view.message.text[card["start"] : card["end"]] == '"second"'
    view.answer_remove(f"{KIND}/comment[1]")
    assert [row[0].value for row in question(view, f"{KIND}/comment").rows] == ["second"]


def test_a_type_of_value_is_chosen_and_what_was_there_goes() -> None:
    view = kinds()
    cause = f"{KIND}/cause"
    kind, code = question(view, cause).rows[0]
    assert [row[0] for row in view.answer_codes(kind.table)["codes"]] == ["coded text", "text"]
    offered = view.answer_codes(code.table)
    assert offered["codes"] == (("at0010", "Fall"), ("at0011", "Fever"))
    assert not offered["free"]
    view.answer_put(code.path, "at0010")
    assert question(view, cause).rows[0][1].shown == "at0010, Fall"
    view.answer_put(kind.path, "text")
    assert "at0010" not in view.message.text
    view.answer_put(f"{cause}/text_value", "slipped")
    assert view.message.get("/content/data/events/data/items[at0006]/value/_type") == ["DV_TEXT"]


def test_why_there_is_no_value_is_asked_for_and_may_be_taken_back() -> None:
    view = Builder("kit_vital_signs.v1", values={"systolic": 142})
    path, words = question(view, f"{EVENT}/diastolic").offer
    assert words == "No value?"
    assert view.answer_segment(path) == f"{EVENT}/diastolic"
    ((why,),) = question(view, f"{EVENT}/diastolic").rows
    assert ("272", "masked") in view.answer_codes(why.table)["codes"]
    view.answer_put(why.path, "272")
    assert view.message.get("/content/data/events/data/items[at0005]/null_flavour/value") == ["masked"]
    assert view.findings == []
    view.answer_put(why.path, "")
    assert question(view, f"{EVENT}/diastolic").offer


def test_a_time_offers_the_hour_of_the_story(box: Any) -> None:
    view = Builder("kit_vital_signs.v1", box=box)
    time = question(view, f"{EVENT}/time").rows[0][0]
    ((now, words),) = view.answer_codes(time.table)["codes"]
    assert (now[:16], words) == ("2025-03-03T08:00", "now")
    assert view.answer_codes(time.table)["free"]
    assert view.asking.filling.get("vital_signs/context/start_time") == now


def test_commit_stores_a_version_and_the_next_one(box: Any, ehr: str) -> None:
    view = Builder("kit_vital_signs.v1", box=box, ehr=ehr, values=SOUND)
    assert view.report["send"] == "Commit"
    done = view.send()
    assert done.answer.name == "201 Created"
    assert done in list(box.wire)
    uid = view.asking.uid
    assert uid.endswith("::1")
    assert uid in view.report["answer"]
    assert view.report["send"] == "Commit version 2"
    request = view.asking.request
    assert (request.method, request.headers["if-match"]) == ("PUT", f'"{uid}"')
    assert request.target == f"ehr/{ehr}/composition/{uid.partition('::')[0]}"
    view.answer_put(SYSTOLIC, "150")
    assert view.send().answer.name == "200 OK"
    assert view.asking.uid == f"{uid[:-1]}2"
    assert view.report["send"] == "Commit version 3"


def test_a_commit_that_is_refused_says_why_and_makes_no_version(box: Any, ehr: str) -> None:
    view = Builder("kit_vital_signs.v1", box=box, ehr=ehr, values={"systolic": 142})
    assert view.send().answer.name.startswith("422 ")
    assert "Diastolic" in view.report["answer"]
    assert (view.report["send"], view.asking.uid) == ("Commit", "")


def test_without_a_record_it_says_how_to_get_one(box: Any) -> None:
    view = Builder("kit_vital_signs.v1", box=box)
    assert "data-send" not in view.html
    assert "ehr_id" in view.html
    with pytest.raises(ValueError, match="Commit needs a record"):
        view.send()


def test_what_leads_nowhere_or_cannot_be_written_is_told() -> None:
    view = Builder("kit_vital_signs.v1", values=SOUND)
    before = view.message.text
    with pytest.raises(UnknownPath, match="did you mean systolic"):
        view.put(f"{EVENT}/sistolic|magnitude", "1")
    assert view.message.text == before
    for asked in ("openEHR ehr", "openEHR template"):
        with pytest.raises(ValueError, match="of openEHR, a composition has a form"):
            Builder(asked)


def test_a_hostile_value_stays_text_everywhere() -> None:
    view = Builder("kit_vital_signs.v1", values=SOUND)
    view.put(f"{EVENT}/comment", '<img src=x onerror=alert(1)>"\u202e')
    for html in (view.form, view.report["preview"], view.answer_card(f"{EVENT}/comment")["html"], view.twin()):
        assert Page(html)
    view.answer_view("FLAT")
    assert Page(view.report["preview"])


@pytest.mark.parametrize("name", own())
def test_each_of_our_templates_opens_and_its_good_composition_is_in_the_form(name: str) -> None:
    flat = json.loads((data("openehr") / f"{name}.flat.json").read_text(encoding="utf-8"))
    view = Builder(name, values=flat)
    assert view.message.data == openehr.from_flat(flat, name, lambda: view.asking.now).data
    assert view.asking.kept == {}
    shown = {control.path: control.value for one in view.sheets() for control in one.controls if control.value}
    given = {of_open_list(view.asking.template, key) for key in view.asking.flat if not key.endswith("|precision")}
    assert given <= set(shown), "what was given stands in a control"


@pytest.mark.parametrize("path", CASES("opt", "opt"), ids=lambda path: path.stem)
def test_every_public_template_opens_and_every_control_can_be_filled_in(path: Path) -> None:
    view = Builder(openehr.load(path.read_bytes()))
    while shut := [one.path for one in view.sheets() if one.shut]:
        for one in shut:
            view.asking.open(one)
    empty = [control for one in view.sheets() for control in one.controls if not control.value and not control.path.endswith("#type")]
    assert empty
    for control in empty:
        codes = view.answer_codes(control.table)["codes"] if control.table else ()
        view.asking.filling.put(control.path, codes[0][0] if codes else "7")
    view.answer_put(empty[0].path, "")
    filled = {control.path for one in view.sheets() for control in one.controls if control.value}
    assert {control.path for control in empty[1:]} <= filled
    assert Page(view.form)


def test_one_value_costs_no_more_in_a_form_with_more_sections() -> None:
    def typed(sections: int) -> int:
        view = Builder("kit_vital_signs.v1", values=SOUND)
        for _ in range(sections):
            view.asking.add("vital_signs/pulse")
        return calls(lambda: view.asking.put(SYSTOLIC, "140"))

    assert typed(20) < typed(2) * 2
