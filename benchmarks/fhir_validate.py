"""FHIR R4: reading plus full validation, against what other libraries in Python need for it, in one run on the same resources.

    npm pack hl7.fhir.r4.examples@4.0.1 && tar xzf hl7.fhir.r4.examples-4.0.1.tgz
    uv run --group benchmark python benchmarks/fhir_validate.py package

The resources are official examples of the types that a hospital sends. Libraries take turns, and each figure is the median of the turns. What each does:

- ihe_kit         fhir.parse and fhir.conform: structure, formats, codes, references, extensions, invariants, profiles, narratives; all findings
- fhir.resources  R4B models: names, cardinalities, formats; no codes, no invariants, no targets, no profiles; the first errors

With --all every example is checked once by the kit, and what it rejects is listed: the figure of false alarms in the README.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time

from ihe_kit import fhir
from ihe_kit.core import Unreadable

TYPES = frozenset(
    [
        "AllergyIntolerance",
        "Appointment",
        "AuditEvent",
        "Bundle",
        "CarePlan",
        "Composition",
        "Condition",
        "Consent",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "ImagingStudy",
        "Immunization",
        "List",
        "Location",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Organization",
        "Patient",
        "Practitioner",
        "Procedure",
        "Provenance",
        "RelatedPerson",
        "ServiceRequest",
        "Specimen",
        "Task",
    ]
)
MOST = 400_000  # bytes of an example; a few are lists of codes as long as a book
Library = Callable[[str, str], object]


def examples(folder: Path, types: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(type, text) of every example of some types."""
    for path in sorted(folder.glob("*-*.json")):
        kind = path.name.partition("-")[0]
        if kind in types and path.stat().st_size < MOST:
            yield kind, path.read_text("utf-8")


def libraries() -> dict[str, Library]:
    from fhir.resources.R4B import get_fhir_model_class

    return {
        "ihe_kit": lambda _, text: fhir.conform(fhir.parse(text)),
        "fhir.resources": lambda kind, text: get_fhir_model_class(kind).model_validate_json(text),
    }


def per_second(library: Library, texts: list[tuple[str, str]]) -> tuple[float, int]:
    """(examples per second of processor time, how many were refused by an exception)."""
    refused = 0
    gc.collect()
    began = process_time()
    for kind, text in texts:
        try:
            library(kind, text)
        except Exception:  # each library has its own
            refused += 1
    return len(texts) / (process_time() - began), refused


def compare(folder: Path, rounds: int) -> bool:
    texts = list(examples(folder, TYPES))
    print(f"{len(texts)} examples, {sum(len(text) for _, text in texts) // len(texts):,} characters each\n")
    rates: dict[str, list[float]] = {}
    refusals: dict[str, int] = {}
    for number in range(rounds + 1):  # the first round loads and compiles, and does not count
        for name, library in libraries().items():
            rate, refusals[name] = per_second(library, texts)
            if number:
                rates.setdefault(name, []).append(rate)
    ours = statistics.median(rates["ihe_kit"])
    print("| library | examples/s | of ihe_kit's |\n| ------- | ---------: | -----------: |")
    for name, found in rates.items():
        print(
            f"| {name} | {statistics.median(found):,.0f} | {statistics.median(found) / ours:.2f} x |"
            + (f" {refusals[name]} refused" if refusals[name] else "")
        )
    return ours >= 0.5 * statistics.median(rates["fhir.resources"])


def check_all(folder: Path) -> bool:
    """Every example once: how many are rejected, and why."""
    rejected: list[str] = []
    rules: Counter[str] = Counter()
    number = 0
    for path in sorted(folder.glob("*-*.json")):
        number += 1
        try:
            errors = [finding for finding in fhir.conform(fhir.parse(path.read_bytes())) if finding.severity == "error"]
        except Unreadable as problem:
            rejected.append(f"{path.name}: {problem}")
            continue
        if errors:
            rejected.append(f"{path.name}: {errors[0].path}: {errors[0].what}")
            rules.update({finding.rule for finding in errors})
            print(rejected[-1], flush=True)
    print(f"\n{len(rejected)} of {number} rejected ({len(rejected) / number:.2%})")
    for rule, count in rules.most_common():
        print(f"{count:>5} {rule}")
    return len(rejected) <= number / 100


def main() -> int:
    parser = argparse.ArgumentParser(description="FHIR R4: reading and validating, compared")
    parser.add_argument("folder", type=Path, help="the unpacked package hl7.fhir.r4.examples")
    parser.add_argument("--all", action="store_true", help="check every example once and list what is rejected")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    return int(not (check_all(arguments.folder) if arguments.all else compare(arguments.folder, arguments.rounds)))


if __name__ == "__main__":
    sys.exit(main())
