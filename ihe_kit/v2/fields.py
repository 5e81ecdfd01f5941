"""A field, looked at part by part: what is wrong in it and where. `acceptors` says quickly which fields need this.

Not judged here: conditional usage (C), whose conditions are prose; the codes of coding systems that are not HL7's; what a site agreed on.
NULL, two double quotes, says "delete what you hold": it fits every data type and every table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ihe_kit.files import rows
from ihe_kit.v2 import acceptors, coded, values
from ihe_kit.v2.message import HEADERS, Segment, Span
from ihe_kit.v2.paths import MOST_PARTS
from ihe_kit.v2.report import Report
from ihe_kit.v2.tables import VERSIONS, Row, segment

_KNOWN_ESCAPE = re.compile(values.ESCAPE)


def check_fields(report: Report) -> None:
    """Every segment of a message: quickly, and where that does not do, field by field."""
    message, version = report.message, report.version
    text, separator = message.text, message.field_separator
    usual = (separator, message.marks[:4]) == acceptors.USUAL
    for line in message.segments:
        name = line.name
        if known := segment(name, version):
            fields = text[line.start : line.end].split(separator)
            header = name in HEADERS
            if not header:
                del fields[0]
            if not usual or line.end - line.start >= MOST_PARTS:  # a longer one may have more parts than are read
                _Segment(report, line, known).check(range(1 + 2 * header, max(len(known), len(fields)) + 1))
                continue
            types = tuple([_named(fields, number) for number in coded.NAMED[name].values()]) if name in coded.NAMED else ()
            quick = acceptors.acceptor(name, version, types)
            if not quick.passes(fields):
                _Segment(report, line, known).check(quick.odd(fields))


def _named(fields: Sequence[str], number: int) -> str:
    """The data type that a field names for another one: "" for none, or for a list that has to be looked at one by one."""
    text = fields[number - 1] if number <= len(fields) else ""
    return "" if "~" in text else text if len(text) <= 3 else "varies"


@dataclass(slots=True)
class _Segment:
    """One segment and the rows of its fields."""

    report: Report
    line: Segment
    rows: Sequence[Row]

    def check(self, numbers: Iterable[int]) -> None:
        """Every finding in the fields with these numbers, and what is there for older versions only."""
        message, name = self.report.message, self.line.name
        spans, path = message.fields(self.line), message.path_of(self.line)
        for number, row in enumerate(self.rows, start=1):
            if row.usage == acceptors.KEPT and number < len(spans) and message.filled(spans[number]):
                facts: dict[str, object] = {"name": row.name, "section": _section(row, name, self.report.version), "instead": _instead(row)}
                self.report.at("field-kept", f"{path}-{number}", row.key, spans[number], **facts)
        for number in numbers:
            span = spans[number] if number < len(spans) else (0, 0)
            if number <= len(self.rows):
                self._field(f"{path}-{number}", number, span, self.rows[number - 1])
            elif message.filled(span):
                newer = next((v for v in VERSIONS[VERSIONS.index(self.report.version) :] if len(segment(name, v)) >= number), "")
                facts = {"segment": name, "number": len(self.rows), "later": f"; version {newer} has it" if newer else ""}
                self.report.at("field-unknown", f"{path}-{number}", f"{name}-{number}", span, **facts)

    def _field(self, path: str, number: int, span: Span, row: Row) -> None:
        report, message = self.report, self.report.message
        facts = {"name": row.name, "segment": self.line.name, "section": _section(row, self.line.name, report.version)}
        if not message.filled(span):  # a field of nothing but separators is not worth looking at one by one
            if row.least and row.type:
                report.on("field-missing", f"{path}[1]", **facts)
            return
        if acceptors.is_unused(row):
            report.at("field-withdrawn", path, row.key, span, **facts, instead=_instead(row))
            return
        repetitions = message.repetitions(self.line.name, number, span)
        if len(repetitions) == MOST_PARTS:
            report.at("field-unread", path, row.key, span, number=f"{MOST_PARTS:,}", **facts)
        variants, count = self._variants(number, row), 0
        for index, part in enumerate(repetitions):
            if message.filled(part):
                count += 1
                here = f"{path}[{index + 1}]" if len(repetitions) > 1 else path
                variant = variants[min(index, len(variants) - 1)]
                if 0 < row.most < count and variant.type != "varies":  # how often a query's parameter may come, the query says
                    times = "once" if row.most == 1 else f"{row.most} times"
                    report.at("field-repeated", here, row.key, part, times=times, **facts)
                check_repetition(report, here, part, variant, facts)

    def _variants(self, number: int, row: Row) -> list[Row]:
        """The row of a field; where another field names its data type, the rows of its repetitions, the last one for all that follow."""
        naming = coded.NAMED.get(self.line.name, {}).get(number)
        if not naming:
            return [row]
        types = self.report.message.get(f"{self.report.message.path_of(self.line)}-{naming}") or [""]
        return [coded.varied(row, type_, self.report.version) for type_ in types]


def check_repetition(report: Report, path: str, span: Span, row: Row, facts: Mapping[str, object]) -> None:
    """One repetition of a field, from the whole down to its subcomponents. `facts`: name and section of the field, for what is said."""
    message = report.message
    if row.type == coded.UNNAMED:
        naming = f"{facts['segment']}-{coded.NAMED[str(facts['segment'])][int(row.key.rpartition('_')[2])]}"
        report.at("type-unnamed", path, row.key, span, naming=naming, **facts)
    elif row.type == "varies":
        _escapes(report, path, span, row)
    else:
        if _too_long(report, path, span, row, facts):
            facts = {**facts, "measured": True}  # its parts need not be measured one by one
        if row.children and (table := coded.table_of(row)):
            _code_and_system(report, path, span, row, table)
        _parts(report, path, path, span, row, (message.component_separator, message.subcomponent_separator), facts)


def _parts(report: Report, path: str, deep: str, span: Span, row: Row, separators: Sequence[str], facts: Mapping[str, object]) -> None:
    """A value with parts is as sound as its parts. A single part stands for the whole and keeps its path and its name; `deep` is its path
    written out, with `.1` for what is not divided.
    """
    if not row.children or not separators:
        _primitive(report, path, deep, span, row, separators)
        return
    message = report.message
    parts = message.split(*span, separators[0], MOST_PARTS)
    single = len(parts) == 1
    for number, child in enumerate(_children(row, len(parts)), start=1):
        part = parts[number - 1] if number <= len(parts) else (0, 0)
        here = f"{deep}.{number}"
        if message.filled(part) and acceptors.is_unused(child):
            report.at("component-withdrawn", here, child.key, part, name=child.name, section=_section(child, row.type, report.version))
        elif message.filled(part):
            own = replace(child, name=row.name) if single else child
            if "measured" not in facts:
                _too_long(report, path if single else here, part, own, facts)
            _parts(report, path if single else here, here, part, own, separators[1:], facts)
        elif child.least:
            report.on("component-missing", here, name=child.name, type=row.type)
    _more(report, deep, parts, max(len(row.children), len(parts) * (row.type in acceptors.OPEN)), row, separators)


def _children(row: Row, count: int) -> Sequence[Row]:
    """The rows of the parts of a value. An array (NA, MA) goes on with the last of them."""
    more = count - len(row.children) if row.type in acceptors.OPEN else 0
    return (*row.children, *row.children[-1:] * more)


def _more(report: Report, deep: str, parts: Sequence[Span], known: int, row: Row, separators: Sequence[str]) -> None:
    """The first part, if any, that the data type does not have."""
    message, separator = report.message, separators[0]
    for number, part in enumerate(parts[known:], start=known + 1):
        if message.filled(part):
            facts = {"name": row.name, "type": row.type, "number": known, "mark": separator, "escaped": message.escape(separator)}
            facts["parts"] = "components" if len(separators) == 2 else "subcomponents"
            report.at("component-unknown", f"{deep}.{number}", row.key, part, **facts)
            return


def _primitive(report: Report, path: str, deep: str, span: Span, row: Row, separators: Sequence[str]) -> None:
    """A value whose type has no parts: where it has some all the same, the first one counts."""
    message = report.message
    for level, separator in enumerate(separators):
        parts = message.split(*span, separator, MOST_PARTS)
        _more(report, deep, parts, 1, row, separators[level:])
        deep, span = f"{deep}.1", parts[0]
        path = deep if len(parts) > 1 else path
    if message.filled(span):
        _escapes(report, path, span, row)
        _value(report, path, span, row)


def _value(report: Report, path: str, span: Span, row: Row) -> None:
    """A value against the pattern of its data type and against its table."""
    message, version = report.message, report.version
    value = message.unescape(message.text[slice(*span)])
    if value == coded.NULL:
        return
    type_ = row.key if row.key in values.PATTERNS else row.type
    if not values.is_written(type_, value):
        better, why = values.mended(type_, value), values.reason(type_, value)
        fix = (f"Write {better}", better) if better else None
        facts = {"name": row.name, "type": row.type, "example": values.EXAMPLES[type_], "reason": f": {why}" if why else ""}
        report.at("telephone" if type_ == "TN" else "type", path, row.key, span, fix, **facts)
    elif row.type in ("ID", "IS") and row.table and not coded.fits(row.table, value, version):
        _unlisted(report, path, span, row, row.table, value)


def _code_and_system(report: Report, path: str, span: Span, row: Row, table: str) -> None:
    """The code of a CE, CWE, CNE or CF against the table of its field, unless another coding system is named beside it."""
    message = report.message
    parts = message.split(*span, message.component_separator, MOST_PARTS)
    system = message.text[slice(*parts[2])] if len(parts) > 2 else ""
    code = message.unescape(message.text[slice(*parts[0])])
    if code not in ("", coded.NULL) and system in ("", f"HL7{table}") and not coded.fits(table, code, report.version):
        _unlisted(report, path if len(parts) == 1 else f"{path}.1", parts[0], row, table, code)


def _unlisted(report: Report, path: str, span: Span, row: Row, table: str, code: str) -> None:
    newer, better = coded.later(table, code, report.version), coded.nearly(table, code, report.version)
    fix = (f"Write {better}", report.message.escape(better)) if better else None
    facts = {"table": table, "later": f" before version {newer}" if newer else ""}
    report.at("table-open" if newer or coded.is_open(table, row.type) else "table-hl7", path, row.key, span, fix, **facts)


def _too_long(report: Report, path: str, span: Span, row: Row, facts: Mapping[str, object]) -> bool:
    """Says that a value is longer than its row allows, and whether it is."""
    number = span[1] - span[0]
    if not acceptors.is_measured(row, report.version):
        return False
    if not 0 < row.length < min(number, acceptors.MOST_LENGTH) or report.message.text[slice(*span)] == coded.NULL:
        return False
    report.at("length", path, row.key, span, name=row.name, number=number, limit=row.length, section=facts["section"])
    return True


def _escapes(report: Report, path: str, span: Span, row: Row) -> None:
    """The first escape sequence, if any, that HL7 does not have or that does not end."""
    message = report.message
    text, mark = message.text[slice(*span)], message.escape_character
    pieces = text.split(mark)
    for number in range(1, len(pieces), 2):
        ends = number + 1 < len(pieces)
        if not ends or not _KNOWN_ESCAPE.fullmatch(pieces[number]):
            written = mark + pieces[number][:20] + mark * ends
            report.at("escape", path, row.key, span, written=written, mark=mark, escaped=f"{mark}E{mark}")
            return


def _instead(row: Row) -> str:
    """Where the same is said today, for a field that is kept or withdrawn."""
    path = row.key.replace("_", "-")
    found = next((known["instead"] for known in rows("v2/kept.tsv") if known["path"] == path), "")
    return f" {found} says it today." if found else ""


def _section(row: Row, segment: str, version: str) -> str:
    """Where a field is described."""
    return f"HL7 v{version} section {row.section}" if row.section else f"HL7 v{version} segment {segment}"
