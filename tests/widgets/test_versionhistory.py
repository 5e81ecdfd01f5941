"""VersionHistory in Python: the versions of a document as the REST API tells them, two of them compared, and nothing raised for what is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from ihe_kit import sandbox
from ihe_kit.openehr import from_flat
from ihe_kit.region import Sandbox
from ihe_kit.widgets import VersionHistory
from tests.render.given import Page

EHR = "7d44b88c-4199-4bad-97dc-d78268e01398"
UID = "8849182c-82ad-4088-a07f-48ead4180515"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SYSTEM = "openehr.fjordland.example"


def original(number: int, change: str, systolic: int | None, who: str = "Nora Vik", why: str = "") -> dict[str, Any]:
    """An ORIGINAL_VERSION (RM, common, change_control) as the REST API carries it."""
    content = json.loads(from_flat({"systolic": systolic, "diastolic": 70}, "kit_vital_signs.v1", lambda: NOON).text) if systolic else None
    text = {"_type": "DV_TEXT", "value": why}
    audit = {
        "system_id": SYSTEM,
        "time_committed": {"value": f"2026-03-0{number}T08:00:00Z"},
        "committer": {"_type": "PARTY_IDENTIFIED", "name": who},
    }
    return {
        "_type": "ORIGINAL_VERSION",
        "uid": {"_type": "OBJECT_VERSION_ID", "value": f"{UID}::{SYSTEM}::{number}"},
        "contribution": {"id": {"value": f"c{number}"}, "namespace": "local", "type": "CONTRIBUTION"},
        "commit_audit": {**audit, "change_type": {"value": change}, **({"description": text} if why else {})},
        "lifecycle_state": {"value": "complete" if content else "deleted"},
        **({"data": content} if content else {}),
    }


class Kept(VersionHistory):
    """A history over versions that are given, asked by the paths of the REST API."""

    given: ClassVar[list[dict[str, Any]]] = []
    asked: ClassVar[list[str]] = []

    def _ask(self, method: str, target: str, body: str = "") -> Any:
        type(self).asked.append(target)
        base = f"ehr/{EHR}/versioned_composition/{UID}"
        if target == f"{base}/revision_history":
            return {
                "_type": "REVISION_HISTORY",
                "items": [{"version_id": one["uid"], "audits": [one["commit_audit"]]} for one in self.given],
            }
        return next((one for one in self.given if target == f"{base}/version/{one['uid']['value']}"), None)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox() as region:
        yield region


@pytest.fixture
def history(box: Sandbox) -> Kept:
    Kept.given = [original(1, "creation", 142), original(2, "modification", 124, "Ola <b>Dahl</b>", "A typing mistake")]
    Kept.asked = []
    return Kept(box, EHR, f"{UID}::{SYSTEM}::1")


def test_each_version_says_who_committed_it_when_and_why(history: Kept) -> None:
    assert [(one.number, one.change, one.committer, one.why, one.state, one.contribution) for one in history.versions] == [
        ("2", "modification", "Ola <b>Dahl</b>", "A typing mistake", "complete", "c2"),
        ("1", "creation", "Nora Vik", "", "complete", "c1"),
    ]
    page = Page(history.view["table"])
    assert "2026-03-02 08:00:00Z" in page.text and "<b>Dahl" not in history.view["table"] and history.view["facts"] == "2 versions"


def test_the_last_two_are_compared_by_path(history: Kept) -> None:
    assert (history.old, history.new) == (f"{UID}::{SYSTEM}::1", f"{UID}::{SYSTEM}::2")
    page = Page(history.view["compared"])
    assert "Version 1 and version 2" in page.text and "1 changed" in page.text
    assert "items[at0004]/value/magnitude" in page.text and "142" in page.text and "124" in page.text


def test_other_two_may_be_chosen_and_one_alone_is_shown_as_text(history: Kept) -> None:
    history.answer_pick("old", f"{UID}::{SYSTEM}::2")
    assert "Version 2" in Page(history.view["compared"]).text and "Version 1" not in Page(history.view["compared"]).text
    history.answer_pick("new", f"{UID}::{SYSTEM}::1")
    assert "Version 2 and version 1" in Page(history.view["compared"]).text
    history.answer_pick("new", "no version")
    assert history.new == f"{UID}::{SYSTEM}::1"


def test_a_new_version_comes_in_and_is_compared_with_the_one_before(history: Kept) -> None:
    Kept.given = [*Kept.given, original(3, "modification", 126)]
    Kept.asked = []
    history.refresh()
    assert (history.old[-1], history.new[-1]) == ("2", "3") and sum(
        "/version/" in one for one in Kept.asked
    ) == 1  # the others never change
    history.answer_pick("new", history.old)
    Kept.given = [*Kept.given, original(4, "modification", 127)]
    history.refresh()
    assert history.new[-1] == "2" and history.versions[0].number == "4"  # whoever looks at another is not disturbed


def test_a_deleted_version_is_listed_and_cannot_be_compared(history: Kept) -> None:
    Kept.given = [*Kept.given, original(3, "deleted", None)]
    history.refresh()
    assert (history.versions[0].change, history.versions[0].message) == ("deleted", None)
    assert (history.old[-1], history.new[-1]) == ("1", "2") and len(Page(history.view["table"]).having("data-side")) == 4


def test_the_twin_has_the_table_and_the_comparison(history: Kept) -> None:
    page = Page(history.twin())
    assert "A typing mistake" in page.text and "Version 1 and version 2" in page.text and not page.having("data-side")


def test_what_is_not_there_is_said(box: Sandbox) -> None:
    for ehr, uid in ((EHR, UID), ("<b>", "x"), ("", "../../ehr"), (EHR, "ehr_status")):
        widget = VersionHistory(box, ehr, uid)
        assert widget.versions == [] and "<b>" not in widget.view["table"]
    assert "has no document" in VersionHistory(box, EHR, UID).view["table"]
    assert "Choose a document" in VersionHistory(box, EHR).view["table"]
