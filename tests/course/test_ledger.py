"""Progress survives a restart, is written whole or not at all, and never stops a learner."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ihe_kit.course import ledger
from ihe_kit.course.ledger import Progress


def test_it_survives_a_restart(tmp_path: Path) -> None:
    Progress(tmp_path).update("00.1", answer=["4711"], tries=1, solved=False)
    assert Progress(tmp_path).get("00.1") == {"answer": ["4711"], "tries": 1, "solved": False}
    assert list((tmp_path / ".ihe_kit").iterdir()) == [tmp_path / ".ihe_kit" / "progress.json"]


def test_looking_writes_nothing(tmp_path: Path) -> None:
    kept = Progress(tmp_path)
    assert kept.get("00.1") == {}
    assert kept.all() == {}
    assert not list(tmp_path.iterdir())


def test_two_notebooks_keep_each_others(tmp_path: Path) -> None:
    one, other = Progress(tmp_path), Progress(tmp_path)
    one.update("00.1", tries=1)
    other.update("01.1", tries=2)
    one.update("00.2", tries=3)
    assert set(Progress(tmp_path).all()) == {"00.1", "00.2", "01.1"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"items": []}', '{"items": {"00.1": 3}}', "\x00\x01"])
def test_a_file_that_cannot_be_read_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".ihe_kit" / "progress.json"
    path.parent.mkdir()
    path.write_text(text)
    kept = Progress(tmp_path)
    assert "progress.json" in kept.problem
    assert kept.update("00.1", tries=1) == {"tries": 1}
    assert kept.update("00.2", tries=1) == {"tries": 1}
    assert set(kept.all()) == {"00.1", "00.2"}
    assert path.read_text() == text
    kept.reset()
    assert not kept.problem
    kept.update("00.1", tries=2)
    assert Progress(tmp_path).get("00.1") == {"tries": 2}


def test_values_of_another_kind_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / ".ihe_kit" / "progress.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"items": {"00.1": {"tries": "many", "solved": 1, "answer": [3], "hints": 2, "colour": "red"}}}))
    assert Progress(tmp_path).get("00.1") == {"hints": 2}


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system"), OSError(28, "No space left on device")]
)
def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", refuse)
    kept = Progress(tmp_path)
    kept.update("00.1", tries=1)
    assert str(error.strerror) in kept.problem
    assert "memory" in kept.problem
    assert kept.update("00.1", hints=1) == {"tries": 1, "hints": 1}
    assert not list((tmp_path / ".ihe_kit").iterdir())


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / ".ihe_kit").write_text("in the way")
    kept = Progress(tmp_path)
    assert kept.update("00.1", tries=1) == {"tries": 1}
    assert kept.problem


def test_reset_forgets_one_lesson_or_all(tmp_path: Path) -> None:
    kept = Progress(tmp_path)
    for id in ("00.1", "00.q1", "01.1"):
        kept.update(id, tries=1)
    kept.reset("00")
    assert set(Progress(tmp_path).all()) == {"01.1"}
    kept.reset()
    assert Progress(tmp_path).all() == {}


def test_the_verbs_use_the_folder_of_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ihe_kit.course import progress, reset

    monkeypatch.chdir(tmp_path)
    ledger.keeper().update("00.1", solved=True)
    assert progress()["00.1"]["solved"] is True
    reset()
    assert progress() == {}
