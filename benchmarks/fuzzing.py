"""A room against hostile input: coverage-guided fuzzing of its `tests/<room>/properties.py`, what holds for every input. `fuzz_v2.py` and `fuzz_fhir.py`
say of which room, and how its texts are made.

It begins with the corpus of the tests, and with the public messages where they lie beside the checkout. What breaks a property, raises or
takes over a second of processor time does not end the run: the smallest such input is kept under `found/` with its traceback, and once more tried
without the instruments. Exit status: 0 nothing found, 1 something.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import re
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, process_time
from typing import Any
from zlib import crc32

ROOT = Path(__file__).parents[1]
SLOW = 1.0  # seconds of processor time for one input
STATISTICS = re.compile(r"#(\d+)\s.*cov: (\d+) ft: (\d+) corp: (\d+)")
CLOCKED = "growing"  # the property that looks at the cost itself


@dataclass(frozen=True)
class Room:
    """A room of the kit, and what a mutator has to know of its texts."""

    name: str
    public: str  # pattern of the public messages, below the folder of cases
    marks: bytes  # which characters part things
    others: tuple[bytes, ...]  # what a mark becomes
    size: int  # bytes of a long message

    @property
    def corpus(self) -> Path:
        return ROOT / "tests" / self.name / "corpus"

    def properties(self) -> Any:
        """The module with the PROPERTIES of the room, its WORDS and its `pairs_of`."""
        if str(ROOT) not in sys.path:
            sys.path.insert(0, str(ROOT))
        return importlib.import_module(f"tests.{self.name}.properties")


def main(room: Room, script: str, doc: str) -> int:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--keep", type=Path, default=None, help="a folder for what was learned and found (default: a new one)")
    parser.add_argument("--child", type=int, default=0, help=argparse.SUPPRESS)
    arguments, rest = parser.parse_known_args()
    keep = arguments.keep or Path(tempfile.mkdtemp(prefix=f"fuzz_{room.name}_"))
    if arguments.child:
        fuzz(room, keep, arguments.child, rest)
    return watch(room, script, keep, arguments.minutes)


# The watcher ---------------------------------------------------------------------------------------------------------------------------


def watch(room: Room, script: str, keep: Path, minutes: float) -> int:
    """Runs the fuzzer until the time is over, again where an endless loop ended it, and says what it did."""
    names, began = list(room.properties().PROPERTIES), monotonic()
    sow(room, keep, names)
    executions = 0
    while (left := int(60 * minutes - (monotonic() - began))) > 0:
        command = [sys.executable, script, "--keep", str(keep), "--child", str(left)]
        with (keep / "log.txt").open("w+", encoding="utf-8") as log:
            subprocess.run(command, stderr=log, stdout=log, cwd=ROOT, check=False)
            log.seek(0)
            lines = [found for line in log if (found := STATISTICS.match(line))]
        if not lines:
            print((keep / "log.txt").read_text(encoding="utf-8")[-2000:])
            return 1
        executions += int(lines[-1][1])
    taken = (monotonic() - began) / 60
    print(
        f"{executions:,} inputs in {taken:.1f} minutes; {lines[-1][2]} edges, {lines[-1][3]} features, {lines[-1][4]} inputs worth keeping"
    )
    found = [path for path in sorted((keep / "found").iterdir()) if path.suffix != ".txt" and confirmed(room, path, names)]
    for path in found:
        print(f"\n{path}, {path.stat().st_size} bytes\n{path.with_suffix('.txt').read_text() if path.with_suffix('.txt').exists() else ''}")
    print(f"{len(found)} findings")
    return 1 if found else 0


def sow(room: Room, keep: Path, names: list[str]) -> None:
    """The seeds: one byte says the property, the rest is the input."""
    (keep / "found").mkdir(parents=True, exist_ok=True)
    (keep / "learned").mkdir(exist_ok=True)
    for path in room.corpus.iterdir():
        number = names.index(path.name.partition("-")[0])
        (keep / "learned" / path.name).write_bytes(bytes([number]) + path.read_bytes())
    for at, path in enumerate(sorted((ROOT.parent / "shared" / "cases").glob(room.public))):
        if path.stat().st_size < 4000:
            (keep / "learned" / path.name).write_bytes(bytes([at % len(names)]) + path.read_bytes())


def confirmed(room: Room, path: Path, names: list[str]) -> bool:
    """Whether an input does it without the instruments too: those make everything slower."""
    script = (
        f"import sys; from pathlib import Path; from time import process_time; from tests.{room.name}.properties import PROPERTIES\n"
        "data = Path(sys.argv[1]).read_bytes()\n"
        "for turn in range(2):\n    began = process_time(); PROPERTIES[sys.argv[2]](data[1:])\n"
        f"sys.exit(process_time() - began > {SLOW} and sys.argv[2] != '{CLOCKED}')"
    )
    data = path.read_bytes()
    command = [sys.executable, "-c", script, str(path), names[data[0] % len(names)]]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False).returncode != 0
    except subprocess.TimeoutExpired:
        return True


# The fuzzer ----------------------------------------------------------------------------------------------------------------------------


def fuzz(room: Room, keep: Path, seconds: int, more: list[str]) -> None:
    """Mutates for so many seconds and never comes back: libFuzzer ends the process."""
    import atheris

    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(include=["ihe_kit"]):
        import ihe_kit.profiles
        import ihe_kit.verbs  # noqa: F401

        tried = room.properties()
    names, tried.SIZE = list(tried.PROPERTIES), room.size
    words = [word.encode("utf-8", "surrogateescape") for word in tried.WORDS]

    def one(data: bytes) -> None:
        if not data:
            return
        name = names[data[0] % len(names)]
        if name == CLOCKED and crc32(data) % 60:  # it takes a thousand times as long as the others
            return
        for again in (False, True):  # the first time may have read tables
            began = process_time()
            try:
                tried.PROPERTIES[name](data[1:])
            except Exception as problem:
                note(keep, name, data, problem)
                return
            if process_time() - began < SLOW or name == CLOCKED:
                return
            if again:
                note(keep, name, data, TimeoutError(f"{process_time() - began:.1f} s"))

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        dice = Random(seed)
        if not data or dice.random() < 0.35:
            return bytes(atheris.Mutate(data, most))
        head, body = data[:1], bytearray(data[1:])
        if dice.random() < 0.05:
            head = bytes([dice.randrange(len(names))])
        for _ in range(dice.choice((1, 1, 2, 4))):
            body = changed(room, body, dice, words, tried.pairs_of(bytes(body)))
        return (head + bytes(body))[:most]

    options = [
        f"-max_total_time={seconds}",
        "-timeout=60",
        "-rss_limit_mb=3000",
        "-max_len=4000",
        f"-artifact_prefix={keep / 'found'}/",
        *more,
    ]
    atheris.Setup([sys.argv[0], *options, str(keep / "learned")], one, custom_mutator=mutate)
    atheris.Fuzz()


def changed(room: Room, body: bytearray, dice: Random, words: list[bytes], pieces: list[tuple[int, int]]) -> bytearray:
    """One change that knows how such texts are made: pieces move, words come in, marks become other marks."""
    at = dice.randrange(len(body) + 1)
    start, end = dice.choice(pieces) if pieces else (at, at)
    kind = dice.randrange(7)
    if kind < 3:
        body[at : at + dice.choice((0, 0, 1, 3, 9))] = dice.choice(words) * dice.choice((1, 1, 1, 2, 12))
    elif kind == 3:
        del body[start:end]
    elif kind == 4:
        other = dice.choice(pieces)[0] if pieces else at
        body[other:other] = body[start:end]
    elif kind == 5:
        marks = [place for place, byte in enumerate(body) if byte in room.marks]
        if marks:
            body[(place := dice.choice(marks)) : place + 1] = dice.choice(room.others)
    else:
        body[start:end] = body[start:end] * dice.choice((2, 3, 20))
    return body


def note(keep: Path, name: str, data: bytes, problem: Exception) -> None:
    """Keeps an input under what went wrong and where: of those with the same trouble only the smallest."""
    last = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(problem.__traceback__)][-2:]
    key = hashlib.sha1(f"{name}{type(problem).__name__}{last}".encode()).hexdigest()[:8]
    path = keep / "found" / f"{name}-{key}"
    if not path.exists() or len(data) < path.stat().st_size:
        path.write_bytes(data)
        path.with_suffix(".txt").write_text("".join(traceback.format_exception(problem))[-3000:], "utf-8", "backslashreplace")
