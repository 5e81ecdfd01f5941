"""What a path means, on a terminal: name and facts, words, codes, and the parts as a tree. Colours are left out where there is none for them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ihe_kit.core import Definition, Part
from ihe_kit.render.marks import bare

LISTED = 20  # codes; `ihe-kit explain 0203` shows them all


def show_definition(console: Console, definition: Definition) -> None:
    """One definition: a heading, what it is for, its facts in two columns, its parts, its codes, where to read on."""
    heading = Text.assemble((bare(definition.path), "bold cyan"), "  ", (bare(definition.name), "bold"))
    console.print(Text.assemble(heading, "  ", (definition.type, "green")) if definition.type else heading)
    if definition.says:
        console.print(Padding(Text(bare(definition.says)), (0, 0, 0, 2), expand=False))
    facts = _columns(("dim", None))
    for name, text in _facts(definition):
        facts.add_row(name, bare(text))
    if facts.row_count:
        console.print(Padding(facts, (0, 0, 0, 2), expand=False))
    if definition.values:
        console.print(Padding(_codes(definition), (1, 0, 0, 2), expand=False))
    if definition.parts:
        console.print(Padding(_parts(definition.parts), (1, 0, 0, 2), expand=False))


def _facts(definition: Definition) -> Iterator[tuple[str, str]]:
    if definition.occurs:
        yield "occurs", f"{'optional' if definition.occurs.startswith('0') else 'required'}, {definition.occurs}"
    yield from ((name.lower(), text) for name, text in definition.facts)
    if definition.codes:
        yield "codes", definition.codes
    if definition.spec:
        yield "read it in", definition.spec


def _codes(definition: Definition) -> Table:
    codes = _columns(("magenta", None))
    shown = definition.values if definition.type == "table" else definition.values[:LISTED]
    for code, meaning in shown:
        codes.add_row(bare(code), bare(meaning))
    if len(definition.values) > len(shown):
        codes.add_row("", Text(f"and {len(definition.values) - len(shown)} more", "dim"))
    return codes


def _parts(parts: tuple[Part, ...]) -> Table:
    """Parts with what they are called, of which type, how often; deeper levels are indented, and a required part stands out."""
    table = _columns(("cyan", None, "green", "dim"))
    for part in parts:
        group = part.type in ("group", "choice")
        label = Text("  " * (part.level - 1)) + Text(part.label, "bold cyan" if group else "")
        often = Text(part.occurs, "yellow" if part.occurs.startswith("1") else "")
        table.add_row(label, bare(part.name), "" if part.type == "segment" else part.type, often)
    return table


def _columns(styles: tuple[str | None, ...]) -> Table:
    """A table without lines, a column for each style."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for number, style in enumerate(styles):
        table.add_column(style=style, no_wrap=number != 1, overflow="fold" if number == 1 else "ellipsis")
    return table
