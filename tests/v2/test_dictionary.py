"""What a path means: every kind of path, every version, and the compiled tables behind the answers."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from rich.console import Console

from ihe_kit import v2
from ihe_kit.core import UNCHECKED, UnknownPath
from ihe_kit.files import rows
from ihe_kit.render.explanation import show_definition
from ihe_kit.v2 import tables
from ihe_kit.v2.changes import changes, usage
from ihe_kit.v2.tables import (
    VERSIONS,
    at,
    datatype,
    event_structure,
    history,
    instead,
    section,
    segment,
    segments,
    structure,
    supported,
    table,
)

PAIRS = [(version, name) for version in VERSIONS for name in segments(version)]


@pytest.mark.parametrize(
    "path, label, name, type_, inside",
    [
        ("PID-3.4", "CX-4", "Assigning Authority", "HD", "HD-1"),
        ("CX", "CX", "Extended Composite ID with Check Digit", "data type", "CX-4"),
        ("CX.4", "CX-4", "Assigning Authority", "HD", "HD-2"),
        ("CX-4.1", "HD-1", "Namespace ID", "IS", ""),
        ("ST", "ST", "String Data", "data type", ""),
        ("0001", "0001", "Administrative Sex", "table", ""),
        ("HL70001", "0001", "Administrative Sex", "table", ""),
        ("HL7 table 0203", "0203", "Identifier Type", "table", ""),
        ("A01", "ADT^A01", "Admit/visit notification", "event", "EVN"),
        ("ADT^A08", "ADT^A08", "Update patient information", "event", "PV1"),
        ("ADT^A01^ADT_A01", "ADT^A01", "Admit/visit notification", "event", "PROCEDURE"),
        ("ACK^A01", "ACK^A01", "Acknowledgment of A01", "event", "MSA"),
        ("ADT_A01", "ADT_A01", "ADT/ACK - Admit/visit notification", "message structure", "INSURANCE"),
        ("PID", "PID", "Patient Identification", "segment", "PID-39"),
        ("ORU_R01.PATIENT_RESULT.ORDER_OBSERVATION", "ORDER_OBSERVATION", "ORDER_OBSERVATION", "group", "OBR"),
        ("PATIENT_RESULT.ORDER_OBSERVATION[2].OBX[1]-5", "OBX-5", "Observation Value", "varies", ""),
        ("PATIENT_RESULT.ORDER_OBSERVATION.OBSERVATION.NTE-3", "NTE-3", "Comment", "FT", ""),
        ("ZBE", "ZBE", "Movement Segment (IHE)", "segment", "ZBE-9"),
    ],
)
def test_every_kind_of_path(path: str, label: str, name: str, type_: str, inside: str) -> None:
    found = v2.explain(path)
    assert (found.path, found.label, found.name, found.type) == (path, label, name, type_)
    assert not inside or inside in [part.label for part in found.parts]
    assert found.spec


@pytest.mark.parametrize(
    "path, says",
    [
        ("PIX-3", "did you mean PID?"),
        ("pid-3", "did you mean PID-3?"),
        ("CX.14", "CX is of type CX, which has 10 components"),
        ("PID-40", "PID has 39 fields in version 2.5"),
        ("OBX-20", "OBX has 19 fields in version 2.5"),
        ("ADT_A91", "did you mean ADT_A"),
        ("ADT^A99", "version 2.5 has no event ADT^A99"),
        ("0000", "HL7 has no table 0000"),
        ("PATIENT_RESULTS.OBX", "no group or structure PATIENT_RESULTS.OBX"),
        ("ORU_R01.PATIENT_RESULTT", "did you mean PATIENT_RESULT?"),
        ("", "is no HL7 v2 path"),
        ("x" * 500, "is no HL7 v2 path"),
    ],
)
def test_what_is_unknown_says_what_may_be_meant(path: str, says: str) -> None:
    with pytest.raises(UnknownPath) as problem:
        v2.explain(path)
    assert says in str(problem.value)


@pytest.mark.parametrize(
    "path, version, fact, says",
    [
        ("PID-2", "2.5", "Usage", "B kept for older systems only: use PID-3"),
        ("PID-2", "2.7", "Usage", "W withdrawn: use PID-3"),
        ("PID-3", "2.5", "Length", "250 characters at most"),
        ("PID-3", "2.3.1", "Length", "20 characters at most"),
        ("PID-3", "2.5", "Versions", "length 20 in 2.3.1, 250 from 2.4 to 2.6, no limit from 2.7"),
        ("PID-3.1", "2.5", "Versions", "length 15 up to 2.6, no limit from 2.7; required from 2.5"),
        ("PID-7", "2.5", "Versions", "type TS up to 2.5.1, DTM from 2.6"),
        ("PID-19", "2.5", "Versions", "withdrawn in 2.7"),
        ("PID-39", "2.5", "Versions", "new in 2.5"),
        ("OBX-2", "2.5", "Usage", "C conditional"),
        ("XTN-1", "2.5", "Usage", UNCHECKED),
        ("ADT_A01", "2.5", "Events", "ADT^A01, ADT^A04, ADT^A08, ADT^A13"),
        ("ADT^A04", "2.5", "Structure", "ADT_A01"),
        ("0001", "2.5", "Used in", "PID-8"),
        ("PID-3", "2.9", "Tables", "no tables of version 2.9 here; those of 2.8.2"),
    ],
)
def test_facts(path: str, version: str, fact: str, says: str) -> None:
    assert says in dict(v2.explain(path, version=version).facts)[fact]


def test_a_message_explains_its_own_groups() -> None:
    message = v2.parse("MSH|^~\\&|||||||ORU^R01^ORU_R01|||2.4\rPID|1\rOBR|1\rOBX|1\r")
    inside = v2.explain(message, "ORDER_OBSERVATION[1].OBX[1]-5")
    assert (inside.label, inside.spec.removesuffix(UNCHECKED)) == ("OBX-5", "HL7 v2.4 section 7.4.2.5")
    assert v2.explain(message, "ORDER_OBSERVATION[1]").type == "group"
    assert v2.explain(message).label == "ORU_R01"
    with pytest.raises(UnknownPath, match="ORU_R01 has no group"):
        v2.explain(message, "PROCEDURE.PR1-3")


@pytest.mark.parametrize(
    "asked, serves",
    [
        ("2.5", "2.5"),
        ("2.7.1", "2.7"),
        ("2.9", "2.8.2"),
        ("2.9.1", "2.8.2"),
        ("2.3", "2.3.1"),
        ("2.1", "2.3.1"),
        ("", "2.5"),
        ("two", "2.5"),
        ("3.0", "2.5"),
    ],
)
def test_a_version_without_tables_gets_those_of_the_nearest(asked: str, serves: str) -> None:
    assert supported(asked) == serves
    assert (serves in instead(asked)) == (asked not in ("", serves))
    assert segment("PID", asked) == segment("PID", serves)


@pytest.mark.parametrize(
    "event, version, name",
    [
        ("ADT^A01", "2.5", "ADT_A01"),
        ("ADT^A08^ADT_A01", "2.5", "ADT_A01"),
        ("ADT^A05", "2.3.1", "ADT_A01"),
        ("ADT^A05", "2.4", "ADT_A05"),
        ("ADT^A28", "2.5", "ADT_A05"),
        ("ADT^A40", "2.5", "ADT_A39"),
        ("ADT^A34", "2.5", "ADT_A30"),
        ("ADT^A34", "2.7", ""),
        ("QBP^Q22", "2.5", "QBP_Q21"),
        ("RSP^K22", "2.5", "RSP_K22"),
        ("ORU^R01", "2.5.1", "ORU_R01"),
        ("OML^O21", "2.3.1", ""),
        ("ACK^A01", "2.5", "ACK"),
        ("ACK", "2.5", "ACK"),
        ("XYZ^A01", "2.5", ""),
    ],
)
def test_the_structure_of_an_event(event: str, version: str, name: str) -> None:
    assert event_structure(event, version) == name
    assert not name or structure(name, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_structure_of_an_event_is_one_that_its_version_has(version: str) -> None:
    found = {event_structure(event, version) for event in tables.events()} - {""}
    assert len(found) > 80
    assert found <= tables.structures(version)


@pytest.mark.parametrize("version", ["2.5", "2.5.1", "2.6"])
def test_the_answer_to_a_patient_query_is_no_hole(version: str) -> None:
    names = [row.name for row in structure("RSP_K22", version)]
    assert names[:2] == ["MSH", "SFT"]
    assert "QUERY_RESPONSE" in names
    assert ("UAC" in names) == (version == "2.6")


@pytest.mark.parametrize("version, name", PAIRS)
def test_usage_and_cardinality_agree_in_every_segment(version: str, name: str) -> None:
    for row in segment(name, version):
        assert row.usage in ("R", "O", "C", "B", "W", "X"), row
        assert (row.least > 0) == (row.usage == "R"), row
        assert row.length >= 0
        assert row.section == section(row.key.replace("_", "-"), version)


# As HL7's own database shows them at www.hl7.eu/HL7v2x: version, segment, section, usage and length of each field from the first on (0: no length).
PUBLIC = [
    ("2.3.1", "PID", "3.3.2", "OBRBROOOOOOBOOOOOOBOOOOOO", "4 20 20 20 48 48 26 1 48 80 106 4 40 40 60 80 80 20 16 25 20 80 60 1 2"),
    ("2.3.1", "MSA", "2.24.2", "RROOBO", "2 20 80 15 1 100"),
    ("2.5.1", "PD1", "3.4.10", "OOOBOOOOOOOOOOOOOOOOO", "2 2 250 250 2 2 2 2 1 250 250 1 8 250 250 1 8 8 5 2 3"),
    ("2.7.1", "LRL", "8.9.4", "ROORCC", "0 1 0 0 0 0"),
    ("2.8", "OM5", "8.8.12", "OOO", "0 0 0"),
    ("2.8.2", "OMC", "8.8.16", "OCCRRROOOOOOO", "0 0 0 0 0 0 0 0 0 0 0 0 0"),
]


@pytest.mark.parametrize("version, name, place, letters, lengths", PUBLIC)
def test_sections_usage_and_lengths_are_those_of_hl7s_own_database(version: str, name: str, place: str, letters: str, lengths: str) -> None:
    expected = [
        (f"{place}.{number}", letter, int(most)) for number, (letter, most) in enumerate(zip(letters, lengths.split(), strict=True), 1)
    ]
    assert [(row.section, row.usage, row.length) for row in segment(name, version)[: len(letters)]] == expected


# As IHE prints the fields of 2.5 in ITI TF-2 3.30.5.3, 3.30.5.4 and Appendix C.2.3.2: the length of each field.
PRINTED = {
    "PID": "4 20 250 20 250 250 26 1 250 250 250 4 250 250 250 250 250 250 16 25 250 250 250 1 2 250 250 250 26 1 1 20 26 241 250 250 80 250 250",
    "PV1": "4 1 80 2 250 80 250 250 250 3 80 2 2 6 2 2 250 2 250 50 2 2 2 2 8 12 3 2 4 8 10 12 12 1 8 3 47 250 2 1 2 80 80 26 26 12 12 12 12 250 1 250",
    "ERR": "493 18 705 2 705 80 2048 250 20 705 705 652",
}


@pytest.mark.parametrize("name", PRINTED)
def test_lengths_are_those_that_ihe_prints(name: str) -> None:
    assert [row.length for row in segment(name)] == [int(most) for most in PRINTED[name].split()]


def test_reserved_and_withdrawn_fields() -> None:
    assert [row.name for row in segment("OBX", "2.5.1")[19:22]] == ["Reserved"] * 3
    assert {row.usage for row in segment("OBX", "2.5.1")[19:22]} == {"X"}
    assert (segment("ERR", "2.8")[0].usage, segment("ERR", "2.5")[0].usage) == ("W", "B")


@pytest.mark.parametrize(
    "name, kind, code, meaning",
    [
        ("0001", "user", "F", "female"),
        ("0203", "HL7", "MR", ""),
        ("0396", "coding system", "LN", ""),
        ("0008", "HL7", "AE", ""),
        ("0487", "HL7", "BLDV", "Blood venous"),
        ("0125", "HL7", "CE", ""),
    ],
)
def test_tables(name: str, kind: str, code: str, meaning: str) -> None:
    known = dict(table(name))
    assert tables.table_kind(name) == kind
    assert known[code]
    assert not meaning or known[code] == meaning
    assert not any("..." in code or code != code.strip() for code in known)


def test_codes_come_and_go_with_their_versions() -> None:
    assert "PNT" not in dict(table("0203", "2.3.1"))
    assert "A" not in dict(table("0001", "2.3.1"))
    assert "A" in dict(table("0001", "2.4"))
    assert tables.table_kind("9999") == ""


@pytest.mark.parametrize("written", ["20 2.4=250 2.7=-", "2.5=O 2.7=W", "R"])
def test_a_history_is_read_as_it_was_written(written: str) -> None:
    sys.path.insert(0, str(tables.data("v2")))
    try:
        from compile import history as write  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    assert write({version: at(written, version) for version in VERSIONS}) == written


def test_what_is_kept_names_what_is_there() -> None:
    for row in rows("v2/kept.tsv"):
        assert "B" in history("fields.tsv", row["path"], 1).values(), row
        assert row["since"] in VERSIONS
        assert not row["instead"] or any(
            v2.explain(row["instead"], version=version) for version in ("2.5", "2.8.2") if _has(row["instead"], version)
        ), row
        assert usage(row["path"], "B").endswith(UNCHECKED) == (row["checked"] != "yes")


def _has(path: str, version: str) -> bool:
    name, _, number = path.partition("-")
    return len(segment(name, version) or datatype(name, version)) >= int(number or 1) or path in tables.PRIMITIVES


def test_every_word_of_ours_belongs_to_something_and_is_said_once() -> None:
    explained = rows("v2/explained.tsv")
    assert len({row["path"] for row in explained}) == len(explained) > 900
    for row in explained:
        found = [
            v2.explain(row["path"], version=version) for version in VERSIONS if _has(row["path"], version) or row["path"].startswith("ZBE")
        ]
        assert any(definition.says == row["says"] for definition in found), row["path"]
        assert row["says"].endswith((".", ":")), row["path"]
        assert row["checked"] in ("yes", ""), row["path"]


@pytest.mark.parametrize(
    "name",
    [
        "MSH",
        "MSA",
        "ERR",
        "EVN",
        "SFT",
        "DSC",
        "QAK",
        "QPD",
        "RCP",
        "FHS",
        "BHS",
        "BTS",
        "FTS",
        "NTE",
        "PID",
        "PD1",
        "NK1",
        "PV1",
        "PV2",
        "MRG",
        "DB1",
        "AL1",
        "DG1",
        "IN1",
        "GT1",
        "ROL",
        "ORC",
        "OBR",
        "OBX",
        "TQ1",
        "SPM",
        "IPC",
    ],
)
def test_every_field_that_the_course_touches_is_explained(name: str) -> None:
    words = {row["path"] for row in rows("v2/explained.tsv")}
    assert {f"{name}-{number}" for number in range(1, len(segment(name)) + 1)} <= words


def test_every_data_type_is_explained() -> None:
    assert set(tables.datatypes("2.5")) <= {row["path"] for row in rows("v2/explained.tsv")}


def test_words_that_nobody_compared_say_so() -> None:
    for row in rows("v2/explained.tsv"):
        if _has(row["path"], "2.5"):
            assert v2.explain(row["path"]).spec.endswith(UNCHECKED) == (row["checked"] != "yes"), row["path"]


def test_changes_say_nothing_of_what_never_changed() -> None:
    assert changes("PID-1") == ""
    assert changes("XYZ-1") == ""


def test_what_one_message_needs_is_little() -> None:
    """Of the compiled tables a first message reads its own rows only: counted in function calls of a fresh process."""
    script = (
        "from tests.effort import calls; from ihe_kit.v2 import tables as t; "
        "[t._module('2.5', kind) for kind in ('segments', 'datatypes', 'tables')]; "
        "print(calls(lambda: [*map(t.segment, 'MSH EVN PID PV1'.split()), t.table('0001'), t.event_structure('ADT^A01')]))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert int(said) < 200_000, said


@pytest.mark.parametrize("path", ["PID-8", "ORU_R01", "0203", "A01", "CX", "ORU_R01.PATIENT_RESULT"])
@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_shows_it(path: str, colour: bool) -> None:
    out = io.StringIO()
    definition = v2.explain(path)
    show_definition(Console(file=out, force_terminal=colour, width=100, no_color=not colour, highlight=False), definition)
    shown = out.getvalue()
    assert ("\x1b[3" in shown) == colour
    assert definition.name in shown
    assert all(part.label in shown for part in definition.parts)
    assert all(code in shown for code, _ in definition.values)
