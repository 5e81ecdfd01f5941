"""Segments in their groups: the reading with the fewest problems, the ambiguous grammars, and a cost that grows with nothing but the length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit import v2
from ihe_kit.v2 import tables
from ihe_kit.v2.structure import Placing, match, placed, structure_name
from tests.effort import calls


def groups(structure: str, segments: str, version: str = "2.5") -> list[str]:
    """`OBR PATIENT_RESULT[1].ORDER_OBSERVATION[1]` for each segment."""
    placing = match(structure, version, segments.split())
    return [f"{name} {group.path if group else '-'}" for name, group in zip(segments.split(), placing.groups, strict=True)]


def problems(structure: str, segments: str, version: str = "2.5") -> list[tuple[str, str, int, str]]:
    found = match(structure, version, segments.split()).problems
    return [(problem.kind, problem.name, problem.at, problem.group.path if problem.group else "") for problem in found]


def test_an_observation_report_in_its_groups() -> None:
    assert groups("ORU_R01", "MSH PID PV1 ORC OBR NTE OBX NTE OBX ORC OBR OBX PID OBR OBX") == [
        "MSH -",
        "PID PATIENT_RESULT[1].PATIENT[1]",
        "PV1 PATIENT_RESULT[1].PATIENT[1].VISIT[1]",
        "ORC PATIENT_RESULT[1].ORDER_OBSERVATION[1]",
        "OBR PATIENT_RESULT[1].ORDER_OBSERVATION[1]",
        "NTE PATIENT_RESULT[1].ORDER_OBSERVATION[1]",
        "OBX PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[1]",
        "NTE PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[1]",
        "OBX PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[2]",
        "ORC PATIENT_RESULT[1].ORDER_OBSERVATION[2]",
        "OBR PATIENT_RESULT[1].ORDER_OBSERVATION[2]",
        "OBX PATIENT_RESULT[1].ORDER_OBSERVATION[2].OBSERVATION[1]",
        "PID PATIENT_RESULT[2].PATIENT[1]",
        "OBR PATIENT_RESULT[2].ORDER_OBSERVATION[1]",
        "OBX PATIENT_RESULT[2].ORDER_OBSERVATION[1].OBSERVATION[1]",
    ]


@pytest.mark.parametrize("version", ["2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.2"])
def test_two_laboratory_orders_are_two_orders(version: str) -> None:
    """The grammar lets the second one be a prior result of the first."""
    text = "MSH PID PV1 ORC OBR OBX ORC OBR OBX"
    where = [line.rpartition(" ")[2].partition(".")[0] for line in groups("OML_O21", text, version)]
    assert where == ["-", "PATIENT[1]", "PATIENT[1]", "ORDER[1]", "ORDER[1]", "ORDER[1]", "ORDER[2]", "ORDER[2]", "ORDER[2]"]
    assert not problems("OML_O21", text, version)


@pytest.mark.parametrize("opening", ["PID", "PV1", "AL1", "PID PD1 PV1 PV2 AL1"])
def test_prior_results_begin_with_a_patient_or_a_visit(opening: str) -> None:
    text = f"MSH PID ORC OBR {opening} ORC OBR OBX OBR OBX"
    found = groups("OML_O21", text)
    assert found[-1] == "OBX ORDER[1].OBSERVATION_REQUEST[1].PRIOR_RESULT[1].ORDER_PRIOR[2].OBSERVATION_PRIOR[1]"
    assert not problems("OML_O21", text)


@pytest.mark.parametrize(
    "structure, version, segments, last",
    [
        ("ORL_O22", "2.5", "MSH MSA PID ORC OBR ORC OBR", "OBR RESPONSE[1].PATIENT[1].ORDER[2].OBSERVATION_REQUEST[1]"),
        ("ORL_O22", "2.4", "MSH MSA PID ORC OBR SAC", "SAC RESPONSE[1].PATIENT[1].GENERAL_ORDER[1].ORDER[1].OBSERVATION_REQUEST[1]"),
        ("ORL_O34", "2.5", "MSH MSA PID SPM ORC OBR SPM ORC OBR SPM", "SPM RESPONSE[1].PATIENT[1].SPECIMEN[3]"),
        ("OPL_O37", "2.7", "MSH PRT NK1 ORC OBR NK1", "NK1 ORDER[2]"),
        ("OML_O33", "2.5", "MSH PID SPM ORC OBR OBX ORC OBR OBX", "OBX SPECIMEN[1].ORDER[2].OBSERVATION_REQUEST[1].OBSERVATION[1]"),
        ("OMG_O19", "2.5", "MSH PID ORC OBR OBX ORC OBR OBX", "OBX ORDER[2].OBSERVATION[1]"),
        # OBX may begin a document of the order or a result; only TXA behind it would make it a document
        ("OUL_R22", "2.8", "MSH SPM OBR ORC OBX OBX", "OBX SPECIMEN[1].ORDER[1].RESULT[2]"),
        ("OUL_R21", "2.5", "MSH OBR NTE OBX NTE", "NTE ORDER_OBSERVATION[1].OBSERVATION[1]"),
        ("OMD_O03", "2.5", "MSH ORC ODS ORC ODT", "ODT ORDER_TRAY[1]"),
        ("RDE_O11", "2.5", "MSH ORC RXE TQ1 RXR RXC RXC", "RXC ORDER[1]"),
        ("ORM_O01", "2.5", "MSH PID ORC OBR ORC RXO", "RXO ORDER[2].ORDER_DETAIL[1].OBRRQDRQ1RXOODSODT_SUPPGRP[1]"),
        ("ADT_A24", "2.5", "MSH EVN PID PV1 PID PV1", "PV1 -"),
        ("PGL_PC6", "2.5", "MSH PID GOL ORC RXO", "RXO GOAL[1].ORDER[1].ORDER_DETAIL[1].CHOICE[1]"),  # any segment of HL7's
    ],
)
def test_grammars_that_can_be_read_in_more_than_one_way(structure: str, version: str, segments: str, last: str) -> None:
    assert groups(structure, segments, version)[-1] == last


@pytest.mark.parametrize(
    "structure, segments, expected",
    [
        ("ADT_A01", "MSH EVN PID PV1", []),
        ("ADT_A01", "MSH PID PV1", [("missing", "EVN", 0, "")]),
        ("ADT_A01", "MSH EVN PV1 PID", [("misplaced", "PV1", 2, "")]),
        ("ADT_A01", "MSH EVN PID DG1 PV1", [("misplaced", "DG1", 3, "")]),
        ("ADT_A01", "MSH EVN PID PID PV1", [("repeated", "PID", 3, "")]),
        ("ADT_A01", "MSH EVN PID PV1 IN2", [("missing", "IN1", 3, "INSURANCE[1]")]),
        ("ADT_A01", "MSH EVN PID PV1 IN1 IN2 IN2", [("repeated", "IN2", 6, "INSURANCE[1]")]),
        ("ADT_A01", "MSH EVN PID XXX PV1", [("unknown", "XXX", 3, "")]),
        ("ADT_A01", "MSH EVN PID e_x PV1", [("unknown", "e_x", 3, "")]),
        ("ADT_A01", "MSH MSH EVN PID PV1", [("repeated", "MSH", 1, "")]),
        ("ADT_A01", "", [("missing", name, -1, "") for name in ("MSH", "EVN", "PID", "PV1")]),
        ("ADT_A01", "MSH ZAA EVN ZBB PID PV1 ZBE ADD DSC", []),
        ("ORU_R01", "MSH PID", [("missing", "ORDER_OBSERVATION", 1, "PATIENT_RESULT[1]")]),
        ("ORU_R01", "MSH", [("missing", "PATIENT_RESULT", 0, "")]),
        ("ORU_R01", "MSH PID OBX OBX", [("missing", "OBR", 1, "PATIENT_RESULT[1].ORDER_OBSERVATION[1]")]),
        ("ORU_R01", "MSH PV1 PID OBR OBX", [("misplaced", "PV1", 1, "")]),
        ("ORL_O22", "MSH MSA ORC OBR", [("missing", "PID", 1, "RESPONSE[1].PATIENT[1]")]),
    ],
)
def test_problems(structure: str, segments: str, expected: list[tuple[str, str, int, str]]) -> None:
    assert problems(structure, segments) == expected


def test_a_problem_says_what_it_asks_for() -> None:
    assert match("ORU_R01", "2.5", ["MSH", "PID"]).problems[0].names == ("OBR",)
    assert match("ADT_A01", "2.5", ["MSH", "EVN", "PV1", "PID", "PV1"]).problems[0].names == ("PID",)


def test_a_local_segment_belongs_to_the_group_that_it_stands_in() -> None:
    assert groups("ORU_R01", "MSH ZAA PID OBR ZBB OBX ZCC")[1::3] == [
        "ZAA -",
        "ZBB PATIENT_RESULT[1].ORDER_OBSERVATION[1]",
    ]
    assert groups("ORU_R01", "MSH PID OBR OBX ZCC")[-1] == "ZCC PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[1]"


@pytest.mark.parametrize(
    "named, trigger, version, expected",
    [
        ("ADT_A01", "ADT^A08", "2.5", "ADT_A01"),
        ("", "ADT^A08", "2.5", "ADT_A01"),  # HL7 table 0354
        ("", "ADT^A31", "2.5", "ADT_A05"),
        ("", "ADT^A40", "2.5", "ADT_A39"),
        ("ADT_A99", "ADT^A03", "2.5", "ADT_A03"),  # no such structure
        ("", "ACK^A01", "2.5", "ACK"),
        ("", "RSP^K22", "2.7", "RSP_K22"),
        ("", "ORU", "2.5", ""),
        ("", "", "2.5", ""),
    ],
)
def test_the_structure_of_a_message(named: str, trigger: str, version: str, expected: str) -> None:
    assert structure_name(named, trigger, version) == expected


def test_a_message_without_a_structure_has_no_problems_with_it() -> None:
    message = v2.parse("MSH|^~\\&|A\rPID|1")
    assert placed(message) == Placing("", "2.5", (None, None), ())


def test_every_structure_of_every_version_can_be_read() -> None:
    """The shortest message of each structure, made of what it requires, has no problem."""
    for version in tables.VERSIONS:
        for name in tables.structures(version):
            segments = shortest(tables.structure(name, version))
            assert not match(name, version, segments).problems, (version, name, segments)


def shortest(parts: tuple[tables.Row, ...]) -> list[str]:
    found: list[str] = []
    for part in parts:
        if part.least:
            found += shortest(part.children[:1] if part.type == "choice" else part.children) if part.children else [part.key]
    return found


@given(st.lists(st.sampled_from(["MSH", "PID", "PV1", "ORC", "OBR", "OBX", "NTE", "SPM", "AL1", "TQ1", "BLG", "ZZZ", "XXX"]), max_size=40))
def test_every_segment_gets_a_place_and_none_raises(segments: list[str]) -> None:
    placing = match("OML_O21", "2.5", segments)
    assert len(placing.groups) == len(segments)
    assert all(-1 <= problem.at < max(1, len(segments)) for problem in placing.problems)


@pytest.mark.parametrize("line", [["OBX"], ["OBX", "NTE", "OBR", "PV1", "ORC"]], ids=["sound", "broken"])
def test_the_cost_is_linear(line: list[str]) -> None:
    def cost(count: int) -> int:
        segments = ["MSH", "PID", "OBR", *line * (count // len(line))]
        return calls(lambda: match("ORU_R01", "2.5", segments))

    cost(1000)  # what is loaded once, is
    assert cost(20_000) <= 11 * cost(2_000)


def test_a_hundred_thousand_segments() -> None:
    placing = match("ORU_R01", "2.5", ["MSH", "PID", "OBR", *["OBX"] * 100_000])
    assert placing.groups[-1] and placing.groups[-1].path == "PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBSERVATION[100000]"
