"""AQL text -> Query. What cannot be read is refused with its place and with what was expected there, in words."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from lark import Token, Transformer, Tree, UnexpectedInput, v_args
from lark.exceptions import VisitError

from ihe_kit.core import Unreadable, nearest
from ihe_kit.files import rows
from ihe_kit.openehr.aql_grammar import KEYWORDS, parser
from ihe_kit.openehr.aql_query import (
    All,
    AnyOf,
    Both,
    Call,
    ClassExpression,
    Column,
    Comparison,
    Contains,
    Exists,
    Literal,
    Matches,
    Node,
    Not,
    Parameter,
    Path,
    Query,
    Sort,
    Step,
    Uri,
)

LONGEST = 100_000  # characters; a query of more is a mistake, or an attack
DEEPEST = 60  # brackets and CONTAINS inside each other
_NESTING = re.compile(
    r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|--[^\n]*|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<word>\b(?:NOT|CONTAINS)\b)""", re.I
)
_ESCAPE = re.compile(r"""\\(?:(['"\\])|([nrtbf])|u([0-9A-Fa-f]{4}))""")
_WORDS = {
    "NAME": "a name",
    "ATTRIBUTE": "an attribute",
    "NUMBER": "a number",
    "STRING": "a text in quotes",
    "PARAMETER": "a $parameter",
    "FUNCTION": "a function",
    "CODE": "an archetype id or at-code",
    "TERM": "a coded term",
    "URI": "a URI",
    "COMPARISON": "a comparison (= != < <= > >=)",
    "COMMA": "a comma",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "LBRACE": "{",
    "RBRACE": "}",
    "SLASH": "/",
    "STAR": "*",
    "$END": "the end",
}
_OPERAND = {"NAME", "FUNCTION", "STRING", "NUMBER", "PARAMETER", "TRUE", "FALSE", "NULL"}


def read_text(text: str) -> Query:
    """A query as it is written, its names not looked up yet. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(f"expected a query of at most {LONGEST} characters, but this one has {len(text)}", text, LONGEST)
    _refuse_deep(text)
    try:
        tree = parser().parse(text)
        query: Query = _Reader(text).transform(tree)
    except UnexpectedInput as problem:
        raise _unexpected(problem, text) from None
    except VisitError as problem:
        raise problem.orig_exc from None
    return query


def _refuse_deep(text: str) -> None:
    depth = words = 0
    for found in _NESTING.finditer(text):
        depth += (found.lastgroup == "open") - (found.lastgroup == "close")
        words += found.lastgroup == "word"
        if depth > DEEPEST or words > DEEPEST:
            raise Unreadable(f"expected at most {DEEPEST} levels of brackets, NOT and CONTAINS", text, found.start())


def _unexpected(problem: UnexpectedInput, text: str) -> Unreadable:
    """What was expected where reading stopped, and what the author may have meant."""
    start = problem.pos_in_stream
    start = len(text.rstrip()) if start is None or start < 0 or getattr(getattr(problem, "token", None), "type", "") == "$END" else start
    at: Any = problem.interactive_parser  # which lark sets on whatever its LALR parser raises
    names: set[str] = at.accepts()
    found = re.compile(r"\w+|\S|$").search(text, start)
    word = found.group() if found else ""
    says = f"expected {_listed(names)}, but found {word or 'the end'}"
    for hint in rows("openehr/aql_hints.tsv"):
        if re.compile(hint["at"], re.I).match(text, start) and (not hint["before"] or re.search(hint["before"], text[:start], re.I)):
            return Unreadable(f"{says}. {hint['says']}", text, start)
    meant = nearest(word, [name for name in names if name in KEYWORDS]) if len(word) > 2 and word.upper() not in KEYWORDS else ""
    previous = re.search(r"(?<![\w/.$])(\w+)\s*$", text[:start]) if not meant and word else None
    if previous and previous[1].upper() not in KEYWORDS and len(previous[1]) > 3:  # a mistyped keyword was taken for a name
        meant = nearest(previous[1], [name for name in KEYWORDS if len(name) > 3])
        meant = meant.replace("did you mean", f"is {previous[1]} meant to be")
    return Unreadable(says + meant, text, start)


def _listed(names: set[str]) -> str:
    """Terminals of the grammar in words: `FROM, a comma or AS`."""
    words = ["a path, a function or a value"] if names >= _OPERAND - {"TRUE", "FALSE", "NULL"} else []
    words += [_WORDS.get(name, name) for name in sorted(names - (_OPERAND if words else set()), key=lambda name: (name in _WORDS, name))]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "the end"


@v_args(meta=True)
class _Reader(Transformer[Token, Any]):
    """The pieces of a query from what lark has found."""

    def __init__(self, text: str) -> None:
        super().__init__(visit_tokens=False)
        self.text = text

    # Values and paths

    def _value(self, token: Any) -> Any:
        if not isinstance(token, Token):
            return token
        text, start = str(token), token.start_pos or 0
        match token.type:
            case "STRING":
                return Literal(_ESCAPE.sub(_unescaped, text[1:-1]))
            case "NUMBER":
                return Literal(self._number(text, start))
            case "PARAMETER":
                return Parameter(text[1:], start)
            case "URI":
                return Uri(text, start)
            case _:
                return Literal({"TRUE": True, "FALSE": False}.get(token.type))

    def _number(self, text: str, start: int) -> int | float:
        number = float(text) if len(text) < 300 else math.inf
        if not math.isfinite(number):
            raise Unreadable("expected a number that a computer can hold", self.text, start)
        return int(text) if text.lstrip("+-").isdigit() else number

    def step(self, meta: Any, items: list[Any]) -> Step:
        return Step(str(items[0]), items[1] if len(items) > 1 else None, meta.start_pos)

    def relative(self, meta: Any, items: list[Any]) -> Path:
        return Path("", None, tuple(items), self.text[meta.start_pos : meta.end_pos], meta.start_pos)

    def path(self, meta: Any, items: list[Any]) -> Path:
        name, *rest = items
        predicate = rest.pop(0) if rest and not isinstance(rest[0], Step) else None
        return Path(str(name), predicate, tuple(rest), self.text[meta.start_pos : meta.end_pos], meta.start_pos)

    def call(self, meta: Any, items: list[Any]) -> Call:
        name, *rest = items
        distinct = bool(rest) and isinstance(rest[0], Token) and rest[0].type == "DISTINCT"
        arguments = tuple(self._value(one) for one in rest[distinct:])
        return Call(str(name).upper(), arguments, distinct, False, self.text[meta.start_pos : meta.end_pos], meta.start_pos)

    def count_all(self, meta: Any, items: list[Any]) -> Call:
        return Call(str(items[0]).upper(), (), False, True, self.text[meta.start_pos : meta.end_pos], meta.start_pos)

    # Conditions

    def node(self, meta: Any, items: list[Any]) -> Node:
        code = self._coded(items[0])
        if len(items) == 1:
            return Node(code, start=meta.start_pos)
        second = items[1]
        if second.type in ("STRING", "PARAMETER"):
            value: Any = self._value(second)
            return Node(code, value if isinstance(value, Parameter) else str(value.value), start=meta.start_pos)
        terminology, _, term = str(second).rpartition("::")
        return Node(code, None, (terminology or "local", term.partition("|")[0]), meta.start_pos)

    def _coded(self, token: Token) -> str | Parameter:
        return Parameter(str(token)[1:], token.start_pos or 0) if token.type == "PARAMETER" else str(token)

    def comparison(self, meta: Any, items: list[Any]) -> Comparison:
        left, operator, right = items
        return Comparison(self._value(left), str(operator), self._value(right), meta.start_pos)

    def like(self, meta: Any, items: list[Any]) -> Comparison:
        return Comparison(self._value(items[0]), "LIKE", self._value(items[2]), meta.start_pos)

    def matches(self, meta: Any, items: list[Any]) -> Matches:
        left, _, *values = items
        return Matches(self._value(left), tuple(self._value(one) for one in values), meta.start_pos)

    def exists(self, meta: Any, items: list[Any]) -> Exists:
        return Exists(items[1])

    def negation(self, meta: Any, items: list[Any]) -> Not:
        return Not(items[1])

    def condition(self, meta: Any, items: list[Any]) -> AnyOf:
        return AnyOf(_without_keywords(items))

    def condition_all(self, meta: Any, items: list[Any]) -> All:
        return All(_without_keywords(items))

    predicate, predicate_all = condition, condition_all

    # FROM

    def class_expression(self, meta: Any, items: list[Any]) -> ClassExpression:
        type_, *rest = items
        variable = str(rest.pop(0)) if rest and isinstance(rest[0], Token) and rest[0].type == "NAME" else ""
        predicate = rest[0] if rest else None
        if isinstance(predicate, Token):
            return ClassExpression("VERSION", variable, None, predicate.type, meta.start_pos)
        return ClassExpression(str(type_).upper(), variable, predicate, start=meta.start_pos)

    def contains(self, meta: Any, items: list[Any]) -> Contains:
        outer, *rest = items
        return Contains(outer, rest[-1] if rest else None, len(rest) == 3)

    def source(self, meta: Any, items: list[Any]) -> Both:
        return Both("OR", _without_keywords(items))

    def source_all(self, meta: Any, items: list[Any]) -> Both:
        return Both("AND", _without_keywords(items))

    # Clauses

    def column(self, meta: Any, items: list[Any]) -> Column:
        text = self.text[meta.start_pos : meta.end_pos]
        return Column(self._value(items[0]), str(items[2]) if len(items) > 1 else "", text)

    def sort(self, meta: Any, items: list[Any]) -> Sort:
        return Sort(items[0], len(items) > 1 and items[1].type.startswith("DESC"))

    def query(self, meta: Any, items: list[Any]) -> Query:
        clauses: dict[str, Any] = {one.data: one for one in items if isinstance(one, Tree)}
        columns = tuple(one for one in items if isinstance(one, Column))
        (source,) = (one for one in items if isinstance(one, Contains | Both))
        order = clauses["order"].children[2:] if "order" in clauses else ()
        limit, offset, backward = self._limits(clauses.get("top"), clauses.get("limit"))
        distinct = any(isinstance(one, Token) and one.type == "DISTINCT" for one in items)
        where = clauses["where"].children[1] if "where" in clauses else None
        return Query(columns, source, where, tuple(order), limit, offset, distinct, "top" in clauses, backward, self.text)

    def _limits(self, top: Any, limit: Any) -> tuple[int | None, int, bool]:
        """(limit, offset, backward)."""
        if top and limit:
            raise Unreadable(
                "TOP and LIMIT cannot stand in one query; LIMIT replaces TOP in AQL 1.1", self.text, limit.children[0].start_pos
            )
        if top:
            return self._count(top.children[1], 1), 0, top.children[-1].type == "BACKWARD"
        if not limit:
            return None, 0, False
        numbers = [one for one in limit.children if one.type == "NUMBER"]
        return self._count(numbers[0], 1), self._count(numbers[1], 0) if len(numbers) > 1 else 0, False

    def _count(self, token: Token, least: int) -> int:
        number = self._number(str(token), token.start_pos or 0)
        if not isinstance(number, int) or not least <= number < 2**53:
            raise Unreadable(f"expected a whole number, {least} or more, but found {token[:20]}", self.text, token.start_pos or 0)
        return number

    def __default__(self, data: str, children: list[Any], meta: Any) -> Tree[Any]:
        return Tree(str(data), children, meta)


def _without_keywords(items: list[Any]) -> tuple[Any, ...]:
    return tuple(one for one in items if not isinstance(one, Token))


def _unescaped(found: re.Match[str]) -> str:
    quote, letter, digits = found.groups()
    return quote or (json.loads(f'"\\{letter}"') if letter else chr(int(digits, 16)))
