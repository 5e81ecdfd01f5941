"""The suppliers of PAM over real sockets: one line per event, every message sound, and a receiver that believes what the sender believes."""

from __future__ import annotations

import pytest

from ihe_kit.exchanges import Exchange
from ihe_kit.hospital import Hospital
from ihe_kit.region import Sandbox

pytestmark = pytest.mark.usefixtures("database")

MED, SUR = "MED1^101^A", "SUR2^204^B"


@pytest.fixture(params=[False, True], ids=["plain", "historic"])
def nordvik(request: pytest.FixtureRequest, box: Sandbox) -> Hospital:
    return Hospital(box, historic=request.param)


def sound(*exchanges: Exchange) -> None:
    for done in exchanges:
        assert done.ok, (str(done), done.answer and done.answer.get("ERR-8"))
        assert not [f for f in (*done.found, *done.answer_found) if f.severity == "error"], done.found


def stay(nordvik: Hospital, number: int = -1) -> dict[str, str]:
    return nordvik.box.rows("encounters")[number]


def test_a_whole_stay(nordvik: Hospital) -> None:
    sound(
        nordvik.preadmit("ingrid", PV1_2="P"),
        nordvik.admit("ingrid", MED, PV1_7="2001^Strand^Elin^^^Dr"),
        nordvik.plan_transfer("ingrid", "20250303120000+0100", SUR),
        nordvik.transfer("ingrid", SUR),
        nordvik.depart("ingrid", "XRAY^1"),
        nordvik.arrive("ingrid", "XRAY^1"),
        nordvik.arrive("ingrid"),
        nordvik.change_doctor("ingrid", "2004^Berg^Hanne^^^Dr"),
        nordvik.leave("ingrid", back="20250304180000+0100"),
        nordvik.come_back("ingrid"),
        nordvik.correct("ingrid", city="Solbakken"),
        nordvik.plan_discharge("ingrid", "20250305100000+0100"),
    )
    row = stay(nordvik)
    assert (row["state"], row["ward"], row["doctor"], row["visit"]) == ("inpatient", "SUR2", "Dr Hanne Berg", "V2025-0318")
    sound(nordvik.discharge("ingrid"))
    assert stay(nordvik)["state"] == "discharged"
    sound(nordvik.admit("ingrid", MED))
    assert (stay(nordvik)["visit"], stay(nordvik)["state"]) == ("V2025-0318-2", "inpatient"), "the next stay has a number of its own"


def test_everything_can_be_taken_back(nordvik: Hospital) -> None:
    sound(nordvik.admit("ingrid", MED, PV1_7="2001^Strand^Elin^^^Dr"))
    for verb, state in (
        (lambda: nordvik.transfer("ingrid", SUR), "inpatient"),
        (lambda: nordvik.change_doctor("ingrid", "2004^Berg^Hanne^^^Dr"), "inpatient"),
        (lambda: nordvik.leave("ingrid", back="20250304180000+0100"), "on leave"),
        (lambda: nordvik.plan_discharge("ingrid", "20250305100000+0100"), "inpatient"),
        (lambda: nordvik.plan_transfer("ingrid", "20250305100000+0100", SUR), "inpatient"),
        (lambda: nordvik.discharge("ingrid"), "discharged"),
    ):
        sound(verb())
        assert stay(nordvik)["state"] == state
        sound(nordvik.cancel("ingrid"))
        row = stay(nordvik)
        assert (row["state"], row["ward"], row["doctor"], row["planned"]) == ("inpatient", "MED1", "Dr Elin Strand", "")
    sound(nordvik.cancel("ingrid"))
    assert stay(nordvik)["state"] == "none"
    with pytest.raises(ValueError, match="nothing to take back"):
        nordvik.cancel("ingrid")
    sound(nordvik.plan_admission("ingrid", "20250305100000+0100", SUR), nordvik.cancel("ingrid", "A14"))


def test_what_was_refused_has_not_happened(nordvik: Hospital) -> None:
    sound(nordvik.admit("ingrid", MED))
    again = nordvik.tell("A01", "ingrid", PV1_3=SUR)
    assert again.refused
    assert nordvik.people["ingrid"].location == MED
    sound(nordvik.transfer("ingrid", SUR))


def test_pilot_zulu_becomes_bjorn(nordvik: Hospital) -> None:
    nordvik.know("zulu", identifier="T-001", family="Zulu", given="Pilot", sex="U")
    sound(
        nordvik.add("bjorn"),
        nordvik.register("zulu", "ED^2", PV1_2="E", PID_31="Y", PID_32="AL"),
        nordvik.merge("zulu", "bjorn"),
        nordvik.make_inpatient("bjorn", "ICU^1"),
    )
    assert (stay(nordvik)["name"], stay(nordvik)["ward"]) == ("Lie, Bjørn", "ICU")
    assert len(nordvik.box.rows("encounters")) == 1


def test_who_people_are(nordvik: Hospital) -> None:
    nordvik.know("nadia2", identifier="5999", family="Petrowa", given="Nadja")
    sound(nordvik.add("nadia"), nordvik.add("nadia2"), nordvik.link("nadia", "nadia2"))
    assert [row["linked with"] for row in nordvik.box.rows("patients")] == ["Petrowa, Nadja", "Petrova, Nadia"]  # each sees the other
    sound(nordvik.unlink("nadia", "nadia2"), nordvik.change("nadia", given="Nadezhda"))
    assert [row["linked with"] for row in nordvik.box.rows("patients")] == ["", ""]
    sound(nordvik.change("nadia"))
    assert nordvik.box.rows("patients")[0]["name"] == "Petrova, Nadezhda", "the sender knows what it told"
    nordvik.know("nadia3", identifier="5998", family="Petrova", given="Nadia")
    sound(nordvik.renumber("5999", "nadia3"))
    assert "5998" in nordvik.box.rows("patients")[1]["numbers"]


def test_death(nordvik: Hospital) -> None:
    sound(nordvik.admit("oskar", "ICU^1"), nordvik.discharge("oskar", died="20250303100000+0100"))
    assert nordvik.box.rows("patients")[0]["died"].startswith("2025-03-03T10:00")


def test_frames(nordvik: Hospital) -> None:
    """The tables have their columns before anything has happened."""
    before = nordvik.box.tables
    assert {"name", "numbers", "identity"} <= set(before["patients"]) and before["patients"].empty
    assert {"state", "ward", "room", "bed", "since"} <= set(before["encounters"])
    assert {"event", "happened", "taken back by"} <= set(before["movements"])
    nordvik.admit("ingrid", MED)
    frame = nordvik.box.tables["beds"]
    (row,) = frame[frame["name"] != ""].to_dict("records")
    assert (row["ward"], row["room"], row["bed"], row["state"]) == ("MED1", "101", "A", "inpatient")
    assert nordvik.box.location_at("4711") == "MED1, room 101, bed A"
    assert nordvik.box.location_at("4711", "2025-03-03T07:00:00+01:00") == ""
    with pytest.raises(ValueError, match="no table 'bed'"):
        nordvik.box.rows("bed")
