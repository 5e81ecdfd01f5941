"""AqlEditor in Python: what is typed is checked and completed, what is asked crosses the wire, and the rows are a table and a plot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from ihe_kit import sandbox
from ihe_kit.exchanges import Exchange
from ihe_kit.files import data
from ihe_kit.openehr import OpenehrMessage, from_flat
from ihe_kit.region import Sandbox
from ihe_kit.rest import request
from ihe_kit.verbs import exchange
from ihe_kit.widgets import AqlEditor
from tests.render.given import Page

PRESSURE = "CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]"
VALUE = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
TIMES = f"SELECT o/data[at0001]/events[at0006]/time/value AS time, {VALUE} AS systolic FROM EHR e[ehr_id/value=$ehr_id] {PRESSURE} ORDER BY time"
MANY = 23  # measurements of each of the two


def post(region: Sandbox, target: str, body: str = "", media: str = "application/json") -> Exchange:
    headers = [("content-type", media), ("accept", "application/json"), ("prefer", "return=representation")]
    return exchange("openEHR ehr", OpenehrMessage(request("POST", f"{OpenehrMessage.base}/{target}", body, headers)), region)


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Sandbox, list[str]]]:
    """Systems with the blood pressure of two patients, and the identifiers of their records."""
    with sandbox() as region:
        post(
            region,
            "definition/template/adl1.4",
            (data("openehr") / "kit_vital_signs.v1.opt").read_text(encoding="utf-8"),
            "application/xml",
        )
        records = [json.loads(post(region, "ehr").answer.body)["ehr_id"]["value"] for _ in range(2)]  # type: ignore[union-attr]
        for record in records:
            for day in range(MANY):
                when = (datetime(2026, 3, 1, 8) + timedelta(days=day)).isoformat()
                values = {"ctx/time": when, "systolic": 110 + day, "diastolic": 70, "vital_signs/blood_pressure:0/any_event:0/time": when}
                done = post(region, f"ehr/{record}/composition", from_flat(values, "kit_vital_signs.v1", region.clock).text)
                assert done.answer and done.answer.status == "201", done.answer
        yield region, records


def test_what_is_asked_crosses_the_wire_and_comes_back_in_pages(told: tuple[Sandbox, list[str]]) -> None:
    box, records = told
    editor, before = AqlEditor(box, TIMES, {"ehr_id": records[0]}), box.wire.last
    done = editor.run()
    assert done.number == before + 1 == box.wire.last and done.request and done.request.target == "query/aql"
    assert json.loads(done.request.body) == {"q": TIMES, "offset": 0, "fetch": 21, "query_parameters": {"ehr_id": records[0]}}
    page = Page(editor.found)
    assert "Rows 1 to 20, and there are more" in page.text and len(page.having("aria-label")) and "2026-03-20T08:00:00" in page.text
    assert "2026-03-21T08:00:00" not in editor.found.split("<details")[0]
    assert "systolic: 20 values from 2026-03-01 to 2026-03-20, first 110, last 129" in editor.found and ">mm[Hg]</text>" in editor.found
    editor.answer_turn(back=False)
    assert "Rows 21 to 23 of 23" in Page(editor.found).text and "data-next disabled" in editor.found.replace("  ", " ")
    editor.answer_turn(back=True)
    assert "Rows 1 to 20, and there are more" in Page(editor.found).text and box.wire.last == before + 3


def test_a_query_with_a_limit_of_its_own_is_asked_once(told: tuple[Sandbox, list[str]]) -> None:
    box, _ = told
    editor = AqlEditor(box, f"SELECT {VALUE} FROM EHR e {PRESSURE} LIMIT 30")
    before = box.wire.last
    assert "fetch" not in json.loads(editor.run().request.body)  # type: ignore[union-attr]
    assert "Rows 1 to 20 of 30" in Page(editor.found).text
    editor.answer_turn(back=False)
    assert "Rows 21 to 30 of 30" in Page(editor.found).text and box.wire.last == before + 1


def test_a_number_for_each_category_is_drawn_as_bars(told: tuple[Sandbox, list[str]]) -> None:
    box, records = told
    editor = AqlEditor(box, "SELECT e/ehr_id/value AS record, count(c) AS documents FROM EHR e CONTAINS COMPOSITION c")
    editor.run()
    assert sorted(editor.rows) == sorted([record, MANY] for record in records)
    assert "documents by record." in editor.found and editor.found.count('class="bar"') == 2 and "How it is answered" in editor.found


def test_what_cannot_be_read_is_underlined_with_what_was_expected() -> None:
    editor = AqlEditor(None, "SELECT e/ehr_id/value\nFORM EHR e")
    assert editor.problem and (editor.problem.line, editor.problem.column) == (2, 1)
    assert '<span class="kit-f-error" data-s="22" data-e="26">FORM</span>' in editor.report["mirror"]
    assert "did you mean FROM?" in editor.report["note"] and "line 2, character 1" in editor.report["summary"]
    editor.text = "SELECT e/ehr_id/value\nFROM EHR e"
    assert editor.problem is None and "kit-f-error" not in editor.report["mirror"] and "Can be asked" in editor.report["summary"]


def test_each_parameter_of_the_text_has_a_field() -> None:
    editor = AqlEditor(None, f"SELECT o FROM EHR e[ehr_id/value=$ehr_id] {PRESSURE} WHERE {VALUE} > $limit")
    assert [field["data-name"] for field in Page(editor.report["fields"]).having("data-name")] == ["ehr_id", "limit"] == editor.names


def test_a_parameter_is_a_number_where_it_is_written_as_one(told: tuple[Sandbox, list[str]]) -> None:
    box, records = told
    query = f"SELECT {VALUE} AS systolic FROM EHR e[ehr_id/value=$ehr_id] {PRESSURE} WHERE {VALUE} > $limit"
    editor = AqlEditor(box, query, {"ehr_id": records[0], "limit": "130"})
    editor.run()
    assert [row[0] for row in editor.rows] == [131, 132]


def test_a_refusal_is_the_servers_own_words(told: tuple[Sandbox, list[str]]) -> None:
    box, _ = told
    for text in (TIMES, "SELECT", "SELECT <script> FROM EHR e", ""):
        editor = AqlEditor(box, text)
        done = editor.run()
        assert done.refused and editor.rows == [] and "Refused: 400" in Page(editor.found).text and "<script>" not in editor.found
    assert "$ehr_id" in Page(AqlEditor(box, TIMES).run().answer.body).text  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="running sandbox"):
        AqlEditor(None, TIMES).run()


def test_completion_knows_the_templates_of_the_repository(told: tuple[Sandbox, list[str]]) -> None:
    box, _ = told
    text = f"SELECT o/Syst FROM EHR e {PRESSURE}"
    (first, *_) = AqlEditor(box).answer_complete(text, 13)
    assert first == [VALUE[2:], "path", "Systolic", 9, 13]
    codes = [one[0] for one in AqlEditor(box).answer_complete("SELECT o FROM OBSERVATION o[", 28)]
    assert "openEHR-EHR-OBSERVATION.pulse.v2" in codes and not any("ecg" in code for code in codes)  # that template is not uploaded here


def test_hostile_texts_and_answers_are_shown_as_text() -> None:
    for text in (
        "<img src=x onerror=alert(1)>",
        "SELECT '\u202e' FROM EHR e",
        "\0",
        "SELECT e/ehr_id/value AS a FROM EHR e[ehr_id/value=$a] -- <b>",
    ):
        editor = AqlEditor(None, text)
        for shown in (editor.twin(), editor.report["mirror"], editor.report["note"], editor.report["fields"]):
            assert "<img" not in shown and "<b>\n" not in shown and "\u202e" not in editor.twin()


def test_the_twin_has_the_query_and_its_rows(told: tuple[Sandbox, list[str]]) -> None:
    box, records = told
    editor = AqlEditor(box, TIMES, {"ehr_id": records[1]})
    editor.run()
    page = Page(editor.twin())
    assert (
        "ORDER BY time" in page.text
        and records[1] in page.text
        and not re.search(r"\b132\b", page.text.split("Rows 1 to 20")[0])
        and "Next page" not in page.text
    )
