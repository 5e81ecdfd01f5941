"""openEHR: checking a composition against the Reference Model and its template, and beside it openEHR's own JSON Schema, in one run on the same compositions.

    uv run python benchmarks/openehr_validate.py [FOLDER with composition/*.json and opt/*.opt]

Without a folder: one composition for each of the kit's own templates that `build` fills. The two take turns, and each figure is the median of the turns,
of the processor's time. What each does:

- ihe_kit          conform on the parsed message: classes, attributes, codes of openEHR's terminology, invariants, dates, and the template; all findings
- fastjsonschema   the JSON Schema of ITS-JSON (RM 1.1.0), compiled, on the values: names, JSON types, classes; the first error
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import fastjsonschema

from ihe_kit.openehr import OpenehrMessage, Template, conform, load, parse
from tests.openehr.its_json import validator
from tests.openehr.small import SMALL, body
from tests.openehr.test_conformance_values import GOOD


def given(folder: Path | None) -> list[tuple[str, OpenehrMessage, Template | None]]:
    """(name, message, template) of every composition of a folder, or of those that the tests make."""
    if not folder:
        texts = {f"{count} elements": json.dumps(body(*GOOD[:count])) for count in (1, 4, 8, len(GOOD))}
        return [(name, parse(text), SMALL) for name, text in texts.items()]
    templates = {one.id: one for one in (load(path.read_bytes()) for path in sorted(folder.glob("opt/*.opt")))}
    messages = [(path.name, parse(path.read_bytes())) for path in sorted(folder.glob("composition/*.json"))]
    return [(name, message, templates.get(message.template_id)) for name, message in messages if message.kind == "COMPOSITION"]


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """The processor's time of one run."""
    gc.collect()
    start = process_time()
    for _ in range(repeats):
        work()
    return (process_time() - start) * 1000 / repeats


def by_schema(value: Any) -> None:
    try:
        validator()(value)
    except fastjsonschema.JsonSchemaValueException:
        pass


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, nargs="?")
    arguments.add_argument("--turns", type=int, default=7)
    chosen = arguments.parse_args()
    found = given(chosen.folder)
    ours, theirs, reading = [], [], []
    for _, message, template in found:
        text, value = message.text, json.loads(message.text)
        turns = []
        for _ in range(chosen.turns):
            turns.append(
                (
                    milliseconds(lambda m=message, t=template: conform(m, t), 3),
                    milliseconds(lambda v=value: by_schema(v), 3),
                    milliseconds(lambda t=text: parse(t), 3),
                )
            )
        for figures, column in zip((ours, theirs, reading), zip(*turns, strict=True), strict=True):
            figures.append(statistics.median(column))
    checked = sum(template is not None for _, _, template in found)
    print(f"{len(found)} compositions, {checked} of them with their template; milliseconds for one, median (longest)")
    for name, figures in (("ihe_kit conform", ours), ("fastjsonschema", theirs), ("ihe_kit parse", reading)):
        print(f"  {name:16} {statistics.median(figures):7.2f} ({max(figures):.2f})")
    print(
        f"  conform takes {statistics.median(one / other for one, other in zip(ours, theirs, strict=True)):.1f} times as long, at the median"
    )


if __name__ == "__main__":
    main()
