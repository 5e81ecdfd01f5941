"""What lesson 10 works with: the resources of the story, a register of six people with their results, a second server, and an import by night.

Everything is kept and asked for real: the register is one transaction, the second server listens on this computer, the import runs on a server of
its own, twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ihe_kit import FhirClient
from ihe_kit.exchanges import Exchange
from ihe_kit.fhir import FhirMessage
from ihe_kit.files import data, rows
from ihe_kit.region import Sandbox, story_clock, story_ids

NORDVIK, RESULTS, ELSEWHERE = "urn:oid:2.999.10.1", "urn:oid:2.999.10.4", "urn:oid:2.999.10.2"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
SECOND = "Solbakken records"

_second: Sandbox | None = None


def text(name: str) -> str:
    """The text of a resource of the lesson: `text("ingrid")`, `text("nightly")`."""
    return data(f"course/resources/{name}.json").read_text(encoding="utf-8")


def resource(name: str) -> dict[str, Any]:
    """The same as data, to be changed and sent. Every call gives a new one."""
    return dict(json.loads(text(name)))


def import_as_found() -> str:
    """The import as it ran for a year: every patient by POST without a condition, and a reference to an entry that has no name."""
    return re.sub(r'\n *"fullUrl": "[^"]*",|, "ifNoneExist": "[^"]*"', "", text("nightly"))


def refused_result() -> str:
    """A result that a server refuses: it does not say how far it has come, and it says what was found twice, in two types."""
    return (
        text("potassium")
        .replace('  "status": "final",\n', "")
        .replace('  "valueQuantity"', '  "valueString": "normal",\n  "valueQuantity"')
    )


# The register -------------------------------------------------------------------------------------------------------------------------


def register(client: FhirClient) -> Exchange:
    """Keeps the six, Ingrid, two doctors and all their results, in one transaction of conditional creates: a second time it creates nothing."""
    return client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": list(_entries())})


def _entries() -> Iterator[dict[str, Any]]:
    for row in rows("course/practitioners.tsv"):
        yield _entry("Practitioner", row["identifier"], {"name": [{"family": row["family"], "given": [row["given"]]}]})
    yield _entry(
        "Patient", "4711", {name: value for name, value in resource("ingrid").items() if name not in ("resourceType", "identifier")}
    )
    for row in rows("course/register.tsv"):
        name = {"family": row["family"], "given": row["given"].split()}
        yield _entry("Patient", row["identifier"], {"name": [name], "gender": row["gender"], "birthDate": row["birth_date"]})
    for number, row in enumerate(rows("course/results.tsv"), start=1):
        yield _entry("Observation", f"R{number:03d}", _observation(row), RESULTS)


def _observation(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": row["category"]}]}],
        "code": {"coding": [{"system": LOINC, "code": row["code"], "display": row["display"]}], "text": row["display"]},
        "subject": {"reference": f"urn:x-entry:Patient:{row['patient']}"},
        "performer": [{"reference": f"urn:x-entry:Practitioner:{row['staff']}"}],
        "effectiveDateTime": row["at"],
        "valueQuantity": {"value": float(row["value"]), "unit": row["unit"], "system": UCUM, "code": row["unit"]},
    }


def _entry(kind: str, number: str, body: Mapping[str, Any], system: str = NORDVIK) -> dict[str, Any]:
    """An entry of the transaction; its fullUrl is what the references to it say."""
    return {
        "fullUrl": f"urn:x-entry:{kind}:{number}",
        "resource": {"resourceType": kind, "identifier": [{"system": system, "value": number}], **body},
        "request": {"method": "POST", "url": kind, "ifNoneExist": f"identifier={system}|{number}"},
    }


# Looking at answers -------------------------------------------------------------------------------------------------------------------


def entries(found: Exchange | None) -> list[dict[str, Any]]:
    """The entries of a Bundle that came back; [] where none did."""
    bundle = found.answer.data if found and isinstance(found.answer, FhirMessage) else None
    return list((bundle or {}).get("entry", ()))


def hits(found: Exchange) -> Any:
    """A pandas data frame: what a search gave, one row for each entry, and why it is there (`match`, `include`, `outcome`)."""
    import pandas

    rows_ = [(_id(one["resource"]), says(one["resource"]), one.get("search", {}).get("mode", "")) for one in entries(found)]
    return pandas.DataFrame(rows_, columns=["resource", "says", "mode"]).set_index("resource")


def _id(resource: Mapping[str, Any]) -> str:
    return "/".join(filter(None, (resource["resourceType"], resource.get("id", ""))))


def says(resource: Mapping[str, Any]) -> str:
    """A resource in a few words: a name, a result, or what an OperationOutcome tells."""
    if names := resource.get("name"):
        return " ".join([*names[0].get("given", ()), names[0].get("family", "")])
    if "valueQuantity" in resource:
        value = resource["valueQuantity"]
        return (
            f"{resource['code'].get('text', '')} {value['value']:g} {value['unit']}, {resource.get('effectiveDateTime', '')[:16]}".rstrip(
                ", "
            )
        )
    return " ".join(issue.get("diagnostics", "") for issue in resource.get("issue", ()))


def versions(found: Exchange) -> Any:
    """A pandas data frame: the history of a resource, the latest version first, and which request made each."""
    import pandas

    rows_ = [
        (
            one["response"].get("etag", ""),
            f"{one['request']['method']} {one['request']['url']}",
            one["response"].get("lastModified", "")[:19],
        )
        for one in entries(found)
    ]
    return pandas.DataFrame(rows_, columns=["version", "made by", "at"]).set_index("version")


# A second server ----------------------------------------------------------------------------------------------------------------------


def solbakken() -> Sandbox:
    """A second FHIR server, of Solbakken Clinic; the ids that it gives begin with S. The one that ran before is stopped."""
    global _second
    if _second:
        _second.stop()
    _second = Sandbox("sqlite://", story_clock(), story_ids("S"), "127.0.0.1")
    wire, name = _second.wire, _second.wire.system("FHIR server")
    wire.systems = [replace(one, name=SECOND, organisation="Solbakken Clinic") if one.name == name else one for one in wire.systems]
    wire.addresses[SECOND] = wire.addresses.pop(name)
    return _second


# The import by night ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Night:
    """One run of an import: what it was answered, how much it created, and what the server holds behind it. `loose` are results of nobody."""

    answered: str
    created: tuple[str, ...]
    patients: int
    results: int
    loose: int
    problem: str = ""


def run(bundle: str, client: FhirClient) -> Night:
    """Runs an import once, and counts."""
    sent = client.transaction(bundle)
    done = [entry.get("response", {}) for entry in entries(sent)]
    created = tuple(one["location"].removeprefix(client.base).split("/")[1] for one in done if one.get("status", "").startswith("201"))
    results = [entry["resource"] for entry in entries(client.search("Observation"))]
    loose = [one for one in results if client.read(one.get("subject", {}).get("reference") or "Patient/-").refused]
    refused = says(sent.answer.data or {}) if isinstance(sent.answer, FhirMessage) and sent.refused else ""
    return Night(
        sent.answer.name if sent.answer else sent.lost,
        created,
        len(entries(client.search("Patient?_count=1000"))),
        len(results),
        len(loose),
        refused,
    )


def strangers(client: FhirClient) -> None:
    """Keeps for every record of the import a stranger's: the same name, the same number from another house, and this number as its id."""
    for entry in resource("nightly")["entry"]:
        number = entry["resource"]["identifier"][0]["value"]
        other = entry["resource"] | {"id": number, "identifier": [{"system": ELSEWHERE, "value": number}]}
        client.update(other | {"subject": {"display": "A stranger"}} if "subject" in other else other)


def two_nights(bundle: str, box: Sandbox) -> tuple[Night, Night]:
    """Runs an import twice on the same server."""
    client = FhirClient(box)
    return run(bundle, client), run(bundle, client)


def nightly(bundle: str) -> Any:
    """A pandas data frame: the same import on two nights, on a server of its own, and what that server holds after each of them."""
    import pandas

    with Sandbox("sqlite://", story_clock(), story_ids("N"), "127.0.0.1") as box:
        nights = two_nights(bundle, box)
    table = [
        (f"night {number}", night.answered, len(night.created), night.patients, night.results, night.loose)
        for number, night in enumerate(nights, start=1)
    ]
    columns = ["run", "answered", "created", "patients on the server", "results on the server", "results of nobody"]
    return pandas.DataFrame(table, columns=columns).set_index("run")
