"""The web template against those that other software made of the same templates, and against the FLAT keys."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ihe_kit.core import Unreadable
from ihe_kit.openehr import Template, load, template, web_template
from ihe_kit.openehr.leaves import web_id
from ihe_kit.openehr.opt import own
from tests.openehr.given import CASES

PARTS = ("rmType", "nodeId", "max", "aqlPath", "inputs")
_SHOWN = ("suffix", "type", "list", "validation", "terminology")


def _public() -> dict[str, Template]:
    found = {}
    for path in CASES("opt", "opt"):
        try:
            one = load(path.read_bytes())
        except Unreadable:
            continue
        found[one.id] = one
    return found


def _nodes(node: dict[str, Any], key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every node of a tree by its ids, without the root's own."""
    yield key, node
    for child in node.get("children", ()):
        yield from _nodes(child, f"{key}/{child['id']}".lstrip("/"))


def _inputs(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs, of their lists the values alone."""
    kept = [{name: one[name] for name in _SHOWN if name in one} for one in node.get("inputs", ())]
    return [one | ({"list": [entry["value"] for entry in one["list"]]} if "list" in one else {}) for one in kept]


def _differences(theirs: dict[str, Any], ours: dict[str, Any]) -> Iterator[tuple[str, str]]:
    known, made = dict(_nodes(theirs)), dict(_nodes(ours))
    for key, node in known.items():
        if key not in made:
            yield key, "missing"
            continue
        mine = made[key]
        for part in PARTS:
            same = _inputs(node) == _inputs(mine) if part == "inputs" else node.get(part) == mine.get(part)
            if not same:
                yield key or theirs["id"], part
    yield from ((key, "more") for key in made if key not in known)


@pytest.mark.parametrize("path", CASES("webtemplate", "json"), ids=lambda path: path.stem)
def test_it_agrees_with_the_public_one_but_for_what_the_table_explains(path: Path) -> None:
    theirs = json.loads(path.read_text(encoding="utf-8"))
    one = _public().get(theirs["templateId"])
    if not one:  # then the rules of the ids are what can be compared
        assert [key for key, node in _nodes(theirs["tree"]) if not _follows_the_rule(node)] == []
        return
    rows = [
        line.split("\t") for line in Path(__file__).with_suffix(".tsv").with_stem("webtemplate").read_text(encoding="utf-8").splitlines()
    ]
    explained = {(node, part) for name, node, part, why in rows[1:] if name == theirs["templateId"] and why}
    ours = web_template(one)
    assert set(_differences(theirs["tree"], ours["tree"])) == explained
    assert (ours["templateId"], ours["version"], ours["defaultLanguage"]) == (
        theirs["templateId"],
        theirs["version"],
        theirs["defaultLanguage"],
    )


def _follows_the_rule(node: dict[str, Any]) -> bool:
    """Whether an id is made of the name as `web_id` does it, perhaps with a number after it."""
    name = node.get("name", "")
    if not name or node.get("inContext") or not node.get("nodeId") or node["id"] == f"{node['rmType'].removeprefix('DV_').lower()}_value":
        return True
    return bool(re.fullmatch(re.escape(web_id(name)) + r"\d*", node["id"]))


@pytest.mark.parametrize("name", own())
def test_the_tree_has_the_ids_of_the_flat_keys(name: str) -> None:
    one = template(name)
    tree = web_template(one)["tree"]
    known = dict(_nodes(tree))
    assert tree["id"] == one.leaves[0].root
    own_values = [leaf for leaf in one.leaves if leaf.moves[-1].attribute == "value"]
    mixed = re.compile(r"/(coded_)?text_value$")
    missing = [leaf.key for leaf in own_values if not {"/".join(leaf.ids[1:]), mixed.sub("", "/".join(leaf.ids[1:]))} & set(known)]
    assert missing == []
    assert json.loads(json.dumps(tree)) == tree


def test_a_quantity_says_its_units_and_their_ranges() -> None:
    node = dict(_nodes(web_template(template("kit_vital_signs.v1"))["tree"]))["blood_pressure/any_event/systolic"]
    magnitude, unit = node["inputs"]
    assert magnitude["type"] == "DECIMAL"
    assert "mm[Hg]" in [one["value"] for one in unit["list"]]
    assert node["aqlPath"].endswith("/items[at0004]/value")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Body temperature", "body_temperature"),
        ("Problem/diagnosis", "problem_diagnosis"),
        ("Tests (1, 2, 3)", "tests_1_2_3"),
        ("1st visit", "a1st_visit"),
        ("Sauerstoffsättigung", "sauerstoffsättigung"),
        ("a__b", "a_b"),
        ("SpO₂", "spo"),
        ("(?)", "id"),
    ],
)
def test_the_rule_of_ids(name: str, expected: str) -> None:
    assert web_id(name) == expected
