"""MLLP and HTTP over real sockets, client and server: the only room that opens one.

It knows nothing of what messages mean: bytes come in as a Packet, a function answers it, bytes go out. Servers listen on 127.0.0.1 unless the
caller asks otherwise. Whatever a peer does, the server lives, and `problems` says why the peer was refused.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ihe_kit.transports.conversation import Answer
from ihe_kit.transports.http import HttpPeer
from ihe_kit.transports.mllp import MllpClient, MllpPeer
from ihe_kit.transports.servers import Servers
from ihe_kit.transports.sockets import LOOPBACK, MAX_CONNECTIONS, MAX_MESSAGE, ours
from ihe_kit.transports.tls import Identity


def peer(address: str, timeout: float = 10.0, identity: Identity | None = None) -> MllpPeer | HttpPeer:
    """The peer at an address: `mllp://127.0.0.1:2575`, `mllps://127.0.0.1:2576` or `http://127.0.0.1:8080/fhir`.

    `identity` is who we are and whom we trust, for `mllps`. Raises ValueError for any other address.
    """
    parts = urlsplit(address)
    if parts.scheme in ("mllp", "mllps") and parts.hostname and parts.port:
        if parts.scheme == "mllps" and identity is None:
            raise ValueError(f"{address} speaks TLS: say who you are and whom you trust with an Identity (certificate, key, authorities)")
        return MllpPeer(parts.hostname, parts.port, timeout, identity=identity if parts.scheme == "mllps" else None)
    if parts.scheme == "http" and parts.hostname:
        return HttpPeer(parts.hostname, parts.port or 80, timeout)
    raise ValueError(f"expected an address such as mllp://127.0.0.1:2575 or http://127.0.0.1:8080/fhir, but found {address!r}")


__all__ = [
    "LOOPBACK",
    "MAX_CONNECTIONS",
    "MAX_MESSAGE",
    "Answer",
    "HttpPeer",
    "Identity",
    "MllpClient",
    "MllpPeer",
    "Servers",
    "ours",
    "peer",
]
