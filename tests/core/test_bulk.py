"""Many messages at once: every file counted once, in order, whatever it holds and however many processes work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ihe_kit import build, person
from ihe_kit.bulk import Checked, Tally, check_all, check_file, files
from ihe_kit.cli import main
from ihe_kit.region import STORY_BEGINS, story_ids

SOUND = build("ITI-31", person("ingrid"), lambda: STORY_BEGINS, story_ids()).encode()
BROKEN = SOUND.replace(b"PV1||I", b"PV1||")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve files: three in four are sound, and one can be read by nobody."""
    for number in range(12):
        inner = tmp_path / f"day{number % 3}"
        inner.mkdir(exist_ok=True)
        (inner / f"{number:02}.hl7").write_bytes(BROKEN if number % 4 == 3 else SOUND)
    (tmp_path / "day1" / "04.hl7").write_bytes(b"\x00\xffnothing")
    (tmp_path / ".hidden").write_bytes(b"not looked at")
    return tmp_path


def test_a_folder_gives_its_files_in_order_and_a_name_stays(folder: Path) -> None:
    found = list(files([str(folder), "other.hl7", "-"]))
    assert found[-2:] == ["other.hl7", "-"]
    assert [Path(name).name for name in found[:4]] == ["00.hl7", "03.hl7", "06.hl7", "09.hl7"]
    assert len(found) == 14


@pytest.mark.parametrize("workers", [1, 2])
def test_every_file_is_counted_once_and_in_order(folder: Path, workers: int) -> None:
    names, total = list(files([str(folder)])), Tally()
    seen = []
    for checked in check_all(names, workers=workers):
        seen.append(checked.file)
        total.add(checked)
    assert seen == names
    assert (total.messages, total.with_errors, total.unusable, total.status) == (11, 3, 1, 2)
    assert total.rules["error", "PAM-PV1-2"] == 3
    assert Path(total.first["error", "PAM-PV1-2"][0].file).name == "03.hl7"
    assert "day1" in total.examples[0].file


def test_several_messages_in_one_file_are_checked_each(tmp_path: Path) -> None:
    file = tmp_path / "several.hl7"
    file.write_bytes(SOUND + BROKEN + SOUND)
    assert [(one.number, one.status) for one in check_file(str(file))] == [(1, 0), (2, 1), (3, 0)]


def test_a_batch_with_a_wrong_count_says_so(tmp_path: Path) -> None:
    file = tmp_path / "batch.hl7"
    file.write_bytes(b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + SOUND + SOUND + b"BTS|3\rFTS|1\r")
    found = check_file(str(file))
    assert len(found) == 2
    assert any(finding.path.startswith("BTS") for finding in found[0].findings)


def test_whoever_stops_listening_waits_for_nothing(folder: Path) -> None:
    every = check_all([str(folder / "day0" / "00.hl7")] * 2000, workers=2)
    assert next(every).status == 0
    every.close()  # type: ignore[attr-defined]


def test_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(folder)]) == 2
    out = capsys.readouterr().out
    assert "PAM-PV1-2" in out
    assert "11 messages checked" in out
    assert "could not be used: 1" in out
    assert "not checked" in out
    assert "\x1b" not in out


def test_json_of_a_folder_is_one_array(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--format", "json", "--workers", "2", str(folder)]) == 2
    done = capsys.readouterr()
    assert len([row for row in json.loads(done.out) if row["rule"] == "PAM-PV1-2"]) == 3
    assert "04.hl7" in done.err


def test_what_is_remembered_of_unusable_files_does_not_grow_with_their_number() -> None:
    total = Tally()
    for number in range(1000):
        total.add(Checked(f"{number}.hl7", problem="not readable"))
    assert (total.unusable, total.status) == (1000, 2)
    assert [checked.file for checked in total.examples] == [f"{number}.hl7" for number in range(10)]


@pytest.mark.parametrize("arguments", [["--transaction", "ITI-3"], ["--profile", "none.xml"]])
def test_a_command_that_can_work_on_no_file_ends_before_it_begins(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", *arguments, str(folder)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
