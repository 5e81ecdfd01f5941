"""Conformance to the base standard: what is found, where, how severe; and that the quick check and the slow one are of one opinion."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_kit import v2
from ihe_kit.core import Unreadable
from ihe_kit.files import rows
from ihe_kit.rules import SEVERITIES, Finding, has_errors
from ihe_kit.v2 import acceptors, coded, values
from ihe_kit.v2.report import MOST, words
from ihe_kit.v2.tables import VERSIONS, datatypes, segment, segments

HEAD = "MSH|^~\\&|LAB|MIDTLAB|EHR|FJORDLAND|20250303080000+0100||ORU^R01^ORU_R01|N1|P|{version}\r"
BODY = "PID|1||4711^^^NORDVIK&2.999.10.1&ISO^PI||Lie^Bjørn^^^^^L||19660707|M\rPV1|1|I\rORC|RE|P1|F1\rOBR|1|P1|F1|CBC^Blood count^L\r"
RESULT = "OBX|1|NM|718-7^Haemoglobin^LN||14.2|g/dL^gram per decilitre^UCUM|12-16|N|||F\r"
SOUND = HEAD.format(version="2.5").replace("\r", "||||||UNICODE UTF-8\r", 1) + BODY + RESULT


def found(text: str, version: str | None = None) -> list[tuple[str, str, str]]:
    return [(f.rule, f.severity, f.path) for f in v2.conform(v2.parse(text), version)]


def mend(text: str, finding: Finding) -> str:
    assert finding.fix
    return text[: finding.fix.start] + finding.fix.text + text[finding.fix.end :]


def test_a_sound_message_is_sound() -> None:
    assert found(SOUND) == []


@pytest.mark.parametrize(
    "old, new, rule, severity, path",
    [
        # data types: HL7 v2.5 section 2.A
        ("19660707", "20250230", "HL7-DATA-TYPE", "error", "PID-7"),
        ("19660707", "1966-07-07", "HL7-DATA-TYPE", "error", "PID-7"),
        ("20250303080000+0100", "20250303250000", "HL7-DATA-TYPE", "error", "MSH-7"),
        ("20250303080000+0100", "20250303080000+1900", "HL7-DATA-TYPE", "error", "MSH-7"),
        ("PID|1|", "PID|one|", "HL7-DATA-TYPE", "error", "PID-1"),
        # a type that another field names: HL7 v2.5 section 7.4.2.2
        ("|14.2|", "|14,2|", "HL7-DATA-TYPE", "error", "OBX-5"),
        ("|14.2|", "|14.2~high|", "HL7-DATA-TYPE", "error", "OBX-5[2]"),
        ("|NM|718-7^Haemoglobin^LN||14.2|", "|SN|718-7^Haemoglobin^LN||=>^14|", "HL7-DATA-TYPE", "error", "OBX-5.1"),
        ("|NM|718-7^Haemoglobin^LN||14.2|", "|DT|718-7^Haemoglobin^LN||20250231|", "HL7-DATA-TYPE", "error", "OBX-5"),
        ("|NM|718-7^Haemoglobin^LN||14.2|", "||718-7^Haemoglobin^LN||14.2|", "HL7-VALUE-TYPE", "error", "OBX-5"),
        ("|NM|718-7^Haemoglobin^LN||14.2|", "|XY|718-7^Haemoglobin^LN||14.2|", "HL7-TABLE", "warning", "OBX-2"),
        # tables: HL7's own, users', coding systems
        ("|P|2.5", "|X|2.5", "HL7-TABLE", "warning", "MSH-11"),
        ("|M\r", "|Q\r", "HL7-TABLE", "information", "PID-8"),
        ("|M\r", "|m\r", "HL7-TABLE", "information", "PID-8"),
        ("^UCUM", "^units", "HL7-TABLE", "information", "OBX-6.3"),
        # presence and number
        ("|Lie^Bjørn^^^^^L|", "||", "HL7-FIELD-MISSING", "error", "PID-5"),
        ("|19660707|", "|19660707~19660708|", "HL7-FIELD-REPEATED", "error", "PID-7[2]"),
        # more than there is a place for
        ("|M\r", "|M^x\r", "HL7-COMPONENT-UNKNOWN", "warning", "PID-8.2"),
        ("LAB|", "LAB&x|", "HL7-COMPONENT-UNKNOWN", "warning", "MSH-3.1.2"),
        ("|||F\r", "|||F" + "|" * 20 + "x\r", "HL7-FIELD-UNKNOWN", "warning", "OBX-31"),
        # lengths
        ("|12-16|", "|" + "1" * 61 + "|", "HL7-LENGTH", "warning", "OBX-7"),
        ("4711^^^", "4711471147114711^^^", "HL7-LENGTH", "warning", "PID-3.1"),
        # usage
        ("PID|1||", "PID|1|4711|", "HL7-DEPRECATED", "information", "PID-2"),
        # escapes: HL7 v2.5 section 2.7
        ("|12-16|", "|\\S\\ 12-16 \\.br\\ \\X0D\\|", None, "", ""),
        ("|12-16|", "|C:\\temp\\x|", "HL7-ESCAPE", "warning", "OBX-7"),
        ("|12-16|", "|12\\16|", "HL7-ESCAPE", "warning", "OBX-7"),
        # NULL deletes, and fits everything: HL7 v2.5 section 2.5.3
        ("|19660707|M\r", '|""|""\r', None, "", ""),
        ("|N|||F", '|""|""||F', None, "", ""),
        # the structure: HL7 v2.5 section 2.15.9.9, table 0354
        ("ORU_R01|", "ORU_R99|", "HL7-STRUCTURE-NAME", "warning", "MSH-9.3"),
        ("^ORU_R01|", "|", "HL7-STRUCTURE-NAME", "information", "MSH-9.3"),
    ],
)  # fmt: skip
def test_what_is_found(old: str, new: str, rule: str | None, severity: str, path: str) -> None:
    changed = SOUND.replace(old, new, 1)
    where = [(r, s, p.replace("[1]", "", 1) if p.endswith("[1]") else p) for r, s, p in found(changed)]
    assert where == ([(rule, severity, path)] if rule else [])


@pytest.mark.parametrize(
    "old, new, fixed",
    [
        ("19660707", "1966-07-07", "19660707"),
        ("20250303080000+0100", "2025-03-03T08:00:00+01:00", "20250303080000+0100"),
        ("|14.2|", "| 14.2|", "14.2"),
        ("|M\r", "|m\r", "M"),
        ("|M\r", "|M \r", "M"),
        ("ORU_R01|", "ORU_R99|", "ORU_R01"),
        ("^ORU_R01|", "|", "^ORU_R01"),
    ],
)
def test_a_safe_fix_makes_the_message_sound(old: str, new: str, fixed: str) -> None:
    changed = SOUND.replace(old, new, 1)
    (finding,) = v2.conform(v2.parse(changed))
    assert finding.fix
    assert finding.fix.text == fixed
    assert found(mend(changed, finding)) == []


@pytest.mark.parametrize("old, new", [("19660707", "20250230"), ("PID|1|", "PID|one|"), ("|M\r", "|Q\r"), ("|12-16|", "|12\\16|")])
def test_where_no_repair_is_safe_none_is_offered(old: str, new: str) -> None:
    (finding,) = v2.conform(v2.parse(SOUND.replace(old, new, 1)))
    assert finding.fix is None


def test_a_day_that_does_not_exist_is_explained() -> None:
    (finding,) = v2.conform(v2.parse(SOUND.replace("19660707", "20250230")))
    assert finding.what == "20250230 is no DTM: 2025 has no such day: month 02, day 30."


@pytest.mark.parametrize("system", ["UCUM", "SCT", "LN", "HL70001", "99LOCAL", "L", "I10"])
def test_known_and_local_coding_systems_are_no_finding(system: str) -> None:
    assert found(SOUND.replace("UCUM", system)) == []


def test_a_code_with_another_coding_system_is_not_judged() -> None:
    race = SOUND.replace("|M\r", "|M||{}\r", 1)
    assert found(race.format("2106-3^White^HL70005")) == []
    assert found(race.format("W^White^99LOCAL")) == []
    assert found(race.format("W^White^HL70005")) == [("HL7-TABLE", "information", "PID-10.1")]
    assert found(race.format("W")) == [("HL7-TABLE", "information", "PID-10")]


def test_required_components() -> None:
    """HL7 v2.7 section 2.A.14: CX-1 and CX-5 are required; 2.5 requires CX-1, and versions before it neither."""
    missing = SOUND.replace("^PI|", "|", 1)
    assert found(missing) == []
    assert ("HL7-COMPONENT-MISSING", "error", "PID-3.5") in found(missing, "2.7")
    nobody = SOUND.replace("|4711^", "|^", 1)
    assert nobody != SOUND
    assert found(nobody) == [("HL7-COMPONENT-MISSING", "error", "PID-3.1")]
    assert ("HL7-COMPONENT-MISSING", "error", "PID-3.1") not in found(nobody, "2.4")


def test_withdrawn_components_and_fields() -> None:
    """2.7 withdrew XPN-6 and PID-2; 2.5 keeps PID-2 for older systems only."""
    assert ("HL7-WITHDRAWN", "information", "PID-5.6") in found(SOUND.replace("Bjørn^^^^^L", "Bjørn^^^^MD^L"), "2.7")
    assert ("HL7-WITHDRAWN", "warning", "PID-2") in found(SOUND.replace("PID|1||", "PID|1|4711|"), "2.7")
    (kept,) = v2.conform(v2.parse(SOUND.replace("PID|1||", "PID|1|4711|")))
    assert "PID-3 says it today." in kept.why


def test_structure_with_groups() -> None:
    order = SOUND.partition("ORC|")[2].partition("OBX|")[0]
    two = SOUND + "ORC|" + order + "OBX" + RESULT[3:]
    assert found(two) == []
    lost = SOUND.replace("OBR|1|P1|F1|CBC^Blood count^L\r", "") + "ORC|" + order
    ((rule, severity, path),) = found(lost)
    assert (rule, severity) == ("HL7-SEGMENT-MISSING", "error")
    assert path == "PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBR"


def test_a_version_without_tables_is_said() -> None:
    assert ("HL7-VERSION", "information", "MSH-12") in found(SOUND.replace("|2.5|", "|2.9|"))


def test_master_files_name_the_type_of_each_key() -> None:
    """HL7 v2.5 sections 8.5.3.4 and 8.5.3.5: the types in MFE-5 stand in the order of the keys in MFE-4."""
    head = HEAD.format(version="2.5").replace("ORU^R01^ORU_R01", "MFN^M02^MFN_M02")
    text = head + "MFI|PRA|NORDVIK|UPD|||NE\rMFE|MAD|1||{}\rSTF|1\r"
    assert found(text.format("4711^Lie^L|CE")) == []
    assert [path for _, _, path in found(text.format("4711^Lie^L~20250230|CE~DT"))] == ["MFE-4[2]", "MFE-5[2]"]
    assert [path for _, _, path in found(text.format("4711^Lie^L"))] == ["MFE-4", "MFE-5"]


def test_so_many_findings_are_told_but_not_listed() -> None:
    text = SOUND + "OBX|x|NM|a||b||||||F\r" * (MOST + 10)
    findings = v2.conform(v2.parse(text))
    errors = [f for f in findings if f.severity == "error"]
    assert len(errors) == MOST + 1
    (rest,) = [f for f in errors if f.rule == "HL7-LEFT-OUT"]
    assert f"{2 * (MOST + 10) - MOST:,} more" in rest.what
    assert has_errors(findings)


def test_the_table_of_findings_is_whole() -> None:
    for row in rows("v2/findings.tsv"):
        assert row["severity"] in SEVERITIES
        assert ". " in row["says"], f"{row['key']} says what, but not why"
        assert row["spec"]
    assert len(words()) == len(rows("v2/findings.tsv"))


# Values ------------------------------------------------------------------------------------------------------------------------------


@given(st.dates())
def test_every_date_that_exists_is_a_date(day: object) -> None:
    text = f"{day:%Y%m%d}".rjust(8, "0")
    assert values.is_written("DT", text)
    assert values.is_written("DTM", text + "2359+0100")


@given(st.integers(1, 9999), st.integers(0, 99), st.integers(0, 99))
def test_no_other_date_is_one(year: int, month: int, day: int) -> None:
    from datetime import date

    try:
        exists = bool(date(year, month, day))
    except ValueError:
        exists = False
    assert values.is_written("DT", f"{year:04}{month:02}{day:02}") == exists


@pytest.mark.parametrize("type_", values.PATTERNS)
def test_no_type_takes_a_delimiter_or_another_script(type_: str) -> None:
    """The quick check relies on it, and int() and float() of other programs read other digits differently."""
    example = values.EXAMPLES[type_]
    assert values.is_written(type_, example)
    for mark in "~^&\\|\r":
        assert not values.is_written(type_, example + mark)
    assert not values.is_written(type_, "٣")


# Fast accept, slow explain -----------------------------------------------------------------------------------------------------------

PIECES = [
    "^", "&", "~", "|", "\\", '""', "\\F\\", "\\X0D\\", "\\.br\\", "", "20250230", "20240229", "A", "F", "1.5", "HL70001", "x" * 25, "x" * 300,
    "é", " ", "\\E", "L", "UCUM", "\r", "OBX|1|", "NM", "CWE", "\x0b", "٣",
]  # fmt: skip


def slowly(message: v2.V2Message, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings where no field is let pass by the quick check."""
    with monkeypatch.context() as patched:
        patched.setattr(acceptors, "USUAL", None)
        return v2.conform(message)


def test_both_ways_agree_on_spoilt_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(3)
    texts = [SOUND, SOUND.replace("|2.5|", "|2.3.1|"), SOUND.replace("|2.5|", "|2.8.2|")]
    for _ in range(1500):
        text = dice.choice(texts)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(9, len(text))
            text = text[:at] + dice.choice(PIECES) + text[at + dice.choice((0, 0, 1, 3, 9)) :]
        message = v2.parse(text)
        assert v2.conform(message) == slowly(message, monkeypatch), text


def test_both_ways_agree_on_public_messages(monkeypatch: pytest.MonkeyPatch, public_cases: Path) -> None:
    for path in sorted((public_cases / "hl7v2").glob("*.hl7")):
        try:
            message = v2.parse(path.read_bytes())
        except Unreadable:
            continue
        assert v2.conform(message) == slowly(message, monkeypatch), path.name


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_both_ways_agree_on_any_field(data: st.DataObject) -> None:
    """Any field of any segment of any version, with any parts in it."""
    version = data.draw(st.sampled_from(VERSIONS))
    name = data.draw(st.sampled_from([n for n in segments(version) if len(n) == 3 and n != "MSH" and segment(n, version)]))
    number = data.draw(st.integers(1, len(segment(name, version))))
    text = "".join(data.draw(st.lists(st.sampled_from([*PIECES[:6], *PIECES[9:16], *datatypes(version)[-12:], "1", "x"]), max_size=12)))
    line = name + "|" * number + text.replace("|", "")
    message = v2.parse(HEAD.format(version=version) + line)
    with pytest.MonkeyPatch.context() as patched:
        quick = v2.conform(message)
        assert quick == slowly(message, patched)


def test_the_quick_check_does_pass_what_is_sound() -> None:
    """Else both ways would agree because there is one."""
    for line in SOUND.split("\r")[1:-1]:
        name, *fields = line.split("|")
        types = ("NM",) if name in coded.NAMED else ()
        assert acceptors.acceptor(name, "2.5", types).odd(fields) == [], line


def test_hostile_values_take_no_more_time_than_their_length() -> None:
    """A pattern that tries every way through a text would not come back from these."""
    for piece in ("^" * 90_000, "&" * 90_000, "~" * 90_000, "\\" * 90_001, "1" * 90_000, "\\F" * 40_000, "x^" * 40_000, "2025" * 20_000):
        assert v2.conform(v2.parse(SOUND + f"NK1|1|{piece}||{piece}|{piece}|{piece}\r")) is not None
