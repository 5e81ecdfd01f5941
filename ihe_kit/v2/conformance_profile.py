"""HL7 v2 conformance profiles in XML (HL7 v2.5 section 2.12), as IHE Gazelle publishes them: read, and held against a message.

A profile narrows the base standard: which segments and groups, how often, which fields and components are required (R), required where known
(RE), optional (O), conditional (C, CE) or not to be sent (X), how long they may be, and which constant they hold. `conformance` checks a message
against the standard first; here only what the profile adds is judged.

Deliberately not checked: C and CE (their predicates are prose), RE (a sender that does not know the value leaves it out), and the dynamic
definition (which acknowledgments are sent).

The XML comes from others: a document type is refused, as entities come with it, and so are files too long or too deep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from xml.parsers import expat

from ihe_kit.core import Element, Unreadable
from ihe_kit.rules import SEVERITIES, Finding
from ihe_kit.v2 import coded
from ihe_kit.v2.grammar import Grammar
from ihe_kit.v2.message import HEADERS, Segment, Span, V2Message
from ihe_kit.v2.paths import MOST_PARTS
from ihe_kit.v2.report import Report
from ihe_kit.v2.structure import Group, Placing, against
from ihe_kit.v2.tables import Row, supported

MOST_BYTES, MOST_DEPTH = 10_000_000, 16
PARTS = ("SegGroup", "Segment", "Field", "Component", "SubComponent")
NOTES = ("ImpNote", "Reference", "Predicate")
ROOT = "HL7v2xConformanceProfile"


@dataclass(slots=True)
class Part:
    """A group, segment, field, component or subcomponent of a profile. `most` is -1 where there is no limit, `length` 0 where none is given."""

    kind: str
    name: str
    usage: str = "O"
    least: int = 0
    most: int = 1
    type: str = ""
    table: str = ""
    length: int = 0
    constant: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)


@dataclass
class ConformanceProfile:
    """A static definition: for which message it is, and the tree of its parts."""

    version: str
    trigger: str
    structure: str
    title: str
    parts: list[Part]

    @cached_property
    def grammar(self) -> Grammar:
        """Its groups and segments, as a message is read by them. What must not be sent is no part of it."""
        return Grammar(self.structure, tuple(_row(part) for part in self.parts if part.usage != "X"))

    @cached_property
    def segments(self) -> dict[tuple[str, ...], Part]:
        """Every segment, under the names of its groups and its own."""
        return dict(_segments(self.parts))


def _row(part: Part) -> Row:
    """A group or segment as a row of a grammar."""
    children = tuple(_row(child) for child in part.parts if child.usage != "X") if part.kind == "SegGroup" else ()
    least = max(part.least, 1) if part.usage == "R" else 0
    return Row(part.name, part.name, "group" if children else "segment", "", least, part.most, children)


# Reading -----------------------------------------------------------------------------------------------------------------------------


def load(source: str | Path) -> ConformanceProfile:
    """A profile from XML text or from the path of a file. Raises Unreadable, which names the line, and OSError for a file that is not there."""
    text = source.lstrip("\ufeff \t\r\n") if isinstance(source, str) else ""
    data = text.encode(errors="replace") if text.startswith("<") else Path(source).read_bytes()
    if len(data) > MOST_BYTES:
        raise Unreadable(f"expected a conformance profile of at most {MOST_BYTES:,} bytes, but it has {len(data):,}")
    return _read(data, "utf-8" if text else None)


@lru_cache(maxsize=8)
def _read(data: bytes, encoding: str | None) -> ConformanceProfile:
    """Remembered, because a folder of messages is held against the same profile."""
    return _Reader(data, encoding).profile()


class _Reader:
    """Builds the tree while expat reads the text."""

    def __init__(self, data: bytes, encoding: str | None) -> None:
        self.parser = expat.ParserCreate(encoding)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._text
        self.names: list[str] = []
        self.open: list[Part] = [Part("", "")]
        self.head: dict[str, dict[str, str]] = {}
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as problem:
            raise self._unreadable(f"expected well-formed XML, but {expat.ErrorString(problem.code)}") from None

    def profile(self) -> ConformanceProfile:
        top, static = self.head.get(ROOT), self.head.get("HL7v2xStaticDef")
        if top is None or static is None:
            raise Unreadable(f"expected {ROOT} with HL7v2xStaticDef in it")
        trigger = "^".join(filter(None, (static.get("MsgType"), static.get("EventType"))))
        meta = self.head.get("MetaData", {})
        title = " ".join(filter(None, ("conformance profile", meta.get("OrgName"), meta.get("Name"), static.get("MsgStructID"), trigger)))
        return ConformanceProfile(top.get("HL7Version", ""), trigger, static.get("MsgStructID", ""), title, self.open[0].parts)

    def _unreadable(self, says: str) -> Unreadable:
        problem = Unreadable(says)
        problem.line, problem.column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        problem.args = (f"line {problem.line}, character {problem.column}: {says}",)
        return problem

    def _doctype(self, *_: object) -> None:
        raise self._unreadable("expected a profile without a document type: one can make a small file fill the memory, or read other files")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self.names and name != ROOT:
            raise self._unreadable(f"expected {ROOT}, but found {name[:40]}")
        if len(self.names) == MOST_DEPTH:
            raise self._unreadable(f"expected at most {MOST_DEPTH} elements inside each other")
        self.names.append(name)
        if name in PARTS:
            part = self._part(name, attributes)
            self.open[-1].parts.append(part)
            self.open.append(part)
        else:
            self.head.setdefault(name, dict(attributes))

    def _part(self, kind: str, given: Mapping[str, str]) -> Part:
        usage = given.get("Usage", "O")
        most = "-1" if given.get("Max") == "*" else given.get("Max", "1")
        try:
            least, limit, length = int(given.get("Min", "0")), int(most), int(given.get("Length") or "0")
        except ValueError:
            raise self._unreadable(f"expected numbers in Min, Max and Length of {kind} {given.get('Name', '')[:40]}") from None
        constant = given.get("ConstantValue", "")
        return Part(kind, given.get("Name", ""), usage, least, limit, given.get("Datatype", ""), given.get("Table", ""), length, constant)

    def _end(self, name: str) -> None:
        self.names.pop()
        if name in PARTS:
            self.open.pop()

    def _text(self, text: str) -> None:
        if self.names and self.names[-1] in NOTES:
            notes = self.open[-1].notes
            notes[self.names[-1]] = (notes.get(self.names[-1], "") + text)[:1_000]


# Checking ----------------------------------------------------------------------------------------------------------------------------


def check(message: V2Message, profile: ConformanceProfile) -> list[Finding]:
    """What a message breaks of a profile, all of it. A message of another event or version is not held against it, and that is said.

    A message that is fine in every field can still be one that the profile is not for: `HL7-PROFILE-EVENT`.
    """
    report = Report(message, supported(message.version))
    facts = {"profile": profile.title, "trigger": profile.trigger, "own": message.trigger or "nothing"}
    code, _, event = profile.trigger.partition("^")
    if message.trigger != profile.trigger and not (event in ("ALL", "") and message.trigger.partition("^")[0] == code):
        report.on("profile-event", "MSH[1]-9[1]", **facts)
        return report.result()
    if profile.version and message.version != profile.version:
        report.on("profile-version", "MSH[1]-12[1]", **facts, wanted=profile.version)
    _Check(report, profile).run()
    return report.result()


def together(base: Sequence[Finding], narrower: Sequence[Finding]) -> list[Finding]:
    """The findings of the base standard and of a profile; where both say the same of a place, only the profile's."""
    said = {(finding.path, finding.start, finding.rule.rpartition("-")[2]) for finding in narrower}
    kept = [f for f in base if (f.path, f.start, f.rule.rpartition("-")[2]) not in said]
    return sorted([*kept, *narrower], key=lambda finding: (SEVERITIES.index(finding.severity), finding.start))


@dataclass(slots=True)
class _Check:
    """One message against one profile."""

    report: Report
    profile: ConformanceProfile

    def run(self) -> None:
        message, profile = self.report.message, self.profile
        placing = against(profile.grammar, self.report.version, tuple(line.name for line in message.segments))
        self._problems(placing)
        counts: Counter[tuple[Group | None, str]] = Counter()
        for line, group in zip(message.segments, placing.groups, strict=True):
            if part := profile.segments.get((*_names(group), line.name)):
                counts[group, line.name] += 1
                if 1 < part.most < counts[group, line.name]:  # one that may come once is a problem of the grammar already
                    self.report.on("profile-segment-repeated", _line(message, line), name=line.name, spec=profile.title)
                self._segment(line, part)

    def _problems(self, placing: Placing) -> None:
        message = self.report.message
        for problem in placing.problems:
            line = message.segments[max(problem.at, 0)]
            where = f" from {problem.group.path}" if problem.group else ""
            facts = {"name": problem.name, "where": where, "spec": self.profile.title}
            if problem.kind == "missing":
                end = line.end if problem.at >= 0 else line.start
                path = f"{problem.group.path}.{problem.name}" if problem.group else problem.name
                self.report.on("profile-segment-missing", Element(path, problem.name, "", end, end), **facts)
            else:
                self.report.on(f"profile-segment-{problem.kind}", _line(message, line), **facts)

    def _segment(self, line: Segment, part: Part) -> None:
        message = self.report.message
        spans, path = message.fields(line), message.path_of(line)
        for number, wanted in enumerate(part.parts, start=1):
            if line.name not in HEADERS or number > 2:
                self._field(line, f"{path}-{number}", number, spans[number] if number < len(spans) else (0, 0), wanted)

    def _field(self, line: Segment, path: str, number: int, span: Span, part: Part) -> None:
        message, report = self.report.message, self.report
        repetitions = message.repetitions(line.name, number, span)
        filled = [(index, place) for index, place in enumerate(repetitions, start=1) if message.filled(place)]
        label = f"{line.name}-{number}"
        facts = self._facts(part, label)
        if not filled:
            if part.usage == "R":
                report.on("profile-field-missing", f"{path}[1]", self._constant_fix(part), **facts)
            return
        if part.usage == "X":
            report.at("profile-unused", path, label, span, **facts)
            return
        if len(filled) < part.least:
            report.at("profile-too-few", path, label, span, number=len(filled), least=part.least, **facts)
        for count, (index, place) in enumerate(filled, start=1):
            here = f"{path}[{index}]" if len(repetitions) > 1 else path
            if 0 <= part.most < count:
                report.at("profile-field-repeated", here, label, place, most=part.most, **facts)
            self._value(here, here, label, place, part, (message.component_separator, message.subcomponent_separator))

    def _value(self, path: str, deep: str, label: str, span: Span, part: Part, separators: Sequence[str]) -> None:
        """A value and its parts. `deep` is its path with every `.1` written out."""
        message, report = self.report.message, self.report
        facts = self._facts(part, label)
        text = message.text[slice(*span)]
        if 0 < part.length < len(text) and text != coded.NULL:
            report.at("profile-length", path, label, span, number=len(text), limit=part.length, **facts)
        value = message.unescape(text)
        if part.constant and value not in (part.constant, coded.NULL):
            report.at("profile-constant", path, label, span, self._constant_fix(part), constant=part.constant, **facts)
        if part.type in ("ID", "IS") and part.table and value != coded.NULL and not any(mark in text for mark in separators):
            table = part.table.removeprefix("HL7")
            if not coded.fits(table, value, report.version):
                report.at("profile-table", path, label, span, table=table, **facts)
        if not (part.parts and separators) or text == coded.NULL:
            return
        parts = message.split(*span, separators[0], MOST_PARTS)
        for number, wanted in enumerate(part.parts, start=1):
            place, here = parts[number - 1] if number <= len(parts) else (0, 0), f"{deep}.{number}"
            shown = path if len(parts) == 1 else here
            if message.filled(place):
                if wanted.usage == "X":
                    report.at("profile-unused", shown, label, place, **self._facts(wanted, label))
                else:
                    self._value(shown, here, label, place, wanted, separators[1:])
            elif wanted.usage == "R":
                report.on("profile-component-missing", here, self._constant_fix(wanted), **self._facts(wanted, label))

    def _facts(self, part: Part, label: str) -> dict[str, object]:
        """What the words about a part need: its name, where the profile has it from, and what the profile notes."""
        reference, note = part.notes.get("Reference", "").strip(), " ".join(part.notes.get("ImpNote", "").split())
        spec = f"{self.profile.title}, {label}" + (f"; HL7 v{self.profile.version} section {reference}" if reference else "")
        return {"name": part.name, "spec": spec, "note": f" The profile notes: {note[:300]}" if note else ""}

    @staticmethod
    def _constant_fix(part: Part) -> tuple[str, str] | None:
        return (f"Write {part.constant}", part.constant) if part.constant else None


def _segments(parts: Sequence[Part], around: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Part]]:
    """Every segment of a profile, under the names of its groups and its own."""
    for part in parts:
        if part.kind == "SegGroup":
            yield from _segments(part.parts, (*around, part.name))
        else:
            yield (*around, part.name), part


def _names(group: Group | None) -> tuple[str, ...]:
    """The names of a group and of those around it, outermost first."""
    return (*_names(group.parent), group.name) if group else ()


def _line(message: V2Message, line: Segment) -> Element:
    return Element(message.path_of(line), line.name, message.text[line.start : line.end], line.start, line.end)
