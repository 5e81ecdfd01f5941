"""Where the course's own files are: `data/` and `notebooks/`, beside the package in a checkout and inside it in an installed wheel; and how
the definitions that others publish as Python modules are loaded.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import Any

PACKAGE = Path(__file__).parent
# One thread at a time loads definitions that others publish as modules: some of them import each other in circles, and two threads that
# begin at different ends of a circle would wait for each other for ever.
loading = RLock()


def home() -> Path:
    """The folder that holds `data/` and `notebooks/`."""
    inside = PACKAGE / "_course"
    return inside if inside.is_dir() else PACKAGE.parent


def data(name: str) -> Path:
    """The path of a file under `data/`: `data("people.json")`."""
    return home() / "data" / name


@lru_cache(maxsize=64)
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a table under `data/`, tab-separated with a header line; lines that start with # are comments."""
    with data(name).open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return tuple(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def definitions(module: str) -> Any:
    """A module that holds definitions, such as `hl7apy.v2_5.segments`."""
    with loading:
        return import_module(module)
