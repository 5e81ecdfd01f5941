"""Findings as lists for the eye, for a screen reader, and for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from ihe_kit.core import Message
from ihe_kit.render.citations import cite
from ihe_kit.render.marks import LISTED, SEVERITY, bare, count, h, icon, value, visible
from ihe_kit.rules import Finding

FOLD = 3  # so many findings of one rule at the same field of different repetitions are one line that opens
UNFOLDED = 50  # what such a line opens to

Numbered = tuple[int, Finding]


def summary_html(findings: Sequence[Finding], held: int = 0) -> str:
    """`2 errors, 1 warning, 1 note, 37 rules held`, each with its icon."""
    parts = []
    for severity, (symbol, noun, _) in SEVERITY.items():
        number = sum(f.severity == severity for f in findings)
        if number:
            parts.append(f"<span>{icon(symbol)}<b>{count(number, noun)}</b></span>")
    parts += [f"<span>{icon('ok')}{'No findings' if not findings else ''}</span>"] if not findings else []
    parts += [f"<span>{icon('ok') if findings else ''}{count(held, 'rule')} held</span>"] if held else []
    return "".join(parts)


def findings_html(findings: Sequence[Finding], standard: str, *, fixes: bool = False, static: bool = False) -> str:
    """Findings grouped by severity: treegrids of rows, or plain lists for the static twin. Where one rule finds the same in many repetitions
    the first is told whole, and the others are folded under it.
    """
    groups, pen = [], _Pen(standard, fixes, static)
    for severity, (symbol, _, heading) in SEVERITY.items():
        items = [(number, f) for number, f in enumerate(findings) if f.severity == severity]
        if items:
            head = f'<div class="kit-group">{icon(symbol)}{heading} <span class="kit-count">{len(items):,}</span></div>'
            folds = list(_folded(items))
            rows = "".join(pen.fold(fold) for fold in folds[:LISTED])
            left = sum(map(len, folds[LISTED:]))
            more = f'<p class="kit-off">{left:,} more are not listed.</p>' if left else ""
            lists = f"<ul>{rows}</ul>" if static else f'<div role="treegrid" aria-label="{heading}">{rows}</div>'
            groups.append(f"{head}{lists}{more}")
    return "".join(groups)


def _folded(items: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """The findings in order; those that are many of a kind all together where the first of them stands."""
    kinds: dict[str, list[Numbered]] = {}
    for number, finding in items:
        kinds.setdefault(_kind(finding), []).append((number, finding))
    for number, finding in items:
        alike = kinds[_kind(finding)]
        if len(alike) < FOLD:
            yield [(number, finding)]
        elif alike[0][0] == number:
            yield alike


def _kind(finding: Finding) -> str:
    """What makes findings alike: the rule, and the place but for its repetition."""
    place = re.sub(r"\[\d+\]", "", finding.path)
    return f"{finding.rule} {place}"


@dataclass(frozen=True, slots=True)
class _Pen:
    """Writes findings as list items."""

    standard: str
    fixes: bool
    static: bool

    def fold(self, fold: Sequence[Numbered]) -> str:
        """One finding, or many that are alike: the first whole, then the places of the others, hidden until they are asked for."""
        (number, first), *others = fold
        if not others:
            return self.item(first, number, self._words(first))
        places = "".join(self.item(f, n, f'<div class="w">{visible(f.what)}</div>', first=number) for n, f in others[:UNFOLDED])
        left = f"{len(others) - UNFOLDED:,} of them are not listed." if len(others) > UNFOLDED else ""
        said = f"and {len(others):,} more like it"
        if self.static:
            return self.item(first, number, f"{self._words(first)}<details><summary>{said}</summary><ul>{places}</ul>{left}</details>")
        button = (
            f'<button type="button" tabindex="-1" class="kit-btn small quiet" data-fold="{h(_kind(first))}">{icon("shut")}{said}</button>'
        )
        body = f'{self._words(first)}{button} <small class="kit-quiet">{left}</small>'
        return self.item(first, number, body, folds=True) + places

    def item(self, finding: Finding, number: int, body: str, first: int = -1, folds: bool = False) -> str:
        """A list item, or a row of a treegrid, for it holds links and buttons; `first` is the number of the finding that it is folded under."""
        offered = finding.fix if self.fixes and not self.static else None
        fix = f'<button type="button" tabindex="-1" class="kit-btn small" data-fix>{value(offered.label, 40)}</button>' if offered else ""
        shortcuts = " ".join(filter(None, ("F" if fix else "", "ArrowRight" if folds else "")))
        level = ' aria-level="2"' if first >= 0 else ' aria-level="1"' + ' aria-expanded="false"' * folds
        row = f' role="row"{level} aria-selected="false" tabindex="-1" data-f="{number}" data-s="{finding.start}" data-e="{finding.end}"'
        keys = f' aria-keyshortcuts="{shortcuts}"' if shortcuts else ""
        under = f' data-under="{first}" hidden' if first >= 0 else ""
        path = visible(finding.path).replace(".", ".<wbr>").replace("]", "]<wbr>")
        cell = "" if self.static else ' role="gridcell"'
        inside = f'<span class="p"{cell}>{path}</span> <div{cell}>{body}</div><div{cell}>{fix}</div>'
        tag, more = ("li", "") if self.static else ("div", row + keys + under)
        return f'<{tag} class="kit-finding kit-{self.standard}"{more}>{inside}</{tag}>'

    def _words(self, finding: Finding) -> str:
        words = f'<div class="w">{visible(finding.what)}</div><p class="y">{visible(finding.why)}</p>'
        return f'{words}<div class="r"><code>{h(finding.rule)}</code>{cite(finding.spec)}</div>'


def findings_text(findings: Sequence[Finding], message: Message) -> str:
    """Findings for a terminal: severity, path and line, what and why, rule and source, and the fix."""
    out = []
    for f in findings:
        line = len((message.text[: f.start] + "x").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        out.append(f"{SEVERITY[f.severity][1]:<8} {bare(f.path)}  (line {line})")
        out += [f"         {piece}" for piece in wrap(bare(f.says), 90)]
        out.append(f"         {f.rule}, {f.spec}")
        out += [f"         fix: {bare(f.fix.label)}"] if f.fix else []
    return "\n".join([*out, tally(findings) or "no findings"])


def tally(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`, or "" for none."""
    counts = [(sum(f.severity == severity for f in findings), noun) for severity, (_, noun, _) in SEVERITY.items()]
    return ", ".join(count(number, noun) for number, noun in counts if number)
