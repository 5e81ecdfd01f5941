"""The databases that a store may be of. PostgreSQL is started by the tests themselves, and is gone when they end."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import sleep
from urllib.parse import quote

import psycopg

import ihe_kit.store
from ihe_kit.store.database import Database
from ihe_kit.store.postgresql import Postgresql

PASSWORD = "Fjord/7@Nordvik"
FEW = 50  # connections, of the server's 200


def found(name: str) -> str | None:
    """Where a program of PostgreSQL is: Debian keeps them aside, one folder for each release."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    return shutil.which(name, path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")]))


class Server:
    """A PostgreSQL server in a folder of its own. It writes to disk before it answers, as any other does."""

    def __init__(self) -> None:
        # It refuses to run as root, as whom a container may run the tests: then it is the user whom Debian's package has for it.
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        self.folder = Path(tempfile.mkdtemp(prefix="ihe_kit_"))
        (self.folder / "password").write_text(PASSWORD)
        for path in (self.folder, self.folder / "password") if self._user else ():
            shutil.chown(path, "postgres", "postgres")
        self._run("initdb", "-U", "kit", "-E", "UTF8", "--locale=C.UTF-8", "-N", "--auth-local=trust", "--auth-host=scram-sha-256",
                  f"--pwfile={self.folder / 'password'}").wait()  # fmt: skip
        for _ in range(9):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
            try:
                self.start()
                return
            except AssertionError as problem:  # somebody else took the port in between
                if "Address already in use" not in str(problem):
                    raise
        raise AssertionError("no port stayed free")

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [found(program) or program, "-D", str(self.folder / "data"), *arguments], stdout=log, stderr=log, cwd="/", **self._user  # type: ignore[call-overload]
            )  # fmt: skip

    def start(self) -> None:
        settings = ("listen_addresses=127.0.0.1", "max_connections=200", f"unix_socket_directories={self.folder}")
        self._process = self._run("postgres", "-p", str(self.port), *(part for one in settings for part in ("-c", one)))
        for _ in range(600):
            try:
                self.admin = psycopg.connect(self.url(), autocommit=True)
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """As an administrator does who does not wait for anybody."""
        self.admin.close()
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, **options: str) -> str:
        """By its socket, where nobody is asked for a password."""
        asked = quote(" ".join(f"-c{name}={value}" for name, value in options.items()))
        return f"postgresql://kit@/postgres?host={quote(str(self.folder), safe='')}&port={self.port}" + (
            f"&options={asked}" if options else ""
        )

    @property
    def with_password(self) -> str:
        """By its port, where the password is asked for."""
        return f"postgresql://kit:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/postgres"


class InFiles:
    """Stores of SQLite. `url()` is one that lasts; a store in memory stays one."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count(1)

    def url(self) -> str:
        return f"sqlite:///{self._folder / str(next(self._numbers))}.db"

    @contextmanager
    def instead(self) -> Iterator[None]:
        yield


class OnServer:
    """Stores of PostgreSQL, each in a schema of its own. `url()` is one that lasts; a store in memory is one here, too, as long as it is used."""

    name = "postgresql"

    def __init__(self, server: Server) -> None:
        self.server, self._numbers = server, count(1)
        self._free: list[str] = []
        self._open: weakref.WeakSet[Postgresql] = weakref.WeakSet()

    def url(self) -> str:
        return self.server.url(search_path=self._schema())

    def _schema(self) -> str:
        name = f"store_{next(self._numbers)}"
        self.server.admin.execute(f"CREATE SCHEMA {name}")
        return name

    def connect(self) -> Database:
        if len(self._open) > FEW:
            gc.collect()
        name = self._free.pop() if self._free else self._schema()
        made = Postgresql(self.server.url(search_path=name, synchronous_commit="off"))
        for table in ("document", "param", "entry", "period", "amount", "concept", "node"):
            made.run(f"DELETE FROM {table}")
        self._open.add(made)
        weakref.finalize(made, self._again, made._db, name)
        return made

    def _again(self, connection: psycopg.Connection[object], name: str) -> None:
        connection.close()
        self._free.append(name)

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Meanwhile, whoever asks for a store in memory gets one of PostgreSQL."""
        before: Callable[[str], Database] = ihe_kit.store.connect
        ihe_kit.store.connect = lambda url: self.connect() if url == "sqlite://" else before(url)
        try:
            yield
        finally:
            ihe_kit.store.connect = before
