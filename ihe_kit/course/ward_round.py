"""What lesson 17 works with: Ingrid's vital signs in FLAT, the same composition in four notations, and the nodes of the web template behind its keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from textwrap import dedent
from typing import Any, cast

from ihe_kit import openehr
from ihe_kit.files import data, rows
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.region import story_clock
from ihe_kit.verbs import validate

VITAL_SIGNS = "kit_vital_signs.v1"
ROUND: dict[str, Any] = json.loads(data(f"openehr/{VITAL_SIGNS}.flat.json").read_text(encoding="utf-8"))
TEMPERATURE = "vital_signs/body_temperature:0/any_event:0/temperature"
SATURATION = "vital_signs/pulse_oximetry:0/any_event:0/oxygen_saturation"
SHORT = ("blood_pressure", "body_temperature")


def measured(*entries: str) -> dict[str, Any]:
    """The FLAT values of Ingrid's round: who, when and where, and the entries that are named; with none, all of them."""
    return {key: value for key, value in ROUND.items() if key.startswith("ctx/") or not entries or key.split("/")[1].startswith(entries)}


def without(values: Mapping[str, Any], beginning: str) -> dict[str, Any]:
    """The FLAT values without the keys that begin so."""
    return {key: value for key, value in values.items() if not key.startswith(beginning)}


def oximeter(per_cent: float) -> dict[str, Any]:
    """What the oximeter at the fingertip sends: a saturation, in FLAT."""
    return {f"{SATURATION}|numerator": per_cent, f"{SATURATION}|denominator": 100, f"{SATURATION}|type": 2}


def thermometer(suffix: str = "units", unit: str = "°C") -> dict[str, Any]:
    """What the ward's new thermometer sends: the temperature with a suffix and a unit of its own; without a `suffix`, with no unit at all."""
    values = without(measured(*SHORT), TEMPERATURE) | {f"{TEMPERATURE}|magnitude": 37.4}
    return values | ({f"{TEMPERATURE}|{suffix}": unit} if suffix else {})


def canonical(values: Mapping[str, Any]) -> OpenehrMessage:
    """The canonical composition of FLAT values. Raises ValueError that names the part of a key that could not be used."""
    return openehr.from_flat(values, VITAL_SIGNS, story_clock())


def text(values: Any) -> str:
    """JSON as people read it: one member a line."""
    return json.dumps(values, indent=1, ensure_ascii=False)


def place(composition: OpenehrMessage, name: str, attribute: str = "value") -> str:
    """The path of an element of a composition, by its name, down to one of its attributes. Raises ValueError where there is no such thing."""
    ways = [node["aqlPath"].removesuffix("/value") for node in web_nodes() if node.get("name") == name and "inputs" in node]
    if not ways or not any(one["name"]["value"] == name and attribute in one for one in elements(composition.data)):
        raise ValueError(f"the composition has no {attribute} of {name}")
    return f"{ways[0]}/{attribute}"


# Notations ------------------------------------------------------------------------------------------------------------------------------


def notations(composition: OpenehrMessage) -> Any:
    """How long one composition is in each notation: a pandas data frame."""
    import pandas

    written = {
        "canonical JSON": composition.body.strip(),
        "canonical XML": openehr.as_xml(composition).body.strip(),
        "FLAT": text(openehr.to_flat(composition)),
        "STRUCTURED": text(openehr.to_structured(composition)),
    }
    table = [(name, len(one.splitlines()), len(one), "no" if name.startswith("c") else "yes") for name, one in written.items()]
    return pandas.DataFrame(table, columns=["notation", "lines", "characters", "needs the template to be read"]).set_index("notation")


def side_by_side(composition: OpenehrMessage) -> str:
    """One fact, the temperature, cut from the composition in each of four notations."""
    flat = {key: value for key, value in openehr.to_flat(composition).items() if key.startswith(TEMPERATURE)}
    structured = openehr.to_structured(composition)["vital_signs"]["body_temperature"][0]["any_event"]
    xml = openehr.as_xml(composition).body
    name = xml.index("<value>Temperature</value>")
    begins = xml.rindex("\n", 0, xml.rindex("<items", 0, name)) + 1
    parts = {
        "canonical JSON": text(next(one for one in elements(composition.data) if one["name"]["value"] == "Temperature")),
        "canonical XML": dedent(xml[begins : xml.index("</items>", name) + len("</items>")]),
        "FLAT": text(flat),
        "STRUCTURED": text({"body_temperature": [{"any_event": structured}]}),
    }
    return "\n\n".join(f"--- {name}\n{part}" for name, part in parts.items())


def elements(here: Any) -> Iterator[dict[str, Any]]:
    """Every ELEMENT below a part of canonical JSON, from the top down."""
    if isinstance(here, dict):
        if here.get("_type") == "ELEMENT":
            yield here
        here = list(here.values())
    for one in here if isinstance(here, list) else ():
        yield from elements(one)


# The web template -----------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def web_nodes() -> tuple[dict[str, Any], ...]:
    """Every node of the web template of vital signs, from the top down."""
    return tuple(_below(openehr.web_template(openehr.template(VITAL_SIGNS))["tree"]))


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("children", ()):
        yield from _below(child)


def web_node(id: str) -> str:
    """What the web template says of the node with an id such as `temperature`: how often, where, and what may stand behind the bar, with its codes.

    Ranges, labels in other languages and the rest of it are left out.
    """
    found = next((node for node in web_nodes() if node["id"] == id), None)
    if not found:
        raise ValueError(f"the web template of vital signs has no node {id!r}: {', '.join(node['id'] for node in web_nodes())}")
    inputs = [json.dumps(_input(one), ensure_ascii=False) for one in found.get("inputs", ())]
    head = text({name: found[name] for name in ("id", "rmType", "min", "max", "aqlPath") if name in found})
    return head.removesuffix("\n}") + ',\n "inputs": [\n  ' + ",\n  ".join(inputs) + "\n ]\n}"


def _input(one: Mapping[str, Any]) -> dict[str, Any]:
    short = {name: one[name] for name in ("suffix", "type") if name in one}
    return short | ({"list": [{name: code[name] for name in ("value", "label")} for code in one["list"]]} if "list" in one else {})


def node_at(path: str) -> str:
    """The name of the element that an openEHR path leads into: the web template's node whose path goes furthest with it; "" for the frame."""
    inside = [(way, node) for node in web_nodes() if (way := node.get("aqlPath", "").removesuffix("/value")) and path.startswith(f"{way}/")]
    return cast("str", max(inside, key=lambda one: len(one[0]))[1].get("name", "")) if inside else ""


# Refusals -------------------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def refused_at() -> tuple[tuple[str, str], ...]:
    """(rule, path) of the five compositions that the repository refused in the night: Ingrid's round, each with one mistake."""
    sound = canonical(ROUND)
    broken = [sound.body.replace(row["old"], row["new"], 1) for row in rows("openehr/bad.tsv") if row["template"] == VITAL_SIGNS]
    found = [next(one for one in validate(body, template=VITAL_SIGNS) if one.severity == "error") for body in broken]
    return tuple((one.rule, one.path) for one in found)


def log() -> str:
    """The same as the log of the night has them: the words are lost, the places are there, cut where the entry ends."""
    pieces = [(rule, *path.partition("]/")) for rule, path in refused_at()]
    return "\n".join(f"{number}  422  {rule}\n   {entry}]\n   /{inside}" for number, (rule, entry, _, inside) in enumerate(pieces, 1))
