"""The Reference Model in XML: nothing is lost on the way there and back, the official schema accepts it, the hostile is refused, places hold."""

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from ihe_kit.core import Unreadable
from ihe_kit.openehr import as_json, as_xml, build, conform, explain, parse, recognises, rm
from tests.openehr.given import CASES, CLOCK, ids
from tests.openehr.schema import schema

GOOD = build("kit_vital_signs.v1", {"systolic": 142, "diastolic": 91, "position": "sitting", "rate": 72}, CLOCK, ids)
XML = as_xml(GOOD)
BP = "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value"


def whole(value: Any, declared: str = "") -> Any:
    """JSON with the class of every object written out, without what is empty: what the two notations may differ in."""
    if isinstance(value, list):
        return [whole(one, declared) for one in value]
    if not isinstance(value, dict):
        return value
    type_ = rm.bare(value.get("_type") or declared)
    known = rm.attributes(type_)
    found = {key: whole(one, known[key].type if key in known else "") for key, one in value.items() if one not in (None, [])}
    return found | ({} if rm.abstract(type_) else {"_type": type_})


@pytest.mark.parametrize("path", CASES("composition", "json"), ids=lambda path: path.name)
def test_public_compositions_go_there_and_back(path: Path) -> None:
    message = parse(path.read_bytes())
    try:
        written = as_xml(message)
    except ValueError as problem:  # what a database made for itself: names such as /name[1]
        assert message.kind == "JSON" or "no element of the name" in str(problem)
        return
    back = as_json(written)
    assert whole(back.data) == whole(message.data)
    assert [(f.rule, f.path, f.found) for f in conform(written) if f.start < f.end and f.found[:1] not in "<{["] == [
        (f.rule, f.path, f.found) for f in conform(message) if f.start < f.end and f.found[:1] not in "<{["
    ]


def test_our_own_is_valid_by_the_official_schema() -> None:
    from lxml import etree

    official = schema("Composition.xsd")
    assert official.validate(etree.fromstring(XML.text.encode())), official.error_log
    for old, new in (("<magnitude>142</magnitude>", "<magnitude>high</magnitude>"), ("<composer", "<compser")):
        broken = XML.text.replace(old, new).replace("</composer", "</compser" if "comps" in new else "</composer")
        assert not official.validate(etree.fromstring(broken.encode()))


def test_it_serves_as_json_does() -> None:
    assert (XML.kind, XML.template_id, XML.name, XML.is_xml) == (GOOD.kind, GOOD.template_id, GOOD.name, True)
    assert parse(XML.text.encode()).encode() == XML.text.encode()
    assert conform(XML) == conform(GOOD) == []
    paths = {element.path for element in GOOD.elements()}
    assert paths <= {element.path for element in XML.elements()}
    for element in XML.elements():
        assert XML.find(element.path)[0].value == element.value
    assert explain(XML, f"{BP}/units").name == "units"


def test_a_place_is_that_of_the_value() -> None:
    (element,) = XML.find(f"{BP}/magnitude")
    assert (XML.text[element.start : element.end], element.value) == ("142", "142")
    (code,) = XML.find("/archetype_node_id")
    assert XML.text[code.start : code.end] == '"openEHR-EHR-COMPOSITION.encounter.v1"'
    cat = parse(XML.text.replace("Vital signs", "Vital 👩‍⚕️ &amp; signs"))
    (name,) = cat.find("/name/value")
    assert (cat.text[name.start : name.end], name.value) == ("Vital 👩‍⚕️ &amp; signs", "Vital 👩‍⚕️ & signs")


def test_numbers_keep_their_zeros_and_texts_their_blanks() -> None:
    text = '{"_type": "DV_QUANTITY", "magnitude": 6.90, "units": " m\\r\\n<\\"&mol\\t"}'
    back = as_json(as_xml(parse(text)))
    assert back.get("/magnitude") == ["6.90"]
    assert back.get("/units") == [' m\r\n<"&mol\t']


# What is replaced, by what, the finding's rule and where it is.
BROKEN = [
    ("<units>mm[Hg]</units>", "<units>mmHg</units>", "OPENEHR-UNITS", f"{BP}/units"),
    ("<magnitude>142</magnitude>", "<magnitude>1420</magnitude>", "OPENEHR-RANGE", f"{BP}/magnitude"),
    ("<magnitude>142</magnitude>", "<magnitude>high</magnitude>", "OPENEHR-TYPE", f"{BP}/magnitude"),
    ("<magnitude>142</magnitude>", "<magnitud>142</magnitud>", "OPENEHR-ATTRIBUTE", f"{BP}/magnitud"),
    ("<magnitude>142</magnitude>", "", "OPENEHR-REQUIRED", f"{BP}/magnitude"),
    ('xsi:type="DV_QUANTITY"', 'xsi:type="DV_QUANTTY"', "OPENEHR-TYPE", f"{BP}/_type"),
    ("<magnitude>142</magnitude>", "<magnitude>142</magnitude><magnitude>143</magnitude>", "OPENEHR-TYPE", f"{BP}/magnitude"),
]


@pytest.mark.parametrize(("old", "new", "rule", "path"), BROKEN)
def test_a_finding_stands_in_the_xml(old: str, new: str, rule: str, path: str) -> None:
    message = parse(XML.text.replace(old, new, 1))
    found = [finding for finding in conform(message) if finding.rule == rule]
    assert [finding.path for finding in found][:1] == [path]
    assert XML.text.find(old) - 60 <= found[0].start <= found[0].end <= XML.text.find(old) + 200


@pytest.mark.parametrize("old", ["<units>mm[Hg]</units>", 'archetype_node_id="openEHR-EHR-COMPOSITION.encounter.v1"'])
def test_a_fix_mends_the_xml(old: str) -> None:
    broken = XML.text.replace(old, old.replace("mm[Hg]", "mm Hg").replace("encounter", "encountr"), 1)
    fixes = [finding.fix for finding in conform(parse(broken)) if finding.fix]
    assert fixes
    mended = broken[: fixes[0].start] + fixes[0].text + broken[fixes[0].end :]
    assert mended == XML.text


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ('<!DOCTYPE c [<!ENTITY a "b">]>\n<composition xmlns="http://schemas.openehr.org/v1"/>', "DOCTYPE", 1),
        ('<composition xmlns="http://schemas.openehr.org/v1">\n<name>\n</composition>', "well-formed", 3),
        ('<composition xmlns="http://schemas.openehr.org/v1">\n&bomb;</composition>', "undefined entity", 2),
        ('<composition xmlns="http://schemas.openehr.org/v1">\nwords<name/></composition>', "elements only", 1),
        ('<composition xmlns="http://schemas.openehr.org/v1">\n<name xmlns="http://example.org"/></composition>', "example.org", 2),
        ('<ClinicalDocument xmlns="urn:hl7-org:v3"/>', "urn:hl7-org:v3", 1),
        ("<weather/>", "no namespace", 1),
        ('<composition xmlns="http://schemas.openehr.org/v1">' + "<content>" * 300, "at most 200 levels", 1),
        ('<composition xmlns="http://schemas.openehr.org/v1">' + "<content/>" * 200_001, "200000 elements", 1),
        ('<composition xmlns="http://schemas.openehr.org/v1"><name>\x07</name></composition>', "well-formed", 1),
    ],
)
def test_what_is_no_message_is_refused_at_its_line(text: str, says: str, line: int) -> None:
    with pytest.raises(Unreadable) as problem:
        parse(text)
    assert says in str(problem.value)
    assert problem.value.line == line


@pytest.mark.parametrize("piece", ["<!---->", "<!--", "<?a?>", "<?a", " ", "<a ", "<a xmlns='", "<a><!--"])
def test_a_start_made_to_take_long_is_read_at_once(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = process_time()
    recognises(text)
    with pytest.raises(Unreadable):
        parse(f"<!-- -->{text}")
    assert process_time() - began < 10  # a fraction of a second, or for ever


def test_what_xml_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="no way to write the character"):
        as_xml(parse('{"_type": "DV_TEXT", "value": "\\u0007"}'))
    with pytest.raises(ValueError, match="no element of the name"):
        as_xml(parse('{"_type": "DV_TEXT", "/value": "x"}'))
    with pytest.raises(ValueError, match="nothing to write in XML"):
        as_xml(parse('{"ctx/language": "en"}'))


def test_openehr_knows_its_xml() -> None:
    assert recognises(XML.text)
    assert recognises(build("POST definition/template/adl1.4 kit_vital_signs.v1", {}, CLOCK, ids).body)
    assert not recognises('<Patient xmlns="http://hl7.org/fhir"/>')
    assert recognises('<?xml version="1.0"?><!-- a --><o:composition xmlns:o="http://schemas.openehr.org/v1"/>')
    prefixed = parse('<o:element xmlns:o="http://schemas.openehr.org/v1" archetype_node_id="at0004"><o:name/></o:element>')
    assert prefixed.kind == "ELEMENT"


def test_a_response_in_xml_has_a_tree_and_a_foreign_page_none() -> None:
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\n\r\n"
    assert parse(head + XML.text).get(f"{BP}/magnitude") == ["142"]
    assert parse(head + "<html><body/></html>").root is None
    assert json.loads(as_json(parse(head + XML.text)).text)["_type"] == "COMPOSITION"
