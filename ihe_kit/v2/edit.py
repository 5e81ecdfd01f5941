"""One change to a message at a time: a value put in its place, a segment or a repetition added or taken away. The rest stays to the character."""

from __future__ import annotations

import re

from ihe_kit.core import UnknownPath
from ihe_kit.v2.build import Written, build_from, place_of, put_in, values_by_segment, written
from ihe_kit.v2.message import HEADERS, Segment, V2Message, parse
from ihe_kit.v2.structure import placed
from ihe_kit.v2.tables import supported


def put(message: V2Message, path: str, value: str) -> V2Message:
    """The message with a value at a path such as `PID-3[2].4.1` or `OBX[3]-5`; "" takes it away. A value is written as `build()` writes it.

    Of a segment that is there several times the first one is meant. Raises UnknownPath, also where the message has no such segment.

    >>> put(parse("MSH|^~\\\\&|A\\rPID|||1^^^N"), "PID-3[2].1", "2").get("PID-3.1")
    ['1', '2']
    """
    place, where = place_of(path)
    segment = _segment(message, place.segment, place.number)
    if not where.field:
        raise UnknownPath(f"a value stands in a field, and {path} names none: expected a path such as {path}-1")
    fields = [message.text[slice(*span)] for span in message.fields(segment)[1:]]
    put_in(fields, where, written(path, value, supported(message.version), message), message)
    if not value:
        fields[where.field - 1] = _trimmed(fields[where.field - 1], message)
        while fields and not fields[-1] and len(fields) > 1:
            fields.pop()
    return _with(message, segment, _line(message, segment.name, fields))


def add(message: V2Message, name: str, after: str = "") -> V2Message:
    """The message with one more, empty segment of a name, where its structure has a place for it; `after` names the segment (`OBR[2]`) that it
    shall follow where several places would do. Where the structure has no place it stands behind that segment, or at the end.
    """
    segments: list[dict[str, str]] = list(values_by_segment(message))
    count = sum(line.name == name for line in message.segments)
    at = next((n for n, line in enumerate(message.segments, start=1) if after in (line.name, f"{line.name}[{line.number}]")), len(segments))
    segments.insert(at, {f"{name}[{count + 1}]": Written()})
    try:
        whole = {path: value for fields in segments for path, value in fields.items()}
        return build_from(placed(message).structure, whole, message)
    except ValueError:  # the message does not keep to its structure: then the reader's word has to do
        return _with(message, message.segments[at - 1], f"{message.text[slice(*_span(message.segments[at - 1]))]}\r{name}")


def remove(message: V2Message, path: str) -> V2Message:
    """The message without a segment (`NK1[2]`) or a repetition (`PID-3[2]`). Raises UnknownPath where it is not there."""
    place, where = place_of(path)
    segment = _segment(message, place.segment, place.number)
    if where.field:
        fields = message.fields(segment)
        field = fields[where.field] if where.field < len(fields) else (segment.end, segment.end)
        spans = message.repetitions(segment.name, where.field, field) if where.field < len(fields) else []
        if not 0 < where.repetition <= len(spans):
            raise UnknownPath(f"there is no {path}")
        kept = [message.text[slice(*span)] for n, span in enumerate(spans, start=1) if n != where.repetition]
        return parse(message.text[: field[0]] + message.repetition_separator.join(kept) + message.text[field[1] :])
    ends = re.compile(r"\r\n|\r|\n").match(message.text, segment.end)
    return parse(message.text[: segment.start] + message.text[ends.end() if ends else segment.end :])


def _segment(message: V2Message, name: str, number: int) -> Segment:
    found = next((line for line in message.segments if (line.name, line.number) == (name, number)), None)
    if not found:
        raise UnknownPath(f"the message has no {name}[{number}]")
    return found


def _span(segment: Segment) -> tuple[int, int]:
    return segment.start, segment.end


def _with(message: V2Message, segment: Segment, line: str) -> V2Message:
    return parse(message.text[: segment.start] + line + message.text[segment.end :])


def _line(message: V2Message, name: str, fields: list[str]) -> str:
    mark = message.field_separator
    return mark.join([name + mark + fields[1], *fields[2:]]) if name in HEADERS else mark.join([name, *fields])


def _trimmed(text: str, message: V2Message) -> str:
    """A field without separators at its end, and at the end of its parts, that hold nothing apart any more."""
    text = re.sub(
        f"{re.escape(message.subcomponent_separator)}+(?=$|[{re.escape(message.component_separator + message.repetition_separator)}])",
        "",
        text,
    )
    text = re.sub(f"{re.escape(message.component_separator)}+(?=$|{re.escape(message.repetition_separator)})", "", text)
    return text.rstrip(message.repetition_separator)
