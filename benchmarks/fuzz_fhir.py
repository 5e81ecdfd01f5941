"""The FHIR room and its server against hostile input, as `fuzzing.py` says.

uv run --with atheris python benchmarks/fuzz_fhir.py --minutes 20 --keep FOLDER           (atheris: Linux, Python 3.12 or older)
"""

from __future__ import annotations

import sys

from fuzzing import Room, main

FHIR = Room(
    name="fhir",
    public="fhir/*.json",
    marks=b'{}[]":,<>=/&?.()\\\0\n',
    others=(b"{", b"}", b"[", b"]", b'"', b":", b",", b"<", b">", b"/", b"&", b"", b"\0", b"null", b"{}", b"[]"),
    size=16_000,
)

if __name__ == "__main__":
    sys.exit(main(FHIR, __file__, str(__doc__)))
