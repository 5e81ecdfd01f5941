"""Rules and what they find. One `check()` serves every standard, because a rule only needs a path.

A Rule is a row of a table: a path, a test, what it says in a learner's words, and where the specification says it. A test takes the
elements at the path (one per repetition) and hands back those that offend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from weakref import WeakSet

from ihe_kit.core import Element, Message, UnknownPath, cited

Test = Callable[[Sequence[Element], Message], Iterable[Element]]
Repair = tuple[str, str] | Callable[[Message], tuple[str, str] | None]

_JOINED = "\u00a0"  # keeps a value in one piece, so that a full stop inside it ends no sentence
NULL = '""'
SEVERITIES = ("error", "warning", "information")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `says` starts with a sentence that tells what is wrong; the rest tells why it matters. `{found}` stands for the value.

    `fix` is a pair: the words on a button and the value to set, e.g. `("Set I, inpatient", "I")`; or a function that takes it from
    the message, or gives None. `checked` is False where nobody has read the cited section: the reader is told so.
    """

    id: str
    path: str
    test: Test
    says: str
    spec: str
    severity: str = "error"
    fix: Repair | None = None
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair: put `text` in place of `message.text[start:end]`. `label` are the words on the button."""

    label: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a message, with its place, its reason and its source."""

    severity: str
    path: str
    start: int
    end: int
    found: str
    says: str
    rule: str
    spec: str
    fix: Fix | None = None

    @property
    def what(self) -> str:
        """The first sentence: what is wrong."""
        return re.split(r"(?<=[.?!]) ", self.says, maxsplit=1)[0].replace(_JOINED, " ")

    @property
    def why(self) -> str:
        """The rest: why it matters."""
        return self.says[len(self.what) :].strip().replace(_JOINED, " ")


def check(message: Message, rules: Iterable[Rule]) -> list[Finding]:
    """Every finding of every rule, in the order of the text. Never raises for what a message holds."""
    findings = []
    seen: dict[str, list[Element]] = {}  # many rules speak of the same path
    repair = cache(lambda make: make(message))  # many rules, and many elements, have the same one
    for rule in rules:
        elements = _find(message, rule, seen)
        for element in rule.test(elements, message) if elements is not None else ():
            fix = repair(rule.fix) if callable(rule.fix) else rule.fix
            findings.append(finding_at(element, rule.id, rule.says, rule.spec, rule.severity, fix, rule.checked))
    return in_order(findings)


def _find(message: Message, rule: Rule, seen: dict[str, list[Element]]) -> list[Element] | None:
    """The elements that a rule speaks of; None where there is nothing that its test could say.

    A path that this kind of message does not have (a rule for patients, a bundle in hand) has no elements.
    """
    path = rule.path
    try:
        if path not in seen:
            if rule.test in _QUIET and message.lacks(path):
                return None
            seen[path] = message.find(path)
    except UnknownPath:
        seen[path] = []
    return seen[path]


def finding_at(
    element: Element,
    rule: str,
    says: str,
    spec: str,
    severity: str = "error",
    fix: tuple[str, str] | None = None,
    checked: bool = True,
) -> Finding:
    """The finding that `rule` makes at an element."""
    value = element.value if len(element.value) <= 60 else element.value[:57] + "..."
    return Finding(
        severity=severity,
        path=element.path,
        start=element.start,
        end=element.end,
        found=element.value,
        says=says.replace("{found}", value.replace(" ", _JOINED)),
        rule=rule,
        spec=cited(spec, checked),
        fix=Fix(fix[0], element.start, element.end, element.lead + fix[1]) if fix else None,
    )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Errors, warnings and notes, each in the order of the text."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.start))


def repaired(text: str, fixes: Iterable[Fix]) -> str:
    """The text after these repairs, from the last to the first; one that overlaps a later one is left out.

    >>> repaired("PID|||1||Lie|||K", [Fix("Set F", 15, 16, "F")])
    'PID|||1||Lie|||F'
    """
    for fix in apart(fixes):
        text = text[: fix.start] + fix.text + text[fix.end :]
    return text


def apart(fixes: Iterable[Fix]) -> list[Fix]:
    """The repairs that can be made together, from the last to the first: none overlaps another, and no two stand at the same place."""
    chosen: list[Fix] = []
    for fix in sorted(fixes, key=lambda fix: (fix.start, fix.end), reverse=True):
        limit = chosen[-1].start if chosen else None
        if limit is None or (fix.end <= limit and (fix.start, fix.end) != (limit, limit)):
            chosen.append(fix)
    return chosen


def has_errors(findings: Iterable[Finding]) -> bool:
    """True where at least one finding is an error: what makes an actor refuse and a command exit with 1."""
    return any(finding.severity == "error" for finding in findings)


# Tests ---------------------------------------------------------------------------------------------------------------------------


_QUIET: WeakSet[Test] = WeakSet()


def quiet(test: Test) -> Test:
    """Marks a test that says nothing where nothing stands at the path, so that a message without it is not searched."""
    _QUIET.add(test)
    return test


def is_quiet(test: Test) -> bool:
    """Whether a test says nothing where nothing stands at the path."""
    return test in _QUIET


def present(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    """At least one repetition has a value; HL7 v2's NULL, two double quotes, deletes one and is none."""
    return elements[:1] if elements and not any(element.value not in ("", NULL) for element in elements) else ()


def everywhere(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    """Every repetition has a value; no repetition at all is fine."""
    return [element for element in elements if element.value in ("", NULL)]


@quiet
def absent(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    """No repetition has a value."""
    return [element for element in elements if element.value]


def one_of(*allowed: str) -> Test:
    """Every value that is there is one of these."""
    return quiet(lambda elements, _: [e for e in elements if e.value and e.value not in allowed])


def exactly(value: str) -> Test:
    """There is a value, and every one is this."""
    return lambda elements, _: [element for element in elements if element.value != value]


def matches(pattern: str) -> Test:
    """Every value that is there matches the whole pattern."""
    compiled = re.compile(pattern)
    return quiet(lambda elements, _: [e for e in elements if e.value and not compiled.fullmatch(e.value)])


def at_most(count: int) -> Test:
    """There are no more repetitions than this; the ones too many offend."""
    return quiet(lambda elements, _: [e for e in elements if e.value][count:])


def when(path: str, allowed: Sequence[str], test: Test) -> Test:
    """The test applies only where some value at `path` is one of `allowed` (or, with none given, where there is any value)."""

    def guarded(elements: Sequence[Element], message: Message) -> Iterable[Element]:
        values = _values(message, path)
        return test(elements, message) if any(not allowed or value in allowed for value in values) else ()

    return guarded


def unless(path: str, test: Test) -> Test:
    """The test applies only where there is no value at `path`."""
    return lambda elements, message: () if _values(message, path) else test(elements, message)


def _values(message: Message, path: str) -> list[str]:
    try:
        return [element.value for element in message.find(path) if element.value]
    except UnknownPath:
        return []
