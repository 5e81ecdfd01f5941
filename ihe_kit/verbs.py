"""The verbs that a user meets: the same in a notebook, a test and a shell. They find the standard and the transaction, and hand over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ihe_kit.changes import Change, by_path, without
from ihe_kit.core import Definition, Message, Standard, UnknownPath, Unreadable, nearest
from ihe_kit.exchanges import Exchange, Peer, Wire, judge, perform
from ihe_kit.ihe import Event, Transaction
from ihe_kit.rules import Finding, everywhere, present, repaired

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox
    from ihe_kit.transports import Identity
    from ihe_kit.v2.delivery import Delivery

TIMES = ("MSH-7", "MSH-10")  # what no two messages of HL7 v2 have in common


@lru_cache(maxsize=1)
def standards() -> tuple[Standard, ...]:
    """HL7 v2, FHIR and openEHR."""
    from ihe_kit.fhir import FHIR
    from ihe_kit.openehr import OPENEHR
    from ihe_kit.v2 import V2

    return V2, FHIR, OPENEHR


def standard_of(name: str | Message) -> Standard:
    """The standard with a key such as `v2`, or the one of a message. Raises ValueError."""
    key = name if isinstance(name, str) else name.standard
    for known in standards():
        if known.key == key:
            return known
    raise ValueError(f"{key!r} is no standard that the kit knows: " + ", ".join(s.key for s in standards()))


def parse(text: str | bytes, standard: str | None = None) -> Message:
    """A message of whichever standard the text is written in. Raises Unreadable, which names the line and what was expected."""
    if standard:
        return standard_of(standard).parse(text)
    head = text if isinstance(text, str) else text[:4000].decode("utf-8", "replace")
    for known in standards():
        if known.recognises(head):
            return known.parse(text)
    first = head.strip().splitlines()[0][:40] if head.strip() else ""
    says = "expected HL7 v2 (MSH ...), a FHIR resource or an openEHR composition in JSON, or an HTTP request of one"
    raise Unreadable(says + (f", but found {first!r}" if first else ", but the text is empty"), head)


def explain(
    subject: str | Message, path: str | None = None, standard: str | None = None, version: str | None = None, template: Any = None
) -> Definition:
    """What a path means: `explain("PID-3.4")`, `explain("Patient.identifier")`, `explain(message, path)`. Raises UnknownPath.

    `version`: of HL7 v2; `template`: an openEHR template or its id, where the path is one of it.
    """
    from ihe_kit.openehr.rm import classes

    if isinstance(subject, Message):
        return standard_of(subject).explain(subject, path)
    openehr = "/" in subject or template is not None or subject.partition(".")[0] in classes()
    key = standard or ("openehr" if openehr else "v2" if subject[:3].isupper() or subject.isdigit() else "fhir")
    more = {"v2": {"version": version}, "openehr": {"template": template}}.get(key, {})
    return standard_of(key).explain(subject, **{name: value for name, value in more.items() if value is not None})


def transactions() -> dict[str, Transaction]:
    """Every transaction by its number."""
    from ihe_kit.profiles import transactions as every

    return every()


def build(
    what: str | Transaction,
    values: Mapping[str, Any],
    clock: Callable[[], datetime] | None = None,
    ids: Callable[[], str] | None = None,
    standard: str | None = None,
    event: str = "",
) -> Message:
    """A message of a transaction (`ITI-31`) or of a structure of a standard (`ADT_A01` with `standard="v2"`).

    Keys are concepts (`family`), paths of the standard (`PID-5.1`), or what the structure asks for (`ehr_id`, search parameters). `event`
    names one of the transaction's events (`A03`). Without a clock the time is now; without `ids` identifiers are random.
    """
    from ihe_kit import crosswalk
    from ihe_kit.profiles import transaction as by_number

    clock, ids = clock or (lambda: datetime.now(UTC).astimezone()), ids or (lambda: uuid4().hex[:12].upper())
    if standard:
        asked = isinstance(what, str) and what.startswith("GET")  # of a search, the names are its parameters
        own = values if asked else crosswalk.values(values, standard, str(what).split(" ")[-1] if standard == "fhir" else "")
        return standard_of(standard).build(what, own, clock, ids)
    transaction = by_number(what)
    now = _now(transaction, clock())
    kind = _event(transaction, event)
    fixed = {**transaction.fixed, **(kind.fixed if kind else {})}
    filled = {path: value.replace("{now}", now) for path, value in fixed.items()}
    own = values if transaction.structure.startswith("GET") else crosswalk.values(values, transaction.standard.key, _resource(transaction))
    if kind:  # a concept, unlike a path, is left out where the event has no place for it: a merge knows no visit
        own = {path: value for path, value in own.items() if path in values or kind.takes(path)}
    return transaction.standard.build(kind.structure if kind else transaction.structure, filled | dict(own), clock, ids)


def _event(transaction: Transaction, name: str) -> Event | None:
    """The event of a transaction by its trigger (`A03` or `ADT^A03`), the first one where no name is given. Raises ValueError."""
    if not name:
        return next(iter(transaction.events), None)
    known = {event.trigger.rpartition("^")[2]: event for event in transaction.events}
    if found := known.get(name.rpartition("^")[2]):
        return found
    raise ValueError(f"{transaction.number} has no event {name!r} ({', '.join(known) or 'it tells none apart'}){nearest(name, known)}")


def _now(transaction: Transaction, moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S%z") if transaction.standard.key == "v2" else moment.isoformat(timespec="seconds")


def _resource(transaction: Transaction) -> str:
    """The FHIR resource type that a transaction's request carries, or ""."""
    return transaction.structure.split(" ")[-1] if transaction.standard.key == "fhir" else ""


def demands(message: Message) -> dict[str, str]:
    """The paths that the message's IHE transaction requires, each with the transaction's number: `{"PID-3.4": "ITI-31"}`."""
    from ihe_kit.profiles import candidates

    found: dict[str, str] = {}
    for transaction in (t for t in candidates(message) if t.ihe):
        rules = (r.path for r in transaction.rules(message) if r.severity == "error" and r.test in (present, everywhere))
        event = transaction.event(message)
        uses = (use.path.rpartition(".")[2] for use in event.uses if use.usage == "R") if event else ()
        found |= dict.fromkeys((*rules, *uses), transaction.number)
    return found


def validate(
    message: str | bytes | Message,
    transaction: str | Transaction | None = None,
    profile: Any = None,
    template: Any = None,
    version: str | None = None,
    standard: str | None = None,
    packages: Any = None,
) -> list[Finding]:
    """Every finding in a message. With a transaction IHE's rules are run too; without one, those of the transaction that the message shows
    itself to belong to, if it is one alone.

    `profile`: an HL7 v2 conformance profile (path or XML text), or a FHIR profile (canonical URL, StructureDefinition, the path of one, or several);
    `packages`: implementation guides of FHIR (paths), `version`: the version of HL7 v2 to check against, where that is not the message's own;
    `template`: an openEHR template. Raises Unreadable where there is nothing to check, ValueError for what the message's standard does not have.
    """
    from ihe_kit.profiles import candidates
    from ihe_kit.profiles import transaction as by_number

    if not isinstance(message, Message):
        message = parse(message, standard)
    found = _conform(message, {"profile": profile, "version": version, "template": template, "packages": packages})
    if transaction:
        chosen = by_number(transaction)
        if chosen.standard.key != message.standard:
            label = standard_of(message).label
            raise ValueError(f"{chosen.number} is a transaction of {chosen.standard.label}, but the message is {label}")
        return judge(message, chosen, answer=message.is_answer, found=found)
    belongs = [t for t in candidates(message) if t.request_rules]
    return judge(message, belongs[0], found=found) if len(belongs) == 1 else found


# What a check can be asked with, and the standards that know it.
_ASKS = {"profile": ("v2", "fhir"), "version": ("v2",), "template": ("openehr",), "packages": ("fhir",)}


def _conform(message: Message, more: Mapping[str, Any]) -> list[Finding]:
    """What a message's own standard finds in it, asked with what that standard knows beside the message."""
    given = {name: value for name, value in more.items() if value is not None}
    for name in given:
        owners = _ASKS[name]
        if message.standard not in owners:
            labels = " or ".join(standard_of(owner).label for owner in owners)
            raise ValueError(f"a {name.removesuffix('s')} is for {labels}, but the message is {standard_of(message).label}")
    return list(standard_of(message).conform(message, **given))


def repair(message: str | bytes | Message, findings: Iterable[Finding] | None = None) -> Message:
    """The message after the repairs that findings offer: of these findings, or of all that `validate` makes. A new message; the first stays.

    A repair puts one value in its place; what only a person can know has none. Raises Unreadable where there is nothing to read, ValueError
    where the findings are of another message.

    >>> repair("MSH|^~\\\\&|A||||||ADT^A01^ADT_A01|1|P|2.5").get("MSH-9.3")
    ['ADT_A01']
    """
    read = message if isinstance(message, Message) else parse(message)
    fixes = [finding.fix for finding in (validate(read) if findings is None else findings) if finding.fix]
    if any(not 0 <= fix.start <= fix.end <= len(read.text) for fix in fixes):
        raise ValueError("a finding of another message: its repair lies outside this one")
    return parse(repaired(read.text, fixes), read.standard)


def difference(one: str | bytes | Message, other: str | bytes | Message, ignore: Iterable[str] = ()) -> list[Change]:
    """Every difference of two messages of the same standard, by path: added, removed, changed, moved. `ignore=TIMES` leaves out what is
    different in every HL7 v2 message: its time and its control ID. Raises Unreadable, and ValueError for messages of two standards.

    >>> [str(change) for change in difference("MSH|^~\\\\&|A||||1", "MSH|^~\\\\&|B||||2", ignore=TIMES)]
    ['MSH-3 changed: B, was A']
    """
    from ihe_kit.v2.difference import difference as v2_difference
    from ihe_kit.v2.message import V2Message

    first, second = (message if isinstance(message, Message) else parse(message) for message in (one, other))
    if first.standard != second.standard:
        labels = f"{standard_of(first).label} and {standard_of(second).label}"
        raise ValueError(f"only messages of one standard can be compared path by path, and these are {labels}")
    if isinstance(first, V2Message) and isinstance(second, V2Message):
        return without(v2_difference(first, second), ignore)
    return without(by_path(first, second), ignore)


def exchange(transaction: str | Transaction, message: Message, to: Sandbox | Peer | str, identity: Identity | None = None) -> Exchange:
    """Sends a message as a transaction's request and reads the answer; both are checked and kept on the wire.

    `to` is a sandbox, whose system that plays the responder is asked; a peer; or an address such as `mllp://127.0.0.1:2575`, and for
    `mllps://` an `identity` says who we are. A lost answer is no exception: `exchange.lost` says why none came.
    """
    from ihe_kit.profiles import transaction as by_number

    chosen = by_number(transaction)
    if isinstance(to, str):
        from ihe_kit.transports import peer

        # Whoever listens there keeps it on a wire of its own, even where that is a sandbox in this very process.
        return perform(chosen, message, replace(peer(to, identity=identity), recorded=False), Wire())
    if isinstance(to, Peer):
        return perform(chosen, message, to, Wire())
    return perform(chosen, message, to.peer(chosen.responder), to.wire)


def send(
    messages: Message | Iterable[Message],
    to: str,
    tries: int = 1,
    at_once: int = 1,
    timeout: float = 10.0,
    identity: Identity | None = None,
) -> list[Delivery]:
    """Sends HL7 v2 messages over one connection, in order, and says what became of each; nothing is checked and nothing raised for what gets lost.

    `to` is an address, `mllp://127.0.0.1:2575` or `mllps://`. A message without an answer is sent again, the very same bytes, at most `tries`
    times in all; at most `at_once` wait for their answers at a time. Raises ValueError for another standard or another address.
    """
    from ihe_kit.transports import MllpClient
    from ihe_kit.v2 import V2Message

    every = [messages] if isinstance(messages, Message) else list(messages)
    for message in every:
        if not isinstance(message, V2Message):
            raise ValueError(f"only HL7 v2 travels over MLLP, but {message.name} is {standard_of(message).label}")
    with MllpClient(to, timeout, identity, tries) as client:
        return client.send_all([message for message in every if isinstance(message, V2Message)], at_once)


__all__ = [
    "UnknownPath",
    "Unreadable",
    "build",
    "demands",
    "difference",
    "exchange",
    "explain",
    "parse",
    "repair",
    "send",
    "standard_of",
    "standards",
    "transactions",
    "validate",
]
