"""Findings as lists for the eye, for a screen reader, and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from ihe_kit.core import Message
from ihe_kit.render.citations import cite
from ihe_kit.render.marks import LISTED, SEVERITY, bare, count, h, icon, value, visible
from ihe_kit.rules import Finding


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
    """Findings grouped by severity: listboxes of options, or plain lists for the static twin."""
    groups = []
    for severity, (symbol, _, heading) in SEVERITY.items():
        items = [(number, f) for number, f in enumerate(findings) if f.severity == severity]
        if items:
            head = f'<div class="kit-group">{icon(symbol)}{heading} <span class="kit-count">{len(items)}</span></div>'
            rows = "".join(_finding(f, number, standard, fixes, static) for number, f in items[:LISTED])
            more = f'<p class="kit-off">{len(items) - LISTED:,} more are not listed.</p>' if len(items) > LISTED else ""
            role = "" if static else f' role="listbox" aria-label="{heading}"'
            groups.append(f"{head}<ul{role}>{rows}</ul>{more}")
    return "".join(groups)


def _finding(finding: Finding, number: int, standard: str, fixes: bool, static: bool) -> str:
    words = f'<div class="w">{visible(finding.what)}</div><p class="y">{visible(finding.why)}</p>'
    source = f'<div class="r"><code>{h(finding.rule)}</code>{cite(finding.spec)}</div>'
    button = '<button type="button" class="kit-btn small" tabindex="-1" data-fix>'
    fix = f"{button}{value(finding.fix.label, 40)}</button>" if finding.fix and fixes else ""
    option = f' role="option" aria-selected="false" tabindex="-1" data-f="{number}" data-s="{finding.start}" data-e="{finding.end}"'
    keys = ' aria-keyshortcuts="F"' if fix else ""
    path = visible(finding.path).replace(".", ".<wbr>").replace("]", "]<wbr>")
    body = f'<span class="p">{path}</span> <div>{words}{source}</div><div>{fix}</div>'
    return f'<li class="kit-finding kit-{standard}"{"" if static else option + keys}>{body}</li>'


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
