"""Small scenes that a lesson needs more than once, so that its cells stay short: a record that is opened, a settings file that is out of date."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.verbs import build, exchange

_next_door: Sandbox | None = None
_numbers = count(1)


def open_record(facts: Mapping[str, str], box: Sandbox) -> str:
    """The id of a person's openEHR record: a new one with its template, or the one that is there (409 says so, then it is asked for).

    Raises ValueError where the repository gives none.
    """
    opened = exchange("openEHR ehr", build("openEHR ehr", facts, box.clock, box.ids), box)
    if opened.ok:
        exchange("openEHR template", build("openEHR template", {}, box.clock, box.ids), box)
    else:
        who = f"subject_id={facts['identifier']}&subject_namespace=urn:oid:{facts['oid']}"
        opened = exchange("openEHR ehr", build(f"GET ehr?{who}", {}, box.clock, box.ids, standard="openehr"), box)
    ids = opened.answer.get("/ehr_id/value") if opened.answer and opened.ok else []
    if not any(ids):
        raise ValueError(f"the repository gave no record: {opened.answer.name if opened.answer else opened.lost}")
    return ids[0]


def old_settings() -> dict[str, str]:
    """Where who listens, as an old settings file says. It is out of date: the addresses are those of a region that another notebook left running.

    Calling it again starts that region afresh.
    """
    global _next_door
    if _next_door:
        _next_door.stop()
    _next_door = Sandbox("sqlite://", story_clock(), story_ids(f"N{next(_numbers)}-"), "127.0.0.1")
    return dict(_next_door.addresses)
