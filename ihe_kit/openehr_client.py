"""A client of openEHR's REST API, in the words of the standard: EHRs, templates, compositions, their versions, directories, queries.

    client = OpenehrClient(box)
    client.upload("kit_vital_signs.v1")                              201 Created
    ehr = ehr_id(client.create_ehr("4711", "urn:oid:2.999.10.1"))    201 Created
    kept = client.commit(ehr, composition)                           201 Created, the version in its ETag
    client.update(ehr, uid, changed, if_match=version_uid)           200 OK, or 412 where somebody was faster
    client.query("SELECT c FROM EHR e CONTAINS COMPOSITION c")       200, a result set

Every verb is one request of ITS-REST 1.0.3. It gives the Exchange, whatever the answer is, and the sandbox's wire keeps it. An object is given as
data, as text or as a message; a text goes out as it is, so that a broken one can be sent, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ihe_kit import transactions
from ihe_kit.core import Packet
from ihe_kit.exchanges import Exchange, Peer, Wire, perform
from ihe_kit.ihe import Transaction
from ihe_kit.json_text import written
from ihe_kit.openehr import OPENEHR, OpenehrMessage, Template, template
from ihe_kit.openehr.build import ehr_status
from ihe_kit.region import Sandbox
from ihe_kit.rest import request
from ihe_kit.transports import peer

Object = OpenehrMessage | Mapping[str, Any] | str

JSON, XML, FLAT = "application/json", "application/xml", "application/openehr.wt.flat+json"
WEB_TEMPLATE = "application/openehr.wt+json"


class OpenehrClient:
    """Asks the openEHR repository of a sandbox, or the one at an address such as `http://127.0.0.1:8080/rest/openehr/v1`.

    `base` is the repository's address: what every URL of the API begins with. What crosses is kept on the sandbox's wire, or on one of the
    client's own (`wire`). `audit` says who commits and why, until it is changed: `client.audit = {"committer.name": "Jonas Dahl"}`. Raises
    ValueError for an address that is none.
    """

    plays = ("openEHR client",)

    def __init__(self, to: Sandbox | str) -> None:
        self.box = None if isinstance(to, str) else to
        self.base = to.rstrip("/") if isinstance(to, str) else to.addresses["openEHR repository"]
        self.wire = Wire() if isinstance(to, str) else to.wire
        self.audit: dict[str, str] = {}
        self._peer()  # says at once where an address is none

    def _peer(self) -> Peer:
        """The repository. Whoever listens at an address keeps what comes on a wire of its own, even where that is a sandbox in this process."""
        return self.box.peer("openEHR repository") if self.box else replace(peer(self.base), recorded=False)

    # EHRs

    def create_ehr(self, subject_id: str = "", namespace: str = "", ehr_id: str = "") -> Exchange:
        """POST a new EHR: of a patient, by the number and who gave it out, or of nobody yet. With an `ehr_id`, PUT it there."""
        body = ehr_status(subject_id, namespace) if subject_id or namespace else ""
        return self.ask("PUT" if ehr_id else "POST", f"ehr/{ehr_id}" if ehr_id else "ehr", body)

    def find_ehr(self, subject_id: str, namespace: str) -> Exchange:
        """GET the EHR of a patient. The number alone identifies nobody: two hospitals may both have a 4711."""
        return self.ask("GET", f"ehr?{urlencode({'subject_id': subject_id, 'subject_namespace': namespace})}")

    def read_ehr(self, ehr_id: str) -> Exchange:
        """GET an EHR: when it was made, and which EHR_STATUS it has."""
        return self.ask("GET", f"ehr/{ehr_id}")

    def ehr_status(self, ehr_id: str, at: str = "") -> Exchange:
        """GET the EHR_STATUS, which says whose the EHR is: the one that holds now, or held at a time."""
        return self.ask("GET", f"ehr/{ehr_id}/ehr_status{_at(at)}")

    def update_status(self, ehr_id: str, status: Object, if_match: str) -> Exchange:
        """PUT a new version of the EHR_STATUS, made from the version in `if_match`."""
        return self.ask("PUT", f"ehr/{ehr_id}/ehr_status", status, if_match=_quoted(if_match))

    # Templates

    def upload(self, one: Template | str) -> Exchange:
        """POST a template: one of the kit's by its id, a Template, or the XML of an OPT. 409 where it is there already."""
        text = one.text if isinstance(one, Template) else one if one.lstrip("\ufeff \r\n\t").startswith("<") else template(one).text
        return self.ask("POST", "definition/template/adl1.4", text, content_type=XML, accept=XML)

    def templates(self) -> Exchange:
        """GET the list of templates."""
        return self.ask("GET", "definition/template/adl1.4")

    def template(self, template_id: str, web: bool = False) -> Exchange:
        """GET a template as the OPT that was uploaded; `web`: as a web template, JSON from which forms and FLAT keys are made."""
        return self.ask("GET", f"definition/template/adl1.4/{quote(template_id)}", accept=WEB_TEMPLATE if web else XML)

    def example(self, template_id: str, accept: str = JSON) -> Exchange:
        """GET a composition that the repository makes from a template."""
        return self.ask("GET", f"definition/template/adl1.4/{quote(template_id)}/example", accept=accept)

    # Compositions

    def commit(self, ehr_id: str, composition: Object, template_id: str = "") -> Exchange:
        """POST a composition: its first version. With a `template_id`, the composition is FLAT, keys and values."""
        return self.ask("POST", f"ehr/{ehr_id}/composition", composition, **_simplified(template_id))

    def read(self, ehr_id: str, uid: str, at: str = "", accept: str = "") -> Exchange:
        """GET a composition: a version (`uuid::system::2`), or by the uuid alone the latest one, or the one at a time. 204 where it is deleted."""
        return self.ask("GET", f"ehr/{ehr_id}/composition/{uid}{_at(at)}", accept=accept)

    def update(self, ehr_id: str, uid: str, composition: Object, if_match: str, template_id: str = "") -> Exchange:
        """PUT a new version, made from the version in `if_match`; 412 where another one is the latest. Of `uid` only the uuid counts."""
        where = f"ehr/{ehr_id}/composition/{uid.partition('::')[0]}"
        return self.ask("PUT", where, composition, if_match=_quoted(if_match), **_simplified(template_id))

    def delete(self, ehr_id: str, version_uid: str) -> Exchange:
        """DELETE the latest version, by its whole identifier. It is a new version without content: what was there can still be read."""
        return self.ask("DELETE", f"ehr/{ehr_id}/composition/{version_uid}")

    def versions(self, ehr_id: str, uid: str) -> Exchange:
        """GET the revision history of a composition: who changed it when and why."""
        return self.ask("GET", f"ehr/{ehr_id}/versioned_composition/{uid.partition('::')[0]}/revision_history")

    def version(self, ehr_id: str, uid: str, at: str = "") -> Exchange:
        """GET a version as it was committed, an ORIGINAL_VERSION: by its identifier, or by the uuid alone the latest, or the one at a time."""
        one = f"/{uid}" if uid.count("::") == 2 else ""
        return self.ask("GET", f"ehr/{ehr_id}/versioned_composition/{uid.partition('::')[0]}/version{one}{_at(at)}")

    def status_versions(self, ehr_id: str) -> Exchange:
        """GET the revision history of the EHR_STATUS: whose the EHR was, when."""
        return self.ask("GET", f"ehr/{ehr_id}/versioned_ehr_status/revision_history")

    # The directory

    def directory(self, ehr_id: str, path: str = "", at: str = "") -> Exchange:
        """GET the directory, or the folder at a path such as `episodes/2025`; now, or at a time."""
        asked = {name: value for name, value in (("path", path), ("version_at_time", at)) if value}
        return self.ask("GET", f"ehr/{ehr_id}/directory{'?' if asked else ''}{urlencode(asked)}")

    def create_directory(self, ehr_id: str, folder: Object) -> Exchange:
        """POST a FOLDER, the root of the directory; 409 where there is one."""
        return self.ask("POST", f"ehr/{ehr_id}/directory", folder)

    def update_directory(self, ehr_id: str, folder: Object, if_match: str) -> Exchange:
        """PUT a new version of the whole directory."""
        return self.ask("PUT", f"ehr/{ehr_id}/directory", folder, if_match=_quoted(if_match))

    def delete_directory(self, ehr_id: str, if_match: str) -> Exchange:
        """DELETE the directory. What its folders referred to stays."""
        return self.ask("DELETE", f"ehr/{ehr_id}/directory", if_match=_quoted(if_match))

    # Contributions

    def contribution(self, ehr_id: str, versions: Sequence[Mapping[str, Any]] | Object | str) -> Exchange:
        """POST several versions at once, all or none: a list of them, or a whole CONTRIBUTION. With an identifier, GET that one."""
        if isinstance(versions, str) and "{" not in versions and "<" not in versions:
            return self.ask("GET", f"ehr/{ehr_id}/contribution/{versions}")
        several = isinstance(versions, Sequence) and not isinstance(versions, str)
        body: Any = {"_type": "CONTRIBUTION", "versions": versions} if several else versions
        return self.ask("POST", f"ehr/{ehr_id}/contribution", body)

    # Queries

    def query(
        self, aql: str, parameters: Mapping[str, Any] | None = None, offset: int | None = None, fetch: int | None = None, ehr_id: str = ""
    ) -> Exchange:
        """POST a query in AQL: a result set with columns and rows, which `openehr.table` makes a table of. $names are filled by `parameters`."""
        return self.ask("POST", "query/aql", _asked(parameters, offset, fetch, ehr_id) | {"q": aql})

    def store_query(self, name: str, aql: str, version: str = "") -> Exchange:
        """PUT a query under a name such as `org.example::high_pressures`."""
        return self.ask("PUT", f"definition/query/{name}{'/' if version else ''}{version}", aql, content_type="text/plain")

    def stored_query(
        self, name: str, parameters: Mapping[str, Any] | None = None, offset: int | None = None, fetch: int | None = None
    ) -> Exchange:
        """POST the name of a stored query, to be answered."""
        return self.ask("POST", f"query/{name}", _asked(parameters, offset, fetch, ""))

    def ask(self, method: str, target: str, body: Object = "", **headers: str) -> Exchange:
        """Any request: `ask("GET", "ehr/7d44b88c", accept="application/xml")`. Headers are written with _ for -; an empty one is left out."""
        text = body.body if isinstance(body, OpenehrMessage) else body if isinstance(body, str) else written(dict(body))
        given = {name.replace("_", "-"): value for name, value in headers.items() if value}
        named = {"host": urlsplit(self.base).netloc, "accept": JSON} | ({"content-type": _media(text)} if text else {})
        if method in ("POST", "PUT"):
            named["prefer"] = "return=representation"
        if method != "GET" and self.audit and "query" not in target:
            named["openehr-audit-details"] = ", ".join(f'{name}="{value}"' for name, value in self.audit.items())
        url = f"{urlsplit(self.base).path}/{target}".rstrip("/")
        return self.send(request(method, url, text, list((named | given).items())))

    def send(self, text: str) -> Exchange:
        """A whole request as somebody wrote it, from its first line to the end of its body."""
        packet = Packet("http", text.encode())
        return perform(_transaction(packet), packet, self._peer(), self.wire)


def _transaction(packet: Packet) -> Transaction:
    """The transaction that a request belongs to; what is odd is shown as the first of openEHR's."""
    every = [one for one in transactions().values() if one.standard is OPENEHR]
    try:
        message = OPENEHR.from_wire(packet)
    except ValueError:  # a broken body, which is sent all the same
        message = OPENEHR.from_wire(Packet("http", packet.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"))
    return next((one for one in every if one.recognises(message)), every[0])


def _media(text: str) -> str:
    return XML if text.lstrip("\ufeff \r\n\t").startswith("<") else JSON


def _simplified(template_id: str) -> dict[str, str]:
    return {"content_type": FLAT, "openehr_template_id": template_id} if template_id else {}


def _quoted(uid: str) -> str:
    """A version in If-Match: an entity tag stands in quotes."""
    return f'"{uid}"' if uid and not uid.startswith(('"', "W/")) else uid


def _at(moment: str) -> str:
    return f"?{urlencode({'version_at_time': moment})}" if moment else ""


def _asked(parameters: Mapping[str, Any] | None, offset: int | None, fetch: int | None, ehr_id: str) -> dict[str, Any]:
    asked = {"query_parameters": dict(parameters or {}), "offset": offset, "fetch": fetch, "ehr_id": ehr_id}
    return {name: value for name, value in asked.items() if value not in (None, "", {})}
