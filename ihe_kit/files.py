"""Where the course's own files are: `data/` and `notebooks/`, beside the package in a checkout and inside it in an installed wheel."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parent


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
