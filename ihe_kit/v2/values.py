"""How HL7 v2 writes the values of its primitive data types (HL7 v2.5 section 2.A; TN and the other old ones as 2.3.1 has them).

One pattern for each type, exact to the calendar: 20240229 is a DT, 20250229 is not. The quick check and the slow one both ask these
patterns, so they cannot differ.
"""

from __future__ import annotations

import re
from functools import lru_cache

_DAY = (  # every date that exists, so that a pattern alone can tell: the leap day of 2024, not that of 2025
    r"(?!0000)[0-9]{4}(?:(?:0[1-9]|1[0-2])(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])(?:29|30)|(?:0[13578]|1[02])31)"
    r"|(?!0000)(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)0229"
)
_MONTH = r"(?!0000)[0-9]{4}(?:0[1-9]|1[0-2])?"
_CLOCK = r"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:[0-5][0-9](?:\.[0-9]{1,4})?)?)?"
_ZONE = r"(?:[+-](?:0[0-9]|1[0-4])[0-5][0-9])?"
_MOMENT = rf"(?:(?:{_DAY})(?:{_CLOCK})?|{_MONTH}){_ZONE}"

PATTERNS = {
    "DT": rf"(?:{_DAY}|{_MONTH})",
    "DTM": _MOMENT,
    "TS": _MOMENT,
    "TM": rf"{_CLOCK}{_ZONE}",
    "NM": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)",
    "SI": r"[0-9]{1,4}",
    "SNM": r"[+0-9]+",
    "TN": r"(?:[0-9]{1,2} )?(?:\([0-9]{3}\))?[0-9]{3}-[0-9]{4}(?:X[0-9]{1,5})?(?:B[0-9]{1,5})?(?:C.*)?",
}
# Components that the tables call ST, and that their type lets hold only a few signs (HL7 v2.5 section 2.A.70, SN).
PATTERNS |= {"SN_1": r"[<>]=?|=|<>", "SN_3": r"[-+/.:]"}

EXAMPLES = {
    "DT": "20250303",
    "DTM": "20250303080000+0100",
    "TS": "20250303080000+0100",
    "TM": "0800",
    "NM": "7.5",
    "SI": "1",
    "SNM": "4712345678",
    "TN": "(555)555-1234",
    "SN_1": ">=",
    "SN_3": "-",
}

# Escape sequences (HL7 v2.5 section 2.7), between two escape characters: delimiters, highlighting, truncation (2.7 on), hexadecimal, local,
# character sets, and the commands of formatted text.
ESCAPE = (
    r"(?:[FSTREHNP]|X(?:[0-9A-Fa-f]{2})+|Z[^\\]*|C(?:[0-9A-Fa-f]{2}){2}|M(?:[0-9A-Fa-f]{2}){2,3}"
    r"|\.(?:br|fi|nf|ce|(?:sp|in|ti|sk) ?[+-]?[0-9]*))"
)


@lru_cache(maxsize=64)
def _compiled(type_: str) -> re.Pattern[str]:
    return re.compile(PATTERNS[type_])


def is_written(type_: str, value: str) -> bool:
    """Whether a value is written as its data type is. A type without a pattern, such as ST, takes any text.

    >>> is_written("DT", "20250230"), is_written("NM", "-.5"), is_written("ST", "anything")
    (False, True, True)
    """
    return type_ not in PATTERNS or _compiled(type_).fullmatch(value) is not None


def mended(type_: str, value: str) -> str:
    """The same value as its type writes it, where only the writing is wrong; "" where that cannot be told safely.

    >>> mended("DT", "1958-06-17"), mended("TS", "2025-03-03T08:00:00+01:00"), mended("DT", "20250230")
    ('19580617', '20250303080000+0100', '')
    """
    text = value.strip()
    if type_ in ("DT", "DTM", "TS") and (found := _ISO.fullmatch(text)):
        text = "".join(part.replace(":", "").replace("-", "" if at < 2 else "-") for at, part in enumerate(found.groups("")) if part != "T")
        text = text.replace("Z", "+0000")
    return text if text != value and is_written(type_, text) else ""


# ISO 8601 with its dashes and colons: date, clock, fraction, zone.
_ISO = re.compile(r"([0-9]{4}-[0-9]{2}(?:-[0-9]{2})?)(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]{1,4})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?")


def reason(type_: str, value: str) -> str:
    """Why a date or a time is none, in half a sentence, or "" where the way it is written says it all.

    >>> reason("DT", "20250230")
    '2025 has no such day: month 02, day 30'
    """
    digits = re.split(r"[.+-]", value, maxsplit=1)[0]
    if type_ not in ("DT", "DTM", "TS") or not re.fullmatch(r"[0-9]{6,14}", digits):
        return ""
    if not "01" <= digits[4:6] <= "12":
        return f"there is no month {digits[4:6]}"
    if len(digits) >= 8 and not is_written("DT", digits[:8]):
        return f"{digits[:4]} has no such day: month {digits[4:6]}, day {digits[6:8]}"
    if len(digits) > 8 and not is_written("TM", digits[8:]):
        return f"there is no such time of day: {digits[8:]}"
    return ""
