"""What FLAT keys mean: values, groups, what the reference model adds, the context, and what a template limits."""

import pytest

from ihe_kit.core import UnknownPath
from ihe_kit.files import rows
from ihe_kit.openehr import explain, load
from ihe_kit.openehr.notation import opt
from ihe_kit.openehr.opt import own, template

EVENT = "vital_signs/blood_pressure:0/any_event:0"
LIMITS = """limits.v1 | en | Limits in words, for a test
COMPOSITION[openEHR-EHR-COMPOSITION.report.v1] 1..1 Report | A report
  category: DV_CODED_TEXT openehr::433
  content: EVALUATION[openEHR-EHR-EVALUATION.limits.v1] 1..1 Limits | Limits
    data: ITEM_TREE[at0001] 1..1 Tree | The tree.
      items: 1..2
      items: ELEMENT[at0002] 1..1 Count | A count
        value: DV_COUNT 1..5
      items: ELEMENT[at0003] 0..1 Score | A score
        value: DV_ORDINAL local::0=at0010=None, 1=at0011=Some
"""


@pytest.mark.parametrize(
    ("key", "name", "type_", "says"),
    [
        ("vital_signs", "Vital signs", "COMPOSITION", "measured at one encounter"),
        (EVENT, "Any event", "POINT_EVENT", "Path: /content"),
        (f"{EVENT}/systolic|magnitude", "Systolic", "DV_QUANTITY", "|magnitude: The number."),
        (f"{EVENT}/systolic|raw", "Systolic", "DV_QUANTITY", "|raw is the whole DV_QUANTITY"),
        (f"{EVENT}/systolic/_null_flavour|code", "null flavour", "DV_CODED_TEXT", "null_flavour"),
        (f"{EVENT}/systolic/_normal_range/lower|magnitude", "lower", "DV_ORDERED", "normal_range/lower"),
        ("vital_signs/_link:0|meaning", "links", "LINK", "Path: /links"),
        ("vital_signs/context/_participation:0|identifiers_id:0", "participations", "PARTICIPATION", "|identifiers_id:0: The identifier."),
        ("problem_list/problem:0/problem_name|other", "Problem name", "DV_CODED_TEXT", "a text in place of a code"),
        ("ctx/language", "language", "context", "language of the composition"),
        ("ctx/participation_name:1", "participation name:1", "context", "EVENT_CONTEXT, ENTRY"),
    ],
)
def test_every_kind_of_flat_key_is_explained(key: str, name: str, type_: str, says: str) -> None:
    found = explain(key)
    assert (found.path, found.name, found.type) == (key, name, type_)
    assert says in found.says


def test_codes_of_the_terminology_come_along() -> None:
    assert ("227", "emergency care") in explain("ctx/setting").values
    assert ("253", "unknown") in explain(f"{EVENT}/systolic/_null_flavour|code").values


@pytest.mark.parametrize("row", rows("openehr/ctx.tsv"), ids=lambda row: f"{row['key']} {row['class']}")
def test_each_key_of_the_context_says_something_and_cites_its_section(row: dict[str, str]) -> None:
    found = explain("ctx/" + row["key"].replace(":n", ":0").replace(":m", ":0"))
    assert found.says.startswith(row["says"])
    assert row["section"] in found.spec
    assert "not checked" not in found.spec


@pytest.mark.parametrize("name", own())
def test_every_value_of_our_templates_and_every_group_above_it_is_explained(name: str) -> None:
    for leaf in template(name).leaves:
        for depth in range(1, len(leaf.ids) + 1):
            key = "/".join(leaf.ids[:depth])
            assert explain(key, None, name).path == key


def test_limits_are_said_in_words() -> None:
    one = load(opt(LIMITS))
    assert "In this template: 1 to 5." in explain("report/limits/count", None, one).says
    assert "0..<1000 mm[Hg]" in explain(f"{EVENT}/systolic|magnitude").says
    tree = "/content[openEHR-EHR-EVALUATION.limits.v1]/data[at0001]"
    assert explain(tree, None, one).says == "The tree. In this template: items has 1..2 members in all."
    assert explain("report/limits/score|ordinal", None, one).values == (("0", "None"), ("1", "Some"))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("ctx/langage", "did you mean ctx/language?"),
        (f"{EVENT}/systolic|units", "a DV_QUANTITY has no |units; did you mean unit?"),
        (f"{EVENT}/systolc", "did you mean"),
    ],
)
def test_what_leads_nowhere_is_refused_with_what_would_be_right(key: str, says: str) -> None:
    with pytest.raises(UnknownPath) as problem:
        explain(key)
    assert says in str(problem.value)
