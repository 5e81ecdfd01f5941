"""`sandbox()` brings the systems of Fjordland Health up on free loopback ports: what notebooks, the command line and the tests start.

Running it again replaces the first one. Clock and identifiers are the story's, so every run shows the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import count
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ihe_kit.core import Packet
from ihe_kit.exchanges import Exchange, Peer, Wire, follow, record
from ihe_kit.faults import Faults, Faulty
from ihe_kit.ihe import System, Transaction

if TYPE_CHECKING:
    from ihe_kit.actors import Actor

SYSTEMS = (
    System("Nordvik ADT", "Nordvik Hospital", ("Patient Encounter Supplier", "Patient Demographics Supplier", "Patient Identity Source")),
    System("Nordvik ward", "Nordvik Hospital", ("Patient Demographics Consumer", "openEHR client", "FHIR client")),
    System(
        "Fjordland identity",
        "Fjordland Region",
        (
            "Patient Encounter Consumer",
            "Patient Demographics Consumer",
            "Patient Identifier Cross-reference Manager",
            "Patient Demographics Supplier",
            "FHIR server",
        ),
    ),
    System("Fjordland openEHR", "Fjordland Region", ("openEHR repository",)),
)
STORY_BEGINS = datetime(2025, 3, 3, 8, 0, tzinfo=timezone(timedelta(hours=1)))

_running: Sandbox | None = None


def story_clock(start: datetime = STORY_BEGINS, step: timedelta = timedelta(seconds=1)) -> Callable[[], datetime]:
    """A clock that starts on Monday 3 March 2025 at 08:00 and moves one second at every look."""
    ticks = count()  # unlike a generator, safe to be asked from several threads at once
    return lambda: start + step * next(ticks)


def story_ids(prefix: str = "F") -> Callable[[], str]:
    """Identifiers one after the other: F00001, F00002 ..."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers):05d}"


def _transaction(actor: Actor, packet: Packet) -> Transaction:
    """The transaction that a foreign request belongs to, or any of its standard's where it shows none."""
    from ihe_kit.profiles import candidates, transactions

    try:
        found = candidates(actor.standard.from_wire(packet))
    except ValueError:
        found = []
    found.sort(key=lambda t: t.responder not in actor.plays)  # a merge (ADT^A40) belongs to two transactions
    return next(iter(found), None) or next(t for t in transactions().values() if t.standard is actor.standard)


def _warm() -> None:
    from ihe_kit.fhir.conformance import known_with
    from ihe_kit.fhir.dictionary import fields
    from ihe_kit.v2.tables import segment

    for kind in ("Patient", "Encounter", "HumanName", "Identifier", "Address", "ContactPoint"):
        fields(kind)
    known_with()
    segment("PID")


class Sandbox:
    """Running systems. `wire` has everything that crossed, `addresses` says where who listens, `actors` who answers, `tables` what is kept."""

    def __init__(self, store: str, clock: Callable[[], datetime], ids: Callable[[], str], host: str) -> None:
        from ihe_kit.actors.demographics_consumer import DemographicsConsumer
        from ihe_kit.actors.encounter_consumer import EncounterConsumer
        from ihe_kit.actors.fhir_server import FhirServer
        from ihe_kit.actors.openehr_repository import OpenehrRepository
        from ihe_kit.store import Store
        from ihe_kit.transports import Servers

        self.clock, self.ids = clock, ids
        self.wire = Wire(SYSTEMS, clock)
        self.store = Store(store)
        self.actors: dict[str, Actor] = {}
        self.addresses: dict[str, str] = {}
        self.faults: Faults | None = None  # what goes wrong on the way: box.faults = Faults(seed=7, lose=0.2)
        self.servers = Servers(host)
        kinds: tuple[type[Actor], ...] = (EncounterConsumer, DemographicsConsumer, FhirServer, OpenehrRepository)
        for kind in kinds:
            actor = kind(self.store, clock, ids)
            actor.catch_up()  # a store on disk may hold messages that were accepted and not worked off
            answers = self._recording(actor)
            address = self.servers.http(answers, refuse=actor.turned_away) + kind.base if kind.base else self.servers.mllp(answers)
            for name in actor.plays:
                self.actors[name], self.addresses[name] = actor, address
            self.wire.addresses.setdefault(self.wire.system(actor.plays[0]), address.split("://")[1].split("/")[0])
        # The definitions that the first message needs take half a second to load: that happens while the learner still reads.
        Thread(target=_warm, name="ihe_kit definitions", daemon=True).start()

    def peer(self, actor: str) -> Peer:
        """What `exchange()` talks to when it wants this actor. Raises ValueError where nobody plays it."""
        from ihe_kit.core import nearest
        from ihe_kit.transports import peer

        if actor not in self.addresses:
            raise ValueError(f"no system here plays {actor!r} ({', '.join(self.addresses)}){nearest(actor, self.addresses)}")
        found = peer(self.addresses[actor])
        return Faulty(found, self.faults) if self.faults else found

    def replay(self, number: int) -> Any:
        """Sends an exchange of the wire again, to the byte, to whoever plays its responder here."""
        transaction = self.wire[number].transaction
        assert transaction is not None
        return self.wire.replay(number, self.peer(transaction.responder))

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of `patients`, `encounters`, `movements` or `beds`, without pandas. Raises ValueError for another name."""
        from ihe_kit.actors.census import TABLES

        if name not in TABLES:
            raise ValueError(f"there is no table {name!r} of the hospital: {', '.join(TABLES)}")
        return TABLES[name][0](self.store)

    @property
    def tables(self) -> dict[str, Any]:
        """The tables of the store as pandas data frames: `document` and `entry` as they are kept; `patients`, `encounters`, `movements` and
        `beds` as the hospital sees them.
        """
        import pandas

        from ihe_kit.actors.census import TABLES

        kept = {
            name: pandas.DataFrame(rows, columns=columns) for name in ("document", "entry") for columns, rows in [self.store.table(name)]
        }
        return kept | {name: pandas.DataFrame(self.rows(name), columns=[*empty] or None) for name, (_, empty) in TABLES.items()}

    def location_at(self, number: str, at: datetime | str | None = None, authority: str = "") -> str:
        """Where the patient with a number was at a time, by everything that is known today; now without one: `MED3, room 301, bed A`.

        "" for somebody who was not in the house. Raises ValueError where nobody, or more than one, has the number: then name the authority.
        """
        from ihe_kit.actors.census import location_at

        return location_at(self.store, number, datetime.fromisoformat(at) if isinstance(at, str) else at, authority)

    def stop(self) -> None:
        """Closes every port and the store. Safe to call twice."""
        self.servers.stop()
        self.store.close()
        self.wire.end()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _recording(self, actor: Actor) -> Callable[[Packet, int], Iterator[Packet]]:
        """The actor's answers; what a foreign client asked is kept on the wire, what our own `exchange()` asked it keeps itself."""
        from ihe_kit.transports import ours

        def answers(packet: Packet, port: int) -> Iterator[Packet]:
            started, kept = perf_counter(), None
            foreign = port not in ours  # asked now: our own peer hangs up as soon as it has its answer
            for answer in actor.answers(packet):
                if foreign:
                    kept = keep(packet, answer, port, perf_counter() - started, kept)
                yield answer
            if foreign and kept is None:  # none was asked for
                keep(packet, Packet(packet.protocol, b""), port, perf_counter() - started, kept)

        def keep(packet: Packet, answer: Packet, port: int, took: float, first: Exchange | None) -> Exchange | None:
            try:
                if first:
                    return follow(first, answer, self.wire)
                return record(_transaction(actor, packet), packet, answer, f"peer at port {port}", self.wire, took)
            except Exception as fault:  # what fails in looking on must not take the answer away
                self.servers.problems.append(f"peer at port {port}: not recorded: {type(fault).__name__}: {fault}")
                return first

        return answers

    def __repr__(self) -> str:
        state, listen = ("was stopped", "listened") if self.wire.ended else ("is running on this computer", "listen")
        lines = [f"Fjordland Health {state}: {len(self.wire.systems)} systems. These actors {listen}:"]
        return "\n".join(lines + [f"  {name:<44}{address}" for name, address in self.addresses.items()])


def sandbox(
    store: str = "sqlite://", clock: Callable[[], datetime] | None = None, ids: Callable[[], str] | None = None, host: str = "127.0.0.1"
) -> Sandbox:
    """Starts the systems, stops those that ran before, and returns when all listen.

    `store` is a URL: `sqlite://` in memory, `sqlite:///course.db` on disk, `postgresql://user:password@host/database` on a server (an empty
    database that is there already; needs `pip install "ihe_kit[postgresql]"`). What a store keeps is there again the next time; several
    processes may share one. `host` other than 127.0.0.1 opens the servers to the network: there is no access control, so do that only among
    friends.

    Raises ValueError for another URL, OSError where the store cannot be opened.
    """
    global _running
    if _running:
        _running.stop()
    _running = Sandbox(store, clock or story_clock(), ids or story_ids(), host)
    return _running
