"""What is found in a text that a reader types: read, checked against the transaction that it belongs to, repaired; and its line ends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ihe_kit.core import Message, Unreadable
from ihe_kit.profiles import candidates
from ihe_kit.profiles import transaction as by_number
from ihe_kit.rules import Finding, Fix, apart, repaired
from ihe_kit.verbs import build, parse, validate

ROUNDS = 10  # repairs may bring up others, which come in the next round


@dataclass
class Review:
    """What was found in a text. `unreadable` says why no rule was run; `transaction` is the number of the one that was checked."""

    message: Message | None = None
    findings: list[Finding] = field(default_factory=list)
    transaction: str = ""
    held: int = 0
    unreadable: Unreadable | None = None


def review(text: str, transaction: str = "", profile: Any = None, packages: Any = ()) -> Review:
    """Reads a text and checks it against a transaction, or against the one that the message shows itself to belong to; of FHIR, against a
    profile too, with the packages that define it.

    Never raises for what the text holds. Raises ValueError for a transaction that the kit does not know.
    """
    try:
        message = parse(text)
    except Unreadable as problem:
        return Review(unreadable=problem)
    chosen = by_number(transaction) if transaction else None
    if not chosen or chosen.standard.key != message.standard:  # then the message itself has to say
        shown = [t for t in candidates(message) if t.request_rules]
        chosen = shown[0] if len(shown) == 1 else None
    asked = {"profile": profile, "packages": packages or None} if message.standard == "fhir" else {}
    findings = validate(message, chosen, **asked)
    broken = {finding.rule for finding in findings}
    held = sum(rule.id not in broken for rule in chosen.rules(message)) if chosen else 0
    return Review(message, findings, chosen.number if chosen else "", held)


def typed(text: str) -> str:
    """The text as a textarea holds it: every line end is one line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def restored(text: str, before: str) -> str:
    """What a textarea holds, with the line ends that the standard wants: CR in HL7 v2 (CRLF where the text before had it), CRLF in an
    HTTP head. Text that nobody changed is the text before.
    """
    if text == typed(before):
        return before
    if re.match(r"\s*(MSH|FHS|BHS)", text):
        return text.replace("\n", "\r\n" if "\r\n" in before else "\r")
    head, gap, body = text.partition("\n\n")
    http = re.match(r"[A-Z]+ \S+ HTTP/1|HTTP/1", head) and gap
    return f"{head}{gap}".replace("\n", "\r\n") + body if http else text


def mended(text: str, transaction: str = "", profile: Any = None, packages: Any = ()) -> tuple[str, int]:
    """A text after every repair that its findings offer, and the repairs that come up then; and how many there were."""
    made, seen = 0, {text}
    for _ in range(ROUNDS):
        fixes = apart(finding.fix for finding in review(text, transaction, profile, packages).findings if finding.fix)
        after = repaired(text, fixes)
        if after in seen:  # no repair, or one that brings back what another took away
            break
        text, made = after, made + len(fixes)
        seen.add(text)
    return text, made


def example(mistakes: bool = False) -> str:
    """An admission (ITI-31), sound or with five mistakes."""
    from ihe_kit.crosswalk import person
    from ihe_kit.region import story_clock, story_ids

    message = build("ITI-31", person("ingrid"), story_clock(), story_ids())
    wrong = {"PID-3.4": "", "EVN-6": "", "PID-8": "K", "PV1-2": "", "PV1-51": ""} if mistakes else {}
    fixes = [Fix("", element.start, element.end, text) for path, text in wrong.items() for element in message.find(path)]
    return repaired(message.text, fixes)
