"""A text on its way through several systems: what each of them writes on the wire, and what the next one reads there.

Escaping belongs to one moment: when a value becomes a piece of a message. Whoever does it there is right; whoever leaves it out, or does it again on
the way, changes what people read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ihe_kit.v2.message import V2Message

Hop = Callable[[str], str]  # what came in -> what goes out on the wire

_SYNTAX = V2Message("MSH|^~\\&|")  # lends its delimiters and its escapes


def read(wire: str) -> str:
    """What a receiver reads in the first component of PD1-3, the name of a care home: up to the first `&`, escapes decoded."""
    return _SYNTAX.unescape(wire.partition(_SYNTAX.subcomponent_separator)[0])


def escape(text: str) -> str:
    """Escapes what it is given. Right for a value; wrong for what is a piece of a message already."""
    return _SYNTAX.escape(text)


def leave(text: str) -> str:
    """Passes the characters on as they are."""
    return text


def read_and_write(wire: str) -> str:
    """Reads the value, and writes it anew."""
    return escape(read(wire))


SYSTEMS: dict[str, tuple[tuple[str, Hop], ...]] = {
    "sound": (("ward", escape), ("engine", leave), ("archive", read_and_write)),
    "twice": (("ward", escape), ("engine", escape), ("archive", read_and_write)),
    "careless": (("ward", leave), ("engine", leave), ("archive", read_and_write)),
}


def relay(typed: str, systems: str = "sound") -> Any:
    """A pandas data frame: for each system of a chain, what it writes in PD1-3.1 and what the next one reads there.

    The first system gets what a person `typed`. `systems` is `sound`, `twice` or `careless`. Raises ValueError for a chain that nobody knows.
    """
    import pandas

    if systems not in SYSTEMS:
        raise ValueError(f"{systems!r} is no chain of systems here: {', '.join(SYSTEMS)}")
    rows, text = [], typed
    for name, hop in SYSTEMS[systems]:
        text = hop(text)
        rows.append((name, text, read(text)))
    return pandas.DataFrame(rows, columns=["system", "it writes", "the next one reads"]).set_index("system")
