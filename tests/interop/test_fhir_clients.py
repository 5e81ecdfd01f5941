"""FHIR clients that others wrote, unmodified, against our server over a real socket: every call that they offer and R4 knows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ihe_kit.actors.fhir_server import FhirServer
from ihe_kit.core import Packet
from ihe_kit.region import story_ids
from ihe_kit.store import Store
from ihe_kit.transports import Servers
from tests.conftest import require

HERE = Path(__file__).parent
PACKAGES = ("fhir-kit-client@2.0.3", "@medplum/core@4.5.2")
MRN = "urn:oid:2.999.10.1"


@pytest.fixture
def base(clock: Callable[[], datetime]) -> Iterator[str]:
    """The URL of a server; what it said when it failed is shown, since some clients keep it to themselves."""
    store, servers, failed = Store(), Servers(), []
    actor = FhirServer(store, clock, story_ids())

    def answer(packet: Packet, _: int) -> Packet:
        done = actor.receive(packet)
        if done.data[9:10] == b"5" or b"the receiver failed" in done.data:
            failed.append((packet.data, done.data))
        return done

    yield servers.http(answer) + "/fhir"
    servers.stop()
    store.close()
    assert not failed


def observation(who: str, value: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": f"2025-03-{value:02}",
        "valueQuantity": {"value": value, "unit": "mg/dL"},
    }


def test_fhirclient(base: str) -> None:
    from fhirclient import client
    from fhirclient.models.observation import Observation
    from fhirclient.models.patient import Patient

    smart = client.FHIRClient(settings={"app_id": "kit", "api_base": base})
    assert smart.prepare(), "it reads the CapabilityStatement and sees that no token is needed"
    made = Patient({"name": [{"family": "Ødegård", "given": ["Ingrid"]}], "birthDate": "1958-06-17"}).create(smart.server)
    patient = Patient.read(made["id"], smart.server)
    assert (patient.name[0].family, patient.birthDate.isostring) == ("Ødegård", "1958-06-17")
    patient.gender = "female"
    assert patient.update(smart.server)["meta"]["versionId"] == "2"
    for value in range(1, 26):
        Observation(observation(patient.id, value)).create(smart.server)
    assert [one.id for one in Patient.where({"birthdate": "ge1950"}).perform_resources(smart.server)] == [patient.id]
    found = list(Observation.where({"subject": patient.id, "_count": "10"}).perform_resources_iter(smart.server))
    assert sorted(one.valueQuantity.value for one in found) == list(range(1, 26)), "page after page"
    bundle = Observation.where({"date": "2025-03-07"}).include("subject", Observation).perform(smart.server)
    assert [entry.resource.resource_type for entry in bundle.entry] == ["Observation", "Patient"]
    assert bundle.total == 1
    assert patient.delete(smart.server) is None
    assert Patient.where({}).perform(smart.server).total == 0


def test_fhirpy(base: str) -> None:
    from fhirpy import SyncFHIRClient
    from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

    client = SyncFHIRClient(base)
    patients = client.resources("Patient")
    ingrid = client.resource("Patient", name=[{"family": "Ødegård"}], birthDate="1958-06-17", identifier=[{"system": MRN, "value": "4711"}])
    ingrid.save()
    assert ingrid.id and ingrid["meta"]["versionId"] == "1"
    again, created = patients.search(identifier=f"{MRN}|4711").get_or_create(client.resource("Patient", name=[{"family": "Other"}]))
    assert (again.id, created) == (ingrid.id, False)
    _, created = patients.search(identifier=f"{MRN}|1").get_or_create(
        client.resource("Patient", identifier=[{"system": MRN, "value": "1"}], birthDate="1990-01-01", name=[{"family": "Lie"}])
    )
    assert created
    ingrid["gender"] = "female"
    ingrid.save()
    ingrid.patch(active=True)
    ingrid.refresh()
    assert (ingrid["gender"], ingrid["active"], ingrid["meta"]["versionId"]) == ("female", True, "3")
    updated, created = patients.search(identifier=f"{MRN}|4711").update(
        client.resource("Patient", **ingrid.serialize() | {"active": False})
    )
    assert (updated.id, created, updated["active"]) == (ingrid.id, False, False)
    assert patients.search(identifier=f"{MRN}|4711").patch(active=True)["active"] is True
    assert patients.count() == 2
    assert [one["birthDate"] for one in patients.sort("-birthdate").fetch()] == ["1990-01-01", "1958-06-17"]
    assert [one.id for one in patients.search(name__contains="deg").fetch()] == [ingrid.id]
    assert patients.search(birthdate__gt="1980", family__exact="Lie").first()["name"][0]["family"] == "Lie"
    for value in range(1, 6):
        client.resource("Observation", **observation(ingrid.id, value)).save()
    seen = client.resources("Observation")
    assert seen.search(subject__Patient__identifier=f"{MRN}|4711").count() == 5
    assert len(seen.limit(2).fetch_all()) == 5, "page after page"
    bundle = patients.search(_id=ingrid.id).revinclude("Observation", "subject").fetch_raw()
    assert len(bundle.entry) == 6
    assert seen.search(_id=seen.first().id).include("Observation", "subject").fetch_raw().entry[1]["resource"]["id"] == ingrid.id
    assert patients.has("Observation", "patient", code="2339-0").fetch()[0].id == ingrid.id
    assert set(seen.elements("status").fetch()[0].keys()) >= {"id", "status"}
    assert ingrid.is_valid() and not client.resource("Patient", gender="robot").is_valid()
    assert client.reference("Patient", ingrid.id).to_resource().id == ingrid.id
    assert client.execute(f"Patient/{ingrid.id}/_history", method="get")["total"] == 5
    assert len(client.execute(f"Patient/{ingrid.id}/$everything", method="get")["entry"]) == 6
    with pytest.raises(MultipleResourcesFound):
        seen.get()
    with pytest.raises(OperationOutcome, match="robot"):
        client.resource("Patient", gender="robot").save()
    patients.search(identifier=f"{MRN}|1").delete()
    ingrid.delete()
    with pytest.raises(ResourceNotFound):
        client.reference("Patient", ingrid.id).to_resource()


def test_fhir_pyrate(base: str) -> None:
    from fhir_pyrate import Pirate
    from fhirpy import SyncFHIRClient

    client = SyncFHIRClient(base)
    for number in ("1", "2"):
        client.resource("Patient", id=number, identifier=[{"system": MRN, "value": number}], name=[{"family": "Lie"}]).update()
        for value in range(1, 13):
            client.resource("Observation", **observation(number, value)).save()
    search = Pirate(
        auth=None,
        base_url=base,
        print_request_url=False,
        num_processes=1,
        disable_multiprocessing_requests=True,
        disable_multiprocessing_build=True,
    )
    assert search.get_bundle_total("Observation", {"subject": "1"}) == 12
    frame = search.steal_bundles_to_dataframe(
        "Observation", {"subject": "1", "_count": 5}, fhir_paths=[("value", "valueQuantity.value"), ("who", "subject.reference")]
    )
    assert sorted(frame["value"]) == list(range(1, 13)) and set(frame["who"]) == {"Patient/1"}
    people = search.steal_bundles_to_dataframe("Patient", {}, fhir_paths=[("number", "identifier[0].value")])
    rows = search.trade_rows_for_dataframe(people, "Observation", {"subject": "number"}, fhir_paths=[("value", "valueQuantity.value")])
    assert len(rows) == 24
    search.close()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of npm, at these very versions."""
    require(bool(shutil.which("node") and shutil.which("npm")), "Node.js with npm")
    folder = tmp_path_factory.mktemp("npm")
    options = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    done = subprocess.run(
        ["npm", "install", *options, "--prefix", str(folder), *PACKAGES], capture_output=True, text=True, timeout=300, check=False
    )
    require(done.returncode == 0, f"what npm install should bring ({done.stderr.strip()[-300:]})")
    return folder / "node_modules"


@pytest.mark.parametrize("script", ["fhir_kit_client.js", "medplum.js"])
def test_clients_in_node(packages: Path, base: str, script: str) -> None:
    """Each script makes its calls and writes what it saw, one JSON value a line; a call that fails ends it."""
    copy = packages.parent / script.replace(".js", ".mjs")
    copy.write_text((HERE / script).read_text("utf-8"), "utf-8")
    done = subprocess.run(["node", str(copy)], env=os.environ | {"BASE": base}, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-1500:]
    saw = [json.loads(line) for line in done.stdout.splitlines()]
    assert [name for name, right in saw if not right] == []
    assert len(saw) > 15


def test_curl(base: str) -> None:
    require(bool(shutil.which("curl")), "curl")

    def curl(*words: str) -> tuple[int, str]:
        done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", *words], capture_output=True, text=True, timeout=60, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    body = json.dumps({"resourceType": "Patient", "id": "1", "name": [{"family": "Ødegård"}]})
    assert curl("-X", "PUT", "-d", body, "-H", "Content-Type: application/fhir+json", f"{base}/Patient/1")[0] == 201
    assert json.loads(curl(f"{base}/Patient/1")[1])["name"] == [{"family": "Ødegård"}]
    assert json.loads(curl("-G", "--data-urlencode", "family=ødeg", f"{base}/Patient")[1])["total"] == 1
    assert json.loads(curl("-d", "family=%C3%B8deg", f"{base}/Patient/_search")[1])["total"] == 1
    assert curl("-I", f"{base}/Patient/1")[0] == 200
    assert curl("-H", "Accept: application/fhir+xml", f"{base}/Patient/1")[1].startswith("<Patient")
    assert curl("-d", body, f"{base}/Patient")[0] == 415, "curl says that it sends a form"
    assert curl("-X", "DELETE", f"{base}/Patient/1") == (204, "")
    assert curl(f"{base}/Patient/1")[0] == 410
