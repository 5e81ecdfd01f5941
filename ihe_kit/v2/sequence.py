"""The sequence number protocol of MSH-13 and MSA-4: neither a gap nor a message twice goes unnoticed (HL7 v2.5 section 2.10.1).

The sender numbers its messages 1, 2, 3 ...; the receiver keeps the last number that it accepted. 0 asks at the start of a link which number is
expected, -1 lets both begin anew. Starting a link was read in an older edition of the standard; the other cases nobody has compared with it.
"""

from __future__ import annotations

import re
from enum import Enum

from ihe_kit.core import cited

SPEC = cited("HL7 v2.5 section 2.10.1", checked=False)


class Place(Enum):
    """How a sequence number stands to the last one that was accepted."""

    NONE = "the message has no number: the protocol is not used"
    START = "0: the sender asks which number is expected"
    RESET = "-1: the next number starts anew"
    NEXT = "the number that was expected"
    AGAIN = "the last number once more: its acknowledgment was lost"
    WRONG = "another number than the one expected"
    UNREADABLE = "no sequence number"


def place(written: str, last: int | None) -> tuple[Place, int]:
    """(how the number in MSH-13 stands to the last accepted one, what MSA-4 says to it).

    >>> place("8", 7)
    (<Place.NEXT: 'the number that was expected'>, 8)
    >>> place("0", None)
    (<Place.START: '0: the sender asks which number is expected'>, -1)
    """
    expected = -1 if last is None else last + 1
    if not written:
        return Place.NONE, expected
    if written in ("0", "-1"):
        return (Place.START, expected) if written == "0" else (Place.RESET, -1)
    if not re.fullmatch("[1-9][0-9]{0,14}", written):
        return Place.UNREADABLE, expected
    number = int(written)
    if last is None or number == expected:
        return Place.NEXT, number  # accepting a message repeats its own number
    return (Place.AGAIN if number == last else Place.WRONG), expected
