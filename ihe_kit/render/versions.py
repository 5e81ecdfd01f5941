"""The versions of a document as a table: who committed which, when and why, and two of them chosen for a comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ihe_kit.core import Message, Unreadable
from ihe_kit.render.diff import Comparison, Side, changes_html, tally_html, texts_html
from ihe_kit.render.marks import clip, h, value, visible
from ihe_kit.render.outline import Explain, Outline
from ihe_kit.render.text import text_html
from ihe_kit.verbs import parse


@dataclass(frozen=True, slots=True)
class Version:
    """One version, as its ORIGINAL_VERSION and its AUDIT_DETAILS tell it; `message` is None where the document was deleted."""

    uid: str
    time: str = ""
    committer: str = ""
    change: str = ""
    state: str = ""
    why: str = ""
    contribution: str = ""
    message: Message | None = None

    @property
    def number(self) -> str:
        """The last part of `uuid::system::number`."""
        return self.uid.rpartition("::")[2]


def read_version(uid: str, data: Any) -> Version:
    """An ORIGINAL_VERSION as the REST API carries it. What it lacks stays empty."""
    if not isinstance(data, Mapping):
        return Version(uid, change="cannot be read")
    audit = "commit_audit"
    content = data.get("data")
    try:
        message = parse(json.dumps(content, indent=2, ensure_ascii=False), "openehr") if isinstance(content, dict) else None
    except Unreadable:
        message = None
    return Version(
        uid,
        time=at(data, f"{audit}/time_committed/value"),
        committer=at(data, f"{audit}/committer/name") or at(data, f"{audit}/committer/external_ref/id/value"),
        change=at(data, f"{audit}/change_type/value"),
        state=at(data, "lifecycle_state/value"),
        why=at(data, f"{audit}/description/value"),
        contribution=at(data, "contribution/id/value"),
        message=message,
    )


def at(data: Any, path: str) -> str:
    """The text at a path such as `commit_audit/committer/name`, "" where there is none."""
    for name in path.split("/"):
        data = data.get(name) if isinstance(data, Mapping) else None
    return "" if data is None or isinstance(data, dict | list) else str(data)


def versions_html(versions: Sequence[Version], old: str, new: str, key: str, static: bool = False) -> str:
    """The table, the latest version first. `old` and `new` are the uids of the two that are compared; `key` keeps the radio buttons apart."""
    names = ["Version", "When", "Who", "What", "State", "Why", "Contribution", *([] if static else ["Compare", "with"])]
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "".join(_row(one, old, new, key, static) for one in versions)
    table = f'<table class="kit-x kit-versions"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="kit-scroll" tabindex="0" role="group" aria-label="Versions">{table}</div>'


def _row(one: Version, old: str, new: str, key: str, static: bool) -> str:
    cells = f'<td class="kit-num">{visible(one.time.replace("T", " ", 1))}</td><td>{value(one.committer, 60)}</td><td>{visible(clip(one.change, 40))}</td>'
    cells += f"<td>{visible(clip(one.state, 40))}</td><td>{value(one.why, 200)}</td><td><code>{visible(one.contribution)}</code></td>"
    if static:
        picks = ""
    elif one.message:
        sides = (("old", "Compare", old), ("new", "with", new))
        picks = "".join(
            f'<td><input type="radio" name="{key}-{side}" value="{h(one.uid)}" data-side="{side}" aria-label="{words} version {h(one.number)}"'
            f"{' checked' * (one.uid == chosen)}></td>"
            for side, words, chosen in sides
        )
    else:
        picks = "<td></td><td></td>"
    return f'<tr data-uid="{h(one.uid)}"><th scope="row" class="kit-num">{visible(one.number)}</th>{cells}{picks}</tr>'


def compared_html(old: Version | None, new: Version | None, comparison: Comparison | None, explain: Explain) -> str:
    """What differs between two versions, and both texts; the text alone where there is only one."""
    if new and new.message and not comparison:
        head = f'<div class="kit-pane-head"><span>Version {h(new.number)}</span></div>'
        return head + text_html(Outline(new.message, explain))
    if not old or not new or not comparison:
        return '<p class="kit-body kit-quiet">A version that says only that the document was deleted holds no text to compare.</p>'
    head = f'<div class="kit-pane-head"><span>Version {h(old.number)} and version {h(new.number)}</span><span class="kit-grow">{tally_html(list(comparison.changes))}</span></div>'
    table = f'<div class="kit-scroll">{changes_html(comparison, explain, static=True)}</div>' if comparison.changes else ""
    return head + table + texts_html(comparison, static=True)


def side(one: Version) -> Side:
    """A version as one side of a comparison."""
    return Side(f"Version {one.number}", one.message.text if one.message else "", one.message)
