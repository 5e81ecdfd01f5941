"""What lies on the Validator's desk: a text, the messages of the file that it came from, and each step back and forth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ihe_kit.core import Unreadable
from ihe_kit.render import clip
from ihe_kit.v2.batch import read_all
from ihe_kit.v2.message import V2Message, recognises
from ihe_kit.verbs import parse

MOST = 1_000_000  # characters of one message that a page can hold and a reader may change
FILE_MOST = 8_000_000  # bytes of a file that come through JupyterLab's connection in one piece
STEPS, KEPT = 200, 20_000_000  # how many steps back, and how many characters they may hold


@dataclass(frozen=True, slots=True)
class Desk:
    """A text and where it is from: the `messages` of a file with their `labels`, of which it is the one with `number` (from 0), and what is
    wrong with the file as a whole.
    """

    text: str = ""
    messages: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    number: int = 0
    problems: tuple[str, ...] = ()

    @property
    def too_large(self) -> bool:
        """Whether the text is more than a page can hold."""
        return len(self.text) > MOST

    def turned(self, number: int) -> Desk:
        """Another message of the file; what was changed in this one is kept. Raises IndexError for one that is not there."""
        messages = (*self.messages[: self.number], self.text, *self.messages[self.number + 1 :])
        return replace(self, text=messages[number], messages=messages, number=number)


def opened(data: bytes, name: str = "the file") -> Desk:
    """What a file holds: a message, or several, one of which is on top. Raises ValueError for what is no text, or more than fits.

    >>> opened(b"MSH|^~\\\\&|A||||||ADT^A01\\rMSH|^~\\\\&|B||||||ADT^A08").labels
    ('1: ADT^A01', '2: ADT^A08')
    """
    if len(data) > FILE_MOST:
        raise ValueError(f"{name} is too large for a page: {len(data):,} bytes, and {FILE_MOST:,} fit")
    if recognises(data[:400].decode("latin-1")) and (several := sorted_out(data)):
        return several if several.messages else replace(several, text=decoded(data))
    if not data.strip():
        raise ValueError(f"{name} is empty: expected a message of HL7 v2, FHIR or openEHR")
    return Desk(decoded(data, name))


def sorted_out(text: str | bytes) -> Desk | None:
    """The messages of a text that holds several, or in which something is wrong with the whole; None for one message alone."""
    try:
        batch = read_all(text)
    except Unreadable:  # the check says why
        return None
    if len(batch.messages) < 2 and not batch.problems:
        return None
    texts = tuple(message.text for message in batch.messages)
    labels = tuple(_label(number, message) for number, message in enumerate(batch.messages, start=1))
    return Desk(texts[0] if texts else "", texts, labels, problems=tuple(finding.says for finding in batch.problems))


def decoded(data: bytes, name: str = "") -> str:
    """Bytes in the character set that the message names, or as far as they are UTF-8. Raises ValueError for what is no text, if it has a name."""
    try:
        return parse(data).text
    except Unreadable as problem:
        if name and b"\0" in data[:4000]:
            raise ValueError(f"{name} is no text: expected a message of HL7 v2, FHIR or openEHR") from problem
        return data.decode("utf-8", "replace")


def _label(number: int, message: V2Message) -> str:
    """`3: ADT^A08, Ødegård, F00017`."""
    about = (message.name, *message.get("PID-5.1.1")[:1], *message.get("MSH-10")[:1])
    return f"{number}: {clip(', '.join(filter(None, about)), 60)}"


@dataclass
class History:
    """Steps back and forth: what was done, and what lay on the desk before it."""

    past: list[tuple[str, Desk]] = field(default_factory=list)
    future: list[tuple[str, Desk]] = field(default_factory=list)

    def done(self, what: str, before: Desk) -> None:
        """Something was done; whatever was taken back before cannot be done again."""
        self.past.append((what, before))
        self.future.clear()
        while len(self.past) > STEPS or (len(self.past) > 1 and sum(len(desk.text) for _, desk in self.past) > KEPT):
            del self.past[0]

    def back(self, now: Desk) -> tuple[str, Desk] | None:
        """What was done last, and the desk before it; None where nothing was done."""
        return self._step(self.past, self.future, now)

    def forth(self, now: Desk) -> tuple[str, Desk] | None:
        """What was taken back last, and the desk after it."""
        return self._step(self.future, self.past, now)

    @staticmethod
    def _step(source: list[tuple[str, Desk]], other: list[tuple[str, Desk]], now: Desk) -> tuple[str, Desk] | None:
        if not source:
            return None
        what, desk = source.pop()
        other.append((what, now))
        return what, desk
