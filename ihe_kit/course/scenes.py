"""Small scenes that a lesson needs more than once, so that its cells stay short: a record that is opened, a settings file that is out of date."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from ihe_kit.demo import ehr_id
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.verbs import build, exchange, transactions

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
    """Who asks whom in each transaction, and which system plays which actor: a pandas data frame, which a notebook shows as a table."""
    import pandas

    rows = [
        (t.number, t.initiator, box.wire.system(t.initiator), t.responder, box.wire.system(t.responder))
        for t in transactions().values()
        if box.wire.system(t.initiator) != t.initiator
    ]
    return pandas.DataFrame(rows, columns=["transaction", "actor that asks", "played by", "actor that answers", "played by "]).set_index(
        "transaction"
    )
