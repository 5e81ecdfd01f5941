"""The nouns that every standard shares: Element, Message, Definition, Packet, Standard.

This file imports nothing of ours and knows no standard. Whatever the standard, a message is a text, the text is a tree of elements,
and each element is addressed in the standard's own path language.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


class Unreadable(ValueError):
    """Text that cannot be read at all. `start` is the offset of the first thing wrong; `says` tells what was expected there."""

    def __init__(self, says: str, text: str = "", start: int = 0) -> None:
        before = text[:start].replace("\r\n", "\n").replace("\r", "\n")
        self.says, self.start = says, start
        self.line, self.column = before.count("\n") + 1, len(before) - before.rfind("\n")
        super().__init__(f"line {self.line}, character {self.column}: {says}")


class UnknownPath(ValueError, LookupError):
    """A path that the standard does not have, or that is not written as the standard writes paths."""


@dataclass(frozen=True, slots=True)
class Element:
    """One node of a message and its place: `message.text[start:end]`, in characters.

    An absent element has `start == end` at the place where it would stand, and `lead` holds what has to be written before it there
    (for HL7 v2 the missing separators). `value` is what a reader reads: escapes decoded, quotes taken off; a node with children
    has its raw text.
    """

    path: str
    label: str
    value: str
    start: int
    end: int
    level: int = 1
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what a definition is about: a field of a segment, a component of a data type, a segment or group of a structure."""

    label: str
    name: str
    type: str = ""
    occurs: str = ""
    level: int = 1


@dataclass(frozen=True, slots=True)
class Definition:
    """What a path means. `occurs` is a cardinality such as `1..*`; `codes` names a table or value set; `values` its codes.

    `facts` are what only some standards tell, each under a name of its own: `("Length", "250 characters at most")`.
    """

    path: str
    label: str
    name: str
    type: str = ""
    occurs: str = ""
    codes: str = ""
    values: tuple[tuple[str, str], ...] = ()
    says: str = ""
    spec: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()


class Message(ABC):
    """A text of some standard, kept to the character, and read as a tree."""

    standard: str  # the key of its Standard: "v2", "fhir", "openehr"
    text: str
    charset: str = "utf-8"

    @property
    @abstractmethod
    def name(self) -> str:
        """The short name that goes on an arrow: `ADT^A01`, `GET Patient`, `201 Created`."""

    @property
    @abstractmethod
    def facts(self) -> str:
        """One quiet line for the head of a widget: structure, version, size."""

    @property
    def is_answer(self) -> bool:
        """Whether this message answers another one: an acknowledgment, a response."""
        return False

    @abstractmethod
    def elements(self) -> Iterator[Element]:
        """Every element that is there, in the order of the text, parents before children."""

    def groups(self) -> list[Element]:
        """The groups around elements that the text itself does not show, outermost first where several begin together; HL7 v2 alone has some."""
        return []

    @abstractmethod
    def find(self, path: str) -> list[Element]:
        """One element per repetition, an absent one where a repetition lacks the value. Raises UnknownPath."""

    def get(self, path: str) -> list[str]:
        """One value per repetition, "" where a repetition lacks it. Raises UnknownPath."""
        return [element.value for element in self.find(path)]

    def lacks(self, path: str) -> bool:
        """Whether there is certainly nothing at a path: a quick look that may spare the search. Raises UnknownPath."""
        return False

    def encode(self) -> bytes:
        """The bytes of the text, in the message's own character set: what came in, goes out."""
        return self.text.encode(self.charset)

    def byte_span(self, element: Element) -> tuple[int, int]:
        """The place of an element in `encode()`, in bytes."""
        start = len(self.text[: element.start].encode(self.charset))
        return start, start + len(self.text[element.start : element.end].encode(self.charset))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Packet:
    """One thing that crosses a wire, whole: an MLLP frame or an HTTP/1.1 message."""

    protocol: str  # "mllp" or "http"
    data: bytes


@dataclass(frozen=True, slots=True)
class Echo:
    """How an answer shows which request it belongs to: it repeats the value at the path `sent` at its own path `repeated`."""

    sent: str
    repeated: str
    rule: str
    spec: str


@dataclass(frozen=True)
class Standard:
    """What a standard can do, so that the rest of the kit need not know which one it is. Each room declares one."""

    key: str
    label: str
    recognises: Callable[[str], bool]
    parse: Callable[[str | bytes], Message]
    explain: Callable[..., Definition]  # (path) or (message, path)
    conform: Callable[..., Sequence[Any]]  # a message of this standard -> findings against its own constraint artefact
    build: Callable[..., Message]  # (structure, values, clock, ids)
    to_wire: Callable[[Any], Packet]
    from_wire: Callable[[Packet], Message]
    refuse: Callable[..., Message]  # (request or None, findings or text, clock, ids): the standard's own error answer
    echo: Echo | None = None  # HTTP needs none: an answer belongs to the request on whose connection it comes

    def __repr__(self) -> str:
        return f"Standard({self.label})"


UNCHECKED = " (not checked against the text)"


def cited(spec: str, checked: bool) -> str:
    """A citation as the reader sees it: what nobody has compared with the section it names says so.

    >>> cited("HL7 v2.5 section 3.4.2", checked=False)
    'HL7 v2.5 section 3.4.2 (not checked against the text)'
    """
    return spec if checked or not spec else spec + UNCHECKED


def nearest(word: str, known: Iterable[str]) -> str:
    """A half sentence that suggests the nearest known word: `; did you mean PID-3?`, or nothing.

    >>> nearest("famly", ["family", "given"])
    '; did you mean family?'
    """
    from difflib import SequenceMatcher

    def likeness(name: str) -> float:
        one, other = word.lower(), name.lower()
        swapped = sorted(one) == sorted(other)  # two letters in each other's place: the commonest slip of all
        begins = 0.1 * (one[:1] == other[:1])  # and people seldom mistype the first
        return SequenceMatcher(None, one, other).ratio() + swapped + begins

    if len(word) > 100:  # comparing takes the square of the length, and no name is that long
        return ""
    best = max(known, key=likeness, default="")
    return f"; did you mean {best}?" if best and likeness(best) >= 0.5 else ""
