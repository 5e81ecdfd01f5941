"""Small scenes that a lesson needs more than once, so that its cells stay short: a record that is opened, a settings file that is out of date,
copies that look alike."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from ihe_kit.core import Message
from ihe_kit.demo import ehr_id
from ihe_kit.files import definitions
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.verbs import build, exchange

_records: WeakKeyDictionary[Sandbox, dict[tuple[str, str], str]] = WeakKeyDictionary()
_next_door: Sandbox | None = None
_numbers = count(1)


def open_record(facts: Mapping[str, str], box: Sandbox) -> str:
    """The id of a person's openEHR record in a region: opened, with the template of what goes into it, when it is first asked for.

    Raises ValueError where the repository gives none.
    """
    records = _records.setdefault(box, {})
    who = (facts["identifier"], facts["oid"])
    if who not in records:
        if not records:
            exchange("openEHR template", build("openEHR template", {}, box.clock, box.ids), box)
        opened = exchange("openEHR ehr", build("openEHR ehr", facts, box.clock, box.ids), box)
        if not opened.ok:
            raise ValueError(f"the repository gave no record: {opened.answer.name if opened.answer else opened.lost}")
        records[who] = ehr_id(opened)
    return records[who]


def old_settings() -> dict[str, str]:
    """Where who listens, as an old settings file says. It is out of date: the addresses are those of a region that another notebook left running.

    Calling it again starts that region afresh.
    """
    global _next_door
    if _next_door:
        _next_door.stop()
    _next_door = Sandbox("sqlite://", story_clock(), story_ids(f"N{next(_numbers)}-"), "127.0.0.1")
    return dict(_next_door.addresses)


def roles(box: Sandbox) -> Any:
    """Which actors spoke with each other in what has crossed so far, and which system played each: a pandas data frame, one row a transaction."""
    import pandas

    crossed = {one.transaction.number: one for one in box.wire if one.transaction and not one.follows}
    rows = [(t.number, t.initiator, one.sender, t.responder, one.receiver) for one in crossed.values() if (t := one.transaction)]
    return pandas.DataFrame(rows, columns=["transaction", "actor that begins", "played by", "actor that answers", "played by "]).set_index(
        "transaction"
    )


def telephone(box: Sandbox, family: str = "Ødegård") -> list[str]:
    """The telephone numbers that the region holds of people of a family name: asked for over FHIR (ITI-78)."""
    found = exchange("ITI-78", build("ITI-78", {"family": family}, box.clock, box.ids), box)
    return [number for number in found.answer.get("Bundle.entry.resource.telecom.value") if number] if found.answer else []


def three_copies(message: Message | str) -> dict[str, str]:
    """A v2 message as it comes out of a log (A), out of a system (B), and out of a Windows editor (C): alike on a screen, not in bytes."""
    text = str(message)
    return {"A": text.replace("\r", "\n"), "B": text, "C": text.replace("\r", "\r\n")}


def strict_reader(text: str) -> tuple[list[str], str]:
    """(the segments that hl7apy finds, the first error that its validator names, "" for none). It takes a carriage return for the end of a
    segment, and nothing else. hl7apy (MIT licence) is a well-known library; the kit itself reads with its own parser.
    """
    read = definitions("hl7apy.parser").parse_message(text)
    names = [part.name for part in read.children]
    try:
        read.validate()
    except Exception as problem:  # what it says of an odd message is the point
        return names, str(problem)
    return names, ""
