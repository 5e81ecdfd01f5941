"""Each limit of a template: a value that keeps it, and ones that break it, with rule and place."""

from dataclasses import replace
from typing import Any

import pytest

from ihe_kit.openehr import Template, conform, load, parse
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.notation import opt
from tests.openehr.small import LEFT, OPT, SMALL, TREE, changed, code, coded, details, element, message, name

D = "openEHR-EHR-CLUSTER.device.v1"


def quantity(magnitude: float, units: str = "Cel", **more: Any) -> dict[str, Any]:
    return {"_type": "DV_QUANTITY", "magnitude": magnitude, "units": units} | more


def ordinal(value: int, at: str, said: str) -> dict[str, Any]:
    return {"_type": "DV_ORDINAL", "value": value, "symbol": coded(said, "local", at)}


def proportion(numerator: float, denominator: float = 100, type_: int = 2, **more: Any) -> dict[str, Any]:
    return {"_type": "DV_PROPORTION", "numerator": numerator, "denominator": denominator, "type": type_} | more


def simple(type_: str, value: Any) -> dict[str, Any]:
    return {"_type": type_, "magnitude" if type_ == "DV_COUNT" else "value": value}


def interval(lower: Any, upper: Any, **more: Any) -> dict[str, Any]:
    open_ = {"lower_unbounded": lower is None, "upper_unbounded": upper is None}
    shut = {"lower_included": lower is not None, "upper_included": upper is not None}
    ends = ({"lower": lower} if lower else {}) | ({"upper": upper} if upper else {})
    return {"_type": "DV_INTERVAL"} | ends | open_ | shut | more


def device(archetype: str = D) -> dict[str, Any]:
    inside = [element("at0001", name("thermometer"))]
    return {
        "_type": "CLUSTER",
        "name": name("Device"),
        "archetype_node_id": archetype,
        "archetype_details": details(archetype),
        "items": inside,
    }


GOOD = [
    element("at0010", quantity(37.5)),
    element("at0010", quantity(99.5, "[degF]", precision=1)),
    element("at0010", quantity(37, precision=-1)),
    element("at0011", ordinal(3, "at0102", "Confused")),
    element("at0012", simple("DV_COUNT", 20)),
    element("at0013", proportion(97.5)),
    element("at0014", simple("DV_TEXT", "Final")),
    element("at0015", simple("DV_BOOLEAN", True)),
    element("at0016", simple("DV_DATE_TIME", "2025-03-03T08:00")),
    element("at0017", simple("DV_DURATION", "P2Y6M")),
    element("at0018", interval(quantity(36), quantity(37.5))),
    element("at0018", interval(quantity(36), None)),
    element("at0019", quantity(37)),
    element("at0019", name("warm")),
    element("at0020", coded("Potassium", "LOINC", "2823-3")),
    element("at0020", None, null_flavour=coded("unknown", "openehr", "253")),
    element("at0021", name("there"), "Right"),
    element("at0023", simple("DV_DATE", "2025-03")),
]

BROKEN = [
    ("UNITS", element("at0010", quantity(310, "K")), "/value/units"),
    ("RANGE", element("at0010", quantity(45)), "/value/magnitude"),
    ("RANGE", element("at0010", quantity(37, "[degF]")), "/value/magnitude"),
    ("PRECISION", element("at0010", quantity(37.25)), "/value/magnitude"),
    ("PRECISION", element("at0010", quantity(37.2, precision=2)), "/value/precision"),
    ("VALUE", element("at0011", ordinal(1, "at0102", "Confused")), "/value/value"),
    ("VALUE", element("at0011", ordinal(3, "at0199", "Asleep")), "/code_string"),
    ("VALUE", element("at0012", simple("DV_COUNT", 21)), "/value/magnitude"),
    ("TYPE", element("at0012", simple("DV_COUNT", 2.5)), "/value/magnitude"),
    ("VALUE", element("at0013", proportion(101)), "/value/numerator"),
    ("VALUE", element("at0013", proportion(1, 2, 0)), "/value/type"),
    ("INVARIANT", element("at0013", proportion(97, 50)), "/value/denominator"),
    ("VALUE", element("at0014", simple("DV_TEXT", "final")), "/value/value"),
    ("VALUE", element("at0015", simple("DV_BOOLEAN", False)), "/value/value"),
    ("PATTERN", element("at0016", simple("DV_DATE_TIME", "2025-03-03")), "/value/value"),
    ("PATTERN", element("at0017", simple("DV_DURATION", "PT36H")), "/value/value"),
    ("PATTERN", element("at0023", simple("DV_DATE", "2025")), "/value/value"),
    ("TYPE", element("at0018", interval(simple("DV_COUNT", 1), simple("DV_COUNT", 2))), "/lower/_type"),
    ("UNITS", element("at0018", interval(quantity(310, "K"), quantity(311, "K"))), "/lower/units"),
    ("TYPE", element("at0019", simple("DV_COUNT", 1)), "/value/_type"),
    ("RANGE", element("at0019", quantity(50)), "/value/magnitude"),
    ("CODE", element("at0020", coded("Potassium", "SNOMED-CT", "1")), "/terminology_id/value"),
    ("NAME", element("at0021", name("x"), "Middle"), "/name/value"),
    ("NODE", element("at0099", name("x")), "/archetype_node_id"),
]


def rules(*items: dict[str, Any], left: bool = True) -> list[str]:
    return [finding.rule.removeprefix("OPENEHR-") for finding in conform(message(*items, left=left), SMALL)]


@pytest.mark.parametrize("item", GOOD, ids=lambda item: item["archetype_node_id"])
def test_what_the_template_allows_has_no_finding(item: dict[str, Any]) -> None:
    assert rules(item) == []


@pytest.mark.parametrize(("rule", "item", "where"), BROKEN, ids=lambda value: value if isinstance(value, str) else "")
def test_what_it_does_not_allow_is_found_once_at_its_place(rule: str, item: dict[str, Any], where: str) -> None:
    found = [finding for finding in conform(message(item), SMALL) if finding.rule == f"OPENEHR-{rule}"]
    assert any(finding.path.endswith(where) for finding in found), conform(message(item), SMALL)
    assert all(finding.severity == "error" and finding.why and finding.spec for finding in found)


def test_a_slot_lets_its_archetype_in_and_says_that_nobody_looked_inside() -> None:
    (finding,) = conform(message(device()), SMALL)
    assert (finding.rule, finding.severity) == ("OPENEHR-UNCHECKED", "information")
    assert D in finding.what


def test_what_a_slot_includes_is_advice_until_it_excludes_the_rest() -> None:
    other = message(device("openEHR-EHR-CLUSTER.specimen.v1"))
    assert [(f.rule, f.severity) for f in conform(other, SMALL)] == [
        ("OPENEHR-SLOT-ADVICE", "warning"),
        ("OPENEHR-UNCHECKED", "information"),
    ]
    start = OPT.index("<includes>")
    rest = OPT[start : OPT.index("</includes>") + len("</includes>")]
    pattern = rest[rest.index("<pattern>") : rest.index("</pattern>")]
    closed = load(OPT.replace(rest, rest + rest.replace("includes", "excludes").replace(pattern, "<pattern>.*")))
    assert next((f.rule, f.severity) for f in conform(other, closed)) == ("OPENEHR-SLOT", "error")
    assert [f.rule for f in conform(message(device()), closed)] == ["OPENEHR-UNCHECKED"]


def test_what_is_missing_and_what_is_too_many() -> None:
    assert rules(left=False) == ["OCCURRENCES"]
    (finding,) = conform(message(left=False), SMALL)
    assert "Left (at0021) is missing" in finding.what
    assert rules(LEFT, LEFT) == ["OCCURRENCES"]
    assert rules(*[element("at0019", name("x"))] * 30).count("CARDINALITY") == 1


def test_a_list_that_may_not_be_empty() -> None:
    tree = TREE.replace("items: 0..30", "items: 1..30").replace('1..2 "Left"', '0..2 "Left"')
    assert [(f.rule, f.path.rpartition("/")[2]) for f in conform(message(left=False), load(opt(tree)))] == [
        ("OPENEHR-CARDINALITY", "items")
    ]
    assert conform(message(LEFT), load(opt(tree))) == []


def test_a_list_that_wants_every_member_once() -> None:
    unique = changed("<is_unique>false</is_unique>", "<is_unique>true</is_unique>", -1)
    same = element("at0021", name("there"), "Left")
    assert "OPENEHR-CARDINALITY" in [finding.rule for finding in conform(message(same), unique)]


def primitive(constraint: str) -> list[tuple[str, str]]:
    """The findings on three values of at0014 where its list is replaced by another constraint."""
    template = changed(_list(), constraint)
    words = ("Final", "Finale", "x-1")
    return [(word, f.rule) for word in words for f in conform(message(element("at0014", simple("DV_TEXT", word))), template)]


def _list() -> str:
    end = "<list>Preliminary</list>"
    return OPT[OPT.index("<list>Final</list>") : OPT.index(end) + len(end)]


def test_patterns_of_texts() -> None:
    assert primitive("<pattern>Fin.*</pattern>") == [("x-1", "OPENEHR-PATTERN")]
    assert primitive("<pattern>[a-z]-\\d</pattern>") == [("Final", "OPENEHR-PATTERN"), ("Finale", "OPENEHR-PATTERN")]


@pytest.mark.parametrize("hard", ["(a+)+$", "(a|a)*b", "[unclosed", ".*.*.*.*.*=.*", "((x*)*)*"])
def test_a_pattern_that_cannot_be_tried_is_said_and_takes_no_time(hard: str) -> None:
    assert {rule for _, rule in primitive(f"<pattern>{hard}</pattern>")} == {"OPENEHR-UNCHECKED"}


def test_a_code_from_outside_of_the_template_is_said() -> None:
    end = OPT.index("</terminology_id>", OPT.index("<value>LOINC</value>")) + len("</terminology_id>")
    template = load(OPT[:end] + "<referenceSetUri>terminology:LOINC?subset=potassium</referenceSetUri>" + OPT[end:])
    (finding,) = conform(message(element("at0020", coded("Potassium", "LOINC", "2823-3"))), template)
    assert finding.rule == "OPENEHR-UNCHECKED"
    assert "terminology:LOINC?subset=potassium" in finding.what


def test_another_template_is_said() -> None:
    other = changed("<value>small.v1</value>", "<value>other.v1</value>", -1)
    assert [finding.rule for finding in conform(message(), other)] == ["OPENEHR-OTHER-TEMPLATE"]


def test_alternatives_within_alternatives_come_to_an_end() -> None:
    tree = TREE[: TREE.index("      items: 0..30")].replace("small.v1 |", "deep.v1 |", 1)
    tree += "".join(f"{'  ' * (1 + level)}items: CLUSTER[at{level:04}] 0..1 C | C.\n" for level in range(2, 40))
    template = load(opt(tree + f"{'  ' * 41}items: ELEMENT[at0040] 0..1 E | E.\n"))
    inner: dict[str, Any] = element("at0041", name("x"))
    for level in range(39, 1, -1):
        inner = {"_type": "CLUSTER", "name": name("C"), "archetype_node_id": f"at{level:04}", "items": [inner]}
    found = {finding.rule for finding in conform(message(inner, left=False), _doubled(template))}
    assert found == {"OPENEHR-OTHER-TEMPLATE", "OPENEHR-UNCHECKED"}


def _doubled(template: Template) -> Template:
    """The template with every list of nodes twice, so that each level has two alternatives of one code."""

    def twice(node: Node) -> Node:
        return replace(node, attributes=tuple(replace(one, children=tuple(map(twice, one.children)) * 2) for one in node.attributes))

    return replace(template, root=twice(template.root))


def test_codes_of_the_terminology_of_openehr() -> None:
    wrong = element("at0020", None, null_flavour=coded("mean", "openehr", "146"))
    assert rules(wrong) == ["GROUP"]
    assert rules(element("at0020", None, null_flavour=coded("nobody asked", "local", "at0"))) == ["GROUP"]
    assert rules(element("at0020", None, null_flavour=coded("unbekannt", "openehr", "253"))) == ["RUBRIC"]
    flagged = element("at0010", quantity(37, normal_status=code("openehr_normal_statuses", "X")))
    assert rules(flagged) == ["GROUP"]
    assert rules(element("at0010", quantity(37, normal_status=code("HL7", "X")))) == []


@pytest.mark.parametrize(
    ("item", "fixed"),
    [
        (element("at0014", simple("DV_TEXT", "final")), '"Final"'),
        (element("at0021", name("x"), "right"), '"Right"'),
        (element("at0018", interval(None, quantity(37), lower_included=True)), "false"),
        (element("at0010", quantity(37, "CEL")), None),
    ],
)
def test_what_can_be_mended_is_mended(item: dict[str, Any], fixed: str | None) -> None:
    sent = message(item)
    (finding,) = (one for one in conform(sent, SMALL) if one.severity == "error")
    assert (finding.fix and finding.fix.text) == fixed
    if finding.fix:
        mended = sent.text[: finding.fix.start] + finding.fix.text + sent.text[finding.fix.end :]
        assert [one for one in conform(parse(mended), SMALL) if one.severity == "error"] == []


def test_a_limit_that_nobody_here_can_read_is_said() -> None:
    template = changed('xsi:type="C_DV_QUANTITY"', 'xsi:type="C_DV_STATE"', -1)
    assert "C_DV_STATE" in next(
        f.what for f in conform(message(element("at0010", quantity(1000))), template) if f.rule == "OPENEHR-UNCHECKED"
    )
