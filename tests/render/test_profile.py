"""The HTML of a profile: rows that a screen reader can read, cards that say who said so; whatever a definition holds is escaped."""

from __future__ import annotations

from typing import Any

import pytest

from ihe_kit.fhir.profile_tree import ProfileTree, profile_tree
from ihe_kit.render.profile import problems_html, profile_card_html, profile_facts, profile_list_html, profile_rows_html, story_html
from tests.fhir.test_profile_tree import STRICT, profile, row
from tests.render.given import Page

NASTY = "<script>alert(1)</script>\"'&\u202e"


def grid(tree: ProfileTree, view: str = "differential", opened: Any = lambda number: True, selected: int = -1) -> Page:
    return Page(profile_rows_html(list(enumerate(tree.rows(view))), opened, view, selected))


def test_rows_tell_flags_cardinality_type_and_value() -> None:
    page = grid(profile_tree(STRICT))
    rows = [one for one in page.having("role", "row") if "data-id" in one]
    assert [one["data-id"] for one in rows][:4] == [
        "Patient",
        "Patient.identifier",
        "Patient.identifier:national",
        "Patient.identifier:national.system",
    ]
    assert [one["aria-level"] for one in rows] == ["1", "2", "3", "4", "2", "3", "2"]
    assert [one.get("aria-expanded") for one in rows] == ["true", "true", "true", None, "true", None, None]
    assert [one["tabindex"] for one in rows].count("0") == 1
    for text in (
        "must support",
        "was 0..*",
        "slices by system, open",
        ":nationalslice",
        '= "urn:oid:2.999.1.1"',
    ):
        assert text in page.text
    assert "gone" in str(rows[-1]["class"]) and "own" in str(rows[1]["class"]) and "inherited" in str(rows[0]["class"])


def test_shut_branches_hide_what_is_in_them() -> None:
    tree = profile_tree("Patient")
    page = grid(tree, "snapshot", lambda number: number == 0, selected=3)
    rows = [one for one in page.having("role", "row") if "data-id" in one]
    hidden = [one["data-id"] for one in rows if "hidden" in one]
    assert "Patient.contact.name" in hidden and "Patient.contact" not in hidden and rows[3]["tabindex"] == "0"
    assert len(rows) == len(tree.rows())


@pytest.mark.parametrize(
    "name", ["Patient", "bp", "Extension", "HumanName", "string", "patient-birthPlace", "lipidprofile", "Questionnaire"]
)
def test_every_kind_of_definition_has_rows_a_list_and_cards(name: str) -> None:
    tree = profile_tree(name)
    for view in ("differential", "snapshot", "slices"):
        page = grid(tree, view)
        assert len([one for one in page.having("role", "row") if "data-id" in one]) == len(tree.rows(view))
    nested = Page(profile_list_html(tree.rows()))
    assert len([tag for tag, _ in nested.elements if tag == "li"]) == len(tree.rows()) and not nested.having("tabindex")
    for one in tree.rows():
        assert one.id in Page(profile_card_html(tree, one)).text


def test_the_card_says_what_it_asks_and_who_said_so() -> None:
    tree = profile_tree("bp")
    page = Page(profile_card_html(tree, row(tree, "component:SystolicBP")))
    told = page.text[page.text.index("Who said so") :]
    for text in (
        "Observation defined it FHIR R4 Observation.component",
        "observation-vitalsigns changed it",
        "constraint vs-3",
        "value.exists() or",
        "observation-bp changed it",
        "was 0..*",
    ):
        assert text in told, text
    assert "https://hl7.org/fhir/R4/bp.html" in [one["href"] for one in page.having("href")]
    left = Page(profile_card_html(tree, row(tree, "Observation.id"))).text
    assert "DomainResource and Observation and observation-vitalsigns and observation-bp left it as it was" in left


def test_without_its_base_a_profile_only_says() -> None:
    tree = profile_tree(profile({"path": "Patient.name", "min": 1}, base="http://example.org/none"))
    assert "My patient says of it" in Page(story_html(tree.story(row(tree, "name")))).text


def test_what_widens_is_marked() -> None:
    tree = profile_tree(profile({"path": "Patient.link.other", "min": 0}))
    assert "allows more than before, which a profile may not" in Page(story_html(tree.story(row(tree, "link.other")))).text


def test_what_a_definition_holds_is_escaped() -> None:
    change = {"path": "Patient.name", "short": NASTY, "definition": NASTY, "comment": NASTY, "requirements": NASTY, "min": 1}
    change |= {
        "constraint": [{"key": NASTY, "severity": "error", "human": NASTY, "expression": NASTY}],
        "binding": {"strength": NASTY, "valueSet": NASTY},
    }
    change |= {
        "patternHumanName": {NASTY: NASTY},
        "type": [{"code": NASTY, "profile": [NASTY]}],
        "slicing": {"rules": NASTY, "discriminator": [{"type": NASTY, "path": NASTY}]},
    }
    tree = profile_tree(
        profile(change, {"id": f"Patient.name:{NASTY}", "path": "Patient.name", "sliceName": NASTY}, title=NASTY, url=f"javascript:{NASTY}")
    )
    html = profile_list_html(tree.rows("differential")) + profile_rows_html(list(enumerate(tree.rows())), lambda _: True, NASTY)
    html += (
        "".join(profile_card_html(tree, one) for one in tree.rows("differential"))
        + problems_html([NASTY], True)
        + problems_html([NASTY], False)
    )
    page = Page(html)
    assert "<script" not in html and "\u202e" not in page.text and "RLO" in page.text
    assert not [one for one in page.having("href") if "javascript" in str(one["href"])]


def test_the_facts_in_the_head() -> None:
    assert profile_facts(profile_tree("bp")) == "profile on Observation · derived from vitalsigns · speaks of 30 of 130 elements"
    assert profile_facts(profile_tree("Patient")).startswith("definition of a type · derived from DomainResource")
    assert profile_facts(profile_tree(profile(base="http://example.org/none"))).endswith("no snapshot")
