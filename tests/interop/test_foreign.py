"""Clients and a server that others wrote, unmodified, against ours: what they send is taken, and what they are answered they understand."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from hl7.client import MLLPClient

from ihe_kit import v2
from ihe_kit.actors.v2_receiver import V2Receiver
from ihe_kit.store import Store
from ihe_kit.transports import MllpClient, Servers
from ihe_kit.v2 import V2Message
from tests.conftest import require

HERE = Path(__file__).parent
PACKAGES = ("simple-hl7@3.3.0", "node-hl7-client@3.2.0", "node-hl7-server@2.5.0")
COUNT = 50


class Receiver(V2Receiver):
    """Takes admissions and keeps whose they are."""

    events = {"ADT^A01": "admit"}  # noqa: RUF012
    versions = ()  # each of these clients writes the version that it likes

    def take(self, request: V2Message) -> V2Message | None:
        self.store.put("taken", request.get("MSH-10")[0], request.get("PID-5")[0] if request.find("PID-5") else "", "2025-03-03")
        return None


@pytest.fixture
def receiver(clock: Callable[[], datetime]) -> Iterator[Receiver]:
    numbers, store = count(), Store()
    yield Receiver(store, clock, lambda: f"A{next(numbers)}")
    store.close()


@pytest.fixture
def port(receiver: Receiver) -> Iterator[int]:
    servers = Servers()
    yield int(servers.mllp(lambda packet, _: receiver.answers(packet)).rsplit(":", 1)[1])
    servers.stop()
    assert not [problem for problem in servers.problems if "frame" in problem or "failed" in problem], servers.problems


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of npm, at these very versions."""
    require(bool(shutil.which("node") and shutil.which("npm")), "Node.js with npm")
    folder = tmp_path_factory.mktemp("npm")
    command = [
        "npm",
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel=error",
        "--prefix",
        str(folder),
        *PACKAGES,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    require(done.returncode == 0, f"what npm install should bring ({done.stderr.strip()[-300:]})")
    return folder / "node_modules"


def node(script: str, packages: Path, port: int) -> list[str]:
    """The command line of a script, and through the environment what it needs."""
    env = os.environ | {"NODE_PATH": str(packages), "PORT": str(port), "COUNT": str(COUNT)}
    done = subprocess.run(["node", str(HERE / script)], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout.splitlines()


def test_simple_hl7(packages: Path, receiver: Receiver, port: int) -> None:
    *answers, readme = [json.loads(line) for line in node("simple_hl7.js", packages, port)]
    assert answers == [["AA", f"S{number}"] for number in range(1, COUNT + 1)]
    assert readme[0] in ("AR", "AE"), "its README's own message has a short, shifted header: it is answered all the same"
    assert receiver.store.count("taken") == COUNT
    assert {one.text for one in receiver.store.select("taken")} == {"Ødegård^Ingrid"}


def test_node_hl7_client(packages: Path, receiver: Receiver, port: int) -> None:
    answers = [json.loads(line) for line in node("node_hl7_client.js", packages, port)]
    assert answers == [["AA", f"N{number}"] for number in range(1, COUNT + 1)]
    assert receiver.store.count("taken") == COUNT
    assert {one.text for one in receiver.store.select("taken")} == {"Ødegård"}


def message(id: str) -> V2Message:
    return v2.parse(f"MSH|^~\\&|KIT|NORDVIK|NODE|FJORDLAND|20250303080000||ADT^A01^ADT_A01|{id}|P|2.5\rPID|||4711||Ødegård\r")


@pytest.fixture
def foreign_server(packages: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    env = os.environ | {"NODE_PATH": str(packages), "PORT": str(port)}
    process = subprocess.Popen(["node", str(HERE / "node_hl7_server.js")], env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "listening\n"
    yield f"mllp://127.0.0.1:{port}", process
    process.kill()
    process.wait()


@pytest.mark.parametrize("at_once", [1, 10])
def test_node_hl7_server(foreign_server: tuple[str, subprocess.Popen[str]], at_once: int) -> None:
    """When several messages share a packet, this server answers some of them more than once: only MSA-2 tells which answer is whose."""
    address, _ = foreign_server
    with MllpClient(address, 10) as client:
        done = client.send_all([message(f"K{number}") for number in range(COUNT)], at_once)
    assert [(one.code, one.sent) for one in done] == [("AA", 1)] * COUNT
    assert all(one.answer and one.answer.get("MSA-2") == [one.id] for one in done)


def test_python_hl7_client(receiver: Receiver, port: int) -> None:
    with MLLPClient("127.0.0.1", port) as client:
        for number in range(COUNT):
            answer = client.send_message(message(f"P{number}").text)
            assert f"MSA|AA|P{number}\r".encode() in answer
    assert receiver.store.count("taken") == COUNT


def test_mllp_send(receiver: Receiver, port: int, tmp_path: Path) -> None:
    """python-hl7's command line tool, with a file of fifty framed messages."""
    file = tmp_path / "messages.mllp"
    file.write_bytes(b"".join(v2.to_wire(message(f"M{number}")).data for number in range(COUNT)))
    command = [sys.executable, "-c", "from hl7.client import mllp_send; mllp_send()", "-p", str(port), "-f", str(file), "127.0.0.1"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"MSA|AA|M") == COUNT
    assert receiver.store.count("taken") == COUNT
