"""Elements of a snapshot by the steps that lead to them: the same steps lead to the same element in the tree of the profile and in that of its base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ihe_kit.fhir.shapes import Shape
from ihe_kit.fhir.snapshot import choice, opened
from ihe_kit.fhir.tables import Definitions

Step = tuple[str, str]  # the name of an element, and of a slice of it or ""


def walk(shape: Shape, steps: tuple[Step, ...]) -> Iterator[tuple[Shape, tuple[Step, ...]]]:
    """An element and everything below it, each with the steps that lead there."""
    yield shape, steps
    for child in shape.children.values():
        yield from walk(child, (*steps, (child.name, "")))
    for name, child in shape.slices.items() if steps else ():
        yield from walk(child, (*steps[:-1], (steps[-1][0], name)))


def _inside(shape: Shape, known: Definitions) -> dict[str, Shape]:
    """The parts of an element, its own or those of its data type."""
    return shape.children or opened(shape.copy(shape.path), known).children


def element_at(root: Shape | None, steps: Sequence[Step], known: Definitions) -> tuple[Shape | None, bool]:
    """The element of another tree to which the same steps lead. A slice that is not there is looked for in the element itself: then True."""
    here, new = root, False
    for name, part in steps:
        if here is None:
            break
        here = _inside(here, known).get(name)
        if here and part:
            found = _slice(here, part)
            here, new = found or here, new or found is None
    return here, new


def _slice(shape: Shape, part: str) -> Shape | None:
    """A slice of an element by its name; `a/b` is a slice of the slice `a`."""
    here: Shape | None = shape
    names = part.split("/")
    for size in range(1, len(names) + 1):
        here = here.slices.get("/".join(names[:size])) if here else None
    return here


def element_named(root: Shape, steps: Sequence[str]) -> Shape | None:
    """The element of a tree that the id of a differential's element means: `valueQuantity` may stand for `value[x]` or a slice of it."""
    here: Shape | None = root
    for step in steps:
        name, _, part = step.partition(":")
        child = here.children.get(name) if here else None
        if here and child is None:
            child = choice(here, name)
            part = part or (name if child and name in child.slices else "")
        here = _slice(child, part) if child and part else child
    return here
