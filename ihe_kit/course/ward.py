"""A stream of events, replayed to a region of its own: what each was answered, what the region did, and where everybody lies in the end.

A `Line` says when an event was told, who it is about, and, where that was earlier, when it happened. What the region did is never written down
here: it is read off its tables after each message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ihe_kit import Hospital, person
from ihe_kit.actors.encounters import words
from ihe_kit.actors.stays import OPEN, PLANS, transitions
from ihe_kit.exchanges import Exchange
from ihe_kit.region import STORY_BEGINS, Sandbox, story_clock, story_ids
from ihe_kit.v2 import V2Message

BEGINS, MOVES, ENDS = "it began a stay", "it changed the stay", "it ended the stay"
BACK, PERSON = "it took an earlier event back", "it changed the person"
NOTHING, REFUSED = "nothing: discarded with AA", "nothing: refused with AE"
DID = (BEGINS, MOVES, ENDS, BACK, PERSON, NOTHING, REFUSED)

_running: Replay | None = None


def clock(time: str) -> datetime:
    """A time on the Monday of the story: `clock("10:15")`. Raises ValueError for what is no time."""
    try:
        hour, minute = map(int, time.split(":"))
        return STORY_BEGINS.replace(hour=hour, minute=minute)
    except ValueError:
        raise ValueError(f"{time!r} is no time of the day: write it as 09:00") from None


def at(time: str) -> str:
    """The same as HL7 v2 writes it: `at("10:15")` is `20250303101500+0100`."""
    return clock(time).strftime("%Y%m%d%H%M%S%z")


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a stream. `place` is written as HL7 v2 writes a PL; without `happened` it happened when it was told."""

    told: str
    event: str
    who: str
    place: str = ""
    happened: str = ""

    @property
    def says(self) -> str:
        """The line for a reader: `11:30 A02 transferred: Ingrid, SUR2 204 A, happened at 10:45`."""
        row = transitions().get(self.event)
        what = row.what if row else "person changed"
        where = f", {self.place.replace('^', ' ')}" if self.place and not (row and row.cancels) else ""
        when = f", {'that of' if row and row.cancels else 'happened at'} {self.happened}" if self.happened else ""
        return f"{self.told} `{self.event}` {what}: {person(self.who)['given']}{where}{when}"


# The morning on which the evidence of lesson 04 rests: eight events, two people.
MORNING = (
    Line("09:00", "A01", "ingrid", "MED1^101^B"),
    Line("09:10", "A01", "oskar", "MED1^101^A"),
    Line("10:30", "A03", "oskar"),
    Line("10:40", "A13", "oskar", "MED1^101^A", "10:30"),
    Line("11:00", "A12", "oskar", "MED1^102^A", "10:50"),
    Line("11:10", "A01", "ingrid", "SUR2^203^A"),
    Line("11:20", "A31", "ingrid"),
    Line("11:30", "A02", "ingrid", "SUR2^204^A", "10:45"),
)


def _told(line: Line, nordvik: Hospital) -> Exchange:
    """Tells one line. A plan has its time and its place in other fields than what happened (ITI TF-2 sections 3.30.5.2 and 3.30.5.4)."""
    event, when = line.event, at(line.happened or line.told)
    times = {"EVN_3": when, "PV2_9": when if event == "A16" else ""} if event in PLANS else {"EVN_6": when}
    where = {"PV1_42" if event == "A15" else "PV1_3": line.place, "PV1_2": "E" if event == "A04" else ""}
    number = "ITI-31" if event in transitions() else "ITI-30"
    return nordvik.tell(event, line.who, number=number, EVN_2=at(line.told), **times, **where)


def did(sent: Exchange, before: set[str], box: Sandbox) -> str:
    """What the region did with an event, read off its answer and its tables. `before` are the stays that were open before it."""
    if not sent.ok or sent.request is None:
        return REFUSED
    number, event = sent.request.get("MSH-10")[0], sent.request.get("MSH-9.2")[0]
    if number in {row["message"] for row in box.rows("discarded")}:
        return NOTHING
    if event not in transitions():
        return PERSON
    if transitions()[event].cancels:
        return BACK
    after = _open(box)
    return BEGINS if after - before else ENDS if before - after else MOVES


def _open(box: Sandbox) -> set[str]:
    return {row["stay"] for row in box.rows("encounters") if row["state"] in OPEN}


def run(lines: Iterable[Line], box: Sandbox) -> list[tuple[Line, Exchange, str]]:
    """Tells a region every line of a stream: (the line, the exchange, what the region did)."""
    nordvik, done = Hospital(box), list[tuple[Line, Exchange, str]]()
    for line in lines:
        before = _open(box)
        sent = _told(line, nordvik)
        done.append((line, sent, did(sent, before, box)))
    return done


def lies(who: str, time: str, box: Sandbox) -> str:
    """Where somebody of the course was at a time, for a reader; "not in the house" for somebody who was not."""
    facts = person(who)
    return box.location_at(facts["identifier"], clock(time), facts["namespace"]) or "not in the house"


def moves(who: str, box: Sandbox) -> Any:
    """The movements of somebody's stays, in the order in which they happened, without those that were taken back: a pandas data
    frame. `came` counts the messages as they came.
    """
    import pandas

    facts, came = person(who), dict[str, int]()
    for one in box.wire:
        if isinstance(one.request, V2Message) and facts["identifier"] in one.request.get("PID-3.1"):
            came.setdefault(one.request.get("MSH-10")[0], len(came) + 1)
    ours = [row for row in box.rows("movements") if row["message"] in came and not row["taken back by"]]
    found = [
        (row["happened"], f"{row['event']} {row['what']}", words(f"{row['ward']}^{row['room']}^{row['bed']}"), came[row["message"]])
        for row in ours
    ]
    return pandas.DataFrame(found, columns=["happened", "event", "where", "came"]).set_index("happened")


class Replay:
    """A stream that was told to a region of its own. `box` is that region, so a BedBoard can show it."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.box = Sandbox("sqlite://", story_clock(clock("09:00"), timedelta(seconds=1)), story_ids("M"), "127.0.0.1")
        self._done = run(lines, self.box)

    def table(self) -> Any:
        """A pandas data frame: each event, its answer, and what the region did when it came."""
        import pandas

        rows = [
            (line.told, line.event, person(line.who)["given"], words(line.place), line.happened or line.told, _answer(sent), what)
            for line, sent, what in self._done
        ]
        return pandas.DataFrame(rows, columns=["told", "event", "who", "place", "happened", "answer", "what the region did"]).set_index(
            "told"
        )

    def stop(self) -> None:
        """Closes the region. Safe to call twice."""
        self.box.stop()


def _answer(sent: Exchange) -> str:
    return sent.answer.get("MSA-1")[0] if sent.answer else "none"


def replay(lines: Sequence[Line] = MORNING) -> Replay:
    """Tells a stream to a new region; the one that ran before is stopped."""
    global _running
    if _running:
        _running.stop()
    _running = Replay(lines)
    return _running
