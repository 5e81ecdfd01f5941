"""XML read so that every element, attribute and text knows its place. The counterpart of `json_text.py`; a room makes its own tree of it.

Python's own readers forget where a thing stood, and follow what a DOCTYPE says: entities that fill the memory, files that are fetched. Here any
DOCTYPE is refused, and so is what is deeper or longer than a message is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from ihe_kit.core import Unreadable
from ihe_kit.json_text import MAX_DEPTH, MAX_VALUES

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;"))
_ATTRIBUTE = re.compile(r"""\s([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")


@dataclass(slots=True)
class Xml:
    """An element: its namespace and name, its attributes (`namespace name` where they have one), its place, what is in it.

    `inner` is the place of what stands between its tags, None where it is one tag only.
    """

    space: str
    name: str
    attributes: dict[str, str]
    start: int
    end: int = 0
    inner: tuple[int, int] | None = None
    words: str = ""
    children: list[Xml] = field(default_factory=list)

    def place(self, text: str, name: str) -> tuple[int, int]:
        """Where the value of an attribute stands, with its quotes."""
        tag = (self.start, tag_end(text, self.start))
        found = (one for one in _ATTRIBUTE.finditer(text, *tag) if one[1].rpartition(":")[2] == name.rpartition(" ")[2])
        return next((one.span(2) for one in found), tag)


def read_xml_tree(text: str, start: int = 0, what: str = "a message") -> Xml:
    """The root element of the XML that begins at `start`. Raises Unreadable with the place and what was expected there.

    >>> read_xml_tree('<value xmlns="http://schemas.openehr.org/v1">sitting</value>').words
    'sitting'
    """
    reader = _Reader(text, start, what)
    try:
        reader.parser.Parse(reader.data, True)
    except expat.ExpatError as problem:
        place = reader.place(problem.code and reader.parser.ErrorByteIndex)
        raise Unreadable(f"expected well-formed XML ({expat.ErrorString(problem.code)})", text, place) from None
    assert reader.root is not None  # a text without an element is not well-formed
    return reader.root


def escaped(text: str) -> str:
    """A text as it stands between tags, or between the quotes of an attribute; a bare \\r would be read as a line end.

    >>> escaped('a < "b"')
    'a &lt; &quot;b&quot;'
    """
    for sign, name in _ESCAPES:
        text = text.replace(sign, name)
    return text


def not_xml(text: str) -> re.Match[str] | None:
    """The first character that XML 1.0 cannot hold, not even as a reference."""
    return _NOT_XML.search(text)


def tag_end(text: str, start: int) -> int:
    """Where a tag ends: behind its >, which may stand in an attribute too."""
    at = start
    while found := re.compile(r"""[^"'>]*(["'>])""").match(text, at):
        if found[1] == ">":
            return found.end()
        at = text.find(found[1], found.end()) + 1
        if not at:
            break
    return len(text)


class _Reader:
    """Collects the elements of a text with their places, in characters."""

    def __init__(self, text: str, start: int, what: str) -> None:
        self.text, self.what = text, what
        self.data = text[start:].encode("utf-8", "replace")
        self.seen, self.chars = 0, start  # bytes, and the characters that they are
        self.stack: list[Xml] = []
        self.root: Xml | None = None
        self.count = 0
        # The text was decoded already, so what it says of its own encoding no longer holds.
        parser = self.parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self.open, self.close
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self.characters, self.doctype

    def place(self, index: int) -> int:
        if index >= self.seen:
            self.chars += len(self.data[self.seen : index].decode("utf-8", "replace"))
            self.seen = index
        return self.chars

    def open(self, name: str, attributes: dict[str, str]) -> None:
        here = self.place(self.parser.CurrentByteIndex)
        self.count += 1 + len(attributes)
        if len(self.stack) >= MAX_DEPTH or self.count > MAX_VALUES:
            raise Unreadable(f"expected at most {MAX_DEPTH} levels and {MAX_VALUES} elements and attributes", self.text, here)
        space, _, plain = name.rpartition(" ")
        one = Xml(space, plain, attributes, here)
        if self.stack:
            self.stack[-1].children.append(one)
        else:
            self.root = one
        self.stack.append(one)

    def close(self, _: str) -> None:
        here = self.place(self.parser.CurrentByteIndex)
        one = self.stack.pop()
        tag = tag_end(self.text, one.start)
        whole = self.text.startswith("</", here)
        one.end = self.text.find(">", here) + 1 if whole else tag
        one.inner = (tag, here) if whole else None

    def characters(self, found: str) -> None:
        if self.stack:
            self.stack[-1].words += found

    def doctype(self, *_: object) -> None:
        place = self.place(self.parser.CurrentByteIndex)
        raise Unreadable(f"expected no DOCTYPE: {self.what} has none, and one can make a reader open files", self.text, place)
