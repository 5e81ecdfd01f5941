"""Where the checks of this room put what they find: each finding at its place, with its reason and its source from `data/openehr/rules.tsv`."""

from __future__ import annotations

import re
from functools import lru_cache

from ihe_kit.core import Element, cited
from ihe_kit.files import rows
from ihe_kit.json_text import Node as Json
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.paths import Step, quoted
from ihe_kit.rules import Finding, finding_at

_CODE = re.compile(r"(?!\d+$)[\w.:-]+", re.ASCII)  # what a path takes in brackets


@lru_cache(maxsize=1)
def _rules() -> dict[str, dict[str, str]]:
    return {row["rule"]: row for row in rows("openehr/rules.tsv")}


class Findings:
    """What was found in one message. An absent element is reported once, whichever check misses it first."""

    def __init__(self, message: OpenehrMessage) -> None:
        self.message = message
        self.list: list[Finding] = []
        self.missed: set[tuple[int, str]] = set()

    def add(self, rule: str, at: Element | Json, what: str, fix: tuple[str, str] | None = None, spec: str = "") -> None:
        """A finding: `what` is the sentence that says what is wrong, the rule says why that matters."""
        row = _rules()[rule]
        what = what[:-1] if what.endswith("?.") else what
        self.say(rule, at, f"{what} {row['why']}", spec or cited(row["spec"], row["checked"] == "yes"), row["severity"], fix)

    def say(self, rule: str, at: Element | Json, says: str, spec: str, severity: str, fix: tuple[str, str] | None = None) -> None:
        """A finding whose words, reason and source are given."""
        element = at if isinstance(at, Element) else self.message.element(at)
        self.list.append(finding_at(element, rule, says, spec, severity, self.message.mended(element, fix) if fix else None))

    def lacking(self, parent: Json, name: str, code: str = "") -> Element | None:
        """The absent (or empty) element of an attribute or node, or None where it was reported before."""
        if (id(parent), name + code) in self.missed:
            return None
        self.missed.add((id(parent), name + code))
        child = parent.child(name)
        if child and child.kind in ("string", "null"):
            return self.message.element(child)
        bracket = f"[{code}]" if _CODE.fullmatch(code.partition(",")[0]) else ""
        return self.message.missing(parent, Step(name, (), f"/{quoted(name)}{bracket}"))


def a(kind: str) -> str:
    """A word with its article: `an ELEMENT`, `a list`."""
    return {"array": "a list", "null": "null"}.get(kind, f"{'an' if kind[:1] in ('A', 'E', 'I', 'O', 'o') else 'a'} {kind}")


def filled(node: Json | None) -> bool:
    """Whether there is something: an empty text, an empty list and null are nothing."""
    return bool(node and (node.children if node.kind == "array" else node.kind == "object" or node.scalar))
