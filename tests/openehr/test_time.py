"""Nothing here takes long to read a text that was made to take long: 100 kB in half a second of the processor's time."""

import json
from collections.abc import Callable
from time import process_time

import pytest

from ihe_kit.openehr import conform, load, parse, recognises, template
from ihe_kit.openehr.flat_keys import check_keys
from ihe_kit.openehr.notation import opt
from ihe_kit.openehr.paths import class_in, read_path

OURS = template("kit_vital_signs.v1")
PIECES = [
    "a",
    "1",
    " ",
    "'",
    "''",
    "]",
    "[",
    "[a",
    "[]",
    "-",
    ".",
    ":",
    "::",
    ",",
    "/",
    "..<",
    "1Y",
    "+",
    "A_",
    '"',
    '"a/',
    '"resourceType" ',
]


def value(type_: str) -> Callable[[str], object]:
    return lambda text: conform(parse(json.dumps({"_type": type_, "value": text, "magnitude": text, "archetype_node_id": text})))


@pytest.mark.parametrize(
    ("read", "starts"),
    [
        (read_path, ["", "/", "/'", "/a[", "/a['", "/a[a", "/a[a , '", "/a[a and name/value='"]),
        (lambda text: opt(f"t | en | p\n{text}"), ["A", "A[", "A[x] 1..1 ", "A ", "a: A"]),
        (lambda text: opt(f"t | en | p\nA[a] 1..1 n | s\n  value: DV_QUANTITY {text}"), ["o::a b 0..<", "o::a ", ""]),
        (recognises, ["", "{", "http://", "GET http", "HTTP/1.1 200 "]),
        (lambda text: check_keys(OURS, [f"vital_signs/blood_pressure:{text}"]), [""]),
        (lambda text: load(OURS.text.replace("1000", text.replace("<", ""))), ["", "1", "1.", "1e"]),
        (class_in, ["openEHR-", "openEHR-x-A"]),
        (value("DV_DATE"), ["", "2025-"]),
        (value("DV_TIME"), ["", "08:00:00."]),
        (value("DV_DATE_TIME"), ["", "2025-03-03T08:00:00."]),
        (value("DV_DURATION"), ["P", "PT", "P1Y"]),
        (value("DV_QUANTITY"), ["", "1."]),
    ],
)
def test_a_text_made_to_take_long(read: Callable[[str], object], starts: list[str]) -> None:
    for text in (start + piece * (100_000 // len(piece)) + end for start in starts for piece in PIECES for end in ("", "!")):
        began = process_time()
        try:
            read(text)
        except ValueError:
            pass
        assert process_time() - began < 10, (text[:40], text[-1])  # a fraction of a second, or minutes: nothing lies between
