"""One contract over three equal rooms: parse, get, elements with places, encode, explain, build, wire both ways, refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit import fhir, openehr, parse, v2
from ihe_kit.core import Message, Standard, UnknownPath, Unreadable
from ihe_kit.region import STORY_BEGINS, story_ids
from ihe_kit.rules import Finding

BLOOD_PRESSURE = "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value"


@dataclass(frozen=True)
class Room:
    """A standard, and what the contract needs to know of it."""

    standard: Standard
    structure: str
    values: dict[str, Any]
    path: str  # a path of the built message
    value: str
    name: str  # what explain calls it
    mistyped: str
    suggested: str
    absent: str  # a path to something that the message lacks, below something that it has
    unreadable: str
    protocol: str
    refusal: str  # the path of the code in the error answer
    code: str


ROOMS = [
    Room(
        v2.V2, "ADT_A01",
        {"MSH-9": "ADT^A01^ADT_A01", "MSH-11": "P", "EVN-2": "20250303", "PID-3.1": "4711", "PID-3.4.1": "NORDVIK", "PID-5.1.1": "Ødegård", "PV1-2": "I"},
        "PID-5.1.1", "Ødegård", "Surname", "PID-55", "PID-5", "PID-8", "PID|||4711", "mllp", "MSA-1", "AR",
    ),
    Room(
        fhir.FHIR, "PUT Patient",
        {"Patient.identifier.system": "urn:oid:2.999.10.1", "Patient.identifier.value": "4711", "Patient.name.family": "Ødegård"},
        "Patient.name.family", "Ødegård", "family", "Patient.nmae", "name", "Patient.gender", '{"resourceType": "Patient",}', "http", "response.status", "400",
    ),
    Room(
        openehr.OPENEHR, "POST ehr/{ehr_id}/composition kit_vital_signs.v1", {"ehr_id": "e1", "systolic": 142, "diastolic": 91},
        f"{BLOOD_PRESSURE}/magnitude", "142", "magnitude", BLOOD_PRESSURE.replace("content", "contnet"), "content", f"{BLOOD_PRESSURE}/normal_status",
        '{"_type": "COMPOSITION"', "http", "response.status", "400",
    ),
]  # fmt: skip


@pytest.fixture(params=ROOMS, ids=lambda room: room.standard.key)
def room(request: pytest.FixtureRequest) -> Room:
    return request.param


@pytest.fixture
def message(room: Room, clock: Callable[[], datetime], ids: Callable[[], str]) -> Message:
    return room.standard.build(room.structure, room.values, clock, ids)


def test_build_then_get(room: Room, message: Message) -> None:
    assert message.standard == room.standard.key
    assert message.get(room.path) == [room.value]


def test_the_same_values_clock_and_ids_give_the_same_bytes(room: Room, message: Message) -> None:
    again = room.standard.build(room.structure, room.values, lambda: STORY_BEGINS, story_ids("T"))
    assert again.encode() == message.encode()


def test_encode_gives_back_what_came_in(room: Room, message: Message) -> None:
    data = message.encode()
    assert room.standard.parse(data).encode() == data
    assert room.standard.parse(message.text).text == message.text


def test_every_element_has_its_place(room: Room, message: Message) -> None:
    elements = list(message.elements())
    assert len(elements) > 5
    data = message.encode()
    for element in elements:
        assert 0 <= element.start <= element.end <= len(message.text)
        start, end = message.byte_span(element)
        assert data[start:end].decode(message.charset) == message.text[element.start : element.end]
        assert (element.start, element.end) in [(found.start, found.end) for found in message.find(element.path)], element.path
    places = [(element.start, -element.end) for element in elements]
    assert places == sorted(places), "elements come in the order of the text, parents before children"


def test_an_absent_value_counts(room: Room, message: Message) -> None:
    (found,) = message.find(room.absent)
    assert found.value == ""
    assert found.start == found.end


def test_explain_in_and_outside_a_message(room: Room, message: Message) -> None:
    inside = room.standard.explain(message, room.path)
    assert room.name.lower() in f"{inside.name} {inside.label}".lower()
    assert inside.type
    assert inside.says, "a learner is told what it is for"
    assert inside.spec, "and where to read about it"


def test_a_mistyped_path_suggests_the_right_one(room: Room, message: Message) -> None:
    with pytest.raises(UnknownPath, match=room.suggested):
        room.standard.explain(message, room.mistyped)


def test_wire_both_ways(room: Room, message: Message) -> None:
    packet = room.standard.to_wire(message)
    assert packet.protocol == room.protocol
    back = room.standard.from_wire(packet)
    assert back.get(room.path) == [room.value]
    assert room.standard.to_wire(back) == packet


def test_recognised_by_one_room_only(message: Message, room: Room) -> None:
    assert [other.standard.key for other in ROOMS if other.standard.recognises(message.text)] == [room.standard.key]
    assert parse(message.text).standard == room.standard.key
    assert parse(message.encode()).standard == room.standard.key


def test_unreadable_text_names_its_place(room: Room) -> None:
    with pytest.raises(Unreadable, match=r"line \d+, character \d+: .*expected"):
        room.standard.parse(room.unreadable)


def test_a_sound_message_has_no_error(room: Room, message: Message) -> None:
    assert [f for f in room.standard.conform(message) if f.severity == "error"] == []


def test_refuse_speaks_the_standards_own_words(room: Room, message: Message, clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
    answer = room.standard.refuse(None, "expected something else", clock, ids)
    assert answer.get(room.refusal) == [room.code]
    finding = Finding("error", room.path, 0, 1, "x", "Something is wrong. It matters.", "A-RULE", "a section")
    detailed = room.standard.refuse(message, [finding], clock, ids)
    assert detailed.get(room.refusal) != [room.code]
    assert "Something is wrong." in detailed.text
    assert "A-RULE" in detailed.text


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.standard.key)
@given(data=st.data())
def test_a_message_cut_anywhere_is_read_or_refused(room: Room, data: st.DataObject) -> None:
    """Whatever is left of a message: it parses and is checked, or it is Unreadable. Nothing else, and nothing is lost."""
    text = room.standard.build(room.structure, room.values, lambda: STORY_BEGINS, story_ids()).text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    cut = text[:start] + text[end:]
    try:
        message = room.standard.parse(cut)
    except Unreadable:
        return
    assert message.text == cut
    list(message.elements())
    room.standard.conform(message)
