"""The records that lesson 19 asks about: a week of vital signs and laboratory results of some hundred invented patients, and of Ingrid Ødegård.

    print(fill(box))            250 patients and Ingrid, with ... compositions
    fill_store(Store())         the same without a sandbox, as the checks of the exercises use it

Everything is made from a seed, so the same rows come out on every computer. It goes through the repository's own functions, in one transaction:
as if a hospital had moved in over night. Nobody has a name here: an EHR says whose it is by a number and who gave that number out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import count
from random import Random
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from ihe_kit import openehr
from ihe_kit.actors.openehr_repository.audits import AMENDMENT, CREATION, Audit
from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.actors.openehr_repository.ehrs import create_ehr, ehrs_of
from ihe_kit.actors.openehr_repository.versions import Change, commit
from ihe_kit.files import data, rows
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.openehr.build import ehr_status
from ihe_kit.region import STORY_BEGINS, Sandbox
from ihe_kit.rest import request
from ihe_kit.store import Document, Store

Json = Any
NORDVIK, INGRID, FIRST = "urn:oid:2.999.10.1", "4711", 20_001
VITALS, OLD_VITALS, LABORATORY = "kit_vital_signs.v1", "kit_vital_signs.v0", "kit_laboratory_report.v1"
UPDATE = datetime(2025, 3, 1, tzinfo=STORY_BEGINS.tzinfo)  # on this Saturday the wards' form moved from blood_pressure.v1 to .v2
AT_NIGHT = STORY_BEGINS - timedelta(hours=1)  # when all of it was committed
ANALYTES = {  # code of LOINC: name, unit, digits, usual value, how far it spreads
    "2823-3": ("Potassium", "mmol/L", 1, 4.3, 0.65),
    "2951-2": ("Sodium", "mmol/L", 0, 139, 4.5),
    "14682-9": ("Creatinine", "umol/L", 0, 85, 28),
    "1988-5": ("C-reactive protein", "mg/L", 0, 40, 45),
}


@dataclass(frozen=True)
class Filled:
    """What a repository holds now."""

    patients: int
    compositions: int

    def __str__(self) -> str:
        return f"{self.patients} records, with {self.compositions:,} compositions: vital signs and laboratory reports of eight days"


def fill(box: Sandbox, patients: int = 250) -> Filled:
    """Puts the records into a sandbox's repository. What is there already stays as it is, so a second time changes nothing."""
    return fill_store(box.store, patients)


def fill_store(store: Store, patients: int = 250) -> Filled:
    """The same for a store."""
    with store.transaction():
        if not store.find("EHR_STATUS", "subject", str(FIRST), NORDVIK):
            _fill(store, patients)
    return Filled(store.count("EHR"), store.count("COMPOSITION"))


def _fill(store: Store, patients: int) -> None:
    moment, numbers = AT_NIGHT, count(1)
    for name, text in (
        (VITALS, openehr.template(VITALS).text),
        (OLD_VITALS, old_template()),
        (LABORATORY, openehr.template(LABORATORY).text),
    ):
        if not store.get("TEMPLATE", name):
            store.put("TEMPLATE", name, text, moment.isoformat())
    for number in [INGRID, *(str(FIRST + k) for k in range(patients))]:
        call = Call(store, lambda: moment, lambda: f"records.{next(numbers)}", _request(number))
        ehr = _record(call, number)
        versions = list(ingrid() if number == INGRID else compositions(int(number)))
        who = Audit(CREATION, committer={"_type": "PARTY_IDENTIFIED", "name": "Nordvik Hospital"})
        _, kept = commit(call, ehr, [Change("COMPOSITION", _id(number, k), written(first), who) for k, (first, _) in enumerate(versions)])
        for document, (_, corrected) in zip(kept, versions, strict=True):
            if corrected:
                commit(call, ehr, [Change("COMPOSITION", document.id, written(corrected), replace(who, change=AMENDMENT))])


def record_of(number: str) -> str:
    """The identifier of the EHR that a patient's number gets here."""
    return _id(number, "ehr")


def _id(number: str, what: object) -> str:
    return str(uuid5(NAMESPACE_OID, f"2.999.10.1.{number}.{what}"))


def _request(number: str) -> OpenehrMessage:
    body = ehr_status(number, NORDVIK)
    return openehr.parse(request("PUT", f"{OpenehrMessage.base}/ehr/{record_of(number)}", body, [("content-type", "application/json")]))


def _record(call: Call, number: str) -> Document:
    """The EHR of a patient: the one that is there, or a new one."""
    known = next((id for _, id in ehrs_of(call, number, NORDVIK)), "")
    if not known:
        create_ehr(call, record_of(number))
    found = call.store.get("EHR", known or record_of(number))
    assert found, number
    return found


# What is in a record ----------------------------------------------------------------------------------------------------------------------


def old_template() -> str:
    """The form as it was before the model update: everything as now, but for the version of the archetype of blood pressure."""
    return openehr.template(VITALS).text.replace("blood_pressure.v2", "blood_pressure.v1").replace(VITALS, OLD_VITALS)


def ingrid() -> Iterator[tuple[Json, Json]]:
    """Her first hour in the emergency department: vital signs, three pressures of one observation, and a report of three analytes."""
    yield openehr_example(VITALS), None
    yield vitals(STORY_BEGINS + timedelta(minutes=30), [(148, 94), (151, 95), (146, 92)], (101, 98), 37.5), None
    yield openehr_example(LABORATORY), None


def compositions(number: int) -> Iterator[tuple[Json, Json]]:
    """(composition, its correction or None) of a patient. The first few are planted: data/course/records.tsv tells what happened to them."""
    planted = [row for row in rows("course/records.tsv") if row["patient"] == str(number)]
    yield from map(_planted, planted)
    if planted:
        return
    dice = Random(f"19.{number}")
    usual, rate = min(max(dice.gauss(127, 17), 88), 172), dice.gauss(78, 11)
    for hour in sorted(dice.sample(range(1, 168), dice.randint(2, 5)), reverse=True):
        at = _by_day(STORY_BEGINS - timedelta(hours=hour, minutes=dice.randrange(60)))
        refused, times = dice.random() < 0.05, 3 if dice.random() < 0.15 else 1
        pressures = [(round(dice.gauss(usual, 8)), round(dice.gauss(usual * 0.62, 5))) for _ in range(times)]
        warmth = round(dice.gauss(36.9, 0.5), 1) if dice.random() < 0.8 else None
        yield vitals(at, [] if refused else pressures, (round(dice.gauss(rate, 6)),), warmth), None
    for _ in range(dice.choice((0, 1, 1, 2))):
        at = STORY_BEGINS - timedelta(hours=dice.randrange(2, 168), minutes=dice.randrange(60))
        yield report(at, dict(_results(dice))), None


def _by_day(at: datetime) -> datetime:
    """Nobody is woken for a round between midnight and five."""
    return at + timedelta(hours=5) if at.hour < 5 else at


def _results(dice: Random) -> Iterator[tuple[str, float | None]]:
    """Code and value of each analyte of a report; None for a tube whose cells had burst."""
    for code, (_, _, digits, usual, spread) in ANALYTES.items():
        value = abs(dice.gauss(usual, spread)) if dice.random() < 0.97 else None
        if dice.random() < 0.9:
            yield code, value if value is None else round(value, digits)


def _planted(row: dict[str, str]) -> tuple[Json, Json]:
    at = datetime.fromisoformat(row["at"])

    def made(said: str) -> Json:
        if row["what"] == "potassium":
            return report(at, {"2823-3": float(said) if said else None})
        pairs = [(int(high), int(low)) for high, _, low in (pair.partition("/") for pair in said.split())]
        return vitals(at, pairs, (76,), 36.8, row["comment"])

    return made(row["values"]), made(row["corrected"]) if row["corrected"] else None


# Compositions -----------------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _made(name: str) -> str:
    values = json.loads(data(f"openehr/{name}.flat.json").read_text(encoding="utf-8"))
    return openehr.build(name, values, lambda: STORY_BEGINS, str).text


def openehr_example(name: str) -> Json:
    """The composition of the story that the kit has for a template."""
    return json.loads(_made(name))


def written(tree: Json) -> str:
    return json.dumps(tree, ensure_ascii=False)


def vitals(at: datetime, pressures: list[tuple[int, int]], pulses: tuple[int, ...], warmth: float | None, comment: str = "") -> Json:
    """Vital signs of one round. Where there are no pressures, the elements stand there, and say that nobody knows."""
    tree = openehr_example(VITALS)
    pressure, pulse, temperature = tree["content"][0], tree["content"][1], tree["content"][3]
    tree["content"] = [pressure, pulse, *([temperature] if warmth is not None else [])]
    _moment(tree, at)
    _events(pressure, [{"at0004": high, "at0005": low} for high, low in pressures] or [{"at0004": None, "at0005": None}], at, comment)
    _events(pulse, [{"at0004": one} for one in pulses], at)
    _events(temperature, [{"at0004": warmth}], at)
    if at < UPDATE:
        return json.loads(written(tree).replace("blood_pressure.v2", "blood_pressure.v1").replace(VITALS, OLD_VITALS))
    return tree


def report(at: datetime, results: dict[str, float | None]) -> Json:
    """A laboratory report: one cluster for each analyte."""
    tree = openehr_example(LABORATORY)
    _moment(tree, at)
    (event,) = _events(tree["content"][0], [{}], at)
    items = event["data"]["items"]
    analyte = next(one for one in items if _code(one).startswith("openEHR-EHR-CLUSTER.laboratory_test_analyte"))
    event["data"]["items"] = [one for one in items if _code(one) in ("at0005", "at0073")]
    event["data"]["items"][0]["value"]["value"] = "Chemistry"
    event["data"]["items"][1:1] = [_analyte(analyte, code, value, k) for k, (code, value) in enumerate(results.items(), 1)]
    tree["context"].pop("other_context", None)
    return tree


def _analyte(like: Json, code: str, value: float | None, place: int) -> Json:
    made, (name, unit, digits, *_) = json.loads(json.dumps(like)), ANALYTES[code]
    for item in made["items"]:
        if _code(item) == "at0027":
            item["value"]["magnitude"] = place
        elif _code(item) == "at0024":
            item["value"]["value"], item["value"]["defining_code"]["code_string"] = name, code
        elif _code(item) == "at0001":
            item["value"] |= {"units": unit, "precision": digits}
            _value(item, value)
    made["items"] = [item for item in made["items"] if _code(item) != "at0004"]
    return made


def _events(observation: Json, readings: list[dict[str, Any]], at: datetime, comment: str = "") -> list[Json]:
    """As many events as there are readings, five minutes apart, with these values in the elements of these codes."""
    history = observation["data"]
    history["origin"]["value"] = at.isoformat()
    like, made = history["events"][0], []
    for k, reading in enumerate(readings):
        event = json.loads(json.dumps(like))
        event["time"]["value"] = (at + timedelta(minutes=5 * k)).isoformat()
        for item in event["data"]["items"]:
            if _code(item) in reading:
                _value(item, reading[_code(item)])
        if comment:
            event["data"]["items"].append(_element("at0033", "Comment", comment))
        made.append(event)
    history["events"] = made
    return made


def _value(element: Json, value: float | None) -> None:
    """The magnitude of an element; without one, a null flavour in its place: 271, no information."""
    if value is None:
        element.pop("value")
        phrase = {"_type": "CODE_PHRASE", "terminology_id": {"_type": "TERMINOLOGY_ID", "value": "openehr"}, "code_string": "271"}
        element["null_flavour"] = {"_type": "DV_CODED_TEXT", "value": "no information", "defining_code": phrase}
    else:
        element["value"]["magnitude"] = value


def _element(code: str, name: str, words: str) -> Json:
    text = {"_type": "DV_TEXT", "value": words}
    return {"_type": "ELEMENT", "archetype_node_id": code, "name": {"_type": "DV_TEXT", "value": name}, "value": text}


def _code(node: Json) -> str:
    return str(node.get("archetype_node_id", ""))


def _moment(tree: Json, at: datetime) -> None:
    tree["context"]["start_time"]["value"] = at.isoformat()
