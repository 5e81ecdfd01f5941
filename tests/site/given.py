"""A sandbox with something in it, also things that no honest system would send, and a reader that looks at pages as a browser's parser does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from ihe_kit.actors.resources import save
from ihe_kit.core import Packet
from ihe_kit.fhir import FhirMessage
from ihe_kit.region import Sandbox
from ihe_kit.rest import request
from ihe_kit.site import Site

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
LINK = "javascript:alert(3)"
TURNED = "\u202eevil\u202c\u2066"
CONTROL = "bell\u0007 escape\u001b[31m nul\u0000"
LONG = "Å" * 20_000
HOSTILE = {
    "resourceType": "Patient",
    "id": "hostile",
    "text": {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="alert(4)">Told<img src=x onerror=alert(5)></p><iframe src="//evil.example"></iframe>{SCRIPT}<a href="{LINK}">way</a></div>',
    },
    "identifier": [{"system": IMAGE, "value": SCRIPT}, {"system": "urn:oid:2.999.10.1", "value": TURNED}],
    "name": [{"family": SCRIPT + IMAGE, "given": [TURNED, CONTROL, "' onmouseover='alert(6)"], "text": CONTROL}],
    "gender": IMAGE,
    "birthDate": SCRIPT,
    "photo": [{"url": LINK, "title": IMAGE}],
    "generalPractitioner": [{"reference": LINK}, {"reference": 'Practitioner/1"><script>'}, {"reference": "//evil.example/Patient/1"}],
    "managingOrganization": {"reference": "https://evil.example/fhir/Organization/1", "display": SCRIPT},
    "contact": [{"organization": {"reference": "Organization/fjordland"}, "name": {"text": LONG}}],
    SCRIPT: IMAGE,
    f"{TURNED}{CONTROL}": TURNED,
}


def keep(box: Sandbox, resource: dict[str, Any]) -> None:
    """Keeps a resource unchecked, as a store of another time might hold it."""
    text = json.dumps(resource)
    message = FhirMessage(request("PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", text))
    save(box.store, message, box.clock, resource["id"], "")


def kept_many(box: Sandbox, number: int = 7) -> None:
    """So many Observations of one patient, for a search of several pages."""
    for n in range(number):
        keep(
            box,
            {
                "resourceType": "Observation",
                "id": f"o{n}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}]},
                "subject": {"reference": "Patient/hist"},
                "effectiveDateTime": f"2025-03-{n + 1:02d}",
                "valueQuantity": {"value": 120 + n, "unit": "mmHg"},
            },
        )


def versions(box: Sandbox) -> None:
    """Three versions of a patient."""
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "hist",
        "name": [{"family": "Petrova", "given": ["Nadia"]}],
        "gender": "female",
    }
    keep(box, patient)
    keep(box, patient | {"birthDate": "1979-10-15"})
    keep(box, patient | {"birthDate": "1979-10-15", "name": [{"family": "Petrova", "given": ["Nadezhda"]}]})


@dataclass
class Answer:
    """What came back: status, headers, body."""

    status: int
    headers: dict[str, str]
    body: str


def get(site: Site, path: str, method: str = "GET", **headers: str) -> Answer:
    """Asks a site for a page."""
    lines = [
        f"{method} /{path} HTTP/1.1",
        *(f"{name.replace('_', '-')}: {text}" for name, text in ({"host": "localhost"} | headers).items()),
    ]
    head, _, body = site.receive(Packet("http", ("\r\n".join(lines) + "\r\n\r\n").encode())).data.decode().partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    return Answer(int(first.split()[1]), dict(line.split(": ", 1) for line in rest), body)


@dataclass
class Seen(HTMLParser):
    """Every element of a page with its attributes, and its text."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: text or "" for name, text in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def seen(html: str) -> Seen:
    """A page, read."""
    reader = Seen()
    reader.feed(html)
    reader.close()
    return reader
