"""How values are compared in a search: texts, dates, references, and the marks that part a value (FHIR R4 section 3.1.1.4)."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache

_MOMENT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII)

_PUNCTUATION = {number: None for number in range(128) if unicodedata.category(chr(number))[0] == "P"}  # of ASCII


def normal(text: str) -> str:
    """A text as strings are compared: without case, combining marks and punctuation, in one space between words (FHIR R4 section 3.1.1.4.8). Of a
    text of nothing but punctuation that stays: without it, every text would begin so.

    >>> normal("Kovácsová"), normal("O'Brien"), normal("--")
    ('kovacsova', 'obrien', '--')
    """
    if text.isascii():
        folded = text.lower()
        return " ".join(folded.translate(_PUNCTUATION).split()) or " ".join(folded.split())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = [letter for letter in folded if not unicodedata.combining(letter)]
    return " ".join("".join(one for one in letters if unicodedata.category(one)[0] != "P").split()) or " ".join("".join(letters).split())


@lru_cache(maxsize=4096)
def span(text: str) -> tuple[str, str]:
    """The first and the last moment that a date or dateTime stands for, in UTC where it has a zone. Raises ValueError.

    >>> span("1958-06")
    ('1958-06-01T00:00:00', '1958-06-30T23:59:59.999999')
    """
    found = _MOMENT.fullmatch(text.replace(" ", "+"))  # a plus sign that was not escaped in a query arrives as a space
    if not found:
        raise ValueError(f"{text!r} is no date: expected one such as 1958, 1958-06, 1958-06-17 or 2025-03-03T08:00:00+01:00")
    year, month, day, clock, seconds, fraction, zone = found.groups()
    last = day or calendar.monthrange(int(year), int(month or 12))[1]
    low = datetime.fromisoformat(f"{year}-{month or '01'}-{day or '01'}T{clock or '00:00'}:{seconds or '00'}{zone or ''}")
    if zone:
        if not 1 < int(year) < 9999:  # another zone may lie beyond the years that a calendar has
            raise ValueError(f"{text!r} is no date that can be compared")
        low = low.astimezone(UTC).replace(tzinfo=None)
    first = low.isoformat()
    end = first if seconds else f"{first[:-2]}59" if clock else f"{year}-{month or 12}-{last}T23:59:59"
    digits = (fraction or ".")[1:7]
    return f"{first}.{digits.ljust(6, '0')}" if fraction else first, f"{end}.{digits.ljust(6, '9')}"


def split(text: str, mark: str, most: int = 0) -> list[str]:
    """The parts between marks; a mark behind a backslash is none (FHIR R4 section 3.1.1.4.19)."""
    parts = [""]
    for piece in re.findall(r"(?s)\\.|.", text):
        if piece == mark and (not most or len(parts) <= most):
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def plain(text: str) -> str:
    """A part of a value without its backslashes."""
    return re.sub(r"\\([\\,|$])", r"\1", text)


def split_reference(url: str) -> tuple[str, str]:
    """The type and the id that a relative reference leads to; ("", the URL) for any other, which leads to another server or is no REST.

    >>> split_reference("Patient/1/_history/2")
    ('Patient', '1')
    """
    kind, _, id = url.split("/_history/")[0].partition("/")
    return (kind, id) if id and "/" not in id and kind[:1].isupper() and kind.isalpha() else ("", url)
