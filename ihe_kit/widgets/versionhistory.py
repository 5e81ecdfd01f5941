"""VersionHistory: every version of a composition or of an EHR_STATUS, who committed it, when and why, and what differs between two of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import traitlets

from ihe_kit.core import Packet
from ihe_kit.openehr import OpenehrMessage, from_wire
from ihe_kit.render import Comparison, clip, count, h, icon, tag
from ihe_kit.render.versions import Version, at, compared_html, read_version, side, versions_html
from ihe_kit.rest import request
from ihe_kit.verbs import difference, explain
from ihe_kit.widgets.base import front
from ihe_kit.widgets.watching import Watching

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

MOST = 100  # versions, and documents, that are listed
STATUS = "ehr_status"  # by this the EHR_STATUS is chosen
EVERY = """SELECT v/uid/value AS uid, c/name/value AS name, v/commit_audit/time_committed/value AS time
FROM EHR e[ehr_id/value=$ehr_id] CONTAINS VERSION v[ALL_VERSIONS] CONTAINS COMPOSITION c"""


class VersionHistory(Watching):
    """Shows the versions of one document of an EHR, and those that are committed from now on.

    `uid` names a composition, by any of its versions or by what they share, or is `ehr_status`; "" lists what there is, to choose from. `old` and
    `new` are the uids of the two versions that are compared. It looks in memory, so that looking leaves no trace on the wire.
    """

    _esm = front("kit.js", "versionhistory.js")
    uid = traitlets.Unicode().tag(sync=True)
    old = traitlets.Unicode().tag(sync=True)
    new = traitlets.Unicode().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, box: Sandbox, ehr_id: str, uid: str = "", **kwargs: Any) -> None:
        self.box, self.ehr_id, self.key = box, ehr_id, f"v{uuid4().hex[:8]}"
        self.versions: list[Version] = []
        self.problem = ""
        self._known: dict[str, Version] = {}  # a version never changes
        super().__init__(uid=uid.partition("::")[0], **kwargs)
        self.html = _SHELL
        self.observe(self._turn, "uid")
        self.observe(self._draw, ["old", "new"])
        self.watch(box.wire)

    def refresh(self) -> None:
        """Reads the versions anew. Who compares the last two goes on to do so when there is a new one; a stopped sandbox keeps its last picture."""
        if self.box.wire.ended:
            self.view = {**self.view, "ended": True}
            return
        latest = not self.versions or self.new == self.versions[0].uid
        self.versions = self._read()
        there = [one.uid for one in self.versions if one.message]
        if latest or self.new not in there:
            self._choose(there)
        else:
            self._draw()

    def answer_pick(self, side: str, uid: str) -> None:
        """A radio button: the version to compare, or the one to compare it with."""
        if any(one.uid == uid for one in self.versions):
            setattr(self, side if side == "old" else "new", uid)

    def answer_document(self, uid: str) -> None:
        """Another document of the EHR."""
        self.uid = uid

    def documents(self) -> list[tuple[str, str]]:
        """What has versions in this EHR, as (uid, words): what it is called, when it was first committed, the beginning of its uid."""
        found: dict[str, list[list[Any]]] = {}
        body = {"q": EVERY, "query_parameters": {"ehr_id": self.ehr_id}}
        rows = (self._ask("POST", "query/aql", json.dumps(body)) or {}).get("rows", [])
        for row in sorted(rows, key=lambda row: str(row[2])):
            found.setdefault(str(row[0]).partition("::")[0], []).append(row)
        listed = [
            (uid, f"{clip(str(many[-1][1]), 40)}, {str(many[0][2])[:16].replace('T', ' ')}, {clip(uid, 9)}") for uid, many in found.items()
        ]
        return [(STATUS, "EHR_STATUS: whose record it is"), *listed[-MOST:]]

    def twin(self) -> str:
        """The table and the comparison."""
        head = f'<div class="kit-head">{_HEAD} <span class="kit-meta">{self.view["facts"]}</span></div>'
        table = versions_html(self.versions, self.old, self.new, self.key, static=True) if self.versions else ""
        return f'<div class="kit is-static" role="group" aria-label="VersionHistory">{head}{self._empty()}{table}{self._compared()}</div>'

    # Inside

    def _ask(self, method: str, target: str, body: str = "") -> Any:
        """What the repository answers, as data; None where it refuses, or has no such thing."""
        headers = [("accept", "application/json"), *([("content-type", "application/json")] if body else [])]
        text = request(method, f"{OpenehrMessage.base}/{target}", body, headers)
        answer = from_wire(self.box.actors["openEHR repository"].receive(Packet("http", text.encode())))
        return answer.data if isinstance(answer, OpenehrMessage) and answer.status[:1] == "2" and answer.body.strip() else None

    def _base(self) -> str:
        where = f"ehr/{quote(self.ehr_id, safe='')}"
        return f"{where}/versioned_ehr_status" if self.uid == STATUS else f"{where}/versioned_composition/{quote(self.uid, safe='')}"

    def _read(self) -> list[Version]:
        """The versions, the latest first."""
        self.problem = ""
        if not self.uid:
            return []
        history = self._ask("GET", f"{self._base()}/revision_history")
        items = history.get("items") if isinstance(history, dict) else None
        if not isinstance(items, list):
            self.problem = f"The EHR {self.ehr_id} has no document {self.uid}."
            return []
        uids = sorted((at(one, "version_id/value") for one in items), key=_number, reverse=True)
        return [self._version(uid) for uid in uids[:MOST]]

    def _version(self, uid: str) -> Version:
        if uid not in self._known:
            self._known[uid] = read_version(uid, self._ask("GET", f"{self._base()}/version/{quote(uid, safe=':')}"))
        return self._known[uid]

    def _turn(self, _: Any = None) -> None:
        self.uid = self.uid.partition("::")[0]
        self.versions = []
        self.refresh()

    def _choose(self, there: list[str]) -> None:
        """The latest version with content, and the one before it."""
        with self.hold_trait_notifications():
            self.new, self.old = (there[0] if there else ""), (there[1] if len(there) > 1 else "")
        self._draw()

    def _draw(self, _: Any = None) -> None:
        options = "".join(
            f'<option value="{h(uid)}"{" selected" * (uid == self.uid)}>{h(words)}</option>' for uid, words in self.documents()
        )
        first = "" if self.uid else '<option value="" selected>Choose a document ...</option>'
        self.view = {
            "facts": count(len(self.versions), "version") if self.versions else "",
            "documents": first + options,
            "table": versions_html(self.versions, self.old, self.new, self.key) if self.versions else self._empty(),
            "compared": self._compared(),
            "ended": False,
        }

    def _empty(self) -> str:
        says = self.problem or (
            "" if self.uid else "Choose a document of this EHR: its versions appear here, and what differs between two of them."
        )
        return f'<div class="kit-empty"><p>{h(says)}</p></div>' if says and not self.versions else ""

    def _compared(self) -> str:
        if not self.versions:
            return ""
        old, new = (next((one for one in self.versions if one.uid == uid), None) for uid in (self.old, self.new))
        view = None
        if old and new and old.message and new.message and old is not new:
            unequal = ("/uid",)  # of any two versions
            view = Comparison(side(old), side(new), difference(old.message, new.message, ignore=unequal))
        return compared_html(old, new, view, explain)


def _number(uid: str) -> int:
    last = uid.rpartition("::")[2]
    return int(last) if last.isdecimal() and len(last) < 10 else 0


_HEAD = f'<h3 class="jp-toc-ignore">Versions</h3> {tag("openehr")}'
_SHELL = f"""<div class="kit" role="group" aria-label="VersionHistory"><div class="kit-head">{_HEAD}<span class="kit-meta kit-grow" role="status" data-facts></span>
<select class="kit-btn small" data-document aria-label="Document"></select></div>
<div class="kit-off" data-ended hidden>{icon("info")}These systems were stopped, so nothing new arrives here. Draw it again for those that run now.</div>
<div data-table-of></div><div class="kit-openehr" data-compared></div></div>"""
