"""The grammar of AQL 1.1 in our own rules, and the parser that lark makes of it when a query is first read.

Facts are those of openEHR QUERY 1.1.0, AQL, sections 3.2 to 3.11. Which words are keywords depends on where they stand, so that an attribute may be
called `version` or `content`: lark's contextual lexer tries only what the grammar allows at a place.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# Keywords are read in any case. A function is a name before a bracket, except where one of the words here may stand before a bracket, too.
KEYWORDS = [
    "SELECT",
    "DISTINCT",
    "TOP",
    "FORWARD",
    "BACKWARD",
    "AS",
    "FROM",
    "CONTAINS",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "EXISTS",
    "LIKE",
    "MATCHES",
    "ORDER",
    "BY",
    "ASCENDING",
    "ASC",
    "DESCENDING",
    "DESC",
    "LIMIT",
    "OFFSET",
    "VERSION",
    "LATEST_VERSION",
    "ALL_VERSIONS",
    "TRUE",
    "FALSE",
    "NULL",
]

GRAMMAR = r"""
query: SELECT [DISTINCT] [top] column ("," column)* FROM source [where] [order] [limit]
top: TOP NUMBER [FORWARD | BACKWARD]
column: operand [AS NAME]
where: WHERE condition
order: ORDER BY sort ("," sort)*
sort: path [ASCENDING | ASC | DESCENDING | DESC]
limit: LIMIT NUMBER [OFFSET NUMBER]

?source: source_all (OR source_all)*
?source_all: source_one (AND source_one)*
?source_one: contains | "(" source ")"
contains: class_expression [[NOT] CONTAINS source]
class_expression: NAME [NAME] ["[" predicate "]"]
    | VERSION [NAME] ["[" (LATEST_VERSION | ALL_VERSIONS | predicate) "]"]

?condition: condition_all (OR condition_all)*
?condition_all: condition_one (AND condition_one)*
?condition_one: NOT condition_one -> negation
    | "(" condition ")"
    | EXISTS path -> exists
    | operand COMPARISON operand -> comparison
    | operand LIKE (STRING | PARAMETER) -> like
    | operand MATCHES ("{" item ("," item)* "}" | call) -> matches
?item: STRING | NUMBER | PARAMETER | TRUE | FALSE | NULL | URI | call

?predicate: predicate_all (OR predicate_all)*
?predicate_all: predicate_one (AND predicate_one)*
?predicate_one: (CODE | PARAMETER) ["," (STRING | PARAMETER | CODE | TERM)] -> node
    | relative COMPARISON (relative | value) -> comparison
    | relative MATCHES "{" item ("," item)* "}" -> matches
relative: step ("/" step)*

?operand: path | call | value
?value: STRING | NUMBER | PARAMETER | TRUE | FALSE | NULL
path: NAME ["[" predicate "]"] ("/" step)*
step: ATTRIBUTE ["[" predicate "]"]
call: FUNCTION "(" [DISTINCT] [operand ("," operand)*] ")"
    | FUNCTION "(" "*" ")" -> count_all

FUNCTION.6: /(?!(?:and|or|not|exists|as|from|where|like|matches)\b)[a-z_]\w*(?=\s*\()/i
CODE.5: /a[tc]\d+(?:\.\d+)*\b|id\d+(?:\.\d+)*\b|[a-z]\w*-\w+-[\w.-]+/i
TERM.6: /[\w.-]+(?:\([^()\s]*\))?::[^\s|\],]+(?:\|[^|\]]*\|)?/
URI.6: /[a-z][\w+.-]*:\/\/[^\s}]*/i
ATTRIBUTE: /[a-z_]\w*/i
PARAMETER: /\$\w+/
NUMBER: /[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)/i
STRING: /'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*"/
COMPARISON: /<=|>=|!=|=|<(?!>)|>/
COMMENT: /--(?=\s|$)[^\n]*/
%ignore COMMENT
%ignore /\s+/
"""


@lru_cache(maxsize=1)
def parser() -> Any:
    """The parser, made once: it takes some tens of milliseconds, which only those who ask wait for."""
    from lark import Lark

    reserved = "|".join(KEYWORDS)
    words = rf"NAME: /(?!(?:{reserved})\b)[a-z_]\w*/i" + "\n"
    words += "\n".join(rf"{word}.4: /{word}\b/i" for word in KEYWORDS)
    return Lark(GRAMMAR + words, parser="lalr", start="query", maybe_placeholders=False, propagate_positions=True)
