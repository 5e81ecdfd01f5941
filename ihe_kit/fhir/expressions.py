"""The FHIRPath that R4's search parameters are written in, compiled to functions on the plain values of a resource's JSON.

That is a small part of FHIRPath 2.0.0: paths with unions, indexes, `as`, `ofType`, `extension`, and `where` with one of three conditions. A
resource is indexed whenever it is stored, and this much costs microseconds; the whole language would cost a thousand times as much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ihe_kit.fhir.tables import choice_stems, data_types

Step = Callable[[list[Any]], list[Any]]
_TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|(%?[A-Za-z_]\w*|\d+)|(!=|[()\[\].|=]))")


@dataclass(frozen=True)
class Path:
    """One alternative of an expression. `names` are the steps by name, the first one a type or `%resource`, which needs no step of its own."""

    names: tuple[str, ...]
    steps: tuple[Step, ...]

    def __call__(self, resource: Any) -> list[Any]:
        """What the path finds in the resource, or below the value that it starts from. Nothing makes it raise."""
        found = [resource]
        for step in self.steps:
            found = step(found)
            if not found:
                return found
        return found


@lru_cache(maxsize=4096)
def paths(expression: str) -> tuple[Path, ...]:
    """The alternatives of an expression. Raises ValueError for what is not of this part of FHIRPath.

    >>> [path.names for path in paths("(Observation.value as Quantity) | Patient.name")]
    [('Observation', 'value'), ('Patient', 'name')]
    """
    return _Reader(expression).union()


class _Reader:
    """Reads an expression from left to right. A path under way is a list of (name or "", what makes the step from a type)."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.tokens: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if not found:
                raise ValueError(f"{text!r} cannot be read from {text[at:]!r} on")
            self.tokens.append(found.group().strip())
            at = found.end()

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise ValueError(f"{self.text!r}: expected {wanted or 'more'}, but found {token or 'the end'}")
        self.at += 1
        return token

    def union(self) -> tuple[Path, ...]:
        found = [self.alternative()]
        while self.peek() == "|":
            self.take()
            found.append(self.alternative())
        if self.peek():
            raise ValueError(f"{self.text!r}: expected |, but found {self.peek()}")
        return tuple(found)

    def alternative(self) -> Path:
        path = self.path()
        if self.peek() == "and":  # Patient.deceased.exists() and Patient.deceased != false: true by a time of death too
            self.take()
            self.path()
            self.take("!=")
            self.take("false")
            path = [*path[:-1], ("", lambda found: [any(value is not False for value in found)])]
        names = tuple(name for name, _ in path if name)
        return Path(names, tuple(step for _, step in path if step is not _same))

    def path(self) -> list[tuple[str, Step]]:
        if self.peek() == "(":
            self.take()
            found = self.path()
            self.take(")")
        else:
            name = self.take()
            found = [(name, _same if name[0] == "%" or name[0].isupper() else _child(name))]
        while self.peek() in (".", "[", "as"):
            token = self.take()
            if token == "as":
                found[-1] = (found[-1][0], _child(found[-1][0], self.take()))
            elif token == "[":
                found.append(("", _nth(int(self.take()))))
                self.take("]")
            else:
                self.step(found)
        return found

    def step(self, found: list[tuple[str, Step]]) -> None:
        name = self.take()
        if self.peek() != "(":
            found.append((name, _child(name)))
            return
        self.take()
        if name in ("as", "ofType"):
            found[-1] = (found[-1][0], _child(found[-1][0], self.take()))
        elif name == "exists":
            found.append(("", _same))
        elif name == "extension":
            found.append(("extension", _extension(self.take().strip("'"))))
        elif name == "where":
            found.append(("", self.condition()))
        else:
            raise ValueError(f"{self.text!r}: the function {name} is not of this part of FHIRPath")
        self.take(")")

    def condition(self) -> Step:
        name = self.take()
        if name == "resolve":
            for token in ("(", ")", "is"):
                self.take(token)
            kind = self.take()
            return lambda found: [value for value in found if target_kind(value) == kind]
        if name == "hasExtension":
            self.take("(")
            url = self.take().strip("'")
            self.take(")")
            return lambda found: [value for value in found if _extension(url)([value])]
        self.take("=")
        wanted = self.take().strip("'")
        return lambda found: [value for value in found if isinstance(value, dict) and value.get(name) == wanted]


def target_kind(reference: Any) -> str:
    """The type of resource that a Reference leads to, by its URL or by what it says itself; "" where it says neither."""
    if not isinstance(reference, dict):
        return ""
    url = reference.get("reference")
    parts = url.split("/_history/")[0].split("/") if isinstance(url, str) else []
    return parts[-2] if len(parts) > 1 else str(reference.get("type") or "")


def _same(found: list[Any]) -> list[Any]:
    return found


def _nth(number: int) -> Step:
    return lambda found: found[number : number + 1]


@lru_cache(maxsize=4096)
def _child(name: str, kind: str = "") -> Step:
    """The members with a name; of a choice, those of one type or of any."""
    key, choice = name + kind[:1].upper() + kind[1:], bool(kind) or name in choice_stems()

    def step(found: list[Any]) -> list[Any]:
        members: list[Any] = []
        for value in found:
            if isinstance(value, dict):
                member = value.get(key)
                if member is None and choice:
                    member = value.get(name) if kind else value.get(chosen(value, name))
                if isinstance(member, list):
                    members += [one for one in member if one is not None] if None in member else member
                elif member is not None:
                    members.append(member)
        return members

    return step


def chosen(value: Mapping[str, Any], name: str) -> str:
    """The member that holds a choice, or "": `effective` stands for `effectiveDateTime`, but `status` not for `statusHistory`, since History
    is no type.
    """
    size = len(name)
    return next((key for key in value if len(key) > size and key.startswith(name) and key[size:] in _suffixes()), "")


@lru_cache(maxsize=1)
def _suffixes() -> frozenset[str]:
    return frozenset(name[0].upper() + name[1:] for name in data_types())


def _extension(url: str) -> Step:
    def step(found: list[Any]) -> list[Any]:
        all_of: list[Any] = _child("extension")(found)
        return [one for one in all_of if isinstance(one, dict) and one.get("url") == url]

    return step


def children(values: Sequence[Any], *names: str) -> list[Any]:
    """The values at the end of some names, one below the other."""
    found = list(values)
    for name in names:
        found = _child(name)(found)
    return found
