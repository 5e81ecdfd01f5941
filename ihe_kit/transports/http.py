"""HTTP/1.1: a client that sends a packet as it is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

import h11

from ihe_kit.core import Packet
from ihe_kit.exchanges import Lost, Peer
from ihe_kit.transports.sockets import connect, ours, receive, told


@dataclass
class HttpPeer(Peer):
    """An HTTP/1.1 server. The bytes of the packet are sent as they are; h11 tells when the answer is complete."""

    host: str
    port: int
    timeout: float = 10.0
    recorded: bool = True  # the caller keeps the exchange on the server's own wire, so the server need not

    def calls(self, packet: Packet) -> Iterator[Packet]:
        """Sends the packet on a connection of its own and reads one answer. Raises Lost with the reason."""
        with told(f"{self.host}:{self.port}", self.timeout), connect(self.host, self.port, self.timeout) as connection:
            local = connection.getsockname()[1]
            if self.recorded:
                ours.add(local)
            try:
                connection.sendall(packet.data)
                yield self._read(connection, packet)
            finally:
                ours.discard(local)

    def _read(self, connection: socket.socket, packet: Packet) -> Packet:
        reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=65536)
        method = packet.data.split(b" ", 1)[0]
        reader.send(h11.Request(method=method, target=b"/", headers=[("host", "-"), ("connection", "close")]))
        reader.send(h11.EndOfMessage())
        buffer, until = b"", monotonic() + self.timeout
        try:
            while not isinstance(event := reader.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    chunk = receive(connection, until, len(buffer))
                    if not chunk:
                        raise Lost("socket closed in the middle of the reply" if buffer else "socket closed, no reply")
                    reader.receive_data(chunk)
                    buffer += chunk
        except h11.RemoteProtocolError as problem:
            raise Lost(f"the reply is no HTTP: {problem}") from None
        return Packet("http", buffer)
