"""What all tests share: a fixed clock, counted identifiers, and where the public cases lie."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from ihe_kit.region import STORY_BEGINS, Sandbox, sandbox, story_ids
from tests.databases import InFiles, OnServer, Server, found

# A busy machine is no failure: no test here is about time.
settings.register_profile("kit", deadline=None)
settings.load_profile("kit")

CASES = Path(__file__).parents[2] / "shared" / "cases"


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Every test stays on this machine: a connection to anywhere else fails it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "localhost", "::1"), f"a connection to {address}"
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: STORY_BEGINS


@pytest.fixture
def ids() -> Callable[[], str]:
    return story_ids("T")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[OnServer]:
    """Stores of a PostgreSQL server that runs for all tests of the session."""
    require(found("initdb") is not None, "PostgreSQL (Debian: apt-get install postgresql)")
    server = Server()
    yield OnServer(server)
    server.remove()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InFiles | OnServer]:
    """A module with pytest.mark.usefixtures("database") runs on either database: what would be a store in memory is one of PostgreSQL then."""
    sqlite = request.param == "sqlite"
    made = InFiles(tmp_path_factory.mktemp("stores")) if sqlite else request.getfixturevalue("postgresql")
    with made.instead():
        yield made


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running


def cases(pattern: str) -> list[Path]:
    """The public cases beside the checkout; none of them is ours, so none is copied into it."""
    return sorted(CASES.glob(pattern))


@pytest.fixture(scope="session")
def public_cases() -> Path:
    if not CASES.is_dir():
        pytest.skip(f"the public cases are not here ({CASES.name} beside the checkout)")
    return CASES


def require(condition: bool, what: str) -> None:
    """Skips where something is missing on a developer's machine; fails in CI, where nothing may be missing."""
    if not condition:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is missing")
