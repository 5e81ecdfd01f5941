"""The structure of a message as a treegrid, and the card that explains one element."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from ihe_kit.crosswalk import same
from ihe_kit.render.citations import cite
from ihe_kit.render.marks import LABELS, count, h, icon, linked, value, visible
from ihe_kit.render.outline import Outline

_DULL = ("_type", "archetype_node_id", "resourceType")  # say what a branch is, not what is in it
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def tree_html(outline: Outline, opened: Collection[int], selected: int = -1, whole: bool = True) -> str:
    """The treegrid. `whole` puts the rows of closed branches in too, hidden; without it a front end asks for them."""
    every = range(len(outline.elements)) if whole else [i for i in range(len(outline.elements)) if _is_open(outline, i, opened)]
    head = '<div role="row" class="th"><b role="columnheader">Structure</b><span role="columnheader">type</span><span role="columnheader">value</span></div>'
    shape = "" if outline.message.standard == "v2" else " deep"  # JSON nests deeper and has longer names of types
    attributes = f'class="kit-tree kit-{outline.message.standard}{shape}" role="treegrid" aria-label="Structure"'
    return f"<div {attributes}>{head}{rows_html(outline, every, opened, selected)}</div>"


def rows_html(outline: Outline, indexes: Iterable[int], opened: Collection[int] = (), selected: int = -1) -> str:
    """Rows of the treegrid; those below a closed branch are hidden. The first row, or the selected one, is the tab stop."""
    return "".join(_row(outline, i, opened, selected) for i in indexes)


def _is_open(outline: Outline, index: int, opened: Collection[int]) -> bool:
    return all(above in opened for above in outline.ancestors(index))


def _row(outline: Outline, index: int, opened: Collection[int], selected: int) -> str:
    level, parent = len(outline.ancestors(index)), index in outline.children
    stop = 0 if index == max(selected, 0) else -1
    states = f'aria-level="{level + 1}" aria-selected="{str(index == selected).lower()}" tabindex="{stop}"'
    states += f' aria-expanded="{str(index in opened).lower()}" class="parent"' if parent else ""
    states += "" if _is_open(outline, index, opened) else " hidden"
    sign = icon("open" if index in opened else "shut") if parent else '<span class="none"></span>'
    kind = "" if outline.means(index).type == "segment" else outline.means(index).type
    name = f'{sign}<span class="p">{visible(outline.label(index))}</span><span class="t">{visible(outline.name(index))}</span>'
    cells = f'<span class="n" role="gridcell">{name}</span><span class="ty" role="gridcell">{h(kind)}</span>'
    return f'<div role="row" data-i="{index}" {states} style="--d:{level}">{cells}<span class="v" role="gridcell">{_digest(outline, index)}</span></div>'


def nested_html(outline: Outline, index: int = -1, most: int = 400) -> str:
    """The tree as nested lists, for the static twin: path, name and value in reading order."""
    if index < 0 and len(outline.elements) > most:
        return f'<p class="kit-off">{icon("info")}{len(outline.elements):,} elements: too many for this page. Open the notebook to see them.</p>'
    items = "".join(
        f'<li><b class="p">{visible(outline.label(i))}</b> <span class="t">{visible(outline.name(i))}</span> {_digest(outline, i)}{nested_html(outline, i)}</li>'
        for i in outline.children.get(index, ())
    )
    root = f' class="kit-nested kit-{outline.message.standard}"' if index < 0 else ""
    return f"<ul{root}>{items}</ul>" if items else ""


def _digest(outline: Outline, index: int) -> str:
    """What the value column says: the value and its meaning; of a branch how many or what is in it."""
    element, below = outline.elements[index], outline.children.get(index, ())
    if not below:
        meaning = _meaning(outline, index)
        return linked(value(element.value), outline.leads(index)) + (f" <i>{h(meaning)}</i>" if meaning else "")
    if outline.is_group(index):
        kinds = Counter(outline.elements[i].label for i in below)
        return f"<i>{', '.join(name if number == 1 else f'{number:,} {name}' for name, number in kinds.items())}</i>"
    if outline.elements[below[0]].label.startswith("["):
        return f"<i>{count(len(below), 'repetition')}</i>"
    if outline.message.standard == "v2":
        return value(element.value) if element.level > 1 else ""
    inside = [outline.elements[i].value for i in below if i not in outline.children and outline.elements[i].label not in _DULL]
    return f"<i>{value(', '.join(filter(None, inside)), 70)}</i>"


def _meaning(outline: Outline, index: int) -> str:
    """What a code or a v2 date says in words, or ""."""
    element, definition = outline.elements[index], outline.means(index)
    date = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d))?[\d.+-]*", element.value)
    if date and definition.type in ("TS", "DT", "DTM") and 1 <= int(date[2]) <= 12:
        return f"{int(date[3])} {_MONTHS[int(date[2]) - 1]} {date[1]}" + (f", {date[4]}:{date[5]}" if date[4] else "")
    meaning = dict(definition.values).get(element.value, "")
    return "" if meaning.lower() == element.value.lower() else meaning


def card_html(outline: Outline, index: int, level: int = 4) -> str:
    """What an element is: where it stands, its name, what it is for, its type, how often, its codes, and where to read on. `level` is its heading's."""
    element, definition = outline.elements[index], outline.means(index)
    crumbs = "".join(f"<li>{visible(_crumb(outline, i))}</li>" for i in (*outline.ancestors(index), index))
    unknown = "" if definition.name or definition.says else "The dictionary of this standard does not have this path."
    meaning = f", {h(_meaning(outline, index))}" if _meaning(outline, index) else ""
    shown = f'<span class="kit-mono">{value(element.value, 200)}</span>{meaning}' if index not in outline.children else ""
    here = f'<p class="kit-quiet kit-small">In this message: {shown}</p>' if shown else ""
    says = f"<p>{h(definition.says or unknown)}</p>" if definition.says or unknown else ""
    title = f"<code>{visible(element.path)}</code> {visible(outline.name(index))}"
    words = f'<h{level} class="jp-toc-ignore">{title}</h{level}>{says}{here}'
    facts = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in _facts(outline, index) if text)
    return f'<div><ol class="kit-crumb" aria-label="Where this is">{crumbs}</ol>{words}</div><dl class="kit-dl">{facts}</dl>'


def _crumb(outline: Outline, index: int) -> str:
    label, name = outline.label(index), outline.name(index)
    return name if label.startswith("[") else f"{label} {name}".strip()


def _folded(text: str) -> str:
    """What few readers of a message want at once."""
    return f"<details><summary>what changed</summary>{text}</details>"


def _facts(outline: Outline, index: int) -> Iterator[tuple[str, str]]:
    definition = outline.means(index)
    yield ("Kind" if outline.is_group(index) else "Data type"), h(definition.type)
    required = '<span class="kit-use R">R</span> required, '
    often = definition.occurs and (required if definition.occurs[0] != "0" else "optional, ") + h(definition.occurs)
    demanded = outline.demanded(index)
    yield "Occurs", "<br>".join(filter(None, (often, demanded and f'<span class="kit-use R">R</span> required by {h(demanded)}')))
    yield from ((name, _folded(h(text)) if name == "Versions" else h(text)) for name, text in definition.facts)
    if outline.is_group(index):
        yield "May hold", ", ".join(f"<code>{h(part.label)}</code> {h(part.occurs)}" for part in definition.parts if part.level == 1)
    shown = ", ".join(f"<code>{h(code)}</code>{f' {h(meaning)}' if meaning else ''}" for code, meaning in definition.values[:6])
    more = f" and {len(definition.values) - 6} more" if len(definition.values) > 6 else ""
    yield "Codes", "<br>".join(filter(None, (h(definition.codes), shown + more)))
    others = same(outline.message.standard, outline.elements[index].path)
    yield "Same value", "<br>".join(f"{LABELS[key]} <code>{h(path)}</code>" for key, path, _ in others)
    yield "Read it in", cite(definition.spec)
