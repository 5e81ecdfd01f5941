"""The v2 room against hostile input, as `fuzzing.py` says.

uv run --with atheris python benchmarks/fuzz_v2.py --minutes 20 --keep FOLDER             (atheris: Linux, Python 3.12 or older)
"""

from __future__ import annotations

import sys

from fuzzing import Room, main

V2 = Room(
    name="v2",
    public="hl7v2/*.hl7",
    marks=b"|^~\\&\r\n[].-=\0",
    others=(b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"", b"\0", b"||"),
    size=40_000,
)

if __name__ == "__main__":
    sys.exit(main(V2, __file__, str(__doc__)))
