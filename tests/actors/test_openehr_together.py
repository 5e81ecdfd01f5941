"""Two writers at once: of two changes of one version one wins and the other is told (412), whether they are two threads or two processes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from itertools import count, pairwise

from ihe_kit.store import Store
from tests.actors.openehr_given import EHR, OPT, SYSTEM, XML, Asked, etag, systolic, version, vitals
from tests.databases import InFiles, OnServer

ROUNDS = 25
COMPOSITION = f"ehr/{EHR}/composition"
OTHER = """
import json, sys
from tests.actors.test_openehr_together import asked, write
print(json.dumps(write(asked(sys.argv[1], sys.argv[3]), sys.argv[2], int(sys.argv[4]))), flush=True)
"""


def asked(url: str, name: str) -> Asked:
    numbers = count(1)
    return Asked(Store(url), lambda: f"{name}{next(numbers)}")


def write(ask: Asked, object: str, value: int) -> list[str]:
    """Changes the composition again and again, each time from the version that was the latest just now; the versions that this made."""
    won = []
    for turn in range(ROUNDS):
        latest = etag(ask("GET", f"{COMPOSITION}/{object}"))
        answer = ask("PUT", f"{COMPOSITION}/{object}", vitals(value + turn), if_match=latest)
        assert answer.status in ("204", "412"), answer.text
        if answer.status == "204":
            won.append(etag(answer))
        else:
            assert answer.headers["location"].endswith(etag(answer)), "the refusal names the latest version"
    ask.actor.store.close()
    return won


def made(url: str) -> str:
    """A store with one composition; its identifier."""
    ask = asked(url, "first")
    ask.made("PUT", f"ehr/{EHR}")
    ask.made("POST", "definition/template/adl1.4", OPT, content_type=XML)
    uid = ask.made("POST", COMPOSITION, vitals(100))
    ask.actor.store.close()
    return uid.partition("::")[0]


def nothing_is_lost(url: str, object: str, won: dict[int, list[str]]) -> None:
    """Every version that somebody was told of is there, each by one writer, numbered without a gap, and each follows the one before."""
    every = [uid for uids in won.values() for uid in uids]
    assert Counter(every).most_common(1)[0][1] == 1, "no version was given to two"
    ask = asked(url, "last")
    items = ask("GET", f"ehr/{EHR}/versioned_composition/{object}/revision_history").data["items"]
    names = [one["version_id"]["value"] for one in reversed(items)]
    assert names == [f"{object}::{SYSTEM}::{number}" for number in range(1, len(every) + 2)]
    assert set(names[1:]) == set(every)
    for value, uids in won.items():
        assert all(value <= systolic(ask("GET", f"{COMPOSITION}/{uid}")) < value + ROUNDS for uid in uids)
    for before, uid in pairwise(names):
        kept = ask("GET", f"ehr/{EHR}/versioned_composition/{object}/version/{uid}").data
        assert kept["preceding_version_uid"]["value"] == before
    ask.actor.store.close()


def in_threads(work: Callable[[int], None]) -> None:
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_two_threads_with_a_connection_each(database: InFiles | OnServer) -> None:
    url = database.url()
    object, won = made(url), {}

    def work(number: int) -> None:
        won[110 + 40 * number] = write(asked(url, "AB"[number]), object, 110 + 40 * number)

    in_threads(work)
    nothing_is_lost(url, object, won)


def test_two_threads_of_one_repository(database: InFiles | OnServer) -> None:
    url = database.url()
    object, won, shared = made(url), {}, asked(url, "S")
    shared.actor.store.close, close = lambda: None, shared.actor.store.close  # type: ignore[method-assign]

    def work(number: int) -> None:
        won[110 + 40 * number] = write(shared, object, 110 + 40 * number)

    in_threads(work)
    close()
    nothing_is_lost(url, object, won)


def test_two_processes(database: InFiles | OnServer) -> None:
    url = database.url()
    object = made(url)
    words = [("A", "110"), ("B", "150")]
    others = [subprocess.Popen([sys.executable, "-c", OTHER, url, object, *one], stdout=subprocess.PIPE, text=True) for one in words]
    won = {int(value): json.loads(other.communicate(timeout=300)[0]) for other, (_, value) in zip(others, words, strict=True)}
    nothing_is_lost(url, object, won)


def test_one_patient_gets_one_ehr(database: InFiles | OnServer) -> None:
    url = database.url()
    made(url)
    statuses: list[str] = []

    def work(number: int) -> None:
        ask = asked(url, "AB"[number])
        for turn in range(ROUNDS):
            body = json.loads(json.dumps(STATUS).replace("4711", str(turn)))
            statuses.append(ask("POST", "ehr", body).status)
        ask.actor.store.close()

    in_threads(work)
    assert Counter(statuses) == {"201": ROUNDS, "409": ROUNDS}


def test_contributions_that_follow_the_same_version(database: InFiles | OnServer) -> None:
    """One is kept whole, the other not at all."""
    url = database.url()
    object = made(url)
    kept: list[str] = []

    def work(number: int) -> None:
        ask = asked(url, "AB"[number])
        for _ in range(ROUNDS):
            latest = etag(ask("GET", f"{COMPOSITION}/{object}"))
            body = {"versions": [version("249", vitals(120 + number)), version("251", vitals(130 + number), latest)]}
            answer = ask("POST", f"ehr/{EHR}/contribution", body)
            assert answer.status in ("201", "409"), answer.text
            kept.append(answer.status)
        ask.actor.store.close()

    in_threads(work)
    ask, whole = asked(url, "last"), kept.count("201")
    assert etag(ask("GET", f"{COMPOSITION}/{object}")).endswith(f"::{whole + 1}")
    assert ask("POST", "query/aql", {"q": "SELECT COUNT(*) FROM COMPOSITION c"}).data["rows"] == [[whole + 1]]
    ask.actor.store.close()


STATUS = {
    "_type": "EHR_STATUS",
    "name": {"_type": "DV_TEXT", "value": "EHR Status"},
    "archetype_node_id": "openEHR-EHR-EHR_STATUS.generic.v1",
    "subject": {
        "_type": "PARTY_SELF",
        "external_ref": {
            "_type": "PARTY_REF",
            "namespace": "urn:run",
            "type": "PERSON",
            "id": {"_type": "GENERIC_ID", "value": "4711", "scheme": "id_scheme"},
        },
    },
    "is_modifiable": True,
    "is_queryable": True,
}
