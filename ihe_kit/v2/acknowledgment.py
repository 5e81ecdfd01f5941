"""The acknowledgment of a message: which answers its sender asked for, and how they are written (ITI TF-2 Appendix C.2.3).

Two modes. In the original mode one answer comes, when the message was taken: AA, AE or AR. In the enhanced mode, which MSH-15 and MSH-16 ask
for, the receiver first says that it keeps the message safe (CA, CE, CR) and later what became of it (AA, AE, AR).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from ihe_kit.core import UnknownPath
from ihe_kit.files import rows
from ihe_kit.rules import Finding
from ihe_kit.v2.escapes import without_controls
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.paths import Path
from ihe_kit.v2.tables import DEFAULT, segment, supported

Clock = Callable[[], datetime]
Ids = Callable[[], str]

_SYNTAX = V2Message("MSH|^~\\&")  # lends its delimiters and its escapes


@dataclass(frozen=True, slots=True)
class Asked:
    """Which acknowledgments a message asks for: the values of MSH-15 and MSH-16 (HL7 table 0155), both "" in the original mode.

    Where one of the two stands alone, the other acknowledgment was not asked for. A value that the table does not have counts as AL: an answer
    too many does less harm than silence. Both are this kit's decisions; the standard leaves the cases open.
    """

    accept: str = ""
    application: str = ""

    @property
    def enhanced(self) -> bool:
        return bool(self.accept or self.application)

    @property
    def silent(self) -> bool:
        """No answer at all is wanted, whatever happens."""
        return self.accept in ("NE", "") and self.application in ("NE", "") and self.enhanced

    def wants(self, code: str) -> bool:
        """Whether an answer with this code in MSA-1 is to be sent."""
        if not self.enhanced:
            return True
        condition = self.accept if code[:1] == "C" else self.application
        return condition not in ("NE", "", "SU" if code[1:] in ("E", "R") else "ER")

    def waits(self, came: Iterable[str]) -> str:
        """What is still to come after answers with these codes in MSA-1: `must` one come, `may` one come (ER, SU), or "" for none."""
        codes = tuple(came)
        if any(not code.startswith("C") or code in ("CE", "CR") for code in codes):  # the application has spoken, or never will
            return ""
        conditions = (self.application, "" if codes else self.accept) if self.enhanced else ("AL",)
        open_now = [condition for condition in conditions if condition not in ("", "NE")]
        return "" if not open_now else "may" if all(condition in ("ER", "SU") for condition in open_now) else "must"


def asked(message: V2Message) -> Asked:
    """Which acknowledgments a message asks for.

    >>> from ihe_kit.v2.message import parse
    >>> asked(parse("MSH|^~\\\\&|||||||ADT^A01|7|P|2.5|||AL|ER"))
    Asked(accept='AL', application='ER')
    """
    return Asked(*(next(iter(message.get(f"MSH[1]-{number}")), "").strip().replace('""', "") for number in (15, 16)))


def acknowledge(
    request: V2Message, code: str, clock: Clock, ids: Ids, findings: Sequence[Finding] = (), expected: int | None = None
) -> V2Message:
    """The ACK that answers a request, with `code` in MSA-1 and one ERR per error finding (ITI TF-2 C.2.3; HL7 v2.5 section 2.9.2).

    Whatever the request holds, it is answered, and what is echoed stands as the sender wrote it: by MSA-2 it finds its own message again.
    `expected` is the sequence number of MSA-4, for those who use that protocol.
    """
    sender, place, receiver, there, control, processing = (echoed(request, number) for number in (3, 4, 5, 6, 10, 11))
    event = _ours(request, [*request.header(9).partition(request.repetition_separator)[0].split(request.component_separator), ""][1])
    kind = f"ACK^{event}^ACK" if event else "ACK"
    errors = [_error(finding) for finding in findings if finding.severity == "error"]
    version = supported(request.version)
    if len(segment("ERR", version)) == 1:  # before 2.5 an ERR has one field and cannot say what ours says
        version = DEFAULT
    header = [
        "MSH",
        "^~\\&",
        receiver,
        there,
        sender,
        place,
        clock().strftime("%Y%m%d%H%M%S%z"),
        "",
        kind,
        ids(),
        processing or "P",
        version,
    ]
    answered = ["MSA", code, control, "", "" if expected is None else str(expected)]
    text = _lines(header, answered, *errors)
    return V2Message(text if text.isascii() else _lines([*header, *[""] * 5, "UNICODE UTF-8"], answered, *errors))


def _lines(*lines: Sequence[str]) -> str:
    return "".join("|".join(fields).rstrip("|") + "\r" for fields in lines)


def refuse(
    request: V2Message | None, problem: str | Sequence[Finding], clock: Clock, ids: Ids, commit: bool = False, expected: int | None = None
) -> V2Message:
    """HL7 v2's own error answer: AR with the reason where the message could not be read or taken at all, AE with the findings otherwise.

    With `commit` it is the enhanced mode's first answer, CR or CE. A finding whose rule ends with a word of `data/v2/error-codes.tsv` gets
    the code of that row in ERR-3; one that says UNSUPPORTED or REJECTED makes the answer a rejection.
    """
    if isinstance(problem, str):
        problem, code = [Finding("error", "MSH", 0, 0, "", problem, "UNREADABLE", "HL7 v2.5 section 2.9.2")], "AR"
    else:
        code = "AR" if any(re.search("UNSUPPORTED|REJECTED", finding.rule) for finding in problem) else "AE"
    return acknowledge(request or _SYNTAX, "C" + code[1] if commit else code, clock, ids, problem, expected)


def echoed(request: V2Message, number: int) -> str:
    """A field of the request's header, whole and as it is written there; only control characters, which could end our line or frame, are escaped."""
    return _ours(request, request.header(number))


def _ours(request: V2Message, text: str) -> str:
    """A text of the request with our delimiters."""
    if (request.field_separator, request.marks[:4]) == (_SYNTAX.field_separator, _SYNTAX.marks):
        return without_controls(text)
    return _rewritten(request, text, (request.repetition_separator, request.component_separator, request.subcomponent_separator), "~^&")


def _rewritten(request: V2Message, text: str, theirs: Sequence[str], ours: str) -> str:
    """A text with our delimiters in the place of the request's."""
    if not ours:
        return _SYNTAX.escape(request.unescape(text))
    return ours[0].join(_rewritten(request, part, theirs[1:], ours[1:]) for part in text.split(theirs[0]))


def _error(finding: Finding) -> list[str]:
    why = _SYNTAX.escape(f"{finding.rule}, {finding.spec}")
    return ["ERR", "", _location(finding.path), error_code(finding), "E", "", "", why, _SYNTAX.escape(finding.says)]


def _location(path: str) -> str:
    """A path as ERR-2 names places: segment, its number, field, repetition, component, subcomponent."""
    try:
        where = Path.read(path)
    except UnknownPath:  # a line whose name is none of HL7's
        name, number = (re.sub(r"\W.*", "", part, flags=re.ASCII | re.DOTALL) for part in path.partition("[")[::2])
        return f"{name[:3]}^{number or 1}" if name else ""
    numbers = [where.field, where.repetition or 1, where.component, where.subcomponent]
    while numbers and not numbers[-1]:
        numbers.pop()
    return "^".join([where.segment, str(where.occurrence or 1), *map(str, numbers if where.field else ())])


def error_code(finding: Finding) -> str:
    """The code of HL7 table 0357 that comes nearest to a finding, as ERR-3 writes it."""
    codes, endings = _codes()
    code = next((code for ending, code in endings if finding.rule.endswith(ending)), "")
    if not code:
        code = "100" if "-" not in finding.path else "207" if finding.found else "101"
    return f"{code}^{codes[code]}^HL70357"


@lru_cache(maxsize=1)
def _codes() -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    known = rows("v2/error-codes.tsv")
    return {row["code"]: row["name"] for row in known}, tuple((end, row["code"]) for row in known for end in row["endings"].split())
