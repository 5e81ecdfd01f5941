"""A template as a reader looks at it: its nodes as rows, what each may hold, and where each stands.

Rows of the Reference Model alone (`model`) are what every object of a class needs, though no template speaks of it: the composer, the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import Unreadable
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import ARCHETYPE_ID, Attribute, Node
from ihe_kit.openehr.form import range_words
from ihe_kit.openehr.opt import Template, load, template

VIEWS = ("tree", "model", "map")
_OF_ALL = ("name", "archetype_node_id")  # every node has them; the tree shows them as what a row is called
_FRAMES = ("HISTORY", "ITEM_STRUCTURE")  # a mind map leaves these out, as FLAT does: they hold, but say nothing
PROPORTIONS = ("ratio", "unitary", "percent", "fraction", "integer fraction")
LISTED = 12  # codes that a row names


@dataclass(frozen=True, slots=True)
class Holds:
    """One kind of value that a node may hold: its class, what limits it in words, and the codes that may stand there."""

    type: str
    limits: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    terminology: str = ""

    @property
    def name(self) -> str:
        """`coded text` of DV_CODED_TEXT."""
        return self.type.removeprefix("DV_").replace("_", " ").lower()

    def __str__(self) -> str:
        named = [meaning or code for code, meaning in self.codes]
        more = f" and {len(named) - LISTED} more" if len(named) > LISTED else ""
        return ": ".join(filter(None, (self.name, "; ".join(filter(None, (self.limits, ", ".join(named[:LISTED]) + more))))))


@dataclass(frozen=True, eq=False)
class Row:
    """A node of a template. `way`: the attribute and the node of each step from the root; `path` tells it from every other row; `above` is the
    number of the row that it stands in, -1 for the root. `model`: only the Reference Model asks for it.
    """

    path: str
    way: tuple[tuple[str, Node], ...]
    node: Node
    owner: str  # the class that has the attribute
    above: int
    level: int
    archetype: str
    model: bool = False
    rivals: int = 0  # siblings with the same code, which only their names tell apart

    @property
    def attribute(self) -> str:
        return self.way[-1][0] if self.way else ""

    @property
    def is_root(self) -> bool:
        """Whether an archetype begins here."""
        return bool(ARCHETYPE_ID.fullmatch(self.node.code))

    @property
    def name(self) -> str:
        return self.node.fixed_name or self.node.name or self.attribute.replace("_", " ") or self.node.type

    @property
    def occurs(self) -> str:
        """How often it may be there: the node's occurrences, or the attribute's where the node has no code of its own."""
        known = rm.attributes(self.owner).get(self.attribute)
        return known.occurs if known and not self.node.code else self.node.occurs

    @property
    def frame(self) -> bool:
        return any(name in _FRAMES for name in rm.lineage(self.node.type))

    @property
    def holds(self) -> tuple[Holds, ...]:
        """What may stand here; several where the template leaves a choice of types. Nothing for what only holds other nodes."""
        if self.node.type == "ELEMENT":
            value = self.node.attribute("value")
            return tuple(map(holds, value.children)) if value and value.children else (Holds("any value"),)
        if self.node.slot:
            return (Holds("slot", _slot(self.node)),)
        return () if rm.is_a(self.node.type, "PATHABLE") and self.node.type in rm.classes() else (holds(self.node),)


@dataclass(frozen=True, eq=False)
class TemplateTree:
    """A template with its rows. `problem` says why there is none: the text is no template, or nobody here knows the id."""

    template: Template | None
    rows: tuple[Row, ...] = ()
    problem: str = ""

    def shown(self, view: str = "tree") -> list[int]:
        """The numbers of the rows of a view: the `tree` of the template, the same with the Reference Model's own attributes, or the `map`."""
        numbers = range(len(self.rows))
        if view == "model":
            return list(numbers)
        return [n for n in numbers if not (self.rows[n].model or (view == "map" and (self.rows[n].frame or not self.rows[n].node.code)))]

    def above(self, number: int, view: str = "tree") -> int:
        """The row of a view that a row hangs on: of a map the next one that the map shows. -1 for the root."""
        up = self.rows[number].above
        while view == "map" and up >= 0 and (self.rows[up].frame or not self.rows[up].node.code):
            up = self.rows[up].above
        return up

    def find(self, wanted: str) -> int | None:
        """The number of a row by its path, its at-code or archetype id, or its name, whichever is the first to fit; None where none does."""
        words = wanted.strip().lower()
        keys = [(row.path.lower(), row.node.code.lower(), row.name.lower()) for row in self.rows]
        return next((number for told in zip(*keys, strict=True) for number, key in enumerate(told) if key == words), None)


def template_tree(subject: Template | str) -> TemplateTree:
    """The tree of a template: a Template, the id of one that is known here, or the text of an OPT. Never raises; `problem` says what is wrong.

    >>> tree = template_tree("kit_vital_signs.v1")
    >>> [row.name for row in tree.rows if row.is_root][:2]
    ['Vital signs', 'Blood pressure']
    """
    try:
        one = subject if isinstance(subject, Template) else load(subject) if "<" in subject else template(subject.strip())
    except Unreadable as problem:
        return TemplateTree(None, problem=f"This text is no operational template: {problem}.")
    except LookupError as problem:
        return TemplateTree(None, problem=f"{str(problem).strip(chr(34))[:1].upper()}{problem.args[0][1:]}")
    return _tree(one)


@lru_cache(maxsize=16)
def _tree(one: Template) -> TemplateTree:
    rows: list[Row] = []
    root = Row("/", (), one.root, "", -1, 0, one.root.code)
    _add(rows, root)
    return TemplateTree(one, tuple(rows))


def _add(rows: list[Row], row: Row) -> None:
    """A row and all below it."""
    number = len(rows)
    rows.append(row)
    node = row.node
    if node.type not in rm.classes() or rm.is_a(node.type, "DATA_VALUE") or node.type == "CODE_PHRASE":
        return
    for attribute, model in _attributes(node):
        codes = Counter(child.code for child in attribute.children)
        seen: Counter[str] = Counter()
        for child in attribute.children:
            step = step_text(attribute.name, child, codes[child.code])
            seen[step] += 1
            path = f"{row.path.rstrip('/')}{step}" + (f"[{seen[step]}]" if seen[step] > 1 else "")
            root = child.code if ARCHETYPE_ID.fullmatch(child.code) else row.archetype
            way = (*row.way, (attribute.name, child))
            _add(rows, Row(path, way, child, node.type, number, row.level + 1, root, model or row.model, codes[child.code]))


def _attributes(node: Node) -> Iterator[tuple[Attribute, bool]]:
    """The attributes below a node that are rows of their own, and whether only the Reference Model asks for them; its value is the element's."""
    known = rm.attributes(node.type)
    for name, one in known.items():
        wanted = (one.required and not one.many) or (node.type, name) == ("COMPOSITION", "context")
        if wanted and name not in _OF_ALL and not node.attribute(name) and node.type != "ELEMENT":
            yield Attribute(name, int(one.required), (Node(one.type, least=int(one.required)),)), True
    for attribute in node.attributes:
        if attribute.name != "name" and attribute.name in known and (node.type, attribute.name) != ("ELEMENT", "value"):
            yield attribute, False


def step_text(attribute: str, node: Node, alike: int, apostrophe: str = "''") -> str:
    """One step of a path. Of siblings with one code the name tells which; `apostrophe` is how one in a name is written."""
    return f"/{attribute}" + (f"[{predicate(node, alike, apostrophe)}]" if node.code else "")


def predicate(node: Node, alike: int, apostrophe: str = "''") -> str:
    """What stands in the brackets of a step."""
    name = node.fixed_name if alike > 1 else ""
    return node.code + (" and name/value='" + name.replace("'", apostrophe) + "'" if name else "")


# What a node may hold --------------------------------------------------------------------------------------------------------------------


def holds(node: Node) -> Holds:
    """What a data value may be, from the limits that the template carries."""
    if node.units:
        told = [" ".join(filter(None, (range_words(one.magnitude), one.units, _decimals(one.precision.high)))) for one in node.units]
        return Holds(node.type, " or ".join(told), terminology="UCUM")
    phrase = node if node.codes or node.reference else node.child("defining_code")
    scale = tuple((one.code, f"{one.value} {one.name}".strip()) for one in node.ordinals)
    if scale or phrase.codes or phrase.reference:
        named = f"a value set: {phrase.reference}" if phrase.reference else ""
        return Holds(node.type, named, scale or phrase.codes, node.ordinals[0].terminology if scale else phrase.terminology)
    kind = f"{node.type}<{node.limits_of}>" if node.limits_of else node.type
    told = [f"{name} {words}".strip() for name, words in _inside(node, "") if words]
    return Holds(kind, "; ".join(dict.fromkeys(told)))


def _inside(node: Node, name: str) -> Iterator[tuple[str, str]]:
    """What limits a data value and the attributes in it; the attribute that is the value itself needs no name."""
    kinds = [PROPORTIONS[int(one)] for one in node.options if one in ("0", "1", "2", "3", "4")] if name == "type" else []
    yield ("", " or ".join(kinds)) if kinds else (name, _limits(node))
    for attribute in node.attributes:
        for child in attribute.children:
            yield from _inside(child, "" if attribute.name in ("value", "magnitude", "numerator") else attribute.name)


def _limits(node: Node) -> str:
    words = [range_words(node.range), str(node.span or "").replace("..", " to "), f"written as {node.pattern}" if node.pattern else ""]
    return "; ".join(filter(None, (*words, ", ".join(node.options))))


def _decimals(most: float | None) -> str:
    return "" if most is None else "(whole numbers)" if most == 0 else f"(at most {most:g} decimal{'s' * (most != 1)})"


def _slot(node: Node) -> str:
    """What a slot lets in."""
    let = [one or "what is written in a way that cannot be read here" for one in node.includes]
    return f"open for {node.type}: {', '.join(let)}" if let else f"open for any {node.type}"
