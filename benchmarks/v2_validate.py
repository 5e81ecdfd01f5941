"""HL7 v2: parse plus full validation, against what other libraries in Python need for it, in one run.

    uv run --group benchmark python benchmarks/v2_validate.py

Every message is another one (other identifiers, names, dates, numbers), so nobody gains by remembering one; libraries take turns of a few
messages, and each figure is the median of the turns. The messages are sound: the kit finds nothing in them. What each library does:

- ihe_kit     v2.parse and v2.conform: structure, cardinality, data types, tables, lengths, escapes, all findings
- hl7apy      parse_message and validate: structure, cardinality, tables; the first error ends it
- python-hl7  hl7.parse: splits, checks nothing
- hl7types    decode_er7: typed models, with their checks of patterns and presence
"""

from __future__ import annotations

import gc
import statistics
import sys
from collections.abc import Callable
from functools import partial
from random import Random
from time import perf_counter

import hl7
import hl7types
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from ihe_kit import v2

HEAD = "MSH|^~\\&|{app}|NORDVIK|EHR|FJORDLAND|{now}+0100||{kind}|{id}|P|2.5\r"
PATIENT = (
    "PID|1||{number}^^^NORDVIK&2.999.10.1&ISO^PI||{family}^{given}^^^^^L||{born}|F|||Fjordgata {house}^^Nordvik^^7010^NOR^H||+47{number}\r"
)
VISIT = (
    "PV1|1|I|WARD^{house}^1^NORDVIK||||S{house}^Strand^Elin|||MED|||||||S{house}^Strand^Elin||V{number}^^^NORDVIK"
    + "|" * 25
    + "{now}+0100\r"
)
NEXT_OF_KIN = "NK1|1|{family}^Kari|SPO^Spouse^HL70063||+47{number}\r"
EVENT, ALLERGY = "EVN||{now}+0100\r", "AL1|1|DA|{house}^Penicillin^L|SV\r"
ORDER = "ORC|{control}|P{id}-{at}^EHR|F{id}-{at}^LAB\r"
REQUEST = (
    "OBR|{at}|P{id}-{at}^EHR|F{id}-{at}^LAB|CBC^Blood count^L|||{now}+0100|||||||||S{house}^Strand^Elin||||||{now}+0100||LAB|{status}\r"
)
RESULT = (
    "OBX|{at}|NM|718-7^Haemoglobin^LN|{at}|{value}|g/dL^gram per decilitre^UCUM|12.0-16.0|N|||F|||{now}+0100||S{house}^Strand^Elin"
    "||ANALYSER{house}^MIDTLAB\r"
)


def message(kind: str, count: int, dice: Random) -> str:
    """A sound message with random contents: `count` results (ORU) or orders (OML)."""
    facts = {
        "app": "ADT",
        "now": f"2025{dice.randint(1, 12):02}{dice.randint(1, 28):02}{dice.randint(0, 23):02}{dice.randint(0, 59):02}00",
        "kind": {"ADT": "ADT^A01^ADT_A01", "ORU": "ORU^R01^ORU_R01", "OML": "OML^O21^OML_O21"}[kind],
        "id": f"N{dice.randrange(10**8):08}",
        "number": f"{dice.randrange(10**7, 10**8)}",
        "family": dice.choice(("Brandt", "Horvath", "Lie", "Petrova", "Lind")) + dice.choice(("", "-Strand", "-Berg")),
        "given": dice.choice(("Ingrid", "Maria", "Nadia", "Sofie")),
        "born": f"19{dice.randint(10, 99)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}",
        "house": str(dice.randint(1, 999)),
        "control": "RE" if kind == "ORU" else "NW",
        "status": "F" if kind == "ORU" else "",
    }
    lines = {
        "ADT": [HEAD, EVENT, PATIENT, NEXT_OF_KIN, VISIT, ALLERGY],
        "ORU": [HEAD, PATIENT, VISIT, ORDER, REQUEST],
        "OML": [HEAD, PATIENT, VISIT],
    }
    text = "".join(line.format(**facts, at=1) for line in lines[kind])
    for at in range(1, count + 1):
        text += "".join(
            line.format(**facts, at=at, value=f"{dice.randint(90, 180) / 10}") for line in ([RESULT] if kind == "ORU" else [ORDER, REQUEST])
        )
    return text


def kit(text: str) -> None:
    v2.conform(v2.parse(text))


def hl7apy(text: str) -> None:
    parse_message(text, find_groups=True).validate()


Libraries = dict[str, Callable[[str], object]]


def medians(kind: str, count: int, libraries: Libraries, rounds: int, turn: int = 1) -> tuple[dict[str, float], set[str], int]:
    """(milliseconds for a message, by library; the libraries that refuse these sound messages; the characters of a message).

    `turn`: how many messages, each another one, a library reads before it is the next one's turn.
    """
    dice = Random(f"{kind}{count}")
    taken: dict[str, list[float]] = {name: [] for name in libraries}
    refusing: set[str] = set()
    for number in range(rounds + 1):  # the first round loads and compiles, and does not count
        for name, run in libraries.items():
            texts = [message(kind, count, dice) for _ in range(turn)]
            assert not any(v2.conform(v2.parse(text)) for text in texts[:1])
            gc.collect()  # nobody has to clear away what another one left
            began = perf_counter()
            for text in texts:
                try:
                    run(text)
                except (HL7apyException, ValueError):
                    refusing.add(name)
            if number:
                taken[name].append(1000 * (perf_counter() - began) / turn)
    return {name: statistics.median(times) for name, times in taken.items()}, refusing, len(texts[-1])


def main() -> int:
    libraries: Libraries = {
        "ihe_kit": kit,
        "hl7apy": hl7apy,
        "python-hl7": hl7.parse,
        "hl7types": partial(hl7types.decode_er7, strict=True),
    }
    print("| message (characters) | ihe_kit, parse and validate | hl7apy, parse and validate | python-hl7, parse | hl7types, decode |")
    print("| -------------------- | -------------------------: | -------------------------: | ----------------: | ---------------: |")
    kept = True
    for label, kind, count, rounds, turn in (
        ("ADT_A01", "ADT", 0, 7, 50),
        ("ORU_R01, 20 OBX", "ORU", 20, 7, 10),
        ("ORU_R01, 500 OBX", "ORU", 500, 3, 2),
        ("OML_O21, 3 orders", "OML", 3, 7, 25),
    ):
        ms, refusing, size = medians(kind, count, libraries, rounds, turn)
        cells = [f"{ms[name]:.2f} ms" for name in libraries]
        for at, name in enumerate(libraries):
            cells[at] += "" if name == "ihe_kit" else f" ({ms[name] / ms['ihe_kit']:.0f} x)" + (" [1]" if name in refusing else "")
        print(f"| {label} ({size:,}) | {' | '.join(cells)} |", flush=True)
        kept = kept and ms["hl7apy"] >= 100 * ms["ihe_kit"] and ms["python-hl7"] >= ms["ihe_kit"]
    print("\n[1] refuses these messages, wrongly: a second order reads like a prior result of the first one.")
    print("\nihe_kit, microseconds for each OBX:", end="")
    for count in (500, 1_000, 2_000, 4_000, 8_000):
        ms, *_ = medians("ORU", count, {"ihe_kit": kit}, 5)
        print(f"  {count:,} OBX {1000 * ms['ihe_kit'] / count:.1f}", end="", flush=True)
    print(f"\n\nAt least 100 times as fast as hl7apy, and no slower than python-hl7's parse: {'yes' if kept else 'NO'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
