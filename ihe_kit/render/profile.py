"""A profile of FHIR as a treegrid of its elements, and the card of one: what it obliges to, and who constrained it on the way from the base."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from ihe_kit.render.citations import cite
from ihe_kit.render.marks import clip, count, h, icon, visible

if TYPE_CHECKING:
    from ihe_kit.fhir.profile_tree import ProfileTree, Row
    from ihe_kit.fhir.provenance import Change, Stage
    from ihe_kit.fhir.shapes import Constraint, Shape

FLAGS: tuple[tuple[str, str, Callable[[Shape], bool]], ...] = (  # the letter, what it stands for, when a row has it
    ("S", "must support", lambda shape: shape.element.get("mustSupport") is True),
    ("?!", "modifier: it may change the meaning of the rest", lambda shape: shape.element.get("isModifier") is True),
    ("Σ", "part of a summary", lambda shape: shape.element.get("isSummary") is True),
    ("C", "has constraints", lambda shape: any(not one.key.startswith(("ele-", "ext-", "dom-")) for one in shape.constraints)),
)
_ASPECTS = {"must support": "must support", "modifier": "a modifier", "value": "value", "short": "said as"}
_ICON = {"warning": "warning"}


def profile_rows_html(rows: Sequence[tuple[int, Row]], opened: Callable[[int], bool], label: str, selected: int = -1) -> str:
    """The treegrid of a view: rows with the numbers by which a front end asks for their cards. `opened` says which branches stand open."""
    heads = ("Element", "flags", "how often", "type", "what it is")
    head = "".join(f'<{"b" if n == 0 else "span"} role="columnheader">{text}</{"b" if n == 0 else "span"}>' for n, text in enumerate(heads))
    stop = selected if any(number == selected for number, _ in rows) else rows[0][0] if rows else -1
    shut, body = 99, ""
    for place, (number, row) in enumerate(rows):
        level = row.level
        shut = 99 if level <= shut else shut
        parent = place + 1 < len(rows) and rows[place + 1][1].level > level
        expanded = opened(number) if parent else None
        body += _row(number, row, expanded, hidden=shut < 99, selected=number == selected, stop=number == stop)
        if expanded is False and shut == 99:
            shut = level
    return f'<div class="kit-tree kit-profile kit-fhir" role="treegrid" aria-label="{h(label)}"><div role="row" class="th">{head}</div>{body}</div>'


def _row(number: int, row: Row, expanded: bool | None, hidden: bool, selected: bool, stop: bool) -> str:
    sign = '<span class="none"></span>' if expanded is None else icon("open" if expanded else "shut")
    states = f'aria-level="{row.level + 1}" aria-selected="{str(selected).lower()}" tabindex="{0 if stop else -1}"'
    states += "" if expanded is None else f' aria-expanded="{str(expanded).lower()}"'
    states += " hidden" if hidden else ""
    name = f'{sign}<span class="p">{visible(_label(row))}</span><span class="t">{"slice" if row.shape.slice else ""}</span>'
    often = _often(row)
    cells = (f'<span class="n" role="gridcell">{name}</span>', *(f'<span class="{c}" role="gridcell">{text}</span>' for c, text in (
        ("fl", _flags(row)), ("of", often), ("ty", visible(_types(row))), ("v", _says(row)))))  # fmt: skip
    kind = "own" if row.own else "inherited"
    gone = " gone" if row.shape.most == 0 else ""
    return f'<div role="row" class="{kind}{gone}" data-i="{number}" data-id="{h(row.id)}" {states} style="--d:{row.level}">{"".join(cells)}</div>'


def _label(row: Row) -> str:
    """The last step, a slice by its name behind a colon."""
    if not row.steps:
        return row.shape.path
    name, part = row.steps[-1]
    return f":{part}" if part else name


def _flags(row: Row) -> str:
    return "".join(
        f'<span class="kit-use" title="{h(words)}"><span aria-hidden="true">{letter}</span><span class="kit-sr">{h(words)} </span></span>'
        for letter, words, has in FLAGS
        if has(row.shape)
    )


def _often(row: Row) -> str:
    was = f" <small>was {h(row.narrowed)}</small>" if row.narrowed else ""
    return f"<b>{h(row.shape.occurs)}</b>{was}" if row.narrowed else h(row.shape.occurs)


def _types(row: Row) -> str:
    kinds = list(dict.fromkeys(one.code for one in row.shape.types))
    targets = [url.rpartition("/")[2] for one in row.shape.types for url in (*one.targets, *one.profiles)]
    if len(kinds) > 3:
        return f"{len(kinds)} types"
    return " | ".join(kinds) + (f" ({', '.join(targets)})" if targets else "")


def _says(row: Row) -> str:
    """What a row tells of its values in one line: what is demanded, what it is bound to, how it is sliced, and what it is."""
    shape = row.shape
    kind, value = shape.demanded
    strength, values = shape.binding
    demanded = f"<code>{'=' if kind == 'fixed' else '⊇'} {visible(clip(_value(value), 60))}</code> " if kind else ""
    bound = f'<span class="b">{visible(strength)}: {visible(values.rpartition("/")[2] or "see the text")}</span> ' if strength else ""
    sliced = f'<span class="b">{visible(clip(_sliced(shape), 90))}</span> ' if shape.slices or (shape.slicing and row.own) else ""
    return f"{demanded}{sliced}{bound}<i>{visible(clip(str(shape.element.get('short', '')), 120))}</i>"


def _sliced(shape: Shape) -> str:
    """`slices by code.coding.code, open`."""
    told = shape.slicing.get("discriminator")
    by = " and ".join(dict.fromkeys(str(one.get("path")) for one in told if isinstance(one, dict)) if isinstance(told, list) else ())
    return f"slices{f' by {by}' if by else ''}, {shape.slicing.get('rules', 'open')}"


def _value(value: object) -> str:
    """A demanded value in short: of a coded one system and code."""
    if isinstance(value, dict):
        inner = value.get("coding") or [value]
        codes = [
            f"{str(one.get('system', '')).rpartition('/')[2]}|{one.get('code', '')}"
            for one in inner
            if isinstance(one, dict) and "code" in one
        ]
        return ", ".join(codes) or ", ".join(f"{key} {_value(one)}" for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value, value))
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def profile_list_html(rows: Sequence[Row]) -> str:
    """The rows as nested lists, for the static twin."""
    out, depth = [], -1
    for row in rows:
        if depth < row.level:
            out += ['<ul class="kit-nested kit-fhir"><li>' if depth < 0 else "<ul><li>"] + ["<ul><li>"] * (row.level - depth - 1)
        else:
            out.append("</li></ul>" * (depth - row.level) + "</li><li>")
        depth = row.level
        letters = " ".join(letter for letter, _, has in FLAGS if has(row.shape))
        was = f" (was {row.narrowed})" if row.narrowed else ""
        out.append(
            f'<b class="p">{visible(_label(row))}</b> {h(row.shape.occurs)}{h(was)} {h(letters)} <i>{visible(_types(row))}</i> {_says(row)}'
        )
    return "".join(out) + "</li></ul>" * (depth + 1)


# The card ------------------------------------------------------------------------------------------------------------------------------


def profile_card_html(tree: ProfileTree, row: Row) -> str:
    """An element: where it stands, what it is, what it obliges to in plain words; and who constrained it, from the base to this profile."""
    shape = row.shape
    crumbs = "".join(
        f"<li>{visible(f'{name}:{part}' if part else name)}</li>" for name, part in ((shape.path.partition(".")[0], ""), *row.steps)
    )
    words = shape.element.get("definition") or ""
    short = str(shape.element.get("short", ""))
    says = f"<p>{visible(clip(str(words), 600))}</p>" if words and words != short else ""
    head = f'<h4 class="jp-toc-ignore"><code>{visible(row.id)}</code> {visible(short)}</h4>'
    asks = "".join(f"<li>{_marked(text)} {cite(spec)}</li>" for text, spec in tree.obliges(row))
    asked = f'<h5 class="jp-toc-ignore">What it asks</h5><ul class="kit-asks">{asks}</ul>' if asks else ""
    left = f'<div><ol class="kit-crumb" aria-label="Where this is">{crumbs}</ol>{head}{says}{asked}</div>'
    return f'{left}<div><h5 class="jp-toc-ignore">Who said so</h5>{story_html(tree.story(row))}</div>'


def story_html(stages: Sequence[Stage]) -> str:
    """Who defined an element and who changed it since, one entry for each definition; those that left it as it was in one line."""
    out: list[str] = []
    quiet: list[str] = []
    for stage in stages:
        if not (stage.defined or stage.began or stage.changes or stage.rules):
            quiet.append(stage.title)
            continue
        out += _quiet(quiet)
        quiet = []
        did = "defined it" if stage.defined else "says of it" if stage.began else "changed it"
        facts = "".join(_change(one, stage.defined or stage.began) for one in stage.changes) + "".join(map(_rule, stage.rules))
        out.append(
            f'<li><b>{visible(clip(stage.title, 80))}</b> <span class="kit-quiet">{did}</span> {_place(stage.spec)}<ul>{facts}</ul></li>'
        )
    return f'<ol class="kit-story">{"".join(out + _quiet(quiet))}</ol>'


def _place(spec: str) -> str:
    """Where a definition can be read: a place in R4, or the address that a definition gives itself, which need not lead anywhere."""
    return cite(spec) if spec.startswith("FHIR R4 ") else f'<span class="kit-cite plain">{visible(clip(spec, 200))}</span>'


def _quiet(titles: Sequence[str]) -> list[str]:
    names = " and ".join(visible(clip(title, 60)) for title in titles)
    return [f'<li class="kit-quiet">{names} left it as it was</li>'] if titles else []


def _change(change: Change, first: bool) -> str:
    label = _ASPECTS.get(change.aspect, change.aspect)
    now, was = (visible(clip(_near(text), 220)) for text in (change.now, change.before))
    if change.now == "yes":
        return f"<li>{h(label)}</li>"
    if not change.now:
        return f"<li>{h(label)}: no longer <s>{was if change.before != 'yes' else ''}</s></li>"
    text = f"<q>{now}</q>" if change.aspect in ("short", "requirements", "comment") else f"<code>{now}</code>"
    before = (
        f' <span class="kit-quiet">was {was}</span>'
        if change.before and change.aspect not in ("short", "requirements", "comment") and not first
        else ""
    )
    wrong = f" {icon('error')}<b>allows more than before, which a profile may not</b>" if change.widens else ""
    return f"<li>{h(label)} {text}{before}{wrong}</li>"


def _rule(rule: Constraint) -> str:
    sign = icon("warning") if rule.severity == "warning" else ""
    expression = f'<code class="x">{visible(clip(rule.expression, 400))}</code>' if rule.expression else ""
    return f"<li>{sign}constraint <code>{visible(rule.key)}</code> {visible(clip(rule.says, 300))} {expression}</li>"


def _near(text: str) -> str:
    """Without the address that every definition of FHIR's own begins with."""
    return re.sub(r"https?://hl7\.org/fhir/(ValueSet|StructureDefinition)/", "", text)


def _marked(text: str) -> str:
    """Words in which backquotes mark what is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", visible(text))


def profile_facts(tree: ProfileTree) -> str:
    """One quiet line: on which type, derived from what, how many elements, how many of them it changes."""
    definition, rows = tree.definition, tree.rows()
    own = sum(row.own for row in rows) if rows else len(tree.rows("differential"))
    base = str(definition.get("baseDefinition", "")).rpartition("/")[2]
    kind = str(definition.get("type", ""))
    parts = [
        f"profile on {kind}" if definition.get("derivation") == "constraint" else "definition of a type",
        f"derived from {base}" if base and base != kind else "",
        f"speaks of {own} of {count(len(rows), 'element')}" if rows else "no snapshot",
    ]
    return " · ".join(filter(None, parts))


def problems_html(problems: Collection[str], empty: bool) -> str:
    """What is wrong with a profile: a note above what can be shown of it, or all that there is."""
    if empty:
        says = "".join(f"<p>{visible(clip(problem, 600))}</p>" for problem in problems)
        return f'<div class="kit-empty"><h4 class="jp-toc-ignore">{icon("error")} Nothing to show</h4>{says}</div>'
    items = "".join(f"<p>{visible(clip(problem, 600))}</p>" for problem in problems)
    return (
        f'<div class="kit-note error">{icon("error")}<div><b>{count(len(problems), "thing")} wrong with this profile</b>{items}</div></div>'
        if problems
        else ""
    )
