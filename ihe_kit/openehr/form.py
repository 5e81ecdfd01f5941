"""A template as a form: its groups and fields with how often each may occur, and for each value what may be filled in.

The names are those of FLAT, so every input of the form is a FLAT key: group, group, field, and behind | a part of the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ihe_kit.files import rows
from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node, Range
from ihe_kit.openehr.leaves import Leaf, Move, mixed
from ihe_kit.openehr.opt import Template

TRUTH = (("true", "yes"), ("false", "no"))
_PROPORTIONS = ("ratio", "unitary: the denominator is 1", "percent: the denominator is 100", "fraction", "integer fraction")
_NOT_ASKED = ("_uid",)  # a repository gives it
_NOT_ASKED_BELOW = ("_uid", "language", "encoding", "history_origin")  # as the composition says

Codes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to fill in. `part` stands behind | in FLAT, "" for the value itself; `closed`: nothing but the codes may stand there."""

    part: str
    label: str
    kind: str
    codes: Codes = ()
    closed: bool = False
    example: str = ""
    wide: int = 1


@dataclass(frozen=True, eq=False)
class Kind:
    """A type of value that a field may have. `id` is its segment in FLAT, "" where the field has no other; `limits` says what it takes."""

    id: str
    node: Node
    inputs: tuple[Input, ...]
    limits: str = ""

    @property
    def name(self) -> str:
        """`coded text` of DV_CODED_TEXT."""
        return self.node.type.removeprefix("DV_").replace("_", " ").lower()


@dataclass(frozen=True, eq=False)
class Part:
    """A group or, with `kinds`, a field. `way` are the moves of the template from the group above it, `least` and `most` how often it occurs."""

    id: str
    name: str
    says: str
    node: Node
    way: tuple[Move, ...]
    least: int
    most: int
    kinds: tuple[Kind, ...] = ()
    parts: tuple[Part, ...] = ()
    nullable: bool = False

    @property
    def occurs(self) -> str:
        return f"{self.least}..{'*' if self.most < 0 else self.most}"

    @property
    def many(self) -> bool:
        return self.most != 1

    @property
    def framing(self) -> bool:
        """Whether it is the model's and not the template's: language, author, start of the encounter."""
        return not self.node.code

    @property
    def open_list(self) -> bool:
        """Whether the field takes a code or, where none fits, a plain text."""
        return mixed(self.node)

    def part(self, id_: str) -> Part | None:
        return next((one for one in self.parts if one.id == id_), None)


@lru_cache(maxsize=32)
def form(template: Template) -> Part:
    """The form of a template, from its root down.

    >>> from ihe_kit.openehr import template
    >>> next(part.name for part in form(template("kit_vital_signs.v1")).parts if not part.framing)
    'Blood pressure'
    """
    root = template.root
    leaves = [(leaf.moves, leaf) for leaf in template.leaves]
    name = root.fixed_name or root.name or template.concept
    return Part(template.leaves[0].root, name, root.says, root, (), 1, 1, parts=_parts(leaves, root))


_Left = tuple[tuple[Move, ...], Leaf]


def _parts(leaves: Iterable[_Left], above: Node) -> tuple[Part, ...]:
    """The parts of a group: leaves that begin with the same moves, up to the first that FLAT has a name for, are one part."""
    groups: dict[tuple[tuple[str, str, str], ...], tuple[tuple[Move, ...], list[_Left]]] = {}
    for moves, leaf in leaves:
        first = next((n for n, move in enumerate(moves, start=1) if move.id), len(moves))
        if moves[first - 1].id not in (_NOT_ASKED if above.type == "COMPOSITION" else _NOT_ASKED_BELOW):
            named = tuple((move.attribute, move.node.code, move.id) for move in moves[:first])
            groups.setdefault(named, (moves[:first], []))[1].append((moves[first:], leaf))
    return tuple(_part(way, left, above) for way, left in groups.values())


def _part(way: tuple[Move, ...], left: list[_Left], above: Node) -> Part:
    move = way[-1]
    node, model = move.node, rm.attributes(([*way[:-1]][-1].node if len(way) > 1 else above).type).get(move.attribute)
    hoisted = min((one.node.least for one in way[:-1]), default=1)
    name = node.fixed_name or node.name or move.id.strip("_").replace("_", " ").capitalize()
    says = node.says or (model.says if model else "")
    if not node.code and model:
        least, most = int(model.required), 1
    else:
        least, most = min(node.least, hoisted), node.most
    kinds: tuple[Kind, ...] = ()
    parts: tuple[Part, ...] = ()
    nullable = node.type == "ELEMENT"
    if nullable:
        kinds = tuple(_kind(rest[0].id, rest[0].node) for rest, _ in left if rest and rest[0].attribute == "value")
    elif not left[0][0]:
        kinds = (_kind("", node, move.attribute, above.type),)
    else:
        parts = _parts(left, node)
    return Part(move.id, name, says, node, way, least, most, kinds, parts, nullable)


def _kind(id_: str, node: Node, attribute: str = "", owner: str = "") -> Kind:
    """What is asked for of a data type; a code comes from the template's list, else from the group of openEHR's terminology that the model names."""
    if node.type == "DV_INTERVAL":
        return Kind(id_, node, tuple(_ends(node)), limits(node.child("lower")))
    codes, closed = _codes(node, attribute, owner)
    asked = [row for row in _asked(node.type) if not (codes and row["part"] in ("value", "terminology"))]
    inputs = tuple(_input(row, node, codes, closed) for row in asked)
    return Kind(id_, node, inputs, limits(node))


def _ends(node: Node) -> Iterator[Input]:
    """What is asked for of the two ends of an interval; where the template leaves open what it is an interval of, as text."""
    for end in ("lower", "upper"):
        held = _kind("", node.child(end)).inputs or (Input("", "", "text", wide=9),)
        for one in held:
            part = f"/{end}|{one.part}" if one.part else f"/{end}"
            yield replace(one, part=part, label=f"{end} {one.label}".strip())


def _input(row: dict[str, str], node: Node, codes: Codes, closed: bool) -> Input:
    kind, part = row["kind"], row["part"].removeprefix("-")
    held = node.child(part) if part and node.attribute(part) else _value_of(node)
    fixed = (f"{held.range.low:g}",) if part and held.range and held.range.low is not None and held.range.low == held.range.high else ()
    listed = tuple((one, "") for one in held.options or fixed or (() if part else node.options))
    if kind == "proportion":
        listed = tuple((str(n), name) for n, name in enumerate(_PROPORTIONS) if not held.options or str(n) in held.options)
    elif kind in ("code", "unit", "truth"):
        listed = {"code": codes, "unit": tuple((one.units, "") for one in node.units), "truth": TRUTH}[kind]
    only = closed if kind == "code" else bool(listed) and not (node.open_list or held.open_list)
    return Input(part, row["label"], kind, listed, only, row["example"], int(row["wide"]))


def _value_of(node: Node) -> Node:
    """What a template says about the value inside a data type: its texts, its range, its pattern."""
    held = next((name for name in ("magnitude", "value", "numerator") if node.attribute(name)), "value")
    return node.child(held)


def _codes(node: Node, attribute: str, owner: str) -> tuple[Codes, bool]:
    scale = tuple((one.code, f"{one.value} {one.name}".strip()) for one in node.ordinals)
    phrase = node if node.codes else node.child("defining_code")
    if scale or phrase.codes:
        return scale or phrase.codes, True
    group = group_of(owner, attribute)
    return terms(group), bool(group)


def group_of(owner: str, attribute: str) -> str:
    """The group of openEHR's own terminology from which an attribute takes its codes; "" for none."""
    return next((row["group"] for row in rows("openehr/coded.tsv") if (row["class"], row["attribute"]) == (owner, attribute)), "")


@lru_cache(maxsize=64)
def terms(group: str) -> Codes:
    """The codes of a group of openEHR's own terminology: `null flavours`."""
    return tuple((row["code"], row["meaning"]) for row in rows("openehr/codes.tsv") if group and row["group"] == group)


def _asked(type_: str) -> list[dict[str, str]]:
    """The rows of a class, or of the next one that it inherits from."""
    for name in [*rm.lineage(rm.bare(type_)), type_]:
        if found := [row for row in rows("openehr/form.tsv") if row["type"] == name]:
            return found
    return []


def limits(node: Node) -> str:
    """`0 to below 1000, whole numbers`: what a number may be, by unit where there are several."""
    if node.units:
        told = {one.units: ", ".join(filter(None, (range_words(one.magnitude), _decimals(one.precision)))) for one in node.units}
        alike = len(set(told.values())) == 1
        words = [says if alike else f"{units} {says}" for units, says in told.items() if says]
        return "; ".join(dict.fromkeys(words))
    for one in (node, _value_of(node)):
        if one.range or one.span:
            return range_words(one.range) or str(one.span or "").replace("..", " to ")
        if one.pattern:
            return f"written as {one.pattern}"
    return ""


def range_words(range_: Range | None) -> str:
    """`0 to below 1000`, `at least 0`, `above 0`, `at most 5`; "" for no limit."""
    if range_ is None or (range_.low is None and range_.high is None):
        return ""
    low = "" if range_.low is None else f"{'' if range_.low_included else 'above '}{range_.low:g}"
    high = "" if range_.high is None else f"{'' if range_.high_included else 'below '}{range_.high:g}"
    if low and high:
        return low if low == high else f"{low} to {high}"
    return f"at least {low}" if low and range_.low_included else low or (f"at most {high}" if range_.high_included else high)


def _decimals(precision: Range) -> str:
    if precision.high is None:
        return ""
    return "whole numbers" if precision.high == 0 else f"at most {precision.high:g} decimal{'s' * (precision.high != 1)}"
