"""PAM, rule by rule: a sound message of the event keeps it, and the same message with one change breaks it. And statement by statement: each
row of the Technical Framework has its rule, or the reason why no message can show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import pytest

from ihe_kit import build, parse, person, transactions
from ihe_kit.core import Message, UnknownPath, Unreadable
from ihe_kit.exchanges import judge
from ihe_kit.files import rows
from ihe_kit.ihe import Event, Transaction
from ihe_kit.profiles import candidates
from ihe_kit.region import STORY_BEGINS, story_ids
from ihe_kit.rules import Finding, Rule, check

PAM = [transactions()[number] for number in ("ITI-30", "ITI-31")]
EVENTS = [(transaction, event) for transaction in PAM for event in transaction.events]
ACK = "MSH|^~\\&|IDENTITY|FJORDLAND|ADT|NORDVIK|20250303080000||ACK^A01^ACK|2|P|2.5\rMSA|AE|1\rERR||PID^1^3|101^x^HL70357|E\r"
REQUIREMENTS = rows("ihe/pam-requirements.tsv")


@lru_cache(maxsize=64)
def sound(number: str, trigger: str) -> str:
    """The text of a sound message of an event."""
    return build(number, person("ingrid"), lambda: STORY_BEGINS, story_ids(), event=trigger).text


# What may break a rule ----------------------------------------------------------------------------------------------------------------

# Values that are wrong in one way or another: nothing, no code, too many, half a composite, too long, an authority by halves.
VALUES = (
    "", "x", "QQ", "A~A", "~".join("ABCDEFGHIJK"), "AA^BB^CC^DD&EE&FF^GG^HH^II", "^B^C", "^^^^", "^2.999.10.1^ISO", "^^^&2.999.10.1&ISO",
    "x" * 200, "N", "Y", "I", "O", "UPDATE", "INSERT", "CANCEL", "AD", "AT", "RP", "CA", "AE", "200", "20200101",
)  # fmt: skip


def put(text: str, path: str, value: str) -> str:
    """A text with this value at a path, in every segment of that name; where there is none it stands at the end."""
    found = re.fullmatch(r"(\w{3})(?:-(\d+)(?:\.(\d+)(?:\.(\d+))?)?)?", path)
    assert found, path
    name, *numbers = found.groups()
    lines = [line for line in text.split("\r") if line]
    lines += [] if any(line.startswith(name) for line in lines) else [f"{name}|"]
    deep = [int(number) for number in numbers if number]
    if deep and name == "MSH":
        deep[0] -= 1
    return joined([_in(line, "|^&", deep, value) if line.startswith(name) and deep and deep[0] else line for line in lines])


def _in(text: str, separators: str, numbers: list[int], value: str) -> str:
    if not numbers:
        return value
    if separators[0] == "^" and "~" in text:
        return "~".join(_in(repetition, separators, numbers, value) for repetition in text.split("~"))
    at = numbers[0] - (separators[0] != "|")
    parts = text.split(separators[0])
    parts += [""] * (at + 1 - len(parts))
    parts[at] = _in(parts[at], separators[1:], numbers[1:], value)
    return separators[0].join(parts)


def joined(lines: list[str]) -> str:
    return "\r".join(lines) + "\r"


@lru_cache(maxsize=1)
def conditions() -> dict[str, str]:
    """What is given, by rule: as it stands in pam-rules.tsv, with `{}` filled in."""
    found = {}
    for row in rows("ihe/pam-rules.tsv"):
        for path in row["path"].split():
            field = re.match(r"\w{3}-\d+", path)
            found[row["rule"].replace("{}", field[0] if field else path)] = row["given"].replace("{}", field[0] if field else path)
    return found


def given(text: str, condition: str) -> str:
    """A text in which a condition holds."""
    for part in filter(None, condition.split(" and ")):
        no, path, sign, values = re.fullmatch(r"(not )?(\w{3}(?:-[\d.]+)?)(?: (=|!=) (.+))?", part).groups()  # type: ignore[union-attr]
        if no:
            text = put(text, path, "") if "-" in path else joined([line for line in text.split("\r") if line and not line.startswith(path)])
        elif sign:
            text = put(text, path, values.split()[0] if sign == "=" else "ZZ")
        elif not any(parse(text).get(path)):
            text = put(text, path, "x")
    return text


def broken(rule: Rule, text: str) -> Iterator[str]:
    """Texts with one thing changed, of which one should break the rule: another value at its place, its segment gone, twice or elsewhere."""
    condition, lines, name = conditions().get(rule.id, ""), [line for line in text.split("\r") if line], rule.id[-3:]
    field = re.match(r"\w{3}-\d+", rule.path)
    yield given(text, condition)
    for value in VALUES:
        for path in {rule.path, field[0] if field else rule.path}:
            yield given(put(text, path, value), condition)
            yield put(given(text, condition), path, value)
    for gone in ({name}, {rule.path[:3]}, {"PID", "MRG"}):
        yield joined([line for line in lines if line[:3] not in gone])
    for more in (f"{name}|1", f"{rule.path[:3]}|1", "OBR|1", "ZZZ|1", lines[1], "DG1|1\rROL|1", "IN2|1"):
        yield joined([*lines, more])
    yield joined([lines[0], *lines[:0:-1]])
    for at in range(1, len(lines)):
        yield joined([*lines[:at], lines[at], *lines[at:]])
    yield text.replace("^~\\&", "^~\\@", 1).replace("&", "@")
    yield text.replace("|", "!")
    yield put(text.encode("ascii", "replace").decode(), "MSH-18", "UNICODE UTF-8")


def breaking(rule: Rule, text: str) -> tuple[Message, list[Finding]]:
    """The first message that breaks a rule, and what is found in it."""
    for attempt in broken(rule, text):
        try:
            message = parse(attempt)
            findings = check(message, [rule])
        except (Unreadable, UnknownPath):
            continue
        if findings:
            return message, findings
    raise AssertionError(f"{rule.id} ({rule.path}, given {conditions().get(rule.id, '')!r}) found nothing in any of them")


def proved(rule: Rule, text: str) -> None:
    """The rule is kept by the text and broken by a change of it, and what it finds teaches."""
    assert check(parse(text), [rule]) == []
    message, findings = breaking(rule, text)
    for finding in findings:
        assert finding.rule == rule.id
        assert finding.what
        assert finding.why
        assert 0 <= finding.start <= finding.end <= len(message.text)
        if finding.fix:
            mended = parse(message.text[: finding.fix.start] + finding.fix.text + message.text[finding.fix.end :])
            assert len(check(mended, [rule])) < len(findings), "the fix mends what it promises to mend"


# The proof ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transaction, event", EVENTS, ids=lambda one: one.number if isinstance(one, Transaction) else one.trigger)
def test_the_rules_of_an_event_are_kept_and_broken(transaction: Transaction, event: Event) -> None:
    assert event.rules
    for rule in event.rules:
        proved(rule, sound(transaction.number, event.trigger))


def _common() -> dict[str, tuple[Rule, str]]:
    """Each rule for every request, with a sound message of an event that has its segment."""
    found: dict[str, tuple[Rule, str]] = {}
    for transaction, event in EVENTS:
        for rule in transaction.request_rules:
            text = sound(transaction.number, event.trigger)
            if f"{transaction.number} {rule.id}" not in found or f"\r{rule.path[:3]}|" in text:
                found.setdefault(f"{transaction.number} {rule.id}", (rule, text))
    return found


@pytest.mark.parametrize("rule, text", _common().values(), ids=list(_common()))
def test_a_common_rule_is_kept_and_broken(rule: Rule, text: str) -> None:
    proved(rule, text)


@pytest.mark.parametrize("rule", PAM[0].response_rules, ids=lambda rule: rule.id)
def test_a_rule_for_answers_is_kept_and_broken(rule: Rule) -> None:
    proved(rule, ACK)


@pytest.mark.parametrize("transaction, event", EVENTS, ids=lambda one: one.number if isinstance(one, Transaction) else one.trigger)
def test_what_the_kit_builds_is_sound(transaction: Transaction, event: Event) -> None:
    message = parse(sound(transaction.number, event.trigger))
    assert [finding for finding in judge(message, transaction) if finding.severity == "error"] == []
    assert transaction in candidates(message)
    assert transaction.event(message) is event


def test_the_profile_is_chosen_by_transaction_not_by_event_alone() -> None:
    assert {transaction.number for transaction in candidates(parse(sound("ITI-30", "ADT^A40")))} == {"ITI-30", "ITI-31"}


@pytest.mark.parametrize("transaction", PAM, ids=lambda transaction: transaction.number)
def test_ids_are_unique_and_rules_teach_and_cite(transaction: Transaction) -> None:
    for event in transaction.events:
        rules = [*transaction.request_rules, *event.rules]
        assert len({rule.id for rule in rules}) == len(rules)
        for rule in rules:
            first, *rest = re.split(r"(?<=[.?]) ", rule.says)
            assert first.endswith("."), rule.id
            assert rest, f"{rule.id}: after what is wrong comes why it matters"
            assert rule.spec.startswith("ITI TF-2 "), rule.id


# The account ----------------------------------------------------------------------------------------------------------------------------


def test_every_statement_has_its_rule_or_the_reason_why_no_message_can_show_it() -> None:
    known = {rule.id for transaction in PAM for rule in (*transaction.request_rules, *transaction.response_rules)}
    known |= {rule.id for _, event in EVENTS for rule in event.rules}
    known |= {row["rule"] for row in rows("ihe/pam-rules.tsv") if row["kind"] == "state"}
    known |= {transaction.standard.echo.rule for transaction in PAM if transaction.standard.echo}
    for row in REQUIREMENTS:
        assert row["shown"] or row["remark"], row["row"]
        assert set(row["shown"].split()) <= known, row["row"]
    assert len(REQUIREMENTS) >= 846
