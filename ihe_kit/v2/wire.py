"""MLLP, the minimal lower layer protocol: VT, the message, FS, CR. Bytes in, frames out; no socket here.

A frame that is cut off by a second VT is an error and never merged with the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ihe_kit.core import Packet, Unreadable
from ihe_kit.v2.message import V2Message, parse

START, END = b"\x0b", b"\x1c\r"


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame: the bytes between VT and FS CR."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that make no frame, and why."""

    data: bytes
    says: str


def frame(data: bytes) -> bytes:
    """The frame around a message.

    >>> frame(b"MSH|")
    b'\\x0bMSH|\\x1c\\r'
    """
    return START + data + END


def unframe(buffer: bytes) -> tuple[list[Frame | Broken], bytes]:
    """(every frame that is complete, and what was no frame, in order; the rest that waits for more bytes)."""
    found: list[Frame | Broken] = []
    at, end = 0, buffer.find(END)
    while at < len(buffer):
        start = _start(buffer, at)
        if start > at:
            found.append(Broken(buffer[at:start], "bytes before VT, the start of a frame"))
            at = start
            continue
        if 0 <= end < at:
            end = buffer.find(END, at)
        stop = end if end >= 0 else len(buffer)
        if (again := buffer.rfind(START, at + 1, stop)) >= 0:  # all that the last VT cuts off is one piece, not one for each VT
            found.append(Broken(buffer[at:again], "a new VT inside a frame: the frame before it was cut off"))
            at = again
        elif end >= 0:
            found.append(Frame(buffer[at + 1 : end]))
            at = end + len(END)
        else:
            break
    return found, buffer[at:]


class Frames:
    """A stream of bytes, cut into frames as they come: `feed(chunk)` gives every frame that this chunk completes.

    A large message costs no more for coming in many pieces: it is looked through once.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0  # bytes that wait for more

    def feed(self, chunk: bytes) -> list[Frame | Broken]:
        """What this chunk completes, in order."""
        if not chunk:
            return []
        inside = bool(self._pieces)
        if not inside and chunk.endswith(END) and chunk.find(END) == len(chunk) - len(END) and chunk.rfind(START) == 0:  # one whole frame
            return [Frame(chunk[1 : -len(END)])]
        spans = inside and self._pieces[-1].endswith(END[:1]) and chunk.startswith(END[1:])
        self._pieces.append(chunk)
        self.size += len(chunk)
        if inside and not spans and END not in chunk and START not in chunk:
            return []
        found, rest = unframe(b"".join(self._pieces))
        self._pieces, self.size = ([rest] if rest else []), len(rest)
        return found


def _start(buffer: bytes, at: int) -> int:
    """The place of the next VT, or the end of the bytes."""
    start = buffer.find(START, at)
    return start if start >= 0 else len(buffer)


def to_wire(message: V2Message) -> Packet:
    """The frame that carries a message."""
    return Packet("mllp", frame(message.encode()))


def from_wire(packet: Packet) -> V2Message:
    """The message in a frame. Raises Unreadable where there is no whole frame, or no message in it."""
    frames, rest = unframe(packet.data)
    whole = [f.data for f in frames if isinstance(f, Frame)]
    if not whole:
        reason = next((f.says for f in frames if isinstance(f, Broken)), "FS CR, the end of the frame, is missing")
        raise Unreadable(f"expected one whole MLLP frame, but found {reason}", (rest or packet.data).decode("latin-1"))
    message = parse(whole[0])
    if message.further:
        says = f"expected one message in a frame, but found {message.further + 1}: each needs a frame of its own, or it would be lost"
        raise Unreadable(says, message.text)
    return message
