"""Our own templates: the official schema accepts them, a repository could take them, a good composition keeps them, each mistake is found."""

import json
from pathlib import Path

import pytest
from lxml import etree

from ihe_kit.files import data, rows
from ihe_kit.openehr import as_json, as_xml, conform, from_flat, load, parse, web_template
from ihe_kit.openehr.notation import opt
from tests.openehr.given import CLOCK
from tests.openehr.schema import schema
from tests.openehr.test_xml import whole

TREES = sorted(data("openehr").glob("*.tree"))
OURS = [path.stem for path in TREES]
BAD = [(row["template"], row["old"], row["new"], row["rule"], row["path"]) for row in rows("openehr/bad.tsv")]


def text(template: str, ending: str) -> str:
    return data(f"openehr/{template}.{ending}").read_text(encoding="utf-8")


def good(template: str) -> str:
    """The canonical JSON of the good composition of a template."""
    return from_flat(json.loads(text(template, "flat.json")), template, CLOCK).text


def test_the_nine_are_there() -> None:
    kinds = "ecg_report echo_report imaging_report laboratory_report medication_list pathology_synopsis patient_summary problem_list vital_signs"
    assert [f"kit_{kind}.v1" for kind in kinds.split()] == OURS


@pytest.mark.parametrize("tree", TREES, ids=OURS)
def test_the_stored_template_is_what_its_tree_says(tree: Path) -> None:
    assert opt(tree.read_text(encoding="utf-8")) == tree.with_suffix(".opt").read_text(encoding="utf-8")


@pytest.mark.parametrize("template", OURS)
def test_the_official_schema_accepts_it(template: str) -> None:
    official, one = schema("Template.xsd"), etree.fromstring(text(template, "opt").encode())
    assert official.validate(one), official.error_log
    one.remove(one.find("{*}concept"))
    assert not official.validate(one)


@pytest.mark.parametrize("template", OURS)
def test_a_repository_could_take_it(template: str) -> None:
    """What EHRbase asks of a template: a concept, a language, a description that says who and why, a definition; every code has words."""
    one = etree.fromstring(text(template, "opt").encode())
    for path in (
        "language/code_string",
        "description/original_author",
        "description/lifecycle_state",
        "description/details/purpose",
        "concept",
    ):
        assert one.findtext("/".join(f"{{*}}{step}" for step in path.split("/"))), path
    for root in one.iter("{*}children", "{*}definition"):
        if root.find("{*}archetype_id") is not None:
            known = {term.get("code") for term in root.findall("{*}term_definitions")}
            assert {node.text for node in within(root) if (node.text or "").startswith("at")} <= known


def within(root: etree._Element) -> list[etree._Element]:
    """The node_ids and codes of an archetype, without those of the archetypes inside it."""
    found = []
    for child in root:
        if child.find("{*}archetype_id") is None:
            found += [child] if etree.QName(child).localname in ("node_id", "code_list", "code_string") else within(child)
    return found


@pytest.mark.parametrize("template", OURS)
def test_a_good_composition_keeps_it_in_json_and_in_xml(template: str) -> None:
    message = parse(good(template))
    assert message.template_id == template
    assert conform(message) == []
    xml = as_xml(message)
    official = schema("Composition.xsd")
    assert official.validate(etree.fromstring(xml.text.encode())), official.error_log
    assert conform(xml) == []
    assert whole(as_json(xml).data) == whole(message.data)


@pytest.mark.parametrize(("template", "old", "new", "rule", "path"), BAD)
def test_each_mistake_is_found_at_its_place(template: str, old: str, new: str, rule: str, path: str) -> None:
    whole = good(template)
    assert old in whole
    message = parse(whole.replace(old, new, 1))
    found = [finding for finding in conform(message) if finding.rule == rule and finding.path.endswith(path)]
    assert found, conform(message)
    assert all(message.text[one.start : one.end] or not one.found for one in found)


def test_every_template_has_its_mistakes() -> None:
    assert {template for template, *_ in BAD} == set(OURS)


def test_the_laboratory_template_takes_the_result_of_the_course() -> None:
    """Lessons set the same potassium beside HL7 v2 and FHIR: its paths are those of the template."""
    course = data("course/codes/potassium.composition.json").read_text(encoding="utf-8")
    assert [
        finding for finding in conform(parse(course), load(text("kit_laboratory_report.v1", "opt"))) if finding.severity == "error"
    ] == []


@pytest.mark.parametrize("template", OURS)
def test_it_builds_a_web_template(template: str) -> None:
    built = web_template(load(text(template, "opt")))
    assert built["templateId"] == template
    assert built["tree"]["rmType"] == "COMPOSITION"
    assert any(child.get("nodeId", "").startswith("openEHR-EHR-") for child in built["tree"]["children"])
