"""What the tests of rendering and of the widgets start from: one message of each standard, and a wire with every kind of ending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html.parser import HTMLParser

from ihe_kit.core import Message, Packet
from ihe_kit.exchanges import Loopback, Lost, Peer, Wire, perform, record
from ihe_kit.region import SYSTEMS, story_clock, story_ids
from ihe_kit.v2 import acknowledge
from ihe_kit.v2 import to_wire as frame
from ihe_kit.verbs import build, parse, transactions

PERSON = {
    "family": "Ødegård",
    "given": "Ingrid",
    "identifier": "4711",
    "namespace": "NORDVIK",
    "oid": "2.999.10.1",
    "visit": "V1",
    "sex": "F",
}


def admission() -> Message:
    return build("ITI-31", PERSON, story_clock(), story_ids())


def feed() -> Message:
    return build("ITI-104", {k: v for k, v in PERSON.items() if k != "visit"}, story_clock(), story_ids())


def composition() -> Message:
    return build("openEHR composition", {"ehr_id": "e1", "systolic": 142, "diastolic": 91}, story_clock(), story_ids())


@lru_cache(maxsize=1)
def messages() -> tuple[Message, ...]:
    return (
        admission(),
        feed(),
        composition(),
        parse('{"resourceType":"Patient","name":[{"family":"' + "Ødegård " * 20 + '","given":["Ingrid","Marie"]}]}'),
    )


class _Silent(Peer):
    def calls(self, packet: Packet) -> Iterator[Packet]:
        raise Lost("socket closed, no reply")


def answering(code: str) -> Loopback:
    """A peer that acknowledges whatever comes with this code."""
    return Loopback(lambda packet: frame(acknowledge(parse(packet.data[1:-2]), code, story_clock(), story_ids())))


def wire() -> Wire:
    """An accepted, a refused and a lost admission, and one from a peer that is nobody's system."""
    moment = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
    wire = Wire(SYSTEMS, lambda: moment + timedelta(seconds=len(wire) * 3))
    wire.addresses["Fjordland identity"] = "127.0.0.1:2576"
    admit, message = transactions()["ITI-31"], admission()
    perform(admit, message, answering("AA"), wire)
    perform(admit, message, answering("AE"), wire)
    perform(admit, message, _Silent(), wire)
    packet = frame(message)
    record(admit, packet, answering("AA").call(packet), "peer at port 40001", wire, 0.01)
    return wire


class Page(HTMLParser):
    """What a browser would make of a piece of HTML: the elements with their attributes, and the runs of text that know their place."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.runs: list[tuple[int, int, str]] = []
        self.text = ""
        self._open: list[tuple[int, int] | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = dict(attrs)
        self.elements.append((tag, got))
        if tag in ("wbr", "br", "input"):
            return
        place = (int(got["data-s"] or 0), int(got["data-e"] or 0)) if "data-s" in got and tag == "span" else None
        self._open.append(place)
        if place:
            self.runs.append((*place, ""))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if any(self._open):
            start, end, text = self.runs[-1]
            self.runs[-1] = (start, end, text + data)

    def having(self, name: str, value: str | None = None) -> list[dict[str, str | None]]:
        """The elements that have an attribute."""
        return [attrs for _, attrs in self.elements if name in attrs and value in (None, attrs[name])]
