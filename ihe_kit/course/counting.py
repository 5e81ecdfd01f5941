"""Two receivers that count: a careless one takes whatever comes, a careful one takes each message once. And a Monday on which the answers are late.

Both are real: they listen on this computer, keep what they took, and answer AA. `slow` makes them think before they answer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from ihe_kit.actors import Actor
from ihe_kit.actors.v2_receiver import V2Receiver
from ihe_kit.core import Message
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.store import Store
from ihe_kit.transports import Answer, MllpClient, Servers
from ihe_kit.transports.sockets import connect, receive
from ihe_kit.v2 import V2, V2Message, acknowledge, parse
from ihe_kit.v2.delivery import Delivery, first
from ihe_kit.v2.outbox import POLICIES, Outbox
from ihe_kit.v2.wire import Frame, Frames

TAKEN = "taken"  # the kind under which both keep what they took

_running: Counting | None = None


class Careless(Actor):
    """Takes every message that comes, as if it had never come before."""

    standard = V2
    plays = ("careless",)
    slow = 0.0

    def answer(self, request: Message) -> Message:
        assert isinstance(request, V2Message)
        self.store.put(TAKEN, self.ids(), request.text, self.clock().isoformat())
        time.sleep(self.slow)
        return acknowledge(request, "AA", self.clock, self.ids)


class Careful(V2Receiver):
    """Remembers what it took, in the same step in which it takes it, and gives the first answer again."""

    plays = ("careful",)
    events: Mapping[str, Any] = {"ADT^A01": "admitted"}
    slow = 0.0

    def take(self, request: V2Message) -> None:
        self.store.put(TAKEN, self.ids(), request.text, self.clock().isoformat())
        time.sleep(self.slow)


class Counting:
    """The two, listening. `addresses` says where, `counts()` what each of them holds."""

    def __init__(self, slow: float = 0.0) -> None:
        self._servers, self._slow = Servers("127.0.0.1"), slow
        kinds: tuple[type[Careless] | type[Careful], ...] = (Careless, Careful)
        self._actors = {kind.plays[0]: kind(Store(), story_clock(), story_ids("K")) for kind in kinds}
        for actor in self._actors.values():
            actor.slow = slow
        self.addresses = {name: self._servers.mllp(_answering(actor)) for name, actor in self._actors.items()}

    def counts(self) -> Any:
        """A pandas data frame: how many messages each receiver has taken, and how many control IDs are among them. Waits until they are done."""
        import pandas

        rows, before = [], [-1]
        while before != (now := [actor.store.count(TAKEN) for actor in self._actors.values()]):
            before = now
            time.sleep(3 * self._slow)
        for name, actor in self._actors.items():
            ids = [V2Message(one.text).get("MSH-10")[0] for one in actor.store.select(TAKEN)]
            rows.append((name, len(ids), len(set(ids)), _listed(sorted({i for i in ids if ids.count(i) > 1}))))
        return pandas.DataFrame(rows, columns=["receiver", "messages taken", "control IDs", "taken more than once"]).set_index("receiver")

    def stop(self) -> None:
        """Closes the ports. Safe to call twice."""
        self._servers.stop()

    def __repr__(self) -> str:
        return "\n".join(["Two receivers listen:", *(f"  {name:<10}{address}" for name, address in self.addresses.items())])


def _listed(words: list[str], most: int = 5) -> str:
    """Words in a row; of many the first ones, and how many more."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _answering(actor: Actor) -> Answer:
    return lambda packet, _: actor.answers(packet)


def counting(slow: float = 0.0) -> Counting:
    """Starts the two receivers; those that ran before are stopped. `slow`: seconds that each message takes them."""
    global _running
    if _running:
        _running.stop()
    _running = Counting(slow)
    return _running


def impatient(messages: list[V2Message], address: str, patience: float = 0.2, tries: int = 3) -> Any:
    """Sends messages and waits `patience` seconds for each answer; where none comes in time, the same bytes go out again.

    A pandas data frame: one row for each message, how often it was sent, what came, and what the sender does not know.
    """
    import pandas

    with MllpClient(address, timeout=patience, tries=tries, pauses=(0.05,)) as client:
        deliveries = client.send_all(messages)
    rows = [(one.id, one.sent, one.code or "nothing", _unknown(one)) for one in deliveries]
    return pandas.DataFrame(rows, columns=["control ID", "sent", "answer", "what nobody knows"]).set_index("control ID")


def _unknown(delivery: Delivery) -> str:
    """What the sender does not know, in few words."""
    if not delivery.uncertain:
        return ""
    return "how often it was taken" if delivery.code else "whether it was taken"


def pour(address: str, *pieces: bytes, patience: float = 0.5) -> list[str]:
    """Writes pieces of bytes on one connection, one after the other, and gives MSA-1 of every answer that comes within `patience` seconds."""
    parts = urlsplit(address)
    frames, codes, until = Frames(), list[str](), time.monotonic() + patience
    with connect(str(parts.hostname), int(parts.port or 0), patience, None) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)  # so that the network does not join them again
        with suppress(TimeoutError):
            while chunk := receive(connection, until, frames.size):
                codes += [parse(found.data).get("MSA-1")[0] for found in frames.feed(chunk) if isinstance(found, Frame)]
    return codes


def queued(messages: list[V2Message], policy: str) -> Outbox:
    """What becomes of messages that wait in line under a policy of the `Outbox`, sent to a region of its own."""
    with (
        Sandbox("sqlite://", story_clock(), story_ids("Q"), "127.0.0.1") as box,
        MllpClient(box.addresses["Patient Encounter Consumer"]) as client,
    ):
        outbox = Outbox(client.send, policy=policy)
        outbox.put(*messages)
        outbox.run()
    return outbox


def policies(messages: list[V2Message]) -> Any:
    """A pandas data frame: for each policy of the `Outbox`, what becomes of the same messages in the same queue (`Emil A01`)."""
    import pandas

    rows = []
    for policy in POLICIES:
        box = queued(messages, policy)
        held = ([one.message for one in box.done], box.waiting, box.aside)
        rows.append((policy, *(", ".join(map(_told, some)) or "nobody" for some in held)))
    return pandas.DataFrame(rows, columns=["policy", "delivered", "still waiting", "put aside for a person"]).set_index("policy")


def _told(message: V2Message) -> str:
    return f"{first(message, 'PID-5.2')} {first(message, 'MSH-9.2')}"
