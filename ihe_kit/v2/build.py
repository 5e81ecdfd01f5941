"""Named values to an HL7 v2 message. Clock and identifiers are passed in, so the same values give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ihe_kit.core import UnknownPath
from ihe_kit.rules import Finding
from ihe_kit.v2.dictionary import DEFAULT, Row, is_composite, segment, structure, supported
from ihe_kit.v2.message import Path, V2Message

Clock = Callable[[], datetime]
Ids = Callable[[], str]

_SYNTAX = V2Message("MSH|^~\\&")  # lends its delimiters and its escapes


def build(name: str, values: Mapping[str, str], clock: Clock, ids: Ids, version: str = DEFAULT) -> V2Message:
    """A message of a structure such as `ADT_A01`. `values` maps paths to values; delimiters in a value are escaped, "" is left out.

    A path to something composite (`MSH-9`) takes it as it is written (`ADT^A01^ADT_A01`). MSH-7 comes from the
    clock and MSH-10 from `ids` unless given. Raises UnknownPath for a path that the version does not have, ValueError for an unknown
    structure.
    """
    parts = structure(name, version)
    if not parts:
        raise ValueError(f"version {version} has no message structure {name!r}")
    moment = timestamp(clock())
    filled = {"MSH-7": moment, "MSH-10": values.get("MSH-10") or ids(), "MSH-12": version, **values}
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
        _put(segments.setdefault(key, [where.segment]), where, _written(path, value, version))
    for part in parts:
        if part.least and not part.children:
            segments.setdefault((order.index(part.key), 1, part.key), [part.key])
    lines = ["|".join(fields) for _, fields in sorted(segments.items())]
    return V2Message("".join(line + "\r" for line in [_header(lines[0]), *lines[1:]]))


def acknowledge(request: V2Message, code: str, clock: Clock, ids: Ids, findings: Sequence[Finding] = ()) -> V2Message:
    """The ACK that answers a request: AA, AE or AR, with one ERR per error finding (ITI TF-2 C.2.3; HL7 v2.5 section 2.9.2)."""
    one = {
        path: next(iter(request.get(path)), "") for path in ("MSH-3", "MSH-4", "MSH-5", "MSH-6", "MSH-9.2", "MSH-10", "MSH-11", "MSH-12.1")
    }
    values = {"MSH-3": one["MSH-5"], "MSH-4": one["MSH-6"], "MSH-5": one["MSH-3"], "MSH-6": one["MSH-4"]}
    values |= {
        "MSH-9": f"ACK^{one['MSH-9.2']}^ACK" if one["MSH-9.2"] else "ACK",
        "MSH-11": one["MSH-11"] or "P",
        "MSA-1": code,
        "MSA-2": one["MSH-10"],
    }
    for number, finding in enumerate((f for f in findings if f.severity == "error"), start=1):
        error = f"ERR[{number}]"
        values |= {f"{error}-2": _location(finding.path), f"{error}-3": _error_code(finding), f"{error}-4": "E"}
        values |= {f"{error}-7": f"{finding.rule}, {finding.spec}", f"{error}-8": finding.says}
    version = supported(one["MSH-12.1"])
    if len(segment("ERR", version)) == 1:  # before 2.5 an ERR has one field and cannot say what ours says
        version = DEFAULT
    return build("ACK", values, clock, ids, version)


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
    return value if is_composite(path, version) else _SYNTAX.escape(value)


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
    where = Path.read(path)
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
