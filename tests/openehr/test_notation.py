"""The tree notation: what each line becomes, read by the reader of templates, and what cannot be read is said with its line."""

import pytest

from ihe_kit.core import Unreadable
from ihe_kit.openehr import load
from ihe_kit.openehr.notation import opt
from ihe_kit.openehr.opt import Node

HEAD = """t.v1 | en | A purpose & more.

COMPOSITION[openEHR-EHR-COMPOSITION.encounter.v1] 1..1 Encounter | A meeting.
  content: OBSERVATION[openEHR-EHR-OBSERVATION.pulse.v2] 0..* Pulse | The beat.
    protocol: ITEM_TREE[at0010] 0..1 Protocol | How it was done.
"""


def tree(*lines: str) -> str:
    return HEAD + "".join(f"      {line}\n" for line in lines)


def items(*lines: str) -> tuple[Node, ...]:
    """The nodes that the lines make."""
    protocol = load(opt(tree(*lines))).root.child("content").child("protocol")
    attribute = protocol.attribute("items")
    return attribute.children if attribute else ()


def value(*limits: str) -> Node:
    """The data value of an element that has it."""
    (element,) = items("items: ELEMENT[at0001] 0..1 One | It.", *(f"  value: {limit}" for limit in limits))
    return element.child("value")


def test_a_quantity_in_several_units() -> None:
    found = value("DV_QUANTITY openehr::127 Cel 30.5..<45 precision 1; [degF] >86..113; K")
    assert [(unit.units, str(unit.magnitude)) for unit in found.units] == [("Cel", "30.5..<45"), ("[degF]", ">86..113"), ("K", "..*")]
    assert str(found.units[0].precision) == "1..1"
    assert value("DV_QUANTITY mmol/L").units[0].units == "mmol/L"


def test_codes_of_the_archetype_and_of_others() -> None:
    coded = value("DV_CODED_TEXT local::at0002=Well done, at0003=Not done").child("defining_code")
    assert (coded.terminology, coded.codes) == ("local", (("at0002", "Well done"), ("at0003", "Not done")))
    assert value("DV_CODED_TEXT LOINC::2823-3=Potassium").child("defining_code").codes == (("2823-3", "Potassium"),)
    free = value("DV_CODED_TEXT LOINC::").child("defining_code")
    assert (free.terminology, free.codes) == ("LOINC", ())


def test_an_ordinal() -> None:
    xml = opt(tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_ORDINAL local::0=at0002=None, 3=at0003=Severe"))
    assert 'xsi:type="C_DV_ORDINAL"' in xml
    assert all(part in xml for part in ("<value>3</value>", "<value>Severe</value>", 'term_definitions code="at0003"'))


@pytest.mark.parametrize(
    ("limit", "name", "range_"),
    [
        ("DV_COUNT 0..20", "magnitude", "0..20"),
        ("DV_COUNT 1..*", "magnitude", "1..*"),
        ("DV_PROPORTION percent 0..100", "numerator", "0..100"),
    ],
)
def test_counts_and_shares(limit: str, name: str, range_: str) -> None:
    assert str(value(limit).child(name).range) == range_


def test_texts_times_files_and_truths() -> None:
    assert value("DV_TEXT Final, Preliminary").child("value").options == ("Final", "Preliminary")
    assert value("DV_PARSABLE text/plain").child("formalism").options == ("text/plain",)
    assert value("DV_MULTIMEDIA IANA_media-types::image/png").child("media_type").codes == (("image/png", ""),)
    for limit, part in (
        ("DV_DATE_TIME yyyy-mm-ddTHH:MM:??", "<pattern>yyyy-mm-ddTHH:MM:??</pattern>"),
        ("DV_DURATION PYMD", "<pattern>PYMD</pattern>"),
        ("DV_BOOLEAN true", "<false_valid>false</false_valid>"),
    ):
        assert part in opt(tree("items: ELEMENT[at0001] 0..1 One | It.", f"  value: {limit}"))


def test_an_interval_limits_both_ends() -> None:
    found = value("DV_INTERVAL<DV_QUANTITY> openehr::122 mm 0..<99 precision 0")
    assert found.type == "DV_INTERVAL"
    assert [found.child(end).units[0].units for end in ("lower", "upper")] == ["mm", "mm"]


def test_several_values_are_a_choice() -> None:
    (element,) = items("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_COUNT", "  value: DV_TEXT", "  value: DV_BOOLEAN")
    attribute = element.attribute("value")
    assert attribute
    assert [(one.type, one.occurs) for one in attribute.children] == [("DV_COUNT", "0..1"), ("DV_TEXT", "0..1"), ("DV_BOOLEAN", "0..1")]


def test_a_name_in_quotes_is_fixed() -> None:
    found = items('items: CLUSTER[at0001] 0..1 "Left" | One side.', 'items: CLUSTER[at0001] 0..1 "Right" | The other.')
    assert [one.fixed_name for one in found] == ["Left", "Right"]
    (free,) = items("items: CLUSTER[at0001] 0..1 Side | Either.")
    assert (free.name, free.fixed_name) == ("Side", "")


def test_a_slot() -> None:
    named, free = items("items: CLUSTER(device.v1, media_file.v1)[at0001] 0..* Thing | Used.", "items: CLUSTER(*)[at0002] 0..* More | Any.")
    assert (named.slot, free.slot, named.occurs) == (True, True, "0..*")
    xml = opt(tree("items: CLUSTER(device.v1)[at0001] 0..* Thing | Used."))
    assert r"archetype_id/value matches {/openEHR-EHR-CLUSTER\.device\.v1/}" in xml


def test_how_many_in_all() -> None:
    for line, low, high in (("items: 1..3", "1", "3"), ("items: 0..*", "0", None)):
        xml = opt(tree(line, "items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_TEXT"))
        cardinality = xml[xml.index("<cardinality>", xml.index("at0010")) :]
        assert f"<lower>{low}</lower>" in cardinality[: cardinality.index("</cardinality>")]
        assert (f"<upper>{high}</upper>" in cardinality[: cardinality.index("</cardinality>")]) == bool(high)


def test_signs_of_xml_are_only_signs() -> None:
    one = load(opt(tree('items: ELEMENT[at0001] 0..1 a < "b" | c & d.').replace('"b"', "b")))
    assert "A purpose & more." in one.text.replace("&amp;", "&")
    assert one.root.child("content").child("protocol").child("items").name == "a < b"


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("", "the template's identifier", 1),
        ("t.v1 | en\n", "the template's identifier", 1),
        ("t.v1 | en | Why.\n", "a tree below", 2),
        (HEAD + "        items: ELEMENT[at0001] 0..1 One | It.\n", "two blanks deeper", 6),
        (HEAD + "ITEM_TREE[at0001] 0..1 One | It.\n", "the archetype of the whole first", 6),
        ("t.v1 | en | Why.\n  value: DV_TEXT\n", "the archetype of the whole first", 2),
        ("t.v1 | en | Why.\nvalue: DV_TEXT\n", "the archetype of the whole first", 2),
        (tree("items: ELEMENT[at0001] One | It."), "expected `attribute: CLASS[code]", 6),
        (tree("items: ELEMENT[at0001] 0..1 One"), "expected `attribute: CLASS[code]", 6),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_QUANTITY openehr::125 mm[Hg] 0-100"), "DV_QUANTITY openehr::125", 7),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_COUNT many"), "DV_COUNT 0..20", 7),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_ORDINAL local::at0002=None"), "DV_ORDINAL local::0=", 7),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_PROPORTION half"), "DV_PROPORTION percent", 7),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_CODED_TEXT at0002"), "DV_CODED_TEXT local::", 7),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_BOOLEAN perhaps"), "DV_BOOLEAN true", 7),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_DURATION 3 days"), "DV_DURATION PYMD", 7),
        (tree("items: ELEMENT[at0001] 0..1 One | It.", "  value: DV_URI http"), "which takes no limits", 7),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, says: str, line: int) -> None:
    with pytest.raises(Unreadable) as problem:
        opt(text)
    assert says in str(problem.value)
    assert problem.value.line == line
