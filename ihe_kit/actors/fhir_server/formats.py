"""JSON and XML: what came as XML is worked off as JSON, and what is asked for as XML is written so at the end (FHIR R4 section 3.1.0.1.9)."""

from __future__ import annotations

import re
from functools import lru_cache

from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.core import Message
from ihe_kit.fhir import FhirMessage
from ihe_kit.fhir.build import Written
from ihe_kit.fhir.xml_text import write_xml
from ihe_kit.json_text import written

XML = "application/fhir+xml"
_SHORT = {"json": "json", "xml": "xml", "text/xml": "xml", "application/xml": "xml", "application/json": "json"}


def wanted(call: Call) -> str:
    """`json`, `xml`, or "" where the client wants neither. `_format` speaks louder than Accept; who does not say gets JSON."""
    asked = dict(call.message.query).get("_format") or call.header("accept")
    return _best(asked) if asked else "json"


@lru_cache(maxsize=256)
def _best(asked: str) -> str:
    best, chosen = 0.0, ""
    for part in asked.split(","):
        media, *options = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(option) for option in options if option.startswith("q=")), 1.0)
        kind = _kind(media)
        if kind and weight > best:
            best, chosen = weight, kind
    return chosen


def _kind(media: str) -> str:
    media = media.replace(" ", "+")  # a plus sign that was not escaped in a query arrives as a space
    if media in ("*/*", "application/*"):
        return "json"
    return _SHORT.get(media) or {"application/fhir+json": "json", XML: "xml"}.get(media, "json" if "json" in media else "")


def _weight(option: str) -> float:
    try:
        return float(option[2:])
    except ValueError:
        return 0.0


def read_as_json(message: FhirMessage) -> FhirMessage:
    """A request whose body is XML, with the same body in JSON."""
    head = re.sub(r"(?im)^(content-type:)[^\r\n]*", r"\1 application/fhir+json", message.text[: message.body_start])
    return FhirMessage(head + written(message.values))


def shown_as_xml(answer: Message) -> Message:
    """An answer with its body in XML."""
    assert isinstance(answer, FhirMessage)
    if not answer.body:
        return answer
    headers = [(name, XML if name == "content-type" else value) for name, value in answer.headers.items() if name != "content-length"]
    return Written(int(answer.status), write_xml(answer.values), headers)
