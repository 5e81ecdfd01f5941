"""An HL7 v2 message against the message structure and the segments of its own version: what the base standard asks, before any profile.

The structures and segments are hl7apy's tables, read through `tables`. Every finding is given, none raises. `data/v2/findings.tsv` has what
can be found, with its severity; `structure` places the segments; `acceptors` lets sound fields pass and `fields` explains the others.

Deliberately not checked here:
- conditional fields (C): their conditions are prose. Profiles say the ones that matter as rules of their own;
- what a site decides: codes of tables that HL7 leaves empty, local segments (Z), the profiles that MSH-21 names;
- the switching of character sets inside a message (MSH-18 repeated, MSH-20);
- NULL (`""`): it says "delete what you hold", so it counts as a value and fits every data type and table.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ihe_kit.core import Element
from ihe_kit.rules import Finding
from ihe_kit.v2.charsets import same
from ihe_kit.v2.conformance_profile import ConformanceProfile, check, load, together
from ihe_kit.v2.fields import check_fields
from ihe_kit.v2.message import Segment, V2Message, writes
from ihe_kit.v2.paths import NAME
from ihe_kit.v2.report import Report
from ihe_kit.v2.structure import Placing, Problem, placed, structure_name
from ihe_kit.v2.tables import event_structure, instead, section, segment, structures, supported


def conform(message: V2Message, version: str | None = None, profile: ConformanceProfile | str | Path | None = None) -> list[Finding]:
    """Every place where a message breaks its structure, a usage, a repetition limit, a data type, a table, a length, an escape or its character
    set. `version`: the version to check it against, where that is not the one of MSH-12. `profile`: a conformance profile, or the XML of one
    (path or text), to check it against as well. Raises Unreadable for a profile that cannot be read.

    >>> from ihe_kit import v2
    >>> [f.path for f in conform(v2.parse("MSH|^~\\\\&|A|B|||20250230||ACK|1|P|2.5\\rMSA|AA|1"))]
    ['MSH-7']
    """
    narrower = load(profile) if isinstance(profile, (str, Path)) else profile
    report = Report(message, supported(version or message.version))
    if not version and instead(message.version):
        report.on("version-unknown", "MSH[1]-12[1]")
    if message.further:
        report.on("messages-further", "MSH[1]", count=message.further)
    _check_charset(report)
    _check_structure(report)
    check_fields(report)
    return together(report.result(), check(message, narrower)) if narrower else report.result()


# Characters ------------------------------------------------------------------------------------------------------------------------


def _check_charset(report: Report) -> None:
    message = report.message
    if message.text.isascii() or (body := message.text[message.body_start :]).isascii():
        return
    at, named = message.find("MSH[1]-18[1]")[0], message.named_charset
    if not any(name.strip() for name in message.get("MSH[1]-18")):  # Japanese messages leave the first one empty and switch to the second
        fix = ("Name UNICODE UTF-8", "UNICODE UTF-8") if message.charset == "utf-8" else None
        report.on("charset-unnamed", at, fix)
    elif named and (odd := next((c for c in dict.fromkeys(body) if not writes(c, named)), "")):
        report.on("charset-lacks", at, written=repr(odd))
    elif named and not same(named, message.charset):
        report.on("charset-other", at)


# Segments: presence, order, groups ---------------------------------------------------------------------------------------------------


def _check_structure(report: Report) -> None:
    message = report.message
    _check_name(report)
    placing = placed(message, report.version)
    if not placing.structure:
        report.on("structure-unknown", "MSH[1]-9", name=message.structure or message.trigger or "of this message")
    spec = _section(placing.structure, report.version)
    for problem in placing.problems:
        _problem(report, problem, placing, spec)
    for line in message.segments:
        if segment(line.name, report.version):
            continue
        if line.name[0] == "Z" and len(line.name) == 3:
            report.on("segment-local", _line(message, line), segment=line.name)
        elif not NAME.fullmatch(line.name):
            written = message.text[slice(*message.fields(line)[0])].strip()[:20]
            report.on("segment-name", _line(message, line), written=repr(written), structure=spec)


def _check_name(report: Report) -> None:
    """MSH-9.3 against the events that share a structure (table 0354)."""
    message, version = report.message, report.version
    named, trigger = message.structure, message.trigger
    expected = event_structure(trigger, version) or structure_name("", trigger, version)
    if expected in ("", named) or expected not in structures(version):
        return
    fix, facts = (f"Write {expected}", expected), {"trigger": trigger, "name": expected}
    if not named and version < "2.5":  # the third component was optional before
        return
    key = "structure-unnamed" if not named else "structure-other" if named in structures(version) else "structure-name"
    report.on(key, "MSH[1]-9[1].3", fix, **facts)


def _problem(report: Report, problem: Problem, placing: Placing, spec: str) -> None:
    """A problem of the structure, as a finding at the segment concerned or where a segment is missing."""
    message = report.message
    line = message.segments[problem.at] if problem.at >= 0 else message.segments[0]
    facts = {"structure": spec, "segment": problem.name, "name": placing.structure}
    if problem.kind == "missing":
        if problem.name == "DSC":  # the tables require it of some answers, but it stands only where a message is continued
            return
        group = bool(problem.names) and problem.names != (problem.name,)
        end = line.end if problem.at >= 0 else line.start
        where = f" from {problem.group.path}" if problem.group else ""
        path = f"{problem.group.path}.{problem.name}" if problem.group else problem.name
        facts |= {"where": where, "name": problem.name, "segment": " and ".join(problem.names) or problem.name}
        report.on("group-missing" if group else "segment-missing", Element(path, problem.name, "", end, end), **facts)
    elif problem.kind == "misplaced" and line.name not in problem.names:
        following = ", ".join(problem.names[:8]) + (" and others" if len(problem.names) > 8 else "")
        report.on("segment-order", _line(message, line), expected=f" Here may stand {following}." if following else "", **facts)
    elif problem.kind in ("misplaced", "repeated"):  # one that may stand here, but stands better elsewhere too, is one too many
        report.on(
            "segment-repeated" if line.name == problem.name else "group-repeated", _line(message, line), **facts | {"name": problem.name}
        )
    elif NAME.fullmatch(line.name):  # a line without a name of HL7's is said to be one
        report.on("segment-unknown", _line(message, line), **facts)


@lru_cache(maxsize=1024)
def _section(name: str, version: str) -> str:
    place = section(name, version)
    return f"HL7 v{version} section {place}, structure {name}" if place else f"HL7 v{version}, structure {name}"


def _line(message: V2Message, line: Segment) -> Element:
    return Element(message.path_of(line), line.name, message.text[line.start : line.end], line.start, line.end)
