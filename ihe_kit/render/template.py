"""A template as a treegrid and as nested lists, the card of one node, and the addresses of one: what its author wrote is escaped here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ihe_kit.render.citations import cite
from ihe_kit.render.marks import clip, h, icon, visible

if TYPE_CHECKING:
    from ihe_kit.openehr.addresses import Address
    from ihe_kit.openehr.template_story import Stage
    from ihe_kit.openehr.template_tree import Row, TemplateTree


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is shown. `id` is what a front end asks for; `mark` is a class of CSS: root, model, strange or ""."""

    id: str
    level: int
    name: str
    code: str
    often: str
    type: str
    says: str
    mark: str = ""


def line(row: Row) -> Line:
    """A row of a template as it is shown."""
    says = " or ".join(map(str, row.holds)) or row.node.says
    mark = "root" if row.is_root else "model" if row.model else ""
    return Line(row.path, row.level, row.name, row.node.code, row.occurs, row.node.type, says, mark)


def lines_html(lines: Sequence[Line], label: str, heads: Sequence[str], opened: Callable[[Line], bool], selected: str = "") -> str:
    """The treegrid. `heads`: node, how often or where, class, what it may hold or holds. `opened` says which branches stand open."""
    head = "".join(
        f'<{"b" if n == 0 else "span"} role="columnheader">{h(text)}</{"b" if n == 0 else "span"}>' for n, text in enumerate(heads)
    )
    stop = selected if any(one.id == selected for one in lines) else lines[0].id if lines else ""
    shut, body = 999, ""
    for place, one in enumerate(lines):
        shut = 999 if one.level <= shut else shut
        parent = place + 1 < len(lines) and lines[place + 1].level > one.level
        expanded = opened(one) if parent else None
        body += _line(one, expanded, shut < 999, one.id == selected, one.id == stop)
        if expanded is False and shut == 999:
            shut = one.level
    grid = f'class="kit-tree kit-template kit-openehr" role="treegrid" aria-label="{h(label)}"'
    return f'<div {grid}><div role="row" class="th">{head}</div>{body}</div>'


def _line(one: Line, expanded: bool | None, hidden: bool, selected: bool, stop: bool) -> str:
    sign = '<span class="none"></span>' if expanded is None else icon("open" if expanded else "shut")
    states = f'aria-level="{one.level + 1}" aria-selected="{str(selected).lower()}" tabindex="{0 if stop else -1}"'
    states += "" if expanded is None else f' aria-expanded="{str(expanded).lower()}"'
    states += " hidden" if hidden else ""
    mark = (
        '<span class="kit-use" title="an archetype begins here">A<span class="kit-sr">rchetype</span></span>' if one.mark == "root" else ""
    )
    name = f'{sign}{mark}<span class="p">{visible(one.name)}</span><span class="t">{visible(one.code)}</span>'
    cells = "".join(
        f'<span class="{c}" role="gridcell">{text}</span>'
        for c, text in (("n", name), ("of", visible(one.often)), ("ty", visible(one.type)), ("v", visible(clip(one.says, 200))))
    )
    return f'<div role="row" class="{one.mark or "plain"}" data-id="{h(one.id)}" data-words="{h(one.code)}" {states} style="--d:{one.level}">{cells}</div>'


def lines_list_html(lines: Sequence[Line]) -> str:
    """The rows as nested lists, for the static twin."""
    out, depth = [], -1
    for one in lines:
        if depth < one.level:
            out += ['<ul class="kit-nested kit-openehr"><li>' if depth < 0 else "<ul><li>"] + ["<ul><li>"] * (one.level - max(depth, 0) - 1)
        else:
            out.append("</li></ul>" * (depth - one.level) + "</li><li>")
        depth = one.level
        words = f"{visible(one.often)} <i>{visible(one.type)}</i> {visible(clip(one.says, 300))}"
        out.append(f'<b class="p">{visible(one.name)}</b> <code>{visible(one.code)}</code> {words}')
    return "".join(out) + "</li></ul>" * (depth + 1)


# The card ------------------------------------------------------------------------------------------------------------------------------


def template_card_html(tree: TemplateTree, number: int, stages: Sequence[Stage]) -> str:
    """A node: where it stands, what it is, what it may hold, its path; and which level said so."""
    row = tree.rows[number]
    head = f'<h4 class="jp-toc-ignore">{visible(row.name)} <code>{visible(row.node.code or row.attribute)}</code></h4>'
    says = f"<p>{visible(clip(row.node.says, 600))}</p>" if row.node.says else ""
    facts = (
        ("Class", f"<code>{visible(row.node.type)}</code>"),
        ("Occurs", h(row.occurs)),
        ("May hold", "<br>".join(_holds(row))),
        ("Archetype", f"<code>{visible(row.archetype)}</code>"),
        ("Path", f"<code>{visible(row.path)}</code>"),
    )
    told = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in facts if text)
    left = f'<div>{crumbs_html(tree, number)}{head}{says}<dl class="kit-dl">{told}</dl></div>'
    return f'{left}<div><h5 class="jp-toc-ignore">Who said so</h5>{_story(stages)}</div>'


def crumbs_html(tree: TemplateTree, number: int) -> str:
    """Where a row stands, from the root."""
    way = [number]
    while tree.rows[way[0]].above >= 0:
        way.insert(0, tree.rows[way[0]].above)
    names = "".join(f"<li>{visible(clip(tree.rows[one].name, 40))}</li>" for one in way)
    return f'<ol class="kit-crumb" aria-label="Where this is">{names}</ol>'


def _holds(row: Row) -> list[str]:
    out = []
    for one in row.holds:
        codes = ", ".join(
            f"<code>{visible(code)}</code>{f' {visible(meaning)}' if meaning and meaning != code else ''}"
            for code, meaning in one.codes[:12]
        )
        more = f" and {len(one.codes) - 12} more" if len(one.codes) > 12 else ""
        limits = f" {visible(clip(one.limits, 300))}" if one.limits else ""
        out.append(f"{visible(one.name)}{limits}{': ' if codes else ''}{codes}{more}")
    return out


def _story(stages: Sequence[Stage]) -> str:
    """One entry for each level that says something."""
    out = ""
    for stage in stages:
        who = f' <code class="kit-quiet">{visible(stage.who)}</code>' if stage.who else ""
        says = "".join(f"<li>{visible(clip(one, 500))}</li>" for one in stage.says)
        mark = ' class="either"' if " or " in stage.level else ""
        out += f"<li{mark}><b>{h(stage.level)}</b>{who} {cite(stage.spec) if stage.spec else ''}<ul>{says}</ul></li>"
    return f'<ol class="kit-story kit-openehr">{out}</ol>'


# Addresses -----------------------------------------------------------------------------------------------------------------------------


def addresses_html(tree: TemplateTree, number: int, told: Sequence[Address], says: str) -> str:
    """The addresses of a node: those of its first part in full, those of the others folded."""
    row = tree.rows[number]
    first = told[0]
    value = f'<p>In this composition: <span class="kit-mono">{visible(clip(first.value, 200))}</span></p>' if first.value else ""
    head = f'<h4 class="jp-toc-ignore">{visible(row.name)} <code>{visible(row.node.code or row.attribute)}</code></h4>'
    means = f"<p>{visible(clip(says, 600))}</p>" if says else ""
    more = "".join(_more(one) for one in told[1:])
    other = f'<h5 class="jp-toc-ignore">Its other parts</h5>{more}' if more else ""
    return f"<div>{crumbs_html(tree, number)}{head}{means}{value}{address_html(first)}{other}</div>"


def address_html(one: Address) -> str:
    """The ways to one value, each with a button that copies it."""
    flat = (
        _copied("FLAT key", one.flat)
        if one.flat
        else "<dt>FLAT key</dt><dd>none: FLAT has keys for values, and for those it has a name for</dd>"
    )
    rows = flat + _copied("AQL path", one.aql) + _copied("FROM clause", one.source) + _copied("Whole query", one.query)
    return f'<dl class="kit-dl kit-ways">{rows}{_copied("Canonical path", one.path)}</dl>'


def _copied(name: str, text: str) -> str:
    label = f"Copy the {name if name[:2].isupper() else name.lower()}"
    button = f'<button type="button" class="kit-btn icon quiet small" data-text="{h(text)}" aria-label="{label}" title="{label}">{icon("copy")}</button>'
    return f"<dt>{name}</dt><dd>{button}<code>{visible(text)}</code></dd>"


def _more(one: Address) -> str:
    value = f' <span class="kit-mono">{visible(clip(one.value, 60))}</span>' if one.value else ""
    return f"<details><summary><code>{visible(one.part)}</code>{value}</summary>{address_html(one)}</details>"


def no_template_html(problem: str) -> str:
    """What is shown where there is nothing to show."""
    return (
        f'<div class="kit-empty"><h4 class="jp-toc-ignore">{icon("error")} Nothing to show</h4><p>{visible(clip(problem, 600))}</p></div>'
    )
