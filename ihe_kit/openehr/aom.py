"""What a template says, as a tree of objects: the Archetype Object Model 1.4, as far as operational templates use it.

Each node constrains one class of the reference model: how often it may occur, what it is called, which units, codes, numbers and texts it
takes. A field that is empty sets no limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from ihe_kit.openehr import rm

Terms = dict[str, tuple[str, str]]  # at-code: what it is called, what it means


@dataclass(frozen=True, slots=True)
class Range:
    """A range of numbers; None where it has no limit."""

    low: float | None = None
    high: float | None = None
    low_included: bool = True
    high_included: bool = True

    def holds(self, value: float) -> bool:
        above = self.low is None or value > self.low or (self.low_included and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_included and value == self.high))

    def __str__(self) -> str:
        low = "" if self.low is None else f"{self.low:g}" if self.low_included else f">{self.low:g}"
        high = "*" if self.high is None else f"{self.high:g}" if self.high_included else f"<{self.high:g}"
        return f"{low}..{high}"


@dataclass(frozen=True, slots=True)
class Span:
    """A range of dates, times or durations, as ISO 8601 writes them; "" where it has no limit."""

    low: str = ""
    high: str = ""
    low_included: bool = True
    high_included: bool = True

    def __str__(self) -> str:
        return f"{'' if self.low_included else '>'}{self.low}..{'' if self.high_included else '<'}{self.high or '*'}"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit that a quantity may have, with the range and the decimals that go with it."""

    units: str
    magnitude: Range
    precision: Range


@dataclass(frozen=True, slots=True)
class Ordinal:
    """One step of a scale: its number, and the code and name of its symbol."""

    value: str
    terminology: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Cardinality:
    """How many members a list may have in all; `most` is -1 where there is no limit."""

    least: int = 0
    most: int = -1
    ordered: bool = True
    unique: bool = False

    def __str__(self) -> str:
        return f"{self.least}..{'*' if self.most < 0 else self.most}"


@dataclass(frozen=True, eq=False)
class Attribute:
    """What a template says about one attribute of a node: the alternatives or members it may hold, and whether it may be there at all."""

    name: str
    least: int
    children: tuple[Node, ...]
    most: int = 1
    cardinality: Cardinality | None = None


@dataclass(frozen=True, eq=False)
class Node:
    """One object of a template. `most` is -1 where there is no limit; `code` is an archetype id or at-code, "" for a data value.

    `kind` is the constraint's own class, such as C_DV_QUANTITY. `units`, `codes`, `options`, `range`, `pattern`, `span`, `ordinals` and
    `limits_of` are the limits of a data value: empty where the template sets none. `open_list` says that other texts than `options` may stand.
    `reference` names the codes that stand outside of the template; `includes` and `excludes` are what a slot lets in, as patterns of archetype ids
    (None for one that is written in a way nobody here can read). `bindings` are codes of other terminologies that mean the same as the node.
    """

    type: str
    code: str = ""
    least: int = 1
    most: int = 1
    name: str = ""
    says: str = ""
    slot: bool = False
    attributes: tuple[Attribute, ...] = ()
    units: tuple[Unit, ...] = ()
    terminology: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    range: Range | None = None
    kind: str = "C_COMPLEX_OBJECT"
    open_list: bool = False
    pattern: str = ""
    span: Span | None = None
    zone: str = ""
    ordinals: tuple[Ordinal, ...] = ()
    property_code: str = ""
    limits_of: str = ""
    reference: str = ""
    includes: tuple[str | None, ...] = ()
    excludes: tuple[str | None, ...] = ()
    default: str = ""
    bindings: tuple[tuple[str, str], ...] = ()
    terms: Terms = field(default_factory=dict)

    @property
    def occurs(self) -> str:
        return f"{self.least}..{'*' if self.most < 0 else self.most}"

    @cached_property
    def _by_name(self) -> dict[str, Attribute]:
        return {attribute.name: attribute for attribute in reversed(self.attributes)}

    def attribute(self, name: str) -> Attribute | None:
        return self._by_name.get(name)

    def child(self, name: str) -> Node:
        """The only object that an attribute may hold; where the template leaves it open, one of the reference model's class."""
        attribute = self.attribute(name)
        if attribute and len(attribute.children) == 1:
            return attribute.children[0]
        known = rm.attributes(self.type).get(name)
        return Node(known.type if known else "")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that the template lets this node have in the data; none where it leaves that to whoever writes."""
        attribute = self.attribute("name")
        texts = [child.child("value") for child in attribute.children] if attribute else []
        return () if any(text.open_list or not text.options for text in texts) else tuple(name for text in texts for name in text.options)

    @cached_property
    def name_codes(self) -> tuple[str, ...]:
        """The codes that the template lets this node have as its name."""
        attribute = self.attribute("name")
        return tuple(code for child in (attribute.children if attribute else ()) for code, _ in child.child("defining_code").codes)

    @property
    def fixed_name(self) -> str:
        """The name that the template gives this node in the data, "" where it leaves it to the archetype."""
        return self.names[0] if self.names else ""

    def __repr__(self) -> str:
        return f"Node({' '.join(filter(None, (self.type, self.code, self.occurs, self.name)))})"


@dataclass(frozen=True, slots=True)
class Description:
    """Who wrote a template, what it is for, and how far it has come."""

    authors: tuple[tuple[str, str], ...] = ()
    state: str = ""
    purpose: str = ""
    use: str = ""
    misuse: str = ""
    details: tuple[tuple[str, str], ...] = ()


ARCHETYPE_ID = re.compile(r"[\w-]+-\w+-\w+\.[\w-]+(\.v\d[\w.+-]*)?")
