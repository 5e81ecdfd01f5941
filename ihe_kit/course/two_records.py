"""What lesson 20 works with: people who are registered, merged and linked, their openEHR records side by side, and an app that finds half of one."""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

from ihe_kit import FhirClient, OpenehrClient, openehr
from ihe_kit.crosswalk import person
from ihe_kit.exchanges import Exchange, Wire
from ihe_kit.fhir import FhirMessage
from ihe_kit.files import data
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.region import Sandbox, story_clock
from ihe_kit.verbs import build, exchange

NORDVIK, SOLBAKKEN = "urn:oid:2.999.10.1", "urn:oid:2.999.10.2"
OLD_NAME, AGREED_NAME = "HOSP", "hosp.example"  # two names of one hospital, which joined the region
LABORATORY = "kit_laboratory_report.v1"
_CLINICS = {NORDVIK: ("NORDVIK", "2.999.10.1"), SOLBAKKEN: ("SOLBAKKEN", "2.999.10.2")}
_opened: WeakKeyDictionary[Sandbox, dict[tuple[str, str], str]] = WeakKeyDictionary()

# Who is who: told to the patient identity actor ----------------------------------------------------------------------------------------


def registered(box: Sandbox, who: str, number: str = "", at: str = NORDVIK, **facts: str) -> Exchange:
    """Somebody of the cast is registered (ITI-30, A28), under another number, clinic or name where given."""
    return _told(box, who, number, at, "A28", facts)


def merged(box: Sandbox, who: str, old: str, new: str, at: str = NORDVIK, **facts: str) -> Exchange:
    """Two numbers were one person: the new one survives. In HL7 v2: ITI-30, A40."""
    return _told(box, who, new, at, "A40", facts | {"MRG-1": _cx(old, at)})


def linked(box: Sandbox, who: str, one: str, other: str, at: str = NORDVIK, **facts: str) -> Exchange:
    """Two numbers name one person, and both stay. In HL7 v2: ITI-30, A24."""
    return _told(box, who, one, at, "A24", facts | {"PID[2]-3": _cx(other, at)})


def replaced(box: Sandbox, who: str, old: str, new: str, at: str = NORDVIK, **facts: str) -> Exchange:
    """Two numbers were one person: the new one survives. In FHIR: ITI-104, whose Patient says by whom it is replaced."""
    namespace, oid = _CLINICS[at]
    survivor = {"Patient.link.other.reference": f"Patient/{_patient(box, new, at)['id']}"}
    survivor |= {"Patient.link.other.identifier.system": at, "Patient.link.other.identifier.value": new}
    values = person(who) | {"identifier": old, "namespace": namespace, "oid": oid} | facts
    gone = {"Patient.active": "false", "Patient.link.type": "replaced-by"} | survivor
    return exchange("ITI-104", build("ITI-104", values | gone, box.clock, box.ids), box)


def _told(box: Sandbox, who: str, number: str, at: str, event: str, facts: dict[str, str]) -> Exchange:
    namespace, oid = _CLINICS[at]
    values = person(who) | {"namespace": namespace, "oid": oid} | ({"identifier": number} if number else {}) | facts
    return exchange("ITI-30", build("ITI-30", values, box.clock, box.ids, event=event), box)


def _cx(number: str, at: str) -> str:
    namespace, oid = _CLINICS[at]
    return f"{number}^^^{namespace}&{oid}&ISO^PI"


def _patient(box: Sandbox, number: str, at: str) -> dict[str, Any]:
    """The Patient with a number, read in silence: only the merge itself shall stand on the wire. Raises ValueError where nobody has it."""
    quiet = FhirClient(box)
    quiet.wire = Wire()
    entries = told(quiet.search(f"Patient?identifier={at}|{number}"))[1].get("entry")
    if not entries:
        raise ValueError(f"nobody has the number {number} of {at}; register somebody first: registered(box, 'maria', '{number}')")
    resource: dict[str, Any] = entries[0]["resource"]
    return resource


# Their records -------------------------------------------------------------------------------------------------------------------------


def opened(client: OpenehrClient, number: str, namespace: str) -> str:
    """The identifier of the EHR that was opened for a number. The first time it is asked for, it is opened, or found.

    It stays the same whatever becomes of the number. Raises ValueError where the repository gives none.
    """
    known = _opened.setdefault(client.box, {}) if client.box else {}
    if (number, namespace) not in known:
        made = client.create_ehr(number, namespace)
        status, ehr = told(client.find_ehr(number, namespace) if made.refused else made)
        if "ehr_id" not in ehr:
            raise ValueError(f"the repository has no EHR for {number} of {namespace}: {status or 'no answer'}")
        known[number, namespace] = ehr["ehr_id"]["value"]
    return known[number, namespace]


def measured(client: OpenehrClient, ehr_id: str, systolic: float, diastolic: float) -> Exchange:
    """A blood pressure is committed to an EHR. The template goes there first; where it is known already, nothing changes."""
    _quietly(client).upload("kit_vital_signs.v1")
    clock = client.box.clock if client.box else story_clock()
    return client.commit(ehr_id, openehr.from_flat({"systolic": systolic, "diastolic": diastolic}, "kit_vital_signs.v1", clock))


WHOSE = """SELECT e/ehr_id/value AS EHR, e/ehr_status/subject/external_ref/id/value AS number,
 e/ehr_status/subject/external_ref/namespace AS namespace, e/ehr_status/is_modifiable AS open,
 e/ehr_status/other_details/items[at0002]/value/value AS goes_on FROM EHR e"""
HOW_MANY = "SELECT e/ehr_id/value AS EHR, COUNT(c) AS n FROM EHR e CONTAINS COMPOSITION c"


def records(client: OpenehrClient, *numbers: str) -> Any:
    """The EHRs whose subject has one of these numbers, or all of them: a pandas data frame. It asks in silence, so the wire stays as it was."""
    quiet = _quietly(client)
    counted = {row[0]: row[1] for row in _rows(quiet.query(HOW_MANY))}
    rows = [
        (_short(ehr), number or "", namespace or "", "open" if is_open else "closed", _short(goes_on), counted.get(ehr, 0))
        for ehr, number, namespace, is_open, goes_on in _rows(quiet.query(WHOSE))
        if not numbers or number in numbers
    ]
    import pandas

    return pandas.DataFrame(rows, columns=["EHR", "subject id", "namespace", "state", "goes on in", "compositions"]).set_index("EHR")


def _rows(asked: Exchange) -> list[list[Any]]:
    found: list[list[Any]] = told(asked)[1].get("rows", [])
    return found


def _short(ehr: str | None) -> str:
    """The beginning of an identifier, which is enough to tell two apart."""
    return f"{ehr.removeprefix('ehr:/')[:8]}…" if ehr else ""


def _quietly(client: OpenehrClient) -> OpenehrClient:
    """The same repository, asked for a picture only: what crosses is kept on a wire of its own."""
    quiet = OpenehrClient(client.box or client.base)
    quiet.wire = Wire()
    return quiet


# An app that finds half -----------------------------------------------------------------------------------------------------------------

POTASSIUM = {AGREED_NAME: (("2025-02-24", 4.4), ("2025-02-27", 4.9)), OLD_NAME: (("2025-02-25", 5.6), ("2025-03-01", 6.3))}
RESULTS = """SELECT c/context/start_time/value AS time, a/items[at0001]/value/magnitude AS potassium
 FROM EHR e[ehr_id/value=$ehr_id] CONTAINS COMPOSITION c CONTAINS CLUSTER a[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1]
 WHERE a/items[at0024]/value/defining_code/code_string = '2823-3' ORDER BY c/context/start_time/value"""


def two_feeds(client: OpenehrClient, number: str = "1020") -> tuple[str, str]:
    """Results of one patient by two interfaces, each of which calls the hospital by a name of its own: (EHR of the agreed name, of the old one)."""
    there = _opened.get(client.box, {}) if client.box else {}
    fresh = (number, AGREED_NAME) not in there
    both = {name: opened(client, number, name) for name in (AGREED_NAME, OLD_NAME)}
    if fresh:
        client.upload(LABORATORY)
        for name, ehr in both.items():
            for day, value in POTASSIUM[name]:
                client.commit(ehr, potassium(client, day, value))
    return both[AGREED_NAME], both[OLD_NAME]


def potassium(client: OpenehrClient, day: str, value: float) -> Any:
    """A laboratory report with one potassium."""
    flat = json.loads(data(f"openehr/{LABORATORY}.flat.json").read_text(encoding="utf-8"))
    kept = {key: text for key, text in flat.items() if "analyte:1" not in key and "analyte:2" not in key}
    amount = next(key for key in kept if key.endswith("analyte:0/analyte_result/quantity_value|magnitude"))
    return openehr.from_flat(
        kept | {"ctx/time": f"{day}T08:00:00+01:00", amount: value}, LABORATORY, client.box.clock if client.box else story_clock()
    )


def app(client: OpenehrClient, number: str, namespace: str, follow: bool = False) -> Any:
    """What an app shows of a patient: the potassiums of the EHR that it finds by number and namespace, a pandas data frame.

    With `follow` it looks, too, into closed EHRs that say that they go on in this one.
    """
    import pandas

    quiet = _quietly(client)
    here = told(quiet.find_ehr(number, namespace))[1].get("ehr_id", {}).get("value", "")
    ended = [row[0] for row in _rows(quiet.query(WHOSE)) if follow and here and row[4] == f"ehr:/{here}"]
    rows = [(row[0][:10], row[1], _short(ehr)) for ehr in (here, *ended) if ehr for row in _rows(quiet.query(RESULTS, {"ehr_id": ehr}))]
    return pandas.DataFrame(sorted(rows), columns=["day", "potassium", "EHR"]).set_index("day")


def pointed(client: OpenehrClient, ehr_id: str, number: str, namespace: str) -> Exchange:
    """The EHR_STATUS of an EHR is told another subject."""
    status, version = _status(client, ehr_id)
    status["subject"]["external_ref"] |= {"namespace": namespace, "id": {"_type": "GENERIC_ID", "value": number, "scheme": "id_scheme"}}
    return client.update_status(ehr_id, status, version)


def closed(client: OpenehrClient, ehr_id: str, goes_on_in: str) -> Exchange:
    """An EHR takes no more changes and says where it goes on, in Fjordland's way. Its subject and its content stay."""
    status, version = _status(client, ehr_id)
    where = {
        "_type": "ELEMENT",
        "name": {"_type": "DV_TEXT", "value": "Goes on in"},
        "archetype_node_id": "at0002",
        "value": {"_type": "DV_EHR_URI", "value": f"ehr:/{goes_on_in}"},
    }
    details = {"_type": "ITEM_TREE", "name": {"_type": "DV_TEXT", "value": "Duplicate"}, "archetype_node_id": "at0001", "items": [where]}
    return client.update_status(ehr_id, status | {"is_modifiable": False, "other_details": details}, version)


def _status(client: OpenehrClient, ehr_id: str) -> tuple[dict[str, Any], str]:
    """(the EHR_STATUS as it is now, its version)."""
    _, status = told(_quietly(client).ehr_status(ehr_id))
    if "uid" not in status:
        raise ValueError(f"there is no EHR {ehr_id}")
    return status, status["uid"]["value"]


def told(sent: Exchange) -> tuple[str, dict[str, Any]]:
    """(the status, what the body says) of an answer over HTTP; ("", {}) where none came."""
    answer = sent.answer
    if not isinstance(answer, FhirMessage | OpenehrMessage):
        return "", {}
    return answer.status, answer.data if isinstance(answer.data, dict) else {}
