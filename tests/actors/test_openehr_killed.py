"""The repository is killed while it commits: what was acknowledged is there, and no contribution is half-kept."""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

from ihe_kit.store import Store
from tests.actors.openehr_given import EHR, OPT, XML, Asked, version, vitals
from tests.databases import InFiles, OnServer

SIZE = 4  # compositions of a contribution
BASE = "/rest/openehr/v1"
SERVER = """
import sys
from uuid import uuid4
from ihe_kit.actors.openehr_repository import OpenehrRepository
from ihe_kit.region import story_clock
from ihe_kit.store import Store
from ihe_kit.transports import Servers
actor = OpenehrRepository(Store(sys.argv[1]), story_clock(), lambda: str(uuid4()))
print(Servers().http(lambda packet, _: actor.receive(packet)), flush=True)
sys.stdin.read()
"""


def work(address: str, acknowledged: list[str]) -> None:
    """Sends one contribution after the other until the server is gone."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    body = json.dumps({"versions": [version("249", vitals(120 + number)) for number in range(SIZE)]})
    try:
        while True:
            connection.request("POST", f"{BASE}/ehr/{EHR}/contribution", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 201
            acknowledged.append(answer.headers["etag"].strip('"'))
    except (OSError, http.client.HTTPException):
        connection.close()


@pytest.mark.parametrize("run", range(2))
def test_killed_in_the_middle_of_contributions(database: InFiles | OnServer, run: int) -> None:
    url, rng = database.url(), random.Random(run)
    first = Asked(Store(url), lambda: "first")
    first.made("PUT", f"ehr/{EHR}")
    first.made("POST", "definition/template/adl1.4", OPT, content_type=XML)
    first.actor.store.close()
    acknowledged: list[str] = []
    for _ in range(2):  # what is left of the first life is found, and goes on, in the second
        server = subprocess.Popen([sys.executable, "-c", SERVER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdout
        address = server.stdout.readline().strip()
        threads = [threading.Thread(target=work, args=(address, acknowledged)) for _ in range(3)]
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
    ask = Asked(store, lambda: "last")
    kept = {one.id: json.loads(one.text)["versions"] for one in store.select("CONTRIBUTION")}
    assert set(acknowledged) <= set(kept), "nothing acknowledged is lost"
    made = [versions for versions in kept.values() if versions[0]["type"] == "COMPOSITION"]
    assert {len(versions) for versions in made} == {SIZE}
    named = {reference["id"]["value"] for versions in made for reference in versions}
    assert {f"{one.id}::openehr.fjordland.example::1" for one in store.select("COMPOSITION")} == named, "nothing is half-done"
    for uid in named:
        answer = ask("GET", f"ehr/{EHR}/versioned_composition/{uid.partition('::')[0]}/version/{uid}")
        assert answer.data["contribution"]["id"]["value"] in kept
    rows = ask("POST", "query/aql", {"q": "SELECT COUNT(*) FROM COMPOSITION c"}).data["rows"]
    assert rows == [[len(named)]], "the index has what is kept, and nothing else"
    assert database.name != "sqlite" or store.ask("PRAGMA integrity_check") == [("ok",)]
    store.close()
