"""JSON (RFC 8259) read so that every value knows its place in the text. Both FHIR and openEHR stand on it.

Python's own `json` forgets where a value stood, turns `1.10` into `1.1` and lets a name stand twice; a reader who wants to point at a
value, or to give back what came in, needs more.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ihe_kit.core import Unreadable

MAX_DEPTH = 200
MAX_VALUES = 200_000  # a text of more is no message, and reading it would keep everybody else waiting
_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'[{}\[\]:,]|"(?:[^"\\\x00-\x1f]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null')
_SPACED = re.compile(rf"[ \t\r\n]*({_TOKEN.pattern})")


@dataclass(slots=True)
class Node:
    """A JSON value and its place, in characters. `kind` is object, array, string, number, boolean or null.

    `value` is what a reader reads: strings without quotes and escapes, numbers as written, null as "", objects and arrays as raw text
    (cut from `text` when asked for: kept, the levels of a deep text would each hold a copy of those below).
    """

    kind: str
    start: int
    end: int = 0
    scalar: str = ""
    key: str | None = None
    children: list[Node] = field(default_factory=list)
    text: str = ""

    @property
    def value(self) -> str:
        return self.text[self.start : self.end] if self.kind in ("object", "array") else self.scalar

    def child(self, key: str) -> Node | None:
        """The member of an object with this name."""
        return next((node for node in self.children if node.key == key), None) if self.kind == "object" else None


def read_json(text: str, start: int = 0) -> Node:
    """The tree of the JSON text that begins at `start`. Raises Unreadable with the place and what was expected there.

    >>> read_json('{"units": "mm[Hg]"}').children[0].value
    'mm[Hg]'
    """
    reader = _Reader(text, start)
    root = reader.value(1)
    place = reader.skip()
    if place < len(text):
        raise Unreadable(f"expected the end after the JSON value, but found {text[place : place + 12]!r}", text, place)
    return root


def plain(node: Node) -> Any:
    """The Python value of a tree: dict, list, str, int, float, bool or None. Only here do decimals lose their trailing zeros."""
    if node.kind == "object":
        return {child.key: plain(child) for child in node.children}
    if node.kind == "array":
        return [plain(child) for child in node.children]
    if node.kind == "string":
        return node.value
    return json.loads(node.value or "null")


def read_values(text: str, start: int = 0) -> Any:
    """The Python values of the JSON text that begins at `start`, several times as fast as a tree and without places: dict, list, str, int, bool,
    None, and Decimal for what is written with a point or an exponent. Raises Unreadable for the same texts as `read_json`.

    >>> read_values('{"value": 1.10}')
    {'value': Decimal('1.10')}
    """
    try:
        plain = text.isascii() and "\\u" not in text
        opened = text.count("{") + text.count("[")
        few = opened + text.count(",") < MAX_VALUES  # else it is made slowly, which ends as soon as there are too many
        if few and (plain or not _SURROGATE.search(text, start)):
            found = _DECODER.decode(text[start:] if start else text)
            if opened <= MAX_DEPTH or _moderate(found):
                return found
    except (ValueError, RecursionError, ArithmeticError):
        pass
    return exact(read_json(text, start))  # slowly: it says what is wrong, and where


def written(value: Any, indent: str = "\n") -> str:
    """The JSON of Python values as `read_values` gives them, indented, with its decimals as they are.

    >>> written({"value": Decimal("1.10")})
    '{\\n  "value": 1.10\\n}'
    """
    inner = indent + "  "
    if isinstance(value, dict) and value:
        return "{" + ",".join(f"{inner}{json.dumps(k, ensure_ascii=False)}: {written(v, inner)}" for k, v in value.items()) + indent + "}"
    if isinstance(value, list) and value:
        return "[" + ",".join(inner + written(one, inner) for one in value) + indent + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def exact(node: Node) -> Any:
    """The Python value of a tree as `read_values` has it: decimals keep their zeros."""
    if node.kind == "object":
        return {child.key: exact(child) for child in node.children}
    if node.kind == "array":
        return [exact(child) for child in node.children]
    if node.kind == "number":
        return _number(node.scalar) if set(".eE") & set(node.scalar) else int(node.scalar)
    return node.value if node.kind == "string" else {"true": True, "false": False}.get(node.scalar)


def _number(word: str) -> Decimal:
    number = Decimal(word)
    if len(word) > 400 or abs(float(word)) == float("inf"):
        raise ValueError(word)
    return number


def _integer(word: str) -> int:
    if len(word) > 400 or (len(word) > 300 and abs(float(word)) == float("inf")):
        raise ValueError(word)
    return int(word)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _constant(word: str) -> Any:
    raise ValueError(word)


def _moderate(value: Any) -> bool:
    """Whether a text is as deep and as long as a message may be."""
    level, values = [value], 1
    for _ in range(MAX_DEPTH):
        level = [inner for one in level if isinstance(one, (dict, list)) for inner in (one.values() if isinstance(one, dict) else one)]
        values += len(level)
        if not level or values > MAX_VALUES:
            return values <= MAX_VALUES
    return False


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=_number, parse_int=_integer, parse_constant=_constant)


class _Reader:
    """Reads one value after the other; `at` is where the next one may begin."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at, self.values = text, at, 0

    def skip(self) -> int:
        found = _SPACE.match(self.text, self.at)
        return found.end() if found else self.at

    def token(self, expected: str) -> tuple[str, int]:
        """The next token and its place."""
        found = _SPACED.match(self.text, self.at)
        if not found:
            place = self.skip()
            here = self.text[place : place + 12]
            raise Unreadable(f"expected {expected}, but " + (f"found {here!r}" if here else "the text ends"), self.text, place)
        self.at = found.end()
        return found[1], found.start(1)

    def expect(self, *wanted: str) -> str:
        found = _SPACED.match(self.text, self.at)
        if found and found[1] in wanted:
            self.at = found.end()
            return found[1]
        words = " or ".join(f'"{word}"' for word in wanted)
        word, place = self.token(words)
        if word not in wanted:
            raise Unreadable(f"expected {words}, but found {word!r}", self.text, place)
        return word

    def value(self, depth: int) -> Node:
        word, place = self.token("a value")
        node = Node("null", place, self.at, word)
        self.values += 1
        if self.values > MAX_VALUES:
            raise Unreadable(f"expected at most {MAX_VALUES} values", self.text, place)
        if depth > MAX_DEPTH:
            raise Unreadable(f"expected at most {MAX_DEPTH} levels of nesting", self.text, place)
        if word in "{[":
            node.kind = "object" if word == "{" else "array"
            self.members(node, depth)
            node.end, node.text, node.scalar = self.at, self.text, ""
        elif word[0] == '"':
            node.kind, node.scalar = "string", self.string(word, place)
        elif word in "}]:,":
            raise Unreadable(f"expected a value, but found {word!r}", self.text, place)
        elif word in ("true", "false"):
            node.kind = "boolean"
        elif word == "null":
            node.scalar = ""
        else:
            node.kind = "number"
            if len(word) > 400 or abs(float(word)) == float("inf"):
                raise Unreadable("expected a number that a receiver can hold", self.text, place)
        return node

    def members(self, node: Node, depth: int) -> None:
        close = "}" if node.kind == "object" else "]"
        names: set[str] = set()
        if self.text[self.skip() : self.skip() + 1] == close:
            self.expect(close)
            return
        while True:
            name = self.name(names) if node.kind == "object" else None
            child = self.value(depth + 1)
            child.key = name
            node.children.append(child)
            if self.expect(",", close) == close:
                return

    def name(self, names: set[str]) -> str:
        word, place = self.token("a name in double quotes")
        if word[0] != '"':
            raise Unreadable(f"expected a name in double quotes, but found {word!r}", self.text, place)
        name = self.string(word, place)
        if name in names:
            raise Unreadable(f"the name {name!r} stands twice in the same object: a reader would lose one of them", self.text, place)
        names.add(name)
        self.expect(":")
        return name

    def string(self, word: str, place: int) -> str:
        if "\\" not in word and word.isascii():
            return word[1:-1]
        try:
            value = str(json.loads(word))
            value.encode("utf-8")  # refuses half a surrogate pair
        except UnicodeEncodeError:
            raise Unreadable("half a surrogate pair is no character", self.text, place) from None
        except ValueError:
            raise Unreadable(f"the escape in {word[:20]} is none that JSON knows", self.text, place) from None
        return value
