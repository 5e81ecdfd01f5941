"""What a form asks: the segments of a message with their fields, as an event uses them, and what stands in each of them now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ihe_kit.files import rows
from ihe_kit.render.form import Control, Question, Sheet, row_filled
from ihe_kit.v2.dictionary import is_composite
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.skeleton import Blank
from ihe_kit.v2.tables import DEFAULT, table

ALWAYS = ("R", "RE")
OURS = ("MSH-1", "MSH-2")  # the delimiters are no values
OPEN = 5  # segments of a name whose fields are in the form; of those behind them when they are opened
DOMAINS = "0363"  # assigning authorities: a table that each site fills, here with the domains of Fjordland

Codes = tuple[tuple[str, str], ...]


def domains() -> dict[str, tuple[str, str]]:
    """The identifier domains of the region: namespace -> (organisation, OID)."""
    return {row["namespace"]: (row["organisation"], row["oid"]) for row in rows("domains.tsv")}


def codes(name: str, version: str = DEFAULT) -> Codes:
    """The codes of a table with their meanings; the assigning authorities are those of the region."""
    if name == DOMAINS:
        return tuple((namespace, organisation) for namespace, (organisation, _) in domains().items())
    return table(name, version) if name else ()


class Questions:
    """The form of an event. It remembers what was opened and asked for, so that nothing jumps under the reader's hands.

    `blanks` are the segments and fields of the event (`v2.skeleton`), `wrong` the fields in which something is wrong: those are always in sight.
    """

    def __init__(self, blanks: Sequence[Blank]) -> None:
        self.blanks = {blank.path.rpartition(".")[2]: blank for blank in reversed(blanks)}
        self.rows: dict[str, int] = {}  # how many rows a repeating field shows, where those are more than it has values
        self.shown: set[str] = set()
        self.opened: set[str] = set()
        self.asked: set[str] | None = None

    def sheets(self, message: V2Message, wrong: set[str]) -> Iterator[Sheet]:
        """Each segment that the message has, with its fields; those of the sixth and later segments of a name only once they are opened."""
        for line in message.segments:
            name = line.name if line.number == 1 else f"{line.name}[{line.number}]"
            blank = self.blanks.get(line.name) or Blank(line.name, line.name, "O")
            spare = blank.usage != "R" or line.number > 1
            if line.number > OPEN and name not in self.opened:
                yield Sheet(name, blank.name, spare=spare, shut=True)
                continue
            asked = [part for part in blank.parts if part.path not in OURS]
            questions = tuple(self._question(message, part, name, wrong) for part in asked if part.usage not in ("X", "W"))
            unsent = tuple(f"{part.path} {part.name}" for part in asked if part.usage == "X")
            yield Sheet(name, blank.name, questions, unsent, line.name == "MSH", spare)

    def newly_asked(self, sheets: Iterable[Sheet]) -> str:
        """The conditional fields that have come into the form since this was last asked, in words."""
        asked = {q.path: q for sheet in sheets for q in sheet.questions if q.reason and not q.folded}
        new = [q for path, q in asked.items() if self.asked is not None and path not in self.asked]
        self.asked = set(asked)
        return " ".join(f"{q.path}, {q.name}, is asked for. {q.reason}" for q in new)

    def count(self, message: V2Message, path: str) -> int:
        """How many rows a repeating field shows: at least one."""
        return max(1, len(message.find(_numbered(path))), self.rows.get(path, 0))

    def segments(self) -> dict[str, str]:
        """The names of the segments that may be added, with their titles."""
        return {
            name: blank.name
            for name, blank in reversed(self.blanks.items())
            if (blank.usage not in ("X", "W") and blank.most != 1) or blank.usage in ("O", "C", "RE")
        }

    def _question(self, message: V2Message, blank: Blank, segment: str, wrong: set[str]) -> Question:
        path = f"{segment}-{blank.path.rpartition('-')[2]}"
        many = blank.most != 1
        count = self.count(message, path) if many else 1
        lines = tuple(_row(message, blank, f"{path}[{n}]" if many else path) for n in range(1, count + 1))
        why = (blank.when or blank.says).rstrip(".") if blank.usage in ("C", "CE") else ""
        reason = f"{why[:1].upper()}{why[1:]}." if why else ""
        folded = not (any(map(row_filled, lines)) or blank.usage in ALWAYS or path in wrong or path in self.shown)
        if not folded:
            self.shown.add(path)  # what is there once stays, or the form would jump under the reader's hands
        return Question(path, blank.name, blank.usage, lines, many, reason, blank.spec, folded)


def _row(message: V2Message, blank: Blank, path: str) -> tuple[Control, ...]:
    if not blank.parts:
        return (_control(message, blank, path),)
    return tuple(_control(message, part, f"{path}.{part.path.partition('.')[2]}", len(blank.parts) > 1) for part in blank.parts)


def _control(message: V2Message, blank: Blank, path: str, brief: bool = False) -> Control:
    value, known = _value(message, path), dict(codes(blank.table, message.version))
    return Control(path, blank.name, value, blank.table if known else "", known.get(value, ""), brief, blank.wide)


def _numbered(path: str) -> str:
    """`OBX[1]-5` of `OBX-5`: of the first segment alone, and not of every one."""
    return path if path[3:4] == "[" else f"{path[:3]}[1]{path[3:]}"


def _value(message: V2Message, path: str) -> str:
    """A value as one types it: of what has parts, as HL7 writes it."""
    found = message.find(_numbered(path))
    text = message.text[found[0].start : found[0].end] if found else ""
    return text if is_composite(path, message.version) else message.unescape(text)
