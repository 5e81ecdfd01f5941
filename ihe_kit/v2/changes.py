"""What became of a field, a component or a segment from version to version, in words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from ihe_kit.core import cited
from ihe_kit.files import rows
from ihe_kit.v2.tables import VERSIONS, history

USAGES = {
    "R": "required",
    "O": "optional",
    "C": "conditional: the text of the standard says when it is required",
    "B": "kept for older systems only",
    "W": "withdrawn: the version no longer has it",
    "X": "not supported: the version leaves it empty",
}
_COLUMNS = {"length": 2, "type": 3, "occurs": 4}  # of fields.tsv, counted behind the key


def usage(path: str, letter: str) -> str:
    """`R required`, and of what is kept for older systems only what to use instead.

    >>> usage("PID-2", "B")
    'B kept for older systems only: use PID-3'
    """
    kept = next((row for row in rows("v2/kept.tsv") if row["path"] == path), None) if letter in ("B", "W") else None
    instead = f": use {kept['instead']}" if kept and kept["instead"] else ""
    says = USAGES.get(letter, "").partition(":")[0] if instead else USAGES.get(letter, "")
    return cited(f"{letter} {says}{instead}", letter != "B" or bool(kept and kept["checked"])).strip()


@lru_cache(maxsize=4096)
def changes(path: str) -> str:
    """What differs between the versions that the tables know, oldest first; "" where nothing does.

    >>> changes("PID-8")
    'length 1 up to 2.6, no limit from 2.7; type IS up to 2.6, CWE from 2.7'
    """
    uses = history("fields.tsv", path, 1)
    live = [version for version in VERSIONS if uses.get(version, "W") not in "WX"]
    return "; ".join(_told(path, uses, live)) if live else ""


def _told(path: str, uses: dict[str, str], live: list[str]) -> Iterator[str]:
    if live[0] != VERSIONS[0]:
        yield f"new in {live[0]}"
    for what, column in _COLUMNS.items():
        found = history("fields.tsv", path, column)
        if what == "occurs":  # what is required occurs at least once, which the letter tells already
            found = {v: often.replace("0..", "1..", 1) if uses.get(v) == "R" else often for v, often in found.items()}
            if len({often[1:] for often in found.values()}) == 1 and all(
                (often[0] == "1") == (uses[v] == "R") for v, often in found.items()
            ):
                continue
        early = what == "length" and "2.3.1" not in found and "2.4" not in found  # components have had lengths since 2.5
        told = _runs({v: found.get(v, "no limit") for v in live if not early or v >= "2.5"})
        if len(told) > 1:
            yield f"{what} {', '.join(told)}"
    letters = {version: uses[version] if uses[version] in "RB" else "" for version in live}
    for letter, words in (("R", "required"), ("B", "kept for older systems only")):
        if len(set(letters.values())) > 1 and letter in letters.values():
            yield f"{words} " + ", ".join(
                run.removeprefix("yes ") for run in _runs({v: "yes" if letters[v] == letter else "" for v in live})
            )
    if set(letters.values()) == {"B"}:
        yield "kept for older systems only"
    behind = VERSIONS[VERSIONS.index(live[-1]) + 1 :]
    if behind:
        yield f"withdrawn in {behind[0]}"


def _runs(said: dict[str, str]) -> list[str]:
    """`26 up to 2.5.1`, `24 in 2.6`, `no limit from 2.7`: what was said, run by run; nothing of a run in which it is ""."""
    runs = [(value, list(versions)) for value, versions in groupby(said, key=said.__getitem__)]
    if len(runs) == 1:
        return [f"{runs[0][0]} in every version"]
    return [f"{value} {_span(versions, number, len(runs))}" for number, (value, versions) in enumerate(runs) if value]


def _span(versions: list[str], number: int, runs: int) -> str:
    if number == runs - 1:
        return f"from {versions[0]}"
    if len(versions) == 1:
        return f"in {versions[0]}"
    return f"up to {versions[-1]}" if number == 0 else f"from {versions[0]} to {versions[-1]}"
