"""HL7 v2: pipe-delimited messages, sent over MLLP. The same verbs as in `fhir` and `openehr`."""

from ihe_kit.core import Echo, Standard
from ihe_kit.v2.acknowledgment import acknowledge, refuse
from ihe_kit.v2.batch import Batch, read_all
from ihe_kit.v2.build import build
from ihe_kit.v2.conformance import conform
from ihe_kit.v2.dictionary import explain
from ihe_kit.v2.message import V2Message, encode, parse, recognises
from ihe_kit.v2.wire import from_wire, to_wire

V2 = Standard(
    key="v2",
    label="HL7 v2",
    recognises=recognises,
    parse=parse,
    explain=explain,
    conform=conform,
    build=build,
    to_wire=to_wire,
    from_wire=from_wire,
    refuse=refuse,
    echo=Echo("MSH-10", "MSA-2", "IHE-MSA-2-ECHO", "ITI TF-2 Appendix C.2.3.1"),
)

__all__ = [
    "V2", "Batch", "V2Message", "acknowledge", "build", "conform", "encode", "explain", "from_wire", "parse", "read_all", "refuse", "to_wire",
]  # fmt: skip
