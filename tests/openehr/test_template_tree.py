"""Templates as rows, who constrained a node, and the addresses of each: our own and the public ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ihe_kit.openehr import from_flat, load, parse, read_aql, template, to_flat
from ihe_kit.openehr.addresses import addresses, found
from ihe_kit.openehr.flat_keys import of_open_list
from ihe_kit.openehr.opt import own
from ihe_kit.openehr.paths import read_path
from ihe_kit.openehr.template_story import ARCHETYPE, EITHER, MODEL, TEMPLATE, TERMINOLOGY, story
from ihe_kit.openehr.template_tree import Row, TemplateTree, template_tree
from tests.openehr.given import CASES, CLOCK

OWN = [name for name in own() if name.startswith("kit_")]


def tree_and_row(name: str, wanted: str) -> tuple[TemplateTree, int, Row]:
    tree = template_tree(name)
    number = tree.find(wanted)
    assert number is not None
    return tree, number, tree.rows[number]


def said(name: str, wanted: str) -> dict[str, str]:
    tree, _, row = tree_and_row(name, wanted)
    return {stage.level: " ".join(stage.says) for stage in story(tree, row)}


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ("Systolic", ["quantity: 0 to below 1000 mm[Hg] (whole numbers)"]),
        ("Temperature", ["quantity: 0 to below 100 Cel (at most 1 decimal) or 30 to below 200 [degF] (at most 1 decimal)"]),
        ("Position", ["coded text: Standing, Sitting, Reclining, Lying"]),
        ("Oxygen saturation", ["proportion: 0 to 100; denominator 100; percent"]),
        ("/category", ["coded text: event"]),
        ("History", []),
    ],
)
def test_what_a_node_may_hold(wanted: str, holds: list[str]) -> None:
    assert list(map(str, tree_and_row("kit_vital_signs.v1", wanted)[2].holds)) == holds


def test_a_choice_of_types_is_several() -> None:
    row = tree_and_row("kit_laboratory_report.v1", "Analyte result")[2]
    assert [one.name for one in row.holds] == ["quantity", "proportion", "ordinal", "count", "coded text", "text"]


def test_what_only_the_reference_model_asks_for_is_apart() -> None:
    tree = template_tree("kit_vital_signs.v1")
    plain, whole = ({tree.rows[number].path for number in tree.shown(view)} for view in ("tree", "model"))
    assert plain < whole and {"/composer", "/context", "/context/start_time", "/language", "/territory"} <= whole - plain
    assert "/category" in plain


def test_a_map_hangs_a_node_on_the_next_one_that_it_shows() -> None:
    tree, number, _ = tree_and_row("kit_vital_signs.v1", "Systolic")
    names = [tree.rows[number].name]
    while (number := tree.above(number, "map")) >= 0:
        names.append(tree.rows[number].name)
    assert names == ["Systolic", "Any event", "Blood pressure", "Vital signs"]


def test_each_statement_stands_at_its_level() -> None:
    systolic = said("kit_vital_signs.v1", "Systolic")
    assert list(systolic) == [MODEL, ARCHETYPE, EITHER, TERMINOLOGY]
    assert systolic[ARCHETYPE].startswith("at0004 is called Systolic:")
    assert "may occur 1..1, where the Reference Model leaves 0..*" in systolic[EITHER] and "mm[Hg]" in systolic[EITHER]
    assert "UCUM" in systolic[TERMINOLOGY]
    assert "the archetype's own codes" in said("kit_vital_signs.v1", "Position")[TERMINOLOGY]
    assert "It chose openEHR-EHR-OBSERVATION.blood_pressure.v2" in said("kit_vital_signs.v1", "Blood pressure")[TEMPLATE]
    assert list(said("kit_vital_signs.v1", "/composer")) == [MODEL]


def test_a_name_that_the_template_gives_is_the_templates() -> None:
    text = template("kit_vital_signs.v1").text
    renamed = '<attributes xsi:type="C_SINGLE_ATTRIBUTE"><rm_attribute_name>name</rm_attribute_name><children xsi:type="C_COMPLEX_OBJECT">'
    renamed += "<rm_type_name>DV_TEXT</rm_type_name><node_id/><attributes><rm_attribute_name>value</rm_attribute_name><children>"
    renamed += '<rm_type_name>STRING</rm_type_name><node_id/><item xsi:type="C_STRING"><list>Upper</list></item></children></attributes></children>'
    before, code, after = text.partition("<node_id>at0004</node_id>")
    tree = template_tree(load(before + code + renamed + "</attributes>" + after))
    row = next(row for row in tree.rows if row.node.code == "at0004")
    assert row.name == "Upper"
    assert ("Its name here is Upper; the archetype says Systolic.",) in [one.says for one in story(tree, row) if one.level == TEMPLATE]


@pytest.mark.parametrize("name", OWN)
def test_every_address_of_our_own_templates(name: str) -> None:
    tree, keys = template_tree(name), set()
    for number, row in enumerate(tree.rows):
        for one in addresses(tree, number):
            assert read_path(one.path) is not None and len(read_aql(one.query).columns) == 1, row
            keys.add(of_open_list(tree.template, one.flat).partition("|")[0] if tree.template else "")
    values = {leaf.key for leaf in tree.template.leaves if leaf.moves[-1].attribute == "value"} if tree.template else set()
    assert values and values <= keys


@pytest.mark.parametrize("path", CASES("opt", "opt"), ids=lambda path: path.stem)
def test_every_public_template(path: Path) -> None:
    tree = template_tree(path.read_text(encoding="utf-8"))
    assert not tree.problem and len({row.path for row in tree.rows}) == len(tree.rows)
    for number, row in enumerate(tree.rows):
        assert story(tree, row)
        for one in addresses(tree, number):
            assert read_path(one.path) is not None and len(read_aql(one.query).columns) == 1


def test_the_addresses_of_a_composition_are_those_of_its_values() -> None:
    pressures = {
        f"vital_signs/blood_pressure:{n}/any_event:{m}/{name}": 100 + n * 10 + m
        for n in (0, 1)
        for m in (0, 1)
        for name in ("systolic", "diastolic")
    }
    message, tree = from_flat(pressures, "kit_vital_signs.v1", CLOCK), template_tree("kit_vital_signs.v1")
    told = [one for at in found(tree, message) for one in addresses(tree, at.row, at)]
    by_key = {one.flat: one.value for one in told if one.flat}
    assert {key: str(value) for key, value in to_flat(message).items()}.items() <= by_key.items()
    for one in told:
        assert not one.value or message.get(one.path) == [one.value]
    assert any("[2]/data[at0001]/events[at0006][2]" in one.path for one in told)


def test_what_the_template_does_not_have_is_a_row_without_one() -> None:
    text = from_flat({"systolic": 142, "diastolic": 91}, "kit_vital_signs.v1", CLOCK).text.replace('"at0005"', '"at0666"')
    strange = [one.path for one in found(template_tree("kit_vital_signs.v1"), parse(text)) if one.row < 0]
    assert len(strange) == 1 and strange[0].endswith("items[at0666]")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("kit_vital_sign", "did you mean kit_vital_signs.v1?"),
        ("<template/>", "This text is no operational template"),
        ("<", "This text is no operational template"),
        ("", "There is no template"),
    ],
)
def test_what_is_no_template(given: str, says: str) -> None:
    tree = template_tree(given)
    assert says in tree.problem and tree.rows == () and tree.find("x") is None
