"""Several messages in one text: one behind the other, or as a batch between FHS, BHS and BTS, FTS (HL7 v2.5 section 2.10.3).

Nothing is lost: each message is the exact piece of the text that it stands in, and a piece that is no message is reported while the rest is
read. Trailers count: BTS-1 the messages of a batch, FTS-1 the batches of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ihe_kit.core import Element, Unreadable, cited
from ihe_kit.rules import Finding, finding_at
from ihe_kit.v2.message import V2Message, parse

SPEC = cited("HL7 v2.5 section 2.10.3", checked=False)

# A piece begins with one of these at the start of a line, of a frame, or behind a byte order mark.
_BEGIN = re.compile(r"(?:(?<![^\r\n\x0b\x1c\ufeff])|(?<=\xef\xbb\xbf))(MSH|FHS|BHS|BTS|FTS)")


@dataclass(frozen=True, slots=True)
class Batch:
    """What a text holds: its `messages` in order, the lines of `headers` (FHS, BHS) and `trailers` (BTS, FTS), and what is wrong with the whole.

    The findings in `problems` have their places in the whole text.
    """

    messages: tuple[V2Message, ...]
    headers: tuple[str, ...]
    trailers: tuple[str, ...]
    problems: tuple[Finding, ...]


def read_all(text: str | bytes) -> Batch:
    """Every message of a text, or of bytes; then each message is read in the character set that its own MSH-18 names.

    Raises Unreadable where there is neither a message nor a header.

    >>> batch = read_all("BHS|^~\\\\&\\rMSH|^~\\\\&|ADT\\rMSH|^~\\\\&|ADT\\rBTS|3\\r")
    >>> len(batch.messages), [finding.path for finding in batch.problems]
    (2, ['BTS-1'])
    """
    whole = text if isinstance(text, str) else text.decode("latin-1")  # every byte is a character there, so places hold
    pieces = list(_pieces(whole))
    if not pieces:  # one message in a character set of its own, such as UTF-16; or none, and parse says what was expected
        return Batch((parse(text),), (), (), ())
    messages, headers, trailers, problems = list[V2Message](), list[str](), list[str](), list[Finding]()
    in_batch, batches, open_batch, begun = 0, 0, False, 0
    file: tuple[str, int] | None = None  # the header of a file that has no trailer yet
    if (before := whole[: pieces[0][1]]).strip("\r\n\t \x0b\ufeff\xef\xbb\xbf"):
        says = "Something stands before the first message, and it was passed over. A message that lost its header looks like this."
        problems.append(_at("MSH", before, 0, "HL7-BATCH-MESSAGE", says, "warning"))
    for kind, start, end in pieces:
        piece = whole[start:end]
        line = piece.rstrip("\r\n\x1c")
        if kind == "MSH":
            try:
                messages.append(parse(piece if isinstance(text, str) else piece.encode("latin-1")))
                in_batch += 1
            except Unreadable as problem:
                says = f"This piece is no message that can be read. {problem.says[:1].upper()}{problem.says[1:]}."
                problems.append(_at(kind, line, start, "HL7-BATCH-MESSAGE", says))
        elif kind in ("FHS", "BHS"):
            headers.append(line)
            if kind == "BHS" and open_batch:
                says = (
                    "A batch begins before the one before it has ended. Its trailer BTS is missing, so nobody knows whether it is complete."
                )
                problems.append(_at(kind, line, start, "HL7-BATCH-TRAILER", says, "warning"))
            begun = start if kind == "BHS" else begun
            file = (line, start) if kind == "FHS" else file
            in_batch, open_batch = (0, True) if kind == "BHS" else (in_batch, open_batch)
        else:
            trailers.append(line)
            here, what = (in_batch, "message") if kind == "BTS" else (batches, "batch")
            problems += _counted(kind, line, start, here, what)
            if kind == "BTS" and not open_batch:
                says = "A batch ends here that never began. Without BHS nobody knows from whom it is and what belongs to it."
                problems.append(_at(kind, line, start, "HL7-BATCH-HEADER", says))
            file = None if kind == "FTS" else file
            if kind == "BTS":
                in_batch, open_batch, batches = 0, False, batches + 1
    if open_batch:
        says = "A batch began and has no end. Its trailer BTS would count the messages, so nobody knows whether some are missing."
        problems.append(_at("BHS", whole[begun:].splitlines()[0], begun, "HL7-BATCH-TRAILER", says, "warning"))
    if file:
        says = "A file began and has no end. Its trailer FTS would count the batches, so nobody knows whether some are missing."
        problems.append(_at("FHS", *file, "HL7-BATCH-TRAILER", says, "warning"))
    return Batch(tuple(messages), tuple(headers), tuple(trailers), tuple(problems))


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """(what begins there, start, end) of each piece, from one beginning to the next."""
    found = list(_BEGIN.finditer(text))
    for one, after in zip(found, [*found[1:], None], strict=False):
        yield one[1], one.start(), after.start() if after else len(text)


def _counted(kind: str, line: str, start: int, here: int, what: str) -> Iterator[Finding]:
    """What is wrong with the count of a trailer. It may be empty: then nothing was counted."""
    separator = line[3:4]
    said = line[4:].partition(separator)[0] if separator else ""
    at = start + len(kind) + len(separator)
    element = Element(f"{kind}-1", f"{kind}-1", said, at, at + len(said))
    if said and not (said.isascii() and said.isdigit() and int(said) == here):
        many = f"{here} {what}{'' if here == 1 else 'es' if what == 'batch' else 's'}"
        says = f"The trailer counts {{found}}, and {many} came. Something is missing or was counted wrongly: ask the sender before you take it as complete."
        yield finding_at(element, "HL7-BATCH-COUNT", says, SPEC)


def _at(kind: str, line: str, start: int, rule: str, says: str, severity: str = "error") -> Finding:
    return finding_at(Element(kind, kind, line, start, start + len(line)), rule, says, SPEC, severity)
