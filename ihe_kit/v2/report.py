"""Collects what is found in a message. What can be found, how severe it is and what it says stands in `data/v2/findings.tsv`."""

from __future__ import annotations

from functools import lru_cache

from ihe_kit.core import Element
from ihe_kit.files import rows
from ihe_kit.rules import SEVERITIES, Finding, finding_at, in_order
from ihe_kit.v2.message import Span, V2Message

MOST = 1_000  # findings of one severity; a hostile message could have millions


class Report:
    """The findings of one message: of each severity the first `MOST`, and how many more there were."""

    def __init__(self, message: V2Message, version: str) -> None:
        self.message, self.version = message, version
        self.findings: list[Finding] = []
        self.counts = dict.fromkeys(SEVERITIES, 0)

    def at(self, key: str, path: str, label: str, span: Span, fix: tuple[str, str] | None = None, /, **facts: object) -> None:
        """A finding at a place of the text. The element and the words are made only where the finding is kept."""
        if self._counts(key):
            self._keep(key, self.message.element(path, label, span), fix, facts)

    def on(self, key: str, place: Element | str, fix: tuple[str, str] | None = None, /, **facts: object) -> None:
        """A finding at an element, present or absent, or at the first one that a path finds."""
        if self._counts(key):
            self._keep(key, self.message.find(place)[0] if isinstance(place, str) else place, fix, facts)

    def _counts(self, key: str) -> bool:
        severity = words()[key]["severity"]
        self.counts[severity] += 1
        return self.counts[severity] <= MOST

    def _keep(self, key: str, element: Element, fix: tuple[str, str] | None, facts: dict[str, object]) -> None:
        row = words()[key]
        facts = {"found": "{found}", "version": self.version} | facts
        says, spec = row["says"].format(**facts), row["spec"].format(**facts)
        self.findings.append(finding_at(element, row["rule"], says, spec, row["severity"], fix))

    def result(self) -> list[Finding]:
        """Every finding that was kept, in order, and one for those of each severity that were not."""
        for severity, count in self.counts.items():
            if count > MOST:
                row, end = words()["left-out"], len(self.message.text)
                says = row["says"].format(number=f"{count - MOST:,}", limit=f"{MOST:,}")
                self.findings.append(finding_at(Element("MSH", "MSH", "", end, end), row["rule"], says, row["spec"], severity))
        return in_order(self.findings) if self.findings else []


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, str]]:
    """The rows of the table, by key."""
    return {row["key"]: row for row in rows("v2/findings.tsv")}
