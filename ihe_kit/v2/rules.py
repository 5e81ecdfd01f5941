"""Rules on HL7 v2 messages as rows of a table: which test a word stands for, and under which condition it applies.

A row names a `path`, a `test` with its `arguments`, and what is `given`. Tests and conditions know segments and repetitions: what is asked of
`OBX-2` is asked of each OBX, and a condition on `OBX-5` looks into the same OBX, one on `PID-3.4.2` into the same repetition of PID-3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial

from ihe_kit.core import Element, Message
from ihe_kit.rules import NULL, SEVERITIES, Repair, Rule, Test, absent, everywhere, is_quiet, matches, one_of, quiet
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.tables import table

_CONDITION = re.compile(r"(not )?([A-Z]\w\w(?:\[\d+\])?(?:-[\d.]+)?)(?: (=|!=) (.+))?", re.ASCII)
_FIELD = re.compile(r"[A-Z]\w\w-\d+", re.ASCII)


def read(row: Mapping[str, str], fix: Repair | None = None) -> list[Rule]:
    """The rules of one row: one per path, where the row names several; `{}` in its id, its condition and its arguments is the field of the path.

    Columns: `rule`, `path`, `given`, `test`, `arguments`, `severity`, `says`, `spec`, `checked`, `fix` (`words on the button: value`). `fix`
    given here wins. Raises ValueError for a word that no test, severity or condition has.

    >>> row = {"rule": "PAM-{}-NUMBER", "path": "PID-3.1 PV1-19.1", "given": "{}", "test": "everywhere", "arguments": ""}
    >>> row |= {"severity": "error", "says": "No number.", "spec": "N.1", "checked": "yes", "fix": ""}
    >>> [(rule.id, rule.path) for rule in read(row)]
    [('PAM-PID-3-NUMBER', 'PID-3.1'), ('PAM-PV1-19-NUMBER', 'PV1-19.1')]
    """
    found = []
    words, _, value = row["fix"].rpartition(": ")
    for path in row["path"].split():
        field = named[0] if (named := _FIELD.match(path)) else path
        test = given(row["given"].replace("{}", field), named_test(row["test"], row["arguments"].replace("{}", field)))
        if _asks_for(field, row["given"].replace("{}", field)):  # where the field has no value, its condition does not hold
            quiet(test)
        if row["severity"] not in SEVERITIES:
            raise ValueError(f"rule {row['rule']}: {row['severity']!r} is no severity ({', '.join(SEVERITIES)})")
        mend = fix or ((words, value) if words else None)
        found.append(
            Rule(
                row["rule"].replace("{}", field), path, test, row["says"], row["spec"], row["severity"], mend, checked=bool(row["checked"])
            )
        )
    return found


# Conditions ----------------------------------------------------------------------------------------------------------------------------


def given(conditions: str, test: Test) -> Test:
    """The test, where its conditions hold: `PID-31 = Y`, `PV1-19.1`, `not PV1-11`, `ZBE-4 = UPDATE CANCEL`, several joined by ` and `.

    A path alone asks whether there is a value; without a field (`MRG`), whether there is such a segment.
    """
    if not conditions:
        return test
    checks = [_condition(part) for part in conditions.split(" and ")]

    def guarded(elements: Sequence[Element], message: Message) -> Iterable[Element]:
        # What a condition on another segment sees is the same for every element: asked once, a thousand segments take no square of the time.
        known = [(path, cache(partial(holds, message))) for path, holds in checks]
        return [e for e in test(elements, message) if all(met(near(path, e)) for path, met in known)]

    return quiet(guarded) if is_quiet(test) else guarded


def _asks_for(field: str, conditions: str) -> bool:
    """Whether conditions want a value in a field.

    >>> _asks_for("PID-3", "PID-3.4 = NORDVIK and not PID-8"), _asks_for("PID-8", "PID-3.4 = NORDVIK and not PID-8")
    (True, False)
    """
    return any(
        (found := _CONDITION.fullmatch(part)) and not found[1] and found[3] != "!=" and found[2].partition(".")[0] == field
        for part in conditions.split(" and ")
    )


def _condition(text: str) -> tuple[str, Callable[[Message, str], bool]]:
    found = _CONDITION.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no condition: expected a path, then perhaps = or != and values")
    no, path, sign, values = found.groups()
    wanted = (values or "").split()

    def holds(message: Message, where: str) -> bool:
        there = [value for value in message.get(where) if value not in ("", NULL)]
        met = any(value in wanted for value in there) if sign else bool(there)
        return met is not (no is not None or sign == "!=")

    return path, holds


def near(path: str, element: Element) -> str:
    """The path as seen from an element: into the same segment, and into the same repetition of the same field.

    >>> near("PID-3.4.2", Element("PID-3[2].4.1", "", "", 0, 0)), near("OBX-5", Element("OBX[2]-2", "", "", 0, 0))
    ('PID-3[2].4.2', 'OBX[2]-5')
    """
    own, _, inside = element.path.partition("-")
    name, _, rest = path.partition("-")
    if own[:3] != name:
        return path
    field, dot, part = rest.partition(".")
    number, bracket, repetition = inside.partition(".")[0].partition("[")
    if field == number and bracket:
        field += f"[{repetition}"
    return own + (f"-{field}{dot}{part}" if rest else "")


# Tests ---------------------------------------------------------------------------------------------------------------------------------


def each(test: Test) -> Test:
    """The test on the elements of each segment by itself."""

    def apart(elements: Sequence[Element], message: Message) -> Iterable[Element]:
        if len(elements) < 2:
            return test(elements, message)
        return [found for own in _by_segment(elements) for found in test(own, message)]

    return apart


def _by_segment(elements: Sequence[Element]) -> Iterable[list[Element]]:
    segments: dict[str, list[Element]] = {}
    for element in elements:
        segments.setdefault(element.path.partition("-")[0], []).append(element)
    return segments.values()


def _valued(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    return elements[:1] if not any(e.value not in ("", NULL) for e in elements) else ()


def _at_most(arguments: str) -> Test:
    count = int(arguments)
    return quiet(each(lambda elements, _: [e for e in elements if e.value][count:]))


def _needed(path: str) -> Test:
    """Some value stands at the path; where the segment itself is missing, that is said too."""

    def needed(elements: Sequence[Element], message: Message) -> Iterable[Element]:
        if elements:
            return _valued(elements, message)
        return [Element(path, path, "", message.find(path[:3])[0].start, message.find(path[:3])[0].end)]

    return needed


def _some(arguments: str) -> Test:
    wanted = arguments.split()
    return each(lambda elements, _: elements[:1] if not any(e.value in wanted for e in elements) else ())


def _none_of(arguments: str) -> Test:
    wrong = arguments.split()
    return quiet(lambda elements, _: [e for e in elements if e.value in wrong])


def _longest(arguments: str) -> Test:
    most = int(arguments)
    return quiet(lambda elements, _: [e for e in elements if len(e.value) > most])


def _in_table(arguments: str) -> Test:
    codes = {code for code, _ in table(arguments)}
    return quiet(lambda elements, _: [e for e in elements if e.value not in codes and e.value not in ("", NULL)])


def _same_as(path: str) -> Test:
    """Every value that is there is that at the other path."""
    return quiet(lambda elements, message: [e for e in elements if e.value and e.value not in message.get(near(path, e))])


def _among(path: str) -> Test:
    """Every value is one of those at the other path, where the segments go in pairs in the partner of the same number (MRG[2] and PID[2])."""

    def among(elements: Sequence[Element], message: Message) -> Iterator[Element]:
        for element in elements:
            number = re.search(r"\[\d+\]", element.path.partition("-")[0])
            partner = path.replace("-", f"{number[0]}-") if number else path
            if element.value not in message.get(partner):
                yield element

    return quiet(among)


def _only(arguments: str) -> Test:
    """No other fields of the segment than these have a value."""
    allowed = {int(number) for number in arguments.split()}

    def only(elements: Sequence[Element], message: Message) -> Iterator[Element]:
        assert isinstance(message, V2Message)
        for element in elements:
            segment = next((s for s in message.segments if s.start == element.start), None)
            for number, (start, end) in enumerate(message.fields(segment) if segment else ()):
                if number and number not in allowed and start < end:
                    yield message.find(f"{element.path}-{number}")[0]

    return quiet(only)


def _distinct(arguments: str) -> Test:
    """Segments of the same value at the path have different values, and values at all, at the other one."""

    def distinct(elements: Sequence[Element], message: Message) -> Iterator[Element]:
        met: dict[str, set[str]] = {}
        values = [e.value for e in elements]
        for element in elements:
            other = message.find(near(arguments, element))[0]
            if values.count(element.value) > 1 and (not other.value or other.value in met.setdefault(element.value, set())):
                yield other
            met.setdefault(element.value, set()).add(other.value)

    return quiet(distinct)


def _behind(name: str) -> Test:
    """The segments that stand directly behind one of this name, with at most others of their own kind between."""

    def behind(elements: Sequence[Element], message: Message) -> Iterator[Element]:
        assert isinstance(message, V2Message)
        before, places = "", {e.start: e for e in elements if e.value}
        for segment in message.segments:
            if segment.start in places:
                if before == name:
                    yield places[segment.start]
            else:
                before = segment.name

    return quiet(behind)


def _there(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    """There is such a segment."""
    return elements if not any(e.value for e in elements) else ()


def _foreign_letters(elements: Sequence[Element], message: Message) -> Iterable[Element]:
    """The character set is named where the message has other characters than those of 7-bit ASCII."""
    return _valued(elements, message) if not message.text.isascii() else ()


def _plain_letters(elements: Sequence[Element], message: Message) -> Iterable[Element]:
    """No character set is named where every character is one of 7-bit ASCII."""
    return absent(elements, message) if message.text.isascii() else ()


_PLAIN: dict[str, Test] = {
    "present": each(_valued),
    "everywhere": everywhere,
    "absent": absent,
    "there": _there,
    "charset where needed": _foreign_letters,
    "no charset where needless": _plain_letters,
}
_WITH_ARGUMENTS: dict[str, Callable[[str], Test]] = {
    "one_of": lambda arguments: one_of(*arguments.split()),
    "none_of": _none_of,
    "some": _some,
    "matches": matches,
    "at_most": _at_most,
    "longest": _longest,
    "needed": _needed,
    "table": _in_table,
    "same_as": _same_as,
    "among": _among,
    "only": _only,
    "distinct": _distinct,
    "behind": _behind,
}


def named_test(word: str, arguments: str = "") -> Test:
    """The test that a word of the table stands for. Raises ValueError for a word that stands for none."""
    if word in _PLAIN:
        return _PLAIN[word]
    if word in _WITH_ARGUMENTS:
        return _WITH_ARGUMENTS[word](arguments)
    raise ValueError(f"{word!r} is no test ({', '.join([*_PLAIN, *_WITH_ARGUMENTS])})")
