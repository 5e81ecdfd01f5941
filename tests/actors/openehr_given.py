"""What the tests of the openEHR repository share: a repository with an EHR and a template, and how to ask it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ihe_kit import openehr, rest
from ihe_kit.actors.openehr_repository import OpenehrRepository
from ihe_kit.core import Packet
from ihe_kit.openehr import OpenehrMessage, from_flat, template
from ihe_kit.region import STORY_BEGINS, story_clock
from ihe_kit.store import Store

EHR = "7d44b88c-4199-4bad-97dc-d78268e01398"
SYSTEM = "openehr.fjordland.example"
NOBODY = "00000000-0000-4000-8000-000000000000"  # a UUID that nothing has
NAME = "kit_vital_signs.v1"
OPT = template(NAME).text
JSON, XML, FLAT, STRUCTURED = (
    "application/json",
    "application/xml",
    "application/openehr.wt.flat+json",
    "application/openehr.wt.structured+json",
)
SYSTOLIC = "vital_signs/blood_pressure:0/any_event:0/systolic|magnitude"


class Asked:
    """A repository that is asked packet by packet. Every look at its clock is a second later."""

    def __init__(self, store: Store, ids: Callable[[], str], clock: Callable[[], datetime] | None = None) -> None:
        self.actor = OpenehrRepository(store, clock or story_clock(), ids)

    def __call__(self, method: str, url: str, body: Any = "", **headers: str) -> OpenehrMessage:
        """One request; data go as JSON, and headers are written with _ for -."""
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        named = {"content-type": JSON} if text else {}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        packet = Packet("http", rest.request(method, f"{self.actor.base}/{url}", text, list(named.items())).encode())
        answer = openehr.from_wire(self.actor.receive(packet))
        assert not answer.status.startswith("5"), answer.text
        return answer

    def made(self, method: str, url: str, body: Any = "", **headers: str) -> str:
        """The identifier of what a request kept."""
        answer = self(method, url, body, **headers)
        assert answer.status in ("200", "201", "204"), answer.text
        return etag(answer)

    def refuses(self, status: int, method: str, url: str, body: Any = "", says: str = "", **headers: str) -> OpenehrMessage:
        """The answer is openEHR's error body, and the store is as it was."""
        before = self.actor.store.table("document")[1]
        answer = self(method, url, body, **headers)
        assert answer.status == str(status), answer.text
        assert answer.data["code"] == status
        assert says in answer.body, answer.body
        assert "Error:" not in answer.body, "that is Python's word, not openEHR's"
        assert self.actor.store.table("document")[1] == before
        return answer


def etag(answer: OpenehrMessage) -> str:
    return answer.headers["etag"].strip('"')


def vitals(systolic: int = 142) -> dict[str, Any]:
    """A composition of the kit's template."""
    found: dict[str, Any] = from_flat({"systolic": systolic, "diastolic": 91}, NAME, lambda: STORY_BEGINS).data
    return found


def systolic(answer: OpenehrMessage) -> int:
    """The pressure in a composition."""
    body = answer.data.get("data", answer.data)
    return int(body["content"][0]["data"]["events"][0]["data"]["items"][0]["value"]["magnitude"])


def folder(name: str, *folders: dict[str, Any]) -> dict[str, Any]:
    named = {"_type": "DV_TEXT", "value": name}
    return {"_type": "FOLDER", "name": named, "archetype_node_id": "openEHR-EHR-FOLDER.generic.v1", "folders": list(folders)}


def code(value: str, words: str = "") -> dict[str, Any]:
    """A code of openEHR's own terminology."""
    return {
        "_type": "DV_CODED_TEXT",
        "value": words or value,
        "defining_code": {"terminology_id": {"value": "openehr"}, "code_string": value},
    }


def version(change: str, data: Any = None, follows: str = "", **more: Any) -> dict[str, Any]:
    """An ORIGINAL_VERSION as a contribution brings it."""
    audit = {"_type": "AUDIT_DETAILS", "change_type": code(change), "committer": {"_type": "PARTY_IDENTIFIED", "name": "Jonas Dahl"}}
    found: dict[str, Any] = {"_type": "ORIGINAL_VERSION", "commit_audit": audit, "lifecycle_state": code("532", "complete")}
    if data is not None:
        found["data"] = data
    if follows:
        found["preceding_version_uid"] = {"_type": "OBJECT_VERSION_ID", "value": follows}
    return found | more
