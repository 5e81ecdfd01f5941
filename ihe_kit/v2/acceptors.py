"""Fast accept, slow explain: a quick test per field says that its text is sound, and only what does not pass is looked at part by part.

Most fields of most messages are sound, and to say so needs no places and no words. Here the rows of a segment become one function per
field, put together from three things: a pattern for each data type, the set of codes of each table, and a split at each separator. A function
accepts only what `fields` finds nothing in; where that would be hard to tell (an escape sequence in a code, say) it does not accept.

The functions know the usual delimiters `|^~\\&` only. No pattern tries a second way through a text, so time grows with its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from ihe_kit.v2 import coded, values
from ihe_kit.v2.tables import Row, segment

USUAL = ("|", "^~\\&")
TEXT = rf"(?:[^~^&\\]++|\\{values.ESCAPE}\\)*+"
ANYTHING = rf"(?:[^\\]++|\\{values.ESCAPE}\\)*+"  # of a data type that nobody names
MOST_LENGTH = 10_000  # longer limits are none in practice, and a pattern need not count so far
OPEN = ("NA", "MA")  # arrays: as many components as there are values
KEPT, UNUSED = "B", ("W", "X")  # usages: kept for older versions only; withdrawn, not supported
DATES = ("DT", "DTM", "TM", "SI")
HEADERS = ("MSH", "FHS", "BHS")

Accepts = Callable[[str], object]  # a text that is not empty -> something true where it is sound


class Acceptor:
    """The quick check of one segment. `rows` are its fields, `version` the version whose tables serve; a test is made when first needed."""

    def __init__(self, rows: Sequence[Row], version: str, header: bool = False) -> None:
        self.rows, self.version = rows, version
        self.accepts: list[Accepts] = [self._when_met(at) for at in range(len(rows))]
        if header:
            self.accepts[:2] = [bool, bool]  # the delimiters themselves
        self.kept = [at for at, row in enumerate(rows) if row.usage == KEPT]
        self.required = [at for at, row in enumerate(rows) if row.least and row.type][2 * header :]
        self.least = max(self.required, default=-1) + 1

    def passes(self, fields: Sequence[str]) -> bool:
        """Whether nothing at all is to be said of a segment. `fields` begins with field 1."""
        count = len(fields)
        if count < self.least or (count > len(self.rows) and any(fields[len(self.rows) :])):
            return False
        for accepts, text in zip(self.accepts, fields, strict=False):
            if text and not accepts(text):
                return False
        for at in self.required:
            if not fields[at]:
                return False
        return not (self.kept and any(fields[at] for at in self.kept if at < count))

    def odd(self, fields: Sequence[str]) -> list[int]:
        """The numbers of the fields that have to be looked at."""
        count = len(fields)
        found = {at for at, (accepts, text) in enumerate(zip(self.accepts, fields, strict=False)) if text and not accepts(text)}
        found.update(at for at in self.required if at >= count or not fields[at])
        found.update(range(len(self.rows), count))
        return [at + 1 for at in sorted(found)]

    def _when_met(self, at: int) -> Accepts:
        """Stands in for the test of a field until the field is met with a value."""

        def accepts(text: str) -> object:
            self.accepts[at] = _field(self.rows[at], self.version)
            return self.accepts[at](text)

        return accepts


@lru_cache(maxsize=4096)
def acceptor(name: str, version: str, types: tuple[str, ...] = ()) -> Acceptor:
    """The quick check of a segment. `types`: the data types that the message itself names, in the order of `coded.NAMED`."""
    rows = list(segment(name, version))
    for number, type_ in zip(coded.NAMED.get(name, {}), types, strict=False):
        if number <= len(rows):
            rows[number - 1] = coded.varied(rows[number - 1], type_, version)
    return Acceptor(rows, version, header=name in HEADERS)


def _field(row: Row, version: str) -> Accepts:
    """The test of a whole field: every repetition is sound, and there are not too many."""
    if row.type == coded.UNNAMED or is_unused(row):
        return _never
    one, most, least = _repetition(row, version), row.most, row.least
    if (
        most == 1 and row.type != "varies" and not (least and row.children)
    ):  # no test of a single value accepts a ~, and none of a value without parts a separator
        return one

    def accepts(text: str) -> object:
        if least and not text.strip("~^&"):
            return False
        if "~" not in text:
            return one(text)
        parts = text.split("~")
        return (most < 0 or len(parts) <= most) and all(not part or one(part) for part in parts)

    return accepts


def _repetition(row: Row, version: str) -> Accepts:
    """The test of one repetition."""
    if row.type == "varies":
        return compiled(ANYTHING).fullmatch
    sound = _value(row, version, "^&", row.length)
    table = coded.table_of(row)
    if not (table and row.children and coded.codes(table, version)):
        return sound
    known, own = coded.codes(table, version) | {"", coded.NULL}, f"HL7{table}"

    def accepts(text: str) -> object:
        code, _, rest = text.partition("^")
        return sound(text) and (code in known or rest.partition("^")[2].partition("^")[0] not in ("", own))

    return accepts


def _value(row: Row, version: str, separators: str, most: int) -> Accepts:
    """The test of a value of at most so many characters (0: no limit). `separators` are those that may still divide it."""
    if is_unused(row):
        return _never
    if not row.children or not separators:
        return _primitive(row, version, most)
    separator, count, most = separators[0], len(row.children), most or MOST_LENGTH
    tests = [_value(child, version, separators[1:], child.length) for child in row.children]
    needed = [at for at, child in enumerate(row.children) if child.least]
    single = needed in ([], [0])  # whether a value that is not divided has all that its type requires
    # Where no mark but the separator stands in the text, no part is divided, and of a plain text only the length is left to see.
    lengths, quick = zip(*(_undivided(child, test, version) for child, test in zip(row.children, tests, strict=True)), strict=True)
    light = [(at, test) for at, test in enumerate(quick) if test]

    def accepts(text: str) -> object:
        if len(text) > most:
            return False
        if separator not in text:
            return single and tests[0](text)
        parts = text.split(separator)
        if len(parts) > count:
            return False
        if "\\" in text or "~" in text or "&" in text:
            for test, part in zip(tests, parts, strict=False):
                if part and not test(part):
                    return False
        else:
            for length, part in zip(lengths, parts, strict=False):
                if len(part) > length:
                    return False
            for at, test in light:
                if at >= len(parts):
                    break
                if parts[at] and not test(parts[at]):
                    return False
        return not needed or all(at < len(parts) and parts[at].strip("&") for at in needed)

    return accepts


def _undivided(row: Row, whole: Accepts, version: str) -> tuple[int, Accepts | None]:
    """(the most characters, the rest of the test, if any) of a part that is not divided itself: it stands for the first of its own parts.
    `whole` is its test where it may be divided.
    """
    first, length = row, row.length or MOST_LENGTH
    while first.children and not is_unused(first) and not any(child.least for child in first.children[1:]):
        first = first.children[0]
        length = min(length, first.length or MOST_LENGTH)
    if _is_plain(first):
        return length, None
    return MOST_LENGTH, whole if first.children else _value(first, version, "", length if length < MOST_LENGTH else 0)


def _is_plain(row: Row) -> bool:
    return not (is_unused(row) or row.children or row.key in values.PATTERNS or row.type in (*values.PATTERNS, "ID", "IS"))


def _primitive(row: Row, version: str, most: int) -> Accepts:
    """The test of a value without parts: written as its type is, of its table, not too long; or NULL."""
    known = coded.codes(row.table, version) if row.table and row.type in ("ID", "IS") else ()
    if known:
        listed = known | {coded.NULL}
        if row.table != coded.SYSTEMS:
            return listed.__contains__
        return lambda text: text in listed or coded.LOCAL.fullmatch(text)
    limit = f"(?![^~^&]{{{most + 1}}})" if 0 < most < MOST_LENGTH and is_measured(row, version) else ""
    if written := values.PATTERNS.get(row.key) or values.PATTERNS.get(row.type):
        return compiled(f"{limit}(?:{written})|{coded.NULL}").fullmatch
    return compiled(rf"[^~^&\\]{{0,{most}}}|{limit}{TEXT}|{coded.NULL}" if limit else TEXT).fullmatch


def is_unused(row: Row) -> bool:
    """Whether a version has withdrawn a field or a component, or leaves it free."""
    return row.usage in UNUSED or row.type in ("", "WD", "wd")


def is_measured(row: Row, version: str) -> bool:
    """Whether the length of a value is judged: where a table or a date's pattern bounds it too, that says more, and the lengths contradict
    some of them (OBX-2 of 2.5 has two characters, and table 0125 three of them in XCN).
    """
    return row.type not in DATES and not (row.type in ("ID", "IS") and row.table and coded.codes(row.table, version))


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Values of the same type and length share a pattern."""
    return re.compile(pattern)


def _never(_: str) -> bool:
    return False
