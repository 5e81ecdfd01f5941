"""What has to be true of every object of a class, whatever its template: the invariants of the Reference Model, one row each.

The rows stand in `data/openehr/invariants.tsv`; a row names one of the tests below. A test takes the object, the attribute at which the
finding is shown, and the words of the row, and says whether the invariant holds. Where a part is missing or unreadable it does hold:
another rule speaks of that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import cited
from ihe_kit.files import rows
from ihe_kit.json_text import Node
from ihe_kit.openehr import iso8601, rm

Test = Callable[[Node, str, list[str]], bool]


@dataclass(frozen=True, slots=True)
class Invariant:
    """One row of the table. `at` is the attribute at which the finding stands; `absent` says that it can be broken where that is not there."""

    name: str
    at: str
    test: Test
    words: list[str]
    severity: str
    says: str
    spec: str
    absent: bool
    fix: tuple[str, str] | None


@lru_cache(maxsize=256)
def invariants(type_: str) -> tuple[Invariant, ...]:
    """The invariants of a class, inherited ones too."""
    lineage = tuple(rm.lineage(type_))
    return tuple(_invariant(row) for row in rows("openehr/invariants.tsv") if row["class"] in lineage)


def _invariant(row: dict[str, str]) -> Invariant:
    name, *words = row["test"].split()
    release = "BASE 1.2.0" if row["section"].startswith("Foundation") else "RM 1.1.0"
    place = row["section"] if "," in row["section"] else f"{row['section']}, {row['class']}"
    spec = cited(f"openEHR {release} {place}, {row['invariant']}", row["checked"] == "yes")
    fix = (f"Write {row['fix']}", row["fix"]) if row["fix"] else None
    return Invariant(
        row["invariant"], row["at"], TESTS[name], words, row["severity"], row["says"], spec, TESTS[name] in _OF_THE_ABSENT, fix
    )


# What the tests read -----------------------------------------------------------------------------------------------------------------


def text(node: Node | None, *path: str) -> str:
    """The value at the end of a way of attributes, or ""."""
    for name in path:
        node = node.child(name) if node else None
    return node.value if node and node.kind in ("string", "number", "boolean") else ""


def there(node: Node, name: str) -> bool:
    child = node.child(name)
    return child is not None and child.kind != "null"


def number(node: Node | None, *path: str) -> float | None:
    """The number at the end of a way of attributes; None where there is none."""
    for name in path:
        node = node.child(name) if node else None
    return float(node.value) if node and node.kind == "number" else None


def kind(node: Node) -> str:
    """The class that an object says it is of, else the one that its attributes betray."""
    named = rm.bare(text(node, "_type"))
    return named or ("DV_QUANTITY" if there(node, "units") else "DV_PROPORTION" if there(node, "denominator") else "")


def comparable(one: Node, other: Node) -> bool | None:
    """Whether two values can be compared with each other; None where that cannot be told."""
    if not kind(one) or not kind(other):
        return None
    return kind(one) == kind(other) and all(text(one, part) == text(other, part) for part in _ALIKE.get(kind(one), ()))


_ALIKE = {"DV_QUANTITY": ("units", "units_system"), "DV_PROPORTION": ("type",)}


def order(one: Node, other: Node) -> int | None:
    """-1, 0 or 1 as a value is less than another, equal or greater; None where nobody can say."""
    if not comparable(one, other):
        return None
    if kind(one) in iso8601.FORMS:
        return iso8601.order(kind(one), text(one, "value"), text(other, "value"))
    first, second = _magnitude(one), _magnitude(other)
    return None if first is None or second is None else (first > second) - (first < second)


def _magnitude(node: Node) -> float | None:
    if kind(node) == "DV_PROPORTION":
        above, below = number(node, "numerator"), number(node, "denominator")
        return above / below if above is not None and below else None
    return number(node, "value" if kind(node) in ("DV_ORDINAL", "DV_SCALE") else "magnitude")


def within(value: Node, range_: Node) -> bool | None:
    """Whether a value lies in an interval; None where nobody can say."""
    for side, wrong in (("lower", -1), ("upper", 1)):
        limit = range_.child(side)
        if text(range_, f"{side}_unbounded") == "true" or not limit or limit.kind != "object":
            continue
        found = order(value, limit)
        if found is None:
            return None
        if found == wrong or (found == 0 and text(range_, f"{side}_included") == "false"):
            return False
    return True


# The tests ---------------------------------------------------------------------------------------------------------------------------


def full(node: Node, at: str, _: list[str]) -> bool:
    child = node.child(at)
    return child is None or bool(child.children if child.kind == "array" else child.kind != "string" or child.value)


def one_of(node: Node, at: str, words: list[str]) -> bool:
    value = text(node, at)
    return not value or value in words


def archetype_id(node: Node, at: str, _: list[str]) -> bool:
    return not text(node, at) or bool(_ARCHETYPE.fullmatch(text(node, at)))


def root(node: Node, at: str, _: list[str]) -> bool:
    return there(node, at) or not _ARCHETYPE.fullmatch(text(node, "archetype_node_id"))


def named(node: Node, at: str, _: list[str]) -> bool:
    code = text(node, "archetype_node_id")
    return not _ARCHETYPE.fullmatch(code) or text(node, at, "archetype_id", "value") in ("", code)


def events(node: Node, at: str, _: list[str]) -> bool:
    found = node.child(at)
    return bool(found and (found.children or found.kind != "array")) or there(node, "summary")


def period(node: Node, at: str, _: list[str]) -> bool:
    step, found = text(node, at, "value"), node.child("events")
    length = iso8601.amount("DV_DURATION", step) if step else None
    exact = not set(iso8601.read("DV_DURATION", step) or "YM") & set("YM")  # years and months are not all of one length
    if not isinstance(length, float) or length <= 0 or not exact or not found:
        return True
    offsets = [_offset(text(node, "origin", "value"), text(event, "time", "value")) for event in found.children]
    return all(offset is None or offset % length == 0 for offset in offsets)


def _offset(origin: str, time: str) -> float | None:
    start, end = iso8601.amount("DV_DATE_TIME", origin), iso8601.amount("DV_DATE_TIME", time)
    if start is None or end is None or iso8601.zoned("DV_DATE_TIME", origin) != iso8601.zoned("DV_DATE_TIME", time):
        return None
    return (end - start).total_seconds()  # type: ignore[operator, union-attr]


def table(node: Node, at: str, _: list[str]) -> bool:
    found = node.child(at)
    cells = [cell for row in found.children if row.kind == "object" for cell in _items(row)] if found else []
    return all(rm.bare(text(cell, "_type")) in ("", "ELEMENT") for cell in cells)


def _items(row: Node) -> list[Node]:
    items = row.child("items")
    return items.children if items else []


def valued(node: Node, at: str, _: list[str]) -> bool:
    return there(node, at) or there(node, "null_flavour")


def valueless(node: Node, at: str, _: list[str]) -> bool:
    return not (there(node, at) and there(node, "value"))


def normal(node: Node, at: str, _: list[str]) -> bool:
    status, range_ = text(node, at, "code_string"), node.child("normal_range")
    inside = within(node, range_) if status and range_ and range_.kind == "object" else None
    return inside is None or inside == (status == "N")


def exact(node: Node, at: str, _: list[str]) -> bool:
    return not (text(node, at) == "true" and number(node, "accuracy") == 0)


def percentage(node: Node, at: str, _: list[str]) -> bool:
    value = number(node, at)
    return value is None or text(node, "accuracy_is_percent") != "true" or 0 <= value <= 100


def not_zero(node: Node, at: str, _: list[str]) -> bool:
    return number(node, at) != 0


def under(node: Node, at: str, words: list[str]) -> bool:
    return text(node, "type") != words[0] or number(node, at) in (None, float(words[1]))


def _integral(node: Node) -> bool:
    return all((number(node, name) or 0) % 1 == 0 for name in ("numerator", "denominator"))


def whole(node: Node, _: str, words: list[str]) -> bool:
    return text(node, "type") not in words or _integral(node)


def integral(node: Node, _: str, __: list[str]) -> bool:
    return number(node, "precision") != 0 or _integral(node)


def bounded(node: Node, at: str, words: list[str]) -> bool:
    return not (text(node, f"{words[0]}_unbounded") == "true" and text(node, at) == "true")


def limit(node: Node, at: str, words: list[str]) -> bool:
    return text(node, f"{words[0]}_unbounded") != "false" or there(node, at)


def _limits(node: Node) -> tuple[Node, Node] | None:
    lower, upper = node.child("lower"), node.child("upper")
    open_ = "true" in (text(node, "lower_unbounded"), text(node, "upper_unbounded"))
    return (lower, upper) if lower and upper and not open_ and lower.kind == upper.kind == "object" else None


def rising(node: Node, _: str, __: list[str]) -> bool:
    limits = _limits(node)
    return limits is None or order(*limits) != 1


def alike(node: Node, _: str, __: list[str]) -> bool:
    limits = _limits(node)
    return limits is None or comparable(*limits) is not False


def simple(node: Node, at: str, _: list[str]) -> bool:
    range_ = node.child(at)
    limits = [range_.child(side) for side in ("lower", "upper")] if range_ else []
    return not any(one and (there(one, "normal_range") or there(one, "other_reference_ranges")) for one in limits)


def inline(node: Node, at: str, _: list[str]) -> bool:
    return there(node, at) or there(node, "uri")


def digested(node: Node, at: str, _: list[str]) -> bool:
    return there(node, at) or not there(node, "integrity_check")


def positive(node: Node, at: str, _: list[str]) -> bool:
    return (number(node, at) or 0) >= 0


def ehr(node: Node, at: str, _: list[str]) -> bool:
    return not text(node, at) or text(node, at).lower().startswith("ehr:")


def identified(node: Node, at: str, _: list[str]) -> bool:
    return any(there(node, name) for name in (at, "identifiers", "external_ref"))


def preceded(node: Node, at: str, _: list[str]) -> bool:
    version = text(node, "uid", "value").rpartition("::")[2]
    return not version.isdigit() or (int(version[:9]) == 1) != there(node, at)


_ARCHETYPE = re.compile(r"[\w-]+-[A-Za-z0-9_]+-[A-Z_a-z0-9]+\.[\w-]+(\.v\d[\w.+-]*)?", re.ASCII)
_ALL: tuple[Test, ...] = (
    *(full, one_of, archetype_id, root, named, events, period, table, valued, valueless, normal, exact, percentage, not_zero),
    *(under, whole, integral, bounded, limit, rising, alike, simple, inline, digested, positive, ehr, identified, preceded),
)
_OF_THE_ABSENT: tuple[Test, ...] = (root, events, valued, limit, inline, digested, identified, preceded)
TESTS: dict[str, Test] = {test.__name__: test for test in _ALL}
