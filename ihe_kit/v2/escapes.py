"""Escape sequences: delimiters and other characters that a value holds, and the commands of formatted text. HL7 v2.5 section 2.7.

`decode` is for values: it takes only what `encode` can put back, so that a value that is read and written stays the same. `laid_out` is for
people: it carries out the commands of formatted text (FT) and drops the marks for highlighting. Neither touches \\Cxxyy\\ and \\Mxxyyzz\\,
which switch character sets, nor \\Z..\\, which is agreed locally.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_CONTROL = re.compile(r"[\x00-\x1f]")
_COMMAND = re.compile(r"\.(?:(br|fi|nf|ce)|(sp|sk|in|ti)\s*([+-]?[0-9]{1,3})?)")
MOST_INDENT = 200  # a wider page nobody has, and a text that indents its lines more and more would fill the memory
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Escapes:
    """The escape sequences under the delimiters of one message: `separator` is MSH-1, `marks` MSH-2."""

    separator: str
    marks: str
    pattern: re.Pattern[str]
    names: dict[str, str]  # F -> |
    characters: dict[int, str]  # | -> \\F\\, for str.translate

    def decode(self, text: str, charset: str) -> str:
        """\\F\\ \\S\\ \\T\\ \\R\\ \\E\\ \\P\\, \\Xdd..\\ and \\.br\\ become what they stand for; anything else stays as it is."""
        if self.marks[2] not in text:
            return text
        return self.pattern.sub(lambda found: self._meaning(found[1], charset) or found[0], text)

    def _meaning(self, code: str, charset: str) -> str:
        """What an escape sequence stands for, "" where it is no character."""
        if code[:1] != "X":
            return self.names.get(code, "")
        try:
            return bytes.fromhex(code[1:]).decode(charset)
        except ValueError:
            return ""

    def encode(self, text: str) -> str:
        """The way back: delimiters in a value become escapes, a line end becomes \\.br\\, any other control character \\Xdd\\."""
        mark = self.marks[2]
        out = text.translate(self.characters)
        if out.isprintable():
            return out
        return without_controls(_LINE_END.sub(lambda _: f"{mark}.br{mark}", out), mark)

    def laid_out(self, text: str, charset: str) -> str:
        """Text as a person reads it, in lines: the commands of formatted text carried out as far as plain text can."""
        page = _Page()
        for number, piece in enumerate(self.pattern.split(text)):
            if number % 2 == 0:
                page.write(piece)
            elif meaning := self._meaning(piece, charset):
                page.write(meaning)
            elif found := _COMMAND.fullmatch(piece):
                page.command(found[1] or found[2], int(found[3] or 1))
            elif piece not in ("H", "N"):
                page.write(f"{self.marks[2]}{piece}{self.marks[2]}")
        return page.text


class _Page:
    """Lines that are being written, with their indentation (HL7 v2.5 section 2.7.6)."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._begins = True  # at the beginning of a line
        self._indent = self._once = 0

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def write(self, text: str) -> None:
        for number, line in enumerate(text.split("\n")):
            if number:
                self.command("br", 1)
            if line and self._begins:
                self._put(" " * max(0, self._indent + self._once))
                self._once = 0
            self._put(line)

    def command(self, name: str, number: int) -> None:
        if name in ("br", "ce"):
            self._put("\n")
        elif name == "sp":
            self._put("\n" * max(1, number))
        elif name == "sk":
            self._put(" " * max(0, number))
        elif name == "in":
            self._indent = min(max(0, self._indent + number), MOST_INDENT)
        elif name == "ti":
            self._once = number

    def _put(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._begins = text.endswith("\n")


@lru_cache(maxsize=64)
def escapes(separator: str, marks: str) -> Escapes:
    """The escape sequences of a message with these delimiters.

    >>> escapes("|", "^~\\\\&").decode("Lie \\\\T\\\\ Vik", "utf-8")
    'Lie & Vik'
    """
    component, repetition, escape, subcomponent, *truncation = list(marks)
    plain = {"F": separator, "S": component, "R": repetition, "E": escape, "T": subcomponent} | ({"P": truncation[0]} if truncation else {})
    mark = re.escape(escape)
    written = {ord(character): f"{escape}{name}{escape}" for name, character in plain.items()}
    return Escapes(separator, marks, re.compile(f"{mark}([^{mark}\r\n]*){mark}"), plain | {".br": "\n"}, written)


def without_controls(text: str, mark: str = "\\") -> str:
    """A piece of a message that breaks neither a line nor a frame: each control character written as \\Xdd\\ (HL7 v2.5 section 2.7.5)."""
    return _CONTROL.sub(lambda found: f"{mark}X{ord(found[0]):02X}{mark}", text)
