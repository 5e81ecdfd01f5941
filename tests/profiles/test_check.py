"""`check` asks no path twice and passes over what a message lacks: it finds what asking every rule by itself finds."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from ihe_kit import build, person, v2
from ihe_kit.core import UnknownPath
from ihe_kit.ihe import Transaction
from ihe_kit.profiles import transaction
from ihe_kit.rules import Finding, Rule, check, finding_at, in_order
from tests.effort import calls

TRANSACTIONS = ("ITI-30", "ITI-31")


def one_by_one(message: v2.V2Message, rules: tuple[Rule, ...]) -> list[Finding]:
    """The findings of every rule, each looked for by itself."""
    found = []
    for rule in rules:
        try:
            elements = message.find(rule.path)
        except UnknownPath:
            elements = []
        for element in rule.test(elements, message):
            fix = rule.fix(message) if callable(rule.fix) else rule.fix
            found.append(finding_at(element, rule.id, rule.says, rule.spec, rule.severity, fix, rule.checked))
    return in_order(found)


def spoilt(text: str, dice: Random) -> str:
    """A message with a field emptied, put in, divided, or a segment gone or doubled."""
    lines = [line.split("|") for line in text.split("\r")]
    for _ in range(dice.randint(1, 4)):
        line = dice.choice(lines)
        kind = dice.randrange(4)
        if kind == 0 and len(lines) > 2:
            lines[1:] = [other for other in lines[1:] if other is not line]
        elif kind == 1:
            lines.insert(dice.randint(1, len(lines)), list(line) if line[0] != "MSH" else ["ZBE", "1", "", "", "UPDATE"])
        else:
            line += [""] * dice.randint(0, 50)
            at = dice.randrange(1 + (line[0] == "MSH"), max(3, len(line)))
            line[at : at + 1] = [dice.choice(("", '""', "A", "1^^^N~2", "^^^&1&ISO^PI", "I", "Y", "V", "20250303", "&&&"))]
    return "\r".join("|".join(line) for line in lines)


@pytest.mark.parametrize("number, event", [(t.number, e.trigger) for n in TRANSACTIONS for t in [transaction(n)] for e in t.events])
def test_the_findings_are_those_of_every_rule_by_itself(number: str, event: str) -> None:
    of, dice = transaction(number), Random(event)
    sound = build(number, person("ingrid"), event=event).text
    for text in (sound, *(spoilt(sound, dice) for _ in range(12))):
        same(v2.parse(text), of)


def test_also_in_public_messages(public_cases: Path) -> None:
    for file in sorted((public_cases / "hl7v2").glob("*.hl7")):
        for number in TRANSACTIONS:
            same(v2.parse(file.read_bytes()), transaction(number))


def same(message: v2.V2Message, of: Transaction) -> None:
    rules = of.rules(message)
    assert check(message, rules) == one_by_one(v2.parse(message.text), rules), message.text


def test_the_cost_grows_with_the_number_of_segments_and_no_faster() -> None:
    """A condition on another segment is asked once, not once for each element."""

    def cost(count: int) -> int:
        message = v2.parse(build("ITI-31", person("ingrid"), event="A01").text + "PID|||1^^^N||A\rPV1||I\r" * count)
        return calls(lambda: check(message, transaction("ITI-31").rules(message)))

    cost(10)  # what is loaded once, is
    assert cost(800) <= 9 * cost(100)
