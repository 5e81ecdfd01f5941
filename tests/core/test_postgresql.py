"""What a store on a PostgreSQL server has to bear: other processes, a server that goes away, and texts that it cannot keep."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import quote

import psycopg
import pytest

from ihe_kit.store import Store
from ihe_kit.store.database import without_password
from ihe_kit.store.sqlite import Sqlite
from tests.databases import PASSWORD, OnServer

WRITER = """
import sys
from ihe_kit.store import Store
store = Store(sys.argv[1])
for number in range(40):
    with store.transaction():
        store.put("Patient", f"{sys.argv[2]}-{number}", "", "t", [("of", "", sys.argv[2], "")])
        store.put("Patient", "shared", sys.argv[2], "t")
"""


@pytest.fixture
def store(postgresql: OnServer) -> Store:
    return Store(postgresql.url())


def test_processes_share_it_and_no_serial_is_given_out_twice(database: OnServer) -> None:
    """On SQLite as on PostgreSQL; the tables are made by whoever comes first."""
    url = database.url()
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, str(number)]) for number in range(3)]
    assert [one.wait() for one in writers] == [0, 0, 0]
    store = Store(url)
    assert [len(store.find("Patient", "of", str(number))) for number in range(3)] == [40, 40, 40]
    last = store.get("Patient", "shared")
    assert last and last.version == 120
    serials = [row[0] for row in store.ask("SELECT serial FROM document ORDER BY serial")]
    assert serials == list(range(1, 241))
    assert store.ask("SELECT COUNT(*) FROM param") == [(1,)]
    store.close()


def hang_up(postgresql: OnServer) -> None:
    """What a restart of the server does to a store: its connection ends."""
    others = "pid <> pg_backend_pid() AND backend_type = 'client backend'"
    postgresql.server.admin.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


def test_a_lost_connection_is_told_and_the_next_request_connects_again(postgresql: OnServer, store: Store) -> None:
    store.put("Patient", "1", "one", "t")
    hang_up(postgresql)
    with pytest.raises(OSError, match=r"was lost\. The next request connects again"):
        store.get("Patient", "1")
    assert store.count("Patient") == 1
    hang_up(postgresql)
    with pytest.raises(OSError, match="was lost"):
        store.put("Patient", "2", "two", "t")
    store.put("Patient", "3", "three", "t", [("family", "", "lie", "Lie")])
    assert [one.id for one in store.select("Patient")] == ["1", "3"]


def test_a_transaction_whose_connection_is_lost_did_not_happen(postgresql: OnServer, store: Store) -> None:
    """Not even its second half, which a new connection would take."""
    with pytest.raises(OSError, match="this transaction did not happen"), store.transaction():
        store.put("Patient", "1", "one", "t", [("family", "", "lie", "Lie")])
        hang_up(postgresql)
        with pytest.raises(OSError, match="was lost"), store.attempt():
            store.put("Patient", "2", "two", "t")
        store.put("Patient", "3", "three", "t")
    assert store.table("document")[1] == []
    store.put("Patient", "4", "four", "t", [("family", "", "lie", "Lie")])
    assert [one.id for one in store.find("Patient", "family", "lie")] == ["4"]


def test_who_goes_on_after_an_error_is_not_told_that_it_was_kept(store: Store) -> None:
    with pytest.raises(OSError, match="took the whole transaction back"), store.transaction():
        store.put("Patient", "1", "one", "t")
        with pytest.raises(psycopg.errors.UndefinedTable):
            store.ask("SELECT * FROM nowhere")
    assert store.count("Patient") == 0


def test_what_it_cannot_keep_is_refused_in_words(store: Store) -> None:
    with pytest.raises(ValueError, match="the character NUL"):
        store.put("Patient", "1", "a\0b", "t")
    with pytest.raises(ValueError, match="surrogates not allowed"):
        store.put("Patient", "1", "a\ud800b", "t")
    with pytest.raises(ValueError, match="the character NUL"):
        store.find("Patient", "family", "\0")
    assert store.table("document")[1] == []


def test_texts_are_ordered_by_their_characters_whatever_the_country_of_the_database(store: Store) -> None:
    texts = ["a", "B", "ø", "Z", "-", "é", "\U0001f600", "\uffff", " b"]
    for text in texts:
        store.put(text, "1", "", "t", [("name", "", text, text)])
    assert store.kinds("name") == sorted(texts)


def test_the_tables_have_the_columns_of_sqlites(store: Store) -> None:
    lite = Sqlite("")
    for table in ("document", "param", "entry", "period", "amount"):
        ours = store.ask("SELECT column_name FROM information_schema.columns WHERE table_name = ? AND table_schema = current_schema() "
                         "ORDER BY ordinal_position", (table,))  # fmt: skip
        assert [name for (name,) in ours] == [row[1] for row in lite.run(f"PRAGMA table_info({table})")], table


def test_a_password_works_and_is_never_shown(postgresql: OnServer) -> None:
    """By the port, where it is asked for. What cannot be opened says so without it, however it is written."""
    server = postgresql.server
    postgresql.server.admin.execute("CREATE SCHEMA IF NOT EXISTS with_password")
    store = Store(f"{server.with_password}?options={quote('-csearch_path=with_password')}")
    store.put("Patient", "1", "one", "t")
    assert store.count("Patient") == 1
    store.close()
    with pytest.raises(OSError, match="the store is closed"):
        store.count("Patient")
    wrong = server.with_password.replace(quote(PASSWORD, safe=""), "s3cr3t%40x")
    for url in (
        wrong,
        wrong.replace("%40", "@"),
        wrong.replace("%40", "/"),
        wrong.replace("%40", "%"),
        wrong.replace(":s3cr3t%40x@", "@") + "?password=s3cr3t",
    ):
        with pytest.raises(OSError, match="cannot open the store") as told:
            Store(url)
        assert "s3cr3t" not in str(told.value)
    for url in ("postgresql://127.0.0.1:1/x", server.with_password.replace("/postgres", "/nowhere")):
        with pytest.raises(OSError, match="Look whether the server runs"):
            Store(url)
    assert without_password("mysql://ingrid:s3cr3t@x/y?password=s3cr3t") == "mysql://ingrid:***@x/y?password=***"


def test_tables_of_another_release_are_not_touched(postgresql: OnServer) -> None:
    url = postgresql.url()
    store = Store(url)
    store.put("Patient", "1", "one", "t")
    store.ask("COMMENT ON TABLE document IS 'ihe_kit 1'")
    with pytest.raises(OSError, match=r"another release of the kit\. Choose an empty database"):
        Store(url)
    assert store.count("Patient") == 1


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ihe_kit.store.postgresql", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(OSError, match=r"pip install \"ihe_kit\[postgresql\]\""):
        Store("postgresql://ingrid:secret@localhost/course")
