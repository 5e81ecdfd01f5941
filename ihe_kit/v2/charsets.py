"""Character sets: what HL7 table 0211 calls them, and what Python does. HL7 v2.5 section 2.15.9.18 (MSH-18).

MSH-18 may be repeated: the first one is where the message starts, and escape sequences switch to the others. Python follows the switches of
ISO 2022 that Japanese messages use; any other set that is only switched to (\\Cxxyy\\, \\Mxxyyzz\\) is kept as it stands. CNS 11643-1992 has
no codec, so such a message is kept to the byte but its characters are not read.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence

CHARSETS = {
    "": "ascii",
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    **{f"8859/{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "ISO IR14": "iso2022_jp_ext",
    "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
}
UNFRAMED = ("utf-16", "utf-32")  # their bytes may be VT or FS, which end an MLLP frame: such a text goes out as UTF-8

# How the bytes of a message begin that has more than one byte per character: byte order marks, else the place of the zeros around MSH.
_WIDE = {
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
    b"M\0\0\0": "utf-32-le",
    b"\0\0\0M": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"M\0": "utf-16-le",
    b"\0M": "utf-16-be",
}


def codec(names: Sequence[str]) -> str | None:
    """What Python calls the character set of a message, from the repetitions of MSH-18; None for one that is not in `CHARSETS`.

    >>> codec(["8859/1"]), codec(["", "ISO IR87"]), codec(["KLINGON"])
    ('iso8859_1', 'iso2022_jp_ext', None)
    """
    known = [CHARSETS.get(name.strip().upper()) for name in names] or ["ascii"]
    return "iso2022_jp_ext" if "iso2022_jp_ext" in known and known[0] in ("ascii", "iso2022_jp_ext") else known[0]


def wide(data: bytes) -> str:
    """The codec of bytes that are UTF-16 or UTF-32, or ""."""
    return next((name for start, name in _WIDE.items() if data.startswith(start)), "")


def decoded(data: bytes, named: str | None, marked: bool = False) -> tuple[str, str]:
    """(the text, its codec): in the character set that is named, else in UTF-8, else one character per byte. `marked`: as UTF-8, by a mark."""
    for name in _tried(named, marked):
        try:
            return data.decode(name), name
        except UnicodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _tried(named: str | None, marked: bool) -> Iterator[str]:
    if named and named not in UNFRAMED and not marked:
        yield named
        if named == "iso2022_jp_ext":  # JIS X 0201 may also come with its katakana in the upper half
            yield "shift_jis"
    yield "utf-8"


def writes(text: str, charset: str) -> bool:
    """Whether a text can be written in a character set so that it is read again as it was."""
    try:
        return text.encode(charset).decode(charset) == text
    except UnicodeError:
        return False


def same(one: str, other: str) -> bool:
    """Whether two codecs are the same character set, whatever the order of the bytes."""
    names = [codecs.lookup(name).name for name in (one, other)]
    return names[0] == names[1] or all(name.startswith("utf-16") for name in names) or all(name.startswith("utf-32") for name in names)
