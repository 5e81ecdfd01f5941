"""One resource, or one version of it: its tree with the explanation of the chosen element, JSON, XML, the findings, and its narrative as text."""

from __future__ import annotations

from html.parser import HTMLParser

from ihe_kit.fhir import FhirMessage, as_xml, conform
from ihe_kit.render import Outline, count, findings_html, h, summary_html, tag, text_html, value, visible
from ihe_kit.site.people import name
from ihe_kit.site.shell import head, page, problem, tabs
from ihe_kit.site.structure import structure_html
from ihe_kit.site.visit import Reply, Visit, reasons
from ihe_kit.verbs import explain

TOLD = 4000  # characters of a narrative
_VIEWS = {"tree": "Tree", "json": "JSON", "xml": "XML", "findings": "Findings"}


def show(visit: Visit, kind: str, id: str, version: str = "") -> Reply:
    """The page, or a page that says that there is no such resource, or that it was deleted."""
    answer = visit.ask(f"{kind}/{id}" + (f"/_history/{version}" if version else ""))
    if answer.status != "200":
        return _absent(visit, kind, id, answer)
    message = FhirMessage(answer.body)
    view = visit.option("view") if visit.option("view") in _VIEWS else "tree"
    body = {"tree": _tree, "json": _json, "xml": _xml, "findings": _findings}[view](visit, message)
    main = _head(visit, kind, id, version, answer) + _tabs(visit, view) + f'<div class="body" data-part="body">{body}</div>'
    return page(visit, f"{kind}/{id}", main)


def _absent(visit: Visit, kind: str, id: str, answer: FhirMessage) -> Reply:
    says = " ".join(reasons(answer))
    if answer.status == "410":
        past = f'<p><a href="{visit.link(f"{kind}/{id}/_history")}">What it was before</a></p>'
        main = head(f"{h(kind)}/{h(id)}", "deleted") + f'<div class="kit-empty"><p>{visible(says)}</p>{past}</div>'
        return page(visit, f"{kind}/{id}", main, status=410)
    return problem(visit, int(answer.status), f"{kind}/{id} is not here", says)


def _head(visit: Visit, kind: str, id: str, version: str, answer: FhirMessage) -> str:
    number = answer.headers.get("etag", "").strip('W/"')
    told = (
        f"version {h(number)}"
        + (", as it was then" if version else "")
        + f" · {h(answer.headers.get('last-modified', ''))} · {count(len(answer.body.encode('utf-8', 'replace')), 'byte')}"
    )
    now = f'<a class="kit-btn small" href="{visit.link(f"{kind}/{id}")}">Current version</a>' if version else ""
    past = f'<a class="kit-btn small" href="{visit.link(f"{kind}/{id}/_history")}">History</a>'
    called = value(name(answer.values), 60)
    title = f'<a href="{visit.link(kind)}">{h(kind)}</a>/{h(id)} {f"<span class=who>{called}</span>" if called else ""}'
    return head(title, told, tag("fhir") + now + past)


def _tabs(visit: Visit, view: str) -> str:
    return tabs("Views", [(words, visit.link(visit.path, [("view", key)]), key == view) for key, words in _VIEWS.items()])


def _tree(visit: Visit, message: FhirMessage) -> str:
    told = narrative(message)
    says = (
        f'<section class="kit-told" aria-labelledby="told"><h2 id="told">Narrative, as text</h2><p>{visible(told)}</p></section>'
        if told
        else ""
    )
    return says + structure_html(visit, message)


def _json(visit: Visit, message: FhirMessage) -> str:
    return text_html(Outline(message, explain, link=visit.target))


def _xml(visit: Visit, message: FhirMessage) -> str:
    try:
        return text_html(Outline(as_xml(message), explain, link=visit.target))
    except ValueError as reason:  # a character that XML cannot have
        return f'<div class="kit-empty"><h2>There is no XML of this resource</h2><p>{visible(str(reason))}</p></div>'


def _findings(_: Visit, message: FhirMessage) -> str:
    found = conform(message)
    lists = findings_html(found, "fhir", static=True)
    return f'<div class="kit-body kit-sum">{summary_html(found)}<span class="kit-quiet">against FHIR R4 itself</span></div>{lists}'


# The narrative -----------------------------------------------------------------------------------------------------------------------


class _Text(HTMLParser):
    """Collects what a narrative says, and none of its marks; a block begins a line of its own."""

    _BLOCKS = frozenset(
        ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "dt", "dd", "pre", "hr")
    )
    _SILENT = frozenset(("script", "style"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        self.pieces.append("\n" if tag in self._BLOCKS else " " if tag in ("td", "th") else "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self._SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        self.pieces.append("" if self._silent else data)


def narrative(message: FhirMessage) -> str:
    """What the narrative of a resource says, without any of its marks; "" for none."""
    text = message.values.get("text") if isinstance(message.values, dict) else None
    div = text.get("div") if isinstance(text, dict) else None
    if not isinstance(div, str):
        return ""
    reader = _Text()
    reader.feed(div)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(filter(None, lines))[:TOLD]
