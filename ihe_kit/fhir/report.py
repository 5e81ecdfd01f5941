"""Collects what is found in a resource. What can be found, how severe it is and what it says stands in `data/fhir/findings.tsv`.

A walk hands over where it is as a chain `(what is around, the step from there)`; the path and the place in the text are made only for what is kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ihe_kit.core import Element
from ihe_kit.fhir.message import FhirMessage, Spot, absent
from ihe_kit.fhir.paths import quoted
from ihe_kit.files import rows
from ihe_kit.json_text import Node
from ihe_kit.rules import SEVERITIES, Finding, finding_at, in_order

At = tuple[Any, Any] | None  # (the chain of what is around, a name or an index); None for the whole
MOST = 1_000  # findings of one severity; a hostile resource could have millions


class Report:
    """The findings of one resource: of each severity the first `MOST`, and how many more there were."""

    def __init__(self, message: FhirMessage) -> None:
        self.message = message
        self.findings: list[Finding] = []
        self.counts = dict.fromkeys(SEVERITIES, 0)
        self._said: set[tuple[str, ...]] = set()

    def at(self, key: str, at: At, fix: tuple[str, str] | None = None, /, missing: str = "", **facts: object) -> None:
        """A finding at an element, or where the member `missing` of it would stand. A fact that takes time is a function, called if it is needed."""
        row = words()[key]
        severity = str(facts.get("severity", "error")) if row["severity"].startswith("{") else row["severity"]
        if self.counts[severity] > MOST:
            self.counts[severity] += 1
            return
        path = path_of(self.message.top, at) + (f".{quoted(missing)}" if missing else "")
        filled: dict[str, object] = {"found": "{found}", "name": missing or _last(at, self.message.top)}
        filled |= {name: fact() if callable(fact) else fact for name, fact in facts.items()}
        says, spec, rule = (row[part].format(**filled) for part in ("says", "spec", "rule"))
        if (path, rule, says) in self._said:  # two profiles, or a type and a profile on it, may say the same
            return
        self._said.add((path, rule, says))
        self.counts[severity] += 1
        if self.counts[severity] <= MOST:
            self.findings.append(finding_at(self._element(at, path, missing), rule, says, spec, severity, fix, row["checked"] == "yes"))

    def once(self, key: str, at: At, /, about: str, **facts: Any) -> None:
        """A finding that is told once of the same thing, wherever it stands again."""
        if (key, about) not in self._said:
            self._said.add((key, about))
            self.at(key, at, **facts)

    def on(self, key: str, element: Element, **facts: object) -> None:
        """A finding at a part of the HTTP message, which has a place of its own."""
        row = words()[key]
        self.findings.append(
            finding_at(element, row["rule"], row["says"].format(**{"found": "{found}"} | facts), row["spec"], row["severity"])
        )

    def raw(self, at: At) -> str:
        """What stands at an element, as it is written."""
        node = self._node(at)
        return self.message.text[node.start : node.end] if node else ""

    def _node(self, at: At) -> Node | None:
        steps: list[Any] = []
        while at:
            steps.append(at[1])
            at = at[0]
        node = self.message.root
        for step in reversed(steps):
            if node is None:
                return None
            inside = node.children
            node = node.child(step) if isinstance(step, str) else inside[step] if step < len(inside) else None
        return node

    def _element(self, at: At, path: str, missing: str) -> Element:
        node, lead = self._node(at), ""
        if node is not None and missing:
            spot = absent(Spot(node, path.rpartition(".")[0], ()), missing, self.message.text)
            node, lead = spot.node, spot.lead
        node = node or self.message.root or Node("null", 0)
        value = "" if node.kind == "array" and not node.children else node.value
        return Element(path, path.rsplit(".", 1)[-1], value, node.start, node.end, lead=lead)

    def result(self) -> list[Finding]:
        """Every finding that was kept, in order, and one for those of each severity that were not."""
        for severity, count in self.counts.items():
            if count > MOST:
                row, end = words()["left-out"], len(self.message.text)
                says = row["says"].format(number=f"{count - MOST:,}", limit=f"{MOST:,}")
                top = Element(self.message.top, self.message.top, "", end, end)
                self.findings.append(finding_at(top, row["rule"], says, row["spec"], severity))
        return in_order(self.findings) if self.findings else []


def path_of(top: str, at: At) -> str:
    """The path of an element: `Patient.name[0].family`."""
    steps: list[str] = []
    while at:
        steps.append(f".{quoted(at[1])}" if isinstance(at[1], str) else f"[{at[1]}]")
        at = at[0]
    return top + "".join(reversed(steps))


def _last(at: At, top: str) -> str:
    while at and isinstance(at[1], int):
        at = at[0]
    return str(at[1]) if at else top


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, str]]:
    """The rows of the table, by key."""
    return {row["key"]: row for row in rows("fhir/findings.tsv")}
