"""Packet <-> message: calls of the openEHR REST API. Bytes only, no socket."""

from __future__ import annotations

from ihe_kit.core import Packet, Unreadable
from ihe_kit.openehr.message import OpenehrMessage, parse


def to_wire(message: OpenehrMessage) -> Packet:
    """The HTTP message that carries a message. Raises ValueError for a body alone: its URL would have to name the EHR."""
    if not message.head:
        raise ValueError(
            f"a {message.kind} on its own cannot be sent: a request names the EHR that it goes to, "
            f"e.g. build('POST ehr/{{ehr_id}}/composition kit_vital_signs.v1', ...)"
        )
    return Packet("http", message.encode())


def from_wire(packet: Packet) -> OpenehrMessage:
    """The message in an HTTP packet. Raises Unreadable."""
    if packet.protocol != "http":
        raise Unreadable(f"expected HTTP, which carries openEHR, but got {packet.protocol}")
    return parse(packet.data)
