"""What the command line shows: findings, the summary of many messages, what a path means. Colour only where there is a terminal for it.

`rich` draws; it leaves colours out where the output is no terminal or NO_COLOR is set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ihe_kit.core import Message
from ihe_kit.render.findings import tally
from ihe_kit.render.marks import SEVERITY, bare
from ihe_kit.rules import SEVERITIES, Finding

if TYPE_CHECKING:
    from ihe_kit.bulk import Tally

COLOURS = {"error": "bold red", "warning": "yellow", "information": "blue"}


def terminal(error: bool = False) -> Console:
    """Standard output, or standard error. What is piped into a file keeps its lines whole."""
    stream = sys.stderr if error else sys.stdout
    # an openEHR path, a unit such as [degF]: brackets are words here, no colours
    console = Console(file=stream, highlight=False, markup=False, soft_wrap=not stream.isatty())
    return console if console.is_terminal else Console(file=stream, highlight=False, markup=False, width=100)


def show_findings(console: Console, title: str, findings: Sequence[Finding], message: Message) -> None:
    """The findings of one message: severity and place, what and why, rule and source, repair."""
    console.print(Text(bare(title), "bold"))
    for finding in findings:
        line = len((message.text[: finding.start] + "x").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        symbol = SEVERITY[finding.severity][1]
        console.print(Text.assemble((f"{symbol:<8}", COLOURS[finding.severity]), " ", (bare(finding.path), "bold"), f"  (line {line})"))
        words = Text.assemble(bare(finding.what), " ", (bare(finding.why), "dim"))
        console.print(Padding(words, (0, 0, 0, 9), expand=False))
        console.print(Padding(Text(f"{finding.rule}, {finding.spec}", "dim"), (0, 0, 0, 9), expand=False))
        if finding.fix:
            console.print(Padding(Text(f"fix: {bare(finding.fix.label)}", "green"), (0, 0, 0, 9), expand=False))
    console.print(Text(tally(findings), "bold") if findings else Text("no findings", "green"))


def show_summary(console: Console, total: Tally, took: float) -> None:
    """What was found in many messages: one row for each rule, the gravest and the commonest first."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("severity", "rule", "count", "first seen at", "what"):
        table.add_column(
            heading, justify="right" if heading == "count" else "left", overflow="fold", no_wrap=heading in ("severity", "rule", "count")
        )
    for (severity, rule), number in sorted(total.rules.items(), key=lambda item: (SEVERITIES.index(item[0][0]), -item[1], item[0][1])):
        checked, finding = total.first[severity, rule]
        where = f"{checked.file}{f' #{checked.number}' if checked.number > 1 else ''} {finding.path}"
        table.add_row(Text(SEVERITY[severity][1], COLOURS[severity]), rule, f"{number:,}", bare(where), bare(finding.what))
    if total.rules:
        console.print(table)
    for checked in total.examples:
        console.print(Text.assemble(("not checked ", "bold red"), bare(f"{checked.file}: {checked.problem}")), soft_wrap=True)
    if total.unusable > len(total.examples):
        console.print(f"and {total.unusable - len(total.examples):,} more that could not be checked")
    speed = f", {total.messages / took:,.0f} a second" if took > 0 and total.messages > 1 else ""
    console.print(
        f"{total.messages:,} messages checked in {took:.1f} s{speed}: {total.messages - total.with_errors:,} without error, "
        f"{total.with_errors:,} with errors; could not be used: {total.unusable:,}",
        soft_wrap=True,
    )


@contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """Shows on standard error how far the work is, where that is a terminal and there is more than one file. Call what it gives after each."""
    console = Console(stderr=True)
    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal or total < 2) as bar:
        task = bar.add_task("checking", total=total)
        yield lambda: bar.advance(task)
