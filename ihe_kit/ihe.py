"""IHE's own nouns, data only: Transaction, Event, Use, Profile, System.

A transaction is an exchange between two actors with a number. From one such row come the builder's form, the validator, the arrows of
the sequence diagram, the reference page and the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ihe_kit.core import Message, Standard
from ihe_kit.rules import Rule


@dataclass(frozen=True, slots=True)
class Use:
    """How a profile uses one segment (`PV1`) or field (`PV1-2`) of a message: a row of the Technical Framework's tables.

    `usage`: R required, RE required where known, C or CE conditional, O optional, X not used (ITI TF-2 Appendix C.1.1). `most` -1: no limit.
    `when` is the condition in words; `says` tells a learner why. `name` is given to what HL7 has no name for.
    """

    path: str
    usage: str
    least: int = 0
    most: int = 1
    when: str = ""
    says: str = ""
    spec: str = ""
    checked: bool = True
    name: str = ""


@dataclass(frozen=True)
class Event:
    """One kind of message of a transaction: its trigger event, its structure, and what IHE says of its segments and fields.

    `trigger` is the name that a request of it has (`ADT^A01`); `option` the option of the profile that brings it, "" for what every
    actor has. `rules` come on top of the transaction's own.
    """

    trigger: str
    structure: str
    name: str
    spec: str
    option: str = ""
    uses: tuple[Use, ...] = ()
    rules: tuple[Rule, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)

    def takes(self, path: str) -> bool:
        """Whether the event has a place for a path such as `PV1-19.1`: its segment is in use, and its field is not left out."""
        segments = {use.path.rpartition(".")[2] for use in self.uses if use.usage != "X" and "-" not in use.path}
        unused = {use.path for use in self.uses if use.usage == "X"}
        return not segments or (path[:3] in segments and path.partition(".")[0] not in unused)


@dataclass(frozen=True)
class Transaction:
    """One transaction: who asks whom, in which standard, and by which rules.

    `number` is IHE's (`ITI-31`); an exchange that is no IHE transaction says so (`openEHR composition`) and has `ihe=False`.
    `structure` and `fixed` are what `build()` starts from; `recognises` tells whether a request is one of this transaction's. A transaction
    of many kinds of message has `events`. `settles`: paths of a request of which the transaction says all there is to say, so that the
    base standard is not asked (IHE's event Z99, its segment ZBE).
    """

    number: str
    name: str
    standard: Standard
    initiator: str
    responder: str
    structure: str
    recognises: Callable[[Message], bool]
    spec: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    request_rules: tuple[Rule, ...] = ()
    response_rules: tuple[Rule, ...] = ()
    ihe: bool = True
    events: tuple[Event, ...] = ()
    settles: tuple[str, ...] = ()

    def event(self, message: Message) -> Event | None:
        """The kind of message that a request is, or None where this transaction tells none apart or does not know it."""
        return next((event for event in self.events if event.trigger == message.name), None)

    def rules(self, message: Message, *, answer: bool = False) -> tuple[Rule, ...]:
        """The rules for this very message: those of every request (or answer), and those of its event."""
        if answer:
            return self.response_rules
        event = self.event(message)
        return self.request_rules + (event.rules if event else ())

    @property
    def title(self) -> str:
        """`ITI-31 Patient Encounter Management`."""
        return f"{self.number} {self.name}"


@dataclass(frozen=True)
class Profile:
    """One profile: what it is for, its transactions, and where it is written. One file in `profiles/` declares one."""

    acronym: str
    name: str
    says: str
    spec: str
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True)
class System:
    """A running piece of software. It plays one or more actors: the actor is the role, the system is the thing."""

    name: str
    organisation: str
    plays: tuple[str, ...]
