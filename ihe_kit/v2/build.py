"""Named values to an HL7 v2 message. Clock and identifiers are passed in, so the same values give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ihe_kit.core import UnknownPath
from ihe_kit.rules import Finding
from ihe_kit.v2.dictionary import is_composite
from ihe_kit.v2.message import V2Message, parse, without_controls
from ihe_kit.v2.paths import Path
from ihe_kit.v2.tables import DEFAULT, Row, segment, structure, supported

Clock = Callable[[], datetime]
Ids = Callable[[], str]

_SYNTAX = V2Message("MSH|^~\\&")  # lends its delimiters and its escapes


def build(name: str, values: Mapping[str, str], clock: Clock, ids: Ids, version: str = DEFAULT) -> V2Message:
    """A message of a structure such as `ADT_A01`. `values` maps paths to values; delimiters in a value are escaped, "" is left out.

    A path to something composite (`MSH-9`) takes it as it is written (`ADT^A01^ADT_A01`). MSH-7 comes from the
    clock and MSH-10 from `ids` unless given. Raises UnknownPath for a path that the version does not have, ValueError for an unknown
    structure.
    """
    written = {path: _written(path, value, version) if value else "" for path, value in values.items()}
    return _assemble(name, written, clock, ids, version)


def _assemble(name: str, written: Mapping[str, str], clock: Clock, ids: Ids, version: str) -> V2Message:
    """The message of values that are already written as HL7 v2 writes them."""
    parts = structure(name, version)
    if not parts:
        raise ValueError(f"version {version} has no message structure {name!r}")
    moment = timestamp(clock())
    filled = {"MSH-7": moment, "MSH-10": written.get("MSH-10") or ids(), "MSH-12": version, **written}
    if any(not value.isascii() for value in filled.values()):
        filled.setdefault("MSH-18", "UNICODE UTF-8")
    filled = {path: value for path, value in filled.items() if value}
    order = _order(parts)
    segments: dict[tuple[int, int, str], list[str]] = {}
    for path, value in filled.items():
        where = Path.read(path)
        if where.segment not in order:
            raise UnknownPath(f"{name} has no segment {where.segment}, so there is no place for {path}")
        key = (order.index(where.segment), where.occurrence or 1, where.segment)
        _put(segments.setdefault(key, [where.segment]), where, value)
    for part in parts:
        if part.least and not part.children:
            segments.setdefault((order.index(part.key), 1, part.key), [part.key])
    lines = ["|".join(fields) for _, fields in sorted(segments.items())]
    return parse("".join(line + "\r" for line in [_header(lines[0]), *lines[1:]]))


def acknowledge(request: V2Message, code: str, clock: Clock, ids: Ids, findings: Sequence[Finding] = ()) -> V2Message:
    """The ACK that answers a request: AA, AE or AR, with one ERR per error finding (ITI TF-2 C.2.3; HL7 v2.5 section 2.9.2).

    Whatever the request holds, it is answered, and what is echoed stands as the sender wrote it: by MSA-2 it finds its own message again.
    """
    one = {number: _echo(request, f"MSH[1]-{number}") for number in (3, 4, 5, 6, 10, 11)}
    event = _echo(request, "MSH[1]-9[1].2")
    values = {"MSH-3": one[5], "MSH-4": one[6], "MSH-5": one[3], "MSH-6": one[4]}
    values |= {"MSH-9": f"ACK^{event}^ACK" if event else "ACK", "MSH-11": one[11] or "P", "MSA-1": code, "MSA-2": one[10]}
    for number, finding in enumerate((f for f in findings if f.severity == "error"), start=1):
        error = f"ERR[{number}]"
        values |= {f"{error}-2": _location(finding.path), f"{error}-3": _error_code(finding), f"{error}-4": "E"}
        values |= {f"{error}-7": _SYNTAX.escape(f"{finding.rule}, {finding.spec}"), f"{error}-8": _SYNTAX.escape(finding.says)}
    version = supported(request.version)
    if len(segment("ERR", version)) == 1:  # before 2.5 an ERR has one field and cannot say what ours says
        version = DEFAULT
    return _assemble("ACK", values, clock, ids, version)


def refuse(request: V2Message | None, problem: str | Sequence[Finding], clock: Clock, ids: Ids) -> V2Message:
    """HL7 v2's own error answer: AR with the reason where the message could not be read or taken at all, AE with the findings otherwise."""
    if isinstance(problem, str):
        reason = Finding("error", "MSH", 0, 0, "", problem, "UNREADABLE", "HL7 v2.5 section 2.9.2")
        return acknowledge(request or _SYNTAX, "AR", clock, ids, [reason])
    rejected = any(finding.rule.endswith(("UNSUPPORTED-EVENT", "UNSUPPORTED-TYPE")) for finding in problem)
    return acknowledge(request or _SYNTAX, "AR" if rejected else "AE", clock, ids, problem)


def timestamp(moment: datetime) -> str:
    """A moment as HL7 writes it, to the second and with its zone: `20250303080000+0100` (HL7 v2.5 section 2.A.22)."""
    return moment.strftime("%Y%m%d%H%M%S%z")


def _order(parts: Sequence[Row]) -> list[str]:
    names: list[str] = []
    for part in parts:
        names += _order(part.children) if part.children else [part.key]
    return list(dict.fromkeys(names))


def _written(path: str, value: str, version: str) -> str:
    return without_controls(value) if is_composite(path, version) else _SYNTAX.escape(value)


def _echo(request: V2Message, path: str) -> str:
    """A field of the request, whole and as it is written there; only control characters, which could end our line or frame, are escaped."""
    places = request.find(path)
    text = request.text[places[0].start : places[-1].end] if places else ""
    if (request.field_separator, request.marks[:4]) == (_SYNTAX.field_separator, _SYNTAX.marks):
        return without_controls(text)
    return _rewritten(request, text, (request.repetition_separator, request.component_separator, request.subcomponent_separator), "~^&")


def _rewritten(request: V2Message, text: str, theirs: Sequence[str], ours: str) -> str:
    """A text with our delimiters in the place of the request's."""
    if not ours:
        return _SYNTAX.escape(request.unescape(text))
    return ours[0].join(_rewritten(request, part, theirs[1:], ours[1:]) for part in text.split(theirs[0]))


def _put(fields: list[str], where: Path, value: str) -> None:
    """Writes the value at its place among the fields, with as many delimiters as are missing before it."""

    def put(text: str, separator: str, number: int, inner: Callable[[str], str]) -> str:
        if not number:
            return inner(text)
        parts = text.split(separator)
        parts += [""] * (number - len(parts))
        parts[number - 1] = inner(parts[number - 1])
        return separator.join(parts)

    fields += [""] * (where.field + 1 - len(fields))
    fields[where.field] = put(
        fields[where.field],
        "~",
        where.repetition or (1 if "~" in fields[where.field] else 0),
        lambda repetition: put(
            repetition, "^", where.component, lambda component: put(component, "&", where.subcomponent, lambda _: value)
        ),
    )


def _header(line: str) -> str:
    """MSH-1 is the separator itself, so the fields of MSH stand one place further to the left than their numbers say."""
    return "MSH|^~\\&|" + line.split("|", 3)[-1]


def _location(path: str) -> str:
    """A path as ERR-2 names places: segment, its number, field, repetition, component, subcomponent."""
    try:
        where = Path.read(path)
    except UnknownPath:  # a line whose name is none of HL7's has no numbers that a receiver could count
        return "".join(re.findall("^[A-Za-z0-9_]+", path))
    numbers = [where.field, where.repetition or 1, where.component, where.subcomponent]
    while numbers and not numbers[-1]:
        numbers.pop()
    return "^".join([where.segment, str(where.occurrence or 1), *map(str, numbers if where.field else ())])


def _error_code(finding: Finding) -> str:
    """The code of HL7 table 0357 that comes nearest to a finding."""
    for ending, code in _ERROR_CODES:
        if finding.rule.endswith(ending):
            return code
    if "-" not in finding.path:
        return "100^Segment sequence error^HL70357"
    return "101^Required field missing^HL70357" if not finding.found else "207^Application internal error^HL70357"


_ERROR_CODES = (
    ("UNSUPPORTED-TYPE", "200^Unsupported message type^HL70357"),
    ("UNSUPPORTED-EVENT", "201^Unsupported event code^HL70357"),
    ("ALREADY-ADMITTED", "205^Duplicate key identifier^HL70357"),
    ("DATA-TYPE", "102^Data type error^HL70357"),
    ("TABLE", "103^Table value not found^HL70357"),
)
