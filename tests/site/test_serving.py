"""`ihe-kit serve` and the link of a notebook: what is said, what listens, and that everything ends cleanly."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ihe_kit.cli import main
from ihe_kit.region import Sandbox
from ihe_kit.site import page

HOME = Path(__file__).parents[2]


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command, running: (what it said until it was ready, the process)."""
    env = os.environ | {"PYTHONPATH": str(HOME), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "ihe_kit.cli", "serve", *options]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8") as process:
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        try:
            yield said, process
        finally:
            process.kill()


def fetched(address: str, body: object = None, **headers: str) -> tuple[int, str]:
    """(status, body) of a GET, or of a POST of JSON."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/fhir+json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, sent), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_ended_and_keeps_what_was_stored(tmp_path: Path, number: int) -> None:
    store = f"sqlite:///{tmp_path / 'kept.db'}"
    with serving("--store", store, *(["--demo"] if number == signal.SIGINT else [])) as (said, process):
        where, fhir = re.search(r"The page: (\S+)", said), re.search(r"FHIR server\s+(\S+)", said)
        assert where and fhir and where[1].startswith("http://127.0.0.1:"), said
        status, text = fetched(where[1])
        assert status == 200 and ("ITI-31" in text) is (number == signal.SIGINT)
        assert fetched(f"{fhir[1]}/Patient", {"resourceType": "Patient", "name": [{"family": "Berg"}]})[0] == 201
        assert "Berg" in fetched(f"{where[1]}Patient?family=Berg")[1]
        assert fetched(where[1], host="evil.example")[0] == 421
        process.send_signal(number)
        rest = process.communicate(timeout=30)[0]
        assert (process.returncode, rest.strip()) == (0, "Stopped: every port is free again.")
        with pytest.raises(urllib.error.URLError, match="refused"):
            urllib.request.urlopen(where[1], timeout=5)
    with serving("--store", store) as (said, _):
        where = re.search(r"The page: (\S+)", said)
        assert where and "Berg" in fetched(f"{where[1]}Patient?family=Berg")[1]


def test_a_taken_port_is_said_and_everything_else_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr()
    assert "The page" not in said.out
    assert f"cannot listen on 127.0.0.1:{port}" in said.err and "another port" in said.err
    assert main(["serve", "--store", "nothing://"]) == 2


def test_a_page_is_opened_once_and_ends_with_its_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    opened = page(box)
    assert page(box) is opened and opened.link == opened.address == str(opened)
    assert f'<a href="{opened.address}"' in opened._repr_html_() and 'rel="noopener"' in opened._repr_html_()
    assert fetched(opened.address)[0] == 200
    assert box.wire.last == 0  # who looks leaves no trace on the wire
    box.stop()
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(opened.address, timeout=5)
