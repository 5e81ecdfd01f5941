"""Resources by typed model: the classes of fhir.resources (R4B), for who would rather have an editor complete names than write JSON.

They are loaded when they are first asked for. They build and do not judge: they take `gender="robot"`, and turn 1.10 into 1.1 when they read. So
a message made of one is checked like any other, and what came in is never passed through them.
"""

from __future__ import annotations

from typing import Any

from ihe_kit.core import nearest
from ihe_kit.fhir.dictionary import is_resource, types
from ihe_kit.fhir.message import FhirMessage, parse
from ihe_kit.files import definitions, loading


def model(kind: str) -> Any:
    """The class of a type: `model("Patient")(active=True)`. Raises ValueError for a type that R4 does not have, or the models have not.

    >>> model("HumanName")(family="Lind").family
    'Lind'
    """
    if kind in types():
        with loading:  # this call imports the module of the type
            try:
                return definitions("fhir.resources.R4B").get_fhir_model_class(kind)
            except (KeyError, LookupError, ValueError, ImportError):
                pass
    raise ValueError(f"there is no typed model of {kind} of FHIR R4" + nearest(kind, types()))


def written(resource: Any) -> FhirMessage:
    """The message of a resource that is an object of such a class. Raises ValueError for anything else.

    >>> written(model("Patient")(active=True)).get("Patient.active")
    ['true']
    """
    kind = getattr(type(resource), "__name__", "")
    if not is_resource(kind) or not hasattr(resource, "model_dump_json"):
        raise ValueError(f"expected a resource made by model(...), but got a {kind}")
    return parse(str(resource.model_dump_json(indent=2, exclude_none=True)) + "\n")
