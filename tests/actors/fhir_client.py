"""A client that is told what to send, header by header, and shows what came back. No socket: it asks the actor itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ihe_kit.actors.fhir_server import FhirServer
from ihe_kit.core import Packet
from ihe_kit.region import story_clock, story_ids
from ihe_kit.rest import request
from ihe_kit.store import Store


@dataclass
class Answer:
    """One answer: the status, the headers, the body as text and as data."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)

    @property
    def ids(self) -> list[str]:
        """The ids of the resources in a bundle, `Patient/1`, but for those that only came along."""
        found = [one for one in self.data.get("entry", ()) if one.get("search", {}).get("mode", "match") == "match"]
        return [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in found]

    @property
    def along(self) -> list[str]:
        """The ids of what came along."""
        found = [one["resource"] for one in self.data.get("entry", ()) if one["search"]["mode"] == "include"]
        return [f"{one['resourceType']}/{one['id']}" for one in found]

    @property
    def says(self) -> str:
        """What an OperationOutcome says."""
        assert self.data["resourceType"] == "OperationOutcome", self.text
        return " ".join(issue["diagnostics"] for issue in self.data["issue"])

    def link(self, relation: str) -> str:
        """A link of a bundle, or ""."""
        return next((one["url"] for one in self.data.get("link", ()) if one["relation"] == relation), "")


class Client:
    """`client("PUT", "Patient/1", body, if_match='W/"1"')`; a body that is no text is sent as JSON."""

    def __init__(self, url: str = "sqlite://") -> None:
        self.store = Store(url)
        self.server = FhirServer(self.store, story_clock(), story_ids())

    def __call__(self, method: str, target: str = "", body: Any = None, /, **headers: str) -> Answer:
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        pairs = {"content-type": "application/fhir+json"} if body is not None else {}
        host = headers.pop("host", "localhost")
        pairs |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = target if target.startswith("http") else f"/fhir/{target}".rstrip("/")
        return self.send(request(method, url, text, list(pairs.items())).replace("host: localhost", f"host: {host}", 1).encode())

    def send(self, data: bytes) -> Answer:
        """The answer to any bytes."""
        head, _, body = self.server.receive(Packet("http", data)).data.decode().partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        named = dict(line.split(": ", 1) for line in lines)
        assert "the receiver failed" not in body, body
        return Answer(int(first.split()[1]), named, body)

    def put(self, *resources: dict[str, Any]) -> None:
        """Keeps resources under their own ids."""
        for one in resources:
            answer = self("PUT", f"{one['resourceType']}/{one['id']}", one)
            assert answer.status in (200, 201), answer.text

    def kept(self) -> Any:
        """Everything that is in the store, and everything that it is found by."""
        return self.store.table("document")[1], self.store.table("entry")[1]


def patient(id: str = "", **members: Any) -> dict[str, Any]:
    """A patient with an identifier, and whatever else."""
    own = {"identifier": [{"system": "urn:oid:2.999.10.1", "value": id or "4711"}], "name": [{"family": "Ødegård", "given": ["Ingrid"]}]}
    return {"resourceType": "Patient"} | ({"id": id} if id else {}) | own | members


def observation(id: str, who: str, at: datetime | str, /, **members: Any) -> dict[str, Any]:
    """An observation of a patient at a time."""
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": str(at),
        "valueQuantity": {"value": 142, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    } | members
