"""What an AQL query brought back: how many rows, a table, a picture where it makes one, and how the repository went about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ihe_kit.render.marks import clip, count, h, icon, value, visible
from ihe_kit.render.plot import plot_svg

CELL = 160  # characters of a value that a cell shows


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a result set, as many as one page shows. `first` is the number of the first one, from 0; `more` says that others follow."""

    names: tuple[str, ...]
    paths: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    first: int = 0
    more: bool = False
    total: int | None = None  # where somebody knows it


def page_html(page: Page, where: str, static: bool = False, units: Sequence[str] = ()) -> str:
    """The rows as a table under the number of them. `where` says which exchange brought them, `units` in what each column is measured."""
    head = f'<div class="kit-sum" role="status"><span>{icon("ok")}<b>{h(_told(page))}</b></span></div><span class="kit-quiet kit-small">{visible(where)}</span>'
    strip = f'<div class="kit-strip">{head}<span class="kit-grow"></span>{"" if static else _ways(page)}</div>'
    if not page.rows:
        return f'{strip}<div class="kit-empty"><p>{_NONE}</p></div>'
    picture = plot_svg(page.names, page.rows, units)
    return strip + _table(page) + (f'<div class="kit-body kit-openehr">{picture}</div>' if picture else "")


def _told(page: Page) -> str:
    if not page.rows:
        return "No further row" if page.first else "No row"
    if len(page.rows) == page.total:
        return count(page.total, "row")
    of = f" of {page.total:,}" if page.total is not None else ", and there are more" if page.more else ""
    return f"Rows {page.first + 1:,} to {page.first + len(page.rows):,}{of}"


def _ways(page: Page) -> str:
    if not page.first and not page.more:
        return ""
    sides = (("data-back", "Previous page", page.first > 0), ("data-next", "Next page", page.more))
    return "".join(
        f'<button type="button" class="kit-btn small" {data} {"" if is_ else "disabled"}>{label}</button>' for data, label, is_ in sides
    )


def _table(page: Page) -> str:
    heads = "".join(map(_head, page.names, page.paths, zip(*page.rows, strict=True)))
    rows = "".join(
        f'<tr><th scope="row" class="kit-num">{page.first + n:,}</th>{"".join(map(_cell, row))}</tr>'
        for n, row in enumerate(page.rows, start=1)
    )
    body = f'<table class="kit-x kit-rows"><thead><tr><th scope="col"><span class="kit-sr">Row</span></th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="kit-scroll" tabindex="0" role="group" aria-label="Rows">{body}</div>'


def _head(name: str, path: str, column: tuple[Any, ...]) -> str:
    side = ' class="n"' if any(isinstance(one, int | float) and not isinstance(one, bool) for one in column) else ""
    return f'<th scope="col"{side}>{visible(clip(name, 60))}<small>{visible(path)}</small></th>'


def _cell(one: Any) -> str:
    if one is None:
        return '<td class="kit-quiet">nothing</td>'
    if isinstance(one, bool):
        return f"<td>{str(one).lower()}</td>"
    if isinstance(one, int | float):
        return f'<td class="n kit-num">{h(f"{one:.12g}")}</td>'
    if isinstance(one, str):
        return f"<td>{value(one, CELL)}</td>"
    return f"<td><code>{visible(clip(_written(one), CELL))}</code></td>"


def _written(one: Any) -> str:
    """The beginning of a whole object, without the rest being written."""
    parts, size = [], 0
    for part in json.JSONEncoder(ensure_ascii=False).iterencode(one):
        parts.append(part)
        size += len(part)
        if size > CELL:
            break
    return "".join(parts)


def plan_html(steps: Sequence[tuple[str, str]]) -> str:
    """How a query is answered, folded."""
    rows = "".join(f"<li><b>{visible(name)}</b> <span>{visible(says)}</span></li>" for name, says in steps)
    return (
        f'<details class="kit-more"><summary>How it is answered: {count(len(steps), "step")}</summary><ol class="kit-plan">{rows}</ol></details>'
        if steps
        else ""
    )


def refusal_html(name: str, says: str, where: str) -> str:
    """Why there are no rows."""
    head = f'<div class="kit-strip"><div class="kit-sum" role="status"><span>{icon("error")}<b>Refused: {visible(name)}</b></span></div><span class="kit-quiet kit-small">{visible(where)}</span></div>'
    return f'{head}<div class="kit-note error">{icon("error")}<div>{visible(clip(says, 1000))}</div></div>'


def sent_html(text: str) -> str:
    """The request as it went out, folded."""
    return f'<details class="kit-more"><summary>The request as it went out</summary><pre class="kit-raw" tabindex="0" role="group" aria-label="Request">{visible(text[:20_000])}</pre></details>'


_NONE = (
    "The repository understood the question, and nothing answers to it. That is no error: the answer has columns and an empty list of rows."
)
