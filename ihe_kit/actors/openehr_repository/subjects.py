"""Whose EHR it is, when the patient identity actor learns better: a merge, or a number that was wrong, is carried into the EHR_STATUS.

openEHR keeps no demographics: EHR_STATUS.subject names the patient by a number and who gave it out (RM 1.1.0, EHR, EHR_STATUS.subject). That this is
the number that PIX and PDQ know, and that a merge re-points it, is emerging practice between openEHR and IHE, not a transaction of either. Where
both patients have an EHR, openEHR leaves it to the place what becomes of them. In Fjordland nothing is moved: the EHR of the number that went is
closed for changes, says in `other_details` where it goes on, and can still be read and asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ihe_kit.actors.openehr_repository.audits import MODIFICATION, Audit
from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.actors.openehr_repository.ehrs import ehrs_of
from ihe_kit.actors.openehr_repository.versions import Change, commit, ehr_of
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.rest import request
from ihe_kit.store import Document, Store

Json = dict[str, Any]
Number = tuple[str, str]  # (namespace, number), as the patient identity actor knows a patient
IDENTITY: Json = {"_type": "PARTY_IDENTIFIED", "name": "Fjordland identity"}  # who commits


class Subjects:
    """The EHRs of one store by whose they are."""

    def __init__(self, store: Store, clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
        asked = OpenehrMessage(request("PUT", f"{OpenehrMessage.base}/ehr_status"))
        self._call = Call(store, clock, ids, asked)

    def follow(self, old: Sequence[Number], now: Sequence[Number], why: str) -> None:
        """The EHRs of numbers that went are those of the patient who has the numbers of `now`. `why` stands in the audit of each change.

        Of the patient's numbers the one of the same namespace is taken, else the first: a number means nothing without its namespace.
        """
        for namespace, number in old if now else ():
            goal = next((one for one in now if one[0] == namespace), now[0])
            for status, ehr_id in ehrs_of(self._call, number, namespace):
                self._follow(status, ehr_id, goal, why)

    def _follow(self, status: Document, ehr_id: str, goal: Number, why: str) -> None:
        others = [one for _, one in ehrs_of(self._call, goal[1], goal[0]) if one != ehr_id]
        body = json.loads(status.text)
        changed = _closed(body, others[0]) if others else _pointed(body, goal)
        if changed != body:
            audit = Audit(MODIFICATION, committer=IDENTITY, description={"_type": "DV_TEXT", "value": why})
            text = json.dumps(changed, indent=1, ensure_ascii=False) + "\n"
            commit(self._call, ehr_of(self._call, ehr_id), [Change("EHR_STATUS", status.id, text, audit)])


def _pointed(status: Mapping[str, Any], goal: Number) -> Json:
    """An EHR_STATUS about the patient with another number."""
    namespace, number = goal
    reference = status["subject"]["external_ref"]
    return {
        **status,
        "subject": {**status["subject"], "external_ref": {**reference, "namespace": namespace, "id": {**reference["id"], "value": number}}},
    }


def _closed(status: Mapping[str, Any], other: str) -> Json:
    """An EHR_STATUS that takes no more changes, and says in which EHR the patient's record goes on."""
    goes_on = {
        "_type": "ELEMENT",
        "name": {"_type": "DV_TEXT", "value": "Goes on in"},
        "archetype_node_id": "at0002",
        "value": {"_type": "DV_EHR_URI", "value": f"ehr:/{other}"},
    }
    details = {"_type": "ITEM_TREE", "name": {"_type": "DV_TEXT", "value": "Merged"}, "archetype_node_id": "at0001", "items": [goes_on]}
    return {**status, "is_modifiable": False, "other_details": details}
