"""Three receivers that meet a segment they do not know in three ways: one refuses the message, one skips the segment, one keeps it.

All three are real: they listen on this computer, and each keeps what it took. Which one is yours stands in no standard, but in an agreement.
"""

from __future__ import annotations

from typing import Any

from ihe_kit.actors import Actor, Refused
from ihe_kit.core import Message
from ihe_kit.region import story_clock, story_ids
from ihe_kit.rules import finding_at
from ihe_kit.store import Store
from ihe_kit.transports import Answer, Servers
from ihe_kit.v2 import V2, V2Message, acknowledge

_running: Receivers | None = None


class _Receiver(Actor):
    standard = V2
    plays = ("Patient Encounter Consumer",)

    def answer(self, request: Message) -> Message:
        assert isinstance(request, V2Message)
        self.store.put("message", self.ids(), self.keep(request), self.clock().isoformat())
        return acknowledge(request, "AA", self.clock, self.ids)

    def keep(self, request: V2Message) -> str:
        """What it keeps of a message. Raises Refused."""
        return request.text


class Strict(_Receiver):
    """Refuses a message with a segment that was not agreed on."""

    def keep(self, request: V2Message) -> str:
        for line in request.segments:
            if line.name.startswith("Z"):
                says = f"{line.name} is not in our agreement. This receiver takes no segment that it cannot read."
                raise Refused([finding_at(request.find(request.path_of(line))[0], "STRICT-SEGMENT", says, "ITI TF-2 Appendix C")])
        return request.text


class Skipping(_Receiver):
    """Keeps what it knows and passes over the rest, without a word."""

    def keep(self, request: V2Message) -> str:
        return "".join(request.text[line.start : line.end] + "\r" for line in request.segments if not line.name.startswith("Z"))


class Storing(_Receiver):
    """Keeps everything, also what it cannot read."""


class Receivers:
    """The three, listening. `addresses` says where, by name; `kept()` shows what each of them holds."""

    def __init__(self) -> None:
        self._servers = Servers("127.0.0.1")
        self._actors = {kind.__name__.lower(): kind(Store(), story_clock(), story_ids("R")) for kind in (Strict, Skipping, Storing)}
        self.addresses = {name: self._servers.mllp(_answering(actor)) for name, actor in self._actors.items()}

    def kept(self) -> Any:
        """A pandas data frame: each receiver, and the segments of the latest message that it kept."""
        import pandas

        rows = []
        for name, actor in self._actors.items():
            held = actor.store.select("message")
            rows.append((name, len(held), " ".join(line[:3] for line in held[-1].text.split("\r") if line) if held else "nothing"))
        return pandas.DataFrame(rows, columns=["receiver", "messages", "segments of the latest"]).set_index("receiver")

    def stop(self) -> None:
        """Closes the ports. Safe to call twice."""
        self._servers.stop()

    def __repr__(self) -> str:
        return "\n".join(["Three receivers listen:", *(f"  {name:<10}{address}" for name, address in self.addresses.items())])


def _answering(actor: Actor) -> Answer:
    return lambda packet, _: actor.answers(packet)


def receivers() -> Receivers:
    """Starts the three receivers; those that ran before are stopped."""
    global _running
    if _running:
        _running.stop()
    _running = Receivers()
    return _running
