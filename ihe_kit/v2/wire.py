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
    while buffer:
        start = buffer.find(START)
        if start:
            junk = buffer if start < 0 else buffer[:start]
            found.append(Broken(junk, "bytes before VT, the start of a frame"))
            buffer = buffer[len(junk) :]
            continue
        end = buffer.find(END)
        again = buffer.find(START, 1, end if end > 0 else len(buffer))
        if again > 0:
            found.append(Broken(buffer[:again], "a new VT inside a frame: the frame before it was cut off"))
            buffer = buffer[again:]
        elif end > 0:
            found.append(Frame(buffer[1:end]))
            buffer = buffer[end + len(END) :]
        else:
            break
    return found, buffer


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
    return parse(whole[0])
