"""The smallest pieces of HTML: escaped text, named control characters, icons, tags. Nothing else in the kit escapes what a message says."""

from __future__ import annotations

import re
from html import escape

LABELS = {"v2": "HL7 v2", "fhir": "FHIR", "openehr": "openEHR"}
SHOWN = 100_000  # characters of a message that a view shows; it says so, and the message itself is never cut
LISTED = 200  # findings of a severity that a list shows
SEVERITY = {"error": ("error", "error", "Errors"), "warning": ("warning", "warning", "Warnings"), "information": ("info", "note", "Notes")}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
_NAMES = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip


def h(text: str) -> str:
    """Escaped for HTML, in text and in attributes; half a surrogate pair becomes a question mark."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))


def clip(text: str, most: int = 80) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def count(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def icon(name: str) -> str:
    return f'<span class="kit-i {name}" aria-hidden="true"></span>'


def tag(standard: str) -> str:
    """The coloured word that says which standard this is."""
    return f'<span class="kit-tag kit-{standard}">{LABELS[standard]}</span>' if standard in LABELS else ""


def mark(name: str, title: str = "") -> str:
    """A control character, by name."""
    hint = f' title="{title}"' if title else ""
    return f'<span class="kit-ctl"{hint}>{name}</span>'


def visible(text: str) -> str:
    """Escaped text in which control characters are boxes with their names."""
    return _CONTROL.sub(lambda found: mark(_name(found.group()), f"U+{ord(found.group()):04X}"), h(text))


def _name(character: str) -> str:
    code = ord(character)
    return _NAMES[code] if code < 32 else {0x202E: "RLO", 0x202D: "LRO", 0x200F: "RLM", 0x200E: "LRM"}.get(code, f"{code:04X}")


def value(text: str, most: int = 120) -> str:
    """A value in one line, isolated so that its script cannot reorder what stands around it."""
    return f"<bdi>{visible(clip(text, most))}</bdi>" if text else ""


def linked(words: str, address: str) -> str:
    """HTML that leads somewhere, where there is an address."""
    return f'<a href="{h(address)}">{words}</a>' if address else words


def bare(text: str) -> str:
    """Text that cannot move a terminal's cursor: control characters become their names in brackets."""
    return _CONTROL.sub(lambda found: f"<{_name(found.group())}>", text.replace("\n", "<LF>").replace("\t", "<HT>"))
