"""What an ADT message tells of a movement: EVN, PV1, PV2 and ZBE as a `Told`, which `decide` understands."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Any

from ihe_kit.actors.decisions import Number, Told
from ihe_kit.actors.pid import identifiers
from ihe_kit.actors.stays import Movement
from ihe_kit.rules import NULL
from ihe_kit.v2 import V2Message

# Where the planned time of an event stands: that of a transfer in EVN-3, the others in PV2 (ITI TF-2 section 3.30.5.2).
_EXPECTED = {
    "A14": ("PV2-8.1", "EVN-3.1"),
    "A05": ("PV2-8.1", "EVN-3.1"),
    "A15": ("EVN-3.1",),
    "A16": ("PV2-9.1", "EVN-3.1"),
    "A21": ("PV2-47.1",),
}
_UNNUMBERED = ("A08", "A09", "A10", "A32", "A33")  # these have no ZBE (ITI TF-2 section 3.31.5.6); what stands in one is not looked at
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?([+-]\d{4})?")


def told(message: V2Message, now: datetime) -> Told:
    """What a message of ITI-31 tells. `now` lends its time zone to times that name none, and its moment where the message has no time."""
    event, zone = _first(message, "MSH[1]-9.2"), now.tzinfo
    moves = event not in _UNNUMBERED
    movement = Movement(
        event=event,
        at=happened(message, now),
        ids=() if not moves else tuple(filter(None, map(_entity, zip(*(message.get(f"ZBE-1.{part}") for part in (1, 2, 3)), strict=True)))),
        message=_first(message, "MSH[1]-10"),
        patient_class=_said(message, "PV1-2"),
        location=_place(message, "PV1-3"),
        temporary=_place(message, "PV1-11"),
        pending=_place(message, "PV1-42"),
        doctor=_doctor(message),
        ward=_said(message, "ZBE-7.1"),
        expected=next((when for path in _EXPECTED.get(event, ()) if (when := _iso(_first(message, path), zone))), None),
        admitted=_iso(_first(message, "PV1-44.1"), zone) or None,
        discharged=_iso(_first(message, "PV1-45.1"), zone) or None,
    )
    named = " ".join(message.get("PID[1]-3.1")[:1])
    action, original = (_first(message, f"ZBE-{number}") if moves else "" for number in (4, 6))
    return Told(movement, numbers(message), action, original, named)


def numbers(message: V2Message) -> tuple[Number, ...]:
    """The numbers of the stay: the visit (PV1-19) and the account (PID-18)."""
    found = [("VN", *n) for n in identifiers(message, "PV1[1]-19")] + [("AN", *n) for n in identifiers(message, "PID[1]-18")]
    return tuple(found)


def happened(message: V2Message, now: datetime) -> datetime:
    """When the event took place: the start of the movement, else when it occurred, else when it was recorded or sent.

    A time that is told to the day alone was at its latest when it was recorded.
    """
    told_at = recorded(message, now)
    for path in ("ZBE-2.1", "EVN-6.1"):
        if span := _span(_first(message, path), now.tzinfo):
            early, late = span
            return early if late - early < timedelta(minutes=1) else max(early, min(late, told_at))
    return told_at


def recorded(message: V2Message, now: datetime) -> datetime:
    """When the event was typed in: EVN-2, else MSH-7, else `now`."""
    times = (moment(_first(message, path), now.tzinfo) for path in ("EVN-2.1", "MSH[1]-7.1"))
    return next((time for time in times if time), now)


def moment(text: str, zone: tzinfo | None) -> datetime | None:
    """A time as HL7 v2 writes it, or None where it is none."""
    span = _span(text, zone)
    return span[0] if span else None


def _span(text: str, zone: tzinfo | None) -> tuple[datetime, datetime] | None:
    """The first and the last second that a time may mean: `20250303` is a whole day."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    *parts, offset = found.groups()
    values = [int(part) for part in parts if part]
    spans: dict[int, Any] = {1: {"days": 365}, 2: {"days": 28}, 3: {"days": 1}, 4: {"hours": 1}, 5: {"minutes": 1}, 6: {"seconds": 1}}
    try:
        year, month, day, hour, minute, second = values + [1, 1, 0, 0, 0][len(values) - 1 :]
        early = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        early = early.replace(tzinfo=datetime.strptime(offset, "%z").tzinfo) if offset else early
        return early, early + timedelta(**spans[len(values)]) - timedelta(seconds=1)
    except (ValueError, OverflowError):  # no day of the calendar, or the last one that there is
        return None


def _iso(text: str, zone: tzinfo | None) -> str:
    found = moment(text, zone)
    return found.isoformat() if found else ""


def _first(message: V2Message, path: str) -> str:
    value = next(iter(message.get(path)), "")
    return "" if value == NULL else value


def _said(message: V2Message, path: str) -> str | None:
    """What a field says: None where it is not sent, "" where it deletes."""
    value = next(iter(message.get(path)), "")
    return "" if value == NULL else value or None


def _place(message: V2Message, path: str) -> str | None:
    """A location as ward, room, bed and facility: `MED1^101^A^NORDVIK`."""
    if _said(message, path) == "":
        return ""
    parts = [_first(message, f"{path}[1].{part}") for part in ("1", "2", "3", "4.1")]
    return "^".join(part.replace("^", " ") for part in parts).rstrip("^") or None


def _doctor(message: V2Message) -> str | None:
    """The attending doctor by name, or by number where no name is told (XCN)."""
    if _said(message, "PV1-7") == "":
        return ""
    number, family, given, prefix = (_first(message, f"PV1-7[1].{part}") for part in ("1", "2.1", "3", "6"))
    return " ".join(filter(None, (prefix, given, family))) or number or None


def _entity(parts: tuple[str, str, str]) -> str:
    """An identifier with the one who gave it out: `M1@NORDVIK`."""
    number, namespace, oid = parts
    return f"{number}@{oid or namespace}" if number else ""
