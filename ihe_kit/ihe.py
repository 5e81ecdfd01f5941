"""IHE's own nouns, data only: Transaction, Profile, System.

A transaction is an exchange between two actors with a number. From one such row come the builder's form, the validator, the arrows of
the sequence diagram, the reference page and the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ihe_kit.core import Message, Standard
from ihe_kit.rules import Rule


@dataclass(frozen=True)
class Transaction:
    """One transaction: who asks whom, in which standard, and by which rules.

    `number` is IHE's (`ITI-31`); an exchange that is no IHE transaction says so (`openEHR composition`) and has `ihe=False`.
    `structure` and `fixed` are what `build()` starts from; `recognises` tells whether a request is one of this transaction's.
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
