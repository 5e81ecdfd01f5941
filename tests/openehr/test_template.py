"""Templates: ours is what its tree says, every public one loads or is refused with a reason, and paths are explained."""

from pathlib import Path

import pytest

from ihe_kit.core import UnknownPath, Unreadable
from ihe_kit.files import data
from ihe_kit.openehr import build, explain, load, template
from ihe_kit.openehr.notation import opt
from tests.openehr.given import CASES, CLOCK, ids

BP = "/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006]"
OURS = template("kit_vital_signs.v1").text


def test_the_stored_template_is_what_its_tree_says() -> None:
    tree = data("openehr/kit_vital_signs.v1.tree").read_text(encoding="utf-8")
    assert opt(tree) == data("openehr/kit_vital_signs.v1.opt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CASES("opt", "opt"), ids=lambda path: path.name)
def test_public_templates_load_or_are_refused_with_a_reason(path: Path) -> None:
    try:
        found = load(path.read_bytes())
    except Unreadable:
        return
    assert found.id
    assert found.leaves


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "XML"),
        ("<template", "XML"),
        ("<archetype/>", "expected <template>"),
        ('<template xmlns="http://example.org"/>', "example.org"),
        ('<!DOCTYPE t [<!ENTITY a "b">]><template/>', "DOCTYPE"),
        (OURS.replace("<value>kit_vital_signs.v1</value>", "<value></value>"), "template_id"),
        (OURS.replace("<concept>kit_vital_signs.v1</concept>", ""), "concept"),
        (OURS.replace("<lower>1</lower>", "<lower>one</lower>", 1), "whole number"),
        (OURS.replace("<upper>1</upper>", f"<upper>{'9' * 5000}</upper>", 1), "at most 10 digits"),
        (OURS.replace("<upper>1</upper>", "<upper>\u0661</upper>", 1), "whole number"),
        (OURS.replace("Systolic", "\ud800"), "surrogate"),
        (OURS[: OURS.index("<definition>")] + "</template>", "definition"),
        (b"\xff", "UTF-8"),
    ],
)
def test_bad_templates_are_refused(text: str | bytes, says: str) -> None:
    with pytest.raises(Unreadable) as problem:
        load(text)
    assert says in str(problem.value)


def test_any_namespace_prefix_is_read() -> None:
    prefixed = OURS.replace("<", "<o:").replace("<o:/", "</o:").replace("<o:?", "<?").replace("xmlns=", "xmlns:o=")
    assert [leaf.path for leaf in load(prefixed).leaves] == [leaf.path for leaf in load(OURS).leaves]


@pytest.mark.parametrize(
    ("path", "name", "type_", "occurs"),
    [
        (f"{BP}/data[at0003]/items[at0004]", "Systolic", "ELEMENT", "1..1"),
        (f"{BP}[2]/data[at0003]/items[at0004]/value/units", "units", "String", "1..1"),
        (f"{BP}/state[at0007]/items[at0008]/value/defining_code/code_string", "code string", "String", "1..1"),
        (BP, "Any event", "POINT_EVENT", "1..*"),
        ("/context/start_time/value", "value", "String", "1..1"),
        ("vital_signs/blood_pressure:0/any_event:0/systolic|magnitude", "Systolic", "DV_QUANTITY", "1..1"),
        ("/subject/external_ref/namespace", "namespace", "String", "1..1"),
        ("DV_QUANTITY.magnitude", "magnitude", "Real", "1..1"),
        ("request.prefer", "request.prefer", "token", "0..1"),
    ],
)
def test_explain(path: str, name: str, type_: str, occurs: str) -> None:
    found = explain(path)
    assert (found.name, found.type, found.occurs) == (name, type_, occurs)


def test_explain_gives_what_the_template_allows() -> None:
    assert ("at1001", "Sitting") in explain(f"{BP}/state[at0007]/items[at0008]/value/defining_code/code_string").values
    assert explain(f"{BP}/data[at0003]/items[at0004]/value/units").values == (("mm[Hg]", "0..<1000"),)
    message = build("POST ehr", {"subject_id": "4711", "subject_namespace": "urn:oid:2.999.10.1"}, CLOCK, ids)
    assert "domain" in explain(message, "/subject/external_ref/namespace").says


@pytest.mark.parametrize(
    ("path", "hint"),
    [("/contxt", "context"), ("DV_QUANTITY.unit", "units"), ("vital_signs/blod_pressure", "blood_pressure"), ("/a[", "path")],
)
def test_explain_refuses_what_does_not_exist(path: str, hint: str) -> None:
    with pytest.raises(UnknownPath) as problem:
        explain(path)
    assert hint in str(problem.value)


def test_an_unknown_template_names_the_nearest() -> None:
    with pytest.raises(LookupError, match=r"did you mean kit_vital_signs\.v1"):
        template("kit_vital_sign.v1")
