"""FHIR's XML: read to the same tree as JSON, written back, its places those of the XML. Nothing foreign gets in by it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import Unreadable
from ihe_kit.fhir import as_json, as_xml, conform, parse, recognises
from ihe_kit.fhir.xml_text import write_xml
from tests.conftest import cases
from tests.effort import calls

INGRID = """<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <id value="ingrid"/>
  <text>
    <status value="generated"/>
    <div xmlns="http://www.w3.org/1999/xhtml"><p>Ingrid &lt;Ødegård&gt;</p></div>
  </text>
  <contained>
    <Organization>
      <id value="o"/>
      <name value="Nordvik &amp; &quot;Co&quot;"/>
    </Organization>
  </contained>
  <extension url="http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName">
    <valueString value="Lie"/>
  </extension>
  <active value="true"/>
  <name id="n1">
    <family value="Ødegård"/>
    <given value="Ingrid"/>
    <given value="Marie">
      <extension url="http://example.org/x">
        <valueDecimal value="1.10"/>
      </extension>
    </given>
  </name>
  <gender value="robot"/>
  <managingOrganization>
    <reference value="#o"/>
  </managingOrganization>
</Patient>"""


def test_values_are_those_of_json() -> None:
    values = parse(INGRID).values
    assert values["active"] is True
    assert values["contained"] == [{"resourceType": "Organization", "id": "o", "name": 'Nordvik & "Co"'}]
    assert values["name"][0]["id"] == "n1"
    assert values["name"][0]["given"] == ["Ingrid", "Marie"]
    beside = values["name"][0]["_given"]
    assert (beside[0], str(beside[1]["extension"][0]["valueDecimal"])) == (None, "1.10")
    assert values["text"]["div"] == '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ingrid &lt;Ødegård&gt;</p></div>'
    assert isinstance(beside[1]["extension"][0]["valueDecimal"], Decimal)


@pytest.mark.parametrize(
    "path, values, places",
    [
        ("Patient.name.family", ["Ødegård"], ['"Ødegård"']),
        ("Patient.name.given", ["Ingrid", "Marie"], ['"Ingrid"', '"Marie"']),
        ("Patient.active", ["true"], ['"true"']),
        ("Patient.contained.name", ['Nordvik & "Co"'], ['"Nordvik &amp; &quot;Co&quot;"']),
        ("Patient.birthDate", [""], [""]),
    ],
)
def test_paths_and_places(path: str, values: list[str], places: list[str]) -> None:
    message = parse(INGRID)
    assert message.get(path) == values
    assert [message.text[e.start : e.end] for e in message.find(path)] == places


def test_findings_have_their_places_in_the_xml() -> None:
    message = parse(INGRID)
    (finding,) = [f for f in conform(message) if f.severity == "error"]
    assert (finding.rule, finding.path, message.text[finding.start : finding.end]) == ("FHIR-CODE", "Patient.gender", '"robot"')


def test_written_as_it_was_read() -> None:
    message = parse(INGRID)
    again = write_xml(message.values)
    assert again == INGRID.partition("\n")[2]
    assert parse(again).values == message.values


def test_both_notations_say_the_same() -> None:
    message = parse(INGRID)
    there = as_json(message)
    assert there.values == message.values
    assert '"valueDecimal": 1.10' in there.text or '"valueDecimal":1.10' in there.text
    assert as_xml(there).text == INGRID.partition("\n")[2]
    for convert in (as_json, as_xml):
        with pytest.raises(ValueError, match="carries no resource"):
            convert(parse("GET /fhir/Patient HTTP/1.1\r\n\r\n"))


def test_a_request_in_xml() -> None:
    request = parse(f"POST /fhir/Patient HTTP/1.1\r\ncontent-type: application/fhir+xml\r\n\r\n{INGRID}")
    assert (request.name, request.kind, request.get("Patient.id")) == ("POST Patient", "Patient", ["ingrid"])
    assert recognises(INGRID)
    assert not recognises("<Patient/>")


@pytest.mark.parametrize(
    "text, says",
    [
        ('<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir"><id value="&x;"/></Patient>', "no DOCTYPE"),
        ("<Patient xmlns='http://hl7.org/fhir'><active value='true'></Patient>", "well-formed"),
        ("<Patient xmlns='http://hl7.org/fhir'>text</Patient>", "a value is an attribute"),
        ("<Patient xmlns='urn:x'><id value='1'/></Patient>", "namespace"),
        ("<Patient><id value='1'/></Patient>", "namespace"),
        ("<Patient xmlns='http://hl7.org/fhir'>" + "<a>" * 300 + "</a>" * 300 + "</Patient>", "levels"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='&nbsp;'/></Patient>", "well-formed"),
        ("<", "well-formed"),
    ],
)  # fmt: skip
def test_unreadable(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        parse(text)


@pytest.mark.parametrize(
    "inner, rule, path",
    [
        ('<famly value="x"/>', "FHIR-UNKNOWN-ELEMENT", "Patient.famly"),
        ('<active value="yes"/>', "FHIR-JSON-TYPE", "Patient.active"),
        ('<multipleBirthInteger value="two"/>', "FHIR-JSON-TYPE", "Patient.multipleBirthInteger"),
        ('<gender value="male"/><gender value="male"/>', "FHIR-NO-LIST", "Patient.gender"),
        ("<name/>", "FHIR-EMPTY", "Patient.name[0]"),
        ('<contained><Patiant><id value="a"/></Patiant></contained>', "FHIR-UNKNOWN-TYPE", "Patient.contained[0].resourceType"),
        ('<name><family value="x" lang="no"/></name>', "FHIR-UNKNOWN-ELEMENT", "Patient.name[0]._family.lang"),
        ('<birthDate value="17.06.1958"/>', "FHIR-FORMAT", "Patient.birthDate"),
    ],
)
def test_what_is_wrong_is_found(inner: str, rule: str, path: str) -> None:
    text = f'<Patient xmlns="http://hl7.org/fhir">{inner}</Patient>'
    found = [(f.rule, f.path) for f in conform(parse(text)) if f.severity == "error"]
    assert (rule, path) in found


def test_public_cases_come_back_from_xml(public_cases: Path) -> None:
    read = 0
    for path in cases("fhir/*.json"):
        try:
            values = parse(path.read_bytes()).values
        except Unreadable:
            continue
        if not isinstance(values, dict) or any(
            f.rule in ("FHIR-UNKNOWN-ELEMENT", "FHIR-EMPTY") or "txt" in f.rule for f in conform(parse(path.read_bytes()))
        ):
            continue  # XML has no place for these
        again = parse(write_xml(values)).values
        assert json.dumps(again, sort_keys=True, default=str) == json.dumps(values, sort_keys=True, default=str), path.name
        read += 1
    assert read > 35


@given(st.text(st.sampled_from("<>/ ='\"&;!x?PatientidDOCTYPE[]-\n"), max_size=60))
def test_no_text_makes_it_raise_anything_else(noise: str) -> None:
    text = f'<Patient xmlns="http://hl7.org/fhir">{noise}</Patient>'
    try:
        message = parse(text)
    except Unreadable:
        return
    for finding in conform(message):
        assert 0 <= finding.start <= finding.end <= len(text)


def test_a_text_that_names_another_encoding_is_read_as_it_came() -> None:
    """The bytes were UTF-8, or there would be no text; what its first line says no longer holds."""
    for encoding in ("ISO-8859-1", "UTF-7", "UTF-16"):
        text = f'<?xml version="1.0" encoding="{encoding}"?><Patient xmlns="http://hl7.org/fhir"><id value="é"/></Patient>'
        assert parse(text).get("Patient.id") == ["é"]


def test_the_cost_of_a_tag_grows_with_its_attributes() -> None:
    def cost(count: int) -> int:
        attributes = " ".join(f'a{number}="x"' for number in range(count))
        return calls(lambda: parse(f'<Patient xmlns="http://hl7.org/fhir"><name {attributes}/></Patient>'))

    cost(10)
    assert cost(2_000) <= 10 * cost(250)
