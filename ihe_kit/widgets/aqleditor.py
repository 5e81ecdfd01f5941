"""AqlEditor: a query of the openEHR repository, checked and completed while one types; sent over the wire, its rows as a table and a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import traitlets

from ihe_kit.core import Unreadable
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import OpenehrMessage, Template, load, template
from ihe_kit.openehr.aql import explain_aql, read_aql
from ihe_kit.openehr.aql_completion import completions, unit
from ihe_kit.openehr.opt import own
from ihe_kit.profiles import candidates
from ihe_kit.render import h, icon, tag, visible
from ihe_kit.render.results import Page, page_html, plan_html, refusal_html, sent_html
from ihe_kit.rest import request
from ihe_kit.verbs import exchange
from ihe_kit.widgets.base import COPY, KitWidget, front
from ihe_kit.widgets.validator import note_html, plain, underlined

if TYPE_CHECKING:
    from ihe_kit.region import Sandbox

PAGE = 20  # rows of a page
MOST = 100_000  # characters of a query


class AqlEditor(KitWidget):
    """Asks the openEHR repository of a sandbox in AQL. `text` is the query, `parameters` the values of its $names; `run()` sends it.

    `exchange` is the last one, `columns` and `rows` what it brought: a page of it, where the query sets no LIMIT of its own. Nothing raises for
    what the text holds: what cannot be read is underlined, with what was expected.

    >>> AqlEditor(None, "SELECT e/ehr_id/value FORM EHR e").problem.column
    23
    """

    _esm = front("kit.js", "mirror.js", "aqleditor.js")
    text = traitlets.Unicode().tag(sync=True)
    parameters = traitlets.Dict().tag(sync=True)
    turn = traitlets.Int().tag(sync=True)  # counts what was typed, so that the front end knows which text a report is about
    report = traitlets.Dict().tag(sync=True)
    found = traitlets.Unicode().tag(sync=True)  # what came back, as HTML

    def __init__(self, box: Sandbox | None = None, text: str = "", parameters: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        self.box, self.key = box, f"q{uuid4().hex[:8]}"
        self.exchange: Exchange | None = None
        self.columns: list[dict[str, str]] = []
        self.rows: list[list[Any]] = []
        self._first, self._asked = 0, ""
        super().__init__(text=text, parameters=dict(parameters or {}), **kwargs)
        self.html = self._html()
        self._check()
        self.observe(self._check, "text")

    @property
    def problem(self) -> Unreadable | None:
        """Why the query cannot be read; None for one that can, and for an empty one."""
        try:
            if self.text.strip():
                read_aql(self.text)
        except Unreadable as problem:
            return problem
        return None

    @property
    def names(self) -> list[str]:
        """The parameters that the query needs, in its order; none where it cannot be read."""
        return read_aql(self.text).parameters if self.text.strip() and not self.problem else []

    @cached_property
    def _own_templates(self) -> list[Template]:
        return [template(name) for name in own()]

    @property
    def templates(self) -> list[Template]:
        """The templates of the repository; the kit's own where it has none yet."""
        texts = [document.text for document in self.box.store.select("TEMPLATE")] if self.box is not None else []
        return [load(text) for text in texts] or self._own_templates

    def run(self) -> Exchange:
        """Asks the repository, over the wire. Raises ValueError where there is no sandbox to ask."""
        self._first, self._asked = 0, self.text
        return self._ask()

    # What the front end asks

    def answer_complete(self, text: str, at: int) -> list[list[Any]]:
        """What may be written at a place: [text, kind, words, start, end] each."""
        return [[one.text, one.kind, one.says, one.start, one.end] for one in completions(text[:MOST], at, self.templates)]

    def answer_run(self) -> None:
        """The button Run."""
        self.run()

    def answer_turn(self, back: bool) -> None:
        """Another page: of the rows that are here, or of the server's."""
        self._first = max(self._first + (-PAGE if back else PAGE), 0)
        if self._limited:
            self.found = self._found()
        else:
            self._ask()

    def twin(self) -> str:
        """The query, what is wrong with it, and what came back."""
        text = f'<pre class="kit-raw kit-openehr" tabindex="0" role="group" aria-label="Query">{visible(self.text[:20_000])}</pre>'
        values = "".join(f"<li><code>${h(name)}</code> {visible(str(self.parameters.get(name, '')))}</li>" for name in self.names)
        body = f"{text}{f'<ul class=kit-body>{values}</ul>' if values else ''}{self._note(static=True)}{self._found(static=True)}"
        return f'<div class="kit is-static" role="group" aria-label="AqlEditor"><div class="kit-head">{_HEAD}</div>{body}</div>'

    # Inside

    @property
    def _limited(self) -> bool:
        """Whether the query that was asked says itself how many rows it wants, so that all of them are here."""
        try:
            return read_aql(self._asked).limit is not None
        except Unreadable:
            return True

    def _ask(self) -> Exchange:
        if self.box is None:
            raise ValueError("nobody to ask: expected AqlEditor(box) with a running sandbox")
        paging = {} if self._limited else {"offset": self._first, "fetch": PAGE + 1}  # one more says whether there is another page
        known = {name: _typed(self.parameters.get(name, "")) for name in self.names if self.parameters.get(name, "") != ""}
        body = {"q": self._asked, **paging, **({"query_parameters": known} if known else {})}
        text = json.dumps(body, ensure_ascii=False, indent=2)
        headers = [("accept", "application/json"), ("content-type", "application/json")]
        message = OpenehrMessage(request("POST", f"{OpenehrMessage.base}/query/aql", text, headers))
        self.exchange = exchange(next(iter(candidates(message)), "openEHR ehr"), message, self.box)
        self.columns, self.rows = _result(self.exchange)
        self.found = self._found()
        return self.exchange

    def _found(self, static: bool = False) -> str:
        if self.exchange is None:
            return ""
        where = f"exchange {self.exchange.number} on the wire, {self.exchange.took * 1000:.0f} ms"
        sent = sent_html(self.exchange.request.text if self.exchange.request else "")
        answer = self.exchange.answer
        if not self.columns:
            name = answer.name if answer else "no answer"
            return refusal_html(name, _says(answer) or self.exchange.lost or name, where) + sent
        here = self.rows[self._first : self._first + PAGE] if self._limited else self.rows[:PAGE]
        more = len(self.rows) > (self._first + PAGE if self._limited else PAGE)
        total = len(self.rows) if self._limited else self._first + len(here) if not more else None
        names, paths = (tuple(str(column.get(key, "")) for column in self.columns) for key in ("name", "path"))
        page = Page(names, paths, tuple(tuple(row) for row in here), self._first, more, total)
        return page_html(page, where, static, self._units()) + plan_html(self._plan(self._asked)) + sent

    def _units(self) -> list[str]:
        """In what each column is measured, as far as the templates say."""
        known = self.templates
        return [unit(self._asked, column.text.split()[0], known) for column in read_aql(self._asked).columns]

    def _plan(self, text: str) -> list[tuple[str, str]]:
        try:
            return explain_aql(text)
        except Unreadable:
            return []

    def _check(self, _: Any = None) -> None:
        problem, names = self.problem, self.names
        mirror = f"{plain(self.text)}\n"
        if problem:
            mirror = underlined(self.text, problem.start, _end(self.text, problem.start), problem.start)
        self.report = {
            "turn": self.turn,
            "mirror": mirror,
            "summary": self._summary(problem),
            "note": self._note(),
            "names": names,
            "fields": self._fields(names),
        }

    def _summary(self, problem: Unreadable | None) -> str:
        if problem:
            return f"<span>{icon('error')}<b>Not readable</b> at line {problem.line}, character {problem.column}</span>"
        if not self.text.strip():
            return '<span class="kit-quiet">Type, or press Ctrl and the space bar to see what may stand here.</span>'
        return f"<span>{icon('ok')}<b>Can be asked</b></span>"

    def _note(self, static: bool = False) -> str:
        problem = self.problem
        if not problem:
            return ""
        first, _, rest = problem.says.partition(". ")
        words = f"<b>{visible(first[:1].upper() + first[1:])}{'' if first[-1:] in '.?' else '.'}</b> {visible(rest)}"
        end = problem.start + 1
        way = f'<div class="kit-do"><button type="button" class="kit-btn small" data-place data-s="{problem.start}" data-e="{end}">Go to the place</button></div>'
        return note_html("error", words + ("" if static else way))

    def _fields(self, names: list[str]) -> str:
        """An input for each parameter. The values are those of the front end."""
        parts = "".join(
            f'<label class="kit-part"><small><code>${h(name)}</code></small><input class="kit-input mono" data-name="{h(name)}" '
            f'aria-label="Value of ${h(name)}" autocomplete="off" spellcheck="false"{self._known(name)}></label>'
            for name in names
        )
        return (
            f'<div class="kit-strip kit-values"><span class="kit-small kit-quiet">Parameters</span><div class="kit-parts kit-grow">{parts}</div></div>'
            if names
            else ""
        )

    def _known(self, name: str) -> str:
        return f' list="{self.key}-ehrs"' if name == "ehr_id" else ""

    def _html(self) -> str:
        run = '<button type="button" class="kit-btn primary" data-run title="Ctrl+Enter">Run</button>' if self.box is not None else ""
        head = f'<div class="kit-head">{_HEAD}<span class="kit-meta kit-grow">Ctrl+Space completes{", Ctrl+Enter runs" * bool(run)}</span>{COPY}{run}</div>'
        area = (
            f'<textarea aria-label="AQL query" spellcheck="false" autocomplete="off" autocapitalize="off" data-gramm="false" maxlength="{MOST}" '
            f'aria-autocomplete="list" aria-haspopup="listbox" data-lm-suppress-shortcuts="true" placeholder="{h(_HINT)}"></textarea>'
        )
        page = f'<div class="kit-raw kit-edit kit-openehr"><div class="kit-mirror" aria-hidden="true"></div>{area}</div>'
        ehrs = (
            "".join(f'<option value="{h(one.id)}"></option>' for one in self.box.store.select("EHR")[:50]) if self.box is not None else ""
        )
        return (
            f'<div class="kit" role="group" aria-label="AqlEditor" data-key="{self.key}">{head}{page}<datalist id="{self.key}-ehrs">{ehrs}</datalist>'
            f'<div class="kit-strip"><div class="kit-sum" role="status" data-summary></div></div><div data-note></div><div data-fields></div><div data-found></div></div>'
        )


_HEAD = f'<h3 class="jp-toc-ignore">Query</h3> {tag("openehr")}'
_HINT = "SELECT c/uid/value, c/name/value FROM EHR e CONTAINS COMPOSITION c"


def _end(text: str, start: int) -> int:
    """Where the word ends that begins at a place."""
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] in "_-."):
        end += 1
    return max(end, start + 1)


def _typed(value: Any) -> Any:
    """A parameter as it is sent: what is written as a number or a truth is one; in quotes it is a text."""
    if not isinstance(value, str):
        return value
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, int | float | bool) else value


def _result(done: Exchange) -> tuple[list[dict[str, str]], list[list[Any]]]:
    """The columns and the rows of an answer; none where it is no result set."""
    data = done.answer.data if isinstance(done.answer, OpenehrMessage) and not done.refused else None
    columns, rows = (data.get(name) for name in ("columns", "rows")) if isinstance(data, dict) else (None, None)
    if not isinstance(columns, list) or not isinstance(rows, list):
        return [], []
    known = [one if isinstance(one, dict) else {} for one in columns]
    return known, [[*row, *[None] * len(known)][: len(known)] for row in rows if isinstance(row, list)]


def _says(answer: Any) -> str:
    """The server's own words for why it refuses."""
    data = answer.data if isinstance(answer, OpenehrMessage) else None
    return str(data.get("message") or data.get("error") or "") if isinstance(data, dict) else str(getattr(answer, "body", "") or "")
