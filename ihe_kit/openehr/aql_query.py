"""What an AQL query says, as data: the clauses, paths, predicates and conditions of AQL 1.1, in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

AGGREGATES = ("COUNT", "MIN", "MAX", "SUM", "AVG")


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the query. Dates and times are strings, too."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name`: a value that comes with the request."""

    name: str
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Node:
    """The criterion `at0004`, `at0004, 'Systolic'` or an archetype id: an archetype_node_id, perhaps with a name or the code of a coded name."""

    code: str | Parameter
    name: str | Parameter | None = None
    term: tuple[str, str] | None = None  # (terminology, code)
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One attribute of a path, perhaps with a predicate."""

    attribute: str
    predicate: Condition | None = None
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Path:
    """An identified path: a variable, perhaps a predicate, and the steps below it. In a predicate there is no variable: a path from the node."""

    variable: str
    predicate: Condition | None = None
    steps: tuple[Step, ...] = ()
    text: str = ""
    start: int = field(default=0, compare=False)

    @property
    def below(self) -> str:
        """The path without its variable, as a result set names a column's path: `/name/value`."""
        return self.text[len(self.variable) :]


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; `COUNT(*)` has none of them, and `star`."""

    name: str
    arguments: tuple[Operand, ...] = ()
    distinct: bool = False
    star: bool = False
    text: str = ""
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Uri:
    """`terminology://...` in the braces of `matches`: codes that only a terminology server knows."""

    text: str
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands, and one of = != < <= > >= LIKE between them."""

    left: Operand
    operator: str
    right: Operand
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Matches:
    """A value that has to be one of several."""

    left: Operand
    values: tuple[Operand | Uri, ...]
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    path: Path


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class All:
    """AND: every one holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """OR: at least one holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the answer: a path, a function or a literal, and its name, where AS gives one."""

    value: Operand
    alias: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ClassExpression:
    """A class of the Reference Model that FROM names, perhaps with a variable and a predicate. `versions` is LATEST_VERSION or ALL_VERSIONS."""

    type: str
    variable: str = ""
    predicate: Condition | None = None
    versions: str = "LATEST_VERSION"
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Contains:
    """A class expression, and what it contains or does not contain."""

    outer: ClassExpression
    inner: Source | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Both:
    """Class expressions that all have to be found (AND), or at least one of them (OR)."""

    operator: str
    parts: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of ORDER BY: a path, or the name of a column."""

    path: Path
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query, as `read_aql` reads it."""

    columns: tuple[Column, ...]
    source: Source
    where: Condition | None = None
    order: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int = 0
    distinct: bool = False
    top: bool = False  # `limit` comes of TOP
    backward: bool = False  # TOP n BACKWARD: the last rows
    text: str = ""

    @property
    def classes(self) -> list[ClassExpression]:
        """Every class expression of FROM, as they stand in the text."""
        return [outer for outer, _ in expressions(self.source)]

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters that the query needs, in the order of the text.

        >>> Query((), Contains(ClassExpression("EHR", predicate=Comparison(Path(""), "=", Parameter("ehr_id"))))).parameters
        ['ehr_id']
        """
        values: list[object] = [column.value for column in self.columns]
        values += [one.predicate for one in self.classes] + [self.where] + [sort.path for sort in self.order]
        return list(dict.fromkeys(one.name for value in values for one in parts(value) if isinstance(one, Parameter)))


Operand: TypeAlias = "Literal | Parameter | Path | Call"
Condition: TypeAlias = "Comparison | Matches | Exists | Not | All | AnyOf | Node"
Source: TypeAlias = "Contains | Both"


def parts(value: object) -> Iterator[object]:
    """Everything that a piece of a query is made of, itself first."""
    if isinstance(value, tuple):
        for one in value:
            yield from parts(one)
    elif value is not None and hasattr(value, "__slots__"):
        yield value
        for name in value.__slots__:
            yield from parts(getattr(value, name))


def paths(value: object) -> Iterator[Path]:
    """The paths in a piece of a query that begin at a variable."""
    return (one for one in parts(value) if isinstance(one, Path) and one.variable)


def needs(source: Source, needed: bool = True) -> Iterator[tuple[ClassExpression, bool]]:
    """(class expression, whether every row has something for it) of FROM."""
    if isinstance(source, Both):
        for part in source.parts:
            yield from needs(part, needed and source.operator == "AND")
        return
    yield source.outer, needed
    if source.inner:
        yield from needs(source.inner, needed and not source.negated)


def expressions(source: Source, bound: bool = True) -> Iterator[tuple[ClassExpression, bool]]:
    """(class expression, whether rows have something for it) of FROM: what is NOT contained is nowhere to be found."""
    if isinstance(source, Both):
        for part in source.parts:
            yield from expressions(part, bound)
        return
    yield source.outer, bound
    if source.inner:
        yield from expressions(source.inner, bound and not source.negated)
