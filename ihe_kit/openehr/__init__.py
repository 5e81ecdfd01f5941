"""openEHR: canonical JSON and FLAT compositions, operational templates, and the REST API that carries them.

Rule 1: this room knows nothing of the other standards. Rule 2: no socket, no clock, no random identifier; they are passed in.
"""

from ihe_kit.core import Standard
from ihe_kit.openehr.aql import explain_aql, read_aql, table
from ihe_kit.openehr.aql_checks import Unsupported
from ihe_kit.openehr.build import build, refuse
from ihe_kit.openehr.conformance import conform
from ihe_kit.openehr.dictionary import explain
from ihe_kit.openehr.flat import from_flat
from ihe_kit.openehr.flat_out import to_flat
from ihe_kit.openehr.message import OpenehrMessage, encode, parse, recognises
from ihe_kit.openehr.notations import as_json, as_xml
from ihe_kit.openehr.opt import Template, load, register, template
from ihe_kit.openehr.structured import from_structured, to_structured
from ihe_kit.openehr.webtemplate import web_template
from ihe_kit.openehr.wire import from_wire, to_wire

OPENEHR = Standard(
    key="openehr",
    label="openEHR",
    recognises=recognises,
    parse=parse,
    explain=explain,
    conform=conform,
    build=build,
    to_wire=to_wire,
    from_wire=from_wire,
    refuse=refuse,
)

__all__ = [
    "OPENEHR",
    "OpenehrMessage",
    "Template",
    "Unsupported",
    "as_json",
    "as_xml",
    "build",
    "conform",
    "encode",
    "explain",
    "explain_aql",
    "from_flat",
    "from_structured",
    "from_wire",
    "load",
    "parse",
    "read_aql",
    "recognises",
    "refuse",
    "register",
    "table",
    "template",
    "to_flat",
    "to_structured",
    "to_wire",
    "web_template",
]
