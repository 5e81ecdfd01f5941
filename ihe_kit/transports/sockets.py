"""What every connection shares: its limits, and how the failures of a socket are told in a reader's words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from ihe_kit.exchanges import Lost
from ihe_kit.transports.tls import failure

LOOPBACK = "127.0.0.1"
MAX_MESSAGE = 16 * 1024 * 1024  # bytes
MAX_CONNECTIONS = 100  # of each server
MAX_JUNK = 64 * 1024  # bytes outside frames before a connection is closed
IDLE = 30.0  # seconds a peer may be silent in the middle of a message
KEEP_OPEN = 300.0  # seconds a connection may stay open between messages

ours: set[int] = set()  # local ports of this process's own peers: the server need not record what they send


@contextmanager
def told(where: str, timeout: float) -> Iterator[None]:
    """Whatever a socket raises inside becomes Lost, with the reason in a reader's words."""
    try:
        yield
    except TimeoutError:
        raise Lost(f"{where} did not answer within {timeout:g} seconds") from None
    except ConnectionRefusedError:
        raise Lost(f"nobody listens on {where}; is the sandbox running?", sent=False) from None
    except ssl.SSLError as problem:
        raise Lost(f"no TLS connection to {where}: {failure(problem)}", sent=False) from None
    except OSError as problem:
        raise Lost(f"the connection to {where} broke: {problem.strerror or problem}") from None


def connect(host: str, port: int, timeout: float, context: ssl.SSLContext | None = None) -> socket.socket:
    """An open connection, under TLS where there is a context. Raises OSError as the socket does."""
    connection = socket.create_connection((host, port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is None:
        return connection
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


def receive(connection: socket.socket, until: float, so_far: int = 0) -> bytes:
    """The next piece, or b"" at the end. A peer that drips byte after byte does not hold us longer than one that is silent. Raises OSError, Lost."""
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    chunk = connection.recv(65536)
    if so_far + len(chunk) > MAX_MESSAGE:
        raise Lost(f"the reply is larger than {MAX_MESSAGE} bytes")
    return chunk
