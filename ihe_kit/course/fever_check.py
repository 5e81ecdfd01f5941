"""What lesson 16 works with: an archetype, a template of the children's ward that the learner narrows, and what nurses and devices send."""

from __future__ import annotations

from typing import Any

from ihe_kit import openehr
from ihe_kit.course.narrowing import Widening, widenings
from ihe_kit.files import data
from ihe_kit.openehr import OpenehrMessage, Template
from ihe_kit.openehr.notation import opt
from ihe_kit.region import story_clock

ARCHETYPE = "openEHR-EHR-OBSERVATION.body_temperature.v2"
TREE = data("course/templates/fever_check.tree").read_text(encoding="utf-8")
# Two lines each, as deep as the temperature: one that the archetype has, and one that it has not.
COMMENT = "          items: ELEMENT[at0063] 0..1 Comment | Anything that the other items cannot say.\n            value: DV_TEXT\n"
MOOD = "          items: ELEMENT[at0099] 0..1 Mood | How the child feels.\n            value: DV_TEXT\n"


def archetype() -> Template:
    """The archetype of the body temperature: all that a template may choose from."""
    return openehr.load(opt(archetype_tree()))


def archetype_tree() -> str:
    """The same in the tree notation."""
    return data(f"course/archetypes/{ARCHETYPE}.tree").read_text(encoding="utf-8")


def made(tree: str) -> Template:
    """The template of a tree, as a repository reads it. Raises Unreadable with the line that cannot be read."""
    return openehr.load(opt(tree))


def compared(tree: str) -> list[Widening]:
    """Where a template goes beyond the archetype: what an editor for templates would refuse. Nothing, where it only narrows."""
    return widenings(made(tree), archetype())


def editor(tree: str) -> str:
    """What an editor for templates says of a tree, in words."""
    return "\n".join(f"{one.path}\n  {one.says}" for one in compared(tree)) or "It only narrows the archetype."


def temperature(tree: str | Template, number: float, unit: str = "Cel", **more: str) -> OpenehrMessage:
    """A composition with one temperature, as a thermometer of the ward sends it to a form: `comment`, `location` and `mood` go along where given.

    It says that it was made for the form, but it was not: it is written by all that the thermometer can send.
    """
    named = tree if isinstance(tree, Template) else made(tree)
    sender = data("course/templates/thermometer.tree").read_text(encoding="utf-8").partition(" ")[2]
    values: dict[str, Any] = {"temperature|magnitude": number, "temperature|unit": unit}
    values |= {_KEYS[name]: value for name, value in more.items()}
    return openehr.from_flat(values, made(f"{named.id} {sender}"), story_clock())


_KEYS = {"comment": "comment", "mood": "mood", "location": "location_of_measurement|code"}


def pressure(systolic: float = 142, diastolic: float = 91, unit: str = "mm[Hg]") -> OpenehrMessage:
    """Ingrid's blood pressure as a composition. A device may write another `unit` at the diastolic one."""
    values = {"systolic": systolic, "diastolic": diastolic, "position": "at1001"}
    sound = openehr.from_flat(values, "kit_vital_signs.v1", story_clock())
    head, _, tail = sound.body.rpartition('"mm[Hg]"')
    return openehr.parse(f'{head}"{unit}"{tail}')
