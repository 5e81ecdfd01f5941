"""What a Builder needs of a standard: a message that is changed value by value, and the form that asks for them. v2 and FHIR each have one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from ihe_kit.core import Message
from ihe_kit.exchanges import Exchange
from ihe_kit.ihe import Transaction
from ihe_kit.render.form import Sheet
from ihe_kit.rules import Finding

Clock = Callable[[], datetime]
Ids = Callable[[], str]


class Sending:
    """What is the same for every message that is looked at and sent as it is."""

    button = "Send"  # what the button says
    held_back = ""  # why nothing can be sent
    views: tuple[str, ...] = ()  # the ways to write the message, where there are several
    view = ""
    transaction: Transaction
    message: Any

    def __init__(self) -> None:
        self.trouble: dict[str, str] = {}  # what was typed last and could not be taken, by field

    @property
    def name(self) -> str:
        """What is built."""
        return str(self.message.name)

    @property
    def about(self) -> str:
        """What it is built for."""
        return f"{self.transaction.title} · version {getattr(self.message, 'version', 'R4')}"

    def card(self, path: str) -> str:
        """What a control asks for, as HTML; "" where its message says so well enough."""
        return ""

    @property
    def against(self) -> dict[str, Any]:
        """What the message is checked against beside its transaction, as `validate` takes it."""
        return {}

    @property
    def request(self) -> Message:
        """What is sent: the message, or the request that carries it."""
        return self.message  # type: ignore[no-any-return]

    def sent(self, done: Exchange) -> None:
        """Takes note of an answer."""

    def text(self, findings: Sequence[Finding]) -> tuple[Message, Sequence[Finding]]:
        """The message as it is looked at, and where in it the findings are."""
        return self.message, findings


class Form(Protocol):
    """A message and the questions about it. `more` is what the list of parts to add is called, `legend` what the badges mean, as HTML."""

    more: str
    legend: str
    transaction: Transaction
    views: tuple[str, ...]
    view: str
    trouble: dict[str, str]

    @property
    def button(self) -> str: ...

    @property
    def held_back(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...

    def card(self, path: str) -> str: ...

    @property
    def against(self) -> dict[str, Any]: ...

    @property
    def request(self) -> Message: ...

    def sent(self, done: Exchange) -> None: ...

    def text(self, findings: Sequence[Finding]) -> tuple[Message, Sequence[Finding]]: ...

    @property
    def message(self) -> Message: ...

    def start(self, values: Mapping[str, Any], event: str, clock: Clock, ids: Ids) -> None:
        """A new message of these values and of what was typed so far. Raises ValueError for an event that is not known."""

    def put(self, path: str, value: str) -> None:
        """Puts a value in its place; "" takes it away. Raises UnknownPath."""

    def choose(self, path: str, value: str) -> None:
        """Puts a value that was chosen or typed in its control, and what it brings along."""

    def renew(self, clock: Clock, ids: Ids) -> None:
        """Makes a new message of one that was sent, where its standard knows messages apart by a number."""

    def one_more(self, field: str) -> None:
        """One more row for a repeating field."""

    def remove(self, field: str, row: int) -> None:
        """Takes a row away, counted from 1; one that is still empty is only a row."""

    def add(self, part: str) -> str:
        """Adds one of `parts()`; gives the path of the field to go to, "" for the first of what is new."""

    def drop(self, part: str) -> None:
        """Takes a part away."""

    def open(self, part: str) -> None:
        """Shows the fields of a part that was shut."""

    def parts(self) -> Mapping[str, str]:
        """What may be added, with its title."""

    def sheets(self, wrong: set[str]) -> list[Sheet]:
        """The form as data; the fields in which something is wrong are always in sight."""

    def newly_asked(self, sheets: Iterable[Sheet]) -> str:
        """What has come into the form since this was last asked, in words."""

    def codes(self, name: str) -> dict[str, Any]:
        """The codes of a table, as `combobox.js` takes them: `title`, `codes`, whether others are `free` to be used, and why not."""

    def field(self, path: str) -> str:
        """The field that a path belongs to."""

    def place(self, path: str) -> str:
        """Where in the message the value of a control stands."""

    def answered(self, done: Exchange) -> tuple[str, str]:
        """(code, words) of an answer."""
