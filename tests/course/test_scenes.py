"""The small scenes of the lessons: who played which actor, what two receivers counted, what became of a queue."""

from __future__ import annotations

from ihe_kit import build, exchange, parse, person
from ihe_kit.course.counting import counting, impatient, policies
from ihe_kit.course.scenes import open_record, roles
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.v2 import V2Message


def admissions(*names: str) -> list[V2Message]:
    clock, ids = story_clock(), story_ids("T")
    made = [build("ITI-31", person(name), clock, ids) for name in names]
    assert all(isinstance(one, V2Message) for one in made)
    return [one for one in made if isinstance(one, V2Message)]


def test_the_roles_are_those_of_the_log(box: Sandbox) -> None:
    assert not len(roles(box)), "nothing has crossed yet"
    exchange("ITI-31", build("ITI-31", person("ingrid"), box.clock, box.ids), box)
    exchange("ITI-78", build("ITI-78", {"family": "Ødegård"}, box.clock, box.ids), box)
    exchange("ITI-78", build("ITI-78", {"family": "Lie"}, box.clock, box.ids), box)
    open_record(person("ingrid"), box)
    table = roles(box)
    assert list(table.index) == ["ITI-31", "ITI-78", "openEHR template", "openEHR ehr"]
    assert list(table.loc["ITI-78"]) == [
        "Patient Demographics Consumer",
        "Nordvik ward",
        "Patient Demographics Supplier",
        "Fjordland identity",
    ]
    for one in box.wire:
        assert one.transaction
        row = table.loc[one.transaction.number]
        assert (row["played by"], row["played by "]) == (one.sender, one.receiver)


def test_a_count_lists_what_was_taken_more_than_once_or_says_how_many_more() -> None:
    two = counting(slow=0.1)
    messages = admissions("ingrid", "bjorn", "amina", "nadia", "oskar", "emil", "aksel")
    impatient(messages, two.addresses["careless"], patience=0.05, tries=2)
    impatient(messages, two.addresses["careful"], patience=0.05, tries=4)
    table = two.counts()
    ids = [message.get("MSH-10")[0] for message in messages]
    assert table.loc["careless", "taken more than once"] == f"{', '.join(ids[:5])} and 2 more"
    assert list(table.loc["careful"]) == [7, 7, ""]
    two.stop()


def test_what_becomes_of_later_messages_of_the_same_patient_is_what_the_policies_differ_in() -> None:
    sound = admissions("oskar", "emil", "nadia")
    without_class = parse(sound[1].text.replace("PV1||I", "PV1||"))
    discharge = build("ITI-31", person("emil"), story_clock(), story_ids("U"), event="A03")
    assert isinstance(without_class, V2Message)
    assert isinstance(discharge, V2Message)
    table = policies([sound[0], without_class, sound[2], discharge])
    assert list(table.loc["stop"]) == ["Oskar A01", "Emil A01, Nadia A01, Emil A03", "nobody"]
    assert list(table.loc["aside"]) == ["Oskar A01, Nadia A01, Emil A03", "nobody", "Emil A01"]
    assert list(table.loc["aside with its patient"]) == ["Oskar A01, Nadia A01", "nobody", "Emil A01, Emil A03"]
