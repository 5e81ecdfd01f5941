"""SearchBuilder: a FHIR search in a form and as the URL that grows with it, in plain words; it is sent over the wire, and the hits stand below."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import traitlets

from ihe_kit.exchanges import Exchange
from ihe_kit.fhir.in_short import about
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.fhir.search_url import Part, SearchUrl, read_url
from ihe_kit.fhir.search_words import sentence, word
from ihe_kit.render import h, tag
from ihe_kit.render.search import Hit, form_html, hits_html, marked, piece_html, refused_html, url_html
from ihe_kit.rest import request
from ihe_kit.verbs import exchange
from ihe_kit.widgets.base import COPY, KitWidget, front
from ihe_kit.widgets.searchform import SHAPES, asks, changed, kind_field, pieces, table

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

_ACCEPT = [("accept", "application/fhir+json")]


class SearchBuilder(KitWidget):
    """Builds a search: `text` is the URL behind the server's address; set it, or read what the reader built. `run()` asks the sandbox's FHIR server.

    `exchange` is the last one; `hits` what it found. Nothing raises for what the text holds: what a server would not understand is said beside it.

    >>> SearchBuilder(None, "Patient?family=Berg").sentence
    'Every Patient whose `family` begins with “Berg”.'
    """

    _esm = front("kit.js", "combobox.js", "searchbuilder.js")
    text = traitlets.Unicode().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    found = traitlets.Unicode().tag(sync=True)  # what came back, as HTML

    def __init__(self, box: Sandbox | None = None, text: str = "", **kwargs: Any) -> None:
        self.box, self.key = box, f"s{uuid4().hex[:8]}"
        self.search = read_url(text)
        self.exchange: Exchange | None = None
        self.hits: list[Hit] = []
        self._links: dict[str, str] = {}
        self._page = 1
        super().__init__(text=str(self.search), **kwargs)
        self.html = self._html()
        self._show()
        self.observe(self._given, "text")

    @property
    def sentence(self) -> str:
        """The search in plain words."""
        return sentence(self.search)

    def run(self) -> Exchange:
        """Asks the server, over the wire. Raises ValueError where there is no sandbox to ask."""
        self._page = 1
        return self._ask(f"{FhirMessage.base}/{self.search}")

    def next(self) -> Exchange:
        """Follows the link to the next page. Raises ValueError where the last answer has none."""
        if "next" not in self._links:
            raise ValueError("there is no next page: the last answer has no link of that name")
        self._page += 1
        return self._ask(re.sub(r"^https?://[^/]*", "", self._links["next"]))

    # What the front end asks

    def answer_read(self, text: str) -> None:
        """The reader typed or pasted a URL."""
        self._become(read_url(text))

    def answer_put(self, path: str, value: str) -> None:
        """A control was changed."""
        self._become(changed(self.search, path, value))

    def answer_add(self, name: str) -> int:
        """One more part; gives its number."""
        number = len(self.search.parts)
        value = {"_count": "10", "_include": f"{self.search.kind}:"}.get(name, "")
        self._become(self.search.put(number, Part(name, value)))
        return number

    def answer_remove(self, number: int) -> None:
        """Takes a part away."""
        self._become(self.search.without(number))

    def answer_more(self, number: int) -> int:
        """One more value for a part; gives its number."""
        part = self.search.parts[number]
        self._become(self.search.put(number, Part(part.name, f"{part.value},")))
        return len(part.values)

    def answer_less(self, number: int, value: int) -> None:
        """Takes a value of a part away."""
        part = self.search.parts[number]
        values = part.values[:value] + part.values[value + 1 :]
        self._become(self.search.put(number, Part(part.name, ",".join(values))))

    def answer_codes(self, name: str) -> dict[str, Any]:
        """What a combobox offers; whatever else is typed stays, and a server may refuse it."""
        title, codes = table(name)
        return {"title": title, "codes": codes, "free": True}

    def answer_run(self) -> None:
        """The button Run."""
        self.run()

    def answer_next(self) -> None:
        """The button Next page."""
        if "next" in self._links:
            self.next()

    def twin(self) -> str:
        """The URL in parts with what each does, the sentence, and what came back."""
        parts = url_html(pieces(self.search), static=True)
        words = f'<p class="kit-body">{marked(self.sentence)}</p><div class="kit-body"><code>GET {h(f"{FhirMessage.base}/{self.search}")}</code></div>'
        return f'<div class="kit is-static" role="group" aria-label="SearchBuilder"><div class="kit-head">{_HEAD}</div>{words}{parts}{self._found(static=True)}</div>'

    # Inside

    def _become(self, search: SearchUrl) -> None:
        self.search = search
        self.text = str(search)
        self._show()

    def _given(self, change: Any) -> None:
        if change["new"] != str(self.search):
            self._become(read_url(change["new"]))

    def _show(self) -> None:
        parts = pieces(self.search)
        self.view = {
            "form": form_html(kind_field(self.search), asks(self.search), self.key),
            "url": url_html(parts),
            "cards": [piece_html(piece, number) for number, piece in enumerate(parts)],
            "sentence": marked(self.sentence),
        }

    def _ask(self, url: str) -> Exchange:
        if self.box is None:
            raise ValueError("nobody to ask: expected SearchBuilder(box) with a running sandbox")
        self.exchange = exchange("FHIR", FhirMessage(request("GET", url, headers=_ACCEPT)), self.box)
        values = self.exchange.answer.values if isinstance(self.exchange.answer, FhirMessage) else None
        self.hits, self._links = _hits(values), _linked(values)
        self.found = self._found()
        return self.exchange

    def _found(self, static: bool = False) -> str:
        if self.exchange is None:
            return ""
        where = f"exchange {self.exchange.number} on the wire, {self.exchange.took * 1000:.0f} ms"
        answer = self.exchange.answer
        values = answer.values if isinstance(answer, FhirMessage) else None
        if not isinstance(values, dict) or values.get("resourceType") != "Bundle" or self.exchange.refused:
            return refused_html(answer.name if answer else self.exchange.lost, values, where)
        total = values.get("total")
        return hits_html(self.hits, total if isinstance(total, int) else None, self._links, where, static, self._page)

    def _html(self) -> str:
        run = '<button type="button" class="kit-btn primary" data-run>Run</button>' if self.box is not None else ""
        head = f'<div class="kit-head">{_HEAD}<span class="kit-grow"></span>{COPY}</div>'
        line = '<input class="kit-input mono" data-line aria-label="The search as a URL: type or paste one" spellcheck="false" autocomplete="off">'
        bar = f'<div class="kit-strip kit-bar"><code>GET</code><code class="kit-quiet kit-base">{h(self._base())}/</code>{line}{run}</div>'
        shapes = "".join(f'<option value="{name}">{name}: {h(told.label)}</option>' for name in SHAPES if (told := word("result", name)))
        add = '<button type="button" class="kit-btn small" data-add>Add a condition</button>'
        add += f'<select class="kit-btn small" data-shape aria-label="Shape the answer"><option value="">Shape the answer ...</option>{shapes}</select>'
        left = f'<div><div class="kit-pane-head">What to look for</div><form class="kit-form kit-fhir" data-form></form><div class="kit-foot">{add}</div></div>'
        right = '<div><div class="kit-pane-head">What each part of the URL does</div><div data-url></div><section class="kit-fhir kit-about" data-card aria-live="polite"></section></div>'
        words = '<p class="kit-sentence" role="status" data-sentence></p>'
        panes = f'<div class="kit-panes kit-search" style="--panes:minmax(0,1fr) minmax(0,1fr)">{left}{right}</div>'
        return f'<div class="kit" role="group" aria-label="SearchBuilder" data-key="{self.key}">{head}{bar}{words}{panes}<div data-found></div></div>'

    def _base(self) -> str:
        addresses = self.box.addresses if self.box is not None else {}
        return next((url for actor, url in addresses.items() if actor == "Patient Demographics Supplier"), FhirMessage.base)


_HEAD = f'<h3 class="jp-toc-ignore">Search</h3> {tag("fhir")}'


def _hits(values: Any) -> list[Hit]:
    """The entries of a Bundle; what is no resource is left out."""
    listed = values.get("entry") if isinstance(values, dict) else None
    found = []
    for one in listed if isinstance(listed, list) else ():
        resource = one.get("resource") if isinstance(one, Mapping) else None
        if isinstance(resource, dict):
            search = one.get("search")
            mode = str(search.get("mode", "")) if isinstance(search, dict) else ""
            said = (
                " ".join(str(i.get("diagnostics", "")) for i in resource.get("issue", ()) if isinstance(i, dict))
                if mode == "outcome"
                else about(resource)
            )
            found.append(Hit(str(resource.get("resourceType", "")), str(resource.get("id", "")), said, mode))
    return found


def _linked(values: Any) -> dict[str, str]:
    listed = values.get("link") if isinstance(values, dict) else None
    return {str(one.get("relation")): str(one.get("url")) for one in listed if isinstance(one, dict)} if isinstance(listed, list) else {}
