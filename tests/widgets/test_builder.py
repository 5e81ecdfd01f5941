"""Builder in Python: values to a message, findings, repetitions, NULL, sending, and what the form says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ihe_kit import person, sandbox
from ihe_kit.widgets import Builder
from tests.render.given import Page


@pytest.fixture
def box() -> Iterator[Any]:
    with sandbox() as running:
        yield running


def admission(**more: Any) -> Builder:
    return Builder("ITI-31", event="A01", values=person("georgios"), **more)


def question(view: Builder, path: str) -> Any:
    return next(q for sheet in view.sheets() for q in sheet.questions if q.path == path)


def test_values_make_a_sound_message() -> None:
    view = admission()
    assert view.message.name == "ADT^A01"
    assert view.message.get("PID-5.1") == ["Παπαδάκης"]
    assert view.findings == []
    assert "rules held" in view.report["summary"]


def test_a_value_goes_to_its_place_and_leaves_the_rest() -> None:
    view = admission()
    before = view.message.text
    view.put("PID-8", "F")
    assert view.message.text == before.replace("|19441201|M|", "|19441201|F|")
    assert question(view, "PID-8").rows[0][0].value == "F"


def test_a_required_field_that_is_missing_is_a_finding_and_marks_its_field() -> None:
    view = admission()
    view.put("PV1-2", "")
    assert any(finding.path.startswith("PV1-2") and finding.severity == "error" for finding in view.findings)
    assert "Patient class is empty" in view.report["wrong"]["PV1-2"]
    view.put("PV1-2", "I")
    assert view.findings == []


def test_a_repetition_comes_and_goes() -> None:
    view = admission()
    view.answer_add("PID-3")
    assert len(question(view, "PID-3").rows) == 2
    view.put("PID-3[2].1", "77")
    assert view.message.get("PID-3.1") == ["3390", "77"]
    view.answer_remove("PID-3[1]")
    assert view.message.get("PID-3.1") == ["77"]
    assert len(question(view, "PID-3").rows) == 1


def test_null_is_sent() -> None:
    view = admission()
    view.put("PID-13", '""')
    assert '|""' in view.message.text
    assert question(view, "PID-13").rows[0][0].value == '""'


def test_a_delimiter_that_is_typed_is_escaped_and_shown_as_typed() -> None:
    view = admission()
    view.put("PID-5[1].1.1", "A|B^C")
    assert "A\\F\\B\\S\\C" in view.message.text
    assert question(view, "PID-5").rows[0][0].value == "A|B^C"


def test_a_conditional_field_says_when_and_what_is_not_sent_is_one_line() -> None:
    view = admission()
    assert question(view, "PV1-51").reason
    html = view.form
    assert html.count("Not sent:") == sum(bool(sheet.unsent) for sheet in view.sheets())
    assert 'data-path="PV1-9' not in html
    assert question(view, "PV1-14").folded
    assert not question(view, "PV1-2").folded


def test_every_control_has_a_label_and_an_id_of_its_own() -> None:
    html = admission().form
    page = Page(html)
    assert page
    ids = [piece.split('"')[0] for piece in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    for piece in html.split('<label for="')[1:]:
        assert piece.split('"')[0] in ids


def test_send(box: Any) -> None:
    view = admission(to=box)
    done = view.send()
    assert done.answer is not None
    assert done.answer.get("MSA-1") == ["AA"]
    assert "ACK AA" in view.report["answer"]


def test_what_was_changed_is_sent_as_a_new_message_and_a_refusal_says_why(box: Any) -> None:
    view = admission(to=box)
    first = view.send().request
    view.put("PV1-2", "")
    done = view.send()
    assert first is not None
    assert done.request is not None
    assert done.request.get("MSH-10") != first.get("MSH-10")
    assert done.refused
    assert "ACK AE" in view.report["answer"]
    assert "Patient class is empty" in view.report["answer"]


def test_an_answer_to_the_front_end_sends_no_message(box: Any) -> None:
    view = admission(to=box)
    view._answer(view, {"ask": "card", "id": 1, "details": {"path": "PID-3[1].1"}}, [])
    assert view.exchange is None


def test_nobody_to_send_it_to() -> None:
    view = admission()
    assert "data-send" not in view.html
    with pytest.raises(ValueError, match="nobody to send it to"):
        view.send()


def test_another_event_takes_along_what_was_typed() -> None:
    view = Builder("ITI-31", values=person("georgios"))
    assert "data-event" in view.html
    view.put("PID-8", "F")
    view.answer_event("ADT^A03")
    assert view.message.get("MSH-9.2") == ["A03"]
    assert view.message.get("PID-8") == ["F"]


def test_a_segment_comes_and_goes() -> None:
    view = admission()
    view.answer_segment("NK1")
    assert "NK1" in [sheet.path for sheet in view.sheets()]
    view.answer_drop("NK1")
    assert "NK1" not in [sheet.path for sheet in view.sheets()]


def test_hostile_values_are_escaped() -> None:
    view = admission()
    view.put("PID-5[1].1.1", '"><script>alert(1)</script>')
    view.put("PID-8", '"><img src=x>')
    view.answer_segment("NK1")  # another shape: the form is drawn anew, with these values
    raw = ("text", "wrong", "values")  # these go into the page as text
    everything = "".join(str(part) for name, part in view.report.items() if name not in raw) + view.form + view.twin()
    assert "<script" not in everything
    assert "<img" not in everything


def test_a_card_for_a_value_and_for_an_empty_place() -> None:
    view = admission()
    here = view.answer_card("PID-3[1].1")
    assert view.message.text[here["start"] : here["end"]] == "3390"
    assert view.answer_card("PID-19")["html"]


def test_the_twin_is_a_table_then_the_message() -> None:
    twin = admission().twin()
    assert twin.index("<table>") < twin.index("kit-raw")
    assert "<input" not in twin


def test_only_hl7_v2_and_only_known_events() -> None:
    with pytest.raises(ValueError, match="messages of HL7 v2"):
        Builder("ITI-78")
    with pytest.raises(ValueError, match="no event"):
        Builder("ITI-31", event="A77")


def many_results(number: int) -> dict[str, str]:
    return {f"OBX[{n}]-{f}": v for n in range(1, number + 1) for f, v in (("2", "NM"), ("3", "X"), ("5", "4"), ("11", "F"))}


def test_an_authority_is_shown_in_its_parts_and_a_known_one_brings_its_oid_along() -> None:
    view = admission()
    parts = {c.path: c.value for c in question(view, "PID-3").rows[0]}
    assert {path: parts[f"PID-3[1].4.{path}"] for path in ("1", "2", "3")} == {"1": "NORDVIK", "2": "2.999.10.1", "3": "ISO"}
    assert not any("&" in value for value in view.report["values"].values())
    view.answer_put("PID-3[1].4.1", "SOLBAKKEN")
    assert view.message.get("PID-3.4") == ["SOLBAKKEN&2.999.10.2&ISO"]
    view.answer_put("PID-3[1].4.1", "ELSEWHERE")
    assert view.message.get("PID-3.4") == ["ELSEWHERE&2.999.10.2&ISO"]
    view.answer_put("EVN-7.1", "NORDVIK")  # a name of another kind
    assert view.message.get("EVN-7") == ["NORDVIK"]
    for part in "123":
        view.answer_put(f"PID-3[1].4.{part}", "")
    assert view.message.get("PID-3") == ["3390^^^^PI"]


def test_codes_of_a_table_and_whether_a_site_may_add_to_it() -> None:
    view = admission()
    sex = view.answer_codes("0001")
    assert (sex["title"], sex["free"]) == ("Table 0001, Administrative Sex", True)
    assert ("F", "female") in sex["codes"]
    assert not view.answer_codes("0200")["free"]
    assert ("SOLBAKKEN", "Solbakken Clinic") in view.answer_codes("0363")["codes"]
    assert question(view, "PID-8").rows[0][0].shown == "M, male"
    assert view.report["values"]["PID-5[1].7"] == "L"  # beside others there is no room for the meaning
    view.put("PID-8", "Q7")
    assert view.report["values"]["PID-8"] == "Q7"


def test_the_form_goes_to_the_browser_only_when_its_shape_changes() -> None:
    view = admission()
    sent: list[str] = []
    view.observe(lambda change: sent.append(change.name), ["form", "segments"])
    view.put("PID-5[1].2", "Geo")
    view.put("PID-8", "F")
    assert sent == []
    assert "form" not in view.report
    assert view.report["values"]["PID-5[1].2"] == "Geo"
    view.answer_add("PID-3")
    assert sent == ["form"]


def test_a_conditional_field_that_comes_up_is_announced() -> None:
    view = Builder("ITI-31", event="A01", values={**person("georgios"), "PV1-19.1": "", "PV1-51": ""})
    assert view.report["asked"] == ""
    view.put("PID-12", "x")
    assert view.report["asked"] == ""
    folded = next(q.path for sheet in view.sheets() for q in sheet.questions if q.folded and q.reason)
    view.put(f"{folded}[1].1" if question(view, folded).many else folded, "1")
    assert view.report["asked"].startswith(f"{folded}, ")
    view.put("PID-8", "F")
    assert view.report["asked"] == ""


def test_every_conditional_field_says_why() -> None:
    for event in ("A01", "A03", "A06"):
        view = Builder("ITI-31", event=event, values=person("georgios"))
        assert all(q.reason for sheet in view.sheets() for q in sheet.questions if q.usage in ("C", "CE"))


def test_segments_to_add_follow_the_event() -> None:
    view = Builder("ITI-31", values=person("georgios"))
    before = view.segments
    assert 'value="NK1"' in before
    view.answer_event("ADT^A03")
    assert view.segments != before
    view.answer_segment("DG1")
    assert "DG1" in [sheet.path for sheet in view.sheets()]
    assert view.form.count("<legend><code>DG1</code>") == 1


def test_of_many_segments_only_the_first_have_their_fields_in_the_form() -> None:
    view = Builder("ITI-31", event="A01", values={**person("georgios"), **many_results(40)})
    assert sum(sheet.shut for sheet in view.sheets()) == 35
    assert "OBX[40]-5" not in view.form
    view.answer_open("OBX[40]")
    assert 'data-path="OBX[40]-11"' in view.form
    assert sum(sheet.shut for sheet in view.sheets()) == 34
    assert "OBX[5]-11" in view.twin()
