"""The XML of operational templates, read safely: no DOCTYPE, no endless depth or length, and no namespaces in the names that come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ihe_kit.core import Unreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element as Xml

NAMESPACE = "http://schemas.openehr.org/v1"
MAX_LENGTH = 20_000_000  # characters: the largest that is known has a quarter of it
MAX_LEVELS = 1000  # of the XML; a node of a template takes two to four of them
MAX_ELEMENTS = 500_000
_CHUNK = 1 << 16


def read_xml(text: str) -> Xml:
    """The root element of a template, every tag without its namespace. Raises Unreadable with the place and what was expected there."""
    from xml.etree import ElementTree

    if len(text) > MAX_LENGTH:
        raise Unreadable(f"expected a template of at most {MAX_LENGTH} characters, but found {len(text)}")
    if "<!DOCTYPE" in text:
        says = "a template has no DOCTYPE: through one a document can make its reader fetch files or fill its memory"
        raise Unreadable(says, text, text.index("<!DOCTYPE"))
    try:
        text.encode("utf-8")
        return _grown(text)
    except UnicodeEncodeError as problem:
        raise Unreadable("half a surrogate pair is no character", text, problem.start) from None
    except ElementTree.ParseError as problem:
        line, column = problem.position
        start = sum(len(before) for before in text.splitlines(keepends=True)[: line - 1]) + column
        raise Unreadable(f"expected XML: {problem.msg.partition(':')[0]}", text, start) from None


def _grown(text: str) -> Xml:
    """The tree of a text that is fed in pieces, so that one which is too deep or too large is left before it has filled the memory."""
    from xml.etree import ElementTree

    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    root: Xml | None = None
    level = count = 0
    for at in range(0, len(text) or 1, _CHUNK):
        parser.feed(text[at : at + _CHUNK])
        for event, node in parser.read_events():
            if event == "end":
                level -= 1
                continue
            space, _, node.tag = node.tag.rpartition("}")
            level, count = level + 1, count + 1
            if root is None:
                root = node
                if node.tag != "template" or space.lstrip("{") not in (NAMESPACE, ""):
                    found = f"<{node.tag}> of {space.lstrip('{') or 'no namespace'}"
                    raise Unreadable(f"expected <template> of {NAMESPACE}, but found {found}", text)
            if level > MAX_LEVELS or count > MAX_ELEMENTS:
                most = f"{MAX_LEVELS} levels" if level > MAX_LEVELS else f"{MAX_ELEMENTS} elements"
                raise Unreadable(f"expected at most {most} of XML: a template has a fraction of that", text, min(at, len(text)))
    parser.close()
    if root is None:
        raise Unreadable("expected XML, but found nothing", text)
    return root
