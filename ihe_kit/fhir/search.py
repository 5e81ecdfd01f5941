"""Searching: what a query asks of the index, as conditions (FHIR R4 section 3.1.1). Pure data; `search_sql` says the same in SQL.

A resource matches a query when every condition holds. A `Match` holds when there is a row under its parameter for which one of its tests
holds: conditions stand beside each other as AND, the tests of one as OR. A `Chain` asks what a reference leads to, a `Has` asks who refers
to the resource, and a `Together` wants several rows of the same element (a composite).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ihe_kit.core import nearest
from ihe_kit.fhir.comparing import plain, split
from ihe_kit.fhir.parameters import RESULT, Parameter, find_parameter, hint, parameters
from ihe_kit.fhir.search_values import READERS, Test, reference
from ihe_kit.fhir.tables import resource_types

__all__ = [
    "RESULT",
    "Chain",
    "Condition",
    "Either",
    "Has",
    "Match",
    "Query",
    "Test",
    "Together",
    "criteria",
    "find_parameter",
    "parameters",
    "read_query",
]

DEEPEST = 5  # links of a chain
MOST = 200  # conditions of a query, and values of one parameter but _id
TABLES = {"date": "period", "number": "amount", "quantity": "amount"}  # where the rows of a type of parameter are; the others in `entry`
_MODIFIERS = {
    "string": ("exact", "contains"),
    "token": ("not", "text", "of-type"),
    "reference": ("identifier",),
    "uri": ("above", "below"),
}  # besides :missing, and for a reference the types that it leads to (FHIR R4 section 3.1.1.4.4)
_TERMINOLOGY = ("in", "not-in", "above", "below")


@dataclass(frozen=True, slots=True)
class Match:
    """There is a row under a parameter for which a test holds; `negated`: there is none. `table` is where its rows are."""

    kind: str
    param: str
    table: str
    tests: tuple[Test, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Together:
    """A composite: rows of the same element, one under each component. Each alternative has a test for each component."""

    kind: str
    params: tuple[tuple[str, str], ...]  # (name, table) of each component
    tests: tuple[tuple[Test, ...], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """A reference leads to a resource for which conditions hold: for each type that it may lead to, those."""

    kind: str
    param: str
    targets: tuple[tuple[str, tuple[Condition, ...]], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Has:
    """A resource of another type refers to this one, and conditions hold for it (FHIR R4 section 3.1.1.4.16)."""

    kind: str
    source: str
    param: str
    conditions: tuple[Condition, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """One of several conditions holds: how a compartment is asked for."""

    kind: str
    conditions: tuple[Condition, ...]
    negated: bool = False


Condition = Match | Together | Chain | Has | Either


@dataclass(frozen=True)
class Query:
    """A query as it was understood: what it asks, the parameters that were respected, and those that were left aside, each with the reason."""

    kind: str
    conditions: tuple[Condition, ...]
    used: tuple[tuple[str, str], ...]
    ignored: tuple[tuple[str, str], ...] = ()


def criteria(kind: str, query: Iterable[tuple[str, str]], strict: bool = False, base: str = "") -> list[Condition]:
    """The conditions of a query on a type; see `read_query`.

    >>> criteria("Patient", [("family:exact", "Lind"), ("_count", "5")])
    [Match(kind='Patient', param='family', table='entry', tests=(Test(sql='{x}.exact = ?', values=('Lind',)),), negated=False)]
    """
    return list(read_query(kind, query, strict, base).conditions)


def read_query(kind: str, query: Iterable[tuple[str, str]], strict: bool = False, base: str = "") -> Query:
    """A query on a type, read. Parameters that shape the answer (`_count`) ask nothing, and an empty value asks nothing.

    A parameter that is not known is left aside, or refused when `strict` (Prefer: handling=strict, FHIR R4 section 3.1.1.3). Raises
    ValueError for it, for a modifier that the parameter does not have, and for a value that cannot be read. `base` is the server's own URL.
    """
    conditions: list[Condition] = []
    used, ignored = [], []
    for name, value in query:
        if name.partition(":")[0] in RESULT:
            continue
        if name == "_query":  # left aside, it would be answered by something else than was asked (FHIR R4 section 3.1.1.7)
            raise ValueError(f"there is no query by the name {value[:40]!r} here")
        if not _known(kind, name):
            first = name.partition(":")[0].partition(".")[0]
            says = f"{kind} has no search parameter {name} here" + hint(kind, first)
            if strict:
                raise ValueError(says)
            ignored.append((name, says))
        elif value.strip(","):
            used.append((name, value))
            conditions.append(_condition(kind, name, value, base, 0))
        else:
            ignored.append((name, f"{name} has no value, so it asks nothing"))
    if len(conditions) > MOST:
        raise ValueError(f"the query has {len(conditions)} conditions, but may have {MOST} here")
    return Query(kind, tuple(_joined(conditions)), tuple(used), tuple(ignored))


def _joined(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """Conditions, those on the same range as one: `date=ge2020&date=lt2021` asks one row, where each alone would find half of all."""
    ranges: dict[str, list[Match]] = {}
    for one in conditions:
        parameter = find_parameter(one.kind, one.param) if isinstance(one, Match) and one.table in ("period", "amount") else None
        if isinstance(one, Match) and not one.negated and parameter and parameter.single:
            ranges.setdefault(one.param, []).append(one)
        else:
            yield one
    for first, *others in ranges.values():
        tests = [_any(one.tests) for one in (first, *others)]
        since = max(test.since for test in tests)
        whole = Test(" AND ".join(test.sql for test in tests), tuple(value for test in tests for value in test.values))
        if not others:
            yield first
        elif not since:
            yield replace(first, tests=(whole,))
        else:  # both ends bound what begins and ends on one day; what lasts longer is rare, and looked through by its end alone
            short = Test(f"{{x}}.low >= ? AND {whole.sql}", (since, *whole.values))
            yield Either(first.kind, (replace(first, tests=(short,)), replace(first, param=f"{first.param}:long", tests=(whole,))))


def _any(tests: Sequence[Test]) -> Test:
    sql, values = " OR ".join(f"({test.sql})" for test in tests), tuple(value for test in tests for value in test.values)
    return Test(f"({sql})", values, min(test.since for test in tests))


def _known(kind: str, name: str) -> bool:
    return name.startswith("_has:") or find_parameter(kind, name.partition(".")[0]) is not None


def _condition(kind: str, name: str, value: str, base: str, depth: int) -> Condition:
    if depth > DEEPEST:
        raise ValueError(f"a chain has {DEEPEST} links at most here")
    if name.startswith("_has:"):
        return _has(kind, name, value, base, depth)
    first, dot, rest = name.partition(".")
    code, _, modifier = first.partition(":")
    parameter = find_parameter(kind, code)
    if parameter is None:
        raise ValueError(f"{kind} has no search parameter {code} here" + hint(kind, code))
    if dot:
        return _chain(parameter, modifier, rest, value, base, depth)
    return _match(parameter, modifier, value, base)


def _has(kind: str, name: str, value: str, base: str, depth: int) -> Condition:
    """`_has:Observation:patient:code=1234`: the patients of whom there is such an observation."""
    _, source, code, inner = [*name.split(":", 3), "", "", ""][:4]
    parameter = find_parameter(source, code)
    if parameter is None or parameter.type != "reference" or not inner:
        raise ValueError(f"{name} cannot be read: expected _has:TYPE:REFERENCE:PARAMETER, such as _has:Observation:patient:code")
    return Has(kind, source, code, (_condition(source, inner, value, base, depth + 1),))


def _chain(parameter: Parameter, kind: str, rest: str, value: str, base: str, depth: int) -> Condition:
    """`subject:Patient.name=peter`. Without a type, every type that the reference may lead to and that has the parameter is meant."""
    if parameter.type != "reference":
        raise ValueError(f"{parameter.name} is a {parameter.type} and leads nowhere: only a reference can be followed by a dot")
    if kind and kind not in resource_types():
        raise ValueError(f"{kind} is no type of resource" + nearest(kind, resource_types()))
    first = rest.partition(".")[0]
    kinds = [kind] if kind else [one for one in _targets(parameter) if _known(one, first)]
    if not kinds:
        raise ValueError(f"none of the types that {parameter.name} leads to has a search parameter {first}")
    targets = tuple((one, (_condition(one, rest, value, base, depth + 1),)) for one in kinds)
    return Chain(parameter.kind, parameter.name, targets)


def _targets(parameter: Parameter) -> Sequence[str]:
    return sorted(resource_types()) if "Resource" in parameter.targets or not parameter.targets else parameter.targets


def _match(parameter: Parameter, modifier: str, value: str, base: str) -> Condition:
    kind, name, table = parameter.kind, parameter.name, TABLES.get(parameter.type, "entry")
    if modifier == "missing":
        return _missing(parameter, value)
    if parameter.type == "reference" and modifier in resource_types():
        value, modifier = ",".join(f"{modifier}/{part}" for part in split(value, ",") if part), ""
    _allowed(parameter, modifier)
    parts = [part for part in split(value, ",") if part]
    if parameter.components:
        return _together(parameter, parts, base)
    if name == "_id":
        return Match(kind, name, "document", tuple(Test("{x}.id = ?", (plain(part),)) for part in parts), modifier == "not")
    if modifier in ("text", "of-type", "identifier"):
        name = f"{name}:{modifier}"
    read = READERS.get(f"{parameter.type}:{modifier}") or READERS[parameter.type]
    if len(parts) > MOST:
        raise ValueError(f"{parameter.name} has {len(parts)} values, but may have {MOST} here. Ask several times.")
    return Match(kind, name, table, tuple(read(part, base) for part in parts), modifier == "not")


def _allowed(parameter: Parameter, modifier: str) -> None:
    allowed = modifiers(parameter)
    if modifier in _TERMINOLOGY and parameter.type == "token":
        raise ValueError(
            f"{parameter.name}:{modifier} asks by the meaning of codes, which this server does only of the type that is searched for, not along a chain. Ask for the codes one by one."
        )
    if modifier and modifier not in allowed:
        raise ValueError(f"{parameter.name} is a {parameter.type} and has no modifier :{modifier}" + nearest(modifier, allowed))


def modifiers(parameter: Parameter) -> tuple[str, ...]:
    """The modifiers that a parameter may have here; a reference may also name the type that it leads to."""
    return (*_MODIFIERS.get(parameter.type, ()), "missing")


def _missing(parameter: Parameter, value: str) -> Match:
    if value not in ("true", "false"):
        raise ValueError(f"{parameter.name}:missing is {value!r}, but has to be true or false")
    first = parameter.components[0] if parameter.components else parameter
    name = f"{parameter.name}$0" if parameter.components else parameter.name
    return Match(parameter.kind, name, TABLES.get(first.type, "entry"), (Test("1 = 1"),), value == "true")


def _together(parameter: Parameter, parts: Iterable[str], base: str) -> Condition:
    """`code-value-quantity=http://loinc.org|8480-6$gt140`."""
    params = tuple((f"{parameter.name}${n}", TABLES.get(one.type, "entry")) for n, one in enumerate(parameter.components))
    tests = []
    for part in parts:
        values = split(part, "$")
        if len(values) != len(params):
            says = "$".join(one.name for one in parameter.components)
            raise ValueError(f"{parameter.name} is {part!r}, but wants {len(params)} values with $ between them: {says}")
        tests.append(tuple(READERS[one.type](value, base) for one, value in zip(parameter.components, values, strict=True)))
    return Together(parameter.kind, params, tuple(tests))


def compartment(kind: str, names: Iterable[str], owner: str) -> Either:
    """What belongs to the compartment of a resource, `Patient/1`: whatever refers to it by one of these parameters."""
    test = (reference(owner, ""),)
    return Either(kind, tuple(Match(kind, name, "entry", test) for name in names))
