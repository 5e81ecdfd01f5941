"""What the tests of this room start from."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

_PUBLIC = Path(__file__).parents[2].parent / "shared" / "cases" / "openehr"


def CLOCK() -> datetime:
    """Monday 3 March 2025, 08:00, UTC+1: the clock of the story."""
    return datetime(2025, 3, 3, 8, tzinfo=timezone(timedelta(hours=1)))


def ids() -> str:
    return "1"


def CASES(folder: str, ending: str) -> list:
    """The public cases of a folder; one skipped test, with the reason, where they are not here."""
    found = sorted((_PUBLIC / folder).glob(f"*.{ending}"))
    return list(found) or [pytest.param(Path(folder), marks=pytest.mark.skip(reason=f"no public cases at {_PUBLIC / folder}"))]
