"""An app that was made with the classes of FHIR R5 and reads a resource of R4. What it does not know it leaves aside, as many apps are told to.

The classes are those of fhir.resources (BSD licence), which by themselves refuse what they do not know.
"""

from __future__ import annotations

import json
from typing import Any

from ihe_kit.fhir import FhirMessage
from ihe_kit.files import definitions


def r5_reader(message: FhirMessage) -> Any:
    """A pandas data frame: each element of a resource of R4, what the app knows of it, and whether the app has an element of that name at all."""
    import pandas

    sent, app = dict(message.values), definitions("fhir.resources").get_fhir_model_class(message.kind)
    known = {field.alias or name for name, field in app.model_fields.items()} | {"resourceType"}
    read = app.model_validate({name: value for name, value in json.loads(json.dumps(sent, default=str)).items() if name in known})
    back = json.loads(read.model_dump_json())
    rows = [(name, _short(value), _short(back[name]) if name in back else "lost, without a word") for name, value in sent.items()]
    return pandas.DataFrame(rows, columns=["element", "sent, in R4", "the app knows, by R5"]).set_index("element")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 44 else text[:43] + "…"
