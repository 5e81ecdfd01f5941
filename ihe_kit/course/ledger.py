"""What a learner has done: answers, tries, hints, predictions, quiz choices. Kept in `.ihe_kit/progress.json` beside the notebooks.

The file is written whole or not at all. Where it cannot be read or written the course goes on in memory, and `problem` says so.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

Record = dict[str, Any]

# What a record may hold; anything else in a file is passed over.
_SHAPES: dict[str, Callable[[Any], bool]] = {
    "answer": lambda v: _list_of(str, v),
    "tries": lambda v: type(v) is int,
    "hints": lambda v: type(v) is int,
    "shown": lambda v: type(v) is bool,
    "solved": lambda v: type(v) is bool,
    "predicted": lambda v: type(v) is int,
    "chosen": lambda v: _list_of(int, v),
    "said": lambda v: type(v) is str,  # what the check said to the answer that solved it
    "when": lambda v: type(v) is str,  # the day on which it was solved or predicted, 2025-03-03
}


class Progress:
    """Records by the id of an item: `Progress(folder).get("00.1")`. `problem` is "" while the file is in use."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".ihe_kit" / "progress.json"
        self.problem = ""
        self._items: dict[str, Record] = self._read()

    def get(self, id: str) -> Record:
        """What is known of an item; empty where nothing is."""
        return dict(self._items.get(id, {}))

    def all(self) -> dict[str, Record]:
        """Every record, by the id of its item."""
        return {id: dict(record) for id, record in sorted(self._items.items())}

    def update(self, id: str, **changes: Any) -> Record:
        """Keeps changes to one item and writes the file. Never raises for the disk's sake."""
        if not self.problem:
            self._items = self._read()  # another notebook may have written since
        self._items[id] = self.get(id) | changes
        self._write()
        return self.get(id)

    def reset(self, lesson: str = "") -> None:
        """Forgets everything, or one lesson (`00`). A file that could not be read is replaced by a fresh one."""
        if not self.problem:
            self._items = self._read()
        self._items = {id: record for id, record in self._items.items() if lesson and id.partition(".")[0] != lesson}
        self.problem = ""
        self._write()

    def _read(self) -> dict[str, Record]:
        try:
            text = self.path.read_text(encoding="utf-8")
            items = json.loads(text)["items"]
            if not isinstance(items, dict) or not all(isinstance(record, dict) for record in items.values()):
                raise ValueError("no records in it")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as reason:
            self.problem = f"{self.path} cannot be read ({reason}). Your progress is kept in memory until the kernel ends."
        except (ValueError, KeyError, TypeError):
            self.problem = f"{self.path} holds no progress that can be read. It stays as it is, and yours is kept in memory; reset() starts a new file."
        else:
            return {id: _sound(record) for id, record in items.items()}
        return getattr(self, "_items", {})

    def _write(self) -> None:
        if self.problem:
            return
        draft = self.path.with_name(f"progress-{os.getpid()}.tmp")
        try:
            self.path.parent.mkdir(exist_ok=True)
            draft.write_text(
                json.dumps({"version": 1, "items": self._items}, indent=1, ensure_ascii=False, sort_keys=True), encoding="utf-8"
            )
            os.replace(draft, self.path)
        except OSError as reason:
            with contextlib.suppress(OSError):
                draft.unlink()
            why = reason.strerror or reason
            self.problem = f"{self.path} cannot be written ({why}). Your progress is kept in memory until the kernel ends; choose a folder of your own to keep it."


def _list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is kind for item in value)


def _sound(record: Record) -> Record:
    return {name: value for name, value in record.items() if name in _SHAPES and _SHAPES[name](value)}


@lru_cache(maxsize=8)
def _of(folder: Path) -> Progress:
    return Progress(folder)


def keeper() -> Progress:
    """The progress of the folder that the notebook runs in."""
    return _of(Path.cwd())


def progress() -> dict[str, Record]:
    """What you have done so far, by item: `progress()["00.1"]["solved"]`."""
    return keeper().all()


def reset(lesson: str = "") -> None:
    """Forgets your progress, or that of one lesson (`reset("00")`). Run a cell again to see its exercise empty."""
    keeper().reset(lesson)
