"""JSON Patch (RFC 6902) on the plain values of a JSON text. It is small enough to be read here, in the order of its RFC; a library would bring its
own exceptions and lose the digits.
"""

from __future__ import annotations

import json
from typing import Any

from ihe_kit.json_text import read_values, written

Json = Any


class NotPatched(ValueError):
    """A patch that cannot be read, or that does not fit the resource."""


def json_patch(document: Json, operations: list[Json]) -> Json:
    """A document with the operations of a JSON Patch done, one after the other. Raises NotPatched.

    >>> json_patch({"active": True}, [{"op": "replace", "path": "/active", "value": False}])
    {'active': False}
    """
    for number, operation in enumerate(operations, 1):
        try:
            document = _operate(document, operation)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as problem:
            says = (
                str(problem) if isinstance(problem, NotPatched) else "its path leads to nothing, or it is not written as RFC 6902 demands"
            )
            raise NotPatched(
                f"operation {number} of the patch, {json.dumps(operation, default=str)[:200]}, cannot be done: {says}"
            ) from None
    return document


def _operate(document: Json, operation: Json) -> Json:
    op, path = operation["op"], _pointer(operation["path"])
    if op == "add":
        return _put(document, path, operation["value"], insert=True)
    if op == "remove":
        return _take(document, path)[0]
    if op == "replace":
        _look(document, path)
        return _put(document, path, operation["value"])
    if op == "move":
        source = _pointer(operation["from"])
        if path[: len(source)] == source and path != source:
            raise NotPatched("a value cannot be moved into itself")
        document, value = _take(document, source)
        return _put(document, path, value, insert=True)
    if op == "copy":
        return _put(document, path, _copy(_look(document, _pointer(operation["from"]))), insert=True)
    if op == "test":
        if written(_look(document, path)) != written(operation["value"]):
            raise NotPatched("the value is another one than the test expects")
        return document
    raise NotPatched(f"{op!r} is no operation: expected add, remove, replace, move, copy or test")


def _pointer(text: str) -> list[str]:
    """The steps of a JSON Pointer (RFC 6901)."""
    if text and not text.startswith("/"):
        raise NotPatched(f"{text!r} is no JSON Pointer: expected one such as /name/0/family")
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def _index(holder: list[Json], step: str, most: int) -> int:
    number = int(step) if step.isascii() and step.isdigit() and (step == "0" or step[0] != "0") else -1
    if not 0 <= number <= most:
        raise NotPatched(f"there is no item {step} among {len(holder)}")
    return number


def _look(document: Json, path: list[str]) -> Json:
    for step in path:
        document = document[_index(document, step, len(document) - 1) if isinstance(document, list) else step]
    return document


def _put(document: Json, path: list[str], value: Json, insert: bool = False) -> Json:
    if not path:
        return value
    holder, last = _look(document, path[:-1]), path[-1]
    if isinstance(holder, list) and insert:
        holder.insert(len(holder) if last == "-" else _index(holder, last, len(holder)), value)
    elif isinstance(holder, list):
        holder[_index(holder, last, len(holder) - 1)] = value
    elif isinstance(holder, dict):
        holder[last] = value
    else:
        raise NotPatched("only an object or an array holds something")
    return document


def _take(document: Json, path: list[str]) -> tuple[Json, Json]:
    value, holder = _look(document, path), _look(document, path[:-1])
    if not path:
        raise NotPatched("the whole resource cannot be taken away: that is a delete")
    holder.pop(_index(holder, path[-1], len(holder) - 1) if isinstance(holder, list) else path[-1])
    if holder == [] and len(path) > 1:  # FHIR leaves out what has no value
        return _take(document, path[:-1])[0], value
    return document, value


def _copy(value: Json) -> Json:
    return read_values(written(value))
