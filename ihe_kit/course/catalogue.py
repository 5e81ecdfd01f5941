"""What lesson 11b works with: one result in three standards, the catalogue of Midtbyen Laboratory with its concept map, and two converters.

The map is kept on the region's FHIR server and asked there, code by code; the converters really convert.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ihe_kit import FhirClient, parse
from ihe_kit.core import Message
from ihe_kit.exchanges import Exchange
from ihe_kit.fhir import FhirMessage
from ihe_kit.files import data, rows
from ihe_kit.units import Incomparable, quantity, same

CATALOGUE, LOINC = "urn:oid:2.999.10.4.5", "http://loinc.org"
MAP = "urn:oid:2.999.10.4.6"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_FILES = {"v2": "potassium.hl7", "fhir": "potassium.json", "openehr": "potassium.composition.json"}
_EVENT = "/content[openEHR-EHR-OBSERVATION.laboratory_test_result.v1]/data[at0001]/events[at0002]/data[at0003]"
_ANALYTE = f"{_EVENT}/items[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1]"

# What a row is about: (v2, FHIR, openEHR), each a path.
_PARTS = {
    "code": ("OBX-3.1", "Observation.code.coding[0].code", f"{_ANALYTE}/items[at0024]/value/defining_code/code_string"),
    "code system": ("OBX-3.3", "Observation.code.coding[0].system", f"{_ANALYTE}/items[at0024]/value/defining_code/terminology_id/value"),
    "words": ("OBX-3.2", "Observation.code.coding[0].display", f"{_ANALYTE}/items[at0024]/value/value"),
    "code of the laboratory": ("OBX-3.4", "Observation.code.coding[1].code", f"{_ANALYTE}/items[at0024]/value/mappings/target/code_string"),
    "its code system": ("OBX-3.6", "Observation.code.coding[1].system", f"{_ANALYTE}/items[at0024]/value/mappings/target/terminology_id/value"),
    "value": ("OBX-5", "Observation.valueQuantity.value", f"{_ANALYTE}/items[at0001]/value/magnitude"),
    "unit": ("OBX-6.1", "Observation.valueQuantity.code", f"{_ANALYTE}/items[at0001]/value/units"),
    "system of the unit": ("OBX-6.3", "Observation.valueQuantity.system", ""),
}  # fmt: skip


def result(standard: str) -> Message:
    """Ingrid's potassium in one of the standards: `v2`, `fhir` or `openehr`."""
    return parse(data(f"course/codes/{_FILES[standard]}").read_bytes())


def side_by_side() -> Any:
    """A pandas data frame: the parts of the result, read from each of the three by its own path."""
    import pandas

    found = {name: result(name) for name in _FILES}
    cells = {part: [_first(message, path) for message, path in zip(found.values(), paths, strict=True)] for part, paths in _PARTS.items()}
    return pandas.DataFrame(cells, index=["HL7 v2", "FHIR", "openEHR"]).T


def _first(message: Message, path: str) -> str:
    return next((str(value) for value in message.get(path) if value != ""), "") if path else ""


def code_systems() -> Any:
    """A pandas data frame: how each standard names the same code systems, and who keeps them."""
    import pandas

    named = {"system": "code system", "v2": "HL7 v2", "fhir": "FHIR", "openehr": "openEHR", "keeper": "kept by"}
    return pandas.DataFrame(rows("course/code-systems.tsv")).rename(columns=named).set_index("code system")


# The catalogue and its map ------------------------------------------------------------------------------------------------------------


def concept_map() -> dict[str, Any]:
    """The concept map from the catalogue to LOINC, as a FHIR resource."""
    elements = [_element(row) for row in rows("course/catalogue.tsv") if row["equivalence"]]
    return {
        "resourceType": "ConceptMap",
        "id": "midtlab-loinc",
        "url": MAP,
        "name": "MidtlabToLoinc",
        "title": "Catalogue of Midtbyen Laboratory to LOINC",
        "status": "active",
        "publisher": "Midtbyen Laboratory",
        "copyright": "Holds single codes of LOINC, copyright of Regenstrief Institute, Inc., https://loinc.org/license",
        "group": [{"source": CATALOGUE, "target": LOINC, "element": elements}],
    }


def _element(row: Mapping[str, str]) -> dict[str, Any]:
    target = {"code": row["loinc"], "display": row["target"], "equivalence": row["equivalence"], "comment": row["comment"]}
    return {"code": row["code"], "display": row["words"], "target": [{name: value for name, value in target.items() if value}]}


def ask(client: FhirClient, code: str) -> Exchange:
    """One code of the catalogue, translated by the region's server."""
    return client.operation(f"ConceptMap/$translate?url={MAP}&system={CATALOGUE}&code={code}")


def told(sent: Exchange) -> dict[str, Any]:
    """The Parameters of an answer by their names; the parts of one that has parts as such a dict. {} where none came."""
    answer = sent.answer.data if isinstance(sent.answer, FhirMessage) else None
    return _named(answer.get("parameter", ())) if answer and answer["resourceType"] == "Parameters" else {}


def _named(parts: Any) -> dict[str, Any]:
    return {
        one["name"]: _named(one["part"]) if "part" in one else next(v for n, v in one.items() if n.startswith("value")) for one in parts
    }


def translations(client: FhirClient) -> Any:
    """A pandas data frame: the ten codes of the catalogue, and what the server says of each."""
    import pandas

    table = [(row["code"], row["words"], *_translation(told(ask(client, row["code"])))) for row in rows("course/catalogue.tsv")]
    return pandas.DataFrame(table, columns=["code", "means", "equivalence", "LOINC"]).set_index("code")


def _translation(answer: Mapping[str, Any]) -> tuple[str, str]:
    match = answer.get("match", {})
    return match.get("equivalence", "no entry"), match.get("concept", {}).get("code", "")


# Two converters -----------------------------------------------------------------------------------------------------------------------


def careless(client: FhirClient, code: str) -> dict[str, Any] | None:
    """What a careless converter makes of a code: the code of LOINC alone, and nothing where there is none."""
    concept = told(ask(client, code)).get("match", {}).get("concept")
    return {"coding": [concept]} if concept else None


def careful(client: FhirClient, code: str) -> dict[str, Any]:
    """The original first, with its system and its words; the translation beside it where there is one."""
    words = next((row["words"] for row in rows("course/catalogue.tsv") if row["code"] == code), "")
    concept = told(ask(client, code)).get("match", {}).get("concept")
    own = {"system": CATALOGUE, "code": code, "display": words}
    return {"coding": [own, *([concept] if concept else [])], "text": words}


def converters(client: FhirClient) -> Any:
    """A pandas data frame: the ten codes, and which codes the results carry that the two converters wrote."""
    import pandas

    table = []
    for row in rows("course/catalogue.tsv"):
        made = careless(client, row["code"]), careful(client, row["code"])
        table.append(
            (row["code"], *(", ".join(one["code"] for one in result["coding"]) if result else "no result at all" for result in made))
        )
    return pandas.DataFrame(table, columns=["came in", "careless converter", "careful converter"]).set_index("came in")


# Units --------------------------------------------------------------------------------------------------------------------------------

AS_THEY_ARE, CONVERTED = "as they stand", "after a conversion"
BY_SUBSTANCE, NEVER = "only with the substance's molar mass", "not at all"
WAYS = (AS_THEY_ARE, CONVERTED, BY_SUBSTANCE, NEVER)


def comparable(one: str, other: str) -> str:
    """How two quantities may be compared, one of `WAYS`: what their units say, no more. Raises ValueError for what is no quantity."""
    first, second = quantity(one), quantity(other)
    if same(first.unit, second.unit):
        return AS_THEY_ARE
    for way, molar_mass in ((CONVERTED, ""), (BY_SUBSTANCE, "1 g/mol")):
        try:
            first.to(second.unit, molar_mass)
            return way
        except Incomparable:
            continue
    return NEVER


def compared(one: str, other: str) -> str:
    """Which of two quantities is more, in words; or why nobody can say."""
    first, second = quantity(one), quantity(other)
    try:
        return f"{one} is {'more than' if first > second else 'less than' if first < second else 'as much as'} {other}"
    except Incomparable as problem:
        return f"refused: {problem}"


def observation(**changes: Any) -> str:
    """The potassium as a FHIR Observation, with other members: the text of a resource to be sent."""
    return json.dumps(json.loads(str(result("fhir"))) | changes, indent=2, ensure_ascii=False)


def missing(wanted: Any, found: Any, path: str) -> str:
    """The path of the first part of `wanted` that `found` does not have, or "": more may stand there, and a list may be in any order.

    >>> missing({"status": "final"}, {"status": "amended"}, "Observation")
    'Observation.status'
    """
    if isinstance(wanted, dict) and isinstance(found, dict):
        gaps = (missing(part, found.get(name), f"{path}.{name}") for name, part in wanted.items())
        return next(filter(None, gaps), "")
    if isinstance(wanted, list) and isinstance(found, list):
        gone = (k for k, part in enumerate(wanted) if all(missing(part, other, path) for other in found))
        return next((f"{path}[{k}]" for k in gone), "")
    return "" if wanted == found else path
