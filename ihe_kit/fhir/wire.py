"""A FHIR message as what crosses an HTTP connection, and back. Bytes only; no socket here."""

from __future__ import annotations

from ihe_kit.core import Packet
from ihe_kit.fhir.message import FhirMessage, parse
from ihe_kit.rest import to_packet

JSON = "application/fhir+json"


def to_wire(message: FhirMessage) -> Packet:
    """The HTTP message; a resource on its own is sent as a create, by POST to its type (FHIR R4 section 3.1.0.8)."""
    return to_packet(message, JSON)


def from_wire(packet: Packet) -> FhirMessage:
    """The message in a packet. Raises Unreadable."""
    return parse(packet.data)
