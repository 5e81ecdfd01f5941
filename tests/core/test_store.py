"""The store: versions, all or nothing, and values that are never part of the SQL."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ihe_kit.keys import LONGEST
from ihe_kit.store import Store

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def store() -> Store:
    return Store()


def test_a_change_is_a_new_version(store: Store) -> None:
    store.put("Patient", "1", "one", "t1", [("family", "", "lie", "Lie")])
    store.put("Patient", "1", "two", "t2", [("family", "", "lind", "Lind")])
    assert store.get("Patient", "1").text == "two"
    assert store.get("Patient", "1", 1).text == "one"
    assert store.get("Patient", "2") is None
    assert [d.text for d in store.find("Patient", "family", "lind")] == ["two"]
    assert store.find("Patient", "family", "lie") == []
    assert store.find("Encounter", "family", "lind") == []


def test_all_or_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.put("Patient", "1", "one", "t", [("family", "", "lie", "Lie")])
        with store.transaction():
            store.put("Patient", "2", "two", "t")
        raise RuntimeError
    assert store.table("document")[1] == []
    assert store.table("entry")[1] == []
    store.put("Patient", "1", "one", "t")
    assert store.count("Patient") == 1


def test_deleted_is_not_found_but_kept(store: Store) -> None:
    store.put("Patient", "1", "one", "t1", [("family", "", "lie", "Lie")])
    store.put("Patient", "1", "", "t2", deleted=True)
    assert store.select("Patient") == []
    assert store.get("Patient", "1", 1).text == "one"


def test_hostile_values_are_values(store: Store) -> None:
    nasty = "'; DROP TABLE document; --"
    store.put("Patient", nasty, nasty, nasty, [(nasty, nasty, nasty, nasty)])
    assert [d.id for d in store.find("Patient", nasty, nasty, nasty)] == [nasty]
    with pytest.raises(ValueError, match="document and entry"):
        store.table("document; DROP TABLE entry")


def test_many_threads_and_none_is_lost(store: Store) -> None:
    def write(name: int) -> None:
        for _ in range(20):
            store.put("Patient", "shared", str(name), "t")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("Patient", "shared").version == 100


def test_on_disk_it_is_there_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'course.db'}"
    first = Store(url)
    first.put("Patient", "1", "Ødegård", "t")
    first.close()
    assert Store(url).get("Patient", "1").text == "Ødegård"


def test_a_store_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Choose a folder that you may write to"):
        Store(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'x.db'}")
    with pytest.raises(ValueError, match="expected a store such as"):
        Store("mysql://x")


def test_a_key_of_any_length(store: Store) -> None:
    """The beginning of a value is indexed, and the whole is compared."""
    long = "Ø" * 30_000
    store.put("Patient", "1", "one", "t", [("family", "", f"{long}a", "x"), ("family", "", f"{long}b", "x")])
    store.put("Patient", "2", "two", "t", [("family", "", "Ø" * LONGEST, "x")])
    assert [d.id for d in store.find("Patient", "family", f"{long}b")] == ["1"]
    assert [d.id for d in store.find("Patient", "family", "Ø" * LONGEST)] == ["2"]
    assert store.find("Patient", "family", long) == []
    assert {row[4] for row in store.table("entry")[1]} == {f"{long}a", f"{long}b", "Ø" * LONGEST}
    with pytest.raises(ValueError, match="500 characters at most, but found 501"):
        store.put("Patient", "x" * 501, "", "t")
