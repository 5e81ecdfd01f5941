"""Patient Administration Management (PAM): ITI-30, Patient Identity Management, and ITI-31, Patient Encounter Management. HL7 v2.5.

Events, the use of fields and rules are rows in data/ihe/pam-events.tsv, pam-uses.tsv and pam-rules.tsv; pam-requirements.tsv tells for each
statement of the Technical Framework which rule keeps watch over it, or why none can. Rules of kind `state` need more than one message: the
actors carry them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ihe_kit.core import Message
from ihe_kit.files import rows
from ihe_kit.ihe import Event, Profile, Transaction
from ihe_kit.profiles.pam.events import common_field_rules, event_field_rules, event_rows, field_uses, segment_uses
from ihe_kit.profiles.pam.segments import segment_rules
from ihe_kit.rules import Repair, Rule, one_of
from ihe_kit.v2 import V2
from ihe_kit.v2.rules import read

FIXED = {
    "MSH-3": "ADT", "MSH-4": "NORDVIK", "MSH-5": "IDENTITY", "MSH-6": "FJORDLAND", "MSH-11": "P",
    "EVN-2": "{now}", "PID-3.4.3": "ISO", "PID-3.5": "PI", "PID-5.7": "L",
}  # fmt: skip


def _authority_nearby(message: Message) -> tuple[str, str] | None:
    """The authority that gave out another number in the same message: the likely one, but a person has to agree."""
    for path in ("PID-3.4", "PV1-19.4", "PID-18.4"):
        for element in message.find(path):
            if element.value:
                return f"Add {element.value.split('&')[0]}, as in {path}", message.text[element.start : element.end]
    return None


def _structure_of_event(message: Message) -> tuple[str, str] | None:
    """The structure that IHE gives the event of a message."""
    events = {row["trigger"]: row["structure"] for row in rows("ihe/pam-events.tsv")}
    name = events.get(next(iter(message.get("MSH-9.2")), ""), "")
    return (f"Set {name}", name) if name else None


def _class_of_event(message: Message) -> tuple[str, str] | None:
    """The patient class that an event leaves no choice about."""
    words = {"I": "inpatient", "O": "outpatient", "N": "not applicable"}
    code = {"A01": "I", "A06": "I", "A04": "O", "A07": "O", "A28": "N", "A31": "N"}.get(next(iter(message.get("MSH-9.2")), ""), "")
    return (f"Set {code}, {words[code]}", code) if code else None


_FIXES: dict[str, Repair] = {
    "authority nearby": _authority_nearby,
    "structure of the event": _structure_of_event,
    "class of the event": _class_of_event,
}


def rules_for(*events: str) -> tuple[Rule, ...]:
    """The rules of pam-rules.tsv for one message whose `events` column names one of these words: `*`, `ITI-31`, `A03`, `ACK`."""
    wanted = set(events)
    lines = [row for row in rows("ihe/pam-rules.tsv") if row["kind"] == "message" and wanted & set(row["events"].split())]
    return tuple(rule for line in lines for rule in read(line, _FIXES.get(line["fix"])))


def _merged(made: Iterable[Rule], written: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules that follow from the tables, and those that are written out; of the same id, the one written out."""
    return tuple({rule.id: rule for rule in (*made, *written)}.values())


def _event(row: Mapping[str, str]) -> Event:
    trigger = row["trigger"]
    return Event(
        trigger=f"ADT^{trigger}",
        structure=row["structure"],
        name=row["name"],
        spec=row["section"],
        option=row["option"],
        uses=segment_uses(row) + field_uses(row),
        rules=_merged([*segment_rules(row), *event_field_rules(trigger)], rules_for(trigger)),
        fixed=FIXED | dict(pair.split("=", 1) for pair in row["fixed"].split("; ")),
    )


def _recognises(number: str) -> Callable[[Message], bool]:
    names = frozenset(f"ADT^{row['trigger']}" for row in event_rows(number))
    return lambda message: message.name in names


def _known_event(number: str, spec: str) -> Rule:
    triggers = [row["trigger"] for row in event_rows(number)]
    says = (
        f"{{found}} is no event of {number}. Its events are "
        + ", ".join(triggers[:5])
        + f" and {len(triggers) - 5} more: see the transaction."
    )
    return Rule("PAM-MSH-9-EVENT", "MSH-9.2", one_of(*triggers), says, spec)


def _transaction(number: str, name: str, subject: str, spec: str) -> Transaction:
    events = tuple(_event(row) for row in event_rows(number))
    return Transaction(
        number=number,
        name=name,
        standard=V2,
        initiator=f"Patient {subject} Supplier",
        responder=f"Patient {subject} Consumer",
        structure=events[0].structure,
        recognises=_recognises(number),
        spec=spec,
        fixed=FIXED,
        request_rules=_merged([_known_event(number, spec), *common_field_rules()], rules_for("*", number)),
        response_rules=rules_for("ACK"),
        events=events,
        settles=("MSH-9", "ZBE"),
    )


PROFILE = Profile(
    acronym="PAM",
    name="Patient Administration Management",
    says="Who is in which bed: admissions, transfers and discharges, told by one system to all that need to know.",
    spec="ITI TF-1 chapter 14",
    transactions=(
        _transaction("ITI-30", "Patient Identity Management", "Demographics", "ITI TF-2 section 3.30"),
        _transaction("ITI-31", "Patient Encounter Management", "Encounter", "ITI TF-2 section 3.31"),
    ),
)
