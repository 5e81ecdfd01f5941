"""What the attacks on every room share. A property of a room takes bytes and raises Broken, or anything that the room should not have raised.

`tests/<room>/properties.py` has the properties, `tests/<room>/corpus/` what once broke them or might; `benchmarks/fuzz_<room>.py` looks for more.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

Property = Callable[[bytes], None]


class Broken(AssertionError):
    """A property does not hold."""


def holds(condition: object, says: str) -> None:
    """Raises Broken where it does not."""
    if not condition:
        raise Broken(says)


@contextmanager
def only(*documented: type[Exception]) -> Iterator[None]:
    """Lets pass the errors that are documented, and only those that the kit raises itself: a ValueError out of `int()` was nobody's intention."""
    try:
        yield
    except documented as problem:
        trace = problem.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        assert trace is not None
        line = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno).strip()
        if "ihe_kit" not in trace.tb_frame.f_code.co_filename or not line.startswith("raise "):
            raise


def text_of(data: bytes) -> str:
    """Any text at all: also one with half a pair of surrogates, which no bytes can say."""
    return data.decode("utf-8", "surrogateescape")


def held(properties: Mapping[str, Property], name: str, data: bytes) -> None:
    """Runs a property; what breaks it shows the bytes."""
    try:
        properties[name](data)
    except Exception as problem:
        problem.add_note(f"{name}: {data!r}")
        raise


def corpus(room: str) -> list[Path]:
    """The inputs that a room's tests begin with; the name of each begins with the property that it is for."""
    return sorted((Path(__file__).parent / room / "corpus").iterdir())


def changed(data: bytes, dice: Random, words: Sequence[str]) -> bytes:
    """Some words put in, taken out, or a piece of it said again."""
    body = bytearray(data)
    for _ in range(dice.randint(1, 5)):
        at, length = dice.randrange(len(body) + 1), dice.choice((0, 1, 3, 30))
        kind = dice.randrange(3)
        if kind == 0:
            body[at:at] = dice.choice(words).encode("utf-8", "surrogateescape")
        elif kind == 1:
            del body[at : at + length]
        else:
            body[at:at] = body[at : at + length] * 2
    return bytes(body)
