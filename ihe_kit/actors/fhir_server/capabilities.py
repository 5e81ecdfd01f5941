"""The CapabilityStatement, made from what is really there: the routes and the search parameters (FHIR R4 section 3.1.0.10)."""

from __future__ import annotations

import json
from typing import Any

from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.fhir_server.routes import ROUTES
from ihe_kit.actors.resources import instant
from ihe_kit.core import Message
from ihe_kit.fhir.build import resource
from ihe_kit.fhir.parameters import parameters
from ihe_kit.fhir.tables import resource_types
from ihe_kit.files import rows

_DEFINED = "http://hl7.org/fhir/OperationDefinition/"
_ELSEWHERE = {"docref": "http://hl7.org/fhir/uv/ipa/OperationDefinition/docref"}  # the others are R4's own


def capabilities(call: Call) -> Message:
    """What this server can do."""
    return resource(200, json.dumps(statement(call), indent=2))


def statement(call: Call) -> dict[str, Any]:
    """The statement as data."""
    system = [{"code": code} for code in ("transaction", "batch", *_codes("system"))]
    everywhere = [_operation(name) for name in dict.fromkeys(route.operation for route in ROUTES if route.operation and not route.only)]
    rest = {
        "mode": "server",
        "resource": [_resource(kind) for kind in sorted(resource_types())],
        "interaction": system,
        "operation": everywhere,
        "compartment": [f"http://hl7.org/fhir/CompartmentDefinition/{name}" for name in _compartments()],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(call.clock()),
        "kind": "instance",
        "software": {"name": "ihe_kit"},
        "implementation": {"description": "The patient identity server of Fjordland Health, an invented region", "url": call.base},
        "fhirVersion": "4.0.1",
        "format": ["json", "xml"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json", "application/merge-patch+json"],
        "rest": [rest],
    }


def _codes(level: str) -> list[str]:
    return list(dict.fromkeys(route.code for route in ROUTES if route.level == level and route.code))


def _resource(kind: str) -> dict[str, Any]:
    own = dict.fromkeys(route.operation for route in ROUTES if route.only == kind)
    references = [one.name for one in parameters(kind) if one.type == "reference"]
    shown: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in _codes("type")],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
        "searchInclude": [f"{kind}:{name}" for name in references],
        "searchParam": [{"name": one.name, "definition": one.url, "type": one.type} for one in parameters(kind)],
        "operation": [_operation(name, kind) for name in own],
    }
    return {name: value for name, value in shown.items() if value}


def _operation(name: str, kind: str = "Resource") -> dict[str, str]:
    return {"name": name, "definition": _ELSEWHERE.get(name, f"{_DEFINED}{kind}-{name}")}


def _compartments() -> list[str]:
    return [name[0].lower() + name[1:] for name in dict.fromkeys(row["compartment"] for row in rows("fhir/compartments.tsv"))]
