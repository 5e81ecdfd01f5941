"""FHIRPath Patch (FHIR R4 section 3.1.0.6): a Parameters resource whose operations name places by paths. The paths are the kit's own (`paths`):
names, indexes, and `where` with one condition; the definitions say which elements may stand several times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ihe_kit.fhir.expressions import chosen
from ihe_kit.fhir.json_patch import NotPatched
from ihe_kit.fhir.parameters import below
from ihe_kit.fhir.paths import Step, read_path
from ihe_kit.fhir.shapes import Shape
from ihe_kit.fhir.tables import core

Json = Any


def fhirpath_patch(resource: Json, patch: Json) -> Json:
    """A resource with the operations of a Parameters resource done, one after the other. Raises NotPatched."""
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
