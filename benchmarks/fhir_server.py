"""The FHIR server: requests a second against fhirstarter with the same client in one run, and searches over a million resources.

    python -m venv OTHER && OTHER/bin/pip install fhirstarter==4.2.0 uvicorn httptools
    uv run python benchmarks/fhir_server.py OTHER/bin/python            # against fhirstarter
    uv run python benchmarks/fhir_server.py --large large.db            # 100,000 patients, 1,000,000 observations
    uv run python benchmarks/fhir_server.py --large postgresql://user:password@host/database 20000    # a store by its URL, fewer patients

Against fhirstarter: both serve patients in a process of their own, with httptools beneath, which answers a client with a few connections that stay
open. fhirstarter, on uvicorn, keeps what it is given in a dictionary, as its own example does; ours checks it against R4, indexes it by every search
parameter and commits it to SQLite on disk. Servers take turns; each figure is the median of the turns. Beside the answers a second stands what
one answer costs the server's processor: on a machine that is busy with other things, that is the figure to compare.

Over a million: medians of searches of another patient each time, asked of the actor itself, through the whole way from bytes to bytes.
"""

from __future__ import annotations

import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

TURNS, SECONDS, CONNECTIONS = 3, 2.5, 4
OURS = """
import sys
from uuid import uuid4
from ihe_kit.actors.fhir_server import FhirServer
from ihe_kit.region import story_clock
from ihe_kit.store import Store
from ihe_kit.transports import Servers
actor = FhirServer(Store("sqlite:///" + sys.argv[1]), story_clock(), lambda: str(uuid4()))
print(Servers().http(lambda packet, _: actor.receive(packet), at_once=True) + "/fhir", flush=True)
sys.stdin.read()
"""
FHIRSTARTER = """
import warnings; warnings.simplefilter("ignore")
import json, socket, sys
from uuid import uuid4
import uvicorn
from fhir.resources.bundle import Bundle
from fhir.resources.patient import Patient
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext
from fhirstarter.exceptions import FHIRResourceNotFoundError
kept, by_number, provider = {}, {}, FHIRProvider()
@provider.create(Patient)
async def create(context: InteractionContext, resource: Patient) -> str:
    resource.id = str(uuid4())
    kept[resource.id] = resource.model_dump_json()
    for one in resource.identifier or ():
        by_number.setdefault(one.value, []).append(resource.id)
    return resource.id
@provider.read(Patient)
async def read(context: InteractionContext, id_: str) -> Patient:
    if id_ not in kept:
        raise FHIRResourceNotFoundError
    return Patient.model_validate_json(kept[id_])
@provider.search_type(Patient)
async def search(context: InteractionContext, identifier: str | None) -> Bundle:
    found = by_number.get(identifier, [])[:20]
    entries = [{"resource": json.loads(kept[id]), "fullUrl": "http://localhost/Patient/" + id, "search": {"mode": "match"}} for id in found]
    return Bundle(**{"type": "searchset", "total": len(entries), "entry": entries})
app = FHIRStarter()
app.add_providers(provider)
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP); sock.bind(("127.0.0.1", 0))
print(f"http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, http="httptools", loop="asyncio", log_config=None, access_log=False)).run(sockets=[sock])
"""


def patient(number: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "active": True,
        "identifier": [{"system": "urn:oid:2.999.10.1", "value": number}],
        "name": [{"use": "official", "family": "Ødegård", "given": ["Ingrid", "Marie"]}],
        "telecom": [{"system": "phone", "value": "+47 555 01 234"}],
        "gender": "female",
        "birthDate": "1958-06-17",
        "address": [{"line": ["Fjordveien 7"], "city": "Nordvik", "postalCode": "1234", "country": "NOR"}],
    }


# Requests a second -------------------------------------------------------------------------------------------------------------------


def http(method: str, path: str, body: str = "") -> bytes:
    data = body.encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/fhir+json\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


class Connection:
    """A connection that stays open."""

    def __init__(self, address: str) -> None:
        host, _, path = address.removeprefix("http://").partition("/")
        self.base = f"/{path}" if path else ""
        self.socket = socket.create_connection((host.split(":")[0], int(host.split(":")[1])))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """(status, head, body) of the answer."""
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        size = int(lower.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in lower else 0
        while len(body) < size:
            body += self._more()
        return int(head[9:12]), head, body

    def _more(self) -> bytes:
        chunk = self.socket.recv(262144)
        assert chunk, "the server hung up"
        return chunk


def processor(pid: int) -> float:
    """The seconds of processor time that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rate(address: str, pid: int, make: Callable[[int, str], bytes], right: Callable[[int, bytes], bool]) -> tuple[float, float]:
    """(answers a second over some connections at once, milliseconds of the server's processor for each); every answer is looked at."""
    counts = [0] * CONNECTIONS
    until = perf_counter() + SECONDS

    def work(place: int) -> None:
        connection = Connection(address)
        while perf_counter() < until:
            status, _, body = connection.ask(make(place * 10_000_000 + counts[place], connection.base))
            assert right(status, body), (status, body[:500])
            counts[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(CONNECTIONS)]
    started, before = perf_counter(), processor(pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (perf_counter() - started), (processor(pid) - before) * 1000 / sum(counts)


def measures(address: str, pid: int) -> Iterator[tuple[str, tuple[float, float]]]:
    body = json.dumps(patient("4711"))
    connection = Connection(address)
    ids = []
    for number in range(100):
        _, head, _ = connection.ask(http("POST", f"{connection.base}/Patient", json.dumps(patient(f"one-{number}"))))
        location = head.lower().split(b"location: ")[1].split(b"\r\n")[0].decode()
        ids.append(location.split("/patient/")[1].split("/")[0])
    for _ in range(20):
        connection.ask(http("POST", f"{connection.base}/Patient", json.dumps(patient("twenty"))))
    yield "create", rate(address, pid, lambda _, base: http("POST", f"{base}/Patient", body), lambda status, _: status == 201)
    yield (
        "read",
        rate(address, pid, lambda n, base: http("GET", f"{base}/Patient/{ids[n % 100]}"), lambda _, body: b"Fjordveien" in body),
    )
    yield (
        "search, 1 hit",
        rate(
            address,
            pid,
            lambda n, base: http("GET", f"{base}/Patient?identifier=one-{n % 100}"),
            lambda _, body: body.count(b"Fjordveien") == 1,
        ),
    )
    yield (
        "search, 20 hits",
        rate(
            address,
            pid,
            lambda _, base: http("GET", f"{base}/Patient?identifier=twenty"),
            lambda _, body: body.count(b"Fjordveien") == 20,
        ),
    )


def turn(command: list[str]) -> dict[str, tuple[float, float]]:
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        address = server.stdout.readline().strip()
        for _ in range(100):
            try:
                Connection(address).socket.close()
                break
            except OSError:
                threading.Event().wait(0.1)
        return dict(measures(address, server.pid))
    finally:
        server.kill()
        server.wait()


def against(python: str) -> None:
    results: dict[str, list[dict[str, tuple[float, float]]]] = {"ihe_kit": [], "fhirstarter": []}
    for number in range(TURNS):
        with tempfile.TemporaryDirectory() as folder:
            results["ihe_kit"].append(turn([sys.executable, "-c", OURS, str(Path(folder) / "turn.db")]))
        results["fhirstarter"].append(turn([python, "-c", FHIRSTARTER]))
        print(f"turn {number + 1} of {TURNS}", file=sys.stderr)
    for title, place in (("answers a second", 0), ("processor, ms an answer", 1)):
        print(f"{title:<26}{'ihe_kit':>10}{'fhirstarter':>14}{'times':>8}")
        for name in results["ihe_kit"][0]:
            ours, theirs = (statistics.median(one[name][place] for one in results[who]) for who in ("ihe_kit", "fhirstarter"))
            print(f"{name:<26}{ours:>10,.2f}{theirs:>14,.2f}{max(ours, theirs) / min(ours, theirs):>8.1f}")


# A million resources -----------------------------------------------------------------------------------------------------------------

PATIENTS, EACH, CHUNK = 100_000, 10, 5_000
CODES = ["8480-6", "8462-4", "2339-0", "718-7", "2951-2", "2823-3", "6690-2", "777-3", "29463-7", "8302-2"]
META = {"versionId": "1", "lastUpdated": "2025-03-03T08:00:00+01:00"}


def people(rng: random.Random, patients: int) -> Iterator[dict[str, Any]]:
    families = ["".join(rng.choices("abcdefghijklmnop", k=7)).title() for _ in range(5000)]
    for number in range(patients):
        yield patient(str(number)) | {
            "id": f"p{number}",
            "meta": META,
            "name": [{"family": rng.choice(families), "given": [rng.choice(families)]}],
            "birthDate": f"{rng.randint(1930, 2020)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        }


def seen(rng: random.Random, patients: int) -> Iterator[dict[str, Any]]:
    for number in range(patients * EACH):
        yield {
            "resourceType": "Observation",
            "id": f"o{number}",
            "meta": META,
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": rng.choice(CODES)}]},
            "subject": {"reference": f"Patient/p{rng.randrange(patients)}"},
            "effectiveDateTime": f"{rng.randint(2015, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:00:00Z",
            "valueQuantity": {"value": rng.randint(40, 200), "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
        }


def fill(url: str, patients: int) -> None:
    from ihe_kit.fhir.index import index
    from ihe_kit.store import Store

    store, rng, started, count = Store(url), random.Random(7), perf_counter(), 0
    if store.get("Patient", "p0"):
        return  # filled before
    for resources in (people(rng, patients), seen(rng, patients)):
        while chunk := [one for _, one in zip(range(CHUNK), resources, strict=False)]:
            with store.transaction():
                for one in chunk:
                    rows = index(one)
                    store.put(
                        one["resourceType"],
                        one["id"],
                        json.dumps(one),
                        META["lastUpdated"],
                        rows.entries,
                        periods=rows.periods,
                        amounts=rows.amounts,
                    )
            count += len(chunk)
            if count % 50_000 == 0:
                print(f"{count:,} resources after {perf_counter() - started:,.0f} s", file=sys.stderr, flush=True)
    store.close()


def medians(url: str, patients: int) -> None:
    from ihe_kit.actors.fhir_server import FhirServer
    from ihe_kit.core import Packet
    from ihe_kit.region import story_clock, story_ids
    from ihe_kit.store import Store

    server, rng = FhirServer(Store(url), story_clock(), story_ids()), random.Random(8)
    some = [json.loads(server.store.get("Patient", f"p{rng.randrange(patients)}").text) for _ in range(200)]  # type: ignore[union-attr]
    asked: dict[str, Callable[[dict[str, Any]], str]] = {
        "Patient by identifier": lambda p: f"Patient?identifier=urn:oid:2.999.10.1%7C{p['identifier'][0]['value']}",
        "Patient by family and birthdate": lambda p: f"Patient?family={p['name'][0]['family']}&birthdate={p['birthDate']}",
        "Patient by family": lambda p: f"Patient?family={p['name'][0]['family']}",
        "Patient by family, sorted by birthdate": lambda p: f"Patient?family={p['name'][0]['family']}&_sort=-birthdate",
        "Observation by patient, code and date": lambda p: (
            f"Observation?patient={p['id']}&code=http://loinc.org%7C{rng.choice(CODES)}&date=ge2020"
        ),
        "Observation by patient, newest first": lambda p: f"Observation?patient={p['id']}&_sort=-date",
        "Observation by the patient's identifier": lambda p: f"Observation?patient.identifier={p['identifier'][0]['value']}",
        "Patient who has an observation of a day": lambda p: f"Patient?_id={p['id']}&_has:Observation:patient:date=2020-06-01",
        "Observation by code, not counted": lambda _: f"Observation?code={rng.choice(CODES)}&_total=none",
        "Observation by code, a tenth of all": lambda _: f"Observation?code={rng.choice(CODES)}",
        "Patient and observations of the patient": lambda p: f"Patient?_id={p['id']}&_revinclude=Observation:patient",
        "Patient/$everything": lambda p: f"Patient/{p['id']}/$everything",
    }
    print(f"{'median of 200':<44}{'ms':>8}{'95%':>8}{'hits':>9}")
    for name, make in asked.items():
        times, hits = [], []
        for one in some if "a tenth" not in name else some[:20]:
            packet = Packet("http", http("GET", f"/fhir/{make(one)}"))
            began = perf_counter()
            answer = server.receive(packet).data
            times.append((perf_counter() - began) * 1000)
            hits.append(json.loads(answer.partition(b"\r\n\r\n")[2]).get("total", 0))
        print(
            f"{name:<44}{statistics.median(times):>8.2f}{sorted(times)[int(len(times) * 0.95)]:>8.2f}{statistics.median(hits):>9,.0f}",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--large"]:
        where = sys.argv[2] if "://" in sys.argv[2] else f"sqlite:///{sys.argv[2]}"
        number = int(sys.argv[3]) if len(sys.argv) > 3 else PATIENTS
        fill(where, number)
        medians(where, number)
    elif len(sys.argv) == 2:
        against(sys.argv[1])
    else:
        sys.exit(__doc__)
