"""openEHR clients that others wrote, unmodified, against our repository over a real socket: every call that they have."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ihe_kit.actors.openehr_repository import OpenehrRepository
from ihe_kit.core import Packet
from ihe_kit.files import data
from ihe_kit.region import story_ids
from ihe_kit.store import Store
from ihe_kit.transports import Servers
from tests.conftest import require

HERE = Path(__file__).parent
OPT, FLAT = data("openehr/kit_vital_signs.v1.opt"), data("openehr/kit_vital_signs.v1.flat.json")
EHR = "7d44b88c-4199-4bad-97dc-d78268e01398"


@pytest.fixture
def base(clock: Callable[[], datetime]) -> Iterator[str]:
    """The URL of a server; what it said when it failed is shown, since a client may keep it to itself."""
    store, servers, failed = Store(), Servers(), []
    actor = OpenehrRepository(store, clock, story_ids())

    def answer(packet: Packet, _: int) -> Packet:
        done = actor.receive(packet)
        if done.data[9:10] == b"5" or b"the receiver failed" in done.data:
            failed.append((packet.data, done.data))
        return done

    yield servers.http(answer)
    servers.stop()
    store.close()
    assert not failed


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with oehrpy, in an environment of its own."""
    require(bool(shutil.which("uv")), "uv")
    folder = tmp_path_factory.mktemp("oehrpy")
    made = subprocess.run(
        ["uv", "venv", "-q", "--python", sys.executable, str(folder)], capture_output=True, text=True, timeout=120, check=False
    )
    require(made.returncode == 0, f"an environment by uv ({made.stderr.strip()[-300:]})")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = subprocess.run(
        ["uv", "pip", "install", "-q", "--python", str(python), "oehrpy==0.17"], capture_output=True, text=True, timeout=300, check=False
    )
    require(done.returncode == 0, f"oehrpy by uv ({done.stderr.strip()[-300:]})")
    return python


@pytest.mark.parametrize("client", ["ITS-REST", "EHRBase"])
def test_oehrpy(python: Path, base: str, client: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"BASE": base, "OPT": str(OPT), "FLAT": str(FLAT), "CLIENT": client}
    done = subprocess.run(
        [str(python), str(HERE / "oehrpy_client.py")], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    saw = [json.loads(line) for line in done.stdout.splitlines()]
    assert [name for name, right in saw if not right] == []
    assert len(saw) > 50


def test_curl(base: str, tmp_path: Path) -> None:
    require(bool(shutil.which("curl")), "curl")
    api = f"{base}/rest/openehr/v1"

    def curl(*words: str) -> tuple[int, str]:
        done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", *words], capture_output=True, text=True, timeout=60, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    assert curl("-X", "PUT", f"{api}/ehr/{EHR}") == (201, "")
    assert curl("-X", "PUT", f"{api}/ehr/{EHR}")[0] == 409
    assert curl("-H", "Content-Type: application/xml", "--data-binary", f"@{OPT}", f"{api}/definition/template/adl1.4")[0] == 201
    flat = (
        "-H",
        "Content-Type: application/openehr.wt.flat+json",
        "-H",
        "openehr-template-id: kit_vital_signs.v1",
        "--data-binary",
        f"@{FLAT}",
    )
    head = tmp_path / "head"
    assert curl("-D", str(head), *flat, f"{api}/ehr/{EHR}/composition") == (201, "")
    headers = dict(line.split(": ", 1) for line in head.read_text().splitlines() if ": " in line)
    place, version = headers["location"], headers["etag"]
    assert place.startswith(f"{api}/ehr/{EHR}/composition/") and place.endswith(version.strip('"'))
    assert json.loads(curl(place)[1])["_type"] == "COMPOSITION"
    assert curl("-H", "Accept: application/xml", place)[1].startswith("<composition")
    assert curl("-I", place)[0] == 200
    latest = place.partition("::")[0]
    assert curl("-X", "PUT", "-H", f"If-Match: {version}", *flat, latest)[0] == 204
    assert curl("-X", "PUT", "-H", f"If-Match: {version}", *flat, latest)[0] == 412
    assert curl("-X", "DELETE", place)[0] == 409
    assert curl("-X", "DELETE", place.replace("::1", "::2")) == (204, "")
    assert curl(latest) == (204, "")
    assert curl("-d", "{}", f"{api}/ehr/{EHR}/composition")[0] == 415, "curl says that it sends a form"
    asked = ("-G", "--data-urlencode", "q=SELECT e/ehr_id/value AS id FROM EHR e")
    assert json.loads(curl(*asked, f"{api}/query/aql")[1])["rows"] == [[EHR]]
    assert json.loads(curl(f"{base}/rest/status")[1])["restapi_specs_version"] == "1.0.3"
