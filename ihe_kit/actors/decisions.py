"""What becomes of a message that tells of a movement: a pure function of what is known of the patient's stays and what the message tells.

Nothing is done here. The answer is a `Decision`: the stay as it is to be kept, or that the message is discarded, with an error or without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ihe_kit.actors.stays import Conflict, Movement, Row, Situation, Stay, transitions

Number = tuple[str, str, str]  # (AN or VN, authority, number)


@dataclass(frozen=True)
class Told:
    """A movement as a message tells it. `action`, `original` and `ids` come from ZBE; `named` says whom the message means, for its answer."""

    movement: Movement
    numbers: tuple[Number, ...] = ()
    action: str = ""
    original: str = ""
    named: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return self.movement.ids


@dataclass(frozen=True)
class Decision:
    """`stay` is what is to be kept, None where the message is discarded; with a `rule` an error is raised, at `path` and in the words of `says`.

    Where nothing is kept and there is no rule, the message is discarded without an error, and `says` tells why.
    """

    stay: Stay | None = None
    rule: str = ""
    path: str = ""
    says: str = ""


def decide(stays: Sequence[Stay], told: Told, begin: Callable[[], Stay]) -> Decision:
    """What becomes of a movement, given every stay of the patient; `begin` gives an empty one where another stay begins."""
    row = transitions()[told.movement.event]
    if told.ids and not row.cancels and row.event != "Z99" and any(stay.find(told.ids) for stay in stays):
        return _error("ZBE-INSERT", "ZBE-1", f"The movement {told.ids[0]} is known already, so it cannot be inserted again.")
    stay = _meant(stays, told, row)
    try:
        done = _update(stay, told) if row.event == "Z99" else _record(stay, told, row, begin)
    except Conflict as conflict:
        return _no_longer(told, conflict)
    if done.stay and (other := _admitted_elsewhere(stays, stay, done.stay, told)):
        return _open_already(told, other)
    return done


def _meant(stays: Sequence[Stay], told: Told, row: Row) -> Stay | None:
    """The stay that a message speaks of: the one that has its movement, else the one that has its number and in which the event makes sense."""
    if told.action in ("CANCEL", "UPDATE"):
        return next((stay for stay in stays if stay.find(told.ids)), None)
    named = [stay for stay in reversed(stays) if {n[1:] for n in stay.numbers} & {n[1:] for n in told.numbers}]
    sensible = (stay for stay in named if row.cell(_situation(stay, told, row).state) not in ("discard", "error"))
    return next(sensible, named[0] if named else None)


def _situation(stay: Stay | None, told: Told, row: Row) -> Situation:
    """The situation that an event comes upon: at the time when it happened. What takes something back comes upon the present."""
    return stay.situation(None if row.cancels else told.movement.at) if stay else Situation()


def _record(stay: Stay | None, told: Told, row: Row, begin: Callable[[], Stay]) -> Decision:
    state = _situation(stay, told, row).state
    cell = row.cell(state)
    if cell == "error":
        assert stay
        return _open_already(told, stay)
    if row.cancels:
        return _cancel(stay, told, row, cell)
    if cell == "discard":
        return Decision(says=_nothing(told, row, state))
    if row.event == "A08" and stay:  # no movement: what it says of the person is kept with the person
        return Decision(stay)
    kept = begin() if stay is None or cell.startswith("new ") else stay
    return Decision(replace(kept, numbers=_joined(kept, told)).add(told.movement))


def _joined(stay: Stay, told: Told) -> tuple[Number, ...]:
    return tuple(dict.fromkeys((*stay.numbers, *told.numbers)))


# Taking back ---------------------------------------------------------------------------------------------------------------------------


def _cancel(stay: Stay | None, told: Told, row: Row, cell: str) -> Decision:
    """Takes a movement back: the one that ZBE-1 names, or the last one that the event can mean."""
    state = stay.situation().state if stay else "none"
    if stay is None or cell == "discard":
        return Decision(says=_nothing(told, row, state))
    standing = stay.standing(row)
    if told.ids:
        named = stay.find(told.ids)
        if named is None or named.void:
            return Decision(says=f"The movement {', '.join(told.ids)} is unknown here, or was taken back before.")
        if wrong := _mistaken(stay, told, row, named, standing):
            return wrong
        standing = named
    if standing is None and cell == "back":
        return Decision(says=_nothing(told, row, state))
    gone = [] if standing is None else stay.takes_back(standing) if row.event == "A11" else [standing]
    void = told.movement.message or row.event
    kept = replace(stay, movements=tuple(replace(m, void=void) if any(m is g for g in gone) else m for m in stay.movements))
    return Decision(_resettled(kept.checked(), told, standing))


def _resettled(stay: Stay, told: Told, gone: Movement | None) -> Stay:
    """The stay after something was taken back, with the place or the doctor that the message says is right now, from that time on."""
    says = told.movement
    if stay.situation().state == "none" or not any((says.location, says.temporary, says.doctor)):
        return stay
    if says.event not in ("A12", "A13", "A32", "A33", "A55"):
        return stay
    return stay.add(replace(says, at=gone.at if gone else says.at, ids=()))


def _mistaken(stay: Stay, told: Told, row: Row, named: Movement, standing: Movement | None) -> Decision | None:
    """Why the movement that ZBE-1 names cannot be the one to be taken back; None where it can."""
    if named.event not in row.cancels or (told.original and told.original != named.event):
        return _original(told, named)
    if named is not standing or not (named is stay.current or any(named is plan for plan in stay.situation().plans)):
        says = f"The movement {told.ids[0]} is not the current one. {named.event} of {named.at:%H:%M} was followed by others."
        return _error("ZBE-CURRENT", "ZBE-1", says)
    if told.movement.at not in (named.at, named.begun):
        says = f"The movement {told.ids[0]} began at {named.at:%Y-%m-%d %H:%M:%S}, not at {told.movement.at:%Y-%m-%d %H:%M:%S}."
        return _error("ZBE-START", "ZBE-2", says)
    return None


def _original(told: Told, named: Movement) -> Decision:
    says = f"The movement {told.ids[0]} was inserted by {named.event}, not by {told.original or 'an event that this message takes back'}."
    return _error("ZBE-TRIGGER", "ZBE-6", says)


# Updating ------------------------------------------------------------------------------------------------------------------------------


def _update(stay: Stay | None, told: Told) -> Decision:
    """Z99: the movement that ZBE-1 names, past or present, gets what the message says of it; what it does not say stays."""
    old = stay.find(told.ids) if stay else None
    if stay is None or old is None or old.void:
        return _error(
            "Z99-UNKNOWN",
            "ZBE-1",
            f"No movement {', '.join(told.ids) or '(empty)'} of this patient is known, so none can be updated.",
        )
    if told.original and told.original != old.event:
        return _original(told, old)
    said = {name: value for name in _CHANGEABLE if (value := getattr(told.movement, name)) is not None}
    return Decision(stay.change(old, replace(old, at=told.movement.at, first=old.begun, **said)))


_CHANGEABLE = ("patient_class", "location", "temporary", "pending", "doctor", "ward", "expected", "admitted", "discharged")


# Words ---------------------------------------------------------------------------------------------------------------------------------


def _admitted_elsewhere(stays: Sequence[Stay], before: Stay | None, after: Stay, told: Told) -> Stay | None:
    """Another open admission of the patient, where this movement would open a second one."""
    others = [stay for stay in stays if stay.id != after.id]
    for at in (told.movement.at, None):
        was = before.situation(at).admitted if before and before.id == after.id else False
        if after.situation(at).admitted and not was and (open_ := next((o for o in others if o.situation(at).admitted), None)):
            return open_
    return None


def _open_already(told: Told, open_: Stay) -> Decision:
    since = open_.situation().since
    number = next((number for _, _, number in open_.numbers), "")
    says = f"Patient {told.named} is already admitted" + (f", since {since:%Y-%m-%d %H:%M}" if since else "") + f" (visit {number})."
    return _error("A01-OPEN", "PID-3.1", says + " The message was discarded: sender and receiver see the ward differently.")


def _no_longer(told: Told, conflict: Conflict) -> Decision:
    says = f"With this message the stay of {told.named} would not add up: {conflict}."
    return _error("A01-OPEN", "EVN-6", says)


def _nothing(told: Told, row: Row, state: str) -> str:
    """Why a message is discarded without an error."""
    known = "this receiver knows no such stay" if state == "none" else f"the stay is {state}"
    return f"{told.movement.event} ({row.what}) of {told.named} was discarded: {known}, and nothing of it would change."


def _error(rule: str, path: str, says: str) -> Decision:
    return Decision(rule=f"PAM-STATE-{rule}", path=path, says=says)
