"""Two servers on one store, as two processes have it: what a condition found still holds when it is carried out (FHIR R4 section 3.1.0.5)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from itertools import count

from ihe_kit.actors.fhir_server import FhirServer
from ihe_kit.core import Message, Packet
from ihe_kit.fhir import FHIR
from ihe_kit.region import story_clock
from ihe_kit.rest import request
from ihe_kit.store import Store
from tests.databases import InFiles, OnServer

ROUNDS = 40


def together(url: str, work: Callable[[Callable[..., Message], int], None]) -> None:
    """Two servers, each with a connection of its own, do the same work at the same time."""
    stores, faults = [Store(url), Store(url)], []

    def run(number: int) -> None:
        numbers = count(1)
        server = FhirServer(stores[number], story_clock(), lambda: f"{'AB'[number]}{next(numbers)}")

        def ask(method: str, target: str, body: str = "", **headers: str) -> Message:
            named = [("content-type", "application/fhir+json"), *((name.replace("_", "-"), value) for name, value in headers.items())]
            return FHIR.from_wire(server.receive(Packet("http", request(method, f"/fhir/{target}", body, named).encode())))

        try:
            work(ask, number)
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert not faults


def test_a_conditional_create_makes_one(database: InFiles | OnServer) -> None:
    url = database.url()

    def work(ask: Callable[..., Message], number: int) -> None:
        for turn in range(ROUNDS):
            body = json.dumps({"resourceType": "Patient", "identifier": [{"system": "urn:run", "value": str(turn)}]})
            answer = ask("POST", "Patient", body, if_none_exist=f"identifier=urn:run|{turn}")
            assert answer.status in ("200", "201")

    together(url, work)
    store = Store(url)
    assert [len(store.find("Patient", "identifier", str(turn), "urn:run")) for turn in range(ROUNDS)] == [1] * ROUNDS
    store.close()


def test_of_two_changes_of_one_version_one_is_refused(database: InFiles | OnServer) -> None:
    url = database.url()
    won: list[int] = []

    def work(ask: Callable[..., Message], number: int) -> None:
        ask("PUT", "Patient/p", '{"resourceType": "Patient", "id": "p"}', if_none_match="*")
        for turn in range(ROUNDS):
            version = ask("GET", "Patient/p").headers["etag"]
            body = json.dumps({"resourceType": "Patient", "id": "p", "name": [{"family": f"{number}-{turn}"}]})
            answer = ask("PUT", "Patient/p", body, if_match=version)
            assert answer.status in ("200", "412")
            won.append(answer.status == "200")

    together(url, work)
    store = Store(url)
    last = store.last("Patient", "p")
    assert last and last.version == 1 + sum(won)
    assert len(store.versions("kind = ? AND id = ?", ("Patient", "p"), 1000)) == last.version
    store.close()
