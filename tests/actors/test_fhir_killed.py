"""The server is killed in the middle of its work: what was acknowledged is there, and nothing is half-done (FHIR R4 section 3.1.0.11.2)."""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from ihe_kit.store import Store
from tests.databases import InFiles, OnServer

SIZE = 4  # resources of a transaction
SERVER = """
import sys
from itertools import count
from ihe_kit.actors.fhir_server import FhirServer
from ihe_kit.region import story_clock
from ihe_kit.store import Store
from ihe_kit.transports import Servers
from uuid import uuid4
actor = FhirServer(Store(sys.argv[1]), story_clock(), lambda: str(uuid4()))
print(Servers().http(lambda packet, _: actor.receive(packet)), flush=True)
sys.stdin.read()
"""


def transaction(label: str) -> str:
    """A patient and observations that refer to the patient, all with one label."""
    urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:run", "value": label}], "name": [{"family": "Lie"}]}
    entries: list[dict[str, Any]] = [{"fullUrl": urn, "resource": patient, "request": {"method": "POST", "url": "Patient"}}]
    for number in range(SIZE - 1):
        seen = {
            "resourceType": "Observation",
            "identifier": [{"system": "urn:run", "value": label}],
            "status": "final",
            "code": {"text": str(number)},
            "subject": {"reference": urn},
        }
        entries.append({"resource": seen, "request": {"method": "POST", "url": "Observation"}})
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def work(address: str, name: str, acknowledged: list[str], sent: list[str]) -> None:
    """Sends one transaction after the other until the server is gone."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    number = 0
    try:
        while True:
            number += 1
            label = f"{name}-{number}"
            sent.append(label)
            connection.request("POST", "/fhir", transaction(label), {"Content-Type": "application/fhir+json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            acknowledged.append(label)
    except (OSError, http.client.HTTPException):
        connection.close()


@pytest.mark.parametrize("run", range(3))
def test_killed_in_the_middle_of_transactions(database: InFiles | OnServer, run: int) -> None:
    url, rng = database.url(), random.Random(run)
    sent: list[str] = []
    acknowledged: list[str] = []
    for life in range(2):  # what is left of the first life is found, and goes on, in the second
        server = subprocess.Popen([sys.executable, "-c", SERVER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdout
        address = server.stdout.readline().strip()
        threads = [threading.Thread(target=work, args=(address, f"{life}{n}", acknowledged, sent)) for n in range(3)]
        for thread in threads:
            thread.start()
        before, deadline = len(acknowledged), threading.Event()
        while len(acknowledged) < before + 5:
            deadline.wait(0.01)
        deadline.wait(rng.random() * 0.2)
        server.kill()
        server.wait()
        for thread in threads:
            thread.join()
    store = Store(url)
    counts = {label: sum(len(store.find(kind, "identifier", label, "urn:run")) for kind in ("Patient", "Observation")) for label in sent}
    assert len(acknowledged) >= 10
    assert {label: counts[label] for label in acknowledged} == dict.fromkeys(acknowledged, SIZE), "nothing acknowledged is lost"
    assert set(counts.values()) <= {0, SIZE}, "nothing is half-done"
    patients = {one.id for one in store.select("Patient")}
    assert all(json.loads(one.text)["subject"]["reference"].removeprefix("Patient/") in patients for one in store.select("Observation"))
    assert database.name != "sqlite" or store.ask("PRAGMA integrity_check") == [("ok",)]
    (rows,) = store.ask("SELECT COUNT(*) FROM entry WHERE owner NOT IN (SELECT owner FROM document)")
    assert rows == (0,), "no row of an index is without its document"
    store.close()
