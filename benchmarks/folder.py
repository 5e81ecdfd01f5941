"""A folder of messages through `ihe-kit validate FOLDER`: how long it takes, and how much memory the largest process needs.

    uv run python benchmarks/folder.py --count 100000 --workers 2

A thousand different messages, of every event of ITI-30 and ITI-31 and of laboratory reports, half of them with something wrong, come again and
again with other identifiers and times, a thousand to a folder. All comes from one seed. A tenth of the count runs first: a run ten times as long
may not need more memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter

from ihe_kit import build, person
from ihe_kit.profiles import transaction
from ihe_kit.region import STORY_BEGINS, story_ids

PEOPLE = ("ingrid", "maria", "nadia", "georgios")
SPOILT = ("", '""', "x", "20250230", "1^^^N~2", "^^^&1&ISO^PI", "Q", "\\X\\", "a" * 300)


def messages(dice: Random, count: int) -> list[str]:
    """Different messages, every second one spoilt in a field; `{id}` and `{time}` stand for what varies."""
    kinds = [(number, event.trigger) for number in ("ITI-30", "ITI-31") for event in transaction(number).events]
    made = []
    for number in range(count):
        if number % 5 == 4:
            text = report(dice)
        else:
            kind, event = dice.choice(kinds)
            text = build(kind, person(dice.choice(PEOPLE)), lambda: STORY_BEGINS, story_ids("F"), event=event).text
        lines = [line.split("|") for line in text.rstrip("\r").split("\r")]
        lines[0][9], lines[0][6] = "{id}", "{time}"
        if number % 2:
            line = dice.choice(lines[1:])
            line[dice.randrange(1, len(line)) if len(line) > 1 else 0] = dice.choice(SPOILT)
        made.append("".join("|".join(line) + "\r" for line in lines))
    return made


def report(dice: Random) -> str:
    """A laboratory report with up to 40 results."""
    results = [
        {"1": str(n), "2": "NM", "3": "718-7^Haemoglobin^LN", "5": f"{dice.randint(90, 180) / 10}", "6": "g/dL", "11": "F"}
        for n in range(1, dice.randint(2, 41))
    ]
    values = {"MSH-9": "ORU^R01^ORU_R01", "MSH-11": "P", "PID-3.1": "3390", "PID-5.1": "Lie", "OBR-4": "CBC^Blood count^L", "OBX": results}
    return build("ORU_R01", values, lambda: STORY_BEGINS, story_ids("F"), standard="v2").text


def lay_out(folder: Path, count: int) -> int:
    """Writes the files and gives their bytes."""
    dice, size = Random(20250303), 0
    different = messages(dice, 1000)
    for number in range(count):
        if number % 1000 == 0:
            (inner := folder / f"{number // 1000:03}").mkdir()
        time = f"20250{dice.randint(1, 9)}{dice.randint(10, 28)}{dice.randint(10, 23)}{dice.randint(10, 59)}00+0100"
        data = different[number % 1000].replace("{id}", f"F{number:07}").replace("{time}", time).encode()
        (inner / f"{number:07}.hl7").write_bytes(data)
        size += len(data)
    return size


def validate(folder: Path, *options: str) -> tuple[int, float, float, int, str]:
    """(exit status, seconds, seconds of all processors, kilobytes of the largest process, the last line of the answer)."""
    began = perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        running = subprocess.Popen([sys.executable, "-m", "ihe_kit.cli", "validate", str(folder), *options], stdout=out)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        taken = perf_counter() - began
        out.seek(max(0, out.seek(0, 2) - 400))
        worked = used.ru_utime + used.ru_stime
        return running.returncode, taken, worked, used.ru_maxrss, out.read().strip().splitlines()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    arguments = parser.parse_args()
    needed = []
    for count in (arguments.count // 10, arguments.count):
        with tempfile.TemporaryDirectory(prefix="folder_") as name:
            size = lay_out(Path(name), count)
            status, taken, worked, memory, last = validate(Path(name), "--workers", str(arguments.workers), "--format", arguments.format)
        needed.append(memory)
        print(f"{count:,} files, {size / 1e6:.0f} MB: {taken:.0f} s, {count / taken:,.0f} a second; {worked:.0f} s of processor time")
        print(f"  largest process {memory / 1024:.0f} MB, exit status {status}")
        print(f"  {last[:200]}", flush=True)
    return int(needed[1] > 1.25 * needed[0])


if __name__ == "__main__":
    sys.exit(main())
