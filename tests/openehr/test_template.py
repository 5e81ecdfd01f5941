"""Templates: ours is what its tree says, every public one loads or is refused with a reason, and paths are explained."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import UnknownPath, Unreadable
from ihe_kit.files import data
from ihe_kit.openehr import Template, build, conform, explain, load, template
from ihe_kit.openehr.aom import Node, Range
from ihe_kit.openehr.notation import opt
from tests.effort import calls
from tests.openehr.given import CASES, CLOCK, ids
from tests.openehr.small import OPT, SMALL, element, message

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


def test_each_public_template_is_read_whole() -> None:
    """Whatever stands in the XML of a public template stands in the tree too: every node, every attribute, every limit."""
    for path in CASES("opt", "opt"):
        if not isinstance(path, Path):
            pytest.skip("no public templates here")
        found = load(path.read_bytes())
        text = path.read_text(encoding="utf-8-sig")
        nodes = list(walk(found.root))
        assert len(nodes) == len(re.findall(r"<(?:\w+:)?(?:children|definition)[ >]", text)), path.name
        for kind in ("ARCHETYPE_SLOT", "C_DV_QUANTITY", "C_CODE_PHRASE", "C_DV_ORDINAL", "C_PRIMITIVE_OBJECT"):
            assert sum(node.kind == kind for node in nodes) == len(re.findall(rf'<children xsi:type="(?:\w+:)?{kind}"', text)), (
                path.name,
                kind,
            )
        assert sum(len(node.includes) for node in nodes) == len(re.findall("<includes>", text)), path.name
        assert all(pattern for node in nodes for pattern in node.includes), path.name
        lists = [attribute for node in nodes for attribute in node.attributes if attribute.cardinality]
        assert len(lists) == len(re.findall("<cardinality>", text)), path.name
        assert sum(node.span is not None for node in nodes) == len(re.findall(r'"C_DURATION">\s*<range>', text)), path.name
        assert len(found.annotations) == len(set(re.findall('<annotations path="([^"]*)"', text))), path.name


def walk(node: Node) -> Iterator[Node]:
    yield node
    for attribute in node.attributes:
        for child in attribute.children:
            yield from walk(child)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<archetype_id><value>openEHR-EHR-COMPOSITION.report.v1</value></archetype_id>", "", "archetype_id"),
        ("<rm_type_name>ELEMENT</rm_type_name>", "", "rm_type_name"),
        ("<rm_attribute_name>items</rm_attribute_name>", "", "rm_attribute_name"),
        ("<lower>1</lower><upper>2</upper>", "<lower>3</lower><upper>2</upper>", "3..2"),
        ("<lower>1</lower><upper>2</upper>", "<lower>-1</lower><upper>2</upper>", "whole number"),
    ],
)
def test_a_template_that_cannot_be_checked_by_is_refused(old: str, new: str, says: str) -> None:
    flat = re.sub(r">\s+<", "><", OPT)
    assert old in flat
    with pytest.raises(Unreadable) as problem:
        load(flat.replace(old, new, 1))
    assert says in str(problem.value)


INTERNAL = (
    '<children xsi:type="ARCHETYPE_INTERNAL_REF"><rm_type_name>ELEMENT</rm_type_name><occurrences><lower>0</lower><upper>1</upper></occurrences>'
    "<node_id>at0077</node_id><target_path>{}</target_path></children>"
)


def referring(path: str) -> Template:
    """The small template with one more element, which is said to be as another one is."""
    at = OPT.rindex("<children", 0, OPT.index("<node_id>at0010</node_id>"))
    return load(OPT[:at] + INTERNAL.format(path) + OPT[at:])


def test_an_internal_reference_is_what_it_points_to() -> None:
    one = referring("/data[at0001]/items[at0012]")
    (node,) = (node for node in walk(one.root) if node.code == "at0077")
    assert node.child("value").child("magnitude").range == Range(0, 20)
    assert [f.rule for f in conform(message(element("at0077", {"_type": "DV_COUNT", "magnitude": 21})), one)] == ["OPENEHR-VALUE"]


@pytest.mark.parametrize(("path", "says"), [("/data[at0001]/items[at9999]", "internal reference"), ("/data[at0001]", "at most")])
def test_an_internal_reference_to_nothing_or_to_itself_is_refused(path: str, says: str) -> None:
    with pytest.raises(Unreadable) as problem:
        referring(path)
    assert says in str(problem.value)


HEAD = '<template xmlns="http://schemas.openehr.org/v1">'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<a>" * 8_000_000, "characters, but found"),
        (HEAD + "<a>" * 3_000_000, "levels"),
        (HEAD + "<a/>" * 3_000_000, "elements"),
        ("<!DOCTYPE a [" + "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 30)) + "]>" + HEAD, "DOCTYPE"),
        (HEAD + "&lol;</template>", "XML"),
        (HEAD + "x" * 30_000_000, "characters"),
    ],
    ids=["long", "deep", "wide", "bomb", "entity", "text"],
)
def test_a_hostile_template_is_refused_before_it_fills_the_memory(text: str, says: str) -> None:
    with pytest.raises(Unreadable) as problem:
        load(text)
    assert says in str(problem.value)


def test_a_template_that_is_too_deep_is_left_at_once() -> None:
    def read() -> None:
        with pytest.raises(Unreadable):
            load(HEAD + "<b>" * 6_000_000)

    assert calls(read) < 300_000


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_template_cut_short_or_with_a_piece_missing_is_refused_or_read(start: int, length: int) -> None:
    at = start % len(OPT)
    for text in (OPT[:at], OPT[:at] + OPT[at + length % 200 :]):
        try:
            conform(message(), load(text))
        except Unreadable:
            pass


def test_what_a_template_says_of_itself() -> None:
    assert SMALL.description.authors == (("name", "ihe_kit"),)
    assert SMALL.description.state == "published"
    assert "each kind of limit" in SMALL.description.purpose
    assert SMALL.uid
    assert SMALL.root.terms["at0000"] == ("Report", "A report.")


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
