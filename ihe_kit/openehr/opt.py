"""Operational templates (OPT 1.4): what a kind of document may hold, read with the standard library's XML.

A template is a tree of nodes. Each node constrains one class of the reference model: how often it may occur, what it is called, which
units, codes and numbers it takes. `leaves` gives the same tree as FLAT sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from ihe_kit.core import Unreadable, nearest
from ihe_kit.files import data
from ihe_kit.openehr import opt_reader as reader
from ihe_kit.openehr.aom import Attribute, Cardinality, Description, Node, Ordinal, Range, Span, Terms, Unit
from ihe_kit.openehr.leaves import Leaf, Move, leaves
from ihe_kit.openehr.opt_xml import NAMESPACE, read_xml

__all__ = [
    "NAMESPACE",
    "Attribute",
    "Cardinality",
    "Description",
    "Leaf",
    "Move",
    "Node",
    "Ordinal",
    "Range",
    "Span",
    "Template",
    "Unit",
    "known",
    "load",
    "own",
    "register",
    "template",
]


@dataclass(frozen=True, eq=False)
class Template:
    """An operational template. `text` is the XML it was read from; `annotations` are its notes by path, `words` the terms of other languages
    by `archetype|language`, where it brings them."""

    id: str
    concept: str
    language: str
    root: Node
    text: str
    uid: str = ""
    description: Description = field(default_factory=Description)
    annotations: dict[str, dict[str, str]] = field(default_factory=dict)
    words: dict[str, Terms] = field(default_factory=dict)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every value that the template allows, with its FLAT key and its openEHR path, in the template's order."""
        return leaves(self.root, self.concept)


# Reading --------------------------------------------------------------------------------------------------------------------------


def load(text: str | bytes) -> Template:
    """A template from the XML of an OPT 1.4. Raises Unreadable (a ValueError) that says what is missing.

    >>> load(template("kit_vital_signs.v1").text).root.name
    'Vital signs'
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise Unreadable(f"expected UTF-8, but byte {problem.start} is none") from None
    return _loaded(text)


@lru_cache(maxsize=32)  # a repository reads its templates at every composition that it takes
def _loaded(text: str) -> Template:
    root = read_xml(text.removeprefix("\ufeff"))
    definition, template_id = root.find("definition"), reader.text(root, "template_id/value")
    concept, language = reader.text(root, "concept"), reader.text(root, "language/code_string")
    for found, name in ((template_id, "template_id"), (concept, "concept"), (language, "language")):
        if not found:
            raise Unreadable(f"expected a template with a {name}, but it has none", text)
    if definition is None or not reader.text(definition, "rm_type_name"):
        raise Unreadable("expected a definition with an rm_type_name: it is what the template says about the data", text)
    return Template(
        id=template_id,
        concept=concept,
        language=language,
        root=reader.definition(definition),
        text=text,
        uid=reader.text(root, "uid/value"),
        description=reader.description(root.find("description")),
        annotations=reader.notes(root),
        words=reader.languages(root),
    )


@lru_cache(maxsize=32)
def template(name: str) -> Template:
    """One of the kit's own templates, or a registered one, by its template_id. Raises LookupError with the nearest name."""
    if name in _registered:
        return _registered[name]
    if name in _files():
        return load(_files()[name].read_text(encoding="utf-8"))
    raise LookupError(f"there is no template {name} here" + nearest(name, own()))


_registered: dict[str, Template] = {}


def known(named: Template | str) -> Template | None:
    """A template by its name, or the template itself; None where there is none of that name."""
    if isinstance(named, Template):
        return named
    return template(named) if named in _registered or named in _files() else None


def register(new: Template) -> None:
    """Makes a template known by its template_id, as an upload to a repository does."""
    _registered[new.id] = new
    template.cache_clear()


def own() -> list[str]:
    """The templates that can be had by name."""
    return sorted({*_files(), *_registered})


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {path.stem: path for path in data("openehr").glob("*.opt")}
