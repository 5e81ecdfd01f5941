"""Changing a part of a resource: JSON Patch (RFC 6902), FHIRPath Patch (FHIR R4 section 3.1.0.6) and merge patch (RFC 7396).

Numbers go through as they are written: 1.10 stays 1.10.
"""

from __future__ import annotations

from typing import Any

from ihe_kit.fhir.fhirpath_patch import fhirpath_patch
from ihe_kit.fhir.json_patch import NotPatched, json_patch
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.json_text import read_values, written

__all__ = ["NotPatched", "merged", "patched"]

Json = Any


def patched(text: str, patch: FhirMessage) -> str:
    """The text of a resource after a patch. Which of the three it is, its media type says, or else its form: an array is a JSON Patch, a
    Parameters resource a FHIRPath Patch, and any other object is merged. Raises NotPatched; the resource is then as it was.

    >>> patched('{"active": true, "gender": "male"}', FhirMessage('{"gender": null}'))
    '{\\n  "active": true\\n}'
    """
    resource, change = read_values(text), read_values(patch.body) if patch.root else None
    media = patch.headers.get("content-type", "").partition(";")[0].strip()
    if isinstance(change, list) and media != "application/merge-patch+json":
        return written(json_patch(resource, change))
    if isinstance(change, dict) and change.get("resourceType") == "Parameters" and media != "application/merge-patch+json":
        return written(fhirpath_patch(resource, change))
    if isinstance(change, dict) and media != "application/json-patch+json":
        return written(merged(resource, change))
    raise NotPatched("expected an array of operations (JSON Patch), a Parameters resource (FHIRPath Patch), or an object to be merged")


def merged(target: Json, patch: Json) -> Json:
    """A value with another one merged into it: null takes a member away, anything but an object replaces (RFC 7396 section 2)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
