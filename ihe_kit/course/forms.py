"""The forms of an exercise that are more than fields to fill: a puzzle, a message to break, a message to write, and a worked example that fades.

Each function here returns an ordinary Exercise (or its parts), with a check that says what is right, what is not yet, and where to look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ihe_kit.core import Element, Message, Unreadable
from ihe_kit.course.cutting import put
from ihe_kit.course.items import Answer, Check, Context, Exercise, Part, Step, Tile, Verdict, Wrong
from ihe_kit.exchanges import Exchange
from ihe_kit.region import Sandbox
from ihe_kit.rules import Rule
from ihe_kit.rules import check as findings
from ihe_kit.verbs import exchange, parse, transactions, validate

# Put in order -------------------------------------------------------------------------------------------------------------------------

Pair = tuple[str, str, str]  # (the tile that comes first, the one that comes after it, why)


def order(*, tiles: Sequence[Tile], solution: Sequence[str], before: Sequence[Pair], **item: Any) -> Exercise:
    """A puzzle: put the tiles in order. `solution` names one right order, `before` the pairs whose order matters: every order that keeps
    them is right. A tile that the solution leaves out does not belong, and its `why` says so; that of the others says why it is needed.
    """
    known = {tile.key: tile for tile in tiles}

    def look(answer: Answer, _: Context) -> Verdict:
        return in_order(answer, known, tuple(solution), before, item["why"])

    return Exercise(parts=(), tiles=tuple(tiles), solution=tuple(solution), check=look, kind="Put in order", **({"standard": "v2"} | item))


def in_order(answer: Answer, known: Mapping[str, Tile], solution: Sequence[str], before: Sequence[Pair], why: str) -> Verdict:
    """What does not belong first, then what is missing, then the first pair that stands the wrong way round."""
    extra = tuple(key for key in answer if key not in solution)
    missing = [key for key in solution if key not in answer]
    place = {key: at for at, key in enumerate(answer)}
    turned = [pair for pair in before if pair[0] in place and pair[1] in place and place[pair[0]] > place[pair[1]]]
    faults = extra + tuple(dict.fromkeys(key for first, then, _ in turned for key in (first, then)))
    fine = f"{len([key for key in answer if key not in faults])} of {len(solution)} stand well."
    if extra:
        return Verdict(
            False,
            f"{fine} {_named(known, extra[0])} does not belong here.",
            known[extra[0]].why if extra[0] in known else "",
            faults=faults,
        )
    if missing:
        return Verdict(False, f"{fine} {_named(known, missing[0])} is missing.", known[missing[0]].why, faults=faults)
    if turned:
        first, then, reason = turned[0]
        return Verdict(False, f"{fine} {_named(known, first)} comes before {_named(known, then)}.", reason, faults=faults)
    return Verdict(True, f"Right, all {len(solution)} in order.", why)


def _named(known: Mapping[str, Tile], key: str) -> str:
    """A tile in a sentence: its key where that says something, otherwise its words."""
    tile = known.get(key)
    return f"`{key}`" if not tile or key[:1].isupper() else f"*{tile.says}*" if " " not in tile.says else f"“{tile.says}”"


# Break it -----------------------------------------------------------------------------------------------------------------------------

ANSWERS = (
    "AA: accepted",
    "AE: refused, something in the message is wrong",
    "AR: rejected, this receiver takes no such message",
    "nothing: no answer comes",
)
WHICH = "First say which answer will come"
WHERE = "And which place it will name"
BEFORE = "nothing: it names none"


def acknowledged(sent: Exchange) -> tuple[str, str]:
    """(MSA-1, the place that ERR-2 names, such as `PID-3`); an HTTP status in the place of MSA-1 for the other standards; `nothing` where none came."""
    if not sent.answer:
        return "nothing", "nothing"
    code = _first(sent.answer, "MSA-1") or _first(sent.answer, "response.status")
    segment, _, field = [*_first(sent.answer, "ERR-2").split("^"), "", ""][:3]
    return code, f"{segment}-{field}" if field else segment or "nothing"


def acknowledgment(sent: Exchange) -> tuple[str, str]:
    """What a prediction reads in an exchange: (MSA-1, how it is shown); `lost` and the reason where no answer came."""
    code = _first(sent.answer, "MSA-1") if sent.answer else ""
    return (code, f"ACK {code}") if code else ("lost", sent.lost)


def _unread(problem: Unreadable, says: str, advice: str = "") -> Verdict:
    """What is said of an answer that is no message."""
    return Verdict(False, says, f"{problem.says[:1].upper()}{problem.says[1:]} (line {problem.line}).{advice}")


def _first(message: Message, path: str) -> str:
    try:
        return next(iter(message.get(path)), "")
    except ValueError:  # a path of another standard
        return ""


def break_it(
    *,
    sound: str,
    wants: Sequence[str],
    places: Sequence[str],
    solution: tuple[str, str, Mapping[str, str] | str],
    reasons: Mapping[str, str],
    transaction: str = "ITI-31",
    changes: Mapping[str, Mapping[str, str]] | None = None,
    answers: Sequence[str] = ANSWERS,
    read: Callable[[Exchange], tuple[str, str]] = acknowledged,
    first: Callable[[Sandbox], object] | None = None,
    **item: Any,
) -> Exercise:
    """Make the system refuse, and say beforehand how. The message is sent for real, to systems of the check's own.

    `sound` is the message to break; `wants` the codes that count as broken (`("AE",)`); `places` what may be chosen as the place that the
    answer names. `solution` is (code, place, the change): a change maps paths to values (`{"PID-3.4": ""}`). With `changes` the learner
    chooses one of them by its words instead of typing, and the solution's third part is these words. `reasons` says for a code what it
    means that it came (`{"AA": "..."}`). `first` prepares the systems; `read` turns an exchange into (code, place).
    """

    def changed(third: str) -> str:
        return put(sound, changes[third]) if changes and third in changes else third

    def look(answer: Answer, context: Context) -> Verdict:
        code, place, text = answer[0].partition(":")[0], answer[1].partition(":")[0], changed(answer[2])
        try:
            request = parse(text, transactions()[transaction].standard.key)
        except Unreadable as problem:
            return _unread(problem, "That is no message any more, so nothing was sent.", " Break it more gently.")
        with context.sandbox() as box:
            if first:
                first(box)
            sent = exchange(transaction, request, box)
        return judged((code, place), read(sent), _reason(sent), wants, reasons, item["why"])

    def written(code: str) -> str:
        return next((option for option in answers if option.partition(":")[0] == code), code)

    choice = Part("Then choose a change", options=tuple(changes)) if changes else None
    message = choice or Part("Then change the message", lines=sound.count("\r"), given=sound)
    done = solution[2] if isinstance(solution[2], str) else put(sound, solution[2])
    parts = (Part(WHICH, options=tuple(answers)), Part(WHERE, options=(*places, BEFORE)), message)
    options = {"standard": "v2"} | item
    return Exercise(
        parts=parts, solution=(written(solution[0]), solution[1], done), check=look, kind="Break it", button="Send it", **options
    )


def judged(
    said: tuple[str, str], came: tuple[str, str], reason: str, wants: Sequence[str], reasons: Mapping[str, str], why: str
) -> Verdict:
    """Prediction and answer beside each other, and what the difference means."""
    verdict = _judged(said, came, wants, reasons, why)
    return replace(verdict, predicted=_pair(*said), happened=_pair(*came) + (f": {reason}" if reason else ""))


def _judged(said: tuple[str, str], came: tuple[str, str], wants: Sequence[str], reasons: Mapping[str, str], why: str) -> Verdict:
    meant = reasons.get(came[0], "" if came[0] in wants else "The receiver saw nothing that it would refuse in this way.")
    if came[0] not in wants and said == came:
        return Verdict(False, f"You foresaw it: {_pair(*came)}. But the task wants {' or '.join(wants)}.", meant)
    if came[0] not in wants:
        more = "" if said[0] == came[0] else f" You said {said[0]}."
        return Verdict(False, f"Not yet: {_word(came[0])}, and the task wants {' or '.join(wants)}.{more}", meant)
    if said[0] != came[0]:
        return Verdict(False, f"It is broken, but you said {said[0]}, and {_word(came[0])}.", meant)
    if said[1] != came[1]:
        other = "it names no place" if came[1] == "nothing" else f"for another place: {came[1]}"
        return Verdict(False, f"{came[0]}, as you said, but {other}.", "Read what the answer says about it, and say it again.")
    return Verdict(True, f"Broken as you said: {_pair(*came)}.", why)


def _pair(code: str, place: str) -> str:
    return code if place in ("", "nothing") else f"{code}, {place}"


def _word(code: str) -> str:
    return "no answer came" if code == "nothing" else f"{code} came"


def _reason(sent: Exchange) -> str:
    """What the answer says in words: the first sentence of ERR-8."""
    said = _first(sent.answer, "ERR-8") if sent.answer else sent.lost
    return said.partition(". ")[0].rstrip(".")


# A message as the answer --------------------------------------------------------------------------------------------------------------


def by_message(rules: Sequence[Rule], says: str, why: str, transaction: str | None = None, at: int = -1) -> Check:
    """A check of an answer that is a whole message: first the points of the task, each a Rule, then all that its standard and its
    transaction ask. `at` tells which part of the answer holds the message.
    """

    def look(answer: Answer, _: Context) -> Verdict:
        try:
            message = parse(answer[at])
        except Unreadable as problem:
            return _unread(problem, "It cannot be read yet.")
        open_points = findings(message, rules)
        if open_points:
            met = len(rules) - len({finding.rule for finding in open_points})
            point = min(open_points, key=lambda finding: [rule.id for rule in rules].index(finding.rule))
            rule = next(rule for rule in rules if rule.id == point.rule)
            return Verdict(False, f"{met} of {len(rules)} points are met. {point.what}", f"{_astray(message, rule)} {point.why}".strip())
        found = next((finding for finding in validate(message, transaction) if finding.severity == "error"), None)
        if found:
            return Verdict(
                False,
                f"The task is met, but a receiver would refuse the message. {found.what}",
                f"{found.why} ({found.path}, {found.spec})",
            )
        return Verdict(True, says, why)

    return look


def _astray(message: Message, rule: Rule) -> str:
    """Where the value that a rule asks for stands, if it stands next door: `I stands in PV1-1, one bar early.`"""
    found = re.fullmatch(r"(\w{3})-(\d+)(?:\.(\d+))?", rule.path)
    if not found:
        return ""
    segment, field, component = found[1], int(found[2]), int(found[3] or 0)
    before, mark = (f"{segment}-{field}.", "caret") if component else (f"{segment}-", "bar")
    for by, where in ((-1, "early"), (1, "late")):
        path = f"{before}{(component or field) + by}"
        value = _first(message, path)
        if value and _asks_for(rule, message.find(path), message):
            return f"{value} stands in {path}, one {mark} {where}."
    return ""


def _asks_for(rule: Rule, elements: Sequence[Element], message: Message) -> bool:
    """Whether a rule is content with these elements and would not be with just anything."""
    other = [replace(element, value="?") for element in elements]
    return not list(rule.test(elements, message)) and bool(list(rule.test(other, message)))


# A worked example that fades ----------------------------------------------------------------------------------------------------------


def faded(steps: Sequence[Step], given: Sequence[int] = ()) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """(the parts, the solution) of an exercise that goes through the steps of a worked example. Those whose numbers (from 0) are in `given`
    are done already; with none, the exercise is blank.
    """
    parts = tuple(Part(step.label, given=step.value, fixed=True) if k in given else Part(step.label) for k, step in enumerate(steps))
    return parts, tuple(step.value for step in steps)


def by_steps(steps: Sequence[Step], says: str, why: str, slips: Mapping[int, Callable[[str], str]] | None = None) -> Check:
    """A check of the steps, from the first to the last. `slips` may say more of a wrong answer to a step, or "" where it knows no more; what they
    say of a later step is told, too, as a wrong step seldom comes alone.
    """

    def look(answer: Answer, _: Context) -> Verdict:
        wrong = [k for k, (step, text) in enumerate(zip(steps, answer, strict=True)) if not _fits(text, step)]
        if not wrong:
            return Verdict(True, says, why)
        step, text = steps[wrong[0]], answer[wrong[0]]
        slip = (slips or {}).get(wrong[0])
        more = _nearly(text, step) or (slip(text) if slip else "") or step.how
        later = [slips[k](answer[k]) for k in wrong[1:] if slips and k in slips]
        met = f"{len(steps) - len(wrong)} of {len(steps)} steps are right. Look again at “{step.label}”."
        return Verdict(False, met, " ".join(filter(None, (more, *later))))

    return look


def _fits(text: str, step: Step) -> bool:
    return text == step.value if step.exact else _plain(text) == _plain(step.value)


def _nearly(text: str, step: Step) -> str:
    """What to say of an answer that would fit, did every character not count."""
    if _plain(text) != _plain(step.value):
        return ""
    if text.lower() == step.value.lower():
        return "All is there, but capitals and small letters are not the same here."
    return (
        f"All is there, but the spaces differ. Every character counts on the wire: {len(step.value)} are needed, and you wrote {len(text)}."
    )


def _plain(text: str) -> str:
    """A list is a list, however its members are set apart."""
    return "".join(word for word in re.split(r"[\s,;]+", text.lower()) if word != "and")


__all__ = ["ANSWERS", "Wrong", "acknowledged", "acknowledgment", "break_it", "by_message", "by_steps", "faded", "order"]
