"""Changing a part of a resource: JSON Patch (RFC 6902), FHIRPath Patch (FHIR R4 section 3.1.0.6.1) and merge patch (RFC 7396).

Numbers go through as they are written: 1.10 stays 1.10. JSON Patch is small enough to be read here, in the order of its RFC; a library would
bring its own exceptions and lose the digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ihe_kit.fhir.expressions import chosen
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.fhir.parameters import below
from ihe_kit.fhir.paths import Step, read_path
from ihe_kit.fhir.shapes import Shape
from ihe_kit.fhir.tables import core
from ihe_kit.json_text import read_values

Json = Any


class NotPatched(ValueError):
    """A patch that cannot be read, or that does not fit the resource."""


def patched(text: str, patch: FhirMessage) -> str:
    """The text of a resource after a patch. Which of the three it is, its media type says, or else its form: an array is a JSON Patch, a
    Parameters resource a FHIRPath Patch, and any other object is merged. Raises NotPatched; the resource is then as it was.

    >>> patched('{"active": true, "gender": "male"}', FhirMessage('{"gender": null}'))
    '{\\n  "active": true\\n}'
    """
    resource, change = read_values(text), read_values(patch.body) if patch.root else None
    media = patch.headers.get("content-type", "").partition(";")[0].strip()
    if isinstance(change, list) and media != "application/merge-patch+json":
        return written(_json_patch(resource, change))
    if isinstance(change, dict) and change.get("resourceType") == "Parameters" and media != "application/merge-patch+json":
        return written(_fhirpath_patch(resource, change))
    if isinstance(change, dict) and media != "application/json-patch+json":
        return written(merged(resource, change))
    raise NotPatched("expected an array of operations (JSON Patch), a Parameters resource (FHIRPath Patch), or an object to be merged")


def merged(target: Json, patch: Json) -> Json:
    """A value with another one merged into it: null takes a member away, anything but an object replaces (RFC 7396 section 2)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def written(value: Json, indent: str = "\n") -> str:
    """JSON with its decimals as they are."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        return "{" + ",".join(f"{inner}{json.dumps(k, ensure_ascii=False)}: {written(v, inner)}" for k, v in value.items()) + indent + "}"
    if isinstance(value, list) and value:
        return "[" + ",".join(inner + written(one, inner) for one in value) + indent + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


# JSON Patch ------------------------------------------------------------------------------------------------------------------------


def _json_patch(document: Json, operations: list[Json]) -> Json:
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


# FHIRPath Patch --------------------------------------------------------------------------------------------------------------------


def _fhirpath_patch(resource: Json, patch: Json) -> Json:
    for number, parameter in enumerate(patch.get("parameter") or (), 1):
        try:
            parts = {part["name"]: part for part in parameter["part"]}
            change = _CHANGES.get(_value(parts["type"]))
            if parameter["name"] != "operation" or change is None:
                raise NotPatched(f"expected a parameter operation whose type is one of {', '.join(_CHANGES)}")
            change(resource, read_path(_value(parts["path"])), parts)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as problem:
            says = f"the part {problem} is missing" if isinstance(problem, KeyError) else str(problem)
            raise NotPatched(f"operation {number} of the patch cannot be done: {says}") from None
    return resource


Place = tuple[Any, Any]  # (an object or an array, the name or the index in it)


def _places(resource: Json, steps: tuple[Step, ...]) -> list[Place]:
    """Where a path leads, as places that can be written to."""
    first, *rest = steps
    if first.name != resource.get("resourceType"):
        raise NotPatched(f"the path begins with {first.name}, but the resource is a {resource.get('resourceType')}")
    found: list[Place] = [([resource], 0)]
    for step in rest:
        found = [place for holder, key in found for place in _below(holder[key], step)]
    return found


def _below(value: Json, step: Step) -> list[Place]:
    name = step.name if isinstance(value, dict) and step.name in value else chosen(value, step.name) if isinstance(value, dict) else ""
    if not name:
        return []
    member = value[name]
    if not isinstance(member, list):
        found: list[Place] = [(value, name)] if set(step.indexes) <= {0} else []
    else:
        found = [(member, number) for number in range(len(member))]
        found = found[step.indexes[0] : step.indexes[0] + 1] if step.indexes else found
    if step.where:
        name, wanted = step.where
        found = [(holder, key) for holder, key in found if isinstance(holder[key], dict) and holder[key].get(name) == wanted]
    return found


def _one(resource: Json, steps: tuple[Step, ...]) -> Place:
    found = _places(resource, steps)
    if len(found) != 1:
        raise NotPatched(f"the path leads to {len(found) or 'no'} elements, but has to lead to one")
    return found[0]


def _shape(steps: tuple[Step, ...]) -> Shape | None:
    shape = core().type(steps[0].name)
    for step in steps[1:]:
        shape = below(shape, step.name) or below(shape, f"{step.name}[x]") if shape else None
    return shape


def _add(resource: Json, steps: tuple[Step, ...], parts: dict[str, Json]) -> None:
    holder, key = _one(resource, steps)
    shape, name = _shape(steps), _value(parts["name"])
    written_as, value, many = _named(shape, name, parts["value"])
    target = holder[key]
    if many:
        target.setdefault(written_as, []).append(value)
    else:
        target[written_as] = value


def _named(shape: Shape | None, name: str, part: Json) -> tuple[str, Json, bool]:
    """(the name in JSON, the value, whether it is one of several) of an element that is called `name` below a shape."""
    inner = below(shape, name) if shape else None
    choice = below(shape, f"{name}[x]") if shape and not inner else None
    if not inner and not choice:
        raise NotPatched(f"{shape.path if shape else 'the element'} has no element {name}")
    if choice:
        kind = next(key[5:] for key in part if key.startswith("value") and key != "value")
        return name + kind, _value(part), False
    assert inner is not None
    return name, _value(part, inner), inner.element.get("max") != "1"


def _insert(resource: Json, steps: tuple[Step, ...], parts: dict[str, Json]) -> None:
    items = _items(resource, steps)
    index = _value(parts["index"])
    if not isinstance(index, int) or not 0 <= index <= len(items):
        raise NotPatched(f"nothing can be inserted at {index}: there are {len(items)} items")
    items.insert(index, _value(parts["value"], _shape(steps)))


def _move(resource: Json, steps: tuple[Step, ...], parts: dict[str, Json]) -> None:
    items = _items(resource, steps)
    source, destination = _value(parts["source"]), _value(parts["destination"])
    if not all(isinstance(index, int) and 0 <= index < len(items) for index in (source, destination)):
        raise NotPatched(f"nothing can be moved from {source} to {destination}: there are {len(items)} items")
    items.insert(destination, items.pop(source))


def _items(resource: Json, steps: tuple[Step, ...]) -> list[Json]:
    holder, key = _one(resource, steps[:-1])
    items = holder[key].get(steps[-1].name)
    if not isinstance(items, list) or steps[-1].indexes:
        raise NotPatched("the path does not lead to the items of a list")
    return items


def _delete(resource: Json, steps: tuple[Step, ...], _: dict[str, Json]) -> None:
    """Takes an element away; where there is none, nothing is to be done."""
    found = _places(resource, steps)
    if len(steps) < 2 or len(found) > 1:
        raise NotPatched(f"the path leads to {len(found)} elements, but only one part of the resource can be deleted")
    for holder, key in found:
        holder.pop(key)
        if holder == []:  # FHIR leaves out what has no value
            above, name = _one(resource, steps[:-1])
            above[name].pop(steps[-1].name)


def _replace(resource: Json, steps: tuple[Step, ...], parts: dict[str, Json]) -> None:
    holder, key = _one(resource, steps)
    value = _value(parts["value"], _shape(steps))
    if isinstance(key, str) and key != steps[-1].name:  # of a choice: another type has another name
        kind = next(name[5:] for name in parts["value"] if name.startswith("value") and name != "value")
        del holder[key]
        key = steps[-1].name + kind
    holder[key] = value


def _value(part: Json, shape: Shape | None = None) -> Json:
    """The value of a part: of a data type, or built from parts of its own where the element has no data type."""
    found = [value for name, value in part.items() if name.startswith("value")]
    if found:
        return found[0]
    built: Json = {}
    for inner in part["part"]:
        name, value, many = _named(shape, inner["name"], inner)
        if many:
            built.setdefault(name, []).append(value)
        else:
            built[name] = value
    return built


_CHANGES: dict[str, Callable[[Json, tuple[Step, ...], dict[str, Json]], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
