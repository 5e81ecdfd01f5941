"""Whether a query that can be read means something: its variables, classes, paths and functions against each other and the Reference Model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ihe_kit.core import Unreadable, nearest
from ihe_kit.openehr import rm
from ihe_kit.openehr.aql_query import (
    AGGREGATES,
    Both,
    Call,
    ClassExpression,
    Comparison,
    Condition,
    Exists,
    Matches,
    Node,
    Parameter,
    Path,
    Query,
    Source,
    Step,
    Uri,
    expressions,
    parts,
)
from ihe_kit.openehr.aql_types import below, with_heirs
from ihe_kit.openehr.aql_values import CLOCK, FUNCTIONS
from ihe_kit.openehr.paths import class_in

ROOTS = ("COMPOSITION", "EHR_STATUS", "FOLDER")  # what a version is of
_VERSIONED = (
    "VERSIONED_OBJECT",
    "VERSIONED_COMPOSITION",
    "VERSIONED_EHR_STATUS",
    "VERSIONED_FOLDER",
    "CONTRIBUTION",
    "EHR_ACCESS",
    "PARTY",
)


class Unsupported(Unreadable):
    """AQL that is right, but that this kit cannot answer."""


def check(query: Query) -> None:
    """Raises Unreadable for the first thing that means nothing, Unsupported for the first that cannot be answered here."""
    _Check(query).all()


class _Check:
    def __init__(self, query: Query) -> None:
        self.query, self.text = query, query.text
        self.types: dict[str, tuple[str, ...]] = {}  # by variable, in lower case: variables are read in any case
        self.hidden: set[str] = set()  # variables of what is NOT contained

    def all(self) -> None:
        self._source(self.query.source, ())
        for expression, bound in expressions(self.query.source):
            self._expression(expression, bound)
        for column in self.query.columns:
            self._calls(column.value)
        self._names()
        self._no_aggregates(self.query.where)
        self._calls(self.query.where)
        for sort in self.query.order:
            if sort.path.steps or sort.path.variable.lower() not in self._aliases():
                self._paths((sort.path,))
        self._paths(parts((tuple(column.value for column in self.query.columns), self.query.where)))

    # FROM

    def _source(self, source: Source, above: tuple[ClassExpression, ...]) -> None:
        """What may contain what: the record everything, a version one document, and nothing the record."""
        if isinstance(source, Both):
            for part in source.parts:
                self._source(part, above)
            return
        one = source.outer
        if one.type == "EHR" and above:
            raise Unreadable("the EHR contains everything else, so it stands first: FROM EHR e CONTAINS ...", self.text, one.start)
        if one.type == "VERSION" and any(other.type != "EHR" for other in above):
            raise Unreadable(
                "a VERSION stands around a whole document: EHR e CONTAINS VERSION v CONTAINS COMPOSITION c", self.text, one.start
            )
        if above and above[-1].type == "VERSION" and one.type not in ROOTS:
            raise Unreadable(
                f"a VERSION is of a {', an '.join(ROOTS[:2])} or a FOLDER, and holds no {one.type} itself", self.text, one.start
            )
        if one.type in ("COMPOSITION", "EHR_STATUS") and any(other.type not in ("EHR", "VERSION", "FOLDER") for other in above):
            raise Unreadable(f"a {one.type} is a document of its own: no {above[-1].type} contains it", self.text, one.start)
        if one.type == "VERSION" and source.negated:
            raise Unreadable("a VERSION holds exactly one document: write CONTAINS, and leave out others in WHERE", self.text, one.start)
        if source.inner:
            self._source(source.inner, (*above, one))

    def _expression(self, one: ClassExpression, bound: bool) -> None:
        self._class(one)
        variable = one.variable.lower()
        if variable and (variable in self.types or variable in self.hidden):
            raise Unreadable(f"the variable {one.variable} stands twice in FROM; each needs a name of its own", self.text, one.start)
        codes = [
            node.code for node in parts(one.predicate) if isinstance(node, Node) and isinstance(node.code, str) and class_in(node.code)
        ]
        for code in codes:
            if not rm.is_a(class_in(code), one.type):
                raise Unreadable(
                    f"the archetype {code} is of the class {class_in(code)}, so no {one.type} can have it", self.text, one.start
                )
        if variable:
            if bound:
                self.types[variable] = tuple(map(class_in, codes)) if len(codes) == 1 else (one.type,)
            else:
                self.hidden.add(variable)
        self._condition(one.predicate, (one.type,))

    def _class(self, one: ClassExpression) -> None:
        if one.type in ("EHR", "VERSION"):
            return
        if one.type in _VERSIONED:
            raise Unsupported(f"this kit answers no queries over {one.type}; ask for VERSION v[ALL_VERSIONS] instead", self.text, one.start)
        if one.type not in rm.classes():
            known = [name for name in rm.classes() if rm.is_a(name, "LOCATABLE")] + ["EHR", "VERSION"]
            raise Unreadable(f"the Reference Model has no class {one.type}{nearest(one.type, known)}", self.text, one.start)
        if not rm.is_a(one.type, "LOCATABLE"):
            says = (
                f"FROM finds nodes with an archetype_node_id, and no {one.type} has one; ask for it by a path from the node that holds it"
            )
            raise Unsupported(says, self.text, one.start)

    # Paths

    def _paths(self, values: Iterable[object]) -> None:
        for value in values:
            if isinstance(value, Path) and value.variable:
                types = self._variable(value)
                self._condition(value.predicate, types)
                self._steps(value.steps, types)

    def _variable(self, path: Path) -> tuple[str, ...]:
        name = path.variable.lower()
        if name in self.hidden:
            raise Unreadable(
                f"{path.variable} stands after NOT CONTAINS: there is nothing to ask of what is not there", self.text, path.start
            )
        if name not in self.types:
            known = [one.variable for one, bound in expressions(self.query.source) if bound and one.variable]
            hint = nearest(path.variable, known) or (f"; FROM has {', '.join(known)}" if known else "; FROM gives no variable")
            raise Unreadable(f"there is no variable {path.variable} in FROM{hint}", self.text, path.start)
        return self.types[name]

    def _steps(self, steps: tuple[Step, ...], types: tuple[str, ...]) -> tuple[str, ...]:
        """The classes that a path can lead to; none where the table knows too little to tell."""
        for step in steps:
            found = below(types, step)
            if found is None:
                names = dict.fromkeys(name for heir in with_heirs(types) for name in rm.attributes(heir))
                what = " or ".join(types)
                raise Unreadable(f"{what} has no attribute {step.attribute}{nearest(step.attribute, names)}", self.text, step.start)
            self._condition(step.predicate, found)
            types = found
        return types

    def _condition(self, condition: Condition | None, types: tuple[str, ...]) -> None:
        """The paths of a predicate begin at the node that it is about."""
        if condition is None:
            return
        for one in _operands(condition):
            if isinstance(one, Path) and not one.variable:
                self._steps(one.steps, types)
            elif isinstance(one, Uri):
                raise Unsupported(f"what {one.text} means, only a terminology server knows, and the kit asks none", self.text, one.start)

    # SELECT and functions

    def _aliases(self) -> set[str]:
        return {column.alias.lower() for column in self.query.columns if column.alias}

    def _names(self) -> None:
        names = [column.alias.lower() for column in self.query.columns if column.alias]
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            raise Unreadable(f"two columns are called {twice}; each needs a name of its own", self.text, self.text.lower().rfind(twice))

    def _no_aggregates(self, value: object) -> None:
        for one in parts(value):
            if isinstance(one, Call) and one.name in AGGREGATES:
                raise Unreadable(
                    f"{one.name} counts over all rows, so it stands in SELECT; WHERE looks at each row alone", self.text, one.start
                )

    def _calls(self, value: object) -> None:
        for one in parts(value):
            if isinstance(one, Uri):
                raise Unsupported(f"what {one.text} means, only a terminology server knows, and the kit asks none", self.text, one.start)
            if isinstance(one, Call):
                self._call(one)

    def _call(self, call: Call) -> None:
        count = len(call.arguments)
        if call.name == "TERMINOLOGY":
            raise Unsupported(
                "TERMINOLOGY needs a terminology server, and the kit asks none; write the codes: matches {'1', '2'}", self.text, call.start
            )
        if call.name in AGGREGATES:
            self._no_aggregates(call.arguments)
            if call.star and call.name != "COUNT":
                raise Unreadable(f"only COUNT takes *, {call.name} needs a path", self.text, call.start)
            least, most = (0, 0) if call.star else (1, 1)
        elif call.name in CLOCK:
            least = most = 0
        elif call.name in FUNCTIONS:
            least, most, _ = FUNCTIONS[call.name]
        else:
            known = (*AGGREGATES, *FUNCTIONS, *CLOCK)
            raise Unreadable(f"AQL has no function {call.name}{nearest(call.name, known)}", self.text, call.start)
        if (call.star or call.distinct) and call.name not in AGGREGATES:
            raise Unreadable(f"only aggregates such as COUNT take DISTINCT or *, not {call.name}", self.text, call.start)
        if not least <= count <= most:
            expected = f"{least}" if least == most else f"{least} or more" if most > 9 else f"{least} to {most}"
            raise Unreadable(f"{call.name} takes {expected} argument{'s' * (expected != '1')}, but found {count}", self.text, call.start)


def _operands(condition: object) -> Iterator[object]:
    """The operands of a condition, without the predicates inside their paths: those are about other nodes."""
    match condition:
        case Comparison(left, _, right):
            yield from (left, right)
        case Matches(left, values):
            yield left
            yield from values
        case Exists(path):
            yield path
        case Node() | Parameter() | None:
            return
        case _:
            for name in condition.__slots__:  # type: ignore[attr-defined]
                inner = getattr(condition, name)
                for one in inner if isinstance(inner, tuple) else (inner,):
                    yield from _operands(one)
