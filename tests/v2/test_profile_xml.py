"""Conformance profiles in XML: read, refused where they are hostile, and held against a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from ihe_kit import v2, validate
from ihe_kit.core import Unreadable
from ihe_kit.files import data
from ihe_kit.v2.conformance_profile import MOST_BYTES, MOST_DEPTH, load

NORDVIK = data("v2/profiles/nordvik-adt-a01.xml")
SOUND = (
    "MSH|^~\\&|ADT|NORDVIK|EHR|FJORDLAND|20250303080000+0100||ADT^A01^ADT_A01|N1|P|2.5\r"
    "EVN||20250303080000+0100\r"
    "PID|1||4711^^^NORDVIK&2.999.10.1&ISO^PI||Lie^Bjorn^^^^^L||19660707|M\r"
    "PV1|1|I|WARD^12^1\r"
)


def found(text: str) -> list[tuple[str, str, str]]:
    return [(f.rule.removeprefix("HL7-PROFILE-"), f.severity, f.path) for f in v2.conform(v2.parse(text), profile=NORDVIK)]


def test_a_profile_is_read_from_a_path_and_from_text() -> None:
    for source in (NORDVIK, str(NORDVIK), NORDVIK.read_text("utf-8")):
        profile = load(source)
        assert (profile.version, profile.trigger, profile.structure) == ("2.5", "ADT^A01", "ADT_A01")
        assert [part.name for part in profile.parts] == ["MSH", "EVN", "PID", "NK1", "PV1", "INSURANCE"]
        patient = profile.parts[2].parts[2]
        assert (patient.usage, patient.least, patient.most) == ("R", 1, 3)
        assert [part.name for part in patient.parts[3].parts] == ["Namespace ID", "Universal ID", "Universal ID Type"]
        assert "names the domain" in patient.notes["ImpNote"]
        assert patient.notes["Reference"] == "3.4.2.3"


def test_a_message_that_keeps_the_profile() -> None:
    assert found(SOUND) == []


@pytest.mark.parametrize(
    "old, new, rule, severity, path",
    [
        ("|M\r", "|\r", "FIELD-MISSING", "error", "PID-8"),
        ("|19660707|", "||", None, "", ""),  # RE: a sender that does not know it leaves it empty
        ("&2.999.10.1&", "&&", "COMPONENT-MISSING", "error", "PID-3.4.2"),
        ("^PI|", "|", "COMPONENT-MISSING", "error", "PID-3.5"),
        ("EVN||", "EVN|A01|", "UNUSED", "error", "EVN-1"),
        ("4711^^^", "4711^7^^", "UNUSED", "error", "PID-3.2"),
        ("4711^^^", "4711471147114^^^", "LENGTH", "warning", "PID-3.1"),
        ("|I|WARD", "|O|WARD", "CONSTANT", "error", "PV1-2"),
        ("NORDVIK|EHR", "SOLBAKKEN|EHR", "CONSTANT", "error", "MSH-4"),
        ("|Lie^Bjorn^^^^^L|", "|A^B~C^D~E^F|", "FIELD-REPEATED", "error", "PID-5[3]"),
        ("PV1|", "NK1|1|A\rNK1|2|B\rNK1|3|C\rPV1|", "SEGMENT-REPEATED", "error", "NK1[3]"),
        ("PV1|", "PD1|\rPV1|", "SEGMENT-UNKNOWN", "error", "PD1"),
        ("^PI|", "^ÆØ|", "TABLE", "warning", "PID-3.5"),
        ("ADT^A01^ADT_A01", "ADT^A04^ADT_A01", "EVENT", "error", "MSH-9"),
        ("|2.5\r", "|2.6\r", "VERSION", "error", "MSH-12"),
    ],
)
def test_what_a_profile_adds(old: str, new: str, rule: str | None, severity: str, path: str) -> None:
    rules = [item for item in found(SOUND.replace(old, new, 1)) if not item[0].startswith("HL7-")]
    where = [(r, s, p.removesuffix("[1]")) for r, s, p in rules]
    assert where == ([(rule, severity, path)] if rule else [])


def test_a_missing_segment_is_missing_once() -> None:
    """The standard demands PV1 too: both would say the same of one place."""
    assert found(SOUND.partition("PV1")[0]) == [("SEGMENT-MISSING", "error", "PV1")]


def test_a_finding_teaches_what_the_profile_notes_and_cites_both() -> None:
    (finding,) = [f for f in v2.conform(v2.parse(SOUND.replace("&2.999.10.1&", "&&")), profile=NORDVIK) if "COMPONENT" in f.rule]
    assert finding.what == "Universal ID is empty, and the profile requires it (R) wherever the value around it is sent."
    (finding,) = v2.conform(v2.parse(SOUND.replace("|I|WARD", "|O|WARD")), profile=NORDVIK)
    assert "This profile is for inpatients" in finding.why
    assert finding.spec == "conformance profile Nordvik Admissions ADT_A01 ADT^A01, PV1-2; HL7 v2.5 section 3.4.3.2"
    assert finding.fix
    assert finding.fix.text == "I"


def test_null_deletes_and_is_no_missing_value() -> None:
    assert found(SOUND.replace("|M\r", '|""\r')) == []


def test_the_verb_takes_a_profile() -> None:
    assert [f.path for f in validate(SOUND.replace("|I|WARD", "|O|WARD"), profile=str(NORDVIK)) if "PROFILE" in f.rule] == ["PV1-2"]
    with pytest.raises(ValueError, match="HL7v2xConformanceProfile"):
        validate('{"resourceType": "Patient"}', profile=str(NORDVIK))


HEAD = '<HL7v2xConformanceProfile HL7Version="2.5">'


@pytest.mark.parametrize(
    "text, says",
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + HEAD, "document type"),
        ('<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">' + HEAD, "document type"),
        ("<html/>", "expected HL7v2xConformanceProfile, but found html"),
        (HEAD, "well-formed"),
        (HEAD + "</HL7v2xConformanceProfile>", "HL7v2xStaticDef"),
        (HEAD + "<a>" * MOST_DEPTH, "inside each other"),
        (HEAD + '<HL7v2xStaticDef><Segment Name="PID" Max="many"/>', "numbers in Min, Max and Length of Segment PID"),
        ("<" + " " * MOST_BYTES, "bytes"),
    ],
)  # fmt: skip
def test_what_is_no_profile_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        load(text)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.xml")


def test_nothing_is_unpickled() -> None:
    """The reference library loads its profiles with pickle, which runs what stands in them."""
    room = Path(v2.__file__).parent
    assert not [path.name for path in room.rglob("*.py") if "import pickle" in path.read_text("utf-8")]
