"""What `ihe-kit send` does at an openEHR repository: templates go up, an EHR is found or made, compositions are committed, requests go as they are.

for name, done in send_openehr(["vitals.json"], "http://127.0.0.1:8080/rest/openehr/v1", subject="F00001", namespace="urn:oid:2.999.10.1"):
    print(name, done.answer.name)                                  EHR 201 Created, then vitals.json 201 Created
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from ihe_kit.bulk import files as every_file
from ihe_kit.bulk import read_bytes, read_templates
from ihe_kit.core import Unreadable
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import OpenehrMessage, as_json, from_flat, from_structured
from ihe_kit.openehr_client import OpenehrClient
from ihe_kit.verbs import parse


@dataclass
class _Sender:
    """Sends one file after the other; the EHR is looked for when the first composition comes."""

    to: OpenehrClient
    ehr: str
    subject: str
    namespace: str
    templates: tuple[str, ...]
    clock: Callable[[], datetime]

    @cached_property
    def record(self) -> Exchange:
        """The EHR with an id, or of a patient; made where the repository has none."""
        found = self.to.read_ehr(self.ehr) if self.ehr else self.to.find_ehr(self.subject, self.namespace)
        if not isinstance(found.answer, OpenehrMessage) or found.answer.status != "404":
            return found
        return self.to.create_ehr(self.subject, self.namespace, self.ehr)

    def file(self, name: str, message: OpenehrMessage) -> Iterator[tuple[str, Exchange]]:
        if message.method:
            yield name, self.to.send(message.text)
        elif message.kind == "XML":
            yield name, self.to.upload(message.text)
        else:
            yield from self.composition(name, message)

    def composition(self, name: str, message: OpenehrMessage) -> Iterator[tuple[str, Exchange]]:
        whole = (
            self.simplified(name, message) if message.kind in ("FLAT", "STRUCTURED") else as_json(message) if message.is_xml else message
        )
        if whole.kind != "COMPOSITION":
            raise Unreadable(f"{name}: expected a composition, a template or a request, but found {whole.kind}")
        if not self.ehr and not (self.subject and self.namespace):
            raise ValueError("a composition goes into somebody's EHR: say which with --ehr ID, or whose with --subject ID --namespace NS")
        if "record" not in self.__dict__:
            yield "EHR", self.record
        if isinstance(self.record.answer, OpenehrMessage) and not self.record.refused:
            ehr = self.ehr or "".join(self.record.answer.get("/ehr_id/value")[:1])
            yield name, self.to.commit(ehr, whole.text)
        else:
            yield name, self.record  # not sent, and this is why

    def simplified(self, name: str, message: OpenehrMessage) -> OpenehrMessage:
        known = list(read_templates(self.templates).values())
        if len(known) != 1:
            raise Unreadable(f"{name}: {message.kind} does not say its template; name one with --template")
        return (from_flat if message.kind == "FLAT" else from_structured)(message.data, known[0], self.clock)


def send_openehr(
    names: Iterable[str],
    to: str,
    ehr: str = "",
    subject: str = "",
    namespace: str = "",
    templates: tuple[str, ...] = (),
    clock: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone(),
) -> Iterator[tuple[str, Exchange]]:
    """(file, what became of it) for every template and every file, and before the first composition for the EHR that they go into.

    A file holds a composition in JSON, XML, FLAT or STRUCTURED, an OPT, or a request. Raises Unreadable for what is none of them, OSError for what cannot be
    opened, ValueError for an address that is none and for compositions without an EHR.
    """
    sender = _Sender(OpenehrClient(to), ehr, subject, namespace, templates, clock)
    for one in read_templates(templates).values():
        yield one.id, sender.to.upload(one)
    for name in every_file(names):
        message = parse(read_bytes(name))
        if not isinstance(message, OpenehrMessage) or message.status:
            raise Unreadable(f"{name}: expected something of openEHR, but found {message.name}")
        yield from sender.file(name, message)


def is_there_already(done: Exchange) -> bool:
    """Whether the repository had the template before: nobody has to mend that."""
    answer = done.answer
    template = done.transaction is not None and done.transaction.number == "openEHR template"
    return template and isinstance(answer, OpenehrMessage) and answer.status == "409"


def explained(done: Exchange) -> str:
    """What a repository says of a refusal: its message, and the path and the words of each error; "" where it refused nothing."""
    body = done.answer.data if isinstance(done.answer, OpenehrMessage) and done.refused else None
    if not isinstance(body, dict):
        return ""
    errors = [f"{one.get('path', '')} {one.get('says', '')}".strip() for one in body.get("errors") or () if isinstance(one, dict)]
    return "; ".join([str(body.get("message", "")), *errors])
