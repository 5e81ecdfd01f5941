"""Whole streams: the people of the course through the hospital, messages that come late, and random streams that must never end in nonsense."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ihe_kit.actors.census import TABLES, beds, discarded, encounters, location_at, movements, patients, situation_at
from ihe_kit.actors.stays import OPEN, STATES, Movement, Stay, as_json, from_json, transitions
from ihe_kit.core import Packet
from ihe_kit.fhir import conform, parse
from ihe_kit.files import rows
from ihe_kit.rules import has_errors
from tests.actors.given import Ward, cx

pytestmark = pytest.mark.usefixtures("database")

MED, SUR, ICU = "MED1^101^A", "SUR2^204^B", "ICU^1"


def person(ward: Ward, name: str) -> dict[str, str]:
    (found,) = [row for row in patients(ward.store) if row["name"].startswith(name)]
    return found


def resource(ward: Ward, number: str) -> dict[str, Any]:
    (found,) = ward.store.find("Patient", "identifier", number, "urn:oid:2.999.10.1")
    return json.loads(found.text)


# The people of the course ----------------------------------------------------------------------------------------------------------------


def test_ingrid_from_the_emergency_department_to_her_discharge_and_back() -> None:
    ward = Ward()
    for event, fields in (
        ("A04", {"PV1_2": "E", "PV1_3": "ED^1"}),
        ("A06", {"PV1_2": "I", "PV1_3": MED, "PV1_6": "ED^1"}),
        ("A02", {"PV1_3": SUR, "PV1_6": MED}),
        ("A09", {"PV1_11": "XRAY", "PV1_6": SUR}),
        ("A10", {"PV1_11": "XRAY"}),
        ("A10", {"PV1_3": SUR, "PV1_11": "", "PV1_43": "XRAY"}),
        ("A54", {"PV1_7": "1^Strand^Elin^^^Dr"}),
        ("A21", {}),
        ("A22", {}),
        ("A16", {}),
        ("A03", {}),
        ("A13", {"PV1_3": MED}),
    ):
        assert ward.tell(event, **fields) == "AA", (event, ward.says)
    (stay,) = encounters(ward.store)
    assert (stay["state"], stay["ward"], stay["room"], stay["bed"], stay["doctor"]) == ("inpatient", "MED1", "101", "A", "Dr Elin Strand")
    where = {minute: location_at(ward.store, "4711", ward.clock().replace(minute=minute)) for minute in range(1, 13)}
    assert where == {
        1: "ED, room 1", 2: "MED1, room 101, bed A", 3: "SUR2, room 204, bed B", 4: "XRAY", 5: "XRAY",
        **dict.fromkeys((6, 7), "SUR2, room 204, bed B"), 8: "", 9: "SUR2, room 204, bed B", 10: "SUR2, room 204, bed B",
        11: "MED1, room 101, bed A", 12: "MED1, room 101, bed A",
    }  # fmt: skip
    (found,) = ward.store.select("Encounter")
    encounter = json.loads(found.text)
    assert [one["status"] for one in encounter["statusHistory"]] == ["in-progress", "in-progress", "onleave", "in-progress"]
    assert [one["location"]["display"] for one in encounter["location"] if one["status"] == "active"] == ["MED1, room 101, bed A"]
    assert not has_errors(conform(parse(found.text)))


def test_pilot_zulu_arrives_unidentified_and_is_merged() -> None:
    ward = Ward()
    unknown = {"identifier": "T-001", "family": "Zulu", "given": "Pilot", "PID_31": "Y", "PID_32": "AL", "sex": "U", "birth_date": ""}
    assert ward.tell("A28", "bjorn") == "AA"
    assert ward.tell("A04", "ingrid", visit="V-ZULU", PV1_2="E", PV1_3="ED^2", **unknown) == "AA", ward.says
    zulu = person(ward, "Zulu")
    assert (zulu["identity"], zulu["numbers"]) == ("temporary", "NORDVIK T-001 (temporary)")
    assert ward.tell("A40", "bjorn", MRG_1=cx("T-001")) == "AA", ward.says
    bjorn = person(ward, "Lie")
    assert (bjorn["identity"], bjorn["merged from"], bjorn["numbers"]) == ("known", "Zulu, Pilot", "NORDVIK 4455")
    assert (person(ward, "Zulu")["identity"], person(ward, "Zulu")["merged into"]) == ("merged", "Lie, Bjørn")
    (stay,) = encounters(ward.store)
    assert (stay["name"], stay["state"], stay["ward"]) == ("Lie, Bjørn", "outpatient", "ED")
    assert ward.tell("A03", "bjorn", visit="V-ZULU") == "AA"
    assert encounters(ward.store)[0]["state"] == "discharged"


def test_pilot_zulu_gets_a_number_that_nobody_had() -> None:
    """A40 into an unknown number is a change of the number, and the identity is known from the next update on."""
    ward = Ward()
    ward.tell("A28", "ingrid", identifier="T-001", family="Zulu", given="Pilot", PID_31="Y", PID_32="AL")
    assert ward.tell("A40", "bjorn", MRG_1=cx("T-001")) == "AA"
    assert ward.tell("A31", "bjorn") == "AA"
    assert [row["name"] for row in patients(ward.store)] == ["Lie, Bjørn"]
    assert person(ward, "Lie")["identity"] == "known"


def test_maria_registered_twice_and_married() -> None:
    ward = Ward()
    ward.tell("A28", "maria")
    ward.tell("A28", "maria", identifier="5121", city="Solbakken")
    assert ward.tell("A01", "maria", identifier="5121", PV1_3=MED) == "AA"
    assert ward.tell("A40", "maria", number="ITI-31", MRG_1=cx("5121")) == "AA"
    assert resource(ward, "5121")["active"] is False
    assert resource(ward, "5121")["link"][0]["type"] == "replaced-by"
    assert resource(ward, "5120")["link"][0]["type"] == "replaces"
    assert resource(ward, "5120")["address"][0]["city"] == "Nordvik", "a merge tells nothing of where she lives"
    names = "Horvátová^Mária^^^^^L~Kovácsová^Mária^^^^^M"
    assert ward.tell("A08", "maria", PID_5=names) == "AA", ward.says
    assert [(name["use"], name["family"]) for name in resource(ward, "5120")["name"]] == [
        ("official", "Horvátová"),
        ("maiden", "Kovácsová"),
    ]
    assert person(ward, "Horvátová")["merged from"] == "Kovácsová, Mária"
    assert location_at(ward.store, "5121") == location_at(ward.store, "5120") == "MED1, room 101, bed A", "the old number leads to her"
    assert ward.tell("A02", "maria", identifier="5121", PV1_3=SUR) == "AE"
    assert "5121 was merged into 5120" in ward.says
    assert location_at(ward.store, "5120") == "MED1, room 101, bed A"


def test_twins_stay_two() -> None:
    ward = Ward()
    for number, twin in enumerate(("aksel", "emil"), start=1):
        assert ward.tell("A28", twin, PID_24="Y", PID_25=str(number)) == "AA"
        assert ward.tell("A01", twin, PV1_3=f"MED1^102^{'AB'[number - 1]}") == "AA"
    assert [row["name"] for row in patients(ward.store)] == ["Brandt, Aksel", "Brandt, Emil"]
    assert all(not row["linked with"] and not row["merged into"] for row in patients(ward.store))
    assert [resource(ward, number)["multipleBirthInteger"] for number in ("4802", "4803")] == [1, 2]


def test_one_number_list_does_not_make_one_of_two() -> None:
    ward = Ward()
    ward.tell("A28", "aksel")
    ward.tell("A28", "emil")
    kept = ward.kept()
    assert ward.tell("A31", "aksel", PID_3=f"{cx('4802')}~{cx('4803')}") == "AE"
    assert "Only a merge" in ward.says
    assert ward.kept() == kept


def test_sofie_is_born_and_named() -> None:
    ward = Ward()
    born = {"identifier": "6100", "family": "Lind", "given": "Girl", "birth_date": "2025-03-03", "sex": "F", "visit": "V-SOFIE"}
    assert ward.tell("A01", "ingrid", PV1_3="MAT1^5^A", PID_21=cx("6099"), **born) == "AA", ward.says
    assert person(ward, "Lind")["name"] == "Lind, Girl"
    ward.minutes += 24 * 60
    assert ward.tell("A08", "ingrid", **born | {"given": "Sofie"}) == "AA"
    assert person(ward, "Lind")["name"] == "Lind, Sofie"
    assert location_at(ward.store, "6100") == "MAT1, room 5, bed A"


def test_oskar_dies_and_his_bed_is_free() -> None:
    ward = Ward()
    ward.tell("A01", "oskar", PV1_3=ICU)
    assert ward.tell("A03", "oskar", PID_30="Y", PID_29=ward.time(2)) == "AA", ward.says
    assert person(ward, "Wiśniewski")["died"] == "2025-03-03T08:02:00+01:00"
    assert not [row for row in beds(ward.store) if row["name"]]


# Numbers and authorities -----------------------------------------------------------------------------------------------------------------


def test_the_same_number_of_another_authority_is_another_person() -> None:
    ward = Ward()
    ward.tell("A01", "ingrid", PV1_3=MED)
    assert ward.tell("A01", "tomas", identifier="4711", PV1_3=SUR) == "AA"
    assert ward.tell("A03", "tomas", identifier="4711") == "AA"
    assert ward.now().state == "inpatient"
    with pytest.raises(ValueError, match="2 patients have the number 4711: say whose"):
        location_at(ward.store, "4711")
    assert location_at(ward.store, "4711", system="NORDVIK") == "MED1, room 101, bed A"
    with pytest.raises(ValueError, match="nobody has the number 1"):
        location_at(ward.store, "1")


def test_an_authority_by_its_namespace_alone_is_the_same_authority() -> None:
    ward = Ward()
    ward.tell("A01", PV1_3=MED)
    assert ward.tell("A03", PID_3="4711^^^NORDVIK^PI") == "AA"
    assert ward.states() == ["discharged"]
    assert len(patients(ward.store)) == 1


@pytest.mark.parametrize("wrong, right", [("4711", "4711"), ("4712", "4711")])
def test_no_merge_into_itself_and_none_in_a_circle(wrong: str, right: str) -> None:
    ward = Ward()
    ward.tell("A28")
    ward.tell("A28", identifier="4712")
    assert ward.tell("A40", MRG_1=cx("4712")) == "AA"
    kept = ward.kept()
    assert ward.tell("A40", identifier=wrong, MRG_1=cx(right)) == "AE"
    assert ward.kept() == kept


def test_a_merge_that_was_told_before_changes_nothing_and_a_chain_leads_to_its_end() -> None:
    ward = Ward()
    for number in ("4711", "4712", "4713"):
        ward.tell("A28", identifier=number)
    ward.tell("A01", PV1_3=MED)
    assert ward.tell("A40", identifier="4712", MRG_1=cx("4711")) == "AA"
    kept = ward.kept()
    assert ward.tell("A40", identifier="4712", MRG_1=cx("4711")) == "AA"
    assert ward.kept() == kept
    assert ward.tell("A40", identifier="4713", MRG_1=cx("4712")) == "AA"
    assert location_at(ward.store, "4711") == location_at(ward.store, "4713") == "MED1, room 101, bed A"
    assert ward.tell("A40", identifier="4713", MRG_1=cx("4711")) == "AA", "it is there already"


def test_numbers_of_other_authorities_move_with_a_merge() -> None:
    ward = Ward()
    regional = cx("R-1", "FJORDLAND&2.999.1.1&ISO")
    ward.tell("A28")
    ward.tell("A28", PID_3=f"{cx('4712')}~{regional}")
    assert ward.tell("A40", MRG_1=cx("4712")) == "AA"
    assert next(row for row in patients(ward.store) if row["identity"] == "known")["numbers"] == "NORDVIK 4711, FJORDLAND R-1"


def test_null_in_a_part_of_a_field_is_no_text() -> None:
    ward = Ward()
    ward.tell("A28")
    assert (
        ward.tell("A31", PID_5='Ødegård^Ingrid^""^^""^^L', PID_11='Strandveien 9^""^Solvik^^""^NOR', PID_13='""^PRN^PH^i@example.org')
        == "AA"
    )
    kept = resource(ward, "4711")
    assert kept["name"] == [{"use": "official", "family": "Ødegård", "given": ["Ingrid"]}]
    assert kept["address"] == [{"line": ["Strandveien 9"], "city": "Solvik", "country": "NOR"}]
    assert kept["telecom"] == [{"system": "email", "value": "i@example.org"}]


# Late and out of order -------------------------------------------------------------------------------------------------------------------


def test_a_late_transfer_falls_into_its_place() -> None:
    ward = Ward()
    ward.tell("A01", PV1_3=MED)
    ward.tell("A02", PV1_3=ICU, PV1_6=SUR)
    assert ward.tell("A02", PV1_3=SUR, PV1_6=MED, at="1.5") == "AA"
    assert location_at(ward.store, "4711") == "ICU, room 1"
    assert location_at(ward.store, "4711", datetime.fromisoformat("2025-03-03T08:01:40+01:00")) == "SUR2, room 204, bed B"
    assert [row["ward"] for row in movements(ward.store)] == ["MED1", "SUR2", "ICU"]


def test_the_admission_comes_after_the_transfer() -> None:
    ward = Ward()
    assert ward.tell("A02", PV1_3=SUR, PV1_6=MED) == "AA"
    assert ward.tell("A01", PV1_3=MED, at="0.5") == "AA"
    assert location_at(ward.store, "4711") == "SUR2, room 204, bed B"
    assert location_at(ward.store, "4711", datetime.fromisoformat("2025-03-03T08:00:40+01:00")) == "MED1, room 101, bed A"


def test_what_happened_before_the_discharge_may_be_told_after_it() -> None:
    ward = Ward()
    ward.tell("A01", PV1_3=MED)
    ward.minutes = 9
    ward.tell("A03")
    assert ward.tell("A02", PV1_3=SUR, at="5") == "AA"
    assert ward.states() == ["discharged"]
    assert location_at(ward.store, "4711", datetime.fromisoformat("2025-03-03T08:06+01:00")) == "SUR2, room 204, bed B"


def test_a_late_admission_that_would_come_upon_an_open_one_is_an_error() -> None:
    ward = Ward()
    ward.minutes = 5
    ward.tell("A01", PV1_3=MED)
    kept = ward.kept()
    assert ward.tell("A01", PV1_3=SUR, at="2") == "AE"
    assert "would not add up" in ward.says
    assert ward.kept() == kept


def test_an_old_message_does_not_bring_an_old_name_back() -> None:
    ward = Ward()
    ward.minutes = 30
    ward.tell("A28", "maria", family="Horvátová")
    late = ward.message("A31", "maria", EVN_2=ward.time(3), EVN_6=ward.time(3), PID_33=ward.time(3))
    assert ward.send(late, "ITI-30") == "AA"
    assert [row["name"] for row in patients(ward.store)] == ["Horvátová, Mária"]


def test_a_day_without_an_hour_is_at_its_latest_when_it_was_recorded() -> None:
    ward = Ward()
    ward.tell("A01", PV1_3=MED)
    assert ward.tell("A03", EVN_6="20250303") == "AA"
    assert ward.states() == ["discharged"]


# Random streams --------------------------------------------------------------------------------------------------------------------------

EVENTS = sorted(transitions())
PLACES = (MED, SUR, ICU, "ED^1", "XRAY")


class Hospital(RuleBasedStateMachine):
    """Any event about anybody, at any time, in any order: everything is answered, and what is kept adds up."""

    def __init__(self) -> None:
        super().__init__()
        self.ward = Ward()
        self.merged = False

    @rule(
        event=st.sampled_from(EVENTS), who=st.sampled_from(("ingrid", "aksel")), visit=st.sampled_from(("V1", "V2")),
        place=st.sampled_from(PLACES), back=st.sampled_from((0, 0, 0, 3, 10)), zbe=st.sampled_from(("", "", "M1", "M2", "M3")),
    )  # fmt: skip
    def movement(self, event: str, who: str, visit: str, place: str, back: int, zbe: str) -> None:
        fields = {"visit": f"{visit}-{who}", "PV1_3": place, "at": str(max(self.ward.minutes + 1 - back, 0))}
        if event in ("A09", "A10"):
            fields["PV1_11"] = place
        if zbe and event not in ("A08", "A09", "A10", "A32", "A33"):
            cancels = transitions()[event].cancels
            action = "UPDATE" if event == "Z99" else "CANCEL" if cancels else "INSERT"
            fields["zbe"] = f"{zbe},{action},{cancels[0] if cancels else 'A02' if event == 'Z99' else ''}"
        kept = self.ward.kept()
        code = self.ward.tell(event, who, **fields)
        assert code in ("AA", "AE")
        if code == "AE":
            assert self.ward.kept() == kept, "a refused message leaves everything as it was"

    @rule(event=st.sampled_from(("A28", "A31", "A40", "A47", "A24", "A37")), swapped=st.booleans())
    def identity(self, event: str, swapped: bool) -> None:
        other = "4711" if swapped else "4802"
        fields = {"MRG_1": cx(other)} if event in ("A40", "A47") else {"PID[2]-3": cx(other)} if event in ("A24", "A37") else {}
        code = self.ward.tell(event, "aksel" if swapped else "ingrid", **fields)
        assert code in ("AA", "AE")
        self.merged |= event in ("A40", "A47") and code == "AA"

    @invariant()
    def adds_up(self) -> None:
        everything = [stay for data in self.ward.store.select("stay") for stay in [from_json(json.loads(data.text))]]
        for stay in everything:
            assert stay.situation().state in STATES
            assert [m.at for m in stay.log()] == sorted(m.at for m in stay.log())
            document = self.ward.store.get("Encounter", stay.id)
            assert document and json.loads(document.text)["subject"] == {"reference": f"Patient/{stay.patient}"}
        if not self.merged:  # a merge of two people who are both admitted is told like that
            for patient in {stay.patient for stay in everything}:
                assert sum(stay.situation().admitted for stay in everything if stay.patient == patient) <= 1

    @invariant()
    def shows(self) -> None:
        for table, columns in TABLES.values():
            assert all(set(row) == set(columns or row) for row in table(self.ward.store))
        lying = [row for row in beds(self.ward.store) if row["state"] in OPEN]
        told = {(s.id, s.situation().location) for s in self.stays() if s.situation().state in OPEN}
        assert len(lying) == len(told), "everybody in the house stands on the board once, where the messages say"

    def stays(self) -> list[Stay]:
        return [from_json(json.loads(data.text)) for data in self.ward.store.select("stay")]


def test_random_streams() -> None:
    streams = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    run_state_machine_as_test(Hospital, settings=streams)


def test_a_stay_survives_the_store() -> None:
    at = datetime.fromisoformat("2025-03-03T08:00+01:00")
    stay = Stay("E1", "P1", (("VN", "urn:oid:2.999.10.1", "V1"),), (Movement("A01", at, ids=("M1",), location=MED, doctor=""),))
    assert from_json(json.loads(json.dumps(as_json(stay)))) == stay


def test_nobody_is_nowhere() -> None:
    ward = Ward()
    ward.tell("A28")
    assert situation_at(ward.store, "4711").state == "none"
    assert location_at(ward.store, "4711") == ""


# What was discarded ----------------------------------------------------------------------------------------------------------------------


def test_what_was_discarded_without_an_error_can_be_read() -> None:
    ward = Ward()
    ward.tell("A03")
    ward.tell("A01")
    ward.tell("A12", PV1_3=MED)
    ward.tell("A40", MRG_1=cx("9"))
    ward.tell("A47", MRG_1=cx("9"))
    ward.tell("A44", MRG_1=cx("9"), MRG_3=cx("A1", kind="AN"), PID_18=cx("A1", kind="AN"))
    ward.tell("A37", **{"PID[2]-3": cx("9")})
    found = discarded(ward.store)
    assert [row["event"] for row in found] == ["A03", "A12", "A40", "A47", "A44", "A37"]
    assert "knows no such stay" in found[0]["why"] and "the stay is inpatient" in found[1]["why"]
    assert all(row["why"].endswith(".") and row["message"].startswith("F") for row in found)


@pytest.mark.parametrize(
    "steps, code",
    [
        ((("A01", {}), ("A01", {})), "205"),
        ((("Z99", {}),), "204"),
        ((("A28", {}), ("A28", {"identifier": "4712"}), ("A47", {"MRG_1": cx("4712")})), "205"),
        ((("A28", {}), ("A28", {"identifier": "4712"}), ("A40", {"MRG_1": cx("4712")}), ("A31", {"identifier": "4712"})), "204"),
    ],
    ids=("admitted twice", "unknown movement", "number taken", "number retired"),
)
def test_refusals_have_the_code_that_comes_nearest(steps: tuple[tuple[str, dict[str, str]], ...], code: str) -> None:
    ward = Ward()
    assert [ward.tell(event, **fields) for event, fields in steps] == ["AA"] * (len(steps) - 1) + ["AE"]
    assert ward.answer and ward.answer.get("ERR-3.1") == [code]


# Bad input -------------------------------------------------------------------------------------------------------------------------------

PIECES = (
    "|",
    "^",
    "~",
    "&",
    '""',
    "\r",
    "ZBE|M1|20250303|",
    "MRG|4711",
    "PID|||1",
    "9" * 30,
    "2025",
    "99991231235959+1400",
    "00010101",
    "CANCEL",
    "A40",
)


@settings(max_examples=150, deadline=None, database=None)
@given(event=st.sampled_from([(row["transaction"], row["trigger"]) for row in rows("ihe/pam-events.tsv")]), data=st.data())
def test_a_mutated_message_of_any_event_is_answered_in_the_standards_own_words(event: tuple[str, str], data: st.DataObject) -> None:
    ward = Ward()
    ward.tell("A01", zbe="M1,INSERT")
    text = ward.message(
        event[1], number=event[0], zbe=data.draw(st.sampled_from(("", "M1,UPDATE,A01,1", "M1,CANCEL,A01,1", "M2,INSERT")))
    ).text
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[min(len(text), start + data.draw(st.integers(0, 8))) :]
    reply = ward.actors[event[0]].receive(Packet("mllp", b"\x0b" + text.encode() + b"\x1c\r")).data.decode()
    assert "the receiver failed" not in reply and "cannot be answered" not in reply, text


def test_a_time_at_the_end_of_the_calendar_is_no_fault_of_ours() -> None:
    ward = Ward()
    ward.tell("A01")
    assert ward.tell("A22", PV1_44="99991231235959+1400") in ("AA", "AE")
    assert ward.tell("A02", PV1_3=MED, EVN_6="00010101000000-1400") in ("AA", "AE")


def test_a_movement_segment_where_none_belongs_is_not_looked_at() -> None:
    ward = Ward()
    ward.tell("A01", zbe="M1,INSERT")
    ward.tell("A10", PV1_11="XRAY")
    assert ward.tell("A32", PV1_3=MED, zbe="M9,INSERT") in ("AA", "AE")
