"""How much work something is, counted in function calls: the same on every machine, which a clock is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def calls(work: Callable[[], object]) -> int:
    """How many functions are called and left while `work` runs, those of C among them.

    >>> calls(lambda: sum([1, 2])) < 10
    True
    """
    number = 0

    def one_more(*_: Any) -> None:
        nonlocal number
        number += 1

    before = sys.getprofile()
    sys.setprofile(one_more)
    try:
        work()
    finally:
        sys.setprofile(before)
    return number
